"""Kinds of values on the command line: days, months, instants."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

import click

from content.language import N_, _
from content.months import first_day, month_of

FIRST_YEAR, LAST_YEAR = 1990, 2199
"""No station plans or reports outside of these; a slip of the finger does."""


def _in_reach(day: date) -> date:
    """`day`. Raises ValueError for a year that nobody means."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(day.year)
    return day


class Day(click.ParamType):
    """A day: 2026-12-31, or 31/12/2026 as it is written in Việt Nam."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            if match := re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", value):
                return _in_reach(date(int(match[3]), int(match[2]), int(match[1])))
            return _in_reach(date.fromisoformat(value))
        except ValueError:
            self.fail(
                _("{value!r} is no day; write 2026-12-31 or 31/12/2026").format(value=value), param, ctx
            )


class Month(click.ParamType):
    """A month: 2026-12 or 12/2026; given back as "YYYY-MM"."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            if match := re.fullmatch(r"(\d{1,2})[/.-](\d{4})", value):
                return month_of(_in_reach(date(int(match[2]), int(match[1]), 1)))
            return month_of(_in_reach(first_day(value)))
        except ValueError:
            self.fail(_("{value!r} is no month; write 2026-12 or 12/2026").format(value=value), param, ctx)


class Moment(click.ParamType):
    """A moment in station time: 2026-12-31T06:30, "31/12/2026 06:30", or a day for its midnight; naive when no zone is written."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            written = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})(?:[T ]+(\d{1,2}):(\d{2}))?", value.strip())
            if written:
                day, month, year, hour, minute = (int(part or 0) for part in written.groups())
                at = datetime(year, month, day, hour, minute)  # noqa: DTZ001 - station time, as ISO without a zone
            else:
                at = datetime.fromisoformat(value)
            _in_reach(at.date())
            return at
        except ValueError:
            self.fail(
                _('{value!r} is no moment; write 2026-12-31T06:30 or "31/12/2026 06:30"').format(value=value),
                param,
                ctx,
            )


class WordsFile(click.File):
    """A text file in UTF-8, with or without a byte-order mark (- is standard input); given as its text."""

    def __init__(self) -> None:
        super().__init__("r", encoding="utf-8-sig", lazy=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            text = super().convert(value, param, ctx).read()
        except (UnicodeError, OSError):
            text = "\0"
        if "\0" in text:
            self.fail(_("{value!r} is no text file in UTF-8").format(value=value), param, ctx)
        return text


DAY, MONTH, MOMENT, WORDS_FILE = Day(), Month(), Moment(), WordsFile()
NAMES = (N_("day"), N_("month"), N_("moment"))
