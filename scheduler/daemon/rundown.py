"""The rundown: one station day as a concrete list, good enough to play from when the database is gone."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from content import atomic
from content.config import Config

_HASH = re.compile(r"[0-9a-f]{64}")
_SUFFIX = re.compile(r"(\.[A-Za-z0-9]{1,8})?")
TIMINGS = ("hard", "soft", "not-before")


@dataclass(frozen=True, slots=True, kw_only=True)
class RundownPlay:
    """One play as the daemon needs it; everything that airing it takes, without the database."""

    play_id: int
    title: str
    starts_at: datetime
    length_ms: int
    zones: tuple[str, ...]
    timing: str
    lateness: str
    audio_sha256: str | None
    suffix: str
    problem: str | None = None
    """Why it cannot air as things stand; None when it can."""
    emergency: bool = False

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(milliseconds=self.length_ms)


def write(path: Path, day: date, plays: Iterable[RundownPlay], frozen_at: datetime) -> None:
    """Write the rundown of a station day, whole or not at all."""
    table = {
        "loa": 1,
        "day": day.isoformat(),
        "frozen_at": frozen_at.astimezone(UTC).isoformat(),
        "plays": [
            {**asdict(play), "starts_at": play.starts_at.astimezone(UTC).isoformat()} for play in plays
        ],
    }
    atomic.write_text(path, json.dumps(table, ensure_ascii=False, indent=1) + "\n")


def read(path: Path) -> list[RundownPlay]:
    """The plays of a written rundown; empty when there is none or it cannot be read. A broken play costs only itself."""
    try:
        table: Any = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return []
    plays = table.get("plays") if isinstance(table, dict) else None
    made = [_play_of(play) for play in plays] if isinstance(plays, list) else []
    return [play for play in made if play is not None]


def _play_of(table: Any) -> RundownPlay | None:
    """A play as it was written; None where somebody or something spoilt it."""
    try:
        play = RundownPlay(
            **{
                **table,
                "starts_at": datetime.fromisoformat(table["starts_at"]),
                "zones": tuple(table["zones"]),
            }
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    sound = all(
        (
            play.starts_at.tzinfo is not None,
            type(play.play_id) is int,
            type(play.length_ms) is int and 0 <= play.length_ms <= 86_400_000,
            all(isinstance(text, str) for text in (*play.zones, play.title, play.suffix, play.lateness)),
            play.timing in TIMINGS,
            play.audio_sha256 is None or _HASH.fullmatch(str(play.audio_sha256)) is not None,
            _SUFFIX.fullmatch(str(play.suffix)) is not None,
            play.problem is None or isinstance(play.problem, str),
            isinstance(play.emergency, bool),
        )
    )
    return play if sound else None


def exceptions(config: Config, day: date, plays: Sequence[RundownPlay]) -> list[tuple[int, str]]:
    """(play id, what is wrong) for a day: plays that cannot air, overlap, or break session and daily caps.

    Sessions and caps are as the config has them; a play may touch the end of its session.
    """
    found = [(play.play_id, play.problem) for play in plays if play.problem]
    for play in plays:
        if not play.emergency and not _inside_a_session(config, day, play):
            found.append((play.play_id, "outside-session"))
    for zone in config.zones:
        mine = sorted(
            (p for p in plays if not p.zones or zone.id in p.zones), key=lambda p: (p.starts_at, p.play_id)
        )
        for before, after in itertools.pairwise(mine):
            if after.starts_at < before.ends_at:
                found.append((after.play_id, "overlap"))
        minutes = sum(p.length_ms for p in mine) / 60_000
        if zone.daily_budget_min is not None and minutes > zone.daily_budget_min:
            found += [(p.play_id, "daily-budget") for p in mine[-1:]]
        if zone.max_plays_per_day is not None:
            found += [(p.play_id, "max-plays") for p in mine[zone.max_plays_per_day :]]
    return found


def _inside_a_session(config: Config, day: date, play: RundownPlay) -> bool:
    zones = play.zones or config.zone_ids
    start, end = play.starts_at.astimezone(config.tz), play.ends_at.astimezone(config.tz)
    for zone in zones:
        for session in config.sessions:
            if session.zones and zone not in session.zones:
                continue
            if day.isoweekday() not in session.weekdays:
                continue
            if (session.from_on and day < session.from_on) or (session.until_on and day > session.until_on):
                continue
            begins = datetime.combine(day, session.start, config.tz)
            ends = datetime.combine(day, session.end, config.tz)
            if begins <= start and end <= ends + timedelta(seconds=1):
                break
        else:
            return False
    return True
