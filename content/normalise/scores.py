"""Results of games: "thắng 3-1", "(25-18, 25-20)" are two numbers, no range."""

from __future__ import annotations

import re

from content.lexicon.alphabet import UPPER
from content.normalise.figures import COUNT_RIGHT, DECIMAL_RIGHT
from content.normalise.numbers import cardinal
from content.normalise.scan import Said, Scan
from content.normalise.units import UNIT

_SCORE = re.compile(r"(\d{1,2})\s?-\s?(\d{1,2})(?!\d|\s?-)")
_WON = re.compile(
    r"(?:tỷ số|tỉ số|với kết quả|thắng|thua|(?<!điều )(?<!cộng )(?<!hài )\bhòa|kết quả)[^.;\n]{0,30}$"
)
_GAME = re.compile(
    r"\b(?:bóng chuyền|bóng đá|bóng bàn|cầu lông|kéo co|trận|hiệp|séc|set|chung kết|bán kết|vòng bảng|clb|câu lạc bộ|đội tuyển)\b"
)
_NO_SCORE = re.compile(
    r"(?:tuổi|từ|khoảng|ngày|lớp|khối|năm|tháng|cấp|quý|tuần|lượng|gần|hơn|dưới|trên|cách|sau|trước|mỗi|có|gồm|đến|số|kỳ|đợt|khóa)\s*$"
)
_OPPONENT = re.compile(rf"\s?(?:thôn|xóm|xã|phường|đội|tổ|khu|lớp|trường|bản|ấp) (?:[{UPPER}]|\d)")


def score(scan: Scan) -> Said | None:
    """Two numbers where something was won, or near the words of a game."""
    match = _SCORE.match(scan.text, scan.pos)
    if not match:
        return None
    left = scan.left(96)
    if not _WON.search(left) and (not _GAME.search(left) or _NO_SCORE.search(left)):
        return None
    end = match.end()
    right = scan.right(end)
    counted = COUNT_RIGHT.match(right) or DECIMAL_RIGHT.match(right) or UNIT.match(scan.text, end)
    if counted and not _OPPONENT.match(right):
        return None
    return Said(
        end, f"{cardinal(int(match[1]), scan.reading)} {cardinal(int(match[2]), scan.reading)}", "score"
    )
