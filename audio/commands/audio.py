"""`loa audio`: check and hear what was made, take a look at it, write it elsewhere, clean a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from content.commands.shell import (
    LoaGroup,
    json_option,
    option,
    print_json,
    print_table,
    progress,
    say,
    with_station,
)
from content.config import PROFILES
from content.errors import Told
from content.language import N_, _
from content.newest_sound import told_once

if TYPE_CHECKING:
    from content.station import Station

NO_CARD_TO_PREVIEW = N_("plug in a sound card, or name another with --output")


@click.group(
    cls=LoaGroup,
    help=N_("Check, hear and look at finished audio."),
    epilog=N_("Example:\n  loa audio check\n  loa audio preview 3"),
)
def audio() -> None:
    pass


@audio.command(
    "check",
    help=N_(
        "Measure again what was made for ITEMs (else for all): length, silence, clipping, loudness, damage."
    ),
    epilog=N_("Example:\n  loa audio check 3 4 --json"),
)
@click.argument("items", metavar="[ITEM]...", nargs=-1, type=int)
@option("--listen", is_flag=True, help=N_("Let a recogniser listen, and name the words that it missed."))
@json_option
@with_station
def check(station: Station, items: tuple[int, ...], listen: bool, as_json: bool) -> int:
    from audio.check import check_items

    recogniser = None
    if listen:
        from audio.recogniser import installed_recogniser

        recogniser = installed_recogniser()
    found = check_items(station, list(items) or None, recogniser)
    if as_json:
        print_json([one.as_json() for one in found])
    else:
        print_table(
            _("Audio"),
            [_("Kind"), _("No."), _("Title"), _("Length"), "LUFS", "dBTP", _("Voice or profile"), _("Found")],
            [
                [
                    _(one.kind), one.id, one.title, f"{one.length_ms / 1000:.0f} s", one.loudness_lufs,
                    one.true_peak_dbtp, one.voice or f"{one.profile} {one.format}",
                    "; ".join(
                        [told_once(tried["voice"], tried["reason"]) for tried in one.fallbacks]
                        + [problem.told(_) for problem in one.problems]
                    ) or _("nothing odd"),
                ]
                for one in found
            ],
            empty=N_("There is no finished audio yet: `loa render --all` makes it."),
        )  # fmt: skip
        for one in found:
            if one.missed:
                say(
                    N_("{title}: a listener would miss: {words}"),
                    title=one.title,
                    words=", ".join(one.missed),
                )
    return 1 if any(one.problems for one in found) else 0


@audio.command(
    "preview",
    help=N_("Play the finished audio of ITEM, or a sound file."),
    epilog=N_("Example:\n  loa audio preview 3\n  loa audio preview ban-tin.mp3 --output main"),
)
@click.argument("what", metavar="ITEM|FILE")
@option("--output", help=N_("An output of config.toml (else the sound card)."))
@option("--segment", is_flag=True, help=N_("The item's own sound, before chime and loudness."))
@with_station
def preview(station: Station, what: str, output: str | None, segment: bool) -> None:
    from audio.made import file_of

    play_file(station, file_of(station, what, segment=segment).path, output)


@audio.command(
    "picture",
    help=N_("Draw the waveform and loudness of ITEM or a sound file, as PNG or SVG."),
    epilog=N_("Example:\n  loa audio picture 3 --out tin-3.svg"),
)
@click.argument("what", metavar="ITEM|FILE")
@option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help=N_("Where to draw it: .png or .svg."),
)
@with_station
def picture(station: Station, what: str, out: Path) -> None:
    from audio.made import file_of
    from audio.picture import draw
    from audio.profiles import profile_named

    made = file_of(station, what)
    profile = profile_named(made.profile or station.config.audio.profile)
    draw(made.path, out, what, profile.target_lufs)
    say(N_("Written: {path}"), path=out)


@audio.command(
    "export",
    help=N_(
        "Write the finished audio of ITEM to a file of its own: .mp3, .ogg, .flac or .wav, in any profile."
    ),
    epilog=N_("Example:\n  loa audio export 3 --out tin-3.flac --profile web"),
)
@click.argument("item_id", metavar="ITEM", type=int)
@option(
    "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help=N_("The file to write.")
)
@option("--profile", type=click.Choice(PROFILES), help=N_("How it must sound (else as config.toml says)."))
@json_option
@with_station
def export(station: Station, item_id: int, out: Path, profile: str | None, as_json: bool) -> None:
    from audio.export import export_item
    from audio.rendered import ASSEMBLY_STEPS

    with progress(_("Rendering"), ASSEMBLY_STEPS) as advance:
        made = export_item(station, item_id, out, advance, profile=profile)
    if as_json:
        print_json(
            {
                "path": made.path, "sha256": made.sha256, "length_ms": made.length_ms,
                "loudness_lufs": made.loudness_lufs, "true_peak_dbtp": made.true_peak_db,
            }
        )  # fmt: skip
        return
    say(N_("Written: {path}"), path=made.path)


@audio.command(
    "clean",
    help=N_("Clean a sound FILE from outside as a recording would be, into a WAV; or say why it is refused."),
    epilog=N_("Example:\n  loa audio clean phone.m4a --out sach.wav"),
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help=N_("The WAV to write."))
@json_option
def clean(file: Path, out: Path, as_json: bool) -> None:
    from audio import ingest

    taken = ingest.clean(file, out)
    notes = [note.told(_) for note in taken.notes]
    if as_json:
        print_json(
            {"path": out, "length_ms": taken.length_ms, "loudness_lufs": taken.loudness_lufs, "notes": notes}
        )
        return
    for note in notes:
        click.echo(note, err=True)
    say(N_("Written: {path}"), path=out)


def play_file(
    station: Station, path: Path, output: str | None, *, without_card: str = NO_CARD_TO_PREVIEW
) -> None:
    """Play `path` on an output of the config, or the sound card, with a bar on stderr.

    `without_card` is the remedy (a gettext id) where there is no card.
    """
    from audio import preview as player
    from audio.outputs.opening import open_all, outputs_of
    from audio.outputs.output import Output, OutputError
    from audio.outputs.sound_card import sound_card

    chosen: Output
    if output is None:
        chosen = card = sound_card("preview", "")
        if card.missing():
            raise OutputError(output=card.name, reason=Told(N_("no sound card")), remedy=Told(without_card))
    else:
        chosen = next(iter(outputs_of(station.config, station.folder, output).values()))
    open_all([chosen])
    try:
        with progress(path.name[:40], None) as advance:
            seconds = 0

            def tick(played_ms: int) -> None:
                nonlocal seconds
                if played_ms // 1000 > seconds:
                    advance(played_ms // 1000 - seconds)
                    seconds = played_ms // 1000

            player.play(path, chosen, tick)
    finally:
        chosen.close()
