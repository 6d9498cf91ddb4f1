"""Wrapped lines become whole paragraphs again, without gluing what belongs apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from content.intake.labels import label_of
from content.intake.letters import LOWER, compiled
from content.intake.source import Changes, RawLine
from content.intake.units import marker

#: A line that ends in one of these is never a whole paragraph.
_DANGLING = frozenset(
    [
        "của",
        "và",
        "ngày",
        "số",
        "về",
        "các",
        "những",
        "cho",
        "với",
        "tại",
        "là",
        "theo",
        "trong",
        "từ",
        "đến",
        "bằng",
        "để",
        "do",
        "bởi",
        "hoặc",
        "ở",
        "trên",
        "được",
        "thuộc",
        "giữa",
        "phải",
        "một",
        "này",
        "mọi",
        "mỗi",
        "sẽ",
        "như",
        "trước",
        "sau",
        "nhằm",
        "vào",
        "khi",
        "cùng",
        "gồm",
        "qua",
        "trên",
        "bị",
    ]
)
_STARTS_SMALL = re.compile(f'^[(“"]?[{LOWER}]')
_ENDS = re.compile(r"[.;:!?…]['\"”’)\]]*$|\./\.$")
_CLOSING = frozenset(".;:!?…'\"”’)]")
"""What `_ENDS` may end with: asked first, as most lines end with a letter."""
_CODE_HYPHEN = re.compile(r"(?:\d[\w/&]*|[/-][\w&]+)[-/]$")
_CODE_START = re.compile(r"^[A-ZĐ][\w&]*(?:[-/][A-ZĐ]|\b)")
_DASH_YEAR = re.compile(r"^[-–]\s?(?:(?:19|20)\d{2}\b|\d{1,2}/\d)")
_DASH_SMALL = re.compile(f"^[-–] [{LOWER}]")
_MASTHEAD = re.compile(
    r"^(?:CỘNG HÒA|CỘNG HOÀ|Độc lập\s*[-–]|Số\s*:|V/v|Về việc|Kính gửi|Nơi nhận|(?:[\w .'-]{2,40}, )?ngày\s+(?:\d{1,2}|…|\.+|tháng)"
    r"\s*(?:tháng)?.{0,20}năm\s+\d{4}\.?$|(?:TM|KT|TL|TUQ|T/M|K/T|T/L|Q)\s?\.\s?[A-ZĐ]|Căn cứ\b|Điều \d+\s*[.:]|"
    r"Trên đây là\b|PHỤ LỤC\b|QUYẾT ĐỊNH\s*:|Xét đề nghị\b|Theo đề nghị\b)",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"^(?:Thực hiện|Triển khai thực hiện|Tiếp tục thực hiện|Thi hành|Triển khai) (?:Kế hoạch|Công văn|Chỉ thị|Nghị quyết|Hướng dẫn|Quyết định|Thông báo|Công điện|Chương trình|Luật|Nghị định)\b"
)
"""How the body of a letter or plan begins, below a title that fills its line."""
_KIND_LINE = compiled(r"^[{UPPER}\s/-]{6,40}$")
_PAGE_NUMBER = re.compile(r"^[-–—]?\s*(?:[Tt]rang\s+)?\d{1,4}\s*(?:/\s*\d{1,4})?\s*[-–—]?$")


@dataclass(slots=True)
class Paragraph:
    """One whole paragraph and the page on which it starts."""

    text: str
    page: int


def is_upper(text: str) -> bool:
    """Whether the letters of `text` are capitals (at least three of them)."""
    if sum(map(str.islower, text[:16])) > 3:  # nearly every line ends here
        return False
    letters = [sign for sign in text[:400] if sign.isalpha()]
    return len(letters) >= 3 and sum(sign.isupper() for sign in letters) >= 0.9 * len(letters)


def wrap_width(lines: list[RawLine]) -> int | None:
    """How many characters a full line has, or None where each line already is a paragraph."""
    lengths = sorted(len(line.text.strip()) for line in lines if len(line.text.strip()) > 30)
    if len(lengths) < 6:
        return None
    full = lengths[int(len(lengths) * 0.9)]
    if full > 200:
        return None
    near = sum(full * 0.82 <= length <= full * 1.12 for length in lengths)
    return full if near >= 0.4 * len(lengths) else None


def unwrap(lines: list[RawLine], changes: Changes) -> list[Paragraph]:
    """Paragraphs out of lines; a line marked `hard` always ends one."""
    width = wrap_width(lines)
    if width is not None and lines[0].right_share is None:
        _mark_indents(lines)
    paragraphs: list[Paragraph] = []
    last: RawLine | None = None  # the line that the open paragraph ends with
    blank = False
    for line in lines:
        text = line.text.strip()
        if not text:
            blank = True
            continue
        if (
            last is not None
            and len(text) < 16
            and line.page
            and _PAGE_NUMBER.match(text)
            and _is_page_number(text, line, last)
        ):
            changes.add("page numbers dropped")
            blank = True
            continue
        if last is not None and paragraphs:
            glue = _glue(paragraphs[-1].text, last, line, text, width, blank=blank)
            if glue is not None:
                paragraphs[-1].text += glue + text
                changes.add("wrapped lines joined")
                last, blank = line, False
                continue
        paragraphs.append(Paragraph(text, line.page))
        last, blank = line, False
    return paragraphs


def _mark_indents(lines: list[RawLine]) -> None:
    """In wrapped text whose full lines begin at the margin, a line that begins further in opens a paragraph."""
    wide = [line for line in lines if len(line.text.strip()) > 40]
    indents = sorted(len(line.text) - len(line.text.lstrip()) for line in wide)
    if not indents:
        return
    margin = indents[len(indents) // 10]
    deep = [
        line for line in lines if len(line.text) - len(line.text.lstrip()) - margin >= 3 and line.text.strip()
    ]
    if len(deep) < 0.7 * len(lines):
        for line in deep:
            line.indented = True


def _is_page_number(text: str, line: RawLine, last: RawLine) -> bool:
    return line.page != last.page and re.sub(r"\D", "", text) == str(line.page)


def _glue(
    open_text: str, last: RawLine, line: RawLine, text: str, width: int | None, *, blank: bool
) -> str | None:
    """What to put between the open paragraph and `text`: "", " ", or None where a new paragraph starts."""
    ended = last.text.strip()
    if (
        len(ended) > 45
        and text[0].islower()
        and ended[-1].islower()
        and text[1:2] not in (")", ".", "/")
        and ":" not in text
        and not text.startswith("ngày")
    ):
        return " "  # the plain case of running text, decided at once
    if ended[-1].isdecimal() and _DASH_YEAR.match(text) and not last.hard:
        return " "
    if ended.endswith(" năm") and re.match(r"^\d{4}\b", text):
        return " "
    if _is_masthead(text) or _OPENING.match(text) or (_is_masthead(ended) and _stands_alone(ended)):
        return None
    in_bracket = text[0].islower() and open_text.count("(") > open_text.count(")")
    if ":" in text and not in_bracket and marker(text):
        return None
    label = label_of(text)
    full = _full(last, ended, text, width)
    if label is not None:
        small_dash = _DASH_SMALL.match(text) and not _ends(ended) and full and not blank
        return " " if small_dash and not last.hard else None
    if (
        ended[-1] in "-/"
        and _CODE_HYPHEN.search(ended)
        and _CODE_START.match(text)
        and not (last.hard and width is None)
    ):
        return ""
    if _KIND_LINE.match(ended) and is_upper(ended) and label_of(ended) is None:
        return None
    upper, above_upper = is_upper(text), is_upper(open_text)
    a_word = (
        upper
        and len(text) < 25
        and full
        and not blank
        and last.page == line.page
        and not _is_masthead(open_text)
    )  # the end of a sentence may be "UBND TỈNH."
    if upper != above_upper and (upper or label_of(open_text) is None) and not a_word:
        return None
    if upper and above_upper:
        return " " if label_of(open_text) is not None and full else None
    if _STARTS_SMALL.match(text):
        if not _ends(ended) or ended.endswith("..."):
            return None if last.hard and is_upper(ended) else " "
        fuller = not line.indented and _full(last, ended, text, width, needed=0.78)
        return " " if fuller and not blank and not (last.hard and width is None) else None
    if _dangles(ended) and not line.indented:
        return " "
    if last.hard and width is None:
        return None
    if line.indented or not full:
        return None
    if _ends(ended):
        sentence = ended.endswith((".", "!", "?", "…", ".”", '."', ":", ";")) and not ended.endswith("./.")
        return " " if sentence and not blank else None
    return " "


@lru_cache(maxsize=8)
def _is_masthead(line: str) -> bool:
    """Asked twice of most lines: as the next one, then as the one before."""
    return _MASTHEAD.match(line) is not None


def _ends(line: str) -> bool:
    """Whether a sentence or a clause ends with the line."""
    return line[-1] in _CLOSING and _ENDS.search(line) is not None


def _stands_alone(ended: str) -> bool:
    """A masthead line that nothing continues, unlike "V/v …" or "Căn cứ …"."""
    return not re.match(
        r"^(?:V/v|Về việc|Căn cứ|Kính gửi\s*:\s*\S|Theo đề nghị|Xét đề nghị|Điều|Trên đây)",
        ended,
        re.IGNORECASE,
    )


_NUMBER_FOLLOWS = ("ít nhất", "tối thiểu", "tối đa", "không quá", "khoảng", "không dưới")


def _dangles(ended: str) -> bool:
    return (
        ended.endswith((",", "(", "“", "-", "–", *_NUMBER_FOLLOWS))
        or ended.rsplit(None, 1)[-1].casefold() in _DANGLING
    )


def _full(last: RawLine, ended: str, text: str, width: int | None, needed: float | None = None) -> bool:
    """Whether the first word of `text` would not have fitted on the line before.

    Letters differ in width, so a line that ends within a sentence needs to be less full.
    """
    if needed is None:
        needed = 0.93 if _ends(ended) else 0.82
    first = len(text.split(None, 1)[0]) + 1
    if last.right_share is not None:
        return last.right_share * (1 + first / max(len(ended), 1)) > needed
    return width is not None and len(ended) + first > needed * width
