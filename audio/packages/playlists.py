"""A package's schedule in the forms that players and people read: M3U8, XSPF, CSV and the Barix dialect."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import groupby
from xml.sax.saxutils import escape

from audio.packages.manifest import AudioEntry, Manifest, PlayEntry

FOLDER = "rundown"
KIND_WORDS = {"first": "Phát mới", "replay": "Phát lại"}


def by_day(plays: Iterable[PlayEntry]) -> Iterator[tuple[date, list[PlayEntry]]]:
    """The plays of each station day, in air order."""
    ordered = sorted(plays, key=lambda play: (play.starts_at, play.id))
    for day, group in groupby(ordered, key=lambda play: play.starts_at.date()):
        yield day, list(group)


def lists_of(manifest: Manifest, play_paths: Mapping[int, str]) -> dict[str, bytes]:
    """Every playlist of the package by its path; `play_paths` says which file each play (by id) airs."""
    lists = {
        f"{FOLDER}/{day:%Y%m%d}.m3u8": m3u8(day, plays, play_paths) for day, plays in by_day(manifest.plays)
    }
    lists[f"{FOLDER}/rundown.xspf"] = xspf(manifest, play_paths)
    lists["schedule.csv"] = schedule_csv(manifest, play_paths)
    if manifest.station.player == "barix":
        lists |= barix_lists(manifest, play_paths)
    return lists


def m3u8(day: date, plays: list[PlayEntry], play_paths: Mapping[int, str]) -> bytes:
    """One day in air order as extended M3U in UTF-8, paths relative to the playlist's folder."""
    lines = ["#EXTM3U", f"#PLAYLIST:{day:%d/%m/%Y}"]
    for play in plays:
        seconds = max(1, round(play.length_ms / 1000))
        lines += [
            f"#EXTINF:{seconds},{play.starts_at:%H:%M} {_one_line(play.title)}",
            f"../{play_paths[play.id]}",
        ]
    return ("\n".join(lines) + "\n").encode("utf-8")


def xspf(manifest: Manifest, play_paths: Mapping[int, str]) -> bytes:
    """The whole period in air order as XSPF 1 (https://xspf.org/spec)."""
    tracks = [
        f"    <track>\n"
        f"      <location>../{escape(play_paths[play.id])}</location>\n"
        f"      <identifier>urn:sha256:{play.audio_sha256}</identifier>\n"
        f"      <title>{_xml(play.title)}</title>\n"
        f"      <annotation>{play.starts_at:%d/%m/%Y %H:%M} {KIND_WORDS[play.kind]}</annotation>\n"
        f"      <duration>{play.length_ms}</duration>\n"
        f"    </track>\n"
        for _day, plays in by_day(manifest.plays)
        for play in plays
    ]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<playlist version="1" xmlns="http://xspf.org/ns/0/">\n'
        f"  <title>{_xml(manifest.sender.name)} {manifest.from_on:%d/%m/%Y} - {manifest.until_on:%d/%m/%Y}</title>\n"
        f"  <trackList>\n{''.join(tracks)}  </trackList>\n</playlist>\n"
    ).encode()


def schedule_csv(manifest: Manifest, play_paths: Mapping[int, str]) -> bytes:
    """The schedule for a spreadsheet: UTF-8 with a byte order mark, so that Excel reads the Vietnamese letters."""
    audio: dict[str, AudioEntry] = {entry.sha256: entry for entry in manifest.audio}
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(
        [
            "Ngày",
            "Giờ",
            "Buổi",
            "Nội dung",
            "Lượt",
            "Thời lượng",
            "Cụm loa",
            "Tệp",
            "Người duyệt",
            "Mã",
            "SHA-256",
        ]
    )
    for day, plays in by_day(manifest.plays):
        for play in plays:
            table.writerow(
                [
                    f"{day:%d/%m/%Y}", f"{play.starts_at:%H:%M:%S}", _cell(play.session or ""), _cell(play.title),
                    KIND_WORDS[play.kind], minutes_seconds(play.length_ms), _cell(", ".join(play.zones)),
                    play_paths[play.id], _cell(", ".join(audio[play.audio_sha256].approved_by)), play.id,
                    play.audio_sha256,
                ]
            )  # fmt: skip
    return text.getvalue().encode("utf-8-sig")


def barix_lists(manifest: Manifest, play_paths: Mapping[int, str]) -> dict[str, bytes]:
    """One M3U for each airing, in the dialect of Barix players with local storage.

    The first line is the whole rule: #BARIX-4,DATE1,DATE2,DOTW,TIME1,TIME2,REPEAT,VOLUME,INTERRUPT,SHUFFLE
    (Barix FTP MP3 Player manual, 3.4): dates DD-MM-YY, times HH:MM:SS, empty fields take the player's own. Paths
    are relative to the playlist, CR LF ends each line, and the player's clock must be in the station's zone.
    """
    lists = {}
    for day, plays in by_day(manifest.plays):
        for position, play in enumerate(plays, 1):
            ends_at = _barix_end(play)
            rule = (
                f"#BARIX-4,{day:%d-%m-%y},{day:%d-%m-%y},,{play.starts_at:%H:%M:%S},{ends_at:%H:%M:%S},1,,,"
            )
            path = f"barix/{day:%Y%m%d}_{position:02d}_{play.starts_at:%H%M}.m3u"
            lists[path] = f"{rule}\r\n../{play_paths[play.id]}\r\n".encode("ascii")
    return lists


def _barix_end(play: PlayEntry) -> datetime:
    """A minute of slack after the end, and never past midnight: the rule knows only times of one day."""
    midnight = play.starts_at.replace(hour=23, minute=59, second=59, microsecond=0)
    return min(play.starts_at + timedelta(milliseconds=play.length_ms, minutes=1), midnight)


def minutes_seconds(length_ms: int) -> str:
    """A length as people write it: 4:05."""
    seconds = round(length_ms / 1000)
    return f"{seconds // 60}:{seconds % 60:02d}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _xml(text: str) -> str:
    """Text for XML 1.0, without the letters that it forbids (2.2)."""
    return escape(_NOT_XML.sub("", _one_line(text)))


def _cell(text: str) -> str:
    """Text that a spreadsheet will not take for a formula."""
    flat = _one_line(text)
    return f"'{flat}" if flat[:1] in {"=", "+", "-", "@"} else flat
