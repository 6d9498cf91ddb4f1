"""The media folder: every file by the SHA-256 of its content, two hex digits to a folder."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from content.atomic import replacing, sha256_of
from content.errors import LoaError
from content.language import N_


class MediaMissingError(LoaError):
    """A file that the database names is not in the media folder."""

    sentence = N_(
        "the file {sha256} is missing from {folder}: restore the media folder from a backup, or run `loa render` again"
    )


class MediaDamagedError(LoaError):
    """A file in the media folder is not what its name says."""

    sentence = N_(
        "the file {path} is damaged (its content no longer matches its name): delete it and run `loa render` again"
    )


@dataclass(frozen=True, slots=True)
class MediaStore:
    """Files addressed by content; adding the same content twice keeps one file."""

    folder: Path

    def path_of(self, sha256: str, suffix: str) -> Path:
        """Where the file of that content stands, whether or not it is there. `suffix` includes the dot."""
        return self.folder / sha256[:2] / f"{sha256}{suffix}"

    def add(self, source: Path, suffix: str | None = None) -> str:
        """Take in a copy of `source`; its SHA-256. Whole or not at all."""
        sha256 = sha256_of(source)
        target = self.path_of(sha256, suffix if suffix is not None else source.suffix.lower())
        if not target.exists():
            with replacing(target) as temporary:
                shutil.copyfile(source, temporary)
        return sha256

    def find(self, sha256: str, suffix: str, *, verify: bool = False) -> Path:
        """The file of that content.

        Raises:
            MediaMissingError: it is not there. MediaDamagedError: `verify` was asked for and it differs.
        """
        path = self.path_of(sha256, suffix)
        if not path.is_file():
            raise MediaMissingError(sha256=f"{sha256[:12]}…{suffix}", folder=self.folder)
        if verify and sha256_of(path) != sha256:
            raise MediaDamagedError(path=path)
        return path
