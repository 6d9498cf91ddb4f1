"""The days that a command is about: a month, or from one day to another."""

from __future__ import annotations

from datetime import date

import click

from content.language import _
from content.months import check_days, first_day, last_day


def named_days(month: str | None, from_on: date | None, until_on: date | None) -> tuple[date, date]:
    """[first, last], both inclusive, of --month or of --from and --to.

    Raises:
        click.UsageError: neither is there, or both. content.months.DaysBackwardError.
    """
    if month is not None and from_on is None and until_on is None:
        return first_day(month), last_day(month)
    if month is not None or from_on is None or until_on is None:
        raise click.UsageError(_("name the days: --month 12/2026, or --from and --to"))
    check_days(from_on, until_on)
    return from_on, until_on
