"""Wordings of frequency, dates, deadlines, units and citations."""

from datetime import date
from typing import Any

import pytest

from content.intake.citations import citations_in
from content.intake.dates import period_bounds
from content.intake.deadlines import deadlines_in
from content.intake.frequency import dayparts_in, frequency_rules_in, weekdays_in
from content.intake.units import marker, split_units


@pytest.mark.parametrize(
    ("text", "monthly", "rules"),
    [
        ("Xây dựng Chuyên mục phát thanh về chuyển đổi số, mỗi tháng 01 Chương trình và phát lại ít nhất 03 lần/tháng.", (1, 3), {"counts": [{"per": "month", "min": 4}]}),
        ("Chuyên mục An toàn giao thông phát tuần 2 số.", (8, None), {"counts": [{"per": "week", "min": 2}]}),
        ("Phát thanh trên hệ thống loa ngày 2 lần.", (None, None), {"counts": [{"per": "day", "min": 2}]}),
        ("Hằng tuần phát thanh tối thiểu 03 buổi về phòng cháy.", (None, None), {"counts": [{"per": "week", "min": 3}]}),
        ("Mỗi tháng sản xuất ít nhất hai chương trình phát thanh; mỗi chương trình phát lại tối thiểu 4 lần.", (2, 4), {"counts": [{"per": "month", "min": 2}]}),
        ("Phát trên loa không quá 3 lần/ngày.", (None, None), {"counts": [{"per": "day", "max": 3}]}),
        ("Duy trì phát sóng từ 2 đến 3 lần mỗi ngày.", (None, None), {"counts": [{"per": "day", "min": 2, "max": 3}]}),
        ("Từ ngày 01/6/2025 đến ngày 30/6/2025 tăng tần suất phát 3 lần/ngày.", (None, None), {"campaigns": [{"from": "2025-06-01", "until": "2025-06-30", "min_per_day": 3}]}),
        ("Phát thanh 02 lần/ngày vào thứ Ba, thứ Năm hằng tuần, từ 5h30 đến 6h00.", (None, None), {"weekdays": [2, 4], "dayparts": [["05:30", "06:00"]], "counts": [{"per": "day", "min": 2}]}),
    ],
)  # fmt: skip
def test_frequency_in_any_wording(
    text: str, monthly: tuple[int | None, int | None], rules: dict[str, Any]
) -> None:
    found = frequency_rules_in(text, 100, year=2025)
    assert len(found) == 1
    assert (found[0].new_per_month, found[0].min_replays_per_month) == monthly
    assert found[0].rules() == rules
    assert found[0].span == (100, 100 + len(text))


@pytest.mark.parametrize(
    "text",
    [
        "Chủ động bố trí thời gian, thời lượng, tần suất phát sóng phù hợp.",
        "Báo cáo kết quả mỗi tháng 01 lần về UBND phường.",
        "Đăng tải ít nhất 02 bài/tuần trên Cổng thông tin điện tử.",
        "Họp giao ban mỗi tuần 01 lần.",
        "Trẻ em uống vắc xin 02 lần/năm.",
        "Số lượng công bố tăng trung bình 10%/năm.",
    ],
)
def test_what_is_no_rule_of_broadcasting_gives_none(text: str) -> None:
    assert frequency_rules_in(text, 0) == []


def test_the_programme_and_its_topic_are_named() -> None:
    (rule,) = frequency_rules_in(
        "Xây dựng Chuyên mục phát thanh về chuyển đổi số, mỗi tháng 01 Chương trình.", 0
    )
    assert (rule.title, rule.topic) == ("Chuyên mục phát thanh về chuyển đổi số", "chuyển đổi số")
    assert rule.series() == {"new_per_month": 1, "min_replays": 0}


def test_two_columns_in_one_sentence_are_two_rules() -> None:
    text = "Chuyên mục “Khuyến nông” mỗi tháng 02 số; chuyên mục “Sức khỏe” tuần 01 số."
    assert [(rule.title, rule.new_per_month) for rule in frequency_rules_in(text, 0)] == [
        ("Chuyên mục “Khuyến nông”", 2), ("Chuyên mục “Sức khỏe”", 4),
    ]  # fmt: skip


def test_weekdays_and_times_of_day() -> None:
    assert weekdays_in("từ thứ Hai đến thứ Sáu") == (1, 2, 3, 4, 5)
    assert weekdays_in("các ngày thứ 3, thứ 5 và chủ nhật") == (2, 4, 7)
    assert dayparts_in("buổi sáng từ 05 giờ 30 đến 06 giờ 15, chiều 17h") == (
        ("05:30", "06:15"),
        ("17:00", "17:30"),
    )


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("Thường xuyên trong năm 2025 và các năm tiếp theo", date(2025, 1, 1), None),
        ("Năm 2025", date(2025, 1, 1), date(2025, 12, 31)),
        ("Từ ngày 15/9 đến ngày 30/11/2025", date(2025, 9, 15), date(2025, 11, 30)),
        ("Từ ngày 15/12 đến ngày 15/01/2026", date(2025, 12, 15), date(2026, 1, 15)),
        ("từ tháng 3 đến tháng 10 năm 2026", date(2026, 3, 1), date(2026, 10, 31)),
        ("Quý IV/2026", date(2026, 10, 1), date(2026, 12, 31)),
        ("Quý I, II năm 2026", date(2026, 1, 1), date(2026, 6, 30)),
        ("6 tháng cuối năm 2025", date(2025, 7, 1), date(2025, 12, 31)),
        ("Tháng 02/2024", date(2024, 2, 1), date(2024, 2, 29)),
        ("Trước ngày 30/9/2025", None, date(2025, 9, 30)),
        ("giai đoạn 2025-2030", date(2025, 1, 1), date(2030, 12, 31)),
        ("các ngày 10 và 11 tháng 6 năm 2026", date(2026, 6, 10), date(2026, 6, 11)),
        ("Từ nay đến hết năm 2025", date(2025, 3, 1), date(2025, 12, 31)),
        ("Thường xuyên", None, None),
        ("ngày 31/02/2025", None, None),
    ],
)
def test_periods(text: str, first: date | None, last: date | None) -> None:
    assert period_bounds(text, date(2025, 3, 1), 2025) == (first, last)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Gửi báo cáo về UBND phường trước ngày 14 hằng tháng để tổng hợp báo cáo UBND tỉnh trước ngày 15 hằng tháng.", [("month", 14), ("month", 15)]),
        ("Định kỳ 6 tháng, tổng kết năm hoặc đột xuất theo yêu cầu, các đơn vị báo cáo kết quả.", [("6 months", None), ("year", None), ("ad hoc", None)]),
        ("Định kỳ hằng quý báo cáo kết quả trước ngày 20 của tháng cuối quý.", [("quarter", 20)]),
        ("Báo cáo 6 tháng trước ngày 10/6, báo cáo năm trước ngày 10/12.", [("6 months", 10), ("year", 10)]),
        ("Báo cáo trước ngày 10/6 đối với báo cáo 6 tháng và trước ngày 12/12 đối với báo cáo năm.", [("6 months", 10), ("year", 12)]),
        ("Báo cáo kết quả trước ngày 15/12 hằng năm.", [("year", 15)]),
        ("Báo cáo kết quả thực hiện chậm nhất ngày 25 hằng tháng.", [("month", 25)]),
        ("Nếu có khó khăn, vướng mắc kịp thời báo cáo UBND phường.", []),
        ("Đưa nội dung vào các báo cáo đánh giá tình hình kinh tế - xã hội hàng tháng.", []),
    ],
)  # fmt: skip
def test_reporting_deadlines(text: str, wanted: list[tuple[str, int | None]]) -> None:
    assert sorted((due.every, due.day or 0) for due in deadlines_in(text, 0, 2025)) == sorted(
        (every, day or 0) for every, day in wanted
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Phòng Văn hóa-Xã hội, Trung tâm Cung ứng dịch vụ phường.", ["Phòng Văn hóa-Xã hội", "Trung tâm Cung ứng dịch vụ phường"]),
        ("Phòng Văn hóa-Xã hội; phòng Kinh tế, Hạ tầng và Đô thị.", ["Phòng Văn hóa-Xã hội", "phòng Kinh tế, Hạ tầng và Đô thị"]),
        ("Trung tâm Văn hóa, Thông tin, Thể thao và Du lịch huyện", ["Trung tâm Văn hóa, Thông tin, Thể thao và Du lịch huyện"]),
        ("Các phòng, ban, đơn vị liên quan, các trường học", ["Các phòng, ban, đơn vị liên quan", "các trường học"]),
        ("Công an phường và Ban Chỉ huy Quân sự phường", ["Công an phường", "Ban Chỉ huy Quân sự phường"]),
    ],
)  # fmt: skip
def test_units_are_split_where_a_unit_ends(text: str, wanted: list[str]) -> None:
    found = split_units(text, 7)
    assert [unit.text for unit in found] == wanted
    for unit in found:
        assert text[unit.span[0] - 7 : unit.span[1] - 7] == unit.text


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("+ Đơn vị chủ trì: A", "lead"), ("Cơ quan thực hiện: A", "lead"), ("- Chủ trì: A", "lead"),
        ("+ Đơn vị phối hợp thực hiện: B", "partner"), ("Phối hợp: B", "partner"),
        ("+ Thời gian thực hiện: Năm 2025", "period"), ("- Thời gian: Quý I", "period"),
    ],
)  # fmt: skip
def test_lines_that_name_units_and_periods(line: str, kind: str) -> None:
    found = marker(line)
    assert found is not None
    assert found[0] == kind


def test_citations_carry_kind_number_date_and_issuer_once_each() -> None:
    text = (
        "Thực hiện Công văn số 2876/SVHTTDL-TTBCXB ngày 04/8/2025 của Sở Văn hoá, Thể thao và Du lịch tỉnh Quảng Ninh về việc "
        "tuyên truyền; Nghị quyết số 57-NQ/TW ngày 22 tháng 12 năm 2024 của Bộ Chính trị; Nghị quyết 57-NQ/TW; Luật An ninh mạng số "
        "24/2018/QH14; tăng 18-20%/năm; Đề án 06."
    )
    found = citations_in(text)
    assert [(one.kind, one.number, one.date, one.issuer) for one in found] == [
        (
            "Công văn",
            "2876/SVHTTDL-TTBCXB",
            date(2025, 8, 4),
            "Sở Văn hoá, Thể thao và Du lịch tỉnh Quảng Ninh",
        ),
        ("Nghị quyết", "57-NQ/TW", date(2024, 12, 22), "Bộ Chính trị"),
        ("Luật", "24/2018/QH14", None, None),
    ]
    assert citations_in(text, own_number="57-NQ/TW")[1].number == "24/2018/QH14"
