"""Piper voices known by name: where their publisher keeps them, and what they must hash to.

The hash of vi_VN-vais1000-medium and of its settings are those that several independent users of it state for the
collection's release v1.0.0. For the others no SHA-256 was found that could be trusted: they are taken only with a hash
that the user brings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_COLLECTION: Final = "https://huggingface.co/rhasspy/piper-voices/resolve/v1.0.0/"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownVoice:
    """One voice of the public collection."""

    url: str
    """Of the .onnx; its settings are beside it, `.json` appended."""
    sha256: str | None = None
    settings_sha256: str | None = None
    megabytes: int


KNOWN: Final = {
    "vi_VN-vais1000-medium": KnownVoice(
        url=f"{_COLLECTION}vi/vi_VN/vais1000/medium/vi_VN-vais1000-medium.onnx",
        sha256="ec7c89e2c85f4d1edc24b6120c18aaf1bda614f06b511567eb9c7c0de15e2dab",
        settings_sha256="fafb9da1354ed4b77c31af228ed41fb41cd825c14cffa105454b25e6ae751ee0",
        megabytes=63,
    ),
    "vi_VN-25hours_single-low": KnownVoice(
        url=f"{_COLLECTION}vi/vi_VN/25hours_single/low/vi_VN-25hours_single-low.onnx", megabytes=63
    ),
    "vi_VN-vivos-x_low": KnownVoice(
        url=f"{_COLLECTION}vi/vi_VN/vivos/x_low/vi_VN-vivos-x_low.onnx", megabytes=28
    ),
}
