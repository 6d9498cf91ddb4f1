"""Tables of when it airs: plays, plans, and what really went out."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from content.models import Episode
from content.tables import Base

PLAY_STATUS = ("planned", "pinned", "aired", "missed", "cancelled", "preempted", "emergency")
OUTCOMES = ("aired", "partial", "missed", "displaced")


class Play(Base):
    """One planned airing (lượt phát) of an episode."""

    __tablename__ = "plays"
    __table_args__ = (Index("ix_plays_starts_at", "starts_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    episode_id: Mapped[int | None] = mapped_column(ForeignKey("episodes.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    """first or replay."""
    starts_at: Mapped[datetime]
    length_ms: Mapped[int] = mapped_column(Integer)
    """Of the audio where it is rendered, else the estimate."""
    zones: Mapped[list[Any]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(16), default="planned")
    timing: Mapped[str] = mapped_column(String(16), default="soft")
    """hard, soft or not-before."""
    lateness: Mapped[str | None] = mapped_column(String(16))
    """start-late, join, skip or make-good; null takes the station's."""
    audio_sha256: Mapped[str | None] = mapped_column(String(64))
    """Set when the day is frozen: exactly this file airs."""
    frozen_at: Mapped[datetime | None]
    make_good_for_id: Mapped[int | None] = mapped_column(ForeignKey("plays.id"))
    reason: Mapped[str | None] = mapped_column(Text)
    """Why it is here, or why it was cancelled."""
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("plans.id"))
    created_at: Mapped[datetime]

    episode: Mapped[Episode | None] = relationship()


class Plan(Base):
    """One run of the planner over a range of station days, both inclusive."""

    __tablename__ = "plans"

    id: Mapped[int] = mapped_column(primary_key=True)
    built_at: Mapped[datetime]
    from_on: Mapped[date] = mapped_column(Date)
    until_on: Mapped[date] = mapped_column(Date)
    shortfalls: Mapped[list[Any]] = mapped_column(JSON, default=list)
    figures: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class AsRun(Base):
    """What really went out: written by the player alone."""

    __tablename__ = "as_run"
    __table_args__ = (Index("ix_as_run_started_at", "started_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str | None] = mapped_column(String(48), unique=True)
    """The entry's name in the player's journal, so that it is never written twice."""
    play_id: Mapped[int | None] = mapped_column(ForeignKey("plays.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    """play, relay, filler, interrupt or silence."""
    title: Mapped[str] = mapped_column(Text)
    zones: Mapped[list[Any]] = mapped_column(JSON)
    planned_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    """When the first sample was handed to the output; null when nothing was heard."""
    ended_at: Mapped[datetime | None]
    heard_ms: Mapped[int] = mapped_column(Integer, default=0)
    outcome: Mapped[str | None] = mapped_column(String(16))
    """aired, partial, missed or displaced; null only while it is on the air."""
    reason: Mapped[str | None] = mapped_column(Text)
    audio_sha256: Mapped[str | None] = mapped_column(String(64))
    output: Mapped[str] = mapped_column(Text)
    simulated: Mapped[bool] = mapped_column(Boolean, default=False)
    """True when the clock was simulated: nothing was heard by anyone."""
    who: Mapped[str | None] = mapped_column(Text)
    """For an interrupt: who asked for it."""
