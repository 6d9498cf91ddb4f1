"""The ruled tables of a PDF page: where their lines are drawn, and in which cell a word stands."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import pypdfium2.raw as pdfium_c

THIN_PT = 3.0
"""What is drawn thinner than this is a line."""
NEAR_PT = 4.0
"""Lines that end this close to each other touch."""
SHORTEST_PT = 8.0
OBJECTS_LIMIT = 6000
COLUMNS_LIMIT, ROWS_LIMIT = 40, 200
LINES_LIMIT = 1500
"""More lines than this are a drawing."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line at `at`, from `low` to `high` along the other axis (points, origin bottom left)."""

    at: float
    low: float
    high: float

    def covers(self, place: float) -> bool:
        return self.low - 1 <= place <= self.high + 1


@dataclass(frozen=True, slots=True)
class Grid:
    """One ruled table: the places of its lines, `xs` from left to right and `ys` from top to bottom, and for each
    place the lines drawn there."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    upright: tuple[tuple[Rule, ...], ...]
    level: tuple[tuple[Rule, ...], ...]

    def holds(self, x: float, y: float) -> bool:
        """Whether the point lies inside the table."""
        return self.xs[0] <= x <= self.xs[-1] and self.ys[-1] <= y <= self.ys[0]

    def cell_of(self, x: float, y: float) -> tuple[int, int, int]:
        """Row, first and last column of the cell at the point; a merged cell counts as its first row."""
        row = next((index for index in range(len(self.ys) - 1) if y >= self.ys[index + 1]), len(self.ys) - 2)
        first = next(
            (index for index in range(len(self.xs) - 1) if x <= self.xs[index + 1]), len(self.xs) - 2
        )
        last = first
        while first > 0 and not _is_ruled(self.upright[first], y):
            first -= 1
        while last < len(self.xs) - 2 and not _is_ruled(self.upright[last + 1], y):
            last += 1
        while row > 0 and not _is_ruled(self.level[row], x):
            row -= 1
        return row, first, last

    def cuts(self, left: float, right: float, y: float) -> list[float]:
        """The upright lines that cross what stands from `left` to `right` on the height `y`."""
        return [
            x
            for x, rules in zip(self.xs, self.upright, strict=True)
            if self.xs[0] < x < self.xs[-1] and left + 2 < x < right - 2 and _is_ruled(rules, y)
        ]


def _is_ruled(rules: tuple[Rule, ...], place: float) -> bool:
    return any(rule.covers(place) for rule in rules)


def grids_of(page: ctypes.c_void_p) -> list[Grid]:
    """The ruled tables of an open PDFium page: at least two rows and two columns each."""
    upright, level = _rules(page)
    if len(upright) < 3 or len(level) < 3 or len(upright) + len(level) > LINES_LIMIT:
        return []
    grids: list[Grid] = []
    for group in _touching(upright, level):
        mine, across = group
        xs = _places([rule.at for rule in mine])
        ys = _places([rule.at for rule in across])[::-1]
        if 2 < len(xs) <= COLUMNS_LIMIT and 2 < len(ys) <= ROWS_LIMIT:
            grids.append(Grid(tuple(xs), tuple(ys), _drawn_at(xs, mine), _drawn_at(ys, across)))
    return grids


def _drawn_at(places: list[float], rules: list[Rule]) -> tuple[tuple[Rule, ...], ...]:
    return tuple(tuple(rule for rule in rules if abs(rule.at - place) <= NEAR_PT) for place in places)


def _rules(page: ctypes.c_void_p) -> tuple[list[Rule], list[Rule]]:
    """Upright and level lines that the page draws."""
    upright: list[Rule] = []
    level: list[Rule] = []
    numbers = tuple(ctypes.c_float() for _ in range(4))
    refs = tuple(ctypes.byref(number) for number in numbers)
    for index in range(min(pdfium_c.FPDFPage_CountObjects(page), OBJECTS_LIMIT)):
        drawn = pdfium_c.FPDFPage_GetObject(page, index)
        if pdfium_c.FPDFPageObj_GetType(drawn) != pdfium_c.FPDF_PAGEOBJ_PATH:
            continue
        if not pdfium_c.FPDFPageObj_GetBounds(drawn, *refs):
            continue
        left, bottom, right, top = (number.value for number in numbers)
        wide, high = right - left, top - bottom
        if wide <= THIN_PT and high >= SHORTEST_PT:
            upright.append(Rule((left + right) / 2, bottom, top))
        elif high <= THIN_PT and wide >= SHORTEST_PT:
            level.append(Rule((bottom + top) / 2, left, right))
        elif wide > THIN_PT and high > THIN_PT:
            _outline(drawn, upright, level)
        if len(upright) + len(level) > LINES_LIMIT:
            break
    return upright, level


def _outline(drawn: object, upright: list[Rule], level: list[Rule]) -> None:
    """The straight edges of a path that draws more than one line: a box, or a whole table at once."""
    count = pdfium_c.FPDFPath_CountSegments(drawn)
    if not 2 <= count <= LINES_LIMIT:
        return
    matrix = pdfium_c.FS_MATRIX()
    if not pdfium_c.FPDFPageObj_GetMatrix(drawn, matrix):
        return
    x, y = ctypes.c_float(), ctypes.c_float()
    before: tuple[float, float] | None = None
    begin: tuple[float, float] | None = None
    for index in range(count):
        segment = pdfium_c.FPDFPath_GetPathSegment(drawn, index)
        if not pdfium_c.FPDFPathSegment_GetPoint(segment, x, y):
            continue
        here = (
            matrix.a * x.value + matrix.c * y.value + matrix.e,
            matrix.b * x.value + matrix.d * y.value + matrix.f,
        )
        kind = pdfium_c.FPDFPathSegment_GetType(segment)
        if kind == pdfium_c.FPDF_SEGMENT_MOVETO:
            begin = here
        elif kind == pdfium_c.FPDF_SEGMENT_LINETO and before is not None:
            _edge(before, here, upright, level)
        if begin is not None and pdfium_c.FPDFPathSegment_GetClose(segment):
            _edge(here, begin, upright, level)
        before = here


def _edge(
    one: tuple[float, float], other: tuple[float, float], upright: list[Rule], level: list[Rule]
) -> None:
    wide, high = abs(one[0] - other[0]), abs(one[1] - other[1])
    if wide <= 1 and high >= SHORTEST_PT:
        upright.append(Rule(one[0], min(one[1], other[1]), max(one[1], other[1])))
    elif high <= 1 and wide >= SHORTEST_PT:
        level.append(Rule(one[1], min(one[0], other[0]), max(one[0], other[0])))


def _touching(upright: list[Rule], level: list[Rule]) -> list[tuple[list[Rule], list[Rule]]]:
    """Lines gathered by table: those that lie between the same ends, top and bottom."""
    groups: list[tuple[list[Rule], list[Rule]]] = []
    spans: list[list[float]] = []  # bottom and top of each table
    for rule in sorted(upright, key=lambda rule: -rule.high):
        if spans and rule.high >= spans[-1][0] - NEAR_PT:
            spans[-1][0] = min(spans[-1][0], rule.low)
            groups[-1][0].append(rule)
        else:
            spans.append([rule.low, rule.high])
            groups.append(([rule], []))
    for rule in level:
        for (low, high), (mine, across) in zip(spans, groups, strict=True):
            if low - NEAR_PT <= rule.at <= high + NEAR_PT and any(
                rule.low - NEAR_PT <= one.at <= rule.high + NEAR_PT for one in mine
            ):
                across.append(rule)
                break
    return groups


def _places(values: list[float]) -> list[float]:
    """The different ones of `values`, in order; those close together are one."""
    found: list[float] = []
    for value in sorted(values):
        if not found or value - found[-1] > NEAR_PT:
            found.append(value)
    return found
