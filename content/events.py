"""The event log: every decision, appended once, each entry hashed together with the one before it.

`record` is called inside the transaction of the decision itself, so that a decision without its entry, or
an entry without its decision, cannot exist. Rows of the tables in `SEALED` are sealed as well: the entry
holds the SHA-256 of each such row as it stands after the decision, and `content.audit` compares them.
Sessions of `content.database.deciding` find the changed rows by themselves.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import Integer, String, Table, Text, event, func, select
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, mapped_column

from content.errors import LoaError
from content.language import N_
from content.tables import Base

GENESIS: Final = "0" * 64
"""What the first entry names as the hash before it."""
SEALED: Final = frozenset(
    {
        "documents",
        "items",
        "programmes",
        "scripts",
        "approvals",
        "episodes",
        "episode_audio",
        "plays",
        "as_run",
        "station_as_run",
        "users",
    }
)
"""Tables whose every row is sealed."""


class Event(Base):
    """One entry: who decided what about what, when, and the hash that ties it to all before it."""

    __tablename__ = "events"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    """1, 2, 3, … without a gap."""
    at: Mapped[datetime]
    person: Mapped[str] = mapped_column(Text)
    """Empty for what the machine does on its own."""
    action: Mapped[str] = mapped_column(String(64), index=True)
    """Noun and verb, such as script.approved."""
    subject: Mapped[str] = mapped_column(String(128), index=True)
    """Table and id, such as scripts:12."""
    detail: Mapped[str] = mapped_column(Text)
    """Canonical JSON; `rows` maps table:id to the SHA-256 of that row, null where it was removed."""
    previous_sha256: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))


class EventHead(Base):
    """The last entry of the log, so that entries missing at its end are noticed; one row."""

    __tablename__ = "event_head"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))


class EventLogBrokenError(LoaError):
    """The log cannot be continued because its end is missing."""

    sentence = N_(
        "the event log has lost its end, so nothing can be added to it: run `loa audit verify`, then restore a backup"
    )


def record(
    session: Session,
    *,
    action: str,
    subject: object,
    person: str | None,
    detail: Mapping[str, Any] | None = None,
    rows: Iterable[Base] = (),
    at: datetime | None = None,
) -> Event:
    """Append one entry in the transaction of `session`; the caller commits.

    `subject` is a row (it is flushed, so that it has an id) or text such as "plans:3". `person` is empty or
    None for the machine itself. Changed rows of sealed tables are sealed by this entry; `rows` names more.

    Raises:
        EventLogBrokenError: entries are missing at the end of the log.
    """
    session.flush()
    pending: dict[str, str] = session.info.setdefault(_PENDING, {})
    for row in rows:
        pending[name_of(row)] = "changed"
    seals = rows_sha256(session, pending)
    pending.clear()
    known = session.info.setdefault(_KNOWN, {})
    known.update(seals)
    full = dict(detail or {})
    if seals:
        full["rows"] = seals
    return _append(
        session,
        action=action,
        subject=subject if isinstance(subject, str) else name_of(subject),
        person=person or "",
        detail=canonical(full),
        at=at or datetime.now(UTC),
    )


def seal(session: Session, *rows: Base, person: str | None = None, action: str = "sealed") -> None:
    """Seal `rows` as they stand now; nothing is written for rows already sealed so in this transaction."""
    session.flush()
    known = session.info.setdefault(_KNOWN, {})
    now = rows_sha256(session, [name_of(row) for row in rows])
    fresh = [row for row in rows if known.get(name_of(row)) != now[name_of(row)]]
    pending: dict[str, str] = session.info.setdefault(_PENDING, {})
    for row in rows:
        pending.pop(name_of(row), None)
    if fresh:
        record(session, action=action, subject=fresh[0], person=person, rows=fresh)


def head(session: Session) -> tuple[int, str]:
    """(number, SHA-256) of the last entry; (0, GENESIS) for an empty log."""
    found = session.execute(select(EventHead.number, EventHead.sha256)).one_or_none()
    return (found[0], found[1]) if found else (0, GENESIS)


def name_of(row: object) -> str:
    """A row as table:id."""
    key = getattr(row, "id", None)
    return f"{getattr(row, '__tablename__', type(row).__name__.lower())}:{key}"


def canonical(value: Any) -> str:
    """`value` as the one JSON text that stands for it: sorted keys, no spaces, instants in UTC."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)
    return text.encode("utf-8", "replace").decode("utf-8")


def event_sha256(
    number: int, at: datetime, person: str, action: str, subject: str, detail: str, previous_sha256: str
) -> str:
    """The hash of an entry with everything in it and before it."""
    stamp = at.astimezone(UTC).isoformat(timespec="microseconds")
    parts = "\n".join((previous_sha256, str(number), stamp, canonical([person, action, subject]), detail))
    return hashlib.sha256(parts.encode("utf-8")).hexdigest()


def rows_sha256(session: Session, names: Collection[str]) -> dict[str, str | None]:
    """The hash of each row `table:id` as the database holds it; None where there is none."""
    keys: dict[str, list[int]] = {}
    for name in names:
        table_name, _colon, key = name.partition(":")
        keys.setdefault(table_name, []).append(int(key))
    hashes: dict[str, str | None] = dict.fromkeys(names)
    for table_name, ids in keys.items():
        table = Base.metadata.tables[table_name]
        for start in range(0, len(ids), 500):
            query = select(table).where(table.c.id.in_(ids[start : start + 500]))
            for row in session.connection().execute(query):
                hashes[f"{table_name}:{row.id}"] = values_sha256(row._mapping)
    return hashes


def values_sha256(values: Mapping[Any, Any]) -> str:
    """The hash of a row's values by column name; empty ones do not count, so that a column may be added later."""
    full = {str(name): value for name, value in values.items() if value is not None}
    return hashlib.sha256(canonical(full).encode("utf-8")).hexdigest()


_PENDING: Final = "loa_pending_rows"
_KNOWN: Final = "loa_sealed_rows"


class DecidingSession(Session):
    """A session that seals every changed row of a sealed table before it commits."""


@event.listens_for(DecidingSession, "after_flush")
def _note_changes(session: Session, _context: Any) -> None:
    pending: dict[str, str] = session.info.setdefault(_PENDING, {})
    for verb, rows in (("changed", session.dirty), ("added", session.new), ("removed", session.deleted)):
        for row in rows:
            if getattr(row, "__tablename__", None) in SEALED:
                name = name_of(row)
                pending[name] = "added" if verb == "changed" and pending.get(name) == "added" else verb


@event.listens_for(DecidingSession, "do_orm_execute")
def _note_statement(state: ORMExecuteState) -> None:
    """Rows that a statement (not an object) is about to change or remove."""
    if not (state.is_update or state.is_delete or state.is_insert):
        return
    table: Table | None = getattr(state.statement, "table", None)
    if table is None or table.name not in SEALED:
        return
    pending: dict[str, str] = state.session.info.setdefault(_PENDING, {})
    if state.is_insert:
        last = state.session.scalar(select(func.max(table.c.id))) or 0
        state.session.info.setdefault("loa_inserted_after", {}).setdefault(table.name, last)
        return
    query = select(table.c.id)
    where = getattr(state.statement, "whereclause", None)
    for key in state.session.connection().scalars(query if where is None else query.where(where)):
        pending[f"{table.name}:{key}"] = "removed" if state.is_delete else "changed"


@event.listens_for(DecidingSession, "after_rollback")
def _forget(session: Session) -> None:
    """What was undone needs no seal."""
    for key in (_PENDING, _KNOWN, "loa_inserted_after"):
        session.info.pop(key, None)


@event.listens_for(DecidingSession, "before_commit")
def _seal_the_rest(session: Session) -> None:
    """Whatever no entry speaks of by now gets one of its own, named after what happened to which kind of row."""
    session.flush()
    pending: dict[str, str] = session.info.setdefault(_PENDING, {})
    for name, last in session.info.pop("loa_inserted_after", {}).items():
        table = Base.metadata.tables[name]
        for key in session.connection().scalars(select(table.c.id).where(table.c.id > last)):
            pending[f"{name}:{key}"] = "added"
    if pending:
        first = min(
            pending, key=lambda name: (_WEIGHT.index(name.partition(":")[0]), pending[name] == "changed")
        )
        noun = _NOUNS.get(first.partition(":")[0], first.partition(":")[0].removesuffix("s"))
        record(session, action=f"{noun}.{pending[first]}", subject=first, person=session.info.get(PERSON))


PERSON: Final = "loa_person"
"""Key of `session.info`: who acts in this transaction (set by `content.people.current_person`)."""
_NOUNS: Final = {"as_run": "as-run", "station_as_run": "station-as-run", "episode_audio": "sound"}
_WEIGHT: Final = (
    "documents", "programmes", "items", "scripts", "approvals", "users", "episode_audio", "station_as_run", "as_run",
    "plays", "episodes",
)  # fmt: skip
"""Which kind of row an entry is named after when several changed at once."""


def _append(session: Session, *, action: str, subject: str, person: str, detail: str, at: datetime) -> Event:
    # On PostgreSQL the row lock lets one writer at a time continue the chain; SQLite has one writer anyway.
    last = session.scalars(select(EventHead).with_for_update().execution_options(populate_existing=True))
    end = last.one_or_none()
    if end is None:
        if session.scalar(select(func.count()).select_from(Event)):
            raise EventLogBrokenError
        end = EventHead(id=1, number=0, sha256=GENESIS)
        session.add(end)
    number = end.number + 1
    entry = Event(
        number=number,
        at=at,
        person=person,
        action=action,
        subject=subject,
        detail=detail,
        previous_sha256=end.sha256,
        sha256=event_sha256(number, at, person, action, subject, detail, end.sha256),
    )
    session.add(entry)
    end.number, end.sha256 = number, entry.sha256
    session.flush()
    return entry


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return str(value)
