"""The command `loa`: parses, calls one function, prints; errors are told here, once."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import sys
from pathlib import Path

import click

from content.commands.shell import LoaGroup, TranslatedOption, choose_language, fitted, value_told
from content.errors import LoaError
from content.language import LANGUAGES, N_, _

SECTIONS = {
    N_("Begin"): {
        "init": ("content.commands.init:init", N_("Make a new station.")),
        "demo": ("scheduler.commands.demo:demo", N_("See the whole main job on an example.")),
        "doctor": ("scheduler.commands.doctor:doctor", N_("What this machine lacks, and the remedy.")),
    },
    N_("What is said"): {
        "document": ("content.commands.document:document", N_("Take in official documents.")),
        "item": ("content.commands.item:item", N_("Items to broadcast, and their approval.")),
        "programme": ("content.commands.programme:programme", N_("Recurring columns and their rules.")),
        "script": ("content.commands.script:script", N_("The words as they will be spoken.")),
        "normalise": ("content.commands.normalise:normalise", N_("Written text into spoken words.")),
        "lexicon": ("content.commands.lexicon:lexicon", N_("Teach Loa abbreviations and names.")),
        "find": ("scheduler.commands.find:find", N_("Search items, scripts and the as-run log.")),
    },
    N_("How it sounds"): {
        "render": ("audio.commands.render:render", N_("Make the audio.")),
        "voice": ("audio.commands.voice:voice", N_("Voices on this machine.")),
        "audio": ("audio.commands.audio:audio", N_("Check and preview finished audio.")),
    },
    N_("When it airs"): {
        "plan": ("scheduler.commands.plan:plan", N_("Lay the plays and look at the plan.")),
        "run": ("scheduler.commands.run:run", N_("Play the plan, unattended.")),
        "now": ("scheduler.commands.now:now", N_("What is on the air.")),
        "interrupt": ("scheduler.commands.interrupt:interrupt", N_("Break in with an urgent bulletin.")),
        "stop": ("scheduler.commands.interrupt:stop", N_("Silence the station at once.")),
        "resume": ("scheduler.commands.interrupt:resume", N_("Go on after a stop.")),
    },
    N_("Communes"): {
        "station": ("scheduler.commands.station:station", N_("Commune stations.")),
        "package": ("scheduler.commands.package:package", N_("Audio packages for commune stations.")),
        "feed": ("scheduler.commands.feed:feed", N_("Packages over the network.")),
    },
    N_("Answering for it"): {
        "log": ("scheduler.commands.log:log", N_("What really went out.")),
        "ledger": ("scheduler.commands.ledger:ledger", N_("What is owed, aired, at risk.")),
        "check": ("scheduler.commands.ledger:check", N_("Warn early of what is at risk.")),
        "report": ("scheduler.commands.report:report", N_("Reports for month, half-year and year.")),
        "user": ("content.commands.user:user", N_("People and their roles.")),
        "audit": ("scheduler.commands.audit:audit", N_("Prove that nothing was altered.")),
        "backup": ("scheduler.commands.backup:backup", N_("Save the whole station to one file.")),
        "restore": ("scheduler.commands.backup:restore", N_("Bring a backup back.")),
    },
}


class Root(LoaGroup):
    """The root group: sets the screen language before anything is printed."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: object
    ) -> click.Context:
        named = dict(itertools.pairwise(args))
        language = named.get("--lang")
        config = named.get("--config") or named.get("-C")
        choose_language(language if language in LANGUAGES else None, Path(config) if config else None)
        return super().make_context(info_name, args, parent, **extra)


def _tell_version(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        click.echo(_("%(prog)s, version %(version)s") % {"prog": "loa", "version": version("loaphuong")})
        ctx.exit()


@click.group(
    cls=Root,
    sections=SECTIONS,
    help=N_("The broadcast desk of a loudspeaker station: from an official document to an aired day."),
    epilog=N_(
        "Try it:\n  loa demo              the whole main job on an example, nothing to set up\n  loa init my-station   a new station"
    ),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--lang", cls=TranslatedOption, type=click.Choice(LANGUAGES), help=N_("Screen language."))
@click.option(
    "--config", "-C", "config_path", cls=TranslatedOption, type=click.Path(path_type=Path),
    help=N_("The station's config.toml or folder (else LOA_CONFIG, else ./config.toml)."),
)  # fmt: skip
@click.option(
    "--version", cls=TranslatedOption, is_flag=True, is_eager=True, expose_value=False, callback=_tell_version,
    help=N_("Show the version and exit."),
)  # fmt: skip
def loa(lang: str | None, config_path: Path | None) -> None:
    pass


def main() -> None:
    """Run the command line; exit 0 when all is well, 1 for an error of ours, 2 for a wrong command line."""
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - no window, no console
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line and give its exit code; every error is told on stderr in one sentence."""
    try:
        result = loa.main(args=arguments, prog_name="loa", standalone_mode=False)
    except click.UsageError as error:
        _tell_usage(error)
        return 2
    except click.Abort as error:
        if error.__cause__ is None:  # a question was not answered: its line ends here
            click.echo(err=True)
        _tell(_("stopped; everything finished so far is kept"))
        return 1
    except click.ClickException as error:
        _tell(error.format_message())
        return 1
    except LoaError as error:
        _tell(error.told(_))
        return 1
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            return 0
        _tell(_of_system(error))
        return 1
    except KeyboardInterrupt:
        _tell(_("stopped; everything finished so far is kept"))
        return 1
    except Exception as error:  # noqa: BLE001 - the last line of defence: a user never sees a traceback
        return _unforeseen(error)
    return result if isinstance(result, int) else 0


def _tell_usage(error: click.UsageError) -> None:
    """What is wrong with a command line, as click tells it, in the screen language."""
    for kind in ("Path", "File", "Directory"):  # click names kinds of files before the language is chosen
        error.message = error.message.replace(f"{kind} '", f"{_(kind)} '")
    for kind in ("integer", "float"):
        error.message = error.message.replace(f" {kind}.", f" {_(kind)}.")
    if isinstance(error, click.BadParameter) and isinstance(error.param, click.Argument):
        error.param_hint = error.param_hint or f"'{value_told(error.param.make_metavar())}'"
    told = io.StringIO()
    error.show(told)
    click.echo(fitted(told.getvalue().rstrip("\n")), err=True)


def _of_system(error: OSError) -> str:
    """One sentence for what the operating system refused: the file, and why."""
    from content.os_errors import why

    name = str(error.filename or "")
    shown = name if len(name) <= 120 else f"{name[:119]}…"
    reason = _(why(error))
    if not shown:
        return _("the system refused: {reason}").format(reason=reason)
    return _("{file} cannot be used: {reason}").format(file=shown, reason=reason)


def _unforeseen(error: Exception) -> int:
    """Something of ours broke: say so in one sentence and keep the details in a file for the developers."""
    import tempfile
    import traceback

    if os.environ.get("LOA_DEBUG"):
        raise error
    with tempfile.NamedTemporaryFile(
        "w", prefix="loa-error-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        traceback.print_exception(error, file=file)
    _tell(
        _("Loa met a fault of its own ({kind}); nothing half-done was kept. Please send us {file}").format(
            kind=type(error).__name__, file=file.name
        )
    )
    return 1


def _tell(sentence: str) -> None:
    click.echo(fitted(f"loa: {sentence}"), err=True)


if __name__ == "__main__":
    main()
