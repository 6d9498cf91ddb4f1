"""Take a package in at the commune: verified first, then whole or not at all."""

from __future__ import annotations

import os
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from audio.packages.errors import (
    NeedsMoreProblem,
    OlderProblem,
    OtherKeyProblem,
    OtherSignerProblem,
    OtherStationProblem,
    PackageProblem,
    PackageRefusedError,
    UntrustedSignerProblem,
)
from audio.packages.manifest import AudioEntry, Manifest
from audio.packages.signature import to_text
from audio.packages.verify import STAGE, Checked, staged_package, untrusted
from content import atomic
from content.events import Event, record
from content.station import Station
from scheduler.daemon.lock import AlreadyRunningError, StationLock
from scheduler.exchange import trust
from scheduler.exchange.communes import own_keys
from scheduler.exchange.errors import ReceivingError
from scheduler.exchange.intake import TOO_LATE, Intake
from scheduler.exchange.kept_manifest import manifest_of
from scheduler.stations import ReceivedPackage, ReceivedPlay, TrustedSigner

CLOCK_SLACK = timedelta(hours=12)
"""A package that was made so much later than now tells that a clock is wrong: here or at the sender."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What taking a package in changed. `known`: it was here already, and nothing changed."""

    manifest_sha256: str
    sender: str
    fingerprint: str
    kind: str
    revision: int
    from_on: date
    until_on: date
    known: bool
    plays: int
    added: int
    moved: int
    cancelled: int
    too_late: int
    sounds_added: int
    made_at: datetime
    clock_doubt: bool
    """True when the package comes out of the future, by the clock here."""

    def to_json(self) -> dict[str, Any]:
        """As `loa package receive --json` prints it."""
        return {name: getattr(self, name) for name in self.__slots__}


def receive_package(station: Station, path: Path, *, now: datetime, sounds_only: bool = False) -> Received:
    """Take in the package folder or zip at `path`.

    Everything is checked before anything changes; sounds are then added to the media folder and plays to the plan in
    one transaction. Plays of an earlier package of the same sender in its period that are not in it are cancelled,
    unless they have begun. `sounds_only`: the folder came over the network without lists and wall sheet.

    Raises:
        PackageRefusedError: with every reason; nothing was taken in. PackageMissingError.
        content.atomic.DiskFullError, content.atomic.NotWritableError.
    """
    with station.read() as session:
        signers = {row.fingerprint: row for row in trust.trusted(session)}
    with (
        _alone(station),
        staged_package(path, station.media.folder, trusted=signers.__contains__, sounds_only=sounds_only) as (
            checked,
            stage,
        ),
    ):
        checked.problems += objections(station, checked, signers, now)
        manifest = checked.or_refuse(path)
        signer_id = signers[manifest.sender.fingerprint].id
        with station.decide() as session:
            if known := _known(session, signer_id, checked):
                added = Intake(session, station, known, manifest, now).revive()
                return _summary(checked, manifest, now, known=not added, added=added)
        placed = _shelve(station, manifest, stage)
        try:
            with station.decide() as session:
                problems = _order_problems(session, station, signer_id, manifest)
                if session.get_one(TrustedSigner, signer_id).revoked_at is not None:  # while it was checked
                    problems.append(untrusted(manifest))
                if problems:
                    raise PackageRefusedError(name=path.name, problems=problems)
                counts = _take_in(session, station, signer_id, checked, manifest, now)
        except BaseException:
            for target in placed:
                with suppress(OSError):
                    target.unlink()
            raise
    return _summary(checked, manifest, now, known=False, sounds_added=len(placed), **counts)


def revive_late(station: Station, manifest_sha256: str, *, now: datetime) -> int:
    """Plays of a package that is here already which a wrong clock took for too late are added; how many."""
    with station.read() as session:
        package_id = session.scalars(
            select(ReceivedPackage.id)
            .join(ReceivedPlay, ReceivedPlay.package_id == ReceivedPackage.id)
            .join(TrustedSigner, TrustedSigner.id == ReceivedPackage.signer_id)
            .where(ReceivedPackage.manifest_sha256 == manifest_sha256, TrustedSigner.revoked_at.is_(None))
            .where(ReceivedPlay.play_id.is_(None), ReceivedPlay.note == TOO_LATE)
        ).first()
    if package_id is None:
        return 0
    with station.decide() as session:
        package = session.get_one(ReceivedPackage, package_id)
        return Intake(session, station, package, manifest_of(package.manifest), now).revive()


@contextmanager
def _alone(station: Station) -> Iterator[None]:
    """One package at a time; what a killed predecessor left half-way is swept away. Raises: ReceivingError."""
    lock = StationLock(station.media.folder / ".incoming.lock")
    try:
        lock.take(task="receive")
    except AlreadyRunningError as error:
        raise ReceivingError from error
    except OSError as error:
        raise atomic.told_of(error, station.media.folder) from error
    try:
        for leftover in station.media.folder.glob(f"{STAGE}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        yield
    finally:
        lock.release()
        with suppress(OSError):
            lock.path.unlink()


def _summary(checked: Checked, manifest: Manifest, now: datetime, *, known: bool, **counts: int) -> Received:
    return Received(
        manifest_sha256=checked.manifest_sha256, sender=manifest.sender.name, fingerprint=manifest.sender.fingerprint,
        kind=manifest.kind, revision=manifest.revision, from_on=manifest.from_on, until_on=manifest.until_on,
        known=known, plays=len(manifest.plays), made_at=manifest.made_at,
        clock_doubt=manifest.made_at > now + CLOCK_SLACK,
        **{"added": 0, "moved": 0, "cancelled": 0, "too_late": 0, "sounds_added": 0, **counts},
    )  # fmt: skip


def objections(
    station: Station, checked: Checked, signers: dict[str, TrustedSigner], now: datetime
) -> list[PackageProblem]:
    """What only this station can say against a well-signed package; `signers` are the trusted ones by fingerprint."""
    manifest = checked.manifest
    signer = signers.get(manifest.sender.fingerprint) if manifest else None
    if manifest is not None and signer is None:
        _name_the_earlier_key(station, checked, manifest, signers)
    if manifest is None or signer is None or not checked.proved:
        return []
    problems: list[PackageProblem] = []
    if signer.station_code is not None and signer.station_code != manifest.station.code:
        problems.append(OtherStationProblem(station=manifest.station.code, here=signer.station_code))
    elif manifest.station.public_key is not None:
        own = {to_text(key) for key in own_keys(station, now)}
        if manifest.station.public_key not in own:
            problems.append(OtherKeyProblem(station=manifest.station.name, code=manifest.station.code))
    if problems:
        return problems  # what else is wrong with another station's package is nothing to this one
    missing = [entry for entry in manifest.needs if not _is_here(station, entry)]
    if missing:
        problems.append(NeedsMoreProblem(count=len(missing), base=manifest.base))
    with station.read() as session:
        if not _known(session, signer.id, checked):
            problems += _order_problems(session, station, signer.id, manifest)
    return problems


def _name_the_earlier_key(
    station: Station, checked: Checked, manifest: Manifest, signers: dict[str, TrustedSigner]
) -> None:
    """Where a sender of that name is trusted by another key: whoever trusts the new one must know what of the old.

    Not for a key that was trusted once: it was given up for a reason.
    """
    told = manifest.sender.fingerprint
    earlier = [row for row in signers.values() if row.name == manifest.sender.name]
    if not earlier:
        return
    with station.read() as session:
        renewed = session.scalars(select(Event.detail).where(Event.action == "signer.renewed"))
        is_given_up = any(told in detail for detail in renewed)
        is_given_up |= told in session.scalars(select(TrustedSigner.fingerprint)).all()
    if is_given_up:
        return
    problem = OtherSignerProblem(
        name=manifest.sender.name[:80], fingerprint=told, old=earlier[-1].fingerprint
    )
    checked.problems[:] = [
        problem if isinstance(one, UntrustedSignerProblem) else one for one in checked.problems
    ]


def _is_here(station: Station, entry: AudioEntry) -> bool:
    path = station.media.path_of(entry.sha256, ".mp3")
    return path.is_file() and path.stat().st_size == entry.size and atomic.sha256_of(path) == entry.sha256


def _known(session: Session, signer_id: int, checked: Checked) -> ReceivedPackage | None:
    """This very package, where it was taken in before."""
    return session.scalars(
        select(ReceivedPackage).where(
            ReceivedPackage.signer_id == signer_id,
            ReceivedPackage.manifest_sha256 == checked.manifest_sha256,
        )
    ).first()


def _order_problems(
    session: Session, station: Station, signer_id: int, manifest: Manifest
) -> list[PackageProblem]:
    """A newer package over any of the same days makes this one too old; urgent bulletins have an order of their own."""
    newest = session.scalars(
        select(ReceivedPackage)
        .where(ReceivedPackage.signer_id == signer_id, ReceivedPackage.revision >= manifest.revision)
        .where(ReceivedPackage.from_on <= manifest.until_on, ReceivedPackage.until_on >= manifest.from_on)
        .where((ReceivedPackage.kind == "urgent") == (manifest.kind == "urgent"))
        .order_by(ReceivedPackage.revision.desc())
    ).first()
    same = session.scalars(
        select(ReceivedPackage).where(
            ReceivedPackage.signer_id == signer_id, ReceivedPackage.revision == manifest.revision
        )
    ).first()
    found = newest or same
    if found is None:
        return []
    return [
        OlderProblem(
            revision=manifest.revision,
            newest=found.revision,
            made_at=f"{found.made_at.astimezone(station.tz):%d/%m/%Y %H:%M}",
        )
    ]


def _shelve(station: Station, manifest: Manifest, stage: Path) -> list[Path]:
    """Move the checked sounds into the media folder; the paths that were not there before."""
    placed: list[Path] = []
    try:
        for entry in manifest.audio:
            held = stage / entry.sha256
            target = station.media.path_of(entry.sha256, ".mp3")
            if not held.exists() or _is_here(station, entry):
                continue
            with held.open("rb+") as stream:
                os.fsync(stream.fileno())
            target.parent.mkdir(parents=True, exist_ok=True)
            fresh = not target.exists()
            held.replace(target)
            if fresh:
                placed.append(target)
    except OSError as error:
        for target in placed:
            with suppress(OSError):
                target.unlink()
        raise atomic.told_of(error, station.media.folder) from error
    return placed


def _take_in(
    session: Session, station: Station, signer_id: int, checked: Checked, manifest: Manifest, now: datetime
) -> dict[str, int]:
    signer = session.get_one(TrustedSigner, signer_id)
    signer.name = signer.name or manifest.sender.name
    signer.public_key = manifest.sender.public_key
    signer.station_code = signer.station_code or manifest.station.code
    package = ReceivedPackage(
        signer_id=signer_id, revision=manifest.revision, kind=manifest.kind, from_on=manifest.from_on,
        until_on=manifest.until_on, manifest_sha256=checked.manifest_sha256,
        manifest=zlib.compress(checked.manifest_bytes, 6), made_at=manifest.made_at, received_at=now,
    )  # fmt: skip
    session.add(package)
    session.flush()
    counts = Intake(session, station, package, manifest, now).plays()
    record(
        session, action="package.received", subject=package, person=None, at=now,
        detail={"sender": manifest.sender.fingerprint, "revision": manifest.revision, "manifest": checked.manifest_sha256},
    )  # fmt: skip
    return counts
