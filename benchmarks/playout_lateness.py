"""How late: a thousand plays beside a bare APScheduler, under writes to the database, and 500 at one instant."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from broadcast import add_episode
from playout_station import Stamping, a_station, add_plays, on_air, spread
from report import Benchmark

from content.station import Station
from scheduler.daemon import as_run as as_run_log


def thousand(station: Station, scratch: Path, count: int = 1000, step_ms: int = 25) -> list[float]:
    """Lateness in ms of `count` plays, one every `step_ms`, in turn over 50 zones."""
    episode = add_episode(station, scratch, seconds=0.2, seed=11)
    begin = datetime.now(UTC) + timedelta(seconds=12)
    slots = [(begin + timedelta(milliseconds=step_ms * n), [f"z{n % 50}"]) for n in range(count)]
    plays = add_plays(station, episode, slots, 200)
    output = Stamping("null")
    with on_air(station, output, until=begin + timedelta(milliseconds=step_ms * count + 1500)) as daemon:
        while len(output.first) < count and not daemon._is_over():
            time.sleep(0.2)
        while not daemon.desk.is_idle:
            time.sleep(0.2)
    planned = {play: at.timestamp() for play, (at, _zones) in zip(plays, slots, strict=True)}
    return [
        (output.first[f"play-{p}"] - at) * 1000 for p, at in planned.items() if f"play-{p}" in output.first
    ]


def bare_apscheduler(count: int = 1000, step_ms: int = 25) -> list[float]:
    """Lateness in ms of as many date jobs that do nothing, on APScheduler alone."""
    from apscheduler.schedulers.background import BackgroundScheduler

    scheduler = BackgroundScheduler(timezone=UTC)
    late: list[float] = []
    begin = datetime.now(UTC) + timedelta(seconds=2)

    def note(at: float) -> None:
        late.append((time.time() - at) * 1000)

    for n in range(count):
        at = begin + timedelta(milliseconds=step_ms * n)
        scheduler.add_job(note, "date", run_date=at, args=[at.timestamp()], misfire_grace_time=None)
    scheduler.start()
    time.sleep(2 + step_ms * count / 1000 + 1)
    scheduler.shutdown()
    return late


def lateness(benchmark: Benchmark) -> None:
    with a_station(50) as (station, scratch):
        late = thousand(station, scratch)
        rows = as_run_log.between(station, None, None)
    p50, p99 = spread(benchmark, "play", late)
    bare = bare_apscheduler()
    spread(benchmark, "bare_apscheduler", bare)
    benchmark.at_most("play_p50_ms", p50, 10)
    benchmark.at_most("play_p99_ms", p99, 50)
    benchmark.at_most("plays_missed_of_1000", 1000 - sum(row.outcome == "aired" for row in rows), 0)


WRITER = """
import sqlite3, sys, time
base = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
base.execute("CREATE TABLE IF NOT EXISTS ballast (at REAL, text TEXT)")
while True:
    base.execute("BEGIN IMMEDIATE")
    base.executemany("INSERT INTO ballast VALUES (?, ?)", [(time.time(), "x" * 500)] * 40)
    base.execute("COMMIT")
"""


def load(benchmark: Benchmark) -> None:
    with a_station(50) as (station, scratch):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(station.folder / "loa.sqlite3")])
        try:
            late = thousand(station, scratch)
        finally:
            writer.kill()
            writer.wait()
        rows = as_run_log.between(station, None, None)
    p50, p99 = spread(benchmark, "play_under_writes", late)
    benchmark.at_most("play_under_writes_p50_ms", p50, 10)
    benchmark.at_most("play_under_writes_p99_ms", p99, 50)
    benchmark.at_most("plays_under_writes_missed_of_1000", 1000 - sum(r.outcome == "aired" for r in rows), 0)


def instant(benchmark: Benchmark) -> None:
    """500 plays at one instant over 50 zones: ten in each, which are heard one after another.

    A queued play's own lateness counts from the end of the one before it in its zone.
    """
    with a_station(50) as (station, scratch):
        episode = add_episode(station, scratch, seconds=0.5, seed=12)
        begin = datetime.now(UTC) + timedelta(seconds=10)
        plays = add_plays(station, episode, [(begin, [f"z{n % 50}"]) for n in range(500)], 500)
        output = Stamping("null")
        with on_air(station, output, until=begin + timedelta(seconds=20)) as daemon:
            while len(output.first) < 500 and not daemon._is_over():
                time.sleep(0.2)
            while not daemon.desk.is_idle:
                time.sleep(0.2)
        rows = as_run_log.between(station, None, None)
    by_zone: dict[str, list[float]] = {}
    for number, play in enumerate(plays):
        if f"play-{play}" in output.first:
            by_zone.setdefault(f"z{number % 50}", []).append(output.first[f"play-{play}"])
    first, queued = [], []
    for starts in by_zone.values():
        starts.sort()
        first.append((starts[0] - begin.timestamp()) * 1000)
        queued += [(b - a - 0.5) * 1000 for a, b in itertools.pairwise(starts)]
    p50, p99 = spread(benchmark, "same_instant_first_of_zone", first)
    spread(benchmark, "same_instant_queued", queued)
    benchmark.at_most("same_instant_p50_ms", p50, 10)
    benchmark.at_most("same_instant_p99_ms", p99, 50)
    benchmark.at_most("same_instant_missed_of_500", 500 - sum(row.outcome == "aired" for row in rows), 0)
