"""Which parts of a document are contents to be broadcast."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from content.intake.dates import period_of
from content.intake.facts import Item, Named, Part, Period
from content.intake.heading import Heading
from content.intake.letters import compiled
from content.intake.outline import Line, Node
from content.intake.units import inline_dates, inline_units, is_unit, marker, split_units

STRONG = re.compile(
    r"nội dung\s*(?:,\s*(?:nhiệm vụ|hình thức|thời gian)\s*)*(?:tuyên truyền|thông tin|phát thanh|truyền thông|phổ biến|phát sóng|vận động|thông báo|truyền thanh)|"
    r"(?:tuyên truyền|thông tin|truyền thông|phổ biến|phát thanh)[^.;]{0,40}nội dung|"
    r"nội dung\s*(?:,|và|chủ yếu|trọng tâm|chính|cơ bản|cụ thể|thực hiện|cần|công việc|tập trung)|^(?:các |một số |về )?nội dung\s*[:.]?$|"
    r"trọng tâm\s+(?:tuyên truyền|truyền thông|thông tin)|thông điệp|chủ đề\s+(?:tuyên truyền|truyền thông)|các nội dung|"
    r"khẩu hiệu tuyên truyền",
    re.IGNORECASE,
)
TASKS = re.compile(
    r"^(?:các |một số |về )?(?:nội dung\s*,\s*)?(?:nhiệm vụ|công tác|hoạt động|nhiệm vụ\s*(?:,|và)\s*giải pháp)(?:\s+(?:trọng tâm|cụ thể|chủ yếu|trọng điểm|chung|và giải pháp|tuyên truyền))*",
    re.IGNORECASE,
)
APART = re.compile(
    r"^(?:về |các |một số )?(?:hình thức|phương thức|phương pháp|kênh|phương tiện|kinh phí|nguồn kinh phí|dự toán|tổ chức thực hiện|tổ chức triển khai|triển khai thực hiện|phân công|"
    r"trách nhiệm|chế độ (?:thông tin|báo cáo)|thông tin\s*,\s*báo cáo|báo cáo|thời gian|thời lượng|tần suất|khung giờ|thời điểm|đối tượng(?! tiêm)|phạm vi|địa điểm|thành phần|đơn vị|điều khoản|"
    r"tổ chức,? chỉ đạo|lộ trình|tiến độ|biện pháp thực hiện|điều kiện|cơ sở vật chất|kiểm tra|thi đua|đề nghị các|yêu cầu đối với)\b",
    re.IGNORECASE,
)
PURPOSE = re.compile(
    r"^(?:về )?(?:mục đích|yêu cầu|mục tiêu|quan điểm|căn cứ|cơ sở|sự cần thiết|đặc điểm|tình hình|đánh giá|kết quả)\b",
    re.IGNORECASE,
)
BROADCAST = re.compile(
    r"^(?:tiếp tục |đẩy mạnh |tăng cường |tập trung |thường xuyên |chú trọng |tổ chức |làm tốt công tác |công tác |thực hiện )*(?:việc )?(?:thông tin|tuyên truyền|phổ biến|truyền thông|phát thanh|thông báo|"
    r"giới thiệu|phản ánh|lan tỏa|lan toả|vận động|khuyến cáo|cảnh báo|biểu dương|nêu gương|quán triệt|hướng dẫn (?:người dân|nhân dân)|đưa tin|cổ động)\b",
    re.IGNORECASE,
)
ON_AIR = re.compile(
    r"truyền thanh|phát thanh|thông tin cơ sở|loa (?:phường|xã|thôn|khu|truyền|công cộng)|hệ thống loa|trên loa|đài phường|đài xã",
    re.IGNORECASE,
)
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
_SUBJECT_ON = re.compile(r"tuyên truyền|truyền thông|phát thanh|truyền thanh|thông tin", re.IGNORECASE)
_UNIT_TASK = compiled(r"^(?P<unit>[{UPPER}][^:.;]{3,80}):\s+(?P<task>\S.{20,})", re.DOTALL)
_SUBJECT_MONTH = re.compile(
    r"(?:tháng\s+\d{1,2}|quý\s+[IVX1-4]+)\s*(?:/|\s+năm\s+)20\d{2}(?=\W*$)", re.IGNORECASE
)
_ORDERED = re.compile(
    r"(?:tuyên truyền|phát thanh|truyền thanh|thông tin)[^.;]{0,60}nội dung[^.;]{0,30}:$", re.IGNORECASE
)
_TO_BE_TOLD = re.compile(
    r"(?:tuyên truyền|phát thanh|thông tin|phổ biến|truyền thông)(?: về)?\s*:$", re.IGNORECASE
)
_LEAD_IN = re.compile(r"(?:sau(?: đây)?|cụ thể|dưới đây|gồm)\s*:$", re.IGNORECASE)
_NAMED_BY_DATES = re.compile(
    r"(?:(?:Đợt|Giai đoạn|Cao điểm|Đợt cao điểm)\s*[\w ]{0,12}\s*[:(–-]\s*)?(?P<dates>(?:(?:Trong\s+)?(?:Tháng|Quý)\s+(?:\d|[IV])|Từ\s+(?:nay|ngày|tháng|quý|\d)|Ngày\s+\d)[^.;:]{0,60})\)?\s*[.:;]?$",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(
    r"^(?:về )?(?:thời gian|địa điểm|thành phần|đối tượng|phạm vi|nội dung|lý do|chủ trì|trang phục|phương tiện|hồ sơ|lệ phí|liên hệ|ghi chú|số lượng|kinh phí|hình thức|lịch|cách thức|yêu cầu|lưu ý|khu vực|diện|mục đích|loại)\b",
    re.IGNORECASE,
)


_Marked = tuple[tuple[Named, ...], tuple[Named, ...], Period | None]
"""Lead units, partner units and period that marked lines name."""


def items_of(root: Node, heading: Heading, body_lines: list[Line]) -> list[Item]:
    """The contents to be broadcast that headings and labels show, in order."""
    reader = _Reader(root, heading)
    sections = list(_content_sections(root, STRONG))
    items: list[Item] = []
    for section in sections:
        items += reader.section(section)
    if items:
        return items
    tasks = [
        node for node in root.children if not node.is_bullet and TASKS.match(_head(node)) and node.children
    ]
    about = bool(heading.subject and _SUBJECT_ON.search(heading.subject))
    for section in tasks:
        found = reader.section(section)
        items += (
            found
            if about
            else [item for item in found if BROADCAST.match(item.title) or _SUBJECT_ON.search(item.title)]
        )
    if items:
        return items
    if announced := _announced_at_root(root):
        return [reader.item(node, ((), (), None)) for node in announced]
    items = reader.spoken_nodes()
    if items:
        return items
    whole = "\n".join(line.text for line in body_lines)
    if heading.kind in _NOTICE or (heading.kind not in _INWARD and ON_AIR.search(whole)):
        return reader.notice(body_lines)
    return []


def _head(node: Node) -> str:
    """The words of a heading, as far as they are one."""
    return re.split(r"[:.;](?:\s|$)", node.text.strip(), maxsplit=1)[0][:220].strip()


def _content_sections(node: Node, pattern: re.Pattern[str]) -> Iterator[Node]:
    """The deepest headings that announce contents."""
    for child in node.children:
        if child.is_bullet or child.label is None:
            continue
        head = _head(child)
        if _ONLY_CONTENTS.match(head) and any(marker(entry.text) for entry in node.order):
            continue  # "1.1. Nội dung: …" beside "1.2. Đơn vị thực hiện: …" is a part of content 1
        if PURPOSE.match(head) and not pattern.search(head):
            continue
        if APART.match(head):
            # "Hình thức, nội dung" may still hold a heading for the contents
            yield from _content_sections(child, pattern)
            continue
        told = [below for below in child.children if _TELLING.match(_head(below))]
        if _ONLY_CONTENTS.match(head) and len(told) == 1 < len(child.children):
            yield told[0]  # "II. NỘI DUNG": "1. Công tác tuyên truyền", "2. Tổ chức Ngày hội"
            continue
        deeper = list(_content_sections(child, pattern))
        deeper = [
            found for found in deeper if len(_head(found).split()) <= 14 and (found.children or found.plain)
        ]  # "1. Chủ đề, thông điệp năm 2026." is a content, not a heading
        if deeper:
            yield from deeper
        elif (pattern.search(head) and len(head.split()) <= 22 and not BROADCAST.match(head)) or _announces(
            child, head
        ):
            yield child


_ONLY_CONTENTS = re.compile(r"(?:các )?nội dung(?: hoạt động| thực hiện| triển khai)?$", re.IGNORECASE)
_TELLING = re.compile(
    r"(?:về |hoạt động |công tác )*(?:thông tin\s*,\s*)?(?:tuyên truyền|truyền thông)(?:\s*,\s*(?:phổ biến|vận động|giáo dục))*$",
    re.IGNORECASE,
)


def _announces(node: Node, head: str) -> bool:
    """ "1. Tập trung tuyên truyền các nội dung sau:" with its contents below."""
    if node.children and any(
        line.text.rstrip().endswith(":")
        and "nội dung" in line.text.lower()
        and (_ORDERED.search(line.text) or ON_AIR.search(line.text))
        for line in node.plain
    ):
        return True  # "1. Trung tâm …", then "Xây dựng tin, bài … với các nội dung sau:" and bullets
    return bool(
        node.children
        and "nội dung" in node.text.lower()
        and (
            (_LEAD_IN.search(node.text.strip()) and BROADCAST.match(head))
            or (node.text.strip().endswith(":") and _ORDERED.search(node.text))
        )
    ) or bool(node.children and _TO_BE_TOLD.search(node.text.strip()) and ON_AIR.search(node.text))


def _announced_at_root(root: Node) -> list[Node]:
    """What follows "… phát trên hệ thống truyền thanh các nội dung sau:" in a letter without headings."""
    for index, entry in enumerate(root.order):
        if not isinstance(entry, Line):
            continue
        text = entry.text.strip()
        if not (
            text.endswith(":")
            and "nội dung" in text.lower()
            and (_SUBJECT_ON.search(text) or ON_AIR.search(text))
        ):
            continue
        found: list[Node] = []
        for after in root.order[index + 1 :]:
            if isinstance(after, Line) or after.label is None or APART.match(_head(after)):
                break
            if found and found[0].label and after.label.style != found[0].label.style:
                break
            found.append(after)
        if len(found) > 1 and not any(marker(node.text) for node in found):
            return found
    return []


def _has_marker(node: Node) -> bool:
    """Whether units or a period are named right under `node`."""
    return any(marker(entry.text) for entry in node.order) or any(inline_units(node.text, 0))


def _all_told(nodes: list[Node]) -> bool:
    return (
        len(nodes) >= 2
        and all(len(node.text.split()) >= 6 for node in nodes)
        and sum(bool(BROADCAST.match(node.text)) for node in nodes) > 0.6 * len(nodes)
    )


class _Reader:
    def __init__(self, root: Node, heading: Heading) -> None:
        self.root = root
        self.heading = heading
        self.issued_on: date | None = heading.issued_on
        self.year = heading.year
        self.general_period = self._general_period()

    def section(self, section: Node) -> list[Item]:
        """One item for each labelled content of `section`."""
        nodes = self._contents_below(section)
        shared = self._markers(
            [child for child in section.children if marker(child.text)] + list(section.plain)
        )
        if len(nodes) > 1 and not any(_has_marker(node) for node in nodes[:-1]):
            last = [entry for entry in nodes[-1].plain if marker(entry.text)]
            if last and nodes[-1].order[-len(last) :] == last:
                shared = self._markers(
                    [*last]
                )  # without a label, after the last content: it closes all of them
        name = section.text.strip(" .:;")
        if not shared[0] and len(name.split()) <= 14 and is_unit(name):
            shared = split_units(name, section.text_start), shared[1], shared[2]
        if nodes:
            return [self.item(node, shared) for node in nodes]
        paragraphs = [line for line in section.plain if not marker(line.text)]
        if not paragraphs and not _body_of_heading(section):
            return []
        return [self.item(section, shared)]

    def _contents_below(self, section: Node) -> list[Node]:
        children = [
            child for child in section.children
            if not marker(child.text) and not (APART.match(_head(child)) and len(_head(child).split()) <= 12 and not BROADCAST.match(_head(child)))
        ]  # fmt: skip
        labelled = [
            child
            for child in children
            if not child.is_bullet and child.label and child.label.style not in ("(1)", "(a)")
        ]
        if labelled:
            found: list[Node] = []
            wide = any(
                sum(bool(below.label and below.label.style.startswith("1.1")) for below in child.children) > 1
                for child in labelled
            )
            for child in labelled:
                deeper = [
                    below for below in child.children
                    if below.label and below.label.style.startswith("1.1") and not marker(below.text)
                ]  # fmt: skip
                own = [below for below in child.children if not below.is_bullet and not marker(below.text)]
                if own and not _has_marker(child) and sum(map(_has_marker, own)) > 0.6 * len(own):
                    found += own  # the units and periods stand one level deeper
                elif child.label and child.label.style == "I" and _all_told(own) and not child.plain:
                    found += own  # "B. NHIỆM VỤ", "I. Tuyên truyền về …", "1. Tuyên truyền …"
                elif (
                    len(deeper) >= (1 if wide else 2)
                    and not any(marker(entry.text) for entry in child.order)
                    and len(child.text.split()) <= 30
                    and not child.plain
                ):
                    found += [below for below in deeper if not APART.match(_head(below))]
                else:
                    found.append(child)
            return found
        if not children:
            return []
        style = children[0].label.style if children[0].label else ""
        stars = [child for child in children if child.label and child.label.style == style]
        if style == "*" and all(child.children for child in stars):
            return [below for star in stars for below in star.children if not marker(below.text)]
        return [child for child in stars if child.text.strip()]

    def spoken_nodes(self) -> list[Item]:
        """Labelled paragraphs of a letter without headings that begin with a verb of telling."""
        shared = self._markers([])
        found: list[Node] = []
        for node in self.root.children:
            head = _head(node)
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
        """ "1. Đài Truyền thanh xã: Xây dựng tin, bài tuyên truyền về …": a task that is a content at once."""
        match = _UNIT_TASK.match(node.text)
        if match is None or node.is_bullet or node.children:
            return None
        task = match["task"]
        on_air = (
            ON_AIR.search(match["unit"]) or ON_AIR.search(task) or re.search(r"phát sóng|chuyên mục", task)
        )
        return node if on_air and _SUBJECT_ON.search(match["task"]) else None

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
        title = self.heading.subject or _short(lines[0].text)
        text = "\n".join(line.text for line in lines)
        period = self.notice_period()
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

    def notice_period(self) -> Period | None:
        """When a notice is worth hearing: from its date until what it announces is over."""
        found = self.general_period
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
        task = _UNIT_TASK.match(own_text)
        if task and not lead and is_unit(task["unit"]):
            name = re.sub(r"^Giao\s+", "", task["unit"])
            lead = split_units(name, node.text_start + own_text.index(name))
        is_heading = len(own_text.split()) <= 80 and not compiled(r"[.!?;]\s+[{UPPER}]").search(own_text)
        if not lead and not partner:
            lead, partner = inline_units(node.text, node.text_start)
        for line in body if not lead and not partner else ():
            lead, partner = inline_units(line.text, line.start)
            if lead:
                break
        period = period or self._own_dates(own_text, node.text_start) or self._dates_in_bracket(node)
        if body and is_heading:
            title = own_text.rstrip(" :;.,")
            text = "\n".join(line.text for line in body)
        else:
            title = _short(task["task"] if task and is_unit(task["unit"]) else own_text)
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

    def _dates_in_bracket(self, node: Node) -> Period | None:
        """The period after the unit: "(Phòng Tư pháp chủ trì; thực hiện trong quý I/2024)"."""
        found = inline_dates(node.text)
        if found is None:
            return None
        period = period_of(found[0], node.text_start + found[1], self.issued_on, self.year)
        return period if period.from_on or period.until_on else None

    def _own_dates(self, text: str, start: int) -> Period | None:
        """The period of a content that is named by it: "Tháng 02/2024", "Đợt 1: Từ ngày 01/02 đến ngày 15/3"."""
        match = _NAMED_BY_DATES.match(text)
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
            if len(_head(node).split()) > 8:
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
                text = line.text.lstrip("-+* ")
                return period_of(text.rstrip(" ."), line.end - len(text), self.issued_on, self.year)
        return self._month_of_subject()

    def _month_of_subject(self) -> Period | None:
        """The month that a subject names: "Nội dung tuyên truyền … tháng 12/2024"."""
        subject, span = self.heading.subject, self.heading.spans.get("subject")
        match = _SUBJECT_MONTH.search(subject or "")
        if match is None or span is None or not _SUBJECT_ON.search(subject or ""):
            return None
        return period_of(match.group(), span[0] + match.start(), self.issued_on, self.year)


def _body_of_heading(section: Node) -> str:
    match = re.search(r"[:.]\s+(\S.+)$", section.text.strip())
    return match[1] if match and len(match[1].split()) > 4 else ""


def _short(text: str, limit: int = 120) -> str:
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
