"""Text in another language than Vietnamese: left to the voice of that language, which reads numbers and dates itself."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from content.lexicon import Lexicon
from content.normalise import Reading, Spoken, Word, normalise

_ENDS = "。！？។៕।॥۔؟"
"""Ends of sentences in scripts that put no space after them."""
_MARKS = {
    "。": ".", "។": ".", "៕": ".", "।": ".", "॥": ".", "۔": ".", "！": "!", "？": "?", "؟": "?", "，": ",", "、": ",", "،": ",", "；": ";",
    "：": ":",
}  # fmt: skip
_TOKEN = re.compile(rf"[^\s{_ENDS}]+[{_ENDS}]*[\"'”’»)\]]*|[{_ENDS}]+")
_TRAILING = re.compile(rf"([.,;:?!…，、،；：{_ENDS}]+)([\"'”’»)\]*_]*)$")
_UNSPOKEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u200e\u200f\u20e3\u2028-\u202e\u2060-\u206f\u2190-\u21ff\u2300-\u245f\u2500-\u2bff\ud800-\uf8ff"
    "\ufe00-\ufe0f\ufeff\ufff0-\uffff\U0001f000-\U0001faff\U000e0000-\U0010ffff]"
)
"""Signs of control and direction, arrows, boxes, emoji, private letters, halves of pairs."""
_JOINING = "\u0590-\u1cff\u3040-\ud7ff"
_JOINERS = re.compile(f"(?<![{_JOINING}])[\u200b-\u200d]|[\u200b-\u200d](?![{_JOINING}])")
"""Between letters of Khmer or Cham they belong to the spelling; anywhere else they are rubbish."""
_NUMBERED = re.compile(r"\(?(\d{1,2}|[^\W\d_])[.)]")
_INITIALS = re.compile(r"[^\W\d_](?:\.[^\W\d_])*")
_TITLES = frozenset(["dr", "mr", "mrs", "ms", "no", "nr", "prof", "st", "tel", "vs"])
_DASHES = frozenset(["-", "–", "—", "−", "|"])


def said(text: str, reading: Reading, lexicon: Lexicon | None, *, vietnamese: bool) -> Spoken:
    """`text` as the voice of its language is given it: Vietnamese in words, any other language as it is written."""
    return normalise(text, reading, lexicon) if vietnamese else as_written(text)


def as_written(text: str) -> Spoken:
    """The words and marks of `text`, none put into other words: NFC, without bullets, emoji and signs that nobody sees."""
    words = tuple(_words(text))
    return Spoken(
        text="".join(word.text if word.text in ".,;:?!…" else f" {word.text}" for word in words).strip(),
        words=words,
        unknowns=(),
    )


def _words(text: str) -> Iterator[Word]:
    tokens = list(_TOKEN.finditer(text))
    closed = True
    for number, token in enumerate(tokens):
        before = text[tokens[number - 1].end() if number else 0 : token.start()].replace("\r", "")
        opens_line = number == 0 or "\n" in before
        listed = _NUMBERED.fullmatch(token.group()) if opens_line else None
        bullet = opens_line and len(token.group()) == 1 and not token.group().isalnum()
        if not closed and ("\n\n" in before or (opens_line and (listed or bullet))):
            yield Word(".", tokens[number - 1].end(), token.start(), "line")
            closed = True
        if bullet:
            continue
        if listed:
            yield Word(listed[1], *token.span(), "")
            yield Word(",", *token.span(), "")
            closed = False
            continue
        after = next(
            (sign for later in tokens[number + 1 : number + 3] for sign in later.group() if sign.isalnum()),
            "",
        )
        for word in _split(token.group(), token.start(), after):
            yield word
            closed = word.text in ".?!…"


def _split(token: str, start: int, after: str) -> Iterator[Word]:
    """The word of a token and the mark that it ends in; `after` is the letter or digit that comes next."""
    trailing = _TRAILING.search(token)
    core, marks, closing = (token[: trailing.start()], *trailing.groups()) if trailing else (token, "", "")
    marks = "".join(_MARKS.get(mark, mark) for mark in marks)
    mark = next(
        (mark for mark in ("!", "?", "…", ";", ":", ",", ".") if mark in marks.replace("...", "…")), ""
    )
    if mark == "." and after and (after.islower() or _INITIALS.fullmatch(core) or core.lower() in _TITLES):
        core, mark = f"{core}.", ""  # "Dr. Smith", "approx. five"
    elif mark == "…" and after.islower():
        mark = ","
    elif mark in {"!", "?"} and closing and after.islower():
        core, closing, mark = token, "", ""  # "Stop!" he said
    elif mark in {",", ";", ":"} and marks.startswith("."):
        core += "."  # "a.m., "
    word = _clean(core + closing)
    end = start + (len(token) if closing or not mark else len(core))
    if any(sign.isalnum() for sign in word) or (word and all(_is_said(sign) for sign in word)):
        yield Word(word, start, end, "")
    elif word in _DASHES and not mark:
        mark = ","
    if mark:
        yield Word(mark, end, start + len(token), "")


def _clean(word: str) -> str:
    word = "".join(
        unicodedata.normalize("NFKC", sign)
        if "\u2460" <= sign <= "\u24ff" or "\uff01" <= sign <= "\uff5e"
        else sign
        for sign in _JOINERS.sub("", _UNSPOKEN.sub("", word))
    )
    return unicodedata.normalize("NFC", word).strip("*_")


def _is_said(sign: str) -> bool:
    """Whether a voice has a word for a sign that stands alone."""
    return sign in "&%@°№§#" or (unicodedata.category(sign) in {"Sm", "Sc"} and sign not in _DASHES)
