"""Shortfalls in words, in the language of the screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from content.language import N_
from scheduler.planner.shortfall import Shortfall

RULES = {
    "COUNT_MIN": N_("airings wanted"),
    "CAMPAIGN_MIN": N_("airings wanted in the campaign"),
    "FIRST_BY": N_("first airing by a date"),
    "SERIES": N_("replays of the series"),
    "TARGET": N_("airings wished"),
}


def tell(shortfalls: Sequence[Shortfall], translate: Callable[[str], str]) -> list[str]:
    """One paragraph per shortfall: what is missing, why, and what was checked to help."""
    lines = []
    for short in shortfalls:
        text = translate(
            N_("{programme} in {zones}, {first} to {last}: {planned} of {needed} {rule}, {missing} missing")
        ).format(
            programme=short.programme,
            zones=", ".join(short.zones),
            first=short.first_on,
            last=short.last_on,
            planned=short.planned,
            needed=short.needed,
            missing=short.missing,
            rule=translate(RULES.get(short.rule, short.rule)),
        )
        parts = [text]
        parts += ["  " + clash.told(translate) for clash in short.clashes]
        parts += [
            "  " + relaxation.told.told(translate) for relaxation in short.relaxations if relaxation.works
        ]
        lines.append("\n".join(parts))
    return lines
