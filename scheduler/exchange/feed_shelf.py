"""What the feed offers: the published packages of each station, found by token, opened by hash."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from audio.packages.manifest import MANIFEST, OWN, SIGNATURE
from audio.packages.outline import Outline, outline_of
from content.station import Station
from scheduler.exchange.communes import token_sha256
from scheduler.stations import CommuneStation

LANES = ("urgent", "plan")
"""Urgent bulletins before bulk, in every listing."""
TOKENS_GOOD_FOR_S = 2.0
MOST_STATIONS = 4000
CACHED_BYTES = 96 * 2**20
MANIFEST_BYTES = 32 * 2**20
LARGEST_CACHED = 8 * 2**20


FileIdentity = tuple[int, int, int, int]
"""Device, inode, time of change and size: a file that was written anew has another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One published package of one station, as it stood when it was looked at."""

    lane: str
    folder: Path
    stamp: FileIdentity
    """Of its signature."""
    manifest_sha256: str
    signature: bytes
    outline: Outline
    own: bytes
    """`station.json`, about 1 KB."""
    shared_identity: FileIdentity
    """Of `manifest.json`, which stations with the same airings share by a hard link."""

    @property
    def facts(self) -> dict[str, Any]:
        """What the listing says of it."""
        return {name: getattr(self.outline, name) for name in ("kind", "revision", "from_on", "until_on")}


class Tokens:
    """Which station a token belongs to; the table is read again every few seconds."""

    def __init__(self, station: Station) -> None:
        self.station = station
        self._codes: dict[str, str] = {}
        self._read_at = float("-inf")

    def is_stale(self) -> bool:
        """Whether the table should be read again."""
        return time.monotonic() - self._read_at > TOKENS_GOOD_FOR_S

    def read(self) -> None:
        """Read the table again."""
        with self.station.read() as session:
            rows = session.execute(
                select(CommuneStation.token_sha256, CommuneStation.code).where(
                    CommuneStation.active, CommuneStation.token_sha256.is_not(None)
                )
            )
            self._codes = {row[0]: row[1] for row in rows if row[0] is not None}
        self._read_at = time.monotonic()

    def code_of(self, token: str) -> str | None:
        """The station's code, or None for a token that nobody has."""
        return self._codes.get(token_sha256(token))


class Shelf:
    """The published folders: `folder`/plan/CODE and `folder`/urgent/CODE."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._manifests = Contents(MANIFEST_BYTES)
        self._offers: OrderedDict[tuple[str, str], Offer] = OrderedDict()
        self._files: OrderedDict[str, dict[str, str]] = OrderedDict()
        """SHA-256 of a manifest → SHA-256 of each file → its path."""

    def offers(self, code: str) -> list[Offer]:
        """What is published for a station, urgent first; a package that is just being written is not there."""
        found = (self._offer(lane, code) for lane in LANES)
        return [offer for offer in found if offer is not None]

    def manifest(self, offer: Offer) -> bytes | None:
        """The manifest of `offer` as it was signed; None while it is replaced.

        Stations with the same airings share what is kept here. It is read and hashed again only where the file is
        another than the one whose hash the offer names.
        """
        path = offer.folder / MANIFEST
        try:
            identity = _identity(path)
            known = identity == offer.shared_identity
            key = "-".join(map(str, identity))
            shared = self._manifests.get(key) if known else None
            if shared is None:
                shared = path.read_bytes()
                known = False
        except OSError:
            return None
        text = offer.own + shared
        if not known:
            if hashlib.sha256(text).hexdigest() != offer.manifest_sha256:
                return None
            self._manifests.keep(key, shared)
        return text

    def path_of(self, code: str, sha256: str) -> Path | None:
        """The file of that hash, where one of the station's packages lists it."""
        for offer in self.offers(code):
            files = self._files.get(offer.manifest_sha256)
            if files is None:
                files = _by_hash(offer.outline)
                self._files[offer.manifest_sha256] = files
                if len(self._files) > MOST_STATIONS:
                    self._files.popitem(last=False)
            if (path := files.get(sha256)) is not None:
                return offer.folder / path
        return None

    def _offer(self, lane: str, code: str) -> Offer | None:
        folder = self.folder / lane / code
        try:
            stamp = _identity(folder / SIGNATURE)
        except OSError:
            self._offers.pop((lane, code), None)
            return None
        known = self._offers.get((lane, code))
        if known is not None and known.stamp == stamp:
            self._offers.move_to_end((lane, code))
            return known
        made = _read_offer(lane, folder, stamp)
        if made is not None:
            self._offers[lane, code] = made
            if len(self._offers) > MOST_STATIONS:
                self._offers.popitem(last=False)
        return made


def _read_offer(lane: str, folder: Path, stamp: FileIdentity) -> Offer | None:
    try:
        shared_identity = _identity(folder / MANIFEST)
        own = (folder / OWN).read_bytes()
        manifest = own + (folder / MANIFEST).read_bytes()
        signature = (folder / SIGNATURE).read_bytes()
    except OSError:
        return None
    outline = outline_of(manifest)
    if outline is None:
        return None
    return Offer(
        lane=lane, folder=folder, stamp=stamp, manifest_sha256=hashlib.sha256(manifest).hexdigest(),
        signature=signature, outline=outline, own=own, shared_identity=shared_identity,
    )  # fmt: skip


def _identity(path: Path) -> FileIdentity:
    """Raises OSError where there is no such file."""
    stat = path.stat()
    return stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_size


def _by_hash(outline: Outline) -> dict[str, str]:
    try:
        return {sha256: path for path, (sha256, _size) in outline.files().items()}
    except ValueError:
        return {}


class Contents:
    """The most wanted texts and files in memory, `limit` bytes of them: stations share most."""

    def __init__(self, limit: int = CACHED_BYTES) -> None:
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._limit, self._size = limit, 0

    def get(self, key: str) -> bytes | None:
        """The content, where it is kept."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        return None

    def keep(self, key: str, content: bytes) -> None:
        """Keep `content`, letting go of what was wanted least lately."""
        if len(content) > LARGEST_CACHED or key in self._kept:
            return
        self._kept[key] = content
        self._size += len(content)
        while self._size > self._limit:
            _key, old = self._kept.popitem(last=False)
            self._size -= len(old)
