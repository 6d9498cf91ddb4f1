"""`loa init`: a new station folder."""

from __future__ import annotations

from pathlib import Path

import click

from content.commands.shell import LoaCommand, say
from content.language import N_
from content.station import init_station


@click.command(
    cls=LoaCommand,
    help=N_("Make a new station in DIR: config.toml, database, media folder, lexicon."),
    epilog=N_("Example:\n  loa init my-station"),
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def init(folder: Path) -> None:
    init_station(folder).close()
    say(
        N_(
            'A new station stands in {folder}. Next: go there with `cd "{folder}"`, set its name, zones and sessions in config.toml, '
            "then `loa document import FILE`."
        ),
        folder=folder,
    )
