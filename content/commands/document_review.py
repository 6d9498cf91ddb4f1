"""Going through what a document proposes: what a person sees of each proposal, and what the answer does."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import click

from content import shown
from content.commands.programme import tell_greetings
from content.commands.shell import print_json, print_table, say
from content.documents import get_document
from content.items import GREETINGS
from content.language import N_, _
from content.models import Deadline, Item, Programme
from content.review import Proposals, accept, accept_edited, minutes_of, proposals_of, refuse, split_item

if TYPE_CHECKING:
    from content.station import Station

EVERY = {
    "day": N_("every day"),
    "week": N_("every week"),
    "month": N_("every month"),
    "6 months": N_("every six months"),
    "quarter": N_("every quarter"),
    "year": N_("every year"),
    "ad hoc": N_("when asked"),
}


def due_told(every: str, day: int | None) -> str:
    told = _(EVERY.get(every, every))
    return _("{every}, by day {day}").format(every=told, day=day) if day else told


def accept_everything(station: Station, document_id: int, person: str | None) -> dict[str, int]:
    with station.decide(person) as session:
        waiting = proposals_of(session, get_document(session, document_id))
        now = datetime.now(UTC)
        beside: list[Item] = []
        for proposal in waiting.each():
            beside += accept(session, station, proposal, now=now, person=person)
        _tell_beside(beside)
        return {"accepted": len(waiting), "refused": 0}


def _tell_beside(beside: list[Item]) -> None:
    """Say what accepting drafted on top: greetings of programmes, parts of items too long for one episode."""
    tell_greetings([one.id for one in beside if one.kind in GREETINGS])
    for one in beside:
        if one.continues_id is not None:
            say(N_("Item {id} is {title}: it was too long for one episode."), id=one.id, title=one.title)


def print_proposals(waiting: Proposals, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "items": [{"id": one.id, "ref": one.ref, "title": one.title} for one in waiting.items],
                "programmes": [
                    {"id": one.id, "title": one.title, "rule": one.rule_text} for one in waiting.programmes
                ],
                "deadlines": [
                    {"id": one.id, "every": one.every, "day": one.day} for one in waiting.deadlines
                ],
            }
        )
        return
    rows: list[list[object]] = [[_("item"), one.ref, one.title] for one in waiting.items]
    rows += [[_("programme"), "", one.title] for one in waiting.programmes]
    rows += [[_("report"), "", due_told(one.every, one.day)] for one in waiting.deadlines]
    print_table(_("Waiting for a decision"), [_("What"), _("Ref"), _("Title")], rows)


def walk(station: Station, document_id: int, person: str | None, target_minutes: float) -> dict[str, int]:
    """Ask about each proposal; every answer is kept at once, so that a walk can be left and taken up again."""
    counts = {"accepted": 0, "refused": 0}
    passed: set[tuple[str, int]] = set()
    while True:
        with station.read() as session:
            waiting = proposals_of(session, get_document(session, document_id)).each()
        proposal = next((one for one in waiting if (one.__tablename__, one.id) not in passed), None)
        if proposal is None:
            return counts
        answer = _ask(
            proposal, target_minutes, datetime.now(station.config.tz).date()
        )  # the database is free while a person thinks
        if answer == "q":
            return counts
        if answer == "l":
            passed.add((proposal.__tablename__, proposal.id))
            continue
        words = _edited(proposal) if isinstance(proposal, Item) and answer == "e" else None
        with station.decide(person) as session:
            still = proposals_of(session, get_document(session, document_id)).each()
            chosen = next(
                (
                    one
                    for one in still
                    if (one.__tablename__, one.id) == (proposal.__tablename__, proposal.id)
                ),
                None,
            )
            if chosen is None:
                continue  # somebody else has decided meanwhile
            if answer == "r":
                refuse(chosen)
                counts["refused"] += 1
            elif answer == "a":
                _tell_beside(accept(session, station, chosen, now=datetime.now(UTC), person=person))
                counts["accepted"] += 1
            elif isinstance(chosen, Item) and answer == "s":
                split_item(session, chosen, target_minutes)
            elif isinstance(chosen, Item) and words is not None:
                accept_edited(
                    session,
                    station,
                    chosen,
                    title=words[0],
                    text=words[1],
                    now=datetime.now(UTC),
                    person=person,
                )
                counts["accepted"] += 1


def _ask(proposal: Item | Programme | Deadline, target_minutes: float, today: date) -> str:
    choices = {"a": _("accept"), "r": _("refuse"), "l": _("later"), "q": _("stop here")}
    if isinstance(proposal, Item):
        choices = {"a": choices["a"], "e": _("edit"), **choices}
        minutes = minutes_of(proposal.text)
        click.echo("")
        click.echo(click.style(f"{proposal.ref}  {proposal.title}", bold=True))
        if proposal.text.strip() != proposal.title.strip():
            click.echo(proposal.text)
        if proposal.lead_units:
            click.echo(_("Lead units: {units}").format(units=", ".join(proposal.lead_units)))
        if proposal.period_text:
            click.echo(_("Period: {period}").format(period=proposal.period_text))
        click.echo(_("About {minutes:.1f} minutes.").format(**shown.facts({"minutes": minutes})))
        if minutes > target_minutes * 1.3 and proposal.text.count("\n"):
            choices["s"] = _("split at its bullets")
    elif isinstance(proposal, Programme):
        click.echo("")
        click.echo(click.style(proposal.title, bold=True))
        click.echo(proposal.rule_text or "")
    else:
        click.echo("")
        click.echo(
            click.style(_("Report {due}").format(due=due_told(proposal.every, proposal.day)), bold=True)
        )
        click.echo(proposal.text)
    if not isinstance(proposal, Deadline) and proposal.valid_until_on and proposal.valid_until_on < today:
        click.echo(_("Its time was over on {day}.").format(day=shown.day(proposal.valid_until_on)))
    told = ", ".join(f"[{key}] {word}" for key, word in choices.items())
    return str(click.prompt(told, type=click.Choice(list(choices)), show_choices=False, default="a"))


def _edited(item: Item) -> tuple[str, str] | None:
    """Title (first line) and text out of the user's editor; None where nothing was saved."""
    words = click.edit(f"{item.title}\n\n{item.text}\n", extension=".txt")
    if words is None:
        return None
    title, _newline, text = words.strip().partition("\n")
    return title.strip(), text.strip()
