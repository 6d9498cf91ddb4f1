"""Outputs, heard at their far end: what comes out is what went in, from its first sample on."""

import itertools
import math
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from audio.outputs.fed_output import BLOCK_BYTES, QUEUE_BYTES, SETTLE_BLOCKS, FedOutput
from audio.outputs.file_output import FileOutput, header
from audio.outputs.icecast_output import icecast_output
from audio.outputs.opening import UnknownOutputError, outputs_of
from audio.outputs.output import RATE_HZ, OutputError
from audio.outputs.rtp_output import rtp_output
from audio.outputs.sound_card import sound_card
from content.config import Config, OutputConfig

NOW = datetime(2026, 12, 1, tzinfo=UTC)


def speechlike(seconds: float, seed: int = 1, top_hz: int = 3000) -> np.ndarray:
    """Noise below `top_hz` with a hard beginning: it survives the codecs, and its place is unmistakable."""
    random = np.random.default_rng(seed)
    count = int(seconds * RATE_HZ)
    spectrum = np.fft.rfft(random.normal(0, 1, count))
    frequencies = np.fft.rfftfreq(count, 1 / RATE_HZ)
    spectrum[(frequencies > top_hz) | (frequencies < 300)] = 0
    sound = np.fft.irfft(spectrum, count)
    return (sound / np.abs(sound).max() * 20_000).astype("<i2")


def place_of(sound: np.ndarray, recording: np.ndarray) -> tuple[int, float]:
    """(sample at which `sound` begins in `recording`, correlation there from -1 to 1)."""
    size = 1 << math.ceil(math.log2(len(sound) + len(recording)))
    a, b = sound.astype(float), recording.astype(float)
    correlation = np.fft.irfft(np.fft.rfft(b, size) * np.conj(np.fft.rfft(a, size)), size)[: len(recording)]
    at = int(np.argmax(correlation))
    there = b[at : at + len(a)]
    norm = np.linalg.norm(a[: len(there)]) * np.linalg.norm(there)
    return at, float(correlation[at] / norm) if norm else 0.0


def wait_for(true: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def wait_until_working(output: FedOutput) -> None:
    wait_for(lambda: output.trouble is None)


def play(output: FedOutput, sound: np.ndarray) -> bool:
    """Hand the sound over as fast as the output takes it, most of a second ahead, and wait until it is out: however busy
    this machine is, no pause comes into it here."""
    stream = output.start("test", NOW)
    took = True
    for at in range(0, len(sound), 960):
        wait_for(lambda: output._queued < QUEUE_BYTES - 4 * BLOCK_BYTES)
        took = stream.write(sound[at : at + 960].tobytes()) and took
    wait_for(lambda: output._queued == 0)
    stream.stop(cut=False)
    return took


def likeness_of(sound: np.ndarray, recording: np.ndarray, rate_hz: int = RATE_HZ) -> float:
    """How much of `sound` is in `recording`, whole and with its first 300 ms at their place; -1 to 1."""
    at, whole = place_of(sound, recording)
    if at + len(sound) > len(recording):
        return -1.0
    first, margin = sound[: int(0.3 * rate_hz)], rate_hz // 50
    place, head = place_of(first, recording[max(0, at - margin) : at + len(first) + margin])
    return min(whole, head) if abs(place - min(at, margin)) < margin else -1.0


_PORTS = itertools.count(10_000 + os.getpid() % 440 * 50, 2)


def free_port(kind: int = socket.SOCK_DGRAM) -> int:
    """An even port that is free, like the one after it. Below those that the system gives away, and each test process has
    its own, so that nobody takes it before it is used."""
    for port in _PORTS:
        try:
            with socket.socket(socket.AF_INET, kind) as one, socket.socket(socket.AF_INET, kind) as two:
                one.bind(("127.0.0.1", port))
                two.bind(("127.0.0.1", port + 1))
        except OSError:
            continue
        return port
    raise AssertionError("no port is free")


# G.711 and L16 are decoded here by hand, so that the test shares no code with the sender.


def decode_pcmu(payload: bytes) -> np.ndarray:
    code = ~np.frombuffer(payload, "u1") & 0xFF
    magnitude = (((code & 0x0F).astype(int) << 3) + 0x84 << ((code >> 4) & 7)) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude)


@pytest.mark.parametrize(("codec", "payload_type", "rate_hz"), [("pcmu", 0, 8000), ("l16", 11, 44_100)])
def test_rtp_carries_the_sound_from_its_first_sample_on(codec: str, payload_type: int, rate_hz: int) -> None:
    sound = speechlike(2.0)
    wanted = np.interp(np.arange(0, len(sound), RATE_HZ / rate_hz), np.arange(len(sound)), sound)
    packets: list[bytes] = []

    def likeness() -> float:
        body = b"".join(packet[12:] for packet in list(packets))
        heard = decode_pcmu(body) if codec == "pcmu" else np.frombuffer(body, ">i2").astype(int)
        return likeness_of(wanted, heard, rate_hz)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_000_000)
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(0.2)
        over = threading.Event()

        def listen() -> None:
            while not over.is_set():
                with suppress(TimeoutError):
                    packets.append(ear.recv(4000))

        thread = threading.Thread(target=listen)
        thread.start()
        output = rtp_output("ip", f"rtp://127.0.0.1:{ear.getsockname()[1]}", codec)
        try:
            output.open()
            wait_until_working(output)
            wait_for(lambda: packets)
            assert play(output, sound)
            wait_for(lambda: likeness() > 0.9)
        finally:
            output.close()
            over.set()
            thread.join()
    assert {packet[1] & 0x7F for packet in packets} == {payload_type}


def test_g722_goes_out_as_payload_9() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(60)
        output = rtp_output("ip", f"rtp://127.0.0.1:{ear.getsockname()[1]}", "")
        try:
            output.open()
            packet = ear.recv(4000)
        finally:
            output.close()
    assert packet[1] & 0x7F == 9


def test_the_file_output_is_whole_up_to_its_last_block_even_when_nobody_closes_it(tmp_path: Path) -> None:
    output = FileOutput("file", tmp_path)
    output.open()
    stream = output.start("play-1", NOW)
    sound = speechlike(3.0)
    for at in range(0, len(sound), 960):
        assert stream.write(sound[at : at + 960].tobytes())
    (path,) = tmp_path.rglob("*.wav")
    assert path.stat().st_size == 44 + sound.nbytes
    with wave.open(str(path)) as recording:  # the header lags by two seconds at most
        assert recording.getnframes() >= len(sound) - 2 * RATE_HZ
    stream.stop(cut=False)
    with wave.open(str(path)) as recording:
        assert recording.readframes(recording.getnframes()) == sound.tobytes()
    assert len(header(5)) == 44


class Pipe:
    """A far end that can be cut, and held so that it takes nothing."""

    def __init__(self) -> None:
        self.got = bytearray()
        self.sends = 0
        self.works = True
        self.takes = threading.Event()
        self.takes.set()

    def send(self, pcm: bytes) -> None:
        assert self.takes.wait(60)
        if not self.works:
            raise OSError("cable out")
        self.got += pcm
        self.sends += 1

    def close(self) -> None:
        pass


class Cable(FedOutput):
    def __init__(self) -> None:
        super().__init__("cable")
        self.plugged = True
        self.pipes: list[Pipe] = []

    def connect(self) -> Pipe:
        if not self.plugged:
            raise OSError("no cable")
        self.pipes.append(Pipe())
        return self.pipes[-1]


@pytest.fixture
def cable() -> Iterator[Cable]:
    made = Cable()
    made.open()
    wait_until_working(made)
    yield made
    made.close()


def test_a_fed_output_says_that_it_is_lost_and_comes_back_by_itself(cable: Cable) -> None:
    stream = cable.start("a", NOW)
    assert stream.write(bytes(1920))
    cable.plugged = False
    cable.pipes[-1].works = False
    wait_for(lambda: cable.trouble is not None)
    assert cable.trouble in ("cable out", "no cable")
    assert not stream.write(bytes(1920))
    cable.plugged = True
    wait_until_working(cable)
    assert stream.write(bytes(1920))
    assert cable.losses >= 1


def test_a_fed_output_is_kept_warm_with_silence_and_cutting_throws_away_what_waits(cable: Cable) -> None:
    pipe = cable.pipes[-1]
    before = pipe.sends
    wait_for(lambda: pipe.sends > before + 5)
    assert not any(pipe.got)
    pipe.takes.clear()
    stream = cable.start("a", NOW)
    stream.write(b"\x01" * 1920 * 12)
    stream.stop(cut=True)
    before = pipe.sends
    pipe.takes.set()
    wait_for(lambda: pipe.sends > before + 14)
    assert pipe.got.count(1) <= 1920  # the block that was on its way


def test_a_sink_counts_as_working_by_what_it_took_not_by_the_time_that_passed() -> None:
    cable = Cable()
    started = threading.Event()

    class Slow(Pipe):
        def send(self, pcm: bytes) -> None:
            super().send(pcm)
            if self.sends == 1:
                started.set()
                time.sleep(1.2)  # the whole process stood still
                self.takes.clear()

    pipe = Slow()
    cable.connect = lambda: pipe  # type: ignore[method-assign, assignment]
    cable.open()
    try:
        assert started.wait(60)
        wait_for(lambda: not pipe.takes.is_set())
        time.sleep(0.1)
        assert cable.trouble is not None
        pipe.takes.set()
        wait_until_working(cable)
        assert pipe.sends > SETTLE_BLOCKS
    finally:
        pipe.takes.set()
        cable.close()


@pytest.mark.parametrize(
    ("make", "settings"),
    [
        (rtp_output, ("udp://1.2.3.4", "")),
        (rtp_output, ("rtp://239.1.1.1", "")),
        (rtp_output, ("rtp://239.1.1.1:5004", "mp3")),
        (icecast_output, ("http://host/x", "")),
        (icecast_output, ("icecast://source:x@host:8000", "")),
        (icecast_output, ("icecast://source:x@host:8000/a", "g722")),
    ],
)  # fmt: skip
def test_a_wrong_address_or_codec_is_told_with_the_remedy(make: object, settings: tuple[str, str]) -> None:
    with pytest.raises(OutputError, match=r"config\.toml|choose"):
        make("out", *settings)  # type: ignore[operator]


def test_an_output_that_is_not_described_is_refused(tmp_path: Path) -> None:
    config = Config(outputs={"main": OutputConfig(kind="null")})
    with pytest.raises(UnknownOutputError, match="main"):
        outputs_of(config, tmp_path, "loudspeaker")
    assert outputs_of(config, tmp_path, "null")["main"].name == "null"


# Sound for real: a Pulse null sink, recorded with parec; an Icecast server on loopback.

_PULSE = all(shutil.which(name) for name in ("pulseaudio", "parec", "pactl"))


@pytest.mark.skipif(not _PULSE, reason="needs pulseaudio and parec to record what a sound card would play")
def test_the_sound_card_plays_from_the_first_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """How soon is measured in benchmarks/playout.py. A card does not wait: on a machine that is held up the sound is torn,
    so it may be played again."""
    runtime = Path(tempfile.mkdtemp(prefix="loa-pulse-"))
    for name, value in {
        "XDG_RUNTIME_DIR": str(runtime),
        "HOME": str(tmp_path),
        "PULSE_RUNTIME_PATH": str(runtime),
    }.items():
        monkeypatch.setenv(name, value)
    server = subprocess.Popen(
        ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--disallow-exit", "-L", "module-native-protocol-unix",
         "-L", "module-null-sink sink_name=horn rate=48000 channels=1"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    recorder: subprocess.Popen[bytes] | None = None
    output = None
    try:
        wait_for(lambda: subprocess.run(["pactl", "info"], capture_output=True, check=False).returncode == 0)
        recorder = subprocess.Popen(
            ["parec", "-d", "horn.monitor", "--raw", "--rate=48000", "--channels=1", "--format=s16le", "--latency-msec=10"],
            stdout=subprocess.PIPE,
        )  # fmt: skip
        chunks: list[bytes] = []
        assert recorder.stdout is not None
        ear = recorder.stdout

        def listen() -> None:
            while data := ear.read(960):
                chunks.append(data)

        threading.Thread(target=listen, daemon=True).start()
        output = sound_card("card", "")
        output.open()
        wait_until_working(output)
        wait_for(lambda: len(chunks) > 50)
        sound = speechlike(2.0, seed=9)
        likeness = -1.0
        for _time in range(5):
            before = len(chunks)
            assert play(output, sound)
            wait_for(lambda before=before: len(chunks) > before + 400)  # four seconds
            heard = np.frombuffer(b"".join(chunks[before:]), "<i2")
            likeness = max(likeness, place_of(sound[: int(0.3 * RATE_HZ)], heard)[1])
            if likeness > 0.9:
                break
    finally:
        if output is not None:
            output.close()
        if recorder is not None:
            recorder.kill()
            recorder.wait()
        server.kill()
        server.wait()
        shutil.rmtree(runtime, ignore_errors=True)
    assert likeness > 0.9  # the first 300 ms are there
