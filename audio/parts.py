"""The parts of an episode, laid end to end as one stream of PCM: sounds of the station, pauses, nothing else.

The stream is made here and not by ffmpeg's own concat, so that only house sounds reach it, no file is open
but the one being read (ffmpeg's filter opens all of them), and each byte is counted: the same parts give
the same PCM on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from audio import resample, wav

_BLOCK_MS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One house WAV (see `audio.wav`) and the silence after it."""

    path: Path
    pause_after_ms: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.pause_after_ms <= 600_000:
            raise ValueError(f"pause_after_ms {self.pause_after_ms}")


def rate_of(parts: Sequence[Part], *, wide: bool) -> int:
    """The rate at which `parts` are joined: that of speech, unless one is wider and `wide` keeps it."""
    rates = {wav.read_info(part.path).rate_hz for part in parts}
    return wav.WIDE_RATE_HZ if wide and wav.WIDE_RATE_HZ in rates else wav.SPEECH_RATE_HZ


def length_of(parts: Sequence[Part]) -> int:
    """Length in ms of `parts` end to end, pauses included."""
    return sum(wav.read_info(part.path).length_ms + part.pause_after_ms for part in parts)


def joined_pcm(parts: Iterable[Part], rate_hz: int) -> Iterator[bytes]:
    """`parts` end to end as mono 16-bit PCM at `rate_hz`, a second at a time.

    Raises:
        wav.NotHouseWavError: a part is damaged.
    """
    for part in parts:
        yield from _at_rate(part.path, rate_hz)
        left = round(part.pause_after_ms * rate_hz / 1000)
        while left > 0:
            count = min(left, rate_hz * _BLOCK_MS // 1000)
            yield bytes(count * wav.BYTES_PER_SAMPLE)
            left -= count


def _at_rate(path: Path, rate_hz: int) -> Iterator[bytes]:
    own_hz = wav.read_info(path).rate_hz
    blocks = wav.pcm_blocks(path, own_hz * _BLOCK_MS // 1000)
    if own_hz == rate_hz:
        return blocks
    return resample.halved(blocks) if own_hz > rate_hz else resample.doubled(blocks)
