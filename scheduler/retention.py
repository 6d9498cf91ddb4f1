"""How long the as-run log is kept: 25 months at least, so that two years can always be compared."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from content.config import Config
from content.errors import LoaError
from content.events import record
from content.language import N_
from content.people import require_role
from scheduler.models import AsRun

LEAST_MONTHS: Final = 25


class TooYoungError(LoaError):
    """As-run entries that must still be kept."""

    sentence = N_(
        "the as-run log of the last {months} months is kept: nothing after {day:%d/%m/%Y} can be removed"
    )


def oldest_kept(today: date) -> date:
    """The first day of the month 25 months back: nothing from this day on may be removed."""
    months = today.year * 12 + today.month - 1 - LEAST_MONTHS
    return date(months // 12, months % 12 + 1, 1)


def forget_before(
    session: Session, config: Config, before_on: date, *, person: str, reason: str, now: datetime
) -> int:
    """Remove as-run entries that started before the station day; how many. The event log keeps their hashes.

    Raises:
        TooYoungError, RoleMissingError.
    """
    require_role(session, person, "administrator")
    limit = oldest_kept(now.astimezone(config.tz).date())
    if before_on > limit:
        raise TooYoungError(months=LEAST_MONTHS, day=limit)
    at = func.coalesce(AsRun.started_at, AsRun.planned_at, AsRun.ended_at)
    old = session.scalars(
        select(AsRun).where(at < datetime.combine(before_on, time(), config.tz), AsRun.outcome.is_not(None))
    ).all()
    for entry in old:
        session.delete(entry)
    record(
        session,
        action="as-run.forgotten",
        subject=f"days:{before_on}",
        person=person,
        detail={"before": before_on, "count": len(old), "reason": reason},
        at=now,
    )
    return len(old)
