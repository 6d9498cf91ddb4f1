"""`loa item`: several at once, words from files, and what a hurried hand types."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import cli
from content.language import use_language
from content.station import Station

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def loa(
    new_station: Callable[..., Station], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Run]:
    """Runs `loa` in a station with the editor "lan" at the keyboard: (exit code, stdout, stderr)."""
    monkeypatch.chdir(new_station().folder)
    monkeypatch.delenv("LOA_CONFIG", raising=False)

    def run(*arguments: str, language: str = "en") -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.run(["--lang", language, *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    assert run("user", "add", "lan", "--role", "editor")[0] == 0
    yield run
    use_language("en")


def test_one_refusal_does_not_keep_the_other_items_from_being_handed_in(loa: Run) -> None:
    for title in ("Một", "Hai", "Ba"):
        loa("item", "add", title, "Nội dung tin.")
    assert loa("item", "submit", "2")[0] == 0
    code, _out, err = loa("item", "submit", "1", "2", "99", "3", "3")
    assert code == 1
    assert "Item 1 waits" in err and "Item 3 waits" in err
    assert err.count("Item 3") == 1
    assert "item 2" in err and "no item 99" in err
    assert loa("item", "list", "--status", "submitted", "--json")[1].count('"id"') == 3


def test_who_acts_is_settled_before_anything_is_tried(loa: Run) -> None:
    loa("item", "add", "Một", "Nội dung tin.")
    code, _out, err = loa("item", "submit", "1", "99", "--as", "nobody")
    assert code == 1
    assert "nobody" in err and "99" not in err


def test_a_missing_role_is_named_in_the_screen_language_once(loa: Run) -> None:
    for title in ("Một", "Hai"):
        loa("item", "add", title, "Nội dung tin.")
    loa("user", "add", "minh", "--role", "operator", "--os-user", "somebody")
    loa("item", "submit", "1", "2")
    _code, _out, err = loa("item", "approve", "1", "2", language="vi")
    assert "approver" not in err and "người duyệt" in err
    assert err.count("người duyệt") == 1


def test_a_title_is_one_line_and_no_text(loa: Run) -> None:
    assert loa("item", "add", "Lịch\n cắt  điện", "Nội dung.")[0] == 0
    assert '"title": "Lịch cắt điện"' in loa("item", "show", "1", "--json")[1]
    code, _out, err = loa("item", "add", "dài " * 300, "Nội dung.")
    assert (code, "500" in err) == (1, True)


def test_words_come_from_a_text_file_only(loa: Run, tmp_path: Path) -> None:
    words, sound = tmp_path / "lời đọc.txt", tmp_path / "x.pdf"
    words.write_text("﻿Cắt điện từ 7h30.", "utf-8")
    sound.write_bytes(b"%PDF-1.4\n\xe2\xe3\xcf\xd3\x00")
    assert loa("item", "add", "Cắt điện", "--file", str(words))[0] == 0
    assert '"text": "Cắt điện từ 7h30."' in loa("item", "show", "1", "--json")[1]
    for wrong in (sound, tmp_path):
        assert loa("item", "add", "Cắt điện", "--file", str(wrong))[0] == 2
    assert loa("item", "edit", "1", "--file", str(sound))[0] == 2


def test_a_voice_that_does_not_exist_and_a_day_that_is_over_are_told_at_once(loa: Run) -> None:
    assert loa("item", "add", "Tin", "Nội dung.", "--voice", "hoa-mai")[0] == 2
    code, _out, err = loa("item", "add", "Tin", "Nội dung.", "--until", "01/01/2020")
    assert (code, "01/01/2020" in err) == (0, True)


def test_an_absurdly_large_number_is_a_sentence_and_no_fault_of_loa(loa: Run) -> None:
    for command in (("item", "show"), ("item", "submit"), ("programme", "show"), ("document", "show")):
        code, _out, err = loa(*command, "9" * 30)
        assert (code, "fault" in err, "too large" in err) == (1, False, True)


def test_an_unknown_word_is_told_once(loa: Run) -> None:
    loa("item", "add", "Tin", "Họp tại QWRT, rồi về QWRT.")
    assert loa("script", "show", "1")[2].count("Not known: QWRT") == 1


def test_every_command_of_a_group_stands_in_its_help(loa: Run) -> None:
    shown = loa("plan", "--help")[1]
    assert all(f"\n  {name} " in shown for name in ("build", "show", "move", "solve"))


def test_who_approves_is_told_which_voice_speaks_and_which_one_failed(
    loa: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOA_PASSWORD", "LOA_NEW_PASSWORD"):
        monkeypatch.setenv(name, "trạm-loa-2026")
    config = Path("config.toml")
    config.write_text(config.read_text("utf-8").replace('["gtts", "espeak"]', '["piper", "espeak"]'), "utf-8")
    loa("user", "add", "minh", "--role", "approver", "--password")
    loa("item", "add", "Lịch cắt điện", "Thứ Hai cắt điện từ bảy giờ.")
    loa("item", "submit", "1")
    assert "Sound" in loa("item", "show", "1")[1] and "piper:" not in loa("item", "show", "1")[1]
    assert loa("render", "1")[0] == 0
    shown = loa("item", "show", "1")[1]
    code, _out, err = loa("item", "approve", "1", "--as", "minh")
    assert code == 0, err
    for told in (shown, err):
        assert "espeak (makeshift voice)" in " ".join(told.split())
        assert "the voice piper is not available" in " ".join(told.split())
