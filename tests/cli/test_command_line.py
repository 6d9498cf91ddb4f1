"""The command line as a whole: help, languages, exit codes, one sentence for every error."""

from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import click
import pytest
from command_tree import commands

import cli
from content.language import use_language

ALL = dict(commands(cli.loa))


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOA_CONFIG", raising=False)
    yield tmp_path
    use_language("en")


def test_every_command_named_on_the_first_screen_is_there() -> None:
    named = {name for section in cli.SECTIONS.values() for name in section}
    assert named == {path[1] for path in ALL if len(path) == 2}


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_has_help_and_an_example(path: tuple[str, ...]) -> None:
    command = ALL[path]
    assert command.help, "help=N_(...) is missing"
    if not isinstance(command, click.Group):
        assert command.epilog, "an example is missing"
        assert f"{' '.join(path)}" in command.epilog


GROUPS = [path for path, command in ALL.items() if isinstance(command, click.Group)]


@pytest.mark.parametrize("path", GROUPS, ids=" ".join)
def test_the_help_of_a_group_names_all_its_commands(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run([*path[1:], "--help"]) == 0
    named = {
        line.split()[0]
        for line in capsys.readouterr().out.splitlines()
        if line.startswith("  ") and line.strip()
    }
    assert {one[-1] for one in ALL if one[:-1] == path} <= named


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_option_is_explained(path: tuple[str, ...]) -> None:
    unexplained = [p.name for p in ALL[path].params if isinstance(p, click.Option) and not p.help]
    assert not unexplained


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_list_and_show_gives_json(path: tuple[str, ...]) -> None:
    if path[-1] in {"list", "show"}:
        assert any("--json" in p.opts for p in ALL[path].params)


def test_the_first_screen_comes_in_vietnamese_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--lang", "vi", "--help"]) == 0
    assert "văn bản" in capsys.readouterr().out


def test_the_language_of_the_station_counts_before_that_of_the_system(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    assert cli.run(["init", "station"]) == 0
    assert cli.run(["-C", "station", "item", "show", "99"]) == 1
    assert "không có tin" in capsys.readouterr().err.lower()
    assert cli.run(["--lang", "en", "-C", "station", "item", "show", "99"]) == 1
    assert "there is no item 99" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("system", "expected"),
    [("vi_VN.UTF-8", "chưa có đài"), ("en_GB.UTF-8", "no station here"), ("fr_FR.UTF-8", "no station here")],
)
def test_without_a_station_the_system_chooses_the_language(
    system: str, expected: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", system)
    assert cli.run(["item", "list"]) == 1
    assert expected in capsys.readouterr().err


def test_a_wrong_command_line_is_exit_2_and_an_error_of_ours_exit_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.run(["--lang", "en", "itm"]) == 2
    assert "did you mean 'item'?" in capsys.readouterr().err
    assert cli.run(["--lang", "en", "item", "show"]) == 2
    assert cli.run(["--lang", "en", "item", "list"]) == 1
    assert capsys.readouterr().err.count("\n") >= 1


def test_a_config_with_mistakes_names_each_and_nothing_else_happens(
    empty_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (empty_folder / "config.toml").write_text('[station]\nnam = "x"\n[voice]\norder = ["gogle"]\n', "utf-8")
    assert cli.run(["--lang", "en", "item", "list"]) == 1
    told = capsys.readouterr().err
    assert "unknown key 'nam'; did you mean 'name'?" in told
    assert "'gogle' is not known" in told
    assert not (empty_folder / "loa.sqlite3").exists()


def test_a_fault_of_our_own_is_one_sentence_and_a_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LOA_DEBUG", raising=False)
    monkeypatch.setattr(cli.loa, "main", lambda **_: 1 / 0)
    assert cli.run([]) == 1
    told = capsys.readouterr().err
    assert "Traceback" not in told
    assert "ZeroDivisionError" in told


def test_no_other_distribution_installs_our_top_level_names() -> None:
    owners = metadata.packages_distributions()
    for name in ("content", "audio", "scheduler", "cli"):
        assert set(owners.get(name, ["loaphuong"])) == {"loaphuong"}
