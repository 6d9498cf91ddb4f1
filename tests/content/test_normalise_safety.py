"""What holds for any text at all: no crash, no loss, no guess, no state."""

from __future__ import annotations

import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from content.lexicon import Entry, shipped
from content.normalise import leftovers, normalise, spoken
from content.normalise.syllables import is_syllable

PLAIN = [
    "phường",
    "thông",
    "báo",
    "lịch",
    "tiêm",
    "chủng",
    "cho",
    "trẻ",
    "em",
    "trong",
    "tuần",
    "đề",
    "nghị",
    "các",
    "gia",
    "đình",
    "đưa",
    "con",
    "đến",
    "đúng",
    "giờ",
    "tại",
    "trạm",
    "mang",
    "theo",
    "sổ",
    "nước",
    "sạch",
    "đường",
    "phố",
    "vệ",
    "sinh",
    "môi",
    "trường",
    "bà",
    "con",
    "nhân",
    "dân",
    "khu",
    "dân",
    "cư",
    "hội",
    "nghị",
    "đại",
    "biểu",
    "bầu",
    "cử",
    "quyết",
    "định",
    "kế",
    "hoạch",
    "ngày",
    "tháng",
    "năm",
    "số",
    "lần",
    "thứ",
    "mục",
    "điểm",
    "khoản",
    "chương",
    "phạm",
    "hành",
    "chính",
    "măng",
    "chi",
    "cục",
    "tích",
]
PIECES = [
    *PLAIN, "UBND", "HĐND", "57-NQ/TW", "01/7/2025", "2/9", "18 - 20%/năm", "5h30", "(b/c)", "TT", "XIV", "I.", "1.2.", "-", "+ ", "./.", "\n",
    "\n\n", ",", ".", ";", "(", ")", '"', "…", "...", "1.500.000", "đ", "km/h", "0912 345 678", "a)", "VNeID", "A1", "%", "/", "&", "Covid-19",
    "ABCXYZ", "Zon", "KT.", "TP.", "và/hoặc", "1/2", "05", "°C", "v.v", "đ/c", "abc@xyz.vn", "www.quangninh.gov.vn", "x", "K", "3-1", "Y", "Ý",
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), max_size=14).flatmap(
    lambda parts: st.lists(
        st.sampled_from([" ", "", "  ", "\n"]), min_size=len(parts), max_size=len(parts)
    ).map(lambda gaps: "".join(part + gap for part, gap in zip(parts, gaps, strict=True)))
)


@given(texts)
@example("phường VNeIDwww.quangninh.gov.vn")
@example("phường phường A1VNeID ")
def test_speaking_twice_changes_nothing(text: str) -> None:
    once = spoken(text)
    assert spoken(once) == once


@given(st.text(max_size=80))
@example("\u0301")
@example("0¹")
@example("ﬁ①½№")
@example("1" * 400)
@example("A" * 400)
@example("1/" * 200)
def test_any_text_is_spoken_without_a_crash_and_stays_within_its_spans(text: str) -> None:
    result = normalise(text)
    assert result.text == spoken(text)
    for word in result.words:
        assert 0 <= word.start <= word.end <= len(text)
    for unknown in result.unknowns:
        assert 0 <= unknown.start <= unknown.end <= len(text)
    assert spoken(result.text) == result.text


@given(st.lists(st.sampled_from(PLAIN), min_size=1, max_size=30), st.sampled_from([" ", "\n", ", ", " - "]))
def test_plain_words_are_never_lost_or_changed(parts: list[str], gap: str) -> None:
    assert re.findall(r"\w+", spoken(gap.join(parts))) == [word for part in parts for word in part.split()]


@given(texts)
def test_every_plain_word_of_a_mixed_text_is_still_there_in_order(text: str) -> None:
    result = normalise(text)
    kept = [word for word in result.words if not word.rule and word.text not in ".,;:?!…"]
    assert [text[word.start : word.end].lower() for word in kept] == [word.text.lower() for word in kept]
    said = " ".join(word.text for word in result.words)
    for word in set(re.findall(r"(?<![\w/@.\-&'])[a-zđ]{2,}(?![\w/@.\-&'])", text)) & {
        "thông",
        "sạch",
        "môi",
        "phường",
        "nhân",
    }:
        assert said.split().count(word) >= len(re.findall(rf"(?<![\w/@.\-&]){word}(?![\w/@.\-&])", text))


@given(st.text(alphabet="aàáảãạăâbcdđeêghiklmnoôơpqrstuưvxy .,ÀĐÊ", max_size=60))
def test_composed_and_decomposed_text_sound_the_same(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    assert spoken(unicodedata.normalize("NFD", composed)) == spoken(composed)


def test_spans_point_into_decomposed_text_too() -> None:
    text = unicodedata.normalize("NFD", "Hội nghị của UBND phường, ngày 05/9")
    words = {word.text: text[word.start : word.end] for word in normalise(text).words if word.rule}
    assert words["ủy"] == "UBND"
    assert words["mùng"] == "05/9"


def test_every_change_names_its_rule_and_its_place() -> None:
    text = "Kế hoạch số 12/KH-UBND, 5h30"
    changes = [
        (text[change.start : change.end], change.rule, change.text) for change in normalise(text).changes
    ]
    assert changes == [
        ("12/KH-UBND", "document-number", "mười hai kế hoạch ủy ban nhân dân"),
        ("5h30", "time", "năm giờ ba mươi phút"),
    ]


def test_an_unknown_abbreviation_is_flagged_with_its_place_and_never_guessed() -> None:
    text = "theo quy định của QWRT tỉnh"
    (unknown,) = normalise(text).unknowns
    assert (unknown.text, text[unknown.start : unknown.end], unknown.kind) == ("QWRT", "QWRT", "abbreviation")
    assert unknown.spoken == "quy vê kép e rờ tê"


def test_an_ambiguous_abbreviation_without_a_clue_is_flagged() -> None:
    assert [unknown.text for unknown in normalise("về TT").unknowns] == ["TT"]


def test_an_unknown_part_of_a_code_is_flagged() -> None:
    assert [(unknown.text, unknown.kind) for unknown in normalise("Kế hoạch số 12/KH-WXQ").unknowns] == [
        ("WXQ", "code")
    ]


def test_a_word_that_is_no_vietnamese_and_not_known_is_flagged_but_kept() -> None:
    result = normalise("treo băng Zxon")
    assert result.text == "treo băng Zxon"
    assert [unknown.kind for unknown in result.unknowns] == ["word"]
    assert [left.text for left in leftovers(result.text)] == ["Zxon"]


def test_the_editor_teaches_a_word_and_the_flag_is_gone() -> None:
    lexicon = shipped().over([Entry(written="QWRT", spoken="quỹ vì ruộng tốt")])
    result = normalise("của QWRT", lexicon=lexicon)
    assert result.text == "của quỹ vì ruộng tốt"
    assert not result.unknowns


def test_leftovers_sees_digits_signs_capitals_and_strange_letters() -> None:
    assert [left.text for left in leftovers("số 5 và UBND * Ω, rồi hết.")] == ["5", "UBND", "*", "Ω"]
    assert leftovers("Ủy ban nhân dân phường, kính mời!") == ()


@given(texts)
def test_after_the_unknown_is_taken_away_nothing_unspeakable_is_left(text: str) -> None:
    result = normalise(text)
    flagged = {word for unknown in result.unknowns for word in re.findall(r"\w+", unknown.spoken.lower())}
    assert {left.text.lower() for left in leftovers(result.text)} <= flagged


def test_every_letter_name_is_speakable() -> None:
    from content.normalise.letters import spell

    assert leftovers(spell("abcdefghijklmnopqrstuvwxyzđêôơưăâ0123456789")) == ()


def test_threads_share_nothing() -> None:
    sample = [
        "UBND phường họp lúc 5h30 ngày 02/9/2025",
        "Nghị quyết số 57-NQ/TW",
        "mưa 100-200mm, gió cấp 7-8",
    ] * 40
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(spoken, sample)) == [spoken(text) for text in sample]


@given(
    st.sampled_from(
        [
            "phường",
            "quyết",
            "giếng",
            "nghiêng",
            "khuỷu",
            "ngoằn",
            "Uống",
            "oan",
            "gì",
            "quốc",
            "thuở",
            "uỷ",
            "ủy",
            "hoà",
            "hòa",
        ]
    )
)
def test_vietnamese_syllables_are_known_by_their_form(word: str) -> None:
    assert is_syllable(word)


@given(st.sampled_from(["vầ", "Zon", "cáSở", "Đảngh", "clip", "fff", "ngk", "bàc", "", "thngười", "qa"]))
def test_what_cannot_be_a_syllable_is_seen(word: str) -> None:
    assert not is_syllable(word)


@pytest.mark.parametrize(
    "text",
    [
        "số vi phạm",
        "khoản vi phạm hợp đồng",
        "mục xi măng",
        "thứ li ti",
        "chương di tích",
        "năm xi măng",
        "số di động",
    ],
)
def test_a_word_that_looks_like_a_roman_numeral_stays_a_word_before_another(text: str) -> None:
    assert spoken(text) == text
