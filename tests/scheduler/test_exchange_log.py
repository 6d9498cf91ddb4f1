"""Word back: signed logs, doubled and late ones, and reconciliation against what was asked for."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from audio.packages.signature import SigningKey, fingerprint, to_text
from content.station import Station
from scheduler.exchange import communes, trust
from scheduler.exchange.errors import LogProblem, LogRefusedError, NoCentreError
from scheduler.exchange.export import export_package
from scheduler.exchange.log_file import read_log, write_log
from scheduler.exchange.logbook import Imported, export_log, import_log, report_of
from scheduler.exchange.receive import receive_package
from scheduler.exchange.reconcile import STATES, Asked, Line, Told, reconcile, tally
from scheduler.models import AsRun, Play
from scheduler.stations import CommuneStation, StationAsRun
from tests.scheduler.a_centre import FROM, NOW, UNTIL, plan_month

JANUARY = datetime(2027, 1, 5, tzinfo=UTC)


class Exchange:
    """A centre and a commune that has its package."""

    def __init__(self, centre: Station, commune: Station, folder: Path) -> None:
        self.centre, self.commune = centre, commune
        key = communes.signing_key(commune, NOW).public
        with centre.decide() as session:
            self.row = communes.add(
                session, name="Trung Hạ", code="trung-ha", now=NOW, public_key=to_text(key)
            )
        self.commune_fingerprint = fingerprint(key)
        sent = export_package(centre, self.row, FROM, UNTIL, folder, now=NOW)
        with commune.decide() as session:
            trust.trust(session, sent.fingerprint, name=None, now=NOW)
        receive_package(commune, sent.path, now=NOW)
        with commune.read() as session:
            self.plays = list(session.scalars(select(Play).order_by(Play.starts_at)))

    def air(self, play: Play, outcome: str = "aired", **fields: object) -> None:
        heard = outcome in {"aired", "partial"}
        with self.commune.decide() as session:
            session.add(
                AsRun(
                    **{
                        "key": f"run-{play.id}-{outcome}", "play_id": play.id, "kind": "play", "title": "x", "zones": [],
                        "planned_at": play.starts_at, "started_at": play.starts_at if heard else None,
                        "ended_at": play.starts_at + timedelta(milliseconds=play.length_ms) if heard else None,
                        "heard_ms": play.length_ms if heard else 0, "outcome": outcome, "reason": None, "output": "main",
                        "simulated": False, **fields,
                    }
                )
            )  # fmt: skip

    def log(self, from_on: date = FROM, until_on: date = UNTIL, now: datetime = JANUARY) -> bytes:
        return export_log(self.commune, from_on, until_on, now=now)[1]

    def send(self, content: bytes, **settings: object) -> Imported:
        return import_log(self.centre, content, "log.json", now=JANUARY, **settings)  # type: ignore[arg-type]

    def report(self, now: datetime = JANUARY) -> list[Line]:
        return report_of(self.centre, self.row, FROM, UNTIL, now=now)


@pytest.fixture
def exchange(new_station: Callable[..., Station], tmp_path: Path) -> Exchange:
    centre = new_station("centre")
    plan_month(centre)
    return Exchange(centre, new_station("commune"), tmp_path / "out")


def test_what_aired_at_the_commune_stands_in_the_centres_report(exchange: Exchange) -> None:
    for play in exchange.plays[:6]:
        exchange.air(play)
    exchange.air(exchange.plays[6], "partial", heard_ms=5000)
    exchange.air(exchange.plays[7], "missed", reason="mất điện")
    assert exchange.send(exchange.log()).new == 8
    lines = exchange.report()
    assert tally(lines) == {
        "aired": 6, "partial": 1, "made-good": 0, "missed": 1, "not-reported": 4, "to-come": 0,
    }  # fmt: skip
    assert next(line for line in lines if line.state == "missed").reason == "mất điện"


def test_a_missed_play_and_its_make_good_are_one_made_good_airing(exchange: Exchange) -> None:
    missed = exchange.plays[0]
    exchange.air(missed, "missed")
    with exchange.commune.decide() as session:
        again = Play(
            episode_id=missed.episode_id, kind="replay", starts_at=missed.starts_at + timedelta(days=1),
            length_ms=missed.length_ms, zones=[], status="aired", timing="soft", make_good_for_id=missed.id,
            created_at=NOW,
        )  # fmt: skip
        session.add(again)
        session.flush()
    exchange.air(again)
    exchange.send(exchange.log())
    line = exchange.report()[0]
    assert line.state == "made-good"
    assert line.made_good_at == again.starts_at


def test_the_same_report_twice_and_an_old_one_after_a_new_one_harm_nothing(exchange: Exchange) -> None:
    exchange.air(exchange.plays[0], "missed", key="same")
    early = exchange.log(now=JANUARY - timedelta(days=1))
    with exchange.commune.decide() as session:
        row = session.scalars(select(AsRun)).one()
        row.outcome, row.heard_ms, row.started_at = "aired", 1000, row.planned_at
    late = exchange.log(now=JANUARY)
    assert exchange.send(late).new == 1
    assert exchange.send(late).known
    assert exchange.send(early).changed == 0
    with exchange.centre.read() as session:
        assert session.scalar(select(func.count()).select_from(StationAsRun)) == 1
    assert exchange.report()[0].state == "aired"


def test_overlapping_reports_count_each_airing_once(exchange: Exchange) -> None:
    for play in exchange.plays:
        exchange.air(play)
    exchange.send(exchange.log(until_on=date(2026, 12, 20), now=JANUARY))
    exchange.send(exchange.log(from_on=date(2026, 12, 10), now=JANUARY + timedelta(days=1)))
    assert tally(exchange.report())["aired"] == 12
    with exchange.centre.read() as session:
        assert session.scalar(select(func.count()).select_from(StationAsRun)) == 12


def test_the_log_is_the_receipt_for_the_package(exchange: Exchange) -> None:
    assert exchange.send(exchange.log()).receipts == 1
    assert exchange.send(exchange.log(now=JANUARY + timedelta(days=1))).receipts == 0


def test_a_package_that_came_late_is_told_as_missed_with_its_reason(
    new_station: Callable[..., Station], tmp_path: Path
) -> None:
    centre, commune = new_station("centre"), new_station("commune")
    plan_month(centre)
    with centre.decide() as session:
        row = communes.add(
            session,
            name="Xa",
            code="xa",
            now=NOW,
            public_key=to_text(communes.signing_key(commune, NOW).public),
        )
    sent = export_package(centre, row, FROM, UNTIL, tmp_path, now=NOW)
    with commune.decide() as session:
        trust.trust(session, sent.fingerprint, name=None, now=NOW)
    receive_package(commune, sent.path, now=datetime(2026, 12, 9, tzinfo=UTC))
    import_log(centre, export_log(commune, FROM, UNTIL, now=JANUARY)[1], "x", now=JANUARY)
    lines = report_of(centre, row, FROM, UNTIL, now=JANUARY)
    assert tally(lines)["missed"] == 5
    assert {line.reason for line in lines if line.state == "missed"} == {"the package came after its time"}


def test_an_unknown_key_is_refused_until_it_is_trusted(exchange: Exchange) -> None:
    with exchange.centre.decide() as session:
        session.get_one(CommuneStation, exchange.row.id).public_key = None
    with pytest.raises(LogRefusedError, match=exchange.commune_fingerprint):
        exchange.send(exchange.log())
    with pytest.raises(LogRefusedError):
        exchange.send(exchange.log(), trusted_fingerprint="0" * 32)
    assert not exchange.send(exchange.log(), trusted_fingerprint=exchange.commune_fingerprint).known
    assert not exchange.send(exchange.log(now=JANUARY + timedelta(days=1))).known


def test_a_report_to_another_centre_is_refused(
    exchange: Exchange, new_station: Callable[..., Station]
) -> None:
    with pytest.raises(LogRefusedError, match="another centre"):
        import_log(new_station("other"), exchange.log(), "log.json", now=JANUARY)


@given(data=st.data())
def test_no_altered_report_is_read(data: st.DataObject) -> None:
    content = bytearray(SIGNED)
    for _turn in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] ^= 1 << data.draw(st.integers(0, 7))
    try:
        log, key = read_log(bytes(content))
    except LogProblem:
        return
    assert (log, key) == read_log(SIGNED)


def test_a_station_that_never_received_anything_has_nobody_to_report_to(
    new_station: Callable[..., Station],
) -> None:
    with pytest.raises(NoCentreError):
        export_log(new_station("alone"), FROM, UNTIL, now=JANUARY)


def _signed() -> bytes:
    from scheduler.exchange.log_file import LogEntry, StationLog

    entry = LogEntry(
        key="k", play_id=1, make_good_for=None, kind="play", title="Tin", planned_at=NOW, started_at=NOW, ended_at=NOW,
        heard_ms=1, outcome="aired", reason=None, audio_sha256=None, simulated=False,
    )  # fmt: skip
    log = StationLog(
        code="xa",
        name="Xã",
        centre="c",
        from_on=FROM,
        until_on=UNTIL,
        made_at=NOW,
        receipts=[],
        entries=[entry],
    )
    return write_log(log, SigningKey.made_new())


SIGNED = _signed()


def test_a_report_reads_back_as_it_was_written() -> None:
    log, _key = read_log(SIGNED)
    assert log.entries[0].title == "Tin"
    assert json.loads(SIGNED)["schema"] == "loa-log/1"


plays = st.lists(st.integers(1, 8), unique=True, min_size=1).map(
    lambda ids: [Asked(play_id=n, title="t", starts_at=NOW + timedelta(hours=n)) for n in ids]
)
words = st.lists(
    st.builds(
        Told, play_id=st.none() | st.integers(1, 9), make_good_for=st.none() | st.integers(1, 9),
        outcome=st.sampled_from(["aired", "partial", "missed", "displaced"]), started_at=st.just(NOW),
        heard_ms=st.integers(0, 1000), reason=st.none(), simulated=st.booleans(),
    ),
    max_size=12,
)  # fmt: skip


@given(asked=plays, told=words)
def test_every_airing_ends_as_exactly_one_state_and_doubled_lines_change_no_state(
    asked: list[Asked], told: list[Told]
) -> None:
    now = NOW + timedelta(hours=4)
    lines = reconcile(asked, told, now)
    assert [line.play_id for line in lines] == sorted(one.play_id for one in asked)
    assert sum(tally(lines).values()) == len(asked)
    assert all(line.state in STATES for line in lines)
    doubled = reconcile([*asked, *asked], [*told, *told[::-1]], now)
    assert [(line.play_id, line.state) for line in doubled] == [(line.play_id, line.state) for line in lines]
    real = {
        play_id
        for one in told
        if not one.simulated
        for play_id in (one.play_id, one.make_good_for if one.outcome == "aired" else None)
    }
    heard = {
        one.play_id for one in told if one.outcome == "aired" and not (one.simulated and one.play_id in real)
    }
    assert {line.play_id for line in lines if line.state == "aired"} == heard & {one.play_id for one in asked}


def test_a_trial_run_says_nothing_of_an_airing_that_was_really_missed() -> None:
    asked = [Asked(play_id=1, title="t", starts_at=NOW)]

    def told(outcome: str, *, simulated: bool, good: bool = False) -> Told:
        return Told(
            play_id=None if good else 1, make_good_for=1 if good else None, outcome=outcome, started_at=NOW,
            heard_ms=1, reason=None, simulated=simulated,
        )  # fmt: skip

    trial, power_cut = told("aired", simulated=True), told("missed", simulated=False)
    later = NOW + timedelta(days=1)
    assert [(one.state, one.simulated) for one in reconcile(asked, [trial], later)] == [("aired", True)]
    for lines in ([trial, power_cut], [told("aired", simulated=True, good=True), power_cut]):
        assert [(one.state, one.simulated) for one in reconcile(asked, lines, later)] == [("missed", False)]
