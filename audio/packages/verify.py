"""Check a package whole, with nothing but the package: signature, hashes, completeness."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from audio.packages.archive import CHUNK, ArchiveReader
from audio.packages.checked_json import printable
from audio.packages.errors import (
    FileChangedProblem,
    FileMissingProblem,
    FileUnknownProblem,
    LinkProblem,
    ManifestProblem,
    NotEnoughRoomProblem,
    NotSignedProblem,
    PackageMissingError,
    PackageProblem,
    PackageRefusedError,
    PackagesInsideProblem,
    SignatureProblem,
    TooLargeProblem,
    UnreadableProblem,
    UntrustedSignerProblem,
)
from audio.packages.manifest import (
    LARGEST_MANIFEST,
    LARGEST_OWN,
    MANIFEST,
    OWN,
    SIGNATURE,
    FileEntry,
    Manifest,
    read_manifest,
    split_text,
)
from audio.packages.names import DEEPEST
from audio.packages.signature import KEY_BYTES, SIGNATURE_BYTES, from_text, is_signed
from content import atomic

STAGE = ".incoming-"
"""How the folder is named in which a package waits until it is found good."""
MOST_TOLD = 200
"""So many strange files say enough: a stick may hold a million of them."""
NAME_SURROGATE = 0x20000000
"""The bit of a Windows reparse tag that says: stands for something elsewhere."""
LITTER = frozenset({"desktop.ini", "thumbs.db", ".ds_store"})
"""What file managers leave behind; never read, never taken in."""


@dataclass(slots=True)
class Checked:
    """A package that was looked at whole. `problems` is empty only when nothing at all is wrong."""

    manifest: Manifest | None = None
    manifest_sha256: str = ""
    manifest_bytes: bytes = b""
    signature: bytes = b""
    proved: bool = False
    """True when the signature is the sender's and the sender is trusted, whatever else is wrong."""
    problems: list[PackageProblem] = field(default_factory=list)

    def or_refuse(self, path: Path) -> Manifest:
        """The manifest of a good package.

        Raises:
            PackageRefusedError: with every problem.
        """
        if self.problems or self.manifest is None:
            shown = self.problems[:12]
            raise PackageRefusedError(name=path.name or path.resolve().name or path, problems=shown)
        return self.manifest


def check_head(manifest: bytes, signature: bytes, trusted: Callable[[str], bool] | None = None) -> Checked:
    """Check a manifest and its signature alone, before anything else is fetched."""
    checked = Checked()
    try:
        _head(checked, manifest, signature, trusted)
    except PackageProblem as problem:
        checked.problems.append(problem)
    return checked


def check_package(path: Path, *, trusted: Callable[[str], bool] | None = None) -> Checked:
    """Check the package folder or zip at `path` and keep nothing of it.

    `trusted` says whether a signer's fingerprint is trusted; without it only the signature itself counts.

    Raises:
        PackageMissingError: there is nothing.
    """
    return _look(path, None, trusted)


@contextmanager
def staged_package(
    path: Path, beside: Path, *, trusted: Callable[[str], bool] | None = None, sounds_only: bool = False
) -> Iterator[tuple[Checked, Path]]:
    """Copy the package into a hidden folder within `beside` while it is checked, byte for byte what was checked.

    Yields the findings and the folder; both the folder and all in it are gone afterwards, whatever happens.
    `sounds_only`: a folder that came over the network holds just the sounds, without lists and wall sheet.

    Raises:
        PackageMissingError: there is nothing. content.atomic.DiskFullError, content.atomic.NotWritableError.
    """
    with atomic_folder(beside) as stage:
        yield _look(path, stage, trusted, sounds_only=sounds_only), stage


@contextmanager
def atomic_folder(beside: Path) -> Iterator[Path]:
    """A hidden folder within `beside` that is removed on leaving."""
    try:
        beside.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=STAGE, dir=beside))
    except OSError as error:
        raise atomic.NotWritableError(path=beside, reason=error.strerror or "") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _look(
    path: Path, stage: Path | None, trusted: Callable[[str], bool] | None, *, sounds_only: bool = False
) -> Checked:
    checked = Checked()
    try:
        if path.is_dir():
            _look_at_folder(path, stage, trusted, checked, sounds_only=sounds_only)
        elif path.is_file():
            _look_at_zip(path, stage, trusted, checked)
        else:
            raise PackageMissingError(path=path)
    except PackageProblem as problem:
        checked.problems.append(problem)
    except OSError as error:
        checked.problems.append(UnreadableProblem(reason=error.strerror or type(error).__name__))
    return checked


def _head(
    checked: Checked, content: bytes, signature: bytes, trusted: Callable[[str], bool] | None
) -> Manifest:
    """The manifest, its signature proved before anything else in the package is read."""
    manifest = read_manifest(content)
    checked.manifest, checked.manifest_bytes, checked.signature = manifest, content, signature
    checked.manifest_sha256 = hashlib.sha256(content).hexdigest()
    key = from_text(manifest.sender.public_key, KEY_BYTES)
    if key is None or not is_signed(content, signature, key):
        raise SignatureProblem
    if trusted is not None and not trusted(manifest.sender.fingerprint):
        raise untrusted(manifest)
    checked.proved = True
    return manifest


def untrusted(manifest: Manifest) -> UntrustedSignerProblem:
    """What is told of a signer whom nobody here trusts."""
    return UntrustedSignerProblem(name=manifest.sender.name[:80], fingerprint=manifest.sender.fingerprint)


def _room(stage: Path | None, manifest: Manifest) -> None:
    if stage is None:
        return
    needed = sum(file.size for file in manifest.files)
    free = shutil.disk_usage(stage).free
    if needed + 2**24 > free:
        raise NotEnoughRoomProblem(needed_mb=needed // 2**20 + 16, free_mb=free // 2**20)


def _look_at_folder(
    folder: Path,
    stage: Path | None,
    trusted: Callable[[str], bool] | None,
    checked: Checked,
    *,
    sounds_only: bool = False,
) -> None:
    if not (folder / MANIFEST).exists() and (inside := _packages_in(folder)):
        raise PackagesInsideProblem(names=inside)
    shared = _small(folder, MANIFEST, LARGEST_MANIFEST)
    content = _small(folder, OWN, LARGEST_OWN) + shared
    signature = _small(folder, SIGNATURE, SIGNATURE_BYTES)
    manifest = _head(checked, content, signature, trusted)
    if split_text(content)[1] != shared:
        raise ManifestProblem(where=OWN)
    _room(stage, manifest)
    listed = {file.path for file in manifest.files}
    for found, is_plain in _everything_in(folder):
        if not is_plain:
            checked.problems.append(LinkProblem(path=printable(found)))
        elif found not in listed and found not in {MANIFEST, OWN, SIGNATURE} and not is_litter(found):
            checked.problems.append(FileUnknownProblem(path=printable(found)))
        if len(checked.problems) >= MOST_TOLD:
            return
    if any(isinstance(problem, LinkProblem) for problem in checked.problems):
        return
    sounds = {entry.path for entry in manifest.audio}
    for file in manifest.files:
        source = folder / file.path
        if sounds_only and file.path not in sounds:
            continue
        if not source.is_file():
            checked.problems.append(FileMissingProblem(path=file.path))
        elif source.stat().st_size != file.size or not _is_file_of(file, _read(source), stage):
            checked.problems.append(FileChangedProblem(path=file.path))


def _look_at_zip(
    path: Path, stage: Path | None, trusted: Callable[[str], bool] | None, checked: Checked
) -> None:
    with path.open("rb") as source:
        reader = ArchiveReader(source)
        content, signature = reader.head()
        manifest = _head(checked, content, signature, trusted)
        _room(stage, manifest)
        listed = {file.path: file for file in manifest.files}

        def take(name: str, chunks: Iterator[bytes]) -> None:
            if not _is_file_of(listed[name], chunks, stage):
                checked.problems.append(FileChangedProblem(path=name))

        reader.files(manifest, take)


def _everything_in(folder: Path) -> Iterator[tuple[str, bool]]:
    """Every entry below `folder` that is no folder, with whether it is a plain file; links are never followed.

    A folder that is deeper than any file of a package stands for all that it holds.
    """
    left = [(folder, "")]
    while left:
        here, prefix = left.pop()
        for entry in here.iterdir():
            found, mode = f"{prefix}{entry.name}", entry.lstat().st_mode
            is_folder = stat.S_ISDIR(mode) and not _is_junction(entry)
            if is_folder and found.count("/") < DEEPEST - 1:
                left.append((entry, f"{found}/"))
            else:
                yield found, is_folder or stat.S_ISREG(mode)


def _is_junction(path: Path) -> bool:
    """A Windows junction looks like a folder to `lstat`; so does a folder that OneDrive keeps, which is none."""
    return bool(getattr(os.lstat(path), "st_reparse_tag", 0) & NAME_SURROGATE)


def is_litter(path: str) -> bool:
    """Whether a file of that name is what file managers leave behind."""
    name = path.rpartition("/")[2].lower()
    return name in LITTER or name.startswith("._")


def _packages_in(folder: Path) -> list[str]:
    """What a stick holds, where its root was named instead of one of its packages."""
    found = sorted(
        entry.name for entry in folder.iterdir()
        if (entry / MANIFEST).is_file() or (entry.name.startswith("LOA-") and entry.suffix == ".zip")
    )  # fmt: skip
    return found[:20]


def _small(folder: Path, name: str, limit: int) -> bytes:
    path = folder / name
    if path.is_symlink() or not path.is_file():
        raise NotSignedProblem(file=name)
    size = path.stat().st_size
    if size > limit:
        raise TooLargeProblem(what=name, size=size, limit=limit)
    return path.read_bytes()


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        while chunk := source.read(CHUNK):
            yield chunk


def _is_file_of(file: FileEntry, chunks: Iterator[bytes], stage: Path | None) -> bool:
    """Whether `chunks` are the file that was listed; they are kept in `stage` under their hash as they are read."""
    digest = hashlib.sha256()
    size = 0
    if stage is None:
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
        return (digest.hexdigest(), size) == (file.sha256, file.size)
    target = stage / f"{file.sha256}.part"
    try:
        with target.open("wb") as kept:
            for chunk in chunks:
                size += len(chunk)
                if size > file.size:
                    return False
                digest.update(chunk)
                kept.write(chunk)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise atomic.told_of(error, target.parent) from error
        raise
    if (digest.hexdigest(), size) != (file.sha256, file.size):
        return False
    target.replace(stage / file.sha256)
    return True
