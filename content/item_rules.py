"""Rules of an item that airs on its own, in the planner's language."""

from __future__ import annotations

from typing import Any

SPREAD = 0.6
"""Least gap between airings, as a share of the even gap: leaves the planner room round holidays."""


def weekly_rules(per_week: int) -> dict[str, Any]:
    """So many airings a week, on different days where the week has enough, spread out."""
    if per_week <= 0:
        return {"counts": [{"per": "week", "max": 0}]}
    count = {"per": "week", "min": per_week, "max": per_week + 1, "target": per_week}
    # One airing a week is owed to a cut week too: the plan looks at the days before its first in the same week.
    rules: dict[str, Any] = {"counts": [{**count, "prorate": per_week > 1}]}
    if per_week < 6:
        rules |= {"max_per_day": 1, "min_gap_days": max(1, int(7 / per_week * SPREAD))}
    return rules


def monthly_rules(airings: int, days: int, *, prorate: bool = False) -> dict[str, Any]:
    """So many airings in a month, never two on one day, spread over the `days` that are left for them.

    With `prorate` a plan that holds only part of the month owes its share.
    """
    return {
        "counts": [
            {"per": "month", "min": airings, "max": airings + 1, "target": airings, "prorate": prorate}
        ],
        "max_per_day": 1,
        "min_gap_days": max(1, int(days / airings * SPREAD)),
    }
