"""Parts into one finished file: joined, evened out, brought to the profile's loudness, encoded, tagged, and measured.

Two passes of one ffmpeg graph, fed with PCM: the first measures what the dynamics leave, the second encodes at the
gain that follows; the same process decodes what it wrote, and that is measured here while it goes on. Memory does not
grow with length.
"""

from __future__ import annotations

import hashlib
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audio import batch, ffmpeg, loudness, steady, wav
from audio.loudness import Loudness, PeakHistogram
from audio.meter import Meter
from audio.parts import Part, joined_pcm, length_of, rate_of
from audio.profiles import TOLERANCE_LU, Profile
from audio.tags import Tags
from audio.wav import BYTES_PER_SAMPLE
from content import atomic
from content.errors import LoaError
from content.language import N_

_ROUNDS = 8
_BED_FADE_S = 1.5
_MEASURING_SHARE = 0.1
_ENCODER_GAIN_DB = {"mp3": -0.45}
"""LAME scales its input by 0.95."""
_OVERSHOOT_DB = {"mp3": 1.7, "ogg": 1.2, "flac": 0.3, "wav": 0.3}
"""How far the encoder and the filters after the limiter overshoot it, as a first guess; measured afterwards. MP3 does by 0.4
to 0.7 dB, and in two of nine encodings of half an hour once by 1.6, for which all of it would be encoded again."""
_SAMPLED_FROM_MS = 600_000
_SAMPLE_S, _SAMPLE_OF_S = 20, 120
"""The first measurement of what is longer than ten minutes listens to 20 s of every two minutes: it only foretells the
gain, and the finished file is measured whole. That saves a fifth of the time; where it foretold wrong, a second round
follows. Shorter samples hear the dynamics still finding their level: in bulletins of voices up to 8 dB apart, 10 s of each
minute were wrong by more than 0.4 LU in six of twenty, these in one."""
_GOLDEN = (math.sqrt(5) - 1) / 2
"""Samples at even distances would fall again and again on the same place of items that are equally long."""
_LONGEST_MS = 24 * 3_600_000
_PACKET_BYTES = 12_288
"""What ffmpeg's filters take at a time: larger pieces fill the queue before the encoder, which then waits."""
_READ_BYTES = 1 << 17

Progress = Callable[[float], None]
"""Called with the share of the work done, 0 to 1."""


class NothingToAssembleError(LoaError):
    """No parts, or only empty ones."""

    sentence = N_("{name} has no sound to assemble: render its items first")


class TooLongError(LoaError):
    """More than a day of sound."""

    sentence = N_("{name} would be {hours} hours long: split it into episodes")


class LoudnessMissedError(LoaError):
    """The finished file does not meet its profile; it was not kept."""

    sentence = N_(
        "{name} came out at {lufs} LUFS with peaks at {peak} dBTP, outside what the profile {profile} allows "
        "({target} ± {tolerance} LUFS, at most {ceiling} dBTP): it was not kept; look at its parts with `loa audio check`"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AssembledAudio:
    """A finished file and what was measured on it, decoded again."""

    path: Path
    sha256: str
    length_ms: int
    loudness_lufs: float
    true_peak_db: float
    """In dBTP."""
    pcm_sha256: str
    """Of the joined parts before dynamics: the same on every machine for the same parts."""
    rounds: int
    """How often it was encoded until it met the profile."""


def assemble(
    parts: Sequence[Part],
    profile: Profile,
    out_path: Path,
    tags: Tags,
    progress: Progress | None = None,
    bed: Bed | None = None,
) -> AssembledAudio:
    """Make `out_path` (suffix as `profile.suffix`) from `parts`, over `bed`; whole or not at all.

    Raises:
        NothingToAssembleError, TooLongError, loudness.TooQuietError, LoudnessMissedError,
        wav.NotHouseWavError, ffmpeg.FfmpegFailedError, ffmpeg.FfmpegTimeoutError,
        atomic.DiskFullError, atomic.NotWritableError.
    """
    length_ms = length_of(parts)
    if length_ms == 0:
        raise NothingToAssembleError(name=out_path.name)
    if length_ms > _LONGEST_MS:
        raise TooLongError(name=out_path.name, hours=round(length_ms / 3_600_000))
    work = _Work(parts, profile, out_path.name, tags, length_ms, progress or (lambda _share: None), bed)
    with atomic.replacing(out_path) as temporary:
        found, rounds = work.until_it_fits(temporary)
        sha256 = atomic.sha256_of(temporary)
    return AssembledAudio(
        path=out_path, sha256=sha256, length_ms=length_ms, loudness_lufs=found.integrated_lufs,
        true_peak_db=found.true_peak_dbtp, pcm_sha256=work.pcm_sha256, rounds=rounds,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Bed:
    """Music under the words: a house WAV, repeated to the end, that makes way while somebody speaks."""

    path: Path
    level_db: float = -18.0

    def graph(self, rate_hz: int, length_ms: int) -> str:
        """The filters from [0:a] (words) and [1:a] (music) to both together."""
        end_s = max(0.0, length_ms / 1000 - _BED_FADE_S)
        return (
            f"[0:a]asplit[words][key];[1:a]aresample={rate_hz},volume={self.level_db}dB,"
            f"afade=t=in:d={_BED_FADE_S},afade=t=out:st={end_s:.3f}:d={_BED_FADE_S}[music];"
            "[music][key]sidechaincompress=threshold=0.02:ratio=6:attack=40:release=700[low];"
            "[words][low]amix=inputs=2:duration=first:normalize=0,"
        )


class _Work:
    def __init__(
        self,
        parts: Sequence[Part],
        profile: Profile,
        name: str,
        tags: Tags,
        length_ms: int,
        progress: Progress,
        bed: Bed | None,
    ) -> None:
        self.parts = parts
        self.profile = profile
        self.name = name
        self.tags = tags
        self.length_ms = length_ms
        self.progress = progress
        self.bed = bed
        self.rate_hz = rate_of(parts, wide=profile.wide)
        self.timeout_s = 60 + length_ms / 1000
        self.pcm_sha256 = ""

    def until_it_fits(self, out: Path) -> tuple[Loudness, int]:
        profile = self.profile
        measured_lufs, histogram = self.measured()
        correction_db = -_ENCODER_GAIN_DB.get(profile.format, 0.0) - 10 * math.log10(profile.channels)
        limit_db = profile.ceiling_dbtp - _OVERSHOOT_DB[profile.format]
        gain_db = histogram.gain_for(profile.target_lufs - measured_lufs + correction_db, limit_db)
        lowest_db, highest_db = -math.inf, math.inf
        for number in range(1, _ROUNDS + 1):
            gain_db = round(gain_db, 2)
            found = self.encoded(out, gain_db, limit_db)
            error_lu = found.integrated_lufs - profile.target_lufs
            excess_db = found.true_peak_dbtp - profile.ceiling_dbtp
            allowed_lu = TOLERANCE_LU - (0.1 if number < _ROUNDS else 0)
            if abs(error_lu) <= allowed_lu and excess_db <= 0:
                return found, number
            if excess_db > 0:
                limit_db -= excess_db + 0.15
                lowest_db, highest_db = gain_db - 1.0, math.inf  # a lower limit asks for more gain, not less
            elif error_lu > 0:
                highest_db = gain_db
            else:
                lowest_db = gain_db
            gain_db -= error_lu / histogram.slope(gain_db, limit_db)
            if not lowest_db < gain_db < highest_db:
                gain_db = (lowest_db + highest_db) / 2 if math.isfinite(lowest_db + highest_db) else gain_db
        raise LoudnessMissedError(
            name=self.name, lufs=found.integrated_lufs, peak=found.true_peak_dbtp, profile=profile.name,
            target=profile.target_lufs, tolerance=TOLERANCE_LU, ceiling=profile.ceiling_dbtp,
        )  # fmt: skip

    def inputs(self) -> list[str]:
        """ffmpeg arguments of the joined PCM, and of the music."""
        music = ffmpeg.file_input(self.bed.path, "-stream_loop", "-1") if self.bed else []
        return [*ffmpeg.PLAIN_ARITHMETIC, *ffmpeg.wav_input(max_bytes=_PACKET_BYTES), *music]

    def source(self) -> str:
        """The head of every filter graph."""
        return self.bed.graph(self.rate_hz, self.length_ms) if self.bed else "[0:a]"

    def measured(self) -> tuple[float, PeakHistogram]:
        """Loudness after the dynamics, and where its peaks lie, before gain and limiter."""
        histogram, weighed = PeakHistogram(self.rate_hz), Meter(self.rate_hz)
        dynamics, band = (
            ",".join([*self.profile.before, "asplit[a][b]"]),
            ",".join([*self.profile.after, "anull"]),
        )

        def take(block: bytes) -> None:
            samples = _whole(block, 2).reshape(-1, 2)
            weighed.add(np.ascontiguousarray(samples[:, 0]))
            histogram.add(np.ascontiguousarray(samples[:, 1]))

        with ffmpeg.running(
            [
                *self.inputs(), "-filter_complex",
                f"{self.source()}{dynamics};[a]{band}[m];[m][b]amerge,asetnsamples=n=32768:p=0,aformat=flt[p]",
                "-map", "[p]", "-f", "f32le", "pipe:1",
            ],
            task=f"measure {self.name}", timeout_s=self.timeout_s, wants_feed=True, wants_output=True,
        ) as process, _Listener(process, take, self.timeout_s):  # fmt: skip
            process.write(wav.header_of_stream(self.rate_hz))
            for block in self.sampled():
                process.write(steady.widened(block))
            process.end_feed()
        if weighed.loudness_lufs <= loudness.SILENT_LUFS:
            raise loudness.TooQuietError(name=self.name)
        return weighed.loudness_lufs, histogram

    def sampled(self) -> Iterator[bytes]:
        """The joined PCM, or a sample of it where it is long and its dynamics take their time."""
        sampling = self.length_ms > _SAMPLED_FROM_MS and bool(self.profile.before)
        second = self.rate_hz * BYTES_PER_SAMPLE
        done = 0
        for block in joined_pcm(self.parts, self.rate_hz):
            if not sampling or _sampled(done / second):
                yield block
            done += len(block)
            self.progress(_MEASURING_SHARE * min(1.0, done * 1000 / (second * self.length_ms)))

    def encoded(self, out: Path, gain_db: float, limit_db: float) -> Loudness:
        """Encode at that gain and limit; what was measured on the decoded result."""
        profile = self.profile
        limit = 10 ** (limit_db / 20)
        filters = [
            *profile.before, f"volume={gain_db}dB", f"aresample={profile.sample_rate_hz}",
            f"alimiter=limit={limit:.4f}:attack=2:release=20:level=0", *profile.after,
            f"aformat=channel_layouts={'stereo' if profile.channels == 2 else 'mono'}",
        ]  # fmt: skip
        most_bytes = profile.bytes_per_second * (self.length_ms // 1000 + 5) + 100_000
        arguments = [
            *self.inputs(), "-filter_complex", f"{self.source()}{','.join(filters)}[out]",
            "-map", "[out]", *profile.encoder(), *self.tags.arguments(broadcast_wave=profile.broadcast_wave),
            "-f", profile.format, *ffmpeg.file_output(out, max_bytes=most_bytes),
            "-dec", "0:0", "-filter_complex", "[dec:0]asetnsamples=n=32768:p=0,aformat=flt[heard]",
            "-map", "[heard]", "-f", "f32le", "pipe:1",
        ]  # fmt: skip
        meter = Meter(profile.sample_rate_hz, profile.channels)
        with ffmpeg.running(
            arguments,
            task=f"encode {self.name}",
            timeout_s=self.timeout_s,
            wants_feed=True,
            wants_output=True,
        ) as process:
            digest = hashlib.sha256()
            second = self.rate_hz * BYTES_PER_SAMPLE
            done = 0
            with _Listener(process, lambda block: meter.add(_whole(block, profile.channels)), self.timeout_s):
                process.write(wav.header_of_stream(self.rate_hz))
                for block in joined_pcm(self.parts, self.rate_hz):
                    digest.update(block)
                    process.write(steady.widened(block))
                    done += len(block)
                    share = min(1.0, done * 1000 / (second * self.length_ms))
                    self.progress(_MEASURING_SHARE + (1 - _MEASURING_SHARE) * share)
                process.end_feed()
        self.pcm_sha256 = digest.hexdigest()
        return loudness.reading(meter, self.name)


def _sampled(at_s: float) -> bool:
    """Whether the first measurement listens at that time."""
    number, within_s = divmod(at_s, _SAMPLE_OF_S)
    begin_s = number * _GOLDEN % 1 * (_SAMPLE_OF_S - _SAMPLE_S)
    return begin_s <= within_s < begin_s + _SAMPLE_S


def _whole(block: bytes, channels: int) -> npt.NDArray[np.float32]:
    """The samples of `block` without the torn frame at the end of an ffmpeg that was stopped."""
    return np.frombuffer(block[: len(block) // (4 * channels) * 4 * channels], dtype="<f4")


class _Listener(threading.Thread):
    """Reads what ffmpeg puts out while the block feeds it, and waits for its end; what fails there is raised at the end.

    Both are batch work; ffmpeg is marked before it is fed, and its threads begin after that.
    """

    def __init__(self, process: ffmpeg.Running, take: Callable[[bytes], None], timeout_s: float) -> None:
        super().__init__(name="loa-listener", daemon=True)
        self.process = process
        self.take = take
        self.timeout_s = timeout_s
        self.error: Exception | None = None

    def __enter__(self) -> _Listener:
        batch.mark(self.process.process.pid)
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        if kind is not None:
            self.process.kill()
        self.join(self.timeout_s)
        if self.error is not None and kind is None:
            raise self.error

    def run(self) -> None:
        try:
            batch.mark()
            while block := self.process.read(_READ_BYTES):
                self.take(block)
        except Exception as error:  # noqa: BLE001 - carried to the thread that waits
            self.error = error
            self.process.kill()
