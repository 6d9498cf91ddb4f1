"""The whole station in one file, taken while the daemon runs; and back again, every file checked.

A backup is a zip: `manifest.json` (hash and size of every file, check code of the event log), the database as
one consistent SQLite file, config, lexicon, forms, own rule files and the media that the database names. With a
password it is encrypted (AES-256-GCM in chunks, key by scrypt); nothing of it can then be read or changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

from sqlalchemy import create_engine, insert, select
from sqlalchemy.engine import Engine

from content import atomic
from content.audit import Verdict, verify
from content.config import read_config
from content.database import DatabaseError, migrate, open_engine, reading
from content.errors import LoaError
from content.events import record
from content.language import N_
from content.os_errors import why
from content.station import Station, database_url
from content.tables import Base
from scheduler import sealed_file
from scheduler.daemon.folder import AirFolder
from scheduler.daemon.lock import StationLock

FORMAT = 1
SUFFIX = ".loabackup"
_NAME = re.compile(r"loa-\d{8}-\d{6}\.loabackup")
_PLAIN = ("config.toml", "lexicon.tsv")
_FOLDERS = ("forms", "policies", "recordings")
_CHUNK = 1 << 20
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, EOFError, RecursionError, ValueError, KeyError, TypeError, AttributeError,
)  # fmt: skip
"""How a file that is no backup, or no whole one, shows itself while it is read."""
DAMAGED = N_("it is damaged")


class BackupFolderError(LoaError):
    """A folder where a backup was to be named."""

    sentence = N_("{path} is a folder: name one of the backups in it ({names})")


class BackupFileError(LoaError):
    """A backup that cannot be read or is not whole."""

    sentence = N_("the backup {path} cannot be restored ({reason}): try an earlier one")


class RestoreTargetError(LoaError):
    """A restore that would lose something."""

    sentence = N_("nothing was restored into {path}: {reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a backup or a restore did."""

    path: Path
    files: int
    bytes: int
    anchor: str
    missing: tuple[str, ...] = ()
    """Media files that the database names and that are not there."""
    kept: Path | None = None
    """Where a restore put what stood there before."""


def back_up(
    station: Station,
    *,
    now: datetime,
    person: str,
    out: Path | None = None,
    password: str | None = None,
    keep: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Made:
    """Write a backup into the folder `out` (else `backups` in the station), or to `out` itself where it is no folder.

    `keep`: of the backups named by Loa in that folder, only so many of the newest stay.

    Raises:
        atomic.DiskFullError, atomic.NotWritableError.
    """
    folder = out or station.folder / "backups"
    named = out is not None and out.suffix == SUFFIX and not out.is_dir()
    path = folder if named else folder / f"loa-{now.astimezone(station.tz):%Y%m%d-%H%M%S}{SUFFIX}"
    with station.decide() as session:
        record(
            session,
            action="backup.made",
            subject=f"backups:{path.name}",
            person=person,
            detail={"encrypted": password is not None},
            at=now,
        )
    with tempfile.TemporaryDirectory(prefix="loa-backup-") as scratch:
        database = Path(scratch) / "loa.sqlite3"
        _copy_out(station.engine, database)
        anchor = _check(database).anchor
        files = dict(_files(station, database))
        media, missing = _media(station, database)
        files |= media
        manifest: dict[str, Any] = {
            "format": FORMAT, "station": station.config.station.name, "made_at": now.astimezone(UTC).isoformat(),
            "anchor": anchor, "missing": missing, "files": {},
        }  # fmt: skip
        with (
            atomic.replacing(path) as temporary,
            temporary.open("wb") as raw,
            sealed_file.writer(raw, password) as stream,
            zipfile.ZipFile(cast(BinaryIO, stream), "w", zipfile.ZIP_STORED) as bundle,
        ):
            for name, source in sorted(files.items()):
                manifest["files"][name] = _put(bundle, name, source)
                if progress:
                    progress(1)
            bundle.writestr("manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1))
    if keep and not named:
        for old in sorted(p for p in path.parent.iterdir() if _NAME.fullmatch(p.name))[:-keep]:
            old.unlink()
    return Made(path=path, files=len(files), bytes=path.stat().st_size, anchor=anchor, missing=tuple(missing))


def restore(backup: Path, folder: Path, *, now: datetime, password: str | None = None) -> Made:
    """Bring a backup into `folder`: empty, missing, or a station whose whole past is in the backup.

    What stood there before is kept in a folder beside the new files. Nothing is touched before every hash of the
    backup, its event log and its database have been checked.

    Raises:
        BackupFileError, sealed_file.PasswordError, RestoreTargetError, ConfigError.
    """
    folder = folder.resolve()
    with contextlib.ExitStack() as stack:
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix=".loa-restore-", dir=folder.parent))
        )
        manifest = _unpack(backup, scratch, password)
        verdict = _judged(backup, scratch / "loa.sqlite3")
        if not verdict.whole:
            raise BackupFileError(path=backup, reason=verdict.breaks[0].told)
        if verdict.anchor != manifest.get("anchor"):
            raise BackupFileError(path=backup, reason=N_("its event log is not the one it was made from"))
        config = read_config(scratch / "config.toml")
        _refuse_newer(folder, scratch / "loa.sqlite3", stack)
        kept = _put_aside(folder, now)
        for name in manifest["files"]:
            if name.startswith("media/"):
                target = folder / config.station.media / PurePosixPath(name).relative_to("media")
            elif name == "loa.sqlite3":
                continue
            else:
                target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            (scratch / name).replace(target)
        _copy_in(scratch / "loa.sqlite3", folder, config.station.database)
    return Made(
        path=folder, files=len(manifest["files"]), bytes=sum(f["size"] for f in manifest["files"].values()),
        anchor=verdict.anchor, missing=tuple(manifest.get("missing", ())), kept=kept,
    )  # fmt: skip


def _files(station: Station, database: Path) -> Iterator[tuple[str, Path]]:
    yield "loa.sqlite3", database
    for name in _PLAIN:
        if (station.folder / name).is_file():
            yield name, station.folder / name
    for name in _FOLDERS:
        for path in sorted((station.folder / name).rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield path.relative_to(station.folder).as_posix(), path


def _media(station: Station, database: Path) -> tuple[dict[str, Path], list[str]]:
    """Every file of the media folder by its place in the backup; and the hashes named but not there.

    The database was copied before, and media files are only ever added: whatever it names is here.
    """
    there: dict[str, Path] = {}
    hashes: set[str] = set()
    for path in sorted(station.media.folder.rglob("*")) if station.media.folder.is_dir() else []:
        if path.is_file() and re.fullmatch(r"[0-9a-f]{64}\.[a-z0-9]{1,8}", path.name):
            there[f"media/{path.relative_to(station.media.folder).as_posix()}"] = path
            hashes.add(path.name[:64])
    with contextlib.closing(sqlite3.connect(database)) as connection:
        named = {
            row[0]
            for table in ("segments", "episode_audio")
            for row in connection.execute(f"SELECT sha256 FROM {table}")  # noqa: S608 - two fixed names
        }
    return there, sorted(named - hashes)


def _put(bundle: zipfile.ZipFile, name: str, source: Path) -> dict[str, Any]:
    """Add one file; its hash and size as they were written."""
    digest, size = hashlib.sha256(), 0
    packed = zipfile.ZipInfo(name, date_time=(2020, 1, 1, 0, 0, 0))
    packed.compress_type = zipfile.ZIP_DEFLATED if name == "loa.sqlite3" else zipfile.ZIP_STORED
    with source.open("rb") as stream, bundle.open(packed, "w", force_zip64=True) as target:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            target.write(chunk)
    return {"sha256": digest.hexdigest(), "size": size}


def _unpack(backup: Path, scratch: Path, password: str | None) -> dict[str, Any]:
    """Every file of the backup into `scratch`, each checked against the manifest."""
    try:
        with backup.open("rb") as raw, tempfile.TemporaryFile(dir=scratch) as plain:
            sealed_file.open_into(raw, plain, password)
            with zipfile.ZipFile(plain) as bundle:
                if any(info.flag_bits & 1 or info.compress_type not in _PACKED for info in bundle.infolist()):
                    raise zipfile.BadZipFile
                manifest = json.loads(bundle.read("manifest.json"))
                if manifest.get("format") != FORMAT:
                    raise BackupFileError(path=backup, reason=N_("it was made by a newer Loa"))
                for name, facts in manifest["files"].items():
                    _take(bundle, name, facts, scratch, backup)
    except OSError as error:
        raise BackupFileError(path=backup, reason=why(error)) from error
    except _DAMAGE as error:
        raise BackupFileError(path=backup, reason=DAMAGED) from error
    if not {"loa.sqlite3", "config.toml"} <= set(manifest["files"]):
        raise BackupFileError(path=backup, reason=N_("the database or the config is missing in it"))
    assert isinstance(manifest, dict)
    return manifest


def _take(bundle: zipfile.ZipFile, name: str, facts: dict[str, Any], scratch: Path, backup: Path) -> None:
    parts = PurePosixPath(name).parts
    inside = name == PurePosixPath(name).as_posix() and not PurePosixPath(name).is_absolute()
    allowed = name in (*_PLAIN, "loa.sqlite3") or (len(parts) > 1 and parts[0] in (*_FOLDERS, "media"))
    if (
        not inside
        or not allowed
        or ".." in parts
        or any(c in name for c in '\\:*?"<>|')
        or not name.isprintable()
    ):
        raise BackupFileError(path=backup, reason=N_("it holds a file that is none of a station's"))
    target = scratch / name
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with bundle.open(name) as stream, target.open("wb") as out:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > facts["size"]:
                break
            digest.update(chunk)
            out.write(chunk)
    if size != facts["size"] or digest.hexdigest() != facts["sha256"]:
        raise BackupFileError(path=backup, reason=DAMAGED)


def _judged(backup: Path, database: Path) -> Verdict:
    """What `_check` says of the database that came out of a backup. Raises: BackupFileError, DatabaseTooNewError."""
    try:
        return _check(database)
    except (DatabaseError, sqlite3.DatabaseError) as error:
        raise BackupFileError(path=backup, reason=DAMAGED) from error


def _check(database: Path) -> Verdict:
    import audio.models  # noqa: F401 - all tables are to be checked
    import scheduler.models
    import scheduler.stations  # noqa: F401

    engine = open_engine(f"sqlite:///{database.as_posix()}")
    try:
        migrate(engine)
        with reading(engine) as session:
            return verify(session)
    finally:
        engine.dispose()
        _fold_wal(database)


def _fold_wal(database: Path) -> None:
    """One file again: what is still in the write-ahead log goes into it."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def _refuse_newer(folder: Path, database: Path, stack: contextlib.ExitStack) -> None:
    """Leave a folder alone that holds what the backup does not know."""
    if not folder.exists() or not any(folder.iterdir()):
        return
    config_path = folder / "config.toml"
    if not config_path.is_file():
        raise RestoreTargetError(path=folder, reason=N_("it holds other files; name an empty folder"))
    lock = StationLock(AirFolder(folder, folder).lock) if (folder / "air").is_dir() else None
    if lock is not None:
        lock.take(task="restore")
        stack.callback(lock.release)
    config = read_config(config_path)
    engine = open_engine(database_url(config, folder))
    try:
        migrate(engine)
        with reading(engine) as session:
            there = verify(session)
    finally:
        engine.dispose()
    copy = open_engine(f"sqlite:///{database.as_posix()}")
    try:
        with reading(copy) as session:
            known = there.events == 0 or verify(session, anchor=there.anchor).whole
    finally:
        copy.dispose()
        _fold_wal(database)
    if not known:
        raise RestoreTargetError(
            path=folder,
            reason=N_(
                "the station there holds decisions that the backup does not know; name an empty folder"
            ),
        )


def _put_aside(folder: Path, now: datetime) -> Path | None:
    """Move what a restore replaces into a folder of its own."""
    if not folder.exists() or not any(folder.iterdir()):
        return None
    kept = folder / f"before-restore-{now:%Y%m%d-%H%M%S}"
    kept.mkdir()
    config = read_config(folder / "config.toml")
    names = [*_PLAIN, *_FOLDERS, "search.sqlite3"]
    if "://" not in config.station.database:
        names += [f"{config.station.database}{end}" for end in ("", "-wal", "-shm")]
    for name in names:
        if (folder / name).exists():
            (folder / name).rename(kept / Path(name).name)
    return kept


def _copy_out(engine: Engine, target: Path) -> None:
    """The database as one SQLite file, as it stood at one instant, whoever writes meanwhile."""
    if engine.dialect.name == "sqlite":
        with (
            contextlib.closing(sqlite3.connect(str(engine.url.database), timeout=30)) as source,
            contextlib.closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)
        _fold_wal(target)
        return
    fresh = create_engine(f"sqlite:///{target.as_posix()}")
    migrate(open_engine(f"sqlite:///{target.as_posix()}"))
    _copy_rows(engine.execution_options(isolation_level="REPEATABLE READ"), fresh)
    fresh.dispose()
    _fold_wal(target)


def _copy_in(database: Path, folder: Path, named: str) -> None:
    if "://" not in named:
        target = folder / named
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(database, target)
        return
    engine = open_engine(named)
    migrate(engine)
    source = create_engine(f"sqlite:///{database.as_posix()}")
    _copy_rows(source, engine)
    source.dispose()
    engine.dispose()


def _copy_rows(source: Engine, target: Engine) -> None:
    """Every row of every table, into a database whose tables are up to date and empty."""
    with source.connect() as reader, target.begin() as writer:
        for table in Base.metadata.sorted_tables:
            rows = [dict(row._mapping) for row in reader.execute(select(table))]
            for start in range(0, len(rows), 500):
                writer.execute(insert(table), rows[start : start + 500])


def read_manifest(backup: Path, password: str | None = None) -> dict[str, Any]:
    """What a backup holds, without restoring it; every file is checked. Raises as `restore` does."""
    with tempfile.TemporaryDirectory(prefix="loa-backup-") as scratch:
        return _unpack(backup, Path(scratch), password)
