"""Phrases in the form of ward bulletins, farm calendars, weather, sport and notices; readings fixed before any run."""

from __future__ import annotations

import pytest

from content.normalise import leftovers, normalise, spoken
from content.normalise.repairs import repaired

PHRASES = [
    # days of a month joined by hyphens and dots
    (
        "xuống giống từ 18-1 đến 12-2",
        "xuống giống từ ngày mười tám tháng một đến ngày mười hai tháng hai",
    ),
    ("gieo thẳng từ 6-18.2", "gieo thẳng từ ngày mùng sáu đến ngày mười tám tháng hai"),
    (
        "tiêm đợt 1 từ 12.3 - 20.4",
        "tiêm đợt một từ ngày mười hai tháng ba đến ngày hai mươi tháng tư",
    ),
    ("lúa trổ từ 4 đến 16-5", "lúa trổ từ ngày mùng bốn đến ngày mười sáu tháng năm"),
    ("hội làng 12-3 âm lịch", "hội làng ngày mười hai tháng ba âm lịch"),
    ("mỗi hộ từ 3-5 đến 7-9 người", "mỗi hộ từ ba đến năm đến bảy đến chín người"),
    ("độ pH từ 6.5 đến 7.5", "độ pê hát từ sáu chấm năm đến bảy chấm năm"),
    ("giỗ họ (tức 14/9 năm Đinh Mùi)", "giỗ họ, tức ngày mười bốn tháng chín năm Đinh Mùi"),
    (
        "cấm các đường Lê Lai, 19/8, Hai Bà Trưng",
        "cấm các đường Lê Lai, mười chín tháng tám, Hai Bà Trưng",
    ),
    (
        "cắt nước 21h ngày 6/11 - 3h ngày 7/11",
        "cắt nước hai mươi mốt giờ ngày mùng sáu tháng mười một đến ba giờ ngày mùng bảy tháng mười một",
    ),
    # things counted by other things
    ("cấy 28-32 khóm/m2", "cấy hai mươi tám đến ba mươi hai khóm một mét vuông"),
    ("để 2-3 nhánh/bụi", "để hai đến ba nhánh một bụi"),
    ("đạt 16 tiêu chí/xã", "đạt mười sáu tiêu chí một xã"),
    ("tại 9 xã/phường", "tại chín xã phường"),
    ("lớp học 32 HS/lớp", "lớp học ba mươi hai học sinh một lớp"),
    ("giá 95k/kg", "giá chín mươi lăm nghìn một ki lô gam"),
    ("xe từ 7 chỗ - 12 chỗ", "xe từ bảy chỗ đến mười hai chỗ"),
    # what looks like a range, a unit or an abbreviation and is none
    ("thiết bị 110V-60Hz", "thiết bị một trăm mười vôn sáu mươi hẹc"),
    ("đặt điều hòa 25-27 độ", "đặt điều hòa hai mươi lăm đến hai mươi bảy độ"),
    ("kết quả 12-14 mô hình", "kết quả mười hai đến mười bốn mô hình"),
    (
        "chung kết bóng chuyền: Thôn Na 3 - 1 thôn Bái (25-21, 25-19)",
        "chung kết bóng chuyền: Thôn Na ba một thôn Bái, hai mươi lăm hai mươi mốt, hai mươi lăm mười chín",
    ),
    ("giải bóng đá (lứa tuổi 11-13)", "giải bóng đá, lứa tuổi mười một đến mười ba"),
    ("cao 1m58, nặng 50kg", "cao một mét năm mươi tám, nặng năm mươi ki lô gam"),
    ("nước ngập sâu 1m2", "nước ngập sâu một mét hai"),
    ("nền nhà 12m2", "nền nhà mười hai mét vuông"),
    ("chạy hết 1'08\"40", "chạy hết một phút tám giây bốn mươi"),
    ("xét nghiệm HIV (+)", "xét nghiệm hát i vê dương tính"),
    ("bệnh nhân nữ, 62T", "bệnh nhân nữ, sáu mươi hai tuổi"),
    ("ngã ba Km8+250/ĐT.512", "ngã ba ki lô mét tám cộng hai trăm năm mươi đường tỉnh năm trăm mười hai"),
    ("05/TB-UBND", "không năm thông báo ủy ban nhân dân"),
    ("mục II.3 của Kế hoạch", "mục hai chấm ba của Kế hoạch"),
    ("gọi 0987.xxx.123", "gọi không chín tám bảy ích ích ích một hai ba"),
    ("số +84 28 7300 xxxx", "số cộng tám bốn hai tám bảy ba không không ích ích ích ích"),
    ("gọi 111 (trẻ em), 113, 114", "gọi một một một, trẻ em, một một ba, một một bốn"),
    ("uống 2v/ngày", "uống hai viên một ngày"),
    ("phụ lục 03, 04 kèm theo", "phụ lục không ba, không bốn kèm theo"),
    ("trả trước hạn 48 HS", "trả trước hạn bốn mươi tám hồ sơ"),
    ("khởi công (05/10 năm Đinh Mùi)", "khởi công, ngày mùng năm tháng mười năm Đinh Mùi"),
    ("mật khẩu 20262027", "mật khẩu hai không hai sáu hai không hai bảy"),
    ("chuyển qua BIDV", "chuyển qua bê i đê vê"),
    ("giống lúa HT9, thẻ mã HT3", "giống lúa hát tê chín, thẻ mã hát tê ba"),
    ("phun CuSO4 trước 5 ngày", "phun xê u ét sờ o bốn trước năm ngày"),
    # said once
    (
        "Tiêu chuẩn TCVN 4055:2012",
        "Tiêu chuẩn việt nam bốn nghìn không trăm năm mươi lăm năm hai nghìn không trăm mười hai",
    ),
    ("Quốc lộ QL 47", "Quốc lộ bốn mươi bảy"),
    # short forms by their surroundings
    ("Trưởng ban CTMT thôn", "Trưởng ban công tác mặt trận thôn"),
    ("họp tại HT tầng 2", "họp tại hội trường tầng hai"),
    ("PV, BTV của đài", "phóng viên, biên tập viên của đài"),
    ("lớp PCĐN cho trẻ", "lớp phòng chống đuối nước cho trẻ"),
    ("LS 6,6%/năm", "lãi suất sáu phẩy sáu phần trăm một năm"),
    ("bão đi về hướng ĐĐN", "bão đi về hướng đông đông nam"),
    ("đạt TC số 15", "đạt tiêu chí số mười lăm"),
    # what a scanner or a PDF has damaged
    ("LÃNH ĐẠOPHƯỜNG dự", "lãnh đạo phường dự"),
    ("ông TrầnMạnh đuợc mời", "ông Trần Mạnh được mời"),
]


@pytest.mark.parametrize(("written", "said"), PHRASES)
def test_a_phrase_of_a_bulletin_is_read_as_a_newsreader_reads_it(written: str, said: str) -> None:
    result = normalise(written)
    assert result.text == said
    assert not result.unknowns
    assert not leftovers(result.text)


@pytest.mark.parametrize("said", [said for _, said in PHRASES])
def test_the_reading_of_a_bulletin_stays_as_it_is(said: str) -> None:
    assert spoken(said) == said


@pytest.mark.parametrize(
    "word", ["thịtrấn", "hoa", "Manchester", "panô", "ươ", "ủyban", "nhândânxã", "ă" * 5000]
)
def test_a_word_that_could_have_been_several_things_is_not_repaired(word: str) -> None:
    assert repaired(word) is None


@pytest.mark.parametrize(
    "text", ["1-1" + " " * 40_000, "0*" * 4_000, "0x" * 4_000, "http://a.vn/b-c " * 2_500, "1:2" * 6_000]
)
def test_text_made_to_stop_the_walk_does_not(text: str) -> None:
    assert not leftovers(spoken(text).replace("http", "").replace("a.vn", ""))
