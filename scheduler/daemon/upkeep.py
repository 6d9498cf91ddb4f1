"""What the daemon does beside airing: status, metrics, alarms, disk, amplifier power, service watchdog."""

from __future__ import annotations

import json
import logging
import os
import shutil
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from content.config import Config, RelayConfig, SessionConfig
from scheduler.daemon.workers import Workers

log = logging.getLogger("loa.daemon")
_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)


@dataclass(slots=True)
class Hooks:
    """Commands of the station's own, run beside the daemon, never waited for by it."""

    config: Config
    workers: Workers
    simulated: bool
    told: dict[str, str] = field(default_factory=dict)
    """The newest text of each kind of alarm."""

    def alarm(self, kind: str, text: str) -> None:
        """Log `text` and run the alarm command with `kind` and `text`; the same text is told once in a row."""
        if self.told.get(kind) == text:
            return
        self.told[kind] = text
        if len(self.told) > 200:
            self.told.pop(next(iter(self.told)))
        log.error("%s: %s", kind, text)
        self.run(self.config.daemon.alarm_command, kind, text)

    def all_clear(self, kind: str) -> None:
        """What the alarm was about is over."""
        if self.told.pop(kind, None) is not None:
            log.info("%s is over", kind)

    def run(self, command: Sequence[str], *facts: str) -> None:
        """Run `command` with `facts` behind it; nothing on a simulated clock."""
        if command and not self.simulated:
            self.workers.submit("hooks", lambda: run_hook(command, *facts))


def run_hook(command: Sequence[str], *facts: str) -> None:
    """Run a command of the station for at most 30 s; what goes wrong is logged."""
    try:
        done = subprocess.run(
            [*command, *facts], stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False,
            creationflags=_NO_WINDOW,
        )  # fmt: skip
        if done.returncode:
            log.error("the command %s ended with %s", command[0], done.returncode)
    except (OSError, subprocess.SubprocessError) as error:
        log.error("the command %s could not be run: %s", command[0], error)


def powered_until(config: Config, now: datetime) -> datetime | None:
    """When the amplifiers may go off again: the end of the block whose lead time `now` is in; None outside all."""
    lead = timedelta(seconds=config.daemon.power_lead_s)
    local = now.astimezone(config.tz)
    ends: list[datetime] = []
    for day in (local.date(), local.date() + timedelta(days=1), local.date() - timedelta(days=1)):
        blocks: list[SessionConfig | RelayConfig] = [*config.sessions, *config.relays]
        for block in blocks:
            if day.isoweekday() not in block.weekdays:
                continue
            if (block.from_on and day < block.from_on) or (block.until_on and day > block.until_on):
                continue
            start = datetime.combine(day, block.start, config.tz) - lead
            end = datetime.combine(day, block.end, config.tz) + lead
            if start <= now < end:
                ends.append(end)
    return max(ends, default=None)


@dataclass(slots=True)
class Power:
    """The amplifiers' switch: on ahead of a session, off behind it, on for whatever else is on the air."""

    config: Config
    hooks: Hooks
    is_on: bool | None = None

    def look(self, now: datetime, *, busy: bool) -> None:
        """Switch when it is time; `busy` keeps it on."""
        wanted = busy or powered_until(self.config, now) is not None
        if wanted != self.is_on and self.config.daemon.power_command:
            self.hooks.run(self.config.daemon.power_command, "on" if wanted else "off")
            log.info("amplifiers %s", "on" if wanted else "off")
        self.is_on = wanted


def disk_free_mb(folder: Path) -> float:
    """Free room on the disk of `folder`."""
    return shutil.disk_usage(folder).free / 1_000_000


def notify_service(message: str) -> None:
    """Tell systemd (`READY=1`, `WATCHDOG=1`, `STOPPING=1`); nothing elsewhere."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address or not hasattr(socket, "AF_UNIX"):
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
        door.connect("\0" + address[1:] if address.startswith("@") else address)
        door.send(message.encode())


def write_beside(path: Path, text: str) -> None:
    """Replace `path` at once, without waiting for the disk: for files that are written every second."""
    scrap = path.with_name(f".{path.name}.tmp")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        scrap.write_text(text, "utf-8")
        scrap.replace(path)


def status_text(status: Mapping[str, Any]) -> str:
    """The status as JSON."""
    return json.dumps(status, ensure_ascii=False, indent=1, default=str) + "\n"


def metrics_text(status: Mapping[str, Any]) -> str:
    """The status as a Prometheus text file (for node_exporter's textfile collector)."""
    lines = [
        "# TYPE loa_up gauge", "loa_up 1",
        "# TYPE loa_beat_seconds gauge", f"loa_beat_seconds {status['at'].timestamp():.3f}",
        "# TYPE loa_on_air gauge", f"loa_on_air {len(status['on_air'])}",
        "# TYPE loa_stopped gauge", f"loa_stopped {int(status['stopped'] is not None)}",
        "# TYPE loa_database_up gauge", f"loa_database_up {int(status['database_trouble'] is None)}",
        "# TYPE loa_disk_free_mb gauge", f"loa_disk_free_mb {status['disk_free_mb']:.0f}",
        "# TYPE loa_clock_steps_total counter", f"loa_clock_steps_total {status['clock_steps']}",
        "# TYPE loa_start_lateness_seconds gauge", f"loa_start_lateness_seconds {status['lateness_s']:.4f}",
        "# TYPE loa_output_up gauge",
        *(f'loa_output_up{{output="{o["name"]}"}} {int(o["trouble"] is None)}' for o in status["outputs"]),
        "# TYPE loa_as_run_total counter",
        *(f'loa_as_run_total{{outcome="{name}"}} {count}' for name, count in sorted(status["outcomes"].items())),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def next_local(now: datetime, config: Config, hour: int) -> datetime:
    """The next instant after `now` at which station clocks show `hour`:00."""
    local = now.astimezone(config.tz)
    at = datetime.combine(local.date(), time(hour), config.tz)
    return at if at > now else datetime.combine(local.date() + timedelta(days=1), time(hour), config.tz)
