"""Whose packages this station accepts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from content.events import record
from scheduler.exchange.errors import NoFingerprintError
from scheduler.stations import TrustedSigner


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


def distrust(
    session: Session, fingerprint: str, *, now: datetime, person: str | None = None
) -> TrustedSigner:
    """Accept nothing more from that key; what was received stays.

    Raises:
        NoFingerprintError: nobody of that fingerprint is trusted.
    """
    told = as_fingerprint(fingerprint)
    row = session.scalars(select(TrustedSigner).where(TrustedSigner.fingerprint == told)).first()
    if row is None or row.revoked_at is not None:
        raise NoFingerprintError(fingerprint=fingerprint)
    row.revoked_at = now
    record(
        session, action="signer.distrusted", subject=row, person=person, detail={"fingerprint": told}, at=now
    )
    return row


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
