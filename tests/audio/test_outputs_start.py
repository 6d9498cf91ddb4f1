"""How outputs begin and are kept apart: missing cards, other ways to a card, one airing at a time, no password told."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from test_outputs import wait_for, wait_until_working

from audio.outputs import sound_card as card_module
from audio.outputs.fed_output import FedOutput
from audio.outputs.null_output import NullOutput
from audio.outputs.opening import check_cards, close_all, open_all, outputs_of
from audio.outputs.output import OutputError, without_password
from audio.outputs.sound_card import CardOutput
from content.config import Config, OutputConfig, ZoneConfig
from content.station import Station

NewStation = Callable[..., Station]
NOW = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture
def no_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without any way to a loudspeaker."""
    monkeypatch.setattr(card_module, "_card_names", list)
    monkeypatch.setattr(card_module, "_alsa_cards", lambda: False)
    monkeypatch.setattr(card_module, "_sound_server", lambda: False)


def a_config(*kinds: str, fallback: str = "") -> Config:
    outputs = {
        f"out{n}": OutputConfig(kind=kind, fallback=fallback if n == 0 else "", url="icecast://source:x@127.0.0.1:9/a")
        for n, kind in enumerate(kinds)
    }  # fmt: skip
    return Config(outputs=outputs, zones=(ZoneConfig(id="z", outputs=("out0",)),))


@pytest.mark.usefixtures("no_card")
def test_without_any_card_the_run_is_refused_with_the_remedy(tmp_path: Path) -> None:
    config = a_config("sound-card")
    with pytest.raises(OutputError, match=r"no sound card.*--wait-for-output"):
        check_cards(outputs_of(config, tmp_path), config)


@pytest.mark.usefixtures("no_card")
def test_a_stand_in_or_another_output_of_the_zone_is_reason_enough_to_begin(tmp_path: Path) -> None:
    config = a_config("sound-card", "icecast", fallback="out1")
    check_cards(outputs_of(config, tmp_path), config)
    config = Config(
        outputs={"a": OutputConfig(kind="sound-card"), "b": OutputConfig(kind="file")},
        zones=(ZoneConfig(id="z", outputs=("a", "b")),),
    )
    check_cards(outputs_of(config, tmp_path), config)


@pytest.mark.usefixtures("no_card")
def test_a_second_zone_whose_only_card_is_missing_is_told(tmp_path: Path) -> None:
    config = Config(
        outputs={"a": OutputConfig(kind="null"), "b": OutputConfig(kind="sound-card")},
        zones=(ZoneConfig(id="z", outputs=("a",)), ZoneConfig(id="y", outputs=("b",))),
    )
    with pytest.raises(OutputError, match="'b'"):
        check_cards(outputs_of(config, tmp_path), config)


@pytest.mark.parametrize("way", ["_card_names", "_alsa_cards", "_sound_server"])
@pytest.mark.usefixtures("no_card")
def test_any_way_to_a_card_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    monkeypatch.setattr(card_module, way, lambda: ["a card"])
    config = a_config("sound-card")
    check_cards(outputs_of(config, tmp_path), config)


def test_the_list_of_cards_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(card_module.shutil, "which", lambda name: f"/usr/bin/{name}")
    listing = tmp_path / "cards"
    listing.write_text("--- no soundcards ---\n")
    assert not card_module._alsa_cards(listing)
    listing.write_text(" 0 [Device         ]: USB-Audio - USB Audio Device\n                      C-Media\n")
    assert card_module._alsa_cards(listing)
    assert not card_module._alsa_cards(tmp_path / "none")


@pytest.mark.usefixtures("no_card")
def test_loa_run_says_it_and_ends_with_1(new_station: NewStation, monkeypatch: pytest.MonkeyPatch) -> None:
    from scheduler.daemon.run import run_station

    station = new_station(config='[station]\nlanguage = "en"\n')
    with pytest.raises(OutputError, match="no sound card"):
        run_station(station, until=datetime(2099, 1, 1, tzinfo=UTC))
    daemons: list[object] = []

    def started(daemon: object) -> None:
        daemons.append(daemon)
        daemon.stop()  # type: ignore[attr-defined]

    monkeypatch.setattr("scheduler.daemon.station_daemon.open_all", lambda outputs: open_all(outputs, 0.1))
    run_station(station, wait_for_output=True, started=started)
    assert daemons


def test_on_a_simulated_clock_only_files_are_made(tmp_path: Path) -> None:
    config = a_config("sound-card", "icecast", fallback="out1")
    assert all(isinstance(out, NullOutput) for out in outputs_of(config, tmp_path, None, True).values())
    assert isinstance(outputs_of(config, tmp_path, "out0", True)["out0"], NullOutput)
    config = a_config("file")
    assert not isinstance(outputs_of(config, tmp_path, None, True)["out0"], NullOutput)


class Sink:
    def __init__(self) -> None:
        self.got = bytearray()

    def send(self, pcm: bytes) -> None:
        self.got += pcm

    def close(self) -> None:
        pass


class Pipe(FedOutput):
    """A far end that notes what comes, and may fail in any way."""

    def __init__(self, name: str = "pipe", fault: Exception | None = None) -> None:
        super().__init__(name)
        self.fault = fault
        self.sink = Sink()
        self.opened = 0

    def open(self) -> None:
        self.opened += 1
        super().open()

    def connect(self) -> Sink:
        if self.fault is not None:
            raise self.fault
        return self.sink


def test_outputs_are_opened_once_each_and_all_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    shared, dead, other = Pipe(), Pipe("dead", OSError("no line")), Pipe("dead-2", OSError("no line"))
    clock = FakeTime()
    monkeypatch.setattr("audio.outputs.opening.time", clock)
    clock.before_sleep = lambda: opened.append(dead.opened + other.opened + shared.opened)
    opened: list[int] = []
    outputs = {"a": shared, "b": shared, "c": dead, "d": other}
    try:
        open_all(outputs.values(), patience_s=1.5)
        assert set(opened) == {3}  # nobody is waited for before all are opened
        assert clock.now_s < 1.6  # not one after another
    finally:
        close_all(outputs.values())


def test_an_output_that_connects_is_not_waited_for_any_longer() -> None:
    shared = Pipe()
    open_all([shared, shared], patience_s=600)
    try:
        assert shared.opened == 1
        assert shared.trouble is None
    finally:
        close_all([shared])


class FakeTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.before_sleep: Callable[[], object] = lambda: None

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.before_sleep()
        self.now_s += seconds


@pytest.mark.parametrize(
    "fault", [OSError("icecast://source:hackme@radio.example:8000/live: refused"), ValueError("driver")]
)
def test_any_fault_is_told_and_tried_again_and_no_password_is_told(fault: Exception) -> None:
    output = Pipe(fault=fault)
    output.open()
    try:
        wait_for(lambda: output.losses > 0)
        assert output.trouble is not None
        assert "hackme" not in output.trouble
        output.fault = None
        wait_until_working(output)
    finally:
        output.close()


def test_passwords_are_taken_out_of_addresses_only() -> None:
    assert without_password("rtsp://u:p@h/x: 401, me@home") == "rtsp://h/x: 401, me@home"
    assert without_password("http://h/x@y") == "http://h/x@y"
    assert without_password("http://u:p@ss@h/x: 401") == "http://h/x: 401"


def test_an_output_carries_one_airing_and_the_other_does_not_cut_it() -> None:
    output = Pipe()
    output.open()
    try:
        wait_until_working(output)
        first, second = output.start("a", NOW), output.start("b", NOW)
        assert first.write(b"\x01" * 1920 * 10)
        assert not second.write(b"\x02" * 1920)
        second.stop(cut=True)
        silent = len(output.sink.got) + 1920 * 15
        wait_for(lambda: len(output.sink.got) > silent)
        assert output.sink.got.count(1) == 1920 * 10
        assert output.sink.got.count(2) == 0
        first.stop(cut=False)
        assert second.write(b"\x02" * 1920)
    finally:
        output.close()


def test_a_card_is_tried_one_way_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    class Fails:
        def __init__(self, command: object) -> None:
            tried.append(str(command))
            raise OSError("no")

    monkeypatch.setattr(card_module, "portaudio", object)
    monkeypatch.setattr(card_module, "CardSink", Fails)
    monkeypatch.setattr(card_module, "ProcessSink", Fails)
    monkeypatch.setattr(card_module, "_programs", lambda _device: [["pacat"], ["aplay"]])
    output = CardOutput("card", "horn")
    for _turn in range(4):
        with pytest.raises(OSError, match="no"):
            output.connect()
        output._lost("no")
    assert tried == ["horn", "['pacat']", "['aplay']", "horn"]


class FakePortAudio:
    """Counts what starting PortAudio afresh would end."""

    class PortAudioError(Exception):
        pass

    def __init__(self) -> None:
        self.open = 0
        self.restarts_while_open = 0
        self.restarts = 0

    def _terminate(self) -> None:
        self.restarts += 1
        self.restarts_while_open += self.open > 0

    def _initialize(self) -> None:
        pass

    def RawOutputStream(self, **_settings: object) -> "FakeStream":
        return FakeStream(self)


class FakeStream:
    active = True

    def __init__(self, library: FakePortAudio) -> None:
        self.library = library

    def start(self) -> None:
        self.library.open += 1

    def abort(self) -> None:
        self.library.open -= 1

    def close(self) -> None:
        pass


def test_a_lost_card_does_not_end_the_sound_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    library = FakePortAudio()
    monkeypatch.setattr(card_module, "portaudio", lambda: library)
    first, second = card_module.CardSink("1"), card_module.CardSink("2")
    second.close()
    third = card_module.CardSink("2")
    assert library.restarts_while_open == 0
    assert library.restarts == 1
    first.close()
    third.close()
    card_module.CardSink("1").close()
    assert library.restarts == 2


@pytest.mark.skipif(sys.platform == "win32", reason="the test's program is POSIX")
def test_a_program_that_stops_reading_is_ended_and_started_again(tmp_path: Path) -> None:
    from audio.outputs.process_sink import ProcessOutput

    starts = tmp_path / "starts"
    script = "import sys, time; open(sys.argv[1], 'a').write('x'); time.sleep(60)"
    output = ProcessOutput("stuck", [sys.executable, "-c", script, str(starts)])
    output.open()
    try:
        wait_for(lambda: starts.exists() and len(starts.read_text()) >= 2, 120)
        assert output.trouble is not None
    finally:
        output.close()
    wait_for(lambda: not [t for t in threading.enumerate() if t.name == "loa-output-stuck"])
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=False).stdout
    assert str(starts) not in listed


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs a process that can be stopped for a while")
def test_a_healthy_program_is_not_ended_because_loa_itself_was_stopped_for_a_while() -> None:
    feeding = """
import sys, time
from audio.outputs import process_sink
process_sink.LOOK_S = 0.1
sink = process_sink.ProcessSink([sys.executable, "-c", "import sys\\nwhile sys.stdin.buffer.read(1920): pass"])
sink.send(bytes(1920))
print("fed", flush=True)
sys.stdin.readline()
time.sleep(0.5)
sink.send(bytes(1920))
sink.close()
print("alive", flush=True)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", feeding], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == "fed\n"
    process.send_signal(signal.SIGSTOP)
    time.sleep(1.5)
    process.send_signal(signal.SIGCONT)
    assert process.communicate("go on\n", timeout=60)[0] == "alive\n"
