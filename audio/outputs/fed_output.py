"""Outputs that are fed by a thread of their own: kept warm with silence, watched, and brought back when lost."""

from __future__ import annotations

import threading
import time
from collections import deque
from datetime import datetime
from typing import Protocol

from audio.outputs.output import FRAME_BYTES, RATE_HZ, without_password

BLOCK_MS = 20
BLOCK_BYTES = BLOCK_MS * RATE_HZ // 1000 * FRAME_BYTES
QUEUE_BYTES = RATE_HZ * FRAME_BYTES
"""One second: more waiting than that means that nothing comes out at the other end."""
SETTLE_BLOCKS = 40
"""A new sink counts as working after so many blocks (0.8 s); one that cannot work fails before. Blocks are counted, not
seconds: a Loa that was held up has not tried its sink for any longer."""
DRAIN_S = 0.2
"""How long a new sink is left to run dry, once: what piled up while it began would hold every airing back by as much."""
MOST_WAIT_S = 15.0


class Sink(Protocol):
    """The far end of an output, made anew after each loss."""

    def send(self, pcm: bytes) -> None:
        """Take one block; may wait a little. Raises OSError when it is lost."""

    def close(self) -> None: ...


class FedOutput:
    """One sink, fed block by block in real time; silence while nothing airs."""

    exclusive = True
    audible = True

    def __init__(self, name: str) -> None:
        self.name = name
        self.trouble: str | None = "—"
        self.losses = 0
        self._queue: deque[bytes] = deque()
        self._queued = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._owner: FedStream | None = None
        """The airing that it carries. A second one, come over from a lost output, would be mixed into it block by block."""

    def connect(self) -> Sink:
        """A new sink. Raises OSError when there is none now."""
        raise NotImplementedError

    def open(self) -> None:
        self._stopping.clear()
        self._thread = threading.Thread(target=self._work, name=f"loa-output-{self.name}", daemon=True)
        self._thread.start()

    def start(self, label: str, at: datetime) -> FedStream:  # noqa: ARG002
        return FedStream(self)

    def put(self, pcm: bytes, stream: FedStream) -> bool:
        """Queue PCM; False when the sink is lost or stuck, or carries another airing."""
        if self.trouble is not None:
            return False
        with self._lock:
            if self._owner not in (None, stream):
                return False
            self._owner = stream
            if self._queued > QUEUE_BYTES:
                self.trouble = "stuck"
                self._drop()
                return False
            self._queue.append(pcm)
            self._queued += len(pcm)
        return True

    def leave(self, stream: FedStream, *, cut: bool) -> None:
        """The airing is over; `cut` throws away what of it is queued."""
        with self._lock:
            if self._owner is stream:
                self._owner = None
                if cut:
                    self._drop()

    def close(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
            self._thread = None

    def _drop(self) -> None:
        self._queue.clear()
        self._queued = 0

    def _next_block(self) -> bytes:
        """The next 20 ms: what is queued, filled up with silence."""
        parts: list[bytes] = []
        need = BLOCK_BYTES
        with self._lock:
            while need and self._queue:
                head = self._queue.popleft()
                if len(head) > need:
                    self._queue.appendleft(head[need:])
                    head = head[:need]
                parts.append(head)
                need -= len(head)
            self._queued -= BLOCK_BYTES - need
        if need:
            parts.append(bytes(need))
        return b"".join(parts)

    def _work(self) -> None:
        wait_s = 0.5
        while not self._stopping.is_set():
            begun = time.monotonic()
            try:
                sink = self.connect()
                try:
                    self._feed(sink)
                finally:
                    sink.close()
            except OSError as error:
                self._lost(str(error))
            except Exception as error:  # noqa: BLE001 - a driver's own fault: told and tried again, never a dead thread
                self._lost(f"{type(error).__name__}: {error}")
            if time.monotonic() - begun > 30:
                wait_s = 0.5
            self._stopping.wait(wait_s)
            wait_s = min(wait_s * 2, MOST_WAIT_S)

    def _feed(self, sink: Sink) -> None:
        sent = 0
        next_at = time.monotonic()
        while not self._stopping.is_set():
            sink.send(self._next_block())
            sent += 1
            now = time.monotonic()
            if self.trouble is not None and sent > SETTLE_BLOCKS:
                time.sleep(DRAIN_S)
                next_at = time.monotonic()
                with self._lock:
                    self._drop()
                self.trouble = None
                continue
            next_at += BLOCK_MS / 1000
            if now > next_at + 0.5:
                next_at = now  # held up: go on from here rather than in a hurry
            elif next_at > now:
                time.sleep(next_at - now)

    def _lost(self, reason: str) -> None:
        self.trouble = without_password(reason) or "lost"
        self.losses += 1
        with self._lock:
            self._drop()


class FedStream:
    """One airing on a fed output."""

    def __init__(self, output: FedOutput) -> None:
        self.output = output

    def write(self, pcm: bytes) -> bool:
        return self.output.put(pcm, self)

    def stop(self, *, cut: bool) -> None:
        self.output.leave(self, cut=cut)
