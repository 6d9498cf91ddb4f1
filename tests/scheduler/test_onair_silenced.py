"""An urgent bulletin that a more urgent one or dead loudspeakers silenced is heard when the air and the outputs allow."""

import io
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from broadcast import as_run
from rich.console import Console
from test_daemon_live import CONFIG, aired, on_air, order, pcm_file, playing, wait_for

from audio.outputs.null_output import NullOutput
from content.station import Station
from scheduler.commands.now import screen
from scheduler.daemon import air_desk, unfinished
from scheduler.daemon.folder import AirFolder
from scheduler.daemon.requests import Request
from scheduler.daemon.unfinished import Order

NewStation = Callable[..., Station]
CHIME_MS, ALARM_MS = 1_500, 2_400


class Horn(NullOutput):
    """A loudspeaker that can be unplugged."""

    exclusive = True
    audible = True
    taken = 0

    def start(self, label: str, at: datetime) -> "Horn":
        return self

    def write(self, pcm: bytes) -> bool:
        works = self.trouble is None
        self.taken += works * len(pcm) // 2
        return works


@pytest.fixture
def horn(monkeypatch: pytest.MonkeyPatch) -> Horn:
    one = Horn("main")
    monkeypatch.setattr("scheduler.daemon.run.outputs_of", lambda *_facts: {"main": one})
    return one


def bulletin(tmp_path: Path, title: str, seconds: float, **fields: object) -> Request:
    sounds = (str(pcm_file(tmp_path, seconds, title)),)
    return Request(what="interrupt", who="trực ban", title=title, sounds=sounds, **fields)  # type: ignore[arg-type]


def test_a_bulletin_cut_by_an_emergency_begins_again_behind_it(
    new_station: NewStation, tmp_path: Path, horn: Horn
) -> None:
    station = new_station(config=CONFIG)
    notice = bulletin(tmp_path, "Họp", 1.0, repeat=2)
    flood = bulletin(tmp_path, "Lũ", 0.5, emergency=True)
    with on_air(station) as daemon:
        assert order(station, notice)["ok"]
        wait_for(lambda: horn.taken > 48_000 * 0.3)
        assert order(station, flood)["waits_for"] is None
        wait_for(aired(daemon, 2))
    first, emergency, again = as_run(station)
    assert [row.title for row in (first, emergency, again)] == ["Họp", "Lũ", "Họp"]
    assert (first.outcome, emergency.outcome, again.outcome) == ("partial", "aired", "aired")
    assert "cut by Lũ" in (first.reason or "")
    assert "2 of 2 readings left" in (again.reason or "")
    assert emergency.ended_at <= again.started_at
    assert not unfinished.kept(AirFolder.of(station).requests)


def test_an_order_given_while_no_output_works_is_heard_when_one_does(
    new_station: NewStation, tmp_path: Path, horn: Horn
) -> None:
    station = new_station(config=CONFIG)
    horn.trouble = "unplugged"
    words = bulletin(tmp_path, "Lũ", 0.5, emergency=True)
    with on_air(station) as daemon:
        answer = order(station, words)
        assert (answer["ok"], answer["waits_for_output"], answer["waits_for"]) == (True, True, None)
        told = subprocess.run(
            [sys.executable, "-m", "cli", "--config", str(station.folder), "interrupt", "Alo"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert told.returncode == 0
        assert "No output works now" in told.stderr
        assert daemon.desk.is_idle
        shown = Console(file=io.StringIO(), record=True, width=100)
        shown.print(screen({**daemon.duties.status(datetime.now(UTC)), "running": True, "hangs": False}, UTC))
        assert "Waits: Lũ (no output works)" in shown.export_text()
        horn.trouble = None
        wait_for(aired(daemon, 2))
    first, second = as_run(station)
    assert (first.title, second.title) == ("Lũ", "Alo")  # the emergency goes first
    assert {row.outcome for row in (first, second)} == {"aired"}
    assert first.heard_ms == ALARM_MS + 500


def test_what_a_dead_loudspeaker_lost_begins_again_with_the_readings_left(
    new_station: NewStation, tmp_path: Path, horn: Horn
) -> None:
    station = new_station(config=CONFIG)
    flood = bulletin(tmp_path, "Lũ", 0.1, emergency=True, repeat=3)
    reading_ms = ALARM_MS + 100
    with on_air(station) as daemon:
        assert order(station, flood)["ok"]
        wait_for(lambda: horn.taken > 48 * (reading_ms + 200))  # in the second reading
        horn.trouble = "unplugged"
        wait_for(lambda: daemon.desk.is_idle and "partial" in daemon.tally.outcomes)
        horn.trouble = None
        wait_for(aired(daemon))
    first, again = as_run(station)
    assert (first.outcome, again.outcome) == ("partial", "aired")
    assert again.heard_ms == 2 * reading_ms
    assert "main took nothing for" in (first.reason or "")


def test_after_half_an_hour_without_a_loudspeaker_the_log_says_so(
    new_station: NewStation, tmp_path: Path, horn: Horn, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = new_station(config=CONFIG)
    horn.trouble = "unplugged"
    monkeypatch.setattr(air_desk, "OUTPUT_WITHIN", timedelta(seconds=0.5))
    with on_air(station) as daemon:
        assert order(station, bulletin(tmp_path, "Lũ", 0.5))["waits_for_output"]
        wait_for(lambda: "missed" in daemon.tally.outcomes)
        horn.trouble = None
        wait_for(lambda: not unfinished.kept(daemon.urgent.folder))
    (row,) = as_run(station)
    assert (row.outcome, row.heard_ms) == ("missed", 0)
    assert "no output of its zones worked for" in (row.reason or "")


def test_a_stop_ends_what_waits_too(new_station: NewStation, tmp_path: Path, horn: Horn) -> None:
    station = new_station(config=CONFIG)
    with on_air(station) as daemon:
        assert order(station, bulletin(tmp_path, "Dài", 40))["ok"]
        assert order(station, bulletin(tmp_path, "Ngắn", 0.5))["waits_for"] == "Dài"
        assert order(station, Request(what="stop", who="b"))["ok"]
        assert daemon.desk.is_idle
        assert not daemon.desk.waiting
        assert not unfinished.kept(daemon.urgent.folder)
        assert order(station, bulletin(tmp_path, "Sau", 0.5, emergency=True))["ok"]
        wait_for(aired(daemon))
    assert [(row.title, row.outcome) for row in as_run(station)] == [
        ("Dài", "partial"), ("Ngắn", "missed"), ("Sau", "aired"),
    ]  # fmt: skip


def test_an_alert_that_expires_while_no_loudspeaker_works_is_not_heard_afterwards(
    new_station: NewStation, tmp_path: Path, horn: Horn
) -> None:
    station = new_station(config=CONFIG)
    horn.trouble = "unplugged"
    folder = AirFolder.of(station).requests
    folder.mkdir(parents=True)
    now = datetime.now(UTC)
    expires = now + timedelta(seconds=4)
    alert = bulletin(tmp_path, "Bão", 0.5, emergency=True)
    unfinished.keep(
        folder, Order(request=alert, given_at=now, simulated=False, alert="a,b", expires_at=expires)
    )
    with on_air(station) as daemon:
        wait_for(lambda: "missed" in daemon.tally.outcomes)
        assert datetime.now(UTC) >= expires
        horn.trouble = None
        wait_for(lambda: not daemon.desk.waiting)
        assert not playing(daemon, "interrupt")
    (row,) = as_run(station)
    assert (row.title, row.outcome) == ("Bão", "missed")
