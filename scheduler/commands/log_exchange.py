"""`loa log export` and `loa log import`: a commune's signed word back to the centre."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from content.commands.choices import DAY, MONTH
from content.commands.shell import LoaCommand, json_option, option, print_json, print_table, say, with_station
from content.language import N_, _
from scheduler.commands.period import named_days

if TYPE_CHECKING:
    from content.station import Station


@click.command(
    cls=LoaCommand,
    help=N_("Write the as-run log to a file: signed for the centre, or as CSV."),
    epilog=N_("Example:\n  loa log export --signed --month 12/2026 --out E:\\"),
)
@option(
    "--signed", is_flag=True, help=N_("As a signed report to the centre whose packages this station plays.")
)
@option("--centre", help=N_("Fingerprint of the centre, where there are several."))
@option("--month", type=MONTH, help=N_("A calendar month."))
@option("--from", "from_on", type=DAY, help=N_("First station day."))
@option("--to", "until_on", type=DAY, help=N_("Last station day, inclusive."))
@option("--out", "target", type=click.Path(path_type=Path), help=N_("File or folder (default: this folder)."))
@json_option
@with_station
def export(
    station: Station, signed: bool, centre: str | None, month: str | None, from_on: date | None,
    until_on: date | None, target: Path | None, as_json: bool,
) -> None:  # fmt: skip
    from content import atomic
    from scheduler.daemon import as_run
    from scheduler.exchange.logbook import export_log

    start, end = named_days(month, from_on, until_on)
    as_run.settle(station)
    if signed:
        name, content = export_log(station, start, end, now=datetime.now(UTC), centre=centre)
    else:
        name, content = f"as-run-{start:%Y%m%d}-{end:%Y%m%d}.csv", _csv(station, start, end)
    path = Path(name) if target is None else target / name if target.is_dir() else target
    atomic.write_bytes(path, content)
    if as_json:
        print_json({"path": path, "signed": signed, "bytes": len(content)})
    else:
        say(N_("written to {path}"), path=path)
        if signed:
            say(N_("send it to the centre, which takes it in with `loa log import`"))


def _csv(station: Station, start: date, end: date) -> bytes:
    from scheduler.daemon import as_run

    rows = as_run.between(
        station,
        datetime.combine(start, time(), station.tz),
        datetime.combine(end + timedelta(days=1), time(), station.tz),
    )
    text = io.StringIO()
    table = csv.writer(text)
    columns = [
        "planned_at",
        "started_at",
        "ended_at",
        "kind",
        "title",
        "outcome",
        "reason",
        "audio_sha256",
        "simulated",
    ]
    table.writerow(columns)
    for row in rows:
        cells = [getattr(row, name) for name in columns]
        table.writerow(
            [
                cell.astimezone(station.tz).isoformat() if isinstance(cell, datetime) else _plain(cell)
                for cell in cells
            ]
        )
    return text.getvalue().encode("utf-8-sig")


def _plain(cell: object) -> object:
    """Text that a spreadsheet will not take for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in {"=", "+", "-", "@"} else cell


@click.command(
    "import",
    cls=LoaCommand,
    help=N_("Take in signed reports of commune stations; doubled or late ones harm nothing."),
    epilog=N_("Example:\n  loa log import LOA-LOG-xa-trung-ha-20261201-20261231.json"),
)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@option(
    "--trust", "fingerprint", help=N_("Accept this key as the station's, after comparing it by telephone.")
)
@json_option
@with_station
def import_(station: Station, files: tuple[Path, ...], fingerprint: str | None, as_json: bool) -> int:
    from content.errors import LoaError
    from scheduler.exchange.log_file import LARGEST
    from scheduler.exchange.logbook import Imported, import_log

    taken: list[Imported] = []
    refused: list[LoaError] = []
    for path in files:
        with path.open("rb") as source:
            content = source.read(LARGEST + 1)
        try:
            taken.append(
                import_log(
                    station, content, path.name, now=datetime.now(UTC), trusted_fingerprint=fingerprint
                )
            )
        except LoaError as error:
            refused.append(error)
    if as_json:
        print_json([one.to_json() for one in taken])
    elif taken:
        print_table(
            _("Reports taken in"),
            [_("station"), _("period"), _("lines"), _("new"), _("changed"), _("receipts")],
            [
                [
                    one.name, f"{one.from_on:%d/%m/%Y} – {one.until_on:%d/%m/%Y}", one.entries, one.new, one.changed,
                    one.receipts,
                ]
                for one in taken
            ],
        )  # fmt: skip
        say(N_("`loa station report` shows what became of each airing that was asked for"))
    for other in refused[1:]:
        click.echo(f"loa: {other.told(_)}", err=True)
    if refused:
        raise refused[0]
    return 0
