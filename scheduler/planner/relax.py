"""Small changes of a rule that may bring a missing airing, and the trial whether they do."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from content.errors import LoaError, Told
from content.language import N_
from scheduler.planner.line import Line
from scheduler.planner.problem import DAY_S, Period, Problem, Programme
from scheduler.planner.reader import read
from scheduler.planner.replan import give_way
from scheduler.planner.search import Search

TRIAL_STEPS: Final = 400
LEAST_TRIAL_STEPS: Final = 20  # where a day holds hundreds of plays
WEEKDAYS: Final = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)


class UnknownChangeError(LoaError):
    """A relaxation that names something that the problem does not have."""

    sentence = N_(
        "the change names {what}, which the plan problem does not have; take the names from its explanations"
    )


def apply(problem: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the problem with the change made. Raises: UnknownChangeError."""
    changed = copy.deepcopy(dict(problem))
    if change.get("series") is not None:
        for entry in changed.get("series") or []:
            if entry.get("id") == change["series"]:
                _set(entry, str(change.get("key")), change.get("to"))
                return changed
        raise UnknownChangeError(what=change["series"])
    for entry in changed.get("programmes") or []:
        if entry.get("id") == change.get("programme"):
            _set(entry, str(change.get("key")), change.get("to"))
            return changed
    raise UnknownChangeError(what=change.get("programme"))


def _set(entry: dict[str, Any], key: str, value: object) -> None:
    *path, last = key.split(".")
    at: Any = entry
    for part in path:
        at = at[int(part)] if isinstance(at, list) else at.setdefault(part, {})
    if isinstance(at, list):
        at[int(last)] = value
    else:
        at[last] = value


def candidates(
    source: Mapping[str, Any], line: Line, period: Period, planned: int
) -> Iterator[tuple[dict[str, Any], Told]]:
    """Changes that might help, the smallest first."""
    programme = line.programme
    rules = source.get("rules") or {}

    def change(key: str, old: object, new: object) -> dict[str, Any]:
        return {"programme": programme.id, "key": key, "from": old, "to": new}

    weekdays = rules.get("weekdays")
    if weekdays and len(set(weekdays)) < 7:
        for number in sorted(set(range(1, 8)) - set(weekdays), key=lambda n: ((n - max(weekdays)) % 7, n)):
            yield (
                change("rules.weekdays", weekdays, sorted({*weekdays, number})),
                Told(
                    N_("add {weekday} to the weekdays of {programme}"),
                    weekday=Told(WEEKDAYS[number - 1]),
                    programme=programme.title,
                ),
            )
    gap = rules.get("min_gap_days")
    for less in range(int(gap or 0) - 1, 0, -1):
        yield (
            change("rules.min_gap_days", gap, less),
            Told(
                N_("let {programme} air {new} days apart instead of {old}"),
                programme=programme.title,
                old=gap,
                new=less,
            ),
        )
    hours = rules.get("min_gap_h")
    if hours:
        yield (
            change("rules.min_gap_h", hours, hours / 2),
            Told(
                N_("let {programme} air {new} hours apart instead of {old}"),
                programme=programme.title,
                old=hours,
                new=hours / 2,
            ),
        )
    if rules.get("dayparts"):
        yield (
            change("rules.dayparts", rules["dayparts"], None),
            Told(N_("let {programme} air at any time of the day"), programme=programme.title),
        )
    most = rules.get("max_per_day")
    if most is not None:
        yield (
            change("rules.max_per_day", most, most + 1),
            Told(
                N_("let {programme} air {new} times a day instead of {old}"),
                programme=programme.title,
                old=most,
                new=most + 1,
            ),
        )
    for number, count in enumerate(rules.get("counts") or []):
        most = count.get("max")
        if most is not None and most < period.need and count.get("per") in {"month", "range", "total"}:
            yield (
                change(f"rules.counts.{number}.max", most, period.need),
                Told(
                    N_("let {programme} air up to {new} times instead of {old}"),
                    programme=programme.title,
                    old=most,
                    new=period.need,
                ),
            )
        if period.rule == "COUNT" and count.get("min") and count["min"] > planned:
            yield (
                change(f"rules.counts.{number}.min", count["min"], planned),
                Told(
                    N_("be content with {new} airings of {programme} instead of {old}"),
                    programme=programme.title,
                    old=count["min"],
                    new=planned,
                ),
            )
    if period.rule == "SERIES" and planned and source.get("series"):
        yield (
            {
                "series": source["series"],
                "key": "min_replays",
                "from": period.need - 1,
                "to": planned - 1,
            },
            Told(
                N_("be content with {new} replays of each programme of the series {series} instead of {old}"),
                new=planned - 1,
                old=period.need - 1,
                series=source["series"],
            ),
        )
    yield from _campaign_concessions(rules, line, period, change)
    placed = line.placed()
    if period.rule == "FIRST_BY" and placed:
        was = date.fromisoformat(str(rules["first_airing_by"]))
        later = was + timedelta(days=placed[0] // DAY_S - period.last)
        yield (
            change("rules.first_airing_by", was.isoformat(), later.isoformat()),
            Told(
                N_("let {programme} first air by {new} instead of {old}"),
                programme=programme.title,
                old=f"{was:%d/%m}",
                new=f"{later:%d/%m}",
            ),
        )


def is_concession(change: Mapping[str, Any]) -> bool:
    """Whether a change asks for less instead of allowing more."""
    key = str(change["key"])
    if key.startswith("rules.counts."):
        return not key.endswith(".max")
    return key.startswith("rules.campaigns.") or key in {"rules.first_airing_by", "min_replays"}


def _campaign_concessions(
    rules: Mapping[str, Any],
    line: Line,
    period: Period,
    change: Callable[[str, object, object], dict[str, Any]],
) -> Iterator[tuple[dict[str, Any], Told]]:
    """As many airings in the campaign as the plan has, on whichever of its days."""
    if period.rule != "CAMPAIGN":
        return
    for number, (entry, camp) in enumerate(
        zip(rules.get("campaigns") or [], line.programme.campaigns, strict=True)
    ):
        if not (camp.first <= period.first and period.last <= camp.last):
            continue
        have = sum(camp.first <= at // DAY_S <= camp.last for at in line.placed())
        less = {key: value for key, value in entry.items() if key not in {"min_per_day", "min_per_week"}}
        yield (
            change(f"rules.campaigns.{number}", dict(entry), {**less, "min_total": have}),
            Told(
                N_("be content with {new} airings of {programme} in its campaign, on whichever days"),
                new=have,
                programme=line.programme.title,
            ),
        )


def changed_programme(problem: Mapping[str, Any], index: int, change: Mapping[str, Any]) -> Programme:
    """The programme as it reads after the change, in compact form."""
    if problem["programmes"][index].get("series"):  # its month hangs on the other programmes of the series
        return read(apply(problem, change)).programmes[index]
    only = {**problem, "programmes": [problem["programmes"][index]], "plays": []}
    return replace(read(apply(only, change)).programmes[0], index=index)


def trial(
    search: Search, line: Line, programme: Programme, problem: Problem, earliest: int
) -> tuple[int, int]:
    """(airings missing to the programme, to all) when the line has the changed rules; the search stays as it was."""
    before = {other.index: list(other.places) for other in search.lines}
    chance = search.random.getstate()
    old_times = search.lift(line)
    other = Line(line.index, programme, line.zones, problem, earliest)
    other.fixed, other.odd_s, other.pair, other.adjacent = line.fixed, line.odd_s, line.pair, line.adjacent
    search.lines[line.index] = other
    search.lay(other, sorted(other.fixed))
    for at in old_times:
        if at not in other.fixed:
            search.place_at(other, at)
    other.settle()
    while other.shortfall()[0]:
        lack = other.lack
        if not (search.grow(other) or give_way(search, other, earliest)):
            break
        other.settle()
        if other.lack >= lack:
            break
    if other.shortfall()[0] and problem.days <= 100:
        fresh = search.lift(other)
        search.lay(other, search.pattern(other, search.all_times(other)))
        other.settle()
        if other.shortfall()[0] >= _missing(other, fresh):
            search.lift(other)
            search.lay(other, fresh)
    if other.shortfall()[0]:
        search.mend(max(LEAST_TRIAL_STEPS, int(TRIAL_STEPS * search.pace())))
    result = other.shortfall()[0], sum(x.shortfall()[0] * len(x.zones) for x in search.lines)
    search.lift(other)
    search.lines[line.index] = line
    line.open(0)
    search.undo(before)
    search.random.setstate(chance)
    return result


def _missing(line: Line, times: list[int]) -> int:
    tally = [0] * len(line.periods)
    for at in times:
        for period in line.of_day[at // DAY_S]:
            tally[period] += 1
    return sum(max(0, need - have) for need, have in zip(line.needs, tally, strict=True))
