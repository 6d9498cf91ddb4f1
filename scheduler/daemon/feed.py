"""From the plan tables to what the daemon plays: read again and again, with a rundown file behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from audio.models import EpisodeAudio, Segment
from content.approval import is_cleared
from content.errors import LoaError
from content.language import _
from content.models import Script
from content.station import Station
from scheduler.daemon import rundown
from scheduler.daemon.folder import AirFolder
from scheduler.daemon.rundown import RundownPlay
from scheduler.models import AsRun, Play

LIVE = ("planned", "pinned", "emergency")
AHEAD = timedelta(hours=36)
"""How far ahead plays are held ready."""


@dataclass(frozen=True, slots=True)
class Fed:
    """What the feed found: the plays, and whether they came from the database."""

    plays: tuple[RundownPlay, ...]
    from_database: bool
    trouble: str | None = None


@dataclass(slots=True)
class _Judged:
    sha256: str
    at: datetime
    problem: str | None


@dataclass(slots=True)
class Feed:
    """Reads the plays of a station; used by one thread."""

    station: Station
    air: AirFolder
    simulated: bool
    _judged: dict[int, _Judged] = field(default_factory=dict)

    def poll(self, now: datetime, since: datetime | None, *, fresh: bool = False) -> Fed:
        """Plays that wait to air from `since` (None: from ever) to 36 hours ahead of `now`.

        `fresh` asks again whether each may air; otherwise that is remembered for a while, the shorter the
        nearer the play. Where the database cannot be read, the written rundowns of today and tomorrow serve.
        """
        try:
            with self.station.read() as session:
                plays = self._read(session, now, since, fresh)
                if not plays and session.scalar(select(func.count()).select_from(Play)) == 0:
                    kept = self._from_files(now)
                    if kept:
                        return Fed(kept, False, _("the database holds no plan; playing the frozen rundown"))
                return Fed(plays, True)
        except LoaError as error:
            return Fed(self._from_files(now), False, error.told(_))
        except SQLAlchemyError as error:
            return Fed(
                self._from_files(now), False, str(getattr(error, "orig", None) or error).splitlines()[0]
            )

    def judge(self, now: datetime, play_id: int) -> RundownPlay | None:
        """One play as it stands in the database at this moment; None when it is no longer to air.

        Raises:
            DatabaseError: nobody can tell.
        """
        with self.station.read() as session:
            play = session.get(Play, play_id)
            if play is None or play.status not in LIVE:
                return None
            return self._one(session, play, now, fresh=True)

    def _read(
        self, session: Session, now: datetime, since: datetime | None, fresh: bool
    ) -> tuple[RundownPlay, ...]:
        query = select(Play).where(Play.status.in_(LIVE), Play.starts_at < now + AHEAD)
        if since is not None:
            query = query.where(Play.starts_at >= since)
        plays = session.scalars(query.order_by(Play.starts_at, Play.id)).all()
        found = tuple(self._one(session, play, now, fresh=fresh) for play in plays)
        known = {play.play_id for play in found}
        for play_id in self._judged.keys() - known:
            del self._judged[play_id]
        return found

    def _one(self, session: Session, play: Play, now: datetime, *, fresh: bool) -> RundownPlay:
        episode = play.episode
        base = RundownPlay(
            play_id=play.id,
            title=episode.title if episode else "",
            starts_at=play.starts_at,
            length_ms=play.length_ms,
            zones=tuple(play.zones or ()),
            timing=play.timing if play.timing in rundown.TIMINGS else "soft",
            lateness=play.lateness or self.station.config.daemon.lateness,
            audio_sha256=None,
            suffix="",
            emergency=play.status == "emergency",
        )
        audio = self._audio(session, play)
        if audio is None:
            problem = _("no audio: run `loa render`") if episode else _("the play names no episode")
            return replace(base, problem=problem)
        judged = self._judged.get(play.id)
        if (
            fresh
            or judged is None
            or judged.sha256 != audio.sha256
            or now - judged.at > _trusted_for(play.starts_at - now)
        ):
            judged = _Judged(audio.sha256, now, may_air(session, play, audio))
            self._judged[play.id] = judged
        return replace(
            base,
            length_ms=audio.length_ms,
            audio_sha256=audio.sha256,
            suffix=f".{audio.format}",
            problem=judged.problem,
        )

    def _audio(self, session: Session, play: Play) -> EpisodeAudio | None:
        if play.episode_id is None:
            return None
        query = select(EpisodeAudio).where(EpisodeAudio.episode_id == play.episode_id)
        if play.audio_sha256:
            query = query.where(EpisodeAudio.sha256 == play.audio_sha256)
        else:
            query = query.where(EpisodeAudio.profile == self.station.config.audio.profile)
        return session.scalars(query.order_by(EpisodeAudio.id.desc()).limit(1)).first()

    def _from_files(self, now: datetime) -> tuple[RundownPlay, ...]:
        today = self.station.day_of(now)
        plays: list[RundownPlay] = []
        for day in (today - timedelta(days=1), today, today + timedelta(days=1)):
            plays += rundown.read(self.air.rundown(day))
        return tuple(plays)


def may_air(session: Session, play: Play, audio: EpisodeAudio) -> str | None:
    """Why this sound may not air, or None when it may. An emergency play needs nobody's word."""
    if play.status == "emergency":
        return None
    if not audio.script_ids:
        # Sound that came whole, in a signed package: whoever vouches for it is named on it.
        return None if audio.consent_by else _("nobody has approved this sound")
    segments = {
        segment.script_id: segment
        for segment in session.scalars(select(Segment).where(Segment.id.in_(audio.segment_ids or [])))
    }
    for script_id in audio.script_ids:
        script = session.get(Script, script_id)
        if script is None:
            return _("a script of this sound is gone")
        segment = segments.get(script_id)
        clearance = is_cleared(
            session,
            script,
            segment.sha256 if segment else None,
            degraded=bool(segment and segment.degraded and not audio.consent_by),
            recording=bool(segment and segment.voice == "recording"),
        )
        if not clearance:
            return clearance.reason.told(_) if clearance.reason else _("not approved")
    return None


def put_back_simulated(station: Station, now: datetime) -> int:
    """Plays to come that only a simulated clock has aired or missed are planned again; how many."""
    with station.decide() as session:
        heard_for_real = select(AsRun.play_id).where(AsRun.simulated.is_(False), AsRun.play_id.is_not(None))
        simulated = select(AsRun.play_id).where(AsRun.simulated.is_(True), AsRun.play_id.is_not(None))
        plays: Sequence[Play] = session.scalars(
            select(Play).where(
                Play.starts_at > now,
                or_(Play.status == "aired", Play.status == "missed", Play.status == "preempted"),
                Play.id.in_(simulated),
                Play.id.not_in(heard_for_real),
            )
        ).all()
        for play in plays:
            play.status = "planned"
        return len(plays)


def _trusted_for(ahead: timedelta) -> timedelta:
    if ahead < timedelta(minutes=2):
        return timedelta(seconds=1)
    return timedelta(minutes=1) if ahead < timedelta(hours=1) else timedelta(minutes=10)
