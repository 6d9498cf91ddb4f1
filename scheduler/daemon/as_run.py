"""The as-run log: what the player noted, brought into the database; late when it must be, twice never."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from content.errors import LoaError
from content.language import _
from content.station import Station
from scheduler.daemon.folder import AirFolder
from scheduler.daemon.journal import Entry, Journal, Register, read, recovered
from scheduler.daemon.lock import StationLock
from scheduler.models import AsRun, Play

FINAL = ("cancelled",)


def store(station: Station, entries: Iterable[Entry]) -> None:
    """Write the newest state of `entries`, in one transaction; the same again changes nothing.

    Raises:
        DatabaseError: nothing was written.
    """
    newest = {entry.key: entry for entry in entries}
    if not newest:
        return
    with station.decide() as session:
        rows = {row.key: row for row in session.scalars(select(AsRun).where(AsRun.key.in_(list(newest))))}
        ids = {entry.play_id for entry in newest.values() if entry.play_id is not None}
        plays = {play.id: play for play in session.scalars(select(Play).where(Play.id.in_(ids)))}
        for key, entry in newest.items():
            play = plays.get(entry.play_id or 0)
            if play is not None and _took_the_number(entry, play.starts_at, play.created_at):
                play = None
            _store_one(session, rows.get(key), entry, play)


def _store_one(session: Session, row: AsRun | None, entry: Entry, play: Play | None) -> None:
    if row is None:
        row = AsRun(key=entry.key)
        session.add(row)
    elif row.outcome is not None and entry.outcome is None:
        return  # an older line than what is stored
    values = {
        "play_id": play.id if play else None,
        "kind": entry.kind,
        "title": entry.title,
        "zones": list(entry.zones),
        "planned_at": entry.planned_at,
        "started_at": entry.started_at,
        "ended_at": entry.ended_at,
        "heard_ms": entry.heard_ms,
        "outcome": entry.outcome,
        "reason": entry.reason,
        "audio_sha256": entry.audio_sha256,
        "output": entry.output,
        "simulated": entry.simulated,
        "who": entry.who,
    }
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
    if play is not None and entry.play_status is not None and play.status not in (*FINAL, entry.play_status):
        if play.status == "aired" and entry.play_status != "aired":
            return
        play.status = entry.play_status


def of_other_plays(station: Station, entries: Iterable[Entry]) -> set[str]:
    """The keys of entries that say nothing of the plan: their plays are not in it, or others have their numbers now.

    A database that was restored from an older backup gives numbers once more that the journal knows already. An empty
    one tells nothing: the written rundown is played by then.

    Raises:
        DatabaseError.
    """
    mine = [entry for entry in entries if entry.play_id is not None]
    ids = sorted({entry.play_id for entry in mine if entry.play_id is not None})
    found: dict[int, tuple[datetime, datetime]] = {}
    with station.read() as session:
        for at in range(0, len(ids), 500):
            query = select(Play.id, Play.starts_at, Play.created_at).where(Play.id.in_(ids[at : at + 500]))
            found |= {row.id: (row.starts_at, row.created_at) for row in session.execute(query)}
        if not found and session.scalar(select(func.count()).select_from(Play)) == 0:
            return set()
    return {
        entry.key
        for entry in mine
        if entry.play_id not in found or _took_the_number(entry, *found[entry.play_id])
    }


def _took_the_number(entry: Entry, starts_at: datetime, created_at: datetime) -> bool:
    """True of a play that was laid after the entry's own should have begun, and for another time."""
    return entry.planned_at is not None and created_at > entry.planned_at and starts_at != entry.planned_at


def close_open_entries(journal: Journal, register: Register) -> list[Entry]:
    """Give an outcome to every entry that a crash left open; the closed entries.

    Their plays stay undecided (`play_status` None): the next run goes on with them or gives them up.
    """
    closed = []
    for entry in journal.open_entries():
        heard_ms, last_at = register.read(entry.slot, entry.key)
        reason = _("Loa was cut off after {seconds} s (power, crash or kill)").format(
            seconds=round(heard_ms / 1000, 1)
        )
        if entry.reason:
            reason = f"{entry.reason}; {reason}"
        done = recovered(entry, heard_ms, last_at, reason)
        if entry.length_ms and entry.offset_ms == 0 and heard_ms >= entry.length_ms:
            # It was through; only its last line was lost.
            done = replace(done, outcome="aired", reason=entry.reason, play_status="aired")
        journal.write(done)
        closed.append(done)
    return closed


def settle(station: Station) -> bool:
    """Without a daemon: close what a crash left open, and bring the database up to the journal. True when done.

    For those who read the log while the station is off; nothing happens while a daemon holds the lock.
    """
    air = AirFolder.of(station)
    if not any(entry.is_open for entry in {entry.key: entry for entry in read(air.journal)}.values()):
        return True
    lock = StationLock(air.lock)
    try:
        lock.take(task="log")
    except LoaError:
        return False
    try:
        journal, register = Journal(air.journal), Register(air.register)
        journal.open()
        try:
            store(station, close_open_entries(journal, register))
        finally:
            journal.close()
            register.close()
    finally:
        lock.release()
    return True


def between(station: Station, start: datetime | None, end: datetime | None) -> list[AsRun]:
    """Entries that began, or were planned where nothing began, in [start, end), oldest first."""
    at = func.coalesce(AsRun.started_at, AsRun.planned_at, AsRun.ended_at)
    query = select(AsRun)
    if start is not None:
        query = query.where(at >= start)
    if end is not None:
        query = query.where(at < end)
    with station.read() as session:
        return list(session.scalars(query.order_by(at, AsRun.id)))
