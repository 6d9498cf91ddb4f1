"""Dates, months, quarters, times of day."""

from __future__ import annotations

import re
from calendar import monthrange

from content.normalise.numbers import cardinal, named
from content.normalise.reading import Reading
from content.normalise.scan import Said, Scan
from content.normalise.units import UNIT

_FULL = re.compile(r"(\d{1,2})\s?([/.\-])\s?(\d{1,2})\s?\2\s?((?:1[0-9]|2[01])\d{2})(?!\d)")
_ISO = re.compile(r"((?:19|20)\d{2})-(\d{2})-(\d{2})(?!\d)")
_DAY_MONTH = re.compile(
    r"(\d{1,2})\s?([/.\-])\s?(\d{1,2})(?![\d%]|\s?/\s?\d|[.,]\d|-\d(?!\d?/\d)|\s?[a-z]?[°%])"
)
_MONTH_YEAR = re.compile(r"(\d{1,2})\s?[/\-.]\s?((?:19|20)\d{2})(?![\d/])")
_MONTH_SHORT_YEAR = re.compile(r"(1[0-2]|0?[1-9])/([2-4]\d)(?![\d/.,%])")
_BARE_YEAR = re.compile(r",?\s((?:19|20)\d{2})(?![\d.,/\-]\d|\d|\s?\w*%)(?=\s*(?:$|[.,;:)\n]))")
_DAYS_OF_MONTH = re.compile(r"\s*(?:-|đến)\s*(?:3[01]|[012]?\d)/(?:1[012]|0?[1-9])(?![\d%]|/\d{1,3}(?!\d))")
_NUMBER = re.compile(r"\d{1,2}(?![\d.,]\d|\d)")
_DAY_SAID = re.compile(
    r"(?:đường|\bphố|quảng trường|ngày|mùng|mồng|\bsáng|\btrưa|chiều|\btối|\bđêm|\bhôm|\bdịp|\blễ|\btết|quốc khánh|kỷ niệm|ngày lễ|các ngày)\s*[:,(]?\s*$"
    r"|(?:\d|năm|tháng)\s*(?:-|,|và|&)\s*$"
)
STREETS_LEFT = re.compile(r"\b(?:các|những|tuyến|nút) (?:tuyến )?(?:đường|phố) [^.;:()\d]{0,40},\s*$")
"""In a list of streets, where "17/10" is a street named after a day."""
_DATE_STRONG = re.compile(
    r"(?:đường|\bphố|quảng trường|\bngày|mùng|mồng|\bdịp|\bsáng|\btrưa|chiều|\btối|\bđêm|\bkhuya|(?:hôm|sáng|trưa|chiều|tối|đêm|ngày) (?:nay|mai|qua|kia|sau|trước)|\bhôm|\blễ|\btức(?: là)?|kỷ niệm|quốc khánh|chào mừng|\bgiờ|\bphút|\d\s?h(?:\d\d)?|\bthứ \w+"
    r"|chủ nhật|quốc tế phụ nữ|quốc tế lao động|giải phóng miền nam|nhà giáo việt nam|phụ nữ việt nam|thầy thuốc việt nam"
    r"|báo chí cách mạng việt nam|thương binh liệt sĩ|thương binh - liệt sĩ)\s*[:,(/]?\s*(?:ngày\s*)?$"
    r"|\b(?:các|những|tuyến|nút) (?:tuyến )?(?:đường|phố) [^.;:()\d]{0,40},\s*$|\d{1,2}/\d{1,2}\s*(?:-|,|và|đến|&)\s*$|\bngày [\d, \-]+(?:-|,|và|đến)\s*$"
)
_DATE_WEAK = re.compile(r"(?:\btừ|\bđến|\bhết|\btrước|\bsau|\btới|\bvào|\bkể từ|\bhạn|\bngày:)\s*[:,(]?\s*$")
_SHARE_LEFT = re.compile(
    r"(?:giảm|tăng|chiếm|đạt|bằng|khoảng|gần|hơn|quá|ít nhất|tối thiểu|tối đa|trên|dưới|tỷ lệ|tỉ lệ)\s*(?:đến|tới|từ|trên)?\s*$"
)
SHARE_RIGHT = re.compile(
    r"\s*(?:tổng|số|diện tích|dân số|hộ|chiều|quãng|thời gian|thời lượng|khối|thành viên|đại biểu|phiếu|người|cử tri|hội viên|đảng viên"
    r"|lượng|mức|sản lượng|giá|quân số|lao động|học sinh|thôn|xã|phường|tổ|khu|đơn vị|chỉ tiêu|tiêu chí|trường|lần|thể tích|nhu cầu"
    r"|vụ|đơn|hồ sơ|trẻ|cháu|cuộc|mô hình|công trình|sản phẩm|câu|ý kiến|chi hội|chi đoàn|cơ sở|văn bản|địa phương|hộ gia đình|kinh phí|vốn|tháng|năm|ngày|quỹ|lớp|hợp tác|doanh nghiệp|sào|ha\b|lít|kg|đồng chí|ủy viên|nhiệm vụ|nội dung|cán bộ|bản|ấp|buôn|chi bộ)"
)
_FESTIVE = re.compile(
    r"\b(?:ngày|lễ|tết|dịp|kỷ niệm|chào mừng|mừng|hưởng ứng|truyền thống)\b[^,.;:()\d]{0,40}$"
)
_NAMED_DAY = re.compile(r"\b(?:Ngày|Tết|Lễ) [A-ZĐ][^,.;:()\d\n]{0,40}\(?\Z")
_DAY_LIST = re.compile(r"(?:\s*,\s*\d{1,2})*\s*(?:,|và)\s*\d{1,2}(?:/\d{1,2}(?!\d|%)|\s*tháng\s*\d)")
_LISTED = re.compile(
    r"(\d{1,2}),(\d{1,2})(?![\d%]|[.,]\d{3}|\s?(?:%|km|m|ha|kg|tấn|triệu|tỷ|nghìn|lần|độ|điểm|lít|cm|mm))"
)
_LIST_LEFT = re.compile(
    r"(?:lớp|khối|\btổ|tổ dân phố|\bkhu|khu phố|thôn|xóm|\bấp|khoản|điều|\bmục|quận|\btháng|\bngày|đội|chương|bài|tdp|\bkp|khóm|\bthứ|mũi)(?: \d{1,2}(?:,\d{1,2})*,)?\s*$"
)
_SEVERAL = re.compile(r"\b(?:các|những|gồm)\b[^.;\d]{0,24}$")
_GOES_ON = re.compile(r"\s*(?:và|,)\s*\d{1,2}(?![\d,.]|\s?%)")
_HOLIDAYS = {(30, 4), (2, 9), (8, 3), (20, 10), (20, 11), (27, 7), (19, 5), (3, 2), (22, 12), (26, 3), (27, 2), (21, 6), (19, 8),
             (28, 6), (15, 5), (13, 10), (10, 10), (9, 1), (18, 11), (7, 5), (10, 3), (24, 3), (25, 11), (26, 6), (11, 7)}  # fmt: skip
_TIME = re.compile(
    r"(\d{1,2})(?:(?:\s?[hH](?![^\W\d_])|[gG](?=\d{2})|:(?=\d{2}))(?P<glued>\d{1,2})(?!\d|[.,/]\d)|\s?(?:[hH]|giờ|Giờ)(?![^\W_])(?:\s?(?P<loose>\d{1,2})(?!\d|[.,/\-]\d|[°%]))?)"
    r"(?P<word>\s?(?:phút|ph|p|')(?![^\W_])(?:\s?(?P<second>\d{1,2})\s?(?:giây|s)(?![^\W_]))?)?(?::(?P<colon>\d{2})(?!\d))?(?![^\W_])"
)
_LOOSE_END = re.compile(r"\s*(?:$|[.,;:)\n-]|đến|ngày|sáng|chiều|tối|đêm|hằng|hàng|hôm|tại|cùng|thứ|và|phút)")
_HALF_OF_DAY = re.compile(r"\s?(SA|CH|[aApP][mM])(?![^\W_])")
_LUNAR_RIGHT = re.compile(
    r"\s*\(?\s*(?:âm lịch|ÂL|AL\b|dương lịch|(?:năm )?(?:Giáp|Ất|Bính|Đinh|Mậu|Kỷ|Canh|Tân|Nhâm|Quý) (?:Tý|Sửu|Dần|Mão|Thìn|Tỵ|Tị|Ngọ|Mùi|Thân|Dậu|Tuất|Hợi)\b)"
)
_RACE = re.compile(r"(?:(\d{1,2})')?(\d{1,2})\"(\d{1,2})(?!\d|[.,]\d)")
_DURATION = re.compile(r"(\d{1,3})(?:p|ph|')(\d{1,2})(?:s|\")?(?![^\W_])")
COUNTED = re.compile(
    r"\s*(?:[o°0]C\b|°|lần|lượt|buổi|tiếng|giờ|bữa|ca|viên|người|con|tấn|triệu|nghìn|tỷ|đồng|đêm|ngày|trận|vụ|chuyến|lít|kg|ml|%|độ|gói|bát|cốc|trường hợp|số(?! \d)|tin|bài|chương trình|kỳ|cuộc|lớp|hội|đợt|suất|phần|bản tin|chuyên mục|nội dung)"
)


def month_words(month: int, reading: Reading) -> str:
    """The word after "tháng": 4 is "tư"."""
    return "tư" if month == 4 else cardinal(month, reading)


def day_words(day: int, reading: Reading) -> str:
    """The words after "ngày": "mùng" (by configuration) before 1 to 10."""
    words = cardinal(day, reading)
    return f"{reading.day_prefix} {words}" if day <= 10 and reading.day_prefix else words


def date_words(day: int, month: int, year: int | None, reading: Reading) -> str:
    """ "mùng hai tháng chín năm hai nghìn không trăm hai mươi lăm", without "ngày"."""
    words = f"{day_words(day, reading)} tháng {month_words(month, reading)}"
    return words if year is None else f"{words} năm {cardinal(year, reading)}"


def time_words(hour: int, minute: int, second: int, reading: Reading) -> str:
    """ "năm giờ ba mươi phút"; an empty minute is not said."""
    words = f"{cardinal(hour, reading)} giờ"
    if minute or second:
        words += f" {cardinal(minute, reading)} phút"
    if second:
        words += f" {cardinal(second, reading)} giây"
    return words


def is_date(day: int, month: int, year: int = 2024) -> bool:
    """Whether the calendar has this day."""
    return 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]


def _prefixed(scan: Scan, words: str) -> str:
    left = scan.left()
    if re.search(r"(?:mùng|mồng)\s*$", left) and scan.reading.day_prefix:
        return words.removeprefix(scan.reading.day_prefix + " ")
    if _NAMED_DAY.search(scan.text, max(0, scan.pos - 48), scan.pos):
        return words
    return words if _DAY_SAID.search(left) or STREETS_LEFT.search(left) else "ngày " + words


def full_date(scan: Scan) -> Said | None:
    """Day, month and year in figures, in either order."""
    if match := _FULL.match(scan.text, scan.pos):
        day, month, year = int(match[1]), int(match[3]), int(match[4])
    elif match := _ISO.match(scan.text, scan.pos):
        year, month, day = int(match[1]), int(match[2]), int(match[3])
    else:
        return None
    if not is_date(day, month, max(year, 1)):
        return None
    return Said(match.end(), _prefixed(scan, date_words(day, month, year, scan.reading)), "date")


def day_and_month(scan: Scan) -> Said | None:
    """ "2/9" where it is a date and no fraction."""
    match = _DAY_MONTH.match(scan.text, scan.pos)
    if not match:
        return None
    day, sign, month = int(match[1]), match[2], int(match[3])
    if not is_date(day, month):
        return None
    left, right = scan.left(), scan.right(match.end())
    if len(scan.pieces) > 1 and scan.pieces[-1].text == "đến" and scan.pieces[-2].rule == "day":
        return Said(match.end(), date_words(day, month, None, scan.reading), "date")  # "từ 5-7/11"
    if (day, month) == (24, 7) and not re.search(r"\bngày\s*$", left):
        return None  # round the clock
    if sign != "/":
        near: object = re.search(
            r"(?:\bngày|\bsáng|\btrưa|chiều|\btối|\bđêm|mùng|mồng|\bdịp|\blễ|kỷ niệm|đường|\bphố|quảng trường|\bnay|hôm qua|ngày mai|ngày kia)\s?[,:(]?\s*$",
            left,
        )
        near = near or (sign == "-" and re.search(r"\bngày \d{1,2}\s*(?:,|và)\s*$", left))
        near = near or (sign == "." and re.search(r"\bngày \d{1,2}\s*-\s*$", left))
        after_date = scan.pieces and any(piece.rule == "date" for piece in scan.pieces[-2:])
        near = near or (sign == "-" and (day, month) in _HOLIDAYS and (after_date or _FESTIVE.search(left)))
        if (
            not near
            or re.match(r"\s*(?:tháng|/)", right)
            or UNIT.match(scan.text, match.end())
            or ((day, month) not in _HOLIDAYS and COUNTED.match(right))
            or (sign == "-" and re.search(r"từ ngày\s*$", left))
        ):
            return None
        if sign == "-" and re.search(r"ngày \d{1,2}\s*(?:,|và|đến)\s*$", left):
            return Said(match.end(), date_words(day, month, None, scan.reading), "date")
        if sign == "." and len(match[3]) == 1 and day < 13 and (day, month) not in _HOLIDAYS:
            return None
    else:
        strong = _DATE_STRONG.search(left) is not None
        lunar = _LUNAR_RIGHT.match(right) is not None
        if not strong and not lunar and (SHARE_RIGHT.match(right) or _SHARE_LEFT.search(left)):
            return None
        weak = _DATE_WEAK.search(left) is not None
        range_follows = (
            re.match(r"\s*(?:-|đến)\s*(?:ngày\s*)?\d{1,2}/\d{1,2}(?:/\d{4})?(?!\d)", right) is not None
            and day > month
        )
        dated_follows = re.match(r"\s*(?:-|đến)\s*\d{1,2}/\d{1,2}/\d{4}", right) is not None
        zeros = "0" in (match[1][0], match[3][0])
        holiday = (day, month) in _HOLIDAYS and (day >= month or left.strip() != "")
        festive = _FESTIVE.search(left) is not None
        improper = day > month > 1 and left.strip() != ""
        if not (
            strong
            or lunar
            or weak
            or holiday
            or range_follows
            or dated_follows
            or zeros
            or festive
            or (improper and day > 12)
        ):
            return None
    words = date_words(day, month, None, scan.reading)
    if (day, month) in _HOLIDAYS and not _DATE_WEAK.search(left):
        return Said(
            match.end(),
            words if not re.search(r"(?:mùng|mồng)\s*$", left) else words.replace("mùng ", "", 1),
            "date",
        )
    return Said(match.end(), _prefixed(scan, words), "date")


_FIRST_MONTHS = re.compile(r"(1[0-2]|[1-9])\s?T\s?/\s?((?:19|20)\d{2})(?!\d)")


def month_and_year(scan: Scan) -> Said | None:
    """ "tháng 8/2025", "đến 8/2025", and the "1/2025" of "quý 1/2025"."""
    if first := _FIRST_MONTHS.match(scan.text, scan.pos):  # "9T/2026": the first nine months
        months, year = cardinal(int(first[1]), scan.reading), cardinal(int(first[2]), scan.reading)
        return Said(first.end(), f"{months} tháng năm {year}", "month")
    match = _MONTH_YEAR.match(scan.text, scan.pos)
    if not match:
        short = _MONTH_SHORT_YEAR.match(scan.text, scan.pos)
        if not short or not re.search(r"\btháng\s*$", scan.left(12)):
            return None
        month, year = month_words(int(short[1]), scan.reading), cardinal(2000 + int(short[2]), scan.reading)
        return Said(short.end(), f"{month} năm {year}", "month")
    number, year = int(match[1]), cardinal(int(match[2]), scan.reading)
    left = scan.left()
    if re.search(r"(?:t[ỷỉ] lệ|bản đồ)\s*$", left):
        return None
    if re.search(r"(?:\btháng|tháng \d{1,2}(?:, \d{1,2})*\s*(?:-|,|và|đến))\s*$", left) and 1 <= number <= 12:
        return Said(match.end(), f"{month_words(number, scan.reading)} năm {year}", "month")
    if re.search(
        r"(?:\bquý|học kỳ|\bkỳ|\bđợt|\btuần|\bsố|\bkhóa|\bkhoá|\blần|\bvòng|\bphiên|giai đoạn)\s*$", left
    ):
        return Said(match.end(), f"{cardinal(number, scan.reading)} năm {year}", "month")
    if 1 <= number <= 12 and "/" in match.group():
        return Said(match.end(), f"tháng {month_words(number, scan.reading)} năm {year}", "month")
    return None


_LUNAR_MONTH = re.compile(r"\s*tháng\s+(?:giêng|chạp)(?!\w)", re.IGNORECASE)


def day_or_month(scan: Scan) -> Said | None:
    """The number after "ngày" or "tháng" (a list or range after them too)."""
    match = _NUMBER.match(scan.text, scan.pos)
    if not match:
        return None
    number, left = int(match.group()), scan.left()
    right = scan.right(match.end())
    if (
        1 <= number <= 31
        and _DAYS_OF_MONTH.match(right)
        and (several := re.search(r"\bngày\s*$|(?:\btừ|[(:])\s*$", left))
    ):
        day = "" if several.group().startswith("ngày") else "ngày "
        return Said(match.end(), day + day_words(number, scan.reading), "day")
    if re.search(r"(?:mùng|mồng)\s*$", left) and 1 <= number <= 10:
        return Said(match.end(), cardinal(number, scan.reading), "day")
    if 1 <= number <= 31 and _DAY_LIST.match(right) and re.search(r"\bngày(?: \d{1,2} ?(?:,|và))*\s*$", left):
        return Said(match.end(), day_words(number, scan.reading), "day")
    day_before = re.search(
        r"(?<!\d )(?:\bngày|hôm|\bsáng|\btối|chiều|\bđêm|\btrưa)(?: \d{1,2} ?(?:,|và|-|đến|đến ngày|&))*\s*$",
        left,
    )
    half = re.search(r"(?:hôm|\bsáng|\btối|chiều|\bđêm|\btrưa)\s*$", left)
    if (
        day_before
        and 1 <= number <= 31
        and not COUNTED.match(right)
        and (not half or re.match(r"\s*(?:tháng|/|,?\s*ngày \d|và (?:sáng|chiều|tối|đêm|ngày) \d)", right))
        and not re.search(r"(?:mỗi|một|hai|ba|\d|trong|hằng|hàng) ngày\s*$", left)
    ):
        return Said(match.end(), day_words(number, scan.reading), "day")
    if 1 <= number <= 30 and _LUNAR_MONTH.match(right):
        return Said(
            match.end(), day_words(number, scan.reading), "day"
        )  # "năm tháng Giêng" would be five months
    if (
        re.match(r"\s*tháng\s*\d", right)
        and 1 <= number <= 31
        and re.search(r"(?:từ|đến|và|,|-|\()\s*$", left)
    ):
        return Said(match.end(), day_words(number, scan.reading), "day")
    if (
        re.search(
            r"\bngày \d{1,2} tháng\s*$|(?<!\d )(?<!mỗi )(?<!một )(?<!hằng )(?<!hàng )(?<!vài )\btháng\s*$",
            left,
        )
        and 1 <= number <= 12
        and not COUNTED.match(right)
    ):
        words = month_words(number, scan.reading)
        if year := _BARE_YEAR.match(scan.text, match.end()):
            return Said(year.end(), f"{words} năm {cardinal(int(year[1]), scan.reading)}", "month")
        return Said(match.end(), words, "month")
    return None


def listed(scan: Scan) -> Said | None:
    """The 7 of "lớp 7,8 và 9", "khoản 1,2 Điều 5": a comma without a blank, and no decimal."""
    match = _LISTED.match(scan.text, scan.pos)
    if not match:
        return None
    left = scan.left()
    several = (
        _SEVERAL.search(left) and _GOES_ON.match(scan.text, match.end(2)) and int(match[1]) < int(match[2])
    )
    if not several and not _LIST_LEFT.search(left):
        return None
    number = int(match[1])
    if re.search(r"\bngày\s*$|\bngày [\d,]+$", left) and number <= 31:
        words = day_words(number, scan.reading)
    elif re.search(r"\btháng\s*$|\btháng [\d,]+$", left) and number <= 12:
        words = month_words(number, scan.reading)
    else:
        words = cardinal(number, scan.reading)
    return Said(match.end(1), words, "list-number")


_MIXED_LEFT = re.compile(r"\b(?:pha|pha loãng|trộn|hòa|hoà)(?: đều| với| theo)?\s*$", re.IGNORECASE)
"""Before a ratio of what is mixed, not a time of day: "pha 1:10"."""


def time_of_day(scan: Scan) -> Said | None:
    """ "5h30", "05:00", "17g30", "7 giờ 30", "14 giờ 00 phút"."""
    if (match := _TIME.match(scan.text, scan.pos)) and not (
        re.search(r"t[ỷỉ] (?:lệ|số)\s*$", scan.left())
        or (":" in match.group() and _MIXED_LEFT.search(scan.left()))
    ):
        glued, loose = match["glued"], match["loose"]
        end = match.end()
        if loose and not match["word"] and not _LOOSE_END.match(scan.right(end)):
            end, loose = match.start("loose"), None
            while scan.text[end - 1].isspace():
                end -= 1
        hour, minute = int(match[1]), int(glued or loose or 0)
        second = int(match["second"] or match["colon"] or 0)
        if (
            hour <= 24
            and minute <= 59
            and second <= 59
            and not (glued and len(glued) == 1 and ":" in match.group())
        ):
            half = _HALF_OF_DAY.match(scan.text, end)
            words = time_words(hour, minute, second, scan.reading)
            if half:
                return Said(
                    half.end(), f"{words} {'chiều' if half[1].lower() in {'pm', 'ch'} else 'sáng'}", "time"
                )
            return Said(end, words, "time")
    if (race := _RACE.match(scan.text, scan.pos)) and int(race[2]) < 60:
        minutes = f"{cardinal(int(race[1]), scan.reading)} phút " if race[1] else ""
        return Said(
            race.end(), f"{minutes}{cardinal(int(race[2]), scan.reading)} giây {named(race[3])}", "time"
        )
    match = _DURATION.match(scan.text, scan.pos)
    if match and int(match[2]) < 60:
        seconds = f" {cardinal(int(match[2]), scan.reading)} giây"
        return Said(match.end(), f"{cardinal(int(match[1]), scan.reading)} phút{seconds}", "time")
    return None
