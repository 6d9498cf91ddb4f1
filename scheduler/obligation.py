"""One obligation and what stands against it: pure arithmetic over days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from content.config import Config
from content.errors import Told
from content.language import N_

STATUSES = ("met", "on-track", "at-risk", "lost", "missed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """So many airings of one thing between two station days, both inclusive."""

    key: str
    """programme:ID or item:ID."""
    title: str
    period: str
    """YYYY-MM, YYYY-Www or FROM..UNTIL."""
    from_on: date
    until_on: date
    owed: int
    per: str
    """month, week, day, range or episode."""
    lead_unit: str | None = None
    document_id: int | None = None
    rule_text: str | None = None
    source: str = "rule"
    """document, where an official text orders it; else rule."""
    air_days: tuple[date, ...] = ()
    """Days of the period on which it may air at all."""
    max_per_day: int = 1
    min_gap_days: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where an obligation stands today."""

    obligation: Obligation
    status: str
    aired: int
    """Counted towards it: never more than is owed."""
    aired_in_all: int
    planned: int
    missing: int
    """Neither aired nor planned."""
    last_on: date | None
    """Last day on which the next airing must take place so that the rest still fits; null when met or lost."""
    reasons: tuple[Told, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """One line of `loa ledger --json`."""
        o = self.obligation
        return {
            "key": o.key,
            "title": o.title,
            "period": o.period,
            "from": o.from_on.isoformat(),
            "until": o.until_on.isoformat(),
            "per": o.per,
            "source": o.source,
            "document_id": o.document_id,
            "lead_unit": o.lead_unit,
            "rule": o.rule_text,
            "owed": o.owed,
            "aired": self.aired,
            "aired_in_all": self.aired_in_all,
            "planned": self.planned,
            "missing": self.missing,
            "status": self.status,
            "last_on": self.last_on.isoformat() if self.last_on else None,
            "reasons": [str(reason) for reason in self.reasons],
        }


def stand(
    obligation: Obligation,
    *,
    aired: int,
    planned: int,
    today: date,
    reasons: Sequence[Told] = (),
    doubts: Sequence[Told] = (),
) -> Standing:
    """Where it stands on `today`, given airings so far and planned ones to come.

    `reasons` say what went wrong so far; they are told unless all is met. `doubts` say why planned airings may
    not happen (no approval yet, no sound yet): with any, it is at risk though the plan suffices.
    """
    counted = min(aired, obligation.owed)
    rest = obligation.owed - counted
    to_come = min(planned, rest)
    missing = rest - to_come
    told: list[Told] = []
    last_on: date | None = None
    if rest == 0:
        status = "met"
    elif today > obligation.until_on:
        status, told = "missed", list(reasons)
    else:
        last_on = last_chance(obligation, rest, today)
        if last_on is None:
            status, told = (
                "lost",
                [*reasons, Told(N_("no longer fit into the days that are left: {rest}"), rest=rest)],
            )
        elif missing:
            status = "at-risk"
            told = [*reasons, Told(N_("not planned yet: {missing}"), missing=missing), *doubts]
        elif doubts:
            status, told = "at-risk", [*reasons, *doubts]
        else:
            status = "on-track"
    return Standing(
        obligation=obligation, status=status, aired=counted, aired_in_all=aired, planned=to_come, missing=missing,
        last_on=last_on, reasons=tuple(told),
    )  # fmt: skip


def last_chance(obligation: Obligation, rest: int, today: date) -> date | None:
    """The last day on which the next of `rest` airings must take place; None when they no longer fit.

    Fills the last air days first, at most `max_per_day` on one and `min_gap_days` between two of them.
    """
    left = rest
    after: date | None = None
    for day in sorted((d for d in obligation.air_days if d >= today), reverse=True):
        if after is not None and (after - day).days < obligation.min_gap_days:
            continue
        left -= max(1, obligation.max_per_day)
        after = day
        if left <= 0:
            return day
    return None


class AirDays:
    """Days on which something may air; each question is worked out once."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._known: dict[tuple[Any, ...], tuple[date, ...]] = {}

    def between(
        self,
        zones: Sequence[str] | None,
        from_on: date,
        until_on: date,
        weekdays: Sequence[int] | None = None,
    ) -> tuple[date, ...]:
        """As `air_days` does."""
        key = (tuple(zones or ()), from_on, until_on, tuple(weekdays) if weekdays is not None else None)
        if key not in self._known:
            self._known[key] = air_days(self.config, *key)
        return self._known[key]


def air_days(
    config: Config, zones: Sequence[str], from_on: date, until_on: date, weekdays: Sequence[int] | None = None
) -> tuple[date, ...]:
    """Days of [from_on, until_on] on which each of the zones (all of them when none is named) has a session."""
    wanted = tuple(zones) or config.zone_ids
    found = []
    day = from_on
    while day <= until_on:
        if (weekdays is None or day.isoweekday() in weekdays) and all(
            _has_air(config, zone, day) for zone in wanted
        ):
            found.append(day)
        day += timedelta(days=1)
    return tuple(found)


def _has_air(config: Config, zone: str, day: date) -> bool:
    def holds(block: Any) -> bool:
        return (
            (not block.zones or zone in block.zones)
            and day.isoweekday() in block.weekdays
            and (block.from_on is None or block.from_on <= day)
            and (block.until_on is None or day <= block.until_on)
        )

    shut = any(block.start is None and holds(block) for block in config.blackouts)
    return not shut and any(holds(session) for session in config.sessions)
