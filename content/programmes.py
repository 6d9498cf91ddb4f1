"""Programmes: recurring columns, from a document's order or set by hand."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from content.errors import LoaError
from content.items import GREETINGS
from content.language import N_
from content.models import Item, Programme

MAX_NEW_PER_MONTH = 31


class ProgrammeTitleError(LoaError):
    """A programme without a title."""

    sentence = N_("a programme needs a title")


class ProgrammeCountError(LoaError):
    """A count that no calendar month can hold."""

    sentence = N_("{count} {what} a month is not possible; give a number from {least} to {most}")


def add_programme(
    session: Session, *, title: str, now: datetime, status: str = "active", **fields: Any
) -> Programme:
    """A new programme; `fields` are columns of `content.models.Programme`.

    Raises:
        ProgrammeTitleError, ProgrammeCountError.
    """
    programme = Programme(
        title="", status=status, rules={}, priority=3, created_at=now, target_length_ms=300_000
    )
    edit_programme(programme, {"title": title, **fields})
    session.add(programme)
    session.flush()
    return programme


def edit_programme(programme: Programme, changes: dict[str, Any]) -> None:
    """Change columns of a programme. Raises as `add_programme` does."""
    for name, value in changes.items():
        setattr(
            programme, name, unicodedata.normalize("NFC", value).strip() if isinstance(value, str) else value
        )
    if not programme.title:
        raise ProgrammeTitleError
    _check(programme.new_per_month, 1, MAX_NEW_PER_MONTH, N_("new episodes"))
    _check(programme.min_replays_per_month, 0, MAX_NEW_PER_MONTH, N_("replays"))


def list_programmes(session: Session, *, retired: bool = False) -> Sequence[Programme]:
    """Programmes by number, retired ones only when asked for."""
    query = select(Programme).order_by(Programme.id)
    return session.scalars(query if retired else query.where(Programme.status != "retired")).all()


def items_of(session: Session, programme: Programme) -> Sequence[Item]:
    """The items that its episodes are made of; its opening and closing are not among them."""
    return session.scalars(
        select(Item)
        .where(Item.programme_id == programme.id, Item.status != "retired", Item.kind.not_in(GREETINGS))
        .order_by(Item.id)
    ).all()


def programme_json(programme: Programme) -> dict[str, Any]:
    """The programme as `loa programme show --json` prints it."""
    return {
        "id": programme.id, "title": programme.title, "topic": programme.topic, "lead_unit": programme.lead_unit,
        "status": programme.status, "new_per_month": programme.new_per_month,
        "min_replays_per_month": programme.min_replays_per_month, "rules": programme.rules,
        "rule_text": programme.rule_text, "document_id": programme.document_id, "zones": programme.zones,
        "priority": programme.priority, "target_length_ms": programme.target_length_ms,
        "valid_from": programme.valid_from_on, "valid_until": programme.valid_until_on, "voice": programme.voice,
    }  # fmt: skip


def _check(count: int | None, least: int, most: int, what: str) -> None:
    if count is not None and not least <= count <= most:
        raise ProgrammeCountError(count=count, what=what, least=least, most=most)
