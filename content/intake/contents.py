"""The contents to be broadcast: one item for each, with its words, its units and its period."""

from __future__ import annotations

import re
from datetime import date

from content.intake.dates import period_of
from content.intake.facts import Item, Named, Part, Period
from content.intake.heading import Heading
from content.intake.labels import label_of
from content.intake.letters import compiled
from content.intake.outline import Line, Node
from content.intake.sections import (
    APART,
    BROADCAST,
    ON_AIR,
    PURPOSE,
    STRONG,
    SUBJECT_ON,
    TASKS,
    announced_at_root,
    content_sections,
    contents_below,
    has_marker,
    head_of,
)
from content.intake.units import inline_dates, inline_units, is_unit, marker, split_units

_NOTICE = frozenset(
    (
        "Thông báo",
        "Công điện",
        "Cảnh báo",
        "Bản tin",
        "Thư ngỏ",
        "Lời kêu gọi",
        "Tin bài",
        "Thông cáo",
        "Bài tuyên truyền",
        "Lịch",
        "Lịch phát sóng",
        "Lịch phát thanh",
        "Lịch tuyên truyền",
        "Lịch công tác",
    )
)
_INWARD = frozenset(("Báo cáo", "Tờ trình", "Quyết định", "Giấy mời", "Biên bản", "Hợp đồng"))
_UNIT_TASK = compiled(r"^(?P<unit>[{UPPER}][^:.;]{3,80}):\s+(?P<task>\S.{20,})", re.DOTALL)
_SUBJECT_MONTH = re.compile(
    r"(?:tháng\s+\d{1,2}|quý\s+[IVX1-4]+)\s*(?:/|\s+năm\s+)20\d{2}(?=\W*$)", re.IGNORECASE
)
_NAMED_BY_DATES = re.compile(
    r"(?:(?:Đợt|Giai đoạn|Cao điểm|Đợt cao điểm)\s*[\w ]{0,12}\s*[:(–-]\s*)?(?P<dates>(?:(?:Trong\s+)?(?:Tháng|Quý)\s+(?:\d|[IV])|Từ\s+(?:nay|ngày|tháng|quý|\d)|Ngày\s+\d)[^.;:]{0,60})\)?\s*[.:;]?$",
    re.IGNORECASE,
)
_CLOSING_DATES = re.compile(
    r"\((?:thời gian\s*:\s*|thực hiện\s+|trong\s+)*(?P<dates>(?:từ\s+(?:nay|(?:ngày|tháng|quý|đầu)\s|\d)|tháng\s+\d|quý\s+[IV1-4]|ngày\s+\d{1,2}/\d{1,2}/20\d\d)[^()]{0,60})\)\s*[.:;]?$",
    re.IGNORECASE,
)
"""When a content holds, in the bracket that ends its heading; a day without its year may be that of a feast."""
_TIME_IN_SENTENCE = re.compile(
    r"[.;,(]\s*(?:thời gian|thời điểm)(?:\s+(?:thực hiện|phát sóng|phát thanh|phát|tuyên truyền|triển khai|hoàn thành))*\s*:?\s*(?:là\s+)?"
    r"(?P<when>(?:từ|trong|quý|tháng|ngày|xuyên suốt|trước|thường xuyên|đến|cả năm|năm)\b[^.;()]{2,120}?)"
    r"(?=[.;()]|$|,\s*(?:ngày|mỗi|hằng|hàng|sáng|phát|tần suất|thời lượng)\s)",
    re.IGNORECASE,
)
_ORDERED_TELLING = compiled(
    r"^(?:(?:Giao|Đề nghị|Yêu cầu|Chỉ đạo)\s+(?P<unit>[{UPPER}][^.;:()\n]{3,90}?)(?:\s+chủ trì)?|(?P<lead>[{UPPER}][^.;:()\n]{3,90}?)\s+chủ trì)\s*,?\s*(?:(?:và\s+)?phối hợp(?:\s+với)?\s+[^.;:()\n]{3,120}?\s+)?"
    r"(?P<task>(?:(?:tăng cường|đẩy mạnh|tổ chức|tiếp tục|thực hiện|làm tốt|công tác|việc)\s+)*(?<!, )(?:thông tin|tuyên truyền|phát thanh|phổ biến|truyền thông|thông báo)\b(?=.{0,160}?\b(?:về|việc|nội dung|biện pháp|quy định|chủ trương|nguy cơ|lợi ích|tác hại|kỹ năng)\b).{20,})",
    re.DOTALL,
)


_Marked = tuple[tuple[Named, ...], tuple[Named, ...], Period | None]
"""Lead units, partner units and period that marked lines name."""


def items_of(root: Node, heading: Heading, body_lines: list[Line]) -> list[Item]:
    """The contents to be broadcast that headings and labels show, in order."""
    reader = _Reader(root, heading)
    sections = list(content_sections(root, STRONG))
    items: list[Item] = []
    for section in sections:
        items += reader.section(section)
    if items:
        return items
    tasks = [
        node for node in root.children if not node.is_bullet and TASKS.match(head_of(node)) and node.children
    ]
    about = bool(heading.subject and SUBJECT_ON.search(heading.subject))
    for section in tasks:
        found = reader.section(section)
        items += (
            found
            if about
            else [item for item in found if BROADCAST.match(item.title) or SUBJECT_ON.search(item.title)]
        )
    if items:
        return items
    if announced := announced_at_root(root):
        return [reader.item(node, ((), (), None)) for node in announced]
    items = reader.spoken_nodes()
    if items:
        return items
    whole = "\n".join(line.text for line in body_lines)
    if heading.kind in _NOTICE or (heading.kind not in _INWARD and ON_AIR.search(whole)):
        return reader.notice(body_lines)
    return []


class _Reader:
    def __init__(self, root: Node, heading: Heading) -> None:
        self.root = root
        self.heading = heading
        self.issued_on: date | None = heading.issued_on
        self.year = heading.year
        self.general_period = self._general_period()

    def section(self, section: Node) -> list[Item]:
        """One item for each labelled content of `section`."""
        nodes = contents_below(section)
        shared = self._markers(
            [child for child in section.children if marker(child.text)] + list(section.plain)
        )
        if len(nodes) > 1 and not any(has_marker(node) for node in nodes[:-1]):
            last = [entry for entry in nodes[-1].plain if marker(entry.text)]
            if last and nodes[-1].order[-len(last) :] == last:
                shared = self._markers(
                    [*last]
                )  # without a label, after the last content: it closes all of them
        name = section.text.strip(" .:;")
        if not shared[0] and len(name.split()) <= 14 and is_unit(name):
            shared = split_units(name, section.text_start), shared[1], shared[2]
        elif nodes and not shared[0] and not shared[1]:
            shared = (*inline_units(section.text, section.text_start), shared[2])
        if nodes:
            return [self.item(node, shared) for node in nodes]
        paragraphs = [line for line in section.plain if not marker(line.text)]
        if not paragraphs and not _body_of_heading(section):
            return []
        return [self.item(section, shared)]

    def spoken_nodes(self) -> list[Item]:
        """Labelled paragraphs of a letter without headings that begin with a verb of telling."""
        shared = self._markers([])
        found: list[Node] = []
        for node in self.root.children:
            head = head_of(node)
            if APART.match(head) or PURPOSE.match(head) or node.label is None:
                continue
            if BROADCAST.match(node.text):
                found.append(node)
            elif (told := self._task_of_station(node)) is not None:
                found.append(told)
            elif not node.is_bullet and (node.label.style in ("I", "A") or not BROADCAST.search(node.text)):
                found += [
                    child for child in node.children if BROADCAST.match(child.text) and not marker(child.text)
                ]
        if self.heading.kind in _NOTICE and len(found) < 2:
            return []
        return [self.item(node, self._unit_heading(node) or shared) for node in found]

    def _task_of_station(self, node: Node) -> Node | None:
        """ "1. Đài Truyền thanh xã: Xây dựng tin, bài tuyên truyền về …", "2. Giao Trạm Y tế xã chủ trì tuyên truyền …
        trên loa": a task that is a content at once."""
        found = _task(node.text)
        if found is None or node.is_bullet or node.children or (node.label and node.label.style == "Điều"):
            return None
        unit, task, _before_colon = found
        on_air = ON_AIR.search(unit) or ON_AIR.search(task) or re.search(r"phát sóng|chuyên mục", task)
        return node if on_air and SUBJECT_ON.search(task) else None

    def _unit_heading(self, node: Node) -> _Marked | None:
        """The unit under whose name a content stands ("3. Đài Truyền thanh thị trấn")."""
        above = node.parent
        if above is None or above.label is None:
            return None
        name = above.text.strip(" .:;")
        if len(name.split()) > 14 or not is_unit(name):
            return None
        return split_units(name, above.text_start), (), None

    def notice(self, body: list[Line]) -> list[Item]:
        """A notice is one content as a whole, or one for each full content that it labels."""
        subject = (self.heading.subject or "").casefold()
        lines = [
            line for line in body if not marker(line.text) and line.text.strip(" .").casefold() != subject
        ]
        if not lines:
            return []
        title = self.heading.subject or short_title(lines[0].text)
        text = "\n".join(line.text for line in lines)
        period = self.notice_period(body)
        return [
            Item(
                ref="0",
                title=title[:1].upper() + title[1:],
                text=text,
                span=(lines[0].start, lines[-1].end),
                period=period,
                parts=tuple(Part(text=line.text, span=line.span) for line in lines),
            )
        ]

    def notice_period(self, body: list[Line]) -> Period | None:
        """When a notice is worth hearing: from its date until what it announces is over."""
        found = self.general_period
        for line in body if found is None else ():
            named = marker(line.text)
            if named and named[0] == "period":
                words = line.text[named[1] :]
                found = period_of(words.rstrip(" ."), line.start + named[1], self.issued_on, self.year)
                break
        if found is None or found.until_on is None:
            return None
        first = min(filter(None, (self.issued_on, found.from_on)), default=None)
        return Period(text=found.text, from_on=first, until_on=found.until_on, span=found.span)

    def item(self, node: Node, shared: _Marked) -> Item:
        """The item that `node` and what is below it make."""
        body: list[Line] = []
        marked: list[Node | Line] = []
        for entry in node.order:
            self._collect(entry, body, marked)
        lead, partner, period = self._markers(marked)
        own_text = node.text.strip()
        unit, task, before_colon = _task(own_text) or ("", own_text, False)
        if before_colon and not lead and is_unit(unit):
            name = re.sub(r"^Giao\s+", "", unit)
            lead = split_units(name, node.text_start + own_text.index(name))
        is_heading = len(own_text.split()) <= 80 and not compiled(r"[.!?;]\s+[{UPPER}]").search(own_text)
        if not lead and not partner:
            lead, partner = inline_units(node.text, node.text_start)
        for line in body if not lead and not partner else ():
            lead, partner = inline_units(line.text, line.start)
            if lead:
                period = period or self._dates_in_bracket(line.text, line.start)
                break
        period = (
            period
            or self._own_dates(own_text, node.text_start)
            or self._dates_in_bracket(node.text, node.text_start)
            or self._dates_in_sentence(node)
        )
        if body and is_heading:
            title = own_text.rstrip(" :;.,")
            text = "\n".join(line.text for line in body)
        else:
            title = short_title(task if is_unit(unit) else own_text)
            title = title[:1].upper() + title[1:]
            text = "\n".join([own_text, *(line.text for line in body)])
        parts = [Part(text=line.text, span=line.span) for line in body]
        if not body or not is_heading:
            parts.insert(0, Part(text=own_text, span=(node.text_start, node.line.end)))
        end = body[-1].end if body else node.line.end
        return Item(
            ref=node.ref,
            title=title,
            text=text,
            span=(node.line.start, end),
            lead_units=lead or shared[0],
            partner_units=partner or shared[1],
            period=period or shared[2] or self.general_period,
            parts=tuple(parts),
        )

    def _dates_in_bracket(self, text: str, start: int) -> Period | None:
        """The period after the unit: "(Phòng Tư pháp chủ trì; thực hiện trong quý I/2024)"."""
        found = inline_dates(text)
        if found is None:
            return None
        period = period_of(found[0], start + found[1], self.issued_on, self.year)
        return period if period.from_on or period.until_on else None

    def _dates_in_sentence(self, node: Node) -> Period | None:
        """The period that a content names within its own words: "… Thời gian phát: từ ngày 01/8 đến ngày 30/9"."""
        match = _TIME_IN_SENTENCE.search(node.text)
        if match is None:
            return None
        words = match["when"].rstrip(" .,")
        return period_of(words, node.text_start + match.start("when"), self.issued_on, self.year)

    def _own_dates(self, text: str, start: int) -> Period | None:
        """The period of a content that is named by it: "Tháng 02/2024", "Đợt 1: Từ ngày 01/02 đến ngày 15/3"."""
        match = _NAMED_BY_DATES.match(text)
        if match is None:
            match = _CLOSING_DATES.search(text) if text.rstrip(" .:;").endswith(")") else None
        if match is None:
            return None
        words = match["dates"].strip(" .:;()")
        found = period_of(words, start + match.start("dates"), self.issued_on, self.year)
        return found if found.from_on or found.until_on else None

    def _collect(self, entry: Node | Line, body: list[Line], marked: list[Node | Line]) -> None:
        if isinstance(entry, Line):
            (marked if marker(entry.text) else body).append(entry)
            return
        if marker(entry.text):
            marked.append(entry)
            return
        body.append(entry.line)
        for inner in entry.order:
            self._collect(inner, body, marked)

    def _markers(self, entries: list[Node] | list[Line] | list[Node | Line]) -> _Marked:
        lead: tuple[Named, ...] = ()
        partner: tuple[Named, ...] = ()
        period: Period | None = None
        for entry in entries:
            text = entry.text
            start = entry.text_start if isinstance(entry, Node) else entry.start
            found = marker(text)
            if found is None:
                continue
            kind, at = found
            value = text[at:].strip()
            where = start + at + (len(text[at:]) - len(text[at:].lstrip()))
            if not value and isinstance(entry, Node):  # the units stand below, one a bullet
                for line in entry.lines_below():
                    words = line.text.lstrip("-+* ")
                    units = split_units(words, line.end - len(words))
                    lead, partner = (
                        (lead + units, partner)
                        if kind == "lead"
                        else (lead, partner + units)
                        if kind == "partner"
                        else (lead, partner)
                    )
                continue
            if kind == "lead":
                extra = re.search(
                    r"[;,.]?\s*(?:(?:các\s+)?(?:đơn vị|cơ quan|bộ phận|ngành)\s+)?phối hợp(?:\s+thực hiện)?\s*:\s*",
                    value,
                    re.IGNORECASE,
                )
                if extra:
                    partner += split_units(value[extra.end() :], where + extra.end())
                    value = value[: extra.start()]
                lead += split_units(value, where)
            elif kind == "partner":
                partner += split_units(value, where)
            elif period is None:
                period = period_of(value.rstrip(" ."), where, self.issued_on, self.year)
        return lead, partner, period

    def _general_period(self) -> Period | None:
        """The period that a heading of its own gives to the whole document."""
        for node in self.root.below():
            if (
                node.label is None
                or node.is_bullet
                or not re.match(r"(?:Về )?(?:Thời gian|Thời điểm)\b(?! đến)", node.text, re.IGNORECASE)
            ):
                continue
            if len(head_of(node).split()) > 8:
                continue
            if node.parent is not None and any(
                (marker(other.text) or ("",))[0] == "lead" for other in node.parent.children
            ):
                continue  # that of one content, beside its unit
            found = marker(node.text)
            if found and node.text[found[1] :].strip():
                return period_of(
                    node.text[found[1] :].strip(" ."), node.text_start + found[1], self.issued_on, self.year
                )
            for line in node.lines_below():
                label = label_of(line.text)
                text = line.text[label.width :] if label else line.text
                found = marker(text)
                text = text[found[1] :] if found and found[0] == "period" else text
                return period_of(text.rstrip(" ."), line.end - len(text), self.issued_on, self.year)
        return self._month_of_subject()

    def _month_of_subject(self) -> Period | None:
        """The month that a subject names: "Nội dung tuyên truyền … tháng 12/2024"."""
        subject, span = self.heading.subject, self.heading.spans.get("subject")
        match = _SUBJECT_MONTH.search(subject or "")
        if match is None or span is None or not SUBJECT_ON.search(subject or ""):
            return None
        return period_of(match.group(), span[0] + match.start(), self.issued_on, self.year)


def _task(text: str) -> tuple[str, str, bool] | None:
    """The unit that a content orders, what it is to do, and whether a colon stands between them."""
    if match := _UNIT_TASK.match(text):
        return match["unit"], match["task"], True
    match = _ORDERED_TELLING.match(text)
    unit = (match["unit"] or match["lead"]) if match else ""
    return (unit, match["task"], False) if match and is_unit(unit) else None


def _body_of_heading(section: Node) -> str:
    match = re.search(r"[:.]\s+(\S.+)$", section.text.strip())
    return match[1] if match and len(match[1].split()) > 4 else ""


def short_title(text: str, limit: int = 120) -> str:
    """A title: the first clause of `text`, always a beginning of it."""
    flat = " ".join(text.split())
    if len(flat) <= limit:
        return flat.rstrip(" .;:,")
    cut = 0
    for match in re.finditer(r"[;:.](?=\s)|,(?=\s)", flat[:limit]):
        if match.start() >= 40:
            cut = match.start()
            if match.group() != ",":
                break
    if not cut:
        cut = flat.rfind(" ", 0, limit)
    return flat[: cut if cut > 0 else limit].rstrip(' .;:,(“"')
