"""What an earlier run, a power cut or a restored backup left behind: none of it silences a play or speaks for another."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from broadcast import add_episode, add_play, as_run, status_of
from sqlalchemy import delete
from test_daemon_troubles import BEGIN, NULL, run

from content.station import Station
from scheduler.daemon.as_run import of_other_plays
from scheduler.daemon.folder import AirFolder
from scheduler.daemon.journal import Entry, from_line, read, to_line
from scheduler.daemon.run import run_station
from scheduler.models import AsRun, Play

NewStation = Callable[..., Station]
RELAY = '[[relay]]\nid = "{id}"\nurl = "http://127.0.0.1:9/"\nstart = "{start}:00"\nend = "{start}:10"\n'


def test_a_play_with_the_number_of_one_that_aired_before_the_database_was_restored_is_heard(
    new_station: NewStation, tmp_path: Path
) -> None:
    station = new_station(config=NULL)
    first, second = (add_episode(station, tmp_path, seed=seed) for seed in (1, 2))
    old = add_play(station, first, BEGIN + timedelta(minutes=5))
    run(station, 1)
    with station.decide() as session:  # as an older backup has it
        session.execute(delete(AsRun))
        session.execute(delete(Play))
    new = add_play(
        station, second, BEGIN + timedelta(hours=5), status="pinned", created_at=BEGIN + timedelta(hours=2)
    )
    add_play(station, first, BEGIN + timedelta(minutes=1), status="cancelled")
    assert new == old
    run(station, 2, since=BEGIN + timedelta(hours=1))
    assert status_of(station, new) == "pinned"  # the journal's line of the other one says nothing of it
    run(station, 4, since=BEGIN + timedelta(hours=3))
    rows = as_run(station)
    assert [(row.title, row.play_id, row.outcome) for row in rows] == [
        ("Bản tin số 1", None, "aired"), ("Bản tin số 2", new, "aired"),
    ]  # fmt: skip
    run(station, 1, since=BEGIN + timedelta(hours=7))
    assert len(as_run(station)) == 2


def test_a_number_that_was_free_at_the_start_belongs_to_the_play_that_gets_it(
    new_station: NewStation, tmp_path: Path
) -> None:
    station = new_station(config=NULL)
    episode = add_episode(station, tmp_path)
    add_play(station, episode, BEGIN, status="cancelled")
    old = add_play(station, episode, BEGIN + timedelta(minutes=5))
    run(station, 1)
    with station.decide() as session:
        session.execute(delete(AsRun))
        session.delete(session.get_one(Play, old))
    again: list[int] = []

    def plan() -> None:
        created_at = BEGIN + timedelta(hours=2)
        again.append(add_play(station, episode, BEGIN + timedelta(hours=9), created_at=created_at))

    run(
        station, 10, since=BEGIN + timedelta(hours=1),
        started=lambda daemon: daemon.timetable.at(BEGIN + timedelta(hours=2), "plan", plan),
    )  # fmt: skip
    assert again == [old]
    assert [row.outcome for row in as_run(station) if row.play_id == old] == ["aired"]


def test_with_an_empty_database_the_journal_still_tells_what_was_heard(
    new_station: NewStation, tmp_path: Path
) -> None:
    station = new_station(config=NULL)
    add_play(station, add_episode(station, tmp_path), BEGIN + timedelta(minutes=5))
    run(station, 1)
    entries = list(read(AirFolder.of(station).journal))
    assert of_other_plays(station, entries) == set()
    with station.decide() as session:
        session.execute(delete(AsRun))
        session.execute(delete(Play))
    assert of_other_plays(station, entries) == set()


def test_decoded_sound_that_a_power_cut_left_empty_is_decoded_again(
    new_station: NewStation, tmp_path: Path
) -> None:
    station = new_station(config=NULL)
    episode = add_episode(station, tmp_path)
    plays = [add_play(station, episode, BEGIN + timedelta(minutes=5))]
    run(station, 1)
    (cued,) = AirFolder.of(station).cue.glob("*.s16")
    cued.write_bytes(b"")
    plays.append(add_play(station, episode, BEGIN + timedelta(hours=3)))
    run(station, 3, since=BEGIN + timedelta(hours=1))
    assert [(row.play_id, row.outcome) for row in as_run(station)] == [(play, "aired") for play in plays]


LINE = to_line(
    Entry(
        key="k", kind="play", title="Tin\u00a0ngắn\n", zones=("a",), output="null", simulated=True,
        planned_at=BEGIN, outcome="aired", play_id=5,
    )
)  # fmt: skip


@pytest.mark.parametrize(
    "spoilt",
    [
        {"play_id": 10**30}, {"heard_ms": 10**30}, {"heard_ms": -1}, {"slot": 10**30}, {"planned_at": "0001-01-01T00:00:00+14:00"},
        {"ended_at": "9999-12-31T23:59:59-14:00"}, {"title": 5}, {"title": "\ud800"}, {"zones": [{}]}, {"outcome": []},
        {"outcome": "nonsense"}, {"simulated": "no"}, {"reason": ["x"]}, {"key": "\udfff"}, None,
    ],
)  # fmt: skip
def test_no_line_of_the_journal_keeps_a_station_off_the_air(
    new_station: NewStation, spoilt: dict[str, object] | None
) -> None:
    assert from_line(LINE) is not None
    station = new_station(config=NULL)
    journal = AirFolder.of(station).journal
    journal.parent.mkdir()
    line = b"[" * 100_000 if spoilt is None else json.dumps({**json.loads(LINE), **spoilt}).encode()
    journal.write_bytes(line + b"\n")
    run(station, 1)
    assert not as_run(station)


def test_two_relays_that_share_an_id_are_both_heard(new_station: NewStation) -> None:
    config = NULL + RELAY.format(id="vov", start="06") + RELAY.format(id="vov", start="18")
    station = new_station(config=config)
    run(station, 24)
    assert [(row.kind, f"{row.started_at:%H}") for row in as_run(station)] == [
        ("relay", "23"),
        ("relay", "11"),
    ]


def test_a_relay_may_have_any_id_and_its_recording_stays_in_its_folder(new_station: NewStation) -> None:
    station = new_station(config=NULL + RELAY.format(id="/../../VOV 1: sáng?", start="06"))
    run_station(
        station, clock="simulated", start_at=BEGIN, until=BEGIN + timedelta(hours=24), output="file=tape"
    )
    (tape,) = station.folder.rglob("*.wav")
    assert tape.parent == station.folder / "tape" / "2026-12-01"
    assert not set('<>:"/\\|?* ') & set(tape.name)
