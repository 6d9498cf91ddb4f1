"""What stands around the items of an episode: chime, opening, pauses, closing; and what its file says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from audio import sounds
from audio.assemble import Bed
from audio.jingles import jingle
from audio.models import Segment
from audio.parts import Part
from audio.tags import Tags
from content.models import Approval, Episode, Programme, Script
from content.station import Station

_AFTER_CHIME_MS = 400
_BEFORE_CLOSING_MS = 700


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The sounds before and after an episode's segments, and its tags."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    pause_between_items_ms: int
    tags: Tags

    def parts(self, station: Station, segments: Sequence[Segment], *, verify: bool) -> list[Part]:
        """Everything that is heard, in order; with `verify`, each segment's content is held against its hash.

        Raises:
            MediaMissingError, MediaDamagedError: a segment is not what it was.
        """
        folder = station.folder / "cache" / "sounds"
        parts = [
            Part(path=sounds.sound_file(name, folder), pause_after_ms=_AFTER_CHIME_MS) for name in self.before
        ]
        for number, segment in enumerate(segments, 1):
            last = number == len(segments)
            pause_ms = (_BEFORE_CLOSING_MS if self.after else 0) if last else self.pause_between_items_ms
            path = station.media.find(segment.sha256, ".wav", verify=verify)
            parts.append(Part(path=path, pause_after_ms=pause_ms))
        return parts + [Part(path=self._sound(station, name)) for name in self.after]

    def bed(self, station: Station) -> Bed | None:
        """The station's music under the words, where it has one; an emergency bulletin goes without."""
        settings = station.config.audio
        if not settings.bed or "alarm" in self.before:
            return None
        return Bed(path=jingle(station, settings.bed, fades=False), level_db=settings.bed_level_db)

    def _sound(self, station: Station, name: str) -> Path:
        own = {"opening": station.config.audio.opening, "closing": station.config.audio.closing}.get(name)
        return jingle(station, own) if own else sounds.sound_file(name, station.folder / "cache" / "sounds")


def frame_of(session: Session, station: Station, episode: Episode, segments: Sequence[Segment]) -> Frame:
    """The frame of an episode by the station's config: an urgent item gets the alarm, a programme its opening."""
    items = [part.item for part in episode.parts]
    urgent = any(item.bulletin_class == "emergency" for item in items)
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    if urgent:
        before = ("alarm",)
    elif station.config.audio.chime:
        before = ("chime", "opening") if episode.programme_id else ("chime",)
        after = ("closing",)
    programme = session.get(Programme, episode.programme_id) if episode.programme_id else None
    scripts = [session.get_one(Script, segment.script_id) for segment in segments]
    tags = Tags(
        title=episode.title, programme=programme.title if programme else "", station=station.config.station.name,
        content_id=f"episode-{episode.id}", script_sha256=" ".join(script.sha256[:32] for script in scripts)[:600],
        approver=", ".join(_approvers(session, scripts)), language=items[0].language if items else "vi",
        episode_on=station.day_of(episode.created_at),
    )  # fmt: skip
    return Frame(
        before=before,
        after=after,
        pause_between_items_ms=station.config.audio.pause_between_items_ms,
        tags=tags,
    )


def _approvers(session: Session, scripts: Sequence[Script]) -> list[str]:
    """Whose latest word on each script was a yes, each named once."""
    names: dict[str, None] = {}
    for script in scripts:
        words = session.scalars(
            select(Approval)
            .where(
                Approval.script_id == script.id, Approval.decision.in_(("approved", "rejected", "emergency"))
            )
            .order_by(Approval.id.desc())
        ).first()
        if words is not None and words.decision != "rejected":
            names[words.person] = None
    return list(names)
