"""Write a package into a folder so that it is whole or plainly unfinished, and touch only what changed.

The signature comes last: a folder that was cut off half-way has none and nobody will accept it. What the folder held
before and is not part of the new package is taken away where an earlier export put it there; a stranger's files stop
the export before anything is written.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from audio.packages.errors import FolderTakenError
from audio.packages.manifest import MANIFEST, SIGNATURE
from audio.packages.names import is_safe_path
from content import atomic

WRITING = ".loa-writing"
"""Present while a package is being written: one path a line, all that is ours in this folder."""


@dataclass(slots=True)
class Written:
    """What one export did to a folder."""

    files: int = 0
    bytes_copied: int = 0
    linked: int = 0
    removed: int = 0


class Shelf:
    """Where a content has been written already in this export, so that the next folder links instead of copying."""

    def __init__(self, *, link: bool) -> None:
        self.link = link
        self.at: dict[str, Path] = {}

    def put(self, target: Path, sha256: str, source: Path | bytes, written: Written) -> None:
        """Make `target` hold `source`: linked where the disk can, else copied, and never half."""
        earlier = self.at.get(sha256) if self.link else None
        temporary = target.with_name(f".{target.name}.tmp")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _unlink(temporary)
            if earlier is not None and _linked(earlier, temporary):
                written.linked += 1
            else:
                if isinstance(source, bytes):
                    temporary.write_bytes(source)
                else:
                    shutil.copyfile(source, temporary)
                written.bytes_copied += temporary.stat().st_size
                self.at[sha256] = target
            temporary.replace(target)
        except OSError as error:
            with contextlib.suppress(OSError):
                _unlink(temporary)
            raise atomic.told_of(error, target) from error
        written.files += 1


def old_listing(folder: Path) -> dict[str, tuple[str, int]]:
    """path → (SHA-256, size) of the package that stands in `folder`, as its checksums say; empty for none.

    Only for comparing with what will be written there; it proves nothing.

    Raises:
        FolderTakenError: the folder holds something else.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise FolderTakenError(path=folder)
    if not folder.exists() or not any(folder.iterdir()):
        return {}
    if any(entry.is_symlink() for entry in folder.iterdir()):
        raise FolderTakenError(path=folder)
    if (folder / WRITING).is_file():
        ours = (folder / WRITING).read_text("utf-8", errors="replace").splitlines()
        listing = dict.fromkeys(ours, ("", -1))
    elif (folder / MANIFEST).is_file():
        listing = _listing_in((folder / MANIFEST).read_bytes())
    else:
        raise FolderTakenError(path=folder)
    return {path: held for path, held in listing.items() if is_safe_path(path)}


def _listing_in(manifest: bytes) -> dict[str, tuple[str, int]]:
    try:
        files = json.loads(manifest)["files"]
        return {str(file["path"]): (file["sha256"], file["size"]) for file in files}
    except (ValueError, KeyError, TypeError):
        return {}


def write_folder(
    folder: Path,
    manifest: bytes,
    signature: bytes,
    files: Mapping[str, tuple[str, int, Path | bytes | None]],
    old: Mapping[str, tuple[str, int]],
    shelf: Shelf,
    *,
    to_disk: bool = False,
) -> Written:
    """Bring `folder` to exactly this package; `files` is path → (SHA-256, size, source).

    A source of None says that the file stands there already, as `old` lists it. `to_disk` waits until all of it
    is on the medium (for sticks that are pulled out at once).

    Raises:
        content.atomic.DiskFullError, content.atomic.NotWritableError.
    """
    written = Written()
    ours = sorted({*old, *files})
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / WRITING).write_text("\n".join(ours), "utf-8")
        for name in (SIGNATURE, MANIFEST):
            _unlink(folder / name)
        for path in old.keys() - files.keys():
            _unlink(folder / path)
            written.removed += 1
    except OSError as error:
        raise atomic.told_of(error, folder) from error
    for path, (sha256, size, source) in files.items():
        target = folder / path
        if _stands(target, old.get(path), sha256, size):
            shelf.at.setdefault(sha256, target)
        elif source is not None:
            shelf.put(target, sha256, source, written)
    try:
        (folder / MANIFEST).write_bytes(manifest)
        if to_disk:
            _sync(folder, [*files, MANIFEST])
        (folder / SIGNATURE).write_bytes(signature)
        if to_disk:
            _sync(folder, [SIGNATURE])
        _unlink(folder / WRITING)
        _without_empty_folders(folder)
    except OSError as error:
        raise atomic.told_of(error, folder) from error
    written.files += 2
    written.bytes_copied += len(manifest) + len(signature)
    return written


def _stands(target: Path, before: tuple[str, int] | None, sha256: str, size: int) -> bool:
    """Whether the file is there: by size where the earlier manifest listed it so, by content after a cut-off."""
    if before is None:
        return False
    try:
        if target.is_symlink() or target.stat().st_size != size:
            return False
    except OSError:
        return False
    return before == (sha256, size) or (before == ("", -1) and atomic.sha256_of(target) == sha256)


def _linked(earlier: Path, target: Path) -> bool:
    try:
        os.link(earlier, target)
    except OSError:
        return False
    return True


def _unlink(path: Path) -> None:
    path.unlink(missing_ok=True)


def _sync(folder: Path, paths: list[str]) -> None:
    for path in paths:
        with (folder / path).open("rb+") as stream:
            os.fsync(stream.fileno())


def _without_empty_folders(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            with contextlib.suppress(OSError):
                entry.rmdir()
