"""Other documents that a text names: kind, number, date, issuer."""

from __future__ import annotations

import re

from content.intake.dates import make_date
from content.intake.facts import Citation
from content.intake.letters import compiled

KIND_NAMES = (
    "Nghị quyết", "Nghị định", "Quyết định", "Chỉ thị", "Kế hoạch", "Công văn", "Công điện", "Thông tư liên tịch", "Thông tư",
    "Thông báo", "Hướng dẫn", "Báo cáo", "Tờ trình", "Chương trình hành động", "Chương trình", "Kết luận", "Quy định", "Quy chế",
    "Luật", "Pháp lệnh", "Đề án", "Phương án", "Giấy mời", "Văn bản", "Lệnh", "Thông tri", "Thông cáo", "Dự án", "Hợp đồng",
)  # fmt: skip
#: Code in the symbol of a document → its kind.
KIND_OF_CODE = {
    "NQ": "Nghị quyết", "NĐ": "Nghị định", "ND": "Nghị định", "QĐ": "Quyết định", "QD": "Quyết định", "CT": "Chỉ thị",
    "KH": "Kế hoạch", "CĐ": "Công điện", "TT": "Thông tư", "TTLT": "Thông tư liên tịch", "TB": "Thông báo",
    "HD": "Hướng dẫn", "BC": "Báo cáo", "TTr": "Tờ trình", "CTr": "Chương trình", "CTR": "Chương trình", "KL": "Kết luận",
    "QyĐ": "Quy định", "QC": "Quy chế", "ĐA": "Đề án", "PA": "Phương án", "GM": "Giấy mời", "BB": "Biên bản", "CV": "Công văn",
    "TC": "Thông cáo", "TTHT": "Thư", "CTrPH": "Chương trình", "QH": "Luật", "PL": "Pháp lệnh",
}  # fmt: skip

_KINDS = "|".join(sorted(map(re.escape, KIND_NAMES), key=len, reverse=True))
_CODE_PART = r"[A-ZĐƯ][A-ZĐƯa-zđư]{0,12}(?:[&.][A-ZĐƯ][A-ZĐƯa-zđư]{0,8})*\d{0,2}"
NUMBER = rf"\d{{1,5}}[A-Za-z]?(?:/(?:19|20)\d{{2}})?(?:\s?/\s?|[-–]){_CODE_PART}(?:[-/–]{_CODE_PART})*"
_CITED = re.compile(
    rf"(?:(?P<kind>(?i:{_KINDS}))\s*(?:\([^)\n]{{1,30}}\)\s*)?)?(?P<so>(?i:số)\s*:?\s*)?(?<![\w/.])(?P<number>{NUMBER})"
    r"(?P<rest>\s*,?\s*(?i:ngày)\s*(?P<d>\d{1,2})\s*(?:/|-|\.|\s+tháng\s+)\s*(?P<m>\d{1,2})\s*(?:/|-|\.|\s+năm\s+)\s*(?P<y>\d{4}))?"
)
_STRICT_NUMBER = re.compile(rf"^{NUMBER}$")
_ISSUER = compiled(
    r"^\s*,?\s*(?:của|do)\s+(?P<issuer>[{UPPER}][^;.:“”\"()\n]{2,120}?)"
    r"(?=\s*(?:,\s|;|\.|:|\)|“|\"|$|\bvề\b|\bvề việc\b|\bthực hiện\b|\bquy định\b|\bban hành\b|\btriển khai\b|\bphê duyệt\b|\bsửa đổi\b|"
    r"\bhướng dẫn\b|\bnhằm\b|\bvà (?:Kế hoạch|Nghị|Quyết|Chỉ|Công|Thông|Hướng|Chương)|\bvà các\b|\bđể\b|\btrong\b|\bđã\b|\btuyên truyền\b|\bV/v\b))"
)

_NAME_GOES_ON = compiled(
    r"(?:,\s[{UPPER}][\w-]*(?:\s[{LOWER}][\w-]*){0,4})*?,\s[{UPPER}][\w-]*(?:\s[{LOWER}][\w-]*){0,3}\svà\s[{UPPER}][\w-]*"
    r"(?:\s(?!về\b|việc\b|thực\b|hướng\b|triển\b|quy\b|ban\b|đã\b)[\w-]+){0,6}"
)

_FORM = re.compile(
    r"(?:Mẫu|Biểu|Biểu mẫu|Phiếu|Tờ khai|Phụ lục|Bảng|Thông tư mẫu)\s*(?:số\s*)?:?\s*$", re.IGNORECASE
)
"""What stands before the number of a form ("Mẫu số 01/CT-HGĐ"), which is no document."""


def citations_in(text: str, start: int = 0, own_number: str | None = None) -> list[Citation]:
    """The documents named in `text` from `start` on, each once, in order; `own_number` is left out."""
    found: dict[str, Citation] = {}
    for match in _CITED.finditer(text, start):
        number = re.sub(r"\s*([-/–])\s*", r"\1", match["number"]).replace("–", "-").rstrip(".&")
        if not _STRICT_NUMBER.match(number) or not _is_code(number, match):
            continue
        if number == own_number or _FORM.search(text, max(0, match.start() - 24), match.start()):
            continue
        after = text[match.end() : match.end() + 160]
        issuer_match = _ISSUER.match(after)
        issuer_end = issuer_match.end("issuer") if issuer_match else 0
        if issuer_match and (more := _NAME_GOES_ON.match(after, issuer_end)):
            issuer_end = more.end()  # "Sở Văn hóa, Thể thao và Du lịch"
        issuer = after[issuer_match.start("issuer") : issuer_end].strip(" ,") if issuer_match else None
        day = make_date(match["d"], match["m"], match["y"]) if match["rest"] else None
        kind = _kind(match["kind"], number)
        end = match.end() + issuer_end
        earlier = found.get(number)
        if earlier is None:
            found[number] = Citation(
                kind=kind, number=number, date=day, issuer=issuer, span=(match.start(), end)
            )
        elif (earlier.date is None and day) or (earlier.issuer is None and issuer):
            found[number] = Citation(
                kind=earlier.kind if earlier.kind != "Văn bản" else kind,
                number=number,
                date=earlier.date or day,
                issuer=earlier.issuer or issuer,
                span=earlier.span,
            )
    return list(found.values())


def kind_of_symbol(symbol: str) -> str | None:
    """The kind that the symbol of a document tells ("KH-UBND" → Kế hoạch), or None (a letter, as a rule)."""
    for part in re.split(r"[-/]", re.sub(r"\d+$", "", symbol)):
        if part in KIND_OF_CODE:
            return KIND_OF_CODE[part]
    return None


def _is_code(number: str, match: re.Match[str]) -> bool:
    """Real numbers have a code in capitals; "2 - Tổ", "60/Năm" and the like do not."""
    codes = re.split(r"[-/]", number)[1:]
    codes = [code for code in codes if not code.isdigit()]
    if not codes or not all(sum(sign.isupper() for sign in code) >= max(1, len(code) // 2) for code in codes):
        return False
    if match["kind"] or match["so"]:
        return len("".join(codes)) >= 2
    known = any(code in KIND_OF_CODE for code in codes) or any(
        code.startswith(("UBND", "HĐND", "SVH", "BTT", "STT")) for code in codes
    )
    return known and len(codes) >= 2


def _kind(named: str | None, number: str) -> str:
    if named:
        return next(
            (kind for kind in KIND_NAMES if kind.casefold() == " ".join(named.split()).casefold()), named
        )
    return kind_of_symbol(number) or "Văn bản"
