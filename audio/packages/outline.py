"""The outline of a manifest that was written by Loa: what it is and what it lists, without reading all of it.

For comparing and for handing out, never for trusting: reading and proving a manifest is `manifest.read_manifest` and
`verify`. Only the exact form that `Manifest.to_bytes` writes has an outline; reading it takes a tenth of the time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from audio.packages.errors import ManifestProblem
from audio.packages.manifest import SCHEMA, split_text
from audio.packages.names import is_safe_path

_DAYS = re.compile(rb'\n "from_on": "([0-9-]{10})",\n "until_on": "([0-9-]{10})",\n')
_TAIL = re.compile(rb'\n "files": (\[.*\])\n}\n\Z', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """Kind, revision, time of making and days as the manifest writes them; `own` and `listing` name its files."""

    kind: str
    revision: int
    made_at: str
    from_on: str
    until_on: str
    sheet_of: str
    own: dict[str, tuple[str, int]]
    listing: bytes
    """Raw JSON of the shared files."""

    def files(self) -> dict[str, tuple[str, int]]:
        """path → (SHA-256, size), only paths that a package may have.

        Raises:
            ValueError: the listing is damaged.
        """
        return {**_listed(self.listing), **self.own}


@lru_cache(maxsize=16)
def _listed(listing: bytes) -> Mapping[str, tuple[str, int]]:
    """Stations that follow each other mostly share it."""
    return _files(json.loads(listing))


def _files(rows: Any) -> dict[str, tuple[str, int]]:
    try:
        found = {str(row["path"]): (str(row["sha256"]), int(row["size"])) for row in rows}
    except (KeyError, TypeError) as error:
        raise ValueError("files") from error
    return {path: held for path, held in found.items() if is_safe_path(path)}


def outline_of(text: bytes) -> Outline | None:
    """The outline of the manifest `text`; None where it has not exactly our form."""
    try:
        first, shared = split_text(text)
        days = _DAYS.search(shared, 0, 4000)
        tail = _TAIL.match(shared, max(0, shared.rfind(b'\n "files": ')))
        own = json.loads(first)
        if own["schema"] != SCHEMA or days is None or tail is None:
            return None
        return Outline(
            kind=str(own["kind"]), revision=int(own["revision"]), made_at=str(own["made_at"]),
            from_on=days[1].decode(), until_on=days[2].decode(), sheet_of=str(own["sheet_of"]),
            own=_files(own["files"]), listing=tail[1],
        )  # fmt: skip
    except (ManifestProblem, ValueError, KeyError, TypeError, RecursionError):
        return None
