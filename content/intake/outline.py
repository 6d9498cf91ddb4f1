"""The tree of headings and labels of a document, each node with its reference and its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from content.intake.labels import Label, label_of
from content.intake.source import Span
from content.intake.unwrap import is_upper

_CLOSING = re.compile(
    r"^(?:Trên đây là|Đề nghị|Yêu cầu|Căn cứ nội dung|Nhận được|Trong quá trình|UBND|Ủy ban nhân dân|Uỷ ban nhân dân|"
    r"Chủ tịch|Giao\b|Rất mong|Vậy|Kế hoạch này|Thông báo này|Quyết định này|Mọi (?:chi tiết|thông tin)|Để |Đề )"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph of the clean text."""

    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def span(self) -> Span:
        return self.start, self.end


@dataclass(slots=True, eq=False)
class Node:
    """One labelled paragraph, the plain paragraphs under it, and its labelled children."""

    label: Label | None
    line: Line
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)
    plain: list[Line] = field(default_factory=list)
    order: list[Node | Line] = field(default_factory=list)
    bullet_number: int = 0
    bullets: dict[str, int] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The words after the label."""
        return self.line.text[self.label.width :] if self.label else self.line.text

    @property
    def text_start(self) -> int:
        return self.line.start + (self.label.width if self.label else 0)

    @property
    def end(self) -> int:
        """Where the last line below this node ends."""
        if not self.order:
            return self.line.end
        last = self.order[-1]
        return last.end

    @property
    def is_bullet(self) -> bool:
        return self.label is not None and self.label.is_bullet

    @property
    def ref(self) -> str:
        """The path of labels: Roman, Arabic, then "-N" for the Nth bullet."""
        if self.label is None:
            return ""
        above = self.parent.ref if self.parent is not None else ""
        if self.is_bullet:
            return f"{above}-{self.bullet_number}"
        value = self.label.value
        if self.label.style == "(1)" and self.parent is not None and not self.parent.is_bullet:
            value = value.strip("()")  # "I" with (1), (2) below it: I.1, I.2
        outer = self.parent
        while outer is not None and outer.label is not None:
            composite = outer.label.style.startswith("1") and self.label.style.startswith("1.1")
            if composite and value.startswith(outer.label.value + "."):  # 1.1 under 1 says "1" itself
                above = outer.parent.ref if outer.parent is not None else ""
                break
            outer = outer.parent
        return f"{above}.{value}" if above else value

    def below(self) -> Iterator[Node]:
        """This node and all below it, in order."""
        yield self
        for child in self.children:
            yield from child.below()

    def lines_below(self) -> Iterator[Line]:
        """All lines under the label line, in order."""
        for entry in self.order:
            if isinstance(entry, Line):
                yield entry
            else:
                yield entry.line
                yield from entry.lines_below()

    def ancestors(self) -> Iterator[Node]:
        above = self.parent
        while above is not None and above.label is not None:
            yield above
            above = above.parent


def build(lines: list[Line]) -> Node:
    """The root of the tree of `lines`; plain lines before the first label belong to the root."""
    root = Node(None, Line("", lines[0].start if lines else 0))
    current = root
    labelled_left = _labelled_left(lines)
    for index, line in enumerate(lines):
        label = label_of(line.text)
        if label is not None and _is_false(label, line, current):
            label = None
        if label is None:
            holder = _holder(current, line, root, outer_follows=labelled_left[index])
            holder.plain.append(line)
            holder.order.append(line)
            current = holder if holder is not current else current
            continue
        parent = _parent_for(current, label)
        node = Node(label, line, parent)
        if label.is_bullet:
            node.bullet_number = parent.bullets[label.style] = parent.bullets.get(label.style, 0) + 1
        parent.children.append(node)
        parent.order.append(node)
        current = node
    return root


def _labelled_left(lines: list[Line]) -> list[bool]:
    """For each line: whether a heading (no bullet) still follows."""
    left = [False] * len(lines)
    seen = False
    for index in range(len(lines) - 1, -1, -1):
        left[index] = seen
        label = label_of(lines[index].text)
        seen = seen or (label is not None and not label.is_bullet)
    return left


def _parent_for(current: Node, label: Label) -> Node:
    """Where a node with `label` hangs: beside the nearest open sibling of its style, else below what is wider."""
    node: Node | None = current
    while node is not None:
        if node.label is not None and node.label.style == label.style and node.parent is not None:
            return node.parent
        node = node.parent
    rank = _rank(label)
    node = current
    while node.label is not None and node.parent is not None:
        if _rank(node.label) < rank or rank == _FREE:
            break
        node = node.parent
    return node


_FREE = 12  # bullets and bracketed numbers nest as they come
_RANKS = {
    "Phần": 0,
    "Chương": 1,
    "Mục": 2,
    "A": 3,
    "I": 4,
    "Điều": 5,
    "Khoản": 6,
    "1": 7,
    "1.1": 8,
    "1.1.1": 9,
    "a": 11,
}


def _rank(label: Label) -> int:
    if label.is_bullet or label.style in ("(1)", "(a)"):
        return _FREE
    return _RANKS.get(label.style, 10)


def _is_false(label: Label, line: Line, current: Node) -> bool:
    """A line that only looks labelled: "A. Nguyễn", a Roman out of turn, "2025. Trong" and so on."""
    if label.style == "A" and label.value != "A":
        node: Node | None = current
        while node is not None:
            if node.label is not None and node.label.style == "A":
                return False
            node = node.parent
        return True
    return not line.text[label.width :].strip() and not label.style[0].isupper()


def _holder(current: Node, line: Line, root: Node, *, outer_follows: bool) -> Node:
    """Whose plain paragraph this is."""
    if current.label is None:
        return current
    if not outer_follows and (_CLOSING.match(line.text) or line.text.rstrip().endswith("./.")):
        return root if current.is_bullet or _CLOSING.match(line.text) else current
    node = current
    while (
        node.is_bullet
        and node.parent is not None
        and node.parent.label is not None
        and not _continues(node, line)
    ):
        node = node.parent
    if node.is_bullet and not _continues(node, line):
        return root
    if is_upper(line.text) and len(line.text) > 6:
        return root
    return node


def _continues(node: Node, line: Line) -> bool:
    """A bullet that ends in a colon is followed by what it announces."""
    return node.line.text.rstrip().endswith(":") and not node.plain and line.text[:1].islower() is False
