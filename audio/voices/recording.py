"""A person's own voice: a file that staff supplied for a whole item, or for one sentence of it.

Recordings stand in the folder `recordings` of the media store (a backup takes it along) as house WAVs, beside
a small JSON that says what was recorded: item-12.wav for all of item 12, sentence-HASH.wav for one sentence
wherever it is said.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audio import wav
from audio.resample import halved
from audio.voices.voice import VoiceError
from content import atomic
from content.language import N_


class NotRecordedError(VoiceError):
    """Nobody has recorded it."""

    sentence = N_("nobody has recorded “{text}” yet: add a file with `loa voice record`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording of a whole item."""

    path: Path
    script_sha256: str
    """The words that it was recorded for."""
    sha256: str
    notes: tuple[str, ...]
    """What was cleaned when it came in."""
    clipped: bool = False
    """Whether it was clipped when it came in; its level has been changed since, so nobody could measure it."""


@dataclass(frozen=True, slots=True)
class RecordingVoice:
    """Finds what was recorded; makes nothing up."""

    folder: Path

    name = "recording"
    degraded = False
    workers = 1

    @property
    def settings(self) -> str:
        """Changes with every file in the folder, so that a new take is heard."""
        if not self.folder.is_dir():
            return "recordings"
        stamps = [f"{p.name}:{p.stat().st_mtime_ns}" for p in sorted(self.folder.glob("sentence-*.wav"))]
        return "recordings " + hashlib.sha256("\n".join(stamps).encode()).hexdigest()[:16]

    def synthesise(self, text: str, language: str) -> bytes:
        """The recorded sentence at the rate of speech. Raises NotRecordedError, wav.NotHouseWavError."""
        path = self.sentence_path(text, language)
        if not path.is_file():
            raise NotRecordedError(voice=self.name, text=text[:60])
        rate_hz = wav.read_info(path).rate_hz
        blocks = wav.pcm_blocks(path)
        pcm = b"".join(halved(blocks) if rate_hz == wav.WIDE_RATE_HZ else blocks)
        return wav.wav_bytes(pcm, wav.SPEECH_RATE_HZ)

    def close(self) -> None:
        """Nothing is held open."""

    def sentence_path(self, text: str, language: str) -> Path:
        """Where the recording of a sentence stands or would stand."""
        words = unicodedata.normalize("NFC", " ".join(text.split())).casefold()
        name = hashlib.sha256(f"{language}\n{words}".encode()).hexdigest()[:32]
        return self.folder / f"sentence-{name}.wav"

    def take_of(self, text: str, language: str) -> str | None:
        """Names the recording of a sentence, another one with every new take; None where nobody recorded it."""
        path = self.sentence_path(text, language)
        try:
            stat = path.stat()
        except OSError:
            return None
        return f"take {path.stem} {stat.st_mtime_ns} {stat.st_size}"

    def of_item(self, item_id: int) -> Recording | None:
        """The recording of the whole item, or None."""
        path = self.folder / f"item-{item_id}.wav"
        try:
            facts: dict[str, Any] = json.loads(path.with_suffix(".json").read_text("utf-8"))
            return Recording(
                path=path, script_sha256=str(facts["script_sha256"]), sha256=str(facts["sha256"]),
                notes=tuple(str(note) for note in facts.get("notes", [])),
                clipped=facts.get("clipped") is True,
            ) if path.is_file() else None  # fmt: skip
        except (OSError, ValueError, KeyError):
            return None

    def keep_item(
        self,
        item_id: int,
        sound: Path,
        *,
        script_sha256: str,
        source: str,
        notes: list[str],
        clipped: bool = False,
    ) -> Recording:
        """Take in the house WAV `sound` as the recording of an item spoken from those words."""
        path = self.folder / f"item-{item_id}.wav"
        _copy(sound, path)
        facts = {
            "script_sha256": script_sha256,
            "sha256": atomic.sha256_of(path),
            "source": source,
            "notes": notes,
            "clipped": clipped,
        }
        atomic.write_text(path.with_suffix(".json"), json.dumps(facts, ensure_ascii=False, indent=1))
        return Recording(
            path=path, script_sha256=script_sha256, sha256=str(facts["sha256"]), notes=tuple(notes),
            clipped=clipped,
        )  # fmt: skip

    def keep_sentence(self, text: str, language: str, sound: Path) -> Path:
        """Take in the house WAV `sound` as the recording of a sentence."""
        path = self.sentence_path(text, language)
        _copy(sound, path)
        return path


def _copy(source: Path, target: Path) -> None:
    import shutil

    with atomic.replacing(target) as temporary:
        shutil.copyfile(source, temporary)
