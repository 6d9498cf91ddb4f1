"""The exact pattern of one line: least shortfall first, then the least greatest deviation.

A forward pass over the possible times; a state is (airings so far, last airing while it can still be too
close, airings today, counts of the periods that are open). Exact as long as no state is cut off; `WIDTH`
cuts only on very long horizons, where `bound` keeps the number of states small anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scheduler.planner.line import Line
from scheduler.planner.problem import DAY_S, NO_LIMIT

WIDTH: Final = 4_000

Cost = tuple[
    int, int, float, float
]  # missing to obligations, missing to wishes, greatest deviation, sum of deviations
Chain = tuple[int, object] | None  # last time and the chain before it
Key = tuple[int, int, int, tuple[int, ...]]


class Pattern:
    """Times of a line with what is still missing."""

    __slots__ = ("hard", "soft", "times", "widest")

    def __init__(self, times: list[int], cost: Cost) -> None:
        self.times = times
        self.hard, self.soft, self.widest = cost[0], cost[1], cost[2]


def patterns(
    line: Line,
    times: Sequence[int],
    *,
    number: int | None = None,
    bound: float = 1e9,
    most_states: int | None = None,
    counted: bool = True,
) -> dict[int, Pattern]:
    """The best pattern for each number of airings (or for `number` only, with deviations counted).

    `times` are the sorted times open to the line; fixed airings of the line among them are always taken. Empty where
    `most_states` does not do: what is found is then the best there is, not the best that was met. Without `counted`
    the numbers are not told apart, and the one pattern found is the best of all.
    """
    gap = line.widest_gap_s()
    fixed = line.fixed
    periods = line.periods
    order = sorted(range(len(periods)), key=lambda i: (periods[i].first, i))
    states: dict[Key, tuple[Cost, Chain]] = {(0, -1, 0, ()): ((0, 0, 0.0, 0.0), None)}
    open_now: list[int] = []
    coming = 0
    today = -1
    for at in times:
        day = at // DAY_S
        if day != today:
            today = day
            closed = [i for i, p in enumerate(open_now) if periods[p].last < day]
            fresh: list[int] = []
            passed: list[int] = []
            while coming < len(order) and periods[order[coming]].first <= day:
                (fresh if periods[order[coming]].last >= day else passed).append(order[coming])
                coming += 1
            states = _turn(line, states, open_now, closed, len(fresh), passed, at, gap)
            open_now = [p for i, p in enumerate(open_now) if i not in closed] + fresh
        must = at in fixed
        states = _step(line, states, at, must, open_now, number, bound, int(counted))
        if most_states is not None and len(states) > most_states:
            return {}
        if len(states) > WIDTH:
            states = dict(sorted(states.items(), key=lambda entry: (entry[1][0], entry[0]))[:WIDTH])
    states = _turn(line, states, open_now, list(range(len(open_now))), 0, order[coming:], 0, gap)
    best: dict[int, tuple[Cost, Chain]] = {}
    for key, (cost, chain) in states.items():
        if key[0] not in best or cost < best[key[0]][0]:
            best[key[0]] = (cost, chain)
    return {n: Pattern(_unrolled(chain), cost) for n, (cost, chain) in sorted(best.items())}


def _turn(
    line: Line,
    states: dict[Key, tuple[Cost, Chain]],
    open_now: list[int],
    closed: list[int],
    fresh: int,
    passed: list[int],
    at: int,
    gap: int,
) -> dict[Key, tuple[Cost, Chain]]:
    """A new day begins: periods that are over are charged, new ones are opened."""
    missed_hard = sum(line.needs[p] for p in passed)
    missed_soft = sum(line.wants[p] - line.needs[p] for p in passed)
    gone = set(closed)
    turned: dict[Key, tuple[Cost, Chain]] = {}
    for (count, last, _, tally), (cost, chain) in states.items():
        hard, soft = missed_hard, missed_soft
        for i in closed:
            have, need, want = tally[i], line.needs[open_now[i]], line.wants[open_now[i]]
            if have < need:
                hard += need - have
                soft += want - need
            elif have < want:
                soft += want - have
        kept = tuple(n for i, n in enumerate(tally) if i not in gone) if gone else tally
        key = (count, last if last >= 0 and at - last < gap else -1, 0, kept + (0,) * fresh)
        new: Cost = (cost[0] + hard, cost[1] + soft, cost[2], cost[3])
        if key not in turned or new < turned[key][0]:
            turned[key] = (new, chain)
    return turned


def _step(
    line: Line,
    states: dict[Key, tuple[Cost, Chain]],
    at: int,
    must: bool,
    open_now: list[int],
    number: int | None,
    bound: float,
    one: int,
) -> dict[Key, tuple[Cost, Chain]]:
    day = at // DAY_S
    limit = line.most_on(day)
    here = line.of_day[day]
    caps = [line.caps[p] for p in open_now]
    # above what is wanted nothing needs to be counted where there is no maximum
    tops = [cap if cap < NO_LIMIT else line.wants[p] for p, cap in zip(open_now, caps, strict=True)]
    mask = [1 if p in here else 0 for p in open_now]
    capped = [i for i, cap in enumerate(caps) if cap < NO_LIMIT and mask[i]]
    wished = line.wish(at) * number - 0.5 if number is not None else 0.0
    stepped: dict[Key, tuple[Cost, Chain]] = {} if must else dict(states)
    for (count, last, same, tally), (cost, chain) in states.items():
        if not must:
            if number is not None and count >= number:
                continue
            if same >= limit or (last >= 0 and not line.apart(last, at)):
                continue
            if any(tally[i] >= caps[i] for i in capped):
                continue
        new = cost
        if number is not None:
            away = abs(wished - count)
            if away > bound and not must:
                continue
            new = (cost[0], cost[1], max(cost[2], away), cost[3] + away)
        key = (
            count + one,
            at,
            same + 1,
            tuple(n + m if n < top else n for n, m, top in zip(tally, mask, tops, strict=True)),
        )
        if key not in stepped or new < stepped[key][0]:
            stepped[key] = (new, (at, chain))
    return stepped


def _unrolled(chain: Chain) -> list[int]:
    times: list[int] = []
    while chain is not None:
        at, before = chain
        times.append(at)
        chain = before  # type: ignore[assignment]
    times.reverse()
    return times


def best_pattern(
    line: Line, times: Sequence[int], number: int, *, goal: tuple[int, int] = (0, 0), spread: float = 1.0
) -> Pattern | None:
    """The evenest pattern of exactly `number` airings among those with the least shortfall, None: there is none.

    `goal` is a shortfall (obligations, wishes) that is known to be the least: the search stops at it.
    """
    best: Pattern | None = None
    bound = spread
    while True:
        found = patterns(line, times, number=number, bound=bound).get(number)
        if found is not None and (best is None or (found.hard, found.soft) < (best.hard, best.soft)):
            best = found
        if (best is not None and (best.hard, best.soft) <= goal) or bound > number + 1.0:
            return best
        bound *= 2.0
