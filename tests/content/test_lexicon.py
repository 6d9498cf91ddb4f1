"""The word list: what is shipped, and what a station lays over it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.lexicon import Entry, Lexicon, shipped, station_list
from content.lexicon.entry import PLACES, BadEntryError
from content.lexicon.lexicon import read_shipped
from content.normalise import leftovers, normalise

PROVINCES_OF_2025 = 34


def test_the_shipped_list_is_broad_and_every_line_has_a_source() -> None:
    entries = read_shipped()
    assert len(entries) >= 800
    assert all(entry.source for entry in entries)
    assert {
        "administrative",
        "health",
        "agriculture",
        "police",
        "school",
        "disasters",
        "technology",
        "agencies",
        "party",
    } <= {entry.domain for entry in entries}


def test_every_shipped_line_could_also_be_taught_by_an_editor() -> None:
    for entry in read_shipped():
        copy = Entry(
            **{
                name: getattr(entry, name)
                for name in ("written", "spoken", "place", "before", "after", "domain", "source")
            }
        )
        if entry.place not in {"foreign", "name"}:
            station_list.checked(copy)
        assert entry.place in PLACES
        for pattern in (entry.before, entry.after):
            re.compile(pattern)


def test_no_two_shipped_lines_say_different_things_in_the_same_surroundings() -> None:
    seen: dict[tuple[str, str, str, str], str] = {}
    for entry in read_shipped():
        key = entry.place, entry.written, entry.before, entry.after
        assert seen.setdefault(key, entry.spoken) == entry.spoken, key
        seen[key] = entry.spoken


def test_the_provinces_are_those_of_the_merger_of_2025() -> None:
    provinces = [entry.written for entry in read_shipped() if entry.place == "province"]
    assert len(set(provinces)) == PROVINCES_OF_2025
    assert {"Quảng Ninh", "Lâm Đồng", "Đắk Lắk", "Huế"} <= set(provinces)
    assert not {"Bình Dương", "Hà Giang", "Quảng Nam"} & set(provinces)


def test_respellings_of_foreign_words_and_names_are_vietnamese_syllables() -> None:
    for entry in read_shipped():
        if entry.place in {"foreign", "name"}:
            assert not leftovers(entry.spoken, Lexicon()), entry


def test_the_stations_own_reading_wins_and_the_conflict_is_shown() -> None:
    own = [Entry(written="KDC", spoken="khu dân cư số")]
    assert normalise("tại KDC", lexicon=shipped().over(own)).text == "tại khu dân cư số"
    (conflict,) = station_list.conflicts(own, shipped())
    assert (conflict.present, conflict.other) == ("khu dân cư", "khu dân cư số")


def test_a_plain_reading_of_the_station_leaves_the_surroundings_that_are_known() -> None:
    lexicon = shipped().over([Entry(written="TT", spoken="trung tâm")])
    assert normalise("TT Đảng ủy", lexicon=lexicon).text == "thường trực Đảng ủy"
    assert normalise("đến TT", lexicon=lexicon).text == "đến trung tâm"


def test_a_reading_can_hold_in_some_surroundings_only() -> None:
    lexicon = shipped().over(
        [Entry(written="QWR", spoken="quỹ", before="của"), Entry(written="QWR", spoken="quê")]
    )
    assert normalise("của QWR, QWR", lexicon=lexicon).text == "của quỹ, quê"


def test_accepted_letter_by_letter_it_is_spelled_and_no_longer_flagged() -> None:
    result = normalise("tại QWR", lexicon=shipped().over([station_list.spelled("QWR")]))
    assert result.text == "tại quy vê kép e rờ"
    assert not result.unknowns


def test_a_part_of_a_code_can_be_taught() -> None:
    lexicon = shipped().over([Entry(written="WXQ", spoken="ban việc xóm", place="code")])
    assert (
        normalise("Kế hoạch số 12/KH-WXQ", lexicon=lexicon).text
        == "Kế hoạch số mười hai kế hoạch ban việc xóm"
    )


def test_a_list_comes_back_from_its_file_as_it_was_written(tmp_path: Path) -> None:
    entries = (
        Entry(written="QWR", spoken="quỹ", before="của|về"),
        Entry(written="Zxon", spoken="dôn", place="foreign", source="Ban biên tập"),
    )
    station_list.write_station_list(tmp_path / "lexicon.tsv", entries)
    assert station_list.read_station_list(tmp_path / "lexicon.tsv") == entries


def test_a_missing_file_is_an_empty_list_and_two_columns_are_enough(tmp_path: Path) -> None:
    assert station_list.read_station_list(tmp_path / "none.tsv") == ()
    assert station_list.parse_tsv("BHTN\tbảo hiểm thất nghiệp\n", "x") == (
        Entry(written="BHTN", spoken="bảo hiểm thất nghiệp"),
    )


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("written\tspoken\nA B\n", "line 2"),
        ("written\tspoken\nAB\t12\n", "12"),
        ("written\tspoken\tplace\nAB\tanh\tnowhere\n", "nowhere"),
        ("written\tnonsense\n", "nonsense"),
        ("written\tspoken\tbefore\nAB\tanh\t(\n", "before"),
        ("written\tspoken\nAB\t\n", "line 2"),
    ],
)
def test_a_bad_line_is_named(text: str, named: str) -> None:
    with pytest.raises(station_list.StationListError, match=re.escape(named)):
        station_list.parse_tsv(text, "words.tsv")


def test_a_file_that_is_no_utf_8_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "bad.tsv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(station_list.StationListError):
        station_list.read_station_list(tmp_path / "bad.tsv")


def test_an_import_keeps_the_stations_reading_unless_told_to_replace() -> None:
    present = (Entry(written="QWR", spoken="quỹ"),)
    incoming = [Entry(written="QWR", spoken="quê"), Entry(written="XQ", spoken="xã")]
    kept = station_list.merged(present, incoming)
    assert [entry.spoken for entry in kept.entries] == ["quỹ", "xã"]
    assert [(one.present, one.other) for one in kept.conflicts] == [("quỹ", "quê")]
    replaced = station_list.merged(present, incoming, replace=True)
    assert {entry.spoken for entry in replaced.entries} == {"quê", "xã"}


def test_taking_out_what_is_not_there_is_an_error() -> None:
    with pytest.raises(station_list.NotInListError):
        station_list.removed((), "QWR")


def test_an_entry_must_say_something() -> None:
    with pytest.raises(BadEntryError):
        Entry(written="A", spoken=" ")
    with pytest.raises(station_list.UnspeakableError):
        station_list.checked(Entry(written="A", spoken="UBND"))


@given(st.text(max_size=200))
def test_any_text_as_a_word_list_is_entries_or_an_error_of_ours(text: str) -> None:
    try:
        entries = station_list.parse_tsv(text, "x")
    except station_list.StationListError:
        return
    assert station_list.parse_tsv(station_list.to_tsv(entries), "x") == entries
