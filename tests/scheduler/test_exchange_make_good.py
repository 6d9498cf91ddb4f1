"""What was missed at a commune is made good there by what its package says, and follows the centre's later word."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from audio.packages.manifest import read_manifest
from content.models import Episode, Programme
from content.station import Station
from scheduler.daemon.feed import put_back_simulated
from scheduler.daemon.make_good import make_good
from scheduler.exchange import communes, trust
from scheduler.exchange.export import export_package
from scheduler.exchange.receive import Received, receive_package
from scheduler.models import AsRun, Play
from tests.scheduler.a_centre import FROM, NOW, UNTIL, add_sound, noise, plan_month

MISSED_AT = datetime(2026, 12, 8, 6, 0, tzinfo=UTC)
"""After the play of 8 December, 06:30 in Việt Nam, was missed."""


class Missed:
    """A commune that has its package and missed the second airing of the first programme."""

    def __init__(self, centre: Station, commune: Station, folder: Path) -> None:
        self.centre, self.commune, self.folder = centre, commune, folder
        with centre.decide() as session:
            self.row = communes.add(session, name="Trung Hạ", code="trung-ha", now=NOW)
        self.turn = 0

    def send(self, now: datetime = NOW) -> Received:
        self.turn += 1
        sent = export_package(self.centre, self.row, FROM, UNTIL, self.folder / str(self.turn), now=now)
        with self.commune.decide() as session:
            trust.trust(session, sent.fingerprint, name=None, now=NOW)
        return receive_package(self.commune, sent.path, now=now)

    def miss(self) -> int:
        with self.commune.decide() as session:
            play = session.scalars(
                select(Play).where(Play.starts_at == datetime(2026, 12, 7, 23, 30, tzinfo=UTC))
            ).one()
            play.status = "missed"
            return play.id

    def replacement(self) -> Play | None:
        with self.commune.read() as session:
            return session.scalars(
                select(Play).where(Play.make_good_for_id.is_not(None), Play.status == "pinned")
            ).one_or_none()

    def asked(self) -> Play:
        with self.centre.read() as session:
            return session.scalars(
                select(Play).where(Play.starts_at == datetime(2026, 12, 7, 23, 30, tzinfo=UTC))
            ).one()


@pytest.fixture
def missed(new_station: Callable[..., Station], tmp_path: Path) -> Missed:
    centre = new_station("centre")
    plan_month(centre)
    return Missed(centre, new_station("commune"), tmp_path)


def test_a_commune_without_rules_of_its_own_makes_good_in_one_of_its_sessions(missed: Missed) -> None:
    missed.send()
    play_id = missed.miss()
    assert make_good(missed.commune, [play_id], MISSED_AT) == 1
    play = missed.replacement()
    assert play is not None
    assert play.make_good_for_id == play_id
    assert MISSED_AT < play.starts_at <= MISSED_AT + timedelta(days=7)
    at = play.starts_at.astimezone(missed.commune.tz)
    assert any(s.start <= at.time() < s.end for s in missed.commune.config.sessions)


def test_nothing_is_made_good_after_the_day_on_which_it_stops_being_true(missed: Missed) -> None:
    with missed.centre.decide() as session:
        for programme in session.scalars(select(Programme)):
            programme.valid_until_on = date(2026, 12, 8)
    sent = missed.send()
    manifest = read_manifest(
        b"".join(
            (missed.folder / "1" / "trung-ha" / name).read_bytes()
            for name in ("station.json", "manifest.json")
        )
    )
    assert {sound.valid_until_on for sound in manifest.audio} == {date(2026, 12, 8)}
    assert sent.added == 12
    play_id = missed.miss()
    at_night = datetime(2026, 12, 8, 13, 0, tzinfo=UTC)
    assert make_good(missed.commune, [play_id], at_night) == 0


def test_what_the_centre_withdrew_is_not_made_good(missed: Missed) -> None:
    missed.send()
    make_good(missed.commune, [missed.miss()], MISSED_AT)
    with missed.centre.decide() as session:
        session.get_one(Play, missed.asked().id).status = "cancelled"
    missed.send(MISSED_AT)
    assert missed.replacement() is None


def test_what_the_centre_corrected_is_made_good_with_the_new_sound(missed: Missed) -> None:
    missed.send()
    make_good(missed.commune, [missed.miss()], MISSED_AT)
    episode_id = missed.asked().episode_id
    assert episode_id is not None
    right = add_sound(missed.centre, episode_id, noise("corrected"), 119_000, missed.folder / "scratch")
    missed.send(MISSED_AT)
    play = missed.replacement()
    assert play is not None
    assert (play.audio_sha256, play.length_ms) == (right, 119_000)


def test_what_the_centre_makes_good_itself_is_not_made_good_twice(missed: Missed) -> None:
    missed.send()
    make_good(missed.commune, [missed.miss()], MISSED_AT)
    asked = missed.asked()
    with missed.centre.decide() as session:
        session.add(
            Play(
                episode_id=asked.episode_id, kind="replay", starts_at=datetime(2026, 12, 9, 10, tzinfo=UTC),
                length_ms=asked.length_ms, zones=[], status="pinned", timing="soft", make_good_for_id=asked.id,
                created_at=NOW,
            )
        )  # fmt: skip
    missed.send(MISSED_AT)
    play = missed.replacement()
    assert play is not None
    assert play.starts_at == datetime(2026, 12, 9, 10, tzinfo=UTC)


def test_a_play_of_a_package_that_only_a_trial_run_aired_stays_out_of_the_planners_reach(
    missed: Missed,
) -> None:
    missed.send()
    with missed.commune.decide() as session:
        play = session.scalars(select(Play).order_by(Play.starts_at)).first()
        assert play is not None
        play.status = "aired"
        session.add(
            AsRun(
                key="k",
                play_id=play.id,
                kind="play",
                title="",
                zones=[],
                outcome="aired",
                output="null",
                simulated=True,
            )
        )
    assert put_back_simulated(missed.commune, NOW) == 1
    with missed.commune.read() as session:
        assert {play.status for play in session.scalars(select(Play))} == {"pinned"}
        assert session.scalars(select(Episode)).first() is not None
