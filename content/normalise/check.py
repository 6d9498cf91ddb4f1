"""The proof that a text can be spoken as it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass

from content.lexicon import Lexicon, shipped
from content.normalise.letters import LETTER_NAMES
from content.normalise.syllables import is_syllable, is_toneless_syllable

_TOKEN = re.compile(r"[^\W\d_]+|\d+|\S")
_MARKS = frozenset(".,;:?!…")
_NAMES = frozenset(part for name in LETTER_NAMES.values() for part in name.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """Something that a voice cannot be trusted with, and where it stands in the spoken text."""

    text: str
    start: int


def leftovers(text: str, lexicon: Lexicon | None = None) -> tuple[Leftover, ...]:
    """Everything in `text` that is no Vietnamese syllable, known foreign spelling or prosodic mark."""
    known = lexicon or shipped()
    return tuple(
        Leftover(text=match.group(), start=match.start())
        for match in _TOKEN.finditer(text)
        if not _speakable(match.group(), known)
    )


def _speakable(token: str, lexicon: Lexicon) -> bool:
    if token in _MARKS:
        return True
    if not token.isalpha():
        return False
    if len(token) > 1 and not token.islower() and not token[1:].islower():
        return False
    if token.islower() and token.isascii() and is_toneless_syllable(token):  # inside a web address
        return True
    return (
        is_syllable(token)
        or token.lower() in _NAMES
        or lexicon.foreign(token) is not None
        or lexicon.name(token) is not None
    )
