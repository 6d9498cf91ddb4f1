"""Planning for a station: gather what is owed, ask the planner, store its plays in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from audio.models import EpisodeAudio
from content.config import Config
from content.episodes import estimated_ms, is_ready, item_episode, programme_episodes
from content.errors import LoaError
from content.events import record
from content.language import N_
from content.models import Episode, Item, Programme
from content.months import months_between
from content.station import Station
from scheduler.models import Plan, Play
from scheduler.plan_view.changes import changes, standing
from scheduler.planner import Solution, solve
from scheduler.policy import narrowed, overridden_days, policy_of
from scheduler.station_problem import episode_key, instant, problem

FIXED = ("pinned", "aired", "emergency")
"""Statuses that no re-planning touches."""


MOST_DAYS = 400
"""A year and a month: more than any document orders."""


class RangeError(LoaError):
    """A plan range that ends before it begins."""

    sentence = N_("the plan would end on {until_on}, before it begins on {from_on}")


class PastRangeError(LoaError):
    """A plan range that is over."""

    sentence = N_(
        "{from_on} to {until_on} is over: what aired stands in the log (`loa log list`); plan from {today} on"
    )


class LongRangeError(LoaError):
    """A plan range longer than anybody plans."""

    sentence = N_(
        "{from_on} to {until_on} are {days} days; plan at most {most} days at once (`--to` an earlier day)"
    )


class NothingToPlanError(LoaError):
    """Neither a programme nor an approved item is there."""

    sentence = N_("there is nothing to plan yet: import a document, or approve an item (`loa item approve`)")


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltPlan:
    """What one run of the planner left: the plays of the range in order, and what could not be met."""

    plan_id: int | None
    from_on: date
    until_on: date
    plays: tuple[Play, ...]
    shortfalls: tuple[Any, ...]
    waiting: tuple[Episode, ...] = field(default=())
    """Episodes whose airtime is reserved, though they are not approved yet."""
    silent: int = 0
    """Approved episodes without audio in the station's profile."""
    added: int = 0
    moved: int = 0
    removed: int = 0


def build(
    station: Station,
    *,
    from_on: date,
    until_on: date,
    now: datetime,
    person: str | None = None,
    dry_run: bool = False,
    progress: Callable[..., None] | None = None,
) -> BuiltPlan:
    """Lay every play of the station days [from_on, until_on], both inclusive.

    Plays that aired, are pinned, are frozen (within the station's freeze time of `now`) or lie in the past
    stay; the others move as little as the rules allow. The local rules that the config names (`[plan] policy`)
    narrow the sessions. `person` stands in the event log.

    Raises:
        RangeError, PastRangeError, LongRangeError, NothingToPlanError, content.policies.law.PolicyMissingError, content.policies.law.PolicyError.
    """
    if until_on < from_on:
        raise RangeError(from_on=from_on, until_on=until_on)
    if until_on < station.day_of(now):
        raise PastRangeError(from_on=from_on, until_on=until_on, today=station.day_of(now))
    if (until_on - from_on).days >= MOST_DAYS:
        raise LongRangeError(
            from_on=from_on, until_on=until_on, days=(until_on - from_on).days + 1, most=MOST_DAYS
        )
    with station.decide() as session:
        episodes = gather(session, station.config, from_on, until_on, now)
        if not episodes:
            raise NothingToPlanError
        session.flush()
        plays = plays_between(session, station, from_on, until_on)
        stood = standing(plays)
        before = _lead_in(session, station, from_on, {episode.id for episode, _length in episodes})
        keep_until = now + timedelta(minutes=station.config.plan.freeze_min)
        begin_on = min([from_on, *(station.day_of(play.starts_at) for play in before)])
        task = narrowed(
            problem(
                station.config,
                from_on=begin_on,
                until_on=until_on,
                episodes=episodes,
                plays=[*before, *plays],
                lay_from_on=max(from_on, station.day_of(keep_until)),
            ),
            policy_of(station),
            overridden_days(session),
        )
        owed = {episode.id for episode, _length in episodes}
        stale = {
            f"p{play.id}"
            for play in plays
            if play.status == "planned" and play.starts_at > keep_until and play.episode_id not in owed
        }  # withdrawn or out of its validity: it gives its air to the others
        task["plays"] = [play for play in task["plays"] if play["id"] not in stale]
        _hold(task, {f"p{play.id}" for play in plays if play.starts_at <= keep_until}, "pinned")
        _hold(task, {f"p{play.id}" for play in before}, "aired")
        task["meta"]["freeze_min"] = 0  # `now` below has the freeze time in it
        replans = any(play.status == "planned" for play in plays)
        solution = solve(
            task,
            baseline=task if replans else None,
            now=max(_local(keep_until, station.config), datetime.combine(from_on, time())),
            progress=progress,
        )
        built = _store(
            session,
            station,
            solution,
            plays,
            from_on,
            until_on,
            now,
            {key.id: length for key, length in episodes},
        )
        session.get_one(Plan, built.plan_id).figures = {
            "changes": changes(task, stood, built.plays, solution.plays, station.tz)
        }
        figures = {
            "from": from_on,
            "until": until_on,
            "added": built.added,
            "moved": built.moved,
            "removed": built.removed,
        }
        if built.added or built.moved or built.removed:
            record(
                session,
                action="plan.built",
                subject=f"plans:{built.plan_id}",
                person=person,
                detail=figures,
                at=now,
            )
        silent = sum(
            is_ready(episode) and newest_audio(session, station.config, episode) is None
            for episode, _length in episodes
        )
        waiting = tuple(episode for episode, _length in episodes if not is_ready(episode))
        if dry_run:
            session.flush()
            session.expunge_all()  # what is shown outlives the rollback
            session.rollback()
    return BuiltPlan(
        plan_id=None if dry_run else built.plan_id, from_on=from_on, until_on=until_on, plays=built.plays,
        shortfalls=built.shortfalls, waiting=waiting, silent=silent, added=built.added, moved=built.moved, removed=built.removed,
    )  # fmt: skip


def gather(
    session: Session, config: Config, from_on: date, until_on: date, now: datetime
) -> list[tuple[Episode, int]]:
    """Every episode that the range owes airtime, with its length in ms; episodes are made when missing."""
    episodes: list[Episode] = []
    programmes = session.scalars(
        select(Programme).where(Programme.status != "retired").order_by(Programme.id)
    ).all()
    for programme in programmes:
        for month in months_between(from_on, until_on):
            episodes += programme_episodes(session, programme, month, now)
    items = session.scalars(
        select(Item)
        .where(Item.status == "approved", Item.programme_id.is_(None), Item.bulletin_class != "emergency")
        .order_by(Item.id)
    ).all()
    episodes += [
        item_episode(session, item, now)
        for item in items
        if (item.valid_from_on is None or item.valid_from_on <= until_on)
        and (item.valid_until_on is None or from_on <= item.valid_until_on)
    ]
    return [(episode, length_ms(session, config, episode)) for episode in episodes]


def length_ms(session: Session, config: Config, episode: Episode) -> int:
    """The length of the newest audio in the station's profile, else the estimate."""
    audio = newest_audio(session, config, episode)
    return audio.length_ms if audio else estimated_ms(session, episode)


def newest_audio(session: Session, config: Config, episode: Episode) -> EpisodeAudio | None:
    """The newest audio of an episode in the station's profile, or None before it is rendered."""
    return session.scalars(
        select(EpisodeAudio)
        .where(EpisodeAudio.episode_id == episode.id, EpisodeAudio.profile == config.audio.profile)
        .order_by(EpisodeAudio.id.desc())
        .limit(1)
    ).first()


def plays_between(session: Session, station: Station, from_on: date, until_on: date) -> Sequence[Play]:
    """Plays that start on the station days [from_on, until_on], by start."""
    start = datetime.combine(from_on, time(), station.tz)
    end = datetime.combine(until_on + timedelta(days=1), time(), station.tz)
    return session.scalars(
        select(Play).where(Play.starts_at >= start, Play.starts_at < end).order_by(Play.starts_at, Play.id)
    ).all()


def _lead_in(session: Session, station: Station, from_on: date, episode_ids: set[int]) -> list[Play]:
    """Plays before `from_on` in the same week or month: they count for both, and for gaps, but stay."""
    begin = min(from_on - timedelta(days=from_on.weekday()), from_on.replace(day=1))
    if begin == from_on:
        return []
    earlier = plays_between(session, station, begin, from_on - timedelta(days=1))
    return [play for play in earlier if play.episode_id in episode_ids and play.status in ("planned", *FIXED)]


def _hold(task: dict[str, Any], ids: set[str], status: str) -> None:
    """Planned plays that are past, frozen or before the range take a status that no planner moves, for this run."""
    for play in task["plays"]:
        if play["id"] in ids and play["status"] in ("planned", "pinned"):
            play["status"] = status


def _store(
    session: Session,
    station: Station,
    solution: Solution,
    before: Sequence[Play],
    from_on: date,
    until_on: date,
    now: datetime,
    lengths: dict[int, int],
) -> BuiltPlan:
    plan = Plan(
        built_at=now,
        from_on=from_on,
        until_on=until_on,
        shortfalls=[_plain(s) for s in solution.shortfalls],
        figures={},
    )
    session.add(plan)
    session.flush()
    known = {f"p{play.id}": play for play in before}
    episode_ids = {episode_key(episode_id): episode_id for episode_id in lengths}
    kept: set[str] = set()
    added = moved = 0
    for laid in solution.plays:
        starts_at = instant(laid["start"], station.config)
        if station.day_of(starts_at) < from_on:
            continue
        play = known.get(laid["id"])
        if play is not None:
            kept.add(laid["id"])
            if play.status == "planned" and (
                play.starts_at != starts_at or list(play.zones) != list(laid["zones"])
            ):
                play.starts_at, play.zones, play.plan_id = (
                    starts_at.astimezone(UTC),
                    list(laid["zones"]),
                    plan.id,
                )
                moved += 1
            if play.status == "planned" and play.frozen_at is None:
                play.length_ms = lengths.get(play.episode_id or 0, play.length_ms)
            continue
        episode_id = episode_ids[laid["programme"]]
        session.add(
            Play(episode_id=episode_id, kind="replay", starts_at=starts_at.astimezone(UTC), length_ms=lengths[episode_id], zones=list(laid["zones"]), status="planned", plan_id=plan.id, created_at=now)
        )  # fmt: skip
        added += 1
    removed = 0
    for key, play in known.items():
        if key not in kept and play.status == "planned":
            session.delete(play)
            removed += 1
    session.flush()
    _name_first_airings(session, set(lengths))
    plays = plays_between(session, station, from_on, until_on)
    for play in plays:
        _ = play.episode and play.episode.title  # loaded now: the plays outlive the session
    return BuiltPlan(
        plan_id=plan.id,
        from_on=from_on,
        until_on=until_on,
        plays=tuple(plays),
        shortfalls=tuple(solution.shortfalls),
        added=added,
        moved=moved,
        removed=removed,
    )


def _name_first_airings(session: Session, episode_ids: set[int]) -> None:
    """The earliest play of an episode that airs or aired is its first airing, each later one a replay."""
    for episode_id in episode_ids:
        plays = session.scalars(
            select(Play)
            .where(Play.episode_id == episode_id, Play.status.in_(("planned", "pinned", "aired")))
            .order_by(Play.starts_at, Play.id)
        ).all()
        for number, play in enumerate(plays):
            if play.status != "aired":
                play.kind = "replay" if number else "first"


def _plain(shortfall: Any) -> Any:
    to_json = getattr(shortfall, "to_json", None)
    return to_json() if to_json else shortfall


def _local(moment: datetime, config: Config) -> datetime:
    return moment.astimezone(config.tz).replace(tzinfo=None)
