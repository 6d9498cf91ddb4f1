"""The Vietnamese letters of either case, for character classes of regular expressions."""

from __future__ import annotations

_MARKED = "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ"
LOWER = "a-z" + _MARKED
UPPER = "A-Z" + _MARKED.upper()
