"""A missed play laid once more by itself: for plays that no run of the planner owns, or whose plan has ended."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy.orm import Session

from content.language import _
from content.models import Episode
from content.months import last_day
from content.station import Station
from scheduler.exchange.intake import valid_until as package_valid_until
from scheduler.models import Play
from scheduler.planner.one_more import one_more
from scheduler.policy import narrowed, overridden_days, policy_of
from scheduler.station_plan import plays_between
from scheduler.station_problem import episode_key, instant, problem, seconds

DAYS = 7
"""How many days ahead room is looked for."""


def lay_one_more(
    session: Session, station: Station, missed: Play, now: datetime, *, not_before: date | None = None
) -> list[Play]:
    """The first airing of the missed sound that breaks no rule in the next seven days, pinned; empty without room.

    `not_before`: the first station day that may have it.
    Sessions, blackouts, relays, budgets and the local rules hold; nothing else is moved; a title airs no more often
    a day than it did before. One play for all zones, or one for each group of zones that share no session.
    """
    assert missed.episode is not None
    keep_until = now + timedelta(minutes=station.config.plan.freeze_min)
    first, last = station.day_of(now), station.day_of(keep_until) + timedelta(days=DAYS)
    for valid_until in (_valid_until(missed.episode), package_valid_until(session, missed)):
        if valid_until is not None:
            last = min(last, valid_until)
    if last < station.day_of(keep_until):
        return []
    task = _task(session, station, missed, first, last)
    earliest_at = keep_until.astimezone(station.tz).replace(tzinfo=None)
    if not_before is not None:
        earliest_at = max(earliest_at, datetime.combine(not_before, time()))
    earliest = earliest_at - datetime.combine(first, time())
    laid = []
    for start, zones in one_more(task, episode_key(missed.episode.id), int(earliest.total_seconds()) + 1):
        play = Play(
            episode_id=missed.episode_id, kind="replay", starts_at=instant(start, station.config).astimezone(UTC),
            length_ms=missed.length_ms, zones=zones, status="pinned", timing="soft", lateness=missed.lateness,
            audio_sha256=None if missed.plan_id else missed.audio_sha256,
            make_good_for_id=missed.make_good_for_id or missed.id,
            reason=_("makes good the missed play {play}").format(play=missed.make_good_for_id or missed.id),
            created_at=now,
        )  # fmt: skip
        session.add(play)
        laid.append(play)
    session.flush()
    return laid


def _task(session: Session, station: Station, missed: Play, first: date, last: date) -> dict[str, Any]:
    """Everything that stands, and the missed episode, as a problem of the planner."""
    config = station.config
    plays = plays_between(session, station, first - timedelta(days=DAYS), last)
    often = Counter(
        station.day_of(play.starts_at)
        for play in plays
        if play.episode_id == missed.episode_id and play.status not in ("cancelled", "preempted")
    )
    plays = [play for play in plays if station.day_of(play.starts_at) >= first]
    task = problem(config, from_on=first, until_on=last, episodes=[], plays=plays)
    ids = {play.episode_id for play in plays if play.episode_id is not None} | {missed.episode_id}
    task["programmes"] = [
        {
            "id": episode_key(episode_id), "title": "", "duration_s": seconds(missed.length_ms), "priority": 3,
            "zones": list(missed.zones or config.zone_ids) if episode_id == missed.episode_id else list(config.zone_ids),
            "rules": {"max_per_day": max(often.values(), default=1), "topic_not_adjacent": False}
            if episode_id == missed.episode_id
            else {},
        }
        for episode_id in sorted(filter(None, ids))
    ]  # fmt: skip
    for row, play in zip(task["plays"], plays, strict=True):
        row["zones"] = row["zones"] or list(config.zone_ids)
        if play.episode_id is not None:
            row["programme"], row["status"] = episode_key(play.episode_id), play.status
            if play.status == "emergency":
                row["programme"] = None
    return narrowed(task, policy_of(station), overridden_days(session))


def _valid_until(episode: Episode) -> date | None:
    """The last day on which the episode may air; None where nothing ends it."""
    ends = [part.item.valid_until_on for part in episode.parts] if episode.programme is None else []
    ends.append(episode.programme.valid_until_on if episode.programme is not None else None)
    ends.append(last_day(episode.month) if episode.month else None)
    return min((day for day in ends if day is not None), default=None)
