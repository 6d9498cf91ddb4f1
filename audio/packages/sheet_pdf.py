"""The printable schedule as PDF on A4, with its own Vietnamese letters."""

from __future__ import annotations

import io
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from audio.packages.errors import FontMissingError
from audio.packages.sheet import COLUMNS, Sheet, SheetLine

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

POINTS_PER_MM: Final = 72 / 25.4
WIDTH: Final = 210 * POINTS_PER_MM
HEIGHT: Final = 297 * POINTS_PER_MM
MARGIN: Final = 14 * POINTS_PER_MM
LINE: Final = 13.0
REGULAR: Final = "Loa"
BOLD: Final = "Loa-Bold"
TABS: Final = tuple(MARGIN + mm * POINTS_PER_MM for mm in (0, 14, 136, 157, 170))
"""Left edge of each column of `COLUMNS`."""
TITLE_WIDTH: Final = TABS[2] - TABS[1] - 8


def pdf(sheet: Sheet) -> bytes:
    """The sheet as PDF; the same sheet gives the same bytes.

    Raises:
        FontMissingError: the installation lost its font.
    """
    from reportlab.pdfgen.canvas import Canvas

    _fonts()
    kept = io.BytesIO()
    canvas = Canvas(kept, pagesize=(WIDTH, HEIGHT), invariant=1)
    canvas.setTitle(f"Lịch phát thanh – {sheet.station} – {sheet.period}")
    canvas.setAuthor(sheet.sender)
    page = _Page(canvas, sheet)
    for day, lines in sheet.days:
        page.day(day, lines)
    page.notes([*sheet.rules, *sheet.warnings])
    canvas.save()
    return kept.getvalue()


class _Page:
    """Writes from top to bottom and turns the page when it is full; `y` is points above the paper's foot."""

    def __init__(self, canvas: Canvas, sheet: Sheet) -> None:
        self.canvas, self.sheet, self.number, self.y = canvas, sheet, 0, 0.0
        self._begin()

    def _begin(self) -> None:
        self.number += 1
        self.y = HEIGHT - MARGIN
        self._text(MARGIN, f"LỊCH PHÁT THANH – {self.sheet.period}", BOLD, 16)
        self.y -= 18
        for text in _across(self.sheet.station, BOLD, 12):
            self._text(MARGIN, text, BOLD, 12)
            self.y -= 14
        for text in _across(f"{self.sheet.sender} gửi", REGULAR, 9):
            self._text(MARGIN, text, REGULAR, 9)
            self.y -= 11
        self.y += 11
        self.canvas.setFont(REGULAR, 8)
        self.canvas.drawRightString(WIDTH - MARGIN, MARGIN / 2, f"Trang {self.number}")
        self.y -= 18
        for left, name in zip(TABS, COLUMNS, strict=True):
            self._text(left, name, BOLD, 9)
        self._rule()

    def _turn(self, needed: float) -> bool:
        """Take a new page where less than that is left of this one; whether it did."""
        if self.y - needed >= MARGIN:
            return False
        self.canvas.showPage()
        self._begin()
        return True

    def _text(self, left: float, text: str, font: str, size: float) -> None:
        self.canvas.setFont(font, size)
        self.canvas.drawString(left, self.y, text)

    def _rule(self) -> None:
        self.y -= 4
        self.canvas.setLineWidth(0.4)
        self.canvas.line(MARGIN, self.y, WIDTH - MARGIN, self.y)
        self.y -= LINE - 1

    def day(self, day: str, lines: list[SheetLine]) -> None:
        """One day's heading and airings; the heading never stands alone at the foot of a page."""
        self._turn(3 * LINE)
        self._text(MARGIN, day, BOLD, 10)
        self.y -= LINE
        for line in lines:
            titles = _wrapped(line.title)
            if self._turn(LINE * len(titles)):
                self._text(MARGIN, f"{day} (tiếp)", BOLD, 10)
                self.y -= LINE
            for left, text in zip(
                TABS, (line.time, titles[0], line.kind, str(line.minutes), line.file), strict=True
            ):
                self._text(left, text, REGULAR, 10)
            for rest in titles[1:]:
                self.y -= LINE
                self._text(TABS[1], rest, REGULAR, 10)
            self.y -= LINE
        self.y += LINE - 4
        self._rule()

    def notes(self, notes: list[str]) -> None:
        """What must be reached, below the days."""
        for note in notes:
            for text in _across(note, REGULAR, 9):
                self._turn(LINE)
                self._text(MARGIN, text, REGULAR, 9)
                self.y -= LINE


def _across(text: str, font: str, size: float) -> list[str]:
    """Lines as wide as the page."""
    return _lines(text, font, size, WIDTH - 2 * MARGIN)


@cache
def _wrapped(title: str) -> tuple[str, ...]:
    return tuple(_lines(title, REGULAR, 10, TITLE_WIDTH)) or ("",)


def _lines(text: str, font: str, size: float, width: float) -> list[str]:
    """`text` in lines of at most `width` points: between words, and within one only where it is wider itself."""
    from reportlab.lib.utils import simpleSplit
    from reportlab.pdfbase.pdfmetrics import stringWidth

    lines = []
    for line in simpleSplit(text, font, size, width):
        rest = line
        while len(rest) > 1 and stringWidth(rest, font, size) > width:
            fitting = len(rest) - 1
            while fitting > 1 and stringWidth(rest[:fitting], font, size) > width:
                fitting -= 1
            lines.append(rest[:fitting])
            rest = rest[fitting:]
        lines.append(rest)
    return lines


@cache
def _fonts() -> None:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFError, TTFont

    folder = Path(str(files("audio.packages"))) / "fonts"
    for name, file in ((REGULAR, "DejaVuSansCondensed.ttf"), (BOLD, "DejaVuSansCondensed-Bold.ttf")):
        try:
            pdfmetrics.registerFont(TTFont(name, str(folder / file)))
        except (TTFError, OSError) as error:
            raise FontMissingError(path=folder / file) from error
