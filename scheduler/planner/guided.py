"""A second try where obligations are still missing on one zone: begin from a day plan of the solver.

The search moves few airings at a time; where a whole rhythm must change to make the last airing fit (ward_inf
has such a week), a day plan by integer programming finds it at once. The plan is laid session by session and
the search goes on from there. What misses less is kept.
"""

from __future__ import annotations

from typing import Final

from scheduler.planner import bounds
from scheduler.planner.problem import DAY_S
from scheduler.planner.search import Search

MOST_LINES: Final = 80
MOST_DAYS: Final = 45
ORDERS: Final = 60
STEPS: Final = 2_000
LEAST_STEPS: Final = 100  # where a day holds hundreds of plays
LEAST_ORDERS: Final = 5
TRIES: Final = 3


def retry(search: Search) -> None:
    """Try again from the solver's day plan when the search missed more than must be missed."""
    lines, days = search.lines, search.problem.days
    if (
        len(lines) > MOST_LINES
        or days > MOST_DAYS
        or any(len(x.zones) != 1 or x.locked or x.fixed for x in lines)
    ):
        return
    zones = sorted({line.zones[0] for line in lines if line.hungry()})
    pace = search.pace()
    steps, orders = max(LEAST_STEPS, int(STEPS * pace)), max(LEAST_ORDERS, int(ORDERS * pace))
    for zone in zones:
        missing = _missing(search, zone)
        if not missing:
            continue
        proof = bounds.together(search.problem, lines, zone, (0, days - 1))
        if proof.missing >= missing or not proof.layout:
            continue
        for _ in range(TRIES if pace == 1.0 else 1):  # chance goes another way each time
            before = {line.index: list(line.places) for line in lines}
            worth = search.missing()
            lay(search, zone, proof.layout, orders)
            search.mend(steps)
            if _missing(search, zone) > proof.missing:
                search.mend(steps)
            search.improve(steps)
            if search.missing() >= worth:
                search.undo(before)
            if _missing(search, zone) <= proof.missing:
                break


def _missing(search: Search, zone: int) -> int:
    """Airings of a zone that obligations lack."""
    return sum(line.shortfall()[0] for line in search.lines if line.zones[0] == zone)


def lay(search: Search, zone: int, layout: dict[int, list[tuple[int, int]]], orders: int) -> None:
    """Lay the day plan: per session try `orders` until all of it fits, else what fits best."""
    for line in search.lines:
        if line.zones[0] == zone:
            search.lift(line)
    wanted: dict[int, list[tuple[int, int]]] = {}
    for owner, places in layout.items():
        for day, number in places:
            wanted.setdefault(day, []).append((number, owner))
    free = search.problem.zones[zone].free
    times: dict[int, list[int]] = {}
    for day in sorted(wanted):
        best: list[tuple[int, int]] = []
        for _ in range(orders):
            laid = _try_order(search, day, wanted[day], free[day])
            for owner, at in laid:
                search.air.drop(search.lines[owner], at)
            if len(laid) > len(best):
                best = laid
            if len(best) == len(wanted[day]):
                break
        for owner, at in best:
            search.air.add(search.lines[owner], at)
            times.setdefault(owner, []).append(at)
    for owner, found in times.items():
        line = search.lines[owner]
        kept: list[int] = []
        for at in sorted(found):
            if kept and not line.apart(kept[-1], at):
                search.air.drop(line, at)
            else:
                kept.append(at)
        line.open(len(kept))
        for place, at in enumerate(kept):
            line.put(place, at)


def _try_order(
    search: Search, day: int, wanted: list[tuple[int, int]], free: tuple[tuple[int, int], ...]
) -> list[tuple[int, int]]:
    chance = search.random.random
    laid: list[tuple[int, int]] = []
    for _, (number, owner) in sorted((chance(), entry) for entry in wanted):
        line = search.lines[owner]
        start, end = free[number]
        for low, high in search.air.room(line, day):
            if low >= start and low + line.length_s <= end and high >= low:
                search.air.add(line, day * DAY_S + low)
                laid.append((owner, day * DAY_S + low))
                break
    return laid
