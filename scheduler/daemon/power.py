"""The amplifiers' power: on ahead of a session, off behind it, by command, by HTTP switch, by GPIO pin.

Power never holds up sound: switching is done in a lane of its own, a failure is an alarm and is tried again.
"""

from __future__ import annotations

import importlib
import logging
import threading
import time as time_module
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

from content.config import Config, DaemonConfig, RelayConfig, SessionConfig
from content.errors import LoaError
from content.language import N_, _
from scheduler.daemon.hooks import Hooks, Running
from scheduler.daemon.workers import Workers

log = logging.getLogger("loa.daemon")
HTTP_S = (2.0, 3.0)
"""To connect, and to answer."""
TRIES = 2
BETWEEN_TRIES_S = 0.5
AGAIN = timedelta(seconds=20)
"""After a failure it is tried again so much later, for as long as it is wanted."""
AFFIRM = timedelta(minutes=5)
"""A network switch that lost its own power comes back off: it is told again so often while it should be on."""
ORDER_HOLDS = timedelta(seconds=60)
"""Power stays on so long for a bulletin that is being made ready."""


class PowerError(LoaError):
    """The amplifiers could not be switched."""

    sentence = N_(
        "the amplifiers' power could not be switched {state} ({reason}): switch it by hand, and check power_command, power_on_url or power_gpio in config.toml"
    )


class Switch(Protocol):
    """One way to switch power."""

    affirms: bool
    """True when telling it again what it already does is harmless and useful."""

    def switch(self, on: bool) -> str | None:
        """Switch; None when it did, else what went wrong. May take seconds."""

    def close(self) -> None: ...


@dataclass(slots=True)
class CommandSwitch:
    """The station's own command with `on` or `off` behind it."""

    command: Sequence[str]
    running: Running
    affirms: bool = False

    def switch(self, on: bool) -> str | None:
        return self.running.run(self.command, "on" if on else "off")

    def close(self) -> None:
        pass


@dataclass(slots=True)
class HttpSwitch:
    """A network switch (Tasmota, Shelly, a web relay) with one address for on and one for off.

    Any 2xx answer counts; a redirect does not, and is not followed: it would lead to somewhere that nobody chose.
    """

    on_url: str
    off_url: str
    method: str = "GET"
    affirms: bool = True

    def switch(self, on: bool) -> str | None:
        url = self.on_url if on else self.off_url
        trouble: str | None = None
        for number in range(TRIES):
            if number:
                time_module.sleep(BETWEEN_TRIES_S)
            trouble = self._ask(url)
            if trouble is None:
                return None
        return trouble

    def close(self) -> None:
        pass

    def _ask(self, url: str) -> str | None:
        import requests

        host = urlsplit(url).hostname or "?"
        try:
            with requests.Session() as session:
                session.trust_env = False  # a switch is in this house: no proxy, no .netrc
                with session.request(
                    self.method, url, timeout=HTTP_S, allow_redirects=False, stream=True
                ) as answer:
                    code = answer.status_code
        except (requests.RequestException, ValueError) as error:
            return f"{host}: {type(error).__name__}"  # its words hold the address, with the password in it
        return None if 200 <= code < 300 else f"{host}: HTTP {code}"


@dataclass(slots=True)
class GpioSwitch:
    """A pin of a single-board computer through gpiozero, held while the daemon runs."""

    pin: str
    active_high: bool = True
    affirms: bool = True
    _device: Any = None

    def switch(self, on: bool) -> str | None:
        try:
            if self._device is None:
                gpiozero = importlib.import_module("gpiozero")
                pin: str | int = int(self.pin) if self.pin.isdigit() else self.pin
                self._device = gpiozero.OutputDevice(pin, active_high=self.active_high, initial_value=None)
            self._device.on() if on else self._device.off()
        except ImportError:
            return "gpiozero: pip install loaphuong[gpio]"
        except Exception as error:  # noqa: BLE001 - each pin library has its own errors; none may stop the sound
            self.close()
            return f"{self.pin}: {type(error).__name__}: {error}"[:160]
        return None

    def close(self) -> None:
        device, self._device = self._device, None
        if device is not None:
            try:
                device.close()
            except Exception as error:  # noqa: BLE001 - as above
                log.warning("pin %s: %s", self.pin, error)


def switches_of(config: DaemonConfig, running: Running) -> list[Switch]:
    """The ways to switch power that the config names; several are all used."""
    switches: list[Switch] = []
    if config.power_command:
        switches.append(CommandSwitch(config.power_command, running))
    if config.power_on_url and config.power_off_url:
        switches.append(HttpSwitch(config.power_on_url, config.power_off_url, config.power_method))
    if config.power_gpio:
        switches.append(GpioSwitch(config.power_gpio, config.power_gpio_active_high))
    return switches


def powered_until(config: Config, now: datetime) -> datetime | None:
    """When the amplifiers may go off again: the end of the block whose lead time `now` is in; None outside all."""
    lead = timedelta(seconds=config.daemon.power_lead_s)
    local = now.astimezone(config.tz)
    ends: list[datetime] = []
    for day in (local.date(), local.date() + timedelta(days=1), local.date() - timedelta(days=1)):
        blocks: list[SessionConfig | RelayConfig] = [*config.sessions, *config.relays]
        for block in blocks:
            if day.isoweekday() not in block.weekdays:
                continue
            if (block.from_on and day < block.from_on) or (block.until_on and day > block.until_on):
                continue
            start = datetime.combine(day, block.start, config.tz) - lead
            end = datetime.combine(day, block.end, config.tz) + lead
            if start <= now < end:
                ends.append(end)
    return max(ends, default=None)


@dataclass(slots=True)
class Power:
    """The amplifiers' switch: on ahead of a session, off behind it, on for whatever else is on the air.

    What it was before this run is not known: the state that is wanted is told at the start in any case, so that a
    crash in a session neither leaves the horns dead nor leaves them on for the night.
    """

    config: Config
    hooks: Hooks
    workers: Workers
    switches: list[Switch] = field(default_factory=list)
    is_on: bool | None = None
    """What was last reached; None when that is not known."""
    on_since: datetime | None = None
    _wanted: bool | None = None
    _tried_at: datetime | None = None
    """The last try, while it has not succeeded."""
    _affirmed_at: datetime | None = None
    _woken_at: datetime | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        if not self.hooks.simulated:
            self.switches = self.switches or switches_of(self.config.daemon, self.hooks.running)

    def look(self, now: datetime, *, busy: bool) -> None:
        """Switch when it is time; `busy` keeps it on."""
        # Somebody may have set the clock: nothing waits for, or goes on until, a time that is hours away by now.
        held = self._woken_at is not None and abs(now - self._woken_at) < ORDER_HOLDS
        wanted = busy or held or powered_until(self.config, now) is not None
        if wanted != self._wanted:
            self._wanted, self._tried_at = wanted, None
        if not self.switches:
            self.is_on = wanted
            return
        affirm = self.is_on and self._affirmed_at is not None and abs(now - self._affirmed_at) >= AFFIRM
        if (wanted == self.is_on and not affirm) or not self.workers.is_idle("power"):
            return
        if self._tried_at is not None and abs(now - self._tried_at) < AGAIN:
            return
        switches = [s for s in self.switches if wanted != self.is_on or s.affirms]
        self._affirmed_at = now
        self._tried_at = now
        self.workers.submit("power", lambda: self._switch(switches, wanted), self._done(wanted, now))

    def wake(self, now: datetime) -> None:
        """An urgent bulletin is coming: on at once, not at the next beat."""
        self._woken_at = now
        self.look(now, busy=True)

    def warm_up_ms(self, now: datetime) -> int:
        """How long it takes until the amplifiers can be heard."""
        if not self.switches:
            return 0
        warm_up_ms = self.config.daemon.power_warm_up_s * 1000
        if not self.is_on or self.on_since is None:
            return warm_up_ms
        return min(warm_up_ms, max(0, warm_up_ms - round((now - self.on_since).total_seconds() * 1000)))

    def close(self, wait_s: float = 8.0) -> None:
        """The daemon ends in order: nobody would switch off later, so it is done now."""
        if self.switches and self.is_on is not False:
            thread = threading.Thread(target=self._off_for_good, name="loa-power-off", daemon=True)
            thread.start()
            thread.join(wait_s)
        for switch in self.switches:
            switch.close()

    def _off_for_good(self) -> None:
        if trouble := self._switch(self.switches, False):
            log.error("the amplifiers may still be on: %s", trouble)

    def _switch(self, switches: Sequence[Switch], on: bool) -> str | None:
        with self._lock:
            troubles = [trouble for switch in switches if (trouble := switch.switch(on))]
        return "; ".join(troubles) or None

    def _done(self, on: bool, asked_at: datetime) -> Callable[[str | LoaError | None], None]:
        def done(trouble: str | LoaError | None) -> None:
            if trouble is not None:
                state = N_("on") if on else N_("off")
                self.hooks.alarm("power", PowerError(state=state, reason=trouble).told(_))
                return
            if on != self.is_on:
                log.info("amplifiers %s", "on" if on else "off")
                self.on_since = asked_at if on else None
            self.is_on, self._tried_at = on, None
            self.hooks.all_clear("power")

        return done
