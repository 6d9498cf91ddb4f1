"""Scripts: the item's own words, in breaths, with places, pauses, lengths and episodes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.normalise import leftovers, normalise
from content.scripts import PACES, Pace, draft, fit, frame, measured, split
from content.scripts.edit import EmptyScriptError, difference, edited, lines_of
from content.scripts.fit import FrameTooLongError
from content.scripts.frame import KINDS, FrameError
from content.scripts.pace import TooFewSamplesError
from content.scripts.sentences import BREATH_SYLLABLES

STATION = "Đài Truyền thanh phường Bến Sông"
TEXT = """UBND phường thông báo lịch vệ sinh môi trường tháng 11/2026 như sau:

1. Thời gian: từ 6h30 đến 8h00 sáng thứ Bảy hằng tuần; các khu dân cư chủ động phân công, vận động từng gia đình tham gia đầy đủ, \
đúng giờ, mang theo dụng cụ cần thiết để quét dọn đường làng, ngõ xóm, khơi thông cống rãnh và thu gom rác thải về đúng nơi quy định.

2. Thành phần: mỗi gia đình ít nhất 01 người; cán bộ, công chức phường tham gia tại khu dân cư nơi cư trú.

Đề nghị bà con thực hiện nghiêm túc./."""


def words(text: str) -> list[str]:
    return "".join(sign if sign.isalnum() else " " for sign in text.lower()).split()


def test_a_script_says_all_words_of_the_item_in_order_and_no_others() -> None:
    script = draft("Lịch vệ sinh môi trường", TEXT, "notice", STATION)
    said = words(" ".join(sentence.spoken for sentence in script.body))
    assert said == words(normalise(TEXT).text)


def test_no_sentence_is_over_a_breath_and_nothing_unspeakable_is_left() -> None:
    script = draft("Lịch vệ sinh môi trường", TEXT, "notice", STATION)
    assert all(len(sentence.spoken.split()) <= BREATH_SYLLABLES for sentence in script.sentences)
    assert all(not leftovers(sentence.spoken) for sentence in script.sentences)
    assert not script.unknowns


def test_every_sentence_of_the_item_keeps_its_place_in_order() -> None:
    script = draft("Lịch", TEXT, "notice", STATION)
    spans = [sentence.span for sentence in script.body]
    assert all(span is not None for span in spans)
    flat = [place for span in spans if span for place in span]
    assert flat == sorted(flat)
    assert "6h30 đến 8h00" in " ".join(TEXT[a:b] for a, b in filter(None, spans))
    assert all(sentence.span is None for sentence in script.sentences[: script.opening])


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_opening_ident_and_closing_that_can_be_spoken(kind: str) -> None:
    script = draft(
        "Tin", "Trời mưa to.", kind, STATION, place="tỉnh Quảng Ninh", programme_title="chuyển đổi số"
    )
    assert script.opening >= 2
    assert script.closing >= 1
    assert any(STATION in sentence.spoken for sentence in script.sentences)
    assert all(not leftovers(sentence.spoken) for sentence in script.sentences)


def test_an_item_inside_a_programme_has_no_frame_of_its_own() -> None:
    script = draft("Tin mưa", "Trời mưa to.", "programme", STATION, framed=False)
    assert [sentence.spoken for sentence in script.sentences] == ["Tin mưa.", "Trời mưa to."]


def test_a_title_that_opens_the_text_is_not_read_twice() -> None:
    script = draft("Trời mưa to", "Trời mưa to. Gió mạnh.", "news", STATION)
    assert sum("Trời mưa to" in sentence.spoken for sentence in script.sentences) == 1


def test_a_template_cannot_be_entered_through_the_item() -> None:
    script = draft("{{ 7 * 7 }}", "{% raw %} [[body]] mưa", "news", STATION)
    assert not any(
        "bốn mươi chín" in sentence.spoken or "49" in sentence.spoken for sentence in script.sentences
    )


def test_a_stations_own_template_wins(tmp_path: Path) -> None:
    (tmp_path / "news.j2").write_text("Đây là {{ station }}.\n[[body]]\nXin chào.\n", "utf-8")
    script = draft("Tin", "Trời mưa.", "news", STATION, template_folder=tmp_path)
    assert [sentence.spoken for sentence in script.sentences] == [
        f"Đây là {STATION}.",
        "Trời mưa.",
        "Xin chào.",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{{ nothing }}\n[[body]]",
        "no body",
        "{% if %}",
        "[[body]]\n[[body]]",
        "{{ ''.__class__.__mro__ }}\n[[body]]",
    ],
)
def test_a_wrong_template_is_an_error_of_ours(tmp_path: Path, text: str) -> None:
    (tmp_path / "news.j2").write_text(text, "utf-8")
    with pytest.raises(FrameError):
        frame("news", station_name=STATION, folder=tmp_path)


def test_an_unknown_kind_is_an_error_of_ours() -> None:
    with pytest.raises(FrameError, match="jingle"):
        draft("Tin", "Mưa.", "jingle", STATION)


@given(
    st.lists(
        st.sampled_from(
            [
                "thông",
                "báo",
                "và",
                "để",
                "của",
                ",",
                ";",
                ".",
                ":",
                "UBND",
                "01/7/2026",
                "phường",
                "\n\n",
                "1.500.000 đồng",
            ]
        ),
        max_size=120,
    )
)
def test_splitting_never_changes_words_and_keeps_to_the_breath(parts: list[str]) -> None:
    text = " ".join(parts)
    said = normalise(text)
    sentences = split(text, said)
    assert words(" ".join(sentence.spoken for sentence in sentences)) == words(said.text)
    assert all(len(sentence.spoken.split()) <= BREATH_SYLLABLES for sentence in sentences)
    assert all(sentence.spoken[-1] in ".,?!…" for sentence in sentences)


def test_a_semicolon_is_a_longer_pause_than_a_comma_and_a_paragraph_the_longest() -> None:
    sentences = split("Một; hai. Ba, bốn.\n\nNăm.", normalise("Một; hai. Ba, bốn.\n\nNăm."))
    pauses = [sentence.pause_after_ms for sentence in sentences]
    assert pauses[0] < pauses[1] < pauses[3]


def test_fitting_moves_whole_sentences_to_the_next_episode_and_loses_none() -> None:
    script = draft("Lịch", TEXT, "programme", STATION, programme_title="môi trường")
    episodes = fit(script, 38_000)
    assert len(episodes) > 1
    assert [sentence for episode in episodes for sentence in episode.body] == list(script.body)
    for episode in episodes:
        assert episode.body[-1].ends != "part"
        assert episode.sentences[0] == script.sentences[0]
        assert episode.sentences[-1] == script.sentences[-1]
        assert (
            episode.estimated_ms <= 38_000 or sum(sentence.ends != "part" for sentence in episode.body) == 1
        )


def test_what_fits_stays_in_one_episode() -> None:
    script = draft("Lịch", "Trời mưa.", "news", STATION)
    assert fit(script, 600_000) == (script,)


def test_a_target_shorter_than_the_frame_is_an_error() -> None:
    with pytest.raises(FrameTooLongError):
        fit(draft("Lịch", TEXT, "news", STATION), 2_000)


@given(st.floats(120, 400), st.floats(0, 400), st.floats(0, 500))
def test_a_measured_pace_is_the_pace_that_spoke(
    syllable_ms: float, mark_ms: float, sentence_ms: float
) -> None:
    true = Pace(syllable_ms=syllable_ms, mark_ms=mark_ms, sentence_ms=sentence_ms)
    samples = [
        "Trời mưa to.",
        "Trời mưa to, gió mạnh.",
        "Bà con chú ý đề phòng, che chắn nhà cửa, thu dọn đồ đạc.",
        "Mưa.",
        "Gió mạnh dần lên cấp bảy.",
        "Hôm nay, ngày mai, trời mưa.",
    ]
    found = measured([(text, true.length_ms(text)) for text in samples])
    assert (
        abs(found.length_ms(" ".join(samples)) - true.length_ms(" ".join(samples)))
        <= 0.02 * true.length_ms(" ".join(samples)) + 20
    )


def test_a_pace_is_not_measured_on_too_little() -> None:
    with pytest.raises(TooFewSamplesError):
        measured([("Trời mưa.", 900.0)] * 3)


def test_the_estimate_grows_with_the_words_and_knows_every_voice() -> None:
    for pace in PACES.values():
        assert 0 < pace.length_ms("Trời mưa.") < pace.length_ms("Trời mưa to, gió rất mạnh.")


def _stored(text: str) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    script = draft("Tin", text, "programme", STATION, framed=False)
    sentences = [
        {
            "text": s.text,
            "spoken": s.spoken,
            "pause_after_ms": s.pause_after_ms,
            "span": list(s.span) if s.span else None,
        }
        for s in script.sentences
    ]
    return sentences, [{"text": u.text, "kind": u.kind, "span": [u.start, u.end]} for u in script.unknowns]


def test_editing_one_line_keeps_the_words_and_places_of_the_others() -> None:
    sentences, unknowns = _stored("Trời mưa to. Gió mạnh cấp 6. Mời QWRT họp.")
    lines = lines_of(sentences)
    lines[2] = "Gió mạnh cấp 7-8"
    changed = edited(sentences, unknowns, lines)
    assert changed.sentences[1] == sentences[1]
    assert changed.sentences[2]["spoken"] == "Gió mạnh cấp bảy đến tám."
    assert changed.sentences[2]["span"] is None
    assert changed.unknowns == unknowns
    assert difference(sentences, changed.sentences, "a", "b")[-2:]


def test_taking_out_the_line_with_the_unknown_takes_out_the_unknown() -> None:
    sentences, unknowns = _stored("Trời mưa to. Mời QWRT họp.")
    assert unknowns
    changed = edited(sentences, unknowns, lines_of(sentences)[:2])
    assert changed.unknowns == []
    assert edited(sentences, unknowns, [*lines_of(sentences)[:2], "Mời ZQXW"]).unknowns == [
        {"text": "ZQXW", "kind": "abbreviation", "span": [-1, -1]}
    ]


def test_a_script_cannot_be_emptied() -> None:
    sentences, unknowns = _stored("Trời mưa.")
    with pytest.raises(EmptyScriptError):
        edited(sentences, unknowns, ["", " "])
