"""The newest sound of a script, as an approver must know it: what is said does not otherwise know how it sounds."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import JSON, column, select, table
from sqlalchemy.orm import Session

from content.models import Script

_SEGMENTS = table(
    "segments",
    column("id"),
    column("script_id"),
    column("sha256"),
    column("voice"),
    column("degraded"),
    column("fallbacks", JSON),
    column("created_at"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewestSound:
    """A rendered sound: whose voice it is, and every (voice, reason) that was tried before and failed."""

    sha256: str
    voice: str
    degraded: bool
    failed: tuple[tuple[str, str], ...]


def told_once(voice: str, reason: str) -> str:
    """A voice that failed and why, without its name twice."""
    return reason if voice in reason else f"{voice}: {reason}"


def newest_sound(session: Session, script: Script) -> NewestSound | None:
    """The sound of this script version that was rendered last; None before the first."""
    found = session.execute(
        select(_SEGMENTS)
        .where(_SEGMENTS.c.script_id == script.id)
        .order_by(_SEGMENTS.c.created_at.desc(), _SEGMENTS.c.id.desc())
        .limit(1)
    ).first()
    if found is None:
        return None
    return NewestSound(
        sha256=found.sha256,
        voice=found.voice,
        degraded=bool(found.degraded),
        failed=tuple((str(tried["voice"]), str(tried["reason"])) for tried in found.fallbacks or ()),
    )
