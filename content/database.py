"""The one database: its engine, its sessions, and migrations brought up to date."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import Engine, ExceptionContext
from sqlalchemy.exc import (
    ArgumentError,
    DisconnectionError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.orm import Session

from content.atomic import DiskFullError
from content.errors import LoaError
from content.events import DecidingSession
from content.language import N_, Marked


class DatabaseError(LoaError):
    """The database cannot be opened or brought up to date."""

    sentence = N_(
        "the database {name} cannot be used ({reason}): check the path or URL in config.toml, or restore a backup"
    )


class DriverMissingError(DatabaseError):
    """A database server whose driver is not installed."""

    sentence = N_(
        "the database in config.toml needs the package {module}: install it (for PostgreSQL: loaphuong[postgres])"
    )


class AddressError(DatabaseError):
    """A database URL that is none."""

    sentence = N_(
        "the database in config.toml is no address that Loa knows ({address}): name a file such as loa.sqlite3, or postgresql+psycopg://…"
    )


class DatabaseGoneError(DatabaseError):
    """A station that has sounds, but no database, or one that was just made in its place."""

    sentence = N_(
        "the database {name} is gone, though the station has sounds: put the file back, or bring back a backup with "
        "`loa restore`; a new, empty one would have forgotten everything"
    )


class DatabaseBusyError(LoaError):
    """Another program held the database for longer than Loa waits."""

    sentence = N_("the database {name} is held by another program: close it, then run the same command again")


class NumberTooLargeError(LoaError):
    """A number that no database can hold."""

    sentence = N_("a number is far too large: look at it again")


class DatabaseTooNewError(LoaError):
    """The database was made by a newer Loa."""

    sentence = N_("the database {name} was made by a newer Loa (schema {revision}): update Loa first")


def open_engine(url: str) -> Engine:
    """An engine for `url`; SQLite in WAL, with foreign keys, full durability and a 15 s wait for a lock."""
    if not url.startswith("sqlite"):
        try:
            return create_engine(url, pool_pre_ping=True)
        except ImportError as error:
            raise DriverMissingError(module=error.name) from error
        except ArgumentError as error:
            raise AddressError(address=url.partition("://")[0]) from error
    engine = create_engine(url, connect_args={"timeout": 15})
    event.listen(engine, "handle_error", _refuse_huge_numbers)
    file = engine.url.database or ""

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy says BEGIN itself, below
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL", "busy_timeout=15000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        record.info["file"] = _identity(file)

    @event.listens_for(engine, "checkout")
    def _same_file(_connection: Any, record: Any, _proxy: Any) -> None:
        # A file that was deleted or replaced lives on for those who have it open: what they write there is lost.
        if record.info["file"] != _identity(file):
            raise DisconnectionError

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        # IMMEDIATE where a change is coming: two writers then wait for each other instead of failing half-way.
        options = connection.get_execution_options()
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("loa_writes") else "BEGIN")

    return engine


def _identity(file: str) -> tuple[int, int] | None:
    """Which file a path leads to now; None for none, and for a database in memory."""
    try:
        found = Path(file).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def migrate(engine: Engine, *, known: bool = False) -> None:
    """Bring the schema up to date; does nothing where it is.

    Raises:
        DatabaseTooNewError: the schema is unknown to this Loa. DatabaseError: it cannot be opened.
        DatabaseGoneError: `known` says that there was one, but the SQLite file is missing or holds no table.
    """
    known = known and engine.dialect.name == "sqlite"
    name = _name(engine)
    if known and _identity(engine.url.database or "") is None:
        raise DatabaseGoneError(name=name)
    if _is_current(engine):
        return  # Alembic takes longer to load than most commands take to run
    from alembic import command
    from alembic.config import Config as AlembicConfig
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from alembic.util.exc import CommandError

    settings = AlembicConfig()
    settings.set_main_option(
        "script_location", str(Path(str(files("content"))) / "migrations").replace("%", "%%")
    )
    try:
        script = ScriptDirectory.from_config(settings)
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
        if known and current is None:
            raise DatabaseGoneError(name=name)
        try:
            script.get_revision(current or "base")
        except CommandError as error:
            raise DatabaseTooNewError(name=name, revision=current) from error
        with engine.connect().execution_options(loa_writes=True) as connection, connection.begin():
            settings.attributes["connection"] = connection
            command.upgrade(settings, "head")
    except SQLAlchemyError as error:
        raise _told(engine, error) from error


def newest_revision() -> str:
    """The revision that this Loa brings a schema to: the last of the numbered files of `content/migrations/versions`."""
    versions = Path(str(files("content"))) / "migrations" / "versions"
    return max(path.name.partition("_")[0] for path in versions.glob("[0-9]*_*.py"))


def _is_current(engine: Engine) -> bool:
    try:
        with engine.connect() as connection:
            return bool(
                connection.scalar(text("SELECT version_num FROM alembic_version")) == newest_revision()
            )
    except SQLAlchemyError as error:
        if isinstance(error, ProgrammingError) or "no such table" in str(error):
            return False  # PostgreSQL and SQLite, of a database without tables
        raise _told(engine, error) from error


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that only reads; rolled back at the end."""
    session = Session(engine, expire_on_commit=False)
    try:
        yield session
    except OperationalError as error:
        raise _told(engine, error) from error
    finally:
        session.close()


@contextmanager
def deciding(engine: Engine) -> Iterator[Session]:
    """One transaction for one decision: committed whole at the end, rolled back on any error.

    What it changes in the tables that evidence rests on is sealed in the event log (see `content.events`).
    """
    session = DecidingSession(engine.execution_options(loa_writes=True), expire_on_commit=False)
    try:
        yield session
        session.commit()
    except OperationalError as error:
        session.rollback()
        raise _told(engine, error) from error
    except BaseException:
        session.rollback()
        raise
    finally:
        session.close()


def _refuse_huge_numbers(context: ExceptionContext) -> None:
    if isinstance(context.original_exception, OverflowError):
        raise NumberTooLargeError from context.original_exception


def _name(engine: Engine) -> str:
    """The database as people know it: its file, or its URL without the password."""
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    return file or engine.url.render_as_string(hide_password=True)


def _told(engine: Engine, error: SQLAlchemyError) -> LoaError:
    name, reason = _name(engine), _short(error)
    if (
        "disk is full" in reason
        or "No space left" in reason
        or ("disk I/O error" in reason and _is_full(engine))
    ):
        return DiskFullError(path=engine.url.database or name)
    if "database is locked" in reason:
        return DatabaseBusyError(name=name)
    told = next((message for sign, message in _REASONS.items() if sign in reason), None)
    return DatabaseError(name=name, reason=Marked(told or reason))


def _is_full(engine: Engine) -> bool:
    """Whether no room is left beside the file: what SQLite then says of its side files is an error of reading and writing."""
    try:
        return shutil.disk_usage(Path(engine.url.database or "").absolute().parent).free < _LEAST_FREE_BYTES
    except OSError:
        return False


_LEAST_FREE_BYTES = 100_000
_REASONS = {
    "readonly database": N_("this account may not write to it or to its folder"),
    "unable to open": N_("its folder does not exist, or this account has no right to it"),
    "not a database": N_("it is another kind of file"),
    "malformed": N_("it is damaged"),
    "disk I/O error": N_("the disk or stick does not read or write properly"),
}
"""What SQLite says, and what the screen says."""


def _short(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0]
