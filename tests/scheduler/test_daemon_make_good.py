"""Make-good: whatever was missed is planned again, by the daemon itself, once."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from broadcast import add_episode, add_play, as_run
from sqlalchemy import select

from content.models import Item
from content.station import Station
from scheduler.daemon import duties
from scheduler.daemon.journal import Entry
from scheduler.daemon.make_good import MakeGoodError, make_good
from scheduler.daemon.run import run_station
from scheduler.models import Play
from scheduler.station_plan import build

BEGIN = datetime(2026, 11, 30, 17, 0, tzinfo=UTC)  # midnight of 1 December in Việt Nam
MORNING = BEGIN + timedelta(hours=6, minutes=35)
NewStation = Callable[..., Station]


def run(station: Station, days: float, *, since: datetime = BEGIN, **settings: object) -> None:
    until = since + timedelta(days=days)
    run_station(station, clock="simulated", start_at=since, until=until, output="null", **settings)  # type: ignore[arg-type]


def hide_sound(station: Station, tmp_path: Path) -> Callable[[Entry], None]:
    """Takes the sound away; the first missed play brings it back."""
    sound = next(station.media.folder.rglob("*.wav"))
    hidden = tmp_path / "hidden.wav"
    sound.rename(hidden)

    def bring_back(_entry: Entry) -> None:
        if hidden.exists():
            hidden.rename(sound)

    return bring_back


def replacements(station: Station, play_id: int) -> list[Play]:
    with station.read() as session:
        query = select(Play).where(Play.make_good_for_id == play_id).order_by(Play.starts_at)
        return list(session.scalars(query))


def test_a_missed_play_that_no_plan_laid_is_laid_once_more_inside_the_sessions(
    new_station: NewStation, tmp_path: Path
) -> None:
    station = new_station()
    episode = add_episode(station, tmp_path, seconds=20)
    missed = add_play(station, episode, MORNING, length_ms=20_000, status="pinned")
    other = add_play(station, episode, MORNING + timedelta(days=1), length_ms=20_000, status="pinned")
    run(station, 8, progress=hide_sound(station, tmp_path))
    (instead,) = replacements(station, missed)
    assert instead.status == "aired"
    assert instead.starts_at > MORNING + timedelta(minutes=20)
    local = instead.starts_at.astimezone(station.tz)
    assert any(s.start <= local.time() < s.end for s in station.config.sessions)
    rows = {row.play_id: row.outcome for row in as_run(station)}
    assert rows == {missed: "missed", other: "aired", instead.id: "aired"}
    with station.read() as session:
        assert session.get_one(Play, other).starts_at == MORNING + timedelta(days=1)  # nothing was moved


def test_a_miss_is_not_forgotten_when_the_daemon_dies_before_it_is_made_good(
    new_station: NewStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = new_station()
    missed = add_play(station, add_episode(station, tmp_path, seconds=20), MORNING, length_ms=20_000)

    def fail(*_facts: object) -> int:
        raise MakeGoodError(reason="cut off")

    with monkeypatch.context() as patch:
        patch.setattr(duties, "make_good", fail)
        run(station, 0.4, progress=hide_sound(station, tmp_path))
    assert replacements(station, missed) == []
    run(station, 7, since=BEGIN + timedelta(days=0.4))
    assert [play.status for play in replacements(station, missed)] == ["aired"]


def test_a_planner_that_fails_once_is_asked_again(
    new_station: NewStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = new_station()
    missed = add_play(station, add_episode(station, tmp_path, seconds=20), MORNING, length_ms=20_000)
    asked: list[datetime] = []

    def fail_once(station: Station, plays: list[int], now: datetime) -> int:
        asked.append(now)
        if len(asked) == 1:
            raise MakeGoodError(reason="the database was held")
        return make_good(station, plays, now)

    monkeypatch.setattr(duties, "make_good", fail_once)
    run(station, 7, progress=hide_sound(station, tmp_path))
    assert len(asked) == 2
    assert asked[1] - asked[0] >= timedelta(minutes=5)
    assert [play.status for play in replacements(station, missed)] == ["aired"]


def test_a_replacement_that_is_missed_too_is_replaced_under_the_first_name(
    new_station: NewStation, tmp_path: Path
) -> None:
    station = new_station()
    missed = add_play(station, add_episode(station, tmp_path, seconds=20), MORNING, length_ms=20_000)
    sound = next(station.media.folder.rglob("*.wav"))
    hidden = tmp_path / "hidden.wav"
    sound.rename(hidden)
    seen: list[Entry] = []

    def bring_back_after_two(entry: Entry) -> None:
        seen.append(entry)
        if len(seen) == 2:
            hidden.rename(sound)

    run(station, 9, progress=bring_back_after_two)
    assert [play.status for play in replacements(station, missed)] == ["missed", "aired"]


def test_building_the_plan_again_makes_nothing_good_twice(new_station: NewStation, tmp_path: Path) -> None:
    station = new_station()
    add_episode(station, tmp_path, seconds=20)
    build(station, from_on=date(2026, 12, 1), until_on=date(2026, 12, 31), now=BEGIN)
    run(station, 9, progress=hide_sound(station, tmp_path))
    counted = []
    for days in (9.1, 9.2):
        build(
            station,
            from_on=date(2026, 12, 1),
            until_on=date(2026, 12, 31),
            now=BEGIN + timedelta(days=days),
        )
        with station.read() as session:
            live = select(Play).where(Play.status.in_(("planned", "aired")))
            counted.append(len(session.scalars(live).all()))
    with station.read() as session:
        missed = session.scalars(select(Play).where(Play.status == "missed")).one()
    assert counted[0] == counted[1]
    assert len(replacements(station, missed.id)) == 1


def test_what_may_no_longer_air_is_not_laid_again(new_station: NewStation, tmp_path: Path) -> None:
    station = new_station()
    episode = add_episode(station, tmp_path, seconds=20)
    missed = add_play(station, episode, MORNING, length_ms=20_000)
    with station.decide() as session:
        item = session.scalars(select(Item)).one()
        item.valid_until_on = date(2026, 12, 1)
    run(
        station,
        8,
        since=BEGIN + timedelta(days=1),
    )
    assert [(row.play_id, row.outcome) for row in as_run(station)] == [(missed, "missed")]
    assert replacements(station, missed) == []


def test_only_so_much_of_the_month_is_planned_again_as_somebody_planned(
    new_station: NewStation, tmp_path: Path
) -> None:
    station = new_station()
    add_episode(station, tmp_path, seconds=20)
    build(station, from_on=date(2026, 12, 1), until_on=date(2026, 12, 7), now=BEGIN)
    run(station, 9, progress=hide_sound(station, tmp_path))
    with station.read() as session:
        plays = session.scalars(select(Play).order_by(Play.starts_at)).all()
    assert any(play.make_good_for_id for play in plays)
    assert all(station.day_of(play.starts_at) <= date(2026, 12, 8) for play in plays)
