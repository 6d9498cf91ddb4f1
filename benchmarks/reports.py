"""Reports and evidence: a year of a busy ward, its report, its audit, its ledger, a search, a backup.

python benchmarks/reports.py --json [--programmes 150] [--as-run 20000]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from report import Benchmark

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.busy_ward import fill
from content.audit import verify
from content.station import Station, init_station
from scheduler.backup import back_up, restore
from scheduler.ledger import ledger
from scheduler.reports.csv_file import to_csv
from scheduler.reports.letter import to_docx
from scheduler.reports.make import report_figures
from scheduler.reports.page import to_html
from scheduler.reports.period import year_period
from scheduler.reports.sheet import to_xlsx
from scheduler.search import find

NOW = datetime(2026, 12, 15, 3, tzinfo=UTC)
ROUNDS = 3


def best(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """(wall seconds, processor seconds, result) of the quickest of some rounds."""
    walls, processors, result = [], [], None
    for _ in range(ROUNDS):
        wall, processor = time.perf_counter(), time.process_time()
        result = work()
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
    return min(walls), min(processors), result


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--programmes", type=int, default=150)
    parser.add_argument("--as-run", type=int, default=20_000)
    bench = Benchmark("reports", parser=parser)
    with tempfile.TemporaryDirectory(prefix="loa-reports-", ignore_cleanup_errors=True) as scratch:
        station = init_station(Path(scratch) / "station")
        began = time.perf_counter()
        told = fill(
            station,
            programmes=bench.options.programmes,
            as_run=bench.options.as_run,
            year=2026,
            one_by_one=True,
        )
        bench.figure("filling_s", time.perf_counter() - began)
        for name, count in told.items():
            bench.figure(name, count)
        measure(bench, station, Path(scratch))
        station.close()
    return bench.finish()


def measure(bench: Benchmark, station: Station, scratch: Path) -> None:
    period = year_period(2026, station.config.report)

    def report() -> dict[str, Any]:
        found = report_figures(station, period, now=NOW)
        to_docx(found, station.config)
        return found

    wall, processor, found = best(report)
    bench.figure("year_report_docx_cpu_s", processor)
    bench.at_most("year_report_docx_s", wall, 2.0)
    for name, form in (("xlsx", to_xlsx), ("csv", to_csv), ("html", to_html)):
        bench.figure(f"{name}_s", best(lambda form=form: form(found))[0])

    def audit() -> Any:
        with station.read() as session:
            return verify(session)

    wall, processor, verdict = best(audit)
    bench.figure("events", verdict.events)
    bench.figure("sealed_rows", verdict.rows)
    bench.figure("audit_verify_cpu_s", processor)
    bench.at_most("audit_verify_s", wall, 5.0)
    bench.at_most("breaks", len(verdict.breaks), 0)

    def books(of: Station) -> list[dict[str, Any]]:
        with of.read() as session:
            standings = ledger(
                session, of.config, from_on=date(2026, 1, 1), until_on=date(2026, 12, 31), now=NOW
            )
        return [one.to_json() for one in standings]

    bench.figure("ledger_year_s", best(lambda: books(station))[0])
    began = time.perf_counter()
    find(station, "chuyen doi so")
    bench.figure("first_search_s", time.perf_counter() - began)
    bench.figure("search_s", best(lambda: find(station, "chuyen doi so"))[0])
    began = time.perf_counter()
    made = back_up(station, now=NOW, person="lan", out=scratch / "backups")
    bench.figure("backup_s", time.perf_counter() - began)
    bench.figure("backup_mb", made.bytes / 1e6)
    began = time.perf_counter()
    restore(made.path, scratch / "back", now=NOW)
    bench.figure("restore_s", time.perf_counter() - began)
    from content.station import open_station

    back = open_station(scratch / "back" / "config.toml")
    bench.at_most(
        "ledger_lines_changed_by_restore",
        sum(a != b for a, b in zip(books(station), books(back), strict=True)),
        0,
    )
    back.close()


if __name__ == "__main__":
    sys.exit(main())
