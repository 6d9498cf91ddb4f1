"""The obligation ledger: what aired counts, what is planned helps, what is at risk is named in time."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.config import BlackoutConfig, Config, SessionConfig
from content.models import Episode, EpisodePart, Item, Programme
from content.station import Station
from scheduler.ledger import ledger
from scheduler.models import AsRun, Play
from scheduler.obligation import Obligation, Standing, air_days, last_chance, stand

MakeStation = Callable[..., Station]
DEC = [date(2026, 12, day) for day in range(1, 32)]
NOW = datetime(2026, 12, 10, 5, 0, tzinfo=UTC)  # noon in Việt Nam


def programme(station: Station, replays: int = 3, new: int = 1, **fields: Any) -> int:
    with station.decide() as session:
        made = Programme(
            title="Chuyển đổi số", status="active", new_per_month=new, min_replays_per_month=replays, rules={},
            priority=3, created_at=datetime(2026, 11, 1, tzinfo=UTC), target_length_ms=300_000, **fields,
        )  # fmt: skip
        session.add(made)
        session.flush()
        return made.id


def episode(station: Station, programme_id: int | None, month: str | None = "2026-12", number: int = 1, approved: bool = True, **item: Any) -> int:  # fmt: skip
    with station.decide() as session:
        one = Item(
            title="Tin", text="Tin", status="approved" if approved else "draft", created_at=datetime(2026, 11, 1, tzinfo=UTC), lead_units=[],
            partner_units=[], programme_id=programme_id, **item,
        )  # fmt: skip
        session.add(one)
        session.flush()
        made = Episode(
            programme_id=programme_id, month=month, number=number, title=f"Số {number}", created_at=NOW
        )
        made.parts.append(EpisodePart(position=1, item=one))
        session.add(made)
        session.flush()
        return made.id


def airing(
    station: Station,
    episode_id: int,
    day: date,
    outcome: str | None = "aired",
    *,
    zones: tuple[str, ...] = ("toan-phuong",),
    simulated: bool = False,
    reason: str | None = None,
) -> None:
    """A play and what became of it; without an outcome it is still to come."""
    at = datetime.combine(day, time(6, 30), station.tz)
    with station.decide() as session:
        play = Play(
            episode_id=episode_id, kind="replay", starts_at=at, length_ms=60_000, zones=list(zones), created_at=NOW,
            status="planned" if outcome is None else "aired" if outcome == "aired" else "missed",
        )  # fmt: skip
        session.add(play)
        session.flush()
        if outcome is not None:
            session.add(
                AsRun(
                    play_id=play.id, kind="play", title="Số 1", zones=list(zones), planned_at=at, reason=reason,
                    started_at=at if outcome != "missed" else None, heard_ms=60_000, outcome=outcome, output="main",
                    simulated=simulated,
                )
            )  # fmt: skip


def read(station: Station, now: datetime = NOW, **settings: Any) -> list[Standing]:
    with station.read() as session:
        return ledger(
            session,
            station.config,
            **{"from_on": date(2026, 12, 1), "until_on": date(2026, 12, 31), "now": now, **settings},
        )


def one(station: Station, **settings: Any) -> Standing:
    (found,) = read(station, **settings)
    return found


@pytest.fixture
def station(new_station: MakeStation) -> Station:
    return new_station()


def test_a_new_episode_and_three_replays_are_owed_and_planned_ones_keep_it_on_track(station: Station) -> None:
    issue = episode(station, programme(station))
    airing(station, issue, date(2026, 12, 1))
    for day in (15, 20, 25):
        airing(station, issue, date(2026, 12, day), None)
    found = one(station)
    assert (found.obligation.owed, found.aired, found.planned, found.missing) == (4, 1, 3, 0)
    # planned, but nothing to hear yet: somebody should know
    assert found.status == "at-risk"
    assert "loa render" in str(found.reasons[-1])


def test_all_aired_is_met_and_more_is_not_counted(station: Station) -> None:
    issue = episode(station, programme(station))
    for day in (1, 3, 4, 7, 8, 9):
        airing(station, issue, date(2026, 12, day))
    found = one(station)
    assert (found.status, found.aired, found.aired_in_all, found.last_on) == ("met", 4, 4, None)


def test_one_episode_aired_often_does_not_stand_for_two(station: Station) -> None:
    owner = programme(station, new=2)
    first = episode(station, owner)
    episode(station, owner, number=2)
    for day in (1, 2, 3, 4, 7, 8, 9):
        airing(station, first, date(2026, 12, day))
    found = one(station)
    assert (found.obligation.owed, found.aired, found.status) == (8, 4, "at-risk")


@pytest.mark.parametrize("outcome", ["missed", "partial", "displaced"])
def test_what_did_not_air_whole_does_not_count_and_says_why(station: Station, outcome: str) -> None:
    issue = episode(station, programme(station))
    airing(station, issue, date(2026, 12, 1), outcome, reason="mất điện")
    found = one(station)
    assert found.aired == 0
    assert "mất điện" in str(found.reasons[0])


def test_the_month_in_which_a_programme_is_made_is_owed_only_once_it_is_begun(station: Station) -> None:
    with station.decide() as session:
        session.add(
            Programme(
                title="Mới", status="active", new_per_month=1, min_replays_per_month=3, rules={}, priority=3,
                created_at=datetime(2026, 12, 9, tzinfo=UTC), target_length_ms=1,
            )
        )  # fmt: skip
    assert read(station) == []
    airing(station, episode(station, 1), date(2026, 12, 15), None)
    assert one(station).obligation.owed == 4


def test_simulated_airings_never_mix_with_real_ones(station: Station) -> None:
    issue = episode(station, programme(station))
    airing(station, issue, date(2026, 12, 1))
    airing(station, issue, date(2026, 12, 2), simulated=True)
    assert one(station).aired == 1
    assert one(station, simulated=True).aired == 1


def test_the_zone_that_heard_least_counts(station: Station) -> None:
    owner = programme(station, zones=["toan-phuong", "khu-2"])
    issue = episode(station, owner)
    airing(station, issue, date(2026, 12, 1), zones=("toan-phuong", "khu-2"))
    airing(station, issue, date(2026, 12, 2), zones=("toan-phuong",))
    assert one(station).aired == 1


def test_the_month_of_an_airing_is_the_stations_not_utc(station: Station) -> None:
    issue = episode(station, programme(station))
    with station.decide() as session:  # 00:30 on 1 December in Việt Nam is still November in UTC
        at = datetime(2026, 11, 30, 17, 30, tzinfo=UTC)
        play = Play(episode_id=issue, kind="first", starts_at=at, length_ms=1, zones=["toan-phuong"], status="aired", created_at=NOW)  # fmt: skip
        session.add(play)
        session.flush()
        session.add(AsRun(play_id=play.id, kind="play", title="x", zones=["toan-phuong"], started_at=at, heard_ms=1, outcome="aired", output="main"))  # fmt: skip
    assert one(station).aired == 1


def test_a_month_that_is_over_is_missed_with_its_reasons(station: Station) -> None:
    issue = episode(station, programme(station))
    airing(station, issue, date(2026, 12, 2), "missed", reason="hỏng máy")
    found = one(station, now=datetime(2027, 1, 2, tzinfo=UTC))
    assert (found.status, found.last_on) == ("missed", None)
    assert "hỏng máy" in str(found.reasons[0])


def test_the_same_miss_twice_on_a_day_is_told_once(station: Station) -> None:
    issue = episode(station, programme(station))
    for _again in range(3):
        airing(station, issue, date(2026, 12, 2), "missed", reason="hỏng máy")
    found = one(station, now=datetime(2027, 1, 2, tzinfo=UTC))
    assert sum("hỏng máy" in str(reason) for reason in found.reasons) == 1


def test_too_few_days_left_is_lost(station: Station) -> None:
    episode(station, programme(station))
    found = one(station, now=datetime(2026, 12, 29, 1, tzinfo=UTC))  # three weekdays left, four airings owed
    assert found.status == "lost"


def test_the_last_day_to_act_is_told(station: Station) -> None:
    episode(station, programme(station))
    # four weekdays before the year ends, one airing a day: Monday 28 is the last chance for the first
    assert one(station).last_on == date(2026, 12, 28)


def test_an_item_with_rules_of_its_own_owes_them_each_week(station: Station) -> None:
    issue = episode(station, None, None, rules={"counts": [{"per": "week", "min": 2}]})
    airing(station, issue, date(2026, 12, 10))
    weeks = {s.obligation.period: s for s in read(station)}
    assert sorted(weeks) == ["2026-W49", "2026-W50", "2026-W51", "2026-W52", "2026-W53"]
    assert weeks["2026-W49"].status == "missed"
    assert (weeks["2026-W50"].aired, weeks["2026-W50"].status) == (1, "at-risk")


@pytest.mark.parametrize(
    "rules",
    [
        {"counts": "không phải danh sách"}, {"counts": [None, {"per": "week"}, {"per": "x", "min": 3}, {"min": "3"}]},
        {"counts": [{"per": "range", "from": "hôm qua", "until": 3, "min": 1}]}, {"campaigns": [{"from": "2026-12-01"}, 7]},
    ],
)  # fmt: skip
def test_odd_rules_owe_nothing_and_break_nothing(station: Station, rules: dict[str, Any]) -> None:
    episode(station, None, None, rules=rules)
    assert all(s.obligation.owed >= 1 for s in read(station))


def obligation(
    owed: int = 4, days: tuple[date, ...] = tuple(DEC), gap: int = 1, per_day: int = 1
) -> Obligation:
    return Obligation(
        key="programme:1", title="x", period="2026-12", from_on=DEC[0], until_on=DEC[-1], owed=owed, per="month",
        air_days=days, min_gap_days=gap, max_per_day=per_day,
    )  # fmt: skip


@given(
    st.sets(st.sampled_from(DEC)),
    st.integers(1, 8),
    st.integers(1, 5),
    st.integers(1, 3),
    st.sampled_from(DEC),
)
def test_the_last_chance_is_the_last_day_from_which_the_rest_fits(
    days: set[date], rest: int, gap: int, per_day: int, today: date
) -> None:
    def fits(start: date) -> bool:
        """Airing greedily from `start` on, with `start` itself used."""
        left, last = rest, None
        for day in sorted(d for d in days if d >= start):
            if last is None or (day - last).days >= gap:
                left, last = left - per_day, day
            if left <= 0:
                return True
        return False

    able = [day for day in sorted(days) if day >= today and fits(day)]
    found = last_chance(obligation(rest, tuple(sorted(days)), gap, per_day), rest, today)
    assert found == (able[-1] if able else None)


@given(st.integers(0, 10), st.integers(0, 10), st.integers(1, 8), st.integers(0, 40))
def test_the_books_always_balance(aired: int, planned: int, owed: int, ahead: int) -> None:
    found = stand(obligation(owed), aired=aired, planned=planned, today=DEC[0] + timedelta(days=ahead))
    assert found.aired + found.planned + found.missing == owed
    assert (found.status == "met") == (aired >= owed)
    assert (found.last_on is None) == (found.status in ("met", "missed", "lost"))


def test_days_without_air_are_no_days() -> None:
    config = Config(
        sessions=(
            SessionConfig(id="s", weekdays=(1, 3), start=time(6), end=time(7), until_on=date(2026, 12, 20)),
        ),
        blackouts=(BlackoutConfig(id="b", from_on=date(2026, 12, 7), until_on=date(2026, 12, 8)),),
    )
    assert air_days(config, (), DEC[0], DEC[-1]) == tuple(date(2026, 12, d) for d in (2, 9, 14, 16))
    assert air_days(config, (), DEC[0], DEC[-1], weekdays=(1,)) == (date(2026, 12, 14),)
