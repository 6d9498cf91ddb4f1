"""`loa plan solve`: the planner alone, from a file to a file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from content.atomic import write_text
from content.commands.shell import LoaCommand, option, progress, say
from content.errors import LoaError
from content.language import N_, Marked, _
from content.os_errors import why


class NotAProblemError(LoaError):
    """The file holds no plan problem."""

    sentence = N_(
        "{path} cannot be read as a plan problem ({reason}); give a JSON file as docs/planner.md describes"
    )


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file. Raises: NotAProblemError."""
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text("utf-8")
        value = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise NotAProblemError(path=path, reason=Marked(why(error))) from error
    if not isinstance(value, dict):
        raise NotAProblemError(path=path, reason=_("it is not an object"))
    return value


@click.command(
    cls=LoaCommand,
    help=N_("Make a plan for a problem in a JSON file; plays in the file that still stand are kept."),
    epilog=N_("Example:\n  loa plan solve problem.json --out plan.json --explain"),
)
@click.argument("source", type=click.Path(path_type=Path, allow_dash=True))
@option(
    "--out",
    "target",
    type=click.Path(path_type=Path),
    help=N_("Where to write the plan (else standard output)."),
)
@option(
    "--baseline",
    type=click.Path(path_type=Path),
    help=N_("The plan that stands now: change as little of it as possible."),
)
@option("--now", help=N_("The present instant, local time (2026-08-10T07:00): what lies before it is past."))
@option("--freeze-min", type=click.IntRange(min=0), help=N_("Minutes after now in which nothing may change."))
@option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    help=N_("Another number gives another, equally good plan."),
)
@option("--progress", "show_progress", is_flag=True, help=N_("Show how far it is."))
@option("--explain", is_flag=True, help=N_("Tell what could not be met and what would help."))
def solve(
    source: Path,
    target: Path | None,
    baseline: Path | None,
    now: str | None,
    freeze_min: int | None,
    seed: int,
    show_progress: bool,
    explain: bool,
) -> None:
    from scheduler.planner import solve as make_plan
    from scheduler.planner.telling import tell

    problem = read_json(source)
    if freeze_min is not None:
        problem.setdefault("meta", {})["freeze_min"] = freeze_min
    old = read_json(baseline) if baseline else None
    if show_progress:
        with progress(_("Planning"), 100) as advance:
            done = 0

            def show(stage: str, share: float) -> None:  # noqa: ARG001 - one bar for all stages
                nonlocal done
                percent = int(share * 100)
                if percent > done:
                    advance(percent - done)
                    done = percent

            solution = make_plan(problem, baseline=old, now=now, seed=seed, progress=show)
    else:
        solution = make_plan(problem, baseline=old, now=now, seed=seed)
    text = json.dumps(solution.to_json(problem), ensure_ascii=False, indent=0)
    if target is None:
        click.echo(text)
    else:
        write_text(target, text + "\n")
    hard = [s for s in solution.shortfalls if not s.soft]
    if explain:
        for line in tell(solution.shortfalls, _):
            say(line)
    elif hard:
        say(
            N_("{count} obligations cannot be met in full; --explain tells why and what would help"),
            count=len(hard),
        )
