"""The log on its way back through the feed: sent when it says something that the centre has not got yet."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import select

from content import atomic
from content.errors import LoaError
from content.station import Station
from scheduler.exchange.errors import NoCentreError
from scheduler.exchange.feed_client import FeedClient
from scheduler.exchange.logbook import export_log
from scheduler.stations import ReceivedPackage, TrustedSigner

LOG_DAYS = 40
SENT = "log-sent.json"
"""In the station's `feed` folder: what each feed took last."""


def centre_of(station: Station, offered: list[str]) -> str | None:
    """Whose feed it is, by what of it was taken in; None where nothing was."""
    with station.read() as session:
        return session.scalars(
            select(TrustedSigner.fingerprint)
            .join(ReceivedPackage, ReceivedPackage.signer_id == TrustedSigner.id)
            .where(ReceivedPackage.manifest_sha256.in_(offered), TrustedSigner.revoked_at.is_(None))
        ).first()


def report_back(
    station: Station, client: FeedClient, now: datetime, centre: str | None
) -> tuple[bool, LoaError | None]:
    """Send the last weeks' log, which is the receipt too: whether the centre has it, and why not.

    A station pulls every few minutes over a line that may be paid by the megabyte: what says the same as the last one
    that was taken is not sent again on the same day.
    """
    until = station.day_of(now)
    kept = station.folder / "feed" / SENT
    try:
        _name, content = export_log(station, until - timedelta(days=LOG_DAYS), until, now=now, centre=centre)
        sent, says = _sent(station), _what_it_says(content)
        if sent.get(client.url) == says:
            return True, None
        client.send_log(content)
        atomic.write_text(kept, json.dumps(sent | {client.url: says}, indent=1) + "\n")
    except NoCentreError:
        return False, None  # nothing was ever received: there is nothing to report
    except LoaError as error:
        return False, error
    return True, None


def _sent(station: Station) -> dict[str, str]:
    with suppress(OSError, ValueError, RecursionError):
        found = json.loads((station.folder / "feed" / SENT).read_text("utf-8"))
        if isinstance(found, dict):
            return found
    return {}


def _what_it_says(content: bytes) -> str:
    """The same for two logs that differ only in when they were written."""
    envelope = json.loads(content)
    body = json.loads(envelope["body"])
    del body["made_at"]
    said = json.dumps([body, envelope["public_key"]], sort_keys=True)
    return hashlib.sha256(said.encode("utf-8")).hexdigest()
