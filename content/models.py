"""Tables of what is said: documents, items, programmes, episodes, scripts, approvals, people."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from content.tables import Base

ITEM_STATUS = ("proposed", "draft", "submitted", "approved", "rejected", "retired")
PROGRAMME_STATUS = ("proposed", "active", "retired")
SCRIPT_STATUS = ("draft", "submitted", "approved", "rejected", "superseded")
BULLETIN_CLASSES = ("normal", "priority", "emergency")


def _one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


class Document(Base):
    """An official text as it was received, with the facts read out of it."""

    __tablename__ = "documents"

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(Text)
    """The file name as imported."""
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    """Of the file's bytes; the file itself is kept in the media store."""
    text_sha256: Mapped[str] = mapped_column(String(64), index=True)
    """Of the clean text: the same text in another file format is the same document."""
    format: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(64))
    number: Mapped[str | None] = mapped_column(String(128), index=True)
    symbol: Mapped[str | None] = mapped_column(String(128))
    issued_on: Mapped[date | None] = mapped_column(Date)
    issued_month: Mapped[str | None] = mapped_column(String(7))
    place: Mapped[str | None] = mapped_column(Text)
    issuer: Mapped[str | None] = mapped_column(Text)
    subject: Mapped[str | None] = mapped_column(Text)
    signer: Mapped[str | None] = mapped_column(Text)
    clean_text: Mapped[str] = mapped_column(Text)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    """All that was understood, with spans into `clean_text`; the JSON of `loa document show`."""
    changes: Mapped[list[Any]] = mapped_column(JSON, default=list)
    """What cleaning changed in the text."""
    imported_at: Mapped[datetime]
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("documents.id"))
    """The earlier version that this one corrects."""

    items: Mapped[list[Item]] = relationship(back_populates="document", order_by="Item.id")


class Programme(Base):
    """A recurring column (chuyên mục) and the rules that it must meet."""

    __tablename__ = "programmes"
    __table_args__ = (_one_of("status", PROGRAMME_STATUS),)

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int | None] = mapped_column(ForeignKey("documents.id"))
    title: Mapped[str] = mapped_column(Text)
    topic: Mapped[str | None] = mapped_column(Text)
    lead_unit: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(16), default="proposed")
    new_per_month: Mapped[int | None] = mapped_column(Integer)
    min_replays_per_month: Mapped[int | None] = mapped_column(Integer)
    rules: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Further rules, in the planner's own language (see `docs/planner.md`)."""
    rule_text: Mapped[str | None] = mapped_column(Text)
    """The sentence of the document that orders it."""
    span_start: Mapped[int | None] = mapped_column(Integer)
    span_end: Mapped[int | None] = mapped_column(Integer)
    zones: Mapped[list[Any] | None] = mapped_column(JSON)
    """Zone ids; null means every zone of the station."""
    priority: Mapped[int] = mapped_column(Integer, default=3)
    target_length_ms: Mapped[int] = mapped_column(Integer, default=300_000)
    valid_from_on: Mapped[date | None] = mapped_column(Date)
    valid_until_on: Mapped[date | None] = mapped_column(Date)
    voice: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime]

    episodes: Mapped[list[Episode]] = relationship(back_populates="programme", order_by="Episode.number")


class Item(Base):
    """One content to broadcast (tin, bài)."""

    __tablename__ = "items"
    __table_args__ = (_one_of("status", ITEM_STATUS), _one_of("bulletin_class", BULLETIN_CLASSES))

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int | None] = mapped_column(ForeignKey("documents.id"), index=True)
    ref: Mapped[str | None] = mapped_column(String(64))
    """The path of labels in the document, such as II.1 or 1.1-3."""
    title: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    span_start: Mapped[int | None] = mapped_column(Integer)
    span_end: Mapped[int | None] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(16), default="news")
    """Which script template: news, programme, notice, urgent, invitation; opening, closing: a programme's greeting."""
    language: Mapped[str] = mapped_column(String(16), default="vi")
    translates_id: Mapped[int | None] = mapped_column(ForeignKey("items.id"))
    """The item of which this is the version in another language."""
    bulletin_class: Mapped[str] = mapped_column(String(16), default="normal")
    topic: Mapped[str | None] = mapped_column(Text)
    lead_units: Mapped[list[Any]] = mapped_column(JSON, default=list)
    partner_units: Mapped[list[Any]] = mapped_column(JSON, default=list)
    period_text: Mapped[str | None] = mapped_column(Text)
    valid_from_on: Mapped[date | None] = mapped_column(Date)
    valid_until_on: Mapped[date | None] = mapped_column(Date)
    rules: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """Rules of its own, in the planner's language; null takes the station's default."""
    zones: Mapped[list[Any] | None] = mapped_column(JSON)
    priority: Mapped[int] = mapped_column(Integer, default=3)
    programme_id: Mapped[int | None] = mapped_column(ForeignKey("programmes.id"))
    """The programme whose episodes carry it; null: it airs on its own."""
    continues_id: Mapped[int | None] = mapped_column(ForeignKey("items.id"))
    """The item of which this is the next part, to be heard in a later episode."""
    voice: Mapped[str | None] = mapped_column(String(32))
    status: Mapped[str] = mapped_column(String(16), default="proposed")
    status_note: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    created_by: Mapped[str | None] = mapped_column(Text)

    document: Mapped[Document | None] = relationship(back_populates="items")
    scripts: Mapped[list[Script]] = relationship(back_populates="item", order_by="Script.version")


class Script(Base):
    """The words of one item as they will be spoken; one row a version, never changed once approved."""

    __tablename__ = "scripts"
    __table_args__ = (UniqueConstraint("item_id", "version"), _one_of("status", SCRIPT_STATUS))

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), index=True)
    version: Mapped[int] = mapped_column(Integer)
    sentences: Mapped[list[Any]] = mapped_column(JSON)
    """[{text, spoken, pause_after_ms, span: [start, end] | null}], spans into the item's text."""
    unknowns: Mapped[list[Any]] = mapped_column(JSON, default=list)
    """What the normaliser did not know; approval waits until it is empty."""
    sha256: Mapped[str] = mapped_column(String(64))
    """Of the spoken words, so that an approval names an exact text."""
    estimated_ms: Mapped[int] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(String(16), default="draft")
    created_at: Mapped[datetime]
    created_by: Mapped[str | None] = mapped_column(Text)

    item: Mapped[Item] = relationship(back_populates="scripts")


class Approval(Base):
    """A named person's word on an exact text (and, once rendered, its exact sound)."""

    __tablename__ = "approvals"

    id: Mapped[int] = mapped_column(primary_key=True)
    script_id: Mapped[int] = mapped_column(ForeignKey("scripts.id"), index=True)
    script_sha256: Mapped[str] = mapped_column(String(64))
    audio_sha256: Mapped[str | None] = mapped_column(String(64))
    decision: Mapped[str] = mapped_column(String(16))
    """approved, rejected, withdrawn (changed since), degraded-voice (consent), emergency."""
    person: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    single_person: Mapped[bool] = mapped_column(Boolean, default=False)
    """True when the approver also wrote the text, which the station's config allowed."""
    decided_at: Mapped[datetime]


class Episode(Base):
    """What airs as one piece: an issue of a programme, or one item on its own."""

    __tablename__ = "episodes"
    __table_args__ = (UniqueConstraint("programme_id", "month", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[int | None] = mapped_column(ForeignKey("programmes.id"), index=True)
    month: Mapped[str | None] = mapped_column(String(7))
    """The month of issue, YYYY-MM; null for an item on its own."""
    number: Mapped[int] = mapped_column(Integer, default=1)
    """1-based within the programme and month."""
    title: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]

    programme: Mapped[Programme | None] = relationship(back_populates="episodes")
    parts: Mapped[list[EpisodePart]] = relationship(
        back_populates="episode", order_by="EpisodePart.position", cascade="all, delete-orphan"
    )


class EpisodePart(Base):
    """One item within an episode."""

    __tablename__ = "episode_parts"

    episode_id: Mapped[int] = mapped_column(ForeignKey("episodes.id"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), index=True)

    episode: Mapped[Episode] = relationship(back_populates="parts")
    item: Mapped[Item] = relationship()


class Deadline(Base):
    """A report that a document asks for."""

    __tablename__ = "deadlines"

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    every: Mapped[str] = mapped_column(String(16))
    """day, week, month, 6 months, quarter, year, ad hoc."""
    day: Mapped[int | None] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(String(16), default="proposed")
