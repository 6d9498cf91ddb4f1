"""Episodes: which items make up the issue of a programme in a month, and items that air on their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import column, select, table
from sqlalchemy.orm import Session

from content.items import GREETINGS, current_script, is_valid_on
from content.models import Episode, EpisodePart, Item, Programme
from content.months import first_day, last_day, month_of, next_month_day

ITEM_FRAME_MS = 6_300
PROGRAMME_FRAME_MS = 9_500
"""The sounds around an item on its own (chime, closing), and around a programme (chime, opening, closing)."""
OPENING_AT, CLOSING_AT = 0, 1000
"""Where in an episode its programme's greetings stand; the items begin at 1."""
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
            _fill(session, programme, episode)
        if episode.parts:
            _greet(session, programme, episode)
        episodes.append(episode)
    return episodes


def episodes_of(session: Session, programme: Programme) -> Sequence[Episode]:
    """Every issue of a programme that was made up, oldest first."""
    return session.scalars(
        select(Episode).where(Episode.programme_id == programme.id).order_by(Episode.month, Episode.number)
    ).all()


def room_ms(session: Session, programme: Programme) -> int:
    """The room for items in an episode: its target length without the sounds and the words around them."""
    greetings = session.scalars(
        select(Item).where(
            Item.programme_id == programme.id,
            Item.kind.in_(GREETINGS),
            Item.status.not_in(("retired", "rejected")),
        )
    )
    spoken_ms = sum(_item_ms(session, item) for item in greetings)
    return max(programme.target_length_ms - PROGRAMME_FRAME_MS - spoken_ms, programme.target_length_ms // 3)


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


def _fill(session: Session, programme: Programme, episode: Episode) -> None:
    left_ms = room_ms(session, programme)
    position = 0
    for item in _by_last_use(session, programme, episode):
        need_ms = _item_ms(session, item)
        if position and need_ms > left_ms:
            continue
        position += 1
        left_ms -= need_ms
        episode.parts.append(EpisodePart(position=position, item=item))
    session.flush()


def _greet(session: Session, programme: Programme, episode: Episode) -> None:
    """Put the programme's approved opening and closing around the items, until the episode has its sound."""
    held = {part.position for part in episode.parts}
    greetings = session.scalars(
        select(Item)
        .where(Item.programme_id == programme.id, Item.kind.in_(GREETINGS), Item.status == "approved")
        .order_by(Item.id)
    )
    newest = {item.kind: item for item in greetings}
    missing = [
        EpisodePart(position=position, item=newest[kind])
        for kind, position in zip(GREETINGS, (OPENING_AT, CLOSING_AT), strict=True)
        if kind in newest and position not in held
    ]
    if missing and not _is_made(session, episode):
        episode.parts.extend(missing)
        session.flush()
        session.expire(episode, ["parts"])  # read again in their order


def _is_made(session: Session, episode: Episode) -> bool:
    """True once the episode has a sound; asks that table by name: what is said does not know how it sounds."""
    made = table("episode_audio", column("id"), column("episode_id"))
    return session.scalar(select(made.c.id).where(made.c.episode_id == episode.id).limit(1)) is not None


def _by_last_use(session: Session, programme: Programme, episode: Episode) -> Sequence[Item]:
    """Approved items of the programme that are valid in the month and not yet in it: parts that go on with what the
    episodes before began come first, then the least recently used."""
    month, here = str(episode.month), _issue(str(episode.month), episode.number)
    used: dict[int, str] = {}
    for item_id, own_month, number in session.execute(
        select(EpisodePart.item_id, Episode.month, Episode.number)
        .join(Episode)
        .where(Episode.programme_id == programme.id, Episode.month.is_not(None))
    ):
        used[item_id] = max(used.get(item_id, ""), _issue(str(own_month), number))
    items = session.scalars(
        select(Item)
        .where(Item.programme_id == programme.id, Item.status == "approved", Item.kind.not_in(GREETINGS))
        .order_by(Item.id)
    ).all()
    later = {item.continues_id: item for item in items if item.continues_id is not None}
    usable = [
        item
        for item in items
        if not used.get(item.id, "").startswith(month)
        and (is_valid_on(item, first_day(month)) or is_valid_on(item, last_day(month)))
        and _is_its_turn(item, later, used, here)
    ]
    return sorted(
        usable,
        key=lambda item: (item.continues_id is None or item.id in used, used.get(item.id, ""), item.id),
    )


def _is_its_turn(item: Item, later: dict[int, Item], used: dict[int, str], here: str) -> bool:
    """False for a part whose predecessor was not heard since, and for a first part while a later one is still to come.

    `later`: the approved part that follows an item; `used`: the last issue in which each was, as `here` is this one.
    """
    own = used.get(item.id, "")
    if item.continues_id is not None:
        return own < used.get(item.continues_id, "") < here
    following = later.get(item.id)
    seen = {item.id}
    while own and following is not None and following.id not in seen:
        if used.get(following.id, "") < own:
            return False
        seen.add(following.id)
        following = later.get(following.id)
    return True


def _issue(month: str, number: int) -> str:
    return f"{month}/{number:02d}"


def _item_ms(session: Session, item: Item) -> int:
    script = current_script(session, item)
    return script.estimated_ms if script else len(item.text) * UNSCRIPTED_MS_PER_CHARACTER


def _title(programme: Programme, month: str, number: int, wanted: int) -> str:
    year, _, month_number = month.partition("-")
    issue = f"số {number}, " if wanted > 1 else ""
    return f"{programme.title} – {issue}tháng {int(month_number)}/{year}"
