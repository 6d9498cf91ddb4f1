"""One life of the daemon in the chaos run: begun in a process of its own, ended by kill -9, wherever it is."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import alembic.command
import alembic.config
import alembic.runtime.migration
import alembic.script  # noqa: F401
import sqlalchemy.dialects.sqlite.pysqlite  # noqa: F401

import content.events  # noqa: F401
from content.errors import LoaError
from scheduler.daemon import as_run, cue, duties, feed, freeze, rundown
from scheduler.daemon import make_good as _make_good  # noqa: F401 - loaded before the fork
from scheduler.daemon import one_more as _one_more  # noqa: F401
from scheduler.daemon import run as run_module
from scheduler.daemon.air_desk import AirDesk
from scheduler.daemon.bell import Bell
from scheduler.daemon.clock import SimulatedClock
from scheduler.daemon.deck import Deck
from scheduler.daemon.journal import Journal, Register
from scheduler.daemon.run import open_for_air, run_station
from scheduler.daemon.station_daemon import StationDaemon

STAGES: dict[str, tuple[Any, str, int]] = {
    "lock taken": (StationDaemon, "__init__", 1),
    "recovery": (StationDaemon, "_recover", 1),
    "crashed entries closed": (as_run, "close_open_entries", 1),
    "feed": (feed.Feed, "poll", 3),
    "decode": (cue, "decode", 1),
    "freeze": (duties, "freeze_day", 1),
    "rundown written": (rundown, "write", 2),
    "pre-flight": (freeze.rundown, "exceptions", 1),
    "start of a play": (AirDesk, "_begin", 2),
    "mid-play": (Deck, "_hand_over", 12),
    "end of a play": (AirDesk, "_ended", 2),
    "journal line": (Journal, "write", 4),
    "position": (Register, "take", 2),
    "log to the database": (as_run, "store", 2),
    "make-good": (duties, "make_good", 1),
    "make-good looked up": (duties, "owed_by_earlier_runs", 1),
}
"""Where a life may end from within: (owner, function, most calls to wait for)."""


def die_at(stage: str, nth: int, after: bool, told: Any) -> None:
    """End this process, as kill -9 does, at the `nth` call of a stage: before it, or when it is done."""
    owner, name, _most = STAGES[stage]
    inner = getattr(owner, name)
    count = 0

    def dying(*args: Any, **kwargs: Any) -> Any:
        nonlocal count
        count += 1
        if count == nth and not after:
            _die(told)
        result = inner(*args, **kwargs)
        if count == nth:
            _die(told)
        return result

    setattr(owner, name, dying)


def _die(told: Any) -> None:
    told.value = 1
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    time.sleep(60)


class FastClock:
    """The real clock's code path, `speed` times as fast: threads, lanes, blocks of 20 ms and all."""

    simulated = False

    def __init__(self, begin: datetime, begin_mono: float, speed: float, stepped: Any) -> None:
        self.begin, self.begin_mono, self.speed, self.stepped = begin, begin_mono, speed, stepped

    def steady(self) -> float:
        return (time.monotonic() - self.begin_mono) * self.speed

    def now(self) -> datetime:
        return self.begin + timedelta(seconds=self.steady() + self.stepped.value)

    def wait(self, seconds: float, bell: Bell) -> None:
        bell.wait(seconds / self.speed)


def live(
    folder: Path, faults: Path, work: Callable[[Any], None], stage: tuple[str, int, bool] | None, told: Any
) -> None:
    """Run the station; what goes wrong is written to `faults`: a sentence of ours, or a traceback."""
    sys.stderr = faults.with_suffix(".log").open("a", encoding="utf-8")
    if stage is not None:
        die_at(*stage, told)
    try:
        station = open_for_air(folder)
        work(station)
        station.close()
    except LoaError as error:
        with faults.open("a", encoding="utf-8") as file:
            file.write(f"refused: {error}\n")
        sys.exit(1)
    except Exception as error:  # noqa: BLE001 - it is counted as a fault of the run
        with faults.open("a", encoding="utf-8") as file:
            file.write("fault: " + "".join(traceback.format_exception(error)) + "\n")
        sys.exit(2)


def simulated_life(
    folder: Path,
    faults: Path,
    start_at: datetime | None,
    until: datetime,
    speed: float | None,
    steps: Sequence[tuple[float, float]],
    stage: tuple[str, int, bool] | None,
    told: Any,
    now_at: Any,
) -> None:
    """A life on the simulated clock; `steps`: (after so many station seconds, the clock is set by so many)."""
    inner = SimulatedClock.wait

    def wait(clock: SimulatedClock, seconds: float, bell: Bell) -> None:
        inner(clock, seconds, bell)
        now_at.value = clock.now().timestamp()

    SimulatedClock.wait = wait  # type: ignore[method-assign]

    def started(daemon: StationDaemon) -> None:
        clock = daemon.clock
        assert isinstance(clock, SimulatedClock)
        for number, (after_s, by_s) in enumerate(steps):
            at = clock.now() + timedelta(seconds=after_s)
            daemon.timetable.at(at, f"step-{number}", clock.step, timedelta(seconds=by_s))

    def work(station: Any) -> None:
        run_station(
            station, clock="simulated", start_at=start_at, until=until, speed=speed, output="file=tape",
            started=started,
        )  # fmt: skip

    live(folder, faults, work, stage, told)


def fast_life(
    folder: Path,
    faults: Path,
    begin_at: float,
    begin_mono: float,
    speed: float,
    until: datetime,
    stepped: Any,
    stage: tuple[str, int, bool] | None,
    told: Any,
) -> None:
    """A life on the real clock's code path, compressed."""
    clock = FastClock(datetime.fromtimestamp(begin_at, UTC), begin_mono, speed, stepped)
    run_module._clock = lambda *_facts: clock  # type: ignore[assignment]

    def work(station: Any) -> None:
        run_station(station, until=until, output="file=tape")

    live(folder, faults, work, stage, told)
