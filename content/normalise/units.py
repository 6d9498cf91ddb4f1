"""Units of measure and money after a number, and rates ("/năm", "km/h")."""

from __future__ import annotations

import re

from content.lexicon.alphabet import LOWER
from content.normalise.syllables import is_syllable

UNITS: dict[str, str] = {
    "km2": "ki lô mét vuông", "hm2": "héc tô mét vuông", "m2": "mét vuông", "dm2": "đề xi mét vuông",
    "cm2": "xăng ti mét vuông", "mm2": "mi li mét vuông", "km3": "ki lô mét khối", "m3": "mét khối",
    "dm3": "đề xi mét khối", "cm3": "xăng ti mét khối", "km": "ki lô mét", "Km": "ki lô mét", "KM": "ki lô mét",
    "hm": "héc tô mét", "dam": "đề ca mét", "m": "mét", "dm": "đề xi mét", "cm": "xăng ti mét", "mm": "mi li mét",
    "µm": "mi cờ rô mét", "μm": "mi cờ rô mét", "nm": "na nô mét", "inch": "inch", "in": "inch", "diop": "đi ốp", "điốp": "đi ốp", "ha": "héc ta",
    "Ha": "héc ta", "HA": "héc ta", "kg": "ki lô gam", "Kg": "ki lô gam", "KG": "ki lô gam", "g": "gam", "gr": "gam",
    "gam": "gam", "mg": "mi li gam", "mcg": "mi cờ rô gam", "µg": "mi cờ rô gam", "μg": "mi cờ rô gam",
    "l": "lít", "L": "lít", "lit": "lít", "ml": "mi li lít", "mL": "mi li lít", "dl": "đề xi lít", "cc": "xê xê",
    "kW": "ki lô oát", "KW": "ki lô oát", "kw": "ki lô oát", "kWh": "ki lô oát giờ", "KWh": "ki lô oát giờ",
    "kwh": "ki lô oát giờ", "KWH": "ki lô oát giờ", "MW": "mê ga oát", "MWh": "mê ga oát giờ", "GW": "gi ga oát",
    "GWh": "gi ga oát giờ", "tw": "tê ra oát", "TW": "tê ra oát", "W": "oát", "w": "oát", "kWp": "ki lô oát pích",
    "MWp": "mê ga oát pích", "kV": "ki lô vôn", "KV": "ki lô vôn", "kv": "ki lô vôn", "V": "vôn", "v": "vôn",
    "mV": "mi li vôn", "kVA": "ki lô vôn am pe", "KVA": "ki lô vôn am pe", "kva": "ki lô vôn am pe",
    "MVA": "mê ga vôn am pe", "mA": "mi li am pe", "mAh": "mi li am pe giờ", "Ah": "am pe giờ", "kA": "ki lô am pe",
    "Hz": "hẹc", "hz": "hẹc", "HZ": "hẹc", "kHz": "ki lô hẹc", "KHz": "ki lô hẹc", "MHz": "mê ga hẹc",
    "Mhz": "mê ga hẹc", "mhz": "mê ga hẹc", "MHZ": "mê ga hẹc", "GHz": "gi ga hẹc", "Ghz": "gi ga hẹc",
    "GB": "gi ga bai", "Gb": "gi ga bít", "gb": "gi ga bai", "MB": "mê ga bai", "mb": "mê ga bai", "KB": "ki lô bai",
    "kB": "ki lô bai", "kb": "ki lô bai", "TB": "tê ra bai", "Mbps": "mê ga bít trên giây",
    "Gbps": "gi ga bít trên giây", "kbps": "ki lô bít trên giây", "dB": "đề xi ben", "dBA": "đề xi ben a",
    "db": "đề xi ben", "hp": "mã lực", "HP": "mã lực", "CV": "mã lực", "ppm": "phần triệu", "mmol": "mi li mon", "µmol": "mi cờ rô mon", "mmHg": "mi li mét thủy ngân",
    "hPa": "héc tô pát can", "mbar": "mi li ba", "Pa": "pát can", "kPa": "ki lô pát can", "atm": "át mốt phe",
    "kcal": "ki lô ca lo", "Kcal": "ki lô ca lo", "cal": "ca lo", "UI": "đơn vị quốc tế", "IU": "đơn vị quốc tế",
    "lux": "lúc", "rpm": "vòng một phút", "°C": "độ xê", "°c": "độ xê", "oC": "độ xê", "0C": "độ xê", "°F": "độ ép",
    "°N": "độ vĩ bắc", "°E": "độ kinh đông", "°S": "độ vĩ nam", "°W": "độ kinh tây",
    "°K": "độ ca", "°k": "độ ca", "°": "độ", "%": "phần trăm", "‰": "phần nghìn",
    "đ": "đồng", "Đ": "đồng", "đồng": "đồng", "VNĐ": "đồng", "VND": "đồng", "vnđ": "đồng", "vnd": "đồng", "Vnđ": "đồng",
    "tr.đ": "triệu đồng", "trđ": "triệu đồng", "Trđ": "triệu đồng", "trđồng": "triệu đồng", "tr.đồng": "triệu đồng",
    "triệuđ": "triệu đồng", "tỷđ": "tỷ đồng", "tỷđồng": "tỷ đồng", "nghđ": "nghìn đồng", "ngđ": "nghìn đồng",
    "1000đ": "nghìn đồng", "USD": "đô la", "usd": "đô la", "$": "đô la", "EUR": "ơ rô", "€": "ơ rô", "£": "bảng anh",
    "¥": "yên nhật", "₹": "rupee", "NDT": "nhân dân tệ",
}  # fmt: skip
ATTACHED: dict[str, str] = {
    "k": "nghìn", "K": "nghìn", "tr": "triệu", "Tr": "triệu", "t": "tỷ", "p": "phút", "ph": "phút", "s": "giây",
    "h": "giờ", "'N": "phút vĩ bắc", "'E": "phút kinh đông", "''": "giây", "'": "phút", '"': "giây", "tỷ": "tỷ", "triệu": "triệu", "tấn": "tấn", "tạ": "tạ", "lít": "lít", "độ": "độ",
}  # fmt: skip
_RATE_WORDS = str.split(
    """
    năm tháng tuần ngày đêm giờ phút giây quý vụ đợt lần lượt ca buổi tiết khóa kỳ học_kỳ người nhân_khẩu
    bản_tin phụ_nữ khẩu hộ gia_đình cháu em học_sinh trẻ suất xuất cái chiếc con cây sào công mẫu tấn tạ yến cân lít mét
    km xe chuyến bài tin chương_trình lớp trường xã phường thôn tổ cấp bộ liều mũi viên bao thùng chai
    hộp cuốn phiếu phòng căn đơn_vị đồng_chí vạn_dân hồ_sơ sản_phẩm lao_động đối_tượng trường_hợp
    thành_viên hội_viên đại_biểu cử_tri vị_trí ao lồng bè héc_ta lượng chỉ giải chuyên_mục chuyên_đề trận hiệp
    """
)
RATE_WORDS = tuple(sorted((word.replace("_", r"\s") for word in _RATE_WORDS), key=len, reverse=True))
MEASURE_WORDS = frozenset(
    str.split(
        """
    đồng lần người tấn tạ yến cân lít ca giờ buổi tiết ngày đêm tháng con cây suất hộ bài tin lượt cuộc
    phút triệu tỷ nghìn ngàn điểm máy hợp phẩm mũi liều viên mét gam vôn héc ta sào số trình khẩu em cháu
    sinh vụ kỳ đợt chuyến xe đô la quả bao trận công tuần năm độ trứng loa động
    """
    )
)
_BY_LENGTH = sorted(UNITS, key=len, reverse=True)
_EDGE = r"(?![^\W_]|/[cvđ](?![^\W_]))"  # "05 đ/c" are comrades, no đồng
UNIT = re.compile(
    r"(?P<space>[ \t]?)(?P<unit>" + "|".join(re.escape(unit) for unit in _BY_LENGTH if unit not in "°%‰$€£¥₹") + ")" + _EDGE
    + r"|[ \t]?(?P<sign>°(?=[\s\d.,;:)'\-/]|$)|[%‰$€£¥₹])"
)  # fmt: skip
ATTACHED_UNIT = re.compile(
    "(?P<unit>" + "|".join(sorted(map(re.escape, ATTACHED), key=len, reverse=True)) + ")" + _EDGE
)
RATE = re.compile(
    r"\s?/\s?(?:(?P<count>\d{1,3}(?:\.\d{3})*)\s?)?(?:(?P<word>" + "|".join(RATE_WORDS) + r"|"
    + "|".join(["HS", "hs", "SV", "HV", "GV", "BN", "NK", "LĐ", "đ/c", "TDP", "HKD", "DN", r"ng\.đ", "ngđ", "ng.đêm"]) + r")(?![^\W_]|(?<=năm) (?:19|20)\d\d)|(?P<unit>"
    + "|".join(re.escape(unit) for unit in [*_BY_LENGTH, "h", "min", "s", "giây"] if unit.isalnum() and unit not in {"in", "Đ", "V", "v", "W", "w", "CV"}) + ")"
    + _EDGE + ")",
)  # fmt: skip
_RATE_SHORT = {"HS": "học sinh", "hs": "học sinh", "SV": "sinh viên", "HV": "học viên", "GV": "giáo viên", "BN": "bệnh nhân", "NK": "nhân khẩu", "LĐ": "lao động", "đ/c": "đồng chí", "TDP": "tổ dân phố", "ng.đ": "ngày đêm", "ngđ": "ngày đêm", "ng.đêm": "ngày đêm", "HKD": "hộ kinh doanh", "DN": "doanh nghiệp"}  # fmt: skip
_RATE_ONLY = {"h": "giờ", "min": "phút", "s": "giây", "giây": "giây"}

ANY_RATE = re.compile(rf"\s?/\s?([{LOWER}]{{2,}}(?:\s(?:khẩu|sinh|gái|trai))?)(?![^\W_])")
"""After money, percent or a measure whatever follows the stroke is what it is reckoned by."""

_PLACES = "xã|phường|trấn|thôn|bản|xóm|ấp|buôn|khóm|tổ|khu|phố|huyện|quận|tỉnh"
_THING_RATE = re.compile(
    rf"\s?/\s?(?:(?P<word>{_PLACES}|hộ|người|năm|tháng|tuần|ngày|đêm|giờ|vụ|đợt|lần|sào|công|mẫu|cây|con|dảnh|bông|bụi|hố|gốc|luống"
    rf"|khay|bình|bao|thùng|hộp|lồng|ao|chuồng|lứa|chuyến|buổi|ca|quý|kỳ|phòng|lớp|trường|chi bộ|chi hội|hội viên|đảng viên)(?![^\W_]|\s?/)"
    r"|(?P<unit>m2|m3|km2|km|ha|kg|cm2|lít)(?![^\W_]))"
)
_PLACE = re.compile(rf"(?:{_PLACES})\Z")


def thing_rate(text: str, at: int, thing: str) -> tuple[int, str] | None:
    """(where it ends, the words) of "/m2", "/xã" at `at` after counted things; places beside places are a choice."""
    match = _THING_RATE.match(text, at)
    if not match or (match["word"] and _PLACE.match(match["word"]) and _PLACE.match(thing)):
        return None
    return match.end(), rate_word(match["word"]) if match["word"] else unit_words(match["unit"])


def rate_word(word: str) -> str:
    """The words of what a rate is reckoned by, written out or short ("HS")."""
    return _RATE_SHORT.get(word) or " ".join(word.split())


def any_rate(text: str, at: int) -> tuple[int, str] | None:
    """(where it ends, the word) of any "/word" at `at`, a Vietnamese word only."""
    match = ANY_RATE.match(text, at)
    if not match or match[1] == "tổng" or not all(is_syllable(word) for word in match[1].split()):
        return None
    return match.end(), " ".join(match[1].split())


def unit_words(unit: str) -> str:
    """The words of a unit that follows a number or a "/"."""
    return UNITS.get(unit) or _RATE_ONLY.get(unit) or ATTACHED.get(unit) or unit
