"""How steady: 30 simulated days, and what they leave behind."""

from __future__ import annotations

import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from broadcast import add_episode
from playout_station import a_station, add_plays
from report import Benchmark

from scheduler.daemon.run import run_station


def resident_kb() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    return 0


def children() -> int:
    """How many processes this one has begun that are not over."""
    return sum(len(path.read_text().split()) for path in Path("/proc/self/task").glob("*/children"))


def month(benchmark: Benchmark) -> None:
    """30 simulated days of eight plays: seconds taken, and memory, threads, files and children at both ends."""
    begin = datetime(2026, 11, 30, 17, 0, tzinfo=UTC)
    with a_station() as (station, scratch):
        episode = add_episode(station, scratch, seconds=120, seed=13)
        slots = [
            (begin + timedelta(days=d, hours=2 * h, minutes=5), []) for d in range(30) for h in range(1, 9)
        ]
        add_plays(station, episode, [(at, list[str]()) for at, _z in slots], 120_000)
        marks: dict[int, tuple[int, int, int, int]] = {}

        def mark(entry: Any) -> None:
            day = (entry.started_at - begin).days if entry.started_at else -1
            if day >= 0 and day not in marks and sys.platform == "linux":
                marks[day] = (
                    resident_kb(),
                    threading.active_count(),
                    len(list(Path("/proc/self/fd").iterdir())),
                    children(),
                )

        begun = time.monotonic()
        report = run_station(
            station,
            clock="simulated",
            start_at=begin,
            until=begin + timedelta(days=30),
            output="null",
            progress=mark,
        )
        took = time.monotonic() - begun
    benchmark.figure("month_simulated_s", took)
    benchmark.at_least("month_plays_aired", report.outcomes.get("aired", 0), len(slots))
    if marks:
        (early, threads, files, processes), (late, threads_late, files_late, processes_late) = (
            marks[5],
            marks[29],
        )
        benchmark.at_most("month_memory_growth_percent", 100 * abs(late - early) / early, 10)
        benchmark.at_most("month_threads_left", threads_late - threads, 0)
        benchmark.at_most("month_files_left", files_late - files, 0)
        benchmark.at_most("month_processes_left", processes_late - processes, 0)
