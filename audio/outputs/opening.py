"""Outputs as the config describes them, or as the command line overrides them."""

from __future__ import annotations

from pathlib import Path

from audio.outputs.file_output import FileOutput
from audio.outputs.icecast_output import icecast_output
from audio.outputs.null_output import NullOutput
from audio.outputs.output import Output
from audio.outputs.rtp_output import rtp_output
from audio.outputs.sound_card import sound_card
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


def outputs_of(config: Config, folder: Path, override: str | None = None) -> dict[str, Output]:
    """Every output that a zone uses, with stand-ins, by name.

    `override` ("null", "file", "file=FOLDER", or the name of a configured output) takes the place of all.

    Raises:
        UnknownOutputError.
    """
    wanted = list(dict.fromkeys(name for zone in config.zones for name in zone.outputs))
    for name in wanted:
        fallback = config.outputs[name].fallback
        if fallback and fallback not in wanted:
            wanted.append(fallback)
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
