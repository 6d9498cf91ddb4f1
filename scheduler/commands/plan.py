"""`loa plan`: lay the plays, and look at the plan."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from content.commands.choices import DAY
from content.commands.shell import (
    LoaGroup,
    as_person,
    json_option,
    option,
    print_json,
    print_table,
    progress,
    say,
    with_station,
)
from content.language import N_, _, ngettext
from content.months import last_day, month_of, next_month_day

if TYPE_CHECKING:
    from content.station import Station
    from scheduler.models import Play

LONGEST_PICTURE_DAYS = 62
WEEKDAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))


@click.group(
    cls=LoaGroup,
    sections={
        N_("Commands"): {
            "check": ("scheduler.commands.plan_change:check", N_("Hold the plan against every rule.")),
            "move": ("scheduler.commands.plan_change:move", N_("Put a play at another time.")),
            "pin": ("scheduler.commands.plan_change:pin", N_("Hold a play where it is.")),
            "cancel": ("scheduler.commands.plan_change:cancel", N_("Take a play out.")),
            "explain": ("scheduler.commands.plan_look:explain", N_("Why a play is where it is.")),
            "diff": ("scheduler.commands.plan_look:diff", N_("What moved and why.")),
            "export": ("scheduler.commands.plan_change:export", N_("As a calendar, a table or JSON.")),
            "solve": ("scheduler.commands.plan_solve:solve", N_("The planner alone, on a problem file.")),
        }
    },
    help=N_("Lay the plays so that every rule is met, and look at the plan."),
    epilog=N_("Example:\n  loa plan build\n  loa plan show --from 01/12/2026 --to 07/12/2026"),
)
def plan() -> None:
    pass


def next_month(today: date) -> tuple[date, date]:
    """The first and last day of the calendar month after `today`'s."""
    first = next_month_day(today)
    return first, last_day(month_of(first))


def week_of(on: date) -> tuple[date, date]:
    """The Monday and the Sunday of a day's week."""
    monday = on - timedelta(days=on.weekday())
    return monday, monday + timedelta(days=6)


def range_of(station: Station, from_on: date | None, until_on: date | None) -> tuple[date, date]:
    """The days that were asked for; without any, the next calendar month. Both inclusive."""
    first, last = next_month(station.day_of(datetime.now(UTC)))
    if from_on is None and until_on is None:
        return first, last
    start = from_on or station.day_of(datetime.now(UTC))
    return start, until_on or last_day(month_of(start))


from_option = option("--from", "from_on", type=DAY, help=N_("First day (default: the next calendar month)."))
to_option = option(
    "--to", "until_on", type=DAY, help=N_("Last day, inclusive (default: the end of that month).")
)


@plan.command(
    help=N_(
        "Lay every play of some days; what aired, is pinned or frozen stays, the rest moves as little as possible."
    ),
    epilog=N_("Example:\n  loa plan build --from 01/12/2026 --to 31/12/2026"),
)
@from_option
@to_option
@option("--dry-run", is_flag=True, help=N_("Show what would change, change nothing."))
@as_person
@json_option
@with_station
def build(
    station: Station,
    from_on: date | None,
    until_on: date | None,
    dry_run: bool,
    as_name: str | None,
    as_json: bool,
) -> None:
    from content.people import current_person
    from scheduler.station_plan import build as build_plan

    first, last = range_of(station, from_on, until_on)
    with station.read() as session:
        person = current_person(session, station.config, as_name)
    with progress(_("Planning"), 100) as advance:
        done = 0

        def tell(_stage: str, share: float) -> None:
            nonlocal done
            step = max(0, min(100, int(share * 100)) - done)
            done += step
            advance(step)

        built = build_plan(
            station,
            from_on=first,
            until_on=last,
            now=datetime.now(UTC),
            person=person,
            dry_run=dry_run,
            progress=tell,
        )
    if as_json:
        print_json(
            {
                "plan_id": built.plan_id, "from": first, "until": last,
                "added": built.added, "moved": built.moved, "removed": built.removed,
                "plays": [play_json(station, play) for play in built.plays],
                "shortfalls": [shortfall_json(one) for one in built.shortfalls],
                "waiting": [episode.title for episode in built.waiting],
            }
        )  # fmt: skip
        return
    show_days(station, built.plays)
    say(
        N_("{count} plays from {first} to {last}: {added} new, {moved} moved, {removed} taken out."),
        count=len(built.plays), first=f"{first:%d/%m/%Y}", last=f"{last:%d/%m/%Y}", added=built.added, moved=built.moved, removed=built.removed,
    )  # fmt: skip
    for episode in built.waiting:
        say(
            N_("Airtime is reserved for “{title}”, whose items still wait for approval.")
            if episode.parts
            else N_(
                "Airtime is reserved for “{title}”, which has nothing to say yet: put items into it with "
                "`loa programme edit {programme} --item NUMBER`, and have them approved."
            ),
            title=episode.title,
            programme=episode.programme_id,
        )
    if built.silent:
        say(
            ngettext(
                "{count} approved episode has no audio yet: run `loa render --all`.",
                "{count} approved episodes have no audio yet: run `loa render --all`.",
                built.silent,
            ),
            count=built.silent,
        )
    for shortfall in built.shortfalls:
        say(N_("Not met: {reason}"), reason=shortfall_text(shortfall))


@plan.command(
    help=N_("Show the plays of some days: as a list, days by sessions, or a calendar, or as a picture."),
    epilog=N_(
        "Example:\n  loa plan show --from 01/12/2026 --to 07/12/2026\n  loa plan show --week --from 01/12/2026\n"
        "  loa plan show --month --png december.png"
    ),
)
@from_option
@to_option
@option("--week", is_flag=True, help=N_("Days by sessions; without --from and --to, this week."))
@option("--month", is_flag=True, help=N_("A calendar of the month of --from (default: the next month)."))
@option("--html", "html_path", type=click.Path(path_type=Path), help=N_("Write a picture as one HTML file."))
@option("--png", "png_path", type=click.Path(path_type=Path), help=N_("Write a picture as PNG."))
@json_option
@with_station
def show(
    station: Station,
    from_on: date | None,
    until_on: date | None,
    week: bool,
    month: bool,
    html_path: Path | None,
    png_path: Path | None,
    as_json: bool,
) -> None:
    from scheduler.station_plan import plays_between

    if week and month:
        raise click.UsageError(_("give --week or --month, not both"))
    first, last = range_of(station, from_on, until_on)
    if week and until_on is None:
        first, last = week_of(from_on or station.day_of(datetime.now(UTC)))
    elif month:
        first, last = first.replace(day=1), last_day(month_of(first))
    if (html_path or png_path) and (last - first).days >= LONGEST_PICTURE_DAYS:
        raise click.UsageError(_("a picture shows at most {days} days").format(days=LONGEST_PICTURE_DAYS))
    with station.read() as session:
        plays = plays_between(session, station, first, last)
        if as_json:
            print_json([play_json(station, play) for play in plays])
        elif not plays:
            say(
                N_("No play stands from {first} to {last}; `loa plan build` lays them."),
                first=f"{first:%d/%m/%Y}",
                last=f"{last:%d/%m/%Y}",
            )
        if plays and not as_json and not (week or month or html_path or png_path):
            show_days(station, plays)
            return
        if not (html_path or png_path) and (as_json or not plays):
            return
        from scheduler.plan_view.board import month_board, week_board

        board = (
            month_board(station.config, plays, first, _)
            if month
            else week_board(station.config, plays, first, last, _)
        )
    if html_path or png_path:
        from content.atomic import write_bytes
        from scheduler.plan_view.picture import as_html, as_png

        if html_path:
            write_bytes(html_path, as_html(board).encode("utf-8"))
            say(N_("Picture written: {path}"), path=html_path)
        if png_path:
            write_bytes(png_path, as_png(board))
            say(N_("Picture written: {path}"), path=png_path)
    elif not as_json:
        from scheduler.plan_view.terminal import show_board

        show_board(board)


def play_json(station: Station, play: Play) -> dict[str, Any]:
    """One play as `--json` prints it: starts in UTC and in station time."""
    episode = play.episode
    return {
        "id": play.id, "episode_id": play.episode_id, "programme_id": episode.programme_id if episode else None,
        "title": episode.title if episode else None, "kind": play.kind,
        "starts_at": play.starts_at, "start_local": play.starts_at.astimezone(station.tz),
        "length_ms": play.length_ms, "zones": play.zones, "status": play.status, "timing": play.timing,
        "audio_sha256": play.audio_sha256, "make_good_for": play.make_good_for_id,
    }  # fmt: skip


def show_days(station: Station, plays: Iterable[Play]) -> None:
    """One table, a section a day: day, time, number, what, first or replay, length, zones where there are several, status."""
    several = len(station.config.zones) > 1
    rows: list[list[object] | None] = []
    for day, of_day in groupby(plays, key=lambda play: station.day_of(play.starts_at)):
        if rows:
            rows.append(None)
        name = f"{_(WEEKDAYS[day.weekday()])} {day:%d/%m/%Y}"
        for number, play in enumerate(of_day):
            rows.append(
                [
                    "" if number else name,
                    f"{play.starts_at.astimezone(station.tz):%H:%M:%S}",
                    play.id,
                    play.episode.title if play.episode else "",
                    _("first airing") if play.kind == "first" else _("replay"),
                    f"{play.length_ms // 60_000}:{play.length_ms // 1000 % 60:02d}",
                    *([", ".join(play.zones)] if several else []),
                    _(play.status),
                ]
            )
    columns = [_("Day"), _("Time"), _("Play"), _("Title"), _("Airing"), _("Length")]
    print_table(_("Plan"), [*columns, *([_("Zones")] if several else []), _("Status")], rows)


def shortfall_json(shortfall: Any) -> Any:
    """A shortfall as JSON, whatever the planner made of it."""
    to_json = getattr(shortfall, "to_json", None)
    return to_json() if to_json else shortfall


def shortfall_text(shortfall: Any) -> str:
    """A shortfall in one sentence of the screen language."""
    told = getattr(shortfall, "told", None)
    return told(_) if told else str(shortfall)


_WORDS = (
    N_("planned"),
    N_("pinned"),
    N_("aired"),
    N_("missed"),
    N_("cancelled"),
    N_("preempted"),
    N_("emergency"),
)
