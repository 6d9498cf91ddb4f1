"""Is this word a Vietnamese syllable? By its onset, rhyme and tone, not by a word list."""

from __future__ import annotations

from functools import lru_cache
from unicodedata import normalize

_TONES = {"\u0300": "huyền", "\u0301": "sắc", "\u0303": "ngã", "\u0309": "hỏi", "\u0323": "nặng"}
_ONSETS = frozenset(["", *str.split("b c ch d đ g gh gi h k kh l m n ng ngh nh p ph r s t th tr v x")])
_RHYMES = frozenset(
    str.split(
        """
        a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây e ec em en eng
        eo ep et ê êch êm ên ênh êp êt êu êng êc i ia ich iêc iêm iên iêng iêp iêt iêu im in inh ip it iu o
        oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oc oe oen oeo oet oi om on ong
        oong ooc op ot ô ôc ôi ôm ôn ông ôp ôt ôông ôôc ơ ơi ơm ơn ơp ơt ơng u ua uân uâng uât uây uâc uc uê
        uêch uên uênh uêu uêt ui um un ung uôc uôi uôm uôn uông uôt uơ up ut uy uya uych uyên uyêt uyn uynh
        uyp uyt uyu ư ưa ưc ưi ưm ưng ươc ươi ươm ươn ương ươp ươt ươu ưt ưu ưn y yêm yên yêng yêt yêu ych
        ynh
        """
    )
)
_AFTER_Q = frozenset(
    str.split(
        """
        ua uac uach uai uam uan uang uanh uao uap uat uau uay uăc uăm uăn uăng uăp uăt uâc uân uâng uât uâu
        uây ue uen ueo uet uê uêch uên uênh uêt uêu ui uit uinh uy uych uyên uyêt uyn uynh uyt uyu uơ uôc uơn
        uơt uyp uôt uôn
        """
    )
)
_AFTER_GI = frozenset(["", "n", "m"])
_STOPS = ("c", "ch", "p", "t")


@lru_cache(maxsize=16384)
def is_syllable(word: str) -> bool:
    """Whether `word` (either case, NFC) can be one written Vietnamese syllable, both tone-mark styles."""
    if not 0 < len(word) <= 7:
        return False
    tone = ""
    letters = []
    for sign in normalize("NFD", word.lower()):
        if sign in _TONES:
            if tone:
                return False
            tone = _TONES[sign]
        else:
            letters.append(sign)
    base = normalize("NFC", "".join(letters))
    if base.endswith(_STOPS) and tone in {"huyền", "ngã", "hỏi"}:
        return False
    if base.startswith("q"):
        return base[1:] in _AFTER_Q
    if base.startswith("gi") and base[2:] in _AFTER_GI:
        return True
    return any(base[:cut] in _ONSETS and base[cut:] in _RHYMES for cut in range(min(3, len(base)), -1, -1))


def is_toneless_syllable(word: str) -> bool:
    """Whether `word`, written without any mark as in a web address, can stand for a Vietnamese syllable."""
    return word in _toneless()


@lru_cache(maxsize=1)
def _toneless() -> frozenset[str]:
    strip = str.maketrans("ăâêôơưđ", "aaeooud")
    onsets = {onset.translate(strip) for onset in _ONSETS}
    rhymes = {rhyme.translate(strip) for rhyme in _RHYMES}
    after_q = {"q" + rhyme.translate(strip) for rhyme in _AFTER_Q}
    return frozenset({onset + rhyme for onset in onsets for rhyme in rhymes} | after_q | {"gi", "gin", "gim"})
