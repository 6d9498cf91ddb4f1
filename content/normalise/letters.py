"""Letters by their Vietnamese names, for what is read letter by letter."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from content.normalise.numbers import DIGITS

LETTER_NAMES = {
    "a": "a", "ă": "á", "â": "ớ", "b": "bê", "c": "xê", "d": "dê", "đ": "đê", "e": "e", "ê": "ê", "f": "ép",
    "g": "giê", "h": "hát", "i": "i", "j": "gi", "k": "ca", "l": "e lờ", "m": "em mờ", "n": "en nờ", "o": "o",
    "ô": "ô", "ơ": "ơ", "p": "pê", "q": "quy", "r": "e rờ", "s": "ét sờ", "t": "tê", "u": "u", "ư": "ư",
    "v": "vê", "w": "vê kép", "x": "ích xì", "y": "i dài", "z": "dét",
}  # fmt: skip


def spell(text: str) -> str:
    """Letters and digits one by one by name; other signs are silent: "TW" → "tê vê kép"."""
    return " ".join(_names(text))


def _names(text: str) -> Iterator[str]:
    for sign in text.lower():
        if sign in LETTER_NAMES:
            yield LETTER_NAMES[sign]
        elif sign in "0123456789":
            yield DIGITS[int(sign)]
        elif sign.isalpha():
            bare = unicodedata.normalize("NFD", sign)[0]
            if bare in LETTER_NAMES:
                yield LETTER_NAMES[bare]


_PARTS = frozenset(part for name in LETTER_NAMES.values() for part in name.split()) | frozenset(DIGITS)


@lru_cache(maxsize=1024)
def is_spelled(word: str, words: str) -> bool:
    """Whether `words` name each letter of `word`: a foreign short form that no voice could read as it stands."""
    parts = words.split()
    return len(parts) >= len(word) and all(part in _PARTS for part in parts)
