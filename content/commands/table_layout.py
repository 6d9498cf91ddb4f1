"""How wide the columns of a table are where the window is too narrow for all of it: long texts make way first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len

LONGEST_WORD = 24
"""A longer word (a hash, a path) is folded where there is no room for it."""
SHORT = 20
"""Columns no wider than this (names of fields, states) are not folded at all while they leave half of the room."""
FRAME = 3
"""What each column takes beside its words: a space on both sides and a line; the table one line more."""


def column_widths(titles: Sequence[str], rows: Sequence[Sequence[str]], window: int) -> list[int] | None:
    """The width of the words of each column in a window of that many signs; None where all of it fits anyway.

    Words stay whole (dates, times, numbers), short columns too where that leaves half of the room; what is left goes
    to whichever column is folded most. In a window that is narrower than the longest words together, these are
    folded, the longest first.
    """
    room = window - FRAME * len(titles) - 1
    widest = [_widest(row[place] for row in rows) for place in range(len(titles))]
    if sum(max(*pair) for pair in zip(widest, map(cell_len, titles), strict=True)) <= room:
        return None
    widths = [
        max(_longest_word([title]), min(LONGEST_WORD, _longest_word(row[place] for row in rows)))
        for place, title in enumerate(titles)
    ]
    short = [most if most <= SHORT else 0 for most in widest]
    if sum(short) <= room // 2 and 0 in short:
        widths = [max(*pair) for pair in zip(widths, short, strict=True)]
    while sum(widths) > room and max(widths) > 1:
        widths[widths.index(max(widths))] -= 1
    while sum(widths) < room:
        folded = [most / width for most, width in zip(widest, widths, strict=True)]
        widths[folded.index(max(folded))] += 1
    return widths


def _widest(texts: Iterable[str]) -> int:
    return max((cell_len(line) for text in texts for line in text.splitlines()), default=0)


def _longest_word(texts: Iterable[str]) -> int:
    return max((cell_len(word) for text in texts for word in text.split()), default=1)
