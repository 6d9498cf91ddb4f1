"""A district is many stations that share little: plan what they share first, then each on its own core.

Programmes that span several otherwise separate groups of zones ("wide" ones) are laid first, alone. Their
airings are then fixed, and every group is planned by itself in a pool of processes. Each group's plan
depends only on its own input and seed, so the number of processes changes nothing but the time.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from dataclasses import dataclass, replace

from scheduler.planner.guided import retry
from scheduler.planner.line import Line
from scheduler.planner.problem import Problem, Programme
from scheduler.planner.search import Progress, Search
from scheduler.planner.spread import spread

LEAST_GROUPS = 4
LEAST_LINES = 200
GROUP_EFFORT = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTask:
    """All that one group needs, in a form that another process can take."""

    problem: Problem
    lines: tuple[tuple[Programme, tuple[int, ...], frozenset[int], bool], ...]
    announcements: tuple[tuple[tuple[int, ...], int, int, int], ...]
    earliest: int
    seed: int


def groups_of(lines: Sequence[Line], zones: int) -> tuple[list[list[Line]], list[Line]] | None:
    """(groups of lines that share no zone with each other, wide lines), or None where splitting does not pay."""
    if len(lines) < LEAST_LINES:
        return None
    for widest in sorted({len(line.zones) for line in lines}, reverse=True)[1:]:
        root = list(range(zones))

        def find(zone: int, root: list[int] = root) -> int:
            while root[zone] != zone:
                root[zone] = root[root[zone]]
                zone = root[zone]
            return zone

        narrow = [line for line in lines if len(line.zones) <= widest]
        for line in narrow:
            for zone in line.zones[1:]:
                root[find(zone)] = find(line.zones[0])
        gathered: dict[int, list[Line]] = {}
        for line in narrow:
            gathered.setdefault(find(line.zones[0]), []).append(line)
        wide = [line for line in lines if len(line.zones) > widest]
        if len(gathered) >= LEAST_GROUPS and len(wide) * 10 <= len(lines):
            return [gathered[key] for key in sorted(gathered)], wide
    return None


def plan_groups(
    problem: Problem,
    groups: list[list[Line]],
    wide: list[Line],
    *,
    announcements: Sequence[tuple[tuple[int, ...], int, int, int]],
    earliest: int,
    seed: int,
    progress: Progress | None,
) -> None:
    """Give every line its airings: the wide ones first, then each group by itself."""
    if wide:
        plan_alone(problem, wide, announcements, seed)
    empty = replace(problem, programmes=(), plays=())
    tasks = []
    for number, group in enumerate(groups):
        zones = {zone for line in group for zone in line.zones}
        entries = [(line.programme, line.zones, frozenset(line.fixed), line.locked) for line in group]
        for line in wide:
            here = tuple(z for z in line.zones if z in zones)
            if here:
                entries.append((line.programme, here, frozenset(line.placed()), True))
        tasks.append(
            GroupTask(
                problem=empty,
                lines=tuple(entries),
                announcements=tuple(a for a in announcements if zones & set(a[0])),
                earliest=earliest,
                seed=seed + number,
            )
        )
    for group, places in zip(groups, _run_all(tasks, progress), strict=True):
        for line, times in zip(group, places, strict=False):
            line.open(len(times))
            for place, at in enumerate(times):
                line.put(place, at)


def _run_all(tasks: list[GroupTask], progress: Progress | None) -> list[list[list[int]]]:
    workers = min(len(tasks), os.cpu_count() or 1)
    done: list[list[list[int]]] = []
    if workers > 1 and not multiprocessing.current_process().daemon:
        try:
            with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
                for places in pool.map(run_group, tasks):
                    done.append(places)
                    if progress:
                        progress("groups", len(done) / len(tasks))
        except (BrokenExecutor, OSError):
            pass  # a machine that lets us start no process plans on one core
    for task in tasks[len(done) :]:
        done.append(run_group(task))
        if progress:
            progress("groups", len(done) / len(tasks))
    return done


def run_group(task: GroupTask) -> list[list[int]]:
    """The times of each line of a group, in their order."""
    lines = []
    for index, (programme, zones, fixed, locked) in enumerate(task.lines):
        line = Line(index, programme, zones, task.problem, task.earliest)
        line.fixed = set(fixed)
        line.locked = locked
        lines.append(line)
    plan_alone(task.problem, lines, task.announcements, task.seed, effort=GROUP_EFFORT)
    return [line.placed() for line in lines]


def plan_alone(
    problem: Problem,
    lines: list[Line],
    announcements: Sequence[tuple[tuple[int, ...], int, int, int]],
    seed: int,
    progress: Progress | None = None,
    effort: float = 1.0,
) -> Search:
    """Plan these lines with the air to themselves."""
    for index, line in enumerate(lines):
        line.index = index
    search = Search(problem, lines, seed)
    for zones, day, start, length in announcements:
        search.air.occupy(zones, day, start, length, -1)
    search.run(progress, effort)
    retry(search)
    spread(search)
    return search
