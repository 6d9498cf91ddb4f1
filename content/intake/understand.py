"""The door of understanding: clean text → what the document is, says, and asks to be broadcast."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from content.intake.channels import channels_named, channels_of
from content.intake.citations import citations_in
from content.intake.contents import items_of
from content.intake.dates import peak_of
from content.intake.deadlines import deadlines_in
from content.intake.facts import Channel, Deadline, FrequencyRule, Item, Understanding
from content.intake.frequency import frequency_rules_in
from content.intake.heading import Heading, annex_start, read_heading
from content.intake.outline import Line, Node, build
from content.intake.source import Cell, SourceText, Span, Table
from content.intake.tables import table_items, whole_lines
from content.intake.units import marker

_FORM_COLUMN = re.compile(r"(?:các )?(?:hình thức|phương thức|kênh|phương tiện|cách thức)\b", re.IGNORECASE)
_TO_ANNEX = re.compile(
    r"^[^.;\n]{0,160}\b(?:theo|tại|trong|ở|có)\s+(?:các\s+|nội dung\s+)?(?:phụ lục|biểu|bảng|danh mục)\b[^.;\n]{0,80}[.;]?$",
    re.IGNORECASE,
)
"""A content that only points to the table in which the contents stand."""


def understand(source_text: SourceText) -> Understanding:
    """What the document says; every fact carries its character span in `source_text.text`.

    A fact that the text does not hold is None or an empty tuple: nothing is guessed from the file's name.
    """
    lines = list(_lines(source_text.text))
    heading = read_heading(source_text, lines)
    first, foot = heading.body
    outside = [line for line in lines[first:foot] if not _in_table(line, source_text.tables)]
    annex_at = annex_start(lines, foot)
    root = build(outside)
    annex = [line for line in lines[annex_at + 1 :] if not _in_table(line, source_text.tables)]
    annex_root = build(annex)
    annex_from = lines[annex_at].start if annex_at < len(lines) else len(source_text.text)
    from_tables = list(table_items(source_text, root, annex_root, annex_from, heading))
    items = items_of(root, heading, whole_lines(source_text, lines[first:foot]))
    items = _merged(items, from_tables, source_text.tables)
    if not items and annex:
        items = items_of(annex_root, heading, annex)
    # what a decision issues stands below its foot and orders as the body of a plan does
    roots = [root, annex_root] if items and annex and items[-1].span[0] >= annex[0].start else [root]
    end = lines[foot].start if foot < len(lines) else len(source_text.text)
    own = heading.number
    cited = citations_in(source_text.text[:end], _masthead_end(heading.spans), own)
    return Understanding(
        kind=heading.kind,
        number=heading.number,
        symbol=heading.symbol,
        issued_on=heading.issued_on,
        issued_month=heading.issued_month,
        place=heading.place,
        issuer=heading.issuer,
        subject=heading.subject,
        signer=heading.signer,
        recipients=tuple(heading.recipients),
        items=tuple(items),
        channels=tuple(_channels(roots, heading, items, source_text)),
        frequency_rules=tuple(_frequency(roots, source_text, heading.issued_on, heading.year)),
        deadlines=tuple(_deadlines(roots, heading.year)),
        citations=tuple(cited),
        spans=dict(heading.spans),
        passages=_passages(root),
    )


def _lines(text: str) -> Iterator[Line]:
    start = 0
    for part in text.split("\n"):
        if part.strip():
            yield Line(part, start)
        start += len(part) + 1


def _in_table(line: Line, tables: tuple[Table, ...]) -> bool:
    at = bisect_right([table.start for table in tables], line.start) - 1
    return at >= 0 and line.start < tables[at].end


def _masthead_end(spans: dict[str, Span]) -> int:
    """Where the number of the document itself is passed."""
    return max((spans[name][1] for name in ("number", "symbol", "issued_on") if name in spans), default=0)


def _merged(items: list[Item], from_tables: list[Item], tables: tuple[Table, ...]) -> list[Item]:
    """Items of headings and of tables; where a table is the content of a heading, its rows are the items."""
    if not from_tables:
        return items
    starts = [table.start for table in tables]
    kept = [
        item for item in items
        if item.ref != "0" and not _TO_ANNEX.search(item.text[:300]) and not (len(item.parts) <= 1 and any(item.span[0] <= start <= item.span[1] + 400 for start in starts))
    ]  # fmt: skip
    return sorted([*kept, *from_tables], key=lambda item: item.span[0])


def _entries(root: Node) -> Iterator[tuple[Node, str, int, str]]:
    """(node, text, offset, heading words) of every paragraph of the body."""
    for node in root.below():
        above = " ".join(ancestor.text for ancestor in node.ancestors() if not ancestor.is_bullet)
        if node.label is not None:
            yield node, node.text, node.text_start, above
        for line in node.plain:
            yield node, line.text, line.start, f"{node.text} {above}"


def _of_forms(source: SourceText, table: Table) -> list[Cell]:
    """The cells below a heading such as "Hình thức tuyên truyền"."""
    head = [source.text[cell.start : cell.end] for cell in table.rows[0]]
    columns = [index for index, words in enumerate(head) if _FORM_COLUMN.match(words.strip())]
    return [row[index] for row in table.rows[1:] for index in columns if index < len(row)]


def _channels(roots: list[Node], heading: Heading, items: list[Item], source: SourceText) -> list[Channel]:
    text = source.text
    found: list[Channel] = []
    for root in roots:
        for channel in channels_of(root, heading.kind, items[0].span[0] if items else 0):
            if all(channel.channel != other.channel for other in found):
                found.append(channel)
    in_tables = [cell for table in source.tables for cell in _of_forms(source, table)]
    for channel in channels_named(
        [Line(source.text[cell.start : cell.end], cell.start) for cell in in_tables]
    ):
        if all(channel.channel != other.channel for other in found):
            found.append(channel)
    spans = [heading.spans["subject"]] if "subject" in heading.spans and heading.kind != "Giấy mời" else []
    if not found and heading.kind.startswith("Lịch"):  # a schedule says it in its title and its rows
        return channels_named([Line(text[a:b], a) for a, b in [*spans, *(item.span for item in items)]])
    if items and all(channel.channel != "loudspeaker" for channel in found):
        named = channels_named([Line(text[a:b], a) for a, b in spans])
        found += [channel for channel in named if channel.channel == "loudspeaker"]
    return found


def _frequency(
    roots: list[Node], source: SourceText, issued_on: object, year: int | None
) -> list[FrequencyRule]:
    from datetime import date

    issued = issued_on if isinstance(issued_on, date) else None
    peak = peak_of(source.text, issued, year)
    rules: list[FrequencyRule] = []
    for node, text, start, above in (entry for root in roots for entry in _entries(root)):
        rules += frequency_rules_in(
            text, start, ref=node.ref, heading=above, issued_on=issued, year=year, peak=peak
        )
    for table in source.tables:
        head = " ".join(source.text[cell.start : cell.end] for cell in table.rows[0])
        for row in table.rows[1:]:
            for cell in row:
                text = source.text[cell.start : cell.end]
                rules += frequency_rules_in(
                    text, cell.start, heading=head, issued_on=issued, year=year, peak=peak
                )
    return rules


def _deadlines(roots: list[Node], year: int | None) -> list[Deadline]:
    found: list[Deadline] = []
    for _node, text, start, _above in (entry for root in roots for entry in _entries(root)):
        if marker(text):
            continue
        for deadline in deadlines_in(text, start, year):
            if not any((deadline.every, deadline.day) == (other.every, other.day) for other in found):
                found.append(deadline)
    return found


def _passages(root: Node) -> dict[str, Span]:
    """Where each reference stands, with all that is below it."""
    return {
        node.ref: (node.line.start, node.end) for node in root.below() if node.label is not None and node.ref
    }
