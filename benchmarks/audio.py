"""Assembly of a 30-minute bulletin against the bare ffmpeg graph and against pydub, memory, loudness, the service's traffic.

python benchmarks/audio.py --json                everything, about eight minutes
python benchmarks/audio.py --only speed          one part: speed, long, loudness or traffic
python benchmarks/audio.py --quick               5 minutes of bulletin instead of 30, no 5-hour run
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from report import Benchmark

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "audio")]  # before this folder, where `audio` is this file

TEXTS = (
    "Ủy ban nhân dân phường thông báo lịch tiêm chủng mở rộng cho trẻ em dưới hai tuổi vào sáng thứ bảy tuần này.",
    "Đề nghị các hộ gia đình phân loại rác tại nguồn và để rác đúng nơi quy định, đúng giờ thu gom.",
    "Nhân dịp ngày Chuyển đổi số quốc gia, mời bà con cài đặt ứng dụng định danh điện tử mức hai.",
    "Công an phường nhắc bà con cảnh giác với các cuộc gọi giả danh cơ quan chức năng để lừa đảo.",
)


def tree_rss_bytes(pid: int) -> int:
    """Resident memory of a process and all its children, summed (Linux)."""
    total = 0
    with contextlib.suppress(OSError, ValueError, IndexError):
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        total += pages * os.sysconf("SC_PAGE_SIZE")
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                total += tree_rss_bytes(int(child))
    return total


def timed(command: list[str]) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds (user and system, children too), and peak MB of a command with its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    peak = 0
    reader = threading.Thread(target=process.stderr.read, daemon=True)  # type: ignore[union-attr]
    reader.start()
    while process.poll() is None:
        peak = max(peak, tree_rss_bytes(process.pid))
        time.sleep(0.05)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        raise SystemExit(f"failed: {command[:3]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, peak / 1e6


def make_segments(folder: Path, minutes: float) -> list[Path]:
    """About three espeak segments a minute."""
    from audio.cache import SentenceCache
    from audio.speak import Sentence, Speaker
    from audio.voices.espeak_voice import EspeakVoice

    paths = []
    with Speaker([EspeakVoice()], SentenceCache(folder / "cache", 10**9)) as speaker:
        for number in range(round(minutes * 3)):
            words = [TEXTS[(number + k) % len(TEXTS)] for k in range(3)]
            spoken = speaker.speak([Sentence(spoken=w, pause_after_ms=400) for w in words], "vi")
            path = folder / f"segment-{number:03}.wav"
            speaker.write_segment(spoken, path)
            paths.append(path)
    return paths


def assemble_program(paths_file: Path, out: Path, profile: str = "horn") -> list[str]:
    program = (
        "import sys,json;from pathlib import Path\n"
        "from audio.assemble import assemble;from audio.parts import Part;from audio.profiles import PROFILES;from audio.tags import Tags\n"
        "parts=[Part(path=Path(p),pause_after_ms=900) for p in Path(sys.argv[1]).read_text().splitlines()]\n"
        "d=assemble(parts,PROFILES[sys.argv[3]],Path(sys.argv[2]),Tags(title='Bản tin'))\n"
        "assert d.rounds<9\n"
    )
    return [sys.executable, "-c", program, str(paths_file), str(out), profile]


def bare_graph(paths: list[Path], out: Path) -> list[str]:
    """One ffmpeg doing concat, gain, limiter and the same encoder settings; no pauses, dynamics, measurement or check."""
    from audio.ffmpeg import ffmpeg_path
    from audio.profiles import PROFILES

    inputs = [argument for path in paths for argument in ("-i", str(path))]
    graph = "".join(f"[{n}:a]" for n in range(len(paths)))
    graph += f"concat=n={len(paths)}:v=0:a=1,volume=6dB,alimiter=limit=0.84:attack=3:release=50:level=0[o]"
    horn = PROFILES["horn"]
    return [
        ffmpeg_path(), "-v", "error", "-nostdin", "-y", *inputs, "-filter_complex", graph, "-map", "[o]",
        "-c:a", "libmp3lame", "-ar", str(horn.sample_rate_hz), "-b:a", f"{horn.bitrate_kbps}k", str(out),
    ]  # fmt: skip


def pydub_program(paths_file: Path, out: Path) -> list[str]:
    """What a pydub user writes: `+` for each segment, its own compressor and normaliser, export."""
    program = (
        "import sys,warnings;from pathlib import Path\nwarnings.simplefilter('ignore')\n"
        "from audio.ffmpeg import ffmpeg_path;from pydub import AudioSegment,effects\n"
        "AudioSegment.converter=ffmpeg_path()\n"
        "whole=AudioSegment.empty()\n"
        "for p in Path(sys.argv[1]).read_text().splitlines(): whole=whole+AudioSegment.from_wav(p)+AudioSegment.silent(900,24000)\n"
        "whole=effects.normalize(effects.compress_dynamic_range(whole,threshold=-26,ratio=3,attack=5,release=120),1.5)\n"
        "whole.export(sys.argv[2],format='mp3',bitrate='96k').close()\n"
    )
    return [sys.executable, "-c", program, str(paths_file), str(out)]


def loudness_errors(folder: Path) -> tuple[float, float]:
    """The worst loudness error (LU) and highest true peak over the ceiling (dB), by ffmpeg's own meter, on twenty inputs in three
    profiles (the one of 30 minutes in that of the horn)."""
    os.environ["LOA_LONG_TESTS"] = "1"
    from sound_files import measured
    from test_assemble import INPUTS, SPOKEN, varied

    from audio.assemble import assemble
    from audio.profiles import PROFILES
    from audio.tags import Tags
    from audio.voices.espeak_voice import EspeakVoice

    voice = EspeakVoice()
    spoken = []
    for number, text in enumerate(SPOKEN):
        path = folder / f"spoken-{number}.wav"
        path.write_bytes(voice.synthesise(text, "vi"))
        spoken.append(path)
    voice.close()
    errors, excesses = [], []
    for name in INPUTS:
        for profile in ("horn",) if name == "long" else ("horn", "web", "exchange"):
            wanted = PROFILES[profile]
            done = assemble(varied(name, folder, spoken), wanted, folder / f"varied{wanted.suffix}", Tags())
            loudness_lufs, peak_dbtp = measured(done.path)
            errors.append(abs(loudness_lufs - wanted.target_lufs))
            excesses.append(peak_dbtp - wanted.ceiling_dbtp)
    return max(errors), max(excesses)


def service_traffic(folder: Path) -> tuple[int, int]:
    """Requests and TLS connections for 1,400 characters of a bulletin, against the loopback service."""
    from speech_service import SpeechService, make_certificates, make_mp3

    from audio.voices.gtts_voice import GttsVoice

    bundle, server = make_certificates(folder)
    service = SpeechService(server, make_mp3(8)).start()
    os.environ |= {
        "HTTPS_PROXY": service.proxy_url,
        "https_proxy": service.proxy_url,
        "REQUESTS_CA_BUNDLE": str(bundle),
    }
    text = (" ".join(TEXTS) + " ") * 5
    try:
        GttsVoice().synthesise(text[: text.rindex(" ", 0, 1400)], "vi")
    finally:
        service.stop()
    return len(service.asked), service.tls_connections


PARTS = ("speed", "long", "loudness", "traffic")


TURNS = 7
"""One turn tells little: alone on two cores the bare graph by itself takes from 11 to 14 s."""


def measure_speed(bench: Benchmark, folder: Path, paths: list[Path], listed: Path) -> None:
    """Assembly against the bare graph, in turn, so that what else the machine does falls on both; against pydub; memory."""
    ours, bare = [], []
    for turn in range(TURNS):
        bare.append(timed(bare_graph(paths, folder / "bare.mp3")))
        ours.append(timed(assemble_program(listed, folder / "ours.mp3")))
        bench.say(f"turn {turn + 1}: bare {bare[-1][0]:.1f} s, ours {ours[-1][0]:.1f} s")
    wall = [statistics.median(run[0] for run in runs) for runs in (bare, ours)]
    cpu = [statistics.median(run[1] for run in runs) for runs in (bare, ours)]
    bench.figure("bare_graph_s", wall[0])
    bench.figure("assembly_s", wall[1])
    bench.figure("bare_graph_cpu_s", cpu[0])
    bench.figure("assembly_cpu_s", cpu[1])
    ratios = [o[0] / b[0] for o, b in zip(ours, bare, strict=True)]
    bench.at_most("assembly_to_bare_graph", statistics.median(ratios), 1.25)
    bench.at_most("assembly_peak_mb", max(run[2] for run in ours), 150)

    # A sixth of the bulletin: pydub needs minutes for that. Its `+` copies all that went before, so that the whole
    # would take more than six times as long; the ratio counts in its favour.
    sixth = folder / "sixth.txt"
    sixth.write_text("\n".join(map(str, paths[:: 6 if len(paths) >= 60 else 1])))
    share = len(sixth.read_text().splitlines()) / len(paths)
    with_pydub = timed(pydub_program(sixth, folder / "pydub.mp3"))
    bench.figure("pydub_share_of_bulletin", share)
    bench.figure("pydub_s", with_pydub[0])
    bench.figure("pydub_peak_mb", with_pydub[2])
    bench.at_least("pydub_to_assembly", with_pydub[0] / share / wall[1], 4)


def measure_long(bench: Benchmark, folder: Path, paths: list[Path], listed: Path) -> None:
    """The memory of five hours against that of half an hour; the segments of one are heard again and again."""
    half_hour = timed(assemble_program(listed, folder / "ours.mp3"))
    seconds = sum(path.stat().st_size for path in paths) / 48_000 + 0.9 * len(paths)
    times = round(5 * 3600 / seconds + 0.5)
    many = folder / "many.txt"
    many.write_text("\n".join(str(path) for _n in range(times) for path in paths))
    long = timed(assemble_program(many, folder / "long.mp3"))
    bench.figure("long_bulletin_h", seconds * times / 3600)
    bench.figure("long_bulletin_s", long[0])
    bench.figure("long_bulletin_peak_mb", long[2])
    bench.at_most("five_hours_to_half_hour_memory", long[2] / half_hour[2], 1.2)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short bulletin and no 5-hour run")
    parser.add_argument("--only", choices=PARTS, action="append", help="one part of it")
    bench = Benchmark("audio", parser=parser)
    parts = bench.options.only or [part for part in PARTS if not (bench.options.quick and part == "long")]
    with tempfile.TemporaryDirectory(prefix="loa-bench-audio-") as name:
        folder = Path(name)
        if {"speed", "long"} & set(parts):
            started = time.perf_counter()
            paths = make_segments(folder, 5.0 if bench.options.quick else 30.0)
            bench.figure("espeak_and_segments_s", time.perf_counter() - started)
            listed = folder / "paths.txt"
            listed.write_text("\n".join(map(str, paths)))
            seconds = sum(path.stat().st_size for path in paths) / 48_000 + 0.9 * len(paths)
            bench.figure("bulletin_min", seconds / 60)
            bench.figure("segments", len(paths))
        if "speed" in parts:
            measure_speed(bench, folder, paths, listed)
        if "long" in parts:
            measure_long(bench, folder, paths, listed)
        if "loudness" in parts:
            error_lu, excess_db = loudness_errors(folder)
            bench.at_most("worst_loudness_error_lu", error_lu, 0.5)
            bench.at_most("worst_true_peak_over_ceiling_db", excess_db, 0.0)
        if "traffic" in parts:
            requests, connections = service_traffic(folder)
            bench.at_most("requests_for_1400_characters", requests, 16)
            bench.at_most("tls_connections_a_worker", connections, 1)
        bench.figure("numpy", np.__version__)
    return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
