"""The feed: tokens, ranges, resume, urgent first, and the same checks as for a stick."""

import asyncio
import contextlib
import hashlib
import json
import socket
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from audio.models import EpisodeAudio
from audio.packages.manifest import read_manifest
from audio.packages.signature import to_text
from content.episodes import item_episode
from content.items import add_item
from content.models import Episode
from content.station import Station
from scheduler.exchange import communes, feed_line, trust
from scheduler.exchange.communes import Commune
from scheduler.exchange.errors import FeedError, FeedTlsError, FeedTokenError, NotReadyError
from scheduler.exchange.export import export_package
from scheduler.exchange.feed_client import LONGEST_PAUSE_S, FeedClient, pause_s
from scheduler.exchange.feed_pull import Pulled, by_first_airing, pull
from scheduler.exchange.feed_serve import feed_folder, publish, send_urgent
from scheduler.exchange.logbook import report_of
from scheduler.exchange.receive import receive_package
from scheduler.exchange.reconcile import tally
from scheduler.models import AsRun, Play
from scheduler.stations import CommuneStation, ReceivedPackage, StationReport
from tests.scheduler.a_centre import FROM, NOW, UNTIL, add_play, add_sound, noise, plan_month
from tests.scheduler.a_feed import BrokenLine, serving

PATIENCE_S = 60
"""For a machine that is busy with other things: only a connection that is never answered takes so long."""
HALF_A_HEAD = "GET /v1/packages HTTP/1.1\r\nHost: x\r\nX-a: "


class Net:
    """A centre with a published feed and one commune that trusts it."""

    def __init__(self, centre: Station, commune: Station, url: str, token: str, row: CommuneStation) -> None:
        self.centre, self.commune, self.url, self.token, self.row = centre, commune, url, token, row
        self.paused: list[float] = []

    def client(self, url: str | None = None, token: str | None = None, **settings: object) -> FeedClient:
        return FeedClient(url or self.url, token or self.token, sleep=self.paused.append, **settings)  # type: ignore[arg-type]

    def pull(self, **settings: object) -> Pulled:
        return pull(self.commune, self.client(**settings), now=NOW)  # type: ignore[arg-type]

    def get(self, path: str, token: str | None = None, **headers: str) -> requests.Response:
        told = {"Authorization": f"Bearer {token or self.token}"} | {
            k.replace("_", "-"): v for k, v in headers.items()
        }
        return requests.get(self.url + path, headers=told, timeout=PATIENCE_S)


@pytest.fixture
def net(new_station: Callable[..., Station]) -> Iterator[Net]:
    centre, commune = new_station("centre"), new_station("commune")
    plan_month(centre, sound=lambda name: noise(name, 40_000))
    with centre.decide() as session:
        key = to_text(communes.signing_key(commune, NOW).public)
        row = communes.add(session, name="Trung Hạ", code="trung-ha", now=NOW, public_key=key)
        token = communes.new_token(row)
    made = publish(centre, FROM, UNTIL, now=NOW)
    with commune.decide() as session:
        trust.trust(session, made[0].fingerprint, name=None, now=NOW)
    with serving(centre, feed_folder(centre)) as url:
        yield Net(centre, commune, url, token, row)


def test_a_station_pulls_its_package_and_its_word_comes_back(net: Net) -> None:
    pulled = net.pull()
    assert [one.added for one in pulled.received] == [12]
    assert pulled.bytes_fetched == 3 * 40_000
    assert pulled.local_until is not None
    assert pulled.local_until.isoformat() == "2026-12-24"
    with net.commune.read() as session:
        play = session.scalars(select(Play).order_by(Play.starts_at)).first()
    assert play is not None
    with net.commune.decide() as session:
        session.add(
            AsRun(
                key="k", play_id=play.id, kind="play", title="x", zones=[], planned_at=play.starts_at,
                started_at=play.starts_at, ended_at=play.starts_at, heard_ms=1, outcome="aired", output="main",
                simulated=False,
            )
        )  # fmt: skip
    again = pull(net.commune, net.client(), now=play.starts_at + timedelta(days=1))
    assert again.received == []
    assert again.bytes_fetched == 0
    assert again.log_sent
    report = report_of(net.centre, net.row, FROM, UNTIL, now=play.starts_at + timedelta(days=1))
    assert tally(report)["aired"] == 1


def test_the_feed_gives_the_very_manifest_that_stands_in_the_folder(net: Net) -> None:
    folder = feed_folder(net.centre) / "plan" / "trung-ha"
    reply = net.get("/v1/manifest/plan")
    assert reply.content == (folder / "station.json").read_bytes() + (folder / "manifest.json").read_bytes()
    assert reply.headers["Loa-Signature"] == to_text((folder / "manifest.json.sig").read_bytes())


def test_a_manifest_kept_in_memory_is_never_given_for_another(net: Net) -> None:
    plan = feed_folder(net.centre) / "plan" / "trung-ha"
    read = Path.read_bytes
    seen = net.get("/v1/manifest/plan").content
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "read_bytes", lambda path: read(path) if path.name != "manifest.json" else b"")
        assert net.get("/v1/manifest/plan").content == seen  # not read again
    shared = (plan / "manifest.json").read_bytes()
    (plan / "manifest.json").write_bytes(shared.replace(b"Chuy", b"Quay"))
    assert net.get("/v1/manifest/plan").status_code == 503  # not what was signed
    (plan / "manifest.json").write_bytes(shared)
    assert net.get("/v1/manifest/plan").content == seen
    with net.centre.decide() as session:
        session.scalars(select(Play).order_by(Play.starts_at.desc())).first().status = "cancelled"  # type: ignore[union-attr]
    publish(net.centre, FROM, UNTIL, now=NOW + timedelta(minutes=5))
    newer = net.get("/v1/manifest/plan")
    assert newer.content == (plan / "station.json").read_bytes() + (plan / "manifest.json").read_bytes()
    assert newer.content != seen
    assert newer.headers["Loa-Signature"] == to_text((plan / "manifest.json.sig").read_bytes())


def test_what_did_not_change_is_not_sent_again(net: Net) -> None:
    sound = read_manifest(net.get("/v1/manifest/plan").content).audio[0].sha256
    for path in ("/v1/packages", "/v1/manifest/plan", f"/v1/file/{sound}"):
        tag = net.get(path).headers["ETag"]
        again = net.get(path, If_None_Match=tag)
        assert (again.status_code, again.content) == (304, b"")


def test_a_wrong_token_learns_nothing(net: Net) -> None:
    sound = read_manifest(net.get("/v1/manifest/plan").content).audio[0].sha256
    replies = [
        requests.request(method, net.url + path, headers=headers, timeout=PATIENCE_S)
        for method, path in [
            ("GET", "/v1/packages"), ("GET", "/v1/manifest/plan"), ("GET", f"/v1/file/{sound}"),
            ("GET", "/v1/file/" + "0" * 64), ("GET", "/nothing/here"), ("POST", "/v1/log"), ("DELETE", "/v1/packages"),
        ]
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {net.token}"})
    ]  # fmt: skip
    seen = {
        (
            reply.status_code,
            reply.content,
            tuple(sorted((k, v) for k, v in reply.headers.items() if k != "date")),
        )
        for reply in replies
    }
    assert len(seen) == 1
    assert replies[0].status_code == 401
    with pytest.raises(FeedTokenError):
        net.pull(token="wrong")


def test_a_token_opens_only_its_own_stations_files(net: Net) -> None:
    with net.centre.decide() as session:
        other = communes.add(session, name="Khác", code="khac", now=NOW, zones=["nowhere"])
        token = communes.new_token(other)
    sound = read_manifest(net.get("/v1/manifest/plan").content).audio[0].sha256
    assert _until_known(net, token).status_code == 200
    assert net.get(f"/v1/file/{sound}", token).status_code == 404
    assert net.get("/v1/packages", token).json() == []


def _until_known(net: Net, token: str) -> requests.Response:
    """The tokens are read again every few seconds."""
    until = time.monotonic() + PATIENCE_S
    while (reply := net.get("/v1/packages", token)).status_code != 200 and time.monotonic() < until:
        time.sleep(0.1)
    return reply


def test_ranges_give_exactly_the_bytes_asked_for(net: Net) -> None:
    entry = read_manifest(net.get("/v1/manifest/plan").content).audio[0]
    path = f"/v1/file/{entry.sha256}"
    whole = net.get(path).content
    assert len(whole) == entry.size
    for asked, wanted in [
        ("bytes=0-9", whole[:10]), ("bytes=100-", whole[100:]), ("bytes=-7", whole[-7:]),
        ("bytes=5-999999", whole[5:]),
    ]:  # fmt: skip
        reply = net.get(path, Range=asked)
        assert (reply.status_code, reply.content) == (206, wanted)
    for beyond in (f"bytes={entry.size}-", "bytes=-0"):
        assert net.get(path, Range=beyond).status_code == 416
    assert net.get(path, Range="bytes=9-", If_Range='"other"').content == whole
    for no_range in ("lines=1-2", "bytes=9-5", "bytes=-", f"bytes={'9' * 5000}-"):
        assert net.get(path, Range=no_range).content == whole


def test_a_line_that_keeps_breaking_still_brings_every_byte_and_no_byte_twice_over(net: Net) -> None:
    line = BrokenLine(net.url, cuts=12)
    try:
        pulled = net.pull(url=line.url, tries=20)
    finally:
        line.close()
    assert line.made > 3
    assert net.paused
    assert pulled.received[0].sounds_added == 3
    assert pulled.bytes_fetched < 3 * 40_000 * 1.5
    with net.commune.read() as session:
        for sha256 in session.scalars(select(EpisodeAudio.sha256)):
            assert net.commune.media.find(sha256, ".mp3", verify=True)


def test_what_arrived_before_the_line_was_given_up_is_not_fetched_again(net: Net) -> None:
    line = BrokenLine(net.url, cuts=10_000, share=0.7, seed=3)
    fetched = 0
    for _round in range(40):
        client = net.client(url=line.url, tries=2)
        try:
            pull(net.commune, client, now=NOW)
            break
        except FeedError:
            continue
        finally:
            fetched += client.fetched
    line.close()
    with net.commune.read() as session:
        assert session.scalars(select(Play)).first() is not None
    assert fetched < 2 * 3 * 40_000


def test_a_station_of_two_centres_reports_to_each_through_its_own_feed(
    net: Net, new_station: Callable[..., Station], tmp_path: Path
) -> None:
    district = new_station("district")
    plan_month(district, programmes=1)
    other = export_package(district, Commune(code="ha", name="Hạ"), FROM, UNTIL, tmp_path / "stick", now=NOW)
    with net.commune.decide() as session:
        trust.trust(session, other.fingerprint, name=None, now=NOW)
    receive_package(net.commune, other.path, now=NOW)
    pulled = net.pull()
    assert (pulled.log_sent, pulled.log_problem) == (True, None)
    assert net.pull().log_sent
    with net.centre.read() as session:
        assert session.scalars(select(StationReport.station_id)).all() == [net.row.id]


def test_urgent_bulletins_come_before_bulk_and_air_at_once(net: Net) -> None:
    with net.centre.read() as session:
        episode_id = session.scalars(select(Play.episode_id)).first()
    assert episode_id is not None
    add_play(net.centre, episode_id, NOW - timedelta(minutes=3), 60_000, status="emergency", timing="hard")
    made = publish(net.centre, FROM, UNTIL, now=NOW)
    assert made[0].kind == "urgent"
    assert [row["lane"] for row in net.get("/v1/packages").json()] == ["urgent", "plan"]
    pulled = net.pull()
    assert [one.kind for one in pulled.received] == ["urgent", "full"]
    with net.commune.read() as session:
        urgent = session.scalars(select(Play).where(Play.status == "emergency")).one()
    assert urgent.starts_at == NOW
    add_play(net.centre, episode_id, NOW + timedelta(minutes=1), 60_000, status="emergency", timing="hard")
    publish(net.centre, FROM, UNTIL, now=NOW + timedelta(minutes=2))
    assert [one.kind for one in net.pull().received] == ["urgent"]


def test_the_nearest_airing_is_fetched_first(net: Net) -> None:
    manifest = read_manifest(net.get("/v1/manifest/plan").content)
    first = {}
    for play in manifest.plays:
        first.setdefault(play.audio_sha256, play.starts_at)
    times = [first[entry.sha256] for entry in by_first_airing(manifest)]
    assert times == sorted(times)


def test_a_client_that_reads_nothing_blocks_nobody(net: Net) -> None:
    entry = read_manifest(net.get("/v1/manifest/plan").content).audio[0]
    stalled = []
    for _n in range(30):
        slow = socket.create_connection(("127.0.0.1", int(net.url.rpartition(":")[2])))
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        slow.sendall(
            f"GET /v1/file/{entry.sha256} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {net.token}\r\n\r\n".encode()
        )
        stalled.append(slow)
    assert net.get("/v1/packages").status_code == 200
    assert net.pull().received
    for slow in stalled:
        slow.close()


@pytest.mark.parametrize(("good_before", "begun"), [(False, ""), (False, HALF_A_HEAD), (True, HALF_A_HEAD)])
def test_whoever_opens_a_connection_and_asks_nothing_is_put_out(
    net: Net, begun: str, good_before: bool
) -> None:
    address = ("127.0.0.1", int(net.url.rpartition(":")[2]))
    with pytest.MonkeyPatch.context() as patch:
        if not good_before:
            patch.setattr(feed_line, "HEAD_WITHIN_S", 0.2)
        with socket.create_connection(address, timeout=PATIENCE_S) as idle:
            if good_before:
                idle.sendall(
                    f"GET /v1/packages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {net.token}\r\n\r\n".encode()
                )
                assert idle.recv(65536).startswith(b"HTTP/1.1 200")
                patch.setattr(feed_line, "HEAD_WITHIN_S", 0.2)
            with contextlib.suppress(ConnectionError):  # put out before the half of a head was on its way
                idle.sendall(begun.encode())
                while idle.recv(4096):  # a timeout of the socket here says that it was left open
                    pass
    assert net.get("/v1/packages").status_code == 200


def test_one_who_asked_in_time_is_given_all_the_time_to_take_the_answer(
    net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[asyncio.TimerHandle | None] = []
    wait = feed_line.PromptProtocol._wait

    def noted(protocol: feed_line.PromptProtocol) -> None:
        wait(protocol)
        waits.append(protocol._waiting)

    monkeypatch.setattr(feed_line.PromptProtocol, "_wait", noted)
    entry = read_manifest(net.get("/v1/manifest/plan").content).audio[0]
    with requests.Session() as line:
        line.headers["Authorization"] = f"Bearer {net.token}"
        for _n in range(3):
            reply = line.get(f"{net.url}/v1/file/{entry.sha256}", timeout=PATIENCE_S)
            assert hashlib.sha256(reply.content).hexdigest() == entry.sha256
            assert waits
            assert all(handle is not None and handle.cancelled() for handle in waits)


def test_a_feed_whose_signer_is_not_trusted_is_refused_and_nothing_is_fetched(net: Net) -> None:
    with net.commune.decide() as session:
        trust.distrust(session, trust.trusted(session)[0].fingerprint, now=NOW)
    pulled = net.pull()
    assert pulled.received == []
    assert "not trusted" in str(pulled.refused[0])
    assert pulled.bytes_fetched == 0


def test_a_damaged_file_in_the_feed_is_never_taken_in(net: Net) -> None:
    sound = next((feed_folder(net.centre) / "plan" / "trung-ha" / "audio").iterdir())
    content = bytearray(sound.read_bytes())
    content[1000] ^= 1
    sound.write_bytes(content)
    with pytest.raises(FeedError):
        net.pull(tries=2)
    with net.commune.read() as session:
        assert session.scalars(select(Play)).first() is None


def test_a_log_that_the_centre_refuses_is_answered_with_the_reason(net: Net) -> None:
    reply = requests.post(
        f"{net.url}/v1/log",
        data=b"{}",
        headers={"Authorization": f"Bearer {net.token}"},
        timeout=PATIENCE_S,
    )
    assert reply.status_code == 422
    assert "refused" in json.loads(reply.content)


def test_a_station_whose_key_the_centre_does_not_know_is_told_so(net: Net) -> None:
    with net.centre.decide() as session:
        session.get_one(CommuneStation, net.row.id).public_key = None
    pulled = net.pull()
    assert pulled.received
    assert not pulled.log_sent
    assert "is not known by the key" in str(pulled.log_problem)


def test_an_open_address_without_encryption_is_refused() -> None:
    with pytest.raises(FeedTlsError):
        FeedClient("http://centre.example:8470", "token")
    FeedClient("http://centre.example:8470", "token", insecure=True)


@given(attempt=st.integers(1, 10_000), chance=st.floats(0, 1))
def test_pauses_grow_and_end_at_five_minutes(attempt: int, chance: float) -> None:
    assert 0.5 <= pause_s(attempt, chance) <= LONGEST_PAUSE_S
    assert pause_s(attempt + 1, 0.0) >= pause_s(attempt, 0.0)


def test_nothing_of_a_pull_is_left_behind(net: Net) -> None:
    net.pull()
    inbox = net.commune.folder / "feed" / "inbox"
    assert [path.name for path in inbox.iterdir()] == []
    assert not list(Path(net.commune.media.folder).glob(".incoming*"))


def test_a_package_that_would_be_refused_is_not_fetched_first(net: Net) -> None:
    net.pull()
    with net.centre.decide() as session:
        session.query(Play).first().starts_at += timedelta(minutes=1)
    later = NOW + timedelta(hours=1)
    publish(net.centre, FROM, UNTIL, now=later)
    assert net.pull().received[0].moved == 1
    with net.commune.decide() as session:
        session.query(ReceivedPackage).order_by(ReceivedPackage.id.desc()).first().revision += 10**6
        session.query(Play).first()
    with net.centre.decide() as session:
        session.query(Play).first().starts_at += timedelta(minutes=1)
    publish(net.centre, FROM, UNTIL, now=later)
    pulled = net.pull()
    assert "was received already" in str(pulled.refused[0])
    assert pulled.bytes_fetched == 0


def test_plays_that_a_wrong_clock_took_for_too_late_come_back_with_the_next_round(net: Net) -> None:
    wrong = NOW.replace(year=2031)
    assert pull(net.commune, net.client(), now=wrong).received[0].too_late == 12
    assert pull(net.commune, net.client(), now=wrong).revived == 0
    assert net.pull().revived == 12
    assert net.pull().revived == 0
    with net.commune.read() as session:
        assert len(session.scalars(select(Play).where(Play.status == "pinned")).all()) == 12


def test_a_sender_who_is_trusted_no_more_gets_no_play_back(net: Net) -> None:
    assert pull(net.commune, net.client(), now=NOW.replace(year=2031)).received
    with net.commune.decide() as session:
        trust.distrust(session, trust.trusted(session)[0].fingerprint, now=NOW)
    assert net.pull().revived == 0


def test_sounds_that_are_here_are_not_fetched_again(net: Net) -> None:
    net.pull()
    with net.centre.decide() as session:
        session.query(Play).first().starts_at += timedelta(minutes=1)
    publish(net.centre, FROM, UNTIL, now=NOW + timedelta(hours=1))
    pulled = net.pull()
    assert pulled.received[0].moved == 1
    assert pulled.bytes_fetched == 0


def test_an_item_sent_as_urgent_reaches_a_station_ahead_of_the_plan_and_unapproved_ones_do_not(
    net: Net,
) -> None:
    with net.centre.decide() as session:
        item = add_item(session, title="Lũ về", text="Bà con ven suối di dời ngay.", now=NOW)
        episode = item_episode(session, item, NOW)
        session.flush()
        item_id, episode_id = item.id, episode.id
    with pytest.raises(NotReadyError, match="loa render"):
        send_urgent(net.centre, item_id, now=NOW)
    add_sound(net.centre, episode_id, noise("alarm"), 30_000, net.centre.folder / "scratch")
    with net.centre.decide() as session:
        session.query(EpisodeAudio).filter_by(episode_id=episode_id).one().consent_by = None
    with pytest.raises(NotReadyError):
        send_urgent(net.centre, item_id, now=NOW)
    with net.centre.decide() as session:
        session.query(EpisodeAudio).filter_by(episode_id=episode_id).one().consent_by = "Chủ tịch"
    assert [one.kind for one in send_urgent(net.centre, item_id, now=NOW)] == ["urgent"]
    pulled = net.pull()
    assert [one.kind for one in pulled.received] == ["urgent", "full"]
    with net.commune.read() as session:
        play = session.scalars(select(Play).where(Play.status == "emergency")).one()
        assert session.get_one(Episode, play.episode_id).title == "Lũ về"
