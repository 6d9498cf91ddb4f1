"""What a document says and asks for, every fact with its place in the clean text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from content.intake.source import Span

CHANNELS = (
    "loudspeaker", "relay", "mobile", "portal", "social", "visual", "meeting", "training", "export", "report",
)  # fmt: skip
EVERY = ("month", "6 months", "quarter", "year", "ad hoc")
"""How often a report is due, as JSON tells it; a `Deadline` of every day or week is "ad hoc" there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A short fact: what it says and where."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """When something is to be done: the wording, and the first and last day where it names them (inclusive)."""

    text: str
    from_on: date | None
    until_on: date | None
    span: Span

    def to_json(self) -> dict[str, Any]:
        return {"text": self.text, "from": _iso(self.from_on), "until": _iso(self.until_on)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One sub-bullet of an item, at which a long item may be split."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One content to be broadcast."""

    ref: str
    title: str
    text: str
    span: Span
    lead_units: tuple[Named, ...] = ()
    partner_units: tuple[Named, ...] = ()
    period: Period | None = None
    parts: tuple[Part, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "ref": self.ref,
            "title": self.title,
            "text": self.text,
            "lead_units": [unit.text for unit in self.lead_units],
            "partner_units": [unit.text for unit in self.partner_units],
            "period": self.period.to_json() if self.period else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One way of telling people that the document names."""

    ref: str
    text: str
    channel: str
    span: Span

    def to_json(self) -> dict[str, Any]:
        return {"ref": self.ref, "text": self.text, "channel": self.channel}


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How often in each `per` ("day", "week", "month", "quarter", "year", "total")."""

    per: str
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrequencyRule:
    """How often something is to be broadcast.

    `new` counts new issues of a programme, `plays` airings, `replays` airings after the first of each issue.
    `weekdays` are ISO numbers, `dayparts` pairs of "HH:MM"; `duration_min` the wanted minutes of one issue.
    Where `is_campaign`, the counts hold between `from_on` and `until_on` only.
    """

    text: str
    span: Span
    ref: str = ""
    title: str | None = None
    topic: str | None = None
    new: Count | None = None
    plays: Count | None = None
    replays: Count | None = None
    weekdays: tuple[int, ...] = ()
    dayparts: tuple[tuple[str, str], ...] = ()
    duration_min: int | None = None
    duration_max_min: int | None = None
    from_on: date | None = None
    until_on: date | None = None
    is_campaign: bool = False

    @property
    def new_per_month(self) -> int | None:
        """New issues a month; a month counts as four weeks. What is new every day is no monthly column."""
        return _a_month(self.new)

    @property
    def min_replays_per_month(self) -> int | None:
        """Replays of each issue in its month."""
        return _a_month(self.replays)

    def rules(self) -> dict[str, Any]:
        """The same in the planner's rule language (counts, campaigns, dayparts, weekdays)."""
        rules: dict[str, Any] = {}
        if (
            self.weekdays and self.replays is None
        ):  # with replays, the days named are those of the first airing
            rules["weekdays"] = list(self.weekdays)
        if self.dayparts:
            rules["dayparts"] = [list(part) for part in self.dayparts]
        plays = self._all_plays()
        if self.is_campaign and not (self.from_on and self.until_on):
            return {}  # for a peak whose dates nobody has told: no rule for every day
        if self.is_campaign and self.from_on and self.until_on and plays is not None:
            campaign: dict[str, Any] = {"from": self.from_on.isoformat(), "until": self.until_on.isoformat()}
            if plays.minimum is not None and plays.per in ("day", "week", "total"):
                campaign[f"min_{'total' if plays.per == 'total' else 'per_' + plays.per}"] = plays.minimum
            elif plays.minimum is not None:
                campaign["min_total"] = plays.minimum
            if plays.maximum is not None and plays.per == "day":
                campaign["max_per_day"] = plays.maximum
            rules["campaigns"] = [campaign]
        elif plays is not None and plays.per in ("day", "week", "month", "total"):
            count: dict[str, Any] = {"per": plays.per}
            if plays.minimum is not None:
                count["min"] = plays.minimum
            if plays.maximum is not None:
                count["max"] = plays.maximum
            rules["counts"] = [count]
        return rules

    def series(self) -> dict[str, Any] | None:
        """`new_per_month` and `min_replays` of a recurring column, or None where the rule speaks of none."""
        if self.new_per_month is None:
            return None
        return {"new_per_month": self.new_per_month, "min_replays": self.min_replays_per_month or 0}

    def _all_plays(self) -> Count | None:
        if self.plays is not None:
            return self.plays
        if self.replays is not None and self.replays.minimum is not None and self.replays.per != "total":
            first = 1 if self.new is not None else 0
            maximum = self.replays.maximum
            return Count(
                per=self.replays.per,
                minimum=self.replays.minimum + first,
                maximum=None if maximum is None else maximum + first,
            )
        return self.new

    def to_json(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "new_per_month": self.new_per_month,
            "min_replays_per_month": self.min_replays_per_month,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """One report that is due: how often, and by which day (of the month; `month` and `due_on` where named)."""

    text: str
    every: str
    day: int | None
    span: Span
    month: int | None = None
    due_on: date | None = None

    def to_json(self) -> dict[str, Any]:
        every = self.every if self.every in EVERY else "ad hoc"
        return {"text": self.text, "every": every, "day": self.day}


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """Another document that this one names."""

    kind: str
    number: str
    date: date | None
    issuer: str | None
    span: Span

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "number": self.number, "date": _iso(self.date), "issuer": self.issuer}


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """All that was understood of one document."""

    kind: str
    number: str | None
    symbol: str | None
    issued_on: date | None
    issued_month: str | None
    place: str | None
    issuer: str | None
    subject: str | None
    signer: str | None
    recipients: tuple[Named, ...] = ()
    items: tuple[Item, ...] = ()
    channels: tuple[Channel, ...] = ()
    frequency_rules: tuple[FrequencyRule, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    citations: tuple[Citation, ...] = ()
    spans: dict[str, Span] = field(default_factory=dict)
    passages: dict[str, Span] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The fields of `loa document show --json` that come from the text."""
        return {
            "kind": self.kind,
            "number": self.number,
            "symbol": self.symbol,
            "issued_on": _iso(self.issued_on),
            "issued_month": self.issued_month,
            "place": self.place,
            "issuer": self.issuer,
            "subject": self.subject,
            "signer": self.signer,
            "recipients": [recipient.text for recipient in self.recipients],
            "items": [item.to_json() for item in self.items],
            "channels": [channel.to_json() for channel in self.channels],
            "frequency_rules": [rule.to_json() for rule in self.frequency_rules],
            "deadlines": _distinct([deadline.to_json() for deadline in self.deadlines]),
            "citations": [citation.to_json() for citation in self.citations],
        }

    def facts(self) -> Iterator[tuple[str, str, Span]]:
        """(name, what it says, where) of every fact."""
        for name, span in self.spans.items():
            yield name, str(getattr(self, name, "") or ""), span
        for recipient in self.recipients:
            yield "recipient", recipient.text, recipient.span
        for item in self.items:
            yield f"item {item.ref}", item.title, item.span
            for unit in item.lead_units:
                yield f"lead unit {item.ref}", unit.text, unit.span
            for unit in item.partner_units:
                yield f"partner unit {item.ref}", unit.text, unit.span
            if item.period:
                yield f"period {item.ref}", item.period.text, item.period.span
        for channel in self.channels:
            yield f"channel {channel.channel}", channel.text, channel.span
        for rule in self.frequency_rules:
            yield "frequency", rule.text, rule.span
        for deadline in self.deadlines:
            yield f"deadline {deadline.every}", deadline.text, deadline.span
        for citation in self.citations:
            yield "citation", f"{citation.kind} {citation.number}", citation.span


def _distinct(deadlines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each kind of report once: one of every day and one on request are both "ad hoc" in JSON."""
    return list({(one["every"], one["day"]): one for one in reversed(deadlines)}.values())[::-1]


def _a_month(count: Count | None) -> int | None:
    if count is not None and count.per == "quarter" and count.minimum and count.minimum % 3 == 0:
        return count.minimum // 3
    times = {"week": 4, "month": 1, "total": 1}.get(count.per) if count is not None else None
    found = count.minimum * times if count is not None and count.minimum is not None and times else None
    return found if found is None or found <= 31 else None


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
