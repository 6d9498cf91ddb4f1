"""`run_station`: the one way in, on the real and on the simulated clock."""

from __future__ import annotations

import gc
import json
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import FrameType
from typing import Literal

from audio.outputs.opening import check_cards, outputs_of
from content import atomic
from content.database import DatabaseError
from content.errors import LoaError
from content.language import N_
from content.station import Station, open_station, unopened_station
from scheduler.daemon.clock import Clock, RealClock, SimulatedClock
from scheduler.daemon.feed import put_back_simulated
from scheduler.daemon.folder import AirFolder
from scheduler.daemon.journal import Entry, Journal, Register
from scheduler.daemon.lease import DatabaseLease
from scheduler.daemon.lock import AlreadyRunningError, StationLock
from scheduler.daemon.station_daemon import StationDaemon, last_simulated
from scheduler.daemon.studio import Tally
from scheduler.daemon.workers import attempt


class EndlessSimulationError(LoaError):
    """A simulated run without an end."""

    sentence = N_(
        "a simulated clock never stops by itself: say until when with --until, such as --until 31/12/2026"
    )


class UntilPastError(LoaError):
    """A run that would end before it begins."""

    sentence = N_("the run would end at {until:%d/%m/%Y %H:%M}, before it begins at {start:%d/%m/%Y %H:%M}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """What one run aired."""

    started_at: datetime
    ended_at: datetime
    simulated: bool
    outcomes: dict[str, int]
    """Closed as-run entries by outcome."""


def run_station(
    station: Station,
    *,
    until: datetime | None = None,
    clock: Literal["real", "simulated"] = "real",
    speed: float | None = None,
    start_at: datetime | None = None,
    output: str | None = None,
    wait_for_output: bool = False,
    status_file: Path | None = None,
    progress: Callable[[Entry], None] | None = None,
    started: Callable[[StationDaemon], None] | None = None,
) -> RunReport:
    """Run the station until `until` (aware), or until it is stopped.

    On a simulated clock the time jumps from event to event (`speed` N: N simulated seconds a second);
    it begins at `start_at`, else now, else where a simulated run was cut off. Everything else is the same
    code, and every as-run entry says that it was simulated. `output` overrides the config's outputs (see
    `audio.outputs.opening.outputs_of`). Where a zone has only sound cards and none is there, it does not begin,
    unless `wait_for_output`; a card that goes away later is waited for in any case. `progress` gets every closed as-run entry; `started` the daemon
    before its first turn.

    Raises:
        AlreadyRunningError, TakenOverError, EndlessSimulationError, UntilPastError, UnknownOutputError, OutputError.
    """
    air = AirFolder.of(station)
    if clock == "simulated" and until is None:
        raise EndlessSimulationError
    lock = StationLock(air.lock)
    _take(lock, clock)
    lease = DatabaseLease(station.engine)
    marker = air.root / "simulated-run.json"
    try:
        lease.take()
        ticking = _clock(clock, speed, start_at, air)
        begun = ticking.now()
        if until is not None and until <= begun:
            raise UntilPastError(until=until.astimezone(station.tz), start=begun.astimezone(station.tz))
        if clock == "simulated":
            with (
                suppress(LoaError) if marker.exists() else nullcontext()
            ):  # a full disk: the older one serves
                atomic.write_text(marker, json.dumps({"from": begun.isoformat()}))
        else:
            _put_back(station, begun)
        tally = Tally(finished=progress)
        outputs = outputs_of(station.config, station.folder, output, clock == "simulated")
        if not wait_for_output:
            check_cards(outputs, station.config)
        daemon = StationDaemon(
            station, clock=ticking, outputs=outputs, tally=tally, until=until, status_file=status_file, lease=lease
        )  # fmt: skip
        if started is not None:
            started(daemon)
        with _signals(daemon), nullcontext() if ticking.simulated else _prompt(), _log_file(air.log):
            daemon.run()
        if daemon.taken_over is not None:
            raise daemon.taken_over
        if clock == "simulated" and not daemon.stopping:
            marker.unlink(missing_ok=True)
        return RunReport(
            started_at=begun,
            ended_at=ticking.now(),
            simulated=ticking.simulated,
            outcomes=dict(tally.outcomes),
        )
    finally:
        lease.release()
        lock.release()


def _take(lock: StationLock, clock: str) -> None:
    """Take the lock; a reader of the log may hold it for a moment."""
    for count in range(20):
        try:
            lock.take(clock=clock)
        except AlreadyRunningError:
            if (lock.holder() or {}).get("task") != "log" and count > 2:
                raise
            time.sleep(0.1)
        else:
            return
    lock.take(clock=clock)


def _clock(kind: str, speed: float | None, start_at: datetime | None, air: AirFolder) -> Clock:
    if kind == "real":
        return RealClock()
    begin = start_at or datetime.now(UTC)
    marker = air.root / "simulated-run.json"
    if start_at is None and marker.exists():
        begin = _left_off(air, marker) or begin
    return SimulatedClock(begin, speed)


def _left_off(air: AirFolder, marker: Path) -> datetime | None:
    """Where a simulated run was cut off."""
    try:
        begun = datetime.fromisoformat(json.loads(marker.read_text("utf-8"))["from"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if begun.tzinfo is None:
        return None
    if not air.journal.exists():
        return begun
    journal = Journal(air.journal)
    register = Register(air.register)
    try:
        journal.open()
        instants = [begun, last_simulated(journal) or begun]
        for entry in journal.open_entries():
            _heard, at = register.read(entry.slot, entry.key)
            if entry.simulated and at is not None:
                instants.append(at)
        return max(instants)
    finally:
        journal.close()
        register.close()


def _put_back(station: Station, now: datetime) -> None:
    """A station without its database still goes on the air."""
    attempt(lambda: put_back_simulated(station, now))


def open_for_air(config_path: Path | None) -> Station:
    """The station, even where its database cannot be opened: the written rundown is there to play from.

    Raises:
        ConfigMissingError, ConfigError, DatabaseTooNewError.
    """
    try:
        return open_station(config_path)
    except DatabaseError:
        return unopened_station(config_path)


class _LogFile(RotatingFileHandler):
    """The rotated log; where it cannot be written or rotated, no line of it is lost and no traceback takes its place."""

    def doRollover(self) -> None:  # noqa: N802 - as logging calls it
        if self.stream is not None:
            self.stream.close()
            self.stream = None
        aside = Path(f"{self.baseFilename}.0")
        try:
            Path(self.baseFilename).replace(aside)
        except OSError:  # Windows: somebody has it open. It grows a little longer.
            return
        super().doRollover()
        aside.replace(f"{self.baseFilename}.1")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - as logging calls it
        """A full or broken disk: the service manager's own log has the line."""
        with suppress(OSError, ValueError):
            sys.stderr.write(f"{self.format(record)}\n")


@contextmanager
def _log_file(path: Path) -> Iterator[None]:
    """The daemon's own log: five files of a megabyte, the oldest goes."""
    logger = logging.getLogger("loa")
    handler = _LogFile(path, maxBytes=1_000_000, backupCount=4, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    kept = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.setLevel(kept)
        logger.removeHandler(handler)
        handler.close()


@contextmanager
def _prompt() -> Iterator[None]:
    """Let nothing in the interpreter hold the daemon's thread up for long.

    It gets the interpreter within half a millisecond of waking, not five; and what was loaded by now is left out
    of garbage collection, which would otherwise stand still for up to a tenth of a second over all of it.
    """
    kept = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        sys.setswitchinterval(kept)


@contextmanager
def _signals(daemon: StationDaemon) -> Iterator[None]:
    """Ctrl+C and the service manager's stop end the run in order."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        daemon.stop()

    names = ("SIGINT", "SIGTERM", "SIGBREAK")
    kept = {s: signal.signal(s, stop) for n in names if (s := getattr(signal, n, None)) is not None}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
