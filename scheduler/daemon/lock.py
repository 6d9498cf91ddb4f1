"""One daemon a station: a lock that the operating system lets go when its holder dies, and that names it."""

from __future__ import annotations

import json
import os
import platform
import sys
from contextlib import suppress
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from content.errors import LoaError
from content.language import N_

_FAR = 1 << 30  # Windows locks bytes: one far behind the text, so that others can still read who holds it


class AlreadyRunningError(LoaError):
    """A second daemon on one station."""

    sentence = N_(
        "this station is already on the air: process {pid} on {host} since {since}; stop it first, or look at `loa now`"
    )


class StationLock:
    """Held from `take` to `release`, or until the process ends in whatever way."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | FileIO | None = None

    def take(self, **facts: Any) -> None:
        """Take the lock and write who holds it.

        Raises:
            AlreadyRunningError: another living process holds it.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        for left in range(
            100, -1, -1
        ):  # a file system that numbers a file in two ways must not hold us for ever
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
            file = os.fdopen(handle, "r+b", buffering=0)
            held = _lock(file)
            if not held or left == 0 or self._is(file):
                break
            file.close()  # its last holder took the file away meanwhile: this lock keeps nobody out
        if not held:
            file.close()
            holder = self.holder() or {}
            raise AlreadyRunningError(
                pid=holder.get("pid", "?"), host=holder.get("host", "?"), since=_told(holder.get("since"))
            )
        about = {
            "pid": os.getpid(),
            "host": platform.node(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
            **facts,
        }
        self._file = file
        with suppress(OSError):  # a full disk: nobody can read who holds it, but it is held
            file.seek(0)
            file.truncate()
            file.write(json.dumps(about).encode())

    def _is(self, file: FileIO) -> bool:
        """Whether the file of this lock is still the one that was opened."""
        try:
            return self.path.stat().st_ino == os.fstat(file.fileno()).st_ino
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Let go."""
        if self._file is not None:
            with suppress(OSError):
                self._file.seek(0)
                self._file.truncate()
            _unlock(self._file)
            self._file.close()
            self._file = None

    def holder(self) -> dict[str, Any] | None:
        """Who wrote the lock file last: {pid, host, since, …}; None when nobody."""
        try:
            about = json.loads(self.path.read_bytes() or b"null")
        except (OSError, ValueError):
            return None
        return about if isinstance(about, dict) else None

    def is_held(self) -> bool:
        """True while a living process, this one or another, holds the lock."""
        if self._file is not None:
            return True
        if not self.path.exists():
            return False
        with self.path.open("r+b") as file:
            if not _lock(file):
                return True
            _unlock(file)
        return False

    def __enter__(self) -> StationLock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _told(since: object) -> str:
    """The instant as people here write it."""
    try:
        return f"{datetime.fromisoformat(str(since)).astimezone():%d/%m/%Y %H:%M:%S}"
    except ValueError:
        return "?"


if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO | FileIO) -> bool:
        file.seek(_FAR)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(file: BinaryIO | FileIO) -> None:
        file.seek(_FAR)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(file: BinaryIO | FileIO) -> bool:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _unlock(file: BinaryIO | FileIO) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_UN)
