"""Tables of the exchange with commune stations: who they are, what was sent, received and reported back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from content.tables import Base


class SigningKeyRow(Base):
    """The private key that signs what leaves this station; in the database, so that a backup brings it back."""

    __tablename__ = "signing_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    private_pem: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


class CommuneStation(Base):
    """A station that gets packages from here."""

    __tablename__ = "commune_stations"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    """Short ASCII name, also its folder's name in an export."""
    name: Mapped[str] = mapped_column(Text)
    player: Mapped[str] = mapped_column(String(16), default="loa")
    """loa, barix, usb, laptop or vehicle."""
    timezone: Mapped[str] = mapped_column(String(64), default="Asia/Ho_Chi_Minh")
    zones: Mapped[list[Any]] = mapped_column(JSON, default=list)
    """Zone ids of the centre that concern it; empty: every play does."""
    sessions: Mapped[list[Any]] = mapped_column(JSON, default=list)
    """[{start, end, weekdays}] in station time; empty: plays air at the centre's own times."""
    profile: Mapped[str | None] = mapped_column(String(16))
    """Output profile of its audio; null takes the centre's."""
    public_key: Mapped[str | None] = mapped_column(String(64))
    """Base64 of the key that signs its reports, once it is known and trusted."""
    token_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    """Of its access token for the feed; the token itself is kept nowhere."""
    contact: Mapped[str | None] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[datetime]


class SentPackage(Base):
    """A package that was made for a station: what it was asked to play."""

    __tablename__ = "sent_packages"
    __table_args__ = (UniqueConstraint("station_id", "revision"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    station_id: Mapped[int] = mapped_column(ForeignKey("commune_stations.id"), index=True)
    revision: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(16))
    from_on: Mapped[date] = mapped_column(Date)
    until_on: Mapped[date] = mapped_column(Date)
    manifest_sha256: Mapped[str] = mapped_column(String(64), index=True)
    manifest: Mapped[bytes] = mapped_column(LargeBinary)
    """What it asks for: plays, sounds and rules as the stations of one export share them, deflated."""
    made_at: Mapped[datetime]
    received_at: Mapped[datetime | None]
    """When the station says that it took the package in."""


class TrustedSigner(Base):
    """A centre whose packages this station accepts."""

    __tablename__ = "trusted_signers"

    id: Mapped[int] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str | None] = mapped_column(Text)
    public_key: Mapped[str | None] = mapped_column(String(64))
    station_code: Mapped[str | None] = mapped_column(String(32))
    """Who we are to that centre; taken from its first package and never changed silently."""
    trusted_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class ReceivedPackage(Base):
    """A package that was taken in whole."""

    __tablename__ = "received_packages"
    __table_args__ = (UniqueConstraint("signer_id", "revision"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    signer_id: Mapped[int] = mapped_column(ForeignKey("trusted_signers.id"), index=True)
    revision: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(16))
    from_on: Mapped[date] = mapped_column(Date)
    until_on: Mapped[date] = mapped_column(Date)
    manifest_sha256: Mapped[str] = mapped_column(String(64))
    manifest: Mapped[bytes] = mapped_column(LargeBinary)
    """The signed manifest, deflated."""
    made_at: Mapped[datetime]
    received_at: Mapped[datetime]


class ReceivedPlay(Base):
    """Which play here stands for which play of the centre."""

    __tablename__ = "received_plays"
    __table_args__ = (UniqueConstraint("signer_id", "remote_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    signer_id: Mapped[int] = mapped_column(ForeignKey("trusted_signers.id"))
    package_id: Mapped[int] = mapped_column(ForeignKey("received_packages.id"))
    """The latest package that named it."""
    remote_id: Mapped[int] = mapped_column(Integer)
    play_id: Mapped[int | None] = mapped_column(ForeignKey("plays.id"), index=True)
    """Null where its hour had passed when the package came."""
    note: Mapped[str | None] = mapped_column(Text)


class StationReport(Base):
    """A signed log that a station sent back; the same one again changes nothing."""

    __tablename__ = "station_reports"

    id: Mapped[int] = mapped_column(primary_key=True)
    station_id: Mapped[int] = mapped_column(ForeignKey("commune_stations.id"), index=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    from_on: Mapped[date] = mapped_column(Date)
    until_on: Mapped[date] = mapped_column(Date)
    made_at: Mapped[datetime]
    imported_at: Mapped[datetime]


class StationAsRun(Base):
    """One line of a station's as-run log, as that station's player wrote it."""

    __tablename__ = "station_as_run"
    __table_args__ = (UniqueConstraint("station_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    station_id: Mapped[int] = mapped_column(ForeignKey("commune_stations.id"), index=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("station_reports.id"))
    key: Mapped[str] = mapped_column(String(64))
    """What the station calls this line; a line sent twice is one line."""
    play_id: Mapped[int | None] = mapped_column(Integer, index=True)
    """The play of ours that it answers for."""
    make_good_for: Mapped[int | None] = mapped_column(Integer)
    """The play of ours that it makes good."""
    kind: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(Text)
    planned_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    heard_ms: Mapped[int] = mapped_column(Integer)
    outcome: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(Text)
    audio_sha256: Mapped[str | None] = mapped_column(String(64))
    simulated: Mapped[bool] = mapped_column(Boolean)
