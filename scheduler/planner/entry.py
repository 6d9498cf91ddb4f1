"""The way in: `solve` makes a plan for a problem."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from content.errors import Told
from content.language import N_
from scheduler.planner.districts import groups_of, plan_alone, plan_groups
from scheduler.planner.errors import ProblemError
from scheduler.planner.explain import explain
from scheduler.planner.line import Line, shut
from scheduler.planner.places import in_place
from scheduler.planner.problem import FIXED, OFF_AIR, GivenPlay, Problem, Programme
from scheduler.planner.proof import Proven, proven_missing, unavoidable
from scheduler.planner.reader import read
from scheduler.planner.replan import Change, names_of, replan, towards
from scheduler.planner.search import Progress
from scheduler.planner.solution import Solution
from scheduler.planner.spacing import least_needed
from scheduler.planner.standfast import broken_by_fixed, side_by_side

SLOW_S: Final = 60.0  # in this time a slow machine does all the steps of a busy year
FREEZE_MIN: Final = 30  # minutes after now in which a plan stands, unless the problem says otherwise


def solve(
    problem: Mapping[str, Any],
    *,
    baseline: Mapping[str, Any] | None = None,
    now: datetime | str | None = None,
    seed: int = 0,
    time_limit_s: float | None = None,
    progress: Progress | None = None,
) -> Solution:
    """A plan that meets every obligation where that can be, spread as evenly as the calendar allows.

    Planned plays in `problem` (or, where it has none, in `baseline`) stand: as little of them as can be is
    changed, nothing before `now` and the freeze time (`meta.freeze_min`). `time_limit_s` bounds the number of
    steps by what a slow machine does in that time; the clock itself is never asked, so that the same input
    gives the same plan everywhere. `progress` is called with the name of the stage and the share done.

    Raises: ProblemError, TimeOrderError.
    """
    effort = 1.0 if time_limit_s is None else max(0.05, min(1.0, time_limit_s / SLOW_S))
    compact = read(problem)
    standing = standing_plays(compact, baseline)
    moment = present(compact, problem, now)
    freeze_s = int(float(problem["meta"].get("freeze_min", FREEZE_MIN)) * 60)
    earliest = 0 if moment is None else moment + freeze_s
    frozen = [p for p in standing if moment is not None and p.at < earliest]
    fixed = [p for p in compact.plays if p.status in FIXED] + frozen
    free = [p for p in standing if moment is None or p.at >= earliest]
    announcements = announcements_of(compact, fixed)
    made_good = {p.source.get("makes_good") for p in compact.plays}
    missed = [p for p in compact.plays if p.status == "missed" and p.programme >= 0 and p.id not in made_good]
    proven: Proven | None = None
    if free:
        lines = make_lines(compact, fixed, earliest, free)
        _, how = replan(
            compact,
            lines,
            free,
            missed=missed,
            announcements=announcements,
            earliest=earliest,
            seed=seed,
            progress=progress,
        )
        left = missing(lines)
        if left and any(line.starving() for line in lines):
            proven = unavoidable(compact, lines, [x for x in lines if x.shortfall()[0]], earliest)
        if proven is not None and left > proven_missing(
            proven
        ):  # would a new plan for the whole future do better?
            afresh = make_lines(compact, fixed, earliest)
            search = plan_alone(compact, afresh, announcements, seed, progress, effort)
            if missing(afresh) < left:
                towards(search, free, earliest)
                lines, how, proven = afresh, "new", None
        names, change = names_of(lines, free)
        change.how = how
    else:
        lines = make_lines(compact, fixed, earliest)
        parts = groups_of(lines, len(compact.zones))
        if parts:
            plan_groups(
                compact, *parts, announcements=announcements, earliest=earliest, seed=seed, progress=progress
            )
        else:
            plan_alone(compact, lines, announcements, seed, progress, effort)
        names, change = {}, Change()
    plays = plays_of(compact, lines, names, frozen)
    plays = in_place(compact, problem, plays, earliest)
    mark_make_goods(plays, missed, {p.id for p in standing})
    shortfalls = [*explain(compact, problem, lines, earliest, proven), *side_by_side(compact, plays)]
    if fixed:
        shortfalls += broken_by_fixed(problem, [dict(p.source, id=p.id) for p in fixed])
    return Solution(plays=plays, shortfalls=shortfalls, figures={"change": change})


def _one_or_split(
    problem: Problem, programme: Programme, zones: tuple[int, ...], earliest: int
) -> list[tuple[int, ...]]:
    """The zones as one group, or, where their common sessions are too few, one group per set of sessions."""
    if len(zones) < 2 or len({problem.zones[z].free for z in zones}) < 2:
        return [zones]
    joint = Line(0, programme, zones, problem, earliest)
    if sum(joint.days) * min(2, programme.max_per_day) >= least_needed(joint) and (
        any(joint.days) or not any(programme.days)
    ):
        return [zones]
    groups: dict[object, list[int]] = {}
    for zone in zones:
        groups.setdefault(problem.zones[zone].free, []).append(zone)
    return [tuple(group) for group in groups.values()]


def missing(lines: Sequence[Line]) -> int:
    """Airings missing to obligations, over all zones."""
    return sum(line.shortfall()[0] * len(line.zones) for line in lines if line.lack)


def mark_make_goods(plays: list[dict[str, Any]], missed: list[GivenPlay], known: set[str]) -> None:
    """Note on each new play which missed one it replaces."""
    for play in missed:
        programme = play.source.get("programme")
        for new in plays:
            if (
                new.get("programme") == programme
                and new.get("status") == "planned"
                and new["id"] not in known
                and "makes_good" not in new
            ):
                new["makes_good"] = play.id
                break


def standing_plays(problem: Problem, baseline: Mapping[str, Any] | None) -> list[GivenPlay]:
    """The plan that stands: the planned plays of the problem, or else those of the baseline."""
    standing = [p for p in problem.plays if p.status == "planned"]
    if standing or baseline is None:
        return standing
    known = {p.id for p in problem.plays}
    source = {
        **baseline,
        "zones": [{"id": z.id} for z in problem.zones],
        "windows": [],
        "blocks": [],
        "series": [],
    }
    source["programmes"] = [
        {"id": p.id, "duration_s": p.length_s, "zones": [problem.zones[z].id for z in p.zones]}
        for p in problem.programmes
    ]
    ids = {p.id for p in problem.programmes}
    source["plays"] = [
        p
        for p in baseline.get("plays") or []
        if p.get("status", "planned") == "planned" and p.get("programme") in ids and p.get("id") not in known
    ]
    source["meta"] = {
        "horizon": {"from": problem.on(0).isoformat(), "until": problem.on(problem.days - 1).isoformat()}
    }
    return list(read(source).plays)


def present(problem: Problem, source: Mapping[str, Any], now: datetime | str | None) -> int | None:
    """Now, in seconds since the first midnight: as told, else the end of the last thing that has happened."""
    told = now if now is not None else source["meta"].get("now")
    if told is not None:
        try:
            moment = told if isinstance(told, datetime) else datetime.fromisoformat(str(told))
        except ValueError as error:
            raise ProblemError(
                place="now", reason=Told(N_("an instant like 2026-08-01T05:30:00 is wanted"))
            ) from error
        if moment.tzinfo is not None:
            zone = ZoneInfo(str(source["meta"].get("tz") or "Asia/Ho_Chi_Minh"))
            moment = moment.astimezone(zone).replace(tzinfo=None)
        return int((moment - datetime.combine(problem.first_on, datetime.min.time())).total_seconds())
    return max((p.at + p.length_s for p in problem.plays if p.status in {"aired", "missed"}), default=None)


def make_lines(
    problem: Problem, fixed: list[GivenPlay], earliest: int, standing: Sequence[GivenPlay] = ()
) -> list[Line]:
    """One line per programme; where zones of a programme have aired apart, one per group that aired alike."""
    aired: dict[int, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    odd: dict[int, dict[int, int]] = defaultdict(dict)
    for play in fixed:
        if play.programme >= 0 and 0 <= play.day < problem.days:
            for zone in play.zones:
                aired[play.programme][zone].add(play.at)
            if play.length_s != problem.programmes[play.programme].length_s:
                odd[play.programme][play.at] = play.length_s
    alike: dict[int, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for play in standing:
        for zone in play.zones:
            alike[play.programme][zone].add(play.at)
    lines: list[Line] = []
    for programme in problem.programmes:
        groups: dict[tuple[tuple[int, ...], tuple[int, ...]], list[int]] = {}
        for zone in programme.zones:
            key = tuple(sorted(aired[programme.index][zone])), tuple(sorted(alike[programme.index][zone]))
            groups.setdefault(key, []).append(zone)
        for (history, _), zones in groups.items():
            for together in _one_or_split(problem, programme, tuple(zones), earliest):
                line = Line(len(lines), programme, together, problem, earliest)
                line.fixed = set(history)
                line.odd_s = {at: s for at, s in odd[programme.index].items() if at in line.fixed}
                lines.append(line)
    _shut_by_fixed(problem, lines, fixed, earliest)
    _shut_by_cancelled(problem, lines)
    return lines


def _shut_by_cancelled(problem: Problem, lines: Sequence[Line]) -> None:
    """Where an airing was cancelled by hand, the same programme is not put again."""
    for play in problem.plays:
        if play.status != "cancelled" or play.programme < 0 or not 0 <= play.day < problem.days:
            continue
        for line in lines:
            if line.programme.index == play.programme and set(line.zones) & set(play.zones):
                shut(line, play.day, play.start_s - line.length_s, play.start_s + play.length_s)


def _shut_by_fixed(
    problem: Problem, lines: Sequence[Line], fixed: Sequence[GivenPlay], earliest: int
) -> None:
    """What stands fast after `earliest` closes its air to every other programme."""
    ahead = [p for p in fixed if 0 <= p.day < problem.days and p.at + p.length_s > earliest]
    for play in ahead:
        unit = problem.programmes[play.programme].lead_unit if play.programme >= 0 else None
        for line in lines:
            own = line.programme
            if (
                own.index == play.programme
                or not line.base[play.day]
                or not set(line.zones) & set(play.zones)
            ):
                continue
            gap = 0 if play.programme < 0 else problem.changeover_s
            if unit is not None and unit == own.lead_unit:
                gap = max(gap, own.unit_gap_s, problem.programmes[play.programme].unit_gap_s)
            shut(line, play.day, play.start_s - line.length_s - gap, play.start_s + play.length_s + gap)


def announcements_of(problem: Problem, fixed: list[GivenPlay]) -> list[tuple[tuple[int, ...], int, int, int]]:
    """Emergency announcements take air from everybody: (zones, day, start, length)."""
    return [
        (play.zones, play.day, play.start_s, play.length_s)
        for play in fixed
        if play.programme < 0 and 0 <= play.day < problem.days
    ]


def plays_of(
    problem: Problem,
    lines: list[Line],
    names: Mapping[tuple[int, int], str],
    frozen: Sequence[GivenPlay] = (),
) -> list[dict[str, Any]]:
    """The plays in the form of the problem: the given ones that stay, then the planned ones by time."""
    given = [p for p in problem.plays if p.status in FIXED or p.status in OFF_AIR] + list(frozen)
    plays = [{"id": p.id, **p.source} for p in given]
    taken = {p.id for p in given} | set(names.values())
    together: dict[tuple[int, int], list[int]] = defaultdict(list)
    for line in lines:
        for at in line.placed():
            if at not in line.fixed:
                together[at, line.programme.index] += line.zones
    number: dict[int, int] = defaultdict(int)
    for at, index in sorted(together):
        programme = problem.programmes[index]
        name = names.get((at, index))
        if name is None:
            while name is None or name in taken:
                number[index] += 1
                name = f"{programme.id}-{number[index]:03d}"
            taken.add(name)
        zones = sorted(together[at, index])
        order = [z for z in programme.zones if z in zones]
        plays.append(
            {
                "id": name,
                "programme": programme.id,
                "start": problem.instant(at),
                "zones": [problem.zones[z].id for z in order],
                "status": "planned",
                "duration_s": programme.length_s,
            }
        )
    return plays
