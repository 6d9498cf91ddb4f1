"""Export packages: from the plan to folders, zips and sticks for commune stations.

What stations share is made once: sounds and lists are written for the first station that needs them and linked for
the others, so that time and disk grow with distinct audio and not with stations.
"""

from __future__ import annotations

import hashlib
import shutil
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select

from audio.packages import contents, sheet, sheet_pdf
from audio.packages.archive import write_archive
from audio.packages.contents import Layout
from audio.packages.folder import (
    Shelf,
    Standing,
    names_in,
    standing_as_zip,
    standing_in,
    stands,
    write_folder,
)
from audio.packages.manifest import (
    CHECKSUMS,
    MANIFEST,
    OWN,
    SIGNATURE,
    FileEntry,
    Manifest,
    PlayEntry,
    RuleEntry,
    Sender,
    split_text,
)
from audio.packages.signature import SigningKey, fingerprint, to_text
from audio.packages.verify import check_package
from content.atomic import replacing
from content.station import Station
from scheduler.exchange.communes import Commune, signing_key
from scheduler.exchange.errors import (
    NothingReadyError,
    NothingToSendError,
    NotReadyError,
    TooLittleRoomError,
    UpdateNeedsLoaError,
)
from scheduler.exchange.fit import Placed, fit, for_zones
from scheduler.exchange.gather import Gathered, gather, rules_reached
from scheduler.exchange.kept_manifest import manifest_of
from scheduler.stations import CommuneStation, SentPackage

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageSummary:
    """What one export left. `path` is the package's folder or zip; sizes in bytes."""

    code: str
    name: str
    path: Path
    kind: str
    revision: int
    from_on: date
    until_on: date
    plays: int
    sounds: int
    size: int
    written: int
    """Bytes that had to be written for it; the rest was there or linked."""
    unchanged: bool
    """True when the folder held exactly this already, and nothing was written."""
    needs: int
    """Sounds that an update leaves out."""
    unplaced: list[str]
    left_out: list[str]
    fingerprint: str

    def to_json(self) -> dict[str, Any]:
        """As `loa package export --json` prints it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Body:
    """What all stations with the same zones, sessions, player and profile share."""

    layout: Layout
    plays: list[PlayEntry]
    rules: list[RuleEntry]
    unplaced: list[str]
    lists: dict[str, bytes]
    entries: list[FileEntry]
    """Of all files that these stations share."""
    sums: bytes
    text: bytes
    """`manifest.json`, which names no station."""
    wall: sheet.Sheet
    """Without the station's name."""
    wall_sha256: str
    asked: bytes
    """The manifest as these stations share it, deflated: what each of them was asked for."""


def export_package(
    station: Station,
    commune: CommuneStation | Commune,
    from_on: date,
    until_on: date,
    folder: Path,
    *,
    now: datetime | None = None,
    profile: str | None = None,
    form: str = "dir",
    update: bool = False,
    partial: bool = False,
    urgent: bool = False,
) -> PackageSummary:
    """Export one station's package into `folder`; see `export_packages`."""
    made = export_packages(
        station, [commune], from_on, until_on, folder,
        now=now, profile=profile, form=form, update=update, partial=partial, urgent=urgent,
    )  # fmt: skip
    return made[0]


def export_packages(
    station: Station,
    communes: Sequence[CommuneStation | Commune],
    from_on: date,
    until_on: date,
    folder: Path,
    *,
    now: datetime | None = None,
    profile: str | None = None,
    form: str = "dir",
    update: bool = False,
    partial: bool = False,
    urgent: bool = False,
    advance: Callable[..., None] | None = None,
) -> list[PackageSummary]:
    """Export the days [from_on, until_on], each station's own, for `communes`, each under its code in `folder`.

    `form`: "dir" links within `folder`; "usb" copies and waits until the medium has it; "zip" makes one file a
    station. `update` leaves out sounds that the station has. `partial` leaves out airings that are not ready, and
    stations for whose profile none is, instead of refusing. `urgent` takes the urgent bulletins alone, at the centre's own times.

    Raises:
        NothingToSendError, NothingReadyError, NotReadyError, UpdateNeedsLoaError, audio.packages.errors.FolderTakenError,
        content.atomic.DiskFullError, content.atomic.NotWritableError.
    """
    now = now or datetime.now(UTC)
    exporter = _Exporter(station, from_on, until_on, folder, now, profile, form, partial, urgent)
    known = [commune if isinstance(commune, Commune) else Commune.of(commune) for commune in communes]
    sendable = []
    for one in known:  # what cannot be sent is told before anything is written
        try:
            exporter.check(one, update)
            sendable.append(one)
        except NothingReadyError:
            if one is known[-1] and not sendable:
                raise
    summaries = []
    try:
        for one in sendable:
            summaries.append(exporter.one(one, update))
            if advance:
                advance(1, one.name)
    finally:
        exporter.record()  # also of what was written before the disk was full
    return summaries


class _Exporter:
    """One export: what it has gathered and made already, and what is to be recorded at its end."""

    def __init__(
        self, station: Station, from_on: date, until_on: date, folder: Path, now: datetime,
        profile: str | None, form: str, partial: bool, urgent: bool,
    ) -> None:  # fmt: skip
        self.station, self.from_on, self.until_on, self.folder, self.now = (
            station,
            from_on,
            until_on,
            folder,
            now,
        )
        self.profile, self.form, self.partial, self.urgent = profile, form, partial, urgent
        self.key: SigningKey = signing_key(station, now)
        self.sender = Sender(
            name=station.config.station.name,
            public_key=to_text(self.key.public),
            fingerprint=fingerprint(self.key.public),
        )
        self.shelf = Shelf(link=form == "dir")
        self.gathered: dict[tuple[str, str], Gathered] = {}
        self.bodies: dict[object, _Body] = {}
        self.sent: list[dict[str, Any]] = []
        with station.read() as session:
            newest = select(SentPackage.station_id, func.max(SentPackage.revision)).group_by(
                SentPackage.station_id
            )
            self.revisions: dict[int, int] = {row[0]: row[1] for row in session.execute(newest)}

    def check(self, commune: Commune, update: bool) -> None:
        """Raise what stands against a package for that station, before any is written."""
        if update and commune.player != "loa":
            raise UpdateNeedsLoaError(code=commune.code, player=commune.player)
        self._gathered(commune)
        if self.form != "zip":
            names_in(self.folder / commune.code)

    def _profile(self, commune: Commune) -> str:
        return self.profile or commune.profile or self.station.config.audio.profile

    def one(self, commune: Commune, update: bool) -> PackageSummary:
        """Write one station's package."""
        base, at_station = self._at_station(commune) if update else (None, frozenset[str]())
        body, gathered = self._body(commune, at_station)
        target = self.folder / (self._zip_name(commune) if self.form == "zip" else commune.code)
        old = standing_as_zip(target) if self.form == "zip" else standing_in(target)
        is_newer = (old.revision or 0) > self._last_revision(commune) and self._is_ours(old)
        wall_sha256 = sheet.sha256_of_sheet(body.wall_sha256, commune.name)
        own = self._own_files(target, replace(body.wall, station=commune.name), wall_sha256, old)
        entries = [*body.entries, *(entry for entry, _made in own)]
        manifest = Manifest(
            kind="urgent" if self.urgent else "full" if base is None else "update", revision=self._revision(commune, old.revision if is_newer else None),
            made_at=self.now.astimezone(UTC), base=base, station=commune.recipient, sheet_of=wall_sha256,
            own_files=[entry for entry, _made in own], sender=self.sender, from_on=self.from_on, until_on=self.until_on,
            audio=body.layout.audio, plays=body.plays, rules=body.rules,
            unplaced=[*body.unplaced, *gathered.left_out], shared_files=body.entries,
        )  # fmt: skip
        is_same = self._is_same(manifest, body.text, old) and self._is_ours(old)
        text = old.text if is_same else manifest.own_text() + body.text
        is_whole = is_same and self._is_whole(target, entries, old)
        written = 0
        if not is_whole:
            written = self._write(target, text, entries, self._sources(body, gathered, own), old)
        if is_same:
            manifest = self._as_before(manifest, old)
        if not is_same or manifest.revision > self._last_revision(commune):
            self._note(commune, manifest, text, body)  # also of an export that was killed before it was noted
        return PackageSummary(
            code=commune.code, name=commune.name, path=target, kind=manifest.kind,
            revision=manifest.revision, from_on=self.from_on, until_on=self.until_on, plays=len(manifest.plays), sounds=len(manifest.audio),
            size=sum(file.size for file in manifest.files), written=written, unchanged=is_whole,
            needs=len(manifest.needs), unplaced=body.unplaced, left_out=gathered.left_out,
            fingerprint=self.sender.fingerprint,
        )  # fmt: skip

    def record(self) -> None:
        """Remember what each station was sent, in one transaction."""
        if self.sent:
            with self.station.decide() as session:
                session.execute(insert(SentPackage), self.sent)

    def _gathered(self, commune: Commune) -> Gathered:
        asked = (self._profile(commune), commune.timezone)
        if asked not in self.gathered:
            found = gather(
                self.station, self.from_on, self.until_on, asked[0], commune.zone, urgent=self.urgent
            )
            if found.left_out and not self.partial:
                raise NotReadyError(count=len(found.left_out), named="; ".join(found.left_out[:5]))
            if not found.airings and found.left_out:
                raise NothingReadyError(count=len(found.left_out), named="; ".join(found.left_out[:5]))
            if not found.airings:
                raise NothingToSendError(from_on=self.from_on, until_on=self.until_on)
            self.gathered[asked] = found
        return self.gathered[asked]

    def _body(self, commune: Commune, at_station: frozenset[str]) -> tuple[_Body, Gathered]:
        gathered = self._gathered(commune)
        shared = (
            gathered.profile,
            commune.zones,
            commune.sessions,
            commune.timezone,
            commune.player,
            at_station,
        )
        if shared not in self.bodies:
            self.bodies[shared] = self._made_body(commune, gathered, at_station)
        return self.bodies[shared], gathered

    def _made_body(self, commune: Commune, gathered: Gathered, at_station: frozenset[str]) -> _Body:
        sessions = () if self.urgent else commune.sessions
        asked = [*gathered.earlier, *gathered.airings] if sessions else gathered.airings
        fitted = fit(
            for_zones(asked, commune.zones), sessions, commune.zone, from_on=self.from_on, until_on=self.until_on,
            changeover=timedelta(seconds=self.station.config.plan.changeover_s),
        )  # fmt: skip
        plays = [_play_entry(placed) for placed in fitted.placed]
        layout = contents.lay_out(plays, gathered.sounds, commune.player, at_station)
        rules = rules_reached(gathered.rules, gathered.sounds, [placed.airing for placed in fitted.placed])
        draft = Manifest(
            kind="update" if at_station else "full", revision=0, made_at=self.now, base=None, station=commune.recipient, sender=self.sender,
            from_on=self.from_on, until_on=self.until_on, audio=layout.audio, plays=plays, rules=rules,
            unplaced=fitted.unplaced, sheet_of="", own_files=[], shared_files=[],
        )  # fmt: skip
        lists = contents.lists(draft, layout.play_paths, gathered.changed_at)
        entries = [
            FileEntry(path=path, sha256=sha256, size=gathered.sounds[sha256].size)
            for path, sha256 in layout.sounds.items()
        ]
        entries += [contents.entry(path, made) for path, made in lists.items()]
        sums = contents.checksums(entries)
        entries.append(contents.entry(CHECKSUMS, sums))
        wall = replace(sheet.sheet_of(draft, layout.play_paths), station="")
        draft = replace(draft, shared_files=entries, unplaced=[*fitted.unplaced, *gathered.left_out])
        return _Body(
            layout=layout, plays=plays, rules=rules, unplaced=fitted.unplaced, lists=lists, entries=entries,
            sums=sums, text=draft.shared_text(), wall=wall, wall_sha256=wall.shared_sha256,
            asked=zlib.compress(draft.to_bytes(), 6),
        )  # fmt: skip

    def _own_files(
        self, target: Path, wall: sheet.Sheet, wall_sha256: str, old: Standing
    ) -> list[tuple[FileEntry, bytes | None]]:
        """The files that name the station; without content where the folder holds the same sheet already."""
        names = (contents.SHEET_HTML, contents.SHEET_PDF)
        if self.form == "dir" and old.sheet_of == wall_sha256 and all(name in old.files for name in names):
            kept = [
                FileEntry(path=name, sha256=old.files[name][0], size=old.files[name][1]) for name in names
            ]
            if all(_is_of_size(target / file.path, file.size) for file in kept):
                return [(file, None) for file in kept]
        made = {contents.SHEET_HTML: sheet.html(wall), contents.SHEET_PDF: sheet_pdf.pdf(wall)}
        return [(contents.entry(path, content), content) for path, content in made.items()]

    def _sources(
        self, body: _Body, gathered: Gathered, own: list[tuple[FileEntry, bytes | None]]
    ) -> dict[str, Path | bytes | None]:
        return {
            **{path: gathered.files[sha256] for path, sha256 in body.layout.sounds.items()},
            **body.lists,
            **{entry.path: made for entry, made in own},
            CHECKSUMS: body.sums,
        }

    def _is_same(self, manifest: Manifest, shared: bytes, old: Standing) -> bool:
        """Whether just that manifest stands there already, but for revision and time of making."""
        if old.revision is None or not old.text:
            return False
        return self._as_before(manifest, old).own_text() + shared == old.text

    def _is_ours(self, old: Standing) -> bool:
        """Whether we signed what stands there; its revision is not believed otherwise."""
        return bool(old.text) and old.signature == self.key.sign(old.text)

    def _as_before(self, manifest: Manifest, old: Standing) -> Manifest:
        assert old.revision is not None
        return replace(manifest, revision=old.revision, made_at=datetime.fromisoformat(old.made_at))

    def _is_whole(self, target: Path, entries: list[FileEntry], old: Standing) -> bool:
        """Whether what that manifest lists is there too, by size; on a stick and in a zip by content."""
        if self.form == "zip":
            return not check_package(target).problems
        return all(
            stands(
                f"{target}/{file.path}",
                old.files.get(file.path),
                file.sha256,
                file.size,
                thorough=self.form == "usb",
            )
            for file in entries
        )

    def _write(
        self,
        target: Path,
        text: bytes,
        entries: list[FileEntry],
        sources: dict[str, Path | bytes | None],
        old: Standing,
    ) -> int:
        signature = self.key.sign(text)
        if self.form == "zip":
            own, shared = split_text(text)
            held: list[tuple[str, Path | bytes]] = [(OWN, own), (MANIFEST, shared), (SIGNATURE, signature)]
            held += [(file.path, source) for file in entries if (source := sources[file.path]) is not None]
            for leftover in target.parent.glob(f".{target.name[:40]}.*.tmp"):  # of an export that was killed
                leftover.unlink(missing_ok=True)
            with replacing(target) as temporary, temporary.open("wb") as stream:
                write_archive(stream, held)
            return target.stat().st_size
        files = {file.path: (file.sha256, file.size, sources[file.path]) for file in entries}
        if self.form == "usb":
            _check_room(
                self.folder,
                sum(size for path, (_sha256, size, _source) in files.items() if path not in old.files),
            )
        return write_folder(
            target, text, signature, files, old.files, self.shelf, to_disk=self.form == "usb"
        ).bytes_copied

    def _revision(self, commune: Commune, standing: int | None) -> int:
        """Above every earlier one, also after the database was restored from an old backup: minutes since 2026.

        `standing` is that of a package of ours which is there, perhaps not noted.
        """
        last = max(self._last_revision(commune), standing or 0)
        return max(last + 1, int((self.now - EPOCH).total_seconds() // 60))

    def _last_revision(self, commune: Commune) -> int:
        return self.revisions.get(commune.id, 0) if commune.id is not None else 0

    def _at_station(self, commune: Commune) -> tuple[int | None, frozenset[str]]:
        """The revision that the station has (by its receipt, else the last sent) and the sounds in it."""
        with self.station.read() as session:
            rows = session.scalars(
                select(SentPackage)
                .where(SentPackage.station_id == commune.id)
                .order_by(SentPackage.revision.desc())
            ).all()
        received = [row for row in rows if row.received_at is not None]
        base = next(iter(received or rows), None)
        if base is None:
            return None, frozenset()
        return base.revision, frozenset(entry.sha256 for entry in manifest_of(base.manifest).audio)

    def _note(self, commune: Commune, manifest: Manifest, text: bytes, body: _Body) -> None:
        if commune.id is None:
            return
        self.sent.append(
            {
                "station_id": commune.id, "revision": manifest.revision, "kind": manifest.kind,
                "from_on": manifest.from_on, "until_on": manifest.until_on,
                "manifest_sha256": hashlib.sha256(text).hexdigest(), "manifest": body.asked,
                "made_at": manifest.made_at, "received_at": None,
            }
        )  # fmt: skip

    def _zip_name(self, commune: Commune) -> str:
        return f"LOA-{commune.code}-{self.from_on:%Y%m%d}-{self.until_on:%Y%m%d}.zip"


def _play_entry(placed: Placed) -> PlayEntry:
    airing = placed.airing
    return PlayEntry(
        id=airing.play_id, kind=airing.kind, title=airing.title, starts_at=airing.starts_at,
        length_ms=airing.length_ms, audio_sha256=airing.audio_sha256, zones=list(airing.zones), session=placed.session,
        bulletin_class=airing.bulletin_class, timing=airing.timing, make_good_for=airing.make_good_for,
    )  # fmt: skip


def _check_room(folder: Path, needed: int) -> None:
    """Before anything on the stick is touched. Raises: TooLittleRoomError."""
    there = next(place for place in (folder, *folder.absolute().parents) if place.is_dir())
    free = shutil.disk_usage(there).free
    if needed + 2**20 > free:
        raise TooLittleRoomError(path=folder, free_mb=free // 2**20, needed_mb=needed // 2**20 + 1)


def _is_of_size(path: Path, size: int) -> bool:
    try:
        return path.lstat().st_size == size
    except OSError:
        return False
