"""`loa find`: search, with or without the marks on letters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from content.commands.shell import LoaCommand, json_option, option, print_json, print_table, say, with_station
from content.language import N_, _

if TYPE_CHECKING:
    from content.station import Station

KIND_WORDS = {
    "item": N_("item"),
    "script": N_("script"),
    "programme": N_("programme"),
    "document": N_("document"),
    "as-run": N_("as-run"),
}


@click.command(
    cls=LoaCommand,
    help=N_(
        "Search items, scripts, programmes, documents and the as-run log; “chuyen doi so” finds “chuyển đổi số”."
    ),
    epilog=N_("Example:\n  loa find chuyen doi so"),
)
@click.argument("words", metavar="TEXT...", nargs=-1, required=True)
@option("--kind", "kinds", type=click.Choice(tuple(KIND_WORDS)), multiple=True, help=N_("Only these."))
@option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help=N_("How many at most."))
@json_option
@with_station
def find(station: Station, words: tuple[str, ...], kinds: tuple[str, ...], limit: int, as_json: bool) -> None:
    from scheduler.search import KINDS
    from scheduler.search import find as search

    text = " ".join(words)
    found = search(station, text, kinds=kinds or KINDS, limit=limit)
    if as_json:
        print_json([one.to_json() for one in found])
        return
    if not found:
        say(N_("Nothing holds “{text}”."), text=text)
        return
    print_table(
        _("Found"),
        [_("Kind"), _("No."), _("Title"), _("Text"), _("When")],
        [
            [
                _(KIND_WORDS[one.kind]),
                one.id,
                one.title,
                one.excerpt,
                one.at.astimezone(station.tz).strftime("%d/%m/%Y %H:%M") if one.at else None,
            ]
            for one in found
        ],
    )
