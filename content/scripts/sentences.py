"""Spoken words → sentences of one breath each, every one with its place in the source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from content.normalise import Spoken, Word

BREATH_SYLLABLES = 34
"""The most that is said between two pauses: about eight seconds at a newsreader's 4.3 syllables a second."""
PAUSE_MS = {".": 600, "!": 600, "?": 600, "…": 600, ";": 400, ":": 350, ",": 220, "": 150, "paragraph": 900}
_ENDS = frozenset(".?!…;")
_MARKS = frozenset(".,;:?!…")
_LINKS: dict[str, int] = {
    "và": 3, "hoặc": 3, "nhưng": 4, "đồng": 0, "để": 4, "nhằm": 4, "khi": 3, "nếu": 4, "vì": 3, "mà": 2, "trong": 2, "theo": 3, "về": 2,
    "với": 2, "từ": 1, "tại": 3, "cho": 1, "của": 1, "bằng": 1, "thông": 0, "trên": 2, "đối": 0, "gồm": 2, "như": 1, "do": 1, "sau": 1, "trước": 1,
    "giai": 0, "gắn": 1, "thuộc": 1, "là": 1, "đến": 1,
}  # fmt: skip
_LEAST = 6  # syllables that a part keeps on either side of a break


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One breath of a script.

    `text` is the source as written, `spoken` the words for the voice (with marks), `span` its half-open
    place in the item's text (None for the station's own frame). `ends` is "sentence", "part" (a breath
    inside a sentence) or "paragraph"; a programme may be cut after the first and the last only.
    """

    text: str
    spoken: str
    pause_after_ms: int
    span: tuple[int, int] | None = None
    ends: str = "sentence"


def split(source: str, said: Spoken, *, breath_syllables: int = BREATH_SYLLABLES) -> tuple[Sentence, ...]:
    """`said` (of `source`) as sentences; all its words in order, none changed, added or lost."""
    sentences: list[Sentence] = []
    start = 0
    words = said.words
    for index, word in enumerate(words):
        if word.text in _ENDS or index == len(words) - 1:
            following = words[index + 1].start if index + 1 < len(words) else len(source)
            paragraph = (
                index == len(words) - 1
                or "\n\n" in source[word.start : following].replace("\r", "")
                or word.rule == "line"
            )
            sentences += _breaths(
                source, words[start : index + 1], paragraph=paragraph, breath_syllables=breath_syllables
            )
            start = index + 1
    return tuple(sentences)


def _breaths(source: str, words: Sequence[Word], *, paragraph: bool, breath_syllables: int) -> list[Sentence]:
    said = [word for word in words if word.text not in _MARKS]
    if not said:
        return []
    mark = next((word.text for word in reversed(words) if word.text in _ENDS), ".")
    parts = _break(list(words), breath_syllables)
    result = []
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        closing = mark if last else (part[-1].text if part[-1].text in _MARKS else "")
        plain = [word for word in part if word.text not in _MARKS]
        span = min(word.start for word in plain), max(word.end for word in plain)
        result.append(
            Sentence(
                text=" ".join(source[span[0] : span[1]].split()),
                spoken=_joined(
                    part, "." if last and mark in ";…" else (mark if last else ","), opens=number == 0
                ),
                pause_after_ms=PAUSE_MS["paragraph" if last and paragraph else closing],
                span=span,
                ends=("paragraph" if paragraph else "sentence") if last else "part",
            )
        )
    return result


def _joined(words: Sequence[Word], closing: str, *, opens: bool) -> str:
    text = ""
    for word in words:
        if word.text in _MARKS:
            if text and text[-1] not in _MARKS:
                text += word.text
        else:
            text += (" " if text else "") + word.text
    text = text.rstrip(".,;:?!…")
    return (text[:1].upper() + text[1:] if opens else text) + closing


def _break(words: list[Word], most: int) -> list[list[Word]]:
    """Parts of at most `most` syllables, cut at the best marks and links; a word group of one rule stays whole."""
    count = [word.text not in _MARKS for word in words]
    total = sum(count)
    if total <= most:
        return [words]
    best, best_score = 0, float("-inf")
    before = 0
    for index in range(1, len(words)):
        before += count[index - 1]
        after = total - before
        if before < min(_LEAST, most) or after < min(_LEAST, most):
            continue
        score = _cut_score(words, index)
        if score is None:
            continue
        score -= 6.0 * abs(before - after) / total
        if before > most and after > most:
            score += 1.0
        if score > best_score:
            best, best_score = index, score
    if not best:  # one long run of a single rule: cut it where the breath ends
        best = next((index for index in range(most, len(words)) if count[index]), len(words) // 2)
    return _break(words[:best], most) + _break(words[best:], most)


def _cut_score(words: list[Word], index: int) -> float | None:
    previous, following = words[index - 1], words[index]
    if following.text in _MARKS:
        return None
    if previous.text in _MARKS:
        return {";": 20.0, ":": 12.0}.get(previous.text, 8.0)
    if following.rule and previous.start == following.start and previous.end == following.end:
        return None
    link = _LINKS.get(following.text)
    if link and not following.rule:
        return float(link)
    if previous.text[:1].isupper() or following.text[:1].isupper() or following.rule or previous.rule:
        return -12.0
    return -8.0
