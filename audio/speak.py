"""A script into one sound: every sentence by the first voice that can speak all of them, cached one by one."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from audio import wav
from audio.cache import SentenceCache, SentenceKey
from audio.voices.recording import RecordingVoice
from audio.voices.voice import NothingToSayError, Voice, VoiceError, VoiceUnavailableError
from content import atomic
from content.errors import LoaError
from content.language import N_, _

RECIPE_VERSION = 1
"""Raise it when the same words and voice would give another segment."""
_EDGE_LEVEL = 33
"""−60 dBFS: quieter than this at a sentence's head or tail is silence of the engine, replaced by the script's pauses."""
_EDGE_KEPT_MS = 40
_NOTICE_S = 0.2

Advance = Callable[[int], None]
"""Called with the number of sentences finished."""


class NoVoiceError(LoaError):
    """Every voice in the order failed."""

    sentence = N_(
        "no voice could speak it: {reasons}; add another voice to [voice] order in config.toml, or record it"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """Words to speak and the silence after them."""

    spoken: str
    pause_after_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """A voice that was tried first and why it did not speak, in the screen language of then."""

    voice: str
    reason: str

    def as_json(self) -> dict[str, str]:
        return {"voice": self.voice, "reason": self.reason}


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenScript:
    """Who spoke a script, who could not, and the cached sounds in order."""

    voice: str
    settings: str
    degraded: bool
    fallbacks: tuple[Fallback, ...]
    sentences: tuple[Sentence, ...]
    keys: tuple[SentenceKey, ...]
    synthesised: int
    """How many sentences were not in the cache."""

    @property
    def recipe_sha256(self) -> str:
        """Of all that the segment's sound depends on."""
        return recipe_of(
            self.sentences, self.voice, self.settings, self.keys[0].language if self.keys else ""
        )


def recipe_of(sentences: Sequence[Sentence], voice: str, settings: str, language: str) -> str:
    """The SHA-256 of all that a segment's sound depends on."""
    facts = [RECIPE_VERSION, voice, settings, language, [[s.spoken, s.pause_after_ms] for s in sentences]]
    return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Casting:
    """Who says which sentence when a voice speaks a script: the voice, or a person who recorded that sentence."""

    voice: str
    settings: str
    degraded: bool
    keys: tuple[SentenceKey, ...]


class Speaker:
    """Voices in their order of fall-back, over one cache.

    A voice that says it is unavailable is not asked again within this speaker's life, so that a month's
    rendering without network waits for it once. `spare` voices speak only where they are asked for by name.
    `languages` have voices of their own in an order of their own.
    """

    def __init__(
        self,
        voices: Sequence[Voice],
        cache: SentenceCache,
        spare: Sequence[Voice] = (),
        languages: Mapping[str, Sequence[Voice]] | None = None,
    ) -> None:
        self.voices = list(voices)
        self.spare = list(spare)
        self.languages = {code: list(own) for code, own in (languages or {}).items()}
        self.cache = cache
        self._down: dict[int, VoiceUnavailableError] = {}

    def __enter__(self) -> Speaker:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of every voice's connections and processes."""
        for voice in self._all():
            voice.close()

    def speak(
        self,
        sentences: Sequence[Sentence],
        language: str,
        first: str | None = None,
        advance: Advance | None = None,
    ) -> SpokenScript:
        """Have every sentence spoken by one voice; `first` names the voice to try before the order.

        A sentence that a person recorded is taken from the recording, whichever voice speaks the others.

        Whatever was spoken before an error or Ctrl-C stays in the cache: the same call goes on there.

        Raises:
            NoVoiceError: with the reason of each voice. NothingToSayError: there are no words.
        """
        worded = tuple(s for s in sentences if any(mark.isalnum() for mark in s.spoken))
        if not worded:
            raise NothingToSayError(text=" ".join(s.spoken for s in sentences)[:80])
        fallbacks: list[Fallback] = []
        errors: list[LoaError] = []
        for voice in self.in_order(first, language):
            cast = self.casting(voice, worded, language)
            keys = cast.keys
            try:
                missing = [key for key in dict.fromkeys(keys) if self.cache.get(key) is None]
                if id(voice) in self._down and any(key.voice == voice.name for key in missing):
                    raise self._down[id(voice)]
                if advance:
                    advance(len(keys) - len(missing))
                self._synthesise(voice, missing, advance)
            except VoiceError as error:
                if isinstance(error, VoiceUnavailableError):
                    self._down[id(voice)] = error
                fallbacks.append(Fallback(voice=voice.name, reason=error.told(_)))
                errors.append(error)
                continue
            return SpokenScript(
                voice=cast.voice, settings=cast.settings, degraded=cast.degraded, fallbacks=tuple(fallbacks),
                sentences=worded, keys=keys, synthesised=len(missing),
            )  # fmt: skip
        raise NoVoiceError(reasons=errors or ["-"])

    def casting(self, voice: Voice, sentences: Sequence[Sentence], language: str) -> Casting:
        """What `voice` says of `sentences`; what a person recorded is heard from the recording."""
        own, recordings = (voice.name, voice.settings, language), self._recordings()
        takes = [recordings.take_of(s.spoken, language) if recordings else None for s in sentences]
        keys = tuple(
            SentenceKey(RecordingVoice.name, take, language, s.spoken)
            if take
            else SentenceKey(*own, s.spoken)
            for s, take in zip(sentences, takes, strict=True)
        )
        if takes and all(takes):
            return Casting(RecordingVoice.name, " ".join(map(str, takes)), RecordingVoice.degraded, keys)
        settings = " ".join([voice.settings, *(take for take in takes if take)])
        return Casting(voice.name, settings, voice.degraded, keys)

    def _recordings(self) -> RecordingVoice | None:
        return next((v for v in self._all() if isinstance(v, RecordingVoice)), None)

    def _all(self) -> list[Voice]:
        own = [voice for voices in self.languages.values() for voice in voices]
        return [*self.voices, *self.spare, *own]

    def _named(self, name: str, language: str) -> Voice:
        own = self.languages.get(language, [])
        return next(voice for voice in [*own, *self.voices, *self.spare] if voice.name == name)

    def in_order(self, first: str | None, language: str) -> list[Voice]:
        """The voices as they are tried for a language, `first` before the others."""
        voices = self.languages.get(language, self.voices)
        others = [voice for voice in [*self.voices, *self.spare] if voice.name == first]
        asked = [] if any(voice.name == first for voice in voices) else others
        return asked + sorted(voices, key=lambda voice: voice.name != first)

    def is_down(self, voice: Voice) -> bool:
        """Whether the voice said, in this speaker's life, that it is unavailable."""
        return id(voice) in self._down

    def sound_of(self, spoken: SpokenScript, index: int) -> bytes:
        """The house WAV of one sentence; spoken again where the cache lost it meanwhile."""
        key = spoken.keys[index]
        sound = self.cache.get(key)
        if sound is None:
            sound = self.cache.put(
                key, self._named(key.voice, key.language).synthesise(key.text, key.language)
            )
        return sound

    def write_segment(self, spoken: SpokenScript, path: Path) -> int:
        """Write the whole script as one house WAV, whole or not at all; its length in ms. Constant memory."""
        sounds = (self.sound_of(spoken, index) for index in range(len(spoken.keys)))
        return write_segment(path, zip(sounds, (s.pause_after_ms for s in spoken.sentences), strict=True))

    def _synthesise(self, voice: Voice, missing: Sequence[SentenceKey], advance: Advance | None) -> None:
        stop = threading.Event()

        def one(key: SentenceKey) -> None:
            if stop.is_set():
                return
            speaking = voice if key.voice == voice.name else self._named(key.voice, key.language)
            self.cache.put(key, speaking.synthesise(key.text, key.language))
            if advance:
                advance(1)

        if voice.workers == 1 or len(missing) < 2:
            for key in missing:
                one(key)
            return
        with ThreadPoolExecutor(voice.workers, thread_name_prefix=f"voice-{voice.name}") as pool:
            futures = [pool.submit(one, key) for key in missing]
            try:
                # in small waits, because on Windows Ctrl-C is noticed between them only
                while _still_going(futures, wait(futures, _NOTICE_S, FIRST_EXCEPTION).done):
                    pass
                stop.set()  # an error: let the sentences in hand finish, begin no other
            except KeyboardInterrupt:
                stop.set()
                while wait(futures, _NOTICE_S).not_done:
                    voice.close()  # cuts off what is being asked for: a slow service would hold the end up for minutes
                raise
            for future in futures:
                future.result()


def _still_going(futures: Sequence[Future[None]], done: set[Future[None]]) -> bool:
    return len(done) < len(futures) and not any(future.exception() for future in done)


def write_segment(path: Path, sounds: Iterator[tuple[bytes, int]] | Sequence[tuple[bytes, int]]) -> int:
    """House WAVs and the pauses after them, as one house WAV at `path`; its length in ms.

    Head and tail silence of each sentence is cut to 40 ms first, so that the pauses are those of the script.

    Raises:
        wav.NotHouseWavError, atomic.DiskFullError, atomic.NotWritableError.
    """
    with atomic.replacing(path) as temporary, temporary.open("wb") as stream:
        stream.write(bytes(44))
        samples = 0
        for sound, pause_after_ms in sounds:
            pcm, rate_hz = wav.split_wav(sound)
            if rate_hz != wav.SPEECH_RATE_HZ:
                raise wav.NotHouseWavError(path="sentence", reason=f"{rate_hz} Hz")
            for block in (_without_edges(pcm), bytes(round(pause_after_ms * rate_hz / 1000) * 2)):
                stream.write(block)
                samples += len(block) // 2
        stream.seek(0)
        stream.write(wav.header(samples, wav.SPEECH_RATE_HZ))
    return round(samples * 1000 / wav.SPEECH_RATE_HZ)


def _without_edges(pcm: bytes) -> bytes:
    samples = np.frombuffer(pcm, dtype="<i2")
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) >= _EDGE_LEVEL)
    if not len(loud):
        return pcm
    kept = wav.SPEECH_RATE_HZ * _EDGE_KEPT_MS // 1000
    return samples[max(0, int(loud[0]) - kept) : int(loud[-1]) + 1 + kept].tobytes()
