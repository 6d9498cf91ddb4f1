"""Series: every full month brings new programmes, each replayed often enough.

A series is turned into ordinary rules of its programmes: each is given the month of its first airing,
may not air before it, and needs one first airing and its replays in that month.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from scheduler.planner.problem import Period, Programme


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
) -> tuple[Programme, ...]:
    """The programmes with the demands of their series as periods of their own."""
    changed = list(programmes)
    members: dict[object, list[int]] = {}
    for number, entry in enumerate(source.get("programmes") or []):
        if entry.get("series"):
            members.setdefault(entry["series"], []).append(number)
    history = _first_airings(source, dates)
    for entry in source.get("series") or []:
        new = int(entry.get("new_per_month", 1) or 0)
        replays = int(entry.get("min_replays", 0) or 0)
        waiting = members.get(entry.get("id"), [])
        months = full_months(dates)
        taken: set[int] = set()
        plan: list[tuple[int, tuple[int, int]]] = []
        for month in months:  # what has aired already keeps the month of its first airing
            for number in waiting:
                first = history.get(programmes[number].id)
                if first is not None and month[0] <= first <= month[1]:
                    plan.append((number, month))
                    taken.add(number)
        taken |= {n for n in waiting if programmes[n].id in history}
        for month in months:
            have = sum(1 for _, m in plan if m == month)
            able = [n for n in waiting if n not in taken and _room(programmes[n], month) > replays]
            able.sort(key=lambda n: (programmes[n].last, programmes[n].first, n))
            for number in able[: max(0, new - have)]:
                plan.append((number, month))
                taken.add(number)
        for number in waiting:  # whoever is left over starts in the month in which it has most room
            if number in taken or not any(p.need for p in programmes[number].periods):
                continue
            best = max(months, key=lambda m: (_room(programmes[number], m), -m[0]), default=None)
            if best is not None and _room(programmes[number], best) > replays:
                plan.append((number, best))
        for number, month in plan:
            changed[number] = _bound(
                changed[number], month, 1 + replays, dates, programmes[number].id in history
            )
    return tuple(changed)


def _room(programme: Programme, month: tuple[int, int]) -> int:
    return sum(programme.days[month[0] : month[1] + 1]) * min(programme.max_per_day, 4)


def _bound(
    programme: Programme, month: tuple[int, int], need: int, dates: Sequence[date], aired: bool
) -> Programme:
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
