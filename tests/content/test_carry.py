"""A content longer than an episode goes on in the next ones, and a programme greets before and after it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from content.carry import chain_of, divided, place_of
from content.drafting import draft_item, join
from content.episodes import PROGRAMME_FRAME_MS, programme_episodes, room_ms
from content.greetings import draft_greetings, greeting_of
from content.items import GreetingAloneError, add_item, current_script, edit_item
from content.models import Item, Programme
from content.programmes import add_programme, items_of
from content.scripts import PACES
from content.scripts.draft import draft
from content.scripts.frame import frame
from content.station import Station, init_station

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
MONTHS = ("2026-12", "2027-01", "2027-02", "2027-03", "2027-04")
SENTENCES = [
    f"- Ý thứ {number}: bà con cần chuẩn bị giấy tờ số {number} trước khi đến bộ phận một cửa của phường."
    for number in range(1, 46)
]
LONG = "\n".join(SENTENCES)


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    opened = init_station(tmp_path / "s")
    yield opened
    opened.close()


@pytest.fixture
def session(station: Station) -> Iterator[Session]:
    with station.decide() as opened:
        yield opened


def a_column(session: Session, minutes: float = 2) -> Programme:
    return add_programme(
        session, title="Cải cách hành chính", now=NOW, new_per_month=1, min_replays_per_month=3,
        target_length_ms=int(minutes * 60_000),
    )  # fmt: skip


def a_long_item(session: Session, programme: Programme, title: str = "Làm giấy tờ") -> Item:
    return add_item(session, title=title, text=LONG, now=NOW, person="lan", programme_id=programme.id)


def approve_all(session: Session) -> None:
    for item in session.scalars(select(Item).where(Item.status != "retired")):
        item.status = "approved"
    session.flush()


def heard_in(session: Session, programme: Programme, months: tuple[str, ...]) -> list[list[str]]:
    """The titles of the items of each month's episode, greetings left out."""
    episodes = [programme_episodes(session, programme, month, NOW)[0] for month in months]
    return [[part.item.title for part in one.parts if part.item.kind == "news"] for one in episodes]


def test_a_long_item_becomes_parts_that_each_fit_and_together_are_its_text(
    station: Station, session: Session
) -> None:
    programme = a_column(session)
    item = a_long_item(session, programme)
    draft_item(session, station, item, now=NOW, person="lan")
    chain = chain_of(session, item)
    assert len(chain) == 3
    assert [one.title for one in chain] == [f"Làm giấy tờ, phần {number}" for number in (1, 2, 3)]
    assert "\n".join(one.text for one in chain) == LONG
    room = room_ms(session, programme)
    lengths = []
    for one in chain:
        script = current_script(session, one)
        assert script is not None
        assert script.created_by == "lan"
        lengths.append(script.estimated_ms)
    assert all(room / 2 < length <= room for length in lengths), "parts are about even, none is a short tail"


def test_each_part_says_that_it_goes_on_and_what_it_goes_on_from(station: Station, session: Session) -> None:
    item = a_long_item(session, a_column(session))
    draft_item(session, station, item, now=NOW)
    said = []
    for one in chain_of(session, item):
        script = current_script(session, one)
        assert script is not None
        said.append(" ".join(sentence["spoken"] for sentence in script.sentences))
    assert not said[0].startswith("Tiếp theo kỳ trước")
    assert "đón nghe phần hai" in said[0]
    assert said[1].startswith("Tiếp theo kỳ trước")
    assert "đón nghe phần ba" in said[1]
    assert said[2].startswith("Tiếp theo kỳ trước")
    assert "đón nghe" not in said[2]
    for number in range(1, 46):
        assert sum(one["text"].startswith(f"Ý thứ {number}:") for part in chain_of(session, item) for one in part.scripts[-1].sentences) == 1  # fmt: skip


def test_drafting_again_divides_nothing_further(station: Station, session: Session) -> None:
    item = a_long_item(session, a_column(session))
    first = draft_item(session, station, item, now=NOW)
    before = session.scalars(select(Item.id)).all()
    assert draft_item(session, station, item, now=NOW).id == first.id
    for one in chain_of(session, item):
        draft_item(session, station, one, now=NOW)
    assert session.scalars(select(Item.id)).all() == before


def test_parts_are_heard_in_their_order_one_episode_after_the_other_and_only_then_again(
    station: Station, session: Session
) -> None:
    programme = a_column(session)
    draft_item(session, station, a_long_item(session, programme), now=NOW)
    other = add_item(session, title="Tin ngắn", text="Hẹn gặp.", now=NOW, programme_id=programme.id)
    draft_item(session, station, other, now=NOW)
    approve_all(session)
    heard = heard_in(session, programme, MONTHS)
    firsts = [[title for title in month if "phần" in title] for month in heard]
    assert firsts == [[f"Làm giấy tờ, phần {number}"] for number in (1, 2, 3, 1, 2)]


def test_a_part_waits_for_the_one_before_it(station: Station, session: Session) -> None:
    programme = a_column(session)
    item = a_long_item(session, programme)
    draft_item(session, station, item, now=NOW)
    approve_all(session)
    _first, second, _third = chain_of(session, item)
    second.status = "draft"
    assert heard_in(session, programme, MONTHS[:1]) == [["Làm giấy tờ, phần 1"]]
    second.status = "approved"
    assert heard_in(session, programme, MONTHS[1:3]) == [["Làm giấy tờ, phần 2"], ["Làm giấy tờ, phần 3"]]


def test_a_part_that_grew_is_divided_again_and_the_later_ones_move_up(
    station: Station, session: Session
) -> None:
    item = a_long_item(session, a_column(session))
    draft_item(session, station, item, now=NOW)
    _first, second, third = chain_of(session, item)
    edit_item(session, second, {"text": LONG})
    draft_item(session, station, second, now=NOW)
    chain = chain_of(session, item)
    assert [one.title for one in chain] == [
        f"Làm giấy tờ, phần {number}" for number in range(1, len(chain) + 1)
    ]
    assert chain[-1] is third
    assert place_of(session, third) == (len(chain), len(chain))
    assert "\n".join(one.text for one in chain[1:-1]) == LONG


def test_an_item_that_fits_or_airs_on_its_own_stays_whole(station: Station, session: Session) -> None:
    alone = add_item(session, title="Một mình", text=LONG, now=NOW)
    draft_item(session, station, alone, now=NOW)
    fits = a_long_item(session, a_column(session, minutes=20))
    draft_item(session, station, fits, now=NOW)
    assert (chain_of(session, alone), chain_of(session, fits)) == ([alone], [fits])
    assert fits.title == "Làm giấy tờ"


def test_joining_a_programme_takes_the_stations_frame_off_and_divides(
    station: Station, session: Session
) -> None:
    programme = a_column(session)
    item = add_item(session, title="Làm giấy tờ", text=LONG, now=NOW)
    draft_item(session, station, item, now=NOW)
    join(session, station, item, programme, now=NOW, person=None)
    assert len(chain_of(session, item)) == 3
    script = current_script(session, item)
    assert script is not None
    assert not any("bản tin" in sentence["spoken"] for sentence in script.sentences)


def test_joining_leaves_approved_words_that_fit_as_they_were_approved(
    station: Station, session: Session
) -> None:
    item = add_item(session, title="Tin", text="Hẹn gặp.", now=NOW)
    script = draft_item(session, station, item, now=NOW)
    item.status = script.status = "approved"
    join(session, station, item, a_column(session), now=NOW, person=None)
    assert (item.status, current_script(session, item)) == ("approved", script)


@settings(max_examples=40, deadline=None)
@given(
    lines=st.lists(st.text("aăbc một hai, .;:-\n(1)", min_size=1, max_size=120), min_size=1, max_size=25),
    room_s=st.integers(8, 120),
)
def test_dividing_loses_and_doubles_nothing(lines: list[str], room_s: int) -> None:
    text = "\n".join(lines)
    script = draft("Tiêu đề", text, "news", "Đài", framed=False, part=2, parts=3)
    parts = divided(text, script, room_s * 1000, PACES["gtts"])
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_an_episode_begins_with_the_approved_opening_and_ends_with_the_closing(
    station: Station, session: Session
) -> None:
    programme = a_column(session, minutes=5)
    greetings = draft_greetings(session, station, programme, now=NOW, person="lan")
    assert [item.kind for item in greetings] == ["opening", "closing"]
    assert draft_greetings(session, station, programme, now=NOW, person="lan") == []
    news = add_item(session, title="Tin", text="Hẹn gặp.", now=NOW, programme_id=programme.id)
    draft_item(session, station, news, now=NOW)
    news.status = "approved"
    (episode,) = programme_episodes(session, programme, MONTHS[0], NOW)
    assert [part.item.kind for part in episode.parts] == ["news"], "what nobody approved is not spoken"
    approve_all(session)
    (episode,) = programme_episodes(session, programme, MONTHS[0], NOW)
    assert [part.item.kind for part in episode.parts] == ["opening", "news", "closing"]
    assert items_of(session, programme) == [news]


def test_the_greeting_names_station_and_programme_in_spoken_words(station: Station, session: Session) -> None:
    programme = a_column(session)
    opening, closing = draft_greetings(session, station, programme, now=NOW, person=None)
    words = []
    for item in (opening, closing):
        script = current_script(session, item)
        assert script is not None
        words.append(" ".join(sentence["spoken"] for sentence in script.sentences))
    for said in words:
        assert "chuyên mục Cải cách hành chính" in said
        assert "Đài Truyền thanh phường" in said
    assert "xin kính chào quý vị và bà con" in words[0]
    assert "hẹn gặp lại" in words[1]


def test_a_name_that_says_what_it_is_gets_no_second_word_and_a_place_in_the_name_is_said_once() -> None:
    lines = frame(
        "greeting",
        station_name="Đài Truyền thanh phường Yên Nghĩa",
        place="Yên Nghĩa",
        programme_title="Chương trình Thiếu nhi",
    )
    assert lines.opening[0].count("Yên Nghĩa") == 1
    assert lines.opening[1].endswith("nghe chương trình Thiếu nhi.")


def test_greetings_take_room_from_the_items(station: Station, session: Session) -> None:
    programme = a_column(session)
    bare = room_ms(session, programme)
    assert bare == programme.target_length_ms - PROGRAMME_FRAME_MS
    made = draft_greetings(session, station, programme, now=NOW, person=None)
    spoken_ms = sum(script.estimated_ms for item in made for script in item.scripts)
    assert room_ms(session, programme) == bare - spoken_ms
    made[0].status = "retired"
    assert greeting_of(session, programme, "opening") is None


def test_a_greeting_of_no_programme_is_refused(session: Session) -> None:
    with pytest.raises(GreetingAloneError, match="--programme"):
        add_item(session, title="Lời chào", text="Xin chào.", now=NOW, kind="opening")
