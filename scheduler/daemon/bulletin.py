"""Making an urgent bulletin ready to air: text, sound file or CAP alert into house PCM."""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from audio.outputs.output import FRAME_BYTES, RATE_HZ
from audio.voices.espeak_voice import EspeakVoice
from content import atomic
from content.config import Config
from content.errors import LoaError
from content.language import N_
from content.normalise import spoken
from scheduler.daemon import cap
from scheduler.daemon.cue import UnplayableError, decode
from scheduler.daemon.sources import house_pcm

PAUSE = bytes(RATE_HZ // 3 * FRAME_BYTES)
TEXT_SUFFIXES = (".txt",)
CAP_SUFFIXES = (".xml", ".cap")
MOST_CHARACTERS = 5_000
MOST_TEXT_BYTES = 100_000
MOST_SOUND_MIN = 30


class NothingToAirError(LoaError):
    """An empty bulletin."""

    sentence = N_("there is nothing to say in {name}: give the words, or a sound file")


class NotTextError(LoaError):
    """A text file that is none."""

    sentence = N_("{name} is not a text file that Loa can read: save it as plain text, UTF-8")


class TooLongError(LoaError):
    """A bulletin nobody would listen to the end of."""

    sentence = N_("the bulletin has {count} characters; at most {most} can be aired at once: shorten it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulletin:
    """Ready to air."""

    title: str
    sounds: tuple[Path, ...]
    zones: tuple[str, ...]
    emergency: bool
    why: str = ""
    alert: cap.CapAlert | None = None
    """The alert that it reads. One that only withdraws others has no sounds."""


def prepare(
    what: str | Path,
    config: Config,
    folder: Path,
    name: str,
    *,
    language: str = "vi",
    now: datetime | None = None,
) -> Bulletin:
    """Words (a `str`), a text file, a CAP alert or a sound file, as house PCM in `folder`.

    Words are read by the embedded voice, which needs no network: an emergency may air with it.

    Raises:
        NothingToAirError, NotTextError, TooLongError, TooLongSoundError, CapError, UnplayableError, VoiceError, DiskFullError, NotWritableError.
    """
    if isinstance(what, Path):
        suffix = what.suffix.lower()
        if suffix not in (*TEXT_SUFFIXES, *CAP_SUFFIXES):
            target = folder / f"{name}.pcm"
            decode(what, target, most_min=MOST_SOUND_MIN)
            return Bulletin(title=what.stem, sounds=(target,), zones=(), emergency=False)
        content = _content(what)
        if suffix in CAP_SUFFIXES or _looks_like_xml(
            content
        ):  # a test alert saved as text is not read out either
            return _alert(content, what.name, config, folder, name, now or datetime.now(UTC))
        what = _plain_text(content, what.name)
    text = unicodedata.normalize("NFC", what).strip()
    path = _speak(text, language, folder / f"{name}.pcm")
    return Bulletin(title=_title(text), sounds=(path,), zones=(), emergency=False)


def cancelled_in(folder: Path) -> dict[str, str]:
    """The alerts that files in `folder` cancel, each with the identifier of the one that does."""
    found: dict[str, str] = {}
    with suppress(OSError):
        for path in folder.iterdir():
            if path.suffix.lower() in CAP_SUFFIXES and path.is_file() and not path.is_symlink():
                with suppress(LoaError):
                    alert = cap.read_alert(_content(path), path.name)
                    if alert.withdraws:
                        found |= dict.fromkeys(alert.replaces, alert.identifier)
    return found


def _content(path: Path) -> bytes:
    """The bytes of a small file; of a huge one, as many as show that it is too large."""
    try:
        with path.open("rb") as file:
            return file.read(cap.MOST_BYTES + 1)
    except OSError as error:
        raise UnplayableError(path=path, reason=error.strerror) from error


def _looks_like_xml(content: bytes) -> bool:
    start = content[:200].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return start.startswith((b"<?xml", b"<alert", b"<!DOCTYPE"))


def _plain_text(content: bytes, name: str) -> str:
    """The words of a text file: UTF-8, or UTF-16 with its mark; bytes that are neither are not read out."""
    if len(content) > MOST_TEXT_BYTES:
        raise TooLongError(count=len(content), most=MOST_CHARACTERS)
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise NotTextError(name=name) from error
    if "\0" in text:
        raise NotTextError(name=name)
    return text


def _alert(content: bytes, file: str, config: Config, folder: Path, name: str, now: datetime) -> Bulletin:
    alert = cap.read_alert(content, file)
    if alert.withdraws:
        return Bulletin(title=alert.identifier, sounds=(), zones=(), emergency=True, alert=alert)
    infos = cap.check_airable(alert, now, file)
    sounds = []
    refused: LoaError | None = None
    for number, info in enumerate(infos):
        try:
            sounds.append(
                _speak(info.text, info.language.split("-")[0].lower(), folder / f"{name}-{number}.pcm")
            )
        except LoaError as error:  # a language that the voice does not speak must not silence the others
            refused = error
    if not sounds:
        assert refused is not None
        raise refused
    return Bulletin(
        title=_title(infos[0].headline or infos[0].event or infos[0].text), sounds=tuple(sounds),
        zones=_zones(infos, config), emergency=True, why=f"CAP {alert.identifier} ({alert.sender})",
        alert=alert,
    )  # fmt: skip


def _zones(infos: tuple[cap.CapInfo, ...], config: Config) -> tuple[str, ...]:
    """Zones that the alert names by id or name; all (none listed) when it names none of ours."""
    named = {word.casefold() for info in infos for word in (*info.areas, *info.geocodes)}
    return tuple(
        z.id for z in config.zones if z.id.casefold() in named or (z.name and z.name.casefold() in named)
    )


def _speak(text: str, language: str, target: Path) -> Path:
    if not any(mark.isalnum() for mark in text):
        raise NothingToAirError(name=text[:40] or "“”")
    if len(text) > MOST_CHARACTERS:
        raise TooLongError(count=len(text), most=MOST_CHARACTERS)
    words = spoken(text) if language == "vi" else text
    voice = EspeakVoice()
    try:
        parts = []
        for sentence in re.split(r"(?<=[.!?…;])\s+|\n+", words):
            if any(mark.isalnum() for mark in sentence):
                parts += [house_pcm(voice.synthesise(sentence, language)), PAUSE]
    finally:
        voice.close()
    atomic.write_bytes(target, b"".join(parts))
    return target


def _title(text: str) -> str:
    flat = re.sub(r"\s+", " ", text).strip()
    return flat if len(flat) <= 80 else flat[:79].rstrip() + "…"


def discard(sounds: tuple[Path, ...]) -> None:
    """Delete a bulletin's sounds after it aired, or when nobody will air it."""
    for path in sounds:
        with suppress(OSError):
            path.unlink(missing_ok=True)
