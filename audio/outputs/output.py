"""What a way out for sound is."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Protocol

from content.errors import LoaError
from content.language import N_

RATE_HZ = 48_000
"""House rate of everything that is played."""
FRAME_BYTES = 2
"""Mono, 16 bit, little-endian."""


class OutputError(LoaError):
    """An output that cannot be used now."""

    sentence = N_("output {output!r} cannot be used ({reason}): {remedy}")


_USER_INFO = re.compile(r"([a-z][a-z0-9+.-]*://)[^/\s]*@", re.IGNORECASE)


def without_password(words: str) -> str:
    """`words` with user and password taken out of every address: for the log, the status and alarms."""
    return _USER_INFO.sub(r"\1", words)


class Stream(Protocol):
    """One airing on one output."""

    def write(self, pcm: bytes) -> bool:
        """Hand over PCM at `RATE_HZ`; never blocks. False when the output did not take it: nobody heard it."""

    def stop(self, *, cut: bool) -> None:
        """The airing is over; `cut` throws away what is not out yet."""


class Output(Protocol):
    """One way out; opened once and kept warm while the daemon lives."""

    name: str
    exclusive: bool
    """True when it carries one airing at a time."""
    audible: bool
    """True when people hear it; a recording counts as heard only in a zone that has nothing else."""

    def open(self) -> None:
        """Make it ready; returns at once, and goes on trying by itself. Raises OutputError where trying is no use."""

    def start(self, label: str, at: datetime) -> Stream:
        """Begin an airing; `label` names it (letters, digits, dashes)."""

    @property
    def trouble(self) -> str | None:
        """Why nothing is heard on it now, or None while it works."""

    def close(self) -> None:
        """Let go of the device, process or connection."""
