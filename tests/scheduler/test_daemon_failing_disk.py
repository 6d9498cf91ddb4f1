"""A disk that is full, fails or can only be read: a sound may be lost, the station is not."""

import sys
import tempfile
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from broadcast import add_episode, add_play, as_run
from test_daemon_live import CONFIG, PATIENCE_S, Radio, aired, on_air, order, pcm_file, wait_for
from test_daemon_troubles import BEGIN, NULL, run

from audio.outputs.process_sink import ProcessSink
from content import atomic
from content.atomic import DiskFullError
from content.station import Station
from scheduler.daemon import bulletin, station_daemon, unfinished
from scheduler.daemon.cue import PcmFile
from scheduler.daemon.folder import AirFolder
from scheduler.daemon.hooks import Running
from scheduler.daemon.lateness import when_cut
from scheduler.daemon.relay import Tap
from scheduler.daemon.requests import Request

NewStation = Callable[..., Station]


def full(*_facts: object, **_more: object) -> None:
    raise FileNotFoundError(2, "No usable temporary directory found")


def test_a_sound_whose_first_block_cannot_be_read_ends_alone(
    new_station: NewStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = new_station(config=NULL)
    plays = [
        add_play(station, add_episode(station, tmp_path, seed=n), BEGIN + timedelta(minutes=5 * n))
        for n in (1, 2)
    ]  # fmt: skip
    read, failed = PcmFile.read, [False]

    def failing(self: PcmFile, frames: int) -> bytes:
        if not failed[0]:
            failed[0] = True
            raise OSError(5, "Input/output error")
        return read(self, frames)

    monkeypatch.setattr(PcmFile, "read", failing)
    run(station, 1)
    first, second = (row for row in as_run(station) if row.play_id in plays)
    assert [(row.play_id, row.outcome) for row in (first, second)] == list(
        zip(plays, ("missed", "aired"), strict=True)
    )
    assert "Input/output error" in (first.reason or "")


def test_a_full_disk_at_the_time_to_compact_the_journal_does_not_end_the_daemon(
    new_station: NewStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = new_station(config=NULL)
    episode = add_episode(station, tmp_path)
    plays = [add_play(station, episode, BEGIN + timedelta(minutes=5 + 2 * n)) for n in range(6)]
    journal = AirFolder.of(station).journal
    monkeypatch.setattr(station_daemon, "COMPACT_ABOVE", 2)
    monkeypatch.setattr("scheduler.daemon.journal.KEEP", timedelta(minutes=1))
    write, asked = atomic.write_bytes, []

    def no_room(path: Path, content: bytes) -> None:
        if path == journal:
            asked.append(path)
            raise DiskFullError(path=path)
        write(path, content)

    monkeypatch.setattr(atomic, "write_bytes", no_room)
    run(station, 2)
    assert asked
    assert [(row.play_id, row.outcome) for row in as_run(station)] == [(play, "aired") for play in plays]


def test_without_a_place_for_temporary_files_commands_cards_and_relays_still_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    assert Running().run([sys.executable, "-c", "pass"]) is None
    trouble = Running().run([sys.executable, "-c", "import sys; sys.exit('no')"])
    assert "exit 1" in (trouble or "")
    sink = ProcessSink([sys.executable, "-c", "import sys; sys.stdin.buffer.read()"])
    sink.send(b"\0" * 1920)
    sink.close()
    radio = Radio()
    threading.Thread(target=radio.serve_forever, daemon=True).start()
    tap = Tap(f"http://127.0.0.1:{radio.server_address[1]}/live")
    try:
        wait_for(lambda: tap.held_ms > 500)
    finally:
        tap.close()
        radio.mode = "dead"
        radio.shutdown()
        radio.server_close()


def test_a_stop_that_cannot_be_deleted_does_not_keep_the_station_silent(
    new_station: NewStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = new_station(config=CONFIG)
    with on_air(station) as daemon:
        assert order(station, Request(what="stop", who="b"))["ok"]
        unlink = Path.unlink

        def held(path: Path, missing_ok: bool = False) -> None:
            if path == daemon.air.stopped:
                raise PermissionError(13, "held")
            unlink(path, missing_ok)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "unlink", held)
            assert order(station, Request(what="resume", who="b"))["ok"]
        assert daemon.desk.stopped is None
        sounds = (str(pcm_file(tmp_path, 0.3)),)
        assert order(station, Request(what="interrupt", who="a", title="Tin", sounds=sounds))["ok"]
        wait_for(aired(daemon))


def test_what_was_being_made_ready_when_silence_was_ordered_is_not_heard(
    new_station: NewStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = new_station(config=CONFIG)
    prepare, going, on = bulletin.prepare, threading.Event(), threading.Event()

    def slowly(*facts: object, **more: object) -> bulletin.Bulletin:
        going.set()
        assert on.wait(PATIENCE_S)
        return prepare(*facts, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(bulletin, "prepare", slowly)
    words = Request(what="interrupt", who="a", text="Nhầm rồi")
    with on_air(station) as daemon:
        replies: list[dict[str, object]] = []
        asking = threading.Thread(target=lambda: replies.append(order(station, words)))
        asking.start()
        assert going.wait(PATIENCE_S)
        assert order(station, Request(what="stop", who="trực ban"))["ok"]
        on.set()
        asking.join()
        assert order(station, Request(what="resume", who="b"))["ok"]
        assert replies == [{"ok": False, "reason": "the station was stopped by trực ban"}]
        assert daemon.desk.is_idle
        assert not unfinished.kept(daemon.urgent.folder)
        assert not list(daemon.urgent.folder.glob("*.pcm"))
    assert not as_run(station)


def test_a_play_that_is_joined_after_the_clock_was_set_back_goes_on_where_it_was() -> None:
    verdict = when_cut(
        timing="soft", lateness="join", length_ms=60_000, heard_to_ms=20_000, gap=timedelta(hours=-2),
        grace=timedelta(seconds=60),
    )  # fmt: skip
    assert (verdict.start, verdict.offset_ms) == (True, 20_000)
