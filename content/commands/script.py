"""`loa script`: the words as they will be spoken."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from content.commands.choices import WORDS_FILE
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
from content.language import N_, _, ngettext

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from content.models import Item, Script
    from content.station import Station


@click.group(
    cls=LoaGroup,
    help=N_("Scripts: an item's own words as they will be spoken, in versions."),
    epilog=N_("Example:\n  loa script show 3\n  loa script edit 3"),
)
def script() -> None:
    pass


version_option = option(
    "--version", "number", type=click.IntRange(1), help=N_("This version instead of the newest.")
)


@script.command(
    help=N_("Show a script: spoken words, pauses, estimated length, what is not known."),
    epilog=N_("Example:\n  loa script show 3 --json"),
)
@click.argument("item_id", metavar="ITEM", type=int)
@version_option
@json_option
@with_station
def show(station: Station, item_id: int, number: int | None, as_json: bool) -> None:
    from content.items import VIETNAMESE

    with station.read() as session:
        item, found = _script(session, item_id, number)
        if as_json:
            print_json(_json(found))
            return
        print_table(
            _("{title}: version {version}, {status}, about {seconds} s").format(
                title=item.title,
                version=found.version,
                status=_(found.status),
                seconds=round(found.estimated_ms / 1000),
            ),
            [_("No."), _("Spoken"), _("Pause (ms)"), _("As written")],
            [
                [index, one["spoken"], one["pause_after_ms"], one["text"]]
                for index, one in enumerate(found.sentences, 1)
            ],
        )
        if item.language != VIETNAMESE:
            say(
                N_(
                    "Numbers and dates are left to the voice of the language {language!r}: listen before you approve, with `loa audio preview {item}`."
                ),
                language=item.language,
                item=item.id,
            )
        for text in dict.fromkeys(unknown["text"] for unknown in found.unknowns):
            say(
                N_(
                    'Not known: {text}. Teach it with `loa lexicon add "{text}" "READING"`, or accept it with `loa lexicon add --letters "{text}"`.'
                ),
                text=text,
            )


@script.command(
    help=N_(
        "Change a script: its lines open in $EDITOR, or come from a file. The change is a new version and needs approval."
    ),
    epilog=N_("Example:\n  loa script edit 3\n  loa script edit 3 --file words.txt"),
)
@click.argument("item_id", metavar="ITEM", type=int)
@option(
    "--file",
    "file",
    type=WORDS_FILE,
    help=N_("Read the lines from a file (- for standard input)."),
)
@as_person
@with_station
def edit(station: Station, item_id: int, file: str | None, as_name: str | None) -> None:
    from content import people
    from content.drafting import lexicon_of, pace_of, reading_of
    from content.items import VIETNAMESE
    from content.script_versions import save_version
    from content.scripts.edit import edited, lines_of

    with station.read() as session:
        item, found = _script(session, item_id, None)
        lines = lines_of(found.sentences)
    text = file if file is not None else click.edit("\n".join(lines) + "\n", extension=".txt")
    if text is None or text.splitlines() == lines:
        say(N_("Nothing is changed."))
        return
    with station.decide() as session:
        person = people.current_person(session, station.config, as_name)
        item, found = _script(session, item_id, None)
        changed = edited(
            found.sentences, found.unknowns, text.splitlines(), vietnamese=item.language == VIETNAMESE,
            reading=reading_of(station.config), lexicon=lexicon_of(station), pace=pace_of(station.config, item.voice),
        )  # fmt: skip
        saved = save_version(
            session,
            item,
            sentences=changed.sentences,
            unknowns=changed.unknowns,
            estimated_ms=changed.estimated_ms,
            now=datetime.now(UTC),
            person=person,
        )
        version = saved.version
    say(
        N_("Version {version} of the script is saved; hand it in with `loa item submit {item}`."),
        version=version,
        item=item_id,
    )


@script.command(
    help=N_("Draft scripts anew from their items' words, with the word list as it is now."),
    epilog=N_("Example:\n  loa script draft 3\n  loa script draft --unknown"),
)
@click.argument("item_ids", metavar="ITEM...", type=int, nargs=-1)
@option("--unknown", is_flag=True, help=N_("Every item whose script waits for an unknown word."))
@as_person
@with_station
def draft(station: Station, item_ids: tuple[int, ...], unknown: bool, as_name: str | None) -> None:
    from content import people
    from content.drafting import draft_item
    from content.items import current_script, get_item, list_items

    if bool(item_ids) == unknown:
        raise click.UsageError(_("name items, or --unknown"))
    count = 0
    with station.decide() as session:
        person = people.current_person(session, station.config, as_name)
        if unknown:
            waiting = [
                item
                for item in list_items(session)
                if (now := current_script(session, item)) is not None
                and now.unknowns
                and item.status != "retired"
            ]
        else:
            waiting = [get_item(session, item_id) for item_id in item_ids]
        for item in waiting:
            draft_item(session, station, item, now=datetime.now(UTC), person=person)
            count += 1
    say(ngettext("{count} script is drafted", "{count} scripts are drafted", count), count=count)


@script.command(
    help=N_("The spoken words of a script or of one sentence, ready to read aloud."),
    epilog=N_("Example:\n  loa script preview 3 --sentence 2"),
)
@click.argument("item_id", metavar="ITEM", type=int)
@option("--sentence", "sentence", type=click.IntRange(1), help=N_("Only this sentence."))
@json_option
@with_station
def preview(station: Station, item_id: int, sentence: int | None, as_json: bool) -> None:
    from content.drafting import pace_of

    with station.read() as session:
        item, found = _script(session, item_id, None)
        chosen = list(enumerate(found.sentences, 1))
        if sentence is not None:
            chosen = [one for one in chosen if one[0] == sentence]
            if not chosen:
                raise _no_sentence(sentence, len(found.sentences))
        pace = pace_of(station.config, item.voice)
        rows = [
            {
                "number": index,
                "spoken": one["spoken"],
                "estimated_ms": pace.length_ms(one["spoken"]),
                "pause_after_ms": one["pause_after_ms"],
            }
            for index, one in chosen
        ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        click.echo(row["spoken"])
    total_ms = sum(row["estimated_ms"] + row["pause_after_ms"] for row in rows)
    say(N_("about {seconds} s"), seconds=round(total_ms / 1000))


@script.command(
    help=N_("What changed between two versions, in spoken words."),
    epilog=N_("Example:\n  loa script diff 3 --from 1 --to 2"),
)
@click.argument("item_id", metavar="ITEM", type=int)
@option(
    "--from",
    "first",
    type=click.IntRange(1),
    help=N_("The earlier version (else the one before the newest)."),
)
@option("--to", "last", type=click.IntRange(1), help=N_("The later version (else the newest)."))
@json_option
@with_station
def diff(station: Station, item_id: int, first: int | None, last: int | None, as_json: bool) -> None:
    from content.scripts.edit import difference

    with station.read() as session:
        _item, after = _script(session, item_id, last)
        if first is None and after.version == 1:
            raise _only_version(item_id)
        _item, before = _script(session, item_id, first or after.version - 1)
        lines = difference(
            before.sentences, after.sentences, f"{item_id} v{before.version}", f"{item_id} v{after.version}"
        )
    if as_json:
        print_json(lines)
        return
    for line in lines:
        click.echo(line)
    if not lines:
        say(N_("The two versions say the same."))


def _script(session: Session, item_id: int, number: int | None) -> tuple[Item, Script]:
    from content.items import current_script, get_item
    from content.script_versions import versions
    from content.scripts.missing import NoScriptError, NoVersionError

    item = get_item(session, item_id)
    if number is None:
        found = current_script(session, item)
        if found is None:
            raise NoScriptError(item=item_id)
        return item, found
    for version in versions(session, item):
        if version.version == number:
            return item, version
    raise NoVersionError(item=item_id, version=number)


def _only_version(item_id: int) -> Exception:
    from content.scripts.missing import OnlyVersionError

    return OnlyVersionError(item=item_id)


def _no_sentence(number: int, count: int) -> Exception:
    from content.scripts.missing import NoSentenceError

    return NoSentenceError(number=number, count=count)


def _json(found: Script) -> dict[str, Any]:
    return {
        "item": found.item_id,
        "version": found.version,
        "status": found.status,
        "sha256": found.sha256,
        "estimated_ms": found.estimated_ms,
        "sentences": found.sentences,
        "unknowns": found.unknowns,
        "created_at": found.created_at,
        "created_by": found.created_by,
    }
