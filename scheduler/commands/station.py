"""`loa station`: the commune stations that get packages from here."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from audio.packages.manifest import PLAYERS
from content.commands.choices import DAY, MONTH
from content.commands.shell import LoaGroup, json_option, option, print_json, print_table, say, with_station
from content.config import PROFILES
from content.language import N_, _
from content.shown import moment
from scheduler.commands.period import named_days

if TYPE_CHECKING:
    from content.station import Station
    from scheduler.exchange.reconcile import Line
    from scheduler.stations import CommuneStation

PLAYER_WORDS = {
    "loa": N_("Loa"),
    "barix": N_("M3U player with storage (Barix)"),
    "usb": N_("plain USB MP3 player"),
    "laptop": N_("a person with a laptop"),
    "vehicle": N_("loudspeaker vehicle"),
}

STATE_WORDS = {
    "aired": N_("aired"),
    "partial": N_("partly aired"),
    "made-good": N_("made good"),
    "missed": N_("missed"),
    "not-reported": N_("not reported"),
    "to-come": N_("to come"),
}


@click.group(
    cls=LoaGroup,
    help=N_("Commune stations that get packages from here."),
    epilog=N_(
        'Example:\n  loa station add "Đài xã Trung Hạ" --code xa-trung-ha --session "05:30-06:00" --session "17:00-17:30 T2-T6"'
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
                help=N_('A zone of ours that concerns it; "-": every play does.'),
            ),
            option(
                "--session",
                "sessions",
                multiple=True,
                help=N_('Its on-air block, "05:30-06:00", on some days "17:00-17:20 T2-T6"; "-": none.'),
            ),
            option("--timezone", help=N_("Its time zone.")),
            option("--profile", type=click.Choice(PROFILES), help=N_("Output profile of its audio.")),
            option(
                "--key",
                help=N_("Its public key: a file as `loa package key` writes it there."),
            ),
            option("--contact", help=N_("Who answers there, telephone.")),
        ]
    ):
        command = decorate(command)
    return command


def _read_facts(facts: dict[str, Any], opened: Station) -> dict[str, Any]:
    from audio.packages.signature import KEY_BYTES, from_text, read_public_key, to_text
    from scheduler.exchange.communes import check_zones, read_sessions

    key = facts.pop("key")
    if key is not None:
        facts["public_key"] = key if from_text(key, KEY_BYTES) else to_text(read_public_key(Path(key)))
    zones = list(facts["zones"])
    facts["zones"] = [] if zones == ["-"] else list(dict.fromkeys(zones)) or None
    check_zones(facts["zones"] or (), opened.config.zone_ids)
    facts["sessions"] = read_sessions(facts["sessions"]) if facts["sessions"] else None
    return facts


@station.command(
    help=N_("Add a commune station."),
    epilog=N_('Example:\n  loa station add "Đài xã Trung Hạ" --code xa-trung-ha --player usb'),
)
@click.argument("name")
@option("--code", help=N_("Short name, a-z 0-9 and hyphens (default: made of the name)."))
@_facts
@json_option
@with_station
def add(opened: Station, name: str, code: str | None, as_json: bool, **facts: Any) -> None:
    from scheduler.exchange import communes

    facts = _read_facts(facts, opened)
    with opened.decide() as session:
        row = communes.add(session, name=name, code=code, now=datetime.now(UTC), **facts)
    _say_or_json(row, as_json, N_("{name} is known as {code}"))
    if not as_json:
        say(
            N_("Its package, once the plan stands: `loa package export --station {code} --month 12/2026 --dir FOLDER`."),
            code=row.code,
        )  # fmt: skip


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

    facts = _read_facts(facts, opened)
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


@station.command(
    "restore",
    help=N_("Take a removed commune station into use again."),
    epilog=N_("Example:\n  loa station restore xa-trung-ha"),
)
@click.argument("code")
@json_option
@with_station
def restore(opened: Station, code: str, as_json: bool) -> None:
    from scheduler.exchange import communes

    with opened.decide() as session:
        row = communes.find(session, code)
        row.active = True
    _say_or_json(row, as_json, N_("{name} ({code}) is in use again; for the feed it needs a new token"))


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
    if not rows:
        say(N_("no commune stations are known yet: add one with `loa station add NAME`"))
        return
    print_table(
        _("Commune stations"),
        [_("code"), _("name"), _("player"), _("sessions"), _("zones"), _("key"), _("contact")],
        [
            [
                row.code, row.name, _(PLAYER_WORDS[row.player]),
                _session_words(row) or _("as here"),
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
    facts = communes.to_json(row)
    print_table(
        row.name,
        [_("what"), _("value")],
        [
            [_("code"), row.code],
            [_("player"), _(PLAYER_WORDS[row.player])],
            [_("sessions"), _session_words(row) or _("as here")],
            [_("zones"), ", ".join(row.zones) or _("all")],
            [_("time zone"), row.timezone],
            [_("audio profile"), row.profile or _("as here")],
            [
                _("fingerprint"),
                facts["fingerprint"] or _("its key is not known yet (`loa package key` there)"),
            ],
            [_("token for the feed"), _("yes") if facts["has_token"] else _("no")],
            [_("contact"), row.contact],
            [_("in use"), _("yes") if row.active else _("no")],
        ],
    )


def _session_words(row: CommuneStation) -> str:
    from scheduler.exchange.fit import StationSession

    return ", ".join(StationSession.from_json(one).words for one in row.sessions)


@station.command(
    help=N_("What became of what the stations were asked to air, by their own word."),
    epilog=N_(
        "Example:\n  loa station report --month 12/2026\n  loa station report xa-trung-ha --from 01/12/2026 --to 07/12/2026"
    ),
)
@click.argument("code", required=False)
@option("--month", type=MONTH, help=N_("A calendar month."))
@option("--from", "from_on", type=DAY, help=N_("First day."))
@option("--to", "until_on", type=DAY, help=N_("Last day."))
@json_option
@with_station
def report(
    opened: Station,
    code: str | None,
    month: str | None,
    from_on: date | None,
    until_on: date | None,
    as_json: bool,
) -> None:
    from scheduler.exchange import communes
    from scheduler.exchange.logbook import report_of
    from scheduler.exchange.reconcile import STATES, tally

    start, end = named_days(month, from_on, until_on)
    with opened.read() as session:
        rows = [communes.find(session, code)] if code else list(communes.known(session))
    now = datetime.now(UTC)
    found = {row.code: report_of(opened, row, start, end, now=now) for row in rows}
    if as_json:
        print_json(
            [
                {
                    "code": row.code, "name": row.name, "timezone": row.timezone, "from": start, "until": end, **tally(found[row.code]),
                    "lines": [line.to_json() for line in found[row.code]],
                }
                for row in rows
            ]
        )  # fmt: skip
        return
    print_table(
        _("Stations against plan"),
        [_("station"), _("planned"), *[_(STATE_WORDS[state]) for state in STATES]],
        [[row.name, len(found[row.code]), *tally(found[row.code]).values()] for row in rows],
    )
    if unheard := sum(line.simulated for lines in found.values() for line in lines):
        say(N_("{count} of these ran on a simulated clock only: nobody heard them"), count=unheard)
    if code:
        _print_lines(opened, rows[0].timezone, found[code])


def _print_lines(opened: Station, timezone: str, lines: list[Line]) -> None:
    """In the station's own time, which is named where it is not that of this centre."""
    zone = ZoneInfo(timezone)
    is_ours = timezone == opened.config.station.timezone
    print_table(
        _("Airings") if is_ours else _("Airings, in the time of {zone}").format(zone=timezone),
        [_("planned"), _("title"), _("what became of it"), _("made good"), _("reason")],
        [
            [
                moment(line.planned_at, zone), line.title,
                _(STATE_WORDS[line.state]) + (" " + _("(simulated)") if line.simulated else ""),
                moment(line.made_good_at, zone), line.reason and _(line.reason),
            ]
            for line in lines
        ],
    )  # fmt: skip


def _say_or_json(row: CommuneStation, as_json: bool, message: str) -> None:
    from scheduler.exchange.communes import to_json

    if as_json:
        print_json(to_json(row))
    else:
        say(message, name=row.name, code=row.code)
