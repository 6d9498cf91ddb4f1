"""The bell that wakes the daemon's thread."""

from __future__ import annotations

import queue
from contextlib import suppress


class Bell:
    """Rung from any thread, and from a signal handler at any moment.

    `threading.Event` may not be: a handler that interrupts its own thread while that holds the event's lock waits for
    ever. A `queue.SimpleQueue` is made for it.
    """

    def __init__(self) -> None:
        self._rings: queue.SimpleQueue[None] = queue.SimpleQueue()

    def ring(self) -> None:
        self._rings.put(None)

    @property
    def has_rung(self) -> bool:
        """True from a ring until it was hushed or waited for."""
        return not self._rings.empty()

    def hush(self) -> None:
        """Forget what has rung by now."""
        with suppress(queue.Empty):
            while True:
                self._rings.get_nowait()

    def wait(self, seconds: float) -> None:
        """Until it rings, `seconds` at most; at once where it has."""
        with suppress(queue.Empty):
            self._rings.get(timeout=max(0.0, seconds))
