"""What the planner hands back."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scheduler.planner.shortfall import Shortfall


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """A plan: every play (given ones that stay included), what could not be met, and figures of the search."""

    plays: list[dict[str, Any]]
    shortfalls: list[Shortfall] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    def to_json(self, problem: Mapping[str, Any]) -> dict[str, Any]:
        """The problem object with the plan in it."""
        whole = {key: value for key, value in problem.items() if key not in {"plays", "explanations"}}
        whole["plays"] = copy.deepcopy(self.plays)
        whole["explanations"] = [shortfall.to_json() for shortfall in self.shortfalls]
        return whole
