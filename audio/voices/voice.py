"""What a voice is, and the errors that every voice may raise."""

from __future__ import annotations

from typing import Protocol

from content.errors import LoaError
from content.language import N_


class Voice(Protocol):
    """One way to turn spoken words into sound. Must be safe to call from `workers` threads at once."""

    @property
    def name(self) -> str:
        """The name in the config: gtts, piper, espeak, recording."""

    @property
    def settings(self) -> str:
        """All else that the sound depends on, as one canonical line; part of the cache key."""

    @property
    def degraded(self) -> bool:
        """True for a voice that must not air without a named person's consent."""

    @property
    def workers(self) -> int:
        """How many sentences may be spoken at once."""

    def synthesise(self, text: str, language: str) -> bytes:
        """`text` (spoken words, one sentence) as a house WAV (see `audio.wav`), whole.

        Raises:
            VoiceError: it cannot; never sound with words missing.
        """

    def close(self) -> None:
        """Let go of connections and processes; the voice may be used again afterwards."""


class VoiceError(LoaError):
    """A voice could not speak a sentence."""

    sentence = N_("the voice {voice} could not speak: {reason}")


class VoiceUnavailableError(VoiceError):
    """The voice cannot speak anything now (no network, not installed): no use trying the next sentence."""

    sentence = N_("the voice {voice} is not available: {reason}")


class LanguageNotSpokenError(VoiceError):
    """The voice does not speak that language."""

    sentence = N_("the voice {voice} does not speak the language {language!r}: record this item instead")


class NothingToSayError(LoaError):
    """No words to speak."""

    sentence = N_("there is nothing to speak in {text!r}: write the sentence in words")
