"""Outputs as the config describes them, or as the command line overrides them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from audio.outputs.file_output import FileOutput
from audio.outputs.icecast_output import icecast_output
from audio.outputs.null_output import NullOutput
from audio.outputs.output import Output
from audio.outputs.rtp_output import rtp_output
from audio.outputs.sound_card import CardOutput, sound_card
from content.config import Config, OutputConfig
from content.errors import LoaError
from content.language import N_


class UnknownOutputError(LoaError):
    """An output that is neither in the config nor a kind that needs no settings."""

    sentence = N_(
        "output {name!r} is not known: use null, file, file=FOLDER, or one of {known} from config.toml"
    )


def make_output(name: str, settings: OutputConfig, folder: Path, config: Config) -> Output:
    """One output; nothing is opened yet. Relative paths are beside the config (`folder`)."""
    if settings.kind == "null":
        return NullOutput(name)
    if settings.kind == "file":
        return FileOutput(name, folder / (settings.path or "recordings"), config.tz)
    if settings.kind == "icecast":
        return icecast_output(name, settings.url, settings.codec)
    if settings.kind == "rtp":
        return rtp_output(name, settings.url, settings.codec)
    return sound_card(name, settings.device)


def outputs_of(
    config: Config, folder: Path, override: str | None = None, simulated: bool = False
) -> dict[str, Output]:
    """Every output that a zone uses, with stand-ins, by name.

    `override` ("null", "file", "file=FOLDER", or the name of a configured output) takes the place of all.
    On a simulated clock nothing reaches a loudspeaker or the network: only files are made.

    Raises:
        UnknownOutputError.
    """
    wanted = list(dict.fromkeys(name for zone in config.zones for name in zone.outputs))
    for name in wanted:
        fallback = config.outputs[name].fallback
        if fallback and fallback not in wanted:
            wanted.append(fallback)
    if simulated:
        kinds = {name: output.kind for name, output in config.outputs.items()}
        if override is None:
            return {
                name: make_output(name, config.outputs[name], folder, config)
                if kinds[name] == "file"
                else NullOutput(name)
                for name in wanted
            }
        if override in kinds and kinds[override] != "file":
            override = "null"
    if override is None:
        return {name: make_output(name, config.outputs[name], folder, config) for name in wanted}
    kind, _equals, path = override.partition("=")
    if kind == "null":
        return {name: NullOutput("null") for name in wanted}
    if kind == "file":
        base = folder / (path or "recordings")
        many = len(wanted) > 1
        return {name: FileOutput("file", base / name if many else base, config.tz) for name in wanted}
    if override in config.outputs:
        one = make_output(override, config.outputs[override], folder, config)
        return dict.fromkeys(wanted, one)
    raise UnknownOutputError(name=override, known=sorted(config.outputs))


def check_cards(outputs: Mapping[str, Output], config: Config) -> None:
    """Refuse to begin where a zone has nothing but sound cards, none of which is there.

    Raises:
        OutputError: with the remedy. Outputs on the network and files are never refused: they may come later.
    """
    troubles = {
        name: output.missing() if isinstance(output, CardOutput) else None for name, output in outputs.items()
    }
    for zone in config.zones:
        ways: list[str] = []
        for name in zone.outputs:
            following: str | None = name
            while following and following in outputs and following not in ways:
                ways.append(following)
                following = config.outputs[following].fallback
        found = [troubles[name] for name in ways]
        if found and all(found):
            assert found[0] is not None
            raise found[0]


def open_all(outputs: Iterable[Output], patience_s: float = 3.0) -> None:
    """Open each output once, and give those that connect a moment to do so, all at the same time.

    Raises:
        OutputError: one for which trying is no use.
    """
    each = list({id(output): output for output in outputs}.values())
    for output in each:
        output.open()
    end = time.monotonic() + patience_s
    while any(output.trouble is not None for output in each) and time.monotonic() < end:
        time.sleep(0.02)


def close_all(outputs: Iterable[Output]) -> None:
    """Let go of each output once."""
    for output in {id(output): output for output in outputs}.values():
        output.close()
