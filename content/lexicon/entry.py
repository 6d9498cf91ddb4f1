"""One line of the word list."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

from content.errors import LoaError
from content.language import N_
from content.lexicon.alphabet import LOWER

Place = Literal["text", "type", "code", "dept", "foreign", "name", "province"]
PLACES: tuple[str, ...] = get_args(Place)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What `written` is read as, and where.

    `place` is "text" (running text), "type" (the kind of document that opens a document's code),
    "code" (whoever issues it), "dept" (the unit that drafted it), "foreign" (a foreign spelling
    that may stay), "name" or "province" (a proper name that may stay). `before` and `after` are
    regular expressions for the lower-case words to the left (matched at their end) and for the
    text to the right (matched at its start); empty ones always fit.
    """

    written: str
    spoken: str
    place: str = "text"
    before: str = ""
    after: str = ""
    domain: str = "station"
    source: str = ""

    def __post_init__(self) -> None:
        if not self.written.strip() or not self.spoken.strip():
            raise BadEntryError(written=self.written, reason=N_("empty"))
        if self.place not in PLACES:
            raise BadEntryError(
                written=self.written, reason=f"place {self.place!r} is none of {', '.join(PLACES)}"
            )
        for name in ("before", "after"):
            try:
                if getattr(self, name):
                    re.compile(getattr(self, name))
            except re.error as error:
                raise BadEntryError(written=self.written, reason=f"{name}: {error}") from error

    @property
    def conditional(self) -> bool:
        """Whether the entry holds only in some surroundings."""
        return bool(self.before or self.after)

    def fits(self, left: str, right: str) -> bool:
        """Whether the surroundings fit; `left` is lower-case text before, `right` the text after."""
        if self.before and not _before(self.before).search(left):
            return False
        return not self.after or _after(self.after).match(right) is not None


@lru_cache(maxsize=2048)
def _before(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?:(?<!\w)|(?=\W))(?:{pattern})\s*$")


@lru_cache(maxsize=2048)
def _after(pattern: str) -> re.Pattern[str]:
    pattern = pattern.replace("a-zà-ỹ", LOWER)  # as a range, à-ỹ would take in capitals
    if "[A-Z" in pattern:
        return re.compile(rf"\.?\s*(?:{pattern})")
    return re.compile(rf"\.?\s*(?:{pattern})", re.IGNORECASE)


class BadEntryError(LoaError):
    """A line that cannot stand in the word list."""

    sentence = N_("word list entry {written!r} cannot be used: {reason}")
