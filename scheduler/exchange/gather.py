"""From the plan tables to what a package says: every airing of a period with its cleared sound."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from audio.models import EpisodeAudio
from audio.packages.manifest import AudioEntry, RuleEntry
from content.events import Event
from content.language import _
from content.media import MediaMissingError
from content.models import Approval, Episode, EpisodePart, Programme
from content.months import month_of
from content.station import Station
from scheduler.daemon.feed import may_air
from scheduler.models import Plan, Play

AIRING = ("planned", "pinned", "aired", "missed", "preempted")
"""Statuses of the centre's plays that a commune is asked to air: what became of them here does not matter there."""
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
CLASSES = ("normal", "priority", "emergency")


@dataclass(frozen=True, slots=True, kw_only=True)
class Airing:
    """One play of the plan with the sound that airs; `starts_at` aware, in the zone that was asked for."""

    play_id: int
    kind: str
    title: str
    starts_at: datetime
    length_ms: int
    zones: tuple[str, ...]
    audio_sha256: str
    bulletin_class: str
    timing: str
    make_good_for: int | None
    valid_until_on: date | None = None
    """The last day on which it may air, inclusive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """All that packages of one period and profile are made of; `sounds` and `files` by SHA-256."""

    from_on: date
    until_on: date
    profile: str
    airings: list[Airing]
    earlier: list[Airing]
    """Those of the same month before `from_on`: a station's sessions may have put them off into these days."""
    sounds: dict[str, AudioEntry]
    files: dict[str, Path]
    rules: list[Programme]
    left_out: list[str]
    """Airings without a cleared sound, in words: title, day, reason."""
    changed_at: datetime
    """When the plan of these days or its sounds were last changed."""


def gather(
    station: Station, from_on: date, until_on: date, profile: str, zone: ZoneInfo, *, urgent: bool = False
) -> Gathered:
    """Everything planned on the days [from_on, until_on] of `zone`, both inclusive; or only the urgent bulletins.

    What of the same month came before is gathered apart, where it is ready; not with the urgent ones. The zone is the commune's: what is withdrawn and what is reported is reckoned by its days.
    """
    start = datetime.combine(from_on if urgent else from_on.replace(day=1), time(), zone)
    end = datetime.combine(until_on + timedelta(days=1), time(), zone)
    with station.read() as session:
        plays = session.scalars(
            select(Play)
            .where(
                Play.starts_at >= start,
                Play.starts_at < end,
                Play.status.in_(("emergency",) if urgent else AIRING),
            )
            .where(Play.episode_id.is_not(None))
            .order_by(Play.starts_at, Play.id)
            .options(selectinload(Play.episode).selectinload(Episode.parts).selectinload(EpisodePart.item))
            .options(selectinload(Play.episode).selectinload(Episode.programme))
        ).all()
        return _Gathering(station, session, from_on, until_on, profile, zone, urgent=urgent).of(plays)


def _changed_at(session: Session, plays: Sequence[Play], sounds: set[int]) -> datetime:
    """When these plays or the sounds of those ids were made or last moved: by the tables and the event log."""
    moments = [play.created_at for play in plays]
    plans = {play.plan_id for play in plays if play.plan_id is not None}
    moments += session.scalars(select(Plan.built_at).where(Plan.id.in_(plans)))
    moments += session.scalars(select(EpisodeAudio.created_at).where(EpisodeAudio.id.in_(sounds)))
    moved = select(Event.subject, Event.at).where(Event.action == "play.moved")
    names = {f"plays:{play.id}" for play in plays}
    moments += [at for subject, at in session.execute(moved) if subject in names]
    return max(moments, default=LONG_AGO)


class _Gathering:
    """Reads each distinct sound and approval once."""

    def __init__(
        self, station: Station, session: Session, from_on: date, until_on: date, profile: str, zone: ZoneInfo,
        *, urgent: bool,
    ) -> None:  # fmt: skip
        self.urgent = urgent
        self.station, self.session, self.profile, self.zone = station, session, profile, zone
        self.judged: dict[str, str | None] = {}
        self.found = Gathered(
            from_on=from_on,
            until_on=until_on,
            profile=profile,
            airings=[],
            earlier=[],
            sounds={},
            files={},
            rules=[],
            left_out=[],
            changed_at=LONG_AGO,
        )

    def of(self, plays: Sequence[Play]) -> Gathered:
        programmes: dict[int, Programme] = {}
        sent: set[int] = set()
        newest = self._newest({play.episode_id for play in plays if play.episode_id is not None})
        for play in plays:
            episode = play.episode
            assert episode is not None
            audio = self._exact(play) or newest.get(episode.id)
            reason = self._why_not(play, audio)
            day = play.starts_at.astimezone(self.zone)
            is_earlier = day.date() < self.found.from_on
            if audio is None or reason is not None:
                if is_earlier:
                    continue
                self.found.left_out.append(f"{episode.title} ({day:%d/%m %H:%M}): {reason}")
                continue
            if episode.programme is not None:
                programmes[episode.programme.id] = episode.programme
            sent.add(audio.id)
            airings = self.found.earlier if is_earlier else self.found.airings
            airings.append(_airing(play, episode, audio, day))
        self.found.rules.extend(programmes[key] for key in sorted(programmes))
        return replace(self.found, changed_at=_changed_at(self.session, plays, sent))

    def _newest(self, episode_ids: set[int]) -> dict[int, EpisodeAudio]:
        fits = EpisodeAudio.profile == self.profile
        query = select(EpisodeAudio).where(
            EpisodeAudio.episode_id.in_(episode_ids), EpisodeAudio.format == "mp3"
        )
        if not self.urgent:  # what is urgent airs in another profile rather than not at all
            query = query.where(fits)
        return {row.episode_id: row for row in self.session.scalars(query.order_by(fits, EpisodeAudio.id))}

    def _exact(self, play: Play) -> EpisodeAudio | None:
        """The very file of a frozen play, where it is of the profile that was asked for."""
        if not play.audio_sha256:
            return None
        return self.session.scalars(
            select(EpisodeAudio)
            .where(EpisodeAudio.episode_id == play.episode_id, EpisodeAudio.sha256 == play.audio_sha256)
            .where(EpisodeAudio.profile == self.profile, EpisodeAudio.format == "mp3")
        ).first()

    def _why_not(self, play: Play, audio: EpisodeAudio | None) -> str | None:
        """Why this sound cannot be sent; on the way, its file and entry are kept."""
        if audio is None:
            return _("no sound for {profile} yet: `loa render --all --profile {profile}`").format(
                profile=self.profile
            )
        if audio.sha256 not in self.judged:
            # An emergency needs nobody's word, as in the daemon; who sent it stands in the signed manifest.
            refused = None if play.status == "emergency" else may_air(self.session, audio)
            self.judged[audio.sha256] = refused or self._take(play, audio)
        return self.judged[audio.sha256]

    def _take(self, play: Play, audio: EpisodeAudio) -> str | None:
        try:
            path = self.station.media.find(audio.sha256, ".mp3")
        except MediaMissingError as error:
            return error.told(_)
        episode = play.episode
        assert episode is not None
        self.found.files[audio.sha256] = path
        self.found.sounds[audio.sha256] = AudioEntry(
            sha256=audio.sha256, size=path.stat().st_size, path=None, title=episode.title,
            programme=episode.programme.title if episode.programme else None, month=episode.month,
            number=episode.number if episode.programme else None, length_ms=audio.length_ms, profile=audio.profile,
            degraded=audio.degraded, consent_by=audio.consent_by, approved_by=self._approvers(audio),
            valid_until_on=_valid_until(episode),
        )  # fmt: skip
        return None

    def _approvers(self, audio: EpisodeAudio) -> list[str]:
        if not audio.script_ids:
            return [audio.consent_by] if audio.consent_by else []
        rows = self.session.scalars(
            select(Approval.person)
            .where(
                Approval.script_id.in_(audio.script_ids),
                Approval.decision.in_(("approved", "emergency")),
            )
            .order_by(Approval.id)
        )
        named = list(dict.fromkeys(rows))
        return named or ([audio.consent_by] if audio.consent_by else [])


def _valid_until(episode: Episode) -> date | None:
    """The last day on which it may air, inclusive; None where nothing ends it."""
    ends = [part.item.valid_until_on for part in episode.parts]
    if episode.programme is not None:
        ends.append(episode.programme.valid_until_on)
    return min((day for day in ends if day is not None), default=None)


def _airing(play: Play, episode: Episode, audio: EpisodeAudio, day: datetime) -> Airing:
    classes = [part.item.bulletin_class for part in episode.parts]
    return Airing(
        play_id=play.id,
        kind="first" if play.kind == "first" else "replay",
        title=episode.title,
        starts_at=day,
        length_ms=audio.length_ms,
        zones=tuple(play.zones or ()),
        audio_sha256=audio.sha256,
        bulletin_class=max(classes, key=CLASSES.index, default="normal"),
        timing=play.timing if play.timing in {"hard", "soft", "not-before"} else "soft",
        make_good_for=play.make_good_for_id,
        valid_until_on=_valid_until(episode),
    )


def rules_reached(
    programmes: Sequence[Programme], sounds: dict[str, AudioEntry], airings: Sequence[Airing]
) -> list[RuleEntry]:
    """What each programme must reach, and what `airings` reach of it in each month."""
    counts: dict[str, dict[str, dict[str, int]]] = defaultdict(dict)
    days: dict[tuple[str, str], set[date]] = defaultdict(set)
    for airing in airings:
        programme = sounds[airing.audio_sha256].programme
        if programme is None:
            continue
        month = month_of(airing.starts_at.date())
        count = counts[programme].setdefault(month, {"first": 0, "replays": 0, "days": 0})
        count["first" if airing.kind == "first" else "replays"] += 1
        days[programme, month].add(airing.starts_at.date())
        count["days"] = len(days[programme, month])
    return [
        RuleEntry(
            programme=programme.title,
            new_per_month=programme.new_per_month,
            min_replays_per_month=programme.min_replays_per_month,
            text=programme.rule_text[:4000] if programme.rule_text else None,
            planned=counts.get(programme.title, {}),
        )
        for programme in programmes
    ]
