"""`loa station`, `loa package`, `loa feed` and `loa log` as they are typed: what is told where the words do not fit."""

import json
from collections.abc import Callable

import pytest

import cli
from content.station import Station
from tests.scheduler.a_centre import plan_month


class Desk:
    """Someone at the keyboard of a centre with a month's plan."""

    def __init__(self, station: Station, capsys: pytest.CaptureFixture[str]) -> None:
        self.station, self.capsys = station, capsys

    def __call__(self, *words: object, code: int = 0) -> str:
        """What the command prints; it must end with `code`."""
        self.capsys.readouterr()
        found = cli.run(["--lang", "en", "-C", str(self.station.folder), *map(str, words)])
        printed = self.capsys.readouterr()
        assert found == code, printed.err
        return " ".join((printed.out + printed.err).split())


@pytest.fixture
def desk(new_station: Callable[..., Station], capsys: pytest.CaptureFixture[str]) -> Desk:
    centre = new_station("centre")
    plan_month(centre)
    typed = Desk(centre, capsys)
    typed("station", "add", "Trung Hạ", "--code", "trung-ha")
    return typed


def test_a_removed_station_gets_nothing_until_it_is_brought_back(desk: Desk) -> None:
    desk("station", "remove", "trung-ha")
    export = (
        "package",
        "export",
        "--station",
        "trung-ha",
        "--month",
        "12/2026",
        "--dir",
        desk.station.folder / "out",
    )
    assert "loa station restore trung-ha" in desk(*export, code=1)
    assert "loa station restore trung-ha" in desk("feed", "token", "trung-ha", code=1)
    assert "new token" in desk("station", "restore", "trung-ha")
    desk(*export)
    desk("feed", "token", "trung-ha")
    assert json.loads(desk("station", "show", "trung-ha", "--json"))["active"]


@pytest.mark.parametrize(
    "command",
    [("package", "export", "--station", "trung-ha"), ("station", "report"), ("log", "export", "--signed")],
)
def test_days_are_named_one_way_and_in_their_order(desk: Desk, command: tuple[str, ...]) -> None:
    assert "name the days" in desk(*command, code=2)
    assert "name the days" in desk(*command, "--month", "12/2026", "--from", "01/12/2026", code=2)
    assert "name the days" in desk(*command, "--from", "01/12/2026", code=2)
    assert "name the earlier day first" in desk(
        *command, "--from", "31/12/2026", "--to", "01/12/2026", code=1
    )


def test_a_station_in_another_time_zone_is_told_of_in_its_own_time(desk: Desk) -> None:
    desk("station", "add", "Berlin", "--code", "berlin", "--timezone", "Europe/Berlin")
    month = ("--month", "12/2026")
    desk("package", "export", "--all", *month, "--dir", desk.station.folder / "out")
    far, near = (desk("station", "report", code, *month) for code in ("berlin", "trung-ha"))
    assert "02/12/2026 00:33" in far  # 06:33 in Việt Nam
    assert "Europe/Berlin" in far
    assert "02/12/2026 06:33" in near
    assert "in the time of" not in near
    told = json.loads(desk("station", "report", "berlin", *month, "--json"))[0]
    assert told["timezone"] == "Europe/Berlin"
    assert told["lines"][0]["planned_at"].endswith("+01:00")


def test_the_key_goes_into_a_folder_too_as_the_log_does(desk: Desk) -> None:
    stick = desk.station.folder / "stick"
    stick.mkdir()
    assert str(stick / "loa-key.pem") in desk("package", "key", "--out", stick)
    desk("station", "edit", "trung-ha", "--key", stick / "loa-key.pem")
    assert json.loads(desk("station", "show", "trung-ha", "--json"))["fingerprint"] in desk("package", "key")
    assert "no such file" in desk("station", "edit", "trung-ha", "--key", stick / "other.pem", code=1)


def test_airings_for_which_there_is_no_room_are_counted_beyond_those_that_are_named(desk: Desk) -> None:
    desk("station", "edit", "trung-ha", "--session", "05:30-05:31")
    export = ("package", "export", "--all", "--month", "12/2026", "--dir", desk.station.folder / "out")
    assert "no room in its sessions for 7 more" in desk(*export)


def test_a_station_named_twice_gets_one_package(desk: Desk) -> None:
    twice = ("--station", "trung-ha", "--station", "trung-ha", "--month", "12/2026")
    made = json.loads(desk("package", "export", *twice, "--dir", desk.station.folder / "out", "--json"))
    assert [one["code"] for one in made] == ["trung-ha"]


def test_a_zone_that_the_centre_has_not_is_refused_with_those_that_it_has(desk: Desk) -> None:
    for line in (("add", "Bản", "--zone", "ban-lagn"), ("edit", "trung-ha", "--zone", "ban-lagn")):
        told = desk("station", *line, code=1)
        assert all(zone in told for zone in ("ban-lagn", *desk.station.config.zone_ids))
    zone = desk.station.config.zone_ids[0]
    desk("station", "edit", "trung-ha", "--zone", zone, "--zone", zone)
    assert json.loads(desk("station", "show", "trung-ha", "--json"))["zones"] == [zone]
