"""Task lists in table form: columns for content, lead unit, partner units, time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from content.intake.contents import short_title
from content.intake.dates import period_of
from content.intake.facts import Item, Part
from content.intake.heading import Heading
from content.intake.outline import Line, Node
from content.intake.sections import APART, ON_AIR, STRONG
from content.intake.source import Cell, SourceText, Table
from content.intake.units import split_units

_COLUMNS = (
    ("label", re.compile(r"^(?:TT|STT|Số TT|S\.?TT|Số thứ tự)$", re.IGNORECASE)),
    ("partner", re.compile(r"phối hợp|tham gia", re.IGNORECASE)),
    ("period", re.compile(r"thời gian|tiến độ|thời hạn|hoàn thành|ngày phát|thời điểm|tháng", re.IGNORECASE)),
    (
        "lead",
        re.compile(r"chủ trì|đơn vị|cơ quan|phụ trách|người thực hiện|bộ phận|phân công", re.IGNORECASE),
    ),
    (
        "content",
        re.compile(
            r"nội dung|chuyên mục|chuyên đề|chủ đề|nhiệm vụ|tên bài|công việc|chương trình|hoạt động|tin,? bài",
            re.IGNORECASE,
        ),
    ),
)
_ON_DAY = re.compile(r"^(?:thứ\b(?!\s*tự)|ngày(?:\s*(?:,|/|tháng|phát|thứ)|$))", re.IGNORECASE)
"""The column of days of a weekly schedule; beside it, "Thời gian" is a time of day."""
_ABOUT = re.compile(
    r"tuyên truyền|truyền thông|phát thanh|truyền thanh|phát sóng|chuyên mục|thông điệp", re.IGNORECASE
)
_MONEY = re.compile(r"kinh phí|dự toán|đơn giá|thành tiền|số tiền", re.IGNORECASE)


@dataclass(slots=True)
class _Columns:
    of: dict[str, int]
    first_row: int


def table_items(
    source: SourceText, root: Node, annex: Node, annex_from: int, heading: Heading
) -> Iterator[Item]:
    """One item for each row of every table that lists contents to be broadcast; `annex_from` is where the annex begins."""
    for table in source.tables:
        columns = _columns(source, table)
        if columns is None:
            continue
        above = _node_above(annex if table.start >= annex_from else root, table.start)
        head = " ".join(_text(source, cell) for row in table.rows[: columns.first_row] for cell in row)
        near = source.text[max(0, table.start - 400) : table.start]
        named = above.text if above is not None else ""
        wanted = bool(_ABOUT.search(head) or (named and STRONG.search(named)) or _ABOUT.search(named))
        if above is not None and APART.match(named.strip()) and not _ABOUT.search(head):
            continue
        if _MONEY.search(head) and not _ABOUT.search(head):
            continue
        if (
            not wanted
            and not (heading.subject and _ABOUT.search(heading.subject + near))
            and not ON_AIR.search(near)
        ):
            continue
        yield from _rows(source, table, columns, above, heading)


def _columns(source: SourceText, table: Table) -> _Columns | None:
    for at, row in enumerate(table.rows[:3]):
        found: dict[str, int] = {}
        for index, cell in enumerate(row):
            words = " ".join(_text(source, cell).split())
            if not words or len(words) > 80:
                continue
            if _ON_DAY.match(words):
                found["period"] = index
                continue
            for name, pattern in _COLUMNS:
                if name not in found and pattern.search(words):
                    found[name] = index
                    break
        if "content" in found and len(found) >= 2:
            return _below(source, table, _Columns(found, at + 1))
    return None


def _below(source: SourceText, table: Table, columns: _Columns) -> _Columns:
    """A second line of the head divides a merged cell: "Đơn vị thực hiện" into "Chủ trì" and "Phối hợp"."""
    row = table.rows[columns.first_row] if columns.first_row < len(table.rows) else ()
    above = table.rows[columns.first_row - 1]
    named: dict[str, int] = {}
    for index, cell in enumerate(row):
        words = " ".join(_text(source, cell).split())
        if not words or (index < len(above) and words == " ".join(_text(source, above[index]).split())):
            continue
        name = next((name for name, pattern in _COLUMNS if pattern.search(words)), None)
        if name not in ("lead", "partner", "period") or len(words) > 40:
            return columns
        named.setdefault(name, index)
    return _Columns({**columns.of, **named}, columns.first_row + 1) if named else columns


def _rows(
    source: SourceText, table: Table, columns: _Columns, above: Node | None, heading: Heading
) -> Iterator[Item]:
    base = above.ref if above is not None else ""
    group = ""
    count = 0
    for number, row in enumerate(table.rows[columns.first_row :], columns.first_row):

        def cell(name: str, number: int = number) -> Cell | None:
            index = columns.of.get(name)
            if index is None:
                return None
            while (number, index) in table.merged and number > columns.first_row and name != "content":
                number -= 1  # the units and the time of several contents stand in one cell
            row = table.rows[number]
            return row[index] if index < len(row) and row[index].end > row[index].start else None

        content = cell("content")
        label_cell = cell("label")
        label = _text(source, label_cell).strip(" .)") if label_cell else ""
        filled = [entry for entry in row if entry.end > entry.start]
        if content is None or re.fullmatch(r"[\s(]*\d[\s)]*", _text(source, content)):
            if content is None and filled and re.fullmatch(r"[IVXA-D]+", label):
                group = label
            continue
        if re.fullmatch(r"[IVX]+|[A-D]", label) and len(filled) <= 2:
            group = label
            continue
        if not label and len(filled) == 1:
            continue
        count += 1
        value = label if re.fullmatch(r"\d{1,3}(?:\.\d{1,2})*|[a-zđ]|[IVX]+", label) else str(count)
        ref = ".".join(part for part in (base, group, value.lstrip("0") or value) if part)
        text = _text(source, content).strip()
        lines = [line for line in text.split("\n") if line.strip()]
        lead, partner, period = cell("lead"), cell("partner"), cell("period")
        parts = []
        at = content.start
        for line in source.text[content.start : content.end].split("\n"):
            if line.strip():
                parts.append(Part(text=line.strip(), span=(at, at + len(line))))
            at += len(line) + 1
        yield Item(
            ref=ref,
            title=short_title(re.sub(r"^[-+*]\s+", "", lines[0])),
            text=text,
            span=(content.start, content.end),
            lead_units=split_units(_text(source, lead), lead.start) if lead else (),
            partner_units=split_units(_text(source, partner), partner.start) if partner else (),
            period=period_of(
                " ".join(_text(source, period).split()), period.start, heading.issued_on, heading.year
            )
            if period
            else None,
            parts=tuple(parts),
        )


def whole_lines(source: SourceText, lines: list[Line]) -> list[Line]:
    """`lines` with each table row as one line, in words that can be spoken: "Tổ dân phố 3: 6h00 - 11h30"."""
    whole: list[Line] = []
    rows = {row[0].start: row for table in source.tables for row in table.rows[1:] if row}
    spans = [(table.start, table.end) for table in source.tables]
    for line in lines:
        if not any(start <= line.start < end for start, end in spans):
            whole.append(line)
    for start, row in rows.items():
        if lines and lines[0].start <= start <= lines[-1].start:
            cells = [" ".join(_text(source, cell).split()) for cell in row]
            cells = [
                cell
                for index, cell in enumerate(cells)
                if cell and not (index == 0 and re.fullmatch(r"[\dIVX.]+", cell))
            ]
            if cells:
                whole.append(
                    Line(
                        f"- {cells[0]}: {'; '.join(cells[1:])}." if len(cells) > 1 else f"- {cells[0]}.",
                        start,
                    )
                )
    return sorted(whole, key=lambda line: line.start)


def _text(source: SourceText, cell: Cell) -> str:
    return source.text[cell.start : cell.end]


def _node_above(root: Node, start: int) -> Node | None:
    """The last heading before `start`."""
    found: Node | None = None
    for node in root.below():
        if node.label is not None and not node.is_bullet and node.line.start < start:
            found = node
    return found
