"""How often something is to be broadcast, in any wording, as rules of the planner."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from content.intake.dates import period_bounds
from content.intake.facts import Count, FrequencyRule
from content.intake.letters import compiled

SENTENCE_LIMIT = 4000
RULES_LIMIT = 24
"""No real sentence is longer or orders more; hostile text must not cost more than real text."""
_WORDS = {
    "một": 1,
    "hai": 2,
    "ba": 3,
    "bốn": 4,
    "tư": 4,
    "năm": 5,
    "sáu": 6,
    "bảy": 7,
    "bẩy": 7,
    "tám": 8,
    "chín": 9,
    "mười": 10,
}
_N = r"(?:\d{1,3}|một|hai|ba|bốn|năm|sáu|bảy|tám|chín|mười)"
_NUMBER = (
    rf"(?P<n>{_N})(?:\s*\([^)]{{1,12}}\))?(?:\s*(?:-|–|đến|tới|hoặc)\s*(?P<n2>{_N})(?!\s*(?:phút|giờ|h\b)))?"
)
_LEAST = r"(?:ít nhất|tối thiểu|không ít hơn|không dưới|từ|thấp nhất|đạt)"
_MOST = r"(?:tối đa|không quá|nhiều nhất)"
_QUALIFIER = rf"(?:(?P<least>{_LEAST})|(?P<most>{_MOST}))?(?:\s+là)?"
_QUALIFIER_ONLY = rf"(?:(?P<least>{_LEAST})|(?P<most>{_MOST}))(?:\s+là)?"
_ISSUE = r"(?:chương trình(?:\s+phát thanh)?|chuyên mục|chuyên đề|chuyên trang|bản tin|tin\s*,\s*bài|tin bài|tin/bài|bài\s*(?:viết|tuyên truyền|phát thanh)?|tin(?!\s*nhắn)|phóng sự|số(?!\s*(?:liệu|lượng|hóa|:))|kỳ|tiết mục|câu chuyện|tiểu phẩm)"
_PLAY = r"(?:lần|lượt|buổi|phiên|bận)"
_UNIT = rf"(?P<unit>{_ISSUE}|{_PLAY})"
_PER = r"(?P<per>ngày|tuần|tháng|quý|năm)"
#: Between "mỗi tuần" and the count may stand who and what, but no other number.
_FILL = (
    r"(?:[,:]?\s+(?!ít nhất|tối thiểu|tối đa|không quá|báo cáo|họp|giao ban|kiểm tra)[^\d\s.;:,()]+){0,12}?"
)
_PER_FIRST = re.compile(
    rf"(?:\b(?:mỗi|hằng|hàng|một|01|1|trong|trung bình)\s+|(?<![\w/])){_PER}\b(?:{_FILL}[,:]?\s+|\s*/\s*)(?:{_QUALIFIER_ONLY}\s+)?{_NUMBER}\s*{_UNIT}\b(?!\s*/)",
    re.IGNORECASE,
)
_COUNT_FIRST = re.compile(
    rf"{_QUALIFIER}\s*{_NUMBER}\s*{_UNIT}(?:\s+(?:phát(?: thanh| sóng)?|mới|tuyên truyền|trở lên))?\s*(?:/|trên|mỗi|một|trong|hằng|hàng|trong một|trong 1)?\s*(?:01|1|một|mỗi)?\s*(?<=[/\s]){_PER}\b",
    re.IGNORECASE,
)
_REPLAY = re.compile(
    rf"phát (?:sóng )?lại(?P<fill>[^\d.;:]{{0,40}}?)\s*{_QUALIFIER}\s*{_NUMBER}\s*(?P<unit>{_PLAY})\b(?:\s*(?:/|mỗi|trong|trên|một)\s*(?:một |1 |01 )?(?P<per>ngày|tuần|tháng|quý|số|chương trình|bài|kỳ))?",
    re.IGNORECASE,
)
_EACH_ISSUE = re.compile(
    rf"mỗi\s+(?:{_ISSUE})\b[^\d.;]{{0,30}}?(?:phát|đọc)(?P<again>\s+(?:sóng\s+)?lại)?[^\d.;]{{0,20}}?{_QUALIFIER}\s*{_NUMBER}\s*(?P<unit>{_PLAY})\b(?:\s*/\s*(?P<per>ngày|tuần|tháng))?",
    re.IGNORECASE,
)
_EACH_BARE = re.compile(
    rf"mỗi\s+(?:{_ISSUE})\s+{_QUALIFIER}\s*{_NUMBER}\s*(?P<unit>lần|lượt)\b(?:\s*/\s*(?P<per>ngày|tuần|tháng))?",
    re.IGNORECASE,
)
"""The same, short: "4 bài, mỗi bài 3 lượt"."""
_AIR = re.compile(
    r"phát thanh|phát sóng|phát lại|truyền thanh|\bloa\b|chuyên mục|chuyên đề|bản tin|tần suất|tin\s*,?\s*bài|\bphát\b|thông báo|tuyên truyền|chương trình",
    re.IGNORECASE,
)
_SURELY_AIR = re.compile(
    r"phát thanh|phát sóng|phát lại|truyền thanh|\bloa\b|tiếp sóng|tiếp âm|\bphát\b(?! triển| hiện| huy| sinh| hành| động)",
    re.IGNORECASE,
)
_NOT_AIR = re.compile(
    r"báo cáo|họp\b|giao ban|kiểm tra|tập huấn|tiêm|uống|ra quân|vệ sinh|thu gom|trực ban|tưới|phun|đo đạc|tổng hợp|đăng ký|nộp|dự toán|triệu|đồng/|hưởng",
    re.IGNORECASE,
)
_DONE = re.compile(
    r"\bđã\s+(?:được\s+)?(?:phát|tuyên truyền|thực hiện|biên tập|xây dựng|tiếp âm|tiếp sóng|đăng|tổ chức|có)",
    re.IGNORECASE,
)
"""What has been done ("đã phát 92 buổi trong tháng") is reported, not ordered."""
_WEB_ONLY = re.compile(
    r"cổng thông tin|trang thông tin|TTĐT|website|zalo|facebook|fanpage|mạng xã hội|đăng tải|đăng bài",
    re.IGNORECASE,
)
_NAMED = compiled(
    r"(?P<kind>chuyên mục|chương trình|bản tin|tiết mục|chuyên đề|tiểu mục)(?P<air>\s+(?:phát thanh|truyền thanh))?\s*(?P<rest>[“\"‘'][^”\"’']{2,120}[”\"’']|về\s+[^,;.()\n]{3,120}|[{UPPER}][^,;.:()\n\d]{3,80})",
    re.IGNORECASE,
)
_MINUTES = re.compile(
    r"(?:thời lượng|dài|khoảng|từ)[^\d.;]{0,40}(\d{1,3})(?:\s*(?:-|–|đến)\s*(\d{1,3}))?\s*phút", re.IGNORECASE
)
_CLOCK = r"(\d{1,2})\s*(?:giờ|h|g|:)\s*(\d{2})?(?:\s*phút)?"
_CLOCK_RANGE = re.compile(rf"{_CLOCK}\s*(?:-|–|đến|tới)\s*{_CLOCK}", re.IGNORECASE)
_CLOCK_AT = re.compile(
    rf"(?:lúc|vào lúc|vào|hồi|sáng|trưa|chiều|tối|khung giờ)\s+{_CLOCK}(?:\s*(?:và|,)\s*(?:lúc\s+)?{_CLOCK})*",
    re.IGNORECASE,
)
_ONE_CLOCK = re.compile(_CLOCK, re.IGNORECASE)
_WEEKDAYS = re.compile(
    r"thứ\s+(hai|ba|tư|năm|sáu|bảy|bẩy|[2-7])\b(?:\s*(?:,|và|-|–|đến)?\s*(?:thứ\s+)?(?:hai|ba|tư|năm|sáu|bảy|[2-7])\b(?!\s*(?:lần|số|buổi|giờ|phút|h\b|/)))*(?:\s*(?:,|và)?\s*chủ nhật)?|chủ nhật|các ngày trong tuần",
    re.IGNORECASE,
)
_DAY_NAMES = {
    "hai": 1,
    "2": 1,
    "ba": 2,
    "3": 2,
    "tư": 3,
    "4": 3,
    "năm": 4,
    "5": 4,
    "sáu": 5,
    "6": 5,
    "bảy": 6,
    "bẩy": 6,
    "7": 6,
}
_PEAK = re.compile(r"cao điểm|tăng (?:cường )?(?:tần suất|thời lượng|số lần)", re.IGNORECASE)
_AT_PEAK = re.compile(
    r"(?:trong|vào|dịp|riêng|đối với)\s+(?:các\s+|những\s+)?(?:đợt|dịp|thời gian|giai đoạn|tháng|ngày|thời điểm)?\s*cao điểm|(?:đợt|giai đoạn|thời gian) cao điểm|(?:^|[;:,(-]\s*)cao điểm",
    re.IGNORECASE,
)
"""A count for the peak only, whose dates may stand elsewhere in the document."""
_DATES = re.compile(
    r"từ\s+(?:ngày\s+)?\d{1,2}(?:/|\s+tháng|\s+đến|\s*-)|từ nay đến|\d{1,2}/\d{1,2}(?:/\d{4})?\s*(?:-|–)\s*\d{1,2}/\d{1,2}|từ tháng|trong (?:các )?tháng\s+\d|tháng \d{1,2}/20\d\d",
    re.IGNORECASE,
)
_DAILY_AT = re.compile(
    rf"\bphát(?:\s+(?:thanh|sóng))?\s+(?:liên tục\s+)?(?P<n>(?:hằng|hàng|mỗi)\s+ngày)[^.;\d]{{0,40}}?(?:lúc|vào|giờ)\s+(?:lúc\s+)?(?P<times>{_CLOCK}(?:\s*(?:và|,)\s*(?:lúc\s+)?{_CLOCK})*)",
    re.IGNORECASE,
)
"""An airing a day at each of the times named: "phát hằng ngày vào khung giờ 6h15 và 17h15"."""
_OTHER_COLUMN = re.compile(
    r",\s*(?:duy trì |xây dựng |mở )?(?:chuyên mục|chuyên đề|chương trình)\b", re.IGNORECASE
)
_PERS = {"ngày": "day", "tuần": "week", "tháng": "month", "quý": "quarter", "năm": "year"}
_SENTENCE_END = compiled(r"(?<=[.!?…])\s+(?=[{UPPER}“\"(-])|\n")


@dataclass(slots=True)
class _Found:
    start: int
    end: int
    role: str  # new, replays, plays
    count: Count


def frequency_rules_in(
    text: str,
    start: int,
    *,
    ref: str = "",
    heading: str = "",
    issued_on: date | None = None,
    year: int | None = None,
    peak: tuple[date, date] | None = None,
) -> list[FrequencyRule]:
    """The rules in one paragraph; `start` is its offset in the clean text, `heading` the words above it, `peak` the
    first and last day of the peak that the document dates."""
    rules: list[FrequencyRule] = []
    begin = 0
    for match in [*_SENTENCE_END.finditer(text), None]:
        end = match.start() if match else len(text)
        sentence = text[begin:end]
        rules += _in_sentence(sentence, start + begin, ref, heading, text[:begin], issued_on, year, peak)
        begin = match.end() if match else end
    return rules


def _in_sentence(
    sentence: str,
    start: int,
    ref: str,
    heading: str,
    before: str,
    issued_on: date | None,
    year: int | None,
    peak: tuple[date, date] | None,
) -> list[FrequencyRule]:
    sentence = sentence[:SENTENCE_LIMIT]
    if not _AIR.search(sentence) and not _AIR.search(heading):
        return []
    found = [hit for hit in _counts(sentence)[:RULES_LIMIT] if _is_air(sentence, hit, heading)]
    groups: list[list[_Found]] = []
    for hit in found:
        clash = groups and any(other.role == hit.role for other in groups[-1])
        if (
            not groups
            or clash
            or (
                hit.role in ("plays", "new")
                and groups[-1]
                and ";" in sentence[groups[-1][-1].end : hit.start]
            )
            or (hit.role == "new" and _OTHER_COLUMN.search(sentence[groups[-1][-1].end : hit.start]))
        ):
            groups.append([])
        groups[-1].append(hit)
    return [
        _rule(group, index, groups, sentence, start, ref, heading, before, issued_on, year, peak)
        for index, group in enumerate(groups)
    ]


def _rule(
    group: list[_Found],
    index: int,
    groups: list[list[_Found]],
    sentence: str,
    start: int,
    ref: str,
    heading: str,
    before: str,
    issued_on: date | None,
    year: int | None,
    peak: tuple[date, date] | None,
) -> FrequencyRule:
    low = 0 if index == 0 else _border(sentence, groups[index - 1][-1].end, group[0].start)[1]
    high = (
        len(sentence)
        if index == len(groups) - 1
        else _border(sentence, group[-1].end, groups[index + 1][0].start)[0]
    )
    column = _OTHER_COLUMN.search(sentence, group[-1].end, high) if high < len(sentence) else None
    part = sentence[low : column.start() if column else high]
    title, topic = (
        _programme(part)
        or (None if column else _programme(sentence))
        or _programme(heading)
        or _programme(before)
        or (None, None)
    )
    by_role = {hit.role: hit.count for hit in group}
    clause = part[max(part.rfind(";", 0, group[0].start - low), 0) :]
    at_peak = bool(_AT_PEAK.search(clause.split(";")[1] if clause.startswith(";") else clause.split(";")[0]))
    dates = (
        _nearest_dates(part, group[0].start - low) if at_peak else _nearest_dates(sentence, group[0].start)
    )
    from_dates = (part if at_peak else sentence)[dates.start() :] if dates else ""
    first, last = period_bounds(from_dates, issued_on, year, whole=False) if dates else (None, None)
    if at_peak and not (first and last):
        first, last = peak or (None, None)
    minutes = _MINUTES.search(part)
    cut = sentence.strip(" -+*")
    at = start + sentence.index(cut)
    return FrequencyRule(
        text=cut,
        span=(at, at + len(cut)),
        ref=ref,
        title=title,
        topic=topic,
        new=by_role.get("new"),
        plays=by_role.get("plays"),
        replays=by_role.get("replays"),
        weekdays=weekdays_in(part),
        dayparts=dayparts_in(part),
        duration_min=int(minutes[1]) if minutes else None,
        duration_max_min=int(minutes[2] or minutes[1]) if minutes else None,
        from_on=first,
        until_on=last,
        is_campaign=at_peak or bool(first and last) or bool(_PEAK.search(sentence) and (first or last)),
    )


def _border(sentence: str, low: int, high: int) -> tuple[int, int]:
    """Where the words of one count end and those of the next begin, both between `low` and `high`."""
    cut = max(sentence.rfind(";", low, high), sentence.rfind("\n", low, high))
    peak = _AT_PEAK.search(sentence, low, high)
    if cut < 0 and peak:
        cut = max(sentence.rfind(",", low, peak.start()), low)
    return (cut, cut) if cut >= 0 else (high, low)


def _nearest_dates(sentence: str, at: int) -> re.Match[str] | None:
    """The dates that a count belongs to: the last before it, else the first after it."""
    found = list(_DATES.finditer(sentence))
    before = [match for match in found if match.start() < at]
    if before:
        return before[-1]
    # "Hằng tuần phát 03 lần; từ 01/10 đến 15/11 mỗi ngày 01 lần": the dates are those of the other clause
    return (
        found[0]
        if found and not (";" in sentence[at : found[0].start()] and _counted(sentence[found[0].end() :]))
        else None
    )


def _counted(after: str) -> bool:
    return bool(_PER_FIRST.search(after) or _COUNT_FIRST.search(after))


def _counts(sentence: str) -> list[_Found]:
    hits: list[_Found] = []

    def add(match: re.Match[str], role: str, per: str, shift: int = 0) -> None:
        if any(match.start("n") < hit.end and hit.start < match.end("n") for hit in hits):
            return
        low = _number(match["n"])
        high = _number(match["n2"]) if match["n2"] else None
        if low is None or low == 0 or low > 200:
            return
        groups = match.groupdict()
        minimum: int | None = max(low - shift, 0)
        maximum = high - shift if high is not None else None
        if groups.get("most"):
            minimum, maximum = (None, low) if high is None else (low, high)
        if maximum is not None and minimum is not None and maximum < minimum:
            maximum = None
        hits.append(
            _Found(match.start("n"), match.end(), role, Count(per=per, minimum=minimum, maximum=maximum))
        )

    for match in _EACH_ISSUE.finditer(sentence):
        add(match, "replays", _PERS.get((match["per"] or "").lower(), "total"), 0 if match["again"] else 1)
    for match in _EACH_BARE.finditer(sentence):
        add(match, "replays", _PERS.get((match["per"] or "").lower(), "total"), 1)
    for match in _REPLAY.finditer(sentence):
        per = (match["per"] or "").lower()
        add(match, "replays", _PERS.get(per, "total"))
    for pattern in (_COUNT_FIRST, _PER_FIRST):
        for match in pattern.finditer(sentence):
            per = _PERS[match["per"].lower()]
            if (
                match["n"].lower() == "năm"
                and pattern is _COUNT_FIRST
                and match.start()
                and sentence[: match.start()].rstrip().endswith("mỗi")
            ):
                continue
            role = "plays" if re.fullmatch(_PLAY, match["unit"], re.IGNORECASE) else "new"
            add(match, role, per)
    if not hits and (daily := _DAILY_AT.search(sentence)):
        count = Count(per="day", minimum=len(_ONE_CLOCK.findall(daily["times"])))
        hits.append(_Found(daily.start("n"), daily.end(), "plays", count))
    return sorted(hits, key=lambda hit: hit.start)


def _is_air(sentence: str, hit: _Found, heading: str) -> bool:
    """Whether a count is one of broadcasting, not of reports, meetings or posts on the web."""
    clause_start = max(sentence.rfind(";", 0, hit.start), 0)
    clause_end = sentence.find(";", hit.end)
    clause = sentence[clause_start : clause_end if clause_end >= 0 else len(sentence)]
    near = sentence[max(0, hit.start - 60) : hit.end + 30]
    if _DONE.search(sentence[clause_start : hit.start]):
        return False
    if hit.role == "replays":
        return True
    if _NOT_AIR.search(near) and not _SURELY_AIR.search(near):
        return False
    if _WEB_ONLY.search(clause) and not _SURELY_AIR.search(clause):
        return False
    if hit.role == "plays":
        return bool(
            _SURELY_AIR.search(clause)
            or _SURELY_AIR.search(heading)
            or re.search(r"tuyên truyền|thông báo|tần suất|chuyên mục|chương trình", clause, re.IGNORECASE)
        )
    return bool(
        _SURELY_AIR.search(sentence)
        or _SURELY_AIR.search(heading)
        or re.search(r"chuyên mục|bản tin|tin,? bài|chương trình", sentence, re.IGNORECASE)
    )


def _programme(text: str) -> tuple[str, str | None] | None:
    """(title, topic) of the column that `text` names: ("Chuyên mục phát thanh về chuyển đổi số", "chuyển đổi số")."""
    for match in _NAMED.finditer(text):
        quoted = match["rest"][0] in "“\"‘'"
        rest = (
            match["rest"]
            if quoted
            else re.split(
                r"\s+(?:trên (?:hệ thống|đài|sóng|loa)|mỗi|hằng|hàng|với|ít nhất|tối thiểu|để|nhằm|vào|phát (?:sóng|vào|lúc|trên)|được|có thời lượng|thời lượng|\d|định kỳ|tuần|ngày|tháng)\b",
                match["rest"],
                maxsplit=1,
            )[0].strip(" -–,")
        )
        if not rest or (
            match["kind"].lower() == "chương trình"
            and re.match(r"(?:hành động|mục tiêu|phát triển|công tác|của)\b", rest, re.IGNORECASE)
        ):
            continue
        if (
            not rest.startswith(("“", '"', "‘", "'"))
            and not rest.lower().startswith("về")
            and not rest[:1].isupper()
        ):
            continue
        kind = match["kind"][:1].upper() + match["kind"][1:].lower()
        title = f"{kind}{(match['air'] or '').lower()} {rest}"
        topic = rest.strip("“”\"‘’'")
        topic = re.sub(r"^về\s+(?:công tác\s+|việc\s+)?", "", topic, flags=re.IGNORECASE).strip()
        return title, topic or None
    return None


def weekdays_in(text: str) -> tuple[int, ...]:
    """ISO weekdays that `text` names ("thứ Hai, thứ Tư hằng tuần"; "từ thứ 2 đến thứ 6")."""
    days: set[int] = set()
    for match in _WEEKDAYS.finditer(text):
        words = match.group().lower()
        if words == "các ngày trong tuần":
            continue
        found = [_DAY_NAMES[word] for word in re.findall(r"\b(hai|ba|tư|năm|sáu|bảy|bẩy|[2-7])\b", words)]
        if len(found) == 2 and re.search(r"đến|-|–", words):
            found = list(range(found[0], found[1] + 1))
        days.update(found)
        if "chủ nhật" in words:
            after = text[match.start() :].lower()
            if re.match(r"thứ\s+\S+\s+đến\s+chủ nhật", after) and found:
                days.update(range(found[0], 8))
            days.add(7)
    return tuple(sorted(days))


def dayparts_in(text: str) -> tuple[tuple[str, str], ...]:
    """Times of day that `text` names; a single time opens half an hour."""
    parts: list[tuple[str, str]] = []
    taken: list[tuple[int, int]] = []
    for match in _CLOCK_RANGE.finditer(text):
        first, last = _clock(match[1], match[2]), _clock(match[3], match[4])
        if first and last and first < last:
            parts.append((first, last))
            taken.append(match.span())
    for match in _CLOCK_AT.finditer(text):
        if any(begin <= match.start() < end or match.start() <= begin < match.end() for begin, end in taken):
            continue
        for one in _ONE_CLOCK.finditer(match.group()):
            first = _clock(one[1], one[2])
            if first and first < "23:30":
                minutes = int(first[:2]) * 60 + int(first[3:]) + 30
                parts.append((first, f"{minutes // 60:02d}:{minutes % 60:02d}"))
    return tuple(dict.fromkeys(parts))


def _clock(hour: str, minute: str | None) -> str | None:
    if int(hour) > 23 or int(minute or 0) > 59:
        return None
    return f"{int(hour):02d}:{int(minute or 0):02d}"


def _number(word: str) -> int | None:
    return int(word) if word.isdigit() else _WORDS.get(word.lower())
