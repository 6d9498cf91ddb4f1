"""Changes of single plays by hand, each held against the rules, and the plan in other forms."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from content.errors import LoaError
from content.events import record
from content.language import N_, Marked
from content.months import last_day, month_of
from content.station import Station
from scheduler.daemon.freeze import refuse_frozen
from scheduler.models import Play
from scheduler.plan_view.rules import rule_told
from scheduler.planner.verify import GONE, Fault, verify
from scheduler.policy import narrowed, overridden_days, policy_of
from scheduler.station_plan import gather, plays_between
from scheduler.station_problem import problem


class NoSuchPlayError(LoaError):
    """A play that is not in the plan."""

    sentence = N_("there is no play {play_id}; `loa plan show --json` lists their numbers")


class NotOpenError(LoaError):
    """A play that can no longer be changed."""

    sentence = N_("play {play_id} at {start} is {status} and can no longer be changed")


class BegunError(LoaError):
    """A play whose time has come already."""

    sentence = N_("play {play_id} began at {start} and can no longer be changed")


class TooSoonError(LoaError):
    """A time in the past, or inside the freeze time."""

    sentence = N_(
        "{start} lies in the past or within {minutes} minutes from now, where the plan is frozen; "
        "choose a later time, or add --now"
    )


class RuleBrokenError(LoaError):
    """A change by hand that would break a rule."""

    sentence = N_(
        "play {play_id} cannot go to {start}: it would break {rules}; choose another time, or change the rule"
    )


def play_of(session: Session, play_id: int) -> Play:
    """The play of this number. Raises: NoSuchPlayError."""
    play = session.get(Play, play_id)
    if play is None:
        raise NoSuchPlayError(play_id=play_id)
    return play


def open_play(
    session: Session, station: Station, play_id: int, now: datetime, *, frozen_too: bool = False
) -> Play:
    """The play of this number, not yet begun and, unless `frozen_too`, outside the freeze time.

    Raises: NoSuchPlayError, NotOpenError, FrozenError, BegunError.
    """
    play = play_of(session, play_id)
    if play.status not in ("planned", "pinned"):
        raise NotOpenError(play_id=play_id, start=told(station, play.starts_at), status=Marked(play.status))
    if play.starts_at <= now:
        raise BegunError(play_id=play_id, start=told(station, play.starts_at))
    if not frozen_too:
        refuse_frozen(station, play, now)
    return play


def pin(station: Station, play_id: int, *, now: datetime, person: str | None, release: bool = False) -> Play:
    """Hold a play where it is whatever is planned anew (or let it go again)."""
    with station.decide() as session:
        play = open_play(session, station, play_id, now, frozen_too=True)
        play.status = "planned" if release else "pinned"
        return _noted(session, play, "play.released" if release else "play.pinned", person, now)


def cancel(
    station: Station,
    play_id: int,
    *,
    reason: str,
    now: datetime,
    person: str | None,
    frozen_too: bool = False,
) -> Play:
    """Take a play out of the plan, a frozen one only with `frozen_too`; the reason stays with it.

    Raises: NoSuchPlayError, NotOpenError, FrozenError, BegunError.
    """
    with station.decide() as session:
        play = open_play(session, station, play_id, now, frozen_too=frozen_too)
        play.status, play.reason = "cancelled", reason
        return _noted(session, play, "play.cancelled", person, now, reason=reason)


def move(
    station: Station,
    play_id: int,
    *,
    starts_at: datetime,
    now: datetime,
    person: str | None,
    frozen_too: bool = False,
) -> Play:
    """Put a play elsewhere and pin it there, if no rule is broken that was not broken before.

    With `frozen_too` it may leave, and go to, the freeze time; never the past.

    Raises: NoSuchPlayError, NotOpenError, FrozenError, BegunError, TooSoonError, RuleBrokenError.
    """
    with station.decide() as session:
        play = open_play(session, station, play_id, now, frozen_too=frozen_too)
        minutes = station.config.plan.freeze_min
        if starts_at <= now + timedelta(minutes=0 if frozen_too else minutes):
            raise TooSoonError(start=told(station, starts_at), minutes=minutes)
        days = [station.day_of(play.starts_at), station.day_of(starts_at)]
        first, last = min(days).replace(day=1), last_day(month_of(max(days)))
        before = {
            _key(fault) for fault in faults_between(session, station, first, last, now) if not fault.soft
        }
        was = play.starts_at
        play.starts_at, play.status = starts_at.astimezone(UTC), "pinned"
        session.flush()
        after = [f for f in faults_between(session, station, first, last, now) if not f.soft and not f.past]
        fresh = [f for f in after if _key(f) not in before]
        if fresh:
            broken = sorted({(fault.rule, fault.when) for fault in fresh})
            raise RuleBrokenError(
                play_id=play_id,
                start=told(station, starts_at),
                rules=[rule_told(rule, when) for rule, when in broken],
            )
        return _noted(session, play, "play.moved", person, now, **{"from": was, "to": starts_at})


def _noted(
    session: Session, play: Play, action: str, person: str | None, now: datetime, **detail: object
) -> Play:
    """Write a change to the log and hand the play out of its session."""
    record(session, action=action, subject=play, person=person, detail=detail or None, at=now)
    session.flush()
    session.expunge(play)
    return play


def problem_of(session: Session, station: Station, first: date, last: date, now: datetime) -> dict[str, Any]:
    """The station's rules and the plays of some days as a problem of the planner, within the local rules."""
    episodes = gather(session, station.config, first, last, now)
    plays = plays_between(session, station, first, last)
    return narrowed(
        problem(station.config, from_on=first, until_on=last, episodes=episodes, plays=plays),
        policy_of(station),
        overridden_days(session),
    )


def faults_between(session: Session, station: Station, first: date, last: date, now: datetime) -> list[Fault]:
    """What the plays of some days break, reckoned anew from the rules of the station."""
    return verify(problem_of(session, station, first, last, now))


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What the plan of some days breaks or misses."""

    plays: int
    """How many stand there."""
    faults: tuple[Fault, ...]
    titles: Mapping[str, str]
    """What the planner's names of episodes stand for."""


def check(station: Station, first: date, last: date, *, now: datetime) -> Checked:
    """Hold the plan of some days against the rules of the station; nothing is changed."""
    with station.decide() as session:
        task = problem_of(session, station, first, last, now)
        session.rollback()
    return Checked(
        plays=sum(play["status"] not in GONE for play in task["plays"]),
        faults=tuple(verify(task)),
        titles={programme["id"]: programme["title"] for programme in task["programmes"]},
    )


def told(station: Station, moment: datetime) -> str:
    """A moment in station time as people write it."""
    return f"{moment.astimezone(station.tz):%H:%M %d/%m/%Y}"


def _key(fault: Fault) -> tuple[str, str | None, str | None, str]:
    return fault.rule, fault.programme, fault.zone, fault.when


def as_ics(station: Station, plays: Sequence[Play], now: datetime) -> str:
    """The plays as an iCalendar file (RFC 5545), times in UTC, lines folded at 73 octets."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//loaphuong//plan//VI", "CALSCALE:GREGORIAN"]
    for play in plays:
        end = play.starts_at + timedelta(milliseconds=play.length_ms)
        lines += [
            "BEGIN:VEVENT",
            f"UID:play-{play.id}@{station.config.station.name}".replace(" ", "-"),
            f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}",
            f"DTSTART:{play.starts_at.astimezone(UTC):%Y%m%dT%H%M%SZ}",
            f"DTEND:{end.astimezone(UTC):%Y%m%dT%H%M%SZ}",
            "SUMMARY:" + _ics_text(play.episode.title if play.episode else str(play.id)),
            "LOCATION:" + _ics_text(", ".join(play.zones)),
            "STATUS:" + ("CANCELLED" if play.status == "cancelled" else "CONFIRMED"),
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(_folded(line) + "\r\n" for line in lines)


def _ics_text(text: str) -> str:
    for old, new in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(old, new)
    return text


def _folded(line: str) -> str:
    parts, part = [], ""
    for letter in line:
        if len((part + letter).encode()) > 73:
            parts.append(part)
            part = ""
        part += letter
    return "\r\n ".join([*parts, part])


def as_csv(rows: Sequence[dict[str, Any]]) -> str:
    """The plays as CSV with a header; a text that a spreadsheet would take for a formula is quoted."""
    out = io.StringIO()
    names = ("id", "start_local", "title", "kind", "length_ms", "zones", "status", "audio_sha256")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    for row in rows:
        cells = [", ".join(row[n]) if n == "zones" else row[n] for n in names]
        writer.writerow([f"'{c}" if isinstance(c, str) and c[:1] in "=+-@" else c for c in cells])
    return out.getvalue()


def as_json(rows: Sequence[dict[str, Any]]) -> str:
    """The plays as a JSON list."""
    return json.dumps(rows, ensure_ascii=False, indent=2, default=str) + "\n"
