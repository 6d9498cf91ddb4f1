"""Like programmes on different days: what is even for each may be lopsided for a listener.

Five programmes with the same rules have the same ideal places, so that the evenest plan lays all of them on the same
days. Where a finished plan has room, their airings are moved to days on which fewer of them air. No rule is broken,
nothing more is missed, and no airing ends further from its ideal place than the worst of its programme does already
(or than `FREE`, a quarter of the way between two airings). Programmes that have no like are not touched.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from scheduler.planner.line import Line
from scheduler.planner.problem import DAY_S
from scheduler.planner.search import Search

FREE: Final = 0.25
ROUNDS: Final = 4


def spread(search: Search) -> None:
    """Move airings of like programmes away from days that many of them share."""
    for group in like(search.lines):
        on = [0] * search.problem.days
        for line in group:
            for at in line.placed():
                on[at // DAY_S] += 1
        for _ in range(ROUNDS):
            if not sum(_thin_out(search, line, on) for line in group):
                break


def like(lines: list[Line]) -> list[list[Line]]:
    """Groups of lines with the same zones, days and demands, in the order of the lines."""
    groups: dict[tuple[object, ...], list[Line]] = defaultdict(list)
    for line in lines:
        own = line.programme
        if line.number and not line.locked and not line.fixed and not own.campaigns:
            groups[line.zones, own.days, own.dayparts, own.periods, own.gap_days, own.silence_days].append(
                line
            )
    return [group for group in groups.values() if len(group) > 1]


def _thin_out(search: Search, line: Line, on: list[int]) -> bool:
    """One pass over the airings of a line. `on` counts the airings of its group per day and is kept up."""
    moved = False
    for place in range(line.number):
        at = line.places[place]
        assert at is not None
        day = at // DAY_S
        if on[day] < 2:
            continue
        bound = max(FREE, *line.devs)
        best: tuple[int, float, int] | None = None
        if not search.remove(line, place):
            continue
        before, after = line.before(place), line.after(place)
        owed = {p for p in line.of_day[day] if line.tally[p] < line.wants[p]}
        for other in range(search.problem.days):
            if not line.days[other] or on[other] + 1 >= on[day]:
                continue
            if not owed.issubset(line.of_day[other]):
                continue
            if any(line.tally[p] >= line.caps[p] for p in line.of_day[other]):
                continue
            if line.count_on(other, place) >= line.most_on(other):
                continue
            if line.silence and line.silence_around(before, other, after) > line.silence_around(
                before, day, after
            ):
                continue
            low, high = (line.wished[d] * line.number - place - 0.5 for d in (other, other + 1))
            if low > bound or high < -bound:
                continue
            for span in search.air.room(line, other):
                for start in span:
                    new = other * DAY_S + start
                    away = line.dev(place, new)
                    apart = (before is None or line.apart(before, new)) and (
                        after is None or line.apart(new, after)
                    )
                    ordered = (before is None or before < new) and (after is None or new < after)
                    if (
                        apart
                        and ordered
                        and away <= bound
                        and (best is None or (on[other], away, new) < best)
                    ):
                        best = (on[other], away, new)
        new = at if best is None else best[2]
        line.put(place, new)
        search.air.add(line, new)
        if best is not None:
            on[day] -= 1
            on[new // DAY_S] += 1
            moved = True
    return moved
