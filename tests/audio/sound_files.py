"""Sounds for tests, made by ffmpeg or numpy."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np

from audio import wav
from audio.ffmpeg import ffmpeg_path


def make(path: Path, *arguments: str) -> Path:
    """Run ffmpeg with these arguments and `path` as output."""
    subprocess.run(
        [ffmpeg_path(), "-v", "error", "-y", *arguments, str(path)], check=True, capture_output=True
    )
    return path


def tone(path: Path, seconds: float = 3, *extra: str, pitch_hz: int = 440) -> Path:
    """A sine in whatever format the suffix says."""
    return make(
        path, "-f", "lavfi", "-i", f"sine=f={pitch_hz}:d={seconds}:r=44100", "-af", "volume=12dB", *extra
    )


def speechlike(
    seconds: float, level_db: float = -20.0, rate_hz: int = wav.SPEECH_RATE_HZ, seed: int = 1
) -> bytes:
    """PCM with the rhythm of speech: pitched syllables, four a second, with breaks; RMS near `level_db`."""
    random = np.random.default_rng(seed)
    count = int(seconds * rate_hz)
    at = np.arange(count) / rate_hz
    pitch = 180 + 60 * np.sin(2 * np.pi * 0.7 * at + seed)
    phase = 2 * np.pi * np.cumsum(pitch) / rate_hz
    voice = sum(np.sin(phase * k + k * k) / k for k in range(1, 24))
    rhythm = np.clip(np.sin(2 * np.pi * 4 * at) + 0.4, 0, 1) * (np.sin(2 * np.pi * 0.23 * at + 1) > -0.7)
    sound = voice * rhythm * (0.7 + 0.3 * np.sin(2 * np.pi * 1.3 * at)) + 0.002 * random.standard_normal(
        count
    )
    sound *= 10 ** (level_db / 20) / max(1e-9, float(np.sqrt(np.mean(sound**2))))
    return np.clip(np.round(sound * 32768), -32768, 32767).astype("<i2").tobytes()


def house(path: Path, pcm: bytes, rate_hz: int = wav.SPEECH_RATE_HZ) -> Path:
    """`pcm` as a house WAV at `path`."""
    path.write_bytes(wav.wav_bytes(pcm, rate_hz))
    return path


def measured(path: Path) -> tuple[float, float]:
    """(integrated LUFS, true peak dBTP) by ffmpeg's own reference meter, not by the one under test."""
    import re

    said = subprocess.run(
        [ffmpeg_path(), "-nostats", "-i", str(path), "-af", "ebur128=peak=true:framelog=quiet", "-f", "null", "-"],
        check=True, capture_output=True, text=True, errors="replace",
    ).stderr.split("Summary")[-1]  # fmt: skip
    integrated = re.search(r"I:\s+(-?[\d.]+) LUFS", said)
    peak = re.search(r"Peak:\s+(-?[\d.]+|-inf) dBFS", said)
    assert integrated and peak
    return float(integrated[1]), float(peak[1])
