"""The local rules at work: the planner's problem narrowed to them, a day checked before air, and set aside with a reason."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from content.config import RelayConfig
from content.errors import LoaError
from content.events import Event, record
from content.language import N_
from content.people import require_role
from content.policies.check import OnAir, Violation, violations
from content.policies.law import Policy, read_policy
from content.station import Station
from scheduler.models import Play

OVERRIDDEN = "policy.overridden"
LONGEST_OVERRIDE_DAYS = 60


class OverrideError(LoaError):
    """Setting the rules aside without what it takes."""

    sentence = N_("the local rules cannot be set aside so: {reason}")


def policy_of(station: Station) -> Policy | None:
    """The rules that the station's config names. Raises: PolicyMissingError, PolicyError."""
    return read_policy(station.config.plan.policy, station.folder)


def narrowed(
    problem: dict[str, Any], policy: Policy | None, free_days: Collection[date] = ()
) -> dict[str, Any]:
    """The planner's problem (docs/planner.md) within the rules: windows cut and left out, quiet hours shut.

    Windows keep their first `session_min` minutes (less what a relay takes of them), a zone keeps its first
    `sessions_per_day` windows of a day and its first `days_per_week` days of a week. On `free_days` the rules
    are set aside. The problem given is not changed.
    """
    if policy is None:
        return problem
    first = date.fromisoformat(problem["meta"]["horizon"]["from"])
    last = date.fromisoformat(problem["meta"]["horizon"]["until"])
    zones = [zone["id"] for zone in problem["zones"]]
    found: dict[tuple[str, int, int], list[str]] = {}
    monday = first - timedelta(days=first.weekday())
    for zone in zones:
        day, used, week = monday, 0, -1
        while day <= last:
            if (day - monday).days // 7 != week:
                week, used = (day - monday).days // 7, 0
            own = [w for w in problem["windows"] if _on(w, zone, day)]
            free = day in free_days
            if own and not free and policy.days_per_week is not None and used >= policy.days_per_week:
                own = []
            elif own and not free:
                used += 1
            if day >= first:
                spans = [_span(w) for w in own]
                if not free:
                    relays = [
                        _span(b) for b in problem["blocks"] if b.get("kind") == "relay" and _on(b, zone, day)
                    ]
                    spans = _allowed(policy, spans, relays if policy.relay_counts else [])
                for span in spans:
                    found.setdefault((zone, *span), []).append(day.isoformat())
            day += timedelta(days=1)
    windows = [
        {
            "id": f"{zone}-{_clock(start)}-{_clock(end)}", "zones": [zone], "weekdays": None, "dates": days,
            "from": None, "until": None, "start": _clock(start), "end": _clock(end),
        }
        for (zone, start, end), days in found.items()
    ]  # fmt: skip
    return {**problem, "windows": windows}


def _allowed(
    policy: Policy, spans: list[tuple[int, int]], relays: list[tuple[int, int]]
) -> list[tuple[int, int]]:
    """The seconds of a day's windows that the rules leave, in order."""
    gap = policy.session_gap_min * 60
    left: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        low, high = start, end
        for quiet in policy.quiet:  # quiet hours lie at the edges of the day: cut, and keep the longer rest
            shut = (_seconds(quiet.start), _seconds(quiet.end) + (1 if quiet.end == time(23, 59, 59) else 0))
            if shut[0] < high and low < shut[1]:
                before, after = (low, min(high, shut[0])), (max(low, shut[1]), high)
                low, high = before if before[1] - before[0] >= after[1] - after[0] else after
        if high > low:
            left.append((low, high))
    sessions: list[list[tuple[str, int, int]]] = []
    for kind, start, end in sorted(
        [*(("window", *s) for s in left), *(("relay", *r) for r in relays)], key=lambda s: s[1]
    ):
        if sessions and start - max(s[2] for s in sessions[-1]) < gap:
            sessions[-1].append((kind, start, end))
        else:
            sessions.append([(kind, start, end)])
    if policy.sessions_per_day is not None:
        sessions = sessions[: policy.sessions_per_day]
    kept: list[tuple[int, int]] = []
    for session in sessions:
        room = None if policy.session_min is None else policy.session_min * 60
        if room is not None:
            room -= sum(end - start for kind, start, end in session if kind == "relay")
        for kind, start, end in session:
            if kind != "window":
                continue
            stop = end if room is None else min(end, start + room)
            if stop > start:
                kept.append((start, stop))
                room = None if room is None else room - (stop - start)
    return kept


def check_days(session: Session, station: Station, from_on: date, until_on: date) -> list[Violation]:
    """What the plan of these station days (both inclusive) breaks; days on which the rules are set aside are left out."""
    policy = policy_of(station)
    if policy is None:
        return []
    monday = from_on - timedelta(days=from_on.weekday())
    free = overridden_days(session)
    found = violations(policy, rundown(session, station, monday, until_on))
    return [v for v in found if from_on <= v.day <= until_on and v.day not in free]


def rundown(session: Session, station: Station, from_on: date, until_on: date) -> list[OnAir]:
    """What is planned on the station days, relays of the config with it."""
    tz = station.tz
    start = datetime.combine(from_on, time(), tz)
    end = datetime.combine(until_on + timedelta(days=1), time(), tz)
    pieces = []
    for play in session.scalars(
        select(Play).where(
            Play.starts_at >= start,
            Play.starts_at < end,
            Play.status.in_(("planned", "pinned", "aired", "emergency")),
        )
    ):
        at = play.starts_at.astimezone(tz).replace(tzinfo=None)
        classes = [part.item.bulletin_class for part in play.episode.parts] if play.episode else []
        urgent = play.status == "emergency" or "emergency" in classes
        pieces.append(
            OnAir(
                id=f"plays:{play.id}", title=play.episode.title if play.episode else "", starts_at=at,
                ends_at=at + timedelta(milliseconds=play.length_ms), zones=tuple(play.zones or ()),
                bulletin_class="emergency" if urgent else "normal",
            )
        )  # fmt: skip
    day = from_on
    while day <= until_on:
        pieces += [_relay(relay, day, station) for relay in station.config.relays if _relays_on(relay, day)]
        day += timedelta(days=1)
    return pieces


def set_aside(
    session: Session,
    station: Station,
    *,
    from_on: date,
    until_on: date,
    person: str,
    reason: str,
    now: datetime,
) -> None:
    """Set the local rules aside on these days, both inclusive; the person and the reason stand in every report.

    Raises:
        OverrideError: no rules, no reason, or too many days. RoleMissingError.
    """
    policy = policy_of(station)
    if policy is None:
        raise OverrideError(reason=N_("the station follows none; set policy under [plan] in config.toml"))
    if not reason.strip():
        raise OverrideError(reason=N_("it needs a reason (--reason TEXT)"))
    days = (until_on - from_on).days + 1
    if not 1 <= days <= LONGEST_OVERRIDE_DAYS:
        raise OverrideError(reason=N_("give at most 60 days, the first one first"))
    require_role(session, person, *policy.override.roles)
    record(
        session,
        action=OVERRIDDEN,
        subject=f"days:{from_on}",
        person=person,
        detail={"from": from_on, "until": until_on, "reason": reason.strip(), "policy": policy.name},
        at=now,
    )


def overridden_days(session: Session) -> set[date]:
    """Every day on which somebody set the rules aside."""
    import json

    days: set[date] = set()
    for detail in session.scalars(select(Event.detail).where(Event.action == OVERRIDDEN)):
        facts = json.loads(detail)
        day, last = date.fromisoformat(facts["from"]), date.fromisoformat(facts["until"])
        while day <= last:
            days.add(day)
            day += timedelta(days=1)
    return days


def _relay(relay: RelayConfig, day: date, station: Station) -> OnAir:
    return OnAir(
        id=f"relay:{relay.id}", title=relay.name or relay.id, starts_at=datetime.combine(day, relay.start),
        ends_at=datetime.combine(day, relay.end), zones=relay.zones or station.config.zone_ids, kind="relay",
    )  # fmt: skip


def _relays_on(relay: RelayConfig, day: date) -> bool:
    return (
        day.isoweekday() in relay.weekdays
        and (relay.from_on is None or relay.from_on <= day)
        and (relay.until_on is None or day <= relay.until_on)
    )


def _on(block: dict[str, Any], zone: str, day: date) -> bool:
    """Whether a window or block of the problem holds for a zone on a day."""
    return (
        (block["zones"] == "*" or zone in block["zones"])
        and (block.get("weekdays") is None or day.isoweekday() in block["weekdays"])
        and (block.get("dates") is None or day.isoformat() in block["dates"])
        and (not block.get("from") or block["from"] <= day.isoformat())
        and (not block.get("until") or day.isoformat() <= block["until"])
    )


def _span(block: dict[str, Any]) -> tuple[int, int]:
    if not block.get("start"):
        return 0, 86_400
    return _seconds(time.fromisoformat(block["start"])), _seconds(time.fromisoformat(block["end"]))


def _seconds(moment: time) -> int:
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def _clock(second: int) -> str:
    if second >= 86_400:
        return "23:59:59"
    return time(second // 3600, second // 60 % 60, second % 60).isoformat()
