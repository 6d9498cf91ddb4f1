"""The sound card, kept warm: through PortAudio where it is present, else through pacat or aplay."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from audio.outputs.fed_output import BLOCK_BYTES, FedOutput, Sink
from audio.outputs.output import FRAME_BYTES, RATE_HZ, OutputError
from audio.outputs.process_sink import ProcessSink
from content.errors import Told
from content.language import N_

DEAD_S = 0.5
"""A card that has not asked for sound for so long is gone."""


_PORTAUDIO = threading.Lock()
_open_cards = 0
"""Streams of PortAudio that are open. Starting it afresh would end them all."""


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
        global _open_cards  # noqa: PLW0603 - PortAudio itself is one for the whole process
        with _PORTAUDIO:
            try:
                if _open_cards == 0:  # cards come and go: PortAudio sees a new one only when it starts afresh
                    sounddevice._terminate()
                    sounddevice._initialize()
                self._stream = sounddevice.RawOutputStream(
                    samplerate=RATE_HZ, channels=1, dtype="int16", latency=0.04, device=_device(device),
                    callback=self._pull,
                )  # fmt: skip
                try:
                    self._stream.start()
                except sounddevice.PortAudioError:
                    self._stream.close()
                    raise
            except (sounddevice.PortAudioError, ValueError) as error:
                raise OSError(str(error)) from error
            _open_cards += 1

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
        global _open_cards  # noqa: PLW0603 - as above
        sounddevice = portaudio()
        with _PORTAUDIO:
            _open_cards -= 1
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
    """A card, tried one way after another until one works: PortAudio, then the programs of the system.

    (Seen with PortAudio over ALSA's Pulse bridge: the stream opens, asks five times for sound, and never again.
    And pacat where no sound server runs: it fails at once, while aplay would play.)
    """

    def __init__(self, name: str, device: str) -> None:
        super().__init__(name)
        self.device = device
        self._turn = 0

    def connect(self) -> Sink:
        programs = _programs(self.device)
        direct = portaudio() is not None
        turn = self._turn % max(1, direct + len(programs))
        if direct and turn == 0:
            return CardSink(self.device)
        if not programs:
            raise OSError("PortAudio, pacat, aplay: 0")
        return ProcessSink(programs[turn - direct])

    def _lost(self, reason: str) -> None:
        super()._lost(reason)
        self._turn += 1

    def missing(self) -> OutputError | None:
        """Why no sound can come out at all now; None where there is a card, or a sound server that may have one."""
        if _card_names() or _alsa_cards() or _sound_server():
            return None
        return OutputError(
            output=self.name,
            reason=Told(N_("no sound card")),
            remedy=Told(N_("plug one in and choose it under [output.{name}], wait for one with `loa run --wait-for-output`, or run with `--output null` to try without sound"), name=self.name),
        )  # fmt: skip


def sound_card(name: str, device: str) -> CardOutput:
    """The sound card `device` (name, part of a name, or number; "" for the system's own)."""
    return CardOutput(name, device)


def _card_names() -> list[str]:
    """The cards that PortAudio sees."""
    sounddevice = portaudio()
    if sounddevice is None:
        return []
    try:
        return [str(card["name"]) for card in sounddevice.query_devices() if card["max_output_channels"] > 0]
    except sounddevice.PortAudioError:
        return []


def _alsa_cards(listing: Path = Path("/proc/asound/cards")) -> bool:
    """True when aplay has a card to play on."""
    if sys.platform != "linux" or not shutil.which("aplay"):
        return False
    try:
        return bool(re.search(r"^\s*\d+ \[", listing.read_text("utf-8", errors="replace"), re.MULTILINE))
    except OSError:
        return False


def _sound_server() -> bool:
    """True when a Pulse or PipeWire server answers."""
    if sys.platform != "linux" or not shutil.which("pacat"):
        return False
    if not shutil.which("pactl"):
        return True  # not known: trying will tell
    try:
        asked = subprocess.run(["pactl", "info"], capture_output=True, timeout=4, check=False)
    except (OSError, subprocess.SubprocessError):
        return False
    return asked.returncode == 0


def _programs(device: str) -> list[list[str]]:
    """Programs that play PCM of their standard input, the likeliest first."""
    if sys.platform != "linux":
        return []
    found = []
    if path := shutil.which("pacat"):
        chosen = [f"--device={device}"] if device else []
        found.append([path, "--playback", "--raw", f"--rate={RATE_HZ}", "--channels=1", "--format=s16le", "--latency-msec=50", *chosen])  # fmt: skip
    if path := shutil.which("aplay"):
        chosen = ["-D", device] if device else []
        found.append([path, "-q", "-t", "raw", "-f", "S16_LE", "-r", str(RATE_HZ), "-c", "1", "--buffer-time=80000", *chosen])  # fmt: skip
    return found


def _device(device: str) -> str | int | None:
    if not device:
        return None
    return int(device) if device.isdigit() else device
