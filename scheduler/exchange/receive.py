"""Take a package in at the commune: verified first, then whole or not at all."""

from __future__ import annotations

import os
import zlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from audio.models import EpisodeAudio
from audio.packages.errors import (
    NeedsMoreProblem,
    OlderProblem,
    OtherStationProblem,
    PackageProblem,
    PackageRefusedError,
)
from audio.packages.manifest import AudioEntry, Manifest, PlayEntry
from audio.packages.signature import to_text
from audio.packages.verify import Checked, staged_package
from content import atomic
from content.events import record
from content.models import Episode
from content.station import Station
from scheduler.exchange import trust
from scheduler.exchange.communes import signing_key
from scheduler.models import Play
from scheduler.stations import ReceivedPackage, ReceivedPlay, TrustedSigner

WAITING = ("planned", "pinned")
URGENT_STALE = timedelta(hours=24)
"""An urgent bulletin that comes later than this is no longer aired by itself."""


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
    with staged_package(
        path, station.media.folder, trusted=signers.__contains__, sounds_only=sounds_only
    ) as (checked, stage):
        checked.problems += objections(station, checked, signers, now)
        manifest = checked.or_refuse(path)
        signer_id = signers[manifest.sender.fingerprint].id
        with station.read() as session:
            if _known(session, signer_id, checked):
                return _summary(checked, manifest, known=True)
        placed = _shelve(station, manifest, stage)
        try:
            with station.decide() as session:
                problems = _order_problems(session, signer_id, manifest)
                if problems:
                    raise PackageRefusedError(name=path.name, problems=problems)
                counts = _take_in(session, station, signer_id, checked, manifest, now)
        except BaseException:
            for target in placed:
                with suppress(OSError):
                    target.unlink()
            raise
    return _summary(checked, manifest, known=False, sounds_added=len(placed), **counts)


def _summary(checked: Checked, manifest: Manifest, *, known: bool, **counts: int) -> Received:
    return Received(
        manifest_sha256=checked.manifest_sha256, sender=manifest.sender.name, fingerprint=manifest.sender.fingerprint,
        kind=manifest.kind, revision=manifest.revision, from_on=manifest.from_on, until_on=manifest.until_on,
        known=known, plays=len(manifest.plays),
        **{"added": 0, "moved": 0, "cancelled": 0, "too_late": 0, "sounds_added": 0, **counts},
    )  # fmt: skip


def objections(
    station: Station, checked: Checked, signers: dict[str, TrustedSigner], now: datetime
) -> list[PackageProblem]:
    """What only this station can say against a well-signed package; `signers` are the trusted ones by fingerprint."""
    manifest = checked.manifest
    signer = signers.get(manifest.sender.fingerprint) if manifest else None
    if manifest is None or signer is None or not checked.proved:
        return []
    problems: list[PackageProblem] = []
    if signer.station_code is not None and signer.station_code != manifest.station.code:
        problems.append(OtherStationProblem(station=manifest.station.code, here=signer.station_code))
    elif manifest.station.public_key is not None:
        own = to_text(signing_key(station, now).public)
        if manifest.station.public_key != own:
            problems.append(
                OtherStationProblem(station=manifest.station.name, here=station.config.station.name)
            )
    missing = [entry for entry in manifest.needs if not _is_here(station, entry)]
    if missing:
        problems.append(NeedsMoreProblem(count=len(missing), base=manifest.base))
    with station.read() as session:
        if not _known(session, signer.id, checked):
            problems += _order_problems(session, signer.id, manifest)
    return problems


def _is_here(station: Station, entry: AudioEntry) -> bool:
    path = station.media.path_of(entry.sha256, ".mp3")
    return path.is_file() and path.stat().st_size == entry.size and atomic.sha256_of(path) == entry.sha256


def _known(session: Session, signer_id: int, checked: Checked) -> bool:
    return (
        session.scalars(
            select(ReceivedPackage.id).where(
                ReceivedPackage.signer_id == signer_id,
                ReceivedPackage.manifest_sha256 == checked.manifest_sha256,
            )
        ).first()
        is not None
    )


def _order_problems(session: Session, signer_id: int, manifest: Manifest) -> list[PackageProblem]:
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
            revision=manifest.revision, newest=found.revision, made_at=f"{found.made_at:%d/%m/%Y %H:%M}"
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
    intake = _Intake(session, station, package, manifest, now)
    counts = intake.plays()
    record(
        session, action="package.received", subject=package, person=None, at=now,
        detail={"sender": manifest.sender.fingerprint, "revision": manifest.revision, "manifest": checked.manifest_sha256},
    )  # fmt: skip
    return counts


class _Intake:
    """Turns the manifest's plays into plays of this station."""

    def __init__(
        self, session: Session, station: Station, package: ReceivedPackage, manifest: Manifest, now: datetime
    ) -> None:
        self.session, self.station, self.package, self.manifest, self.now = (
            session,
            station,
            package,
            manifest,
            now,
        )
        self.urgent = manifest.kind == "urgent"
        self.sounds = {entry.sha256: entry for entry in manifest.audio}
        self.episodes: dict[str, int] = {}
        self.known = {
            row.remote_id: row
            for row in session.scalars(
                select(ReceivedPlay).where(ReceivedPlay.signer_id == package.signer_id)
            )
        }

    def plays(self) -> dict[str, int]:
        """Add, move and cancel; how many of each."""
        counts = {"added": 0, "moved": 0, "cancelled": 0, "too_late": 0}
        for entry in sorted(
            self.manifest.plays, key=lambda play: (play.make_good_for is not None, play.starts_at)
        ):
            row = self.known.get(entry.id)
            play = (
                self.session.get(Play, row.play_id) if row is not None and row.play_id is not None else None
            )
            if row is not None:
                row.package_id = self.package.id
            if play is not None:
                counts["moved"] += self._move(play, entry)
            elif self._is_over(entry):
                counts["too_late"] += 1
                self._link(row, entry, None, "too late")
            else:
                self._link(row, entry, self._add(entry), None)
                counts["added"] += 1
        if not self.urgent:
            counts["cancelled"] = self._cancel_others()
        return counts

    def _is_over(self, entry: PlayEntry) -> bool:
        return entry.starts_at + (URGENT_STALE if self.urgent else timedelta()) <= self.now

    def _starts_at(self, entry: PlayEntry) -> datetime:
        return max(entry.starts_at, self.now) if self.urgent else entry.starts_at

    def _zones(self, entry: PlayEntry) -> list[str]:
        """Zones that this station knows by the same id; all of its own where it knows none of them."""
        return [zone for zone in entry.zones if zone in self.station.config.zone_ids]

    def _add(self, entry: PlayEntry) -> Play:
        play = Play(
            episode_id=self._episode(entry), kind=entry.kind, starts_at=self._starts_at(entry),
            length_ms=entry.length_ms, zones=self._zones(entry), status="emergency" if self.urgent else "pinned",
            timing=entry.timing, audio_sha256=entry.audio_sha256, make_good_for_id=self._local(entry.make_good_for),
            reason=self._reason(), created_at=self.now,
        )  # fmt: skip
        self.session.add(play)
        self.session.flush()
        return play

    def _move(self, play: Play, entry: PlayEntry) -> int:
        """Bring a waiting play to what the newer package says; what has begun or is over stays."""
        if play.status not in (*WAITING, "cancelled") or play.starts_at <= self.now or self._is_over(entry):
            return 0
        if play.status == "cancelled" and not (play.reason or "").startswith(_REASON):
            return 0  # cancelled here, by a person of this station
        before = (play.starts_at, play.audio_sha256, play.status, tuple(play.zones))
        play.episode_id = self._episode(entry)
        play.kind, play.starts_at, play.length_ms = entry.kind, entry.starts_at, entry.length_ms
        play.zones, play.timing, play.audio_sha256 = self._zones(entry), entry.timing, entry.audio_sha256
        play.status, play.reason = "pinned", self._reason()
        return int(before != (play.starts_at, play.audio_sha256, play.status, tuple(play.zones)))

    def _cancel_others(self) -> int:
        named = {entry.id for entry in self.manifest.plays}
        urgent = set(
            self.session.scalars(
                select(ReceivedPackage.id).where(
                    ReceivedPackage.signer_id == self.package.signer_id, ReceivedPackage.kind == "urgent"
                )
            )
        )
        cancelled = 0
        for remote_id, row in self.known.items():
            if remote_id in named or row.play_id is None or row.package_id in urgent:
                continue
            play = self.session.get(Play, row.play_id)
            if play is None or play.status not in WAITING or play.starts_at <= self.now:
                continue
            if self.manifest.from_on <= self.station.day_of(play.starts_at) <= self.manifest.until_on:
                play.status, play.reason = "cancelled", self._reason()
                cancelled += 1
        return cancelled

    def _link(self, row: ReceivedPlay | None, entry: PlayEntry, play: Play | None, note: str | None) -> None:
        if row is None:
            row = ReceivedPlay(
                signer_id=self.package.signer_id, package_id=self.package.id, remote_id=entry.id
            )
            self.session.add(row)
            self.known[entry.id] = row
        row.play_id, row.note = play.id if play else None, note

    def _local(self, remote_id: int | None) -> int | None:
        row = self.known.get(remote_id) if remote_id is not None else None
        return row.play_id if row else None

    def _reason(self) -> str:
        return f"{_REASON}{self.manifest.revision} ({self.manifest.sender.name})"

    def _episode(self, play: PlayEntry) -> int:
        """The episode here that carries that sound; made when missing, outside every programme of our own."""
        sha256 = play.audio_sha256
        if sha256 not in self.episodes:
            held = self.session.scalars(
                select(EpisodeAudio).where(EpisodeAudio.sha256 == sha256).order_by(EpisodeAudio.id)
            ).first()
            self.episodes[sha256] = held.episode_id if held else self._new_episode(self.sounds[sha256])
        return self.episodes[sha256]

    def _new_episode(self, sound: AudioEntry) -> int:
        episode = Episode(title=sound.title, month=sound.month, number=sound.number or 1, created_at=self.now)
        self.session.add(episode)
        self.session.flush()
        vouching = ", ".join(sound.approved_by) or sound.consent_by or ""
        self.session.add(
            EpisodeAudio(
                episode_id=episode.id,
                profile=sound.profile[:16],
                recipe_sha256=sound.sha256,
                sha256=sound.sha256,
                format="mp3",
                length_ms=sound.length_ms,
                loudness_lufs=0.0,
                true_peak_dbtp=0.0,
                degraded=sound.degraded,
                segment_ids=[],
                script_ids=[],
                consent_by=f"{vouching} ({self.manifest.sender.name})".strip(),
                consent_at=self.manifest.made_at,
                created_at=self.now,
            )
        )
        self.session.flush()
        return episode.id


_REASON = "package r"
