"""What a sound card really got: a Pulse null sink, recorded."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from broadcast import add_episode, noise
from playout_station import add_plays, config_text
from report import Benchmark

from content.station import init_station
from scheduler.daemon.run import run_station


def card(benchmark: Benchmark, items: int = 12) -> None:
    """Onsets on a recorded Pulse null sink against the rundown, and the first 300 ms of each item."""
    if not all(shutil.which(name) for name in ("pulseaudio", "parec", "pactl")):
        benchmark.say("card: skipped, pulseaudio is not installed")
        return
    from test_outputs import place_of

    runtime = tempfile.mkdtemp(prefix="loa-pulse-")
    os.environ.update(XDG_RUNTIME_DIR=runtime, PULSE_RUNTIME_PATH=runtime, HOME=runtime)
    server = subprocess.Popen(
        ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "-L", "module-native-protocol-unix",
         "-L", "module-null-sink sink_name=horn rate=48000 channels=1"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while subprocess.run(["pactl", "info"], capture_output=True, check=False).returncode:
        time.sleep(0.1)
    recorder = subprocess.Popen(
        ["parec", "-d", "horn.monitor", "--raw", "--rate=48000", "--channels=1", "--format=s16le", "--latency-msec=5"],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    chunks: list[tuple[float, int]] = []
    heard = bytearray()
    ear = recorder.stdout
    assert ear is not None

    def listen() -> None:
        while data := ear.read(480):
            heard.extend(data)
            chunks.append((time.time(), len(heard) // 2))

    threading.Thread(target=listen, daemon=True).start()
    sound_card = '[output.main]\nkind = "sound-card"\n'
    scratch = Path(tempfile.mkdtemp(prefix="loa-playout-"))
    station = init_station(
        scratch / "station", config_text(1).replace('[output.main]\nkind = "null"\n', sound_card)
    )
    try:
        begin = datetime.now(UTC) + timedelta(seconds=12)
        slots = []
        for number in range(items):
            episode = add_episode(station, scratch, seconds=1.2, seed=100 + number)
            slots.append((episode, begin + timedelta(seconds=2 * number)))
        for episode, at in slots:
            add_plays(station, episode, [(at, [])], 1200)
        run_station(station, until=begin + timedelta(seconds=2 * items + 1))
    finally:
        station.close()
        recorder.kill()
        server.kill()
        recorder.wait()
        server.wait()
        shutil.rmtree(runtime, ignore_errors=True)
        shutil.rmtree(scratch, ignore_errors=True)
    recording = np.frombuffer(bytes(heard), "<i2")
    # The recording's own clock: the earliest that any chunk can have been complete.
    start = min(at - frames / 48_000 for at, frames in chunks[len(chunks) // 4 :])
    errors, likes = [], []
    for number, (_episode, at) in enumerate(slots):
        place, likeness = place_of(noise(1.2, 100 + number)[:14_400], recording)
        errors.append(abs(start + place / 48_000 - at.timestamp()) * 1000)
        likes.append(likeness)
    benchmark.figure("card_onset_error_p50_ms", statistics.median(errors))
    benchmark.at_most("card_onset_error_max_ms", max(errors), 100)
    benchmark.at_least("card_first_300_ms_likeness_min", min(likes), 0.9)
