"""Names of authorities out of capitals: full words, capitals where Vietnamese writes them."""

from __future__ import annotations

import re

from content.intake.letters import UPPER, compiled
from content.intake.outline import Line
from content.intake.source import SourceText, Span

_LEVELS = ("thị trấn", "thị xã", "thành phố", "phường", "xã", "huyện", "quận", "tỉnh", "đặc khu")
_LEVEL = re.compile(rf"^(?:{'|'.join(_LEVELS)})\b(?! hội\b)", re.IGNORECASE)
_LEVEL_IN = re.compile(rf"\b({'|'.join(_LEVELS)})\b(?! hội\b)", re.IGNORECASE)
_OF_MEMBERS = re.compile(r"\b(?:ĐOÀN|CÔNG ĐOÀN|HỘI|LIÊN ĐOÀN|ĐẢNG BỘ|CHI BỘ)\b", re.IGNORECASE)
_SHORT = (
    (re.compile(r"\bUBND\b"), "Ủy ban nhân dân"),
    (re.compile(r"\bHĐND\b"), "Hội đồng nhân dân"),
    (re.compile(r"\b(?:UBMTTQ|UB\s?MTTQ|UỶ BAN MTTQ|ỦY BAN MTTQ)\b"), "Ủy ban Mặt trận Tổ quốc"),
    (re.compile(r"\bMTTQ\b"), "Mặt trận Tổ quốc"),
    (re.compile(r"\bTP\.?\s?HCM\b"), "Thành phố Hồ Chí Minh"),
    (re.compile(r"\bHCM\b"), "Hồ Chí Minh"),
    (re.compile(r"\bTP\.?(?=\s|$)"), "thành phố"),
    (re.compile(r"\bTX\.?(?=\s|$)"), "thị xã"),
    (re.compile(r"\bTT\.(?=\s|$)"), "thị trấn"),
    (re.compile(r"\bLHPN\b"), "Liên hiệp Phụ nữ"),
    (re.compile(r"\bBTV\b"), "Ban Thường vụ"),
    (re.compile(r"\bBTT\b"), "Ban Thường trực"),
    (re.compile(r"\bVH\s?-?\s?XH\b"), "Văn hóa - Xã hội"),
    (re.compile(r"\bTNCS\b"), "Thanh niên Cộng sản"),
    (re.compile(r"\bCCB\b"), "Cựu chiến binh"),
    (re.compile(r"\bCHQS\b"), "Chỉ huy Quân sự"),
    (re.compile(r"\bBCH\b"), "Ban Chỉ huy"),
    (re.compile(r"\bBCĐ\b"), "Ban Chỉ đạo"),
    (re.compile(r"\bPCTT\b"), "phòng, chống thiên tai"),
    (re.compile(r"\bTKCN\b"), "tìm kiếm cứu nạn"),
    (re.compile(r"\bVHTT\b"), "Văn hóa và Thông tin"),
)
#: Words that stay small within the name of an authority.
_SMALL = frozenset(
    [
        "nhân",
        "dân",
        "và",
        "thuộc",
        "của",
        "về",
        "cấp",
        "phòng",
        "chống",
        "thiên",
        "tai",
        "tìm",
        "kiếm",
        "cứu",
        "nạn",
        "phường",
        "xã",
        "huyện",
        "quận",
        "tỉnh",
        "thành",
        "phố",
        "thị",
        "trấn",
        "dân",
        "sự",
        "chợ",
        "tịch",
        "rừng",
        "di",
        "tích",
        "bến",
        "xe",
        "cơ",
        "sở",
        "hiểm",
        "hội",
    ]
)
_OWN = re.compile(
    r"^(?:ỦY BAN|UỶ BAN|UBND|HĐND|HỘI ĐỒNG|SỞ|PHÒNG|TRUNG TÂM|BAN|BCH|BTV|BTT|MTTQ|ĐẢNG ỦY|ĐẢNG UỶ|ĐẢNG BỘ|HUYỆN ỦY|TỈNH ỦY|THÀNH ỦY|QUẬN ỦY|CÔNG AN|TRẠM|ĐÀI|VĂN PHÒNG|MẶT TRẬN|HỘI|ĐOÀN|"
    r"TRƯỜNG|BỘ|CỤC|CHI CỤC|LIÊN ĐOÀN|THỊ ỦY|CHI BỘ|ĐIỆN LỰC|BỆNH VIỆN|CÔNG TY|KHO BẠC|NGÂN HÀNG|TỔ|XÍ NGHIỆP|BƯU ĐIỆN|TIỂU BAN|HẠT|CHỦ TỊCH|ỦY VIÊN|"
    r"BẢO HIỂM|THỦ TƯỚNG|CHÍNH PHỦ|QUỐC HỘI|VIỆN|TÒA ÁN|TOÀ ÁN|THUẾ|CƠ QUAN|LIÊN HIỆP|TỔNG CỤC|TỔNG CÔNG TY|HỢP TÁC XÃ|THƯ VIỆN|NHÀ VĂN HÓA|BÁO|CÔNG ĐOÀN|"
    r"KHU|VƯỜN QUỐC GIA|NHÀ MÁY|THÀNH ĐOÀN|TỈNH ĐOÀN|HUYỆN ĐOÀN|ĐẠI HỌC|HỌC VIỆN|DOANH NGHIỆP)\b"
)
_NAMED_PLACE = re.compile(
    r"\b(?:CHỢ|BẾN XE|RỪNG|VƯỜN QUỐC GIA|DI TÍCH|KHU CÔNG NGHIỆP|TRƯỜNG|CHÍNH PHỦ|CƠ SỞ|KHU VỰC)\s+\S",
    re.IGNORECASE,
)
"""What is called by a name of its own, and needs no ward behind it."""
_COMMITTEE = re.compile(
    rf"^(BCH|BTV|BTT|BAN CHẤP HÀNH|BAN THƯỜNG VỤ|BAN THƯỜNG TRỰC)\s+(?=(?:{'|'.join(_LEVELS)})\b)",
    re.IGNORECASE,
)
_BARE_LEVEL = re.compile(rf"\b({'|'.join(_LEVELS)})$", re.IGNORECASE)


_PHRASES = tuple(
    (re.compile(rf"\b{re.escape(phrase)}\b", re.IGNORECASE), phrase)
    for phrase in (
        "Văn hóa và Thông tin", "Văn hoá và Thông tin", "Văn hóa - Xã hội", "Văn hóa - Thông tin", "Thông tin và Truyền thông",
        "Ban Chỉ huy Phòng thủ dân sự", "Phòng, chống thiên tai", "Tìm kiếm cứu nạn", "Ban Tuyên giáo và Dân vận", "Ban Tuyên giáo",
        "Văn hóa, Thể thao và Du lịch", "Văn hóa, Khoa học và Thông tin", "Nông nghiệp và Môi trường", "Khoa học và Công nghệ",
        "Giáo dục và Đào tạo", "Kinh tế, Hạ tầng và Đô thị", "Ủy ban Mặt trận Tổ quốc Việt Nam", "Mặt trận Tổ quốc", "Ban Chỉ đạo",
        "Trung tâm Văn hóa", "Trung tâm Y tế", "Trạm Y tế", "Ban Chỉ huy Quân sự", "Tỉnh ủy", "Huyện ủy", "Thành ủy", "Thị ủy", "Quận ủy", "Sở Y tế", "Phòng Y tế",
        "Văn hóa, Thể thao và Truyền thông", "Văn hóa, Thông tin và Thể thao", "Văn hóa - Thông tin và Thể thao", "Công an", "Đài Truyền thanh", "Hội đồng nhân dân",
        "Ủy ban nhân dân", "Ban Quản lý", "Thanh niên Cộng sản", "Ban Chấp hành", "Bảo hiểm xã hội", "Thủ tướng Chính phủ", "Hồ Chí Minh", "Việt Nam", "Trung tâm Cung ứng dịch vụ công", "Trung tâm Cung ứng dịch vụ", "Đảng ủy", "Trung tâm Phục vụ hành chính công", "Đoàn Thanh niên", "Hội Liên hiệp Phụ nữ", "Hội Nông dân", "Hội Cựu chiến binh", "Ban Thường vụ", "Ban Thường trực", "Thể thao", "Truyền thanh", "Truyền hình", "Truyền thông",
    )
)  # fmt: skip


def is_authority(text: str) -> bool:
    """Whether a line in capitals is one of a masthead: "ỦY BAN NHÂN DÂN", "XÃ TÂN THÀNH"."""
    return text == text.upper() and bool(_OWN.match(text) or _LEVEL.match(text)) and "CHỦ TỊCH" not in text


def proper_case(text: str) -> str:
    """Each word with a capital: "UÔNG BÍ" → "Uông Bí"; text that has small letters stays."""
    if any(sign.islower() for sign in text):
        return text
    return " ".join(word[:1] + word[1:].lower() for word in text.split())


def authority_case(text: str, body: str) -> str:
    """The name of an authority as running text writes it; where `body` has it, as `body` writes it."""
    text = " ".join(text.split()).replace("Uỷ", "Ủy").replace("UỶ", "ỦY")
    if _OF_MEMBERS.search(text):  # a union or the Party has a Ban Chấp hành
        text = re.sub(r"\bBCH\b", "Ban Chấp hành", text)
        if match := re.match(r"(.+?) (Ban Chấp hành|BAN CHẤP HÀNH)\b(.*)$", text):
            text = f"{match[2]} {match[1]}{match[3]}"
    for pattern, full in _SHORT:
        text = pattern.sub(full, text)
    if any(sign.islower() for sign in text) and not compiled(r"[{UPPER}]{2,}").search(text):
        return text[:1].upper() + text[1:]
    wanted = text.casefold()
    plain = body.replace("Uỷ", "Ủy").replace("uỷ", "ủy")
    for match in re.finditer(re.escape(wanted), plain.casefold()):
        found = plain[match.start() : match.end()]
        if any(sign.islower() for sign in found) and len(found) == len(text):
            return found[:1].upper() + found[1:]
    words = text.split()
    shown: list[str] = []
    proper = False
    for index, word in enumerate(words):
        two = " ".join(words[index : index + 2]).casefold()
        if _LEVEL.match(two) or two in _LEVELS:
            proper = True
            shown.append(word.lower())
        elif (
            (index and two == "nhân dân")
            or (index and words[index - 1].casefold() == "nhân" and word.casefold() == "dân")
        ) or (index and " ".join(words[index - 1 : index + 1]).casefold() in _LEVELS):
            shown.append(word.lower())
        elif proper:
            shown.append(word[:1].upper() + word[1:].lower())
        elif (index and (word.casefold().strip(",") in _SMALL or word == "-")) or (
            index and words[index - 1].casefold() in ("ủy", "đảng", "hội", "mặt", "trung", "chỉ", "văn")
        ):
            shown.append(word.lower())
        else:
            shown.append(word[:1].upper() + word[1:].lower())
    name = " ".join(shown)
    for phrase, written in _PHRASES:
        name = phrase.sub(written, name)
    return name[:1].upper() + name[1:]


def issuer_name(
    source: SourceText,
    org: list[Line],
    foot: list[Line],
    *,
    symbol: str | None,
    place: tuple[str, Span | None] | None,
) -> tuple[str | None, Span | None]:
    """Who issued the document, in full words, and where it says so.

    `org` are the lines of the masthead that name authorities, `foot` those after the body, `symbol` the letters
    of its number, `place` where it was issued and where it says so.
    """
    body = source.text
    parts = [
        line
        for line in org
        if not re.match(r"^(?:CỘNG|ĐỘC LẬP|ĐẢNG CỘNG SẢN|[*\W]+$)", line.text) and len(line.text) < 110
    ]
    if parts and _OWN.match(parts[0].text.strip(" *_")):
        parts = parts[:7]
        name = _joined([part.text.strip(" *_") for part in parts]).strip(" -")
        return authority_case(name, body), (parts[0].start, parts[-1].end)
    return _from_the_rest(source.text, foot, symbol, place)


def _joined(parts: list[str]) -> str:
    """One name out of the lines of a masthead: a parent line is left out, a place line is kept."""
    groups: list[str] = []
    for part in parts:
        if groups and (not _OWN.match(part) or groups[-1].endswith(("-", "–"))):
            groups[-1] += " " + part  # several that issue it together end in a dash
        else:
            groups.append(part)
    if len(groups) > 1 and re.fullmatch(r"(?:BAN )?(?:THƯỜNG TRỰC|THƯỜNG VỤ|CHẤP HÀNH)", groups[-1]):
        groups.pop()  # who acts for it, not another authority
    own = groups[-1]
    if len(groups) > 1 and (bare := _COMMITTEE.match(own)):
        whose = _LEVEL_IN.split(groups[-2], maxsplit=1)[0].strip()
        return f"{bare[1]} {whose} {own[bare.end() :]}"  # "ĐOÀN TNCS HỒ CHÍ MINH", "BCH XÃ ĐẤT MŨI"
    if len(groups) > 1 and (level := _BARE_LEVEL.search(own)):
        place = next(
            (one for one in _LEVEL_IN.finditer(groups[-2]) if one[1].upper() == level[1].upper()), None
        )
        return own + groups[-2][place.end() :] if place else own  # "UBND XÃ TÂN AN", "CÔNG AN XÃ"
    if len(groups) > 1 and not _LEVEL_IN.search(own) and not _NAMED_PLACE.search(own):
        place = _LEVEL_IN.search(groups[-2])
        if re.match(r"(?:ĐẢNG|HUYỆN|TỈNH|THÀNH|QUẬN|THỊ) [ỦU][YỶ]\b", groups[-2]):
            own = f"{own} {groups[-2]}"  # "Ban Tuyên giáo Đảng ủy phường"
        elif (
            place
            and own.upper() == "VĂN PHÒNG"
            and re.match(r"(?:UBND|[ỦU][YỶ] BAN NHÂN DÂN|HĐND)", groups[-2])
        ):
            own = f"{own} {groups[-2]}"  # an office is one of its committee
        elif place:
            own = f"{own} {groups[-2][place.start() :]}"
    return own


def _from_the_rest(
    text: str, foot: list[Line], symbol: str | None, place: tuple[str, Span | None] | None
) -> tuple[str | None, Span | None]:
    """Without a masthead: from the sign-off ("TM. ỦY BAN NHÂN DÂN"), the symbol, the place, and the words of the body."""
    signed = "\n".join(line.text for line in foot)
    signs_for = compiled(r"^(?:TM|T/M)\s?\.?\s?([{UPPER} ]{5,70})$", re.MULTILINE).search(signed)
    by_committee = (
        (signs_for and "NHÂN DÂN" in signs_for[1])
        or (symbol and re.search(r"(?:^|[-/])UBND", symbol))
        or "CHỦ TỊCH" in signed
    )
    if not by_committee and signs_for:
        return authority_case(signs_for[1], text), None
    if not by_committee or place is None:
        return None, None
    name, span = place
    counts: dict[str, int] = {}
    for match in re.finditer(
        rf"(?:UBND|[ỦU][yỷ] ban nhân dân)\s+({'|'.join(_LEVELS)})\b(?!\s+và)(\s+[{UPPER}][\w']*(?:\s+[{UPPER}][\w']*){{0,3}})?",
        text,
    ):
        level = match[1].lower()
        near = text[max(0, match.start() - 60) : match.start()]
        after = text[match.end() : match.end() + 30]
        weight = 1
        if re.search(r"\d[^;.]{0,40}của\s*(?:Chủ tịch\s*)?$", near):
            weight = 0  # the issuer of a cited document
        elif re.search(r"(?:báo cáo|gửi về|về)\s*$", near):
            weight = 3
        if re.match(r"\s*(?:đề nghị|yêu cầu|giao|thông báo|kính mời|xây dựng|ban hành|chỉ đạo|\(qua)", after):
            weight = 5
        if match[2] and name.casefold() not in match[2].casefold():
            weight = 0
        counts[level] = counts.get(level, 0) + weight
    level = max(counts, key=lambda key: counts[key], default=None)
    if level is None or not counts[level]:
        return f"Ủy ban nhân dân {proper_case(name)}", span
    return f"Ủy ban nhân dân {level} {proper_case(name)}", span
