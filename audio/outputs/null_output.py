"""The output that nobody hears: for trying things, for tests, and for benchmarks."""

from __future__ import annotations

from datetime import datetime


class NullOutput:
    """Takes everything at once."""

    exclusive = False
    audible = False
    trouble: str | None = None

    def __init__(self, name: str = "null") -> None:
        self.name = name

    def open(self) -> None:
        pass

    def start(self, label: str, at: datetime) -> NullOutput:  # noqa: ARG002
        return self

    def write(self, pcm: bytes) -> bool:  # noqa: ARG002
        return True

    def stop(self, *, cut: bool) -> None:
        pass

    def close(self) -> None:
        pass
