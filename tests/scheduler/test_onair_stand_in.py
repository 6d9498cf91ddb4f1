"""Loudspeakers that stand in for lost ones: who may speak through them is decided as everywhere, nobody speaks into the void."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from broadcast import add_episode, add_play, as_run
from test_daemon_live import aired, on_air, order, playing, wait_for
from test_daemon_troubles import BEGIN, run
from test_onair_silenced import Horn, bulletin

from audio.outputs.fed_output import FedOutput
from content.station import Station
from scheduler.daemon.station_daemon import StationDaemon

NewStation = Callable[..., Station]
ONE_HORN = '[station]\nlanguage = "en"\n[output.main]\nkind = "null"\n'
CONFIG = """
[station]
language = "en"
[[zone]]
id = "a"
outputs = ["card-a"]
[[zone]]
id = "b"
outputs = ["card-b"]
[output.card-a]
kind = "sound-card"
fallback = "{instead_of_a}"
[output.card-b]
kind = "sound-card"
fallback = "spare"
[output.spare]
kind = "sound-card"
"""


class Cards:
    """The loudspeakers of a station, some of them dead; what each carried is counted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *dead: str) -> None:
        self.carried = dict.fromkeys(("card-a", "card-b", "spare"), 0)
        self.all = {name: Card(name, self, name in dead) for name in self.carried}
        monkeypatch.setattr("scheduler.daemon.run.outputs_of", lambda *_facts: self.all)


class Card(FedOutput):
    def __init__(self, name: str, cards: Cards, dead: bool) -> None:
        super().__init__(name)
        self.cards, self.dead = cards, dead

    def connect(self) -> "Wire":
        if self.dead:
            raise OSError("unplugged")
        return Wire(self)


class Wire:
    def __init__(self, card: Card) -> None:
        self.card = card

    def send(self, pcm: bytes) -> None:
        self.card.cards.carried[self.card.name] += any(pcm)

    def close(self) -> None:
        pass


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=5)


def test_an_emergency_is_heard_through_a_stand_in_that_carries_another_zones_play(
    new_station: NewStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards = Cards(monkeypatch, "card-a", "card-b")
    station = new_station(config=CONFIG.format(instead_of_a="spare"))
    add_play(station, add_episode(station, tmp_path, seconds=20), soon(), zones=["b"], length_ms=20_000)
    with on_air(station) as daemon:
        wait_for(lambda: playing(daemon, "play") and cards.carried["spare"] > 10)
        flood = bulletin(tmp_path, "Lũ", 0.5, emergency=True, zones=("a",))
        assert order(station, flood)["waits_for"] is None
        wait_for(aired(daemon))
        wait_for(lambda: playing(daemon, "play"))
    cut, heard, rest = as_run(station)
    assert (cut.outcome, heard.outcome) == ("partial", "aired")
    assert "cut by Lũ" in (cut.reason or "")
    assert (heard.zones, heard.output, heard.heard_ms) == (["a"], "spare", 2900)
    assert rest.play_id == cut.play_id


def test_a_zones_own_card_is_its_own_again_for_what_is_more_urgent(
    new_station: NewStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Cards(monkeypatch, "card-a")
    station = new_station(config=CONFIG.format(instead_of_a="card-b"))
    add_play(station, add_episode(station, tmp_path, seconds=20), soon(), zones=["a"], length_ms=20_000)
    with on_air(station) as daemon:
        wait_for(lambda: playing(daemon, "play"))
        assert order(station, bulletin(tmp_path, "Họp", 0.5, zones=("b",)))["waits_for"] is None
        wait_for(aired(daemon))
    rows = as_run(station)
    assert [(row.title, row.outcome) for row in rows][:2] == [("Bản tin số 1", "partial"), ("Họp", "aired")]
    assert rows[1].output == "card-b"


def test_equals_wait_for_the_stand_in(
    new_station: NewStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Cards(monkeypatch, "card-a", "card-b")
    station = new_station(config=CONFIG.format(instead_of_a="spare"))
    begin = soon()
    for zone, seed in (("a", 1), ("b", 2)):
        add_play(
            station, add_episode(station, tmp_path, seed=seed), begin, zones=[zone], lateness="start-late"
        )
    with on_air(station) as daemon:
        wait_for(aired(daemon, 2))
    first, second = as_run(station)
    assert (first.outcome, second.outcome) == ("aired", "aired")
    assert second.started_at >= first.ended_at
    assert (first.heard_ms, second.heard_ms) == (3000, 3000)


def test_one_card_named_on_the_command_line_carries_one_zone_after_another(
    new_station: NewStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards = Cards(monkeypatch)
    spare = cards.all["spare"]
    monkeypatch.setattr(
        "scheduler.daemon.run.outputs_of", lambda *_facts: {"card-a": spare, "card-b": spare, "spare": spare}
    )
    station = new_station(config=CONFIG.format(instead_of_a="spare"))
    with on_air(station, output="spare") as daemon:
        assert order(station, bulletin(tmp_path, "Một", 0.5, zones=("a",)))["ok"]
        assert order(station, bulletin(tmp_path, "Hai", 0.5, zones=("b",)))["ok"]
        wait_for(aired(daemon, 2))
    first, second = as_run(station)
    assert second.started_at >= first.ended_at


def test_an_urgent_bulletin_of_the_centre_waits_for_a_loudspeaker_longer_than_a_play_may_be_late(
    new_station: NewStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    horn = Horn("main")
    monkeypatch.setattr("scheduler.daemon.run.outputs_of", lambda *_facts: {"main": horn})
    station = new_station(config=ONE_HORN)
    episode = add_episode(station, tmp_path, seconds=1)
    play, late, never = (
        add_play(station, episode, BEGIN + timedelta(minutes=at), status=status, length_ms=1000)
        for at, status in ((5, "emergency"), (6, "pinned"), (30, "emergency"))
    )

    def started(daemon: StationDaemon) -> None:
        for at, trouble in ((4, "unplugged"), (20, None), (29, "unplugged")):
            daemon.timetable.at(
                BEGIN + timedelta(minutes=at),
                f"{at}",
                lambda trouble=trouble: setattr(horn, "trouble", trouble),
            )

    run(station, 1.5, started=started)
    told = {row.play_id: row for row in as_run(station)}
    assert (told[play].outcome, told[play].heard_ms) == ("aired", 1000)
    assert told[play].started_at == BEGIN + timedelta(minutes=20)
    assert (told[late].outcome, told[never].outcome) == ("missed", "missed")
    assert "no output of its zones worked for 30 min" in (told[never].reason or "")
