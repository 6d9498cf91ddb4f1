"""Even spacing: choose times for all airings of a line so that the greatest deviation is small.

For a bound B on the deviation, taking for each place the earliest time that is late enough and far
enough from the one before is exact (gaps only grow with time), so the best B is found by halving.
Counts per period are led by release and due days per place and checked afterwards; where they do not
hold, `dynamic.best_pattern` takes over.
"""

from __future__ import annotations

from collections.abc import Sequence

from scheduler.planner.line import Line
from scheduler.planner.problem import DAY_S

WIDEST: float = 64.0


def place_windows(line: Line, number: int) -> tuple[list[int], list[int]]:
    """Per place: first and last day that the periods leave for it when there are `number` airings."""
    first = [0] * number
    last = [len(line.days) - 1] * number
    families: list[list[int]] = []
    for period in sorted(
        range(len(line.periods)), key=lambda i: (line.periods[i].first, line.periods[i].last)
    ):
        for family in families:
            if line.periods[family[-1]].last < line.periods[period].first:
                family.append(period)
                break
        else:
            families.append([period])
    for family in families:
        due = 0
        for period in family:
            due += line.wants[period]
            if 0 < due <= number:
                last[due - 1] = min(last[due - 1], line.periods[period].last)
        due = 0
        for period in reversed(family):
            due += line.wants[period]
            if 0 < due <= number:
                first[number - due] = max(first[number - due], line.periods[period].first)
    for i in range(1, number):
        first[i] = max(first[i], first[i - 1])
    for i in range(number - 2, -1, -1):
        last[i] = min(last[i], last[i + 1])
    return first, last


def least_number(line: Line) -> int:
    """The least airings that could meet every obligation and wish."""
    return _heaviest(line, line.wants)


def least_needed(line: Line) -> int:
    """The least airings that could meet every obligation."""
    return _heaviest(line, line.needs)


def _heaviest(line: Line, asked: Sequence[int]) -> int:
    """The greatest sum of demands over periods that do not overlap (weighted interval scheduling)."""
    order = sorted(range(len(line.periods)), key=lambda i: line.periods[i].last)
    best: list[tuple[int, int]] = [(-1, 0)]  # (last day, sum)
    for i in order:
        period = line.periods[i]
        before = 0
        for last, total in reversed(best):
            if last < period.first:
                before = total
                break
        total = max(best[-1][1], before + asked[i])
        best.append((period.last, total))
    return best[-1][1]


def chain(
    line: Line, number: int, times: Sequence[int], windows: tuple[Sequence[int], Sequence[int]]
) -> list[int] | None:
    """Times for `number` airings out of the sorted `times`, with the least greatest deviation; None: impossible."""
    if number == 0:
        return []
    if len(times) < number:
        return None
    wished = [line.wish(at) * number - 0.5 for at in times]
    low, high = 0.0, 0.25
    found = _earliest(line, number, times, wished, windows, high)
    while found is None:
        low, high = high, high * 2
        if high > WIDEST + number:
            return None
        found = _earliest(line, number, times, wished, windows, high)
    for _ in range(7):
        middle = (low + high) / 2
        better = _earliest(line, number, times, wished, windows, middle)
        if better is None:
            low = middle
        else:
            found, high = better, middle
    return _nearest(line, number, times, wished, windows, high, found)


def _earliest(
    line: Line,
    number: int,
    times: Sequence[int],
    wished: Sequence[float],
    windows: tuple[Sequence[int], Sequence[int]],
    bound: float,
) -> list[int] | None:
    """Indexes into `times`: each place as early as the bound, its window and the gap before allow."""
    first, last = windows
    chosen: list[int] = []
    i, size = 0, len(times)
    same_day = 0
    before = -1
    for place in range(number):
        floor = place - bound
        while i < size:
            at = times[i]
            if wished[i] < floor or at // DAY_S < first[place]:
                i += 1
                continue
            if before >= 0:
                if not line.apart(before, at):
                    i += 1
                    continue
                if at // DAY_S == before // DAY_S and same_day >= line.most_on(at // DAY_S):
                    i += 1
                    continue
            break
        if i >= size or wished[i] > place + bound or times[i] // DAY_S > last[place]:
            return None
        at = times[i]
        same_day = same_day + 1 if before >= 0 and at // DAY_S == before // DAY_S else 1
        before = at
        chosen.append(i)
        i += 1
    return chosen


def _nearest(
    line: Line,
    number: int,
    times: Sequence[int],
    wished: Sequence[float],
    windows: tuple[Sequence[int], Sequence[int]],
    bound: float,
    early: list[int],
) -> list[int]:
    """Move each airing later towards its ideal place where bound, window and the next airing allow."""
    last = windows[1]
    chosen = list(early)
    for place in range(number - 1, -1, -1):
        after = times[chosen[place + 1]] if place + 1 < number else -1
        stop = chosen[place + 1] if place + 1 < number else len(times)
        before = times[chosen[place - 1]] if place else -1
        best, best_dev = chosen[place], abs(wished[chosen[place]] - place)
        for i in range(chosen[place] + 1, stop):
            at = times[i]
            away = abs(wished[i] - place)
            if away > bound or at // DAY_S > last[place]:
                if wished[i] > place:
                    break
                continue
            if after >= 0 and not line.apart(at, after):
                break
            if before >= 0 and not line.apart(before, at):
                continue
            if after >= 0 and at // DAY_S == after // DAY_S and line.most_on(at // DAY_S) < 2:
                break
            if away < best_dev:
                best, best_dev = i, away
        chosen[place] = best
    # moving airings later may crowd one day; fall back to the early pattern then
    result = [times[i] for i in chosen]
    per_day: dict[int, int] = {}
    for at in result:
        per_day[at // DAY_S] = per_day.get(at // DAY_S, 0) + 1
    if any(count > line.most_on(day) for day, count in per_day.items()):
        return [times[i] for i in early]
    return result


def counts_hold(line: Line, times: Sequence[int]) -> tuple[bool, int, int]:
    """(no maximum is broken, airings missing to obligations, missing to wishes) of a pattern."""
    tally = [0] * len(line.periods)
    for at in times:
        for period in line.of_day[at // DAY_S]:
            tally[period] += 1
    hard = soft = 0
    fine = True
    for have, need, want, cap in zip(tally, line.needs, line.wants, line.caps, strict=True):
        if have > cap:
            fine = False
        if have < need:
            hard += need - have
            soft += want - need
        elif have < want:
            soft += want - have
    return fine, hard, soft
