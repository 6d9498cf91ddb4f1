"""`loa voice`: voices on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from content.commands.shell import LoaGroup, json_option, option, print_json, print_table, say, with_station
from content.config import VOICES
from content.errors import LoaError
from content.language import N_, _

if TYPE_CHECKING:
    from content.station import Station

_NO_CARD_TO_TEST = N_("plug in a sound card, or write the sound to a file with `--out trial.wav`")
_TRIAL = {"vi": "Xin chào, đây là đài truyền thanh.", "en": "Hello, this is the station."}


@click.group(
    cls=LoaGroup,
    help=N_("Voices on this machine: try them, install them, record people."),
    epilog=N_("Example:\n  loa voice test espeak --out thu.wav"),
)
def voice() -> None:
    pass


@voice.command(
    "list",
    help=N_("List the voices, in their order of fall-back, and whether each is ready."),
    epilog=N_("Example:\n  loa voice list --json"),
)
@json_option
@with_station
def list_(station: Station, as_json: bool) -> None:
    from audio.voices.order import voice_named

    order = station.config.voice.order
    rows = []
    for name in [*order, *(name for name in VOICES if name not in order)]:
        one = voice_named(station, name)
        trouble = _trouble(station, name)
        rows.append(
            {
                "name": name, "place": order.index(name) + 1 if name in order else None, "degraded": one.degraded,
                "settings": one.settings, "trouble": trouble,
            }
        )  # fmt: skip
        one.close()
    if as_json:
        print_json(rows)
        return
    print_table(
        _("Voices"),
        [_("Order"), _("Voice"), _("Quality"), _("Settings"), _("State")],
        [
            [
                row["place"] or "–", row["name"], _("makeshift") if row["degraded"] else _("for the air"),
                row["settings"], row["trouble"] or _("ready"),
            ]
            for row in rows
        ],
    )  # fmt: skip


def _trouble(station: Station, name: str) -> str | None:
    """Why the voice cannot speak now, as far as can be told without speaking; None when nothing is known."""
    from audio.voices.order import recording_voice, voice_named
    from audio.voices.piper_voice import PiperVoice

    one = voice_named(station, name)
    try:
        if isinstance(one, PiperVoice):
            one.check()
        elif name == "recording" and not any(recording_voice(station).folder.glob("*.wav")):
            return _("nothing is recorded yet")
        elif name == "espeak":
            one.synthesise("một", "vi")
    except LoaError as error:
        return error.told(_)
    finally:
        one.close()
    return _("needs internet; try it with `loa voice test gtts`") if name == "gtts" else None


@voice.command(
    "test",
    help=N_("Have a voice say something, to a file or to the sound card."),
    epilog=N_('Example:\n  loa voice test gtts --text "Mời bà con theo dõi bản tin." --out thu.wav'),
)
@click.argument("name", type=click.Choice(VOICES))
@option("--text", help=N_("The words."))
@option("--language", help=N_("The language of the words (else the station's)."))
@option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help=N_("Write a WAV instead of playing it.")
)
@with_station
def test(station: Station, name: str, text: str | None, language: str | None, out: Path | None) -> None:
    import tempfile

    from audio.profiles import suffix_of
    from audio.voices.order import voice_named
    from content import atomic

    if out is not None:
        suffix_of(out, ["wav"])
    spoken_in = language or station.config.voice.language
    one = voice_named(station, name)
    try:
        sound = one.synthesise(text or _TRIAL.get(spoken_in, _TRIAL["vi"]), spoken_in)
    finally:
        one.close()
    if out is not None:
        atomic.write_bytes(out, sound)
        say(N_("Written: {path}"), path=out)
        return
    from audio.commands.audio import play_file

    with tempfile.TemporaryDirectory(prefix="loa-voice-") as folder:
        path = Path(folder) / "voice.wav"
        path.write_bytes(sound)
        play_file(station, path, None, without_card=_NO_CARD_TO_TEST)


@voice.command(
    "install",
    help=N_(
        "Install a Piper voice: its NAME (see `loa voice known`), FILE.onnx with FILE.onnx.json beside it, or its https address with --sha256. Its hash is checked at every start."
    ),
    epilog=N_("Example:\n  loa voice install vi_VN-vais1000-medium"),
)
@click.argument("source", metavar="NAME|FILE|ADDRESS")
@option("--sha256", help=N_("The hash that its publisher states."))
@with_station
def install(station: Station, source: str, sha256: str | None) -> None:
    from audio.voices.install import install_piper_voice

    path = install_piper_voice(source, station.folder / "voices", sha256)
    say(
        N_('Installed: {path}. Now set, under [voice] in config.toml: piper_model = "{model}" and "piper" in order.'),
        path=path, model=path.relative_to(station.folder).as_posix(),
    )  # fmt: skip


@voice.command(
    "known",
    help=N_("List the Piper voices that can be installed by name."),
    epilog=N_("Example:\n  loa voice known --json"),
)
@json_option
def known(as_json: bool) -> None:
    from audio.voices.catalogue import KNOWN

    rows = [
        {"name": name, "url": one.url, "megabytes": one.megabytes, "sha256": one.sha256}
        for name, one in KNOWN.items()
    ]
    if as_json:
        print_json(rows)
        return
    print_table(
        _("Voices"),
        [_("Voice"), "MB", "SHA-256"],
        [[row["name"], row["megabytes"], row["sha256"] or _("to be given")] for row in rows],
    )


@voice.command(
    "record",
    help=N_(
        "Take in a recording (wav, mp3, m4a, ogg...) of ITEM, or of one of its sentences; it is cleaned first."
    ),
    epilog=N_("Example:\n  loa voice record 12 phone.m4a\n  loa voice record 12 cau3.wav --sentence 3"),
)
@click.argument("item_id", metavar="ITEM", type=int)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@option(
    "--sentence", type=click.IntRange(1), help=N_("Number of the sentence, from 1 (else the whole item).")
)
@json_option
@with_station
def record(station: Station, item_id: int, file: Path, sentence: int | None, as_json: bool) -> None:
    from audio.record import record_item, record_sentence

    taken = (
        record_item(station, item_id, file)
        if sentence is None
        else record_sentence(station, item_id, sentence, file)
    )
    notes = [note.told(_) for note in taken.notes]
    if as_json:
        print_json(
            {
                "item": item_id,
                "length_ms": taken.length_ms,
                "loudness_lufs": taken.loudness_lufs,
                "notes": notes,
            }
        )
        return
    say(
        N_("Taken in: {seconds} s. {notes}"), seconds=round(taken.length_ms / 1000, 1), notes="; ".join(notes)
    )
