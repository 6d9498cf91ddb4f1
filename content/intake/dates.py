"""Dates and periods in the wording of official documents."""

from __future__ import annotations

import calendar
import re
from datetime import date

from content.intake.facts import Period

_DAY = r"(?:ngày\s+)?(?P<{0}d>\d{{1,2}})\s*(?:/|-|\.|\s+tháng\s+)\s*(?P<{0}m>\d{{1,2}})(?:\s*(?:/|-|\.|\s+năm\s+|,?\s*năm\s+)\s*(?P<{0}y>20\d{{2}}|19\d{{2}}))?"
_MONTH = r"tháng\s+(?P<{0}m>\d{{1,2}})(?:\s*(?:/|-|\s+năm\s+)\s*(?P<{0}y>20\d{{2}}))?"
FULL_DATE = re.compile(
    r"(?:ngày\s+)?\b(\d{1,2})\s*(?:[/.-]|\s+tháng\s+)\s*(\d{1,2})\s*(?:[/.-]|,?\s+năm\s+)\s*((?:19|20)\d{2})\b"
)
_DAY_RANGE = re.compile(
    r"(?:từ|kể từ)\s+(?:nay|(?:\d{1,2}\s*(?:giờ|h)\s*\d{0,2}\s*)?"
    + _DAY.format("a")
    + r"|(?:ngày\s+)?(?P<ax>\d{1,2}))\s*(?:,\s*)?(?:đến|tới|-|–|cho đến)\s+(?:hết\s+)?"
    r"(?:\d{1,2}\s*(?:giờ|h)\s*\d{0,2}\s*)?" + _DAY.format("b"),
    re.IGNORECASE,
)
_BARE_RANGE = re.compile(
    r"(?P<ad>\d{1,2})/(?P<am>\d{1,2})(?:/(?P<ay>20\d{2}))?\s*[-–]\s*(?P<bd>\d{1,2})/(?P<bm>\d{1,2})/(?P<by>20\d{2})"
)
_DAYS_LISTED = re.compile(
    r"ngày\s+(?P<days>\d{1,2}(?:\s*(?:,|và|-|–|;)\s*(?:ngày\s+)?\d{1,2})+)\s*(?:/|\s+tháng\s+)(?P<m>\d{1,2})(?:\s*(?:/|,?\s*năm\s+)(?P<y>20\d{2}))?",
    re.IGNORECASE,
)
_MONTH_RANGE = re.compile(
    r"(?:từ\s+)?" + _MONTH.format("a") + r"\s*(?:đến|tới|-|–)\s+(?:hết\s+)?" + _MONTH.format("b"),
    re.IGNORECASE,
)
_DAY_TO_MONTH = re.compile(
    r"từ\s+" + _DAY.format("a") + r"\s*,?\s*(?:đến|tới|-|–)\s+(?:hết\s+|cuối\s+)?" + _MONTH.format("b"),
    re.IGNORECASE,
)
_BARE_MONTHS = re.compile(
    r"tháng\s+(?P<am>\d{1,2})/(?P<ay>20\d{2})\s*(?:-|–|đến)\s*(?P<bm>\d{1,2})/(?P<by>20\d{2})", re.IGNORECASE
)
_FROM_MONTH = re.compile(
    r"từ\s+(?:đầu\s+|cuối\s+|giữa\s+)?"
    + _MONTH.format("a")
    + r"(?P<until>\s*(?:,\s*)?(?:đến|tới|-|–)\s+(?:hết\s+|cuối\s+)?năm(?:\s+(?P<by>20\d{2}))?)?",
    re.IGNORECASE,
)
_NOW_UNTIL_MONTH = re.compile(
    r"từ\s+(?:nay|khi ban hành)\s+(?:cho\s+)?(?:đến|tới)\s+(?:hết\s+)?" + _MONTH.format("b"), re.IGNORECASE
)
_NOW_UNTIL_YEAR = re.compile(
    r"(?:từ\s+(?:nay|khi ban hành|ngày ban hành|ngày ký)(?:\s+kế hoạch|\s+văn bản)?\s+)?(?:cho\s+)?(?:đến|tới)\s+(?:hết|cuối)\s+(?:năm\s+)(?P<by>20\d{2})",
    re.IGNORECASE,
)
_YEARS = re.compile(
    r"(?:giai đoạn|các năm|từ năm|năm)\s+(20\d{2})\s*(?:-|–|đến(?: năm)?|và)\s*(20\d{2})", re.IGNORECASE
)
_HALF = re.compile(r"(?:06|6|sáu)\s+tháng\s+(đầu|cuối)\s+năm(?:\s+(20\d{2}))?", re.IGNORECASE)
_QUARTER = re.compile(
    r"quý\s+(IV|I{1,3}|[1-4])(?:\s*(?:,|-|–|và|đến)\s*(?:quý\s+)?(IV|I{1,3}|[1-4]))*(?:\s*(?:/|-|\s+năm\s+)\s*(20\d{2}))?",
    re.IGNORECASE,
)
_MONTHS_LISTED = re.compile(
    r"(?:trong |các )?tháng\s+(\d{1,2})(?:\s*(?:,|và|-|–|đến)\s*(?:tháng\s+)?(\d{1,2})(?!\d))*(?:\s*(?:/|-|\s+năm\s+)\s*(20\d{2}))?",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"(?:trước|chậm nhất(?: là)?|xong trước|hoàn thành trước|đến hết|hết|đến)\s+" + _DAY.format("b"),
    re.IGNORECASE,
)
_FROM = re.compile(r"(?:từ|kể từ|bắt đầu từ)\s+" + _DAY.format("a"), re.IGNORECASE)
_ON = re.compile(r"(?:ngày|vào|trong ngày)?\s*(?<!tháng )(?<!\d)" + _DAY.format("a"), re.IGNORECASE)
_YEAR = re.compile(r"năm\s+(20\d{2})", re.IGNORECASE)
_OPEN_END = re.compile(
    r"(?:các|những)\s+năm\s+(?:tiếp theo|tiếp sau|sau)|và tiếp theo|trở đi|cho đến khi", re.IGNORECASE
)
_PEAK_WITHIN = re.compile(
    r"[,;(]?\s*(?:trong đó\s*,?\s*)?(?:tập trung\s+)?(?:đợt\s+|tháng\s+)?cao điểm\b", re.IGNORECASE
)
_PEAK = re.compile(
    r"(?P<before>từ\s+(?:ngày\s+)?\d[^.;\n()]{6,60})\s*\(\s*(?:là\s+)?(?:đợt |tháng |thời gian )?cao điểm\s*\)|"
    r"cao điểm\b(?!\s*\))[^.;\n\d]{0,60}?(?P<dates>(?:từ|ngày|tháng|trong)\s[^.;\n]{4,80})",
    re.IGNORECASE,
)
_ALWAYS = re.compile(r"thường xuyên|xuyên suốt|quanh năm|cả năm|hằng ngày|hàng ngày|liên tục", re.IGNORECASE)
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "1": 1, "2": 2, "3": 3, "4": 4}


def make_date(day: str | int, month: str | int, year: str | int) -> date | None:
    """The date, or None where there is no such day."""
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def period_of(text: str, start: int, issued_on: date | None, year: int | None) -> Period:
    """The period that `text` names; `start` is its offset in the clean text, `year` that of the document."""
    first, last = period_bounds(text, issued_on, year)
    return Period(text=text, from_on=first, until_on=last, span=(start, start + len(text)))


def peak_of(text: str, issued_on: date | None, year: int | None) -> tuple[date, date] | None:
    """The one peak ("đợt cao điểm từ ngày … đến ngày …") that `text` dates; None where it dates none or several."""
    found = {
        (first, last)
        for match in _PEAK.finditer(text)
        for first, last in [period_bounds(match["dates"] or match["before"], issued_on, year, whole=False)]
        if first and last
    }
    return found.pop() if len(found) == 1 else None


def period_bounds(
    text: str, issued_on: date | None, year: int | None, *, whole: bool = True
) -> tuple[date | None, date | None]:
    """First and last day, both inclusive, None where open; a peak within a `whole` period does not narrow it."""
    flat = " ".join(text.split())
    if whole and (peak := _PEAK_WITHIN.search(flat)) and peak.start():
        outer = period_bounds(flat[: peak.start()], issued_on, year)
        if outer != (None, None) or _ALWAYS.search(flat[: peak.start()]):
            return outer
    if match := _DAY_RANGE.search(flat) or _BARE_RANGE.search(flat):
        parts = match.groupdict()
        last_year = parts.get("by") or parts.get("ay") or year
        last = make_date(parts["bd"], parts["bm"], last_year) if last_year else None
        if parts.get("ad"):
            first_year = parts.get("ay") or (last.year if last else None)
            first = make_date(parts["ad"], parts["am"], first_year) if first_year else None
        elif parts.get("ax"):
            first = make_date(parts["ax"], parts["bm"], last_year) if last_year else None
        else:
            first = issued_on
        if first and last and first > last and not parts.get("ay"):
            first = make_date(first.day, first.month, first.year - 1)
        return first, last
    if (match := _DAY_TO_MONTH.search(flat)) and (match["by"] or match["ay"] or year):
        last_year = match["by"] or match["ay"] or year or 0
        first = make_date(match["ad"], match["am"], match["ay"] or last_year)
        return first, _last_day(last_year, match["bm"])
    if match := _DAYS_LISTED.search(flat):
        named = match["y"] or year
        days = [int(day) for day in re.findall(r"\d{1,2}", match["days"])]
        first, last = (
            make_date(min(days), match["m"], named or 0),
            make_date(max(days), match["m"], named or 0),
        )
        if first and last:
            return first, last
    if match := _MONTH_RANGE.search(flat) or _BARE_MONTHS.search(flat):
        last_year = match["by"] or match["ay"] or year
        first_year = match["ay"] or last_year
        if first_year and last_year:
            return _first_day(first_year, match["am"]), _last_day(last_year, match["bm"])
    if (match := _NOW_UNTIL_MONTH.search(flat)) and (match["by"] or year):
        return issued_on, _last_day(match["by"] or year or 0, match["bm"])
    if (match := _FROM_MONTH.search(flat)) and (match["ay"] or match["by"] or year):
        first_year = match["ay"] or match["by"] or year or 0
        return _first_day(first_year, match["am"]), date(int(match["by"] or first_year), 12, 31) if match[
            "until"
        ] else None
    open_end = bool(_OPEN_END.search(flat))
    if match := _HALF.search(flat):
        named = match[2] or year
        if named:
            months = (1, 6) if match[1].lower() == "đầu" else (7, 12)
            return _first_day(named, months[0]), None if open_end else _last_day(named, months[1])
    if match := _QUARTER.search(flat):
        found = [
            _ROMAN[sign.upper()]
            for sign in re.findall(
                r"\b(IV|I{1,3}|[1-4])\b", re.sub(r"(?:/|năm|-)\s*20\d{2}", "", match[0]), re.IGNORECASE
            )
        ]
        named = match[3] or _year_in(flat) or year
        if found and named:
            until = re.search(r"(?:đến|tới|-|–)\s+(?:hết\s+|cuối\s+)?(?:năm|tháng\s+12)", flat[match.end() :])
            last_month = 12 if until else max(found) * 3
            return _first_day(named, min(found) * 3 - 2), None if open_end else _last_day(named, last_month)
    if match := _YEARS.search(flat):
        return date(int(match[1]), 1, 1), None if open_end else date(int(match[2]), 12, 31)
    if (match := _MONTHS_LISTED.search(flat)) and match[2] and (listed := _months_in(flat, year)):
        return listed[0], None if open_end else listed[1]
    if match := _FROM.search(flat):
        named = match["ay"] or year
        if named:
            return make_date(match["ad"], match["am"], named), None
    if match := _BEFORE.search(flat):
        named = match["by"] or year
        if named:
            return None, make_date(match["bd"], match["bm"], named)
    if match := _NOW_UNTIL_YEAR.search(flat):
        return (issued_on if match[0].lower().startswith("từ") else None), date(int(match["by"]), 12, 31)
    if match := _ON.search(flat):
        named = match["ay"] or year
        if named and (day := make_date(match["ad"], match["am"], named)):
            return day, None if open_end else day
    if listed := _months_in(flat, year):
        return listed[0], None if open_end else listed[1]
    if named := _year_in(flat):
        return date(int(named), 1, 1), None if open_end else date(int(named), 12, 31)
    return None, None


def _months_in(flat: str, year: int | None) -> tuple[date | None, date | None] | None:
    """First and last day of the months that are listed: "tháng 3, 4", "tháng 7 - 8/2026", "tháng 12 - 01"."""
    match = _MONTHS_LISTED.search(flat)
    if (
        match is None
        or re.search(r"\d\s*$", flat[: match.start()])
        or re.match(r"\s*[/.]\d", flat[match.end() :])
    ):
        return None  # "ngày 5 tháng 3"
    months = [int(sign) for sign in re.findall(r"\b(\d{1,2})\b", re.sub(r"20\d{2}", "", match[0]))]
    named = int(match[3] or _year_in(flat) or year or 0)
    if not named or not all(1 <= month <= 12 for month in months):
        return None
    if len(months) == 2 and months[0] > months[1]:  # "tháng 12 - 01/2027"
        named -= 1 if match[3] else 0
        return _first_day(named, months[0]), _last_day(named + 1, months[1])
    return _first_day(named, min(months)), _last_day(named, max(months))


def _year_in(text: str) -> str | None:
    match = _YEAR.search(text)
    return match[1] if match else None


def _first_day(year: str | int, month: str | int) -> date | None:
    return make_date(1, month, year)


def _last_day(year: str | int, month: str | int) -> date | None:
    if not 1 <= int(month) <= 12:
        return None
    return make_date(calendar.monthrange(int(year), int(month))[1], month, year)
