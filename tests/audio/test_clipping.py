"""Flat tops are found at any level, and nothing that was never cut off is taken for it."""

import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from sound_files import speechlike

from audio import ffmpeg
from audio.clipping import FlatTops, has_flat_tops
from audio.ingest import take_in
from audio.sounds import NAMES, sound_file
from audio.voices.espeak_voice import EspeakVoice

Sound = npt.NDArray[np.float64]
RATE_HZ = 44_100
AT = np.arange(RATE_HZ * 2) / RATE_HZ


def speech(rate_hz: int = RATE_HZ) -> Sound:
    found = np.frombuffer(speechlike(4, -24, rate_hz), dtype="<i2") / 32768
    return found / np.abs(found).max()


def flat(sound: Sound, piece: int = 65_536) -> bool:
    tops, samples = FlatTops(), np.round(sound * 32767).astype(np.int32)
    for start in range(0, len(samples), piece):
        tops.add(samples[start : start + piece])
    return tops.are_there


def written(path: Path, sound: Sound, codec: str, *, rate_hz: int = RATE_HZ, channels: int = 1) -> Path:
    subprocess.run(
        [
            ffmpeg.ffmpeg_path(), "-v", "error", "-f", "f32le", "-ar", str(rate_hz), "-ac", str(channels), "-i", "pipe:0",
            "-c:a", codec, str(path),
        ],
        input=sound.astype("<f4").tobytes(), check=True,
    )  # fmt: skip
    return path


@pytest.mark.parametrize("quieter", [0.9, 0.3, 0.1])
@pytest.mark.parametrize("over", [1.5, 3.0, 10.0])
def test_tops_that_were_cut_off_are_found_however_quiet_they_are_now(over: float, quieter: float) -> None:
    cut = np.clip(speech() * over, -1, 1) * quieter
    assert flat(cut)
    assert flat(cut, 5000)
    assert flat(np.maximum(cut, -0.05))  # on one side only
    assert not flat(speech() * quieter)


@pytest.mark.parametrize(
    "sound",
    [
        *(level * np.sin(2 * np.pi * pitch_hz * AT) for pitch_hz in (20, 100, 440, 3000, 11_025) for level in (0.9, 0.05)),
        0.4 * np.sin(2 * np.pi * 440 * AT) + 0.4 * np.sin(2 * np.pi * 660 * AT),
        sum(0.2 * np.sin(2 * np.pi * pitch_hz * AT) * np.exp(-(AT % 0.5) * 3) for pitch_hz in (261, 329, 392)),
        0.5 * np.sin(2 * np.pi * 600 * AT) * (1 + np.sin(2 * np.pi * 5 * AT)) / 2,
        0.6 * (2 * (AT * 220 % 1) - 1),
        0.5 * np.sign(np.sin(2 * np.pi * 220.3 * AT)),
        np.where(AT * 100 % 1 < 0.1, 0.5, 0.0),
        np.random.default_rng(1).uniform(-0.8, 0.8, len(AT)),
        np.round(speech() * 20) / 24,
        np.repeat(speech()[::6], 6) * 0.6,
        np.zeros(0),
        np.full(RATE_HZ, 0.5),
    ],
)  # fmt: skip
def test_tones_music_noise_steps_and_alarms_are_not(sound: Sound) -> None:
    assert not flat(sound)


def test_own_sounds_and_the_embedded_voice_are_not(tmp_path: Path) -> None:
    for name in NAMES:
        assert not has_flat_tops(sound_file(name, tmp_path), "wav", "pcm_s16le", 60)
    voice = EspeakVoice()
    path = tmp_path / "espeak.wav"
    path.write_bytes(
        voice.synthesise("Ủy ban nhân dân phường thông báo lịch tiêm chủng mở rộng cho trẻ em.", "vi")
    )
    voice.close()
    assert not has_flat_tops(path, "wav", "pcm_s16le", 60)


@pytest.mark.parametrize(
    ("name", "codec", "rate_hz"),
    [("a.wav", "pcm_s16le", 44_100), ("a.wav", "pcm_f32le", 16_000), ("a.flac", "flac", 48_000), ("a.m4a", "alac", 44_100)],
)  # fmt: skip
def test_a_recording_that_was_made_quieter_afterwards_is_told_as_clipped(
    name: str, codec: str, rate_hz: int, tmp_path: Path
) -> None:
    cut = np.clip(speech(rate_hz) * 4, -1, 1) * 0.3
    both = np.stack([speech(rate_hz) * 0.2, cut], axis=1).ravel()
    taken = take_in(written(tmp_path / name, both, codec, rate_hz=rate_hz, channels=2), tmp_path / "out.wav")
    assert taken.clipped
    assert "clipped" in "; ".join(str(note) for note in taken.notes)
    whole = written(tmp_path / f"whole-{name}", speech(rate_hz) * 0.3, codec, rate_hz=rate_hz)
    assert not take_in(whole, tmp_path / "out.wav").clipped
