"""How soon: from an order to the first sample, from the loss of a relay to the filler."""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from typing import Any

from broadcast import noise
from playout_station import ROOT, Stamping, a_station, on_air
from report import Benchmark


def urgent(benchmark: Benchmark, times: int = 8) -> None:
    """From the start of the command to the first sample on the output."""
    with a_station() as (station, scratch):
        from broadcast import wav

        sound = scratch / "loa.wav"
        sound.write_bytes(wav(noise(0.3, 5)))
        output = Stamping("null")
        took: dict[str, list[float]] = {"file": [], "text": []}
        with on_air(station, output) as daemon:
            time.sleep(2)
            for number in range(times * 2):
                kind = ("file", "text")[number % 2]
                what = str(sound) if kind == "file" else "Nước sông đang lên nhanh, bà con chú ý."
                begun = time.time()
                subprocess.run(
                    [sys.executable, "-m", "cli", "--config", str(station.folder), "interrupt", what],
                    check=True, capture_output=True, cwd=ROOT,
                )  # fmt: skip
                while f"interrupt-{number + 1}" not in output.first:
                    time.sleep(0.01)
                took[kind].append(output.first[f"interrupt-{number + 1}"] - begun)
                daemon.workers.hand_back(lambda: daemon.desk.cut_all("next"))  # it has begun: that was all
                while not daemon.desk.is_idle:
                    time.sleep(0.05)
    for kind, limit in (("file", 1.0), ("text", 3.0)):
        ordered = sorted(took[kind])
        benchmark.figure(f"interrupt_{kind}_p50_s", statistics.median(ordered))
        benchmark.at_most(
            f"interrupt_{kind}_p95_s", ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))], limit
        )


def relay(benchmark: Benchmark) -> None:
    """From the last sound of a lost relay to the first filler sample; and from the fault at its server, seconds before."""
    from test_daemon_live import Radio

    radio = Radio()
    threading.Thread(target=radio.serve_forever, daemon=True).start()
    table = f'[[relay]]\nid = "t"\nurl = "http://127.0.0.1:{radio.server_address[1]}/live"\nstart = "00:00"\nend = "23:59:59"'
    worst = 0.0
    with a_station(1, table) as (station, _scratch), on_air(station) as daemon:
        while not daemon.desk.deck.on:
            time.sleep(0.05)
        (airing,) = daemon.desk.deck.on.values()
        source: Any = airing.source
        for fault in ("dead", "portal", "silence") * 2:
            while airing.level_dbfs < -45 or (source.gaps and source.gaps[-1].ended_at is None):
                time.sleep(0.05)
            time.sleep(2)
            known = len(source.gaps)
            radio.mode = fault
            begun = heard = time.monotonic()
            while len(source.gaps) == known:
                if airing.level_dbfs >= -45:
                    heard = time.monotonic()  # what was held ready is heard out
                time.sleep(0.005)
            worst = max(worst, time.monotonic() - heard)
            benchmark.figure(f"relay_{fault}_fault_to_filler_s", time.monotonic() - begun)
            benchmark.figure(f"relay_{fault}_silence_heard_s", time.monotonic() - heard)
            radio.mode = "sound"
    radio.shutdown()
    radio.server_close()
    benchmark.at_most("relay_silence_to_filler_s", worst, 3.0)
