"""The feed: each station's packages over HTTP, by token.

    GET  /v1/packages           what is there, urgent first          ETag
    GET  /v1/manifest/LANE      the signed manifest, as on the stick ETag, Loa-Signature
    GET  /v1/file/SHA256        one file of the station's packages   ETag, ranges
    POST /v1/log                a signed log: receipt and as-run

Without a good token every request gets the same 401, whatever it asks for.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from audio.packages.signature import to_text
from content.errors import LoaError
from content.language import _
from content.station import Station
from scheduler.exchange.feed_shelf import LARGEST_CACHED, Contents, Offer, Shelf, Tokens
from scheduler.exchange.log_file import LARGEST
from scheduler.exchange.logbook import import_log

CHUNK = 1 << 18
BODY_WITHIN_S = 120
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def feed_app(station: Station, folder: Path) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """The ASGI application that serves the packages published in `folder`."""
    feed = _Feed(station, folder)
    app = Starlette(
        routes=[
            Route("/v1/packages", feed.packages),
            Route("/v1/manifest/{lane}", feed.manifest),
            Route("/v1/file/{sha256}", feed.file),
            Route("/v1/log", feed.log, methods=["POST"]),
        ]
    )
    app.router.redirect_slashes = False
    return _Guard(app, feed.tokens)


class _Guard:
    """Lets nobody through without a good token, and tells strangers nothing."""

    def __init__(self, app: Starlette, tokens: Tokens) -> None:
        self.app, self.tokens = app, tokens
        self._reading = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        if self.tokens.is_stale():
            async with self._reading:
                if self.tokens.is_stale():
                    await to_thread.run_sync(self.tokens.read)
        code = self.tokens.code_of(_bearer(scope))
        if code is None:
            refusal = Response(status_code=401, headers={"WWW-Authenticate": "Bearer", "Connection": "close"})
            await refusal(scope, receive, send)
            return
        scope["loa_station"] = code
        await self.app(scope, receive, send)


def _bearer(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"authorization":
            kind, _space, token = value.decode("latin-1").partition(" ")
            return token.strip() if kind.lower() == "bearer" else ""
    return ""


class _Feed:
    """The four calls."""

    def __init__(self, station: Station, folder: Path) -> None:
        self.station = station
        self.tokens = Tokens(station)
        self.shelf = Shelf(folder)
        self.contents = Contents()
        self._importing = asyncio.Lock()

    async def packages(self, request: Request) -> Response:
        """What is published for this station, urgent first."""
        offers = self.shelf.offers(request.scope["loa_station"])
        tag = f'"{"-".join(offer.manifest_sha256[:24] for offer in offers)}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        rows = [
            {"lane": offer.lane, "manifest_sha256": offer.manifest_sha256, **offer.facts} for offer in offers
        ]
        return JSONResponse(rows, headers={"ETag": tag, "Cache-Control": "private, no-cache"})

    async def manifest(self, request: Request) -> Response:
        """The manifest as it was signed."""
        lane = request.path_params["lane"]
        for offer in self.shelf.offers(request.scope["loa_station"]):
            if offer.lane == lane:
                return self._manifest(request, offer)
        return Response(status_code=404)

    def _manifest(self, request: Request, offer: Offer) -> Response:
        tag = f'"{offer.manifest_sha256}"'
        headers = {
            "ETag": tag,
            "Loa-Signature": to_text(offer.signature),
            "Cache-Control": "private, no-cache",
        }
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        text = self.shelf.manifest(offer)
        if text is None:
            return Response(status_code=503, headers={"Retry-After": "5"})
        return Response(text, media_type="application/json", headers=headers)

    async def file(self, request: Request) -> Response:
        """One file by its hash, whole or a range of it."""
        sha256 = request.path_params["sha256"]
        path = self.shelf.path_of(request.scope["loa_station"], sha256)
        if path is None:
            return Response(status_code=404)
        if request.headers.get("if-none-match") == f'"{sha256}"':
            return Response(status_code=304, headers={"ETag": f'"{sha256}"'})
        content = self.contents.get(sha256)
        try:
            size = len(content) if content is not None else path.stat().st_size
        except OSError:
            return Response(status_code=503, headers={"Retry-After": "5"})
        wanted = _range(request, size, f'"{sha256}"')
        if wanted is None:
            return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
        if content is None and size <= LARGEST_CACHED:
            try:
                content = await to_thread.run_sync(path.read_bytes)
            except OSError:
                return Response(status_code=503, headers={"Retry-After": "5"})
            self.contents.keep(sha256, content)
        return _FileResponse(path, content, size, wanted, sha256)

    async def log(self, request: Request) -> Response:
        """A station's signed log; its signature counts, not the token alone."""
        try:
            async with asyncio.timeout(BODY_WITHIN_S):
                content = await _body(request)
        except TimeoutError:
            return Response(status_code=408)
        except ClientDisconnect:
            return Response(status_code=400)
        if content is None:
            return Response(status_code=413)
        try:
            async with self._importing:
                taken = await to_thread.run_sync(
                    lambda: import_log(self.station, content, "log", now=datetime.now(UTC))
                )
        except LoaError as error:
            return JSONResponse({"refused": error.told(_)}, status_code=422)
        return JSONResponse({"known": taken.known, "new": taken.new, "receipts": taken.receipts})


async def _body(request: Request) -> bytes | None:
    """The body, or None where it is larger than any log."""
    kept = bytearray()
    async for chunk in request.stream():
        kept += chunk
        if len(kept) > LARGEST:
            return None
    return bytes(kept)


def _range(request: Request, size: int, tag: str) -> tuple[int, int] | None:
    """[start, end) of what is wanted; None where there is no such range.

    The whole file for what is no range (RFC 9110, 14.2), and for several ranges.
    """
    asked = request.headers.get("range")
    match = re.fullmatch(r"bytes=([0-9]{0,18})-([0-9]{0,18})", asked or "")
    if match is None or match.groups() == ("", "") or request.headers.get("if-range") not in (None, tag):
        return 0, size
    first, last = match.groups()
    if not first:
        return (max(0, size - int(last)), size) if int(last) else None
    if last and int(last) < int(first):
        return 0, size
    start, end = int(first), min(size, int(last) + 1) if last else size
    return (start, end) if start < end else None


class _FileResponse(Response):
    """Sends a file's bytes as fast as the client takes them, and no faster."""

    def __init__(
        self, path: Path, content: bytes | None, size: int, wanted: tuple[int, int], sha256: str
    ) -> None:
        self.path, self.content, self.wanted = path, content, wanted
        start, end = wanted
        whole = (start, end) == (0, size)
        headers = {
            "ETag": f'"{sha256}"', "Accept-Ranges": "bytes", "Cache-Control": "private, immutable, max-age=31536000",
            "Content-Length": str(end - start),
        } | ({} if whole else {"Content-Range": f"bytes {start}-{end - 1}/{size}"})  # fmt: skip
        super().__init__(None, 200 if whole else 206, headers, "application/octet-stream")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
        elif self.content is not None:
            view = memoryview(self.content)[slice(*self.wanted)]
            for at in range(0, len(view) or 1, CHUNK):
                more = at + CHUNK < len(view)
                await send(
                    {"type": "http.response.body", "body": bytes(view[at : at + CHUNK]), "more_body": more}
                )
        else:
            await self._from_disk(send)

    async def _from_disk(self, send: Send) -> None:
        start, end = self.wanted
        with await to_thread.run_sync(self.path.open, "rb") as source:
            source.seek(start)
            while start < end:
                chunk = await to_thread.run_sync(source.read, min(CHUNK, end - start))
                if not chunk:
                    return  # the file was replaced by a shorter one; the client notices and asks again
                start += len(chunk)
                await send({"type": "http.response.body", "body": chunk, "more_body": start < end})
