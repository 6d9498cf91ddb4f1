"""What moved between plans and why, told from what each run of the planner kept (`loa plan diff`)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from content.errors import LoaError, Told
from content.events import Event
from content.language import N_
from scheduler.models import Plan, Play
from scheduler.plan_view.rules import rule_told

BY_HAND = {"play.moved": "moved", "play.cancelled": "removed"}
HAND = N_("by hand")
HAND_BECAUSE = N_("by hand: {reason}")


class NoPlanError(LoaError):
    """A difference is asked for before anything was planned."""

    sentence = N_("nothing has been planned yet; `loa plan build` does it")


class NoSuchPlanError(LoaError):
    """A number that no plan has."""

    sentence = N_("there is no plan {plan_id}; the plans are numbered {first} to {last}")


class PlanOrderError(LoaError):
    """A difference from a later to an earlier plan."""

    sentence = N_("plan {from_plan} is not before plan {to_plan}; give the earlier one as --from")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One play that was added, moved or removed."""

    how: str
    """added, moved or removed."""
    play_id: int
    title: str
    zones: tuple[str, ...]
    was_at: datetime | None
    now_at: datetime | None
    reason: Told | None
    person: str = ""
    """Who, where a person did it by hand."""

    def to_json(self) -> dict[str, Any]:
        """Plain values; the reason in English."""
        return {
            "change": self.how,
            "play": self.play_id,
            "title": self.title,
            "zones": list(self.zones),
            "from": self.was_at,
            "to": self.now_at,
            "reason": None if self.reason is None else str(self.reason),
            "person": self.person or None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """All that changed from one plan (not included) to another."""

    from_plan: int | None
    to_plan: int
    built_at: datetime
    from_on: date
    until_on: date
    changes: tuple[Change, ...]


def difference(session: Session, from_plan: int | None = None, to_plan: int | None = None) -> Difference:
    """What changed after plan `from_plan` up to `to_plan`; without either, what the last build changed.

    With `from_plan`, changes by hand in that time are told as well.

    Raises: NoPlanError, NoSuchPlanError, PlanOrderError.
    """
    plans = session.scalars(select(Plan).order_by(Plan.id)).all()
    if not plans:
        raise NoPlanError
    numbers = {plan.id: plan for plan in plans}
    for asked in (from_plan, to_plan):
        if asked is not None and asked not in numbers:
            raise NoSuchPlanError(plan_id=asked, first=plans[0].id, last=plans[-1].id)
    last = numbers[to_plan] if to_plan is not None else plans[-1]
    if from_plan is None:
        chosen = [last]
    else:
        if from_plan >= last.id:
            raise PlanOrderError(from_plan=from_plan, to_plan=last.id)
        chosen = [plan for plan in plans if from_plan < plan.id <= last.id]
    steps: list[tuple[datetime, int, Change]] = [
        (plan.built_at, 1, change) for plan in chosen for change in _kept(plan)
    ]
    if from_plan is not None:
        until = None if to_plan is None else last.built_at
        steps += [(at, 0, change) for at, change in _by_hand(session, numbers[from_plan].built_at, until)]
    steps.sort(key=lambda step: step[:2])
    return Difference(
        from_plan=from_plan,
        to_plan=last.id,
        built_at=last.built_at,
        from_on=min(plan.from_on for plan in chosen),
        until_on=max(plan.until_on for plan in chosen),
        changes=tuple(together([change for _at, _order, change in steps])),
    )


def together(steps: Sequence[Change]) -> list[Change]:
    """One change a play, from where it was first to where it is last; what came and went is left out."""
    found: dict[tuple[int, int], Change] = {}
    life: dict[int, int] = {}  # a number is given again after its play was removed
    for step in steps:
        if step.how == "added":
            life[step.play_id] = life.get(step.play_id, 0) + 1
        key = step.play_id, life.get(step.play_id, 0)
        before = found.get(key)
        if before is None:
            found[key] = step
            continue
        added = before.how == "added"
        if step.how == "removed" and added:
            del found[key]
            continue
        found[key] = Change(
            how="added" if added else step.how, play_id=step.play_id, title=step.title, zones=step.zones,
            was_at=before.was_at, now_at=step.now_at, reason=before.reason if added else step.reason,
            person=before.person if added else step.person,
        )  # fmt: skip
    left = [c for c in found.values() if c.how != "moved" or c.was_at != c.now_at or c.reason is None]
    return sorted(left, key=lambda c: (str(c.now_at or c.was_at), c.play_id))


def _kept(plan: Plan) -> list[Change]:
    changes: Mapping[str, Any] = plan.figures.get("changes") or {}
    return [
        Change(
            how=how,
            play_id=entry["play"],
            title=entry["title"],
            zones=tuple(entry["zones"]),
            was_at=_instant(entry.get("from")),
            now_at=_instant(entry.get("to")),
            reason=_told(entry.get("reason")),
        )
        for how in ("added", "moved", "removed")
        for entry in changes.get(how, ())
    ]


def _by_hand(session: Session, after: datetime, until: datetime | None) -> list[tuple[datetime, Change]]:
    asked = select(Event).where(Event.action.in_(BY_HAND), Event.at > after).order_by(Event.number)
    if until is not None:
        asked = asked.where(Event.at <= until)
    found = []
    for event in session.scalars(asked):
        play = session.get(Play, int(event.subject.partition(":")[2]))
        if play is None:
            continue
        detail = json.loads(event.detail)
        how = BY_HAND[event.action]
        reason = Told(HAND_BECAUSE, reason=detail["reason"]) if detail.get("reason") else Told(HAND)
        found.append(
            (
                event.at,
                Change(
                    how=how,
                    play_id=play.id,
                    title=play.episode.title if play.episode else "",
                    zones=tuple(play.zones),
                    was_at=_instant(detail.get("from")) or play.starts_at,
                    now_at=_instant(detail.get("to")),
                    reason=reason,
                    person=event.person,
                ),
            )
        )
    return found


def _told(reason: Mapping[str, Any] | None) -> Told | None:
    if reason is None:
        return None
    facts = dict(reason.get("facts") or {})
    if "rules" in facts:
        facts["rules"] = [rule_told(rule) for rule in facts["rules"]]
    return Told(reason["message"], **facts)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
