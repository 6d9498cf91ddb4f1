"""The automatic numbers of a Word file, written out as its reader sees them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_ROMAN = ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))


@dataclass(slots=True)
class _Level:
    number_format: str = "decimal"
    text: str = "%1."
    start: int = 1


@dataclass(slots=True)
class _Abstract:
    levels: dict[int, _Level] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)


class Numbering:
    """Counts the numbered paragraphs of one file, in order."""

    def __init__(self, numbering: etree._Element | None, styles: etree._Element | None) -> None:
        self._numbers: dict[str, _Abstract] = {}
        self._styles: dict[str, tuple[str, int]] = {}
        if numbering is not None:
            self._read_numbering(numbering)
        if styles is not None:
            self._read_styles(styles)

    def label(self, paragraph: etree._Element) -> str:
        """The label of `paragraph` ("1.", "a)", "-"), or "" where it has none. Counts it."""
        found = self._reference(paragraph)
        if found is None:
            return ""
        number, depth = found
        abstract = self._numbers.get(number)
        if abstract is None or depth not in abstract.levels:
            return ""
        level = abstract.levels[depth]
        if level.number_format == "bullet":
            return _bullet(level.text)
        if level.number_format == "none":
            return ""
        abstract.counts[depth] = abstract.counts.get(depth, level.start - 1) + 1
        for deeper in [key for key in abstract.counts if key > depth]:
            del abstract.counts[deeper]

        def filled(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            shown = abstract.levels.get(at, level)
            return _number(abstract.counts.get(at, shown.start), shown.number_format)

        return re.sub(r"%(\d)", filled, level.text)

    def _reference(self, paragraph: etree._Element) -> tuple[str, int] | None:
        properties = paragraph.find(W + "pPr")
        if properties is None:
            return None
        style = properties.find(W + "pStyle")
        inherited = self._styles.get(style.get(W + "val") or "") if style is not None else None
        own = properties.find(W + "numPr")
        if own is None:
            return inherited
        number = own.find(W + "numId")
        depth = own.find(W + "ilvl")
        name = number.get(W + "val") if number is not None else (inherited[0] if inherited else None)
        if name is None or name == "0":
            return None
        return name, _whole(depth.get(W + "val") if depth is not None else "0")

    def _read_numbering(self, root: etree._Element) -> None:
        abstracts: dict[str, _Abstract] = {}
        for element in root.iter(W + "abstractNum"):
            abstract = _Abstract()
            for level in element.iter(W + "lvl"):
                abstract.levels[_whole(level.get(W + "ilvl"))] = _Level(
                    number_format=_value(level, "numFmt", "decimal"),
                    text=_value(level, "lvlText", "%1."),
                    start=_whole(_value(level, "start", "1")),
                )
            abstracts[element.get(W + "abstractNumId") or ""] = abstract
        for element in root.iter(W + "num"):
            base = abstracts.get(_value(element, "abstractNumId", ""))
            if base is None:
                continue
            levels = dict(base.levels)
            for override in element.iter(W + "lvlOverride"):
                depth = _whole(override.get(W + "ilvl"))
                start = override.find(W + "startOverride")
                if start is not None and depth in levels:
                    old = levels[depth]
                    levels[depth] = _Level(old.number_format, old.text, _whole(start.get(W + "val")))
            overridden = levels != base.levels
            self._numbers[element.get(W + "numId") or ""] = _Abstract(
                levels, {} if overridden else base.counts
            )

    def _read_styles(self, root: etree._Element) -> None:
        for style in root.iter(W + "style"):
            number = style.find(f"{W}pPr/{W}numPr/{W}numId")
            depth = style.find(f"{W}pPr/{W}numPr/{W}ilvl")
            if number is not None and number.get(W + "val") not in (None, "0"):
                self._styles[style.get(W + "styleId") or ""] = (
                    str(number.get(W + "val")),
                    _whole(depth.get(W + "val") if depth is not None else "0"),
                )


def _value(element: etree._Element, tag: str, default: str) -> str:
    child = element.find(W + tag)
    found = child.get(W + "val") if child is not None else None
    return default if found is None else str(found)


def _whole(value: str | None) -> int:
    try:
        return max(0, min(int(value or 0), 10_000))
    except ValueError:
        return 0


def _bullet(text: str) -> str:
    return text if text in ("-", "+", "*") else "+" if text in ("o", "\uff0b") else "-"


def _number(count: int, number_format: str) -> str:
    if number_format in ("lowerLetter", "upperLetter"):
        letter = "abcdefghijklmnopqrstuvwxyz"[(count - 1) % 26]
        return letter if number_format == "lowerLetter" else letter.upper()
    if number_format in ("lowerRoman", "upperRoman"):
        roman, left = "", min(count, 60)
        for value, sign in _ROMAN:
            while left >= value:
                roman, left = roman + sign, left - value
        return roman if number_format == "upperRoman" else roman.lower()
    if number_format == "decimalZero":
        return f"{count:02d}"
    return str(count)
