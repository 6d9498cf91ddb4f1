"""Reports that a document wants, and when."""

from __future__ import annotations

import re
from datetime import date

from content.intake.dates import make_date
from content.intake.facts import Deadline
from content.intake.letters import compiled

_REPORT = re.compile(
    r"báo cáo|kết quả (?:thực hiện |triển khai |tuyên truyền )?(?:đề nghị |xin )?gửi|tổng hợp kết quả|gửi kết quả|tổng kết|sơ kết",
    re.IGNORECASE,
)
_NOT_REPORT = re.compile(
    r"(?:vào|trong|đưa)\s+(?:các\s+|nội dung\s+)?báo cáo(?!\s+(?:về|gửi|kết quả))|báo cáo viên|(?:khó khăn|vướng mắc)[^.]{0,120}báo cáo",
    re.IGNORECASE,
)
_BEFORE = r"(?:trước|chậm nhất|muộn nhất|vào|hạn cuối|xong)(?:\s+(?:là|vào|trong))?(?:\s+\d{1,2}\s*(?:giờ|h)\s*\d{0,2}(?:\s*phút)?,?)?\s*"
_DAY_OF_PERIOD = re.compile(
    rf"(?:{_BEFORE}|định kỳ\s+(?=ngày))"
    r"(?:ngày\s+)?(?:mùng\s+|mồng\s+)?(?P<d>\d{1,2})\s*(?:,\s*)?(?:của\s+|trong\s+)?(?P<last>tháng\s+(?:cuối|đầu tiên|đầu|thứ ba|thứ 3)(?:\s+của)?\s+)?(?:hằng|hàng|mỗi|các)?\s*(?P<per>tháng|quý)(?!\s*\d)(?P<quarter>\s+cuối(?:\s+của)?(?:\s+mỗi)?\s+quý)?",
    re.IGNORECASE,
)
_BRACKET_DAY = re.compile(
    r"\s*[(,]?\s*(?:trước|chậm nhất|muộn nhất|vào)(?:\s+(?:là|vào))?\s+ngày\s+(?P<d>\d{1,2})(?!\s*(?:/|-|\d|tháng|hằng|hàng|của))(?:[^()]{0,40}\))?",
    re.IGNORECASE,
)
_OPENS_DATE = re.compile(r"\s*\(\s*(?:trước|chậm nhất|muộn nhất|vào)\b", re.IGNORECASE)
_BARE_DAY = re.compile(
    r"(?:trước|chậm nhất|muộn nhất|vào)(?:\s+(?:là|vào))?\s+ngày\s+(?P<d>\d{1,2})(?!\s*(?:/|-|\.\d|\d|tháng|hằng|hàng|của|mỗi))",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?:(?P<before>trước|chậm nhất|muộn nhất|vào|hạn cuối|xong|và|,|đến)(?:\s+(?:là|vào|hết))?\s*(?:\d{1,2}\s*(?:giờ|h|g)\s*(?:\d{2})?(?:\s*phút)?\s*,?\s*)?)?(?:ngày\s+)(?P<d>\d{1,2})\s*(?:/|-|\.|\s+tháng\s+)\s*(?P<m>\d{1,2})(?:\s*(?:/|-|\.|\s+năm\s+)\s*(?P<y>20\d{2}))?"
    r"|(?P<before2>trước|chậm nhất(?: là)?|muộn nhất(?: là)?)\s+(?P<d2>\d{1,2})/(?P<m2>\d{1,2})(?:/(?P<y2>20\d{2}))?",
    re.IGNORECASE,
)
_KEYWORDS = (
    (
        "6 months",
        re.compile(r"(?:06|6|sáu)\s+tháng(?:\s+(?:đầu|cuối)\s+năm|\s+một lần|/lần)?", re.IGNORECASE),
    ),
    (
        "quarter",
        re.compile(
            r"(?:(?:hằng|hàng|mỗi|định kỳ|báo cáo)\s+quý|,\s*quý|(?:03|3)\s+tháng(?:\s+một lần|/lần)|quý(?=\s*[,;]|\s+và))",
            re.IGNORECASE,
        ),
    ),
    ("month", re.compile(r"(?:hằng|hàng|mỗi|định kỳ|theo)\s+tháng|báo cáo tháng", re.IGNORECASE)),
    (
        "year",
        re.compile(
            r"(?:tổng kết|báo cáo|định kỳ|cuối)\s+(?:hằng |hàng |kết thúc |cuối )?năm(?!\s+\d)|(?:hằng|hàng|mỗi)\s+năm|tổng kết công tác năm|(?:,|và|hoặc)\s+(?:cả\s+|cuối\s+|01\s+|1\s+|một\s+)?năm(?!\s*(?:\d|tiếp|sau|nay|học|tới))|một năm|01 năm",
            re.IGNORECASE,
        ),
    ),
    (
        "day",
        re.compile(
            r"(?:giờ|\dh)(?:\s*\d{2})?(?:\s*phút)?\s*,?\s*(?:hằng|hàng|mỗi) ngày|báo cáo(?:\s+\w+){0,5}?\s+(?:hằng|hàng|mỗi)\s+ngày|"
            r"(?:hằng|hàng|mỗi)\s+ngày\s*,?\s*(?:\w+\s+){0,4}?báo cáo",
            re.IGNORECASE,
        ),
    ),
    (
        "week",
        re.compile(
            r"báo cáo[^.;]{0,80}?\b(?:hằng|hàng|mỗi)\s+tuần|(?:hằng|hàng|mỗi)\s+tuần\s*,?\s*(?:\w+\s+){0,4}?báo cáo",
            re.IGNORECASE,
        ),
    ),
    (
        "ad hoc",
        re.compile(
            r"đột xuất|(?:chậm nhất|muộn nhất|trong vòng|trong thời hạn|trong|sau)\s+(?:là\s+)?\d{1,2}\s+ngày(?:\s+làm việc)?\s*,?\s+(?:sau|kể từ|tính từ|kết thúc)|"
            r"sau khi (?:kết thúc|hoàn thành)",
            re.IGNORECASE,
        ),
    ),
)
_PERIOD_NAMED = re.compile(
    r"(?:,\s*)?(?:(?:báo cáo|định kỳ)\s+)?(?:(?:hằng|hàng|mỗi)\s+)?(?:quý|tháng)\s*[(,]?\s*$", re.IGNORECASE
)
_Due = tuple[int, int, int, str | None, bool]
"""Where a date stands, its day and month, its year where named, and whether it is a limit."""
_SENTENCE_END = compiled(r"(?<=[^\d\s][.!?])\s+(?=[{UPPER}-])|\n|\.(?=\s+[{UPPER}])")
_PERIODIC_WORD = re.compile(
    r"định kỳ|tổng kết|sơ kết|báo cáo\s+(?:kết quả\s+)?(?:định kỳ\s+)?(?:tháng|quý|06 tháng|6 tháng|năm|đột xuất)|chế độ báo cáo|đột xuất",
    re.IGNORECASE,
)


def deadlines_in(text: str, start: int, year: int | None = None) -> list[Deadline]:
    """The reports that one paragraph wants; `start` is its offset in the clean text."""
    found: list[Deadline] = []
    begin = 0
    for match in [*_SENTENCE_END.finditer(text), None]:
        end = match.start() if match else len(text)
        found += _in_sentence(text[begin:end], start + begin, year)
        begin = match.end() if match else end
    return found


def _in_sentence(sentence: str, start: int, year: int | None) -> list[Deadline]:
    sentence = sentence[:4000]  # as in `frequency`: hostile text must not cost more than real text
    if not _REPORT.search(sentence) or (
        _NOT_REPORT.search(sentence)
        and not _PERIODIC_WORD.search(sentence)
        and not _DAY_OF_PERIOD.search(sentence)
    ):
        return []
    cut = sentence.strip(" -+*")
    at = start + sentence.index(cut)
    span = (at, at + len(cut))
    sentence = _from_report(sentence)
    found: list[Deadline] = []

    def add(every: str, day: int | None, month: int | None = None, due_on: date | None = None) -> None:
        known = next(
            (
                index
                for index, other in enumerate(found)
                if other.every == every
                and (other.day == day or day is None or (other.day is None and every != "month"))
            ),
            None,
        )
        deadline = Deadline(text=cut, every=every, day=day, month=month, due_on=due_on, span=span)
        if known is None:
            found.append(deadline)
        elif found[known].day is None and day is not None:
            found[known] = deadline

    used: list[tuple[int, int]] = []
    for match in _DAY_OF_PERIOD.finditer(sentence):
        day = int(match["d"])
        if 1 <= day <= 31:
            per = match["per"].lower()
            quarterly = per == "quý" or bool(match["quarter"])
            add("quarter" if quarterly else "month", day)
            periodic = _PERIOD_NAMED.search(
                sentence[: match.start()]
            )  # "báo cáo quý trước ngày 15 tháng cuối quý"
            used.append((periodic.start() if periodic else match.start(), match.end()))
    for every, pattern in _KEYWORDS:  # "định kỳ hằng tháng (trước ngày 18), quý (…)"
        for match in pattern.finditer(sentence):
            bracket = _BRACKET_DAY.match(sentence, match.end())
            if (
                bracket
                and 1 <= int(bracket["d"]) <= 31
                and not any(low <= bracket.start("d") < high for low, high in used)
            ):
                add(every, int(bracket["d"]))
                used.append((match.start(), bracket.end()))
    dates = [
        (match.start(), int(match["d"] or match["d2"]), int(match["m"] or match["m2"]), match["y"] or match["y2"], bool(match["before"] or match["before2"]))
        for match in _DATE.finditer(sentence)
        if not any(low <= match.start() < high for low, high in used)
    ]  # fmt: skip
    due = [
        entry
        for entry in dates
        if 1 <= entry[1] <= 31 and 1 <= entry[2] <= 12 and entry[4] and not _cites(sentence, entry[0])
    ]
    named = _periods_named(sentence, used)
    pairs = _paired(due, named)
    taken = {index for index in pairs.values() if index is not None}
    days = [
        match
        for match in _BARE_DAY.finditer(sentence)
        if not any(low <= match.start() < high for low, high in used)
    ]
    for place, (every, _start, end) in enumerate(named):
        index = pairs.get(place)
        if (
            index is None
            and len(named) == len(days) == 1
            and every in ("month", "quarter")
            and days[0].start() > end
        ):
            add(every, int(days[0]["d"]))  # "định kỳ hằng tháng báo cáo kết quả về Phòng trước ngày 25"
            continue
        add(every, *(due[index][1:3] if index is not None else (None, None)))
    has_keyword = any(
        entry[0] != "week" for entry in named
    )  # beside a weekly report a date is one of its own
    left = [entry for index, entry in enumerate(due) if index not in taken]
    yearly = bool(re.search(r"(?:hằng|hàng|mỗi) năm", sentence, re.IGNORECASE))
    if used:
        left = [entry for entry in left if entry[3]]  # beside a regular report only a date with its year
    if left and not has_keyword and re.search(r"báo cáo|kết quả", sentence, re.IGNORECASE):
        for _at, day, month, named_year, _before in left:
            due_on = make_date(day, month, named_year or year or 0)
            add("year" if yearly else "ad hoc", day, month, due_on)
    elif len(left) == 1 and len(due) == 2 and yearly:
        found[:] = [entry for entry in found if entry.every != "year"]
        add("6 months", due[0][1], due[0][2])
    return found


def _from_report(sentence: str) -> str:
    """Without the clauses before the first that speaks of a report: "đăng ký trước ngày 20/10; báo cáo …"."""
    begin = 0
    for clause in sentence.split(";"):
        if _REPORT.search(clause):
            return sentence[begin:]
        begin += len(clause) + 1
    return sentence


def _periodic_before(sentence: str, at: int) -> bool:
    """Whether the word at `at` belongs to a list of regular reports ("định kỳ hằng tháng, quý, 6 tháng, năm")."""
    before = sentence[max(0, at - 140) : at + 12]
    return bool(
        re.search(
            r"định kỳ|báo cáo (?:tháng|quý|năm|6 tháng|06 tháng)|tổng kết|sơ kết", before, re.IGNORECASE
        )
    )


def _periods_named(sentence: str, used: list[tuple[int, int]]) -> list[tuple[str, int, int]]:
    """(every, start, end) of each word that names a reporting period, in order."""
    named: list[tuple[str, int, int]] = []
    for every, pattern in _KEYWORDS:
        for match in pattern.finditer(sentence):
            if any(low - 1 <= match.start() < high for low, high in used):
                continue
            if any(low - 1 <= match.start() < high for _every, low, high in named):
                continue
            if (
                every in ("year", "month", "quarter")
                and used
                and not _periodic_before(sentence, match.start())
                and not _OPENS_DATE.match(sentence, match.end())
            ):
                continue  # "kết quả thực hiện hằng năm … trước ngày 14 hằng tháng": the dated one counts
            before = sentence[: match.start()]
            if (
                every == "month"
                and not _PERIODIC_WORD.search(sentence)
                and not re.search(r"báo cáo[^.;]{0,80}$", before, re.IGNORECASE)
            ):
                continue
            named.append((every, match.start(), match.end()))
    return sorted(named, key=lambda entry: entry[1])


def _paired(due: list[_Due], named: list[tuple[str, int, int]]) -> dict[int, int | None]:
    """Which date belongs to which period: in order where there are as many, else the next one close by."""
    dated = [place for place, entry in enumerate(named) if entry[0] not in ("day", "week", "ad hoc")]
    if due and len(dated) == len(due):
        return dict(zip(dated, range(len(due)), strict=True))
    dates_first = bool(due and dated and due[0][0] < named[dated[0]][1])
    pairs: dict[int, int | None] = {}
    for place in dated:
        _every, low, high = named[place]
        near = [
            index for index, entry in enumerate(due)
            if index not in pairs.values() and (0 <= low - entry[0] <= 60 if dates_first else 0 <= entry[0] - high <= 70)
        ]  # fmt: skip
        if near:
            pairs[place] = near[-1] if dates_first else near[0]
    return pairs


def _cites(sentence: str, at: int) -> bool:
    """Whether a date belongs to a document number: "số 12/KH-UBND ngày …"."""
    return (
        bool(re.search(r"[A-ZĐ]{2,}[\w/&-]*\s*,?\s*$", sentence[max(0, at - 24) : at]))
        and "trước" not in sentence[max(0, at - 8) : at + 8]
    )
