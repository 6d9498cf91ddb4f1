"""`loa interrupt`, `loa stop`, `loa resume`: orders to the daemon; they need no database."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from content.commands.shell import LoaCommand, json_option, option, print_json, say
from content.errors import LoaError
from content.language import N_

if TYPE_CHECKING:
    from content.config import Config
    from scheduler.daemon.folder import AirFolder

SUFFIXES = (".txt", ".xml", ".cap", ".mp3", ".wav", ".ogg", ".opus", ".m4a", ".aac", ".flac", ".amr", ".3gp")


class NotOnAirError(LoaError):
    """An order to a daemon that does not run."""

    sentence = N_("this station is not on the air: start it with `loa run`, then give the order again")


class NoAnswerError(LoaError):
    """The daemon holds the lock and says nothing."""

    sentence = N_(
        "the running station did not answer within {seconds} s; the order was withdrawn: look at `loa now`"
    )


class NoSuchFileError(LoaError):
    """A file name that leads nowhere."""

    sentence = N_("there is no file {name}: check the name, or put the words to be read between quotes")


class UnknownZoneError(LoaError):
    """A zone that the station does not have."""

    sentence = N_("zone {zone!r} is not described in config.toml; the zones are {known}")


class OrderRefusedError(LoaError):
    """The daemon could not do it."""

    sentence = N_("the running station could not do it: {reason}")


who_option = option("--as", "who", help=N_("Who orders it (default: the user of this computer)."))
why_option = option("--reason", "why", default="", help=N_("Why; it stands in the log."))


@click.command(
    cls=LoaCommand,
    help=N_(
        "Break in with an urgent bulletin: WORDS that the embedded voice reads, a text or sound FILE, or a CAP 1.2 alert (.xml, .cap). A chime comes first; what it cuts goes on afterwards or is made good."
    ),
    epilog=N_(
        'Example:\n  loa interrupt "Nước sông dâng nhanh, bà con khu 3 di chuyển lên nhà văn hóa." --zones khu-3 --repeat 2\n  loa interrupt canh-bao.xml'
    ),
)
@click.argument("what", metavar="WORDS|FILE")
@option("--zones", help=N_("Zone ids with commas between them (default: all)."))
@option("--repeat", type=click.IntRange(1, 20), default=1, help=N_("How many times it is said."))
@option(
    "--emergency", is_flag=True, help=N_("Before everything else, with the alarm sound instead of the chime.")
)
@option("--language", default="vi", help=N_("The language of the words, such as vi or en."))
@who_option
@why_option
@json_option
@click.pass_context
def interrupt(
    ctx: click.Context, what: str, zones: str | None, repeat: int, emergency: bool, language: str,
    who: str | None, why: str, as_json: bool,
) -> None:  # fmt: skip
    from scheduler.daemon.requests import Request

    config, air = _station(ctx)
    chosen = tuple(zone.strip() for zone in (zones or "").split(",") if zone.strip())
    for zone in chosen:
        if zone not in config.zone_ids:
            raise UnknownZoneError(zone=zone, known=config.zone_ids)
    source = _words_or_file(what)
    is_file = isinstance(source, Path)
    reply = _order(
        air,
        Request(
            what="interrupt", who=who or _user(), why=why, zones=chosen, repeat=repeat, emergency=emergency,
            text="" if is_file else what, file=str(Path(what).resolve()) if is_file else "", language=language,
        ),
        seconds=30.0,
    )  # fmt: skip
    if as_json:
        print_json(reply)
    elif reply.get("withdrawn"):
        say(N_("Withdrawn: what alert “{title}” cancels is off the air."), title=reply["title"])
    elif reply.get("waits_for_output"):
        say(
            N_(
                "No output works now: “{title}” is on the air as soon as one does. `loa now` shows what is wrong."
            ),
            title=reply["title"],
        )
    elif reply.get("waits_for"):
        say(N_("It waits until “{title}” is over."), title=reply["waits_for"])
    else:
        say(N_("On the air: “{title}”."), title=reply["title"])


@click.command(
    cls=LoaCommand,
    help=N_("Silence the station at once, until `loa resume`; urgent bulletins are still heard."),
    epilog=N_('Example:\n  loa stop --reason "Lễ tang tại nhà văn hóa"'),
)
@who_option
@why_option
@click.pass_context
def stop(ctx: click.Context, who: str | None, why: str) -> None:
    _config, air = _station(ctx)
    _order(air, _request("stop", who, why))
    say(N_("The station is silent. Go on with `loa resume`."))


@click.command(
    cls=LoaCommand,
    help=N_("Go on after `loa stop`."),
    epilog=N_("Example:\n  loa resume"),
)
@who_option
@why_option
@click.pass_context
def resume(ctx: click.Context, who: str | None, why: str) -> None:
    _config, air = _station(ctx)
    _order(air, _request("resume", who, why))
    say(N_("The station goes on."))


def _request(what: str, who: str | None, why: str) -> Any:
    from scheduler.daemon.requests import Request

    return Request(what=what, who=who or _user(), why=why)


def _station(ctx: click.Context) -> tuple[Config, AirFolder]:
    """The config and the daemon's folder, without the database: an alert must go out though that is broken.

    Raises:
        NotOnAirError, ConfigMissingError, ConfigError.
    """
    from content.config import find_config, read_config
    from scheduler.daemon.folder import AirFolder
    from scheduler.daemon.lock import StationLock

    path = find_config(ctx.find_root().params.get("config_path")).resolve()
    config = read_config(path)
    air = AirFolder(path.parent, path.parent / config.station.media)
    lock = StationLock(air.lock)
    if not lock.is_held() or (lock.holder() or {}).get("clock") == "simulated":
        raise NotOnAirError
    return config, air


def _order(air: AirFolder, request: Any, seconds: float = 6.0) -> dict[str, Any]:
    from scheduler.daemon import requests

    requests.leave(air.requests, request)
    reply = requests.wait_for_answer(air.requests, request.name, seconds)
    if reply is None:
        raise NoAnswerError(seconds=round(seconds))
    if not reply.get("ok"):
        raise OrderRefusedError(reason=reply.get("reason", "?"))
    return reply


def _words_or_file(what: str) -> str | Path:
    """A file when there is one of that name; words otherwise."""
    try:
        path = Path(what)
        if path.is_file():
            return path
    except OSError:  # words longer than a file name may be
        return what
    if path.suffix.lower() in SUFFIXES and " " not in what:
        raise NoSuchFileError(name=what)
    return what


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return os.environ.get("USERNAME", "?")
