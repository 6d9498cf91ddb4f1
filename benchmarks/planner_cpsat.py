"""A plain CP-SAT planner to measure ours against: whole days and sessions, then the seconds session by session.

Only where `ortools` (Apache-2.0) is installed; nothing else needs it. One variable per programme, day and session
counts airings there. Counts are elastic at the prices of our own search, evenness is the greatest distance from the
even curve at the ends of days. Sessions hold seconds, days hold budgets and plays, gaps are kept between days and
between sessions. What the model does not know (topics and lead units side by side, order inside a session) is left
to the same sequencing as the HiGHS column. Long horizons are planned in slices of 31 days, each knowing the ones
before it, and each begins with the plan of plain greedy as a hint. One worker and bounded deterministic time, so
that the same input gives the same plan.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

SLICE_DAYS = 31
STEPS = (
    30.0  # deterministic time of CP-SAT per slice: its own measure of work, some four times as many seconds
)
FINE = 100  # evenness in hundredths of an airing


def cpsat(problem: Any, lines: list[Any], seconds: float) -> bool:
    """Lay the lines by CP-SAT. False: it found no plan at all in its time, `seconds` of search for all slices."""
    from scheduler.planner import guided
    from scheduler.planner.search import Search

    layout: dict[int, list[tuple[int, int]]] = {line.index: [] for line in lines}
    known = _greedy(problem)
    share_s = seconds / math.ceil(problem.days / SLICE_DAYS)
    for start in range(0, problem.days, SLICE_DAYS):
        end = min(problem.days, start + SLICE_DAYS) - 1
        found = _Slice(problem, lines, (start, end), layout, known).solve(share_s)
        if found is None:
            return False
        for owner, places in found.items():
            layout[owner] += places
    search = Search(problem, lines)
    for zone in range(len(problem.zones)):
        alone = {line.index: layout[line.index] for line in lines if line.zones[0] == zone}
        guided.lay(search, zone, alone)
    return True


def _greedy(problem: Any) -> dict[tuple[int, int, int], int]:
    """Airings per line, day and session of plain greedy: what CP-SAT begins with."""
    from scheduler.planner.entry import make_lines
    from scheduler.planner.search import Search

    lines = make_lines(problem, [], 0)
    Search(problem, lines).construct()
    known: dict[tuple[int, int, int], int] = defaultdict(int)
    for line in lines:
        for at in line.placed():
            day, second = divmod(at, 86_400)
            for number, (low, high) in enumerate(problem.zones[line.zones[0]].free[day]):
                if low <= second < high:
                    known[line.index, day, number] += 1
    return dict(known)


class _Slice:
    """The model of some days (both inclusive), after what the slices before have laid."""

    def __init__(
        self,
        problem: Any,
        lines: list[Any],
        days: tuple[int, int],
        before: dict[int, list[tuple[int, int]]],
        known: dict[tuple[int, int, int], int],
    ) -> None:
        from ortools.sat.python import cp_model

        self.problem, self.known, (self.start, self.end) = problem, known, days
        self.model = cp_model.CpModel()
        self.price: list[Any] = []
        self.places: dict[tuple[int, int, int], Any] = {}
        self.session: dict[tuple[int, int, int], list[Any]] = defaultdict(list)  # (zone, day, session)
        self.day_s: dict[tuple[int, int], list[Any]] = defaultdict(list)
        self.day_n: dict[tuple[int, int], list[Any]] = defaultdict(list)
        for line in lines:
            self._line(line, [day for day, _ in before[line.index]])
        self._air()

    def solve(self, seconds: float) -> dict[int, list[tuple[int, int]]] | None:
        from ortools.sat.python import cp_model

        self.model.minimize(sum(self.price))
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.interleave_search = (
            True  # its portfolio of searches in turn, repeatable on one worker
        )
        solver.parameters.random_seed = 0
        solver.parameters.max_deterministic_time = STEPS
        solver.parameters.max_time_in_seconds = seconds
        if solver.solve(self.model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None
        found: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for (owner, day, number), column in self.places.items():
            found[owner] += [(day, number)] * solver.value(column)
        return found

    def _line(self, line: Any, done: list[int]) -> None:
        free = self.problem.zones[line.zones[0]].free
        gap_s = self.problem.changeover_s
        on: dict[int, list[Any]] = defaultdict(list)
        open_: list[tuple[int, int, Any]] = []  # earliest and latest start, variable
        for day in range(self.start, self.end + 1):
            most = min(line.most_on(day), 50)
            for number, (low, high) in enumerate(free[day]):
                starts = [(max(a, low), min(b, high - line.length_s)) for a, b in line.base[day]]
                starts = [(a, b) for a, b in starts if a <= b]
                if not starts or not most:
                    continue
                one = self.model.new_int_var(0, most, "")
                self.model.add_hint(one, self.known.get((line.index, day, number), 0))
                self.places[line.index, day, number] = one
                on[day].append(one)
                open_.append((day * 86_400 + starts[0][0], day * 86_400 + starts[-1][1], one))
                for zone in line.zones:
                    there = self.problem.zones[zone].free[day]
                    if there == free[day]:
                        self.session[zone, day, number].append((line.length_s + gap_s) * one)
                    self.day_s[zone, day].append(line.length_s * one)
                    self.day_n[zone, day].append(one)
            if len(on[day]) > 1:
                self.model.add(sum(on[day]) <= most)
        self._gaps(line, on, open_, done)
        self._periods(line, on, done)
        self._even(line, on, len(done))

    def _gaps(self, line: Any, on: dict[int, list[Any]], open_: list[Any], done: list[int]) -> None:
        for day in range(self.start, self.end + 1):
            _, days = self._gap_on(line, day)
            if days >= 1:
                span = [c for d in range(day, min(self.end, day + days - 1) + 1) for c in on[d]]
                if span:
                    late = any(day - d < days for d in done)
                    here = on[day] if late else span
                    self.model.add(sum(here) <= (0 if late else 1))
        for place, (early, latest, one) in enumerate(open_):
            gap_s, _ = self._gap_on(line, early // 86_400)
            if not gap_s:
                continue
            if latest - early < gap_s:
                self.model.add(one <= 1)
            for _, last, other in open_[place + 1 :]:
                if last - early >= gap_s:
                    break
                self.model.add(one + other <= 1)

    @staticmethod
    def _gap_on(line: Any, day: int) -> tuple[int, int]:
        if line.camp_of is not None and line.camp_of[day] >= 0:
            return line.gaps[line.camp_of[day]]
        return line.gap_s, line.gap_days

    def _periods(self, line: Any, on: dict[int, list[Any]], done: list[int]) -> None:
        price = len(line.zones) * FINE
        of_line = [(key, n) for key, n in self.known.items() if key[0] == line.index]
        for period in line.periods:
            first, last = max(self.start, period.first), min(self.end, period.last)
            if first > last:
                continue
            has = [c for day in range(first, last + 1) for c in on[day]]
            there = sum(period.first <= day <= period.last for day in done)
            hinted = sum(n for (i, d, _), n in of_line if first <= d <= last)
            if has and period.most < 10**6:
                self.model.add(sum(has) + there <= max(period.most, there))
            days = sum(line.days[max(0, period.first) : period.last + 1])
            share = sum(line.days[max(0, period.first) : last + 1]) / days if days else 0.0
            need = math.floor(period.need * share + 1e-9) - there
            want = math.floor(max(period.need, period.want) * share + 1e-9) - there
            if need > 0:
                lack = self.model.new_int_var(0, need, "")
                self.model.add_hint(lack, max(0, need - hinted))
                self.model.add(sum(has) + lack >= need)
                self.price.append(int(line.urgency) * price * lack)
            if want > 0:
                lack = self.model.new_int_var(0, want, "")
                self.model.add_hint(lack, max(0, want - hinted))
                self.model.add(sum(has) + lack >= want)
                self.price.append(60 * price * lack)

    def _even(self, line: Any, on: dict[int, list[Any]], done: int) -> None:
        from scheduler.planner.spacing import least_number

        number = least_number(line)
        if number < 2:
            return
        widest = self.model.new_int_var(0, FINE * number, "")
        self.price.append(len(line.zones) * widest)
        so_far: Any = done
        hinted, furthest = done, 0
        for day in range(self.start, self.end + 1):
            if not on[day]:
                continue
            after = self.model.new_int_var(0, done + 50 * (day - self.start + 1), "")
            hinted += sum(self.known.get((line.index, day, n), 0) for n in range(24))
            self.model.add_hint(after, hinted)
            distance = abs(FINE * hinted - round(FINE * number * line.wished[day + 1])) - FINE // 2
            furthest = max(furthest, distance)
            self.model.add(after == so_far + sum(on[day]))
            so_far = after
            away = FINE * after - round(FINE * number * line.wished[day + 1])
            self.model.add(away <= widest + FINE // 2)
            self.model.add(-away <= widest + FINE // 2)
        self.model.add_hint(widest, min(furthest, FINE * number))

    def _air(self) -> None:
        for (zone, day, number), seconds in self.session.items():
            low, high = self.problem.zones[zone].free[day][number]
            self.model.add(sum(seconds) <= high - low + self.problem.changeover_s)
        for (zone, day), seconds in self.day_s.items():
            at = self.problem.zones[zone]
            room = min(at.budget_s, sum(b - a for a, b in at.free[day]))
            self.model.add(sum(seconds) <= room)
        for (zone, _day), plays in self.day_n.items():
            if self.problem.zones[zone].max_plays < 10**6:
                self.model.add(sum(plays) <= self.problem.zones[zone].max_plays)
