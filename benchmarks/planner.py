"""The planner against plain greedy and plain day plans by HiGHS and by CP-SAT (where `ortools` is installed).

Without arguments on made-up stations; with files, on those: `python benchmarks/planner.py PROBLEM.json ... --json`.
Each run is a process of its own, so that memory is its own. `--write` keeps the rows of docs/benchmarks.md that this
run did not measure, so that a long table can be made one instance (`--methods`: one method) at a time.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import sys
import time
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from report import DOCS, Benchmark, machine

METHODS = ("ours", "greedy", "highs", "cpsat")
LONGEST_S = 270.0  # a plain method that takes longer on one problem has made no plan
HIGHS_NODES = 500  # branches that HiGHS may look at for one zone and month
CPSAT_S = 120.0  # CP-SAT's own time for one problem, besides the making of its model
INSTANCES = ("ward", "busy", "busy_year", "district", "ward_inf")
COLUMNS = (("hard", "hard"), ("soft", "soft"), ("evenness", "evenness"), ("plays", "plays"))
COLUMNS += (("wall_s", "wall s"), ("cpu_s", "CPU s"), ("memory_mb", "MB"))
LIMITS = {  # name: (hard, soft, evenness, seconds, MB)
    "ward": (0, 0, 0.53, 5, 200),
    "busy": (0, 0, 0.37, 15, 300),
    "busy_year": (10, None, 0.63, 120, 600),
    "district": (0, 0, None, 60, 600),
    "ward_inf": (15, 0, None, None, None),  # 15 rules, 19 airings: proven to be the least
}


def made_up() -> dict[str, dict[str, Any]]:
    from scheduler.planner.examples import example

    return {
        "month_1_zone": example(zones=1, programmes=40, seed=1, minutes_a_day=60),
        "month_6_zones": example(zones=6, programmes=120, seed=1, minutes_a_day=60),
        "quarter_1_zone": example(
            zones=1, programmes=40, seed=2, days=91, first_on=date(2026, 1, 5), minutes_a_day=55
        ),
    }


def run(problem: dict[str, Any], method: str) -> dict[str, Any] | None:
    """One method on one problem: violations, evenness, seconds, memory. None: it made no plan."""
    from scheduler.planner.entry import make_lines, plays_of, solve
    from scheduler.planner.reader import read
    from scheduler.planner.verify import verify

    wall, cpu = time.perf_counter(), time.process_time()
    if method == "ours":
        plan = solve(problem).to_json(problem)
    else:
        compact = read(problem)
        lines = make_lines(compact, [], 0)
        if {"greedy": greedy, "highs": highs, "cpsat": cpsat}[method](compact, lines) is False:
            return None
        plan = {**problem, "plays": plays_of(compact, lines, {})}
    seconds, processor = time.perf_counter() - wall, time.process_time() - cpu
    faults = verify(plan)
    return {
        "hard": sum(not f.soft and not f.past for f in faults),
        "soft": sum(f.soft for f in faults),
        "evenness": evenness(plan),
        "plays": len(plan["plays"]),
        "wall_s": round(seconds, 2),
        "cpu_s": round(processor + children_s(), 2),
        "memory_mb": memory_mb(),
    }


def greedy(problem: Any, lines: list[Any]) -> None:
    from scheduler.planner.search import Search

    Search(problem, lines).construct()


def highs(problem: Any, lines: list[Any]) -> None:
    """A day plan by integer programming, zone by zone and month by month, then laid session by session."""
    from scheduler.planner import bounds, guided
    from scheduler.planner.search import Search

    search = Search(problem, lines)
    firsts = [day for day in range(problem.days) if day == 0 or (problem.first_on + timedelta(day)).day == 1]
    months = list(zip(firsts, [*(first - 1 for first in firsts[1:]), problem.days - 1], strict=True))
    for zone in range(len(problem.zones)):
        alone = [line for line in lines if line.zones[0] == zone]
        laid: dict[int, list[tuple[int, int]]] = {}
        for month in months:
            for owner, places in bounds.together(
                problem, alone, zone, month, nodes=HIGHS_NODES
            ).layout.items():
                laid.setdefault(alone[owner].index, []).extend(places)
        guided.lay(search, zone, laid)


def cpsat(problem: Any, lines: list[Any]) -> bool:
    from planner_cpsat import cpsat as by_cpsat

    return by_cpsat(problem, lines, CPSAT_S)


def evenness(plan: dict[str, Any]) -> float | None:
    """Mean over (programme, zone) of the greatest deviation from the ideal places, in airings."""
    from scheduler.planner.entry import make_lines
    from scheduler.planner.reader import read

    compact = read(plan)
    first = compact.first_on
    by_programme: dict[str, dict[str, list[int]]] = {}
    for play in plan["plays"]:
        day = (date.fromisoformat(play["start"][:10]) - first).days
        hours, minutes, seconds = (int(part) for part in play["start"][11:].split(":"))
        at = day * 86_400 + hours * 3600 + minutes * 60 + seconds
        for zone in play["zones"]:
            by_programme.setdefault(play["programme"], {}).setdefault(zone, []).append(at)
    greatest = []
    for line in make_lines(compact, [], 0):
        for times in by_programme.get(line.programme.id, {}).values():
            if len(times) >= 2:
                line.number = len(times)
                greatest.append(max(line.dev(place, at) for place, at in enumerate(sorted(times))))
    return round(sum(greatest) / len(greatest), 4) if greatest else None


def memory_mb() -> float | None:
    try:
        import resource
    except ImportError:  # Windows
        return None
    return round(
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1 << 20),
        1,
    )


def children_s() -> float:
    times = os.times()
    return times.children_user + times.children_system


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="*", type=Path, help="plan problems (JSON)")
    parser.add_argument("--methods", default=",".join(METHODS))
    benchmark = Benchmark("planner", parser=parser)
    problems = (
        {file.stem: json.loads(file.read_text("utf-8")) for file in benchmark.options.files}
        if benchmark.options.files
        else made_up()
    )
    spawn = multiprocessing.get_context("spawn")
    methods = benchmark.options.methods.split(",")
    if "cpsat" in methods and not find_spec("ortools"):
        benchmark.say("CP-SAT is not installed here: left out (`uv pip install ortools` brings it)")
        methods.remove("cpsat")
    measured: dict[tuple[str, str], dict[str, Any] | None] = {}
    for name, problem in problems.items():
        for method in methods:
            result = run_alone(spawn, problem, method)
            measured[name, method] = result
            if result is None:
                benchmark.figure(f"{name}.{method}", f"no plan: {cap(method)}")
                continue
            for key, value in result.items():
                benchmark.figure(f"{name}.{method}.{key}", value)
            if method == "ours":
                hard, soft, even, seconds, memory = LIMITS.get(name, (0, 0, None, None, None))
                benchmark.at_most(f"{name}.hard", result["hard"], hard)
                if soft is not None:
                    benchmark.at_most(f"{name}.soft", result["soft"], soft)
                if even is not None:
                    benchmark.at_most(f"{name}.evenness", result["evenness"] or 0.0, even)
                if seconds is not None:
                    benchmark.at_most(f"{name}.wall_s", result["wall_s"], seconds)
                if memory is not None and result["memory_mb"] is not None:
                    benchmark.at_most(f"{name}.memory_mb", result["memory_mb"], memory)
    if benchmark.options.write:
        benchmark.options.write = False
        write(measured, benchmark.bars)
    return benchmark.finish()


def cap(method: str) -> str:
    """In what time a method made no plan."""
    return f"{CPSAT_S:.0f} s of search" if method == "cpsat" else f"{LONGEST_S:.0f} s"


def write(measured: dict[tuple[str, str], dict[str, Any] | None], bars: dict[str, dict[str, Any]]) -> None:
    """The side-by-side table and the bars into docs/benchmarks.md, beside the rows that stand there already."""
    text = DOCS.read_text("utf-8") if DOCS.exists() else "# Benchmarks\n"
    found = re.search(r"^## planner\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    rows: dict[tuple[str, ...], str] = {}
    for line in found.group(1).splitlines() if found else []:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[0] not in {"instance", "bar"} and not cells[0].startswith("---"):
            rows[(cells[0], cells[1]) if cells[1] in METHODS else (cells[0],)] = line
    for (name, method), result in measured.items():
        values = [f"no plan in {cap(method)}", *[""] * (len(COLUMNS) - 1)]
        if result is not None:
            values = ["" if result[key] is None else str(result[key]) for key, _ in COLUMNS]
        rows[name, method] = f"| {name} | {method} | {' | '.join(values)} |"
    for name, bar in bars.items():
        verdict = "holds" if bar["ok"] else "**not met**"
        rows[name,] = f"| {name} | {bar['value']} | {bar['limit']} | {verdict} |"
    known = {name: place for place, name in enumerate(INSTANCES)}

    def order(key: tuple[str, ...]) -> tuple[int, str, int]:
        instance = key[0].split(".")[0]
        return known.get(instance, 99), instance, METHODS.index(key[1]) if len(key) > 1 else 0

    section = [
        "## planner",
        "",
        f"`python benchmarks/planner.py PROBLEM.json ... --write` on {machine()}. CP-SAT has {CPSAT_S:.0f} s of search per",
        f"instance, greedy and HiGHS {LONGEST_S:.0f} s. `hard` counts violated rules (a play on six zones may count six",
        "times), `evenness` is the mean of the greatest deviations: less is better. The three beside ours are plain: greedy",
        "mends nothing; HiGHS knows obligations by whole days, neither targets nor places; CP-SAT begins from greedy.",
        "",
        f"| instance | method | {' | '.join(title for _, title in COLUMNS)} |",
        "|---" * (len(COLUMNS) + 2) + "|",
        *[rows[key] for key in sorted((k for k in rows if len(k) == 2), key=order)],
        "",
        "| bar of ours | value | limit | |",
        "|---|---|---|---|",
        *[
            rows[key]
            for key in sorted((k for k in rows if len(k) == 1), key=order)
            if key[0] != "bar of ours"
        ],
        "",
    ]
    whole = "\n".join(section)
    if found:
        text = text[: found.start()] + whole + "\n" + text[found.end() :]
    else:
        text = text.rstrip("\n") + "\n\n" + whole
    DOCS.write_text(text.rstrip("\n") + "\n", "utf-8")


def run_alone(context: Any, problem: dict[str, Any], method: str) -> dict[str, Any] | None:
    """`run` in a process of its own; None when it did not end in time or died (out of memory)."""
    answers, question = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(question, problem, method))
    process.start()
    question.close()
    try:
        result: dict[str, Any] | None = answers.recv() if answers.poll(LONGEST_S) else None
    except EOFError:
        result = None
    if result is None and method == "ours":
        process.kill()
        raise RuntimeError("our own planner gave no plan")
    if result is None:
        process.kill()
    process.join()
    return result


def _answer(question: Any, problem: dict[str, Any], method: str) -> None:
    question.send(run(problem, method))


if __name__ == "__main__":
    sys.exit(main())
