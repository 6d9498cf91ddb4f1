"""What people and machines see of the daemon: status, metrics, log, alarms, and the commands that it runs."""

import json
import logging
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from test_daemon_live import CONFIG, on_air, order, pcm_file, playing, wait_for

from content.config import Config
from content.station import Station
from scheduler.commands.now import read_status
from scheduler.daemon import hooks, upkeep
from scheduler.daemon.bell import Bell
from scheduler.daemon.folder import AirFolder
from scheduler.daemon.hooks import Hooks, Running
from scheduler.daemon.lock import StationLock
from scheduler.daemon.requests import Request
from scheduler.daemon.run import _log_file
from scheduler.daemon.workers import Workers

NewStation = Callable[..., Station]
SAMPLE = re.compile(r'[a-z_]+(\{[a-z_]+="(?:[^"\\\n]|\\["\\n])*"\})? -?[0-9.]+')


def test_status_and_metrics_of_a_daemon_that_has_ended_do_not_tell_that_it_is_on_the_air(
    new_station: NewStation, tmp_path: Path
) -> None:
    station = new_station(config=CONFIG)
    air = AirFolder.of(station)
    long = Request(what="interrupt", who="a", title="Dài", sounds=(str(pcm_file(tmp_path, 30)),))
    with on_air(station) as daemon:
        assert order(station, long)["ok"]
        wait_for(lambda: playing(daemon, "interrupt"))
        wait_for(lambda: air.metrics.exists() and "loa_on_air 1\n" in air.metrics.read_text("utf-8"))
        assert "loa_up 1\n" in air.metrics.read_text("utf-8")
    told = air.metrics.read_text("utf-8")
    assert "loa_up 0\n" in told
    assert "loa_on_air 0\n" in told
    assert json.loads(air.status.read_bytes())["on_air"] == []


def test_the_metrics_are_in_prometheus_format_whatever_an_output_is_called() -> None:
    status = {
        "at": datetime(2026, 12, 1, tzinfo=UTC), "on_air": [], "stopped": None, "database_trouble": "x", "disk_free_mb": 5.0,
        "clock_steps": 1, "lateness_s": 0.01, "outcomes": {"aired": 3},
        "outputs": [{"name": 'loa "to"', "trouble": None}, {"name": "C:\\x\ny", "trouble": "lost"}],
    }  # fmt: skip
    lines = upkeep.metrics_text(status).splitlines()
    for line in lines:
        assert re.fullmatch(r"# TYPE [a-z_]+ (gauge|counter)", line) or SAMPLE.fullmatch(line), line
    assert r'loa_output_up{output="loa \"to\""} 1' in lines
    assert r'loa_output_up{output="C:\\x\ny"} 0' in lines


@pytest.mark.parametrize(
    "left",
    ["[]", "null", '"x"', '{"at": 5}', '{"at": "2026-12-01T00:00:00"}', '{"pid": 1, "at": "NOW"}', "{"],
)
def test_the_status_of_an_earlier_run_or_a_spoilt_one_is_not_shown_as_todays(
    tmp_path: Path, left: str
) -> None:
    status, lock = tmp_path / "status.json", tmp_path / "daemon.lock"
    status.write_text(left.replace("NOW", datetime.now(UTC).isoformat()), "utf-8")
    holder = StationLock(lock)
    holder.take(clock="real")
    try:
        assert read_status(status, lock) == {"running": True, "simulated": False, "starting": True}
        now = {"pid": os.getpid(), "at": datetime.now(UTC).isoformat(), "simulated": False}
        status.write_text(json.dumps(now), "utf-8")
        assert read_status(status, lock) == {"running": True, "hangs": False, **now}
    finally:
        holder.release()


# the log


def test_a_log_that_somebody_holds_open_is_written_on_and_its_older_files_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "daemon.log"
    log = logging.getLogger("loa.daemon")
    (tmp_path / "daemon.log.1").write_text("older", "utf-8")
    replace = Path.replace

    def held(self: Path, target: Path | str) -> Path:  # as Windows refuses it
        if self == path:
            raise PermissionError(13, "held")
        return replace(self, target)

    with _log_file(path), monkeypatch.context() as patch:
        patch.setattr(Path, "replace", held)
        for number in range(300):
            log.info("%s %s", number, "x" * 5000)
    assert len(path.read_text("utf-8").splitlines()) == 300
    assert (tmp_path / "daemon.log.1").read_text("utf-8") == "older"
    with _log_file(path):
        log.info("again")
    assert path.read_text("utf-8").endswith("again\n")
    assert len((tmp_path / "daemon.log.1").read_text("utf-8").splitlines()) == 300
    assert (tmp_path / "daemon.log.2").read_text("utf-8") == "older"
    assert capsys.readouterr().err == ""


def test_what_the_log_cannot_take_is_told_in_a_line_not_in_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "daemon.log").mkdir()
    with _log_file(tmp_path / "daemon.log"):
        logging.getLogger("loa.daemon").error("the card is lost")
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "ERROR the card is lost" in told


# alarms and commands


@dataclass
class Said(Hooks):
    """Hooks that note what they would run."""

    ran: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, command: object, *facts: str) -> None:
        self.ran.append(facts)


@pytest.fixture
def said() -> Said:
    return Said(Config(), Workers(inline=True, bell=Bell()), False)


def test_what_happens_twice_is_told_twice_and_what_lasts_once(
    said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(hooks.time, "monotonic", lambda: now)
    for at in (1000.0, 1001.0, 1400.0, 100_000.0):
        now = at
        said.alarm("silence", "Bản tin 1 has been silent for 30 s")
        said.alarm("output main", "lost")
    assert said.ran == [
        ("silence", "Bản tin 1 has been silent for 30 s"), ("output main", "lost"),
        ("silence", "Bản tin 1 has been silent for 30 s"), ("silence", "Bản tin 1 has been silent for 30 s"),
    ]  # fmt: skip
    now += 3600
    said.forget_old()
    assert len(said.told) == 2
    now += 86_400
    said.forget_old()
    assert said.told == {"output main": "lost"}


def test_a_command_that_floods_its_errors_is_ended_before_it_fills_the_disk() -> None:
    flood = "import sys\nwhile True: sys.stderr.write('x' * 99 + chr(10))"
    trouble = Running().run([sys.executable, "-c", flood], timeout_s=60)
    assert trouble is not None
    assert "stderr > 1 MB" in trouble
