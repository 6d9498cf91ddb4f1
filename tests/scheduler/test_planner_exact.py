"""On problems small enough to try everything, the planner misses no more than must be missed."""

import os
from datetime import date, timedelta
from itertools import combinations, permutations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduler.planner import solve
from scheduler.planner.alone import alone
from scheduler.planner.bounds import together
from scheduler.planner.entry import make_lines
from scheduler.planner.reader import read
from scheduler.planner.verify import hard

MONDAY = date(2026, 3, 2)
CHANGEOVER_S, APART_S = 10, 300


@st.composite
def small_problems(draw: st.DrawFn) -> dict:
    days = draw(st.integers(2, 5))
    minutes = draw(st.lists(st.sampled_from([0, 10, 16, 25, 40]), min_size=days, max_size=days))
    programmes = []
    for number in range(draw(st.integers(1, 3))):
        rules: dict = {
            "counts": [{"per": "total", "min": draw(st.integers(0, 4))}],
            "max_per_day": 1,
            "min_gap_days": draw(st.integers(1, 3)),
        }
        if draw(st.booleans()):
            rules["weekdays"] = sorted(draw(st.sets(st.integers(1, 5), min_size=1)))
        programmes.append(
            {
                "id": f"P{number}",
                "zones": ["Z1"],
                "duration_s": draw(st.sampled_from([290, 470, 590, 780])),
                "topic": draw(st.sampled_from([None, "thuế"])),
                "priority": 1,
                "rules": rules,
            }
        )
    return {
        "meta": {
            "horizon": {"from": MONDAY.isoformat(), "until": (MONDAY + timedelta(days=days - 1)).isoformat()},
            "changeover_s": CHANGEOVER_S,
            "adjacent_gap_s": APART_S,
        },
        "zones": [{"id": "Z1", "daily_budget_min": draw(st.sampled_from([None, 15, 30]))}],
        "windows": [
            {
                "id": f"w{i}",
                "zones": "*",
                "dates": [(MONDAY + timedelta(days=i)).isoformat()],
                "start": "05:00",
                "end": f"05:{m:02d}",
            }
            for i, m in enumerate(minutes)
            if m
        ],
        "blocks": [],
        "programmes": programmes,
        "plays": [],
    }


def fits(problem: dict, chosen: tuple[int, ...], room_s: int) -> bool:
    """Whether these programmes fit into one window in some order, each as early as it can be."""
    ps = problem["programmes"]
    budget = problem["zones"][0]["daily_budget_min"]
    if budget is not None and sum(ps[i]["duration_s"] for i in chosen) > budget * 60:
        return False
    for order in permutations(chosen):
        at, before = 0, None
        for i in order:
            if before is not None:
                same = ps[i]["topic"] is not None and ps[i]["topic"] == ps[before]["topic"]
                at += APART_S if same else CHANGEOVER_S
            at += ps[i]["duration_s"]
            before = i
        if at <= room_s:
            return True
    return not chosen


def least_missing(problem: dict) -> int:
    """The least sum of missing airings, by trying every set of programmes on every day."""
    ps = problem["programmes"]
    horizon = problem["meta"]["horizon"]
    days = (date.fromisoformat(horizon["until"]) - MONDAY).days + 1
    rooms = {window["dates"][0]: int(window["end"][3:]) * 60 for window in problem["windows"]}
    states: set[tuple[tuple[int, int], ...]] = {tuple((0, -9) for _ in ps)}
    for day in range(days):
        on = MONDAY + timedelta(days=day)
        able = [
            i
            for i, p in enumerate(ps)
            if not p["rules"].get("weekdays") or on.isoweekday() in p["rules"]["weekdays"]
        ]
        sets = [
            chosen
            for size in range(len(able) + 1)
            for chosen in combinations(able, size)
            if fits(problem, chosen, rooms.get(on.isoformat(), 0))
        ]
        states = {
            tuple((n + 1, day) if i in chosen else (n, last) for i, (n, last) in enumerate(state))
            for state in states
            for chosen in sets
            if all(day - state[i][1] >= ps[i]["rules"]["min_gap_days"] for i in chosen)
        }
    return min(
        sum(max(0, p["rules"]["counts"][0]["min"] - n) for p, (n, _) in zip(ps, state, strict=True))
        for state in states
    )


EXAMPLES = 300 if os.environ.get("LOA_LONG_TESTS") else 25


@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
@given(small_problems())
def test_the_least_shortfall_agrees_with_trying_everything(problem: dict) -> None:
    solution = solve(problem, time_limit_s=3)
    faults = hard(solution.to_json(problem))
    assert {fault.rule for fault in faults} <= {"COUNT_MIN"}
    least = least_missing(problem)
    assert sum(fault.amount for fault in faults) == least
    assert sum(short.missing for short in solution.shortfalls if not short.soft) == least
    assert sum(short.unavoidable for short in solution.shortfalls) <= least


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(small_problems())
def test_no_bound_claims_more_than_trying_everything(problem: dict) -> None:
    compact = read(problem)
    lines = make_lines(compact, [], 0)
    window = (0, compact.days - 1)
    least = least_missing(problem)
    assert sum(alone(compact, line, window) for line in lines) <= least
    assert together(compact, lines, 0, window).missing <= least
