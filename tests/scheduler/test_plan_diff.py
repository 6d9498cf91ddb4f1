"""What moved between plans and why: kept by each build, told later, changes by hand among it."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from click.testing import CliRunner

from cli import loa
from content.items import add_item
from content.models import Item
from content.programmes import add_programme
from content.station import Station, open_station
from scheduler import plan_change
from scheduler.daemon.freeze import FrozenError
from scheduler.models import Plan, Play
from scheduler.plan_view.diff import NoPlanError, NoSuchPlanError, PlanOrderError, difference
from scheduler.station_plan import BuiltPlan, build

BEFORE = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def built(station: Station, now: datetime = BEFORE) -> BuiltPlan:
    return build(station, from_on=date(2026, 12, 1), until_on=date(2026, 12, 31), now=now)


@pytest.fixture
def station(new_station: Callable[..., Station]) -> Station:
    opened = new_station()
    with opened.decide() as session:
        add_programme(session, title="Dịch vụ công", now=BEFORE, new_per_month=1, min_replays_per_month=3)
    return opened


def test_the_first_build_adds_every_play(station: Station) -> None:
    plays = built(station).plays
    with station.read() as session:
        found = difference(session)
    assert [(c.how, c.play_id) for c in found.changes] == [("added", play.id) for play in plays]
    assert {c.title for c in found.changes} == {plays[0].episode.title if plays[0].episode else ""}


def test_building_again_changes_nothing_and_says_so(station: Station) -> None:
    built(station)
    built(station)
    with station.read() as session:
        assert difference(session).changes == ()


def test_a_day_that_closes_moves_its_play_and_the_closing_is_the_reason(station: Station) -> None:
    plays = built(station).plays
    closed = station.day_of(plays[1].starts_at)
    config = station.folder / "config.toml"
    config.write_text(
        config.read_text("utf-8") + f'\n[[blackout]]\nid = "thi"\nfrom = {closed}\nuntil = {closed}\n',
        "utf-8",
    )
    again = open_station(config)
    try:
        built(again)
        with again.read() as session:
            found = difference(session)
    finally:
        again.close()
    mine = next(change for change in found.changes if change.play_id == plays[1].id)
    assert mine.how == "moved"
    assert mine.was_at == plays[1].starts_at
    assert mine.now_at is not None
    assert mine.now_at.astimezone(station.tz).date() != closed
    assert "BLOCK" in str(mine.reason)
    assert "relay or blackout" in str(mine.reason)


def test_a_withdrawn_item_is_taken_out_and_nothing_asks_for_it(station: Station) -> None:
    with station.decide() as session:
        item = add_item(session, title="Sốt xuất huyết", text="Lật úp dụng cụ chứa nước.", now=BEFORE)
        item.status = "approved"
        session.flush()
        item_id = item.id
    built(station)
    with station.decide() as session:
        session.get_one(Item, item_id).status = "retired"
    built(station)
    with station.read() as session:
        found = difference(session)
    gone = [change for change in found.changes if change.how == "removed"]
    assert gone
    assert {change.title for change in gone} == {"Sốt xuất huyết"}
    assert "nothing asks for it" in str(gone[0].reason)


def test_several_builds_and_changes_by_hand_are_told_as_one(station: Station) -> None:
    plays = built(station).plays
    later = BEFORE + timedelta(hours=1)
    for play in plays[-2:]:
        plan_change.cancel(station, play.id, reason="mất điện", now=later, person="lan")
    built(station, BEFORE + timedelta(hours=2))
    with station.read() as session:
        first, last = (plan.id for plan in session.query(Plan).order_by(Plan.id))
        found = difference(session, first, last)
        with pytest.raises(PlanOrderError):
            difference(session, last, first)
        with pytest.raises(NoSuchPlanError):
            difference(session, 99)
    by_hand = next(change for change in found.changes if change.play_id == plays[-1].id)
    assert (by_hand.how, by_hand.person) == ("removed", "lan")
    assert "mất điện" in str(by_hand.reason)
    assert any(change.how == "added" for change in found.changes)


def test_no_plan_yet_is_told(station: Station) -> None:
    with station.read() as session, pytest.raises(NoPlanError):
        difference(session)


def test_the_command_prints_json_and_a_table(station: Station) -> None:
    built(station)
    config = str(station.folder / "config.toml")
    as_json = CliRunner().invoke(loa, ["-C", config, "plan", "diff", "--json"])
    assert as_json.exit_code == 0, as_json.output
    assert json.loads(as_json.stdout)["changes"][0]["change"] == "added"
    table = CliRunner().invoke(loa, ["--lang", "en", "-C", config, "plan", "diff"])
    assert table.exit_code == 0
    assert "Dịch vụ công" in table.stdout


def test_a_frozen_play_is_cancelled_or_moved_only_with_now_and_never_once_it_began(station: Station) -> None:
    play, other = built(station).plays[:2]
    late = play.starts_at - timedelta(minutes=1)
    with pytest.raises(FrozenError, match="--now"):
        plan_change.cancel(station, play.id, reason="mất điện", now=late, person=None)
    with pytest.raises(FrozenError):
        plan_change.move(
            station, play.id, starts_at=play.starts_at + timedelta(minutes=2), now=late, person=None
        )
    moved = plan_change.move(
        station,
        play.id,
        starts_at=play.starts_at + timedelta(minutes=2),
        now=late,
        person=None,
        frozen_too=True,
    )
    assert moved.starts_at == play.starts_at + timedelta(minutes=2)
    with pytest.raises(plan_change.TooSoonError):
        plan_change.move(station, other.id, starts_at=late, now=late, person=None, frozen_too=True)
    with pytest.raises(plan_change.BegunError):
        plan_change.cancel(station, play.id, reason="x", now=moved.starts_at, person=None, frozen_too=True)
    cancelled = plan_change.cancel(station, play.id, reason="x", now=late, person=None, frozen_too=True)
    assert cancelled.status == "cancelled"


def test_the_freeze_time_is_counted_once(station: Station) -> None:
    play = built(station).plays[0]
    now = play.starts_at - timedelta(minutes=station.config.plan.freeze_min + 5)
    with station.decide() as session:
        session.get_one(Play, play.id).starts_at = play.starts_at.replace(hour=3)  # outside every session
        session.get_one(Play, play.id).status = "cancelled"
    again = built(station, now)
    first = min(p.starts_at for p in again.plays if p.status == "planned")
    assert first > now + timedelta(minutes=station.config.plan.freeze_min)
