"""The amplifiers' power and the hook commands: switched, tried again, never in the way of sound."""

import http.server
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from broadcast import add_episode, add_play, as_run
from test_daemon_live import CONFIG, aired, here_at, on_air, order, pcm_file, wait_for

from content.config import Config, ConfigError, DaemonConfig, read_config
from content.station import Station
from scheduler.daemon.bell import Bell
from scheduler.daemon.hooks import Hooks, Running
from scheduler.daemon.power import CommandSwitch, GpioSwitch, HttpSwitch, Power
from scheduler.daemon.requests import Request
from scheduler.daemon.workers import Workers

NewStation = Callable[..., Station]
NOON = datetime(2026, 12, 1, 5, tzinfo=UTC)
SESSION = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
"""The default morning session begins."""


class Plug(http.server.ThreadingHTTPServer):
    """A network switch that can refuse, redirect, or not answer at all."""

    daemon_threads = True

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.mode = "good"
        super().__init__(("127.0.0.1", 0), PlugPage)

    @property
    def url(self) -> str:
        return f"http://admin:secret@127.0.0.1:{self.server_address[1]}"


class PlugPage(http.server.BaseHTTPRequestHandler):
    server: Plug

    def do_GET(self) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        if self.server.mode == "flaky" and len(self.server.asked) % 2:
            self.send_error(503)
        elif self.server.mode == "broken":
            self.send_error(500)
        elif self.server.mode == "redirect":
            self.send_response(302)
            self.send_header("Location", f"{self.server.url}/elsewhere")
            self.end_headers()
        elif self.server.mode == "hangs":
            time.sleep(20)
        else:
            body = b'{"POWER":"ON"}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def plug() -> Iterator[Plug]:
    server = Plug()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_network_switch_is_asked_at_its_two_addresses(plug: Plug, method: str) -> None:
    switch = HttpSwitch(f"{plug.url}/cm?cmnd=Power%20On", f"{plug.url}/cm?cmnd=Power%20Off", method)
    assert switch.switch(True) is None
    assert switch.switch(False) is None
    assert plug.asked == [f"{method} /cm?cmnd=Power%20On", f"{method} /cm?cmnd=Power%20Off"]


def test_a_network_switch_that_fails_once_is_asked_again(plug: Plug) -> None:
    plug.mode = "flaky"
    assert HttpSwitch(f"{plug.url}/on", f"{plug.url}/off").switch(True) is None
    assert len(plug.asked) == 2


@pytest.mark.parametrize("mode", ["broken", "redirect", "hangs"])
def test_a_network_switch_that_does_not_do_it_is_told_without_its_password(
    plug: Plug, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.daemon.power.HTTP_S", (0.5, 0.5))
    plug.mode = mode
    trouble = HttpSwitch(f"{plug.url}/on", f"{plug.url}/off").switch(True)
    assert trouble
    assert "secret" not in trouble
    assert not any("elsewhere" in line for line in plug.asked)


def test_a_dead_network_switch_is_told_without_its_password() -> None:
    trouble = HttpSwitch("http://admin:secret@127.0.0.1:9/on", "http://127.0.0.1:9/off").switch(True)
    assert trouble is not None
    assert "secret" not in trouble


@pytest.mark.parametrize("active_high", [True, False])
def test_a_pin_is_switched_through_gpiozero(active_high: bool) -> None:
    gpiozero = pytest.importorskip(
        "gpiozero", reason="gpiozero is not installed (pip install loaphuong[gpio])"
    )
    mock = pytest.importorskip("gpiozero.pins.mock")
    gpiozero.Device.pin_factory = factory = mock.MockFactory()
    try:
        switch = GpioSwitch("GPIO17", active_high)
        assert switch.switch(True) is None
        assert factory.pin("GPIO17").state == active_high
        assert switch.switch(False) is None
        assert factory.pin("GPIO17").state != active_high
        switch.close()
        trouble = GpioSwitch("GPIO99").switch(True)
        assert trouble
        assert "GPIO99" in trouble
    finally:
        gpiozero.Device.pin_factory = None


def test_without_gpiozero_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    assert "loaphuong[gpio]" in (GpioSwitch("17").switch(True) or "")


@pytest.mark.parametrize(
    "line",
    [
        'power_on_url = "http://plug/on"',
        'power_on_url = "plug"\npower_off_url = "plug"',
        'power_method = "PUT"',
    ],
)
def test_a_wrong_switch_in_the_config_is_an_error(tmp_path: Path, line: str) -> None:
    (tmp_path / "config.toml").write_text(f"[daemon]\n{line}\n", "utf-8")
    with pytest.raises(ConfigError, match="power_"):
        read_config(tmp_path / "config.toml")


class Lever:
    """A switch that notes what it is told, and can be broken."""

    affirms = True

    def __init__(self) -> None:
        self.told: list[bool] = []
        self.broken = False

    def switch(self, on: bool) -> str | None:
        if self.broken:
            return "stuck"
        self.told.append(on)
        return None

    def close(self) -> None:
        pass


def a_power(lever: Lever) -> Power:
    config = Config()
    workers = Workers(inline=True, bell=Bell())
    return Power(config, Hooks(config, workers, False), workers, switches=[lever])


def test_power_goes_on_ahead_of_a_session_and_off_behind_it() -> None:
    lever = Lever()
    power = a_power(lever)
    lead = timedelta(seconds=power.config.daemon.power_lead_s)
    second = timedelta(seconds=1)
    power.look(SESSION - lead - second, busy=False)
    assert lever.told == [False]  # what an earlier run left is not known: told at the start
    power.look(SESSION - lead, busy=False)
    assert lever.told == [False, True]
    power.look(SESSION + timedelta(minutes=30) + lead - second, busy=False)
    power.look(SESSION + timedelta(minutes=30) + lead, busy=True)
    assert lever.told[-1]  # what overruns is heard to its end
    power.look(SESSION + timedelta(minutes=31), busy=False)
    assert lever.told[-1] is False


def test_after_a_crash_in_a_session_power_is_told_again_and_goes_off_afterwards() -> None:
    lever = Lever()
    a_power(lever).look(SESSION, busy=False)  # this run crashed: no close
    power = a_power(lever)
    power.look(SESSION + timedelta(minutes=1), busy=False)
    assert lever.told == [True, True]
    power.look(SESSION + timedelta(hours=1), busy=False)
    assert lever.told == [True, True, False]
    a_power(lever).look(SESSION + timedelta(hours=2), busy=False)
    assert lever.told[-1] is False


def test_power_that_fails_raises_an_alarm_and_is_tried_again_until_it_works() -> None:
    lever = Lever()
    power = a_power(lever)
    lever.broken = True
    power.look(SESSION, busy=False)
    assert "stuck" in power.hooks.told["power"]
    lever.broken = False
    power.look(SESSION + timedelta(seconds=5), busy=False)
    assert lever.told == []
    power.look(SESSION + timedelta(seconds=21), busy=False)
    assert lever.told == [True]
    assert "power" not in power.hooks.told


def test_a_switch_that_lost_its_own_power_is_told_again_and_an_orderly_end_switches_off() -> None:
    lever = Lever()
    power = a_power(lever)
    for minute in range(12):
        power.look(SESSION + timedelta(minutes=minute), busy=False)
    assert lever.told == [True] * 3
    power.close()
    assert lever.told[-1] is False


def test_a_bulletin_that_finds_the_amplifiers_off_chimes_until_they_are_warm(
    new_station: NewStation, tmp_path: Path, plug: Plug
) -> None:
    extra = f'power_on_url = "{plug.url}/on"\npower_off_url = "{plug.url}/off"\npower_warm_up_s = 5\n'
    night = CONFIG.replace("[station]", f'[station]\ntimezone = "{here_at(2)}"')
    station = new_station(config=night + extra)
    words = pcm_file(tmp_path, 0.3)
    with on_air(station) as daemon:
        wait_for(lambda: plug.asked)
        assert not daemon.duties.power.is_on
        asked = len(plug.asked)
        assert order(station, Request(what="interrupt", who="x", title="Lũ", sounds=(str(words),)))["ok"]
        wait_for(lambda: len(plug.asked) > asked)
        wait_for(aired(daemon))
    (row,) = as_run(station)
    assert row.outcome == "aired"
    assert row.heard_ms > 5000
    assert plug.asked[-1] == "GET /off"  # the orderly end


def test_audio_plays_though_the_switch_is_dead(new_station: NewStation, tmp_path: Path) -> None:
    extra = 'power_on_url = "http://127.0.0.1:9/on"\npower_off_url = "http://127.0.0.1:9/off"\n'
    station = new_station(config=CONFIG + extra)
    episode = add_episode(station, tmp_path, seconds=1)
    add_play(station, episode, datetime.now(UTC) + timedelta(seconds=2), length_ms=1000)
    with on_air(station) as daemon:
        wait_for(aired(daemon))
        wait_for(lambda: "power" in daemon.hooks.told)
        text = daemon.hooks.told["power"]
    assert "127.0.0.1" in text
    assert [row.outcome for row in as_run(station)] == ["aired"]


# hook commands


def test_a_hook_gets_its_facts_as_arguments_and_no_shell_sees_them(tmp_path: Path) -> None:
    told = tmp_path / "told"
    script = "import json, sys; open(sys.argv[1], 'w', encoding='utf-8').write(json.dumps(sys.argv[2:]))"
    facts = ("silence", "$(touch gone); `id` \"'; Loa")
    assert Running().run([sys.executable, "-c", script, str(told)], *facts) is None
    assert tuple(json.loads(told.read_text("utf-8"))) == facts


def test_a_hook_that_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    child = f"import time\nwhile True:\n    open({str(alive)!r}, 'a').write('x')\n    time.sleep(0.05)"
    parent = (
        f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(60)"
    )
    for patience_s in (2.0, 10.0, 40.0):  # a busy machine begins late
        trouble = Running().run([sys.executable, "-c", parent], timeout_s=patience_s)
        assert trouble is not None
        assert f"{patience_s:.0f} s" in trouble
        if alive.exists():
            break

    def stands_still() -> bool:
        size = alive.stat().st_size
        time.sleep(1)
        return alive.stat().st_size == size

    wait_for(stands_still)  # the grandchild is gone, too


def test_a_hook_that_leaves_a_child_behind_is_not_waited_for(tmp_path: Path) -> None:
    go, gone = tmp_path / "go", tmp_path / "gone"
    child = (
        "import pathlib, time\n"
        f"while not pathlib.Path({str(go)!r}).exists(): time.sleep(0.05)\n"
        f"pathlib.Path({str(gone)!r}).touch()"
    )
    parent = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {child!r}])"
    assert Running().run([sys.executable, "-c", parent], timeout_s=60) is None
    assert not gone.exists()
    go.touch()
    wait_for(gone.exists)


def test_what_goes_wrong_with_a_hook_is_told() -> None:
    assert "no-such-command" in (Running().run(["no-such-command"]) or "")
    trouble = Running().run([sys.executable, "-c", "import sys; sys.exit('no paper')"])
    assert "exit 1" in (trouble or "")
    assert "no paper" in (trouble or "")


def test_a_hanging_alarm_holds_up_neither_the_next_nor_the_end(tmp_path: Path) -> None:
    script = tmp_path / "alarm.py"
    script.write_text(
        "import sys, time\nif sys.argv[1] == 'first': time.sleep(600)\nopen(sys.argv[0] + sys.argv[1], 'w')",
        "utf-8",
    )
    workers = Workers(inline=False, bell=Bell())
    config = Config(daemon=DaemonConfig(alarm_command=(sys.executable, str(script))))
    hooks = Hooks(config, workers, False)
    hooks.alarm("first", "hangs")
    hooks.alarm("second", "does not")
    wait_for(Path(f"{script}second").exists)
    begun = time.monotonic()
    hooks.running.close(0.1)
    workers.close()
    assert time.monotonic() - begun < 300


def test_an_alarm_whose_words_flutter_is_logged_and_runs_the_command_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ran: list[str] = []
    workers = Workers(inline=True, bell=Bell())
    hooks = Hooks(Config(daemon=DaemonConfig(alarm_command=("x",))), workers, False)
    monkeypatch.setattr(Hooks, "run", lambda _self, _command, *facts: ran.append(facts[1]))
    for number in range(10):
        hooks.alarm("output main", f"reason {number % 2}")
    assert ran == ["reason 0"]
    assert [record.getMessage() for record in caplog.records] == ["output main: reason 0"]
    assert hooks.told == {"output main": "reason 1"}
    hooks.all_clear("output main")
    hooks.alarm("output main", "reason 1")
    assert ran == ["reason 0", "reason 1"]


def test_the_power_command_gets_on_and_off(tmp_path: Path) -> None:
    told = tmp_path / "told"
    switch = CommandSwitch(
        [sys.executable, "-c", "import sys; open(sys.argv[1], 'a').write(sys.argv[2] + ' ')", str(told)],
        Running(),
    )
    assert switch.switch(True) is None
    assert switch.switch(False) is None
    assert told.read_text() == "on off "
