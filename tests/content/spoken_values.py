"""Words back to values, written apart from the code under test, to close the circle."""

from __future__ import annotations

ONES = {
    "không": 0, "một": 1, "mốt": 1, "hai": 2, "ba": 3, "bốn": 4, "tư": 4, "năm": 5, "lăm": 5, "sáu": 6, "bảy": 7, "tám": 8, "chín": 9,
}  # fmt: skip
SCALES = {"nghìn": 1000, "ngàn": 1000, "triệu": 10**6}


def number_of(words: str) -> int:
    """The value of a spoken cardinal."""
    tokens = words.split()
    if tokens and tokens[0] == "âm":
        return -number_of(" ".join(tokens[1:]))
    if "tỷ" in tokens or "tỉ" in tokens:
        at = max(index for index, token in enumerate(tokens) if token in {"tỷ", "tỉ"})
        rest = tokens[at + 1 :]
        return number_of(" ".join(tokens[:at])) * 10**9 + (number_of(" ".join(rest)) if rest else 0)
    total, group = 0, []
    for token in tokens:
        if token in SCALES:
            total += _group(group) * SCALES[token]
            group = []
        else:
            group.append(token)
    return total + _group(group)


def _group(tokens: list[str]) -> int:
    value = 0
    if "trăm" in tokens:
        at = tokens.index("trăm")
        value += ONES[tokens[at - 1]] * 100
        tokens = tokens[at + 1 :]
    if tokens and tokens[0] in {"linh", "lẻ"}:
        assert len(tokens) == 2
        return value + ONES[tokens[1]]
    if "mươi" in tokens:
        at = tokens.index("mươi")
        value += ONES[tokens[at - 1]] * 10
        tokens = tokens[at + 1 :]
    elif tokens and tokens[0] == "mười":
        value += 10
        tokens = tokens[1:]
    assert len(tokens) <= 1, tokens
    return value + (ONES[tokens[0]] if tokens else 0)


def date_of(words: str) -> tuple[int, int, int]:
    """(day, month, year) of "ngày … tháng … năm …"."""
    day, _, rest = words.removeprefix("ngày ").partition(" tháng ")
    tokens = rest.split()
    at = max(index for index, token in enumerate(tokens) if token == "năm" and index <= 2 and index > 0)
    month = " ".join(tokens[:at])
    return number_of(day.removeprefix("mùng ")), number_of(month), number_of(" ".join(tokens[at + 1 :]))


def time_of(words: str) -> tuple[int, int]:
    """(hour, minute) of "… giờ … phút"."""
    hour, _, rest = words.partition(" giờ")
    return number_of(hour), number_of(rest.removesuffix(" phút")) if rest.strip() else 0
