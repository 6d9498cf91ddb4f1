"""Change of sample rate: whole sentences by FFT, and exact halving or doubling of a stream in integers."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from math import gcd

import numpy as np
import numpy.typing as npt

_HALF_TAPS = 63
_SCALE_BITS = 15


def resampled(pcm: bytes, from_hz: int, to_hz: int) -> bytes:
    """Mono 16-bit `pcm` of one sentence at another rate: band-limited, round(n · to / from) samples long."""
    if from_hz == to_hz or not pcm:
        return pcm
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
    wanted = round(len(samples) * to_hz / from_hz)
    # Silence is padded so that the circular FFT has nothing to wrap, to a length both rates divide.
    step = from_hz // gcd(from_hz, to_hz)
    padded = -(-(len(samples) + from_hz // 20) // step) * step
    target = padded // step * (to_hz // gcd(from_hz, to_hz))
    spectrum = np.fft.rfft(samples, padded)
    out = np.fft.irfft(_fitted(spectrum, target // 2 + 1), target) * (target / padded)
    return _to_pcm(out[:wanted])


def _fitted(spectrum: npt.NDArray[np.complex128], bins: int) -> npt.NDArray[np.complex128]:
    fitted: npt.NDArray[np.complex128] = np.zeros(bins, dtype=np.complex128)
    kept = min(bins, len(spectrum))
    fitted[:kept] = spectrum[:kept]
    return fitted


def _half_band() -> npt.NDArray[np.int64]:
    """A half-band low-pass (Blackman-windowed sinc) in Q15, its taps summing to exactly 1."""
    middle = _HALF_TAPS // 2
    position = np.arange(_HALF_TAPS) - middle
    taps = 0.5 * np.sinc(position / 2) * np.blackman(_HALF_TAPS)
    whole: npt.NDArray[np.int64] = np.round(taps / taps.sum() * (1 << _SCALE_BITS)).astype(np.int64)
    whole[middle] += (1 << _SCALE_BITS) - int(whole.sum())
    return whole


def halved(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """A stream of PCM at half its rate. Integer arithmetic: the same bytes on every machine."""
    phase = 0
    for out in _filtered(map(_samples, blocks), _half_band()):
        yield _clipped(out[phase::2])
        phase = (phase + len(out)) % 2


def doubled(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """A stream of PCM at twice its rate. Integer arithmetic: the same bytes on every machine."""
    for out in _filtered((_spread(_samples(block)) for block in blocks), _half_band() * 2):
        yield _clipped(out)


def _samples(block: bytes) -> npt.NDArray[np.int64]:
    return np.frombuffer(block, dtype="<i2").astype(np.int64)


def _spread(samples: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    spread = np.zeros(len(samples) * 2, dtype=np.int64)
    spread[::2] = samples
    return spread


def _filtered(
    blocks: Iterable[npt.NDArray[np.int64]], taps: npt.NDArray[np.int64]
) -> Iterator[npt.NDArray[np.int64]]:
    """The stream convolved with `taps`, as long as it was and without delay."""
    margin = np.zeros(_HALF_TAPS // 2, dtype=np.int64)
    tail = margin
    for block in itertools.chain(blocks, [margin]):
        joined = np.concatenate([tail, block])
        if len(joined) < _HALF_TAPS:
            tail = joined
            continue
        yield (np.convolve(joined, taps, mode="valid") + (1 << (_SCALE_BITS - 1))) >> _SCALE_BITS
        tail = joined[-(_HALF_TAPS - 1) :]


def _clipped(samples: npt.NDArray[np.int64]) -> bytes:
    return np.clip(samples, -32768, 32767).astype("<i2").tobytes()


def _to_pcm(samples: npt.NDArray[np.float64]) -> bytes:
    return np.clip(np.round(samples), -32768, 32767).astype("<i2").tobytes()
