"""What this machine lacks for a station, and what to do about it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import ssl
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from content.errors import LoaError, Told
from content.language import N_
from content.os_errors import why
from content.station import Station, open_station

State = Literal["ok", "optional", "missing"]
GTTS_HOST = "translate.google.com"
FREE_MB = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the examination; `remedy` says what to do where `state` is not ok."""

    name: str
    """A gettext id."""
    state: State
    found: str | Told
    remedy: Told | None = None


def examine(config_path: Path | None) -> Iterator[Finding]:
    """Every check, as it is done. `missing` keeps the station from working; `optional` narrows what it can do."""
    yield _python()
    yield _ffmpeg()
    yield _espeak()
    yield _internet()
    yield _piper()
    yield _sound_card()
    yield _office()
    yield _ocr()
    yield from _station(config_path)


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    fits = sys.version_info >= (3, 11)
    return Finding(
        name=N_("Python"),
        state="ok" if fits else "missing",
        found=version,
        remedy=None if fits else Told(N_("install Python 3.11 or newer")),
    )


def _ffmpeg() -> Finding:
    from audio.ffmpeg import ffmpeg_path

    return _tried(N_("ffmpeg (audio)"), lambda: str(ffmpeg_path()), "missing")


def _espeak() -> Finding:
    def speak() -> str | Told:
        from audio.voices.espeak_voice import EspeakVoice

        voice = EspeakVoice()
        try:
            voice.synthesise("xin chào", "vi")
        finally:
            voice.close()
        return Told(N_("speaks; for use without internet, hard to understand"))

    return _tried(N_("Embedded voice (espeak-ng)"), speak, "missing")


def _internet() -> Finding:
    def reach() -> Told:
        context = ssl.create_default_context()
        with (
            socket.create_connection((GTTS_HOST, 443), timeout=4) as raw,
            context.wrap_socket(raw, server_hostname=GTTS_HOST),
        ):
            return Told(N_("reached, certificate verified"))

    try:
        return Finding(name=N_("Natural voice (gTTS, needs internet)"), state="ok", found=reach())
    except OSError as error:
        return Finding(
            name=N_("Natural voice (gTTS, needs internet)"),
            state="optional",
            found=Told(N_("no internet") if isinstance(error, socket.gaierror) else why(error)),
            remedy=Told(
                N_(
                    "connect to the internet before `loa render`, or install a Piper voice: `loa voice install FILE`"
                )
            ),
        )


def _piper() -> Finding:
    there = importlib.util.find_spec("piper") is not None
    return Finding(
        name=N_("Natural voice without internet (Piper)"),
        state="ok" if there else "optional",
        found=Told(N_("installed")) if there else Told(N_("not installed")),
        remedy=None if there else Told(N_("install the package piper-tts, then `loa voice install FILE`")),
    )


def _sound_card() -> Finding:
    name = N_("Sound card")
    remedy = Told(
        N_(
            "plug in a sound card and install the package sounddevice, or choose another [output] in config.toml"
        )
    )
    if importlib.util.find_spec("sounddevice"):
        try:
            import sounddevice

            device = sounddevice.query_devices(kind="output")
            return Finding(name=name, state="ok", found=str(device["name"]))
        except Exception:  # noqa: BLE001 - PortAudio's own errors and a missing library alike
            return Finding(name=name, state="optional", found=Told(N_("none found")), remedy=remedy)
    if (
        shutil.which("aplay")
        and Path("/proc/asound/cards").exists()
        and "no soundcards" not in Path("/proc/asound/cards").read_text("utf-8")
    ):
        return Finding(name=name, state="ok", found="aplay")
    return Finding(name=name, state="optional", found=Told(N_("none found")), remedy=remedy)


def _office() -> Finding:
    from content.intake.legacy_word import office

    return _optional(
        N_("Old .doc files"), office(), Told(N_("install LibreOffice, or save .doc files as .docx"))
    )


def _ocr() -> Finding:
    from content.intake.scan import tesseract

    remedy = Told(N_("install Tesseract with the language vie, or ask for the document as a text file"))
    return _optional(N_("Scanned documents (OCR)"), tesseract(), remedy)


def _optional(name: str, path: str | None, remedy: Told) -> Finding:
    found = path or Told(N_("not installed"))
    return Finding(
        name=name, state="ok" if path else "optional", found=found, remedy=None if path else remedy
    )


def _station(config_path: Path | None) -> Iterator[Finding]:
    try:
        station = open_station(config_path)
    except LoaError as error:
        from content.config import ConfigMissingError

        state: State = (
            "optional" if isinstance(error, ConfigMissingError) and config_path is None else "missing"
        )
        yield Finding(name=N_("Station"), state=state, found=Told("{error}", error=error))
        return
    try:
        yield Finding(
            name=N_("Station"), state="ok", found=f"{station.config.station.name} ({station.folder})"
        )
        yield from _settings(station)
        yield _room(station)
        yield _writable(station)
    finally:
        station.close()


def _settings(station: Station) -> Iterator[Finding]:
    """What the config names beyond itself: addresses of outputs, the file of local rules."""
    from audio.outputs.opening import outputs_of
    from scheduler.policy import policy_of

    def outputs() -> str:
        return ", ".join(outputs_of(station.config, station.folder))

    def rules() -> str:
        policy_of(station)
        return station.config.plan.policy

    yield _tried(N_("Outputs"), outputs, "missing")
    if station.config.plan.policy:
        yield _tried(N_("Local rules"), rules, "missing")


def _room(station: Station) -> Finding:
    free_mb = shutil.disk_usage(station.folder).free // 1_000_000
    enough = free_mb >= FREE_MB
    return Finding(
        name=N_("Disk space"),
        state="ok" if enough else "missing",
        found=Told(N_("{free_mb} MB free"), free_mb=free_mb),
        remedy=None
        if enough
        else Told(N_("free at least {needed_mb} MB on the station's disk"), needed_mb=FREE_MB),
    )


def _writable(station: Station) -> Finding:
    def write() -> Told:
        with tempfile.NamedTemporaryFile(
            dir=station.media.folder if station.media.folder.is_dir() else station.folder
        ) as file:
            file.write(b"loa")
            file.flush()
            os.fsync(file.fileno())
        return Told(N_("writable"))

    return _tried(N_("Media folder"), write, "missing")


def _tried(name: str, attempt: Callable[[], str | Told], state: State) -> Finding:
    try:
        return Finding(name=name, state="ok", found=attempt())
    except LoaError as error:
        return Finding(name=name, state=state, found=Told("{error}", error=error))
    except OSError as error:
        return Finding(name=name, state=state, found=Told(why(error)))
