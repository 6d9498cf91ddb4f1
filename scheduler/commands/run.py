"""`loa run`: the daemon."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from content.commands.choices import Day, Moment
from content.commands.shell import LoaCommand, json_option, option, print_json, progress, say
from content.language import N_, _

if TYPE_CHECKING:
    from content.station import Station


class Until(click.ParamType):
    """The end of a day, or a moment in station time; a `date` or a `datetime`."""

    name = "moment"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> date | datetime:
        if isinstance(value, date):
            return value
        if re.fullmatch(r"\d{4}-\d\d-\d\d|\d{1,2}[/.-]\d{1,2}[/.-]\d{4}", value):
            return Day().convert(value, param, ctx)
        return Moment().convert(value, param, ctx)


def instant_of(value: date | datetime, station: Station, *, end_of_day: bool) -> datetime:
    """`value` in station time; a bare day means its beginning, or its end."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=station.tz)
    day = value + timedelta(days=1) if end_of_day else value
    return datetime.combine(day, time(), station.tz)


@click.command(
    cls=LoaCommand,
    help=N_("Play the plan, unattended, until it is stopped (Ctrl+C) or until --until."),
    epilog=N_(
        "Example:\n  loa run                                              on the air\n  loa run --output null --until 2026-12-01T07:00       nothing heard\n  loa run --clock simulated --until 31/12/2026         a month in seconds"
    ),
)
@option("--until", type=Until(), help=N_("Stop then: 2026-12-31T07:00, or a day for its end."))
@option(
    "--from", "start_at", type=Until(), help=N_("Where a simulated clock begins (default: now, or where it was cut off).")
)  # fmt: skip
@option("--clock", type=click.Choice(["real", "simulated"]), default="real", help=N_("Which clock."))
@option(
    "--speed", type=click.FloatRange(min=0.001), help=N_("Simulated seconds a second (default: as fast as it goes).")
)  # fmt: skip
@option(
    "--output",
    help=N_("Instead of the config's outputs: null, file, file=FOLDER, or the name of one output."),
)
@option(
    "--wait-for-output", is_flag=True, help=N_("Begin though no sound card is there, and wait for one: for a service that starts with the computer.")
)  # fmt: skip
@option(
    "--status-file", type=click.Path(path_type=Path, dir_okay=False), help=N_("Write the live status there, too.")
)  # fmt: skip
@json_option
@click.pass_context
def run(
    ctx: click.Context,
    until: date | datetime | None,
    start_at: date | datetime | None,
    clock: str,
    speed: float | None,
    output: str | None,
    wait_for_output: bool,
    status_file: Path | None,
    as_json: bool,
) -> int:
    from scheduler.daemon.run import open_for_air, run_station

    simulated = clock == "simulated"
    if not simulated and (speed is not None or start_at is not None):
        raise click.UsageError(_("--speed and --from go with --clock simulated only"))
    if simulated:
        say(N_("Simulated clock: nothing is heard by anyone, and the log says so."))
    station = open_for_air(ctx.find_root().params.get("config_path"))
    ctx.call_on_close(station.close)
    with progress(_("On the air"), None) as advance:
        report = run_station(
            station,
            until=None if until is None else instant_of(until, station, end_of_day=True),
            clock="simulated" if simulated else "real",
            speed=speed,
            start_at=None if start_at is None else instant_of(start_at, station, end_of_day=False),
            output=output,
            wait_for_output=wait_for_output,
            status_file=status_file,
            progress=lambda entry: advance(
                1, f"{(entry.ended_at or entry.planned_at or entry.started_at):%d/%m %H:%M} {entry.title}"
            ),
        )
    counts = {name: report.outcomes.get(name, 0) for name in ("aired", "partial", "missed", "displaced")}
    if as_json:
        print_json(
            {"from": report.started_at, "until": report.ended_at, "simulated": report.simulated, **counts}
        )
    say(
        N_("Aired {aired}, partly {partial}, missed {missed}, displaced {displaced}. See `loa log list`."),
        **counts,
    )
    return 0
