"""A file that only who knows the password can read or change: AES-256-GCM in chunks, key by scrypt.

Layout: one line of JSON (magic, scrypt parameters, salt, nonce prefix), then chunks of 1 MiB of plain text, each
with its 16-byte tag. The nonce of a chunk is the prefix, its number and whether it is the last one (the STREAM
construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015), so that no chunk can be left out, moved or cut off;
the header line is authenticated with every chunk. Without a password the content stands as it is.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from typing import BinaryIO, Final, Protocol

from content.errors import LoaError
from content.language import N_

MAGIC: Final = b'{"loa": "sealed 1"'
CHUNK: Final = 1 << 20
_N, _R, _P = 1 << 15, 8, 1
LARGEST_KEY_WORK: Final = 1 << 20
"""scrypt's n times r times p, 128 bytes each: a stranger's file may ask for 128 MB and a few seconds, not for 4 GB."""


class PasswordError(LoaError):
    """The password is wrong, or the file was changed: the two cannot be told apart."""

    sentence = N_("the password is wrong, or the file was damaged: try again, or another file")


class PasswordMissingError(LoaError):
    """A sealed file without a password."""

    sentence = N_("this file is encrypted: give its password (LOA_BACKUP_PASSWORD, or type it when asked)")


class Sink(Protocol):
    """What is written to."""

    def write(self, data: bytes, /) -> int: ...

    def flush(self) -> None: ...


class _Sealer:
    """Takes plain bytes, writes sealed chunks."""

    def __init__(self, raw: BinaryIO, password: str) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        salt, self._prefix = os.urandom(16), os.urandom(7)
        facts = {
            "loa": "sealed 1",
            "n": _N,
            "r": _R,
            "p": _P,
            "salt": salt.hex(),
            "prefix": self._prefix.hex(),
        }
        self._header = json.dumps(facts).encode() + b"\n"
        self._cipher = AESGCM(_key(password, salt, _N, _R, _P))
        self._raw, self._rest, self._number = raw, bytearray(), 0
        raw.write(self._header)

    def write(self, data: bytes) -> int:
        self._rest += data
        while len(self._rest) > CHUNK:
            self._put(bytes(self._rest[:CHUNK]), last=False)
            del self._rest[:CHUNK]
        return len(data)

    def flush(self) -> None:
        return

    def finish(self) -> None:
        self._put(bytes(self._rest), last=True)

    def _put(self, chunk: bytes, *, last: bool) -> None:
        self._raw.write(self._cipher.encrypt(_nonce(self._prefix, self._number, last), chunk, self._header))
        self._number += 1


@contextlib.contextmanager
def writer(raw: BinaryIO, password: str | None) -> Iterator[Sink]:
    """A stream into `raw`, sealed where there is a password; what is written becomes whole at the end."""
    if password is None:
        yield raw
        return
    sealer = _Sealer(raw, password)
    yield sealer
    sealer.finish()


def is_sealed(raw: BinaryIO) -> bool:
    """Whether the stream begins as a sealed file; it stays where it is."""
    at = raw.tell()
    begins = raw.read(len(MAGIC)) == MAGIC
    raw.seek(at)
    return begins


def open_into(raw: BinaryIO, plain: BinaryIO, password: str | None) -> None:
    """Write what `raw` holds, opened where it is sealed, to `plain`.

    Raises:
        PasswordMissingError, PasswordError.
    """
    if not is_sealed(raw):
        while chunk := raw.read(CHUNK):
            plain.write(chunk)
        return
    if password is None:
        raise PasswordMissingError
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    header = raw.readline(4096)
    try:
        facts = json.loads(header)
        if facts["n"] * facts["r"] * facts["p"] > LARGEST_KEY_WORK:
            raise PasswordError
        prefix = bytes.fromhex(facts["prefix"])
        cipher = AESGCM(_key(password, bytes.fromhex(facts["salt"]), facts["n"], facts["r"], facts["p"]))
        number, chunk = 0, raw.read(CHUNK + 16)
        while True:
            following = raw.read(CHUNK + 16)
            plain.write(cipher.decrypt(_nonce(prefix, number, not following), chunk, header))
            if not following:
                return
            number, chunk = number + 1, following
    except (InvalidTag, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise PasswordError from error


def _nonce(prefix: bytes, number: int, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + (b"\x01" if last else b"\x00")


def _key(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    import unicodedata

    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Scrypt(salt=salt, length=32, n=n, r=r, p=p).derive(
        unicodedata.normalize("NFC", password).encode("utf-8")
    )
