"""Why an obligation is missed: the rules that clash, the dates, the proof, and what was seen to help."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from content.errors import Told
from content.language import N_
from scheduler.planner import relax
from scheduler.planner.line import Line
from scheduler.planner.newcomers import without_newcomers
from scheduler.planner.problem import DAY_S, Period, Problem
from scheduler.planner.proof import Proven, unavoidable
from scheduler.planner.search import Search
from scheduler.planner.shortfall import Relaxation, Shortfall

CODES: Final = {"COUNT": "COUNT_MIN", "CAMPAIGN": "CAMPAIGN_MIN", "FIRST_BY": "FIRST_BY", "SERIES": "SERIES"}
MOST_LINES: Final = 400
MOST_TRIALS: Final = 8
MOST_TRIED_LINES: Final = 100
LEAST_TRIED_LINES: Final = 4  # where a day holds hundreds of plays
LEAST_TRIALS: Final = 2


def explain(
    problem: Problem,
    source: Mapping[str, Any],
    lines: Sequence[Line],
    earliest: int = 0,
    proven: Proven | None = None,
) -> list[Shortfall]:
    """Every obligation and wish that the plan misses, obligations first. `proven`: where it is known already."""
    found = [*without_newcomers(problem, source), *silences(problem, lines)]
    short = [line for line in lines if line.lack]
    if not short:
        return sorted(found, key=_in_order)
    hungry = [line for line in short if line.shortfall()[0]]
    sure = unavoidable(problem, lines, hungry, earliest) if proven is None else proven
    search = reopen(problem, lines, hungry) if hungry else None
    to_try = max(LEAST_TRIED_LINES, int(MOST_TRIED_LINES * search.pace())) if search else 0
    for line in short:
        relaxations: tuple[Relaxation, ...] | None = None
        for number, period in enumerate(line.periods):
            have, need, want = line.tally[number], line.needs[number], line.wants[number]
            if have >= want:
                continue
            hard = have < need
            if hard and relaxations is None and search is not None and to_try:
                to_try -= 1
                relaxations = relaxations_for(problem, source, search, line, period, have, earliest)
            found.append(
                Shortfall(
                    rule=CODES[period.rule] if hard else "TARGET",
                    programme=line.programme.id,
                    zones=tuple(problem.zones[z].id for z in line.zones),
                    first_on=problem.on(period.first).isoformat(),
                    last_on=problem.on(period.last).isoformat(),
                    needed=need if hard else want,
                    planned=have,
                    unavoidable=sure.get((line.programme.index, line.zones, number), 0) if hard else 0,
                    clashes=tuple(clashes(problem, source, lines, line, period, earliest)),
                    dates=tuple(problem.on(d).isoformat() for d in open_days(line, period)),
                    relaxations=relaxations or () if hard else (),
                    soft=not hard,
                    facts={"title": line.programme.title, "clashing_programmes": rivals(lines, line, period)},
                )
            )
    return sorted(found, key=_in_order)


def _in_order(short: Shortfall) -> tuple[bool, str, tuple[str, ...], str, str]:
    return short.soft, short.programme, short.zones, short.first_on, short.rule


def silences(problem: Problem, lines: Sequence[Line]) -> Iterator[Shortfall]:
    """The silences that are longer than wished."""
    for line in lines:
        if not line.silent():
            continue
        airings = [at // DAY_S for at in line.placed()]
        zones = tuple(problem.zones[z].id for z in line.zones)
        for one, two in pairwise(airings):
            lacking = line.too_long(one, two)
            if not lacking:
                continue
            shut = not any(line.days[day] for day in range(one + 1, two))
            yield Shortfall(
                rule="MAX_GAP",
                programme=line.programme.id,
                zones=zones,
                first_on=problem.on(one).isoformat(),
                last_on=problem.on(two).isoformat(),
                needed=lacking,
                planned=0,
                unavoidable=lacking if shut else 0,
                soft=True,
                headline=Told(
                    N_(
                        "{programme} in {zones} is silent for {days} days, {first} to {last}; {wished} at the most are wished"
                    ),
                    programme=line.programme.title,
                    zones=list(zones),
                    days=two - one,
                    first=f"{problem.on(one):%d/%m/%Y}",
                    last=f"{problem.on(two):%d/%m/%Y}",
                    wished=line.silence,
                ),
                facts={"title": line.programme.title},
            )


def open_days(line: Line, period: Period) -> list[int]:
    """The days of the period on which the programme has any room at all."""
    return [d for d in range(max(0, period.first), min(len(line.base) - 1, period.last) + 1) if line.base[d]]


def clashes(
    problem: Problem,
    source: Mapping[str, Any],
    lines: Sequence[Line],
    line: Line,
    period: Period,
    earliest: int = 0,
) -> list[Told]:
    """The rules that leave too little, each with its dates."""
    programme = line.programme
    rules = source["programmes"][programme.index].get("rules") or {}
    allowed = [d for d in range(period.first, period.last + 1) if programme.days[d]]
    days = open_days(line, period)
    shown = [f"{problem.on(d):%d/%m}" for d in days]
    told: list[Told] = []
    if rules.get("weekdays") and len(set(rules["weekdays"])) < 7:
        told.append(
            Told(
                N_("{programme} may air only on {weekdays}: that leaves {count} days ({dates})"),
                programme=programme.title,
                weekdays=[Told(relax.WEEKDAYS[d - 1]) for d in sorted(set(rules["weekdays"]))],
                count=len(days),
                dates=shown or "–",
            )
        )
    closed = [d for d in allowed if d not in days]
    over = [d for d in closed if d * DAY_S < earliest]
    if over:
        told.append(
            Told(
                N_("{first}–{last} is over, or so near that the plan is frozen"),
                first=f"{problem.on(over[0]):%d/%m}",
                last=f"{problem.on(over[-1]):%d/%m}",
            )
        )
    closed = closed[len(over) :]
    if closed:
        told.append(
            Told(
                N_(
                    "no window is open for it on {dates} (blocks, day-parts or the length of {minutes} minutes)"
                ),
                dates=[f"{problem.on(d):%d/%m}" for d in closed],
                minutes=round(programme.length_s / 60, 1),
            )
        )
    if programme.gap_days > 1 or programme.gap_s:
        told.append(
            Told(
                N_(
                    "airings of {programme} must be {days} days and {hours} hours apart: in {first}–{last} that clashes with {needed} airings"
                ),
                programme=programme.title,
                days=programme.gap_days,
                hours=round(programme.gap_s / 3600, 1),
                first=f"{problem.on(period.first):%d/%m}",
                last=f"{problem.on(period.last):%d/%m}",
                needed=max(period.need, period.want),
            )
        )
    caps = [
        p.most
        for p in line.periods
        if p.most < period.need and p.first <= period.first and period.last <= p.last
    ]
    if caps:
        told.append(
            Told(
                N_(
                    "{programme} may air {most} times at most in {first}–{last}, but {needed} airings are owed"
                ),
                programme=programme.title,
                most=min(caps),
                first=f"{problem.on(period.first):%d/%m}",
                last=f"{problem.on(period.last):%d/%m}",
                needed=period.need,
            )
        )
    told += _crowds(problem, lines, line, days)
    return told


def rivals(lines: Sequence[Line], line: Line, period: Period) -> list[str]:
    """The programmes that hold air which the missed airing could use, most air first."""
    airing = {at // DAY_S for at in line.placed()}
    zone = line.zones[0]
    used: dict[str, int] = {}
    reach = {d: line.base[d] for d in open_days(line, period) if d not in airing}
    for other in lines:
        if other is line or zone not in other.zones:
            continue
        for at in other.placed():
            day, start = divmod(at, DAY_S)
            if any(a - other.length_s < start < b + line.length_s for a, b in reach.get(day, ())):
                used[other.programme.id] = used.get(other.programme.id, 0) + other.length_s
    return sorted(used, key=lambda name: (-used[name], name))[:8]


def _crowds(problem: Problem, lines: Sequence[Line], line: Line, days: list[int]) -> list[Told]:
    """Days on which what the programme may use is full, with those that fill it."""
    if not days:
        return []
    used: dict[str, int] = {}
    room = 0
    airing = {at // DAY_S for at in line.placed()}
    crowded = [d for d in days if d not in airing]
    if not crowded:
        return []
    zone = line.zones[0]
    reach = {d: [(a, b + line.length_s) for a, b in line.base[d]] for d in crowded}
    for day in crowded:
        room += sum(b - a for a, b in reach[day])
    for other in lines:
        if other is line or zone not in other.zones:
            continue
        for at in other.placed():
            day, start = divmod(at, DAY_S)
            if any(a <= start < b for a, b in reach.get(day, ())):
                used[other.programme.id] = used.get(other.programme.id, 0) + other.length_s
    if 2 * sum(used.values()) < room:
        return []  # there is air enough: it is not others that are in the way
    most = sorted(used, key=lambda name: (-used[name], name))[:6]
    return [
        Told(
            N_(
                "on {dates} its {room} minutes of air in {zone} hold {used} minutes of others, most of them {programmes}"
            ),
            dates=[f"{problem.on(d):%d/%m}" for d in crowded],
            room=round(room / 60),
            zone=problem.zones[zone].id,
            used=round(sum(used.values()) / 60),
            programmes=most,
        )
    ]


def reopen(problem: Problem, lines: Sequence[Line], hungry: Sequence[Line]) -> Search:
    """A search that holds the finished plan, to try changes on. On a district only what is near."""
    chosen = list(lines)
    if len(chosen) > MOST_LINES:
        zones = {zone for line in hungry for zone in line.zones}
        chosen = [line for line in lines if zones & set(line.zones)]
        for line in chosen:
            line.locked = not zones >= set(line.zones)
    for index, line in enumerate(chosen):
        line.index = index
        line.anchors = frozenset()
    search = Search(problem, chosen, 0)
    search.air.sturdy = False
    for line in chosen:
        for at in line.placed():
            search.air.add(line, at)
    return search


def relaxations_for(
    problem: Problem,
    source: Mapping[str, Any],
    search: Search,
    line: Line,
    period: Period,
    planned: int,
    earliest: int,
) -> tuple[Relaxation, ...]:
    """Relaxations that were tried on the plan: the first that brings all, or the best, and what can be conceded."""
    before = sum(x.shortfall()[0] * len(x.zones) for x in search.lines)
    mine = line.shortfall()[0]
    good: list[Relaxation] = []
    least = min(
        (line.tally[n] for n, p in enumerate(line.periods) if line.tally[n] < p.need), default=planned
    )
    tried = 0
    most = max(LEAST_TRIALS, int(MOST_TRIALS * search.pace()))
    for change, told in relax.candidates(source["programmes"][line.programme.index], line, period, least):
        concession = relax.is_concession(change)
        if any(r.missing_after == 0 for r in good) and not concession:
            continue
        tried += not concession
        if tried > most and not concession:
            continue
        programme = relax.changed_programme(source, line.programme.index, change)
        after, total = relax.trial(search, line, programme, problem, earliest)
        if after < mine and total <= before - (mine - after) * len(line.zones):
            good.append(
                Relaxation(
                    change=change,
                    told=Told(
                        N_("checked: {change}, and {missing} instead of {before} airings are missing"),
                        change=told,
                        missing=after,
                        before=mine,
                    ),
                    works=True,
                    missing_after=after,
                )
            )
    good.sort(key=lambda r: (r.missing_after, relax.is_concession(r.change)))
    changes = [r for r in good if not relax.is_concession(r.change)]
    return (*changes[:2], *[r for r in good if r not in changes][:1])
