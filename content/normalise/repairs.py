"""Words that the way from paper or PDF has damaged, where only one reading is possible: glued words, a lost horn."""

from __future__ import annotations

import re
from functools import lru_cache

from content.lexicon.alphabet import LOWER, UPPER
from content.normalise.syllables import is_syllable

_CASE_EDGE = re.compile(rf"(?<=[{LOWER}])(?=[{UPPER}])|(?<=[{UPPER}])(?=[{UPPER}][{LOWER}])")
_LOST_HORN = re.compile(r"u([ơờớởỡợ])(?=\w)|ư([oòóỏõọ])(?=\w)", re.IGNORECASE)
_HORNED = dict(zip("oòóỏõọ", "ơờớởỡợ", strict=True))
_SHORTEST_GLUED, _LONGEST_GLUED = 5, 28


def repaired(word: str) -> str | None:
    """The words that `word` must have been ("ĐứcMạnh", "TRẬNTRƯỞNG", "đuợc"), or None where that is not certain."""
    if word.isascii() or len(word) > _LONGEST_GLUED or is_syllable(word):
        return None
    return _repaired(word)


@lru_cache(maxsize=1024)
def _repaired(word: str) -> str | None:
    horned = _LOST_HORN.sub(_with_horn, word)
    if horned != word and is_syllable(horned):
        return horned
    if len(word) < _SHORTEST_GLUED:
        return None
    parts = _CASE_EDGE.split(word)
    if len(parts) > 1:
        fine = all(is_syllable(part) and len(part) > 1 for part in parts)
        return " ".join(part.lower() if part.isupper() else part for part in parts) if fine else None
    cuts = [cut for cut in range(2, len(word) - 1) if is_syllable(word[:cut]) and is_syllable(word[cut:])]
    if len(cuts) != 1 or (
        any(part.isascii() for part in (word[: cuts[0]], word[cuts[0] :])) and len(word) < 7
    ):
        return None
    return f"{word[: cuts[0]]} {word[cuts[0] :]}"


def _with_horn(match: re.Match[str]) -> str:
    first, second = match.group()[0], match.group()[1]
    if first in "uU":
        return ("ư" if first == "u" else "Ư") + second
    horned = _HORNED[second.lower()]
    return first + (horned if second.islower() else horned.upper())
