"""The station's own sounds, made by code: nobody else's recording, the same bytes everywhere.

`chime` opens an episode and wakes ears before words (a horn swallows its first half second), `opening` follows
it as ident, `closing` ends an episode, `alarm` opens an emergency bulletin; `urgent` opens a staff bulletin and is
a third of a second short, so that its first word is on the air within a second of the order.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from audio import wav
from content import atomic
from content.errors import LoaError
from content.language import N_

with (
    warnings.catch_warnings()
):  # it looks for an ffmpeg on the PATH and grumbles; ours is found by audio.ffmpeg
    warnings.simplefilter("ignore")
    from pydub import AudioSegment

__all__ = ["NAMES", "AudioSegment", "UnknownSoundError", "sound", "sound_file"]

_VERSION: Final = 1
_RATE_HZ: Final = wav.SPEECH_RATE_HZ


class UnknownSoundError(LoaError):
    """A sound that does not ship with Loa."""

    sentence = N_("there is no built-in sound {name!r}: choose one of {known}")


@dataclass(frozen=True, slots=True)
class _Note:
    """A struck bell: start and length in ms, pitch in Hz (0 is a rest), level in dBFS."""

    start_ms: int
    length_ms: int
    pitch_hz: float
    level_db: float = -9.0


# D major pentatonic, the five tones (cung, thương, giốc, chủy, vũ) that Vietnamese ears know.
_D, _E, _FIS, _A, _B, _D2 = 587.33, 659.26, 739.99, 880.0, 987.77, 1174.66

_SOUNDS: Final = {
    "chime": [_Note(0, 900, _A), _Note(450, 900, _FIS), _Note(900, 900, _D), _Note(1350, 1600, _A)],
    "opening": [
        _Note(0, 500, _D), _Note(250, 500, _E), _Note(500, 500, _FIS), _Note(750, 500, _A), _Note(1000, 500, _B),
        _Note(1250, 1600, _D2), _Note(1250, 1600, _A, -13.0), _Note(1250, 1600, _D, -13.0),
    ],
    "closing": [_Note(0, 700, _D2), _Note(350, 700, _A), _Note(700, 1500, _D), _Note(700, 1500, _FIS, -13.0)],
    "urgent": [_Note(0, 240, _A, -6.0), _Note(120, 240, _D2, -6.0)],
    "alarm": [
        note for start in range(0, 2400, 600)
        for note in (_Note(start, 300, _D2, -6.0), _Note(start + 300, 300, _A, -6.0))
    ],
}  # fmt: skip
NAMES: Final = tuple(_SOUNDS)


def sound(name: str) -> AudioSegment:
    """A built-in sound for editing with pydub: mono, 16 bit, at the house rate of speech.

    Raises:
        UnknownSoundError.
    """
    if name not in _SOUNDS:
        raise UnknownSoundError(name=name, known=list(NAMES))
    notes = _SOUNDS[name]
    length_ms = max(note.start_ms + note.length_ms for note in notes)
    whole = AudioSegment.silent(length_ms, frame_rate=_RATE_HZ)
    for note in notes:
        whole = whole.overlay(_bell(note), position=note.start_ms)
    return whole.fade_out(200)


def sound_file(name: str, folder: Path) -> Path:
    """A built-in sound as a house WAV in `folder`, made on first use.

    Raises:
        UnknownSoundError, atomic.DiskFullError, atomic.NotWritableError.
    """
    path = folder / f"{name}-{_VERSION}.wav"
    if not path.is_file():
        atomic.write_bytes(path, wav.wav_bytes(sound(name).raw_data, _RATE_HZ))
    return path


def _bell(note: _Note) -> AudioSegment:
    """A struck bar: the tone, its octave and twelfth, the high ones dying first; sine table in integers' reach."""
    count = _RATE_HZ * note.length_ms // 1000
    at: npt.NDArray[np.float64] = np.arange(count) / _RATE_HZ
    tone = np.zeros(count)
    for partial, share, halving_s in ((1.0, 0.72, 0.30), (2.0, 0.20, 0.14), (3.01, 0.08, 0.07)):
        tone += share * np.sin(2 * np.pi * note.pitch_hz * partial * at) * 0.5 ** (at / halving_s)
    tone *= 10 ** (note.level_db / 20)
    pcm = np.round(tone * 32000).astype("<i2").tobytes()
    struck = AudioSegment(data=pcm, sample_width=2, frame_rate=_RATE_HZ, channels=1)
    return struck.fade_in(4).fade_out(min(60, note.length_ms // 3))
