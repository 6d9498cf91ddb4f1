"""Hearing a finished file at the desk, through the sound card or any output of the station."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from audio import ffmpeg
from audio.outputs.output import FRAME_BYTES, RATE_HZ, Output, OutputError
from content.language import N_

_BLOCK_MS = 20
_AHEAD_MS = 200
_PATIENCE_S = 2.0
_REMEDY = N_("plug in a sound card, or name another with --output")

Tick = Callable[[int], None]
"""Called with the ms played so far."""


def play(
    path: Path, output: Output, tick: Tick | None = None, clock: Callable[[], float] = time.monotonic
) -> int:
    """Play the sound file `path` to its end on an opened `output`; the ms played. Ctrl-C stops at once.

    Raises:
        ffmpeg.FfmpegFailedError: it cannot be decoded. OutputError: nobody would hear it.
    """
    stream = output.start("preview", datetime.now(UTC))
    played_ms = 0
    whole = False
    try:
        with ffmpeg.running(
            [*ffmpeg.file_input(path), "-map", "0:a:0", "-ac", "1", "-ar", str(RATE_HZ), "-f", "s16le", "pipe:1"],
            task=f"play {path.name}", timeout_s=24 * 3600, wants_output=True,
        ) as process:  # fmt: skip
            started = silent_since = clock()
            while block := process.read(RATE_HZ * _BLOCK_MS // 1000 * FRAME_BYTES):
                early_s = started + (played_ms - _AHEAD_MS) / 1000 - clock()
                if early_s > 0:
                    time.sleep(early_s)
                stream.write(block)
                if output.trouble is None:
                    silent_since = clock()
                elif clock() - silent_since > _PATIENCE_S:
                    raise OutputError(output=output.name, reason=output.trouble, remedy=_REMEDY)
                played_ms += len(block) * 1000 // (RATE_HZ * FRAME_BYTES)
                if tick:
                    tick(played_ms)
            time.sleep(max(0.0, started + played_ms / 1000 - clock()))
        whole = True
    finally:
        stream.stop(cut=not whole)
    return played_ms
