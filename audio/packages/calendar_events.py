"""The schedule as iCalendar (RFC 5545): regular airings as one event with RRULE, the others each on its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from icalendar import Calendar, Event

from audio.packages.manifest import Manifest, PlayEntry
from audio.packages.playlists import KIND_WORDS

FEWEST_FOR_A_RULE = 3
SEQUENCE_FROM = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Airings of one title at one wall-clock time in the same zones, `every_days` apart; a single one has count 1."""

    first: PlayEntry
    every_days: int
    count: int


def series_of(plays: list[PlayEntry]) -> Iterator[Series]:
    """The plays gathered into as few series as a greedy look finds, none shorter than three but singles."""
    groups: dict[tuple[str, time, int, tuple[str, ...]], dict[date, PlayEntry]] = defaultdict(dict)
    for play in sorted(plays, key=lambda play: (play.starts_at, play.id)):
        group = groups[play.title, play.starts_at.timetz(), play.length_ms, tuple(play.zones)]
        if play.starts_at.date() in group:
            yield Series(first=play, every_days=1, count=1)
        else:
            group[play.starts_at.date()] = play
    for group in groups.values():
        left = dict(group)
        while left:
            day = min(left)
            step, run = max(
                ((step, _run(left, day, step)) for step in (1, 7, 14, 28)),
                key=lambda found: (found[1], -found[0]),
            )
            if run < FEWEST_FOR_A_RULE:
                step, run = 1, 1
            yield Series(first=left[day], every_days=step, count=run)
            for index in range(run):
                del left[day + timedelta(days=step * index)]


def _run(days: dict[date, PlayEntry], start: date, step: int) -> int:
    count = 1
    while start + timedelta(days=step * count) in days:
        count += 1
    return count


def calendar(manifest: Manifest, changed_at: datetime) -> bytes:
    """The package's airings for a calendar program; times carry the station's zone.

    Nothing in it names the station or the day of export, so that stations with the same airings share one file and
    the same plan gives the same bytes. Each event's UID stays the same from one revision to the next, and DTSTAMP and
    SEQUENCE follow `changed_at`, when the plan was last changed, so that importing again updates.
    """
    book = Calendar()
    book.add("prodid", "-//Loa//loaphuong//VI")
    book.add("version", "2.0")
    book.add("x-wr-calname", f"Lịch phát thanh – {manifest.sender.name}")
    book.add("x-wr-timezone", manifest.station.timezone)
    for series in sorted(
        series_of(manifest.plays), key=lambda series: (series.first.starts_at, series.first.id)
    ):
        book.add_component(_event(series, manifest, changed_at.astimezone(UTC)))
    book.add_missing_timezones()
    return bytes(book.to_ical())


def _event(series: Series, manifest: Manifest, changed_at: datetime) -> Event:
    play = series.first
    event = Event()
    event.add("uid", f"play-{play.id}@{manifest.sender.fingerprint[:9]}.loa")
    event.add("dtstamp", _whole_seconds(changed_at))
    event.add("sequence", max(0, int((changed_at - SEQUENCE_FROM).total_seconds())))
    event.add("dtstart", _whole_seconds(play.starts_at))
    event.add("duration", timedelta(seconds=max(1, round(play.length_ms / 1000))))
    event.add("summary", play.title)
    event.add("categories", ["PHÁT THANH"])
    if series.count > 1:
        rule: dict[str, object] = {"freq": "daily", "count": series.count}
        if series.every_days % 7 == 0:
            rule = {"freq": "weekly", "interval": series.every_days // 7, "count": series.count}
        event.add("rrule", rule)
    event.add(
        "description",
        f"{KIND_WORDS[play.kind] if series.count == 1 else 'Phát nhiều lượt'}. Cụm loa: {', '.join(play.zones) or 'tất cả'}",
    )
    return event


def _whole_seconds(instant: datetime) -> datetime:
    return instant.replace(microsecond=0)
