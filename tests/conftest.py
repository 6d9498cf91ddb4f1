"""Shared by all rooms: a fresh station, quickly.

With LOA_TEST_POSTGRES=postgresql+psycopg://loa@127.0.0.1:5432/ each is a database of its own on that server.
"""

import itertools
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from content.language import use_language
from content.station import Station, init_station, open_station

# How long an example takes says how busy the machine is; no test judges by the clock.
settings.register_profile("loa", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("loa")
POSTGRES = os.environ.get("LOA_TEST_POSTGRES", "")
_number = itertools.count()


def _on_postgres(folder: Path, template: str | None = None) -> None:
    """Give the station in `folder` a database of its own, as a copy of `template`."""
    from sqlalchemy import create_engine, text

    name = f"loa_test_{os.getpid()}_{next(_number)}"
    with create_engine(f"{POSTGRES}postgres", isolation_level="AUTOCOMMIT").connect() as server:
        server.execute(text(f"CREATE DATABASE {name} TEMPLATE {template or 'template0'}"))
    config = folder / "config.toml"
    told = re.sub(r"(?m)^database = .*\n", "", config.read_text("utf-8"))
    line = f'[station]\ndatabase = "{POSTGRES}{name}"\n'
    config.write_text(
        told.replace("[station]\n", line, 1) if "[station]\n" in told else f"{told}\n{line}", "utf-8"
    )


def _database_of(folder: Path) -> str:
    return (folder / "config.toml").read_text("utf-8").split(POSTGRES, 1)[1].split('"')[0]


@pytest.fixture(scope="session")
def station_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new station, migrated once: copying it is much quicker than migrating each time."""
    folder = tmp_path_factory.mktemp("template") / "station"
    init_station(folder).close()
    if POSTGRES:
        _on_postgres(folder)
        open_station(folder / "config.toml").close()  # migrated now, copied later
    return folder


@pytest.fixture
def new_station(station_template: Path, tmp_path: Path) -> Iterator[Callable[..., Station]]:
    """`new_station(name="station", config=None)` makes a fresh station in `tmp_path` and opens it."""
    opened: list[Station] = []

    def make(name: str = "station", config: str | None = None) -> Station:
        folder = tmp_path / name
        shutil.copytree(station_template, folder)
        if config is not None:
            (folder / "config.toml").write_text(config, "utf-8")
        if POSTGRES:
            _on_postgres(folder, _database_of(station_template))
        station = open_station(folder / "config.toml")
        opened.append(station)
        return station

    yield make
    for station in opened:
        station.close()


@pytest.fixture(autouse=True)
def _plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the developer's own machine reaches a test, nor the screen language of the test before it."""
    use_language("en")
    for name in ("LOA_CONFIG", "LOA_PASSWORD", "LOA_NEW_PASSWORD"):
        if name in os.environ:
            monkeypatch.delenv(name)
