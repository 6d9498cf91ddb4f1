"""Change a standing plan as little as possible.

What stands is laid first, as it is. Whatever no longer fits, and every obligation that has lost an airing,
is then fed in steps, each tried only when the one before does not do:

1. one airing more, in room that is free;
2. one airing more in the place of another programme's, which finds a new place near its old one (the
   nearer the date, the dearer the move);
3. `Search.mend` on the future, first with a price on every move, then without;
4. a new plan for the whole future.

After 3 and 4 `homing` brings back whatever need not have moved.

Nothing before `earliest` (now and the freeze time) is touched.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from scheduler.planner.homing import homing
from scheduler.planner.line import NEAR, STAY, Line
from scheduler.planner.problem import DAY_S, GivenPlay, Problem
from scheduler.planner.proof import proven_missing, unavoidable
from scheduler.planner.search import Progress, Search

MEND_STEPS = 400
MEND_STEPS_EACH = 200  # more for each airing that lacks
MOST_MEND_STEPS = 3_000
HOMING_STEPS = 6_000
MAKE_GOOD_DAYS = 7
MOST_WAYS = (
    1_500  # airings that are asked to give way, where a day holds hundreds of plays, times the pace there
)
LEAST_WAYS = 30


@dataclass(slots=True, kw_only=True)
class Change:
    """What re-planning did, by play id."""

    kept: list[str] = field(default_factory=list)
    moved: list[tuple[str, int, int]] = field(default_factory=list)  # id, from, to
    removed: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    how: str = "kept"


def replan(
    problem: Problem,
    lines: list[Line],
    standing: list[GivenPlay],
    *,
    missed: list[GivenPlay],
    announcements: list[tuple[tuple[int, ...], int, int, int]],
    earliest: int,
    seed: int,
    progress: Progress | None = None,
) -> tuple[Search, str]:
    """Lay what stands and repair what does not hold. Returns the search and how far it had to go."""
    for index, line in enumerate(lines):
        line.index = index
    search = Search(problem, lines, seed)
    for zones, day, start, length in announcements:
        search.air.occupy(zones, day, start, length, -1)
    search.air.sturdy = False
    lost = lay_standing(search, standing)
    search.air.sturdy = True
    anchor(
        problem, lines, {line.index: [*line.placed(), *lost.get(line.index, ())] for line in lines}, earliest
    )
    for line in lines:
        if line.number and line.hungry():
            search.alone_pattern(line)
    how = "kept"
    for line in lines:
        if not line.number and line.hungry() and not lost.get(line.index):
            search.begin(line)
            how = "added"
    for line in lines:
        for at in lost.get(line.index, ()):
            if put_back(search, line, at, earliest):
                how = "moved"
    if any(line.hungry() for line in lines):
        how = feed(search, earliest, progress)
    owed: dict[int, int] = defaultdict(int)
    for play in missed:
        for line in lines:
            if line.programme.index == play.programme and set(line.zones) & set(play.zones):
                owed[line.index] += 1
                if len(line.places) < len(line.anchors) + owed[line.index]:
                    make_good(search, line, play, earliest)
    return search, how


def anchor(problem: Problem, lines: list[Line], stood: Mapping[int, list[int]], earliest: int) -> None:
    """Tell each line at which times it stood and what leaving them costs, dearer the nearer the date."""
    today = earliest // DAY_S
    stay = [
        STAY / 2 * (NEAR[day - today] if 0 <= day - today < len(NEAR) else 1.0) for day in range(problem.days)
    ]
    for line in lines:
        line.anchors = frozenset(at for at in stood.get(line.index, ()) if 0 <= at < problem.days * DAY_S)
        line.stay = stay


def towards(search: Search, standing: list[GivenPlay], earliest: int) -> None:
    """Bring a plan made afresh as near to the one that stood as its obligations allow."""
    stood: dict[int, list[int]] = {line.index: sorted(line.fixed) for line in search.lines}
    for play in standing:
        for line in search.lines:
            if line.programme.index == play.programme and set(line.zones) <= set(play.zones):
                stood[line.index].append(play.at)
    anchor(search.problem, search.lines, stood, earliest)
    search.air.sturdy = False
    homing(search, int(HOMING_STEPS * search.pace()))


def lay_standing(search: Search, standing: list[GivenPlay]) -> dict[int, list[int]]:
    """Lay fixed airings, then what stands and still fits. Returns per line the times that no longer fit."""
    for line in search.lines:
        search.lay(line, sorted(line.fixed))
        for at in sorted(line.fixed):
            search.air.add(line, at)
    of_programme: dict[int, list[Line]] = defaultdict(list)
    for line in search.lines:
        of_programme[line.programme.index].append(line)
    lost: dict[int, list[int]] = defaultdict(list)
    for play in sorted(standing, key=lambda p: (p.at, p.id)):
        for line in of_programme[play.programme]:
            if not set(line.zones) & set(play.zones) or play.at in line.fixed:
                continue
            if not (0 <= play.day < search.problem.days) or not search.place_at(line, play.at):
                lost[line.index].append(play.at)
    for line in search.lines:
        line.settle()
    return lost


def put_back(search: Search, line: Line, at: int, earliest: int) -> bool:
    """Find a new time for an airing that lost its own, as near as can be; a past one is made good later."""
    day = max(at, earliest) // DAY_S
    for away in range(search.problem.days):
        for near in dict.fromkeys((day + away, day - away)):
            if not 0 <= near < search.problem.days or not line.days[near]:
                continue
            times = sorted(
                (near * DAY_S + start for span in search.air.room(line, near) for start in span),
                key=lambda t: (abs(t - at), t),
            )
            for time in times:
                if time >= earliest and search.place_at(line, time):
                    line.settle()
                    return True
    return False


def make_good(search: Search, line: Line, missed: GivenPlay, earliest: int) -> bool:
    """Replace a missed airing soon, where the plan has not done so already and no rule forbids it."""
    for day in range(earliest // DAY_S, min(search.problem.days, missed.day + MAKE_GOOD_DAYS + 1)):
        for low, high in search.air.room(line, day):
            for start in (low, high):
                if day * DAY_S + start >= earliest and search.place_at(line, day * DAY_S + start):
                    line.settle()
                    return True
    return False


def feed(search: Search, earliest: int, progress: Progress | None) -> str:
    """Bring every line what it lacks, with the least change. Returns the name of the strongest means used."""
    how = "added"
    for line in sorted((x for x in search.lines if x.hungry()), key=lambda x: (-x.urgency, x.index)):
        while line.hungry():
            lack = line.lack
            if search.grow(line):
                line.settle()
            elif give_way(search, line, earliest):
                how = "moved"
            else:
                break
            if line.lack >= lack:
                break
    hungry = [line for line in search.lines if line.hungry()]
    if hungry:
        before = sum(line.shortfall()[0] for line in hungry)
        lack = sum(line.lack - line.least_lack for line in hungry)
        pace = search.pace()
        steps = max(1, int(pace * min(MOST_MEND_STEPS, MEND_STEPS + lack * MEND_STEPS_EACH)))
        search.air.sturdy = False
        search.mend(steps, progress=progress)
        if _may_be_fed(search, earliest):  # what is owed and wished comes before calm
            stood = [line.anchors for line in search.lines]
            for line in search.lines:
                line.anchors = frozenset()
            search.mend(2 * steps, progress=progress)
            for line, anchors in zip(search.lines, stood, strict=True):
                line.anchors = anchors
        homing(search, int(HOMING_STEPS * pace))
        if sum(line.shortfall()[0] for line in search.lines) < before or not any(
            x.hungry() for x in search.lines
        ):
            how = "mended"
    return how


def _may_be_fed(search: Search, earliest: int) -> bool:
    """Whether more than what is proven to lack from every plan lacks from this one."""
    hungry = [line for line in search.lines if line.hungry()]
    if not all(line.starving() for line in hungry):
        return True
    short = [line for line in search.lines if line.shortfall()[0]]
    lacking = sum(line.shortfall()[0] * len(line.zones) for line in short)
    return bool(hungry) and lacking > proven_missing(
        unavoidable(search.problem, search.lines, short, earliest)
    )


def give_way(search: Search, line: Line, earliest: int) -> bool:
    """One airing more for a hungry line where one airing of another line can go elsewhere."""
    wanted = {
        day
        for period, have, want in zip(line.periods, line.tally, line.wants, strict=True)
        if have < want
        for day in range(max(0, period.first), min(search.problem.days - 1, period.last) + 1)
        if line.days[day]
    }
    tried: list[tuple[float, int, int, int]] = []
    today = earliest // DAY_S
    for day in wanted:
        for zone in line.zones:
            for start, end, other in search.air.on[zone][day]:
                at = day * DAY_S + start
                if other < 0 or at < earliest or other == line.index or end - start + 600 < line.length_s:
                    continue
                owner = search.lines[other]
                if owner.locked or at in owner.fixed:
                    continue
                dear = owner.weight * (1.0 + 7.0 / (1 + max(0, day - today)))
                tried.append((dear, day, at, other))
    pace = search.pace()
    most = None if pace == 1.0 else max(LEAST_WAYS, int(MOST_WAYS * pace))
    for _, day, at, other in sorted(set(tried))[:most]:
        owner = search.lines[other]
        place = owner.places.index(at)
        old = list(owner.places)
        if not search.remove(owner, place):
            continue
        mine = list(line.places)
        lack = line.lack
        if search.grow(line, day) and line.lack < lack and search.insert(owner, place):
            owner.settle()
            line.settle()
            if not owner.hungry():
                return True
        search.undo({owner.index: old, line.index: mine})
    return False


def names_of(lines: list[Line], standing: list[GivenPlay]) -> tuple[Mapping[tuple[int, int], str], Change]:
    """Ids for the planned times: kept where a play stays, handed on where it moved; and what changed."""
    change = Change()
    old: dict[int, dict[int, str]] = defaultdict(dict)
    for play in standing:
        old[play.programme].setdefault(play.at, play.id)
    new: dict[int, set[int]] = defaultdict(set)
    for line in lines:
        new[line.programme.index] |= {at for at in line.placed() if at not in line.fixed}
    names: dict[tuple[int, int], str] = {}
    for programme in sorted(old.keys() | new.keys()):
        homeless = dict(old[programme])
        fresh = []
        for at in sorted(new[programme]):
            if at in homeless:
                names[at, programme] = homeless.pop(at)
                change.kept.append(names[at, programme])
            else:
                fresh.append(at)
        for was, name in sorted(homeless.items()):
            if not fresh:
                change.removed.append(name)
                continue
            to = min(fresh, key=lambda t: (abs(t - was), t))
            fresh.remove(to)
            names[to, programme] = name
            change.moved.append((name, was, to))
    return names, change
