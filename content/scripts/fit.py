"""A script too long for its slot: what does not fit moves to a next episode, at a natural break."""

from __future__ import annotations

from content.errors import LoaError
from content.language import N_
from content.scripts.draft import Script, length_ms
from content.scripts.pace import PACES, Pace
from content.scripts.sentences import Sentence


class FrameTooLongError(LoaError):
    """The target is shorter than what is said around the item."""

    sentence = N_(
        "a target of {target_ms} ms leaves no room for the item: opening and closing alone take {frame_ms} ms"
    )


def fit(script: Script, target_ms: int, *, pace: Pace | None = None) -> tuple[Script, ...]:
    """`script` in as few episodes of about `target_ms` as it takes, each with the frame around it.

    An episode ends after a whole sentence, after a paragraph where one ends in its last fifth; only a
    single sentence longer than the target runs over. Every body sentence is in exactly one episode, in order.

    Raises:
        FrameTooLongError: the frame alone is longer than the target.
    """
    pace = pace or PACES["gtts"]
    head = script.sentences[: script.opening]
    tail = script.sentences[len(script.sentences) - script.closing :]
    frame_ms = length_ms((*head, *tail), pace) if head or tail else 0
    if frame_ms >= target_ms:
        raise FrameTooLongError(target_ms=target_ms, frame_ms=frame_ms)
    parts = _parts(_whole(script.body), target_ms - frame_ms, pace)
    result = []
    for index, part in enumerate(parts or [()]):
        sentences = (*head, *part, *tail)
        spans = [sentence.span for sentence in part if sentence.span]
        low, high = (spans[0][0], spans[-1][1]) if spans else (0, 0)
        unknowns = tuple(
            unknown
            for unknown in script.unknowns
            if (unknown.start < 0 and index == 0) or (unknown.start >= 0 and low <= unknown.start < high)
        )
        result.append(
            Script(
                sentences=sentences,
                estimated_ms=length_ms(sentences, pace),
                unknowns=unknowns,
                opening=script.opening,
                closing=script.closing,
            )
        )
    return tuple(result)


def _whole(body: tuple[Sentence, ...]) -> list[tuple[Sentence, ...]]:
    """The body as whole sentences: breaths of one sentence stay together."""
    groups: list[tuple[Sentence, ...]] = []
    current: list[Sentence] = []
    for sentence in body:
        current.append(sentence)
        if sentence.ends != "part":
            groups.append(tuple(current))
            current = []
    if current:
        groups.append(tuple(current))
    return groups


def _parts(groups: list[tuple[Sentence, ...]], room_ms: int, pace: Pace) -> list[tuple[Sentence, ...]]:
    parts: list[tuple[Sentence, ...]] = []
    start = 0
    while start < len(groups):
        used, end, paragraph = 0, start, start
        while end < len(groups):
            need = sum(pace.length_ms(sentence.spoken) + sentence.pause_after_ms for sentence in groups[end])
            if end > start and used + need > room_ms:
                break
            used += need
            end += 1
            if groups[end - 1][-1].ends == "paragraph" and used * 5 >= room_ms * 4:
                paragraph = end
        if end < len(groups) and paragraph > start:
            end = paragraph
        parts.append(tuple(sentence for group in groups[start:end] for sentence in group))
        start = end
    return parts
