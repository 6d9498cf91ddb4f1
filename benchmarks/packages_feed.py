"""The feed under load: many stations pulling at once over a line that breaks, and the same files from nginx.

The server is a process of its own (`loa feed serve`); the pullers are threads of a few processes, each a small HTTP
client of its own so that the measurement is the server's.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
import os
import random
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from report import Benchmark

from audio.packages.manifest import split_text
from content.station import Station, init_station
from scheduler.exchange import communes
from scheduler.exchange.feed_serve import feed_folder, publish
from tests.scheduler.a_centre import FROM, NOW, UNTIL, plan_month

SOUND_BYTES = 400_000
ROOT = Path(__file__).resolve().parents[1]


def measure_feed(bench: Benchmark, work: Path) -> None:
    """p95 of the manifest call and throughput, ours and nginx; then everyone at once with cut connections."""
    pullers = bench.options.pullers
    centre = init_station(work / "feed-centre")
    plan_month(centre, programmes=6, sound=lambda name: random.Random(name).randbytes(SOUND_BYTES))
    tokens = {}
    with centre.decide() as session:
        for n in range(pullers):
            row = communes.add(session, name=f"Xã {n}", code=f"xa-{n}", now=NOW)
            tokens[row.code] = communes.new_token(row)
    publish(centre, FROM, UNTIL, now=NOW)
    sounds = _sounds(feed_folder(centre) / "plan" / "xa-0")
    with _our_server(centre) as port:
        _warm(port, tokens)
        _both(
            bench,
            "feed",
            port,
            tokens,
            [(f"/v1/file/{sha256}", sha256) for sha256, _path in sounds],
            "/v1/manifest/plan",
        )
        _everyone(bench, port, tokens)
    if nginx := shutil.which("nginx"):
        with _nginx(nginx, work, feed_folder(centre) / "plan") as port:
            paths = [(f"/xa-0/{path}", sha256) for sha256, path in sounds]
            _both(bench, "nginx", port, tokens, paths, "/{code}/manifest.json")
        ours, theirs = bench.figures["feed_throughput_mb_s"], bench.figures["nginx_throughput_mb_s"]
        bench.figure("throughput_to_nginx", ours / theirs)
        bench.figure(
            "manifest_p95_to_nginx",
            bench.figures["feed_manifest_p95_ms"] / bench.figures["nginx_manifest_p95_ms"],
        )
    centre.close()


def _sounds(folder: Path) -> list[tuple[str, str]]:
    manifest = json.loads((folder / "manifest.json").read_bytes())
    return [(entry["sha256"], entry["path"]) for entry in manifest["audio"]]


def _shared(text: bytes) -> dict:  # type: ignore[type-arg]
    """The second of the two texts in a signed manifest."""
    return json.loads(split_text(text)[1])


@contextlib.contextmanager
def _our_server(centre: Station) -> Iterator[int]:
    port = _free_port()
    command = [
        sys.executable,
        str(ROOT / "cli.py"),
        "-C",
        str(centre.folder),
        "feed",
        "serve",
        "--port",
        str(port),
    ]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(20)


@contextlib.contextmanager
def _nginx(program: str, work: Path, folder: Path) -> Iterator[int]:
    port = _free_port()
    home = work / "nginx"
    home.mkdir()
    for parent in (work, home, *folder.parents):
        if str(parent).startswith(str(work)):
            parent.chmod(0o755)
    config = home / "nginx.conf"
    config.write_text(
        f"daemon off; worker_processes 1; pid {home}/pid; error_log {home}/error.log; user root;\n"
        "events { worker_connections 2048; }\n"
        f"http {{ access_log off; sendfile on; server {{ listen 127.0.0.1:{port} backlog=1024; root {folder}; }} }}\n"
    )
    process = subprocess.Popen([program, "-p", str(home), "-c", str(config)], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _both(
    bench: Benchmark,
    name: str,
    port: int,
    tokens: dict[str, str],
    files: list[tuple[str, str]],
    manifest: str,
) -> None:
    """The manifest call of every station at once, and the throughput of the sounds."""
    jobs = [(code, token, manifest.replace("{code}", code)) for code, token in tokens.items()]
    took = sorted(_in_processes(_manifest_calls, port, jobs))
    bench.figure(f"{name}_manifest_p50_ms", took[len(took) // 2] * 1000)
    bench.figure(f"{name}_manifest_p95_ms", took[int(len(took) * 0.95)] * 1000)
    token = tokens["xa-0"]
    work = [(path, sha256, token) for path, sha256 in files] * 60
    start = time.perf_counter()
    sizes = _in_processes(_downloads, port, work)
    bench.figure(f"{name}_throughput_mb_s", sum(sizes) / 1e6 / (time.perf_counter() - start))


def _everyone(bench: Benchmark, port: int, tokens: dict[str, str]) -> None:
    """All stations pull all their sounds at once; a third of the connections is cut at random."""
    start = time.perf_counter()
    urgent: list[float] = []
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            began = time.perf_counter()
            with contextlib.suppress(OSError):
                _get(port, "/v1/packages", tokens["xa-0"])
                urgent.append(time.perf_counter() - began)
            time.sleep(0.05)

    slow = [_stalled(port, tokens["xa-1"]) for _n in range(50)]
    watcher = threading.Thread(target=watch)
    watcher.start()
    results = _in_processes(_whole_pulls, port, list(tokens.items()))
    stop.set()
    watcher.join()
    for connection in slow:
        connection.close()
    digests = {digest for digest, _cuts, _bytes in results}
    bench.figure("pullers", len(tokens))
    bench.figure("everyone_wall_s", time.perf_counter() - start)
    bench.figure(
        "everyone_mb_s", sum(size for _digest, _cuts, size in results) / 1e6 / (time.perf_counter() - start)
    )
    bench.figure("connections_cut", sum(cuts for _digest, cuts, _bytes in results))
    urgent.sort()
    bench.figure("urgent_look_p95_ms_under_load", urgent[int(len(urgent) * 0.95)] * 1000)
    bench.at_least("stations_that_finished", len(results), len(tokens))
    bench.at_most("different_results", len(digests), 1)
    bench.at_most("urgent_look_p95_s_under_load", urgent[int(len(urgent) * 0.95)], 5.0)


def _stalled(port: int, token: str) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    sha256 = _shared(_get(port, "/v1/manifest/plan", token))["audio"][0]["sha256"]
    connection.sendall(
        f"GET /v1/file/{sha256} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    )
    return connection


def _in_processes(task, port: int, jobs: list) -> list:  # type: ignore[no-untyped-def,type-arg]
    """Run `task` on every job, many at once."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        parts = [(port, jobs[at::2]) for at in range(2)]
        return [result for part in pool.starmap(task, parts) for result in part]


def _threads(work, jobs: list) -> list:  # type: ignore[no-untyped-def,type-arg]
    results: list = []  # type: ignore[type-arg]
    threads = [threading.Thread(target=lambda job=job: results.append(work(job))) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def _manifest_calls(port: int, jobs: list[tuple[str, str, str]]) -> list[float]:
    def call(job: tuple[str, str, str]) -> float:
        start = time.perf_counter()
        _get(port, job[2], job[1])
        return time.perf_counter() - start

    return _threads(call, jobs)


def _downloads(port: int, jobs: list[tuple[str, str, str]]) -> list[int]:
    sizes = []

    def some(part: list[tuple[str, str, str]]) -> None:
        for path, sha256, token in part:
            content = _get(port, path, token)
            assert hashlib.sha256(content).hexdigest() == sha256
            sizes.append(len(content))

    _threads(some, [jobs[at::8] for at in range(8)])
    return sizes


def _whole_pulls(port: int, jobs: list[tuple[str, str]]) -> list[tuple[str, int, int]]:
    def pull(job: tuple[str, str]) -> tuple[str, int, int]:
        code, token = job
        chance = random.Random(code)
        cuts = size = 0
        body = _shared(_patiently(port, "/v1/manifest/plan", token))
        digests = []
        for entry in body["audio"]:
            kept = b""
            while len(kept) < entry["size"]:
                limit = chance.randint(1, entry["size"]) if chance.random() < 0.33 and cuts < 10 else None
                cuts += limit is not None
                kept += _patiently(port, f"/v1/file/{entry['sha256']}", token, start=len(kept), limit=limit)
            digests.append(hashlib.sha256(kept).hexdigest())
            assert digests[-1] == entry["sha256"]
            size += len(kept)
        return hashlib.sha256("".join(digests).encode()).hexdigest(), cuts, size

    return _threads(pull, jobs)


def _patiently(port: int, path: str, token: str, *, start: int = 0, limit: int | None = None) -> bytes:
    for turn in range(30):
        try:
            return _get(port, path, token, start=start, limit=limit)
        except OSError:
            time.sleep(0.1 * (turn + 1))
    return _get(port, path, token, start=start, limit=limit)


def _get(port: int, path: str, token: str, *, start: int = 0, limit: int | None = None) -> bytes:
    """The body of one GET; with `limit` the connection is cut after so many bytes of it."""
    with socket.create_connection(("127.0.0.1", port), timeout=120) as connection:
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nRange: bytes={start}-\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        reply = bytearray()
        while chunk := connection.recv(1 << 16):
            reply += chunk
            head, blank, _body = bytes(reply[:4096]).partition(b"\r\n\r\n")
            if limit is not None and blank and len(reply) - len(head) - 4 >= limit:
                return bytes(reply[len(head) + 4 : len(head) + 4 + limit])
        head, _blank, _body = bytes(reply[:4096]).partition(b"\r\n\r\n")
        if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 206")):
            raise OSError(head[:80].decode("latin-1"))
        return bytes(reply[len(head) + 4 :])


def _warm(port: int, tokens: dict[str, str]) -> None:
    for token in list(tokens.values())[:5]:
        _get(port, "/v1/manifest/plan", token)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    for _turn in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens on {port} ({os.getpid()})")
