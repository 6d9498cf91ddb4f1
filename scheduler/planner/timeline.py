"""What is on air in each zone on each day, by seconds, and where there is room for one play more."""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence

from scheduler.planner.line import Line
from scheduler.planner.problem import DAY_S, Problem, Span

On = tuple[
    int, int, int
]  # start second of the day, end second, line index (or -1: an emergency announcement)


class Timeline:
    """The air of all zones. A play is known by its start, its end and its line."""

    def __init__(self, problem: Problem, lines: Sequence[Line]) -> None:
        zones, days = len(problem.zones), problem.days
        self.changeover = problem.changeover_s
        self.adjacent_s = max(problem.adjacent_s, problem.changeover_s)
        self.on: list[list[list[On]]] = [[[] for _ in range(days)] for _ in range(zones)]
        self.used = [[0] * days for _ in range(zones)]
        self.budget = [z.budget_s for z in problem.zones]
        self.most = [z.max_plays for z in problem.zones]
        self.lines = lines
        # keep plays of one topic apart even where a third lies between them, so that a miss of the third
        # breaks no rule; given up only where there is no room for it
        self.sturdy = True
        self.topics = [*(line.programme.topic for line in lines), None]
        for line in lines:
            self._relate(line)
        self.widest_s = max((max(line.pair) for line in lines), default=0)  # no silence needs to be longer
        self.overrun_s = 0  # how far anything on air reaches into the next day

    def _relate(self, line: Line) -> None:
        """Work out the least silence between this line and each other. The last entry is for announcements."""
        own = line.programme
        pair, adjacent = [], []
        for other in self.lines:
            theirs = other.programme
            gap = self.changeover
            same = theirs.index == own.index
            if not same and own.lead_unit is not None and own.lead_unit == theirs.lead_unit:
                gap = max(gap, own.unit_gap_s, theirs.unit_gap_s)
            pair.append(gap)
            adjacent.append(
                not same
                and own.topic is not None
                and own.topic == theirs.topic
                and (own.topic_apart or theirs.topic_apart)
            )
        line.pair = [*pair, 0]
        line.adjacent = [*adjacent, False]

    def occupy(self, zones: Sequence[int], day: int, start: int, length: int, line: int) -> None:
        """Put a play (or an announcement: line -1) on air."""
        entry = (start, start + length, line)
        self.overrun_s = max(self.overrun_s, start + length - DAY_S)
        for zone in zones:
            insort(self.on[zone][day], entry)
            if line >= 0:
                self.used[zone][day] += length

    def vacate(self, zones: Sequence[int], day: int, start: int, length: int, line: int) -> None:
        """Take a play off the air again."""
        entry = (start, start + length, line)
        for zone in zones:
            self.on[zone][day].remove(entry)
            if line >= 0:
                self.used[zone][day] -= length

    def add(self, line: Line, at: int) -> None:
        """Put an airing of a line on air."""
        day, start = divmod(at, DAY_S)
        self.occupy(line.zones, day, start, line.odd_s.get(at, line.length_s), line.index)

    def drop(self, line: Line, at: int) -> None:
        """Take an airing of a line off the air."""
        day, start = divmod(at, DAY_S)
        self.vacate(line.zones, day, start, line.odd_s.get(at, line.length_s), line.index)

    def headroom(self, line: Line, day: int) -> int:
        """How many airings of a line the budget and the limit of plays leave for a day."""
        return min(
            min(
                (self.budget[zone] - self.used[zone][day]) // line.length_s,
                self.most[zone] - sum(1 for on in self.on[zone][day] if on[2] >= 0),
            )
            for zone in line.zones
        )

    def room(self, line: Line, day: int) -> list[Span]:
        """The intervals (ends inclusive) of seconds at which the line could start on this day."""
        base = line.base[day]
        if not base:
            return []
        length = line.length_s
        for zone in line.zones:
            if self.used[zone][day] + length > self.budget[zone]:
                return []
            most = self.most[zone]
            if len(self.on[zone][day]) >= most and sum(1 for on in self.on[zone][day] if on[2] >= 0) >= most:
                return []
        shut: list[Span] = []
        pair, topic = line.pair, line.programme.topic
        topics = self.topics
        for zone in line.zones:
            on = self.on[zone][day]
            shut += [(start - length - pair[other], end + pair[other]) for start, end, other in on]
            if topic is not None and topic in [topics[other] for _, _, other in on]:
                shut += self._topic_shut(on, line, length)
        if base[0][0] < self.widest_s + self.overrun_s or base[-1][1] + length > DAY_S - self.widest_s:
            shut += self._over_midnight(line, day)
        shut.sort()
        free: list[Span] = []
        for low, high in base:
            at = low
            for a, b in shut:  # open intervals a < start < b are shut
                if b <= at:
                    continue
                if a >= high:
                    break
                if a >= at:
                    free.append((at, a))
                at = b
                if at > high:
                    break
            if at <= high:
                free.append((at, high))
        return free

    def _over_midnight(self, line: Line, day: int) -> list[Span]:
        """What lies just before and just after a day keeps its silence, too."""
        shut: list[Span] = []
        pair, length = line.pair, line.length_s
        for zone in line.zones:
            days = self.on[zone]
            if day > 0:
                shut += [
                    (start - DAY_S - length - pair[other], end - DAY_S + pair[other])
                    for start, end, other in days[day - 1]
                    if end - DAY_S + self.widest_s > 0
                ]
            if day + 1 < len(days):
                shut += [
                    (start + DAY_S - length - pair[other], end + DAY_S + pair[other])
                    for start, end, other in days[day + 1]
                    if start < self.widest_s + length
                ]
        return shut

    def _topic_shut(self, on: list[On], line: Line, length: int) -> list[Span]:
        """A neighbour of the same topic keeps further away, unless something lies in between."""
        shut: list[Span] = []
        apart = self.adjacent_s
        adjacent = line.adjacent
        for at, (start, end, other) in enumerate(on):
            if adjacent[other]:
                low, high = start - apart, end + apart
                if not self.sturdy:
                    if at > 0 and on[at - 1][0] > low:
                        low = on[at - 1][0]
                    if at + 1 < len(on) and on[at + 1][0] < high:
                        high = on[at + 1][0]
                shut.append((low - length, high))
        return shut

    def leaves_neighbours_apart(self, line: Line, at: int) -> bool:
        """Whether taking this airing away would bring two plays of one topic side by side."""
        day, start = divmod(at, DAY_S)
        end = start + line.length_s
        for zone in line.zones:
            on = self.on[zone][day]
            i = on.index((start, end, line.index))
            if 0 < i < len(on) - 1:
                before, after = on[i - 1], on[i + 1]
                if (
                    before[2] >= 0
                    and after[2] >= 0
                    and after[0] - before[1] < self.adjacent_s
                    and self.lines[before[2]].adjacent[after[2]]
                ):
                    return False
        return True
