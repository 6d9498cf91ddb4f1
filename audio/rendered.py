"""What rendering makes and tells: one segment or episode, steps of progress, and the file that is worked on."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from content.station import Station

Progress = Callable[[int, str | None], None]
"""Called with the number of steps done (a sentence is one, an assembly `ASSEMBLY_STEPS`) and what is worked on."""
ASSEMBLY_STEPS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What became of one segment or episode; `made` is false where it was there already."""

    kind: str
    """segment or episode."""
    id: int
    title: str
    made: bool
    sha256: str
    length_ms: int
    loudness_lufs: float | None
    true_peak_dbtp: float | None
    degraded: bool
    voice: str
    fallbacks: tuple[dict[str, str], ...]
    flags: tuple[dict[str, Any], ...]
    item_ids: tuple[int, ...]

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@contextlib.contextmanager
def work_file(station: Station, suffix: str) -> Iterator[Path]:
    """A path for work in progress, cleared afterwards."""
    folder = station.folder / "cache" / "work"
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(suffix=suffix, dir=folder)
    os.close(handle)
    path = Path(name)
    try:
        yield path
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
