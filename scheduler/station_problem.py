"""The station's config, programmes and plays as one problem for the planner.

The schema is the planner's (`docs/planner.md`): local wall-clock times, zones, windows, blocks, programmes
with rules, series, and the plays that are there already.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from content.config import BlackoutConfig, Config, RelayConfig, SessionConfig
from content.errors import LoaError
from content.item_rules import monthly_rules, weekly_rules
from content.language import N_
from content.models import Episode, Item, Programme
from content.months import first_day, last_day
from scheduler.models import Play
from scheduler.planner import beyond


class TitledRuleError(LoaError):
    """A rule of a programme or item that cannot be read."""

    sentence = N_("{title}: {reason}")


GONE = ("missed", "preempted")


def episode_key(episode_id: int) -> str:
    """The planner's name of an episode."""
    return f"e{episode_id}"


def problem(
    config: Config,
    *,
    from_on: date,
    until_on: date,
    episodes: Sequence[tuple[Episode, int]],
    plays: Sequence[Play],
    lay_from_on: date | None = None,
) -> dict[str, Any]:
    """The planner's problem for the station days [from_on, until_on], both inclusive.

    `episodes` come with their length in ms (rendered or estimated); `plays` are those already laid in these
    days, whatever their status. New plays are laid from `lay_from_on` on (default: from the first day).
    """
    room = (max(from_on, lay_from_on or from_on), until_on)
    days = (from_on, until_on)
    lead = timedelta(seconds=config.plan.changeover_s)
    owed = {episode.id for episode, _length in episodes}
    return {
        "meta": {
            "horizon": {"from": from_on.isoformat(), "until": until_on.isoformat()},
            "tz": config.station.timezone,
            "changeover_s": config.plan.changeover_s,
            "adjacent_gap_s": max(config.plan.adjacent_gap_s, int(lead.total_seconds())),
        },
        "zones": [
            {"id": z.id, "station": config.station.name, "daily_budget_min": z.daily_budget_min, "max_plays_per_day": z.max_plays_per_day}
            for z in config.zones
        ],
        "windows": [_block(session) for session in config.sessions],
        "blocks": [
            *({**_block(relay), "kind": "relay"} for relay in config.relays),
            *({**_block(blackout), "kind": "blackout"} for blackout in config.blackouts),
        ],
        "programmes": [_programme(config, episode, length_ms, room, days) for episode, length_ms in episodes],
        "series": _series(config, [episode for episode, _length in episodes]),
        "plays": [_replaced(play_json(play, config, owed), play, plays) for play in plays],
    }  # fmt: skip


def _replaced(row: dict[str, Any], play: Play, plays: Sequence[Play]) -> dict[str, Any]:
    """The row of a missed play that another one makes good already: the planner owes it nothing more."""
    if play.status not in ("missed", "preempted"):
        return row
    root = play.make_good_for_id or play.id
    replaced = any(
        other.make_good_for_id == root and other is not play and other.status not in ("cancelled", *GONE)
        for other in plays
    )
    return {**row, "status": "cancelled" if replaced else "missed"}


def play_json(play: Play, config: Config, owed: Collection[int]) -> dict[str, Any]:
    """One play in the planner's schema; its start in local wall-clock time.

    A play of an episode that nothing asks for any more (not among the `owed`) only takes air from the others,
    as an announcement does.
    """
    known = play.episode_id is not None and play.episode_id in owed
    on_air = play.status in ("planned", "pinned", "aired")
    return {
        "id": f"p{play.id}",
        "programme": f"e{play.episode_id}" if known else None,
        "start": play.starts_at.astimezone(config.tz).replace(tzinfo=None).isoformat(),
        "zones": list(play.zones),
        "status": "emergency" if on_air and not known else play.status,
        "duration_s": seconds(play.length_ms),
    }


def seconds(length_ms: int) -> int:
    """Whole seconds that a sound of that length occupies (rounded up)."""
    return -(-length_ms // 1000)


def issue_days(month: str, number: int, of: int) -> tuple[date, date]:
    """The days of the month (both inclusive) in which issue `number` of `of` first airs: equal shares in order."""
    first = first_day(month)
    days = (last_day(month) - first).days + 1
    return first + timedelta(days=(number - 1) * days // of), first + timedelta(days=number * days // of - 1)


def programme_rules(
    config: Config, programme: Programme, month: str | None, number: int, room: tuple[date, date]
) -> dict[str, Any]:
    """The rules of one episode of a programme, from what its document orders.

    "One new episode a month, replayed at least N times" becomes 1 + N airings in the month of issue, never two
    on one day. What the month owes is owed whole, however late in it the plan begins; a plan that ends before
    the month does owes its share. The least gap spreads the airings over the days that are left in `room`
    (first and last day on which plays are laid, both inclusive). Of several new episodes a month each first
    airs in its own share of the month.
    """
    rules: dict[str, Any] = dict(programme.rules or {})
    issues = programme.new_per_month or 1
    if month and issues > 1:
        airings = 1 + (programme.min_replays_per_month or 0)
        whole = {"per": "total", "min": airings, "max": airings + 1, "target": airings, "prorate": False}
        _begin, by = issue_days(month, number, issues)
        return {"counts": [whole], "max_per_day": 1, "first_airing_by": by.isoformat(), **rules}
    if programme.min_replays_per_month is not None and month:
        first, last = max(room[0], first_day(month)), min(room[1], last_day(month))
        cut = room[1] < last_day(month)
        days = open_days(config, first, last)
        return {**monthly_rules(1 + programme.min_replays_per_month, days, prorate=cut), **rules}
    return _filled(rules, weekly_rules(1))


ASKING = ("counts", "minutes", "on", "every_weeks", "campaigns", "first_airing_by")
"""Rules that ask for airings; the others only say when or in which place it airs."""


def _filled(rules: dict[str, Any] | None, default: dict[str, Any]) -> dict[str, Any]:
    """The rules, with the default counts where they ask for no airing."""
    if not any((rules or {}).get(key) for key in ASKING):
        return {**default, **(rules or {})}
    return rules or default


def open_days(config: Config, from_on: date, until_on: date) -> int:
    """How many days of [from_on, until_on] have a session and no blackout of the whole day."""
    closed = [block for block in config.blackouts if block.start is None and not block.zones]
    days = [from_on + timedelta(days=n) for n in range((until_on - from_on).days + 1)]
    return sum(
        any(is_on(s, day) for s in config.sessions) and not any(is_on(b, day) for b in closed) for day in days
    )


def _open_span(config: Config, first: date, last: date) -> tuple[date, date]:
    """The days without those at either end on which nothing can air: a month that begins on a Sunday without a
    session owes nothing to the week of that Sunday."""
    whole = first, last
    while first < last and not open_days(config, first, first):
        first += timedelta(days=1)
    while first < last and not open_days(config, last, last):
        last -= timedelta(days=1)
    return (first, last) if open_days(config, first, first) else whole


def is_on(block: SessionConfig | BlackoutConfig, day: date) -> bool:
    """Whether the block is held on that day."""
    begun = block.from_on is None or block.from_on <= day
    return begun and (block.until_on is None or day <= block.until_on) and day.isoweekday() in block.weekdays


def _programme(
    config: Config, episode: Episode, length_ms: int, room: tuple[date, date], days: tuple[date, date]
) -> dict[str, Any]:
    programme = episode.programme
    if programme is not None:
        month = episode.month
        issues = programme.new_per_month or 1
        begin = issue_days(month, episode.number, issues)[0] if month else None
        valid_from = _latest(programme.valid_from_on, begin)
        valid_until = _earliest(programme.valid_until_on, last_day(month) if month else None)
        if month and valid_from and valid_until and not any((programme.rules or {}).get(k) for k in ASKING):
            valid_from, valid_until = _open_span(config, valid_from, valid_until)
        owner: Programme | Item = programme
        lead_unit, rules = (
            programme.lead_unit,
            programme_rules(config, programme, month, episode.number, room),
        )
    else:
        owner = item = episode.parts[0].item
        valid_from, valid_until = item.valid_from_on, item.valid_until_on
        lead_unit = item.lead_units[0] if item.lead_units else None
        rules = _filled(item.rules, weekly_rules(config.plan.item_per_week))
    place = None
    if beyond.is_beyond(rules):
        since = {"weeks_from": owner.valid_from_on.isoformat()} if owner.valid_from_on else {}
        try:
            place = beyond.place_of(rules)
            rules = beyond.translate(
                {**since, **rules},
                length_s=seconds(length_ms),
                horizon=days,
                owed_from=room[0],
                valid_from=valid_from,
                valid_until=valid_until,
            )
        except LoaError as error:
            raise TitledRuleError(title=episode.title, reason=error) from error
    return {
        "id": episode_key(episode.id),
        "title": episode.title,
        "duration_s": seconds(length_ms),
        "zones": list(owner.zones or config.zone_ids),
        "topic": owner.topic,
        "lead_unit": lead_unit,
        "priority": owner.priority,
        "series": _series_key(programme) if programme is not None and programme.new_per_month else None,
        "valid_from": valid_from.isoformat() if valid_from else None,
        "valid_until": valid_until.isoformat() if valid_until else None,
        "rules": {"topic_not_adjacent": False, **rules},
        **({"place": place} if place else {}),
    }


def _series(config: Config, episodes: Sequence[Episode]) -> list[dict[str, Any]]:
    programmes = {
        e.programme.id: e.programme for e in episodes if e.programme is not None and e.programme.new_per_month
    }
    return [
        {
            "id": _series_key(programme),
            "zones": list(programme.zones or config.zone_ids),
            "new_per_month": programme.new_per_month,
            "min_replays": programme.min_replays_per_month or 0,
        }
        for programme in programmes.values()
    ]


def _series_key(programme: Programme) -> str:
    return f"s{programme.id}"


def _block(block: SessionConfig | RelayConfig | BlackoutConfig) -> dict[str, Any]:
    return {
        "id": block.id,
        "zones": list(block.zones) or "*",
        "weekdays": list(block.weekdays),
        "dates": None,
        "from": block.from_on.isoformat() if block.from_on else None,
        "until": block.until_on.isoformat() if block.until_on else None,
        "start": _clock(block.start),
        "end": _clock(block.end),
    }


def _clock(moment: time | None) -> str | None:
    return None if moment is None else moment.strftime("%H:%M:%S")


def _latest(*days: date | None) -> date | None:
    return max((day for day in days if day), default=None)


def _earliest(*days: date | None) -> date | None:
    return min((day for day in days if day), default=None)


def instant(start: str, config: Config) -> datetime:
    """A planner's local wall-clock start as an aware instant."""
    return datetime.fromisoformat(start).replace(tzinfo=config.tz)
