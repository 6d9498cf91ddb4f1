"""The obligation ledger: what each programme and item owes in a period, what aired, what is planned, what is at risk."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session, selectinload

from audio.models import EpisodeAudio
from content.config import Config
from content.episodes import is_ready
from content.errors import Told
from content.language import N_
from content.models import Episode, EpisodePart, Item, Programme
from content.months import first_day, last_day, months_between
from scheduler.models import AsRun, Play
from scheduler.obligation import AirDays, Obligation, Standing, stand

TO_COME = ("planned", "pinned")
ONLY_SIMULATED = ("aired", "missed", "preempted")
"""What has such a status although its time is still to come was aired by a simulated clock: it is owed all the same."""
MOST_REASONS = 4


@dataclass(slots=True)
class _Airings:
    """What is known of one episode (or item on its own): days by zone."""

    aired: list[tuple[date, tuple[str, ...]]] = field(default_factory=list)
    planned: list[tuple[date, tuple[str, ...]]] = field(default_factory=list)
    troubles: list[tuple[date, str, str | None]] = field(default_factory=list)
    """(day, outcome, reason) of airings that did not come whole."""


def ledger(
    session: Session,
    config: Config,
    *,
    from_on: date,
    until_on: date,
    now: datetime,
    simulated: bool = False,
) -> list[Standing]:
    """Every obligation with a period that touches [from_on, until_on], both inclusive, as it stands at `now`.

    Counts what the player wrote down, never what was planned. `simulated` counts airings of a simulated clock
    instead of real ones.
    """
    today = now.astimezone(config.tz).date()
    first, last = first_day(f"{from_on:%Y-%m}"), last_day(f"{until_on:%Y-%m}")
    week_first = min(first, from_on - timedelta(days=from_on.weekday()))
    week_last = max(last, until_on + timedelta(days=6 - until_on.weekday()))
    airings = _airings(session, config, week_first, week_last, now, simulated)
    episodes = _episodes(session, airings, months_between(first, last))
    ready = _Readiness(session, config, episodes)
    standings: list[Standing] = []
    days = AirDays(config)
    programmes = session.scalars(
        select(Programme).where(Programme.status != "proposed").order_by(Programme.id)
    ).all()
    by_programme: dict[int, list[Episode]] = defaultdict(list)
    for episode in episodes.values():
        if episode.programme_id is not None:
            by_programme[episode.programme_id].append(episode)
    for programme in programmes:
        own = by_programme[programme.id]
        if programme.new_per_month:
            for month in months_between(first, last):
                if found := _series(config, programme, month, own, airings, ready, today, days):
                    standings.append(found)
        counted = _merged(airings[e.id] for e in own if e.id in airings)
        doubts = [doubt for e in own if airings[e.id].planned for doubt in ready.doubts(e)]
        for obligation in _counted(config, days, programme, programme.rules or {}, from_on, until_on):
            if programme.status != "retired" or counted.aired:
                standings.append(_standing(obligation, counted, _zones(config, programme), today, doubts))
    for episode in episodes.values():
        if episode.programme_id is None and episode.parts:
            item = episode.parts[0].item
            if item.rules and item.status in ("approved", "submitted", "draft"):
                for obligation in _counted(config, days, item, item.rules, from_on, until_on):
                    standings.append(
                        _standing(
                            obligation,
                            airings[episode.id],
                            _zones(config, item),
                            today,
                            ready.doubts(episode),
                        )
                    )
    order = {"lost": 0, "missed": 1, "at-risk": 2, "on-track": 3, "met": 4}
    return sorted(
        standings,
        key=lambda s: (order[s.status], s.last_on or date.max, s.obligation.key, s.obligation.period),
    )


def _series(
    config: Config,
    programme: Programme,
    month: str,
    episodes: Sequence[Episode],
    airings: dict[int, _Airings],
    ready: _Readiness,
    today: date,
    days: AirDays,
) -> Standing | None:
    """New episodes of a month, each with its replays: all must air within the month."""
    first, last = first_day(month), last_day(month)
    valid_from = max(first, programme.valid_from_on or first)
    valid_until = min(last, programme.valid_until_on or last)
    issues = [e for e in episodes if e.month == month]
    created_on = programme.created_at.astimezone(config.tz).date()
    heard = any(airings[e.id].aired for e in issues if e.id in airings)
    laid = any(airings[e.id].planned for e in issues if e.id in airings)
    # A programme begins to owe with the first whole month; in the month of its making only what was begun counts.
    if valid_until < valid_from or (created_on > first and not heard and not (laid and created_on <= last)):
        return None
    if programme.status == "retired" and not heard:
        return None
    each = 1 + (programme.min_replays_per_month or 0)
    wanted = max(1, programme.new_per_month or 1)
    rules = programme.rules or {}
    zones = _zones(config, programme)
    obligation = Obligation(
        key=f"programme:{programme.id}",
        title=programme.title,
        period=month,
        from_on=valid_from,
        until_on=valid_until,
        owed=each * wanted,
        per="month",
        lead_unit=programme.lead_unit,
        document_id=programme.document_id,
        rule_text=programme.rule_text,
        source="document" if programme.document_id else "rule",
        air_days=days.between(zones, valid_from, valid_until, rules.get("weekdays")),
        max_per_day=int(rules.get("max_per_day", 1)) * wanted,
        min_gap_days=int(rules.get("min_gap_days", 1)),
    )
    aired = planned = 0
    reasons: list[Told] = []
    doubts: list[Told] = []
    best = sorted(issues, key=lambda e: (-_count(airings[e.id].aired, zones, first, last), e.number))[:wanted]
    for episode in best:
        found = airings[episode.id]
        done = min(each, _count(found.aired, zones, first, last))
        to_come = min(each - done, _count(found.planned, zones, first, last))
        aired, planned = aired + done, planned + to_come
        reasons += _reasons(found, first, last)
        if done < each:
            doubts += ready.doubts(episode)
    if len(best) < wanted:
        doubts.append(
            Told(
                N_("{count} episodes of the month do not exist yet: run `loa plan build`"),
                count=wanted - len(best),
            )
        )
    return stand(
        obligation, aired=aired, planned=planned, today=today, reasons=reasons[:MOST_REASONS], doubts=doubts
    )


def _counted(
    config: Config,
    air_days: AirDays,
    owner: Programme | Item,
    rules: dict[str, Any],
    from_on: date,
    until_on: date,
) -> list[Obligation]:
    """Obligations out of `counts` and `campaigns` with a minimum (see docs/planner.md)."""
    found: list[Obligation] = []
    kind = "programme" if isinstance(owner, Programme) else "item"
    lead = (
        owner.lead_unit
        if isinstance(owner, Programme)
        else (owner.lead_units[0] if owner.lead_units else None)
    )
    start = owner.valid_from_on or owner.created_at.astimezone(config.tz).date()
    end = owner.valid_until_on or date.max
    text = owner.rule_text if isinstance(owner, Programme) else owner.period_text

    def add(per: str, first: date, last: date, owed: Any, *, share: bool) -> None:
        if not isinstance(owed, int) or owed <= 0:
            return
        low, high = max(first, start), min(last, end)
        if high < low or high < from_on or low > until_on:
            return
        days = air_days.between(owner.zones, low, high, rules.get("weekdays"))
        if share and (low, high) != (first, last):
            whole = air_days.between(owner.zones, first, last, rules.get("weekdays"))
            owed = int(owed * len(days) / len(whole)) if whole else 0
            if owed <= 0:
                return
        found.append(
            Obligation(
                key=f"{kind}:{owner.id}", title=owner.title, period=_period(per, first, last), from_on=low, until_on=high,
                owed=owed, per=per, lead_unit=lead, document_id=owner.document_id, rule_text=text,
                source="document" if owner.document_id and text else "rule", air_days=days,
                max_per_day=int(rules.get("max_per_day", 99)), min_gap_days=int(rules.get("min_gap_days", 0)),
            )
        )  # fmt: skip

    for count in rules.get("counts") or []:
        if not isinstance(count, dict):
            continue
        least, per, share = count.get("min"), str(count.get("per")), count.get("prorate", True) is not False
        if per in ("range", "total"):
            low = _day(count.get("from")) or start
            high = _day(count.get("until")) or (end if end < date.max else until_on)
            add("range", low, high, least, share=False)
        else:
            for first, last in _periods(per, from_on, until_on):
                add(per, first, last, least, share=share)
    for campaign in rules.get("campaigns") or []:
        if not isinstance(campaign, dict):
            continue
        first_on, last_on = _day(campaign.get("from")), _day(campaign.get("until"))
        if first_on and last_on:
            add("range", first_on, last_on, campaign.get("min_total"), share=False)
    return found


def _standing(
    obligation: Obligation, airings: _Airings, zones: tuple[str, ...], today: date, doubts: Sequence[Told]
) -> Standing:
    first, last = obligation.from_on, obligation.until_on
    return stand(
        obligation,
        aired=_count(airings.aired, zones, first, last),
        planned=_count(airings.planned, zones, first, last),
        today=today,
        reasons=_reasons(airings, first, last)[:MOST_REASONS],
        doubts=list(doubts),
    )


class _Readiness:
    """Why planned airings of an episode may not happen; each looked up once."""

    def __init__(self, session: Session, config: Config, episodes: dict[int, Episode]) -> None:
        self.rendered = set(
            session.scalars(
                select(EpisodeAudio.episode_id)
                .where(EpisodeAudio.profile == config.audio.profile)
                .group_by(EpisodeAudio.episode_id)
                .having(func.count() > 0)
            )
        )
        self.episodes = episodes

    def doubts(self, episode: Episode) -> list[Told]:
        if episode.parts and not is_ready(
            episode
        ):  # also where the approval was taken back after it had sound
            return [Told(N_("{title}: not approved yet"), title=episode.title)]
        if episode.id in self.rendered:
            return []
        if not episode.parts:
            return [Told(N_("{title}: no approved item yet"), title=episode.title)]
        return [Told(N_("{title}: no audio yet, run `loa render`"), title=episode.title)]


def _airings(
    session: Session, config: Config, from_on: date, until_on: date, now: datetime, simulated: bool
) -> dict[int, _Airings]:
    start = datetime.combine(from_on, time(), config.tz)
    end = datetime.combine(until_on + timedelta(days=1), time(), config.tz)
    at = func.coalesce(AsRun.started_at, AsRun.planned_at)
    found: dict[int, _Airings] = defaultdict(_Airings)
    heard = session.execute(
        select(Play.episode_id, AsRun.outcome, AsRun.reason, cast(AsRun.zones, Text), at)
        .join(Play, Play.id == AsRun.play_id)
        .where(AsRun.kind == "play", AsRun.simulated.is_(simulated), at >= start, at < end)
        .where(Play.episode_id.is_not(None))
        .order_by(at, AsRun.id)
    )
    for episode_id, outcome, reason, zones, moment in heard:
        assert episode_id is not None
        day = moment.astimezone(config.tz).date()
        if outcome == "aired":
            found[episode_id].aired.append((day, zones_in(zones)))
        elif outcome is not None:
            found[episode_id].troubles.append((day, outcome, reason))
    plays = session.execute(
        select(Play.episode_id, Play.zones, Play.starts_at).where(
            Play.status.in_(TO_COME if simulated else TO_COME + ONLY_SIMULATED), Play.starts_at > now, Play.starts_at >= start, Play.starts_at < end,
            Play.episode_id.is_not(None),
        )
    )  # fmt: skip
    for episode_id, zones, starts_at in plays:
        found[episode_id].planned.append((starts_at.astimezone(config.tz).date(), tuple(zones)))
    return found


def _episodes(session: Session, airings: dict[int, _Airings], months: Sequence[str]) -> dict[int, Episode]:
    """Episodes that aired, will air or are of these months, with their items."""
    loading = selectinload(Episode.parts).selectinload(EpisodePart.item)
    found: dict[int, Episode] = {}
    ids = sorted(airings)
    for start in range(0, len(ids), 500):
        for episode in session.scalars(
            select(Episode).where(Episode.id.in_(ids[start : start + 500])).options(loading)
        ):
            found[episode.id] = episode
    for episode in session.scalars(select(Episode).where(Episode.month.in_(months)).options(loading)):
        found[episode.id] = episode
    alone = (
        select(Episode)
        .join(EpisodePart)
        .join(Item)
        .where(Episode.programme_id.is_(None), Item.rules.is_not(None))
    )
    for episode in session.scalars(alone.options(loading)):
        found[episode.id] = episode
    for episode_id in found:
        airings[episode_id]  # an entry for each, though empty
    return found


@lru_cache(maxsize=4096)
def zones_in(text: str) -> tuple[str, ...]:
    """Zones as the database keeps them (JSON); the same few lists come again and again."""
    return tuple(json.loads(text) or ())


def _merged(many: Iterable[_Airings]) -> _Airings:
    whole = _Airings()
    for one in many:
        whole.aired += one.aired
        whole.planned += one.planned
        whole.troubles += one.troubles
    return whole


def _count(
    airings: Sequence[tuple[date, tuple[str, ...]]], zones: tuple[str, ...], first: date, last: date
) -> int:
    """Airings between the days in the zone that had fewest."""
    inside = [heard for day, heard in airings if first <= day <= last]
    if not zones:
        return len(inside)
    return min(sum(1 for heard in inside if zone in heard) for zone in zones)


def _reasons(airings: _Airings, first: date, last: date) -> list[Told]:
    told = []
    for day, outcome, reason in airings.troubles:
        if first <= day <= last:
            message = {
                "missed": N_("missed on {day:%d/%m}: {reason}"),
                "partial": N_("cut short on {day:%d/%m}: {reason}"),
                "displaced": N_("displaced on {day:%d/%m}: {reason}"),
            }.get(outcome, N_("not aired on {day:%d/%m}: {reason}"))
            told.append(Told(message, day=day, reason=reason or "—"))
    return list({str(one): one for one in told}.values())


def _zones(config: Config, owner: Programme | Item) -> tuple[str, ...]:
    return tuple(owner.zones or config.zone_ids)


def _periods(per: str, from_on: date, until_on: date) -> list[tuple[date, date]]:
    if per == "month":
        return [(first_day(m), last_day(m)) for m in months_between(from_on, until_on)]
    step = {"week": 7, "day": 1}.get(per)
    if step is None:
        return []
    first = from_on - timedelta(days=from_on.weekday()) if per == "week" else from_on
    found = []
    while first <= until_on:
        found.append((first, first + timedelta(days=step - 1)))
        first += timedelta(days=step)
    return found


def _period(per: str, first: date, last: date) -> str:
    if per == "month":
        return f"{first:%Y-%m}"
    if per == "week":
        year, week, _day_number = first.isocalendar()
        return f"{year}-W{week:02d}"
    return first.isoformat() if first == last else f"{first}..{last}"


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
