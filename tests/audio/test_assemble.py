"""Finished audio is as loud as its profile says, whatever it was made of."""

import os
import re
import subprocess
import threading
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from sound_files import house, make, measured, speechlike

from audio import wav
from audio.assemble import Bed, LoudnessMissedError, NothingToAssembleError, assemble
from audio.ffmpeg import FfmpegFailedError, FfmpegTimeoutError, ffmpeg_path, probe, run, running
from audio.loudness import TooQuietError, measure
from audio.parts import Part, joined_pcm, length_of
from audio.profiles import PROFILES, Profile, UnknownProfileError, profile_named
from audio.sounds import NAMES, sound_file
from audio.tags import Tags
from audio.voices.espeak_voice import EspeakVoice

SPOKEN = (
    "Ủy ban nhân dân phường thông báo lịch tiêm chủng mở rộng cho trẻ em dưới hai tuổi.",
    "Đề nghị các hộ gia đình phân loại rác tại nguồn và để rác đúng nơi quy định.",
    "Xin trân trọng cảm ơn.",
)


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("espeak")
    voice = EspeakVoice()
    paths = []
    for number, text in enumerate(SPOKEN):
        path = folder / f"{number}.wav"
        path.write_bytes(voice.synthesise(text, "vi"))
        paths.append(path)
    voice.close()
    return paths


def scaled(pcm: bytes, gain: float) -> bytes:
    samples = np.frombuffer(pcm, dtype="<i2").astype(float) * gain
    return np.clip(np.round(samples), -32768, 32767).astype("<i2").tobytes()


def varied(name: str, tmp_path: Path, spoken: list[Path]) -> list[Part]:
    """The twenty inputs: 1.5 s to 30 min, whisper to clipped, mixed rates, music, pauses."""

    def own(pcm: bytes, rate_hz: int = wav.SPEECH_RATE_HZ, pause_after_ms: int = 0, number: int = 0) -> Part:
        return Part(
            path=house(tmp_path / f"{name}-{number}.wav", pcm, rate_hz), pause_after_ms=pause_after_ms
        )

    espeak = [Part(path=path, pause_after_ms=500) for path in spoken]
    one = wav.split_wav(spoken[0].read_bytes())[0]
    noise = np.random.default_rng(2)
    minutes = 30 if os.environ.get("LOA_LONG_TESTS") else 3
    cases = {
        "1.5 s": lambda: [own(speechlike(1.5))],
        "2 s of espeak": lambda: [own(wav.split_wav(spoken[2].read_bytes())[0][: 48_000 * 2])],
        "espeak": lambda: espeak,
        "whisper": lambda: [own(speechlike(12, -58))],
        "faint": lambda: [own(speechlike(12, -48))],
        "quiet": lambda: [own(speechlike(12, -35))],
        "usual": lambda: [own(speechlike(12))],
        "loud": lambda: [own(speechlike(12, -8))],
        "clipped": lambda: [own(scaled(speechlike(12, -8), 6))],
        "clipped espeak": lambda: [own(scaled(one, 10))],
        "wide": lambda: [own(speechlike(10, -20, 48_000), 48_000)],
        "two rates": lambda: [*espeak, own(speechlike(10, -25, 48_000), 48_000, 300)],
        "whisper after a shout": lambda: [
            own(speechlike(10, -8), number=1),
            own(speechlike(10, -45), number=2),
        ],
        "shout after a whisper": lambda: [
            own(speechlike(10, -45), number=1),
            own(speechlike(10, -8), number=2),
        ],
        "mostly pauses": lambda: [own(speechlike(2), pause_after_ms=15_000), own(speechlike(2), number=1)],
        "chime and speech": lambda: [Part(path=sound_file("chime", tmp_path), pause_after_ms=400), *espeak],
        "opening alone": lambda: [Part(path=sound_file("opening", tmp_path))],
        "tone": lambda: [
            own(scaled((np.sin(np.arange(240_000) * 0.2) * 20_000).astype("<i2").tobytes(), 0.5))
        ],
        "noise": lambda: [own(noise.integers(-6000, 6000, 240_000, dtype=np.int16).tobytes())],
        "long": lambda: [own(speechlike(60, -18), pause_after_ms=900)] * minutes,
    }
    return cases[name]()


INPUTS = ("1.5 s", "2 s of espeak", "espeak", "whisper", "faint", "quiet", "usual", "loud", "clipped", "clipped espeak", "wide", "two rates", "whisper after a shout", "shout after a whisper", "mostly pauses", "chime and speech", "opening alone", "tone", "noise", "long")  # fmt: skip


@pytest.mark.parametrize("name", INPUTS)
def test_twenty_inputs_meet_the_horn_profile(name: str, tmp_path: Path, spoken: list[Path]) -> None:
    done = assemble(varied(name, tmp_path, spoken), profile_named("horn"), tmp_path / "out.mp3", Tags())
    loudness_lufs, peak_dbtp = measured(done.path)
    assert abs(loudness_lufs - -14.0) <= 0.5
    assert peak_dbtp <= -1.5
    assert abs(done.loudness_lufs - loudness_lufs) <= 0.1
    assert abs(done.true_peak_db - peak_dbtp) <= 0.3


@pytest.mark.parametrize("name", ["1.5 s", "whisper", "clipped", "two rates"])
@pytest.mark.parametrize("profile", ["fm", "exchange"])
def test_the_other_profiles_are_met_too(profile: str, name: str, tmp_path: Path, spoken: list[Path]) -> None:
    wanted = PROFILES[profile]
    done = assemble(varied(name, tmp_path, spoken), wanted, tmp_path / f"out{wanted.suffix}", Tags())
    loudness_lufs, peak_dbtp = measured(done.path)
    assert abs(loudness_lufs - wanted.target_lufs) <= 0.5
    assert peak_dbtp <= wanted.ceiling_dbtp
    assert probe(done.path).sample_rate_hz == wanted.sample_rate_hz


@pytest.mark.parametrize("form", ["mp3", "ogg", "flac", "wav"])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_format_is_written_and_measured(form: str, channels: int, tmp_path: Path) -> None:
    profile = Profile(
        name="own",
        target_lufs=-18,
        ceiling_dbtp=-1.5,
        before=(),
        sample_rate_hz=48_000,
        format=form,
        channels=channels,
    )
    part = Part(path=house(tmp_path / "a.wav", speechlike(5)), pause_after_ms=250)
    done = assemble([part], profile, tmp_path / f"out.{form}", Tags(title="Bản tin"))
    assert abs(measured(done.path)[0] - -18) <= 0.5
    found = probe(done.path)
    assert found.channels == channels
    assert done.length_ms == 5250
    assert found.length_ms == pytest.approx(5250, abs=80)


def test_the_horn_gets_only_what_a_horn_can_sound(tmp_path: Path) -> None:
    low = (np.sin(np.arange(48_000 * 5) * 2 * np.pi * 60 / 48_000) * 9000).astype("<i2")
    speech = np.frombuffer(speechlike(5, -22, 48_000), dtype="<i2")
    mixed = house(
        tmp_path / "a.wav", np.clip(low.astype(int) + speech, -32768, 32767).astype("<i2").tobytes(), 48_000
    )

    def hum_db(path: Path) -> float:
        said = run(
            ["-i", str(path), "-af", "lowpass=f=80:p=2,lowpass=f=80:p=2,volumedetect", "-f", "null", "-"],
            task="look", timeout_s=120,
        )  # fmt: skip
        return float(re.findall(r"mean_volume: (-?[\d.]+)", said)[0])

    horn = assemble([Part(path=mixed)], PROFILES["horn"], tmp_path / "horn.mp3", Tags())
    exchange = assemble([Part(path=mixed)], PROFILES["exchange"], tmp_path / "x.wav", Tags())
    below_speech_db = [hum_db(done.path) - done.loudness_lufs for done in (horn, exchange)]
    assert below_speech_db[0] < below_speech_db[1] - 10


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    tags = Tags(
        title="Bản tin Chuyển đổi số", programme="Chuyển đổi số", episode_on=date(2026, 8, 3), station="Đài phường",
        content_id="episode-12", script_sha256="ab" * 32, approver="Nguyễn Thị Lan",
    )  # fmt: skip
    part = Part(path=house(tmp_path / "a.wav", speechlike(3)))
    for name in ("horn", "exchange"):
        profile = PROFILES[name]
        done = assemble([part], profile, tmp_path / f"out{profile.suffix}", tags)
        said = subprocess.run(
            [ffmpeg_path(), "-i", str(done.path), "-f", "ffmetadata", "-"], capture_output=True, check=True
        ).stdout.decode()
        assert "Bản tin Chuyển đổi số" in said
        if name == "horn":
            for fact in ("Chuyển đổi số", "2026-08-03", "episode-12", "ab" * 32, "Nguyễn Thị Lan"):
                assert fact in said
            assert done.path.read_bytes()[:4] == b"ID3\x04"
        else:
            assert b"bext" in done.path.read_bytes()[:400]


def test_the_same_parts_give_the_same_pcm_and_file(tmp_path: Path, spoken: list[Path]) -> None:
    parts = [Part(path=path, pause_after_ms=300) for path in spoken]
    parts.append(Part(path=house(tmp_path / "wide.wav", speechlike(3, -20, 48_000), 48_000)))
    one = assemble(parts, PROFILES["exchange"], tmp_path / "1.wav", Tags(title="x"))
    two = assemble(parts, PROFILES["exchange"], tmp_path / "2.wav", Tags(title="x"))
    assert one.pcm_sha256 == two.pcm_sha256
    assert one.sha256 == two.sha256


def test_joining_keeps_every_sample_and_every_pause(tmp_path: Path) -> None:
    first, second = speechlike(1.234, seed=1), speechlike(0.777, seed=2)
    parts = [
        Part(path=house(tmp_path / "1.wav", first), pause_after_ms=333),
        Part(path=house(tmp_path / "2.wav", second)),
    ]
    joined = b"".join(joined_pcm(parts, wav.SPEECH_RATE_HZ))
    assert joined == first + bytes(round(0.333 * 24_000) * 2) + second
    assert length_of(parts) == pytest.approx(len(joined) / 48, abs=1)
    doubled = b"".join(joined_pcm(parts, wav.WIDE_RATE_HZ))
    assert abs(len(doubled) - 2 * len(joined)) <= 4


def test_nothing_and_silence_are_refused_and_leave_no_file(tmp_path: Path) -> None:
    out = tmp_path / "out.mp3"
    with pytest.raises(NothingToAssembleError):
        assemble([], PROFILES["horn"], out, Tags())
    with pytest.raises(TooQuietError):
        assemble([Part(path=house(tmp_path / "a.wav", bytes(96_000)))], PROFILES["horn"], out, Tags())
    assert [p.name for p in tmp_path.iterdir()] == ["a.wav"]


def test_what_cannot_meet_its_profile_is_not_kept(tmp_path: Path) -> None:
    clicks = np.zeros(24_000 * 4, dtype="<i2")
    clicks[::12_000] = 32_000
    profile = Profile(
        name="own", target_lufs=-10, ceiling_dbtp=-6, before=(), sample_rate_hz=48_000, format="wav"
    )
    with pytest.raises((LoudnessMissedError, TooQuietError)):
        assemble(
            [Part(path=house(tmp_path / "a.wav", clicks.tobytes()))], profile, tmp_path / "out.wav", Tags()
        )
    assert not (tmp_path / "out.wav").exists()


def test_a_damaged_part_is_an_error(tmp_path: Path) -> None:
    path = house(tmp_path / "a.wav", speechlike(2))
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(wav.NotHouseWavError):
        assemble([Part(path=path)], PROFILES["horn"], tmp_path / "out.mp3", Tags())


def test_progress_ends_at_one_and_never_goes_back_within_a_round(tmp_path: Path) -> None:
    told: list[float] = []
    assemble(
        [Part(path=house(tmp_path / "a.wav", speechlike(5)))],
        PROFILES["fm"],
        tmp_path / "o.mp3",
        Tags(),
        told.append,
    )
    assert told[-1] == pytest.approx(1.0)
    assert all(0 <= share <= 1 for share in told)


def test_the_meter_agrees_with_the_reference(tmp_path: Path) -> None:
    for level_db in (-40, -12):
        path = house(tmp_path / "a.wav", speechlike(6, level_db))
        found = measure(path, wav.SPEECH_RATE_HZ)
        loudness_lufs, peak_dbtp = measured(path)
        assert found.integrated_lufs == pytest.approx(loudness_lufs, abs=0.11)
        assert found.true_peak_dbtp == pytest.approx(peak_dbtp, abs=0.3)


@pytest.mark.parametrize("name", NAMES)
def test_own_sounds_are_the_same_everywhere_and_do_not_clip(name: str, tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    one, two = sound_file(name, tmp_path / "1"), sound_file(name, tmp_path / "2")
    assert one.read_bytes() == two.read_bytes()
    info = wav.read_info(one)
    assert 200 < info.length_ms < 5000
    samples = np.abs(np.frombuffer(wav.split_wav(one.read_bytes())[0], dtype="<i2").astype(int))
    assert 8000 < samples.max() < 32_700
    assert samples[-24:].max() < 200


def test_an_unknown_profile_is_told() -> None:
    with pytest.raises(UnknownProfileError, match="horn"):
        profile_named("stadium")


def test_ffmpeg_reads_no_playlist_and_no_address(tmp_path: Path) -> None:
    secret = house(tmp_path / "secret.wav", speechlike(1))
    playlist = tmp_path / "list.wav"
    playlist.write_text(f"ffconcat version 1.0\nfile '{secret}'\n")
    hls = tmp_path / "hls.mp3"
    hls.write_text(f"#EXTM3U\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n")
    from audio.ffmpeg import NotAudioError, file_input

    for path in (playlist, hls):
        with pytest.raises(NotAudioError):
            probe(path)
        with pytest.raises(FfmpegFailedError):
            run([*file_input(path), "-f", "null", "-"], task="read it", timeout_s=120)


def test_ffmpeg_is_stopped_when_it_takes_too_long() -> None:
    with pytest.raises(FfmpegTimeoutError, match="dream"):
        run(["-re", "-f", "lavfi", "-i", "sine=d=60", "-f", "null", "-"], task="dream", timeout_s=0.5)


def test_ffmpeg_is_killed_when_its_block_is_left_by_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), running(
        ["-f", "s16le", "-i", "pipe:0", str(tmp_path / "x.wav")], task="wait", timeout_s=60, wants_feed=True
    ) as process:  # fmt: skip
        raise KeyboardInterrupt
    assert process.process.poll() is not None


def test_a_stereo_file_with_a_strange_layout_is_probed(tmp_path: Path) -> None:
    path = make(tmp_path / "a.flac", "-f", "lavfi", "-i", "sine=d=1", "-ac", "6")
    assert probe(path).channels == 6


def test_music_lies_under_the_words_and_makes_way_for_them(tmp_path: Path) -> None:
    def level_db(path: Path, start_s: float, length_s: float) -> float:
        said = run(
            ["-ss", str(start_s), "-t", str(length_s), "-i", str(path), "-af", "bandpass=f=3000:w=200,volumedetect", "-f", "null", "-"],
            task="look", timeout_s=120,
        )  # fmt: skip
        return float(re.findall(r"mean_volume: (-?[\d.]+)", said)[0])

    at = np.arange(24_000 * 3)
    words = house(
        tmp_path / "words.wav", (np.sin(at * 2 * np.pi * 500 / 24_000) * 8000).astype("<i2").tobytes()
    )
    music = house(
        tmp_path / "music.wav", (np.sin(at * 2 * np.pi * 3000 / 24_000) * 8000).astype("<i2").tobytes()
    )
    done = assemble(
        [Part(path=words, pause_after_ms=4000), Part(path=words)], PROFILES["exchange"], tmp_path / "out.wav", Tags(),
        bed=Bed(path=music, level_db=-10),
    )  # fmt: skip
    assert done.length_ms == 10_000
    assert probe(done.path).length_ms == pytest.approx(10_000, abs=60)
    under, alone, end = level_db(done.path, 1.8, 1), level_db(done.path, 5, 1), level_db(done.path, 9.8, 0.2)
    assert alone > under + 8
    assert end < under
    assert abs(measured(done.path)[0] - -23) <= 0.5


def test_a_fault_while_measuring_is_not_swallowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr("audio.loudness.PeakHistogram.add", broken)
    part = Part(path=house(tmp_path / "a.wav", speechlike(20)))
    with pytest.raises(MemoryError):
        assemble([part], PROFILES["horn"], tmp_path / "out.mp3", Tags())


@pytest.mark.parametrize("at_share", [0.02, 0.6])
def test_ctrl_c_in_either_pass_leaves_no_file_no_ffmpeg_and_no_thread(
    tmp_path: Path, at_share: float
) -> None:
    def interrupt(share: float) -> None:
        if share >= at_share:
            raise KeyboardInterrupt

    part = Part(path=house(tmp_path / "a.wav", speechlike(20)), pause_after_ms=500)
    with pytest.raises(KeyboardInterrupt):
        assemble([part, part], PROFILES["horn"], tmp_path / "out.mp3", Tags(), interrupt)
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]
    assert not [thread for thread in threading.enumerate() if thread.name == "loa-listener"]
