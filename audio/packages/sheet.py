"""The printable schedule for the wall, in Vietnamese: what it says, and its HTML form."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date
from html import escape

from audio.packages.manifest import Manifest
from audio.packages.playlists import KIND_WORDS, by_day
from content.months import last_day, month_of

WEEKDAYS = ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ nhật")
MOST_WARNINGS = 10
COLUMNS = ("Giờ", "Nội dung", "Lượt", "Phút", "Tệp")


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetLine:
    """One airing on the sheet; minutes are rounded up, as nobody at the amplifier needs seconds."""

    time: str
    title: str
    kind: str
    minutes: int
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """All words on the sheet, so that HTML and PDF say the same."""

    station: str
    sender: str
    period: str
    days: list[tuple[str, list[SheetLine]]]
    rules: list[str]
    warnings: list[str]

    @property
    def shared_sha256(self) -> str:
        """Of all that is printed but the station's name."""
        body = asdict(self) | {"station": ""}
        return hashlib.sha256(json.dumps(body, ensure_ascii=False).encode("utf-8")).hexdigest()


def sha256_of_sheet(shared_sha256: str, station: str) -> str:
    """Of all that is printed: the same sheet need not be drawn or hung again."""
    return hashlib.sha256(f"{shared_sha256}\n{station}".encode()).hexdigest()


def sheet_of(manifest: Manifest, play_paths: dict[int, str]) -> Sheet:
    """The sheet of a package; `play_paths` says which file each play (by id) airs."""
    days = [
        (
            f"{WEEKDAYS[day.weekday()]}, {day:%d/%m/%Y}",
            [
                SheetLine(
                    time=f"{play.starts_at:%H:%M}",
                    title=play.title,
                    kind="Phát bù" if play.make_good_for else KIND_WORDS[play.kind],
                    minutes=-(-play.length_ms // 60_000),
                    file=play_paths[play.id].rpartition("/")[2].partition("_")[0],
                )
                for play in plays
            ],
        )
        for day, plays in by_day(manifest.plays)
    ]
    rules = []
    for rule in manifest.rules:
        for month, count in sorted(rule.planned.items()):
            rules.append(
                f"{rule.programme}, tháng {month[5:]}/{month[:4]}: {count['first']} lượt phát mới, "
                f"{count['replays']} lượt phát lại, {count['days']} ngày"
                + (
                    f" (yêu cầu phát lại ít nhất {rule.min_replays_per_month})"
                    if rule.min_replays_per_month
                    else ""
                )
            )
    warnings = [
        f"Chưa xếp được vào khung giờ của trạm: {words}" for words in manifest.unplaced[:MOST_WARNINGS]
    ]
    if (more := len(manifest.unplaced) - MOST_WARNINGS) > 0:
        warnings.append(f"… và {more} lượt nữa chưa xếp được, ghi trong manifest.json")
    return Sheet(
        station=manifest.station.name,
        sender=manifest.sender.name,
        period=period_words(manifest.from_on, manifest.until_on),
        days=days,
        rules=rules,
        warnings=warnings,
    )


def period_words(from_on: date, until_on: date) -> str:
    """The period as a person would head the sheet."""
    if from_on.day == 1 and until_on == last_day(month_of(from_on)):
        return f"Tháng {from_on:%m/%Y}"
    return f"Từ {from_on:%d/%m/%Y} đến {until_on:%d/%m/%Y}"


def html(sheet: Sheet) -> bytes:
    """The sheet as one HTML file without anything from outside, ready to print on A4."""
    rows = []
    for day, lines in sheet.days:
        rows.append(f'<tbody><tr><th colspan="5" class="day">{escape(day)}</th></tr>')
        rows += [
            f"<tr><td>{line.time}</td><td>{escape(line.title)}</td><td>{line.kind}</td>"
            f'<td class="n">{line.minutes}</td><td>{escape(line.file)}</td></tr>'
            for line in lines
        ]
        rows.append("</tbody>")
    notes = "".join(f"<li>{escape(note)}</li>" for note in [*sheet.rules, *sheet.warnings])
    heads = "".join(f"<th>{name}</th>" for name in COLUMNS)
    return (
        '<!doctype html>\n<html lang="vi"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Lịch phát thanh – {escape(sheet.station)} – {escape(sheet.period)}</title>\n<style>{_STYLE}</style></head>\n"
        f"<body><h1>Lịch phát thanh</h1><p><strong>{escape(sheet.station)}</strong> · {escape(sheet.period)}</p>"
        f"<p>{escape(sheet.sender)} gửi</p>\n<table><thead><tr>{heads}</tr></thead>\n{''.join(rows)}\n</table>\n"
        f"<h2>Định mức</h2><ul>{notes or '<li>Không có</li>'}</ul></body></html>\n"
    ).encode()


_STYLE = (
    "@page{size:A4;margin:12mm}body{font:15px/1.4 'Noto Sans','Segoe UI',Arial,sans-serif;color:#111;margin:1.5rem auto;"
    "max-width:52rem;padding:0 1rem}h1{margin:0;font-size:1.7rem}h2{font-size:1.1rem;margin-top:1.5rem}p{margin:.2rem 0}"
    "table{border-collapse:collapse;width:100%;margin-top:1rem}th,td{border-bottom:1px solid #bbb;padding:.3rem .5rem;"
    "text-align:left;vertical-align:top}thead{display:table-header-group}tbody{break-inside:avoid}.day{background:#eee}"
    ".n{text-align:right}td:nth-child(2){overflow-wrap:anywhere}td:nth-child(3){white-space:nowrap}"
)
