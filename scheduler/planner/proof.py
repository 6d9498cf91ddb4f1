"""How many of the airings that a plan misses are missing from every plan, by proven bounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scheduler.planner import bounds
from scheduler.planner.alone import alone
from scheduler.planner.laying import LONG_DAYS
from scheduler.planner.line import Line
from scheduler.planner.problem import Problem

NEAR_DAYS: Final = 7
JOINT_DAYS: Final = 45

Proven = dict[tuple[int, tuple[int, ...], int], int]  # (programme, zones, period) to missing airings per zone


def unavoidable(problem: Problem, lines: Sequence[Line], hungry: Sequence[Line], earliest: int) -> Proven:
    """Per missed period: how many of its missing airings are proven to be missing from every plan."""
    sure: Proven = {}
    alone_sum: dict[int, int] = {}
    missing_sum: dict[int, int] = {}
    for line in hungry:
        shorts = [n for n, p in enumerate(line.periods) if line.tally[n] < p.need]
        for cluster in _clusters(line, shorts, problem.days):
            window = (0, problem.days - 1)
            if problem.days > LONG_DAYS:
                window = (
                    max(0, min(line.periods[n].first for n in cluster)),
                    max(line.periods[n].last for n in cluster),
                )
            left = alone(problem, line, window, earliest)
            for number in cluster:
                missing = line.needs[number] - line.tally[number]
                share = min(missing, left)
                left -= share
                sure[line.programme.index, line.zones, number] = share
                for zone in line.zones:
                    alone_sum[zone] = alone_sum.get(zone, 0) + share
                    missing_sum[zone] = missing_sum.get(zone, 0) + missing
    for zone in sorted(z for z in missing_sum if missing_sum[z] > alone_sum[z]):
        open_ = [
            (line, number)
            for line in hungry
            if zone in line.zones
            for number in range(len(line.periods))
            if (line.programme.index, line.zones, number) in sure
            and sure[line.programme.index, line.zones, number] < line.needs[number] - line.tally[number]
        ]
        if not open_:
            continue
        first = max(0, min(line.periods[n].first for line, n in open_) - NEAR_DAYS)
        last = min(problem.days - 1, max(line.periods[n].last for line, n in open_) + NEAR_DAYS)
        if problem.days <= JOINT_DAYS:
            first, last = 0, problem.days - 1
        if last - first > JOINT_DAYS:
            continue
        inside = sum(
            share
            for (index, zones, number), share in sure.items()
            if zone in zones
            and first <= problem.programmes[index].periods[number].first
            and problem.programmes[index].periods[number].last <= last
        )
        left = bounds.together(problem, lines, zone, (first, last), earliest).missing - inside
        for line, number in open_:
            key = line.programme.index, line.zones, number
            share = max(0, min(line.needs[number] - line.tally[number] - sure[key], left))
            left -= share
            sure[key] += share
    return sure


def _clusters(line: Line, shorts: list[int], days: int) -> list[list[int]]:
    """Missed periods that lie close together, as one group each."""
    if days <= LONG_DAYS:
        return [shorts]
    groups: list[list[int]] = []
    for number in sorted(shorts, key=lambda n: line.periods[n].first):
        last = max((line.periods[n].last for n in groups[-1]), default=0) if groups else -99
        if groups and line.periods[number].first <= last + NEAR_DAYS:
            groups[-1].append(number)
        else:
            groups.append([number])
    return groups


def proven_missing(proven: Proven) -> int:
    """All airings that no plan can bring, over all zones."""
    return sum(share * len(zones) for (_, zones, _), share in proven.items())
