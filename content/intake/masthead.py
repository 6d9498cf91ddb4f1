"""Lines in which two columns of a masthead or a foot were run together are taken apart again."""

from __future__ import annotations

import re

from content.intake.letters import compiled
from content.intake.source import Changes, RawLine

_REPUBLIC = re.compile(r"C[ỘỌ]NG\s+H(?:ÒA|OÀ)\s+XÃ\s+HỘI\s+CHỦ\s+NGHĨA", re.IGNORECASE)
_MOTTO = re.compile(r"[ĐÐ]ộc\s+lập\s*[-–—]\s*Tự\s+do\s*[-–—]\s*Hạnh\s+phúc", re.IGNORECASE)
_PLACE_DATE = compiled(
    r"(?<=[\s\w&])\s+(?=(?:[{UPPER}][\w.]*(?:[ -][{UPPER}0-9][\w.]*){0,4}),\s*ngày\b.{0,12}tháng.{0,12}năm)"
)
_SIGN = re.compile(
    r"\s+(?=(?:(?:TM|KT|TL|TUQ|T/M|Q)\s?\.\s?[A-ZĐ]|(?:QUYỀN |PHÓ )?(?:CHỦ TỊCH|GIÁM ĐỐC|TRƯỞNG PHÒNG|TRƯỞNG BAN|BÍ THƯ|"
    r"CHÁNH VĂN PHÒNG|TRƯỞNG TRẠM|HIỆU TRƯỞNG|TRƯỞNG ĐÀI)\b))"
)
_GAP = re.compile(r"\s{3,}|\t+")


def split_columns(lines: list[RawLine], changes: Changes) -> list[RawLine]:
    """The same lines, with the two columns of the masthead and of the foot one after the other."""
    for index, line in enumerate(lines[:15]):
        if _MOTTO.search(line.text) or _REPUBLIC.search(line.text):
            lines = _split_head(lines, index, changes)
            break
    else:
        lines = _split_head(lines, 0, changes) if lines else lines
    for index in range(len(lines) - 1, max(-1, len(lines) - 40), -1):
        if re.match(r"^\s*[*_]*N[ơo]i nh[aậ]n\s*:?", lines[index].text, re.IGNORECASE):
            return _split_foot(lines, index, changes)
    return lines


def _split_head(lines: list[RawLine], first: int, changes: Changes) -> list[RawLine]:
    """Left parts first, then right parts, from the first line to the one before the body."""
    end = first
    for index in range(first, min(len(lines), first + 12)):
        if re.match(r"^\s*(?:Kính gửi|Thực hiện|Căn cứ|I\s?[./]|1\s?[./])", lines[index].text):
            break
        end = index + 1
    left: list[RawLine] = []
    right: list[RawLine] = []
    split = False
    for line in lines[:end]:
        parts = _head_parts(line.text)
        if parts is None:
            # a line that starts far right belongs to the right column of a laid-out text
            far = split and len(line.text) - len(line.text.lstrip()) > 25
            (right if far and not _is_kind(line.text) else left).append(line)
            continue
        split = True
        left.append(_like(line, parts[0]))
        right.append(_like(line, parts[1]))
    if not split:
        return lines
    changes.add("columns taken apart")
    kind = next((index for index, line in enumerate(left) if _is_kind(line.text)), len(left))
    return left[:kind] + right + left[kind:] + lines[end:]


def _is_kind(text: str) -> bool:
    return bool(
        re.match(
            r"^\s*(?:KẾ HOẠCH|QUYẾT ĐỊNH|THÔNG BÁO|CÔNG ĐIỆN|GIẤY MỜI|CHỈ THỊ|HƯỚNG DẪN|BÁO CÁO|TỜ TRÌNH|"
            r"CHƯƠNG TRÌNH|PHƯƠNG ÁN|ĐỀ ÁN|NGHỊ QUYẾT|QUY CHẾ|THƯ|LỜI|LỊCH|CẢNH BÁO|BẢN TIN|TIN)\b",
            text,
        )
    )


def _head_parts(text: str) -> tuple[str, str] | None:
    for pattern in (_REPUBLIC, _MOTTO):
        match = pattern.search(text)
        if match and text[: match.start()].strip(" *_"):
            return text[: match.start()], text[match.start() :]
    match = _PLACE_DATE.search(text)
    if match and len(text) < 160 and re.match(r"^\s*(?:Số|V/v)", text):
        return text[: match.start()], text[match.end() :]
    gap = _GAP.search(text.strip())
    if gap and re.match(r"^Số\s*:?\s*$", text.strip()[: gap.start()]):
        gap = _GAP.search(text.strip(), gap.end())  # "Số:      /VHXH": the number is still to be written in
    if (
        gap
        and len(text.strip()) < 140
        and compiled(r"^\s*(?:[{UPPER} ,.&-]+|Số.*|V/v.*|về .*)$").match(text.strip()[: gap.start()])
    ):
        stripped = text.strip()
        return stripped[: gap.start()], stripped[gap.end() :]
    return None


def _split_foot(lines: list[RawLine], first: int, changes: Changes) -> list[RawLine]:
    left: list[RawLine] = []
    right: list[RawLine] = []
    split = False
    for line in lines[first:]:
        text = line.text.strip()
        gap = _GAP.search(text)
        sign = _SIGN.search(text)
        if sign and not text.startswith(("-", "+", "N", "n")):
            sign = None  # "PHÓ CHỦ TỊCH" is one title
        cut = (gap.start(), gap.end()) if gap else (sign.start(), sign.end()) if sign else None
        if cut is not None and text[: cut[0]].strip():
            split = True
            left.append(_like(line, text[: cut[0]]))
            right.append(_like(line, text[cut[1] :]))
        elif (split and len(line.text) - len(line.text.lstrip()) > 25) or (
            split and text and not text.startswith(("-", "+")) and not re.match(r"^N[ơo]i nh[aậ]n", text)
        ):
            right.append(line)
        else:
            left.append(line)
    if not split:
        return lines
    changes.add("columns taken apart")
    return lines[:first] + left + right


def _like(line: RawLine, text: str) -> RawLine:
    return RawLine(text=text.rstrip(), hard=True, page=line.page)
