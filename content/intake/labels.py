"""The labels that open a paragraph of an official document: I., 1., 1.1., a), (1), -, +, *, Điều 1."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from content.intake.letters import compiled

_ARTICLE = compiled(
    r"(Điều|Khoản|Phần|Chương|Mục|PHẦN|CHƯƠNG|MỤC|ĐIỀU)\s+(thứ\s+)?([IVXLC]{1,6}|\d{1,3}|[A-ZĐ](?=[.:\s-])|nhất|hai|ba|tư)\s*([.:)/-]\s*|\s+(?=[{UPPER}])|$)"
)
_ROMAN = re.compile(r"(X{0,3}(?:IX|IV|V?I{0,3}))\s?[.)/:-]\s*(?=[^\W_]|[“\"(]|$)")
_UPPER = re.compile(r"([A-HĐ])\s?[.)/]\s+(?=\S)")
_ARABIC = re.compile(r"(\d{1,2}(?:\.\d{1,2}){1,4})(?:\.\s*|[)/:]\s*|\s?-\s+|\s+)(?=[^\W\d_]|[“\"'(*\[])")
_NUMBER = compiled(
    r"(\d{1,2})\s?(?:\.(?!\d)|\)|/(?=\s|[{UPPER}][{LOWER}])|-(?=\s))\s*(?=[^\W_]|[“\"'(*\[-]|$)"
)
_COLON_NUMBER = re.compile(r"(\d{1,2})\s?:\s+(?=[^\W\d_])")
_LETTER = re.compile(r"([a-zđ])\s?(?:\)|\.(?=\s)|/)\s*(?=\S)")
_PAREN = re.compile(r"\((\d{1,2}|[a-zđ]|[ivx]{1,4})\)\s*(?=\S)")
_BULLET = re.compile(r"([-+*])\s+(?=\S)")

_ORDINAL = re.compile(
    r"(?:Thứ (nhất|hai|ba|tư|năm|sáu|bảy|tám|chín|mười)(?:\s+là)?\s*[,:]|(Một|Hai|Ba|Bốn|Năm|Sáu|Bảy|Tám|Chín|Mười) là\s*[,:]?)\s+(?!thứ\b|chủ nhật)(?=\S)"
)
_ORDINALS = {
    "nhất": 1, "một": 1, "hai": 2, "ba": 3, "tư": 4, "bốn": 4, "năm": 5, "sáu": 6, "bảy": 7, "tám": 8, "chín": 9, "mười": 10,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Label:
    """One label: its style (the siblings share it), what it says, and where the text after it starts."""

    style: str
    value: str
    width: int

    @property
    def is_bullet(self) -> bool:
        return self.style in ("-", "+", "*")


@lru_cache(maxsize=8192)
def label_of(line: str) -> Label | None:
    """The label at the very start of `line` (which has no leading spaces), or None."""
    if not line:
        return None
    first = line[0]
    if first in "TMHBNSC" and (match := _ORDINAL.match(line)):
        return Label("(1)", f"({_ORDINALS[(match[1] or match[2]).lower()]})", match.end())
    if first.isalpha() and line[1:2].isalpha() and first not in "IVXĐKPCM":
        return None  # most lines begin with a word
    if first in "-+*":
        match = _BULLET.match(line)
        return Label(first, first, match.end()) if match else None
    if first.isdigit():
        if match := _ARABIC.match(line):
            parts = match[1].split(".")
            if all(part[0] != "0" for part in parts):
                return Label(f"1{'.1' * (len(parts) - 1)}", match[1], match.end())
        match = _NUMBER.match(line) or _COLON_NUMBER.match(line)
        if match and (match[1][0] != "0" or len(match[1]) == 2):
            return Label("1", match[1].lstrip("0") or "0", match.end())
        return None
    if first == "(":
        match = _PAREN.match(line)
        return (
            Label("(1)" if match and match[1].isdigit() else "(a)", f"({match[1]})", match.end())
            if match
            else None
        )
    if first in "IVX":
        match = _ROMAN.match(line)
        if match and match[1] and not line[: match.end()].isspace():
            return Label("I", match[1], match.end())
    if first in "ĐKPCMđ":
        match = _ARTICLE.match(line)
        if match:
            word = match[1].capitalize()
            value = match[3]
            return Label(word, value if word in ("Phần", "Chương", "Mục") else f"{word} {value}", match.end())
    if match := _UPPER.match(line):
        return Label("A", match[1], match.end())
    if match := _LETTER.match(line):
        return Label("a", match[1], match.end())
    return None
