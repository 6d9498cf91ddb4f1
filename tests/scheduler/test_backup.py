"""Backups: whole while others write, checked before anything is touched, closed to those without the password."""

import hashlib
import io
import json
import random
import shutil
import sqlite3
import threading
import time
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.busy_ward import fill
from content.audit import verify
from content.events import record
from content.models import Episode
from content.station import Station, open_station
from scheduler import sealed_file
from scheduler.backup import BackupFileError, RestoreTargetError, back_up, read_manifest, restore
from scheduler.ledger import ledger
from scheduler.models import AsRun
from scheduler.sealed_file import PasswordError, PasswordMissingError

NOW = datetime(2026, 12, 15, 3, tzinfo=UTC)
PASSWORD = "mật khẩu dài"
MakeStation = Callable[..., Station]


@pytest.fixture
def station(new_station: MakeStation, tmp_path: Path) -> Station:
    station = new_station()
    fill(station, programmes=3, as_run=40, year=2026, months=2)
    sound = tmp_path / "sound.wav"
    sound.write_bytes(b"RIFF" + bytes(range(256)) * 8000)
    station.media.add(sound)
    return station


def state(folder: Path) -> tuple[bool, list[dict[str, Any]], int]:
    """(evidence whole, ledger, as-run rows) of a station."""
    station = open_station(folder / "config.toml")
    try:
        with station.read() as session:
            lines = [
                s.to_json()
                for s in ledger(
                    session, station.config, from_on=date(2026, 1, 1), until_on=date(2026, 2, 28), now=NOW
                )
            ]
            return verify(session).whole, lines, session.query(AsRun).count()
    finally:
        station.close()


def test_a_backup_comes_back_whole_with_the_same_ledger(station: Station, tmp_path: Path) -> None:
    (station.folder / "forms").mkdir()
    (station.folder / "forms" / "bao-cao.docx").write_bytes(b"own form")
    made = back_up(station, now=NOW, person="lan", out=tmp_path / "usb")
    assert made.path.name == "loa-20261215-100000.loabackup"
    done = restore(made.path, tmp_path / "back", now=NOW)
    assert done.anchor == made.anchor
    assert state(tmp_path / "back") == state(station.folder)
    assert (tmp_path / "back" / "forms" / "bao-cao.docx").read_bytes() == b"own form"
    sounds = [p for p in (tmp_path / "back" / "media").rglob("*") if p.is_file()]
    assert [p.name for p in sounds] == [p.name for p in station.media.folder.rglob("*") if p.is_file()]
    assert not list(tmp_path.glob(".loa-restore-*"))


def test_a_backup_during_writes_is_consistent(station: Station, tmp_path: Path) -> None:
    stop, failed = threading.Event(), []

    def write() -> None:
        number, took = 0, 0.0
        try:
            while not stop.wait(took):  # so that whoever else writes finds the database free half of the time
                number, begun = number + 1, time.monotonic()
                with station.decide() as session:
                    episode = session.get(Episode, 1)
                    assert episode is not None
                    episode.title = f"Số {number}"
                    session.add(AsRun(kind="play", title=f"Lượt {number}", zones=[], started_at=NOW, heard_ms=1, outcome="aired", output="main"))  # fmt: skip
                    record(session, action="note.made", subject="station:1", person="")
                took = time.monotonic() - begun
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        made = [
            back_up(station, now=NOW + timedelta(seconds=n), person="lan", out=tmp_path / "usb")
            for n in range(3)
        ]
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert not failed
    for number, one in enumerate(made):
        restore(one.path, tmp_path / f"back{number}", now=NOW)
        whole, lines, rows = state(tmp_path / f"back{number}")
        assert whole
        assert rows >= 40
        assert lines == state(station.folder)[1]


def test_an_encrypted_backup_opens_only_with_its_password(station: Station, tmp_path: Path) -> None:
    made = back_up(station, now=NOW, person="lan", out=tmp_path / "usb", password=PASSWORD)
    raw = made.path.read_bytes()
    for word in (b"SQLite", b"PK\x03\x04", "Chuyên mục".encode(), b"config.toml"):
        assert word not in raw
    with pytest.raises(PasswordMissingError):
        restore(made.path, tmp_path / "a", now=NOW)
    with pytest.raises(PasswordError):
        restore(made.path, tmp_path / "b", now=NOW, password="sai mật khẩu")
    assert not (tmp_path / "a").exists()
    restore(made.path, tmp_path / "c", now=NOW, password=PASSWORD)
    assert state(tmp_path / "c") == state(station.folder)


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_damaged_backup_is_refused_and_leaves_nothing(
    station: Station, tmp_path: Path, encrypted: bool
) -> None:
    password = PASSWORD if encrypted else None
    made = back_up(station, now=NOW, person="lan", out=tmp_path / "usb", password=password)
    raw = made.path.read_bytes()
    for spoilt in (
        raw[: len(raw) // 2],
        raw[:-1],
        b"",
        raw[:5000] + bytes([raw[5000] ^ 1]) + raw[5001:],
    ):
        bad = tmp_path / "bad.loabackup"
        bad.write_bytes(spoilt)
        with pytest.raises((BackupFileError, PasswordError, PasswordMissingError)):
            restore(bad, tmp_path / "back", now=NOW, password=password)
        assert not (tmp_path / "back").exists()
    with pytest.raises(BackupFileError):
        restore(tmp_path / "khong-co.loabackup", tmp_path / "back", now=NOW)


def _packed(files: dict[str, bytes], manifest: object) -> bytes:
    """A backup of these files, whatever its manifest is."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as bundle:
        for name, content in files.items():
            bundle.writestr(name, content)
        bundle.writestr("manifest.json", manifest if isinstance(manifest, str) else json.dumps(manifest))
    return kept.getvalue()


def _listed(files: dict[str, bytes], manifest: dict[str, Any]) -> dict[str, Any]:
    rows = {name: {"sha256": hashlib.sha256(c).hexdigest(), "size": len(c)} for name, c in files.items()}
    return manifest | {"files": rows}


def _marked(packed: bytes, offset: int, value: int) -> bytes:
    """A field of two bytes changed in every entry, where it stands in both its headers."""
    content = bytearray(packed)
    for magic, at in ((b"PK\x03\x04", offset), (b"PK\x01\x02", offset + 2)):
        found = content.find(magic)
        while found >= 0:
            content[found + at : found + at + 2] = value.to_bytes(2, "little")
            found = content.find(magic, found + 4)
    return bytes(content)


def test_what_only_looks_like_a_backup_is_refused_in_a_sentence(station: Station, tmp_path: Path) -> None:
    made = back_up(station, now=NOW, person="lan", out=tmp_path / "usb")
    with zipfile.ZipFile(made.path) as source:
        files = {n: source.read(n) for n in source.namelist()}
    manifest = json.loads(files.pop("manifest.json"))
    database = files["loa.sqlite3"]
    strange = [
        *(
            _packed(files | {"loa.sqlite3": one}, _listed(files | {"loa.sqlite3": one}, manifest))
            for one in (b"no database", b"", database[: len(database) // 2], database[:100] + b"\xff" * 5000)
        ),
        _packed(files, "[" * 100_000),
        _packed(files, {name: value for name, value in manifest.items() if name != "anchor"}),
        _packed(files, manifest | {"files": [1]}),
        _packed(files, manifest | {"files": dict.fromkeys(files)}),
        *(_marked(made.path.read_bytes(), 6, flag) for flag in (1, 65)),
        *(_marked(made.path.read_bytes(), 8, method) for method in (8, 9, 12, 14, 99)),
    ]
    chance = random.Random(20261122)
    for _turn in range(60):
        spoilt = bytearray(made.path.read_bytes())
        for _bit in range(3):
            spoilt[chance.randrange(len(spoilt) // 2)] ^= 1 << chance.randrange(8)
        strange.append(bytes(spoilt))
    bad = tmp_path / "bad.loabackup"
    for content in strange:
        bad.write_bytes(content)
        with pytest.raises(BackupFileError):
            restore(bad, tmp_path / "back", now=NOW)
        assert not (tmp_path / "back").exists()


@pytest.mark.parametrize(
    "name", ["../thoat", "/tmp/thoat", "media/../../thoat", "forms/../../thoat", "thoat", "media\\x", "C:x"]
)
def test_a_backup_cannot_write_outside_the_station(station: Station, tmp_path: Path, name: str) -> None:
    made = back_up(station, now=NOW, person="lan", out=tmp_path / "usb")
    with zipfile.ZipFile(made.path) as source:
        files = {n: source.read(n) for n in source.namelist()}
    manifest = json.loads(files["manifest.json"])
    manifest["files"][name] = {
        "sha256": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
        "size": 3,
    }
    bad = tmp_path / "bad.loabackup"
    with zipfile.ZipFile(bad, "w") as target:
        for n, content in files.items():
            target.writestr(n, json.dumps(manifest) if n == "manifest.json" else content)
        target.writestr(name, b"foo")
    with pytest.raises(BackupFileError):
        restore(bad, tmp_path / "deep" / "back", now=NOW)
    assert not list(tmp_path.rglob("thoat*"))


def test_a_backup_with_altered_evidence_is_refused_though_its_hashes_agree(
    station: Station, tmp_path: Path
) -> None:
    made = back_up(station, now=NOW, person="lan", out=tmp_path / "usb")
    import hashlib

    with zipfile.ZipFile(made.path) as source:
        files = {n: source.read(n) for n in source.namelist()}
    database = tmp_path / "x.sqlite3"
    database.write_bytes(files["loa.sqlite3"])
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE as_run SET outcome = 'aired', heard_ms = 99 WHERE id = 1")
        connection.commit()
    files["loa.sqlite3"] = database.read_bytes()
    manifest = json.loads(files["manifest.json"])
    manifest["files"]["loa.sqlite3"] = {
        "sha256": hashlib.sha256(files["loa.sqlite3"]).hexdigest(),
        "size": len(files["loa.sqlite3"]),
    }
    bad = tmp_path / "bad.loabackup"
    with zipfile.ZipFile(bad, "w") as target:
        for n, content in files.items():
            target.writestr(n, json.dumps(manifest) if n == "manifest.json" else content)
    with pytest.raises(BackupFileError, match="as_run:1"):
        restore(bad, tmp_path / "back", now=NOW)


def test_restoring_onto_an_older_station_keeps_what_stood_there(station: Station, tmp_path: Path) -> None:
    older = tmp_path / "older"
    shutil.copytree(station.folder, older)
    with station.decide() as session:
        record(session, action="note.made", subject="station:1", person="lan")
    made = back_up(station, now=NOW, person="lan", out=tmp_path / "usb")
    done = restore(made.path, older, now=NOW)
    assert state(older) == state(station.folder)
    assert done.kept is not None
    assert (done.kept / "config.toml").is_file()
    assert (done.kept / "loa.sqlite3").is_file()


def test_restoring_onto_a_station_that_knows_more_is_refused(station: Station, tmp_path: Path) -> None:
    made = back_up(station, now=NOW, person="lan", out=tmp_path / "usb")
    with station.decide() as session:
        record(session, action="note.made", subject="station:1", person="lan")
    before = state(station.folder)
    with pytest.raises(RestoreTargetError, match="does not know"):
        restore(made.path, station.folder, now=NOW)
    assert state(station.folder) == before
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("x")
    with pytest.raises(RestoreTargetError, match="other files"):
        restore(made.path, tmp_path / "other", now=NOW)


def test_only_the_newest_backups_are_kept(station: Station, tmp_path: Path) -> None:
    (tmp_path / "usb").mkdir()
    (tmp_path / "usb" / "loa-my-own.loabackup").write_bytes(b"not ours to delete")
    for day in range(4):
        back_up(station, now=NOW + timedelta(days=day), person="lan", out=tmp_path / "usb", keep=2)
    names = sorted(p.name for p in (tmp_path / "usb").iterdir())
    assert names == ["loa-20261217-100000.loabackup", "loa-20261218-100000.loabackup", "loa-my-own.loabackup"]


def test_what_is_in_a_backup_can_be_seen_without_restoring(station: Station, tmp_path: Path) -> None:
    made = back_up(station, now=NOW, person="lan", out=tmp_path / "usb")
    manifest = read_manifest(made.path)
    assert manifest["anchor"] == made.anchor
    assert {"loa.sqlite3", "config.toml", "lexicon.tsv"} <= set(manifest["files"])


@settings(max_examples=4, deadline=None)
@given(st.sampled_from([0, 1 << 20, (1 << 20) + 1, (2 << 20) + 5]), st.integers(0, 255))
def test_sealing_and_opening_gives_the_same_bytes_of_any_length(size: int, byte: int) -> None:
    plain, raw = bytes([byte]) * size, io.BytesIO()
    with sealed_file.writer(raw, PASSWORD) as stream:
        for start in range(0, size, 700_001):
            stream.write(plain[start : start + 700_001])
    opened = io.BytesIO()
    raw.seek(0)
    sealed_file.open_into(raw, opened, PASSWORD)
    assert opened.getvalue() == plain
    whole = raw.getvalue()
    if size > 1 << 20:  # a chunk left out, or the last one cut off, is noticed
        header = whole.index(b"\n") + 1
        for spoilt in (whole[: header + (1 << 20) + 16], whole[:header] + whole[header + (1 << 20) + 16 :]):
            with pytest.raises(PasswordError):
                sealed_file.open_into(io.BytesIO(spoilt), io.BytesIO(), PASSWORD)


@pytest.mark.parametrize(
    "facts",
    [
        '"n": 1048576, "r": 32, "p": 1',
        '"n": 32768, "r": 8, "p": 1000000',
        '"n": 3, "r": 8, "p": 1',
        '"n": -32768, "r": -8, "p": 1',
        f'"n": {10**30}, "r": 1, "p": 0',
        '"n": "32768", "r": 8, "p": 1',
        f'"n": {"[" * 1500}',
    ],
    ids=["4 GB", "hours", "no power of two", "below zero", "no number of this machine", "text", "deep"],
)
def test_a_header_that_asks_for_the_impossible_opens_nothing(facts: str) -> None:
    header = sealed_file.MAGIC.decode() + f', {facts}, "salt": "{"00" * 16}", "prefix": "{"00" * 7}"}}\n'
    with pytest.raises(PasswordError):
        sealed_file.open_into(io.BytesIO(header.encode() + b"x" * 100), io.BytesIO(), PASSWORD)
