"""House WAV: mono, 16 bit, 24 000 or 48 000 Hz; everything between a voice and the final encoder is this."""

from __future__ import annotations

import io
import struct
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from content.errors import LoaError
from content.language import N_

SPEECH_RATE_HZ = 24_000
"""What voices are kept at: gTTS speaks at 24 000, Piper and espeak-ng below."""
WIDE_RATE_HZ = 48_000
"""What supplied recordings are kept at."""
HOUSE_RATES_HZ = (SPEECH_RATE_HZ, WIDE_RATE_HZ)
BYTES_PER_SAMPLE = 2
_BROKEN = (wave.Error, EOFError, OSError, RuntimeError, struct.error)
"""What `wave` raises for a damaged file; RuntimeError comes from a chunk that points outside it."""


class NotHouseWavError(LoaError):
    """A WAV inside the station that is not mono, 16 bit, 24 or 48 kHz, or is cut short."""

    sentence = N_("{path} is not a sound of this station ({reason}): run `loa render` again")


@dataclass(frozen=True, slots=True, kw_only=True)
class WavInfo:
    """Shape of a house WAV."""

    rate_hz: int
    samples: int

    @property
    def length_ms(self) -> int:
        return round(self.samples * 1000 / self.rate_hz)


def header(samples: int, rate_hz: int) -> bytes:
    """The 44 bytes before `samples` samples of mono 16-bit PCM."""
    size = samples * BYTES_PER_SAMPLE
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 1, rate_hz, rate_hz * 2, 2, 16, b"data", size,
    )  # fmt: skip


def header_of_stream(rate_hz: int) -> bytes:
    """The 44 bytes before mono 32-bit PCM of unknown length, for a reader that is told to ignore it."""
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", 0xFFFFFFFF, b"WAVE", b"fmt ", 16, 1, 1, rate_hz, rate_hz * 4, 4, 32, b"data", 0,
    )  # fmt: skip


def wav_bytes(pcm: bytes, rate_hz: int) -> bytes:
    """`pcm` (mono, 16-bit little-endian) as a whole WAV file; the same bytes for the same sound on any machine."""
    return header(len(pcm) // BYTES_PER_SAMPLE, rate_hz) + pcm


def read_info(path: Path) -> WavInfo:
    """The shape of the house WAV `path`.

    Raises:
        NotHouseWavError: it is something else, or shorter than its header says.
    """
    try:
        with wave.open(str(path), "rb") as file:
            info = _info(file, path.name)
        if path.stat().st_size < info.samples * BYTES_PER_SAMPLE:
            raise NotHouseWavError(path=path.name, reason="cut short")
    except _BROKEN as error:
        raise NotHouseWavError(path=path.name, reason=error) from error
    return info


def split_wav(content: bytes, name: str = "sound") -> tuple[bytes, int]:
    """The PCM and the rate in Hz of a house WAV in memory. Raises NotHouseWavError."""
    try:
        with wave.open(io.BytesIO(content), "rb") as file:
            info = _info(file, name)
            return file.readframes(info.samples), info.rate_hz
    except _BROKEN as error:
        raise NotHouseWavError(path=name, reason=error) from error


def pcm_blocks(path: Path, samples_per_block: int = 48_000) -> Iterator[bytes]:
    """The PCM of the house WAV `path`, block by block.

    Raises:
        NotHouseWavError: not such a file, or it ends before its header says.
    """
    try:
        with wave.open(str(path), "rb") as file:
            left = _info(file, path.name).samples
            while left > 0:
                block = file.readframes(min(left, samples_per_block))
                if not block:
                    raise NotHouseWavError(path=path.name, reason="cut short")
                left -= len(block) // BYTES_PER_SAMPLE
                yield block
    except _BROKEN as error:
        raise NotHouseWavError(path=path.name, reason=error) from error


def _info(file: wave.Wave_read, name: str) -> WavInfo:
    shape = (file.getnchannels(), file.getsampwidth(), file.getframerate())
    if shape[:2] != (1, 2) or shape[2] not in HOUSE_RATES_HZ:
        raise NotHouseWavError(path=name, reason=f"{shape[0]} ch, {shape[1] * 8} bit, {shape[2]} Hz")
    return WavInfo(rate_hz=shape[2], samples=file.getnframes())
