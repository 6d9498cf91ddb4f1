"""Scripts to segments to episodes: only what is missing, nothing half-done, whatever kills it."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sound_files import house, measured, speechlike, tone
from sqlalchemy import func, select

from audio import wav
from audio.frame import frame_of
from audio.ingest import take_in
from audio.models import EpisodeAudio, Segment
from audio.record import record_item
from audio.render import render_episode, render_items, steps_of
from audio.rendered import ASSEMBLY_STEPS
from audio.segments import NoScriptToRenderError, render_segment
from audio.voices.espeak_voice import EspeakVoice
from audio.voices.order import recording_voice, speaker_of
from content.atomic import sha256_of
from content.episodes import programme_episodes
from content.models import Episode, EpisodePart, Item, Programme, Script
from content.script_versions import save_version
from content.station import Station, default_config_text

NOW = datetime(2026, 8, 3, 1, tzinfo=UTC)
DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
LONG = bool(os.environ.get("LOA_LONG_TESTS"))


def config(order: str = '["espeak"]') -> str:
    return default_config_text().replace('order = ["gtts", "espeak"]', f"order = {order}")


@pytest.fixture
def station(new_station: Callable[..., Station]) -> Station:
    made = new_station(config=config())
    assert made.config.voice.order == ("espeak",)
    return made


def add_item(station: Station, texts: list[str], *, status: str = "draft", **facts: object) -> int:
    with station.decide() as session:
        item = Item(title=texts[0], text=" ".join(texts), created_at=NOW, **facts)
        session.add(item)
        session.flush()
        sentences = [{"text": t, "spoken": t, "pause_after_ms": 300, "span": None} for t in texts]
        save_version(session, item, sentences=sentences, unknowns=[], estimated_ms=2500 * len(texts), now=NOW)
        item.status = status
        return item.id


def test_an_item_becomes_a_segment_and_an_episode_that_meets_the_profile(station: Station) -> None:
    item_id = add_item(station, ["Mời bà con theo dõi bản tin.", "Xin cảm ơn."])
    steps = []
    wanted = steps_of(station, [item_id])
    result = render_items(station, [item_id], lambda count, _text: steps.append(count), now=NOW)
    assert sum(steps) == wanted == 2 + ASSEMBLY_STEPS
    segment, episode = result.rendered
    assert (segment.kind, episode.kind, segment.voice, segment.degraded, episode.degraded) == (
        "segment", "episode", "espeak", True, True,
    )  # fmt: skip
    path = station.media.find(segment.sha256, ".wav", verify=True)
    assert wav.read_info(path).length_ms == segment.length_ms
    finished = station.media.find(episode.sha256, ".mp3", verify=True)
    loudness_lufs, peak_dbtp = measured(finished)
    assert abs(loudness_lufs - -14) <= 0.5
    assert peak_dbtp <= -1.5
    with station.read() as session:
        row = session.scalars(select(EpisodeAudio)).one()
        assert row.sha256 == episode.sha256
        assert row.segment_ids == [segment.id]
        assert row.degraded
    assert not list((station.folder / "cache" / "work").iterdir())


def test_what_is_there_costs_nothing(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    item_id = add_item(station, ["Mời bà con theo dõi bản tin."])
    first = render_items(station, [item_id], now=NOW)

    def never(*_args: object) -> bytes:
        raise AssertionError("spoken again")

    monkeypatch.setattr(EspeakVoice, "synthesise", never)
    monkeypatch.setattr("audio.render.assemble", never)
    again = render_items(station, [item_id], now=NOW)
    assert [one.made for one in first.rendered] == [True, True]
    assert [one.made for one in again.rendered] == [False, False]
    assert [one.sha256 for one in again.rendered] == [one.sha256 for one in first.rendered]


def test_a_lost_file_is_made_again_with_the_same_bytes(station: Station) -> None:
    item_id = add_item(station, ["Mời bà con theo dõi bản tin."])
    first = render_items(station, [item_id], now=NOW).rendered
    for one, suffix in zip(first, (".wav", ".mp3"), strict=True):
        station.media.path_of(one.sha256, suffix).unlink()
    again = render_items(station, [item_id], now=NOW).rendered
    assert [one.sha256 for one in again] == [one.sha256 for one in first]
    assert station.media.find(first[1].sha256, ".mp3", verify=True)


def test_a_new_version_of_the_words_is_a_new_segment(station: Station) -> None:
    item_id = add_item(station, ["Mời bà con theo dõi bản tin.", "Xin cảm ơn."])
    old = render_segment(station, item_id, now=NOW)
    with station.decide() as session:
        item = session.get_one(Item, item_id)
        sentences = [
            {"text": t, "spoken": t, "pause_after_ms": 300, "span": None}
            for t in ("Mời nghe.", "Xin cảm ơn.")
        ]
        save_version(session, item, sentences=sentences, unknowns=[], estimated_ms=3000, now=NOW)
    new = render_segment(station, item_id, now=NOW)
    assert new.sha256 != old.sha256
    with station.read() as session:
        assert session.scalar(select(func.count(Segment.id))) == 2


def test_an_unreachable_voice_falls_back_and_the_segment_says_so(
    new_station: Callable[..., Station], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setattr("audio.voices.gtts_voice._LONGEST_WAIT_S", 0)
    station = new_station(config=config('["gtts", "espeak"]'))
    item_id = add_item(station, ["Mời bà con theo dõi bản tin."])
    segment = render_segment(station, item_id, now=NOW)
    assert segment.voice == "espeak"
    assert segment.degraded
    assert [one["voice"] for one in segment.fallbacks] == ["gtts"]
    assert "internet" in segment.fallbacks[0]["reason"]


def test_one_item_that_fails_does_not_stop_the_others(station: Station) -> None:
    good = add_item(station, ["Mời bà con theo dõi bản tin."])
    bad = add_item(station, ["Nyob zoo."], language="hmn")
    result = render_items(station, [bad, good], now=NOW)
    assert [one.item_ids for one in result.rendered] == [(good,), (good,)]
    assert "hmn" in str(result.failed[0].error)


def test_an_item_without_words_says_what_to_do(station: Station) -> None:
    with station.decide() as session:
        item = Item(title="Trống", text="x", created_at=NOW)
        session.add(item)
        session.flush()
        item_id = item.id
    with pytest.raises(NoScriptToRenderError, match="loa script edit"):
        render_segment(station, item_id)


def test_a_programme_s_episode_carries_its_items_in_order_with_chime_and_closing(station: Station) -> None:
    ids = [add_item(station, [f"Tin số {DIGITS[n]}."], status="approved") for n in (1, 2, 3)]
    with station.decide() as session:
        programme = Programme(title="Chuyển đổi số", created_at=NOW, status="active")
        session.add(programme)
        session.flush()
        episode = Episode(programme_id=programme.id, month="2026-08", number=1, title="Số 1", created_at=NOW)
        for position, item_id in enumerate(reversed(ids), 1):
            episode.parts.append(EpisodePart(position=position, item=session.get_one(Item, item_id)))
            session.get_one(Item, item_id).programme_id = programme.id
        session.add(episode)
        session.flush()
        episode_id = episode.id
    result = render_items(station, None, now=NOW)
    finished = [one for one in result.rendered if one.kind == "episode" and one.id == episode_id]
    assert len(finished) == 1
    assert finished[0].item_ids == tuple(reversed(ids))
    segments_ms = sum(one.length_ms for one in result.rendered if one.kind == "segment")
    pauses_ms = 2 * station.config.audio.pause_between_items_ms
    assert 5000 < finished[0].length_ms - segments_ms - pauses_ms < 12_000
    web = render_episode(station, episode_id, profile="web", now=NOW)
    assert web.sha256 != finished[0].sha256
    assert abs((web.loudness_lufs or 0) - -18) <= 0.5


def test_a_programme_speaks_its_opening_and_closing_around_its_items(station: Station) -> None:
    with station.decide() as session:
        programme = Programme(
            title="Chuyển đổi số", created_at=NOW, status="active", target_length_ms=120_000
        )
        session.add(programme)
        session.flush()
        programme_id = programme.id
    closing = add_item(
        station, ["Xin tạm biệt."], status="approved", kind="closing", programme_id=programme_id
    )
    news = add_item(station, ["Tin số một."], status="approved", programme_id=programme_id)
    opening = add_item(station, ["Xin chào."], status="approved", kind="opening", programme_id=programme_id)
    with station.decide() as session:
        programme = session.get_one(Programme, programme_id)
        episode_id = programme_episodes(session, programme, "2026-08", NOW)[0].id
    result = render_items(station, None, now=NOW)
    finished = next(one for one in result.rendered if one.kind == "episode" and one.id == episode_id)
    assert finished.item_ids == (opening, news, closing)
    with station.read() as session:
        segments = [
            session.scalars(select(Segment).join(Script).where(Script.item_id == item_id)).one()
            for item_id in finished.item_ids
        ]
        frame = frame_of(session, station, session.get_one(Episode, episode_id), segments)
    heard = [part.path.name for part in frame.parts(station, segments, verify=True)]
    assert [name.partition("-")[0] for name in (heard[0], heard[1], heard[-1])] == [
        "chime",
        "opening",
        "closing",
    ]
    assert heard[2:-1] == [station.media.path_of(s.sha256, ".wav").name for s in segments]


def test_a_recording_takes_the_place_of_a_voice_and_is_flagged_when_the_words_change(
    station: Station, tmp_path: Path
) -> None:
    item_id = add_item(station, ["Mời bà con theo dõi bản tin."], voice="recording")
    with station.read() as session:
        script_sha256 = session.get_one(Item, item_id).scripts[-1].sha256
    voice = recording_voice(station)
    taken = take_in(house(tmp_path / "phone.wav", speechlike(3, -30, 48_000), 48_000), tmp_path / "clean.wav")
    voice.keep_item(item_id, taken.path, script_sha256=script_sha256, source="phone.wav", notes=[])
    segment = render_segment(station, item_id, now=NOW)
    assert (segment.voice, segment.degraded, segment.flags) == ("recording", False, ())
    assert segment.length_ms == taken.length_ms
    finished = render_items(station, [item_id], now=NOW).rendered[1]
    assert abs(measured(station.media.find(finished.sha256, ".mp3"))[0] - -14) <= 0.5
    with station.decide() as session:
        sentences = [{"text": "Mới.", "spoken": "Mới.", "pause_after_ms": 0, "span": None}]
        save_version(
            session,
            session.get_one(Item, item_id),
            sentences=sentences,
            unknowns=[],
            estimated_ms=900,
            now=NOW,
        )
    codes = [flag["code"] for flag in render_segment(station, item_id, now=NOW).flags]
    assert "older-words" in codes
    assert "length" in codes


def test_a_recording_that_came_in_clipped_is_flagged_for_the_editor(station: Station, tmp_path: Path) -> None:
    item_id = add_item(station, ["Mời bà con theo dõi bản tin."])
    taken = record_item(station, item_id, house(tmp_path / "loud.wav", speechlike(3, 6)))
    assert taken.clipped
    assert [flag["code"] for flag in render_segment(station, item_id, now=NOW).flags] == ["clipped"]


def test_a_language_has_voices_of_its_own_and_the_others_keep_theirs(
    new_station: Callable[..., Station],
) -> None:
    own = '[voice.languages.en]\norder = ["piper", "espeak"]\npiper_model = "voices/en.onnx"\n\n[audio]'
    station = new_station(config=config().replace("[audio]", own))
    vietnamese = add_item(station, ["Mời bà con theo dõi bản tin."])
    english = add_item(station, ["Please listen to the news."], language="en", translates_id=vietnamese)
    spoken = {one.item_ids: one for one in render_items(station, [vietnamese, english], now=NOW).rendered}
    assert spoken[(english,)].voice == "espeak"
    segments = [render_segment(station, item_id, now=NOW) for item_id in (vietnamese, english)]
    assert [[tried["voice"] for tried in one.fallbacks] for one in segments] == [[], ["piper"]]
    assert [one.made for one in segments] == [False, False]
    with speaker_of(station) as speaker:
        assert [voice.name for voice in speaker.in_order(None, "vi")] == ["espeak"]
        assert [voice.name for voice in speaker.in_order(None, "en")] == ["piper", "espeak"]
        assert [voice.name for voice in speaker.in_order("gtts", "en")] == ["gtts", "piper", "espeak"]


def test_one_sentence_may_be_recorded(new_station: Callable[..., Station], tmp_path: Path) -> None:
    station = new_station(config=config('["recording", "espeak"]'))
    item_id = add_item(station, ["Mời bà con theo dõi bản tin."])
    assert render_segment(station, item_id).voice == "espeak"
    sound = house(tmp_path / "a.wav", speechlike(2, -20, 48_000), 48_000)
    recording_voice(station).keep_sentence("Mời bà con theo dõi bản tin.", "vi", sound)
    segment = render_segment(station, item_id)
    assert segment.voice == "recording"
    assert segment.length_ms == pytest.approx(2300, abs=250)


def test_a_recorded_sentence_is_heard_among_those_of_the_voice(station: Station, tmp_path: Path) -> None:
    texts = ["Mời bà con theo dõi.", "Trạm y tế Ngã Tư Sở.", "Xin cảm ơn."]
    item_id = add_item(station, texts)
    spoken = render_segment(station, item_id)
    sound = house(tmp_path / "a.wav", speechlike(6, -20))
    recording_voice(station).keep_sentence(texts[1], "vi", sound)
    mixed = render_segment(station, item_id)
    assert (mixed.voice, mixed.degraded, mixed.made) == ("espeak", True, True)
    assert [flag["text"] for flag in mixed.flags] == ["recorded by a person: sentence 2"]
    content = wav.split_wav(station.media.find(mixed.sha256, ".wav", verify=True).read_bytes())[0]
    assert wav.split_wav(sound.read_bytes())[0][48_000:96_000] in content
    assert mixed.length_ms > spoken.length_ms + 3000
    again = render_segment(station, item_id)
    assert (again.made, again.id) == (False, mixed.id)
    recording_voice(station).keep_sentence(
        texts[1], "vi", house(tmp_path / "b.wav", speechlike(3, -20, seed=4))
    )
    assert render_segment(station, item_id).length_ms < mixed.length_ms - 2000
    for text in texts:
        recording_voice(station).keep_sentence(text, "vi", house(tmp_path / "c.wav", speechlike(2, -20)))
    whole = render_segment(station, item_id)
    assert (whole.voice, whole.degraded) == ("recording", False)
    assert "recorded" not in [flag["code"] for flag in whole.flags]
    assert render_segment(station, item_id).made is False


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is a word of POSIX")
def test_a_render_killed_again_and_again_ends_whole_with_each_sentence_spoken_once(
    new_station: Callable[..., Station],
) -> None:
    items, sentences, kills = (50, 10, 10) if LONG else (4, 10, 3)
    station = new_station(config=config())
    texts = [
        [f"Câu {' '.join(DIGITS[int(d)] for d in f'{i:03}{s:02}')}." for s in range(sentences)]
        for i in range(items)
    ]
    for one in texts:
        add_item(station, one, status="approved")
    cache = station.folder / "cache" / "sentences"
    command = [
        sys.executable,
        "-c",
        f"import cli,sys; sys.exit(cli.run(['-C', {str(station.folder)!r}, 'render', '--all', '--json']))",
    ]
    random_ = random.Random(5)
    born: dict[str, int] = {}
    killed = 0
    deadline = time.monotonic() + 570
    while True:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
        if killed < kills:
            before = len(list(cache.glob("??/*.wav"))) if cache.is_dir() else 0
            target = before + random_.randint(1, max(2, items * sentences // kills))
            while process.poll() is None and time.monotonic() < deadline:
                count = len(list(cache.glob("??/*.wav"))) if cache.is_dir() else 0
                if count >= min(target, items * sentences):
                    time.sleep(random_.random() * 0.3)
                    break
                time.sleep(0.005)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                killed += 1
            process.communicate()
        else:
            out, said = process.communicate(timeout=max(1, deadline - time.monotonic()))
            assert process.returncode == 0, said.decode()
        for path in cache.glob("??/*.wav"):
            inode = path.stat().st_ino
            assert born.setdefault(path.name, inode) == inode, "a sentence that was kept was spoken again"
        if killed >= kills and process.returncode == 0:
            break
    assert killed == kills
    assert len(born) == items * sentences
    rendered = json.loads(out)
    assert len(rendered) == 2 * items
    assert all(one["flags"] == [] or one["kind"] == "segment" for one in rendered)
    with station.read() as session:
        assert session.scalar(select(func.count(Segment.id))) == items
        assert session.scalar(select(func.count(EpisodeAudio.id))) == items
    for one in rendered:
        suffix = ".wav" if one["kind"] == "segment" else ".mp3"
        assert sha256_of(station.media.path_of(one["sha256"], suffix)) == one["sha256"]


def test_ctrl_c_leaves_what_is_finished_and_nothing_else(station: Station) -> None:
    ids = [add_item(station, [f"Tin số {DIGITS[n]}.", "Xin cảm ơn."]) for n in range(4)]
    done = 0

    def stop(count: int, _text: str | None) -> None:
        nonlocal done
        done += count
        if done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render_items(station, ids, stop, now=NOW)
    with station.read() as session:
        assert 1 <= (session.scalar(select(func.count(Segment.id))) or 0) < 4
    assert not list((station.folder / "cache" / "work").iterdir())
    assert not [path for path in station.media.folder.rglob("*") if path.name.startswith(".")]
    assert len(render_items(station, ids, now=NOW).rendered) == 8


def test_the_station_s_own_jingles_and_music_are_used(new_station: Callable[..., Station]) -> None:
    text = config().replace('opening = ""', 'opening = "mo-dau.wav"').replace('bed = ""', 'bed = "nen.mp3"')
    station = new_station(config=text)
    house(station.folder / "mo-dau.wav", speechlike(6, -20, 48_000, seed=3), 48_000)
    item_id = add_item(station, ["Mời bà con theo dõi bản tin."], status="approved")
    with station.decide() as session:
        programme = Programme(title="Chuyển đổi số", created_at=NOW, status="active")
        episode = Episode(programme=programme, month="2026-08", number=1, title="Số 1", created_at=NOW)
        episode.parts.append(EpisodePart(position=1, item=session.get_one(Item, item_id)))
        session.add_all([programme, episode])
        session.flush()
        session.get_one(Item, item_id).programme_id = programme.id
    missing = render_items(station, None, now=NOW)
    assert "nen.mp3" in str(missing.failed[0].error)
    tone(station.folder / "nen.mp3", 4)
    finished = render_items(station, None, now=NOW).rendered[-1]
    assert finished.kind == "episode"
    assert abs(measured(station.media.find(finished.sha256, ".mp3"))[0] - -14) <= 0.5
    tone(station.folder / "nen.mp3", 4, pitch_hz=880)
    assert render_items(station, None, now=NOW).rendered[-1].sha256 != finished.sha256


def test_what_a_killed_process_left_is_cleared_after_a_day(station: Station) -> None:
    item_id = add_item(station, ["Mời bà con theo dõi bản tin."])
    work, media = station.folder / "cache" / "work" / "x.wav", station.media.folder / "ab" / ".ab12.wav.tmp"
    fresh = station.media.folder / "ab" / ".cd34.wav.tmp"
    for path in (work, media, fresh):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
    for path in (work, media):
        os.utime(path, (1000, 1000))
    render_items(station, [item_id], now=NOW)
    assert [path.exists() for path in (work, media, fresh)] == [False, False, True]


def test_a_voice_that_always_passes_on_costs_nothing_the_second_time(
    new_station: Callable[..., Station], monkeypatch: pytest.MonkeyPatch
) -> None:
    station = new_station(config=config('["recording", "espeak"]'))
    item_id = add_item(station, ["Mời bà con theo dõi bản tin."])
    first = render_segment(station, item_id, now=NOW)
    monkeypatch.setattr("audio.proof.judge", None)
    again = render_segment(station, item_id, now=NOW)
    assert (again.made, again.sha256, again.voice) == (False, first.sha256, "espeak")


def test_a_damaged_segment_never_reaches_an_episode(station: Station) -> None:
    item_id = add_item(station, ["Mời bà con theo dõi bản tin."])
    segment = render_segment(station, item_id, now=NOW)
    path = station.media.path_of(segment.sha256, ".wav")
    content = path.read_bytes()
    path.write_bytes(content[:20_000] + bytes(2000) + content[22_000:])
    failed = render_items(station, [item_id], now=NOW).failed
    assert "damaged" in str(failed[0].error)


def test_two_renders_at_once_share_the_work_and_neither_fails(new_station: Callable[..., Station]) -> None:
    station = new_station(config=config())
    for number in range(3):
        add_item(station, [f"Tin số {DIGITS[number]}.", "Xin cảm ơn."], status="approved")
    program = "import cli,sys; sys.exit(cli.run(['-C', sys.argv[1], 'render', '--all', '--json']))"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(station.folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _n in range(2)
    ]
    results = [(process.communicate(timeout=300), process.returncode) for process in running]
    assert [code for _said, code in results] == [0, 0], [said[1].decode() for said, _code in results]
    hashes = [
        {(one["kind"], one["id"], one["sha256"]) for one in json.loads(said[0])} for said, _code in results
    ]
    assert hashes[0] == hashes[1]
    with station.read() as session:
        assert session.scalar(select(func.count(Segment.id))) == 3
        assert session.scalar(select(func.count(EpisodeAudio.id))) == 3
