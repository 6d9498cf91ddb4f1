"""Ed25519 keys and detached signatures: who sent this, and was it changed."""

from __future__ import annotations

import base64
import binascii
import hashlib
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audio.packages.errors import KeyUnreadableError

SIGNATURE_BYTES = 64
KEY_BYTES = 32


class SigningKey:
    """The private key of one station."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes_raw()

    @classmethod
    def made_new(cls) -> SigningKey:
        """A fresh key, kept nowhere yet."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, pem: bytes, named: Path | str = "") -> SigningKey:
        """The key out of its PEM text.

        Raises:
            KeyUnreadableError: it is something else.
        """
        try:
            private = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise KeyUnreadableError(path=named) from error
        if not isinstance(private, Ed25519PrivateKey):
            raise KeyUnreadableError(path=named)
        return cls(private)

    def sign(self, content: bytes) -> bytes:
        """The 64-byte detached signature of `content`."""
        return self._private.sign(content)

    def pem(self) -> bytes:
        """The private key as PKCS 8, without a password."""
        return self._private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def is_signed(content: bytes, signature: bytes, public_key: bytes) -> bool:
    """Whether `signature` is that of `content` under the raw 32-byte `public_key`."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True


def fingerprint(public_key: bytes) -> str:
    """What people read to each other over the telephone: eight groups of four hex digits of the key's SHA-256."""
    digits = hashlib.sha256(public_key).hexdigest()[:32]
    return "-".join(digits[at : at + 4] for at in range(0, 32, 4))


def public_pem(public_key: bytes) -> bytes:
    """The public key as openssl reads it."""
    return Ed25519PublicKey.from_public_bytes(public_key).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def read_public_key(path: Path) -> bytes:
    """The raw public key in a PEM file (a package's `signer.pem`).

    Raises:
        KeyUnreadableError: it is something else. OSError: there is no such file, or it cannot be read.
    """
    content = path.read_bytes()
    try:
        key = serialization.load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyUnreadableError(path=path) from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyUnreadableError(path=path)
    return key.public_bytes_raw()


def to_text(raw: bytes) -> str:
    """Raw key or signature as base64."""
    return base64.b64encode(raw).decode("ascii")


def from_text(text: str, length: int) -> bytes | None:
    """The raw bytes of `to_text`; None where it is not exactly `length` bytes in canonical base64."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == length and to_text(raw) == text else None
