"""Whose packages this station accepts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from content.events import record
from scheduler.exchange.errors import NoFingerprintError, SignerKnownError
from scheduler.models import Play
from scheduler.stations import ReceivedPackage, ReceivedPlay, TrustedSigner


def trust(
    session: Session, fingerprint: str, *, name: str | None, now: datetime, person: str | None = None
) -> TrustedSigner:
    """Accept packages signed with the key of that fingerprint; asking again changes nothing.

    Raises:
        NoFingerprintError: it is no fingerprint.
    """
    told = as_fingerprint(fingerprint)
    row = session.scalars(select(TrustedSigner).where(TrustedSigner.fingerprint == told)).first()
    if row is None:
        row = TrustedSigner(fingerprint=told, name=name, trusted_at=now)
        session.add(row)
        session.flush()
        record(
            session, action="signer.trusted", subject=row, person=person, detail={"fingerprint": told}, at=now
        )
    else:
        row.name, row.revoked_at = name or row.name, None
    return row


def renew(
    session: Session, fingerprint: str, replaces: str, *, now: datetime, person: str | None = None
) -> TrustedSigner:
    """The same sender signs with a new key: what came under the old one stays its own, the old one counts no more.

    Raises:
        NoFingerprintError: it is none, or nobody signed with the old one. SignerKnownError: the new one has sent
        packages of its own.
    """
    told, old = as_fingerprint(fingerprint), as_fingerprint(replaces)
    row = session.scalars(select(TrustedSigner).where(TrustedSigner.fingerprint == old)).first()
    if row is None:
        raise NoFingerprintError(fingerprint=replaces)
    other = session.scalars(select(TrustedSigner).where(TrustedSigner.fingerprint == told)).first()
    if other is not None and other is not row:
        if session.scalars(select(ReceivedPackage).where(ReceivedPackage.signer_id == other.id)).first():
            raise SignerKnownError(fingerprint=told)
        session.delete(other)
        session.flush()
    row.fingerprint, row.public_key, row.revoked_at = told, None, None
    record(
        session, action="signer.renewed", subject=row, person=person, at=now,
        detail={"fingerprint": told, "replaces": old},
    )  # fmt: skip
    return row


def distrust(
    session: Session, fingerprint: str, *, now: datetime, with_plays: bool = False, person: str | None = None
) -> tuple[TrustedSigner, int]:
    """Accept nothing more from that key; what was received stays, unless its plays to come are cancelled `with_plays`.

    The second value is how many were cancelled.

    Raises:
        NoFingerprintError: nobody of that fingerprint is known here.
    """
    told = as_fingerprint(fingerprint)
    row = session.scalars(select(TrustedSigner).where(TrustedSigner.fingerprint == told)).first()
    if row is None or (row.revoked_at is not None and not with_plays):
        raise NoFingerprintError(fingerprint=fingerprint)
    cancelled = _cancel_plays(session, row, now) if with_plays else 0
    row.revoked_at = row.revoked_at or now
    record(
        session, action="signer.distrusted", subject=row, person=person, at=now,
        detail={"fingerprint": told, "cancelled": cancelled},
    )  # fmt: skip
    return row, cancelled


def _cancel_plays(session: Session, signer: TrustedSigner, now: datetime) -> int:
    """Nothing of that sender that has not begun is aired, and none of it is made good."""
    received = select(ReceivedPlay.play_id).where(
        ReceivedPlay.signer_id == signer.id, ReceivedPlay.play_id.is_not(None)
    )
    plays = session.scalars(
        select(Play).where(
            Play.id.in_(received) | Play.make_good_for_id.in_(received),
            Play.status.in_(("planned", "pinned", "emergency")), Play.starts_at > now,
        )
    ).all()  # fmt: skip
    for play in plays:
        play.status, play.reason = "cancelled", f"package trust --remove {signer.fingerprint[:9]}"
    return len(plays)


def trusted(session: Session) -> Sequence[TrustedSigner]:
    """Everyone whose packages are accepted."""
    return session.scalars(
        select(TrustedSigner).where(TrustedSigner.revoked_at.is_(None)).order_by(TrustedSigner.id)
    ).all()


def as_fingerprint(text: str) -> str:
    """A fingerprint as people type it: upper case, spaces and missing hyphens forgiven.

    Raises:
        NoFingerprintError: it is none.
    """
    digits = re.sub(r"[\s:-]+", "", text.lower())
    if not re.fullmatch(r"[0-9a-f]{32}", digits):
        raise NoFingerprintError(fingerprint=text[:60])
    return "-".join(digits[at : at + 4] for at in range(0, 32, 4))
