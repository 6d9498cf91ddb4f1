"""Icecast: a source for listeners on the network and for communes that relay us."""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
import time
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from audio.outputs.fed_output import FedOutput
from audio.outputs.output import OutputError
from audio.outputs.process_sink import ProcessSink, encoder
from content.errors import Told
from content.language import N_

CODECS = {
    "mp3": ("-c:a", "libmp3lame", "-b:a", "96k", "-write_xing", "0", "-f", "mp3"),
    "opus": ("-c:a", "libopus", "-b:a", "64k", "-f", "ogg", "-page_duration", "100000"),
}
TYPES = {"mp3": "audio/mpeg", "opus": "application/ogg"}
CONNECT_S = 5.0
ANSWER_S = 10.0
"""A server that asks another one who may send takes its time."""
STALL_S = 3.0
"""A line that takes nothing for so long is lost."""
UNSENT_BYTES = 16_384
"""What the system may keep of ours before it is sent: little, so that a line that stalls is noticed. Left to itself it
keeps megabytes, minutes of sound; 16 kB are 1.4 s, and enough for any distance at these rates."""
CHUNK_BYTES = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """Where a source goes."""

    host: str
    port: int
    path: str
    user: str
    password: str

    def request(self, content_type: str) -> bytes:
        """The head of a source's request (Icecast 2.4 and later)."""
        pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        host = f"[{self.host}]" if ":" in self.host else self.host
        lines = [
            f"PUT {self.path} HTTP/1.1", f"Host: {host}:{self.port}", f"Authorization: Basic {pair}",
            "User-Agent: Loa", f"Content-Type: {content_type}", "Ice-Public: 0", "Expect: 100-continue", "", "",
        ]  # fmt: skip
        return "\r\n".join(lines).encode("ascii")


class IcecastSink:
    """One connection: an encoder, and a thread that sends what it makes."""

    def __init__(self, mount: Mount, codec: str) -> None:
        self._trouble: str | None = None
        self._line = _connected(mount, TYPES[codec])
        try:
            self._encoder = ProcessSink(encoder(*CODECS[codec], "pipe:1"), piped=True)
        except BaseException:
            self._line.close()
            raise
        self._thread = threading.Thread(target=self._carry, name="loa-icecast", daemon=True)
        self._thread.start()

    def send(self, pcm: bytes) -> None:
        if self._trouble is not None:
            raise OSError(self._trouble)
        try:
            self._encoder.send(pcm)
        except OSError as error:
            raise OSError(self._trouble or str(error)) from error

    def close(self) -> None:
        self._encoder.close()
        self._thread.join(timeout=0.5)  # what the encoder gave last
        with contextlib.suppress(OSError):  # a thread that is sending wakes up
            self._line.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout=5)
        self._line.close()

    def _carry(self) -> None:
        """Send what the encoder makes; the encoder ends with the line."""
        trouble = None
        with self._encoder.made as made:
            try:
                while data := made.read(CHUNK_BYTES):
                    self._line.sendall(data)  # its limit is of the whole call
            except TimeoutError:
                trouble = "the server takes nothing"
            except OSError as error:
                trouble = error.strerror or str(error)
            if trouble is not None:
                self._trouble = trouble
                self._encoder.end()


class IcecastOutput(FedOutput):
    """A source for one mount, connected again when the line is lost."""

    def __init__(self, name: str, mount: Mount, codec: str) -> None:
        super().__init__(name)
        self.mount, self.codec = mount, codec

    def connect(self) -> IcecastSink:
        return IcecastSink(self.mount, self.codec)


def icecast_output(name: str, url: str, codec: str) -> IcecastOutput:
    """A source for `url`, icecast://source:PASSWORD@HOST:PORT/MOUNT, as MP3 (default) or Opus.

    Raises:
        OutputError: the address is not one of that kind, or the codec is not for Icecast.
    """
    mount = _mount(url)
    if mount is None:
        before, mark, rest = url.rpartition("@")  # never the password, wherever in it a mark is wrong
        raise OutputError(
            output=name, reason=f"url = {'…' if mark else before}{rest}",
            remedy=Told(N_("write it as icecast://source:PASSWORD@HOST:8000/MOUNT in config.toml")),
        )  # fmt: skip
    if (codec or "mp3") not in CODECS:
        raise OutputError(
            output=name, reason=f"codec = {codec}", remedy=Told(N_("choose mp3 or opus for Icecast"))
        )
    return IcecastOutput(name, mount, codec or "mp3")


def _mount(url: str) -> Mount | None:
    """Where `url` leads, its host as the network writes it (IDNA); None when it is no address of ours."""
    try:
        parts = urlsplit(url)
        if parts.scheme != "icecast" or not parts.hostname or not parts.path.strip("/"):
            return None
        mount = Mount(
            host=parts.hostname.encode("idna").decode("ascii"), port=parts.port or 8000,
            path=quote(parts.path, safe="/%:@!$&'()*+,;=~"),
            user=unquote(parts.username or "source"), password=unquote(parts.password or ""),
        )  # fmt: skip
        mount.request("")
    except ValueError:
        return None
    return mount


def _connected(mount: Mount, content_type: str) -> socket.socket:
    """A line on which the server waits for sound. Raises OSError."""
    line = socket.create_connection((mount.host, mount.port), timeout=CONNECT_S)
    try:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNSENT_BYTES)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.sendall(mount.request(content_type))
        answer = _head(line).decode("latin-1")
        words = answer.split(None, 2)
        if len(words) < 2 or not words[0].startswith(("HTTP/", "ICY")) or words[1] not in ("100", "200"):
            raise OSError(answer[:100] or "no answer")
        line.settimeout(STALL_S)
    except BaseException:
        line.close()
        raise
    return line


def _head(line: socket.socket) -> bytes:
    """The first line of the server's answer; the rest of its head is taken off the line."""
    head = b""
    end = time.monotonic() + ANSWER_S
    while not head.endswith((b"\r\n\r\n", b"\n\n")) and len(head) < 8192:
        line.settimeout(max(0.01, end - time.monotonic()))  # of the whole answer, however it drips
        byte = line.recv(1)
        if not byte:
            break
        head += byte
    return head.partition(b"\n")[0].rstrip(b"\r")
