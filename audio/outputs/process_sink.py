"""A program that takes PCM on its standard input: ffmpeg towards RTP or as an encoder, aplay or pacat towards a card."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from typing import IO

from audio.ffmpeg import ffmpeg_path
from audio.outputs.fed_output import FedOutput
from audio.outputs.output import RATE_HZ

_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)
LOOK_S = 0.5
STUCK_LOOKS = 6
"""A program that took nothing for so many looks is stuck. Looks are counted, not seconds: while Loa itself is stopped
(a suspended computer, a starved one) nobody looks, and a healthy program is not ended for it."""
_PIPE_BYTES = 8192
"""A small pipe: sound that waits in it is sound that is late."""


def errors_file() -> IO[bytes]:
    """Where a program's errors go, to be read afterwards; nowhere on a full disk, which must not keep it from running."""
    try:
        return tempfile.TemporaryFile()
    except OSError:
        return open(os.devnull, "r+b")  # noqa: PTH123 - closed by whoever asked


class ProcessSink:
    """One run of a program. With `piped`, what it makes is to be read from `made`."""

    def __init__(self, command: Sequence[str], *, piped: bool = False) -> None:
        self._errors = errors_file()
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE if piped else subprocess.DEVNULL,
            stderr=self._errors, bufsize=0, creationflags=_NO_WINDOW,
        )  # fmt: skip
        if sys.platform == "linux":
            import fcntl

            for pipe in filter(None, (self._process.stdin, self._process.stdout)):
                with contextlib.suppress(OSError):
                    fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._sent = 0
        self._sending = False
        self._closed = threading.Event()
        threading.Thread(target=self._watch, name="loa-sink-watch", daemon=True).start()

    def send(self, pcm: bytes) -> None:
        if self._process.poll() is not None:
            raise OSError(self._why())
        assert self._process.stdin is not None
        self._sent += 1
        self._sending = True
        view = memoryview(pcm)
        try:
            while view:
                view = view[self._process.stdin.write(view) or 0 :]
        except (BrokenPipeError, OSError) as error:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=1)
            raise OSError(self._why()) from error
        finally:
            self._sending = False

    @property
    def made(self) -> IO[bytes]:
        """Whoever reads it closes it."""
        assert self._process.stdout is not None
        return self._process.stdout

    def end(self) -> None:
        """End the program: nothing that it makes can be used any more."""
        self._process.kill()

    def close(self) -> None:
        self._closed.set()
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(timeout=1.5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()

    def _watch(self) -> None:
        """End a program that stopped reading: it would hold the sending thread for ever."""
        seen, looks = -1, 0
        while not self._closed.wait(LOOK_S):
            looks = looks + 1 if self._sending and self._sent == seen else 0
            seen = self._sent
            if looks >= STUCK_LOOKS:
                self._process.kill()
                return

    def _why(self) -> str:
        try:
            self._errors.seek(0)
            lines = [
                line for line in self._errors.read().decode("utf-8", "replace").splitlines() if line.strip()
            ]
        except (OSError, ValueError):
            lines = []
        return lines[-1][:200] if lines else f"exit {self._process.poll()}"


class ProcessOutput(FedOutput):
    """An output behind a program; started again when it ends."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        super().__init__(name)
        self.command = list(command)

    def connect(self) -> ProcessSink:
        return ProcessSink(self.command)


def encoder(*out: str) -> list[str]:
    """ffmpeg that reads house PCM live from standard input and writes `out`, holding back as little as it can."""
    return [
        ffmpeg_path(), "-hide_banner", "-nostats", "-loglevel", "error",
        "-fflags", "nobuffer", "-probesize", "32", "-analyzeduration", "0",
        "-f", "s16le", "-ar", str(RATE_HZ), "-ac", "1", "-i", "pipe:0", "-flush_packets", "1", *out,
    ]  # fmt: skip
