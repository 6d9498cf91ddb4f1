"""The one base of every error that a user of Loa meets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from content import shown
from content.language import Marked


class LoaError(Exception):
    """An error that is told to the user in one sentence: what, which value, and what to do next.

    A subclass sets `sentence`, an English gettext message (wrap it in `N_` so that the catalogues
    find it) with a `{name}` for every fact. `str()` gives English; `told(translate)` gives the
    sentence in another language. A fact may itself be a `LoaError`, a `Told` or a message marked with
    `N_`: it is told in the same language.
    """

    sentence: ClassVar[str] = "{reason}"

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(self.told(lambda message: message))

    def told(self, translate: Callable[[str], str]) -> str:
        """The sentence, with `translate` (message → message in the screen language) applied."""
        return translate(self.sentence).format(
            **{name: _tell(fact, translate) for name, fact in self.facts.items()}
        )

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.facts)


class Told:
    """A gettext message with its facts, translated only when it is shown."""

    def __init__(self, message: str, **facts: object) -> None:
        self.message = message
        self.facts = facts

    def told(self, translate: Callable[[str], str]) -> str:
        """The message in the language of `translate`, facts filled in."""
        return translate(self.message).format(
            **{name: _tell(fact, translate) for name, fact in self.facts.items()}
        )

    def __str__(self) -> str:
        return self.told(lambda message: message)


def _tell(fact: object, translate: Callable[[str], str]) -> object:
    if isinstance(fact, LoaError | Told):
        return fact.told(translate)
    if isinstance(fact, Marked):
        return translate(fact)
    if isinstance(fact, Path):
        return str(fact)
    if isinstance(fact, list | tuple):
        return ", ".join(str(_tell(part, translate)) for part in fact)
    return shown.told(fact, translate)


def _rebuild(kind: type[LoaError], facts: dict[str, object]) -> LoaError:
    return kind(**facts)
