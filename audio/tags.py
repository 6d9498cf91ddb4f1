"""What a finished file says of itself: title, programme, date, content id, hash of the words, approver."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date

_BEXT_TEXT = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """Written as ID3v2.4 in UTF-8 (MP3), Vorbis comments (OGG, FLAC), LIST/bext (WAV)."""

    title: str = ""
    programme: str = ""
    episode_on: date | None = None
    station: str = ""
    content_id: str = ""
    script_sha256: str = ""
    """Of the spoken words, so that a file can be held against its approval."""
    approver: str = ""
    language: str = "vi"

    def arguments(self, *, broadcast_wave: bool = False) -> list[str]:
        """ffmpeg `-metadata` arguments; an empty fact is left out."""
        facts = {
            "title": self.title, "album": self.programme, "artist": self.station,
            "date": self.episode_on.isoformat() if self.episode_on else "",
            "LOA_CONTENT_ID": self.content_id, "LOA_SCRIPT_SHA256": self.script_sha256,
            "LOA_APPROVED_BY": self.approver, "language": self.language, "genre": "Speech",
        }  # fmt: skip
        if broadcast_wave:  # neither chunk has fields of its own for these
            own = {name: value for name, value in facts.items() if name.startswith("LOA_") and value}
            facts |= {
                "comment": "; ".join(f"{name}={value}" for name, value in own.items()),
                "description": _within(f"{self.title} ({self.content_id})", _BEXT_TEXT),
                "originator": _within(self.station, 32),
                "originator_reference": _within(self.content_id, 32),
                "origination_date": facts["date"],
            }
        arguments: list[str] = []
        for name, value in facts.items():
            if value:
                arguments += ["-metadata", f"{name}={_clean(value)}"]
        return arguments


def _clean(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    return "".join(mark if mark.isprintable() else " " for mark in composed)[:1000]


def _within(text: str, most_bytes: int) -> str:
    return _clean(text).encode("utf-8")[:most_bytes].decode("utf-8", errors="ignore")
