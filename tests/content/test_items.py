"""Items, programmes and episodes: what may be set, what goes back to draft, what an episode takes up."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from content.drafting import draft_item
from content.episodes import estimated_ms, item_episode, programme_episodes
from content.items import (
    EmptyTextError,
    ItemNotFoundError,
    OwnTranslationError,
    WrongLanguageError,
    WrongPeriodError,
    add_item,
    current_script,
    edit_item,
    get_item,
)
from content.models import Item, Programme, Script
from content.months import first_day, last_day, months_between
from content.programmes import ProgrammeCountError, ProgrammeTitleError, add_programme, edit_programme
from content.station import Station, init_station

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    opened = init_station(tmp_path / "s")
    yield opened
    opened.close()


@pytest.fixture
def session(station: Station) -> Iterator[Session]:
    with station.decide() as opened:
        yield opened


def approved(session: Session, programme: Programme, **fields: object) -> Item:
    item = add_item(
        session, title="Tin", text="Nội dung tin. " * 20, now=NOW, programme_id=programme.id, **fields
    )
    item.status = "approved"
    return item


def test_an_item_without_words_or_with_a_backward_period_is_refused(session: Session) -> None:
    with pytest.raises(EmptyTextError):
        add_item(session, title="Tin", text="  ", now=NOW)
    with pytest.raises(WrongPeriodError):
        add_item(
            session,
            title="Tin",
            text="x",
            now=NOW,
            valid_from_on=date(2026, 12, 2),
            valid_until_on=date(2026, 12, 1),
        )
    with pytest.raises(ItemNotFoundError):
        get_item(session, 99)


def test_text_is_kept_in_nfc(session: Session) -> None:
    item = add_item(session, title="Pho\u031b\u0309", text="u\u031b\u0300", now=NOW)
    assert (item.title, item.text) == ("Phở", "ừ")


def test_new_words_take_an_approved_item_back_to_draft_and_other_settings_do_not(session: Session) -> None:
    item = add_item(session, title="Tin", text="Cũ.", now=NOW)
    item.status = "approved"
    assert not edit_item(session, item, {"priority": 1})
    assert item.status == "approved"
    assert edit_item(session, item, {"text": "Mới."})
    assert item.status == "draft"


def test_a_script_gets_a_new_version_only_when_its_words_change(station: Station, session: Session) -> None:
    item = add_item(session, title="Họp", text="Họp lúc 7h30 ngày 02/9/2026.", now=NOW)
    first = draft_item(session, station, item, now=NOW)
    assert draft_item(session, station, item, now=NOW).id == first.id
    edit_item(session, item, {"text": "Họp lúc 8h00 ngày 02/9/2026."})
    second = draft_item(session, station, item, now=NOW)
    assert (second.version, first.status) == (2, "superseded")
    assert any("bảy giờ ba mươi" in sentence["spoken"] for sentence in first.sentences)
    newest = current_script(session, item)
    assert newest is not None
    assert newest.id == second.id


def test_a_sentence_of_a_script_leads_back_to_its_place_in_the_text(
    station: Station, session: Session
) -> None:
    item = add_item(session, title="Tin", text="Câu một. Câu hai nói về 01 tổ chức.", now=NOW)
    script = draft_item(session, station, item, now=NOW)
    own = [sentence for sentence in script.sentences if sentence["span"]]
    assert own
    for sentence in own:
        start, end = sentence["span"]
        assert item.text[start:end].strip() == sentence["text"].strip()


def test_an_episode_takes_up_approved_items_least_recently_used_first(session: Session) -> None:
    programme = add_programme(
        session,
        title="Chuyên mục",
        now=NOW,
        new_per_month=1,
        min_replays_per_month=3,
        target_length_ms=40_000,
    )
    one, two = approved(session, programme), approved(session, programme)
    session.flush()
    months = [
        programme_episodes(session, programme, month, NOW)[0] for month in ("2026-12", "2027-01", "2027-02")
    ]
    assert [[part.item_id for part in episode.parts] for episode in months] == [[one.id], [two.id], [one.id]]
    assert programme_episodes(session, programme, "2026-12", NOW)[0].id == months[0].id


def test_an_item_that_is_no_longer_valid_is_not_taken_up(session: Session) -> None:
    programme = add_programme(session, title="Chuyên mục", now=NOW, new_per_month=1, min_replays_per_month=3)
    approved(session, programme, valid_until_on=date(2026, 11, 30))
    (episode,) = programme_episodes(session, programme, "2026-12", NOW)
    assert episode.parts == []
    assert estimated_ms(session, episode) == programme.target_length_ms


def test_an_item_on_its_own_has_one_episode_however_often_it_is_asked_for(session: Session) -> None:
    item = add_item(session, title="Tin", text="Nội dung.", now=NOW)
    assert item_episode(session, item, NOW).id == item_episode(session, item, NOW).id


def test_a_programme_with_impossible_counts_is_refused(session: Session) -> None:
    with pytest.raises(ProgrammeTitleError):
        add_programme(session, title=" ", now=NOW)
    with pytest.raises(ProgrammeCountError, match="from 1 to 31"):
        add_programme(session, title="x", now=NOW, new_per_month=0)
    programme = add_programme(session, title="x", now=NOW)
    with pytest.raises(ProgrammeCountError):
        edit_programme(programme, {"min_replays_per_month": 99})


def test_months_have_their_days() -> None:
    assert (first_day("2028-02"), last_day("2028-02")) == (date(2028, 2, 1), date(2028, 2, 29))
    assert months_between(date(2026, 11, 30), date(2027, 1, 1)) == ["2026-11", "2026-12", "2027-01"]


def test_words_of_another_language_are_neither_framed_in_vietnamese_nor_unknown(
    station: Station, session: Session
) -> None:
    def drafted(language: str) -> Script:
        text = "Please keep safe on 2/9."
        item = add_item(session, title="News", text=text, now=NOW, language=language)
        return draft_item(session, station, item, now=NOW)

    assert drafted("vi").unknowns
    script = drafted("en")
    assert [sentence["spoken"] for sentence in script.sentences] == ["News.", "Please keep safe on 2/9."]
    assert script.unknowns == []


def test_an_item_may_be_the_version_of_another_in_another_language(session: Session) -> None:
    item = add_item(session, title="Tin", text="Bản tin.", now=NOW)
    version = add_item(session, title="Tin", text="The news.", now=NOW, language="en", translates_id=item.id)
    assert (version.language, version.translates_id) == ("en", item.id)
    with pytest.raises(OwnTranslationError):
        edit_item(session, item, {"translates_id": item.id})
    session.refresh(item)
    with pytest.raises(ItemNotFoundError):
        add_item(session, title="Tin", text="x", now=NOW, translates_id=99)
    for code in ("tiếng Jrai", "", "../vi", "VI", "vi+f3"):
        with pytest.raises(WrongLanguageError):
            add_item(session, title="Tin", text="x", now=NOW, language=code)
