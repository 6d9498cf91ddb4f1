"""`loa normalise`, `loa lexicon` and `loa script` on a real station."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import cli
from content.language import use_language
from content.station import Station


@pytest.fixture
def loa(
    new_station: Callable[..., Station], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., tuple[int, str, str]]]:
    """Runs `loa` in a station with an editor "lan": (exit code, stdout, stderr)."""
    folder = new_station().folder
    monkeypatch.chdir(folder)
    monkeypatch.delenv("LOA_CONFIG", raising=False)

    def run(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8"))
        capsys.readouterr()
        code = cli.run(["--lang", "en", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    assert run("user", "add", "lan", "--role", "editor")[0] == 0
    yield run
    use_language("en")


def test_normalise_says_line_by_line_what_stands_on_standard_input(
    loa: Callable[..., tuple[int, str, str]],
) -> None:
    code, out, err = loa("normalise", "-", stdin="UBND phường\n05 người\n")
    assert (code, out) == (0, "ủy ban nhân dân phường\nnăm người\n")
    assert err == ""


def test_normalise_explains_rules_and_names_what_it_does_not_know(
    loa: Callable[..., tuple[int, str, str]],
) -> None:
    code, out, err = loa("normalise", "--explain", "họp lúc 5h30 tại QWRT")
    assert code == 0
    assert "năm giờ ba mươi phút" in out
    assert "time" in out
    assert "QWRT" in err
    found = json.loads(loa("normalise", "--json", "họp lúc 5h30")[1])
    assert found[0]["changes"] == [
        {"source": "5h30", "span": [8, 12], "spoken": "năm giờ ba mươi phút", "rule": "time"}
    ]


def test_normalise_takes_the_stations_reading_and_words(loa: Callable[..., tuple[int, str, str]]) -> None:
    config = Path("config.toml")
    config.write_text(config.read_text("utf-8").replace('thousand = "nghìn"', 'thousand = "ngàn"'), "utf-8")
    assert loa("lexicon", "add", "QWRT", "quỹ ruộng")[0] == 0
    assert loa("normalise", "QWRT có 2.000 đồng")[1] == "quỹ ruộng có hai ngàn đồng\n"


def test_normalise_needs_no_station(
    loa: Callable[..., tuple[int, str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    assert loa("normalise", "UBND")[1] == "ủy ban nhân dân\n"


def test_an_unknown_word_is_taught_and_its_scripts_are_drafted_anew(
    loa: Callable[..., tuple[int, str, str]],
) -> None:
    assert loa("item", "add", "Lịch họp", "Mời QWRT họp lúc 19h30.", "--as", "lan")[0] == 0
    first = json.loads(loa("script", "show", "1", "--json")[1])
    assert [unknown["text"] for unknown in first["unknowns"]] == ["QWRT"]
    assert loa("lexicon", "add", "QWRT", "quỹ ruộng")[0] == 0
    code, _out, err = loa("script", "draft", "--unknown", "--as", "lan")
    assert code == 0
    assert "1 script" in err
    second = json.loads(loa("script", "show", "1", "--json")[1])
    assert second["version"] == first["version"] + 1
    assert second["unknowns"] == []
    assert "+Mời quỹ ruộng họp lúc mười chín giờ ba mươi phút." in loa("script", "diff", "1")[1]
    assert json.loads(loa("script", "show", "1", "--version", "1", "--json")[1]) == {
        **first,
        "status": "superseded",
    }


def test_a_script_edited_by_hand_is_a_new_version(loa: Callable[..., tuple[int, str, str]]) -> None:
    loa("item", "add", "Lịch họp", "Mời bà con họp lúc 19h30.", "--as", "lan")
    lines = [one["text"] for one in json.loads(loa("script", "show", "1", "--json")[1])["sentences"]]
    changed = [line.replace("19h30", "20h00") for line in lines]
    assert loa("script", "edit", "1", "--file", "-", "--as", "lan", stdin="\n".join(changed))[0] == 0
    spoken = loa("script", "preview", "1")[1]
    assert "hai mươi giờ" in spoken
    assert "mười chín giờ" not in spoken
    code, _out, err = loa("script", "edit", "1", "--file", "-", "--as", "lan", stdin="\n".join(changed))
    assert code == 0
    assert "Nothing" in err


def test_one_sentence_can_be_previewed_with_its_length(loa: Callable[..., tuple[int, str, str]]) -> None:
    loa("item", "add", "Lịch họp", "Mời bà con họp. Đúng giờ.", "--as", "lan")
    total = len(json.loads(loa("script", "preview", "1", "--json")[1]))
    (one,) = json.loads(loa("script", "preview", "1", "--sentence", "4", "--json")[1])
    assert one["spoken"] == "Mời bà con họp."
    assert one["estimated_ms"] > 0
    code, _out, err = loa("script", "preview", "1", "--sentence", str(total + 1))
    assert code == 1
    assert str(total) in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("script", "show", "99"),
        ("lexicon", "remove", "QWRT"),
        ("lexicon", "add", "QWRT", "12"),
        ("lexicon", "import", "none.tsv"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_sentence(
    loa: Callable[..., tuple[int, str, str]], arguments: tuple[str, ...]
) -> None:
    code, out, err = loa(*arguments)
    assert (code, out) == (1, "")
    assert err.startswith("loa: ")


def test_words_go_out_and_come_back_as_tsv_and_conflicts_are_shown(
    loa: Callable[..., tuple[int, str, str]],
) -> None:
    loa("lexicon", "add", "QWRT", "quỹ ruộng")
    loa("lexicon", "add", "--letters", "ZQX")
    loa("lexicon", "add", "KDC", "khu dân cư số")
    assert loa("lexicon", "export", "words.tsv")[0] == 0
    Path("words.tsv").write_text(
        Path("words.tsv").read_text("utf-8").replace("quỹ ruộng", "quê ruộng"), "utf-8"
    )
    _code, _out, err = loa("lexicon", "import", "words.tsv", "--dry-run")
    assert "quê ruộng" in err
    assert loa("lexicon", "import", "words.tsv", "--replace")[0] == 0
    listed = {
        entry["written"]: entry["spoken"]
        for entry in json.loads(loa("lexicon", "list", "--station", "--json")[1])
    }
    assert listed == {"QWRT": "quê ruộng", "ZQX": "dét quy ích xì", "KDC": "khu dân cư số"}
    (conflict,) = json.loads(loa("lexicon", "check", "--json")[1])
    assert conflict["shipped"] == "khu dân cư"
    assert loa("lexicon", "remove", "KDC", "ZQX")[0] == 0
    assert loa("normalise", "KDC, ZQX")[1] == "khu dân cư, dét quy ích xì\n"


def test_a_broken_word_list_is_named_with_its_line(loa: Callable[..., tuple[int, str, str]]) -> None:
    Path("lexicon.tsv").write_text("written\tspoken\nAB\t12\n", "utf-8")
    code, _out, err = loa("normalise", "AB")
    assert code == 1
    assert "line 2" in err


def test_words_of_another_language_are_left_as_they_are_and_the_editor_is_told(
    loa: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    assert loa("item", "add", "News", "Closed on 2/9.", "--language", "en", "--as", "lan")[0] == 0
    shown, said = loa("script", "show", "1")[1:]
    assert "Closed on 2/9." in shown
    assert "voice of the language 'en'" in said
    words = tmp_path / "words.txt"
    words.write_text("News\nOpen again at 7.30, room 12.\n", "utf-8")
    assert loa("script", "edit", "1", "--file", str(words), "--as", "lan")[0] == 0
    sentences = json.loads(loa("script", "show", "1", "--json")[1])["sentences"]
    assert [one["spoken"] for one in sentences] == ["News.", "Open again at 7.30, room 12."]
    assert loa("item", "add", "Tin", "Nghỉ ngày 2/9.", "--as", "lan")[0] == 0
    assert "voice of the language" not in loa("script", "show", "2")[2]
