"""The index that the normaliser reads: shipped entries with the station's own over them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib.resources import files

from content.lexicon.entry import Entry

_HEAD = re.compile(r"[^\W\d_]+|\d+[^\W_]*")
COLUMNS = ("written", "spoken", "place", "before", "after", "domain", "source")


class Lexicon:
    """Entries by where they stand; immutable once made, safe to share between threads.

    Of entries for the same words the first whose surroundings fit wins: those of a later list that name
    surroundings, those of an earlier list that do, then the latest that names none.
    """

    def __init__(self, *lists: Iterable[Entry]) -> None:
        merged: dict[tuple[str, str], list[Entry]] = {}
        for entries in lists:
            fresh: dict[tuple[str, str], list[Entry]] = {}
            for entry in entries:
                fresh.setdefault((entry.place, entry.written), []).append(entry)
            for key, own in fresh.items():
                under = merged.get(key)
                merged[key] = own if under is None and len(own) == 1 else _laid_over(under or [], own)
        self._codes: dict[str, dict[str, str]] = {"type": {}, "code": {}, "dept": {}}
        self._heads: dict[str, list[tuple[str, list[Entry]]]] = {}
        self._foreign: dict[str, str] = {}
        self._names: dict[str, str] = {}
        for (place, written), entries in merged.items():
            if place in self._codes:
                self._codes[place][written] = entries[-1].spoken  # a code has no surroundings: the plain one
            elif place == "text":
                self._add_head(written, entries)
            else:
                if place == "foreign":
                    self._foreign[written.lower()] = entries[0].spoken
                else:
                    self._names[written.lower()] = entries[0].spoken
                for word in re.findall(r"[^\W\d_]+", written.lower()):
                    self._names.setdefault(word, word)
                if not re.fullmatch(r"[^\W\d_]+", written):
                    self._add_head(written, entries)
        for candidates in self._heads.values():
            candidates.sort(key=lambda item: -len(item[0]))
        self.entries: tuple[Entry, ...] = tuple(entry for group in merged.values() for entry in group)

    def _add_head(self, written: str, entries: list[Entry]) -> None:
        match = _HEAD.match(written)
        if match:
            self._heads.setdefault(match.group(), []).append((written, entries))

    def heads(self, word: str) -> Sequence[tuple[str, list[Entry]]]:
        """The (written, entries) of running text that open with `word`, the longest first."""
        return self._heads.get(word, ())

    def code(self, part: str, *places: str) -> str | None:
        """What a part of a document's code stands for, tried in the order of `places`."""
        for place in places:
            spoken = self._codes[place].get(part)
            if spoken:
                return spoken
        return None

    def foreign(self, word: str) -> str | None:
        """The Vietnamese respelling of a known foreign word, None when it is not known."""
        return self._foreign.get(word.lower())

    def name(self, word: str) -> str | None:
        """The respelling of a known proper name or of one word of it, None when it is not known."""
        return self._names.get(word.lower())

    def over(self, entries: Iterable[Entry]) -> Lexicon:
        """This list with `entries` (a station's own) over it."""
        return Lexicon(self.entries, entries)


def _laid_over(under: list[Entry], over: list[Entry]) -> list[Entry]:
    surroundings = {(entry.before, entry.after) for entry in over}
    kept = [entry for entry in under if entry.conditional and (entry.before, entry.after) not in surroundings]
    plain = [entry for entry in over if not entry.conditional] or [
        entry for entry in under if not entry.conditional
    ]
    return [*(entry for entry in over if entry.conditional), *kept, *plain]


def read_shipped() -> tuple[Entry, ...]:
    """The entries of the shipped list, in file order."""
    text = (files("content.lexicon") / "shipped.tsv").read_text("utf-8")
    rows = (line.split("\t") for line in text.splitlines()[1:] if line)
    return tuple(_trusted(row) for row in rows)


def _trusted(row: list[str]) -> Entry:
    """An entry without its checks: the shipped list is checked by a test, not at every start."""
    entry = object.__new__(Entry)
    for name, value in zip(COLUMNS, row, strict=True):
        object.__setattr__(entry, name, value)
    return entry


@lru_cache(maxsize=1)
def shipped() -> Lexicon:
    """The shipped list alone."""
    return Lexicon(read_shipped())
