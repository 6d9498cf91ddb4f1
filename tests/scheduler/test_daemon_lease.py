"""Two computers on one PostgreSQL database: one plays, and the other tells why it does not."""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from broadcast import add_episode, add_play, as_run
from sqlalchemy import create_engine, text
from test_daemon_live import aired, wait_for

from content.station import Station, init_station, open_station
from scheduler.daemon import station_daemon
from scheduler.daemon.lease import DatabaseLease, TakenOverError
from scheduler.daemon.lock import AlreadyRunningError
from scheduler.daemon.run import run_station
from scheduler.daemon.station_daemon import StationDaemon

pytest.importorskip("psycopg", reason="the driver of PostgreSQL is not installed")
pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or shutil.which("initdb") is None, reason="PostgreSQL is not installed"
)


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, Callable[..., None]]]:
    """(URL of a base on an empty server with {} for its name, a function that stops or starts it)."""
    folder = Path(tempfile.mkdtemp(prefix="loa-pg-"))
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)

    def run(*words: str) -> None:
        subprocess.run(words, check=True, capture_output=True, user=user, cwd=folder, timeout=180)

    def control(what: str) -> None:
        options = f"-k {folder} -c listen_addresses= -c fsync=off"  # no port that another test may have
        run("pg_ctl", "-D", str(folder / "data"), "-w", "-m", "immediate", "-l", str(folder / "log"), "-o", options, what)  # fmt: skip

    run("initdb", "-D", str(folder / "data"), "-U", "loa", "-A", "trust", "-E", "UTF8")
    control("start")
    try:
        yield f"postgresql+psycopg://loa@/{{}}?host={folder}", control
    finally:
        control("stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def two_computers(
    server: tuple[str, Callable[..., None]], tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[tuple[Station, Station]]:
    """Two station folders, as on two computers, on one database."""
    url, _control = server
    name = "station_" + str(abs(hash(request.node.name)))
    with create_engine(url.format("postgres"), isolation_level="AUTOCOMMIT").connect() as base:
        base.execute(text(f"CREATE DATABASE {name}"))
    config = f'[station]\nlanguage = "en"\ndatabase = "{url.format(name)}"\n[output.main]\nkind = "null"\n'
    stations = init_station(tmp_path / "a", config), init_station(tmp_path / "b", config)
    yield stations
    for station in stations:
        station.close()


@contextmanager
def on_air(station: Station) -> Iterator[tuple[StationDaemon, list[BaseException]]]:
    got: list[StationDaemon] = []
    faults: list[BaseException] = []
    ready = threading.Event()

    def started(daemon: StationDaemon) -> None:
        got.append(daemon)
        ready.set()

    def work() -> None:
        try:
            run_station(station, started=started)
        except BaseException as error:  # noqa: BLE001
            faults.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert ready.wait(60)
    try:
        yield got[0], faults
    finally:
        got[0].stop()
        thread.join(60)


def test_a_second_computer_is_refused_and_told_who_plays(two_computers: tuple[Station, Station]) -> None:
    one, other = two_computers
    with on_air(one), pytest.raises(AlreadyRunningError) as refused:
        run_station(other, until=datetime.now(UTC) + timedelta(seconds=5))
    assert str(os.getpid()) in str(refused.value.facts["pid"])
    run_station(other, started=lambda daemon: daemon.stop())  # the first let go


def test_a_computer_that_dies_lets_the_other_one_play(two_computers: tuple[Station, Station]) -> None:
    one, other = two_computers
    command = [sys.executable, "-m", "cli", "--config", str(one.folder), "run"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    lease = DatabaseLease(other.engine)
    try:
        wait_for(lambda: is_taken(other) or process.poll() is not None)
        assert process.poll() is None
        with pytest.raises(AlreadyRunningError):
            lease.take()
    finally:
        process.kill()
        process.wait()

    def inherits() -> bool:
        with suppress(AlreadyRunningError):  # a busy server sees the death later than a daemon waits
            lease.take()
        return lease.is_held

    wait_for(inherits)
    lease.release()


def test_a_daemon_waits_for_a_session_that_is_about_to_end(two_computers: tuple[Station, Station]) -> None:
    one, other = two_computers
    dying, heir = DatabaseLease(one.engine), DatabaseLease(other.engine)
    dying.take()
    refused = threading.Event()
    asked = heir._ask

    def ask() -> dict[str, str] | None:
        holder = asked()
        if holder is not None and not refused.is_set():
            refused.set()
            dying.release()
        return holder

    heir._ask = ask  # type: ignore[method-assign]
    heir.take()
    assert refused.is_set()
    assert heir.is_held
    heir.release()


def is_taken(station: Station) -> bool:
    """Look without taking it: a probe that took it for a moment would refuse the daemon that it waits for."""
    with station.engine.connect() as session:
        found = session.scalar(
            text(
                "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
                " WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database()"
            )
        )
        return bool(found)


def drop_holder(station: Station) -> None:
    """The server ends the session that holds the lease, as when the line to it was cut."""
    with station.engine.connect() as session:
        session.execute(
            text(
                "SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
                " WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database()"
            )
        )


def test_a_lost_database_stops_no_sound_and_its_return_renews_the_lease(
    two_computers: tuple[Station, Station],
    server: tuple[str, Callable[..., None]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(station_daemon, "EVERY_S", 0.2)
    one, other = two_computers
    _url, control = server
    play = add_play(
        one,
        add_episode(one, tmp_path, seconds=15),
        datetime.now(UTC) + timedelta(seconds=4),
        length_ms=15_000,
    )
    with on_air(one) as (daemon, faults):
        wait_for(lambda: daemon.desk.on_air)
        lost_at = datetime.now(UTC)
        control("stop")
        lease = daemon.lease
        assert lease is not None
        wait_for(lambda: not lease.is_held)
        wait_for(aired(daemon))  # it plays on
        control("start")
        wait_for(lambda: lease.is_held)
        with pytest.raises(AlreadyRunningError):
            DatabaseLease(other.engine).take()
        wait_for(lambda: not daemon.unstored)
        assert not faults
    (row,) = as_run(one)
    assert (row.play_id, row.outcome, row.heard_ms) == (play, "aired", 15_000)
    assert row.ended_at > lost_at


def test_who_was_overtaken_while_its_line_was_cut_gives_way(two_computers: tuple[Station, Station]) -> None:
    one, other = two_computers
    with on_air(one) as (_daemon, faults):
        usurper = DatabaseLease(other.engine)

        def usurps() -> bool:
            drop_holder(other)
            with suppress(AlreadyRunningError):  # the first one was quicker to come back
                usurper.take()
            return usurper.is_held

        wait_for(usurps)
        wait_for(lambda: faults)
        usurper.release()
    assert isinstance(faults[0], TakenOverError)


def test_a_station_begins_without_its_database_server(
    two_computers: tuple[Station, Station], server: tuple[str, Callable[..., None]]
) -> None:
    one, _other = two_computers
    _url, control = server
    control("stop")
    try:
        lease = DatabaseLease(one.engine)
        lease.take()
        assert not lease.is_held
        lease.renew()
    finally:
        control("start")
    reopened = open_station(one.folder)
    reopened.close()
