"""`loa normalise`: written text into spoken words."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from content.commands.shell import LoaCommand, json_option, option, print_json, print_table
from content.language import N_, _

if TYPE_CHECKING:
    from content.lexicon import Lexicon
    from content.normalise import Reading, Spoken


@click.command(
    cls=LoaCommand,
    help=N_(
        "Say TEXT as a newsreader would: one line in, one line of spoken words out (- or nothing: standard input)."
    ),
    epilog=N_(
        'Example:\n  loa normalise "Nghị quyết số 57-NQ/TW"\n  loa normalise --explain "từ 5h30 ngày 02/9"\n  loa normalise - < notice.txt'
    ),
)
@click.argument("text", metavar="[TEXT|-]", required=False)
@option("--explain", is_flag=True, help=N_("Show each change with its rule, and what is not known."))
@json_option
@click.pass_context
def normalise(ctx: click.Context, text: str | None, explain: bool, as_json: bool) -> None:
    from content.normalise import normalise as say_as_spoken

    reading, lexicon = _station_ways(ctx)
    results = []
    for line in _lines(text):
        said = say_as_spoken(line, reading, lexicon)
        if as_json:
            results.append(_json(line, said))
        elif explain:
            _explain(line, said)
        else:
            click.echo(said.text)
            for unknown in said.unknowns:
                click.echo(
                    _("not known: {text} (characters {start} to {end})").format(
                        text=unknown.text, start=unknown.start, end=unknown.end
                    ),
                    err=True,
                )
    if as_json:
        print_json(results)


def _lines(text: str | None) -> Iterator[str]:
    if text is not None and text != "-":
        yield text
        return
    for line in sys.stdin:
        yield line.rstrip("\r\n")


def _station_ways(ctx: click.Context) -> tuple[Reading, Lexicon]:
    """The reading and words of the station here; the defaults where there is none."""
    from content.config import ConfigMissingError, find_config
    from content.lexicon import shipped
    from content.normalise import DEFAULT_READING

    chosen = ctx.find_root().params.get("config_path")
    try:
        path = find_config(chosen)
    except ConfigMissingError:
        if chosen is not None:
            raise
        return DEFAULT_READING, shipped()
    from content.config import read_config
    from content.drafting import reading_of
    from content.lexicon.station_list import read_station_list

    own = read_station_list(path.resolve().parent / "lexicon.tsv")
    return reading_of(read_config(path)), shipped().over(own) if own else shipped()


def _json(line: str, said: Spoken) -> dict[str, Any]:
    return {
        "text": line,
        "spoken": said.text,
        "changes": [
            {
                "source": line[change.start : change.end],
                "span": [change.start, change.end],
                "spoken": change.text,
                "rule": change.rule,
            }
            for change in said.changes
        ],
        "unknowns": [
            {"text": unknown.text, "kind": unknown.kind, "span": [unknown.start, unknown.end]}
            for unknown in said.unknowns
        ],
    }


def _explain(line: str, said: Spoken) -> None:
    click.echo(said.text)
    if said.changes:
        print_table(
            _("Changes"),
            [_("From"), _("To"), _("Rule"), _("Place")],
            [
                [line[change.start : change.end], change.text, change.rule, f"{change.start}-{change.end}"]
                for change in said.changes
            ],
        )
    for unknown in said.unknowns:
        click.echo(
            _("not known: {text} (characters {start} to {end})").format(
                text=unknown.text, start=unknown.start, end=unknown.end
            ),
            err=True,
        )
