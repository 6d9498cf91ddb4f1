"""A script as lines that an editor changes by hand, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher, unified_diff
from typing import Any

from content.errors import LoaError
from content.language import N_
from content.lexicon import Lexicon
from content.normalise import DEFAULT_READING, Reading
from content.scripts.draft import length_ms
from content.scripts.foreign import said
from content.scripts.pace import PACES, Pace
from content.scripts.sentences import Sentence, split


class EmptyScriptError(LoaError):
    """All lines were taken out."""

    sentence = N_("the script would be empty; to take an item off the air use `loa item retire`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """Sentences and unknowns as they are stored, and the estimated length."""

    sentences: list[dict[str, Any]]
    unknowns: list[dict[str, Any]]
    estimated_ms: int


def lines_of(sentences: Sequence[dict[str, Any]]) -> list[str]:
    """The script as written, a line a breath."""
    return [str(sentence["text"]) for sentence in sentences]


def edited(
    sentences: Sequence[dict[str, Any]],
    unknowns: Sequence[dict[str, Any]],
    lines: Sequence[str],
    *,
    vietnamese: bool = True,
    reading: Reading = DEFAULT_READING,
    lexicon: Lexicon | None = None,
    pace: Pace | None = None,
) -> Edited:
    """The script with its lines changed to `lines`; a line that stayed keeps its words, pause and place.

    New lines are read as those of an item are, see `draft`.

    Raises:
        EmptyScriptError: no line is left.
    """
    old, new = lines_of(sentences), [" ".join(line.split()) for line in lines if line.strip()]
    if not new:
        raise EmptyScriptError
    result: list[dict[str, Any]] = []
    flagged: list[dict[str, Any]] = []
    spans: list[tuple[int, int]] = []
    for tag, first, last, start, end in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if tag == "equal":
            result += [dict(sentence) for sentence in sentences[first:last]]
            spans += [tuple(sentence["span"]) for sentence in sentences[first:last] if sentence["span"]]
            continue
        for line in new[start:end]:
            words = said(line, reading, lexicon, vietnamese=vietnamese)
            result += [_stored(replace(sentence, span=None)) for sentence in split(line, words)]
            flagged += [
                {"text": unknown.text, "kind": unknown.kind, "span": [-1, -1]} for unknown in words.unknowns
            ]
    kept = [
        unknown
        for unknown in unknowns
        if (
            unknown["span"][0] < 0
            and any(
                unknown["text"] in str(sentence["text"]) for sentence in result if sentence["span"] is None
            )
        )
        or any(low <= unknown["span"][0] < high for low, high in spans)
    ]
    known = {(unknown["text"], tuple(unknown["span"])) for unknown in kept}
    kept += [unknown for unknown in flagged if (unknown["text"], tuple(unknown["span"])) not in known]
    timed = tuple(
        Sentence(text="", spoken=str(one["spoken"]), pause_after_ms=int(one["pause_after_ms"]))
        for one in result
    )
    return Edited(sentences=result, unknowns=kept, estimated_ms=length_ms(timed, pace or PACES["gtts"]))


def difference(
    before: Sequence[dict[str, Any]], after: Sequence[dict[str, Any]], before_name: str, after_name: str
) -> list[str]:
    """What changed between two versions, in spoken words, as unified diff lines."""
    old = [str(sentence["spoken"]) for sentence in before]
    new = [str(sentence["spoken"]) for sentence in after]
    return list(unified_diff(old, new, before_name, after_name, lineterm="", n=1))


def _stored(sentence: Sentence) -> dict[str, Any]:
    return {
        "text": sentence.text,
        "spoken": sentence.spoken,
        "pause_after_ms": sentence.pause_after_ms,
        "span": list(sentence.span) if sentence.span else None,
    }
