"""A plan problem in compact form: days are numbers from the first day, times are seconds of the day.

`read` takes the JSON object of a problem (the schema in docs/planner.md) and rejects nonsense with a
`ProblemError` that names the place. Everything here is a pure function of the input.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from content.errors import Told
from content.language import N_
from scheduler.planner.errors import ProblemError, TimeOrderError

DAY_S: Final = 86_400
OFF_AIR: Final = frozenset({"missed", "cancelled", "preempted"})
FIXED: Final = frozenset({"aired", "pinned", "emergency"})
STATUSES: Final = OFF_AIR | FIXED | {"planned"}
NO_LIMIT: Final = 1 << 60
LONGEST_HORIZON_DAYS: Final = 3_700

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A group of speakers with its own air: budget in seconds and count of plays per day."""

    id: str
    station: str | None
    budget_s: int
    max_plays: int
    free: tuple[tuple[Span, ...], ...]  # per day: the intervals in which something may be on air


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """Dates (day numbers, both inclusive) on which other limits replace the base ones."""

    first: int
    last: int
    max_per_day: int
    gap_s: int
    gap_days: int
    min_per_day: int
    min_per_week: int
    min_total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """How often a programme must, may and should air between two days, both inclusive."""

    rule: str
    label: str
    first: int
    last: int
    need: int = 0
    most: int = NO_LIMIT
    want: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """One recurring column or item with its rules, in compact form."""

    id: str
    title: str
    index: int
    length_s: int
    zones: tuple[int, ...]
    topic: str | None
    topic_apart: bool
    lead_unit: str | None
    unit_gap_s: int
    priority: int
    first: int  # first and last day on which it may air at all
    last: int
    days: tuple[bool, ...]  # per day: valid, and an allowed weekday
    dayparts: tuple[Span, ...] | None
    periods: tuple[Period, ...]
    campaigns: tuple[Campaign, ...]
    camp_of: tuple[int, ...]  # per day: index of its campaign or -1
    gap_s: int
    gap_days: int
    silence_days: int  # longest silence wished, 0 = no wish
    max_per_day: int
    weight: tuple[float, ...]  # per day: wished rate of airing
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenPlay:
    """A play that the input brings along. `day`/`start_s` are local wall clock."""

    id: str
    programme: int  # -1: none (an emergency announcement)
    day: int
    start_s: int
    length_s: int
    zones: tuple[int, ...]
    status: str
    source: Mapping[str, Any] = field(default_factory=dict)

    @property
    def at(self) -> int:
        """Seconds since the start of the first day."""
        return self.day * DAY_S + self.start_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """All that the planner knows."""

    first_on: date
    days: int
    changeover_s: int
    adjacent_s: int
    zones: tuple[Zone, ...]
    programmes: tuple[Programme, ...]
    plays: tuple[GivenPlay, ...]

    def on(self, day: int) -> date:
        """The date of day number `day`."""
        return self.first_on + timedelta(days=day)

    def instant(self, at: int) -> str:
        """`at` seconds after the first midnight as local wall clock, ISO."""
        return (datetime.combine(self.first_on, datetime.min.time()) + timedelta(seconds=at)).isoformat()


def read(source: Mapping[str, Any]) -> Problem:
    """The problem in compact form. Raises: ProblemError."""
    if not isinstance(source, Mapping):
        raise ProblemError(place="/", reason=Told(N_("it is not an object")))
    meta = _mapping(source.get("meta"), "meta")
    horizon = _mapping(meta.get("horizon"), "meta.horizon")
    first_on = _date(horizon.get("from"), "meta.horizon.from")
    last_on = _date(horizon.get("until"), "meta.horizon.until")
    if last_on < first_on:
        raise TimeOrderError(place="meta.horizon", start=first_on, end=last_on)
    days = (last_on - first_on).days + 1
    if days > LONGEST_HORIZON_DAYS:
        raise ProblemError(place="meta.horizon", reason=Told(N_("it is longer than ten years")))
    reader = _Reader(source, first_on, days)
    zones = reader.zones()
    programmes = reader.programmes()
    return Problem(
        first_on=first_on,
        days=days,
        changeover_s=_whole(meta.get("changeover_s", 0), "meta.changeover_s"),
        adjacent_s=_whole(meta.get("adjacent_gap_s", 300), "meta.adjacent_gap_s"),
        zones=zones,
        programmes=programmes,
        plays=reader.plays(programmes),
    )


class _Reader:
    """Reads one problem; keeps what its parts refer to."""

    def __init__(self, source: Mapping[str, Any], first_on: date, days: int) -> None:
        self.source = source
        self.first_on = first_on
        self.days = days
        self.dates = [first_on + timedelta(days=i) for i in range(days)]
        self.zone_index: dict[str, int] = {}
        self.stations: dict[object, list[int]] = {}

    # -- zones, windows, blocks
    def zones(self) -> tuple[Zone, ...]:
        entries = _entries(self.source, "zones")
        for number, entry in enumerate(entries):
            place = f"zones[{number}]"
            zone_id = _text(entry.get("id"), place + ".id")
            if zone_id in self.zone_index:
                raise ProblemError(place=place, reason=Told(N_("a zone of this name stands above")))
            self.zone_index[zone_id] = number
            self.stations.setdefault(entry.get("station"), []).append(number)
        windows = self._laid("windows", len(entries))
        blocks = self._laid("blocks", len(entries))
        zones = []
        for number, entry in enumerate(entries):
            place = f"zones[{number}]"
            budget = entry.get("daily_budget_min")
            most = entry.get("max_plays_per_day")
            zones.append(
                Zone(
                    id=str(entry["id"]),
                    station=entry.get("station"),
                    budget_s=NO_LIMIT if budget is None else math.floor(_number(budget, place) * 60 + 1e-6),
                    max_plays=NO_LIMIT if most is None else _whole(most, place + ".max_plays_per_day"),
                    free=tuple(_free(w, b) for w, b in zip(windows[number], blocks[number], strict=True)),
                )
            )
        return tuple(zones)

    def _laid(self, key: str, zones: int) -> list[list[list[Span]]]:
        laid: list[list[list[Span]]] = [[[] for _ in range(self.days)] for _ in range(zones)]
        for number, entry in enumerate(_entries(self.source, key)):
            place = f"{key}[{number}]"
            start = _clock(entry["start"], place + ".start") if entry.get("start") else 0
            end = _clock(entry["end"], place + ".end") if entry.get("end") else DAY_S
            if end < start:
                raise TimeOrderError(place=place, start=entry.get("start"), end=entry.get("end"))
            where = self._zone_set(entry.get("zones"), place + ".zones")
            for day in self._days_of(entry, place):
                for zone in where:
                    laid[zone][day].append((start, end))
        return laid

    def _days_of(self, entry: Mapping[str, Any], place: str) -> list[int]:
        first, last = 0, self.days - 1
        if entry.get("from"):
            first = max(first, self.day(entry["from"], place + ".from"))
        if entry.get("until"):
            last = min(last, self.day(entry["until"], place + ".until"))
        dates = entry.get("dates")
        weekdays = _weekdays(entry.get("weekdays"), place)
        wanted = None if dates is None else {self.day(d, place + ".dates") for d in dates}
        return [
            day
            for day in range(first, last + 1)
            if (wanted is None or day in wanted)
            and (weekdays is None or self.dates[day].isoweekday() in weekdays)
        ]

    def _zone_set(self, spec: object, place: str) -> list[int]:
        if spec is None or spec == "*":
            return list(range(len(self.zone_index)))
        if isinstance(spec, Mapping):
            if spec.get("station") not in self.stations:
                raise ProblemError(place=place, reason=Told(N_("no zone belongs to this station")))
            return self.stations[spec.get("station")]
        return self._zone_list(spec, place)

    def _zone_list(self, spec: object, place: str) -> list[int]:
        if not isinstance(spec, list | tuple):
            raise ProblemError(place=place, reason=Told(N_("a list of zones is wanted")))
        found = []
        for name in spec:
            if not isinstance(name, str) or name not in self.zone_index:
                raise ProblemError(place=place, reason=Told(N_("this zone is not defined")))
            if self.zone_index[name] not in found:
                found.append(self.zone_index[name])
        return found

    def day(self, text: object, place: str) -> int:
        """Day number of a date; may lie outside the horizon."""
        return (_date(text, place) - self.first_on).days

    # -- programmes
    def programmes(self) -> tuple[Programme, ...]:
        entries = _entries(self.source, "programmes")
        seen: set[str] = set()
        read: list[Programme] = []
        for number, entry in enumerate(entries):
            place = f"programmes[{number}]"
            name = _text(entry.get("id"), place + ".id")
            if name in seen:
                raise ProblemError(place=place, reason=Told(N_("a programme of this name stands above")))
            seen.add(name)
            read.append(self._programme(entry, number, place))
        from scheduler.planner.series import with_series  # late: series needs this module

        return with_series(self.source, tuple(read), self.dates, self.zone_index)

    def _programme(self, entry: Mapping[str, Any], number: int, place: str) -> Programme:
        rules = _mapping(entry.get("rules") or {}, place + ".rules")
        first, last = 0, self.days - 1
        if entry.get("valid_from"):
            first = max(first, self.day(entry["valid_from"], place + ".valid_from"))
        if entry.get("valid_until"):
            last = min(last, self.day(entry["valid_until"], place + ".valid_until"))
        weekdays = _weekdays(rules.get("weekdays"), place + ".rules") or None
        days = tuple(
            first <= day <= last and (weekdays is None or self.dates[day].isoweekday() in weekdays)
            for day in range(self.days)
        )
        campaigns = tuple(
            self._campaign(c, rules, f"{place}.rules.campaigns[{i}]")
            for i, c in enumerate(_entries(rules, "campaigns"))
        )
        camp_of = tuple(
            next((i for i, c in enumerate(campaigns) if c.first <= day <= c.last), -1)
            for day in range(self.days)
        )
        periods = list(self._periods(rules, first, last, weekdays, place))
        periods += self._campaign_periods(campaigns, first, last, weekdays, days)
        if rules.get("first_airing_by"):
            by = self.day(rules["first_airing_by"], place + ".rules.first_airing_by")
            if first <= by <= self.days - 1:
                label = self.dates[by].isoformat()
                periods.append(Period(rule="FIRST_BY", label=label, first=min(first, by), last=by, need=1))
        length = _whole(entry.get("duration_s"), place + ".duration_s")
        if length <= 0:
            raise ProblemError(place=place + ".duration_s", reason=Told(N_("a length above zero is wanted")))
        return Programme(
            id=str(entry["id"]),
            title=str(entry.get("title") or entry["id"]),
            index=number,
            length_s=length,
            zones=tuple(self._zone_list(entry.get("zones"), place + ".zones")),
            topic=entry.get("topic") or None,
            topic_apart=bool(rules.get("topic_not_adjacent", True)),
            lead_unit=entry.get("lead_unit") or None,
            unit_gap_s=int(_number(rules.get("unit_sep_min") or 0, place) * 60),
            priority=_whole(entry.get("priority") or 3, place + ".priority"),
            first=first,
            last=last,
            days=days,
            dayparts=self._dayparts(rules.get("dayparts"), place),
            periods=tuple(periods),
            campaigns=campaigns,
            camp_of=camp_of,
            gap_s=_gap_s(rules.get("min_gap_h"), place),
            gap_days=_whole(rules.get("min_gap_days") or 0, place),
            silence_days=_whole(rules.get("max_gap_days") or 0, place),
            max_per_day=_limit(rules.get("max_per_day"), place),
            weight=tuple(self._rate(rules, campaigns, first, last, days, day) for day in range(self.days)),
            kind=str(entry.get("kind") or ""),
        )

    def _dayparts(self, spec: object, place: str) -> tuple[Span, ...] | None:
        if not spec:
            return None
        parts = []
        if not isinstance(spec, list | tuple):
            raise ProblemError(
                place=place + ".rules.dayparts", reason=Told(N_("a list of pairs of times is wanted"))
            )
        for part in spec:
            if not isinstance(part, list | tuple) or len(part) != 2:
                raise ProblemError(
                    place=place + ".rules.dayparts", reason=Told(N_("a list of pairs of times is wanted"))
                )
            parts.append(
                (_clock(part[0], place + ".rules.dayparts"), _clock(part[1], place + ".rules.dayparts"))
            )
        return tuple(parts)

    def _campaign(self, entry: Mapping[str, Any], rules: Mapping[str, Any], place: str) -> Campaign:
        return Campaign(
            first=self.day(entry.get("from"), place + ".from"),
            last=self.day(entry.get("until"), place + ".until"),
            max_per_day=_limit(entry.get("max_per_day", rules.get("max_per_day")), place),
            gap_s=_gap_s(entry.get("min_gap_h"), place),
            gap_days=_whole(entry.get("min_gap_days") or 0, place),
            min_per_day=_whole(entry.get("min_per_day") or 0, place),
            min_per_week=_whole(entry.get("min_per_week") or 0, place),
            min_total=_whole(entry.get("min_total") or 0, place),
        )

    def _spans(
        self, per: str, entry: Mapping[str, Any], first: int, last: int, place: str
    ) -> Iterable[tuple[str, int, int]]:
        """(label, first day, last day) of each full period that touches the days first..last."""
        if per == "range":
            start, end = self.day(entry.get("from"), place), self.day(entry.get("until"), place)
            yield f"{entry['from']}..{entry['until']}", start, end
            return
        day = first
        while day <= last:
            on = self.first_on + timedelta(days=day)
            if per == "day":
                start, end, label = day, day, on.isoformat()
            elif per == "week":
                start = day - on.isoweekday() + 1
                end = start + 6
                label = f"{self.first_on + timedelta(days=start)}/7"
            else:
                month = on.replace(day=1)
                following = (month + timedelta(days=32)).replace(day=1)
                start = (month - self.first_on).days
                end = (following - self.first_on).days - 1
                label = month.strftime("%Y-%m")
            yield label, start, end
            day = end + 1

    def _periods(
        self, rules: Mapping[str, Any], first: int, last: int, weekdays: frozenset[int] | None, place: str
    ) -> Iterable[Period]:
        if first > last:
            return
        for number, entry in enumerate(_entries(rules, "counts")):
            where = f"{place}.rules.counts[{number}]"
            per = entry.get("per")
            if per not in {"day", "week", "month", "range", "total"}:
                raise ProblemError(
                    place=where + ".per", reason=Told(N_("day, week, month, range or total is wanted"))
                )
            low, most, want = (
                None if entry.get(key) is None else _whole(entry[key], f"{where}.{key}")
                for key in ("min", "max", "target")
            )
            if per == "total":
                spans: Iterable[tuple[str, int, int]] = [("total", first, last)]
            else:
                spans = self._spans(str(per), entry, first, last, where)
            for label, start, end in spans:
                share = 1.0
                if per != "total":
                    full = [d for d in range(start, end + 1) if self._fits(d, weekdays)]
                    present = [d for d in full if first <= d <= last]
                    if not present:
                        continue
                    if entry.get("prorate", True):
                        share = len(present) / len(full)
                yield Period(
                    rule="COUNT",
                    label=label,
                    first=max(start, first),
                    last=min(end, last),
                    need=0 if low is None else math.floor(low * share + 1e-9),
                    most=NO_LIMIT if most is None else math.ceil(most * share - 1e-9),
                    want=0 if want is None else math.floor(want * share + 1e-9),
                )

    def _fits(self, day: int, weekdays: frozenset[int] | None) -> bool:
        return weekdays is None or (self.first_on + timedelta(days=day)).isoweekday() in weekdays

    def _campaign_periods(
        self,
        campaigns: tuple[Campaign, ...],
        first: int,
        last: int,
        weekdays: frozenset[int] | None,
        days: tuple[bool, ...],
    ) -> Iterable[Period]:
        for camp in campaigns:
            start, end = max(camp.first, first), min(camp.last, last)
            if start > end:
                continue
            label = f"{self.dates[start]}..{self.dates[end]}"
            if camp.min_total:
                yield Period(rule="CAMPAIGN", label=label, first=start, last=end, need=camp.min_total)
            if camp.min_per_day:
                for day in range(start, end + 1):
                    if days[day]:
                        on = self.dates[day].isoformat()
                        yield Period(rule="CAMPAIGN", label=on, first=day, last=day, need=camp.min_per_day)
            if camp.min_per_week:
                for _, monday, sunday in self._spans("week", {}, first, last, ""):
                    if not any(
                        self._fits(d, weekdays) for d in range(max(monday, first), min(sunday, last) + 1)
                    ):
                        continue
                    low, high = max(monday, start), min(sunday, end)
                    if low <= high:
                        need = math.floor(camp.min_per_week * (high - low + 1) / 7 + 1e-9)
                        span = f"{self.dates[low]}..{self.dates[high]}"
                        yield Period(rule="CAMPAIGN", label=span, first=low, last=high, need=need)

    def _rate(
        self,
        rules: Mapping[str, Any],
        campaigns: tuple[Campaign, ...],
        first: int,
        last: int,
        days: tuple[bool, ...],
        day: int,
    ) -> float:
        """The wished airings on a day: what even spacing is measured against."""
        if not days[day]:
            return 0.0
        base = 0.0
        for entry in _entries(rules, "counts"):
            wish = float(entry.get("target", entry.get("min", 0)) or 0)
            per = entry["per"]
            if per == "day":
                base = max(base, wish)
            elif per == "week":
                base = max(base, wish / 7)
            elif per == "month":
                base = max(base, wish / 30)
            elif per == "total":
                base = max(base, wish / max(1, last - first + 1))
            else:
                start, end = self.day(entry["from"], "from"), self.day(entry["until"], "until")
                if start <= day <= end:
                    base = max(base, wish / (end - start + 1))
        for camp in campaigns:
            if camp.first <= day <= camp.last:
                span = camp.last - camp.first + 1
                base = max(base, camp.min_per_day, camp.min_per_week / 7, camp.min_total / span)
        return base or 1e-6

    # -- plays
    def plays(self, programmes: tuple[Programme, ...]) -> tuple[GivenPlay, ...]:
        index = {p.id: p.index for p in programmes}
        given = []
        seen: set[str] = set()
        for number, entry in enumerate(_entries(self.source, "plays")):
            place = f"plays[{number}]"
            name = str(entry.get("id", f"#{number}"))
            if name in seen:
                raise ProblemError(place=place, reason=Told(N_("a play of this name stands above")))
            seen.add(name)
            status = entry.get("status", "planned")
            if status not in STATUSES:
                raise ProblemError(place=place + ".status", reason=Told(N_("this status is not known")))
            programme = index.get(entry.get("programme"), -1)
            if programme < 0 and status != "emergency" and status not in OFF_AIR:
                raise ProblemError(
                    place=place + ".programme", reason=Told(N_("this programme is not defined"))
                )
            moment = _moment(entry.get("start"), place + ".start")
            length = entry.get("duration_s") or (programmes[programme].length_s if programme >= 0 else 0)
            given.append(
                GivenPlay(
                    id=name,
                    programme=programme,
                    day=(moment.date() - self.first_on).days,
                    start_s=moment.hour * 3600 + moment.minute * 60 + moment.second,
                    length_s=_whole(length, place + ".duration_s"),
                    zones=tuple(self._zone_list(entry.get("zones") or [], place + ".zones")),
                    status=status,
                    source=entry,
                )
            )
        return tuple(given)


def _free(windows: list[Span], blocks: list[Span]) -> tuple[Span, ...]:
    """The windows, joined where they touch, without the blocks."""
    joined: list[list[int]] = []
    for start, end in sorted(windows):
        if joined and start <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([start, end])
    free: list[Span] = []
    for start, end in joined:
        at = start
        for block_start, block_end in sorted(blocks):
            if block_end <= at or block_start >= end:
                continue
            if block_start > at:
                free.append((at, block_start))
            at = max(at, block_end)
        if at < end:
            free.append((at, end))
    return tuple(free)


def _mapping(value: object, place: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ProblemError(place=place, reason=Told(N_("an object is wanted")))
    return value


def _entries(source: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = source.get(key) or []
    if not isinstance(value, list) or not all(isinstance(entry, Mapping) for entry in value):
        raise ProblemError(place=key, reason=Told(N_("a list of objects is wanted")))
    return value


def _text(value: object, place: str) -> str:
    if not isinstance(value, str) or not value:
        raise ProblemError(place=place, reason=Told(N_("a name is wanted")))
    return value


def _number(value: object, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ProblemError(place=place, reason=Told(N_("a number is wanted")))
    if value < 0:
        raise ProblemError(place=place, reason=Told(N_("a number below zero makes no sense here")))
    return float(value)


def _whole(value: object, place: str) -> int:
    number = _number(value, place)
    if number != int(number):
        raise ProblemError(place=place, reason=Told(N_("a whole number is wanted")))
    return int(number)


def _limit(value: object, place: str) -> int:
    return NO_LIMIT if value is None else _whole(value, place)


def _gap_s(hours: object, place: str) -> int:
    return math.ceil(_number(hours or 0, place) * 3600 - 0.5)


def _weekdays(value: object, place: str) -> frozenset[int] | None:
    if value is None:
        return None
    if not isinstance(value, list | tuple) or not all(isinstance(d, int) and 1 <= d <= 7 for d in value):
        raise ProblemError(
            place=place + ".weekdays", reason=Told(N_("weekdays are numbers from 1 (Monday) to 7"))
        )
    return frozenset(value)


def _date(value: object, place: str) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise ProblemError(place=place, reason=Told(N_("a date like 2026-08-01 is wanted"))) from error


def _moment(value: object, place: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise ProblemError(
            place=place, reason=Told(N_("an instant like 2026-08-01T05:30:00 is wanted"))
        ) from error
    if moment.tzinfo is not None:
        raise ProblemError(place=place, reason=Told(N_("local wall clock without a zone is wanted")))
    return moment


def _clock(value: object, place: str) -> int:
    parts = str(value).split(":")
    try:
        numbers = [int(part) for part in parts]
    except ValueError as error:
        raise ProblemError(place=place, reason=Told(N_("a time like 05:30 is wanted"))) from error
    if not 2 <= len(numbers) <= 3:
        raise ProblemError(place=place, reason=Told(N_("a time like 05:30 is wanted")))
    seconds = numbers[0] * 3600 + numbers[1] * 60 + (numbers[2] if len(numbers) == 3 else 0)
    if min(numbers) < 0 or numbers[1] > 59 or numbers[2:] > [59] or seconds > DAY_S:
        raise ProblemError(place=place, reason=Told(N_("a time like 05:30 is wanted")))
    return seconds
