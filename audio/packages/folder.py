"""Write a package into a folder so that it is whole or plainly unfinished, and touch only what changed.

The signature comes last: a folder that was cut off half-way has none and nobody will accept it. What the folder held
before and is not part of the new package is taken away where an earlier export put it there; a stranger's files stop
the export before anything is written.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from stat import S_ISREG

from audio.packages.archive import ArchiveReader
from audio.packages.errors import FolderTakenError, PackageProblem
from audio.packages.manifest import MANIFEST, OWN, SIGNATURE, split_text
from audio.packages.names import is_safe_path
from audio.packages.outline import outline_of
from audio.packages.verify import is_litter
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
        try:
            if earlier is not None and _linked(earlier, target):
                written.linked += 1
            else:
                written.bytes_copied += _copied(source, target)
                self.at[sha256] = target
        except OSError as error:
            raise atomic.told_of(error, target) from error
        written.files += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The package that stands in a folder, only for comparing with what will be written there; it proves nothing.

    `files` is path → (SHA-256, size); sizes of -1 come from an export that was cut off.
    """

    files: Mapping[str, tuple[str, int]]
    text: bytes = b""
    """The manifest's signed text, where it is signed."""
    signature: bytes = b""
    """As it stands there; whose it is, only who holds the key knows."""
    revision: int | None = None
    made_at: str = ""
    sheet_of: str = ""


def names_in(folder: Path) -> set[str]:
    """The names in a folder that a package may be written into; a look at names alone.

    Raises:
        FolderTakenError: something else than a package is there.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise FolderTakenError(path=folder)
    entries = list(os.scandir(folder)) if folder.exists() else []
    names = {entry.name for entry in entries if not is_litter(entry.name)}
    if any(entry.is_symlink() for entry in entries):
        raise FolderTakenError(path=folder)
    if names and WRITING not in names and not {MANIFEST, OWN} <= names:
        raise FolderTakenError(path=folder)
    return names


def standing_in(folder: Path) -> Standing:
    """What stands in `folder`.

    Raises:
        FolderTakenError: something else than a package.
    """
    names = names_in(folder)
    if not names:
        return Standing(files={})
    is_whole = {MANIFEST, OWN} <= names
    text = (folder / OWN).read_bytes() + (folder / MANIFEST).read_bytes() if is_whole else b""
    found = _standing_of(text)
    if WRITING in names:
        # The list itself may be torn; until it is whole, the manifest that names the earlier files stands.
        ours = (folder / WRITING).read_text("utf-8", errors="replace").splitlines()
        return Standing(files=dict.fromkeys([*ours, *(found.files if found else ())], ("", -1)))
    if found is None:
        raise FolderTakenError(path=folder)
    if SIGNATURE not in names:
        return replace(found, text=b"")
    return replace(found, signature=(folder / SIGNATURE).read_bytes())


def standing_as_zip(path: Path) -> Standing:
    """What stands in the zip at `path`; nothing where there is none, or one that is no package any more."""
    try:
        with path.open("rb") as source:
            text, signature = ArchiveReader(source).head()
    except (OSError, PackageProblem):
        return Standing(files={})
    return replace(_standing_of(text) or Standing(files={}), signature=signature)


def _standing_of(text: bytes) -> Standing | None:
    outline = outline_of(text)
    if outline is None:
        return None
    try:
        files = outline.files()
    except ValueError:
        return None
    return Standing(
        files=files, text=text, revision=outline.revision, made_at=outline.made_at, sheet_of=outline.sheet_of
    )


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
    old = {path: held for path, held in old.items() if path in files or is_safe_path(path)}
    moving = _moved(files, old)
    ours = sorted({*old, *files, *moving.values()})
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / WRITING).write_text("\n".join(ours), "utf-8")
        if to_disk:
            _sync(folder, [WRITING])
        for name in (SIGNATURE, OWN, MANIFEST):
            _unlink(folder / name)
        for path, aside in moving.items():
            with contextlib.suppress(FileNotFoundError):
                (folder / path).replace(folder / aside)
        for path in old.keys() - files.keys() - moving.keys():
            if not (folder / path).is_dir():
                _unlink(folder / path)
                written.removed += 1
    except OSError as error:
        raise atomic.told_of(error, folder) from error
    aside_at = {old[path][0]: folder / aside for path, aside in moving.items()}
    for path, (sha256, size, source) in files.items():
        if stands(f"{folder}/{path}", old.get(path), sha256, size, thorough=to_disk):
            if sha256 not in shelf.at:
                shelf.at[sha256] = folder / path
        elif _put_back(aside_at.pop(sha256, None), folder / path, sha256, size):
            shelf.at.setdefault(sha256, folder / path)
        elif source is not None:
            shelf.put(folder / path, sha256, source, written)
    for leftover in aside_at.values():
        _unlink(leftover)
    try:
        own, shared = split_text(manifest)
        shelf.put(folder / MANIFEST, hashlib.sha256(shared).hexdigest(), shared, written)
        (folder / OWN).write_bytes(own)
        if to_disk:
            _sync(folder, [*files, MANIFEST, OWN])
            for place in {folder.parent, folder, *((folder / path).parent for path in files)}:
                atomic.sync_folder(place)
        (folder / SIGNATURE).write_bytes(signature)
        if to_disk:
            _sync(folder, [SIGNATURE])
        if written.removed or moving:
            _without_empty_folders(folder)
        _unlink(folder / WRITING)
        if to_disk:
            atomic.sync_folder(folder)
    except OSError as error:
        raise atomic.told_of(error, folder) from error
    written.files += 2
    written.bytes_copied += len(own) + len(signature)
    return written


def _moved(
    files: Mapping[str, tuple[str, int, Path | bytes | None]], old: Mapping[str, tuple[str, int]]
) -> dict[str, str]:
    """Old path → where it waits, for content that the new package wants under another name: sticks are slow."""
    wanted = {sha256 for path, (sha256, _size, _source) in files.items() if old.get(path, ("",))[0] != sha256}
    moving: dict[str, str] = {}
    taken: set[str] = set()
    for path, (sha256, _size) in old.items():
        stays = path in files and files[path][0] == sha256
        if sha256 in wanted and sha256 not in taken and not stays:
            moving[path] = f"moving-{sha256}.tmp"
            taken.add(sha256)
    return moving


def _put_back(aside: Path | None, target: Path, sha256: str, size: int) -> bool:
    if aside is None:
        return False
    try:
        if aside.stat().st_size != size or atomic.sha256_of(aside) != sha256:
            _unlink(aside)
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        aside.replace(target)
    except OSError:
        return False
    return True


def stands(target: str, before: tuple[str, int] | None, sha256: str, size: int, *, thorough: bool) -> bool:
    """Whether the file is there: by size where the earlier manifest listed it so; by content after a cut-off, and
    on a stick."""
    if before is None:
        return False
    try:
        stat = os.lstat(target)
        if stat.st_size != size or not S_ISREG(stat.st_mode):
            return False
        if before == (sha256, size) and not thorough:
            return True
        return before[0] in ("", sha256) and atomic.sha256_of(Path(target)) == sha256
    except OSError:
        return False


def _linked(earlier: Path, target: Path) -> bool:
    """The folder has no signature now, so the old file may go before the new one comes."""
    for _turn in range(2):
        try:
            os.link(earlier, target)
            return True
        except FileExistsError:
            _unlink(target)
        except FileNotFoundError:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError:
            return False
    return False


def _copied(source: Path | bytes, target: Path) -> int:
    """Write a file that shares nothing with what stood under that name; its size."""
    target.parent.mkdir(parents=True, exist_ok=True)
    _unlink(target)
    if isinstance(source, bytes):
        target.write_bytes(source)
    else:
        shutil.copyfile(source, target)
    return target.stat().st_size


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
