"""Series: every full month brings new programmes, each replayed often enough.

A series is turned into ordinary rules of its programmes: each is given the month of its first airing,
may not air before it, and needs one first airing and its replays in that month.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from scheduler.planner.problem import NO_LIMIT, Period, Programme, Span


def full_months(dates: Sequence[date]) -> list[tuple[int, int]]:
    """(first day, last day) of the calendar months that lie whole in the horizon, as day numbers."""
    found = []
    month = dates[0].replace(day=1)
    while month <= dates[-1]:
        following = (month + timedelta(days=32)).replace(day=1)
        last = following - timedelta(days=1)
        if month >= dates[0] and last <= dates[-1]:
            found.append(((month - dates[0]).days, (last - dates[0]).days))
        month = following
    return found


def with_series(
    source: Mapping[str, Any],
    programmes: tuple[Programme, ...],
    dates: Sequence[date],
    zone_names: Mapping[str, int],
) -> tuple[Programme, ...]:
    """The programmes with the demands of their series as periods of their own."""
    changed = list(programmes)
    members: dict[object, list[Programme]] = {}
    for programme, entry in zip(programmes, source.get("programmes") or [], strict=True):
        if entry.get("series"):
            members.setdefault(entry["series"], []).append(programme)
    history = _first_airings(source, dates)
    months = full_months(dates)
    for entry in source.get("series") or []:
        new = int(entry.get("new_per_month", 1) or 0)
        airings = 1 + int(entry.get("min_replays", 0) or 0)
        waiting = members.get(entry.get("id"), [])
        zones = {zone_names[name] for name in entry.get("zones") or () if name in zone_names}
        zones = zones or {zone for programme in waiting for zone in programme.zones}
        begin = _beginnings(waiting, months, history, zones, new, airings)
        for programme in waiting:
            month = begin.get(programme.index)
            if month is not None:
                aired = programme.id in history
                changed[programme.index] = _bound(programme, month, airings, dates, aired)
            elif programme.id not in history and months:
                changed[programme.index] = _left_over(programme, months, airings, dates)
    return tuple(changed)


def _beginnings(
    waiting: Sequence[Programme],
    months: Sequence[Span],
    history: Mapping[str, int],
    zones: set[int],
    new: int,
    airings: int,
) -> dict[int, Span]:
    """The month in which each programme begins that a month needs in one of its zones."""
    begin: dict[int, Span] = {}
    for programme in waiting:  # what has aired already keeps the month of its first airing
        first = history.get(programme.id)
        for month in months:
            if first is not None and month[0] <= first <= month[1]:
                begin[programme.index] = month
    for month in months:
        lacks = dict.fromkeys(zones, new)
        for programme in waiting:
            if begin.get(programme.index) == month:
                for zone in zones.intersection(programme.zones):
                    lacks[zone] -= 1
        while True:
            free = [p for p in waiting if p.index not in begin and p.id not in history and _covers(p, lacks)]
            able = [p for p in free if room_in(p, month) >= airings] or [
                p  # its own rules let it be replayed too seldom wherever it begins: that is told of it
                for p in free
                if days_in(p, month) >= airings and all(room_in(p, other) < airings for other in months)
            ]
            if not able:
                break
            index = min(
                (lost_before(p, month[0]), -_covers(p, lacks), p.last, p.first, p.index) for p in able
            )[-1]
            begin[index] = month
            for zone in next(p for p in waiting if p.index == index).zones:
                if zone in lacks:
                    lacks[zone] -= 1
    return begin


def _covers(programme: Programme, lacks: Mapping[int, int]) -> int:
    """In how many zones that lack a beginning the programme would bring one."""
    return sum(lacks.get(zone, 0) > 0 for zone in programme.zones)


def lost_before(programme: Programme, day: int) -> int:
    """What the obligations of a programme lose when it begins on a day, at the least."""
    return sum(p.need for p in programme.periods if p.last < day and p.rule != "SERIES")


def _left_over(
    programme: Programme, months: Sequence[Span], airings: int, dates: Sequence[date]
) -> Programme:
    """A programme that no month needs: it begins where it loses least, and where it is replayed often enough.

    Outside the full months nothing asks for replays; where there is no such place at all, it does not air.
    """
    if not any(p.need or p.want for p in programme.periods):
        return programme
    first, last = months[0][0], months[-1][1]
    if first > 0 and any(programme.days[:first]):
        head = Period(
            rule="SERIES", label=dates[0].isoformat(), first=programme.first, last=first - 1, need=1
        )
        return replace(programme, periods=(*programme.periods, head))
    cost, month = min(
        (lost_before(programme, month[0]) + (room_in(programme, month) < airings), month) for month in months
    )
    tail = last + 1 if any(programme.days[last + 1 :]) else len(dates)
    if cost and (cost > lost_before(programme, tail) or not any(p.need for p in programme.periods)):
        return replace(programme, days=tuple(ok and day >= tail for day, ok in enumerate(programme.days)))
    return _bound(programme, month, airings, dates, False)


def days_in(programme: Programme, month: Span) -> int:
    """How often a programme may air in a month, as far as its days go."""
    return sum(programme.days[month[0] : month[1] + 1]) * min(programme.max_per_day, 4)


def room_in(programme: Programme, month: Span) -> int:
    """How often a programme may air in a month, as far as its days, gaps and maxima go."""
    room, next_day = 0, 0
    for day in range(month[0], month[1] + 1):
        if programme.days[day] and day >= next_day:
            camp = programme.campaigns[programme.camp_of[day]] if programme.camp_of[day] >= 0 else None
            room += min(camp.max_per_day if camp else programme.max_per_day, 4)
            next_day = day + (camp.gap_days if camp else programme.gap_days)
    caps = [p.most for p in programme.periods if p.first <= month[0] and month[1] <= p.last]
    inside = [p for p in programme.periods if max(p.first, month[0]) <= min(p.last, month[1])]
    weeks = {(p.first, p.last): p.most for p in inside if p.most < NO_LIMIT and p.last - p.first < 7}
    if weeks and sum(last - first + 1 for first, last in weeks) >= month[1] - month[0] + 1:
        caps.append(sum(weeks.values()))
    return min([room, *caps])


def _bound(programme: Programme, month: Span, need: int, dates: Sequence[date], aired: bool) -> Programme:
    period = Period(
        rule="SERIES",
        label=dates[month[0]].strftime("%Y-%m"),
        first=max(month[0], programme.first),
        last=min(month[1], programme.last),
        need=need,
    )
    days = programme.days if aired else tuple(ok and i >= month[0] for i, ok in enumerate(programme.days))
    return replace(programme, periods=(*programme.periods, period), days=days)


def _first_airings(source: Mapping[str, Any], dates: Sequence[date]) -> dict[str, int]:
    first: dict[str, int] = {}
    for play in source.get("plays") or []:
        if play.get("status") in {"aired", "pinned"} and play.get("programme"):
            day = (date.fromisoformat(str(play["start"])[:10]) - dates[0]).days
            first[play["programme"]] = min(day, first.get(play["programme"], day))
    return first
