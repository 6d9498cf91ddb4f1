"""The watched folder as it is in life: on another computer's disk, with files that came in any order and with any time."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_daemon_live import CONFIG, PATIENCE_S, aired, by_kind, on_air, order, pcm_file, put, wait_for
from test_onair_alerts import alert, long_alert

from content.station import Station
from scheduler.daemon import unfinished, watched_folder
from scheduler.daemon.folder import AirFolder
from scheduler.daemon.requests import Request

NewStation = Callable[..., Station]
REFERENCES = "<references>khituong@example.vn,LB-2026-114,x</references><info>"


def cancel() -> str:
    return alert(msgType="Cancel", identifier="LB-2").replace("<info>", REFERENCES, 1)


class Share:
    """A folder on another computer, which can stop answering."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.answers = threading.Event()
        self.asked = threading.Event()
        self.scandir = os.scandir
        monkeypatch.setattr(watched_folder.os, "scandir", self._scandir)
        iterdir = Path.iterdir

        def slow_iterdir(path: Path) -> Any:
            self._wait(path)
            return iterdir(path)

        monkeypatch.setattr(Path, "iterdir", slow_iterdir)

    def _scandir(self, path: Any) -> Any:
        self._wait(Path(path))
        return self.scandir(path)

    def _wait(self, path: Path) -> None:
        if path == self.folder:
            self.asked.set()
            assert self.answers.wait(PATIENCE_S)


def test_a_share_that_answers_nothing_holds_up_neither_the_sound_nor_an_order(
    new_station: NewStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = new_station(config=CONFIG)
    folder = station.folder / "alerts"
    folder.mkdir()
    (folder / "lu.txt").write_text("Lũ lên nhanh", "utf-8")
    share = Share(folder, monkeypatch)
    with on_air(station) as daemon:
        assert share.asked.wait(PATIENCE_S)
        words = Request(what="interrupt", who="a", title="Họp", sounds=(str(pcm_file(tmp_path, 0.3)),))
        assert order(station, words)["ok"]
        wait_for(aired(daemon))
        assert not share.answers.is_set()
        share.answers.set()
        wait_for(aired(daemon, 2))
    assert [row.title for row in by_kind(station, "interrupt")] == ["Họp", "Lũ lên nhanh"]


def test_a_share_that_answers_nothing_does_not_keep_an_emergency_from_beginning_again(
    new_station: NewStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = new_station(config=CONFIG)
    (station.folder / "alerts").mkdir()
    flood = Request(what="interrupt", who="a", title="Lũ", sounds=(str(pcm_file(tmp_path, 1.0)),))
    with on_air(station):
        assert order(station, flood)["ok"]
    assert unfinished.kept(AirFolder.of(station).requests)
    monkeypatch.setattr(watched_folder, "PATIENCE_S", 0.2)
    share = Share(station.folder / "alerts", monkeypatch)
    with on_air(station) as daemon:
        wait_for(aired(daemon))
        assert not share.answers.is_set()
        share.answers.set()


def test_a_folder_that_is_gone_is_told_until_it_is_back(new_station: NewStation) -> None:
    station = new_station(config=CONFIG)
    folder = station.folder / "alerts"
    with on_air(station) as daemon:
        wait_for(lambda: "watched folder" in daemon.hooks.told)
        told = daemon.hooks.told["watched folder"]
        assert str(folder) in told
        assert "there is no such file or folder" in told
        folder.mkdir()
        wait_for(lambda: "watched folder" not in daemon.hooks.told)
        put(folder, "lu.txt", "Lũ lên nhanh")
        wait_for(aired(daemon))


def test_a_file_whose_time_lies_ahead_of_our_clock_is_heard_at_once(new_station: NewStation) -> None:
    station = new_station(config=CONFIG)
    folder = station.folder / "alerts"
    folder.mkdir()
    (folder / "lu.txt").write_text("Lũ lên nhanh", "utf-8")
    later = time.time() + 7 * 3600
    os.utime(folder / "lu.txt", (later, later))
    with on_air(station) as daemon:
        wait_for(aired(daemon))


@pytest.mark.parametrize("names", [("1-huy.xml", "2-lu.xml"), ("2-huy.xml", "1-lu.xml")])
def test_an_alert_that_came_together_with_its_cancel_is_not_heard(
    new_station: NewStation, names: tuple[str, str]
) -> None:
    station = new_station(config=CONFIG)
    folder = station.folder / "alerts"
    folder.mkdir()
    (folder / names[0]).write_text(cancel(), "utf-8")
    (folder / names[1]).write_text(long_alert(), "utf-8")
    with on_air(station):
        wait_for((folder / "done" / names[0]).exists)
        reason = folder / "refused" / f"{names[1]}.reason.txt"
        wait_for(lambda: reason.exists() and "LB-2" in reason.read_text("utf-8"))
    assert not by_kind(station, "interrupt")
