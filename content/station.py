"""A station: its folder with `config.toml`, database, media and lexicon."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from content import atomic
from content.config import Config, find_config, read_config
from content.database import deciding, migrate, open_engine, reading
from content.errors import LoaError
from content.language import N_
from content.media import MediaStore


class StationExistsError(LoaError):
    """`loa init` on a folder that already holds a station."""

    sentence = N_("{path} already holds a station: choose another folder, or use the station that is there")


@dataclass(frozen=True, slots=True)
class Station:
    """An open station. `read()` and `decide()` give database sessions; all paths are absolute."""

    folder: Path
    config: Config
    engine: Engine
    media: MediaStore

    @property
    def tz(self) -> ZoneInfo:
        """The station's own time zone."""
        return self.config.tz

    @property
    def lexicon_path(self) -> Path:
        """The station's own lexicon, over the shipped one."""
        return self.folder / "lexicon.tsv"

    def day_of(self, instant: datetime) -> date:
        """The station day on which `instant` (aware) falls."""
        return instant.astimezone(self.tz).date()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A database session for reading."""
        with reading(self.engine) as session:
            yield session

    @contextmanager
    def decide(self, person: str | None = None) -> Iterator[Session]:
        """One transaction for one decision: whole, or not at all; `person`, where known, is whose it is."""
        from content.events import PERSON

        with deciding(self.engine) as session:
            if person is not None:
                session.info[PERSON] = person
            yield session

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()


def open_station(config_path: Path | None = None, *, new: bool = False) -> Station:
    """The station whose config is found by `content.config.find_config`, its schema up to date.

    `new` lets a folder that holds media begin without a database.

    Raises:
        ConfigMissingError, ConfigError, DatabaseError, DatabaseGoneError, DatabaseTooNewError.
    """
    station = unopened_station(config_path)
    media = station.media.folder
    migrate(station.engine, known=not new and media.is_dir() and any(media.iterdir()))
    return station


def unopened_station(config_path: Path | None = None) -> Station:
    """The same, but its database is not looked at: it may be out of date, out of reach or gone.

    Raises:
        ConfigMissingError, ConfigError.
    """
    path = find_config(config_path).resolve()
    config = read_config(path)
    folder = path.parent
    return Station(
        folder=folder,
        config=config,
        engine=open_engine(database_url(config, folder)),
        media=MediaStore(folder / config.station.media),
    )


def database_url(config: Config, folder: Path) -> str:
    """Where the database of the station in `folder` is: the config's URL, or its SQLite file under `folder`."""
    database = config.station.database
    return database if "://" in database else f"sqlite:///{(folder / database).as_posix()}"


def init_station(folder: Path, config_text: str | None = None) -> Station:
    """Make a new station in `folder` (made when missing) and open it.

    The config is written last of all files, so that a folder cut off half-way is no station yet and
    the same command can be run again.

    Raises:
        StationExistsError: there is a config already. atomic.DiskFullError, atomic.NotWritableError.
    """
    config_path = folder / "config.toml"
    if config_path.exists():
        raise StationExistsError(path=folder)
    atomic.write_text(folder / "lexicon.tsv", "written\tspoken\n")
    (folder / "media").mkdir(parents=True, exist_ok=True)
    atomic.write_text(config_path, config_text or default_config_text())
    try:
        return open_station(config_path, new=True)
    except LoaError:
        config_path.unlink(missing_ok=True)
        raise


def default_config_text() -> str:
    """The shipped `config.toml`."""
    return (Path(str(files("content"))) / "default_config.toml").read_text("utf-8")
