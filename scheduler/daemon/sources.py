"""Sounds to play that are more than one file: in turn, in a loop."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from audio import sounds, wav
from audio.outputs.output import FRAME_BYTES, RATE_HZ
from audio.resample import resampled
from content import atomic
from scheduler.daemon.cue import PcmFile


class InTurn:
    """Several files of house PCM, one after another."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._files = [PcmFile(path) for path in paths]
        for file in self._files:
            file.open()
        self._left = list(self._files)

    @property
    def length_ms(self) -> int:
        return sum(file.length_ms for file in self._files)

    def read(self, frames: int) -> bytes:
        while self._left:
            if pcm := self._left[0].read(frames):
                return pcm
            self._left.pop(0)
        return b""

    def close(self) -> None:
        for file in self._files:
            file.close()


class Loop:
    """One file of house PCM again and again, for `frames` in all."""

    def __init__(self, path: Path, frames: int) -> None:
        self._file = PcmFile(path)
        self._file.open()
        self._left = frames

    def read(self, frames: int) -> bytes:
        if self._left <= 0:
            return b""
        pcm = self._file.read(min(frames, self._left))
        if not pcm and self._file.frames:
            self._file.skip(0)
            pcm = self._file.read(min(frames, self._left))
        self._left -= len(pcm) // FRAME_BYTES
        return pcm

    def close(self) -> None:
        self._file.close()


def house_pcm(wav_content: bytes) -> bytes:
    """A house WAV as PCM at the rate of the player. Raises NotHouseWavError."""
    pcm, rate_hz = wav.split_wav(wav_content)
    return resampled(pcm, rate_hz, RATE_HZ)


def built_in(name: str, folder: Path) -> Path:
    """A built-in sound (see `audio.sounds`) as house PCM in `folder`, made on first use.

    Raises:
        UnknownSoundError, DiskFullError, NotWritableError.
    """
    path = folder / f"built-in-{name}.pcm"
    if not path.exists():
        segment = sounds.sound(name)
        atomic.write_bytes(path, resampled(segment.raw_data, segment.frame_rate, RATE_HZ))
    return path


def built_in_filler(folder: Path) -> Path:
    """The shipped filler: ident and closing bells in calm alternation, a minute's worth of nobody's music."""
    path = folder / "built-in-filler.pcm"
    if not path.exists():
        parts = []
        for name in ("opening", "closing"):
            segment = sounds.sound(name) - 8
            parts += [
                resampled(segment.raw_data, segment.frame_rate, RATE_HZ),
                bytes(RATE_HZ // 2 * FRAME_BYTES),
            ]
        atomic.write_bytes(path, b"".join(parts))
    return path
