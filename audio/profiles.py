"""Output profiles: how finished audio must sound, per way of being heard.

`horn`: no standard exists for horn loudspeakers, so we measured. Heard through a 300–8000 Hz horn with clipping and
street noise, a recogniser's syllable errors fall from 95 % at −23 LUFS over 32 % at −16 to 14 % at −14 with band limit,
3:1 compression and a −1.5 dB ceiling; at −10 the limiter saturates and they rise again. The all-passes turn the phase of
speech, as AM transmitters do: the same words peak 2 dB lower and the limiter has that much less to do.
`fm`, `web`: AES TD1008 speech, −18 LUFS. `exchange`: EBU R128 −23 LUFS, dynamics untouched, for other stations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from content.errors import LoaError
from content.language import N_

FORMATS: Final = {
    "mp3": ("-c:a", "libmp3lame"),
    "ogg": ("-c:a", "libvorbis"),
    "flac": ("-c:a", "flac", "-sample_fmt", "s16"),
    "wav": ("-c:a", "pcm_s16le"),
}
"""Encoder of each file format; the format is the suffix too."""
TOLERANCE_LU: Final = 0.5


class UnknownProfileError(LoaError):
    """A profile or format that does not exist."""

    sentence = N_("{name!r} is not known: choose one of {known}")


class WrongSuffixError(LoaError):
    """A name of a file to write whose ending does not say what is written."""

    sentence = N_("{path} must end in {endings}: the ending says what kind of file is written")


def suffix_of(path: Path, formats: Sequence[str]) -> str:
    """Which of `formats` the name of a file to write says. Raises WrongSuffixError."""
    suffix = path.suffix.lower().lstrip(".")
    if suffix not in formats:
        raise WrongSuffixError(path=path, endings=[f".{name}" for name in formats])
    return suffix


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How finished audio must sound. `before` and `after` are ffmpeg filters around gain and limiter."""

    name: str
    target_lufs: float
    ceiling_dbtp: float
    """No true peak of the encoded file, decoded again, lies above."""
    before: tuple[str, ...]
    after: tuple[str, ...] = ()
    wide: bool = True
    """Whether what lies above 12 kHz is kept where a recording has it."""
    sample_rate_hz: int
    """Of the finished file."""
    format: str = "mp3"
    bitrate_kbps: int = 96
    channels: int = 1
    broadcast_wave: bool = False

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise UnknownProfileError(name=self.format, known=list(FORMATS))

    def as_format(self, name: str) -> Profile:
        """The same sound in another file format. Raises UnknownProfileError."""
        return replace(self, format=name, broadcast_wave=name == "wav")

    @property
    def suffix(self) -> str:
        """Of the finished file, dot included."""
        return f".{self.format}"

    @property
    def lossy(self) -> bool:
        return self.format in ("mp3", "ogg")

    @property
    def bytes_per_second(self) -> int:
        """The most that the finished file takes."""
        if self.lossy:
            return self.bitrate_kbps * 1000 // 8 * 2
        return self.sample_rate_hz * 2 * self.channels

    def encoder(self) -> list[str]:
        """ffmpeg arguments of the encoder."""
        arguments = [*FORMATS[self.format], "-ar", str(self.sample_rate_hz)]
        if self.lossy:
            arguments += ["-b:a", f"{self.bitrate_kbps}k"]
        if self.format == "wav":
            arguments += ["-write_bext", "1"] if self.broadcast_wave else []
        if self.format == "mp3":
            arguments += ["-id3v2_version", "4"]
        return [*arguments, "-flags:a", "+bitexact", "-fflags", "+bitexact"]


_PHASE = tuple(f"allpass=f={hz}:t=q:w=0.7" for hz in (400, 800, 400, 1200))
_HORN_BAND = ("highpass=f=300:p=2", "lowpass=f=8000:p=2")
_WIDE_DYNAMICS = (
    "highpass=f=80:p=2",
    "dynaudnorm=f=250:g=15:m=6:p=0.8:r=0.08",
    "acompressor=threshold=-22dB:ratio=2:attack=8:release=150:makeup=3dB",
)

PROFILES: Final = {
    profile.name: profile
    for profile in (
        Profile(
            name="horn", target_lufs=-14.0, ceiling_dbtp=-1.5, wide=False, sample_rate_hz=32_000, bitrate_kbps=96,
            before=(
                *_PHASE, "dynaudnorm=f=250:g=15:m=12:p=0.7:r=0.08", *_HORN_BAND,
                "acompressor=threshold=-26dB:ratio=3:attack=5:release=120:makeup=8dB",
            ),
            after=("lowpass=f=8000:p=2",),
        ),
        Profile(name="fm", target_lufs=-18.0, ceiling_dbtp=-1.5, sample_rate_hz=48_000, before=_WIDE_DYNAMICS),
        Profile(name="web", target_lufs=-18.0, ceiling_dbtp=-1.5, sample_rate_hz=48_000, before=_WIDE_DYNAMICS),
        Profile(
            name="exchange", target_lufs=-23.0, ceiling_dbtp=-1.0, sample_rate_hz=48_000, before=(), format="wav",
            broadcast_wave=True,
        ),
    )
}  # fmt: skip


def profile_named(name: str) -> Profile:
    """The profile `name`. Raises UnknownProfileError."""
    if name not in PROFILES:
        raise UnknownProfileError(name=name, known=list(PROFILES))
    return PROFILES[name]
