"""Screens in Vietnamese, read as an officer reads them: no ISO dates, no English left over, an error that helps."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

import cli
from content.commands import shell
from content.language import use_language

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Path]:
    folder = tmp_path / "s"
    assert cli.run(["--lang", "vi", "init", str(folder)]) == 0
    monkeypatch.chdir(folder)
    assert cli.run(["--lang", "vi", "document", "import", str(EXAMPLES / "cong-van-chuyen-muc.txt"), "--accept-all"]) == 0  # fmt: skip
    capfd.readouterr()
    yield folder
    use_language("en")


def told(capfd: pytest.CaptureFixture[str], *line: str, code: int = 0) -> str:
    assert cli.run(["--lang", "vi", *line]) == code, line
    found = capfd.readouterr()
    return found.out + found.err


def test_no_list_or_show_has_iso_dates_or_decimal_points(
    desk: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for line in (
        ("document", "list"), ("document", "show", "1"), ("document", "show", "1", "--facts"), ("programme", "show", "1"), ("item", "list"), ("report", "due"),
        ("ledger", "--month", "12/2026"), ("audit", "list"), ("user", "list"),
    ):  # fmt: skip
        screen = told(capfd, *line)
        assert not re.search(r"20\d\d-\d\d", screen.replace("report month 20", "").replace("month 20", "")), (
            screen
        )
        assert not re.search(r"\d\.\d (?:phút|MB)", screen), screen


def test_a_date_stays_whole_in_a_narrow_window(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shell, "out", lambda: Console(file=sys.stdout, width=44))
    shell.print_table(
        "", ["Tên", "Từ", "Đến"], [["Chuyên mục chuyển đổi số của phường", "22/11/2026", "31/12/2026"]]
    )
    screen = capsys.readouterr().out
    assert "22/11/2026" in screen
    assert "31/12/2026" in screen


def test_a_backup_is_listed_with_a_readable_moment(desk: Path, capfd: pytest.CaptureFixture[str]) -> None:
    told(capfd, "backup")
    screen = told(capfd, "restore", "--list", str(next((desk / "backups").iterdir())))
    assert re.search(r", \d\d/\d\d/20\d\d \d\d:\d\d:", screen), screen


def test_the_event_log_names_who_accepted_and_what_was_done_in_words(
    desk: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    screen = told(capfd, "audit", "list")
    assert "thêm văn bản" in screen
    assert "Chính Loa" not in screen, "the person at the keyboard decided all of it"
    assert not re.search(r"\b(?:added|changed|document\.|items:)", screen)


def test_accepting_a_programme_says_that_its_greeting_waits(
    desk: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    screen = told(capfd, "document", "import", str(EXAMPLES / "cong-van-dan-so.txt"), "--accept-all")
    assert "nhớ trình duyệt và phê duyệt cả các tin này" in screen
    assert "loa document review" not in screen, "nothing waits any more"
    shows = told(capfd, "programme", "show", "1")
    assert "Lời chào mở đầu" in shows
    assert "(bản nháp)" in shows


def test_days_backward_and_a_lone_version_are_errors_with_a_remedy(
    desk: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert "ghi ngày sớm hơn trước" in told(capfd, "log", "list", "--from", "02/12/2026", "--to", "01/12/2026", code=1)  # fmt: skip
    assert "chưa có phiên bản nào trước đó" in told(capfd, "script", "diff", "1", code=1)


def test_the_command_alone_and_each_group_alone_show_their_help(
    desk: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for line in ((), ("item",), ("log",)):
        screen = told(capfd, *line)
        assert "[TÙY CHỌN] LỆNH" in screen
        assert "Lỗi" not in screen
    assert told(capfd, "log").count("  list ") == 1


def test_kinds_of_values_and_ranges_are_told_in_vietnamese(
    desk: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    screen = told(capfd, "item", "add", "--help")
    assert "--per-week SỐ" in screen
    assert "từ 1 đến 50" in screen
    assert "INTEGER" not in screen
