"""What a clerk is told when documents come in: the next step, and what could not be used."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

import cli
from content.models import Deadline, Programme
from content.station import Station

Stations = Callable[..., Station]
LETTER = """ỦY BAN NHÂN DÂN
XÃ BÌNH AN
Số: {number}/UBND-VHXH
V/v tuyên truyền phòng dịch
Bình An, ngày 20 tháng 4 năm 2026
Kính gửi: Các thôn.
{body}
Nơi nhận:
- Như trên.
TM. ỦY BAN NHÂN DÂN
CHỦ TỊCH
Trần Văn An
"""
TELLING = "1. Tuyên truyền trên loa truyền thanh về diệt lăng quăng."


def letter(folder: Path, number: int, body: str) -> str:
    path = folder / f"{number}.txt"
    path.write_text(LETTER.format(number=number, body=body), "utf-8")
    return str(path)


def run(station: Station, *arguments: str) -> int:
    return cli.run(["--lang", "en", "--config", str(station.folder), *arguments])


def told(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().err.split())


def test_several_documents_are_named_for_review_and_a_known_one_is_told(
    new_station: Stations, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    station = new_station()
    files = [letter(tmp_path, number, f"{TELLING} Thôn {number}.") for number in (1, 2, 3)]
    assert run(station, "document", "import", *files) == 0
    assert "first `loa document review 1`, then 2, 3." in told(capsys)
    assert run(station, "document", "import", files[1]) == 0
    again = told(capsys)
    assert "2.txt is document 2 already: nothing was added." in again
    assert "review" not in again


def test_a_peak_without_dates_is_told_and_plans_nothing(
    new_station: Stations, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    station = new_station()
    body = f"{TELLING}\n2. Phát trên hệ thống truyền thanh 03 lần/ngày trong đợt cao điểm."
    assert run(station, "document", "import", letter(tmp_path, 1, body)) == 0
    assert "without saying when it is: “Phát trên hệ thống truyền thanh 03 lần/ngày" in told(capsys)
    with station.read() as session:
        assert session.scalars(select(Programme)).all() == []


def test_a_document_without_contents_says_how_to_go_on(
    new_station: Stations, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    station = new_station()
    body = "1. Các đơn vị nộp hồ sơ thi đua.\n2. Phòng Nội vụ kiểm tra hồ sơ."
    assert run(station, "document", "import", letter(tmp_path, 1, body)) == 0
    assert "`loa document show 1 --text`" in told(capsys)


def test_a_daily_report_is_kept_and_shown_as_one(
    new_station: Stations, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    station = new_station()
    body = f"{TELLING}\n2. Các thôn báo cáo UBND xã trước 15 giờ hằng ngày."
    assert run(station, "document", "import", letter(tmp_path, 1, body)) == 0
    capsys.readouterr()
    with station.read() as session:
        assert session.scalars(select(Deadline.every)).all() == ["day"]
    assert run(station, "document", "show", "1") == 0
    assert "every day" in capsys.readouterr().out


def test_after_a_review_the_next_step_is_told(
    new_station: Stations, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    station = new_station()
    assert run(station, "document", "import", letter(tmp_path, 1, TELLING)) == 0
    assert run(station, "document", "review", "1", "--accept-all") == 0
    assert "`loa item submit ITEM`" in told(capsys)


def test_what_is_over_is_told_before_the_question(
    new_station: Stations,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    station = new_station()
    body = f"{TELLING} Thời gian: từ ngày 01/8/2020 đến ngày 30/9/2020."
    assert run(station, "document", "import", letter(tmp_path, 1, body)) == 0
    monkeypatch.setattr("click.prompt", lambda *_words, **_settings: "q")
    assert run(station, "document", "review", "1") == 0
    assert "Its time was over on" in capsys.readouterr().out
