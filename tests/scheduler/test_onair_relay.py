"""Relays of real streams: whatever the line does, filler within three seconds, back when it returns, never longer than the block."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from broadcast import noise, wav
from test_daemon_live import Listener, Radio, longest_silence_s, wait_for

from audio.ffmpeg import ffmpeg_path
from audio.outputs.output import RATE_HZ
from scheduler.daemon.deck import OnAir, loudness_dbfs
from scheduler.daemon.journal import Entry
from scheduler.daemon.relay import RelaySource, Tap
from scheduler.daemon.relays import Relays
from scheduler.daemon.studio import Studio

WORDS = ("no sound", "silence")
BLOCK = RATE_HZ // 50


class BadLine(Radio):
    """A stream server with more ways to fail."""

    def __init__(self) -> None:
        super().__init__()
        self.RequestHandlerClass = BadListener


class BadListener(Listener):
    server: BadLine

    def do_GET(self) -> None:
        mode = self.server.mode
        if mode == "missing":
            self.send_error(404)
        elif mode == "loop":
            self.send_response(302)
            self.send_header("Location", "/live")
            self.end_headers()
        elif mode == "local":
            self.send_response(302)
            self.send_header("Location", "file:///etc/passwd")
            self.end_headers()
        elif mode == "mute":
            self.send_response(200)
            self.send_header("Content-Type", "audio/mpeg")
            self.end_headers()
            self.wait()
        elif mode == "endless-page":
            self.send_response(200)
            self.send_header("Content-Type", "audio/mpeg")
            self.end_headers()
            self.pour(b"<html><body>Please log in</body></html>\n" * 50)
        else:
            super().do_GET()
            if self.server.mode in ("drip", "frozen"):  # the stream that was on goes on, a drop at a time
                self.trickle()

    def trickle(self) -> None:
        sound = noise(1, 5).tobytes()
        try:
            while self.server.mode in ("drip", "frozen"):
                if self.server.mode == "drip":
                    self.wfile.write(sound[:960])  # 10 ms in every 50
                time.sleep(0.05)
        except OSError:
            return

    def wait(self) -> None:
        while self.server.mode == "mute":
            time.sleep(0.05)

    def pour(self, page: bytes) -> None:
        try:
            while self.server.mode == "endless-page":
                self.wfile.write(page)
                time.sleep(0.01)
        except OSError:
            return


class Air:
    """Takes a relay's sound in real time, as the deck does, and keeps it."""

    def __init__(self, tap: Tap, filler: Path, seconds: float = 60.0) -> None:
        self.source = RelaySource(tap, filler, round(seconds * RATE_HZ), lambda: datetime.now(UTC), WORDS)
        self.pcm = bytearray()
        self.level_dbfs = -120.0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        begun = time.monotonic()
        count = 0
        while not self.over.is_set():
            pcm = self.source.read(BLOCK)
            if not pcm:
                break
            self.pcm += pcm
            self.level_dbfs = loudness_dbfs(self.pcm[-RATE_HZ // 5 * 2 :])
            count += 1
            time.sleep(max(0.0, begun + count * 0.02 - time.monotonic()))

    @property
    def filling(self) -> bool:
        return bool(self.source.gaps) and self.source.gaps[-1].ended_at is None

    def close(self) -> None:
        self.over.set()
        self.thread.join()
        self.source.close()


@pytest.fixture
def filler(tmp_path: Path) -> Path:
    path = tmp_path / "filler.pcm"
    path.write_bytes((noise(1, 8) // 8).tobytes())
    return path


@contextmanager
def bad_line() -> Iterator[BadLine]:
    radio = BadLine()
    threading.Thread(target=radio.serve_forever, daemon=True).start()
    try:
        yield radio
    finally:
        radio.mode = "dead"
        radio.shutdown()
        radio.server_close()


FAULTS = ["missing", "mute", "drip"]
if os.environ.get("LOA_LONG_TESTS"):
    FAULTS += ["loop", "local", "endless-page", "frozen"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_stream_that_fails_in_any_way_is_filled_and_comes_back(filler: Path, fault: str) -> None:
    with bad_line() as radio:
        air = Air(Tap(f"http://u:secret@127.0.0.1:{radio.server_address[1]}/live"), filler)
        try:
            wait_for(lambda: air.level_dbfs > -35 and not air.filling)
            radio.mode = fault
            wait_for(lambda: air.filling)
            wait_for(lambda: air.level_dbfs > -50)
            time.sleep(1.0)
            assert air.filling
            radio.mode = "sound"
            wait_for(lambda: not air.filling)
        finally:
            radio.mode = "dead"
            air.close()
        # By the listener's clock, which no busy machine holds up; benchmarks/playout.py measures the whole.
        assert longest_silence_s(np.frombuffer(bytes(air.pcm), "<i2")) < 3
        assert all("secret" not in gap.reason for gap in air.source.gaps)


@pytest.mark.parametrize(
    "url", ["http://no-such-host.invalid/live", "http://127.0.0.1:9/live", "file:///etc/passwd"]
)
def test_a_stream_that_never_comes_is_filler_to_the_end_of_the_block_and_not_longer(
    filler: Path, url: str
) -> None:
    air = Air(Tap(url), filler, seconds=3.0)
    try:
        air.thread.join(60)
        assert not air.thread.is_alive()
    finally:
        air.close()
    assert len(air.pcm) == 3 * RATE_HZ * 2
    (gap,) = air.source.gaps
    assert 1.35 * RATE_HZ < gap.frames < 3 * RATE_HZ  # filler comes after 1.5 s at the latest
    assert gap.ended_at is not None


class Feed:
    """A tap that gives what a test says."""

    quiet_ms = 0
    silent_ms = 0

    def __init__(self, blocks: list[int]) -> None:
        self.blocks = blocks
        self.trouble = ""
        self.sound = noise(5, 3).tobytes()
        self.held = 0
        self.came = False

    def nudge(self) -> None:
        pass

    def arrive(self) -> None:
        """Once for each block that is asked for."""
        if not self.came:
            self.held += (self.blocks.pop(0) if self.blocks else 0) * BLOCK // 100
            self.came = True

    @property
    def held_ms(self) -> int:
        self.came = False
        self.arrive()
        return self.held * 1000 // RATE_HZ

    def take(self, frames: int) -> bytes:
        self.arrive()
        self.came = False
        got = min(frames, self.held)
        self.held -= got
        return self.sound[: got * 2]

    def close(self) -> None:
        pass


def judge(filler: Path, blocks: list[int]) -> RelaySource:
    source = RelaySource(Feed(blocks), filler, len(blocks) * BLOCK, lambda: datetime.now(UTC), WORDS)  # type: ignore[arg-type]
    while source.read(BLOCK):
        continue
    source.close()
    return source


def test_a_hiccup_now_and_then_is_no_loss_and_a_drip_is_one(filler: Path) -> None:
    assert judge(filler, ([100] * 45 + [0] * 5) * 20).gaps == []
    (gap,) = judge(filler, [100] * 50 + [25] * 400).gaps
    assert gap.frames > 280 * BLOCK  # the drip is not taken for sound again


def test_a_line_that_comes_and_goes_is_given_longer_and_longer_to_prove_itself(filler: Path) -> None:
    source = judge(filler, ([100] * 100 + [0] * 100) * 40)
    assert len(source.gaps) < 12


def test_filler_that_went_to_lost_outputs_is_not_told_as_heard(filler: Path) -> None:
    source = judge(filler, [100] * 50 + [25] * 400)
    (gap,) = source.gaps
    filled_ms = round(gap.frames * 1000 / RATE_HZ)
    written: list[Entry] = []
    daemon = SimpleNamespace(
        desk=SimpleNamespace(write=written.append), journal=SimpleNamespace(new_key=lambda: "k")
    )
    relays = Relays.__new__(Relays)
    relays.studio = cast(Studio, daemon)
    done = Entry(
        key="r",
        kind="relay",
        title="VOV",
        zones=("z",),
        output="card",
        simulated=False,
        ended_at=datetime.now(UTC),
    )
    told: list[tuple[str | None, int, str | None, int]] = []
    for heard_ms in (filled_ms + 1000, filled_ms - 100, 0):
        relay = relays.account(cast(OnAir, SimpleNamespace(source=source)), replace(done, heard_ms=heard_ms))
        told.append((written[-1].outcome, written[-1].heard_ms, relay.outcome, relay.heard_ms))
    assert told == [
        ("aired", filled_ms, "partial", 1000), ("partial", filled_ms - 100, "missed", 0), ("missed", 0, "missed", 0),
    ]  # fmt: skip


def test_a_relay_ends_with_its_block_however_much_the_stream_has(filler: Path) -> None:
    source = RelaySource(Feed([100] * 1000), filler, 10 * BLOCK + 7, lambda: datetime.now(UTC), WORDS)  # type: ignore[arg-type]
    got = b""
    while pcm := source.read(BLOCK):
        got += pcm
    assert len(got) == (10 * BLOCK + 7) * 2


def test_a_live_playlist_is_relayed_and_its_loss_is_filled(tmp_path: Path, filler: Path) -> None:
    sound = tmp_path / "sound.wav"
    sound.write_bytes(wav(noise(40, 6)))
    web = tmp_path / "web"
    web.mkdir()
    command = [
        ffmpeg_path(), "-loglevel", "error", "-re", "-stream_loop", "-1", "-i", str(sound), "-c:a", "aac", "-b:a", "96k", "-f", "hls",
        "-hls_time", "1", "-hls_list_size", "4", "-hls_flags", "delete_segments", str(web / "live.m3u8"),
    ]  # fmt: skip
    sender = subprocess.Popen(command)
    handler = functools.partial(Quiet, directory=str(web))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    air: Air | None = None
    try:
        wait_for((web / "live.m3u8").exists)
        air = Air(Tap(f"http://127.0.0.1:{server.server_address[1]}/live.m3u8"), filler)
        wait_for(lambda: air is not None and air.level_dbfs > -35 and not air.filling)
        time.sleep(2)
        sender.kill()
        sender.wait()
        wait_for(lambda: air is not None and air.filling)
    finally:
        sender.kill()
        sender.wait()
        if air is not None:
            air.close()
        server.shutdown()
        server.server_close()
    heard = np.frombuffer(bytes(air.pcm), "<i2")
    assert likeness(heard, noise(40, 6)) > 0.8


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


def likeness(heard: np.ndarray, sound: np.ndarray, seconds: float = 1.0) -> float:
    """The best correlation of any second of what was heard with what was sent."""
    size = 1 << (len(heard) + len(sound)).bit_length()
    spectrum = np.fft.rfft(sound.astype(float), size)
    best = 0.0
    count = round(seconds * RATE_HZ)
    loud = [
        at for at in range(0, len(heard) - count, count // 2) if np.abs(heard[at : at + count]).mean() > 500
    ]
    for begin in loud[:: max(1, len(loud) // 8)]:
        part = heard[begin : begin + count].astype(float)
        correlation = np.fft.irfft(spectrum * np.conj(np.fft.rfft(part, size)), size)[: len(sound)]
        at = int(np.argmax(correlation))
        there = sound[at : at + count].astype(float)
        norm = np.linalg.norm(part[: len(there)]) * np.linalg.norm(there)
        best = max(best, float(correlation[at] / norm) if norm else 0.0)
    return best


@contextmanager
def icecast() -> Iterator[int]:
    """A server of Icecast on a port of its own; another program may be quicker to take the one that was free."""
    from test_outputs_network import real_icecast

    for attempt in range(5):
        with socket.socket() as door:
            door.bind(("127.0.0.1", 0))
            port: int = door.getsockname()[1]
        with ExitStack() as running:
            try:
                running.enter_context(real_icecast(port))
            except AssertionError:
                if attempt == 4:
                    raise
                continue
            yield port
            return


@pytest.mark.skipif(
    not (shutil.which("icecast2") or shutil.which("icecast")), reason="icecast2 is not installed"
)
def test_an_icecast_stream_that_loses_its_source_is_filled_and_comes_back(
    tmp_path: Path, filler: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "audio"))
    sound = tmp_path / "sound.wav"
    sound.write_bytes(wav(noise(40, 6)))
    with icecast() as port:
        command = [
            ffmpeg_path(), "-loglevel", "error", "-re", "-stream_loop", "-1", "-i", str(sound), "-c:a", "libmp3lame", "-b:a", "96k", "-f", "mp3",
            "-content_type", "audio/mpeg", f"icecast://source:hackme@127.0.0.1:{port}/vov",
        ]  # fmt: skip
        sender = subprocess.Popen(command)
        air = Air(Tap(f"http://127.0.0.1:{port}/vov"), filler)
        try:
            wait_for(lambda: air.level_dbfs > -35 and not air.filling)
            time.sleep(2)
            sender.kill()
            sender.wait()
            wait_for(lambda: air.filling)
            sender = subprocess.Popen(command)
            wait_for(lambda: not air.filling)
        finally:
            sender.kill()
            sender.wait()
            air.close()
    assert likeness(np.frombuffer(bytes(air.pcm), "<i2"), noise(40, 6)) > 0.8


_PULSE = all(shutil.which(name) for name in ("pulseaudio", "pacat", "pactl"))


def _has_pulse_input() -> bool:
    listed = subprocess.run(
        [ffmpeg_path(), "-hide_banner", "-devices"], capture_output=True, text=True, check=False
    )
    return " pulse" in listed.stdout


@pytest.mark.skipif(not _PULSE, reason="needs pulseaudio for a line input without a cable")
def test_a_line_input_is_relayed(tmp_path: Path, filler: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not _has_pulse_input():
        pytest.skip("this ffmpeg reads no Pulse input")
    runtime = Path(tempfile.mkdtemp(prefix="loa-pulse-"))
    for name in ("XDG_RUNTIME_DIR", "PULSE_RUNTIME_PATH"):
        monkeypatch.setenv(name, str(runtime))
    monkeypatch.setenv("HOME", str(tmp_path))
    server = subprocess.Popen(
        ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--disallow-exit", "-L", "module-native-protocol-unix",
         "-L", "module-null-sink sink_name=line rate=48000 channels=1"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    player: subprocess.Popen[bytes] | None = None
    air: Air | None = None
    try:
        wait_for(lambda: subprocess.run(["pactl", "info"], capture_output=True, check=False).returncode == 0)
        sound = tmp_path / "sound.raw"
        sound.write_bytes(noise(20, 6).tobytes() * 10)
        player = subprocess.Popen(
            [
                "pacat",
                "--playback",
                "--raw",
                "--rate=48000",
                "--channels=1",
                "--format=s16le",
                "--device=line",
                str(sound),
            ]
        )
        air = Air(Tap("pulse:line.monitor"), filler)
        wait_for(lambda: air is not None and air.level_dbfs > -35 and not air.filling)
        time.sleep(2.5)
    finally:
        if air is not None:
            air.close()
        for process in (player, server):
            if process is not None:
                process.kill()
                process.wait()
        shutil.rmtree(runtime, ignore_errors=True)
    assert likeness(np.frombuffer(bytes(air.pcm), "<i2"), noise(20, 6)) > 0.9


def test_a_tap_leaves_no_process_and_no_thread_behind(filler: Path) -> None:
    with bad_line() as radio:
        taps = [Tap(f"http://127.0.0.1:{radio.server_address[1]}/live") for _number in range(3)]
        wait_for(lambda: all(tap.held_ms > 200 for tap in taps))
        processes = [tap._process for tap in taps]
        for tap in taps:
            tap.close()
    assert all(process is not None and process.poll() is not None for process in processes)
    wait_for(lambda: not [thread for thread in threading.enumerate() if thread.name == "loa-relay"])


def test_a_sender_that_never_comes_to_the_sound_is_left_and_asked_anew(
    filler: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its head never ends; each line of it is a sign of life to whoever only waits for silence on the line."""
    monkeypatch.setattr("scheduler.daemon.relay.STUCK_MS", 2_000)
    asked: list[socket.socket] = []
    over = threading.Event()

    def answer(line: socket.socket, first: bool) -> None:
        with line, suppress(OSError):
            line.recv(4000)
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\n")
            while first and not over.wait(0.1):
                line.sendall(b"X-Wait: yes\r\n")
            line.sendall(b"\r\n" + wav(noise(30, 5)))
            over.wait(60)

    def serve() -> None:
        with suppress(OSError):
            while True:
                asked.append(server.accept()[0])
                threading.Thread(target=answer, args=(asked[-1], len(asked) == 1), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        air = Air(Tap(f"http://127.0.0.1:{server.getsockname()[1]}/live"), filler)
        try:
            wait_for(lambda: air.source.gaps and air.source.gaps[0].ended_at is not None)
        finally:
            air.close()
            over.set()
    assert len(asked) >= 2
