"""Make-good: what was missed is laid again by the planner, under the same rules.

On the real clock this runs in a process of its own (`python -m scheduler.daemon.make_good`): the planner
computes hard, and the daemon's thread may not wait for it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Collection
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from audio.models import EpisodeAudio
from content.episodes import is_ready
from content.errors import LoaError
from content.language import N_, _
from content.months import first_day, last_day, month_of
from content.station import Station, open_station
from scheduler.daemon.feed import may_air
from scheduler.models import AsRun, Plan, Play
from scheduler.stations import ReceivedPackage, ReceivedPlay

MISSED = ("missed", "preempted")
LOOKBACK = timedelta(days=7)
"""Misses of longer ago are the planner's next plan's, not the daemon's."""
LONGEST_S = 600
_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)


class MakeGoodError(LoaError):
    """The planner could not be asked."""

    sentence = N_("missed plays could not be planned anew ({reason}): run `loa plan build`")


def owed_by_earlier_runs(station: Station, now: datetime, *, simulated: bool) -> list[int]:
    """Plays of the last week that were missed and have no replacement yet: a crash must not forget them.

    Only what the same kind of clock missed; a play whose policy is to be skipped, and an urgent bulletin, are not owed.

    Raises:
        LoaError: of the database.
    """
    usual = station.config.daemon.lateness
    with station.read() as session:
        ran = select(AsRun.play_id).where(AsRun.play_id.is_not(None), AsRun.simulated.is_(simulated))
        urgent = (
            select(ReceivedPlay.play_id)
            .join(ReceivedPackage, ReceivedPackage.id == ReceivedPlay.package_id)
            .where(ReceivedPackage.kind == "urgent", ReceivedPlay.play_id.is_not(None))
        )
        query = select(Play).where(
            Play.starts_at > now - LOOKBACK, Play.starts_at <= now, Play.status.in_(MISSED),
            Play.episode_id.is_not(None), Play.id.in_(ran), Play.id.not_in(urgent),
        )  # fmt: skip
        plays = session.scalars(query.order_by(Play.starts_at, Play.id)).all()
        return [
            play.id for play in plays if (play.lateness or usual) != "skip" and not is_replaced(session, play)
        ]


def make_good(station: Station, missed: Collection[int], now: datetime) -> int:
    """Plan anew so that the `missed` plays are made good; how many replacements were laid.

    Plays that the planner laid are laid by it again, under the same rules, with their month. A play of a package,
    or that somebody set by hand, is laid once more beside what stands (`one_more.py`), and so is one whose plan
    ended with its month while it may still air. What is not approved or has no sound would only be missed again:
    the ledger says so, nothing is laid. The same again changes nothing.

    Raises:
        LoaError: of the planner or the database.
    """
    from scheduler.daemon.one_more import lay_one_more
    from scheduler.station_plan import NothingToPlanError, build

    with station.read() as session:
        plays = session.scalars(
            select(Play).where(Play.id.in_(missed), Play.status.in_(MISSED)).order_by(Play.starts_at, Play.id)
        ).all()
        owed = [
            (play.id, play.make_good_for_id or play.id, play.episode_id, play.plan_id is not None)
            for play in plays
            if not is_replaced(session, play) and _can_air(session, station, play)
        ]
    if not owed:
        return 0
    built = None
    month = month_of(station.day_of(now))
    if any(of_plan for *_facts, of_plan in owed):
        with suppress(NothingToPlanError):
            built = build(station, from_on=first_day(month), until_on=_plan_end(station, now), now=now)
    laid = 0
    with station.decide() as session:
        fresh: list[Play] = []
        if built is not None:
            fresh += session.scalars(
                select(Play)
                .where(Play.plan_id == built.plan_id, Play.created_at >= now, Play.make_good_for_id.is_(None))
                .order_by(Play.starts_at, Play.id)
            )
        for play_id, first_missed, episode_id, of_plan in owed:
            new = next((play for play in fresh if play.episode_id == episode_id), None) if of_plan else None
            if new is not None:
                fresh.remove(new)
                new.make_good_for_id = first_missed
                new.reason = _("makes good the missed play {play}").format(play=first_missed)
                laid += 1
                continue
            next_month = last_day(month) + timedelta(days=1)
            not_before = next_month if of_plan and built is not None else None
            laid += bool(
                lay_one_more(session, station, session.get_one(Play, play_id), now, not_before=not_before)
            )
    return laid


def is_replaced(session: Session, play: Play) -> bool:
    """True when another play stands for this missed one: its replacement, or a later one of what it replaced itself.

    All replacements, however many were missed in turn, name the play that was missed first.
    """
    root = play.make_good_for_id or play.id
    query = select(Play.id).where(
        Play.make_good_for_id == root, Play.id != play.id, Play.status != "cancelled"
    )
    if play.id != root:
        query = query.where(Play.created_at > play.created_at)
    return session.scalars(query.limit(1)).first() is not None


def _plan_end(station: Station, now: datetime) -> date:
    """The last day of the month that anybody has planned: nothing is laid behind it."""
    today = station.day_of(now)
    with station.read() as session:
        planned = session.scalar(
            select(func.max(Plan.until_on)).where(Plan.from_on <= today, Plan.until_on >= today)
        )
    end = last_day(month_of(today))
    return end if planned is None else min(end, planned)


def _can_air(session: Session, station: Station, play: Play) -> bool:
    from scheduler.station_plan import newest_audio

    if play.episode is None or any(part.item.bulletin_class == "emergency" for part in play.episode.parts):
        return False  # a warning is not for another day
    if play.plan_id is not None:
        newest = newest_audio(session, station.config, play.episode)
        return is_ready(play.episode) and newest is not None and may_air(session, newest) is None
    query = select(EpisodeAudio).where(EpisodeAudio.episode_id == play.episode_id)
    if play.audio_sha256:
        query = query.where(EpisodeAudio.sha256 == play.audio_sha256)
    else:
        query = query.where(EpisodeAudio.profile == station.config.audio.profile)
    audio = session.scalars(query.order_by(EpisodeAudio.id.desc()).limit(1)).first()
    return audio is not None and may_air(session, audio) is None


def make_good_apart(
    station: Station, missed: Collection[int], now: datetime, stopping: threading.Event | None = None
) -> int:
    """As `make_good`, in another process, at low priority where the system has it; given up once `stopping` is set.

    Raises:
        MakeGoodError.
    """
    order = json.dumps({"station": str(station.folder), "missed": list(missed), "now": now.isoformat()})
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "scheduler.daemon.make_good", order],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
            errors="replace", creationflags=_NO_WINDOW, cwd=Path(__file__).resolve().parents[2],
        )  # fmt: skip
    except OSError as error:
        raise MakeGoodError(reason=str(error)) from error
    end = time.monotonic() + LONGEST_S
    with process:
        while True:
            try:
                out, talk = process.communicate(timeout=0.5)
                break
            except subprocess.TimeoutExpired:
                if (stopping is not None and stopping.is_set()) or time.monotonic() > end:
                    process.kill()
    if process.returncode:
        raise MakeGoodError(reason=(talk.strip().splitlines() or ["?"])[-1])
    return int(out.strip() or 0)


def main(argument: str) -> int:
    """Do what `make_good_apart` ordered."""
    import os

    if hasattr(os, "nice"):
        os.nice(10)
    order = json.loads(argument)
    try:
        station = open_station(Path(order["station"]))
        try:
            laid = make_good(station, order["missed"], datetime.fromisoformat(order["now"]))
        finally:
            station.close()
    except LoaError as error:
        sys.stderr.write(error.told(_) + "\n")
        return 1
    sys.stdout.write(f"{laid}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
