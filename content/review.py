"""What a person decides about the proposals of a document: accept, edit, refuse, split."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from content.carry import chain_of
from content.errors import LoaError
from content.items import edit_item, part_of
from content.language import N_
from content.models import Deadline, Document, Item, Programme
from content.station import Station

#: Words a minute of a news voice over loudspeakers: Vietnamese syllables, with the pauses between sentences.
WORDS_PER_MINUTE = 160


class PassageNotFoundError(LoaError):
    """A reference that the document does not have."""

    sentence = N_("document {id} has no passage {ref!r}; it has: {known}")


@dataclass(frozen=True, slots=True)
class Proposals:
    """What waits for a decision."""

    items: Sequence[Item]
    programmes: Sequence[Programme]
    deadlines: Sequence[Deadline]

    def each(self) -> list[Item | Programme | Deadline]:
        """All of them, programmes first: items may belong to them."""
        return [*self.programmes, *self.items, *self.deadlines]

    def __len__(self) -> int:
        return len(self.items) + len(self.programmes) + len(self.deadlines)


def proposals_of(session: Session, document: Document) -> Proposals:
    """The proposals of `document` on which nobody has decided."""

    def waiting(table: Any) -> Any:
        return session.scalars(
            select(table)
            .where(table.document_id == document.id, table.status == "proposed")
            .order_by(table.id)
        ).all()

    return Proposals(waiting(Item), waiting(Programme), waiting(Deadline))


def accept(
    session: Session,
    station: Station,
    proposal: Item | Programme | Deadline,
    *,
    now: datetime,
    person: str | None,
) -> list[Item]:
    """Take a proposal over: an item becomes a draft with its first script, a programme active, a deadline one to keep.

    Gives what was drafted beside it: the further parts of an item that is too long for one episode, the greeting
    of a programme.
    """
    beside: list[Item] = []
    if isinstance(proposal, Item):
        from content.drafting import draft_item

        proposal.status = "draft"
        proposal.created_by = proposal.created_by or person
        draft_item(session, station, proposal, now=now, person=person)
        beside = chain_of(session, proposal)[1:]
    elif isinstance(proposal, Programme):
        from content.greetings import draft_greetings

        proposal.status = "active"
        beside = draft_greetings(session, station, proposal, now=now, person=person)
    else:
        proposal.status = "accepted"
    session.flush()
    return beside


def refuse(proposal: Item | Programme | Deadline) -> None:
    """Put a proposal aside; it stays in the database, so that the same file does not propose it again."""
    proposal.status = "refused" if isinstance(proposal, Deadline) else "retired"


def accept_edited(
    session: Session,
    station: Station,
    item: Item,
    *,
    title: str,
    text: str,
    now: datetime,
    person: str | None,
) -> None:
    """Take an item over with other words. Raises EmptyTextError."""
    edit_item(session, item, {"title": title, "text": text})
    accept(session, station, item, now=now, person=person)


def minutes_of(text: str) -> float:
    """About how long `text` takes to speak."""
    return len(text.split()) / WORDS_PER_MINUTE


def split_points(text: str, target_minutes: float) -> list[str]:
    """`text` in parts of about `target_minutes`, cut only between its bullets (lines); one part where it is short."""
    lines = [line for line in text.split("\n") if line.strip()]
    if minutes_of(text) <= target_minutes * 1.3 or len(lines) < 2:
        return [text]
    whole = minutes_of(text)
    wanted = whole / max(2, round(whole / target_minutes))
    parts: list[list[str]] = [[]]
    for line in lines:
        length = minutes_of("\n".join(parts[-1]))
        starts_list = parts[-1] and parts[-1][-1].rstrip().endswith(
            ":"
        )  # what a colon announces stays with it
        if parts[-1] and not starts_list and length + minutes_of(line) / 2 > wanted:
            parts.append([])
        parts[-1].append(line)
    return ["\n".join(part) for part in parts]


def split_item(session: Session, item: Item, target_minutes: float) -> list[Item]:
    """Several proposed items out of one long one, each with its own place in the document; the first stays `item`."""
    texts = split_points(item.text, target_minutes)
    if len(texts) == 1:
        return [item]
    made = [item]
    base_title, base_ref = item.title, item.ref
    start = item.span_start
    source = item.document.clean_text if item.document is not None else ""
    for number, text in enumerate(texts, 1):
        title = f"{base_title} ({number}/{len(texts)})"
        span = _span_in(source, text, item if start is not None else None)
        if number == 1:
            item.title, item.text = title, text
            item.span_end = span[1] if span else item.span_end
            continue
        ref = f"{base_ref}/{number}" if base_ref else None
        made.append(part_of(item, title=title, text=text, ref=ref, span=span, status="proposed"))
    session.add_all(made[1:])
    session.flush()
    return made


def _span_in(source: str, text: str, item: Item | None) -> tuple[int, int] | None:
    if item is None or item.span_start is None:
        return None
    lines = text.split("\n")
    first = source.find(lines[0], item.span_start)
    last = source.find(lines[-1], max(first, item.span_start))
    return (first, last + len(lines[-1])) if first >= 0 and last >= first else None


def difference(earlier: Document, later: Document) -> list[str]:
    """What changed between two versions, as a unified diff of paragraphs."""
    return list(
        difflib.unified_diff(
            earlier.clean_text.split("\n"),
            later.clean_text.split("\n"),
            fromfile=f"{earlier.id} {earlier.source}",
            tofile=f"{later.id} {later.source}",
            lineterm="",
            n=1,
        )
    )


def passage(document: Document, ref: str) -> tuple[str, tuple[int, int]]:
    """The text that a reference (or the name of a fact) stands for, and where it is. Raises PassageNotFoundError."""
    places: dict[str, Any] = dict(document.facts.get("passages") or {})
    for fact in document.facts.get("spans") or []:
        places.setdefault(fact["fact"], fact["span"])
        places.setdefault(fact["fact"].removeprefix("item "), fact["span"])
    wanted = ref.strip()
    found = places.get(wanted) or next(
        (span for name, span in places.items() if name.casefold() == wanted.casefold()), None
    )
    if found is None:
        raise PassageNotFoundError(id=document.id, ref=ref, known=list(places)[:40])
    return document.clean_text[found[0] : found[1]], (found[0], found[1])
