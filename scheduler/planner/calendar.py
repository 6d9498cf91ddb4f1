"""Dates that a rule names: lunar days, public holidays, the nth weekday of a month, every N weeks.

The Vietnamese lunar calendar is reckoned for 105° east (UTC+7): months begin on the day of the new moon, the
eleventh month holds the winter solstice, a leap month is the first without a major solar term. New moons and the
sun's longitude after Jean Meeus, *Astronomical Algorithms* (1998), in the form that Hồ Ngọc Đức published.
"""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import Final

from content.errors import LoaError
from content.language import N_

ZONE_H: Final = 7.0
EPOCH: Final = 1_721_425  # Julian day number = ordinal of the date + EPOCH


class NoSuchDayError(LoaError):
    """A lunar day or weekday that does not exist."""

    sentence = N_("there is no {what}; choose another day")


class UnknownHolidayError(LoaError):
    """A holiday whose name is not known."""

    sentence = N_("holiday {name!r} is not known; known are {known}")


HOLIDAYS: Final[dict[str, tuple[bool, int, int, int]]] = {  # name: (lunar, month, day, days)
    "Tết Dương lịch": (False, 1, 1, 1),
    "Tết Nguyên đán": (True, 1, 1, 3),
    "Giỗ Tổ Hùng Vương": (True, 3, 10, 1),
    "Giải phóng miền Nam": (False, 4, 30, 1),
    "Quốc tế Lao động": (False, 5, 1, 1),
    "Quốc khánh": (False, 9, 2, 1),
    "Rằm tháng Giêng": (True, 1, 15, 1),
    "Vu Lan": (True, 7, 15, 1),
    "Trung thu": (True, 8, 15, 1),
    "Ông Công ông Táo": (True, 12, 23, 1),
}


def holiday(name: str, year: int) -> list[date]:
    """The dates of a holiday in a solar year. Raises: UnknownHolidayError."""
    for known, (lunar, month, day, days) in HOLIDAYS.items():
        if known.casefold() == name.strip().casefold():
            if not lunar:
                first = date(year, month, day)
            else:  # the last lunar month falls into the next solar year
                first = from_lunar(year - 1 if month == 12 else year, month, day)
            return [first + timedelta(days=i) for i in range(days)]
    raise UnknownHolidayError(name=name, known=list(HOLIDAYS))


def nth_weekday(year: int, month: int, weekday: int, n: int) -> date:
    """The nth Monday (1) … Sunday (7) of a month; n = -1 is the last. Raises: NoSuchDayError."""
    days = [d for d in _month_days(year, month) if d.isoweekday() == weekday]
    if n == 0 or not -len(days) <= n <= len(days):
        raise NoSuchDayError(what=f"{n}. {weekday}/{month}/{year}")
    return days[n - 1 if n > 0 else n]


def every_n_weeks(start: date, weeks: int, first: date, last: date) -> list[date]:
    """The dates between `first` and `last`, both inclusive, that lie a multiple of `weeks` weeks from `start`."""
    step = 7 * max(1, weeks)
    at = first + timedelta(days=(start - first).days % step)
    return [at + timedelta(days=i) for i in range(0, (last - at).days + 1, step)]


def lunar_days(day: int, first: date, last: date) -> list[date]:
    """The solar dates between `first` and `last` on which that day of a lunar month falls (15: rằm, 1: mùng một)."""
    return [
        d
        for d in (first + timedelta(days=i) for i in range((last - first).days + 1))
        if to_lunar(d)[2] == day
    ]


def _month_days(year: int, month: int) -> list[date]:
    at, days = date(year, month, 1), []
    while at.month == month:
        days.append(at)
        at += timedelta(days=1)
    return days


def to_lunar(on: date) -> tuple[int, int, int, bool]:
    """(lunar year, month, day, in a leap month) of a solar date."""
    number = on.toordinal() + EPOCH
    k = math.floor((number - 2_415_021.076998695) / 29.530588853)
    start = _new_moon_day(k + 1)
    if start > number:
        start = _new_moon_day(k)
    a11, b11 = _month_11(on.year), _month_11(on.year)
    if a11 >= start:
        year = on.year
        a11 = _month_11(on.year - 1)
    else:
        year = on.year + 1
        b11 = _month_11(on.year + 1)
    ahead = (start - a11) // 29
    leap, month = False, ahead + 11
    if b11 - a11 > 365:
        offset = _leap_offset(a11)
        if ahead >= offset:
            month = ahead + 10
            leap = ahead == offset
    if month > 12:
        month -= 12
    if month >= 11 and ahead < 4:
        year -= 1
    return year, month, number - start + 1, leap


def from_lunar(year: int, month: int, day: int, leap: bool = False) -> date:
    """The solar date of a lunar one. Raises: NoSuchDayError where that month has no such day or is not doubled."""
    if month < 11:
        a11, b11 = _month_11(year - 1), _month_11(year)
    else:
        a11, b11 = _month_11(year), _month_11(year + 1)
    ahead = (month - 11) % 12
    if b11 - a11 > 365:
        offset = _leap_offset(a11)
        doubled = (offset - 3) % 12 + 1
        if leap and month != doubled:
            raise NoSuchDayError(what=f"{day}/{month}/{year} +")
        if leap or ahead >= offset:
            ahead += 1
    elif leap:
        raise NoSuchDayError(what=f"{day}/{month}/{year} +")
    k = math.floor(0.5 + (a11 - 2_415_021.076998695) / 29.530588853)
    start = _new_moon_day(k + ahead)
    length = _new_moon_day(k + ahead + 1) - start
    if not 1 <= day <= length:
        raise NoSuchDayError(what=f"{day}/{month}/{year}")
    return date.fromordinal(start + day - 1 - EPOCH)


def _new_moon_day(k: int) -> int:
    """Julian day number, Vietnamese time, of the kth new moon after that of 1 January 1900."""
    t = k / 1236.85
    t2, t3 = t * t, t * t * t
    dr = math.pi / 180
    jd = 2_415_020.75933 + 29.53058868 * k + 0.0001178 * t2 - 0.000000155 * t3
    jd += 0.00033 * math.sin((166.56 + 132.87 * t - 0.009173 * t2) * dr)
    sun = (359.2242 + 29.10535608 * k - 0.0000333 * t2 - 0.00000347 * t3) * dr
    moon = (306.0253 + 385.81691806 * k + 0.0107306 * t2 + 0.00001236 * t3) * dr
    node = (21.2964 + 390.67050646 * k - 0.0016528 * t2 - 0.00000239 * t3) * dr
    c = (0.1734 - 0.000393 * t) * math.sin(sun) + 0.0021 * math.sin(2 * sun)
    c += -0.4068 * math.sin(moon) + 0.0161 * math.sin(2 * moon) - 0.0004 * math.sin(3 * moon)
    c += 0.0104 * math.sin(2 * node) - 0.0051 * math.sin(sun + moon) - 0.0074 * math.sin(sun - moon)
    c += (
        0.0004 * math.sin(2 * node + sun)
        - 0.0004 * math.sin(2 * node - sun)
        - 0.0006 * math.sin(2 * node + moon)
    )
    c += 0.0010 * math.sin(2 * node - moon) + 0.0005 * math.sin(2 * moon + sun)
    if t < -11:
        delta = 0.001 + 0.000839 * t + 0.0002261 * t2 - 0.00000845 * t3 - 0.000000081 * t * t3
    else:
        delta = -0.000278 + 0.000265 * t + 0.000262 * t2
    return math.floor(jd + c - delta + 0.5 + ZONE_H / 24)


def _sun_term(number: int) -> int:
    """In which twelfth of the ecliptic (0..11) the sun stands at midnight, Vietnamese time."""
    t = (number - 0.5 - ZONE_H / 24 - 2_451_545.0) / 36_525
    t2, dr = t * t, math.pi / 180
    anomaly = (357.52910 + 35_999.05030 * t - 0.0001559 * t2 - 0.00000048 * t * t2) * dr
    mean = 280.46645 + 36_000.76983 * t + 0.0003032 * t2
    c = (1.914600 - 0.004817 * t - 0.000014 * t2) * math.sin(anomaly)
    c += (0.019993 - 0.000101 * t) * math.sin(2 * anomaly) + 0.000290 * math.sin(3 * anomaly)
    longitude = ((mean + c) * dr) % (2 * math.pi)
    return math.floor(longitude / math.pi * 6)


def _month_11(year: int) -> int:
    """Julian day number on which the lunar month of the winter solstice begins."""
    off = date(year, 12, 31).toordinal() + EPOCH - 2_415_021
    k = math.floor(off / 29.530588853)
    start = _new_moon_day(k)
    return _new_moon_day(k - 1) if _sun_term(start) >= 9 else start


def _leap_offset(a11: int) -> int:
    """Which month after the eleventh is the leap one, in a lunar year of thirteen months."""
    k = math.floor((a11 - 2_415_021.076998695) / 29.530588853 + 0.5)
    last, i = 0, 1
    arc = _sun_term(_new_moon_day(k + i))
    while arc != last and i < 14:
        last = arc
        i += 1
        arc = _sun_term(_new_moon_day(k + i))
    return i - 1
