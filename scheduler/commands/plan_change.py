"""`loa plan check|pin|cancel|move|export`: one play by hand, and the plan in other forms."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from content.commands.choices import MOMENT
from content.commands.shell import (
    LoaCommand,
    as_person,
    json_option,
    option,
    print_json,
    print_table,
    say,
    with_station,
)
from content.language import N_, _
from scheduler.commands.plan import from_option, play_json, range_of, to_option

if TYPE_CHECKING:
    from content.station import Station


even_now = option(
    "--now", "frozen_too", is_flag=True, help=N_("Even within the freeze time, shortly before it airs.")
)


def _person(station: Station, as_name: str | None) -> str | None:
    from content.people import current_person

    with station.read() as session:
        return current_person(session, station.config, as_name)


@click.command(
    cls=LoaCommand,
    help=N_("Hold the plan of some days against every rule; nothing is changed."),
    epilog=N_("Example:\n  loa plan check --from 01/12/2026 --to 31/12/2026"),
)
@from_option
@to_option
@json_option
@with_station
def check(station: Station, from_on: date | None, until_on: date | None, as_json: bool) -> int:
    from scheduler import plan_change
    from scheduler.plan_view.rules import rule_moment, rule_told

    first, last = range_of(station, from_on, until_on)
    found = plan_change.check(station, first, last, now=datetime.now(UTC))
    days = {"first": f"{first:%d/%m/%Y}", "last": f"{last:%d/%m/%Y}"}
    rows = [
        {
            "rule": f.rule, "programme": f.programme, "zone": f.zone, "when": f.when, "amount": f.amount,
            "severity": "soft" if f.soft else "past" if f.past else "hard",
        }
        for f in found.faults
    ]  # fmt: skip
    if as_json:
        print_json(rows)
    elif rows:
        columns = [_("Rule"), _("Programme"), _("Zone"), _("When"), _("Missing")]
        table: list[list[object]] = [
            [
                rule_told(f.rule).told(_),
                found.titles.get(f.programme or "", f.programme),
                f.zone,
                rule_moment(f.when),
                f.amount,
            ]
            for f in found.faults
        ]
        print_table(_("What the plan breaks or misses"), columns, table)
    elif found.plays:
        say(N_("Every rule holds from {first} to {last}."), **days)
    if not found.plays:
        say(N_("No play stands from {first} to {last}; `loa plan build` lays them."), **days)
    return int(any(row["severity"] == "hard" for row in rows))


@click.command(
    cls=LoaCommand,
    help=N_("Hold a play where it is, whatever is planned anew."),
    epilog=N_("Example:\n  loa plan pin 12\n  loa plan pin 12 --release"),
)
@click.argument("play_id", type=int)
@option("--release", is_flag=True, help=N_("Let it go again."))
@as_person
@with_station
def pin(station: Station, play_id: int, release: bool, as_name: str | None) -> None:
    from scheduler import plan_change

    play = plan_change.pin(
        station, play_id, now=datetime.now(UTC), person=_person(station, as_name), release=release
    )
    message = (
        N_("Play {play_id} at {start} may move again.") if release else N_("Play {play_id} stays at {start}.")
    )
    say(message, play_id=play_id, start=plan_change.told(station, play.starts_at))


@click.command(
    cls=LoaCommand,
    help=N_("Take a play out of the plan."),
    epilog=N_('Example:\n  loa plan cancel 12 --reason "mất điện"'),
)
@click.argument("play_id", type=int)
@option("--reason", required=True, help=N_("Why; it stays with the play."))
@even_now
@as_person
@with_station
def cancel(station: Station, play_id: int, reason: str, frozen_too: bool, as_name: str | None) -> None:
    from scheduler import plan_change

    play = plan_change.cancel(
        station,
        play_id,
        reason=reason,
        now=datetime.now(UTC),
        person=_person(station, as_name),
        frozen_too=frozen_too,
    )
    say(
        N_(
            "Play {play_id} at {start} is cancelled. The rules still ask for that airing: the next `loa plan build` "
            "puts one at another time. If it shall not air at all, change the rule with `loa programme rule`."
        ),
        play_id=play_id,
        start=plan_change.told(station, play.starts_at),
    )


@click.command(
    cls=LoaCommand,
    help=N_("Put a play at another time and pin it there, if no rule is broken."),
    epilog=N_("Example:\n  loa plan move 12 --to 2026-12-03T05:10"),
)
@click.argument("play_id", type=int)
@option("--to", "moment", type=MOMENT, required=True, help=N_("The new start, station time."))
@even_now
@as_person
@with_station
def move(station: Station, play_id: int, moment: datetime, frozen_too: bool, as_name: str | None) -> None:
    from scheduler import plan_change

    starts_at = moment if moment.tzinfo else moment.replace(tzinfo=station.tz)
    play = plan_change.move(
        station,
        play_id,
        starts_at=starts_at,
        now=datetime.now(UTC),
        person=_person(station, as_name),
        frozen_too=frozen_too,
    )
    say(
        N_("Play {play_id} now starts at {start} and is pinned there."),
        play_id=play_id,
        start=plan_change.told(station, play.starts_at),
    )


@click.command(
    cls=LoaCommand,
    help=N_("Write the plan of some days as a calendar, a table or JSON."),
    epilog=N_("Example:\n  loa plan export --format ics --out december.ics"),
)
@from_option
@to_option
@option(
    "--format",
    "form",
    type=click.Choice(("ics", "csv", "json")),
    default="ics",
    show_default=True,
    help=N_("Which form."),
)
@option(
    "--out", "target", type=click.Path(path_type=Path), help=N_("Where to write it (else standard output).")
)
@with_station
def export(
    station: Station, from_on: date | None, until_on: date | None, form: str, target: Path | None
) -> None:
    from content.atomic import write_bytes
    from scheduler import plan_change
    from scheduler.station_plan import plays_between

    first, last = range_of(station, from_on, until_on)
    with station.read() as session:
        plays = plays_between(session, station, first, last)
        rows = [play_json(station, play) for play in plays]
        if form == "ics":
            text = plan_change.as_ics(station, plays, datetime.now(UTC))
        else:
            text = plan_change.as_csv(rows) if form == "csv" else plan_change.as_json(rows)
    if target is None:
        click.echo(text, nl=False)
    else:
        write_bytes(target, text.encode("utf-8-sig" if form == "csv" else "utf-8"))
