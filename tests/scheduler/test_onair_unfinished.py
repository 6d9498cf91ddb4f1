"""An urgent bulletin that the end of the daemon silenced begins again at the next start; one that was heard does not."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from broadcast import add_episode, add_play, as_run, noise
from hypothesis import given
from hypothesis import strategies as st
from test_daemon_live import (
    CONFIG,
    PATIENCE_S,
    aired,
    answer_to,
    at_its_begin,
    by_kind,
    on_air,
    order,
    pcm_file,
    playing,
    wait_for,
)
from test_onair_alerts import long_alert

from content import atomic
from content.station import Station
from scheduler.daemon import bulletin, requests, unfinished
from scheduler.daemon.folder import AirFolder
from scheduler.daemon.journal import Entry
from scheduler.daemon.requests import Request
from scheduler.daemon.run import run_station
from scheduler.daemon.station_daemon import StationDaemon
from scheduler.daemon.unfinished import Order

NewStation = Callable[..., Station]
NOON = datetime(2026, 12, 1, 5, tzinfo=UTC)
ALARM_MS = 2400
TAPED = CONFIG.replace('kind = "null"', 'kind = "file"\npath = "tape"')


def an_order(**fields: object) -> Order:
    request = Request(what="interrupt", who="trực ban", title="Lũ", emergency=True, repeat=3)
    return Order(request=request, given_at=NOON, simulated=True, **fields)  # type: ignore[arg-type]


def entry_of(order: Order, length_ms: int, heard_ms: int, outcome: str = "partial") -> Entry:
    return Entry(
        key="k", kind="interrupt", title="Lũ", zones=(), output="null", simulated=True, order=order.request.name,
        length_ms=length_ms, heard_ms=heard_ms, outcome=outcome, started_at=NOON,
        ended_at=NOON + timedelta(milliseconds=heard_ms),
    )  # fmt: skip


# what is left


@given(
    repeat=st.integers(1, 20), reading_ms=st.integers(900, 60_000), warm_up_ms=st.sampled_from([0, 5_000, 12_000]),
    heard=st.floats(0, 1),
)  # fmt: skip
def test_what_is_left_and_what_was_heard_make_up_the_order(
    repeat: int, reading_ms: int, warm_up_ms: int, heard: float
) -> None:
    order = replace(an_order(), request=Request(what="interrupt", who="x", repeat=repeat))
    length_ms = warm_up_ms + repeat * reading_ms
    heard_ms = round(heard * length_ms)
    left = unfinished.readings_left(order, [entry_of(order, length_ms, heard_ms)], reading_ms)
    whole = max(0.0, (heard_ms - warm_up_ms) / reading_ms)
    assert 0 <= left <= repeat
    assert whole + left >= repeat - 0.021  # nothing is left out
    assert left == 0 or whole + left < repeat + 1  # nothing that was heard whole is heard again


def test_what_was_aired_is_over_and_what_never_began_is_all_left() -> None:
    order = an_order()
    other = replace(entry_of(order, 9000, 9000), order="another")
    assert unfinished.readings_left(order, [other], 3000) == 3
    assert unfinished.readings_left(order, [entry_of(order, 9000, 9000, "aired")], 3000) == 0
    cut, went_on = entry_of(order, 9000, 4000), entry_of(order, 6000, 100)
    assert unfinished.readings_left(order, [cut, other, went_on], 3000) == 2


def test_half_an_hour_after_it_was_last_heard_or_when_its_alert_has_expired_it_is_too_late() -> None:
    order = an_order()
    heard = entry_of(order, 10**7, 40 * 60_000)  # for forty minutes
    assert not unfinished.is_too_late(order, [heard], NOON + timedelta(minutes=69))
    assert unfinished.is_too_late(order, [heard], NOON + timedelta(minutes=71))
    assert unfinished.is_too_late(order, [], NOON + timedelta(minutes=31))
    assert not unfinished.is_too_late(order, [], NOON - timedelta(days=9))  # a clock without a battery
    begun = [entry_of(order, 9000, 10)] * unfinished.MOST_BEGINS  # what the daemon dies of again and again
    assert unfinished.is_too_late(order, begun, NOON)
    assert not unfinished.is_too_late(order, begun[1:], NOON)
    expired = an_order(expires_at=NOON + timedelta(minutes=5))
    assert unfinished.is_too_late(expired, [], NOON + timedelta(minutes=5))


def test_what_is_kept_is_read_back_and_what_was_spoilt_is_left_out(tmp_path: Path) -> None:
    first = an_order(alert="a,b", expires_at=NOON)
    second = replace(an_order(), given_at=NOON - timedelta(minutes=1))
    for one in (first, second):
        unfinished.keep(tmp_path, one)
        unfinished.sync(tmp_path, one.request.name)
    assert unfinished.kept(tmp_path) == [second, first]
    good = json.loads((tmp_path / f"{first.request.name}.unfinished").read_bytes())
    spoilt = (
        {"given_at": "2026-12-01T05:00:00"}, {"given_at": "0001-01-01T00:00:00+14:00"}, {"request": {**good["request"], "repeat": 10**9}},
    )  # fmt: skip
    tables = [json.dumps({**good, **change}).encode() for change in spoilt]
    for number, bad in enumerate([b"", b"[]", b"{", b"[" * 9000, *tables]):
        (tmp_path / f"{number}.unfinished").write_bytes(bad)
    assert unfinished.kept(tmp_path) == [second, first]
    assert requests.take(tmp_path, set()) == []
    assert len(unfinished.spoilt(tmp_path)) == 7
    unfinished.forget(tmp_path, first.request.name)
    unfinished.forget(tmp_path, first.request.name)
    assert unfinished.kept(tmp_path) == [second]


# on the air


def test_after_kill_9_an_emergency_begins_again_with_the_readings_that_are_left(
    new_station: NewStation, tmp_path: Path
) -> None:
    station = new_station(config=TAPED)
    air = AirFolder.of(station)
    words = pcm_file(tmp_path, 1.0)
    flood = Request(
        what="interrupt",
        who="trực ban",
        why="nước lên",
        title="Lũ",
        sounds=(str(words),),
        emergency=True,
        repeat=3,
    )
    reading_ms = ALARM_MS + 1000
    command = [sys.executable, "-m", "cli", "--config", str(station.folder), "run"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: air.status.exists() or process.poll() is not None)
        requests.leave(air.requests, flood)
        assert answer_to(station, flood)["ok"]
        wait_for(lambda: taped_ms(station) > reading_ms * 1.2)  # in the second reading
    finally:
        process.kill()
        process.wait()
    with on_air(station) as daemon:
        wait_for(aired(daemon))
        wait_for(lambda: not words.exists() and not unfinished.kept(air.requests))
    with on_air(station) as daemon:  # nothing of it is heard again
        wait_for(lambda: daemon.workers.is_idle("as-run") and not daemon.unstored)
        assert daemon.desk.is_idle
    first, again = as_run(station)
    assert (first.outcome, again.outcome) == ("partial", "aired")
    left = -(-(3 * reading_ms - first.heard_ms) // reading_ms)
    assert again.heard_ms == left * reading_ms
    assert left == 2
    assert f"{left} of 3 readings left" in (again.reason or "")
    assert (again.who, again.title) == ("trực ban", "Lũ")
    assert "nước lên" in (again.reason or "")
    assert first.ended_at < again.started_at
    assert taped_ms(station) == pytest.approx(first.heard_ms + again.heard_ms, abs=21)


def taped_ms(station: Station) -> float:
    return sum((path.stat().st_size - 44) / 96 for path in (station.folder / "tape").rglob("*.wav"))


def test_a_bulletin_that_waited_behind_another_is_heard_after_the_restart(
    new_station: NewStation, tmp_path: Path
) -> None:
    station = new_station(config=CONFIG)
    long = Request(what="interrupt", who="a", title="Dài", sounds=(str(pcm_file(tmp_path, 40, "long")),))
    short = Request(what="interrupt", who="b", title="Ngắn", sounds=(str(pcm_file(tmp_path, 0.3, "short")),))
    with on_air(station) as daemon:
        assert order(station, long)["ok"]
        assert order(station, short)["waits_for"] == "Dài"
    folder = AirFolder.of(station).requests
    unfinished.forget(folder, long.name)
    with on_air(station) as daemon:
        wait_for(aired(daemon))
    assert [(row.title, row.outcome) for row in as_run(station)] == [("Dài", "partial"), ("Ngắn", "aired")]


def test_what_a_stop_or_a_cancelled_alert_ended_does_not_begin_again(
    new_station: NewStation, tmp_path: Path
) -> None:
    station = new_station(config=CONFIG)
    folder = AirFolder.of(station).requests
    long = Request(what="interrupt", who="a", title="Dài", sounds=(str(pcm_file(tmp_path, 40)),))
    alert, cancel = tmp_path / "lu.xml", tmp_path / "huy.xml"
    alert.write_text(long_alert(), "utf-8")
    references = "<references>khituong@example.vn,LB-2026-114,x</references><info>"
    cancel.write_text(
        long_alert(msgType="Cancel", identifier="LB-2").replace("<info>", references, 1), "utf-8"
    )
    with on_air(station) as daemon:
        assert order(station, long)["ok"]
        assert unfinished.kept(folder)
        assert order(station, Request(what="stop", who="b"))["ok"]
        assert not unfinished.kept(folder)
        assert order(station, Request(what="interrupt", who="c", file=str(alert)))["ok"]
        assert [one.alert for one in unfinished.kept(folder)] == ["khituong@example.vn,LB-2026-114"]
        assert unfinished.kept(folder)[0].expires_at is not None
        assert order(station, Request(what="interrupt", who="c", file=str(cancel)))["ok"]
        assert not unfinished.kept(folder)
    with on_air(station) as daemon:
        assert daemon.desk.is_idle
    assert len(by_kind(station, "interrupt")) == 2


def test_an_alert_that_goes_on_after_a_restart_can_still_be_cancelled(
    new_station: NewStation, tmp_path: Path
) -> None:
    station = new_station(config=CONFIG)
    alert, cancel = tmp_path / "lu.xml", tmp_path / "huy.xml"
    alert.write_text(long_alert(), "utf-8")
    references = "<references>khituong@example.vn,LB-2026-114,x</references><info>"
    cancel.write_text(
        long_alert(msgType="Cancel", identifier="LB-2").replace("<info>", references, 1), "utf-8"
    )
    with on_air(station):
        assert order(station, Request(what="interrupt", who="c", file=str(alert)))["ok"]
    with on_air(station) as daemon:
        wait_for(lambda: playing(daemon, "interrupt"))
        assert order(station, Request(what="interrupt", who="c", file=str(cancel)))["ok"]
        assert daemon.desk.is_idle
    assert not unfinished.kept(AirFolder.of(station).requests)
    assert "LB-2" in (as_run(station)[-1].reason or "")


def test_what_is_too_old_or_has_lost_its_sound_is_told_and_never_heard(
    new_station: NewStation, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    station = new_station(config=CONFIG)
    folder = AirFolder.of(station).requests
    folder.mkdir(parents=True)
    sound = tmp_path / "words.pcm"
    sound.write_bytes(noise(1, 3).tobytes())
    (folder / "x.unfinished").write_text("{")
    for title, minutes, path in (("Cũ", 45, sound), ("Mất", 1, tmp_path / "gone.pcm")):
        request = Request(what="interrupt", who="x", title=title, sounds=(str(path),), emergency=True)
        given_at = NOON - timedelta(minutes=minutes)
        unfinished.keep(folder, Order(request=request, given_at=given_at, simulated=True))
    for path in folder.glob("*.unfinished"):  # the clock was wrong then, or is now: said all the same
        os.utime(path, (0, 0))
    run_station(station, clock="simulated", start_at=NOON, until=NOON + timedelta(hours=1))
    assert "Cũ was not heard to its end, and it is too late" in caplog.text
    assert "its order cannot be read" in caplog.text
    assert "Mất was not heard to its end, and its sound is gone" in caplog.text
    (row,) = as_run(station)
    assert (row.title, row.outcome, row.heard_ms) == ("Cũ", "missed", 0)
    assert not list(folder.glob("*.unfinished"))


def test_a_bulletin_cut_off_at_once_is_not_lost(new_station: NewStation, tmp_path: Path) -> None:
    """The daemon ends in the very moment in which the bulletin begins."""
    station = new_station(config=CONFIG)
    words = Request(what="interrupt", who="a", title="Lũ", sounds=(str(pcm_file(tmp_path, 0.5)),))

    def first(daemon: StationDaemon) -> None:
        at_its_begin("interrupt", daemon.stop)(daemon)

    with on_air(station, first=first):
        requests.leave(AirFolder.of(station).requests, words)
        answer_to(station, words)
    with on_air(station) as daemon:
        wait_for(aired(daemon))
    assert [row.outcome for row in as_run(station)][-1] == "aired"


CANCEL = "<references>khituong@example.vn,LB-2026-114,x</references><info>"


def test_an_alert_that_was_cancelled_while_the_station_was_off_is_not_heard_again(
    new_station: NewStation, tmp_path: Path
) -> None:
    station = new_station(config=CONFIG)
    alert = tmp_path / "lu.xml"
    alert.write_text(long_alert(), "utf-8")
    with on_air(station):
        assert order(station, Request(what="interrupt", who="c", file=str(alert)))["ok"]
    watched = station.folder / "alerts"
    watched.mkdir()
    (watched / "0.xml").write_text("<alert", "utf-8")
    cancel = long_alert(msgType="Cancel", identifier="LB-2").replace("<info>", CANCEL, 1)
    (watched / "huy.xml").write_text(cancel, "utf-8")
    with on_air(station) as daemon:
        wait_for((watched / "done" / "huy.xml").exists)
        assert daemon.desk.is_idle
    assert len(by_kind(station, "interrupt")) == 1
    assert not unfinished.kept(AirFolder.of(station).requests)


def test_an_order_that_was_being_made_ready_when_the_daemon_died_is_carried_out_and_answered(
    new_station: NewStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = new_station(config=CONFIG)
    words = Request(what="interrupt", who="a", text="Lũ lên")
    prepare = bulletin.prepare
    with on_air(station) as daemon:
        going = threading.Event()

        def ended_meanwhile(*facts: Any, **more: Any) -> bulletin.Bulletin:
            going.set()
            wait_for(lambda: daemon.urgent._closing)  # its loop is over: nobody takes the result
            return prepare(*facts, **more)

        monkeypatch.setattr(bulletin, "prepare", ended_meanwhile)
        requests.leave(AirFolder.of(station).requests, words)
        assert going.wait(PATIENCE_S)
    monkeypatch.undo()
    assert not as_run(station)
    (path,) = AirFolder.of(station).requests.glob("*.json")
    os.utime(path)  # a busy machine: what is older than a minute is not carried out
    with on_air(station) as daemon:
        assert answer_to(station, words)["ok"]
        wait_for(aired(daemon))
    assert [row.outcome for row in as_run(station)] == ["aired"]


def test_nothing_that_takes_time_comes_between_the_new_beginning_and_its_sound(
    new_station: NewStation, tmp_path: Path
) -> None:
    """The plays of the earlier run are judged first: with a slow database that takes seconds."""
    station = new_station(config=CONFIG)
    episode = add_episode(station, tmp_path, seconds=5)
    add_play(station, episode, datetime.now(UTC) + timedelta(seconds=2), length_ms=5000)
    flood = Request(what="interrupt", who="a", title="Lũ", sounds=(str(pcm_file(tmp_path, 0.5)),))
    folder = AirFolder.of(station).requests

    def both(daemon: StationDaemon) -> None:
        at_its_begin("play", lambda: requests.leave(folder, flood))(daemon)
        at_its_begin("interrupt", daemon.stop)(daemon)

    with on_air(station, first=both):
        answer_to(station, flood)
    judged: list[bool] = []

    def watched(daemon: StationDaemon) -> None:
        go_on = daemon._go_on

        def idle(entry: Entry, heard_ms: int) -> None:
            judged.append(daemon.desk.is_idle)
            go_on(entry, heard_ms)

        daemon._go_on = idle  # type: ignore[method-assign]

    with on_air(station, first=watched) as daemon:
        wait_for(
            lambda: [r.title for r in daemon.journal.entries.values() if r.outcome == "aired"].count("Lũ")
        )
    assert judged == [True]


def test_a_stop_is_obeyed_before_anything_waits_for_the_disk(
    new_station: NewStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon that dies while it writes the stop down does not begin again what was stopped."""
    station = new_station(config=CONFIG)
    folder = AirFolder.of(station).requests
    long = Request(what="interrupt", who="a", title="Dài", sounds=(str(pcm_file(tmp_path, 40)),))
    with on_air(station) as daemon:
        assert order(station, long)["ok"]
        seen: list[object] = []
        write_text = atomic.write_text

        def write(path: Path, content: str) -> None:
            if path == daemon.air.stopped:
                seen.append((daemon.desk.is_idle, unfinished.kept(folder)))
            write_text(path, content)

        with monkeypatch.context() as patch:
            patch.setattr(atomic, "write_text", write)
            assert order(station, Request(what="stop", who="b"))["ok"]
    assert seen == [(True, [])]
