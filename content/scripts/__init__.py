"""From an item's own words to a script: sentences that can be spoken in a breath, pauses, length, episodes."""

from content.scripts.draft import Script, draft
from content.scripts.fit import fit
from content.scripts.frame import Frame, frame
from content.scripts.pace import PACES, Pace, measured
from content.scripts.sentences import Sentence, split

__all__ = ["PACES", "Frame", "Pace", "Script", "Sentence", "draft", "fit", "frame", "measured", "split"]
