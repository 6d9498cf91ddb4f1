"""What every benchmark shares: figures and bars, one JSON object, and its section of docs/benchmarks.md."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"


class Benchmark:
    """Collects figures and bars of one run; `finish` prints them and gives the exit code."""

    def __init__(self, name: str, *, parser: argparse.ArgumentParser | None = None) -> None:
        parser = parser or argparse.ArgumentParser()
        parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
        parser.add_argument("--write", action="store_true", help="update docs/benchmarks.md")
        self.name = name
        self.options = parser.parse_args()
        self.figures: dict[str, Any] = {}
        self.bars: dict[str, dict[str, Any]] = {}

    def figure(self, name: str, value: Any) -> None:
        """Note a measured value; the unit stands in the name."""
        self.figures[name] = round(value, 4) if isinstance(value, float) else value
        self.say(f"{name}: {self.figures[name]}")

    def at_most(self, name: str, value: float, limit: float) -> None:
        """A bar: `value` may not be above `limit`."""
        self._bar(name, value, limit, value <= limit)

    def at_least(self, name: str, value: float, limit: float) -> None:
        """A bar: `value` may not be below `limit`."""
        self._bar(name, value, limit, value >= limit)

    def _bar(self, name: str, value: float, limit: float, ok: bool) -> None:
        self.bars[name] = {"value": round(value, 4), "limit": limit, "ok": bool(ok)}
        self.say(f"{name}: {value:.4g} (limit {limit}) {'ok' if ok else 'NOT MET'}")

    def say(self, words: str) -> None:
        """Talk goes to standard error."""
        print(words, file=sys.stderr, flush=True)

    def finish(self) -> int:
        """Print, write where asked to; 0 only when every bar holds."""
        result = {"name": self.name, "machine": machine(), "figures": self.figures, "bars": self.bars}
        if self.options.json:
            print(json.dumps(result, ensure_ascii=False, indent=2))
        if self.options.write:
            _write(result, part=bool(getattr(self.options, "only", None)))
        return 0 if all(bar["ok"] for bar in self.bars.values()) else 1


def machine() -> str:
    """The machine in a few words: processors, system, Python."""
    return (
        f"{os.cpu_count()} CPU, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    )


def _write(result: dict[str, Any], *, part: bool) -> None:
    """Put the section of this benchmark into the page; after a `part` of it, what the others measured stays."""
    text = (
        DOCS.read_text("utf-8")
        if DOCS.exists()
        else "# Benchmarks\n\nWritten by the benchmarks, not by hand.\n"
    )
    pattern = re.compile(rf"^## {re.escape(result['name'])}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    earlier = pattern.search(text)
    if part and earlier:
        bars, figures = _rows(earlier[0])
        result = {**result, "bars": bars | result["bars"], "figures": figures | result["figures"]}
    lines = [
        f"## {result['name']}",
        "",
        f"`python benchmarks/{result['name']}.py --json` on {result['machine']}",
        "",
    ]
    if result["bars"]:
        lines += ["| bar | value | limit | |", "|---|---|---|---|"]
        lines += [
            f"| {name} | {bar['value']} | {bar['limit']} | {'holds' if bar['ok'] else '**not met**'} |"
            for name, bar in result["bars"].items()
        ]
        lines.append("")
    lines += ["| figure | value |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in result["figures"].items()]
    section = "\n".join(lines) + "\n"
    if earlier:
        text = pattern.sub(lambda _found: section + "\n", text)
    else:
        text = text.rstrip("\n") + "\n\n" + section
    DOCS.write_text(text.rstrip("\n") + "\n", "utf-8")


def _rows(section: str) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Bars and figures as an earlier run wrote them."""
    bars: dict[str, dict[str, Any]] = {}
    figures: dict[str, str] = {}
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 4 and cells[0] not in ("bar", "---"):
            bars[cells[0]] = {"value": cells[1], "limit": cells[2], "ok": cells[3] == "holds"}
        elif len(cells) == 2 and cells[0] not in ("figure", "---"):
            figures[cells[0]] = cells[1]
    return bars, figures
