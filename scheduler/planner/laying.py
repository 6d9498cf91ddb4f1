"""What can be done to a plan in the making: lay a line, put an airing in, take one out, give a line one more."""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

from scheduler.planner.alone import alone, least_alone
from scheduler.planner.dynamic import WIDTH, best_pattern, patterns
from scheduler.planner.line import SOFT, Line
from scheduler.planner.problem import DAY_S, NO_LIMIT, Problem, Span
from scheduler.planner.spacing import chain, counts_hold, least_needed, least_number, place_windows
from scheduler.planner.timeline import Timeline

NEAR_DAYS = 7
LONG_DAYS = 100  # above this the exact pattern of a line costs too much
SESSION_S = 3 * 3600  # room closer together than this counts as one session of the day
WIDE_S = 2 * 3600  # room longer than this offers times in between, too
MOST_TIMES = 250  # above this the exact pattern of a line costs too much


def times_within(
    low: int, high: int, first: int, last: int, wished: float, until: float, ideal: float
) -> tuple[int, ...]:
    """The times worth trying between `low` and `high` that lie from `first` to `last`, all seconds of a day.

    The ends; where that is a wide stretch also the time at which what is wished (from `wished` to `until` over the
    day) is `ideal`.
    """
    low, high = max(low, first), min(high, last)
    if low > high:
        return ()
    if high - low > WIDE_S and until > wished:
        even = int((ideal - wished) / (until - wished) * DAY_S)
        if low < even < high:
            return (low, high, even)
    return (low, high)


class Laying:
    """A plan in the making: the lines, the air, and a stream of chance from a fixed seed.

    What can be done to it: lay a whole line, put one airing in, take one out, give a line one more.
    """

    def __init__(self, problem: Problem, lines: Sequence[Line], seed: int = 0) -> None:
        self.problem = problem
        self.lines = list(lines)
        self.air = Timeline(problem, self.lines)
        self.random = random.Random(seed)  # noqa: S311 - a plan needs no secrets, only repeatable chance
        self.ideal: dict[int, float] = {}

    # -- times open to a line
    def times_on(self, line: Line, day: int) -> list[int]:
        """A few good times on a day: one per session, where the room is tightest."""
        room = self.air.room(line, day)
        if not room:
            return []
        base = day * DAY_S
        times: list[int] = []
        low, high = room[0]
        for span in room[1:]:
            if span[0] - low < SESSION_S and high - low <= WIDE_S:
                if span[1] - span[0] < high - low:
                    low, high = span
            else:
                times += self._times_in(line, base, low, high)
                low, high = span
        times += self._times_in(line, base, low, high)
        return times

    @staticmethod
    def _times_in(line: Line, base: int, low: int, high: int) -> list[int]:
        """The beginning of a stretch of room; where it is wide, times in between as well."""
        if high - low <= WIDE_S:
            return [base + low]
        day = base // DAY_S
        number = min(line.useful_on(day), 1 + (high - low) // line.gap_s)
        step = max(line.gap_s, (high - low) // max(2 * number, (high - low) // SESSION_S))
        return list(range(base + low, base + high + 1, step))

    def all_times(self, line: Line) -> list[int]:
        """The times open to a line on all its days, sorted, with its fixed airings."""
        times: list[int] = []
        for day in range(self.problem.days):
            if line.days[day]:
                found = self.times_on(line, day)
                if len(found) > 1 and line.most_on(day) > 1:
                    left = self.air.headroom(line, day)
                    if left < len(found):
                        found = [found[i * len(found) // left] for i in range(left)]
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
            numbers = [*range(least, least + 3)]
            if line.silence:
                span = 1 + (times[-1] - times[0]) // DAY_S
                # on average shorter than the longest silence: even gaps of 3.6 days are 3 and 4
                steady = {1 + int(span / (line.silence - less)) for less in (0.0, 0.25, 0.5, 0.75)}
                numbers += sorted(number for number in steady if number >= least + 3)
            for number in numbers:
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
                silent = sum(line.too_long(a // DAY_S, b // DAY_S) for a, b in pairwise(found))
                score = (0, silent, widest + 0.04 * (number - least))
                if best is None or score < best[0]:
                    best = (score, found)
            if best is not None:
                return best[1]
        return self._hard_pattern(line, times)

    def _hard_pattern(self, line: Line, times: Sequence[int]) -> list[int]:
        """Where the quick way meets no pattern that keeps all counts: the exact one, on long horizons a near one."""
        if self.problem.days > LONG_DAYS or len(times) > MOST_TIMES:
            return self._near_pattern(line, times)
        tables = patterns(line, times, most_states=WIDTH)
        if not tables:
            return self._near_pattern(line, times)
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
        alone, least = self.alone_pattern(line)
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
                line.least_lack = line.least_hard = self._least_lack(line)
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

    def alone_pattern(self, line: Line) -> tuple[list[int], tuple[int, int]]:
        """The pattern of a line with the air to itself and what it misses even then, which `least_lack` notes."""
        alone = self.pattern(line, self.alone_times(line))
        _, hard, soft = counts_hold(line, alone)
        line.least_lack = line.least_hard = 0
        if hard + soft and self.problem.days <= LONG_DAYS:
            line.least_lack, line.least_hard = least_alone(line)
        line.least_silent = line.least_silence([at // DAY_S for at in alone])
        return alone, (hard, soft)

    def _least_lack(self, line: Line) -> int:
        """What obligations a line must miss even alone, summed over the missed periods one by one."""
        short = [p for have, p in zip(line.tally, line.periods, strict=True) if have < p.need]
        return sum(alone(self.problem, line, (p.first, p.last)) for p in short)

    def alone_times(self, line: Line) -> list[int]:
        """The times that would be open to a line if it had the air to itself."""
        times: list[int] = []
        for day, spans in enumerate(line.base):
            last = -SESSION_S
            for a, b in spans:
                if a - last >= SESSION_S:
                    times += self._times_in(line, day * DAY_S, a, b)
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
            if line.silence:
                cost += SOFT * line.silence_around(before, day, after)
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
            first_s, last_s = line.between(before, day, after)
            if first_s > last_s:
                continue
            room = self.air.room(line, day)
            if not room:
                continue
            low, high = wished[day] * number, wished[day + 1] * number
            away = low - ideal if low > ideal else (ideal - high if high < ideal else 0.0)
            gain = lower - (away - widest if away > widest else 0.0) - 0.1 * away
            midnight = day * DAY_S
            for a, b in room:
                for start in times_within(a, b, first_s, last_s, low, high, ideal):
                    at = midnight + start
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

    def place_at(self, line: Line, at: int) -> bool:
        """Put one airing more exactly there if every rule allows it. The line has no empty places."""
        day, start = divmod(at, DAY_S)
        place = sum(1 for other in line.places if other is not None and other < at)
        if at in line.places or not any(a <= start <= b for a, b in self.air.room(line, day)):
            return False
        before, after = line.before(place), line.places[place] if place < len(line.places) else None
        if (before is not None and not line.apart(before, at)) or (
            after is not None and not line.apart(at, after)
        ):
            return False
        if line.count_on(day, place) >= line.most_on(day):
            return False
        if any(line.tally[p] >= line.caps[p] for p in line.of_day[day]):
            return False
        line.places.insert(place, None)
        line.devs.insert(place, 0.0)
        line.number += 1
        line.put(place, at)
        self.air.add(line, at)
        return True

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
        number = line.number + 1
        standing = line.standing()
        best: tuple[float, int, int] | None = None
        for day in sorted(set(line.wanted_days())):
            if not low <= day <= high:
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
            if shut or (not line.silence and (gain <= 0.0 or (best is not None and -gain >= best[0]))):
                continue
            room: list[Span] | None = None
            ends: list[int] = []
            for place, before, after in line.slots_on(day, standing):
                first_s, last_s = line.between(before, day, after)
                if first_s > last_s:
                    continue
                more = gain
                if line.silence and before is not None and after is not None:
                    one, two = before // DAY_S, after // DAY_S
                    ended = line.too_long(one, two) - line.too_long(one, day) - line.too_long(day, two)
                    more += SOFT * ended
                if more <= 0.0:
                    continue
                if room is None:
                    room = self.air.room(line, day)
                    ends = [b for _, b in room]
                wished, until = line.wished[day] * number, line.wished[day + 1] * number
                for a, b in room[bisect_left(ends, first_s) :]:
                    if a > last_s:
                        break
                    for start in times_within(a, b, first_s, last_s, wished, until, place + 0.5):
                        at = day * DAY_S + start
                        cost = 0.1 * abs(line.wish(at) * number - place - 0.5) - more
                        if best is None or cost < best[0]:
                            best = (cost, at, place)
        if best is None:
            return False
        _, at, place = best
        line.places.insert(place, None)
        line.devs.insert(place, 0.0)
        line.number = number
        line.put(place, at)
        self.air.add(line, at)
        return True

    def missing(self) -> float:
        """The weighted shortfall of the whole plan, without pressure."""
        total = 0.0
        for line in self.lines:
            if line.lack:
                hard, soft = line.shortfall()
                total += line.weight * (hard * line.urgency + soft * SOFT)
            if line.silence:
                total += line.weight * line.silent() * SOFT
        return total

    def undo(self, before: dict[int, list[int | None]]) -> None:
        """Bring the places of these lines back to what they were."""
        for index, wanted in before.items():
            line = self.lines[index]
            kept = set(wanted)
            for gone in line.placed():
                if gone not in kept:
                    self.air.drop(line, gone)
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
