"""Telephone numbers, hotlines, and numbers that are read digit by digit because they only identify."""

from __future__ import annotations

import re

from content.normalise.letters import spell
from content.normalise.numbers import cardinal, digits
from content.normalise.scan import Said, Scan

_PHONE_LEFT = re.compile(
    r"(?:điện thoại|\bđt|sđt|đtdđ|\bdđ|di động|hotline|đường dây nóng|tổng đài|liên hệ|liên lạc|\bgọi|zalo|\bfax|\btel|\balo|số máy|máy lẻ"
    r"|nhắn tin|viber|cầm tay|thuê bao|đầu số|phản ánh qua số|qua số)[^\n.;]{0,40}$"
)
_TRUNK = re.compile(r"\(?0(?:[ .\-()]{0,2}\d){9,10}?(?!\d|[.\-/]\d)")
_STRICT = re.compile(
    r"(?:\(0\d{2,3}\)[ .\-]?\d{3,4}[ .\-]?\d{3,4}|0\d{9,10}|0\d{2,3}[ .\-]\d{3}[ .\-]\d{3,4}|0\d{2,3}[ .\-]\d{4}[ .\-]\d{3,4}|0\d{3}[ .\-]\d{6}|0\d{4}[ .\-]\d{5}"
    r"|0\d{2,3}[ .\-]\d{7,8}|0\d{3}[ .\-]\d{2}[ .\-]\d{2}[ .\-]\d{2})(?!\d|[.\-/]\d)"
)
_ABROAD = re.compile(r"(?:\(?\+\s?84\)?|\(84(?=[ .\-]?\d{1,3}\)))(?:[ .\-()]{0,2}\d){8,10}(?!\d)")
_HOTLINE = re.compile(r"1[89]00(?:[ .\-]?\d){2,6}(?!\d)")
_MASKED = re.compile(
    r"(?:0\d{1,3}|\+\s?84[ .\-]?\d{1,3})(?:[ .\-]?\d{3,4})?[ .\-]?(?:\d{0,3}[xX*]{2,6})(?:[ .\-]?[\dxX*]{1,4}){0,2}(?![^\W_])"
)
"""A number with some figures hidden: "0912.xxx.678"."""
_LOCAL = re.compile(r"\d(?:[ .\-]?\d){5,7}(?!\d|[.,/]\d)")
_SHORT = re.compile(r"11[1-5](?=/11[1-5](?!\d))|\d{3,6}(?![\d.,/%]\d|\d|\s?%)")
_EMERGENCY = {"111", "112", "113", "114", "115"}
_SHORT_LEFT = re.compile(
    r"(?:tổng đài|hotline|đường dây nóng|gọi|số điện thoại|điện thoại|cảnh sát|lực lượng|\balo|cấp cứu|khẩn cấp|nhắn tin|đầu số|qua số|máy lẻ|số nội bộ|\bnhánh|\bext"
    r"|liên hệ số|\bđt:?|sđt:?)(?:\s+(?:số|ngay|cho|đến|tới|theo|máy|miễn phí|quốc gia|bảo vệ trẻ em|điện thoại|nhanh|tổng đài|khẩn cấp|qua|tại|theo số|đường dây nóng|hoặc|:|phản ứng nhanh))*\s*:?\s*$"
    r"|\b(?:soạn|nhắn tin|cú pháp)[^.;\n]{0,32}gửi(?: đến| tới| về)?(?: (?:số|tổng đài|đầu số))?\s*$"
    r"|(?:11[1-5])\s*(?:\([^()]{1,24}\)\s*)?(?:,|và|hoặc|/|-|;)\s*$"
)
_IDENTITY_LEFT = re.compile(
    r"(?:tài khoản|\bstk|\btk|cccd|căn cước|cmnd|chứng minh nhân dân|mã số|mã số thuế|\bmst|mã hồ sơ|định danh|định danh cá nhân|số thẻ|mã thẻ"
    r"|số sổ|số seri|seri|mã đơn vị|mã khách hàng|mã qhns|mã chương|mã định danh|mã bưu chính|bảo hiểm xã hội số|mã số bhxh|mã số bảo hiểm xã hội|số bhxh|số sổ bhxh|hộ chiếu|mã xác thực|mật khẩu|\bid|\bpass|mã phòng|mã cuộc họp|mã truy cập|mã otp)"
    r"(?:\s+(?:số|công dân|cá nhân|là|ngân hàng|thuế|thu|hưởng|của[^\d]{0,20}))*\s*[:]?\s*$"
)
_PRICE = re.compile(
    r"[1-9]\d{0,2}(?:\.\d{3})+(?=\s?(?:đ|đồng|vnđ|vnd|người|hộ|lượt|cuộc|lần|thuê bao|máy|chiếc|tin)(?!\w))",
    re.I,
)
"""Money or a count after "điện thoại": "phụ cấp điện thoại 200.000 đồng"."""
_YEARS = re.compile(r"1[89]00[ .\-](?:1[89]|20)\d\d(?!\d)")
_IDENTITY = re.compile(r"\d(?:[ .\-]?\d){4,19}(?!\d|[,/]\d)")
_PLATE = re.compile(r"(\d{2}[A-ZĐ]{1,2}\d?)[ \-]*(\d{3}\.\d{2}|\d{4,5})(?!\d|\.\d)")
_DATE = re.compile(r"(?:3[01]|[012]?\d)([./\-])(?:1[012]|0?[1-9])\1(?:19|20)\d\d(?!\d)")
_VESSEL = re.compile(r"([A-ZĐ]{1,3})[ \-]?(\d{4,5})[ \-]?(TS|BTS)(?![^\W_])")
_SERIAL = re.compile(r"0\d{6,}(?!\d|[.,/]\d)")


def phone(scan: Scan) -> Said | None:
    """A telephone number, digit by digit."""
    text, pos = scan.text, scan.pos
    if _DATE.match(text, pos):
        return None
    match = _STRICT.match(text, pos)
    if match is None and text[pos] in "0+" and (masked := _MASKED.match(text, pos)):
        hidden = re.sub(r"[^\dxX*]", "", masked.group()).lower().replace("*", "x")
        said = " ".join("ích" if sign == "x" else digits(sign) for sign in hidden)
        return Said(masked.end(), f"cộng {said}" if text[pos] == "+" else said, "phone")
    if match is None and text[pos] in "0(":
        after_phone = any(piece.rule == "phone" for piece in scan.pieces[-3:])
        near = after_phone or _PHONE_LEFT.search(scan.left()) or "2" <= text[pos + 1 : pos + 2] <= "9"
        match = _TRUNK.match(text, pos) if near else None
    if match is None and text[pos] == "1":
        match = _HOTLINE.match(text, pos)
        sure = match and len(match.group()) >= 8 and not _YEARS.match(text, pos)
        if match and not (sure or _PHONE_LEFT.search(scan.left())):
            match = None
    if match is None and text[pos] in "+(":
        match = _ABROAD.match(text, pos)
    if match:
        spoken = ("cộng " if "+" in match.group() else "") + digits(match.group())
        return Said(match.end(), spoken, "phone")
    if not text[pos].isdecimal():
        return None
    left = scan.left()
    short = _SHORT.match(text, pos)
    if short and _SHORT_LEFT.search(left) and (len(short.group()) <= 6):
        number = short.group()
        road = len(number) == 3 and number not in _EMERGENCY and re.search(r"\bđt[.:]?\s*$", left)
        if (
            len(number) > 2
            and not road
            and not re.match(
                r"\s*(?:người|hộ|đồng|lượt|cuộc|lần|trường|triệu|nghìn|tin|học|chiến)",
                scan.right(short.end()),
            )
        ) and (number in _EMERGENCY or not re.search(r"(?:cảnh sát|lực lượng|cấp cứu|khẩn cấp)\s*$", left)):
            return Said(short.end(), digits(number), "phone")
    local = _LOCAL.match(text, pos)
    if (
        local
        and not _PRICE.match(text, pos)
        and _PHONE_LEFT.search(left)
        and re.search(r"(?:điện thoại|\bđt|sđt|tel|fax|hotline|số|gọi|máy)\s*[:.]?\s*$", left)
    ):
        return Said(local.end(), digits(local.group()), "phone")
    return None


def vessel(scan: Scan) -> Said | None:
    """The number of a fishing boat: "QN-1234-TS"."""
    match = _VESSEL.match(scan.text, scan.pos)
    if not match:
        return None
    return Said(match.end(), f"{spell(match[1])} {digits(match[2])} {spell(match[3])}", "plate")


def identity(scan: Scan) -> Said | None:
    """Account, card and tax numbers, plates of vehicles, long numbers that open with 0."""
    match = _PLATE.match(scan.text, scan.pos)
    if match and (
        re.search(r"(?:biển|xe|bks|biển số|mô tô|ô tô|kiểm soát)[^\n]{0,20}$", scan.left()) or "." in match[2]
    ):
        plate = match[1]
        number = f"{cardinal(int(plate[:2]), scan.reading) if plate[0] != '0' else digits(plate[:2])} {spell(plate[2:])}"
        return Said(match.end(), f"{number} {digits(match[2])}", "plate")
    match = _IDENTITY.match(scan.text, scan.pos)
    if match and _IDENTITY_LEFT.search(scan.left(64)):
        return Said(match.end(), digits(match.group()), "identity-number")
    match = _SERIAL.match(scan.text, scan.pos)
    return Said(match.end(), digits(match.group()), "identity-number") if match else None
