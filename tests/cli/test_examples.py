"""Every command line that Loa shows - examples, remedies, the manual - is one that Loa understands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import catalogues
import click
import pytest
from command_tree import commands

import cli
from content.language import use_language

ROOT = Path(__file__).resolve().parents[2]
MANUAL = [ROOT / "README.md", ROOT / "README.vi.md", *sorted((ROOT / "docs").glob("*.md"))]
BESIDE = re.compile(r" {3,}.*| (?:&&|\|\|?|<|>) .*")
"""What stands behind a command line: an explanation, or what the shell does with it."""
OPEN = re.compile(r"[\[…{|◄]")
"""A form to be filled in (`loa voice record 12 FILE [--sentence 3]`) or a drawing, not a line to copy."""


ALL = {"loa": cli.loa} | {" ".join(path): command for path, command in commands(cli.loa)}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOA_CONFIG", raising=False)
    yield tmp_path
    use_language("en")


def words_of(line: str) -> list[str]:
    """The words of a command line without `loa`; a backslash is that of a Windows path."""
    shell = shlex.shlex(BESIDE.sub("", line), posix=True)
    shell.whitespace_split, shell.escape = True, ""
    return list(shell)[1:]


def understood(words: list[str]) -> None:
    """Nothing, when Loa would begin to work on these words. Raises click.UsageError."""
    command: click.Command = cli.loa
    name: str | None = "loa"
    above: click.Context | None = None
    while True:
        ctx = command.make_context(name, list(words), parent=above)
        if not isinstance(command, click.Group) or not (left := [*ctx.protected_args, *ctx.args]):
            return
        name, found, words = command.resolve_command(ctx, left)
        assert found is not None
        command, above = found, ctx


def in_reach(line: str, folder: Path) -> list[str]:
    """The words of an example, after the files that it names were made here."""
    words = words_of(line)
    for word in words:
        if re.fullmatch(r"[\w-]+\.[a-z]\w{1,4}", word):
            (folder / word).write_text("Nội dung.\n", "utf-8")
    return words


def examples() -> Iterator[tuple[str, str]]:
    """Where a whole command line is shown to be copied, and the line."""
    for name, command in ALL.items():
        for language in ("en", "vi"):
            use_language(language)
            from content.language import _

            for line in _(command.epilog or "").splitlines():
                if line.strip().startswith("loa "):
                    yield f"{name} --help ({language})", line.strip()
    use_language("en")
    for page in MANUAL:
        for line in page.read_text("utf-8").splitlines():
            told = line.strip()
            if re.match(r"(?: {4})?loa \w", line) and not OPEN.search(BESIDE.sub("", told)):
                yield page.name, told


def mentioned() -> Iterator[tuple[str, str]]:
    """Where a command is named within a text (`loa …`), and its words."""
    texts = [(page.name, page.read_text("utf-8")) for page in MANUAL]
    for message in catalogues.read("vi"):
        for text in (message.id, message.string):
            texts += [("catalogue", part) for part in ((text,) if isinstance(text, str) else text)]
    for where, text in texts:
        for match in re.finditer(r"`(loa [a-z][^`]*)`", text):
            yield where, " ".join(match[1].split())


@pytest.mark.parametrize(("where", "line"), sorted(set(examples())))
def test_every_example_can_be_copied(where: str, line: str, folder: Path) -> None:
    try:
        understood(in_reach(line, folder))
    except click.UsageError as error:
        pytest.fail(f"{where}: {line}: {error.format_message()}")


def test_every_command_that_is_mentioned_is_there_with_its_options() -> None:
    wrong = []
    for where, line in mentioned():
        command: click.Command | None = cli.loa
        options: set[str] = {name for p in cli.loa.params for name in p.opts}
        for word in line.split()[1:]:
            if word.startswith("--"):
                if word.split("=")[0].rstrip(".,;)") not in options | {"--help"}:
                    wrong.append(f"{where}: {line}: {word}")
            elif isinstance(command, click.Group) and re.fullmatch(r"[a-z][a-z-]*", word):
                command = command.get_command(click.Context(command), word)
                options |= {name for p in command.params for name in p.opts} if command else set()
                if command is None:
                    wrong.append(f"{where}: {line}")
                    break
    assert not wrong
