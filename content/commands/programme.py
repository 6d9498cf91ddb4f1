"""`loa programme`: recurring columns and their rules."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from content import people, shown
from content.carry import chain_of
from content.commands.choices import DAY
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
from content.config import VOICES
from content.drafting import join
from content.episodes import episodes_of
from content.greetings import draft_greetings, greeting_of
from content.items import GREETINGS, get_item, get_programme
from content.language import N_, _
from content.programmes import add_programme, edit_programme, items_of, list_programmes, programme_json

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from content.models import Item, Programme
    from content.station import Station


@click.group(
    cls=LoaGroup,
    sections={
        N_("Commands"): {
            "rule": ("scheduler.commands.plan_rules:rule", N_("When and how often a programme airs.")),
        }
    },
    help=N_("Recurring columns (chuyên mục) and the rules they must meet."),
    epilog=N_('Example:\n  loa programme add "Chuyển đổi số" --new-per-month 1 --min-replays 3'),
)
def programme() -> None:
    pass


def _settings(command: Any) -> Any:
    for decorator in reversed(
        (
            option("--topic", help=N_("Subject, for keeping like apart.")),
            option("--lead-unit", help=N_("The unit that answers for it.")),
            option("--new-per-month", type=int, help=N_("New episodes in each calendar month.")),
            option(
                "--min-replays",
                "min_replays_per_month",
                type=int,
                help=N_("Least replays of each episode in its month."),
            ),
            option(
                "--minutes",
                type=click.FloatRange(0.5, 120),
                help=N_("Target length of an episode, in minutes."),
            ),
            option("--zone", "zones", multiple=True, help=N_("Only in this zone (may be repeated).")),
            option("--priority", type=click.IntRange(1, 5), help=N_("1 is the highest, 5 the lowest.")),
            option("--from", "valid_from_on", type=DAY, help=N_("First day.")),
            option("--until", "valid_until_on", type=DAY, help=N_("Last day.")),
            option("--voice", type=click.Choice(VOICES), help=N_("The voice that speaks it.")),
        )
    ):
        command = decorator(command)
    return command


@programme.command(
    help=N_("Add a programme."),
    epilog=N_('Example:\n  loa programme add "Chuyển đổi số" --new-per-month 1 --min-replays 3'),
)
@click.argument("title")
@_settings
@as_person
@with_station
def add(station: Station, title: str, as_name: str | None, **settings: Any) -> None:
    now = datetime.now(UTC)
    with station.decide() as session:
        person = _person(session, station, as_name)
        made = add_programme(session, title=title, now=now, **_columns(settings))
        number = made.id
        greetings = [one.id for one in draft_greetings(session, station, made, now=now, person=person)]
    say(N_("Programme {id} is there. Put items into it with `loa programme edit {id} --item N`."), id=number)
    tell_greetings(greetings)


@programme.command(
    help=N_("Change a programme: its settings, its items, its status."),
    epilog=N_("Example:\n  loa programme edit 1 --item 4 --item 5 --status active"),
)
@click.argument("programme_id", metavar="PROGRAMME", type=int)
@option("--title", help=N_("New title."))
@option(
    "--item", "items", multiple=True, type=int, help=N_("Put this item into its episodes (may be repeated).")
)
@option("--status", type=click.Choice(["active", "retired"]), help=N_("active: planned; retired: no longer."))
@option(
    "--greeting", is_flag=True, help=N_("Draft the spoken opening and closing that it lacks, to be approved.")
)
@_settings
@as_person
@with_station
def edit(
    station: Station,
    programme_id: int,
    items: tuple[int, ...],
    greeting: bool,
    as_name: str | None,
    **settings: Any,
) -> None:
    now = datetime.now(UTC)
    greetings: list[int] = []
    with station.decide() as session:
        person = _person(session, station, as_name)
        found = get_programme(session, programme_id)
        edit_programme(found, _columns(settings))
        if greeting:
            greetings = [one.id for one in draft_greetings(session, station, found, now=now, person=person)]
        joined = [
            join(session, station, get_item(session, item_id), found, now=now, person=person)
            for item_id in items
        ]
        parts = [(one.id, [part.id for part in chain_of(session, one)]) for one in joined]
    say(N_("Programme {id} is changed; `loa plan build` lays it anew."), id=programme_id)
    tell_greetings(greetings)
    for item_id, chain in parts:
        tell_parts(item_id, chain)


@programme.command("list", help=N_("List programmes."), epilog=N_("Example:\n  loa programme list --json"))
@option("--all", "retired", is_flag=True, help=N_("Retired ones too."))
@json_option
@with_station
def list_(station: Station, retired: bool, as_json: bool) -> None:
    with station.read() as session:
        programmes = list_programmes(session, retired=retired)
        if as_json:
            print_json([programme_json(one) for one in programmes])
            return
        print_table(
            _("Programmes"),
            [_("No."), _("Title"), _("Rule"), _("Status"), _("Items")],
            [
                [one.id, one.title, rule_in_words(one), _(one.status), len(items_of(session, one))]
                for one in programmes
            ],
            empty=N_(
                "There is no programme yet: documents that order one bring it (`loa document import FILE`), or `loa programme add TITLE`."
            ),
        )


@programme.command(
    help=N_("Show one programme with the sentence that orders it."),
    epilog=N_("Example:\n  loa programme show 1"),
)
@click.argument("programme_id", metavar="PROGRAMME", type=int)
@json_option
@with_station
def show(station: Station, programme_id: int, as_json: bool) -> None:
    with station.read() as session:
        found = get_programme(session, programme_id)
        items = items_of(session, found)
        opening, closing = (greeting_of(session, found, kind) for kind in GREETINGS)
        episodes = episodes_of(session, found)
        if as_json:
            print_json(
                {
                    **programme_json(found),
                    "items": [item.id for item in items],
                    "opening": opening.id if opening else None,
                    "closing": closing.id if closing else None,
                    "episodes": [
                        {
                            "id": one.id, "month": one.month, "number": one.number, "title": one.title,
                            "items": [part.item_id for part in one.parts],
                        }
                        for one in episodes
                    ],
                }
            )  # fmt: skip
            return
        print_table(
            found.title,
            [_("Field"), _("Value")],
            [
                [_("Status"), _(found.status)],
                [_("Rule"), rule_in_words(found)],
                [_("Ordered by"), found.rule_text],
                [_("Document"), found.document_id],
                [_("Lead unit"), found.lead_unit],
                [
                    _("Target length"),
                    _("{minutes:.1f} minutes").format(
                        **shown.facts({"minutes": found.target_length_ms / 60_000})
                    ),
                ],
                [_("Spoken opening"), _named(opening)],
                [_("Spoken closing"), _named(closing)],
                [_("Items"), "\n".join(_named(item) for item in items)],
            ],
        )
        if episodes:
            print_table(
                _("Episodes"),
                [_("Episode"), _("Items, in the order they are heard")],
                [[one.title, "\n".join(_named(part.item) for part in one.parts)] for one in episodes],
            )


def _person(session: Session, station: Station, as_name: str | None) -> str | None:
    """Who acts; None for an account of nobody: a programme needs no editor, the words of its items do."""
    try:
        return people.current_person(session, station.config, as_name)
    except people.UnknownAccountError:
        return None


def tell_greetings(item_ids: list[int]) -> None:
    """Say which items are a programme's new opening and closing."""
    if item_ids:
        say(
            N_("Its spoken opening and closing are drafted as items {items}: submit and approve them too."),
            items=", ".join(map(str, item_ids)),
        )


def tell_parts(item_id: int, chain: list[int]) -> None:
    """Say that an item was too long for one episode and goes on in the next ones."""
    if len(chain) > 1:
        say(
            N_("Item {id} is too long for one episode: it goes on in the next ones, as items {items}, each to be approved."),
            id=item_id,
            items=", ".join(map(str, chain)),
        )  # fmt: skip


def _named(item: Item | None) -> str:
    return f"{item.id}. {item.title} ({_(item.status)})" if item else ""


def rule_in_words(found: Programme) -> str:
    """The rule in one line of the screen language."""
    if found.new_per_month:
        return _("{new} new a month, each replayed at least {replays} times").format(
            new=found.new_per_month, replays=found.min_replays_per_month or 0
        )
    parts = []
    for count in (found.rules or {}).get("counts", []):
        parts.append(
            _("{least} a {period}").format(
                least=count.get("min") or count.get("target") or 0, period=_(count["per"])
            )
        )
    return ", ".join(parts) or _("once a week")


def _columns(settings: dict[str, Any]) -> dict[str, Any]:
    columns = {name: value for name, value in settings.items() if value not in (None, ())}
    if "minutes" in columns:
        columns["target_length_ms"] = int(columns.pop("minutes") * 60_000)
    if "zones" in columns:
        columns["zones"] = list(columns["zones"])
    return columns


_WORDS: tuple[str, ...] = (
    N_("proposed"),
    N_("active"),
    N_("retired"),
    N_("day"),
    N_("week"),
    N_("month"),
    N_("range"),
    N_("total"),
)
