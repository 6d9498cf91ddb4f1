"""Values of a plan problem as they stand in its JSON: each is read or rejected with its place."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from content.errors import Told
from content.language import N_
from scheduler.planner.errors import ProblemError

NO_LIMIT: Final = 1 << 60
DAY_S: Final = 86_400


def mapping(value: object, place: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ProblemError(place=place, reason=Told(N_("an object is wanted")))
    return value


def entries(source: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = source.get(key) or []
    if not isinstance(value, list) or not all(isinstance(entry, Mapping) for entry in value):
        raise ProblemError(place=key, reason=Told(N_("a list of objects is wanted")))
    return value


def text_of(value: object, place: str) -> str:
    if not isinstance(value, str) or not value:
        raise ProblemError(place=place, reason=Told(N_("a name is wanted")))
    return value


def number(value: object, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ProblemError(place=place, reason=Told(N_("a number is wanted")))
    if value < 0:
        raise ProblemError(place=place, reason=Told(N_("a number below zero makes no sense here")))
    return float(value)


def whole(value: object, place: str) -> int:
    found = number(value, place)
    if found != int(found):
        raise ProblemError(place=place, reason=Told(N_("a whole number is wanted")))
    return int(found)


def limit(value: object, place: str) -> int:
    return NO_LIMIT if value is None else whole(value, place)


def gap_s(hours: object, place: str) -> int:
    return math.ceil(number(hours or 0, place) * 3600 - 0.5)


def weekdays_of(value: object, place: str) -> frozenset[int] | None:
    if value is None:
        return None
    if not isinstance(value, list | tuple) or not all(isinstance(d, int) and 1 <= d <= 7 for d in value):
        raise ProblemError(
            place=place + ".weekdays", reason=Told(N_("weekdays are numbers from 1 (Monday) to 7"))
        )
    return frozenset(value)


def date_of(value: object, place: str) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise ProblemError(place=place, reason=Told(N_("a date like 2026-08-01 is wanted"))) from error


def moment_of(value: object, place: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise ProblemError(
            place=place, reason=Told(N_("an instant like 2026-08-01T05:30:00 is wanted"))
        ) from error
    if moment.tzinfo is not None:
        raise ProblemError(place=place, reason=Told(N_("local wall clock without a zone is wanted")))
    return moment


def clock(value: object, place: str) -> int:
    parts = str(value).split(":")
    try:
        numbers = [int(part) for part in parts]
    except ValueError as error:
        raise ProblemError(place=place, reason=Told(N_("a time like 05:30 is wanted"))) from error
    if not 2 <= len(numbers) <= 3:
        raise ProblemError(place=place, reason=Told(N_("a time like 05:30 is wanted")))
    seconds = numbers[0] * 3600 + numbers[1] * 60 + (numbers[2] if len(numbers) == 3 else 0)
    if min(numbers) < 0 or numbers[1] > 59 or numbers[2:] > [59] or seconds > DAY_S:
        raise ProblemError(place=place, reason=Told(N_("a time like 05:30 is wanted")))
    return seconds
