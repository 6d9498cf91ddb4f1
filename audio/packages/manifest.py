"""The manifest: what a package holds and what its station is asked to do, signed as one text.

The text is two JSON objects, one after the other: what only this station has (`station.json`: who it is, the revision,
its own files) and what all stations that air the same share (`manifest.json`: plays, audio, rules, shared files). In a
folder they are two files, so that a thousand stations hold the large one once; elsewhere they are handled as one text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from audio.packages.checked_json import Table, printable, read_json
from audio.packages.errors import ManifestProblem, ManifestTooNewProblem, NameProblem, TooLargeProblem
from audio.packages.names import is_safe_path
from audio.packages.signature import KEY_BYTES, fingerprint, from_text

SCHEMA = "loa-package/2"
KINDS = ("full", "update", "urgent")
PLAYERS = ("loa", "barix", "usb", "laptop", "vehicle")
MANIFEST = "manifest.json"
OWN = "station.json"
SIGNATURE = "manifest.json.sig"
SIGNER = "signer.pem"
CHECKSUMS = "SHA256SUMS"

LARGEST_MANIFEST = 32 * 2**20
LARGEST_OWN = 2**20
LARGEST_FILE = 2**30
LARGEST_PACKAGE = 64 * 2**30
MOST_FILES = 20_000
MOST_PLAYS = 50_000
LONGEST_PLAY_MS = 24 * 3600 * 1000
_HASH = re.compile(r"[0-9a-f]{64}")
_MONTH = re.compile(r"2[01][0-9]{2}-(0[1-9]|1[0-2])")
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """One file of the package, by its path with forward slashes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioEntry:
    """One distinct sound. `path` is null where an update leaves it out because the station has it."""

    sha256: str
    size: int
    path: str | None
    title: str
    programme: str | None
    month: str | None
    number: int | None
    length_ms: int
    profile: str
    degraded: bool
    consent_by: str | None
    approved_by: list[str]
    valid_until_on: date | None = None
    """The last day on which it may air, inclusive: a station that makes good by itself must know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayEntry:
    """One airing; `starts_at` in the station's own zone, `id` as the sender counts plays."""

    id: int
    kind: str
    title: str
    starts_at: datetime
    length_ms: int
    audio_sha256: str
    zones: list[str]
    session: str | None
    bulletin_class: str
    timing: str
    make_good_for: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleEntry:
    """What a programme must reach, and what this package's plays reach in each month."""

    programme: str
    new_per_month: int | None
    min_replays_per_month: int | None
    text: str | None
    planned: dict[str, dict[str, int]]
    """Month → {"first": n, "replays": n, "days": n}."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """The commune station that the package is for; `public_key` base64, null where the sender has none."""

    code: str
    name: str
    player: str
    timezone: str
    zones: list[str]
    public_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who made and signed it; `public_key` base64 of the 32 raw bytes."""

    name: str
    public_key: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All that is signed. Dates inclusive; `revision` only ever grows for one sender and station."""

    kind: str
    revision: int
    made_at: datetime
    base: int | None
    """For an update: the revision that the station is taken to have."""
    station: Recipient
    sheet_of: str
    """Hash of what the printable sheet shows, so that it is not drawn again when nothing on it changed."""
    own_files: list[FileEntry]
    """Files that name the station."""
    sender: Sender
    from_on: date
    until_on: date
    audio: list[AudioEntry]
    plays: list[PlayEntry]
    rules: list[RuleEntry]
    unplaced: list[str]
    """Airings of the sender's plan that did not fit this station's sessions, in words."""
    shared_files: list[FileEntry]
    """Files that are the same for every station that airs this."""

    @property
    def files(self) -> list[FileEntry]:
        """Every file of the package but the manifest's own."""
        return [*self.shared_files, *self.own_files]

    @property
    def needs(self) -> list[AudioEntry]:
        """Audio that the station must have already."""
        return [entry for entry in self.audio if entry.path is None]

    def to_bytes(self) -> bytes:
        """The text that is signed: UTF-8, keys in fixed order, one entry to a line."""
        return self.own_text() + self.shared_text()

    def own_text(self) -> bytes:
        """`station.json`."""
        return self._text(OWN_KEYS)

    def shared_text(self) -> bytes:
        """`manifest.json`."""
        return self._text(SHARED_KEYS)

    def _text(self, keys: dict[str, str]) -> bytes:
        parts = [f'"schema": "{SCHEMA}"']
        for key, name in keys.items():
            value = getattr(self, name)
            if isinstance(value, list) and value and not isinstance(value[0], str):
                rows = ",\n  ".join([_json(_shallow(row)) for row in value])
                parts.append(f'"{key}": [\n  {rows}\n ]')
            else:
                shown = _shallow(value) if isinstance(value, Recipient | Sender) else value
                parts.append(f'"{key}": {_json(shown)}')
        return ("{\n " + ",\n ".join(parts) + "\n}\n").encode("utf-8")


OWN_KEYS = {name: name for name in ("kind", "revision", "made_at", "base", "station", "sheet_of")} | {
    "files": "own_files"
}
"""Key in `station.json` → field."""
SHARED_KEYS = {
    name: name for name in ("sender", "from_on", "until_on", "audio", "plays", "rules", "unplaced")
} | {"files": "shared_files"}
"""Key in `manifest.json` → field."""
_END_OF_FIRST = b"\n}\n"


def split_text(text: bytes) -> tuple[bytes, bytes]:
    """The two JSON texts that a signed manifest is made of: the station's own, and the shared.

    No JSON string holds a raw line break, so there is one place only where the first can end.

    Raises:
        ManifestProblem: it is not two.
    """
    at = text.find(_END_OF_FIRST)
    if at < 0:
        raise ManifestProblem(where="JSON")
    at += len(_END_OF_FIRST)
    return text[:at], text[at:]


def _shallow(row: Any) -> dict[str, Any]:
    """A row as a dict; `dataclasses.asdict` copies deeply and takes four times as long."""
    return {name: getattr(row, name) for name in row.__slots__}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=_iso)


def _iso(value: date | datetime) -> str:
    return value.isoformat()


def read_manifest(content: bytes) -> Manifest:
    """The manifest in `content`, every value checked; nothing in it is trusted before the signature is.

    Raises:
        ManifestProblem, ManifestTooNewProblem, NameProblem, TooLargeProblem.
    """
    if len(content) > LARGEST_MANIFEST + LARGEST_OWN:
        raise TooLargeProblem(what=MANIFEST, size=len(content), limit=LARGEST_MANIFEST)
    if _END_OF_FIRST not in content:
        _of_our_schema(content)  # one text only: perhaps of a later form, which says so better
    own, table = (_of_our_schema(part) for part in split_text(content))
    manifest = _manifest(own, table)
    _check_whole(manifest)
    return manifest


def _of_our_schema(part: bytes) -> Table:
    table = read_json(part, ManifestProblem)
    schema = table.text("schema")
    if schema != SCHEMA:
        raise ManifestTooNewProblem(schema=printable(schema[:40]), known=SCHEMA)
    return table


def _files(table: Table) -> list[FileEntry]:
    return [
        FileEntry(
            path=row.text("path"), sha256=row.text("sha256", _HASH), size=row.number("size", LARGEST_FILE)
        )
        for row in table.tables("files", MOST_FILES)
    ]


def _manifest(own: Table, table: Table) -> Manifest:
    station, sender = own.table("station"), table.table("sender")
    recipient = Recipient(
        code=station.text("code", _CODE), name=station.text("name"), player=station.one_of("player", PLAYERS),
        timezone=station.text("timezone"), zones=station.texts("zones"), public_key=station.text_or_none("public_key"),
    )  # fmt: skip
    made_by = Sender(
        name=sender.text("name"), public_key=sender.text("public_key"), fingerprint=sender.text("fingerprint")
    )
    zone = station.zone("timezone")
    audio = [
        AudioEntry(
            sha256=row.text("sha256", _HASH), size=row.number("size", LARGEST_FILE), path=row.text_or_none("path"),
            title=row.text("title"), programme=row.text_or_none("programme"), month=row.text_or_none("month", _MONTH),
            number=row.number_or_none("number"), length_ms=row.number("length_ms", LONGEST_PLAY_MS),
            profile=row.text("profile"), degraded=row.flag("degraded"), consent_by=row.text_or_none("consent_by"),
            approved_by=row.texts("approved_by"), valid_until_on=row.day_or_none("valid_until_on"),
        )
        for row in table.tables("audio", MOST_FILES)
    ]  # fmt: skip
    plays = [
        PlayEntry(
            id=row.number("id"), kind=row.one_of("kind", ("first", "replay")), title=row.text("title"),
            starts_at=row.instant("starts_at", zone), length_ms=row.number("length_ms", LONGEST_PLAY_MS),
            audio_sha256=row.text("audio_sha256", _HASH), zones=row.texts("zones"), session=row.text_or_none("session"),
            bulletin_class=row.one_of("bulletin_class", ("normal", "priority", "emergency")),
            timing=row.one_of("timing", ("hard", "soft", "not-before")), make_good_for=row.number_or_none("make_good_for"),
        )
        for row in table.tables("plays", MOST_PLAYS)
    ]  # fmt: skip
    rules = [
        RuleEntry(
            programme=row.text("programme"), new_per_month=row.number_or_none("new_per_month"),
            min_replays_per_month=row.number_or_none("min_replays_per_month"), text=row.text_or_none("text"),
            planned=row.counts("planned"),
        )
        for row in table.tables("rules", 5000)
    ]  # fmt: skip
    return Manifest(
        kind=own.one_of("kind", KINDS), revision=own.number("revision"), made_at=own.instant("made_at", None),
        base=own.number_or_none("base"), station=recipient, sheet_of=own.text("sheet_of"), own_files=_files(own),
        sender=made_by, from_on=table.day("from_on"), until_on=table.day("until_on"), audio=audio, plays=plays,
        rules=rules, unplaced=table.texts("unplaced", 50_000), shared_files=_files(table),
    )  # fmt: skip


def _check_whole(manifest: Manifest) -> None:
    """What no single value shows: paths unique and safe, every play with its sound, key and fingerprint one."""
    key = from_text(manifest.sender.public_key, KEY_BYTES)
    if key is None or fingerprint(key) != manifest.sender.fingerprint:
        raise ManifestProblem(where="sender.public_key")
    if not date(2000, 1, 1) <= manifest.from_on <= manifest.until_on <= date(2200, 12, 31):
        raise ManifestProblem(where="until_on")
    paths = {MANIFEST, OWN, SIGNATURE}
    for file in manifest.files:
        if not is_safe_path(file.path):
            raise NameProblem(path=file.path[:120])
        if file.path.lower() in paths:
            raise ManifestProblem(where=f"files: {file.path}")
        paths.add(file.path.lower())
    for path in paths:
        if any(parent in paths for parent in _folders_of(path)):
            raise ManifestProblem(where=f"files: {path}")
    total = sum(file.size for file in manifest.files)
    if total > LARGEST_PACKAGE:
        raise TooLargeProblem(what=manifest.station.code, size=total, limit=LARGEST_PACKAGE)
    listed = {file.path: file for file in manifest.files}
    known: set[str] = set()
    for sound in manifest.audio:
        if sound.sha256 in known:
            raise ManifestProblem(where=f"audio: {sound.sha256[:12]}")
        known.add(sound.sha256)
        if sound.path is None:
            if manifest.kind != "update":
                raise ManifestProblem(where=f"audio: {sound.sha256[:12]}")
            continue
        held = listed.get(sound.path)
        if held is None or (held.sha256, held.size) != (sound.sha256, sound.size):
            raise ManifestProblem(where=f"audio: {sound.path[:80]}")
    ids: set[int] = set()
    for play in manifest.plays:
        if play.audio_sha256 not in known or play.id in ids:
            raise ManifestProblem(where=f"plays: {play.id}")
        if not _may_be_on(manifest, play.starts_at.date()):
            raise ManifestProblem(where=f"plays: {play.id} {play.starts_at:%Y-%m-%d}")
        ids.add(play.id)


def _folders_of(path: str) -> Iterator[str]:
    """Every folder above `path`: no file may stand where another needs a folder."""
    while path := path.rpartition("/")[0]:
        yield path


def _may_be_on(manifest: Manifest, day: date) -> bool:
    """Whether an airing of the period can fall on that day: the station's zone may be a day off the sender's."""
    return manifest.from_on - timedelta(days=1) <= day <= manifest.until_on + timedelta(days=1)
