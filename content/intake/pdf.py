"""PDF files with a text layer, read by PDFium; scans are told apart."""

from __future__ import annotations

import ctypes
import itertools
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from content.errors import Told
from content.intake import scan
from content.intake.assemble import TEXT_LIMIT, assemble
from content.intake.encodings import plausibility, repair_lines
from content.intake.errors import (
    DocumentDamagedError,
    DocumentEmptyError,
    DocumentEncryptedError,
    DocumentHostileError,
    DocumentTooLongError,
    MisencodedError,
    TooManyPagesError,
)
from content.intake.pdf_guard import check_size
from content.intake.pdf_rules import Grid, grids_of
from content.intake.pdf_table import PlacedLine, blocks_of, has_columns
from content.intake.source import Changes, SourceText
from content.language import N_

PAGE_LIMIT = 5000
READ_LIMIT_S = 120
"""Reading 5,000 pages of text takes a fifth of this, a drawing on every page may take for ever."""
GAP_PT = 14.0
"""A gap within a line that no justified text has: about three and a half spaces of 14 pt."""
_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(r"^\W*(?:trang\s+)?(\d{1,4})(?:\s*/\s*\d{1,4})?\W*$", re.IGNORECASE)


def read_pdf(path: Path, content: bytes) -> SourceText:
    """The clean text of a PDF.

    Raises:
        DocumentEncryptedError, DocumentDamagedError, DocumentHostileError, DocumentEmptyError, MisencodedError (a font without
        its letter table), ScannedDocumentError and OcrFailedError (see `content.intake.scan`).
    """
    changes = Changes()
    check_size(path, content)
    try:
        with pdfium.PdfDocument(content) as document:
            count = len(document)
            if count == 0:
                raise DocumentEmptyError(path=path)
            if count > PAGE_LIMIT:
                raise TooManyPagesError(path=path, limit=PAGE_LIMIT)
            grids: list[list[Grid]] = []
            pages = list(_pages(document, path, grids))
            if _is_bare(pages, 20 * min(count, 5)) and _has_pictures(document):
                return _by_ocr(document, path, count)
    except pdfium.PdfiumError as error:
        if "password" in str(error).lower():
            raise DocumentEncryptedError(path=path) from error
        raise DocumentDamagedError(path=path, reason=str(error)[:120]) from error
    except (ValueError, IndexError, RuntimeError, ctypes.ArgumentError, OSError) as error:
        raise DocumentDamagedError(path=path, reason=str(error)[:120] or type(error).__name__) from error
    _drop_running_heads(pages, changes)
    _put_letters_right(pages, path, changes)
    return assemble(blocks_of(pages, grids), path=path, file_format="pdf", changes=changes, pages=count)


def _pages(document: pdfium.PdfDocument, path: Path, grids: list[list[Grid]]) -> Iterator[list[PlacedLine]]:
    """The lines of each page; only one page is open at a time. The ruled tables of each are put into `grids`."""
    total = 0
    began = time.process_time()
    for index in range(len(document)):
        grids.append([])
        if time.process_time() - began > READ_LIMIT_S:
            raise DocumentHostileError(
                path=path, reason=Told(N_("its pages take more than {limit_s} seconds"), limit_s=READ_LIMIT_S)
            )
        try:
            page = document[index]
        except pdfium.PdfiumError:
            yield []
            continue
        try:
            sheet = page.get_textpage()
            try:
                text = sheet.get_text_range()
                total += len(text)
                if total > TEXT_LIMIT:
                    raise DocumentTooLongError(path=path, limit=TEXT_LIMIT)
                lines = list(_lines(sheet, text))
                if has_columns(lines):
                    grids[-1] = grids_of(page.raw)
                if grids[-1]:
                    lines = _cut_at_rules(sheet, lines, grids[-1])
                yield lines
            finally:
                sheet.close()
        except pdfium.PdfiumError:
            yield []
        finally:
            page.close()


def _lines(sheet: pdfium.PdfTextPage, text: str) -> Iterator[PlacedLine]:
    """Each line with its place (points, origin bottom left); a line with a wide gap is several."""
    placed = len(text) == sheet.count_chars()
    text = text.replace("\ufffe", "-")  # a hyphen at the end of a line
    if not placed:  # the places of letters cannot be told
        yield from (PlacedLine(line) for line in text.split("\r\n") if line.strip())
        return
    box = _Boxes(sheet)
    start = 0
    for line in text.split("\r\n"):
        stripped = line.strip()
        if stripped:
            first = start + len(line) - len(line.lstrip())
            boxes = box.rectangles(first, len(stripped))
            if len(boxes) == 1:
                left, bottom, right, top = boxes[0]
                yield PlacedLine(stripped, left, right, bottom, top - bottom, first)
            else:
                yield from box.lines(text, first, stripped, boxes)
        start += len(line) + 2


def _cut_at_rules(sheet: pdfium.PdfTextPage, lines: list[PlacedLine], grids: list[Grid]) -> list[PlacedLine]:
    """The same lines; one that runs over the border of two cells is cut there."""
    box = _Boxes(sheet)
    cut: list[PlacedLine] = []
    for line in lines:
        if line.first is None or line.left is None or line.right is None or line.bottom is None:
            cut.append(line)
            continue
        middle = line.bottom + (line.height or 0.0) / 2
        borders = [x for grid in grids for x in grid.cuts(line.left, line.right, middle)]
        cut += box.cut(line, line.first, sorted(borders)) if borders else [line]
    return cut


class _Boxes:
    """Where the letters of one page stand."""

    def __init__(self, sheet: pdfium.PdfTextPage) -> None:
        self.raw = sheet.raw
        self.numbers = tuple(ctypes.c_double() for _ in range(4))
        self.refs = tuple(ctypes.byref(number) for number in self.numbers)

    def lines(self, text: str, first: int, line: str, boxes: list[_Rectangle]) -> Iterator[PlacedLine]:
        """The line that begins at `first`; where a gap is much wider than a space, the cells it is made of."""
        if not boxes:
            yield PlacedLine(line)
        elif " " not in line or not _has_gap(boxes):
            yield _placed(line, boxes, first)
        else:
            edges = [0, *self._cuts(first, line), len(line)]
            for low, high in itertools.pairwise(edges):
                part = text[first + low : first + high]
                found = self.rectangles(first + low, len(part.rstrip()))
                yield _placed(part, found or boxes, first + low if found else None)

    def cut(self, line: PlacedLine, first: int, borders: list[float]) -> list[PlacedLine]:
        """What stands left and right of each of the `borders`, which cross the line."""
        left = self.numbers[0]
        edges = [0]
        waiting = list(borders)
        for at, sign in enumerate(line.text):
            if not waiting:
                break
            if sign == " " or not pdfium_c.FPDFText_GetCharBox(self.raw, first + at, *self.refs):
                continue
            if left.value > waiting[0] - 1:
                edges.append(at)
                waiting = [x for x in waiting if left.value <= x - 1]
        parts = []
        for low, high in itertools.pairwise([*edges, len(line.text)]):
            text = line.text[low:high]
            boxes = self.rectangles(first + low, len(text.rstrip())) if text.strip() else []
            if boxes:
                parts.append(_placed(text, boxes, first + low))
        return parts or [line]

    def rectangles(self, first: int, length: int) -> list[_Rectangle]:
        """(left, bottom, right, top) of each run of letters."""
        raw, refs = self.raw, self.refs
        left, top, right, bottom = self.numbers
        boxes: list[_Rectangle] = []
        for index in range(min(pdfium_c.FPDFText_CountRects(raw, first, length), 400)):
            if pdfium_c.FPDFText_GetRect(raw, index, *refs):
                boxes.append((left.value, bottom.value, right.value, top.value))
        return boxes

    def _cuts(self, first: int, line: str) -> list[int]:
        """Where in the line the words after a wide gap begin."""
        left, right = self.numbers[0], self.numbers[1]
        cuts: list[int] = []
        reach: float | None = None
        for at, sign in enumerate(line):
            if sign == " " or not pdfium_c.FPDFText_GetCharBox(self.raw, first + at, *self.refs):
                continue
            if reach is not None and line[at - 1] == " " and left.value - reach > GAP_PT:
                cuts.append(at)
            reach = right.value
        return cuts


_Rectangle = tuple[float, float, float, float]


def _has_gap(boxes: list[_Rectangle]) -> bool:
    ordered = sorted(boxes)
    reach = ordered[0][2]
    for left, _bottom, right, _top in ordered[1:]:
        if left - reach > GAP_PT:
            return True
        reach = max(reach, right)
    return False


def _placed(text: str, boxes: list[_Rectangle], first: int | None) -> PlacedLine:
    if len(boxes) == 1:
        left, bottom, right, top = boxes[0]
    else:
        left, right = min(box[0] for box in boxes), max(box[2] for box in boxes)
        bottom, top = min(box[1] for box in boxes), max(box[3] for box in boxes)
    return PlacedLine(text, left, right, bottom, top - bottom, first)


def _drop_running_heads(pages: list[list[PlacedLine]], changes: Changes) -> None:
    """Page numbers, and lines that stand at the top or the foot of most pages, are no text."""
    if len(pages) < 2:
        return
    seen: Counter[str] = Counter()
    for page in pages:
        seen.update({_shape(line.text) for line in page[:2] + page[-2:]})
    needed = max(3, len(pages) * 0.6)
    ahead = Counter(  # a first page may be numbered 5; a number alone is that of a table's row
        int(match[1]) - number
        for number, page in enumerate(pages, 1)
        for line in {id(line): line for line in page[:2] + page[-2:]}.values()
        if (match := _PAGE_NUMBER.match(line.text.strip()))
    )
    for number, page in enumerate(pages, 1):
        for place in (0, 0, -1, -1):
            if not page:
                break
            text = page[place].text.strip()
            match = _PAGE_NUMBER.match(text)
            shift = int(match[1]) - number if match else 0
            alone = shift != 0 and ahead[shift] < 2
            if match and number > 1 and abs(shift) <= 20 and not alone:
                del page[place]
                changes.add("page numbers dropped")
            elif seen[_shape(text)] >= needed and len(text) < 120 and not alone:
                del page[place]
                changes.add("running heads dropped")


def _shape(text: str) -> str:
    return _DIGITS.sub("#", text.strip())


def _put_letters_right(pages: list[list[PlacedLine]], path: Path, changes: Changes) -> None:
    lines = [line for page in pages for line in page]
    for line, text in zip(lines, repair_lines([line.text for line in lines], changes), strict=True):
        line.text = text
    sample = "\n".join(line.text for page in pages[:20] for line in page)
    lost = sample.count("\ufffd") > 0.05 * len(sample)
    if plausibility(sample) <= 0.6 and (lost or (plausibility(sample) < 0.2 and len(sample) > 400)):
        raise MisencodedError(path=path)


def _is_bare(pages: list[list[PlacedLine]], wanted: int) -> bool:
    """Whether the pages hold fewer than `wanted` letters; looks no further than it must."""
    found = 0
    for page in pages:
        for line in page:
            found += sum(map(str.isalnum, line.text))
            if found >= wanted:
                return False
    return True


def _has_pictures(document: pdfium.PdfDocument) -> bool:
    for index in range(min(len(document), 3)):
        page = document[index]
        try:
            if any(True for _ in page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE], max_depth=3)):
                return True
        finally:
            page.close()
    return False


def _by_ocr(document: pdfium.PdfDocument, path: Path, count: int) -> SourceText:
    def pictures() -> Iterator[bytes]:
        for index in range(count):
            page = document[index]
            try:
                width, height = page.get_size()
                scale = min(300 / 72, (16_000_000 / max(width * height, 1)) ** 0.5)
                bitmap = page.render(scale=scale, grayscale=True)
                yield scan.png(bitmap.width, bitmap.height, bitmap.stride, bytes(bitmap.buffer))
                bitmap.close()
            finally:
                page.close()

    return scan.read_pictures(path, pictures(), count, file_format="pdf")
