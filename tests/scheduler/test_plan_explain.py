"""Why a play is where it is: the rule that asks for it, its neighbours, its even place, and other sessions."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from click.testing import CliRunner

from cli import loa
from content.models import Programme
from content.programmes import add_programme
from content.station import Station
from scheduler import plan_change
from scheduler.models import Play
from scheduler.plan_view.why import why
from scheduler.plan_view.wishes import rules_told
from scheduler.station_plan import build

BEFORE = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
SENTENCE = "Mỗi tháng một chương trình, phát lại ít nhất ba lần."


@pytest.fixture
def station(new_station: Callable[..., Station]) -> Station:
    opened = new_station()
    with opened.decide() as session:
        add_programme(session, title="Dịch vụ công", now=BEFORE, new_per_month=1, min_replays_per_month=3)
        session.query(Programme).one().rule_text = SENTENCE
    return opened


def planned(station: Station) -> tuple[Play, ...]:
    return build(station, from_on=date(2026, 12, 1), until_on=date(2026, 12, 31), now=BEFORE).plays


def test_the_rule_the_sentence_and_the_place_among_the_airings_are_told(station: Station) -> None:
    plays = planned(station)
    found = why(station, plays[1].id, now=BEFORE)
    text = "\n".join(found.told(str))
    assert SENTENCE in text
    assert "4 to 5 airings a month" in text
    assert f"airing 2 of {len(plays)}" in text
    assert found.last is not None
    assert found.last.starts_at == plays[0].starts_at
    assert found.next is not None
    assert found.next.starts_at == plays[2].starts_at
    assert "First airing" in "\n".join(why(station, plays[0].id, now=BEFORE).told(str))


@pytest.mark.parametrize(
    ("valid", "words"),
    [
        ({"valid_from": "2026-12-01"}, "valid from 01/12/2026"),
        ({"valid_until": "2026-12-24"}, "valid until 24/12/2026"),
        ({"valid_from": "2026-12-01", "valid_until": "2026-12-24"}, "valid from 01/12/2026 to 24/12/2026"),
    ],
)
def test_an_open_end_of_validity_is_said_in_words(valid: dict[str, str], words: str) -> None:
    assert [wish.told(str) for wish in rules_told(valid)] == [words]


def test_the_distance_to_the_even_place_is_the_planners_own(station: Station) -> None:
    plays = planned(station)
    number = len(plays)
    for place, play in enumerate(plays):
        found = why(station, play.id, now=BEFORE)
        start = play.starts_at.astimezone(station.tz)
        assert found.away is not None
        assert found.ideal_at is not None
        assert found.away <= 0.6
        interval = timedelta(days=31) / number
        assert abs((found.ideal_at - start) / interval) == pytest.approx(found.away, abs=0.6)
        assert found.number == place + 1


def test_a_session_that_would_break_a_rule_names_it(station: Station) -> None:
    plays = planned(station)
    with station.decide() as session:
        programme = session.query(Programme).one()
        weekday = station.day_of(plays[1].starts_at).isoweekday()
        programme.rules = {"weekdays": [weekday]}
    found = why(station, plays[1].id, now=BEFORE)
    beside = [other for other in found.elsewhere if other.on != found.starts_at.date()]
    assert beside
    assert all("WEEKDAY" in other.rules for other in beside)
    assert "not on this weekday" in "\n".join(found.told(str))
    same_day = [other for other in found.elsewhere if other.on == found.starts_at.date()]
    assert same_day
    assert all(not other.rules for other in same_day)


def test_a_possible_session_really_takes_the_play(station: Station) -> None:
    play = planned(station)[1]
    found = why(station, play.id, now=BEFORE)
    free = next(other for other in found.elsewhere if not other.rules)
    to = datetime.combine(free.on, free.start, station.tz)
    assert plan_change.move(station, play.id, starts_at=to, now=BEFORE, person=None).starts_at == to


def test_asking_changes_nothing_and_an_unknown_play_is_told(station: Station) -> None:
    plays = planned(station)
    why(station, plays[0].id, now=BEFORE)
    with station.read() as session:
        assert session.get_one(Play, plays[0].id).starts_at == plays[0].starts_at
    with pytest.raises(plan_change.NoSuchPlayError):
        why(station, 99_999, now=BEFORE)


def test_the_command_speaks_and_prints_json(station: Station) -> None:
    play = planned(station)[0]
    config = str(station.folder / "config.toml")
    told = CliRunner().invoke(loa, ["--lang", "vi", "-C", config, "plan", "explain", str(play.id)])
    assert told.exit_code == 0, told.output
    assert SENTENCE in told.stdout
    as_json = CliRunner().invoke(loa, ["-C", config, "plan", "explain", str(play.id), "--json"])
    assert json.loads(as_json.stdout)["airing"] == 1
