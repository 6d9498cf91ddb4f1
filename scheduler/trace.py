"""The chain behind one airing: play, sound, script, approver, item, and the sentence of the document."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from audio.models import EpisodeAudio, Segment
from content.errors import LoaError
from content.events import Event, name_of
from content.language import N_
from content.models import Approval, Document, Episode, Item, Programme, Script
from scheduler.models import AsRun, Play


class NoSuchPlayError(LoaError):
    """A play or as-run entry that is not there."""

    sentence = N_("there is no {what} {number}: `loa plan show` and `loa log list` show the numbers")


def trace(session: Session, *, play_id: int | None = None, as_run_id: int | None = None) -> dict[str, Any]:
    """Everything that stands behind a play, or behind one line of the as-run log, as one JSON object.

    Raises:
        NoSuchPlayError.
    """
    heard: list[AsRun] = []
    if as_run_id is not None:
        entry = session.get(AsRun, as_run_id)
        if entry is None:
            raise NoSuchPlayError(what=N_("as-run entry"), number=as_run_id)
        heard, play_id = [entry], entry.play_id
    play = session.get(Play, play_id) if play_id is not None else None
    if play is None and not heard:
        raise NoSuchPlayError(what=N_("play"), number=play_id)
    if play is not None and not heard:
        heard = list(session.scalars(select(AsRun).where(AsRun.play_id == play.id).order_by(AsRun.id)))
    episode = play.episode if play else None
    hashes = {row.audio_sha256 for row in heard if row.audio_sha256}
    if play and play.audio_sha256:
        hashes.add(play.audio_sha256)
    sounds = _sounds(session, hashes, episode)
    script_ids = list(dict.fromkeys(script_id for sound in sounds for script_id in sound.script_ids))
    if not script_ids and episode:
        script_ids = _scripts_of(session, episode)
    return {
        "play": _play(play) if play else None,
        "as_run": [_heard(session, row) for row in heard],
        "episode": _episode(session, episode) if episode else None,
        "sounds": [_sound(session, sound) for sound in sounds],
        "scripts": [_script(session, script_id) for script_id in script_ids],
        "events": _events(session, play, heard, script_ids),
    }


def _sounds(session: Session, hashes: set[str], episode: Episode | None) -> list[EpisodeAudio]:
    query = select(EpisodeAudio).order_by(EpisodeAudio.id)
    if hashes:
        query = query.where(EpisodeAudio.sha256.in_(hashes))
        if episode:
            query = query.where(EpisodeAudio.episode_id == episode.id)
        return list(session.scalars(query))
    if episode:
        return list(session.scalars(query.where(EpisodeAudio.episode_id == episode.id)))[-1:]
    return []


def _scripts_of(session: Session, episode: Episode) -> list[int]:
    """The newest script of each item, where no sound tells which versions are heard."""
    found = []
    for part in episode.parts:
        newest = session.scalar(
            select(Script.id).where(Script.item_id == part.item_id).order_by(Script.version.desc()).limit(1)
        )
        if newest is not None:
            found.append(newest)
    return found


def _play(play: Play) -> dict[str, Any]:
    return {
        "id": play.id, "kind": play.kind, "starts_at": play.starts_at, "length_ms": play.length_ms, "zones": play.zones,
        "status": play.status, "audio_sha256": play.audio_sha256, "frozen_at": play.frozen_at, "reason": play.reason,
        "make_good_for": play.make_good_for_id, "plan_id": play.plan_id,
    }  # fmt: skip


def _heard(session: Session, row: AsRun) -> dict[str, Any]:
    return {
        "id": row.id, "kind": row.kind, "title": row.title, "zones": row.zones, "planned_at": row.planned_at,
        "started_at": row.started_at, "ended_at": row.ended_at, "heard_ms": row.heard_ms, "outcome": row.outcome,
        "reason": row.reason, "who": row.who, "audio_sha256": row.audio_sha256, "output": row.output,
        "simulated": row.simulated, "event": _seal_of(session, name_of(row)),
    }  # fmt: skip


def _episode(session: Session, episode: Episode) -> dict[str, Any]:
    programme = session.get(Programme, episode.programme_id) if episode.programme_id else None
    return {
        "id": episode.id,
        "title": episode.title,
        "month": episode.month,
        "programme": programme.title if programme else None,
        "rule": _sentence(
            session, programme.document_id, programme.span_start, programme.span_end, programme.rule_text
        )
        if programme
        else None,
    }


def _sound(session: Session, sound: EpisodeAudio) -> dict[str, Any]:
    segments = session.scalars(select(Segment).where(Segment.id.in_(sound.segment_ids or [])))
    return {
        "sha256": sound.sha256, "profile": sound.profile, "length_ms": sound.length_ms, "degraded": sound.degraded,
        "consent_by": sound.consent_by,
        "segments": [
            {"script_id": s.script_id, "voice": s.voice, "sha256": s.sha256, "degraded": s.degraded} for s in segments
        ],
    }  # fmt: skip


def _script(session: Session, script_id: int) -> dict[str, Any]:
    script = session.get(Script, script_id)
    if script is None:
        return {"id": script_id, "missing": True}
    item = session.get(Item, script.item_id)
    assert item is not None
    approvals = session.scalars(select(Approval).where(Approval.script_id == script.id).order_by(Approval.id))
    return {
        "id": script.id,
        "version": script.version,
        "sha256": script.sha256,
        "status": script.status,
        "spoken": " ".join(str(s.get("spoken", "")) for s in script.sentences if isinstance(s, dict)),
        "written_by": script.created_by or item.created_by,
        "submitted_by": [
            e.person
            for e in session.scalars(
                select(Event).where(Event.action == "script.submitted", Event.subject == name_of(script))
            )
        ],
        "approvals": [
            {
                "decision": a.decision, "person": a.person, "decided_at": a.decided_at, "reason": a.reason,
                "single_person": a.single_person, "script_sha256": a.script_sha256, "audio_sha256": a.audio_sha256,
                "exact": a.script_sha256 == script.sha256,
            }
            for a in approvals
        ],
        "item": {"id": item.id, "title": item.title, "ref": item.ref, "class": item.bulletin_class},
        "source": _sentence(session, item.document_id, item.span_start, item.span_end, item.text),
    }  # fmt: skip


def _sentence(
    session: Session, document_id: int | None, start: int | None, end: int | None, text: str | None
) -> dict[str, Any] | None:
    """The document and the very words in it."""
    document = session.get(Document, document_id) if document_id else None
    if document is None:
        return None
    words = document.clean_text[start:end] if start is not None and end is not None else (text or "")
    return {
        "document_id": document.id, "kind": document.kind, "number": document.number, "issued_on": document.issued_on,
        "issuer": document.issuer, "file": document.source, "sha256": document.sha256, "words": words.strip(),
    }  # fmt: skip


def _seal_of(session: Session, name: str) -> int | None:
    """The last entry of the event log that seals this row."""
    pattern = f'%"{name}":%'
    return session.scalar(
        select(Event.number).where(Event.detail.like(pattern)).order_by(Event.number.desc()).limit(1)
    )


def _events(
    session: Session, play: Play | None, heard: list[AsRun], script_ids: list[int]
) -> list[dict[str, Any]]:
    subjects = [f"scripts:{script_id}" for script_id in script_ids] + [name_of(row) for row in heard]
    if play:
        subjects.append(name_of(play))
        if play.plan_id:
            subjects.append(f"plans:{play.plan_id}")
    found = session.scalars(select(Event).where(or_(Event.subject.in_(subjects))).order_by(Event.number))
    return [
        {
            "number": e.number,
            "at": e.at,
            "person": e.person,
            "action": e.action,
            "subject": e.subject,
            "reason": _reason(e),
        }
        for e in found
    ]


def _reason(event: Event) -> str | None:
    reason = json.loads(event.detail).get("reason")
    return str(reason) if reason else None


def moment(value: datetime | None, zone: Any) -> str:
    """An instant in station time, for people."""
    return value.astimezone(zone).strftime("%d/%m/%Y %H:%M:%S") if value else "—"
