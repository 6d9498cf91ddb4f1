"""The word list: what an abbreviation, a code or a foreign word stands for, shipped and the station's own."""

from content.lexicon.entry import Entry, Place
from content.lexicon.lexicon import Lexicon, shipped

__all__ = ["Entry", "Lexicon", "Place", "shipped"]
