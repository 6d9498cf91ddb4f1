"""A package's lists in programs that know nothing of Loa: mpv, VLC, ffprobe, khal, where they are installed."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from content.station import Station
from scheduler.exchange.communes import Commune
from scheduler.exchange.export import export_package
from tests.scheduler.a_centre import FROM, NOW, UNTIL, plan_month
from tests.scheduler.test_exchange_end_to_end import tone


@pytest.fixture
def package(new_station: Callable[..., Station], tmp_path: Path) -> Path:
    centre = new_station("centre")
    plan_month(
        centre,
        programmes=2,
        length_ms=3000,
        sound=lambda name: tone(tmp_path, 300 + 100 * int(name.rpartition(" ")[2])),
    )
    commune = Commune(code="xa", name="Đài xã", player="barix")
    return export_package(centre, commune, FROM, UNTIL, tmp_path / "out", now=NOW).path


def told_by(program: str, *words: object) -> str:
    """What `program` says; the test is skipped where it is not installed."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed")
    done = subprocess.run(
        [path, *map(str, words)], capture_output=True, text=True, errors="replace", timeout=300, check=False,
        user=65534 if program == "vlc" and hasattr(os, "geteuid") and os.geteuid() == 0 else None,
    )  # fmt: skip
    return done.stdout + done.stderr


def listed(playlist: Path) -> list[Path]:
    return [
        (playlist.parent / line).resolve()
        for line in playlist.read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    ]


def test_every_file_of_every_playlist_is_a_sound_for_ffprobe(package: Path) -> None:
    files = {
        path
        for pattern in ("rundown/*.m3u8", "barix/*.m3u")
        for found in package.glob(pattern)
        for path in listed(found)
    }
    assert files == {path.resolve() for path in (package / "audio").iterdir()}
    for path in files:
        told = told_by("ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path)
        assert 2.5 < float(told) < 3.5


def test_mpv_plays_every_entry_of_each_days_playlist(package: Path) -> None:
    lists = sorted((package / "rundown").glob("*.m3u8"))
    assert len(lists) == 8
    told = told_by("mpv", "--no-config", "--ao=null", "--vo=null", "--untimed", "--length=0.2", *lists)
    for path in {path for playlist in lists for path in listed(playlist)}:
        assert told.count(f"audio/{path.name}") >= 4
    assert "Failed" not in told


@pytest.mark.parametrize("playlist", ["rundown/rundown.xspf", "rundown/20261201.m3u8"])
def test_vlc_opens_every_entry_of_the_rundown(package: Path, playlist: str) -> None:
    for folder in (package, *package.parents):
        if folder.owner() == Path(package).owner() and folder != Path("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o055)
    told = told_by(
        "vlc", "-I", "dummy", "-vv", "--no-dbus", "--sout", "#dummy", "--play-and-exit", package / playlist
    )
    wanted = (
        [path.name for path in (package / "audio").iterdir()]
        if playlist.endswith("xspf")
        else [path.name for path in listed(package / playlist)]
    )
    for name in wanted:
        assert f"audio/{name}' successfully opened" in told


def test_khal_shows_every_airing_at_its_minute(package: Path, tmp_path: Path) -> None:
    config = tmp_path / "khal.conf"
    (tmp_path / "calendar").mkdir()
    config.write_text(
        f"[calendars]\n[[loa]]\npath = {tmp_path}/calendar\n[default]\ndefault_calendar = loa\n[sqlite]\npath = {tmp_path}/db\n"
        "[locale]\ntimeformat = %H:%M\ndateformat = %d/%m/%Y\nlongdateformat = %d/%m/%Y\n"
        "datetimeformat = %d/%m/%Y %H:%M\nlongdatetimeformat = %d/%m/%Y %H:%M\n"
        "local_timezone = Asia/Ho_Chi_Minh\ndefault_timezone = Asia/Ho_Chi_Minh\n",
        "utf-8",
    )
    told_by("khal", "-c", config, "import", "--batch", "-a", "loa", package / "schedule.ics")
    told = told_by(
        "khal",
        "-c",
        config,
        "list",
        "01/12/2026",
        "31d",
        "--format",
        "{start-date} {start-time}",
        "--day-format",
        "",
    )
    planned = {f"{(1 + n + 7 * k):02d}/12/2026 06:{30 + 3 * n}" for n in range(2) for k in range(4)}
    assert set(told.split("\n")) - {""} == planned
