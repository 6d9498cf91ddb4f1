"""The whole main job on the bundled example: two documents in, a month on the air (simulated), a package out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from pathlib import Path

from sqlalchemy import select

from audio.models import EpisodeAudio
from audio.packages.names import code_of
from audio.render import render_items, steps_of
from content import approval, atomic, people
from content.documents import import_document
from content.drafting import draft_item
from content.episodes import estimated_ms, programme_episodes
from content.errors import LoaError
from content.greetings import draft_greetings
from content.language import N_
from content.models import Deadline, Document, Episode, Item, Programme
from content.months import last_day, month_of, next_month_day
from content.station import Station, default_config_text, init_station
from scheduler.daemon.run import run_station
from scheduler.exchange.communes import Commune
from scheduler.exchange.export import PackageSummary, export_package
from scheduler.models import AsRun, Play
from scheduler.station_plan import BuiltPlan, build, plays_between

DOCUMENTS = ("ke-hoach-tuyen-truyen.txt", "cong-van-chuyen-muc.txt")
EDITOR, APPROVER = "Nguyễn Thị Lan", "Phạm Văn Minh"
STATION_NAME = "Đài Truyền thanh phường An Sơn"
COMMUNE = "Trạm Truyền thanh khu Bãi Dài"
STEPS = (
    N_("Making the station"),
    N_("Reading the documents"),
    N_("Drafting and approving"),
    N_("Making the audio"),
    N_("Laying the plan"),
    N_("Exporting a commune's package"),
    N_("A month on the air, on a simulated clock"),
)

Tell = Callable[[str, float], None]
"""Called with a step (a gettext id of `STEPS`) and how much of it is done, 0 to 1."""


class DemoFolderTakenError(LoaError):
    """The demo would write over something."""

    sentence = N_("{path} is not empty: choose another folder with --out, or delete it")


class DemoFailedError(LoaError):
    """A step of the demo did not give what it must."""

    sentence = N_("the demo stopped: {reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeMade:
    """One finished file of the demo."""

    title: str
    path: Path
    length_ms: int
    estimated_ms: int
    degraded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleMet:
    """A programme's rule, and the airings that met it."""

    title: str
    rule_text: str
    new_per_month: int | None
    min_replays: int | None
    aired: tuple[datetime, ...]
    """Starts of its airings as the log has them, aware, in station time; the first is the first airing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """What the last screen tells."""

    folder: Path
    station_folder: Path
    documents: tuple[tuple[str, str, int], ...]
    """(kind and number, subject, items) of each."""
    episodes: tuple[EpisodeMade, ...]
    from_on: date
    until_on: date
    plays: int
    outcomes: dict[str, int]
    rules: tuple[RuleMet, ...]
    deadlines: tuple[str, ...]
    package: PackageSummary

    @property
    def held(self) -> bool:
        """True when every play aired and every rule was met."""
        met = all(
            len({start.date() for start in rule.aired}) >= 1 + (rule.min_replays or 0) for rule in self.rules
        )
        return met and self.outcomes == {"aired": self.plays}


def run_demo(folder: Path, tell: Tell, *, now: datetime | None = None, voice: str = "espeak") -> DemoResult:
    """Do the main job in `folder` (made when missing, else it must be empty); everything is kept there.

    The next calendar month is planned and aired on a simulated clock. Two people are registered; who looks at
    the station afterwards is the editor of the two.

    Raises:
        DemoFolderTakenError, and any error of the steps.
    """
    if folder.exists() and any(folder.iterdir()):
        raise DemoFolderTakenError(path=folder)
    moment = now or datetime.now(UTC)
    tell(STEPS[0], 0)
    station = init_station(folder / "station", _config(voice))
    try:
        return _main_job(station, folder, tell, moment)
    finally:
        station.close()


def _main_job(station: Station, folder: Path, tell: Tell, now: datetime) -> DemoResult:
    with station.decide() as session:
        people.add_person(session, APPROVER, ["approver", "administrator"], by=people.os_account(), now=now)
        people.add_person(
            session, EDITOR, ["editor", "operator"], by=APPROVER, os_user=people.os_account(), now=now
        )
    tell(STEPS[1], 0)
    for name in DOCUMENTS:
        source = folder / "documents" / name
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_bytes((files("scheduler") / "demo" / name).read_bytes())
        import_document(station, source, now=now, person=EDITOR)
    tell(STEPS[2], 0)
    first_on = next_month_day(station.day_of(now))
    until_on = last_day(month_of(first_on))
    _approve_all(station, now, month_of(first_on))
    _render_all(station, tell, now)
    tell(STEPS[4], 0)
    built = build(
        station,
        from_on=first_on,
        until_on=until_on,
        now=now,
        person=EDITOR,
        progress=lambda _stage, share: tell(STEPS[4], share),
    )
    if built.shortfalls:
        raise DemoFailedError(reason=", ".join(str(shortfall) for shortfall in built.shortfalls))
    tell(STEPS[5], 0)
    commune = Commune(code="khu-bai-dai", name=COMMUNE, player="usb", zones=("toan-phuong",))
    package = export_package(station, commune, first_on, until_on, folder / "package", now=now)
    _run_month(station, tell, first_on, until_on, len(built.plays))
    return _result(station, folder, built, package)


def _approve_all(station: Station, now: datetime, month: str) -> None:
    """The editor drafts and submits, the approver approves and agrees to the makeshift voice; each its own decision."""
    with station.decide() as session:
        for programme in session.scalars(select(Programme).where(Programme.status == "proposed")):
            programme.status = "active"
            draft_greetings(session, station, programme, now=now, person=EDITOR)
        for item in session.scalars(select(Item).order_by(Item.id)).all():
            draft_item(session, station, item, now=now, person=EDITOR)
    with station.read() as session:
        item_ids = list(session.scalars(select(Item.id).order_by(Item.id)))
    for item_id in item_ids:
        with station.decide() as session:
            approval.submit(session, session.get_one(Item, item_id), EDITOR, now=now)
        with station.decide() as session:
            item = session.get_one(Item, item_id)
            approval.approve(session, item, APPROVER, config=station.config, now=now)
            if "espeak" in station.config.voice.order:
                approval.consent_to_degraded_voice(
                    session,
                    approval.latest_script(session, item),
                    APPROVER,
                    audio_sha256=None,
                    reason="demo",
                    now=now,
                )
    with station.decide() as session:
        for programme in session.scalars(select(Programme).where(Programme.status == "active")):
            programme_episodes(session, programme, month, now)


def _render_all(station: Station, tell: Tell, now: datetime) -> None:
    total = max(1, steps_of(station, None))
    done = 0

    def step(count: int, _text: str | None) -> None:
        nonlocal done
        done += count
        tell(STEPS[3], min(1.0, done / total))

    tell(STEPS[3], 0)
    result = render_items(station, None, step, now=now)
    for failed in result.failed:
        raise DemoFailedError(reason=failed.error) from failed.error


def _run_month(station: Station, tell: Tell, first_on: date, until_on: date, plays: int) -> None:
    begin = datetime.combine(first_on, time(), station.tz)
    end = datetime.combine(until_on + timedelta(days=1), time(), station.tz)
    aired = 0

    def one(_entry: object) -> None:
        nonlocal aired
        aired += 1
        tell(STEPS[6], min(1.0, aired / max(1, plays)))

    tell(STEPS[6], 0)
    run_station(station, until=end, clock="simulated", start_at=begin, output="null", progress=one)


def _result(station: Station, folder: Path, built: BuiltPlan, package: PackageSummary) -> DemoResult:
    with station.read() as session:
        documents = session.scalars(select(Document).order_by(Document.id)).all()
        audio = session.scalars(select(EpisodeAudio).order_by(EpisodeAudio.id)).all()
        episodes: list[EpisodeMade] = []
        for one in audio:
            episode = session.get_one(Episode, one.episode_id)
            expected_ms = estimated_ms(session, episode)
            path = folder / "audio" / f"{len(episodes) + 1:02d}-{code_of(episode.title)[:60]}.{one.format}"
            atomic.write_bytes(
                path, station.media.find(one.sha256, f".{one.format}", verify=True).read_bytes()
            )
            episodes.append(
                EpisodeMade(
                    title=episode.title,
                    path=path,
                    length_ms=one.length_ms,
                    estimated_ms=expected_ms,
                    degraded=one.degraded,
                )
            )
        outcomes: dict[str, int] = {}
        for outcome in session.scalars(select(AsRun.outcome).where(AsRun.kind == "play")):
            outcomes[outcome or "?"] = outcomes.get(outcome or "?", 0) + 1
        rules = []
        for programme in session.scalars(
            select(Programme).where(Programme.new_per_month.is_not(None)).order_by(Programme.id)
        ):
            starts = session.scalars(
                select(AsRun.started_at).join(Play, Play.id == AsRun.play_id).join(Episode, Episode.id == Play.episode_id)
                .where(Episode.programme_id == programme.id, AsRun.outcome == "aired").order_by(AsRun.started_at)
            ).all()  # fmt: skip
            rules.append(
                RuleMet(
                    title=programme.title, rule_text=programme.rule_text or "", new_per_month=programme.new_per_month,
                    min_replays=programme.min_replays_per_month,
                    aired=tuple(start.astimezone(station.tz) for start in starts if start),
                )
            )  # fmt: skip
        deadlines = tuple(session.scalars(select(Deadline.text).order_by(Deadline.id)))
        return DemoResult(
            folder=folder,
            station_folder=station.folder,
            documents=tuple(
                (f"{d.kind} {d.number or ''}".strip(), d.subject or "", len(d.items)) for d in documents
            ),
            episodes=tuple(episodes),
            from_on=built.from_on,
            until_on=built.until_on,
            plays=len(plays_between(session, station, built.from_on, built.until_on)),
            outcomes=outcomes,
            rules=tuple(rules),
            deadlines=deadlines,
            package=package,
        )


def _config(voice: str) -> str:
    """The shipped config, named for the example, silent (nothing is heard during the simulation)."""
    text = default_config_text()
    for before, after in (
        ('name = "Đài Truyền thanh phường"', f'name = "{STATION_NAME}"'),
        (
            'order = ["gtts", "espeak"]',
            f'order = ["{voice}"]' if voice == "espeak" else f'order = ["{voice}", "espeak"]',
        ),
        ('kind = "sound-card"', 'kind = "null"'),
    ):
        if before not in text:
            raise DemoFailedError(reason=f"the shipped config has no line {before}")
        text = text.replace(before, after)
    return text
