"""Wordings of real documents that a first reading got wrong: periods, reports, frequencies, labels, units."""

from datetime import date

import pytest

from content.intake.dates import period_bounds
from content.intake.deadlines import deadlines_in
from content.intake.frequency import frequency_rules_in
from content.intake.labels import label_of
from content.intake.source import SourceText
from content.intake.understand import understand
from content.intake.units import inline_dates, inline_units, split_units


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ("Từ tháng 3/2025 đến hết năm", date(2025, 3, 1), date(2025, 12, 31)),
        ("Từ quý II/2025 đến hết năm 2025", date(2025, 4, 1), date(2025, 12, 31)),
        ("Bắt đầu từ tháng 7/2025", date(2025, 7, 1), None),
        ("từ 15 đến 30/4/2025", date(2025, 4, 15), date(2025, 4, 30)),
        ("Từ khi ban hành kế hoạch đến hết năm 2025", date(2025, 3, 1), date(2025, 12, 31)),
        ("Tháng 9/2025 - 12/2025", date(2025, 9, 1), date(2025, 12, 31)),
    ],
)
def test_a_period_ends_where_its_last_word_says(words: str, first: date, last: date | None) -> None:
    assert period_bounds(words, date(2025, 3, 1), 2025) == (first, last)


@pytest.mark.parametrize(
    ("words", "due"),
    [
        ("báo cáo quý trước ngày 15 tháng cuối quý; báo cáo năm trước ngày 30/11/2025", {("quarter", 15), ("year", 30)}),
        (
            "Báo cáo định kỳ hằng tháng (trước ngày 20), quý (trước ngày 20 tháng cuối quý), 6 tháng (trước ngày 15/6) và năm (trước ngày 15/12)",
            {("month", 20), ("quarter", 20), ("6 months", 15), ("year", 15)},
        ),
        ("Báo cáo kết quả về Phòng trước 17h00 ngày 25/8/2025", {("ad hoc", 25)}),
        ("Đăng ký thời gian trước ngày 20/10/2025; báo cáo kết quả trước ngày 22/11/2025", {("ad hoc", 22)}),
        ("Kết quả thực hiện gửi về Sở trước ngày 05/7/2025", {("ad hoc", 5)}),
    ],
)  # fmt: skip
def test_only_what_is_reported_is_due(words: str, due: set[tuple[str, int]]) -> None:
    assert {(one.every, one.day) for one in deadlines_in(words, 0, 2025)} == due


def test_a_column_beside_the_broadcasts_is_a_rule_of_its_own() -> None:
    plays, column = frequency_rules_in(
        "Phát thanh 2 buổi/tuần, chuyên mục “Tìm hiểu pháp luật” mỗi tháng 01 số, phát lại 03 lần.", 0
    )
    assert (plays.title, plays.rules()) == (None, {"counts": [{"per": "week", "min": 2}]})
    assert (column.new_per_month, column.min_replays_per_month) == (1, 3)
    assert column.title == "Chuyên mục “Tìm hiểu pháp luật”"


def test_dates_behind_a_semicolon_belong_to_their_own_count() -> None:
    weekly, daily = frequency_rules_in(
        "Hằng tuần phát 03 lần trên loa truyền thanh; từ 01/10 đến 15/11/2025 mỗi ngày phát 01 lần.", 0
    )
    assert not weekly.is_campaign
    assert daily.is_campaign


def test_issues_a_quarter_are_counted_a_month_only_where_they_divide() -> None:
    assert frequency_rules_in("mỗi quý 03 chuyên đề phát thanh", 0)[0].new_per_month == 1
    assert frequency_rules_in("mỗi quý 04 chuyên đề phát thanh", 0)[0].new_per_month is None


@pytest.mark.parametrize(
    ("line", "value"),
    [("Thứ nhất, tuyên truyền Luật", "(1)"), ("Hai là, phổ biến", "(2)"), ("1.1- Tuyên truyền", "1.1")],
)
def test_ordinals_and_dashed_numbers_are_labels(line: str, value: str) -> None:
    label = label_of(line)
    assert label is not None
    assert label.value == value


def test_a_day_of_the_week_is_no_label() -> None:
    assert label_of("Thứ hai, thứ tư hằng tuần phát thanh") is None


def test_a_bracket_names_units_and_dates() -> None:
    text = "Quy định về tuổi kết hôn (Phòng Tư pháp chủ trì, phối hợp với UBND các xã; thực hiện trong quý I/2024)."
    lead, partner = inline_units(text, 0)
    assert [unit.text for unit in lead] == ["Phòng Tư pháp"]
    assert [unit.text for unit in partner] == ["UBND các xã"]
    assert inline_dates(text) == ("thực hiện trong quý I/2024", text.index("thực hiện"))


def test_one_office_stays_one_unit() -> None:
    assert [unit.text for unit in split_units("Văn phòng HĐND và UBND", 0)] == ["Văn phòng HĐND và UBND"]
    assert [unit.text for unit in split_units("UB MTTQ\nViệt Nam xã", 0)] == ["UB MTTQ\nViệt Nam xã"]


def test_a_date_that_a_narrow_column_broke_is_put_together() -> None:
    text = "\n".join(
        [
            "ỦY BAN NHÂN DÂN", "XÃ ĐÔNG AN", "Số: 5/KH-UBND", "2025", "Độc lập - Tự do - Hạnh phúc",
            "Đông An, ngày 02 tháng 01 năm", "KẾ HOẠCH", "Tuyên truyền năm 2025", "I. NỘI DUNG TUYÊN TRUYỀN", "1. Tuyên truyền Luật Đất đai.",
        ]
    )  # fmt: skip
    found = understand(SourceText(text=text, format="txt", changes=()))
    assert (found.issued_on, found.place, found.subject) == (
        date(2025, 1, 2),
        "Đông An",
        "Tuyên truyền năm 2025",
    )
