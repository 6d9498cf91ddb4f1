"""Where the daemon keeps its own files: the folder `air` of the station, and the rundowns beside the media."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # an urgent bulletin does not wait for SQLAlchemy to be imported
    from content.station import Station


@dataclass(frozen=True, slots=True)
class AirFolder:
    """Paths of the daemon's files; nothing is made before it is needed."""

    station: Path
    media: Path

    @classmethod
    def of(cls, station: Station) -> AirFolder:
        return cls(station.folder, station.media.folder)

    @property
    def root(self) -> Path:
        return self.station / "air"

    @property
    def lock(self) -> Path:
        return self.root / "daemon.lock"

    @property
    def journal(self) -> Path:
        return self.root / "journal.jsonl"

    @property
    def register(self) -> Path:
        """How far each airing has come, written block by block."""
        return self.root / "position.bin"

    @property
    def cue(self) -> Path:
        """Decoded sound of what airs soon."""
        return self.root / "cue"

    @property
    def status(self) -> Path:
        return self.root / "status.json"

    @property
    def metrics(self) -> Path:
        return self.root / "metrics.prom"

    @property
    def log(self) -> Path:
        return self.root / "daemon.log"

    @property
    def requests(self) -> Path:
        """Where other processes leave their orders to the daemon."""
        return self.root / "requests"

    @property
    def stopped(self) -> Path:
        """Present while the station is silenced by `loa stop`."""
        return self.root / "stopped.json"

    @property
    def rundowns(self) -> Path:
        """Frozen days, beside the media folder."""
        return self.media.parent / "rundown"

    def rundown(self, day: date) -> Path:
        return self.rundowns / f"{day.isoformat()}.json"
