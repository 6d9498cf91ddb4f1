"""The search: lay every line as evenly as it can be, then ruin and rebuild small parts of the plan.

1. `construct`: line by line, the hardest first, each gets its evenest pattern in the room that is left.
2. `improve`: pick a line that is far from its best, take its worst airing and some neighbours on air on
   the days around it out of the plan, put them back one by one where they cost least, and keep the
   result when it is not worse than a threshold that falls to nothing. (Ruin and recreate with small
   coherent ruins; threshold accepting needs no exponential, so that every machine decides alike.)

All work is counted in steps, never in seconds: the same input gives the same plan.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from scheduler.planner.bounds import alone
from scheduler.planner.dynamic import best_pattern, patterns
from scheduler.planner.line import SOFT, Line
from scheduler.planner.problem import DAY_S, NO_LIMIT, Problem
from scheduler.planner.spacing import chain, counts_hold, least_needed, least_number, place_windows
from scheduler.planner.timeline import Timeline

Progress = Callable[[str, float], None]
STEPS_PER_AIRING = 6
LEAST_STEPS = 4_000
MOST_STEPS = 30_000
NEAR_DAYS = 7
MEND_ROUNDS = 4
PATIENCE = 1_500  # steps without a gain after which mending stops
RELAY_SHARE = 0.06
LONG_DAYS = 100  # above this the exact pattern of a line costs too much
SESSION_S = 3 * 3600  # room closer together than this counts as one session of the day


class Search:
    """A plan in the making: the lines, the air, and a stream of chance from a fixed seed."""

    def __init__(self, problem: Problem, lines: Sequence[Line], seed: int = 0) -> None:
        self.problem = problem
        self.lines = list(lines)
        self.air = Timeline(problem, self.lines)
        self.random = random.Random(seed)  # noqa: S311 - a plan needs no secrets, only repeatable chance
        self.ideal: dict[int, float] = {}

    def run(self, progress: Progress | None = None, effort: float = 1.0) -> None:
        """The whole search, its length a number of steps that depends on the input alone."""
        if progress:
            progress("construct", 0.0)
        self.construct()
        airings = sum(line.number for line in self.lines)
        steps = int(effort * min(MOST_STEPS, max(LEAST_STEPS, airings * STEPS_PER_AIRING)))
        self.improve(steps // 2, progress=_part(progress, 0.05, 0.45))
        self.mend(max(1_000, steps // 8), progress=_part(progress, 0.45, 0.5))
        for round_ in range(MEND_ROUNDS):
            if not any(line.hungry() for line in self.lines):
                break
            self.air.sturdy = False
            self.mend(
                max(1_000, steps // 8),
                progress=_part(
                    progress, 0.5 + 0.1 * round_ / MEND_ROUNDS, 0.5 + 0.1 * (round_ + 1) / MEND_ROUNDS
                ),
            )
        self.improve(steps // 2, heat=0.03, progress=_part(progress, 0.6, 1.0))

    # -- times open to a line
    def times_on(self, line: Line, day: int) -> list[int]:
        """A few good times on a day: one per session, where the room is tightest."""
        room = self.air.room(line, day)
        if not room:
            return []
        base = day * DAY_S
        if len(room) == 1:
            return [base + room[0][0]]
        times: list[int] = []
        low, high = room[0]
        for span in room[1:]:
            if span[0] - low < SESSION_S:
                if span[1] - span[0] < high - low:
                    low, high = span
            else:
                times.append(base + low)
                low, high = span
        times.append(base + low)
        return times

    def all_times(self, line: Line) -> list[int]:
        """The times open to a line on all its days, sorted, with its fixed airings."""
        times: list[int] = []
        for day in range(self.problem.days):
            if line.days[day]:
                found = self.times_on(line, day)
                if len(found) > 1 and line.most_on(day) > 1:
                    found = found[: self.air.headroom(line, day)]
                times += found
        if line.fixed:
            times = sorted(set(times) | line.fixed)
        return times

    # -- whole lines
    def lay(self, line: Line, at: Sequence[int]) -> None:
        """Give a line this pattern. Its fixed airings are on air already."""
        line.open(len(at))
        for place, time in enumerate(at):
            line.put(place, time)
            if time not in line.fixed:
                self.air.add(line, time)

    def lift(self, line: Line) -> list[int]:
        """Take all airings of a line off the air (but not the fixed ones) and tell what they were."""
        times = line.placed()
        for time in times:
            if time not in line.fixed:
                self.air.drop(line, time)
        line.open(0)
        return times

    def pattern(self, line: Line, times: Sequence[int]) -> list[int]:
        """The best pattern for a line among open times: fewest missing, then evenest, then fewest airings."""
        if not times:
            return []
        best: tuple[tuple[int, int, float], list[int]] | None = None
        if not line.fixed:
            least = least_number(line)
            for number in range(least, least + 3):
                line.number = number
                found = chain(line, number, times, place_windows(line, number))
                if found is None:
                    continue
                fine, hard, soft = counts_hold(line, found)
                if not fine or hard or soft:
                    continue
                widest = (
                    max((line.dev(i, at) for i, at in enumerate(found)), default=0.0) if number > 1 else 0.0
                )
                score = (0, 0, widest + 0.04 * (number - least))
                if best is None or score < best[0]:
                    best = (score, found)
            if best is not None:
                return best[1]
        return self._hard_pattern(line, times)

    def _hard_pattern(self, line: Line, times: Sequence[int]) -> list[int]:
        """Where the quick way meets no pattern that keeps all counts: the exact one, on long horizons a near one."""
        if self.problem.days > LONG_DAYS:
            return self._near_pattern(line, times)
        tables = patterns(line, times)
        least = min((p.hard, p.soft) for p in tables.values())
        numbers = [n for n, p in tables.items() if (p.hard, p.soft) == least][:3]
        best: tuple[tuple[float, ...], list[int]] | None = None
        for number in numbers:
            line.number = number
            found = best_pattern(line, times, number, goal=least) or tables[number]
            score = (found.hard, found.soft, found.widest if number > 1 else 0.0, number)
            if best is None or score < best[0]:
                best = (score, found.times)
        assert best is not None
        return best[1]

    def _near_pattern(self, line: Line, times: Sequence[int]) -> list[int]:
        """A pattern that breaks no maximum and misses little; `improve` mends the rest."""
        best: tuple[tuple[float, ...], list[int]] | None = None
        for number in {least_number(line): None, least_needed(line): None}:
            line.number = number
            windows = place_windows(line, number)
            for first, last in (windows, ([0] * number, [self.problem.days] * number)):
                found = chain(line, number, times, (first, last))
                if found is None:
                    continue
                kept = self._within_caps(line, found)
                fine, hard, soft = counts_hold(line, kept)
                if fine and (best is None or (hard, soft) < best[0]):
                    best = ((hard, soft), kept)
        if best is None:
            return sorted(line.fixed)
        return best[1]

    @staticmethod
    def _within_caps(line: Line, times: Sequence[int]) -> list[int]:
        """The times without those that break a maximum of a period."""
        tally = [0] * len(line.periods)
        kept = []
        for at in times:
            here = line.of_day[at // DAY_S]
            if at in line.fixed or all(tally[p] < line.caps[p] for p in here):
                kept.append(at)
                for p in here:
                    tally[p] += 1
        return kept

    def construct(self) -> None:
        """A first plan: fixed airings, then line by line."""
        for line in self.lines:
            for at in sorted(line.fixed):
                self.air.add(line, at)
        for line in sorted(self.lines, key=self._hardness):
            if line.locked:
                self.lay(line, sorted(line.fixed))
            else:
                self.begin(line)

    def begin(self, line: Line) -> None:
        """Lay a line for the first time; where the room left does not do, leave places empty for later."""
        alone = self.pattern(line, self.alone_times(line))
        least = counts_hold(line, alone)[1:]
        line.least_lack = sum(least) if self.problem.days <= LONG_DAYS else 0
        line.number = len(alone)
        if line.number >= 2:
            devs = [line.dev(i, at) for i, at in enumerate(alone)]
            self.ideal[line.index] = line.weight * (max(devs) + 0.1 * sum(devs) / len(devs))
        found = self.pattern(line, self.all_times(line))
        if set(found) >= line.fixed and (
            self.problem.days > LONG_DAYS or counts_hold(line, found)[1:] <= least
        ):
            self.lay(line, found)
            while line.hungry() and self.grow(line):
                line.settle()
            if self.problem.days > LONG_DAYS and line.lack:
                line.least_lack = self._least_lack(line)
            return
        if line.fixed:  # what stands fast stays; the rest is fed one by one
            self.lay(line, sorted(line.fixed))
            while line.hungry() and self.grow(line):
                line.settle()
            return
        line.open(len(alone))
        for place in range(len(alone)):
            self.insert(line, place)
        line.settle()

    def _least_lack(self, line: Line) -> int:
        """What obligations a line must miss even alone, summed over the missed periods one by one."""
        short = [p for have, p in zip(line.tally, line.periods, strict=True) if have < p.need]
        return sum(alone(self.problem, line, (p.first, p.last)) for p in short)

    def alone_times(self, line: Line) -> list[int]:
        """The times that would be open to a line if it had the air to itself."""
        times = []
        for day, spans in enumerate(line.base):
            last = -SESSION_S
            for a, _ in spans:
                if a - last >= SESSION_S:
                    times.append(day * DAY_S + a)
                    last = a
        return sorted(set(times) | line.fixed) if line.fixed else times

    def _hardness(self, line: Line) -> tuple[float, int]:
        open_s = sum(b - a + 1 for spans in line.base for a, b in spans) or 1
        need = least_number(line) * line.length_s * line.weight
        return (-need * line.weight / open_s, line.index)

    # -- cost
    def cost(self) -> float:
        """Of the whole plan."""
        return sum(line.cost() for line in self.lines)

    # -- single airings
    def insert(self, line: Line, place: int, blink: float = 0.0) -> bool:
        """Put one airing back where it costs least. False: there is no room for it."""
        before, after = line.before(place), line.after(place)
        first = before // DAY_S if before is not None else 0
        last = after // DAY_S if after is not None else self.problem.days - 1
        number, wished, tally = line.number, line.wished, line.tally
        ideal = place + 0.5
        widest = max(line.devs) if number > 1 else NO_LIMIT
        needs, wants, caps = line.needs, line.wants, line.caps
        urgency = line.urgency
        hungry = line.lack > 0
        options: list[tuple[float, int]] = []
        for day in range(first, last + 1):
            if not line.days[day]:
                continue
            low, high = wished[day] * number, wished[day + 1] * number
            away = low - ideal if low > ideal else (ideal - high if high < ideal else 0.0)
            if away > 4.0 and away > widest * 2 and not hungry:
                continue
            cost = (away - widest if away > widest else 0.0) + 0.1 * away
            shut = False
            for period in line.of_day[day]:
                have = tally[period]
                if have >= caps[period]:
                    shut = True
                    break
                if have < needs[period]:
                    cost -= urgency
                elif have < wants[period]:
                    cost -= SOFT
            if not shut:
                options.append((cost, day))
        options.sort()
        best: tuple[float, int] | None = None
        for lower, day in options:
            if best is not None and lower >= best[0]:
                break
            if blink and self.random.random() < blink:
                continue
            limit = line.most_on(day)
            if limit < NO_LIMIT and line.count_on(day, place) >= limit:
                continue
            room = self.air.room(line, day)
            if not room:
                continue
            low, high = wished[day] * number, wished[day + 1] * number
            away = low - ideal if low > ideal else (ideal - high if high < ideal else 0.0)
            gain = lower - (away - widest if away > widest else 0.0) - 0.1 * away
            midnight = day * DAY_S
            for a, b in room:
                for start in (a, b):
                    at = midnight + start
                    if before is not None and not line.apart(before, at):
                        continue
                    if after is not None and not line.apart(at, after):
                        continue
                    away = abs(low + (high - low) * (start / DAY_S) - ideal)
                    cost = gain + (away - widest if away > widest else 0.0) + 0.1 * away
                    cost += 0.01 * min(1.0, (b - a) / 1800)
                    if best is None or cost < best[0]:
                        best = (cost, at)
        if line.anchors:
            best = self._anchored(line, place, before, after, best)
        if best is None:
            return False
        line.put(place, best[1])
        self.air.add(line, best[1])
        return True

    def _anchored(
        self, line: Line, place: int, before: int | None, after: int | None, best: tuple[float, int] | None
    ) -> tuple[float, int] | None:
        """The time that the airing has in the standing plan, where that is still open, else `best`."""
        for at in sorted(line.anchors):
            if (before is not None and at <= before) or at in line.places:
                continue
            if after is not None and at >= after:
                break
            day, start = divmod(at, DAY_S)
            if before is not None and not line.apart(before, at):
                continue
            if after is not None and not line.apart(at, after):
                continue
            if line.count_on(day, place) >= line.most_on(day):
                continue
            if any(line.tally[p] >= line.caps[p] for p in line.of_day[day]):
                continue
            if any(a <= start <= b for a, b in self.air.room(line, day)):
                return (0.0, at)
        return best

    def remove(self, line: Line, place: int) -> bool:
        """Take one airing out unless it is fixed or holds two plays of one topic apart."""
        at = line.places[place]
        if at is None or at in line.fixed or line.locked or not self.air.leaves_neighbours_apart(line, at):
            return False
        line.take(place)
        self.air.drop(line, at)
        return True

    def grow(self, line: Line, near: int | None = None) -> bool:
        """Give a line one airing more, where an obligation or a wish misses it. False: there is no room.

        With `near`, a day, only periods that touch the fortnight around it are fed.
        """
        low, high = (0, self.problem.days - 1) if near is None else (near - NEAR_DAYS, near + NEAR_DAYS)
        wanted: set[int] = set()
        for period, (have, want) in enumerate(zip(line.tally, line.wants, strict=True)):
            if have < want and line.periods[period].last >= low and line.periods[period].first <= high:
                wanted.update(
                    range(max(0, low, line.periods[period].first), min(high, line.periods[period].last) + 1)
                )
        number = line.number + 1
        places = line.places
        best: tuple[float, int, int] | None = None
        for day in sorted(wanted):
            if day >= self.problem.days or not line.days[day]:
                continue
            gain = 0.0
            shut = False
            for period in line.of_day[day]:
                have = line.tally[period]
                if have >= line.caps[period]:
                    shut = True
                    break
                if have < line.needs[period]:
                    gain += line.urgency
                elif have < line.wants[period]:
                    gain += SOFT
            if shut or gain <= 0.0 or (best is not None and -gain >= best[0]):
                continue
            for a, b in self.air.room(line, day):
                for start in (a, b):
                    at = day * DAY_S + start
                    place, before, after = 0, None, None
                    for i, other in enumerate(places):
                        if other is None:
                            continue
                        if other > at:
                            after = other
                            break
                        place, before = i + 1, other
                    if (before is not None and not line.apart(before, at)) or (
                        after is not None and not line.apart(at, after)
                    ):
                        continue
                    if line.count_on(day, place) >= line.most_on(day):
                        continue
                    cost = 0.1 * abs(line.wish(at) * number - place - 0.5) - gain
                    if best is None or cost < best[0]:
                        best = (cost, at, place)
        if best is None:
            return False
        _, at, place = best
        places.insert(place, None)
        line.devs.insert(place, 0.0)
        line.number = number
        line.put(place, at)
        self.air.add(line, at)
        return True

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

    def missing(self) -> float:
        """The weighted shortfall of the whole plan, without pressure."""
        total = 0.0
        for line in self.lines:
            if line.lack:
                hard, soft = line.shortfall()
                total += line.weight * (hard * line.urgency + soft * SOFT)
        return total

    def undo(self, before: dict[int, list[int | None]]) -> None:
        """Bring the places of these lines back to what they were."""
        for index, wanted in before.items():
            line = self.lines[index]
            kept = set(wanted)
            for at in line.placed():
                if at not in kept:
                    self.air.drop(line, at)
        for index, wanted in before.items():
            line = self.lines[index]
            if len(line.places) != len(wanted):
                there = set(line.places)
                line.open(len(wanted))
                for place, at in enumerate(wanted):
                    if at is not None:
                        line.put(place, at)
                        if at not in there:
                            self.air.add(line, at)
                continue
            there = set(line.places)
            changed = [i for i, (new, old) in enumerate(zip(line.places, wanted, strict=True)) if new != old]
            for place in changed:
                if line.places[place] is not None:
                    line.take(place)
            for place in changed:
                at = wanted[place]
                if at is not None:
                    line.put(place, at)
                    if at not in there:
                        self.air.add(line, at)

    def _ruin(self, line: Line, before: dict[int, list[int | None]]) -> tuple[list[Line], int]:
        """Take a bad airing and some of what is on air near its ideal place out of the plan.

        `before` gets the old places of each line that is touched. Returns the lines to put back, one entry
        per airing, the one that it is about first (a line with no empty place is one that wants to grow),
        and the day around which it happened.
        """
        chance = self.random.random
        order: list[Line] = []
        if line.hungry():
            days = [
                day
                for period, (have, want) in enumerate(zip(line.tally, line.wants, strict=True))
                if have < want
                for day in range(
                    max(0, line.periods[period].first), min(self.problem.days, line.periods[period].last + 1)
                )
                if line.days[day]
            ]
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
