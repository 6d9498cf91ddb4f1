"""What was rendered last is what airs, also where it had been made before: a voice, take or jingle that comes back."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sound_files import house, speechlike, tone
from sqlalchemy import select

from audio.check import check_items
from audio.made import file_of
from audio.models import EpisodeAudio
from audio.record import record_item
from audio.render import render_items
from content.audit import verify
from content.items import current_script
from content.models import Item
from content.newest_sound import newest_sound
from content.script_versions import save_version
from content.station import Station, default_config_text, open_station

NOW = datetime(2026, 8, 3, 1, tzinfo=UTC)
SENTENCE = "Mời bà con theo dõi bản tin."


@pytest.fixture
def station(new_station: Callable[..., Station]) -> Station:
    config = default_config_text().replace('order = ["gtts", "espeak"]', 'order = ["espeak"]')
    return new_station(config=config)


def add_item(station: Station) -> int:
    with station.decide() as session:
        item = Item(title="Tin", text=SENTENCE, created_at=NOW)
        session.add(item)
        session.flush()
        sentences = [{"text": SENTENCE, "spoken": SENTENCE, "pause_after_ms": 300, "span": None}]
        save_version(session, item, sentences=sentences, unknowns=[], estimated_ms=2500, now=NOW)
        return item.id


def heard(station: Station, item_id: int) -> tuple[str, str]:
    """(segment, finished file) of one rendering, held against what air, approver, check and preview take."""
    result = render_items(station, [item_id], now=NOW)
    assert not result.failed
    segment, finished = result.rendered
    with station.read() as session:
        item = session.get_one(Item, item_id)
        script = current_script(session, item)
        assert script is not None
        to_approve = newest_sound(session, script)
        airs = session.scalars(
            select(EpisodeAudio)
            .where(
                EpisodeAudio.episode_id == finished.id, EpisodeAudio.profile == station.config.audio.profile
            )
            .order_by(EpisodeAudio.id.desc())
        ).first()
        assert to_approve is not None
        assert airs is not None
        assert airs.sha256 == finished.sha256
        assert airs.segment_ids == [segment.id]
        assert to_approve.sha256 == segment.sha256
        assert verify(session).whole
    assert [one.id for one in check_items(station, [item_id]) if one.kind == "segment"] == [segment.id]
    assert file_of(station, str(item_id)).path.stem == finished.sha256
    assert file_of(station, str(item_id), segment=True).path.stem == segment.sha256
    return segment.sha256, finished.sha256


def test_a_voice_that_comes_back_after_another_is_heard_again(station: Station, tmp_path: Path) -> None:
    item_id = add_item(station)
    spoken = heard(station, item_id)
    record_item(station, item_id, house(tmp_path / "phone.wav", speechlike(3)))
    recorded = heard(station, item_id)
    with station.decide() as session:
        session.get_one(Item, item_id).voice = "espeak"
    assert heard(station, item_id) == spoken != recorded
    with station.decide() as session:
        session.get_one(Item, item_id).voice = "recording"
    assert heard(station, item_id) == recorded


def test_an_earlier_take_that_is_supplied_again_is_heard_again(station: Station, tmp_path: Path) -> None:
    item_id = add_item(station)
    takes = [house(tmp_path / f"{seed}.wav", speechlike(3, seed=seed)) for seed in (1, 2)]
    sounds = []
    for take in (takes[0], takes[1], takes[0]):
        record_item(station, item_id, take)
        sounds.append(heard(station, item_id))
    assert sounds[0] == sounds[2] != sounds[1]


def test_a_jingle_that_comes_back_after_the_holiday_is_heard_again(station: Station) -> None:
    item_id = add_item(station)
    usual = heard(station, item_id)
    tone(station.folder / "tet.wav", 2)
    path = station.folder / "config.toml"
    kept = path.read_text("utf-8")
    path.write_text(kept.replace('closing = ""', 'closing = "tet.wav"'), "utf-8")
    holiday = open_station(path)
    changed = heard(holiday, item_id)
    holiday.close()
    assert changed[0] == usual[0]
    assert changed[1] != usual[1]
    assert heard(station, item_id) == usual
    assert heard(station, item_id) == usual


def test_each_profile_keeps_its_own_newest(station: Station) -> None:
    item_id = add_item(station)
    usual = heard(station, item_id)
    render_items(station, [item_id], now=NOW, profile="web")
    with station.read() as session:
        before = [(row.id, row.profile) for row in session.scalars(select(EpisodeAudio))]
    assert heard(station, item_id) == usual
    with station.read() as session:
        assert [(row.id, row.profile) for row in session.scalars(select(EpisodeAudio))] == before
