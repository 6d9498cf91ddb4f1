"""The one door to ffmpeg: found, called with argument lists, limited to local files, time and size.

No shell, no network protocols, no playlist formats: a file that a stranger sent can neither make
ffmpeg fetch an address nor open another file of this machine.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO

from content import atomic
from content.errors import LoaError
from content.language import N_

DEMUXERS = "wav,w64,mp3,mov,mp4,m4a,3gp,ogg,flac,aac,amr,amrnb,amrwb,matroska,webm,aiff,caf,asf,s16le,f32le"
"""Containers that staff or voices supply; playlists, images, subtitles and device formats are not among them."""

PLAIN_ARITHMETIC = ("-cpuflags", "0")
"""No instructions that only some processors have: with them, a few samples in a hundred thousand come out one step apart.
Costs nothing to speak of (the resampler's share of an assembly is small)."""

NO_STREAM = "no sound stream"
"""The reason of a NotAudioError for a file that is whole and holds pictures or data only."""

_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)


class FfmpegMissingError(LoaError):
    """No ffmpeg on this machine."""

    sentence = N_(
        "ffmpeg was not found ({reason}): install the package imageio-ffmpeg, or name a program in LOA_FFMPEG"
    )


class FfmpegFailedError(LoaError):
    """ffmpeg ended with an error."""

    sentence = N_("ffmpeg could not {task}: {reason}")


class FfmpegTimeoutError(LoaError):
    """ffmpeg took longer than allowed."""

    sentence = N_("ffmpeg did not finish to {task} within {timeout_s} s: the file is too long or damaged")


class NotAudioError(LoaError):
    """A file holds no sound that can be read."""

    sentence = N_(
        "{path} holds no sound that can be read ({reason}): supply a wav, mp3, m4a, ogg or flac file"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What the header of a sound file claims; `length_ms` is a claim too, None where it makes none.

    A length that ffmpeg reckons from the size of the file and the rate of its first frames is no claim: of a
    recording that begins quietly it is many times too long.
    """

    container: str
    codec: str
    sample_rate_hz: int
    channels: int
    length_ms: int | None
    has_video: bool


@lru_cache(maxsize=1)
def _found(override: str) -> str:
    if override:
        path = shutil.which(override)
        if path is None:
            raise FfmpegMissingError(reason=f"LOA_FFMPEG={override}")
        return path
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:
        path = shutil.which("ffmpeg")
        if path is None:
            raise FfmpegMissingError(reason=str(error)) from error
        return path


def ffmpeg_path() -> str:
    """The ffmpeg program: LOA_FFMPEG, else the one of imageio-ffmpeg, else the system's.

    Raises:
        FfmpegMissingError: none is there.
    """
    return _found(os.environ.get("LOA_FFMPEG", ""))


def file_input(path: Path, *options: str) -> list[str]:
    """Arguments that read the local file `path`, and nothing else, as an input."""
    return [
        *options, "-protocol_whitelist", "file,pipe", "-format_whitelist", DEMUXERS,
        "-i", f"file:{path.resolve()}",
    ]  # fmt: skip


def wav_input(*, max_bytes: int) -> list[str]:
    """Arguments that read a WAV of unknown length from standard input, `max_bytes` at a time."""
    return [
        "-protocol_whitelist", "file,pipe", "-f", "wav", "-ignore_length", "1", "-max_size", str(max_bytes), "-i", "pipe:0",
    ]  # fmt: skip


def file_output(path: Path, *options: str, max_bytes: int) -> list[str]:
    """Arguments that write the local file `path`, which is cut at `max_bytes`."""
    return [*options, "-fs", str(max_bytes), f"file:{path.resolve()}"]


def run(arguments: Sequence[str], *, task: str, timeout_s: float, feed: bytes | None = None) -> str:
    """Run ffmpeg to its end; its messages.

    Args:
        arguments: everything after the program and the house options.
        task: an English verb phrase for the error, such as "read tin.mp3".
        feed: bytes for standard input.

    Raises:
        FfmpegFailedError, FfmpegTimeoutError, FfmpegMissingError, atomic.DiskFullError.
    """
    with running(arguments, task=task, timeout_s=timeout_s, wants_feed=feed is not None) as process:
        if feed is not None:
            process.write(feed)
    return process.messages


def output_of(arguments: Sequence[str], *, task: str, timeout_s: float, max_bytes: int) -> bytes:
    """Run ffmpeg with standard output read into memory, at most `max_bytes`. Raises as `run` does."""
    command = _command(arguments)
    with tempfile.TemporaryFile() as errors:
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
                timeout=timeout_s, check=False, creationflags=_NO_WINDOW,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise FfmpegTimeoutError(task=task, timeout_s=round(timeout_s)) from error
        if done.returncode:
            raise FfmpegFailedError(task=task, reason=_reason(_read_tail(errors)))
    return done.stdout[:max_bytes]


class Running:
    """An ffmpeg at work: `write` feeds it; afterwards `messages` holds what it said."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.messages = ""
        self._broken = False

    def kill(self) -> None:
        """Stop it at once; the block that runs it ends with FfmpegFailedError."""
        self.process.kill()

    def write(self, data: bytes | memoryview) -> None:
        """Feed standard input; once ffmpeg has stopped reading, what follows is dropped (its exit code tells why)."""
        if self._broken or self.process.stdin is None:
            return
        try:
            self.process.stdin.write(data)
        except OSError:
            self._broken = True

    def end_feed(self) -> None:
        """Tell ffmpeg that nothing more comes."""
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()

    def read(self, most_bytes: int) -> bytes:
        """Up to `most_bytes` of standard output, waiting until they are there or it ends."""
        return self.process.stdout.read(most_bytes) if self.process.stdout is not None else b""

    def au_channels(self) -> int:
        """Read the head of an AU stream, up to its first sample: how many channels it has, 0 where nothing came."""
        head = self.read(24)
        if len(head) < 24:
            return 0
        offset, channels = struct.unpack(">4xI12xI", head)
        self.read(offset - 24)
        return int(channels)


@contextlib.contextmanager
def running(
    arguments: Sequence[str],
    *,
    task: str,
    timeout_s: float,
    wants_feed: bool = False,
    wants_output: bool = False,
) -> Iterator[Running]:
    """ffmpeg, fed while the block runs and waited for at its end; killed when the block is left by an error.

    Raises:
        FfmpegFailedError, FfmpegTimeoutError, FfmpegMissingError, atomic.DiskFullError.
    """
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            _command(arguments),
            stdin=subprocess.PIPE if wants_feed else subprocess.DEVNULL,
            stdout=subprocess.PIPE if wants_output else subprocess.DEVNULL,
            stderr=errors,
            creationflags=_NO_WINDOW,
        )
        late = threading.Event()

        def stop() -> None:
            late.set()
            process.kill()

        watchdog = threading.Timer(timeout_s, stop)
        watchdog.daemon = True
        watchdog.start()
        handle = Running(process)
        try:
            yield handle
            handle.end_feed()
            process.wait()
        finally:
            watchdog.cancel()
            if process.poll() is None:
                process.kill()
            handle.end_feed()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        handle.messages = _read_tail(errors)
        if late.is_set():
            raise FfmpegTimeoutError(task=task, timeout_s=round(timeout_s))
        if process.returncode:
            raise _failure(task, handle.messages, arguments)


def _failure(task: str, said: str, arguments: Sequence[str]) -> LoaError:
    """Why ffmpeg failed: a disk that is full is no fault of the sound."""
    files = [argument for argument in arguments if argument.startswith("file:")]
    if os.strerror(errno.ENOSPC) in said and files:
        return atomic.DiskFullError(path=Path(files[-1].removeprefix("file:")))
    return FfmpegFailedError(task=task, reason=_reason(said))


def probe(path: Path, container: str | None = None) -> Probe:
    """What the header of `path` claims about its first sound stream; 20 ms, without ffprobe.

    Args:
        container: ffmpeg's name of the format to read it as, where it shall not guess.

    Raises:
        NotAudioError: no sound stream in a container that we read.
    """
    if not path.is_file() or path.stat().st_size == 0:
        raise NotAudioError(path=path.name, reason="0 bytes" if path.is_file() else "no such file")
    try:
        # An output is named only so that ffmpeg ends well; nothing is decoded (-t 0).
        said = run(
            [
                *file_input(path, *(("-f", container) if container else ())),
                "-map",
                "0:a:0",
                "-t",
                "0",
                "-c",
                "copy",
                "-f",
                "null",
                "-",
            ],
            task=f"read {path.name}",
            timeout_s=20,
        )
    except FfmpegFailedError as error:
        reason = str(error.facts["reason"])
        raise NotAudioError(
            path=path.name, reason=NO_STREAM if "matches no streams" in reason else reason
        ) from error
    except FfmpegTimeoutError as error:
        raise NotAudioError(path=path.name, reason="timeout") from error
    return _parse_probe(said, path)


_STREAM = re.compile(r"Stream #0:\d+.*?: Audio: (?P<codec>\w+).*?, (?P<rate>\d+) Hz, (?P<layout>[^,\n]+)")
_LAYOUTS = {"mono": 1, "stereo": 2, "quad": 4, "5.0": 5, "5.1": 6, "7.1": 8}


def _parse_probe(said: str, path: Path) -> Probe:
    header = said.partition("Output #0")[0]
    stream = _STREAM.search(header)
    if stream is None:
        raise NotAudioError(path=path.name, reason=NO_STREAM)
    container = re.search(r"Input #0, ([^ ]+), from", header)
    length = re.search(r"Duration: (\d+):(\d\d):(\d\d)\.(\d\d)", header)
    if container and container[1] != "asf" and "Estimating duration from bitrate" in header:
        length = None  # of a cut ASF (WMA), whose rate is constant, the reckoning is all that tells
    layout = stream["layout"].split("(")[0].strip()
    numbered = re.match(r"(\d+) channels", layout)
    return Probe(
        container=container[1] if container else "",
        codec=stream["codec"],
        sample_rate_hz=int(stream["rate"]),
        channels=int(numbered[1]) if numbered else _LAYOUTS.get(layout, 2),
        length_ms=_ms(length) if length else None,
        has_video=bool(re.search(r"Stream #0:\d+.*?: Video: (?!.*attached pic)", header)),
    )


def _ms(match: re.Match[str]) -> int:
    hours, minutes, seconds, hundredths = (int(part) for part in match.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + hundredths * 10


def _command(arguments: Sequence[str]) -> list[str]:
    return [ffmpeg_path(), "-hide_banner", "-nostdin", "-nostats", "-y", *arguments]


def _read_tail(stream: IO[bytes], most: int = 65_536) -> str:
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - most))
    return stream.read().decode("utf-8", errors="replace")


def _reason(said: str) -> str:
    """The line of ffmpeg's messages that names the fault, without the address in memory that it prints."""
    lines = [re.sub(r"^(\[[^\]]*\]\s*)+", "", line).strip() for line in said.splitlines() if line.strip()]
    telling = [
        line for line in lines
        if re.search(r"invalid|error|not |no |fail|unknown|unable|could", line, re.IGNORECASE)
        and not re.match(r"conversion failed|error opening (input|output) files?|nothing was written", line, re.IGNORECASE)
    ]  # fmt: skip
    chosen = telling[0] if telling else (lines[-1] if lines else sys.platform)
    return chosen[:200]


def version() -> str:
    """ffmpeg's own first line. Raises FfmpegMissingError."""
    done = subprocess.run(
        [ffmpeg_path(), "-version"], capture_output=True, timeout=20, check=False, creationflags=_NO_WINDOW
    )
    return done.stdout.decode("utf-8", errors="replace").partition("\n")[0].strip()


def decoded(content: bytes, container: str, rate_hz: int, *, most_s: int = 120) -> bytes:
    """The first sound stream of `content` (a file in memory, of that container) as mono 16-bit PCM.

    Raises:
        FfmpegFailedError, FfmpegTimeoutError.
    """
    task = "decode a reply"
    try:
        done = subprocess.run(
            _command([
                "-protocol_whitelist", "pipe", "-f", container, "-i", "pipe:0", "-map", "0:a:0",
                "-t", str(most_s), "-f", "s16le", "-ac", "1", "-ar", str(rate_hz), "pipe:1",
            ]),
            input=content, capture_output=True, timeout=60, check=False, creationflags=_NO_WINDOW,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise FfmpegTimeoutError(task=task, timeout_s=60) from error
    if done.returncode or not done.stdout:
        raise FfmpegFailedError(task=task, reason=_reason(done.stderr.decode(errors="replace")))
    return done.stdout
