"""A local rule file: what may stand in it, where it is found."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import time
from importlib.resources import files
from pathlib import Path

from content.config_reader import read_table
from content.errors import LoaError, Told
from content.language import N_
from content.people import ROLES


class PolicyMissingError(LoaError):
    """No rule file of that name."""

    sentence = N_(
        "there are no local rules called {name!r}: shipped are {known}; or give the path of your own .toml file"
    )


class PolicyError(LoaError):
    """A rule file that cannot be read."""

    sentence = N_("{problems}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """[[quiet]]: nobody may be disturbed in [start, end) of each day."""

    start: time
    end: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """[override]: who may set the rules aside for a time, always with a reason."""

    roles: tuple[str, ...] = field(default=("approver", "administrator"), metadata={})
    classes: tuple[str, ...] = ("emergency",)
    """Bulletin classes that the rules never hold back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules; what is not given is not limited."""

    name: str
    source: str
    """The document that they come from, with number and date."""
    sessions_per_day: int | None = field(default=None, metadata={"least": 0})
    session_min: int | None = field(default=None, metadata={"least": 1, "most": 1440})
    """Minutes on air in one session."""
    days_per_week: int | None = field(default=None, metadata={"least": 0, "most": 7})
    relay_counts: bool = True
    """Whether relayed minutes and sessions count."""
    session_gap_min: int = field(default=15, metadata={"least": 1, "most": 720})
    """So much silence ends a session."""
    quiet: tuple[Quiet, ...] = ()
    override: Override = field(default_factory=Override)


def shipped() -> list[str]:
    """The names of the rule files that come with Loa."""
    return sorted(
        path.name.removesuffix(".toml")
        for path in files("content.policies").iterdir()
        if path.name.endswith(".toml")
    )


def read_policy(named: str, folder: Path) -> Policy | None:
    """The rules that `[plan] policy` names: a shipped name, or a file (beside the config unless absolute).

    None when it names nothing. Raises: PolicyMissingError, PolicyError with every problem of the file.
    """
    if not named:
        return None
    path = Path(named)
    if named in shipped():
        path = Path(str(files("content.policies"))) / f"{named}.toml"
    elif not path.is_absolute():
        path = folder / path
    if not path.is_file():
        raise PolicyMissingError(name=named, known=shipped())
    try:
        table = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise PolicyError(
            problems=Told(
                N_("{file}: not readable as TOML ({reason}); correct that line"),
                file=path.name,
                reason=str(error),
            )
        ) from error
    problems: list[tuple[str, Told]] = []
    policy = read_table(Policy, table, "", problems)
    if policy is not None:
        for number, quiet in enumerate(policy.quiet, 1):
            if quiet.end <= quiet.start:
                problems.append(
                    (f"quiet.{number}", Told(N_("it ends before it starts; for a night write two")))
                )
        for role in policy.override.roles:
            if role not in ROLES:
                problems.append(
                    (
                        "override roles",
                        Told(N_("{value!r} is not known; choose one of {known}"), value=role, known=ROLES),
                    )
                )
    if policy is None or problems:
        where, first = problems[0]
        raise PolicyError(
            problems=Told(N_("{file}: {where}: {problem}"), file=path.name, where=where or "—", problem=first)
        )
    return policy
