"""The masthead and the foot: issuer, number, place, date, kind, subject, recipients, signer."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from content.intake.citations import kind_of_symbol
from content.intake.dates import FULL_DATE, make_date
from content.intake.facts import Named
from content.intake.labels import label_of
from content.intake.letters import compiled
from content.intake.outline import Line
from content.intake.proper_names import is_authority, issuer_name, proper_case
from content.intake.source import SourceText, Span
from content.intake.titles import kind_word, title_of
from content.intake.unwrap import is_upper

_NUMBER = re.compile(
    r"^(?:Số|SỐ)\s*:?\s*(?P<digits>\d{1,5}[A-Za-z]?|[.…_ ]*)\s*(?P<year>/(?:19|20)\d{2})?\s*(?P<sep>[-/–])\s*(?P<symbol>[A-ZĐƯ][\w&.]*(?:\s?[-/–]\s?[A-ZĐƯ][\w&.]*)*)"
)
_PLACE_DATE = compiled(
    r"^(?P<place>[{UPPER}][\w'. -]{1,50}?)\s*,\s*(?:lúc|hồi\s+[\d\s:giờhphút,]{1,24}?)?\s*ngày\s*(?P<d>\d{1,2})?[\s.…_]*(?:tháng|/)\s*(?P<m>\d{1,2})?[\s.…_]*(?:năm|/)\s*(?P<y>\d{4})",
    re.IGNORECASE,
)
_CUT_DATE = compiled(
    r"^(?P<place>[{UPPER}][\w'. -]{1,50}?)\s*,\s*ngày\s*(?P<d>\d{1,2})?[\s.…_]*tháng\s*(?P<m>\d{1,2})?[\s.…_]*(?:năm)?$"
)
_YEAR_ALONE = re.compile(r"^(?:năm\s+)?(20\d{2})$")
_DATE_ALONE = re.compile(
    r"^[(]?ngày\s*(?P<d>\d{1,2})?[\s.…_]*tháng\s*(?P<m>\d{1,2})?[\s.…_]*năm\s*(?P<y>\d{4})", re.IGNORECASE
)
_SENT_AT = re.compile(
    r"(?:điện\s+)?hồi\s+\d{1,2}\s*(?:giờ|h|:)\s*\d{0,2}(?:\s*phút)?\s*,?\s*ngày\s*(?P<d>\d{1,2})\s*(?:/|-|tháng)\s*(?P<m>\d{1,2})\s*(?:/|-|năm)\s*(?P<y>\d{4})",
    re.IGNORECASE,
)
_SUBJECT = re.compile(r"^[(]?(?:V/v|V/v:|Về việc|Về)\s*[:.]?\s*", re.IGNORECASE)
_MOTTO = re.compile(
    r"^(?:(?:XÃ HỘI )?(?:CHỦ )?NGHĨA VIỆT NAM$|(?:VIỆT )?NAM$|(?:CHỦ )?NGHĨA VIỆT$|CỘNG\s+H(?:ÒA|OÀ)\s+XÃ\s+HỘI|ĐẢNG CỘNG SẢN VIỆT NAM$|(?:Độc\s*lập|Đoàn\s*kết)\s*[-–])",
    re.IGNORECASE,
)
_UNION = re.compile(
    r"^(?:(ĐOÀN) (?:TNCS|THANH NIÊN CỘNG SẢN) HỒ CHÍ MINH|(MẶT TRẬN|MTTQ)(?: TỔ QUỐC)? VIỆT NAM)$"
)
_STAMP = re.compile(r"^(?:HỎA TỐC|HOẢ TỐC|THƯỢNG KHẨN|KHẨN|MẬT|DỰ THẢO|BẢN SAO|SAO Y|CÔNG VĂN (?:ĐẾN|ĐI))\b")
_BODY_START = re.compile(
    r"^(?:Thực hiện|Căn cứ|Để |Nhằm|Kính gửi|Ngày \d|Theo |Trước |Hiện |Hiện nay|Trong |Tiếp tục|Thi hành|Triển khai|Hưởng ứng|Xét |Qua |Sau |"
    r"Ủy ban nhân dân|UBND|Uỷ ban|Chào mừng|Kỷ niệm|Được sự|Do ảnh hưởng|Từ ngày|Hồi \d|Bão|Đêm|Chiều|Sáng|Tại |Thời gian|Trân trọng|Phát huy|Năm \d)"
)
_SENDS = compiled(r"^[{UPPER} ,-]{10,90}\s+(?:điện|Điện)\s*:?$")
_ADDRESSED = re.compile(r"^Kính\s+(?:gửi|mời)\s*:?\s*", re.IGNORECASE)
_TO_WHOM = re.compile(r"^(?:Nơi\s*nhận|NƠI NHẬN)\s*:?\s*")
_SIGN_TITLE = compiled(
    r"^(?:(?:TM|KT|TL|TUQ|T/M|K/T|T/L|Q)\s?\.?\s?(?=[{UPPER}])|(?:QUYỀN |PHÓ )?(?:CHỦ TỊCH|GIÁM ĐỐC|TỔNG GIÁM ĐỐC|TRƯỞNG|BÍ THƯ|CHÁNH|PHÓ|CHỦ NHIỆM|HIỆU TRƯỞNG|"
    r"CỤC TRƯỞNG|BỘ TRƯỞNG|THỨ TRƯỞNG|THỦ TƯỚNG|CHỈ HUY|ĐỘI TRƯỞNG|TỔ TRƯỞNG|THƯỜNG TRỰC|PHỤ TRÁCH|BAN THƯỜNG VỤ))"
)
_SIGN_NOTE = re.compile(r"^[(\[]?\s*(?:đã ký|ký|ký tên|chữ ký|ký số|dấu|signed|người ký)\b", re.IGNORECASE)
_RANK = re.compile(
    r"^(?:(?:ThS|Th\.S|TS|PGS|GS|BS|BSCKI{1,2}|BS\s?CK\s?I{1,2}|BSNT|DS|KS|CN|LG|NCS)(?:[.:,-]\s*|\s+)|(?:Ông|Bà|Đ/c|Đồng chí|(?:Thượng|Trung|Thiếu|Đại) (?:tá|úy|uý|tướng)|Bác sĩ|Kỹ sư|Thạc sĩ|Tiến sĩ|Luật sư|Nhà báo)[.:]?\s+)"
)
_NAME_WORD = "[{UPPER}][{LOWER}čñŏŭĭĕƀ]*(?:['’-][{UPPER}]?[{LOWER}čñŏŭĭĕƀ]+)*"
_NAME = compiled(f"^{_NAME_WORD}(?:\\s+{_NAME_WORD}){{1,5}}$" + r"|^[{UPPER}]['’][{UPPER}][{LOWER}]+$")
"""A person's name, with those of the Central Highlands: "H'Loan Mlô", "K'Brơi", "Y Krông Niê"."""


@dataclass(slots=True)
class Heading:
    """What the masthead and the foot say, and which lines are the body."""

    kind: str = "Văn bản"
    number: str | None = None
    symbol: str | None = None
    issued_on: date | None = None
    issued_month: str | None = None
    year: int | None = None
    place: str | None = None
    issuer: str | None = None
    subject: str | None = None
    signer: str | None = None
    recipients: list[Named] = field(default_factory=list)
    spans: dict[str, Span] = field(default_factory=dict)
    body: tuple[int, int] = (0, 0)
    is_official: bool = True


def read_heading(source: SourceText, lines: list[Line]) -> Heading:
    """The heading of the document; `body` is the range of `lines` between masthead and foot."""
    heading = Heading()
    foot = _foot_start(lines)
    index = 0
    org: list[Line] = []
    title_at: int | None = None
    subject_at: int | None = None
    limit = min(foot, 60)
    while index < limit:
        line = lines[index]
        text = line.text
        if match := _NUMBER.match(text):
            if heading.symbol is None:
                _take_number(heading, line, match)
        elif match := _PLACE_DATE.match(text):
            if heading.year is None:
                heading.place = " ".join(match["place"].split())
                heading.spans["place"] = (line.start + match.start("place"), line.start + match.end("place"))
                _take_date(heading, line, match)
        elif (match := _CUT_DATE.match(text)) and heading.year is None and (year := _year_near(lines, index)):
            heading.place = " ".join(match["place"].split())
            heading.spans["place"] = (line.start + match.start("place"), line.start + match.end("place"))
            _take_date(heading, line, match, year)
        elif index < 16 and _YEAR_ALONE.match(text):
            pass
        elif (match := _DATE_ALONE.match(text)) and heading.year is None and len(text) < 50:
            _take_date(heading, line, match)
        elif _MOTTO.match(text) or not any(sign.isalnum() for sign in text):
            pass
        elif (title := title_of(text)) and title_at is None:
            title_at = index
            heading.kind = kind_word(title)
            heading.spans["kind"] = (line.start, line.start + len(title))
            rest = text[len(title) :].strip(" :-–")
            if rest and not heading.subject:
                _set_subject(heading, line, len(text) - len(rest), len(text))
        elif (
            _SUBJECT.match(text)
            and subject_at is None
            and (title_at is None or index - title_at <= 2)
            and not heading.subject
        ):
            subject_at = index
            width = _SUBJECT.match(text).end() if title_at is None or text[:3].lower() == "v/v" else 0  # type: ignore[union-attr]
            end = index
            while end + 1 < limit and _continues_subject(lines[end].text, lines[end + 1].text):
                end += 1
            _set_subject(heading, line, width, len(text), lines[end].end)
            index = end
        elif _ADDRESSED.match(text):
            index = _take_recipients(heading, lines, index, foot)
            break
        elif (
            title_at is not None
            and index == title_at + 1
            and not heading.subject
            and (not _BODY_START.match(text) or _is_subject(lines, index, limit))
            and label_of(text) is None
        ):
            end = index
            while end + 1 < limit and _more_title(lines[end].text, lines[end + 1].text):
                end += 1
            _set_subject(heading, line, 0, len(text), lines[end].end)
            index = end
        elif (
            title_at is None
            and heading.kind == "Văn bản"
            and (is_upper(text) or (org and text.isupper() and len(text) < 20))
            and len(text) < 120
            and index < 12
            and label_of(text) is None
        ):
            if not _at_the_right(text, org) and not _STAMP.match(text):
                org.append(line)
        elif title_at is not None and _SENDS.match(text):  # "CHỦ TỊCH … điện:" and those it is sent to
            index = _bulleted(heading, lines, index + 1, foot)
            break
        elif (
            title_at is not None
            and is_upper(text)
            and label_of(text) is None
            and not _BODY_START.match(text.capitalize())
        ):
            if re.search(r"ĐIỆN\s*:?$", text):  # "CHỦ TỊCH … ĐIỆN:" and those it is sent to
                index = _bulleted(heading, lines, index + 1, foot)
                break
        elif (
            title_at is None
            and index < 6
            and heading.symbol is None
            and heading.year is None
            and len(text) < 200
        ):
            if not _soon_official(lines, index, limit):
                break
        else:
            break
        if title_at == index - 1 and "subject" not in heading.spans and _of_masthead(text):
            title_at = index  # a right column that was read after the title of the left one
        index += 1
    heading.body = (index, foot)
    _finish(heading, source, lines, org)
    return heading


def _is_subject(lines: list[Line], index: int, limit: int) -> bool:
    """Whether a line that begins like a body ("Triển khai …", "Kỷ niệm …") is what stands under the title: no full
    sentence, and the body begins after it."""
    text = lines[index].text
    if len(text) > 220 or text.rstrip().endswith((".", ":", ";", ",")) or index + 1 >= limit:
        return False
    after = lines[index + 1].text
    return bool(_BODY_START.match(after) or label_of(after) is not None or _ADDRESSED.match(after))


def _soon_official(lines: list[Line], index: int, limit: int) -> bool:
    return any(
        _NUMBER.match(line.text)
        or _PLACE_DATE.match(line.text)
        or title_of(line.text)
        or _MOTTO.match(line.text)
        for line in lines[index + 1 : min(index + 10, limit)]
    )


def _at_the_right(text: str, org: list[Line]) -> bool:
    """At the right of a masthead the youth union or the Front stands where the Republic would."""
    match = _UNION.match(text)
    if match is None:
        return False
    names = ("ĐOÀN",) if match[1] else ("MẶT TRẬN", "MTTQ")
    return any(name in other.text for other in org for name in names)


def _of_masthead(text: str) -> bool:
    return bool(_MOTTO.match(text) or _PLACE_DATE.match(text) or _NUMBER.match(text))


def _take_number(heading: Heading, line: Line, match: re.Match[str]) -> None:
    symbol = re.sub(r"\s*([-/–])\s*", r"\1", match["symbol"]).replace("–", "-").rstrip(".")
    digits = match["digits"].strip(" .…_")
    heading.symbol = symbol
    heading.spans["symbol"] = (line.start + match.start("symbol"), line.start + match.end("symbol"))
    if digits:
        separator = match["sep"].replace("–", "-")
        heading.number = f"{digits}{match['year'] or ''}{separator}{symbol}"
        heading.spans["number"] = (line.start + match.start("digits"), line.start + match.end("symbol"))


def _year_near(lines: list[Line], index: int) -> int | None:
    """The year of a date that a narrow column broke before it: "…, ngày 02 tháng 01 năm" and "2024"."""
    for line in lines[max(0, index - 3) : index + 4]:
        if match := _YEAR_ALONE.match(line.text):
            return int(match[1])
    return None


def _take_date(heading: Heading, line: Line, match: re.Match[str], year: int | None = None) -> None:
    heading.year = year if year is not None else int(match["y"])
    heading.spans["issued_on"] = (line.start + match.start(), line.start + match.end())
    if match["m"]:
        month = int(match["m"])
        if 1 <= month <= 12:
            heading.issued_month = f"{heading.year:04d}-{month:02d}"
        if match["d"]:
            heading.issued_on = make_date(match["d"], month, heading.year)


def _continues_subject(before: str, text: str) -> bool:
    if (
        label_of(text)
        or _ADDRESSED.match(text)
        or _PLACE_DATE.match(text)
        or _MOTTO.match(text)
        or _NUMBER.match(text)
        or title_of(text)
        or _CUT_DATE.match(text)
    ):
        return False
    if _BODY_START.match(text) and not text[:1].islower():
        return False
    if is_upper(text) and not is_upper(before):
        return False  # "CHỦ TỊCH ỦY BAN NHÂN DÂN XÃ …", who decides
    return len(text) < 90 and (text[:1].islower() or len(before) < 70) and not text.endswith((":", "."))


def _more_title(before: str, text: str) -> bool:
    if (
        _BODY_START.match(text)
        or label_of(text)
        or _ADDRESSED.match(text)
        or _NUMBER.match(text)
        or not any(map(str.isalnum, text))
    ):
        return False
    if text.endswith((":", ";", "./.")) or len(text) > 160 or (text.endswith(".") and text[:1].isupper()):
        return False
    return (
        text[:1].islower()
        or text[:1] in '(“"'
        or (is_upper(text) == is_upper(before) and len(text) < 110 and not before.endswith((".", ")")))
    )


def _set_subject(heading: Heading, line: Line, width: int, length: int, end: int | None = None) -> None:
    heading.spans["subject"] = (line.start + width, end if end is not None else line.start + length)
    heading.subject = ""


def _take_recipients(heading: Heading, lines: list[Line], index: int, foot: int) -> int:
    line = lines[index]
    width = _ADDRESSED.match(line.text).end()  # type: ignore[union-attr]
    rest = line.text[width:].strip()
    if rest:
        heading.recipients += _listed(rest.rstrip("."), line.start + width)
        if not rest.endswith((";", ":", ",")):
            return (
                index + 1
                if not (index + 1 < foot and lines[index + 1].text[:1] in "-+")
                else _bulleted(heading, lines, index + 1, foot)
            )
    return _bulleted(heading, lines, index + 1, foot)


def _bulleted(heading: Heading, lines: list[Line], index: int, foot: int) -> int:
    plain_left = 8
    while index < foot:
        line = lines[index]
        label = label_of(line.text)
        if label is not None and label.is_bullet:
            name = line.text[label.width :].strip(" ;.,")
            heading.recipients.append(
                Named(text=name, span=(line.start + label.width, line.start + label.width + len(name)))
            )
        elif (
            plain_left
            and label is None
            and line.text.endswith(";")
            and len(line.text) < 200
            and not _BODY_START.match(line.text)
        ):
            plain_left -= 1
            name = line.text.strip(" ;.,")
            heading.recipients.append(Named(text=name, span=(line.start, line.start + len(name))))
        elif (
            heading.recipients
            and lines[index - 1].text.endswith(";")
            and label is None
            and len(line.text) < 120
            and line.text.endswith(".")
        ):
            name = line.text.strip(" ;.,")
            heading.recipients.append(Named(text=name, span=(line.start, line.start + len(name))))
        elif (
            not heading.recipients
            and label is None
            and len(line.text) < 200
            and not _BODY_START.match(line.text)
        ):
            heading.recipients += _listed(line.text.rstrip("."), line.start)
        else:
            break
        index += 1
    return index


def _listed(text: str, start: int) -> list[Named]:
    names = []
    for match in re.finditer(r"[^;]+", text):
        name = match.group().strip(" ;.,-")
        if name:
            at = start + match.start() + match.group().index(name)
            names.append(Named(text=name, span=(at, at + len(name))))
    return names


def _foot_start(lines: list[Line]) -> int:
    """The index of the first line of the foot (Nơi nhận, or the sign-off), or the number of lines."""
    for index, line in enumerate(lines):
        if _TO_WHOM.match(line.text) and (
            index > len(lines) * 0.2 or (index and lines[index - 1].text.endswith("./."))
        ):
            return _signed_above(lines, index)
    for index in range(len(lines) - 1, max(-1, len(lines) - 14), -1):
        if _is_sign_title(lines[index]):
            first = index
            while first > 0 and _is_sign_title(lines[first - 1]):
                first -= 1
            while first > 0 and len(lines[first - 1].text) < 80 and _PLACE_DATE.match(lines[first - 1].text):
                first -= 1  # letters without a masthead carry place and date here
            return first
    return len(lines)


def _signed_above(lines: list[Line], foot: int) -> int:
    """Where the sign-off begins that stands above "Nơi nhận", or `foot`: title and name, and nothing else, between."""
    for index in range(foot - 1, max(foot - 7, -1), -1):
        text = lines[index].text
        if _is_sign_title(lines[index]):
            first = index
            while first > 0 and _is_sign_title(lines[first - 1]):
                first -= 1
            return first
        if len(text) > 60 or text.endswith((".", ";", ":")) or label_of(text) is not None:
            break
    return foot


_ANNEX = re.compile(r"^(?:PHỤ LỤC|Phụ lục|DANH MỤC|LỊCH PHÁT SÓNG|BIỂU)\b")


def annex_start(lines: list[Line], foot: int) -> int:
    """The line that names what is attached below the foot: an annex, or the plan that a decision issues."""
    for index in range(foot, len(lines)):
        text = lines[index].text
        if _ANNEX.match(text):
            return index
        if index > foot and title_of(text) and is_upper(text) and len(lines) - index > 4:
            first = index
            while first - 1 > foot and (
                _of_masthead(lines[first - 1].text) or is_authority(lines[first - 1].text)
            ):
                first -= 1  # its own masthead
            return first
    return len(lines)


def _is_sign_title(line: Line) -> bool:
    return bool(_SIGN_TITLE.match(line.text)) and is_upper(line.text) and len(line.text) < 90


def _finish(heading: Heading, source: SourceText, lines: list[Line], org: list[Line]) -> None:
    text = source.text
    first, foot = heading.body
    if span := heading.spans.get("subject"):
        heading.subject = " ".join(text[span[0] : span[1]].split()).strip(" .;:/(*") or None
    _take_signer(heading, lines, foot)
    if heading.kind == "Văn bản":
        _guess_kind(heading, source)
    if heading.year is None:
        for line in lines[: first + 12]:
            if match := _SENT_AT.search(line.text):
                _take_date(heading, line, match)
                break
    if heading.year is None:
        for line in lines[foot:] + lines[max(0, foot - 2) : foot]:
            match = _PLACE_DATE.match(line.text) or _DATE_ALONE.match(line.text)
            if match:
                _take_date(heading, line, match)
                if "place" in match.groupdict():
                    heading.place = heading.place or " ".join(match["place"].split())
                break
    if heading.year is None and source.published_on:
        heading.issued_on = date.fromisoformat(source.published_on)
        heading.issued_month = source.published_on[:7]
        heading.year = heading.issued_on.year
    if heading.subject is None and not heading.is_official:
        heading.subject = source.title or (lines[0].text[:300] if lines else None)
        if heading.subject and (at := text.find(heading.subject)) >= 0:
            heading.spans["subject"] = (at, at + len(heading.subject))
    heading.issuer, span = issuer_name(
        source, org, lines[heading.body[1] :], symbol=heading.symbol,
        place=(heading.place, heading.spans.get("place")) if heading.place else None,
    )  # fmt: skip
    if span:
        heading.spans["issuer"] = span
    if heading.place:
        heading.place = proper_case(heading.place)
    if heading.year is None and (match := FULL_DATE.search(text[:3000])) and not heading.is_official:
        heading.year = int(match[3])


def _take_signer(heading: Heading, lines: list[Line], foot: int) -> None:
    tail = lines[foot : annex_start(lines, foot)]
    signed = [
        index for index, line in enumerate(tail) if _SIGN_TITLE.match(line.text) and is_upper(line.text)
    ]
    after = tail[signed[0] :] if signed else tail
    for line in reversed(after):
        text = line.text.strip(" .*_")
        if _SIGN_NOTE.match(text) or label_of(line.text) or not text:
            continue
        name = text
        while match := _RANK.match(name):
            name = name[match.end() :]
        shown = proper_case(name) if is_upper(name) else name
        if _NAME.match(shown) and len(shown) <= 50 and not _SIGN_TITLE.match(text):
            at = line.start + line.text.index(name)
            heading.signer = shown
            heading.spans["signer"] = (at, at + len(name))
            return


def _guess_kind(heading: Heading, source: SourceText) -> None:
    letter = heading.recipients and "subject" in heading.spans
    if heading.symbol and not letter and (kind := kind_of_symbol(heading.symbol)):
        heading.kind = kind
    elif heading.symbol or heading.subject or heading.recipients:
        heading.kind = "Công văn"
    else:
        heading.is_official = heading.year is not None and heading.place is not None
        heading.kind = "Văn bản" if heading.is_official else "Tin bài"
    del source
