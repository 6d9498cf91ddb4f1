"""Pull packages from the centre's feed: urgent first, nearest airing first, going on where the line broke.

What is fetched lies in `feed/` of the station folder until it is whole; then it is taken in exactly like a stick.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from audio.packages.errors import NotEnoughRoomProblem, PackageRefusedError
from audio.packages.manifest import (
    MANIFEST,
    OWN,
    SIGNATURE,
    AudioEntry,
    Manifest,
    split_text,
)
from audio.packages.verify import check_head
from content import atomic
from content.errors import LoaError
from content.station import Station
from scheduler.exchange import trust
from scheduler.exchange.feed_client import FeedClient
from scheduler.exchange.feed_report import centre_of, report_back
from scheduler.exchange.receive import Received, objections, receive_package, revive_late
from scheduler.models import Play
from scheduler.stations import ReceivedPackage

SPARE = 2**24
LOOK_EVERY_S = 60.0
"""So often an urgent bulletin is looked for while bulk is fetched, which may take hours on a thin line."""


@dataclass(slots=True)
class Pulled:
    """What one round brought. `local_until` is the last day for which every planned sound is here."""

    received: list[Received] = field(default_factory=list)
    refused: list[LoaError] = field(default_factory=list)
    revived: int = 0
    """Plays of packages that are here already which a wrong clock took for too late."""
    bytes_fetched: int = 0
    log_sent: bool = False
    """True when the centre has the log as it is: sent now, or before and nothing was added since."""
    log_problem: LoaError | None = None
    """Why the centre did not take the log; it is sent again next round."""
    local_until: date | None = None

    def to_json(self) -> dict[str, Any]:
        """As `loa feed pull --json` prints it."""
        return {
            "received": [one.to_json() for one in self.received],
            "refused": [str(one) for one in self.refused],
            "revived": self.revived,
            "bytes_fetched": self.bytes_fetched,
            "log_sent": self.log_sent,
            "log_problem": str(self.log_problem) if self.log_problem else None,
            "local_until": self.local_until,
        }


def pull(station: Station, client: FeedClient, *, now: datetime, send_log: bool = True) -> Pulled:
    """One round: everything new is fetched and taken in, urgent first; then the log goes back.

    Raises:
        FeedError, FeedTokenError: the line gave up; the next round goes on from there.
    """
    this = _Round(station, client, now)
    offered = client.packages()
    for row in offered:
        if row["manifest_sha256"] in this.known:
            this.pulled.revived += revive_late(station, row["manifest_sha256"], now=now)
            continue
        client.between = this.look if row["lane"] != "urgent" else None
        try:
            this.take(row["lane"])
        finally:
            client.between = None
    pulled = this.pulled
    if send_log and this.trusted:
        centre = centre_of(station, [row["manifest_sha256"] for row in offered])
        pulled.log_sent, pulled.log_problem = report_back(station, client, this.moment(), centre)
    pulled.bytes_fetched = client.fetched
    pulled.local_until = local_until(station, this.moment())
    return pulled


class _Round:
    """One round of pulling: what is known, and what came of it so far."""

    def __init__(self, station: Station, client: FeedClient, now: datetime) -> None:
        self.station, self.client, self.now = station, client, now
        self.pulled = Pulled()
        with station.read() as session:
            self.known = set(session.scalars(select(ReceivedPackage.manifest_sha256)))
            self.trusted = {row.fingerprint: row for row in trust.trusted(session)}
        self.tried: set[str] = set()
        self.began_s = self.looked_s = time.monotonic()

    def moment(self) -> datetime:
        """What time it is; fetching may have taken hours."""
        taken_s = time.monotonic() - self.began_s
        return self.now if taken_s < LOOK_EVERY_S else self.now + timedelta(seconds=taken_s)

    def take(self, lane: str) -> None:
        """Fetch what a lane holds and take it in, where it is not refused. Raises: FeedError."""
        content, signature = self.client.manifest(lane)
        checked = check_head(content, signature, self.trusted.__contains__)
        checked.problems += objections(self.station, checked, self.trusted, self.now)
        if checked.problems or checked.manifest is None:
            self.pulled.refused.append(PackageRefusedError(name=lane, problems=checked.problems))
            return
        if checked.manifest_sha256 in self.known:
            return
        try:
            folder = _bring(self.station, self.client, checked.manifest, content, signature)
        except PackageRefusedError as error:  # no room: what has come so far stays
            self.pulled.refused.append(error)
            return
        try:
            taken = receive_package(self.station, folder, now=self.moment(), sounds_only=True)
        except PackageRefusedError as error:
            self.pulled.refused.append(error)
        else:
            self.pulled.received.append(taken)
            self.known.add(checked.manifest_sha256)
        shutil.rmtree(folder, ignore_errors=True)

    def look(self) -> None:
        """While bulk is fetched: once in a while take in what is urgent first.

        What goes wrong here is left to the next look; the bulk goes on.
        """
        if time.monotonic() - self.looked_s < LOOK_EVERY_S:
            return
        self.client.between = None
        try:
            for row in self.client.packages():
                if row["lane"] == "urgent" and row["manifest_sha256"] not in self.known | self.tried:
                    self.take("urgent")
                    self.tried.add(row["manifest_sha256"])
        except LoaError:
            pass
        finally:
            self.looked_s = time.monotonic()
            self.client.between = self.look


def _bring(
    station: Station, client: FeedClient, manifest: Manifest, content: bytes, signature: bytes
) -> Path:
    """The package's sounds in a folder of their own, the nearest airing first; what is here is not fetched."""
    digest = hashlib.sha256(content).hexdigest()
    inbox = station.folder / "feed" / "inbox"
    folder = inbox / digest[:24]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for other in inbox.iterdir():
            if other.is_dir() and other != folder and _is_outdated(other, manifest):
                shutil.rmtree(other, ignore_errors=True)
        own, shared = split_text(content)
        (folder / OWN).write_bytes(own)
        (folder / MANIFEST).write_bytes(shared)
        (folder / SIGNATURE).write_bytes(signature)
        _check_room(folder, manifest)
        for entry in by_first_airing(manifest):
            _bring_sound(station, client, entry, folder)
        for leftover in folder.rglob("*.part"):
            leftover.unlink()
    except OSError as error:
        raise atomic.told_of(error, inbox) from error
    return folder


def _check_room(folder: Path, manifest: Manifest) -> None:
    """Before anything is fetched: a station whose disk is full to the last byte can write down nothing any more.

    Raises: PackageRefusedError.
    """
    brought = [entry for entry in manifest.audio if entry.path is not None]
    missing = sum(entry.size for entry in brought if not (folder / str(entry.path)).exists())
    needed = missing + sum(entry.size for entry in brought)  # it is checked in a copy of its own
    free = shutil.disk_usage(folder).free
    if needed + SPARE > free:
        problem = NotEnoughRoomProblem(needed_mb=(needed + SPARE) // 2**20, free_mb=free // 2**20)
        raise PackageRefusedError(name=manifest.station.name, problems=[problem])


def _bring_sound(station: Station, client: FeedClient, entry: AudioEntry, folder: Path) -> None:
    assert entry.path is not None
    target = folder / entry.path
    target.parent.mkdir(parents=True, exist_ok=True)
    here = station.media.path_of(entry.sha256, ".mp3")
    if _holds(target, entry):
        return
    if _holds(here, entry):
        shutil.copyfile(here, target)
    else:
        client.fetch(entry.sha256, entry.size, target)


def _holds(path: Path, entry: AudioEntry) -> bool:
    return path.is_file() and path.stat().st_size == entry.size and atomic.sha256_of(path) == entry.sha256


def _is_outdated(folder: Path, newer: Manifest) -> bool:
    """An unfinished older package of the same lane: nobody needs the rest of it."""
    try:
        kind = json.loads((folder / OWN).read_bytes())["kind"]
    except (OSError, ValueError, KeyError, TypeError):
        return True
    return bool((kind == "urgent") == (newer.kind == "urgent"))


def by_first_airing(manifest: Manifest) -> list[AudioEntry]:
    """The sounds that the package brings: emergencies, then priority bulletins, then by their first airing."""
    order: dict[str, tuple[int, datetime]] = {}
    ranks = {"emergency": 0, "priority": 1, "normal": 2}
    for play in manifest.plays:
        rank = (ranks[play.bulletin_class], play.starts_at)
        order[play.audio_sha256] = min(order.get(play.audio_sha256, rank), rank)
    brought = [entry for entry in manifest.audio if entry.path is not None]
    return sorted(brought, key=lambda entry: order.get(entry.sha256, (3, manifest.made_at)))


def local_until(station: Station, now: datetime) -> date | None:
    """The last station day up to which every planned play's sound is here; None where none is planned."""
    before: date | None = None
    last: date | None = None
    with station.read() as session:
        plays = session.scalars(
            select(Play)
            .where(Play.starts_at > now, Play.status.in_(("planned", "pinned", "emergency")))
            .order_by(Play.starts_at)
        )
        for play in plays:
            day = station.day_of(play.starts_at)
            if play.audio_sha256 and not station.media.path_of(play.audio_sha256, ".mp3").is_file():
                return before if day == last else last
            if day != last:
                before, last = last, day
    return last
