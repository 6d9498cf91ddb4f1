"""A centre's airings laid into a commune station's own sessions: same day, same order, as near to the hour as may be.

A pure decision. Stations without sessions of their own air at the centre's times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from content.months import last_day, month_of
from scheduler.exchange.gather import Airing

WEEKDAY_WORDS = ("T2", "T3", "T4", "T5", "T6", "T7", "CN")
"""Monday to Sunday, as Việt Nam writes them in short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StationSession:
    """An on-air block [start, end) of a commune station in its own time; weekdays 1 = Monday … 7 = Sunday."""

    start: time
    end: time
    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)

    @property
    def label(self) -> str:
        """As people name it: 06:00-06:30."""
        return f"{self.start:%H:%M}-{self.end:%H:%M}"

    @property
    def words(self) -> str:
        """With its weekdays, where it is not held on all: 06:00-06:30 T2,T3,T4,T5,T6."""
        if len(self.weekdays) == len(WEEKDAY_WORDS):
            return self.label
        return f"{self.label} {','.join(WEEKDAY_WORDS[day - 1] for day in self.weekdays)}"

    def to_json(self) -> dict[str, Any]:
        """As the table of stations keeps it."""
        return {"start": f"{self.start:%H:%M}", "end": f"{self.end:%H:%M}", "weekdays": list(self.weekdays)}

    @classmethod
    def from_json(cls, table: dict[str, Any]) -> StationSession:
        return cls(
            start=time.fromisoformat(table["start"]),
            end=time.fromisoformat(table["end"]),
            weekdays=tuple(table["weekdays"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An airing at this station's time, in its zone, and the session that holds it."""

    airing: Airing
    session: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """All airings of a station in air order, and in words those for which no session had room."""

    placed: list[Placed]
    unplaced: list[str]


def for_zones(airings: Sequence[Airing], zones: Sequence[str]) -> list[Airing]:
    """The airings that concern a station: all, or those of its zones, with just its zones named."""
    if not zones:
        return list(airings)
    kept = []
    for airing in airings:
        shared = tuple(zone for zone in airing.zones if zone in zones) if airing.zones else tuple(zones)
        if shared:
            kept.append(replace(airing, zones=shared))
    return kept


def fit(
    airings: Sequence[Airing],
    sessions: Sequence[StationSession],
    zone: ZoneInfo,
    *,
    until_on: date,
    changeover: timedelta,
    from_on: date = date.min,
) -> Fitted:
    """Lay `airings` into `sessions`, `changeover` apart.

    Each goes to the session of its day that begins nearest to its hour at the centre and has room, else to the
    next day of the same month, up to `until_on` and while it may air, with room; a title never airs twice in one
    session. An airing for which nothing is left is named in `unplaced`, never dropped in silence.

    Airings before `from_on` take their room too, and what of them is put off to that day or later is kept: the same
    airing stands on the same day in a package that begins on the first of the month and in one that begins later.
    """
    local = [replace(airing, starts_at=airing.starts_at.astimezone(zone)) for airing in airings]
    if not sessions:
        ordered = sorted(local, key=lambda airing: (airing.starts_at, airing.play_id))
        return Fitted(placed=[Placed(airing=airing, session=None) for airing in ordered], unplaced=[])
    filled: dict[tuple[date, int], datetime] = {}
    heard: set[tuple[date, int, str]] = set()
    placed: list[Placed] = []
    unplaced: list[str] = []
    for airing in sorted(local, key=lambda airing: (airing.starts_at, airing.play_id)):
        found = _place(airing, sessions, zone, until_on, filled, heard)
        if found is None:
            if airing.starts_at.date() >= from_on:
                unplaced.append(f"{airing.title} ({airing.starts_at:%d/%m %H:%M})")
            continue
        (day, index), starts_at = found
        filled[day, index] = starts_at + timedelta(milliseconds=airing.length_ms) + changeover
        heard.add((day, index, airing.audio_sha256))
        if day < from_on:
            continue
        placed.append(Placed(airing=replace(airing, starts_at=starts_at), session=sessions[index].label))
    placed.sort(key=lambda one: (one.airing.starts_at, one.airing.play_id))
    return Fitted(placed=placed, unplaced=unplaced)


def _place(
    airing: Airing,
    sessions: Sequence[StationSession],
    zone: ZoneInfo,
    until_on: date,
    filled: dict[tuple[date, int], datetime],
    heard: set[tuple[date, int, str]],
) -> tuple[tuple[date, int], datetime] | None:
    day = airing.starts_at.date()
    ends = (until_on, last_day(month_of(day)), airing.valid_until_on or until_on)
    last = max(day, min(ends))
    while day <= last:
        near = sorted(
            range(len(sessions)), key=lambda index: _distance(sessions[index].start, airing.starts_at.time())
        )
        for index in near:
            session = sessions[index]
            if day.isoweekday() not in session.weekdays or (day, index, airing.audio_sha256) in heard:
                continue
            starts_at = filled.get((day, index)) or datetime.combine(day, session.start, zone)
            if starts_at + timedelta(milliseconds=airing.length_ms) <= datetime.combine(
                day, session.end, zone
            ):
                return (day, index), starts_at
        day += timedelta(days=1)
    return None


def _distance(one: time, other: time) -> int:
    return abs((one.hour * 60 + one.minute) - (other.hour * 60 + other.minute))
