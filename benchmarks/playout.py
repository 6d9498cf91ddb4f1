"""Playout: how late, how complete, how steady. Run with the working tree's Python; no network.

python benchmarks/playout.py --json
python benchmarks/playout.py --only chaos --kills 200        the long chaos run alone
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "scheduler"), str(ROOT / "tests" / "audio")]

import numpy as np  # noqa: E402
from broadcast import add_episode, noise  # noqa: E402
from report import Benchmark  # noqa: E402

from audio.outputs.null_output import NullOutput  # noqa: E402
from content.station import Station, init_station, open_station  # noqa: E402
from scheduler.daemon import as_run as as_run_log  # noqa: E402
from scheduler.daemon import run as run_module  # noqa: E402
from scheduler.daemon.run import run_station  # noqa: E402
from scheduler.daemon.station_daemon import StationDaemon  # noqa: E402
from scheduler.models import Play  # noqa: E402

PARTS = ("lateness", "load", "instant", "urgent", "relay", "card", "month", "chaos")


class Stamping(NullOutput):
    """A null output that notes when the first sample of each airing was handed to it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.first: dict[str, float] = {}

    def start(self, label: str, at: datetime) -> Stamp:  # noqa: ARG002
        return Stamp(self, label)


class Stamp:
    """One airing of `Stamping`."""

    def __init__(self, output: Stamping, label: str) -> None:
        self.output, self.label, self.new = output, label, True

    def write(self, pcm: bytes) -> bool:  # noqa: ARG002
        if self.new:
            self.new = False
            self.output.first[self.label.split("_")[0]] = time.time()
        return True

    def stop(self, *, cut: bool) -> None: ...


def config_text(zones: int, extra: str = "") -> str:
    tables = "".join(f'[[zone]]\nid = "z{number}"\noutputs = ["main"]\n' for number in range(zones))
    return f'[station]\nlanguage = "en"\n[output.main]\nkind = "null"\n{extra}\n{tables}'


@contextmanager
def a_station(zones: int = 1, extra: str = "") -> Iterator[tuple[Station, Path]]:
    scratch = Path(tempfile.mkdtemp(prefix="loa-playout-"))
    station = init_station(scratch / "station", config_text(zones, extra))
    try:
        yield station, scratch
    finally:
        station.close()
        shutil.rmtree(scratch, ignore_errors=True)


def add_plays(
    station: Station, episode: int, slots: Sequence[tuple[datetime, list[str]]], length_ms: int
) -> list[int]:
    with station.decide() as session:
        plays = [
            Play(
                episode_id=episode, kind="replay", starts_at=at, zones=zones, length_ms=length_ms,
                created_at=datetime.now(UTC),
            )
            for at, zones in slots
        ]  # fmt: skip
        session.add_all(plays)
        session.flush()
        return [play.id for play in plays]


@contextmanager
def on_air(station: Station, output: Stamping | None = None, **settings: Any) -> Iterator[StationDaemon]:
    """The station on the real clock in a thread."""
    got: list[StationDaemon] = []
    ready = threading.Event()
    kept = run_module.outputs_of
    if output is not None:
        run_module.outputs_of = lambda *_args: {"main": output}  # type: ignore[assignment]

    def started(daemon: StationDaemon) -> None:
        got.append(daemon)
        ready.set()

    thread = threading.Thread(target=lambda: run_station(station, started=started, **settings))
    thread.start()
    if not ready.wait(30):
        raise RuntimeError("the daemon did not start")
    try:
        yield got[0]
    finally:
        got[0].stop()
        thread.join()
        run_module.outputs_of = kept


def spread(benchmark: Benchmark, name: str, values_ms: list[float]) -> tuple[float, float]:
    ordered = sorted(values_ms)
    p50, p99 = statistics.median(ordered), ordered[int(len(ordered) * 0.99)]
    benchmark.figure(f"{name}_p50_ms", p50)
    benchmark.figure(f"{name}_p99_ms", p99)
    benchmark.figure(f"{name}_max_ms", ordered[-1])
    return p50, p99


def thousand(station: Station, scratch: Path, count: int = 1000, step_ms: int = 25) -> list[float]:
    """Lateness in ms of `count` plays, one every `step_ms`, in turn over 50 zones."""
    episode = add_episode(station, scratch, seconds=0.2, seed=11)
    begin = datetime.now(UTC) + timedelta(seconds=12)
    slots = [(begin + timedelta(milliseconds=step_ms * n), [f"z{n % 50}"]) for n in range(count)]
    plays = add_plays(station, episode, slots, 200)
    output = Stamping("null")
    with on_air(station, output, until=begin + timedelta(milliseconds=step_ms * count + 1500)) as daemon:
        while len(output.first) < count and not daemon._is_over():
            time.sleep(0.2)
        while not daemon.desk.is_idle:
            time.sleep(0.2)
    planned = {play: at.timestamp() for play, (at, _zones) in zip(plays, slots, strict=True)}
    return [
        (output.first[f"play-{p}"] - at) * 1000 for p, at in planned.items() if f"play-{p}" in output.first
    ]


def bare_apscheduler(count: int = 1000, step_ms: int = 25) -> list[float]:
    """Lateness in ms of as many date jobs that do nothing, on APScheduler alone."""
    from apscheduler.schedulers.background import BackgroundScheduler

    scheduler = BackgroundScheduler(timezone=UTC)
    late: list[float] = []
    begin = datetime.now(UTC) + timedelta(seconds=2)

    def note(at: float) -> None:
        late.append((time.time() - at) * 1000)

    for n in range(count):
        at = begin + timedelta(milliseconds=step_ms * n)
        scheduler.add_job(note, "date", run_date=at, args=[at.timestamp()], misfire_grace_time=None)
    scheduler.start()
    time.sleep(2 + step_ms * count / 1000 + 1)
    scheduler.shutdown()
    return late


def lateness(benchmark: Benchmark) -> None:
    with a_station(50) as (station, scratch):
        late = thousand(station, scratch)
        rows = as_run_log.between(station, None, None)
    p50, p99 = spread(benchmark, "play", late)
    bare = bare_apscheduler()
    spread(benchmark, "bare_apscheduler", bare)
    benchmark.at_most("play_p50_ms", p50, 10)
    benchmark.at_most("play_p99_ms", p99, 50)
    benchmark.at_most("plays_missed_of_1000", 1000 - sum(row.outcome == "aired" for row in rows), 0)


WRITER = """
import sqlite3, sys, time
base = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
base.execute("CREATE TABLE IF NOT EXISTS ballast (at REAL, text TEXT)")
while True:
    base.execute("BEGIN IMMEDIATE")
    base.executemany("INSERT INTO ballast VALUES (?, ?)", [(time.time(), "x" * 500)] * 40)
    base.execute("COMMIT")
"""


def load(benchmark: Benchmark) -> None:
    with a_station(50) as (station, scratch):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(station.folder / "loa.sqlite3")])
        try:
            late = thousand(station, scratch)
        finally:
            writer.kill()
            writer.wait()
        rows = as_run_log.between(station, None, None)
    p50, p99 = spread(benchmark, "play_under_writes", late)
    benchmark.at_most("play_under_writes_p50_ms", p50, 10)
    benchmark.at_most("play_under_writes_p99_ms", p99, 50)
    benchmark.at_most("plays_under_writes_missed_of_1000", 1000 - sum(r.outcome == "aired" for r in rows), 0)


def instant(benchmark: Benchmark) -> None:
    """500 plays at one instant over 50 zones: ten in each, which are heard one after another.

    A queued play's own lateness counts from the end of the one before it in its zone.
    """
    with a_station(50) as (station, scratch):
        episode = add_episode(station, scratch, seconds=0.5, seed=12)
        begin = datetime.now(UTC) + timedelta(seconds=10)
        plays = add_plays(station, episode, [(begin, [f"z{n % 50}"]) for n in range(500)], 500)
        output = Stamping("null")
        with on_air(station, output, until=begin + timedelta(seconds=20)) as daemon:
            while len(output.first) < 500 and not daemon._is_over():
                time.sleep(0.2)
            while not daemon.desk.is_idle:
                time.sleep(0.2)
        rows = as_run_log.between(station, None, None)
    by_zone: dict[str, list[float]] = {}
    for number, play in enumerate(plays):
        if f"play-{play}" in output.first:
            by_zone.setdefault(f"z{number % 50}", []).append(output.first[f"play-{play}"])
    first, queued = [], []
    for starts in by_zone.values():
        starts.sort()
        first.append((starts[0] - begin.timestamp()) * 1000)
        queued += [(b - a - 0.5) * 1000 for a, b in itertools.pairwise(starts)]
    p50, p99 = spread(benchmark, "same_instant_first_of_zone", first)
    spread(benchmark, "same_instant_queued", queued)
    benchmark.at_most("same_instant_p50_ms", p50, 50)
    benchmark.at_most("same_instant_p99_ms", p99, 50)
    benchmark.at_most("same_instant_missed_of_500", 500 - sum(row.outcome == "aired" for row in rows), 0)


def urgent(benchmark: Benchmark, times: int = 8) -> None:
    """From the start of the command to the first sample on the output."""
    with a_station() as (station, scratch):
        from broadcast import wav

        sound = scratch / "loa.wav"
        sound.write_bytes(wav(noise(0.3, 5)))
        output = Stamping("null")
        took: dict[str, list[float]] = {"file": [], "text": []}
        with on_air(station, output) as daemon:
            time.sleep(2)
            for number in range(times * 2):
                kind = ("file", "text")[number % 2]
                what = str(sound) if kind == "file" else "Nước sông đang lên nhanh, bà con chú ý."
                begun = time.time()
                subprocess.run(
                    [sys.executable, "-m", "cli", "--config", str(station.folder), "interrupt", what],
                    check=True, capture_output=True, cwd=ROOT,
                )  # fmt: skip
                while f"interrupt-{number + 1}" not in output.first:
                    time.sleep(0.01)
                took[kind].append(output.first[f"interrupt-{number + 1}"] - begun)
                daemon.workers.hand_back(lambda: daemon.desk.cut_all("next"))  # it has begun: that was all
                while not daemon.desk.is_idle:
                    time.sleep(0.05)
    for kind, limit in (("file", 1.0), ("text", 3.0)):
        ordered = sorted(took[kind])
        benchmark.figure(f"interrupt_{kind}_p50_s", statistics.median(ordered))
        benchmark.at_most(
            f"interrupt_{kind}_p95_s", ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))], limit
        )


def relay(benchmark: Benchmark) -> None:
    """From the loss of a relay to the first filler sample."""
    from test_daemon_live import Radio

    radio = Radio()
    threading.Thread(target=radio.serve_forever, daemon=True).start()
    table = f'[[relay]]\nid = "t"\nurl = "http://127.0.0.1:{radio.server_address[1]}/live"\nstart = "00:00"\nend = "23:59:59"'
    worst = 0.0
    with a_station(1, table) as (station, _scratch), on_air(station) as daemon:
        while not daemon.desk.deck.on:
            time.sleep(0.05)
        (airing,) = daemon.desk.deck.on.values()
        source: Any = airing.source
        for fault in ("dead", "portal", "silence") * 2:
            while airing.level_dbfs < -45 or (source.gaps and source.gaps[-1].ended_at is None):
                time.sleep(0.05)
            time.sleep(2)
            known = len(source.gaps)
            radio.mode = fault
            begun = time.monotonic()
            while len(source.gaps) == known:
                time.sleep(0.005)
            worst = max(worst, time.monotonic() - begun)
            benchmark.figure(f"relay_{fault}_to_filler_s", time.monotonic() - begun)
            radio.mode = "sound"
    radio.shutdown()
    radio.server_close()
    benchmark.at_most("relay_to_filler_s", worst, 3.0)


def card(benchmark: Benchmark, items: int = 12) -> None:
    """Onsets on a recorded Pulse null sink against the rundown, and the first 300 ms of each item."""
    if not all(shutil.which(name) for name in ("pulseaudio", "parec", "pactl")):
        benchmark.say("card: skipped, pulseaudio is not installed")
        return
    from test_outputs import place_of

    runtime = tempfile.mkdtemp(prefix="loa-pulse-")
    os.environ.update(XDG_RUNTIME_DIR=runtime, PULSE_RUNTIME_PATH=runtime, HOME=runtime)
    server = subprocess.Popen(
        ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "-L", "module-native-protocol-unix",
         "-L", "module-null-sink sink_name=horn rate=48000 channels=1"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while subprocess.run(["pactl", "info"], capture_output=True, check=False).returncode:
        time.sleep(0.1)
    recorder = subprocess.Popen(
        ["parec", "-d", "horn.monitor", "--raw", "--rate=48000", "--channels=1", "--format=s16le", "--latency-msec=5"],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    chunks: list[tuple[float, int]] = []
    heard = bytearray()
    ear = recorder.stdout
    assert ear is not None

    def listen() -> None:
        while data := ear.read(480):
            heard.extend(data)
            chunks.append((time.time(), len(heard) // 2))

    threading.Thread(target=listen, daemon=True).start()
    sound_card = '[output.main]\nkind = "sound-card"\n'
    scratch = Path(tempfile.mkdtemp(prefix="loa-playout-"))
    station = init_station(
        scratch / "station", config_text(1).replace('[output.main]\nkind = "null"\n', sound_card)
    )
    try:
        begin = datetime.now(UTC) + timedelta(seconds=12)
        slots = []
        for number in range(items):
            episode = add_episode(station, scratch, seconds=1.2, seed=100 + number)
            slots.append((episode, begin + timedelta(seconds=2 * number)))
        for episode, at in slots:
            add_plays(station, episode, [(at, [])], 1200)
        run_station(station, until=begin + timedelta(seconds=2 * items + 1))
    finally:
        station.close()
        recorder.kill()
        server.kill()
        recorder.wait()
        server.wait()
        shutil.rmtree(runtime, ignore_errors=True)
        shutil.rmtree(scratch, ignore_errors=True)
    recording = np.frombuffer(bytes(heard), "<i2")
    # The recording's own clock: the earliest that any chunk can have been complete.
    start = min(at - frames / 48_000 for at, frames in chunks[len(chunks) // 4 :])
    errors, likes = [], []
    for number, (_episode, at) in enumerate(slots):
        place, likeness = place_of(noise(1.2, 100 + number)[:14_400], recording)
        errors.append(abs(start + place / 48_000 - at.timestamp()) * 1000)
        likes.append(likeness)
    benchmark.figure("card_onset_error_p50_ms", statistics.median(errors))
    benchmark.at_most("card_onset_error_max_ms", max(errors), 100)
    benchmark.at_least("card_first_300_ms_likeness_min", min(likes), 0.9)


def resident_kb() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    return 0


def month(benchmark: Benchmark) -> None:
    """30 simulated days of eight plays: seconds taken, and memory, threads, files and children at both ends."""
    begin = datetime(2026, 11, 30, 17, 0, tzinfo=UTC)
    with a_station() as (station, scratch):
        episode = add_episode(station, scratch, seconds=120, seed=13)
        slots = [
            (begin + timedelta(days=d, hours=2 * h, minutes=5), []) for d in range(30) for h in range(1, 9)
        ]
        add_plays(station, episode, [(at, list[str]()) for at, _z in slots], 120_000)
        marks: dict[int, tuple[int, int, int]] = {}

        def mark(entry: Any) -> None:
            day = (entry.started_at - begin).days if entry.started_at else -1
            if day >= 0 and day not in marks and sys.platform == "linux":
                marks[day] = (
                    resident_kb(),
                    threading.active_count(),
                    len(list(Path("/proc/self/fd").iterdir())),
                )

        begun = time.monotonic()
        report = run_station(
            station,
            clock="simulated",
            start_at=begin,
            until=begin + timedelta(days=30),
            output="null",
            progress=mark,
        )
        took = time.monotonic() - begun
    benchmark.figure("month_simulated_s", took)
    benchmark.at_least("month_plays_aired", report.outcomes.get("aired", 0), len(slots))
    if marks:
        (early, threads, files), (late, threads_late, files_late) = marks[5], marks[29]
        benchmark.at_most("month_memory_growth_percent", 100 * abs(late - early) / early, 10)
        benchmark.at_most("month_threads_left", threads_late - threads, 0)
        benchmark.at_most("month_files_left", files_late - files, 0)


def chaos(benchmark: Benchmark, kills: int) -> None:
    """A simulated month under random kill -9, database locks and a lost recording folder."""
    randomly = random.Random(20_261_122)
    begin = datetime(2026, 11, 30, 17, 0, tzinfo=UTC)
    end = begin + timedelta(days=30)
    with a_station() as (station, scratch):
        episode = add_episode(station, scratch, seconds=90, seed=14)
        plays = add_plays(
            station, episode, [(begin + timedelta(days=d, hours=h), list[str]()) for d in range(30) for h in (1, 5, 11, 23)],
            90_000,
        )  # fmt: skip
        folder = station.folder
        station.close()
        command = [
            sys.executable, "-m", "cli", "--config", str(folder), "run", "--clock", "simulated",
            "--until", end.isoformat(), "--output", "file=tape",
        ]  # fmt: skip
        slow = ["--speed", str(30 * 86_400 / (kills * 0.35 + 1))]
        killed = 0
        first = ["--from", begin.isoformat()]
        while killed < kills:
            locker = None
            if randomly.random() < 0.2:
                locker = sqlite3.connect(
                    folder / "loa.sqlite3", isolation_level=None, check_same_thread=False
                )
            process = subprocess.Popen([*command, *slow, *first], cwd=ROOT, stderr=subprocess.DEVNULL)
            wait_for_journal(folder, process)
            first = []
            if locker is not None:
                try:
                    locker.execute("BEGIN IMMEDIATE")
                    time.sleep(randomly.uniform(0, 0.4))
                    locker.execute("ROLLBACK")
                except sqlite3.OperationalError:
                    pass
                locker.close()
            tape, away = folder / "tape", folder / "tape-away"
            lost = randomly.random() < 0.2 and tape.is_dir()
            if lost:  # the output is gone: no new recording can begin
                tape.rename(away)
                tape.write_text("")
            time.sleep(randomly.uniform(0, 0.7))
            over = process.poll() is not None
            process.kill()
            if lost:
                process.wait()
                tape.unlink()
                away.rename(tape)
            if over:
                break
            process.wait()
            killed += 1
        done = subprocess.run([*command, *first], cwd=ROOT, capture_output=True, check=False)
        if done.returncode not in (0, 1):
            raise RuntimeError(done.stderr.decode())
        again = open_station(folder)
        rows = as_run_log.between(again, None, None)
        again.close()
        recorded_ms = sum((path.stat().st_size - 44) / 96 for path in (folder / "tape").rglob("*.wav"))
    aired = [row.play_id for row in rows if row.outcome == "aired"]
    heard_ms = sum(row.heard_ms for row in rows)
    fates = {row.play_id for row in rows}
    benchmark.figure("chaos_kills", killed)
    benchmark.figure("chaos_entries", len(rows))
    benchmark.figure(
        "chaos_outcomes",
        json.dumps({o: sum(r.outcome == o for r in rows) for o in {r.outcome for r in rows}}),
    )
    benchmark.at_most("chaos_plays_aired_twice", len(aired) - len(set(aired)), 0)
    benchmark.at_most("chaos_entries_without_outcome", sum(row.outcome is None for row in rows), 0)
    benchmark.at_most("chaos_plays_without_entry", len(set(plays) - fates), 0)
    benchmark.at_most(
        "chaos_as_run_against_recording_percent", 100 * abs(heard_ms - recorded_ms) / recorded_ms, 1
    )


def wait_for_journal(folder: Path, process: subprocess.Popen[bytes]) -> None:
    """Until the daemon of this turn is at work."""
    lock = folder / "air" / "daemon.lock"
    while process.poll() is None:
        try:
            if json.loads(lock.read_bytes() or b"{}").get("pid") == process.pid:
                return
        except (OSError, ValueError):
            pass
        time.sleep(0.01)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=PARTS, action="append")
    parser.add_argument("--kills", type=int, default=25)
    benchmark = Benchmark("playout", parser=parser)
    parts: dict[str, Callable[[], None]] = {
        "lateness": lambda: lateness(benchmark),
        "load": lambda: load(benchmark),
        "instant": lambda: instant(benchmark),
        "urgent": lambda: urgent(benchmark),
        "relay": lambda: relay(benchmark),
        "card": lambda: card(benchmark),
        "month": lambda: month(benchmark),
        "chaos": lambda: chaos(benchmark, benchmark.options.kills),
    }
    for name in benchmark.options.only or PARTS:
        benchmark.say(f"— {name}")
        parts[name]()
    return benchmark.finish()


if __name__ == "__main__":
    sys.exit(main())
