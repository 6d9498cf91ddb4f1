"""Spoken once, used for ever: the sentence cache, the order of voices, segments."""

import os
import shutil
import struct
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sound_files import speechlike

from audio import wav
from audio.cache import SentenceCache, SentenceKey
from audio.speak import NoVoiceError, Sentence, Speaker, write_segment
from audio.voices.espeak_voice import EspeakVoice
from audio.voices.voice import (
    LanguageNotSpokenError,
    NothingToSayError,
    VoiceError,
    VoiceUnavailableError,
)
from content import atomic

SOUND = wav.wav_bytes(speechlike(0.3), wav.SPEECH_RATE_HZ)


@dataclass
class Parrot:
    """A voice that notes what it was asked; `fails` raises instead."""

    name: str = "parrot"
    settings: str = "1"
    degraded: bool = False
    workers: int = 1
    fails: VoiceError | None = None
    fails_at: int = 0
    asked: list[str] = field(default_factory=list)
    closed: bool = False

    def synthesise(self, text: str, language: str) -> bytes:
        self.asked.append(text)
        if self.fails is not None and len(self.asked) > self.fails_at:
            raise self.fails
        return wav.wav_bytes(speechlike(0.3, seed=len(text)), wav.SPEECH_RATE_HZ)

    def close(self) -> None:
        self.closed = True


def key(text: str, voice: str = "v") -> SentenceKey:
    return SentenceKey(voice, "s", "vi", text)


def test_what_is_put_is_got_and_each_part_of_the_key_counts(tmp_path: Path) -> None:
    cache = SentenceCache(tmp_path, 10**9)
    cache.put(key("một"), SOUND)
    assert cache.get(key("một")) == SOUND
    assert cache.get(key("  một ")) == SOUND
    for other in (
        key("hai"),
        key("một", "w"),
        SentenceKey("v", "t", "vi", "một"),
        SentenceKey("v", "s", "en", "một"),
    ):
        assert cache.get(other) is None


def test_the_same_words_in_another_unicode_form_are_the_same_sentence(tmp_path: Path) -> None:
    import unicodedata

    cache = SentenceCache(tmp_path, 10**9)
    cache.put(key("Ủy ban nhân dân"), SOUND)
    assert cache.get(key(unicodedata.normalize("NFD", "Ủy ban nhân dân"))) == SOUND


@given(at=st.integers(0, 10**6), value=st.integers(0, 255))
@settings(max_examples=60, deadline=None)
def test_a_changed_byte_is_found_and_the_sentence_is_said_again(
    at: int, value: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cache = SentenceCache(tmp_path_factory.mktemp("c"), 10**9)
    cache.put(key("một"), SOUND)
    path = cache.path_of(key("một"))
    content = bytearray(path.read_bytes())
    at %= len(content)
    changed = content[at] != value
    content[at] = value
    path.write_bytes(bytes(content))
    trailer_size = range(len(SOUND) + 4, len(SOUND) + 8)
    if changed and at not in trailer_size:
        assert cache.get(key("một")) is None
        assert not path.exists()
    else:
        assert cache.get(key("một")) == SOUND


def test_a_cache_file_is_a_wav_that_any_player_opens(tmp_path: Path) -> None:
    cache = SentenceCache(tmp_path, 10**9)
    cache.put(key("một"), SOUND)
    path = cache.path_of(key("một"))
    assert struct.unpack("<4xI", path.read_bytes()[:8])[0] == path.stat().st_size - 8
    assert wav.read_info(path).samples == 7200


def test_the_first_sound_of_a_sentence_wins(tmp_path: Path) -> None:
    one, two = SentenceCache(tmp_path, 10**9), SentenceCache(tmp_path, 10**9)
    other = wav.wav_bytes(speechlike(0.4), wav.SPEECH_RATE_HZ)
    assert one.put(key("một"), SOUND) == SOUND
    assert two.put(key("một"), other) == SOUND


def test_the_cache_stays_within_its_bound_and_the_least_used_go_first(tmp_path: Path) -> None:
    cache = SentenceCache(tmp_path, 10 * (len(SOUND) + 40))
    for number in range(30):
        cache.put(key(f"câu {number}"), SOUND)
        os.utime(cache.path_of(key(f"câu {number}")), (1000 + number, 1000 + number))
        if cache.get(key("câu 0")) is None:
            assert number > 0
            pytest.fail("a sentence in use was thrown away")
        os.utime(cache.path_of(key("câu 0")), (5000 + number, 5000 + number))
    assert cache.size_bytes() <= cache.most_bytes
    assert cache.get(key("câu 1")) is None
    assert cache.get(key("câu 29")) == SOUND


def test_the_cache_is_never_above_its_bound_and_clears_what_dead_processes_left(tmp_path: Path) -> None:
    cache = SentenceCache(tmp_path, 30 * (len(SOUND) + 40))
    left = cache.path_of(key("câu 0")).with_suffix(".99-1.new")
    left.parent.mkdir(parents=True)
    left.write_bytes(SOUND)
    os.utime(left, (1000, 1000))
    for number in range(80):
        cache.put(key(f"câu {number}"), SOUND)
        assert cache.size_bytes() <= cache.most_bytes
    assert not left.exists()


def test_a_cache_that_is_cleared_while_it_is_written_to_loses_no_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = SentenceCache(tmp_path / "cache", 10**9)
    write = atomic.write_bytes

    def cleared(path: Path, content: bytes) -> None:
        write(path, content)
        shutil.rmtree(cache.folder)

    monkeypatch.setattr(atomic, "write_bytes", cleared)
    with Speaker([Parrot("v")], cache) as speaker:
        spoken = speaker.speak([Sentence(spoken="một"), Sentence(spoken="hai hai")], "vi")
        assert speaker.write_segment(spoken, tmp_path / "s.wav") > 500


def test_two_processes_share_one_cache(tmp_path: Path) -> None:
    program = (
        "import sys;from pathlib import Path;from audio.cache import *;from audio import wav\n"
        "c=SentenceCache(Path(sys.argv[1]),10**9)\n"
        "for n in range(60):\n"
        "    k=SentenceKey('v','s','vi',f'câu {n}')\n"
        "    s=wav.wav_bytes(bytes([int(sys.argv[2]),1])*(500+n),24000)\n"
        "    first=c.put(k,s); assert c.get(k)==first\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path), str(n)]) for n in (1, 2)]
    assert [process.wait(300) for process in running] == [0, 0]
    cache = SentenceCache(tmp_path, 10**9)
    assert all(cache.get(key(f"câu {n}")) for n in range(60))
    assert not list(tmp_path.rglob("*.new"))


def test_editing_one_sentence_says_one_sentence(tmp_path: Path) -> None:
    voice = Parrot()
    speaker = Speaker([voice], SentenceCache(tmp_path, 10**9))
    sentences = [Sentence(spoken=f"Câu {n}.", pause_after_ms=300) for n in range(10)]
    assert speaker.speak(sentences, "vi").synthesised == 10
    assert speaker.speak(sentences, "vi").synthesised == 0
    sentences[4] = Sentence(spoken="Câu mới.", pause_after_ms=300)
    assert speaker.speak(sentences, "vi").synthesised == 1
    assert len(voice.asked) == 11


def test_a_sentence_said_twice_in_a_script_is_spoken_once(tmp_path: Path) -> None:
    voice = Parrot()
    spoken = Speaker([voice], SentenceCache(tmp_path, 10**9)).speak(
        [Sentence(spoken="Alô."), Sentence(spoken="Alô.")], "vi"
    )
    assert voice.asked == ["Alô."]
    assert len(spoken.keys) == 2


def test_falling_back_changes_the_voice_of_the_whole_script_and_is_recorded(tmp_path: Path) -> None:
    first = Parrot("first", fails=VoiceError(voice="first", reason="tired"), fails_at=2)
    second = Parrot("second", degraded=True)
    spoken = Speaker([first, second], SentenceCache(tmp_path, 10**9)).speak(
        [Sentence(spoken=word) for word in ("một", "hai", "ba", "bốn")], "vi"
    )
    assert spoken.voice == "second"
    assert spoken.degraded
    assert second.asked == ["một", "hai", "ba", "bốn"]
    assert [(one.voice, "tired" in one.reason) for one in spoken.fallbacks] == [("first", True)]


def test_a_voice_that_is_out_of_reach_is_asked_once_and_one_that_stumbles_again(tmp_path: Path) -> None:
    away = Parrot("away", fails=VoiceUnavailableError(voice="away", reason="no network"))
    stumbling = Parrot("stumbling", fails=VoiceError(voice="stumbling", reason="?"))
    last = Parrot("last")
    speaker = Speaker([away, stumbling, last], SentenceCache(tmp_path, 10**9))
    for word in ("một", "hai"):
        assert [one.voice for one in speaker.speak([Sentence(spoken=word)], "vi").fallbacks] == [
            "away",
            "stumbling",
        ]
    assert len(away.asked) == 1
    assert len(stumbling.asked) == 2


def test_an_item_may_ask_for_another_voice_first(tmp_path: Path) -> None:
    speaker = Speaker([Parrot("one"), Parrot("two")], SentenceCache(tmp_path, 10**9))
    assert speaker.speak([Sentence(spoken="một")], "vi", "two").voice == "two"
    assert speaker.speak([Sentence(spoken="một")], "vi").voice == "one"


def test_a_spare_voice_speaks_only_where_it_is_asked_for(tmp_path: Path) -> None:
    broken = Parrot("broken", fails=VoiceError(voice="broken", reason="?"))
    spare = Parrot("spare")
    with Speaker([broken], SentenceCache(tmp_path, 10**9), spare=[spare]) as speaker:
        with pytest.raises(NoVoiceError):
            speaker.speak([Sentence(spoken="một")], "vi")
        assert speaker.speak([Sentence(spoken="một")], "vi", "spare").voice == "spare"
    assert spare.closed


def test_when_every_voice_fails_each_reason_is_told(tmp_path: Path) -> None:
    voices = [Parrot(name, fails=VoiceError(voice=name, reason=f"why {name}")) for name in ("one", "two")]
    with pytest.raises(NoVoiceError, match=r"why one.*why two"):
        Speaker(voices, SentenceCache(tmp_path, 10**9)).speak([Sentence(spoken="một")], "vi")


def test_signs_without_words_are_not_spoken(tmp_path: Path) -> None:
    voice = Parrot()
    speaker = Speaker([voice], SentenceCache(tmp_path, 10**9))
    assert len(speaker.speak([Sentence(spoken="một"), Sentence(spoken=" … ")], "vi").keys) == 1
    with pytest.raises(NothingToSayError):
        speaker.speak([Sentence(spoken="—")], "vi")


def test_many_workers_say_each_sentence_once(tmp_path: Path) -> None:
    seen = threading.Lock()
    voice = Parrot(workers=4)
    with seen:
        spoken = Speaker([voice], SentenceCache(tmp_path, 10**9)).speak(
            [Sentence(spoken=f"câu {n}") for n in range(50)], "vi"
        )
    assert sorted(voice.asked) == sorted(k.text for k in spoken.keys)


def test_a_segment_has_the_script_s_pauses_and_not_the_engine_s(tmp_path: Path) -> None:
    edge = bytes(24_000)
    sound = wav.wav_bytes(edge + speechlike(1.0) + edge, wav.SPEECH_RATE_HZ)
    length_ms = write_segment(tmp_path / "s.wav", [(sound, 700), (sound, 0)])
    assert length_ms == wav.read_info(tmp_path / "s.wav").length_ms
    assert length_ms == pytest.approx(2 * 1000 + 700, abs=200)


def test_the_same_cache_gives_the_same_segment(tmp_path: Path) -> None:
    cache = SentenceCache(tmp_path / "cache", 10**9)
    sentences = [Sentence(spoken=f"Câu số {n}.", pause_after_ms=250) for n in ("một", "hai", "ba")]
    written = []
    for number in (1, 2):
        with Speaker([EspeakVoice()], cache) as speaker:
            spoken = speaker.speak(sentences, "vi")
            speaker.write_segment(spoken, tmp_path / f"{number}.wav")
        written.append((tmp_path / f"{number}.wav").read_bytes())
    assert written[0] == written[1]


def test_espeak_speaks_vietnamese_at_the_house_rate() -> None:
    voice = EspeakVoice()
    pcm, rate_hz = wav.split_wav(voice.synthesise("Ủy ban nhân dân phường thông báo.", "vi"))
    assert rate_hz == wav.SPEECH_RATE_HZ
    assert 1500 < len(pcm) / 48 < 6000
    longer, _rate = wav.split_wav(voice.synthesise("Ủy ban nhân dân phường thông báo. " * 3, "vi"))
    assert len(longer) > 2.5 * len(pcm)
    voice.close()


def test_espeak_comes_back_after_its_process_died() -> None:
    voice = EspeakVoice()
    voice.synthesise("một", "vi")
    assert voice._process is not None
    voice._process.kill()
    voice._process.wait()
    assert voice.synthesise("hai", "vi")
    voice.close()


def test_espeak_is_safe_from_many_threads() -> None:
    voice = EspeakVoice()
    lengths: dict[str, set[int]] = {}

    def work() -> None:
        for text in ("một", "một hai ba bốn năm sáu bảy tám", "xin chào"):
            lengths.setdefault(text, set()).add(len(voice.synthesise(text, "vi")) // 2000)

    threads = [threading.Thread(target=work) for _n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert len(lengths) == 3
    assert all(max(found) - min(found) <= 2 for found in lengths.values())
    voice.close()


@pytest.mark.parametrize(
    "text", ["<speak>một</speak>", "một\0hai", "một\n\r\thai", "[[h@loU]] một", "😀 một", "m" * 3000]
)
def test_espeak_survives_any_text(text: str) -> None:
    voice = EspeakVoice()
    assert voice.synthesise(text, "vi")
    voice.close()


def test_espeak_says_which_languages_and_texts_it_cannot() -> None:
    voice = EspeakVoice()
    with pytest.raises(LanguageNotSpokenError, match="hmn"):
        voice.synthesise("một", "hmn")
    with pytest.raises(NothingToSayError):
        voice.synthesise("...", "vi")
    voice.close()
