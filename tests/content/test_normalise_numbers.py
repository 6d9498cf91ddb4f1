"""Numbers, dates and times: what is said means what was written."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spoken_values import date_of, number_of, time_of

from content.normalise import Reading, normalise, spoken
from content.normalise.numbers import cardinal, decimal, digits, named, ordinal, roman
from content.normalise.reading import BadReadingError


@given(st.integers(min_value=0, max_value=10**21))
def test_a_cardinal_says_its_value(number: int) -> None:
    assert number_of(cardinal(number)) == number


@given(st.integers(min_value=0, max_value=10**12))
def test_a_cardinal_says_its_value_in_the_southern_reading(number: int) -> None:
    southern = Reading(thousand="ngàn", odd="lẻ", four="bốn", billion="tỉ")
    words = cardinal(number, southern)
    assert number_of(words) == number
    assert not {"nghìn", "linh", "tỷ"} & set(words.split())


@given(st.integers(min_value=1, max_value=10**12))
def test_a_count_written_with_points_is_the_same_number(number: int) -> None:
    written = f"{number:,}".replace(",", ".")
    said = spoken(f"có {written} người").removeprefix("có ").removesuffix(" người")
    assert number_of(said) == number


@given(st.integers(min_value=0, max_value=99_999), st.integers(min_value=0, max_value=99))
def test_a_decimal_says_both_sides(whole: int, part: int) -> None:
    before, _, after = (
        spoken(f"tăng {whole},{part:02}%")
        .removeprefix("tăng ")
        .removesuffix(" phần trăm")
        .partition(" phẩy ")
    )
    assert number_of(before) == whole
    assert after == digits(f"{part:02}")


@given(
    st.dates(min_value=date(1900, 1, 1), max_value=date(2199, 12, 31)),
    st.sampled_from(["/", "-", "."]),
    st.booleans(),
)
def test_a_date_says_its_day_month_and_year(day: date, sign: str, padded: bool) -> None:
    written = sign.join(
        [
            f"{day.day:02}" if padded else str(day.day),
            f"{day.month:02}" if padded else str(day.month),
            str(day.year),
        ]
    )
    assert date_of(spoken(f"ngày {written}")) == (day.day, day.month, day.year)
    assert date_of(spoken(written)) == (day.day, day.month, day.year)


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2199, 12, 31)))
def test_a_date_in_words_and_figures_says_the_same(day: date) -> None:
    assert date_of(spoken(f"ngày {day.day:02} tháng {day.month} năm {day.year}")) == (
        day.day,
        day.month,
        day.year,
    )


@given(
    st.integers(0, 23),
    st.integers(0, 59),
    st.sampled_from(["{h}h{m:02}", "{h:02}:{m:02}", "{h}g{m:02}", "{h} giờ {m} phút"]),
)
def test_a_time_of_day_says_its_hour_and_minute(hour: int, minute: int, form: str) -> None:
    assert time_of(spoken("lúc " + form.format(h=hour, m=minute)).removeprefix("lúc ")) == (hour, minute)


@given(st.integers(1, 3999))
def test_roman_numerals_are_read_by_value(number: int) -> None:
    text, rest = "", number
    for sign, value in [("M", 1000), ("CM", 900), ("D", 500), ("CD", 400), ("C", 100), ("XC", 90), ("L", 50), ("XL", 40), ("X", 10),
                        ("IX", 9), ("V", 5), ("IV", 4), ("I", 1)]:  # fmt: skip
        count, rest = divmod(rest, value)
        text += sign * count
    assert roman(text) == number
    assert roman(text.lower()) == number


@pytest.mark.parametrize("text", ["", "IIII", "IC", "VV", "ABC", "MMMM"])
def test_what_is_no_roman_numeral_has_no_value(text: str) -> None:
    assert roman(text) is None


@given(st.text(alphabet="0123456789", min_size=1, max_size=12))
def test_a_number_as_a_name_keeps_its_zeros(text: str) -> None:
    zeros = len(text) - len(text.lstrip("0"))
    assert named(text).split()[:zeros] == ["không"] * zeros


def test_ordinals_have_their_own_first_and_fourth() -> None:
    assert [ordinal(number) for number in (1, 2, 4, 14)] == ["nhất", "hai", "tư", "mười bốn"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1.500.000", "một triệu năm trăm nghìn"),
        ("2,75", "hai phẩy bảy năm"),
        ("3.5", "ba phẩy năm"),
        ("1,250,000", "một triệu hai trăm năm mươi nghìn"),
        ("1.024,05", "một nghìn không trăm hai mươi tư phẩy không năm"),
    ],
)
def test_decimals_are_read_in_vietnamese_writing(text: str, words: str) -> None:
    assert decimal(text) == words


def test_a_station_may_drop_the_word_before_the_first_days() -> None:
    assert (
        normalise("ngày 05/3/2026", Reading(day_prefix="")).text
        == "ngày năm tháng ba năm hai nghìn không trăm hai mươi sáu"
    )
    assert normalise("ngày 05/3", Reading(day_prefix="mồng")).text == "ngày mồng năm tháng ba"


def test_a_reading_that_is_no_choice_is_an_error() -> None:
    with pytest.raises(BadReadingError, match="thousand"):
        Reading(thousand="k")
    with pytest.raises(BadReadingError, match="nonsense"):
        Reading().but(nonsense="x")
