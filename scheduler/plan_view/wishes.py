"""The rules of an episode, in the planner's schema, told in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from content.errors import Told
from content.language import N_

PER: Final = {
    "day": N_("a day"),
    "week": N_("a week"),
    "month": N_("a month"),
    "range": N_("from {first} to {last}"),
    "total": N_("in all"),
}
DAY_NAMES: Final = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))


def rules_told(programme: Mapping[str, Any] | None) -> Iterator[Told]:
    """Each rule of a programme of the planner's schema in words; one sentence when nothing asks for it any more."""
    if programme is None:
        yield Told(N_("nothing any more"))
        return
    rules = programme.get("rules") or {}
    for count in rules.get("counts", []):
        per = Told(PER[count["per"]], first=_on(count.get("from")), last=_on(count.get("until")))
        least, most = count.get("min") or 0, count.get("max")
        if least and most is not None:
            yield Told(N_("{least} to {most} airings {per}"), least=least, most=most, per=per)
        elif most is not None:
            yield Told(N_("at most {most} airings {per}"), most=most, per=per)
        else:
            yield Told(N_("at least {least} airings {per}"), least=least or count.get("target") or 0, per=per)
    if rules.get("first_airing_by"):
        yield Told(N_("first airing by {day}"), day=_on(rules["first_airing_by"]))
    if rules.get("max_per_day"):
        yield Told(N_("at most {count} on one day"), count=rules["max_per_day"])
    if rules.get("min_gap_days"):
        yield Told(N_("at least {count} days apart"), count=rules["min_gap_days"])
    if rules.get("min_gap_h"):
        yield Told(N_("at least {count} hours apart"), count=rules["min_gap_h"])
    if rules.get("weekdays"):
        yield Told(N_("only on {days}"), days=[DAY_NAMES[number - 1] for number in rules["weekdays"]])
    for begin, end in rules.get("dayparts") or []:
        yield Told(N_("between {begin} and {end}"), begin=begin, end=end)
    for campaign in rules.get("campaigns", []):
        yield Told(
            N_("a campaign from {first} to {last}"), first=_on(campaign["from"]), last=_on(campaign["until"])
        )
    first, last = _on(programme.get("valid_from")), _on(programme.get("valid_until"))
    if first and last:
        yield Told(N_("valid from {first} to {last}"), first=first, last=last)
    elif first:
        yield Told(N_("valid from {first}"), first=first)
    elif last:
        yield Told(N_("valid until {last}"), last=last)


def _on(day: str | None) -> date | None:
    """An ISO day as a date, so that it is told as people write it."""
    return date.fromisoformat(day) if day else None
