"""The daily look ahead: what is at risk, what the coming days lack, which report is due. Nothing is changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from content import shown
from content.errors import LoaError, Told
from content.language import N_
from content.station import Station
from scheduler.ledger import ledger
from scheduler.models import Play
from scheduler.obligation import Standing
from scheduler.policy import check_days
from scheduler.reports.due import due_reports

REPORT_WARNING_DAYS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Warning_:  # noqa: N801 - Warning is Python's own
    """One thing that somebody should look at; `grave` where something is lost already."""

    kind: str
    """obligation, rule, sound or report."""
    told: Told
    grave: bool = False

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {"kind": self.kind, "grave": self.grave, "text": str(self.told)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a look ahead found."""

    warnings: tuple[Warning_, ...]
    standings: tuple[Standing, ...] = field(default=())

    @property
    def calm(self) -> bool:
        """True when there is nothing to do."""
        return not self.warnings


def look_ahead(station: Station, *, now: datetime, days: int = 7, simulated: bool = False) -> Outlook:
    """Warnings for today and the `days` after it."""
    today = station.day_of(now)
    last = today + timedelta(days=days)
    warnings: list[Warning_] = []
    with station.read() as session:
        standings = ledger(
            session, station.config, from_on=today.replace(day=1), until_on=last, now=now, simulated=simulated
        )
        for one in standings:
            if one.status == "at-risk" and one.obligation.from_on <= last:
                warnings.append(_at_risk(one))
            elif one.status == "lost":
                warnings.append(
                    Warning_(
                        kind="obligation", grave=True,
                        told=Told(
                            N_("{title} ({period}): {aired} of {owed} aired, the rest can no longer be met: {reasons}"),
                            title=one.obligation.title, period=shown.period(one.obligation.period), aired=one.aired,
                            owed=one.obligation.owed, reasons=list(one.reasons),
                        ),
                    )
                )  # fmt: skip
        warnings += [Warning_(kind="rule", told=v.told) for v in check_days(session, station, today, last)]
        warnings += _silent(station, session, now, days)
        for report in due_reports(session, station.config, today):
            left = report["days_left"]
            if left is not None and left <= REPORT_WARNING_DAYS:
                message = (
                    N_("a report is due on {due}: {text} ({document}); run `{command}`")
                    if left >= 0
                    else N_("a report was due on {due}: {text} ({document}); run `{command}`")
                )
                warnings.append(
                    Warning_(
                        kind="report", grave=left < 0,
                        told=Told(
                            message, due=report["due_on"], text=report["text"][:120], document=report["document"],
                            command=report["command"],
                        ),
                    )
                )  # fmt: skip
    return Outlook(warnings=tuple(warnings), standings=tuple(standings))


def _at_risk(one: Standing) -> Warning_:
    return Warning_(
        kind="obligation",
        told=Told(
            N_("{title} ({period}): {aired} of {owed} aired, {planned} planned; last day to act: {last:%d/%m/%Y}; {reasons}"),
            title=one.obligation.title, period=shown.period(one.obligation.period), aired=one.aired, owed=one.obligation.owed,
            planned=one.planned, last=one.last_on, reasons=list(one.reasons),
        ),
    )  # fmt: skip


def _silent(station: Station, session: Any, now: datetime, days: int) -> list[Warning_]:
    """Plays of the coming days that would not air as things stand."""
    from scheduler.daemon.feed import Feed
    from scheduler.daemon.folder import AirFolder

    feed = Feed(station, AirFolder.of(station), simulated=False)
    found: dict[tuple[str, str], tuple[int, datetime]] = {}
    plays = session.scalars(
        select(Play.id)
        .where(
            Play.status.in_(("planned", "pinned")),
            Play.starts_at > now,
            Play.starts_at < now + timedelta(days=days),
        )
        .order_by(Play.starts_at)
    ).all()
    for play_id in plays:
        try:
            judged = feed.judge(now, play_id)
        except LoaError as error:
            return [Warning_(kind="sound", told=Told(N_("{reason}"), reason=error))]
        if judged is not None and judged.problem:
            count, first = found.get((judged.title, judged.problem), (0, judged.starts_at))
            found[judged.title, judged.problem] = (count + 1, first)
    return [
        Warning_(
            kind="sound",
            told=Told(
                N_("{title}: {count} airings from {first:%d/%m %H:%M} would not air: {problem}"),
                title=title, count=count, first=first.astimezone(station.tz), problem=problem,
            ),
        )
        for (title, problem), (count, first) in found.items()
    ]  # fmt: skip
