"""Proofs of what no plan could bring: lower bounds on missing airings.

`alone.py` looks at one line with the air to itself (its dates, gaps and limits). `together` relaxes all lines
of a zone to whole days and sessions (no order inside a session, no separation of topics or units) and lets
HiGHS minimise what is missing; the solver's dual bound holds for every plan.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from scheduler.planner.line import Line
from scheduler.planner.problem import DAY_S, NO_LIMIT, Problem

MOST_NODES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A bound on missing airings, and the relaxed plan that came with it: per line (its place in `lines`) the
    (day, number of the free interval) of its airings."""

    missing: int
    layout: dict[int, list[tuple[int, int]]]


def together(
    problem: Problem,
    lines: Sequence[Line],
    zone: int,
    window: tuple[int, int],
    earliest: int = 0,
    nodes: int = MOST_NODES,
) -> Proof:
    """Airings that the obligations of all lines of a zone inside these days must miss, at the least.

    Nothing new lies before `earliest`; fixed airings after it hold their seconds. `nodes` is how far the search may
    branch: a limit of time would give another machine another plan.
    """
    import highspy

    model = highspy.Highs()  # type: ignore[no-untyped-call]
    model.silent()
    for option, value in (
        ("threads", 1),
        ("random_seed", 0),
        ("mip_max_nodes", nodes),
        ("mip_rel_gap", 0.0),
        ("mip_abs_gap", 0.99),
        ("mip_max_stall_nodes", nodes),
        ("mip_heuristic_effort", 0.02),
    ):
        model.setOptionValue(option, value)
    low, high = window
    columns = 0
    air: dict[tuple[int, int], list[tuple[int, int]]] = {}  # (day, free interval) -> (column, seconds)
    on_day: dict[int, list[tuple[int, int]]] = {}
    gone: dict[int, int] = {}
    stand: dict[int, list[tuple[int, int]]] = {}  # fixed airings of a day: start, end
    rows: list[tuple[float, float, list[int], list[float]]] = []
    costs: list[int] = []
    bounds: list[tuple[float, float]] = []
    free = problem.zones[zone].free

    def column(upper: float, cost: int) -> int:
        nonlocal columns
        costs.append(cost)
        bounds.append((0.0, upper))
        columns += 1
        return columns - 1

    place_of: dict[int, tuple[int, int, int]] = {}
    for owner, line in enumerate(lines):
        if zone not in line.zones:
            continue
        per_day: dict[int, list[int]] = {}
        fixed: dict[int, int] = {}
        for at in line.fixed:
            day = at // DAY_S
            if low <= day <= high:
                length_s = line.odd_s.get(at, line.length_s)
                fixed[day] = fixed.get(day, 0) + 1
                gone[day] = gone.get(day, 0) + length_s
                stand.setdefault(day, []).append((at % DAY_S, at % DAY_S + length_s))
        for day in range(low, high + 1):
            most = max(0, line.most_on(day) - fixed.get(day, 0))
            for number, (start, end) in enumerate(free[day]):
                if any(start <= a and a + line.length_s <= end for a, _ in line.base[day]):
                    fit = (end - start + problem.changeover_s) // (line.length_s + problem.changeover_s)
                    one = column(float(min(most, fit)), 0)
                    place_of[one] = (owner, day, number)
                    per_day.setdefault(day, []).append(one)
                    air.setdefault((day, number), []).append((one, line.length_s))
                    on_day.setdefault(day, []).append((one, line.length_s))
        _limit(line, per_day, fixed, window, rows)
        for period in line.programme.periods:
            if period.need and low <= period.first and period.last <= high:
                days = range(period.first, period.last + 1)
                short = column(float(period.need), 1)
                has = [c for d in days for c in per_day.get(d, ())]
                there = sum(fixed.get(d, 0) for d in days)
                rows.append((period.need - there, math.inf, [*has, short], [1.0] * (len(has) + 1)))
    for (day, number), entries in air.items():
        start, end = free[day][number]
        gap = problem.changeover_s
        start = max(start, earliest - day * DAY_S)
        room = max(0, end - start) + gap - held_s(stand.get(day, ()), start, end, gap)
        rows.append((-math.inf, max(0, room), [c for c, _ in entries], [float(s + gap) for _, s in entries]))
    for day, entries in on_day.items():
        budget, most = problem.zones[zone].budget_s, problem.zones[zone].max_plays
        if budget < NO_LIMIT:
            rows.append(
                (
                    -math.inf,
                    max(0, budget - gone.get(day, 0)),
                    [c for c, _ in entries],
                    [float(s) for _, s in entries],
                )
            )
        if most < NO_LIMIT:
            left = max(0, most - len(stand.get(day, ())))
            rows.append((-math.inf, left, [c for c, _ in entries], [1.0] * len(entries)))
    for (lower, upper), cost in zip(bounds, costs, strict=True):
        model.addCol(float(cost), lower, upper, 0, [], [])
    model.changeColsIntegrality(
        columns,
        list(range(columns)),
        [highspy.HighsVarType.kInteger] * columns,  # type: ignore[arg-type]
    )
    for least, greatest, index, factors in rows:
        if index:
            model.addRow(float(least), float(greatest), len(index), index, factors)
    model.run()
    bound = float(model.getInfo().mip_dual_bound)
    layout: dict[int, list[tuple[int, int]]] = {}
    values = model.getSolution().col_value
    if len(values) == columns:
        for one, (owner, day, number) in place_of.items():
            layout.setdefault(owner, []).extend([(day, number)] * round(values[one]))
    return Proof(missing=max(0, math.ceil(bound - 1e-6)) if math.isfinite(bound) else 0, layout=layout)


def held_s(stand: Iterable[tuple[int, int]], start: int, end: int, gap: int) -> int:
    """Seconds of an interval that fixed airings and the silence on one side of each take from new ones."""
    held, until = 0, -math.inf
    for from_s, until_s in sorted(stand):
        low, high = max(from_s, start), min(until_s, end)
        if low >= high:
            continue
        if low >= until + gap:
            held += high - low + gap
        elif high > until:
            held += high - int(until)
        until = max(until, high)
    return held


def _limit(
    line: Line,
    per_day: dict[int, list[int]],
    fixed: dict[int, int],
    window: tuple[int, int],
    rows: list[tuple[float, float, list[int], list[float]]],
) -> None:
    """Rows for most per day, days between airings and most per period."""
    low, high = window
    for day in range(low, high + 1):
        most, has = line.most_on(day), per_day.get(day, [])
        if len(has) > 1 and most < NO_LIMIT:
            rows.append((-math.inf, max(0, most - fixed.get(day, 0)), has, [1.0] * len(has)))
    gaps = {line.gap_days} | {days for _, days in line.gaps}
    gap = min(gaps) if line.camp_of is not None else line.gap_days
    if gap >= 1:
        for day in range(low, high + 1):
            days = range(day, min(high, day + gap - 1) + 1)
            has = [c for d in days for c in per_day.get(d, [])]
            if has:
                there = sum(fixed.get(d, 0) for d in days)
                rows.append((-math.inf, max(0.0, 1.0 - there), has, [1.0] * len(has)))
    for period in line.programme.periods:
        if period.most < NO_LIMIT and low <= period.first and period.last <= high:
            days = range(period.first, period.last + 1)
            has = [c for d in days for c in per_day.get(d, [])]
            if has:
                there = sum(fixed.get(d, 0) for d in days)
                rows.append((-math.inf, max(0, period.most - there), has, [1.0] * len(has)))
