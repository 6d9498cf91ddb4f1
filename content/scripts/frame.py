"""What the station says around an item: opening, ident, closing, from one template per kind."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from content.errors import LoaError
from content.language import N_

if TYPE_CHECKING:
    from jinja2 import Environment

KINDS = ("news", "programme", "notice", "urgent", "invitation")
TEMPLATES = (*KINDS, "greeting", "opening", "closing", "part")
"""Also what a programme says before and after its items (its words; how they are framed), and around one part of a
long item."""
_OWN_WORD = ("chuyên mục", "chương trình", "bản tin", "tiết mục", "tạp chí", "câu chuyện")
BODY = "[[body]]"
TITLE = "[[title]]"


class FrameError(LoaError):
    """A template that cannot be used."""

    sentence = N_("script template {name}: {reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Lines before and after the body, as written; `title` says whether the item's title is read."""

    opening: tuple[str, ...]
    closing: tuple[str, ...]
    title: bool


def frame(
    kind: str,
    *,
    station_name: str,
    place: str = "",
    programme_title: str = "",
    part: int = 1,
    parts: int = 1,
    folder: Path | None = None,
) -> Frame:
    """The frame of `kind`, one of `TEMPLATES`; a station's own `KIND.j2` in `folder` wins over the shipped one.

    A template gives lines; "[[title]]" and "[[body]]" stand for the item's own title and words, which
    never pass through the template.

    Raises:
        FrameError: an unknown kind, a template that fails or lacks its "[[body]]".
    """
    if kind not in TEMPLATES:
        raise FrameError(name=kind, reason=f"choose one of {', '.join(TEMPLATES)}")
    said_in_name = place.strip().casefold() in station_name.casefold()
    facts: dict[str, object] = {
        "station": station_name, "place": "" if said_in_name else place, "programme": programme_title,
        "called": _called(programme_title), "part": part, "parts": parts,
    }  # fmt: skip
    text = _rendered(kind, folder, facts)
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    if lines.count(BODY) != 1:
        raise FrameError(name=f"{kind}.j2", reason=f"needs one line {BODY}")
    at = lines.index(BODY)
    return Frame(
        opening=tuple(line for line in lines[:at] if line != TITLE),
        closing=tuple(line for line in lines[at + 1 :] if line != TITLE),
        title=TITLE in lines[:at],
    )


def _called(programme_title: str) -> str:
    """The programme's name behind the word for it, unless the name begins with such a word."""
    name = " ".join(programme_title.split())
    return name[:1].lower() + name[1:] if name.casefold().startswith(_OWN_WORD) else f"chuyên mục {name}"


def _rendered(kind: str, folder: Path | None, facts: dict[str, object]) -> str:
    from jinja2 import TemplateError

    own = folder / f"{kind}.j2" if folder else None
    try:
        if own and own.is_file():
            return str(_environment().from_string(own.read_text("utf-8")).render(facts))
        return str(_environment().from_string(_shipped(kind)).render(facts))
    except (TemplateError, OSError, UnicodeDecodeError, ArithmeticError, TypeError) as error:
        raise FrameError(name=f"{kind}.j2", reason=str(error)) from error


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    return SandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
    )


@lru_cache(maxsize=len(TEMPLATES))
def _shipped(kind: str) -> str:
    return (files("content.scripts") / "templates" / f"{kind}.j2").read_text("utf-8")
