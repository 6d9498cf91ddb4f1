"""The first hour of a clerk: an empty folder, a config that a hurried hand broke, no keyboard, no window."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import cli
from content import people
from content.language import use_language

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def station(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Path]:
    """A new station whose config says Vietnamese, on a computer that speaks English."""
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    monkeypatch.delenv("LOA_CONFIG", raising=False)
    monkeypatch.delenv("LOA_NEW_PASSWORD", raising=False)
    monkeypatch.setattr(people, "os_account", lambda: "may-tinh")
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    folder = tmp_path / "Đài xã Trung Hạ"
    assert cli.run(["init", str(folder)]) == 0
    monkeypatch.chdir(folder)
    capfd.readouterr()
    yield folder
    use_language("en")


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        (lambda text: text + 'x = "a\n', "không hiểu dòng"),
        (lambda text: text + "[station2]\n", "không có khóa"),
        (lambda text: text.replace('"loa.sqlite3"', '"oracle://x"', 1), "cần gói"),
        (lambda text: text.replace('"loa.sqlite3"', '"gì://x"', 1), "không phải địa chỉ"),
        (lambda text: text.replace('"media"', r'"C:\new\tam"', 1), "xuống dòng"),
        (lambda text: text.replace('"loa.sqlite3"', '"khong/co/x.db"', 1), "thư mục chứa tệp không có"),
    ],
)  # fmt: skip
def test_a_broken_config_is_told_in_the_language_that_it_names(
    station: Path, broken: Callable[[str], str], expected: str, capfd: pytest.CaptureFixture[str]
) -> None:
    config = station / "config.toml"
    config.write_text(broken(config.read_text("utf-8")), "utf-8")
    assert cli.run(["item", "list"]) == 1
    told = capfd.readouterr().err
    assert expected in told
    assert "loa-error" not in told


@pytest.mark.parametrize(
    "line",
    [
        ("document", "list"), ("item", "list"), ("programme", "list"), ("package", "list"), ("station", "list"),
        ("log", "list"), ("render", "--all"), ("audio", "check"), ("plan", "show"), ("lexicon", "list", "--station"),
        ("plan", "diff"), ("now",),
    ],
    ids=" ".join,
)  # fmt: skip
def test_an_empty_list_says_what_to_do_next(
    station: Path, line: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    cli.run(list(line))
    told = capfd.readouterr()
    assert "`loa " in told.out + told.err
    assert "━" not in told.out, "a table without rows says nothing"


@pytest.mark.parametrize(
    "line", [("document", "list"), ("item", "list"), ("audio", "check"), ("package", "list")]
)
def test_an_empty_list_is_an_empty_list_in_json(
    station: Path, line: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.run([*line, "--json"]) == 0
    assert capfd.readouterr().out == "[]\n"


def test_the_first_person_cannot_lock_everybody_out(station: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["user", "add", "Lan", "--role", "editor", "--os-user", "lan"]) == 1
    assert "bỏ --os-user" in capfd.readouterr().err
    assert cli.run(["user", "add", "Lan", "--role", "editor"]) == 0
    assert cli.run(["user", "add", "Minh", "--role", "approver"]) == 0
    assert "loa user password" in capfd.readouterr().err, "Minh has neither a password nor an account"


def test_without_a_keyboard_a_password_is_not_asked_for(
    station: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["user", "add", "Lan", "--role", "editor", "--password"]) == 1
    told = capfd.readouterr().err
    assert "LOA_NEW_PASSWORD" in told
    assert "Warning" not in told


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_program_without_a_console_runs(station: Path, stream: str) -> None:
    """As under pythonw or a scheduled task of Windows, where sys.stdout is None."""
    code = f"import sys; sys.{stream} = None; sys.argv = ['loa', 'item', 'list']; import cli; cli.main()"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}"],
        cwd=station, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()


def test_a_console_of_windows_without_vietnamese_letters_stops_nothing(station: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); import cli; cli.main()", "voice", "list"],
        cwd=station, capture_output=True, check=False, env={**os.environ, "PYTHONIOENCODING": "cp1252:strict"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    assert "Các giọng đọc" in done.stdout.decode()


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ('kind = "sound-card"', 'kind = "icecast"', "icecast://source:PASSWORD@HOST"),
        ('policy = ""', 'policy = "ha-noi"', "ha-noi-noi-thanh"),
    ],
)
def test_the_doctor_tries_what_the_config_names(
    station: Path, before: str, after: str, expected: str, capfd: pytest.CaptureFixture[str]
) -> None:
    config = station / "config.toml"
    config.write_text(config.read_text("utf-8").replace(before, after, 1), "utf-8")
    assert cli.run(["doctor", "--json"]) == 1
    assert expected in capfd.readouterr().out


def test_a_folder_of_backups_is_answered_with_their_names(
    station: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["backup", "--out", "sao lưu"]) == 0
    capfd.readouterr()
    assert cli.run(["restore", "sao lưu", "mới"]) == 1
    assert next((station / "sao lưu").iterdir()).name in capfd.readouterr().err


def test_a_trial_of_a_voice_without_a_sound_card_tells_how_to_write_a_file(
    station: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from audio.outputs import sound_card

    for there in ("_card_names", "_alsa_cards", "_sound_server"):
        monkeypatch.setattr(sound_card, there, list)
    assert cli.run(["voice", "test", "espeak"]) == 1
    told = capfd.readouterr().err
    assert "--out" in told
    assert "[output." not in told


def test_places_of_values_have_vietnamese_names(station: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["item", "show"]) == 2
    told = capfd.readouterr().err
    assert "loa item show [TÙY CHỌN] SỐ-TIN" in told
    assert "Thiếu tham số 'SỐ-TIN'" in told


def test_a_person_without_a_role_is_told_which_there_are(
    station: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["user", "add", "Lan"]) == 1
    assert "--role, một trong editor, approver" in capfd.readouterr().err


def test_what_is_handed_in_with_unknown_words_says_that_they_hold_it_up(
    station: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["item", "add", "Lịch cắt điện", "Cắt điện theo QĐ 12/QĐ-XYZ."]) == 0
    capfd.readouterr()
    assert cli.run(["item", "submit", "1"]) == 0
    told = capfd.readouterr().err
    assert "XYZ" in told
    assert "loa script show 1" in told


def test_the_version_and_a_wrong_number_are_told_in_vietnamese(
    station: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["--version"]) == 0
    assert re.fullmatch(r"loa, phiên bản \d+\.\d+\.\d+\n", capfd.readouterr().out)
    assert cli.run(["item", "show", "một"]) == 2
    assert "'một' không phải là số nguyên" in capfd.readouterr().err
