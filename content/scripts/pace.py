"""How long spoken words last, by the pace of each voice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from content.errors import LoaError
from content.language import N_
from content.normalise.syllables import is_syllable

_MARKS = ".,;:?!…"


class TooFewSamplesError(LoaError):
    """A pace was to be measured on too little."""

    sentence = N_("a pace needs at least {least} sentences of different lengths, {count} were given")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """A voice's pace: time per syllable, per mark inside a sentence, and per sentence (onset and tail)."""

    syllable_ms: float
    mark_ms: float
    sentence_ms: float

    def length_ms(self, spoken: str) -> int:
        """The estimated length of one spoken sentence, without the pause after it."""
        syllables, marks = counted(spoken)
        return (
            round(syllables * self.syllable_ms + marks * self.mark_ms + self.sentence_ms) if syllables else 0
        )


PACES: dict[str, Pace] = {
    "espeak": Pace(syllable_ms=344.5, mark_ms=273.0, sentence_ms=70.0),
    "gtts": Pace(syllable_ms=215.0, mark_ms=260.0, sentence_ms=120.0),
    "piper": Pace(syllable_ms=205.0, mark_ms=230.0, sentence_ms=150.0),
    "recording": Pace(syllable_ms=235.0, mark_ms=300.0, sentence_ms=200.0),
}
"""Starting points; "espeak" is fitted to 192 sentences in the settings of `audio.voices.espeak_voice` (half of them
predict the other half to 0.1 %); a station measures its own voice with `measured`."""


def counted(spoken: str) -> tuple[int, int]:
    """(syllables, marks inside): a foreign word counts about one syllable for three letters, a digit one and a half."""
    syllables = marks = 0
    words = spoken.split()
    for index, word in enumerate(words):
        bare = word.strip(_MARKS)
        if not bare:
            continue
        digits = sum(sign.isdecimal() for sign in bare)
        syllables += 1 if is_syllable(bare) else max(1, round((len(bare) - digits) / 3 + 1.5 * digits))
        if word[-1] in _MARKS and index < len(words) - 1:
            marks += 1
    return syllables, marks


def measured(samples: Iterable[tuple[str, float]]) -> Pace:
    """The pace that fits (spoken sentence, length in ms) samples best, by least squares.

    Raises:
        TooFewSamplesError: fewer than six sentences, or all alike.
    """
    rows = [(*counted(spoken), 1.0, float(length_ms)) for spoken, length_ms in samples]
    if len(rows) < 6 or len({row[0] for row in rows}) < 3:
        raise TooFewSamplesError(least=6, count=len(rows))
    with_marks = any(row[1] for row in rows)
    columns = (0, 1, 2) if with_marks else (0, 2)
    solution = _least_squares([[row[column] for column in columns] for row in rows], [row[3] for row in rows])
    values = dict(zip(columns, solution, strict=True))
    return Pace(
        syllable_ms=max(values[0], 1.0), mark_ms=max(values.get(1, 0.0), 0.0), sentence_ms=max(values[2], 0.0)
    )


def _least_squares(rows: Sequence[Sequence[float]], wanted: Sequence[float]) -> list[float]:
    """Normal equations by Gauss elimination: three unknowns need no numpy."""
    size = len(rows[0])
    matrix = [
        [sum(row[i] * row[j] for row in rows) + (1e-9 if i == j else 0.0) for j in range(size)]
        + [sum(row[i] * value for row, value in zip(rows, wanted, strict=True))]
        for i in range(size)
    ]
    for pivot in range(size):
        best = max(range(pivot, size), key=lambda line: abs(matrix[line][pivot]))
        matrix[pivot], matrix[best] = matrix[best], matrix[pivot]
        for line in range(size):
            if line != pivot:
                factor = matrix[line][pivot] / matrix[pivot][pivot]
                matrix[line] = [a - factor * b for a, b in zip(matrix[line], matrix[pivot], strict=True)]
    return [matrix[line][size] / matrix[line][line] for line in range(size)]
