"""Whether a rundown keeps to the local rules: pure functions over local wall-clock times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from content.errors import Told
from content.language import N_
from content.policies.law import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class OnAir:
    """Something on the air in [starts_at, ends_at), local time of the station without a zone."""

    id: str
    title: str
    starts_at: datetime
    ends_at: datetime
    zones: tuple[str, ...]
    kind: str = "play"
    """play, relay or interrupt."""
    bulletin_class: str = "normal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One rule that is not kept."""

    code: str
    """quiet, session-length, sessions-per-day or days-per-week."""
    zone: str
    day: date
    ids: tuple[str, ...]
    told: Told

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "code": self.code,
            "zone": self.zone,
            "day": self.day.isoformat(),
            "ids": list(self.ids),
            "text": str(self.told),
        }


def violations(policy: Policy, rundown: Iterable[OnAir]) -> list[Violation]:
    """Every rule that the rundown of some days breaks; emergencies are held back by none.

    A session is everything in one zone with less silence between than `session_gap_min`; its length is the time
    on air in it. Days a week are counted over the days that `rundown` covers, by ISO week.
    """
    found: list[Violation] = []
    by_zone: dict[str, list[OnAir]] = defaultdict(list)
    for piece in rundown:
        if piece.bulletin_class in policy.override.classes or piece.kind == "interrupt":
            continue
        if piece.kind == "relay" and not policy.relay_counts:
            continue
        for zone in piece.zones:
            by_zone[zone].append(piece)
    for zone, pieces in sorted(by_zone.items()):
        pieces.sort(key=lambda p: (p.starts_at, p.id))
        found += _quiet(policy, zone, pieces)
        by_day: dict[date, list[list[OnAir]]] = defaultdict(list)
        for session in _sessions(policy, pieces):
            by_day[session[0].starts_at.date()].append(session)
            found += _length(policy, zone, session)
        for day, sessions in sorted(by_day.items()):
            if policy.sessions_per_day is not None and len(sessions) > policy.sessions_per_day:
                late = [p.id for session in sessions[policy.sessions_per_day :] for p in session]
                found.append(
                    Violation(
                        code="sessions-per-day", zone=zone, day=day, ids=tuple(late),
                        told=Told(
                            N_("{zone}, {day:%d/%m/%Y}: {count} sessions, at most {most} are allowed ({source})"),
                            zone=zone, day=day, count=len(sessions), most=policy.sessions_per_day, source=policy.source,
                        ),
                    )
                )  # fmt: skip
        found += _days(policy, zone, by_day)
    return sorted(found, key=lambda v: (v.day, v.zone, v.code))


def _quiet(policy: Policy, zone: str, pieces: Sequence[OnAir]) -> list[Violation]:
    found = []
    for piece in pieces:
        day = piece.starts_at.date()
        for quiet in policy.quiet:
            start = datetime.combine(day, quiet.start)
            end = datetime.combine(day, quiet.end)
            if quiet.end.hour == 23 and quiet.end.minute == 59:
                end = datetime.combine(day + timedelta(days=1), datetime.min.time())
            if piece.starts_at < end and start < piece.ends_at:
                found.append(
                    Violation(
                        code="quiet", zone=zone, day=day, ids=(piece.id,),
                        told=Told(
                            N_("{zone}, {at:%H:%M %d/%m/%Y}: {title} lies in the quiet hours {start:%H:%M}–{end:%H:%M} ({source})"),
                            zone=zone, at=piece.starts_at, title=piece.title, start=quiet.start, end=quiet.end, source=policy.source,
                        ),
                    )
                )  # fmt: skip
                break
    return found


def _sessions(policy: Policy, pieces: Sequence[OnAir]) -> list[list[OnAir]]:
    """Pieces on one zone's air, cut where silence is long enough or the day changes."""
    sessions: list[list[OnAir]] = []
    ends_at: datetime | None = None
    gap = timedelta(minutes=policy.session_gap_min)
    for piece in pieces:
        same_day = bool(sessions) and sessions[-1][0].starts_at.date() == piece.starts_at.date()
        if ends_at is None or not same_day or piece.starts_at - ends_at >= gap:
            sessions.append([])
            ends_at = piece.ends_at
        sessions[-1].append(piece)
        ends_at = max(ends_at, piece.ends_at)
    return sessions


def _length(policy: Policy, zone: str, session: Sequence[OnAir]) -> list[Violation]:
    if policy.session_min is None:
        return []
    most = timedelta(minutes=policy.session_min)
    on_air = timedelta()
    late: list[str] = []
    for piece in session:
        on_air += piece.ends_at - piece.starts_at
        if on_air > most:
            late.append(piece.id)
    if not late:
        return []
    first = session[0].starts_at
    return [
        Violation(
            code="session-length", zone=zone, day=first.date(), ids=tuple(late),
            told=Told(
                N_("{zone}: the session of {at:%H:%M %d/%m/%Y} is {minutes:.1f} minutes on air, at most {most} are allowed ({source})"),
                zone=zone, at=first, minutes=on_air.total_seconds() / 60, most=policy.session_min, source=policy.source,
            ),
        )
    ]  # fmt: skip


def _days(policy: Policy, zone: str, by_day: dict[date, list[list[OnAir]]]) -> list[Violation]:
    if policy.days_per_week is None:
        return []
    weeks: dict[tuple[int, int], list[date]] = defaultdict(list)
    for day in sorted(by_day):
        weeks[day.isocalendar()[:2]].append(day)
    found = []
    for days in weeks.values():
        for day in days[policy.days_per_week :]:
            ids = tuple(p.id for session in by_day[day] for p in session)
            found.append(
                Violation(
                    code="days-per-week", zone=zone, day=day, ids=ids,
                    told=Told(
                        N_("{zone}, {day:%d/%m/%Y}: day {count} on air in this week, at most {most} are allowed ({source})"),
                        zone=zone, day=day, count=days.index(day) + 1, most=policy.days_per_week, source=policy.source,
                    ),
                )
            )  # fmt: skip
    return found
