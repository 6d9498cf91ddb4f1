"""Proof-listening by measurement: what in a segment would sound odd, before anybody hears it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from audio import loudness, wav
from audio.models import RECORDED
from content.errors import LoaError, Told
from content.language import N_

_BLOCK_MS = 20
_SILENT_LEVEL = 104
"""−50 dBFS."""
_LONGEST_SILENCE_MS = 2500
_FULL_SCALE = 32_700
_CLIPPED_RUN = 4
_CLIPPED_SHARE = 1e-4
_QUIETEST_LUFS = -32.0
_SLOWEST, _FASTEST = 1.8, 0.5
"""How the length may stand to the estimate: voices differ, but not by more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """Something odd: a stable code, the place in ms from the start where it has one, the sentence for the editor."""

    code: str
    told: Told
    at_ms: int | None = None

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "at_ms": self.at_ms, "text": str(self.told), "message": self.told.message, "facts": dict(self.told.facts)}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What was measured on a segment."""

    length_ms: int
    loudness_lufs: float | None
    true_peak_dbtp: float | None
    flags: tuple[Flag, ...]


def judge(path: Path, spoken: Sequence[str], estimated_ms: int) -> Judgement:
    """Listen through the house WAV `path`, in which `spoken` is said; streaming.

    Raises:
        wav.NotHouseWavError.
    """
    info = wav.read_info(path)
    flags: list[Flag] = []
    if info.length_ms == 0:
        flags.append(Flag(code="empty", told=Told(N_("there is no sound at all"))))
        return Judgement(length_ms=0, loudness_lufs=None, true_peak_dbtp=None, flags=tuple(flags))
    syllables = sum(len(text.split()) for text in spoken)
    flags += _length_flags(info.length_ms, estimated_ms, syllables)
    flags += _scan(path, info.rate_hz)
    try:
        measured = loudness.measure(path, info.rate_hz)
    except LoaError:
        flags.append(Flag(code="silent", told=Told(N_("it is silent from end to end"))))
        return Judgement(
            length_ms=info.length_ms, loudness_lufs=None, true_peak_dbtp=None, flags=tuple(flags)
        )  # fmt: skip
    if measured.integrated_lufs < _QUIETEST_LUFS:
        flags.append(
            Flag(
                code="quiet",
                told=Told(
                    N_("it is very quiet ({lufs} LUFS): noise will rise with it"),
                    lufs=measured.integrated_lufs,
                ),
            )
        )
    return Judgement(
        length_ms=info.length_ms, loudness_lufs=measured.integrated_lufs, true_peak_dbtp=measured.true_peak_dbtp,
        flags=tuple(flags),
    )  # fmt: skip


def _length_flags(length_ms: int, estimated_ms: int, syllables: int) -> list[Flag]:
    if estimated_ms > 0 and not estimated_ms * _FASTEST <= length_ms <= estimated_ms * _SLOWEST:
        message = N_(
            "it lasts {length_s} s where {estimated_s} s were expected: words may be missing or doubled"
        )
        told = Told(message, length_s=round(length_ms / 1000, 1), estimated_s=round(estimated_ms / 1000, 1))
        return [Flag(code="length", told=told)]
    if syllables and length_ms / syllables < 90:
        told = Told(N_("{syllables} syllables in {length_s} s are too fast to follow"), syllables=syllables, length_s=round(length_ms / 1000, 1))  # fmt: skip
        return [Flag(code="fast", told=told)]
    return []


def _scan(path: Path, rate_hz: int) -> list[Flag]:
    """Silences inside, and clipping; one pass, constant memory."""
    block = rate_hz * _BLOCK_MS // 1000
    flags: list[Flag] = []
    silent_blocks = position = clipped = total = 0
    heard = False
    for pcm in wav.pcm_blocks(path, block * 500):
        samples = np.abs(np.frombuffer(pcm, dtype="<i2").astype(np.int32))
        total += len(samples)
        full = samples >= _FULL_SCALE
        clipped += int(np.count_nonzero(np.convolve(full, np.ones(_CLIPPED_RUN, dtype=np.int32), "valid") >= _CLIPPED_RUN)) if full.any() else 0  # fmt: skip
        for start in range(0, len(samples), block):
            if samples[start : start + block].max() >= _SILENT_LEVEL:
                length_ms = silent_blocks * _BLOCK_MS
                if heard and length_ms >= _LONGEST_SILENCE_MS:
                    at_ms = position * _BLOCK_MS - length_ms
                    told = Told(N_("{length_s} s of silence at {at_s} s"), length_s=round(length_ms / 1000, 1), at_s=round(at_ms / 1000, 1))  # fmt: skip
                    flags.append(Flag(code="silence", told=told, at_ms=at_ms))
                silent_blocks, heard = 0, True
            else:
                silent_blocks += 1
            position += 1
    if clipped > total * _CLIPPED_SHARE:
        told = Told(N_("it is clipped ({count} places): record it again with less gain"), count=clipped)
        flags.append(Flag(code="clipped", told=told))
    return flags


def told_at_source(kept: Sequence[dict[str, Any]], found: Sequence[Flag]) -> list[Told]:
    """What only the taking in of a recording could tell (flags as they are kept), unless it was `found` again."""
    codes = {"clipped", "older-words"} - {flag.code for flag in found}
    return [Told(flag["message"], **flag["facts"]) for flag in kept if flag["code"] in codes]


def recorded(numbers: Sequence[int]) -> Flag:
    """Sentences (from 1) in which a person is heard among those of a station voice."""
    told = Told(N_("recorded by a person: sentence {numbers}"), numbers=", ".join(map(str, numbers)))
    return Flag(code=RECORDED, told=told)


def clipped_at_source() -> Flag:
    """A recording that was clipped when it came in, whatever its level is now."""
    return Flag(code="clipped", told=Told(N_("it is clipped: record it again with less gain if you can")))


def older_words() -> Flag:
    """A recording of an item whose words were changed since."""
    return Flag(
        code="older-words",
        told=Told(N_("it was recorded for an earlier version of the words: listen to it again")),
    )
