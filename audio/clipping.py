"""Flat tops: sound that was cut off when it was recorded, at whatever level it is now.

Whoever made a clipped recording quieter left its tops flat. They are looked for in the samples as the file has them: another
rate, a mix of channels or a codec with losses bends them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from audio import ffmpeg

_LOSSLESS = ("pcm_s16", "pcm_s24", "pcm_s32", "pcm_f", "flac", "alac")
"""Codecs whose samples are those that were recorded, in steps fine enough."""
_LEAST_RUN = 4
_CORNER = 0.03
"""How far a wave falls within two samples of a flat top, as a share of its height. A sine whose top is as flat as
four equal samples falls by less than a thousandth."""
_LEAST_LEVEL = 1000
"""Below −30 dBFS the steps of 16 bits look like flat tops."""
_LEAST_SHARE, _LEAST_RUNS = 1e-4, 8
_LEAST_BETWEEN = 0.02
"""How many samples a cut-off wave has on its way to its tops, as a share of those on them; an alarm that was made of
pulses jumps."""

Samples = npt.NDArray[np.int32]


def has_flat_tops(path: Path, container: str, codec: str, timeout_s: float) -> bool:
    """Whether a channel of the sound file `path` has flat tops; False for codecs that bend them. Streaming.

    Raises:
        ffmpeg.FfmpegFailedError, ffmpeg.FfmpegTimeoutError.
    """
    if not codec.startswith(_LOSSLESS):
        return False
    with ffmpeg.running(
        [
            "-v", "error", *ffmpeg.file_input(path, "-f", container), "-map", "0:a:0", "-c:a", "pcm_s16be", "-f", "au", "pipe:1",
        ],
        task=f"look at {path.name}", timeout_s=timeout_s, wants_output=True,
    ) as process:  # fmt: skip
        channels = process.au_channels()
        found = [FlatTops() for _number in range(channels)]
        while block := process.read(channels * 2 * 65_536) if channels else b"":
            samples = np.frombuffer(block[: len(block) // (2 * channels) * 2 * channels], dtype=">i2")
            for number, channel in enumerate(found):
                channel.add(samples[number::channels].astype(np.int32))
    return any(channel.are_there for channel in found)


class FlatTops:
    """Fed with 16-bit samples of one channel; counts runs of equal samples at the highest and lowest value so far."""

    def __init__(self) -> None:
        self._total = 0
        self._held = 0
        """Samples in equal runs below the tops: of sounds that were made of steps, and never clipped."""
        self._between = 0
        self._sides = (_Side(1), _Side(-1))

    def add(self, samples: Samples) -> None:
        """Look at more samples."""
        self._total += len(samples)
        if len(samples) < _LEAST_RUN:
            return
        for side in self._sides:
            side.add(samples)
        highest, lowest = self._sides[0].level, -self._sides[1].level
        least = max(highest, -lowest) // 8
        between = (samples < highest - 1) & (samples > lowest + 1) & (np.abs(samples) > least)
        self._between += int(np.count_nonzero(between))
        starts, ends = _runs(np.append(np.diff(samples) == 0, False))
        lengths = ends - starts + 1
        self._held += int(lengths[between[starts] & (lengths >= _LEAST_RUN)].sum())

    @property
    def are_there(self) -> bool:
        """Whether there are enough of them."""
        flat = sum(side.flat for side in self._sides)
        return (
            flat > max(self._total * _LEAST_SHARE, self._held)
            and self._between > flat * _LEAST_BETWEEN
            and sum(side.runs for side in self._sides) >= _LEAST_RUNS
        )


class _Side:
    """The tops on one side of the middle."""

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.level = 0
        self.flat = 0
        self.runs = 0

    def add(self, samples: Samples) -> None:
        wave = samples * self.sign
        highest = int(wave.max())
        if highest > self.level + 1:  # what looked like tops were none
            self.level, self.flat, self.runs = highest, 0, 0
        if self.level < _LEAST_LEVEL:
            return
        starts, ends = _runs(wave >= self.level - 1)
        long = ends - starts >= _LEAST_RUN
        starts, ends = starts[long], ends[long]
        before = wave[np.maximum(starts - 2, 0)]
        after = wave[np.minimum(ends + 1, len(wave) - 1)]
        cornered = self.level - np.minimum(before, after) > self.level * _CORNER
        self.flat += int((ends - starts)[cornered].sum())
        self.runs += int(np.count_nonzero(cornered))


def _runs(true: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Where runs of True begin and end, ends not included."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], true, [False]]).astype(np.int8)))
    return edges[::2], edges[1::2]
