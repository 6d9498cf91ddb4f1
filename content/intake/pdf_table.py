"""Where lines stand on a page tells paragraphs, and the rows and columns of tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from content.intake.labels import label_of
from content.intake.pdf_rules import Grid
from content.intake.source import Raw, RawLine, RawTable

_BESIDE_NOTHING = re.compile(
    r"^\s*(?:Kính\s+gửi|(?:KẾ HOẠCH|QUYẾT ĐỊNH|THÔNG BÁO|CÔNG ĐIỆN|CHỈ THỊ|HƯỚNG DẪN|CHƯƠNG TRÌNH|PHƯƠNG ÁN|NGHỊ QUYẾT|QUY CHẾ|PHỤ LỤC)\s*$)"
)
"""What follows a masthead or a foot, and is no part of either column."""
_HANGING_PT = 27.0
"""Text under a list label hangs less far in than a paragraph is indented (1 cm and more)."""
_PADDING_PT = 5.4
"""What Word and LibreOffice keep free between a border and the words."""
_LINES_APART = 2.6
"""Lines of one cell stand closer than this many line heights."""


@dataclass(slots=True)
class PlacedLine:
    """One line and its place in points from the bottom left corner (None where PDFium does not tell).

    `first` is the place of its first letter in the text of the page.
    """

    text: str
    left: float | None = None
    right: float | None = None
    bottom: float | None = None
    height: float | None = None
    first: int | None = None

    def box(self) -> _Box | None:
        if self.left is None or self.right is None or self.bottom is None or self.height is None:
            return None
        return _Box(self, self.left, max(self.right, self.left), self.bottom, max(self.height, 4.0))


@dataclass(slots=True)
class _Box:
    line: PlacedLine
    left: float
    right: float
    bottom: float
    height: float
    beside: bool = False

    @property
    def middle(self) -> float:
        return self.bottom + self.height / 2

    def stands_beside(self, other: _Box) -> bool:
        apart = self.left > other.right + 2 or other.left > self.right + 2
        return apart and abs(self.bottom - other.bottom) < 0.7 * min(self.height, other.height)


@dataclass(slots=True)
class _Column:
    left: float
    right: float


@dataclass(slots=True)
class _Band:
    """Lines that stand side by side: a table, a masthead, a foot."""

    boxes: list[_Box]
    columns: list[_Column] = field(default_factory=list)


@dataclass(slots=True)
class _Ruled:
    """A table whose cells are ruled, and the lines in it."""

    grid: Grid
    lines: list[PlacedLine] = field(default_factory=list)

    @property
    def columns(self) -> list[_Column]:
        return [_Column(left, right) for left, right in pairwise(self.grid.xs)]

    def table(self, number: int) -> RawTable:
        """Its rows of cells of lines, from top to bottom; a merged cell stands in its first column and row."""
        cells: dict[tuple[int, int], list[tuple[float, float, RawLine]]] = {}
        for line in self.lines:
            if line.left is None or line.right is None or line.bottom is None:
                continue
            middle = line.bottom + (line.height or 0.0) / 2
            row, first, last = self.grid.cell_of((line.left + line.right) / 2, middle)
            left, right = self.grid.xs[first], self.grid.xs[last + 1]
            share = min((line.right - left) / max(right - left - 2 * _PADDING_PT, 1.0), 1.2)
            raw = RawLine(line.text, page=number, right_share=share)
            cells.setdefault((row, first), []).append((-round(line.bottom), line.left, raw))
        height, width = len(self.grid.ys) - 1, len(self.grid.xs) - 1
        table = RawTable([], number)
        for row in range(height):
            found = [
                [raw for *_place, raw in sorted(cells.get((row, column), []), key=lambda entry: entry[:2])]
                for column in range(width)
            ]
            if any(found):
                goes_on = [at for at in range(width) if not found[at] and self._goes_on(row, at)]
                table.merged |= {(len(table.rows), at) for at in goes_on}
                table.rows.append(found)
        return table

    def _goes_on(self, row: int, column: int) -> bool:
        """Whether the cell above goes on over this one."""
        xs, ys = self.grid.xs, self.grid.ys
        middle = (ys[row] + ys[row + 1]) / 2
        return self.grid.cell_of((xs[column] + xs[column + 1]) / 2, middle)[0] < row


def blocks_of(pages: list[list[PlacedLine]], grids: Sequence[list[Grid]] = ()) -> list[Raw]:
    """Raw lines that know how full they are, and tables, of all pages; a table goes on over a page break.

    `grids` are the ruled tables of each page; lines that stand side by side without rules are tables, too.
    """
    blocks: list[Raw] = []
    open_table: tuple[RawTable, list[_Column]] | None = None
    for number, page in enumerate(pages, 1):
        margin, width = _text_area(page)
        hanging: tuple[float, float] | None = None  # left edges of a labelled line and of what hangs below it
        for part in _parts(page, grids[number - 1] if grids else []):
            if isinstance(part, PlacedLine):
                raw = _raw(part, number, margin, width)
                hanging = _hanging(part, hanging, blocks[-1] if blocks else None)
                if hanging is not None and part.left is not None and part.left > hanging[0] + 3:
                    raw.indented = False
                blocks.append(raw)
                open_table = None
                continue
            if isinstance(part, _Ruled):
                table = part.table(number)
                if open_table is not None and _same_grid(open_table[1], part.columns):
                    _go_on_ruled(open_table[0], table)
                    continue
                blocks.append(table)
                open_table = (table, part.columns)
                continue
            rows = _rows(part)
            if open_table is not None and _same_columns(open_table[1], part.columns):
                _go_on(open_table[0], open_table[1], rows, part.columns)
                continue
            table = RawTable(
                [
                    [_cell(lines, column, number) for lines, column in zip(row, part.columns, strict=True)]
                    for row in rows
                ],
                number,
            )
            blocks.append(table)
            open_table = (table, part.columns)
    return blocks


def _text_area(page: list[PlacedLine]) -> tuple[float, float]:
    """Left margin and width of the running text (0 where a page has too little of it)."""
    rights = sorted(line.right for line in page if line.right is not None and len(line.text) > 30)
    lefts = sorted(line.left for line in page if line.left is not None and len(line.text) > 30)
    if len(rights) < 4 or not lefts:
        return 0.0, 0.0
    margin = lefts[int(len(lefts) * 0.1)]
    return margin, max(rights[int(len(rights) * 0.9)] - margin, 1.0)


def _raw(line: PlacedLine, number: int, margin: float, width: float) -> RawLine:
    if not width or line.right is None or line.left is None:
        return RawLine(line.text, page=number)
    share = max(0.0, min((line.right - margin) / width, 1.2))
    return RawLine(line.text, page=number, right_share=share, indented=line.left - margin > 12)


def _hanging(
    line: PlacedLine, before: tuple[float, float] | None, above: Raw | None
) -> tuple[float, float] | None:
    """Left edges of an open list entry: its label, and the lines below it that stand a little further in."""
    if line.left is None:
        return None
    if label_of(line.text.strip()):
        return line.left, line.left + _HANGING_PT
    full = isinstance(above, RawLine) and above.right_share is not None and above.right_share > 0.75
    return before if before is not None and full and before[0] + 3 < line.left <= before[1] else None


def _parts(page: list[PlacedLine], grids: list[Grid]) -> list[PlacedLine | _Band | _Ruled]:
    """The page in reading order, with ruled tables and the lines that stand side by side each gathered."""
    if not grids:
        return list(_side_by_side(page))
    parts: list[PlacedLine | _Band | _Ruled] = []
    tables = [_Ruled(grid) for grid in grids]
    run: list[PlacedLine] = []
    for line in page:
        table = next((one for one in tables if _inside(line, one.grid)), None)
        if table is None:
            run.append(line)
            continue
        if not table.lines:
            parts += _side_by_side(run)
            run = []
            parts.append(table)
        table.lines.append(line)
    return [*parts, *_side_by_side(run)]


def _inside(line: PlacedLine, grid: Grid) -> bool:
    if line.left is None or line.right is None or line.bottom is None:
        return False
    return grid.holds((line.left + line.right) / 2, line.bottom + (line.height or 0.0) / 2)


def _side_by_side(page: list[PlacedLine]) -> list[PlacedLine | _Band]:
    """Lines in reading order, with those that stand side by side gathered in bands."""
    if not has_columns(page):
        return list(page)
    boxes = [line.box() for line in page]
    known = [box for box in boxes if box is not None]
    by_height = sorted(known, key=lambda box: box.bottom)
    for index, one_box in enumerate(by_height):
        for near in by_height[index + 1 : index + 30]:
            if near.bottom - one_box.bottom > max(one_box.height, near.height):
                break
            if one_box.stands_beside(near):
                one_box.beside = near.beside = True
    bands = _bands(known)
    of_box = {id(inner): index for index, one in enumerate(bands) for inner in one.boxes}
    parts: list[PlacedLine | _Band] = []
    placed: set[int] = set()
    for line, box in zip(page, boxes, strict=True):
        band = of_box.get(id(box)) if box is not None else None
        if band is None:
            parts.append(line)
        elif band not in placed:
            placed.add(band)
            parts.append(bands[band])
    return parts


def has_columns(page: list[PlacedLine]) -> bool:
    """Whether the order of the lines ever stays level or goes up the page."""
    above: float | None = None
    for line in page:
        if line.bottom is None or line.height is None:
            continue
        if above is not None and line.bottom > above - 0.4 * line.height:
            return True
        above = line.bottom
    return False


def _bands(boxes: list[_Box]) -> list[_Band]:
    bands: list[_Band] = []
    top: float = 0.0
    for box in sorted((box for box in boxes if box.beside), key=lambda box: -box.bottom):
        if (
            bands
            and top - (box.bottom + box.height) < _LINES_APART * box.height
            and not _between(boxes, bands[-1], box)
        ):
            bands[-1].boxes.append(box)
        else:
            bands.append(_Band([box]))
        top = min(top, box.bottom) if len(bands[-1].boxes) > 1 else box.bottom
    for band in bands:
        band.columns = _columns(band.boxes)
        _take_in(band, boxes, bands)
        band.columns = _columns(band.boxes)
        inside = {id(box) for box in band.boxes}
        band.boxes = [box for box in boxes if id(box) in inside]  # in the order of the file
    return [band for band in bands if len(band.columns) > 1]


def _between(boxes: list[_Box], band: _Band, box: _Box) -> bool:
    """Whether a line of running text stands between the band and the box."""
    lowest = min(inner.bottom for inner in band.boxes)
    if lowest - box.bottom < 1.5 * box.height:
        return False
    left = min(inner.left for inner in band.boxes)
    right = max(inner.right for inner in band.boxes)
    return any(
        box.bottom + 0.5 * box.height < other.bottom < lowest - 0.5 * other.height
        and not other.beside
        and other.right - other.left > 0.6 * (right - left)
        for other in boxes
    )


def _columns(boxes: list[_Box]) -> list[_Column]:
    """The ranges from left to right that no line of the band crosses."""
    columns: list[_Column] = []
    for box in sorted(boxes, key=lambda box: box.left):
        if columns and box.left < columns[-1].right + 2:
            columns[-1].right = max(columns[-1].right, box.right)
        else:
            columns.append(_Column(box.left, box.right))
    return columns


def _take_in(band: _Band, boxes: list[_Box], bands: list[_Band]) -> None:
    """Lines that stand alone on their height, but in a column of the band and close to it, belong to it."""
    if len(band.columns) < 2:
        return
    taken = {id(box) for one in bands for box in one.boxes}
    limits = [column.left - 2 for column in band.columns[1:]] + [band.columns[-1].right + 40]
    while True:
        low = min(box.bottom for box in band.boxes)
        high = max(box.bottom + box.height for box in band.boxes)
        found = next(
            (
                box for box in boxes
                if id(box) not in taken and not _BESIDE_NOTHING.match(box.line.text) and low - 1.9 * box.height < box.bottom < high + 0.9 * box.height
                and any(
                    column.left - 12 <= box.left and box.right < limit
                    for column, limit in zip(band.columns, limits, strict=True)
                )
            ),
            None,
        )  # fmt: skip
        if found is None:
            return
        taken.add(id(found))
        band.boxes.append(found)


def _column_of(box: _Box, columns: list[_Column]) -> int:
    centre = (box.left + box.right) / 2
    return min(
        range(len(columns)),
        key=lambda index: max(columns[index].left - centre, centre - columns[index].right, 0.0),
    )


def _rows(band: _Band) -> list[list[list[_Box]]]:
    """Rows of cells of lines: files write cell by cell, so that a step back to the left begins a row."""
    rows: list[list[list[_Box]]] = []
    last = len(band.columns)
    lowest = 0.0
    for box in band.boxes:
        column = _column_of(box, band.columns)
        lower = bool(rows) and box.bottom < lowest + 0.4 * box.height
        if column < last and (not rows or lower):
            if rows and column > 0 and not rows[-1][column] and lowest - box.bottom < 1.6 * box.height:
                pass
            else:
                rows.append([[] for _ in band.columns])
                lowest = box.bottom
        rows[-1][column].append(box)
        lowest = min(lowest, box.bottom) if rows[-1][column] else box.bottom
        last = column
    return _one_label_column(band, _line_by_line(rows))


def _one_label_column(band: _Band, rows: list[list[list[_Box]]]) -> list[list[list[_Box]]]:
    """A centred heading over left-aligned words is one column, not two: neighbours never filled in one row."""
    index = 0
    while index + 1 < len(band.columns) and len(rows) > 1:
        left, right = band.columns[index], band.columns[index + 1]
        if right.left - left.right < 60 and not any(row[index] and row[index + 1] for row in rows):
            band.columns[index : index + 2] = [_Column(left.left, right.right)]
            rows = [[*row[:index], row[index] + row[index + 1], *row[index + 2 :]] for row in rows]
        else:
            index += 1
    return rows


def _line_by_line(rows: list[list[list[_Box]]]) -> list[list[list[_Box]]]:
    """Files that write line by line across all cells: a row without its first cell goes on the one above."""
    merged: list[list[list[_Box]]] = []
    for row in rows:
        if merged and not row[0] and merged[-1][0]:
            above = min(box.bottom for cell in merged[-1] for box in cell)
            here = max(box.bottom for cell in row for box in cell)
            height = max(box.height for cell in row for box in cell)
            if 0 < above - here < 2.0 * height:
                for cell, more in zip(merged[-1], row, strict=True):
                    cell.extend(more)
                continue
        merged.append(row)
    return merged


def _cell(boxes: list[_Box], column: _Column, number: int) -> list[RawLine]:
    width = max(column.right - column.left, 1.0)
    return [
        RawLine(box.line.text, page=number, right_share=min((box.right - column.left) / width, 1.2))
        for box in sorted(boxes, key=lambda box: -round(box.bottom))
    ]


def _same_columns(one: list[_Column], other: list[_Column]) -> bool:
    """Whether the columns of a band fit into those of the table on the page before."""
    fits = sum(any(a.left - 15 <= b.left and b.right <= a.right + 40 for a in one) for b in other)
    return len(other) <= len(one) and fits == len(other) and len(one) >= 3


def _same_grid(one: list[_Column], other: list[_Column]) -> bool:
    return len(one) == len(other) and all(abs(a.left - b.left) < 6 for a, b in zip(one, other, strict=True))


def _go_on_ruled(table: RawTable, more_of_it: RawTable) -> None:
    """A table that goes on over a page break: its head told again is dropped, a row that was broken is joined."""
    rows = more_of_it.rows
    if rows and table.rows and _words(rows[0]) == _words(table.rows[0]):
        rows = rows[1:]
    if rows and table.rows and not rows[0][0]:
        for cell, more in zip(table.rows[-1], rows[0], strict=True):
            cell.extend(more)
        rows = rows[1:]
    across = {at for _row, at in table.merged | more_of_it.merged}
    if rows and table.rows:  # the border at the top of a page hides that a cell goes on from the page before
        table.merged |= {(len(table.rows), at) for at in across if at < len(rows[0]) and not rows[0][at]}
    shift = len(table.rows) + len(rows) - len(more_of_it.rows)
    table.merged |= {(row + shift, at) for row, at in more_of_it.merged if row + shift >= len(table.rows)}
    table.rows += rows


def _words(row: list[list[RawLine]]) -> list[list[str]]:
    return [[line.text.strip() for line in cell] for cell in row]


def _go_on(
    table: RawTable, columns: list[_Column], rows: list[list[list[_Box]]], here: list[_Column]
) -> None:
    for place, row in enumerate(rows):
        cells: list[list[RawLine]] = [[] for _ in columns]
        for lines, column in zip(row, here, strict=True):
            centre = (column.left + column.right) / 2
            at = min(
                range(len(columns)),
                key=lambda index: abs((columns[index].left + columns[index].right) / 2 - centre),
            )
            cells[at] += _cell(lines, column, table.page)
        if place == 0 and table.rows and not cells[0]:
            for cell, more in zip(table.rows[-1], cells, strict=True):
                cell.extend(more)
        else:
            table.rows.append(cells)
