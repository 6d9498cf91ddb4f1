"""Words and abbreviations: what stays, what is expanded, what is a Roman numeral, what is not known."""

from __future__ import annotations

import re

from content.lexicon.alphabet import LOWER, UPPER
from content.normalise.codes import part_words
from content.normalise.letters import LETTER_NAMES, is_spelled, spell
from content.normalise.numbers import cardinal, digits, named, ordinal, roman
from content.normalise.repairs import repaired
from content.normalise.scan import LONGEST_TOKEN, Said, Scan
from content.normalise.syllables import is_syllable
from content.normalise.units import MEASURE_WORDS, RATE, UNITS, any_rate, rate_word, thing_rate, unit_words

WORD = re.compile(r"[^\W\d_]+")
_ALNUM = re.compile(r"[^\W\d_]+\d+[^\W_]*(?:[.\-/]\d+)*")
_MONEY_WORDS = frozenset({"đồng", "triệu", "tỷ", "nghìn"})
_PARTY = "{TU}"
_FOR = "{ĐỂ}"
_ROMAN = re.compile(r"[IVXLCDM]+(?![^\W_])")
_ROMAN_RANGE = re.compile(r"\s?-\s?(?=[IVXLC]+(?![^\W_]))")
_ROMAN_DOTTED = re.compile(r"\.(\d{1,2}(?:\.\d{1,2})*)(?!\d)")
_FORM_LEFT = re.compile(r"(?:mẫu|tờ khai|phiếu|biểu|biểu mẫu)(?: số)?\s*$")
_ROMAN_YEAR = re.compile(r"\s?[/\-]\s?((?:19|20)\d\d)(?!\d)")
_ROMAN_LEFT = re.compile(
    r"(?:phần|mục|chương|phụ lục|quý|học kỳ|kỳ|khóa|khoá|thứ|thế kỷ|thế kỉ|đại hội|trung ương|hạng|loại|cấp|nhóm|vùng|giai đoạn|đợt|lần|bậc|độ|khu"
    r"|tiểu mục|tập|quyển|báo động|bđ|giải|đoạn|khoản|điều|số|năm|hệ|type|đội|trạm|nhà máy|khu vực|và|đến|-|,|chiến khu|quân khu|bản|thứ hạng|diện|hội nghị lần thứ)\s*$"
)
_ROMAN_SOFT_LEFT = re.compile(
    r"(?:phần|mục|chương|phụ lục|khóa|khoá|thứ|thế kỷ|thế kỉ|đoạn|khoản|số|năm)\W*$"
)
_ROMAN_SOFT = re.compile(r"[ivxlcdm]+(?=\s*(?:$|[^\w\s]|\n))")
_ROMAN_HEADING = re.compile(rf"([IVXLC]+)(?:\.(\d{{1,2}}(?:\.\d{{1,2}})*))?([.)/:]|\s?-)?(?=\s|$|[{UPPER}])")
_LETTER_HEADING = re.compile(r"([A-ZĐa-zđ])([.)/]|-(?=\s+\D))(?=\s|$)")
_LONE_WORDS = frozenset("aeiouyêôơưýỳỷỹỵàáảãạèéẻẽẹìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữự")
_DIGITS_NEXT = re.compile(r"\s?\d")
_OFFICE_LEFT = re.compile(r"\b(?:sở|bộ|phòng|lưu\s?:?(?: [^.;:\n]{1,40}[,;])?)\s*$")
"""Before the short name of an office: "Sở TC", "Lưu: VT, TH"."""
_SERIES = re.compile(r"\s?(\d{6})(?!\d|[.,/]\d)")
_VARIANT = re.compile(r"[A-Z]{1,3}(?:\.\d{1,2}){1,3}(?![\d/\-])")
_PERIOD = re.compile(r"(T|Q)0?(1[0-2]|[1-9])\s?[/\-]\s?((?:19|20)\d\d)(?![\d/])")
_WARD = re.compile(r"P(\d{1,2})(?=\s?[,-]\s?(?:Q\.?\s?(?:\d|[A-ZĐ])|[Qq]uận|TP|[Tt]hành phố))")
_DISTRICT = re.compile(r"Q(\d{1,2})(?![\w/])")
_DISTRICT_LEFT = re.compile(
    r"(?:\bp\.?\s?\d{1,2}|phường [\w ]{1,20}|\bp\.? ?[^\W\d_]+(?: [^\W\d_]+)?)\s?[,-]\s*$"
)
_REPEATED = frozenset(["đường", "đất", "khu", "ban", "số", "mã", "trạm", "tổ", "hội", "giấy", "cụm"])
"""Words that say what a thing is; an abbreviation just after them that opens with the same word gives it up."""
_FORMULA = re.compile(r"(?=\D*\d)(?:(?:Al|B|Ca|C|Cl|CL|Cu|Fe|F|H|K|Mg|Mn|Na|N|O|P|S|Zn)\d{0,2}){2,}")
_SEED_LEFT = re.compile(
    r"\b(?:giống|lúa|ngô|lạc|biến thể|chủng)\b[^.;\n]{0,40}$|\bmã(?: thẻ| đối tượng)?(?: [^\W_]{2,4},)* $"
)
_BUILDING_LEFT = re.compile(
    r"\b(?:chung cư|(?:tòa|toà)(?: nhà)?|nhà|căn hộ|căn|lô|block|khối nhà|sảnh|ô đất|dãy|liền kề|biệt thự|phòng)\s*$"
)
"""Before the letters and number of a house, a plot, a room or a police office: "chung cư CT2", "phòng PA05"."""
_KIND_LEFT = re.compile(
    r"\b(?:giống|lúa|ngô|lạc|đậu|khoai|sắn|mía|dưa|keo|cá|gà|lợn|biến thể|chủng|mã|model|số hiệu|phân|thuốc|máy|xe|tàu|súng|bình|ký hiệu)\b[^.;\n]{0,32}$"
)
_COUNTED_THING = re.compile(r"\d\s(?:[^\W\d_]+\s){0,2}$")


def abbreviation(scan: Scan, word: str) -> Said | None:
    """An entry of the list that stands here and fits its surroundings."""
    candidates = scan.lexicon.heads(word)
    if not candidates:
        return None
    text, pos = scan.text, scan.pos
    left: str | None = None
    for written, entries in candidates:
        if not text.startswith(written, pos):
            continue
        end = pos + len(written)
        if (
            written[-1].isalnum()
            and end < len(text)
            and (text[end].isalpha() or (text[end].isdecimal() and len(written) < 2))
        ):
            continue
        if (
            len(written) > 1
            and text[end : end + 1].isdecimal()
            and not any(entry.place == "text" for entry in entries)
        ):
            continue
        if written.isalpha() and written not in {"AI"} and is_syllable(written) and scan.in_capitals():
            continue
        left = scan.left() if left is None else left
        if text[end : end + 1].isdecimal() and (
            written == "VN"
            or _FORM_LEFT.search(left)
            or _SEED_LEFT.search(left)
            or _BUILDING_LEFT.search(left)
        ):
            continue
        right = scan.right(end)
        for entry in entries:
            if entry.fits(left, right):
                spoken = (
                    entry.spoken
                    if entry.place == "text"
                    else (written if scan.reading.foreign == "keep" else entry.spoken)
                )
                if _PARTY in spoken:
                    spoken = spoken.replace(_PARTY, scan.reading.party_committee)
                elif _FOR in spoken:
                    spoken = spoken.replace(_FOR, "" if left.rstrip().endswith("để") else "để ")
                if entry.place != "text" and spoken == written:
                    opened = entry.spoken if written[1:2] == "'" else written  # "H'Mông"
                    spoken = " ".join(opened.replace("'", "").replace("-", " ").split())
                if entry.place == "text":
                    spoken = _unrepeated(spoken, left)
                return Said(
                    _skip_dot(scan, written, end), spoken, "lexicon" if entry.place == "text" else "name"
                )
    return None


def _unrepeated(spoken: str, left: str) -> str:
    """`spoken` without what the words just before said already: "đường tỉnh ĐT 326", "tiêu chuẩn TCVN 5603"."""
    words, before = spoken.split(), left.split()
    if len(spoken) > 3 and before[-len(words) :] == words:
        return ""
    for count in (3, 2):
        if len(words) > count and before[-count:] == words[:count]:
            return " ".join(words[count:])
    if len(words) > 1 and before and before[-1] == words[0] and words[0] in _REPEATED:
        return " ".join(words[1:])
    return spoken


def _skip_dot(scan: Scan, written: str, end: int) -> int:
    """Past the dot of an abbreviation written before a name: "TP.Hạ Long", "KT.CHỦ TỊCH", "KT. CHỦ TỊCH"."""
    text = scan.text
    if (
        text[end : end + 1] == "."
        and written[-1] != "."
        and len(written) <= 3
        and written not in {"VT", "VP"}
    ):
        rest = text[end + 1 : end + 2]
        if rest and (rest.isupper() or rest.isdecimal()) and rest != "\n":
            return end + 1
        if written in {
            "TP",
            "Tp",
            "TX",
            "Tx",
            "TT",
            "ThS",
            "TS",
            "BS",
            "GS",
            "PGS",
            "KS",
            "KT",
            "TTr",
            "TM",
            "TL",
            "TUQ",
            "QL",
            "ĐT",
            "Q",
            "P",
            "H",
        } and re.match(r"\. ?[A-ZĐÂÁÀỦỨ\d]", text[end : end + 3]):
            return end + 1
    return end


def series(scan: Scan, word: str) -> Said | None:
    """ "BA 123456" of a certificate, "BA.2" of a virus: letters, then figures one by one or joined by "chấm"."""
    if len(word) == 2 and (match := _SERIES.match(scan.text, scan.pos + 2)):
        return Said(match.end(), f"{spell(word)} {digits(match[1])}", "identity-number")
    if set(word) <= set("IVX") and (scan.opens_line() or _ROMAN_LEFT.search(scan.left())):
        return None  # "mục II.4", "II.4. Kinh phí"
    if variant := _VARIANT.match(scan.text, scan.pos):
        parts = variant.group().split(".")
        numbers = " chấm ".join(named(part, scan.reading) for part in parts[1:])
        return Said(variant.end(), f"{spell(parts[0])} chấm {numbers}", "letters-and-digits")
    return None


def roman_numeral(scan: Scan) -> Said | None:
    """ "II." of a heading, "khóa XIII", "lần thứ XIV", "quý III/2025"."""
    text, pos = scan.text, scan.pos
    if scan.opens_line() and (heading := _ROMAN_HEADING.match(text, pos)) and (heading[2] or heading[3]):
        value = roman(heading[1])
        if value and value < 40 and heading[1] not in {"C", "L"}:
            words = cardinal(value, scan.reading)
            if heading[2]:
                words += "".join(
                    f" chấm {cardinal(int(part), scan.reading)}" for part in heading[2].split(".")
                )
            return Said(heading.end(), words + ",", "roman-heading")
    match = _ROMAN.match(text, pos)
    if not match:
        return None
    value = roman(match.group())
    if value is None or (set(match.group()) & set("LCDM") and _DIGITS_NEXT.match(text, match.end())):
        return None
    left = scan.left()
    near = _ROMAN_LEFT.search(left) is not None
    if re.search(r"(?:,|và|đến|-|số|năm|bản)\s*$", left):
        near = (len(match.group()) > 1 and set(match.group()) <= set("IVX")) or bool(
            re.search(r"[ivx]\s*(?:,|và|đến|-)\s*$|(?:số|năm)\s*$", left)
        )
    if match.group() in {"C", "D", "L", "M"} and not re.search(r"(?:chương|thế kỷ|thế kỉ)\s*$", left):
        return None
    if len(match.group()) == 1 and not near:
        return None
    if not near and not (set(match.group()) <= set("IVX") and len(match.group()) > 1):
        return None
    first = re.search(r"lần thứ\s*$", left)
    words = (
        ordinal(value, scan.reading)
        if re.search(r"\bthứ\s*$", left) and (value != 1 or first)
        else cardinal(value, scan.reading)
    )
    end = match.end()
    if dotted := _ROMAN_DOTTED.match(text, end):
        words += "".join(f" chấm {cardinal(int(part), scan.reading)}" for part in dotted[1].split("."))
        return Said(dotted.end(), words, "roman")
    if year := _ROMAN_YEAR.match(text, end):
        words += f" năm {cardinal(int(year[1]), scan.reading)}"
        end = year.end()
    elif (span := _ROMAN_RANGE.match(text, end)) and re.search(
        r"(?:cấp|khóa|loại|hạng|thế kỷ|chương|phần|mục|nhóm|vùng|quý|từ|bậc|độ|phụ lục)\s*$", left
    ):
        words += " đến"
        end = span.end()
    return Said(end, words, "roman")


def small_roman(scan: Scan, word: str) -> Said | None:
    """ "chương iv." at the end of a phrase; never where it could be a Vietnamese word before another."""
    match = _ROMAN_SOFT.match(scan.text, scan.pos)
    if not match or match.group() != word:
        return None
    value = roman(word)
    if is_syllable(word) and re.search(r"\bsố\W*$", scan.left(8)):
        return None  # "số vi" opens "số vi phạm"
    if (
        value is None
        or not _ROMAN_SOFT_LEFT.search(scan.left(24))
        or (not word.startswith("mm") and re.search(r"\bnăm\W*$", scan.left(8)))
    ):
        return None
    words = (
        ordinal(value, scan.reading)
        if re.search(r"\bthứ\s*$", scan.left(8)) and value != 1
        else cardinal(value, scan.reading)
    )
    return Said(match.end(), words, "roman")


def letter(scan: Scan, word: str) -> Said | None:
    """A single letter: the label of a point, an initial, a grade."""
    if scan.opens_line() and (heading := _LETTER_HEADING.match(scan.text, scan.pos)):
        said = (word if word.lower() in _LONE_WORDS and word != "I" else LETTER_NAMES[word.lower()]) + (
            "." if heading[2] == "." else ","
        )
        return Said(heading.end(), said, "heading")
    if (
        word == "o"
        and scan.opens_line()
        and re.match(rf"[^\w.,;:?!…()\[\]{{}}|→⇒]+[{UPPER}]", scan.text[scan.pos + 1 : scan.pos + 8])
    ):
        return Said(scan.pos + 1, "", "bullet")  # the round bullet of a word processor
    if word.lower() in _LONE_WORDS:
        return Said(scan.pos + 1, "i" if word == "I" else word, "")
    name = LETTER_NAMES.get(word.lower())
    if name is None:
        return None
    end = scan.pos + 1
    if word.isupper() and re.match(r"\.\s?[,;)(]", scan.text[end : end + 3]):
        return Said(end + 1, name, "letter")
    if (
        word.isupper()
        and re.match(rf"\.(?=[A-ZĐ]|\s[A-ZĐ][{LOWER}])", scan.text[end : end + 3])
        and re.search(rf"(?:^|[{UPPER}{LOWER}.]\s?)$", scan.left(3))
    ):
        end += 1
    if name == word:
        return None
    return Said(end, name, "letter")


def opening_consonant(scan: Scan) -> Said | None:
    """The H' of "H'Hen", the K' of "K'Brêu": names of the highlands open with a consonant of its own."""
    text, pos = scan.text, scan.pos
    if (
        text[pos] not in "BCDĐGHKLMNPRST"
        or not text[pos + 2 : pos + 3].isupper()
        or text[pos - 1 : pos] == "'"
    ):
        return None
    consonant = text[pos].lower().replace("k", "c")
    return Said(pos + 2, f"{consonant}ờ", "name")


def letters_then_digits(scan: Scan) -> Said | None:
    """ "A1", "H5N1", "QL18A", "BĐ2", "NQ57": a known abbreviation or letter names, then the number."""
    match = _ALNUM.match(scan.text, scan.pos, scan.pos + LONGEST_TOKEN)
    if not match:
        return None
    if period := _PERIOD.match(scan.text, scan.pos):
        month = "tư" if period[2] == "4" else cardinal(int(period[2]), scan.reading)
        head = f"quý {cardinal(int(period[2]), scan.reading)}" if period[1] == "Q" else f"tháng {month}"
        return Said(period.end(), f"{head} năm {cardinal(int(period[3]), scan.reading)}", "month")
    token = match.group()
    parts = re.findall(r"\d+|[^\W\d_]+", token)
    left = scan.left()
    if place := _WARD.match(scan.text, scan.pos):
        return Said(place.end(), f"phường {cardinal(int(place[1]), scan.reading)}", "lexicon")
    if (place := _DISTRICT.match(scan.text, scan.pos)) and _DISTRICT_LEFT.search(left):
        return Said(place.end(), f"quận {cardinal(int(place[1]), scan.reading)}", "lexicon")
    words: list[str] = []
    for index, part in enumerate(parts):
        if part.isdecimal():
            whole = len(part) < 4 or (len(part) == 4 and part.endswith("00") and part[0] != "0")
            words.append(named(part, scan.reading) if whole else " ".join(_figures(part)))
            continue
        entry = None
        if (
            len(part) > 1
            and index == 0
            and not any(kind.search(left) for kind in (_FORM_LEFT, _SEED_LEFT, _BUILDING_LEFT))
        ):
            entries = next((entries for written, entries in scan.lexicon.heads(part) if written == part), [])
            if part == "VN":
                entries = []
            rest = scan.text[scan.pos + len(part) : scan.pos + len(part) + 24]
            entry = next((entry.spoken for entry in entries if entry.fits(left, rest)), None)
        if entry is None and (respelled := scan.lexicon.foreign(part)):
            kept = scan.reading.foreign == "keep" and not is_spelled(part, respelled)
            entry = (part if part[1:].islower() else part.lower()) if kept else respelled
        elif entry is None and is_syllable(part) and part[1:].islower():
            entry = part
        if entry is None and len(part) > 2 and not _names_a_kind(token, left):
            scan.unknown(scan.pos, match.end(), "abbreviation", spell(part))
        words.append((entry or spell(part)).replace(_PARTY, scan.reading.party_committee))
    if "." in token[:-1] and re.search(r"\d\.\d", token):
        words = [words[0], *(" chấm ".join(words[1:]).split())] if len(parts) == 3 else words
    return Said(match.end(), " ".join(filter(None, words)), "letters-and-digits")


def _names_a_kind(token: str, left: str) -> bool:
    """Whether letters and figures are a chemical formula or the name of a seed, a drug, a machine: spelled by nature."""
    return _FORMULA.fullmatch(token) is not None or _KIND_LEFT.search(left) is not None


def _figures(part: str) -> list[str]:
    return digits(part).split()


def rate(scan: Scan, word: str) -> Said | None:
    """ "đồng/tháng", "lần/ngày" after a number: "đồng một tháng"."""
    end = scan.pos + len(word)
    if scan.text[end : end + 1] != "/" and scan.text[end : end + 2] != " /":
        return None
    match = RATE.match(scan.text, end)
    other = any_rate(scan.text, end)
    if not match and word in _MONEY_WORDS and other and re.search(r"\d[\w\s,.]{0,16}$", scan.left(24)):
        return Said(other[0], f"{word} một {other[1]}", "rate")
    if not match or (word.lower() not in MEASURE_WORDS and word not in {"km", "kg"}):
        things = thing_rate(scan.text, end, word) if _COUNTED_THING.search(scan.left(32)) else None
        return Said(things[0], f"{word} một {things[1]}", "rate") if things else None
    if not re.search(
        r"(?:\d|mỗi|một|hai|ba|bốn|năm|sáu|bảy|tám|chín|mười|triệu|nghìn|tỷ|vài|mấy)[\s\w,.]{0,24}$",
        scan.left(32),
    ):
        return None
    if word == "hộ" and match and match["count"] and match["word"] in {"khẩu", r"nhân khẩu", "người"}:
        return None  # "350 hộ/1.205 khẩu" are two counts
    words = UNITS.get(word, word)
    while match:
        count = (
            "trên " + cardinal(int(match["count"].replace(".", "")), scan.reading)
            if match["count"] and match["count"] != "1"
            else "một"
        )
        unit = rate_word(match["word"]) if match["word"] else unit_words(match["unit"])
        words += f" {count} {unit}"
        end = match.end()
        match = RATE.match(scan.text, end)
    if other := any_rate(scan.text, end):
        return Said(other[0], f"{words} một {other[1]}", "rate")
    return Said(end, words, "rate")


def capitals(scan: Scan, word: str) -> Said:
    """A word with inner capitals that the list does not know: a syllable in capitals, a made-up agency, or unknown."""
    end = scan.pos + len(word)
    if word.isupper() and is_syllable(word) and (not word.isascii() or scan.in_capitals() or len(word) > 5):
        return Said(end, word.lower(), "capitals")
    if word.isupper() and len(word) <= 24:
        known = part_words(scan, word, "code") if len(word) > 3 or word == "TU" else None
        if not known and _OFFICE_LEFT.search(scan.left()):
            known = scan.lexicon.code(word, "dept")
        if known:
            return Said(end, known, "composed")
    if scan.lexicon.foreign(word) or scan.lexicon.name(word):
        respelled = scan.lexicon.foreign(word) or scan.lexicon.name(word) or word
        kept = scan.reading.foreign == "keep" and not is_spelled(word, respelled)
        return Said(end, word.lower() if kept else respelled, "foreign")
    if whole := repaired(word):
        return Said(end, whole.lower() if word.isupper() else whole, "repaired")
    if word.isupper() and (len(word) <= 12 or not is_syllable(word)):
        if is_syllable(word) and len(word) > 2:
            scan.unknown(scan.pos, end, "abbreviation", word.lower())
            return Said(end, word.lower(), "unknown")
        spoken = spell(word)
        scan.unknown(scan.pos, end, "abbreviation", spoken)
        return Said(end, spoken, "spelled")
    upper = sum(sign.isupper() for sign in word)
    if upper * 2 >= len(word) and not any(sign.islower() and not sign.isascii() for sign in word):
        spoken = spell(word)
        scan.unknown(scan.pos, end, "abbreviation", spoken)
        return Said(end, spoken, "spelled")
    scan.unknown(scan.pos, end, "word", word)
    return Said(end, word, "unknown")


def plain(scan: Scan, word: str) -> Said:
    """A word in small letters or with one capital in front."""
    end = scan.pos + len(word)
    if is_syllable(word):
        return Said(end, word, "")
    if (respelled := scan.lexicon.foreign(word)) or (respelled := scan.lexicon.name(word)):
        kept = scan.reading.foreign == "keep" and not is_spelled(word, respelled)
        return Said(end, word, "") if kept else Said(end, respelled, "foreign")
    if whole := repaired(word):
        return Said(end, whole, "repaired")
    scan.unknown(scan.pos, end, "word", word)
    return Said(end, word, "unknown")


_DEFINED = re.compile(
    rf"\s*\((?:(?:gọi tắt|viết tắt|gọi chung|sau đây gọi tắt|sau đây viết tắt) là:?\s+)?(?:([{UPPER}][{LOWER}]+(?: [{LOWER}]+){{0,2}}) )?([{UPPER}][{UPPER}&\- ]{{1,14}})\)"
)


def defined(scan: Scan) -> Said | None:
    """ "ủy ban nhân dân (UBND)": the short form of the words just before is not read again."""
    match = _DEFINED.match(scan.text, scan.pos)
    if not match:
        return None
    opening, short = match[1], match[2]
    before = WORD.findall(scan.left(120))
    if opening and opening.lower() not in " ".join(before):
        return None  # "Tổ công nghệ số cộng đồng (Tổ CNSCĐ)"
    letters = [sign for sign in short.lower() if sign.isalpha()]
    initials = [word[0] for word in before if word != "và"][-len(letters) :]
    for _, entries in [item for item in scan.lexicon.heads(WORD.match(short).group()) if item[0] == short]:  # type: ignore[union-attr]
        if any(" ".join(before).endswith(" ".join(WORD.findall(entry.spoken))) for entry in entries):
            return Said(match.end(), "", "short-form")
    return Said(match.end(), "", "short-form") if len(letters) > 1 and initials == letters else None


_IN_WORDS = re.compile(
    r"\s*\(\s*(?:bằng chữ:?|viết bằng chữ:?)?\s*([^()\d]{2,120}?)\s*[.;/]*\)", re.IGNORECASE
)


def in_words(scan: Scan) -> Said | None:
    """ "06 (sáu) tháng", "5.000.000 đồng (Năm triệu đồng)": a number is not said twice."""
    match = _IN_WORDS.match(scan.text, scan.pos)
    if not match or not scan.pieces:
        return None
    inside = " ".join(match[1].lower().replace("chẵn", "").replace(",", "").split())
    said = " ".join(piece.text for piece in scan.pieces[-8:]).lower()
    said = " ".join(said.replace("nghìn không trăm", "nghìn").split())
    if (
        inside
        and re.search(r"\d", scan.left(24))
        and said.endswith(inside.replace("nghìn không trăm", "nghìn"))
    ):
        return Said(match.end(), "", "short-form")
    return None
