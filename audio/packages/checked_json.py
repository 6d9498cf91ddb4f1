"""JSON from outside, read value by value: nothing is believed to have the right kind, length or range."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from typing import Any, TypeGuard
from zoneinfo import ZoneInfo

from content.errors import LoaError

MOST_VALUES = 2_000_000
"""Twice what the largest manifest holds: a few MB of brackets would else become a GB of empty lists."""
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
"""What no database and no file name takes."""


def read_json(content: bytes, problem: type[LoaError]) -> Table:
    """The JSON object in `content`; raises `problem(where=…)` for anything else, also for a key that stands twice."""
    if sum(content.count(mark) for mark in (b",", b"[", b"{")) > MOST_VALUES:
        raise problem(where="JSON")
    try:
        body = json.loads(
            content.decode("utf-8"), object_pairs_hook=_without_doubles, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as error:
        raise problem(where="JSON") from error
    return Table(body, "", problem)


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a key stands twice")
    return table


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and len(value) <= 4000 and not _NO_TEXT.search(value)


def printable(text: str) -> str:
    """Text from outside as it may stand in a message: short, and nothing in it that steers a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:120])


class Table:
    """One JSON object with its place, giving only values of the expected kind.

    Anything else raises `problem(where=…)`.
    """

    def __init__(self, value: object, where: str, problem: type[LoaError]) -> None:
        if not isinstance(value, dict):
            raise problem(where=printable(where) or "{}")
        self.values: dict[str, Any] = value
        self.where = where
        self.problem = problem

    def _at(self, key: str) -> str:
        return f"{self.where}.{key}" if self.where else key

    def _wrong(self, key: str) -> LoaError:
        return self.problem(where=printable(self._at(key)))

    def text(self, key: str, pattern: re.Pattern[str] | None = None) -> str:
        value = self.values.get(key)
        if not _is_text(value):
            raise self._wrong(key)
        if pattern is not None and not pattern.fullmatch(value):
            raise self._wrong(key)
        return value

    def text_or_none(self, key: str, pattern: re.Pattern[str] | None = None) -> str | None:
        return None if self.values.get(key) is None else self.text(key, pattern)

    def one_of(self, key: str, choices: tuple[str, ...]) -> str:
        value = self.text(key)
        if value not in choices:
            raise self._wrong(key)
        return value

    def texts(self, key: str, most: int = 1000) -> list[str]:
        value = self.values.get(key)
        if not isinstance(value, list) or len(value) > most or not all(map(_is_text, value)):
            raise self._wrong(key)
        return value

    def number(self, key: str, most: int = 2**31 - 1) -> int:
        value = self.values.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
            raise self._wrong(key)
        return value

    def number_or_none(self, key: str) -> int | None:
        return None if self.values.get(key) is None else self.number(key)

    def flag(self, key: str) -> bool:
        value = self.values.get(key)
        if not isinstance(value, bool):
            raise self._wrong(key)
        return value

    def day(self, key: str) -> date:
        try:
            return date.fromisoformat(self.text(key))
        except ValueError as error:
            raise self._wrong(key) from error

    def day_or_none(self, key: str) -> date | None:
        return None if self.values.get(key) is None else self.day(key)

    def zone(self, key: str) -> ZoneInfo:
        try:
            return ZoneInfo(self.text(key))
        except (ValueError, OSError, KeyError) as error:
            raise self._wrong(key) from error

    def instant(self, key: str, zone: ZoneInfo | None) -> datetime:
        try:
            value = datetime.fromisoformat(self.text(key))
            if value.tzinfo is None or not 2000 <= value.year <= 2200:
                raise self._wrong(key)
            return value.astimezone(zone) if zone else value
        except (ValueError, OverflowError) as error:
            raise self._wrong(key) from error

    def instant_or_none(self, key: str) -> datetime | None:
        return None if self.values.get(key) is None else self.instant(key, None)

    def table(self, key: str) -> Table:
        return Table(self.values.get(key), self._at(key), self.problem)

    def tables(self, key: str, most: int) -> list[Table]:
        value = self.values.get(key)
        if not isinstance(value, list) or len(value) > most:
            raise self._wrong(key)
        return [Table(row, f"{self._at(key)}[{index}]", self.problem) for index, row in enumerate(value)]

    def counts(self, key: str) -> dict[str, dict[str, int]]:
        months = self.table(key)
        return {
            month: {name: months.table(month).number(name) for name in ("first", "replays", "days")}
            for month in months.values
        }
