"""Line ends: where a wrapped line goes on, and where a new paragraph or bullet begins."""

from __future__ import annotations

import re

from content.lexicon.alphabet import UPPER

_NEXT_OPENS = re.compile(
    r"[-+*•●▪◦·►✓➢❖◆■□]\s*[^\W_\d]|[-+*•●▪◦·►✓➢❖◆■□]\s|(?:\d{1,2}(?:\.\d{1,2})*[.)]|[IVX]+\.|[a-zđ]\)|\(\d{1,2}\))\s"
)
_GOES_ON = re.compile(
    r"(?:\bsố|\bngày|\btháng|\bnăm|của|và|về|tại|theo|với|cho|các|trên|từ|đến|là|,|-|/|nghị quyết|quyết định|kế hoạch)\Z"
)
_UPPER = re.compile(rf"[\"'(]*[{UPPER}]")


def breaks(text: str, start: int, end: int) -> bool:
    """Whether the white space [start, end) of the text, which holds a line end, closes a sentence."""
    if start == 0 or end >= len(text):
        return False
    before = text[max(0, start - 16) : start].lower().rstrip("* _")
    if _NEXT_OPENS.match(text, end):
        return not before.endswith((",", "/", "-", "số", "ngày", "tháng"))
    if text.count("\n", start, end) < 2 and not (text[end] == "*" and text.startswith("**", end)):
        return False
    return _UPPER.match(text, end) is not None and not _GOES_ON.search(before)
