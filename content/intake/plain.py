"""Plain text and Markdown files."""

from __future__ import annotations

import re
from pathlib import Path

from content.intake.assemble import PARAGRAPH_LIMIT, TEXT_LIMIT, assemble
from content.intake.encodings import decode
from content.intake.errors import DocumentEmptyError, DocumentTooLongError, MisencodedError
from content.intake.source import Changes, Raw, RawLine, RawTable, SourceText

CELLS_LIMIT = 4 * PARAGRAPH_LIMIT
_RULE = re.compile(r"^\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*$")
_HORIZONTAL = re.compile(r"^\s*(?:[-_=*~]\s?){3,}$")


def read_plain(path: Path, content: bytes, *, file_format: str) -> SourceText:
    """The clean text of a txt or md file in any encoding we know.

    Raises: DocumentEmptyError, DocumentTooLongError, MisencodedError.
    """
    if not content.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise DocumentEmptyError(path=path)
    changes = Changes()
    decoded = decode(content, changes)
    if decoded is None:
        raise MisencodedError(path=path)
    text, encoding = decoded
    if text.count("|") > CELLS_LIMIT:
        raise DocumentTooLongError(path=path, limit=TEXT_LIMIT)
    return assemble(
        list(raw_blocks(text)), path=path, file_format=file_format, changes=changes, encoding=encoding
    )


def raw_blocks(text: str) -> list[Raw]:
    """Lines and pipe tables of a plain text; form feeds begin pages."""
    blocks: list[Raw] = []
    table: list[list[list[RawLine]]] = []
    text = (
        text.replace("\r\n", "\n")
        .replace("\r", "\n")
        .replace("\u2028", "\n")
        .replace("\u2029", "\n\n")
        .replace("\x85", "\n")
    )
    for line in text.replace("\f", "").replace("\v", "").split("\n"):
        is_row = line.count("|") >= 2 and line.strip().startswith("|")
        if is_row:
            if not _RULE.match(line):
                table.append([_cell(cell) for cell in line.strip().strip("|").split("|")])
            continue
        if table:
            blocks.append(RawTable(table))
            table = []
        blocks.append(RawLine("" if _HORIZONTAL.match(line) else line))
    if table:
        blocks.append(RawTable(table))
    return blocks


def _cell(text: str) -> list[RawLine]:
    return [RawLine(part.strip(), hard=True) for part in re.split(r"<br\s*/?>", text.strip())]
