"""One command for several items: each is a decision of its own, and one refusal does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING

import click

from content import people
from content.commands.shell import fitted
from content.errors import LoaError
from content.language import _

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from content.station import Station

PersonOf = Callable[["Session"], str]


def for_each(
    station: Station, numbers: Iterable[int], as_name: str | None, act: Callable[[int, PersonOf], None]
) -> None:
    """`act(number, who acts)` for every number once; a password is asked for once.

    Raises:
        LoaError: what was refused last, after all are dealt with; earlier refusals are told on stderr.
        Who acts is settled first: without that nothing is tried.
    """
    ask = cache(people.password_at_hand)

    def person_of(session: Session) -> str:
        return people.current_person(session, station.config, as_name, ask_password=ask)

    with station.read() as session:
        person_of(session)
    refused: dict[str, LoaError] = {}
    for number in dict.fromkeys(numbers):
        try:
            act(number, person_of)
        except LoaError as error:
            refused.setdefault(str(error), error)
    errors = [*refused.values()]
    for earlier in errors[:-1]:
        click.echo(fitted(f"loa: {earlier.told(_)}"), err=True)
    if errors:
        raise errors[-1]
