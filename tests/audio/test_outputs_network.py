"""RTP and Icecast, decoded at the far end: what a listener hears is what was sent, from its first sample on."""

from __future__ import annotations

import base64
import os
import shutil
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from test_outputs import free_port, likeness_of, play, speechlike, wait_for, wait_until_working

from audio.ffmpeg import ffmpeg_path
from audio.outputs.file_output import FileOutput
from audio.outputs.icecast_output import icecast_output
from audio.outputs.opening import close_all, open_all
from audio.outputs.output import RATE_HZ
from audio.outputs.rtp_output import rtp_output, session_description


class Ear:
    """ffmpeg as a listener: everything that it decoded, as house PCM."""

    def __init__(self, *source: str) -> None:
        self.heard = bytearray()
        self.process = subprocess.Popen(
            [
                ffmpeg_path(), "-hide_banner", "-nostdin", "-loglevel", "error", "-fflags", "nobuffer", *source,
                "-f", "s16le", "-ac", "1", "-ar", str(RATE_HZ), "-flush_packets", "1", "pipe:1",
            ],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        while data := self.process.stdout.read1(4096):  # type: ignore[attr-defined]
            self.heard += data

    def wait_for_sound(self, frames: int) -> None:
        wait_for(lambda: len(self.heard) >= frames * 2 or self.process.poll() is not None)
        assert self.process.poll() is None, "the listener ended"

    def close(self) -> None:
        self.process.kill()
        self.process.wait()

    def samples(self) -> np.ndarray:
        return np.frombuffer(bytes(self.heard[: len(self.heard) // 2 * 2]), "<i2")


def has_heard(ear: Ear, sound: np.ndarray, least: float) -> bool:
    """Waits until the ear has heard the sound, whole and with its first 300 ms at their place; False where that is over."""
    end = len(ear.heard) // 2 + len(sound) + 5 * RATE_HZ
    while (likeness := likeness_of(sound, ear.samples())) <= least:
        if len(ear.heard) // 2 > end:
            break
        ear.wait_for_sound(len(ear.heard) // 2 + RATE_HZ // 4)
    print(f"likeness {likeness:.3f}")
    return likeness > least


def web_ear(url: str) -> Ear:
    """A listener that hears something; one that came before the server had anything to give tries again."""
    for _time in range(30):
        ear = Ear("-probesize", "2000", "-analyzeduration", "0", "-i", url)
        wait_for(lambda ear=ear: len(ear.heard) > RATE_HZ // 5 or ear.process.poll() is not None)
        if ear.process.poll() is None:
            return ear
        ear.close()
        time.sleep(0.5)
    raise AssertionError("nothing is to be heard there")


def can_multicast() -> bool:
    try:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth,
        ):
            ear.bind(("", 0))
            ear.settimeout(20)
            group = socket.inet_aton("239.255.77.1") + socket.inet_aton("127.0.0.1")
            ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
            mouth.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
            mouth.sendto(b"x", ("239.255.77.1", ear.getsockname()[1]))
            return ear.recv(10) == b"x"
    except OSError:
        return False


@pytest.mark.parametrize(("codec", "least"), [("g722", 0.97), ("l16", 0.99), ("opus", 0.95), ("pcmu", 0.97)])
def test_rtp_multicast_is_decoded_at_the_far_end(tmp_path: Path, codec: str, least: float) -> None:
    port = free_port()
    multicast = can_multicast()
    group = "239.255.77.2" if multicast else "127.0.0.1"  # a machine without multicast: at least the codec
    url = f"rtp://{group}:{port}" + ("?localaddr=127.0.0.1" if multicast else "")
    sdp = tmp_path / "horn.sdp"
    sdp.write_bytes(session_description(url, codec).encode())
    local = ["-localaddr", "127.0.0.1"] if multicast else []
    ear = Ear("-protocol_whitelist", "file,udp,rtp", *local, "-i", str(sdp))
    output = rtp_output("ip", url, codec)
    sound = speechlike(2.0, seed=21)
    try:
        open_all([output])
        wait_until_working(output)
        ear.wait_for_sound(RATE_HZ // 10)
        for _time in range(3):  # RTP is not sent again: an ear that this machine held up has lost some
            assert play(output, sound)
            if heard := has_heard(ear, sound, least):
                break
    finally:
        close_all([output])
        ear.close()
    assert heard


def test_an_address_keeps_its_own_settings_beside_ours() -> None:
    output = rtp_output("ip", "rtp://239.1.1.1:5004?ttl=9&localaddr=10.0.0.1", "")
    target = output.command[-1]
    assert "ttl=9" in target
    assert "pkt_size=1316" in target
    assert "localaddr=10.0.0.1" in target
    assert "a=rtpmap:97 opus/48000/2" in session_description("rtp://[ff15::1]:5004", "opus", "Loa\nx")


# Icecast: the real server where it is installed, and always a small one that speaks its protocol


class SmallCaster(socketserver.ThreadingTCPServer):
    """Takes a source by PUT with a password and gives its sound to listeners, as Icecast 2.4 does."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int) -> None:
        self.ears: list[socket.socket] = []
        self.headers = b""
        self.sources = 0
        self.lock = threading.Lock()
        self.over = threading.Event()
        super().__init__(("127.0.0.1", port), SmallCasterTalk)


class SmallCasterTalk(socketserver.StreamRequestHandler):
    server: SmallCaster

    def handle(self) -> None:
        request = self.rfile.readline().decode("latin-1").split()
        fields = {}
        while line := self.rfile.readline().strip():
            name, _colon, value = line.decode("latin-1").partition(":")
            fields[name.lower()] = value.strip()
        if request[:1] == ["PUT"]:
            wanted = "Basic " + base64.b64encode(b"source:hackme").decode()
            if fields.get("authorization") != wanted:
                self.wfile.write(b'HTTP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"\r\n\r\n')
                return
            self.server.sources += 1
            self.wfile.write(
                b"HTTP/1.0 100 Continue\r\n\r\n" if fields.get("expect") else b"HTTP/1.0 200 OK\r\n\r\n"
            )
            while data := self.rfile.read1(4096):  # type: ignore[attr-defined]
                with self.server.lock:
                    for ear in list(self.server.ears):
                        try:
                            ear.sendall(data)
                        except OSError:
                            self.server.ears.remove(ear)
        elif request[:1] == ["GET"]:
            self.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Type: audio/mpeg\r\nicy-name: Loa\r\n\r\n")
            with self.server.lock:
                self.server.ears.append(self.connection)
            while self.connection in self.server.ears and not self.server.over.wait(0.1):
                pass


@contextmanager
def small_caster(port: int) -> Iterator[SmallCaster]:
    server = SmallCaster(port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()


def answers(port: int) -> bool:
    with socket.socket() as door:
        return door.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def real_icecast(port: int) -> Iterator[None]:
    """Icecast on loopback, as an ordinary user."""
    folder = Path(tempfile.mkdtemp(prefix="loa-icecast-"))
    web = next((p for p in ("/usr/share/icecast2", "/usr/share/icecast") if Path(p).is_dir()), str(folder))
    config = folder / "icecast.xml"
    config.write_text(
        f"""<icecast><location>test</location><admin>a@localhost</admin><hostname>localhost</hostname>
<limits><clients>10</clients><sources>4</sources><queue-size>524288</queue-size><client-timeout>30</client-timeout>
<header-timeout>15</header-timeout><source-timeout>10</source-timeout><burst-on-connect>0</burst-on-connect></limits>
<authentication><source-password>hackme</source-password><admin-user>admin</admin-user><admin-password>x</admin-password></authentication>
<listen-socket><port>{port}</port><bind-address>127.0.0.1</bind-address></listen-socket>
<paths><basedir>{web}</basedir><logdir>{folder}</logdir><webroot>{web}/web</webroot><adminroot>{web}/admin</adminroot></paths>
<logging><accesslog>access.log</accesslog><errorlog>error.log</errorlog><loglevel>2</loglevel></logging>
<security><chroot>0</chroot></security></icecast>""",
        "utf-8",
    )
    folder.chmod(0o777)
    other = {"user": "nobody", "group": "nogroup"} if hasattr(os, "geteuid") and os.geteuid() == 0 else {}
    server = subprocess.Popen(
        [shutil.which("icecast2") or shutil.which("icecast") or "", "-c", str(config)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **other,
    )  # type: ignore[call-overload]  # fmt: skip
    try:
        wait_for(lambda: server.poll() is not None or answers(port))
        assert server.poll() is None, (
            (folder / "error.log").read_text() if (folder / "error.log").exists() else ""
        )
        yield
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


_ICECAST = shutil.which("icecast2") or shutil.which("icecast")


_NEEDS_ICECAST = pytest.mark.skipif(
    not _ICECAST, reason="icecast2 is not installed; the small server was used for MP3"
)


@pytest.mark.parametrize(
    ("server", "codec"),
    [
        pytest.param(small_caster, "mp3", id="small-mp3"),
        pytest.param(real_icecast, "mp3", id="icecast-mp3", marks=_NEEDS_ICECAST),
        pytest.param(
            real_icecast, "opus", id="icecast-opus", marks=_NEEDS_ICECAST
        ),  # it keeps the Ogg headers
    ],
)
def test_an_icecast_listener_hears_what_was_sent(server: object, codec: str) -> None:
    port = free_port(socket.SOCK_STREAM)
    with server(port):  # type: ignore[operator]
        output = icecast_output("net", f"icecast://source:hackme@127.0.0.1:{port}/loa", codec)
        ear: Ear | None = None
        try:
            open_all([output])
            wait_until_working(output)
            ear = web_ear(f"http://127.0.0.1:{port}/loa")
            sound = speechlike(2.0, seed=31)
            assert play(output, sound)
            assert has_heard(ear, sound, 0.95)
        finally:
            close_all([output])
            if ear is not None:
                ear.close()


def test_an_icecast_server_that_goes_and_comes_back_is_reconnected() -> None:
    port = free_port(socket.SOCK_STREAM)
    output = icecast_output("net", f"icecast://source:hackme@127.0.0.1:{port}/loa", "mp3")
    output.open()
    try:
        wait_for(lambda: output.losses > 0)
        assert output.trouble is not None
        assert "hackme" not in output.trouble
        with small_caster(port) as server:
            wait_until_working(output)
            assert server.sources == 1
    finally:
        output.close()


def test_a_wrong_icecast_password_is_told_and_never_counts_as_heard() -> None:
    port = free_port(socket.SOCK_STREAM)
    with small_caster(port):
        output = icecast_output("net", f"icecast://source:wrong@127.0.0.1:{port}/loa", "mp3")
        output.open()
        try:
            took: list[bool] = []

            def refused() -> bool:
                took.append(output.start("x", None).write(bytes(1920)))  # type: ignore[arg-type]
                return output.losses > 0

            wait_for(refused)
            assert not any(took)
            assert "401" in (output.trouble or "")
            assert "wrong" not in (output.trouble or "")
        finally:
            output.close()


def test_file_rtp_and_icecast_carry_one_airing_at_once(tmp_path: Path) -> None:
    """Three outputs of one zone through the deck itself: each far end has the same sound. The deck plays in real time, so
    a machine that is held up tears it: then it airs again."""
    from scheduler.daemon.clock import RealClock
    from scheduler.daemon.deck import Deck, OnAir, Route

    udp, tcp = free_port(), free_port(socket.SOCK_STREAM)
    sdp = tmp_path / "horn.sdp"
    sdp.write_bytes(session_description(f"rtp://127.0.0.1:{udp}", "l16").encode())
    sound = speechlike(2.0, seed=41)
    ears: list[Ear] = []

    class Sound:
        def __init__(self) -> None:
            self.at = 0

        def read(self, frames: int) -> bytes:
            self.at += frames
            return sound[self.at - frames : self.at].tobytes()

        def close(self) -> None: ...

    with small_caster(tcp):
        outputs = [
            FileOutput("file", tmp_path / "tape"), rtp_output("rtp", f"rtp://127.0.0.1:{udp}", "l16"),
            icecast_output("net", f"icecast://source:hackme@127.0.0.1:{tcp}/loa", "mp3"),
        ]  # fmt: skip
        try:
            ears.append(Ear("-protocol_whitelist", "file,udp,rtp", "-i", str(sdp)))
            open_all(outputs, 60)
            ears.append(web_ear(f"http://127.0.0.1:{tcp}/loa"))
            for ear in ears:
                ear.wait_for_sound(RATE_HZ // 10)
            clock = RealClock()
            for number in range(4):
                deck, ended = Deck(clock, lambda *_facts: None), []
                airing = OnAir(
                    key="k", label=f"k{number}", zones=("z",), source=Sound(), started_at=clock.now(), slot=None,
                    started_steady=clock.steady(), routes=[Route([out], frozenset({"z"})) for out in outputs],
                    on_end=lambda _airing, cut, ended=ended: ended.append(cut),
                )  # fmt: skip
                deck.begin(airing)
                while not ended:
                    deck.pump()
                    time.sleep(0.01)
                (tape,) = (tmp_path / "tape").rglob(f"*k{number}*.wav")
                assert tape.read_bytes()[44:] == sound.tobytes()
                heard = [has_heard(ear, sound, 0.95) for ear in ears]
                if all(heard) and airing.heard_frames == len(sound):
                    break
        finally:
            close_all(outputs)
            for ear in ears:
                ear.close()
    assert airing.heard_frames == len(sound)
    assert all(heard)
