"""Long work on sound is batch work: its threads take turns instead of interrupting each other, and never the one that plays.

ffmpeg's threads hand on a packet every few hundred microseconds, and Linux lets each that wakes interrupt the one that
woke it. Marked as batch work it lets them run on: a third less time in the kernel and a twentieth less in all for an
assembly on two processors. The share of the processors stays the same, so that nothing starves: with the lowest priority
it would be faster still, but a thread that waits long while it holds Python's lock would hold up the daemon.
"""

from __future__ import annotations

import contextlib
import os
import sys


def mark(pid: int = 0) -> None:
    """Mark the process `pid` and what it starts from now on, or with 0 the calling thread; Linux only, elsewhere nothing."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # it has ended, or may not ask: then it runs as it is
            os.sched_setscheduler(pid, os.SCHED_BATCH, os.sched_param(0))
