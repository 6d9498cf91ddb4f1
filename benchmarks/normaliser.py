"""Speed of the normaliser, its ratio to two peers, import time, and the error of estimated script lengths.

    python benchmarks/normaliser.py [--json] [--write] [--text FILE ...] [--gold FILE ...] [--no-voice]

The peers (vietnormalizer, sea-g2p) are optional: installed, they run on the same lines; absent, they are left out.
`--gold FILE` takes tab-separated phrases (written, accepted readings joined by " || ") and adds the share read exactly.
"""

from __future__ import annotations

import argparse
import importlib
import re
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path

sys.path.insert(
    0, str(Path(__file__).resolve().parents[1])
)  # before this folder: benchmarks/audio.py is not the package

from report import Benchmark

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
PEERS = {"vietnormalizer": ("vietnormalizer", "VietnameseNormalizer"), "sea_g2p": ("sea_g2p", "Normalizer")}


def chars_per_s(function: Callable[[str], str], lines: list[str], rounds: int = 5) -> float:
    """Characters a second of process time, the best of some rounds."""
    for line in lines[:5]:
        function(line)
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        for line in lines:
            function(line)
        best = min(best, time.process_time() - start)
    return sum(map(len, lines)) / max(best, 1e-9)


def import_s() -> float:
    """CPU seconds from a fresh interpreter to the first spoken phrase, less the bare interpreter; the least of five."""
    code = "import time; t = time.process_time(); from content.normalise import spoken; spoken('UBND, 57-NQ/TW'); print(time.process_time() - t)"
    root = Path(__file__).resolve().parents[1]
    return min(
        float(
            subprocess.run(
                [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=root
            ).stdout
        )
        for _ in range(5)
    )


def folded(text: str) -> str:
    """Lower case, signs as blanks: as the readings are compared."""
    text = unicodedata.normalize("NFC", text).lower()
    return " ".join(
        "".join(" " if unicodedata.category(sign)[0] in "PSZC" else sign for sign in text).split()
    )


def read_exactly(path: Path, function: Callable[[str], str]) -> float:
    """Percent of the phrases of a gold file that are read in an accepted way."""
    rows = [line.split("\t") for line in path.read_text("utf-8").splitlines()[1:] if line.strip()]
    right = 0
    for row in rows:
        written = re.sub(r"\\([nt\\])", lambda match: {"n": "\n", "t": "\t", "\\": "\\"}[match[1]], row[0])
        right += folded(function(written)) in {folded(reading) for reading in row[1].split(" || ")}
    return 100 * right / len(rows)


def length_errors(texts: list[str]) -> tuple[float, float, float] | None:
    """(percent error of the shipped pace on whole scripts, of a pace measured on other scripts, syllables a second)."""
    try:
        from audio.speak import write_segment
        from audio.voices.espeak_voice import EspeakVoice
        from audio.voices.voice import VoiceError, VoiceUnavailableError
    except ImportError as error:
        print(f"no voice here ({error}): lengths left out", file=sys.stderr)
        return None
    from content.scripts import PACES, draft, measured
    from content.scripts.pace import counted

    voice = EspeakVoice()
    scripts = []
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "one.wav"
            for text in texts:
                sentences = [
                    sentence.spoken for sentence in draft("Tin", text, "news", "Đài", framed=False).body
                ][:20]
                scripts.append(
                    [
                        (words, float(write_segment(path, [(voice.synthesise(words, "vi"), 0)])))
                        for words in sentences
                    ]
                )
    except (VoiceError, VoiceUnavailableError) as error:
        print(f"the voice fails ({error}): lengths left out", file=sys.stderr)
        return None
    finally:
        voice.close()
    learned = measured(sample for script in scripts[::2] for sample in script)
    print(f"measured espeak pace: {learned}", file=sys.stderr)

    def worst(pace_of: Callable[[str], int], chosen: list[list[tuple[str, float]]]) -> float:
        return (
            max(
                abs(sum(pace_of(words) for words, _ in script) / sum(length for _, length in script) - 1)
                for script in chosen
            )
            * 100
        )

    samples = [sample for script in scripts for sample in script]
    pace = sum(counted(words)[0] for words, _ in samples) / sum(length for _, length in samples) * 1000
    return worst(PACES["espeak"].length_ms, scripts), worst(learned.length_ms, scripts[1::2]), pace


def main() -> int:
    """Run everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--text", nargs="+", type=Path, help="text files instead of the bundled examples")
    parser.add_argument(
        "--gold", nargs="+", type=Path, default=[], help="tab-separated phrases with accepted readings"
    )
    parser.add_argument("--no-voice", action="store_true", help="leave the rendered lengths out")
    bench = Benchmark("normaliser", parser=parser)
    from content.lexicon import shipped
    from content.normalise import leftovers, normalise, spoken

    paths = bench.options.text or sorted(EXAMPLES.glob("*.txt"))
    texts = [path.read_text("utf-8") for path in paths]
    lines = [line for text in texts for line in text.splitlines() if line.strip()]
    bench.figure("documents", len(texts))
    bench.figure("characters", sum(map(len, lines)))
    bench.figure("lexicon_entries", len(shipped().entries))
    speed = chars_per_s(spoken, lines)
    bench.at_least("chars_per_s", speed, 200_000)
    bench.figure("chars_per_s_whole_documents", chars_per_s(spoken, texts))
    bench.at_most("import_s", import_s(), 0.2)
    for name, (module, attribute) in PEERS.items():
        try:
            peer = getattr(importlib.import_module(module), attribute)().normalize
        except ImportError:
            bench.say(f"{name} is not installed: left out")
            continue
        bench.figure(f"ratio_to_{name}", speed / chars_per_s(peer, lines, rounds=2))
        for path in bench.options.gold:
            bench.figure(f"{path.stem}_exact_percent_{name}", read_exactly(path, peer))
    results = [normalise(text) for text in texts]
    bench.figure("unknowns_per_document", sum(len(result.unknowns) for result in results) / len(results))
    flagged = [
        {word for unknown in result.unknowns for word in re.findall(r"\w+", unknown.spoken)}
        for result in results
    ]
    unspoken = sum(
        left.text not in known
        for result, known in zip(results, flagged, strict=True)
        for left in leftovers(result.text)
    )
    bench.at_most("unspoken_signs_left", unspoken, 0)
    bench.at_most(
        "changed_when_spoken_twice", sum(spoken(result.text) != result.text for result in results), 0
    )
    for path in bench.options.gold:
        bench.at_least(
            f"{path.stem}_exact_percent",
            read_exactly(path, spoken),
            {"gold_open": 98, "gold_extra": 95}.get(path.stem, 0),
        )
    errors = None if bench.options.no_voice else length_errors(texts)
    if errors:
        bench.at_most("length_error_percent_worst_script", errors[0], 5)
        bench.figure("length_error_percent_with_a_pace_measured_on_other_scripts", errors[1])
        bench.figure("espeak_syllables_per_s", errors[2])
    return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
