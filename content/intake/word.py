"""Word files (.docx): paragraphs with their automatic numbers, tables, text boxes, mastheads kept in headers."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from lxml import etree

from content.errors import Told
from content.intake import safexml
from content.intake.assemble import assemble
from content.intake.encodings import repair_lines
from content.intake.errors import DocumentDamagedError, DocumentHostileError, WrongTypeError
from content.intake.source import Changes, Raw, RawLine, RawTable, SourceText
from content.intake.word_numbers import Numbering
from content.language import N_

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
STRICT = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
PART_LIMIT = 64_000_000
SMALL_PART_LIMIT = 8_000_000
TOTAL_LIMIT = 400_000_000
RATIO_LIMIT = 150
_SKIPPED = {
    W + tag
    for tag in ("del", "moveFrom", "instrText", "delText", "pPr", "rPr", "sectPr", "footnoteReference")
}
_MASTHEAD = re.compile(r"CỘNG\s+H(?:ÒA|OÀ)|ỦY BAN|UỶ BAN|^\s*Số\s*:", re.IGNORECASE | re.MULTILINE)


def read_word(path: Path, content: bytes) -> SourceText:
    """The clean text of a docx file.

    Raises: DocumentDamagedError, DocumentHostileError (zip bomb, entities), WrongTypeError, DocumentEmptyError.
    """
    changes = Changes()
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            _check_sizes(archive, path, len(content))
            names = set(archive.namelist())
            main = _main_part(names)
            if main is None:
                raise WrongTypeError(path=path, named=path.suffix.lstrip("."), found=_zip_kind(names))
            body = _part(archive, main, path, PART_LIMIT)
            numbering = _optional(archive, "word/numbering.xml", names, path)
            styles = _optional(archive, "word/styles.xml", names, path)
            heads = [
                _part(archive, name, path, SMALL_PART_LIMIT)
                for name in sorted(names)
                if re.fullmatch(r"word/header\d*\.xml", name)
            ][:4]
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ) as error:
        raise DocumentDamagedError(path=path, reason=str(error)[:120] or type(error).__name__) from error
    body = _transitional(body)
    reader = _Reader(
        Numbering(
            safexml.parse(numbering, path) if numbering else None,
            safexml.parse(styles, path) if styles else None,
        )
    )
    raw: list[Raw] = []
    for head in heads:
        lines = list(reader.blocks(safexml.parse(_transitional(head), path)))
        if _MASTHEAD.search("\n".join(_words(lines))):
            raw += lines
            break
    for element in safexml.children(body, path, W + "body"):
        raw += reader.block(element)
    _convert_fonts(raw, changes)
    return assemble(raw, path=path, file_format="docx", changes=changes)


def _main_part(names: set[str]) -> str | None:
    return next((name for name in ("word/document.xml", "word/document2.xml") if name in names), None)


def _zip_kind(names: set[str]) -> str:
    if any(name.startswith("xl/") for name in names):
        return "xlsx"
    if any(name.startswith("ppt/") for name in names):
        return "pptx"
    return "odt" if "content.xml" in names else "zip"


def _check_sizes(archive: zipfile.ZipFile, path: Path, packed: int) -> None:
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    if (
        unpacked > TOTAL_LIMIT
        or len(entries) > 5000
        or (unpacked > 20_000_000 and unpacked > packed * RATIO_LIMIT)
    ):
        raise DocumentHostileError(path=path, reason=N_("it unpacks to far more than a document holds"))
    if any(entry.flag_bits & 1 for entry in entries):
        raise DocumentDamagedError(path=path, reason=N_("it is encrypted inside"))


def _part(archive: zipfile.ZipFile, name: str, path: Path, limit: int) -> bytes:
    with archive.open(name) as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise DocumentHostileError(
            path=path,
            reason=Told(
                N_("its part {part} is larger than {limit_mb} MB"), part=name, limit_mb=limit // 1_000_000
            ),
        )
    return content


def _optional(archive: zipfile.ZipFile, name: str, names: set[str], path: Path) -> bytes | None:
    return _transitional(_part(archive, name, path, SMALL_PART_LIMIT)) if name in names else None


def _transitional(content: bytes) -> bytes:
    return content.replace(STRICT[1:-1].encode(), W[1:-1].encode())


def _words(blocks: list[Raw]) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, RawLine):
            yield block.text
        else:
            for row in block.rows:
                for cell in row:
                    yield from (line.text for line in cell)


def _convert_fonts(raw: list[Raw], changes: Changes) -> None:
    """Old .VnTime and VNI fonts keep their letters as Latin-1: put them right."""
    lines = [
        line
        for block in raw
        for line in (
            [block]
            if isinstance(block, RawLine)
            else [line for row in block.rows for cell in row for line in cell]
        )
    ]
    for line, text in zip(lines, repair_lines([line.text for line in lines], changes), strict=True):
        line.text = text


class _Reader:
    def __init__(self, numbering: Numbering) -> None:
        self.numbering = numbering

    def blocks(self, parent: etree._Element, depth: int = 0) -> Iterator[Raw]:
        for element in parent:
            yield from self.block(element, depth)

    def block(self, element: etree._Element, depth: int = 0) -> Iterator[Raw]:
        tag = element.tag
        if depth > 40:
            return
        if tag == W + "p":
            yield from self._paragraph(element)
        elif tag == W + "tbl":
            yield from self._table(element, depth)
        elif tag in (
            W + "sdt",
            W + "sdtContent",
            W + "ins",
            W + "moveTo",
            W + "customXml",
            W + "smartTag",
            W + "txbxContent",
        ):
            yield from self.blocks(element, depth + 1)

    def _paragraph(self, element: etree._Element) -> Iterator[Raw]:
        boxes: list[etree._Element] = []
        text = "".join(_text_of(element, boxes))
        label = self.numbering.label(element)
        if label and text.strip():
            text = f"{label} {text.lstrip()}"
        for box in boxes:
            yield from self.blocks(box, 1)
        lines = text.split("\n")
        for line in lines[:-1]:
            yield RawLine(line, hard=False)
        yield RawLine(lines[-1], hard=True)

    def _table(self, table: etree._Element, depth: int) -> Iterator[Raw]:
        rows: list[list[list[RawLine]]] = []
        merged: set[tuple[int, int]] = set()
        nested: list[Raw] = []
        for row in table.iter(W + "tr"):
            if _nearest(row, W + "tbl") is not table:
                continue
            cells: list[list[RawLine]] = []
            for cell in row.iter(W + "tc"):
                if _nearest(cell, W + "tr") is not row:
                    continue
                lines: list[RawLine] = []
                for block in self.blocks(cell, depth + 1):
                    if isinstance(block, RawLine):
                        lines.append(block)
                    else:
                        lines += [line for inner in block.rows for part in inner for line in part]
                merge = cell.find(f"{W}tcPr/{W}vMerge")
                if merge is not None and merge.get(W + "val") != "restart":
                    lines = []
                    merged.add((len(rows), len(cells)))
                cells.append(lines)
                wide = cell.find(f"{W}tcPr/{W}gridSpan")
                extra = _small_number(wide.get(W + "val")) - 1 if wide is not None else 0
                cells += [[] for _ in range(min(extra, 30))]
            rows.append(cells)
        yield RawTable(rows, merged=merged)
        yield from nested


def _small_number(value: str | None) -> int:
    try:
        return max(1, min(int(value or 1), 60))
    except ValueError:
        return 1


def _nearest(element: etree._Element, tag: str) -> etree._Element | None:
    above = element.getparent()
    while above is not None and above.tag != tag:
        above = above.getparent()
    return above


def _text_of(element: etree._Element, boxes: list[etree._Element], depth: int = 0) -> Iterator[str]:
    """The visible text of a paragraph; text boxes are put into `boxes`."""
    if depth > 60:
        return
    for child in element:
        tag = child.tag
        if tag in _SKIPPED or not isinstance(tag, str):
            continue
        if tag == W + "t":
            yield child.text or ""
        elif tag == W + "tab":
            yield "\t"
        elif tag in (W + "br", W + "cr"):
            if child.get(W + "type") not in ("page", "column"):
                yield "\n"
        elif tag == W + "noBreakHyphen":
            yield "-"
        elif tag == W + "softHyphen":
            yield "\u00ad"
        elif tag == W + "sym":
            yield _symbol(child)
        elif tag == W + "txbxContent":
            boxes.append(child)
        elif tag == MC + "Fallback" or (tag == W + "r" and _hidden(child)):
            continue
        else:
            yield from _text_of(child, boxes, depth + 1)


def _hidden(run: etree._Element) -> bool:
    vanish = run.find(f"{W}rPr/{W}vanish")
    return vanish is not None and vanish.get(W + "val") not in ("0", "false", "off")


def _symbol(element: etree._Element) -> str:
    try:
        return chr(int(element.get(W + "char") or "20", 16))
    except (ValueError, OverflowError):
        return ""
