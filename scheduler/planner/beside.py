"""Plays of one topic that have come to stand side by side and cannot be moved any more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from content.errors import Told
from content.language import N_
from scheduler.planner.problem import OFF_AIR, Problem, Programme
from scheduler.planner.shortfall import Shortfall


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


def _alike(own: Programme, theirs: Programme) -> bool:
    return (
        own.index != theirs.index
        and own.topic is not None
        and own.topic == theirs.topic
        and (own.topic_apart or theirs.topic_apart)
    )
