"""`loa plan explain|diff`: why a play is where it is, and what moved."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from content.commands.shell import (
    LoaCommand,
    json_option,
    option,
    out,
    print_json,
    print_table,
    say,
    with_station,
)
from content.language import N_, _

if TYPE_CHECKING:
    from content.station import Station

WORDS = {"added": N_("new play"), "moved": N_("moved play"), "removed": N_("taken out")}


@click.command(
    cls=LoaCommand,
    help=N_("Tell what the last build changed, play by play, and why."),
    epilog=N_("Example:\n  loa plan diff\n  loa plan diff --from 3 --to 5"),
)
@option(
    "--from",
    "from_plan",
    type=int,
    metavar="PLAN",
    help=N_("Everything after this plan, changes by hand too."),
)
@option("--to", "to_plan", type=int, metavar="PLAN", help=N_("Up to this plan (default: the last one)."))
@json_option
@with_station
def diff(station: Station, from_plan: int | None, to_plan: int | None, as_json: bool) -> None:
    from scheduler.plan_view.diff import difference

    with station.read() as session:
        found = difference(session, from_plan, to_plan)
    if as_json:
        print_json(
            {
                "from_plan": found.from_plan, "to_plan": found.to_plan, "built_at": found.built_at,
                "from": found.from_on, "until": found.until_on,
                "changes": [change.to_json() for change in found.changes],
            }
        )  # fmt: skip
        return
    heading = _("Changes up to plan {plan}, built {when}").format(
        plan=found.to_plan, when=_moment(station, found.built_at)
    )
    if not found.changes:
        say(N_("Nothing changed: {heading}."), heading=heading)
        return
    rows: list[list[object] | None] = [
        [
            change.play_id,
            _(WORDS[change.how]),
            change.title,
            _moment(station, change.was_at),
            _moment(station, change.now_at),
            ", ".join(change.zones),
            change.person,
            change.reason.told(_) if change.reason else "",
        ]
        for change in found.changes
    ]
    columns = [_("Play"), _("Change"), _("Title"), _("From"), _("To"), _("Zones"), _("Person"), _("Why")]
    print_table(heading, columns, rows)


@click.command(
    cls=LoaCommand,
    help=N_("Tell why a play is where it is: its rule, its neighbours, and what other sessions would break."),
    epilog=N_("Example:\n  loa plan explain 12"),
)
@click.argument("play_id", type=int)
@json_option
@with_station
def explain(station: Station, play_id: int, as_json: bool) -> None:
    from scheduler.plan_view.why import why

    found = why(station, play_id, now=datetime.now(UTC))
    if as_json:
        print_json(found.to_json())
        return
    console = out()
    for line in found.told(_):
        console.print(line, markup=False)


def _moment(station: Station, moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(station.tz):%H:%M %d/%m/%Y}"
