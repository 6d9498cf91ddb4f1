"""Attacks on the taking in of packages, each made by hand: refused whole, told in a sentence, nothing left behind."""

import json
import multiprocessing
import os
import shutil
import struct
import unicodedata
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from audio.packages.errors import PackageProblem, PackageRefusedError
from audio.packages.signature import SigningKey
from audio.packages.verify import check_package
from content.errors import LoaError
from content.station import Station, open_station
from scheduler.exchange import communes, receive, trust
from scheduler.exchange.log_file import read_log
from scheduler.exchange.receive import receive_package
from scheduler.models import Play
from tests.scheduler.a_centre import NOW, add_play, plan_month
from tests.scheduler.test_exchange_receive import Line

OWN, SHARED = "station.json", "manifest.json"
Edit = Callable[[str], str]


@pytest.fixture
def line(new_station: Callable[..., Station], tmp_path: Path) -> Line:
    centre = new_station("centre")
    plan_month(centre)
    return Line(centre, new_station("commune"), tmp_path)


def signed_again(line: Line, package: Path, edit: Edit, file: str = SHARED) -> None:
    """The package's text changed by `edit` and signed with the centre's own key, as a thief of it could."""
    texts = {name: (package / name).read_bytes() for name in (OWN, SHARED)}
    texts[file] = edit(texts[file].decode("utf-8")).encode("utf-8", "surrogatepass")
    (package / file).unlink()
    (package / file).write_bytes(texts[file])
    key = communes.signing_key(line.centre, NOW)
    (package / "manifest.json.sig").write_bytes(key.sign(texts[OWN] + texts[SHARED]))


def replacing(old: str, new: str) -> Edit:
    def edit(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return edit


def with_key(key: str, value: str) -> Edit:
    """The first object of the text gets another key in front."""
    return lambda text: text.replace("{", f'{{"{key}": {value},', 1)


TEXTS: dict[str, tuple[str, Edit]] = {
    "not a number": (SHARED, replacing('"length_ms": 120000', '"length_ms": NaN')),
    "endless": (SHARED, replacing('"length_ms": 120000', '"length_ms": Infinity')),
    "beyond all floats": (SHARED, replacing('"length_ms": 120000', '"length_ms": 1e999')),
    "a number of 4,000 digits": (SHARED, replacing('"length_ms": 120000', f'"length_ms": {"9" * 4000}')),
    "a number of 5,000 digits": (OWN, with_key("x", "9" * 5000)),
    "a key twice": (SHARED, with_key("until_on", '"2026-12-31"')),
    "deep nesting": (SHARED, with_key("x", "[" * 100_000 + "]" * 100_000)),
    "deep nesting of objects": (OWN, with_key("x", '{"a":' * 100_000 + "1" + "}" * 100_000)),
    "a million plays": (SHARED, lambda text: _plays(text, 1_000_000)),
    "ten million empty lists": (SHARED, with_key("x", f"[{'[],' * 10_000_000}0]")),
    "a beginning before all years": (SHARED, replacing('"from_on": "2026-12-01"', '"from_on": "0001-01-01"')),
    "an end after all years": (SHARED, replacing('"until_on": "2026-12-31"', '"until_on": "9999-12-31"')),
    "a month that is none": (SHARED, replacing('"month": "2026-12"', '"month": "2026-99"')),
    "a month in other digits": (SHARED, replacing('"month": "2026-12"', '"month": "٢٠٢٦-١٢"')),
    "half a letter": (SHARED, replacing('"title": "Chuy', '"title": "\\ud800Chuy')),
    "a zero in a zone": (SHARED, replacing('"zones": []', '"zones": ["a\\u0000b"]')),
    "half a letter in an approver": (SHARED, replacing('"approved_by": ["', '"approved_by": ["\\udfff')),
    "a mark in front": (OWN, lambda text: "\ufeff" + text),
    "the other schema in capitals": (OWN, replacing('"schema"', '"Schema"')),
    "a clock of the year 9999": (OWN, replacing('"made_at": "2026', '"made_at": "9999')),
    "a clock without a zone": (OWN, replacing("+00:00", "")),
    "a revision below zero": (OWN, replacing('"revision": ', '"revision": -')),
    "the name as a list": (OWN, replacing('"name": "', '"name": ["x"], "was": "')),
}


def _plays(text: str, count: int) -> str:
    body = json.loads(text)
    body["plays"] = [{"id": n} for n in range(count)]
    return json.dumps(body, indent=1) + "\n"


def test_a_text_that_no_centre_writes_is_refused_though_well_signed(line: Line, tmp_path: Path) -> None:
    sent = line.export()
    line.trust(sent.fingerprint)
    before = line.everything()
    for attack, (file, edit) in TEXTS.items():
        bad = shutil.copytree(sent.path, tmp_path / "bad" / sent.path.name)
        signed_again(line, bad, edit, file)
        with pytest.raises(PackageRefusedError) as refusal:
            line.receive(bad)
            pytest.fail(f"accepted: {attack}")
        problems = refusal.value.facts["problems"]
        assert isinstance(problems, list)
        assert all(isinstance(problem, PackageProblem) for problem in problems)
        assert check_package(bad).problems, attack
        shutil.rmtree(bad)
    assert line.everything() == before


def test_what_a_stranger_names_does_not_steer_the_terminal_of_who_reads_the_refusal(line: Line) -> None:
    sent = line.export()
    line.trust(sent.fingerprint)
    evil = "\x1b[2J\x1b]0;owned\x07\n\u202e"
    for edit, file in (
        (replacing('"schema": "', f'"schema": "{json.dumps(evil)[1:-1]}'), OWN),
        (replacing('"planned": {', f'"planned": {{"{json.dumps(evil)[1:-1]}": 1, '), SHARED),
    ):
        bad = line.export(f"bad-{file}")
        signed_again(line, bad.path, edit, file)
        with pytest.raises(PackageRefusedError) as refusal:
            line.receive(bad.path)
        assert str(refusal.value).isprintable()
    if os.name == "posix":
        (sent.path / f"audio/{evil.replace('/', '')}.mp3").write_bytes(b"x")
        with pytest.raises(PackageRefusedError) as refusal:
            line.receive(sent.path)
        assert str(refusal.value).isprintable()


def _beside(folder: Path, name: str) -> None:
    (folder / "audio" / name).write_bytes(b"x")


def _deep(folder: Path) -> None:
    """Deeper than a program may call itself; made from the inside, as no path reaches so far."""
    here = os.open(folder, os.O_RDONLY)
    for _level in range(1500):
        os.mkdir("d", dir_fd=here)
        there = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = there
    os.close(here)


def _flat_again(folder: Path) -> None:
    """What `_deep` made is taken away, which no tool does in one go."""
    while (folder / "d" / "d").exists():
        (folder / "d" / "d").rename(folder / "e")
        (folder / "d").rmdir()
        (folder / "e").rename(folder / "d")


def _package_inside(folder: Path) -> None:
    shutil.copytree(folder, folder.parent / "inner")
    (folder.parent / "inner").rename(folder / "audio" / "inner")


def _many(folder: Path) -> None:
    for n in range(3000):
        (folder / "rundown" / f"{n}.m3u8").write_bytes(b"")


FOLDERS: dict[str, Callable[[Path], None]] = {
    "the same name in capitals": lambda folder: _beside(
        folder, next((folder / "audio").iterdir()).name.upper()
    ),
    "composed letters": lambda folder: _beside(folder, unicodedata.normalize("NFC", "đài.mp3")),
    "decomposed letters": lambda folder: _beside(folder, unicodedata.normalize("NFD", "đài.mp3")),
    "a device of Windows": lambda folder: _beside(folder, "CON"),
    "a device with an ending": lambda folder: _beside(folder, "NUL.mp3"),
    "a dot at the end": lambda folder: _beside(folder, f"{next((folder / 'audio').iterdir()).name}."),
    "a space at the end": lambda folder: _beside(folder, f"{next((folder / 'audio').iterdir()).name} "),
    "a second stream": lambda folder: _beside(folder, "001.mp3:stream"),
    "thousands of strange files": _many,
    "a folder without end": _deep,
    "a package in the package": _package_inside,
}


@pytest.mark.skipif(os.name != "posix", reason="names that this system's disks do not take")
def test_what_does_not_belong_to_a_folder_gets_it_refused(line: Line, tmp_path: Path) -> None:
    sent = line.export()
    line.trust(sent.fingerprint)
    before = line.everything()
    for attack, change in FOLDERS.items():
        bad = shutil.copytree(sent.path, tmp_path / "bad" / sent.path.name)
        change(bad)
        try:
            with pytest.raises(PackageRefusedError, match="does not belong") as refusal:
                line.receive(bad)
                pytest.fail(f"accepted: {attack}")
        finally:
            _flat_again(bad)
        assert len(str(refusal.value)) < 4000
        shutil.rmtree(bad)
    assert line.everything() == before


def _field(offset: int, form: str, *values: int) -> Callable[[bytearray], None]:
    """Of the first local header."""
    return lambda content: struct.pack_into(form, content, offset, *values)


def _central_field(offset: int, form: str, *values: int) -> Callable[[bytearray], None]:
    """Of the last entry of the central directory."""

    def change(content: bytearray) -> None:
        struct.pack_into(form, content, content.rindex(b"PK\x01\x02") + offset, *values)

    return change


def _end_field(offset: int, form: str, *values: int) -> Callable[[bytearray], None]:
    def change(content: bytearray) -> None:
        struct.pack_into(form, content, content.rindex(b"PK\x05\x06") + offset, *values)

    return change


def _with_comment(content: bytearray) -> None:
    _end_field(20, "<H", 4)(content)
    content += b"here"


def _with_zip64(content: bytearray) -> None:
    """A second, larger truth about sizes and offsets before the end record, which says to look there."""
    end = content.rindex(b"PK\x05\x06")
    count, size, offset = struct.unpack_from("<HLL", content, end + 10)
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, offset)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    content[end:end] = record + locator
    _end_field(12, "<LL", 0xFFFFFFFF, 0xFFFFFFFF)(content)


def _second_directory(content: bytearray) -> None:
    """Two central directories: a reader that looks from behind sees another zip than one from the front."""
    first = content.index(b"PK\x01\x02")
    content += content[first:]


def _overlapping(content: bytearray) -> None:
    """Every entry of the directory points to the same bytes."""
    at = content.index(b"PK\x01\x02")
    while content[at : at + 4] == b"PK\x01\x02":
        struct.pack_into("<L", content, at + 42, 0)
        at += 46 + sum(struct.unpack_from("<3H", content, at + 28))


def _gap(content: bytearray) -> None:
    content[content.index(b"PK\x01\x02") : content.index(b"PK\x01\x02")] = (
        b"hidden between files and directory"
    )


def _extra_field(content: bytearray) -> None:
    """An Info-ZIP Unicode path: another name for whoever believes it."""
    name = b"../../x"
    extra = struct.pack("<2sHBL", b"up", 5 + len(name), 1, 0) + name
    struct.pack_into("<H", content, 28, len(extra))
    content[30 + len("station.json") : 30 + len("station.json")] = extra


ZIPS: dict[str, Callable[[bytearray], None]] = {
    "encrypted by its flag": _field(6, "<H", 1),
    "encrypted in the directory alone": _central_field(8, "<H", 1),
    "sizes that come later": _field(6, "<H", 8),
    "another method": _field(8, "<H", 8),
    "another method in the directory alone": _central_field(10, "<H", 8),
    "names in UTF-8": _central_field(8, "<H", 1 << 11),
    "a link by its mode": _central_field(38, "<L", 0o120777 << 16),
    "an entry that begins elsewhere": _central_field(42, "<L", 0),
    "another disk": _end_field(4, "<H", 1),
    "more entries than there are": _end_field(10, "<H", 60_000),
    "no entries": _end_field(8, "<HH", 0, 0),
    "a comment": _with_comment,
    "zip64": _with_zip64,
    "a second directory": _second_directory,
    "all entries over each other": _overlapping,
    "something between": _gap,
    "an extra field": _extra_field,
    "something behind": lambda content: content.extend(b"\0"),
    "a whole package behind": lambda content: content.extend(bytes(content)),
    "a program in front": lambda content: content.__setitem__(slice(0, 0), b"MZ"),
}


def test_a_zip_that_says_two_things_is_refused(line: Line, tmp_path: Path) -> None:
    sent = line.export(form="zip")
    line.trust(sent.fingerprint)
    before = line.everything()
    bad = tmp_path / "bad.zip"
    for attack, change in ZIPS.items():
        content = bytearray(sent.path.read_bytes())
        change(content)
        bad.write_bytes(content)
        with pytest.raises(PackageRefusedError):
            line.receive(bad)
            pytest.fail(f"accepted: {attack}")
    assert line.everything() == before
    assert line.receive(sent.path).added == 12


def test_the_same_name_in_two_ways_of_writing_is_refused_in_a_zip_too(line: Line, tmp_path: Path) -> None:
    sent = line.export(form="zip")
    line.trust(sent.fingerprint)
    for name in ("AUDIO/001.MP3", "đài.mp3", unicodedata.normalize("NFD", "đài.mp3"), "CON", "a:b", "x. "):
        bad = tmp_path / "bad.zip"
        shutil.copyfile(sent.path, bad)
        with zipfile.ZipFile(bad, "a") as archive:
            archive.writestr(name, b"x")
        with pytest.raises(PackageRefusedError):
            line.receive(bad)


def test_an_earlier_package_does_not_come_back_after_an_update(line: Line) -> None:
    full = line.export("full")
    line.trust(full.fingerprint)
    line.receive(full.path)
    never_taken = [line.export(form, now=NOW + timedelta(hours=1), form=form) for form in ("dir", "zip")]
    with line.centre.decide() as session:
        session.scalars(select(Play).order_by(Play.starts_at)).all()[-1].starts_at -= timedelta(hours=1)
    update = line.export("update", now=NOW + timedelta(hours=2), update=True)
    assert line.receive(update.path).moved == 1
    after = line.everything(), [(play.starts_at, play.status) for play in line.plays()]
    assert line.receive(full.path).known
    for replayed in never_taken:
        with pytest.raises(PackageRefusedError, match="was received already"):
            line.receive(replayed.path)
    assert (line.everything(), [(play.starts_at, play.status) for play in line.plays()]) == after


def test_a_signer_who_is_distrusted_while_the_package_is_checked_gets_nothing_in(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = line.export()
    line.trust(sent.fingerprint)
    before = line.everything()
    shelve = receive._shelve

    def meanwhile(*facts: Any) -> list[Path]:
        with line.commune.decide() as session:
            trust.distrust(session, sent.fingerprint, now=NOW)
        return shelve(*facts)

    monkeypatch.setattr(receive, "_shelve", meanwhile)
    with pytest.raises(PackageRefusedError, match="not trusted"):
        line.receive(sent.path)
    assert [entry for entry in line.everything() if str(entry).endswith(".mp3")] == []
    assert line.everything()[:4] == before[:4]


def _receive_in_a_process(folder: Path, package: Path, barrier: Any, told: Any) -> None:
    station = open_station(folder)
    barrier.wait()
    for _turn in range(20):
        try:
            receive_package(station, package, now=NOW)
        except LoaError as error:
            told.put(type(error).__name__)
        else:
            told.put("in")


def test_several_who_take_the_same_package_in_at_once_take_it_in_once(line: Line) -> None:
    sent = line.export()
    line.trust(sent.fingerprint)
    start = multiprocessing.get_context("spawn")
    barrier, told = start.Barrier(3), start.Queue()
    at_work = [
        start.Process(
            target=_receive_in_a_process, args=(line.commune.folder, sent.path, barrier, told), daemon=True
        )
        for _n in range(3)
    ]
    for process in at_work:
        process.start()
    words = [told.get(timeout=300) for _n in range(60)]
    for process in at_work:
        process.join()
    assert {process.exitcode for process in at_work} == {0}
    assert "in" in words
    assert set(words) <= {"in", "ReceivingError"}
    assert len(line.plays()) == 12
    assert [path for path in line.everything() if ".incoming" in str(path)] == []


def test_a_media_folder_that_cannot_be_written_is_told_and_nothing_changes(line: Line) -> None:
    sent = line.export()
    line.trust(sent.fingerprint)
    folder = line.commune.media.folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.write_bytes(b"no folder")
    with pytest.raises(LoaError, match="cannot write"):
        line.receive(sent.path)
    assert line.plays() == []


@pytest.mark.parametrize("made", ["2027", "2199"])
def test_a_package_from_a_clock_far_ahead_is_taken_in_and_said_to_be(line: Line, made: str) -> None:
    sent = line.export()
    line.trust(sent.fingerprint)
    signed_again(line, sent.path, replacing('"made_at": "2026', f'"made_at": "{made}'), OWN)
    assert line.receive(sent.path).clock_doubt


def test_an_urgent_bulletin_of_yesterday_is_not_aired_when_it_is_played_back_today(line: Line) -> None:
    with line.centre.read() as session:
        episode_id = session.scalars(select(Play.episode_id)).first()
    assert episode_id is not None
    add_play(line.centre, episode_id, NOW, 60_000, status="emergency", timing="hard")
    day = line.centre.day_of(NOW)
    old = line.export("urgent", days=(day, day), urgent=True)
    line.trust(old.fingerprint)
    taken = line.receive(old.path, now=NOW + timedelta(days=2))
    assert (taken.added, taken.too_late) == (0, 1)


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b'{"schema": "loa-log/1", "x": ' + b"[" * 100_000,
        b'{"schema": "loa-log/1", "x": [' + b"[]," * 10_000_000 + b"0]}",
        b'{"schema": "loa-log/1", "body": NaN}',
    ],
    ids=["deep", "deep inside", "ten million lists", "not a number"],
)
def test_a_report_that_no_station_writes_is_refused(content: bytes) -> None:
    with pytest.raises(LoaError, match="damaged"):
        read_log(content)


def test_a_well_signed_report_of_nonsense_is_refused() -> None:
    from audio.packages.signature import to_text

    key = SigningKey.made_new()
    for body in ("[" * 100_000, '{"schema": "loa-log/1", "code": "\\ud800"}', "\ud800", "{}"):
        signed = body.encode("utf-8", "surrogatepass")
        envelope = {
            "schema": "loa-log/1", "body": body, "public_key": to_text(key.public),
            "signature": to_text(key.sign(signed)),
        }  # fmt: skip
        with pytest.raises(LoaError, match="damaged"):
            read_log(json.dumps(envelope).encode())
