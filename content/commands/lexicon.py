"""`loa lexicon`: teach Loa abbreviations and names."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from content.commands.shell import LoaGroup, json_option, option, print_json, print_table, say, with_station
from content.language import N_, _, ngettext

if TYPE_CHECKING:
    from content.station import Station


@click.group(
    cls=LoaGroup,
    help=N_("The station's own words: what an abbreviation, a name or a code is read as."),
    epilog=N_('Example:\n  loa lexicon add BHTN "bảo hiểm thất nghiệp"\n  loa lexicon check'),
)
def lexicon() -> None:
    pass


@lexicon.command(
    help=N_("Teach a reading; with --letters, accept it letter by letter."),
    epilog=N_('Example:\n  loa lexicon add BHTN "bảo hiểm thất nghiệp"\n  loa lexicon add --letters XYZ'),
)
@click.argument("written")
@click.argument("spoken", required=False)
@option("--letters", is_flag=True, help=N_("Read it letter by letter."))
@option(
    "--place",
    type=click.Choice(["text", "type", "code", "dept", "foreign", "name"]),
    default="text",
    show_default=True,
    help=N_("Where it stands: running text, or a part of a document's number (type, code, dept)."),
)
@option("--before", default="", help=N_("Only after these words (a regular expression)."))
@option("--after", default="", help=N_("Only before these words (a regular expression)."))
@option("--source", default="", help=N_("Where the reading comes from."))
@with_station
def add(
    station: Station,
    written: str,
    spoken: str | None,
    letters: bool,
    place: str,
    before: str,
    after: str,
    source: str,
) -> None:
    from content.lexicon import Entry, shipped, station_list

    if letters == (spoken is not None):
        raise click.UsageError(_("give a reading, or --letters"))
    if letters:
        entry = station_list.spelled(written, source)
    else:
        entry = Entry(
            written=written.strip(),
            spoken=" ".join((spoken or "").split()),
            place=place,
            before=before,
            after=after,
            source=source,
        )
    entry = station_list.checked(entry)
    entries = station_list.added(station_list.read_station_list(station.lexicon_path), entry)
    station_list.write_station_list(station.lexicon_path, entries)
    say(N_("{written} is read as: {spoken}"), written=entry.written, spoken=entry.spoken)
    for conflict in station_list.conflicts([entry], shipped()):
        say(
            N_("The shipped list reads it as: {present}. The station's reading wins."),
            present=conflict.present,
        )
    say(N_("Bring it into scripts that wait for it with `loa script draft --unknown`."))


@lexicon.command(
    help=N_("Take words out of the station's own list."), epilog=N_("Example:\n  loa lexicon remove BHTN")
)
@click.argument("written", nargs=-1, required=True)
@with_station
def remove(station: Station, written: tuple[str, ...]) -> None:
    from content.lexicon import station_list

    entries = station_list.read_station_list(station.lexicon_path)
    for word in written:
        entries = station_list.removed(entries, word)
    station_list.write_station_list(station.lexicon_path, entries)
    say(N_("Taken out: {words}"), words=", ".join(written))


@lexicon.command(
    "list",
    help=N_("List words, shipped and own."),
    epilog=N_("Example:\n  loa lexicon list --find TT\n  loa lexicon list --station"),
)
@option("--station", "own_only", is_flag=True, help=N_("Only the station's own."))
@option("--find", "find", default="", help=N_("Only where this stands in the written or the spoken words."))
@option("--domain", default="", help=N_("Only of this domain, such as health."))
@json_option
@with_station
def list_(station: Station, own_only: bool, find: str, domain: str, as_json: bool) -> None:
    from content.lexicon import shipped, station_list

    own = station_list.read_station_list(station.lexicon_path)
    entries = [*own, *(() if own_only else shipped().entries)]
    needle = find.casefold()
    entries = [
        entry
        for entry in entries
        if (not needle or needle in entry.written.casefold() or needle in entry.spoken.casefold())
        and (not domain or entry.domain == domain)
    ]
    if as_json:
        names = ("written", "spoken", "place", "before", "after", "domain", "source")
        print_json([{name: getattr(entry, name) for name in names} for entry in entries])
        return
    print_table(
        _("Words"),
        [
            _("Written"),
            _("Spoken"),
            _("Where"),
            _("After the words"),
            _("Before the words"),
            _("Domain"),
            _("Source"),
        ],
        [
            [entry.written, entry.spoken, entry.place, entry.before, entry.after, entry.domain, entry.source]
            for entry in entries
        ],
        empty=N_("There is no such word; teach one with `loa lexicon add WRITTEN SPOKEN`."),
    )


@lexicon.command(
    "import",
    help=N_("Take in a TSV file; different readings are shown, and win only with --replace."),
    epilog=N_("Example:\n  loa lexicon import words.tsv"),
)
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@option("--replace", is_flag=True, help=N_("The file's reading wins over the station's own."))
@option("--dry-run", is_flag=True, help=N_("Only show what would change."))
@with_station
def import_(station: Station, path: Path, replace: bool, dry_run: bool) -> None:
    from content.lexicon import station_list

    if not path.is_file():
        raise station_list.StationListError(path=path, problems="no such file")
    merged = station_list.merged(
        station_list.read_station_list(station.lexicon_path),
        station_list.read_station_list(path),
        replace=replace,
    )
    for conflict in merged.conflicts:
        say(
            N_("{written}: the station reads {present!r}, the file {other!r}"),
            written=conflict.written,
            present=conflict.present,
            other=conflict.other,
        )
    if not dry_run:
        station_list.write_station_list(station.lexicon_path, merged.entries)
    say(ngettext("{count} new word", "{count} new words", len(merged.added)), count=len(merged.added))


@lexicon.command(
    help=N_("Write the station's own words as TSV."), epilog=N_("Example:\n  loa lexicon export words.tsv")
)
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False), required=False)
@option("--all", "everything", is_flag=True, help=N_("The shipped words too."))
@with_station
def export(station: Station, path: Path | None, everything: bool) -> None:
    from content import atomic
    from content.lexicon import shipped, station_list

    entries = station_list.read_station_list(station.lexicon_path)
    text = station_list.to_tsv(shipped().over(entries).entries if everything else entries)
    if path is None:
        sys.stdout.write(text)
    else:
        atomic.write_text(path, text)
        say(N_("Written to {path}"), path=path)


@lexicon.command(
    help=N_("Check the station's list: bad lines, conflicts with the shipped one."),
    epilog=N_("Example:\n  loa lexicon check"),
)
@json_option
@with_station
def check(station: Station, as_json: bool) -> None:
    from content.lexicon import shipped, station_list

    entries = station_list.read_station_list(station.lexicon_path)
    found = station_list.conflicts(entries, shipped())
    if as_json:
        print_json(
            [
                {"written": one.written, "place": one.place, "shipped": one.present, "station": one.other}
                for one in found
            ]
        )
        return
    if found:
        print_table(
            _("Read otherwise than in the shipped list"),
            [_("Written"), _("Where"), _("Shipped"), _("Station")],
            [[one.written, one.place, one.present, one.other] for one in found],
        )
    say(
        ngettext("{count} word, all readable", "{count} words, all readable", len(entries)),
        count=len(entries),
    )
