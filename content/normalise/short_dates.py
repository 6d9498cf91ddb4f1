"""Days of a month written with a hyphen or a dot, as farm calendars and newspapers do: "20-1 đến 10-2", "5-15.2"."""

from __future__ import annotations

import re

from content.normalise.calendar import COUNTED, date_words, day_words, is_date
from content.normalise.scan import Said, Scan
from content.normalise.units import UNIT

_DAY = r"(?:3[01]|[12]\d|0?[1-9])"
_MONTH = r"(?:1[0-2]|0?[1-9])"
_JOINT = r"\s*(?:-|đến|tới|và)\s*(?:hết\s+)?(?:ngày\s+)?"
_EDGE = r"(?![\d%]|[.,/\-]\d|\s?[°%])"
_PAIR = re.compile(rf"({_DAY})([.\-])({_MONTH})(?=({_JOINT})({_DAY})\2({_MONTH}){_EDGE})")
_SPAN = re.compile(rf"({_DAY})(?=(\s*-\s*|\s+(?:đến|tới)\s+)({_DAY})([.\-])({_MONTH}){_EDGE})")
_LAST = re.compile(rf"({_DAY})([.\-])({_MONTH}){_EDGE}")
_LUNAR = re.compile(rf"({_DAY})[.\-]({_MONTH})(?=\s*(?:\(\s*)?(?:âm lịch|ÂL|AL)(?!\w))")
_FROM = re.compile(
    r"(?:\btừ|\bngày|\bđêm|\bsáng|\bchiều|\btối|\btrước|\bsau|\bvào|\bkhoảng|\btrong|\bđến|\btới|\bhạn|đợt|lần|vụ|[(:,;])\s*(?:ngày\s*)?[:(]?\s*$"
)
_NO_DATE = re.compile(
    r"\b(?:ph|độ|điểm|mức|giá|hệ số|tỷ lệ|tỉ lệ|lượng|số|thắng|thua|hòa|dẫn|tăng|giảm|đạt|cao|dài|rộng|sâu|dày|phiên bản|mục|khoản|điều|phần)\b[^.;,\d]{0,16}$"
)


def _sayable(scan: Scan, end: int) -> bool:
    """Whether no unit and no counted noun stands after, and no measured thing before."""
    return (
        COUNTED.match(scan.right(end)) is None
        and UNIT.match(scan.text, end) is None
        and _NO_DATE.search(scan.left()) is None
    )


def _ends_span(scan: Scan) -> re.Match[str] | None:
    """The last date of a span whose first has been said: "… đến 10-2"."""
    if len(scan.pieces) < 2 or scan.pieces[-1].text not in {"đến", "tới", "và", "ngày"}:
        return None
    first = next((piece for piece in scan.pieces[-2:-5:-1] if piece.rule == "short-date"), None)
    return _LAST.match(scan.text, scan.pos) if first else None


def short_date(scan: Scan) -> Said | None:
    """A date, or the first day of a span, in figures joined by "-" or "."."""
    text, pos = scan.text, scan.pos
    sign = text[pos + 1 : pos + 3]
    if not sign or (sign[0] not in "-. \t\n" and sign[-1] not in "-. \t\n"):
        return None
    if last := _ends_span(scan):
        day, month = int(last[1]), int(last[3])
        if is_date(day, month):
            prefix = "" if scan.pieces[-1].text == "ngày" else "ngày "
            return Said(last.end(), prefix + date_words(day, month, None, scan.reading), "short-date")
    left = scan.left()
    prefix = "" if re.search(r"\b(?:ngày|đêm|sáng|chiều|tối)\s*$", left) else "ngày "
    if lunar := _LUNAR.match(text, pos):
        day, month = int(lunar[1]), int(lunar[2])
        if is_date(day, month):
            return Said(lunar.end(), prefix + date_words(day, month, None, scan.reading), "short-date")
    if not _FROM.search(left):
        return None
    if pair := _PAIR.match(text, pos):
        day, sep, month = int(pair[1]), pair[2], int(pair[3])
        last_day, last_month = int(pair[5]), int(pair[6])
        numbers = day < month and last_day < last_month  # "từ 3-5 đến 7-9" may be two ranges
        dotted = sep == "." and max(day, last_day) < 10
        if (
            is_date(day, month)
            and is_date(last_day, last_month)
            and not (numbers and prefix)
            and not (dotted and prefix)
            and not ("-" in pair[4] and sep == "-")
            and _sayable(scan, pair.end(6))
        ):
            return Said(pair.end(), prefix + date_words(day, month, None, scan.reading), "short-date")
    if span := _SPAN.match(text, pos):
        day, last_day, month = int(span[1]), int(span[3]), int(span[5])
        mixed = ("-" in span[2]) == (span[4] == ".")  # one sign joins the days, the other the month
        if (
            mixed
            and day < last_day
            and is_date(last_day, month)
            and (prefix == "" or last_day >= 10)
            and (span[4] == "." or last_day > month or prefix == "")
            and _sayable(scan, span.end(5))
        ):
            return Said(span.end(), prefix + day_words(day, scan.reading), "short-date")
    return None
