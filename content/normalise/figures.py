"""Figures: counts, names with numbers, quantities with units, rates, ratios, headings, house numbers."""

from __future__ import annotations

import re

from content.lexicon.alphabet import LOWER, UPPER
from content.normalise.calendar import SHARE_RIGHT, STREETS_LEFT
from content.normalise.letters import LETTER_NAMES, spell
from content.normalise.numbers import cardinal, decimal, digits, named, ordinal
from content.normalise.scan import LONGEST_TOKEN, Said, Scan
from content.normalise.syllables import is_syllable
from content.normalise.units import ATTACHED, ATTACHED_UNIT, RATE, UNIT, any_rate, rate_word, unit_words

NUMBER = re.compile(
    r"\d{1,3}(?:\.\d{3})+(?:,\d+)?(?![\d]|\.\d)|\d{1,3}(?:,\d{3}){2,}(?:\.\d+)?(?!\d)|\d{1,3}(?: \d{3}){1,4}(?=\s?(?:đồng|đ|vnđ|VNĐ|VND|USD|người|hộ|m2|ha)(?![^\W_]))"
    r"|\d+,\d+(?!\d)|\d+\.\d{1,2}(?![\d.])|\d+"
)
_CHAIN = re.compile(r"\d{1,3}(?:\.\d{1,3}){1,4}(?!\d)")
_HEADING = re.compile(
    rf"(\d{{1,2}}(?:\.\d{{1,2}}){{0,4}})([.)/]|[.]?\)|[.]?-(?=\s+\D))?(?=[^\S\n]|$|\n|[{UPPER}])"
)
_CODE_NEXT = re.compile(r"[A-ZĐ]{1,5}[\w&.]*[-/][A-ZĐ]")
_PARENTHESIS = re.compile(r"\((\d{1,2}(?:\.\d{1,2})*|[a-zđA-ZĐ]|[ivxIVX]{1,5})\)")
_FRACTION = re.compile(r"(\d+)\s?/\s?(\d{1,3}(?:\.\d{3})+|\d+)(?![\d]|/\d|,\d)")
_MIXED = re.compile(r"(\d+) ([1-9])/(\d{1,2})(?![\d/])")
_HOUSE = re.compile(r"\d+[A-ZĐ]{0,2}(?:\s?/\s?\d+[A-ZĐ]{0,2}){1,6}")
_HOUSE_LEFT = re.compile(
    r"(?:số nhà|nhà số|\bsn|ngõ|ngách|hẻm|kiệt|địa chỉ|địa chỉ số|tổ|,)\s*[:.]?\s*(?:số\s*)?$|(?:^|[^\w])số\s*$"
)
_HOUSE_RIGHT = re.compile(
    rf"\s*,?\s*(?:đường|phố|ngõ|ngách|hẻm|kiệt|tổ|khu|khóm|ấp|thôn|quốc lộ|ql|đ\.|phường|[A-ZĐ][{LOWER}])"
)
_COLON = re.compile(r"(\d{1,4})(\s?:\s?)(\d{1,3}(?:\.\d{3})+|\d+)(?!\d)")
_PARTS = re.compile(r"\d+(?:,\d+)?(?::\d+(?:,\d+)?){2,}(?![\d:])")
_TONNES = re.compile(r"[Tt](?![^\W_])")
_LOAD_LEFT = re.compile(
    r"(?:tải|\bxe|trọng lượng|tổng trọng|cẩu|container|\bsl|sản lượng|lương thực)[^.;\n]{0,24}$"
)
_TRIPLE = re.compile(r"\d{1,3}(?:-\d{1,3}){2,}(?![\d-])")
_GLUED_WORD = re.compile(rf"\d+([{UPPER}]?[{LOWER}]{{3,}}|[{LOWER}]*(?![a-z])[{LOWER}])\Z")
_ALNUM = re.compile(r"\d+(?:[^\W\d_]+\d*)+(?:[.\-/]\d+)*")
_NAME_LEFT = re.compile(
    r"(?:\bsố|\bnq|\bqđ|\bct\.?|\bđh\.?|\bđx\.?|\bđt\.?|\btl\.?|\bql\.?|\bkl|\bnđ|\bkh|\bđa|đề án|nghị quyết|chỉ thị|kết luận|quy định|quyết định|kế hoạch|chương trình|thông báo|hướng dẫn|công điện|nghị định|thông tư|mẫu|biểu|biểu mẫu"
    r"|phụ lục|bảng|hình|\btổ|tổ dân phố|khu phố|\bkhu|thôn|xóm|\bấp|\bbản|đội|khối|khối phố|cụm|nhóm|đường|ngõ|\blô|thửa|tuyến|hộp|phòng|\bnhà|luật|\btờ"
    r"|quốc lộ|tỉnh lộ|hương lộ|bệnh viện|\bmã|ban chỉ đạo|trung đoàn|sư đoàn|tiểu đoàn|đại đội|kênh|trạm|chốt|\bcầu|chi bộ|cống|khu dân cư|khu vực|khóm"
    r"|chuyên đề|bài|điểm|module|phân khu|tiểu khu|ô|tổ hợp|\bca|máy|cột|trụ|lối|cổng|ngách|hẻm|chợ|quận|tdp|kdc|kp|trường|khoản|điều|chương|phần|mục)\s*:?\s*$"
)
_LOWER_WORD = re.compile(rf" [{LOWER}]{{2,}}")
_NAMED_LIST = re.compile(
    r"(?:phụ lục|mẫu|biểu|bảng|đề án|tổ|khu|thôn|số|tuyến|đội|cụm)(?: số)?:? (?:0\d{1,2}(?:,| và|;|-) ?)+$"
)
"""A name with a zero before another: "phụ lục 01, 02"."""
_TOTAL_LEFT = re.compile(r"(?:tổng|quân|sĩ|dân|nhân|tổng cộng) số\s*:?\s*$")
COUNT_RIGHT = re.compile(
    r"\s*(?:đ/c|uv|tầng|người|hộ|lần|tháng|ngày|năm|nhà|cái|chiếc|con|cây|em|cháu|học sinh|đồng chí|đơn vị|tổ|đội|nhóm|thôn|xã|phường|triệu|tỷ|nghìn|đồng|tuần|giờ"
    r"|phút|buổi|tiết|bài|tin|cuộc|đợt|lớp|trường|xe|máy|loại|mức|bước|nội dung|nhiệm vụ|giải|suất|phần|bộ|bản|cá nhân|tập thể|gia đình|thành viên|đại biểu|ủy viên"
    r"|mô hình|công trình|sản phẩm|tuyến|điểm|khu|km|m2|ha|kg|vụ|trường hợp|ca|giáo viên|cán bộ|công chức|đảng viên|hội viên|tổ chức|doanh nghiệp|chỉ tiêu|tiêu chí|chiến sĩ|nhân viên|chuyên viên|lao động|cử tri|đoàn viên|băng|chậu|bình"
    r"|tủ|thùng|bao|văn bản|hồ sơ|lượt|hội nghị|hội thi|phiếu|đoàn|cơ sở|cụm loa|loa|tấm|bức|quyển|cuốn|tờ rơi|chiều|làn|dự án|hạng mục|gói|vị trí|ý kiến|câu hỏi|trận"
    r"|cặp|đôi|tiết mục|gian hàng|camera|đèn|tổ trưởng|tổ phó|bí thư|phó|chủ tịch|thư ký|hợp tác xã|cơ quan|hình ảnh|khẩu hiệu|pa nô|pano|áp phích)(?!\w)"
)
_PLACE_RIGHT = re.compile(
    r"\s*(?:phường|xã|thôn|xóm|bản|khu|tổ|đội|nhóm|trường|phòng|đơn vị|đường|tuyến) (?:[A-ZĐÂÔƠƯ]|\d|số\b)"
)
"""What a numbered thing belongs to: "tổ 05 phường Hồng Hà" is a name, no count of wards."""
_COUNTS_LEFT = re.compile(
    r"\b(?:mỗi|từng) (?:[^\W\d_]+ ){1,3}$|(?<!số)(?<!mã)(?<!mẫu)(?<!biểu)(?<!phụ lục)(?<!bảng)(?<!hình): ?$"
)
"""Before what is counted although a name could stand here: "mỗi tổ 03 bình chữa cháy", "Quốc phòng: 02 văn bản"."""
DECIMAL_RIGHT = re.compile(
    r"\s*(?:triệu|tỷ|tỉ|nghìn|tấn|tạ|lần|điểm|độ|lít|giờ|người|mét|kg|km|ha|cm|mm|kw|%|phần trăm|đồng|tuổi|năm|tháng|sào)"
)
_RANGE_RIGHT = re.compile(r"^\s?-\s?\d+[.,]\d{1,2}(?![\d.])")
_ORDINAL_LEFT = re.compile(r"\bthứ\s*$")
_SHORT_MONEY = re.compile(r"(tr|t|Tr|triệu|tỷ)(\d{1,3})(?![\w]|[,.]\d)")
_TALL = re.compile(r"(\d{1,2})m(\d{2}|\d)(?![\w/]|[.,]\d)")
"""Metres and a rest: "1m63"."""
_TALL_LEFT = re.compile(
    r"\b(?:cao|sâu|ngập|mực nước|nước dâng)(?: (?:tới|đến|trên|dưới|khoảng|gần|hơn|từ))?\s*$"
)
_PILLS = re.compile(r"v(?=\s?(?:/|x|một)\s?(?:ngày|lần|\d))")
_AGED = re.compile(r"[Tt](?![^\W_])")
_AGED_LEFT = re.compile(r"\b(?:nam|nữ|bệnh nhân|bn|ông|bà|anh|chị|cháu|bé|trẻ)\b[^.;\n\d]{0,24}$")
_DESIGNATION_LEFT = re.compile(r"(?:ký hiệu|số hiệu|mã)\b[^.;]{0,24}$")
_DONG = re.compile(r"\s?(đồng|đ|vnđ|vnd|VND|VNĐ)(?![^\W_])")
_COORDINATE = re.compile(r"(\d{1,3}[.,]\d)([NE])(?![^\W_])")
_STARS = re.compile(r"\s?\*(?![\w*])")
_STARS_LEFT = re.compile(r"(?:ocop|khách sạn|đạt|hạng|sao,?|chuẩn)(?: (?:hạng|đạt|chuẩn))?\s*$")
_POINTS = re.compile(r"\s?đ(?![^\W_])")
_POINTS_RIGHT = re.compile(r"\s*điểm(?! \w*(?:dân cư|trường|nóng|đen)|\w)")
_POINTS_LEFT = re.compile(r"\bđiểm\b[^.;\n]{0,24}$")
_SCORE = re.compile(r"\d{1,3}[.,]\d{1,2}")
"""Points: there is no part of a đồng."""
_COPIES = re.compile(r"(\d{1,3})b")
_COPIES_LEFT = re.compile(r"\b(?:lưu|vt|vp|như trên|nơi nhận|kính gửi|mỗi)\b[^.\n]{0,40}\(\s?$")
"""At the end of a document: "Lưu: VT, VHXH (02b)"."""
_FLAT_CELSIUS = re.compile(r"(\d\d)0C(?![^\W_])")
"""38 degrees whose raised ring became a zero on the way: "380C"."""
_MONEY = {"$": ("đô la", "xu"), "€": ("ơ rô", "xu"), "£": ("bảng anh", "xu")}


def section(scan: Scan) -> Said | None:
    """The label of a heading at the start of a line: "1.", "1.2.", "10)"."""
    if not scan.opens_line():
        return None
    match = _HEADING.match(scan.text, scan.pos)
    if not match or (match[2] is None and "." not in match[1]):
        return None
    if match[2] == "/" and _CODE_NEXT.match(scan.text, match.end()):
        return None  # "05/TB-UBND" opens the line
    if match[2] is None and (
        DECIMAL_RIGHT.match(scan.right(match.end())) or UNIT.match(scan.text, match.end())
    ):
        return None
    return Said(match.end(), _dotted(scan, match[1]) + ",", "heading")


def parenthesis(scan: Scan) -> Said | None:
    """ "(1)", "(a)", "(ii)" as labels."""
    match = _PARENTHESIS.match(scan.text, scan.pos)
    if not match:
        return None
    label = match[1]
    if label[0].isdecimal():
        words = _dotted(scan, label)
    elif label == "X" and re.search(r"\bdấu ?$", scan.left(8)):
        return Said(match.end(), LETTER_NAMES["x"], "letter")  # what is put into a box
    elif label[0] in "ivxIVX" and label not in {"v", "x"}:
        from content.normalise.numbers import roman

        value = roman(label)
        if value is None:
            return None
        words = cardinal(value, scan.reading)
    else:
        words = LETTER_NAMES[label.lower()]
    return Said(match.end(), words + ",", "heading")


def _dotted(scan: Scan, label: str) -> str:
    return " chấm ".join(
        named(part, scan.reading) if len(part) > 1 and part[0] == "0" else cardinal(int(part), scan.reading)
        for part in label.split(".")
    )


def chain(scan: Scan) -> Said | None:
    """ "mục 2.1", "1.2.3", "phiên bản 4.0": parts joined by "chấm"."""
    match = _CHAIN.match(scan.text, scan.pos)
    if not match:
        return None
    if _COORDINATE.match(scan.text, scan.pos):
        return None
    label = match.group()
    if re.fullmatch(r"0\.\d{1,2}", label):
        return None  # "0.5" on an English keyboard
    thousands = re.fullmatch(r"[1-9]\d{0,2}(?:\.\d{3})+", label) is not None
    if thousands:
        return None
    right = scan.right(match.end())
    if label.count(".") == 1 and (
        DECIMAL_RIGHT.match(_RANGE_RIGHT.sub("", right))
        or UNIT.match(scan.text, match.end())
        or ATTACHED_UNIT.match(scan.text, match.end())
    ):
        return None
    return Said(match.end(), _dotted(scan, label), "dotted-number")


def house(scan: Scan) -> Said | None:
    """House numbers: "12/5" is "mười hai trên năm"."""
    match = _HOUSE.match(scan.text, scan.pos)
    if not match or not _HOUSE_LEFT.search(scan.left()) or STREETS_LEFT.search(scan.left()):
        return None
    strong = re.search(
        r"(?:số nhà|nhà số|\bsn|ngõ|ngách|hẻm|kiệt|địa chỉ|địa chỉ số)\s*[:.]?\s*(?:số\s*)?$", scan.left()
    )
    if not strong and not _HOUSE_RIGHT.match(scan.right(match.end())):
        return None
    parts = re.split(r"\s?/\s?", match.group())
    return Said(match.end(), " trên ".join(_lettered(scan, part) for part in parts), "house-number")


def _lettered(scan: Scan, text: str) -> str:
    match = re.match(r"(\d+)(.*)", text)
    assert match
    words = named(match[1], scan.reading)
    return f"{words} {spell(match[2])}" if match[2] else words


def ratio(scan: Scan) -> Said | None:
    """Fractions ("hai phần ba"), shares ("mười lăm trên hai mươi"), scales ("một trên năm trăm")."""
    left = scan.left()
    if match := _MIXED.match(scan.text, scan.pos):
        whole, top, bottom = int(match[1]), int(match[2]), int(match[3])
        if top < bottom <= 10 and not re.search(r"(?:ngày|từ|đến|số)\s*$", left):
            words = (
                f"{cardinal(whole, scan.reading)} và {cardinal(top, scan.reading)} phần {_part(scan, bottom)}"
            )
            return quantity(scan, match.end(), words, "fraction")
    if match := _FRACTION.match(scan.text, scan.pos):
        top, bottom = int(match[1]), int(match[2].replace(".", ""))
        right = scan.right(match.end())
        if 1900 <= top < 2100 and bottom == top + 1:  # "vụ 2025/2026"
            return Said(
                match.end(), f"{cardinal(top, scan.reading)} {cardinal(bottom, scan.reading)}", "years"
            )
        simple = (top, bottom) in {(1, 2), (1, 3), (2, 3), (1, 4), (3, 4)}
        share = SHARE_RIGHT.match(right) and not re.match(
            r"\s*(?:số|tổng|diện tích|dân số|thời|chiều|quãng|khối|lượng|mức|sản lượng|giá|nhu cầu)", right
        )
        scale = re.search(r"(?:t[ỷỉ] lệ|bản đồ|quy hoạch)\s*$", left) is not None and bottom >= 100
        if (
            scale
            or re.search(r"(?:\btrang|(?:thương binh|bệnh binh|\btb|\bbb)(?: loại)?|hạng)\s*$", left)
            or bottom > 10
            or bottom == 0
            or top >= bottom
            or _POINTS_RIGHT.match(right)
            or (share and not simple and top != 1)
        ):
            joint = "trên"
        else:
            joint = "phần"
        bottom_words = _part(scan, bottom) if joint == "phần" else cardinal(bottom, scan.reading)
        words = f"{cardinal(top, scan.reading)} {joint} {bottom_words}"
        return quantity(scan, match.end(), words, "fraction" if joint == "phần" else "ratio")
    if (match := _PARTS.match(scan.text, scan.pos, scan.pos + LONGEST_TOKEN)) and re.search(
        r"t[ỷỉ] lệ[^.;\n]{0,24}$", left
    ):
        return Said(
            match.end(), ", ".join(decimal(part, scan.reading) for part in match.group().split(":")), "ratio"
        )
    match = _COLON.match(scan.text, scan.pos)
    if match and (match[2] == ":" or (re.search(r"t[ỷỉ] lệ[^.;\n]{0,12}$", left) and match[2] == " : ")):
        joint = "trên" if re.search(r"(?:t[ỷỉ] lệ|\bpha|\btrộn)[^.;\n]{0,12}$|bản đồ\s*$", left) else ""
        first, second = (
            cardinal(int(match[1]), scan.reading),
            cardinal(int(match[3].replace(".", "")), scan.reading),
        )
        return Said(match.end(), " ".join(filter(None, (first, joint, second))), "ratio")
    if match := _TRIPLE.match(scan.text, scan.pos, scan.pos + LONGEST_TOKEN):
        parts = " ".join(named(part, scan.reading) for part in match.group().split("-"))
        if scan.text[match.end() : match.end() + 1] == "/":
            parts += ","  # "10/sào" is not "mười một sào"
        return _rates(scan, match.end(), parts, "triple")
    return None


def _part(scan: Scan, number: int) -> str:
    return "tư" if number == 4 else cardinal(number, scan.reading)


def letters_and_digits(scan: Scan) -> Said | None:
    """ "18A", "10A1", "5B": number, letter names, number; a known one from the list."""
    match = _ALNUM.match(scan.text, scan.pos, scan.pos + LONGEST_TOKEN)
    if not match:
        return None
    token = match.group()
    if (
        (word := _GLUED_WORD.match(token))
        and is_syllable(word[1])
        and not UNIT.match(scan.text, word.start(1) + scan.pos)
    ):
        return None  # "125người": a number and a word
    for written, entries in scan.lexicon.heads(re.match(r"\d+[^\W_]*", token).group()):  # type: ignore[union-attr]
        if scan.text.startswith(written, scan.pos) and entries:
            return Said(
                scan.pos + len(written),
                entries[0].spoken.replace("{TU}", scan.reading.party_committee),
                "lexicon",
            )
    if (copies := _COPIES.fullmatch(token)) and _COPIES_LEFT.search(scan.left()):
        return Said(match.end(), f"{cardinal(int(copies[1]), scan.reading)} bản", "measure")
    if re.match(r"\d+[xX]\d", token):
        return None
    if _FLAT_CELSIUS.match(token) or _COORDINATE.match(scan.text, scan.pos):
        return None
    if (tall := _TALL.match(scan.text, scan.pos)) and (tall[2] not in "23" or _TALL_LEFT.search(scan.left())):
        return Said(
            tall.end(),
            f"{cardinal(int(tall[1]), scan.reading)} mét {cardinal(int(tall[2]), scan.reading)}",
            "measure",
        )
    after = scan.pos + len(re.match(r"\d+", token).group())  # type: ignore[union-attr]
    if _TONNES.match(scan.text, after) and (
        _LOAD_LEFT.search(scan.left()) or (after - scan.pos < 3 and _AGED_LEFT.search(scan.left()))
    ):
        return None
    if (
        ATTACHED_UNIT.match(scan.text, after)
        or UNIT.match(scan.text, after)
        or _SHORT_MONEY.match(scan.text, after)
    ):
        return None
    words = []
    letters = 0
    for part in re.findall(r"\d+|[^\W\d_]+|\.(?=\d)", token):
        if part == ".":
            words.append("chấm")
        elif part.isdecimal():
            words.append(named(part, scan.reading) if len(part) < 5 else digits(part))
        else:
            letters = max(letters, len(part))
            known = scan.lexicon.heads(part)
            full = (
                next(
                    (
                        entries[-1].spoken.replace("{TU}", scan.reading.party_committee)
                        for written, entries in known
                        if written == part
                    ),
                    None,
                )
                if len(part) > 2
                else None
            )
            words.append(full or spell(part))
            if len(part) > 2 and not full and not _DESIGNATION_LEFT.search(scan.left()):
                scan.unknown(scan.pos, match.end(), "abbreviation", spell(part))
    return Said(match.end(), " ".join(filter(None, words)), "letters-and-digits")


def number(scan: Scan) -> Said | None:
    """Any other number, with its unit and rate."""
    match = NUMBER.match(scan.text, scan.pos)
    if not match:
        return None
    token, left, right = match.group(), scan.left(), scan.right(match.end())
    if place := _COORDINATE.match(scan.text, scan.pos):
        side = "vĩ bắc" if place[2] == "N" else "kinh đông"
        return Said(place.end(), f"{decimal(place[1], scan.reading)} độ {side}", "measure")
    if celsius := _FLAT_CELSIUS.match(scan.text, scan.pos):
        return Said(celsius.end(), f"{cardinal(int(celsius[1]), scan.reading)} độ xê", "measure")
    if token.isdecimal() and len(token) == 1 and re.search(r"\bthứ \d(?:, ?\d)*(?:,| và)\s*$", left):
        return Said(match.end(), ordinal(int(token), scan.reading), "ordinal")
    if _ORDINAL_LEFT.search(left) and token.isdecimal():
        value = int(token)
        words = ordinal(value, scan.reading)
        if value == 1 and not re.search(
            r"lần|kỳ|phiên|nghị|đợt|ngày|hội|khóa|người|mũi|hạng|trí|đứng|cấp|\bthứ", left
        ):
            words = cardinal(value, scan.reading)
        return Said(match.end(), words, "ordinal")
    if token[0] == "0" and token.isdecimal() and len(token) > 1:
        if (
            (_NAME_LEFT.search(left) or _NAMED_LIST.search(left))
            and not _TOTAL_LEFT.search(left)
            and not (COUNT_RIGHT.match(right) and not _PLACE_RIGHT.match(right))
            and not (_COUNTS_LEFT.search(left) and _LOWER_WORD.match(right))
            and not UNIT.match(scan.text, match.end())
        ):
            return Said(match.end(), named(token, scan.reading), "number-name")
        if len(token) > 3:
            return Said(match.end(), digits(token), "digits")
    if len(token) == 1 and (stars := _STARS.match(scan.text, match.end())) and _STARS_LEFT.search(left):
        return Said(stars.end(), decimal(token, scan.reading) + " sao", "measure")
    if (
        _SCORE.fullmatch(token)
        and scan.text[match.end() : match.end() + 1] == "đ"
        and (points := _POINTS.match(scan.text, match.end()))
    ):
        return Said(points.end(), decimal(token, scan.reading) + " điểm", "measure")
    if len(token) < 5 and (points := _POINTS.match(scan.text, match.end())) and _POINTS_LEFT.search(left):
        return Said(points.end(), decimal(token, scan.reading) + " điểm", "measure")
    if money := _coins(scan, match):
        return money
    return quantity(scan, match.end(), decimal(token, scan.reading), "number")


def _coins(scan: Scan, match: re.Match[str]) -> Said | None:
    sign = scan.text[match.end() : match.end() + 1]
    part = re.fullmatch(r"(\d{1,6}),(\d{1,2})", match.group())
    if sign not in _MONEY or not part:
        return None
    whole, coins = int(part[1]), int(part[2].ljust(2, "0"))
    unit, coin = _MONEY[sign]
    words = [f"{cardinal(whole, scan.reading)} {unit}"] if whole else []
    words += [f"{cardinal(coins, scan.reading)} {coin}"] if coins else []
    return Said(match.end() + 1, " ".join(words) or f"không {unit}", "money")


_KARATS = frozenset({"9", "10", "14", "16", "18", "22", "24"})
_KARAT_LEFT = re.compile(
    r"\bvàng(?: (?:trắng|tây|ta|ý|hồng|loại|nữ trang|trang sức)){0,2}(?: ?\d+k,?| và| hoặc){0,3} ?$"
)
_BIG_MONEY = re.compile(
    r"[ \t](?:(?P<short>[Tt]r)(?=\s?/\s?[^\W\d_])|(?P<word>nghìn|ngàn|triệu|tỷ|tỉ)\s?đ(?![^\W_]|/[cv](?![^\W_])))"
)


def quantity(scan: Scan, end: int, words: str, rule: str) -> Said:
    """`words` of a number that ends at `end`, with the unit and the rates that follow it."""
    text = scan.text
    if short := _SHORT_MONEY.match(text, end):
        millions = short[1].lower() in {"tr", "triệu"}
        big, small = ("triệu", scan.reading.thousand) if millions else (scan.reading.billion, "triệu")
        rest = int(short[2].ljust(3, "0"))
        words = f"{words} {big} {cardinal(rest, scan.reading)} {small}"
        end, rule = short.end(), "money"
        if dong := _DONG.match(text, end):
            return _rates(scan, dong.end(), words + " đồng", rule)
        return _rates(scan, end, words, rule)
    if (tonnes := _TONNES.match(text, end)) and _LOAD_LEFT.search(scan.left()):
        return _rates(scan, tonnes.end(), words + " tấn", "measure")
    if (aged := _AGED.match(text, end)) and end - scan.pos < 3 and _AGED_LEFT.search(scan.left()):
        return Said(aged.end(), words + " tuổi", "measure")
    if pills := _PILLS.match(text, end):
        return _rates(scan, pills.end(), words + " viên", "measure")
    if attached := ATTACHED_UNIT.match(text, end):
        unit = attached["unit"]
        if unit in {"'", '"'} and (text.count(unit, max(0, end - 200), end) % 2 == 1 and unit == '"'):
            return Said(end, words, rule)
        if (unit == "K" and len(words.split()) == 1) or (
            unit in {"k", "K"}
            and scan.text[scan.pos : end] in _KARATS
            and _KARAT_LEFT.search(scan.left(32))
            and not _DONG.match(text, attached.end())
        ):
            return Said(attached.end(), words + " ca", "letters-and-digits")
        spoken = scan.reading.thousand if unit in {"k", "K"} else ATTACHED[unit]
        spoken = scan.reading.billion if spoken == "tỷ" else spoken
        words, end = f"{words} {spoken}", attached.end()
        rule = "money" if unit in {"k", "K", "tr", "Tr", "t", "triệu", "tỷ"} else "measure"
        if dong := _DONG.match(text, end):
            words, end = words + " đồng", dong.end()
        return _rates(scan, end, words, rule)
    if large := _BIG_MONEY.match(text, end):  # "9-12 tr/tháng", "50 nghìn đ/người"
        word = "triệu" if large["short"] else large["word"].lower()
        words = f"{words} {word}{'' if large['short'] else ' đồng'}"
        return _rates(scan, large.end(), words, "money")
    match = UNIT.match(text, end)
    if match:
        unit = match["unit"] or match["sign"]
        spaced = bool(match["space"])
        if not (
            spaced and len(unit) == 1 and unit.isalpha() and (unit in "vVWwĐ" or _letter_not_unit(scan, unit))
        ) and not (unit in {"in", "TB", "CV", "TW", "MB", "V", "CC", "cal"} and spaced):
            words, end, rule = f"{words} {unit_words(unit)}", match.end(), "measure"
            if unit in "°":
                rule = "measure"
    return _rates(scan, end, words, rule)


def _letter_not_unit(scan: Scan, unit: str) -> bool:
    if unit == "đ":  # "5 đ" may be a point of the law, "500 đ" is money
        return re.match(r"\d{1,2}\s", scan.text[scan.pos : scan.pos + 4]) is not None
    return (
        unit in {"m", "g", "l", "L"}
        and re.search(r"(?:tổ|khoản|điểm|điều|lớp|khu|mục|số)\s*$", scan.left()) is not None
    )


def _rates(scan: Scan, end: int, words: str, rule: str) -> Said:
    each = "mỗi" if rule == "number" else "một"  # "10/năm" is not "mười một năm"
    while (match := RATE.match(scan.text, end)) is not None:
        count = cardinal(int(match["count"].replace(".", "")), scan.reading) if match["count"] else ""
        if match["word"] in {"giờ", "giây", "phút"} and words.endswith(" mét"):
            words += f" trên {match['word']}"
        elif match["word"] == "lít" and words.endswith(("gam", "mon", "lít")):
            words += " trên lít"
        elif match["word"]:
            words += f" {f'trên {count}' if count and count != 'một' else each} {rate_word(match['word'])}"
        else:
            joint = (
                "trên"
                if rule == "measure" and not words.endswith("đồng") and not words.endswith("phần trăm")
                else ""
            )
            words += f" {' '.join(filter(None, (joint or ('' if count else 'một'), count)))} {unit_words(match['unit'])}"
        end = match.end()
    if (rule in {"measure", "money"} or words.endswith("một")) and (other := any_rate(scan.text, end)):
        return Said(other[0], f"{words} một {other[1]}", rule)
    return Said(end, words, rule)
