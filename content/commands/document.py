"""`loa document`: official texts taken in, looked at, and their proposals decided on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from sqlalchemy import select

from content import people, shown
from content.commands.document_review import accept_everything, due_told, print_proposals, walk
from content.commands.shell import (
    LoaGroup,
    as_person,
    json_option,
    option,
    out,
    print_json,
    print_table,
    progress,
    say,
    with_station,
)
from content.documents import document_json, get_document, import_document, list_documents
from content.errors import LoaError
from content.intake.folders import documents_in
from content.language import N_, _, ngettext
from content.models import Deadline
from content.review import (
    difference,
    minutes_of,
    passage,
    proposals_of,
    refuse,
    split_item,
)

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from content.documents import Imported
    from content.models import Document
    from content.station import Station

CHANNELS = (
    N_("loudspeaker"), N_("relay"), N_("mobile"), N_("portal"), N_("social"), N_("visual"), N_("meeting"),
    N_("training"), N_("export"), N_("report"),
)  # fmt: skip
"""The channels that a document may name; shown in the screen language."""
CHANGES = (
    N_("letters composed (NFC)"), N_("look-alike letters replaced"), N_("invisible signs removed"), N_("control signs removed"),
    N_("no-break and wide spaces replaced"), N_("doubled spaces closed"), N_("soft hyphens removed"), N_("markdown marks removed"),
    N_("wrapped lines joined"), N_("columns taken apart"), N_("page numbers dropped"), N_("running heads dropped"),
    N_("menus and side columns dropped"), N_("recognised from a picture"), N_("unreadable bytes dropped"),
    N_("read as TCVN3"), N_("read as VNI"), N_("read as UTF-8"),
    N_("converted from tcvn3"), N_("converted from vni"), N_("converted from windows-1258"),
)  # fmt: skip
"""What cleaning may have done; shown in the screen language."""
STATUS = {"new": N_("new"), "known": N_("known"), "corrected": N_("corrected")}


class SomeFilesFailedError(LoaError):
    """Not every file of an import could be read; the others are in."""

    sentence = N_("{failed} of {count} files could not be read; the others are imported")


@click.group(
    cls=LoaGroup,
    help=N_("Official documents: take them in, look at them, decide what they propose."),
    epilog=N_("Example:\n  loa document import ke-hoach.docx\n  loa document review 1"),
)
def document() -> None:
    pass


@document.command(
    "import",
    help=N_(
        "Read documents (txt, md, html, docx, doc, pdf, scans) or folders of them, and propose what to broadcast."
    ),
    epilog=N_(
        "Example:\n  loa document import ke-hoach.docx cong-van.pdf\n  loa document import van-ban-thang-6/"
    ),
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@option("--accept-all", is_flag=True, help=N_("Accept every proposal at once."))
@as_person
@json_option
@with_station
def import_(
    station: Station, files: tuple[Path, ...], accept_all: bool, as_name: str | None, as_json: bool
) -> None:
    paths = documents_in(files)
    with station.read() as session:
        person = people.current_person(session, station.config, as_name)
    done: list[Imported] = []
    failed = 0
    with progress(_("Reading documents"), len(paths)) as advance:
        for path in paths:
            try:
                result = import_document(station, path, person=person)
            except LoaError as error:
                if len(paths) == 1:
                    raise
                failed += 1
                say(N_("{error}"), error=error.told(_))
            else:
                done.append(result)
                if accept_all:
                    accept_everything(station, result.id, person)
            advance(1, path.name)
    if as_json:
        print_json([result.to_json() for result in done])
    else:
        _print_imported(done, decided=accept_all)
    for result in done:
        if result.status == "corrected":
            say(
                N_(
                    "Document {id} corrects document {earlier}: see what changed with `loa document diff {id}`."
                ),
                id=result.id,
                earlier=result.corrects_id,
            )
    if failed:
        raise SomeFilesFailedError(failed=failed, count=len(paths))


def _print_imported(done: list[Imported], *, decided: bool) -> None:
    print_table(
        ngettext("{count} document", "{count} documents", len(done)).format(count=len(done)),
        [_("No."), _("File"), _("State"), _("Items"), _("Programmes"), _("Deadlines")],
        [
            [one.id, one.source, _(STATUS[one.status]), one.items, one.programmes, one.deadlines]
            for one in done
        ],
    )
    for one in done:
        if one.status == "known":
            say(N_("{file} is document {id} already: nothing was added."), file=one.source, id=one.id)
        for text in one.undated:
            say(
                N_(
                    "Document {id} wants more airings at a peak without saying when it is: “{text}”. Nothing is planned "
                    "for it: ask for the dates, make a programme of it with `loa programme add TITLE --from DATE --until DATE` "
                    "and give its airings with `loa programme rule`."
                ),
                id=one.id,
                text=text,
            )
    waiting = [one.id for one in done if one.status != "known" and one.items + one.programmes + one.deadlines]
    if len(waiting) > 1 and not decided:
        say(
            N_("Decide on the proposals of each document, first `loa document review {id}`, then {others}."),
            id=waiting[0],
            others=", ".join(map(str, waiting[1:])),
        )
    elif waiting and not decided:
        say(N_("Decide on the proposals with `loa document review {id}`."), id=waiting[0])
    for one in done:
        if one.status != "known" and not one.items and not one.programmes:
            say(
                N_(
                    "Document {id} names nothing to broadcast that could be found: read it with `loa document show {id} --text` "
                    "and add what is missing with `loa item add`."
                ),
                id=one.id,
            )


@document.command(
    "list", help=N_("List the documents taken in."), epilog=N_("Example:\n  loa document list --json")
)
@json_option
@with_station
def list_(station: Station, as_json: bool) -> None:
    with station.read() as session:
        found = list_documents(session)
        rows = [(one, len(proposals_of(session, one))) for one in found]
        if as_json:
            print_json(
                [
                    {
                        "id": one.id, "source": one.source, "sha256": one.sha256, "kind": one.kind, "number": one.number,
                        "issued_on": one.issued_on, "issuer": one.issuer, "subject": one.subject,
                        "corrects_id": one.corrects_id, "undecided": waiting,
                    }
                    for one, waiting in rows
                ]
            )  # fmt: skip
            return
        print_table(
            _("Documents"),
            [_("No."), _("Kind"), _("Number"), _("Issued"), _("Subject"), _("Undecided"), _("Corrects")],
            [
                [
                    one.id,
                    one.kind,
                    one.number or one.symbol,
                    shown.day(one.issued_on or one.issued_month),
                    one.subject,
                    waiting or "",
                    one.corrects_id,
                ]
                for one, waiting in rows
            ],
            empty=N_("There is no document yet: take one in with `loa document import FILE`."),
        )


@document.command(
    help=N_("Show what a document says, or one passage of it."),
    epilog=N_("Example:\n  loa document show 1\n  loa document show 1 --passage II.3"),
)
@click.argument("document_id", metavar="DOCUMENT", type=int)
@option(
    "--passage",
    "ref",
    metavar="REF",
    help=N_("Print the passage with this label, such as II.3 or 1.1-2, or of a fact."),
)
@option("--text", "whole", is_flag=True, help=N_("Print the clean text."))
@option("--facts", is_flag=True, help=N_("List every fact with its place in the clean text."))
@json_option
@with_station
def show(
    station: Station, document_id: int, ref: str | None, whole: bool, facts: bool, as_json: bool
) -> None:
    with station.read() as session:
        found = get_document(session, document_id)
        if ref is not None:
            text, span = passage(found, ref)
            if as_json:
                print_json({"id": found.id, "ref": ref, "span": span, "text": text})
            else:
                click.echo(text)
        elif whole:
            click.echo(found.clean_text)
        elif facts:
            rows = found.facts.get("spans") or []
            if as_json:
                print_json(rows)
            else:
                print_table(
                    _("Facts"),
                    [_("Fact"), _("From"), _("To"), _("Text")],
                    [[row["fact"], *row["span"], shown.day(row["text"])] for row in rows],
                )
        elif as_json:
            print_json(document_json(found))
        else:
            _print_document(session, found)


def _print_document(session: Session, found: Document) -> None:
    facts = found.facts
    day = shown.day(found.issued_on or found.issued_month)
    channels = [channel["channel"] for channel in facts["channels"]]
    deadlines = session.scalars(
        select(Deadline).where(Deadline.document_id == found.id).order_by(Deadline.id)
    ).all()
    changed = ", ".join(f"{_(change['kind'])} ({change['count']})" for change in found.changes)
    print_table(
        " ".join(part for part in (found.kind, found.number or found.symbol) if part),
        [_("Field"), _("Value")],
        [
            [_("Subject"), found.subject],
            [_("Issuer"), found.issuer],
            [_("Place and date"), ", ".join(str(part) for part in (found.place, day) if part)],
            [_("Recipients"), "; ".join(facts["recipients"])],
            [_("Signer"), found.signer],
            [_("File"), found.source],
            [_("Changed in the text"), changed],
            [_("Channels"), ", ".join(_(name) for name in channels)],
            [_("Frequency"), "\n".join(rule["text"] for rule in facts["frequency_rules"])],
            [_("Reports due"), "\n".join(due_told(entry.every, entry.day) for entry in deadlines)],
            [
                _("Other documents"),
                ", ".join(f"{cited['kind']} {cited['number']}" for cited in facts["citations"]),
            ],
            [_("Corrects"), found.corrects_id],
        ],
    )
    print_table(
        _("Contents to be broadcast"),
        [_("Ref"), _("Title"), _("Lead units"), _("Period"), _("Minutes")],
        [
            [
                item["ref"], item["title"], ", ".join(item["lead_units"]),
                item["period"]["text"] if item["period"] else None, shown.decimal(minutes_of(item["text"])),
            ]
            for item in facts["items"]
        ],
    )  # fmt: skip
    waiting = len(proposals_of(session, found))
    if waiting:
        say(
            ngettext(
                "{count} proposal waits: `loa document review {id}`.",
                "{count} proposals wait: `loa document review {id}`.",
                waiting,
            ),
            count=waiting,
            id=found.id,
        )


@document.command(
    help=N_("Show what a corrected version changed."), epilog=N_("Example:\n  loa document diff 4")
)
@click.argument("document_id", metavar="DOCUMENT", type=int)
@with_station
def diff(station: Station, document_id: int) -> None:
    with station.read() as session:
        later = get_document(session, document_id)
        if later.corrects_id is None:
            say(N_("Document {id} corrects no other."), id=later.id)
            return
        for line in difference(get_document(session, later.corrects_id), later):
            style = "green" if line.startswith("+") else "red" if line.startswith("-") else None
            out().print(line, style=style, markup=False)


@document.command(
    help=N_("Go through what a document proposes: accept, edit, split or refuse each."),
    epilog=N_("Example:\n  loa document review 1\n  loa document review 1 --accept-all"),
)
@click.argument("document_id", metavar="DOCUMENT", type=int)
@option("--accept-all", is_flag=True, help=N_("Accept every proposal without asking."))
@option("--refuse-all", is_flag=True, help=N_("Refuse every proposal without asking."))
@option(
    "--split",
    "split_minutes",
    type=click.FloatRange(0.5, 60),
    help=N_("Split contents that take much longer than this many minutes."),
)
@option("--dry-run", is_flag=True, help=N_("Only list what waits for a decision."))
@as_person
@json_option
@with_station
def review(
    station: Station,
    document_id: int,
    accept_all: bool,
    refuse_all: bool,
    split_minutes: float | None,
    dry_run: bool,
    as_name: str | None,
    as_json: bool,
) -> None:
    if accept_all and refuse_all:
        raise click.UsageError(_("choose one of --accept-all and --refuse-all"))
    if dry_run:
        with station.read() as session:
            print_proposals(proposals_of(session, get_document(session, document_id)), as_json)
        return
    with station.read() as session:
        person = people.current_person(session, station.config, as_name)
        undecided = len(proposals_of(session, get_document(session, document_id)))
    if split_minutes:
        with station.decide(person) as session:
            for one in proposals_of(session, get_document(session, document_id)).items:
                split_item(session, one, split_minutes)
    if accept_all:
        counts = accept_everything(station, document_id, person)
    elif refuse_all:
        with station.decide(person) as session:
            waiting = proposals_of(session, get_document(session, document_id))
            for proposal in waiting.each():
                refuse(proposal)
            counts = {"accepted": 0, "refused": len(waiting)}
    else:
        counts = walk(station, document_id, person, split_minutes or 4.0)
    if as_json:
        print_json(counts)
    elif not undecided:
        say(
            N_(
                "Nothing of document {id} waits for a decision: its items stand in `loa item list --document {id}`."
            ),
            id=document_id,
        )
    else:
        say(N_("{accepted} accepted, {refused} refused."), **counts)
        if counts["accepted"]:
            say(
                N_(
                    "What was accepted is a draft: read each with `loa script show ITEM`, then ask for approval with "
                    "`loa item submit ITEM`; `loa item list` shows the numbers."
                )
            )
