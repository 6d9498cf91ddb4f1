"""The station's own jingles and music: taken in once, cleaned, faded with pydub, and kept by content."""

from __future__ import annotations

import tempfile
from pathlib import Path

from audio import wav
from audio.ingest import take_in
from audio.sounds import AudioSegment
from content import atomic
from content.errors import LoaError
from content.language import N_
from content.station import Station

LONGEST_MS = 60_000
_FADE_IN_MS, _FADE_OUT_MS = 20, 800
_VERSION = 1


class JingleMissingError(LoaError):
    """A sound that the config names and that is not there."""

    sentence = N_(
        "config.toml: [audio] names {path}, which does not exist: put the file there, or empty the setting"
    )


def jingle(station: Station, name: str, *, fades: bool = True) -> Path:
    """The file `name` of the config (beside it, unless absolute) as a house WAV.

    Args:
        fades: cut it to a minute at most and fade its ends, as an opening needs and a bed does not.

    Raises:
        JingleMissingError, ingest.RefusedAudioError, atomic.DiskFullError, atomic.NotWritableError.
    """
    source = station.folder / name
    if not source.is_file():
        raise JingleMissingError(path=source)
    kind = "jingle" if fades else "bed"
    target = station.folder / "cache" / "sounds" / f"{kind}-{_VERSION}-{atomic.sha256_of(source)[:32]}.wav"
    if target.is_file():
        return target
    with tempfile.TemporaryDirectory(prefix="loa-jingle-") as folder:
        taken = take_in(source, Path(folder) / "clean.wav")
        content = _faded(taken.path) if fades else taken.path.read_bytes()
        atomic.write_bytes(target, content)
    return target


def _faded(path: Path) -> bytes:
    sound = AudioSegment.from_wav(str(path))[:LONGEST_MS]
    sound = sound.fade_in(_FADE_IN_MS).fade_out(min(_FADE_OUT_MS, len(sound) // 2))
    return wav.wav_bytes(sound.raw_data, sound.frame_rate)
