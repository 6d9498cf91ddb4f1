"""Shared by all rooms: a fresh station, quickly."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from content.station import Station, init_station, open_station


@pytest.fixture(scope="session")
def station_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new station, migrated once: copying it is much quicker than migrating each time."""
    folder = tmp_path_factory.mktemp("template") / "station"
    init_station(folder).close()
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
        station = open_station(folder / "config.toml")
        opened.append(station)
        return station

    yield make
    for station in opened:
        station.close()


@pytest.fixture(autouse=True)
def _plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the developer's own machine reaches a test."""
    for name in ("LOA_CONFIG", "LOA_PASSWORD", "LOA_NEW_PASSWORD"):
        if name in os.environ:
            monkeypatch.delenv(name)
