"""One daemon a database: on PostgreSQL, which several computers can share, the database itself says who plays.

The file lock (`lock.py`) keeps two daemons of one computer apart; it cannot see another computer. A session of
its own holds an advisory lock there for as long as it lives. The station never waits for it: where the database is
gone it plays on, and asks again when the database is back. If another computer has taken over meanwhile, this
one gives way.
"""

from __future__ import annotations

import os
import platform
import time
from contextlib import suppress
from datetime import UTC, datetime

from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from content.errors import LoaError
from content.language import N_
from scheduler.daemon.lock import AlreadyRunningError

KEY = 0x6C6F615F616972
"""Names the lock within its database ("loa_air")."""
EVERY_S = 5.0
"""How often the session is looked after."""
PATIENCE_S = 2.0
"""How long `take` asks again: a daemon that died this moment still holds the lease until the server has seen it."""
ASK_AGAIN_S = 0.1


class TakenOverError(LoaError):
    """Another computer plays this station now."""

    sentence = N_(
        "while the database was out of reach, another computer began to play this station ({holder}): this one stops; keep only one of them running"
    )


class DatabaseLease:
    """Held from `take` until `release`, or until this computer or its line to the database dies."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    @property
    def is_shared(self) -> bool:
        """True for a database that several computers can use at once."""
        return self._engine.dialect.name == "postgresql"

    @property
    def is_held(self) -> bool:
        return self._connection is not None

    def take(self) -> None:
        """Take the lease, where the database has one and can be reached.

        Raises:
            AlreadyRunningError: a daemon on another computer (or another folder) plays this station.
        """
        if not self.is_shared or self.is_held:
            return
        end = time.monotonic() + PATIENCE_S
        with suppress(SQLAlchemyError):
            while (holder := self._ask()) is not None:
                if time.monotonic() >= end:
                    raise AlreadyRunningError(
                        pid=holder.get("pid", "?"),
                        host=holder.get("host", "?"),
                        since=holder.get("since", "?"),
                    )
                time.sleep(ASK_AGAIN_S)

    def renew(self) -> None:
        """Look after the session; where the line was cut, take the lease again.

        Raises:
            TakenOverError: somebody else holds it by now.
        """
        if not self.is_shared:
            return
        if self._connection is not None:
            try:
                self._connection.execute(text("SELECT 1"))
            except SQLAlchemyError:
                self._drop()
            else:
                return
        with suppress(SQLAlchemyError):
            holder = self._ask()
            if holder is not None:
                raise TakenOverError(holder=f"{holder.get('host', '?')}, {holder.get('pid', '?')}")

    def release(self) -> None:
        """Let go."""
        self._drop()

    def _ask(self) -> dict[str, str] | None:
        """Try to take it; None when it is ours now, else who holds it."""
        url = self._engine.url.update_query_dict({"connect_timeout": "5"})
        connection = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect()
        try:
            about = f"loa {os.getpid()} {platform.node()[:32]} {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"[:63]
            # The server finds out within half a minute that this computer is dead, and lets another one play.
            for setting, value in (
                ("application_name", about), ("tcp_keepalives_idle", "10"), ("tcp_keepalives_interval", "5"),
                ("tcp_keepalives_count", "3"), ("statement_timeout", "5000"),
            ):  # fmt: skip
                connection.execute(
                    text("SELECT set_config(:name, :value, false)"), {"name": setting, "value": value}
                )
            if connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": KEY}).scalar():
                self._connection = connection
                return None
            found = connection.execute(
                text(
                    "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
                    " WHERE l.locktype = 'advisory' AND l.granted AND l.classid = :high AND l.objid = :low"
                    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                ),
                {"high": KEY >> 32, "low": KEY & 0xFFFFFFFF},
            ).scalar()
        except BaseException:
            connection.close()
            raise
        connection.close()
        parts = (found or "").split(" ")
        return dict(zip(("pid", "host", "since"), parts[1:], strict=False))

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError):
                connection.invalidate()
            with suppress(SQLAlchemyError):
                connection.close()
