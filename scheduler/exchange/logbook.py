"""Word back: what the commune's player noted, sent to the centre and laid beside what was asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from audio.packages.signature import fingerprint, to_text
from content.events import record
from content.language import N_
from content.station import Station
from scheduler.exchange import trust
from scheduler.exchange.communes import own_keys, signing_key
from scheduler.exchange.errors import (
    LogElsewhereProblem,
    LogProblem,
    LogRefusedError,
    LogSignerProblem,
    NoCentreError,
    SeveralCentresError,
)
from scheduler.exchange.kept_manifest import manifest_of
from scheduler.exchange.log_file import LogEntry, Receipt, StationLog, read_log, write_log
from scheduler.exchange.reconcile import Asked, Line, Told, reconcile
from scheduler.models import AsRun, Play
from scheduler.stations import (
    CommuneStation,
    ReceivedPackage,
    ReceivedPlay,
    SentPackage,
    StationAsRun,
    StationReport,
    TrustedSigner,
)

LATE = N_("the package came after its time")
"""Written in English, so that the centre reads it in its own screen language."""


def export_log(
    station: Station, from_on: date, until_on: date, *, now: datetime, centre: str | None = None
) -> tuple[str, bytes]:
    """(file name, content) of the signed report of [from_on, until_on], both inclusive, to a centre.

    `centre` is a fingerprint; it may be left out where packages came from one alone.

    Raises:
        NoCentreError: no package was received from that centre. SeveralCentresError.
    """
    key = signing_key(station, now)
    with station.read() as session:
        signers = [
            row for row in trust.trusted(session) if row.station_code and centre in (None, row.fingerprint)
        ]
        if not signers:
            raise NoCentreError
        if len(signers) > 1:
            raise SeveralCentresError(named="; ".join(f"{row.name}: {row.fingerprint}" for row in signers))
        log = _log(session, station, signers[0], from_on, until_on, now)
    name = f"LOA-LOG-{log.code}-{from_on:%Y%m%d}-{until_on:%Y%m%d}.json"
    return name, write_log(log, key)


def _log(
    session: Session, station: Station, signer: TrustedSigner, from_on: date, until_on: date, now: datetime
) -> StationLog:
    start = datetime.combine(from_on, time(), station.tz)
    end = datetime.combine(until_on + timedelta(days=1), time(), station.tz)
    links = session.scalars(select(ReceivedPlay).where(ReceivedPlay.signer_id == signer.id)).all()
    remote = {link.play_id: link.remote_id for link in links if link.play_id is not None}
    linked = select(ReceivedPlay.play_id).where(
        ReceivedPlay.signer_id == signer.id, ReceivedPlay.play_id.is_not(None)
    )
    at = func.coalesce(AsRun.started_at, AsRun.planned_at, AsRun.ended_at)
    rows = session.execute(
        select(AsRun, Play.make_good_for_id)
        .join(Play, Play.id == AsRun.play_id)
        .where(Play.id.in_(linked) | Play.make_good_for_id.in_(linked))
        .where(AsRun.outcome.is_not(None), at >= start, at < end)
        .order_by(AsRun.id)
    )
    entries = [
        LogEntry(
            key=row.key or f"id-{row.id}", play_id=remote.get(row.play_id or 0),
            make_good_for=remote.get(good_for) if good_for is not None else None, kind=row.kind, title=row.title,
            planned_at=row.planned_at, started_at=row.started_at, ended_at=row.ended_at, heard_ms=row.heard_ms,
            outcome=row.outcome or "missed", reason=row.reason, audio_sha256=row.audio_sha256,
            simulated=row.simulated,
        )
        for row, good_for in rows
    ]  # fmt: skip
    packages = session.scalars(
        select(ReceivedPackage)
        .where(ReceivedPackage.signer_id == signer.id)
        .order_by(ReceivedPackage.revision)
    ).all()
    entries += _late(links, packages, start, end)
    return StationLog(
        code=signer.station_code or "", name=station.config.station.name, centre=signer.fingerprint,
        from_on=from_on, until_on=until_on, made_at=now, entries=entries,
        receipts=[
            Receipt(revision=row.revision, manifest_sha256=row.manifest_sha256, received_at=row.received_at)
            for row in packages
        ],
    )  # fmt: skip


def _late(
    links: Sequence[ReceivedPlay], packages: Sequence[ReceivedPackage], start: datetime, end: datetime
) -> list[LogEntry]:
    """Airings whose time had passed when the package came: missed, and said so."""
    late = {link.remote_id: link.package_id for link in links if link.play_id is None}
    if not late:
        return []
    wanted = set(late.values())
    return [
        LogEntry(
            key=f"late-{play.id}", play_id=play.id, make_good_for=None, kind="play", title=play.title,
            planned_at=play.starts_at, started_at=None, ended_at=None, heard_ms=0, outcome="missed", reason=LATE,
            audio_sha256=play.audio_sha256, simulated=False,
        )
        for package in packages
        if package.id in wanted
        for play in manifest_of(package.manifest).plays
        if late.get(play.id) == package.id and start <= play.starts_at < end
    ]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What one report changed at the centre. `known`: the very same report was here already."""

    code: str
    name: str
    from_on: date
    until_on: date
    known: bool
    entries: int
    new: int
    changed: int
    receipts: int

    def to_json(self) -> dict[str, Any]:
        """As `loa log import --json` prints it."""
        return {name: getattr(self, name) for name in self.__slots__}


def import_log(
    station: Station, content: bytes, name: str, *, now: datetime, trusted_fingerprint: str | None = None
) -> Imported:
    """Take a station's report in. The same one again, or an older one after a newer, harms nothing.

    `trusted_fingerprint`: accept this key as the station's from now on.

    Raises:
        LogRefusedError: with the reason; nothing was taken in.
    """
    own = {fingerprint(key) for key in own_keys(station, now)}
    try:
        log, key = read_log(content)
        if log.centre not in own:
            raise LogElsewhereProblem(fingerprint=log.centre[:60])
        with station.decide() as session:
            row = _known_station(session, log, key, trusted_fingerprint)
            return _take_in(session, row, log, hashlib.sha256(content).hexdigest(), now)
    except LogProblem as problem:
        raise LogRefusedError(name=name, problem=problem) from problem


def _known_station(
    session: Session, log: StationLog, key: bytes, trusted_fingerprint: str | None
) -> CommuneStation:
    row = session.scalars(select(CommuneStation).where(CommuneStation.code == log.code)).first()
    told = fingerprint(key)
    if (
        row is not None
        and trusted_fingerprint is not None
        and trust.as_fingerprint(trusted_fingerprint) == told
    ):
        row.public_key = to_text(key)
    if row is None or row.public_key != to_text(key):
        raise LogSignerProblem(code=log.code[:40], fingerprint=told)
    return row


def _take_in(session: Session, row: CommuneStation, log: StationLog, sha256: str, now: datetime) -> Imported:
    known = (
        session.scalars(select(StationReport.id).where(StationReport.sha256 == sha256)).first() is not None
    )
    blank = Imported(
        code=row.code, name=row.name, from_on=log.from_on, until_on=log.until_on, known=known,
        entries=len(log.entries), new=0, changed=0, receipts=0,
    )  # fmt: skip
    if known:
        return blank
    report = StationReport(
        station_id=row.id,
        sha256=sha256,
        from_on=log.from_on,
        until_on=log.until_on,
        made_at=log.made_at,
        imported_at=now,
    )
    session.add(report)
    session.flush()
    receipts = _note_receipts(session, row, log.receipts)
    new, changed = _note_entries(session, row, report, log.entries)
    record(
        session, action="station.reported", subject=report, person=None, at=now,
        detail={"station": row.code, "sha256": sha256, "entries": len(log.entries)},
    )  # fmt: skip
    return replace(blank, new=new, changed=changed, receipts=receipts)


def _note_receipts(session: Session, row: CommuneStation, receipts: list[Receipt]) -> int:
    at = {receipt.manifest_sha256: receipt.received_at for receipt in receipts}
    noted = 0
    for sent in session.scalars(select(SentPackage).where(SentPackage.station_id == row.id)):
        if sent.manifest_sha256 in at and sent.received_at is None:
            sent.received_at = at[sent.manifest_sha256]
            noted += 1
    return noted


def _note_entries(
    session: Session, row: CommuneStation, report: StationReport, entries: list[LogEntry]
) -> tuple[int, int]:
    """(new, changed): a line that is known is replaced only by what was written later."""
    known = {
        line.key: line
        for line in session.scalars(select(StationAsRun).where(StationAsRun.station_id == row.id))
    }
    reports = select(StationReport.id, StationReport.made_at).where(StationReport.station_id == row.id)
    made: dict[int, datetime] = {found[0]: found[1] for found in session.execute(reports)}
    new = changed = 0
    for entry in entries:
        values = {name: getattr(entry, name) for name in entry.__slots__}
        line = known.get(entry.key)
        if line is None:
            known[entry.key] = StationAsRun(station_id=row.id, report_id=report.id, **values)
            session.add(known[entry.key])
            new += 1
        elif made[line.report_id] < report.made_at and any(getattr(line, n) != v for n, v in values.items()):
            for name, value in values.items():
                setattr(line, name, value)
            line.report_id = report.id
            changed += 1
    return new, changed


def report_of(
    station: Station, row: CommuneStation, from_on: date, until_on: date, *, now: datetime
) -> list[Line]:
    """What became of each airing that a station was asked for on [from_on, until_on], both inclusive.

    All times are in the station's own zone.
    """
    zone = ZoneInfo(row.timezone)
    with station.read() as session:
        packages = session.scalars(
            select(SentPackage)
            .where(
                SentPackage.station_id == row.id,
                SentPackage.from_on <= until_on,
                SentPackage.until_on >= from_on,
            )
            .order_by(SentPackage.revision)
        ).all()
        told = [
            Told(
                play_id=line.play_id, make_good_for=line.make_good_for, outcome=line.outcome,
                started_at=line.started_at and line.started_at.astimezone(zone),
                heard_ms=line.heard_ms, reason=line.reason, simulated=line.simulated,
            )
            for line in session.scalars(select(StationAsRun).where(StationAsRun.station_id == row.id))
        ]  # fmt: skip
    return reconcile(_asked(packages, from_on, until_on), told, now)


def _asked(packages: Sequence[SentPackage], from_on: date, until_on: date) -> list[Asked]:
    """For each day, what the newest package that the station confirmed says of it; unconfirmed, the newest sent."""
    plays: dict[date, tuple[tuple[bool, int], list[Asked]]] = {}
    urgent: list[Asked] = []
    for package in packages:
        manifest = manifest_of(package.manifest)
        days: dict[date, list[Asked]] = {}
        for play in manifest.plays:
            asked = Asked(
                play_id=play.id, title=play.title, starts_at=play.starts_at, make_good_for=play.make_good_for
            )
            days.setdefault(play.starts_at.date(), []).append(asked)
        if package.kind == "urgent":
            urgent += [one for of_day in days.values() for one in of_day]
            continue
        rank = (package.received_at is not None, package.revision)
        day = max(package.from_on, from_on)
        while day <= min(package.until_on, until_on):
            if day not in plays or plays[day][0] < rank:
                plays[day] = (rank, days.get(day, []))
            day += timedelta(days=1)
    return [one for _rank, of_day in plays.values() for one in of_day] + [
        one for one in urgent if from_on <= one.starts_at.date() <= until_on
    ]
