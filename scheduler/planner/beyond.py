"""Rules beyond the planner's schema, translated into it: fixed starts, minutes, named days, every other week.

A station writes them beside the schema's own rules (docs/planner.md, "Beyond the schema"). Days on which a programme
may not air become counts of at most none, days and weeks on which it must become counts of at least one: the
planner, the verifier and any other reader of the schema understand those without knowing the calendar.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final

from content.errors import LoaError
from content.language import N_
from scheduler.planner.calendar import (
    NoSuchDayError,
    UnknownHolidayError,
    every_n_weeks,
    holiday,
    nth_weekday,
    to_lunar,
)

KEYS: Final = ("hard_start", "minutes", "on", "every_weeks", "weeks_from", "place")
FIRST_MONDAY: Final = date(2024, 1, 1)  # whence weeks are counted where the rule does not say it
ONE_DAY: Final = timedelta(days=1)
PLACES: Final = ("first", "last")

_ENGLISH: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_VIETNAMESE: Final = ("hai", "ba", "tư", "năm", "sáu", "bảy")
_NTH: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1} | {
    "đầu": 1, "đầu tiên": 1, "cuối": -1, "cuối cùng": -1,
}  # fmt: skip
_TEN: Final = ("một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín", "mười")
_MONTHS: Final = {
    **{word: number for number, word in enumerate(_TEN, 1) if number > 1},
    "giêng": 1, "tư": 4, "mười một": 11, "mười hai": 12, "chạp": 12,
}  # fmt: skip
_NTH_ENGLISH: Final = re.compile(
    rf"({'|'.join(k for k in _NTH if k.isascii())}) ({'|'.join(_ENGLISH)}) of (?:the|every|each) month"
)
_NTH_VIETNAMESE: Final = re.compile(
    r"(?:thứ (hai|ba|tư|năm|sáu|bảy|[2-7])|(chủ nhật))"
    r" (?:(đầu tiên|đầu|cuối cùng|cuối)|(?:lần )?thứ ([1-5]))(?: của| trong)?(?: mỗi| hàng)? tháng"
)
_LUNAR: Final = re.compile(
    rf"(?:(rằm)|(?:mùng|mồng) ({'|'.join(_TEN)}|\d{{1,2}})|ngày (\d{{1,2}}))"
    rf"(?: tháng ({'|'.join(_MONTHS)}|\d{{1,2}}))?(?: âm lịch)?"
)


class DayRuleError(LoaError):
    """A day in a rule that names no day."""

    sentence = N_(
        "the rule names the day {day!r}, which is not understood; write rằm, mùng 1, Tết, the name of a "
        "holiday, first monday of the month, or a date like 2026-09-02"
    )


class StationRuleError(LoaError):
    """A rule beyond the schema that is written wrongly."""

    sentence = N_("the rule {rule} cannot be {value!r}; write it like {example}")


def is_beyond(rules: Mapping[str, Any] | None) -> bool:
    """Whether any of the rules is beyond the schema."""
    return any(key in (rules or {}) for key in KEYS)


def place_of(rules: Mapping[str, Any] | None) -> str | None:
    """Where in its session it airs: first, last, or None for anywhere. Raises: StationRuleError."""
    place = (rules or {}).get("place")
    if place is not None and place not in PLACES:
        raise StationRuleError(rule="place", value=place, example='"first"')
    return place


def translate(
    rules: Mapping[str, Any],
    *,
    length_s: int,
    horizon: tuple[date, date],
    owed_from: date | None = None,
    valid_from: date | None = None,
    valid_until: date | None = None,
) -> dict[str, Any]:
    """The rules in the planner's schema alone. Days before `owed_from` owe nothing any more.

    Raises: DayRuleError, StationRuleError.
    """
    plain = {key: value for key, value in rules.items() if key not in KEYS}
    place_of(rules)
    if rules.get("hard_start") is not None:
        plain["dayparts"] = _fixed_starts(rules["hard_start"], length_s)
    if rules.get("minutes") is not None:
        quotas = rules["minutes"] if isinstance(rules["minutes"], list) else [rules["minutes"]]
        plain["counts"] = [*plain.get("counts", ()), *(_airings(quota, length_s) for quota in quotas)]
    if rules.get("on") is None and rules.get("every_weeks") is None:
        return plain
    days = [day for day in _days(*horizon) if (valid_from or day) <= day <= (valid_until or day)]
    allowed = set(days)
    if rules.get("on") is not None:
        allowed &= dates_of(rules["on"], *horizon)
    if rules.get("every_weeks") is not None:
        start = _weeks_from(rules.get("weeks_from")) or FIRST_MONDAY
        allowed &= _in_weeks(rules["every_weeks"], start, *horizon)
    owed = sorted(day for day in allowed if owed_from is None or day >= owed_from)
    counts = _only_there(plain.get("counts") or [], owed)
    if not plain.get("counts") and not plain.get("campaigns"):
        counts = [_once(day, day) for day in owed] if rules.get("on") is not None else _once_a_week(owed)
    plain["counts"] = counts + [_none(*span) for span in _spans(day for day in days if day not in allowed)]
    return plain


def dates_of(names: object, first: date, last: date) -> set[date]:
    """The dates between `first` and `last`, both inclusive, that some names of days mean. Raises: DayRuleError."""
    found: set[date] = set()
    for name in names if isinstance(names, list | tuple) else [names]:
        if not isinstance(name, str):
            raise DayRuleError(day=name)
        means = _meaning(" ".join(unicodedata.normalize("NFC", name).casefold().split()), first, last)
        if means is None:
            raise DayRuleError(day=name)
        found.update(day for day in _days(first, last) if means(day))
    return found


def _meaning(name: str, first: date, last: date) -> Callable[[date], bool] | None:
    try:
        exact = date.fromisoformat(name)
        return lambda day: day == exact
    except ValueError:
        pass
    if name == "tết":
        name = "tết nguyên đán"
    try:
        years = range(max(first.year, 2), min(last.year, 9998) + 1)
        those = {day for year in years for day in holiday(name, year)}
        return lambda day: day in those
    except UnknownHolidayError:
        pass
    if found := _LUNAR.fullmatch(name):
        full, new, numbered, month_name = found.groups()
        if numbered and not (month_name and name.endswith("âm lịch")):
            return None
        number = 15 if full else _TEN.index(new) + 1 if new in _TEN else int(new or numbered)
        month = _MONTHS.get(month_name) or int(month_name) if month_name else None
        if not 1 <= number <= 30 or (month is not None and not 1 <= month <= 12):
            return None

        def lunar(day: date) -> bool:
            _, its_month, its_day, leap = to_lunar(day)
            return its_day == number and (month is None or (its_month == month and not leap))

        return lunar
    if found := _NTH_ENGLISH.fullmatch(name):
        return _nth(_ENGLISH.index(found[2]) + 1, _NTH[found[1]])
    if found := _NTH_VIETNAMESE.fullmatch(name):
        word, sunday, end, nth = found.groups()
        weekday = 7 if sunday else int(word) - 1 if word.isdigit() else _VIETNAMESE.index(word) + 1
        return _nth(weekday, _NTH[end] if end else int(nth))
    return None


def _nth(weekday: int, n: int) -> Callable[[date], bool]:
    def is_it(day: date) -> bool:
        try:
            return day == nth_weekday(day.year, day.month, weekday, n)
        except NoSuchDayError:  # no fifth Monday in this month
            return False

    return is_it


def _fixed_starts(spec: object, length_s: int) -> list[list[str]]:
    parts = []
    for start in spec if isinstance(spec, list | tuple) else [spec]:
        found = re.fullmatch(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", start) if isinstance(start, str) else None
        at = int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3] or 0) if found else -1
        if not found or int(found[2]) > 59 or int(found[3] or 0) > 59 or at + length_s > 86_400:
            raise StationRuleError(rule="hard_start", value=spec, example='"05:30"')
        parts.append([_clock(at), _clock(at + length_s)])
    return parts


def _clock(second: int) -> str:
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"


def _airings(quota: object, length_s: int) -> dict[str, Any]:
    """A quota in minutes as a count: as many airings as bring the least, not more than fit the most."""
    example = '{"per": "week", "min": 30}'
    if not isinstance(quota, Mapping) or quota.get("per") is None:
        raise StationRuleError(rule="minutes", value=quota, example=example)
    count = {key: quota[key] for key in ("per", "from", "until", "prorate") if key in quota}
    for key in ("min", "target", "max"):
        minutes = quota.get(key)
        if minutes is None:
            continue
        if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not 0 <= minutes < 10**7:
            raise StationRuleError(rule="minutes", value=quota, example=example)
        airings = minutes * 60 / length_s
        count[key] = math.floor(airings + 1e-9) if key == "max" else math.ceil(airings - 1e-9)
    if "max" in count:  # what is owed comes before what is allowed
        count["max"] = max(count["max"], count.get("min", 0))
        if "target" in count:
            count["target"] = min(count["target"], count["max"])
    return count


def _weeks_from(value: object) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise StationRuleError(rule="weeks_from", value=value, example='"2026-01-05"') from None


def _in_weeks(weeks: object, start: date, first: date, last: date) -> set[date]:
    if isinstance(weeks, bool) or not isinstance(weeks, int) or not 1 <= weeks <= 520:
        raise StationRuleError(rule="every_weeks", value=weeks, example="2")
    mondays = every_n_weeks(_monday(start), weeks, _monday(first), last)
    return {monday + i * ONE_DAY for monday in mondays for i in range(7)}


def _only_there(counts: Iterable[Mapping[str, Any]], owed: list[date]) -> list[dict[str, Any]]:
    """The counts, those per day and week only for days and weeks in which it may air."""
    found: list[dict[str, Any]] = []
    for count in counts:
        if count.get("per") == "day":
            spans = [(day, day) for day in owed]
        elif count.get("per") == "week":
            spans = [(monday, monday + 6 * ONE_DAY) for monday in sorted({_monday(day) for day in owed})]
        else:
            found.append(dict(count))
            continue
        found += [{**count, "per": "range", "from": a.isoformat(), "until": b.isoformat()} for a, b in spans]
    return found


def _once_a_week(owed: list[date]) -> list[dict[str, Any]]:
    return [_once(monday, monday + 6 * ONE_DAY) for monday in sorted({_monday(day) for day in owed})]


def _once(first: date, last: date) -> dict[str, Any]:
    span = {"per": "range", "from": first.isoformat(), "until": last.isoformat()}
    return {**span, "min": 1, "max": 1, "target": 1, "prorate": False}


def _none(first: date, last: date) -> dict[str, Any]:
    return {"per": "range", "from": first.isoformat(), "until": last.isoformat(), "max": 0, "prorate": False}


def _spans(days: Iterable[date]) -> list[tuple[date, date]]:
    """Days in order as runs of successive days."""
    ordered = list(days)
    ends = [i for i, (a, b) in enumerate(pairwise(ordered)) if b - a > ONE_DAY] + [len(ordered) - 1]
    starts = [0, *(i + 1 for i in ends[:-1])]
    return [(ordered[a], ordered[b]) for a, b in zip(starts, ends, strict=True)] if ordered else []


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _days(first: date, last: date) -> list[date]:
    return [first + i * ONE_DAY for i in range((last - first).days + 1)]
