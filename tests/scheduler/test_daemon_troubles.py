"""The station in trouble: spoilt files, a host that is moved, put to sleep or full, a clock that is set from outside."""

import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from broadcast import add_episode, add_play, as_run, noise, withdraw_approval

from audio.outputs.null_output import NullOutput
from audio.outputs.output import RATE_HZ
from content.station import Station
from scheduler.daemon import rundown, upkeep
from scheduler.daemon.bell import Bell
from scheduler.daemon.clock import SimulatedClock
from scheduler.daemon.cue import PcmFile
from scheduler.daemon.deck import Deck, OnAir, Route
from scheduler.daemon.folder import AirFolder
from scheduler.daemon.journal import Entry, from_line, to_line
from scheduler.daemon.lock import StationLock
from scheduler.daemon.run import _log_file, run_station
from scheduler.daemon.station_daemon import StationDaemon
from scheduler.models import Play

BEGIN = datetime(2026, 11, 30, 17, 0, tzinfo=UTC)  # midnight of 1 December in Việt Nam
NewStation = Callable[..., Station]
NULL = '[station]\nlanguage = "en"\n[output.main]\nkind = "null"\n'
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")


def run(station: Station, hours: float, *, since: datetime = BEGIN, **settings: object) -> None:
    until = since + timedelta(hours=hours)
    run_station(station, clock="simulated", start_at=since, until=until, output="null", **settings)  # type: ignore[arg-type]


# spoilt files


@pytest.mark.parametrize(
    "spoilt",
    [
        {"starts_at": "2026-12-01T06:00:00"},  # no zone
        {"starts_at": "soon"},
        {"starts_at": None},
        {"length_ms": "long"},
        {"length_ms": -1},
        {"play_id": "1"},
        {"zones": None},
        {"zones": [1, 2]},
        {"audio_sha256": "../../etc/passwd"},
        {"suffix": "/../x"},
        {"timing": "whenever"},
        {"unknown": 1},
    ],
)
def test_a_spoilt_play_of_a_rundown_costs_only_itself(tmp_path: Path, spoilt: dict[str, object]) -> None:
    path = tmp_path / "day.json"
    plays = [
        rundown.RundownPlay(
            play_id=n, title="Tin", starts_at=BEGIN, length_ms=1000, zones=(), timing="soft", lateness="skip",
            audio_sha256="ab" * 32, suffix=".mp3",
        )
        for n in (1, 2)
    ]  # fmt: skip
    rundown.write(path, BEGIN.date(), plays, BEGIN)
    table = json.loads(path.read_bytes())
    table["plays"][0].update(spoilt)
    path.write_text(json.dumps(table), "utf-8")
    assert [play.play_id for play in rundown.read(path)] == [2]


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"plays": 5}', b'{"plays": ["x", null]}', b"\xff\x00", b"[" * 9000]
)
def test_no_rundown_file_breaks_its_reader(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "day.json"
    path.write_bytes(content)
    assert rundown.read(path) == []


@pytest.mark.parametrize(
    "spoilt",
    [{"heard_ms": "1"}, {"planned_at": "2026-12-01T06:00:00"}, {"key": 5}, {"slot": []}, {"play_id": {}}],
)
def test_a_spoilt_line_of_the_journal_is_left_out(spoilt: dict[str, object]) -> None:
    line = to_line(
        Entry(key="k", kind="play", title="Tin", zones=(), output="null", simulated=False, planned_at=BEGIN)
    )
    assert from_line(line) is not None
    assert from_line(json.dumps({**json.loads(line), **spoilt}).encode()) is None


def test_a_line_of_another_version_with_more_or_less_in_it_is_read() -> None:
    entry = Entry(
        key="k", kind="play", title="Tin", zones=(), output="null", simulated=False, planned_at=BEGIN
    )
    table = json.loads(to_line(entry))
    del table["order"]
    assert from_line(json.dumps({**table, "of a later version": 1}).encode()) == entry


def test_a_station_begins_with_every_file_of_its_own_spoilt(new_station: NewStation, tmp_path: Path) -> None:
    station = new_station(config=NULL)
    play = add_play(station, add_episode(station, tmp_path), BEGIN + timedelta(minutes=5))
    air = AirFolder.of(station)
    air.root.mkdir()
    for path in (air.lock, air.register, air.journal, air.status, air.root / "simulated-run.json"):
        path.write_bytes(b'[{"\xff\x00')
    air.rundowns.mkdir()
    air.rundown(BEGIN.date()).write_bytes(b"\x00" * 100)
    run(station, 1)
    assert [(row.play_id, row.outcome) for row in as_run(station)] == [(play, "aired")]


def test_a_stop_whose_order_was_spoilt_still_holds(new_station: NewStation, tmp_path: Path) -> None:
    station = new_station(config=NULL)
    add_play(station, add_episode(station, tmp_path), BEGIN + timedelta(minutes=5))
    air = AirFolder.of(station)
    air.root.mkdir()
    air.stopped.write_bytes(b"[]")
    run(station, 1)
    assert {row.outcome for row in as_run(station)} == {"displaced"}


def test_a_file_that_is_not_what_was_approved_is_not_heard(new_station: NewStation, tmp_path: Path) -> None:
    station = new_station(config=NULL)
    add_play(station, add_episode(station, tmp_path), BEGIN + timedelta(minutes=5))
    sound = next(station.media.folder.rglob("*.wav"))
    sound.chmod(0o644)
    content = bytearray(sound.read_bytes())
    content[2000] ^= 1
    sound.write_bytes(content)
    run(station, 0.5)
    (row,) = as_run(station)
    assert row.outcome == "missed"
    assert row.heard_ms == 0
    assert row.reason


def test_approval_withdrawn_after_the_freeze_keeps_the_play_off_the_air(
    new_station: NewStation, tmp_path: Path
) -> None:
    station = new_station(config=NULL)
    add_play(station, add_episode(station, tmp_path), BEGIN + timedelta(hours=30))

    def withdraw() -> None:
        withdraw_approval(station, BEGIN + timedelta(hours=29))

    def started(daemon: StationDaemon) -> None:
        daemon.timetable.at(BEGIN + timedelta(hours=23), "withdraw", withdraw)

    run(station, 31, started=started)
    (row,) = as_run(station)
    assert row.outcome == "missed"


def test_a_play_cancelled_or_moved_while_another_airs_is_obeyed(
    new_station: NewStation, tmp_path: Path
) -> None:
    station = new_station(config=NULL)
    episode = add_episode(station, tmp_path, seconds=60)
    first = add_play(station, episode, BEGIN + timedelta(hours=7), length_ms=60_000)
    gone = add_play(station, episode, BEGIN + timedelta(hours=14), length_ms=60_000)
    moved = add_play(station, episode, BEGIN + timedelta(hours=15), length_ms=60_000)

    def change() -> None:
        with station.decide() as session:
            session.get_one(Play, gone).status = "cancelled"
            session.get_one(Play, moved).starts_at = BEGIN + timedelta(hours=16)

    def started(daemon: StationDaemon) -> None:
        daemon.timetable.at(BEGIN + timedelta(hours=7, seconds=20), "change", change)

    run(station, 20, started=started)
    assert [(row.play_id, row.started_at - BEGIN, row.outcome) for row in as_run(station)] == [
        (first, timedelta(hours=7), "aired"), (moved, timedelta(hours=16), "aired"),
    ]  # fmt: skip


def test_a_lock_file_of_a_process_long_gone_holds_nobody_up(tmp_path: Path) -> None:
    path = tmp_path / "daemon.lock"
    path.write_text(json.dumps({"pid": os.getpid(), "host": "this", "since": "2020-01-01T00:00:00+00:00"}))
    with StationLock(path) as lock:
        lock.take()
        assert (lock.holder() or {})["since"] > "2026"


# where and when the host is


def test_the_host_may_change_its_time_zone_while_the_station_runs(
    new_station: NewStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = new_station(config=NULL)
    episode = add_episode(station, tmp_path)
    starts = [BEGIN + timedelta(hours=5 * n) for n in range(1, 10)]
    for at in starts:
        add_play(station, episode, at)
    zones = iter(["America/New_York", "Asia/Kathmandu", "Pacific/Apia"])

    def move(_entry: Entry) -> None:
        if hasattr(time, "tzset") and (zone := next(zones, None)):
            monkeypatch.setenv("TZ", zone)
            time.tzset()

    try:
        run(station, 48, progress=move)
    finally:
        monkeypatch.undo()
        if hasattr(time, "tzset"):
            time.tzset()
    assert [(row.started_at, row.outcome) for row in as_run(station)] == [(at, "aired") for at in starts]
    assert AirFolder.of(station).rundown(BEGIN.date() + timedelta(days=2)).exists()


def test_a_play_is_joined_where_it_would_be_when_the_station_comes_back(
    new_station: NewStation, tmp_path: Path
) -> None:
    station = new_station(config=NULL)
    episode = add_episode(station, tmp_path, seconds=60)
    add_play(station, episode, BEGIN - timedelta(seconds=20), length_ms=60_000, lateness="join")
    run(station, 0.2)
    (row,) = as_run(station)
    assert row.started_at == BEGIN
    assert row.heard_ms == 40_000
    assert "joined in progress at 0:20" in (row.reason or "")


class _Host(SimulatedClock):
    """A host that can be put to sleep: the steady clock of a stopped process goes on, its sound does not."""

    simulated = False

    def sleep(self, seconds: float) -> None:
        self._passed += timedelta(seconds=seconds)


def test_after_a_sleep_of_the_host_a_sound_goes_on_where_it_was_in_no_hurry(tmp_path: Path) -> None:
    path = tmp_path / "sound.pcm"
    path.write_bytes(noise(6, 1).tobytes())
    source = PcmFile(path)
    source.open()
    clock, notes, ended = _Host(BEGIN), [], []
    deck = Deck(clock, lambda *facts: notes.append(facts))
    deck.begin(
        OnAir(
            key="k", label="k", zones=("z",), source=source, started_at=clock.now(),
            routes=[Route([NullOutput("null")], frozenset({"z"}))], started_steady=clock.steady(), slot=0,
            on_end=lambda airing, cut: ended.append((airing.heard_frames, cut, clock.steady())),
        )
    )  # fmt: skip
    bell = Bell()
    while clock.steady() < 2:
        clock.wait(min(deck.pump() or 0.02, 0.02), bell)
    clock.sleep(3600)
    before = deck.on["k"].sent_frames
    deck.pump()
    assert deck.on["k"].sent_frames - before <= RATE_HZ // 2  # not an hour of sound at once
    while deck.on:
        clock.wait(min(deck.pump() or 0.02, 0.02), bell)
    assert [(frames, cut) for frames, cut, _at in ended] == [(6 * RATE_HZ, None)]
    assert ended[0][2] == pytest.approx(3606, abs=0.3)


@pytest.mark.skipif(not FAKETIME.exists(), reason="libfaketime is not installed")
def test_somebody_sets_the_real_clock_while_the_station_runs(new_station: NewStation, tmp_path: Path) -> None:
    station = new_station(config=NULL)
    episode = add_episode(station, tmp_path, seconds=1)
    steering = tmp_path / "steering"
    steering.write_text("+0s\n")
    environment = {
        **os.environ, "LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(steering),
        "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }  # fmt: skip
    base = datetime.now(UTC)
    near = add_play(station, episode, base + timedelta(minutes=30), length_ms=1000)
    far = add_play(station, episode, base + timedelta(minutes=90), length_ms=1000)
    again = add_play(station, episode, base - timedelta(minutes=60), length_ms=1000, status="cancelled")
    command = [sys.executable, "-m", "cli", "--config", str(station.folder), "run"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    status = AirFolder.of(station).status

    def state() -> dict[str, object]:
        try:
            table: dict[str, object] = json.loads(status.read_bytes())
        except (OSError, ValueError):
            return {}
        return table

    def outcome(play: int) -> str | None:
        return next((row.outcome for row in as_run(station) if row.play_id == play), None)

    def set_clock(by: str) -> None:
        fresh = steering.with_suffix(".new")
        fresh.write_text(by + "\n")
        fresh.replace(steering)

    def wait_for(check: Callable[[], object]) -> None:
        end = time.monotonic() + 90
        while not check():
            assert process.poll() is None
            assert time.monotonic() < end, "it never came to that"
            time.sleep(0.05)

    try:
        wait_for(lambda: state().get("next"))
        passed = (datetime.now(UTC) - base).total_seconds()
        set_clock(f"+{30 * 60 - passed + 1:.0f}s")  # a second after the play's time
        wait_for(lambda: outcome(near))
        set_clock("-7200s")
        wait_for(lambda: int(str(state().get("clock_steps", 0))) >= 2)
        set_clock("+9000s")  # far past the other one's time
        wait_for(lambda: outcome(far))
    finally:
        process.terminate()
        process.wait(60)
    rows = as_run(station)
    assert sorted((row.play_id, row.outcome) for row in rows) == sorted([(near, "aired"), (far, "missed")])
    assert again not in {row.play_id for row in rows}


# looking after the machine


def test_the_log_is_rotated_and_stays_small(tmp_path: Path) -> None:
    path = tmp_path / "daemon.log"
    with _log_file(path):
        for number in range(1600):
            logging.getLogger("loa.daemon").info("%s %s", number, "x" * 5000)
    files = sorted(tmp_path.glob("daemon.log*"))
    assert 2 <= len(files) <= 5
    assert sum(file.stat().st_size for file in files) <= 5_100_000


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="systemd is of Linux")
def test_the_service_manager_hears_that_the_station_is_ready_alive_and_going(
    new_station: NewStation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    address = tmp_path / "notify"
    if len(str(address)) > 100:
        address = Path(f"/tmp/loa-notify-{os.getpid()}")
    station = new_station(config=NULL)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
        door.bind(str(address))
        monkeypatch.setenv("NOTIFY_SOCKET", str(address))
        run_station(
            station,
            started=lambda daemon: daemon.timetable.at(
                daemon.clock.now() + timedelta(seconds=1.5), "stop", daemon.stop
            ),
        )
        door.setblocking(False)
        heard = []
        try:
            while True:
                heard.append(door.recv(100))
        except BlockingIOError:
            pass
    address.unlink()
    assert heard[0] == b"READY=1"
    assert b"WATCHDOG=1" in heard
    assert heard[-1] == b"STOPPING=1"


def test_a_disk_that_fills_up_is_told_and_decoded_sound_makes_room(
    new_station: NewStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    station = new_station(config=NULL)
    add_play(station, add_episode(station, tmp_path), BEGIN + timedelta(hours=1))
    cue = AirFolder.of(station).cue
    cue.mkdir(parents=True)
    old = cue / ("0" * 64 + ".s16")
    with old.open("wb") as file:
        file.truncate(300_000_000)
    os.utime(old, (1, 1))
    monkeypatch.setattr(upkeep, "disk_free_mb", lambda _folder: 50.0)
    run(station, 2)
    assert "only 50 MB are free" in caplog.text
    assert not old.exists()
    assert [row.outcome for row in as_run(station)] == ["aired"]


@pytest.mark.skipif(sys.platform == "win32", reason="an open database cannot be deleted there")
def test_the_database_is_deleted_and_the_next_start_plays_the_written_day(
    new_station: NewStation, tmp_path: Path
) -> None:
    station = new_station(config=NULL)
    play = add_play(station, add_episode(station, tmp_path), BEGIN + timedelta(hours=30))
    run(station, 24)
    station.close()
    (station.folder / "loa.sqlite3").rename(tmp_path / "kept.sqlite3")
    for extra in station.folder.glob("loa.sqlite3-*"):
        extra.unlink()
    command = [
        sys.executable, "-m", "cli", "--config", str(station.folder), "run", "--clock", "simulated", "--from",
        (BEGIN + timedelta(hours=24)).isoformat(), "--until", (BEGIN + timedelta(hours=31)).isoformat(), "--output", "file=tape",
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    assert len(list((station.folder / "tape").rglob("*.wav"))) == 1
    for extra in station.folder.glob("loa.sqlite3*"):
        extra.unlink()
    shutil.move(tmp_path / "kept.sqlite3", station.folder / "loa.sqlite3")
    run(station, 2, since=BEGIN + timedelta(hours=31))
    assert [(row.play_id, row.outcome) for row in as_run(station)] == [(play, "aired")]
