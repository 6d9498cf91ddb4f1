"""Who may speak: one voice at a time on one amplifier, the more urgent first. Pure decisions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

EMERGENCY = 100
INTERRUPT = 90
HARD_PLAY = 70
RELAY = 60
PLAY = 50
FILLER = 10

Decision = Literal["start", "cut", "wait"]


def decide(level: int, holders: Iterable[int]) -> Decision:
    """What a claim of `level` does where `holders` are on the air on its outputs.

    The more urgent cuts the less urgent; among equals the one that speaks is heard out.
    """
    levels = list(holders)
    if not levels:
        return "start"
    return "cut" if level > max(levels) else "wait"


def level_of_play(timing: str, *, emergency: bool) -> int:
    """A hard-timed play cuts what overruns into its time; other plays wait for it."""
    if emergency:
        return EMERGENCY
    return HARD_PLAY if timing == "hard" else PLAY
