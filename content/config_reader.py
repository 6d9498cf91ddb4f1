"""TOML tables into frozen dataclasses, with every problem told at once.

A field's type says what is allowed: str, int, float, bool, `datetime.time` ("HH:MM" or "HH:MM:SS"),
`datetime.date`, `T | None`, `tuple[T, ...]`, a dataclass (table), `tuple[Dataclass, ...]` (array of
tables), `dict[str, Dataclass]` (named tables). `field(metadata={"choices": (...), "least": n,
"most": n})` narrows it. `__post_init__` of a dataclass may raise `ConfigProblem`.
"""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any, TypeVar

from content.errors import Told
from content.language import N_

T = TypeVar("T")


UNPRINTABLE = N_(
    "{value!r} holds a tab, line break or other sign that is not seen; in a path write / instead of \\, or put it in single quotes"
)


class ConfigProblem(Exception):
    """A value that a dataclass refuses; `problem` is the sentence for the user."""

    def __init__(self, message: str, **facts: object) -> None:
        self.problem = Told(message, **facts)
        super().__init__(str(self.problem))


def read_table(
    kind: type[T], table: dict[str, Any], where: str, problems: list[tuple[str, Told]]
) -> T | None:
    """`table` as a `kind`, or None after adding a (place, problem) pair for each thing wrong in it."""
    before = len(problems)
    hints = typing.get_type_hints(kind)
    known = {f.name: f for f in dataclasses.fields(kind) if f.init}  # type: ignore[arg-type]
    names = {f.metadata.get("toml", name): name for name, f in known.items()}
    for key in table.keys() - names.keys():
        near = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
        if near:
            problems.append(
                (where, Told(N_("unknown key {key!r}; did you mean {near!r}?"), key=key, near=near[0]))
            )
        else:
            problems.append(
                (where, Told(N_("unknown key {key!r}; known here: {known}"), key=key, known=sorted(names)))
            )
    values: dict[str, Any] = {}
    for key, name in names.items():
        field = known[name]
        if key in table:
            place = f"{where} {key}".strip()
            values[name] = _value(hints[name], table[key], place, problems, field.metadata)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            problems.append((where, Told(N_("the key {key!r} is missing"), key=key)))
    if len(problems) > before:
        return None
    try:
        return kind(**values)
    except ConfigProblem as error:
        problems.append((where, error.problem))
        return None


def _value(hint: Any, value: Any, where: str, problems: list[tuple[str, Told]], metadata: Any) -> Any:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        inner = [arg for arg in args if arg is not type(None)]
        return _value(inner[0], value, where, problems, metadata)
    if origin is tuple:
        if not isinstance(value, list):
            problems.append((where, Told(N_("a list is needed, not {value!r}"), value=value)))
            return ()
        return tuple(
            _value(
                args[0],
                one,
                f"{where}[{number}]" if not dataclasses.is_dataclass(args[0]) else f"{where}.{number}",
                problems,
                metadata,
            )
            for number, one in enumerate(value, 1)
        )
    if origin is dict:
        if not isinstance(value, dict):
            problems.append((where, Told(N_("a table is needed, not {value!r}"), value=value)))
            return {}
        return {key: _value(args[1], one, f"{where}.{key}", problems, metadata) for key, one in value.items()}
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, dict):
            problems.append((where, Told(N_("a table is needed, not {value!r}"), value=value)))
            return None
        return read_table(hint, value, where, problems)  # type: ignore[arg-type]
    return _scalar(hint, value, where, problems, metadata)


def _scalar(hint: Any, value: Any, where: str, problems: list[tuple[str, Told]], metadata: Any) -> Any:
    try:
        read = _READERS[hint](value)
    except (ValueError, TypeError):
        problems.append((where, Told(_WANTED[hint], value=value)))
        return value
    if isinstance(read, str) and any(unicodedata.category(sign) == "Cc" for sign in read):
        problems.append((where, Told(UNPRINTABLE, value=read)))
    if (choices := metadata.get("choices")) and read not in choices:
        near = difflib.get_close_matches(str(read), [str(c) for c in choices], n=1)
        if near:
            problems.append(
                (where, Told(N_("{value!r} is not known; did you mean {near!r}?"), value=read, near=near[0]))
            )
        else:
            problems.append(
                (where, Told(N_("{value!r} is not known; choose one of {known}"), value=read, known=choices))
            )
    least, most = metadata.get("least"), metadata.get("most")
    if (least is not None and read < least) or (most is not None and read > most):
        problems.append(
            (
                where,
                Told(
                    N_("{value} is outside {least} to {most}"),
                    value=read,
                    least=least,
                    most=most if most is not None else "∞",
                ),
            )
        )
    return read


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return unicodedata.normalize("NFC", value)


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return float(value)


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _time(value: Any) -> time:
    if isinstance(value, time):
        return value
    if not isinstance(value, str):
        raise TypeError
    return time.fromisoformat(value) if len(value) > 4 else time.fromisoformat("0" + value)


def _date(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise TypeError
    return date.fromisoformat(value)


_READERS: dict[Any, Callable[[Any], Any]] = {
    str: _text, int: _integer, float: _number, bool: _truth, time: _time, date: _date,
}  # fmt: skip
_WANTED: dict[Any, str] = {
    str: N_("text in quotes is needed, not {value!r}"),
    int: N_("a whole number is needed, not {value!r}"),
    float: N_("a number is needed, not {value!r}"),
    bool: N_("true or false is needed, not {value!r}"),
    time: N_("a time such as 05:30 is needed, not {value!r}"),
    date: N_("a date such as 2026-12-31 is needed, not {value!r}"),
}
