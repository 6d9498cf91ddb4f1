"""Google's voice through gTTS, made safe for the air: no word lost, none doubled, nobody in between.

gTTS itself splits at every comma, drops a piece whose reply has no audio, takes any certificate, opens a connection
a piece and waits for ever. This keeps its protocol (`get_bodies`, headers, address) and replaces the rest.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import socket
import threading
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

import requests
from gtts import gTTS
from gtts.lang import tts_langs
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool

from audio import ffmpeg, wav
from audio.outputs.output import without_password
from audio.voices.packing import pack
from audio.voices.voice import LanguageNotSpokenError, NothingToSayError, VoiceError, VoiceUnavailableError
from content.errors import LoaError, Told
from content.language import N_

_CONNECT_S = 5.0
_READ_S = 20.0
_REQUEST_S = 40.0
"""The longest that one reply may take as a whole: a server that drips a byte a second is cut off."""
_MOST_REPLY_BYTES = 4_000_000
_TRIES = 5
_TRIES_OFFLINE = 2
_LONGEST_WAIT_S = 30.0
_WORTH_RETRYING = (408, 425, 429, 500, 502, 503, 504)
_NOT_THE_SENTENCE = (429, 503)
"""What the service says of itself: where it lasts, the next sentence need not ask."""
_LEAST_MS_A_WORD = 60
"""Vietnamese is spoken at 3 to 5 syllables a second; a reply of less than a quarter of that has lost words."""
_JOIN_KEPT_MS = 60
_JOIN_LEVEL = 33


class _RetryError(Exception):
    """This try failed but the next may not; `reason` is for the user.

    `down`: it is the service and not this sentence. `offline`: there is no way to it, so that more tries are no use.
    """

    def __init__(
        self,
        reason: LoaError | Told | str,
        wait_s: float | None = None,
        *,
        offline: bool = False,
        down: bool = False,
    ) -> None:
        super().__init__(str(reason))
        self.reason = reason
        self.wait_s = wait_s
        self.offline = offline
        self.down = down or offline


class _WatchedConnection(HTTPSConnection):
    """An HTTPS connection that can be cut from another thread."""

    def cut(self) -> None:
        sock = self.sock
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


class _WatchedPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedConnection
    taken: _WatchedConnection | None = None

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection = super()._get_conn(timeout)
        self.taken = connection  # type: ignore[assignment]
        return connection


class _Adapter(HTTPAdapter):
    """Connections that can be cut, one a worker."""

    def __init__(self) -> None:
        self.pools: list[_WatchedPool] = []
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool = super().get_connection_with_tls_context(*args, **kwargs)
        if isinstance(pool, _WatchedPool) and pool not in self.pools:
            self.pools.append(pool)
        return pool

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            **self.poolmanager.pool_classes_by_scheme, "https": _WatchedPool,
        }  # fmt: skip

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        manager.pool_classes_by_scheme = {**manager.pool_classes_by_scheme, "https": _WatchedPool}
        return manager

    def cut(self) -> None:
        for pool in self.pools:
            if pool.taken is not None:
                pool.taken.cut()


class SafeGTTS(gTTS):  # type: ignore[misc]
    """gTTS whose `stream` sends each piece over the given fetch and yields exactly one sound a piece."""

    def __init__(
        self, text: str, lang: str, tld: str, fetch: Callable[[str, bytes | str, str], bytes]
    ) -> None:
        super().__init__(
            unicodedata.normalize("NFC", text), tld=tld, lang=lang, lang_check=False,
            pre_processor_funcs=[], tokenizer_func=pack,
        )  # fmt: skip
        self._fetch = fetch

    def stream(self) -> Iterator[bytes]:
        """The MP3 of every piece, in order."""
        pieces = self._tokenize(self.text)
        for piece, request in zip(pieces, self._prepare_requests(), strict=True):
            yield self._fetch(request.url, request.body, piece)


@dataclass(slots=True)
class GttsVoice:
    """The customer's voice: natural, needs internet."""

    tld: str = "com"
    workers: int = 4
    tries: int = _TRIES
    sleep: Callable[[float], object] | None = None
    """How to wait between tries; None waits, and no longer than until it is closed."""
    request_s: float = _REQUEST_S
    read_s: float = _READ_S
    _local: threading.local = field(default_factory=threading.local)
    _sessions: list[requests.Session] = field(default_factory=list)
    _asking: list[_Adapter] = field(default_factory=list)
    _closed: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    name = "gtts"
    degraded = False

    @property
    def settings(self) -> str:
        return f"gtts {self.tld}"

    def synthesise(self, text: str, language: str) -> bytes:
        """`text` as a house WAV.

        Raises:
            LanguageNotSpokenError, NothingToSayError, VoiceUnavailableError (no network), VoiceError.
        """
        if language not in tts_langs():
            raise LanguageNotSpokenError(voice=self.name, language=language)
        if not any(mark.isalnum() for mark in text):
            raise NothingToSayError(text=text)
        fetch = partial(self._fetch, self._closed)
        sounds = list(SafeGTTS(text, language, self.tld, fetch).stream())
        return wav.wav_bytes(
            _joined([_edges_cut(sound, i, len(sounds)) for i, sound in enumerate(sounds)]), wav.SPEECH_RATE_HZ
        )

    def close(self) -> None:
        """Let go of every connection; what is being asked for in other threads is cut off and not tried again."""
        with self._lock:
            sessions, self._sessions = self._sessions, []
            self._local = threading.local()
            self._closed.set()
            self._closed = threading.Event()
            asking = list(self._asking)
        for adapter in asking:
            adapter.cut()
        for session in sessions:
            session.close()

    def _fetch(self, closed: threading.Event, url: str, body: bytes | str, piece: str) -> bytes:
        """The PCM of one piece, tried until it is whole, or until `closed`."""
        for number in range(1, self.tries + 1):
            try:
                if closed.is_set():
                    raise VoiceUnavailableError(voice=self.name, reason=Told(_CUT))
                return self._once(url, body, piece)
            except _RetryError as error:
                if number == self.tries or (error.offline and number >= _TRIES_OFFLINE):
                    kind = VoiceUnavailableError if error.down else VoiceError
                    raise kind(voice=self.name, reason=error.reason) from error
                wait_s = min(_LONGEST_WAIT_S, error.wait_s if error.wait_s is not None else 0.5 * 2**number)
                (self.sleep or closed.wait)(wait_s)
        raise AssertionError("tries is at least 1")

    def _once(self, url: str, body: bytes | str, piece: str) -> bytes:
        status, headers, content = self._post(url, body)
        if status in _WORTH_RETRYING:
            wait_s = _seconds(headers.get("Retry-After", ""), headers.get("Date", ""))
            raise _RetryError(Told(_STATUS, status=status), wait_s, down=status in _NOT_THE_SENTENCE)
        if (
            300 <= status < 400
            or (status == 200 and not content.lstrip().startswith(b")]}'"))
            or status == 511
        ):
            raise VoiceUnavailableError(voice=self.name, reason=Told(_PORTAL))
        if status != 200:
            raise VoiceError(voice=self.name, reason=Told(_STATUS, status=status))
        mp3 = _audio_in(content)
        if not mp3:
            raise _RetryError(Told(_NO_AUDIO, text=piece))
        pcm = _decoded(mp3)
        if len(pcm) / 2 / wav.SPEECH_RATE_HZ * 1000 < _LEAST_MS_A_WORD * len(piece.split()):
            raise _RetryError(Told(_SHORT, text=piece))
        return pcm

    def _post(self, url: str, body: bytes | str) -> tuple[int, Any, bytes]:
        session, adapter = self._session()
        late = threading.Event()

        def cut() -> None:
            late.set()
            adapter.cut()

        watchdog = threading.Timer(self.request_s, cut)
        watchdog.daemon = True
        watchdog.start()
        with self._lock:
            self._asking.append(adapter)
        try:
            with session.post(
                url, data=body, headers=gTTS.GOOGLE_TTS_HEADERS, timeout=(_CONNECT_S, self.read_s),
                allow_redirects=False, verify=True, stream=True,
            ) as reply:  # fmt: skip
                content = bytearray()
                for block in reply.iter_content(16_384):
                    content += block
                    if len(content) > _MOST_REPLY_BYTES:
                        raise VoiceError(voice=self.name, reason=Told(_TOO_BIG))
                if late.is_set():
                    raise _RetryError(Told(_SLOW, seconds=round(self.request_s)), down=True)
                return reply.status_code, reply.headers, bytes(content)
        except requests.exceptions.SSLError as error:
            if late.is_set():
                raise _RetryError(Told(_SLOW, seconds=round(self.request_s)), down=True) from error
            if "CERTIFICATE" in str(error).upper() or "HOSTNAME" in str(error).upper():
                raise VoiceUnavailableError(voice=self.name, reason=Told(_CERTIFICATE)) from error
            raise _RetryError(Told(_CUT)) from error
        except requests.exceptions.ConnectTimeout as error:
            raise _RetryError(Told(_OFFLINE), offline=True) from error
        except requests.exceptions.ReadTimeout as error:
            raise _RetryError(Told(_SLOW, seconds=round(self.read_s)), down=True) from error
        except (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
            if late.is_set():
                raise _RetryError(Told(_SLOW, seconds=round(self.request_s)), down=True) from error
            # urllib3 names a connection that was cut after the proxy's answer a proxy error too: only these never began
            offline = any(
                name in repr(error) for name in ("NewConnection", "NameResolution", "Tunnel connection")
            )
            raise _RetryError(Told(_OFFLINE) if offline else Told(_CUT), offline=offline) from error
        except requests.exceptions.ContentDecodingError as error:
            raise _RetryError(Told(_CUT)) from error
        except (requests.exceptions.RequestException, OSError, ValueError) as error:
            # an odd proxy, a file of certificates that is gone: before anything was asked, and the same for every sentence
            told = Told(_SETTINGS, reason=without_password(f"{type(error).__name__}: {error}")[:160])
            raise VoiceUnavailableError(voice=self.name, reason=told) from error
        finally:
            watchdog.cancel()
            with self._lock:
                self._asking.remove(adapter)

    def _session(self) -> tuple[requests.Session, _Adapter]:
        """This worker's own session: one TLS connection, kept open."""
        session = getattr(self._local, "session", None)
        if session is None:
            session, adapter = requests.Session(), _Adapter()
            session.mount("https://", adapter)
            self._local.session, self._local.adapter = session, adapter
            with self._lock:
                self._sessions.append(session)
        return session, self._local.adapter


_STATUS = N_("the service answered with status {status}; try again later")
_PORTAL = N_(
    "the network answered with a page of its own instead of sound: log in to the network in a browser, then run it again"
)
_NO_AUDIO = N_("the service gave no sound for “{text}”")
_SHORT = N_("the service gave too little sound for “{text}”")
_TOO_BIG = N_("the service answered with far more than a sentence")
_SLOW = N_("the service did not answer within {seconds} s")
_CUT = N_("the connection was cut")
_OFFLINE = N_("no connection to the internet")
_SETTINGS = N_(
    "the network settings of this computer cannot be used ({reason}): look at HTTPS_PROXY and REQUESTS_CA_BUNDLE"
)
_CERTIFICATE = N_(
    "the certificate of the service is wrong: somebody stands in between, or the clock of this machine is off; nothing was sent"
)


def _audio_in(content: bytes) -> bytes:
    """The MP3 in a reply of the service: every `wrb.fr` line of its call, base64 within JSON within JSON."""
    found = bytearray()
    for line in content.decode("utf-8", errors="replace").splitlines():
        if gTTS.GOOGLE_TTS_RPC not in line:
            continue
        with contextlib.suppress(ValueError, TypeError, IndexError, binascii.Error):
            for entry in json.loads(line):
                if entry[0] == "wrb.fr" and entry[1] == gTTS.GOOGLE_TTS_RPC and entry[2]:
                    found += base64.b64decode(json.loads(entry[2])[0], validate=True)
    return bytes(found)


def _decoded(mp3: bytes) -> bytes:
    """The PCM of an MP3 at the house rate; anything that is no MP3 is worth another try."""
    try:
        return ffmpeg.decoded(mp3, "mp3", wav.SPEECH_RATE_HZ)
    except LoaError as error:
        raise _RetryError(error) from error


def _seconds(retry_after: str, date: str) -> float | None:
    """How long `Retry-After` asks to wait: a number of seconds, or an instant, held against the `Date` of the reply.

    The clock of this machine may be wrong and is asked only where the reply tells no date.
    """
    told = retry_after.strip()
    if told.isascii() and told.isdigit():
        return float(told[:9])
    at = _instant(told)
    if at is None:
        return None
    wait_s = (at - (_instant(date) or datetime.now(UTC))).total_seconds()
    return wait_s if wait_s > 0 else None


def _instant(told: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(told)
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def _edges_cut(pcm: bytes, index: int, count: int) -> bytes:
    """`pcm` without the silence that the service puts around every piece, where pieces meet within a sentence."""
    import numpy as np

    samples = np.frombuffer(pcm, dtype="<i2")
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) >= _JOIN_LEVEL)
    if not len(loud):
        return pcm
    kept = wav.SPEECH_RATE_HZ * _JOIN_KEPT_MS // 1000
    start = 0 if index == 0 else max(0, int(loud[0]) - kept)
    end = len(samples) if index == count - 1 else int(loud[-1]) + 1 + kept
    return samples[start:end].tobytes()


def _joined(sounds: list[bytes]) -> bytes:
    return b"".join(sounds)
