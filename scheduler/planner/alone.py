"""What a line must miss even with the air to itself: exactly where that can be reckoned, else by counting.

Moving an airing earlier within its stretch of air changes no count and only widens the gap to the next, so that
some best pattern has every airing at the beginning of a stretch or as soon after the one before as its gap allows.
`left_times` lists these times, and the exact pattern over them is the least shortfall.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from heapq import heapify, heappop, heappush
from typing import Final

from scheduler.planner.dynamic import patterns
from scheduler.planner.line import Line
from scheduler.planner.problem import DAY_S, NO_LIMIT, Period, Problem, Span

MOST_TIMES: Final = 400
MOST_STATES: Final = 2_000


def least_alone(line: Line) -> tuple[int, int]:
    """(airings missing to obligations and wishes, of these to obligations) that no pattern of the line can bring."""
    times = left_times(line, (0, len(line.base) - 1))
    found = None if times is None else patterns(line, times, most_states=MOST_STATES, counted=False)
    if not found:
        hard = least_by_counting(line, line.periods, line.needs)
        return hard, hard
    hard, soft = min((p.hard, p.soft) for p in found.values())
    return hard + soft, hard


def alone(problem: Problem, line: Line, window: Span, earliest: int = 0) -> int:
    """Airings that the obligations inside these days (both inclusive) must miss even with the air to itself."""
    inside = tuple(
        p for p in line.programme.periods if window[0] <= p.first and p.last <= window[1] and p.need
    )
    if not inside:
        return 0
    capped = tuple(
        replace(p, need=0, want=0)
        for p in line.programme.periods
        if p.most < NO_LIMIT and window[0] <= p.first and p.last <= window[1]
    )
    periods = tuple(replace(p, most=NO_LIMIT, want=0) for p in inside) + capped
    bare = Line(0, replace(line.programme, periods=periods), line.zones, problem, earliest)
    bare.base, bare.days = line.base, line.days
    bare.fixed = {at for at in line.fixed if window[0] <= at // DAY_S <= window[1]}
    times = left_times(bare, window)
    found = None if times is None else patterns(bare, times, most_states=MOST_STATES, counted=False)
    if not found:
        return least_by_counting(bare, periods, bare.needs)
    return min(p.hard for p in found.values())


def left_times(line: Line, window: Span) -> list[int] | None:
    """The times of a pattern in which nothing could be earlier, with the fixed ones; None: too many to try."""
    gaps = sorted({line.gap_s, *(seconds for seconds, _ in line.gaps)})
    depth: dict[int, int] = dict.fromkeys(
        line.fixed, 1
    )  # how many airings of the day lie up to there, at the least
    for day in range(window[0], window[1] + 1):
        for low, _ in line.base[day]:
            depth[day * DAY_S + low] = 1
    todo = list(depth)
    heapify(todo)
    while todo:
        at = heappop(todo)
        for gap in gaps:
            then = at + gap
            day, second = divmod(then, DAY_S)
            if day > window[1] or not any(low <= second <= high for low, high in line.base[day]):
                continue
            rank = depth[at] + 1 if day == at // DAY_S else 1
            if rank <= line.useful_on(day) and rank < depth.get(then, NO_LIMIT):
                if then not in depth:
                    heappush(todo, then)
                depth[then] = rank
        if len(depth) > MOST_TIMES:
            return None
    return sorted(depth)


def least_by_counting(line: Line, periods: Sequence[Period], needs: Iterable[int]) -> int:
    """What periods that do not overlap miss together, each by the airings that its days can hold at the most."""
    room = [
        min(line.most_on(day), sum(1 + (high - low) // line.gap_s for low, high in spans))
        for day, spans in enumerate(line.base)
    ]
    for at in line.fixed:
        room[at // DAY_S] += 1
    best: list[tuple[int, int]] = [(-1, 0)]  # last day, missing until then
    for period, need in sorted(zip(periods, needs, strict=True), key=lambda entry: entry[0].last):
        short = max(0, need - sum(room[max(0, period.first) : period.last + 1]))
        before = next(total for last, total in reversed(best) if last < max(0, period.first))
        best.append((period.last, max(best[-1][1], before + short)))
    return best[-1][1]
