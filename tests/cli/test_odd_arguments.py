"""Whatever is typed after a command: no traceback, one sentence, exit code 0, 1 or 2.

Every command and option comes from the command tree itself, so that a new one is tried too. LOA_LONG_TESTS=1 tries
every value with every option; otherwise a different few of each, the same in every run.
"""

from __future__ import annotations

import io
import os
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

import cli
from content.drafting import draft_item
from content.items import add_item
from content.language import use_language
from content.people import add_person, os_account
from content.programmes import add_programme
from content.station import init_station

LONG = bool(os.environ.get("LOA_LONG_TESTS"))
LONG_TEXT = "ă" * 20_000
WRONG = [
    "", " ", "-1", "0", "1.5", "1e999", "99999999999999999999", "13/2026", "2026-13", "31/02/2026", "2026-02-30",
    "00/00/0000", "9999-12-31", "0001-01-01", "12/9999", "25:61", "2026-12-31T99:00", "9999-12-31T23:59", "🎙️ loa", "hai\ndòng",
    "\x1b[31mđỏ", "\u202e\u200b", LONG_TEXT, "{0}", "%s", "[bold]x[/nope]", "../../x", "; rm -rf x", "=1+1", "FOLDER",
    "FILE", "no-such-file.txt", "--", "'", "a:b", "1", "2026-12-01", "12/2026",
]  # fmt: skip
"""Most are wrong for most; the last ones are right for some, so that a command goes on to its second argument."""
ENDLESS = {
    "loa run",
    "loa feed serve",
    "loa feed pull",
    "loa demo",
    "loa voice test",
    "loa render",
    "loa interrupt",
}
"""Commands that work long or wait when all is well: tried only with what is wrong at once."""
WRONG_AT_ONCE = ["", "-1", "31/02/2026", "2026-13", "1e999", "no-such-file.txt", "FOLDER"]


def commands() -> Iterator[tuple[list[str], click.Command]]:
    def below(
        path: list[str], command: click.Command, ctx: click.Context
    ) -> Iterator[tuple[list[str], click.Command]]:
        if not isinstance(command, click.Group):
            yield path, command
            return
        for name in command.list_commands(ctx):
            found = command.get_command(ctx, name)
            assert found is not None
            yield from below([*path, name], found, click.Context(found, info_name=name, parent=ctx))

    yield from below(["loa"], cli.loa, click.Context(cli.loa, info_name="loa"))


ALL = {" ".join(path): command for path, command in commands()}


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("odd") / "s"
    opened = init_station(folder)
    now = datetime(2026, 11, 22, 3, tzinfo=UTC)
    with opened.decide() as session:
        add_person(session, "Lan", ["administrator", "editor", "approver", "operator"], by="Lan", os_user=os_account(), now=now)  # fmt: skip
        programme = add_programme(
            session, title="Chuyên mục", now=now, new_per_month=1, min_replays_per_month=3
        )
        for programme_id in (None, programme.id):
            item = add_item(session, title="Tin", text="Nội dung tin.", now=now, person="Lan", programme_id=programme_id)  # fmt: skip
            draft_item(session, opened, item, now=now, person="Lan")
    opened.close()
    return folder


@pytest.fixture
def at_station(station: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(station)
    for name, value in (("LOA_DEBUG", "1"), ("EDITOR", "true"), ("VISUAL", "true"), ("LOA_PASSWORD", "x"), ("LOA_NEW_PASSWORD", "")):  # fmt: skip
        monkeypatch.setenv(name, value)
    (station / "folder").mkdir(exist_ok=True)
    (station / "file.txt").write_text("Thông báo cắt điện.\n", "utf-8")
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    yield station
    use_language("en")


def asked(parameter: click.Parameter, value: str) -> list[str]:
    value = {"FOLDER": "folder", "FILE": "file.txt"}.get(value, value)
    if isinstance(parameter, click.Argument):
        return [value]
    option = max(parameter.opts, key=len)
    return [option] if getattr(parameter, "is_flag", False) else [option, value]


def usual(parameter: click.Parameter) -> list[str]:
    """Something that a required parameter may hold."""
    if isinstance(parameter.type, click.Choice):
        return asked(parameter, parameter.type.choices[0])
    kinds = {
        "day": "2026-12-01",
        "month": "2026-12",
        "moment": "2026-12-01T06:30",
        "path": "file.txt",
        "filename": "file.txt",
    }
    return asked(parameter, kinds.get(parameter.type.name, "1"))


def line_with(command: click.Command, tried: click.Parameter, value: str) -> list[str]:
    """A command line in which one parameter has that value and the required others something usual."""
    options: list[str] = []
    arguments: list[str] = []
    for parameter in command.params:
        if parameter is not tried and not parameter.required:
            continue
        words = asked(parameter, value) if parameter is tried else usual(parameter)
        (arguments if isinstance(parameter, click.Argument) else options).extend(words)
    return [*options, "--", *arguments] if arguments else options


@pytest.mark.parametrize("name", sorted(ALL))
def test_no_argument_however_odd_ends_in_a_traceback(
    name: str, at_station: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    command = ALL[name]
    chance = random.Random(name)
    values = WRONG_AT_ONCE if name in ENDLESS else WRONG
    for parameter in command.params:
        if getattr(parameter, "is_flag", False):
            continue
        for value in values if LONG else chance.sample(values, min(2, len(values))):
            line = ["--lang", "vi", *name.split()[1:], *line_with(command, parameter, value)]
            if name in ENDLESS and value == "":
                continue
            code = cli.run(line)
            told = capfd.readouterr()
            assert code in (0, 1, 2), line
            assert "Traceback" not in told.err, line
            if code:
                assert told.err.strip(), f"{line} fails without a word"


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_command_with_no_arguments_or_too_many_says_so(
    name: str, at_station: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    if name in ENDLESS and not any(parameter.required for parameter in ALL[name].params):
        return
    words = name.split()[1:]
    assert cli.run(["--lang", "vi", *words, "--no-such-option"]) == 2
    assert "--no-such-option" in capfd.readouterr().err
    if any(parameter.required for parameter in ALL[name].params):
        assert cli.run(["--lang", "vi", *words]) == 2
        assert "Thiếu" in capfd.readouterr().err
