"""Work that may take a while, kept away from the thread that feeds the outputs.

Each lane does one thing at a time, in order. What comes of it is handed back to the daemon's own thread.
On a simulated clock the work is done on the spot, so that a run is the same every time.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from content.database import DatabaseError
from content.errors import LoaError
from scheduler.daemon.bell import Bell

T = TypeVar("T")


class Workers:
    """Lanes of work for one daemon."""

    def __init__(self, *, inline: bool, bell: Bell) -> None:
        self.inline = inline
        self._bell = bell
        self._lanes: dict[str, ThreadPoolExecutor] = {}
        self._busy: dict[str, int] = {}
        self._back: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.fault: BaseException | None = None
        """A fault of ours in some lane: the daemon ends on it, loudly."""

    def submit(
        self, lane: str, work: Callable[[], T], then: Callable[[T | LoaError], None] | None = None
    ) -> None:
        """Do `work`; `then` gets its result, or the LoaError that it raised, in the daemon's thread."""
        if self.inline:
            result = attempt(work)
            if then is not None:
                then(result)
            return
        if lane not in self._lanes:
            self._lanes[lane] = ThreadPoolExecutor(1, thread_name_prefix=f"loa-{lane}")
        self._busy[lane] = self._busy.get(lane, 0) + 1
        self._lanes[lane].submit(self._run, lane, work, then)

    def is_idle(self, lane: str) -> bool:
        """True when nothing is waiting or running in the lane, and its last result was taken."""
        return self._busy.get(lane, 0) == 0

    def hand_back(self, act: Callable[[], None]) -> None:
        """Have the daemon's thread do `act` soon; from any thread."""
        self._back.put(act)
        self._bell.ring()

    def take_results(self) -> None:
        """In the daemon's thread: act on what came back."""
        while True:
            try:
                act = self._back.get_nowait()
            except queue.Empty:
                break
            act()
        if self.fault is not None:
            raise self.fault

    def close(self) -> None:
        """Wait for the work that is going on, drop the rest."""
        for lane in self._lanes.values():
            lane.shutdown(wait=True, cancel_futures=True)
        self._lanes.clear()

    def _run(self, lane: str, work: Callable[[], Any], then: Callable[[Any], None] | None) -> None:
        try:
            result = attempt(work)
        except BaseException as error:  # noqa: BLE001 - it is raised again in the daemon's thread
            self.fault = error
            self._bell.ring()
            return

        def back() -> None:
            self._busy[lane] -= 1
            if then is not None:
                then(result)

        self.hand_back(back)


def attempt(work: Callable[[], T]) -> T | LoaError:
    """What comes of `work`, or the LoaError that it raised; a broken database counts as one, whatever broke in it."""
    try:
        return work()
    except LoaError as error:
        return error
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        return DatabaseError(name="", reason=reason)
