"""The planner on made-up stations: every rule holds, the same plan each time, evenly spread, well explained."""

import copy
import json
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest

from content.errors import LoaError
from scheduler.planner import relax, solve
from scheduler.planner.districts import groups_of
from scheduler.planner.entry import make_lines
from scheduler.planner.examples import example
from scheduler.planner.reader import read
from scheduler.planner.telling import tell
from scheduler.planner.verify import hard, verify


def bare(**changes: object) -> dict:
    """One zone, one week from Monday 2 March 2026, an hour each morning, no programme."""
    problem = {
        "meta": {
            "horizon": {"from": "2026-03-02", "until": "2026-03-08"},
            "changeover_s": 10,
            "adjacent_gap_s": 300,
        },
        "zones": [{"id": "Z1", "station": "S1"}],
        "windows": [{"id": "am", "zones": "*", "start": "05:00", "end": "06:00"}],
        "blocks": [],
        "programmes": [],
        "plays": [],
    }
    return problem | changes


def programme(name: str, length_s: int = 600, *, zones: tuple[str, ...] = ("Z1",), **rules: object) -> dict:
    return {
        "id": name,
        "title": name,
        "zones": list(zones),
        "duration_s": length_s,
        "priority": 2,
        "rules": rules,
    }


@pytest.mark.parametrize(("zones", "seed"), [(1, 1), (1, 2), (3, 3)])
def test_a_month_of_mixed_programmes_breaks_no_rule_and_misses_no_wish(seed: int, zones: int) -> None:
    problem = example(zones=zones, programmes=16 * zones, seed=seed)
    plan = solve(problem, time_limit_s=20).to_json(problem)
    assert verify(plan) == []
    assert len(plan["plays"]) > 50


def test_the_same_problem_gives_the_same_plan_byte_for_byte() -> None:
    problem = example(zones=2, programmes=20, seed=7)
    first = json.dumps(solve(problem, time_limit_s=10).to_json(problem))
    assert first == json.dumps(solve(copy.deepcopy(problem), time_limit_s=10).to_json(problem))


def test_the_verifier_sees_what_is_broken() -> None:
    problem = example(seed=4)
    plan = solve(problem, time_limit_s=10).to_json(problem)
    moved = copy.deepcopy(plan)
    moved["plays"][0]["start"] = moved["plays"][0]["start"][:11] + "03:00:00"
    assert any(fault.rule == "WINDOW" for fault in hard(moved))
    doubled = copy.deepcopy(plan)
    doubled["plays"].append({**doubled["plays"][0], "id": "twin"})
    assert any(fault.rule == "OVERLAP" for fault in hard(doubled))
    fewer = {**plan, "plays": plan["plays"][: len(plan["plays"]) // 2]}
    assert any(fault.rule == "COUNT_MIN" for fault in hard(fewer))


def test_a_weekly_programme_is_spread_evenly_when_it_has_the_air_to_itself() -> None:
    problem = bare(programmes=[programme("A", counts=[{"per": "week", "min": 2, "max": 2, "target": 2}])])
    problem["meta"]["horizon"]["until"] = "2026-03-29"
    days = [date.fromisoformat(play["start"][:10]) for play in solve(problem).plays]
    gaps = [(b - a).days for a, b in pairwise(days)]
    assert len(days) == 8
    assert set(gaps) <= {3, 4}


def test_a_play_lies_wholly_inside_the_free_minutes_around_a_relay_block() -> None:
    problem = bare(
        programmes=[programme(f"P{i}", 870, counts=[{"per": "day", "min": 1, "max": 1}]) for i in range(3)],
        blocks=[{"id": "relay", "kind": "relay", "zones": "*", "start": "05:30", "end": "05:45"}],
    )
    plan = solve(problem).to_json(problem)
    assert hard(plan) == []
    assert len(plan["plays"]) == 21


def test_two_programmes_of_one_topic_are_kept_apart_even_when_a_short_one_lies_between_and_is_missed() -> (
    None
):
    problem = bare(
        programmes=[programme(n, 300, counts=[{"per": "day", "min": 1, "max": 1}]) for n in ("A", "B", "C")]
    )
    for entry in problem["programmes"][:2]:
        entry["topic"] = "thuế"
    plan = solve(problem).to_json(problem)
    assert hard(plan) == []
    for play in plan["plays"]:
        if play["programme"] == "C":
            play["status"] = "missed"
    assert not [fault for fault in hard(plan) if fault.rule == "TOPIC_ADJ"]


def test_zones_that_share_no_session_are_served_apart() -> None:
    problem = bare(
        zones=[{"id": "Z1"}, {"id": "Z2"}],
        windows=[
            {"id": "am", "zones": ["Z1"], "start": "05:00", "end": "06:00"},
            {"id": "pm", "zones": ["Z2"], "start": "17:00", "end": "18:00"},
        ],
        programmes=[programme("A", zones=("Z1", "Z2"), counts=[{"per": "week", "min": 2}], min_gap_days=2)],
    )
    plan = solve(problem).to_json(problem)
    assert hard(plan) == []
    assert {tuple(play["zones"]) for play in plan["plays"]} == {("Z1",), ("Z2",)}


def test_a_series_gets_one_new_programme_a_month_with_its_replays() -> None:
    problem = bare(
        programmes=[programme(f"S{i}", counts=[{"per": "total", "min": 0, "max": 9}]) for i in range(2)]
    )
    problem["meta"]["horizon"] = {"from": "2026-03-01", "until": "2026-04-30"}
    problem["series"] = [{"id": "CĐS", "zones": ["Z1"], "new_per_month": 1, "min_replays": 3}]
    for entry in problem["programmes"]:
        entry["series"] = "CĐS"
    plan = solve(problem).to_json(problem)
    assert hard(plan) == []
    by_month = {(play["programme"], play["start"][:7]) for play in plan["plays"]}
    assert {month for _, month in by_month} == {"2026-03", "2026-04"}


def a_series(*programmes: dict) -> dict:
    problem = bare(programmes=[{**entry, "series": "CĐS"} for entry in programmes])
    problem["meta"]["horizon"] = {"from": "2026-03-01", "until": "2026-04-30"}
    problem["series"] = [{"id": "CĐS", "zones": ["Z1"], "new_per_month": 1, "min_replays": 3}]
    return problem


FREE = [{"per": "total", "min": 0, "max": 9}]


@pytest.mark.parametrize(
    "narrow",
    [
        {"counts": FREE, "weekdays": [3], "min_gap_days": 14},
        {"counts": [{"per": "total", "min": 0, "max": 2}]},
        {"counts": FREE, "min_gap_days": 12},
    ],
)
def test_a_series_that_is_replayed_too_seldom_is_told_with_relaxations_that_work(narrow: dict) -> None:
    problem = a_series(programme("S1", max_per_day=1, **narrow), programme("S2", max_per_day=1, counts=FREE))
    (short,) = [s for s in solve(problem).shortfalls if not s.soft]
    assert (short.rule, short.programme) == ("SERIES", "S1")
    assert short.missing == short.unavoidable > 0
    assert short.clashes
    assert any(r.missing_after == 0 for r in short.relaxations)
    for relaxation in short.relaxations:
        relaxed = relax.apply(problem, relaxation.change)
        after = [s for s in solve(relaxed).shortfalls if not s.soft]
        assert sum(s.missing for s in after) == relaxation.missing_after < short.missing


def test_a_month_without_a_new_programme_of_a_series_is_told() -> None:
    problem = a_series(programme("S1", max_per_day=1, counts=FREE))
    solution = solve(problem)
    (short,) = [s for s in solution.shortfalls if not s.soft]
    (fault,) = hard(solution.to_json(problem))
    assert (fault.rule, fault.when, fault.amount) == (short.rule, short.first_on, short.missing)
    assert short.unavoidable == 1
    assert "begins 0 of 1 new programmes" in tell([short], str)[0]
    (relaxation,) = short.relaxations
    assert solve(relax.apply(problem, relaxation.change)).shortfalls == []


def test_two_frozen_plays_of_one_topic_that_a_miss_brings_together_are_told() -> None:
    names = ("A", "B", "C")
    problem = bare(
        programmes=[
            {
                **programme(name, 60, counts=[{"per": "week", "min": 1}]),
                "topic": "thuế" if name != "B" else "y",
            }
            for name in names
        ]
    )
    problem["meta"]["freeze_min"] = 30
    problem["plays"] = [
        {
            "id": name,
            "programme": name,
            "start": f"2026-03-02T05:{minute:02d}:00",
            "zones": ["Z1"],
            "status": "missed" if name == "B" else "planned",
        }
        for name, minute in zip(names, (2, 4, 6), strict=True)
    ]
    solution = solve(problem, now="2026-03-02T05:01:00")
    (told,) = [s for s in solution.shortfalls if s.rule == "TOPIC_ADJ"]
    assert told.facts["plays"] == ["A", "C"]
    assert told.missing == 0
    assert "loa plan move C --now" in tell([told], str)[0]
    assert [f.rule for f in hard(solution.to_json(problem))] == ["TOPIC_ADJ"]


def test_pinned_and_aired_plays_stay_and_count() -> None:
    problem = bare(programmes=[programme("A", counts=[{"per": "week", "min": 3, "max": 3}], min_gap_days=1)])
    fixed = [
        {"id": "x1", "programme": "A", "start": "2026-03-02T05:00:00", "zones": ["Z1"], "status": "aired"},
        {"id": "x2", "programme": "A", "start": "2026-03-06T05:20:00", "zones": ["Z1"], "status": "pinned"},
    ]
    problem["plays"] = fixed
    plan = solve(problem).to_json(problem)
    assert hard(plan) == []
    assert [play for play in plan["plays"] if play["id"] in {"x1", "x2"}] == fixed
    assert len(plan["plays"]) == 3


def test_what_cannot_be_met_is_told_with_its_dates_and_a_relaxation_that_works() -> None:
    problem = bare(
        programmes=[
            programme("A", counts=[{"per": "total", "min": 4}], weekdays=[3], max_per_day=1),
            programme("B"),
        ]
    )
    problem["meta"]["horizon"]["until"] = "2026-03-22"
    problem["blocks"] = [{"id": "exam", "kind": "blackout", "zones": "*", "dates": ["2026-03-11"]}]
    solution = solve(problem)
    [short] = solution.shortfalls
    assert (short.programme, short.needed, short.planned, short.unavoidable) == ("A", 4, 2, 2)
    assert short.dates == ("2026-03-04", "2026-03-18")
    assert short.relaxations
    for relaxation in short.relaxations:
        assert relaxation.works
        relaxed = relax.apply(problem, relaxation.change)
        left = sum(fault.amount for fault in hard(solve(relaxed).to_json(relaxed)))
        assert left <= relaxation.missing_after < short.missing
    [text] = tell(solution.shortfalls, lambda message: message)
    assert "Wednesday" in text
    assert "11/03" in text


def test_five_magazines_for_three_places_are_the_least_shortfall_and_name_each_other() -> None:
    problem = bare(
        programmes=[
            programme(f"X{i}", 1180, counts=[{"per": "week", "min": 1}], weekdays=[7], max_per_day=1)
            for i in range(5)
        ]
    )
    shortfalls = solve(problem).shortfalls
    assert sum(short.missing for short in shortfalls) == 2
    assert sum(short.unavoidable for short in shortfalls) == 2
    for short in shortfalls:
        assert len(short.facts["clashing_programmes"]) == 3


def test_a_miss_is_made_good_and_nothing_else_moves() -> None:
    problem = example(zones=2, programmes=30, seed=3)
    plan = solve(problem, time_limit_s=15).to_json(problem)
    plays = sorted(plan["plays"], key=lambda play: play["start"])
    missed = plays[40]
    now = datetime.fromisoformat(missed["start"]) + timedelta(minutes=20)
    for play in plays[:40]:
        play["status"] = "aired"
    missed["status"] = "missed"
    again = solve(plan, baseline=plan, now=now).to_json(plan)
    assert hard(again) == []
    was = {play["id"]: play["start"] for play in plan["plays"]}
    moved = [play for play in again["plays"] if was.get(play["id"], play["start"]) != play["start"]]
    fresh = [play for play in again["plays"] if play["id"] not in was]
    assert len(moved) <= 5
    assert [play.get("makes_good") for play in fresh if play["programme"] == missed["programme"]] == [
        missed["id"]
    ]
    freeze = (now + timedelta(minutes=30)).isoformat()
    assert all(play["start"] >= freeze for play in moved + fresh)


def test_a_new_closed_day_moves_only_what_must_move() -> None:
    problem = example(zones=2, programmes=30, seed=5)
    plan = solve(problem, time_limit_s=15).to_json(problem)
    closed = sorted({play["start"][:10] for play in plan["plays"]})[15]
    plan["blocks"].append({"id": "funeral", "kind": "blackout", "zones": "*", "dates": [closed]})
    again = solve(plan, now=problem["meta"]["horizon"]["from"] + "T00:00:00").to_json(plan)
    assert hard(again) == [] or hard(solve({**plan, "plays": []}).to_json(plan))
    was = {play["id"]: play["start"] for play in plan["plays"]}
    touched = sum(1 for play in plan["plays"] if play["start"][:10] == closed)
    moved = [play for play in again["plays"] if was.get(play["id"], play["start"]) != play["start"]]
    assert len(moved) <= 3 * touched


def test_a_district_is_planned_in_groups_and_breaks_no_rule() -> None:
    problem = example(zones=1, programmes=1, seed=1)
    problem["zones"], problem["programmes"] = [], []
    for station in range(4):
        part = example(zones=1, programmes=52, seed=station, days=7, minutes_a_day=25)
        problem["meta"] = part["meta"]
        problem["zones"].append({**part["zones"][0], "id": f"Z{station}", "station": f"S{station}"})
        for entry in part["programmes"]:
            problem["programmes"].append(
                {**entry, "id": f"S{station}{entry['id']}", "zones": [f"Z{station}"]}
            )
    everywhere = programme(
        "D", 120, zones=tuple(zone["id"] for zone in problem["zones"]), counts=[{"per": "week", "min": 2}]
    )
    problem["programmes"].append(everywhere)
    compact = read(problem)
    groups, wide = groups_of(make_lines(compact, [], 0), 4) or ([], [])
    assert (len(groups), len(wide)) == (4, 1)
    assert hard(solve(problem).to_json(problem)) == []


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("meta", None),
        ("zones", [{"id": ""}]),
        ("zones", [{"id": "Z1"}, {"id": "Z1"}]),
        ("windows", [{"id": "w", "zones": ["nowhere"], "start": "05:00", "end": "06:00"}]),
        ("windows", [{"id": "w", "zones": "*", "start": "25:00", "end": "26:00"}]),
        ("windows", [{"id": "w", "zones": "*", "start": "06:00", "end": "05:00"}]),
        ("programmes", [{"id": "A", "zones": ["Z1"], "duration_s": -5}]),
        (
            "programmes",
            [{"id": "A", "zones": ["Z1"], "duration_s": 60, "rules": {"counts": [{"per": "moon"}]}}],
        ),
        ("programmes", "none"),
        ("plays", [{"id": "p", "programme": "unknown", "start": "2026-03-02T05:00:00", "zones": ["Z1"]}]),
        ("plays", [{"id": "p", "status": "emergency", "start": "soon", "zones": ["Z1"]}]),
    ],
)
def test_nonsense_is_rejected_with_its_place(place: str, value: object) -> None:
    with pytest.raises(LoaError, match=place):
        solve(bare(**{place: value}))
