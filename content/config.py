"""The station's `config.toml`: what may stand in it, its defaults, and how it is found and read."""

from __future__ import annotations

import codecs
import os
import re
import tomllib
import zoneinfo
from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path

from content.config_reader import ConfigProblem, read_table
from content.errors import LoaError, Told
from content.language import LANGUAGES, N_, Marked
from content.os_errors import why

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
VOICES = ("gtts", "piper", "recording", "espeak")
PROFILES = ("horn", "fm", "web", "exchange")
OUTPUTS = ("null", "file", "sound-card", "icecast", "rtp")


class ConfigError(LoaError):
    """The config file is there but wrong; each problem is named with its place."""

    sentence = N_("{problems}")


class ConfigUnreadableError(ConfigError):
    """The config file is there, but the system does not let it be read."""

    sentence = N_("{path} cannot be read: {reason}")


class ConfigMissingError(LoaError):
    """No config file where one was looked for."""

    sentence = N_(
        "no station here: {path} does not exist; go to the station's folder with `cd`, or name it with --config; `loa init DIR` makes a new one"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StationConfig:
    """[station]: who broadcasts."""

    name: str = "Đài Truyền thanh phường"
    place: str = ""
    language: str = field(default="vi", metadata={"choices": LANGUAGES})
    timezone: str = "Asia/Ho_Chi_Minh"
    database: str = "loa.sqlite3"
    """A file beside the config, or a SQLAlchemy URL such as postgresql+psycopg://…"""
    media: str = "media"
    """The media folder, beside the config unless absolute."""

    def __post_init__(self) -> None:
        try:
            zoneinfo.ZoneInfo(self.timezone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
            raise ConfigProblem(
                N_("time zone {zone!r} is not known; Việt Nam is Asia/Ho_Chi_Minh"), zone=self.timezone
            ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechConfig:
    """[speech]: regional ways of reading, see `content.normalise`."""

    thousand: str = field(default="nghìn", metadata={"choices": ("nghìn", "ngàn")})
    zero_tens: str = field(default="linh", metadata={"choices": ("linh", "lẻ")})
    first_days: str = field(default="mùng", metadata={"choices": ("mùng", "mồng", "")})
    party_committee: str = field(default="tỉnh ủy", metadata={"choices": ("tỉnh ủy", "thành ủy")})


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageConfig:
    """[voice.languages.CODE]: who speaks the items in another language than the station's."""

    order: tuple[str, ...] = field(metadata={"choices": VOICES})
    piper_model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceConfig:
    """[voice]: which voices are tried, in this order."""

    order: tuple[str, ...] = field(default=("gtts", "espeak"), metadata={"choices": VOICES})
    language: str = "vi"
    piper_model: str = ""
    cache_mb: int = field(default=2048, metadata={"least": 16})
    languages: dict[str, LanguageConfig] = field(default_factory=dict)
    """Voices of other languages, by the code of the language; one that is not named here has the order above."""

    def __post_init__(self) -> None:
        if not self.order or not all(one.order for one in self.languages.values()):
            raise ConfigProblem(N_("no voice is named in order; name at least one of {known}"), known=VOICES)


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioConfig:
    """[audio]: how finished audio sounds."""

    profile: str = field(default="horn", metadata={"choices": PROFILES})
    pause_between_items_ms: int = field(default=900, metadata={"least": 0, "most": 10_000})
    chime: bool = True
    opening: str = ""
    """A sound file of the station's own, beside the config, instead of the built-in opening; so too `closing`."""
    closing: str = ""
    bed: str = ""
    """Music that plays on under the words and makes way for them."""
    bed_level_db: int = field(default=-18, metadata={"least": -40, "most": 0})


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanConfig:
    """[plan]: house rules of the planner."""

    changeover_s: int = field(default=5, metadata={"least": 0, "most": 600})
    adjacent_gap_s: int = field(default=300, metadata={"least": 0})
    freeze_min: int = field(default=20, metadata={"least": 0, "most": 1440})
    item_per_week: int = field(default=1, metadata={"least": 0, "most": 50})
    """How often an approved item with no rule of its own airs in a week while it is valid."""
    policy: str = ""
    """A shipped or own file of local rules, see `policies/`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalConfig:
    """[approval]: who may approve."""

    single_person: bool = False
    """True lets one person write and approve; every report says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonConfig:
    """[daemon]: unattended playout."""

    grace_s: int = field(default=60, metadata={"least": 1, "most": 3600})
    lateness: str = field(
        default="start-late", metadata={"choices": ("start-late", "join", "skip", "make-good")}
    )
    silence_alarm_s: int = field(default=30, metadata={"least": 1})
    alarm_command: tuple[str, ...] = ()
    power_command: tuple[str, ...] = ()
    """Run with on or off behind it."""
    power_on_url: str = ""
    power_off_url: str = ""
    """A network switch: these addresses are asked."""
    power_method: str = field(default="GET", metadata={"choices": ("GET", "POST")})
    power_gpio: str = ""
    """A pin of a single-board computer, such as GPIO17."""
    power_gpio_active_high: bool = True
    power_lead_s: int = field(default=10, metadata={"least": 0, "most": 600})
    power_warm_up_s: int = field(default=2, metadata={"least": 0, "most": 60})
    """An urgent bulletin that finds the amplifiers off repeats its chime for so long."""
    status_file: str = ""
    watch_folder: str = ""
    filler: str = ""
    """A sound file beside the config, heard where nothing else can be; "" takes the built-in bells."""
    min_free_mb: int = field(default=200, metadata={"least": 0})

    def __post_init__(self) -> None:
        for name, url, other in (
            ("power_on_url", self.power_on_url, self.power_off_url),
            ("power_off_url", self.power_off_url, self.power_on_url),
        ):
            if bool(url) != bool(other):
                raise ConfigProblem(N_("power_on_url and power_off_url go together: give both, or neither"))
            if url and not re.match(r"https?://[^/\s]", url):
                raise ConfigProblem(
                    N_("{name} = {url!r} is no http:// or https:// address"), name=name, url=url
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportConfig:
    """[report]: data cut-off and due day of the monthly report (NĐ 09/2019: the cut-off need not be a calendar month)."""

    cut_off_day: int = field(default=14, metadata={"least": 1, "most": 28})
    due_day: int = field(default=15, metadata={"least": 1, "most": 28})
    organ: str = ""
    """The superior body, first line of the heading, such as UBND PHƯỜNG …"""
    addressed_to: str = ""
    recipients: tuple[str, ...] = ()
    """Lines under "Nơi nhận"; those addressed and the archive when empty."""
    signer: str = ""
    signer_title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputConfig:
    """[output.NAME]: one way out for sound."""

    kind: str = field(metadata={"choices": OUTPUTS})
    device: str = ""
    path: str = ""
    url: str = ""
    codec: str = field(default="", metadata={"choices": ("", "g722", "l16", "opus", "mp3", "pcmu")})
    fallback: str = ""
    """The output tried next when this one fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneConfig:
    """[[zone]]: one group of speakers on one amplifier."""

    id: str
    name: str = ""
    outputs: tuple[str, ...] = ("main",)
    daily_budget_min: int | None = field(default=None, metadata={"least": 0})
    max_plays_per_day: int | None = field(default=None, metadata={"least": 0})


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionConfig:
    """[[session]]: an on-air block of the day, [start, end) in station time; it may not cross midnight."""

    id: str
    name: str = ""
    zones: tuple[str, ...] = ()
    weekdays: tuple[int, ...] = field(default=EVERY_DAY, metadata={"least": 1, "most": 7})
    from_on: date | None = field(default=None, metadata={"toml": "from"})
    until_on: date | None = field(default=None, metadata={"toml": "until"})
    start: time
    end: time

    def __post_init__(self) -> None:
        _in_order(self.id, self.start, self.end, self.from_on, self.until_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayConfig:
    """[[relay]]: another station is rebroadcast in [start, end)."""

    id: str
    name: str = ""
    url: str
    zones: tuple[str, ...] = ()
    weekdays: tuple[int, ...] = field(default=EVERY_DAY, metadata={"least": 1, "most": 7})
    from_on: date | None = field(default=None, metadata={"toml": "from"})
    until_on: date | None = field(default=None, metadata={"toml": "until"})
    start: time
    end: time

    def __post_init__(self) -> None:
        _in_order(self.id, self.start, self.end, self.from_on, self.until_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlackoutConfig:
    """[[blackout]]: nothing may air, whole days when no times are given (a day of mourning, an examination)."""

    id: str
    name: str = ""
    zones: tuple[str, ...] = ()
    weekdays: tuple[int, ...] = field(default=EVERY_DAY, metadata={"least": 1, "most": 7})
    from_on: date | None = field(default=None, metadata={"toml": "from"})
    until_on: date | None = field(default=None, metadata={"toml": "until"})
    start: time | None = None
    end: time | None = None

    def __post_init__(self) -> None:
        _in_order(self.id, self.start, self.end, self.from_on, self.until_on)


def _default_zones() -> tuple[ZoneConfig, ...]:
    return (ZoneConfig(id="toan-phuong", name="Toàn phường"),)


def _default_sessions() -> tuple[SessionConfig, ...]:
    weekdays = (1, 2, 3, 4, 5)
    return (
        SessionConfig(id="sang", name="Buổi sáng", weekdays=weekdays, start=time(6, 30), end=time(7, 0)),
        SessionConfig(id="chieu", name="Buổi chiều", weekdays=weekdays, start=time(17, 0), end=time(17, 30)),
    )


def _default_outputs() -> dict[str, OutputConfig]:
    return {"main": OutputConfig(kind="sound-card")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All of `config.toml`; every default is a working small station."""

    station: StationConfig = field(default_factory=StationConfig)
    speech: SpeechConfig = field(default_factory=SpeechConfig)
    voice: VoiceConfig = field(default_factory=VoiceConfig)
    audio: AudioConfig = field(default_factory=AudioConfig)
    plan: PlanConfig = field(default_factory=PlanConfig)
    approval: ApprovalConfig = field(default_factory=ApprovalConfig)
    daemon: DaemonConfig = field(default_factory=DaemonConfig)
    report: ReportConfig = field(default_factory=ReportConfig)
    outputs: dict[str, OutputConfig] = field(default_factory=_default_outputs, metadata={"toml": "output"})
    zones: tuple[ZoneConfig, ...] = field(default_factory=_default_zones, metadata={"toml": "zone"})
    sessions: tuple[SessionConfig, ...] = field(
        default_factory=_default_sessions, metadata={"toml": "session"}
    )
    relays: tuple[RelayConfig, ...] = field(default=(), metadata={"toml": "relay"})
    blackouts: tuple[BlackoutConfig, ...] = field(default=(), metadata={"toml": "blackout"})

    def __post_init__(self) -> None:
        zones = [zone.id for zone in self.zones]
        if not zones:
            raise ConfigProblem(N_("no [[zone]] is described; a station needs at least one"))
        for kind, names in (("zone", zones), ("session", [s.id for s in self.sessions])):
            for name in names:
                if names.count(name) > 1:
                    raise ConfigProblem(
                        N_("two [[{kind}]] tables share the id {name!r}"), kind=kind, name=name
                    )
        blocks: list[SessionConfig | RelayConfig | BlackoutConfig] = [
            *self.sessions,
            *self.relays,
            *self.blackouts,
        ]
        for block in blocks:
            for name in block.zones:
                if name not in zones:
                    raise ConfigProblem(
                        N_("{block!r} names the zone {name!r}, which is not described"),
                        block=block.id,
                        name=name,
                    )
        for zone in self.zones:
            for name in zone.outputs:
                if name not in self.outputs:
                    raise ConfigProblem(
                        N_("zone {zone!r} names the output {name!r}, which is not described"),
                        zone=zone.id,
                        name=name,
                    )
        for name, output in self.outputs.items():
            if output.fallback and output.fallback not in self.outputs:
                raise ConfigProblem(
                    N_("output {output!r} falls back to {name!r}, which is not described"),
                    output=name,
                    name=output.fallback,
                )

    @property
    def zone_ids(self) -> tuple[str, ...]:
        """All zones, in the order of the file."""
        return tuple(zone.id for zone in self.zones)

    @property
    def tz(self) -> zoneinfo.ZoneInfo:
        """The station's own time zone."""
        return zoneinfo.ZoneInfo(self.station.timezone)


def find_config(named: Path | None = None) -> Path:
    """The config file that counts: `--config`, then LOA_CONFIG, then ./config.toml.

    Raises:
        ConfigMissingError: it does not exist.
    """
    path = named or Path(os.environ.get("LOA_CONFIG") or "config.toml")
    if path.is_dir():
        path = path / "config.toml"
    if not path.is_file():
        raise ConfigMissingError(path=path)
    return path


def read_config(path: Path) -> Config:
    """The config in `path`.

    Raises:
        ConfigError: with every problem of the file, one to a line, each with its place.
    """
    try:
        written = path.read_bytes()
    except OSError as error:
        raise ConfigUnreadableError(path=path, reason=Marked(why(error))) from error
    try:
        text = written.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(problems=Told(NOT_UTF8, file=path.name)) from error
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(problems=_not_toml(path.name, text, str(error))) from error
    problems: list[tuple[str, Told]] = []
    config = read_table(Config, table, "", problems)
    if config is None or problems:
        raise ConfigError(problems=_Lines(path.name, problems))
    return config


NOT_UTF8 = N_(
    "{file}: not saved as UTF-8; open it in a text editor (Notepad: Save As, Encoding: UTF-8) and save it again"
)
_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")


def _not_toml(file: str, text: str, reason: str) -> Told:
    """Which line is no TOML, and what usually mends it."""
    found = _PLACE.search(reason)
    number = int(found[1]) if found else len(text.splitlines())  # else: "at end of document"
    lines = text.splitlines()
    line = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    if "\\" in line:
        message = N_(
            "{file}: line {number} cannot be understood: {line}\nIn a path write / instead of \\, or put it in single quotes"
        )
    elif "Cannot" in reason:
        message = N_(
            "{file}: line {number} cannot be understood: {line}\nThat key or table is there already: take one of the two away"
        )
    else:
        message = N_(
            "{file}: line {number} cannot be understood: {line}\nA line reads key = value; text stands in quotes, a list in [ ]"
        )
    return Told(message, file=file, number=number, line=line[:100])


def language_of(path: Path) -> str | None:
    """The screen language that a config names, however broken it is otherwise; None where it names none we know."""
    try:
        written = path.read_bytes()
    except OSError:
        return None
    wide = written.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = written.decode("utf-16" if wide else "utf-8-sig", errors="replace")
    section = re.search(r"^\s*\[station\][^\n]*\n(.*?)(?=^\s*\[|\Z)", text, re.MULTILINE | re.DOTALL)
    named = re.search(r"^\s*language\s*=\s*[\"'“”]?(\w+)", section[1], re.MULTILINE) if section else None
    return named[1] if named and named[1] in LANGUAGES else None


class _Lines(Told):
    """Each problem as `config.toml: [zone.2] name: …`, one to a line."""

    def __init__(self, file: str, problems: list[tuple[str, Told]]) -> None:
        super().__init__("")
        self.file, self.problems = file, problems

    def told(self, translate: object) -> str:
        lines = []
        for where, problem in self.problems:
            table, _, key = where.partition(" ")
            place = f"[{table}] {key}: " if table else ""
            lines.append(f"{self.file}: {place.replace(' : ', ': ')}{problem.told(translate)}")  # type: ignore[arg-type]
        return "\n".join(lines)


def _in_order(
    name: str, start: time | None, end: time | None, from_on: date | None, until_on: date | None
) -> None:
    if (start is None) != (end is None):
        raise ConfigProblem(
            N_("{name!r} has a start or an end alone; give both, or neither for whole days"), name=name
        )
    if start is not None and end is not None and end <= start:
        raise ConfigProblem(
            N_("{name!r} ends at {end:%H:%M}, before it starts at {start:%H:%M}; for a block over midnight write two"),
            name=name, start=start, end=end,
        )  # fmt: skip
    if from_on and until_on and until_on < from_on:
        raise ConfigProblem(
            N_("{name!r} is valid until {until}, before it begins on {start}"),
            name=name,
            start=from_on,
            until=until_on,
        )
