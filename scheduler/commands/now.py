"""`loa now`: what is on the air."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from content.commands.shell import LoaCommand, json_option, option, out, print_json
from content.language import N_, _

if TYPE_CHECKING:
    from rich.console import RenderableType

STALE_S = 10


@click.command(
    cls=LoaCommand,
    help=N_("What is on the air: sound level, what comes next and when, and how the outputs are."),
    epilog=N_("Example:\n  loa now --watch"),
)
@option("--watch", is_flag=True, help=N_("Keep looking until Ctrl+C."))
@json_option
@click.pass_context
def now(ctx: click.Context, watch: bool, as_json: bool) -> None:
    from content.config import find_config, read_config
    from scheduler.daemon.folder import AirFolder

    path = find_config(ctx.find_root().params.get("config_path")).resolve()
    config = read_config(path)
    air = AirFolder(path.parent, path.parent / config.station.media)
    if as_json:
        print_json(read_status(air.status, air.lock))
        return
    if not watch:
        out().print(screen(read_status(air.status, air.lock), config.tz))
        return
    from rich.live import Live

    with Live(console=out(), refresh_per_second=4) as live:
        while True:
            live.update(screen(read_status(air.status, air.lock), config.tz))
            time.sleep(0.5)


def read_status(path: Path, lock_path: Path) -> dict[str, Any]:
    """The daemon's status; `running` is false where none runs, or where it no longer beats."""
    from scheduler.daemon.lock import StationLock

    lock = StationLock(lock_path)
    holder = lock.holder() or {}
    if not lock.is_held() or holder.get("task") == "log":
        return {"running": False}
    starting = {"running": True, "simulated": holder.get("clock") == "simulated", "starting": True}
    try:
        status: dict[str, Any] = json.loads(path.read_bytes())
        age_s = (datetime.now(UTC) - datetime.fromisoformat(status["at"])).total_seconds()
    except (OSError, ValueError, KeyError, TypeError):
        return starting
    if holder.get("pid", status.get("pid")) != status.get("pid"):  # of an earlier run
        return starting
    return {"running": True, "hangs": not status["simulated"] and age_s > STALE_S, **status}


def screen(status: dict[str, Any], tz: Any) -> RenderableType:
    """The status for people."""
    from rich.console import Group
    from rich.text import Text

    if not status["running"]:
        return Text(_("Off the air: no daemon runs. Start it with `loa run`."))
    if status.get("starting"):
        return Text(_("A daemon is at work and has not reported yet."))
    lines: list[Text] = []
    if status["hangs"]:
        lines.append(
            Text(_("The daemon holds the station and has not reported for a while."), style="bold red")
        )
    if status["stopped"]:
        lines.append(Text(status["stopped"], style="bold yellow"))
    for piece in status["on_air"]:
        played, whole = piece["position_ms"], piece["length_ms"]
        lines.append(
            Text.assemble(
                (_("ON THE AIR") + "  ", "bold red"), piece["title"],
                f"  {_clock(played)}" + (f" / {_clock(whole)}" if whole else ""),
                f"  {meter(piece['level_dbfs'])} {piece['level_dbfs']:.0f} dBFS  {', '.join(piece['zones'])}",
            )
        )  # fmt: skip
    if not status["on_air"]:
        lines.append(Text(_("Silence.")))
    for piece in status.get("waiting", []):
        why = piece["behind"] or _("no output works")
        lines.append(Text(_("Waits: {title} ({why})").format(title=piece["title"], why=why)))
    for play in status["next"]:
        at = datetime.fromisoformat(play["starts_at"])
        wait_s = max(0, round((at - datetime.now(UTC)).total_seconds()))
        line = _("{at}  in {wait}  {title}").format(
            at=f"{at.astimezone(tz):%d/%m %H:%M:%S}", wait=_span(wait_s), title=play["title"]
        )
        lines.append(Text(line))
        if play["problem"]:
            lines.append(Text("    " + play["problem"], style="red"))
    for output in status["outputs"]:
        good = output["trouble"] is None
        state = _("works") if good else _("lost ({reason})").format(reason=output["trouble"])
        lines.append(
            Text(
                _("Output {name}: {state}").format(name=output["name"], state=state),
                style="" if good else "red",
            )
        )
    told = {output["trouble"] for output in status["outputs"]}
    for text in status.get("alarms", []):
        if not any(trouble and trouble in text for trouble in told):  # a lost output stands above
            lines.append(Text(text, style="red"))
    if status["database_trouble"]:
        lines.append(Text(status["database_trouble"], style="red"))
    return Group(*lines)


def meter(level_dbfs: float, width: int = 12) -> str:
    """A bar from -60 dBFS (empty) to 0 (full)."""
    full = round(min(1.0, max(0.0, (level_dbfs + 60) / 60)) * width)
    return "█" * full + "░" * (width - full)


def _clock(ms: int) -> str:
    return f"{ms // 60_000}:{ms // 1000 % 60:02d}"


def _span(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"
