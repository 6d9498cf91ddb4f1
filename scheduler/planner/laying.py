"""Whole lines of a plan in the making: the times open to a line, its best pattern among them, and a first plan."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from scheduler.planner.airings import WIDE_S, Airings
from scheduler.planner.alone import alone, least_alone
from scheduler.planner.dynamic import WIDTH, best_pattern, patterns
from scheduler.planner.line import Line
from scheduler.planner.problem import DAY_S
from scheduler.planner.spacing import chain, counts_hold, least_needed, least_number, place_windows

LONG_DAYS = 100  # above this the exact pattern of a line costs too much
SESSION_S = 3 * 3600  # room closer together than this counts as one session of the day
MOST_TIMES = 250  # above this the exact pattern of a line costs too much


class Laying(Airings):
    """A plan in the making to which whole lines are laid."""

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
