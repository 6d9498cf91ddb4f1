"""Search: with or without the marks on letters, always up to date, never upset by odd input."""

import sqlite3
import unicodedata
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from content.items import add_item, edit_item, get_item
from content.script_versions import save_version
from content.station import Station
from scheduler import search
from scheduler.models import AsRun
from scheduler.search import EmptySearchError, find, fold

NOW = datetime(2026, 12, 1, tzinfo=UTC)
MakeStation = Callable[..., Station]


def item(station: Station, title: str, text: str = "x") -> int:
    with station.decide() as session:
        made = add_item(session, title=title, text=text, now=NOW)
        save_version(
            session, made, unknowns=[], estimated_ms=1, now=NOW,
            sentences=[{"text": text, "spoken": text, "pause_after_ms": 1, "span": None}],
        )  # fmt: skip
        return made.id


def air(station: Station, title: str) -> int:
    with station.decide() as session:
        row = AsRun(
            kind="play", title=title, zones=[], started_at=NOW, heard_ms=1, outcome="aired", output="main"
        )
        session.add(row)
        session.flush()
        return row.id


def hits(station: Station, text: str, **settings_: object) -> list[tuple[str, int]]:
    return [(one.kind, one.id) for one in find(station, text, **settings_)]  # type: ignore[arg-type]


@pytest.fixture
def station(new_station: MakeStation) -> Station:
    station = new_station()
    item(station, "Chuyển đổi số", "Người dân dùng dịch vụ công trực tuyến")
    item(station, "Phòng chống bão", "Đề nghị bà con chằng chống nhà cửa")
    air(station, "Chuyển đổi số – tháng 12/2026")
    return station


@pytest.mark.parametrize("text", ["chuyen doi so", "chuyển đổi số", "CHUYỂN ĐỔI SỐ", "chuyen doi", "doi SO chuyển", "chuyen do", unicodedata.normalize("NFD", "chuyển đổi số")])  # fmt: skip
def test_marks_case_order_and_a_begun_last_word_do_not_matter(station: Station, text: str) -> None:
    assert hits(station, text)[0] == ("item", 1)
    assert ("as-run", 1) in hits(station, text)
    assert ("item", 2) not in hits(station, text)


def test_words_within_texts_and_scripts_are_found(station: Station) -> None:
    assert hits(station, "truc tuyen") == [("item", 1), ("script", 1)]
    assert hits(station, "chang chong", kinds=("script",)) == [("script", 2)]
    assert hits(station, "khong co dau") == []
    assert "trực tuyến" in find(station, "truc tuyen")[0].excerpt


def test_marked_letters_that_were_typed_count_first(new_station: MakeStation) -> None:
    station = new_station()
    plain, marked = item(station, "Ban nhac", "ma"), item(station, "Bàn nhạc", "má")
    assert hits(station, "ban nhac", kinds=("item",))[0] == ("item", plain)
    assert hits(station, "bàn nhạc", kinds=("item",))[0] == ("item", marked)
    assert len(hits(station, "bàn nhạc", kinds=("item",))) == 2


def test_what_changes_is_found_anew_and_what_is_gone_is_not(station: Station) -> None:
    assert hits(station, "truc tuyen")
    with station.decide() as session:
        edit_item(session, get_item(session, 1), {"title": "Tiêm chủng", "text": "Mời đưa trẻ đi tiêm"})
    added = air(station, "Tiêm chủng mở rộng")
    assert ("item", 1) in hits(station, "tiem chung")
    assert ("as-run", added) in hits(station, "tiem chung mo rong")
    assert ("item", 1) not in hits(station, "chuyen doi so")
    with station.decide() as session:
        session.delete(session.get(AsRun, added))
    assert ("as-run", added) not in hits(station, "tiem chung mo rong")


def test_a_damaged_or_deleted_index_is_made_anew(station: Station) -> None:
    before = hits(station, "chuyen doi so")
    for spoil in (lambda p: p.unlink(), lambda p: p.write_bytes(b"no database" * 500)):
        for end in ("-wal", "-shm"):
            (station.folder / f"search.sqlite3{end}").unlink(missing_ok=True)
        spoil(station.folder / "search.sqlite3")
        assert hits(station, "chuyen doi so") == before


def test_without_fts5_the_same_is_found(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    with_index = hits(station, "chuyen doi so"), hits(station, "truc tuy")
    with closing(sqlite3.connect(station.folder / "search.sqlite3")) as index:
        index.execute("DROP TABLE folded")
        index.commit()
    monkeypatch.setattr(search, "_has_fts", lambda _index: False)
    assert (hits(station, "chuyen doi so"), hits(station, "truc tuy")) == with_index


@pytest.mark.parametrize("text", ["", "   ", "!!!", '"', "*", "--"])
def test_a_search_for_nothing_is_refused(station: Station, text: str) -> None:
    with pytest.raises(EmptySearchError):
        find(station, text)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=30))
def test_no_text_upsets_the_search(station: Station, text: str) -> None:
    with suppress(EmptySearchError):
        find(station, text)


@given(st.text(alphabet="aàáảãạăằắẳẵặâầấẩẫậđĐeéêếiìoôơớuưứyýbcdgh ", max_size=20))
def test_folding_is_the_same_for_every_form_of_unicode_and_leaves_plain_letters(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(text)
    assert fold(text).isascii()
    assert fold(fold(text)) == fold(text)
