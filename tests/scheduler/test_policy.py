"""Local rules: read from files with their source, kept by the plan, set aside only with a name and a reason."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.people import RoleMissingError, add_person
from content.policies.check import OnAir, violations
from content.policies.law import Policy, PolicyError, PolicyMissingError, read_policy, shipped
from content.station import Station, default_config_text
from scheduler.policy import OverrideError, check_days, narrowed, overridden_days, set_aside

MakeStation = Callable[..., Station]
MONDAY = datetime(2026, 12, 7)
NOW = datetime(2026, 12, 1, tzinfo=UTC)
INNER = read_policy("ha-noi-noi-thanh", Path())
RURAL = read_policy("xa-nong-thon", Path())
assert INNER
assert RURAL


def on_air(day: int, clock: str, minutes: float, **fields: Any) -> OnAir:
    hour, minute = clock.split(":")
    at = MONDAY + timedelta(days=day, hours=int(hour), minutes=int(minute))
    return OnAir(**{"id": f"{day}-{clock}", "title": "Tin", "starts_at": at, "ends_at": at + timedelta(minutes=minutes), "zones": ("a",), **fields})  # fmt: skip


def codes(policy: Policy, *pieces: OnAir) -> list[str]:
    return [v.code for v in violations(policy, pieces)]


def test_every_shipped_file_reads_and_names_its_source() -> None:
    assert shipped() == ["ha-noi-noi-thanh", "trung-lap", "xa-nong-thon"]
    for name in shipped():
        policy = read_policy(name, Path())
        assert policy is not None
        assert policy.source
    assert (INNER.sessions_per_day, INNER.session_min, INNER.days_per_week) == (2, 15, 5)
    assert (RURAL.session_min, RURAL.relay_counts) == (45, True)
    assert read_policy("", Path()) is None


def test_a_missing_or_wrong_file_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(PolicyMissingError, match="trung-lap"):
        read_policy("khong-co", tmp_path)
    for text in ("name = 3", "name = 'x'", "nam = 'x'\nsource='y'", "name='x'\nsource='y'\nsession_min = 0", "[[quiet]", "name='x'\nsource='y'\n[[quiet]]\nstart='22:00'\nend='05:00'", "name='x'\nsource='y'\n[override]\nroles=['vua']", "\xff"):  # fmt: skip
        (tmp_path / "own.toml").write_bytes(text.encode("latin-1"))
        with pytest.raises(PolicyError, match=r"own\.toml"):
            read_policy("own.toml", tmp_path)


def test_a_day_within_the_rules_breaks_none() -> None:
    assert codes(INNER, on_air(0, "06:30", 10), on_air(0, "06:41", 4), on_air(0, "17:00", 15)) == []


@pytest.mark.parametrize(
    ("pieces", "code"),
    [
        ([on_air(0, "05:00", 10)], "quiet"),
        ([on_air(0, "05:25", 10)], "quiet"),
        ([on_air(0, "20:55", 10)], "quiet"),
        ([on_air(0, "06:30", 10), on_air(0, "06:41", 6)], "session-length"),
        ([on_air(0, "06:30", 5), on_air(0, "11:00", 5), on_air(0, "17:00", 5)], "sessions-per-day"),
        ([on_air(day, "06:30", 5) for day in range(6)], "days-per-week"),
        ([on_air(0, "06:30", 10), on_air(0, "06:40", 10, kind="relay")], "session-length"),
    ],
)
def test_each_rule_of_an_inner_ward_is_watched(pieces: list[OnAir], code: str) -> None:
    assert codes(INNER, *pieces) == [code]


def test_emergencies_are_never_held_back() -> None:
    for urgent in ({"bulletin_class": "emergency"}, {"kind": "interrupt"}):
        assert codes(INNER, on_air(6, "03:00", 60, **urgent)) == []


def test_zones_are_judged_each_for_itself() -> None:
    pieces = [
        on_air(0, clock, 5, zones=(zone,)) for clock, zone in (("06:30", "a"), ("11:00", "b"), ("17:00", "a"))
    ]
    assert codes(INNER, *pieces) == []


@given(st.lists(st.tuples(st.integers(0, 13), st.integers(0, 1430), st.integers(1, 40)), max_size=25))
def test_taking_away_what_is_named_leaves_a_rundown_within_the_rules(
    laid: list[tuple[int, int, int]],
) -> None:
    pieces = {
        str(n): on_air(day, "00:00", 1, id=str(n), starts_at=MONDAY + timedelta(days=day, minutes=at), ends_at=MONDAY + timedelta(days=day, minutes=at + length))
        for n, (day, at, length) in enumerate(laid)
    }  # fmt: skip
    for _ in range(60):
        broken = violations(INNER, pieces.values())
        if not broken:
            return
        assert all(v.ids for v in broken)
        for key in broken[0].ids:
            pieces.pop(key, None)
    raise AssertionError


def problem(windows: list[tuple[str, str]], blocks: list[dict[str, Any]] | None = None, weekdays: list[int] | None = None) -> dict[str, Any]:  # fmt: skip
    return {
        "meta": {"horizon": {"from": "2026-12-07", "until": "2026-12-20"}},
        "zones": [{"id": "a"}, {"id": "b"}],
        "windows": [
            {"id": f"w{n}", "zones": "*", "weekdays": weekdays, "dates": None, "from": None, "until": None, "start": start, "end": end}
            for n, (start, end) in enumerate(windows)
        ],
        "blocks": blocks or [],
        "programmes": [],
        "plays": [],
    }  # fmt: skip


def spans(found: dict[str, Any], zone: str, day: date) -> list[tuple[str, str]]:
    return sorted((w["start"], w["end"]) for w in found["windows"] if w["zones"] == [zone] and day.isoformat() in w["dates"])  # fmt: skip


def test_the_planner_sees_only_what_an_inner_ward_may_use() -> None:
    found = narrowed(problem([("05:00", "07:00"), ("11:00", "11:30"), ("17:00", "17:10")]), INNER)
    assert spans(found, "a", date(2026, 12, 7)) == [("05:30:00", "05:45:00"), ("11:00:00", "11:15:00")]
    assert spans(found, "b", date(2026, 12, 11))
    assert spans(found, "a", date(2026, 12, 12)) == []  # the sixth day of the week
    assert spans(found, "a", date(2026, 12, 14))


def test_relayed_minutes_count_where_the_rules_say_so() -> None:
    relay = {"id": "vov", "kind": "relay", "zones": "*", "weekdays": None, "dates": None, "from": None, "until": None, "start": "05:00", "end": "05:30"}  # fmt: skip
    found = narrowed(problem([("05:30", "06:30")], [relay]), RURAL)
    assert spans(found, "a", date(2026, 12, 7)) == [("05:30:00", "05:45:00")]


def test_days_that_are_set_aside_keep_all_their_windows_and_no_rules_change_nothing() -> None:
    task = problem([("05:00", "07:00"), ("11:00", "11:30"), ("17:00", "17:10")])
    assert narrowed(task, None) is task
    found = narrowed(task, INNER, {date(2026, 12, 12)})
    assert len(spans(found, "a", date(2026, 12, 12))) == 3


@pytest.fixture
def inner(new_station: MakeStation) -> Station:
    return new_station(
        "noi-thanh", default_config_text().replace('policy = ""', 'policy = "ha-noi-noi-thanh"')
    )


def test_a_plan_of_an_inner_ward_keeps_the_rules(inner: Station) -> None:
    from content.items import add_item
    from scheduler.station_plan import build

    with inner.decide() as session:
        for number in range(8):
            item = add_item(
                session, title=f"Tin {number}", text="Xin chào bà con " * 40, now=NOW, person="lan"
            )
            item.status = "approved"
            item.rules = {"counts": [{"per": "week", "min": 3}], "max_per_day": 1}
    build(inner, from_on=date(2026, 12, 7), until_on=date(2026, 12, 20), now=NOW)
    with inner.read() as session:
        assert check_days(session, inner, date(2026, 12, 7), date(2026, 12, 20)) == []


def test_setting_the_rules_aside_takes_a_role_a_reason_and_is_on_record(
    inner: Station, new_station: MakeStation
) -> None:
    with inner.decide() as session:
        add_person(session, "Sếp", ["administrator"], by="x", os_user="x")
        add_person(session, "Lan", ["editor"], by="Sếp")
    day = date(2026, 12, 12)
    for person, reason, error in (("Lan", "lễ", RoleMissingError), ("Sếp", " ", OverrideError)):
        with pytest.raises(error), inner.decide() as session:
            set_aside(session, inner, from_on=day, until_on=day, person=person, reason=reason, now=NOW)
    with pytest.raises(OverrideError), inner.decide() as session:
        set_aside(
            session, inner, from_on=day, until_on=day - timedelta(days=1), person="Sếp", reason="lễ", now=NOW
        )
    with inner.decide() as session:
        set_aside(session, inner, from_on=day, until_on=day, person="Sếp", reason="lễ", now=NOW)
    with inner.read() as session:
        assert overridden_days(session) == {day}
    from scheduler.reports.figures import figures
    from scheduler.reports.period import month_period

    with inner.read() as session:
        told = figures(session, inner.config, month_period("2026-12", inner.config.report), now=NOW)[
            "overrides"
        ]
    assert [(line["person"], line["reason"]) for line in told] == [("Sếp", "lễ")]
    free = new_station("tu-do")
    with pytest.raises(OverrideError, match="follows none"), free.decide() as session:
        set_aside(session, free, from_on=day, until_on=day, person="x", reason="lễ", now=NOW)
