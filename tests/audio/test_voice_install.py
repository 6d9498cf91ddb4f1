"""A Piper voice comes by name or address over real TLS, whole and as announced, or not at all."""

import hashlib
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from speech_service import make_certificates

from audio.voices import install
from audio.voices.catalogue import KNOWN, KnownVoice
from audio.voices.install import (
    UnknownVoiceError,
    VoiceDownloadError,
    VoiceHashError,
    VoiceHashMissingError,
    install_piper_voice,
)

MODEL = b"\x08\x08" + bytes(range(256)) * 500
SETTINGS = b'{"audio": {"sample_rate": 22050}, "language": {"family": "vi"}}'
MODEL_SHA, SETTINGS_SHA = (hashlib.sha256(content).hexdigest() for content in (MODEL, SETTINGS))


class Shelf(BaseHTTPRequestHandler):
    """/vi.onnx and its settings; /gone is away to them, /plain to http, /short ends early."""

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        if self.path.startswith(("/gone/", "/plain/")):
            self.send_response(302)
            scheme = "http" if self.path.startswith("/plain/") else "https"
            self.send_header("Location", f"{scheme}://{self.headers['Host']}/{name}")
            self.end_headers()
            return
        content = {"vi.onnx": MODEL, "vi.onnx.json": SETTINGS}.get(name)
        self.send_response(200 if content else 404)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        short = self.path.startswith("/short/") and name == "vi.onnx"
        self.wfile.write((content or b"")[: 1000 if short else None])

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    bundle, server_pem = make_certificates(tmp_path, "localhost")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shelf)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server_pem)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    monkeypatch.setenv("NO_PROXY", "localhost")
    yield f"https://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


def know(monkeypatch: pytest.MonkeyPatch, url: str, **facts: str) -> None:
    monkeypatch.setattr(install, "KNOWN", {"vi-thu": KnownVoice(url=url, megabytes=1, **facts)})


@pytest.mark.parametrize("way", ["", "/gone"])
def test_a_known_name_brings_the_voice_and_its_settings(
    way: str, shelf: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    know(monkeypatch, f"{shelf}{way}/vi.onnx", sha256=MODEL_SHA, settings_sha256=SETTINGS_SHA)
    path = install_piper_voice("vi-thu", tmp_path / "voices")
    assert path.read_bytes() == MODEL
    assert Path(f"{path}.json").read_bytes() == SETTINGS
    assert Path(f"{path}.sha256").read_text().strip() == MODEL_SHA


def test_a_voice_that_is_not_what_the_catalogue_says_is_not_kept(
    shelf: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for facts in (
        {"sha256": "0" * 64, "settings_sha256": SETTINGS_SHA},
        {"sha256": MODEL_SHA, "settings_sha256": "0" * 64},
    ):
        know(monkeypatch, f"{shelf}/vi.onnx", **facts)
        with pytest.raises(VoiceHashError):
            install_piper_voice("vi-thu", tmp_path / "voices")
    know(monkeypatch, f"{shelf}/vi.onnx", sha256=MODEL_SHA)
    with pytest.raises(VoiceHashError):  # the user's hash counts beside the catalogue's
        install_piper_voice("vi-thu", tmp_path / "voices", "1" * 64)
    assert not list((tmp_path / "voices").iterdir())


def test_a_known_voice_without_a_hash_asks_for_one(
    shelf: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    know(monkeypatch, f"{shelf}/vi.onnx")
    with pytest.raises(VoiceHashMissingError):
        install_piper_voice("vi-thu", tmp_path / "voices")
    assert install_piper_voice("vi-thu", tmp_path / "voices", MODEL_SHA.upper()).read_bytes() == MODEL


@pytest.mark.parametrize("way", ["/plain", "/short", "/none"])
def test_an_unsafe_torn_or_missing_download_leaves_nothing(way: str, shelf: str, tmp_path: Path) -> None:
    url = f"{shelf}{way}/vi.onnx" if way != "/none" else f"{shelf}/other.onnx"
    with pytest.raises(VoiceDownloadError):
        install_piper_voice(url, tmp_path / "voices", MODEL_SHA)
    assert not [path for path in (tmp_path / "voices").rglob("*") if path.is_file()]


def test_a_certificate_of_somebody_else_is_refused(
    shelf: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(VoiceDownloadError):
        install_piper_voice(f"{shelf}/vi.onnx", tmp_path / "voices", MODEL_SHA)


def test_what_is_neither_file_nor_address_nor_name_is_told_with_the_names(tmp_path: Path) -> None:
    for source in ("vi_VN-vais", "http://localhost/vi.onnx.zip", "http://localhost/vi.onnx", ""):
        with pytest.raises(UnknownVoiceError, match="vi_VN-vais1000-medium"):
            install_piper_voice(source, tmp_path / "voices")


def test_the_catalogue_holds_https_addresses_and_whole_hashes() -> None:
    for name, voice in KNOWN.items():
        assert voice.url.startswith("https://") and voice.url.endswith(f"/{name}.onnx")
        for digest in filter(None, (voice.sha256, voice.settings_sha256)):
            assert len(bytes.fromhex(digest)) == 32
