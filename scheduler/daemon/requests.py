"""Orders from other processes: one file each, put whole into a folder, answered by a file beside it."""

from __future__ import annotations

import json
import os
import secrets
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from content import atomic

MOST_BYTES = 1_000_000
WORDS = ("what", "who", "why", "title", "text", "file", "language")
UNFINISHED = ".unfinished"
"""What the files of orders that are not over end with (see `unfinished`)."""
STALE_S = 60
"""An order that nobody took for so long is not carried out any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody wants of the daemon."""

    what: str
    """interrupt, stop or resume."""
    who: str
    why: str = ""
    at: str = field(default_factory=lambda: datetime.now(UTC).isoformat())
    title: str = ""
    text: str = ""
    """Words for the embedded voice."""
    file: str = ""
    """A text, sound or CAP file to air."""
    language: str = "vi"
    sounds: tuple[str, ...] = ()
    """Files of house PCM to air one after another, in the folder of requests."""
    zones: tuple[str, ...] = ()
    repeat: int = 1
    emergency: bool = False
    name: str = field(default_factory=lambda: f"{time.time_ns():020d}-{secrets.token_hex(3)}")

    def __post_init__(self) -> None:
        for name in ("who", "why", "title", "text"):
            object.__setattr__(self, name, legible(getattr(self, name)))


def legible(words: str) -> str:
    """`words` as every file takes them: a file name that is no UTF-8 brings half characters, which none does."""
    return words.encode("utf-8", "replace").decode("utf-8")


def leave(folder: Path, request: Request) -> None:
    """Put an order where the daemon finds it, whole."""
    atomic.write_text(folder / f"{request.name}.json", json.dumps(asdict(request)))


def take(folder: Path, known: set[str]) -> list[Request]:
    """The orders that wait and are not `known` yet (they are afterwards), oldest first.

    Each stays in the folder until it is answered: no crash before that loses it. Stale or unreadable ones are
    thrown away.
    """
    found: list[Request] = []
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.name.endswith(".json"))
    except OSError:
        return found
    known.intersection_update(names)
    for name in names:
        if name in known:
            continue
        path = folder / name
        try:
            request = _read(path)
            age_s = time.time() - path.stat().st_mtime
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            request, age_s = None, 0.0
        if request is not None and age_s < STALE_S:
            found.append(request)
            known.add(name)
        else:
            with suppress(OSError):
                path.unlink()
    return found


def _read(path: Path) -> Request:
    """The order in a file. Raises ValueError, TypeError, KeyError."""
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError("too large")
    return request_of(json.loads(content), path.stem)


def request_of(table: dict[str, Any], called: str) -> Request:
    """The order in a table, every field of the type that it must have. Raises ValueError, TypeError, KeyError."""
    for name in ("sounds", "zones"):
        table[name] = tuple(table[name])
        if not all(isinstance(part, str) for part in table[name]):
            raise ValueError(name)
    table["zones"] = tuple(map(legible, table["zones"]))
    if not all(isinstance(table.get(name, ""), str) for name in WORDS) or table["name"] != called:
        raise ValueError("words")
    if table["what"] not in ("interrupt", "stop", "resume"):
        raise ValueError("what")
    request = Request(**table)
    if (
        type(request.repeat) is not int
        or not 1 <= request.repeat <= 20
        or type(request.emergency) is not bool
    ):
        raise ValueError("repeat")
    return request


def answer(folder: Path, name: str, reply: dict[str, Any]) -> None:
    """Tell the one who asked what became of it: it is carried out now, or kept elsewhere."""
    with suppress(OSError):
        scrap = folder / f".{name}.tmp"
        scrap.write_text(json.dumps(reply, default=datetime.isoformat), "utf-8")
        scrap.replace(folder / f"{name}.reply")
    with suppress(OSError):
        (folder / f"{name}.json").unlink(missing_ok=True)


def wait_for_answer(folder: Path, name: str, seconds: float) -> dict[str, Any] | None:
    """The daemon's answer, or None when it said nothing in time."""
    path = folder / f"{name}.reply"
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if path.exists():
            with suppress(OSError, ValueError):
                reply: dict[str, Any] = json.loads(path.read_bytes())
                path.unlink()
                return reply
        time.sleep(0.02)
    with suppress(OSError):
        (folder / f"{name}.json").unlink()
    return None


def sweep(folder: Path, older_than_s: float = 86_400) -> None:
    """Delete sounds and answers that nobody fetched."""
    with suppress(OSError):
        for entry in os.scandir(folder):
            with suppress(OSError):
                # Whether an order is too old is said aloud, not decided by a clock that may have been wrong.
                kept = entry.name.endswith(UNFINISHED)
                if not kept and time.time() - entry.stat().st_mtime > older_than_s:
                    Path(entry.path).unlink()
