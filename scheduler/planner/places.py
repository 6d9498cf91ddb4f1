"""Order inside a session: what opens it (identification, news) first, what closes it (notices) last.

A step after solving. Plays change their time only inside their session of the day; whatever order would break a
rule is not taken and that session stays as it was solved.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from scheduler.planner.problem import DAY_S, Problem
from scheduler.planner.verify import verify

RANK: Final = {"first": 0, "last": 2}
MIDDLE: Final = 1
GONE: Final = ("missed", "cancelled", "preempted")


@dataclass(slots=True)
class _Play:
    """A play of a session: its number in the plan, where it lies, and its rank."""

    number: int
    at: int
    length_s: int
    zones: frozenset[int]
    rank: int
    fast: bool  # may not be moved

    @property
    def end(self) -> int:
        return self.at + self.length_s


def in_place(
    problem: Problem, source: Mapping[str, Any], plays: Sequence[Mapping[str, Any]], earliest: int = 0
) -> list[dict[str, Any]]:
    """The plays with each session that asks for it in order. What starts before `earliest` is not touched."""
    laid = [dict(play) for play in plays]
    ranks = {p["id"]: RANK[p["place"]] for p in source.get("programmes") or [] if p.get("place") in RANK}
    if not ranks:
        return laid
    before = _faults(source, laid)
    gaps_s = [gap for p in problem.programmes for gap in (p.gap_s, *(c.gap_s for c in p.campaigns))]
    reach = 1 + max(gaps_s, default=0) // DAY_S
    result = laid
    for session in _sessions(problem, source, laid, ranks, earliest):
        if _in_order(session):
            continue
        stood = _near(source, result, session, problem, reach)
        for times in _orders(session, problem):
            tried = _with(problem, result, times)
            if not _near(source, tried, session, problem, reach) - stood:
                result = tried
                break
    return laid if _faults(source, result) - before else result


def _faults(source: Mapping[str, Any], plays: Sequence[Mapping[str, Any]]) -> Counter[tuple[Any, ...]]:
    found = verify({**source, "plays": plays})
    return Counter((f.rule, f.programme, f.zone, f.when[:10]) for f in found)


def _near(
    source: Mapping[str, Any],
    plays: Sequence[Mapping[str, Any]],
    session: Sequence[_Play],
    problem: Problem,
    reach: int,
) -> Counter[tuple[Any, ...]]:
    """The faults of the days around a session: no rule on the order of plays reaches further than the widest gap."""
    day = session[0].at // DAY_S
    first = problem.on(max(0, day - reach)).isoformat()
    last = problem.on(min(problem.days - 1, day + reach)).isoformat()
    close = [play for play in plays if first <= play["start"][:10] <= last]
    names = {play.get("programme") for play in close}
    return _faults(
        {
            **source,
            "meta": {**source["meta"], "horizon": {"from": first, "until": last}},
            "programmes": [_without_counts(p) for p in source["programmes"] if p["id"] in names],
            "series": [],
        },
        close,
    )


def _without_counts(programme: Mapping[str, Any]) -> dict[str, Any]:
    return {**programme, "rules": {**(programme.get("rules") or {}), "counts": [], "first_airing_by": None}}


def _with(
    problem: Problem, plays: Sequence[dict[str, Any]], times: Mapping[int, int]
) -> list[dict[str, Any]]:
    result = list(plays)
    for number, at in times.items():
        result[number] = {**result[number], "start": problem.instant(at)}
    return result


def _sessions(
    problem: Problem,
    source: Mapping[str, Any],
    plays: Sequence[Mapping[str, Any]],
    ranks: Mapping[str, int],
    earliest: int,
) -> Iterator[list[_Play]]:
    """The plays of each session by time: those that share a free interval of a zone belong together."""
    lengths = {p.id: p.length_s for p in problem.programmes}
    exact = {p["id"] for p in source.get("programmes") or [] if _starts_exactly(p)}
    zone_of = {zone.id: index for index, zone in enumerate(problem.zones)}
    first = datetime.combine(problem.first_on, datetime.min.time())
    members: dict[tuple[int, int, int], list[int]] = defaultdict(list)
    known: dict[int, _Play] = {}
    for number, play in enumerate(plays):
        if play.get("status", "planned") in GONE:
            continue
        at = (datetime.fromisoformat(play["start"]) - first) // timedelta(seconds=1)
        name = play.get("programme")
        known[number] = one = _Play(
            number=number,
            at=at,
            length_s=int(play.get("duration_s") or lengths.get(str(name), 0)),
            zones=frozenset(zone_of[zone] for zone in play["zones"]),
            rank=ranks.get(str(name), MIDDLE),
            fast=play.get("status", "planned") != "planned" or at < earliest or name in exact,
        )
        day, start = divmod(at, DAY_S)
        if 0 <= day < problem.days:
            for zone in one.zones:
                for index, (low, high) in enumerate(problem.zones[zone].free[day]):
                    if low <= start < high:
                        members[zone, day, index].append(number)
    leader = {number: number for number in known}

    def root(number: int) -> int:
        while leader[number] != number:
            leader[number] = leader[leader[number]]
            number = leader[number]
        return number

    for together in members.values():
        for number in together[1:]:
            leader[root(number)] = root(together[0])
    groups: dict[int, list[_Play]] = defaultdict(list)
    for number in sorted({number for together in members.values() for number in together}):
        groups[root(number)].append(known[number])
    for group in groups.values():
        if any(play.rank != MIDDLE and not play.fast for play in group):
            yield sorted(group, key=lambda play: (play.at, play.number))


def _starts_exactly(programme: Mapping[str, Any]) -> bool:
    """Whether every daypart is exactly as long as the programme: its start is fixed."""
    parts = (programme.get("rules") or {}).get("dayparts") or []
    return bool(parts) and all(_second(b) - _second(a) == programme["duration_s"] for a, b in parts)


def _second(clock: str) -> int:
    hours, minutes, *seconds = (int(part) for part in clock.split(":"))
    return hours * 3600 + minutes * 60 + (seconds[0] if seconds else 0)


def _in_order(session: Sequence[_Play]) -> bool:
    """Whether in every zone nothing that can be moved stands before what must come before it."""
    highest: dict[int, int] = {}
    for play in session:
        if play.fast:
            continue
        if any(highest.get(zone, 0) > play.rank for zone in play.zones):
            return False
        for zone in play.zones:
            highest[zone] = play.rank
    return True


def _orders(session: Sequence[_Play], problem: Problem) -> Iterator[dict[int, int]]:
    """New times, the fullest order first: all in their places; only those first; only those last."""
    for kept, turned in (((0, 2), 1), ((0, 2), -1), ((0,), 1), ((2,), 1)):
        ranked = {p.number: p.rank if p.rank in kept else MIDDLE for p in session}
        order = sorted(
            (p for p in session if not p.fast), key=lambda p: (ranked[p.number], p.at * turned, p.number)
        )
        for close in (False, True):
            times = _scheduled(session, order, ranked, problem.changeover_s, close=close)
            yield {p.number: times[p.number] for p in order if times[p.number] != p.at}


def _scheduled(
    session: Sequence[_Play],
    order: Sequence[_Play],
    ranked: Mapping[int, int],
    silence_s: int,
    *,
    close: bool,
) -> dict[int, int]:
    """The plays one after another, from where the session began; those of the middle keep their time where they
    can, unless all stand `close` together."""
    begin = min(play.at for play in order)
    obstacles = [play for play in session if play.fast]
    ready: dict[int, int] = {}
    times: dict[int, int] = {}
    for play in order:
        at = max([begin, *(ready.get(zone, 0) for zone in play.zones)])
        if not close and ranked[play.number] == MIDDLE:
            at = max(at, play.at)
        for other in sorted(obstacles, key=lambda other: other.at):
            if (
                other.zones & play.zones
                and at < other.end + silence_s
                and other.at < at + play.length_s + silence_s
            ):
                at = other.end + silence_s
        times[play.number] = at
        for zone in play.zones:
            ready[zone] = at + play.length_s + silence_s
    return times
