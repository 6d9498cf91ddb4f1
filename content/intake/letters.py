"""Vietnamese capital and small letters in regular expressions.

In Unicode the two kinds take turns from U+1EA0 on, so that a range such as À-Ỹ holds both.
"""

from __future__ import annotations

import re

UPPER = "A-ZĐÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬÈÉẺẼẸÊỀẾỂỄỆÌÍỈĨỊÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢÙÚỦŨỤƯỪỨỬỮỰỲÝỶỸỴ"
LOWER = "a-zđàáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ"


def compiled(text: str, flags: int = 0) -> re.Pattern[str]:
    """`text` compiled, with {UPPER} and {LOWER} written inside a character class standing for the letters."""
    return re.compile(text.replace("{UPPER}", UPPER).replace("{LOWER}", LOWER), flags)
