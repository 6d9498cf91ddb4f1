"""The station's voices, in the order that its config gives."""

from __future__ import annotations

from collections.abc import Callable

from audio.cache import SentenceCache
from audio.speak import Speaker
from audio.voices.recording import RecordingVoice
from audio.voices.voice import Voice
from content.config import VOICES
from content.station import Station


def recording_voice(station: Station) -> RecordingVoice:
    """The recordings of the station."""
    return RecordingVoice(station.media.folder / "recordings")


def voice_named(station: Station, name: str) -> Voice:
    """The voice of that name (one of `content.config.VOICES`) as the station's own language has it."""
    return _MAKERS[name](station, station.config.voice.piper_model)


def speaker_of(station: Station) -> Speaker:
    """The voices of the config in their order over the station's cache; the others only where an item asks for one."""
    order = station.config.voice.order
    cache = SentenceCache(station.folder / "cache" / "sentences", station.config.voice.cache_mb * 1_000_000)
    return Speaker(
        [voice_named(station, name) for name in order],
        cache,
        spare=[voice_named(station, name) for name in VOICES if name not in order],
        languages={
            code: [_MAKERS[name](station, one.piper_model) for name in one.order]
            for code, one in station.config.voice.languages.items()
        },
    )


def _recording(station: Station, _model: str) -> Voice:
    return recording_voice(station)


def _gtts(_station: Station, _model: str) -> Voice:
    from audio.voices.gtts_voice import GttsVoice

    return GttsVoice()


def _espeak(_station: Station, _model: str) -> Voice:
    from audio.voices.espeak_voice import EspeakVoice

    return EspeakVoice()


def _piper(station: Station, model: str) -> Voice:
    from audio.voices.piper_voice import PiperVoice

    return PiperVoice(station.folder / model if model else None)


_MAKERS: dict[str, Callable[[Station, str], Voice]] = {
    "gtts": _gtts, "espeak": _espeak, "piper": _piper, "recording": _recording,
}  # fmt: skip
