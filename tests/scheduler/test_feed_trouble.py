"""What stands between a station and its feed: login pages, lost lines, full disks, odd tokens, each told in words."""

import contextlib
import http.server
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from content.atomic import DiskFullError
from content.station import Station
from scheduler.exchange.errors import FeedCertificateError, FeedError, FeedTokenError
from scheduler.exchange.feed_client import STRANGER, FeedClient, read_token
from scheduler.exchange.feed_serve import serve

SHA256 = "ab" * 32


@contextlib.contextmanager
def answering(status: int, body: bytes, **headers: str) -> Iterator[str]:
    """A server that gives this one answer to everything."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_facts: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def client(url: str, token: str = "t") -> FeedClient:
    return FeedClient(url, token, sleep=lambda _s: None, tries=2)


LOGIN = b"<html><title>Dang nhap Wi-Fi</title></html>"


def test_a_login_page_is_told_as_such_and_spoils_nothing_that_is_here(tmp_path: Path) -> None:
    part = tmp_path / "sound.mp3.part"
    part.write_bytes(b"half of it")
    with answering(200, LOGIN, Content_Type="text/html") as url:
        for ask in (
            client(url).packages,
            lambda: client(url).manifest("plan"),
            lambda: client(url).fetch(SHA256, 1000, tmp_path / "sound.mp3"),
        ):
            with pytest.raises(FeedError) as caught:
                ask()
            assert caught.value.facts["reason"] == STRANGER
    assert part.read_bytes() == b"half of it"


def test_a_redirect_is_not_followed_with_the_token_in_hand(tmp_path: Path) -> None:
    with answering(200, b"[]") as elsewhere, answering(302, b"", Location=f"{elsewhere}/v1/packages") as url:
        with pytest.raises(FeedError) as caught:
            client(url).packages()
        assert caught.value.facts["reason"] == STRANGER


def test_a_dead_line_and_a_sick_server_are_told_in_words(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: no other server can come by this port
        with pytest.raises(FeedError, match="no connection"):
            client(f"http://127.0.0.1:{nobody.getsockname()[1]}").packages()
    with answering(503, b"") as url, pytest.raises(FeedError, match="HTTP 503"):
        client(url).packages()


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[1]",
        b'[{"lane": 1}]',
        b"null",
        b"\xff",
        b'"x"',
        b"[" * 100_000,
        b"[" + b" " * 2_000_000 + b"]",
    ],
    ids=["object", "number", "lane", "null", "no text", "text", "deep", "without end"],
)
def test_nonsense_from_the_feed_is_refused(body: bytes) -> None:
    with answering(200, body) as url, pytest.raises(FeedError):
        client(url).packages()
        client(url).manifest("plan")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told_and_what_is_here_stays(tmp_path: Path) -> None:
    (tmp_path / "sound.mp3.part").symlink_to("/dev/full")
    body = b"x" * 100_000
    with answering(200, body, ETag=f'"{SHA256}"') as url, pytest.raises(DiskFullError):
        client(url).fetch(SHA256, len(body), tmp_path / "sound.mp3")


@pytest.mark.parametrize("token", ["mã", "a\nb", "a\x00"])
def test_a_token_that_none_can_be_is_refused_at_once(token: str) -> None:
    with pytest.raises(FeedTokenError):
        client("http://127.0.0.1:1", token)


@pytest.mark.parametrize("written", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_token_is_read_from_a_file_as_notepad_and_powershell_write_it(tmp_path: Path, written: str) -> None:
    (tmp_path / "token.txt").write_bytes("ab_c-9\r\n".encode(written))
    assert read_token(tmp_path / "token.txt", "https://centre.example") == "ab_c-9"


def test_a_token_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "token.txt").write_bytes(b"a\xff\xfe")
    with pytest.raises(FeedTokenError):
        read_token(tmp_path / "token.txt", "https://centre.example")


def test_a_certificate_that_is_none_is_told_before_anything_is_said_to_be_served(
    new_station: Callable[..., Station], tmp_path: Path
) -> None:
    pem = tmp_path / "cert.pem"
    pem.write_text("no certificate", "ascii")
    said: list[str] = []
    with pytest.raises(FeedCertificateError, match=r"cert\.pem"):
        serve(
            new_station("centre"), host="127.0.0.1", port=0, certificate=pem, key=pem, insecure=False,
            started=said.append,
        )  # fmt: skip
    assert said == []
