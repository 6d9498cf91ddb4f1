"""What the daemon does beside airing: status, metrics, disk, service watchdog."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from content.config import Config


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
    return json.dumps(status, ensure_ascii=False, indent=1, default=datetime.isoformat) + "\n"


def metrics_text(status: Mapping[str, Any], *, up: bool = True) -> str:
    """The status as a Prometheus text file (for node_exporter's textfile collector)."""
    lines = [
        "# TYPE loa_up gauge", f"loa_up {int(up)}",
        "# TYPE loa_beat_seconds gauge", f"loa_beat_seconds {status['at'].timestamp():.3f}",
        "# TYPE loa_on_air gauge", f"loa_on_air {len(status['on_air'])}",
        "# TYPE loa_stopped gauge", f"loa_stopped {int(status['stopped'] is not None)}",
        "# TYPE loa_database_up gauge", f"loa_database_up {int(status['database_trouble'] is None)}",
        "# TYPE loa_disk_free_mb gauge", f"loa_disk_free_mb {status['disk_free_mb']:.0f}",
        "# TYPE loa_clock_steps_total counter", f"loa_clock_steps_total {status['clock_steps']}",
        "# TYPE loa_start_lateness_seconds gauge", f"loa_start_lateness_seconds {status['lateness_s']:.4f}",
        "# TYPE loa_output_up gauge",
        *(f'loa_output_up{{output="{_label(o["name"])}"}} {int(o["trouble"] is None)}' for o in status["outputs"]),
        "# TYPE loa_as_run_total counter",
        *(f'loa_as_run_total{{outcome="{name}"}} {count}' for name, count in sorted(status["outcomes"].items())),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _label(words: str) -> str:
    """A label's value as the text format writes it."""
    return words.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def next_local(now: datetime, config: Config, hour: int) -> datetime:
    """The next instant after `now` at which station clocks show `hour`:00."""
    local = now.astimezone(config.tz)
    at = datetime.combine(local.date(), time(hour), config.tz)
    return at if at > now else datetime.combine(local.date() + timedelta(days=1), time(hour), config.tz)
