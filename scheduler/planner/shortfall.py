"""What a plan could not meet, as facts: told in any language later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from content.errors import Told
from content.language import N_

RULES = {
    "COUNT_MIN": N_("airings wanted"),
    "CAMPAIGN_MIN": N_("airings wanted in the campaign"),
    "FIRST_BY": N_("first airing by a date"),
    "SERIES": N_("replays of the series"),
    "TARGET": N_("airings wished"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """A smallest change of a rule and what it was seen to bring.

    `change` can be applied by `scheduler.planner.relax.apply`; `works` says that a plan made with it was
    checked to miss less.
    """

    change: Mapping[str, Any]
    told: Told
    works: bool
    missing_after: int = 0

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "change": dict(self.change),
            "sentence": str(self.told),
            "works": self.works,
            "missing_after": self.missing_after,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """One obligation that the plan misses."""

    rule: str  # code of the rule, as a judge of the plan would name it
    programme: str
    zones: tuple[str, ...]
    first_on: str
    last_on: str
    needed: int
    planned: int
    unavoidable: int  # how many of the missing airings no plan could bring, by a proven bound
    clashes: tuple[Told, ...] = ()
    dates: tuple[str, ...] = ()  # the dates that remain, or that clash
    relaxations: tuple[Relaxation, ...] = ()
    soft: bool = False
    headline: Told | None = None  # told first where a count of airings does not say it
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def missing(self) -> int:
        """Airings missing per zone."""
        return self.needed - self.planned

    def told(self, translate: Callable[[str], str]) -> str:
        """What is missing, why, and what was seen to help, a line each, in the language of `translate`."""
        told = self.headline or Told(
            N_("{programme} in {zones}, {first} to {last}: {planned} of {needed} {rule}, {missing} missing"),
            programme=self.facts.get("title") or self.programme,
            zones=list(self.zones),
            first=f"{date.fromisoformat(self.first_on):%d/%m/%Y}",
            last=f"{date.fromisoformat(self.last_on):%d/%m/%Y}",
            planned=self.planned,
            needed=self.needed,
            missing=self.missing,
            rule=Told(RULES.get(self.rule, self.rule)),
        )
        helps = [relaxation.told for relaxation in self.relaxations if relaxation.works]
        return "\n  ".join(part.told(translate) for part in (told, *self.clashes, *helps))

    def to_json(self) -> dict[str, Any]:
        """Plain values, sentences in English."""
        return {
            "rule": self.rule,
            "programme": self.programme,
            "zones": list(self.zones),
            "from": self.first_on,
            "until": self.last_on,
            "needed": self.needed,
            "planned": self.planned,
            "missing": self.missing,
            "unavoidable": self.unavoidable,
            "soft": self.soft,
            "clashes": [str(clash) for clash in self.clashes],
            "dates": list(self.dates),
            "relaxations": [relaxation.to_json() for relaxation in self.relaxations],
            "facts": dict(self.facts),
        }
