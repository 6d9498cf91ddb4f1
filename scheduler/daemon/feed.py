"""From the plan tables to what the daemon plays: read again and again, with a rundown file behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from audio.models import EpisodeAudio, Segment
from content.approval import is_cleared
from content.errors import LoaError
from content.language import _
from content.models import Episode, Script
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
    at: datetime
    problem: str | None


COLUMNS = (
    Play.id, Play.episode_id, Play.starts_at, Play.length_ms, Play.zones, Play.timing, Play.lateness, Play.status,
    Play.audio_sha256, Episode.title,
)  # fmt: skip


@dataclass(slots=True)
class Feed:
    """Reads the plays of a station; used by one thread."""

    station: Station
    air: AirFolder
    simulated: bool
    _judged: dict[int, _Judged] = field(default_factory=dict)
    """Whether a sound may air, by the id of its row."""
    _kept: dict[int, tuple[object, RundownPlay]] = field(default_factory=dict)
    """What was made of a play's row last time."""

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
            query = select(*COLUMNS).outerjoin(Episode).where(Play.id == play_id, Play.status.in_(LIVE))
            found = self._made(session, session.execute(query).all(), now, fresh=True)
        return found[0] if found else None

    def _read(
        self, session: Session, now: datetime, since: datetime | None, fresh: bool
    ) -> tuple[RundownPlay, ...]:
        query = select(*COLUMNS).outerjoin(Episode).where(Play.status.in_(LIVE), Play.starts_at < now + AHEAD)
        if since is not None:
            query = query.where(Play.starts_at >= since)
        rows = session.execute(query.order_by(Play.starts_at, Play.id)).all()
        found = self._made(session, rows, now, fresh=fresh)
        known = {play.play_id for play in found}
        self._kept = {play_id: kept for play_id, kept in self._kept.items() if play_id in known}
        return tuple(found)

    def _made(
        self, session: Session, rows: Sequence[Row[Any]], now: datetime, *, fresh: bool
    ) -> list[RundownPlay]:
        newest, by_hash = self._audio(session, rows)
        asked: set[int] = set()
        made: list[RundownPlay] = []
        for row in rows:
            audio = (
                by_hash.get((row.episode_id, row.audio_sha256))
                if row.audio_sha256
                else newest.get(row.episode_id)
            )
            problem: str | None = None
            if audio is None:
                problem = (
                    _("no audio: run `loa render`") if row.episode_id else _("the play names no episode")
                )
            elif row.status != "emergency":  # an emergency needs nobody's word
                judged = self._judged.get(audio.id)
                stale = judged is None or abs(now - judged.at) > _trusted_for(row.starts_at - now)
                if (fresh or stale) and audio.id not in asked:
                    asked.add(audio.id)
                    judged = self._judged[audio.id] = _Judged(now, may_air(session, audio))
                problem = judged.problem if judged else None
            state = (*row[:4], tuple(row.zones or ()), *row[5:], audio.id if audio else None, problem)
            kept = self._kept.get(row.id)
            if kept is None or kept[0] != state:
                kept = self._kept[row.id] = (state, self._play(row, audio, problem))
            made.append(kept[1])
        if len(self._judged) > 1000:
            self._judged.clear()
        return made

    def _play(self, row: Row[Any], audio: EpisodeAudio | None, problem: str | None) -> RundownPlay:
        return RundownPlay(
            play_id=row.id,
            title=row.title or "",
            starts_at=row.starts_at,
            length_ms=audio.length_ms if audio else row.length_ms,
            zones=tuple(row.zones or ()),
            timing=row.timing if row.timing in rundown.TIMINGS else "soft",
            lateness=row.lateness or self.station.config.daemon.lateness,
            audio_sha256=audio.sha256 if audio else None,
            suffix=f".{audio.format}" if audio else "",
            problem=problem,
            emergency=row.status == "emergency",
        )

    def _audio(
        self, session: Session, rows: Sequence[Row[Any]]
    ) -> tuple[dict[int, EpisodeAudio], dict[tuple[int, str], EpisodeAudio]]:
        """The newest sound of each episode in the station's profile, and every sound by episode and hash."""
        profile = self.station.config.audio.profile
        newest: dict[int, EpisodeAudio] = {}
        by_hash: dict[tuple[int, str], EpisodeAudio] = {}
        episodes = sorted({row.episode_id for row in rows if row.episode_id is not None})
        for at in range(0, len(episodes), 500):
            query = select(EpisodeAudio).where(EpisodeAudio.episode_id.in_(episodes[at : at + 500]))
            for audio in session.scalars(query.order_by(EpisodeAudio.id)):
                if audio.profile == profile:
                    newest[audio.episode_id] = audio
                by_hash[audio.episode_id, audio.sha256] = audio
        return newest, by_hash

    def _from_files(self, now: datetime) -> tuple[RundownPlay, ...]:
        today = self.station.day_of(now)
        plays: list[RundownPlay] = []
        for day in (today - timedelta(days=1), today, today + timedelta(days=1)):
            plays += rundown.read(self.air.rundown(day))
        return tuple(plays)


def may_air(session: Session, audio: EpisodeAudio) -> str | None:
    """Why this sound may not air, or None when it may."""
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
            recording=bool(segment and segment.recorded),
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
            # What no planner laid came from a package or a person: no planner may take it away.
            play.status = "planned" if play.plan_id is not None else "pinned"
        return len(plays)


def _trusted_for(ahead: timedelta) -> timedelta:
    if ahead < timedelta(minutes=2):
        return timedelta(seconds=1)
    return timedelta(minutes=1) if ahead < timedelta(hours=1) else timedelta(minutes=10)
