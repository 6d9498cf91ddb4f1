"""What a package asks for becomes plays of this station: added, moved, cancelled, and replacements brought along."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from audio.models import EpisodeAudio
from audio.packages.manifest import AudioEntry, Manifest, PlayEntry
from content.models import Episode
from content.station import Station
from scheduler.exchange.kept_manifest import manifest_of
from scheduler.models import Play
from scheduler.stations import ReceivedPackage, ReceivedPlay

WAITING = ("planned", "pinned")
URGENT_STALE = timedelta(hours=24)
"""An urgent bulletin that comes later than this is no longer aired by itself."""
TOO_LATE = "too late"


def valid_until(session: Session, play: Play) -> date | None:
    """The last day on which the sound of a package's play may air; None where its package names none.

    Also of a play that makes such a one good.
    """
    link = session.scalars(
        select(ReceivedPlay).where(ReceivedPlay.play_id == (play.make_good_for_id or play.id))
    ).first()
    if link is None:
        return None
    manifest = manifest_of(session.get_one(ReceivedPackage, link.package_id).manifest)
    return next((sound.valid_until_on for sound in manifest.audio if sound.sha256 == play.audio_sha256), None)


class Intake:
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
                self._link(row, entry, None, TOO_LATE)
            else:
                self._link(row, entry, self._add(entry), None)
                counts["added"] += 1
        if not self.urgent:
            counts["cancelled"] = self._cancel_others()
            self._bring_replacements_along()
        return counts

    def revive(self) -> int:
        """Plays that came too late by a clock that was wrong, and whose time is still to come, are added; how many.

        Only those that no later package has taken over.
        """
        added = 0
        for entry in self.manifest.plays:
            row = self.known.get(entry.id)
            if row is None or row.play_id is not None or row.package_id != self.package.id:
                continue
            if row.note == TOO_LATE and not self._is_over(entry):
                self._link(row, entry, self._add(entry), None)
                added += 1
        return added

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

    def _bring_replacements_along(self) -> None:
        """Replacements that the daemon here laid for missed plays follow the package, as those themselves would have.

        A play that the centre withdrew is not made good any more; a corrected one is made good with the new sound; what
        the centre makes good itself is not made good twice.
        """
        roots = {row.play_id: remote_id for remote_id, row in self.known.items() if row.play_id is not None}
        linked = set(roots)
        asked = {entry.id: entry for entry in self.manifest.plays}
        made_good_there = {
            entry.make_good_for for entry in self.manifest.plays if entry.make_good_for is not None
        }
        replacements = self.session.scalars(
            select(Play).where(
                Play.make_good_for_id.is_not(None), Play.status.in_(WAITING), Play.starts_at > self.now
            )
        )
        for play in replacements:
            root = self.session.get(Play, play.make_good_for_id)
            remote_id = roots.get(root.id) if root is not None else None
            if play.id in linked or remote_id is None or root is None:
                continue
            entry = asked.get(remote_id)
            covered = self.manifest.from_on <= self.station.day_of(root.starts_at) <= self.manifest.until_on
            if remote_id in made_good_there or (entry is None and covered):
                play.status, play.reason = "cancelled", self._reason()
            elif entry is not None and entry.audio_sha256 != play.audio_sha256:
                play.episode_id, play.audio_sha256 = self._episode(entry), entry.audio_sha256
                play.length_ms = entry.length_ms

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
