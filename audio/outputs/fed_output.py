"""Outputs that are fed by a thread of their own: kept warm with silence, watched, and brought back when lost."""

from __future__ import annotations

import threading
import time
from collections import deque
from datetime import datetime
from typing import Protocol

from audio.outputs.output import FRAME_BYTES, RATE_HZ

BLOCK_MS = 20
BLOCK_BYTES = BLOCK_MS * RATE_HZ // 1000 * FRAME_BYTES
QUEUE_BYTES = RATE_HZ * FRAME_BYTES
"""One second: more waiting than that means that nothing comes out at the other end."""
SETTLE_S = 0.8
"""A new sink counts as working after so long; one that cannot work fails before."""
MOST_WAIT_S = 15.0


class Sink(Protocol):
    """The far end of an output, made anew after each loss."""

    def send(self, pcm: bytes) -> None:
        """Take one block; may wait a little. Raises OSError when it is lost."""

    def close(self) -> None: ...


class FedOutput:
    """One sink, fed block by block in real time; silence while nothing airs."""

    exclusive = True

    def __init__(self, name: str) -> None:
        self.name = name
        self.trouble: str | None = "—"
        self.losses = 0
        self._queue: deque[bytes] = deque()
        self._queued = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._at_work_since: float | None = None

    def connect(self) -> Sink:
        """A new sink. Raises OSError when there is none now."""
        raise NotImplementedError

    def open(self) -> None:
        self._stopping.clear()
        self._thread = threading.Thread(target=self._work, name=f"loa-output-{self.name}", daemon=True)
        self._thread.start()
        end = time.monotonic() + 4.0
        while self.trouble is not None and time.monotonic() < end:
            time.sleep(0.02)

    def start(self, label: str, at: datetime) -> FedStream:  # noqa: ARG002
        return FedStream(self)

    def put(self, pcm: bytes) -> bool:
        """Queue PCM; False when the sink is lost or stuck."""
        if self.trouble is not None:
            return False
        with self._lock:
            if self._queued > QUEUE_BYTES:
                self.trouble = "stuck"
                self._drop()
                return False
            self._queue.append(pcm)
            self._queued += len(pcm)
        return True

    def drop(self) -> None:
        """Throw away what is queued."""
        with self._lock:
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
            except OSError as error:
                self._lost(str(error))
            else:
                try:
                    self._feed(sink)
                except OSError as error:
                    self._lost(str(error))
                finally:
                    sink.close()
            if time.monotonic() - begun > 30:
                wait_s = 0.5
            self._stopping.wait(wait_s)
            wait_s = min(wait_s * 2, MOST_WAIT_S)

    def _feed(self, sink: Sink) -> None:
        begun = time.monotonic()
        next_at = begun
        while not self._stopping.is_set():
            sink.send(self._next_block())
            now = time.monotonic()
            if self.trouble is not None and now - begun > SETTLE_S:
                self.drop()
                self.trouble = None
            next_at += BLOCK_MS / 1000
            if now > next_at + 0.5:
                next_at = now  # held up: go on from here rather than in a hurry
            elif next_at > now:
                time.sleep(next_at - now)

    def _lost(self, reason: str) -> None:
        self.trouble = reason or "lost"
        self.losses += 1
        self.drop()


class FedStream:
    """One airing on a fed output."""

    def __init__(self, output: FedOutput) -> None:
        self.output = output

    def write(self, pcm: bytes) -> bool:
        return self.output.put(pcm)

    def stop(self, *, cut: bool) -> None:
        if cut:
            self.output.drop()
