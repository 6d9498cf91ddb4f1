"""A feed that really listens on loopback, and a line to it that breaks."""

import contextlib
import random
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from content.station import Station
from scheduler.exchange.feed_app import feed_app
from scheduler.exchange.feed_line import PromptProtocol


@contextlib.contextmanager
def serving(station: Station, folder: Path) -> Iterator[str]:
    """The feed of `station` on a free port; yields its address."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=600)
    server = uvicorn.Server(
        uvicorn.Config(
            feed_app(station, folder),
            http=PromptProtocol,
            log_level="critical",
            access_log=False,
            lifespan="off",
        )
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        server.force_exit = True
        thread.join(60)
        listening.close()


class BrokenLine:
    """Passes bytes on to `url` and cuts connections after a random number of them, `cuts` times in all."""

    def __init__(self, url: str, *, cuts: int, share: float = 1.0, seed: int = 1) -> None:
        self.target = ("127.0.0.1", int(url.rpartition(":")[2]))
        self.cuts, self.share, self.made = cuts, share, 0
        self.chance = random.Random(seed)
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self.listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _address = self.listening.accept()
                threading.Thread(target=self._pass_on, args=(near,), daemon=True).start()

    def _limit(self) -> int | None:
        with self._lock:
            if self.made < self.cuts and self.chance.random() < self.share:
                self.made += 1
                return self.chance.randint(1, 30_000)
        return None

    def _pass_on(self, near: socket.socket) -> None:
        limit = self._limit()
        with contextlib.suppress(OSError), near, socket.create_connection(self.target) as far:
            threading.Thread(target=_copy, args=(near, far, None), daemon=True).start()
            _copy(far, near, limit)


def _copy(source: socket.socket, target: socket.socket, limit: int | None) -> None:
    with contextlib.suppress(OSError):
        passed = 0
        while content := source.recv(4096):
            if limit is not None and passed + len(content) > limit:
                target.sendall(content[: limit - passed])
                break
            target.sendall(content)
            passed += len(content)
        target.shutdown(socket.SHUT_RDWR)
