"""Make-good: what was missed is laid again by the planner, under the same rules.

On the real clock this runs in a process of its own (`python -m scheduler.daemon.make_good`): the planner
computes hard, and the daemon's thread may not wait for it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from content.episodes import is_ready
from content.errors import LoaError
from content.language import N_, _
from content.models import Episode
from content.months import first_day, last_day, month_of
from content.station import Station, open_station
from scheduler.models import Play

_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)


class MakeGoodError(LoaError):
    """The planner could not be asked."""

    sentence = N_("missed plays could not be planned anew ({reason}): run `loa plan build`")


def make_good(station: Station, missed: Collection[int], now: datetime) -> int:
    """Plan the month of `now` anew so that the `missed` plays are made good; how many replacements were laid.

    Only plays that a planner laid are made good by it: a play that somebody set by hand is theirs to repeat. What
    is not approved or has no sound would only be missed again: the ledger says so, nothing is laid.

    Raises:
        LoaError: of the planner or the database.
    """
    from scheduler.station_plan import build

    with station.read() as session:
        plays = session.scalars(
            select(Play).where(Play.id.in_(missed), Play.plan_id.is_not(None)).order_by(Play.id)
        ).all()
        owed = [
            (play.id, play.episode_id)
            for play in plays
            if play.episode is not None
            and play.episode_id is not None
            and _can_air(session, station, play.episode)
        ]
    if not owed:
        return 0
    month = month_of(station.day_of(now))
    built = build(station, from_on=first_day(month), until_on=last_day(month), now=now)
    laid = 0
    with station.decide() as session:
        fresh = list(
            session.scalars(
                select(Play)
                .where(Play.plan_id == built.plan_id, Play.created_at >= now, Play.make_good_for_id.is_(None))
                .order_by(Play.starts_at, Play.id)
            )
        )
        for play_id, episode_id in owed:
            new = next((play for play in fresh if play.episode_id == episode_id), None)
            if new is not None:
                fresh.remove(new)
                new.make_good_for_id = play_id
                new.reason = _("makes good the missed play {play}").format(play=play_id)
                laid += 1
    return laid


def _can_air(session: Session, station: Station, episode: Episode) -> bool:
    from scheduler.station_plan import newest_audio

    return is_ready(episode) and newest_audio(session, station.config, episode) is not None


def make_good_apart(station: Station, missed: Collection[int], now: datetime) -> int:
    """As `make_good`, in another process, at low priority where the system has it.

    Raises:
        MakeGoodError.
    """
    order = json.dumps({"station": str(station.folder), "missed": list(missed), "now": now.isoformat()})
    try:
        done = subprocess.run(
            [sys.executable, "-m", "scheduler.daemon.make_good", order],
            capture_output=True, text=True, encoding="utf-8", errors="replace", timeout=600, check=False,
            creationflags=_NO_WINDOW, cwd=Path(__file__).resolve().parents[2],
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MakeGoodError(reason=str(error)) from error
    if done.returncode:
        raise MakeGoodError(reason=(done.stderr.strip().splitlines() or ["?"])[-1])
    return int(done.stdout.strip() or 0)


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
