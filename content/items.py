"""Items: one content to broadcast each, from a document or typed in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from content.errors import LoaError, Told
from content.language import N_
from content.models import Item, Programme, Script

GREETINGS = ("opening", "closing")
"""What a programme says before and after its other items."""
KINDS = ("news", "programme", "notice", "urgent", "invitation", *GREETINGS)
LONGEST_TITLE = 500
VIETNAMESE = "vi"
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
NAMES = {"title": N_("title"), "text": N_("text")}


class ItemNotFoundError(LoaError):
    """No item has that number."""

    sentence = N_("there is no item {id}; `loa item list` shows the numbers")


class WrongLanguageError(LoaError):
    """What is no code of a language."""

    sentence = N_(
        "{code!r} is no language code: give one of two or three letters, such as vi, km, jra or hmn"
    )


class OwnTranslationError(LoaError):
    """An item named as the translation of itself."""

    sentence = N_(
        "item {id} cannot be the version of itself in another language: name the item it translates"
    )


class ProgrammeNotFoundError(LoaError):
    """No programme has that number."""

    sentence = N_("there is no programme {id}; `loa programme list` shows the numbers")


class EmptyTextError(LoaError):
    """An item without a title or without words."""

    sentence = N_("an item needs a title and a text; {missing} is empty")


class LongTitleError(LoaError):
    """A title that is really a text."""

    sentence = N_("a title has at most {most} characters, this one {length}: put the rest into the text")


class GreetingAloneError(LoaError):
    """An opening or closing of no programme."""

    sentence = N_("an item of kind {kind} belongs to a programme: name it with `--programme N`")


class WrongPeriodError(LoaError):
    """A validity that ends before it begins."""

    sentence = N_("the item would be valid until {until_on}, before it begins on {from_on}")


def add_item(
    session: Session,
    *,
    title: str,
    text: str,
    now: datetime,
    person: str | None = None,
    **fields: Any,
) -> Item:
    """A new item of status draft. `fields` are columns of `content.models.Item`.

    Raises:
        EmptyTextError, LongTitleError, WrongPeriodError, ProgrammeNotFoundError, GreetingAloneError,
        WrongLanguageError, ItemNotFoundError, OwnTranslationError.
    """
    item = Item(status="draft", created_at=now, created_by=person, kind="news", language="vi", bulletin_class="normal", priority=3, lead_units=[], partner_units=[], title="", text="")  # fmt: skip
    _set(session, item, {"title": title, "text": text, **fields})
    session.add(item)
    session.flush()
    return item


def edit_item(session: Session, item: Item, changes: dict[str, Any]) -> bool:
    """Change columns of an item; True when the words changed, which takes an approved item back to draft.

    Raises:
        EmptyTextError, LongTitleError, WrongPeriodError, ProgrammeNotFoundError, GreetingAloneError,
        WrongLanguageError, ItemNotFoundError, OwnTranslationError.
    """
    before = item.title, item.text
    _set(session, item, changes)
    changed = before != (item.title, item.text)
    if (changed and item.status in ("submitted", "approved", "rejected")) or item.status == "proposed":
        item.status = "draft"
    return changed


def part_of(
    item: Item, *, title: str, text: str, ref: str | None, span: tuple[int, int] | None, **fields: Any
) -> Item:
    """A new item with part of `item`'s words and all else like it; `span` is its place in the document."""
    return Item(
        document_id=item.document_id, ref=ref, title=title, text=text,
        span_start=span[0] if span else item.span_start, span_end=span[1] if span else item.span_end,
        kind=item.kind, language=item.language, bulletin_class=item.bulletin_class, topic=item.topic,
        lead_units=list(item.lead_units), partner_units=list(item.partner_units), period_text=item.period_text,
        valid_from_on=item.valid_from_on, valid_until_on=item.valid_until_on, rules=item.rules, zones=item.zones,
        priority=item.priority, programme_id=item.programme_id, voice=item.voice, created_at=item.created_at,
        created_by=item.created_by, **fields,
    )  # fmt: skip


def get_item(session: Session, item_id: int) -> Item:
    """The item of that number. Raises ItemNotFoundError."""
    item = session.get(Item, item_id)
    if item is None:
        raise ItemNotFoundError(id=item_id)
    return item


def get_programme(session: Session, programme_id: int) -> Programme:
    """The programme of that number. Raises ProgrammeNotFoundError."""
    programme = session.get(Programme, programme_id)
    if programme is None:
        raise ProgrammeNotFoundError(id=programme_id)
    return programme


def list_items(
    session: Session, *, status: str | None = None, document_id: int | None = None
) -> Sequence[Item]:
    """Items by number; retired ones only when asked for."""
    query = select(Item).order_by(Item.id)
    query = query.where(Item.status == status) if status else query.where(Item.status != "retired")
    if document_id is not None:
        query = query.where(Item.document_id == document_id)
    return session.scalars(query).all()


def current_script(session: Session, item: Item) -> Script | None:
    """The newest version of the item's script, or None before the first draft."""
    return session.scalars(
        select(Script).where(Script.item_id == item.id).order_by(Script.version.desc()).limit(1)
    ).first()


def item_json(item: Item) -> dict[str, Any]:
    """The item as `loa item show --json` prints it."""
    return {
        "id": item.id, "title": item.title, "text": item.text, "kind": item.kind, "language": item.language,
        "status": item.status, "status_note": item.status_note, "bulletin_class": item.bulletin_class,
        "document_id": item.document_id, "ref": item.ref, "topic": item.topic,
        "lead_units": item.lead_units, "partner_units": item.partner_units,
        "period_text": item.period_text, "valid_from": item.valid_from_on, "valid_until": item.valid_until_on,
        "rules": item.rules, "zones": item.zones, "priority": item.priority,
        "programme_id": item.programme_id, "continues_id": item.continues_id, "translates_id": item.translates_id, "voice": item.voice,
        "created_at": item.created_at, "created_by": item.created_by,
    }  # fmt: skip


def _set(session: Session, item: Item, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(item, name, unicodedata.normalize("NFC", value).strip() if isinstance(value, str) else value)
    item.title = " ".join(item.title.split())
    if not _LANGUAGE.fullmatch(item.language):
        raise WrongLanguageError(code=item.language)
    if item.translates_id is not None and get_item(session, item.translates_id) is item:
        raise OwnTranslationError(id=item.id)
    for name, shown in NAMES.items():
        if not getattr(item, name):
            raise EmptyTextError(missing=shown)
    if "title" in values and len(item.title) > LONGEST_TITLE:
        raise LongTitleError(most=LONGEST_TITLE, length=len(item.title))
    if item.valid_from_on and item.valid_until_on and item.valid_until_on < item.valid_from_on:
        raise WrongPeriodError(from_on=item.valid_from_on, until_on=item.valid_until_on)
    if item.programme_id is not None:
        get_programme(session, item.programme_id)
    elif item.kind in GREETINGS:
        raise GreetingAloneError(kind=Told(item.kind))


def is_valid_on(item: Item, day: date) -> bool:
    """True when the item may air on that station day (both ends inclusive)."""
    return (item.valid_from_on is None or item.valid_from_on <= day) and (
        item.valid_until_on is None or day <= item.valid_until_on
    )
