"""The main job end to end, on the real parts: documents in, real sound, a plan that meets the rule, a month on the air."""

import json
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audio.ffmpeg import ffmpeg_path
from audio.loudness import measure
from content.audit import verify
from content.station import open_station
from scheduler.demo.run_demo import DemoFolderTakenError, DemoResult, run_demo

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> DemoResult:
    return run_demo(tmp_path_factory.mktemp("demo") / "out", lambda _step, _share: None, now=NOW)


def header_of(path: Path) -> str:
    done = subprocess.run(
        [ffmpeg_path(), "-hide_banner", "-i", str(path), "-f", "null", "-"], capture_output=True, check=True
    )
    return done.stderr.decode("utf-8")


def test_every_play_of_the_month_aired_and_the_rule_of_the_letter_is_met(made: DemoResult) -> None:
    assert made.held
    (rule,) = made.rules
    assert (rule.new_per_month, rule.min_replays) == (1, 3)
    assert "phát lại ít nhất 03 lần/tháng" in rule.rule_text
    assert len({start.date() for start in rule.aired}) >= 4
    assert {start.strftime("%Y-%m") for start in rule.aired} == {"2026-12"}


def test_each_episode_is_real_sound_as_long_as_estimated_with_its_title_in_the_file(made: DemoResult) -> None:
    assert len(made.episodes) == 4
    for episode in made.episodes:
        header = header_of(episode.path)
        title = re.search(r"title\s+: (.+)", header)
        assert title is not None
        assert title[1].strip() == episode.title
        assert abs(episode.length_ms - episode.estimated_ms) <= 0.1 * episode.estimated_ms
        heard = measure(episode.path, 24_000)
        assert heard.integrated_lufs > -16


def test_the_documents_gave_items_deadlines_and_nothing_was_typed(made: DemoResult) -> None:
    assert [items for _name, _subject, items in made.documents] == [3, 2]
    assert any("ngày 14 hằng tháng" in text for text in made.deadlines)
    assert any("6 tháng" in text for text in made.deadlines)


def test_the_programme_greets_its_listeners_in_approved_words(made: DemoResult) -> None:
    from sqlalchemy import select

    from content.models import Episode

    station = open_station(made.station_folder / "config.toml")
    try:
        with station.read() as session:
            (episode,) = session.scalars(select(Episode).where(Episode.programme_id.is_not(None)))
            kinds = [part.item.kind for part in episode.parts]
            assert (kinds[0], kinds[-1]) == ("opening", "closing")
            assert {part.item.status for part in episode.parts} == {"approved"}
    finally:
        station.close()


def test_the_log_says_that_the_clock_was_simulated_and_nothing_was_altered(made: DemoResult) -> None:
    from sqlalchemy import select

    from scheduler.models import AsRun

    station = open_station(made.station_folder / "config.toml")
    try:
        with station.read() as session:
            rows = session.scalars(select(AsRun)).all()
            assert rows
            assert all(row.simulated for row in rows)
            assert not verify(session).breaks
    finally:
        station.close()


def test_what_only_a_simulated_clock_aired_is_still_owed_and_planned(made: DemoResult) -> None:
    from datetime import date

    from scheduler.ledger import ledger

    station = open_station(made.station_folder / "config.toml")
    try:
        with station.read() as session:
            month = {"from_on": date(2026, 12, 1), "until_on": date(2026, 12, 31)}
            (real,) = ledger(session, station.config, **month, now=NOW)
            (simulated,) = ledger(session, station.config, **month, now=NOW, simulated=True)
    finally:
        station.close()
    assert (real.aired, real.status) == (0, "on-track")
    assert (simulated.aired, simulated.status) == (4, "met")


def test_the_package_holds_what_was_planned(made: DemoResult) -> None:
    manifest = json.loads(next(made.package.path.rglob("manifest.json")).read_text("utf-8"))
    assert len(manifest["plays"]) == made.plays
    assert made.package.sounds == len(made.episodes)
    assert (
        len(list(made.package.path.rglob("*.mp3"))) == made.plays
    )  # a plain USB player plays one file after the other


def test_a_second_demo_in_the_same_folder_is_refused(made: DemoResult) -> None:
    with pytest.raises(DemoFolderTakenError, match="is not empty"):
        run_demo(made.folder, lambda _step, _share: None, now=NOW)
