"""The meter reads what BS.1770-4 and EBU Tech 3341 ask for, and what ffmpeg's own reference reads."""

import math
import re
import subprocess

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sound_files import speechlike

from audio.ffmpeg import ffmpeg_path
from audio.meter import Meter

Sound = npt.NDArray[np.float32]


def sine(
    seconds: float, level_db: float, pitch_hz: float = 1000, rate_hz: int = 48_000, phase: float = 0
) -> Sound:
    at = np.arange(int(seconds * rate_hz)) / rate_hz
    return (10 ** (level_db / 20) * np.sin(2 * np.pi * pitch_hz * at + phase)).astype(np.float32)


def both(sound: Sound) -> Sound:
    return np.repeat(sound, 2)


def reference(pcm: bytes, rate_hz: int, form: str) -> tuple[float, float]:
    """(LUFS, dBTP) as ffmpeg reads mono `pcm`."""
    said = subprocess.run(
        [
            ffmpeg_path(), "-nostats", "-f", form, "-ar", str(rate_hz), "-ac", "1", "-i", "pipe:0",
            "-af", "ebur128=peak=true:framelog=quiet", "-f", "null", "-",
        ],
        input=pcm, capture_output=True, check=True,
    ).stderr.decode().rpartition("Summary")[2]  # fmt: skip
    lufs, peak = re.findall(r"(?:I|Peak):\s+(-?[\d.]+)", said)
    return float(lufs), float(peak)


def read(sound: Sound, rate_hz: int = 48_000, channels: int = 1, piece: int = 65_536) -> Meter:
    meter = Meter(rate_hz, channels)
    for start in range(0, len(sound), piece):
        meter.add(sound[start : start + piece])
    return meter


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([(20, -23)], -23.0),
        ([(20, -33)], -33.0),
        ([(10, -36), (60, -23), (10, -36)], -23.0),
        ([(10, -72), (10, -36), (60, -23), (10, -36), (10, -72)], -23.0),
        ([(20, -26), (20.1, -20), (20, -26)], -23.0),
    ],
    ids=["1", "2", "3", "4", "5"],
)
def test_the_stereo_tones_of_ebu_tech_3341_are_read_to_a_tenth(
    levels: list[tuple[float, float]], expected: float
) -> None:
    sound = np.concatenate([both(sine(seconds, level_db)) for seconds, level_db in levels])
    assert read(sound, channels=2).loudness_lufs == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize(("divisor", "phase"), [(4, 0), (4, 45), (6, 60), (8, 67.5)])
def test_true_peaks_between_samples_are_found_as_ebu_tech_3341_asks(divisor: int, phase: float) -> None:
    sound = sine(1, 20 * math.log10(0.5), 48_000 / divisor, phase=math.radians(phase))
    faded = sound * np.minimum(1, np.minimum(np.arange(len(sound)), np.arange(len(sound))[::-1]) / 500)
    found = read(faded.astype(np.float32)).true_peak_dbtp
    assert -6.4 <= found <= -5.8


@pytest.mark.parametrize("rate_hz", [24_000, 32_000, 44_100, 48_000])
@pytest.mark.parametrize("level_db", [-45.0, -14.0])
def test_the_meter_reads_what_the_reference_reads(rate_hz: int, level_db: float) -> None:
    pcm = speechlike(7, level_db, rate_hz) + bytes(rate_hz * 2) + speechlike(2, level_db + 5, rate_hz, seed=5)
    lufs, peak = reference(pcm, rate_hz, "s16le")
    meter = read(np.frombuffer(pcm, dtype="<i2").astype(np.float32) / 32768, rate_hz)
    assert meter.loudness_lufs == pytest.approx(lufs, abs=0.06)
    assert meter.true_peak_dbtp == pytest.approx(peak, abs=0.25)


@pytest.mark.parametrize("rate_hz", [8000, 32_000, 48_000])
def test_hard_sounds_never_read_lower_than_the_reference_reads(rate_hz: int) -> None:
    at, random = np.arange(3 * rate_hz), np.random.default_rng(3)
    for sound in (
        np.asarray(0.5 * np.sign(np.sin(2 * np.pi * 0.45 * at + 0.1))),
        np.clip(random.standard_normal(len(at)) * 0.5, -1, 1),
        np.where(at % 777 < 2, 0.9, 0.0),
    ):
        pcm: Sound = np.asarray(sound, dtype=np.float32)
        lufs, peak = reference(pcm.tobytes(), rate_hz, "f32le")
        meter = read(pcm, rate_hz)
        assert meter.loudness_lufs == pytest.approx(lufs, abs=0.06)
        assert meter.true_peak_dbtp > peak - 0.1


def true_peak(sound: Sound) -> float:
    """dBTP of mono `sound` with silence around it, interpolated 64-fold by Fourier transform: no meter's shortcuts."""
    padded = np.concatenate([np.zeros(2048), sound.astype(np.float64), np.zeros(2048)])
    spectrum = np.fft.rfft(padded)
    between = np.fft.irfft(np.append(spectrum, np.zeros(len(padded) * 63 // 2)), len(padded) * 64) * 64
    return 20 * math.log10(float(np.abs(between).max()))


@pytest.mark.parametrize("share", [0.01, 0.1, 0.25, 0.33, 0.4, 0.44])
@pytest.mark.parametrize("phase", [0.0, 0.7, 1.57])
def test_tones_cut_off_hard_on_one_side_read_as_they_are(share: float, phase: float) -> None:
    """ffmpeg reads such a tone up to 0.5 dB too high or 1.1 dB too low: it takes the sound before the first sample for the
    mirrored sound after it, and leaves out what rings after the last. With silence around the tone it agrees."""
    tone = (0.5 * np.sin(2 * np.pi * share * np.arange(4000) + phase)).astype(np.float32)
    one_sided = np.stack([tone, np.zeros_like(tone)], axis=1).ravel()
    expected = true_peak(tone)
    assert expected - 0.5 < read(one_sided, 32_000, channels=2).true_peak_dbtp < expected + 0.15
    silence = np.zeros(1000, dtype=np.float32)
    _lufs, referred = reference(np.concatenate([silence, tone, silence]).tobytes(), 32_000, "f32le")
    assert expected - 0.8 < referred < expected + 0.3


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 60_000), st.integers(0, 2**31))
def test_the_pieces_that_a_sound_comes_in_change_nothing(piece: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    sound = (random.standard_normal(200_000) * np.exp(random.uniform(-8, -1, 200_000))).astype(np.float32)
    whole, parts = read(sound, 24_000, piece=len(sound)), read(sound, 24_000, piece=piece)
    assert parts.loudness_lufs == pytest.approx(whole.loudness_lufs, abs=1e-6)
    assert parts.true_peak_dbtp == pytest.approx(whole.true_peak_dbtp, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.integers(0, 400_000))
def test_one_peak_between_quiet_samples_is_found_wherever_it_stands(seed: int, place: int) -> None:
    """What is left out because it cannot be the peak is not: two samples whose middle is higher than any sample."""
    random = np.random.default_rng(seed)
    sound = (random.uniform(-0.3, 0.3, 400_030)).astype(np.float32)
    sound[place : place + 30] = 0
    sound[place + 12 : place + 18] = [-0.2, 0.35, 0.99, 0.99, 0.35, -0.2]
    alone = np.concatenate([np.zeros(64), sound[place : place + 30], np.zeros(64)]).astype(np.float32)
    expected = read(alone, 32_000).true_peak_dbtp
    assert expected > 0.4
    assert read(sound, 32_000).true_peak_dbtp == pytest.approx(expected, abs=0.35)


def test_what_is_silent_or_too_short_has_no_loudness() -> None:
    assert read(np.zeros(96_000, dtype=np.float32)).loudness_lufs == -math.inf
    assert read(np.zeros(96_000, dtype=np.float32)).true_peak_dbtp == -math.inf
    assert read(sine(0.39, -20)).loudness_lufs == -math.inf
    assert read(np.zeros(0, dtype=np.float32)).loudness_lufs == -math.inf


def test_a_reading_in_the_middle_changes_nothing_and_memory_stays_flat() -> None:
    meter, sound = Meter(32_000), sine(45, -20, rate_hz=32_000)
    for start in range(0, len(sound), 10_000):
        meter.add(sound[start : start + 10_000])
        assert meter.true_peak_dbtp <= -19.9
    assert meter.loudness_lufs == pytest.approx(read(sound, 32_000).loudness_lufs, abs=1e-9)
    assert len(meter._channels[0]._sound) <= 3_200 * 100
