"""`loa backup` and `loa restore`: the whole station in one file, and back."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from content import people, shown
from content.commands.shell import (
    LoaCommand,
    as_person,
    json_option,
    option,
    print_json,
    progress,
    say,
    with_station,
)
from content.language import N_, _
from content.os_errors import why

if TYPE_CHECKING:
    from content.station import Station
    from scheduler.backup import Made


@click.command(
    cls=LoaCommand,
    help=N_("Save the whole station (database, sounds, settings) to one file, while it runs."),
    epilog=N_("Example:\n  loa backup --out /media/usb --encrypt --keep 14"),
)
@option(
    "--out",
    type=click.Path(path_type=Path),
    help=N_("Folder or .loabackup file (else `backups` in the station)."),
)
@option("--encrypt", is_flag=True, help=N_("Encrypt with a password (LOA_BACKUP_PASSWORD, or typed)."))
@option("--keep", type=click.IntRange(1), help=N_("Keep only so many of the newest backups in that folder."))
@as_person
@json_option
@with_station
def backup(
    station: Station, out: Path | None, encrypt: bool, keep: int | None, as_name: str | None, as_json: bool
) -> None:
    from scheduler.backup import back_up

    with station.read() as session:
        person = people.current_person(session, station.config, as_name)
    password = _password(confirm=True) if encrypt else None
    with progress(_("Saving"), None) as advance:
        made = back_up(
            station,
            now=datetime.now(UTC),
            person=person,
            out=out,
            password=password,
            keep=keep,
            progress=advance,
        )
    if as_json:
        print_json(_json(made))
        return
    click.echo(made.path)
    say(
        N_("{files} files, {megabytes:.1f} MB. Check code of the event log: {code}"),
        files=made.files, megabytes=made.bytes / 1e6, code=made.anchor,
    )  # fmt: skip
    if made.missing:
        say(
            N_("{count} sounds that the database names are missing in the media folder."),
            count=len(made.missing),
        )


@click.command(
    cls=LoaCommand,
    help=N_(
        "Bring a backup back into DIR: a new folder, or a station whose past the backup holds. Every file is checked first."
    ),
    epilog=N_("Example:\n  loa restore loa-20261214-180000.loabackup my-station"),
)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path), required=False)
@option(
    "--list", "only_list", is_flag=True, help=N_("Check the backup and show what is in it, restore nothing.")
)
@json_option
def restore(file: Path, folder: Path | None, only_list: bool, as_json: bool) -> None:
    from scheduler import sealed_file
    from scheduler.backup import BackupFileError, BackupFolderError, read_manifest
    from scheduler.backup import restore as bring_back

    if folder is None and not only_list:
        raise click.UsageError(_("name the folder to restore into, or --list"))
    backups = sorted(file.glob("*.loabackup"), reverse=True) if file.is_dir() else []
    if backups:
        raise BackupFolderError(path=file, names=[one.name for one in backups[:3]])
    try:
        with file.open("rb") as stream:
            password = _password(confirm=False) if sealed_file.is_sealed(stream) else None
    except OSError as error:
        raise BackupFileError(path=file, reason=why(error)) from error
    if only_list or folder is None:
        manifest = read_manifest(file, password)
        if as_json:
            print_json(manifest)
            return
        say(
            N_("{station}, {made_at}: {files} files, all as they were. Check code: {code}"),
            station=manifest["station"], made_at=_here(manifest["made_at"]), files=len(manifest["files"]), code=manifest["anchor"],
        )  # fmt: skip
        return
    made = bring_back(file, folder, now=datetime.now(UTC), password=password)
    if as_json:
        print_json(_json(made))
        return
    say(
        N_("The station stands again in {folder}: {files} files checked. Check code: {code}"),
        folder=made.path, files=made.files, code=made.anchor,
    )  # fmt: skip
    if made.kept:
        say(N_("What stood there before is kept in {folder}."), folder=made.kept)


def _here(at: str) -> str:
    """An instant of the backup as the clock of this machine shows it; as it stands where it is none."""
    try:
        return shown.moment(datetime.fromisoformat(at), datetime.now().astimezone().tzinfo or UTC)
    except (TypeError, ValueError):
        return str(at)


def _json(made: Made) -> dict[str, object]:
    return {
        "path": str(made.path), "files": made.files, "bytes": made.bytes, "check_code": made.anchor,
        "missing": list(made.missing), "kept": str(made.kept) if made.kept else None,
    }  # fmt: skip


def _password(*, confirm: bool) -> str | None:
    given = os.environ.get("LOA_BACKUP_PASSWORD")
    if given is None and sys.stdin.isatty():
        given = str(
            click.prompt(_("Password of the backup"), hide_input=True, confirmation_prompt=confirm, err=True)
        )
    if given is None:
        from scheduler.sealed_file import PasswordMissingError

        raise PasswordMissingError
    if confirm and len(given) < people.SHORTEST_PASSWORD:
        raise people.PasswordTooShortError(least=people.SHORTEST_PASSWORD)
    return given
