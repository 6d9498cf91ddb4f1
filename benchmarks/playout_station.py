"""What the parts of the playout benchmark share: a station in a scratch folder, plays, and an output that notes when."""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "scheduler"), str(ROOT / "tests" / "audio")]

from report import Benchmark  # noqa: E402

from audio.outputs.null_output import NullOutput  # noqa: E402
from content.station import Station, init_station  # noqa: E402
from scheduler.daemon import run as run_module  # noqa: E402
from scheduler.daemon.run import run_station  # noqa: E402
from scheduler.daemon.station_daemon import StationDaemon  # noqa: E402
from scheduler.models import Play  # noqa: E402


class Stamping(NullOutput):
    """A null output that notes when the first sample of each airing was handed to it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.first: dict[str, float] = {}

    def start(self, label: str, at: datetime) -> Stamp:  # noqa: ARG002
        return Stamp(self, label)


class Stamp:
    """One airing of `Stamping`."""

    def __init__(self, output: Stamping, label: str) -> None:
        self.output, self.label, self.new = output, label, True

    def write(self, pcm: bytes) -> bool:  # noqa: ARG002
        if self.new:
            self.new = False
            self.output.first[self.label.split("_")[0]] = time.time()
        return True

    def stop(self, *, cut: bool) -> None: ...


def config_text(zones: int, extra: str = "") -> str:
    tables = "".join(f'[[zone]]\nid = "z{number}"\noutputs = ["main"]\n' for number in range(zones))
    return f'[station]\nlanguage = "en"\n[output.main]\nkind = "null"\n{extra}\n{tables}'


@contextmanager
def a_station(zones: int = 1, extra: str = "") -> Iterator[tuple[Station, Path]]:
    scratch = Path(tempfile.mkdtemp(prefix="loa-playout-"))
    station = init_station(scratch / "station", config_text(zones, extra))
    try:
        yield station, scratch
    finally:
        station.close()
        shutil.rmtree(scratch, ignore_errors=True)


def add_plays(
    station: Station, episode: int, slots: Sequence[tuple[datetime, list[str]]], length_ms: int
) -> list[int]:
    with station.decide() as session:
        plays = [
            Play(
                episode_id=episode, kind="replay", starts_at=at, zones=zones, length_ms=length_ms,
                created_at=datetime.now(UTC),
            )
            for at, zones in slots
        ]  # fmt: skip
        session.add_all(plays)
        session.flush()
        return [play.id for play in plays]


@contextmanager
def on_air(station: Station, output: Stamping | None = None, **settings: Any) -> Iterator[StationDaemon]:
    """The station on the real clock in a thread."""
    got: list[StationDaemon] = []
    ready = threading.Event()
    kept = run_module.outputs_of
    if output is not None:
        run_module.outputs_of = lambda *_args: {"main": output}  # type: ignore[assignment]

    def started(daemon: StationDaemon) -> None:
        got.append(daemon)
        ready.set()

    thread = threading.Thread(target=lambda: run_station(station, started=started, **settings))
    thread.start()
    if not ready.wait(30):
        raise RuntimeError("the daemon did not start")
    try:
        yield got[0]
    finally:
        got[0].stop()
        thread.join()
        run_module.outputs_of = kept


def spread(benchmark: Benchmark, name: str, values_ms: list[float]) -> tuple[float, float]:
    ordered = sorted(values_ms)
    p50, p99 = statistics.median(ordered), ordered[int(len(ordered) * 0.99)]
    benchmark.figure(f"{name}_p50_ms", p50)
    benchmark.figure(f"{name}_p99_ms", p99)
    benchmark.figure(f"{name}_max_ms", ordered[-1])
    return p50, p99
