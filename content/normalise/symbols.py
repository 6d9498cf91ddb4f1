"""Signs that are no letters and no digits: which are pauses, which are words, which are silent."""

from __future__ import annotations

import re

from content.lexicon.alphabet import UPPER
from content.normalise.numbers import digits
from content.normalise.scan import Said, Scan
from content.normalise.units import RATE, rate_word, thing_rate, unit_words

MARKS = ".,;:?!…"
_DIALLED = re.compile(r"\*(\d{1,6}(?:\*\d{1,16}){0,8})#")
"""What is keyed into a telephone: *101#."""
_BULLET = re.compile(r"[-+*•●▪◦·►✓➢❖◆■□][ \t]*")
_ENDING = re.compile(r"\.?\s?/\s?\.?\.?(?=\s*(?:$|\n|[\"')]))|\./\.?(?=\s|$)")
_DOTS = re.compile(r"\.{2,}|\.(?:\s\.)+|_{2,}|-{2,}|\*+|={2,}")
_SERIES_LEFT = re.compile(r"(?<!\w)([A-ZĐ]{1,3})\d{1,3}\s?\Z")
_MINUS_LEFT = re.compile(
    r"(?:nhiệt độ|mực nước|cao trình|cao độ|cốt|xuống|giảm|mức|từ|đến|tới|là|dưới|khoảng|còn|âm|đạt|tăng)\s*$"
)
_MINUS_UNIT = re.compile(r"-\d+(?:[.,]\d+)?\s?(?:°|độ)")
_NUMERIC_PIECES = {
    "number", "measure", "money", "date", "short-date", "day", "month", "time", "ordinal", "number-name", "letters-and-digits", "fraction", "dotted-number",
    "lexicon-number", "roman",
}  # fmt: skip
_WORDS = {
    "%": "phần trăm", "‰": "phần nghìn", "&": "và", "@": "a còng", "°": "độ", "=": "bằng", "≥": "từ", "≤": "không quá", ">": "trên", "<": "dưới",
    "±": "cộng trừ", "≈": "khoảng", "^": "mũ", "~": "khoảng", "÷": "chia", "§": "mục", "$": "đô la", "€": "ơ rô", "£": "bảng", "∑": "tổng",
    "α": "an pha", "β": "bê ta", "γ": "gam ma", "µ": "mi cờ rô", "μ": "mi cờ rô", "π": "pi", "Ω": "ôm",
}  # fmt: skip
_PAUSES = {"(": ",", ")": ",", "[": ",", "]": ",", "{": ",", "}": ",", "→": ",", "⇒": ",", "|": ","}
_RANGE_RIGHT = re.compile(r"\s?[-÷]\s*(?=\d|[<>≤≥]?\d|ngày \d|thứ \d|tháng \d|(?:mùng|mồng) \d)")
_OTHER_KIND = {
    True: re.compile(r"\s?-\s*\d{1,2}\s?(?:[:hg]\d\d|h\b|giờ)"),  # a time after a date
    False: re.compile(r"\s?-\s*(?:ngày\s)?\d{1,2}[/.]\d{1,2}[/.]\d{4}"),  # a date after a time
}
_TIME_OF_DATE = re.compile(
    r"\s?-\s*(?:\d{1,2}\s?(?:[:hg]\d\d'?|h|giờ(?: \d\d(?: phút)?)?)),?\s(?:sáng |chiều |tối |đêm )?(?:ngày |hôm )?\d"
)
_TIMED_LEFT = re.compile(
    r"\d\s?(?:[:hg]\d\d'?|h|giờ(?: \d\d(?: phút)?)?),?\s(?:sáng |chiều |tối |đêm )?(?:ngày )?[\d/.]+\s*$"
)
_COMPARED = re.compile(r"[<>]\s?=(?=\s?\d)")
_CHANGE = re.compile(
    r"[-+]\s?(?=\d+(?:[.,]\d+)*\s?(?:%|(?:đ|đồng|ca|vụ|người|hộ|con|điểm|usd|lượt|bậc)(?!\w)))", re.IGNORECASE
)
_LUNAR_LEFT = re.compile(r"\b(?:3[01]|[12]?\d) (?:tháng (?:giêng|chạp|một)|tết) ?$")
_LUNAR_NEXT = re.compile(r"-\s?(?:hết )?(?:ngày |(?:mùng|mồng) )?\d{1,2} (?:tháng|tết)", re.IGNORECASE)
_COUNT_NEXT = re.compile(
    r"\s?-\s*\d+ (?:ngày|năm|tuần|tháng|người|hộ|lượt|cháu|em|đại biểu|đồng chí|đơn vị)(?! \d|\w)"
)
_OTHER_ELECTRIC = re.compile(r"\s?-\s?[\d.,]+\s?(?:[Hh][Zz]|k?[Ww]|m?Ah?|HP|CV)(?![^\W_])")
_PEOPLE_OF_HOUSES = re.compile(r"/\s?[\d.]+ ?(?:nhân )?(?:khẩu|người)")
_COUNTED_LEFT = re.compile(r"\d ([^\W\d_]+(?: [^\W\d_]+)?) $")
_COUNTED_SHORT = re.compile(r"[\d%]\s[^\W\d_]{2,6}$")
_MEASURED_LEFT = re.compile(
    r"\d\s?(?:kg|g|gam|ml|l|lít|tấn|tạ|yến|bao|gói|viên|đồng|triệu|hải)(?: (?!và|hoặc)[^\W\d_]+){1,3}$"
)
"""A measured matter before a stroke: "5kg đạm urê/sào"."""
_OUTCOME = re.compile(r"\(\s?([+-])\s?\)")
_TESTED_LEFT = re.compile(
    r"\b(?:hiv|test|xét nghiệm|kết quả|mẫu|phản ứng|vi rút|virus|kháng nguyên|pcr|ns1|dại|cúm)[^.;()]{0,24}$"
)
_QUOTES = {'"', "'", "<", ">"}


def dash(scan: Scan) -> Said:
    """A bullet, a minus, "đến" between numbers, or silence between names."""
    text, pos = scan.text, scan.pos
    after = text[pos + 1 : pos + 2]
    before = text[pos - 1 : pos]
    if before == "(" and (change := _CHANGE.match(text, pos)):
        return Said(
            change.end(), "" if scan.left(8).endswith("giảm (") else "giảm", "minus"
        )  # "12 vụ (-25%)"
    if scan.opens_line() and (bullet := _BULLET.match(text, pos)):
        if after.isdecimal() and _is_minus(scan):
            return Said(pos + 1, "âm", "minus")
        return Said(max(bullet.end(), pos + 1), "", "bullet")
    last = scan.pieces[-1] if scan.pieces else None
    numeric = last is not None and last.rule in _NUMERIC_PIECES and not text[last.end : pos].strip()
    if last and last.rule == "phone":
        return Said(pos + 1, ",", "dash")
    if _LUNAR_NEXT.match(text, pos) and _LUNAR_LEFT.search(scan.left(24)):
        return Said(pos + 1, "đến", "range")  # "27 tháng Chạp - mùng 6 tháng Giêng"
    series = _SERIES_LEFT.search(text, max(0, pos - 8), pos)
    if series and re.match(rf"-\s?{series[1]}\d", text[pos : pos + 8]):
        return Said(pos + 1, "đến", "range")
    if (
        numeric
        and last
        and last.rule == "date"
        and _TIME_OF_DATE.match(text, pos)
        and _TIMED_LEFT.search(scan.left())
    ):
        return Said(pos + 1, "đến", "range")  # "22h ngày 5/12 - 4h ngày 6/12"
    if (
        numeric
        and last
        and _OTHER_KIND[last.rule == "date"].match(text, pos)
        and last.rule in {"date", "time"}
    ):
        return Said(pos + 1, ",", "dash")
    if (same := _COUNTED_LEFT.search(scan.left(32))) and re.match(
        rf"-\s?\d+ {re.escape(same[1])}(?!\w)", text[pos : pos + 32]
    ):
        return Said(pos + 1, "đến", "range")  # "9 chỗ - 16 chỗ"
    if numeric and (match := _RANGE_RIGHT.match(text, pos)) and last:
        if (
            last.rule == "letters-and-digits"
            and re.search(r"[a-zđ]\s*\Z", last.text[-1:])
            and not before.isspace()
        ):
            return Said(match.end(), "", "dash")
        if last.text.endswith("vôn am pe") and not re.match(r"\s?-\s?[\d.,]+\s?[kM]VA", text[pos : pos + 16]):
            return Said(match.end(), "", "dash")  # "400kVA-22/0,4kV"
        if last.text.endswith(("vôn", "am pe", "hẹc")) and _OTHER_ELECTRIC.match(text, pos):
            return Said(match.end(), "", "dash")  # "220V-50Hz"
        if last.text.endswith("vĩ bắc"):
            return Said(match.end(), ",", "dash")
        if last.rule == "date" and _COUNT_NEXT.match(text, pos):
            return Said(pos + 1, ",", "dash")  # "03/02/2026 - 40 ngày trước bầu cử"
        if last.rule == "date" and _holiday_pair(scan, last.text):
            return Said(match.end(), "", "dash")
        if re.search(r"(?:số nhà|nhà số)\s[^,;\n]{0,12}$", scan.left(24)):
            return Said(match.end(), "", "dash")
        return Said(match.end(), "đến", "range")
    if numeric and re.match(r"\s?-\s?[Kk][Mm]\s?\d", text[pos : pos + 8]):
        return Said(pos + 1, "đến", "range")
    if (
        numeric
        and last
        and last.rule == "ordinal"
        and re.match(r"-\s?(?:thứ|chủ nhật|cn\b)", text[pos : pos + 12].lower())
    ):
        return Said(pos + 1, "đến", "range")
    alone = after.isdecimal() and (before.isspace() or before in "(" or not before) and not numeric
    if alone and (_MINUS_UNIT.match(text, pos) or _MINUS_LEFT.search(scan.left())):
        return Said(pos + 1, "" if scan.left().endswith("âm ") else "âm", "minus")
    return Said(pos + 1, "", "dash")


def _holiday_pair(scan: Scan, words: str) -> bool:
    return (
        words.startswith("ba mươi tháng")
        and re.match(r"\s?-\s?0?1[/.]0?5", scan.text[scan.pos : scan.pos + 12]) is not None
    )


def _is_minus(scan: Scan) -> bool:
    text, pos = scan.text, scan.pos
    end = text.find("\n", pos)
    line = text[pos : len(text) if end < 0 else end].strip()
    return (
        re.fullmatch(r"-\d[\d.,/ ]*(?:%|°C|°|[a-zA-Z]{1,3}2?)?[.;,]?", line) is not None
        or _MINUS_UNIT.match(line) is not None
    )


def sign(scan: Scan) -> Said:
    """Any other sign."""
    text, pos = scan.text, scan.pos
    here = text[pos]
    if here == "*" and (dialled := _DIALLED.match(text, pos)):
        parts = [digits(part) for part in dialled[1].split("*")]
        return Said(dialled.end(), "sao " + " sao ".join(parts) + " thăng", "phone")
    if here in "./" and (ending := _ENDING.match(text, pos)):
        return Said(ending.end(), ".", "sign-off")
    if dots := _DOTS.match(text, pos):
        closing = re.match(rf"\s*(?:$|\n|[{UPPER}])", text[dots.end() : dots.end() + 4])
        mark = "" if here in "-*_=" else ("." if closing else ",")
        return Said(dots.end(), mark, "dots")
    if here in MARKS:
        return Said(pos + 1, here, "")
    if (compared := _COMPARED.match(text, pos)) is not None:
        return Said(compared.end(), "từ" if here == ">" else "không quá", "sign")
    if here == "(" and (outcome := _OUTCOME.match(text, pos)) and _TESTED_LEFT.search(scan.left()):
        return Said(outcome.end(), "dương tính" if outcome[1] == "+" else "âm tính", "sign")
    if here in _PAUSES:
        return Said(pos + 1, _PAUSES[here], "parenthesis" if here in "()[]{}" else "pause")
    if here in "+*•●▪◦·►✓➢❖◆■□" and scan.opens_line():
        return Said(pos + 1, "", "bullet")
    if here == "÷" and re.match(r"\s?\d", text[pos + 1 : pos + 3]):
        return Said(pos + 1, "đến", "range")  # between two values, as engineers write "10÷15 cm"
    if here == "+" and text[pos - 1 : pos] == "(" and (change := _CHANGE.match(text, pos)):
        return Said(change.end(), "" if scan.left(8).endswith("tăng (") else "tăng", "plus")
    if here == "+":
        near = re.match(r"\s?\d", text[pos + 1 : pos + 3]) and re.search(
            r"\w\s?$", text[max(0, pos - 2) : pos]
        )
        between = text.startswith(" + ", pos - 1) and (text[pos - 2].isalnum() or text[pos - 2] in ")%")
        if opposite := re.match(r"\+/-\s?(?=\d)", text[pos : pos + 5]):
            return Said(pos + opposite.end(), "cộng trừ", "plus")
        return Said(pos + 1, "cộng" if near or between else "", "plus")
    if here == "/":
        last = scan.pieces[-1] if scan.pieces else None
        if last and last.rule in _NUMERIC_PIECES and (rate := RATE.match(text, pos)) and not rate["count"]:
            unit = rate_word(rate["word"]) if rate["word"] else unit_words(rate["unit"])
            return Said(rate.end(), f"một {unit}", "rate")
        if last and last.rule in _NUMERIC_PIECES and text.startswith("tổng", pos + 1):
            return Said(pos + 1, "trên", "ratio")
        if (
            last
            and last.rule == "lexicon"
            and last.end == pos
            and _COUNTED_SHORT.search(scan.left(24))
            and (things := thing_rate(text, pos, ""))
        ):
            return Said(things[0], f"một {things[1]}", "rate")  # "35 HS/lớp"
        if scan.left(12).endswith("bình quân") and (rate := RATE.match(text, pos)) and not rate["count"]:
            unit = rate_word(rate["word"]) if rate["word"] else unit_words(rate["unit"])
            return Said(rate.end(), f"một {unit}", "rate")
        if (
            last
            and _MEASURED_LEFT.search(scan.left())
            and (rate := RATE.match(text, pos))
            and not rate["count"]
        ):
            words, end = "", pos
            while rate is not None and not rate["count"]:
                words += f" một {rate_word(rate['word']) if rate['word'] else unit_words(rate['unit'])}"
                end = rate.end()
                rate = RATE.match(text, end)
            return Said(end, words.strip(), "rate")
        if text[pos + 1 : pos + 2].isdecimal() and last and last.rule == "number" and last.end == pos:
            return Said(pos + 1, "trên", "ratio")  # "8,5/10"
        if _PEOPLE_OF_HOUSES.match(text, pos) and scan.left(4).endswith("hộ"):
            return Said(pos + 1, ",", "slash")  # "350 hộ/1.205 khẩu" are two counts
        if (
            text[pos + 1 : pos + 2].isdecimal()
            and last
            and (not last.rule or (last.rule == "lexicon" and text[last.start].isalpha()))
            and re.search(r"\d[\w\s.,]{1,16}$", scan.left(20))
        ):
            return Said(pos + 1, "trên", "ratio")  # "112 bé trai/100 bé gái"
        return Said(pos + 1, "", "slash")
    if here in "<>" and not re.match(r"\s?\d", text[pos + 1 : pos + 3]):
        return Said(pos + 1, "", "quote")
    if here == "~" and not re.match(r"\s?\d", text[pos + 1 : pos + 3]):
        return Said(pos + 1, "", "decoration")
    if here in _WORDS:
        return Said(pos + 1, _WORDS[here], "sign")
    return Said(pos + 1, "", "quote" if here in _QUOTES else "decoration")
