"""The deck: everything on the air now, fed to its outputs block by block and counted as it goes out.

Used by one thread alone. It never waits: sources are local and cued, outputs take or refuse at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import numpy as np

from audio.outputs.output import FRAME_BYTES, RATE_HZ, Output, Stream
from scheduler.daemon.clock import Clock

REAL_BLOCK_MS = 20
REAL_LEAD_MS = 120
"""How far ahead of its time sound is handed over: what an output may sleep without a gap."""
SIMULATED_BLOCK_MS = 2_000
SILENT_DBFS = -60.0
DIGITAL_SILENCE_DBFS = -120.0


class Source(Protocol):
    """Sound to play; opened and at its place."""

    def read(self, frames: int) -> bytes:
        """At most `frames` of house PCM; empty at the end. Never waits."""

    def close(self) -> None: ...


@dataclass(slots=True)
class Route:
    """One output of an airing, and the outputs that stand in for it, in order."""

    chain: Sequence[Output]
    zones: frozenset[str]
    _used: Output | None = None
    lost_by: dict[str, int] = field(default_factory=dict)
    """Frames that each output refused, by its name."""

    def write(self, pcm: bytes, streams: Streams) -> bool:
        """Hand `pcm` to the first output of the chain that takes it."""
        frames = len(pcm) // FRAME_BYTES
        for output in self.chain:
            if streams.write(output, pcm):
                self._used = output
                return True
            self.lost_by[output.name] = self.lost_by.get(output.name, 0) + frames
        return False

    @property
    def used(self) -> str:
        return (self._used or self.chain[0]).name

    @property
    def carrier(self) -> Output | None:
        """The output that took the newest block that any took."""
        return self._used


@dataclass(slots=True)
class Streams:
    """What one airing has open: one stream an output, though several routes meet on it."""

    label: str
    at: datetime
    _open: dict[int, Stream] = field(default_factory=dict)
    _block: dict[int, bool] = field(default_factory=dict)
    """What became of the block that is being handed over, by output."""

    def begin_block(self) -> None:
        self._block.clear()

    def write(self, output: Output, pcm: bytes) -> bool:
        """Hand a block over; once, however often it is asked for (two lost outputs with one stand-in)."""
        key = id(output)
        if key not in self._block:
            stream = self._open.get(key)
            if stream is None:
                stream = self._open[key] = output.start(self.label, self.at)
            self._block[key] = stream.write(pcm)
        return self._block[key]

    def keep_only(self, carriers: Iterable[Output | None]) -> None:
        """Back from a stand-in (or over to one): what is left in the other's queue would be heard twice."""
        kept = {id(output) for output in carriers if output is not None}
        for key in [key for key in self._open if key not in kept]:
            self._open.pop(key).stop(cut=True)

    def stop(self, *, cut: bool) -> None:
        for stream in self._open.values():
            stream.stop(cut=cut)
        self._open.clear()


@dataclass(slots=True, kw_only=True)
class OnAir:
    """One airing while it is on the air."""

    key: str
    label: str
    zones: tuple[str, ...]
    source: Source
    routes: list[Route]
    started_at: datetime
    started_steady: float
    slot: int | None
    on_end: Callable[[OnAir, str | None], None]
    """Called once: with None when the sound is through, else with the reason for which it was cut."""
    sent_frames: int = 0
    heard_frames: int = 0
    through: bool = False
    failed: bool = False
    """Its sound could not be read any further."""
    level_dbfs: float = DIGITAL_SILENCE_DBFS
    silent_frames: int = 0
    """Length of the silence that is going on."""
    streams: Streams = field(init=False)
    peopled: frozenset[str] = field(init=False)
    """The zones where somebody can hear it: with a loudspeaker, not with recordings alone."""

    def __post_init__(self) -> None:
        self.streams = Streams(self.label, self.started_at)
        self.peopled = frozenset(
            zone
            for route in self.routes
            if any(output.audible for output in route.chain)
            for zone in route.zones
        )

    @property
    def heard_ms(self) -> int:
        return round(self.heard_frames * 1000 / RATE_HZ)

    @property
    def silent_s(self) -> float:
        return self.silent_frames / RATE_HZ

    @property
    def outputs(self) -> str:
        return ", ".join(dict.fromkeys(route.used for route in self.routes))


@dataclass(slots=True)
class Deck:
    """All airings that are on now."""

    clock: Clock
    note: Callable[[int, int, int], None]
    """(slot, heard ms, instant in µs) after each block."""
    on: dict[str, OnAir] = field(default_factory=dict)

    @property
    def block_frames(self) -> int:
        ms = SIMULATED_BLOCK_MS if self.clock.simulated else REAL_BLOCK_MS
        return ms * RATE_HZ // 1000

    def begin(self, airing: OnAir) -> None:
        """Put an airing on the air: its first block goes out now."""
        self.on[airing.key] = airing
        try:
            pcm = airing.source.read(self.block_frames)
        except OSError as error:
            self._fail(airing, error)
            return
        if pcm:
            self._hand_over(airing, pcm)

    def cut(self, airing: OnAir, reason: str) -> None:
        """Take an airing off at once."""
        self._end(airing, reason)

    def pump(self) -> float | None:
        """Hand over what is due; seconds until the next block is, or None when nothing is on the air."""
        steady = self.clock.steady()
        nearest: float | None = None
        for airing in list(self.on.values()):
            if airing.key in self.on:
                due = self._feed(airing, steady)
                if due is not None and (nearest is None or due < nearest):
                    nearest = due
        return None if nearest is None else max(0.0, nearest - self.clock.steady())

    def _feed(self, airing: OnAir, steady: float) -> float | None:
        """Feed one airing; the steady instant at which it wants to be fed again."""
        lead = 0 if self.clock.simulated else REAL_LEAD_MS * RATE_HZ // 1000
        block = self.block_frames
        passed = (
            round((steady - airing.started_steady) * RATE_HZ) + lead
        )  # rounded: a frame short would wait for nothing, for ever
        if not airing.through and passed - airing.sent_frames > 10 * RATE_HZ and not self.clock.simulated:
            # The computer slept: what was to be heard meanwhile is not played in a hurry now.
            airing.started_steady = steady - airing.sent_frames / RATE_HZ
            passed = airing.sent_frames + lead
        while not airing.through and airing.sent_frames <= passed:
            try:
                pcm = airing.source.read(block)
            except OSError as error:
                self._fail(airing, error)
                return None
            if not pcm:
                airing.through = True
                break
            self._hand_over(airing, pcm)
        end_steady = airing.started_steady + airing.sent_frames / RATE_HZ
        if airing.through and steady >= end_steady - 1e-6:
            self._end(airing, None)
            return None
        if airing.through:
            return end_steady
        return end_steady - lead / RATE_HZ

    def _hand_over(self, airing: OnAir, pcm: bytes) -> None:
        frames = len(pcm) // FRAME_BYTES
        airing.sent_frames += frames
        airing.streams.begin_block()
        before = [route.carrier for route in airing.routes]
        took = [route.write(pcm, airing.streams) for route in airing.routes]
        if (after := [route.carrier for route in airing.routes]) != before:
            airing.streams.keep_only(after)
        heard_in = _heard_in(airing, took)
        if heard_in and all(heard_in >= route.zones for route in airing.routes):
            airing.heard_frames += frames
        airing.level_dbfs = loudness_dbfs(pcm) if heard_in else DIGITAL_SILENCE_DBFS
        airing.silent_frames = airing.silent_frames + frames if airing.level_dbfs < SILENT_DBFS else 0
        if airing.slot is not None:
            self.note(airing.slot, airing.heard_ms, round(self.clock.now().timestamp() * 1e6))

    def _fail(self, airing: OnAir, error: OSError) -> None:
        """The disk under it is failing: this sound ends, the station goes on."""
        airing.failed = True
        self._end(airing, error.strerror or str(error))

    def _end(self, airing: OnAir, reason: str | None) -> None:
        if self.on.pop(airing.key, None) is None:
            return
        airing.streams.stop(cut=reason is not None)
        airing.source.close()
        airing.on_end(airing, reason)


def _heard_in(airing: OnAir, took: Sequence[bool]) -> set[str]:
    """The zones where the block was heard: a recording of it does not count where a loudspeaker should speak."""
    zones: set[str] = set()
    for route, taken in zip(airing.routes, took, strict=True):
        if taken and route.carrier is not None:
            zones |= route.zones if route.carrier.audible else route.zones - airing.peopled
    return zones


def loudness_dbfs(pcm: bytes) -> float:
    """Root mean square of house PCM against full scale; -120 for digital silence."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float32)
    power = float(np.dot(samples, samples)) / max(1, len(samples))
    return DIGITAL_SILENCE_DBFS if power < 1e-3 else 10 * float(np.log10(power / 32768.0**2))
