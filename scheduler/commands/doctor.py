"""`loa doctor`: what this machine lacks, and what to do about it."""

from __future__ import annotations

from typing import Any

import click

from content.commands.shell import LoaCommand, json_option, print_json, print_table, say
from content.errors import Told
from content.language import N_, _

SIGNS = {"ok": "✓", "optional": "–", "missing": "✗"}


@click.command(
    cls=LoaCommand,
    help=N_(
        "Examine this machine and this station: what is there, what is missing, and the remedy. Exit 1 when something needed is missing."
    ),
    epilog=N_("Example:\n  loa doctor"),
)
@json_option
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> int:
    from scheduler.doctor import examine

    findings = list(examine(ctx.find_root().params.get("config_path")))
    if as_json:
        print_json(
            [
                {
                    "name": f.name,
                    "state": f.state,
                    "found": str(f.found),
                    "remedy": str(f.remedy) if f.remedy else None,
                }
                for f in findings
            ]
        )
    else:
        print_table(
            _("This machine"),
            ["", _("What"), _("Found"), _("Remedy")],
            [[SIGNS[f.state], _(f.name), _told(f.found), _told(f.remedy)] for f in findings],
        )
        say(N_("✗ is needed before the station can work; – is only for what you want of it."))
    return 1 if any(finding.state == "missing" for finding in findings) else 0


def _told(text: Any) -> str:
    return text.told(_) if isinstance(text, Told) else (text or "")
