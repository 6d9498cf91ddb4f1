"""Urgent orders that were not heard to their end: kept beside the requests, so that no crash silences an emergency.

An order is kept from the moment at which it is given until it is over: heard, cut, withdrawn, or stopped by a person.
What is left at the next start begins again from its chime, with the readings that are left (`Urgent.go_on`).
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scheduler.daemon import requests, upkeep
from scheduler.daemon.journal import Entry
from scheduler.daemon.requests import Request

WITHIN = timedelta(minutes=30)
"""An order begins again until so long after it was last heard; where it was never heard, after it was given."""
MOST_BEGINS = 10
"""An order that was begun so often is not begun again: it may be what the daemon dies of."""
HEARD = 0.98
"""A reading counts as heard when so much of it was."""
SUFFIX = requests.UNFINISHED


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order that is made into sound, and what is known of it."""

    request: Request
    """Its `repeat` is the number of readings that were left when it (last) went on the air."""
    given_at: datetime
    simulated: bool
    alert: str | None = None
    """The name of the CAP alert that it reads."""
    expires_at: datetime | None = None


def keep(folder: Path, order: Order) -> None:
    """Write it down: at once, for a crash; `sync` sees to it that it outlives a power cut, too."""
    table = {
        "request": asdict(order.request), "given_at": order.given_at.isoformat(), "simulated": order.simulated,
        "alert": order.alert, "expires_at": order.expires_at.isoformat() if order.expires_at else None,
    }  # fmt: skip
    upkeep.write_beside(_path(folder, order.request.name), json.dumps(table))


def sync(folder: Path, name: str) -> None:
    """Wait until the order is on the disk; it may be over by now."""
    with suppress(OSError), _path(folder, name).open("r+b") as file:
        os.fsync(file.fileno())


def forget(folder: Path, name: str) -> None:
    """The order is over."""
    for path in (
        _path(folder, name),
        folder / f"{name}.json",
    ):  # a crash left both, where it came between them
        with suppress(OSError):
            path.unlink(missing_ok=True)


def kept(folder: Path) -> list[Order]:
    """The orders that are not over, oldest first; one that a person or a disk spoilt is left out."""
    found = [order for path in folder.glob(f"*{SUFFIX}") if (order := _read(path)) is not None]
    return sorted(found, key=lambda order: (order.given_at, order.request.name))


def spoilt(folder: Path) -> list[str]:
    """The names of the orders that nobody can read any more."""
    return [path.stem for path in folder.glob(f"*{SUFFIX}") if _read(path) is None]


def readings_left(order: Order, entries: Iterable[Entry], reading_ms: int) -> int:
    """How often it has still to be read, after what the log knows of it; 0 when it is over."""
    mine = entries_of(order, entries)
    if not mine:
        return order.request.repeat
    last = mine[-1]
    if last.outcome == "aired":
        return 0
    left = (last.length_ms - last.heard_ms) / max(1, reading_ms)
    return min(order.request.repeat, max(0, math.ceil(left - (1 - HEARD))))


def entries_of(order: Order, entries: Iterable[Entry]) -> list[Entry]:
    """What the log knows of the order, oldest first."""
    return [entry for entry in entries if entry.order == order.request.name]


def is_too_late(order: Order, entries: Iterable[Entry], now: datetime) -> bool:
    """True when it is no longer to be heard: old by now, an alert that has expired, or cut off again and again."""
    mine = entries_of(order, entries)
    heard_at = [entry.ended_at for entry in mine if entry.ended_at is not None]
    expired = order.expires_at is not None and now >= order.expires_at
    return expired or len(mine) >= MOST_BEGINS or now - max([order.given_at, *heard_at]) > WITHIN


def _path(folder: Path, name: str) -> Path:
    return folder / f"{name}{SUFFIX}"


def _read(path: Path) -> Order | None:
    try:
        return _order_of(json.loads(path.read_bytes()), path.stem)
    except (OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None


def _order_of(table: dict[str, Any], name: str) -> Order:
    """Raises ValueError, TypeError, KeyError, OverflowError."""
    expires = table["expires_at"]
    return Order(
        request=requests.request_of(table["request"], name),
        given_at=_instant(table["given_at"]),
        simulated=table["simulated"] is True,
        alert=None if table["alert"] is None else str(table["alert"]),
        expires_at=None if expires is None else _instant(expires),
    )


def _instant(words: str) -> datetime:
    at = datetime.fromisoformat(words)
    if at.tzinfo is None:
        raise ValueError("no time zone")
    return at.astimezone(UTC)
