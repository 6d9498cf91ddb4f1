"""The screen language: gettext catalogues, chosen once for the process.

English messages in the code are the message ids; `content/locale/LANG/LC_MESSAGES/loa.po` hold the
Vietnamese and the English wording.
"""

from __future__ import annotations

import gettext
import locale
import os
from importlib.resources import files
from pathlib import Path
from typing import Final

LANGUAGES: Final = ("vi", "en")
_active: gettext.NullTranslations = gettext.NullTranslations()
_active_language: str = "en"


class Marked(str):
    """A message that `N_` marked for the catalogues: as a fact of an error it is told in the screen language."""

    __slots__ = ()


def N_(message: str) -> str:  # noqa: N802 - the gettext convention
    """Mark a message for the catalogues without translating it yet."""
    return Marked(message)


def _(message: str) -> str:
    """The message in the screen language."""
    return _active.gettext(message) if message else ""


def ngettext(singular: str, plural: str, number: int) -> str:
    """The message that fits `number`, in the screen language."""
    return _active.ngettext(singular, plural, number)


DECIMALS: Final = N_("0.5")
"""Its translation shows the decimal sign of the language (see `content.shown`)."""


def use_language(language: str) -> None:
    """Make `language` (one of LANGUAGES) the screen language of this process."""
    global _active, _active_language  # noqa: PLW0603 - one process has one screen
    if language not in LANGUAGES:
        raise ValueError(f"{language!r} is none of {LANGUAGES}")
    folder = Path(str(files("content"))) / "locale"
    _active = gettext.translation("loa", localedir=str(folder), languages=[language], fallback=True)
    os.environ["LANGUAGE"] = language  # click's own sentences go through the same catalogue
    gettext.bindtextdomain("loa", str(folder))
    gettext.textdomain("loa")
    _active_language = language


def screen_language() -> str:
    """The screen language now: "vi" or "en"."""
    return _active_language


def os_language() -> str:
    """ "vi" where the operating system speaks Vietnamese, else "en"."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANGUAGE", "LANG"):
        if value := os.environ.get(name):
            return "vi" if value.lower().startswith("vi") else "en"
    try:
        code = locale.getlocale()[0] or ""
    except ValueError:
        code = ""
    return "vi" if code.lower().startswith("vi") else "en"
