"""Listening with a recogniser: which words of a segment a listener would miss. Needs the extra `listen`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from content.errors import LoaError
from content.language import N_


class NoRecogniserError(LoaError):
    """No recogniser on this machine."""

    sentence = N_(
        "no Vietnamese recogniser is installed ({reason}): add the package viet-asr to Loa's Python, or check without --listen"
    )


class Recogniser(Protocol):
    """Sound in, words out."""

    def words_in(self, path: Path) -> str:
        """What is said in the house WAV `path`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """The share of syllables that were missed, doubled or mistaken, and the spoken words that were not heard."""

    syllable_error_rate: float
    missed: tuple[str, ...]
    heard: str


def compare(spoken: Sequence[str], heard: str) -> Heard:
    """Hold what was heard against what was to be said, syllable by syllable, case and marks aside."""
    wanted, found = _syllables(" ".join(spoken)), _syllables(heard)
    steps = _alignment(wanted, found)
    missed = tuple(wanted[i] for i, j in steps if i is not None and (j is None or wanted[i] != found[j]))
    errors = sum(i is None or j is None or wanted[i] != found[j] for i, j in steps)
    return Heard(syllable_error_rate=errors / max(1, len(wanted)), missed=missed, heard=heard)


def _syllables(text: str) -> list[str]:
    return re.findall(r"\w+", unicodedata.normalize("NFC", text).casefold())


def _alignment(wanted: list[str], found: list[str]) -> list[tuple[int | None, int | None]]:
    """The cheapest way to turn one into the other (Levenshtein), as pairs of places; None where one has nothing."""
    import numpy as np

    cost = np.zeros((len(wanted) + 1, len(found) + 1), dtype=np.int32)
    cost[:, 0], cost[0, :] = np.arange(len(wanted) + 1), np.arange(len(found) + 1)
    for i, word in enumerate(wanted, 1):
        for j, other in enumerate(found, 1):
            cost[i, j] = min(cost[i - 1, j] + 1, cost[i, j - 1] + 1, cost[i - 1, j - 1] + (word != other))
    steps: list[tuple[int | None, int | None]] = []
    i, j = len(wanted), len(found)
    while i or j:
        if i and j and cost[i, j] == cost[i - 1, j - 1] + (wanted[i - 1] != found[j - 1]):
            i, j = i - 1, j - 1
            steps.append((i, j))
        elif i and cost[i, j] == cost[i - 1, j] + 1:
            i -= 1
            steps.append((i, None))
        else:
            j -= 1
            steps.append((None, j))
    return steps[::-1]
