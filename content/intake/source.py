"""What reading a file gives: clean text, where its pages and tables lie, and what was changed on the way."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One kind of change made to the text: its name and how often it was made."""

    kind: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One table cell: where its text stands in the clean text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A data table; its cells stand in the clean text row by row, each on lines of its own.

    `merged` are the empty cells (row, column) over which the cell above them goes on.
    """

    rows: tuple[tuple[Cell, ...], ...]
    merged: frozenset[tuple[int, int]] = frozenset()

    @property
    def start(self) -> int:
        return self.rows[0][0].start

    @property
    def end(self) -> int:
        return self.rows[-1][-1].end


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceText:
    """The clean text of one document.

    `text` is NFC; every line is one whole paragraph. All spans are half-open character ranges in it.
    `page_starts` are offsets of the first character of each page (empty where the format has no pages).
    """

    text: str
    format: str
    changes: tuple[Change, ...] = ()
    page_starts: tuple[int, ...] = ()
    tables: tuple[Table, ...] = ()
    encoding: str | None = None
    title: str | None = None
    published_on: str | None = None
    ocr: bool = False

    @property
    def pages(self) -> int | None:
        """How many pages the file has, or None where its format has none."""
        return len(self.page_starts) or None

    def page_of(self, offset: int) -> int | None:
        """The page (from 1) that holds the character at `offset`."""
        return bisect_right(self.page_starts, offset) or 1 if self.page_starts else None

    def passage(self, span: Span, *, around: int = 0) -> str:
        """The text of `span`, with up to `around` characters more on both sides."""
        return self.text[max(0, span[0] - around) : span[1] + around]


@dataclass(slots=True)
class Changes:
    """A counter of what was changed, filled while reading."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, kind: str, count: int = 1) -> None:
        if count:
            self.counts[kind] = self.counts.get(kind, 0) + count

    def listed(self) -> tuple[Change, ...]:
        return tuple(Change(kind=kind, count=count) for kind, count in sorted(self.counts.items()))


@dataclass(slots=True)
class RawLine:
    """One line as the file has it. `hard`: the format itself says that a paragraph ends here.

    `right_share`: how much of the text width the line fills (0..1), where the format tells; `indented`: it
    starts further right than its neighbours.
    """

    text: str
    hard: bool = False
    page: int = 0
    right_share: float | None = None
    indented: bool = False


@dataclass(slots=True)
class RawTable:
    """A table as the file has it: rows of cells of lines; `merged` as in `Table`."""

    rows: list[list[list[RawLine]]]
    page: int = 0
    merged: set[tuple[int, int]] = field(default_factory=set)


Raw = RawLine | RawTable
