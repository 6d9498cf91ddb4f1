"""A plan problem in compact form: days are numbers from the first day, times are seconds of the day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from scheduler.planner.reading import DAY_S, NO_LIMIT

__all__ = [
    "DAY_S",
    "FIXED",
    "NO_LIMIT",
    "OFF_AIR",
    "STATUSES",
    "Campaign",
    "GivenPlay",
    "Period",
    "Problem",
    "Programme",
    "Span",
    "Zone",
]

OFF_AIR: Final = frozenset({"missed", "cancelled", "preempted"})
FIXED: Final = frozenset({"aired", "pinned", "emergency"})
STATUSES: Final = OFF_AIR | FIXED | {"planned"}

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
