"""Urgent bulletins, from the start of the command to the first sample on a recorded sound card (a Pulse null sink).

`python benchmarks/interrupt.py --json [--times N] [--while silence,play,relay]`
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [
    str(ROOT),
    str(ROOT / "tests" / "scheduler"),
    str(ROOT / "tests" / "audio"),
    str(ROOT / "benchmarks"),
]

from broadcast import add_episode, add_play, noise, wav  # noqa: E402
from report import Benchmark  # noqa: E402
from test_daemon_live import Radio  # noqa: E402
from test_outputs import place_of  # noqa: E402

from audio.outputs.output import RATE_HZ  # noqa: E402
from content.station import init_station  # noqa: E402
from scheduler.daemon.folder import AirFolder  # noqa: E402
from scheduler.daemon.sources import built_in  # noqa: E402

WORDS = "Nước sông đang lên nhanh, bà con chú ý."
LIMIT_S = {"file": 1.0, "text": 3.0}


class Tape:
    """What the card plays, with the instant at which each sample was heard."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.chunks: list[tuple[float, int]] = []
        self.process = subprocess.Popen(
            ["parec", "-d", "horn.monitor", "--raw", f"--rate={RATE_HZ}", "--channels=1", "--format=s16le", "--latency-msec=5"],
            stdout=subprocess.PIPE,
        )  # fmt: skip
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        while data := self.process.stdout.read(480):
            self.heard.extend(data)
            self.chunks.append((time.time(), len(self.heard) // 2))

    def since(self, at: float) -> tuple[int, float]:
        """(first frame heard after `at`, the instant of frame 0 by the chunks around it)."""
        recent = [(t, frames) for t, frames in self.chunks[-4000:] if t > at - 5]
        start = min(
            t - frames / RATE_HZ for t, frames in recent
        )  # the earliest that a chunk can have been whole
        return max(0, int((at - start) * RATE_HZ)), start

    def samples(self, begin: int, end: int | None = None) -> np.ndarray:
        raw = bytes(self.heard[begin * 2 : None if end is None else end * 2])
        return np.frombuffer(raw[: len(raw) // 2 * 2], "<i2")


@contextmanager
def sound_server() -> Iterator[Tape]:
    runtime = tempfile.mkdtemp(prefix="loa-pulse-")
    os.environ.update(XDG_RUNTIME_DIR=runtime, PULSE_RUNTIME_PATH=runtime, HOME=runtime)
    server = subprocess.Popen(
        ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "-L", "module-native-protocol-unix",
         "-L", "module-null-sink sink_name=horn rate=48000 channels=1"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    tape: Tape | None = None
    try:
        end = time.monotonic() + 15
        while subprocess.run(["pactl", "info"], capture_output=True, check=False).returncode:
            if time.monotonic() > end:
                raise RuntimeError("pulseaudio did not start")
            time.sleep(0.1)
        tape = Tape()
        yield tape
    finally:
        if tape is not None:
            tape.process.kill()
            tape.process.wait()
        server.kill()
        server.wait()
        shutil.rmtree(runtime, ignore_errors=True)


@contextmanager
def daemon_on_air(scratch: Path, tape: Tape, radio: Radio | None, playing: bool) -> Iterator[Path]:
    """`loa run` in a process of its own, with a relay or a long play on the air."""
    relay = (
        ""
        if radio is None
        else f'[[relay]]\nid = "t"\nurl = "http://127.0.0.1:{radio.server_address[1]}/live"\nstart = "00:00"\nend = "23:59:59"\n'
    )
    folder = scratch / "station"
    station = init_station(folder, f'[station]\nlanguage = "en"\n[output.main]\nkind = "sound-card"\n{relay}')
    if playing:
        at = datetime.now(UTC) + timedelta(seconds=8)
        for number in range(3):  # long enough for all bulletins, one after another
            episode = add_episode(station, scratch, seconds=240, seed=50 + number)
            add_play(station, episode, at + timedelta(seconds=241 * number), length_ms=240_000)
    station.close()
    log = (scratch / "log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "--config", str(folder), "run"], cwd=ROOT, stdout=log, stderr=log
    )
    try:
        end = time.monotonic() + 60
        loud = bool(radio or playing)
        while time.monotonic() < end:
            time.sleep(0.5)
            status = AirFolder(folder, folder / "media").status
            if status.exists() and (not loud or np.abs(tape.samples(-RATE_HZ // 2)).max(initial=0) > 300):
                break
        else:
            raise RuntimeError((scratch / "log").read_text("utf-8"))
        yield folder
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
        log.close()


def one(folder: Path, tape: Tape, what: str, lead: np.ndarray, length_s: float) -> tuple[float, float, float]:
    """(seconds to the chime's first sample, seconds to the first word, likeness of the chime's first 300 ms)."""
    begun = time.time()
    subprocess.run(
        [sys.executable, "-m", "cli", "--config", str(folder), "interrupt", what, "--reason", "benchmark"],
        check=True, capture_output=True, cwd=ROOT,
    )  # fmt: skip
    time.sleep(len(lead) / RATE_HZ + length_s + 0.5)
    first, start = tape.since(begun)
    heard = tape.samples(first)
    place, _likeness = place_of(lead, heard)
    _at, likeness = place_of(lead[: RATE_HZ * 3 // 10], heard[place : place + RATE_HZ * 3 // 10])
    first_s = start + (first + place) / RATE_HZ - begun
    return first_s, first_s + len(lead) / RATE_HZ, likeness


def measure(benchmark: Benchmark, times: int, wanted: list[str]) -> None:
    took: dict[str, list[float]] = {"file": [], "text": []}
    to_words: dict[str, list[float]] = {"file": [], "text": []}
    likes: list[float] = []
    for state in wanted:
        scratch = Path(tempfile.mkdtemp(prefix="loa-interrupt-"))
        radio = Radio() if state == "relay" else None
        if radio is not None:
            threading.Thread(target=radio.serve_forever, daemon=True).start()
        try:
            lead = np.frombuffer(built_in("urgent", scratch).read_bytes(), "<i2")
            sound = scratch / "loa.wav"
            sound.write_bytes(wav(noise(1.0, 5)))
            with sound_server() as tape, daemon_on_air(scratch, tape, radio, state == "play") as folder:
                mine: dict[str, list[float]] = {"file": [], "text": []}
                for number in range(times * 2):
                    kind = ("file", "text")[number % 2]
                    what, length_s = (str(sound), 1.3) if kind == "file" else (WORDS, 4.5)
                    first_s, words_s, likeness = one(folder, tape, what, lead, length_s)
                    benchmark.say(
                        f"{kind} in {state}: {first_s:.3f} s, words {words_s:.3f} s, chime {likeness:.3f}"
                    )
                    mine[kind].append(first_s)
                    to_words[kind].append(words_s)
                    likes.append(likeness)
            for kind, values in mine.items():
                benchmark.figure(f"{kind}_in_{state}_p50_s", statistics.median(values))
                benchmark.figure(f"{kind}_in_{state}_max_s", max(values))
                took[kind] += values
            benchmark.figure("chime_s", len(lead) / RATE_HZ)
        finally:
            if radio is not None:
                radio.mode = "dead"
                radio.shutdown()
                radio.server_close()
            shutil.rmtree(scratch, ignore_errors=True)
    for kind, limit in LIMIT_S.items():
        ordered = sorted(took[kind])
        benchmark.figure(f"{kind}_interrupts", len(ordered))
        benchmark.at_most(f"{kind}_to_first_sample_p95_s", p95(ordered), limit)
        benchmark.at_most(f"{kind}_to_first_word_p95_s", p95(sorted(to_words[kind])), limit)
    benchmark.at_least("chime_first_300_ms_likeness_min", min(likes), 0.9)


def p95(ordered: list[float]) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=7, help="interrupts of each kind in each state")
    parser.add_argument(
        "--while", dest="states", default="silence,play,relay", help="what is on the air meanwhile"
    )
    benchmark = Benchmark("interrupt", parser=parser)
    if not all(shutil.which(name) for name in ("pulseaudio", "parec", "pactl")):
        benchmark.say("not measured: pulseaudio is not installed")
        return benchmark.finish()
    measure(benchmark, benchmark.options.times, benchmark.options.states.split(","))
    return benchmark.finish()


if __name__ == "__main__":
    sys.exit(main())
