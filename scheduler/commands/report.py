"""`loa report`: reports for those who asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from content import people, shown
from content.commands.choices import DAY, MONTH
from content.commands.shell import (
    LoaGroup,
    as_person,
    json_option,
    option,
    print_json,
    print_table,
    say,
    with_station,
)
from content.language import N_, _
from content.months import month_of

if TYPE_CHECKING:
    from content.station import Station
    from scheduler.reports.period import Period


@click.group(
    cls=LoaGroup,
    help=N_("Reports for a month, quarter, half-year, year or any days, out of the as-run log."),
    epilog=N_("Example:\n  loa report month 12/2026\n  loa report year 2026 --format docx --format xlsx"),
)
def report() -> None:
    pass


def _settings(command: Callable[..., Any]) -> Callable[..., Any]:
    for decorator in (
        as_person,
        json_option,
        option(
            "--simulated", is_flag=True, help=N_("Report a simulated clock's airings; the report says so.")
        ),
        option(
            "--calendar",
            is_flag=True,
            help=N_("Whole calendar months instead of the cut-off in config.toml."),
        ),
        option("--name", help=N_("File name without ending (no folders).")),
        option("--out", type=click.Path(path_type=Path), help=N_("Folder (else `reports` in the station).")),
        option(
            "--format",
            "formats",
            type=click.Choice(("docx", "xlsx", "csv", "html", "json")),
            multiple=True,
            help=N_("docx, xlsx, csv, html or json; give it again for more (else docx and xlsx)."),
        ),
    ):
        command = decorator(command)
    return command


@report.command(
    help=N_("The report of a month."), epilog=N_("Example:\n  loa report month 12/2026 --format docx")
)
@click.argument("month", type=MONTH, required=False)
@option("--month", "named", type=MONTH, help=N_("The same, as an option."))
@_settings
@with_station
def month(station: Station, month: str | None, named: str | None, calendar: bool, **settings: Any) -> None:
    from scheduler.reports.period import month_period

    chosen = month or named or month_of(station.day_of(datetime.now(UTC)))
    _make(station, month_period(chosen, station.config.report, calendar=calendar), **settings)


@report.command(
    help=N_("The report of a quarter, 1 to 4."), epilog=N_("Example:\n  loa report quarter 2026 4")
)
@click.argument("year", type=click.IntRange(1970, 2199))
@click.argument("quarter", type=click.IntRange(1, 4))
@_settings
@with_station
def quarter(station: Station, year: int, quarter: int, calendar: bool, **settings: Any) -> None:
    from scheduler.reports.period import quarter_period

    _make(station, quarter_period(year, quarter, station.config.report, calendar=calendar), **settings)


@report.command(
    "half-year",
    help=N_("The report of the first (1) or last (2) six months of a year."),
    epilog=N_("Example:\n  loa report half-year 2026 1"),
)
@click.argument("year", type=click.IntRange(1970, 2199), required=False)
@click.argument("half", type=click.IntRange(1, 2), required=False)
@_settings
@with_station
def half_year(station: Station, year: int | None, half: int | None, calendar: bool, **settings: Any) -> None:
    from scheduler.reports.period import half_year_period

    today = station.day_of(datetime.now(UTC))
    chosen = half or (1 if today.month <= 6 else 2)
    _make(
        station,
        half_year_period(year or today.year, chosen, station.config.report, calendar=calendar),
        **settings,
    )


@report.command(help=N_("The report of a year."), epilog=N_("Example:\n  loa report year 2026 --format html"))
@click.argument("year", type=click.IntRange(1970, 2199), required=False)
@_settings
@with_station
def year(station: Station, year: int | None, calendar: bool, **settings: Any) -> None:
    from scheduler.reports.period import year_period

    chosen = year or station.day_of(datetime.now(UTC)).year
    _make(station, year_period(chosen, station.config.report, calendar=calendar), **settings)


@report.command(
    "range",
    help=N_("A report about any days."),
    epilog=N_("Example:\n  loa report range 01/12/2026 20/12/2026"),
)
@click.argument("from_on", metavar="FROM", type=DAY)
@click.argument("until_on", metavar="TO", type=DAY)
@_settings
@with_station
def range_(station: Station, from_on: date, until_on: date, calendar: bool, **settings: Any) -> None:  # noqa: ARG001
    from scheduler.reports.period import range_period

    _make(station, range_period(from_on, until_on), **settings)


@report.command(
    help=N_("Which reports are due, out of the deadlines in imported documents."),
    epilog=N_("Example:\n  loa report due"),
)
@json_option
@with_station
def due(station: Station, as_json: bool) -> None:
    from scheduler.reports.due import due_reports

    with station.read() as session:
        rows = due_reports(session, station.config, station.day_of(datetime.now(UTC)))
    if as_json:
        print_json(rows)
        return
    print_table(
        _("Reports asked for"),
        [_("Due"), _("Days left"), _("What is asked"), _("Document"), _("Command")],
        [
            [shown.day(row["due_on"]), row["days_left"], row["text"], row["document"], row["command"]]
            for row in rows
        ],
    )
    if not rows:
        say(N_("No imported document asks for a report."))


@report.command(
    help=N_("Copy the blank form into the station, to be changed in Word."),
    epilog=N_("Example:\n  loa report form"),
)
@with_station
def form(station: Station) -> None:
    from content import atomic
    from scheduler.reports.form import blank_form
    from scheduler.reports.letter import own_form

    path = own_form(station.folder)
    if path.exists():
        say(N_("{path} is there already; delete it first to begin anew."), path=path)
        return
    atomic.write_bytes(path, blank_form())
    say(N_("The form is {path}: change it in Word, but leave what stands in braces."), path=path)


def _make(
    station: Station,
    period: Period,
    *,
    formats: tuple[str, ...],
    out: Path | None,
    name: str | None,
    simulated: bool,
    as_json: bool,
    as_name: str | None,
) -> None:
    from scheduler.reports.make import report_figures, write_report

    with station.read() as session:
        person = people.current_person(session, station.config, as_name)
    now = datetime.now(UTC)
    found = report_figures(station, period, now=now, simulated=simulated)
    if as_json and not formats:
        print_json(found)
        return
    paths = write_report(station, found, formats or ("docx", "xlsx"), person=person, out=out, name=name)
    if as_json:
        print_json([str(path) for path in paths])
    else:
        for path in paths:
            click.echo(path)
    totals = found["totals"]
    say(
        N_("Report {label}: {airings} airings ({first} first, {replays} replays), {minutes} minutes, {missed} missed."),
        label=found["label"], **{key: totals[key] for key in ("airings", "first", "replays", "minutes", "missed")},
    )  # fmt: skip
    if not simulated and not totals["airings"]:
        say(N_("Nothing was aired in these days; a simulated run is reported with --simulated."))
    if period.until_on >= station.day_of(now):
        say(N_("The period is not over: it ends on {day:%d/%m/%Y}."), day=period.until_on)
