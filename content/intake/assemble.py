"""Raw lines and tables of any format become one clean text with known places."""

from __future__ import annotations

import re
from pathlib import Path

from content.intake.encodings import is_garbled
from content.intake.errors import DocumentEmptyError, DocumentTooLongError, MisencodedError
from content.intake.masthead import split_columns
from content.intake.source import Cell, Changes, Raw, RawLine, RawTable, SourceText, Table
from content.intake.tidy import clean_line
from content.intake.unwrap import Paragraph, unwrap

TEXT_LIMIT = 2_000_000
PARAGRAPH_LIMIT = 60_000
"""A document of 300 pages has about 900,000 characters and 12,000 paragraphs."""
_LAYOUT = re.compile(
    r"CỘNG\s+H(?:ÒA|OÀ)\s+XÃ\s+HỘI|Độc\s+lập\s*-\s*Tự\s+do|Nơi\s+nhận|^\s*(?:TM|KT|TL|TUQ)\s?\.|^\s*Số\s*:",
    re.IGNORECASE | re.MULTILINE,
)


class _Builder:
    def __init__(self) -> None:
        self.parts: list[str] = []
        self.length = 0
        self.page_starts: list[int] = []
        self.page = 0
        self.tables: list[Table] = []

    def add(self, text: str, page: int) -> Cell:
        while self.page < page:
            self.page_starts.append(self.length)
            self.page += 1
        start = self.length
        self.parts.append(text)
        self.length += len(text) + 1
        return Cell(start=start, end=start + len(text))


def assemble(
    raw: list[Raw],
    *,
    path: Path,
    file_format: str,
    changes: Changes,
    pages: int = 0,
    encoding: str | None = None,
    title: str | None = None,
    published_on: str | None = None,
    ocr: bool = False,
) -> SourceText:
    """The clean text out of what a reader found.

    Raises:
        DocumentEmptyError: no letter in it. MisencodedError: letters lost. DocumentTooLongError: more than `TEXT_LIMIT` characters.
    """
    builder = _Builder()
    run: list[RawLine] = []
    flat = _unlayout(raw)
    flat_lines = all(isinstance(block, RawLine) for block in flat)

    def flush() -> None:
        lines = split_columns(run, changes) if not builder.parts or flat_lines or _has_foot(run) else run
        for paragraph in _paragraphs(lines, changes):
            builder.add(paragraph.text, paragraph.page)
        run.clear()

    for block in flat:
        if isinstance(block, RawLine):
            run.append(block)
        else:
            flush()
            _add_table(block, builder, changes)
    flush()
    if builder.length > TEXT_LIMIT or len(builder.parts) > PARAGRAPH_LIMIT:
        raise DocumentTooLongError(path=path, limit=TEXT_LIMIT)
    text = "\n".join(builder.parts)
    if not any(sign.isalnum() for sign in text[:200_000]):
        raise DocumentEmptyError(path=path)
    if is_garbled(text):
        raise MisencodedError(path=path)
    while builder.page < pages:
        builder.page_starts.append(len(text))
        builder.page += 1
    return SourceText(
        text=text,
        format=file_format,
        changes=changes.listed(),
        page_starts=tuple(builder.page_starts),
        tables=tuple(builder.tables),
        encoding=encoding,
        title=title,
        published_on=published_on,
        ocr=ocr,
    )


def _has_foot(lines: list[RawLine]) -> bool:
    return any("nhận" in line.text for line in lines[-30:])


def _paragraphs(lines: list[RawLine], changes: Changes) -> list[Paragraph]:
    for line in lines:
        line.text = clean_line(line.text, changes)
    return unwrap(lines, changes)


def _unlayout(raw: list[Raw]) -> list[Raw]:
    """Tables that only lay out a masthead, a foot or a frame become plain lines, column by column."""
    flat: list[Raw] = []
    for block in raw:
        if isinstance(block, RawLine):
            flat.append(block)
            continue
        width = max((len(row) for row in block.rows), default=0)
        words = "\n".join(line.text for row in block.rows for cell in row for line in cell)
        if width <= 1 or (len(block.rows) <= 4 and _LAYOUT.search(words)) or len(block.rows) == 1:
            flat.append(RawLine("", page=block.page))
            for part in _parts_of_page(block.rows):
                for column in range(width):
                    for row in part:
                        if column < len(row):
                            flat.extend(
                                RawLine(line.text, True, line.page or block.page) for line in row[column]
                            )
            flat.append(RawLine("", page=block.page))
        else:
            flat.append(block)
    return flat


def _parts_of_page(rows: list[list[list[RawLine]]]) -> list[list[list[list[RawLine]]]]:
    """The rows of a frame in the groups that are read column by column: a row that is one long cell is the body,
    and stands between masthead and foot."""
    parts: list[list[list[list[RawLine]]]] = [[]]
    for row in rows:
        filled = [cell for cell in row if any(line.text.strip() for line in cell)]
        if len(filled) == 1 and len(filled[0]) >= 4 and sum(len(line.text) for line in filled[0]) > 300:
            parts += [[row], []]
        else:
            parts[-1].append(row)
    return parts


def _add_table(block: RawTable, builder: _Builder, changes: Changes) -> None:
    rows: list[tuple[Cell, ...]] = []
    merged: set[tuple[int, int]] = set()
    for number, row in enumerate(block.rows):
        cells: list[Cell] = []
        for cell in row:
            paragraphs = _paragraphs(cell, changes)
            if not paragraphs:
                cells.append(Cell(start=builder.length, end=builder.length))
                continue
            placed = [builder.add(paragraph.text, paragraph.page or block.page) for paragraph in paragraphs]
            cells.append(Cell(start=placed[0].start, end=placed[-1].end))
        if cells and any(cell.end > cell.start for cell in cells):
            if block.merged:
                merged |= {(len(rows), at) for at in range(len(cells)) if (number, at) in block.merged}
            rows.append(tuple(cells))
    if rows:
        builder.tables.append(Table(rows=tuple(rows), merged=frozenset(merged)))
