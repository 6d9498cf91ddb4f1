"""The search: lay every line as evenly as it can be, then ruin and rebuild small parts of the plan.

1. `construct`: line by line, the hardest first, each gets its evenest pattern in the room that is left.
2. `improve`: pick a line that is far from its best, take its worst airing and some neighbours on air on
   the days around it out of the plan, put them back one by one where they cost least, and keep the
   result when it is not worse than a threshold that falls to nothing. (Ruin and recreate with small
   coherent ruins; threshold accepting needs no exponential, so that every machine decides alike.)

All work is counted in steps, never in seconds: the same input gives the same plan.
"""

from __future__ import annotations

from collections.abc import Callable

from scheduler.planner.laying import LONG_DAYS, Laying
from scheduler.planner.line import SOFT, Line
from scheduler.planner.problem import DAY_S

Progress = Callable[[str, float], None]
STEPS_PER_AIRING = 6
LEAST_STEPS = 4_000
MOST_STEPS = 30_000
DENSE = 60  # plays of a day
LEAST_DENSE_STEPS = 500
LEAST_MEND_STEPS = 1_000
MEND_ROUNDS = 4
DENSE_MEND_ROUNDS = 2
PATIENCE = 1_500  # steps without a gain after which mending stops
RELAY_SHARE = 0.06


class Search(Laying):
    """The search over a plan in the making."""

    def run(self, progress: Progress | None = None, effort: float = 1.0) -> None:
        """The whole search, its length a number of steps that depends on the input alone."""
        if progress:
            progress("construct", 0.0)
        self.construct()
        airings = sum(line.number for line in self.lines)
        steps = int(effort * min(MOST_STEPS, max(LEAST_STEPS, airings * STEPS_PER_AIRING)))
        each = max(min(LEAST_MEND_STEPS, steps), steps // 8)
        rounds = MEND_ROUNDS
        if (pace := self.pace()) < 1.0:
            steps = max(LEAST_DENSE_STEPS, int(steps * pace))
            each, rounds = steps // 8, DENSE_MEND_ROUNDS
        self.improve(steps // 2, progress=_part(progress, 0.05, 0.45))
        self.mend(each, progress=_part(progress, 0.45, 0.5))
        for round_ in range(rounds):
            if not any(line.hungry() for line in self.lines):
                break
            self.air.sturdy = False
            low, high = (0.5 + 0.1 * done / rounds for done in (round_, round_ + 1))
            self.mend(each, progress=_part(progress, low, high))
        self.improve(steps // 2, heat=0.03, progress=_part(progress, 0.6, 1.0))

    def pace(self) -> float:
        """The share of the usual steps that is affordable: few where a day holds hundreds of plays.

        A step looks at more plays there, and at more airings of each line; both cost time.
        """
        days = sum(bool(on) for zone in self.air.on for on in zone)
        on_air = sum(line.number * len(line.zones) for line in self.lines)
        return min(1.0, DENSE * days / max(1, on_air)) ** 2

    def improve(self, steps: int, *, heat: float = 0.06, progress: Progress | None = None) -> None:
        """Ruin and rebuild `steps` times."""
        movable = [line for line in self.lines if not line.locked]
        if not movable:
            return
        costs = [line.cost() for line in self.lines]
        chance = self.random.random
        wanting = [x.index for x in movable if x.hungry()]
        for step in range(steps):
            if progress and step % 256 == 0:
                progress("improve", step / steps)
            if wanting and step % 2:
                line = self.lines[wanting[int(chance() * len(wanting))]]
            else:
                line = max(
                    (movable[int(chance() * len(movable))] for _ in range(3)),
                    key=lambda x: costs[x.index] - self.ideal.get(x.index, 0.0),
                )
            before: dict[int, list[int | None]] = {}
            order, day = self._ruin(line, before)
            if not order:
                continue
            self._rebuild(order, day)
            change = 0.0
            after = {}
            for index in before:
                owner = self.lines[index]
                owner.settle()
                after[index] = owner.cost()
                change += after[index] - costs[index]
            if change <= heat * (1.0 - step / steps) * chance():
                for index, cost in after.items():
                    if cost >= SOFT or costs[index] >= SOFT:
                        wanting = [i for i in wanting if i != index]
                        if self.lines[index].hungry():
                            wanting.append(index)
                    costs[index] = cost
            else:
                self.undo(before)

    def mend(self, steps: int, *, progress: Progress | None = None) -> None:
        """Feed hungry lines: each failure makes the hungry line weigh more, until others make room for it.

        (Guided ejection: the pressure moves the shortage about until it lands where it can be met.) Keeps
        the best plan met on the way.
        """
        chance = self.random.random
        costs = [line.cost() for line in self.lines]
        wanting = [x.index for x in self.lines if x.hungry() and not x.locked]
        best_cost = self.missing()
        steady = any(line.anchors for line in self.lines)
        relay = not steady and self.problem.days <= LONG_DAYS
        last_fed = 0
        best = [list(x.places) for x in self.lines]
        touched: set[int] = set()
        for step in range(steps):
            if not wanting or step - last_fed > PATIENCE:
                break
            if progress and step % 256 == 0:
                progress("mend", step / steps)
            line = self.lines[wanting[int(chance() * len(wanting))]]
            before: dict[int, list[int | None]] = {}
            order, day = self._ruin(line, before)
            if not order:
                continue
            other = self._to_relay(line, day) if relay and chance() < RELAY_SHARE else None
            if other is not None:
                before.setdefault(other.index, list(other.places))
                self.lift(other)
            self._rebuild([x for x in order if x is not other], day)
            if other is not None:
                self.lay(other, self.pattern(other, self.all_times(other)))
            change = 0.0
            after = {}
            for index in before:
                owner = self.lines[index]
                owner.settle()
                after[index] = owner.cost()
                change += after[index] - costs[index]
            if change > (0.0 if steady else 0.5) * chance():
                self.undo(before)
                line.pressure *= 1.03
                costs[line.index] = line.cost()
                continue
            fed = False
            for index, cost in after.items():
                fed = fed or cost >= SOFT or costs[index] >= SOFT
                costs[index] = cost
            touched.update(after)
            if fed:
                wanting = [i for i in wanting if self.lines[i].hungry()]
                wanting += [i for i in after if self.lines[i].hungry() and i not in wanting]
                missing = self.missing()
                if missing < best_cost:
                    best_cost, best, touched = missing, [list(x.places) for x in self.lines], set()
                    last_fed = step
        if wanting and touched:
            self.undo({i: places for i, places in enumerate(best) if self.lines[i].places != places})
        for line in self.lines:
            line.pressure = 1.0

    def _to_relay(self, line: Line, day: int) -> Line | None:
        """A line with airings near that day, to be laid anew as a whole: its rhythm may be what is in the way."""
        near = {
            other
            for zone in line.zones
            for close in range(max(0, day - 1), min(self.problem.days, day + 2))
            for _, _, other in self.air.on[zone][close]
        }
        able = [i for i in sorted(near) if i >= 0 and not self.lines[i].locked and not self.lines[i].fixed]
        return self.lines[able[int(self.random.random() * len(able))]] if able else None

    def _ruin(self, line: Line, before: dict[int, list[int | None]]) -> tuple[list[Line], int]:
        """Take a bad airing and some of what is on air near its ideal place out of the plan.

        `before` gets the old places of each line that is touched. Returns the lines to put back, one entry
        per airing, the one that it is about first (a line with no empty place is one that wants to grow),
        and the day around which it happened.
        """
        chance = self.random.random
        order: list[Line] = []
        if line.hungry():
            days = line.wanted_days()
            if not days:
                return [], 0
            day = days[int(chance() * len(days))]
            before[line.index] = list(line.places)
            spread = 0 if chance() < 0.6 else 1
        else:
            if not line.number:
                return [], 0
            place = int(chance() * line.number)
            if chance() < 0.7:
                place = max(range(line.number), key=lambda i: line.devs[i])
            before[line.index] = list(line.places)
            if not self.remove(line, place):
                return [], 0
            day = self._ideal_day(line, place)
            spread = 1 if chance() < 0.6 else 2
        order.append(line)
        size = 3 + int(chance() * 9)
        pool: list[tuple[Line, int]] = []
        seen: set[tuple[int, int]] = set()
        for near in range(max(0, day - spread), min(self.problem.days, day + spread + 1)):
            for zone in line.zones:
                for start, _, other in self.air.on[zone][near]:
                    at = near * DAY_S + start
                    if (
                        other < 0
                        or (other, at) in seen
                        or self.lines[other].locked
                        or at in self.lines[other].fixed
                    ):
                        continue
                    seen.add((other, at))
                    pool.append((self.lines[other], at))
        for _ in range(min(size, len(pool))):
            owner, at = pool.pop(int(chance() * len(pool)))
            if owner.index not in before:
                before[owner.index] = list(owner.places)
            if self.remove(owner, owner.places.index(at)):
                order.append(owner)
        return order, day

    def _ideal_day(self, line: Line, place: int) -> int:
        wanted = (place + 0.5) / line.number
        low, high = 0, self.problem.days - 1
        while low < high:
            middle = (low + high) // 2
            if line.wished[middle + 1] < wanted:
                low = middle + 1
            else:
                high = middle
        return low

    def _rebuild(self, order: list[Line], day: int) -> None:
        if not order:
            return
        chance = self.random.random
        kind = chance()
        first, rest = order[0], order[1:]
        keyed = [(chance(), entry) for entry in rest]
        if kind < 0.5:
            keyed = [(-entry.length_s * entry.weight * (0.7 + 0.6 * key), entry) for key, entry in keyed]
        keyed.sort(key=lambda pair: pair[0])
        again = [first] + [entry for _, entry in keyed]
        if kind > 0.8:
            again = again[1:] + again[:1]
        for owner in again:
            if None in owner.places:
                self.insert(owner, owner.places.index(None), 0.02)
            else:
                self.grow(owner, day)
        for owner in {line.index: line for line in again}.values():
            if owner.hungry():
                self.grow(owner, day)


def _part(progress: Progress | None, low: float, high: float) -> Progress | None:
    """The part of the whole that a stage is."""
    if progress is None:
        return None
    whole = progress
    return lambda stage, share: whole(stage, low + (high - low) * share)
