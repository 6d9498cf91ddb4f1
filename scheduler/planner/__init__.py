"""The planner: lays plays into the sessions of a station so that every obligation is met, evenly.

`solve` is the way in; docs/planner.md tells how it works and why.
"""

from scheduler.planner.entry import solve
from scheduler.planner.solution import Solution

__all__ = ["Solution", "solve"]
