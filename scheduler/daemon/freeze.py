"""Freezing a day: exactly these files air, and what cannot air is told the evening before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select

from content.errors import LoaError
from content.language import N_, _
from content.station import Station
from scheduler.daemon import rundown
from scheduler.daemon.cue import CueRack
from scheduler.daemon.folder import AirFolder
from scheduler.daemon.rundown import RundownPlay
from scheduler.models import Play

FREEZE_HOUR = 20
"""Station time at which the next day is frozen."""
WORDS = {
    "outside-session": N_("lies outside the sessions of its day"),
    "overlap": N_("begins before the play before it ends"),
    "daily-budget": N_("goes over the airtime of its zone that day"),
    "max-plays": N_("is one play too many for its zone that day"),
}


class FrozenError(LoaError):
    """A change to a play that is about to air."""

    sentence = N_("play {play} airs within {minutes} minutes: change it with --now if you mean it")


def refuse_frozen(station: Station, play: Play, now: datetime) -> None:
    """Raise FrozenError when `play` begins within the freeze time of `now` (or has begun)."""
    freeze = timedelta(minutes=station.config.plan.freeze_min)
    if now - timedelta(hours=12) < play.starts_at <= now + freeze:
        raise FrozenError(play=play.id, minutes=station.config.plan.freeze_min)


def freeze_day(
    station: Station, rack: CueRack, plays: Sequence[RundownPlay], day: date, now: datetime
) -> list[str]:
    """Fix the files of a day's plays in the database, write its rundown, and check it: one line for each fault.

    Every file is there and matches its hash (looked at again unless it is decoded already), is approved,
    and the day keeps to its sessions and caps.

    Raises:
        DatabaseError, DiskFullError, NotWritableError.
    """
    faults = [
        (play_id, _(WORDS.get(what, what)))
        for play_id, what in rundown.exceptions(station.config, day, plays)
    ]
    for play in plays:
        if play.audio_sha256 is not None and play.problem is None and not rack.is_cued(play.audio_sha256):
            try:
                station.media.find(play.audio_sha256, play.suffix, verify=True)
            except LoaError as error:
                faults.append((play.play_id, error.told(_)))
    rundown.write(AirFolder.of(station).rundown(day), day, plays, now)
    by_id = {play.play_id: play for play in plays}
    with station.decide() as session:
        for row in session.scalars(select(Play).where(Play.id.in_(by_id), Play.frozen_at.is_(None))):
            row.frozen_at = now
            row.audio_sha256 = by_id[row.id].audio_sha256
    titles = {
        play.play_id: f"{play.starts_at.astimezone(station.tz):%d/%m %H:%M} {play.title}" for play in plays
    }
    return [f"{titles[play_id]}: {what}" for play_id, what in faults]
