"""For tests of the daemon: approved episodes with real sound, and plays of them."""

from __future__ import annotations

import io
import wave
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from audio.models import EpisodeAudio
from content.models import Approval, Episode, EpisodePart, Item, Script
from content.script_versions import spoken_sha256
from content.station import Station
from scheduler.models import AsRun, Play

RATE_HZ = 48_000
WRITTEN_AT = datetime(2026, 11, 1, tzinfo=UTC)


def noise(seconds: float, seed: int) -> np.ndarray:
    """Band-limited noise that is like no other: recordings can be told apart by correlation."""
    random = np.random.default_rng(seed)
    samples = random.normal(0, 1, int(seconds * RATE_HZ))
    smooth = np.convolve(samples, np.ones(12) / 12, mode="same")
    return np.clip(smooth * 9000, -30_000, 30_000).astype("<i2")


def wav(samples: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples.tobytes())
    return buffer.getvalue()


def add_episode(
    station: Station,
    scratch: Path,
    *,
    seconds: float = 3.0,
    seed: int = 1,
    title: str | None = None,
    approved: bool = True,
) -> int:
    """An episode of one item with finished sound; its id."""
    source = scratch / f"sound-{seed}-{seconds}.wav"
    source.write_bytes(wav(noise(seconds, seed)))
    sha256 = station.media.add(source)
    title = title or f"Bản tin số {seed}"
    sentences = [{"text": title, "spoken": f"bản tin số {seed}", "pause_after_ms": 300, "span": None}]
    with station.decide() as session:
        status = "approved" if approved else "submitted"
        item = Item(title=title, text=title, status=status, created_at=WRITTEN_AT, created_by="biên tập")
        script = Script(
            item=item, version=1, sentences=sentences, unknowns=[], sha256=spoken_sha256(sentences),
            estimated_ms=round(seconds * 1000), status=status, created_at=WRITTEN_AT, created_by="biên tập",
        )  # fmt: skip
        episode = Episode(title=title, number=1, created_at=WRITTEN_AT)
        episode.parts.append(EpisodePart(position=1, item=item))
        session.add_all([script, episode])
        session.flush()
        if approved:
            session.add(
                Approval(
                    script_id=script.id, script_sha256=script.sha256, decision="approved", person="lãnh đạo",
                    decided_at=WRITTEN_AT,
                )
            )  # fmt: skip
        session.add(
            EpisodeAudio(
                episode_id=episode.id, profile=station.config.audio.profile, recipe_sha256=sha256, sha256=sha256,
                format="wav", length_ms=round(seconds * 1000), loudness_lufs=-14.0, true_peak_dbtp=-1.5,
                degraded=False, segment_ids=[], script_ids=[script.id], created_at=WRITTEN_AT,
            )
        )  # fmt: skip
        return episode.id


def add_play(station: Station, episode_id: int | None, starts_at: datetime, **fields: Any) -> int:
    """A planned play; its id."""
    with station.decide() as session:
        values: dict[str, Any] = {
            "kind": "first",
            "length_ms": 3000,
            "zones": [],
            "created_at": WRITTEN_AT,
            **fields,
        }
        play = Play(episode_id=episode_id, starts_at=starts_at, **values)
        session.add(play)
        session.flush()
        return play.id


def withdraw_approval(station: Station, at: datetime) -> None:
    """Reject the words of the station's one script, as the approver would."""
    with station.decide() as session:
        script = session.scalars(select(Script)).one()
        script.status = "rejected"
        session.add(
            Approval(
                script_id=script.id, script_sha256=script.sha256, decision="rejected", person="lãnh đạo", decided_at=at,
            )
        )  # fmt: skip


def as_run(station: Station) -> list[AsRun]:
    from scheduler.daemon.as_run import between

    return between(station, None, None)


def outcomes(rows: Sequence[AsRun]) -> list[tuple[int | None, str | None]]:
    return [(row.play_id, row.outcome) for row in rows]


def status_of(station: Station, play_id: int) -> str:
    with station.read() as session:
        play = session.get(Play, play_id)
        assert play is not None
        return play.status
