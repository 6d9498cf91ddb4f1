"""The stick is pulled out, the power goes: whatever was half done is plainly unfinished, and a rerun heals it.

A child process does the work and dies without a word at its Nth touch of the file system.
"""

import hashlib
import os
import shutil
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from audio.packages.verify import check_package
from content.station import Station, open_station
from scheduler.exchange import communes, trust
from scheduler.exchange.export import export_package, export_packages
from scheduler.exchange.logbook import report_of
from scheduler.exchange.receive import receive_package
from scheduler.models import Play
from scheduler.stations import SentPackage
from tests.scheduler.a_centre import FROM, NOW, UNTIL, plan_month

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
STEP = 1 if os.environ.get("LOA_LONG_TESTS") else 9
TOUCHES = {"open", "os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir", "shutil.copyfile"}


def dies_at(touch: int, work: Callable[[], object]) -> bool:
    """Do `work` in a child that is gone at its Nth touch of the file system; whether it got through all the same."""
    child = os.fork()
    if child == 0:
        left = touch

        def count(event: str, _facts: object) -> None:
            nonlocal left
            if event in TOUCHES:
                left -= 1
                if left == 0:
                    os._exit(9)

        try:
            sys.addaudithook(count)
            work()
            os._exit(0)
        except BaseException:  # noqa: BLE001 - the parent sees the exit code
            os._exit(1)
    _pid, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, 9)
    return code == 0


@pytest.mark.parametrize("form", ["usb", "dir", "zip"])
def test_an_export_that_dies_leaves_no_package_or_a_whole_one_and_the_next_heals_it(
    new_station: Callable[..., Station], tmp_path: Path, form: str
) -> None:
    centre = new_station("centre")
    plan_month(centre, programmes=2)
    with centre.decide() as session:
        row = communes.add(session, name="Xã", code="xa", now=NOW)
    stick = tmp_path / "stick"
    earlier = export_package(centre, row, FROM, UNTIL, stick, now=NOW, form=form)
    with centre.decide() as session:  # every sound changes its number, so that all kinds of writing happen
        session.scalars(select(Play).order_by(Play.starts_at)).all()[0].starts_at += timedelta(days=20)
    later = NOW + timedelta(hours=1)
    centre.close()
    whole = halves = 0
    touch, through = STEP, False
    while not through:
        shutil.copytree(stick, tmp_path / str(touch))

        def work(where: Path = tmp_path / str(touch)) -> None:
            opened = open_station(centre.folder)
            export_package(opened, row, FROM, UNTIL, where, now=later, form=form)

        through = dies_at(touch, work)
        target = tmp_path / str(touch) / earlier.path.name
        checked = check_package(target)
        whole += not checked.problems
        halves += bool(checked.problems)
        work()
        assert check_package(target).problems == []
        left = sorted(
            path.name for path in target.parent.rglob("*") if path.name.endswith((".tmp", "writing"))
        )
        assert left == []
        touch += STEP
    assert whole
    assert halves or form == "zip"


def test_a_package_whose_taking_in_dies_is_in_wholly_or_not_at_all_and_the_next_heals_it(
    new_station: Callable[..., Station], tmp_path: Path
) -> None:
    centre, template = new_station("centre"), new_station("commune")
    plan_month(centre, programmes=2)
    with centre.decide() as session:
        row = communes.add(session, name="Xã", code="xa", now=NOW)
    sent = export_package(centre, row, FROM, UNTIL, tmp_path / "out", now=NOW)
    with template.decide() as session:
        trust.trust(session, sent.fingerprint, name=None, now=NOW)
    template.close()
    found = set()
    touch, through = STEP, False
    while not through:
        folder = tmp_path / f"commune-{touch}"
        shutil.copytree(template.folder, folder)

        def work(where: Path = folder) -> None:
            receive_package(open_station(where), sent.path, now=NOW)

        through = dies_at(touch, work)
        commune = open_station(folder)
        with commune.read() as session:
            count = session.scalar(select(func.count()).select_from(Play))
        found.add(count)
        taken = receive_package(commune, sent.path, now=NOW)
        assert taken.known == (count == 8)
        with commune.read() as session:
            for play in session.scalars(select(Play)):
                assert play.audio_sha256
                assert commune.media.find(play.audio_sha256, ".mp3", verify=True)
        assert list(commune.media.folder.glob(".incoming*")) == []
        commune.close()
        touch += STEP
    assert found == {0, 8}


def test_what_an_export_wrote_before_it_was_killed_is_known_after_the_next(
    new_station: Callable[..., Station], tmp_path: Path
) -> None:
    centre = new_station("centre")
    plan_month(centre, programmes=1)
    with centre.decide() as session:
        rows = [communes.add(session, name=f"Xã {n}", code=f"xa-{n}", now=NOW) for n in range(3)]
    centre.close()

    def killed() -> None:
        opened = open_station(centre.folder)

        def goes(_steps: int, name: str) -> None:
            if name == "Xã 1":
                os._exit(9)

        export_packages(opened, rows, FROM, UNTIL, tmp_path / "out", now=NOW, advance=goes)

    assert not dies_at(10**9, killed)
    later = NOW + timedelta(days=2)
    opened = open_station(centre.folder)
    made = export_packages(opened, rows, FROM, UNTIL, tmp_path / "out", now=later)
    assert [one.unchanged for one in made] == [True, True, False]
    with opened.read() as session:
        sent = {row.station_id: row for row in session.scalars(select(SentPackage))}
    for row, one in zip(rows, made, strict=True):
        assert sent[row.id].revision == one.revision
        told = (one.path / "station.json").read_bytes() + (one.path / "manifest.json").read_bytes()
        assert sent[row.id].manifest_sha256 == hashlib.sha256(told).hexdigest()
        assert len(report_of(opened, row, FROM, UNTIL, now=later)) == 4
    opened.close()


def test_a_list_of_files_that_was_torn_off_hides_nothing_of_the_earlier_package(
    new_station: Callable[..., Station], tmp_path: Path
) -> None:
    centre = new_station("centre")
    plan_month(centre, programmes=2)
    with centre.decide() as session:
        row = communes.add(session, name="Xã", code="xa", now=NOW)
    made = export_package(centre, row, FROM, UNTIL, tmp_path / "stick", now=NOW, form="usb")
    (made.path / ".loa-writing").write_text("DOC-TRUOC.txt\naudio")  # as a stick pulled out may leave it
    communes.change(row, player="usb")
    export_package(centre, row, FROM, UNTIL, tmp_path / "stick", now=NOW, form="usb")
    assert check_package(made.path).problems == []
    assert not (made.path / "audio").exists()
