"""Rules beyond the planner's schema: fixed starts, minutes, named days, every other week, places in a session."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from content.programmes import add_programme
from content.station import Station, init_station
from scheduler.planner import solve
from scheduler.planner.beyond import DayRuleError, StationRuleError, dates_of, translate
from scheduler.planner.examples import example
from scheduler.planner.verify import verify
from scheduler.station_plan import build
from scheduler.station_problem import TitledRuleError

MARCH = (date(2026, 3, 1), date(2026, 3, 31))


def a_month(*programmes: dict[str, Any]) -> dict[str, Any]:
    return {
        "meta": {
            "horizon": {"from": "2026-03-01", "until": "2026-03-31"},
            "changeover_s": 10,
            "adjacent_gap_s": 300,
        },
        "zones": [{"id": "Z1", "station": "S"}],
        "windows": [
            {"id": "am", "zones": "*", "start": "05:00", "end": "06:00"},
            {"id": "pm", "zones": "*", "start": "17:00", "end": "18:00"},
        ],
        "blocks": [],
        "programmes": list(programmes),
        "series": [],
        "plays": [],
    }


def programme(name: str, rules: dict[str, Any], length_s: int = 600) -> dict[str, Any]:
    plain = translate(rules, length_s=length_s, horizon=MARCH)
    return {"id": name, "title": name, "duration_s": length_s, "zones": ["Z1"], "rules": plain}


DAILY = {"counts": [{"per": "day", "min": 1, "max": 2, "target": 1}]}


def solved(*programmes: dict[str, Any]) -> dict[str, list[str]]:
    """The starts of each programme in a plan without any fault."""
    problem = a_month(*programmes)
    plan = solve(problem).to_json(problem)
    assert not verify(plan)
    starts: dict[str, list[str]] = {entry["id"]: [] for entry in programmes}
    for play in plan["plays"]:
        starts[play["programme"]].append(play["start"])
    return starts


def days(starts: list[str]) -> list[str]:
    return sorted(start[:10] for start in starts)


def test_a_hard_start_is_kept_to_the_second_beside_others_that_want_the_same_session() -> None:
    starts = solved(
        programme("other", DAILY),
        programme("news", {"hard_start": "05:30", **DAILY}),
        programme("third", DAILY),
    )
    assert {start[11:] for start in starts["news"]} == {"05:30:00"}
    assert len(starts["news"]) == 31


def test_a_programme_may_have_several_hard_starts() -> None:
    rules = {"hard_start": ["05:30", "17:00"], "counts": [{"per": "day", "min": 2, "max": 2}], "min_gap_h": 6}
    assert len(solved(programme("news", rules))["news"]) == 62


def test_a_quota_of_minutes_becomes_as_many_airings_as_bring_it() -> None:
    (count,) = translate({"minutes": {"per": "week", "min": 30, "max": 45}}, length_s=420, horizon=MARCH)[
        "counts"
    ]
    assert count == {"per": "week", "min": 5, "max": 6}
    starts = solved(
        programme("law", {"minutes": {"per": "week", "min": 30, "max": 45}, "min_gap_days": 1}, 420)
    )
    week = [day for day in days(starts["law"]) if "2026-03-09" <= day <= "2026-03-15"]
    assert 30 <= len(week) * 7 <= 45


def test_what_is_owed_in_minutes_comes_before_what_is_allowed() -> None:
    (count,) = translate({"minutes": {"per": "week", "min": 25, "max": 30}}, length_s=1200, horizon=MARCH)[
        "counts"
    ]
    assert count == {"per": "week", "min": 2, "max": 2}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["rằm"], ["2026-03-03"]),
        (["mùng 1"], ["2026-03-19"]),
        (["Mồng một", "RẰM"], ["2026-03-03", "2026-03-19"]),
        (["rằm tháng Giêng"], ["2026-03-03"]),
        (["first monday of the month"], ["2026-03-02"]),
        (["last friday of the month"], ["2026-03-27"]),
        (["thứ Tư thứ 2 của tháng"], ["2026-03-11"]),
        (["Chủ nhật cuối cùng của tháng"], ["2026-03-29"]),
        (["2026-03-08", "2026-04-08"], ["2026-03-08"]),
        (["fifth friday of the month"], []),
    ],
)
def test_named_days_become_dates(names: list[str], expected: list[str]) -> None:
    assert sorted(day.isoformat() for day in dates_of(names, *MARCH)) == expected


def test_tet_and_public_holidays_are_known_in_every_year_of_the_horizon() -> None:
    found = dates_of(["Tết", "Quốc khánh"], date(2026, 1, 1), date(2027, 12, 31))
    assert [day.isoformat() for day in sorted(found)] == [
        "2026-02-17", "2026-02-18", "2026-02-19", "2026-09-02", "2027-02-06", "2027-02-07", "2027-02-08", "2027-09-02",
    ]  # fmt: skip


def test_a_programme_for_named_days_airs_on_each_of_them_and_on_no_other() -> None:
    starts = solved(
        programme("full moon", {"on": ["rằm", "mùng 1", "first monday of the month"]}), programme("b", DAILY)
    )
    assert days(starts["full moon"]) == ["2026-03-02", "2026-03-03", "2026-03-19"]


def test_its_own_counts_hold_only_on_named_days() -> None:
    rules = {"on": ["rằm", "mùng 1"], "counts": [{"per": "day", "min": 2, "max": 2}], "min_gap_h": 6}
    assert days(solved(programme("full moon", rules))["full moon"]) == ["2026-03-03"] * 2 + ["2026-03-19"] * 2


def test_every_other_week_leaves_out_the_weeks_between() -> None:
    starts = solved(programme("a", {"every_weeks": 2, "weeks_from": "2026-03-02"}), programme("b", DAILY))
    weeks = [date.fromisoformat(day).isocalendar().week for day in days(starts["a"])]
    assert weeks == [10, 12, 14]


def test_counts_per_week_hold_in_every_other_week() -> None:
    rules = {
        "every_weeks": 2,
        "weeks_from": "2026-03-09",
        "weekdays": [1, 3, 5],
        "counts": [{"per": "week", "min": 2, "max": 2}],
        "min_gap_days": 2,
    }
    weeks = [date.fromisoformat(day).isocalendar().week for day in days(solved(programme("a", rules))["a"])]
    assert weeks == [11, 11, 13, 13]


def test_days_that_are_over_owe_nothing() -> None:
    rules = translate({"on": ["rằm", "mùng 1"]}, length_s=60, horizon=MARCH, owed_from=date(2026, 3, 10))
    assert [count["from"] for count in rules["counts"] if count.get("min")] == ["2026-03-19"]


def test_rules_of_the_schema_pass_unchanged() -> None:
    assert translate(DAILY, length_s=60, horizon=MARCH) == DAILY


@pytest.mark.parametrize(
    "rules",
    [
        {"hard_start": "5.30"},
        {"hard_start": "25:00"},
        {"hard_start": "23:59"},
        {"hard_start": 5},
        {"minutes": 30},
        {"minutes": {"per": "week", "min": "30"}},
        {"minutes": {"per": "week", "min": float("nan")}},
        {"every_weeks": 0},
        {"every_weeks": "2"},
        {"every_weeks": 2, "weeks_from": "soon"},
        {"place": "middle"},
    ],
)
def test_a_rule_written_wrongly_is_told_with_an_example(rules: dict[str, Any]) -> None:
    with pytest.raises(StationRuleError):
        translate(rules, length_s=600, horizon=MARCH)


@pytest.mark.parametrize("day", ["", "blue monday", "mùng 31", "ngày 7", "rằm tháng 13", 7, None])
def test_a_day_that_is_none_is_told(day: object) -> None:
    with pytest.raises(DayRuleError):
        translate({"on": [day]}, length_s=600, horizon=MARCH)


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    opened = init_station(tmp_path / "station")
    yield opened
    opened.close()


def of_a_programme(station: Station, rules: dict[str, Any]) -> list[datetime]:
    now = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
    with station.decide() as session:
        add_programme(session, title="Chuyện làng", now=now, rules=rules, target_length_ms=120_000)
    built = build(station, from_on=date(2026, 12, 1), until_on=date(2026, 12, 31), now=now)
    assert not built.shortfalls
    return [play.starts_at.astimezone(station.tz) for play in built.plays]


def test_a_station_programme_airs_on_the_days_and_at_the_time_that_its_own_rules_name(
    station: Station,
) -> None:
    starts = of_a_programme(station, {"on": ["rằm", "mùng 1"], "hard_start": "17:10"})
    assert [f"{start:%d %H:%M:%S}" for start in starts] == ["09 17:10:00", "23 17:10:00"]


def test_a_station_programme_with_only_a_hard_start_airs_once_a_week(station: Station) -> None:
    starts = of_a_programme(station, {"hard_start": "06:40"})
    assert len(starts) >= 4
    assert {f"{start:%H:%M:%S}" for start in starts} == {"06:40:00"}


def test_a_wrong_rule_of_a_station_programme_is_told_with_its_title(station: Station) -> None:
    with pytest.raises(TitledRuleError, match="Chuyện làng"):
        of_a_programme(station, {"on": ["hôm nào đó"]})


def asking_for_a_place(seed: int = 3) -> dict[str, Any]:
    problem = example(zones=2, programmes=16, days=14, seed=seed, minutes_a_day=30)
    for number, entry in enumerate(problem["programmes"]):
        if number % 4 == 0:
            entry["place"] = "first" if number % 8 == 0 else "last"
    return problem


def session_of(play: dict[str, Any]) -> tuple[str, int]:
    clock = play["start"][11:]
    return play["start"][:10], (clock >= "05:45") + (clock >= "12:00")  # the relay cuts the morning in two


def out_of_place(plan: dict[str, Any]) -> int:
    """Pairs of neighbours on one day and within one session of a zone that stand in the wrong order."""
    rank = {"first": 0, None: 1, "last": 2}
    place = {entry["id"]: rank[entry.get("place")] for entry in plan["programmes"]}
    wrong = 0
    for zone in plan["zones"]:
        plays = sorted((p for p in plan["plays"] if zone["id"] in p["zones"]), key=lambda p: p["start"])
        for before, after in pairwise(plays):
            same = session_of(before) == session_of(after)
            wrong += same and place[before["programme"]] > place[after["programme"]]
    return wrong


def test_news_opens_each_session_and_notices_close_it() -> None:
    daily = {"counts": [{"per": "day", "min": 2, "max": 2}], "min_gap_h": 6}
    programmes = [programme(name, daily, 300) for name in ("notice", "a", "b", "news")]
    programmes[0]["place"], programmes[3]["place"] = "last", "first"
    problem = a_month(*programmes)
    plan = solve(problem).to_json(problem)
    assert not verify(plan)
    sessions: dict[tuple[str, bool], list[tuple[str, str]]] = {}
    for play in plan["plays"]:
        key = play["start"][:10], play["start"][11:] < "12"
        sessions.setdefault(key, []).append((play["start"], play["programme"]))
    assert len(sessions) == 62
    for plays in sessions.values():
        order = [name for _start, name in sorted(plays)]
        assert (order[0], order[-1]) == ("news", "notice")


@pytest.mark.parametrize("seed", [3, 4])
def test_putting_sessions_in_order_breaks_no_rule_and_changes_no_day(seed: int) -> None:
    problem = asking_for_a_place(seed)
    plain = {**problem, "programmes": [{**p, "place": None} for p in problem["programmes"]]}
    without, ordered = solve(plain).to_json(plain), solve(problem).to_json(problem)
    assert len(verify(ordered)) <= len(verify(without))
    days_of = [
        sorted((p["programme"], p["start"][:10]) for p in plan["plays"]) for plan in (without, ordered)
    ]
    assert days_of[0] == days_of[1]
    assert out_of_place(ordered) <= out_of_place({**without, "programmes": problem["programmes"]}) / 2


def test_an_order_that_would_put_two_of_one_topic_side_by_side_is_not_taken() -> None:
    daily = {"counts": [{"per": "day", "min": 1, "max": 1}], "dayparts": [["05:00", "06:00"]]}
    health = [{**programme(name, daily, 300), "topic": "health"} for name in ("a", "b")]
    tight = {**a_month(*health, programme("long", daily, 2970)), "meta": {**a_month()["meta"]}}
    health[0]["place"] = "first"
    health[1]["place"] = "first"
    plan = solve(tight).to_json(tight)
    assert not verify(plan)


def test_pinned_plays_and_fixed_starts_stay_where_they_are_when_sessions_are_put_in_order() -> None:
    daily = {"counts": [{"per": "day", "min": 1, "max": 1}], "dayparts": [["05:00", "06:00"]]}
    news = {**programme("news", daily, 300), "place": "first"}
    exact = programme("exact", {"hard_start": "05:10", **DAILY}, 300)
    problem = a_month(programme("a", daily, 300), news, exact)
    pinned = {
        "id": "p",
        "programme": "a",
        "start": "2026-03-05T05:00:00",
        "zones": ["Z1"],
        "status": "pinned",
    }
    problem["plays"] = [pinned]
    plan = solve(problem).to_json(problem)
    assert not verify(plan)
    assert pinned in plan["plays"]
    assert {p["start"][11:] for p in plan["plays"] if p["programme"] == "exact"} == {"05:10:00"}
    by_day: dict[str, dict[str, str]] = {}
    for play in plan["plays"]:
        by_day.setdefault(play["start"][:10], {})[play["programme"]] = play["start"]
    assert all(day["news"] < day["a"] for on, day in by_day.items() if on != "2026-03-05")


def test_a_plan_in_order_stays_as_it_is_when_planned_again() -> None:
    problem = asking_for_a_place()
    plan = solve(problem).to_json(problem)
    again = solve(plan).to_json(plan)
    assert sorted(again["plays"], key=lambda p: p["id"]) == sorted(plan["plays"], key=lambda p: p["id"])
