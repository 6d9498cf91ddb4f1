"""The two clocks of the daemon: the real one, and one that jumps from event to event."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from scheduler.daemon.bell import Bell


class Clock(Protocol):
    """What the daemon knows of time."""

    simulated: bool

    def now(self) -> datetime:
        """The instant, aware, in UTC; it steps when somebody sets the clock."""

    def steady(self) -> float:
        """Seconds on a clock that nobody can set; sound is paced by it."""

    def wait(self, seconds: float, bell: Bell) -> None:
        """Let `seconds` pass, or less when `bell` rings."""


class RealClock:
    """The computer's clock."""

    simulated = False

    def now(self) -> datetime:
        return datetime.now(UTC)

    def steady(self) -> float:
        return time.monotonic()

    def wait(self, seconds: float, bell: Bell) -> None:
        bell.wait(seconds)


class SimulatedClock:
    """A clock that stands still while work is done and jumps while the daemon waits.

    With `speed` N, one real second is N simulated ones; without, waiting costs nothing.
    """

    simulated = True

    def __init__(self, start_at: datetime, speed: float | None = None) -> None:
        if start_at.tzinfo is None:
            raise ValueError("a simulated clock starts at an aware datetime")
        self._start_at = start_at.astimezone(UTC)
        self._passed = timedelta(0)
        self._stepped = timedelta(0)
        self._speed = speed
        self._real_start = time.monotonic()

    def now(self) -> datetime:
        return self._start_at + self._passed + self._stepped

    def steady(self) -> float:
        return self._passed.total_seconds()

    def wait(self, seconds: float, bell: Bell) -> None:
        if bell.has_rung or seconds <= 0:
            return
        passed = self._passed + timedelta(microseconds=math.ceil(seconds * 1e6 - 1e-3))  # never nothing
        if self._speed:
            ahead = passed.total_seconds() / self._speed - (time.monotonic() - self._real_start)
            if ahead > 0:
                bell.wait(ahead)
        self._passed = passed

    def step(self, by: timedelta) -> None:
        """Set the clock, as an operator or a time server does: `now` moves, `steady` does not."""
        self._stepped += by
