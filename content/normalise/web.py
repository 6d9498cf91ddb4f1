"""E-mail and web addresses, spoken with "a còng", "chấm", "gạch chéo"."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from functools import lru_cache

from content.lexicon import shipped
from content.normalise.letters import spell
from content.normalise.numbers import digits, named
from content.normalise.scan import Said, Scan
from content.normalise.syllables import is_syllable, is_toneless_syllable

_HINT = re.compile(r"@|://|www\.|\.(?:vn|com|net|org|gov|edu|info|io|me|gle|ly)(?![a-z])", re.IGNORECASE)
_EMAIL = re.compile(r"(?<![\w.+\-])[A-Za-z0-9][\w.+\-]*@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+")
_LINK = re.compile(
    r"(?:https?://|www\.)[^\s,;()<>\"'\[\]]+|(?<![\w@.])(?:[A-Za-z0-9][A-Za-z0-9\-]*\.)+(?:vn|com|net|org|gov|edu|info|io|me|gle|ly)(?![A-Za-z0-9])(?:/[^\s,;()<>\"'\[\]]*)?"
)
_SIGNS = {".": "chấm", "@": "a còng", "/": "gạch chéo", "-": "gạch ngang", "_": "gạch dưới", "+": "cộng", "?": "hỏi chấm", "=": "bằng",
          "&": "và", "%": "phần trăm", "#": "thăng", ":": "hai chấm", "~": "dấu ngã"}  # fmt: skip
_KNOWN = {
    "gmail", "yahoo", "outlook", "hotmail", "facebook", "youtube", "zalo", "tiktok", "google", "com", "net", "org", "gov", "edu", "info",
    "email", "online", "web", "forms", "bit", "fb", "portal", "mail", "ocop", "viettel", "vnpt",
}  # fmt: skip
_SPELLED = {
    "ubnd": "u bê en nờ dê",
    "hdnd": "hát đê en nờ dê",
    "mttq": "em mờ tê tê quy",
    "bhxh": "bê hát ích xì hát",
    "vneid": "vê en nờ e i đê",
    "dichvucong": "dịch vụ công",
    "chinhphu": "chính phủ",
    "bocongan": "bộ công an",
    "baohiemxahoi": "bảo hiểm xã hội",
    "congan": "công an",
    "thuedientu": "thuế điện tử",
    "yte": "y tế",
    "www": "vê kép vê kép vê kép",
    "vn": "vê en nờ",
    "http": "hát tê tê pê",
    "https": "hát tê tê pê ét sờ",
    "ly": "e lờ i dài",
    "io": "i o",
}
_TOKEN = re.compile(r"[A-Za-z]+|\d+|.")


def has_addresses(text: str) -> bool:
    """Whether the text may hold an address at all: a cheap look before the walk."""
    return _HINT.search(text) is not None


def addresses(text: str) -> dict[int, tuple[int, str]]:
    """Every address of the text: where it starts → (where it ends, its words)."""
    found: dict[int, tuple[int, str]] = {}
    mails: list[tuple[int, int]] = []
    for pattern in (_EMAIL, _LINK):
        for match in pattern.finditer(text):
            if pattern is _EMAIL:
                mails.append(match.span())
            elif (before := bisect_right(mails, (match.start(), len(text))) - 1) >= 0 and (
                match.start() < mails[before][1]
            ):
                continue
            address = match.group().rstrip(".:?!")
            if pattern is _LINK and re.fullmatch(r"[A-ZĐ][a-z]*\.[A-Z].*", address):
                continue
            found[match.start()] = (match.start() + len(address), " ".join(_words(address)))
    return found


def _words(address: str) -> list[str]:
    words: list[str] = []
    address = re.sub(r"^https?://", "", address)
    for token in _TOKEN.findall(address.rstrip("/")):
        if token.isdecimal():
            words.append(named(token) if len(token) < 3 else digits(token))
        elif token.isalpha():
            words.append(_name(token.lower()))
        elif token in _SIGNS:
            words.append(_SIGNS[token])
    return words


def _name(token: str) -> str:
    token = token.lower()
    if token in _SPELLED:
        return _SPELLED[token]
    if token in _slugs():
        return _slugs()[token]
    if token in _KNOWN:
        return token
    parts = _syllables(token)
    return (
        " ".join(_SPELLED.get(part) or _slugs().get(part) or part for part in parts)
        if parts
        else spell(token)
    )


_PLACES = frozenset(
    ("xa", "phuong", "huyen", "quan", "tinh", "thon", "dai", "tram", "truong", "hoi", "so", "tp", "ban")
)
"""What the names of offices begin with: "xatanlap" is "xa tan lap"."""


def _rank(parts: list[str]) -> tuple[int, bool, list[int]]:
    """Few parts first; of as many, one that begins as the name of an office, then the one whose early parts are long."""
    return len(parts), parts[0] not in _PLACES, [-len(part) for part in parts]


@lru_cache(maxsize=1)
def _slugs() -> dict[str, str]:
    """Provinces as addresses write them: "quangninh" → "quảng ninh"."""
    names = [entry.written for entry in shipped().entries if entry.place == "province"]
    return {_bare(name): name.lower() for name in names if all(is_syllable(word) for word in name.split())}


def _bare(name: str) -> str:
    return "".join(
        sign for sign in unicodedata.normalize("NFD", name.lower().replace("đ", "d")) if sign.isalpha()
    )


def _syllables(token: str) -> list[str] | None:
    """`token` as toneless syllables or known words, the fewest and longest first; None when it is neither."""
    if len(token) > 40:
        return None
    best: dict[int, list[str]] = {0: []}
    for end in range(1, len(token) + 1):
        for start in range(max(0, end - 14), end):
            part = token[start:end]
            if start in best and (
                (len(part) > 1 and is_toneless_syllable(part))
                or part in _KNOWN
                or part in _SPELLED
                or part in _slugs()
            ):
                candidate = [*best[start], part]
                if end not in best or _rank(candidate) < _rank(best[end]):
                    best[end] = candidate
    return best.get(len(token))


def address(scan: Scan, found: dict[int, tuple[int, str]]) -> Said | None:
    """The address that starts here."""
    here = found.get(scan.pos)
    return Said(here[0], here[1], "address") if here else None
