"""Words into requests: as few as the service allows, each ending where a speaker would breathe."""

from __future__ import annotations

import re
import unicodedata

MOST_CHARS = 100
"""What gTTS sends at a time (`gTTS.GOOGLE_TTS_MAX_CHARS`)."""

_SENTENCE_END = re.compile(r"(?<=[.!?…;:])\s+")
_PHRASE_END = re.compile(r"(?<=[,–—)])\s+")
_LEAST_FILL = 0.4
"""A break at a better place is taken only where it leaves the request this full; else the words would crawl."""


def pack(text: str, most_chars: int = MOST_CHARS) -> list[str]:
    """`text` (NFC, single spaces) in pieces of at most `most_chars`; joined by spaces they are the text again.

    A piece ends at the last sentence end that fits, else the last phrase end, else the last space; a
    single word longer than a piece is cut.
    """
    left = unicodedata.normalize("NFC", " ".join(text.split()))
    least = -(-len(left) // most_chars)
    pieces = _packed(left, most_chars, _LEAST_FILL)
    if len(pieces) > least:  # better breaks must not cost a request
        plain = _packed(left, most_chars, 1.0)
        pieces = pieces if len(plain) >= len(pieces) else plain
    return pieces


def _packed(left: str, most_chars: int, least_fill: float) -> list[str]:
    pieces: list[str] = []
    while len(left) > most_chars:
        at = _break(left, most_chars, least_fill)
        pieces.append(left[:at].rstrip())
        left = left[at:].lstrip()
    if left:
        pieces.append(left)
    return pieces


def _break(text: str, most_chars: int, least_fill: float) -> int:
    head = text[: most_chars + 1]
    for pattern in (_SENTENCE_END, _PHRASE_END):
        ends = [match.start() for match in pattern.finditer(head) if match.start() <= most_chars]
        if ends and ends[-1] >= most_chars * least_fill:
            return ends[-1]
    space = head.rfind(" ")
    return space if space > 0 else most_chars
