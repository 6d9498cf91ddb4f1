"""Cueing: sound is checked and decoded to local PCM ahead of its time, so that it starts within a block."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from audio.ffmpeg import FfmpegFailedError, FfmpegTimeoutError, file_input, run
from audio.outputs.output import FRAME_BYTES, RATE_HZ
from content.atomic import DiskFullError
from content.errors import LoaError
from content.language import N_
from content.media import MediaStore


class UnplayableError(LoaError):
    """A sound that cannot be decoded."""

    sentence = N_("{path} cannot be played ({reason}): run `loa render` again")


@dataclass(slots=True)
class PcmFile:
    """House PCM in a file; a `Source` of the player."""

    path: Path
    frames: int = 0
    _handle: int | None = None

    def open(self) -> None:
        self._handle = os.open(self.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        self.frames = os.fstat(self._handle).st_size // FRAME_BYTES

    def skip(self, frames: int) -> None:
        """Begin `frames` into the sound."""
        assert self._handle is not None
        os.lseek(self._handle, frames * FRAME_BYTES, os.SEEK_SET)

    def read(self, frames: int) -> bytes:
        """The next PCM, at most `frames`; empty at the end."""
        assert self._handle is not None
        return os.read(self._handle, frames * FRAME_BYTES)

    def close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    @property
    def length_ms(self) -> int:
        return round(self.frames * 1000 / RATE_HZ)


@dataclass(slots=True)
class CueRack:
    """Decoded sounds in `folder`, by the hash of what they were decoded from; the least used go first."""

    folder: Path
    media: MediaStore
    most_mb: int = 2048

    def cue(self, sha256: str, suffix: str) -> PcmFile:
        """The decoded sound of a media file, its content checked against its hash on the first decode.

        Raises:
            MediaMissingError, MediaDamagedError, UnplayableError, FfmpegMissingError, DiskFullError.
        """
        target = self.folder / f"{sha256}.s16"
        if not self.is_cued(sha256):
            source = self.media.find(sha256, suffix, verify=True)
            decode(source, target, durable=True)
            self.prune(keep=target)
        else:
            with contextlib.suppress(OSError):
                os.utime(target)
        return PcmFile(target)

    def is_cued(self, sha256: str) -> bool:
        try:
            return (self.folder / f"{sha256}.s16").stat().st_size > 0
        except OSError:
            return False

    def prune(self, keep: Path | None = None, most_mb: int | None = None) -> None:
        """Delete the sounds used longest ago until the rest fits."""
        limit = (self.most_mb if most_mb is None else most_mb) * 1_000_000
        files: list[tuple[float, int, Path]] = []
        with contextlib.suppress(OSError):
            for path in self.folder.glob("*.s16"):
                stat = path.stat()
                files.append((stat.st_mtime, stat.st_size, path))
        total = sum(size for _at, size, _path in files)
        for _at, size, path in sorted(files):
            if total <= limit:
                break
            if path != keep:
                with contextlib.suppress(OSError):
                    path.unlink()
                    total -= size

    def clear_scraps(self) -> None:
        """Delete what a crash left half-decoded."""
        for path in self.folder.glob(".*.tmp"):
            with contextlib.suppress(OSError):
                path.unlink()


class TooLongSoundError(LoaError):
    """A sound that would hold the air for too long."""

    sentence = N_("{path} is longer than {minutes} minutes: give a shorter sound")


def decode(source: Path, target: Path, *, most_min: int | None = None, durable: bool = False) -> None:
    """Decode `source` to house PCM in `target`, whole or not at all; `durable`, after a power cut, too.

    Raises:
        TooLongSoundError (above `most_min`), UnplayableError, FfmpegMissingError, DiskFullError.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    scrap = target.parent / f".{target.name}.{os.getpid()}.tmp"
    try:
        run(
            [
                *file_input(source),
                "-map",
                "0:a:0",
                "-f",
                "s16le",
                "-ac",
                "1",
                "-ar",
                str(RATE_HZ),
                *([] if most_min is None else ["-t", str(most_min * 60 + 1)]),
                str(scrap),
            ],
            task=f"decode {source.name}",
            timeout_s=600,
        )
        if scrap.stat().st_size < FRAME_BYTES:
            raise UnplayableError(path=source, reason="0 s")
        if most_min is not None and scrap.stat().st_size > most_min * 60 * RATE_HZ * FRAME_BYTES:
            raise TooLongSoundError(path=source, minutes=most_min)
        # Else a power cut can leave the name without the sound, and every later airing would be silent.
        if durable:
            with scrap.open("rb+") as file:
                os.fsync(file.fileno())
        scrap.replace(target)
    except (FfmpegFailedError, FfmpegTimeoutError) as error:
        if "No space left" in str(error):
            raise DiskFullError(path=target) from error
        raise UnplayableError(path=source, reason=error.facts.get("reason", error)) from error
    except OSError as error:
        raise UnplayableError(path=source, reason=error.strerror) from error
    finally:
        with contextlib.suppress(OSError):
            scrap.unlink(missing_ok=True)
