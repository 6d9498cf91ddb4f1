"""Tables of how it sounds: segments and the finished audio of episodes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Float, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from content.tables import Base

RECORDED = "recorded"
"""The flag of a sound in which a person's recordings stand among the sentences of a station voice."""


class Segment(Base):
    """The rendered sound of one script version in one voice: lossless, before dynamics and loudness."""

    __tablename__ = "segments"
    __table_args__ = (UniqueConstraint("script_id", "voice", "recipe_sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    script_id: Mapped[int] = mapped_column(ForeignKey("scripts.id"), index=True)
    voice: Mapped[str] = mapped_column(String(64))
    """The voice that was really used."""
    degraded: Mapped[bool] = mapped_column(Boolean)
    fallbacks: Mapped[list[Any]] = mapped_column(JSON, default=list)
    """[{voice, reason}] for every voice that was tried before and failed."""
    recipe_sha256: Mapped[str] = mapped_column(String(64))
    """Of all that the sound depends on: spoken words, voice, settings, pauses."""
    sha256: Mapped[str] = mapped_column(String(64))
    """Of the file in the media store."""
    length_ms: Mapped[int] = mapped_column(Integer)
    loudness_lufs: Mapped[float | None] = mapped_column(Float)
    true_peak_dbtp: Mapped[float | None] = mapped_column(Float)
    flags: Mapped[list[Any]] = mapped_column(JSON, default=list)
    """What proof-listening found odd."""
    created_at: Mapped[datetime]
    """When it was made, or rendered again after another sound of the same words."""

    @property
    def recorded(self) -> bool:
        """Whether a person is heard in it, for whom the approval of the words does not vouch."""
        return self.voice == "recording" or any(flag["code"] == RECORDED for flag in self.flags)


NEWEST_FIRST = (Segment.created_at.desc(), Segment.id.desc())


class EpisodeAudio(Base):
    """The finished file of an episode in one output profile."""

    __tablename__ = "episode_audio"
    __table_args__ = (UniqueConstraint("episode_id", "profile", "recipe_sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    episode_id: Mapped[int] = mapped_column(ForeignKey("episodes.id"), index=True)
    profile: Mapped[str] = mapped_column(String(16))
    recipe_sha256: Mapped[str] = mapped_column(String(64))
    """Of the segments, sounds, pauses and profile it was made from."""
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    format: Mapped[str] = mapped_column(String(8))
    length_ms: Mapped[int] = mapped_column(Integer)
    loudness_lufs: Mapped[float] = mapped_column(Float)
    true_peak_dbtp: Mapped[float] = mapped_column(Float)
    degraded: Mapped[bool] = mapped_column(Boolean)
    segment_ids: Mapped[list[Any]] = mapped_column(JSON)
    script_ids: Mapped[list[Any]] = mapped_column(JSON)
    """The exact script versions that are heard, in order."""
    consent_by: Mapped[str | None] = mapped_column(Text)
    """Who agreed to air a degraded voice."""
    consent_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
