"""People, roles and who sits at the keyboard."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner

from cli import loa
from content import people
from content.audit import verify
from content.people import (
    LastAdministratorError,
    NameMissingError,
    NoPeopleYetError,
    PersonExistsError,
    RoleMissingError,
    RoleUnknownError,
    UnknownAccountError,
    UnknownPersonError,
    WrongPasswordError,
    add_person,
    current_person,
    edit_person,
)
from content.station import Station

MakeStation = Callable[..., Station]
PASSWORD = "một câu dài ệ"


@pytest.fixture
def station(new_station: MakeStation) -> Station:
    station = new_station()
    with station.decide() as session:
        add_person(session, "Nguyễn Thị Lan", ["editor"], by="lan", os_user="lan")
    with station.decide() as session:
        add_person(session, "Trần Hòa", ["approver"], by="Nguyễn Thị Lan", password=PASSWORD)
    return station


def who(station: Station, as_name: str | None = None, account: str = "lan", password: str = "") -> str:
    with station.decide() as session:
        return current_person(
            session, station.config, as_name, account=account, ask_password=lambda _name: password
        )


def test_a_station_without_people_works_under_the_name_of_the_account(new_station: MakeStation) -> None:
    station = new_station()
    assert who(station, account="may-tinh") == "may-tinh"
    assert who(station, "may-tinh", account="may-tinh") == "may-tinh"
    with pytest.raises(NoPeopleYetError, match="loa user add"):
        who(station, "Trần Hòa")
    with station.read() as session:
        assert people.roles_of(session, "anyone") == people.ROLES


def test_the_first_person_is_an_administrator_too(station: Station) -> None:
    with station.read() as session:
        assert people.roles_of(session, "Nguyễn Thị Lan") == ("editor", "administrator")


def test_an_account_says_who_one_is_and_a_strange_account_says_nothing(station: Station) -> None:
    assert who(station) == "Nguyễn Thị Lan"
    with pytest.raises(UnknownAccountError, match="--as NAME"):
        who(station, account="khach")


def test_as_somebody_else_needs_their_password(station: Station) -> None:
    assert who(station, "Trần Hòa", password=PASSWORD) == "Trần Hòa"
    import unicodedata

    assert who(
        station, unicodedata.normalize("NFD", "Trần Hòa"), password=unicodedata.normalize("NFD", PASSWORD)
    )
    for wrong in ("", "sai", PASSWORD + " "):
        with pytest.raises(WrongPasswordError):
            who(station, "Trần Hòa", password=wrong)
    with pytest.raises(WrongPasswordError):  # she has none at all
        who(station, "Nguyễn Thị Lan", account="khach", password="")
    with pytest.raises(UnknownPersonError):
        who(station, "Không Ai")


def test_nothing_is_locked_while_a_password_is_typed(station: Station) -> None:
    def type_slowly(_name: str) -> str:
        with (
            station.decide() as other
        ):  # would wait 15 s and fail if the first transaction still held the lock
            people.record(other, action="note.made", subject="station:1", person="")
        return PASSWORD

    with station.decide() as session:
        assert current_person(session, station.config, "Trần Hòa", account="x", ask_password=type_slowly)


def test_only_an_administrator_registers_and_changes_people(station: Station) -> None:
    with pytest.raises(RoleMissingError), station.decide() as session:
        add_person(session, "Ai Đó", ["editor"], by="Trần Hòa")
    with pytest.raises(RoleMissingError), station.decide() as session:
        edit_person(session, "Nguyễn Thị Lan", by="Trần Hòa", password="xxxxxxxx")
    with pytest.raises(RoleMissingError), station.decide() as session:
        edit_person(session, "Trần Hòa", by="Trần Hòa", roles=["administrator"])
    with station.decide() as session:  # one's own password is one's own
        edit_person(session, "Trần Hòa", by="Trần Hòa", password="mật khẩu mới")
    assert who(station, "Trần Hòa", password="mật khẩu mới") == "Trần Hòa"


def test_the_last_administrator_cannot_go(station: Station) -> None:
    for change in ({"retire": True}, {"roles": ["editor"]}):
        with pytest.raises(LastAdministratorError), station.decide() as session:
            edit_person(session, "Nguyễn Thị Lan", by="Nguyễn Thị Lan", **change)


def test_somebody_retired_can_do_nothing_more_but_stays_on_record(station: Station) -> None:
    with station.decide() as session:
        edit_person(session, "Trần Hòa", by="Nguyễn Thị Lan", retire=True)
    with pytest.raises(UnknownPersonError):
        who(station, "Trần Hòa", password=PASSWORD)
    with station.read() as session:
        assert people.roles_of(session, "Trần Hòa") == ()
        assert [p["name"] for p in people.list_people(session)] == ["Nguyễn Thị Lan", "Trần Hòa"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "hai\ndòng", "\x1b[31mđỏ"])
def test_a_name_that_is_none_is_refused(station: Station, name: str) -> None:
    with pytest.raises(NameMissingError), station.decide() as session:
        add_person(session, name, ["editor"], by="Nguyễn Thị Lan")


def test_names_accounts_and_roles_are_checked(station: Station) -> None:
    for name, os_user in (("Trần Hòa", None), ("Ai Đó", "lan")):
        with pytest.raises(PersonExistsError), station.decide() as session:
            add_person(session, name, ["editor"], by="Nguyễn Thị Lan", os_user=os_user)
    for roles in ([], ["boss"]):
        with pytest.raises(RoleUnknownError), station.decide() as session:
            add_person(session, "Ai Đó", roles, by="Nguyễn Thị Lan")


def test_no_listing_shows_a_hash_and_the_log_holds_no_password(station: Station) -> None:
    with station.read() as session:
        assert "argon2" not in str(people.list_people(session))
        assert verify(session).whole
    raw = (station.folder / "loa.sqlite3").read_bytes()
    assert PASSWORD.encode() not in raw


def test_people_on_the_command_line(new_station: MakeStation, monkeypatch: pytest.MonkeyPatch) -> None:
    station = new_station()
    monkeypatch.setattr(people, "os_account", lambda: "may-tinh")
    runner = CliRunner()

    def run(*arguments: str, **environment: str) -> str:
        result = runner.invoke(
            loa,
            ["-C", str(station.folder), *arguments],
            env=environment,
            catch_exceptions=False,
            standalone_mode=False,
        )
        return result.stdout

    run("user", "add", "Lan", "--role", "editor")
    monkeypatch.setenv("LOA_NEW_PASSWORD", PASSWORD)
    run("user", "add", "Hòa", "--role", "approver", "--password")
    import json

    listed = json.loads(run("user", "list", "--json"))
    assert [(p["name"], p["roles"], p["os_user"]) for p in listed] == [
        ("Hòa", ["approver"], None),
        ("Lan", ["editor", "administrator"], "may-tinh"),
    ]
    monkeypatch.setenv("LOA_PASSWORD", "sai")
    with pytest.raises(WrongPasswordError):
        run("user", "password", "Hòa", "--as", "Hòa")
    monkeypatch.setenv("LOA_PASSWORD", PASSWORD)
    run("user", "password", "Hòa", "--as", "Hòa")
    assert "Lan" in run("user", "list")
