"""Which alerts were aired: the same file laid into the watched folder again is not heard twice."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from content import atomic
from content.errors import LoaError

KEEP = timedelta(days=30)
FILE = "aired-alerts.json"


def aired_at(folder: Path, name: str) -> datetime | None:
    """When the alert `name` (sender,identifier) was aired; None when it was not."""
    return _read(folder).get(name)


def note(folder: Path, name: str, now: datetime) -> None:
    """Remember that the alert goes on the air at `now` (aware)."""
    table = {key: at for key, at in _read(folder).items() if now - at < KEEP} | {name: now}
    with suppress(LoaError):  # a full disk must not keep an alert from the air
        text = json.dumps({key: at.isoformat() for key, at in table.items()}, ensure_ascii=False)
        atomic.write_text(folder / FILE, text)


def _read(folder: Path) -> dict[str, datetime]:
    try:
        table = json.loads((folder / FILE).read_bytes())
        found = {str(key): datetime.fromisoformat(at) for key, at in table.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
    return {key: at for key, at in found.items() if at.tzinfo is not None}
