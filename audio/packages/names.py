"""File names for every player and disk: ASCII, sorted in air order, safe on FAT32."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from functools import lru_cache

LONGEST = 60
DEEPEST = 4
"""Parts of a path, the file's own name among them."""
RESERVED = frozenset(
    {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(10)), *(f"lpt{n}" for n in range(10))}
)
_SAFE_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,119}")


def ascii_folded(text: str) -> str:
    """Vietnamese without its marks, in small ASCII letters, words joined by hyphens: "Đài xã" → "dai-xa"."""
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", "-", letters.encode("ascii", "replace").decode("ascii").lower()).strip("-")


def shortened(folded: str, longest: int = LONGEST) -> str:
    """`folded`, cut at a word end where it is longer than `longest`."""
    if len(folded) <= longest:
        return folded
    cut = folded[: longest + 1]
    return (cut.rpartition("-")[0] or cut[:longest]).strip("-")


def audio_name(position: int, first_at: datetime, title: str, *, of: int = 0) -> str:
    """The name of one sound file: `position` in air order, the station day of its first airing, its title.

    `first_at` is in station time; `of` is how many there are, so that all of them have as many digits and sort.
    Example: 003_20261201_chuyen-doi-so.mp3
    """
    digits = max(3, len(str(of)))
    return f"{position:0{digits}d}_{first_at:%Y%m%d}_{shortened(ascii_folded(title)) or 'khong-ten'}.mp3"


def play_name(position: int, starts_at: datetime, title: str, *, of: int = 0) -> str:
    """The name of one airing within its day's folder, for players that only play files in order; `of` so many."""
    digits = max(2, len(str(of)))
    return f"{position:0{digits}d}_{starts_at:%H%M}_{shortened(ascii_folded(title)) or 'khong-ten'}.mp3"


def code_of(name: str) -> str:
    """A short code for a station out of its name, without the words that every station's begins with."""
    folded = ascii_folded(name)
    telling = re.sub(r"^(dai|tram)-((truyen|phat)-thanh-)?(?=.)", "", folded)
    code = shortened(folded if telling in RESERVED else telling, 24) or "tram"
    return f"tram-{code}" if code in RESERVED else code


@lru_cache(maxsize=65_536)
def is_safe_path(path: str) -> bool:
    """Whether `path` may stand in a package: ASCII, forward slashes, no way up or out, fit for FAT32 and Windows."""
    parts = path.split("/")
    return (
        0 < len(path) <= 200
        and len(parts) <= DEEPEST
        and all(
            _SAFE_PART.fullmatch(part)
            and not part.endswith(".")
            and ".." not in part
            and part.split(".")[0].lower() not in RESERVED
            for part in parts
        )
    )
