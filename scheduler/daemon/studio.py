"""The studio: what everybody in the daemon works with, and what is known of the day and of each play.

The daemon runs it; relays, duties and urgent orders are handed it. Used by the daemon's own thread alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from audio.outputs.output import Output
from content.errors import LoaError
from content.language import _
from content.station import Station
from scheduler.daemon.air_desk import AirDesk
from scheduler.daemon.bell import Bell
from scheduler.daemon.clock import Clock
from scheduler.daemon.cue import CueRack, decode
from scheduler.daemon.feed import Feed
from scheduler.daemon.folder import AirFolder
from scheduler.daemon.hooks import Hooks
from scheduler.daemon.journal import Entry, Journal, Register
from scheduler.daemon.rundown import RundownPlay
from scheduler.daemon.sources import built_in_filler
from scheduler.daemon.timetable import Timetable
from scheduler.daemon.workers import Workers


@dataclass(slots=True)
class Tally:
    """What became of the plays of a run."""

    outcomes: dict[str, int] = field(default_factory=dict)
    """By outcome, of entries."""
    finished: Callable[[Entry], None] | None = None
    """Told of every closed entry: for progress."""

    def count(self, entry: Entry) -> None:
        if entry.outcome is not None:
            self.outcomes[entry.outcome] = self.outcomes.get(entry.outcome, 0) + 1
            if self.finished is not None:
                self.finished(entry)


class Studio:
    """The clock, the desk, the outputs and all else of a station on the air."""

    def __init__(
        self, station: Station, *, clock: Clock, outputs: Mapping[str, Output], tally: Tally
    ) -> None:
        self.station, self.clock, self.tally = station, clock, tally
        self.air = AirFolder.of(station)
        self.bell = Bell()
        self.workers = Workers(inline=clock.simulated, bell=self.bell)
        self.timetable = Timetable(clock)
        self.journal = Journal(self.air.journal)
        self.journal.open()
        self.register = Register(self.air.register)
        self.outputs = outputs
        self.rack = CueRack(self.air.cue, station.media)
        self.hooks = Hooks(station.config, self.workers, clock.simulated)
        self.feed = Feed(station, self.air, clock.simulated)
        self.feed_apart = Feed(station, self.air, clock.simulated)
        """A second reader, for the lane that freezes."""
        self.filler = self._make_filler()
        self.desk = AirDesk(
            config=station.config, clock=clock, journal=self.journal, register=self.register, outputs=outputs,
            fallbacks={n: o.fallback for n, o in station.config.outputs.items() if o.fallback in outputs},
            post=self._post, owe=self._owe,
        )  # fmt: skip
        self.plays: dict[int, RundownPlay] = {}
        """Plays with jobs in the timetable."""
        self.handled: set[int] = set()
        """Plays whose fate is decided, or that are at the desk."""
        self.day: dict[int, RundownPlay] = {}
        """Plays of yesterday, today and tomorrow, handled or not: what should be heard when."""
        self.clock_steps = 0
        self.lateness_s = 0.0
        """How late the newest play began."""
        self.database_trouble: str | None = None
        self.unstored: dict[str, Entry] = {}
        self.owed: dict[int, None] = {}
        """Missed plays that the planner has not been asked for yet, in order."""

    def _make_filler(self) -> Path:
        """The station's own filler, else the built-in one."""
        own = self.station.config.daemon.filler
        if own:
            target = self.air.cue / "filler.pcm"
            try:
                decode(self.station.folder / own, target)
            except LoaError as error:
                self.hooks.alarm("filler", error.told(_))
            else:
                return target
        return built_in_filler(self.air.cue)

    def expected(self, now: datetime) -> dict[str, RundownPlay]:
        """The play that should be heard now in each zone, whatever became of it."""
        wanted: dict[str, RundownPlay] = {}
        for play in self.day.values():
            if play.starts_at <= now < play.ends_at:
                for zone in play.zones or self.station.config.zone_ids:
                    wanted[zone] = play
        return wanted

    def _post(self, entry: Entry) -> None:
        self.unstored[entry.key] = entry
        if entry.is_open and entry.started_at is not None and entry.planned_at is not None:
            self.lateness_s = (entry.started_at - entry.planned_at).total_seconds()
        self.tally.count(entry)

    def _owe(self, entry: Entry) -> None:
        if entry.play_id is None:
            return
        play = self.day.get(entry.play_id)
        if play is None or not play.emergency:  # a warning is not for another day
            self.owed[entry.play_id] = None
