"""`loa log`: what really went out."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import click

from content.commands.choices import DAY
from content.commands.shell import LoaGroup, json_option, option, print_json, print_table, say, with_station
from content.language import N_, _
from content.months import check_days

if TYPE_CHECKING:
    from content.station import Station
    from scheduler.models import AsRun

OUTCOME_WORDS = {
    "aired": N_("aired"),
    "partial": N_("partly aired"),
    "missed": N_("missed"),
    "displaced": N_("displaced"),
    None: N_("on the air"),
}


@click.group(
    cls=LoaGroup,
    sections={
        N_("Commands"): {
            "list": ("scheduler.commands.log:list_", N_("List the as-run log.")),
            "export": (
                "scheduler.commands.log_exchange:export",
                N_("Write the log to a file, signed for the centre."),
            ),
            "import": ("scheduler.commands.log_exchange:import_", N_("Take in signed reports of stations.")),
        }
    },
    help=N_("What really went out, as the player noted it."),
    epilog=N_("Example:\n  loa log list --from 01/12/2026 --to 31/12/2026"),
)
def log() -> None:
    pass


@log.command(
    "list",
    help=N_("List the as-run log: everything that was aired, and everything that should have been."),
    epilog=N_("Example:\n  loa log list --from 01/12/2026 --to 31/12/2026 --json"),
)
@option("--from", "from_on", type=DAY, help=N_("First station day."))
@option("--to", "until_on", type=DAY, help=N_("Last station day, inclusive."))
@json_option
@with_station
def list_(station: Station, from_on: date | None, until_on: date | None, as_json: bool) -> None:
    from scheduler.daemon import as_run

    if from_on and until_on:
        check_days(from_on, until_on)
    as_run.settle(station)
    start = None if from_on is None else datetime.combine(from_on, time(), station.tz)
    end = None if until_on is None else datetime.combine(until_on + timedelta(days=1), time(), station.tz)
    rows = as_run.between(station, start, end)
    if as_json:
        print_json([as_json_row(row) for row in rows])
        return
    if not rows:
        say(
            N_("Nothing went out in these days.")
            if from_on or until_on
            else N_(
                "Nothing has gone out yet: lay the plays with `loa plan build`, then go on the air with `loa run`."
            )
        )
        return
    print_table(
        _("As-run log"),
        [_("Planned"), _("Started"), _("Ended"), _("Kind"), _("Title"), _("Zones"), _("Outcome"), _("Reason")],
        [
            [
                _local(row.planned_at, station), _local(row.started_at, station), _local(row.ended_at, station),
                _(KIND_WORDS.get(row.kind, row.kind)), row.title, ", ".join(row.zones),
                _(OUTCOME_WORDS.get(row.outcome, str(row.outcome))) + (" " + _("(simulated)") if row.simulated else ""), row.reason,
            ]
            for row in rows
        ],
    )  # fmt: skip


KIND_WORDS = {
    "play": N_("play"),
    "relay": N_("relay"),
    "filler": N_("filler"),
    "interrupt": N_("urgent bulletin"),
    "silence": N_("silence"),
}


def as_json_row(row: AsRun) -> dict[str, Any]:
    """One entry as `loa log list --json` gives it; instants in ISO 8601 with their offset."""
    return {
        "id": row.id,
        "play_id": row.play_id,
        "kind": row.kind,
        "title": row.title,
        "zones": row.zones,
        "planned_at": row.planned_at,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
        "outcome": row.outcome,
        "reason": row.reason,
        "audio_sha256": row.audio_sha256,
        "output": row.output,
        "heard_ms": row.heard_ms,
        "simulated": row.simulated,
        "who": row.who,
    }


def _local(at: datetime | None, station: Station) -> str:
    return "" if at is None else f"{at.astimezone(station.tz):%d/%m/%Y %H:%M:%S}"
