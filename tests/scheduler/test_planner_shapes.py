"""Stations of other shapes: air all day, sessions that meet at midnight, wished silences, series in some zones only."""

import pytest

from scheduler.planner import solve
from scheduler.planner.alone import alone, least_alone
from scheduler.planner.districts import plan_alone
from scheduler.planner.entry import make_lines, missing
from scheduler.planner.reader import read
from scheduler.planner.search import Search
from scheduler.planner.telling import tell
from scheduler.planner.verify import hard, verify

MARCH = {"from": "2026-03-01", "until": "2026-03-31"}
MORNING = {"id": "am", "zones": "*", "start": "05:00", "end": "06:00"}
EVENING = {"id": "pm", "zones": "*", "start": "17:00", "end": "18:00"}
ALL_DAY = {"id": "day", "zones": "*", "start": "05:00", "end": "21:00"}


def station(*programmes: dict, zones: tuple[str, ...] = ("Z1",), **changes: object) -> dict:
    return {
        "meta": {"horizon": MARCH, "changeover_s": 10, "adjacent_gap_s": 300},
        "zones": [{"id": zone, "station": "S1"} for zone in zones],
        "windows": [MORNING, EVENING],
        "blocks": [],
        "programmes": list(programmes),
        "series": [],
        "plays": [],
    } | changes


def programme(name: str, length_s: int = 300, *, zones: tuple[str, ...] = ("Z1",), **rules: object) -> dict:
    series = rules.pop("series", None)
    valid = {key: rules.pop(key) for key in ("valid_from", "valid_until") if key in rules}
    return {
        "id": name,
        "zones": list(zones),
        "duration_s": length_s,
        "series": series,
        "rules": rules,
    } | valid


def count(per: str, least: int, **more: object) -> list[dict]:
    return [{"per": per, "min": least, **more}]


def solved(problem: dict) -> dict:
    """The plan as JSON."""
    return solve(problem).to_json(problem)


def test_in_one_wide_window_every_airing_of_the_day_finds_its_place() -> None:
    problem = station(
        programme("news", 120, counts=count("day", 6, target=6), min_gap_h=2.5),
        programme("long", 1500, counts=count("day", 2, target=3), min_gap_h=5),
        programme("weekly", 900, counts=count("week", 9, target=9), max_per_day=3),
        windows=[ALL_DAY],
    )
    assert verify(solved(problem)) == []


def test_sessions_that_meet_at_midnight_keep_the_silence_between_them() -> None:
    night = [
        {"id": "late", "zones": "*", "start": "23:00", "end": "24:00"},
        {"id": "early", "zones": "*", "start": "00:00", "end": "01:00"},
    ]
    names = [("A", 1700), ("B", 1700), ("C", 1650), ("D", 1650)]
    problem = station(
        *(
            programme(name, length_s, counts=count("day", 1), max_per_day=1, unit_sep_min=1)
            for name, length_s in names
        ),
        windows=night,
    )
    for entry in problem["programmes"]:
        entry["lead_unit"] = "Công an"
    assert hard(solved(problem)) == []


def test_an_announcement_over_midnight_holds_the_air_of_the_next_day() -> None:
    problem = station(
        programme("A", 1500, counts=count("day", 1)),
        windows=[{"id": "early", "zones": "*", "start": "00:00", "end": "01:00"}],
        plays=[
            {
                "id": "flood",
                "status": "emergency",
                "start": "2026-03-06T23:50:00",
                "zones": ["Z1"],
                "duration_s": 1800,
            }
        ],
    )
    assert hard(solved(problem)) == []


def dense(zone_s: int = 480) -> dict:
    """Three days with 171 plays each, 96 of one programme."""
    problem = station(
        programme("spot", 60, counts=count("day", 96), min_gap_h=0.15),
        *(programme(f"P{i}", zone_s, counts=count("day", 5), min_gap_h=1.5) for i in range(15)),
        windows=[ALL_DAY],
    )
    problem["meta"]["horizon"] = {"from": "2026-03-02", "until": "2026-03-04"}
    return problem


def test_a_zone_with_hundreds_of_plays_a_day_meets_all_with_a_small_share_of_the_usual_steps() -> None:
    problem = read(dense(120))
    lines = make_lines(problem, [], 0)
    search = plan_alone(problem, lines, (), 0)
    assert 0.1 < search.pace() < 0.2
    assert hard(solved(dense(120))) == []
    usual = read(station(programme("A", counts=count("week", 3))))
    assert plan_alone(usual, make_lines(usual, [], 0), (), 0).pace() == 1.0


def test_an_over_full_zone_with_hundreds_of_plays_a_day_misses_no_more_than_a_first_plan() -> None:
    problem = read(dense(900))
    first = Search(problem, make_lines(problem, [], 0))
    first.construct()
    solution = solve(dense(900))
    assert 0 < sum(s.missing for s in solution.shortfalls) <= missing(first.lines)
    assert any(s.relaxations for s in solution.shortfalls)


@pytest.mark.parametrize(("days", "most"), [(3, 20), (5, 12)])
def test_a_wished_longest_silence_is_kept_with_more_airings_than_are_owed(days: int, most: int) -> None:
    problem = station(
        programme("A", counts=count("month", 2, max=most), max_gap_days=days, max_per_day=1),
        programme("B", counts=count("month", 2), max_gap_days=days),
    )
    assert verify(solved(problem)) == []


def test_a_silence_that_must_be_too_long_is_told_as_a_wish() -> None:
    problem = station(programme("A", counts=count("week", 1), weekdays=[2], max_gap_days=6))
    shortfalls = solve(problem).shortfalls
    assert [(s.rule, s.soft, s.missing, s.unavoidable) for s in shortfalls] == [("MAX_GAP", True, 1, 1)] * 4
    assert "silent for 7 days" in tell(shortfalls, str)[0]


def test_like_programmes_that_are_parted_keep_their_wished_silences() -> None:
    problem = station(
        *(
            programme(f"P{i}", counts=count("month", 6, max=12), max_gap_days=4, max_per_day=1)
            for i in range(6)
        )
    )
    assert verify(solved(problem)) == []


def series(*zones: str) -> list[dict]:
    return [{"id": "S", "zones": list(zones), "new_per_month": 1, "min_replays": 3}]


def test_each_zone_of_a_series_gets_a_beginning_in_each_month() -> None:
    members = [
        programme(
            f"P{i}", zones=(f"Z{i % 2 + 1}",), series="S", counts=count("total", 0, max=9), max_per_day=1
        )
        for i in range(6)
    ]
    problem = station(*members, zones=("Z1", "Z2"), series=series("Z1", "Z2"))
    problem["meta"]["horizon"] = {"from": "2026-03-01", "until": "2026-05-31"}
    assert hard(solved(problem)) == []


def test_a_member_that_is_only_wished_for_airs_as_often_as_its_series_asks_or_not_at_all() -> None:
    wished = count("total", 0, max=9, target=2)
    problem = station(
        *(programme(f"P{i}", series="S", counts=wished, max_per_day=1) for i in range(4)), series=series("Z1")
    )
    plan = solved(problem)
    assert hard(plan) == []
    assert plan["plays"]


def test_members_that_no_month_needs_begin_before_the_first_whole_month_rather_than_miss_their_weeks() -> (
    None
):
    members = [
        programme(f"P{i}", series="S", counts=count("week", 1, max=3), max_per_day=1) for i in range(2)
    ]
    members.append(programme("new", series="S", valid_from="2026-04-01", max_per_day=1))
    problem = station(*members, series=series("Z1"))
    problem["meta"]["horizon"] = {"from": "2026-03-10", "until": "2026-05-10"}
    assert hard(solved(problem)) == []


def test_rules_that_a_pinned_play_breaks_are_told() -> None:
    problem = station(
        programme("A", counts=count("week", 1), weekdays=[1, 2]),
        plays=[
            {"programme": "A", "start": "2026-03-04T03:00:00", "zones": ["Z1"], "status": "pinned"},
        ],
    )
    solution = solve(problem)
    assert {s.rule for s in solution.shortfalls} == {f.rule for f in hard(solution.to_json(problem))}
    assert {s.rule for s in solution.shortfalls} == {"WEEKDAY", "WINDOW"}
    assert all("04/03/2026" in sentence for sentence in tell(solution.shortfalls, str))


def test_a_planned_play_outside_the_horizon_does_not_stay_there() -> None:
    problem = station(
        programme("A", counts=count("week", 1)),
        plays=[{"id": "a", "programme": "A", "start": "2026-02-20T05:00:00", "zones": ["Z1"]}],
    )
    assert hard(solved(problem)) == []


@pytest.mark.parametrize(
    ("rules", "missing"),
    [
        ({"counts": count("day", 6), "min_gap_h": 3}, 0),  # 05:00, 08:00, ... 20:00
        ({"counts": count("day", 7), "min_gap_h": 3}, 31),
        ({"counts": count("day", 96)}, 31 * 5),  # 16 h hold 91 airings of 620 + 10 s
        ({"counts": count("week", 9), "max_per_day": 1}, 4 * 2),  # whole weeks; the part week owes a seventh
    ],
)
def test_what_a_programme_must_miss_with_the_air_to_itself_is_reckoned_exactly(
    rules: dict, missing: int
) -> None:
    compact = read(station(programme("A", 620, **rules), windows=[ALL_DAY]))
    (line,) = make_lines(compact, [], 0)
    assert least_alone(line)[1] == missing
    assert alone(compact, line, (0, compact.days - 1)) == missing


def reversed_keys(value: object) -> object:
    """The same JSON value with the keys of every object in the opposite order."""
    if isinstance(value, dict):
        return {key: reversed_keys(value[key]) for key in reversed(list(value))}
    return [reversed_keys(entry) for entry in value] if isinstance(value, list) else value


@pytest.mark.parametrize("windows", [[MORNING, EVENING], [ALL_DAY]])
def test_the_order_of_keys_does_not_change_the_plan(windows: list[dict]) -> None:
    problem = station(
        *(
            programme(
                f"P{i}", 200 + 70 * i, counts=count("week", 1 + i % 3, target=2 + i % 3), zones=("Z1", "Z2")
            )
            for i in range(6)
        ),
        zones=("Z1", "Z2"),
        windows=windows,
    )
    assert solved(problem)["plays"] == solve(reversed_keys(problem)).plays  # type: ignore[arg-type]
