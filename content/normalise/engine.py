"""Written official Vietnamese → the words a newsreader says, with where each came from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from content.lexicon import Lexicon, shipped
from content.normalise import calendar, codes, figures, phones, scores, short_dates, symbols, web, words
from content.normalise.lines import breaks
from content.normalise.reading import DEFAULT_READING, Reading
from content.normalise.scan import Piece, Said, Scan, Unknown
from content.normalise.source import Source, even
from content.normalise.syllables import is_syllable
from content.normalise.units import MEASURE_WORDS

_SPACE = re.compile(r"\s+")
_AT_DIGIT = (
    figures.section,
    phones.identity,
    phones.phone,
    codes.standard,
    codes.document_number,
    calendar.full_date,
    short_dates.short_date,
    calendar.listed,
    codes.number_of_year,
    calendar.time_of_day,
    figures.house,
    calendar.month_and_year,
    calendar.day_and_month,
    figures.ratio,
    scores.score,
    figures.letters_and_digits,
    figures.chain,
    calendar.day_or_month,
    figures.number,
)
_NAMES_WITH_NUMBERS = frozenset(["letters-and-digits", "roman", "number-name"])
_STRENGTH = {",": 1, ":": 2, ";": 3, "…": 4, ".": 5, "?": 6, "!": 7}
_WORD_OR_SPACE = re.compile(r"[^\W\d_]+")


class Word(NamedTuple):
    """One spoken word or mark; [start, end) of the text as it came; the rule that made it ("" when it was there)."""

    text: str
    start: int
    end: int
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """The words of a text, each with its place in the source, and what was not known."""

    text: str
    words: tuple[Word, ...]
    unknowns: tuple[Unknown, ...]

    @property
    def changes(self) -> tuple[Word, ...]:
        """What was read by a rule, one entry a place of the source: `text` holds all its words."""
        merged: list[Word] = []
        for word in self.words:
            if word.rule in {"", "capitals"} or word.text in _STRENGTH:
                continue
            if merged and merged[-1][1:] == word[1:]:
                merged[-1] = merged[-1]._replace(text=f"{merged[-1].text} {word.text}")
            else:
                merged.append(word)
        return tuple(merged)


def spoken(text: str) -> str:
    """`text` as a newsreader says it, with station defaults; the same for text that is spoken already."""
    return _compose(_walk(even(text).text, DEFAULT_READING, shipped()).pieces)


def normalise(text: str, reading: Reading = DEFAULT_READING, lexicon: Lexicon | None = None) -> Spoken:
    """`text` as spoken with a station's choices and words, every word with its span in `text`.

    Pure and thread-safe: no file, clock or network is touched.
    """
    source = even(text)
    scan = _walk(source.text, reading, lexicon or shipped())
    unknowns = tuple(
        Unknown(
            text=found,
            start=source.span(start, end)[0],
            end=source.span(start, end)[1],
            kind=kind,
            spoken=said,
        )
        for found, start, end, kind, said in scan.unknowns
    )
    return Spoken(text=_compose(scan.pieces), words=_words(scan.pieces, source), unknowns=unknowns)


def _walk(text: str, reading: Reading, lexicon: Lexicon) -> Scan:
    scan = Scan(text, reading, lexicon)
    found = web.addresses(text) if web.has_addresses(text) else {}
    length = len(text)
    pieces = scan.pieces
    word_at, space_at = _WORD_OR_SPACE.match, _SPACE.match
    while scan.pos < length:
        pos = scan.pos
        match = space_at(text, pos)
        if match:
            end = match.end()
            if "\n" in match.group() and breaks(text, pos, end):
                pieces.append(Piece(".", pos, end, "line"))
            scan.pos = pos = end
            if pos >= length:
                break
        if found and pos in found:
            scan.say(Said(*found[pos], "address"))
            continue
        match = word_at(text, pos)
        if match:
            scan.say(_word(scan, match.group()))
        elif text[pos].isdecimal() and text[pos] in "0123456789":
            scan.say(_digit(scan))
        else:
            scan.say(_sign(scan))
    return scan


def _word(scan: Scan, word: str) -> Said:
    text = scan.text
    end = scan.pos + len(word)
    following = text[end : end + 1]
    tail = word[1:]
    if len(word) > 1 and (tail.islower() or word.islower()):
        if following.isdecimal() and not is_syllable(word):
            said = words.letters_then_digits(scan)
            if said:
                return said
        if word[0] in "ivxlcdm" and (said := words.small_roman(scan, word)):
            return said
        if scan.lexicon.heads(word) and (said := words.abbreviation(scan, word)):
            return said
        if (following == "/" or (following == " " and word.lower() in MEASURE_WORDS)) and (
            said := words.rate(scan, word)
        ):
            return said
        return words.plain(scan, word)
    if word in "xX" and (said := _times(scan)):
        return said
    if following and following in "-0123456789" and len(word) < 4 and (said := phones.vessel(scan)):
        return said
    if said := words.abbreviation(scan, word):
        return said
    if following == "'" and len(word) == 1 and (said := words.opening_consonant(scan)):
        return said
    if following.isdecimal() and (said := words.letters_then_digits(scan)):
        return said
    if (
        len(word) < 4
        and following
        and following in ". 0123456789"
        and word.isupper()
        and (said := words.series(scan, word))
    ):
        return said
    if word[0] in "IVXLCDM" and (said := words.roman_numeral(scan)):
        return said
    if len(word) == 1:
        if word in "vx" and (said := words.small_roman(scan, word)):
            return said
        return words.letter(scan, word) or words.plain(scan, word)
    return words.capitals(scan, word)


def _times(scan: Scan) -> Said | None:
    if re.search(r"\d\s?(?:\w{0,3}|[\w/]{0,9} )\s?$", scan.left(12)) and re.match(
        r"\s?\d", scan.text[scan.pos + 1 : scan.pos + 3]
    ):
        return Said(scan.pos + 1, "nhân", "sign")
    after_words = (
        scan.text.startswith(" x ", scan.pos - 1) and scan.text[scan.pos + 2 : scan.pos + 3].isdecimal()
    )
    if after_words and re.search(r"\d[^.;\n]*[\w%)] $", scan.left(32)):
        return Said(scan.pos + 1, "nhân", "sign")  # "15kg/người/tháng x 3 tháng"
    return None


def _digit(scan: Scan) -> Said:
    last = scan.pieces[-1] if scan.pieces else None
    numbered = last and (last.rule == "roman" or scan.text[last.end - 1].isdecimal())
    if last and numbered and scan.text[last.end : scan.pos].isspace():
        glued = last.rule == "lexicon" or scan.text[last.start - 1 : last.start].isalpha()
        if glued or last.rule in _NAMES_WITH_NUMBERS:
            scan.pieces.append(Piece(",", scan.pos, scan.pos, "pause"))  # "BĐ3 3,73m" are two numbers
    for rule in _AT_DIGIT:
        if said := rule(scan):
            return said
    return Said(scan.pos + 1, "", "decoration")


def _sign(scan: Scan) -> Said:
    here = scan.text[scan.pos]
    if here == "-":
        return symbols.dash(scan)
    if here == "(":
        said = (
            words.defined(scan)
            or words.in_words(scan)
            or figures.parenthesis(scan)
            or (phones.phone(scan) if scan.text[scan.pos + 1 : scan.pos + 2] in {"0", "+", "8"} else None)
        )
        if said:
            return said
    if here == "+" and (said := phones.phone(scan)):
        return said
    if here == "/" and (said := codes.code_without_number(scan)):
        return said
    return symbols.sign(scan)


def _compose(pieces: list[Piece]) -> str:
    parts: list[str] = []
    pending = ""
    for text, _, _, _ in pieces:
        if not text:
            continue
        if text in _STRENGTH:
            if parts and _STRENGTH[text] > _STRENGTH.get(pending, 0):
                pending = text
            continue
        if pending:
            parts[-1] += pending
            pending = ""
        if text[-1] in ",.":
            parts.append(text[:-1])
            pending = text[-1]
        else:
            parts.append(text)
    if pending and pending in ".?!…" and parts:
        parts[-1] += pending
    return " ".join(parts)


def _words(pieces: list[Piece], source: Source) -> tuple[Word, ...]:
    result: list[Word] = []
    for text, start, end, rule in pieces:
        if text:
            first, last = source.span(start, end)
            result.extend(Word(word.rstrip(",.") or word, first, last, rule) for word in text.split())
            if len(text) > 1 and text[-1] in ",.":
                result.append(Word(text[-1], first, last, rule))
    return tuple(result)
