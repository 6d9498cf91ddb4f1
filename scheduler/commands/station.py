"""`loa station`: the commune stations that get packages from here."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audio.packages.manifest import PLAYERS
from content.commands.shell import LoaGroup, json_option, option, print_json, print_table, say, with_station
from content.config import PROFILES
from content.language import N_, _

if TYPE_CHECKING:
    from content.station import Station
    from scheduler.stations import CommuneStation

PLAYER_WORDS = {
    "loa": N_("Loa"),
    "barix": N_("M3U player with storage (Barix)"),
    "usb": N_("plain USB MP3 player"),
    "laptop": N_("a person with a laptop"),
    "vehicle": N_("loudspeaker vehicle"),
}


@click.group(
    cls=LoaGroup,
    help=N_("Commune stations that get packages from here."),
    epilog=N_(
        'Example:\n  loa station add "Đài xã Trung Hạ" --session "05:30-06:00" --session "17:00-17:30 1,2,3,4,5"'
    ),
)
def station() -> None:
    pass


def _facts(command: Any) -> Any:
    for decorate in reversed(
        [
            option("--player", type=click.Choice(PLAYERS), help=N_("What plays there.")),
            option(
                "--zone",
                "zones",
                multiple=True,
                help=N_("A zone of ours that concerns it; none: every play does."),
            ),
            option(
                "--session",
                "sessions",
                multiple=True,
                help=N_('Its on-air block, "05:30-06:00 1,2,3,4,5"; "-": none.'),
            ),
            option("--timezone", help=N_("Its time zone.")),
            option("--profile", type=click.Choice(PROFILES), help=N_("Output profile of its audio.")),
            option(
                "--key",
                help=N_("Its public key: a signer.pem file, or the fingerprint of a report that came."),
            ),
            option("--contact", help=N_("Who answers there, telephone.")),
        ]
    ):
        command = decorate(command)
    return command


def _read_facts(opened: Station, facts: dict[str, Any]) -> dict[str, Any]:
    from audio.packages.signature import read_public_key, to_text
    from scheduler.exchange.communes import read_sessions
    from scheduler.exchange.reports import key_of_fingerprint

    key = facts.pop("key")
    if key is not None:
        named = Path(key)
        facts["public_key"] = (
            to_text(read_public_key(named)) if named.is_file() else key_of_fingerprint(opened, key)
        )
    facts["zones"] = list(facts["zones"]) or None
    facts["sessions"] = read_sessions(facts["sessions"]) if facts["sessions"] else None
    return facts


@station.command(
    help=N_("Add a commune station."), epilog=N_('Example:\n  loa station add "Đài xã Trung Hạ" --player usb')
)
@click.argument("name")
@option("--code", help=N_("Short name, a-z 0-9 and hyphens (default: made of the name)."))
@_facts
@json_option
@with_station
def add(opened: Station, name: str, code: str | None, as_json: bool, **facts: Any) -> None:
    from scheduler.exchange import communes

    facts = _read_facts(opened, facts)
    with opened.decide() as session:
        row = communes.add(session, name=name, code=code, now=datetime.now(UTC), **facts)
    _say_or_json(row, as_json, N_("{name} is known as {code}"))


@station.command(
    help=N_("Change a commune station."),
    epilog=N_("Example:\n  loa station edit xa-trung-ha --player barix"),
)
@click.argument("code")
@option("--name", help=N_("Its name."))
@_facts
@json_option
@with_station
def edit(opened: Station, code: str, as_json: bool, **facts: Any) -> None:
    from scheduler.exchange import communes

    facts = _read_facts(opened, facts)
    with opened.decide() as session:
        row = communes.find(session, code)
        communes.change(row, **facts)
    _say_or_json(row, as_json, N_("{name} ({code}) is changed"))


@station.command(
    "remove",
    help=N_("Take a commune station out of use; what it reported stays."),
    epilog=N_("Example:\n  loa station remove xa-trung-ha"),
)
@click.argument("code")
@json_option
@with_station
def remove(opened: Station, code: str, as_json: bool) -> None:
    from scheduler.exchange import communes

    with opened.decide() as session:
        row = communes.find(session, code)
        row.active, row.token_sha256 = False, None
    _say_or_json(row, as_json, N_("{name} ({code}) is out of use"))


@station.command("list", help=N_("List commune stations."), epilog=N_("Example:\n  loa station list --json"))
@option("--all", "everyone", is_flag=True, help=N_("Those out of use too."))
@json_option
@with_station
def list_stations(opened: Station, everyone: bool, as_json: bool) -> None:
    from scheduler.exchange import communes

    with opened.read() as session:
        rows = communes.known(session, all_of_them=everyone)
    if as_json:
        print_json([communes.to_json(row) for row in rows])
        return
    print_table(
        _("Commune stations"),
        [_("code"), _("name"), _("player"), _("sessions"), _("zones"), _("key"), _("contact")],
        [
            [
                row.code, row.name, _(PLAYER_WORDS[row.player]),
                ", ".join(f"{one['start']}-{one['end']}" for one in row.sessions) or _("as here"),
                ", ".join(row.zones) or _("all"), "✓" if row.public_key else "", row.contact,
            ]
            for row in rows
        ],
    )  # fmt: skip


@station.command(help=N_("Show a commune station."), epilog=N_("Example:\n  loa station show xa-trung-ha"))
@click.argument("code")
@json_option
@with_station
def show(opened: Station, code: str, as_json: bool) -> None:
    from scheduler.exchange import communes

    with opened.read() as session:
        row = communes.find(session, code)
    if as_json:
        print_json(communes.to_json(row))
        return
    print_table(
        row.name, [_("what"), _("value")], [[key, value] for key, value in communes.to_json(row).items()]
    )


def _say_or_json(row: CommuneStation, as_json: bool, message: str) -> None:
    from scheduler.exchange.communes import to_json

    if as_json:
        print_json(to_json(row))
    else:
        say(message, name=row.name, code=row.code)
