"""Documents in the database: taken in once, proposals made, a corrected version linked and never silently replaced."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from content.errors import LoaError
from content.intake.facts import FrequencyRule, Understanding
from content.intake.read import read_file
from content.intake.source import SourceText
from content.intake.understand import understand
from content.language import N_
from content.models import Deadline, Document, Item, Programme
from content.programmes import add_programme
from content.station import Station

Status = Literal["new", "known", "corrected"]
SAME_WORDS = 0.97
"""Share of words in common from which two files of different formats are one document: headers and page numbers differ."""


class DocumentNotFoundError(LoaError):
    """No document has that number."""

    sentence = N_("there is no document {id}; `loa document list` shows the numbers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of one file."""

    id: int
    source: str
    sha256: str
    status: Status
    corrects_id: int | None = None
    items: int = 0
    programmes: int = 0
    deadlines: int = 0
    undated: tuple[str, ...] = ()
    """Sentences that order more airings at a peak and do not say when it is."""

    def to_json(self) -> dict[str, Any]:
        """One entry of `loa document import --json`."""
        return {"id": self.id, "source": self.source, "sha256": self.sha256, "status": self.status}


def import_document(
    station: Station, path: Path, *, now: datetime | None = None, person: str | None = None
) -> Imported:
    """Take in one file: read, understood, stored with its proposals in one transaction.

    The same file, or the same text in another file format, is known: nothing is added. Another text under the
    same number and issuer (or the same subject and month where there is no number) is a corrected version.

    Raises:
        the errors of `content.intake.read.read_file`; database and disk errors.
    """
    source = read_file(path)
    sha256 = station.media.add(path, path.suffix.lower())
    facts = understand(source)
    moment = now or datetime.now(UTC)
    with station.decide(person) as session:
        same = session.scalars(
            select(Document).where(
                (Document.sha256 == sha256) | (Document.text_sha256 == text_sha256(source.text))
            )
        ).first()
        earlier = None if same else _earlier_version(session, facts)
        if (
            same is None
            and earlier is not None
            and earlier.format != source.format
            and same_words(earlier.clean_text, source.text)
        ):
            same = earlier
        if same is not None:
            return Imported(id=same.id, source=path.name, sha256=sha256, status="known")
        document = _document(path, source, facts, sha256, moment)
        document.corrects_id = earlier.id if earlier else None
        session.add(document)
        session.flush()
        items, programmes, deadlines = _propose(session, document, facts, earlier, moment, person)
        return Imported(
            id=document.id, source=path.name, sha256=sha256, status="corrected" if earlier else "new",
            corrects_id=document.corrects_id, items=items, programmes=programmes, deadlines=deadlines,
            undated=tuple(rule.text for rule in facts.frequency_rules if rule.is_campaign and not rule.rules()),
        )  # fmt: skip


def get_document(session: Session, document_id: int) -> Document:
    """The document of that number. Raises DocumentNotFoundError."""
    document = session.get(Document, document_id)
    if document is None:
        raise DocumentNotFoundError(id=document_id)
    return document


def list_documents(session: Session) -> Sequence[Document]:
    """Every document, in the order of import."""
    return session.scalars(select(Document).order_by(Document.id)).all()


def document_json(document: Document) -> dict[str, Any]:
    """The fields that is fixed for `loa document show --json`."""
    fields = {key: value for key, value in document.facts.items() if key not in ("spans", "passages")}
    return {"id": document.id, "source": document.source, "sha256": document.sha256, **fields}


def text_sha256(text: str) -> str:
    """The hash of a text's letters and digits: the same for the same words, however they are laid out."""
    return hashlib.sha256(_letters(text).encode("utf-8")).hexdigest()


def same_words(one: str, other: str) -> bool:
    """True when the two texts share nearly all their words."""
    first, second = Counter(_words(one)), Counter(_words(other))
    total = sum((first | second).values())
    return total > 0 and sum((first & second).values()) / total >= SAME_WORDS


def _letters(text: str) -> str:
    return "".join(_words(text))


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFC", text).casefold())


def _document(path: Path, source: SourceText, facts: Understanding, sha256: str, now: datetime) -> Document:
    spans = [{"fact": name, "text": text, "span": list(span)} for name, text, span in facts.facts()]
    return Document(
        source=path.name,
        sha256=sha256,
        text_sha256=text_sha256(source.text),
        format=source.format,
        kind=facts.kind,
        number=facts.number,
        symbol=facts.symbol,
        issued_on=facts.issued_on,
        issued_month=facts.issued_month,
        place=facts.place,
        issuer=facts.issuer,
        subject=facts.subject,
        signer=facts.signer,
        clean_text=source.text,
        facts={
            **facts.to_json(),
            "spans": spans,
            "passages": {ref: list(span) for ref, span in facts.passages.items()},
        },
        changes=[{"kind": change.kind, "count": change.count} for change in source.changes],
        imported_at=now,
    )


def _earlier_version(session: Session, facts: Understanding) -> Document | None:
    """The newest document that this one is another version of."""
    query = select(Document).order_by(Document.id.desc())
    if facts.number:
        found = session.scalars(query.where(Document.number == facts.number)).all()
        return next(
            (one for one in found if _letters(one.issuer or "") == _letters(facts.issuer or "")), None
        )
    if not facts.subject:
        return None
    month = facts.issued_month or (f"{facts.issued_on:%Y-%m}" if facts.issued_on else None)
    found = session.scalars(query.where(Document.number.is_(None))).all()
    return next(
        (
            one
            for one in found
            if _letters(one.subject or "") == _letters(facts.subject)
            and _letters(one.issuer or "") == _letters(facts.issuer or "")
            and (one.issued_month or (f"{one.issued_on:%Y-%m}" if one.issued_on else None)) == month
        ),
        None,
    )


def _propose(
    session: Session,
    document: Document,
    facts: Understanding,
    earlier: Document | None,
    now: datetime,
    person: str | None,
) -> tuple[int, int, int]:
    """Items, programmes and deadlines of status proposed; how many of each."""
    notice = len(facts.items) == 1 and facts.items[0].ref == "0"
    own_rules = _rules_of_notice(facts) if notice else None
    programmes = [
        made
        for rule in facts.frequency_rules
        if not (notice and rule.new_per_month is None)
        and (made := _programme(session, document, facts, rule, earlier, now))
    ]
    columns = [programme for programme in programmes if programme.new_per_month]
    for found in facts.items:
        session.add(
            Item(
                document_id=document.id,
                ref=found.ref,
                title=found.title,
                text=found.text,
                span_start=found.span[0],
                span_end=found.span[1],
                kind=_KINDS.get(facts.kind, "programme" if columns else "news"),
                bulletin_class="priority" if facts.kind in _URGENT else "normal",
                rules=own_rules,
                lead_units=[unit.text for unit in found.lead_units],
                partner_units=[unit.text for unit in found.partner_units],
                period_text=found.period.text if found.period else None,
                valid_from_on=found.period.from_on if found.period else None,
                valid_until_on=found.period.until_on if found.period else None,
                programme_id=columns[0].id if len(columns) == 1 else None,
                status="proposed",
                created_at=now,
                created_by=person,
            )
        )
    for due in facts.deadlines:
        session.add(Deadline(document_id=document.id, text=due.text, every=due.every, day=due.day))
    session.flush()
    return len(facts.items), len(programmes), len(facts.deadlines)


_KINDS = {"Thông báo": "notice", "Công điện": "urgent", "Cảnh báo": "urgent", "Giấy mời": "invitation"}
_URGENT = ("Công điện", "Cảnh báo")


def _rules_of_notice(facts: Understanding) -> dict[str, Any] | None:
    """What a notice says of its own airings ("03 lần/ngày, từ ngày … đến ngày …"), in the planner's language."""
    merged: dict[str, Any] = {}
    for rule in facts.frequency_rules:
        if rule.new_per_month is None:
            for name, value in rule.rules().items():
                merged[name] = [*merged.get(name, []), *value] if name in ("counts", "campaigns") else value
    return merged or None


def _programme(
    session: Session,
    document: Document,
    facts: Understanding,
    rule: FrequencyRule,
    earlier: Document | None,
    now: datetime,
) -> Programme | None:
    """The programme that a rule orders; None where the version before ordered the very same."""
    rules = rule.rules()
    if rule.new_per_month:
        rules.pop("counts", None)
    if not rule.new_per_month and not rules:
        return None
    title = rule.title or rule.topic or facts.subject or document.kind
    title = title[:1].upper() + title[1:]
    if earlier is not None:
        before = session.scalars(select(Programme).where(Programme.document_id == earlier.id)).all()
        if any(
            (one.new_per_month, one.min_replays_per_month, one.rules, one.title)
            == (rule.new_per_month, rule.min_replays_per_month, rules, title)
            for one in before
        ):
            return None
        for one in before:
            if one.status == "proposed":
                one.status = "retired"
    return add_programme(
        session,
        title=title,
        now=now,
        status="proposed",
        document_id=document.id,
        topic=rule.topic,
        new_per_month=rule.new_per_month,
        min_replays_per_month=rule.min_replays_per_month,
        rules=rules,
        rule_text=rule.text,
        span_start=rule.span[0],
        span_end=rule.span[1],
        target_length_ms=(rule.duration_min or 5) * 60_000,
        valid_from_on=rule.from_on,
        valid_until_on=rule.until_on,
    )
