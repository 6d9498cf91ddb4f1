"""`loa item`: items to broadcast, and their way to approval."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from content import approval, events, people
from content.carry import chain_of
from content.commands.choices import DAY, WORDS_FILE
from content.commands.programme import tell_parts
from content.commands.several import PersonOf, for_each
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
from content.drafting import draft_item, join
from content.items import (
    KINDS,
    add_item,
    current_script,
    edit_item,
    get_item,
    get_programme,
    item_json,
    list_items,
)
from content.language import N_, _
from content.models import BULLETIN_CLASSES, ITEM_STATUS
from content.newest_sound import NewestSound, newest_sound, told_once

if TYPE_CHECKING:
    from content.station import Station


@click.group(
    cls=LoaGroup,
    help=N_("Items to broadcast: one content each, from draft to approved."),
    epilog=N_("Example:\n  loa item submit 3\n  loa item approve 3 --as Minh"),
)
def item() -> None:
    pass


def _settings(command: Any) -> Any:
    for decorator in reversed(
        (
            option("--kind", type=click.Choice(KINDS), help=N_("Which script template it takes.")),
            option(
                "--class",
                "bulletin_class",
                type=click.Choice(BULLETIN_CLASSES),
                help=N_("Bulletin class (TT 39/2020)."),
            ),
            option("--topic", help=N_("Subject, for keeping like apart.")),
            option(
                "--programme", "programme_id", type=int, help=N_("The programme whose episodes carry it.")
            ),
            option("--priority", type=click.IntRange(1, 5), help=N_("1 is the highest, 5 the lowest.")),
            option("--from", "valid_from_on", type=DAY, help=N_("First day on which it may air.")),
            option("--until", "valid_until_on", type=DAY, help=N_("Last day on which it may air.")),
            option("--per-week", type=click.IntRange(1, 50), help=N_("Airings a week.")),
            option("--voice", type=click.Choice(VOICES), help=N_("The voice that speaks it.")),
            option("--language", help=N_("The language of its words, such as vi, km or jra.")),
            option(
                "--translates",
                "translates_id",
                metavar="ITEM",
                type=int,
                help=N_("The item of which it is the version in another language."),
            ),
            option(
                "--file",
                "file",
                type=WORDS_FILE,
                help=N_("Read the text from a file (- for standard input)."),
            ),
        )
    ):
        command = decorator(command)
    return command


@item.command("list", help=N_("List items."), epilog=N_("Example:\n  loa item list --status submitted"))
@option("--status", type=click.Choice(ITEM_STATUS), help=N_("Only items of this status."))
@option("--document", "document_id", type=int, help=N_("Only items of this document."))
@json_option
@with_station
def list_(station: Station, status: str | None, document_id: int | None, as_json: bool) -> None:
    with station.read() as session:
        items = list_items(session, status=status, document_id=document_id)
        if as_json:
            print_json([item_json(one) for one in items])
            return
        print_table(
            _("Items"),
            [_("No."), _("Ref"), _("Title"), _("Status"), _("Document"), _("Programme")],
            [[one.id, one.ref, one.title, _(one.status), one.document_id, one.programme_id] for one in items],
            empty=N_("No item is of that kind.")
            if status or document_id
            else N_(
                "There is no item yet: take in a document with `loa document import FILE`, or write one with `loa item add TITLE TEXT`."
            ),
        )


@item.command(help=N_("Show one item with its words."), epilog=N_("Example:\n  loa item show 3"))
@click.argument("item_id", metavar="ITEM", type=int)
@json_option
@with_station
def show(station: Station, item_id: int, as_json: bool) -> None:
    with station.read() as session:
        found = get_item(session, item_id)
        script = current_script(session, found)
        if as_json:
            print_json({**item_json(found), "script_version": script.version if script else None})
            return
        sound = newest_sound(session, script) if script else None
        print_table(
            found.title,
            [_("Field"), _("Value")],
            [
                [_("Status"), _(found.status) + (f": {found.status_note}" if found.status_note else "")],
                [_("Document"), f"{found.document_id} ({found.ref})" if found.document_id else None],
                [_("Lead unit"), ", ".join(found.lead_units)],
                [_("Partner units"), ", ".join(found.partner_units)],
                [_("Period"), found.period_text],
                [
                    _("Script"),
                    _("version {version}, {status}").format(version=script.version, status=_(script.status))
                    if script
                    else None,
                ],
                [_("Sound"), _voice_of(sound) if sound else None],
                [_("Text"), found.text],
            ],
        )


@item.command(
    help=N_("Add an item that stands in no document."),
    epilog=N_('Example:\n  loa item add "Lịch cắt điện" --kind notice --until 31/12/2026 --file notice.txt'),
)
@click.argument("title")
@click.argument("text", required=False)
@_settings
@as_person
@with_station
def add(
    station: Station, title: str, text: str | None, file: str | None, as_name: str | None, **settings: Any
) -> None:
    words = text if text is not None else (file or "")
    now = datetime.now(UTC)
    with station.decide() as session:
        person = people.current_person(session, station.config, as_name)
        made = add_item(session, title=title, text=words, now=now, person=person, **_columns(settings))
        draft_item(session, station, made, now=now, person=person)
        number, last_on = made.id, made.valid_until_on
        parts = [one.id for one in chain_of(session, made)]
    if last_on and last_on < station.day_of(now):
        say(N_("Its last day, {day:%d/%m/%Y}, is over: it will not air."), day=last_on)
    say(
        N_(
            "Item {id} is drafted. Look at its words with `loa script show {id}`, then `loa item submit {id}`."
        ),
        id=number,
    )
    tell_parts(number, parts)


@item.command(
    help=N_("Change an item; without options, its text opens in $EDITOR."),
    epilog=N_("Example:\n  loa item edit 3 --until 31/12/2026"),
)
@click.argument("item_id", metavar="ITEM", type=int)
@option("--title", help=N_("New title."))
@option("--text", help=N_("New text."))
@_settings
@as_person
@with_station
def edit(station: Station, item_id: int, file: str | None, as_name: str | None, **settings: Any) -> None:
    changes = _columns(settings)
    if file is not None:
        changes["text"] = file
    if not changes:
        with station.read() as session:
            edited = click.edit(get_item(session, item_id).text, extension=".txt")
        if edited is None:
            say(N_("Nothing is changed."))
            return
        changes["text"] = edited
    now = datetime.now(UTC)
    with station.decide() as session:
        person = people.current_person(session, station.config, as_name)
        found = get_item(session, item_id)
        programme = changes.pop("programme_id", None)
        if edit_item(session, found, changes) or current_script(session, found) is None:
            draft_item(session, station, found, now=now, person=person)
        if programme is not None and programme != found.programme_id:
            join(session, station, found, get_programme(session, programme), now=now, person=person)
        parts = [one.id for one in chain_of(session, found)]
    say(N_("Item {id} is changed."), id=item_id)
    tell_parts(item_id, parts)


@item.command(
    help=N_("Hand items in for approval; missing scripts are drafted."),
    epilog=N_("Example:\n  loa item submit 3 4 5"),
)
@click.argument("item_ids", metavar="ITEM...", type=int, nargs=-1, required=True)
@as_person
@with_station
def submit(station: Station, item_ids: tuple[int, ...], as_name: str | None) -> None:
    now = datetime.now(UTC)

    def hand_in(item_id: int, person_of: PersonOf) -> None:
        with station.decide() as session:
            person = person_of(session)
            found = get_item(session, item_id)
            if current_script(session, found) is None:
                draft_item(session, station, found, now=now, person=person)
            script = approval.submit(session, found, person, now=now)
            unknown = dict.fromkeys(str(one["text"]) for one in script.unknowns)
        say(N_("Item {id} waits for approval."), id=item_id)
        if unknown:
            say(
                N_(
                    "Item {id} cannot be approved before its unknown words are taught ({words}): see `loa script show {id}`."
                ),
                id=item_id,
                words=", ".join(unknown),
            )

    for_each(station, item_ids, as_name, hand_in)


@item.command(
    help=N_("Approve submitted items: their exact words may air. Nobody approves their own text."),
    epilog=N_(
        'Example:\n  loa item approve 3 --as Minh\n  loa item approve 3 --degraded-voice --reason "No internet today"'
    ),
)
@click.argument("item_ids", metavar="ITEM...", type=int, nargs=-1, required=True)
@option(
    "--sound", is_flag=True, help=N_("Approve exactly the sound that is rendered now (a recording needs it).")
)
@option("--degraded-voice", is_flag=True, help=N_("Agree that a makeshift voice may speak it on the air."))
@option(
    "--emergency",
    is_flag=True,
    help=N_("Air an emergency item unapproved; needs --reason, stands in every report."),
)
@option("--reason", default="", help=N_("Why."))
@as_person
@with_station
def approve(
    station: Station,
    item_ids: tuple[int, ...],
    sound: bool,
    degraded_voice: bool,
    emergency: bool,
    reason: str,
    as_name: str | None,
) -> None:
    now = datetime.now(UTC)

    def decide(item_id: int, person_of: PersonOf) -> None:
        with station.decide() as session:
            person = person_of(session)
            found = get_item(session, item_id)
            if emergency:
                if current_script(session, found) is None:
                    draft_item(session, station, found, now=now, person=person)
                approval.approve_emergency(session, found, person, reason, now=now)
            elif not (degraded_voice and found.status == "approved"):
                heard = approval.sound_to_approve(session, found) if sound else None
                approval.approve(
                    session, found, person, config=station.config, audio_sha256=heard, reason=reason or None, now=now
                )  # fmt: skip
            if degraded_voice:
                script = approval.latest_script(session, found)
                approval.consent_to_degraded_voice(
                    session, script, person, audio_sha256=None, reason=reason or None, now=now
                )
            spoken = newest_sound(session, approval.latest_script(session, found))
        if spoken is not None and (spoken.failed or spoken.degraded):
            say(N_("Item {id} is spoken by: {voice}."), id=item_id, voice=_voice_of(spoken))
        say(N_("Item {id} is approved by {person}. Next: `loa render {id}`."), id=item_id, person=person)

    for_each(station, item_ids, as_name, decide)


@item.command(
    help=N_("Send a submitted item back with a reason."),
    epilog=N_('Example:\n  loa item reject 3 --reason "Sai ngày"'),
)
@click.argument("item_id", metavar="ITEM", type=int)
@option("--reason", required=True, help=N_("What is wrong."))
@as_person
@with_station
def reject(station: Station, item_id: int, reason: str, as_name: str | None) -> None:
    with station.decide() as session:
        person = people.current_person(session, station.config, as_name)
        approval.reject(session, get_item(session, item_id), person, reason, now=datetime.now(UTC))
    say(N_("Item {id} goes back to its editor."), id=item_id)


@item.command(
    help=N_("Take items off the air for good; nothing is deleted."),
    epilog=N_("Example:\n  loa item retire 3"),
)
@click.argument("item_ids", metavar="ITEM...", type=int, nargs=-1, required=True)
@as_person
@with_station
def retire(station: Station, item_ids: tuple[int, ...], as_name: str | None) -> None:
    def take_off(item_id: int, person_of: PersonOf) -> None:
        with station.decide() as session:
            person = person_of(session)
            found = get_item(session, item_id)
            found.status = "retired"
            events.record(session, action="item.retired", subject=found, person=person, rows=[found])
        say(N_("Item {id} is retired; `loa plan build` takes it out of the plan."), id=item_id)

    for_each(station, item_ids, as_name, take_off)


def _voice_of(sound: NewestSound) -> str:
    """Who speaks, and why not the voices that come first: what the approver must know."""
    told = [sound.voice + (f" ({_('makeshift voice')})" if sound.degraded else "")]
    told += [told_once(voice, reason) for voice, reason in sound.failed]
    return "; ".join(told)


def _columns(settings: dict[str, Any]) -> dict[str, Any]:
    from content.item_rules import weekly_rules

    columns = {name: value for name, value in settings.items() if value is not None}
    if "per_week" in columns:
        columns["rules"] = weekly_rules(columns.pop("per_week"))
    return columns


_WORDS: tuple[str, ...] = (
    N_("opening"), N_("closing"), N_("proposed"), N_("draft"), N_("submitted"), N_("approved"), N_("rejected"), N_("retired"), N_("superseded"),
)  # fmt: skip
