"""Run the feed as a server, and publish packages into it."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from audio.models import EpisodeAudio
from content.episodes import item_episode
from content.events import record
from content.items import get_item
from content.station import Station
from scheduler.daemon.feed import may_air
from scheduler.exchange import communes
from scheduler.exchange.errors import (
    FeedCertificateError,
    FeedKeyAloneError,
    FeedPortError,
    FeedTlsError,
    NoStationsError,
    NothingToSendError,
    NotReadyError,
)
from scheduler.exchange.export import PackageSummary, export_packages
from scheduler.exchange.feed_app import feed_app
from scheduler.exchange.feed_client import LOOPBACK
from scheduler.models import Play
from scheduler.stations import CommuneStation

URGENT_DAYS = 2


def feed_folder(station: Station) -> Path:
    """Where published packages stand."""
    return station.folder / "feed"


def publish(
    station: Station,
    from_on: date,
    until_on: date,
    *,
    now: datetime,
    partial: bool = True,
    advance: Callable[..., None] | None = None,
) -> list[PackageSummary]:
    """Bring every station's packages in the feed up to the plan; the urgent ones first.

    Raises:
        NoStationsError: none plays with Loa. NothingToSendError: neither plan nor urgent bulletin. NotReadyError.
    """  # fmt: skip
    with station.read() as session:
        rows = [row for row in communes.known(session) if row.player == "loa"]
    if not rows:
        raise NoStationsError
    made: list[PackageSummary] = []
    with contextlib.suppress(NothingToSendError):
        made += publish_urgent(station, rows, now=now)
    try:
        made += export_packages(
            station, rows, from_on, until_on, feed_folder(station) / "plan",
            now=now, partial=partial, advance=advance,
        )  # fmt: skip
    except NothingToSendError:
        if not made:
            raise
    return made


def publish_urgent(
    station: Station, rows: Sequence[CommuneStation], *, now: datetime
) -> list[PackageSummary]:
    """The urgent bulletins of these days, in a lane of their own. Raises: NothingToSendError."""
    today = station.day_of(now)
    return export_packages(
        station, rows, today - timedelta(days=1), today + timedelta(days=URGENT_DAYS),
        feed_folder(station) / "urgent", now=now, urgent=True, partial=True,
    )  # fmt: skip


def send_urgent(
    station: Station, item_id: int, *, now: datetime, zones: Sequence[str] = ()
) -> list[PackageSummary]:
    """Put an approved, rendered item on the air at once, here and at every station that pulls the feed.

    Raises:
        NotReadyError: it has no sound, or no word that it may air. NoStationsError. content.items.ItemNotFoundError.
        StationWrongError: a zone that there is not, where nobody would hear it.
    """
    communes.check_zones(zones, station.config.zone_ids)
    with station.read() as session:
        rows = [row for row in communes.known(session) if row.player == "loa"]
    if not rows:
        raise NoStationsError
    with station.decide() as session:
        item = get_item(session, item_id)
        episode = item_episode(session, item, now)
        audio = session.scalars(
            select(EpisodeAudio)
            .where(
                EpisodeAudio.episode_id == episode.id, EpisodeAudio.profile == station.config.audio.profile
            )
            .order_by(EpisodeAudio.id.desc())
        ).first()
        reason = f"loa render {item_id}" if audio is None else may_air(session, audio)
        if audio is None or reason is not None:
            raise NotReadyError(count=1, named=f"{item.title}: {reason}")
        play = Play(
            episode_id=episode.id, kind="first", starts_at=now, length_ms=audio.length_ms, zones=list(zones),
            status="emergency", timing="hard", created_at=now,
        )  # fmt: skip
        session.add(play)
        record(session, action="urgent.sent", subject=play, person=None, at=now)
    return publish_urgent(station, rows, now=now)


def serve(
    station: Station,
    *,
    host: str,
    port: int,
    certificate: Path | None,
    key: Path | None,
    insecure: bool,
    started: Callable[[str], None] | None = None,
) -> None:
    """Serve the feed until it is told to stop.

    Raises:
        FeedTlsError: an open address without a certificate. FeedPortError: the address is taken.
        FeedKeyAloneError: a key without its certificate. FeedCertificateError: they are no good.
    """  # fmt: skip
    import uvicorn

    from scheduler.exchange.feed_line import PromptProtocol, allow_many_connections

    scheme = "https" if certificate else "http"
    url = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
    if certificate is None and host not in LOOPBACK and not insecure:
        raise FeedTlsError(url=url)
    if key is not None and certificate is None:
        raise FeedKeyAloneError(key=key)
    listening = _listen(host, port)
    allow_many_connections()
    config = uvicorn.Config(
        feed_app(station, feed_folder(station)), http=PromptProtocol, ssl_certfile=certificate, ssl_keyfile=key, log_level="error",
        access_log=False, server_header=False, timeout_keep_alive=30, backlog=1024, h11_max_incomplete_event_size=16384,
    )  # fmt: skip
    with listening:
        try:
            config.load()
        except OSError as error:  # ssl.SSLError is one
            raise FeedCertificateError(
                certificate=certificate, reason=error.strerror or str(error)
            ) from error
        if started:
            started(url)
        uvicorn.Server(config).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(1024)
    except OSError as error:
        listening.close()
        raise FeedPortError(address=f"{host}:{port}", reason=error.strerror or str(error)) from error
    return listening
