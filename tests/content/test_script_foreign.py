"""What is not Vietnamese stays as it is written: its own voice reads its numbers."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.normalise import normalise
from content.scripts import draft, split
from content.scripts.edit import edited
from content.scripts.foreign import as_written

ENGLISH = """Vaccination on 20/7/2026 at 6.30 a.m., Dr. Smith said. Bring ID card no. 12 and 50,000 VND; call 0912.345.678!

1. Wash your hands 😀👍🏽
2. Read https://phuong.vn/tiem-chung?id=3 first…
- **Children** under 5 - with a parent"""


def spoken(text: str) -> list[str]:
    return [sentence.spoken for sentence in split(text, as_written(text))]


def alone(text: str) -> str:
    """Letters, marks on them and digits, in order."""
    return "".join(
        sign for sign in unicodedata.normalize("NFC", text) if unicodedata.category(sign)[0] in "LMN"
    )


def test_numbers_dates_and_addresses_are_left_to_the_voice() -> None:
    assert spoken(ENGLISH) == [
        "Vaccination on 20/7/2026 at 6.30 a.m. Dr. Smith said.",
        "Bring ID card no. 12 and 50,000 VND.",
        "Call 0912.345.678!",
        "1, Wash your hands.",
        "2, Read https://phuong.vn/tiem-chung?id=3 first.",
        "Children under 5, with a parent.",
    ]
    assert normalise(ENGLISH).text != as_written(ENGLISH).text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Nyob zoo. Hnub tim 20/7/2026.", ["Nyob zoo.", "Hnub tim 20/7/2026."]),
        ("ថ្ងៃទី២០ ខែកក្កដា។ សូមអរគុណ។", ["ថ្ងៃទី២០ ខែកក្កដា.", "សូមអរគុណ."]),
        ("今天是2026年7月20日。请大家注意！谢谢", ["今天是2026年7月20日.", "请大家注意!", "谢谢."]),
        ('"Stop!" he said. 5 + 3 = 8 %', ['"Stop!" he said.', "5 + 3 = 8 %."]),
        ("One\u200b two\u202e three\x07 four\ufeff.", ["One two three four."]),
        ("ភាសា\u200bខ្មែរ", ["ភាសា\u200bខ្មែរ."]),
        ("e\u0302te\u0301 1️⃣ ① ok", ["Êté 1 1 ok."]),
        ("No end\n\n• One\n• Two\r\n\r\nThree", ["No end.", "One.", "Two.", "Three."]),
        ("😀 → ■ — ... !", []),
    ],
    ids=["hmong", "khmer", "chinese", "quotes", "unseen", "joiners", "forms", "lines", "nothing"],
)
def test_any_language_is_cut_into_sentences_and_only_cleaned(text: str, expected: list[str]) -> None:
    assert spoken(text) == expected


@given(
    st.text(
        alphabet=st.one_of(st.sampled_from("aé9.,!?…-–*\n\r\t \"'(។。\u0301\u200b😀\ud800"), st.characters())
    )
)
def test_any_text_can_be_said_and_every_word_knows_its_place(text: str) -> None:
    words = as_written(text).words
    places = [place for word in words for place in (word.start, word.end)]
    assert places == sorted(places)
    assert all(0 <= word.start <= word.end <= len(text) for word in words)
    for sentence in split(text, as_written(text)):
        assert not {unicodedata.category(sign) for sign in sentence.spoken} & {"Cc", "Cs", "Co", "Zl", "Zp"}


@given(
    st.lists(
        st.sampled_from(["Zoo", "thiab", "20/7/2026", "1.234,5", "Ca-rê", "(hai)", "u\u031b\u0301n", "x."])
    )
)
def test_no_word_is_lost_added_or_changed(words: list[str]) -> None:
    text = " ".join(words)
    assert alone("".join(spoken(text))).lower() == alone(text).lower()


def test_a_script_that_is_not_vietnamese_has_no_frame_even_in_parts() -> None:
    for parts in (1, 3):
        script = draft(
            "Health news", "Room 12.", "news", "Đài", vietnamese=False, part=2, parts=parts, framed=parts == 1
        )
        assert [sentence.spoken for sentence in script.sentences] == ["Health news.", "Room 12."]
        assert not script.unknowns


def test_a_line_edited_by_hand_stays_as_it_is_written_too() -> None:
    changed = edited([], [], ["Call 115 before 7.30 a.m."], vietnamese=False)
    assert [sentence["spoken"] for sentence in changed.sentences] == ["Call 115 before 7.30 a.m."]
    assert edited([], [], ["Call 115 before 7.30 a.m."]).sentences != changed.sentences
    assert changed.estimated_ms > edited([], [], ["Call us before a.m."], vietnamese=False).estimated_ms
