"""Bring a mended plan back towards the plan that stood: every airing that need not have moved goes home.

Mending feeds what lacks by whatever helps; afterwards many airings lie elsewhere for no reason any more. One
step takes an airing that has moved, clears the place where it stood, puts it back and finds new places for what
had to leave. A step is kept when obligations and wishes miss no more and the moves are worth no more than before
(`line.STAY`, dearer the nearer the date), so that the result is never worse than what it began with.
"""

from __future__ import annotations

from typing import Final

from scheduler.planner.line import Line
from scheduler.planner.problem import DAY_S
from scheduler.planner.search import Search

PATIENCE: Final = 800  # steps without a gain after which nothing more is expected
NEARBY: Final = 0.3  # how often other airings of the day are taken along


def homing(search: Search, steps: int) -> None:
    """Undo needless moves, `steps` tries at the most."""
    chance = search.random.random
    _bring_back(search)
    costs = [line.cost() for line in search.lines]
    strayed = [line.index for line in search.lines if line.strays() and not line.locked]
    last_gain = 0
    for step in range(steps):
        if not strayed or step - last_gain > PATIENCE:
            break
        line = search.lines[strayed[int(chance() * len(strayed))]]
        before: dict[int, list[int | None]] = {}
        if not _send_home(search, line, before):
            search.undo(before)
            continue
        after = {}
        change = 0.0
        for index in before:
            owner = search.lines[index]
            owner.settle()
            after[index] = owner.cost()
            change += after[index] - costs[index]
        if change > 1e-9:
            search.undo(before)
            continue
        if change < -1e-9:
            last_gain = step
        for index, cost in after.items():
            costs[index] = cost
        strayed = [i for i in strayed if i not in after]
        strayed += [i for i in after if search.lines[i].strays() and not search.lines[i].locked]
    _bring_back(search)


def _bring_back(search: Search) -> None:
    """Airings that stood and are gone (more than what is asked for) return where their place is free."""
    for line in search.lines:
        if not line.anchors or line.locked:
            continue
        for at in sorted(line.anchors.difference(line.placed())):
            if len(line.places) >= len(line.anchors):
                break
            if not line.base[at // DAY_S]:
                continue
            before = line.cost()
            if search.place_at(line, at):
                line.settle()
                if line.cost() > before:
                    search.remove(line, line.places.index(at))
                    line.settle()


def _send_home(search: Search, line: Line, before: dict[int, list[int | None]]) -> bool:
    """One airing of the line to a time where it stood, others out of its way. `before` gets what was touched."""
    chance = search.random.random
    strays = [at for at in line.strays() if at not in line.fixed]
    homes = [at for at in sorted(line.anchors.difference(line.placed())) if line.base[at // DAY_S]]
    if not strays or not homes:
        return False
    stray = strays[int(chance() * len(strays))]
    near = sorted(homes, key=lambda at: (abs(at - stray), at))[:3]
    home = near[int(chance() * len(near))]
    before[line.index] = list(line.places)
    if not search.remove(line, line.places.index(stray)):
        return False
    line.settle()
    evicted = _clear(search, line, home, before)
    if evicted is None or not search.place_at(line, home):
        return False
    for owner in evicted:
        if None in owner.places:
            search.insert(owner, owner.places.index(None))
        owner.settle()
        while owner.hungry() and search.grow(owner):
            owner.settle()
    return True


def _clear(search: Search, line: Line, home: int, before: dict[int, list[int | None]]) -> list[Line] | None:
    """Take off the air what lies where the line wants to go, now and then more of that day. None: it cannot go."""
    chance = search.random.random
    day, start = divmod(home, DAY_S)
    end = start + line.length_s
    evicted: list[Line] = []
    wide = chance() < NEARBY
    for zone in line.zones:
        for low, high, other in list(search.air.on[zone][day]):
            gap = line.pair[other]
            at = day * DAY_S + low
            blocks = low < end + gap and start < high + gap
            if not blocks and not (wide and other >= 0 and at not in search.lines[other].anchors):
                continue
            if other < 0:
                return None
            owner = search.lines[other]
            if at not in owner.places or owner.index == line.index:
                continue
            before.setdefault(owner.index, list(owner.places))
            if search.remove(owner, owner.places.index(at)):
                evicted.append(owner)
            elif blocks:
                return None
    return evicted
