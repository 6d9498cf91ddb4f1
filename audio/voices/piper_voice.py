"""Any Piper voice from a file: natural, offline. Needs the extra `piper` (`pip install "loaphuong[piper]"`)."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audio.resample import resampled
from audio.voices.voice import LanguageNotSpokenError, NothingToSayError, VoiceError, VoiceUnavailableError
from audio.wav import SPEECH_RATE_HZ, wav_bytes
from content.atomic import sha256_of
from content.errors import Told
from content.language import N_

_NO_MODEL = N_(
    "no model is set: place one with `loa voice install vi_VN-vais1000-medium` or `loa voice install FILE.onnx`"
)
_NO_FILE = N_("the model {path} or its .json is missing: run `loa voice install FILE.onnx` again")
_CHANGED = N_("the model {path} is not the one that was installed: run `loa voice install FILE.onnx` again")
_NO_PACKAGE = N_('the package piper-tts is not installed: pip install "loaphuong[piper]"')


@dataclass(slots=True)
class PiperVoice:
    """A Piper model, loaded at the first sentence."""

    model: Path | None
    workers: int = 1
    _loaded: Any = None
    _sha256: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    name = "piper"
    degraded = False

    @property
    def settings(self) -> str:
        """Names the model by its content: another file of the same name is another voice."""
        if self.model is None or not self.model.is_file():
            return "piper -"
        if not self._sha256:
            self._sha256 = sha256_of(self.model)
        return f"piper {self._sha256[:16]}"

    @property
    def language(self) -> str:
        """What the model speaks, as its own JSON says: "vi" for vi_VN. Raises VoiceUnavailableError."""
        return _language(self._config())

    def synthesise(self, text: str, language: str) -> bytes:
        """`text` as a house WAV.

        Raises:
            VoiceUnavailableError, LanguageNotSpokenError, NothingToSayError, VoiceError.
        """
        spoken = self.language
        if spoken != language.partition("-")[0]:
            raise LanguageNotSpokenError(voice=self.name, language=language)
        if not any(mark.isalnum() for mark in text):
            raise NothingToSayError(text=text)
        with self._lock:
            voice = self._load()
            try:
                chunks = list(voice.synthesize(text))
            except (RuntimeError, ValueError) as error:
                raise VoiceError(voice=self.name, reason=str(error)[:200]) from error
        pcm = b"".join(chunk.audio_int16_bytes for chunk in chunks)
        if len(pcm) < 200:
            raise VoiceError(voice=self.name, reason="no sound")
        return wav_bytes(resampled(pcm, chunks[0].sample_rate, SPEECH_RATE_HZ), SPEECH_RATE_HZ)

    def close(self) -> None:
        self._loaded = None

    def check(self) -> None:
        """Load the model. Raises VoiceUnavailableError: why it cannot speak."""
        self._config()
        with self._lock:
            self._load()

    def _config(self) -> dict[str, Any]:
        if self.model is None:
            raise VoiceUnavailableError(voice=self.name, reason=Told(_NO_MODEL))
        try:
            config: dict[str, Any] = json.loads(Path(f"{self.model}.json").read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise VoiceUnavailableError(voice=self.name, reason=Told(_NO_FILE, path=self.model)) from error
        return config

    def _load(self) -> Any:
        if self._loaded is None:
            if self.model is None or not self.model.is_file():
                raise VoiceUnavailableError(voice=self.name, reason=Told(_NO_FILE, path=self.model or "-"))
            self._refuse_changed(self.model)
            try:
                from piper import PiperVoice as Engine
            except ImportError as error:
                raise VoiceUnavailableError(voice=self.name, reason=Told(_NO_PACKAGE)) from error
            try:
                self._loaded = Engine.load(str(self.model))
            except Exception as error:  # onnxruntime raises its own kinds for a damaged model
                raise VoiceUnavailableError(voice=self.name, reason=str(error)[:200]) from error
        return self._loaded

    def _refuse_changed(self, model: Path) -> None:
        noted = Path(f"{model}.sha256")
        if noted.is_file() and noted.read_text("ascii").strip() != sha256_of(model):
            raise VoiceUnavailableError(voice=self.name, reason=Told(_CHANGED, path=model))


def _language(config: dict[str, Any]) -> str:
    language = config.get("language") or {}
    family = language.get("family") if isinstance(language, dict) else None
    voice = (config.get("espeak") or {}).get("voice", "")
    return str(family or voice.partition("-")[0])
