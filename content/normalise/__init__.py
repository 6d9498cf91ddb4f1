"""Text as written → text as spoken. `spoken` is the fixed entry point."""

from content.normalise.check import leftovers
from content.normalise.engine import Spoken, Word, normalise, spoken
from content.normalise.reading import DEFAULT_READING, Reading
from content.normalise.scan import Unknown

__all__ = ["DEFAULT_READING", "Reading", "Spoken", "Unknown", "Word", "leftovers", "normalise", "spoken"]
