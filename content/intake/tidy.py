"""Clean characters: one spelling for every letter, no invisible signs, no marks of other programs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from content.intake.source import Changes

_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufff9-\ufffb]")
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")
_LOOKALIKE = {"\u00d0": "Đ", "\u0189": "Đ", "\u00f0": "đ", "\u0256": "đ"}
_LOOKALIKES = re.compile("[" + "".join(_LOOKALIKE) + "]")
_BOLD = re.compile(r"\*\*|__(?=\S)|(?<=\S)__")
_ITALIC = re.compile(r"(?<![\w*\\])\*(?=[^\s*])([^*\n]{1,300}?)(?<=[^\s*])\*(?![\w*])")
_MARKDOWN_HEAD = re.compile(r"^\s{0,3}#{1,6}\s+")
_DOUBLED = re.compile(r"[ \t]{2,}|\t")
_BULLET = re.compile(
    "^(\\s*)[\u2010-\u2015\u2022\u25aa\u25ab\u25cf\u25e6\u2043\u2212\u00b7\uf0b7\uf02d\uf0a7\uf0d8]\\s*(?=\\S)"
)
_PLUS_BULLET = re.compile("^(\\s*)[\uff0b\uf02b]\\s*(?=\\S)")
_TIGHT_BULLET = re.compile(r"^(\s*)([-+])(?=[^\W\d_])")
_DIRTY = re.compile(
    "[\x00-\x08\x0b\x0e-\x1f\x7f-\xa0\u00ad\u00b7\u00d0\u00f0\u0189\u0256\u0300-\u036f\u1680\u2000-\u2012\u2014\u2015\u2022\u2028-\u202f"
    "\u2043\u205f-\u2064\u2212\u25aa-\u25e6\u3000\ud800-\uf8ff\ufeff\uff0b\ufff9-\uffff*_#\t]|\\S  +\\S|^\\s*\u2013"
)


def clean_line(line: str, changes: Changes) -> str:
    """The line without what is not its text; spaces at both ends are kept for whoever joins lines."""
    if not _DIRTY.search(line) and unicodedata.is_normalized("NFC", line):
        return _tight(line)
    if "\u00ad" in line:
        changes.add("soft hyphens removed", line.count("\u00ad"))
        line = line.replace("\u00ad", "")
    composed = line if unicodedata.is_normalized("NFC", line) else unicodedata.normalize("NFC", line)
    if composed != line:
        changes.add("letters composed (NFC)")
        line = composed
    line = _counted(
        _LOOKALIKES, lambda m: _LOOKALIKE[m.group()], line, "look-alike letters replaced", changes
    )
    line = _counted(_INVISIBLE, "", line, "invisible signs removed", changes)
    line = _counted(_SPACES, " ", line, "no-break and wide spaces replaced", changes)
    line = _counted(_CONTROL, "", line, "control signs removed", changes)
    if "*" in line or "_" in line:
        line = _counted(_BOLD, "", line, "markdown marks removed", changes)
        line = _counted(_ITALIC, r"\1", line, "markdown marks removed", changes)
    if "#" in line:
        line = _counted(_MARKDOWN_HEAD, "", line, "markdown marks removed", changes)
    line = _BULLET.sub(r"\1- ", line)
    line = _PLUS_BULLET.sub(r"\1+ ", line)
    body = line.strip()
    if _DOUBLED.search(body):
        changes.add("doubled spaces closed")
        head = line[: len(line) - len(line.lstrip())]
        tail = line[len(line.rstrip()) :]
        line = head + _DOUBLED.sub(" ", body) + tail
    return _tight(line)


def _tight(line: str) -> str:
    """A bullet always has its space: "-Tuyên truyền" → "- Tuyên truyền"."""
    return _TIGHT_BULLET.sub(r"\1\2 ", line) if line.lstrip()[:1] in ("-", "+") else line


def _counted(
    pattern: re.Pattern[str],
    new: str | Callable[[re.Match[str]], str],
    line: str,
    kind: str,
    changes: Changes,
) -> str:
    line, count = pattern.subn(new, line)
    changes.add(kind, count)
    return line
