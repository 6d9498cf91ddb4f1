"""A station's own rules from the command line to the plan: lunar days, fixed times, minutes, other weeks, order."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import loa
from content.programmes import add_programme
from content.station import Station, init_station
from scheduler.commands.plan_rules import DaypartError, RangeWordsError, rules_of
from scheduler.station_plan import build

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    opened = init_station(tmp_path / "station")
    with opened.decide() as session:
        for title in ("Chuyện làng", "Bản tin"):
            add_programme(session, title=title, now=NOW, target_length_ms=120_000)
    yield opened
    opened.close()


def give(station: Station, programme: int, *options: str) -> None:
    config = str(station.folder / "config.toml")
    told = CliRunner().invoke(loa, ["-C", config, "programme", "rule", str(programme), *options])
    assert told.exit_code == 0, told.output + str(told.exception)


def starts(station: Station, *options: str, programme: int = 1) -> list[datetime]:
    """When the programme airs in December 2026 once these options are given."""
    give(station, programme, *options)
    built = build(station, from_on=date(2026, 12, 1), until_on=date(2026, 12, 31), now=NOW)
    assert not built.shortfalls
    with station.read() as session:
        mine = [
            p.starts_at for p in built.plays if session.merge(p, load=False).episode.programme_id == programme
        ]
    return [at.astimezone(station.tz) for at in mine]


@pytest.mark.parametrize(
    ("options", "days"),
    [
        (["--on", "rằm", "--on", "mùng 1"], ["09", "23"]),
        (["--on", "first tuesday of the month"], ["01"]),
        (["--on", "thứ Sáu cuối cùng của tháng"], ["25"]),
        (["--on", "2026-12-17"], ["17"]),
    ],
)
def test_named_days_reach_the_plan(station: Station, options: list[str], days: list[str]) -> None:
    assert [f"{at:%d}" for at in starts(station, *options)] == days


@pytest.mark.parametrize(
    ("name", "month", "days"),
    [
        ("mùng ba tháng Giêng", date(2027, 2, 1), ["08"]),
        ("Giỗ Tổ Hùng Vương", date(2027, 4, 1), ["16"]),
        ("Quốc khánh", date(2027, 9, 1), ["02"]),
        ("rằm tháng Bảy", date(2027, 8, 1), ["16"]),
    ],
)
def test_holidays_and_lunar_days_by_name_reach_the_plan_and_the_screen(
    station: Station, name: str, month: date, days: list[str]
) -> None:
    give(station, 1, "--on", name)
    config = str(station.folder / "config.toml")
    last = date(month.year, month.month, 28)
    built = build(station, from_on=month, until_on=last, now=NOW)
    assert not built.shortfalls
    shown = CliRunner().invoke(
        loa, ["-C", config, "plan", "show", "--json", "--from", str(month), "--to", str(last)]
    )
    mine = [p for p in json.loads(shown.stdout) if p["programme_id"] == 1]
    assert [p["start_local"][8:10] for p in mine] == days


def test_a_month_that_begins_on_a_sunday_without_a_session_owes_nothing_to_that_week(
    station: Station,
) -> None:
    assert date(2027, 8, 1).isoweekday() == 7
    built = build(station, from_on=date(2027, 8, 1), until_on=date(2027, 8, 31), now=NOW)
    assert not built.shortfalls
    assert len(built.plays) >= 8


def test_days_of_tet_without_a_session_are_told_one_by_one(station: Station) -> None:
    give(station, 1, "--on", "Tết")  # Saturday 6, Sunday 7 and Monday 8 February
    built = build(station, from_on=date(2027, 2, 1), until_on=date(2027, 2, 28), now=NOW)
    assert [f"{p.starts_at.astimezone(station.tz):%d/%m}" for p in built.plays if p.episode_id == 1] == [
        "08/02"
    ]
    assert [(s.first_on, s.missing, s.unavoidable) for s in built.shortfalls] == [
        ("2027-02-06", 1, 1),
        ("2027-02-07", 1, 1),
    ]
    assert all(s.clashes for s in built.shortfalls)


def test_a_fixed_time_is_kept_to_the_second(station: Station) -> None:
    aired = starts(station, "--start", "17:10", "--times", "2", "--per", "week")
    assert {f"{at:%H:%M:%S}" for at in aired} == {"17:10:00"}
    assert len(aired) >= 8


def test_a_programme_told_only_when_to_air_airs_once_a_week(station: Station) -> None:
    assert [f"{at:%d}" for at in starts(station, "--weekday", "3")] == ["02", "09", "16", "23", "30"]


def test_minutes_a_week_become_airings(station: Station) -> None:
    aired = starts(station, "--minutes", "6-8", "--per", "week")
    full = [at for at in aired if 7 <= at.day <= 27]
    assert 9 <= len(full) <= 12


def test_every_other_week_leaves_the_weeks_between_silent(station: Station) -> None:
    weeks = sorted({at.isocalendar().week for at in starts(station, "--every-weeks", "2")})
    assert len(weeks) >= 2
    assert all(b - a == 2 for a, b in pairwise(weeks))


def test_what_opens_a_session_stands_before_the_others(station: Station) -> None:
    give(station, 1, "--start", "17:05", "--weekday", "3")
    first = starts(station, "--place", "first", "--daypart", "17:00-17:30", "--weekday", "3", programme=2)
    assert first
    assert all(at.isoweekday() == 3 and f"{at:%H:%M}" < "17:05" for at in first)


def test_rules_are_shown_added_to_and_cleared(station: Station) -> None:
    config = str(station.folder / "config.toml")
    rule = ["--lang", "en", "-C", config, "programme", "rule", "1"]
    CliRunner().invoke(loa, [*rule, "--times", "2-3", "--gap-days", "2"])
    shown = CliRunner().invoke(loa, [*rule, "--most-a-day", "1"]).output
    assert "2–3 a week" in shown
    assert "Most airings a day" in shown
    CliRunner().invoke(loa, [*rule, "--clear"])
    assert "no rules of its own" in CliRunner().invoke(loa, rule).output


@pytest.mark.parametrize("options", [["--on", "hôm nào đó"], ["--start", "25:00"], ["--times", "many"]])
def test_a_rule_that_says_nothing_is_refused_when_it_is_given(station: Station, options: list[str]) -> None:
    config = str(station.folder / "config.toml")
    told = CliRunner().invoke(loa, ["-C", config, "programme", "rule", "1", *options])
    assert told.exit_code != 0
    with station.read() as session:
        assert session.connection().exec_driver_sql("select rules from programmes").scalars().first() == "{}"


def test_counts_and_dayparts_that_cannot_be_read_are_told() -> None:
    for wrong in ("", "-1", "3-2", "2-x"):
        with pytest.raises(RangeWordsError):
            rules_of(times=wrong)
    for wrong in ("05:00", "08:00-05:00", "9:00-25:00", "05:60-07:00"):
        with pytest.raises(DaypartError):
            rules_of(dayparts=(wrong,))
