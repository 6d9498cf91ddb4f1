"""What becomes of a play that comes late, and of one that was cut: pure decisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

ON_TIME = timedelta(seconds=2)
"""Up to this a start is not late: a play on the second."""
LEAST_JOIN_MS = 1_000
"""Less than this left of a sound is not worth joining."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Start at `offset_ms` into the sound, or miss it; `make_good` asks for another airing when missed."""

    start: bool
    offset_ms: int = 0
    make_good: bool = False


def when_late(*, timing: str, lateness: str, length_ms: int, late: timedelta, grace: timedelta) -> Verdict:
    """What to do with a play whose time was `late` ago.

    start-late: from its beginning, up to `grace` late. join: in progress, as though it had begun on time.
    skip: missed, and nothing more. make-good: missed, and planned anew. A not-before play has no latest
    start of its own: its caller gives up at the end of the session.
    """
    if late <= ON_TIME:
        return Verdict(True)
    if timing == "not-before":
        return Verdict(True)
    late_ms = round(late.total_seconds() * 1000)
    if lateness == "join":
        if length_ms - late_ms >= LEAST_JOIN_MS:
            return Verdict(True, offset_ms=late_ms)
        return Verdict(False, make_good=True)
    if lateness == "start-late":
        return Verdict(True) if late <= grace else Verdict(False, make_good=True)
    return Verdict(False, make_good=lateness == "make-good")


def when_cut(
    *, timing: str, lateness: str, length_ms: int, heard_to_ms: int, gap: timedelta, grace: timedelta
) -> Verdict:
    """What to do with a play that was cut at `heard_to_ms` of its sound, `gap` ago.

    start-late: goes on where it was cut, up to `grace` later. join: goes on where it would be by now.
    skip and make-good: it stays cut.
    """
    if length_ms - heard_to_ms < LEAST_JOIN_MS:
        return Verdict(False, make_good=lateness != "skip" and heard_to_ms < length_ms * 0.98)
    if lateness == "join":
        position = heard_to_ms + max(0, round(gap.total_seconds() * 1000))  # the clock may have been set back
        if length_ms - position >= LEAST_JOIN_MS:
            return Verdict(True, offset_ms=position)
        return Verdict(False, make_good=True)
    if lateness == "start-late" and (gap <= grace or timing == "not-before"):
        return Verdict(True, offset_ms=heard_to_ms)
    return Verdict(False, make_good=lateness != "skip")
