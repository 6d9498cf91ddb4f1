"""The ways of telling people that a document names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from content.intake.facts import Channel
from content.intake.outline import Line, Node
from content.intake.sections import PURPOSE
from content.intake.units import marker

_PATTERNS: dict[str, re.Pattern[str]] = {
    "relay": re.compile(
        r"tiếp sóng|tiếp âm|tiếp phát|thu phát lại chương trình|phát lại (?:các )?chương trình (?:của )?(?:đài|phát thanh (?:tỉnh|thành phố))",
        re.IGNORECASE,
    ),
    "loudspeaker": re.compile(
        r"(?:hệ thống|đài|trạm|mạng lưới|cụm loa|bản tin|sóng|chương trình|chuyên mục|trên)\s+(?:\w+\s+){0,2}?(?:truyền thanh|phát thanh)|truyền thanh (?:cơ sở|phường|xã|thông minh|không dây|cấp|thị trấn|của|thôn)|"
        r"bài phát thanh|loa (?:truyền thanh|phát thanh|khu dân cư|phường|xã|công cộng|thôn|cố định|của|ở|tại|tổ)|hệ thống loa|cụm loa|trên loa|(?:hệ thống|mạng lưới) thông tin cơ sở|(?:truyền|phát) thanh(?!\s*(?:và|,|-|–)?\s*truyền hình| viên)",
        re.IGNORECASE,
    ),
    "mobile": re.compile(
        r"lưu động|loa (?:kéo|cầm tay|di động|tay)|xe (?:loa|tuyên truyền|cổ động|thông tin)", re.IGNORECASE
    ),
    "portal": re.compile(
        r"(?:cổng|trang)\s+(?:thông tin\s*(?:điện tử|thành phần)|TTĐT|TTĐ)|website|web(?:site)? (?:của )?(?:phường|xã)|trang tin điện tử|cổng (?:TTĐT|điện tử)|cổng thông tin",
        re.IGNORECASE,
    ),
    "social": re.compile(r"mạng xã hội|zalo|facebook|fanpage|tik\s?tok|youtube|\bMXH\b", re.IGNORECASE),
    "visual": re.compile(
        r"trực quan|pa[ -]?nô|áp phích|băng[ -](?:rôn|rol|zôn|zon|ron)|khẩu hiệu|tờ (?:rơi|gấp|bướm)|bảng tin|bảng (?:điện tử|led|chữ)|màn hình (?:led|điện tử)|poster|standee|backdrop|phướn|bandroll|"
        r"infographic|bảng thông báo|niêm yết|treo cờ",
        re.IGNORECASE,
    ),
    "meeting": re.compile(
        r"hội nghị(?!\s+(?:tập huấn|bồi dưỡng|lần thứ|trung ương|TW|BCH|ban chấp hành))|cuộc họp|buổi họp|họp (?:tổ|khu|khối|thôn|dân|chi bộ|xóm|ấp|bản|buôn|làng)|sinh hoạt (?:cộng đồng|chi bộ|chi hội|chi đoàn|câu lạc bộ|đoàn|hội|thường kỳ|định kỳ|tổ|khu|thôn|bản|ấp|xóm|buôn|làng|hè|dưới cờ)|các buổi sinh hoạt|tọa đàm|toạ đàm|diễn đàn|hội thảo|nói chuyện chuyên đề|tuyên truyền miệng|đối thoại|mít tinh",
        re.IGNORECASE,
    ),
    "training": re.compile(
        r"tập huấn|bồi dưỡng|(?:mở|tổ chức|các|\d)\s+lớp học|lớp phổ biến|chương trình đào tạo", re.IGNORECASE
    ),
    "export": re.compile(
        r"(?:gửi|cung cấp|chuyển|phát hành|sao|chép|in sao)\s+(?:\w+\s+){0,4}?(?:file|tệp|tập tin|đĩa|bản ghi|usb|băng)\s*(?:\w+\s+){0,2}?(?:âm thanh|phát thanh|mp3|ghi âm|tuyên truyền|cd)?|file âm thanh|tệp âm thanh",
        re.IGNORECASE,
    ),
    "report": re.compile(
        r"(?:đưa|lồng ghép|bổ sung|cập nhật)\s[^.;]{0,160}?(?:vào|trong)\s+(?:các\s+|nội dung\s+)?(?:báo cáo|bản tin nội bộ)",
        re.IGNORECASE,
    ),
}
_FORMS = re.compile(
    r"hình thức|phương thức|kênh|phương tiện|biện pháp|giải pháp|cách thức|phương pháp", re.IGNORECASE
)
_ONLY_IN_FORMS = frozenset(("meeting", "training", "report"))
_UNIT_NAME = re.compile(r"(?:Đài|Trạm)\s+(?:truyền thanh|phát thanh)[^.;:,]{0,40}", re.IGNORECASE)


def channels_of(root: Node, kind: str, contents_start: int) -> list[Channel]:
    """Each channel once, at the first place of each reference that names it, in order."""
    if kind == "Giấy mời":
        return []  # the meeting of an invitation is no way of telling people
    has_forms = any(_is_form(node) for node in root.below())
    found: list[Channel] = []
    seen: set[str] = set()
    skipped = contents_start if kind != "Báo cáo" else 0  # what a report tells of is its results
    for node, line, start, in_forms in _entries(root, skipped):
        text = line.text[start:]
        if marker(text):
            continue
        for channel, match in _in_line(text):
            if channel in _ONLY_IN_FORMS and has_forms and not in_forms:
                continue
            if channel in seen:
                continue
            seen.add(channel)
            at = line.start + start + match.start()
            found.append(
                Channel(
                    ref=node.ref,
                    text=match.group().strip(),
                    channel=channel,
                    span=(at, at + len(match.group())),
                )
            )
    return found


def channels_named(lines: Sequence[Line]) -> list[Channel]:
    """Each channel that one of the lines names, once."""
    found: dict[str, Channel] = {}
    for line in lines:
        for channel, match in _in_line(line.text):
            span = (line.start + match.start(), line.start + match.end())
            found.setdefault(
                channel, Channel(ref="0", text=match.group().strip(), channel=channel, span=span)
            )
    return list(found.values())


def _in_line(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    """The channels of one entry; of meetings and training only the one that comes first: the other is an aside."""
    matches = [(channel, match) for channel, pattern in _PATTERNS.items() if (match := pattern.search(text))]
    spoken = [pair for pair in matches if pair[0] in ("meeting", "training")]
    aside = max(spoken, key=lambda pair: pair[1].start())[0] if len(spoken) == 2 else None
    if aside and re.search(
        r"\d+\s+(?:lớp|hội nghị|buổi|cuộc)[^.;]*,\s*\d+\s+(?:lớp|hội nghị|buổi|cuộc)", text
    ):
        aside = None  # each counted on its own: "12 hội nghị, 05 lớp tập huấn"
    for channel, match in sorted(matches, key=lambda pair: pair[1].start()):
        if channel == aside:
            continue
        if channel == "loudspeaker" and _UNIT_NAME.fullmatch(text.strip(" .:")):
            continue
        yield channel, match


def _is_form(node: Node) -> bool:
    return (
        node.label is not None
        and not node.is_bullet
        and len(node.text.split()) <= 20
        and bool(_FORMS.search(node.text))
    )


def _entries(root: Node, contents_start: int) -> Iterator[tuple[Node, Line, int, bool]]:
    def walk(node: Node, in_forms: bool) -> Iterator[tuple[Node, Line, int, bool]]:
        for entry in node.order:
            if isinstance(entry, Line):
                yield node, entry, 0, in_forms
                continue
            heading = not entry.is_bullet and len(entry.text.split()) <= 12
            # after the contents, "Yêu cầu" is what the stations are to do
            if heading and entry.line.start < contents_start and PURPOSE.match(entry.text.strip()):
                continue
            inside = in_forms or _is_form(entry)
            yield entry, entry.line, entry.label.width if entry.label else 0, inside
            yield from walk(entry, inside)

    yield from walk(root, False)
