"""Numbers as Vietnamese words: cardinals, digits, decimals, ordinals, Roman numerals."""

from __future__ import annotations

import re
from functools import lru_cache

from content.normalise.reading import DEFAULT_READING, Reading

DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_ROMAN = re.compile(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})\Z")
_ROMAN_VALUE = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_BILLION = 10**9


def _under_thousand(number: int, reading: Reading, *, padded: bool) -> list[str]:
    """The words of 0 < number < 1000; `padded` says the empty hundred too ("không trăm linh năm")."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    words: list[str] = []
    if hundreds or padded:
        words += [DIGITS[hundreds], "trăm"]
    if not rest:
        return words
    if not tens:
        if words:
            words.append(reading.odd)
        words.append(DIGITS[ones])
    elif tens == 1:
        words.append("mười")
        if ones:
            words.append("lăm" if ones == 5 else DIGITS[ones])
    else:
        words += [DIGITS[tens], "mươi"]
        if ones:
            words.append({1: "mốt", 4: reading.four, 5: "lăm"}.get(ones, DIGITS[ones]))
    return words


def _words(number: int, reading: Reading, *, padded: bool) -> list[str]:
    if number >= _BILLION:
        high, low = divmod(number, _BILLION)
        words = [*_words(high, reading, padded=padded), reading.billion]
        return words + _words(low, reading, padded=True) if low else words
    words = []
    for scale, name in ((1_000_000, "triệu"), (1000, reading.thousand), (1, "")):
        group, number = divmod(number, scale)
        if group:
            words += _under_thousand(group, reading, padded=padded or bool(words))
            if name:
                words.append(name)
    return words


@lru_cache(maxsize=4096)
def cardinal(number: int, reading: Reading = DEFAULT_READING) -> str:
    """The cardinal of any whole number: 1205 → "một nghìn hai trăm linh năm", −3 → "âm ba"."""
    if number < 0:
        return "âm " + cardinal(-number, reading)
    if number == 0:
        return DIGITS[0]
    return " ".join(_words(number, reading, padded=False))


def digits(text: str) -> str:
    """Every digit by its name, everything else skipped: "0203.385" → "không hai không ba ba tám năm"."""
    return " ".join(DIGITS[int(sign)] for sign in text if sign in "0123456789")


def named(text: str, reading: Reading = DEFAULT_READING) -> str:
    """A number that is a name keeps its leading zeros: "06" → "không sáu", "57" → "năm mươi bảy"."""
    bare = text.lstrip("0")
    if len(bare) > 12:
        return digits(text)
    zeros = ["không"] * (len(text) - len(bare))
    return " ".join([*zeros, cardinal(int(bare), reading)] if bare else zeros)


def ordinal(number: int, reading: Reading = DEFAULT_READING) -> str:
    """The word after "thứ": 1 → "nhất", 4 → "tư", else the cardinal."""
    return {1: "nhất", 4: "tư"}.get(number) or cardinal(number, reading)


def decimal(text: str, reading: Reading = DEFAULT_READING) -> str:
    """A number in Vietnamese writing, thousands by "." or spaces, decimals by ",": "1.234,05".

    A single "." before one, two or more than three digits is taken as a decimal point, as people
    who type on English keyboards mean it; two or more commas before groups of three are thousands.
    """
    text = text.replace(" ", "")
    if re.fullmatch(r"\d{1,3}(?:,\d{3}){2,}(?:\.\d+)?", text):
        text = text.replace(",", "").replace(".", ",")
    elif re.fullmatch(r"\d+\.(?:\d{1,2}|\d{4,})", text) or re.fullmatch(r"0\.\d+", text):
        text = text.replace(".", ",")
    whole, _, part = text.replace(".", "").partition(",")
    spoken = digits(whole) if len(whole) > 24 else cardinal(int(whole or "0"), reading)
    return f"{spoken} phẩy {digits(part)}" if part else spoken


def roman(text: str) -> int | None:
    """The value of a well-formed Roman numeral of either case from 1 to 3999, else None."""
    upper = text.upper()
    if not upper or not _ROMAN.match(upper):
        return None
    total = 0
    for sign, following in zip(upper, [*upper[1:], "I"], strict=True):
        value = _ROMAN_VALUE[sign]
        total += -value if value < _ROMAN_VALUE[following] else value
    return total
