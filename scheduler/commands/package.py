"""`loa package`: make packages for commune stations, check them, take them in."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from content import shown
from content.commands.choices import DAY, MONTH
from content.commands.shell import (
    LoaGroup,
    json_option,
    option,
    print_json,
    print_table,
    progress,
    say,
    with_station,
)
from content.config import PROFILES
from content.language import N_, _, ngettext
from scheduler.commands.period import named_days

if TYPE_CHECKING:
    from audio.packages.verify import Checked
    from content.station import Station
    from scheduler.exchange.export import PackageSummary


class PackagePath(click.Path):
    """The folder or .zip file of a package."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not str(value).strip():
            self.fail(_("name the package's folder or its .zip file"), param, ctx)
        return super().convert(value, param, ctx)


KIND_WORDS = {"full": N_("full"), "update": N_("update"), "urgent": N_("urgent bulletin")}


@click.group(
    cls=LoaGroup,
    help=N_("Packages of audio and schedule for commune stations: by stick, by zip, or over the network."),
    epilog=N_(
        "Example:\n  loa package export --all --month 12/2026 --usb E:\\\n  loa package receive E:\\xa-trung-ha"
    ),
)
def package() -> None:
    pass


@package.command(
    help=N_("Make packages for stations: audio, rundowns, calendar, wall sheet and a signed manifest."),
    epilog=N_("Example:\n  loa package export --station xa-trung-ha --month 12/2026 --dir out"),
)
@option("--station", "codes", multiple=True, help=N_("Code of a commune station; may be given again."))
@option("--all", "everyone", is_flag=True, help=N_("Every commune station in use."))
@option("--month", type=MONTH, help=N_("A calendar month."))
@option("--from", "from_on", type=DAY, help=N_("First day."))
@option("--to", "until_on", type=DAY, help=N_("Last day."))
@option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path),
    help=N_("Folder for the packages (default: packages)."),
)
@option("--zip", "zips", is_flag=True, help=N_("One zip file a station."))
@option(
    "--usb", type=click.Path(path_type=Path), help=N_("A stick: copy and wait until it can be pulled out.")
)
@option("--profile", type=click.Choice(PROFILES), help=N_("Output profile of the audio."))
@option("--update", is_flag=True, help=N_("Only what the station has not got yet (stations with Loa)."))
@option("--partial", is_flag=True, help=N_("Leave out what is not rendered or approved yet."))
@json_option
@with_station
def export(
    station: Station, codes: tuple[str, ...], everyone: bool, month: str | None, from_on: date | None,
    until_on: date | None, folder: Path | None, zips: bool, usb: Path | None, profile: str | None,
    update: bool, partial: bool, as_json: bool,
) -> None:  # fmt: skip
    from scheduler.exchange import communes
    from scheduler.exchange.errors import NoStationsError, NotADriveError
    from scheduler.exchange.export import export_packages

    if bool(codes) == everyone:
        raise click.UsageError(_("name stations with --station CODE, or take them --all"))
    if usb is not None and (folder is not None or zips):
        raise click.UsageError(_("--usb goes without --dir and --zip"))
    start, end = named_days(month, from_on, until_on)
    if usb is not None and not usb.is_dir():
        raise NotADriveError(path=usb)
    with station.read() as session:
        rows = (
            list(communes.known(session))
            if everyone
            else [communes.in_use(session, code) for code in dict.fromkeys(codes)]
        )
    if not rows:
        raise NoStationsError
    form = "usb" if usb is not None else "zip" if zips else "dir"
    with progress(_("Writing packages"), len(rows)) as advance:
        made = export_packages(
            station, rows, start, end, usb or folder or Path("packages"), now=datetime.now(UTC), profile=profile,
            form=form, update=update, partial=partial, advance=advance,
        )  # fmt: skip
    if as_json:
        print_json([summary.to_json() for summary in made])
        return
    _show(made)
    say_unready([(row.code, row.name) for row in rows], made)
    if usb is not None:
        say(
            N_(
                "all of it is on the stick, which can be pulled out now; a station with Loa runs `loa package verify` and "
                "`loa package receive` with its folder on the stick"
            )
        )


def _show(made: list[PackageSummary]) -> None:
    print_table(
        _("Packages"),
        [_("station"), _("revision"), _("plays"), _("sounds"), _("MB"), _("written MB"), _("where")],
        [
            [one.name, one.revision, one.plays, one.sounds, _mb(one.size), _mb(one.written), one.path]
            for one in made
        ],
    )
    for one in made:
        for words in one.unplaced[:5]:
            say(N_("{station}: no room in its sessions for {words}"), station=one.name, words=words)
        if (more := len(one.unplaced) - 5) > 0:
            say(
                N_("{station}: no room in its sessions for {count} more, named in its manifest.json"),
                station=one.name, count=more,
            )  # fmt: skip
        if not one.plays and not one.unplaced:
            say(
                N_("{station}: nothing that is planned concerns its zones, its package is empty"),
                station=one.name,
            )
    say_left_out(made)
    say(N_("signed with the key {fingerprint}"), fingerprint=made[0].fingerprint)


def say_left_out(made: list[PackageSummary]) -> None:
    """Which airings are in no package, of all stations; those with other profiles may lack others."""
    left_out = list(dict.fromkeys(words for one in made for words in one.left_out))
    if left_out:
        say(N_("left out, not ready: {words}"), words=_named(left_out))


def say_unready(stations: list[tuple[str, str]], made: list[PackageSummary]) -> None:
    """Which of these (code, name) got no package."""
    written = {one.code for one in made if one.kind != "urgent"}
    for code, name in stations:
        if written and code not in written:
            say(
                N_(
                    "{station}: nothing that is planned is ready in its audio profile, it gets no package now"
                ),
                station=name,
            )


def _named(words: list[str]) -> str:
    """The first ten, and how many more there are."""
    more = [_("and {count} more airings").format(count=len(words) - 10)] if len(words) > 10 else []
    return "; ".join([*words[:10], *more])


def _mb(size: int) -> str:
    return shown.decimal(size / 2**20)


@package.command(
    help=N_("Check a package: signature, hashes, completeness. Needs no station and no database."),
    epilog=N_("Example:\n  loa package verify E:\\xa-trung-ha"),
)
@click.argument("path", type=PackagePath(path_type=Path))
@json_option
def verify(path: Path, as_json: bool) -> None:
    from audio.packages.verify import check_package

    checked = check_package(path)
    if as_json:
        print_json(_verified(path, checked))
    manifest = checked.or_refuse(path)
    if as_json:
        return
    plays = ngettext("{count} play", "{count} plays", len(manifest.plays)).format(count=len(manifest.plays))
    print_table(
        _("The package is whole and unchanged"),
        [_("what"), _("value")],
        [
            [_("for"), f"{manifest.station.name} ({manifest.station.code})"],
            [_("from"), manifest.sender.name],
            [_("fingerprint"), manifest.sender.fingerprint],
            [_("revision"), f"{manifest.revision} ({_(KIND_WORDS[manifest.kind])})"],
            [_("period"), f"{manifest.from_on:%d/%m/%Y} – {manifest.until_on:%d/%m/%Y}"],
            [_("holds"), plays],
        ],
    )


def _verified(path: Path, checked: Checked) -> dict[str, Any]:
    manifest = checked.manifest
    return {
        "path": path,
        "ok": not checked.problems,
        "problems": [problem.told(_) for problem in checked.problems],
        "manifest_sha256": checked.manifest_sha256 or None,
        "station": manifest.station.code if manifest else None,
        "sender": manifest.sender.name if manifest else None,
        "fingerprint": manifest.sender.fingerprint if manifest else None,
        "kind": manifest.kind if manifest else None,
        "revision": manifest.revision if manifest else None,
        "from": manifest.from_on if manifest else None,
        "until": manifest.until_on if manifest else None,
        "plays": len(manifest.plays) if manifest else 0,
        "needs": len(manifest.needs) if manifest else 0,
    }


@package.command(
    help=N_("Take a package in: checked whole first, then all of it or nothing."),
    epilog=N_("Example:\n  loa package receive E:\\xa-trung-ha"),
)
@click.argument("path", type=PackagePath(path_type=Path))
@json_option
@with_station
def receive(station: Station, path: Path, as_json: bool) -> None:
    from scheduler.exchange.receive import receive_package

    taken = receive_package(station, path, now=datetime.now(UTC))
    if as_json:
        print_json(taken.to_json())
    elif taken.known:
        say(N_("revision {revision} of {sender} is here already, nothing changed"), **taken.to_json())
    else:
        say(
            N_(
                "revision {revision} of {sender} is taken in: {added} plays new, {moved} changed, {cancelled} cancelled"
            ),
            **taken.to_json(),
        )
        if taken.too_late:
            say(
                N_("{too_late} plays came after their time; the centre will read so"), too_late=taken.too_late
            )
        if taken.too_late < taken.plays:
            say(N_("`loa run` plays them; afterwards `loa log export --signed` tells the centre what aired"))
    if taken.clock_doubt or taken.too_late == taken.plays > 0:
        say(
            N_(
                "is the clock of this machine right? It shows {now}, the package was made on {made_at}; set it if need "
                "be, then take the package in again"
            ),
            now=f"{datetime.now(station.tz):%d/%m/%Y %H:%M}", made_at=f"{taken.made_at.astimezone(station.tz):%d/%m/%Y %H:%M}",
        )  # fmt: skip


@package.command(
    help=N_("Accept packages signed with this key, after comparing the fingerprint by telephone."),
    epilog=N_("Example:\n  loa package trust 1a2b-3c4d-5e6f-7a8b-9c0d-1e2f-3a4b-5c6d"),
)
@click.argument("fingerprint")
@option("--name", help=N_("Whose key it is."))
@option("--replaces", metavar="FINGERPRINT", help=N_("The same sender's earlier key, which counts no more."))
@option("--remove", is_flag=True, help=N_("Accept it no more."))
@option("--with-plays", is_flag=True, help=N_("With --remove: cancel what it sent and has not begun yet."))
@with_station
def trust(
    station: Station, fingerprint: str, name: str | None, replaces: str | None, remove: bool, with_plays: bool
) -> None:
    from scheduler.exchange import trust as trusting

    if (remove and replaces) or (with_plays and not remove):
        raise click.UsageError(_("--replaces goes without --remove, and --with-plays only with it"))
    now = datetime.now(UTC)
    cancelled = 0
    with station.decide() as session:
        if remove:
            row, cancelled = trusting.distrust(session, fingerprint, now=now, with_plays=with_plays)
        elif replaces:
            row = trusting.renew(session, fingerprint, replaces, now=now)
        else:
            row = trusting.trust(session, fingerprint, name=name, now=now)
    if remove:
        say(N_("packages signed with {fingerprint} are accepted no more"), fingerprint=row.fingerprint)
        if with_plays:
            say(N_("{count} plays that it sent are cancelled"), count=cancelled)
    else:
        say(
            N_(
                "packages signed with {fingerprint} are accepted from now on: take one in with `loa package receive`"
            ),
            fingerprint=row.fingerprint,
        )


@package.command(
    help=N_("Show this station's own key, which the other side has to know."),
    epilog=N_("Example:\n  loa package key --out signer.pem"),
)
@option(
    "--out",
    "target",
    type=click.Path(path_type=Path),
    help=N_("Write the public key to this file, or into this folder."),
)
@option("--renew", is_flag=True, help=N_("Make a new key: the old one was lost, copied or stolen."))
@json_option
@with_station
def key(station: Station, target: Path | None, renew: bool, as_json: bool) -> None:
    from audio.packages.signature import fingerprint, public_pem, to_text
    from content import atomic
    from scheduler.exchange.communes import renew_key, signing_key

    now = datetime.now(UTC)
    own = signing_key(station, now).public
    if renew:
        old, own = own, renew_key(station, now).public
        say(
            N_(
                "whoever gets packages from here: `loa package trust {new} --replaces {old}`; whoever gets reports "
                "from here: `loa station edit CODE --key FILE`, with the file of `loa package key --out FILE`"
            ),
            new=fingerprint(own), old=fingerprint(old),
        )  # fmt: skip
    if target is not None:
        target = target / "loa-key.pem" if target.is_dir() else target
        atomic.write_bytes(target, public_pem(own))
        say(N_("written to {path}"), path=target)
    if as_json:
        print_json({"fingerprint": fingerprint(own), "public_key": to_text(own)})
    else:
        click.echo(fingerprint(own))


@package.command(
    "list",
    help=N_("List packages that were sent and received."),
    epilog=N_("Example:\n  loa package list --json"),
)
@json_option
@with_station
def list_packages(station: Station, as_json: bool) -> None:
    from scheduler.exchange.history import history

    rows = history(station)
    if as_json:
        print_json([row.to_json() for row in rows])
        return
    print_table(
        _("Packages"),
        [_("way"), _("station"), _("revision"), _("kind"), _("period"), _("made"), _("received")],
        [
            [
                _("sent") if row.way == "sent" else _("received"), row.who, row.revision, _(KIND_WORDS[row.kind]),
                f"{row.from_on:%d/%m/%Y} – {row.until_on:%d/%m/%Y}", f"{row.made_at.astimezone(station.tz):%d/%m/%Y %H:%M}",
                f"{row.received_at.astimezone(station.tz):%d/%m/%Y %H:%M}" if row.received_at else "",
            ]
            for row in rows
        ],
        empty=N_("No package was made or received yet: `loa package export` makes one, `loa package receive` takes one in."),
    )  # fmt: skip
