"""Spoken sentences, kept by what they depend on: voice, its settings, language, words. Say once, use for ever.

One WAV a sentence; a private chunk after the sound carries its SHA-256, checked at every use. Files appear whole
(temporary file, rename), so two processes may share the folder: the first sound of a sentence wins, both use it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import struct
import threading
import time
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from audio import wav
from content import atomic

_CHUNK: Final = b"loaH"
_TRAILER_BYTES: Final = 8 + 32
_TRIM_TO: Final = 0.9
_STALE_S: Final = 86_400
"""A file half-written for so long has nobody who writes it."""


@dataclass(frozen=True, slots=True)
class SentenceKey:
    """All that the sound of a sentence depends on."""

    voice: str
    settings: str
    language: str
    text: str

    @property
    def sha256(self) -> str:
        """The name of the sound in the cache."""
        text = unicodedata.normalize("NFC", " ".join(self.text.split()))
        parts = [1, self.voice, self.settings, self.language, text]
        return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


class SentenceCache:
    """A folder of spoken sentences, at most `most_bytes` of them; the least lately used go first.

    With several processes writing at once, each may be a tenth over before it looks again.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder = folder
        self.most_bytes = most_bytes
        self._room_bytes = 0
        """What may be written before the folder is looked at again; none, so that the first write looks."""

    def path_of(self, key: SentenceKey) -> Path:
        """Where the sound of `key` stands, whether or not it is there."""
        name = key.sha256
        return self.folder / name[:2] / f"{name}.wav"

    def get(self, key: SentenceKey) -> bytes | None:
        """The house WAV of `key`, its bytes verified; None where it is not there. A damaged one is removed."""
        path = self.path_of(key)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        sound = _verified(content)
        if sound is None:
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return sound

    def has(self, key: SentenceKey) -> bool:
        """Whether a sound of `key` is there, unverified: for estimates of what is left to do."""
        return self.path_of(key).is_file()

    def put(self, key: SentenceKey, sound: bytes) -> bytes:
        """Keep the house WAV `sound`; the sound that counts, which is an earlier one where another process was first.

        Raises:
            wav.NotHouseWavError: it is none. atomic.DiskFullError, atomic.NotWritableError.
        """
        wav.split_wav(sound, "sentence")
        earlier = self.get(key)
        if earlier is not None:
            return earlier
        content = _signed(sound)
        path = self.path_of(key)
        mine = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.new")
        atomic.write_bytes(mine, content)
        if not _claimed(mine, path):
            earlier = self.get(key)
            if earlier is not None:
                return earlier
            atomic.write_bytes(path, content)  # what stood there was damaged
        self._room_bytes -= len(content)
        if self._room_bytes < 0:
            self.trim()
        return sound

    def size_bytes(self) -> int:
        """What the cache takes on disk."""
        return sum(size for _at, size, _path in self._files())

    def trim(self) -> int:
        """Bring the cache below its bound, least lately used first, and clear what dead processes left; bytes freed."""
        files = []
        for at, size, path in sorted(self._files()):
            if path.suffix != ".wav" and time.time() - at > _STALE_S:
                with contextlib.suppress(OSError):
                    path.unlink()
            else:
                files.append((at, size, path))
        total = sum(size for _at, size, _path in files)
        freed = 0
        if total > self.most_bytes:
            for _at, size, path in files:
                if total - freed <= self.most_bytes * _TRIM_TO:
                    break
                with contextlib.suppress(OSError):
                    path.unlink()
                    freed += size
        # another process may be writing too, so that what is free is never counted on for long
        self._room_bytes = min(self.most_bytes - total + freed, round(self.most_bytes * (1 - _TRIM_TO)))
        return freed

    def _files(self) -> list[tuple[float, int, Path]]:
        found = []
        if not self.folder.is_dir():
            return []
        for path in self.folder.glob("??/*"):
            with contextlib.suppress(OSError):
                stat = path.stat()
                found.append((stat.st_mtime, stat.st_size, path))
        return found


def _claimed(mine: Path, path: Path) -> bool:
    """Give the file `mine` the name `path` unless another process had it first; `mine` is gone afterwards."""
    try:
        if os.name == "nt":
            mine.rename(path)  # which on Windows refuses to replace
        else:
            path.hardlink_to(mine)
    except FileExistsError:
        return False
    except (
        OSError
    ):  # a file system without links: then the last one wins, which costs only a second synthesis
        with contextlib.suppress(
            OSError
        ):  # so does a folder that is just being cleared, or a file held by a virus scanner
            mine.replace(path)
    finally:
        with contextlib.suppress(OSError):
            mine.unlink()
    return True


def _signed(sound: bytes) -> bytes:
    """`sound` with its hash in a chunk after its data, and the outer size set right."""
    whole = sound + _CHUNK + struct.pack("<I", 32) + hashlib.sha256(sound).digest()
    return whole[:4] + struct.pack("<I", len(whole) - 8) + whole[8:]


def _verified(content: bytes) -> bytes | None:
    """The plain house WAV in a cache file, or None where its bytes are not what was written."""
    sound, trailer = content[:-_TRAILER_BYTES], content[-_TRAILER_BYTES:]
    if trailer[:4] != _CHUNK or len(sound) < 44 or content[4:8] != struct.pack("<I", len(content) - 8):
        return None
    sound = sound[:4] + struct.pack("<I", len(sound) - 8) + sound[8:]
    return sound if hashlib.sha256(sound).digest() == trailer[8:] else None
