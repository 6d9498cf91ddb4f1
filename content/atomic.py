"""Files that are either whole or not there: temporary file, fsync, rename."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from content.errors import LoaError
from content.language import N_
from content.os_errors import why


class DiskFullError(LoaError):
    """No room was left for a file; nothing of it remains."""

    sentence = N_("no space left to write {path}: free some disk space and run the same command again")


class NotWritableError(LoaError):
    """A file could not be written; nothing of it remains."""

    sentence = N_("cannot write {path} ({reason}): check that the folder exists and that you may write there")


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; on leaving without error it becomes `path`, synced to disk.

    Raises:
        DiskFullError: no space; NotWritableError: no such folder, no right to write, or `path` is a folder, a
        device or a pipe. In both cases, and on any other error inside the block, an earlier `path` stays as it was.
    """
    try:
        if path.exists() and not path.is_file():
            raise NotWritableError(path=path, reason=N_("it is no ordinary file"))
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=".tmp", dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise told_of(error, path) from error
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise told_of(error, path) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path`, whole or not at all. Raises as `replacing` does."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write `content` to `path` as UTF-8 with LF line ends, whole or not at all."""
    write_bytes(path, content.encode("utf-8"))


def sha256_of(path: Path) -> str:
    """The SHA-256 of the file's bytes, lower-case hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """Make what was renamed, made or removed in it durable, where the system lets a folder be opened (not on Windows)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network folders cannot
            raise
    finally:
        os.close(handle)


def told_of(error: OSError, path: Path) -> LoaError:
    """The sentence for what the system said while writing `path`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT if hasattr(errno, "EDQUOT") else errno.ENOSPC):
        return DiskFullError(path=path)
    return NotWritableError(path=path, reason=why(error))
