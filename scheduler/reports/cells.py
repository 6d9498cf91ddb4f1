"""Text from outside, made harmless for spreadsheets; file names that stay in their folder."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from content.errors import LoaError
from content.language import N_

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What makes Excel, LibreOffice or an importing web sheet take a cell for a formula (OWASP, CSV injection)."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_RESERVED = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"com{n}" for n in range(1, 10)),
    *(f"lpt{n}" for n in range(1, 10)),
}
LONGEST_CELL = 32_767


class ReportNameError(LoaError):
    """A report name that is more than a name."""

    sentence = N_(
        "{name!r} is no plain file name: use letters, digits, spaces, dots and dashes only; say the folder with --out"
    )


def printable(text: object) -> str:
    """`text` without what XML cannot carry, NFC, no longer than a cell may be."""
    return _CONTROL.sub("", unicodedata.normalize("NFC", str(text)))[:LONGEST_CELL]


def csv_cell(text: object) -> str:
    """`text` such that no program takes it for a formula: an apostrophe goes before a dangerous start."""
    plain = printable(text).replace("\r\n", "\n").replace("\r", "\n")
    return f"'{plain}" if plain.lstrip(" \u00a0\u3000").startswith(_STARTS) else plain


def file_name(name: str, suffix: str) -> str:
    """`name` as a file name with `suffix` (".docx"), which stands in whatever folder it is joined to.

    Raises:
        ReportNameError: it holds a separator, a drive, a device name, a control character or nothing.
    """
    plain = unicodedata.normalize("NFC", name).strip()
    bare = plain[: -len(suffix)] if plain.lower().endswith(suffix) else plain
    wrong = (
        not bare
        or len(bare.encode("utf-8")) > 150
        or not bare.isprintable()
        or any(letter in '/\\:*?"<>|' for letter in bare)
        or bare.startswith(".")
        or bare.endswith((".", " "))
        or bare.split(".")[0].strip().lower() in _RESERVED
        or Path(bare).name != bare
    )
    if wrong:
        raise ReportNameError(name=name)
    return bare + suffix
