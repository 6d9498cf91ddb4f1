"""Which packages went out and came in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import defer

from content.station import Station
from scheduler.stations import CommuneStation, ReceivedPackage, SentPackage, TrustedSigner


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageLine:
    """One package, sent or received."""

    way: str
    who: str
    revision: int
    kind: str
    from_on: date
    until_on: date
    made_at: datetime
    received_at: datetime | None
    manifest_sha256: str

    def to_json(self) -> dict[str, Any]:
        """As `loa package list --json` prints it."""
        return {name: getattr(self, name) for name in self.__slots__}


def history(station: Station) -> list[PackageLine]:
    """Every package, the newest first."""
    with station.read() as session:
        sent = session.execute(
            select(SentPackage, CommuneStation.code)
            .join(CommuneStation, CommuneStation.id == SentPackage.station_id)
            .options(defer(SentPackage.manifest))
        ).all()
        received = session.execute(
            select(ReceivedPackage, TrustedSigner.name)
            .join(TrustedSigner, TrustedSigner.id == ReceivedPackage.signer_id)
            .options(defer(ReceivedPackage.manifest))
        ).all()
    lines = [_line("sent", row, code) for row, code in sent] + [
        _line("received", row, name or "") for row, name in received
    ]
    return sorted(lines, key=lambda line: (line.made_at, line.who), reverse=True)


def _line(way: str, row: SentPackage | ReceivedPackage, who: str) -> PackageLine:
    return PackageLine(
        way=way, who=who, revision=row.revision, kind=row.kind, from_on=row.from_on, until_on=row.until_on,
        made_at=row.made_at, received_at=row.received_at, manifest_sha256=row.manifest_sha256,
    )  # fmt: skip
