"""Manifests as the tables keep them: what was sent, what was received."""

from __future__ import annotations

import zlib

from audio.packages.manifest import Manifest, read_manifest


def manifest_of(deflated: bytes) -> Manifest:
    """The manifest that a table keeps."""
    return read_manifest(zlib.decompress(deflated))
