"""What every command shares: translated help, the station in hand, JSON out, errors told once."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

from content import shown
from content.errors import LoaError
from content.language import N_, _, os_language, use_language

if TYPE_CHECKING:  # rich and SQLAlchemy are imported where they are used: the first screen comes at once
    from rich.console import Console


P = ParamSpec("P")
R = TypeVar("R")


def out() -> Console:
    """The console for results: stdout, wide when it is not a terminal so that nothing is cut."""
    from rich.console import Console

    return Console(
        file=sys.stdout,
        width=None if sys.stdout.isatty() else 160,
        highlight=False,
        soft_wrap=not sys.stdout.isatty(),
    )


_under_way: list[Console] = []
"""The console of the progress bar that is on the screen: what is told meanwhile stands above the bar."""


def talk() -> Console:
    """The console for talk and progress bars: stderr."""
    from rich.console import Console

    if _under_way:
        return _under_way[-1]
    return Console(file=sys.stderr, highlight=False, soft_wrap=not sys.stderr.isatty())


def fitted(text: str) -> str:
    """`text` with its lines broken between words, where stderr is a window that is narrower."""
    if not sys.stderr.isatty():
        return text
    import shutil
    import textwrap

    width = shutil.get_terminal_size().columns - 1
    return "\n".join(
        textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)
        for line in text.split("\n")
    )


def say(message: str, **facts: object) -> None:
    """Tell the user something on stderr, in the screen language; `message` is a gettext id."""
    talk().print(_(message).format(**shown.facts(facts)), markup=False)


def print_json(value: Any) -> None:
    """`value` as JSON on stdout: UTF-8, dates in ISO, two spaces."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_jsonable))


def print_table(
    title: str, columns: list[str], rows: Sequence[list[object] | None], *, empty: str = ""
) -> None:
    """A table on stdout; `title` and `columns` are already in the screen language. None draws a line between rows.

    Without rows, `empty` (a gettext id) is told instead: that there is nothing yet, and what to do about it.
    """
    if empty and not rows:
        say(empty)
        return
    from rich.markup import escape
    from rich.table import Table

    from content.commands.table_layout import column_widths

    console = out()
    table = Table(title=escape(title), title_justify="left", header_style="bold", expand=False)
    cells = [None if row is None else [shown.cell(value) for value in row] for row in rows]
    widths = column_widths(columns, [row for row in cells if row is not None], console.width)
    if widths:  # too narrow for all: what says nothing goes first
        kept = [place for place in range(len(columns)) if any(row and row[place] for row in cells)]
        columns = [columns[place] for place in kept]
        cells = [row and [row[place] for place in kept] for row in cells]
        widths = column_widths(columns, [row for row in cells if row is not None], console.width)
    for place, column in enumerate(columns):
        table.add_column(column, overflow="fold", width=widths[place] if widths else None)
    for row in cells:
        if row is None:
            table.add_section()
        else:
            table.add_row(*[escape(cell) for cell in row])
    console.print(table)


def _jsonable(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


class Help:
    """Mixed into commands and groups: help texts are gettext ids, translated when they are shown."""

    help: str | None
    short_help: str | None
    epilog: str | None

    def _translated(self, show: Callable[[], R]) -> R:
        kept = self.help, self.short_help, self.epilog
        self.help, self.short_help, self.epilog = (text and _(text) for text in kept)
        try:
            return show()
        finally:
            self.help, self.short_help, self.epilog = kept


class TranslatedOption(click.Option):
    """An option whose help is a gettext id."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        kept = self.help
        self.help = kept and _(kept)
        try:
            record = super().get_help_record(ctx)
        finally:
            self.help = kept
        return record and (_kind_told(record[0]), _RANGE.sub(_range_told, record[1]))


_RANGE = re.compile(r"(?:(?P<least>[\d.]+)<=)?x(?P<open>[<>]=?)(?P<most>[\d.]+)")
KINDS_OF_VALUES = {
    "INTEGER RANGE": N_("NUMBER"), "FLOAT RANGE": N_("NUMBER"), "INTEGER": N_("NUMBER"), "FLOAT": N_("NUMBER"),
    "TEXT": N_("WORDS"), "FILENAME": N_("FILE"), "PATH": N_("PATH"), "DAY": N_("DAY"), "MONTH": N_("MONTH"),
    "MOMENT": N_("TIME"), "PERSON": N_("PERSON"),
}  # fmt: skip
"""What click or a type of ours calls a kind of value, and what the screen calls it."""


def _kind_told(option: str) -> str:
    """`--priority INTEGER RANGE` with the kind of value in the screen language."""
    for kind, told in KINDS_OF_VALUES.items():
        if option.endswith(f" {kind}"):
            return option.removesuffix(kind) + _(told)
    named, space, value = option.rpartition(" ")
    return named + space + value_told(value)


VALUES = {
    "ADDRESS": N_("ADDRESS"), "CODE": N_("CODE"), "DAY": N_("DAY"), "DIR": N_("DIR"), "DOCUMENT": N_("DOCUMENT"), "FILE": N_("FILE"),
    "FILES": N_("FILE"), "FINGERPRINT": N_("FINGERPRINT"), "FROM": N_("FROM"), "HALF": N_("HALF"), "ITEM": N_("ITEM"),
    "MONTH": N_("MONTH"), "NAME": N_("NAME"), "PATH": N_("PATH"), "PLAN": N_("PLAN"), "PLAY": N_("PLAY"), "PLAY_ID": N_("PLAY"),
    "PROGRAMME": N_("PROGRAMME"), "QUARTER": N_("QUARTER"), "REF": N_("REF"), "SOURCE": N_("FILE"), "SPOKEN": N_("SPOKEN"),
    "TEXT": N_("TEXT"), "TITLE": N_("TITLE"), "TO": N_("TO"), "WORDS": N_("WORDS"), "WRITTEN": N_("WRITTEN"), "YEAR": N_("YEAR"),
}  # fmt: skip
"""What the place of a value is called on a command line, and what the screen calls it."""


def value_told(piece: str) -> str:
    """`[ITEM]...` or `NAME|FILE` with each place of a value in the screen language."""
    return re.sub(r"[A-Z]+(?:_[A-Z]+)*", lambda found: _(VALUES.get(found[0], found[0])), piece)


def _range_told(found: re.Match[str]) -> str:
    """`1<=x<=50` as people say it."""
    if found["least"]:
        return _("{least} to {most}").format(least=found["least"], most=found["most"])
    sentence = N_("at least {bound}") if found["open"].startswith(">") else N_("at most {bound}")
    return _(sentence).format(bound=found["most"])


class LoaCommand(Help, click.Command):
    """A command with translated help."""

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return _usage_told(super().collect_usage_pieces(ctx))

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self._translated(lambda: super(LoaCommand, self).format_help(ctx, formatter))

    def get_short_help_str(self, limit: int = 45) -> str:
        return self._translated(lambda: super(LoaCommand, self).get_short_help_str(max(limit, 70)))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        _write_epilog(self.epilog, formatter)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        return _translated_help_option(super().get_help_option(ctx))


class LoaGroup(Help, click.Group):
    """A group with translated help.

    `sections` maps a heading to {name: ("module:attribute", short help)}; a command's module is imported
    only when the command is used, so that the first screen comes at once.
    """

    command_class = LoaCommand

    def __init__(
        self, *args: Any, sections: dict[str, dict[str, tuple[str, str]]] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.sections = sections or {}

    @property
    def lazy(self) -> dict[str, tuple[str, str]]:
        """Every command of every section."""
        return {name: entry for commands in self.sections.values() for name, entry in commands.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(dict.fromkeys([*self.lazy, *super().list_commands(ctx)]))

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return _usage_told(super().collect_usage_pieces(ctx))

    def invoke(self, ctx: click.Context) -> Any:
        """A group on its own shows its help, also behind `--lang`: there is nothing wrong to be told."""
        if not ctx.protected_args and not ctx.args:
            click.echo(ctx.get_help())
            return None
        return super().invoke(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.lazy:
            return super().get_command(ctx, cmd_name)
        module, _colon, attribute = self.lazy[cmd_name][0].partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if not self.sections:
            super().format_commands(ctx, formatter)
            return
        own = [
            (name, command.get_short_help_str())
            for name, command in self.commands.items()
            if name not in self.lazy
        ]
        for heading, commands in self.sections.items():
            rows = [*own, *((name, _(short)) for name, (_where, short) in commands.items())]
            own = []
            if rows:
                with formatter.section(_(heading)):
                    formatter.write_dl(rows, col_max=12, col_spacing=2)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            near = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            if near:
                error.message = _("there is no command {name!r}; did you mean {near!r}?").format(
                    name=args[0], near=near[0]
                )
            raise

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self._translated(lambda: super(LoaGroup, self).format_help(ctx, formatter))

    def get_short_help_str(self, limit: int = 45) -> str:
        return self._translated(lambda: super(LoaGroup, self).get_short_help_str(max(limit, 70)))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        _write_epilog(self.epilog, formatter)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        return _translated_help_option(super().get_help_option(ctx))


LoaGroup.group_class = LoaGroup


def _usage_told(pieces: list[str]) -> list[str]:
    """The words of click in a usage line, in the screen language."""
    told = {"[OPTIONS]": N_("[OPTIONS]"), "COMMAND [ARGS]...": N_("COMMAND [ARGS]...")}
    return [_(told[piece]) if piece in told else value_told(piece) for piece in pieces]


def _write_epilog(epilog: str | None, formatter: click.HelpFormatter) -> None:
    """The epilog as it stands, line by line: it is an example to copy."""
    if epilog:
        formatter.write_paragraph()
        for line in epilog.splitlines():
            formatter.write(f"{line}\n")


def _translated_help_option(option: click.Option | None) -> click.Option | None:
    if option is not None:
        option.help = _("Show this message and exit.")
    return option


def option(*names: str, **settings: Any) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """`click.option` with translated help."""
    settings.setdefault("cls", TranslatedOption)
    return click.option(*names, **settings)


json_option = option("--json", "as_json", is_flag=True, help=N_("Print JSON on standard output."))
as_person = option(
    "--as", "as_name", metavar="PERSON", help=N_("Act as this person (else the one of this system account).")
)


def choose_language(language: str | None, config_path: Path | None) -> None:
    """Set the screen language: `--lang`, else the station's config, else the operating system's."""
    from content.config import ConfigError, find_config, language_of, read_config

    if language is None:
        try:
            path = find_config(config_path)
            language = read_config(path).station.language
        except ConfigError:
            language = language_of(path)
        except LoaError:
            pass
    use_language(language or os_language())


def with_station(command: Callable[..., R]) -> Callable[..., R]:
    """Give `command` the open station as its first argument, and close it afterwards."""

    @wraps(command)
    @click.pass_context
    def wrapped(ctx: click.Context, /, *args: Any, **kwargs: Any) -> R:
        from content.station import open_station

        station = open_station(ctx.find_root().params.get("config_path"))
        try:
            return command(station, *args, **kwargs)
        finally:
            station.close()

    return wrapped


@contextmanager
def progress(description: str, total: int | None) -> Any:
    """A progress bar with time left on stderr; yields `advance(n=1, text=None)`. `description` is translated text."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    console = talk()
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=console, transient=True, disable=not console.is_terminal,
    ) as bar:  # fmt: skip
        task = bar.add_task(description, total=total)

        def advance(n: int = 1, text: str | None = None) -> None:
            bar.update(task, advance=n, description=text or description)

        _under_way.append(console)
        try:
            yield advance
        finally:
            _under_way.remove(console)
