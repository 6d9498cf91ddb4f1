"""A line: one programme on a group of zones that always air it together.

Lines carry what the search changes (the times of the airings) beside what it only reads, laid out for
speed: the search asks these questions some hundred thousand times per plan.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from itertools import pairwise

from scheduler.planner.problem import DAY_S, NO_LIMIT, Problem, Programme, Span

HARD: float = 1000.0  # cost of one missing airing of an obligation, priority 1 doubled
STAY: float = (
    8.0  # cost of an airing at another time than in the plan that stands, half for leaving, half for coming
)
NEAR: tuple[float, ...] = (
    2.0,
    2.0,
    1.5,
    1.5,
    1.25,
    1.25,
    1.25,
    1.25,
)  # how much dearer that is 0, 1, ... days ahead
SOFT: float = 60.0  # cost of one airing missing to a wish


class Line:
    """The airings of one programme on its zones, and what is asked of them."""

    __slots__ = (
        "adjacent",
        "air",
        "anchors",
        "base",
        "camp_of",
        "caps",
        "days",
        "devs",
        "fixed",
        "gap_days",
        "gap_s",
        "gaps",
        "index",
        "lack",
        "least_hard",
        "least_lack",
        "least_silent",
        "length_s",
        "limits",
        "locked",
        "needs",
        "number",
        "odd_s",
        "of_day",
        "pair",
        "periods",
        "places",
        "pressure",
        "programme",
        "settled",
        "silence",
        "stay",
        "tally",
        "urgency",
        "wants",
        "weight",
        "wished",
        "zones",
    )  # fmt: skip

    def __init__(
        self, index: int, programme: Programme, zones: tuple[int, ...], problem: Problem, earliest: int
    ) -> None:
        self.index = index
        self.programme = programme
        self.zones = zones
        self.length_s = programme.length_s
        self.weight = float(len(zones))
        self.base: list[tuple[Span, ...]] = start_intervals(problem, programme, zones, earliest)
        self.days = [bool(b) for b in self.base]
        self.periods = programme.periods
        self.needs = [p.need for p in self.periods]
        self.caps = [p.most for p in self.periods]
        self.wants = [max(p.need, p.want) for p in self.periods]
        self.of_day: list[tuple[int, ...]] = _periods_by_day(self.periods, problem.days)
        self.camp_of = programme.camp_of if programme.campaigns else None
        own = programme.length_s + problem.changeover_s  # from start to start, two airings of one zone
        self.gaps = [(max(own, c.gap_s), c.gap_days) for c in programme.campaigns]
        self.gap_s, self.gap_days = max(own, programme.gap_s), programme.gap_days
        self.silence = programme.silence_days
        self.limits = [c.max_per_day for c in programme.campaigns]
        self.urgency = HARD * (1.0 + (5 - min(5, max(1, programme.priority))) / 4.0)
        total = sum(programme.weight)
        self.wished: list[float] = [0.0]
        for rate in programme.weight:
            self.wished.append(self.wished[-1] + (rate / total if total > 0 else 0.0))
        self.number = 0  # places of the pattern
        self.pressure = 1.0  # grows while the line stays hungry and the search wants it fed
        self.settled = 0  # the number that the deviations were reckoned with
        self.places: list[int | None] = []  # time of each place, None: not placed
        self.devs: list[float] = []
        self.fixed: set[int] = set()
        self.odd_s: dict[int, int] = {}  # fixed airings of another length than the programme has now
        self.least_lack = 0  # what it lacks even with the air to itself
        self.least_hard = 0  # of these, what its obligations lack
        self.least_silent = 0  # airings that would end its silences, missing even then
        self.locked = False
        self.anchors: frozenset[int] = frozenset()  # times of the plan that stands: leaving one costs STAY
        self.stay: list[
            float
        ] = []  # per day: what leaving or coming costs there, multiples of 1/8 (exact sums)
        self.tally = [0] * len(self.periods)
        self.lack = sum(self.wants)  # airings missing to obligations and wishes, over all periods
        self.pair: list[int] = []  # least silence to each other line, filled by the timeline
        self.adjacent: list[bool] = []  # same topic as that line

    # -- spacing
    def wish(self, at: int) -> float:
        """Share of all wished airings that should be over at `at` (0..1)."""
        day, second = divmod(at, DAY_S)
        wished = self.wished
        low = wished[day]
        return low + (wished[day + 1] - low) * (second / DAY_S)

    def dev(self, place: int, at: int) -> float:
        """Distance of an airing from its ideal place, in airings."""
        away = self.wish(at) * self.number - place - 0.5
        return away if away >= 0 else -away

    # -- gaps
    def gap_of(self, day1: int, day2: int) -> tuple[int, int]:
        """Least seconds and days between successive airings on two days."""
        if self.camp_of is not None:
            camp1, camp2 = self.camp_of[day1], self.camp_of[day2]
            if camp1 >= 0:
                return self.gaps[camp1]
            if camp2 >= 0:
                return self.gaps[camp2]
        return self.gap_s, self.gap_days

    def apart(self, first: int, second: int) -> bool:
        """Whether two successive airings are far enough from each other."""
        day1, day2 = first // DAY_S, second // DAY_S
        gap_s, gap_days = self.gap_of(day1, day2)
        return second - first >= gap_s and day2 - day1 >= gap_days

    def between(self, before: int | None, day: int, after: int | None) -> Span:
        """The first and the last second of a day that are far enough from the airings before and after it.

        The first comes after the last where there is none.
        """
        low, high = 0, DAY_S
        if before is not None:
            day1 = before // DAY_S
            gap_s, gap_days = self.gap_of(day1, day)
            if day - day1 < gap_days:
                return (1, 0)
            low = before + gap_s - day * DAY_S
        if after is not None:
            day2 = after // DAY_S
            gap_s, gap_days = self.gap_of(day, day2)
            if day2 - day < gap_days:
                return (1, 0)
            high = after - gap_s - day * DAY_S
        return (low, high)

    def standing(self) -> tuple[list[int], list[int]]:
        """The times of all airings, in order, and the place of each."""
        places = [place for place, at in enumerate(self.places) if at is not None]
        return self.placed(), places

    def slots_on(
        self, day: int, standing: tuple[list[int], list[int]]
    ) -> list[tuple[int, int | None, int | None]]:
        """Where one airing more could stand on a day: (place, airing before, airing after)."""
        times, places = standing
        first, end = bisect_left(times, day * DAY_S), bisect_left(times, (day + 1) * DAY_S)
        if end - first >= self.most_on(day):
            return []
        return [
            (
                places[i - 1] + 1 if i else 0,
                times[i - 1] if i else None,
                times[i] if i < len(times) else None,
            )
            for i in range(first, end + 1)
        ]

    # -- silence
    def too_long(self, first_day: int, second_day: int) -> int:
        """How many airings at the least are missing between two airings, so that no silence is too long."""
        return max(0, (second_day - first_day - 1) // self.silence) if self.silence else 0

    def silence_around(self, before: int | None, day: int, after: int | None) -> int:
        """The airings missing to end the silences before and after an airing on a day."""
        return (self.too_long(before // DAY_S, day) if before is not None else 0) + (
            self.too_long(day, after // DAY_S) if after is not None else 0
        )

    def silent(self) -> int:
        """How many airings are missing to end silences that are longer than wished."""
        if not self.silence:
            return 0
        days = [at // DAY_S for at in self.places if at is not None]
        return sum(self.too_long(one, two) for one, two in pairwise(days))

    def least_silence(self, airings: list[int]) -> int:
        """What `silent` would be with an airing more on every open day between these days."""
        if not self.silence:
            return 0
        least = 0
        for one, two in pairwise(airings):
            if self.too_long(one, two):
                open_ = [one, *(day for day in range(one + 1, two) if self.days[day]), two]
                least += sum(self.too_long(a, b) for a, b in pairwise(open_))
        return least

    def wanted_days(self) -> list[int]:
        """The days on which one airing more would bring something that is missing, some more than once."""
        wanted = [
            day
            for period, have, want in zip(self.periods, self.tally, self.wants, strict=True)
            if have < want
            for day in range(max(0, period.first), min(len(self.days) - 1, period.last) + 1)
            if self.days[day]
        ]
        if self.silence:
            airings = [at // DAY_S for at in self.places if at is not None]
            wanted += [
                day
                for one, two in pairwise(airings)
                if self.too_long(one, two)
                for day in range(one + 1, two)
                if self.days[day]
            ]
        return wanted

    def most_on(self, day: int) -> int:
        """How often it may air on a day."""
        if self.camp_of is not None and self.camp_of[day] >= 0:
            return self.limits[self.camp_of[day]]
        return self.programme.max_per_day

    def useful_on(self, day: int) -> int:
        """How often it may air on a day to any use."""
        asked = max((self.wants[period] for period in self.of_day[day]), default=0)
        return max(1, min(self.most_on(day), asked))

    def widest_gap_s(self) -> int:
        """No two airings that lie further apart than this can be too close."""
        gaps = [(self.gap_s, self.gap_days), *self.gaps]
        return max(max(s, d * DAY_S) for s, d in gaps)

    # -- places
    def open(self, number: int) -> None:
        """Start a pattern of `number` places, all empty."""
        self.number = self.settled = number
        self.places = [None] * number
        self.devs = [0.0] * number
        self.tally = [0] * len(self.periods)
        self.lack = sum(self.wants)

    def put(self, place: int, at: int) -> None:
        """Note an airing; the caller has looked that it fits."""
        self.places[place] = at
        self.devs[place] = self.dev(place, at)
        tally, wants = self.tally, self.wants
        for period in self.of_day[at // DAY_S]:
            if tally[period] < wants[period]:
                self.lack -= 1
            tally[period] += 1

    def take(self, place: int) -> int:
        """Forget an airing and tell when it was."""
        at = self.places[place]
        assert at is not None
        self.places[place] = None
        self.devs[place] = 0.0
        tally, wants = self.tally, self.wants
        for period in self.of_day[at // DAY_S]:
            tally[period] -= 1
            if tally[period] < wants[period]:
                self.lack += 1
        return at

    def placed(self) -> list[int]:
        """The times of all airings, in order."""
        return [at for at in self.places if at is not None]

    def before(self, place: int) -> int | None:
        """The time of the last airing before a place."""
        places = self.places
        for i in range(place - 1, -1, -1):
            if (at := places[i]) is not None:
                return at
        return None

    def after(self, place: int) -> int | None:
        """The time of the first airing after a place."""
        places = self.places
        for i in range(place + 1, len(places)):
            if (at := places[i]) is not None:
                return at
        return None

    def count_on(self, day: int, place: int) -> int:
        """Airings on a day, all of which stand next to `place` (save for empty places)."""
        places = self.places
        low, high = day * DAY_S, (day + 1) * DAY_S
        count = 0
        for i in range(place - 1, -1, -1):
            if (at := places[i]) is not None:
                if at < low:
                    break
                count += at < high
        for i in range(place, len(places)):
            if (at := places[i]) is not None:
                if at >= high:
                    break
                count += at >= low
        return count

    def shortfall(self) -> tuple[int, int]:
        """(airings missing to obligations, further airings missing to wishes), summed over all periods."""
        hard = soft = 0
        for have, need, want in zip(self.tally, self.needs, self.wants, strict=True):
            if have < need:
                hard += need - have
                soft += want - need
            elif have < want:
                soft += want - have
        return hard, soft

    def cost(self) -> float:
        """What the search makes small: missing airings first, then uneven spacing."""
        total = 0.0
        if self.lack:
            for have, need, want in zip(self.tally, self.needs, self.wants, strict=True):
                if have < need:
                    total += (need - have) * self.urgency + (want - need) * SOFT
                elif have < want:
                    total += (want - have) * SOFT
        if self.silence:
            total += self.silent() * SOFT
        total *= self.weight * self.pressure
        if self.number >= 2:
            total += self.weight * (max(self.devs) + 0.1 * sum(self.devs) / self.number)
        if self.anchors:
            stay = self.stay
            for at in self.anchors.symmetric_difference(self.placed()):
                total += stay[at // DAY_S]
        return total

    def strays(self) -> list[int]:
        """The times that differ from the plan that stands."""
        return [at for at in self.placed() if at not in self.anchors] if self.anchors else []

    def hungry(self) -> bool:
        """Whether an airing is missing that the line could have if it had the air to itself."""
        return self.lack > self.least_lack or (self.silence > 0 and self.silent() > self.least_silent)

    def lacking(self) -> int:
        """Airings missing to periods and to silences."""
        return self.lack + self.silent()

    def starving(self) -> bool:
        """Whether an obligation lacks an airing that the line could have if it had the air to itself."""
        return self.lack > 0 and self.shortfall()[0] > self.least_hard

    def settle(self) -> None:
        """Forget places left empty; the deviations are those of the airings that there are."""
        if None in self.places:
            self.places = [at for at in self.places if at is not None]
        elif self.number == self.settled:
            return
        self.number = self.settled = len(self.places)
        self.devs = [self.dev(place, at) for place, at in enumerate(self.places) if at is not None]


def start_intervals(
    problem: Problem, programme: Programme, zones: Iterable[int], earliest: int
) -> list[tuple[Span, ...]]:
    """Per day: the seconds (both ends inclusive) at which the programme may start as far as windows, blocks and its own rules go."""
    length = programme.length_s
    known: dict[tuple[object, ...], tuple[Span, ...]] = {}
    result: list[tuple[Span, ...]] = []
    for day in range(problem.days):
        if not programme.days[day] or (day + 1) * DAY_S <= earliest:
            result.append(())
            continue
        frees = tuple(problem.zones[z].free[day] for z in zones)
        if frees not in known:
            known[frees] = _starts(frees, programme.dayparts, length)
        spans = known[frees]
        if day * DAY_S < earliest:
            low = earliest - day * DAY_S
            spans = tuple((max(a, low), b) for a, b in spans if b >= low)
        result.append(spans)
    return result


def shut(line: Line, day: int, low: int, high: int) -> None:
    """Let no airing of a line start between these seconds of a day (both exclusive)."""
    spans: list[Span] = []
    for a, b in line.base[day]:
        if a <= min(b, low):
            spans.append((a, min(b, low)))
        if max(a, high) <= b:
            spans.append((max(a, high), b))
    line.base[day] = tuple(sorted(set(spans)))
    line.days[day] = bool(spans)


def _starts(
    frees: tuple[tuple[Span, ...], ...], dayparts: tuple[Span, ...] | None, length: int
) -> tuple[Span, ...]:
    spans: list[Span] = [(0, DAY_S)]
    for free in (*frees, *([dayparts] if dayparts is not None else [])):
        # the whole play must lie in one interval of each list, so intersect the intervals of starts
        starts = [(a, b - length) for a, b in free if b - a >= length]
        spans = [(max(a, c), min(b, d)) for a, b in spans for c, d in starts if max(a, c) <= min(b, d)]
    merged: list[list[int]] = []
    for a, b in sorted(set(spans)):
        if merged and a <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], b)
        else:
            merged.append([a, b])
    return tuple((a, b) for a, b in merged)


def _periods_by_day(periods: tuple[object, ...], days: int) -> list[tuple[int, ...]]:
    lists: list[list[int]] = [[] for _ in range(days)]
    for number, period in enumerate(periods):
        for day in range(max(0, period.first), min(days - 1, period.last) + 1):  # type: ignore[attr-defined]
            lists[day].append(number)
    return [tuple(found) for found in lists]


__all__ = ["HARD", "NO_LIMIT", "SOFT", "Line", "shut", "start_intervals"]
