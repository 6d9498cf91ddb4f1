"""What went out, written where nothing can hold it up: a local file, appended to, and a register of positions.

The journal is the first witness; the database follows it (`as_run.py`). A line is on the disk's way before
the next sound is; the register is memory that the operating system writes out, so that `kill -9` loses
nothing of it and a power cut at most the last seconds.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import secrets
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from content import atomic

KEEP = timedelta(days=3)
"""How long finished entries stay in the journal after they are in the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the as-run log as the player knows it."""

    key: str
    kind: str
    title: str
    zones: tuple[str, ...]
    output: str
    simulated: bool
    play_id: int | None = None
    planned_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    heard_ms: int = 0
    outcome: str | None = None
    """None while it is on the air."""
    reason: str | None = None
    audio_sha256: str | None = None
    who: str | None = None
    slot: int | None = None
    """Its place in the register of positions."""
    offset_ms: int = 0
    """Where in the sound it began: above 0 when it joined in progress or was resumed."""
    length_ms: int = 0
    """Of the whole sound."""
    order: str | None = None
    """The name of the urgent order that was carried out."""
    play_status: str | None = None
    """What becomes of the play: aired, missed, preempted; None leaves it as it is."""

    @property
    def is_open(self) -> bool:
        return self.outcome is None


_FIELDS = tuple(one.name for one in fields(Entry))
_TIMES = ("planned_at", "started_at", "ended_at")


def to_line(entry: Entry) -> bytes:
    """The entry as one line of JSON."""
    table: dict[str, Any] = {name: getattr(entry, name) for name in _FIELDS}  # asdict copies deeply: 0.4 ms
    for name in _TIMES:
        if table[name] is not None:
            table[name] = table[name].astimezone(UTC).isoformat()
    return json.dumps(table, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def from_line(line: bytes) -> Entry | None:
    """The entry of a line; None for a line that was cut off by a crash."""
    try:
        table: dict[str, Any] = json.loads(line)
        for name in _TIMES:
            if table[name] is not None:
                table[name] = datetime.fromisoformat(table[name])
        table["zones"] = tuple(table["zones"])
        # What another version of Loa noted beside it is left aside.
        entry = Entry(**{name: table[name] for name in _FIELDS if name in table})
        return entry if _is_whole(entry) else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


OUTCOMES = (None, "aired", "partial", "missed", "displaced")
_LARGEST = 1 << 53
"""No count, no length and no number of ours comes near it; databases and clocks take all that is below."""
_TEXTS = ("key", "kind", "title", "output", "reason", "audio_sha256", "who", "order", "play_status")


def _is_whole(entry: Entry) -> bool:
    """Every field of its type, and within what the database takes. Raises ValueError (half characters)."""
    texts: list[object] = [getattr(entry, name) for name in _TEXTS]
    numbers = [entry.heard_ms, entry.offset_ms, entry.length_ms]
    numbers += [number for number in (entry.play_id, entry.slot) if number is not None]
    times = [at for name in _TIMES if (at := getattr(entry, name)) is not None]
    return (
        all(type(number) is int and 0 <= number < _LARGEST for number in numbers)
        and all(isinstance(text, str) for text in (*texts[:4], *entry.zones))
        and all(text is None or (isinstance(text, str) and text.encode() is not None) for text in texts)
        and all(at.tzinfo is not None and 1970 < at.year < 9999 for at in times)
        and entry.outcome in OUTCOMES
        and isinstance(entry.simulated, bool)
    )


class Register:
    """How many milliseconds of each airing were handed to the outputs: 256 places of 32 bytes, kept in a mapped file."""

    PLACES = 256
    _PLACE = struct.Struct("<16sqq")

    def __init__(self, path: Path) -> None:
        size = self.PLACES * self._PLACE.size
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("r+b") if path.exists() else path.open("w+b")
        self._file.seek(0, os.SEEK_END)
        if self._file.tell() != size:
            self._file.truncate(0)
            self._file.write(b"\0" * size)
            self._file.flush()
        self._map = mmap.mmap(self._file.fileno(), size)
        self._free = list(range(self.PLACES - 1, -1, -1))

    def take(self, key: str) -> int | None:
        """A free place for the airing `key`; None when all are taken (it is then known to the second only)."""
        if not self._free:
            return None
        slot = self._free.pop()
        self._PLACE.pack_into(self._map, slot * self._PLACE.size, _tag(key), 0, 0)
        return slot

    def note(self, slot: int, heard_ms: int, at_us: int) -> None:
        """The airing in `slot` was heard for so long, up to that instant (µs since 1970)."""
        struct.pack_into("<qq", self._map, slot * self._PLACE.size + 16, heard_ms, at_us)

    def read(self, slot: int | None, key: str) -> tuple[int, datetime | None]:
        """(heard ms, last instant) of the airing `key`; (0, None) when the place holds another."""
        if slot is None or not 0 <= slot < self.PLACES:
            return 0, None
        tag, heard_ms, at_us = self._PLACE.unpack_from(self._map, slot * self._PLACE.size)
        if tag != _tag(key) or at_us == 0:
            return 0, None
        return heard_ms, datetime.fromtimestamp(at_us / 1e6, UTC)

    def free(self, slot: int | None) -> None:
        if slot is not None:
            self._free.append(slot)

    def close(self) -> None:
        self._map.close()
        self._file.close()


@dataclass(slots=True)
class Journal:
    """The journal of one station, open for appending by the daemon that holds the lock."""

    path: Path
    entries: dict[str, Entry] = field(default_factory=dict)
    """Newest state of every entry that is still in the file, in order of appearance."""
    _handle: int | None = None
    _boot: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y%m%d%H%M%S}-{secrets.token_hex(4)}")
    _count: int = 0
    _unwritten: list[bytes] = field(default_factory=list)
    """Lines that a full disk did not take; they go first when there is room again."""
    _torn: bool = False

    def open(self) -> None:
        """Read what is there and open the file for appending; a line cut off by a crash is closed off."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.entries = {entry.key: entry for entry in read(self.path)}
        self._handle = os.open(
            self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o644
        )
        size = os.fstat(self._handle).st_size
        if size:
            with self.path.open("rb") as file:
                file.seek(-1, os.SEEK_END)
                self._torn = file.read(1) != b"\n"  # the next line begins with the end of this one

    def new_key(self) -> str:
        """A name for an entry that no other run of the daemon gives."""
        self._count += 1
        return f"{self._boot}-{self._count}"

    def write(self, entry: Entry) -> bool:
        """Append the entry's newest state; False when the disk is full (it is kept, and written when it can be)."""
        self.entries[entry.key] = entry
        self._unwritten.append(to_line(entry))
        return self.flush()

    def flush(self) -> bool:
        """Write the lines that a full disk did not take before; True when none is left."""
        assert self._handle is not None, "the journal is not open"
        while self._unwritten:
            line = b"\n" + self._unwritten[0] if self._torn else self._unwritten[0]
            try:
                written = os.write(self._handle, line)
            except OSError:
                return False
            self._torn = written < len(line)
            if self._torn:
                return False
            self._unwritten.pop(0)
        return True

    def sync(self) -> None:
        """Wait until what was written is on the disk."""
        if self._handle is not None:
            with contextlib.suppress(OSError):
                os.fsync(self._handle)

    def open_entries(self) -> list[Entry]:
        """Entries without an outcome."""
        return [entry for entry in self.entries.values() if entry.is_open]

    def compact(self, now: datetime, is_stored: frozenset[str] | set[str]) -> None:
        """Drop entries that are closed, in the database (`is_stored`) and older than three days."""
        kept = {
            key: entry
            for key, entry in self.entries.items()
            if entry.is_open or key not in is_stored or (entry.ended_at or now) > now - KEEP
        }
        if len(kept) == len(self.entries):
            return
        handle, self._handle = self._handle, None
        try:
            if handle is not None:
                os.close(handle)
            atomic.write_bytes(self.path, b"".join(to_line(entry) for entry in kept.values()))
            self.entries = kept
        finally:
            self._handle = os.open(
                self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o644
            )

    def close(self) -> None:
        if self._handle is not None:
            self.sync()
            os.close(self._handle)
            self._handle = None


def read(path: Path) -> Iterator[Entry]:
    """Every readable line of a journal, oldest first; nothing when there is no file."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            if entry := from_line(line):
                yield entry


def recovered(entry: Entry, heard_ms: int, last_at: datetime | None, reason: str) -> Entry:
    """An entry that a crash left open, closed with what is known to have been heard."""
    return replace(
        entry,
        heard_ms=heard_ms,
        ended_at=last_at or entry.started_at,
        outcome="partial" if heard_ms else "missed",
        reason=reason,
    )


def _tag(key: str) -> bytes:
    return key.encode()[-16:].rjust(16, b"\0")
