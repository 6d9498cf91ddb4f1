"""`loa render`: make the audio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from audio.profiles import PROFILES
from content import shown
from content.commands.shell import (
    LoaCommand,
    json_option,
    option,
    print_json,
    print_table,
    progress,
    say,
    talk,
    with_station,
)
from content.language import N_, _, ngettext
from content.newest_sound import told_once

if TYPE_CHECKING:
    from audio.render import RenderResult
    from audio.rendered import Rendered
    from content.station import Station


class NothingNamedError(click.UsageError):
    """Neither items nor --all."""


KINDS = (N_("segment"), N_("episode"))
"""What was rendered; shown in the screen language."""


@click.command(
    cls=LoaCommand,
    help=N_(
        "Make the audio of ITEMs, or of everything approved, and of the episodes that carry them. What is there already costs nothing."
    ),
    epilog=N_("Example:\n  loa render 3 4\n  loa render --all --profile web"),
)
@click.argument("items", metavar="[ITEM]...", nargs=-1, type=int)
@option("--all", "everything", is_flag=True, help=N_("Everything that is approved."))
@option(
    "--profile", type=click.Choice(list(PROFILES)), help=N_("How it must sound (else as config.toml says).")
)
@option("--dry-run", is_flag=True, help=N_("Only say how much there is to do."))
@json_option
@with_station
def render(
    station: Station,
    items: tuple[int, ...],
    everything: bool,
    profile: str | None,
    dry_run: bool,
    as_json: bool,
) -> int:
    from audio.render import render_items, steps_of

    if bool(items) == everything:
        raise NothingNamedError(_("name the items to render, or say --all"))
    chosen = None if everything else list(items)
    steps = steps_of(station, chosen)
    if dry_run:
        say(ngettext("{count} step to do at most", "{count} steps to do at most", steps), count=steps)
        return 0
    with progress(_("Rendering"), steps) as advance:
        result = render_items(station, chosen, advance, profile=profile)
    if as_json:
        print_json([one.as_json() for one in result.rendered])
    else:
        _show(station, result)
    for failed in result.failed:
        talk().print(f"{failed.title}: {failed.error.told(_)}", markup=False, style="red")
    return 1 if result.failed else 0


def _show(station: Station, result: RenderResult) -> None:
    rows = [
        [
            _(one.kind), one.item_ids[0] if one.kind == "segment" else one.id, one.title, _length(one), one.voice,
            shown.decimal(one.loudness_lufs), _("new") if one.made else _("kept"),
            _remarks(one),
        ]
        for one in result.rendered
    ]  # fmt: skip
    print_table(
        _("Audio"),
        [_("Kind"), _("No."), _("Title"), _("Length"), _("Voice"), "LUFS", _("State"), _("Remarks")],
        list(rows),
        empty=""
        if result.failed
        else N_(
            "There is nothing to render yet: approve items first with `loa item approve` (`loa item list` shows them)."
        ),
    )
    degraded, recorded = _without_consent(station, result)
    if recorded:
        say(
            ngettext(
                "{count} item has a recording that nobody has approved yet: listen to it (`loa audio preview ITEM`), then `loa item approve ITEM --sound`.",
                "{count} items have a recording that nobody has approved yet: listen to each (`loa audio preview ITEM`), then `loa item approve ITEM... --sound`.",
                recorded,
            ),
            count=recorded,
        )
    if degraded:
        say(
            ngettext(
                "{count} item has only the makeshift voice: it needs a named person's consent before it airs: `loa item approve ITEM --degraded-voice`.",
                "{count} items have only the makeshift voice: they need a named person's consent before they air: `loa item approve ITEM... --degraded-voice`.",
                degraded,
            ),
            count=degraded,
        )


def _without_consent(station: Station, result: RenderResult) -> tuple[int, int]:
    """How many segments may not air yet: for their makeshift voice; for a recording whose words alone are approved."""
    from audio.models import Segment
    from content.approval import is_cleared
    from content.items import current_script, get_item

    degraded = recorded = 0
    with station.read() as session:
        for one in result.rendered:
            segment = session.get(Segment, one.id) if one.kind == "segment" else None
            if segment is None or not (segment.degraded or segment.recorded):
                continue
            script = current_script(session, get_item(session, one.item_ids[0]))
            if segment.degraded:
                degraded += script is None or not is_cleared(session, script, one.sha256, degraded=True).ok
            if segment.recorded and script is not None and is_cleared(session, script).ok:
                recorded += not is_cleared(session, script, one.sha256, recording=True).ok
    return degraded, recorded


def _length(one: Rendered) -> str:
    seconds = round(one.length_ms / 1000)
    return f"{seconds // 60}:{seconds % 60:02}"


def _remarks(one: Rendered) -> str:
    remarks = [_("makeshift voice")] if one.degraded else []
    remarks += [told_once(fallback["voice"], fallback["reason"]) for fallback in one.fallbacks]
    remarks += [_(str(flag["message"])).format(**shown.facts(flag["facts"])) for flag in one.flags]
    return "; ".join(remarks)
