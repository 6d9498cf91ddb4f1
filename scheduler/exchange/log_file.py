"""The signed log that a station sends back: one JSON file, as it is on the stick and over the network."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime

from audio.packages.checked_json import Table, read_json
from audio.packages.signature import (
    KEY_BYTES,
    SIGNATURE_BYTES,
    SigningKey,
    from_text,
    is_signed,
    to_text,
)
from scheduler.exchange.errors import LogProblem, LogSignatureProblem

SCHEMA = "loa-log/1"
LARGEST = 32 * 2**20
MOST_ENTRIES = 200_000
OUTCOMES = ("aired", "partial", "missed", "displaced")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A package that the station took in."""

    revision: int
    manifest_sha256: str
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One line of the station's as-run log; play ids are the centre's."""

    key: str
    play_id: int | None
    make_good_for: int | None
    kind: str
    title: str
    planned_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    heard_ms: int
    outcome: str
    reason: str | None
    audio_sha256: str | None
    simulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StationLog:
    """All that one report says. Days inclusive, in the station's own time."""

    code: str
    name: str
    centre: str
    """Fingerprint of the centre that it is for."""
    from_on: date
    until_on: date
    made_at: datetime
    receipts: list[Receipt]
    entries: list[LogEntry]


def write_log(log: StationLog, key: SigningKey) -> bytes:
    """The report as a file: the text that was signed stands in it as it was signed."""
    body = {
        "schema": SCHEMA,
        **{name: getattr(log, name) for name in log.__slots__ if name not in {"receipts", "entries"}},
        "receipts": [_row(receipt) for receipt in log.receipts],
        "entries": [_row(entry) for entry in log.entries],
    }
    text = json.dumps(body, ensure_ascii=False, default=lambda value: value.isoformat())
    envelope = {
        "schema": SCHEMA,
        "body": text,
        "public_key": to_text(key.public),
        "signature": to_text(key.sign(text.encode("utf-8"))),
    }
    return (json.dumps(envelope, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def _row(row: Receipt | LogEntry) -> dict[str, object]:
    return {name: getattr(row, name) for name in row.__slots__}


def read_log(content: bytes) -> tuple[StationLog, bytes]:
    """The report in `content` and the raw key that signed it; whose key it is, the caller must know.

    Raises:
        LogProblem, LogSignatureProblem.
    """
    if len(content) > LARGEST:
        raise LogProblem(where=f"{len(content)} bytes")
    envelope = read_json(content, LogProblem)
    if envelope.values.get("schema") != SCHEMA:
        raise LogProblem(where="schema")
    key = from_text(envelope.text("public_key"), KEY_BYTES)
    signature = from_text(envelope.text("signature"), SIGNATURE_BYTES)
    text = envelope.values.get("body")
    if key is None or signature is None or not isinstance(text, str):
        raise LogProblem(where="signature")
    signed = text.encode("utf-8", "surrogatepass")
    if not is_signed(signed, signature, key):
        raise LogSignatureProblem
    return _log(read_json(signed, LogProblem)), key


def _log(table: Table) -> StationLog:
    receipts = [
        Receipt(
            revision=row.number("revision"),
            manifest_sha256=row.text("manifest_sha256"),
            received_at=row.instant("received_at", None),
        )
        for row in table.tables("receipts", 10_000)
    ]
    entries = [
        LogEntry(
            key=row.text("key")[:64], play_id=row.number_or_none("play_id"),
            make_good_for=row.number_or_none("make_good_for"), kind=row.text("kind")[:16], title=row.text("title"),
            planned_at=row.instant_or_none("planned_at"), started_at=row.instant_or_none("started_at"),
            ended_at=row.instant_or_none("ended_at"), heard_ms=row.number("heard_ms", 2**31 - 1),
            outcome=row.one_of("outcome", OUTCOMES), reason=row.text_or_none("reason"),
            audio_sha256=(row.text_or_none("audio_sha256") or "")[:64] or None, simulated=row.flag("simulated"),
        )
        for row in table.tables("entries", MOST_ENTRIES)
    ]  # fmt: skip
    return StationLog(
        code=table.text("code"), name=table.text("name"), centre=table.text("centre"), from_on=table.day("from_on"),
        until_on=table.day("until_on"), made_at=table.instant("made_at", None), receipts=receipts, entries=entries,
    )  # fmt: skip
