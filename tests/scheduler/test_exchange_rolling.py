"""Packages that begin in the middle of a month, as the feed's do every day: nothing falls between two of them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from audio.packages.manifest import PlayEntry, read_manifest
from content.models import Episode, Programme
from content.station import Station
from scheduler.exchange import communes, trust
from scheduler.exchange.export import PackageSummary, export_package
from scheduler.exchange.logbook import report_of
from scheduler.exchange.receive import receive_package
from scheduler.models import Play
from scheduler.stations import CommuneStation
from tests.scheduler.a_centre import NOW, add_play, add_sound, noise

SATURDAY, MONDAY = date(2026, 12, 5), date(2026, 12, 7)
WORKDAYS = [{"start": "05:30", "end": "06:00", "weekdays": [1, 2, 3, 4, 5]}]


@pytest.fixture
def centre(new_station: Callable[..., Station]) -> Station:
    """A centre with one programme on Saturday, 05/12, and another on Monday."""
    station = new_station("centre")
    for title, day in (("Tin thứ bảy", SATURDAY), ("Tin thứ hai", MONDAY)):
        with station.decide() as session:
            programme = Programme(title=f"Chuyên mục {title}", status="active", created_at=NOW)
            session.add(programme)
            session.flush()
            episode = Episode(title=title, number=1, programme_id=programme.id, created_at=NOW)
            session.add(episode)
            session.flush()
        add_sound(station, episode.id, noise(title), 120_000, station.folder / "scratch")
        add_play(station, episode.id, datetime.combine(day, time(5, 30), station.tz), 120_000, kind="first")
    return station


@pytest.fixture
def row(centre: Station) -> CommuneStation:
    with centre.decide() as session:
        return communes.add(session, name="Trung Hạ", code="trung-ha", now=NOW, sessions=WORKDAYS)


def published(
    centre: Station, row: CommuneStation, folder: Path, first: date, *, now: datetime
) -> PackageSummary:
    return export_package(centre, row, first, first + timedelta(days=13), folder, now=now, partial=True)


def plays_in(made: PackageSummary) -> list[PlayEntry]:
    return read_manifest(
        (made.path / "station.json").read_bytes() + (made.path / "manifest.json").read_bytes()
    ).plays


def test_what_was_put_off_to_monday_is_in_mondays_package_too(
    centre: Station, row: CommuneStation, new_station: Callable[..., Station], tmp_path: Path
) -> None:
    commune = new_station("commune")
    made = published(centre, row, tmp_path / "feed", SATURDAY, now=datetime(2026, 12, 5, 1, 0, tzinfo=UTC))
    with commune.decide() as session:
        trust.trust(session, made.fingerprint, name=None, now=NOW)
    before = [(play.title, f"{play.starts_at:%d %H:%M}") for play in plays_in(made)]
    assert before == [("Tin thứ bảy", "07 05:30"), ("Tin thứ hai", "07 05:32")]
    receive_package(commune, made.path, now=datetime(2026, 12, 5, 2, 0, tzinfo=UTC))
    at_night = datetime(2026, 12, 6, 18, 0, tzinfo=UTC)  # Monday, 01:00
    made = published(centre, row, tmp_path / "feed", MONDAY, now=at_night)
    assert [(play.title, f"{play.starts_at:%d %H:%M}") for play in plays_in(made)] == before
    taken = receive_package(commune, made.path, now=at_night)
    assert (taken.cancelled, taken.moved) == (0, 0)
    with commune.read() as session:
        assert {play.status for play in session.scalars(select(Play))} == {"pinned"}
    report = report_of(centre, row, MONDAY, MONDAY, now=datetime(2026, 12, 9, tzinfo=UTC))
    assert [line.title for line in report] == ["Tin thứ bảy", "Tin thứ hai"]


def test_a_package_holds_nothing_of_the_days_before_it(
    centre: Station, row: CommuneStation, tmp_path: Path
) -> None:
    with centre.decide() as session:
        silent = Episode(title="Tin cũ chưa thu", number=1, created_at=NOW)
        session.add(silent)
        session.flush()
    add_play(centre, silent.id, datetime.combine(date(2026, 12, 1), time(5, 30), centre.tz), 60_000)
    communes.change(row, sessions=[])
    made = export_package(centre, row, MONDAY, date(2026, 12, 31), tmp_path / "out", now=NOW)
    assert [play.title for play in plays_in(made)] == ["Tin thứ hai"]
    assert made.left_out == []
    communes.change(row, sessions=[{"start": "05:30", "end": "06:00", "weekdays": [1, 2, 3, 4, 5, 6, 7]}])
    made = export_package(centre, row, MONDAY, date(2026, 12, 31), tmp_path / "daily", now=NOW)
    assert [play.title for play in plays_in(made)] == ["Tin thứ hai"]


def test_nothing_is_put_off_beyond_the_day_on_which_it_stops_being_true(
    centre: Station, row: CommuneStation, tmp_path: Path
) -> None:
    with centre.decide() as session:
        programme = session.scalars(select(Programme).order_by(Programme.id)).first()
        assert programme is not None
        programme.valid_until_on = SATURDAY + timedelta(days=1)
    made = published(centre, row, tmp_path / "feed", SATURDAY, now=NOW)
    assert [play.title for play in plays_in(made)] == ["Tin thứ hai"]
    assert made.unplaced == ["Tin thứ bảy (05/12 05:30)"]
