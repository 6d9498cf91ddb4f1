"""The output that records: one WAV an airing, in a folder a day. Whole up to the last block even after a crash."""

from __future__ import annotations

import contextlib
import os
import re
import struct
from datetime import datetime, tzinfo
from pathlib import Path

from audio.outputs.output import FRAME_BYTES, RATE_HZ

HEADER_BYTES = 44


class FileOutput:
    """Recordings under `folder`, by station day: `2026-12-01/063000_LABEL.wav`."""

    exclusive = False
    audible = False

    def __init__(self, name: str, folder: Path, tz: tzinfo | None = None) -> None:
        self.name = name
        self.folder = folder
        self.tz = tz
        self.trouble: str | None = None

    def open(self) -> None:
        """Make the folder; where that fails, each recording tries again and tells its trouble."""
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)

    def start(self, label: str, at: datetime) -> WavStream:
        local = at.astimezone(self.tz)
        name = re.sub(r"[^\w.-]", "-", label)  # the id of a relay may hold what no file name can
        return WavStream(self, self.folder / f"{local:%Y-%m-%d}" / f"{local:%H%M%S}_{name}.wav")

    def close(self) -> None:
        pass


class WavStream:
    """One recording; its header is brought up to date every two seconds of sound and at the end."""

    def __init__(self, output: FileOutput, path: Path) -> None:
        self.output = output
        self.path = path
        self.frames = 0
        self._told = 0
        self._handle: int | None = None

    def write(self, pcm: bytes) -> bool:
        try:
            if self._handle is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
                os.write(self._handle, header(self.frames))
                os.lseek(self._handle, HEADER_BYTES + self.frames * FRAME_BYTES, os.SEEK_SET)
            written = os.write(self._handle, pcm)
        except OSError as error:
            self.output.trouble = error.strerror or str(error)
            self._close()
            return False
        self.frames += written // FRAME_BYTES
        if written < len(pcm):
            self.output.trouble = os.strerror(28)
            return False
        self.output.trouble = None
        if self.frames - self._told > 2 * RATE_HZ:
            self._tell()
        return True

    def stop(self, *, cut: bool) -> None:  # noqa: ARG002
        if self._handle is not None:
            self._tell()
            self._close()

    def _tell(self) -> None:
        assert self._handle is not None
        try:
            os.lseek(self._handle, 0, os.SEEK_SET)
            os.write(self._handle, header(self.frames))
            os.lseek(self._handle, 0, os.SEEK_END)
            self._told = self.frames
        except OSError as error:
            self.output.trouble = error.strerror or str(error)

    def _close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def header(frames: int) -> bytes:
    """The 44 bytes before `frames` frames of house PCM."""
    size = frames * FRAME_BYTES
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 1, RATE_HZ, RATE_HZ * FRAME_BYTES, FRAME_BYTES, 16, b"data", size,
    )  # fmt: skip
