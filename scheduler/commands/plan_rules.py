"""`loa programme rule`: on which days, at what times and how often a programme airs."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from content.commands.choices import DAY
from content.commands.shell import LoaCommand, json_option, option, print_json, print_table, say, with_station
from content.errors import LoaError
from content.language import N_, _

if TYPE_CHECKING:
    from content.station import Station

LOOK_AHEAD_DAYS = 400
WORDS = {
    "counts": N_("Airings"),
    "minutes": N_("Minutes"),
    "on": N_("Days"),
    "every_weeks": N_("Every so many weeks"),
    "weeks_from": N_("Weeks counted from"),
    "weekdays": N_("Weekdays"),
    "hard_start": N_("Exact time"),
    "dayparts": N_("Within these hours"),
    "min_gap_days": N_("Least days between airings"),
    "max_per_day": N_("Most airings a day"),
    "place": N_("Place in the session"),
}
DAY_NAMES = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)
PLACES = ("first", "last", "anywhere")
RANGE = re.compile(r"(\d{1,4})(?:\s*[-–]\s*(\d{1,4}))?")
DAYPART = re.compile(r"(\d{1,2}:\d{2})\s*[-–]\s*(\d{1,2}:\d{2})")


class RangeWordsError(LoaError):
    """A count that is neither a number nor a range."""

    sentence = N_("{value!r} is neither a number nor a range; write it like 2 or 2-3")


class DaypartError(LoaError):
    """A part of the day that cannot be read."""

    sentence = N_("{value!r} is no part of a day; write it like 05:00-08:00")


@click.command(
    cls=LoaCommand,
    help=N_(
        "Say when and how often a programme airs, beside its new episodes a month; without options, show its rules."
    ),
    epilog=N_(
        'Example:\n  loa programme rule 1 --on rằm --on "mùng 1" --start 17:10\n'
        "  loa programme rule 2 --times 2-3 --per week --weekday 2 --weekday 4\n"
        "  loa programme rule 3 --minutes 30-45 --per week --every-weeks 2 --place first"
    ),
)
@click.argument("programme_id", metavar="PROGRAMME", type=int)
@option("--times", metavar="N[-M]", help=N_("At least N airings a period, at most M."))
@option("--minutes", metavar="N[-M]", help=N_("At least N minutes a period, at most M."))
@option(
    "--per",
    type=click.Choice(["day", "week", "month", "total"]),
    default="week",
    show_default=True,
    help=N_("The period of --times and --minutes."),
)
@option(
    "--on",
    multiple=True,
    metavar="DAY",
    help=N_("Only on such days: rằm, mùng 1, Tết, a holiday, 'first monday of the month', a date."),
)
@option("--every-weeks", type=click.IntRange(1, 52), help=N_("Only in every Nth week."))
@option("--weeks-from", type=DAY, help=N_("The week from which --every-weeks counts."))
@option(
    "--weekday",
    "weekdays",
    multiple=True,
    type=click.IntRange(1, 7),
    help=N_("Only on this weekday, 1 Monday to 7 Sunday (may be repeated)."),
)
@option("--start", "starts", multiple=True, metavar="HH:MM", help=N_("Exactly at this time of day."))
@option("--daypart", "dayparts", multiple=True, metavar="HH:MM-HH:MM", help=N_("Only within these hours."))
@option("--gap-days", type=click.IntRange(0, 60), help=N_("Least days from one airing to the next."))
@option("--most-a-day", type=click.IntRange(1, 24), help=N_("Most airings on one day."))
@option("--place", type=click.Choice(PLACES), help=N_("Where in its session it airs."))
@option("--clear", is_flag=True, help=N_("Forget the rules it has first."))
@json_option
@with_station
def rule(station: Station, programme_id: int, clear: bool, as_json: bool, **asked: Any) -> None:
    from content.items import get_programme
    from content.programmes import edit_programme
    from scheduler.planner import beyond

    wanted = rules_of(**asked)
    with station.decide() as session:
        found = get_programme(session, programme_id)
        rules = {**({} if clear else found.rules or {}), **wanted}
        if asked["place"] == "anywhere":
            rules.pop("place", None)
        today = station.day_of(datetime.now(UTC))
        beyond.translate(
            rules,
            length_s=max(1, found.target_length_ms // 1000),
            horizon=(today, today + timedelta(days=LOOK_AHEAD_DAYS)),
        )
        if clear or asked["place"] or wanted:
            edit_programme(found, {"rules": rules})
        title = found.title
    if as_json:
        print_json({"id": programme_id, "rules": rules})
        return
    if not rules:
        say(N_("“{title}” has no rules of its own."), title=title)
        return
    print_table(
        title,
        [_("Rule"), _("Value")],
        [[_(WORDS.get(name, name)), in_words(name, value)] for name, value in rules.items()],
    )


def rules_of(
    *,
    times: str | None = None,
    minutes: str | None = None,
    per: str = "week",
    on: tuple[str, ...] = (),
    every_weeks: int | None = None,
    weeks_from: date | None = None,
    weekdays: tuple[int, ...] = (),
    starts: tuple[str, ...] = (),
    dayparts: tuple[str, ...] = (),
    gap_days: int | None = None,
    most_a_day: int | None = None,
    place: str | None = None,
) -> dict[str, Any]:
    """The rules of docs/planner.md that the options ask for. Raises: RangeWordsError, DaypartError."""
    rules: dict[str, Any] = {}
    if times is not None:
        least, most = _range(times)
        rules["counts"] = [{"per": per, "min": least, "target": least} | ({"max": most} if most else {})]
    if minutes is not None:
        least, most = _range(minutes)
        rules["minutes"] = {"per": per, "min": least} | ({"max": most} if most else {})
    if dayparts:
        rules["dayparts"] = [_daypart(part) for part in dayparts]
    for name, value in (
        ("on", list(on)),
        ("every_weeks", every_weeks),
        ("weeks_from", weeks_from.isoformat() if weeks_from else None),
        ("weekdays", sorted(set(weekdays))),
        ("hard_start", list(starts)),
        ("min_gap_days", gap_days),
        ("max_per_day", most_a_day),
        ("place", place if place != "anywhere" else None),
    ):
        if value not in (None, []):
            rules[name] = value
    return rules


def in_words(name: str, value: Any) -> str:
    """A rule's value in one line."""
    if name == "dayparts" and isinstance(value, list):
        return ", ".join("–".join(map(str, part)) for part in value)
    if name == "weekdays" and isinstance(value, list):
        return ", ".join(_(DAY_NAMES[number - 1]) for number in value)
    if name == "place":
        return _("opens the session") if value == "first" else _("closes the session")
    if isinstance(value, list):
        return ", ".join(in_words(name, one) for one in value)
    if isinstance(value, dict) and "per" in value:
        least, most = value.get("min") or value.get("target") or 0, value.get("max")
        return _("{least} a {period}").format(
            least=f"{least}–{most}" if most else least, period=_(str(value["per"]))
        )
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)


def _range(value: str) -> tuple[int, int | None]:
    found = RANGE.fullmatch(value.strip())
    if found is None:
        raise RangeWordsError(value=value)
    least, most = int(found[1]), int(found[2]) if found[2] else None
    if most is not None and most < least:
        raise RangeWordsError(value=value)
    return least, most


def _daypart(value: str) -> list[str]:
    found = DAYPART.fullmatch(value.strip())
    if found is None:
        raise DaypartError(value=value)
    start, end = (_clock(part, value) for part in found.groups())
    if end <= start:
        raise DaypartError(value=value)
    return [start, end]


def _clock(clock: str, whole: str) -> str:
    """HH:MM with two digits each. Raises: DaypartError."""
    hours, minutes = (int(part) for part in clock.split(":"))
    if hours > 24 or minutes > 59 or hours * 60 + minutes > 24 * 60:
        raise DaypartError(value=whole)
    return f"{hours:02d}:{minutes:02d}"
