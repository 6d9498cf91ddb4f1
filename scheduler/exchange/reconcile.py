"""Plan against word back: what became of each airing that a station was asked for. Pure decisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

STATES = ("aired", "partial", "made-good", "missed", "not-reported", "to-come")
_BEST_FIRST = ("aired", "partial", "displaced", "missed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One airing that a station was asked for."""

    play_id: int
    title: str
    starts_at: datetime
    make_good_for: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One line of a station's as-run log."""

    play_id: int | None
    make_good_for: int | None
    outcome: str
    started_at: datetime | None
    heard_ms: int
    reason: str | None
    simulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What became of one airing. `state` is one of STATES; `simulated`: only on a simulated clock."""

    play_id: int
    title: str
    planned_at: datetime
    state: str
    started_at: datetime | None = None
    heard_ms: int = 0
    reason: str | None = None
    made_good_at: datetime | None = None
    simulated: bool = False

    def to_json(self) -> dict[str, Any]:
        """As `loa station report --json` prints it."""
        return {name: getattr(self, name) for name in self.__slots__}


def reconcile(asked: Iterable[Asked], told: Sequence[Told], now: datetime) -> list[Line]:
    """One line for each airing, in air order: nothing that was asked for ends as nothing.

    Several log lines for one airing (it was cut and went on) count as their best; what a trial run on a simulated clock
    noted counts only where nothing real is known. A missed or partly heard airing whose make-good was heard is made
    good. An airing that is over and of which no word came is not reported.
    """
    by_play: dict[int, list[Told]] = defaultdict(list)
    good: dict[int, list[Told]] = defaultdict(list)
    for line in told:
        if line.play_id is not None:
            by_play[line.play_id].append(line)
        if line.make_good_for is not None and line.outcome == "aired":
            good[line.make_good_for].append(line)
    found = []
    for one in sorted(asked, key=lambda one: (one.starts_at, one.play_id)):
        if one.make_good_for is not None:
            for line in by_play.get(one.play_id, []):
                if line.outcome == "aired":
                    good[one.make_good_for].append(line)
    seen: dict[int, Asked] = {}
    for one in asked:
        seen[one.play_id] = one
    for one in sorted(seen.values(), key=lambda one: (one.starts_at, one.play_id)):
        lines, again = by_play.get(one.play_id, []), good.get(one.play_id, [])
        if not all(line.simulated for line in (*lines, *again)):
            lines, again = ([line for line in some if not line.simulated] for some in (lines, again))
        found.append(_line(one, lines, again, now))
    return found


def _line(one: Asked, told: list[Told], good: list[Told], now: datetime) -> Line:
    if not told and not good:
        state = "to-come" if one.starts_at > now else "not-reported"
        return Line(play_id=one.play_id, title=one.title, planned_at=one.starts_at, state=state)
    best = min(told, key=lambda line: _BEST_FIRST.index(line.outcome), default=None)
    state = best.outcome if best else "missed"
    if state == "displaced":
        state = "missed"
    again = min(good, key=lambda line: line.started_at or now, default=None)
    if again is not None and state != "aired":
        state = "made-good"
    counted = again if state == "made-good" else best
    return Line(
        play_id=one.play_id,
        title=one.title,
        planned_at=one.starts_at,
        state=state,
        started_at=best.started_at if best else None,
        heard_ms=sum(line.heard_ms for line in told),
        reason=best.reason if best else None,
        made_good_at=again.started_at if again and state == "made-good" else None,
        simulated=bool(counted and counted.simulated),
    )


def tally(lines: Iterable[Line]) -> dict[str, int]:
    """How many airings of each state; every state is named."""
    counts = dict.fromkeys(STATES, 0)
    for line in lines:
        counts[line.state] += 1
    return counts
