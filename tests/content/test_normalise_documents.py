"""Phrases as they stand in documents of many kinds: plans, budgets, floods, roads, land, health, school, sign-offs."""

from __future__ import annotations

import pytest

from content.normalise import leftovers, normalise, spoken

PLANS_AND_BUDGETS = [
    ("đạt 103,2% KH", "đạt một trăm linh ba phẩy hai phần trăm kế hoạch"),
    ("gieo 80ha/75ha KH", "gieo tám mươi héc ta trên bảy mươi lăm héc ta kế hoạch"),
    ("bằng 97% so với CK", "bằng chín mươi bảy phần trăm so với cùng kỳ"),
    ("thu 45 trđ, đạt 60% DT", "thu bốn mươi lăm triệu đồng, đạt sáu mươi phần trăm dự toán"),
    ("học phí 90.000 đồng/HS/tháng", "học phí chín mươi nghìn đồng một học sinh một tháng"),
    ("bón 4kg phân lân/sào", "bón bốn ki lô gam phân lân một sào"),
    ("02 lần/1 tháng", "hai lần một tháng"),
    ("sơ tán 40 hộ/152 khẩu", "sơ tán bốn mươi hộ, một trăm năm mươi hai khẩu"),
    ("sâu 8÷12 cm", "sâu tám đến mười hai xăng ti mét"),
    ("trộn theo tỷ lệ 1:2:3", "trộn theo tỷ lệ một, hai, ba"),
    ("Tổng số:84hộ", "Tổng số: tám mươi tư hộ"),
    ("điểm bình quân: 7,5đ", "điểm bình quân: bảy phẩy năm điểm"),
    ("giảm 3 vụ (-20%)", "giảm ba vụ, giảm hai mươi phần trăm"),
    ("tăng 4 hộ (+8%)", "tăng bốn hộ, tăng tám phần trăm"),
    ("tuổi >= 18", "tuổi từ mười tám"),
    ("dài <= 2,5m", "dài không quá hai phẩy năm mét"),
    ("10kg gạo/người/tháng x 2 tháng", "mười ki lô gam gạo một người một tháng nhân hai tháng"),
    ("hòa giải thành 5/6 vụ", "hòa giải thành năm trên sáu vụ"),
    ("sản phẩm OCOP 4*", "sản phẩm ô cốp bốn sao"),
]

DATES = [
    ("trong 2 ngày 3-4/12", "trong hai ngày mùng ba đến mùng bốn tháng mười hai"),
    (
        "công khai từ 3/11-3/12/2025",
        "công khai từ ngày mùng ba tháng mười một đến mùng ba tháng mười hai năm hai nghìn không trăm hai mươi lăm",
    ),
    ("từ 2-6/11", "từ ngày mùng hai đến mùng sáu tháng mười một"),
    ("ngày 3 và 4-12", "ngày mùng ba và mùng bốn tháng mười hai"),
    ("Ngày Nhà giáo Việt Nam 20-11", "Ngày Nhà giáo Việt Nam hai mươi tháng mười một"),
    ("Ngày Pháp luật Việt Nam 9/11", "Ngày Pháp luật Việt Nam mùng chín tháng mười một"),
    ("lũ lên nhanh (04h/11/9)", "lũ lên nhanh, bốn giờ ngày mười một tháng chín"),
    (
        "Ngày ký: 06-03-2026 09:15",
        "Ngày ký: ngày mùng sáu tháng ba năm hai nghìn không trăm hai mươi sáu chín giờ mười lăm phút",
    ),
    ("lương T4/2026", "lương tháng tư năm hai nghìn không trăm hai mươi sáu"),
    ("Q2/2026", "quý hai năm hai nghìn không trăm hai mươi sáu"),
    (
        "vụ 2025/2026",
        "vụ hai nghìn không trăm hai mươi lăm hai nghìn không trăm hai mươi sáu",
    ),
    ("HKII bắt đầu", "học kỳ hai bắt đầu"),
    (
        "ngày 07 tháng 4 năm 2025",
        "ngày mùng bảy tháng tư năm hai nghìn không trăm hai mươi lăm",
    ),
]

NAMES_WITH_NUMBERS = [
    ("trên BĐ2 1,25m", "trên báo động hai, một phẩy hai năm mét"),
    ("đường ĐT.326", "đường tỉnh ba trăm hai mươi sáu"),
    ("cao tốc CT.03", "cao tốc xê tê không ba"),
    (
        "QCVN 02:2019/BYT",
        "quy chuẩn việt nam không hai năm hai nghìn không trăm mười chín bộ y tế",
    ),
    ("giấy chứng nhận số CM 204815", "giấy chứng nhận số xê em mờ hai không bốn tám một năm"),
    ("số phát hành BA 204815", "số phát hành bê a hai không bốn tám một năm"),
    ("tàu cá QN-2048-TS", "tàu cá quy en nờ hai không bốn tám tê ét sờ"),
    ("biến chủng BA.5", "biến chủng bê a chấm năm"),
    ("xe tải 2,5T", "xe tải hai phẩy năm tấn"),
    ("mực nước -0,8m", "mực nước âm không phẩy tám mét"),
    ("đêm 15-17oC", "đêm mười lăm đến mười bảy độ xê"),
    ("P6, Q10", "phường sáu, quận mười"),
    ("từ Km1+200 - Km2+500", "từ ki lô mét một cộng hai trăm đến ki lô mét hai cộng năm trăm"),
    ("thương binh 2/4", "thương binh hai trên bốn"),
    ("ống DN400", "ống đê en bốn trăm"),
    (
        "trạm 250kVA-22/0,4kV",
        "trạm hai trăm năm mươi ki lô vôn am pe hai mươi hai trên không phẩy bốn ki lô vôn",
    ),
    ("vị trí 15.2N; 110.5E", "vị trí mười lăm phẩy hai độ vĩ bắc; một trăm mười phẩy năm độ kinh đông"),
    ("mã số BHXH: 2216098765", "mã số bảo hiểm xã hội: hai hai một sáu không chín tám bảy sáu năm"),
]

SURROUNDINGS = [
    ("TB Chỉ đạo và PTB", "trưởng ban Chỉ đạo và phó trưởng ban"),
    ("chỉ số tia UV", "chỉ số tia u vê"),
    ("chi TX, chi ĐTPT", "chi thường xuyên, chi đầu tư phát triển"),
    ("các UV BTV", "các ủy viên ban thường vụ"),
    ("chào mừng ĐH XIV", "chào mừng đại hội mười bốn"),
    ("tốt nghiệp ĐH", "tốt nghiệp đại học"),
    ("vắc xin THT trâu, bò", "vắc xin tụ huyết trùng trâu, bò"),
    ("khám sàng lọc THA", "khám sàng lọc tăng huyết áp"),
    ("đất ONT 60 m2", "đất ở tại nông thôn sáu mươi mét vuông"),
    ("PNCT được khám", "phụ nữ có thai được khám"),
    ("vào T3, T6", "vào thứ ba, thứ sáu"),
    ("P.Chủ tịch, PCVP", "phó Chủ tịch, phó chánh văn phòng"),
    ("nồng độ 0,25mg/lít", "nồng độ không phẩy hai năm mi li gam trên lít"),
    ("Mẫu số 01/CT-HGĐ", "Mẫu số không một xê tê hộ gia đình"),
    ("biểu số 02/DS-BHYT", "biểu số không hai dê ét sờ bảo hiểm y tế"),
]


@pytest.mark.parametrize(
    ("written", "said"), [*PLANS_AND_BUDGETS, *DATES, *NAMES_WITH_NUMBERS, *SURROUNDINGS]
)
def test_a_phrase_of_a_document_is_read_as_a_newsreader_reads_it(written: str, said: str) -> None:
    result = normalise(written)
    assert result.text == said
    assert not result.unknowns
    assert not leftovers(result.text)


@pytest.mark.parametrize("said", [said for _, said in [*PLANS_AND_BUDGETS, *DATES, *SURROUNDINGS]])
def test_the_reading_of_a_document_stays_as_it_is(said: str) -> None:
    assert spoken(said) == said


def test_the_round_bullet_of_a_word_processor_is_silent_whatever_sign_follows() -> None:
    assert spoken("o Thành phần") == "Thành phần"
    assert spoken(spoken("o~Ea")) == spoken("o~Ea")
