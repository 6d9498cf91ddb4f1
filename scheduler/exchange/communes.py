"""Commune stations: who they are, added, changed and looked up; and the key that this station signs with."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from audio.packages.manifest import PLAYERS, Recipient
from audio.packages.names import code_of, is_safe_path
from audio.packages.signature import KEY_BYTES, SigningKey, fingerprint, from_text
from content.errors import Told
from content.events import record
from content.language import N_
from content.station import Station
from scheduler.exchange.errors import (
    NoStationError,
    StationKnownError,
    StationRetiredError,
    StationWrongError,
)
from scheduler.exchange.fit import WEEKDAY_WORDS, StationSession
from scheduler.stations import CommuneStation, SigningKeyRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Commune:
    """A commune station as an export needs it; `id` is null for one that is in no table."""

    code: str
    name: str
    player: str = "loa"
    timezone: str = "Asia/Ho_Chi_Minh"
    zones: tuple[str, ...] = ()
    sessions: tuple[StationSession, ...] = ()
    profile: str | None = None
    public_key: str | None = None
    id: int | None = None

    @classmethod
    def of(cls, row: CommuneStation) -> Commune:
        """The station of that row."""
        return cls(
            id=row.id, code=row.code, name=row.name, player=row.player, timezone=row.timezone,
            zones=tuple(row.zones), sessions=tuple(StationSession.from_json(one) for one in row.sessions),
            profile=row.profile, public_key=row.public_key,
        )  # fmt: skip

    @property
    def recipient(self) -> Recipient:
        """As the manifest names it."""
        return Recipient(
            code=self.code, name=self.name, player=self.player, timezone=self.timezone,
            zones=list(self.zones), public_key=self.public_key,
        )  # fmt: skip

    @property
    def zone(self) -> ZoneInfo:
        """Its time zone."""
        return ZoneInfo(self.timezone)


def find(session: Session, code: str) -> CommuneStation:
    """The station of that code. Raises: NoStationError."""
    row = session.scalars(select(CommuneStation).where(CommuneStation.code == code)).first()
    if row is None:
        raise NoStationError(code=code)
    return row


def in_use(session: Session, code: str) -> CommuneStation:
    """The station of that code, to send something to. Raises: NoStationError, StationRetiredError."""
    row = find(session, code)
    if not row.active:
        raise StationRetiredError(code=code)
    return row


def known(session: Session, *, all_of_them: bool = False) -> Sequence[CommuneStation]:
    """The stations in use, or with `all_of_them` the retired ones too, by code."""
    query = select(CommuneStation).order_by(CommuneStation.code)
    return session.scalars(query if all_of_them else query.where(CommuneStation.active)).all()


def add(session: Session, *, name: str, code: str | None, now: datetime, **facts: Any) -> CommuneStation:
    """A new station; its code is made of its name where none is given.

    Raises:
        StationKnownError, StationWrongError.
    """
    name = _clean_name(name)
    code = code or code_of(name)
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}", code) or not is_safe_path(code):
        raise StationWrongError(value=code, what="--code", remedy="xa-trung-ha")
    if session.scalars(select(CommuneStation).where(CommuneStation.code == code)).first():
        raise StationKnownError(code=code)
    row = CommuneStation(
        code=code, name=name, zones=[], sessions=[], player="loa", active=True, created_at=now
    )
    change(row, timezone=facts.pop("timezone", None) or "Asia/Ho_Chi_Minh", **facts)
    session.add(row)
    session.flush()
    return row


def change(row: CommuneStation, **facts: Any) -> None:
    """Set every fact that is not None.

    Raises:
        StationWrongError: a value that a station cannot have.
    """
    if facts.get("name") is not None:
        facts["name"] = _clean_name(facts["name"])
    player = facts.get("player")
    if player is not None and player not in PLAYERS:
        raise StationWrongError(value=player, what=Told(N_("player")), remedy=", ".join(PLAYERS))
    zone = facts.get("timezone")
    if zone is not None:
        try:
            ZoneInfo(zone)
        except (ValueError, OSError, KeyError) as error:
            raise StationWrongError(
                value=zone, what=Told(N_("time zone")), remedy="Asia/Ho_Chi_Minh"
            ) from error
    key = facts.get("public_key")
    if key is not None and from_text(key, KEY_BYTES) is None:
        raise StationWrongError(value=key, what=Told(N_("key")), remedy="signer.pem")
    for name, value in facts.items():
        if value is not None:
            setattr(row, name, value)


def check_zones(zones: Sequence[str], known_here: Sequence[str]) -> None:
    """Nothing for zones of this centre. Raises: StationWrongError: a station of such a zone would never get a play."""
    for zone in zones:
        if zone not in known_here:
            raise StationWrongError(value=zone, what=Told(N_("zone")), remedy=", ".join(known_here) or "-")


def _clean_name(text: str) -> str:
    """The name in composed letters and single spaces. Raises: StationWrongError: nothing is left of it."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name or len(name) > 200 or not name.isprintable():
        raise StationWrongError(value=text[:60], what=Told(N_("station name")), remedy="Đài xã Trung Hạ")
    return name


def read_sessions(texts: Sequence[str]) -> list[dict[str, Any]]:
    """Sessions as a person writes them: "06:00-06:30", "17:00-17:20 T2-T6", "5:30-6:00 T7,CN"; "-" is none.

    Weekdays are T2 (Monday) to T7 and CN, or 1 (Monday) to 7.

    Raises:
        StationWrongError.
    """
    found: list[StationSession] = []
    for text in texts:
        if text == "-":
            return []
        match = re.fullmatch(r"(\d{1,2}:\d{2})\s*-\s*(\d{1,2}:\d{2})(?:\s+(\S.*))?", text.strip())
        try:
            if match is None:
                raise ValueError
            start, end = (time.fromisoformat(part.zfill(5)) for part in match.groups()[:2])
            if end <= start:
                raise ValueError
            days = _read_weekdays(match[3]) if match[3] else tuple(range(1, 8))
        except ValueError as error:
            raise StationWrongError(
                value=text, what=Told(N_("session")), remedy="06:00-06:30, 17:00-17:20 T2-T6"
            ) from error
        made = StationSession(start=start, end=end, weekdays=days)
        if any(_overlap(made, other) for other in found):
            raise StationWrongError(
                value=text, what=Told(N_("session of its own (it overlaps another)")), remedy="05:30-06:00"
            )
        found.append(made)
    return [one.to_json() for one in found]


def _read_weekdays(text: str) -> tuple[int, ...]:
    """Raises ValueError for anything else than T2…T7, CN, 1…7 and ranges of them, with commas between."""
    found: set[int] = set()
    for part in text.upper().replace(" ", "").split(","):
        first, _dash, last = part.partition("-")
        start, end = _weekday(first), _weekday(last or first)
        if end < start:
            raise ValueError(part)
        found |= set(range(start, end + 1))
    return tuple(sorted(found))


def _weekday(word: str) -> int:
    return int(word) if re.fullmatch("[1-7]", word) else WEEKDAY_WORDS.index(word) + 1


def _overlap(one: StationSession, other: StationSession) -> bool:
    return bool(set(one.weekdays) & set(other.weekdays)) and one.start < other.end and other.start < one.end


def to_json(row: CommuneStation) -> dict[str, Any]:
    """What `loa station show --json` prints."""
    key = from_text(row.public_key, KEY_BYTES) if row.public_key else None
    return {
        "code": row.code, "name": row.name, "player": row.player, "timezone": row.timezone, "zones": row.zones,
        "sessions": row.sessions, "profile": row.profile, "public_key": row.public_key,
        "fingerprint": fingerprint(key) if key else None, "has_token": row.token_sha256 is not None,
        "contact": row.contact, "active": row.active,
    }  # fmt: skip


def new_token(row: CommuneStation) -> str:
    """A new access token for the feed, told once; an earlier one stops working."""
    token = secrets.token_urlsafe(32)
    row.token_sha256 = token_sha256(token)
    return token


def token_sha256(token: str) -> str:
    """How a token is kept; 256 random bits need no salt."""
    return hashlib.sha256(token.encode("utf-8")).hexdigest()


def signing_key(station: Station, now: datetime) -> SigningKey:
    """The key that this station signs with; made on first use."""
    with station.decide() as session:
        row = session.scalars(select(SigningKeyRow).order_by(SigningKeyRow.id.desc())).first()
        return _key_of(row) if row is not None else _new_key(session, now)


def renew_key(station: Station, now: datetime) -> SigningKey:
    """A new key to sign with from now on. What is still addressed to an earlier one is taken in all the same."""
    signing_key(station, now)
    with station.decide() as session:
        made = _new_key(session, now)
        record(
            session, action="key.renewed", subject="signing_keys", person=None, at=now,
            detail={"fingerprint": fingerprint(made.public)},
        )  # fmt: skip
        return made


def own_keys(station: Station, now: datetime) -> list[bytes]:
    """The raw public keys that this station has ever had, the newest first."""
    signing_key(station, now)
    with station.read() as session:
        rows = session.scalars(select(SigningKeyRow).order_by(SigningKeyRow.id.desc())).all()
        return [_key_of(row).public for row in rows]


def _new_key(session: Session, now: datetime) -> SigningKey:
    made = SigningKey.made_new()
    session.add(SigningKeyRow(private_pem=made.pem().decode("ascii"), created_at=now))
    return made


def _key_of(row: SigningKeyRow) -> SigningKey:
    return SigningKey.from_pem(row.private_pem.encode("ascii"), "signing_keys")
