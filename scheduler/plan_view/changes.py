"""What one run of the planner changed, play by play, and why: kept with the plan for `loa plan diff`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from content.language import N_
from scheduler.models import Play
from scheduler.planner.verify import Fault, verify

BROKEN: Final = N_("its old place broke a rule: {rules}")
GIVES_WAY: Final = N_("its old place is needed for “{title}”")
EVEN: Final = N_("so that every rule holds and the airings stay even after the other changes")
NOT_OWED: Final = N_("nothing asks for it any more: withdrawn, retired, or out of its validity")
ENOUGH: Final = N_("the rules are met without it")
MAKES_GOOD: Final = N_("makes good the play of {when} that did not air")
LACKING: Final = N_("an airing was missing: {rules}")
NEW: Final = N_("new in the plan")
MISSES: Final = ("COUNT_MIN", "CAMPAIGN_MIN", "FIRST_BY", "SERIES", "TARGET")
"""Rules that lack airings, the one to name first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A play as it stood before the planner ran."""

    play_id: int
    episode_id: int | None
    title: str
    starts_at: datetime
    length_ms: int
    zones: tuple[str, ...]
    status: str


def standing(plays: Iterable[Play]) -> dict[int, Standing]:
    """The plays by number, as they stand now."""
    return {
        play.id: Standing(
            play_id=play.id,
            episode_id=play.episode_id,
            title=_title(play),
            starts_at=play.starts_at,
            length_ms=play.length_ms,
            zones=tuple(play.zones),
            status=play.status,
        )
        for play in plays
    }


def changes(
    task: Mapping[str, Any],
    before: Mapping[int, Standing],
    after: Sequence[Play],
    laid: Sequence[Mapping[str, Any]],
    tz: ZoneInfo,
) -> dict[str, list[dict[str, Any]]]:
    """{added, moved, removed}: each play with its title, instants in ISO and a reason, as plain JSON.

    `task` is the problem that the planner was given, with the plays as they stood; `laid` its answer.
    A reason is {message, facts}; `message` is a gettext id, a fact `rules` lists codes of rules. Plays of a
    plan laid where none stood have no reason.
    """
    found: dict[str, list[dict[str, Any]]] = {"added": [], "moved": [], "removed": []}
    replans = any(play.status in ("planned", "pinned") for play in before.values())
    faults: dict[str | None, list[Fault]] = defaultdict(list)
    for fault in verify(task) if replans else ():
        faults[fault.programme].append(fault)
    owed = {programme["id"] for programme in task["programmes"]}
    made_good = {
        (play["programme"], play["start"]): play["makes_good"] for play in laid if play.get("makes_good")
    }
    kept: set[int] = set()
    for play in after:
        kept.add(play.id)
        old = before.get(play.id)
        fact = {"play": play.id, "title": _title(play), "zones": list(play.zones)}
        key = f"e{play.episode_id}"
        if old is None:
            missed = made_good.get((key, _local(play.starts_at, tz)))
            source = before.get(int(missed[1:])) if missed and missed[1:].isdigit() else None
            reason = _why_added(faults[key], source, tz) if replans or source else None
            found["added"].append({**fact, "to": play.starts_at.isoformat(), "reason": reason})
        elif (old.starts_at, old.zones) != (play.starts_at, tuple(play.zones)):
            reason = _why_left(old, faults[key], after, task, tz) or _reason(EVEN)
            found["moved"].append(
                {
                    **fact,
                    "from": old.starts_at.isoformat(),
                    "to": play.starts_at.isoformat(),
                    "zones_before": list(old.zones),
                    "reason": reason,
                }
            )
    for old in before.values():
        if old.play_id in kept:
            continue
        key = f"e{old.episode_id}"
        reason = (
            _reason(NOT_OWED)
            if key not in owed
            else _why_left(old, faults[key], after, task, tz) or _reason(ENOUGH)
        )
        found["removed"].append(
            {
                "play": old.play_id,
                "title": old.title,
                "zones": list(old.zones),
                "from": old.starts_at.isoformat(),
                "reason": reason,
            }
        )
    return found


def _why_added(faults: Sequence[Fault], source: Standing | None, tz: ZoneInfo) -> dict[str, Any]:
    if source is not None:
        return _reason(MAKES_GOOD, when=f"{source.starts_at.astimezone(tz):%H:%M %d/%m/%Y}")
    rules = {fault.rule for fault in faults}
    missing = next((rule for rule in MISSES if rule in rules), None)
    return _reason(LACKING, rules=[missing]) if missing else _reason(NEW)


def _why_left(
    old: Standing, faults: Sequence[Fault], after: Sequence[Play], task: Mapping[str, Any], tz: ZoneInfo
) -> dict[str, Any] | None:
    """Why a play could not stay: a rule broken at its old place, or another play that needs it."""
    at = _local(old.starts_at, tz)
    rules = sorted({fault.rule for fault in faults if fault.when == at and fault.zone in old.zones})
    if rules:
        return _reason(BROKEN, rules=rules)
    silence = timedelta(seconds=task["meta"].get("changeover_s", 0))
    begin = old.starts_at - silence
    end = old.starts_at + timedelta(milliseconds=old.length_ms) + silence
    for play in after:
        if play.id == old.play_id or play.status not in ("planned", "pinned", "aired", "emergency"):
            continue
        over = play.starts_at < end and begin < play.starts_at + timedelta(milliseconds=play.length_ms)
        if over and set(play.zones) & set(old.zones):
            return _reason(GIVES_WAY, title=_title(play))
    return None


def _reason(message: str, **facts: Any) -> dict[str, Any]:
    return {"message": str(message), "facts": facts}


def _title(play: Play) -> str:
    return play.episode.title if play.episode else ""


def _local(moment: datetime, tz: ZoneInfo) -> str:
    return moment.astimezone(tz).replace(tzinfo=None).isoformat()
