"""The station's side of the feed on a thin line and a small disk: what is urgent overtakes, nothing is sent for nothing."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from content.station import Station
from scheduler.exchange import feed_pull
from scheduler.exchange.errors import FeedError, FeedTlsError, StationWrongError
from scheduler.exchange.feed_client import FeedClient
from scheduler.exchange.feed_pull import local_until, pull
from scheduler.exchange.feed_serve import publish, send_urgent
from scheduler.models import AsRun, Play
from scheduler.stations import StationReport
from tests.scheduler.a_centre import FROM, NOW, UNTIL, add_play
from tests.scheduler.test_feed import Net, net  # noqa: F401 - a fixture


class ThinLine(FeedClient):
    """A line on which something happens after so many bytes."""

    def __init__(self, url: str, token: str, after: int, then: Callable[[], object]) -> None:
        super().__init__(url, token, sleep=lambda _s: None)
        self.after, self.then = after, then
        self.order: list[str] = []

    def manifest(self, lane: str) -> tuple[bytes, bytes]:
        self.order.append(f"manifest {lane}")
        return super().manifest(lane)

    def fetch(self, sha256: str, *facts: object, **settings: object) -> None:
        super().fetch(sha256, *facts, **settings)  # type: ignore[arg-type]
        self.order.append("sound")
        if len(self.order) == self.after:
            self.then()


@pytest.fixture
def alarm(net: Net) -> Callable[[], object]:  # noqa: F811
    """Sends an urgent bulletin from the centre."""

    def send() -> None:
        with net.centre.read() as session:
            episode_id = session.scalars(select(Play.episode_id)).first()
        assert episode_id is not None
        add_play(net.centre, episode_id, NOW, 60_000, status="emergency", timing="hard")
        publish(net.centre, FROM, UNTIL, now=NOW)

    return send


def test_an_urgent_bulletin_overtakes_the_bulk_that_is_being_fetched(
    net: Net,  # noqa: F811
    alarm: Callable[[], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feed_pull, "LOOK_EVERY_S", 0.0)
    line = ThinLine(net.url, net.token, after=2, then=alarm)
    pulled = pull(net.commune, line, now=NOW)
    assert [one.kind for one in pulled.received] == ["urgent", "full"]
    assert line.order[:2] == ["manifest plan", "sound"]
    assert line.order.index("manifest urgent") < len(line.order) - 1 - line.order[::-1].index("sound")
    with net.commune.read() as session:
        assert session.scalars(select(Play).where(Play.status == "emergency")).one()
        assert len(session.scalars(select(Play).where(Play.status == "pinned")).all()) == 12


def test_a_look_for_urgent_bulletins_that_fails_costs_the_bulk_nothing(
    net: Net,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feed_pull, "LOOK_EVERY_S", 0.0)
    line = ThinLine(net.url, net.token, after=-1, then=lambda: None)
    once = line.packages()

    def broken() -> object:
        raise FeedError(url=net.url, reason="-")

    monkeypatch.setattr(line, "packages", lambda: broken() if line.order else once)
    assert [one.added for one in pull(net.commune, line, now=NOW).received] == [12]


def test_a_log_that_says_nothing_new_is_not_sent_again(net: Net) -> None:  # noqa: F811
    net.pull()
    for minutes in (5, 10):
        again = pull(net.commune, net.client(), now=NOW + timedelta(minutes=minutes))
        assert (again.log_sent, again.log_problem) == (True, None)
    with net.centre.read() as session:
        assert len(session.scalars(select(StationReport)).all()) == 1
    with net.commune.decide() as session:
        play = session.scalars(select(Play).order_by(Play.starts_at)).first()
        assert play is not None
        at = play.starts_at
        session.add(
            AsRun(
                key="k", play_id=play.id, kind="play", title="x", zones=[], planned_at=at, started_at=at, ended_at=at,
                heard_ms=1, outcome="aired", output="main", simulated=False,
            )
        )  # fmt: skip
    pull(net.commune, net.client(), now=at + timedelta(minutes=5))
    with net.centre.read() as session:
        assert len(session.scalars(select(StationReport)).all()) == 2


def test_a_log_that_the_centre_did_not_take_is_sent_again(net: Net) -> None:  # noqa: F811
    with net.centre.decide() as session:
        session.merge(net.row).public_key = None
    assert net.pull().log_problem is not None
    assert net.pull().log_problem is not None
    from audio.packages.signature import to_text
    from scheduler.exchange.communes import signing_key

    with net.centre.decide() as session:
        session.merge(net.row).public_key = to_text(signing_key(net.commune, NOW).public)
    assert net.pull().log_problem is None
    with net.centre.read() as session:
        assert len(session.scalars(select(StationReport)).all()) == 1


def test_what_has_no_room_is_not_begun_and_leaves_the_room_that_there_is(
    net: Net,  # noqa: F811
    alarm: Callable[[], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        free = 2**24 + 2 * 3 * 40_000 - 1
        patch.setattr(feed_pull.shutil, "disk_usage", lambda _path: SimpleNamespace(free=free))
        pulled = net.pull()
        assert "MB" in str(pulled.refused[0])
        assert pulled.bytes_fetched == 0
        alarm()
        assert [one.kind for one in net.pull().received] == ["urgent"]
    assert [one.kind for one in net.pull().received] == ["full"]


def test_a_day_on_which_one_sound_is_missing_is_not_called_whole(net: Net) -> None:  # noqa: F811
    net.pull()
    with net.commune.decide() as session:
        first, second, *_rest = session.scalars(select(Play).order_by(Play.starts_at))
        second.starts_at = first.starts_at + timedelta(hours=1)
        sha256 = second.audio_sha256
    assert sha256
    path = net.commune.media.path_of(sha256, ".mp3")
    path.unlink()
    assert local_until(net.commune, NOW) is None


@pytest.mark.parametrize("url", ["http://[", "https://[::1", "", "centre:8470"])
def test_an_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(FeedTlsError):
        FeedClient(url, "t")


def test_an_urgent_bulletin_for_a_zone_that_there_is_not_is_refused(
    new_station: Callable[..., Station],
) -> None:
    from content.items import add_item
    from scheduler.exchange import communes

    centre = new_station("centre")
    with centre.decide() as session:
        communes.add(session, name="Trung Hạ", code="trung-ha", now=NOW)
        item = add_item(session, title="Lũ về", text="Bà con ven suối di dời ngay.", now=NOW)
        session.flush()
        item_id = item.id
    with pytest.raises(StationWrongError, match="ban-lnag"):
        send_urgent(centre, item_id, now=NOW, zones=["ban-lnag"])
    with centre.read() as session:
        assert session.scalars(select(Play)).all() == []


def test_what_became_too_late_while_it_was_fetched_is_not_planned(
    net: Net,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = SimpleNamespace(now_s=0.0)
    monkeypatch.setattr(feed_pull, "time", SimpleNamespace(monotonic=lambda: clock.now_s))

    def ten_days_pass() -> None:
        clock.now_s += 10 * 86_400

    line = ThinLine(net.url, net.token, after=3, then=ten_days_pass)
    taken = pull(net.commune, line, now=NOW).received[0]
    assert (taken.too_late, taken.added) == (2, 10)
