"""The Vietnamese recogniser of the package viet-asr, whose model comes with it: it listens without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from audio.listening import NoRecogniserError, Recogniser


class VietAsr:
    """A loaded recogniser."""

    def __init__(self, pipeline: Any) -> None:
        self._pipeline = pipeline

    def words_in(self, path: Path) -> str:
        """What is said in the house WAV `path`, in small letters."""
        return str(self._pipeline.transcribe(str(path)).text)


def installed_recogniser() -> Recogniser:
    """The recogniser of this machine, loaded (a few seconds).

    Raises:
        NoRecogniserError: none is installed, or it does not start here.
    """
    try:
        import vietasr
    except (ImportError, OSError) as error:
        raise NoRecogniserError(reason=str(error)) from error
    try:
        return VietAsr(vietasr.Pipeline.new().add("vad").add("vietasr").build())
    except Exception as error:  # its C core raises kinds of its own
        raise NoRecogniserError(reason=str(error)[:200]) from error
