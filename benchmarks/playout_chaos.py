"""Chaos: kill -9 everywhere, lost outputs, clock steps, full disks and held databases, all in one run.

A month on the simulated clock, then an hour of station time on the real clock's code path, 60 times as fast.
What was recorded on the file output is held against the log, the plan's rules against both.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from broadcast import WRITTEN_AT, add_episode
from playout_chaos_child import STAGES, fast_life, simulated_life
from playout_station import ROOT, add_plays
from report import Benchmark

from content.models import Episode, Item, Programme
from content.station import Station, init_station, open_station
from scheduler.daemon import as_run as as_run_log
from scheduler.daemon.make_good import is_replaced
from scheduler.ledger import ledger
from scheduler.models import AsRun, Play
from scheduler.station_plan import build

MONTH = datetime(2026, 11, 30, 17, 0, tzinfo=UTC)
"""Midnight of 1 December in Việt Nam."""
DAYS = 31
LIFE_S = 0.7
"""How long a life lasts about."""
SPEED = 60.0
DISK_BYTES = 3 << 30
CONFIG = """
[station]
language = "en"
[daemon]
grace_s = 300
min_free_mb = 0
[output.main]
kind = "file"
path = "tape"
[[zone]]
id = "z"
outputs = ["main"]
[[session]]
id = "morning"
start = "05:00"
end = "07:00"
[[session]]
id = "noon"
start = "10:30"
end = "11:30"
[[session]]
id = "evening"
start = "16:30"
end = "18:30"
"""


@dataclass(slots=True)
class Troubles:
    """What was done to the station."""

    kills: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)


def context() -> Any:
    """Processes that begin with everything imported, where the system has them."""
    here = Path(__file__).parent  # last: it holds an audio.py of its own
    paths = (ROOT, ROOT / "tests" / "scheduler", ROOT / "tests" / "audio", here)
    os.environ["PYTHONPATH"] = os.pathsep.join(map(str, paths))
    if sys.platform == "win32":
        return get_context("spawn")
    made = get_context("forkserver")
    made.set_forkserver_preload(["__main__", "playout_chaos_child"])
    return made


@contextlib.contextmanager
def a_disk(scratch: Path) -> Iterator[bool]:
    """`scratch/disk`: a disk of its own that can be filled (True), or a plain folder where nothing may be mounted."""
    disk = scratch / "disk"
    disk.mkdir(parents=True)
    mounted = (
        sys.platform == "linux"
        and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none", str(disk)],
            capture_output=True,
            check=False,
        ).returncode
        == 0
    )
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(disk)], capture_output=True, check=False)
        shutil.rmtree(scratch, ignore_errors=True)


def _resize(disk: Path, size: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(disk)], capture_output=True, check=False)


class Chaos:
    """One station under attack."""

    def __init__(self, folder: Path, own_disk: bool, randomly: random.Random, troubles: Troubles) -> None:
        self.folder, self.own_disk, self.randomly, self.troubles = folder, own_disk, randomly, troubles
        self.faults = folder.parents[1] / f"faults-{folder.name}.txt"

    @contextlib.contextmanager
    def held_database(self) -> Iterator[None]:
        """Another program holds the database."""
        base = sqlite3.connect(self.folder / "loa.sqlite3", isolation_level=None, timeout=1)
        try:
            base.execute("BEGIN IMMEDIATE")
            yield
            base.execute("ROLLBACK")
        except sqlite3.OperationalError:
            yield
        finally:
            base.close()

    @contextlib.contextmanager
    def lost_output(self) -> Iterator[None]:
        """No new recording can begin, as when a card is pulled out."""
        tape, away = self.folder / "tape", self.folder / "tape-away"
        tape.mkdir(exist_ok=True)
        tape.rename(away)
        tape.write_text("")
        try:
            yield
        finally:
            tape.unlink()
            away.rename(tape)

    @contextlib.contextmanager
    def full_disk(self, process: BaseProcess) -> Iterator[None]:
        """No room for another byte; where no disk of our own could be mounted, no file may grow."""
        if not self.own_disk:
            import resource

            assert process.pid is not None
            with contextlib.suppress(OSError):
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
            yield
            with contextlib.suppress(OSError):
                resource.prlimit(
                    process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
                )
            return
        usage = shutil.disk_usage(self.folder)
        _resize(self.folder.parent, usage.used)
        try:
            yield
        finally:
            _resize(self.folder.parent, DISK_BYTES)

    def stage(self, share: float) -> tuple[str, int, bool] | None:
        """Where the next life ends from within; None: from without, at any moment."""
        if self.randomly.random() >= share:
            return None
        name = self.randomly.choice(list(STAGES))
        return name, self.randomly.randint(1, STAGES[name][2]), self.randomly.random() < 0.5

    def disturb(self, process: BaseProcess, life_s: float) -> None:
        """Let the process live for a while with at most one trouble beside it."""
        draw = self.randomly.random()
        first, rest = self.randomly.uniform(0, life_s), self.randomly.uniform(0, life_s)
        trouble: Any = None
        if draw < 0.15:
            name, trouble = "database held", self.held_database()
        elif draw < 0.30:
            name, trouble = "output lost", self.lost_output()
        elif draw < 0.42:
            name, trouble = "disk full", self.full_disk(process)
        if trouble is None:
            process.join(first + rest)
            return
        if self.randomly.random() < 0.7:
            process.join(first)
        self.troubles.others[name] += 1
        with trouble:
            process.join(rest)
            if self.randomly.random() < 0.5:
                process.kill()  # in the midst of it
                process.join()

    def settle(self, process: BaseProcess, stage: tuple[str, int, bool] | None, told: Any) -> bool:
        """End a life; True when it was killed, False when it had come to an end by itself."""
        if process.is_alive():
            process.kill()
        process.join()
        if process.exitcode is not None and process.exitcode >= 0:
            self.troubles.others["ended by itself"] += 1
            return False
        self.troubles.kills[stage[0] if stage and told.value else "any moment"] += 1
        return True


def chaos(benchmark: Benchmark, kills: int, days: int = DAYS) -> None:
    """`kills` times kill -9, nine of ten in the simulated month, the rest in the hour; all in it where `days` are fewer."""
    signal.signal(signal.SIGTERM, lambda *_facts: sys.exit(1))  # the disk is let go of all the same
    randomly = random.Random(20_261_122)
    troubles = Troubles()
    in_hour = max(1, kills // 10) if days >= DAYS else 0
    scratch = Path(tempfile.mkdtemp(prefix="loa-chaos-"))
    with a_disk(scratch) as own_disk:
        benchmark.figure("chaos_disk", "a disk of its own, filled" if own_disk else "file size limit")
        run = Chaos(scratch / "disk" / "month", own_disk, randomly, troubles)
        month(benchmark, run, kills - in_hour, days)
        if in_hour:
            run = Chaos(scratch / "disk" / "hour", own_disk, randomly, troubles)
            hour(benchmark, run, in_hour)
    benchmark.at_least("chaos_kills", sum(troubles.kills.values()), kills)
    benchmark.figure("chaos_kills_by_stage", json.dumps(dict(sorted(troubles.kills.items()))))
    benchmark.figure("chaos_other_troubles", json.dumps(dict(sorted(troubles.others.items()))))


def _shared(processes: Any, kind: str, begin: float) -> Any:
    """A number that lives share, without a lock: one that is killed while it holds the lock would hold it for ever."""
    return processes.Value(kind, begin, lock=False)


def plan_month(folder: Path, scratch: Path) -> Station:
    """Two programmes and five items with rules of their own, planned for the month."""
    station = init_station(folder, CONFIG)
    for number in range(7):
        episode_id = add_episode(station, scratch, seconds=20 + 3 * number, seed=200 + number)
        with station.decide() as session:
            episode = session.get_one(Episode, episode_id)
            item = session.get_one(Item, episode.parts[0].item_id)
            if number < 2:
                programme = Programme(
                    title=f"Chuyên mục {number}", status="active", new_per_month=1,
                    min_replays_per_month=3 + 4 * number, rules={}, created_at=WRITTEN_AT,
                )  # fmt: skip
                session.add(programme)
                session.flush()
                item.programme_id, episode.programme_id = programme.id, programme.id
                episode.month = "2026-12"
            else:
                item.valid_from_on, item.valid_until_on = date(2026, 12, 1), date(2026, 12, DAYS)
                item.rules = {"counts": [{"per": "week", "min": number, "target": number}], "max_per_day": 2}
    build(station, from_on=date(2026, 12, 1), until_on=date(2026, 12, DAYS), now=MONTH - timedelta(hours=8))
    return station


def month(benchmark: Benchmark, run: Chaos, kills: int, days: int) -> None:
    """A simulated month: the speed of each life is such that the kills are spread to its end."""
    processes = context()
    told, now_at = _shared(processes, "i", 0), _shared(processes, "d", MONTH.timestamp())
    end = MONTH + timedelta(days=days)
    plan_month(run.folder, run.folder.parents[1]).close()
    start_at: datetime | None = MONTH
    spent = 0
    while spent < kills:
        left_s = end.timestamp() - now_at.value
        speed = max(3600.0, left_s / (kills - spent + 1) / LIFE_S)
        steps = []
        if run.randomly.random() < 0.25:
            by_s = run.randomly.choice((-5400, -600, -30, 20, 400, 3600)) * run.randomly.uniform(0.5, 1)
            steps = [(run.randomly.uniform(60, 0.6 * speed * LIFE_S + 120), by_s)]
            run.troubles.others["clock set"] += 1
        stage = run.stage(0.6)
        told.value = 0
        process = processes.Process(
            target=simulated_life,
            args=(run.folder, run.faults, start_at, end, speed, steps, stage, told, now_at),
        )
        process.start()
        start_at = None if (run.folder / "air" / "simulated-run.json").exists() else start_at
        run.disturb(process, LIFE_S * (1.5 if stage else 0.8))
        spent += run.settle(process, stage, told)
        if (run.folder / "air" / "simulated-run.json").exists():
            start_at = None
    told.value = 0
    process = processes.Process(
        target=simulated_life, args=(run.folder, run.faults, start_at, end, None, [], None, told, now_at)
    )
    process.start()
    process.join()
    station = open_station(run.folder)
    check(benchmark, "chaos_month", run, station, until=end)
    check_obligations(benchmark, station, end)
    station.close()


def hour(benchmark: Benchmark, run: Chaos, kills: int) -> None:
    """An hour of station time on the real clock's code path, `SPEED` times as fast."""
    processes = context()
    told, stepped = _shared(processes, "i", 0), _shared(processes, "d", 0.0)
    station = init_station(run.folder, CONFIG)
    begin = MONTH + timedelta(hours=5)
    episodes = [
        add_episode(station, run.folder.parents[1], seconds=30 + 3 * n, seed=300 + n) for n in range(4)
    ]
    for number in range(29):
        add_plays(
            station, episodes[number % 4], [(begin + timedelta(minutes=1 + 2 * number), ["z"])],
            30_000 + 3000 * (number % 4),
        )  # fmt: skip
    station.close()
    begin_mono = time.monotonic() + 1.0
    end = begin + timedelta(hours=1)
    life_s = 3600 / SPEED / (kills + 1)
    spent = 0
    while spent < kills:
        stage = run.stage(0.3)
        told.value = 0
        process = processes.Process(
            target=fast_life,
            args=(run.folder, run.faults, begin.timestamp(), begin_mono, SPEED, end, stepped, stage, told),
        )
        process.start()
        if run.randomly.random() < 0.3:
            process.join(run.randomly.uniform(0, life_s / 2))
            stepped.value += run.randomly.choice((-60, -15, 10, 40))
            run.troubles.others["clock set"] += 1
        run.disturb(process, life_s / 2)
        spent += run.settle(process, stage, told)
        if time.monotonic() - begin_mono > 2 * 3600 / SPEED:
            break
    now = begin.timestamp() + (time.monotonic() - begin_mono) * SPEED + stepped.value
    until = max(end, datetime.fromtimestamp(now, UTC) + timedelta(minutes=3))
    process = processes.Process(
        target=fast_life,
        args=(run.folder, run.faults, begin.timestamp(), begin_mono, SPEED, until, stepped, None, told),
    )
    process.start()
    process.join()
    station = open_station(run.folder)
    check(benchmark, "chaos_hour", run, station, until=end)
    station.close()


def check(benchmark: Benchmark, name: str, run: Chaos, station: Station, *, until: datetime) -> None:
    """The log against the recordings and the plan."""
    rows = as_run_log.between(station, None, None)
    with station.read() as session:
        plays = list(session.query(Play).where(Play.starts_at < until, Play.status != "cancelled"))
    benchmark.figure(f"{name}_entries", len(rows))
    benchmark.figure(f"{name}_outcomes", json.dumps(dict(Counter(row.outcome for row in rows))))
    made_good = sum(play.make_good_for_id is not None for play in plays)
    benchmark.figure(f"{name}_plays", len(plays))
    benchmark.figure(f"{name}_make_goods", made_good)
    whole = Counter(row.play_id for row in rows if row.outcome == "aired" and row.play_id)
    benchmark.at_most(f"{name}_plays_aired_twice", sum(count > 1 for count in whole.values()), 0)
    benchmark.at_most(
        f"{name}_plays_heard_beyond_their_length", len(heard_beyond(rows, plays, block_ms=2_000)), 0
    )
    benchmark.at_most(f"{name}_entries_without_outcome", sum(row.outcome is None for row in rows), 0)
    fates = {row.play_id for row in rows}
    benchmark.at_most(f"{name}_plays_without_entry", len({play.id for play in plays} - fates), 0)
    late = until - timedelta(days=2)  # what was missed at the end is laid behind it
    with station.read() as session:
        forgotten = [
            play.id
            for play in plays
            if play.status in ("missed", "preempted")
            and play.starts_at < late
            and not is_replaced(session, play)
        ]
    benchmark.at_most(f"{name}_missed_without_replacement", len(forgotten), 0)
    silent = [row for row in rows if row.outcome != "aired" and not row.reason]
    benchmark.at_most(f"{name}_failures_without_reason", len(silent), 0)
    heard_ms = sum(row.heard_ms for row in rows)
    recorded_ms = sum((path.stat().st_size - 44) / 96 for path in (run.folder / "tape").rglob("*.wav"))
    benchmark.figure(f"{name}_recorded_s", recorded_ms / 1000)
    benchmark.at_most(
        f"{name}_as_run_against_recording_percent", 100 * abs(heard_ms - recorded_ms) / recorded_ms, 1
    )
    faults = run.faults.read_text("utf-8") if run.faults.exists() else ""
    benchmark.figure(f"{name}_refused_starts", faults.count("refused: "))
    benchmark.at_most(f"{name}_tracebacks", faults.count("fault: "), 0)
    if faults:
        kinds = Counter(line[:140] for line in faults.splitlines() if line.startswith(("refused", "fault")))
        benchmark.say("\n".join(f"  {count} × {line}" for line, count in kinds.items()))
        benchmark.say(faults[faults.find("fault: ") :][:3000] if "fault: " in faults else "")


def heard_beyond(rows: Sequence[AsRun], plays: Sequence[Play], block_ms: int) -> list[int]:
    """Plays of which more was heard, over all their entries, than they are long: a block may be lost to each kill."""
    length = {play.id: play.length_ms for play in plays}
    heard: Counter[int] = Counter()
    parts: Counter[int] = Counter()
    for row in rows:
        if row.play_id in length and row.heard_ms:
            heard[row.play_id] += row.heard_ms
            parts[row.play_id] += 1
    return [play for play, ms in heard.items() if ms > length[play] + block_ms * (parts[play] - 1) + 50]


def check_obligations(benchmark: Benchmark, station: Station, end: datetime) -> None:
    """What the rules of programmes and items ask, counted from the log by hand, against what the ledger says."""
    first, last = date(2026, 12, 1), date(2026, 12, DAYS)
    with station.read() as session:
        standings = ledger(session, station.config, from_on=first, until_on=last, now=end, simulated=True)
        rows = (
            session.query(AsRun.started_at, Episode.id, Episode.programme_id)
            .join(Play, Play.id == AsRun.play_id)
            .join(Episode, Episode.id == Play.episode_id)
            .where(AsRun.outcome == "aired")
            .all()
        )
        programmes = session.query(Programme).all()
    unmet = 0
    for programme in programmes:
        heard = sum(
            1 for at, _episode, owner in rows if owner == programme.id and first <= station.day_of(at) <= last
        )
        unmet += heard < 1 + (programme.min_replays_per_month or 0)
    monthly = [s for s in standings if s.obligation.per == "month"]
    failed = [s for s in standings if s.status not in ("met", "on-track") and s.obligation.until_on <= last]
    benchmark.figure("chaos_obligations", len(standings))
    benchmark.figure("chaos_obligations_by_state", json.dumps(dict(Counter(s.status for s in standings))))
    benchmark.at_most("chaos_monthly_obligations_told_wrongly", abs(
        unmet - sum(s.status != "met" for s in monthly)), 0)  # fmt: skip
    benchmark.at_least("chaos_monthly_obligations", len(monthly), 2)
    benchmark.at_most("chaos_unmet_obligations_without_reason", sum(not s.reasons for s in failed), 0)
