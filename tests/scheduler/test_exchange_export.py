"""Export: what stands in a package, what is shared, what is refused."""

import csv
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from icalendar import Calendar
from sqlalchemy import select

from audio.packages.errors import FolderTakenError
from audio.packages.manifest import Manifest, read_manifest
from audio.packages.verify import check_package
from content.events import record
from content.models import Episode
from content.station import Station
from scheduler.exchange import communes
from scheduler.exchange.communes import Commune
from scheduler.exchange.errors import NothingToSendError, NotReadyError, TooLittleRoomError
from scheduler.exchange.export import PackageSummary, export_package, export_packages
from scheduler.exchange.fit import StationSession
from scheduler.models import Play
from scheduler.stations import SentPackage
from tests.scheduler.a_centre import FROM, NOW, UNTIL, add_play, add_sound, noise, plan_month

TRUNG_HA = Commune(code="xa-trung-ha", name="Đài xã Trung Hạ")


@pytest.fixture
def centre(new_station: Callable[..., Station]) -> Station:
    station = new_station("centre")
    plan_month(station)
    return station


def exported(
    centre: Station, folder: Path, commune: Commune = TRUNG_HA, **settings: object
) -> PackageSummary:
    return export_package(centre, commune, FROM, UNTIL, folder, now=NOW, **settings)  # type: ignore[arg-type]


def manifest_in(folder: Path) -> Manifest:
    return read_manifest((folder / "station.json").read_bytes() + (folder / "manifest.json").read_bytes())


def test_a_package_is_whole_signed_and_says_what_to_air(centre: Station, tmp_path: Path) -> None:
    summary = exported(centre, tmp_path / "out")
    assert summary.path == tmp_path / "out" / "xa-trung-ha"
    checked = check_package(summary.path)
    assert checked.problems == []
    manifest = checked.manifest
    assert manifest is not None
    assert (summary.plays, summary.sounds) == (len(manifest.plays), len(manifest.audio)) == (12, 3)
    assert manifest.plays[0].starts_at.isoformat() == "2026-12-01T06:30:00+07:00"
    assert manifest.audio[0].approved_by == ["Trần Thị Bình"]
    rule = manifest.rules[0]
    assert (rule.new_per_month, rule.min_replays_per_month) == (1, 3)
    assert rule.planned == {"2026-12": {"first": 1, "replays": 3, "days": 4}}


def test_sound_files_sort_in_air_order_and_fit_any_disk(centre: Station, tmp_path: Path) -> None:
    folder = exported(centre, tmp_path / "out").path
    names = sorted(path.name for path in (folder / "audio").iterdir())
    assert names == [
        "001_20261201_chuyen-muc-so-1-duong-day-nong-dich-vu-cong.mp3",
        "002_20261202_chuyen-muc-so-2-duong-day-nong-dich-vu-cong.mp3",
        "003_20261203_chuyen-muc-so-3-duong-day-nong-dich-vu-cong.mp3",
    ]


def test_each_day_has_its_playlist_and_every_entry_of_it_is_there(centre: Station, tmp_path: Path) -> None:
    folder = exported(centre, tmp_path / "out").path
    lists = sorted((folder / "rundown").glob("*.m3u8"))
    assert len(lists) == 12
    for playlist in lists:
        lines = playlist.read_text("utf-8").splitlines()
        assert lines[0] == "#EXTM3U"
        entries = [line for line in lines if not line.startswith("#")]
        assert entries
        assert all((playlist.parent / entry).is_file() for entry in entries)
    assert "#EXTINF:120,06:30 Chuyên mục số 1: Đường dây nóng & “dịch vụ công”" in lists[0].read_text("utf-8")


def test_the_calendar_gives_back_every_airing_at_its_minute(centre: Station, tmp_path: Path) -> None:
    folder = exported(centre, tmp_path / "out").path
    book = Calendar.from_ical((folder / "schedule.ics").read_bytes())
    starts = []
    for event in book.walk("VEVENT"):
        step = timedelta(days=7) if "RRULE" in event else timedelta()
        count = event["RRULE"]["COUNT"][0] if "RRULE" in event else 1
        starts += [event["DTSTART"].dt + step * k for k in range(count)]
    planned = [play.starts_at for play in manifest_in(folder).plays]
    assert sorted(starts) == sorted(planned)
    assert any("RRULE" in event for event in book.walk("VEVENT"))


def test_the_spreadsheet_has_a_line_for_each_airing_in_vietnamese(centre: Station, tmp_path: Path) -> None:
    folder = exported(centre, tmp_path / "out").path
    rows = list(csv.DictReader(io.StringIO((folder / "schedule.csv").read_text("utf-8-sig"))))
    assert len(rows) == 12
    assert rows[0]["Ngày"] == "01/12/2026"
    assert rows[0]["Giờ"] == "06:30:00"
    assert rows[0]["Lượt"] == "Phát mới"
    assert rows[-1]["Người duyệt"] == "Trần Thị Bình"


def test_the_wall_sheet_is_a_pdf_with_vietnamese_letters(centre: Station, tmp_path: Path) -> None:
    from pypdf import PdfReader

    folder = exported(centre, tmp_path / "out").path
    text = "\n".join(page.extract_text() for page in PdfReader(folder / "sheet.pdf").pages)
    for words in (
        "LỊCH PHÁT THANH – Tháng 12/2026",
        "Đài xã Trung Hạ",
        "Thứ Ba, 01/12/2026",
        "Đường dây nóng",
    ):
        assert words in text
        assert words in (folder / "sheet.html").read_text("utf-8") or words.startswith("LỊCH")


def test_a_plain_mp3_player_gets_a_folder_for_each_day_and_a_file_for_each_airing(
    centre: Station, tmp_path: Path
) -> None:
    folder = exported(centre, tmp_path / "out", Commune(code="loa-keo", name="Loa kéo", player="usb")).path
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.mp3"))
    assert len(files) == 12
    assert files[0] == "20261201/01_0630_chuyen-muc-so-1-duong-day-nong-dich-vu-cong.mp3"
    assert check_package(folder).problems == []


def test_a_barix_player_gets_one_list_for_each_airing_with_its_rule_in_the_first_line(
    centre: Station, tmp_path: Path
) -> None:
    folder = exported(centre, tmp_path / "out", Commune(code="barix", name="Barix", player="barix")).path
    lists = sorted((folder / "barix").iterdir())
    assert len(lists) == 12
    rule, path = lists[0].read_bytes().split(b"\r\n")[:2]
    assert rule == b"#BARIX-4,01-12-26,01-12-26,,06:30:00,06:33:00,1,,,"
    assert (folder / "barix" / path.decode()).is_file()


def test_airings_are_laid_into_the_sessions_of_the_station(centre: Station, tmp_path: Path) -> None:
    evening = StationSession(start=time(17, 0), end=time(17, 15))
    folder = exported(centre, tmp_path / "out", Commune(code="toi", name="Tối", sessions=(evening,))).path
    plays = manifest_in(folder).plays
    assert len(plays) == 12
    assert {f"{play.starts_at:%H:%M}" for play in plays} == {"17:00"}
    assert {play.session for play in plays} == {"17:00-17:15"}


def test_an_airing_for_which_no_session_has_room_is_named(centre: Station, tmp_path: Path) -> None:
    minute = StationSession(start=time(17, 0), end=time(17, 1))
    summary = exported(centre, tmp_path / "out", Commune(code="ngan", name="Ngắn", sessions=(minute,)))
    assert summary.plays == 0
    assert len(summary.unplaced) == 12
    assert manifest_in(summary.path).unplaced == summary.unplaced
    sheet = (summary.path / "sheet.html").read_text("utf-8")
    assert sheet.count("Chưa xếp được vào khung giờ") == 10
    assert "và 2 lượt nữa" in sheet


def test_stations_get_what_concerns_their_zones(centre: Station, tmp_path: Path) -> None:
    with centre.decide() as session:
        for play in session.query(Play).order_by(Play.id).limit(4):
            play.zones = ["ban-lang"]
    zoned = Commune(code="ban", name="Bản", zones=("ban-khac",))
    plays = manifest_in(exported(centre, tmp_path / "out", zoned).path).plays
    assert len(plays) == 8
    assert {tuple(play.zones) for play in plays} == {("ban-khac",)}


def test_the_days_of_a_package_are_those_of_the_stations_own_zone(centre: Station, tmp_path: Path) -> None:
    with centre.decide() as session:
        first = session.scalars(select(Play).order_by(Play.starts_at)).first()
        assert first is not None
        first.starts_at = datetime.combine(FROM, time(5, 0), centre.tz)  # the evening before, in Europe
        last = session.scalars(select(Play).order_by(Play.starts_at.desc())).first()
        assert last is not None
        last.starts_at = datetime.combine(UNTIL + timedelta(days=1), time(5, 0), centre.tz)
        ids = (first.id, last.id)
    berlin = Commune(code="berlin", name="Berlin", timezone="Europe/Berlin")
    far, near = (
        manifest_in(exported(centre, tmp_path / "out", one).path).plays for one in (berlin, TRUNG_HA)
    )
    assert all(FROM <= play.starts_at.date() <= UNTIL for play in [*far, *near])
    assert ids[0] not in {play.id for play in far}
    assert ids[1] in {play.id for play in far}
    assert {play.id for play in far} ^ {play.id for play in near} == set(ids)


def test_stations_share_sounds_and_lists_on_the_disk(centre: Station, tmp_path: Path) -> None:
    several = [Commune(code=f"xa-{n}", name=f"Xã {n}") for n in range(4)]
    made = export_packages(centre, several, FROM, UNTIL, tmp_path / "out", now=NOW)
    first, *others = made
    for other in others:
        assert other.written <= first.written - 3 * 5000  # sounds and lists are links
        sound = next((other.path / "audio").iterdir())
        assert sound.stat().st_ino == (first.path / "audio" / sound.name).stat().st_ino
        assert check_package(other.path).problems == []


def test_a_second_export_writes_only_what_changed(centre: Station, tmp_path: Path) -> None:
    first = exported(centre, tmp_path / "out")
    kept = {path: path.stat().st_mtime_ns for path in (first.path / "audio").iterdir()}
    again = exported(centre, tmp_path / "out")
    assert again.unchanged
    assert again.written == 0
    with centre.read() as session:
        episode_id = session.query(Episode).first().id
    add_sound(centre, episode_id, noise("better", 6000), 121_000, tmp_path / "scratch")
    third = exported(centre, tmp_path / "out")
    assert not third.unchanged
    changed = [path for path in (third.path / "audio").iterdir() if kept[path] != path.stat().st_mtime_ns]
    assert len(changed) == 1
    assert check_package(third.path).problems == []


@pytest.mark.parametrize("form", ["dir", "usb", "zip"])
def test_the_same_plan_gives_the_same_package_on_any_day(centre: Station, tmp_path: Path, form: str) -> None:
    first = exported(centre, tmp_path / "out", form=form)
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    next_week = NOW + timedelta(days=7)
    again = export_package(centre, TRUNG_HA, FROM, UNTIL, tmp_path / "out", now=next_week, form=form)
    assert (again.unchanged, again.written, again.revision) == (True, 0, first.revision)
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == before
    elsewhere = export_package(centre, TRUNG_HA, FROM, UNTIL, tmp_path / "else", now=next_week).path
    here = exported(centre, tmp_path / "dir").path
    assert (elsewhere / "manifest.json").read_bytes() == (here / "manifest.json").read_bytes()


def test_a_zip_that_was_damaged_is_written_again_as_it_was(centre: Station, tmp_path: Path) -> None:
    made = exported(centre, tmp_path / "out", form="zip")
    whole = made.path.read_bytes()
    for damaged in (whole[:-1], whole[:-3000] + b"x" + whole[-2999:], b"", b"no zip"):
        made.path.write_bytes(damaged)
        again = exported(centre, tmp_path / "out", form="zip")
        assert not again.unchanged
        assert check_package(again.path).problems == []
    made.path.write_bytes(whole[:-1])
    later = export_package(
        centre, TRUNG_HA, FROM, UNTIL, tmp_path / "out", now=NOW + timedelta(days=1), form="zip"
    )
    assert later.revision == made.revision
    assert made.path.read_bytes() == whole


def test_a_calendar_takes_a_moved_airing_for_newer_than_what_it_has(centre: Station, tmp_path: Path) -> None:
    def events() -> dict[str, tuple[datetime, int]]:
        folder = export_package(centre, TRUNG_HA, FROM, UNTIL, tmp_path / "out", now=NOW).path
        book = Calendar.from_ical((folder / "schedule.ics").read_bytes())
        return {str(e["UID"]): (e["DTSTAMP"].dt, int(e["SEQUENCE"])) for e in book.walk("VEVENT")}

    before = events()
    assert {stamp for stamp, _number in before.values()} == {NOW}
    later = NOW + timedelta(days=2)
    with centre.decide() as session:
        play = session.scalars(select(Play).order_by(Play.starts_at)).first()
        assert play is not None
        play.starts_at += timedelta(minutes=30)
        record(session, action="play.moved", subject=play, person=None, at=later)
    after = events()
    assert before.keys() <= after.keys()
    assert {stamp for stamp, _number in after.values()} == {later}
    assert all(after[uid][1] > before[uid][1] for uid in before)


def test_sounds_that_only_change_their_place_in_the_month_are_not_written_again(
    centre: Station, tmp_path: Path
) -> None:
    first = exported(centre, tmp_path / "out", form="usb")
    with centre.decide() as session:
        session.query(Play).order_by(Play.starts_at).first().status = "cancelled"
    second = exported(centre, tmp_path / "out", form="usb")
    assert sorted(path.name[:3] for path in (second.path / "audio").iterdir()) == ["001", "002", "003"]
    assert second.written < first.written - 3 * 5000
    assert check_package(second.path).problems == []


def test_a_stick_that_lost_a_byte_is_mended_by_the_next_export(centre: Station, tmp_path: Path) -> None:
    folder = exported(centre, tmp_path / "out", form="usb").path
    sound = next((folder / "audio").iterdir())
    sound.write_bytes(sound.read_bytes()[:-1] + b"x")
    with centre.decide() as session:
        session.query(Play).order_by(Play.starts_at).first().starts_at += timedelta(minutes=1)
    exported(centre, tmp_path / "out", form="usb")
    assert check_package(folder).problems == []


@pytest.mark.parametrize("form", ["dir", "usb"])
def test_what_went_missing_is_brought_back_though_nothing_else_changed(
    centre: Station, tmp_path: Path, form: str
) -> None:
    folder = exported(centre, tmp_path / "out", form=form).path
    manifest = (folder / "station.json").read_bytes()
    next((folder / "audio").iterdir()).unlink()
    if form == "usb":
        other = sorted((folder / "audio").iterdir())[-1]
        other.write_bytes(other.read_bytes()[:-1] + b"x")
    again = exported(centre, tmp_path / "out", form=form)
    assert not again.unchanged
    assert check_package(folder).problems == []
    assert (folder / "station.json").read_bytes() == manifest
    assert exported(centre, tmp_path / "out", form=form).unchanged


def test_nothing_is_written_for_anybody_before_everybodys_sound_is_there(
    centre: Station, tmp_path: Path
) -> None:
    fm = Commune(code="fm", name="FM", profile="fm")
    with pytest.raises(NotReadyError, match="fm"):
        export_packages(centre, [TRUNG_HA, fm], FROM, UNTIL, tmp_path / "out", now=NOW)
    assert not (tmp_path / "out").exists()


def test_what_was_written_before_the_disk_was_full_is_remembered(
    centre: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from content.atomic import DiskFullError
    from scheduler.exchange import export

    with centre.decide() as session:
        rows = [communes.add(session, name=f"Xã {n}", code=f"xa-{n}", now=NOW) for n in range(2)]
    write = export.write_folder

    def full(folder: Path, *facts: object, **settings: object) -> object:
        if folder.name == "xa-1":
            raise DiskFullError(path=folder)
        return write(folder, *facts, **settings)  # type: ignore[arg-type]

    monkeypatch.setattr(export, "write_folder", full)
    with pytest.raises(DiskFullError):
        export_packages(centre, rows, FROM, UNTIL, tmp_path / "out", now=NOW)
    with centre.read() as session:
        assert [row.station_id for row in session.scalars(select(SentPackage))] == [rows[0].id]


def test_an_export_that_was_cut_off_is_no_package_and_is_finished_by_the_next(
    centre: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from audio.packages import folder as writing

    def cut_off(*_facts: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(writing.Shelf, "put", cut_off)
        with pytest.raises(KeyboardInterrupt):
            exported(centre, tmp_path / "out")
    assert check_package(tmp_path / "out" / "xa-trung-ha").problems
    summary = exported(centre, tmp_path / "out")
    assert check_package(summary.path).problems == []


def test_a_folder_with_something_else_in_it_is_left_alone(centre: Station, tmp_path: Path) -> None:
    taken = tmp_path / "out" / "xa-trung-ha"
    taken.mkdir(parents=True)
    (taken / "anh.jpg").write_bytes(b"photo")
    with pytest.raises(FolderTakenError):
        exported(centre, tmp_path / "out")
    assert [path.name for path in taken.iterdir()] == ["anh.jpg"]


def test_a_hostile_list_of_old_files_on_a_stick_deletes_nothing_outside(
    centre: Station, tmp_path: Path
) -> None:
    victim = tmp_path / "out" / "precious.txt"
    target = tmp_path / "out" / "xa-trung-ha"
    target.mkdir(parents=True)
    victim.write_text("keep me")
    (target / ".loa-writing").write_text("../precious.txt\n/etc/passwd\n")
    exported(centre, tmp_path / "out")
    assert victim.read_text() == "keep me"


def test_a_zip_opens_with_any_unzip_and_holds_the_same(centre: Station, tmp_path: Path) -> None:
    summary = exported(centre, tmp_path / "out", form="zip")
    assert summary.path.name == "LOA-xa-trung-ha-20261201-20261231.zip"
    with zipfile.ZipFile(summary.path) as archive:
        assert archive.testzip() is None
        manifest = read_manifest(archive.read("station.json") + archive.read("manifest.json"))
        assert set(archive.namelist()) == {
            "station.json",
            "manifest.json",
            "manifest.json.sig",
            *(f.path for f in manifest.files),
        }
    assert check_package(summary.path).problems == []


def test_nothing_planned_is_told(centre: Station, tmp_path: Path) -> None:
    with pytest.raises(NothingToSendError):
        export_package(centre, TRUNG_HA, date(2027, 1, 1), date(2027, 1, 31), tmp_path / "out", now=NOW)
    assert not (tmp_path / "out").exists()


def test_an_airing_without_sound_stops_the_export_or_is_named_as_left_out(
    centre: Station, tmp_path: Path
) -> None:
    with centre.decide() as session:
        silent = Episode(title="Tin chưa thu", number=1, created_at=NOW)
        session.add(silent)
        session.flush()
    add_play(centre, silent.id, NOW + timedelta(days=12), 60_000)
    with pytest.raises(NotReadyError, match="Tin chưa thu"):
        exported(centre, tmp_path / "out")
    summary = exported(centre, tmp_path / "out", partial=True)
    assert summary.plays == 12
    assert any("Tin chưa thu" in words for words in manifest_in(summary.path).unplaced)


def test_a_sound_that_nobody_approved_is_not_sent(centre: Station, tmp_path: Path) -> None:
    from audio.models import EpisodeAudio

    with centre.decide() as session:
        session.query(EpisodeAudio).first().consent_by = None
    with pytest.raises(NotReadyError):
        exported(centre, tmp_path / "out")


def test_revisions_only_grow_and_are_kept_for_each_station(centre: Station, tmp_path: Path) -> None:
    with centre.decide() as session:
        row = communes.add(session, name="Đài xã Trung Hạ", code=None, now=NOW)
    assert row.code == "xa-trung-ha"
    first = export_package(centre, row, FROM, UNTIL, tmp_path / "one", now=NOW)
    second = export_package(centre, row, FROM, UNTIL, tmp_path / "two", now=NOW - timedelta(days=3))
    assert second.revision == first.revision + 1


def test_an_independent_script_with_openssl_and_sha256sum_verifies_the_package(
    centre: Station, tmp_path: Path
) -> None:
    folder = exported(centre, tmp_path / "out").path
    script = Path(__file__).parents[2] / "docs" / "verify_package.py"
    assert len(script.read_text("utf-8").splitlines()) <= 30
    run = [sys.executable, str(script), str(folder)]
    good = subprocess.run(run, capture_output=True, text=True, check=False)
    assert good.returncode == 0, good.stderr
    fingerprint = json.loads((folder / "manifest.json").read_text("utf-8"))["sender"]["fingerprint"]
    assert fingerprint in good.stdout
    sound = next((folder / "audio").iterdir())
    for changed in (sound, folder / "sheet.html", folder / "station.json", folder / "manifest.json"):
        whole = changed.read_bytes()
        changed.write_bytes(whole.replace(b"2026", b"2027", 1) if changed != sound else whole[:-1] + b"x")
        assert changed.read_bytes() != whole
        assert subprocess.run(run, capture_output=True, check=False).returncode != 0
        changed.write_bytes(whole)
    extra = folder / "audio" / "999.mp3"
    extra.write_bytes(b"x")
    assert subprocess.run(run, capture_output=True, check=False).returncode != 0
    extra.unlink()
    wrong = subprocess.run([*run, "0000-" * 7 + "0000"], capture_output=True, check=False)
    assert wrong.returncode != 0
    assert subprocess.run([*run, fingerprint], capture_output=True, check=False).returncode == 0


def test_one_changed_sound_costs_each_further_station_a_small_text_and_a_signature(
    centre: Station, tmp_path: Path
) -> None:
    many = [Commune(code=f"xa-{n}", name=f"Xã số {n}") for n in range(5)]
    first = export_packages(centre, many, FROM, UNTIL, tmp_path / "out", now=NOW)
    with centre.read() as session:
        episode_id = session.query(Episode).first().id  # type: ignore[union-attr]
    add_sound(centre, episode_id, noise("better"), 120_000, tmp_path / "scratch")
    second = export_packages(centre, many, FROM, UNTIL, tmp_path / "out", now=NOW + timedelta(hours=1))
    manifests = {(summary.path / "manifest.json").stat().st_ino for summary in second}
    assert len(manifests) == 1
    assert all(summary.written < 2000 for summary in second[1:])
    assert len({(summary.path / "manifest.json.sig").read_bytes() for summary in second}) == len(many)
    assert [check_package(summary.path).problems for summary in second] == [[]] * len(many)
    assert {summary.revision for summary in second} != {summary.revision for summary in first}


def test_a_stick_that_is_too_small_is_told_before_anything_is_written(
    centre: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scheduler.exchange import export

    (tmp_path / "stick").mkdir()
    monkeypatch.setattr(export.shutil, "disk_usage", lambda _path: SimpleNamespace(free=1000))
    with pytest.raises(TooLittleRoomError):
        exported(centre, tmp_path / "stick", form="usb")
    assert list((tmp_path / "stick").iterdir()) == []
