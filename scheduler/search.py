"""Search over items, scripts, programmes, documents and the as-run log, with or without the marks on letters.

The index is a file of its own beside the config (`search.sqlite3`): it can be deleted at any time, works the same
whatever database the station uses, and is brought up to date out of the event log, which names every row that
changed. Where SQLite comes without FTS5 the folded texts are looked through instead.
"""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from content.errors import LoaError
from content.events import Event, head
from content.language import N_
from content.models import Document, Item, Programme, Script
from content.station import Station
from scheduler.models import AsRun

KINDS: Final = ("item", "script", "programme", "document", "as-run")
_TABLES: Final = {
    "items": "item", "scripts": "script", "programmes": "programme", "documents": "document", "as_run": "as-run",
}  # fmt: skip
_SCHEMA: Final = 2
LONGEST_QUERY: Final = 500


class EmptySearchError(LoaError):
    """A search for nothing."""

    sentence = N_("there is nothing to search for in {text!r}: give at least one word")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One hit."""

    kind: str
    id: int
    title: str
    excerpt: str
    at: datetime | None

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "kind": self.kind,
            "id": self.id,
            "title": self.title,
            "excerpt": self.excerpt,
            "at": self.at.isoformat() if self.at else None,
        }


def fold(text: str) -> str:
    """ "Chuyển đổi số" as "chuyen doi so": lower case, no marks, đ as d."""
    low = unicodedata.normalize("NFD", text.casefold()).replace("đ", "d")
    return "".join(letter for letter in low if not unicodedata.combining(letter))


def find(station: Station, text: str, *, kinds: Iterable[str] = KINDS, limit: int = 20) -> list[Found]:
    """The best hits: every word must occur (the last one may be begun only); marked letters given count first.

    Raises:
        EmptySearchError.
    """
    words = re.findall(r"\w+", fold(text[:LONGEST_QUERY]))
    if not words:
        raise EmptySearchError(text=text)
    with contextlib.closing(_open(station.folder / "search.sqlite3")) as index:
        with station.read() as session:
            _bring_up_to_date(session, index)
        rows = _query(index, words, list(kinds), limit)
    exact = unicodedata.normalize("NFC", text).casefold().strip()
    phrase = " ".join(words)

    def rank(row: tuple[Any, ...]) -> tuple[Any, ...]:
        whole = f"{row[2]}\n{row[3]}"
        return (
            exact not in whole.casefold(),
            phrase not in fold(row[2]),
            phrase not in fold(whole),
            KINDS.index(row[0]),
            -(row[1]),
        )

    return [
        Found(
            kind=row[0], id=row[1], title=row[2], excerpt=_excerpt(row[3] or row[2], words),
            at=datetime.fromisoformat(row[4]) if row[4] else None,
        )
        for row in sorted(rows, key=rank)[:limit]
    ]  # fmt: skip


def _query(
    index: sqlite3.Connection, words: list[str], kinds: list[str], limit: int
) -> list[tuple[Any, ...]]:
    marks = ",".join("?" * len(kinds))
    most = max(limit * 10, 200)
    if _has_fts(index):
        match = " ".join(f'"{word}"' for word in words[:-1]) + f' "{words[-1]}"*'
        sql = (
            "SELECT kind, ref, texts.title, texts.body, at FROM texts JOIN folded ON folded.rowid = texts.id "  # noqa: S608 - marks only
            f"WHERE folded MATCH ? AND kind IN ({marks}) ORDER BY bm25(folded, 4.0, 1.0), texts.id DESC LIMIT ?"
        )
        return index.execute(sql, (match, *kinds, most)).fetchall()
    likes = " AND ".join("(' ' || folded_title || ' ' || folded_body) LIKE ?" for _ in words)
    patterns = [f"% {word}%" for word in words]
    sql = (
        "SELECT kind, ref, title, body, at FROM texts "  # noqa: S608 - marks only
        f"WHERE {likes} AND kind IN ({marks}) ORDER BY texts.id DESC LIMIT ?"
    )
    return index.execute(sql, (*patterns, *kinds, most)).fetchall()


def _open(path: Path) -> sqlite3.Connection:
    """The index, made anew where it is missing, of another make, or damaged."""
    for attempt in (1, 2):
        index = sqlite3.connect(path, timeout=15)
        try:
            index.execute("PRAGMA journal_mode=WAL")
            if index.execute("PRAGMA user_version").fetchone()[0] != _SCHEMA:
                _make(index)
            return index
        except sqlite3.DatabaseError:
            index.close()
            if attempt == 2:
                raise
            for end in ("", "-wal", "-shm"):
                path.with_name(path.name + end).unlink(missing_ok=True)
    raise AssertionError


def _make(index: sqlite3.Connection) -> None:
    index.executescript(
        "DROP TABLE IF EXISTS texts; DROP TABLE IF EXISTS folded; DROP TABLE IF EXISTS state;"
        "CREATE TABLE texts (id INTEGER PRIMARY KEY, kind TEXT, ref INTEGER, title TEXT, body TEXT, at TEXT,"
        " folded_title TEXT, folded_body TEXT, UNIQUE (kind, ref));"
        "CREATE TABLE state (number INTEGER, sha256 TEXT);"
    )
    with contextlib.suppress(sqlite3.OperationalError):  # an SQLite without FTS5
        index.execute("CREATE VIRTUAL TABLE folded USING fts5(title, body, content='', tokenize='unicode61')")
    index.execute(f"PRAGMA user_version = {_SCHEMA}")
    index.commit()


def _has_fts(index: sqlite3.Connection) -> bool:
    return bool(index.execute("SELECT count(*) FROM sqlite_master WHERE name = 'folded'").fetchone()[0])


def _bring_up_to_date(session: Session, index: sqlite3.Connection) -> None:
    """Take in every row that the event log names since the last time; all of them when the log is another one."""
    number, sha256 = head(session)
    state = index.execute("SELECT number, sha256 FROM state").fetchone()
    if state == (number, sha256):
        return
    known = (
        state is not None and session.scalar(select(Event.sha256).where(Event.number == state[0])) == state[1]
    )
    if not known:
        _make(index)
    index.execute("BEGIN IMMEDIATE")
    changed = _changed(session, state[0]) if known else None
    for table, kind in _TABLES.items():
        ids = None if changed is None else changed.get(table, set())
        if ids is None or ids:
            _take(index, kind, ids, _rows(session, kind, ids))
    index.execute("DELETE FROM state")
    index.execute("INSERT INTO state VALUES (?, ?)", (number, sha256))
    index.commit()


def _changed(session: Session, after: int) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for detail in session.scalars(select(Event.detail).where(Event.number > after)):
        for name in json.loads(detail).get("rows") or {}:
            table, _colon, key = name.partition(":")
            if table in _TABLES:
                found.setdefault(table, set()).add(int(key))
    return found


def _take(
    index: sqlite3.Connection,
    kind: str,
    ids: set[int] | None,
    rows: Iterator[tuple[int, str, str, datetime | None]],
) -> None:
    fts = _has_fts(index)
    for ref in ids or ():
        old = index.execute(
            "SELECT id, folded_title, folded_body FROM texts WHERE kind = ? AND ref = ?", (kind, ref)
        ).fetchone()
        if old:
            if fts:
                index.execute(
                    "INSERT INTO folded (folded, rowid, title, body) VALUES ('delete', ?, ?, ?)", old
                )
            index.execute("DELETE FROM texts WHERE id = ?", (old[0],))
    for ref, title, body, at in rows:
        folded = fold(title), fold(body)
        made = index.execute(
            "INSERT INTO texts (kind, ref, title, body, at, folded_title, folded_body) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (kind, ref, title, body, at.astimezone(UTC).isoformat() if at else None, *folded),
        )
        if fts:
            index.execute(
                "INSERT INTO folded (rowid, title, body) VALUES (?, ?, ?)", (made.lastrowid, *folded)
            )


def _rows(
    session: Session, kind: str, ids: set[int] | None
) -> Iterator[tuple[int, str, str, datetime | None]]:
    """(id, title, text, when) of the rows of one kind."""
    if kind == "item":
        for row in _some(session, select(Item.id, Item.title, Item.text, Item.created_at), Item.id, ids):
            yield row[0], row[1], row[2], row[3]
    elif kind == "script":
        query = select(Script.id, Item.title, Script.sentences, Script.created_at).join(
            Item, Item.id == Script.item_id
        )
        for row in _some(session, query, Script.id, ids):
            spoken = " ".join(str(s.get("spoken", "")) for s in row[2] if isinstance(s, dict))
            yield row[0], row[1], spoken, row[3]
    elif kind == "programme":
        query = select(Programme.id, Programme.title, Programme.rule_text, Programme.created_at)
        for row in _some(session, query, Programme.id, ids):
            yield row[0], row[1], row[2] or "", row[3]
    elif kind == "document":
        query = select(
            Document.id, Document.subject, Document.number, Document.clean_text, Document.imported_at
        )
        for row in _some(session, query, Document.id, ids):
            yield row[0], " – ".join(p for p in (row[2], row[1]) if p), row[3], row[4]
    else:
        query = select(AsRun.id, AsRun.title, AsRun.reason, AsRun.who, AsRun.started_at, AsRun.planned_at)
        for row in _some(session, query, AsRun.id, ids):
            yield row[0], row[1], " ".join(p for p in (row[2], row[3]) if p), row[4] or row[5]


def _some(session: Session, query: Any, key: Any, ids: set[int] | None) -> Iterator[Any]:
    if ids is None:
        yield from session.execute(query)
        return
    wanted = sorted(ids)
    for start in range(0, len(wanted), 500):
        yield from session.execute(query.where(key.in_(wanted[start : start + 500])))


def _excerpt(text: str, words: list[str], around: int = 60) -> str:
    """The text round the first hit, on one line."""
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    folded = fold(plain)
    at = min((i for word in words if (i := folded.find(word)) >= 0), default=0)
    if len(folded) != len(plain):  # a letter that folds into several: the places no longer agree
        at = min(at, max(0, len(plain) - 1))
    start, end = max(0, at - around), min(len(plain), at + 2 * around)
    return ("…" if start else "") + plain[start:end] + ("…" if end < len(plain) else "")
