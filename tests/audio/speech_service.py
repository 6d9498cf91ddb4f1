"""A loopback stand-in for the speech service: real TLS, the real protocol, reached through a real CONNECT proxy."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import json
import select
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from audio.ffmpeg import ffmpeg_path

HOST = "translate.google.com"


def make_certificates(folder: Path, host: str = HOST, *, trusted: bool = True) -> tuple[Path, Path]:
    """(CA bundle, server key and certificate); with `trusted` false the server's is signed by another CA."""
    now = dt.datetime.now(dt.UTC)

    def build(name: str, key: Any, issuer: Any, issuer_key: Any, *, ca: bool) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(issuer or subject)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
            )
        )  # fmt: skip
        if not ca:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        else:
            builder = builder.add_extension(
                x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True
            )
        return builder.sign(issuer_key, hashes.SHA256())

    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca = build("Loa test CA", ca_key, None, ca_key, ca=True)
    signer_key, signer = ca_key, ca
    if not trusted:
        signer_key = ec.generate_private_key(ec.SECP256R1())
        signer = build("Somebody in between", signer_key, None, signer_key, ca=True)
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = build(host, key, signer.subject, signer_key, ca=False)
    bundle, server = folder / "ca.pem", folder / "server.pem"
    bundle.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    server.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + leaf.public_bytes(serialization.Encoding.PEM)
    )
    return bundle, server


def make_mp3(seconds: float, pitch_hz: int = 440) -> bytes:
    """A tone as the service would send a voice: MP3, 24 kHz, mono."""
    return subprocess.run(
        [
            ffmpeg_path(), "-v", "error", "-f", "lavfi", "-i", f"sine=f={pitch_hz}:d={seconds}:r=24000",
            "-c:a", "libmp3lame", "-b:a", "64k", "-f", "mp3", "-",
        ],
        check=True, capture_output=True,
    ).stdout  # fmt: skip


@dataclass
class SpeechService:
    """Answers each request as `faults` says (one a request, then well); remembers what it was asked and what it spoke."""

    server_pem: Path
    mp3: bytes
    faults: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)
    tls_connections: int = 0
    proxy_url: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _closing: list[Any] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def start(self) -> SpeechService:
        service = self

        class Handler(_Handler):
            owner = service

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server_pem)
        server = _TlsServer(("127.0.0.1", 0), Handler)
        server.context, server.owner = context, self
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        proxy = _ConnectProxy(server.server_address[1])
        self.proxy_url = f"http://127.0.0.1:{proxy.port}"
        self._closing = [server, proxy]
        return self

    def stop(self) -> None:
        self.done.set()
        server, proxy = self._closing
        server.shutdown()
        server.server_close()
        proxy.close()


class _TlsServer(ThreadingHTTPServer):
    daemon_threads = True
    context: ssl.SSLContext
    owner: SpeechService

    def finish_request(self, request: Any, client_address: Any) -> None:
        try:
            wrapped = self.context.wrap_socket(request, server_side=True)
        except (ssl.SSLError, OSError):
            return
        self.owner.tls_connections += 1
        with contextlib.suppress(OSError, ssl.SSLError):
            self.RequestHandlerClass(wrapped, client_address, self)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A cut connection is what the tests ask for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: SpeechService

    def log_message(self, *_args: Any) -> None:
        """Silent."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        form = urllib.parse.parse_qs(body.decode())
        call = json.loads(form["f.req"][0])[0][0]
        assert call[0] == "jQ1olc"
        text = json.loads(call[1])[0]
        with self.owner._lock:
            self.owner.asked.append(text)
            fault = self.owner.faults.pop(0) if self.owner.faults else "speak"
        getattr(self, f"_{fault.replace('-', '_')}", self._status_code)(text, fault)

    def _speak(self, text: str, _fault: str) -> None:
        reply = self._reply(json.dumps([base64.b64encode(self.owner.mp3).decode()]))
        with self.owner._lock:
            self.owner.spoken.append(text)
        self._send(200, reply)

    def _without_audio(self, _text: str, _fault: str) -> None:
        self._send(200, self._reply(None))

    def _short_audio(self, _text: str, _fault: str) -> None:
        self._send(200, self._reply(json.dumps([base64.b64encode(self.owner.mp3[:600]).decode()])))

    def _status_code(self, _text: str, fault: str) -> None:
        self._send(int(fault), b"no", {"Retry-After": "7"} if fault == "429" else {})

    def _429_date(self, _text: str, _fault: str) -> None:
        """Come back in nine seconds; by a clock that is years away from ours."""
        self.send_response_only(429)
        self.send_header("Date", "Mon, 04 Mar 2030 05:06:07 GMT")
        self.send_header("Retry-After", "Mon, 04 Mar 2030 05:06:16 GMT")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _429_odd(self, _text: str, _fault: str) -> None:
        self._send(429, b"no", {"Retry-After": "\xb2"})

    def _portal_page(self, _text: str, _fault: str) -> None:
        self._send(200, b"<html><body>Welcome to the hotel. Please log in.</body></html>")

    def _portal_redirect(self, _text: str, _fault: str) -> None:
        self._send(302, b"", {"Location": "http://login.example/"})

    def _cut_before(self, _text: str, _fault: str) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _cut_inside(self, _text: str, _fault: str) -> None:
        reply = self._reply(json.dumps([base64.b64encode(self.owner.mp3).decode()]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply[: len(reply) // 2])
        self.wfile.flush()
        self._cut_before("", "")

    def _drip_body(self, _text: str, _fault: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self._drip(b" ")

    def _drip_head(self, _text: str, _fault: str) -> None:
        self._drip(b"H")

    def _drip(self, byte: bytes) -> None:
        self.close_connection = True
        for _n in range(600):
            if self.owner.done.wait(0.05):
                return
            self.wfile.write(byte)
            self.wfile.flush()

    def _flood(self, _text: str, _fault: str) -> None:
        self.close_connection = True
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b")]}'\n")
        for _n in range(200):
            self.wfile.write(b"x" * 65_536)

    def _reply(self, inner: str | None) -> bytes:
        line = json.dumps([["wrb.fr", "jQ1olc", inner, None, None, None, "generic"]], separators=(",", ":"))
        return f")]}}'\n\n{len(line)}\n{line}\n".encode()

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class _ConnectProxy:
    """CONNECT to any host ends at the loopback server."""

    def __init__(self, server_port: int) -> None:
        self.server_port = server_port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self.listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _address = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def _relay(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                more = client.recv(4096)
                if not more:
                    return
                head += more
            assert head.startswith(f"CONNECT {HOST}:443 ".encode())
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with socket.create_connection(("127.0.0.1", self.server_port)) as server:
                pair = {client: server, server: client}
                while True:
                    for ready in select.select(list(pair), [], [], 60)[0]:
                        block = ready.recv(65_536)
                        if not block:
                            return
                        pair[ready].sendall(block)


def waits() -> tuple[list[float], Any]:
    """A `sleep` that only remembers, and what it remembered."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        time.sleep(0)

    return slept, sleep
