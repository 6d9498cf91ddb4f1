"""Lunar dates, holidays and weekdays of a month."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.planner.calendar import (
    NoSuchDayError,
    UnknownHolidayError,
    every_n_weeks,
    from_lunar,
    holiday,
    lunar_days,
    nth_weekday,
    to_lunar,
)


@pytest.mark.parametrize(
    "tet",
    ["1968-01-29", "1985-01-21", "2007-02-17", "2020-01-25", "2021-02-12", "2022-02-01", "2023-01-22", "2024-02-10", "2025-01-29", "2026-02-17", "2027-02-06", "2028-01-26", "2030-02-02"],
)  # fmt: skip
def test_tet_falls_on_the_day_that_the_country_kept(tet: str) -> None:
    on = date.fromisoformat(tet)
    assert from_lunar(on.year, 1, 1) == on
    assert to_lunar(on) == (on.year, 1, 1, False)
    assert holiday("tết nguyên đán", on.year)[0] == on


def test_leap_months_are_known() -> None:
    assert to_lunar(date(2025, 7, 25)) == (2025, 6, 1, True)
    assert from_lunar(2025, 6, 1, leap=True) == date(2025, 7, 25)
    assert to_lunar(date(2023, 3, 22)) == (2023, 2, 1, True)
    with pytest.raises(NoSuchDayError):
        from_lunar(2026, 6, 1, leap=True)


def test_holidays_by_name() -> None:
    assert holiday("Giỗ Tổ Hùng Vương", 2026) == [date(2026, 4, 26)]
    assert holiday("Trung thu", 2026) == [date(2026, 9, 25)]
    assert holiday("Quốc khánh", 2026) == [date(2026, 9, 2)]
    with pytest.raises(UnknownHolidayError):
        holiday("Lễ gì đó", 2026)


def test_full_moon_days_of_a_spring() -> None:
    assert lunar_days(15, date(2026, 2, 17), date(2026, 4, 30)) == [date(2026, 3, 3), date(2026, 4, 2)]


@given(st.dates(date(1950, 1, 1), date(2099, 12, 31)))
def test_every_solar_date_comes_back_from_its_lunar_one(on: date) -> None:
    year, month, day, leap = to_lunar(on)
    assert 1 <= month <= 12
    assert 1 <= day <= 30
    assert from_lunar(year, month, day, leap) == on


def test_the_second_tuesday_and_the_last_friday() -> None:
    assert nth_weekday(2026, 8, 2, 2) == date(2026, 8, 11)
    assert nth_weekday(2026, 8, 5, -1) == date(2026, 8, 28)
    with pytest.raises(NoSuchDayError):
        nth_weekday(2026, 8, 2, 5)


def test_every_other_week_keeps_its_rhythm_over_the_new_year() -> None:
    days = every_n_weeks(date(2026, 1, 5), 2, date(2026, 12, 20), date(2027, 1, 20))
    assert days == [date(2026, 12, 21), date(2027, 1, 4), date(2027, 1, 18)]
    assert all((day - date(2026, 1, 5)) % timedelta(days=14) == timedelta(0) for day in days)
