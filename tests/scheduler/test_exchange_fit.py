"""Airings laid into a station's own sessions: inside them, never overlapping, none lost."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.station import Station
from scheduler.exchange import communes
from scheduler.exchange.communes import read_sessions
from scheduler.exchange.errors import StationWrongError
from scheduler.exchange.fit import StationSession, fit, for_zones
from scheduler.exchange.gather import Airing

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
CHANGEOVER = timedelta(seconds=5)


def airing(
    n: int, at: datetime, minutes: int = 5, sound: int | None = None, zones: tuple[str, ...] = ()
) -> Airing:
    return Airing(
        play_id=n, kind="first", title=f"Tin {n}", starts_at=at, length_ms=minutes * 60_000, zones=zones,
        audio_sha256=f"{n if sound is None else sound:064x}", bulletin_class="normal", timing="soft", make_good_for=None,
    )  # fmt: skip


airings = st.lists(
    st.tuples(st.integers(1, 28), st.integers(5, 21), st.integers(1, 20), st.integers(0, 5)), max_size=25
).map(
    lambda rows: [
        airing(n, datetime(2026, 12, day, hour, 0, tzinfo=ZONE), minutes, sound)
        for n, (day, hour, minutes, sound) in enumerate(rows)
    ]
)
sessions = st.lists(
    st.tuples(st.integers(5, 20), st.integers(5, 55), st.sets(st.integers(1, 7), min_size=1)),
    max_size=3, unique_by=lambda row: row[0],
).map(
    lambda rows: [
        StationSession(start=time(hour, 0), end=time(hour, minutes), weekdays=tuple(sorted(days)))
        for hour, minutes, days in rows
    ]
)  # fmt: skip


DECEMBER_ENDS = date(2026, 12, 31)


@given(airings, sessions, st.sampled_from([date(2026, 12, 28), DECEMBER_ENDS, date(2027, 1, 31)]))
def test_every_airing_is_inside_a_session_overlaps_none_and_none_is_lost(
    wanted: list[Airing], station: list[StationSession], until_on: date
) -> None:
    fitted = fit(wanted, station, ZONE, until_on=until_on, changeover=CHANGEOVER)
    assert all(one.airing.starts_at.date() <= min(until_on, DECEMBER_ENDS) for one in fitted.placed)
    assert len(fitted.placed) + len(fitted.unplaced) == len(wanted)
    if not station:
        assert [one.airing.starts_at for one in fitted.placed] == sorted(one.starts_at for one in wanted)
        return
    last = None
    heard = set()
    for one in fitted.placed:
        start = one.airing.starts_at
        end = start + timedelta(milliseconds=one.airing.length_ms)
        inside = [s for s in station if s.label == one.session]
        assert start.isoweekday() in inside[0].weekdays
        assert inside[0].start <= start.time()
        assert end.time() <= inside[0].end
        assert last is None or start >= last
        last = end
        key = (start.date(), one.session, one.airing.audio_sha256)
        assert key not in heard
        heard.add(key)
    days = {one.play_id: one.starts_at for one in wanted}
    assert all(one.airing.starts_at.date() >= days[one.airing.play_id].date() for one in fitted.placed)


def test_the_session_nearest_to_the_centres_hour_is_taken() -> None:
    station = [StationSession(start=time(5), end=time(6)), StationSession(start=time(17), end=time(18))]
    fitted = fit(
        [airing(1, datetime(2026, 12, 1, 6, 30, tzinfo=ZONE)), airing(2, datetime(2026, 12, 1, 16, 0, tzinfo=ZONE))],
        station, ZONE, until_on=DECEMBER_ENDS, changeover=CHANGEOVER,
    )  # fmt: skip
    assert [one.session for one in fitted.placed] == ["05:00-06:00", "17:00-18:00"]


def test_a_station_in_another_zone_airs_at_its_own_hours() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    fitted = fit(
        [airing(1, datetime(2026, 12, 1, 6, 30, tzinfo=ZONE))],
        [],
        tokyo,
        until_on=DECEMBER_ENDS,
        changeover=CHANGEOVER,
    )
    assert fitted.placed[0].airing.starts_at.hour == 8


def test_only_airings_of_the_stations_zones_concern_it() -> None:
    at = datetime(2026, 12, 1, 6, 30, tzinfo=ZONE)
    kept = for_zones([airing(1, at), airing(2, at, zones=("a", "b")), airing(3, at, zones=("c",))], ["b"])
    assert [(one.play_id, one.zones) for one in kept] == [(1, ("b",)), (2, ("b",))]


@pytest.mark.parametrize(
    "texts",
    [
        ["6:00-6:30 T8"],
        ["6:00-6:30 T6-T2"],
        ["6:00-6:30 CN,"],
        ["7-8"],
        ["06:30-06:00"],
        ["25:00-26:00"],
        ["06:00-06:30 8"],
        ["06:00-07:00", "06:30-07:30 1"],
    ],
)
def test_sessions_that_cannot_be_are_refused(texts: list[str]) -> None:
    with pytest.raises(StationWrongError):
        read_sessions(texts)


def test_sessions_are_read_as_people_write_them() -> None:
    found = [StationSession.from_json(one) for one in read_sessions(["5:30-06:00", "17:00 - 17:20 1,2,3"])]
    assert found == [
        StationSession(start=time(5, 30), end=time(6)),
        StationSession(start=time(17), end=time(17, 20), weekdays=(1, 2, 3)),
    ]
    assert read_sessions(["-"]) == []
    weekend, week = (
        StationSession.from_json(one) for one in read_sessions(["5:30-6:00 T7, cn", "17:00-17:20 T2-T6"])
    )
    assert (weekend.weekdays, week.weekdays) == ((6, 7), (1, 2, 3, 4, 5))
    assert (weekend.words, week.label) == ("05:30-06:00 T7,CN", "17:00-17:20")


@pytest.mark.parametrize(
    ("name", "code"), [("", None), ("  ", None), ("a\nb\0", None), ("Xã", "con"), ("Xã", "Xa"), ("Xã", "a/b")]
)
def test_names_and_codes_that_no_station_can_have_are_refused(
    new_station: Callable[..., Station], name: str, code: str | None
) -> None:
    station = new_station()
    now = datetime(2026, 11, 22, tzinfo=ZONE)
    with station.decide() as session, pytest.raises(StationWrongError):
        communes.add(session, name=name, code=code, now=now)
    with station.decide() as session:
        row = communes.add(session, name="  Đài   Con ", code=None, now=now)
        assert (row.name, row.code) == ("Đài Con", "dai-con")
        assert communes.add(session, name="Con", code=None, now=now).code == "tram-con"
