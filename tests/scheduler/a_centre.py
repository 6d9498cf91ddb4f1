"""A centre with a month's plan, for the tests of the exchange: made straight in its tables."""

import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from audio.models import EpisodeAudio
from content.models import Episode, Programme
from content.station import Station
from scheduler.models import Play

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
FROM, UNTIL = date(2026, 12, 1), date(2026, 12, 31)


def noise(name: str, size: int = 5000) -> bytes:
    """Bytes that stand for a sound where nothing listens to it; the same for the same name."""
    block = hashlib.sha512(name.encode()).digest()
    return b"ID3" + (block * (size // len(block) + 1))[: size - 3]


def add_sound(station: Station, episode_id: int, content: bytes, length_ms: int, folder: Path) -> str:
    """The finished sound of an episode; its SHA-256."""
    folder.mkdir(exist_ok=True)
    source = folder / "sound.mp3"
    source.write_bytes(content)
    sha256 = station.media.add(source)
    with station.decide() as session:
        session.add(
            EpisodeAudio(
                episode_id=episode_id,
                profile="horn",
                recipe_sha256=hashlib.sha256(content).hexdigest(),
                sha256=sha256,
                format="mp3",
                length_ms=length_ms,
                loudness_lufs=-14.0,
                true_peak_dbtp=-1.5,
                degraded=False,
                segment_ids=[],
                script_ids=[],
                consent_by="Trần Thị Bình",
                consent_at=NOW,
                created_at=NOW,
            )
        )
    return sha256


def add_play(station: Station, episode_id: int, starts_at: datetime, length_ms: int, **fields: object) -> int:
    with station.decide() as session:
        play = Play(
            episode_id=episode_id,
            starts_at=starts_at,
            length_ms=length_ms,
            created_at=NOW,
            **{"kind": "replay", "zones": [], "status": "planned", "timing": "soft", **fields},
        )
        session.add(play)
        session.flush()
        return play.id


def plan_month(
    station: Station,
    *,
    programmes: int = 3,
    replays: int = 3,
    length_ms: int = 120_000,
    sound: Callable[[str], bytes] = noise,
) -> list[int]:
    """Programmes with one episode each in December 2026, airing first and `replays` times again; the play ids."""
    ids = []
    for n in range(programmes):
        with station.decide() as session:
            programme = Programme(
                title=f"Chuyên mục số {n + 1}", status="active", new_per_month=1, min_replays_per_month=replays,
                rule_text="mỗi tháng 01 chương trình, phát lại ít nhất 03 lần", created_at=NOW,
            )  # fmt: skip
            session.add(programme)
            session.flush()
            episode = Episode(
                programme_id=programme.id, month="2026-12", number=1, created_at=NOW,
                title=f"Chuyên mục số {n + 1}: Đường dây nóng & “dịch vụ công”",
            )  # fmt: skip
            session.add(episode)
            session.flush()
            episode_id = episode.id
        add_sound(station, episode_id, sound(f"sound {n}"), length_ms, station.folder / "scratch")
        for k in range(replays + 1):
            day = FROM + timedelta(days=n + 7 * k)
            start = datetime.combine(day, time(6, 30), station.tz) + timedelta(minutes=3 * n)
            ids.append(add_play(station, episode_id, start, length_ms, kind="first" if k == 0 else "replay"))
    return ids
