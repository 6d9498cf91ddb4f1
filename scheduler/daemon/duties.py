"""The daemon's duties on every beat, beside airing: silence, make-good, freezing, disk, power, status."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audio.outputs.output import RATE_HZ
from content.errors import LoaError
from content.language import _
from scheduler.daemon import arbiter, upkeep
from scheduler.daemon.air_desk import Piece
from scheduler.daemon.deck import Source
from scheduler.daemon.freeze import FREEZE_HOUR, freeze_day
from scheduler.daemon.make_good import make_good, make_good_apart, owed_by_earlier_runs
from scheduler.daemon.power import Power
from scheduler.daemon.sources import Loop
from scheduler.daemon.studio import Studio

if TYPE_CHECKING:
    from scheduler.daemon.rundown import RundownPlay

log = logging.getLogger("loa.daemon")
DISK_EVERY = timedelta(minutes=1)
MAKE_GOOD_AGAIN = timedelta(minutes=5)
"""When the planner is asked again after it failed."""


class Duties:
    """In the daemon's thread; everything slow goes to the workers."""

    def __init__(self, studio: Studio, status_file: Path | None, ask_feed: Callable[[], None]) -> None:
        self.studio, self.ask_feed = studio, ask_feed
        self.config = studio.station.config
        self.power = Power(self.config, studio.hooks, studio.workers)
        own = self.config.daemon.status_file
        extra = [status_file, studio.station.folder / own if own else None]
        self._status_files = [studio.air.status, *(path for path in extra if path is not None)]
        self._silent_since: dict[str, datetime] = {}
        self._disk_at: datetime | None = None
        self._disk_free_mb = 0.0
        self._filler_number = 0
        self._ending = threading.Event()
        self._looked_back = False
        self._failed_at: datetime | None = None
        """When the planner was last asked in vain."""

    def beat(self, now: datetime) -> None:
        """Once a second; every five minutes on a simulated clock."""
        self.power.look(now, busy=not self.studio.desk.is_idle)
        self._watch_outputs()
        if not self.studio.clock.simulated:
            self._watch_silence(now)
        self._watch_disk(now)
        self._make_good(now)
        self.studio.hooks.forget_old()
        if not self.studio.clock.simulated:
            self.write_status(now)
            upkeep.notify_service("WATCHDOG=1")

    def close(self) -> None:
        """The daemon ends: nobody waits for the planner; the next start asks it again."""
        self._ending.set()
        self.power.close()

    # freezing

    def schedule_freeze(self, now: datetime) -> None:
        """Freeze tomorrow this evening; what an earlier evening should have frozen, now."""
        today = self.studio.station.day_of(now)
        self.studio.timetable.at(now, "freeze-now", self._freeze, today)
        if now.astimezone(self.config.tz).hour >= FREEZE_HOUR:
            self.studio.timetable.at(now, "freeze-next", self._freeze, today + timedelta(days=1))
        self._schedule_next_freeze(now)

    def _schedule_next_freeze(self, now: datetime) -> None:
        self.studio.timetable.at(
            upkeep.next_local(now, self.config, FREEZE_HOUR), "freeze", self._freeze_tomorrow
        )

    def _freeze_tomorrow(self) -> None:
        now = self.studio.clock.now()
        self._freeze(self.studio.station.day_of(now) + timedelta(days=1))
        self._schedule_next_freeze(now)

    def _freeze(self, day: date) -> None:
        studio, now = self.studio, self.studio.clock.now()
        start = datetime.combine(day, time(), self.config.tz)
        end = datetime.combine(day + timedelta(days=1), time(), self.config.tz)

        def done(result: list[str] | LoaError) -> None:
            if isinstance(result, LoaError):
                studio.hooks.alarm("freeze", result.told(_))
                return
            studio.hooks.all_clear("freeze")
            for line in result:
                studio.hooks.alarm(f"pre-flight {line[:60]}", line)

        def freeze() -> list[str]:
            fed = studio.feed_apart.poll(now, start, fresh=True)
            plays = [p for p in fed.plays if start <= p.starts_at < end]
            if not fed.from_database:
                return []
            return freeze_day(studio.station, studio.rack, plays, day, now)

        studio.workers.submit("freeze", freeze, done)

    # make-good

    def _make_good(self, now: datetime) -> None:
        studio = self.studio
        if not studio.workers.is_idle("make-good") or studio.database_trouble:
            return
        if studio.unstored and (not self._looked_back or studio.owed.keys() & self._unstored_plays()):
            return  # the planner must see first what was missed
        if not self._looked_back:
            self._look_back(now)
            return
        if not studio.owed or (self._failed_at is not None and abs(now - self._failed_at) < MAKE_GOOD_AGAIN):
            return
        batch = set(studio.owed)
        studio.owed.clear()
        station = studio.station
        ask = make_good if studio.clock.simulated else partial(make_good_apart, stopping=self._ending)

        def done(result: int | LoaError) -> None:
            if isinstance(result, LoaError):
                studio.hooks.alarm("make-good", result.told(_))
                studio.owed.update(dict.fromkeys(batch))
                self._failed_at = now
                return
            self._failed_at = None
            log.info("%s missed plays, %s made good", len(batch), result)
            if result < len(batch):
                log.warning(
                    "%s missed plays were not laid again: `loa ledger` tells what is at risk",
                    len(batch) - result,
                )
            studio.hooks.all_clear("make-good")
            self.ask_feed()

        studio.workers.submit("make-good", lambda: ask(station, sorted(batch), now), done)

    def _unstored_plays(self) -> set[int]:
        return {entry.play_id for entry in self.studio.unstored.values() if entry.play_id is not None}

    def _look_back(self, now: datetime) -> None:
        """What an earlier run missed and could not have planned again any more: a crash must not forget it."""
        studio = self.studio
        station, simulated = studio.station, studio.clock.simulated

        def found(result: list[int] | LoaError) -> None:
            if not isinstance(result, LoaError):
                self._looked_back = True
                for play_id in result:
                    studio.owed.setdefault(play_id, None)

        studio.workers.submit(
            "make-good", lambda: owed_by_earlier_runs(station, now, simulated=simulated), found
        )

    # silence

    def _watch_silence(self, now: datetime) -> None:
        """Alarm and filler where something should be heard for longer than `silence_alarm_s`, and nothing is."""
        limit_s = self.config.daemon.silence_alarm_s
        desk = self.studio.desk
        for key, (piece, _entry) in list(desk.on_air.items()):
            airing = desk.deck.on.get(key)
            if airing is not None and piece.kind == "play" and airing.silent_s > limit_s:
                text = _("{title} has been silent for {seconds} s").format(title=piece.title, seconds=limit_s)
                self.studio.hooks.alarm("silence", text)
                piece.lateness = "make-good"  # its sound is at fault: going on with it would be silent again
                desk.cut(key, text)
        if desk.stopped is not None:
            self._silent_since.clear()
            return
        wanted = self.studio.expected(now)
        for zone in self.config.zone_ids:
            play = wanted.get(zone)
            if play is None or not desk.is_silent(zone):
                self._silent_since.pop(zone, None)
                if play is None:
                    self.studio.hooks.all_clear(f"silence {zone}")
                continue
            since = self._silent_since[zone] = min(now, self._silent_since.get(zone, now))
            if (now - since).total_seconds() >= limit_s or any(
                held.cut_at is not None and held.play_id == play.play_id for held in desk.waiting.values()
            ):
                text = _("nothing is heard in {zone}, where {title} should be").format(
                    zone=zone, title=play.title
                )
                self.studio.hooks.alarm(f"silence {zone}", text)
                self._fill(zone, play, text)

    def _fill(self, zone: str, play: RundownPlay, why: str) -> None:
        now = self.studio.clock.now()
        left_ms = round((play.ends_at - now).total_seconds() * 1000)
        if left_ms < 1000:
            return
        self._filler_number += 1
        filler = self.studio.filler

        def open_source(_offset_ms: int) -> Source:
            return Loop(filler, left_ms * RATE_HZ // 1000)

        self.studio.desk.offer(
            Piece(
                name=f"filler-{self._filler_number}", kind="filler", title=_("filler"), zones=(zone,),
                level=arbiter.FILLER, open_source=open_source, length_ms=left_ms, until=play.ends_at, why=why,
            )
        )  # fmt: skip

    # outputs, disk

    def _watch_outputs(self) -> None:
        for output in set(self.studio.outputs.values()):
            if output.trouble is not None:
                text = _(
                    "output {name} is lost ({reason}): check the card or the line, or name another output in config.toml; Loa goes on trying"
                ).format(name=output.name, reason=output.trouble)
                self.studio.hooks.alarm(f"output {output.name}", text)
            else:
                self.studio.hooks.all_clear(f"output {output.name}")

    def _watch_disk(self, now: datetime) -> None:
        if self._disk_at is not None and abs(now - self._disk_at) < DISK_EVERY:
            return
        self._disk_at = now
        try:
            self._disk_free_mb = upkeep.disk_free_mb(self.studio.air.root)
        except OSError:
            return
        if self._disk_free_mb < self.config.daemon.min_free_mb:
            text = _("only {free} MB are free on the station's disk").format(free=round(self._disk_free_mb))
            self.studio.hooks.alarm("disk", text)
            self.studio.rack.prune(most_mb=256)
        else:
            self.studio.hooks.all_clear("disk")

    # status

    def status(self, now: datetime) -> dict[str, Any]:
        """What `loa now` shows."""
        studio = self.studio
        on_air = []
        for key, (piece, entry) in studio.desk.on_air.items():
            airing = studio.desk.deck.on.get(key)
            if airing is None:
                continue
            position_ms = entry.offset_ms + round(airing.sent_frames * 1000 / RATE_HZ)
            on_air.append(
                {
                    "kind": piece.kind, "title": piece.title, "play_id": piece.play_id, "zones": entry.zones,
                    "started_at": entry.started_at, "position_ms": position_ms,
                    "length_ms": piece.length_ms or None, "until": piece.until,
                    "level_dbfs": round(airing.level_dbfs, 1), "outputs": airing.outputs,
                }
            )  # fmt: skip
        coming = sorted(
            (p for p in studio.plays.values() if p.play_id not in studio.handled), key=lambda p: p.starts_at
        )
        return {
            "station": self.config.station.name, "at": now, "pid": os.getpid(), "simulated": studio.clock.simulated,
            "on_air": on_air,
            "waiting": [
                {"title": p.title, "behind": p.blocked_by if p.unheard_since is None else None}
                for p in studio.desk.waiting.values()
            ],
            "next": [
                {
                    "play_id": p.play_id, "title": p.title, "zones": p.zones or self.config.zone_ids,
                    "starts_at": p.starts_at, "length_ms": p.length_ms, "problem": p.problem,
                }
                for p in coming[:5]
            ],
            "stopped": studio.desk.stopped,
            "outputs": [{"name": o.name, "trouble": o.trouble} for o in dict.fromkeys(studio.outputs.values())],
            "database_trouble": studio.database_trouble,
            "alarms": list(studio.hooks.told.values()),
            "outcomes": dict(studio.tally.outcomes),
            "disk_free_mb": self._disk_free_mb,
            "clock_steps": studio.clock_steps,
            "lateness_s": studio.lateness_s,
        }  # fmt: skip

    def write_status(self, now: datetime) -> None:
        """Bring the status files and the metrics up to date."""
        if self.studio.workers.is_idle("status"):
            self.studio.workers.submit("status", partial(self._write_status, self.status(now)))

    def write_last_status(self, now: datetime) -> None:
        """The daemon has ended in order: whoever looks at the files must not take it for on the air."""
        if not self.studio.clock.simulated:
            self._write_status(self.status(now), up=False)

    def _write_status(self, status: dict[str, Any], *, up: bool = True) -> None:
        text = upkeep.status_text(status)
        for path in self._status_files:
            upkeep.write_beside(path, text)
        upkeep.write_beside(self.studio.air.metrics, upkeep.metrics_text(status, up=up))
