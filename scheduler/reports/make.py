"""A report from the station to a file: figures, form, one whole file, an entry in the event log."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from content import atomic
from content.errors import LoaError
from content.events import record
from content.language import N_
from content.station import Station
from scheduler.reports.cells import file_name
from scheduler.reports.csv_file import to_csv
from scheduler.reports.figures import figures
from scheduler.reports.letter import own_form, to_docx
from scheduler.reports.page import to_html
from scheduler.reports.period import Period
from scheduler.reports.sheet import to_xlsx

FORMATS: Final = ("docx", "xlsx", "csv", "html", "json")


class OutFolderError(LoaError):
    """A place for reports that is no folder."""

    sentence = N_("{path} is a file, not a folder: name a folder with --out, and the file with --name")


def report_figures(
    station: Station, period: Period, *, now: datetime, simulated: bool = False
) -> dict[str, Any]:
    """The figures of one period."""
    with station.read() as session:
        return figures(session, station.config, period, now=now, simulated=simulated)


def write_report(
    station: Station,
    found: dict[str, Any],
    formats: tuple[str, ...],
    *,
    person: str,
    out: Path | None = None,
    name: str | None = None,
) -> list[Path]:
    """Write the figures in each format; the paths. All stay within `out` (the station's `reports` folder).

    Raises:
        ReportNameError, OutFolderError, FormError, atomic.NotWritableError, atomic.DiskFullError.
    """
    folder = out or station.folder / "reports"
    if folder.is_file():
        raise OutFolderError(path=folder)
    base = name or f"bao-cao-{found['slug']}{'-mo-phong' if found['simulated'] else ''}"
    targets = [(kind, folder / file_name(base, f".{kind}")) for kind in formats]
    paths = []
    for kind, path in targets:
        content = _as(kind, found, station)
        atomic.write_bytes(path, content)
        paths.append(path)
        with station.decide() as session:
            record(
                session,
                action="report.made",
                subject=f"reports:{found['slug']}",
                person=person,
                detail={
                    "kind": found["kind"], "slug": found["slug"], "from": found["from"], "until": found["until"],
                    "made_at": found["made_at"], "format": kind, "sha256": hashlib.sha256(content).hexdigest(), "simulated": found["simulated"],
                },
            )  # fmt: skip
    return paths


def _as(kind: str, found: dict[str, Any], station: Station) -> bytes:
    if kind == "docx":
        return to_docx(found, station.config, own_form(station.folder))
    if kind == "xlsx":
        return to_xlsx(found)
    if kind == "csv":
        return to_csv(found)
    if kind == "html":
        return to_html(found)
    return json.dumps(found, ensure_ascii=False, indent=2).encode("utf-8")
