"""The line to the centre's feed: one station's token, calls that are tried again, files that go on where they broke."""

from __future__ import annotations

import codecs
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from audio.packages.manifest import (
    LARGEST_MANIFEST,
    LARGEST_OWN,
)
from audio.packages.signature import SIGNATURE_BYTES, from_text
from content import atomic
from content.language import N_
from scheduler.exchange.errors import FeedError, FeedLogError, FeedTlsError, FeedTokenError

CONNECT_S, READ_S = 10, 30
TRIES_PER_FILE = 8
TRIES_PER_CALL = 3
LONGEST_PAUSE_S = 300.0
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def pause_s(attempt: int, chance: float) -> float:
    """Seconds to wait after the `attempt`th failure in a row (1, 2, …): doubling from 1 s to five minutes, and
    spread by `chance` (0 to 1) over the upper half, so that 500 stations do not all come back at once."""
    top = min(LONGEST_PAUSE_S, 2.0 ** min(attempt - 1, 30))
    return top * (0.5 + chance / 2)


def read_token(path: Path, url: str) -> str:
    """The token in a file as people make one: also as Notepad and PowerShell write text, in UTF-16 or with a mark.

    Raises:
        FeedTokenError: there is no text in it.
    """
    try:
        content = path.read_bytes()[:4096]
        is_wide = content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        return content.decode("utf-16" if is_wide else "utf-8-sig").strip()
    except (UnicodeDecodeError, OSError) as error:
        raise FeedTokenError(url=url) from error


class FeedClient:
    """Talks to one feed.

    Raises:
        FeedTlsError: the address is not encrypted and not on this machine.
    """

    def __init__(
        self, url: str, token: str, *, insecure: bool = False, ca_file: Path | None = None,
        sleep: Callable[[float], None] | None = None, tries: int = TRIES_PER_FILE,
    ) -> None:  # fmt: skip
        try:
            parts = urlsplit(url)
        except ValueError as error:
            raise FeedTlsError(url=url) from error
        if parts.scheme != "https" and not (
            parts.scheme == "http" and (insecure or parts.hostname in LOOPBACK)
        ):
            raise FeedTlsError(url=url)
        if not token.isascii() or not token.isprintable():
            raise FeedTokenError(url=url)
        self.url = url.rstrip("/")
        self.sleep = sleep or time.sleep
        self.tries = tries
        self.http = requests.Session()
        self.http.headers["Authorization"] = f"Bearer {token}"
        self.http.max_redirects = 0
        self.verify: str | bool = True if ca_file is None else str(ca_file)
        """Given with each request: a CA bundle named in the environment overrides the session's."""
        self.fetched = 0
        self.between: Callable[[], None] | None = None
        """Called again and again while a file comes."""

    def packages(self) -> list[dict[str, Any]]:
        """What the feed offers, urgent first."""
        content, _headers = self._ask("/v1/packages", LARGEST_OWN)
        try:
            rows = [
                {"lane": str(row["lane"]), "manifest_sha256": str(row["manifest_sha256"])}
                for row in json.loads(content)
            ]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise FeedError(url=self.url, reason=STRANGER) from error
        return sorted(rows, key=lambda row: row["lane"] != "urgent")

    def manifest(self, lane: str) -> tuple[bytes, bytes]:
        """Manifest and signature of a lane, unchecked."""
        path = f"/v1/manifest/{'urgent' if lane == 'urgent' else 'plan'}"
        content, headers = self._ask(path, LARGEST_OWN + LARGEST_MANIFEST)
        signature = from_text(headers.get("Loa-Signature", ""), SIGNATURE_BYTES)
        if signature is None:
            raise FeedError(url=self.url, reason=STRANGER)
        return content, signature

    def fetch(self, sha256: str, size: int, target: Path) -> None:
        """Bring the file of that hash to `target`, going on from what an earlier try left in `target`.part.

        Raises:
            FeedError: after so many failures in a row; what came so far is kept.
        """
        part = target.with_name(f"{target.name}.part")
        failures = 0
        while True:
            try:
                self._fetch_once(sha256, size, part)
            except FeedError:
                failures += 1
                if failures >= self.tries:
                    raise
                self.sleep(pause_s(failures, random.random()))  # noqa: S311 - spreads load, guards nothing
                continue
            if atomic.sha256_of(part) == sha256:
                part.replace(target)
                return
            part.unlink()
            failures += 1
            if failures >= self.tries:
                raise FeedError(url=self.url, reason=f"{sha256[:12]}…")

    def _fetch_once(self, sha256: str, size: int, part: Path) -> None:
        have = part.stat().st_size if part.exists() else 0
        if have > size:
            part.unlink()
            have = 0
        if have == size and part.exists():
            return
        headers = {"Range": f"bytes={have}-", "If-Range": f'"{sha256}"'} if have else {}
        try:
            with self._reply("GET", f"/v1/file/{sha256}", headers=headers) as reply:
                if reply.headers.get("ETag", "").removeprefix("W/") != f'"{sha256}"':
                    raise FeedError(url=self.url, reason=STRANGER)  # what is here already stays as it is
                with part.open("ab" if reply.status_code == 206 else "wb") as kept:
                    room = size - kept.tell()
                    for chunk in reply.iter_content(1 << 16):
                        kept.write(chunk[: max(0, room)])
                        room -= len(chunk)
                        self.fetched += len(chunk)
                        if self.between is not None:
                            self.between()
                        if room < 0:
                            raise FeedError(url=self.url, reason=f"> {size} bytes")
                    if room > 0:
                        raise FeedError(url=self.url, reason=f"{size - room} / {size} bytes")
        except OSError as error:
            raise atomic.told_of(error, part) from error

    def send_log(self, content: bytes) -> None:
        """Hand the signed log in. Raises: FeedError."""
        with self._reply("POST", "/v1/log", data=content):
            pass

    @contextmanager
    def _reply(self, method: str, path: str, **more: Any) -> Iterator[requests.Response]:
        """The feed's answer, which is no refusal, to be read within the block. Raises: what `_check` does, FeedError."""
        try:
            with self.http.request(
                method, self.url + path, timeout=(CONNECT_S, READ_S), stream=True, verify=self.verify, **more
            ) as reply:
                self._check(reply)
                yield reply
        except requests.RequestException as error:
            raise FeedError(url=self.url, reason=_why(error)) from error

    def _ask(self, path: str, limit: int) -> tuple[bytes, Mapping[str, str]]:
        """What is answered there, of at most `limit` bytes, and its headers."""
        failures = 0
        while True:
            try:
                with self._reply("GET", path) as reply:
                    return _all_of(reply, limit), reply.headers
            except FeedError:
                failures += 1
                if failures >= min(self.tries, TRIES_PER_CALL):
                    raise
            self.sleep(pause_s(failures, random.random()))  # noqa: S311

    def _check(self, reply: requests.Response) -> None:
        if reply.status_code == 401:
            raise FeedTokenError(url=self.url)
        if reply.status_code == 422:
            raise FeedLogError(reason=_refusal(_all_of(reply, LARGEST_OWN)))
        if reply.status_code not in (200, 206):
            raise FeedError(url=self.url, reason=f"HTTP {reply.status_code}")


STRANGER = N_("something else answers there, perhaps the login page of a network")


def _why(error: requests.RequestException) -> str:
    """What went wrong on the line, in words."""
    if isinstance(error, requests.exceptions.SSLError):
        return N_("its certificate is not good: check the address, the date of this machine, or give --ca")
    if isinstance(error, requests.Timeout):
        return N_("there was no answer in time")
    if isinstance(error, requests.TooManyRedirects):
        return STRANGER
    if isinstance(error, requests.ConnectionError | requests.exceptions.ChunkedEncodingError):
        return N_("there is no connection, or it broke")
    return type(error).__name__


def _all_of(reply: requests.Response, limit: int) -> bytes:
    """The whole answer; whoever sends more than `limit` bytes is no feed. Raises: FeedError."""
    kept = bytearray()
    for chunk in reply.iter_content(1 << 16):
        kept += chunk
        if len(kept) > limit:
            raise FeedError(url=reply.url, reason=STRANGER)
    return bytes(kept)


def _refusal(content: bytes) -> str:
    """The reason that the feed gives for not taking a log."""
    try:
        return str(json.loads(content)["refused"])[:600]
    except (ValueError, KeyError, TypeError, RecursionError):
        return "HTTP 422"
