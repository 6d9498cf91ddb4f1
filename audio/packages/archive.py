"""Packages as one .zip file, written and read in one exact form.

Any unzip program opens it. Loa itself reads it the strict way: every byte between the files must be the byte that
Loa would have written for that manifest. So there is nothing to unpack that could grow, no name that could climb out
of the folder, no link, no second entry of the same name, nothing in front, between or behind.

The form (PKWARE APPNOTE 6.3): entries stored without compression in the order station.json, manifest.json, signature,
then the manifest's files; dates 1 January 1980; no extra fields, no comments; central directory and end record at the
end; no ZIP64.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from audio.packages.errors import ArchiveProblem, TooLargeProblem
from audio.packages.manifest import (
    LARGEST_MANIFEST,
    LARGEST_OWN,
    MANIFEST,
    OWN,
    SIGNATURE,
    Manifest,
    split_text,
)
from audio.packages.signature import SIGNATURE_BYTES

LARGEST_ZIP: Final = 2**32 - 2**20
CHUNK: Final = 1 << 18
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
_END: Final = struct.Struct("<4s4H2LH")
_DATE: Final = 0x0021
_MODE: Final = 0o100644 << 16


def _local(name: str, crc: int, size: int) -> bytes:
    raw = name.encode("ascii")
    return _LOCAL.pack(b"PK\x03\x04", 20, 0, 0, 0, _DATE, crc, size, size, len(raw), 0) + raw


def _central(name: str, crc: int, size: int, offset: int) -> bytes:
    raw = name.encode("ascii")
    return (
        _CENTRAL.pack(
            b"PK\x01\x02", 0x0314, 20, 0, 0, 0, _DATE, crc, size, size, len(raw), 0, 0, 0, 0, _MODE, offset
        )
        + raw
    )


def _end(count: int, size: int, offset: int) -> bytes:
    return _END.pack(b"PK\x05\x06", 0, 0, count, count, size, offset, 0)


def write_archive(target: BinaryIO, files: list[tuple[str, Path | bytes]]) -> None:
    """Write `files` (name, source file or content) in that order; the caller passes both texts and the signature first.

    Raises:
        TooLargeProblem: beyond what a zip without extensions holds; a folder has no such limit.
    """
    total = sum(len(held) if isinstance(held, bytes) else held.stat().st_size for _name, held in files)
    if total > LARGEST_ZIP:
        raise TooLargeProblem(what="zip", size=total, limit=LARGEST_ZIP)
    directory = bytearray()
    offset = 0
    for name, held in files:
        crc = size = 0
        for chunk in _chunks(held):
            crc, size = zlib.crc32(chunk, crc), size + len(chunk)
        header = _local(name, crc, size)
        target.write(header)
        for chunk in _chunks(held):
            target.write(chunk)
        directory += _central(name, crc, size, offset)
        offset += len(header) + size
    target.write(directory)
    target.write(_end(len(files), len(directory), offset))


def _chunks(held: Path | bytes) -> Iterator[bytes]:
    if isinstance(held, bytes):
        yield held
        return
    with held.open("rb") as source:
        while chunk := source.read(CHUNK):
            yield chunk


class ArchiveReader:
    """Reads a package's zip from front to back, once."""

    def __init__(self, source: BinaryIO) -> None:
        self.source = source
        self._directory = bytearray()
        self._offset = 0
        self._count = 0

    def head(self) -> tuple[bytes, bytes]:
        """The manifest's text and its signature as they stand, unchecked.

        Raises:
            ArchiveProblem: they do not stand where they must. ManifestProblem, TooLargeProblem.
        """
        own, shared = self._part(OWN, LARGEST_OWN), self._part(MANIFEST, LARGEST_MANIFEST)
        text = own + shared
        if split_text(text) != (own, shared):
            raise ArchiveProblem(where=OWN)
        header = self._exactly(_LOCAL.size + len(SIGNATURE))
        signature = self._exactly(SIGNATURE_BYTES)
        crc = zlib.crc32(signature)
        if header != _local(SIGNATURE, crc, SIGNATURE_BYTES):
            raise ArchiveProblem(where=SIGNATURE)
        self._note(SIGNATURE, crc, SIGNATURE_BYTES)
        return text, signature

    def _part(self, expected: str, limit: int) -> bytes:
        fixed = self._exactly(_LOCAL.size)
        magic, *_facts, size, _size, _name, _extra = _LOCAL.unpack(fixed)
        if magic != b"PK\x03\x04":
            raise ArchiveProblem(where="zip")
        if size > limit:
            raise TooLargeProblem(what=expected, size=size, limit=limit)
        name = self._exactly(len(expected))
        content = self._exactly(size)
        crc = zlib.crc32(content)
        if fixed + name != _local(expected, crc, size):
            raise ArchiveProblem(where=expected)
        self._note(expected, crc, size)
        return content

    def files(self, manifest: Manifest, take: Callable[[str, Iterator[bytes]], None]) -> None:
        """Hand each file's content to `take`, in the manifest's order, then check the end of the archive.

        Raises:
            ArchiveProblem: a byte differs from the exact form.
        """
        for file in manifest.files:
            header = self._exactly(_LOCAL.size + len(file.path))
            crc = 0

            def content(size: int = file.size, path: str = file.path) -> Iterator[bytes]:
                nonlocal crc
                left = size
                while left:
                    chunk = self.source.read(min(CHUNK, left))
                    if not chunk:
                        raise ArchiveProblem(where=path)
                    crc = zlib.crc32(chunk, crc)
                    left -= len(chunk)
                    yield chunk

            stream = content()
            take(file.path, stream)
            for _rest in stream:
                pass
            if header != _local(file.path, crc, file.size):
                raise ArchiveProblem(where=file.path)
            self._note(file.path, crc, file.size)
        expected = bytes(self._directory) + _end(self._count, len(self._directory), self._offset)
        if self.source.read(len(expected) + 1) != expected:
            raise ArchiveProblem(where="central directory")

    def _exactly(self, size: int) -> bytes:
        content = self.source.read(size)
        if len(content) != size:
            raise ArchiveProblem(where="zip")
        return content

    def _note(self, name: str, crc: int, size: int) -> None:
        self._directory += _central(name, crc, size, self._offset)
        self._offset += len(_local(name, crc, size)) + size
        self._count += 1
