"""A year of a busy ward, made up: programmes, episodes, plays, and what the player wrote down."""

from __future__ import annotations

import hashlib
import random
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy.orm import Session

from content import approval
from content.events import seal
from content.items import add_item
from content.models import Episode, EpisodePart, Item, Programme
from content.months import first_day, last_day
from content.script_versions import save_version
from content.station import Station
from scheduler.models import AsRun, Play

TOPICS = ("Chuyển đổi số", "Phòng cháy", "Y tế", "Giáo dục", "An ninh trật tự", "Môi trường")
UNITS = ("Công an phường", "Trạm Y tế", "Văn hóa - Xã hội", "Mặt trận Tổ quốc", "Ban Chỉ huy Quân sự")
REASONS = ("mất điện", "máy phát hỏng", "đài trên tiếp sóng kéo dài", "mưa bão")


def fill(
    station: Station,
    *,
    programmes: int,
    as_run: int,
    year: int,
    seed: int = 1,
    months: int = 12,
    one_by_one: bool = False,
) -> dict[str, Any]:
    """Put a year into an empty station; what was put in, by kind. Deterministic for a seed.

    `one_by_one` seals each as-run row twice, as the daemon does; else each month is sealed at once, which is quicker.
    """
    chance = random.Random(seed)
    per_episode = max(2, round(as_run * 0.96 / (programmes * months)))
    told = {"programmes": programmes, "plays": 0, "as_run": 0}
    with station.decide() as session:
        ids = [
            _programme(session, station, number, year, per_episode, chance) for number in range(programmes)
        ]
    for month in [f"{year}-{number:02d}" for number in range(1, months + 1)]:
        with station.decide() as session:
            _month(session, station, month, ids, per_episode, chance, told, one_by_one)
    with station.decide() as session:
        while told["as_run"] < as_run:
            day = date(year, 1, 1) + timedelta(days=chance.randrange(min(360, months * 28)))
            _relay(session, station, day, told)
    return told


def _programme(
    session: Session, station: Station, number: int, year: int, per_episode: int, chance: random.Random
) -> int:
    before = datetime(year - 1, 12, 1, tzinfo=UTC)
    programme = Programme(
        title=f"Chuyên mục số {number + 1}: {chance.choice(TOPICS)}", topic=chance.choice(TOPICS),
        lead_unit=chance.choice(UNITS), status="active", new_per_month=1, min_replays_per_month=per_episode - 1,
        rules={}, priority=3, created_at=before, target_length_ms=300_000, rule_text="Mỗi tháng một chuyên mục",
    )  # fmt: skip
    session.add(programme)
    words = f"bản tin số {number}"
    item = add_item(
        session,
        title=f"Tin {number}",
        text=words,
        now=before,
        person="lan",
        lead_units=[chance.choice(UNITS)],
    )
    save_version(
        session, item, now=before, person="lan", unknowns=[], estimated_ms=60_000,
        sentences=[{"text": words, "spoken": words, "pause_after_ms": 300, "span": None}],
    )  # fmt: skip
    approval.submit(session, item, "lan", now=before)
    approval.approve(session, item, "hoa", config=station.config, now=before)
    session.flush()
    item.programme_id = programme.id
    return programme.id


def _month(
    session: Session,
    station: Station,
    month: str,
    programme_ids: list[int],
    per_episode: int,
    chance: random.Random,
    told: dict[str, Any],
    one_by_one: bool,
) -> None:
    first, last = first_day(month), last_day(month)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    entries: list[tuple[Play, AsRun]] = []
    items = {item.programme_id: item for item in session.query(Item)}
    for programme_id in programme_ids:
        programme = session.get(Programme, programme_id)
        assert programme is not None
        episode = Episode(
            programme_id=programme_id, month=month, number=1, title=f"{programme.title} – {month}",
            created_at=datetime.combine(first, time(), UTC),
        )  # fmt: skip
        episode.parts.append(EpisodePart(position=1, item=items[programme_id]))
        session.add(episode)
        session.flush()
        for number, day in enumerate(sorted(chance.sample(days, min(per_episode, len(days))))):
            at = datetime.combine(day, time(6, chance.randrange(60)), station.tz).astimezone(UTC)
            zones = list(station.config.zone_ids)
            length_ms = 60_000 + chance.randrange(240_000)
            missed = chance.random() < 0.02
            play = Play(
                episode_id=episode.id, kind="replay" if number else "first", starts_at=at, length_ms=length_ms,
                zones=zones, status="missed" if missed else "aired", created_at=at,
            )  # fmt: skip
            row = AsRun(
                kind="play", title=episode.title, zones=zones, planned_at=at, started_at=None if missed else at,
                ended_at=None if missed else at + timedelta(milliseconds=length_ms),
                heard_ms=0 if missed else length_ms, outcome="missed" if missed else "aired",
                reason=chance.choice(REASONS) if missed else None, output="main",
                audio_sha256=hashlib.sha256(f"{episode.id}".encode()).hexdigest(),
            )  # fmt: skip
            entries.append((play, row))
    session.add_all([play for play, _row in entries])
    session.flush()
    for play, row in entries:
        row.play_id = play.id
    for _play, row in entries:
        # As the daemon does it: one entry of the event log when it begins, one when it is over.
        outcome, ended_at = row.outcome, row.ended_at
        row.outcome = row.ended_at = None
        session.add(row)
        if one_by_one:
            seal(session, row)
        row.outcome, row.ended_at = outcome, ended_at
        if one_by_one:
            seal(session, row)
    told["plays"] += len(entries)
    told["as_run"] += len(entries)
    session.flush()


def _relay(session: Session, station: Station, day: date, told: dict[str, Any]) -> None:
    at = datetime.combine(day, time(5, 0), station.tz).astimezone(UTC)
    session.add(
        AsRun(
            kind="relay", title="Đài Tiếng nói Việt Nam", zones=list(station.config.zone_ids), planned_at=at, started_at=at,
            ended_at=at + timedelta(minutes=30), heard_ms=1_800_000, outcome="aired", output="main",
        )
    )  # fmt: skip
    told["as_run"] += 1
