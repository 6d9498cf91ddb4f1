"""Phrases in the form of ward announcements where one rule could take what belongs to another."""

from __future__ import annotations

import pytest

from content.normalise import leftovers, normalise, spoken

PHRASES = [
    # a figure after a telephone that is no telephone number
    ("trợ cấp điện thoại 150.000 đồng/tháng", "trợ cấp điện thoại một trăm năm mươi nghìn đồng một tháng"),
    ("nạp điện thoại 20.000đ", "nạp điện thoại hai mươi nghìn đồng"),
    ("số điện thoại: 3.765.432", "số điện thoại: ba bảy sáu năm bốn ba hai"),
    ("tổng đài, máy lẻ 205", "tổng đài, máy lẻ hai không năm"),
    ("gọi 113/114/115", "gọi một một ba một một bốn một một năm"),
    ("soạn CSGT gửi 8055", "soạn cảnh sát giao thông gửi tám không năm năm"),
    ("gửi 1200 suất quà", "gửi một nghìn hai trăm suất quà"),
    ("những năm 1900-1954", "những năm một nghìn chín trăm đến một nghìn chín trăm năm mươi tư"),
    ("Tel: (84-203) 3725.123", "điện thoại: tám bốn hai không ba ba bảy hai năm một hai ba"),
    ("hôm nay (9-12) trời rét", "hôm nay, ngày mùng chín tháng mười hai, trời rét"),
    ("Phòng PA05, chung cư PA2", "Phòng pê a không năm, chung cư pê a hai"),
    ("KTS Trần An, loa KTS", "kiến trúc sư Trần An, loa kỹ thuật số"),
    # dates, and what stands after a dash
    ("mưa đêm 18-19.11", "mưa đêm mười tám đến ngày mười chín tháng mười một"),
    ("nghỉ mùng 2 - mùng 4 Tết", "nghỉ mùng hai đến mùng bốn Tết"),
    (
        "trước 12/01/2026 - 30 ngày trước hội nghị",
        "trước ngày mười hai tháng một năm hai nghìn không trăm hai mươi sáu, ba mươi ngày trước hội nghị",
    ),
    ("lớp khóa 3/2026", "lớp khóa ba năm hai nghìn không trăm hai mươi sáu"),
    ("bắt đầu từ trưa mai 3/7", "bắt đầu từ trưa mai ngày mùng ba tháng bảy"),
    ("khuya 4/10 có mưa", "khuya ngày mùng bốn tháng mười có mưa"),
    ("chiều 17.3 khai mạc", "chiều mười bảy tháng ba khai mạc"),
    ("chạy trên đường 3-5 km", "chạy trên đường ba đến năm ki lô mét"),
    ("thu mỗi chiều 2-3 triệu", "thu mỗi chiều hai đến ba triệu"),
    (
        "từ 26 tháng Chạp - mùng 4 tháng Giêng",
        "từ hai mươi sáu tháng Chạp đến mùng bốn tháng Giêng",
    ),
    ("lễ hội 8 tháng Giêng", "lễ hội mùng tám tháng Giêng"),
    ("mừng 8-3, 26-3", "mừng mùng tám tháng ba, hai mươi sáu tháng ba"),
    ("trận CK 9h CN 14/6", "trận chung kết chín giờ chủ nhật ngày mười bốn tháng sáu"),
    # counts and names that open with a zero
    ("mỗi thôn 03 băng rôn", "mỗi thôn ba băng rôn"),
    ("phòng: 02 văn bản", "phòng: hai văn bản"),
    ("tổ 05 phường Hồng Hà", "tổ không năm phường Hồng Hà"),
    ("từ tổ 01 đến tổ 04", "từ tổ không một đến tổ không bốn"),
    ("đường 02 chiều", "đường hai chiều"),
    ("Quyết định số 12/QĐUBND", "Quyết định số mười hai quyết định ủy ban nhân dân"),
    ("giá 60.000đ/kg (+2.000đ)", "giá sáu mươi nghìn đồng một ki lô gam, tăng hai nghìn đồng"),
    ("nhắn tin TNCN gửi 8069", "nhắn tin thu nhập cá nhân gửi tám không sáu chín"),
    # headings and the end of a document
    ("IV.2. Kinh phí", "bốn chấm hai, Kinh phí"),
    ("V.3 Giải pháp", "năm chấm ba, Giải pháp"),
    ("Lưu: VT, NC, TH (04b).", "Lưu: văn thư, nội chính, tổng hợp, bốn bản."),
    ("Sở TC, Bộ NV", "Sở tài chính, Bộ nội vụ"),
    (
        "Trung tâm Phục vụ hành chính công (Trung tâm PVHCC) phường",
        "Trung tâm Phục vụ hành chính công phường",
    ),
    # points, shares, rates
    ("trên 12/năm", "trên mười hai mỗi năm"),
    ("thông báo số 4/năm 2026", "thông báo số bốn năm hai nghìn không trăm hai mươi sáu"),
    ("đạt 95%/KH", "đạt chín mươi lăm phần trăm kế hoạch"),
    ("tăng 4% GRDP/năm", "tăng bốn phần trăm giê e rờ đê pê một năm"),
    ("nhẫn vàng 18K, vé 18k", "nhẫn vàng mười tám ca, vé mười tám nghìn"),
    ("cộng 2.5đ", "cộng hai phẩy năm điểm"),
    ("loại khá (7.0 - 8.5 điểm)", "loại khá, bảy phẩy không đến tám phẩy năm điểm"),
    ("chấm 8/10 điểm", "chấm tám trên mười điểm"),
    ("có 6/6 nhân viên", "có sáu trên sáu nhân viên"),
    ("vay 2/3 vốn", "vay hai phần ba vốn"),
    ("nuôi 12 con/lứa", "nuôi mười hai con một lứa"),
    ("phân 12-5-10/sào", "phân mười hai năm mười, một sào"),
    # names with letters and figures
    ("chung cư CT5, tòa HH1", "chung cư xê tê năm, tòa hát hát một"),
    ("theo CT 05", "theo chỉ thị không năm"),
    ("xe 15E-012.34.", "xe mười lăm e không một hai ba bốn."),
    ("Biểu 2Danh sách hộ", "Biểu hai Danh sách hộ"),
    ("đánh dấu (X) vào ô", "đánh dấu ích xì vào ô"),
    ("bà H'Linh, ông K'Sơn", "bà hờ Linh, ông cờ Sơn"),
    ("đồng bào H'Mông", "đồng bào hờ mông"),
    # short forms by their surroundings
    ("họp tại số 9 Đ. Quang Trung", "họp tại số chín đường Quang Trung"),
    ("ký HĐLĐ, VD: lao động mùa vụ", "ký hợp đồng lao động, ví dụ: lao động mùa vụ"),
    ("các trường MN, TH, THCS", "các trường mầm non, tiểu học, trung học cơ sở"),
    ("CA, QS phường", "công an, quân sự phường"),
    ("các hộ KD", "các hộ kinh doanh"),
    ("quà cho TE mồ côi", "quà cho trẻ em mồ côi"),
    ("CB, GV, NV nhà trường", "cán bộ, giáo viên, nhân viên nhà trường"),
    ("Lệnh gọi số 05/LG-BCH", "Lệnh gọi số không năm lệnh gọi ban chỉ huy"),
]


@pytest.mark.parametrize(("written", "said"), PHRASES)
def test_a_phrase_of_an_announcement_is_read_as_a_newsreader_reads_it(written: str, said: str) -> None:
    result = normalise(written)
    assert result.text == said
    assert not result.unknowns
    assert not leftovers(result.text)


@pytest.mark.parametrize("said", [said for _, said in PHRASES])
def test_the_reading_of_an_announcement_stays_as_it_is(said: str) -> None:
    assert spoken(said) == said
