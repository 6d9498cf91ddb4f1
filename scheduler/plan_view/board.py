"""The plan as a board of cells, for the terminal and for pictures alike: days by sessions, or a calendar month."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Final

from content.config import Config, SessionConfig
from content.language import N_
from content.months import last_day, month_of
from scheduler.models import Play
from scheduler.station_problem import is_on

WEEKDAYS: Final = (
    N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One play in a cell."""

    time: str
    title: str
    note: str
    """What is to be said beside the title: first airing, pinned, missed, …; empty for a plain replay."""
    status: str
    colour: int
    """The same number for the same title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One box: a session of a day, or a day."""

    entries: tuple[Entry, ...] = ()
    corner: str = ""
    """The day of the month in a calendar."""
    shut: bool = False
    """No session is held then, or the day lies outside the month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of boxes."""

    head: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """All text is in the screen language."""

    title: str
    corner: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def week_board(
    config: Config, plays: Sequence[Play], first: date, last: date, translate: Callable[[str], str]
) -> Board:
    """Days [first, last] down, sessions across; plays outside every session stand in a column of their own."""
    spans = sorted({(session.start, session.end) for session in config.sessions})
    entries = _entries(config, plays, translate)
    boxes: dict[tuple[date, int], list[Entry]] = {}
    for play, entry in entries:
        begins = play.starts_at.astimezone(config.tz)
        column = next((i for i, (a, b) in enumerate(spans) if a <= begins.time() < b), len(spans))
        boxes.setdefault((begins.date(), column), []).append(entry)
    width = len(spans) + any(column == len(spans) for _day, column in boxes)
    rows = []
    for number in range((last - first).days + 1):
        on = first + timedelta(days=number)
        cells = tuple(
            Cell(
                entries=tuple(boxes.get((on, column), ())),
                shut=column < len(spans) and not _held(config, spans[column], on),
            )
            for column in range(width)
        )
        rows.append(Row(head=f"{translate(WEEKDAYS[on.weekday()])} {on:%d/%m}", cells=cells))
    columns = [f"{begin:%H:%M}–{end:%H:%M}" for begin, end in spans]
    return Board(
        title=_title(config, first, last, translate),
        corner=translate(N_("Day")),
        columns=(*columns, *([translate(N_("Outside the sessions"))] if width > len(spans) else [])),
        rows=tuple(rows),
    )


def month_board(
    config: Config, plays: Sequence[Play], month_on: date, translate: Callable[[str], str]
) -> Board:
    """The calendar month of `month_on`: a row a week, Monday first."""
    first, last = month_on.replace(day=1), last_day(month_of(month_on))
    boxes: dict[date, list[Entry]] = {}
    for play, entry in _entries(config, plays, translate):
        boxes.setdefault(play.starts_at.astimezone(config.tz).date(), []).append(entry)
    rows = []
    monday = first - timedelta(days=first.weekday())
    while monday <= last:
        days = [monday + timedelta(days=number) for number in range(7)]
        cells = tuple(
            Cell(
                entries=tuple(boxes.get(on, ())) if first <= on <= last else (),
                corner=str(on.day) if first <= on <= last else "",
                shut=not first <= on <= last or not any(is_on(s, on) for s in config.sessions),
            )
            for on in days
        )
        rows.append(Row(head="", cells=cells))
        monday += timedelta(days=7)
    return Board(
        title=_title(config, first, last, translate),
        corner="",
        columns=tuple(translate(name) for name in WEEKDAYS),
        rows=tuple(rows),
    )


def _entries(
    config: Config, plays: Sequence[Play], translate: Callable[[str], str]
) -> list[tuple[Play, Entry]]:
    names = sorted({play.episode.title for play in plays if play.episode})
    colours = {name: number for number, name in enumerate(names)}
    several = len(config.zone_ids) > 1
    found = []
    for play in sorted(plays, key=lambda play: (play.starts_at, play.id)):
        notes = [translate(N_("first airing"))] if play.kind == "first" else []
        if play.status not in ("planned", "aired"):
            notes.append(translate(play.status))
        if several and set(play.zones) != set(config.zone_ids):
            notes.append(", ".join(play.zones))
        title = play.episode.title if play.episode else ""
        found.append(
            (
                play,
                Entry(
                    time=f"{play.starts_at.astimezone(config.tz):%H:%M}",
                    title=title,
                    note="; ".join(notes),
                    status=play.status,
                    colour=colours.get(title, 0),
                ),
            )
        )
    return found


def _held(config: Config, span: tuple[time, time], on: date) -> bool:
    sessions: list[SessionConfig] = [s for s in config.sessions if (s.start, s.end) == span and is_on(s, on)]
    if not sessions:
        return False
    for block in config.blackouts:
        if block.zones or not is_on(block, on):
            continue
        if block.start is None or block.end is None or (block.start <= span[0] and span[1] <= block.end):
            return False
    return True


def _title(config: Config, first: date, last: date, translate: Callable[[str], str]) -> str:
    return translate(N_("{station}: plan from {first} to {last}")).format(
        station=config.station.name, first=f"{first:%d/%m/%Y}", last=f"{last:%d/%m/%Y}"
    )
