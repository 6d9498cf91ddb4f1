"""Shortfalls in words, in the language of the screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from scheduler.planner.shortfall import Shortfall


def tell(shortfalls: Sequence[Shortfall], translate: Callable[[str], str]) -> list[str]:
    """One paragraph per shortfall: what is missing, why, and what was checked to help."""
    return [shortfall.told(translate) for shortfall in shortfalls]
