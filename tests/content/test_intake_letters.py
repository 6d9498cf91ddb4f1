"""The letters of unions, the Front, the police and health stations, and of several offices together."""

from pathlib import Path

import pytest

from content.intake.assemble import assemble
from content.intake.deadlines import deadlines_in
from content.intake.facts import Understanding
from content.intake.source import Changes, RawLine, RawTable, SourceText
from content.intake.understand import understand

REPUBLIC = ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc")
BODY = (
    "Thực hiện Kế hoạch số 40/KH-UBND ngày 02/3/2026 của UBND xã, đơn vị xây dựng kế hoạch như sau:",
    "I. NỘI DUNG TUYÊN TRUYỀN",
    "1. Tuyên truyền việc phân loại rác tại nhà.",
    "2. Tuyên truyền việc trồng hoa dọc đường làng.",
)


def understood(*paragraphs: str) -> Understanding:
    return understand(SourceText(text="\n".join(paragraphs), format="txt"))


@pytest.mark.parametrize(
    ("masthead", "issuer"),
    [
        (
            ("MTTQ VIỆT NAM XÃ AN PHÚ", "BAN THƯỜNG TRỰC", "Số: 4/KH-MTTQ", "MẶT TRẬN TỔ QUỐC VIỆT NAM", "Đoàn kết - Dân chủ - Đổi mới"),
            "Mặt trận Tổ quốc Việt Nam xã An Phú",
        ),
        (("HỘI LHPN TỈNH LONG CHÂU", "BTV HỘI LHPN XÃ AN PHÚ", "Số: 4/KH-BTV"), "Ban Thường vụ Hội Liên hiệp Phụ nữ xã An Phú"),
        (
            ("ĐOÀN TNCS HỒ CHÍ MINH TỈNH LONG CHÂU", "BCH ĐOÀN XÃ AN PHÚ", "Số: 4-KH/ĐTN", "ĐOÀN TNCS HỒ CHÍ MINH"),
            "Ban Chấp hành Đoàn xã An Phú",
        ),
        (
            ("ĐOÀN TNCS HỒ CHÍ MINH", "BCH XÃ AN PHÚ", "Số: 4-KH/ĐTN"),
            "Ban Chấp hành Đoàn Thanh niên Cộng sản Hồ Chí Minh xã An Phú",
        ),
        (("UBND XÃ AN PHÚ", "CÔNG AN XÃ", "Số: 4/KH-CAX", *REPUBLIC), "Công an xã An Phú"),
        (
            ("UBND XÃ AN PHÚ", "PHÒNG VH-XH - HỘI NÔNG DÂN -", "HỘI LHPN XÃ", "Số: 4/KHLT", *REPUBLIC),
            "Phòng Văn hóa - Xã hội - Hội Nông dân - Hội Liên hiệp Phụ nữ xã An Phú",
        ),
        (("ỦY BAN NHÂN DÂN", "XÃ AN PHÚ", "Số: 4/KH-UBND", *REPUBLIC, "HỎA TỐC"), "Ủy ban nhân dân xã An Phú"),
    ],
)  # fmt: skip
def test_whose_letter_it_is_in_full_words(masthead: tuple[str, ...], issuer: str) -> None:
    found = understood(
        *masthead, "An Phú, ngày 09 tháng 3 năm 2026", "KẾ HOẠCH", "Tuyên truyền bảo vệ môi trường", *BODY
    )
    assert found.issuer == issuer
    assert found.issued_on is not None
    assert found.subject == "Tuyên truyền bảo vệ môi trường"
    assert [item.ref for item in found.items] == ["I.1", "I.2"]


def test_a_plan_of_several_offices_is_called_so() -> None:
    found = understood(
        "UBND XÃ AN PHÚ", *REPUBLIC, "Số: 4/KHLT-VHXH-HPN", "An Phú, ngày 09 tháng 3 năm 2026",
        "KẾ HOẠCH LIÊN TỊCH", "Về phối hợp tuyên truyền", *BODY,
    )  # fmt: skip
    assert (found.kind, found.number, found.subject) == (
        "Kế hoạch liên tịch",
        "4/KHLT-VHXH-HPN",
        "Về phối hợp tuyên truyền",
    )


def test_a_letter_with_recipients_is_none_of_the_kinds_that_its_office_abbreviates_to() -> None:
    found = understood(
        "UBND XÃ AN PHÚ", "PHÒNG VĂN HÓA - XÃ HỘI", "Số: 14/VHXH-TT", "V/v cung cấp tin, bài", *REPUBLIC,
        "An Phú, ngày 09 tháng 3 năm 2026", "Kính gửi: Các thôn.", "Phòng đề nghị các thôn gửi tin, bài cho Đài.",
    )  # fmt: skip
    assert found.kind == "Công văn"


def test_who_signs_above_the_list_of_receivers_is_the_signer() -> None:
    found = understood(
        "HỘI LHPN XÃ AN PHÚ", "Số: 4/KH-BTV", "An Phú, ngày 09 tháng 3 năm 2026", "KẾ HOẠCH", "Tuyên truyền bảo vệ môi trường",
        *BODY, "TM. BAN THƯỜNG VỤ", "CHỦ TỊCH", "(đã ký)", "Võ Thị Lành", "Nơi nhận:", "- Các chi hội;", "- Lưu.",
    )  # fmt: skip
    assert found.signer == "Võ Thị Lành"
    assert "Võ Thị Lành" not in found.items[-1].text


def test_tricks_are_a_content_though_their_name_begins_like_a_form() -> None:
    found = understood(
        "CÔNG AN XÃ AN PHÚ", "Số: 9/CAX", "V/v phòng ngừa lừa đảo", *REPUBLIC, "An Phú, ngày 09 tháng 3 năm 2026",
        "Kính gửi: Các thôn.", "Công an xã đề nghị tuyên truyền trên loa truyền thanh các nội dung sau:",
        "1. Phương thức, thủ đoạn giả danh nhân viên điện lực để lừa người dân cài ứng dụng lạ.",
        "2. Đối tượng thường gọi điện vào buổi trưa, xưng là cán bộ và đòi chuyển tiền ngay, không cho hỏi lại ai.",
        "3. Thời gian: từ ngày 10/3/2026 đến ngày 20/3/2026.",
    )  # fmt: skip
    assert [item.ref for item in found.items] == ["1", "2"]


def test_dates_behind_the_unit_count_where_the_bracket_is_a_line_of_its_own() -> None:
    found = understood(
        "HỘI NÔNG DÂN XÃ AN PHÚ", "Số: 4/KH-HND", "An Phú, ngày 09 tháng 3 năm 2026", "KẾ HOẠCH", "Tuyên truyền vụ mùa",
        "I. NỘI DUNG TUYÊN TRUYỀN", "1. Tuyên truyền lịch gieo cấy của xã.",
        "(Phòng Kinh tế chủ trì; thực hiện từ ngày 15/4/2026 đến ngày 20/5/2026)", "2. Tuyên truyền việc diệt chuột.",
    )  # fmt: skip
    first, second = found.items
    assert [unit.text for unit in first.lead_units] == ["Phòng Kinh tế"]
    assert first.period is not None
    assert (str(first.period.from_on), str(first.period.until_on)) == ("2026-04-15", "2026-05-20")
    assert second.period is None


@pytest.mark.parametrize(
    ("words", "due"),
    [
        ("Các thôn gửi báo cáo kết quả về UBND xã chậm nhất 05 ngày sau khi kết thúc đợt.", [("ad hoc", None)]),
        ("Báo cáo kết quả trong vòng 03 ngày làm việc, kể từ khi kết thúc hội nghị.", [("ad hoc", None)]),
        ("Các thôn báo cáo kết quả trước 15 giờ thứ Sáu hằng tuần.", [("week", None)]),
        ("Hằng tuần các thôn báo cáo, tổng kết trước ngày 05/4/2026.", [("week", None), ("ad hoc", 5)]),
        ("Hằng tuần, Đài phát ba bản tin trên loa, kết quả báo cáo trước ngày 20 hằng tháng.", [("month", 20)]),
        ("Lịch phát trong 05 ngày sau khi nhận tin.", []),
    ],
)  # fmt: skip
def test_reports_after_an_end_and_weekly_ones_are_due(words: str, due: list[tuple[str, int | None]]) -> None:
    assert [(one.every, one.day) for one in deadlines_in(words, 0, 2026)] == due


def test_a_schedule_of_the_week_gives_each_row_its_day_and_its_loudspeakers() -> None:
    def cells(*words: str) -> list[list[RawLine]]:
        return [[RawLine(text)] for text in words]

    lines = [
        "UBND PHƯỜNG HỒNG HÀ", "Số: 3/LPT-UBND", *REPUBLIC, "Hồng Hà, ngày 06 tháng 3 năm 2026", "LỊCH PHÁT THANH",
        "Tuần 11 trên hệ thống truyền thanh phường",
    ]  # fmt: skip
    table = RawTable(
        [
            cells("Thứ, ngày", "Thời gian", "Nội dung", "Đơn vị cung cấp"),
            cells("Thứ Hai 09/3", "6h00", "Thông báo lịch cắt điện của các tổ dân phố", "Điện lực"),
            cells("Thứ Tư 11/3", "17h00", "Phòng, chống bệnh dại trên đàn chó, mèo", "Trạm Y tế phường"),
        ]
    )
    source = assemble(
        [*(RawLine(line, hard=True) for line in lines), table, RawLine("Ghi chú: tiếp sóng Đài tỉnh lúc 18h00.", hard=True)],
        path=Path("lich.docx"), file_format="docx", changes=Changes(),
    )  # fmt: skip
    found = understand(source)
    assert [str(item.period and item.period.from_on) for item in found.items] == ["2026-03-09", "2026-03-11"]
    assert {channel.channel for channel in found.channels} == {"relay", "loudspeaker"}


def test_a_frame_around_the_whole_page_is_read_from_the_masthead_to_the_foot() -> None:
    body = [
        "THÔNG BÁO", "Về việc uống vitamin A cho trẻ", "Trạm Y tế xã thông báo lịch uống vitamin A cho trẻ từ 6 đến 36 tháng tuổi như sau:",
        "- Thời gian: ngày 02/6/2026, từ 7 giờ đến 11 giờ, mỗi thôn một buổi theo giấy mời đã phát đến từng nhà.",
        "- Địa điểm: nhà văn hóa của từng thôn; trẻ ốm được hẹn đến Trạm Y tế xã vào ngày hôm sau.",
        "Đề nghị các thôn thông báo trên loa 02 lần/ngày để nhân dân biết, đưa trẻ đến đúng giờ./.",
    ]  # fmt: skip

    def cell(*words: str) -> list[RawLine]:
        return [RawLine(text, hard=True) for text in words]

    frame = RawTable(
        [
            [cell("SỞ Y TẾ", "TRẠM Y TẾ XÃ AN PHÚ"), cell(*REPUBLIC)],
            [cell("Số: 7/TB-TYT"), cell("An Phú, ngày 25 tháng 5 năm 2026")],
            [cell(*body), []],
            [cell("Nơi nhận:", "- UBND xã;", "- Lưu."), cell("TRƯỞNG TRẠM", "BS. Hoàng Thị Mến")],
        ]
    )
    source = assemble([frame], path=Path("tb.docx"), file_format="docx", changes=Changes())
    found = understand(source)
    assert (found.kind, found.number, str(found.issued_on), found.place, found.signer) == (
        "Thông báo",
        "7/TB-TYT",
        "2026-05-25",
        "An Phú",
        "Hoàng Thị Mến",
    )


def test_dates_in_the_bracket_that_ends_a_heading_are_its_period() -> None:
    found = understood(
        "ỦY BAN NHÂN DÂN", "XÃ AN PHÚ", "Số: 4/KH-UBND", *REPUBLIC, "An Phú, ngày 09 tháng 3 năm 2026", "KẾ HOẠCH",
        "Tuyên truyền bầu Trưởng thôn", "I. NỘI DUNG TUYÊN TRUYỀN",
        "1. Giai đoạn trước ngày bầu cử (từ ngày 20/3/2026 đến ngày 14/4/2026)", "- Tiêu chuẩn của trưởng thôn.",
        "2. Ngày bầu cử (ngày 15/4/2026)", "- Không khí của ngày bầu cử.",
        "3. Kỷ niệm Ngày giải phóng miền Nam (ngày 30/4/1975)", "- Ý nghĩa của ngày lễ.",
    )  # fmt: skip
    assert [str(item.period and item.period.from_on) for item in found.items] == [
        "2026-03-20",
        "2026-04-15",
        "None",
    ]


def test_who_is_ordered_to_tell_leads_each_of_the_contents_below() -> None:
    found = understood(
        "ỦY BAN NHÂN DÂN", "XÃ AN PHÚ", "Số: 4/CT-UBND", *REPUBLIC, "An Phú, ngày 09 tháng 3 năm 2026", "CHỈ THỊ",
        "Về việc phòng cháy, chữa cháy rừng", "Chủ tịch UBND xã yêu cầu:",
        "1. Trung tâm Cung ứng dịch vụ công xã chủ trì tuyên truyền trên hệ thống truyền thanh các nội dung sau:",
        "a) Cấp dự báo cháy rừng của từng ngày.", "b) Số điện thoại của người trực.", "2. Công an xã trực 24/24 giờ.",
    )  # fmt: skip
    assert [(item.ref, [unit.text for unit in item.lead_units]) for item in found.items] == [
        ("1.a", ["Trung tâm Cung ứng dịch vụ công xã"]),
        ("1.b", ["Trung tâm Cung ứng dịch vụ công xã"]),
    ]


def test_what_offices_agree_to_tell_together_are_contents() -> None:
    found = understood(
        "HỘI NÔNG DÂN XÃ AN PHÚ", "Số: 2/CTPH-HND", *REPUBLIC, "An Phú, ngày 09 tháng 3 năm 2026", "CHƯƠNG TRÌNH PHỐI HỢP",
        "Tuyên truyền về sản xuất giỏi trên sóng truyền thanh", "I. NỘI DUNG PHỐI HỢP", "1. Giới thiệu gương sản xuất giỏi.",
        "2. Hướng dẫn kỹ thuật chăm sóc vải, phòng trừ sâu đục quả.", "II. KINH PHÍ", "1. Mỗi bên tự lo.",
    )  # fmt: skip
    assert found.kind == "Chương trình phối hợp"
    assert [item.ref for item in found.items] == ["I.1", "I.2"]
