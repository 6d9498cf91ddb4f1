"""How soon the station speaks again: kill -9 in the midst of a play, then a new start."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

from broadcast import add_episode
from playout_station import ROOT, a_station, add_plays
from report import Benchmark

from scheduler.daemon.folder import AirFolder
from scheduler.daemon.journal import Entry, read


def restart(benchmark: Benchmark, times: int = 4) -> None:
    """From the start of the command to the first sample of the play that was cut.

    The daemon's compiled modules are kept, as at any installation, whatever this shell says
    (`PYTHONDONTWRITEBYTECODE` makes each start compile 400 modules anew: three times the work).
    """
    took: list[float] = []
    with a_station() as (station, scratch):
        episode = add_episode(station, scratch, seconds=120, seed=15)
        (play,) = add_plays(station, episode, [(datetime.now(UTC) + timedelta(seconds=4), ["z0"])], 120_000)
        command = [sys.executable, "-m", "cli", "--config", str(station.folder), "run"]
        kept = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(scratch / "bytecode")}
        journal = AirFolder.of(station).journal

        def newest() -> Entry | None:
            parts = [entry for entry in read(journal) if entry.play_id == play and entry.started_at]
            return parts[-1] if parts else None

        for _number in range(times + 1):
            known = newest()
            begun = time.time()
            process = subprocess.Popen(command, cwd=ROOT, env=kept, stderr=subprocess.DEVNULL)
            while (now := newest()) is None or (known and now.key == known.key):
                time.sleep(0.01)
            benchmark.say(
                f"{now.started_at} {now.started_at.timestamp() - begun if now.started_at else 0:.2f} s, {time.time() - begun:.2f} s, {now.reason}"
            )
            if known is not None and now.started_at is not None:
                took.append(now.started_at.timestamp() - begun)
            time.sleep(1.5)
            process.kill()
            process.wait()
    benchmark.at_most("restart_to_air_max_s", max(took), 5)
