"""Calendar months as "YYYY-MM" and the days in them."""

from __future__ import annotations

from datetime import date, timedelta

from content.errors import LoaError
from content.language import N_


class DaysBackwardError(LoaError):
    """Days that end before they begin."""

    sentence = N_("the days end on {until_on}, before they begin on {from_on}: name the earlier day first")


def check_days(from_on: date, until_on: date) -> None:
    """Nothing for days in their order. Raises: DaysBackwardError."""
    if until_on < from_on:
        raise DaysBackwardError(from_on=from_on, until_on=until_on)


def month_of(day: date) -> str:
    """The month of a day, "YYYY-MM"."""
    return f"{day:%Y-%m}"


def first_day(month: str) -> date:
    """The first day of "YYYY-MM". Raises ValueError for anything else."""
    return date.fromisoformat(f"{month}-01")


def last_day(month: str) -> date:
    """The last day of "YYYY-MM"."""
    return next_month_day(first_day(month)) - timedelta(days=1)


def next_month_day(day: date) -> date:
    """The first day of the month after `day`'s."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def months_between(from_on: date, until_on: date) -> list[str]:
    """Every month that has a day in [from_on, until_on], both inclusive."""
    months = []
    day = from_on.replace(day=1)
    while day <= until_on:
        months.append(month_of(day))
        day = next_month_day(day)
    return months
