"""What a document orders within its sentences: who, when, how often, and what only counts at the peak."""

from datetime import date

import pytest

from content.intake.citations import citations_in
from content.intake.dates import peak_of, period_bounds
from content.intake.deadlines import deadlines_in
from content.intake.facts import Understanding
from content.intake.frequency import frequency_rules_in
from content.intake.heading import read_heading
from content.intake.outline import Line
from content.intake.source import SourceText
from content.intake.understand import understand
from content.intake.units import inline_dates, inline_units

ISSUED = date(2026, 4, 20)


def understood(*paragraphs: str) -> Understanding:
    return understand(SourceText(text="\n".join(paragraphs), format="txt"))


def letter(*paragraphs: str) -> Understanding:
    return understood(
        "ỦY BAN NHÂN DÂN", "XÃ BÌNH AN", "Số: 12/UBND-VHXH", "V/v tuyên truyền", "Bình An, ngày 20 tháng 4 năm 2026",
        "Kính gửi: Các thôn.", *paragraphs, "Nơi nhận:", "- Như trên.", "TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH", "Trần Văn An",
    )  # fmt: skip


def test_a_count_for_the_peak_takes_the_dates_that_the_document_gives_elsewhere() -> None:
    found = letter(
        "1. Thời gian: Xuyên suốt năm 2026, cao điểm từ ngày 25/5/2026 đến ngày 31/8/2026.",
        "2. Phát thanh 02 lần/tuần vào thứ Ba, thứ Năm; trong đợt cao điểm phát 01 lần/ngày trên loa truyền thanh.",
    )
    assert [rule.rules() for rule in found.frequency_rules] == [
        {"weekdays": [2, 4], "counts": [{"per": "week", "min": 2}]},
        {"campaigns": [{"from": "2026-05-25", "until": "2026-08-31", "min_per_day": 1}]},
    ]


def test_a_count_for_a_peak_without_dates_is_no_rule_for_every_day() -> None:
    (rule,) = letter("1. Phát trên hệ thống truyền thanh 03 lần/ngày trong đợt cao điểm.").frequency_rules
    assert rule.is_campaign
    assert rule.rules() == {}


@pytest.mark.parametrize(
    ("words", "peak"),
    [
        ("cao điểm từ ngày 08/10 đến ngày 10/10/2026", (date(2026, 10, 8), date(2026, 10, 10))),
        ("Từ ngày 01/02/2026 đến ngày 15/3/2026 (cao điểm)", (date(2026, 2, 1), date(2026, 3, 15))),
        ("Đợt 1 cao điểm từ 01/3 đến 05/3/2026.\nĐợt 2 cao điểm từ 01/9 đến 05/9/2026.", None),
        ("trong đợt cao điểm", None),
    ],
)
def test_the_one_peak_of_a_document_is_found(words: str, peak: tuple[date, date] | None) -> None:
    assert peak_of(words, ISSUED, 2026) == peak


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ("Xuyên suốt năm 2026, cao điểm từ ngày 25/5/2026 đến ngày 31/8/2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("Thường xuyên, tập trung cao điểm từ 01/9 đến 30/9/2026", None, None),
        ("liên tục từ ngày 22/9/2026 đến hết tháng 10/2026", date(2026, 9, 22), date(2026, 10, 31)),
    ],
)  # fmt: skip
def test_a_peak_does_not_narrow_the_period_around_it(
    words: str, first: date | None, last: date | None
) -> None:
    assert period_bounds(words, ISSUED, 2026) == (first, last)


@pytest.mark.parametrize(
    ("words", "due"),
    [
        ("tổng hợp kết quả, báo cáo UBND xã trước 15 giờ hằng ngày", [("day", None)]),
        ("Trạm Y tế báo cáo tình hình hằng ngày về UBND xã", [("day", None)]),
        ("định kỳ hằng tháng báo cáo kết quả về Phòng trước ngày 25.", [("month", 25)]),
        ("hằng quý báo cáo UBND xã trước ngày 20 của tháng cuối quý", [("quarter", 20)]),
    ],
)  # fmt: skip
def test_daily_reports_and_bare_days_are_due(words: str, due: list[tuple[str, int | None]]) -> None:
    assert [(one.every, one.day) for one in deadlines_in(words, 0, 2026)] == due


def test_a_daily_report_is_ad_hoc_in_json_and_told_once() -> None:
    found = letter("1. Báo cáo UBND xã trước 16 giờ hằng ngày, báo cáo đột xuất khi có yêu cầu.")
    assert [one.every for one in found.deadlines] == ["day", "ad hoc"]
    assert [one["every"] for one in found.to_json()["deadlines"]] == ["ad hoc"]


@pytest.mark.parametrize(
    "words",
    ["theo Mẫu số 01/CT-HGĐ kèm theo", "theo Biểu mẫu số 02/DS-BHYT", "lập Phụ lục số 03/PL-KH", "điền Phiếu số 01/P-DS"],
)  # fmt: skip
def test_the_number_of_a_form_is_no_document(words: str) -> None:
    assert citations_in(words) == []


@pytest.mark.parametrize(
    ("words", "lead", "partner"),
    [
        ("Chăm lo hộ nghèo (do Hội Chữ thập đỏ xã phụ trách).", ["Hội Chữ thập đỏ xã"], []),
        ("Vệ sinh môi trường. Giao các tổ dân phố thực hiện.", ["các tổ dân phố"], []),
        ("Tin, bài do Đài Truyền thanh xã thực hiện.", ["Đài Truyền thanh xã"], []),
        ("Giao Trạm Y tế xã chủ trì, phối hợp với Phòng Văn hóa - Xã hội tuyên truyền về diệt muỗi.", ["Trạm Y tế xã"], ["Phòng Văn hóa - Xã hội"]),
        ("Thành tựu (Đơn vị chủ trì: Phòng Tư pháp; đơn vị phối hợp: UBND các xã; thời gian: quý III năm 2026).", ["Phòng Tư pháp"], ["UBND các xã"]),
        ("Ban hành kèm theo Quyết định này Lịch tuyên truyền.", [], []),
    ],
)  # fmt: skip
def test_units_are_named_within_a_sentence(words: str, lead: list[str], partner: list[str]) -> None:
    found = inline_units(words, 0)
    assert ([unit.text for unit in found[0]], [unit.text for unit in found[1]]) == (lead, partner)


def test_a_bracket_of_marked_units_names_its_time() -> None:
    named = inline_dates("Thành tựu (Đơn vị chủ trì: Phòng Tư pháp; thời gian: quý III năm 2026).")
    assert named is not None
    assert named[0] == "thời gian: quý III năm 2026"


def test_an_order_to_tell_is_a_content_with_its_unit_and_its_time() -> None:
    (item,) = letter(
        "1. Giao Trạm Y tế xã chủ trì, phối hợp với Phòng Văn hóa - Xã hội tuyên truyền trên loa truyền thanh về diệt lăng quăng; "
        "thời gian phát từ ngày 01/8/2026 đến ngày 30/9/2026, ngày 02 lần.",
        "2. Công an xã tuần tra ban đêm.",
    ).items
    assert item.title.startswith("Tuyên truyền trên loa truyền thanh về diệt lăng quăng")
    assert item.text.startswith("Giao Trạm Y tế xã")
    assert item.period is not None
    assert (item.period.from_on, item.period.until_on) == (date(2026, 8, 1), date(2026, 9, 30))


def test_contents_follow_whatever_a_letter_announces_for_the_air() -> None:
    found = letter(
        "Đề nghị Đài tuyên truyền trên hệ thống loa truyền thanh một số thủ đoạn sau:",
        "a) Giả danh cán bộ Công an gọi điện yêu cầu chuyển tiền;",
        "b) Giả mạo nhân viên giao hàng gửi đường dẫn lạ.",
    )
    assert [item.ref for item in found.items] == ["a", "b"]


def test_what_has_been_done_is_no_rule() -> None:
    assert frequency_rules_in("Đài Truyền thanh xã đã phát 92 buổi/tháng, tiếp âm 30 buổi/tháng.", 0) == []


def test_an_airing_a_day_at_each_time_named_is_a_rule() -> None:
    (rule,) = frequency_rules_in(
        "Đề nghị phát hằng ngày vào khung giờ 6h15 và 17h15, từ ngày 22/9/2026 đến hết tháng 10/2026.", 0, year=2026
    )  # fmt: skip
    assert rule.rules() == {
        "dayparts": [["06:15", "06:45"], ["17:15", "17:45"]],
        "campaigns": [{"from": "2026-09-22", "until": "2026-10-31", "min_per_day": 2}],
    }


def test_who_decides_is_no_part_of_what_is_decided() -> None:
    text = "Số: 5/QĐ-UBND\nQUYẾT ĐỊNH\nVề việc ban hành Kế hoạch\nCHỦ TỊCH ỦY BAN NHÂN DÂN XÃ BÌNH AN\nCăn cứ Luật;"
    source = SourceText(text=text, format="txt")
    starts = [0, *(index + 1 for index, sign in enumerate(text) if sign == "\n")]
    lines = [Line(line, start) for line, start in zip(text.split("\n"), starts, strict=True)]
    assert read_heading(source, lines).subject == "Về việc ban hành Kế hoạch"


@pytest.mark.parametrize("name", ["H'Loan Mlô", "Y Krông Niê", "K'Brơi", "Trần Thị Bích Ngọc"])
def test_names_of_every_people_sign(name: str) -> None:
    signed = understood("TRẠM Y TẾ XÃ EA KAO", "Số: 3/TB-TYT", "Ea Kao, ngày 1 tháng 4 năm 2026", "THÔNG BÁO", "Tiêm chủng", "Trạm thông báo lịch tiêm.", "Nơi nhận:", "- Lưu.", "TRƯỞNG TRẠM", name)  # fmt: skip
    assert signed.signer == name
