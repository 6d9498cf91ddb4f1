"""Make-good: whatever was missed is planned again, by the daemon itself, once."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from broadcast import WRITTEN_AT, add_episode, add_play, as_run
from sqlalchemy import select
from test_daemon_live import Fragile

from audio.models import EpisodeAudio, Segment
from content.approval import reject
from content.models import Episode, Item, Programme
from content.station import Station
from scheduler.daemon import duties
from scheduler.daemon.journal import Entry
from scheduler.daemon.make_good import MakeGoodError, make_good
from scheduler.daemon.run import run_station
from scheduler.ledger import ledger
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


def test_a_makeshift_voice_that_nobody_agreed_to_is_not_laid_again_and_again(
    new_station: NewStation, tmp_path: Path
) -> None:
    station = new_station()
    programme_of_december(station, tmp_path, replays=6)
    with station.decide() as session:
        audio = session.scalars(select(EpisodeAudio)).one()
        segment = Segment(
            script_id=audio.script_ids[0], recipe_sha256="0" * 64, sha256=audio.sha256, voice="espeak",
            degraded=True, length_ms=20_000, loudness_lufs=-20.0, created_at=WRITTEN_AT,
        )  # fmt: skip
        session.add(segment)
        session.flush()
        audio.segment_ids, audio.degraded = [segment.id], True
    build(station, from_on=date(2026, 12, 1), until_on=date(2026, 12, 31), now=BEGIN)
    run(station, 14)
    with station.read() as session:
        plays = session.scalars(select(Play)).all()
    assert any(play.status == "missed" for play in plays)
    assert not [play for play in plays if play.make_good_for_id]


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


def programme_of_december(station: Station, tmp_path: Path, replays: int) -> None:
    """A programme with one new episode a month, and so many replays of it."""
    episode_id = add_episode(station, tmp_path, seconds=20)
    with station.decide() as session:
        programme = Programme(
            title="Chuyển đổi số", status="active", new_per_month=1, min_replays_per_month=replays, rules={},
            created_at=WRITTEN_AT,
        )  # fmt: skip
        session.add(programme)
        session.flush()
        episode = session.get_one(Episode, episode_id)
        episode.programme_id, episode.month = programme.id, "2026-12"
        episode.parts[0].item.programme_id = programme.id


def standing(station: Station, day: int) -> tuple[str, int, int, list[str]]:
    """How the month stands at midnight before that day: status, aired, planned, reasons."""
    with station.read() as session:
        (found,) = ledger(
            session, station.config, from_on=date(2026, 12, 1), until_on=date(2026, 12, 31),
            now=BEGIN + timedelta(days=day - 1), simulated=True,
        )  # fmt: skip
        return found.status, found.aired, found.planned, [str(reason) for reason in found.reasons]


def test_an_obligation_that_losses_have_made_impossible_is_told_as_soon_as_it_is_with_the_reason(
    new_station: NewStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    station = new_station(config='[station]\nlanguage = "en"\n[output.main]\nkind = "null"\n')
    programme_of_december(station, tmp_path, replays=3)
    card = Fragile("main", 0, 1e9)
    monkeypatch.setattr("scheduler.daemon.run.outputs_of", lambda *_facts: {"main": card})
    day = timedelta(days=1)
    build(station, from_on=date(2026, 12, 27), until_on=date(2026, 12, 31), now=BEGIN + 25 * day)
    assert standing(station, 27)[:3] == ("on-track", 0, 4)
    run_station(station, clock="simulated", start_at=BEGIN + 26 * day, until=BEGIN + 28 * day)
    status, aired, planned, reasons = standing(station, 29)  # three days for four airings
    assert (status, aired, planned) == ("lost", 0, 3)
    *losses, last = reasons
    assert last == "no longer fit into the days that are left: 4"
    assert losses
    assert all(
        re.fullmatch(r"missed on 2[78]/12: output main took nothing for 20\.0 s", one) for one in losses
    )
    assert "`loa ledger` tells what is at risk" in caplog.text
    card.to_s = 0  # it is plugged in again
    run_station(station, clock="simulated", start_at=BEGIN + 28 * day, until=BEGIN + 31 * day)
    status, aired, planned, reasons = standing(station, 32)
    assert (status, aired, planned) == ("missed", 3, 0)
    assert reasons == losses


def test_an_obligation_whose_approval_is_withdrawn_is_at_risk_with_the_reason(
    new_station: NewStation, tmp_path: Path
) -> None:
    station = new_station(config='[station]\nlanguage = "en"\n[output.main]\nkind = "null"\n')
    programme_of_december(station, tmp_path, replays=3)
    day = timedelta(days=1)
    build(station, from_on=date(2026, 12, 10), until_on=date(2026, 12, 31), now=BEGIN + 8 * day)
    assert standing(station, 10) == ("on-track", 0, 4, [])
    with station.decide() as session:
        reject(session, session.scalars(select(Item)).one(), "lãnh đạo", "số liệu sai", now=BEGIN + 9 * day)
    assert standing(station, 10) == ("at-risk", 0, 4, ["Bản tin số 1: not approved yet"])
    run(station, 10, since=BEGIN + 9 * day)
    status, aired, planned, reasons = standing(station, 20)
    assert (status, aired) == ("at-risk", 0)
    *losses, missing, doubt = reasons
    assert losses
    assert all(re.fullmatch(r"missed on 1\d/12: item 1 is rejected", one) for one in losses)
    assert missing == f"not planned yet: {4 - planned}"
    assert doubt == "Bản tin số 1: not approved yet"
