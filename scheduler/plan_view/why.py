"""Why a play is where it is (`loa plan explain`): its rule, its neighbours, and what other places would break."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from content.errors import Told
from content.language import N_, Marked
from content.models import Document, Episode, Item
from content.months import last_day, month_of
from content.station import Station
from scheduler.models import Play
from scheduler.plan_change import play_of, problem_of
from scheduler.plan_view.rules import rule_told
from scheduler.plan_view.wishes import rules_told
from scheduler.planner.problem import Programme
from scheduler.planner.reader import read
from scheduler.planner.verify import GONE, Fault, verify
from scheduler.station_problem import episode_key

WEEKDAYS: Final = (
    N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"),
)  # fmt: skip
MOST_TRIALS: Final = 3
"""Places tried in a session before it is said to be impossible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """Another play and how far away it is."""

    title: str
    starts_at: datetime
    gap_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """Another session in which the play might have been."""

    on: date
    start: time
    end: time
    rules: tuple[str, ...]
    """Codes of the rules that it would break there; empty when it would be possible."""
    away: float | None
    """Distance to the ideal place there, in airings, where it would be possible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """All that is told about the place of one play; instants in station time."""

    play_id: int
    title: str
    starts_at: datetime
    zones: tuple[str, ...]
    status: str
    reason: str | None
    sentence: str | None
    """The document's own words that ask for it."""
    source: str | None
    wishes: tuple[Told, ...]
    number: int
    of: int
    before: Neighbour | None
    after: Neighbour | None
    last: Neighbour | None
    next: Neighbour | None
    ideal_at: datetime | None
    away: float | None
    elsewhere: tuple[Elsewhere, ...]

    def told(self, translate: Callable[[str], str]) -> Iterator[str]:
        """The lines of the answer in the language of `translate`."""

        def line(message: str, **facts: object) -> str:
            return Told(message, **facts).told(translate)

        yield line(
            N_("Play {play}: “{title}”, {day} at {time}, zones {zones} ({status})"),
            play=self.play_id, title=self.title, day=_day(self.starts_at, translate), time=f"{self.starts_at:%H:%M:%S}",
            zones=list(self.zones), status=Marked(self.status),
        )  # fmt: skip
        if self.reason:
            yield line(N_("Note: {reason}"), reason=self.reason)
        if self.number:
            kind = (
                N_("First airing, {number} of {of}.")
                if self.number == 1
                else N_("Replay: airing {number} of {of}.")
            )
            yield line(kind, number=self.number, of=self.of)
        yield line(N_("Asked for by: {wishes}"), wishes=list(self.wishes))
        if self.sentence:
            yield line(
                N_("In the words of {source}: “{sentence}”"),
                source=self.source or N_("the document"),
                sentence=self.sentence,
            )
        for message, other in (
            (N_("Before it: “{title}” at {time}, {minutes} minutes of silence between"), self.before),
            (N_("After it: “{title}” at {time}, {minutes} minutes of silence between"), self.after),
        ):
            if other:
                yield line(
                    message,
                    title=other.title,
                    time=f"{other.starts_at:%H:%M}",
                    minutes=round(other.gap_s / 60, 1),
                )
        for message, other in (
            (N_("Its airing before: {day} at {time}, {days} days earlier"), self.last),
            (N_("Its next airing: {day} at {time}, {days} days later"), self.next),
        ):
            if other:
                yield line(
                    message, day=_day(other.starts_at, translate), time=f"{other.starts_at:%H:%M}",
                    days=(abs((other.starts_at.date() - self.starts_at.date()).days)),
                )  # fmt: skip
        if self.ideal_at is not None and self.away is not None:
            yield line(
                N_("Evenly spread it would be {day} at {time}; it is {away} of an interval away."),
                day=_day(self.ideal_at, translate), time=f"{self.ideal_at:%H:%M}", away=round(self.away, 2),
            )  # fmt: skip
        if self.elsewhere:
            yield translate(N_("Other sessions near it:"))
        for one in self.elsewhere:
            where = f"{_day(one.on, translate)} {one.start:%H:%M}–{one.end:%H:%M}"
            if one.rules:
                yield "  " + line(
                    N_("{where}: no, {rules}"), where=where, rules=[rule_told(r) for r in one.rules]
                )
            elif one.away is None or self.away is None:
                yield "  " + line(N_("{where}: possible too"), where=where)
            else:
                message = (
                    N_("{where}: possible, but farther from the even place ({away})")
                    if one.away > self.away
                    else N_("{where}: possible, and as near to the even place ({away})")
                )
                yield "  " + line(message, where=where, away=round(one.away, 2))

    def to_json(self) -> dict[str, Any]:
        """Plain values, sentences in English."""

        def near(other: Neighbour | None) -> dict[str, Any] | None:
            return (
                None
                if other is None
                else {"title": other.title, "starts_at": other.starts_at, "gap_s": other.gap_s}
            )

        return {
            "play": self.play_id, "title": self.title, "starts_at": self.starts_at, "zones": list(self.zones),
            "status": self.status, "reason": self.reason,
            "asked_for": [str(wish) for wish in self.wishes], "sentence": self.sentence, "source": self.source,
            "airing": self.number, "airings": self.of, "kind": None if not self.number else "first" if self.number == 1 else "replay",
            "before": near(self.before), "after": near(self.after), "last": near(self.last), "next": near(self.next),
            "ideal_at": self.ideal_at, "away": None if self.away is None else round(self.away, 3),
            "elsewhere": [
                {
                    "on": other.on, "start": f"{other.start:%H:%M:%S}", "end": f"{other.end:%H:%M:%S}", "possible": not other.rules,
                    "rules": list(other.rules), "away": None if other.away is None else round(other.away, 3),
                }
                for other in self.elsewhere
            ],
        }  # fmt: skip


def why(station: Station, play_id: int, *, now: datetime) -> Why:
    """Why this play is where it is; nothing is changed. Raises: NoSuchPlayError."""
    with station.decide() as session:
        play = play_of(session, play_id)
        on = station.day_of(play.starts_at)
        first, last = on.replace(day=1), last_day(month_of(on))
        task = problem_of(session, station, first, last, now)
        found = _why(session, station, play, task)
        session.rollback()
    return found


def _why(session: Session, station: Station, play: Play, task: dict[str, Any]) -> Why:
    key, name = episode_key(play.episode_id or 0), f"p{play.id}"
    titles = {p["id"]: p["title"] for p in task["programmes"]}
    start = play.starts_at.astimezone(station.tz).replace(tzinfo=None)
    end = start + timedelta(milliseconds=play.length_ms)
    on_air = sorted(
        (p for p in task["plays"] if p["status"] not in GONE or p["id"] == name),
        key=lambda p: (p["start"], p["id"]),
    )
    beside = [p for p in on_air if set(p["zones"]) & set(play.zones) and p["id"] != name]
    mine = [p for p in on_air if p["programme"] == key and set(p["zones"]) & set(play.zones)]
    place = next((i for i, p in enumerate(mine) if p["id"] == name), None)
    programme = next((p for p in read(task).programmes if p.id == key), None)
    even = _Even(programme, len(mine), start.date().replace(day=1)) if programme else None

    def told(other: Mapping[str, Any] | None) -> Neighbour | None:
        if other is None:
            return None
        begins = datetime.fromisoformat(other["start"])
        ends = begins + timedelta(seconds=other["duration_s"])
        gap = start - ends if begins <= start else begins - end
        return Neighbour(
            title=titles.get(other["programme"], ""),
            starts_at=begins.replace(tzinfo=station.tz),
            gap_s=gap.total_seconds(),
        )

    today = [p for p in beside if p["start"][:10] == start.date().isoformat()]
    open_ = play.status in ("planned", "pinned") and key in titles and place is not None
    sentence, source = _words(session, play.episode)
    return Why(
        play_id=play.id,
        title=play.episode.title if play.episode else "",
        starts_at=start.replace(tzinfo=station.tz),
        zones=tuple(play.zones),
        status=play.status,
        reason=play.reason,
        sentence=sentence,
        source=source,
        wishes=tuple(rules_told(next((p for p in task["programmes"] if p["id"] == key), None))),
        number=0 if place is None else place + 1,
        of=len(mine),
        before=told(next((p for p in reversed(today) if p["start"] <= start.isoformat()), None)),
        after=told(next((p for p in today if p["start"] > start.isoformat()), None)),
        last=told(mine[place - 1]) if place else None,
        next=told(mine[place + 1]) if place is not None and place + 1 < len(mine) else None,
        ideal_at=even.at(place).replace(tzinfo=station.tz) if even and place is not None else None,
        away=even.away(place, start) if even and place is not None else None,
        elsewhere=tuple(_elsewhere(task, name, start, even, key)) if open_ else (),
    )


def _words(session: Session, episode: Episode | None) -> tuple[str | None, str | None]:
    """The sentence that asks for an episode, and the document that it stands in."""
    if episode is None:
        return None, None
    owner = episode.programme or (episode.parts[0].item if episode.parts else None)
    if owner is None:
        return None, None
    document = session.get(Document, owner.document_id) if owner.document_id else None
    if isinstance(owner, Item):
        sentence = owner.period_text or (owner.title if document else None)
    else:
        sentence = owner.rule_text
    if document is None:
        return sentence, None
    return sentence, " ".join(part for part in (document.kind, document.number or document.symbol) if part)


class _Even:
    """Where the airings of a programme would be if they were spread evenly over its days."""

    def __init__(self, programme: Programme, number: int, first: date) -> None:
        self.first = datetime.combine(first, time())
        self.number = number
        total = sum(programme.weight) or 1.0
        self.over = [0.0]
        for rate in programme.weight:
            self.over.append(self.over[-1] + rate * number / total)

    def away(self, place: int, moment: datetime) -> float:
        """Distance from the even place, in airings."""
        day = min(max(0, (moment - self.first).days), len(self.over) - 2)
        share = (moment - self.first).total_seconds() / 86_400 - day
        return abs(self.over[day] + (self.over[day + 1] - self.over[day]) * share - place - 0.5)

    def at(self, place: int) -> datetime:
        """The even place itself."""
        wanted = place + 0.5
        for day in range(len(self.over) - 1):
            low, high = self.over[day], self.over[day + 1]
            if high >= wanted and high > low:
                return self.first + timedelta(seconds=round((day + (wanted - low) / (high - low)) * 86_400))
        return self.first + timedelta(days=len(self.over) - 1)


def _elsewhere(
    task: dict[str, Any], name: str, start: datetime, even: _Even | None, key: str
) -> Iterator[Elsewhere]:
    """The other sessions of that day and of the days beside it, each with what the play would break there."""
    stays = {_key(fault) for fault in verify(task)}
    play = next(p for p in task["plays"] if p["id"] == name)
    length = timedelta(seconds=play["duration_s"])
    silence = timedelta(seconds=task["meta"].get("changeover_s", 0))
    first, last = (date.fromisoformat(task["meta"]["horizon"][edge]) for edge in ("from", "until"))
    for away in (-1, 0, 1):
        on = start.date() + timedelta(days=away)
        if not first <= on <= last:
            continue
        others = [
            (datetime.fromisoformat(p["start"]), p["duration_s"])
            for p in task["plays"]
            if p["id"] != name and p["status"] not in GONE and p["start"][:10] == on.isoformat()
            and set(p["zones"]) & set(play["zones"])
        ]  # fmt: skip
        for opens, closes in _sessions(task, play["zones"], on):
            if opens <= start < closes:
                continue
            after = sorted(begins + timedelta(seconds=seconds) + silence for begins, seconds in others)
            tried = [at for at in (opens, *after) if opens <= at and at + length <= closes]
            tried = [
                at
                for at in tried
                if not any(
                    at < begins + timedelta(seconds=s) + silence and begins < at + length + silence
                    for begins, s in others
                )
            ]
            best: tuple[str, ...] | None = None
            where: datetime | None = None
            for at in tried[:MOST_TRIALS]:
                broken = _broken(task, play, at, stays)
                if best is None or len(broken) < len(best):
                    best, where = broken, at
                if not broken:
                    break
            if best is None or where is None:
                best = ("OVERLAP",) if others and length <= closes - opens else ("WINDOW",)
            far = even.away(_place(task, name, key, where), where) if even and where and not best else None
            yield Elsewhere(on=on, start=opens.time(), end=closes.time(), rules=best, away=far)


def _broken(
    task: dict[str, Any],
    play: Mapping[str, Any],
    at: datetime,
    stays: set[tuple[str, str | None, str | None, str]],
) -> tuple[str, ...]:
    moved = {**play, "start": at.isoformat()}
    plan = {**task, "plays": [moved if p is play else p for p in task["plays"]]}
    faults = [f for f in verify(plan) if not f.soft and not f.past and _key(f) not in stays]
    return tuple(sorted({fault.rule for fault in faults}))


def _key(fault: Fault) -> tuple[str, str | None, str | None, str]:
    return fault.rule, fault.programme, fault.zone, fault.when


def _place(task: Mapping[str, Any], name: str, key: str, at: datetime) -> int:
    return sum(
        p["programme"] == key and p["id"] != name and p["status"] not in GONE and p["start"] < at.isoformat()
        for p in task["plays"]
    )


def _sessions(task: Mapping[str, Any], zones: Sequence[str], on: date) -> list[tuple[datetime, datetime]]:
    """The sessions held that day in every one of the zones, by their start."""
    found: dict[tuple[str, str], set[str]] = {}
    for window in task["windows"]:
        held = (
            (not window.get("from") or window["from"] <= on.isoformat())
            and (not window.get("until") or on.isoformat() <= window["until"])
            and (window.get("dates") is None or on.isoformat() in window["dates"])
            and (window.get("weekdays") is None or on.isoweekday() in window["weekdays"])
        )
        if held:
            where = zones if window.get("zones") in (None, "*") else window["zones"]
            found.setdefault((window["start"], window["end"]), set()).update(where)
    return [
        (datetime.combine(on, time.fromisoformat(opens)), datetime.combine(on, time.fromisoformat(closes)))
        for (opens, closes), where in sorted(found.items())
        if set(zones) <= where
    ]


def _day(moment: date, translate: Callable[[str], str]) -> str:
    return f"{translate(WEEKDAYS[moment.weekday()])} {moment:%d/%m/%Y}"
