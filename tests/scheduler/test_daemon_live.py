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
from typing import cast

import numpy as np
import pytest
from broadcast import add_episode, add_play, as_run, noise, wav

from audio.outputs.null_output import NullOutput
from content.station import Station
from scheduler.daemon import requests
from scheduler.daemon.folder import AirFolder
from scheduler.daemon.journal import Entry, read
from scheduler.daemon.relay import RelaySource
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
PATIENCE_S = 60.0
"""How long a busy machine may take for anything that should come about at once."""


@contextmanager
def on_air(
    station: Station, *, first: Callable[[StationDaemon], None] | None = None, **settings: object
) -> Iterator[StationDaemon]:
    """The station on the real clock, in a thread, until the block ends. `first` is called in the daemon's own thread."""
    got: list[StationDaemon] = []
    ready = threading.Event()

    def started(daemon: StationDaemon) -> None:
        if first is not None:
            first(daemon)
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
        assert ready.wait(PATIENCE_S)
        assert not faults, faults
        yield got[0]
    finally:
        if got:
            got[0].stop()
        thread.join(PATIENCE_S)
    assert not thread.is_alive(), "the daemon does not end"
    assert not faults, faults


def wait_for(check: Callable[[], object], seconds: float = PATIENCE_S) -> None:
    """Until it is so; how long that takes says how busy the machine is, no more."""
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)


def playing(daemon: StationDaemon, kind: str) -> bool:
    return any(piece.kind == kind for piece, _entry in list(daemon.desk.on_air.values()))


def by_kind(station: Station, kind: str) -> list[AsRun]:
    return [row for row in as_run(station) if row.kind == kind]


def order(station: Station, request: Request) -> dict[str, object]:
    requests.leave(AirFolder.of(station).requests, request)
    return answer_to(station, request)


def answer_to(station: Station, request: Request) -> dict[str, object]:
    reply = requests.wait_for_answer(AirFolder.of(station).requests, request.name, PATIENCE_S)
    assert reply is not None
    return reply


def at_its_begin(kind: str, act: Callable[[], None]) -> Callable[[StationDaemon], None]:
    """For `on_air`: does it in the daemon's own thread when the first piece of that kind begins, however busy all is."""

    def hook(daemon: StationDaemon) -> None:
        post, waiting = daemon.desk.post, [act]

        def posted(entry: Entry) -> None:
            post(entry)
            if entry.kind == kind and entry.is_open and waiting:
                waiting.pop()()

        daemon.desk.post = posted

    return hook


def aired(daemon: StationDaemon, count: int = 1) -> Callable[[], bool]:
    """For `wait_for`: so many airings were heard to their end. What is short may be over before anybody looks."""
    return lambda: daemon.tally.outcomes.get("aired", 0) >= count


def here_at(hour: int) -> str:
    """A time zone in which it is `hour` o'clock and some minutes now: no test meets midnight or a session unasked."""
    east = (hour - datetime.now(UTC).hour + 12) % 24 - 12
    return f"Etc/GMT{-east:+d}" if east else "Etc/GMT"


def put(folder: Path, name: str, text: str) -> None:
    """A file that appears whole, as one that is copied there is read only when it is."""
    scrap = folder / f".{name}.part"
    scrap.write_text(text, "utf-8")
    scrap.replace(folder / name)


def text_of(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""


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
    flood = Request(what="interrupt", who="trực ban", why="nước lên", title="Lũ", sounds=(str(words),))
    folder = AirFolder.of(station).requests
    with on_air(station, first=at_its_begin("play", lambda: requests.leave(folder, flood))) as daemon:
        assert answer_to(station, flood)["ok"]
        wait_for(aired(daemon, 2))
    first, bulletin, second = as_run(station)
    assert (first.outcome, bulletin.outcome, second.outcome) == ("partial", "aired", "aired")
    assert first.ended_at <= bulletin.started_at < bulletin.ended_at <= second.started_at
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
    silence = Request(what="stop", who="trực ban", why="lễ tang")
    folder = AirFolder.of(station).requests
    with on_air(station, first=at_its_begin("play", lambda: requests.leave(folder, silence))) as daemon:
        assert answer_to(station, silence)["ok"]
        assert daemon.desk.is_idle
        assert AirFolder.of(station).stopped.exists()
        time.sleep(1.5)
        assert daemon.desk.is_idle
        assert order(station, Request(what="resume", who="trực ban"))["ok"]
        wait_for(aired(daemon))
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
        put(folder, "lu.xml", ALERT.replace("2026-12-01T18:00:00+07:00", later))
        put(folder, "hong.xml", "<alert/>")
        wait_for((folder / "refused" / "hong.xml.reason.txt").exists)
        wait_for(lambda: playing(daemon, "interrupt") or aired(daemon)())
    (row,) = by_kind(station, "interrupt")
    assert row.title == "Cảnh báo lũ"
    assert "LB-2026-114" in (row.reason or "")
    assert (folder / "done" / "lu.xml").exists()


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
    config = (
        CONFIG.replace("[station]", f'[station]\ntimezone = "{here_at(12)}"')
        + f"""
[[relay]]
id = "vov"
name = "Đài tỉnh"
url = "http://127.0.0.1:{radio.server_address[1]}/live"
start = "00:00"
end = "23:59:59"
"""
    )
    station = new_station(config=config)
    try:
        with on_air(station, output="file=tape") as daemon:
            wait_for(lambda: playing(daemon, "relay") and daemon.desk.deck.on)
            (airing,) = daemon.desk.deck.on.values()
            source = airing.source
            wait_for(lambda: airing.level_dbfs > -40 and not filling(source))
            time.sleep(1)
            radio.mode = fault
            wait_for(lambda: filling(source))
            wait_for(lambda: airing.level_dbfs > -45)
            radio.mode = "sound"
            wait_for(lambda: not filling(source))
            time.sleep(0.5)
    finally:
        radio.shutdown()
        radio.server_close()
    (relay,) = by_kind(station, "relay")
    fillers = by_kind(station, "filler")
    assert relay.outcome == "partial"
    assert "filler for" in (relay.reason or "")
    assert fillers
    assert all(row.outcome == "aired" for row in fillers)
    (tape,) = (station.folder / "tape").rglob("*.wav")
    with wave.open(str(tape)) as recording:
        recorded_ms = recording.getnframes() / 48
        heard = np.frombuffer(recording.readframes(recording.getnframes()), "<i2")
    assert longest_silence_s(heard) < 3
    assert relay.heard_ms + sum(row.heard_ms for row in fillers) == pytest.approx(recorded_ms, rel=0.01)


def filling(source: object) -> bool:
    gaps = cast(RelaySource, source).gaps
    return bool(gaps) and gaps[-1].ended_at is None


def longest_silence_s(heard: np.ndarray) -> float:
    """The longest stretch of blocks of 20 ms in which nothing is heard: as the listener's own clock has it."""
    longest = count = 0
    for at in range(0, len(heard), 960):
        count = count + 1 if np.abs(heard[at : at + 960]).max() < 30 else 0
        longest = max(longest, count)
    return longest * 0.02


class Fragile(NullOutput):
    """An output that takes nothing in a stretch of the sound that it is given, in seconds."""

    exclusive = True
    audible = True

    def __init__(self, name: str, from_s: float, to_s: float) -> None:
        super().__init__(name)
        self.given = self.taken = 0
        self.from_s, self.to_s = from_s, to_s

    def start(self, label: str, at: datetime) -> "Fragile":
        return self

    def write(self, pcm: bytes) -> bool:
        works = not self.from_s * 48_000 <= self.given < self.to_s * 48_000
        self.given += len(pcm) // 2
        self.taken += works * len(pcm) // 2
        return works


def test_a_lost_output_is_stood_in_for_and_without_a_stand_in_the_log_says_partial(
    new_station: NewStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: dict[str, Fragile] = {}

    def outputs(config: object, folder: Path, *_settings: object) -> dict[str, Fragile]:
        made["main"] = Fragile("main", 1, 5.5)  # lost in the first play, back in the middle of the second
        made["spare"] = Fragile("spare", 3.5, 4.5)  # lost for the last second of that
        return made

    monkeypatch.setattr("scheduler.daemon.run.outputs_of", outputs)
    config = CONFIG.replace(
        'kind = "null"', 'kind = "null"\nfallback = "spare"\n[output.spare]\nkind = "null"'
    )
    station = new_station(config=config)
    episode = add_episode(station, tmp_path, seconds=4)
    begin = datetime.now(UTC) + timedelta(seconds=2)
    add_play(station, episode, begin, length_ms=4000)
    add_play(station, episode, begin + timedelta(seconds=6), length_ms=4000)
    with on_air(station) as daemon:
        wait_for(lambda: sum(daemon.tally.outcomes.values()) == 2)
    whole, broken = by_kind(station, "play")
    assert whole.outcome == "aired"
    assert "main took nothing for 3.0 s" in (whole.reason or "")
    assert broken.outcome == "partial"
    assert broken.heard_ms == 3000
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
    episode = add_episode(station, tmp_path, seconds=40)
    from sqlalchemy import select

    from audio.models import EpisodeAudio

    quiet = tmp_path / "quiet.wav"
    samples = np.concatenate([noise(1, 3), np.zeros(39 * 48_000, "<i2")])
    quiet.write_bytes(wav(samples))
    sha256 = station.media.add(quiet)
    with station.decide() as session:
        audio = session.scalars(select(EpisodeAudio).where(EpisodeAudio.episode_id == episode)).one()
        audio.sha256 = sha256
    add_play(station, episode, datetime.now(UTC) + timedelta(seconds=2), length_ms=40_000)
    with on_air(station) as daemon:
        wait_for(
            lambda: any(a.heard_ms > 500 for a in list(daemon.desk.deck.on.values()) if "filler" in a.label)
        )
        wait_for(lambda: told.exists() and told.read_text("utf-8").endswith("\n"))
    (play,) = by_kind(station, "play")
    (filler,) = by_kind(station, "filler")
    assert play.outcome == "partial"
    assert filler.heard_ms > 500
    assert "silence" in told.read_text("utf-8")


def test_the_station_plays_on_when_its_database_is_gone(new_station: NewStation, tmp_path: Path) -> None:
    station = new_station(config=CONFIG)
    episode = add_episode(station, tmp_path, seconds=1)
    begin = datetime.now(UTC) + timedelta(seconds=3)
    play = add_play(station, episode, begin, length_ms=1000)
    second = timedelta(seconds=1)
    run_station(station, clock="simulated", start_at=begin - 3 * second, until=begin - second)
    assert AirFolder.of(station).rundown(station.day_of(begin)).exists()
    station.close()
    for path in station.folder.glob("loa.sqlite3*"):
        path.write_bytes(b"this is no database any more " * 50)
    station = open_for_air(station.folder)
    with on_air(station) as daemon:
        wait_for(aired(daemon))
        assert daemon.database_trouble
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
            [*command, "interrupt", "Nước sông đang lên, bà con chú ý.", "--as", "trực ban", "--reason", "lũ", "--repeat", "20"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert spoken.returncode == 0, spoken.stderr
        assert playing(daemon, "interrupt")
        wait_for(
            lambda: "loa_on_air 1" in text_of(AirFolder.of(station).metrics)
        )  # written behind the status
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
    (row,) = by_kind(station, "interrupt")
    assert (row.who, row.reason is not None and "lũ" in row.reason) == ("trực ban", True)
