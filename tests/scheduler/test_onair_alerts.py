"""Alerts and urgent files from anywhere: what is hostile, wrong, a test or over never goes on the air."""

import json
import os
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from broadcast import as_run, noise, wav
from hypothesis import given
from hypothesis import strategies as st
from test_daemon_live import CONFIG, aired, by_kind, on_air, order, pcm_file, playing, put, wait_for
from test_daemon_parts import ALERT

from content.config import Config
from content.errors import LoaError
from content.station import Station
from scheduler.daemon import aired_alerts, bulletin, requests
from scheduler.daemon.cap import CapError, check_airable, read_alert
from scheduler.daemon.requests import Request
from scheduler.daemon.watched_folder import WatchedFolder

NewStation = Callable[..., Station]
NOON = datetime(2026, 12, 1, 5, tzinfo=UTC)
SPACE = "urn:oasis:names:tc:emergency:cap:1.2"


def alert(**changes: str) -> str:
    """The example alert, still in force, with some of its words changed."""
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    text = ALERT.replace("2026-12-01T18:00:00+07:00", later)
    sent = datetime.now(UTC).isoformat()
    text = text.replace("2026-12-01T10:00:00+07:00", sent)
    for tag, value in changes.items():
        before = text.split(f"<{tag}>")[1].split("<")[0]
        text = text.replace(f"<{tag}>{before}<", f"<{tag}>{value}<")
    return text


def long_alert(**changes: str) -> str:
    """One that is still being read when a busy machine comes to look."""
    return alert(**changes).replace("Bà con di chuyển lên nơi cao", "Bà con di chuyển lên nơi cao. " * 20)


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "Lũ Lũ Lũ Lũ"><!ENTITY c "&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;">]>'
    f'<alert xmlns="{SPACE}"><identifier>&d;</identifier></alert>'
)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (BOMB.encode(), "document type"),
        (BOMB.encode("utf-16"), "document type"),
        (BOMB.replace('version="1.0"', 'version="1.0" encoding="UTF-16"').encode("utf-16"), "document type"),
        (b'<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "document type"),
        (f'<alert xmlns="{SPACE}">'.encode() + b"<a>" * 200 + b"</a>" * 200 + b"</alert>", "nested"),
        (b" " * 1_000_001, "too large"),
        (b"RIFF\x00\x00\x00\x00WAVE", "hong.xml"),
        (f'<alert xmlns="{SPACE}">'.encode() + b"&#xFFFE;</alert>", "hong.xml"),
        (b'<?xml version="1.0" encoding="no-such-code"?><alert/>', "hong.xml"),
        (b'<alert xmlns="urn:something:else"/>', "alert"),
    ],
)
def test_hostile_xml_is_refused_with_the_reason(content: bytes, reason: str) -> None:
    with pytest.raises(CapError, match=reason):
        check_airable(read_alert(content, "hong.xml"), NOON, "hong.xml")


def test_a_document_type_in_another_alphabet_is_seen_too() -> None:
    body = BOMB.partition("?>")[2].replace("ũ", "u").encode("cp037")
    with pytest.raises(CapError):
        read_alert(b'<?xml version="1.0" encoding="cp037"?>' + body, "hong.xml")


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "Test"}, {"status": "Exercise"}, {"status": "System"}, {"status": "Draft"}, {"status": "actual"},
        {"msgType": "Ack"}, {"msgType": "Error"}, {"scope": "Restricted"}, {"scope": "Private"},
    ],
)  # fmt: skip
def test_what_is_not_meant_for_the_public_now_is_not_airable(changes: dict[str, str]) -> None:
    with pytest.raises(CapError, match=next(iter(changes.values()))):
        check_airable(read_alert(alert(**changes).encode(), "lu.xml"), datetime.now(UTC), "lu.xml")


def test_an_old_alert_that_names_no_end_is_not_aired_a_day_later() -> None:
    endless = "".join(
        part.partition("</expires>")[2] if number else part
        for number, part in enumerate(alert().split("<expires>"))
    )
    read = read_alert(endless.encode(), "lu.xml")
    assert check_airable(read, datetime.now(UTC), "lu.xml")
    with pytest.raises(CapError, match="expired"):
        check_airable(read, datetime.now(UTC) + timedelta(hours=25), "lu.xml")


def test_a_test_alert_saved_as_text_is_refused_not_read_out(tmp_path: Path) -> None:
    for name in ("thu.txt", "thu.xml", "thu.cap"):
        path = tmp_path / name
        path.write_text("\ufeff" + alert(status="Test"), "utf-8")
        with pytest.raises(CapError, match="Test"):
            bulletin.prepare(path, Config(), tmp_path, "x")


@pytest.mark.parametrize(
    "content", [b"\x00\x01\x02" * 50, b"MZ\x90\x00" * 50, "Lũ".encode("utf-16-le"), b"\xcd\xee a"]
)
def test_bytes_that_are_no_text_are_not_read_out(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "lu.txt"
    path.write_bytes(content)
    with pytest.raises(LoaError, match="UTF-8"):
        bulletin.prepare(path, Config(), tmp_path, "x")


def test_a_huge_text_and_a_sound_that_is_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "dai.txt"
    path.write_text("Lũ. " * 100_000, "utf-8")
    with pytest.raises(LoaError, match="shorten"):
        bulletin.prepare(path, Config(), tmp_path, "x")
    path = tmp_path / "am.mp3"
    path.write_text("#EXTM3U\nfile:///etc/passwd\n", "utf-8")
    with pytest.raises(LoaError, match=r"am\.mp3"):
        bulletin.prepare(path, Config(), tmp_path, "x")
    assert not list(tmp_path.glob("*.pcm"))


def test_a_sound_that_would_hold_the_air_too_long_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulletin, "MOST_SOUND_MIN", 0)
    path = tmp_path / "dai.wav"
    path.write_bytes(wav(noise(1, 1)))
    with pytest.raises(LoaError, match="shorter"):
        bulletin.prepare(path, Config(), tmp_path, "x")


@given(st.text(max_size=40), st.text(max_size=40))
def test_who_sent_what_is_remembered_whatever_the_names(sender: str, identifier: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        name = f"{sender},{identifier}"
        assert aired_alerts.aired_at(Path(folder), name) is None
        aired_alerts.note(Path(folder), name, NOON)
        assert aired_alerts.aired_at(Path(folder), name) == NOON
        aired_alerts.note(Path(folder), "other", NOON + timedelta(days=40))
        assert aired_alerts.aired_at(Path(folder), name) is None or name == "other"


@pytest.mark.parametrize(
    "change",
    [
        {"repeat": "many"}, {"repeat": 10**9}, {"repeat": True}, {"zones": [5]}, {"sounds": "x" * 3, "zones": None}, {"who": None},
        {"name": "../../elsewhere"}, {"unknown": 1}, {"emergency": "yes"},
        {"what": "dance"},
    ],
)  # fmt: skip
def test_an_order_with_wrong_fields_is_thrown_away_and_never_stops_the_daemon(
    tmp_path: Path, change: dict[str, object]
) -> None:
    requests.leave(tmp_path, Request(what="interrupt", who="x"))
    (path,) = tmp_path.glob("*.json")
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | change), "utf-8")
    assert requests.take(tmp_path, set()) == []
    assert not list(tmp_path.glob("*.json"))


def test_an_order_that_is_nested_without_end_is_thrown_away(tmp_path: Path) -> None:
    (tmp_path / "0.json").write_text("[" * 200_000)
    (tmp_path / "1.json").write_text(" " * 2_000_000)
    assert requests.take(tmp_path, set()) == []


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="every file name is Unicode there")
def test_a_name_that_is_no_text_stops_neither_the_daemon_nor_the_alert(
    new_station: NewStation, tmp_path: Path
) -> None:
    station = new_station(config=CONFIG)
    folder = station.folder / "alerts"
    folder.mkdir()
    sound = tmp_path / os.fsdecode(b"l\xfc.wav")
    sound.write_bytes(wav(noise(0.3, 5)))
    with on_air(station) as daemon:
        put(folder, os.fsdecode(b"l\xe3.txt"), "Lũ lên nhanh")
        wait_for(aired(daemon))
        put(folder, os.fsdecode(b"\xff.xml"), "<alert/>")
        wait_for(lambda: "alert" in daemon.hooks.told)
        reply = order(station, Request(what="interrupt", who=os.fsdecode(b"a\xff"), file=str(sound)))
        assert reply["ok"]
        wait_for(aired(daemon, 2))
    assert not [path for path in folder.iterdir() if path.is_file()]
    rows = by_kind(station, "interrupt")
    assert [(row.outcome, row.title) for row in rows] == [("aired", "Lũ lên nhanh"), ("aired", "l?")]
    assert rows[1].who == "a?"


def test_several_languages_are_heard_in_turn_after_the_alarm_and_a_cancel_takes_it_off(
    new_station: NewStation,
) -> None:
    station = new_station(config=CONFIG)
    folder = station.folder / "alerts"
    folder.mkdir()
    with on_air(station) as daemon:
        put(folder, "lu.xml", long_alert())
        wait_for(lambda: playing(daemon, "interrupt"))
        (piece, _entry) = next(iter(daemon.desk.on_air.values()))
        sounds = len(list(daemon.urgent.folder.glob("watch-*.pcm")))
        assert sounds == 2  # Vietnamese, then English
        assert piece.level == 100
        put(folder, "lai.xml", long_alert())  # the same alert again
        wait_for((folder / "refused" / "lai.xml.reason.txt").exists)
        assert "already" in (folder / "refused" / "lai.xml.reason.txt").read_text("utf-8")
        references = (
            "<references>khituong@example.vn,LB-2026-114,2026-12-01T10:00:00+07:00</references><info>"
        )
        fake = alert(status="Test", msgType="Cancel", identifier="LB-T").replace("<info>", references, 1)
        put(folder, "thu.xml", fake)  # a test cancels nothing
        wait_for((folder / "refused" / "thu.xml").exists)
        assert playing(daemon, "interrupt")
        cancel = alert(msgType="Cancel", identifier="LB-2").replace("<info>", references, 1)
        put(folder, "huy.xml", cancel)
        wait_for(lambda: daemon.desk.is_idle)
        wait_for((folder / "done" / "huy.xml").exists)
    (row,) = by_kind(station, "interrupt")
    assert row.outcome == "partial"
    assert "LB-2" in (row.reason or "")


def test_an_update_replaces_the_alert_that_is_on_the_air(new_station: NewStation, tmp_path: Path) -> None:
    station = new_station(config=CONFIG)
    first, second = tmp_path / "1.xml", tmp_path / "2.xml"
    first.write_text(long_alert(), "utf-8")
    second.write_text(
        long_alert(msgType="Update", identifier="LB-3", headline="Lũ đã rút").replace(
            "<info>", "<references>khituong@example.vn,LB-2026-114,x</references><info>", 1
        ),
        "utf-8",
    )
    with on_air(station) as daemon:
        assert order(station, Request(what="interrupt", who="trực ban", file=str(first)))["ok"]
        assert playing(daemon, "interrupt")
        assert (
            order(station, Request(what="interrupt", who="trực ban", file=str(second)))["waits_for"] is None
        )
        assert playing(daemon, "interrupt")
    old, new = by_kind(station, "interrupt")
    assert old.outcome in ("partial", "displaced")
    assert "LB-3" in (new.reason or "")


@pytest.mark.skipif(
    sys.platform == "win32" or (hasattr(os, "geteuid") and not hasattr(os, "link")), reason="POSIX"
)
def test_a_file_that_cannot_be_moved_away_is_aired_once_and_links_are_left_alone(
    new_station: NewStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = new_station(config=CONFIG)
    folder = station.folder / "alerts"
    folder.mkdir()
    (folder / "nhac.wav").write_bytes(wav(noise(0.3, 4)))
    secret = station.folder / "secret.txt"
    secret.write_text("Không đọc tệp này.", "utf-8")
    (folder / "lien-ket.txt").symlink_to(secret)
    monkeypatch.setattr(
        "scheduler.daemon.watched_folder._put_away", lambda *_facts: None
    )  # a folder without write access
    looks: list[WatchedFolder] = []
    look = WatchedFolder.look
    monkeypatch.setattr(WatchedFolder, "look", lambda self: (looks.append(self), look(self)))
    with on_air(station) as daemon:
        wait_for(aired(daemon))
        count = len(looks)
        wait_for(lambda: len(looks) > count + 2)
        assert daemon.desk.is_idle
    assert [row.title for row in by_kind(station, "interrupt")] == ["nhac"]


def test_two_bulletins_are_heard_one_after_another_and_a_large_file_does_not_hold_up_the_next(
    new_station: NewStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large, decode = threading.Event(), bulletin.decode

    def decode_slowly(*facts: object, **more: object) -> None:
        assert large.wait(60)
        decode(*facts, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(bulletin, "decode", decode_slowly)
    station = new_station(config=CONFIG)
    slow = tmp_path / "cham.wav"
    slow.write_bytes(wav(np_long()))
    with on_air(station) as daemon:
        folder = daemon.urgent.folder
        requests.leave(folder, Request(what="interrupt", who="a", file=str(slow)))
        requests.leave(
            folder, Request(what="interrupt", who="b", title="Ngắn", sounds=(str(pcm_file(tmp_path, 0.3)),))
        )
        wait_for(lambda: playing(daemon, "interrupt") or aired(daemon)())  # before the large one is ready
        large.set()
        wait_for(lambda: any(p.title == "cham" for p, _entry in list(daemon.desk.on_air.values())))
    rows = as_run(station)
    assert [row.title for row in rows] == ["Ngắn", "cham"]
    assert rows[0].outcome == "aired"


def np_long() -> object:
    import numpy as np

    return np.tile(noise(1, 9), 120)
