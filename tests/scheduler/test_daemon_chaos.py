"""The chaos run of benchmarks/playout.py in small: the same attacks, three simulated days (LOA_LONG_TESTS=1: all of it)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(sys.platform == "win32", reason="disks are filled by means of POSIX")
def test_kills_lost_outputs_full_disks_held_databases_and_clock_steps_double_and_forget_nothing() -> None:
    size = ["--kills", "200"] if os.environ.get("LOA_LONG_TESTS") else ["--kills", "10", "--days", "3"]
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "playout.py"), "--only", "chaos", *size, "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout, done.stderr
    bars = json.loads(done.stdout)["bars"]
    assert {name: bar for name, bar in bars.items() if not bar["ok"]} == {}, done.stderr
    assert bars["chaos_kills"]["value"] >= 10
    assert done.returncode == 0
