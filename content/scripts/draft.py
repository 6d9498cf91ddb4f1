"""An item's words as a script: frame, title, body, all as they will be spoken."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from content.lexicon import Lexicon
from content.normalise import DEFAULT_READING, Reading, Unknown
from content.scripts.foreign import said
from content.scripts.frame import frame
from content.scripts.pace import PACES, Pace
from content.scripts.sentences import BREATH_SYLLABLES, Sentence, split

_SAME = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """Sentences in the order they are spoken.

    `opening` and `closing` count the sentences of the frame at either end (the title belongs to the
    opening); the spans of `unknowns` are in the item's text, or −1 where they stand in title or frame.
    """

    sentences: tuple[Sentence, ...]
    estimated_ms: int
    unknowns: tuple[Unknown, ...]
    opening: int = 0
    closing: int = 0

    @property
    def body(self) -> tuple[Sentence, ...]:
        """The sentences of the item itself."""
        return self.sentences[self.opening : len(self.sentences) - self.closing]


def draft(
    item_title: str,
    item_text: str,
    kind: str,
    station_name: str,
    *,
    place: str = "",
    programme_title: str = "",
    framed: bool = True,
    vietnamese: bool = True,
    part: int = 1,
    parts: int = 1,
    reading: Reading = DEFAULT_READING,
    lexicon: Lexicon | None = None,
    pace: Pace | None = None,
    breath_syllables: int = BREATH_SYLLABLES,
    template_folder: Path | None = None,
) -> Script:
    """The script of one item, drafted from its own words; nothing is added but the station's frame.

    `framed=False` leaves out opening and closing, for an item inside a programme that has its own; one of
    several `parts` then says that it goes on or is gone on with. An item that is not `vietnamese` has no
    frame at all, and its words stay as they are written.
    The title is not read twice: it is left out where the text opens with it. Pure: the only file read is
    a station's own template. Lengths are estimates by `pace` (default: the pace of gTTS).

    Raises:
        FrameError: an unknown kind, or a template that cannot be used.
    """
    pace = pace or PACES["gtts"]
    in_parts = parts > 1 and not framed and vietnamese
    around = frame(
        "part" if in_parts else kind,
        station_name=station_name,
        place=place,
        programme_title=programme_title,
        part=part,
        parts=parts,
        folder=template_folder,
    )
    framed = (framed or in_parts) and vietnamese
    unknowns: list[Unknown] = []

    def own(line: str) -> list[Sentence]:
        words = said(line, reading, lexicon, vietnamese=vietnamese)
        unknowns.extend(replace(unknown, start=-1, end=-1) for unknown in words.unknowns)
        return [
            replace(sentence, span=None) for sentence in split(line, words, breath_syllables=breath_syllables)
        ]

    opening: list[Sentence] = []
    closing: list[Sentence] = []
    if framed:
        for line in around.opening:
            opening += own(line)
    if around.title and item_title.strip() and not _opens_with(item_text, item_title):
        opening += own(item_title)
    body = said(item_text, reading, lexicon, vietnamese=vietnamese)
    unknowns.extend(body.unknowns)
    if framed:
        for line in around.closing:
            closing += own(line)
    sentences = (*opening, *split(item_text, body, breath_syllables=breath_syllables), *closing)
    return Script(
        sentences=sentences,
        estimated_ms=length_ms(sentences, pace),
        unknowns=tuple(unknowns),
        opening=len(opening),
        closing=len(closing),
    )


def length_ms(sentences: tuple[Sentence, ...], pace: Pace) -> int:
    """The estimated length of sentences with the pauses between them (none after the last)."""
    total = sum(pace.length_ms(sentence.spoken) + sentence.pause_after_ms for sentence in sentences)
    return total - (sentences[-1].pause_after_ms if sentences else 0)


def _opens_with(text: str, title: str) -> bool:
    bare = _SAME.sub(" ", title.casefold()).strip()
    return bool(bare) and _SAME.sub(" ", text[: 2 * len(title) + 40].casefold()).strip().startswith(bare)
