"""Centre → stick → commune's daemon → log back → centre's report, all through the command line."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine

import cli
from audio.ffmpeg import run
from content.station import Station
from tests.scheduler.a_centre import NOW, plan_month


def tone(folder: Path, hertz: int) -> bytes:
    """Three seconds of real MP3."""
    target = folder / f"{hertz}.mp3"
    run(
        ["-f", "lavfi", "-i", f"sine=frequency={hertz}:duration=3", "-b:a", "64k", str(target)],
        task="tone",
        timeout_s=300,
    )
    return target.read_bytes()


class Desk:
    """Someone at the keyboard of a station, at a given moment."""

    def __init__(self, station: Station, capsys: pytest.CaptureFixture[str]) -> None:
        self.station, self.capsys = station, capsys

    def __call__(self, *words: object, at: datetime = NOW) -> Any:
        """Type the command; its JSON where it prints some, else its text."""
        self.capsys.readouterr()
        with time_machine.travel(at, tick=True):
            code = cli.run(["--lang", "en", "-C", str(self.station.folder), *map(str, words)])
        printed = self.capsys.readouterr()
        assert code == 0, printed.err
        return json.loads(printed.out) if printed.out[:1] in ("[", "{") else printed.out.strip()


@pytest.fixture
def tones(tmp_path: Path) -> Callable[[str], bytes]:
    return lambda name: tone(tmp_path, 300 + 100 * int(name.rpartition(" ")[2]))


def test_a_month_by_stick_with_a_missed_play_made_good_comes_back_as_a_true_report(
    new_station: Callable[..., Station],
    tones: Callable[[str], bytes],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    centre, commune = new_station("centre"), new_station("commune")
    plan_month(centre, length_ms=3000, sound=tones)
    at_centre, at_commune = Desk(centre, capsys), Desk(commune, capsys)
    stick = tmp_path / "stick"
    stick.mkdir()

    at_commune("package", "key", "--out", stick / "trung-ha.pem")
    at_centre("station", "add", "Đài xã Trung Hạ", "--code", "trung-ha", "--key", stick / "trung-ha.pem")
    sent = at_centre("package", "export", "--all", "--month", "12/2026", "--usb", stick, "--json")[0]
    carried = tmp_path / "at-the-commune"
    shutil.move(sent["path"], carried)
    seen = at_commune("package", "verify", carried, "--json")
    assert seen["ok"]
    at_commune("package", "trust", seen["fingerprint"])
    assert at_commune("package", "receive", carried, "--json")["added"] == 12

    simulated = ("run", "--clock", "simulated", "--output", "null", "--json")
    at_commune(*simulated, "--from", "2026-11-30", "--until", "2026-12-07T12:00")
    # The power is out from Monday noon to Tuesday noon: one play is missed.
    at_commune(*simulated, "--from", "2026-12-08T12:00", "--until", "2026-12-08T13:00")
    at_commune(*simulated, "--from", "2026-12-08T13:00", "--until", "2026-12-31")
    january = datetime(2027, 1, 2, 2, 0, tzinfo=UTC)
    told = at_commune("log", "export", "--signed", "--month", "12/2026", "--out", stick, "--json", at=january)

    taken = at_centre("log", "import", told["path"], "--json", at=january)
    assert (taken[0]["new"], taken[0]["receipts"]) == (13, 1)
    assert at_centre("log", "import", told["path"], "--json", at=january)[0]["known"]
    report = at_centre("station", "report", "trung-ha", "--month", "12/2026", "--json", at=january)[0]
    counts = {
        state: report[state]
        for state in ("aired", "made-good", "missed", "partial", "not-reported", "to-come")
    }
    assert counts == {"aired": 11, "made-good": 1, "missed": 0, "partial": 0, "not-reported": 0, "to-come": 0}
    good = next(line for line in report["lines"] if line["state"] == "made-good")
    assert good["planned_at"] == "2026-12-08T06:30:00+07:00"
    assert good["made_good_at"] is not None
    assert all(line["simulated"] for line in report["lines"])
