"""The relay blocks of the config, each put on the air at its time and taken off at its end."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from audio.outputs.output import RATE_HZ
from content.config import Config, RelayConfig
from content.language import _
from scheduler.daemon import arbiter
from scheduler.daemon.air_desk import Piece
from scheduler.daemon.deck import OnAir, Source
from scheduler.daemon.journal import Entry
from scheduler.daemon.relay import RelaySource, Tap
from scheduler.daemon.sources import Loop
from scheduler.daemon.studio import Studio

OPEN_AHEAD = timedelta(seconds=8)


def blocks_of(config: Config, day: date) -> list[tuple[RelayConfig, datetime, datetime]]:
    """The relay blocks of a station day: (relay, start, end)."""
    found = []
    for relay in config.relays:
        if day.isoweekday() not in relay.weekdays:
            continue
        if (relay.from_on and day < relay.from_on) or (relay.until_on and day > relay.until_on):
            continue
        start = datetime.combine(day, relay.start, config.tz)
        found.append((relay, start, datetime.combine(day, relay.end, config.tz)))
    return found


class Relays:
    """Schedules relay blocks; in the daemon's thread."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self._known: dict[str, datetime] = {}
        """Blocks that were scheduled, with their ends."""
        self._taps: dict[str, Tap] = {}

    def schedule(self, now: datetime) -> None:
        """Put the blocks of today and tomorrow into the timetable; one that runs already begins now."""
        today = self.studio.station.day_of(now)
        for day in (today, today + timedelta(days=1)):
            for relay, start, end in blocks_of(self.studio.station.config, day):
                # Two blocks may share an id, as they do in a config where one was copied from the other.
                number = self.studio.station.config.relays.index(relay) + 1
                name = f"relay-{number}-{relay.id}-{day:%Y%m%d}"
                if name in self._known or end <= now:
                    continue
                self._known[name] = end
                self.studio.timetable.at(
                    max(now, start - OPEN_AHEAD), f"open-{name}", self._open, name, relay
                )
                self.studio.timetable.at(max(now, start), name, self._begin, name, relay, start, end)
        for name in [name for name, end in self._known.items() if end < now - timedelta(days=2)]:
            del self._known[name]

    def close(self) -> None:
        for tap in self._taps.values():
            tap.close()
        self._taps.clear()

    def _open(self, name: str, relay: RelayConfig) -> None:
        if not self.studio.clock.simulated and name not in self._taps:
            self._taps[name] = Tap(relay.url)

    def _begin(self, name: str, relay: RelayConfig, start: datetime, end: datetime) -> None:
        def open_source(_offset_ms: int) -> Source:
            frames = max(0, round((end - self.studio.clock.now()).total_seconds() * RATE_HZ))
            if self.studio.clock.simulated:
                # No stream can be heard on a clock that jumps: the block is taken up, and marked simulated.
                return Loop(self.studio.filler, frames)
            tap = self._taps.pop(name, None) or Tap(relay.url)
            return RelaySource(
                tap, self.studio.filler, frames, self.studio.clock.now,
                (_("the relay gave no sound"), _("the relay gave silence")),
            )  # fmt: skip

        self.studio.desk.offer(
            Piece(
                name=name, kind="relay", title=relay.name or relay.id, zones=relay.zones, level=arbiter.RELAY,
                open_source=open_source, length_ms=0, planned_at=start, until=end, account=self.account,
            )
        )  # fmt: skip

    def account(self, airing: OnAir, done: Entry) -> Entry:
        """The relay's entry without the seconds that were filler; each gap becomes an entry of its own."""
        source = airing.source
        if not isinstance(source, RelaySource) or not source.gaps:
            return done
        filled_ms, left_ms = 0, done.heard_ms
        for gap in source.gaps:
            ms = round(gap.frames * 1000 / RATE_HZ)
            filled_ms += ms
            heard_ms = min(ms, left_ms)  # with the outputs lost, nobody heard the filler either
            left_ms -= heard_ms
            self.studio.desk.write(
                replace(
                    done, key=self.studio.journal.new_key(), kind="filler", title=_("filler"), slot=None,
                    started_at=gap.started_at, ended_at=gap.ended_at or done.ended_at, planned_at=None, heard_ms=heard_ms,
                    outcome="aired" if heard_ms == ms else "partial" if heard_ms else "missed", reason=gap.reason,
                )
            )  # fmt: skip
        reasons = [done.reason] if done.reason else []
        reasons += dict.fromkeys(gap.reason for gap in source.gaps)
        reasons.append(_("filler for {seconds} s").format(seconds=round(filled_ms / 1000, 1)))
        return replace(
            done, heard_ms=left_ms, outcome="partial" if left_ms else "missed", reason="; ".join(reasons)
        )
