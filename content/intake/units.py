"""Who leads and who takes part: the lines that name units, and the names in them."""

from __future__ import annotations

import re

from content.intake.facts import Named
from content.intake.letters import compiled

_LEAD = re.compile(
    r"^(?:[-+*•]\s*)?(?:\d\.\s*)?(?:(?:Các\s+)?(?:Đơn vị|Cơ quan|Bộ phận|Ngành|Cán bộ|Phòng, ban)\s*(?:,\s*(?:đơn vị|cơ quan|cá nhân)\s*)?(?:chủ trì|thực hiện|đầu mối|phụ trách|chịu trách nhiệm)"
    r"(?:\s*(?:thực hiện|tham mưu|tuyên truyền|chính))*|Chủ trì(?:\s+thực hiện|\s+tham mưu)?|Phân công(?:\s+thực hiện)?|Phụ trách|Thực hiện|Trách nhiệm(?:\s+thực hiện)?|Giao)"
    r"\s*[:：]\s*",
    re.IGNORECASE,
)
_PARTNER = re.compile(
    r"^(?:[-+*•]\s*)?(?:\d\.\s*)?(?:(?:Các\s+)?(?:Đơn vị|Cơ quan|Bộ phận|Ngành)\s*(?:,\s*(?:đơn vị|cơ quan)\s*)?phối hợp(?:\s+(?:thực hiện|tuyên truyền|tham gia))*|Phối hợp(?:\s+thực hiện|\s+với)?|"
    r"(?:Đơn vị\s+)?tham gia)\s*[:：]\s*",
    re.IGNORECASE,
)
_PERIOD = re.compile(
    r"^(?:[-+*•]\s*)?(?:\d\.\s*)?(?:Về\s+)?(?:Thời gian|Thời hạn|Thời điểm|Tiến độ|Thời lượng thực hiện)(?:\s*(?:,\s*tiến độ|tuyên truyền|thực hiện|hoàn thành|tổ chức|triển khai|phát sóng|phát thanh|đăng tải|phát|đăng))*\s*[:：]\s*",
    re.IGNORECASE,
)
_HEADS = [
    "phòng",
    "ban",
    "trung",
    "văn",
    "công",
    "uỷ",
    "ủy",
    "ubnd",
    "hđnd",
    "mặt",
    "mttq",
    "uỷ",
    "hội",
    "đoàn",
    "liên",
    "trường",
    "các",
    "trạm",
    "đài",
    "sở",
    "tổ",
    "chi",
    "đội",
    "bộ",
    "hạt",
    "điện",
    "khu",
    "khối",
    "thôn",
    "bản",
    "đảng",
    "thường",
    "bưu",
    "ngân",
    "kho",
    "thuế",
    "chủ",
    "tịch",
    "giám",
    "trưởng",
    "cán",
    "hợp",
    "doanh",
    "tiểu",
    "ấp",
    "xóm",
    "buôn",
    "làng",
    "cơ",
    "nhà",
    "viện",
    "câu",
    "quân",
    "lực",
    "bí",
]
_GENERAL = re.compile(r"^(?:các|toàn bộ|những|mọi|tất cả)\b", re.IGNORECASE)
_INLINE = compiled(
    r"\(\s*(?:(?:[Gg]iao|[Dd]o)\s+)?(?P<unit>[{UPPER}][^()]{3,120}?)\s+(?:chủ trì|thực hiện|phụ trách)(?:\s*[,;]?\s*(?P<with>[^();]{3,120}?)\s+phối hợp|\s*[,;]?\s*phối hợp(?:\s+với)?\s*:?\s+(?P<with2>[^();]{3,120}?))?(?:\s*[;,]\s*(?P<when>(?:thời gian|thực hiện|hoàn thành|xong|trong|từ|đến|trước|quý|tháng)[^()]{3,90}?))?\s*\)"
)
_ASSIGNED = compiled(
    r"(?:Giao|giao)\s+(?P<unit>(?:[{UPPER}]|các\s)[^.;:\n]{3,90}?)\s+(?:chủ trì|là đơn vị chủ trì|chịu trách nhiệm|phụ trách|thực hiện(?=\s*(?:[.;,)]|$)))(?:\s*,?\s*phối hợp\s+(?:với\s+)?(?P<with>[^.;:\n]{3,120}?))?(?=\s+(?:tuyên truyền|thực hiện|xây dựng|triển khai|tổ chức|tham mưu|biên tập|phát)|[.;]|$)"
)

_MARKED = re.compile(
    r"\(\s*(?:(?:Các\s+)?(?:Đơn vị|Cơ quan|Bộ phận)\s+)?(?:chủ trì|thực hiện|phụ trách)(?:\s+thực hiện)?\s*:\s*(?P<unit>[^();]{3,120}?)"
    r"(?:\s*[;,.]\s*(?:(?:đơn vị|cơ quan)\s+)?phối hợp(?:\s+với|\s+thực hiện)?\s*:\s*(?P<with>[^();]{3,160}?))?"
    r"(?:\s*[;,.]\s*(?P<when>thời gian[^()]{3,90}?))?\s*\)",
    re.IGNORECASE,
)
_DONE_BY = compiled(
    r"\b[Dd]o\s+(?P<unit>(?:[{UPPER}]|các\s)[^.;:()\n]{3,90}?)\s+(?:chủ trì|phụ trách|thực hiện|đảm nhiệm|chịu trách nhiệm(?: thực hiện)?)"
    r"(?:\s*,?\s*phối hợp\s+(?:với\s+)?(?P<with>[^.;:()\n]{3,120}?))?(?=\s*(?:[.;)]|$))"
)
_LEADS = compiled(
    r"^(?:(?:Giao|Đề nghị|Yêu cầu)\s+)?(?P<unit>[{UPPER}][^.;:()\n]{3,90}?)\s+chủ trì(?:\s*,?\s*phối hợp\s+(?:với\s+)?(?P<with>[^.;:\n]{3,120}?))?"
    r"(?=\s+(?:tuyên truyền|thực hiện|xây dựng|triển khai|tổ chức|tham mưu|biên tập|phát|đẩy mạnh|tăng cường|thông tin)|[.;]|$)"
)
_INLINE_FORMS = (_INLINE, _MARKED, _ASSIGNED, _DONE_BY, _LEADS)


def marker(line: str) -> tuple[str, int] | None:
    """("lead"|"partner"|"period", where the value starts) of a line that names units or a period."""
    for kind, pattern in (("partner", _PARTNER), ("lead", _LEAD), ("period", _PERIOD)):
        if match := pattern.match(line):
            return kind, match.end()
    return None


def split_units(text: str, start: int) -> tuple[Named, ...]:
    """The units named in `text`, each with its place; `start` is the offset of `text` in the clean text."""
    units: list[Named] = []
    begin = 0
    for at, width in _cuts(text):
        _keep(units, text, begin, at, start)
        begin = at + width
    _keep(units, text, begin, len(text), start)
    return tuple(units)


_SECOND = {
    "công": ("an", "chức", "đoàn", "ty"), "văn": ("phòng",), "trung": ("tâm",), "thường": ("trực",), "chi": ("bộ", "hội", "cục", "nhánh"),
    "cơ": ("quan", "sở"), "đảng": ("ủy", "uỷ", "bộ"), "bộ": ("phận", "chỉ"), "quân": ("sự",), "mặt": ("trận",), "chủ": ("tịch",),
    "lực": ("lượng",), "liên": ("đoàn", "hiệp"), "cán": ("bộ",), "hợp": ("tác",), "doanh": ("nghiệp",), "nhà": ("văn", "trường"),
    "kho": ("bạc",), "ngân": ("hàng",), "bưu": ("điện", "cục"), "điện": ("lực",), "tiểu": ("ban",), "giám": ("đốc",), "bí": ("thư",),
    "thuế": ("cơ", "thành", "tỉnh"), "khu": ("dân", "phố"), "khối": ("dân", "phố"),
}  # fmt: skip


def is_unit(text: str) -> bool:
    """Whether `text` is the name of a unit and nothing else."""
    words = re.sub(r"^Giao\s+(?=\S)", "", text).casefold().replace(",", " ").split()
    if not words or not text[:1].isupper() or words[0] not in _HEADS or re.search(r"[:.]\s", text):
        return False
    second = _SECOND.get(words[0])
    return second is None or (len(words) > 1 and words[1] in second)


def inline_units(text: str, start: int) -> tuple[tuple[Named, ...], tuple[Named, ...]]:
    """Lead and partner units that a content names within its own sentence."""
    match = next(
        (
            found
            for form in _INLINE_FORMS
            if (found := form.search(text)) and (form is not _LEADS or is_unit(found["unit"]))
        ),
        None,
    )
    if match is None:
        return (), ()
    lead = split_units(match["unit"], start + match.start("unit"))
    groups = match.groupdict()
    name = "with" if groups.get("with") else "with2" if groups.get("with2") else None
    return lead, split_units(match[name], start + match.start(name)) if name else ()


def inline_dates(text: str) -> tuple[str, int] | None:
    """What follows the unit in its bracket, and where: "thực hiện trong quý I/2024"."""
    match = _INLINE.search(text) or _MARKED.search(text)
    if match is None or not match["when"]:
        return None
    return match["when"], match.start("when")


def _cuts(text: str) -> list[tuple[int, int]]:
    cuts: list[tuple[int, int]] = []
    begin = 0
    depth = 0
    for match in re.finditer(r"[;()\n]|,\s+|\s+và\s+|\s+[-–]\s+|\s*/\s+", text):
        sign = match.group()
        if sign == "(":
            depth += 1
        elif sign == ")":
            depth = max(0, depth - 1)
        elif depth:
            continue
        elif (
            sign == ";"
            or (sign == "\n" and _starts_unit(text[match.end() :]))
            or _new_unit(text[begin : match.start()], text[match.end() :], sign)
        ):
            cuts.append((match.start(), len(sign)))
            begin = match.end()
    return cuts


def _starts_unit(after: str) -> bool:
    """Whether a new line in a cell begins a unit of its own, and does not go on with the one above."""
    words = after.lstrip().split(None, 1)
    return bool(words) and (
        words[0][:1] in "-+*•" or (words[0][:1].isupper() and words[0].strip(",.;").casefold() in _HEADS)
    )


def _new_unit(before: str, after: str, sign: str) -> bool:
    """Whether what follows a comma or "và" is a unit of its own."""
    words = after.split(None, 2)
    if not words:
        return False
    first = words[0].strip(",.;:")
    if first.casefold() not in _HEADS:
        return False
    if sign.strip() == "và" and re.search(r"(?:HĐND|Hội đồng nhân dân)$", before.strip()):
        return False  # "Văn phòng HĐND và UBND" is one
    lowered = first[:1].islower()
    if _GENERAL.match(before.strip()):
        # "các phòng, ban, đơn vị liên quan" is one; a new "các …" or a name in capitals is another
        return first.casefold() == "các" or (not lowered and (len(words) > 1))
    if lowered and first != "các":
        return len(words) > 1 and words[1][:1].isupper()
    if sign.strip() == "và" and first.casefold() in ("hội", "công", "thuế", "bộ", "văn", "thường"):
        return len(words) > 1 and words[1].casefold().strip(",.;") in (
            "liên", "cựu", "nông", "phụ", "người", "chữ", "an", "chức", "đội", "phận", "phòng", "trực", "đồng", "cơ"
        )  # fmt: skip
    if first.casefold() == "thường":
        return len(words) > 1 and words[1].casefold().startswith("trực")
    if first.casefold() == "văn":
        return len(words) > 1 and words[1].casefold().startswith("phòng")
    if first.casefold() == "công":
        return len(words) > 1 and words[1].casefold().strip(",.;") in ("an", "chức", "đoàn", "ty")
    if first.casefold() == "trung":
        return len(words) > 1 and words[1].casefold().startswith("tâm")
    return True


def _keep(units: list[Named], text: str, begin: int, end: int, start: int) -> None:
    part = text[begin:end]
    left = len(part) - len(part.lstrip(" -+*.,:;"))
    name = part.strip(" .,:;-+*")
    name = name.removesuffix("./")
    if name and name not in ("...", "…"):
        units.append(Named(text=name, span=(start + begin + left, start + begin + left + len(name))))
