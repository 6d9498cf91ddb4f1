"""Planning for a station: the customer's rule, frozen plays, re-planning, and first airings named."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from content.items import add_item
from content.programmes import add_programme
from content.station import Station, init_station
from scheduler.models import Play
from scheduler.station_plan import (
    BuiltPlan,
    LongRangeError,
    NothingToPlanError,
    PastRangeError,
    RangeError,
    build,
)

DECEMBER = {"from_on": date(2026, 12, 1), "until_on": date(2026, 12, 31)}
BEFORE = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    opened = init_station(tmp_path / "station")
    yield opened
    opened.close()


def a_monthly_programme(station: Station, **fields: object) -> None:
    with station.decide() as session:
        add_programme(
            session,
            title="Dịch vụ công",
            now=BEFORE,
            **{"new_per_month": 1, "min_replays_per_month": 3, **fields},
        )


def local_days(station: Station, built: BuiltPlan) -> list[date]:
    return [station.day_of(play.starts_at) for play in built.plays]


def test_one_new_episode_a_month_replayed_three_times_on_different_days_inside_sessions(
    station: Station,
) -> None:
    a_monthly_programme(station)
    built = build(station, **DECEMBER, now=BEFORE)
    days = local_days(station, built)
    assert len(days) >= 4
    assert len(set(days)) == len(days)
    assert [play.kind for play in built.plays] == ["first"] + ["replay"] * (len(days) - 1)
    sessions = {(6, 30): (7, 0), (17, 0): (17, 30)}
    for play in built.plays:
        start = play.starts_at.astimezone(station.tz)
        end = start + timedelta(milliseconds=play.length_ms)
        assert start.isoweekday() <= 5
        assert any(
            (start.hour, start.minute) >= opens and (end.hour, end.minute) <= closes
            for opens, closes in sessions.items()
        )
    assert not built.shortfalls


def test_eight_new_episodes_a_month_come_in_order_and_are_spread(station: Station) -> None:
    a_monthly_programme(station, new_per_month=8, min_replays_per_month=0, target_length_ms=120_000)
    built = build(station, **DECEMBER, now=BEFORE)
    firsts = [play.episode.number for play in built.plays if play.kind == "first" and play.episode]
    assert firsts == sorted(firsts)
    assert set(firsts) == set(range(1, 9))


def test_plays_never_overlap_in_a_zone(station: Station) -> None:
    for _number in range(5):
        a_monthly_programme(station)
    built = build(station, **DECEMBER, now=BEFORE)
    for one, following in zip(built.plays, built.plays[1:], strict=False):
        assert one.starts_at + timedelta(milliseconds=one.length_ms) <= following.starts_at


def test_building_again_moves_nothing(station: Station) -> None:
    a_monthly_programme(station)
    first = build(station, **DECEMBER, now=BEFORE)
    again = build(station, **DECEMBER, now=BEFORE)
    assert (again.added, again.moved, again.removed) == (0, 0, 0)
    assert [(p.id, p.starts_at) for p in again.plays] == [(p.id, p.starts_at) for p in first.plays]


def test_plays_that_aired_are_pinned_or_lie_in_the_past_stay_where_they_are(station: Station) -> None:
    a_monthly_programme(station)
    built = build(station, **DECEMBER, now=BEFORE)
    aired, pinned = built.plays[0], built.plays[1]
    with station.decide() as session:
        for play, status in ((aired, "aired"), (pinned, "pinned")):
            found = session.get(Play, play.id)
            assert found is not None
            found.status = status
    with station.decide() as session:
        add_programme(session, title="Phòng cháy", now=BEFORE, new_per_month=1, min_replays_per_month=3)
    later = build(station, **DECEMBER, now=aired.starts_at + timedelta(hours=1))
    at = {play.id: play.starts_at for play in later.plays}
    assert at[aired.id] == aired.starts_at
    assert at[pinned.id] == pinned.starts_at
    new = [play for play in later.plays if play.id not in {p.id for p in built.plays}]
    assert new
    assert all(play.starts_at > aired.starts_at + timedelta(hours=1) for play in new)


@pytest.mark.parametrize("day", [10, 18, 25])
def test_a_plan_that_begins_late_in_the_month_still_owes_the_whole_month(station: Station, day: int) -> None:
    a_monthly_programme(station)
    built = build(station, from_on=date(2026, 12, day), until_on=date(2026, 12, 31), now=BEFORE)
    assert len(set(local_days(station, built))) >= 4
    assert not built.shortfalls


def test_airings_earlier_in_the_month_count_for_a_plan_of_its_rest(station: Station) -> None:
    a_monthly_programme(station)
    first = build(station, from_on=date(2026, 12, 1), until_on=date(2026, 12, 15), now=BEFORE)
    assert 1 <= len(first.plays) <= 3
    rest = build(station, from_on=date(2026, 12, 16), until_on=date(2026, 12, 31), now=BEFORE)
    assert 4 <= len(first.plays) + len(rest.plays) <= 5
    assert all(play.kind == "replay" for play in rest.plays)


def test_a_dry_run_leaves_no_play(station: Station) -> None:
    a_monthly_programme(station)
    assert build(station, **DECEMBER, now=BEFORE, dry_run=True).added >= 4
    with station.read() as session:
        assert session.query(Play).count() == 0


def test_a_dry_run_over_a_standing_plan_shows_what_would_stand(station: Station) -> None:
    a_monthly_programme(station)
    built = build(station, **DECEMBER, now=BEFORE)
    tried = build(station, **DECEMBER, now=BEFORE, dry_run=True)
    assert [(play.starts_at, play.episode.title) for play in tried.plays if play.episode] == [
        (play.starts_at, play.episode.title) for play in built.plays if play.episode
    ]
    assert [(episode.title, len(episode.parts)) for episode in tried.waiting] == [
        (episode.title, len(episode.parts)) for episode in built.waiting
    ]


def test_what_would_help_names_programmes_by_their_titles(station: Station) -> None:
    a_monthly_programme(
        station,
        new_per_month=None,
        min_replays_per_month=None,
        rules={"counts": [{"per": "day", "min": 3}], "max_per_day": 2},
    )
    shortfalls = build(station, **DECEMBER, now=BEFORE).shortfalls
    told = "\n".join(one.told(lambda message: message) for one in shortfalls)
    assert "checked: " in told
    assert "Dịch vụ công" in told
    assert not re.search(r"\be\d+\b", told), told


def test_an_unapproved_item_is_not_planned_and_an_approved_one_airs_every_week(station: Station) -> None:
    with station.decide() as session:
        add_item(session, title="Nháp", text="Chưa duyệt.", now=BEFORE)
        item = add_item(session, title="Sốt xuất huyết", text="Lật úp dụng cụ chứa nước.", now=BEFORE)
        item.status = "approved"
    built = build(station, **DECEMBER, now=BEFORE)
    assert {play.episode.title for play in built.plays if play.episode} == {"Sốt xuất huyết"}
    weeks = {day.isocalendar().week for day in local_days(station, built)}
    assert len(weeks) >= 4


def test_a_range_that_ends_before_it_begins_and_an_empty_station_are_told(station: Station) -> None:
    with pytest.raises(RangeError):
        build(station, from_on=date(2026, 12, 31), until_on=date(2026, 12, 1), now=BEFORE)
    with pytest.raises(NothingToPlanError, match="import a document"):
        build(station, **DECEMBER, now=BEFORE)


def test_days_that_are_over_are_not_planned_and_a_remedy_is_told(station: Station) -> None:
    a_monthly_programme(station)
    with pytest.raises(PastRangeError, match="plan from 22/11/2026 on"):
        build(station, from_on=date(2026, 10, 1), until_on=date(2026, 10, 31), now=BEFORE)
    assert build(station, from_on=date(2026, 11, 1), until_on=date(2026, 11, 30), now=BEFORE).plays


def test_a_range_of_many_years_is_refused_in_words_of_the_command(station: Station) -> None:
    a_monthly_programme(station)
    with pytest.raises(LongRangeError, match="at most 400 days"):
        build(station, from_on=date(2026, 12, 1), until_on=date(2099, 12, 31), now=BEFORE)
