"""The periods that reports are about, with their data cut-off and due day.

Decree 09/2019/NĐ-CP, article 12: a periodic report counts from the day after the cut-off of the period before
to the cut-off (the 14th) of its own last month, so that a month report for December covers 15 November to
14 December and the year begins on 15 December of the year before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from content.config import ReportConfig
from content.errors import LoaError
from content.language import N_
from content.months import last_day

LONGEST_DAYS = 3_700


class PeriodError(LoaError):
    """A period that cannot be reported."""

    sentence = N_("the period {text!r} cannot be reported: {reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Station days, both inclusive, and when the report is due."""

    kind: str
    """month, quarter, half-year, year or range."""
    label: str
    """In Vietnamese, as it stands in the heading of the report."""
    slug: str
    """ASCII, for file names."""
    from_on: date
    until_on: date
    due_on: date | None

    def __post_init__(self) -> None:
        if self.until_on < self.from_on:
            raise PeriodError(text=self.label, reason=N_("it ends before it begins"))
        if (self.until_on - self.from_on).days > LONGEST_DAYS:
            raise PeriodError(text=self.label, reason=N_("it is longer than ten years"))


def month_period(month: str, settings: ReportConfig, *, calendar: bool = False) -> Period:
    """The report of "YYYY-MM"."""
    year, number = int(month[:4]), int(month[5:])
    return _months(
        "month",
        f"tháng {number} năm {year}",
        f"thang-{month}",
        (year, number),
        (year, number),
        settings,
        calendar,
    )


def quarter_period(year: int, quarter: int, settings: ReportConfig, *, calendar: bool = False) -> Period:
    """The report of a quarter, 1 to 4."""
    first, last = (year, quarter * 3 - 2), (year, quarter * 3)
    return _months(
        "quarter",
        f"quý {['I', 'II', 'III', 'IV'][quarter - 1]} năm {year}",
        f"quy-{quarter}-{year}",
        first,
        last,
        settings,
        calendar,
    )


def half_year_period(year: int, half: int, settings: ReportConfig, *, calendar: bool = False) -> Period:
    """The report of the first (1) or last (2) six months of a year."""
    first, last = ((year, 1), (year, 6)) if half == 1 else ((year, 7), (year, 12))
    label = f"6 tháng {'đầu' if half == 1 else 'cuối'} năm {year}"
    return _months("half-year", label, f"6-thang-{half}-{year}", first, last, settings, calendar)


def year_period(year: int, settings: ReportConfig, *, calendar: bool = False) -> Period:
    """The report of a year."""
    return _months("year", f"năm {year}", f"nam-{year}", (year, 1), (year, 12), settings, calendar)


def range_period(from_on: date, until_on: date) -> Period:
    """A report about any days, asked for out of turn."""
    label = f"từ ngày {from_on:%d/%m/%Y} đến ngày {until_on:%d/%m/%Y}"
    return Period(
        kind="range", label=label, slug=f"{from_on:%Y%m%d}-{until_on:%Y%m%d}", from_on=from_on, until_on=until_on,
        due_on=None,
    )  # fmt: skip


def _months(
    kind: str,
    label: str,
    slug: str,
    first: tuple[int, int],
    last: tuple[int, int],
    settings: ReportConfig,
    calendar: bool,
) -> Period:
    try:
        if calendar:
            from_on = date(*first, 1)
            until_on = last_day(f"{last[0]:04d}-{last[1]:02d}")
            due_on = (until_on + timedelta(days=1)).replace(day=settings.due_day)
        else:
            before = date(*first, 1) - timedelta(days=1)
            from_on = before.replace(day=settings.cut_off_day) + timedelta(days=1)
            until_on = date(*last, settings.cut_off_day)
            due = date(*last, settings.due_day)
            due_on = (
                due if due > until_on else (date(*last, 28) + timedelta(days=4)).replace(day=settings.due_day)
            )
    except (ValueError, OverflowError) as error:
        raise PeriodError(text=label, reason=N_("there is no such year")) from error
    return Period(kind=kind, label=label, slug=slug, from_on=from_on, until_on=until_on, due_on=due_on)
