"""One airing more beside everything that stands: nothing is moved, no rule is broken, the first place that does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scheduler.planner.entry import announcements_of, make_lines
from scheduler.planner.problem import DAY_S, FIXED
from scheduler.planner.reader import read
from scheduler.planner.replan import lay_standing
from scheduler.planner.search import Search


def one_more(problem: Mapping[str, Any], programme_id: str, earliest_s: int) -> list[tuple[str, list[str]]]:
    """Where one airing more of a programme can go: (local start, zones), one for each group of its zones.

    `earliest_s` counts seconds from the first midnight of the horizon. Plays of the problem that are planned count
    as fixed. Empty when there is no room.

    Raises: ProblemError, TimeOrderError.
    """
    source = dict(problem)
    source["plays"] = [
        {**play, "status": "pinned"} if play["status"] == "planned" else play for play in problem["plays"]
    ]
    compact = read(source)
    fixed = [play for play in compact.plays if play.status in FIXED]
    lines = make_lines(compact, fixed, earliest_s)
    for index, line in enumerate(lines):
        line.index = index
    search = Search(compact, lines, 0)
    for zones, day, start, length in announcements_of(compact, fixed):
        search.air.occupy(zones, day, start, length, -1)
    lay_standing(search, [])
    found: list[tuple[str, list[str]]] = []
    for line in lines:
        if line.programme.id != programme_id:
            continue
        times = (
            day * DAY_S + start
            for day in range(max(0, earliest_s // DAY_S), compact.days)
            for span in search.air.room(line, day)
            for start in (max(span[0], earliest_s - day * DAY_S), span[1])
            if span[0] <= start <= span[1]
        )
        at = next((time for time in times if time >= earliest_s and search.place_at(line, time)), None)
        if at is not None:
            found.append((compact.instant(at), [compact.zones[zone].id for zone in line.zones]))
    return found
