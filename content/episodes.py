"""Episodes: which items make up the issue of a programme in a month, and items that air on their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from content.items import current_script, is_valid_on
from content.models import Episode, EpisodePart, Item, Programme
from content.months import first_day, last_day, month_of, next_month_day

ITEM_FRAME_MS = 6_300
PROGRAMME_FRAME_MS = 9_500
"""The sounds around an item on its own (chime, closing), and around a programme (chime, opening, closing)."""
UNSCRIPTED_MS_PER_CHARACTER = 65
"""Estimate for an item without a script: about 4.3 syllables a second, 3.6 characters to a syllable and its space."""


def programme_episodes(session: Session, programme: Programme, month: str, now: datetime) -> list[Episode]:
    """The programme's episodes of that month ("YYYY-MM"), made when missing: `new_per_month`, at least one.

    An episode that nothing has been rendered or aired for yet takes up the items that are approved by now,
    the least recently used first, up to the programme's target length.
    """
    wanted = max(1, programme.new_per_month or 1)
    found = {
        episode.number: episode
        for episode in session.scalars(
            select(Episode).where(Episode.programme_id == programme.id, Episode.month == month)
        )
    }
    episodes = []
    for number in range(1, wanted + 1):
        episode = found.get(number)
        if episode is None:
            episode = Episode(
                programme_id=programme.id,
                month=month,
                number=number,
                title=_title(programme, month, number, wanted),
                created_at=now,
            )
            session.add(episode)
            session.flush()
        if not episode.parts:
            _fill(session, programme, episode, month)
        episodes.append(episode)
    return episodes


def coming_episodes(session: Session, today: date, now: datetime) -> list[Episode]:
    """Next month's episodes of every active programme, made when missing: what there is to render ahead."""
    month = month_of(next_month_day(today))
    programmes = session.scalars(
        select(Programme).where(Programme.status == "active").order_by(Programme.id)
    ).all()
    return [
        episode for programme in programmes for episode in programme_episodes(session, programme, month, now)
    ]


def item_episode(session: Session, item: Item, now: datetime) -> Episode:
    """The episode that carries just this item, made when missing."""
    episode = session.scalars(
        select(Episode)
        .join(EpisodePart)
        .where(Episode.programme_id.is_(None), EpisodePart.item_id == item.id)
    ).first()
    if episode is None:
        episode = Episode(programme_id=None, month=None, number=1, title=item.title, created_at=now)
        episode.parts.append(EpisodePart(position=1, item=item))
        session.add(episode)
        session.flush()
    return episode


def estimated_ms(session: Session, episode: Episode) -> int:
    """How long the episode will be, before it is rendered."""
    if not episode.parts:
        return episode.programme.target_length_ms if episode.programme else 60_000
    frame_ms = PROGRAMME_FRAME_MS if episode.programme_id else ITEM_FRAME_MS
    return frame_ms + sum(_item_ms(session, part.item) for part in episode.parts)


def is_ready(episode: Episode) -> bool:
    """True when it has items and each of them is approved."""
    return bool(episode.parts) and all(part.item.status == "approved" for part in episode.parts)


def _fill(session: Session, programme: Programme, episode: Episode, month: str) -> None:
    room_ms = programme.target_length_ms - PROGRAMME_FRAME_MS
    position = 0
    for item in _by_last_use(session, programme, month):
        need_ms = _item_ms(session, item)
        if position and need_ms > room_ms:
            continue
        position += 1
        room_ms -= need_ms
        episode.parts.append(EpisodePart(position=position, item=item))
    session.flush()


def _by_last_use(session: Session, programme: Programme, month: str) -> Sequence[Item]:
    """Approved items of the programme that are valid in the month and not yet in it, least recently used first."""
    used = dict(
        session.execute(
            select(EpisodePart.item_id, func.max(Episode.month))
            .join(Episode)
            .where(Episode.programme_id == programme.id)
            .group_by(EpisodePart.item_id)
        ).all()
    )
    items = session.scalars(
        select(Item).where(Item.programme_id == programme.id, Item.status == "approved").order_by(Item.id)
    ).all()
    usable = [
        item
        for item in items
        if used.get(item.id) != month
        and (is_valid_on(item, first_day(month)) or is_valid_on(item, last_day(month)))
    ]
    return sorted(usable, key=lambda item: (used.get(item.id) or "", item.id))


def _item_ms(session: Session, item: Item) -> int:
    script = current_script(session, item)
    return script.estimated_ms if script else len(item.text) * UNSCRIPTED_MS_PER_CHARACTER


def _title(programme: Programme, month: str, number: int, wanted: int) -> str:
    year, _, month_number = month.partition("-")
    issue = f"số {number}, " if wanted > 1 else ""
    return f"{programme.title} – {issue}tháng {int(month_number)}/{year}"
