"""What plays that stand fast break: two of one topic side by side, and every other rule on when a play may be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from content.errors import Told
from content.language import N_
from scheduler.plan_view.rules import rule_told
from scheduler.planner.problem import OFF_AIR, Problem, Programme
from scheduler.planner.shortfall import Shortfall
from scheduler.planner.verify import hard


def side_by_side(problem: Problem, plays: Sequence[Mapping[str, Any]]) -> Iterator[Shortfall]:
    """Each pair of such neighbours that is not over yet, with the zones in which it is heard."""
    programmes = {programme.id: programme for programme in problem.programmes}
    on_air: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = defaultdict(list)
    for play in plays:
        if play.get("status") not in OFF_AIR:
            for zone in play["zones"]:
                on_air[zone].append((play["start"], play["id"], play))
    found: dict[tuple[str, str], tuple[Mapping[str, Any], Mapping[str, Any], list[str]]] = {}
    for zone in sorted(on_air):
        for (_, first, before), (_, second, after) in pairwise(sorted(on_air[zone], key=lambda a: a[:2])):
            own, theirs = (
                programmes.get(before.get("programme", "")),
                programmes.get(after.get("programme", "")),
            )
            if own is None or theirs is None or not _alike(own, theirs):
                continue
            if before["status"] == after["status"] == "aired":
                continue
            length = before.get("duration_s") or own.length_s
            idle = datetime.fromisoformat(after["start"]) - datetime.fromisoformat(before["start"])
            same_day = before["start"][:10] == after["start"][:10]
            if same_day and idle - timedelta(seconds=length) < timedelta(seconds=problem.adjacent_s):
                found.setdefault((first, second), (before, after, []))[2].append(zone)
    for (first, second), (before, after, zones) in sorted(found.items()):
        own, theirs = programmes[before["programme"]], programmes[after["programme"]]
        on = after["start"][:10]
        yield Shortfall(
            rule="TOPIC_ADJ",
            programme=theirs.id,
            zones=tuple(zones),
            first_on=on,
            last_on=on,
            needed=0,
            planned=0,
            unavoidable=0,
            headline=Told(
                N_("{first} and {second}, both on {topic}, stand side by side at {start} in {zones}"),
                first=own.title or own.id,
                second=theirs.title or theirs.id,
                topic=own.topic,
                start=f"{datetime.fromisoformat(after['start']):%H:%M %d/%m/%Y}",
                zones=zones,
            ),
            clashes=(
                Told(
                    N_(
                        "both are pinned or within the freeze time; one may still be moved by hand: loa plan move {play} --now"
                    ),
                    play=second,
                ),
            ),
            dates=(on,),
            facts={"title": theirs.title, "plays": [first, second]},
        )


def broken_by_fixed(source: Mapping[str, Any], plays: Sequence[Mapping[str, Any]]) -> Iterator[Shortfall]:
    """The rules that plays standing fast (pinned, or frozen) break by themselves; what has aired is past."""
    ahead = [play for play in plays if play.get("status") != "aired"]
    if not ahead:
        return
    theirs = {play.get("programme") for play in ahead}
    near = {_on(play) + timedelta(days=away) for play in ahead for away in (-1, 0, 1)}
    plays = [play for play in plays if play.get("programme") in theirs or _on(play) in near]
    named = {play.get("programme") for play in plays}
    programmes = [
        {**p, "rules": _without_minima(p.get("rules") or {}, counted=p["id"] in theirs)}
        for p in source.get("programmes") or []
        if p["id"] in named
    ]
    titles = {str(p["id"]): p.get("title") for p in programmes}
    alone = {**source, "programmes": programmes, "plays": list(plays), "series": []}
    found: dict[tuple[str, str, str], list[str]] = {}
    for fault in hard(alone):
        if fault.rule != "TOPIC_ADJ":
            key = (fault.when, fault.programme or "", fault.rule)
            found.setdefault(key, []).append(fault.zone or "")
    for (when, name, rule), zones in sorted(found.items()):
        yield Shortfall(
            rule=rule,
            programme=name,
            zones=tuple(zones),
            first_on=when[:10],
            last_on=when[:10],
            needed=0,
            planned=0,
            unavoidable=0,
            headline=Told(
                N_(
                    "what stands fast on {date} in {zones} breaks the rule {rule} ({programme}); unpin or move it, or change the rule"
                ),
                date=f"{datetime.fromisoformat(when):%d/%m/%Y}",
                zones=zones,
                rule=rule_told(rule),
                programme=titles.get(name) or name or "–",
            ),
            dates=(when[:10],),
        )


def _on(play: Mapping[str, Any]) -> date:
    return date.fromisoformat(play["start"][:10])


def _without_minima(rules: Mapping[str, Any], *, counted: bool) -> dict[str, Any]:
    """The rules on when an airing may be, without those on how many are wanted."""
    counts = [{**count, "min": None, "target": None} for count in rules.get("counts") or [] if counted]
    campaigns = [
        {key: value for key, value in camp.items() if key not in ("min_per_day", "min_per_week", "min_total")}
        for camp in rules.get("campaigns") or []
    ]
    return {**rules, "counts": counts, "campaigns": campaigns, "first_airing_by": None}


def _alike(own: Programme, theirs: Programme) -> bool:
    return (
        own.index != theirs.index
        and own.topic is not None
        and own.topic == theirs.topic
        and (own.topic_apart or theirs.topic_apart)
    )
