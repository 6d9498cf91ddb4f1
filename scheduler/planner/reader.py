"""Reads a plan problem: the JSON object of docs/planner.md becomes a compact `Problem`, nonsense is rejected."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from content.errors import Told
from content.language import N_
from scheduler.planner import reading
from scheduler.planner.errors import ProblemError, TimeOrderError
from scheduler.planner.problem import (
    OFF_AIR,
    STATUSES,
    Campaign,
    GivenPlay,
    Period,
    Problem,
    Programme,
    Span,
    Zone,
)
from scheduler.planner.reading import DAY_S, NO_LIMIT
from scheduler.planner.series import with_series

LONGEST_HORIZON_DAYS = 3_700


def read(source: Mapping[str, Any]) -> Problem:
    """The problem in compact form. Raises: ProblemError."""
    if not isinstance(source, Mapping):
        raise ProblemError(place="/", reason=Told(N_("it is not an object")))
    meta = reading.mapping(source.get("meta"), "meta")
    horizon = reading.mapping(meta.get("horizon"), "meta.horizon")
    first_on = reading.date_of(horizon.get("from"), "meta.horizon.from")
    last_on = reading.date_of(horizon.get("until"), "meta.horizon.until")
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
        changeover_s=reading.whole(meta.get("changeover_s", 0), "meta.changeover_s"),
        adjacent_s=reading.whole(meta.get("adjacent_gap_s", 300), "meta.adjacent_gap_s"),
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
        entries = reading.entries(self.source, "zones")
        for number, entry in enumerate(entries):
            place = f"zones[{number}]"
            zone_id = reading.text_of(entry.get("id"), place + ".id")
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
                    budget_s=NO_LIMIT
                    if budget is None
                    else math.floor(reading.number(budget, place) * 60 + 1e-6),
                    max_plays=NO_LIMIT if most is None else reading.whole(most, place + ".max_plays_per_day"),
                    free=tuple(_free(w, b) for w, b in zip(windows[number], blocks[number], strict=True)),
                )
            )
        return tuple(zones)

    def _laid(self, key: str, zones: int) -> list[list[list[Span]]]:
        laid: list[list[list[Span]]] = [[[] for _ in range(self.days)] for _ in range(zones)]
        for number, entry in enumerate(reading.entries(self.source, key)):
            place = f"{key}[{number}]"
            start = reading.clock(entry["start"], place + ".start") if entry.get("start") else 0
            end = reading.clock(entry["end"], place + ".end") if entry.get("end") else DAY_S
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
        weekdays = reading.weekdays_of(entry.get("weekdays"), place)
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
        return (reading.date_of(text, place) - self.first_on).days

    # -- programmes
    def programmes(self) -> tuple[Programme, ...]:
        entries = reading.entries(self.source, "programmes")
        seen: set[str] = set()
        read: list[Programme] = []
        for number, entry in enumerate(entries):
            place = f"programmes[{number}]"
            name = reading.text_of(entry.get("id"), place + ".id")
            if name in seen:
                raise ProblemError(place=place, reason=Told(N_("a programme of this name stands above")))
            seen.add(name)
            read.append(self._programme(entry, number, place))
        return with_series(self.source, tuple(read), self.dates, self.zone_index)

    def _programme(self, entry: Mapping[str, Any], number: int, place: str) -> Programme:
        rules = reading.mapping(entry.get("rules") or {}, place + ".rules")
        first, last = 0, self.days - 1
        if entry.get("valid_from"):
            first = max(first, self.day(entry["valid_from"], place + ".valid_from"))
        if entry.get("valid_until"):
            last = min(last, self.day(entry["valid_until"], place + ".valid_until"))
        weekdays = reading.weekdays_of(rules.get("weekdays"), place + ".rules") or None
        days = tuple(
            first <= day <= last and (weekdays is None or self.dates[day].isoweekday() in weekdays)
            for day in range(self.days)
        )
        campaigns = tuple(
            self._campaign(c, rules, f"{place}.rules.campaigns[{i}]")
            for i, c in enumerate(reading.entries(rules, "campaigns"))
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
        length = reading.whole(entry.get("duration_s"), place + ".duration_s")
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
            unit_gap_s=int(reading.number(rules.get("unit_sep_min") or 0, place) * 60),
            priority=reading.whole(entry.get("priority") or 3, place + ".priority"),
            first=first,
            last=last,
            days=days,
            dayparts=self._dayparts(rules.get("dayparts"), place),
            periods=tuple(periods),
            campaigns=campaigns,
            camp_of=camp_of,
            gap_s=reading.gap_s(rules.get("min_gap_h"), place),
            gap_days=reading.whole(rules.get("min_gap_days") or 0, place),
            silence_days=reading.whole(rules.get("max_gap_days") or 0, place),
            max_per_day=reading.limit(rules.get("max_per_day"), place),
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
                (
                    reading.clock(part[0], place + ".rules.dayparts"),
                    reading.clock(part[1], place + ".rules.dayparts"),
                )
            )
        return tuple(parts)

    def _campaign(self, entry: Mapping[str, Any], rules: Mapping[str, Any], place: str) -> Campaign:
        return Campaign(
            first=self.day(entry.get("from"), place + ".from"),
            last=self.day(entry.get("until"), place + ".until"),
            max_per_day=reading.limit(entry.get("max_per_day", rules.get("max_per_day")), place),
            gap_s=reading.gap_s(entry.get("min_gap_h"), place),
            gap_days=reading.whole(entry.get("min_gap_days") or 0, place),
            min_per_day=reading.whole(entry.get("min_per_day") or 0, place),
            min_per_week=reading.whole(entry.get("min_per_week") or 0, place),
            min_total=reading.whole(entry.get("min_total") or 0, place),
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
        for number, entry in enumerate(reading.entries(rules, "counts")):
            where = f"{place}.rules.counts[{number}]"
            per = entry.get("per")
            if per not in {"day", "week", "month", "range", "total"}:
                raise ProblemError(
                    place=where + ".per", reason=Told(N_("day, week, month, range or total is wanted"))
                )
            low, most, want = (
                None if entry.get(key) is None else reading.whole(entry[key], f"{where}.{key}")
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
        for entry in reading.entries(rules, "counts"):
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
        for number, entry in enumerate(reading.entries(self.source, "plays")):
            place = f"plays[{number}]"
            name = str(entry.get("id", f"#{number}"))
            if name in seen:
                raise ProblemError(place=place, reason=Told(N_("a play of this name stands above")))
            seen.add(name)
            status = entry.get("status", "planned")
            if status not in STATUSES:
                raise ProblemError(place=place + ".status", reason=Told(N_("this status is not known")))
            programme = index.get(str(entry.get("programme")), -1)
            if programme < 0 and status != "emergency" and status not in OFF_AIR:
                raise ProblemError(
                    place=place + ".programme", reason=Told(N_("this programme is not defined"))
                )
            moment = reading.moment_of(entry.get("start"), place + ".start")
            length = entry.get("duration_s") or (programmes[programme].length_s if programme >= 0 else 0)
            given.append(
                GivenPlay(
                    id=name,
                    programme=programme,
                    day=(moment.date() - self.first_on).days,
                    start_s=moment.hour * 3600 + moment.minute * 60 + moment.second,
                    length_s=reading.whole(length, place + ".duration_s"),
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
