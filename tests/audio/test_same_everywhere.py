"""The same sounds give the same samples on another machine: another folder, another process, another processor."""

import json
import os
import platform
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sound_files import house, speechlike

from audio import ffmpeg, wav
from audio.assemble import assemble
from audio.parts import Part
from audio.profiles import PROFILES
from audio.tags import Tags

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = textwrap.dedent("""
    import json, sys
    from dataclasses import replace
    from pathlib import Path
    from audio.assemble import assemble
    from audio.parts import Part
    from audio.profiles import PROFILES
    from audio.tags import Tags
    folder = Path(sys.argv[1])
    parts = [Part(path=path, pause_after_ms=700) for path in sorted(folder.glob("*.wav"))]
    made = {}
    for name in ("horn", "web", "exchange"):
        profile = replace(PROFILES[name], format="wav")
        made[name] = assemble(parts, profile, folder / f"{name}.out.wav", Tags(title="x")).sha256
    print(json.dumps(made))
""")


def sounds(folder: Path) -> Path:
    folder.mkdir(parents=True)
    quiet = np.zeros(24_000 * 3, dtype="<i2").tobytes()
    house(folder / "1.wav", speechlike(12, -18) + quiet + speechlike(6, -30, seed=3))
    house(folder / "2.wav", speechlike(5, -12, 48_000, seed=2), wav.WIDE_RATE_HZ)
    return folder


def test_two_machines_give_the_same_samples(tmp_path: Path) -> None:
    """The second one is played by another folder, process, locale, time zone and older processor features."""
    other = {
        "TZ": "Pacific/Auckland", "LC_ALL": "C", "PYTHONHASHSEED": "7", "OPENBLAS_NUM_THREADS": "1",
        "OPENBLAS_CORETYPE": "Nehalem", "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX512F",
    }  # fmt: skip
    made = []
    for number, differing in enumerate(({}, other)):
        folder = sounds(tmp_path / f"đài {number}" / ("x" * number * 40) / "sounds")
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(folder)], capture_output=True, text=True, check=True,
            cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)} | differing,
        )  # fmt: skip
        made.append(json.loads(done.stdout))
    assert made[0] == made[1]


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="names flags of one family")
@pytest.mark.parametrize("name", ["horn", "exchange"])
def test_a_processor_with_other_instructions_gives_the_same_samples(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = [Part(path=path) for path in sorted(sounds(tmp_path / "sounds").glob("*.wav"))]
    profile = replace(PROFILES[name], format="wav")
    one = assemble(parts, profile, tmp_path / "1.wav", Tags())
    house_options = ffmpeg._command

    def older(arguments: list[str]) -> list[str]:
        command = house_options(arguments)
        return [command[0], "-cpuflags", "sse2", "-filter_threads", "1", *command[1:]]

    monkeypatch.setattr(ffmpeg, "_command", older)
    assert assemble(parts, profile, tmp_path / "2.wav", Tags()).sha256 == one.sha256
