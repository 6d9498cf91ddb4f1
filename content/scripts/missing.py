"""Errors for a script, version or sentence that is not there."""

from __future__ import annotations

from content.errors import LoaError
from content.language import N_


class NoScriptError(LoaError):
    """An item without a script."""

    sentence = N_("item {item} has no script yet; draft it with `loa script draft {item}`")


class NoVersionError(LoaError):
    """A version that was never made."""

    sentence = N_("item {item} has no version {version} of its script")


class NoSentenceError(LoaError):
    """A sentence number beyond the script."""

    sentence = N_("there is no sentence {number}: the script has {count}")


class OnlyVersionError(LoaError):
    """A comparison with a version before the first."""

    sentence = N_(
        "the script of item {item} has no version before this one: change its words with `loa script edit {item}`, then compare"
    )
