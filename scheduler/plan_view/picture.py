"""A board of the plan as a picture: HTML in one file, or PNG."""

from __future__ import annotations

import io
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jinja2 import Environment
from PIL import Image, ImageDraw, ImageFont

from content.errors import LoaError
from content.language import N_, screen_language
from scheduler.plan_view.board import Board, Cell

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

COLOURS: Final = (
    "#2563a8", "#c2410c", "#15803d", "#7c3aed", "#b91c6b", "#0e7490", "#a16207", "#4d7c0f", "#be123c", "#475569",
)  # fmt: skip
WIDTH: Final = 1600
MARGIN: Final = 24
PAD: Final = 8
HIGHEST_PX: Final = 20_000  # 96 MB in memory
HEAD_WIDTH: Final = 190
TEXT_PX: Final = 19
LINE_PX: Final = 25
INK, FAINT, RULE, HEAD, SHUT = "#1f2933", "#7b8794", "#b8c2cc", "#e8eef4", "#eeeeee"
GONE: Final = ("cancelled", "missed", "preempted")


class TooHighError(LoaError):
    """A plan with too many plays for one PNG."""

    sentence = N_("the picture would be {height} pixels high; choose fewer days, or write --html")


def as_html(board: Board) -> str:
    """The board as one HTML file that needs nothing else; every text in it is escaped."""
    text = files("scheduler.plan_view").joinpath("board.html.j2").read_text("utf-8")
    template = Environment(autoescape=True).from_string(text)
    return template.render(board=board, colours=COLOURS, language=screen_language())


def as_png(board: Board) -> bytes:
    """The board as a PNG, 1600 pixels wide and as high as it needs to be. Raises: TooHighError."""
    regular, bold, big = _font("", TEXT_PX), _font("-Bold", TEXT_PX), _font("-Bold", 28)
    left = HEAD_WIDTH if board.corner else 0
    across = (WIDTH - 2 * MARGIN - left) // max(1, len(board.columns))
    room = across - 2 * PAD - 10
    title = _wrapped(board.title, big, WIDTH - 2 * MARGIN)
    top = MARGIN + len(title) * 38 + PAD
    laid = [[_lines(cell, regular, room) for cell in row.cells] for row in board.rows]
    heights = [
        max(
            [LINE_PX * max(1, sum(len(lines) for lines, _e in box) + bool(cell.corner)) for box, cell in zip(boxes, row.cells, strict=True)]
            + [LINE_PX * len(_wrapped(row.head, bold, HEAD_WIDTH - 2 * PAD))]
        ) + 2 * PAD
        for boxes, row in zip(laid, board.rows, strict=True)
    ]  # fmt: skip
    head_px = LINE_PX + 2 * PAD
    height_px = top + head_px + sum(heights) + MARGIN
    if height_px > HIGHEST_PX:
        raise TooHighError(height=height_px)
    image = Image.new("RGB", (WIDTH, height_px), "white")
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(title):
        draw.text((MARGIN, MARGIN + number * 38), line, INK, big)
    right = MARGIN + left + across * len(board.columns)
    draw.rectangle((MARGIN, top, right, top + head_px), HEAD, RULE)
    if board.corner:
        draw.text((MARGIN + PAD, top + PAD), board.corner, INK, bold)
    for column, name in enumerate(board.columns):
        draw.text((MARGIN + left + column * across + PAD, top + PAD), name, INK, bold)
    y = top + head_px
    for row, boxes, height in zip(board.rows, laid, heights, strict=True):
        if board.corner:
            draw.rectangle((MARGIN, y, MARGIN + left, y + height), HEAD, RULE)
            for number, line in enumerate(_wrapped(row.head, bold, HEAD_WIDTH - 2 * PAD)):
                draw.text((MARGIN + PAD, y + PAD + number * LINE_PX), line, INK, bold)
        for column, (cell, box) in enumerate(zip(row.cells, boxes, strict=True)):
            x = MARGIN + left + column * across
            draw.rectangle((x, y, x + across, y + height), SHUT if cell.shut else "white", RULE)
            at = y + PAD
            if cell.corner:
                draw.text((x + across - PAD, at), cell.corner, FAINT, bold, anchor="ra")
                at += LINE_PX
            for lines, entry in box:
                colour = COLOURS[cell.entries[entry].colour % len(COLOURS)]
                gone = cell.entries[entry].status in GONE
                draw.rectangle((x + PAD, at + 2, x + PAD + 4, at + LINE_PX * len(lines) - 4), colour)
                for line in lines:
                    draw.text((x + PAD + 10, at), line, FAINT if gone else INK, regular)
                    if gone:
                        middle = at + TEXT_PX // 2 + 2
                        draw.line(
                            (x + PAD + 10, middle, x + PAD + 10 + regular.getlength(line), middle), FAINT
                        )
                    at += LINE_PX
        y += height
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _lines(cell: Cell, font: FreeTypeFont, room: int) -> list[tuple[list[str], int]]:
    """Per entry of a cell: its lines, and its number."""
    return [
        (_wrapped(f"{e.time} {e.title}" + (f" ({e.note})" if e.note else ""), font, room), number)
        for number, e in enumerate(cell.entries)
    ]


def _wrapped(text: str, font: FreeTypeFont, room: float) -> list[str]:
    """`text` in lines that are not wider than `room`; a word that is too wide is cut."""
    lines, line = [], ""
    for word in text.split():
        wider = f"{line} {word}" if line else word
        if font.getlength(wider) <= room:
            line = wider
            continue
        if line:
            lines.append(line)
        line = word
        while font.getlength(line) > room and len(line) > 1:
            cut = len(line) - 1
            while cut > 1 and font.getlength(line[:cut]) > room:
                cut -= 1
            lines.append(line[:cut])
            line = line[cut:]
    return [*lines, line] if line or not lines else lines


def _font(weight: str, size_px: int) -> FreeTypeFont:
    path = Path(str(files("audio.packages"))) / "fonts" / f"DejaVuSansCondensed{weight}.ttf"
    return ImageFont.truetype(io.BytesIO(path.read_bytes()), size_px)
