"""Packages: export for 1,000 stations, 10,000 spoiled packages, and a feed under load beside nginx.

python benchmarks/packages.py --json [--stations 1000] [--spoiled 10000] [--pullers 500]
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path

from report import Benchmark

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import func, select

from audio.packages.errors import PackageRefusedError
from content.models import Episode
from content.station import Station, init_station
from scheduler.exchange import communes, trust
from scheduler.exchange.export import export_package, export_packages
from scheduler.exchange.receive import receive_package
from scheduler.models import Play
from tests.scheduler.a_centre import FROM, NOW, UNTIL, add_play, add_sound, noise
from tests.scheduler.mutated import spoiled

EPISODES = 40
SOUND_BYTES = 2_000_000
"""About five minutes at 48 kbit/s."""
PLAYS_A_DAY = 5


def a_months_plan(station: Station, episodes: int = EPISODES, size: int = SOUND_BYTES) -> None:
    """A month with five plays a day of `episodes` distinct sounds."""
    ids = []
    for n in range(episodes):
        with station.decide() as session:
            episode = Episode(
                title=f"Bản tin chuyên đề số {n + 1}: chuyển đổi số và đời sống", number=1, created_at=NOW
            )
            session.add(episode)
            session.flush()
            ids.append(episode.id)
        sound = random.Random(n).randbytes(size)
        add_sound(station, ids[-1], sound, 280_000 + n * 100, station.folder / "scratch")
    with station.decide() as session:
        count = 0
        day = FROM
        while day <= UNTIL:
            for k in range(PLAYS_A_DAY):
                at = datetime.combine(day, clock_time(5 + k * 3, 30), station.tz)
                episode_id = ids[count % episodes]
                session.add(
                    Play(
                        episode_id=episode_id,
                        kind="first" if count < episodes else "replay",
                        starts_at=at,
                        length_ms=280_000,
                        zones=[],
                        status="planned",
                        timing="soft",
                        created_at=NOW,
                    )
                )
                count += 1
            day += timedelta(days=1)


def disk_bytes(folder: Path) -> int:
    """What the folder takes on the disk, every inode once."""
    seen: dict[tuple[int, int], int] = {}
    for root, _folders, files in os.walk(folder):
        for name in files:
            stat = (Path(root) / name).lstat()
            seen[stat.st_dev, stat.st_ino] = (
                stat.st_blocks * 512 if hasattr(stat, "st_blocks") else stat.st_size
            )
    return sum(seen.values())


def measure_export(bench: Benchmark, work: Path) -> None:
    centre = init_station(work / "centre")
    a_months_plan(centre)
    count = bench.options.stations
    with centre.decide() as session:
        for n in range(count):
            communes.add(session, name=f"Đài truyền thanh xã số {n + 1}", code=f"xa-{n + 1}", now=NOW)
        rows = list(communes.known(session))

    def export(where: str, stations: int, now: datetime) -> tuple[float, float, int]:
        wall, cpu = time.perf_counter(), time.process_time()
        made = export_packages(centre, rows[:stations], FROM, UNTIL, work / where, now=now)
        return time.perf_counter() - wall, time.process_time() - cpu, sum(one.written for one in made)

    _wall, one_cpu, _bytes = export("one", 1, NOW - timedelta(hours=5))
    bench.figure("export_1_station_cpu_s", one_cpu)
    first_wall, first_cpu, first_bytes = export("all", count, NOW)
    bench.figure("stations", count)
    bench.figure("distinct_sounds", EPISODES)
    bench.figure("distinct_sound_mb", EPISODES * SOUND_BYTES / 1e6)
    bench.figure("first_export_wall_s", first_wall)
    bench.figure("first_export_cpu_s", first_cpu)
    bench.figure("first_export_cpu_ms_a_station", first_cpu / count * 1000)
    bench.figure("first_export_written_mb", first_bytes / 1e6)
    disk = disk_bytes(work / "all")
    apart = EPISODES * SOUND_BYTES * count
    bench.figure("disk_mb", disk / 1e6)
    bench.figure("disk_mb_if_copied", apart / 1e6)
    bench.figure("disk_kb_a_further_station", (disk - EPISODES * SOUND_BYTES) / count / 1000)
    with centre.read() as session:
        episode_id = session.scalars(select(Episode.id)).first()
    assert episode_id is not None
    add_sound(centre, episode_id, random.Random("better").randbytes(SOUND_BYTES), 281_000, work / "scratch")
    second_wall, second_cpu, second_bytes = export("all", count, NOW + timedelta(hours=1))
    bench.figure("second_export_wall_s", second_wall)
    bench.figure("second_export_cpu_s", second_cpu)
    bench.figure("second_export_written_mb", second_bytes / 1e6)
    _wall, third_cpu, third_bytes = export("all", count, NOW + timedelta(hours=2))
    bench.figure("third_export_unchanged_cpu_s", third_cpu)
    bench.figure("third_export_written_mb", third_bytes / 1e6)
    bench.figure("second_export_written_kb_a_station", second_bytes / count / 1000)
    bench.at_most("disk_to_one_copy_of_the_sounds", disk / (EPISODES * SOUND_BYTES), 3)
    bench.at_most("second_export_time_to_first", second_cpu / first_cpu, 0.10)
    bench.at_most("second_export_bytes_to_first", second_bytes / first_bytes, 0.10)
    bench.at_most("unchanged_export_bytes", third_bytes, 0)
    centre.close()


def measure_spoiled(bench: Benchmark, work: Path) -> None:
    centre, commune = init_station(work / "centre2"), init_station(work / "commune2")
    ids = []
    for n in range(3):
        with centre.decide() as session:
            episode = Episode(title=f"Bản tin {n}", number=1, created_at=NOW)
            session.add(episode)
            session.flush()
            ids.append(episode.id)
        add_sound(centre, ids[-1], noise(f"sound {n}"), 60_000, work / "scratch2")
        add_play(centre, ids[-1], datetime(2026, 12, 1 + n, 0, 0, tzinfo=UTC), 60_000)
    with centre.decide() as session:
        row = communes.add(session, name="Xã", code="xa", now=NOW)
    packages = {}
    for form in ("dir", "zip"):
        good = export_package(centre, row, FROM, UNTIL, work / f"good-{form}", now=NOW, form=form)
        with centre.decide() as session:
            session.scalars(select(Play)).first().starts_at += timedelta(minutes=1)
        other = export_package(
            centre, row, FROM, UNTIL, work / f"other-{form}", now=NOW + timedelta(hours=1), form=form
        )
        packages[form] = (good.path, other.path)
    with commune.decide() as session:
        trust.trust(session, good.fingerprint, name=None, now=NOW)
    chance, key = random.Random(bench.options.seed), communes.signing_key(centre, NOW)
    (work / "spoiled").mkdir()
    accepted = crashed = 0
    kinds: dict[str, int] = {}
    before = _traces(commune)
    start = time.perf_counter()
    for turn in range(bench.options.spoiled):
        good_path, other_path = packages["zip" if turn % 2 else "dir"]
        bad, how = spoiled(chance, good_path, other_path, work / "spoiled", key)
        kinds[how] = kinds.get(how, 0) + 1
        try:
            receive_package(commune, bad, now=NOW)
            accepted += 1
            bench.say(f"ACCEPTED after {how}")
        except PackageRefusedError:
            pass
        except Exception as error:  # noqa: BLE001 - that is what is counted here
            crashed += 1
            bench.say(f"CRASHED after {how}: {error!r}")
    bench.figure("spoiled_packages", bench.options.spoiled)
    bench.figure("spoiled_kinds", len(kinds))
    bench.figure("spoiled_ms_each", (time.perf_counter() - start) / max(1, bench.options.spoiled) * 1000)
    bench.at_most("spoiled_accepted", accepted, 0)
    bench.at_most("spoiled_crashed", crashed, 0)
    bench.at_most("spoiled_traces_left", len(_traces(commune) ^ before), 0)
    centre.close()
    commune.close()


def _traces(station: Station) -> set[str]:
    with station.read() as session:
        rows = f"plays: {session.scalar(select(func.count()).select_from(Play))}"
    return {rows, *(path.as_posix() for path in station.folder.rglob("*") if "sqlite3-" not in path.name)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stations", type=int, default=1000)
    parser.add_argument("--spoiled", type=int, default=10_000)
    parser.add_argument("--pullers", type=int, default=500)
    parser.add_argument("--seed", type=int, default=20261122, help="of the spoiled packages")
    parser.add_argument("--only", choices=["export", "spoiled", "feed"])
    bench = Benchmark("packages", parser=parser)
    work = Path(tempfile.mkdtemp(prefix="loa-packages-"))
    try:
        if bench.options.only in (None, "export"):
            measure_export(bench, work)
        if bench.options.only in (None, "spoiled"):
            measure_spoiled(bench, work)
        if bench.options.only in (None, "feed"):
            from packages_feed import measure_feed

            measure_feed(bench, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
