"""An independent look at a finished plan: every rule again, straight from the JSON.

Shares nothing with the search (not even the reader), so that a fault there is seen here. Works on JSON as it
stands; a plan that cannot be read at all raises KeyError or ValueError.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

GONE = ("missed", "cancelled", "preempted")
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A rule that a plan breaks. `soft` faults are wishes not met, `past` ones lie in what has aired."""

    rule: str
    programme: str | None
    zone: str | None
    when: str
    amount: float = 1
    soft: bool = False
    past: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Airing:
    id: str
    programme: Mapping[str, Any]
    start: datetime
    end: datetime
    status: str

    @property
    def on(self) -> date:
        return self.start.date()


def verify(plan: Mapping[str, Any]) -> list[Fault]:
    """All faults of a plan, hard ones first."""
    faults = list(_Verifier(plan).faults())
    return sorted(faults, key=lambda f: (f.soft, f.past, f.rule, f.when, f.programme or "", f.zone or ""))


def hard(plan: Mapping[str, Any]) -> list[Fault]:
    """Only the obligations that are broken."""
    return [fault for fault in verify(plan) if not fault.soft and not fault.past]


class _Verifier:
    def __init__(self, plan: Mapping[str, Any]) -> None:
        self.plan = plan
        meta = plan["meta"]
        self.first = date.fromisoformat(meta["horizon"]["from"])
        self.last = date.fromisoformat(meta["horizon"]["until"])
        self.silence = timedelta(seconds=meta.get("changeover_s", 0))
        self.beside = timedelta(seconds=meta.get("adjacent_gap_s", 300))
        self.zones = {zone["id"]: zone for zone in plan["zones"]}
        self.programmes = {p["id"]: p for p in plan["programmes"]}
        self.on_air: dict[str, list[_Airing]] = defaultdict(list)
        for number, play in enumerate(plan.get("plays") or []):
            status = play.get("status", "planned")
            if status in GONE:
                continue
            programme = self.programmes.get(play.get("programme"), {})
            start = datetime.fromisoformat(play["start"])
            length = play.get("duration_s") or programme["duration_s"]
            end = start + timedelta(seconds=length)
            airing = _Airing(
                id=play.get("id", f"#{number}"), programme=programme, start=start, end=end, status=status
            )
            for zone in play["zones"]:
                self.on_air[zone].append(airing)
        for airings in self.on_air.values():
            airings.sort(key=lambda a: (a.start, a.id))

    def faults(self) -> Iterator[Fault]:
        for zone in self.zones:
            airings = self.on_air[zone]
            yield from self._places(zone, airings)
            yield from self._neighbours(zone, airings)
            yield from self._units(zone, airings)
            yield from self._days(zone, airings)
        for programme in self.programmes.values():
            for zone in programme["zones"]:
                mine = [a for a in self.on_air[zone] if a.programme is programme and a.status != "emergency"]
                yield from self._counts(programme, zone, mine)
                yield from self._gaps(programme, zone, mine)
                yield from self._campaigns(programme, zone, mine)
                by = programme.get("rules", {}).get("first_airing_by")
                due = by and self._span(programme)[0] <= date.fromisoformat(by) <= self.last
                if due and (not mine or mine[0].on > date.fromisoformat(by)):
                    yield Fault(rule="FIRST_BY", programme=programme["id"], zone=zone, when=by)
        yield from self._series()

    # -- one play
    def _laid(self, key: str, zone: str, on: date) -> list[tuple[datetime, datetime]]:
        found = []
        for entry in self.plan.get(key) or []:
            where = entry.get("zones")
            if isinstance(where, Mapping):
                if self.zones[zone].get("station") != where["station"]:
                    continue
            elif where not in (None, "*") and zone not in where:
                continue
            if entry.get("from") and on.isoformat() < entry["from"]:
                continue
            if entry.get("until") and on.isoformat() > entry["until"]:
                continue
            if entry.get("dates") is not None and on.isoformat() not in entry["dates"]:
                continue
            if entry.get("weekdays") is not None and on.isoweekday() not in entry["weekdays"]:
                continue
            start = _at(on, entry["start"]) if entry.get("start") else _at(on, "00:00")
            end = _at(on, entry["end"]) if entry.get("end") else _at(on, "24:00")
            found.append((start, end))
        return sorted(found)

    def _places(self, zone: str, airings: list[_Airing]) -> Iterator[Fault]:
        known: dict[date, tuple[list[tuple[datetime, datetime]], list[tuple[datetime, datetime]]]] = {}
        for airing in airings:
            if airing.status == "emergency":
                continue
            programme, on = airing.programme, airing.on
            rules = programme.get("rules", {})
            if on not in known:
                windows: list[tuple[datetime, datetime]] = []
                for start, end in self._laid("windows", zone, on):
                    if windows and start <= windows[-1][1]:
                        windows[-1] = (windows[-1][0], max(end, windows[-1][1]))
                    else:
                        windows.append((start, end))
                known[on] = windows, self._laid("blocks", zone, on)
            windows, blocks = known[on]
            if not self.first <= on <= self.last:
                yield self._fault("STRUCT", airing, zone)
            if zone not in programme["zones"]:
                yield self._fault("ZONE_TARGET", airing, zone)
            if not any(start <= airing.start and airing.end <= end for start, end in windows):
                yield self._fault("WINDOW", airing, zone)
            if any(airing.start < end and start < airing.end for start, end in blocks):
                yield self._fault("BLOCK", airing, zone)
            span = programme.get("valid_from") or "0", programme.get("valid_until") or "9"
            if not span[0] <= on.isoformat() <= span[1]:
                yield self._fault("VALIDITY", airing, zone)
            if rules.get("weekdays") and on.isoweekday() not in rules["weekdays"]:
                yield self._fault("WEEKDAY", airing, zone)
            if rules.get("dayparts") and not any(
                _at(on, a) <= airing.start and airing.end <= _at(on, b) for a, b in rules["dayparts"]
            ):
                yield self._fault("DAYPART", airing, zone)

    def _fault(self, rule: str, airing: _Airing, zone: str, *others: _Airing) -> Fault:
        past = all(a.status == "aired" for a in (airing, *others))
        return Fault(
            rule=rule,
            programme=airing.programme.get("id"),
            zone=zone,
            when=airing.start.isoformat(),
            past=past,
        )

    # -- plays beside each other
    def _neighbours(self, zone: str, airings: list[_Airing]) -> Iterator[Fault]:
        for before, after in pairwise(airings):
            idle = after.start - before.end
            urgent = "emergency" in (before.status, after.status)
            if idle < timedelta(0):
                yield self._fault("OVERLAP", after, zone, before)
            elif idle < self.silence and not urgent:
                yield self._fault("CHANGEOVER", after, zone, before)
            if urgent or before.programme is after.programme or before.on != after.on or idle >= self.beside:
                continue
            topic = before.programme.get("topic")
            asked = [a.programme.get("rules", {}).get("topic_not_adjacent", True) for a in (before, after)]
            if topic and topic == after.programme.get("topic") and any(asked):
                yield self._fault("TOPIC_ADJ", after, zone, before)

    def _units(self, zone: str, airings: list[_Airing]) -> Iterator[Fault]:
        last: dict[str, _Airing] = {}
        for airing in airings:
            unit = airing.programme.get("lead_unit")
            if airing.status == "emergency" or not unit:
                continue
            before = last.get(unit)
            last[unit] = airing
            if before is None or before.programme is airing.programme:
                continue
            apart = max(a.programme.get("rules", {}).get("unit_sep_min", 0) for a in (before, airing))
            if airing.start - before.end < timedelta(minutes=apart):
                yield self._fault("UNIT_SEP", airing, zone, before)

    def _days(self, zone: str, airings: list[_Airing]) -> Iterator[Fault]:
        days: dict[date, list[_Airing]] = defaultdict(list)
        for airing in airings:
            if airing.status != "emergency":
                days[airing.on].append(airing)
        budget, most = self.zones[zone].get("daily_budget_min"), self.zones[zone].get("max_plays_per_day")
        for on, those in days.items():
            minutes = sum((a.end - a.start).total_seconds() for a in those) / 60
            if budget is not None and minutes > budget + 1e-9:
                yield Fault(
                    rule="BUDGET", programme=None, zone=zone, when=on.isoformat(), amount=minutes - budget
                )
            if most is not None and len(those) > most:
                yield Fault(
                    rule="MAX_PLAYS", programme=None, zone=zone, when=on.isoformat(), amount=len(those) - most
                )

    # -- a programme over time
    def _span(self, programme: Mapping[str, Any]) -> tuple[date, date]:
        first, last = self.first, self.last
        if programme.get("valid_from"):
            first = max(first, date.fromisoformat(programme["valid_from"]))
        if programme.get("valid_until"):
            last = min(last, date.fromisoformat(programme["valid_until"]))
        return first, last

    def _periods(
        self, programme: Mapping[str, Any], count: Mapping[str, Any]
    ) -> Iterator[tuple[date, date, float]]:
        first, last = self._span(programme)
        if first > last:
            return
        if count["per"] == "total":
            yield first, last, 1.0
            return
        weekdays = programme.get("rules", {}).get("weekdays") or range(1, 8)
        seen: set[tuple[date, date]] = set()
        for on in _days_between(first, last):
            start, end = _period_around(on, count)
            if (start, end) in seen:
                continue
            seen.add((start, end))
            whole = [d for d in _days_between(start, end) if d.isoweekday() in weekdays]
            here = [d for d in whole if first <= d <= last]
            if here:
                share = len(here) / len(whole) if count.get("prorate", True) else 1.0
                yield max(start, first), min(end, last), share

    def _counts(self, programme: Mapping[str, Any], zone: str, mine: list[_Airing]) -> Iterator[Fault]:
        for count in programme.get("rules", {}).get("counts", []):
            for start, end, share in self._periods(programme, count):
                n = sum(start <= a.on <= end for a in mine)
                facts = {"programme": programme["id"], "zone": zone, "when": start.isoformat()}
                least = math.floor((count.get("min") or 0) * share + 1e-9)
                wish = math.floor((count.get("target") or 0) * share + 1e-9)
                if n < least:
                    yield Fault(rule="COUNT_MIN", amount=least - n, **facts)
                if n < wish:
                    yield Fault(rule="TARGET", amount=wish - n, soft=True, **facts)
                if count.get("max") is not None and n > math.ceil(count["max"] * share - 1e-9):
                    aired = all(a.status == "aired" for a in mine if start <= a.on <= end)
                    yield Fault(rule="COUNT_MAX", past=aired, **facts)

    def _campaign(self, programme: Mapping[str, Any], on: date) -> Mapping[str, Any] | None:
        for campaign in programme.get("rules", {}).get("campaigns", []):
            if campaign["from"] <= on.isoformat() <= campaign["until"]:
                return dict(campaign)
        return None

    def _gaps(self, programme: Mapping[str, Any], zone: str, mine: list[_Airing]) -> Iterator[Fault]:
        rules = programme.get("rules", {})
        per_day: dict[date, list[_Airing]] = defaultdict(list)
        for airing in mine:
            per_day[airing.on].append(airing)
        for on, those in per_day.items():
            most = (self._campaign(programme, on) or {}).get("max_per_day", rules.get("max_per_day"))
            if most is not None and len(those) > most:
                yield self._fault("MAX_PER_DAY", those[-1], zone, *those)
        for before, after in pairwise(mine):
            one, two = self._campaign(programme, before.on), self._campaign(programme, after.on)
            held = rules if one is None and two is None else (one if one is not None else two) or {}
            hours, days = held.get("min_gap_h"), held.get("min_gap_days")
            if hours and (after.start - before.start).total_seconds() < hours * 3600 - 0.5:
                yield self._fault("GAP_H", after, zone, before)
            if days and (after.on - before.on).days < days:
                yield self._fault("GAP_DAYS", after, zone, before)
            if rules.get("max_gap_days") and (after.on - before.on).days > rules["max_gap_days"]:
                yield Fault(
                    rule="MAX_GAP", programme=programme["id"], zone=zone, when=after.on.isoformat(), soft=True
                )

    def _campaigns(self, programme: Mapping[str, Any], zone: str, mine: list[_Airing]) -> Iterator[Fault]:
        first, last = self._span(programme)
        weekdays = programme.get("rules", {}).get("weekdays") or range(1, 8)
        for campaign in programme.get("rules", {}).get("campaigns", []):
            start = max(date.fromisoformat(campaign["from"]), first)
            end = min(date.fromisoformat(campaign["until"]), last)
            asked: list[tuple[date, date, int]] = []
            if campaign.get("min_total") and start <= end:
                asked.append((start, end, campaign["min_total"]))
            if campaign.get("min_per_day"):
                asked += [
                    (d, d, campaign["min_per_day"])
                    for d in _days_between(start, end)
                    if d.isoweekday() in weekdays
                ]
            if campaign.get("min_per_week") and start <= end:
                for monday, sunday, _ in self._periods(programme, {"per": "week"}):
                    low, high = max(monday, start), min(sunday, end)
                    if low <= high:
                        asked.append(
                            (
                                low,
                                high,
                                math.floor(campaign["min_per_week"] * ((high - low).days + 1) / 7 + 1e-9),
                            )
                        )
            for low, high, least in asked:
                n = sum(low <= a.on <= high for a in mine)
                if n < least:
                    yield Fault(
                        rule="CAMPAIGN_MIN",
                        programme=programme["id"],
                        zone=zone,
                        when=low.isoformat(),
                        amount=least - n,
                    )

    def _series(self) -> Iterator[Fault]:
        for series in self.plan.get("series") or []:
            members = [p for p in self.programmes.values() if p.get("series") == series["id"]]
            zones = series.get("zones") or sorted({z for p in members for z in p["zones"]})
            month = self.first.replace(day=1)
            while month <= self.last:
                end = (month + timedelta(days=32)).replace(day=1) - ONE_DAY
                if month >= self.first and end <= self.last:
                    for zone in zones:
                        yield from self._series_month(series, members, zone, month, end)
                month = end + ONE_DAY

    def _series_month(
        self, series: Mapping[str, Any], members: list[Mapping[str, Any]], zone: str, start: date, end: date
    ) -> Iterator[Fault]:
        new = 0
        for programme in members:
            days = [a.on for a in self.on_air[zone] if a.programme is programme and a.status != "emergency"]
            if days and start <= days[0] <= end:
                new += 1
                replays = sum(start <= d <= end for d in days) - 1
                short = series.get("min_replays", 0) - replays
                if short > 0:
                    yield Fault(
                        rule="SERIES",
                        programme=programme["id"],
                        zone=zone,
                        when=start.isoformat(),
                        amount=short,
                    )
        if new < series.get("new_per_month", 1):
            short = series.get("new_per_month", 1) - new
            yield Fault(rule="SERIES", programme=None, zone=zone, when=start.isoformat(), amount=short)


def _at(on: date, clock: str) -> datetime:
    hours, minutes, *seconds = (int(part) for part in clock.split(":"))
    return datetime.combine(on, time()) + timedelta(
        hours=hours, minutes=minutes, seconds=seconds[0] if seconds else 0
    )


def _days_between(first: date, last: date) -> Iterator[date]:
    on = first
    while on <= last:
        yield on
        on += ONE_DAY


def _period_around(on: date, count: Mapping[str, Any]) -> tuple[date, date]:
    if count["per"] == "day":
        return on, on
    if count["per"] == "week":
        monday = on - timedelta(days=on.isoweekday() - 1)
        return monday, monday + timedelta(days=6)
    if count["per"] == "range":
        return date.fromisoformat(count["from"]), date.fromisoformat(count["until"])
    first = on.replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1) - ONE_DAY
