"""The database: UTC in and out, one transaction a decision, migrations equal to the models."""

import importlib
import os
import pkgutil
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError, StatementError

import audio
import content
import scheduler
from content.atomic import DiskFullError
from content.database import (
    DatabaseError,
    DatabaseGoneError,
    DatabaseTooNewError,
    deciding,
    migrate,
    newest_revision,
    open_engine,
    reading,
)
from content.models import Programme
from content.station import init_station, open_station
from content.tables import Base


def load_all_tables() -> None:
    for room in (content, audio, scheduler):
        for module in pkgutil.iter_modules(room.__path__, room.__name__ + "."):
            if "models" in module.name or module.name.rsplit(".", 1)[-1] in {"people", "events", "stations"}:
                importlib.import_module(module.name)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """SQLite; or PostgreSQL where LOA_TEST_DATABASE names one (it is emptied)."""
    url = os.environ.get("LOA_TEST_DATABASE") or f"sqlite:///{tmp_path / 'loa.sqlite3'}"
    engine = open_engine(url)
    if not url.startswith("sqlite"):
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
    migrate(engine)
    yield engine
    engine.dispose()


def a_programme(created_at: datetime) -> Programme:
    return Programme(title="Chuyển đổi số", created_at=created_at)


def test_migrations_lead_to_exactly_the_tables_of_the_models(engine: Engine) -> None:
    load_all_tables()
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_newest_revision_told_from_file_names_is_the_head_that_alembic_knows(engine: Engine) -> None:
    with engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == newest_revision()


def test_a_schema_that_is_up_to_date_is_told_without_loading_the_migration_tool(tmp_path: Path) -> None:
    url = f"sqlite:///{(tmp_path / 'loa.sqlite3').as_posix()}"
    migrate(open_engine(url))
    told = "import sys; from content.database import migrate, open_engine as o; migrate(o(sys.argv[1])); sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", told, url], check=False).returncode == 0


def test_an_instant_comes_back_aware_and_in_utc_whatever_zone_it_was_given_in(engine: Engine) -> None:
    morning = datetime(2026, 12, 1, 5, 30, tzinfo=timezone(timedelta(hours=7)))
    with deciding(engine) as session:
        session.add(a_programme(morning))
    with reading(engine) as session:
        stored = session.scalars(select(Programme.created_at)).one()
    assert stored == morning
    assert stored.tzinfo is UTC
    assert stored.hour == 22


def test_a_datetime_without_a_zone_is_refused(engine: Engine) -> None:
    with pytest.raises(StatementError, match="without a zone"), deciding(engine) as session:
        session.add(a_programme(datetime(2026, 12, 1)))


def test_a_decision_that_fails_leaves_nothing(engine: Engine) -> None:
    with pytest.raises(RuntimeError), deciding(engine) as session:
        session.add(a_programme(datetime.now(UTC)))
        session.flush()
        raise RuntimeError
    with reading(engine) as session:
        assert session.scalars(select(Programme)).all() == []


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    migrate(engine)


def test_a_schema_from_the_future_is_refused(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'ffff'"))
    with pytest.raises(DatabaseTooNewError, match="newer Loa"):
        migrate(engine)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows lets nobody replace an open file")
def test_a_database_that_was_replaced_is_read_and_written_and_not_the_one_that_is_gone(
    tmp_path: Path,
) -> None:
    path, other = tmp_path / "loa.sqlite3", tmp_path / "restored.sqlite3"
    for file, title in ((path, "before"), (other, "restored")):
        engine = open_engine(f"sqlite:///{file.as_posix()}")
        migrate(engine)
        with deciding(engine) as session:
            session.add(Programme(title=title, created_at=datetime.now(UTC)))
        engine.dispose()
    engine = open_engine(f"sqlite:///{path.as_posix()}")
    with reading(engine) as session:
        assert session.scalars(select(Programme.title)).all() == ["before"]
    for extra in tmp_path.glob("loa.sqlite3-*"):
        extra.unlink()
    other.replace(path)
    with deciding(engine) as session:
        session.add(Programme(title="later", created_at=datetime.now(UTC)))
    engine.dispose()
    with reading(open_engine(f"sqlite:///{path.as_posix()}")) as session:
        assert session.scalars(select(Programme.title).order_by(Programme.id)).all() == ["restored", "later"]


def test_a_file_that_is_no_database_is_one_clear_sentence(tmp_path: Path) -> None:
    path = tmp_path / "loa.sqlite3"
    path.write_bytes(b"this is no database, it is a letter " * 100)
    with pytest.raises(DatabaseError, match="cannot be used"):
        migrate(open_engine(f"sqlite:///{path}"))


def test_a_station_with_items_in_use_takes_every_later_schema_step(tmp_path: Path) -> None:
    """A step that makes a table anew would fail here: other rows refer to the items."""
    from alembic import command
    from alembic.config import Config as AlembicConfig

    path = tmp_path / "old.sqlite3"
    engine = open_engine(f"sqlite:///{path}")
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(Path(content.__file__).parent / "migrations"))
    with engine.connect().execution_options(loa_writes=True) as connection, connection.begin():
        settings.attributes["connection"] = connection
        command.upgrade(settings, "0006")
    at = "2026-11-22 03:00:00"
    with engine.connect().execution_options(loa_writes=True) as connection, connection.begin():
        for statement in (
            f"INSERT INTO programmes (id, title, status, rules, priority, target_length_ms, created_at) VALUES (1, 'P', 'active', '{{}}', 3, 300000, '{at}')",
            f"INSERT INTO items (id, title, text, kind, language, bulletin_class, lead_units, partner_units, priority, programme_id, status, created_at) VALUES (1, 'T', 'x', 'news', 'vi', 'normal', '[]', '[]', 3, 1, 'approved', '{at}')",
            f"INSERT INTO scripts (id, item_id, version, sentences, unknowns, sha256, estimated_ms, status, created_at) VALUES (1, 1, 1, '[]', '[]', 'x', 1, 'approved', '{at}')",
            f"INSERT INTO episodes (id, programme_id, month, number, title, created_at) VALUES (1, 1, '2026-12', 1, 'E', '{at}')",
            "INSERT INTO episode_parts (episode_id, position, item_id) VALUES (1, 1, 1)",
        ):
            connection.execute(text(statement))
    migrate(engine)
    with reading(engine) as session:
        assert session.execute(text("SELECT count(*), max(continues_id) FROM items")).one() == (1, None)
        assert session.scalar(text("SELECT count(*) FROM episode_parts")) == 1
        assert session.execute(text("PRAGMA foreign_key_check")).all() == []
    engine.dispose()


def test_a_station_whose_database_vanished_is_told_so_and_gets_no_empty_one_in_silence(
    tmp_path: Path,
) -> None:
    station = init_station(tmp_path / "tram")
    (tmp_path / "chuông.wav").write_bytes(b"RIFF")
    station.media.add(tmp_path / "chuông.wav")
    station.close()
    file = Path(station.engine.url.database or "")
    for beside in file.parent.glob(file.name + "*"):
        beside.unlink()
    with pytest.raises(DatabaseGoneError, match="loa restore"):
        open_station(tmp_path / "tram" / "config.toml")
    assert not file.exists()
    file.touch()  # what a program that connects without looking leaves behind
    with pytest.raises(DatabaseGoneError):
        open_station(tmp_path / "tram" / "config.toml")


def test_a_disk_without_room_is_not_called_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'loa.sqlite3'}")
    error = OperationalError("", {}, sqlite3.OperationalError("disk I/O error"))
    with pytest.raises(DatabaseError, match="does not read or write properly"), deciding(engine):
        raise error
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage._replace(free=0))
    with pytest.raises(DiskFullError, match="free some disk space"), deciding(engine):
        raise error
    engine.dispose()
