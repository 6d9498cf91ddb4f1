"""Versions of a script in the database: a new row for each change of words, none ever changed in place."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from content.items import VIETNAMESE, current_script
from content.models import Item, Script


def spoken_sha256(sentences: Sequence[dict[str, Any]]) -> str:
    """The hash that an approval names: of the spoken words and pauses, in order."""
    heard = [[sentence["spoken"], sentence["pause_after_ms"]] for sentence in sentences]
    return hashlib.sha256(json.dumps(heard, ensure_ascii=False).encode("utf-8")).hexdigest()


def save_version(
    session: Session,
    item: Item,
    *,
    sentences: list[dict[str, Any]],
    unknowns: list[dict[str, Any]],
    estimated_ms: int,
    now: datetime,
    person: str | None = None,
) -> Script:
    """The script with these sentences: the current version when nothing changed, else a new draft.

    Each sentence is {text, spoken, pause_after_ms, span: [start, end] | null}. Earlier versions become
    superseded, approved ones too: the item goes back to draft, and new words need a new approval.

    The words of another language are unknown to the Vietnamese word list, all of them: that is told of none.
    """
    if item.language != VIETNAMESE:
        unknowns = []
    sha256 = spoken_sha256(sentences)
    newest = current_script(session, item)
    if newest is not None and newest.sha256 == sha256 and newest.unknowns == unknowns:
        return newest
    for script in session.scalars(
        select(Script).where(Script.item_id == item.id, Script.status != "superseded")
    ):
        script.status = "superseded"
    script = Script(
        item_id=item.id,
        version=newest.version + 1 if newest else 1,
        sentences=sentences,
        unknowns=unknowns,
        sha256=sha256,
        estimated_ms=estimated_ms,
        status="draft",
        created_at=now,
        created_by=person,
    )
    session.add(script)
    if item.status in ("proposed", "submitted", "approved", "rejected"):
        item.status = "draft"
    session.flush()
    return script


def versions(session: Session, item: Item) -> Sequence[Script]:
    """Every version, oldest first."""
    return session.scalars(select(Script).where(Script.item_id == item.id).order_by(Script.version)).all()
