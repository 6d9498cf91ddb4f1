"""Text as it came, made even for the rules: NFC, one kind of dash and quote, no invisible signs.

Every character of the even text knows the character of the source that it came from.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_ONE_TO_ONE = {
    **dict.fromkeys(
        "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t\v\f",
        " ",
    ),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d", "-"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\u301d\u301e", '"'),
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u0060\u00b4", "'"),
    **dict.fromkeys("\u2028\u2029\u0085", "\n"),
    "\u00d0": "Đ",  # Icelandic Eth and African D, typed for Đ by old converters
    "\u0189": "Đ",
    "\u00f0": "đ",
    "\u00b2": "2",
    "\u00b3": "3",
    "\u20ab": "đ",
    "\u00ba": "°",
    "\u02da": "°",
    "\u2044": "/",
    "\u2215": "/",
    "\u00d7": "x",
}
_TABLE = {ord(sign): other for sign, other in _ONE_TO_ONE.items()}
_REST = {
    "\r": "",
    "\u00bd": " 1/2",
    "\u00bc": " 1/4",
    "\u00be": " 3/4",
    "\u2103": "°C",
    "\u2116": "số ",
    "\u2026": "...",
    "\u33a1": "m2",
    "\u33a5": "m3",
    "\ufb01": "fi",
    "\ufb02": "fl",
}
_SLOW = re.compile(
    "["
    + "".join(re.escape(sign) for sign in _REST)
    + "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\uff01-\uff5e\ufe00-\ufe0f\x00-\x08\x0e-\x1f\x7f]"
)
_CLUSTER = re.compile("[^\u0300-\u036f][\u0300-\u036f]*|[\u0300-\u036f]+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Source:
    """Even text; `origin[i]` is the index in the text as it came of character i (None: the same)."""

    text: str
    origin: Sequence[int] | None
    length: int

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The half-open span in the text as it came for [start, end) of the even text."""
        if self.origin is None:
            return start, end
        first = self.origin[start] if start < len(self.origin) else self.length
        last = self.origin[end] if end < len(self.origin) else self.length
        return first, max(first, last)


def even(text: str) -> Source:
    """Make `text` even for the rules."""
    if unicodedata.is_normalized("NFC", text) and not _SLOW.search(text):
        return Source(text.translate(_TABLE), None, len(text))
    signs: list[str] = []
    origin: list[int] = []
    for cluster in _CLUSTER.finditer(text):
        for sign in unicodedata.normalize("NFC", cluster.group()):
            new = _REST.get(sign)
            if new is None:
                new = _ONE_TO_ONE.get(sign)
            if new is None:
                if "\uff01" <= sign <= "\uff5e":
                    new = unicodedata.normalize("NFKC", sign)
                elif _SLOW.match(sign):
                    new = ""
                else:
                    new = sign
            signs.append(new)
            origin.extend([cluster.start()] * len(new))
    return Source("".join(signs), origin, len(text))
