"""Phrases in the form of real documents, each class with its reading."""

from __future__ import annotations

import pytest

from content.normalise import Reading, leftovers, normalise, spoken

PHRASES = [
    # as newsrooms and communes write in short
    ("thu nhập 9-12 tr/tháng", "thu nhập chín đến mười hai triệu một tháng"),
    ("50 nghìn đ/người/tháng", "năm mươi nghìn đồng một người một tháng"),
    ("cho vay 05 triệu đ/hộ", "cho vay năm triệu đồng một hộ"),
    ("có mặt 3 triệu đ/c", "có mặt ba triệu đồng chí"),
    ("pha loãng 1:50 với nước", "pha loãng một trên năm mươi với nước"),
    ("phát lại lúc 1:10", "phát lại lúc một giờ mười phút"),
    ("kết quả 9T/2026", "kết quả chín tháng năm hai nghìn không trăm hai mươi sáu"),
    ("rằm tháng 7 (15/7 ÂL)", "rằm tháng bảy, ngày mười lăm tháng bảy âm lịch"),
    ("trong giờ HC", "trong giờ hành chính"),
    ("tiêm UV mũi 1", "tiêm uốn ván mũi một"),
    ("BN 56 tuổi", "bệnh nhân năm mươi sáu tuổi"),
    ("HS, SV khó khăn", "học sinh, sinh viên khó khăn"),
    ("bấm *101# để kiểm tra", "bấm sao một không một thăng để kiểm tra"),
    ("đt: 0986 555 777", "điện thoại: không chín tám sáu năm năm năm bảy bảy bảy"),
    ("Thiếu tá CN Lê Văn Hà", "Thiếu tá chuyên nghiệp Lê Văn Hà"),
    ("website xatanlap.gov.vn", "website xa tan lap chấm gov chấm vê en nờ"),
    # numbers of documents
    ("Quyết định số 312/QĐ-UBND", "Quyết định số ba trăm mười hai quyết định ủy ban nhân dân"),
    (
        "Thông tư số 08/2024/TT-BYT",
        "Thông tư số không tám năm hai nghìn không trăm hai mươi tư thông tư bộ y tế",
    ),
    (
        "Công văn số 1502/SNNMT-CNTY",
        "Công văn số một nghìn năm trăm linh hai sở nông nghiệp và môi trường chăn nuôi và thú y",
    ),
    ("Kế hoạch số 31-\nKH/ĐU", "Kế hoạch số ba mươi mốt kế hoạch đảng ủy"),
    ("Luật số 10/2020/QH14", "Luật số mười năm hai nghìn không trăm hai mươi quốc hội khóa mười bốn"),
    ("Quy định số 19-QĐ/TW", "Quy định số mười chín quy định trung ương"),
    ("Kế hoạch số 44/KH-BCĐ389", "Kế hoạch số bốn mươi tư kế hoạch ban chỉ đạo ba tám chín"),
    ("Số:     /KH-UBND", "Số: kế hoạch ủy ban nhân dân"),
    ("Nghị định 61/2018", "Nghị định sáu mươi mốt năm hai nghìn không trăm mười tám"),
    # dates and times
    ("từ 03/3 đến 10/4", "từ ngày mùng ba tháng ba đến ngày mùng mười tháng tư"),
    (
        "từ ngày 02 - 06/3/2026",
        "từ ngày mùng hai đến mùng sáu tháng ba năm hai nghìn không trăm hai mươi sáu",
    ),
    ("Quý II/2026", "Quý hai năm hai nghìn không trăm hai mươi sáu"),
    ("9h15 - 10h", "chín giờ mười lăm phút đến mười giờ"),
    ("từ 6 giờ 45 đến 7 giờ", "từ sáu giờ bốn mươi lăm phút đến bảy giờ"),
    ("mỗi ngày 2 lần", "mỗi ngày hai lần"),
    ("đường 30/4", "đường ba mươi tháng tư"),
    # ranges, signs, shares
    ("tăng 3 - 4%/năm", "tăng ba đến bốn phần trăm một năm"),
    ("gió cấp 6-7, giật cấp 9", "gió cấp sáu đến bảy, giật cấp chín"),
    ("mưa 80-150mm", "mưa tám mươi đến một trăm năm mươi mi li mét"),
    ("nhiệt độ -3°C", "nhiệt độ âm ba độ xê"),
    ("- 80% hộ dân", "tám mươi phần trăm hộ dân"),
    ("-80% hộ dân", "tám mươi phần trăm hộ dân"),
    ("đạt 3/4 diện tích", "đạt ba phần tư diện tích"),
    ("18/20 hội viên", "mười tám trên hai mươi hội viên"),
    ("bản đồ tỷ lệ 1/5.000", "bản đồ tỷ lệ một trên năm nghìn"),
    ("thắng với tỷ số 3-1", "thắng với tỷ số ba một"),
    # zeros
    ("thành lập 02 tổ", "thành lập hai tổ"),
    ("Đề án 09", "Đề án không chín"),
    ("Tổ bầu cử số 07", "Tổ bầu cử số không bảy"),
    # money, measures, rates
    ("80.000đ/người/tháng", "tám mươi nghìn đồng một người một tháng"),
    ("giá 1,2 triệu đồng/tấn", "giá một phẩy hai triệu đồng một tấn"),
    ("lưu lượng 300m3/s", "lưu lượng ba trăm mét khối trên giây"),
    ("2tr5", "hai triệu năm trăm nghìn"),
    ("300.000 đồng (Ba trăm nghìn đồng)", "ba trăm nghìn đồng"),
    # telephones and identities
    ("ĐT: 0203.3851.234", "điện thoại: không hai không ba ba tám năm một hai ba bốn"),
    ("gọi 113 hoặc 115", "gọi một một ba hoặc một một năm"),
    ("hotline 1900 6789", "hotline một chín không không sáu bảy tám chín"),
    ("CCCD số 022123456789", "căn cước công dân số không hai hai một hai ba bốn năm sáu bảy tám chín"),
    # law, headings, Roman numerals
    ("điểm c khoản 4 Điều 12", "điểm xê khoản bốn Điều mười hai"),
    ("III. Giải pháp", "ba, Giải pháp"),
    ("2.4. Kinh phí", "hai chấm bốn, Kinh phí"),
    ("Đại hội lần thứ XII", "Đại hội lần thứ mười hai"),
    ("nhà cấp IV", "nhà cấp bốn"),
    # abbreviations by their surroundings
    ("TT Đảng ủy phường", "thường trực Đảng ủy phường"),
    ("theo TT số 15", "theo thông tư số mười lăm"),
    ("Giám đốc TT Y tế", "Giám đốc trung tâm Y tế"),
    ("các xã, TT", "các xã, thị trấn"),
    ("Sở KH&CN (b/c)", "Sở khoa học và công nghệ, để báo cáo"),
    ("Đảng ủy (để b/c)", "Đảng ủy, để báo cáo"),
    ("KT. GIÁM ĐỐC", "ký thay giám đốc"),
    ("TP. Móng Cái, P. Trà Cổ", "thành phố Móng Cái, phường Trà Cổ"),
    ("Sở Y tế", "Sở Y tế"),
    ("ỨNG DỤNG AI TRONG GIÁO DỤC", "ứng dụng ây ai trong giáo dục"),
    ("dịch COVID-19", "dịch covid mười chín"),
    ("Hội đồng nhân dân (HĐND) xã", "Hội đồng nhân dân xã"),
    ("lớp 8A2", "lớp tám a hai"),
    # traps: what looks like one thing and is another
    ("mỗi tổ 02 đ/c", "mỗi tổ hai đồng chí"),
    ("Mức 2: 400.000 đồng", "Mức hai: bốn trăm nghìn đồng"),
    ("trực 24/7", "trực hai mươi tư trên bảy"),
    ("trong vòng 36h", "trong vòng ba mươi sáu giờ"),
    ("khối lớp 6,7 và 8", "khối lớp sáu, bảy và tám"),
    ("tăng 1,5 và 2", "tăng một phẩy năm và hai"),
    ("Sáng 9-4, tại hội trường", "Sáng mùng chín tháng tư, tại hội trường"),
    (
        "đăng ngày 08/4/2026 - 09:15",
        "đăng ngày mùng tám tháng tư năm hai nghìn không trăm hai mươi sáu, chín giờ mười lăm phút",
    ),
    ("nhiệt độ 24-260C", "nhiệt độ hai mươi tư đến hai mươi sáu độ xê"),
    ("mỗi tháng 04 số", "mỗi tháng bốn số"),
    ("ngày17/12/2025", "ngày mười bảy tháng mười hai năm hai nghìn không trăm hai mươi lăm"),
    ("khoản 1,2 Điều 7", "khoản một, hai Điều bảy"),
    ("số vi phạm", "số vi phạm"),
    (
        "Thông tư 12/2024/TT-BCT",
        "Thông tư mười hai năm hai nghìn không trăm hai mươi tư thông tư bộ công thương",
    ),
    ("Công điện số 03/CĐ-BCH", "Công điện số không ba công điện ban chỉ huy"),
    ("từ T2-T6", "từ thứ hai đến thứ sáu"),
    ("đạt 8,5/10 điểm", "đạt tám phẩy năm trên mười điểm"),
    # silence
    ("phát triển kinh tế - xã hội./.", "phát triển kinh tế xã hội."),
    ("**Kết quả**", "Kết quả"),
    ("xã/phường", "xã phường"),
    ("Ðề nghị", "Đề nghị"),
    ("https://dichvucong.gov.vn", "dịch vụ công chấm gov chấm vê en nờ"),
]


@pytest.mark.parametrize(("written", "said"), PHRASES)
def test_a_phrase_is_read_as_a_newsreader_reads_it(written: str, said: str) -> None:
    result = normalise(written)
    assert result.text == said
    assert not result.unknowns
    assert not leftovers(result.text)


@pytest.mark.parametrize(("written", "said"), PHRASES)
def test_what_is_spoken_already_stays_as_it_is(written: str, said: str) -> None:
    assert spoken(said) == said


def test_the_committee_is_the_citys_where_the_station_is_in_a_city() -> None:
    assert (
        normalise("Nghị quyết số 07-NQ/TU", Reading(party_committee="thành ủy")).text
        == "Nghị quyết số không bảy nghị quyết thành ủy"
    )


def test_the_short_form_leaves_out_the_code_where_the_kind_is_named() -> None:
    assert normalise("Kế hoạch số 07/KH-UBND", Reading(code_style="short")).text == "Kế hoạch số không bảy"
    assert "ủy ban nhân dân" in normalise("số 07/KH-UBND", Reading(code_style="short")).text


def test_foreign_words_can_be_respelled_for_voices_that_need_it() -> None:
    assert normalise("trang Facebook", Reading(foreign="respell")).text == "trang phây búc"
