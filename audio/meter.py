"""Loudness and true peak of a stream of samples (ITU-R BS.1770-4), in constant memory and at a fifth of a filter's price.

ffmpeg's `ebur128=peak=true` takes 4.2 times as long as decoding the MP3 that it measures. Here the K-weighting runs as
matrix products over blocks of samples (a linear filter maps a block and its state to a block and its state), and the
signal is interpolated four times only where its samples come near enough to the highest peak found so far to matter:
|interpolated| ≤ `bound` · the largest sample around it, so nothing that could be the peak is left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt

_HOPS_A_CHUNK = 15
"""A second and a half: smaller, and what a call costs outweighs the sums; larger, and fresh memory does."""
_HOPS_A_BLOCK = 4
"""BS.1770 gates blocks of 400 ms that begin every 100 ms."""
_OFFSET_LU = -0.691
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
_LONGEST_BLOCK = 64
_PHASES = 4
_REACH = 16
"""Samples to either side that an interpolated value is made of, as many as in ffmpeg's meter; BS.1770 asks for six.
With 12, clipped sound near half the rate read 0.3 dB less than there."""
_KAISER = 4.0
"""Width of the window. Tones up to 0.45 of the rate, cut off hard, read 0.45 dB less to 0.13 dB more than a 64-fold
interpolation by Fourier transform; with 7.0, 0.75 dB less, with 2.0, 0.17 dB more."""
_PEAK_BLOCK = 16
_NEGLIGIBLE = 1e-20
"""States below are zero: what decays in silence would reach numbers that processors reckon a hundred times slower."""

Samples = npt.NDArray[np.float32]
Matrix = npt.NDArray[np.float64]


class Meter:
    """Fed with samples (full scale 1.0, channels interleaved); `loudness_lufs` and `true_peak_dbtp` at any time."""

    def __init__(self, rate_hz: int, channels: int = 1) -> None:
        self._channels = [_Channel(rate_hz) for _number in range(channels)]

    def add(self, samples: Samples) -> None:
        """Take more samples, a whole number of frames."""
        for number, channel in enumerate(self._channels):
            channel.add(samples[number :: len(self._channels)])

    @property
    def loudness_lufs(self) -> float:
        """Integrated loudness, −inf where nothing passes the absolute gate or 0.4 s are not reached."""
        hops = np.sum([np.concatenate(channel.energies()) for channel in self._channels], axis=0)
        if len(hops) < _HOPS_A_BLOCK:
            return -math.inf
        summed = np.concatenate([[0.0], np.cumsum(hops)])
        blocks = (summed[_HOPS_A_BLOCK:] - summed[:-_HOPS_A_BLOCK]) / _HOPS_A_BLOCK
        blocks = blocks[blocks > _energy(_ABSOLUTE_GATE_LUFS)]
        if not len(blocks):
            return -math.inf
        gate = float(blocks.mean()) * 10 ** (_RELATIVE_GATE_LU / 10)
        return _OFFSET_LU + 10 * math.log10(float(blocks[blocks > gate].mean()))

    @property
    def true_peak_dbtp(self) -> float:
        """The highest interpolated peak of any channel, −inf for digital silence."""
        highest = max(channel.highest() for channel in self._channels)
        return 20 * math.log10(highest) if highest > 0 else -math.inf


def _energy(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET_LU) / 10))


class _Channel:
    def __init__(self, rate_hz: int) -> None:
        self._weighting = _weighting(rate_hz)
        self._state = np.zeros(4)
        self._found: list[npt.NDArray[np.float64]] = []
        self._highest = 0.0
        self._sound: Samples = np.zeros(2 * _REACH + self._weighting.hop * _HOPS_A_CHUNK, dtype=np.float32)
        """What waits to be weighed, after the samples before it that a peak between them is reckoned from."""
        self._end = 2 * _REACH

    def add(self, samples: Samples) -> None:
        while len(samples):
            fits = samples[: len(self._sound) - self._end]
            self._sound[self._end : self._end + len(fits)] = fits
            self._end += len(fits)
            samples = samples[len(fits) :]
            if self._end == len(self._sound):
                self._take()

    def energies(self) -> list[npt.NDArray[np.float64]]:
        """The K-weighted mean square of each 100 ms so far."""
        waiting = self._end - 2 * _REACH
        hops = self._sound[2 * _REACH : self._end - waiting % self._weighting.hop]
        return [*self._found, self._weighting.energies(hops, self._state)[0]]

    def highest(self) -> float:
        """The highest interpolated value so far, silence taken to follow."""
        ahead = np.zeros(_REACH, dtype=np.float32)
        return _highest(np.concatenate([self._sound[: self._end], ahead]), self._highest)

    def _take(self) -> None:
        found, self._state = self._weighting.energies(self._sound[2 * _REACH :], self._state)
        self._found.append(found)
        self._highest = _highest(self._sound, self._highest)
        self._sound[: 2 * _REACH] = self._sound[-2 * _REACH :].copy()
        self._end = 2 * _REACH


@dataclass(frozen=True, slots=True)
class _Weighting:
    """The K-weighting filter as matrices over blocks of `block` samples; a hop is 100 ms."""

    hop: int
    block: int
    here: Samples
    """Block of samples → its output, from silence."""
    into: Samples
    """Block of samples → what it adds to the state after it."""
    out: Samples
    """State → its part in the output of the block that follows."""
    steps: tuple[Matrix, ...] = field(repr=False)
    """State → state 1, 2, 4, 8 … blocks later."""

    def energies(self, samples: Samples, state: Matrix) -> tuple[npt.NDArray[np.float64], Matrix]:
        """Mean square of the weighted signal in each hop of `samples` (whole hops), and the state after them."""
        blocks = samples.reshape(-1, self.hop // self.block, self.block)
        states = np.concatenate([state[None], (blocks @ self.into).reshape(-1, 4)])
        for number, step in enumerate(self.steps):
            far = 1 << number
            if far >= len(states):
                break
            states[far:] += states[:-far] @ step  # the right side is whole before any of it is added
        states[np.abs(states) < _NEGLIGIBLE] = 0.0
        weighted = blocks @ self.here
        weighted += states[:-1].astype(np.float32).reshape(*blocks.shape[:2], 4) @ self.out
        flat = weighted.reshape(len(blocks), self.hop)
        return np.einsum("ij,ij->i", flat, flat, dtype=np.float64) / self.hop, states[-1].copy()


@lru_cache(maxsize=4)
def _weighting(rate_hz: int) -> _Weighting:
    hop = rate_hz // 10
    block = max(size for size in range(1, _LONGEST_BLOCK + 1) if hop % size == 0)
    a, b, c, d = _state_space(rate_hz)
    powers = [np.linalg.matrix_power(a, number) for number in range(block + 1)]
    response = [d, *(float(c @ powers[number] @ b) for number in range(block - 1))]
    here = np.zeros((block, block))
    for number in range(block):
        here[number, number:] = response[: block - number]
    steps = [powers[block].T]
    while 1 << len(steps) < _HOPS_A_CHUNK * hop // block + 1:
        steps.append(steps[-1] @ steps[-1])
    return _Weighting(
        hop, block, here.astype(np.float32),
        np.array([powers[block - 1 - number] @ b for number in range(block)]).astype(np.float32),
        np.array([c @ powers[number] for number in range(block)]).T.astype(np.float32),
        tuple(steps),
    )  # fmt: skip


def _state_space(rate_hz: int) -> tuple[Matrix, Matrix, Matrix, float]:
    """BS.1770's two filters in a row: x' = A·x + B·u, y = C·x + D·u."""
    (p, q), (r, s) = _shelf(rate_hz), _high_pass(rate_hz)
    a = np.zeros((4, 4))
    a[0, :2], a[1, 0] = [-q[0], 1.0], -q[1]
    a[2, 2:], a[3, 2] = [-s[0], 1.0], -s[1]
    first = np.array([p[1] - q[0] * p[0], p[2] - q[1] * p[0]])
    second = np.array([r[1] - s[0] * r[0], r[2] - s[1] * r[0]])
    a[2:, 0] = second  # the output of the first filter feeds the second
    b = np.concatenate([first, second * p[0]])
    c = np.array([r[0], 0.0, 1.0, 0.0])
    return a, b, c, r[0] * p[0]


Coefficients = tuple[list[float], list[float]]


def _shelf(rate_hz: int) -> Coefficients:
    k = math.tan(math.pi * 1681.974450955533 / rate_hz)
    quality, high = 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    middle = high**0.4996667741545416
    scale = 1.0 + k / quality + k * k
    return (
        [(high + middle * k / quality + k * k) / scale, 2 * (k * k - high) / scale, (high - middle * k / quality + k * k) / scale],
        [2 * (k * k - 1) / scale, (1 - k / quality + k * k) / scale],
    )  # fmt: skip


def _high_pass(rate_hz: int) -> Coefficients:
    k = math.tan(math.pi * 38.13547087602444 / rate_hz)
    quality = 0.5003270373238773
    scale = 1.0 + k / quality + k * k
    return [1.0, -2.0, 1.0], [2 * (k * k - 1) / scale, (1 - k / quality + k * k) / scale]


@lru_cache(maxsize=1)
def _interpolation() -> tuple[Samples, float]:
    """The matrix from `_PEAK_BLOCK` samples and their surroundings to the values between them, and the bound."""
    at = np.arange(-_REACH + 1, _REACH + 1)
    taps = []
    for phase in range(1, _PHASES):
        away = at - phase / _PHASES
        window = np.i0(_KAISER * np.sqrt(np.maximum(0.0, 1 - (away / _REACH) ** 2))) / np.i0(_KAISER)
        tap = np.sinc(away) * window
        taps.append(tap / tap.sum())
    matrix = np.zeros((_PEAK_BLOCK + 2 * _REACH - 1, _PEAK_BLOCK * len(taps)))
    for number in range(_PEAK_BLOCK):
        for phase, tap in enumerate(taps):
            matrix[number : number + 2 * _REACH, number * len(taps) + phase] = tap
    return matrix.astype(np.float32), max(float(np.abs(tap).sum()) for tap in taps)


def _highest(samples: Samples, known: float) -> float:
    """The highest of `known` and |values| between `_REACH` after the start and `_REACH` before the end of `samples`."""
    matrix, bound = _interpolation()
    short = -(len(samples) - 2 * _REACH) % _PEAK_BLOCK
    if short:
        samples = np.concatenate([samples, np.zeros(short, dtype=np.float32)])
    width = matrix.shape[0]
    count = (len(samples) - 2 * _REACH) // _PEAK_BLOCK
    if count <= 0:
        return known
    windows = np.lib.stride_tricks.sliding_window_view(samples, width)[::_PEAK_BLOCK][:count]
    peaks = np.zeros(-(-len(samples) // _PEAK_BLOCK) * _PEAK_BLOCK, dtype=np.float32)
    np.abs(samples, out=peaks[: len(samples)])
    while len(peaks) > -(-len(samples) // _PEAK_BLOCK):
        peaks = np.maximum(peaks[::2], peaks[1::2])
    known = max(known, float(peaks.max()))
    around = peaks[:count].copy()
    for shift in range(1, -(-width // _PEAK_BLOCK)):
        np.maximum(
            around[: len(peaks) - shift], peaks[shift : count + shift], out=around[: len(peaks) - shift]
        )
    chosen = np.flatnonzero(around * bound > known)
    for start in range(0, len(chosen), _AT_ONCE):
        between = windows[chosen[start : start + _AT_ONCE]] @ matrix
        known = max(known, float(between.max()), -float(between.min()))
    return known


_AT_ONCE = 96
"""Small enough for one processor: a BLAS that divided the product would take the encoder's."""
