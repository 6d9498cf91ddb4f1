"""One airing at a time: put it where it costs least, take it out, give a line one more, undo what was done."""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Sequence

from scheduler.planner.line import SOFT, Line
from scheduler.planner.problem import DAY_S, NO_LIMIT, Problem, Span
from scheduler.planner.timeline import Timeline

NEAR_DAYS = 7
WIDE_S = 2 * 3600  # room longer than this offers times in between, too


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


class Airings:
    """A plan in the making: the lines, the air, and a stream of chance from a fixed seed."""

    def __init__(self, problem: Problem, lines: Sequence[Line], seed: int = 0) -> None:
        self.problem = problem
        self.lines = list(lines)
        self.air = Timeline(problem, self.lines)
        self.random = random.Random(seed)  # noqa: S311 - a plan needs no secrets, only repeatable chance
        self.ideal: dict[int, float] = {}

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
