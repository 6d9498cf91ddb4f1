"""`loa user`: people and their roles."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from content import people
from content.commands.shell import (
    LoaGroup,
    as_person,
    json_option,
    option,
    print_json,
    print_table,
    say,
    with_station,
)
from content.language import N_, _

if TYPE_CHECKING:
    from content.station import Station

_role = option(
    "--role",
    "roles",
    type=click.Choice(people.ROLES),
    multiple=True,
    help=N_("What they may do; give it again for more."),
)
_account = option("--os-user", help=N_("The system account under which they need no password."))
_password = option(
    "--password", "with_password", is_flag=True, help=N_("Ask for a password (or take LOA_NEW_PASSWORD).")
)


@click.group(
    cls=LoaGroup,
    help=N_("The people of the station: who writes, who approves, who operates, who administers."),
    epilog=N_('Example:\n  loa user add "Nguyễn Thị Lan" --role editor --password\n  loa user list'),
)
def user() -> None:
    pass


@user.command(
    help=N_("Register a person. The first one becomes administrator too."),
    epilog=N_('Example:\n  loa user add "Nguyễn Thị Lan" --role editor'),
)
@click.argument("name")
@_role
@_account
@_password
@as_person
@with_station
def add(
    station: Station,
    name: str,
    roles: tuple[str, ...],
    os_user: str | None,
    with_password: bool,
    as_name: str | None,
) -> None:
    password = _new_password() if with_password else None
    with station.decide() as session:
        by = people.current_person(session, station.config, as_name)
        first = not people.has_people(session)
        if first and password is None:
            if os_user not in (None, by):
                raise people.LockedOutError(name=name, account=by, other=os_user)
            os_user = by
        made = people.add_person(session, name, roles, by=by, os_user=os_user, password=password)
        facts = {"name": made.name, "roles": ", ".join(_(role) for role in made.roles)}
    say(N_("{name} is registered: {roles}."), **facts)
    if not os_user and not password:
        say(N_('{name} cannot sign anything yet: set a password with `loa user password "{name}"`.'), **facts)


@user.command(
    help=N_("Change a person's roles, account or password, or retire them."),
    epilog=N_('Example:\n  loa user edit "Nguyễn Thị Lan" --role editor --role operator'),
)
@click.argument("name")
@_role
@_account
@_password
@option("--retire", is_flag=True, help=N_("They no longer work here; what they did stays."))
@as_person
@with_station
def edit(
    station: Station,
    name: str,
    roles: tuple[str, ...],
    os_user: str | None,
    with_password: bool,
    retire: bool,
    as_name: str | None,
) -> None:
    password = _new_password() if with_password else None
    with station.decide() as session:
        by = people.current_person(session, station.config, as_name)
        people.edit_person(
            session, name, by=by, roles=roles or None, os_user=os_user, password=password, retire=retire
        )
    say(N_("{name} is changed."), name=name)


@user.command(
    "password",
    help=N_("Set a password: your own, or as administrator somebody's."),
    epilog=N_('Example:\n  loa user password "Nguyễn Thị Lan"'),
)
@click.argument("name")
@as_person
@with_station
def password_(station: Station, name: str, as_name: str | None) -> None:
    with station.read() as session:
        people.person_named(session, name)  # nobody types a password for a name that is not there
    password = _new_password()
    with station.decide() as session:
        by = people.current_person(session, station.config, as_name)
        people.edit_person(session, name, by=by, password=password)
    say(N_("The password of {name} is set."), name=name)


@user.command(
    "list", help=N_("List the people of the station."), epilog=N_("Example:\n  loa user list --json")
)
@json_option
@with_station
def list_(station: Station, as_json: bool) -> None:
    with station.read() as session:
        rows = people.list_people(session)
    if as_json:
        print_json(rows)
        return
    print_table(
        _("People"),
        [_("Name"), _("Roles"), _("System account"), _("Password"), _("Since"), _("Until")],
        [
            [
                row["name"],
                ", ".join(_(role) for role in row["roles"]),
                row["os_user"],
                _("yes") if row["password"] else _("no"),
                row["created_at"].astimezone(station.tz).strftime("%d/%m/%Y"),
                row["retired_at"].astimezone(station.tz).strftime("%d/%m/%Y") if row["retired_at"] else None,
            ]
            for row in rows
        ],
    )
    if not rows:
        say(N_("Nobody is registered: whoever uses this system account acts under its name."))


def _new_password() -> str:
    given = os.environ.get("LOA_NEW_PASSWORD")
    if given is None:
        if not sys.stdin.isatty():
            raise people.NobodyToAskError
        given = click.prompt(_("New password"), hide_input=True, confirmation_prompt=True, err=True)
    if len(str(given)) < people.SHORTEST_PASSWORD:
        raise people.PasswordTooShortError(least=people.SHORTEST_PASSWORD)
    return str(given)


_WORDS: tuple[str, ...] = (N_("editor"), N_("approver"), N_("operator"), N_("administrator"))
