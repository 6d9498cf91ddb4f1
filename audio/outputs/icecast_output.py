"""Icecast: a source for listeners on the network and for communes that relay us."""

from __future__ import annotations

from urllib.parse import urlsplit

from audio.outputs.output import OutputError
from audio.outputs.process_sink import ProcessOutput, encoder
from content.errors import Told
from content.language import N_

CODECS = {
    "mp3": ("-c:a", "libmp3lame", "-b:a", "96k", "-write_xing", "0", "-f", "mp3", "-content_type", "audio/mpeg"),
    "opus": ("-c:a", "libopus", "-b:a", "64k", "-f", "ogg", "-page_duration", "100000", "-content_type", "application/ogg"),
}  # fmt: skip


def icecast_output(name: str, url: str, codec: str) -> ProcessOutput:
    """A source for `url`, icecast://source:PASSWORD@HOST:PORT/MOUNT, as MP3 (default) or Opus.

    Raises:
        OutputError: the address is not one of that kind, or the codec is not for Icecast.
    """
    parts = urlsplit(url)
    if parts.scheme != "icecast" or not parts.hostname or not parts.path.strip("/"):
        raise OutputError(
            output=name, reason=f"url = {parts.scheme}://{parts.hostname or ''}{parts.path}",
            remedy=Told(N_("write it as icecast://source:PASSWORD@HOST:8000/MOUNT in config.toml")),
        )  # fmt: skip
    if (codec or "mp3") not in CODECS:
        raise OutputError(
            output=name, reason=f"codec = {codec}", remedy=Told(N_("choose mp3 or opus for Icecast"))
        )
    return ProcessOutput(name, encoder(*CODECS[codec or "mp3"], url))
