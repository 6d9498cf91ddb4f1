"""What can be wrong with the input of the planner."""

from __future__ import annotations

from content.errors import LoaError
from content.language import N_


class ProblemError(LoaError):
    """A plan problem that cannot be read as one."""

    sentence = N_("the plan problem cannot be read at {place}: {reason}; correct the file and try again")


class TimeOrderError(LoaError):
    """The end of something lies before its start."""

    sentence = N_("{place}: the end {end} is before the start {start}; swap them or correct one")
