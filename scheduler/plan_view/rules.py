"""The rules of the planner by their codes, in words."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from content.errors import Told
from content.language import N_

RULE_WORDS: Final = {
    "STRUCT": N_("it lies outside the days of the plan"),
    "ZONE_TARGET": N_("the zone is not among its zones"),
    "WINDOW": N_("outside every session"),
    "BLOCK": N_("a relay or blackout is there"),
    "VALIDITY": N_("outside its period of validity"),
    "WEEKDAY": N_("not on this weekday"),
    "DAYPART": N_("not at this time of day"),
    "OVERLAP": N_("two plays at once"),
    "CHANGEOVER": N_("too little silence between two plays"),
    "TOPIC_ADJ": N_("two plays of one topic beside each other"),
    "UNIT_SEP": N_("two plays of one unit too close together"),
    "BUDGET": N_("more airtime than the zone has that day"),
    "MAX_PLAYS": N_("more plays than the zone takes that day"),
    "COUNT_MIN": N_("fewer airings than wanted"),
    "COUNT_MAX": N_("more airings than allowed"),
    "CAMPAIGN_MIN": N_("fewer airings in the campaign than wanted"),
    "TARGET": N_("fewer airings than wished"),
    "FIRST_BY": N_("first airing too late"),
    "SERIES": N_("too few new episodes or replays of the series"),
    "MAX_PER_DAY": N_("too often on one day"),
    "GAP_H": N_("too few hours since its last airing"),
    "GAP_DAYS": N_("too few days since its last airing"),
    "MAX_GAP": N_("too long a silence"),
}
"""What is wrong where the rule is broken; the code itself stands in JSON."""


def rule_told(rule: str, when: str | None = None) -> Told:
    """A broken rule in words, with its code and, where known, the ISO day or instant at which it breaks."""
    words = RULE_WORDS.get(rule, N_("a rule"))
    if when is None:
        return Told(N_("{words} ({rule})"), words=words, rule=rule)
    return Told(N_("{words} ({rule}, {when})"), words=words, rule=rule, when=rule_moment(when))


def rule_moment(when: str) -> str:
    """The ISO day or instant at which a rule breaks, as people write it."""
    try:
        moment = datetime.fromisoformat(when)
    except ValueError:
        return when
    return f"{moment:%d/%m/%Y}" if len(when) <= 10 else f"{moment:%H:%M %d/%m/%Y}"
