"""The outline of a manifest that was written by Loa: what it is and what it lists, without reading all of it.

For comparing and for handing out, never for trusting: reading and proving a manifest is `manifest.read_manifest` and
`verify`. Only the exact form that `Manifest.to_bytes` writes has an outline; reading it takes a tenth of the time.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from audio.packages.names import is_safe_path

_HEAD = re.compile(rb'"kind": "([a-z]{1,16})",\n "revision": (\d{1,12}),\n "made_at": "([0-9T:.+-]{10,40})"')
_DAYS = re.compile(rb'\n "from_on": "([0-9-]{10})",\n "until_on": "([0-9-]{10})",\n')
_TAIL = re.compile(rb'\n "sheet_of": "([0-9a-f]{64})",\n "files": (\[.*\])\n}\n\Z', re.DOTALL)
HEAD_BYTES = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """Kind, revision, time of making and days as the manifest writes them; `listing` is the raw JSON of its files."""

    kind: str
    revision: int
    made_at: str
    from_on: str
    until_on: str
    sheet_of: str
    listing: bytes

    def files(self) -> dict[str, tuple[str, int]]:
        """path → (SHA-256, size), only paths that a package may have.

        Raises:
            ValueError: the listing is damaged.
        """
        try:
            rows = json.loads(self.listing)
            found = {str(row["path"]): (str(row["sha256"]), int(row["size"])) for row in rows}
        except (KeyError, TypeError) as error:
            raise ValueError("files") from error
        return {path: held for path, held in found.items() if is_safe_path(path)}


def outline_of(text: bytes) -> Outline | None:
    """The outline of the manifest `text`; None where it has not exactly our form."""
    tail_at = text.rfind(b'\n "sheet_of": "')
    head, days, tail = (
        _HEAD.search(text, 0, HEAD_BYTES),
        _DAYS.search(text, 0, 4000),
        _TAIL.match(text, max(0, tail_at)),
    )
    if head is None or days is None or tail is None:
        return None
    return Outline(
        kind=head[1].decode(), revision=int(head[2]), made_at=head[3].decode(), from_on=days[1].decode(),
        until_on=days[2].decode(), sheet_of=tail[1].decode(), listing=tail[2],
    )  # fmt: skip
