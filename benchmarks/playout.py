"""Playout: how late, how complete, how steady. Run with the working tree's Python; no network.

python benchmarks/playout.py --json
python benchmarks/playout.py --only lateness --only load     on a quiet machine
python benchmarks/playout.py --only chaos --kills 200        the long chaos run alone (about five minutes)
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

import playout_station  # noqa: F401 - puts the working tree on the path
from playout_card import card
from playout_chaos import chaos
from playout_lateness import instant, lateness, load
from playout_month import month
from playout_restart import restart
from playout_urgent import relay, urgent
from report import Benchmark

PARTS = ("lateness", "load", "instant", "urgent", "relay", "card", "month", "restart", "chaos")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=PARTS, action="append")
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument(
        "--days", type=int, default=31, help="of the chaos run; fewer than 31: without its real hour"
    )
    benchmark = Benchmark("playout", parser=parser)
    parts: dict[str, Callable[[], None]] = {
        "lateness": lambda: lateness(benchmark),
        "load": lambda: load(benchmark),
        "instant": lambda: instant(benchmark),
        "urgent": lambda: urgent(benchmark),
        "relay": lambda: relay(benchmark),
        "card": lambda: card(benchmark),
        "month": lambda: month(benchmark),
        "restart": lambda: restart(benchmark),
        "chaos": lambda: chaos(benchmark, benchmark.options.kills, benchmark.options.days),
    }
    for name in benchmark.options.only or PARTS:
        benchmark.say(f"— {name}")
        parts[name]()
    return benchmark.finish()


if __name__ == "__main__":
    sys.exit(main())
