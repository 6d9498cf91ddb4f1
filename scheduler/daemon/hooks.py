"""Commands of the station's own: argument lists, run beside the daemon, never waited for, ended when they hang."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from audio.outputs.process_sink import errors_file
from content.config import Config
from scheduler.daemon.requests import legible
from scheduler.daemon.workers import Workers

log = logging.getLogger("loa.daemon")
_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)
HOOK_S = 30.0
"""A command that takes longer is ended, with all that it started."""
LANES = 4
"""Commands at one time; one that hangs does not hold up the next alarm."""
MOST_WORDS = 1_000_000
"""A command that writes more bytes of errors is ended: it would fill the disk."""
LOOK_S = 0.05
DAY_S = 86_400.0
AGAIN_S = 300.0
"""An alarm whose words change (a card lost for one reason, then for another) runs the command again after so long."""


class Running:
    """The commands that run now, so that none outlives the daemon."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def run(self, command: Sequence[str], *facts: str, timeout_s: float = HOOK_S) -> str | None:
        """Run a command to its end; None when it did its work, else what went wrong.

        What it starts is ended with it when it hangs. Nothing of ours is inherited but the environment.
        """
        with errors_file() as errors:
            try:
                with self._lock:
                    if self._closed:
                        return "Loa ends"
                    process = subprocess.Popen(
                        [*command, *facts], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
                        creationflags=_NO_WINDOW, start_new_session=True,
                    )  # fmt: skip
                    self._processes.add(process)
            except (OSError, ValueError) as error:
                return f"{command[0]}: {getattr(error, 'strerror', None) or error}"
            try:
                trouble = _wait(process, timeout_s, errors.fileno())
            finally:
                with self._lock:
                    self._processes.discard(process)
            if trouble is not None:
                return f"{command[0]}: {trouble}"
            if process.returncode == 0:
                return None
            return f"{command[0]}: exit {process.returncode}{_last_words(errors)}"

    def close(self, patience_s: float = 2.0) -> None:
        """Give what runs a moment to end, then end it; nothing more is started."""
        end = time.monotonic() + patience_s
        while time.monotonic() < end:
            with self._lock:
                if not self._processes:
                    break
            time.sleep(0.02)
        with self._lock:
            self._closed = True
            left = list(self._processes)
        for process in left:
            end_tree(process)


def run_hook(command: Sequence[str], *facts: str) -> None:
    """Run a command of the station for at most 30 s; what goes wrong is logged."""
    if trouble := Running().run(command, *facts):
        log.error("a command of config.toml failed: %s", trouble)


def _wait(process: subprocess.Popen[bytes], timeout_s: float, errors: int) -> str | None:
    """Until the command ends, or why it was ended."""
    end = time.monotonic() + timeout_s
    while True:
        try:
            process.wait(LOOK_S)
        except subprocess.TimeoutExpired:
            words = os.fstat(errors).st_size
            if words <= MOST_WORDS and time.monotonic() < end:
                continue
            end_tree(process)
            return f"{timeout_s:.0f} s" if words <= MOST_WORDS else f"stderr > {MOST_WORDS // 1_000_000} MB"
        return None


def end_tree(process: subprocess.Popen[bytes]) -> None:
    """End a process that leads its own session, and what it started."""
    if sys.platform == "win32":
        with suppress(OSError, subprocess.SubprocessError):
            subprocess.run(
                ["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False,
                timeout=10, creationflags=_NO_WINDOW,
            )  # fmt: skip
    else:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    with suppress(OSError):
        process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.wait(5)


def _last_words(errors: object) -> str:
    with suppress(OSError, ValueError):
        size = errors.seek(0, 2)  # type: ignore[attr-defined]
        errors.seek(max(0, size - 2000))  # type: ignore[attr-defined]
        lines = [s for s in errors.read().decode("utf-8", "replace").splitlines() if s.strip()]  # type: ignore[attr-defined]
        if lines:
            return f" ({lines[-1][:160]})"
    return ""


def _passes(kind: str) -> bool:
    """True for alarms of what happened; the others tell what is wrong, until they are cleared."""
    return kind in ("alert", "silence") or kind.startswith(("urgent ", "pre-flight "))


@dataclass(slots=True)
class Hooks:
    """Alarms: in the log, in the status, and through the station's own command."""

    config: Config
    workers: Workers
    simulated: bool
    told: dict[str, str] = field(default_factory=dict)
    """The newest text of each kind of alarm that is on."""
    running: Running = field(default_factory=Running)
    _ran_at: dict[str, float] = field(default_factory=dict)
    _count: int = 0

    def alarm(self, kind: str, text: str) -> None:
        """Log `text` and run the alarm command with `kind` and `text`.

        The same text is told once in a row; what happens, and does not last, again after five minutes. Where only the
        words of an alarm change (a card that is tried in three ways, day and night), the status shows it; log and
        command have it after five minutes at the soonest.
        """
        text = legible(text)
        fresh = time.monotonic() - self._ran_at.get(kind, -AGAIN_S) < AGAIN_S
        if self.told.get(kind) == text and (fresh or not _passes(kind)):
            return
        renewed = kind in self.told and fresh
        self.told[kind] = text
        if len(self.told) > 200:
            self._ran_at.pop(oldest := next(iter(self.told)), None)
            self.told.pop(oldest)
        if not renewed:
            log.error("%s: %s", kind, text)
            self._ran_at[kind] = time.monotonic()
            self.run(self.config.daemon.alarm_command, kind, text)

    def all_clear(self, kind: str) -> None:
        """What the alarm was about is over."""
        if self.told.pop(kind, None) is not None:
            self._ran_at.pop(kind, None)
            log.info("%s is over", kind)

    def forget_old(self) -> None:
        """What happened a day ago stands in the log; the status tells what is wrong now."""
        for kind in [kind for kind in self.told if _passes(kind)]:
            if time.monotonic() - self._ran_at.get(kind, 0.0) > DAY_S:
                self.told.pop(kind)

    def run(self, command: Sequence[str], *facts: str) -> None:
        """Run `command` with `facts` behind it; nothing on a simulated clock."""
        if not command or self.simulated:
            return

        def work() -> None:
            if trouble := self.running.run(command, *facts):
                log.error("a command of config.toml failed: %s", trouble)

        self._count += 1
        self.workers.submit(f"hooks-{self._count % LANES}", work)

    def close(self) -> None:
        """End what still runs; called when the daemon ends."""
        self.running.close()
