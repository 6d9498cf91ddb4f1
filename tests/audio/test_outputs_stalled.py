"""A line to Icecast that stalls without breaking: noticed within seconds, told, and taken up again."""

import base64
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from audio.outputs.icecast_output import STALL_S, UNSENT_BYTES, IcecastOutput, Mount, icecast_output
from audio.outputs.output import RATE_HZ, OutputError

BLOCK = bytes(RATE_HZ // 50 * 2)
PATIENCE_S = 60.0


def wait_for(check: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not check():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)


class Caster:
    """A server that takes sources, and may stop reading without closing the line."""

    def __init__(self) -> None:
        self.door = socket.socket()
        self.door.setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVBUF, 4096
        )  # what the other system takes on its own
        self.door.bind(("127.0.0.1", 0))
        self.door.listen()
        self.port: int = self.door.getsockname()[1]
        self.reads = threading.Event()
        self.reads.set()
        self.over = threading.Event()
        self.answer = b"HTTP/1.1 100 Continue\r\n\r\n"
        self.requests: list[bytes] = []
        self.taken = 0
        self.lines: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                line, _address = self.door.accept()
            except OSError:
                return
            self.lines.append(line)
            threading.Thread(target=self._take, args=(line,), daemon=True).start()

    def _take(self, line: socket.socket) -> None:
        try:
            request = b""
            while b"\r\n\r\n" not in request:
                request += line.recv(1000)
            self.requests.append(request)
            line.sendall(self.answer)
            while self.reads.wait(PATIENCE_S) and (data := line.recv(1000)):
                self.taken += len(data)
        except OSError:
            return

    def close(self) -> None:
        self.reads.set()
        for line in (self.door, *self.lines):
            line.close()


@pytest.fixture
def caster() -> Iterator[Caster]:
    server = Caster()
    yield server
    server.close()


def source(port: int, path: str = "/loa") -> IcecastOutput:
    return icecast_output("net", f"icecast://source:hack%20me@127.0.0.1:{port}{path}", "mp3")


def test_a_line_that_takes_nothing_is_lost_within_seconds_and_taken_up_again(caster: Caster) -> None:
    output = source(caster.port)
    output.open()
    try:
        wait_for(lambda: output.trouble is None and caster.taken)
        before = output.losses
        caster.reads.clear()
        stream = output.start("x", None)  # type: ignore[arg-type]
        given = 0
        end = time.monotonic() + PATIENCE_S
        while stream.write(BLOCK):  # it says so as soon as the line is lost
            given += 1
            assert time.monotonic() < end, "a dead line is told as heard for ever"
            time.sleep(0.02)
        wait_for(lambda: output.losses > before)
        assert output.trouble
        # No more was told as heard than what the buffers hold and the limit of the line: by count, not by the clock.
        assert given * 0.02 < STALL_S + UNSENT_BYTES * 8 / 96_000 + 8
        caster.reads.set()
        taken = caster.taken
        wait_for(lambda: output.trouble is None and caster.taken > taken)
    finally:
        output.close()
    assert len(caster.requests) >= 2


def test_a_slow_line_that_still_takes_everything_is_not_lost(caster: Caster) -> None:
    output = source(caster.port)
    output.open()
    try:
        wait_for(lambda: output.trouble is None and caster.taken)
        losses = output.losses
        for _count in range(6):  # a hiccup of half a second, then all at once
            caster.reads.clear()
            time.sleep(0.5)
            caster.reads.set()
            taken = caster.taken
            wait_for(lambda taken=taken: caster.taken > taken + 6000)  # type: ignore[misc]
        assert output.losses == losses
    finally:
        output.close()


def test_a_source_names_itself_as_icecast_asks_and_keeps_its_password_out_of_every_command_line(
    caster: Caster,
) -> None:
    output = source(caster.port, "/đài phường")
    output.open()
    try:
        wait_for(lambda: output.trouble is None and caster.taken)
    finally:
        output.close()
    head = caster.requests[0].decode("ascii")
    assert head.startswith("PUT /%C4%91%C3%A0i%20ph%C6%B0%E1%BB%9Dng HTTP/1.1\r\n")
    assert "Authorization: Basic c291cmNlOmhhY2sgbWU=\r\n" in head  # source:hack me
    assert "Content-Type: audio/mpeg\r\n" in head
    assert "Expect: 100-continue\r\n" in head
    assert not [thread for thread in threading.enumerate() if thread.name == "loa-icecast"]


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.0 403 Mountpoint in use\r\n\r\n", b"HTTP/1.1 401 Unauthorized\r\nX: y\r\n\r\n", b"SSH-2.0-x\r\n", b""],
)  # fmt: skip
def test_a_server_that_wants_no_source_is_told(caster: Caster, answer: bytes) -> None:
    caster.answer = answer
    output = source(caster.port)
    output.open()
    try:
        if not answer.endswith(b"\r\n\r\n"):
            wait_for(lambda: caster.requests)
            for line in caster.lines:
                line.shutdown(socket.SHUT_RDWR)
        wait_for(lambda: output.losses)
        assert output.trouble
        if answer:
            assert answer.split(b"\r\n")[0].decode() in output.trouble
    finally:
        output.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://h/x", "icecast://h", "icecast://h:port/x", "icecast:///x", "icecast://[::1/x", "icecast://a..b/x",
        "icecast://source:p℀@h/x", "icecast://source:hidden/1@h/x", "icecast://source:hidden#1@h/x",
        "icecast://source:\ud800@h/x", "icecast://h/\ud800", "",
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(OutputError, match="icecast://source:PASSWORD@") as raised:
        icecast_output("net", url, "")
    assert "hidden" not in str(raised.value)


def test_an_address_in_full_is_understood() -> None:
    output = icecast_output("net", "icecast://loa:p%40ss@[::1]/x", "opus")
    assert output.mount == Mount(host="::1", port=8000, path="/x", user="loa", password="p@ss")
    assert b"Host: [::1]:8000\r\n" in output.mount.request("application/ogg")


def test_a_host_with_marks_is_asked_for_as_the_network_writes_it() -> None:
    mount = icecast_output("net", "icecast://source:mật khẩu@đài.vn/x", "mp3").mount
    assert mount.host == "xn--i-rfa0m.vn"
    request = mount.request("audio/mpeg")
    assert b"Host: xn--i-rfa0m.vn:8000\r\n" in request
    assert base64.b64encode("source:mật khẩu".encode()) in request


@pytest.mark.parametrize(
    "answer", [b"ICY 200 OK\nicy-x: y\n\n", b"HTTP/1.1 100 Continue\r\nServer: y\r\n\r\n"]
)
def test_an_old_servers_answer_is_understood_too(caster: Caster, answer: bytes) -> None:
    caster.answer = answer
    output = source(caster.port)
    output.open()
    try:
        wait_for(lambda: output.trouble is None and caster.taken)
    finally:
        output.close()
