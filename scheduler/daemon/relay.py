"""Relay (tiếp sóng): another station's stream, opened ahead, with local filler within seconds when it fails."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from audio.ffmpeg import ffmpeg_path
from audio.outputs.output import FRAME_BYTES, RATE_HZ, without_password
from audio.outputs.process_sink import errors_file
from scheduler.daemon.cue import PcmFile
from scheduler.daemon.deck import SILENT_DBFS, loudness_dbfs

_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)
LOST_MS = 1_500
"""So much sound missing, at a stretch or drop by drop, and the filler starts."""
PAID_BACK = 0.25
"""Of each block that came whole, so much of what was missing before is forgiven: a hiccup now and then is no loss."""
SILENT_MS = 2_500
"""A stream that carries silence for so long counts as lost, too: within 3 s with the time that it takes to see it."""
BACK_MS = 1_000
"""So much sound in a row, and the relay is back; twice as much for each further gap of the last minutes."""
READY_MS = 1_000
"""So much is held before a stream that was lost may prove itself: enough for the unevenness of any network."""
LOW_MS = 300
"""It runs dry: it comes slower than it is heard."""
MOST_BACK_MS = 30_000
RECENT = timedelta(minutes=5)
MOST_WAIT_S = 2.0
"""A stream that failed is opened again so much later at most: the other station may be back at any moment."""
STUCK_MS = 15_000
"""A sender that keeps the line open and gives no sound for so long is left, and asked anew."""
HELD_S = 4
"""How much of the stream is held ready; more is left with the sender (HLS comes in pieces of many seconds)."""
LOCAL = {
    "pulse": ("pulse", ""),
    "alsa": ("alsa", ""),
    "dshow": ("dshow", "audio="),
    "avfoundation": ("avfoundation", ":"),
}
"""Line inputs, written as KIND:NAME."""


def input_of(url: str) -> list[str]:
    """Arguments of ffmpeg for a stream or a line input; a stream may not lead to local files."""
    kind, _colon, rest = url.partition(":")
    if kind in LOCAL:
        demuxer, prefix = LOCAL[kind]
        return ["-f", demuxer, "-i", prefix + rest]
    return [
        "-rw_timeout", "3000000", "-analyzeduration", "800000",
        "-protocol_whitelist", "http,https,tcp,tls,crypto,hls,httpproxy,udp,rtp,rtmp,rtmps,rtsp,srt",
        "-i", url,
    ]  # fmt: skip


class Tap:
    """A stream being received: a thread keeps its newest sound, and opens it again when it breaks."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.trouble = ""
        self.silent_ms = 0
        """Length of the silence that has come in last; it is heard only when what came before it was."""
        self._came_at = self._begun_at = time.monotonic()
        self._blocks: deque[bytes] = deque()
        self._held = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._receive, name="loa-relay", daemon=True)
        self._thread.start()

    def take(self, frames: int) -> bytes:
        """Up to `frames` of what has come in."""
        need = frames * FRAME_BYTES
        parts: list[bytes] = []
        with self._lock:
            while need and self._blocks:
                head = self._blocks.popleft()
                if len(head) > need:
                    self._blocks.appendleft(head[need:])
                    head = head[:need]
                parts.append(head)
                need -= len(head)
                self._held -= len(head)
        return b"".join(parts)

    @property
    def held_ms(self) -> int:
        return self._held * 1000 // (RATE_HZ * FRAME_BYTES)

    @property
    def quiet_ms(self) -> int:
        """For how long nothing has come in."""
        return round(1000 * (time.monotonic() - self._came_at))

    def nudge(self) -> None:
        """Leave a sender that is stuck; a new line is opened soon."""
        process, now = self._process, time.monotonic()
        if process is not None and self.quiet_ms > STUCK_MS and now - self._begun_at > STUCK_MS / 1000:
            with contextlib.suppress(OSError):
                process.kill()

    def close(self) -> None:
        self._stopping.set()
        process = self._process
        if process is not None:
            with contextlib.suppress(OSError):
                process.kill()
        self._thread.join(timeout=5)

    def _receive(self) -> None:
        wait_s = 0.5
        while not self._stopping.is_set():
            begun = time.monotonic()
            with errors_file() as errors:
                self._receive_once(errors)
                if self._stopping.is_set():
                    return
                self.trouble = _last_line(errors)
            wait_s = 0.5 if time.monotonic() - begun > 10 else min(wait_s * 2, MOST_WAIT_S)
            self._stopping.wait(wait_s)

    def _receive_once(self, errors: IO[bytes]) -> None:
        command = [
            ffmpeg_path(), "-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-fflags", "nobuffer",
            *input_of(self.url), "-map", "0:a:0", "-f", "s16le", "-ac", "1", "-ar", str(RATE_HZ), "pipe:1",
        ]  # fmt: skip
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, creationflags=_NO_WINDOW
        )
        self._begun_at = time.monotonic()
        self._process = process
        assert process.stdout is not None
        size = RATE_HZ // 50 * FRAME_BYTES
        try:
            while not self._stopping.is_set():
                pcm = process.stdout.read(size)
                if not pcm:
                    break
                self._came_at = time.monotonic()
                silent = loudness_dbfs(pcm) < SILENT_DBFS
                self.silent_ms = self.silent_ms + len(pcm) * 1000 // (RATE_HZ * FRAME_BYTES) if silent else 0
                with self._lock:
                    self._blocks.append(pcm)
                    self._held += len(pcm)
                while self._held > HELD_S * RATE_HZ * FRAME_BYTES and not self._stopping.wait(0.02):
                    pass
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
            self._process = None


@dataclass(slots=True)
class Gap:
    """A stretch of a relay that local filler had to cover."""

    started_at: datetime
    reason: str
    frames: int = 0
    ended_at: datetime | None = None


class RelaySource:
    """A relay's sound for `frames`: the stream while it is good, filler while it is not."""

    def __init__(
        self, tap: Tap, filler: Path, frames: int, now: Callable[[], datetime], words: Sequence[str]
    ) -> None:
        """`words`: the reasons for no sound and for silence, in the station's language."""
        self.gaps: list[Gap] = []
        self._tap, self._left, self._now = tap, frames, now
        self._words = words
        self._filler = PcmFile(filler)
        self._filler.open()
        self._silent_frames = 0
        self._good_frames = 0
        self._proving = False
        self._missing_frames = 0.0
        self._filling: Gap | None = None
        self._back_ms = BACK_MS

    def read(self, frames: int) -> bytes:
        frames = min(frames, self._left)
        if frames <= 0:
            return b""
        self._left -= frames
        pcm = self._prove(frames) if self._filling is not None else self._live(frames)
        if (gap := self._filling) is not None:
            gap.frames += frames
            return self._fill(frames)
        return pcm + bytes(frames * FRAME_BYTES - len(pcm))

    def close(self) -> None:
        if self._filling is not None:
            self._filling.ended_at = self._now()
        self._filler.close()
        self._tap.close()

    def _live(self, frames: int) -> bytes:
        """The stream's next sound; begins the filler when that is not the relay any more."""
        pcm = self._tap.take(frames)
        came = len(pcm) // FRAME_BYTES
        silent = came > 0 and loudness_dbfs(pcm) < SILENT_DBFS
        self._silent_frames = self._silent_frames + came if silent else (0 if came else self._silent_frames)
        whole = came == frames
        owed = -PAID_BACK * frames if whole else frames - came
        self._missing_frames = max(0.0, self._missing_frames + owed)
        # What was held ready is heard out; if it is known by then that nothing follows, no gap is heard at all.
        stopped = not whole and self._tap.quiet_ms >= LOST_MS
        muted = silent and self._tap.silent_ms >= SILENT_MS
        if stopped or self._missing_frames * 1000 >= LOST_MS * RATE_HZ:
            self._begin_filling(self._words[0])
        elif muted or self._silent_frames * 1000 >= SILENT_MS * RATE_HZ:
            self._begin_filling(self._words[1])
        return pcm

    def _prove(self, frames: int) -> bytes:
        """While filler is heard: is the relay back? It must come with sound, and as fast as it is heard."""
        held_ms = self._tap.held_ms
        if held_ms >= READY_MS:
            self._proving = True
        elif held_ms < LOW_MS:
            self._proving, self._good_frames = False, 0
            self._tap.nudge()
        if not self._proving:
            return b""
        pcm = self._tap.take(frames)
        if loudness_dbfs(pcm) < SILENT_DBFS:
            self._good_frames = 0
        else:
            self._good_frames += len(pcm) // FRAME_BYTES
        if self._good_frames * 1000 >= self._back_ms * RATE_HZ:
            assert self._filling is not None
            self._filling.ended_at = self._now()
            self._filling = None
            self._silent_frames, self._missing_frames = 0, 0.0
        return pcm

    def _begin_filling(self, reason: str) -> None:
        trouble = f" ({self._tap.trouble})" if self._tap.trouble else ""
        now = self._now()
        recent = sum(now - gap.started_at < RECENT for gap in self.gaps)
        self._back_ms = min(MOST_BACK_MS, BACK_MS * 2 ** max(0, recent - 1))  # no see-saw with a bad line
        self._filling = Gap(now, reason + trouble)
        self.gaps.append(self._filling)
        self._good_frames, self._proving = 0, False

    def _fill(self, frames: int) -> bytes:
        pcm = self._filler.read(frames)
        if len(pcm) < frames * FRAME_BYTES:
            self._filler.skip(0)
            pcm += self._filler.read(frames - len(pcm) // FRAME_BYTES)
        return pcm


def _last_line(errors: IO[bytes]) -> str:
    size = errors.seek(0, 2)
    errors.seek(max(0, size - 2000))
    lines = [line for line in errors.read().decode("utf-8", "replace").splitlines() if line.strip()]
    return without_password(lines[-1])[:160] if lines else ""
