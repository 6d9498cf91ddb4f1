"""The way in: `solve` makes a plan for a problem."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scheduler.planner.line import Line
from scheduler.planner.problem import DAY_S, FIXED, OFF_AIR, GivenPlay, Problem, read
from scheduler.planner.search import Progress, Search
from scheduler.planner.solution import Solution

STEPS_PER_AIRING = 6
LEAST_STEPS = 4_000
MOST_STEPS = 30_000


def solve(
    problem: Mapping[str, Any],
    *,
    baseline: Mapping[str, Any] | None = None,
    now: datetime | str | None = None,
    seed: int = 0,
    time_limit_s: float | None = None,
    progress: Progress | None = None,
) -> Solution:
    """A plan that meets every obligation where that can be, spread as evenly as the calendar allows."""
    compact = read(problem)
    fixed = [p for p in compact.plays if p.status in FIXED]
    lines = make_lines(compact, fixed, 0)
    search = Search(compact, lines, seed)
    occupy_announcements(search, fixed)
    if progress:
        progress("construct", 0.0)
    search.construct()
    airings = sum(line.number for line in lines)
    steps = min(MOST_STEPS, max(LEAST_STEPS, airings * STEPS_PER_AIRING))
    search.improve(steps // 2, progress=progress)
    search.mend(steps // 2, progress=progress)
    search.improve(steps // 2, heat=0.03, progress=progress)
    return Solution(plays=plays_of(compact, lines, {}))


def make_lines(problem: Problem, fixed: list[GivenPlay], earliest: int) -> list[Line]:
    """One line per programme; where zones of a programme have aired apart, one per group that aired alike."""
    aired: dict[int, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for play in fixed:
        if play.programme >= 0 and 0 <= play.day < problem.days:
            for zone in play.zones:
                aired[play.programme][zone].add(play.at)
    lines: list[Line] = []
    for programme in problem.programmes:
        groups: dict[tuple[int, ...], list[int]] = {}
        for zone in programme.zones:
            groups.setdefault(tuple(sorted(aired[programme.index][zone])), []).append(zone)
        for history, zones in groups.items():
            line = Line(len(lines), programme, tuple(zones), problem, earliest)
            line.fixed = set(history)
            lines.append(line)
    return lines


def occupy_announcements(search: Search, fixed: list[GivenPlay]) -> None:
    """Emergency announcements, and airings in zones that a programme no longer has, take air from everybody."""
    for play in fixed:
        if play.programme < 0 and 0 <= play.day < search.problem.days:
            search.air.occupy(play.zones, play.day, play.start_s, play.length_s, -1)


def plays_of(problem: Problem, lines: list[Line], names: Mapping[tuple[int, int], str]) -> list[dict[str, Any]]:
    """The plays in the form of the problem: the given ones that stay, then the planned ones by time."""
    plays = [dict(p.source) for p in problem.plays if p.status in FIXED or p.status in OFF_AIR]
    taken = {p.id for p in problem.plays if p.status in FIXED or p.status in OFF_AIR}
    together: dict[tuple[int, int], list[int]] = defaultdict(list)
    for line in lines:
        for at in line.placed():
            if at not in line.fixed:
                together[at, line.programme.index] += line.zones
    number: dict[int, int] = defaultdict(int)
    for at, index in sorted(together):
        programme = problem.programmes[index]
        name = names.get((at, index))
        while name is None or name in taken:
            number[index] += 1
            name = f"{programme.id}-{number[index]:03d}"
        taken.add(name)
        zones = sorted(together[at, index])
        order = [z for z in programme.zones if z in zones]
        plays.append(
            {
                "id": name,
                "programme": programme.id,
                "start": problem.instant(at),
                "zones": [problem.zones[z].id for z in order],
                "status": "planned",
                "duration_s": programme.length_s,
            }
        )
    return plays


__all__ = ["DAY_S", "make_lines", "plays_of", "solve"]
