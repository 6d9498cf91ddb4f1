"""The station daemon: one APScheduler fed from the plan tables, one desk that airs, one loop that never waits."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import cast

from audio.outputs.opening import close_all, open_all
from audio.outputs.output import RATE_HZ, Output
from content.errors import LoaError
from content.language import _
from content.station import Station
from scheduler.daemon import arbiter, as_run, rundown, upkeep
from scheduler.daemon.air_desk import WHOLE, Piece
from scheduler.daemon.clock import Clock
from scheduler.daemon.cue import PcmFile
from scheduler.daemon.deck import Source
from scheduler.daemon.duties import Duties
from scheduler.daemon.feed import Fed
from scheduler.daemon.journal import Entry, Journal
from scheduler.daemon.lease import EVERY_S, DatabaseLease, TakenOverError
from scheduler.daemon.relays import Relays
from scheduler.daemon.rundown import RundownPlay
from scheduler.daemon.studio import Studio, Tally
from scheduler.daemon.urgent import Urgent
from scheduler.daemon.workers import attempt

log = logging.getLogger("loa.daemon")

CUE_AHEAD = timedelta(seconds=90)
REAL_BEAT_S = 1.0
SIMULATED_BEAT_S = 300.0
SIMULATED_FEED_S = 6 * 3600.0
LOOK_S = 0.05
"""How often orders of other processes are looked for."""
LOOKBACK = timedelta(hours=12)
COMPACT_ABOVE = 2000


class StationDaemon(Studio):
    """Runs a station until it is stopped, or until an instant. The caller holds the station's lock."""

    def __init__(
        self,
        station: Station,
        *,
        clock: Clock,
        outputs: Mapping[str, Output],
        tally: Tally,
        until: datetime | None = None,
        status_file: Path | None = None,
        lease: DatabaseLease | None = None,
    ) -> None:
        super().__init__(station, clock=clock, outputs=outputs, tally=tally)
        self.until = until
        self.stopping = False
        self.lease, self.taken_over = lease, cast(LoaError | None, None)
        self._instants: dict[datetime, set[int]] = {}
        """Ids of the plays that begin at an instant."""
        self._fed_at: datetime | None = None
        """When the plan tables were last read: what passed unseen since then (a sleep, a clock set ahead) is looked for."""
        self._last_fed: tuple[RundownPlay, ...] | None = None
        self._written: dict[str, tuple[RundownPlay, ...]] = {}
        self._compact_above = COMPACT_ABOVE
        """Entries in the journal; more than that, and what is old and stored is dropped."""
        self._last_wall, self._last_steady = clock.now(), clock.steady()
        self.relays = Relays(self)
        self.duties = Duties(self, status_file, self.ask_feed)
        self.urgent = Urgent(self, self.duties.power)

    # life

    def run(self) -> None:
        """Air what is due until `until` has come and nothing is on the air any more, or `stop` is called."""
        self.rack.clear_scraps()
        open_all(self.outputs.values())
        self._recover()
        self.timetable.start()
        beat = SIMULATED_BEAT_S if self.clock.simulated else REAL_BEAT_S
        self.timetable.every(beat, "beat", self._beat)
        self.timetable.every(SIMULATED_FEED_S if self.clock.simulated else REAL_BEAT_S, "feed", self.ask_feed)
        self.timetable.every(3600.0, "relays", lambda: self.relays.schedule(self.clock.now()))
        self.duties.schedule_freeze(self.clock.now())
        if self.lease is not None and self.lease.is_shared:
            self.timetable.every(EVERY_S, "lease", self._renew_lease)
        if not self.clock.simulated:
            self.timetable.every(LOOK_S, "requests", self.urgent.look)
            self.timetable.every(REAL_BEAT_S, "folder", self.urgent.watched.look)
            upkeep.notify_service("READY=1")
        try:
            self.urgent.go_on()  # now, not before: what is on the air wants to be fed without a pause
            while not self._is_over():
                self._turn()
        finally:
            self._end()

    def stop(self) -> None:
        """End the run soon; from any thread, or from a signal handler."""
        self.stopping = True
        self.bell.ring()

    def _turn(self) -> None:
        self.bell.hush()
        self._watch_clock()  # not on the beat: a clock that was set back holds the beat up
        self.workers.take_results()
        until_job = self.timetable.run_due()
        if self.timetable.faults:
            raise self.timetable.faults[0][1]
        until_block = self.desk.deck.pump()
        if self.desk.waiting:
            self.desk.serve_waiting()
            until_block = 0.0 if self.desk.on_air and until_block is None else until_block
        waits = [w for w in (until_job, until_block) if w is not None]
        if self.until is not None and self.until > self.clock.now():
            waits.append((self.until - self.clock.now()).total_seconds())
        longest = SIMULATED_BEAT_S if self.clock.simulated else REAL_BEAT_S
        waiting = min([longest, *waits])
        if self.desk.waiting and not self.desk.on_air:
            waiting = min(waiting, 1.0)
        self.clock.wait(waiting, self.bell)

    def _is_over(self) -> bool:
        if self.stopping:
            return True
        return self.until is not None and self.clock.now() >= self.until and self.desk.is_idle

    def _end(self) -> None:
        upkeep.notify_service("STOPPING=1")
        self.urgent.close()
        self.desk.close(_("Loa was stopped"))
        self.relays.close()
        self.timetable.shutdown()
        self.duties.close()
        self.hooks.close()
        self.workers.close()
        if isinstance(result := attempt(self._store_now), LoaError):
            log.error("as-run entries wait in the journal: %s", result)
        self.duties.write_last_status(self.clock.now())
        close_all(self.outputs.values())
        self.journal.close()
        self.register.close()

    # what was left by an earlier run

    def _recover(self) -> None:
        closed = as_run.close_open_entries(self.journal, self.register)
        entries = list(self.journal.entries.values())
        others = attempt(lambda: as_run.of_other_plays(self.station, entries))
        for entry in entries:
            # What the other clock aired is told, and decides nothing here.
            same = entry.simulated == self.clock.simulated
            self.unstored[entry.key] = entry if same else replace(entry, play_status=None)
        mine = [
            e for e in entries
            if e.play_id is not None and e.simulated == self.clock.simulated
            and (isinstance(others, LoaError) or e.key not in others)
        ]  # fmt: skip
        self.handled |= {e.play_id for e in mine if e.play_id is not None and e.play_status}
        for entry in closed:
            log.warning("closed after a crash: %s, %s", entry.title, entry.reason)
        last: dict[int, Entry] = {}
        heard: dict[int, int] = {}
        for entry in mine:
            last[entry.play_id or 0] = entry
            heard[entry.play_id or 0] = heard.get(entry.play_id or 0, 0) + entry.heard_ms
        undecided = [e for e in last.values() if e.play_status is None and e.play_id not in self.handled]
        if isinstance(result := attempt(self._store_now), LoaError):
            self.database_trouble = result.told(_)
        for entry in undecided:
            self._go_on(entry, heard[entry.play_id or 0])

    def _go_on(self, entry: Entry, heard_ms: int) -> None:
        """Offer a play that was cut by the end of an earlier run."""
        assert entry.play_id is not None
        self.handled.add(entry.play_id)
        if heard_ms >= entry.length_ms * WHOLE > 0:  # cut off in its last moment: as good as heard
            self.desk.write(replace(entry, outcome="aired", play_status="aired"))
            return
        now, play_id = self.clock.now(), entry.play_id
        play = attempt(lambda: self.feed.judge(now, play_id))
        if isinstance(play, LoaError):
            play = next((p for p in self.feed.poll(now, None).plays if p.play_id == play_id), None)
        base = play or RundownPlay(
            play_id=entry.play_id, title=entry.title, starts_at=entry.planned_at or now,
            length_ms=entry.length_ms, zones=entry.zones, timing="soft", lateness="make-good",
            audio_sha256=entry.audio_sha256, suffix="",
        )  # fmt: skip
        piece = replace(self._piece(base), length_ms=entry.length_ms)
        piece.cut_at, piece.cut_entry = entry.ended_at or now, entry
        piece.heard_to_ms = entry.offset_ms + entry.heard_ms
        piece.heard_ms = heard_ms
        if play is None or play.audio_sha256 != entry.audio_sha256:
            self.desk.miss(piece, _("its sound changed meanwhile"))
            return
        self._cue_then(base, lambda problem: self._offer(piece, problem))

    # the feed

    def ask_feed(self) -> None:
        if not self.workers.is_idle("feed"):
            return
        now = self.clock.now()
        since = None if self._fed_at is None else min(now, self._fed_at) - LOOKBACK
        self.workers.submit("feed", lambda: self.feed.poll(now, since), partial(self._fed, now, since))

    def _fed(self, now: datetime, since: datetime | None, fed: Fed | LoaError) -> None:
        if isinstance(fed, LoaError):
            self.database_trouble = fed.told(_)
            return
        if fed.trouble != self.database_trouble:
            log.warning("%s", fed.trouble) if fed.trouble else log.info("the database is back")
        self.database_trouble = fed.trouble
        self._fed_at = now if fed.from_database else self._fed_at
        if fed.plays == self._last_fed and fed.from_database:
            return
        self._last_fed = fed.plays
        self._note_day(fed.plays)
        found = {p.play_id: p for p in fed.plays if p.play_id not in self.handled}
        for play_id in self.plays.keys() - found.keys():
            asked_for = since is None or self.plays[play_id].starts_at >= since
            if asked_for or play_id in self.handled:
                self.timetable.forget(f"cue-{play_id}")
                self._take_out(self.plays.pop(play_id))
        for play_id, play in found.items():
            before = self.plays.get(play_id)
            self.plays[play_id] = play
            if before is None or before.starts_at != play.starts_at:
                if before is not None:
                    self._take_out(before)
                self._put_in(play)
            if before is None or (before.starts_at, before.audio_sha256) != (
                play.starts_at,
                play.audio_sha256,
            ):
                self.timetable.at(play.starts_at - CUE_AHEAD, f"cue-{play_id}", self._cue, play_id)
        if fed.from_database:
            self._write_rundowns()

    def _put_in(self, play: RundownPlay) -> None:
        """One job for each instant, however many plays begin at it."""
        due = self._instants.setdefault(play.starts_at, set())
        if not due:
            self.timetable.at(
                play.starts_at, f"plays-{play.starts_at.isoformat()}", self._due_at, play.starts_at
            )
        due.add(play.play_id)

    def _take_out(self, play: RundownPlay) -> None:
        due = self._instants.get(play.starts_at, set())
        due.discard(play.play_id)
        if not due and self._instants.pop(play.starts_at, None) is not None:
            self.timetable.forget(f"plays-{play.starts_at.isoformat()}")

    def _note_day(self, plays: Iterable[RundownPlay]) -> None:
        found = {p.play_id: p for p in plays}
        edge = self.clock.now() - timedelta(days=1)
        kept = {k: p for k, p in self.day.items() if p.starts_at > edge and (k in self.handled or k in found)}
        self.day = {**kept, **{k: p for k, p in found.items() if p.starts_at > edge}}

    def _write_rundowns(self) -> None:
        """Keep the written rundown of today and tomorrow as the database has it."""
        now = self.clock.now()
        today = self.station.day_of(now)
        for day in (today, today + timedelta(days=1)):
            start = datetime.combine(day, time(), self.station.tz)
            end = datetime.combine(day + timedelta(days=1), time(), self.station.tz)
            plays = tuple(p for p in self.day.values() if start <= p.starts_at < end)
            plays = tuple(sorted(plays, key=lambda p: (p.starts_at, p.play_id)))
            if self._written.get(day.isoformat()) == plays:
                continue
            self._written[day.isoformat()] = plays
            self.workers.submit("rundown", partial(rundown.write, self.air.rundown(day), day, plays, now))
        for old in [key for key in self._written if key < today.isoformat()]:
            del self._written[old]

    # a play's time

    def _cue(self, play_id: int) -> None:
        play = self.plays.get(play_id)
        if play is not None:
            self._cue_then(play, lambda _problem: None)

    def _cue_then(self, play: RundownPlay, then: Callable[[str | None], None]) -> None:
        """Have the sound decoded, then say what is wrong with it (None: nothing)."""
        sha256, suffix = play.audio_sha256, play.suffix
        if sha256 is None:
            then(play.problem)
            return

        def done(result: PcmFile | LoaError) -> None:
            then(result.told(_) if isinstance(result, LoaError) else None)

        self.workers.submit("cue", lambda: self.rack.cue(sha256, suffix), done)

    def _due_at(self, instant: datetime) -> None:
        """The more urgent first, then in the order of their ids."""
        plays = [self.plays[play_id] for play_id in self._instants.pop(instant, ()) if play_id in self.plays]
        levels = {p.play_id: arbiter.level_of_play(p.timing, emergency=p.emergency) for p in plays}
        for play in sorted(plays, key=lambda p: (-levels[p.play_id], p.play_id)):
            self._due(play.play_id)

    def _due(self, play_id: int) -> None:
        play = self.plays.get(play_id)
        if play is None or play_id in self.handled:
            return
        self.handled.add(play_id)
        piece = self._piece(play)
        if play.problem is not None or play.audio_sha256 is None:
            self.desk.miss(piece, play.problem or _("no audio"))
        elif self.rack.is_cued(play.audio_sha256):
            self._offer(piece, None)
        else:
            self._cue_then(play, lambda problem: self._offer(piece, problem))

    def _offer(self, piece: Piece, problem: str | None) -> None:
        if problem is not None:
            self.desk.miss(piece, problem)
        else:
            self.desk.offer(piece)

    def _piece(self, play: RundownPlay) -> Piece:
        path = self.rack.folder / f"{play.audio_sha256}.s16"

        def open_source(offset_ms: int) -> Source:
            source = PcmFile(path)
            source.open()
            if offset_ms:
                source.skip(offset_ms * RATE_HZ // 1000)
            return source

        return Piece(
            name=f"play-{play.play_id}", kind="play", title=play.title, zones=play.zones,
            level=arbiter.level_of_play(play.timing, emergency=play.emergency), open_source=open_source,
            length_ms=play.length_ms, play_id=play.play_id, planned_at=play.starts_at, timing=play.timing,
            lateness=play.lateness, audio_sha256=play.audio_sha256,
        )  # fmt: skip

    # the beat

    def _beat(self) -> None:
        """Once a second (on a simulated clock, every five minutes): notice, store, look after."""
        self.journal.flush()
        self._ask_store()
        self.duties.beat(self.clock.now())
        if len(self.journal.entries) > self._compact_above:
            stored = self.journal.entries.keys() - self.unstored.keys()
            attempt(
                lambda: self.journal.compact(self.clock.now(), stored)
            )  # on a full disk it stays as it is
            self._compact_above = max(COMPACT_ABOVE, 2 * len(self.journal.entries))

    def _renew_lease(self) -> None:
        lease = self.lease

        def done(result: LoaError | None) -> None:
            if isinstance(result, TakenOverError):  # two voices at once are worse than one
                self.hooks.alarm("lease", result.told(_))
                self.taken_over = result
                self.stop()

        if lease is not None and self.workers.is_idle("lease"):
            self.workers.submit("lease", lease.renew, done)

    def _watch_clock(self) -> None:
        wall, steady = self.clock.now(), self.clock.steady()
        jump = (wall - self._last_wall).total_seconds() - (steady - self._last_steady)
        self._last_wall, self._last_steady = wall, steady
        if abs(jump) > 1.0:
            log.warning("the clock was set by %+.1f s", jump)
            self.clock_steps += 1
            self.timetable.clock_was_set()
            self.ask_feed()

    # the log

    def _ask_store(self) -> None:
        if not self.unstored or not self.workers.is_idle("as-run"):
            return
        batch = dict(itertools.islice(self.unstored.items(), 200))

        def stored(result: LoaError | None) -> None:
            if isinstance(result, LoaError):
                self.database_trouble = result.told(_)
                return
            for key, entry in batch.items():
                if self.unstored.get(key) is entry:
                    del self.unstored[key]

        self.workers.submit("as-run", lambda: as_run.store(self.station, batch.values()), stored)

    def _store_now(self) -> None:
        as_run.store(self.station, self.unstored.values())
        self.unstored.clear()


def last_simulated(journal: Journal) -> datetime | None:
    """How far the simulated time of earlier runs came."""
    instants = [
        at
        for entry in journal.entries.values()
        if entry.simulated
        for at in (entry.ended_at, entry.started_at)
        if at is not None
    ]
    return max(instants, default=None)
