"""Months for which a series has too few programmes that can begin: no plan can make up what is not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from content.errors import Told
from content.language import N_
from scheduler.planner.problem import Problem
from scheduler.planner.series import full_months
from scheduler.planner.shortfall import Relaxation, Shortfall


def without_newcomers(problem: Problem, source: Mapping[str, Any]) -> Iterator[Shortfall]:
    """One shortfall for each series, month and set of zones in which fewer programmes begin than promised."""
    dates = [problem.first_on + timedelta(days=day) for day in range(problem.days)]
    for series in source.get("series") or []:
        new = int(series.get("new_per_month", 1) or 0)
        members = [
            programme
            for programme, entry in zip(problem.programmes, source["programmes"], strict=True)
            if entry.get("series") == series.get("id")
        ]
        zones = _zones(problem, series, {zone for member in members for zone in member.zones})
        for first, last in full_months(dates):
            begun = [
                member
                for member in members
                if any(p.rule == "SERIES" and first <= p.first <= p.last <= last for p in member.periods)
            ]
            short: dict[int, list[int]] = {}
            for zone in zones:
                have = sum(zone in member.zones for member in begun)
                if have < new:
                    short.setdefault(have, []).append(zone)
            for have, where in sorted(short.items()):
                yield _told(
                    problem,
                    series,
                    (first, last),
                    [problem.zones[zone].id for zone in where],
                    have,
                    [member.title or member.id for member in begun],
                    spare=len(members) - _used(members),
                )


def _zones(problem: Problem, series: Mapping[str, Any], theirs: set[int]) -> list[int]:
    named = series.get("zones")
    if not named or named == "*":
        return sorted(theirs)
    return [number for number, zone in enumerate(problem.zones) if zone.id in named]


def _used(members: Sequence[Any]) -> int:
    return sum(any(p.rule == "SERIES" for p in member.periods) for member in members)


def _told(
    problem: Problem,
    series: Mapping[str, Any],
    month: tuple[int, int],
    zones: list[str],
    have: int,
    begun: list[str],
    *,
    spare: int,
) -> Shortfall:
    name = str(series.get("title") or series["id"])
    new = int(series.get("new_per_month", 1))
    first_on, last_on = problem.on(month[0]), problem.on(month[1])
    return Shortfall(
        rule="SERIES",
        programme=str(series["id"]),
        zones=tuple(zones),
        first_on=first_on.isoformat(),
        last_on=last_on.isoformat(),
        needed=new,
        planned=have,
        unavoidable=new - have if not spare else 0,
        headline=Told(
            N_("the series {series} begins {have} of {new} new programmes from {first} to {last} in {zones}"),
            series=name,
            have=have,
            new=new,
            first=f"{first_on:%d/%m/%Y}",
            last=f"{last_on:%d/%m/%Y}",
            zones=zones,
        ),
        clashes=(
            Told(
                N_(
                    "no other programme of the series may begin then and be replayed often enough; add {count} to it"
                ),
                count=new - have,
            ),
        ),
        relaxations=(
            Relaxation(
                change={"series": series["id"], "key": "new_per_month", "from": new, "to": have},
                told=Told(
                    N_("checked: with {count} new programmes a month the series {series} lacks none"),
                    count=have,
                    series=name,
                ),
                works=True,
            ),
        ),
        facts={"title": name, "clashing_programmes": begun},
    )
