"""Single plays by hand: pinned, moved where the rules allow it, cancelled; and the plan in other forms."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import loa, run
from content.programmes import add_programme
from content.station import Station, init_station
from scheduler import plan_change
from scheduler.commands.plan_solve import solve as solve_command
from scheduler.daemon.freeze import FrozenError
from scheduler.models import Play
from scheduler.planner.examples import example
from scheduler.planner.verify import hard
from scheduler.station_plan import build, plays_between

FIRST, LAST = date(2026, 12, 1), date(2026, 12, 31)
BEFORE = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    opened = init_station(tmp_path / "station")
    with opened.decide() as session:
        add_programme(session, title="Dịch vụ công", now=BEFORE, new_per_month=1, min_replays_per_month=3)
    yield opened
    opened.close()


def planned(station: Station) -> list[Play]:
    return list(build(station, from_on=FIRST, until_on=LAST, now=BEFORE).plays)


def test_a_fresh_plan_passes_its_own_check(station: Station) -> None:
    plays = planned(station)
    checked = plan_change.check(station, FIRST, LAST, now=BEFORE)
    assert [fault for fault in checked.faults if not fault.soft] == []
    assert checked.plays == len(plays)


def check_december(station: Station, *more: str) -> int:
    """Run `loa plan check` for the month, in English; its exit code."""
    days = ["--from", "2026-12-01", "--to", "2026-12-31"]
    return run(["--lang", "en", "-C", str(station.folder / "config.toml"), "plan", "check", *days, *more])


def test_a_check_before_anything_is_laid_says_so(
    station: Station, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check_december(station, "--json") == 1
    told = capsys.readouterr()
    assert {row["rule"] for row in json.loads(told.out)} >= {"COUNT_MIN", "SERIES"}
    assert "No play stands" in told.err
    planned(station)
    assert check_december(station) == 0
    assert "No play stands" not in capsys.readouterr().err


def test_where_nothing_is_laid_and_nothing_asked_for_no_rule_is_said_to_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(init_station(tmp_path / "empty")) as empty:
        assert check_december(empty) == 0
    told = capsys.readouterr()
    assert "No play stands" in told.err
    assert "Every rule holds" not in told.err


def test_a_play_moves_where_the_rules_allow_it_and_stays_there(station: Station) -> None:
    play = planned(station)[0]
    to = play.starts_at + timedelta(minutes=2)
    moved = plan_change.move(station, play.id, starts_at=to, now=BEFORE, person="lan")
    assert (moved.starts_at, moved.status) == (to, "pinned")
    again = build(station, from_on=FIRST, until_on=LAST, now=BEFORE)
    assert next(other for other in again.plays if other.id == play.id).starts_at == to


def test_a_move_out_of_the_session_is_refused_and_changes_nothing(station: Station) -> None:
    play = planned(station)[0]
    with pytest.raises(plan_change.RuleBrokenError, match="WINDOW"):
        plan_change.move(
            station, play.id, starts_at=play.starts_at + timedelta(hours=4), now=BEFORE, person=None
        )
    with station.read() as session:
        kept = session.get(Play, play.id)
        assert kept is not None
        assert (kept.starts_at, kept.status) == (play.starts_at, "planned")


def test_nothing_inside_the_freeze_time_is_touched(station: Station) -> None:
    play = planned(station)[0]
    late = play.starts_at - timedelta(minutes=1)
    with pytest.raises(FrozenError):
        plan_change.cancel(station, play.id, reason="mất điện", now=late, person=None)
    with pytest.raises(plan_change.NoSuchPlayError):
        plan_change.pin(station, 99_999, now=BEFORE, person=None)


def test_a_cancelled_play_is_replaced_when_planning_again(station: Station) -> None:
    plays = planned(station)
    plan_change.cancel(station, plays[-1].id, reason="mất điện", now=BEFORE, person="lan")
    with pytest.raises(plan_change.NotOpenError):
        plan_change.pin(station, plays[-1].id, now=BEFORE, person=None)
    again = [
        p for p in build(station, from_on=FIRST, until_on=LAST, now=BEFORE).plays if p.status != "cancelled"
    ]
    assert len(again) >= 4


def test_a_cancelled_play_leaves_its_place_and_its_replacement_takes_another(station: Station) -> None:
    config = ["-C", str(station.folder / "config.toml")]
    rule = ["--start", "17:05", "--weekday", "2", "--weekday", "4", "--times", "1", "--per", "week"]
    told = CliRunner().invoke(loa, [*config, "programme", "rule", "1", *rule])
    assert told.exit_code == 0, told.output
    first = planned(station)[0]
    said = CliRunner().invoke(
        loa, ["--lang", "en", *config, "plan", "cancel", str(first.id), "--reason", "mất điện"]
    )
    assert "at another time" in said.output
    again = [
        p for p in build(station, from_on=FIRST, until_on=LAST, now=BEFORE).plays if p.status == "planned"
    ]
    assert first.starts_at not in [p.starts_at for p in again]
    near = [p for p in again if abs(p.starts_at - first.starts_at) < timedelta(days=3)]
    assert len(near) == 1  # the other weekday of the same week


def test_the_list_of_plays_shows_the_numbers_that_other_commands_ask_for(station: Station) -> None:
    plays = planned(station)
    shown = CliRunner().invoke(
        loa,
        [
            "-C",
            str(station.folder / "config.toml"),
            "plan",
            "show",
            "--from",
            "2026-12-01",
            "--to",
            "2026-12-31",
        ],
        env={"COLUMNS": "200"},
    )
    for play in plays:
        assert f"│ {play.id} " in shown.output


def test_the_calendar_file_is_folded_escaped_and_in_utc(station: Station) -> None:
    planned(station)
    with station.read() as session:
        plays = plays_between(session, station, FIRST, LAST)
        text = plan_change.as_ics(station, plays, BEFORE)
    assert text.count("BEGIN:VEVENT") == len(plays)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert f"DTSTART:{plays[0].starts_at.astimezone(UTC):%Y%m%dT%H%M%SZ}" in text


def test_a_title_that_a_spreadsheet_would_run_is_quoted() -> None:
    row = {"id": 1, "start_local": "x", "title": "=1+1", "kind": "first", "length_ms": 1, "zones": ["Z1"], "status": "planned", "audio_sha256": None}  # fmt: skip
    assert "'=1+1" in plan_change.as_csv([row])


def test_plan_solve_goes_from_file_to_file(tmp_path: Path) -> None:
    source, target = tmp_path / "in.json", tmp_path / "out.json"
    source.write_text(json.dumps(example(programmes=8, days=14)), "utf-8")
    result = CliRunner().invoke(solve_command, [str(source), "--out", str(target), "--explain"])
    assert result.exit_code == 0, result.output
    plan = json.loads(target.read_text("utf-8"))
    assert plan["plays"]
    assert hard(plan) == []
    first = target.read_bytes()
    CliRunner().invoke(solve_command, [str(source), "--out", str(target)])
    assert target.read_bytes() == first


def test_a_moment_may_be_written_day_first(station: Station) -> None:
    play = planned(station)[0]
    day = play.starts_at.astimezone(station.tz)
    config = str(station.folder / "config.toml")
    moved = CliRunner().invoke(
        loa, ["-C", config, "plan", "move", str(play.id), "--to", f"{day:%d/%m/%Y} 06:31"]
    )
    assert moved.exit_code == 0, moved.output
    with station.read() as session:
        assert f"{session.get_one(Play, play.id).starts_at.astimezone(station.tz):%H:%M}" == "06:31"
    wrong = CliRunner().invoke(loa, ["-C", config, "plan", "move", str(play.id), "--to", "31/02/2026 06:31"])
    assert wrong.exit_code == 2
