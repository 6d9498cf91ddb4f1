"""Where the contents to be broadcast stand: the headings that announce them and the labels that hold them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from content.intake.outline import Line, Node
from content.intake.units import inline_units, marker

STRONG = re.compile(
    r"nội dung\s*(?:,\s*(?:nhiệm vụ|hình thức|thời gian)\s*)*(?:tuyên truyền|thông tin|phát thanh|truyền thông|phổ biến|phát sóng|vận động|thông báo|truyền thanh)|"
    r"(?:tuyên truyền|thông tin|truyền thông|phổ biến|phát thanh)[^.;]{0,40}nội dung|"
    r"nội dung\s*(?:,|và|chủ yếu|trọng tâm|chính|cơ bản|cụ thể|thực hiện|cần|công việc|tập trung)|^(?:các |một số |về )?nội dung\s*[:.]?$|"
    r"trọng tâm\s+(?:tuyên truyền|truyền thông|thông tin)|thông điệp|chủ đề\s+(?:tuyên truyền|truyền thông)|các nội dung|"
    r"khẩu hiệu tuyên truyền",
    re.IGNORECASE,
)
TASKS = re.compile(
    r"^(?:các |một số |về )?(?:nội dung\s*,\s*)?(?:nhiệm vụ|công tác|hoạt động|nội dung (?:phối hợp|hoạt động)|nhiệm vụ\s*(?:,|và)\s*giải pháp)(?:\s+(?:trọng tâm|cụ thể|chủ yếu|trọng điểm|chung|và giải pháp|tuyên truyền))*",
    re.IGNORECASE,
)
APART = re.compile(
    r"^(?:về |các |một số )?(?:hình thức|phương thức(?!\s*,?\s*(?:thủ đoạn|hoạt động))|phương pháp|kênh|phương tiện|kinh phí|nguồn kinh phí|dự toán|tổ chức thực hiện|tổ chức triển khai|triển khai thực hiện|phân công|"
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
SUBJECT_ON = re.compile(r"tuyên truyền|truyền thông|phát thanh|truyền thanh|thông tin", re.IGNORECASE)
_ORDERED = re.compile(
    r"(?:tuyên truyền|phát thanh|truyền thanh|thông tin)[^.;]{0,60}nội dung[^.;]{0,30}:$", re.IGNORECASE
)
_TO_BE_TOLD = re.compile(
    r"(?:tuyên truyền|phát thanh|thông tin|phổ biến|truyền thông)(?: về)?\s*:$", re.IGNORECASE
)
_LEAD_IN = re.compile(r"(?:sau(?: đây)?|cụ thể|dưới đây|gồm)\s*:$", re.IGNORECASE)
_TOLD_BELOW = re.compile(
    r"(?:tuyên truyền|phát thanh|thông báo|phổ biến|truyền thông|cảnh báo|khuyến cáo)\b[^.;]{0,160}(?:sau(?: đây)?|dưới đây|gồm)\s*:$",
    re.IGNORECASE,
)
_ONLY_CONTENTS = re.compile(r"(?:các )?nội dung(?: hoạt động| thực hiện| triển khai)?$", re.IGNORECASE)
_TELLING = re.compile(
    r"(?:về |hoạt động |công tác )*(?:thông tin\s*,\s*)?(?:tuyên truyền|truyền thông)(?:\s*,\s*(?:phổ biến|vận động|giáo dục))*$",
    re.IGNORECASE,
)


def head_of(node: Node) -> str:
    """The words of a heading, as far as they are one."""
    return re.split(r"[:.;](?:\s|$)", node.text.strip(), maxsplit=1)[0][:220].strip()


def content_sections(node: Node, pattern: re.Pattern[str]) -> Iterator[Node]:
    """The deepest headings that announce contents."""
    for child in node.children:
        if child.is_bullet or child.label is None:
            continue
        head = head_of(child)
        if _ONLY_CONTENTS.match(head) and any(marker(entry.text) for entry in node.order):
            continue  # "1.1. Nội dung: …" beside "1.2. Đơn vị thực hiện: …" is a part of content 1
        if PURPOSE.match(head) and not pattern.search(head):
            continue
        if APART.match(head):
            # "Hình thức, nội dung" may still hold a heading for the contents
            yield from content_sections(child, pattern)
            continue
        told = [below for below in child.children if _TELLING.match(head_of(below))]
        if _ONLY_CONTENTS.match(head) and len(told) == 1 < len(child.children):
            yield told[0]  # "II. NỘI DUNG": "1. Công tác tuyên truyền", "2. Tổ chức Ngày hội"
            continue
        deeper = list(content_sections(child, pattern))
        deeper = [
            found for found in deeper if len(head_of(found).split()) <= 14 and (found.children or found.plain)
        ]  # "1. Chủ đề, thông điệp năm 2026." is a content, not a heading
        if deeper:
            yield from deeper
        elif (pattern.search(head) and len(head.split()) <= 22 and not BROADCAST.match(head)) or _announces(
            child, head
        ):
            yield child


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


def announced_at_root(root: Node) -> list[Node]:
    """What follows "… phát trên hệ thống truyền thanh các nội dung sau:" in a letter without headings."""
    for index, entry in enumerate(root.order):
        if not isinstance(entry, Line):
            continue
        text = entry.text.strip()
        if not (
            text.endswith(":")
            and (
                ("nội dung" in text.lower() and (SUBJECT_ON.search(text) or ON_AIR.search(text)))
                or (ON_AIR.search(text) and _TOLD_BELOW.search(text))
            )
        ):
            continue
        found: list[Node] = []
        for after in root.order[index + 1 :]:
            if isinstance(after, Line) or after.label is None or _is_apart(after):
                break
            if found and found[0].label and after.label.style != found[0].label.style:
                break
            found.append(after)
        if len(found) > 1 and not any(marker(node.text) for node in found):
            return found
    return []


def _is_apart(node: Node) -> bool:
    """Whether a short heading, and no whole content, speaks of forms, time or money."""
    head = head_of(node)
    return bool(APART.match(head)) and len(head.split()) <= 12 and not BROADCAST.match(head)


def contents_below(section: Node) -> list[Node]:
    children = [
        child for child in section.children
        if not marker(child.text) and not _is_apart(child)
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
            if own and not has_marker(child) and sum(map(has_marker, own)) > 0.6 * len(own):
                found += own  # the units and periods stand one level deeper
            elif child.label and child.label.style == "I" and _all_told(own) and not child.plain:
                found += own  # "B. NHIỆM VỤ", "I. Tuyên truyền về …", "1. Tuyên truyền …"
            elif (
                len(deeper) >= (1 if wide else 2)
                and not any(marker(entry.text) for entry in child.order)
                and len(child.text.split()) <= 30
                and not child.plain
            ):
                found += [below for below in deeper if not APART.match(head_of(below))]
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


def has_marker(node: Node) -> bool:
    """Whether units or a period are named right under `node`."""
    return any(marker(entry.text) for entry in node.order) or any(inline_units(node.text, 0))


def _all_told(nodes: list[Node]) -> bool:
    return (
        len(nodes) >= 2
        and all(len(node.text.split()) >= 6 for node in nodes)
        and sum(bool(BROADCAST.match(node.text)) for node in nodes) > 0.6 * len(nodes)
    )
