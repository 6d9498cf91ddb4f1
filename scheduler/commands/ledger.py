"""`loa ledger` and `loa check`: what is owed, aired, planned and at risk."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import click

from content import shown
from content.commands.choices import DAY, MONTH
from content.commands.shell import LoaCommand, json_option, option, print_json, print_table, say, with_station
from content.language import N_, _
from content.months import first_day, last_day, month_of

if TYPE_CHECKING:
    from content.station import Station
    from scheduler.checks import Outlook

STATUS_WORDS = {
    "met": N_("met"),
    "on-track": N_("on track"),
    "at-risk": N_("at risk"),
    "lost": N_("can no longer be met"),
    "missed": N_("not met"),
}


@click.command(
    cls=LoaCommand,
    help=N_(
        "What each programme and item owes in a month, what aired, what is planned, what is at risk and why."
    ),
    epilog=N_("Example:\n  loa ledger --month 12/2026"),
)
@option("--month", type=MONTH, help=N_("The month (else this one)."))
@option("--from", "from_on", type=DAY, help=N_("First station day, instead of a month."))
@option("--to", "until_on", type=DAY, help=N_("Last station day, inclusive."))
@option("--at-risk", "only_risk", is_flag=True, help=N_("Only what is at risk, lost or not met."))
@option("--simulated", is_flag=True, help=N_("Count airings of a simulated clock instead of real ones."))
@json_option
@with_station
def ledger(
    station: Station,
    month: str | None,
    from_on: date | None,
    until_on: date | None,
    only_risk: bool,
    simulated: bool,
    as_json: bool,
) -> None:
    from scheduler.ledger import ledger as read_ledger

    now = datetime.now(UTC)
    chosen = month or month_of(station.day_of(now))
    first, last = from_on or first_day(chosen), until_on or last_day(month_of(from_on) if from_on else chosen)
    if last < first:
        raise click.UsageError(_("--to lies before --from"))
    with station.read() as session:
        standings = read_ledger(
            session, station.config, from_on=first, until_on=last, now=now, simulated=simulated
        )
    if only_risk:
        standings = [one for one in standings if one.status in ("at-risk", "lost", "missed")]
    if as_json:
        print_json([one.to_json() for one in standings])
        return
    print_table(
        _("Obligations {first:%d/%m/%Y}–{last:%d/%m/%Y}").format(first=first, last=last),
        [_("Content"), _("Period"), _("Owed"), _("Aired"), _("Planned"), _("Missing"), _("Standing"), _("Last day"), _("Why")],
        [
            [
                one.obligation.title,
                shown.period(one.obligation.period),
                one.obligation.owed,
                one.aired,
                one.planned,
                one.missing,
                _(STATUS_WORDS[one.status]),
                f"{one.last_on:%d/%m}" if one.last_on else None,
                "; ".join(reason.told(_) for reason in one.reasons),
            ]
            for one in standings
        ],
    )  # fmt: skip
    if not standings:
        say(N_("Nothing is owed in these days: no programme or item has a rule (`loa programme list`)."))


@click.command(
    cls=LoaCommand,
    help=N_(
        "Warn early: what is at risk, what would not air, which report is due. Exit code 1 when there is something."
    ),
    epilog=N_('Example (every morning):\n  loa check --days 7 || echo "look at the station"'),
)
@option("--days", type=click.IntRange(1, 60), default=7, show_default=True, help=N_("How far to look ahead."))
@option("--simulated", is_flag=True, help=N_("Count airings of a simulated clock instead of real ones."))
@option("--alarm", is_flag=True, help=N_("Run alarm_command of [daemon] when there is something."))
@json_option
@click.pass_context
@with_station
def check(
    station: Station, ctx: click.Context, days: int, simulated: bool, alarm: bool, as_json: bool
) -> None:
    from scheduler.checks import look_ahead
    from scheduler.daemon.hooks import run_hook

    outlook = look_ahead(station, now=datetime.now(UTC), days=days, simulated=simulated)
    if as_json:
        print_json([warning.to_json() for warning in outlook.warnings])
    else:
        _show(station, outlook, days)
    if alarm and outlook.warnings and station.config.daemon.alarm_command:
        text = "\n".join(warning.told.told(_) for warning in outlook.warnings)
        run_hook(station.config.daemon.alarm_command, "check", text)
    if outlook.warnings:
        ctx.exit(1)


def _show(station: Station, outlook: Outlook, days: int) -> None:
    if outlook.calm:
        say(N_("All is well for the next {days} days."), days=days)
        return
    kinds = {
        "obligation": N_("owed"),
        "rule": N_("local rules"),
        "sound": N_("sound"),
        "report": N_("report"),
    }
    last = station.day_of(datetime.now(UTC)) + timedelta(days=days)
    print_table(
        _("To look at before {day:%d/%m/%Y}").format(day=last),
        ["", _("About"), _("What")],
        [
            ["!!" if warning.grave else "!", _(kinds[warning.kind]), warning.told.told(_)]
            for warning in outlook.warnings
        ],
    )
