"""How a station wants figures and abbreviations read: the regional and house choices."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from content.errors import LoaError
from content.language import N_

_CHOICES: dict[str, tuple[str, ...]] = {
    "thousand": ("nghìn", "ngàn"),
    "odd": ("linh", "lẻ"),
    "four": ("tư", "bốn"),
    "billion": ("tỷ", "tỉ"),
    "day_prefix": ("mùng", "mồng", ""),
    "party_committee": ("tỉnh ủy", "thành ủy"),
    "code_style": ("full", "short"),
    "foreign": ("keep", "respell"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The choices of a station; the defaults are the northern broadcast style.

    `thousand` and `odd` are the words for 1,000 and for the gap in 105; `four` is the word for the
    final 4 in 24; `day_prefix` stands before the days 1 to 10 of a month; `party_committee` is
    what "TU" stands for here; `code_style` "short" leaves out the letters of a document's number
    where the document's kind is named before it; `foreign` "respell" writes known foreign words in
    Vietnamese syllables for voices that cannot read them.
    """

    thousand: str = "nghìn"
    odd: str = "linh"
    four: str = "tư"
    billion: str = "tỷ"
    day_prefix: str = "mùng"
    party_committee: str = "tỉnh ủy"
    code_style: str = "full"
    foreign: str = "keep"

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            value = getattr(self, name)
            if value not in choices:
                raise BadReadingError(name=name, value=value, choices=", ".join(repr(c) for c in choices))

    def but(self, **changes: Any) -> Reading:
        """The same choices with some changed. Raises BadReadingError for a word that is no choice."""
        known = {field.name for field in fields(self)}
        for name, value in changes.items():
            if name not in known:
                raise BadReadingError(name=name, value=value, choices=", ".join(sorted(known)))
        return replace(self, **changes)


class BadReadingError(LoaError):
    """A reading choice that the normaliser does not know."""

    sentence = N_("reading choice {name}: {value!r} is not possible, choose one of {choices}")


DEFAULT_READING = Reading()
