"""The daemon on the real clock while things happen: bulletins, stop, relay loss, output loss, a lost database."""

import http.server
import json
import subprocess
import sys
import threading
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from broadcast import add_episode, add_play, as_run, noise, wav

from audio.outputs.null_output import NullOutput
from content.station import Station
from scheduler.daemon import requests
from scheduler.daemon.folder import AirFolder
from scheduler.daemon.requests import Request
from scheduler.daemon.run import open_for_air, run_station
from scheduler.daemon.station_daemon import StationDaemon
from scheduler.models import AsRun

NewStation = Callable[..., Station]
CONFIG = """
[station]
language = "en"
[output.main]
kind = "null"
[daemon]
silence_alarm_s = 1
watch_folder = "alerts"
"""


@contextmanager
def on_air(station: Station, **settings: object) -> Iterator[StationDaemon]:
    """The station on the real clock, in a thread, until the block ends."""
    got: list[StationDaemon] = []
    ready = threading.Event()

    def started(daemon: StationDaemon) -> None:
        got.append(daemon)
        ready.set()

    faults: list[BaseException] = []

    def work() -> None:
        try:
            run_station(station, started=started, **settings)  # type: ignore[arg-type]
        except BaseException as error:  # noqa: BLE001
            faults.append(error)
            ready.set()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert ready.wait(20)
        assert not faults, faults
        yield got[0]
    finally:
        if got:
            got[0].stop()
        thread.join(20)
    assert not faults, faults


def wait_for(check: Callable[[], object], seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)


def playing(daemon: StationDaemon, kind: str) -> bool:
    return any(piece.kind == kind for piece, _entry in list(daemon.desk.on_air.values()))


def by_kind(station: Station, kind: str) -> list[AsRun]:
    return [row for row in as_run(station) if row.kind == kind]


def order(station: Station, request: Request) -> dict[str, object]:
    folder = AirFolder.of(station).requests
    requests.leave(folder, request)
    reply = requests.wait_for_answer(folder, request.name, 5)
    assert reply is not None
    return reply


def pcm_file(folder: Path, seconds: float, name: str = "words") -> Path:
    path = folder / f"{name}.pcm"
    path.write_bytes(noise(seconds, 77).tobytes())
    return path


def test_a_bulletin_cuts_a_play_which_then_goes_on_where_it_was_cut(
    new_station: NewStation, tmp_path: Path
) -> None:
    station = new_station(config=CONFIG)
    episode = add_episode(station, tmp_path, seconds=6)
    play = add_play(station, episode, datetime.now(UTC) + timedelta(seconds=2), length_ms=6000)
    words = pcm_file(tmp_path, 0.5)
    with on_air(station) as daemon:
        wait_for(lambda: playing(daemon, "play"))
        time.sleep(1)
        reply = order(
            station,
            Request(what="interrupt", who="trực ban", why="nước lên", title="Lũ", sounds=(str(words),)),
        )
        assert reply["ok"]
        assert playing(daemon, "interrupt")
        assert not playing(daemon, "play")
        wait_for(lambda: playing(daemon, "play"))
        wait_for(lambda: daemon.desk.is_idle)
    first, bulletin, second = as_run(station)
    assert (first.outcome, bulletin.outcome, second.outcome) == ("partial", "aired", "aired")
    assert first.play_id == second.play_id == play
    assert first.heard_ms + second.heard_ms == pytest.approx(6000, abs=100)
    assert "cut by Lũ" in (first.reason or "")
    assert (bulletin.who, bulletin.reason, bulletin.title) == ("trực ban", "nước lên", "Lũ")
    assert bulletin.heard_ms > 820  # the chime comes first
    assert not words.exists()


def test_stop_silences_at_once_and_resume_goes_on(new_station: NewStation, tmp_path: Path) -> None:
    station = new_station(config=CONFIG)
    episode = add_episode(station, tmp_path, seconds=5)
    add_play(station, episode, datetime.now(UTC) + timedelta(seconds=2), length_ms=5000)
    with on_air(station) as daemon:
        wait_for(lambda: playing(daemon, "play"))
        assert order(station, Request(what="stop", who="trực ban", why="lễ tang"))["ok"]
        assert daemon.desk.is_idle
        assert AirFolder.of(station).stopped.exists()
        time.sleep(1.5)
        assert daemon.desk.is_idle
        assert order(station, Request(what="resume", who="trực ban"))["ok"]
        wait_for(lambda: playing(daemon, "play"))
        wait_for(lambda: daemon.desk.is_idle)
    rows = by_kind(station, "play")
    assert [row.outcome for row in rows] in (["partial", "aired"], ["displaced", "aired"])
    assert "trực ban: lễ tang" in (rows[0].reason or "")


def test_an_alert_put_into_the_watched_folder_is_aired_and_put_away(
    new_station: NewStation, tmp_path: Path
) -> None:
    from test_daemon_parts import ALERT

    station = new_station(config=CONFIG)
    folder = station.folder / "alerts"
    folder.mkdir()
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    with on_air(station) as daemon:
        (folder / "lu.xml").write_text(ALERT.replace("2026-12-01T18:00:00+07:00", later), "utf-8")
        (folder / "hong.xml").write_text("<alert/>", "utf-8")
        wait_for(lambda: playing(daemon, "interrupt"), 30)
        (piece, _entry) = next(iter(daemon.desk.on_air.values()))
        assert piece.title == "Cảnh báo lũ"
        assert piece.why is not None
        assert "LB-2026-114" in piece.why
    assert (folder / "done" / "lu.xml").exists()
    assert (folder / "refused" / "hong.xml.reason.txt").exists()


class Radio(http.server.ThreadingHTTPServer):
    """A stream server that can turn into silence, into a login page, or die."""

    daemon_threads = True

    def __init__(self) -> None:
        self.mode = "sound"
        super().__init__(("127.0.0.1", 0), Listener)


class Listener(http.server.BaseHTTPRequestHandler):
    server: Radio

    def do_GET(self) -> None:
        if self.server.mode == "portal":
            page = b"<html><body>Please log in</body></html>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)
            return
        if self.server.mode == "dead":
            self.send_error(503)
            return
        self.send_response(200)
        self.send_header("Content-Type", "audio/wav")
        self.end_headers()
        sound = noise(1, 5).tobytes()
        header = bytearray(wav(np.zeros(0, "<i2")))
        header[4:8] = header[40:44] = b"\xff\xff\xff\x7f"
        try:
            self.wfile.write(bytes(header))
            at = 0
            while self.server.mode in ("sound", "silence"):
                block = 4800
                piece = bytes(block) if self.server.mode == "silence" else sound[at : at + block]
                at = (at + block) % len(sound)
                self.wfile.write(piece)
                time.sleep(0.045)
        except OSError:
            return

    def log_message(self, *args: object) -> None:
        pass


@pytest.mark.parametrize("fault", ["dead", "portal", "silence"])
def test_when_a_relay_fails_filler_is_heard_within_three_seconds_and_the_relay_comes_back(
    new_station: NewStation, fault: str
) -> None:
    radio = Radio()
    threading.Thread(target=radio.serve_forever, daemon=True).start()
    now = datetime.now(UTC).astimezone()
    config = (
        CONFIG
        + f"""
[[relay]]
id = "vov"
name = "Đài tỉnh"
url = "http://127.0.0.1:{radio.server_address[1]}/live"
start = "00:00"
end = "23:59:59"
"""
    )
    if (now.astimezone(UTC) + timedelta(hours=7)).strftime("%H:%M") == "23:59":
        pytest.skip("a minute before midnight the block would end during the test")
    station = new_station(config=config)
    try:
        with on_air(station, output="file=tape") as daemon:
            wait_for(lambda: playing(daemon, "relay") and daemon.desk.deck.on)
            (airing,) = daemon.desk.deck.on.values()
            source = airing.source
            wait_for(lambda: airing.level_dbfs > -40, 20)
            time.sleep(1)
            radio.mode = fault
            begun = time.monotonic()
            wait_for(lambda: bool(source.gaps) and source.gaps[-1].ended_at is None, 6)  # type: ignore[attr-defined]
            waited_s = time.monotonic() - begun
            wait_for(lambda: airing.level_dbfs > -45, 3)
            radio.mode = "sound"
            wait_for(lambda: source.gaps[-1].ended_at is not None, 25)  # type: ignore[attr-defined]
            time.sleep(0.5)
    finally:
        radio.shutdown()
        radio.server_close()
    assert waited_s < 4.5  # the bar of 3 s is measured in benchmarks/playout.py; a busy machine is slower
    (relay,) = by_kind(station, "relay")
    fillers = by_kind(station, "filler")
    assert relay.outcome == "partial"
    assert "filler for" in (relay.reason or "")
    assert fillers
    assert all(row.outcome == "aired" for row in fillers)
    (tape,) = (station.folder / "tape").rglob("*.wav")
    with wave.open(str(tape)) as recording:
        recorded_ms = recording.getnframes() / 48
    assert relay.heard_ms + sum(row.heard_ms for row in fillers) == pytest.approx(recorded_ms, rel=0.01)


class Fragile(NullOutput):
    """An output that can be unplugged."""

    exclusive = True
    audible = True

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.taken = 0
        self.unplugged = False

    def start(self, label: str, at: datetime) -> "Fragile":
        return self

    def write(self, pcm: bytes) -> bool:
        if not self.unplugged:
            self.taken += len(pcm) // 2
        return not self.unplugged


def test_a_lost_output_is_stood_in_for_and_without_a_stand_in_the_log_says_partial(
    new_station: NewStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: dict[str, Fragile] = {}

    def outputs(config: object, folder: Path, *_settings: object) -> dict[str, Fragile]:
        made.update({name: Fragile(name) for name in ("main", "spare")})
        return made

    monkeypatch.setattr("scheduler.daemon.run.outputs_of", outputs)
    config = CONFIG.replace(
        'kind = "null"', 'kind = "null"\nfallback = "spare"\n[output.spare]\nkind = "null"'
    )
    station = new_station(config=config)
    episode = add_episode(station, tmp_path, seconds=4)
    begin = datetime.now(UTC) + timedelta(seconds=2)
    add_play(station, episode, begin, length_ms=4000)
    second = add_play(station, episode, begin + timedelta(seconds=6), length_ms=4000)
    with on_air(station) as daemon:
        wait_for(lambda: made["main"].taken > 48_000)
        made["main"].unplugged = True
        wait_for(lambda: made["spare"].taken > 48_000)
        wait_for(lambda: any(p.play_id == second for p, _entry in list(daemon.desk.on_air.values())), 30)
        time.sleep(0.5)
        made["spare"].unplugged = True
        time.sleep(1)
        made["main"].unplugged = False
        wait_for(lambda: daemon.desk.is_idle)
    whole, broken = by_kind(station, "play")
    assert whole.outcome == "aired"
    assert "main took nothing for" in (whole.reason or "")
    assert broken.outcome == "partial"
    assert 2000 < broken.heard_ms < 3900
    heard_frames = made["main"].taken + made["spare"].taken
    assert (whole.heard_ms + broken.heard_ms) * 48 == pytest.approx(heard_frames, rel=0.01)


def test_a_silent_sound_raises_an_alarm_and_filler_covers_the_rest(
    new_station: NewStation, tmp_path: Path
) -> None:
    alarm = tmp_path / "alarm.py"
    alarm.write_text("import sys; open(sys.argv[1], 'a', encoding='utf-8').write(sys.argv[2] + '\\n')")
    told = tmp_path / "told"
    command = json.dumps([sys.executable, str(alarm), str(told)])
    station = new_station(config=CONFIG + f"alarm_command = {command}\n")
    episode = add_episode(station, tmp_path, seconds=5)
    from sqlalchemy import select

    from audio.models import EpisodeAudio

    quiet = tmp_path / "quiet.wav"
    samples = np.concatenate([noise(1, 3), np.zeros(4 * 48_000, "<i2")])
    quiet.write_bytes(wav(samples))
    sha256 = station.media.add(quiet)
    with station.decide() as session:
        audio = session.scalars(select(EpisodeAudio).where(EpisodeAudio.episode_id == episode)).one()
        audio.sha256 = sha256
    add_play(station, episode, datetime.now(UTC) + timedelta(seconds=2), length_ms=5000)
    with on_air(station) as daemon:
        wait_for(lambda: playing(daemon, "filler"))
        wait_for(lambda: daemon.desk.is_idle)
        wait_for(told.exists)
    (play,) = by_kind(station, "play")
    (filler,) = by_kind(station, "filler")
    assert play.outcome == "partial"
    assert filler.heard_ms > 500
    assert "silence" in told.read_text("utf-8")


def test_the_station_plays_on_when_its_database_is_gone(new_station: NewStation, tmp_path: Path) -> None:
    station = new_station(config=CONFIG)
    episode = add_episode(station, tmp_path, seconds=1)
    begin = datetime.now(UTC) + timedelta(seconds=8)  # time enough for a slow computer to write the day down
    play = add_play(station, episode, begin, length_ms=1000)
    with on_air(station) as daemon:
        wait_for(lambda: bool(daemon.plays) and AirFolder.of(station).rundown(station.day_of(begin)).exists())
    station.close()
    for path in station.folder.glob("loa.sqlite3*"):
        path.write_bytes(b"this is no database any more " * 50)
    station = open_for_air(station.folder)
    with on_air(station) as daemon:
        wait_for(lambda: playing(daemon, "play"))
        wait_for(lambda: daemon.desk.is_idle)
        assert daemon.database_trouble
    from scheduler.daemon.journal import read

    entries = {entry.key: entry for entry in read(AirFolder.of(station).journal)}
    assert [(e.play_id, e.outcome) for e in entries.values()] == [(play, "aired")]


def test_now_shows_what_is_on_the_air_and_interrupt_speaks_through_the_command_line(
    new_station: NewStation, tmp_path: Path
) -> None:
    station = new_station(config=CONFIG)
    episode = add_episode(station, tmp_path, seconds=3)
    add_play(station, episode, datetime.now(UTC) + timedelta(hours=1))
    command = [sys.executable, "-m", "cli", "--config", str(station.folder)]
    off = subprocess.run([*command, "interrupt", "Alo"], capture_output=True, text=True, check=False)
    assert off.returncode == 1
    assert "not on the air" in off.stderr
    with on_air(station) as daemon:
        spoken = subprocess.run(
            [*command, "interrupt", "Nước sông đang lên, bà con chú ý.", "--as", "trực ban", "--reason", "lũ", "--repeat", "4"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert spoken.returncode == 0, spoken.stderr
        assert playing(daemon, "interrupt")
        wait_for(AirFolder.of(station).status.exists)
        time.sleep(1.2)
        shown = json.loads(
            subprocess.run([*command, "now", "--json"], capture_output=True, check=True).stdout
        )
        assert shown["running"]
        assert (
            shown["at"][10] == shown["on_air"][0]["started_at"][10] == "T"
        )  # as all other JSON of ours has it
        assert "Nước sông đang lên" in AirFolder.of(station).log.read_text("utf-8")
        assert [piece["kind"] for piece in shown["on_air"]] == ["interrupt"]
        assert shown["next"][0]["title"] == "Bản tin số 1"
        wait_for(AirFolder.of(station).metrics.exists)
        assert "loa_on_air 1" in AirFolder.of(station).metrics.read_text()
    (row,) = by_kind(station, "interrupt")
    assert (row.who, row.reason is not None and "lũ" in row.reason) == ("trực ban", True)
