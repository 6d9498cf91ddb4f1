"""`loa demo`: the whole main job on an example, and one screen that says what was made."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from content.commands.shell import LoaCommand, json_option, option, out, print_json, progress
from content.language import N_, _

if TYPE_CHECKING:
    from scheduler.demo.run_demo import DemoResult, RuleMet


@click.command(
    cls=LoaCommand,
    help=N_(
        "The whole main job on an example, offline: documents, scripts, audio, a plan, a month on a simulated clock, a package."
    ),
    epilog=N_("Example:\n  loa demo\n  loa demo --out my-demo"),
)
@option(
    "--out",
    "folder",
    type=click.Path(path_type=Path),
    default=Path("loa-demo"),
    help=N_("Where everything is kept (default: loa-demo)."),
)
@option(
    "--voice",
    type=click.Choice(["espeak", "gtts"]),
    default="espeak",
    help=N_("gtts sounds natural and needs the internet (default: espeak)."),
)
@json_option
def demo(folder: Path, voice: str, as_json: bool) -> int:
    from scheduler.demo.run_demo import STEPS, run_demo

    with progress(_(STEPS[0]), 100 * len(STEPS)) as advance:
        at = 0

        def tell(step: str, share: float) -> None:
            nonlocal at
            goal = 100 * STEPS.index(step) + int(100 * share)
            advance(max(0, goal - at), _(step))
            at = max(at, goal)

        result = run_demo(folder, tell, voice=voice)
    if as_json:
        print_json(_json(result))
    else:
        _screen(result)
    return 0 if result.held else 1


def _screen(result: DemoResult) -> None:
    from rich.markup import escape
    from rich.panel import Panel

    lines: list[str] = []

    def heading(text: str) -> None:
        lines.append(f"\n[bold]{escape(text)}[/bold]" if lines else f"[bold]{escape(text)}[/bold]")

    def line(text: str) -> None:
        lines.append(f"  {escape(text)}")

    heading(_("Two documents became items"))
    for name, subject, items in result.documents:
        line(_("{name}: {items} items – {subject}").format(name=name, items=items, subject=_short(subject)))
    heading(_("The audio to listen to"))
    for episode in result.episodes:
        line(f"{_length(episode.length_ms)}  {_short(episode.title)}")
        line(f"       {_near(episode.path)}")
    if any(episode.degraded for episode in result.episodes):
        line(_("(The embedded voice is a makeshift; with internet, `loa demo --voice gtts` sounds natural.)"))
    heading(_("The rule of the letter"))
    for rule in result.rules:
        line(f"“{_short(rule.rule_text, 150)}”")
        line(_verdict(rule))
        for number, start in enumerate(rule.aired):
            line(
                f"  {start:%d/%m/%Y %H:%M:%S}  "
                + (_("replay {number}").format(number=number) if number else _("first airing"))
            )
    heading(_("The month on the air (simulated clock)"))
    line(
        _("{first} to {last}: {plays} plays laid, {aired} aired, {missed} missed").format(
            first=f"{result.from_on:%d/%m/%Y}", last=f"{result.until_on:%d/%m/%Y}", plays=result.plays,
            aired=result.outcomes.get("aired", 0), missed=sum(n for outcome, n in result.outcomes.items() if outcome != "aired"),
        )
    )  # fmt: skip
    heading(_("A package for a commune"))
    line(
        _("{name}: {plays} plays, {sounds} sounds in {path}").format(
            name=result.package.name,
            plays=result.package.plays,
            sounds=result.package.sounds,
            path=_near(result.package.path),
        )
    )
    if result.deadlines:
        heading(_("Reports that are due"))
        for text in result.deadlines:
            line(_short(text, 150))
    heading(_("What next"))
    line(f"cd {_near(result.station_folder)}")
    loa = "uv run loa" if "UV" in os.environ else "loa"
    for command, what in (
        ("plan show", N_("the plan, day by day")),
        ("log list", N_("what was aired")),
        ("document show 1", N_("what was read out of the document")),
        ("init my-station", N_("your own station")),
    ):
        line(f"{f'{loa} {command}':<28} {_(what)}")
    out().print(
        Panel(
            "\n".join(lines), title=escape(_("Loa: from two documents to a month on the air")), expand=False
        )
    )


def _verdict(rule: RuleMet) -> str:
    replays = len(rule.aired) - 1
    days = len({start.date() for start in rule.aired})
    met = len(rule.aired) >= 1 + (rule.min_replays or 0)
    sentence = (
        N_("✓ met: 1 first airing and {replays} replays on {days} different days")
        if met
        else N_("✗ not met: {replays} replays on {days} days")
    )
    return _(sentence).format(replays=max(0, replays), days=days)


def _json(result: DemoResult) -> dict[str, object]:
    return {
        "folder": result.folder,
        "documents": [
            {"name": name, "subject": subject, "items": items} for name, subject, items in result.documents
        ],
        "episodes": [
            {
                "title": e.title,
                "path": e.path,
                "length_ms": e.length_ms,
                "estimated_ms": e.estimated_ms,
                "degraded": e.degraded,
            }
            for e in result.episodes
        ],
        "from": result.from_on,
        "until": result.until_on,
        "plays": result.plays,
        "outcomes": result.outcomes,
        "rules": [{"title": r.title, "text": r.rule_text, "aired": list(r.aired)} for r in result.rules],
        "deadlines": list(result.deadlines),
        "package": result.package.to_json(),
    }


def _length(length_ms: int) -> str:
    return f"{length_ms // 60_000}:{length_ms // 1000 % 60:02d}"


def _short(text: str, most: int = 90) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1].rsplit(" ", 1)[0] + "…"


def _near(path: Path) -> str:
    """The path as seen from here, where that is shorter."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
