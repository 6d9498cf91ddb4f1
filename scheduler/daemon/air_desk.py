"""The air desk: lets pieces on the air, keeps the others waiting, and writes each one's fate into the journal.

Every piece that was handed in ends as exactly one of aired, partial, missed or displaced. Used by the
daemon's own thread alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from audio.outputs.output import RATE_HZ, Output
from content.config import Config
from content.language import _
from scheduler.daemon import arbiter
from scheduler.daemon.clock import Clock
from scheduler.daemon.deck import Deck, OnAir, Route, Source
from scheduler.daemon.journal import Entry, Journal, Register
from scheduler.daemon.lateness import Verdict, when_cut, when_late

log = logging.getLogger("loa.daemon")
SERVE_EVERY_S = 0.5
"""How often those who wait are looked at though nothing left the air: their time may be over."""
WHOLE = 0.98
"""A play counts as aired when so much of it was heard."""
OUTPUT_WITHIN = timedelta(minutes=30)
"""So long an urgent bulletin waits for an output that works; plays do not: they are made good."""


@dataclass(slots=True, kw_only=True)
class Piece:
    """Something to put on the air."""

    name: str
    """Unique among what waits or airs now, such as play-12."""
    kind: str
    """play, relay, filler, interrupt."""
    title: str
    zones: tuple[str, ...]
    level: int
    open_source: Callable[[int], Source]
    """Gives the sound, opened so many ms into it."""
    length_ms: int
    play_id: int | None = None
    planned_at: datetime | None = None
    timing: str = "soft"
    lateness: str = "start-late"
    audio_sha256: str | None = None
    who: str | None = None
    why: str | None = None
    order: str | None = None
    """The name of the urgent order that it carries out."""
    give_up_at: datetime | None = None
    """Not begun any more after it (an alert that expires)."""
    until: datetime | None = None
    """Cut then at the latest (a relay's block)."""
    on_end: Callable[[Entry], None] | None = None
    account: Callable[[OnAir, Entry], Entry] | None = None
    """May correct the entry at the end (a relay: what was filler)."""
    cut_at: datetime | None = None
    """Set while it waits to go on."""
    cut_entry: Entry | None = None
    heard_to_ms: int = 0
    """How far into the sound it came."""
    heard_ms: int = 0
    """How much of it was heard in earlier parts."""
    blocked_by: str | None = None
    """The title of what kept it off the air."""
    unheard_since: float | None = None
    """Since when, on the steady clock, it waits for an output that works."""
    cut_by: str | None = None
    """The title of the more urgent piece that cut it."""


@dataclass(slots=True, kw_only=True)
class AirDesk:
    """Who is on the air in which zone, who waits, and what became of each."""

    config: Config
    clock: Clock
    journal: Journal
    register: Register
    outputs: Mapping[str, Output]
    fallbacks: Mapping[str, str]
    post: Callable[[Entry], None]
    """Called with every new state of an entry."""
    owe: Callable[[Entry], None]
    """Called with the entry of a play that has to be made good."""
    deck: Deck = field(init=False)
    waiting: dict[str, Piece] = field(default_factory=dict)
    on_air: dict[str, tuple[Piece, Entry]] = field(default_factory=dict)
    """By the key of the entry."""
    stopped: str | None = None
    """Why everything is silent, while `loa stop` holds."""
    _moved: bool = True
    """Something left the air since the waiting were last looked at."""
    _served_at: float = 0.0
    _levels: dict[str, int] | None = None
    _reaches: dict[tuple[str, ...], tuple[frozenset[str], frozenset[str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.deck = Deck(self.clock, self.register.note)

    # what comes in

    def offer(self, piece: Piece) -> None:
        """Put the piece on the air, let it wait, or write down why not."""
        verdict = self._verdict(piece)
        if not verdict.start:
            self._give_up(piece, verdict)
            return
        if self.stopped is not None and piece.kind != "interrupt":
            self.wait(piece, self.stopped)
            return
        urgent = piece.kind == "interrupt" or piece.level >= arbiter.EMERGENCY  # of a centre, too
        if urgent and not self.can_be_heard(piece.zones):
            self._wait_for_output(piece)
            return
        holders = self._holders(piece)
        decision = arbiter.decide(piece.level, [held.level for held, _entry in holders])
        if decision == "wait":
            self.wait(piece, holders[0][0].title)
            return
        if decision == "cut":
            for held, entry in holders:
                held.cut_by = piece.title
                self.cut(entry.key, _("cut by {title}").format(title=piece.title))
        self.waiting.pop(piece.name, None)
        self._begin(piece, verdict.offset_ms)

    def wait(self, piece: Piece, behind: str) -> None:
        """Keep it until what is on the air (`behind`) is over."""
        piece.blocked_by, piece.unheard_since = behind, None
        self.waiting[piece.name] = piece

    def miss(
        self,
        piece: Piece,
        reason: str | None,
        *,
        make_good: bool = True,
        outcome: str = "missed",
        status: str = "missed",
    ) -> None:
        """Write down that nothing (more) of the piece is heard, and why; None: what cut it says enough."""
        self.waiting.pop(piece.name, None)
        if piece.cut_entry is not None:
            known = piece.cut_entry.reason
            entry = replace(
                piece.cut_entry,
                play_status=status if piece.play_id else None,
                reason="; ".join(part for part in (known, reason) if part) or None,
            )
        else:
            entry = Entry(
                key=self.journal.new_key(), kind=piece.kind, title=piece.title, zones=piece.zones,
                output=", ".join(self._output_names(piece.zones)), simulated=self.clock.simulated,
                play_id=piece.play_id, planned_at=piece.planned_at, outcome=outcome, reason=reason,
                audio_sha256=piece.audio_sha256, who=piece.who, length_ms=piece.length_ms, order=piece.order,
                play_status=status if piece.play_id else None,
            )  # fmt: skip
        self.write(entry)
        if make_good and piece.play_id is not None:
            self.owe(entry)
        if piece.on_end is not None:
            piece.on_end(entry)

    def cut(self, key: str, reason: str) -> None:
        """Take one airing off, if it is still on; a play waits for whether it may go on."""
        if key in self.deck.on:
            self.deck.cut(self.deck.on[key], reason)

    def cut_all(self, reason: str) -> None:
        """Take off everything."""
        for key in list(self.on_air):
            self.cut(key, reason)

    def go_on(self) -> None:
        """The stop is over."""
        self.stopped, self._moved = None, True

    def serve_waiting(self) -> None:
        """See who of the waiting may speak now, and who waits no longer."""
        steady = self.clock.steady()
        if not self._moved and steady - self._served_at < SERVE_EVERY_S:
            return
        self._moved, self._served_at = False, steady
        everywhere = self.config.zone_ids
        for piece in sorted(
            self.waiting.values(), key=lambda p: (-p.level, p.planned_at or self.clock.now())
        ):
            held = self._held_levels
            if (
                any(held.get(zone, 0) >= piece.level for zone in piece.zones or everywhere)
                and self._verdict(piece).start
            ):
                continue
            if self.waiting.get(piece.name) is piece:
                self.offer(piece)

    @property
    def _held_levels(self) -> dict[str, int]:
        """The level of what is on the air, by zone."""
        if self._levels is None:
            self._levels = {zone: p.level for p, entry in self.on_air.values() for zone in entry.zones}
        return self._levels

    def close(self, reason: str) -> None:
        """The daemon ends: everything on the air is cut, and its entry closed; plays stay undecided."""
        self.cut_all(reason)
        self.waiting.clear()

    def is_silent(self, zone: str) -> bool:
        """True when nothing is on the air in the zone."""
        return not any(
            zone in (piece.zones or self.config.zone_ids) for piece, _entry in self.on_air.values()
        )

    @property
    def is_idle(self) -> bool:
        """True when nothing is on the air."""
        return not self.on_air

    def can_be_heard(self, zones: tuple[str, ...]) -> bool:
        """False while none of the zones' loudspeakers works; where there are only recordings, nothing has to be waited for."""
        loud = [output for route in self._routes(zones) for output in route.chain if output.audible]
        return not loud or any(output.trouble is None for output in loud)

    # decisions

    def _verdict(self, piece: Piece) -> Verdict:
        now = self.clock.now()
        grace = timedelta(seconds=self.config.daemon.grace_s)
        if piece.play_id is None:
            over = any(end is not None and now >= end for end in (piece.until, piece.give_up_at))
            return Verdict(not over, offset_ms=piece.heard_to_ms)
        if piece.give_up_at is not None and now > piece.give_up_at:
            return Verdict(False, make_good=piece.lateness != "skip")
        if piece.unheard_since is not None:
            return Verdict(True)
        if piece.cut_at is not None:
            return when_cut(
                timing=piece.timing, lateness=piece.lateness, length_ms=piece.length_ms,
                heard_to_ms=piece.heard_to_ms, gap=now - piece.cut_at, grace=grace,
            )  # fmt: skip
        late = now - (piece.planned_at or now)
        return when_late(
            timing=piece.timing, lateness=piece.lateness, length_ms=piece.length_ms, late=late, grace=grace
        )

    def _give_up(self, piece: Piece, verdict: Verdict) -> None:
        if piece.play_id is None and piece.cut_at is not None:
            self.waiting.pop(piece.name, None)  # what was heard of it is written down already
            return
        if piece.cut_entry is not None:
            self.miss(piece, None, make_good=verdict.make_good)
        elif piece.unheard_since is not None:
            self.miss(piece, self._why_unheard(piece.unheard_since))
        elif piece.blocked_by:
            reason = _("its time was taken by {title}").format(title=piece.blocked_by)
            self.miss(piece, reason, make_good=verdict.make_good, outcome="displaced", status="preempted")
        else:
            late_s = round((self.clock.now() - (piece.planned_at or self.clock.now())).total_seconds())
            reason = _("too late by {seconds} s to start").format(seconds=late_s)
            self.miss(piece, reason, make_good=verdict.make_good)

    def _wait_for_output(self, piece: Piece) -> None:
        # Not the wall's: a computer without a battery sets that by hours once the network is up.
        steady = self.clock.steady()
        if piece.unheard_since is None:
            log.warning("%s waits: no output of its zones works", piece.title)
            piece.unheard_since = steady
        if steady - piece.unheard_since > OUTPUT_WITHIN.total_seconds():
            self.miss(piece, self._why_unheard(piece.unheard_since))
        else:
            self.waiting[piece.name] = piece

    def _why_unheard(self, since: float) -> str:
        minutes = round((self.clock.steady() - since) / 60)
        return _("no output of its zones worked for {minutes} min").format(minutes=minutes)

    def _holders(self, piece: Piece) -> list[tuple[Piece, Entry]]:
        zones, exclusive = self._reach(piece.zones)
        lost = any(output.trouble is not None for output in self.outputs.values())
        if lost:
            exclusive |= self._stand_ins(piece.zones)
        found = []
        for held, entry in self.on_air.values():
            held_zones, held_exclusive = self._reach(held.zones)
            if lost:
                held_exclusive |= self._carriers(entry.key)
            if not zones.isdisjoint(held_zones) or not exclusive.isdisjoint(held_exclusive):
                found.append((held, entry))
        return found

    def _stand_ins(self, zones: tuple[str, ...]) -> set[str]:
        """The outputs that would carry it where its own are lost, those that carry one sound at a time."""
        first = (next((o for o in route.chain if o.trouble is None), None) for route in self._routes(zones))
        return {output.name for output in first if output is not None and output.exclusive}

    def _carriers(self, key: str) -> set[str]:
        """The outputs that carry an airing now, those that carry one sound at a time."""
        airing = self.deck.on.get(key)
        carriers = (route.carrier for route in airing.routes) if airing is not None else ()
        return {output.name for output in carriers if output is not None and output.exclusive}

    def _reach(self, zones: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str]]:
        """The zones meant, and the outputs among theirs that carry one sound at a time; looked up once for each set."""
        known = self._reaches.get(zones)
        if known is None:
            outputs = [self.outputs[name] for name in self._output_names(zones)]
            exclusive = frozenset(output.name for output in outputs if output.exclusive)
            known = self._reaches[zones] = (frozenset(zones or self.config.zone_ids), exclusive)
        return known

    def _output_names(self, zones: Iterable[str]) -> Sequence[str]:
        wanted = set(zones) or set(self.config.zone_ids)
        names = [name for zone in self.config.zones if zone.id in wanted for name in zone.outputs]
        return list(dict.fromkeys(names))

    # on the air

    def _begin(self, piece: Piece, offset_ms: int) -> None:
        try:
            source = piece.open_source(offset_ms)
        except OSError as error:
            self.miss(piece, _("its sound could not be opened ({reason})").format(reason=error.strerror))
            return
        now, steady = self.clock.now(), self.clock.steady()
        key = self.journal.new_key()
        slot = self.register.take(key)
        resumed = piece.cut_entry is not None
        parts = [piece.why] if piece.why else []
        if offset_ms:
            at = f"{offset_ms // 60_000}:{offset_ms // 1000 % 60:02d}"
            parts.append((_("resumed at {at}") if resumed else _("joined in progress at {at}")).format(at=at))
        if piece.cut_entry is not None:  # what was cut is decided by this part
            piece.cut_entry = None
        routes = self._routes(piece.zones)
        entry = Entry(
            key=key, kind=piece.kind, title=piece.title, zones=piece.zones or self.config.zone_ids,
            output=", ".join(route.used for route in routes), simulated=self.clock.simulated,
            play_id=piece.play_id, planned_at=piece.planned_at, started_at=now, reason="; ".join(parts) or None,
            audio_sha256=piece.audio_sha256, who=piece.who, slot=slot, offset_ms=offset_ms,
            length_ms=piece.length_ms, order=piece.order,
        )  # fmt: skip
        self.on_air[key] = (piece, entry)
        self._levels = None
        airing = OnAir(
            key=key, label=f"{piece.name}_{key[-12:]}", zones=entry.zones, source=source,
            routes=routes, started_at=now, started_steady=steady, slot=slot, on_end=self._ended,
        )  # fmt: skip
        self.journal.write(entry)
        self.deck.begin(airing)
        if key in self.on_air:  # else it is over already, and that was told
            self.post(entry)

    def _routes(self, zones: Iterable[str]) -> list[Route]:
        wanted = set(zones) or set(self.config.zone_ids)
        routes = []
        for name in self._output_names(wanted):
            chain = [self.outputs[name]]
            while (after := self.fallbacks.get(chain[-1].name)) and self.outputs[after] not in chain:
                chain.append(self.outputs[after])
            mine = frozenset(z.id for z in self.config.zones if name in z.outputs and z.id in wanted)
            routes.append(Route(chain, mine))
        return routes

    def _ended(self, airing: OnAir, cut: str | None) -> None:
        piece, entry = self.on_air.pop(airing.key)
        self._levels, self._moved = None, True
        now = self.clock.now()
        heard_to_ms = entry.offset_ms + round(airing.sent_frames * 1000 / RATE_HZ)
        heard_ms = piece.heard_ms + airing.heard_ms
        reasons = [entry.reason] if entry.reason else []
        for route in airing.routes:
            for name, frames in route.lost_by.items():
                if frames > RATE_HZ // 10:
                    reasons.append(
                        _("output {name} took nothing for {seconds} s").format(
                            name=name, seconds=round(frames / RATE_HZ, 1)
                        )
                    )
        whole = heard_ms >= piece.length_ms * WHOLE if piece.length_ms else airing.heard_frames > 0
        goes_on = False
        if cut is not None and not (whole and piece.play_id is not None):
            reasons.append(cut)
            # What was given to a dead card was lost before anything else took its time.
            unheard = "missed" if airing.sent_frames or airing.failed else "displaced"
            outcome = "partial" if airing.heard_frames else unheard
            goes_on = piece.play_id is not None and not airing.failed
        elif whole:
            outcome = "aired"
        else:
            outcome = "partial" if airing.heard_frames else "missed"
        status = None
        if piece.play_id is not None and not goes_on:
            status = "aired" if outcome == "aired" else "missed"
        done = replace(
            entry, ended_at=now, heard_ms=airing.heard_ms, outcome=outcome, reason="; ".join(reasons) or None,
            output=airing.outputs, play_status=status,
        )  # fmt: skip
        if piece.account is not None:
            done = piece.account(airing, done)
        self.write(done)
        self.register.free(entry.slot)
        if goes_on:
            piece.cut_at, piece.cut_entry = now, done
            piece.heard_to_ms, piece.heard_ms = heard_to_ms, heard_ms
            self.wait(piece, cut or "")
        elif cut is not None and piece.kind == "relay" and piece.until is not None and now < piece.until:
            piece.cut_at = now
            self.wait(piece, cut)  # back to the other station as soon as the air is free
        elif status == "missed" and piece.lateness != "skip":
            self.owe(done)
        if piece.on_end is not None and not goes_on:
            piece.on_end(done)

    def write(self, entry: Entry) -> None:
        """Note an entry's newest state in the journal, and pass it on."""
        self.journal.write(entry)
        self.post(entry)
