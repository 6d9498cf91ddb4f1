"""What stands in a package besides the manifest: its sound files and lists, laid out for the station's player."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from audio.packages import calendar_events, playlists
from audio.packages.manifest import SIGNER, AudioEntry, FileEntry, Manifest, PlayEntry
from audio.packages.names import audio_name, play_name
from audio.packages.playlists import by_day
from audio.packages.signature import KEY_BYTES, from_text, public_pem

IN_FILE_ORDER = ("usb", "vehicle")
"""Players that know no playlist: a folder for each day, a file for each airing."""
READ_ME = "DOC-TRUOC.txt"
SHEET_HTML = "sheet.html"
SHEET_PDF = "sheet.pdf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where each sound stands. `audio` with paths, `play_paths` by play id, `sounds` path → SHA-256."""

    audio: list[AudioEntry]
    play_paths: dict[int, str]
    sounds: dict[str, str]


def lay_out(
    plays: list[PlayEntry],
    sounds: Mapping[str, AudioEntry],
    player: str,
    at_station: frozenset[str] = frozenset(),
) -> Layout:
    """Name the files for `plays`; sounds whose SHA-256 is in `at_station` are listed without a file."""
    first: dict[str, str] = {}
    paths: dict[str, str] = {}
    play_paths: dict[int, str] = {}
    distinct = len({play.audio_sha256 for play in plays})
    for day, of_day in by_day(plays):
        for position, play in enumerate(of_day, 1):
            sha256 = play.audio_sha256
            if player in IN_FILE_ORDER:
                name = play_name(position, play.starts_at, play.title, of=len(of_day))
                path = f"{day:%Y%m%d}/{name}"
                paths[path] = sha256
            else:
                if (path := first.get(sha256, "")) == "":
                    name = audio_name(len(first) + 1, play.starts_at, play.title, of=distinct)
                    path = f"audio/{name}"
                paths[path] = sha256
            first.setdefault(sha256, path)
            play_paths[play.id] = path
    audio = [
        replace(sounds[sha256], path=None if sha256 in at_station else path) for sha256, path in first.items()
    ]
    kept = {path: sha256 for path, sha256 in paths.items() if sha256 not in at_station}
    return Layout(audio=audio, play_paths=play_paths, sounds=kept)


def lists(manifest: Manifest, play_paths: dict[int, str], changed_at: datetime) -> dict[str, bytes]:
    """Playlists, calendar and instructions by path; nothing in them names the station or the day of export.

    `changed_at` is when the plan was last changed.
    """
    key = from_text(manifest.sender.public_key, KEY_BYTES)
    assert key is not None
    return {
        **playlists.lists_of(manifest, play_paths),
        "schedule.ics": calendar_events.calendar(manifest, changed_at),
        READ_ME: _READ_ME[manifest.station.player in IN_FILE_ORDER].encode("utf-8-sig"),
        SIGNER: public_pem(key),
    }


def entry(path: str, content: bytes) -> FileEntry:
    """The manifest's line for a file of that content."""
    return FileEntry(path=path, sha256=hashlib.sha256(content).hexdigest(), size=len(content))


def checksums(files: list[FileEntry]) -> bytes:
    """All files as `sha256sum -c` reads them."""
    return "".join(f"{file.sha256}  {file.path}\n" for file in files).encode("ascii")


_PLAYING = {
    False: (
        "Máy tính: mở tệp của ngày trong thư mục rundown (đuôi .m3u8) bằng VLC; mỗi tệp là một ngày, đúng thứ tự phát.\r\n"
        "Tệp âm thanh nằm trong thư mục audio; lịch treo tường là sheet.pdf.\r\n"
    ),
    True: (
        "Mỗi thư mục là một ngày (năm, tháng, ngày); các tệp trong đó xếp đúng thứ tự phát, tên tệp có giờ phát.\r\n"
        "Lịch treo tường là sheet.pdf.\r\n"
    ),
}
_READ_ME = {
    in_order: (
        "GÓI PHÁT THANH\r\n\r\n"
        + playing
        + "Trạm dùng Loa: chạy lệnh  loa package receive  kèm đường dẫn thư mục này.\r\n"
        "Không sửa, không thêm tệp vào thư mục này: gói có chữ ký, sửa đi thì không nhận được nữa.\r\n"
        "Kiểm tra không cần Loa: sha256sum -c SHA256SUMS\r\n"
    )
    for in_order, playing in _PLAYING.items()
}
