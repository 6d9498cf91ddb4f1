"""The sound card, kept warm: through PortAudio where it is present, else through pacat or aplay."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from typing import Any

from audio.outputs.fed_output import BLOCK_BYTES, FedOutput, Sink
from audio.outputs.output import FRAME_BYTES, RATE_HZ, Output, OutputError
from audio.outputs.process_sink import ProcessOutput, ProcessSink
from content.errors import Told
from content.language import N_

DEAD_S = 0.5
"""A card that has not asked for sound for so long is gone."""


def portaudio() -> Any:
    """The module `sounddevice`, or None where it or PortAudio is not installed."""
    try:
        import sounddevice
    except (ImportError, OSError):
        return None
    return sounddevice


class CardSink:
    """One open stream of PortAudio; it pulls, we keep a little ready for it."""

    def __init__(self, device: str) -> None:
        sounddevice = portaudio()
        if sounddevice is None:
            raise OSError("PortAudio")
        self._ready = bytearray()
        self._lock = threading.Lock()
        self._room = threading.Event()
        self._period = 0
        """Bytes that the card asks for at a time."""
        self._asked_at = time.monotonic()
        try:
            # Cards come and go: PortAudio sees a new one only when it starts afresh.
            sounddevice._terminate()
            sounddevice._initialize()
            self._stream = sounddevice.RawOutputStream(
                samplerate=RATE_HZ,
                channels=1,
                dtype="int16",
                latency=0.04,
                device=_device(device),
                callback=self._pull,
            )
            self._stream.start()
        except (sounddevice.PortAudioError, ValueError) as error:
            raise OSError(str(error)) from error

    def send(self, pcm: bytes) -> None:
        with self._lock:
            self._ready += pcm
        while len(self._ready) > max(3 * BLOCK_BYTES, 2 * self._period):
            # Enough is ready: the card asks in periods of its own, or is a little slower than our clock.
            if not self._stream.active or time.monotonic() - self._asked_at > DEAD_S:
                raise OSError("the card stopped")
            self._room.clear()
            self._room.wait(0.05)

    def close(self) -> None:
        sounddevice = portaudio()
        try:
            self._stream.abort()
            self._stream.close()
        except (sounddevice.PortAudioError, OSError):
            return

    def _pull(self, out: Any, frames: int, _time: Any, _status: Any) -> None:
        self._asked_at = time.monotonic()
        need = self._period = frames * FRAME_BYTES
        with self._lock:
            have = bytes(self._ready[:need])
            del self._ready[:need]
        out[: len(have)] = have
        out[len(have) :] = bytes(need - len(have))
        self._room.set()


class CardOutput(FedOutput):
    """A card through PortAudio, or through a program where PortAudio opens it and then stands still.

    (Seen with PortAudio over ALSA's Pulse bridge: the stream opens, asks five times for sound, and never again.)
    """

    def __init__(self, name: str, device: str, program: list[str] | None) -> None:
        super().__init__(name)
        self.device = device
        self.program = program
        self._direct = True

    def connect(self) -> Sink:
        return CardSink(self.device) if self._direct else ProcessSink(self.program or [])

    def _lost(self, reason: str) -> None:
        super()._lost(reason)
        if self.program is not None:
            self._direct = not self._direct


def sound_card(name: str, device: str) -> Output:
    """The sound card `device` (name, part of a name, or number; "" for the system's own).

    Raises:
        OutputError: no card, or nothing to reach it with.
    """
    sounddevice = portaudio()
    if sounddevice is not None:
        try:
            cards = [card for card in sounddevice.query_devices() if card["max_output_channels"] > 0]
        except sounddevice.PortAudioError:
            cards = []
        if cards:
            return CardOutput(name, device, _program(device))
    command = _program(device)
    if command is None:
        raise OutputError(
            output=name,
            reason=Told(N_("no sound card")),
            remedy=Told(N_("plug one in and choose it under [output.{name}], or run with `--output null` to try without sound"), name=name),
        )  # fmt: skip
    return ProcessOutput(name, command)


def _program(device: str) -> list[str] | None:
    if sys.platform != "linux":
        return None
    if path := shutil.which("pacat"):
        chosen = [f"--device={device}"] if device else []
        return [path, "--playback", "--raw", f"--rate={RATE_HZ}", "--channels=1", "--format=s16le", "--latency-msec=50", *chosen]  # fmt: skip
    if path := shutil.which("aplay"):
        chosen = ["-D", device] if device else []
        return [
            path,
            "-q",
            "-t",
            "raw",
            "-f",
            "S16_LE",
            "-r",
            str(RATE_HZ),
            "-c",
            "1",
            "--buffer-time=80000",
            *chosen,
        ]
    return None


def _device(device: str) -> str | int | None:
    if not device:
        return None
    return int(device) if device.isdigit() else device
