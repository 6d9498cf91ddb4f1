"""Which reports are due, out of the deadlines in imported documents and the station's own monthly one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from content.config import Config
from content.events import Event
from content.models import Deadline, Document
from content.months import last_day

MONTHS = {"month": tuple(range(1, 13)), "quarter": (3, 6, 9, 12), "6 months": (6, 12), "year": (12,)}
EARLY_DAYS = 7
"""A report made this long before it is due is the one that was asked for, though its period goes on; an earlier one
is a draft."""
KINDS = {"month": "month", "6 months": "half-year", "year": "year"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A report that was written: on which station day, and the last day that it tells of."""

    made_on: date
    until_on: date

    def answers(self, due_on: date) -> bool:
        """True when it is the report asked for by `due_on`, and not one written in the middle of its period."""
        return self.made_on >= min(self.until_on, due_on - timedelta(days=EARLY_DAYS))


def due_reports(session: Session, config: Config, today: date) -> list[dict[str, Any]]:
    """Every report asked for, with the day on which it is due next, the soonest first.

    One whose day has passed within the last 20 days and which nobody has made stays, as overdue. Ad hoc ones
    have no day.
    """
    made = _made(session, config)
    found = []
    for deadline, number, source, imported_at in session.execute(
        select(Deadline, Document.number, Document.source, Document.imported_at)
        .join(Document, Document.id == Deadline.document_id)
        .where(Deadline.status.not_in(("refused", "rejected")))
        .order_by(Deadline.id)
    ):
        since = imported_at.astimezone(config.tz).date()
        due_on, slug = next_due(deadline.every, deadline.day or config.report.due_day, today, made, since)
        found.append(
            {
                "deadline_id": deadline.id,
                "document_id": deadline.document_id,
                "document": number or source,
                "text": deadline.text,
                "every": deadline.every,
                "due_on": due_on.isoformat() if due_on else None,
                "days_left": (due_on - today).days if due_on else None,
                "period": slug,
                "command": command_for(deadline.every, due_on),
            }
        )
    return sorted(found, key=lambda line: (line["due_on"] is None, line["due_on"] or "", line["deadline_id"]))


def next_due(
    every: str, day: int, today: date, made: Mapping[str, Sequence[Made]], since: date = date.min
) -> tuple[date | None, str | None]:
    """The day on which the first report not yet made is due, and that report's slug.

    Looks from 20 days ago on, but not before `since`, when the station learnt of it.
    """
    months = MONTHS.get(every)
    if months is None:
        return None, None
    year, month = today.year, today.month - 1
    if month == 0:
        year, month = year - 1, 12
    for _ in range(26):
        if month in months:
            due_on = date(year, month, min(day, last_day(f"{year:04d}-{month:02d}").day))
            slug = slug_for(every, due_on)
            done = any(one.answers(due_on) for one in made.get(slug, ()))
            if (due_on - today).days >= -20 and due_on >= since and not done:
                return due_on, slug
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return None, None


def slug_for(every: str, due_on: date) -> str:
    """The slug of the report that is due on a day (see `scheduler.reports.period`)."""
    if every == "month":
        return f"thang-{due_on:%Y-%m}"
    if every == "6 months":
        return f"6-thang-{1 if due_on.month <= 6 else 2}-{due_on.year}"
    if every == "quarter":
        return f"quy-{(due_on.month + 2) // 3}-{due_on.year}"
    return f"nam-{due_on.year}"


def command_for(every: str, due_on: date | None) -> str | None:
    """The command that makes it."""
    if due_on is None:
        return None
    if every == "month":
        return f"loa report month {due_on:%Y-%m}"
    if every == "6 months":
        return f"loa report half-year {due_on.year} {1 if due_on.month <= 6 else 2}"
    if every == "quarter":
        return f"loa report quarter {due_on.year} {(due_on.month + 2) // 3}"
    return f"loa report year {due_on.year}"


def _made(session: Session, config: Config) -> dict[str, list[Made]]:
    """Every report that was written, by its slug; those of a simulated clock do not count."""
    found: dict[str, list[Made]] = {}
    for at, detail in session.execute(select(Event.at, Event.detail).where(Event.action == "report.made")):
        facts = json.loads(detail)
        if not facts.get("simulated"):
            until_on = date.fromisoformat(facts["until"])
            made_at = datetime.fromisoformat(facts["made_at"]) if "made_at" in facts else at
            one = Made(made_on=made_at.astimezone(config.tz).date(), until_on=until_on)
            found.setdefault(str(facts.get("slug")), []).append(one)
    return found
