"""The figures of a report: one JSON object, from which every form of the report is written.

Everything about airings is counted over the as-run log: an airing is a row of kind play, relay or interrupt with
outcome aired. Time on air is `heard_ms` of all rows of these kinds. Rows of a simulated clock never mix with real ones.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from content.config import Config
from content.events import Event, head
from content.items import GREETINGS
from content.models import Approval, Episode, EpisodePart, Item, Programme
from scheduler.ledger import ledger, zones_in
from scheduler.models import AsRun, Play
from scheduler.reports.period import Period
from scheduler.stations import CommuneStation, ReceivedPlay, StationAsRun

COUNTED: Final = ("play", "relay", "interrupt")
NO_NAME: Final = "Chưa phân loại"
ALONE: Final = "Tin, bài lẻ"
OVERRIDES: Final = {
    "policy.overridden": "Phát ngoài quy định của địa phương",
    "script.emergency": "Phát khẩn cấp không qua phê duyệt",
    "voice.consented": "Đồng ý phát giọng máy tạm",
}
CLASS_NAMES: Final = {"normal": "Thường", "priority": "Ưu tiên", "emergency": "Khẩn cấp"}
SOURCE_NAMES: Final = {"own": "Tự sản xuất", "relay": "Tiếp sóng", "received": "Nhận từ đài khác"}
OUTCOME_NAMES: Final = {"partial": "Phát không trọn", "missed": "Không phát được", "displaced": "Nhường sóng"}


@dataclass(slots=True)
class _Episode:
    title: str
    programme: str
    topic: str
    lead_unit: str
    bulletin_class: str
    items: frozenset[int]


class _Tally:
    """Counts of one line of a table."""

    __slots__ = ("counts", "episodes", "heard_ms")

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.heard_ms = 0
        self.episodes: set[int] = set()

    def add(self, kind: str, outcome: str, heard_ms: int, episode_id: int | None) -> None:
        self.heard_ms += heard_ms
        if outcome == "aired":
            self.counts["airings"] += 1
            self.counts[kind] += 1
            if episode_id is not None:
                self.episodes.add(episode_id)
        else:
            self.counts[outcome] += 1

    def to_json(self) -> dict[str, Any]:
        return {
            "episodes": len(self.episodes),
            "airings": self.counts["airings"],
            "first": self.counts["first"],
            "replays": self.counts["replay"],
            "other": self.counts["other"],
            "partial": self.counts["partial"],
            "missed": self.counts["missed"],
            "displaced": self.counts["displaced"],
            "heard_ms": self.heard_ms,
            "minutes": round(self.heard_ms / 60_000, 1),
        }


def figures(
    session: Session, config: Config, period: Period, *, now: datetime, simulated: bool = False
) -> dict[str, Any]:
    """Everything that a report of `period` says. `simulated` counts a simulated clock's rows instead of real ones."""
    start = datetime.combine(period.from_on, time(), config.tz)
    end = datetime.combine(period.until_on + timedelta(days=1), time(), config.tz)
    rows = _rows(session, start, end, simulated)
    episodes = _episodes(session)
    received = set(session.scalars(select(ReceivedPlay.play_id).where(ReceivedPlay.play_id.is_not(None))))
    tables: dict[str, dict[str, _Tally]] = defaultdict(lambda: defaultdict(_Tally))
    total = _Tally()
    items: set[int] = set()
    days: Counter[date] = Counter()
    interruptions: list[dict[str, Any]] = []
    not_aired: list[dict[str, Any]] = []
    names = {zone.id: zone.name or zone.id for zone in config.zones}
    to_local = _local_day(config)
    made_good = _made_good(session)
    silence: Counter[str] = Counter()
    for row in rows:
        row_kind, outcome = row.kind, row.outcome
        if row_kind not in COUNTED:
            silence[row_kind] += row.heard_ms
            continue
        episode = episodes.get(row.episode_id)
        if row_kind == "play":
            kind = row.play_kind if row.play_kind in ("first", "replay") else "other"
            source = "received" if row.play_id in received else "own"
        else:
            kind, source = "other", "relay" if row_kind == "relay" else "own"
        facts = (kind, outcome, row.heard_ms, row.episode_id)
        total.add(*facts)
        tables["programme"][_programme_of(row_kind, row.title, episode)].add(*facts)
        tables["topic"][episode.topic if episode else NO_NAME].add(*facts)
        tables["lead_unit"][episode.lead_unit if episode else NO_NAME].add(*facts)
        bulletin_class = (
            "emergency" if row_kind == "interrupt" else episode.bulletin_class if episode else "normal"
        )
        tables["bulletin_class"][CLASS_NAMES.get(bulletin_class, bulletin_class)].add(*facts)
        tables["source"][SOURCE_NAMES[source]].add(*facts)
        for zone in row.zones:
            tables["zone"][names.get(zone, str(zone))].add(*facts)
        if outcome == "aired":
            days[to_local(row.at)] += 1
            if episode:
                items |= episode.items
        else:
            not_aired.append(
                {
                    "at": row.at.astimezone(config.tz).isoformat(timespec="seconds"),
                    "title": row.title,
                    "outcome": outcome,
                    "reason": row.reason or "",
                    "made_good": row.play_id in made_good,
                }
            )
        if row_kind == "interrupt":
            interruptions.append(
                {
                    "at": row.at.astimezone(config.tz).isoformat(timespec="seconds"),
                    "title": row.title,
                    "zones": [names.get(z, str(z)) for z in row.zones],
                    "who": row.who or "",
                    "minutes": round(row.heard_ms / 60_000, 1),
                    "outcome": outcome,
                    "reason": row.reason or "",
                }
            )
    tables["station"][config.station.name] = total
    own_and_communes = _stations(session, start, end, simulated, tables["station"])
    planned = _planned(session, start, end, config)
    obligations = _obligations(session, config, period, now, simulated)
    number, sha256 = head(session)
    return {
        "kind": period.kind,
        "label": period.label,
        "slug": period.slug,
        "from": period.from_on.isoformat(),
        "until": period.until_on.isoformat(),
        "due_on": period.due_on.isoformat() if period.due_on else None,
        "station": config.station.name,
        "place": config.station.place,
        "made_at": now.astimezone(config.tz).isoformat(timespec="seconds"),
        "simulated": simulated,
        "single_person": config.approval.single_person,
        "single_person_approvals": _single_person(session, start, end),
        "totals": {
            **total.to_json(),
            "items": len(items),
            "planned": planned.total(),
            "filler_ms": silence["filler"],
            "silence_ms": silence["silence"],
            "interruptions": len(interruptions),
            "stations": own_and_communes,
        },
        **{
            f"by_{name}": _table(tables[name])
            for name in ("programme", "topic", "lead_unit", "zone", "station", "bulletin_class", "source")
        },
        "by_day": _by_day(period, days, planned),
        "obligations": obligations,
        "obligation_summary": _summary(obligations),
        "not_aired": not_aired,
        "not_aired_by_reason": _by_reason(not_aired),
        "interruptions": interruptions,
        "overrides": _overrides(session, start, end, config),
        "check_code": f"{number}:{sha256}",
    }


@dataclass(slots=True, frozen=True)
class _Row:
    kind: str
    outcome: str
    title: str
    zones: tuple[str, ...]
    at: datetime
    heard_ms: int
    reason: str | None
    who: str | None
    play_id: int | None
    play_kind: str | None
    episode_id: int | None


def _rows(session: Session, start: datetime, end: datetime, simulated: bool) -> list[_Row]:
    """As-run rows that are over, by their start (or planned start, where nothing was heard)."""
    at = func.coalesce(AsRun.started_at, AsRun.planned_at)
    query = (
        select(
            AsRun.kind, AsRun.outcome, AsRun.title, cast(AsRun.zones, Text),
            at, AsRun.heard_ms,
            AsRun.reason, AsRun.who, AsRun.play_id, Play.kind.label("play_kind"), Play.episode_id,
        )
        .outerjoin(Play, Play.id == AsRun.play_id)
        .where(at >= start, at < end, AsRun.simulated.is_(simulated), AsRun.outcome.is_not(None))
        .order_by(at, AsRun.id)
    )  # fmt: skip
    return [
        _Row(kind, outcome or "", title, zones_in(zones), *rest)
        for kind, outcome, title, zones, *rest in session.execute(query)
    ]


def _made_good(session: Session) -> set[int | None]:
    """Plays that another play made good for, which aired."""
    return set(
        session.scalars(
            select(Play.make_good_for_id).where(Play.make_good_for_id.is_not(None), Play.status == "aired")
        )
    )


def _episodes(session: Session) -> dict[int | None, _Episode]:
    """What the tables need of each episode, in four queries whatever their number."""
    programmes = {
        row.id: row
        for row in session.execute(
            select(Programme.id, Programme.title, Programme.topic, Programme.lead_unit)
        )
    }
    items = {
        row.id: row
        for row in session.execute(select(Item.id, Item.topic, Item.lead_units, Item.bulletin_class))
    }
    parts: dict[int, list[int]] = defaultdict(list)
    for episode_id, item_id in session.execute(
        select(EpisodePart.episode_id, EpisodePart.item_id)
        .join(Item, Item.id == EpisodePart.item_id)
        .where(Item.kind.not_in(GREETINGS))  # a programme's opening and closing are no items to be counted
        .order_by(EpisodePart.episode_id, EpisodePart.position)
    ):
        parts[episode_id].append(item_id)
    found: dict[int | None, _Episode] = {}
    rank = list(CLASS_NAMES)
    for episode_id, title, programme_id in session.execute(
        select(Episode.id, Episode.title, Episode.programme_id)
    ):
        own = [items[item_id] for item_id in parts[episode_id] if item_id in items]
        programme = programmes.get(programme_id)
        topic = (programme.topic if programme else None) or next((i.topic for i in own if i.topic), None)
        unit = (programme.lead_unit if programme else None) or next(
            (i.lead_units[0] for i in own if i.lead_units), None
        )
        classes = [i.bulletin_class for i in own if i.bulletin_class in CLASS_NAMES]
        found[episode_id] = _Episode(
            title=title,
            programme=programme.title if programme else ALONE,
            topic=topic or NO_NAME,
            lead_unit=str(unit or NO_NAME),
            bulletin_class=max(classes, key=rank.index, default="normal"),
            items=frozenset(parts[episode_id]),
        )
    return found


def _programme_of(row_kind: str, title: str, episode: _Episode | None) -> str:
    if row_kind == "relay":
        return f"Tiếp sóng: {title}"
    if row_kind == "interrupt":
        return "Bản tin khẩn cấp"
    return episode.programme if episode else ALONE


def _table(lines: dict[str, _Tally]) -> list[dict[str, Any]]:
    order = sorted(lines.items(), key=lambda line: (-line[1].counts["airings"], line[0]))
    return [{"name": name, **tally.to_json()} for name, tally in order]


def _stations(
    session: Session, start: datetime, end: datetime, simulated: bool, table: dict[str, _Tally]
) -> int:
    """What the commune stations sent back, one line each; how many stations there are with this one."""
    at = func.coalesce(StationAsRun.started_at, StationAsRun.planned_at)
    names = {row.id: row.name for row in session.execute(select(CommuneStation.id, CommuneStation.name))}
    kinds: dict[int | None, str] = {}
    if names:
        kinds.update((play_id, kind) for play_id, kind in session.execute(select(Play.id, Play.kind)))
    for station_id, kind, outcome, heard_ms, play_id in session.execute(
        select(
            StationAsRun.station_id,
            StationAsRun.kind,
            StationAsRun.outcome,
            StationAsRun.heard_ms,
            StationAsRun.play_id,
        ).where(at >= start, at < end, StationAsRun.simulated.is_(simulated))
    ):
        if kind in COUNTED:
            play_kind = kinds.get(play_id, "other") if kind == "play" else "other"
            table[names.get(station_id, f"#{station_id}")].add(play_kind, outcome, heard_ms, None)
    return 1 + len(names)


def _planned(session: Session, start: datetime, end: datetime, config: Config) -> Counter[date]:
    """Plays of the plan by day, without those that were cancelled."""
    to_local = _local_day(config)
    return Counter(
        to_local(at)
        for at in session.scalars(
            select(Play.starts_at).where(
                Play.starts_at >= start, Play.starts_at < end, Play.status != "cancelled"
            )
        )
    )


def _local_day(config: Config) -> Callable[[datetime], date]:
    zone = config.tz

    @cache
    def of_hour(hour: datetime) -> date:
        return hour.astimezone(zone).date()

    # Zones change their offset on the quarter of an hour at the finest: one conversion a quarter is enough.
    return lambda at: of_hour(at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0))


def _by_day(period: Period, aired: Counter[date], planned: Counter[date]) -> list[dict[str, Any]]:
    found = []
    day = period.from_on
    while day <= period.until_on:
        found.append({"date": day.isoformat(), "planned": planned[day], "aired": aired[day]})
        day += timedelta(days=1)
    return found


def _obligations(
    session: Session, config: Config, period: Period, now: datetime, simulated: bool
) -> list[dict[str, Any]]:
    """Obligations that fell due in the period, and those still running at its end."""
    translate = vietnamese()
    found = []
    for standing in ledger(
        session, config, from_on=period.from_on, until_on=period.until_on, now=now, simulated=simulated
    ):
        o = standing.obligation
        if o.until_on < period.from_on or o.from_on > period.until_on:
            continue
        line = standing.to_json()
        line["reasons"] = [reason.told(translate) for reason in standing.reasons]
        line["status_name"] = STATUS_NAMES[standing.status]
        line["final"] = o.until_on <= period.until_on
        found.append(line)
    return sorted(found, key=lambda line: (line["title"], line["from"]))


STATUS_NAMES: Final = {
    "met": "Đạt",
    "on-track": "Đang thực hiện",
    "at-risk": "Có nguy cơ",
    "lost": "Không còn khả năng đạt",
    "missed": "Không đạt",
}


def _summary(obligations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One line for each programme or item over all its periods."""
    lines: dict[str, dict[str, Any]] = {}
    for one in obligations:
        line = lines.setdefault(
            one["key"],
            {"key": one["key"], "title": one["title"], "periods": 0, "met": 0, "running": 0, "owed": 0, "aired": 0, "reasons": []},
        )  # fmt: skip
        line["periods"] += 1
        line["met"] += one["status"] == "met"
        line["running"] += one["status"] in ("on-track", "at-risk")
        line["owed"] += one["owed"]
        line["aired"] += one["aired"]
        line["reasons"] += [reason for reason in one["reasons"] if reason not in line["reasons"]]
    for line in lines.values():
        line["reasons"] = line["reasons"][:4]
        failed = line["periods"] - line["met"] - line["running"]
        line["status_name"] = "Không đạt" if failed else "Đang thực hiện" if line["running"] else "Đạt"
    return sorted(lines.values(), key=lambda line: line["title"])


def _by_reason(not_aired: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    counts: Counter[tuple[str, str]] = Counter((one["outcome"], one["reason"]) for one in not_aired)
    return [
        {
            "outcome": OUTCOME_NAMES.get(outcome, outcome),
            "reason": reason or "không ghi lý do",
            "count": count,
        }
        for (outcome, reason), count in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    ]


def _overrides(session: Session, start: datetime, end: datetime, config: Config) -> list[dict[str, Any]]:
    found = []
    for event in session.scalars(
        select(Event)
        .where(Event.action.in_(OVERRIDES), Event.at >= start, Event.at < end)
        .order_by(Event.number)
    ):
        detail = json.loads(event.detail)
        found.append(
            {
                "number": event.number,
                "at": event.at.astimezone(config.tz).isoformat(timespec="seconds"),
                "person": event.person,
                "what": OVERRIDES[event.action],
                "subject": event.subject,
                "reason": detail.get("reason") or "",
            }
        )
    return found


def _single_person(session: Session, start: datetime, end: datetime) -> int:
    return int(
        session.scalar(
            select(func.count())
            .select_from(Approval)
            .where(Approval.single_person, Approval.decided_at >= start, Approval.decided_at < end)
        )
        or 0
    )


@cache
def vietnamese() -> Callable[[str], str]:
    """Messages in Vietnamese, whatever the screen language: a report is an official text."""
    import gettext

    folder = Path(str(files("content"))) / "locale"
    return gettext.translation("loa", localedir=str(folder), languages=["vi"], fallback=True).gettext
