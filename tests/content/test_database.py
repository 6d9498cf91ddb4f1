"""The database: UTC in and out, one transaction a decision, migrations equal to the models."""

import importlib
import os
import pkgutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import StatementError

import audio
import content
import scheduler
from content.database import Base, DatabaseError, DatabaseTooNewError, deciding, migrate, open_engine, reading
from content.models import Programme


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


def test_a_file_that_is_no_database_is_one_clear_sentence(tmp_path: Path) -> None:
    path = tmp_path / "loa.sqlite3"
    path.write_bytes(b"this is no database, it is a letter " * 100)
    with pytest.raises(DatabaseError, match="cannot be used"):
        migrate(open_engine(f"sqlite:///{path}"))
