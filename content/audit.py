"""Proof that the evidence is whole: the event log link by link, and every sealed row against its seal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from content.errors import LoaError, Told
from content.events import GENESIS, SEALED, Event, EventHead, event_sha256, values_sha256
from content.language import N_
from content.models import Script
from content.script_versions import spoken_sha256
from content.tables import Base

_UNREADABLE: Final = (ValueError, TypeError)
MOST_BREAKS: Final = 50
"""A database in which everything was altered is told in this many lines."""


class AuditError(LoaError):
    """The evidence is not whole; the first break is named."""

    sentence = N_(
        "the evidence is NOT whole: {first} ({count} breaks in all); keep this station as it is and compare it with a backup"
    )


class AnchorError(LoaError):
    """A check code that is none."""

    sentence = N_(
        "{anchor!r} is no check code: it looks like 1234:0123abcd…, as printed at the end of a report"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """One thing that is not as it was written."""

    kind: str
    """gap, altered, reordered, tail, row-altered, row-removed, row-unsealed, text, anchor."""
    where: str
    """events:NUMBER or table:id."""
    told: Told

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {"kind": self.kind, "where": self.where, "text": str(self.told)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What `verify` found; `breaks` in the order of the log, then by table."""

    events: int
    rows: int
    head_sha256: str
    breaks: tuple[Break, ...] = field(default=())

    @property
    def whole(self) -> bool:
        """True when nothing was altered or removed."""
        return not self.breaks

    @property
    def anchor(self) -> str:
        """The check code of this state: number and hash of the last entry."""
        return f"{self.events}:{self.head_sha256}"


def verify(session: Session, *, anchor: str | None = None) -> Verdict:
    """Check every entry, every link and every sealed row.

    `anchor` is a check code of an earlier day (a report on paper carries one): it proves that the log up to
    that entry is still the same, even against somebody who wrote all of it anew.

    Raises:
        AnchorError: `anchor` is no check code.
    """
    expected = _read_anchor(anchor) if anchor else None
    if session.get_bind().dialect.name == "postgresql" and not session.in_transaction():
        # One instant for all that is read; SQLite gives that anyway.
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    breaks: list[Break] = []
    seals: dict[str, tuple[str | None, int]] = {}
    number, previous = 0, GENESIS
    for entry in _entries(session):
        found, at, person, action, subject, detail, before, sha256 = entry
        if found != number + 1:
            breaks.append(
                _break(
                    "gap",
                    f"events:{number + 1}",
                    N_("entry {number} of the event log is missing"),
                    number=number + 1,
                )
            )
        elif before != previous and sha256:
            breaks.append(
                _break(
                    "reordered",
                    f"events:{found}",
                    N_("entry {number} of the event log does not follow the one before it"),
                    number=found,
                )
            )
        if event_sha256(found, at, person, action, subject, detail, before) != sha256:
            breaks.append(
                _break(
                    "altered",
                    f"events:{found}",
                    N_("entry {number} of the event log was altered ({action}, {subject})"),
                    number=found,
                    action=action,
                    subject=subject,
                )
            )
        if expected and expected[0] == found:
            if not sha256.startswith(expected[1]):
                breaks.append(
                    _break(
                        "anchor",
                        f"events:{found}",
                        N_(
                            "the event log up to entry {number} is not the one that the check code was given for"
                        ),
                        number=found,
                    )
                )
            expected = None
        if '"rows":{' in detail:
            for name, row_sha256 in _rows_in(detail):
                seals[name] = (row_sha256, found)
        number, previous = found, sha256
    breaks += _tail(session, number, previous)
    if expected:
        breaks.append(
            _break(
                "anchor",
                f"events:{expected[0]}",
                N_("the event log ends before entry {number}, for which the check code was given"),
                number=expected[0],
            )
        )
    rows = 0
    for table_name in sorted(SEALED & set(Base.metadata.tables)):
        found_rows, found_breaks = _table(session, table_name, seals)
        rows += found_rows
        breaks += found_breaks
    breaks += _texts(session)
    return Verdict(events=number, rows=rows, head_sha256=previous, breaks=tuple(breaks[:MOST_BREAKS]))


def _entries(session: Session) -> Iterator[tuple[Any, ...]]:
    columns = Event.__table__.c
    query = select(
        columns.number, columns.at, columns.person, columns.action, columns.subject, columns.detail,
        columns.previous_sha256, columns.sha256,
    ).order_by(columns.number)  # fmt: skip
    try:
        yield from _all(session, query)
    except _UNREADABLE:
        # Somebody wrote into a cell what can be no instant: go on entry by entry, and let the hash tell.
        for number in session.connection().scalars(select(columns.number).order_by(columns.number)).all():
            try:
                yield tuple(session.connection().execute(query.where(columns.number == number)).one())
            except _UNREADABLE:
                yield (number, datetime.min.replace(tzinfo=UTC), "", "", "", "", "", "")


def _all(session: Session, query: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in session.connection().execute(query)]


def _rows_in(detail: str) -> Iterator[tuple[str, str | None]]:
    try:
        rows = json.loads(detail).get("rows")
    except (ValueError, AttributeError):
        return
    if isinstance(rows, dict):
        yield from rows.items()


def _tail(session: Session, number: int, sha256: str) -> list[Break]:
    head = session.execute(select(EventHead.number, EventHead.sha256)).one_or_none()
    if head is None:
        if number == 0:
            return []
        return [
            _break("tail", f"events:{number}", N_("the mark of the last entry of the event log is missing"))
        ]
    if (head[0], head[1]) != (number, sha256):
        return [
            _break(
                "tail",
                f"events:{head[0]}",
                N_("the event log should end with entry {wanted}, but ends with entry {number}"),
                wanted=head[0],
                number=number,
            )
        ]
    return []


def _table(
    session: Session, table_name: str, seals: dict[str, tuple[str | None, int]]
) -> tuple[int, list[Break]]:
    table = Base.metadata.tables[table_name]
    names = [str(column.name) for column in table.columns]
    at_id = names.index("id")
    breaks = []
    there: set[str] = set()
    for row in _rows(session, table, at_id):
        name = f"{table_name}:{row[at_id]}"
        there.add(name)
        seal = seals.get(name)
        if seal is None:
            breaks.append(
                _break(
                    "row-unsealed", name, N_("{row} was put in without an entry in the event log"), row=name
                )
            )
        elif seal[0] != values_sha256(dict(zip(names, row, strict=True))):
            breaks.append(
                _break(
                    "row-altered",
                    name,
                    N_("{row} was altered after entry {number} of the event log"),
                    row=name,
                    number=seal[1],
                )
            )
    prefix = f"{table_name}:"
    for name, (sha256, number) in seals.items():
        if sha256 is not None and name.startswith(prefix) and name not in there:
            breaks.append(
                _break(
                    "row-removed",
                    name,
                    N_("{row} was removed after entry {number} of the event log"),
                    row=name,
                    number=number,
                )
            )
    return len(there), breaks


def _rows(session: Session, table: Table, at_id: int) -> Iterator[tuple[Any, ...]]:
    query = select(table).order_by(table.c.id)
    try:
        yield from _all(session, query)
    except _UNREADABLE:
        for key in session.connection().scalars(select(table.c.id).order_by(table.c.id)).all():
            try:
                yield tuple(session.connection().execute(query.where(table.c.id == key)).one())
            except _UNREADABLE:
                yield tuple(key if i == at_id else None for i in range(len(table.columns)))


def _texts(session: Session) -> list[Break]:
    """Script versions whose hash is not that of their words."""
    return [
        _break(
            "text",
            f"scripts:{script_id}",
            N_("the words of {row} are not those of its hash"),
            row=f"scripts:{script_id}",
        )
        for script_id, sentences, sha256 in _scripts(session)
        if not _same_words(sentences, sha256)
    ]


def _scripts(session: Session) -> Iterator[tuple[int, Any, str]]:
    query = select(Script.id, Script.sentences, Script.sha256).order_by(Script.id)
    try:
        yield from ((row[0], row[1], row[2]) for row in _all(session, query))
    except _UNREADABLE:
        return  # the row itself is told as altered


def _same_words(sentences: Any, sha256: str) -> bool:
    try:
        return spoken_sha256(sentences) == sha256
    except (TypeError, KeyError):
        return False


def _break(kind: str, where: str, message: str, **facts: object) -> Break:
    return Break(kind=kind, where=where, told=Told(message, **facts))


def _read_anchor(anchor: str) -> tuple[int, str]:
    number, _colon, sha256 = anchor.strip().lower().partition(":")
    if not number.isdecimal() or len(sha256) < 16 or set(sha256) - set("0123456789abcdef"):
        raise AnchorError(anchor=anchor)
    return int(number), sha256


def recent_events(
    session: Session, *, limit: int = 50, subject: str | None = None, since: datetime | None = None
) -> list[dict[str, Any]]:
    """The last entries, newest first, as `loa audit list --json` prints them."""
    query = select(Event).order_by(Event.number.desc()).limit(limit)
    if subject:
        query = query.where(Event.subject == subject)
    if since:
        query = query.where(Event.at >= since)
    return [
        {
            "number": event.number,
            "at": event.at.astimezone(UTC),
            "person": event.person,
            "action": event.action,
            "subject": event.subject,
            "detail": json.loads(event.detail),
            "sha256": event.sha256,
        }
        for event in session.scalars(query)
    ]
