"""The watched folder: alerts, texts and sounds that are put there are aired as emergencies.

It may lie on another computer's disk, which can be gone or answer nothing for minutes: it is looked at, read and
cleared in a lane of its own, never in the daemon's thread.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from content.errors import LoaError
from content.language import _
from content.os_errors import why
from scheduler.daemon import aired_alerts, bulletin
from scheduler.daemon.bulletin import Bulletin
from scheduler.daemon.cap import CapAlert
from scheduler.daemon.requests import Request
from scheduler.daemon.studio import Studio

SETTLED_S = 0.5
"""A file is read when it has not changed for so long."""
PATIENCE_S = 2.0
"""How long a start waits for a folder that may be out of reach."""
SOUNDS = (".mp3", ".wav", ".ogg", ".opus", ".m4a", ".aac", ".flac", ".amr", ".3gp")
"""As phones make them, too; the same that `loa interrupt` knows."""
WATCHED = (*bulletin.CAP_SUFFIXES, *bulletin.TEXT_SUFFIXES, *SOUNDS)
LANE = "watch"

Mark = tuple[int, float]
"""Size and time of change of a file."""


class Orders(Protocol):
    """Who carries out what is taken (see `urgent.py`)."""

    folder: Path
    withdrawn: dict[str, str]

    def reads(self, alert: CapAlert) -> bool: ...

    def withdraw(self, alert: CapAlert) -> None: ...

    def interrupt(self, request: Request, alert: CapAlert | None = None) -> None: ...


class WatchedFolder:
    """Takes what is put into the folder; in the daemon's thread, what waits for a disk in a lane beside it."""

    def __init__(self, studio: Studio, urgent: Orders) -> None:
        self.studio, self.urgent = studio, urgent
        setting = self.studio.station.config.daemon.watch_folder
        self.path = self.studio.station.folder / setting if setting else None
        self._seen: dict[str, Mark] = {}
        self._taken: dict[str, Mark] = {}
        """Files that were taken: one that cannot be moved away is not aired for ever."""

    def look(self) -> None:
        """Have it looked at; what has settled is taken."""
        folder = self.path
        if folder is not None and self.studio.workers.is_idle(LANE):
            self.studio.workers.submit(LANE, lambda: _files_in(folder), self._looked)

    def cancelled(self) -> dict[str, str]:
        """The alerts that files in the folder cancel; none where it does not answer within two seconds."""
        found: dict[str, str] = {}
        if (folder := self.path) is not None:
            reading = threading.Thread(
                target=lambda: found.update(bulletin.cancelled_in(folder)), name="loa-cancelled", daemon=True
            )
            reading.start()
            reading.join(PATIENCE_S)
        return dict(found)

    def _looked(self, found: dict[str, Mark] | str | LoaError) -> None:
        if not isinstance(found, dict):
            text = _("the watched folder {folder} cannot be read ({reason}): no alert that is put there is heard").format(
                folder=self.path, reason=_(str(found))
            )  # fmt: skip
            self.studio.hooks.alarm("watched folder", text)
            return
        self.studio.hooks.all_clear("watched folder")
        before, self._seen = self._seen, found
        self._taken = {name: mark for name, mark in self._taken.items() if name in found}
        for name, mark in sorted(found.items()):
            # A copy keeps the time of its original, and another computer's clock may be ahead of ours.
            settled = not 0 <= time.time() - mark[1] <= SETTLED_S
            if settled and before.get(name) == mark != self._taken.get(name):
                self._taken[name] = mark
                self._take(name)
                return

    def _take(self, file: str) -> None:
        assert self.path is not None
        folder, path = self.path, self.path / file
        studio, now = self.studio, self.studio.clock.now()
        name = f"watch-{time.time_ns()}"

        def made() -> tuple[Bulletin, dict[str, str]]:
            result = bulletin.prepare(path, studio.station.config, self.urgent.folder, name, now=now)
            return result, bulletin.cancelled_in(folder) if result.alert is not None else {}

        def ready(result: tuple[Bulletin, dict[str, str]] | LoaError) -> None:
            if isinstance(result, LoaError):
                studio.hooks.alarm("alert", result.told(_))
                self._put_away(path, "refused", result.told(_))
                return
            found, cancelled = result
            if (refusal := self._refusal(path.name, found, cancelled, now)) is not None:
                bulletin.discard(found.sounds)
                self._put_away(path, "refused", refusal)
                return
            if found.alert is not None:
                self.urgent.withdraw(found.alert)
            if found.sounds:
                self.urgent.interrupt(
                    Request(
                        what="interrupt", who=_("watched folder"), why=found.why or path.name, title=found.title,
                        sounds=tuple(map(str, found.sounds)), zones=found.zones, emergency=True,
                    ),
                    found.alert,
                )  # fmt: skip
            self._put_away(path, "done", None)

        studio.workers.submit(LANE, made, ready)

    def _refusal(self, file: str, found: Bulletin, cancelled: dict[str, str], now: datetime) -> str | None:
        """Why an alert is not heard that can be: it was already, or it is over by another's word."""
        alert = found.alert
        if alert is None or alert.withdraws:
            return None
        before = aired_alerts.aired_at(self.studio.air.root, alert.name)
        if before := now if self.urgent.reads(alert) else before:
            return _("{name} was aired already, at {at:%d/%m/%Y %H:%M}").format(
                name=file, at=before.astimezone(self.studio.station.tz)
            )
        if by := cancelled.get(alert.name) or self.urgent.withdrawn.get(alert.name):
            return _("replaced or cancelled by CAP {name}").format(name=by)
        return None

    def _put_away(self, path: Path, where: str, reason: str | None) -> None:
        self.studio.workers.submit(LANE, partial(_put_away, path, where, reason))


def _files_in(folder: Path) -> dict[str, Mark] | str:
    """The files to take, by name; or why the folder cannot be read."""
    found: dict[str, Mark] = {}
    try:
        for entry in os.scandir(folder):
            with suppress(OSError):
                if Path(entry.name).suffix.lower() in WATCHED and entry.is_file(follow_symlinks=False):
                    about = entry.stat()
                    found[entry.name] = (about.st_size, about.st_mtime)
    except OSError as error:
        return why(error)
    return found


def _put_away(path: Path, where: str, reason: str | None) -> None:
    """Move a taken file into a subfolder, so that it is taken once; with the reason beside it when refused."""
    target = path.parent / where
    with suppress(OSError):
        target.mkdir(exist_ok=True)
        kept = target / path.name
        if kept.exists():
            kept = target / f"{path.stem}-{time.time_ns()}{path.suffix}"
        path.replace(kept)
        if reason:
            kept.with_name(kept.name + ".reason.txt").write_text(reason + "\n", "utf-8", "replace")
