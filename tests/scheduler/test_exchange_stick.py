"""Sticks as people carry them: pulled out at once, tampered with on the way, used for other things too."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from audio.packages import folder as writing
from audio.packages.errors import FolderTakenError
from audio.packages.manifest import read_manifest
from audio.packages.verify import check_package
from content.station import Station
from scheduler.exchange import communes
from scheduler.exchange.errors import NothingToSendError, NotReadyError
from scheduler.exchange.export import export_package, export_packages
from scheduler.models import Play
from tests.scheduler.a_centre import FROM, NOW, UNTIL, add_play, plan_month


@pytest.fixture
def centre(new_station: Callable[..., Station]) -> Station:
    station = new_station("centre")
    plan_month(station, programmes=2)
    with station.decide() as session:
        for n in range(3):
            communes.add(session, name=f"Xã {n}", code=f"xa-{n}", now=NOW)
    return station


def rows_of(centre: Station) -> list[communes.CommuneStation]:
    with centre.read() as session:
        return list(communes.known(session))


@pytest.mark.parametrize("form", ["dir", "usb"])
def test_a_revision_that_somebody_wrote_on_the_stick_is_never_signed(
    centre: Station, tmp_path: Path, form: str
) -> None:
    row = rows_of(centre)[0]
    made = export_package(centre, row, FROM, UNTIL, tmp_path, now=NOW, form=form)
    own = made.path / "station.json"
    own.write_bytes(own.read_bytes().replace(b'"revision": %d,' % made.revision, b'"revision": 2100000000,'))
    again = export_package(centre, row, FROM, UNTIL, tmp_path, now=NOW, form=form)
    checked = check_package(again.path)
    assert checked.problems == []
    assert checked.manifest is not None
    assert checked.manifest.revision == again.revision == made.revision + 1


@pytest.mark.skipif(os.name != "posix", reason="only there may a folder be synced")
def test_before_a_stick_may_be_pulled_out_its_folders_are_on_it_too(
    centre: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = export_package(centre, rows_of(centre)[0], FROM, UNTIL, tmp_path, now=NOW, form="dir")
    synced: list[tuple[int, bool]] = []
    fsync = os.fsync

    def noted(handle: int) -> None:
        synced.append((os.fstat(handle).st_ino, (made.path / writing.WRITING).exists()))
        fsync(handle)

    (made.path / "manifest.json.sig").unlink()
    monkeypatch.setattr(os, "fsync", noted)
    export_package(centre, rows_of(centre)[0], FROM, UNTIL, tmp_path, now=NOW, form="usb")
    for place in (made.path, made.path / "audio", made.path / "rundown", tmp_path):
        assert (place.stat().st_ino, True) in synced, place
    assert synced[-1] == (made.path.stat().st_ino, False)


def test_a_folder_with_other_files_is_told_before_anything_is_written_for_any_station(
    centre: Station, tmp_path: Path
) -> None:
    (tmp_path / "xa-1").mkdir()
    (tmp_path / "xa-1" / "anh.jpg").write_bytes(b"photo")
    with pytest.raises(FolderTakenError):
        export_packages(centre, rows_of(centre), FROM, UNTIL, tmp_path, now=NOW)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("xa")] == ["xa-1"]


def test_where_nothing_is_ready_it_is_not_said_that_nothing_is_planned(
    centre: Station, tmp_path: Path
) -> None:
    from audio.models import EpisodeAudio

    with centre.decide() as session:
        for audio in session.query(EpisodeAudio):
            audio.consent_by = None
    with pytest.raises(NothingToSendError, match="Chuyên mục số 1") as told:
        export_packages(centre, rows_of(centre), FROM, UNTIL, tmp_path, now=NOW, partial=True)
    assert "plan build" not in str(told.value)


def test_what_a_file_manager_left_in_a_new_folder_is_no_strangers_file(
    centre: Station, tmp_path: Path
) -> None:
    (tmp_path / "xa-0").mkdir()
    (tmp_path / "xa-0" / "desktop.ini").write_bytes(b"[.ShellClassInfo]")
    made = export_package(centre, rows_of(centre)[0], FROM, UNTIL, tmp_path, now=NOW)
    assert check_package(made.path).problems == []
    text = (made.path / "station.json").read_bytes() + (made.path / "manifest.json").read_bytes()
    assert len(read_manifest(text).plays) == 8


def test_a_station_for_whose_profile_nothing_is_ready_keeps_no_other_from_its_package(
    centre: Station, tmp_path: Path
) -> None:
    with centre.decide() as session:
        communes.find(session, "xa-1").profile = "fm"
    made = export_packages(centre, rows_of(centre), FROM, UNTIL, tmp_path, now=NOW, partial=True)
    assert [one.code for one in made] == ["xa-0", "xa-2"]
    with pytest.raises(NotReadyError, match="render --all --profile fm"):
        export_packages(centre, rows_of(centre), FROM, UNTIL, tmp_path, now=NOW)


def test_an_urgent_bulletin_airs_in_another_profile_rather_than_not_at_all(
    centre: Station, tmp_path: Path
) -> None:
    with centre.decide() as session:
        communes.find(session, "xa-1").profile = "fm"
        episode_id = session.scalars(select(Play.episode_id)).first()
    assert episode_id is not None
    add_play(centre, episode_id, NOW, 60_000, status="emergency", timing="hard")
    today = NOW.date()
    made = export_packages(
        centre, rows_of(centre), today, today, tmp_path, now=NOW, partial=True, urgent=True
    )
    assert [(one.code, one.plays) for one in made] == [("xa-0", 1), ("xa-1", 1), ("xa-2", 1)]
    assert [check_package(one.path).problems for one in made] == [[], [], []]
