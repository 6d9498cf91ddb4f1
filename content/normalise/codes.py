"""Numbers of documents: "57-NQ/TW", "02/2023/TT-BTTTT", "5636/SYT-NVY", "72/2025/QH15", wrapped or not."""

from __future__ import annotations

import re

from content.normalise.letters import spell
from content.normalise.numbers import cardinal, digits, named, roman
from content.normalise.scan import LONGEST_TOKEN, Said, Scan

_PART = r"[A-ZĐƯÂĂÔƠ](?:(?!ngày)[A-Za-zĐđƯưÂâÔôƠơáảủờọ0-9]|[&.](?=[A-ZĐƯ]))*"
_CODE = rf"{_PART}(?:\s?[-/]\s*{_PART})*"
_NUMBERED = re.compile(
    rf"(?P<number>\d{{1,6}})(?P<letter>[a-zđ]{{0,2}}|[A-Z]?)(?:\s?/\s?\n?\s?(?P<year>(?:19|20)\d\d))?(?P<sep>\s?[-/]\s*)(?P<code>{_CODE})"
)
_NUMBER_YEAR = re.compile(r"(?P<number>\d{1,6})(?P<letter>[a-zđ]?)\s?/\s?(?P<year>(?:19|20)\d\d)(?![\d/])")
_BARE_CODE = re.compile(rf"\s?[-/]\s?(?P<code>{_CODE})")
_STANDARD = re.compile(
    rf"(?P<number>\d{{1,6}})(?P<parts>(?:\s?-\s?(?:\d{{1,3}}|[A-ZĐ]{{1,3}}))*)(?:\s?:\s?(?P<year>(?:19|20)\d\d))?(?!\d)(?:/(?P<code>{_CODE}))?"
)
_STANDARD_LEFT = re.compile(
    r"\b(?:qcvn|tcvn|tcxdvn|tccs|qcđp|iso|iec|tcn|haccp|quy chuẩn|tiêu chuẩn)\s*:?\s*$"
)
_TYPE_NAMED = re.compile(
    r"(?:luật|nghị định|nghị quyết|nghị quyết liên tịch|thông tư|thông tư liên tịch|quyết định|chỉ thị|kế hoạch|công văn"
    r"|công điện|thông báo|kết luận|quy định|hướng dẫn|báo cáo|tờ trình|chương trình|chương trình hành động|đề án|quy chế"
    r"|thông tri|pháp lệnh|lệnh|giấy mời|phương án|biên bản|hợp đồng|văn bản|điện|thư|công văn hỏa tốc|văn bản hợp nhất|án"
    r"|chương trình phối hợp|kế hoạch phối hợp|hướng dẫn liên ngành|dự án|giấy phép|giấy chứng nhận|quy định|tb|kh|qđ|nq|nđ|ct|tt|cv|kl|hd|bc|ttr|ctr)"
    r"(?:\s+(?:liên ngành|liên tịch|hành động|khẩn|hỏa tốc|hoả tốc|mật))?(?:\s+số)?\s*:?\s*$"
)
_DOC_LEFT = re.compile(
    r"(?:\bsố|\bsố:|nghị định|nghị quyết|thông tư|quyết định|luật|chỉ thị|kế hoạch|pháp lệnh|\bnđ|\bnq|\btt|\bqđ|\bkh)\s*:?\s*$"
)
_PREVENTION = re.compile(r"P[BCT](?=[A-ZĐ]{2})(?!NMT|CKH)")
"""Opens "phòng chống …", "phó chủ …", "phong trào …" as often as the name of an office."""
_ROAD = re.compile(r"(?:QL|ĐT|TL|HL|ĐH|ĐX)(?![^\W\d_])")
_UPPER2 = re.compile(r"[A-ZĐƯÂĂÔƠ].*[A-ZĐƯÂĂÔƠ]")
_TRAILING_NUMBER = re.compile(r"([^\d]+)(\d+)\Z")
_POLICE = re.compile(r"(?:P[ACXKHV]|[ACXVHK])\d\d\Z")
_NAMED_KIND = re.compile(
    r"(quy định|quyết định|thông tri|thông tư|thông báo|thông cáo|quy chế|quy ước|lệnh|luật|kết luận|kế hoạch|chỉ thị|công điện|hợp đồng|hướng dẫn|thư mời|giấy mời|phụ lục)(?:\s+số)?\s*:?\s*$"
)
_FORM_LEFT = re.compile(r"\b(?:mẫu|biểu|phiếu|tờ khai)(?: số)?\s*:?\s*$")
_GLUED_KIND = re.compile(r"(NQ|QĐ|KH|TB|BC|TTr|CĐ|NĐ)(HĐND|UBND|TTg|CP|MTTQ|BCĐ)\Z")
"""A kind and its issuer whose hyphen was forgotten: "15/QĐUBND"."""
_PREFIXES = (
    ("BCĐ", "ban chỉ đạo"),
    ("BQL", "ban quản lý"),
    ("UBND", "ủy ban nhân dân"),
    ("HĐND", "hội đồng nhân dân"),
    ("VP", "văn phòng"),
    ("CC", "chi cục"),
    ("ĐU", "đảng ủy"),
    ("S", "sở"),
    ("P", "phòng"),
)


def _composed(scan: Scan, part: str) -> str | None:
    """An agency made of a known kind and a known field: "SNNMT", "PVHXH", "BCĐ389", "TTYT"."""
    if _POLICE.match(part):
        return f"{spell(part[:-2])} {named(part[-2:], scan.reading)}"
    if ends := _TRAILING_NUMBER.match(part):
        known = _known(scan, ends[1], "code")
        if known:
            number = digits(ends[2]) if len(ends[2]) > 2 else named(ends[2], scan.reading)
            return f"{known} khóa {number}" if ends[1] in {"QH", "UBTVQH", "HĐND"} else f"{known} {number}"
        return None
    if (glued := _GLUED_KIND.match(part)) and (issuer := _known(scan, glued[2], "code")):
        return f"{scan.lexicon.code(glued[1], 'type')} {issuer}"
    for prefix, word in _PREFIXES:
        if part.startswith(prefix) and len(part) - len(prefix) >= 2 and not _PREVENTION.match(part):
            field = _known(scan, part[len(prefix) :], "dept")
            if field:
                return f"{word} {field}"
    return None


def _known(scan: Scan, part: str, first: str) -> str | None:
    party = scan.reading.party_committee
    if part == "TU":
        return party
    order = {"type": ("type", "code", "dept"), "code": ("code", "dept"), "dept": ("dept", "code")}[first]
    spoken = scan.lexicon.code(part, *order)
    if spoken is None and part.isupper():
        for written, entries in scan.lexicon.heads(part):
            if written == part:
                spoken = next((entry.spoken for entry in entries if not entry.conditional), None)
                break
    if spoken:
        spoken = spoken.replace("{TU}", party).replace("{ĐỂ}", "")
    if spoken and party != "tỉnh ủy" and "TU" in part:
        spoken = spoken.replace("tỉnh ủy", party)
    return spoken


def part_words(scan: Scan, part: str, first: str) -> str | None:
    """What one part of a code stands for, or None; `first` is the list to ask first."""
    spoken = _known(scan, part, first) or _composed(scan, part)
    if spoken is None and re.search("[&.]", part):
        pieces = [_known(scan, piece, first) for piece in re.split("[&.]", part)]
        if all(pieces):
            return " ".join(piece for piece in pieces if piece)
    return spoken


def _named_kind(scan: Scan, part: str) -> str | None:
    """The kind named just before, where its initials are this part: "Quy định số 37-QĐ/TW"."""
    match = _NAMED_KIND.search(scan.left(32))
    initials = "".join(word[0] for word in match[1].split()).upper() if match else None
    return match[1] if match and initials == part else None


def _code_words(scan: Scan, code: str, at: int, *, type_named: bool) -> str | None:
    """The words of a whole code; unknown parts are flagged and spelled (left out where the kind is named)."""
    parts = [(match.group(), match.start()) for match in re.finditer(_PART, code)]
    words: list[str] = []
    first = "type"
    missing = False
    is_form = _FORM_LEFT.search(scan.left(24)) is not None
    for part, start in parts:
        spoken = (first == "type" and _named_kind(scan, part)) or part_words(scan, part, first)
        if is_form and first == "type" and (len(parts) > 1 or scan.lexicon.code(part, "type")):
            # a form is no document: its letters are no kind ("Mẫu số 01/CT-HGĐ" is no chỉ thị)
            spoken = "tờ khai" if part == "TK" else spell(part)
        if part == "BCH" and code.startswith(("CĐ", "LG")):
            spoken = "ban chỉ huy"  # telegrams and call-ups come from the command, not from a party committee
        if not spoken:
            missing = True
            spoken = spell(part)
            scan.unknown(at + start, at + start + len(part), "code", "" if type_named else spoken)
        first = "code" if first == "type" and scan.lexicon.code(part, "type") else "dept"
        words.append(spoken)
    if type_named and (missing or scan.reading.code_style == "short"):
        return ""
    return " ".join(words)


def _looks_like_code(scan: Scan, code: str, sep: str) -> bool:
    parts = re.findall(_PART, code)
    if all(roman(part) for part in parts):
        return False
    known = any(part_words(scan, part, "type") for part in parts)
    if sep.strip() != sep and "\n" not in sep and sep != "/ ":  # " - ": could be a dash between clauses
        return part_words(scan, parts[0], "type") is not None and len(parts) > 1
    return known or any(_UPPER2.match(part) for part in parts)


def document_number(scan: Scan) -> Said | None:
    """A document's number with its code, at a digit."""
    match = _NUMBERED.match(scan.text, scan.pos, scan.pos + LONGEST_TOKEN)
    if not match or (_ROAD.match(match["code"]) and scan.left(4).endswith("+")):
        return None  # "Km5+450/ĐT.392" is a place on a road
    code = match["code"]
    end = match.end()
    parts = list(re.finditer(_PART, code))
    while (
        len(parts) > 1
        and not _UPPER2.match(parts[-1].group())
        and not part_words(scan, parts[-1].group(), "dept")
    ):
        end = match.start("code") + parts[-2].end()  # a plain word after " - " or "/" is no part of the code
        parts.pop()
        code = scan.text[match.start("code") : end]
    if end < len(scan.text) and scan.text[end].isalpha() and not scan.text.startswith("ngày", end):
        return None
    if not _looks_like_code(scan, code, match["sep"]):
        return None
    words = [_number(scan, match)]
    type_named = _TYPE_NAMED.search(scan.left(60)) is not None
    spoken = _code_words(scan, code, match.start("code"), type_named=type_named)
    if spoken:
        words.append(spoken)
    return Said(end, " ".join(words), "document-number")


def _number(scan: Scan, match: re.Match[str]) -> str:
    words = named(match["number"], scan.reading)
    if match["letter"]:
        words += " " + spell(match["letter"])
    if match["year"]:
        words += " năm " + cardinal(int(match["year"]), scan.reading)
    return words


def standard(scan: Scan) -> Said | None:
    """ "01:2021/BTNMT" after QCVN, TCVN, ISO: the number of a standard, its year, who issued it."""
    match = _STANDARD.match(scan.text, scan.pos, scan.pos + LONGEST_TOKEN)
    if not match or not _STANDARD_LEFT.search(scan.left(24)):
        return None
    words = [named(match["number"], scan.reading)]
    for part in re.findall(r"[^\W\d_]+|\d+", match["parts"]):
        words.append(named(part, scan.reading) if part.isdecimal() else spell(part))
    if match["year"]:
        words.append(f"năm {cardinal(int(match['year']), scan.reading)}")
    if match["code"]:
        words.append(_code_words(scan, match["code"], match.start("code"), type_named=False) or "")
    return Said(match.end(), " ".join(filter(None, words)), "standard")


def number_of_year(scan: Scan) -> Said | None:
    """ "15/2020" after the kind of a document: the number and the year."""
    match = _NUMBER_YEAR.match(scan.text, scan.pos)
    if match and _DOC_LEFT.search(scan.left()):
        return Said(match.end(), _number(scan, match), "document-number")
    return None


def code_without_number(scan: Scan) -> Said | None:
    """ "Số:      /UBND-VHXH": the number is still blank, the code is read."""
    match = _BARE_CODE.match(scan.text, scan.pos, scan.pos + LONGEST_TOKEN)
    if not match or not re.search(r"\bsố\s*:?\s*(?:\.{2,}|_+)?\s*$", scan.left()):
        return None
    if not _looks_like_code(scan, match["code"], "/"):
        return None
    spoken = _code_words(scan, match["code"], match.start("code"), type_named=False)
    return Said(match.end(), spoken or "", "document-number")
