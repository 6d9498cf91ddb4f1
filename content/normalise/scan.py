"""One walk over a text: where it stands, what surrounds it, what has been said so far."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from content.lexicon import Lexicon
from content.normalise.reading import Reading
from content.normalise.syllables import is_syllable

_WORD = re.compile(r"[^\W\d_]+")
_LINE_OPENING = re.compile(r"[\s\"'(\[*+•●▪◦·►✓➢❖◆■□-]*\Z")


_LONGEST_HEADING = 1000
LONGEST_TOKEN = 160
"""No code or mix of letters and figures is longer; a rule that looked further would make hostile text slow."""
_NEAR = 120


class Piece(NamedTuple):
    """Spoken words (or one prosodic mark) and the half-open span of even text they were read from."""

    text: str
    start: int
    end: int
    rule: str


class Said(NamedTuple):
    """What a rule found at the place where the walk stands: how far it reads, the words, the rule's name."""

    end: int
    spoken: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Something that the normaliser does not know and will not guess.

    `kind` is "abbreviation", "code" (part of a document's number) or "word"; the span is in the
    text as it came; `spoken` is what stands in the words for now.
    """

    text: str
    start: int
    end: int
    kind: str
    spoken: str


class Scan:
    """The state of one walk; never shared between threads."""

    __slots__ = ("_caps", "lexicon", "pieces", "pos", "reading", "text", "unknowns")

    def __init__(self, text: str, reading: Reading, lexicon: Lexicon) -> None:
        self.text = text
        self.reading = reading
        self.lexicon = lexicon
        self.pos = 0
        self.pieces: list[Piece] = []
        self.unknowns: list[tuple[str, int, int, str, str]] = []
        self._caps: tuple[int, int, bool] = (-1, -1, False)

    def left(self, length: int = 48) -> str:
        """The lower-case text just before, white space made single blanks."""
        return " ".join(self.text[max(0, self.pos - length) : self.pos].lower().split()) + (
            " " if self.pos and self.text[self.pos - 1].isspace() else ""
        )

    def right(self, end: int, length: int = 48) -> str:
        """The text just after `end`, white space made single blanks."""
        tail = self.text[end : end + length]
        return (" " if tail[:1].isspace() else "") + " ".join(tail.split())

    def opens_line(self) -> bool:
        """Whether nothing but bullets and quotes stands before on this line."""
        start = self.text.rfind("\n", 0, self.pos) + 1
        return (
            self.pos - start < _LONGEST_HEADING
            and _LINE_OPENING.match(self.text, start, self.pos) is not None
        )

    def in_capitals(self) -> bool:
        """Whether this line is a heading in capitals, where "BAN" is a word and no abbreviation."""
        start, end, answer = self._caps
        if not start <= self.pos < end:
            start = self.text.rfind("\n", 0, self.pos) + 1
            end = self.text.find("\n", self.pos)
            end = len(self.text) if end < 0 else end
            answer = self._mostly_capitals(start, min(end, start + _LONGEST_HEADING))
            self._caps = (start, end + 1, answer)
        if answer:
            return True  # else it may stand in a run of capitals inside an ordinary line
        run_start, run_end = self._run_of_capitals(max(start, self.pos - _NEAR), min(end, self.pos + _NEAR))
        return self._mostly_capitals(run_start, run_end)

    def _mostly_capitals(self, start: int, end: int) -> bool:
        words = [word for word in _WORD.findall(self.text, start, end) if len(word) > 1]
        capitals = [word for word in words if word.isupper() and is_syllable(word)]
        marked = any(not word.isascii() for word in capitals)
        return len(capitals) >= 2 and marked and len(capitals) * 5 >= len(words) * 3

    def _run_of_capitals(self, start: int, end: int) -> tuple[int, int]:
        first = last = self.pos
        for match in _WORD.finditer(self.text, start, end):
            if match.group().isupper() and (is_syllable(match.group()) or len(match.group()) == 1):
                if match.start() <= self.pos or last >= self.pos:
                    if match.start() <= self.pos and first == self.pos:
                        first = match.start()
                    last = match.end()
            elif match.end() <= self.pos:
                first = self.pos
            elif match.start() > self.pos:
                break
        return first, last

    def say(self, said: Said) -> None:
        """Take what a rule found and walk on."""
        self.pieces.append(Piece(said.spoken, self.pos, said.end, said.rule))
        self.pos = said.end

    def unknown(self, start: int, end: int, kind: str, spoken: str) -> None:
        """Flag [start, end) of the even text."""
        self.unknowns.append((self.text[start:end], start, end, kind, spoken))
