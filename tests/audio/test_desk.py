"""The desk's tools: proof-listening, checks, pictures, previews, recordings, voices from files, and their commands."""

import json
import struct
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sound_files import house, measured, speechlike, tone
from sqlalchemy import select

import cli
from audio import preview, proof, wav
from audio.check import check_items
from audio.export import export_item
from audio.listening import compare
from audio.made import NothingMadeError, file_of
from audio.models import EpisodeAudio
from audio.outputs.output import OutputError
from audio.picture import UnknownPictureError, draw, look
from audio.profiles import WrongSuffixError
from audio.render import render_items
from audio.voices.install import (
    VoiceFileError,
    VoiceHashError,
    VoiceHashMissingError,
    install_piper_voice,
)
from audio.voices.piper_voice import PiperVoice
from audio.voices.voice import LanguageNotSpokenError, VoiceUnavailableError
from content.items import ItemNotFoundError
from content.language import use_language
from content.models import Item
from content.script_versions import save_version
from content.station import Station, default_config_text

NOW = datetime(2026, 8, 3, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _english() -> None:
    use_language("en")


@pytest.fixture
def station(new_station: Callable[..., Station]) -> Station:
    text = default_config_text().replace('order = ["gtts", "espeak"]', 'order = ["espeak"]')
    return new_station(config=text.replace('language = "vi"', 'language = "en"', 1))


def add_item(station: Station, *texts: str) -> int:
    with station.decide() as session:
        item = Item(title=texts[0], text=" ".join(texts), created_at=NOW, status="draft")
        session.add(item)
        session.flush()
        sentences = [{"text": t, "spoken": t, "pause_after_ms": 300, "span": None} for t in texts]
        save_version(session, item, sentences=sentences, unknowns=[], estimated_ms=2200 * len(texts), now=NOW)
        return item.id


def codes(path: Path, words: int = 10, estimated_ms: int = 0) -> list[str]:
    return [flag.code for flag in proof.judge(path, ["từ " * words], estimated_ms).flags]


def test_a_sound_in_order_gets_no_flag(tmp_path: Path) -> None:
    assert codes(house(tmp_path / "a.wav", speechlike(5)), 15, 5000) == []


@pytest.mark.parametrize(
    ("pcm", "words", "estimated_ms", "code"),
    [
        (speechlike(2), 10, 9000, "length"),
        (speechlike(20), 10, 5000, "length"),
        (speechlike(1), 40, 0, "fast"),
        (speechlike(2) + bytes(48_000 * 4) + speechlike(2), 10, 0, "silence"),
        (
            (np.sin(np.arange(96_000) * 0.05) * 3).clip(-1, 1).__mul__(32767).astype("<i2").tobytes(),
            10,
            0,
            "clipped",
        ),
        (speechlike(5, -45), 10, 0, "quiet"),
        (bytes(96_000), 10, 0, "silent"),
        (b"", 10, 0, "empty"),
    ],
    ids=["too-short", "too-long", "too-fast", "silence-inside", "clipped", "quiet", "silent", "empty"],
)
def test_each_fault_has_its_flag(
    pcm: bytes, words: int, estimated_ms: int, code: str, tmp_path: Path
) -> None:
    assert code in codes(house(tmp_path / "a.wav", pcm), words, estimated_ms)


def test_a_flag_says_where_and_can_be_told_in_another_language(tmp_path: Path) -> None:
    path = house(tmp_path / "a.wav", speechlike(2) + bytes(48_000 * 4) + speechlike(2))
    flag = proof.judge(path, ["từ"] * 10, 0).flags[0].as_json()
    assert flag["at_ms"] == pytest.approx(2000, abs=900)
    assert flag["message"].format(**flag["facts"]) == flag["text"]
    json.dumps(flag)


def test_listening_names_the_words_that_were_missed() -> None:
    heard = compare(["Mời bà con tiêm chủng sáng thứ bảy."], "mời bà con chim chủng thứ bảy")
    assert heard.missed == ("tiêm", "sáng")
    assert heard.syllable_error_rate == pytest.approx(2 / 8)


@given(st.lists(st.sampled_from(["một", "hai", "ba"]), min_size=1, max_size=12), st.data())
def test_what_was_heard_whole_has_no_error_and_what_was_not_has_all(
    words: list[str], data: st.DataObject
) -> None:
    assert compare([" ".join(words)], " ".join(words)).syllable_error_rate == 0
    nothing = compare([" ".join(words)], "")
    assert nothing.syllable_error_rate == 1
    assert nothing.missed == tuple(words)
    left = data.draw(st.integers(0, len(words) - 1))
    assert len(compare(words, " ".join(words[:left] + words[left + 1 :])).missed) == 1


def test_check_measures_again_and_finds_damage(station: Station) -> None:
    item_id = add_item(station, "Mời bà con theo dõi bản tin.", "Xin cảm ơn.")
    made = render_items(station, [item_id], now=NOW).rendered
    assert [one.problems for one in check_items(station)] == [(), ()]
    path = station.media.path_of(made[1].sha256, ".mp3")
    path.write_bytes(path.read_bytes()[:-2000])
    assert "damaged" in str(check_items(station, [item_id])[1].problems[0])
    with pytest.raises(ItemNotFoundError):
        check_items(station, [item_id, 999])


class Deaf:
    def words_in(self, path: Path) -> str:
        assert wav.read_info(path).length_ms > 1000
        return "mời bà con"


def test_check_with_a_recogniser_marks_what_a_listener_would_miss(station: Station) -> None:
    item_id = add_item(station, "Mời bà con theo dõi bản tin.")
    render_items(station, [item_id], now=NOW)
    found = check_items(station, [item_id], Deaf())[0]
    assert found.missed == ("theo", "dõi", "bản", "tin")
    assert "57 %" in str(found.problems[-1])


def test_a_vietnamese_recogniser_does_not_judge_another_language(station: Station) -> None:
    item_id = add_item(station, "Please listen to the news on 2/9.")
    with station.decide() as session:
        session.get_one(Item, item_id).language = "en"
    render_items(station, [item_id], now=NOW)
    found = check_items(station, [item_id], Deaf())[0]
    assert (found.missed, found.syllable_error_rate, found.problems) == ((), None, ())


def test_a_picture_shows_where_sound_is_and_how_loud(tmp_path: Path) -> None:
    pcm = bytes(48_000 * 4) + speechlike(4) + bytes(48_000 * 4)
    path = house(tmp_path / "a.wav", pcm)
    seen = look(path)
    assert seen.length_ms == pytest.approx(12_000, abs=30)
    assert seen.high[:380].max() < 0.01 < 0.1 < seen.high[420:780].max()
    draw(path, tmp_path / "a.png", "Bản tin", -14)
    content = (tmp_path / "a.png").read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", content[16:24])
    size = struct.unpack(">I", content[33:37])[0]
    assert len(zlib.decompress(content[41 : 41 + size])) == height * (1 + 3 * width)
    draw(path, tmp_path / "a.svg", "Bản tin <&>", -14)
    root = ET.parse(tmp_path / "a.svg").getroot()
    assert root.find("{http://www.w3.org/2000/svg}title").text.startswith("Bản tin <&>")  # type: ignore[union-attr]
    with pytest.raises(UnknownPictureError):
        draw(path, tmp_path / "a.gif")


def test_a_picture_of_a_very_short_sound_is_drawn(tmp_path: Path) -> None:
    draw(house(tmp_path / "a.wav", speechlike(0.05)), tmp_path / "a.png")


class Ear:
    """An output that keeps what it gets."""

    name = "ear"
    exclusive = True
    audible = True
    trouble: str | None = None

    def __init__(self) -> None:
        self.pcm = b""
        self.cut: bool | None = None

    def open(self) -> None: ...

    def close(self) -> None: ...

    def start(self, label: str, at: datetime) -> "Ear":
        return self

    def write(self, pcm: bytes) -> bool:
        self.pcm += pcm
        return True

    def stop(self, *, cut: bool) -> None:
        self.cut = cut


def test_a_preview_plays_the_whole_file_in_its_own_time(tmp_path: Path) -> None:
    ear = Ear()
    ticks: list[int] = []
    played_ms = preview.play(tone(tmp_path / "a.mp3", 0.6), ear, ticks.append)
    assert played_ms == pytest.approx(600, abs=60)
    assert len(ear.pcm) // 96 == pytest.approx(600, abs=60)
    assert ear.cut is False
    assert ticks == sorted(ticks)


def test_a_preview_that_nobody_hears_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "_PATIENCE_S", 0.1)
    ear = Ear()
    ear.trouble = "unplugged"
    with pytest.raises(OutputError, match="unplugged"):
        preview.play(tone(tmp_path / "a.wav", 2), ear)
    assert ear.cut is True


def piper_files(folder: Path, content: bytes = b"\x08\x08model") -> Path:
    folder.mkdir(exist_ok=True)
    model = folder / "vi_VN-thu.onnx"
    model.write_bytes(content)
    Path(f"{model}.json").write_text('{"audio": {"sample_rate": 22050}, "language": {"family": "vi"}}')
    return model


def test_a_piper_voice_is_installed_and_a_changed_one_is_not_used(tmp_path: Path) -> None:
    model = install_piper_voice(str(piper_files(tmp_path / "from")), tmp_path / "to")
    voice = PiperVoice(model)
    assert voice.language == "vi"
    with pytest.raises(LanguageNotSpokenError):
        voice.synthesise("hello", "en")
    before = voice.settings
    model.write_bytes(b"\x08\x08other")
    changed = PiperVoice(model)
    assert changed.settings != before
    with pytest.raises(VoiceUnavailableError, match="not the one"):
        changed.synthesise("một", "vi")


def test_what_is_no_piper_voice_or_has_another_hash_is_not_installed(tmp_path: Path) -> None:
    for content in (b"rubbish", b"\x08\x08model"):
        model = piper_files(tmp_path / "from", content)
        with pytest.raises((VoiceFileError, VoiceHashError)):
            install_piper_voice(str(model), tmp_path / "to", "0" * 64 if content[:1] == b"\x08" else None)
    with pytest.raises(VoiceFileError):
        install_piper_voice(str(tmp_path / "none.onnx"), tmp_path / "to")
    with pytest.raises(VoiceHashMissingError):
        install_piper_voice("https://voices.example/vi.onnx", tmp_path / "to")
    assert not list((tmp_path / "to").glob("*.onnx"))


def test_piper_without_a_model_says_how_to_get_one() -> None:
    with pytest.raises(VoiceUnavailableError, match="loa voice install"):
        PiperVoice(None).synthesise("một", "vi")


def run(station: Station, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.run(["--lang", "en", "-C", str(station.folder), *arguments])
    out, said = capsys.readouterr()
    return code, out, said


def test_render_check_and_picture_from_the_command_line(
    station: Station, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    item_id = str(add_item(station, "Mời bà con theo dõi bản tin."))
    assert run(station, capsys, "render")[0] == 2
    assert "at most" in run(station, capsys, "render", item_id, "--dry-run")[2]
    code, out, _said = run(station, capsys, "render", item_id, "--json")
    assert code == 0
    assert [one["kind"] for one in json.loads(out)] == ["segment", "episode"]
    code, out, said = run(station, capsys, "render", item_id)
    assert "kept" in out
    assert "consent" in said
    code, out, _said = run(station, capsys, "audio", "check", "--json")
    assert code == 0
    assert all(one["problems"] == [] for one in json.loads(out))
    assert run(station, capsys, "audio", "picture", item_id, "--out", str(tmp_path / "p.svg"))[0] == 0
    assert run(station, capsys, "render", "99")[0] == 1


def test_voices_are_listed_tried_and_recorded_from_the_command_line(
    station: Station, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, _said = run(station, capsys, "voice", "list", "--json")
    listed = {one["name"]: one for one in json.loads(out)}
    assert listed["espeak"] == listed["espeak"] | {"place": 1, "degraded": True, "trouble": None}
    assert listed["piper"]["trouble"]
    assert run(station, capsys, "voice", "test", "espeak", "--out", str(tmp_path / "v.wav"))[0] == 0
    assert wav.read_info(tmp_path / "v.wav").length_ms > 1000
    item_id = str(add_item(station, "Mời bà con theo dõi bản tin.", "Xin cảm ơn."))
    sound = str(tone(tmp_path / "phone.m4a", 4))
    code, out, _said = run(station, capsys, "voice", "record", item_id, sound, "--json")
    assert code == 0
    assert json.loads(out)["length_ms"] == pytest.approx(4000, abs=100)
    assert json.loads(run(station, capsys, "render", item_id, "--json")[1])[0]["voice"] == "recording"
    assert "no number 9" in run(station, capsys, "voice", "record", item_id, sound, "--sentence", "9")[2]
    bad = tmp_path / "bad.mp3"
    bad.write_bytes(b"")
    code, _out, said = run(station, capsys, "voice", "record", item_id, str(bad))
    assert (code, "empty" in said) == (1, True)
    code, out, _said = run(
        station, capsys, "audio", "clean", sound, "--out", str(tmp_path / "c.wav"), "--json"
    )
    assert code == 0


def test_an_item_is_written_in_any_format_and_profile_and_what_airs_stays(
    station: Station, tmp_path: Path
) -> None:
    item_id = add_item(station, "Mời bà con theo dõi bản tin.")
    with pytest.raises(NothingMadeError):
        export_item(station, item_id, tmp_path / "tin.ogg")
    render_items(station, [item_id], now=NOW)
    with station.read() as session:
        aired = session.scalars(select(EpisodeAudio)).one()
    for suffix, profile, lufs in ((".OGG", "web", -18), (".flac", "exchange", -23), (".wav", "horn", -14)):
        out = tmp_path / f"tin{suffix}"
        made = export_item(station, item_id, out, profile=profile)
        assert made.loudness_lufs == pytest.approx(lufs, abs=0.5)
        assert measured(out)[0] == pytest.approx(lufs, abs=0.5)
    with pytest.raises(WrongSuffixError, match=r"tin\.aiff must end in \.mp3, \.ogg, \.flac, \.wav"):
        export_item(station, item_id, tmp_path / "tin.aiff")
    with station.read() as session:
        assert session.scalars(select(EpisodeAudio)).one().sha256 == aired.sha256
    assert "LOA_CONTENT_ID=episode-" in (tmp_path / "tin.wav").read_bytes().decode("utf-8", "ignore")
    assert "LOA_SCRIPT_SHA256=" in (tmp_path / "tin.wav").read_bytes().decode("utf-8", "ignore")


def test_a_preview_is_of_the_stations_own_profile_and_a_check_names_each(station: Station) -> None:
    item_id = add_item(station, "Mời bà con theo dõi bản tin.")
    render_items(station, [item_id], now=NOW, profile="exchange")
    assert file_of(station, str(item_id)).profile == "exchange"
    render_items(station, [item_id], now=NOW)
    render_items(station, [item_id], now=NOW, profile="web")
    assert file_of(station, str(item_id)).profile == "horn"
    profiles = [(one.profile, one.format) for one in check_items(station, [item_id])]
    assert profiles == [(None, None), ("exchange", "wav"), ("horn", "mp3"), ("web", "mp3")]


def test_a_check_tells_which_voice_was_tried_first(
    station: Station, capsys: pytest.CaptureFixture[str]
) -> None:
    item_id = add_item(station, "Mời bà con theo dõi bản tin.")
    with station.decide() as session:
        session.get_one(Item, item_id).voice = "piper"
    render_items(station, [item_id], now=NOW)
    (segment, *_files) = check_items(station, [item_id])
    assert [tried["voice"] for tried in segment.fallbacks] == ["piper"]
    code, shown, _told = run(station, capsys, "audio", "check", str(item_id))
    assert code == 0
    assert "piper" in shown
