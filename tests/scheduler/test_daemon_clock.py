"""A clock that is set while the station runs, and a host that sleeps for days: nothing is forgotten, nothing waits for hours."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from broadcast import add_episode, add_play, as_run, withdraw_approval
from test_daemon_troubles import BEGIN, NULL, run
from test_onair_power import NOON, Lever, a_power

from content.station import Station
from scheduler.daemon import upkeep
from scheduler.daemon.clock import SimulatedClock
from scheduler.daemon.feed import Feed
from scheduler.daemon.folder import AirFolder
from scheduler.daemon.hooks import Hooks
from scheduler.daemon.station_daemon import StationDaemon

NewStation = Callable[..., Station]
BACK = timedelta(hours=2)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("hours", [15, 72])
def test_every_play_of_the_days_that_the_host_slept_through_is_told(
    new_station: NewStation, tmp_path: Path, hours: int
) -> None:
    station = new_station(config=NULL)
    episode = add_episode(station, tmp_path)
    plays = [
        add_play(station, episode, BEGIN + timedelta(hours=at)) for at in (1, 4, 10, 20, 40, 50, 60, 70, 80)
    ]

    def started(daemon: StationDaemon) -> None:
        clock = cast(SimulatedClock, daemon.clock)
        asleep = timedelta(hours=hours)
        daemon.timetable.at(BEGIN + timedelta(hours=2), "sleep", lambda: clock.step(asleep))

    run(station, 90, started=started)
    told = {row.play_id: row.outcome for row in as_run(station) if row.play_id in plays}
    slept = [play for play, outcome in told.items() if outcome == "missed"]
    assert told.keys() == set(plays)
    assert slept == plays[1 : {15: 3, 72: 8}[hours]]


def test_approval_that_is_withdrawn_after_the_clock_was_set_back_counts(
    new_station: NewStation, tmp_path: Path
) -> None:
    station = new_station(config=NULL)
    add_play(station, add_episode(station, tmp_path), BEGIN + timedelta(minutes=30))
    feed = Feed(station, AirFolder.of(station), False)
    late = BEGIN + timedelta(minutes=29)
    assert [play.problem for play in feed.poll(late, None).plays] == [None]
    withdraw_approval(station, late)
    assert [play.problem is None for play in feed.poll(late - BACK, None).plays] == [False]


def test_a_clock_that_is_set_back_leaves_no_amplifier_waiting() -> None:
    lever = Lever()
    power = a_power(lever)
    power.look(NOON, busy=True)
    lever.broken = True
    power.look(NOON + SECOND, busy=False)
    lever.broken = False
    power.look(NOON + 2 * SECOND, busy=False)
    assert lever.told == [True]  # it failed a second ago
    power.look(NOON - BACK, busy=False)
    assert lever.told == [True, False]  # tried again now, not in two hours
    power.wake(NOON)
    power.look(NOON - BACK, busy=False)
    assert lever.told == [True, False, True, False]  # nor left on for two hours


def test_a_bulletin_after_the_clock_was_set_back_does_not_chime_for_hours() -> None:
    power = a_power(Lever())
    power.look(NOON, busy=True)
    assert power.warm_up_ms(NOON) == 2000
    assert power.warm_up_ms(NOON - BACK) == 2000
    assert power.warm_up_ms(NOON + timedelta(seconds=3)) == 0


def test_disk_planner_and_silence_are_looked_after_though_the_clock_was_set_back(
    new_station: NewStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = new_station(config=NULL + "[daemon]\nsilence_alarm_s = 5\n")
    play = add_play(station, add_episode(station, tmp_path), BEGIN + timedelta(minutes=5))
    seen: list[str] = []

    def look(daemon: StationDaemon) -> None:
        """In the middle of a play that is not heard."""
        duties, now, zone = daemon.duties, BEGIN + timedelta(hours=5), station.config.zone_ids[0]
        one = replace(daemon.day[play], starts_at=BEGIN, length_ms=10 * 3_600_000)
        with monkeypatch.context() as patch:
            patch.setattr(upkeep, "disk_free_mb", lambda _folder: seen.append("disk") or 9999.0)
            patch.setattr(Hooks, "alarm", lambda _self, kind, _text: seen.append(kind))
            patch.setattr(daemon.workers, "submit", lambda lane, *_work: seen.append(lane))
            patch.setattr(daemon, "day", {play: one})
            patch.setattr(duties, "_disk_at", now)
            patch.setattr(duties, "_failed_at", now)
            patch.setattr(duties, "_looked_back", True)
            patch.setattr(daemon, "unstored", {})
            patch.setattr(daemon, "owed", {play: None})
            for at in (now + SECOND, now - BACK, now - BACK + 6 * SECOND):
                seen.append("—")
                duties._watch_disk(at)
                duties._make_good(at)
                duties._watch_silence(at)
        daemon.stop()
        assert seen == ["—", "—", "disk", "make-good", "—", f"silence {zone}"]

    def started(daemon: StationDaemon) -> None:
        daemon.timetable.at(BEGIN + timedelta(minutes=30), "look", lambda: look(daemon))

    run(station, 1, started=started)
    assert seen
