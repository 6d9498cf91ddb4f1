"""The encodings of Vietnamese text: found out by looking, converted to Unicode.

The tables of TCVN3 (ABC, .VnTime) and VNI (VNI-Times) follow TCVN 5712:1993 and the layout of the VNI fonts.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from functools import lru_cache

from content.intake.source import Changes

_TCVN3 = dict(
    zip(
        "µ¶·¸¹¨»¼½¾Æ©ÇÈÉÊËÌÎÏÐÑªÒÓÔÕÖ×ØÜÝÞßáâãä«åæçèé¬êëìíîïñòóô\u00adõö÷øùúûüýþ®¡¢£¤¥¦§",
        "àảãáạăằẳẵắặâầẩẫấậèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵđĂÂÊÔƠƯĐ",
        strict=True,
    )
)
_TCVN3_TABLE = {ord(key): value for key, value in _TCVN3.items()}
_TONES = {"ù": "\u0301", "ø": "\u0300", "û": "\u0309", "õ": "\u0303", "ï": "\u0323"}
_HATS = {
    "â": ("\u0302", ""), "á": ("\u0302", "\u0301"), "à": ("\u0302", "\u0300"), "å": ("\u0302", "\u0309"),
    "ã": ("\u0302", "\u0303"), "ä": ("\u0302", "\u0323"),
    "ê": ("\u0306", ""), "é": ("\u0306", "\u0301"), "è": ("\u0306", "\u0300"), "ú": ("\u0306", "\u0309"),
    "ü": ("\u0306", "\u0303"), "ë": ("\u0306", "\u0323"),
}  # fmt: skip
_VNI_ALONE = {"æ": "ỉ", "ó": "ĩ", "ò": "ị", "ô": "ơ", "ö": "ư", "î": "ỵ", "ñ": "đ", "í": "í", "ì": "ì"}


def _vni_pairs() -> dict[str, str]:
    pairs: dict[str, str] = {}
    for base in "aeouyôö":
        letter = _VNI_ALONE.get(base, base)
        marks = {mark: ("", tone) for mark, tone in _TONES.items()}
        if base in "aeo":
            marks |= {mark: both for mark, both in _HATS.items() if base == "a" or both[0] == "\u0302"}
        for mark, (hat, tone) in marks.items():
            whole = unicodedata.normalize("NFC", letter + hat + tone)
            pairs[base + mark] = whole
            pairs[base.upper() + mark.upper()] = whole.upper()
            pairs[base.upper() + mark] = whole.upper()
    for sign, letter in _VNI_ALONE.items():
        pairs[sign] = letter
        pairs[sign.upper()] = letter.upper()
    return pairs


_VNI = _vni_pairs()
_VNI_PATTERN = re.compile("|".join(sorted(map(re.escape, _VNI), key=len, reverse=True)))

_ONSET = "b|c|ch|d|đ|g|gh|gi|h|k|kh|l|m|n|ng|ngh|nh|p|ph|qu|r|s|t|th|tr|v|x|"
_RIME = re.compile(
    rf"^(?:{_ONSET})(?:[aăâeêioôơuưy]|ai|ao|au|ay|âu|ây|eo|êu|ia|iê|iêu|iu|oa|oai|oay|oă|oe|oeo|oi|ôi|ơi|oao|ua|uâ|uây|ue|uê|"
    r"ui|uô|uôi|uơ|uy|uya|uyê|uyu|ưa|ưi|ươ|ươi|ươu|ưu|yê|yêu|a|ă|â|e|ê|i|o|ô|ơ|u|ư)(?:c|ch|m|n|ng|nh|p|t)?$"
)
_WORD = re.compile(r"[^\W\d_]+")
_ALPHABET = re.compile(
    "^[a-zA-ZđĐàáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ"
    "ÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬÈÉẺẼẸÊỀẾỂỄỆÌÍỈĨỊÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢÙÚỦŨỤƯỪỨỬỮỰỲÝỶỸỴ]+$"
)
_STRIP = dict.fromkeys(map(ord, "\u0300\u0301\u0303\u0309\u0323"))


@lru_cache(maxsize=20_000)
def is_syllable(word: str) -> bool:
    """Whether `word` is spelled like a Vietnamese syllable."""
    if not _ALPHABET.match(word):
        return False
    plain = unicodedata.normalize("NFC", unicodedata.normalize("NFD", word.lower()).translate(_STRIP))
    return bool(_RIME.match(plain))


def plausibility(text: str) -> float:
    """How Vietnamese the words with marks look, 0..1; text without any gives 0.5."""
    marked = [word for word in _WORD.findall(text[:40_000]) if not word.isascii()]
    if not marked:
        return 0.5
    good = sum(is_syllable(word) for word in marked)
    odd = len(re.findall(r"[¡-¿×÷\x80-\x9f\ufffd]", text[:40_000]))
    return good / (len(marked) + odd)


def from_tcvn3(text: str) -> str:
    """Text of a .VnTime (TCVN3) font, held as Latin-1 letters, in Unicode.

    Its capitals with marks are the small letters in a font of capitals (.VnTimeH): a line in capitals is one as a whole.
    """
    return "\n".join(
        line.upper() if _in_capitals(old) else line
        for old, line in zip(text.split("\n"), text.translate(_TCVN3_TABLE).split("\n"), strict=True)
    )


def _in_capitals(line: str) -> bool:
    letters = [sign for sign in line[:200] if sign.isascii() and sign.isalpha()]
    return len(letters) >= 3 and sum(map(str.isupper, letters)) > 0.85 * len(letters)


def from_vni(text: str) -> str:
    """Text of a VNI font, held as Latin-1 letters, in Unicode."""
    return _VNI_PATTERN.sub(lambda match: _VNI[match.group()], text)


_BACK = {
    bytes([byte]).decode("cp1252"): chr(byte)
    for byte in range(128, 160)
    if byte not in (129, 141, 143, 144, 157)
}


def _unmangle(text: str) -> str:
    """UTF-8 that was once read as Windows-1252, read right."""
    try:
        return "".join(map(_BACK.get, text, text)).encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


_ODD = re.compile("[\u00a1-\u00bfÄÅÆÇËÎÏÑÖØÛÜÞßäåæçëîïðñöøûüþÿ]")
"""Letters of old fonts and of wrong readings that Vietnamese in Unicode does not have."""
_COMPOSED = re.compile("[\u0102-\u01b0\u1ea0-\u1ef9]")
"""Letters that only Unicode has."""
_OLD_LINE = re.compile(rf"[^\W\d_]{_ODD.pattern}|{_ODD.pattern}[^\W\d_]")
_LOST = re.compile(
    r"(?<=[^\W\d_])[¡-§©-¯´-¸º»¿]|[¡-§©-¯´-¸º»¿](?=[^\W\d_])|(?<=[^\W\d_])[?\ufffd](?=[^\W\d_])"
)


def repair(text: str, changes: Changes) -> str:
    """As `repair_lines`, for a whole text."""
    return "\n".join(repair_lines(text.split("\n"), changes))


def repair_lines(lines: list[str], changes: Changes) -> list[str]:
    """The lines of one document; those whose letters are of an old font or of a wrong reading are put right where
    that is sure. A document may be half old and half Unicode: what is Unicode stays."""
    whole = "\n".join(lines)
    if whole.isascii() or not _ODD.search(whole):
        return lines
    if plausibility(whole) > 0.6 or _COMPOSED.search(whole):
        old = [
            number
            for number, line in enumerate(lines)
            if _OLD_LINE.search(line) and not _COMPOSED.search(line)
        ]
    else:
        old = [number for number, line in enumerate(lines) if not line.isascii()]
    sample = "\n".join(lines[number] for number in old)
    before = plausibility(sample)
    if before > 0.6 or sum(not word.isascii() for word in _WORD.findall(sample[:2000])) < 3:
        return lines
    for kind, convert in (
        ("read as TCVN3", from_tcvn3),
        ("read as VNI", from_vni),
        ("read as UTF-8", _unmangle),
    ):
        if plausibility(convert(sample)) > max(0.75, before + 0.2):
            changes.add(kind)
            repaired = list(lines)
            for number in old:
                repaired[number] = convert(lines[number])
            return repaired
    return lines


def is_garbled(text: str) -> bool:
    """Whether many letters of the text are lost or still those of an unknown encoding."""
    sample = text[:40_000]
    lost = len(_LOST.findall(sample))
    return lost > 12 and lost > 0.02 * sum(map(str.isalpha, sample))


def decode(content: bytes, changes: Changes) -> tuple[str, str] | None:
    """The text of `content` and the name of its encoding; None where no known encoding makes sense of it."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if content.startswith(mark):
            try:
                return repair(content.decode(name), changes), name
            except UnicodeError:
                return None
    if (wide := _utf16_without_mark(content)) is not None:
        return wide
    if b"\0" in content:
        return None
    try:
        return repair(content.decode("utf-8"), changes), "utf-8"
    except UnicodeDecodeError:  # UTF-8 with a few broken bytes is still UTF-8
        text = content.decode("utf-8", "replace")
        if text.count("\ufffd") * 50 < len(text) and plausibility(text) > 0.8:
            changes.add("unreadable bytes dropped", text.count("\ufffd"))
            return text.replace("\ufffd", ""), "utf-8"
    latin = content.decode("cp1252", "replace").replace("\ufffd", "\u00a0")
    raw = content.decode("latin-1")
    candidates = [
        ("windows-1258", unicodedata.normalize("NFC", content.decode("cp1258", "replace"))),
        ("tcvn3", from_tcvn3(raw)),
        ("vni", from_vni(latin)),
    ]
    name, text = max(candidates, key=lambda candidate: plausibility(candidate[1]))
    if plausibility(text) < 0.7:
        return None
    changes.add(f"converted from {name}")
    return text, name


def _utf16_without_mark(content: bytes) -> tuple[str, str] | None:
    sample = content[:4000]
    if len(sample) < 8 or len(content) % 2 or sample.count(0) < len(sample) // 8:
        return None
    for name, zeros in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[0::2])):
        if zeros.count(0) > len(zeros) // 4:
            try:
                return content.decode(name), name
            except UnicodeError:
                return None
    return None
