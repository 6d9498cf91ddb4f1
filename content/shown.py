"""Dates, times and numbers as people of the screen language write them; data (JSON, files) has its own forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, tzinfo

from content.language import _

Translate = Callable[[str], str]
_HALF = "0.5"
"""A gettext id: its translation shows the decimal sign of the language."""


class Day:
    """A date that is told as Việt Nam writes it, 31/12/2026, unless the message says how."""

    def __init__(self, day: date) -> None:
        self.day = day

    def __format__(self, form: str) -> str:
        return format(self.day, form or "%d/%m/%Y")

    def __str__(self) -> str:
        return format(self, "")


class Figure(float):
    """A number with decimals that is told with the decimal sign of a language, whatever form the message asks for."""

    sign = "."

    def __format__(self, form: str) -> str:
        return (float.__format__(self, form) if form else float.__str__(self)).replace(".", self.sign)

    def __str__(self) -> str:
        return format(self, "")


def told(fact: object, translate: Translate) -> object:
    """A date or number as a fact of a message in the language of `translate`; anything else as it is."""
    if isinstance(fact, date) and not isinstance(fact, datetime):
        return Day(fact)
    if isinstance(fact, float):
        figure = Figure(fact)
        figure.sign = translate(_HALF)[1]
        return figure
    return fact


def facts(values: Mapping[str, object]) -> dict[str, object]:
    """Facts of a message in the screen language."""
    return {name: told(value, _) for name, value in values.items()}


def cell(value: object) -> str:
    """A value in a table of the screen language; nothing for None."""
    return "" if value is None else str(told(value, _))


def decimal(value: float | None, places: int = 1) -> str:
    """A number with that many decimals in the screen language; nothing for None."""
    return "" if value is None else format(facts({"it": float(value)})["it"], f".{places}f")


def day(value: date | str | None) -> str:
    """31/12/2026 for a date or an ISO date, 12/2026 for an ISO month, the text itself for anything else."""
    if isinstance(value, str):
        try:
            if len(value) == 7:
                return f"{date.fromisoformat(f'{value}-01'):%m/%Y}"
            value = date.fromisoformat(value)
        except ValueError:
            return str(value)
    return "" if value is None else f"{value:%d/%m/%Y}"


def period(value: str) -> str:
    """A month, a day, or days from..to as the ledger names them: "12/2026", "01/12/2026–07/12/2026"."""
    return "–".join(day(part) for part in value.split(".."))


def moment(at: datetime | None, zone: tzinfo, *, seconds: bool = False) -> str:
    """31/12/2026 06:30 in station time, with seconds where they matter; nothing for None."""
    if at is None:
        return ""
    return f"{at.astimezone(zone):%d/%m/%Y %H:%M:%S}" if seconds else f"{at.astimezone(zone):%d/%m/%Y %H:%M}"
