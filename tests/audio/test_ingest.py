"""Files from outside are cleaned or refused, with a reason."""

import os
from pathlib import Path

import numpy as np
import pytest
from sound_files import house, make, speechlike, tone

from audio import ffmpeg, ingest, wav
from audio.ingest import RefusedAudioError, take_in
from content.atomic import DiskFullError


def notes(taken: ingest.TakenIn) -> str:
    return "; ".join(str(note) for note in taken.notes)


@pytest.mark.parametrize("suffix", [".wav", ".mp3", ".m4a", ".ogg", ".flac", ".opus", ".webm", ".aac"])
def test_what_phones_make_is_taken(suffix: str, tmp_path: Path) -> None:
    extra = ["-c:a", "libopus"] if suffix == ".webm" else []
    taken = take_in(tone(tmp_path / f"tin{suffix}", 3, *extra), tmp_path / "out.wav")
    assert taken.length_ms == pytest.approx(3000, abs=120)
    assert wav.read_info(taken.path).length_ms == taken.length_ms
    assert "name ends" not in notes(taken)


def test_silent_ends_are_cut_and_the_level_is_set(tmp_path: Path) -> None:
    pcm = bytes(48_000 * 2 * 2) + speechlike(4, -38, 48_000) + bytes(48_000 * 2 * 5)
    taken = take_in(house(tmp_path / "a.wav", pcm, 48_000), tmp_path / "out.wav")
    assert taken.length_ms == pytest.approx(4400, abs=450)
    assert "silence" in notes(taken)
    assert "level" in notes(taken)
    assert taken.loudness_lufs == pytest.approx(-20, abs=0.6)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "0 bytes"),
        (b"<html><body>not a sound</body></html>", "no sound file"),
        (b"MZ\x90\x00" + b"\0" * 4000, "no sound file"),
        (b"#EXTM3U\nhttp://10.0.0.1/secret.mp3\n", "no sound file"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "no sound file"),
        (b"ID3\x04\0\0\0\0\0\0" + b"rubbish" * 500, "cannot be decoded"),
        (b"RIFF\xff\xff\xff\xffWAVEfmt ", "cannot be decoded"),
        (b"fLaC" + b"\0" * 300, "cannot be decoded"),
        (b"\0\0\0\x18ftypM4A " + b"\0" * 3000, "cannot be decoded"),
    ],
    ids=[
        "empty",
        "html",
        "program",
        "playlist",
        "concat",
        "mp3-rubbish",
        "wav-head",
        "flac-head",
        "m4a-head",
    ],
)
def test_what_is_no_sound_is_refused_with_the_reason(content: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "tin.mp3"
    path.write_bytes(content)
    with pytest.raises(RefusedAudioError, match=reason):
        take_in(path, tmp_path / "out.wav")
    assert not (tmp_path / "out.wav").exists()


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedAudioError, match="no such file"):
        take_in(tmp_path / "none.mp3", tmp_path / "out.wav")


@pytest.mark.parametrize("suffix", [".wav", ".mp3", ".flac", ".m4a"])
def test_a_truncated_file_is_refused(suffix: str, tmp_path: Path) -> None:
    whole = tone(tmp_path / f"whole{suffix}", 20).read_bytes()
    path = tmp_path / f"cut{suffix}"
    path.write_bytes(whole[: len(whole) * 6 // 10])
    with pytest.raises(RefusedAudioError, match=r"cut short|cannot be decoded"):
        take_in(path, tmp_path / "out.wav")


def test_a_wrong_suffix_is_taken_and_noted(tmp_path: Path) -> None:
    path = tone(tmp_path / "tin.wav", 2).rename(tmp_path / "tin.mp3")
    assert "name ends in .mp3, its content is wav" in notes(take_in(path, tmp_path / "out.wav"))


def test_of_a_video_only_the_sound_is_kept(tmp_path: Path) -> None:
    path = make(
        tmp_path / "clip.mp4",
        "-f",
        "lavfi",
        "-i",
        "testsrc=d=2:s=64x64",
        "-f",
        "lavfi",
        "-i",
        "sine=d=2",
        "-shortest",
    )
    taken = take_in(path, tmp_path / "out.wav")
    assert "video" in notes(taken)
    assert taken.length_ms == pytest.approx(2000, abs=100)


def test_a_video_without_sound_is_refused(tmp_path: Path) -> None:
    path = make(tmp_path / "clip.mp4", "-f", "lavfi", "-i", "testsrc=d=1:s=64x64")
    with pytest.raises(RefusedAudioError):
        take_in(path, tmp_path / "out.wav")


def test_hours_of_silence_in_a_small_file_are_refused(tmp_path: Path) -> None:
    path = make(
        tmp_path / "long.flac",
        "-f",
        "lavfi",
        "-i",
        "anullsrc=r=8000:cl=mono",
        "-t",
        "11000",
        "-compression_level",
        "0",
    )
    assert path.stat().st_size < 10_000_000
    with pytest.raises(RefusedAudioError, match="longer than 3 hours"):
        take_in(path, tmp_path / "out.wav")


def test_a_length_that_the_header_hides_is_bounded_while_decoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "LONGEST_S", 10)
    path = make(tmp_path / "stream.aac", "-f", "lavfi", "-i", "sine=d=60", "-f", "adts")
    with pytest.raises(RefusedAudioError, match="longer than"):
        take_in(path, tmp_path / "out.wav")


def test_silence_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedAudioError, match="silent"):
        take_in(house(tmp_path / "a.wav", bytes(96_000)), tmp_path / "out.wav")


def test_nothing_but_sound_survives_of_a_polyglot(tmp_path: Path) -> None:
    path = tone(tmp_path / "tin.wav", 2)
    with path.open("ab") as stream:
        stream.write(b"PK\x03\x04 evil.exe MZ payload" * 50)
    out = take_in(path, tmp_path / "out.wav").path.read_bytes()
    assert b"evil" not in out
    assert b"PK\x03\x04" not in out


def test_a_file_name_is_never_an_option_or_an_address(tmp_path: Path) -> None:
    for name in ("-i.wav", "concat:a|b.wav", "http:x.wav", "100%d.wav", "tin 'sáng' $(x).wav"):
        path = house(tmp_path / name, speechlike(1))
        assert take_in(path, tmp_path / "out.wav").length_ms > 500


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_a_device_and_a_folder_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "folder.wav").mkdir()
    for path in (tmp_path / "pipe.wav", Path(os.devnull), tmp_path / "folder.wav"):
        with pytest.raises(RefusedAudioError, match="not a file"):
            take_in(path, tmp_path / "out.wav")


def test_a_wave_that_is_off_the_middle_is_moved_back_before_its_silence_is_looked_for(tmp_path: Path) -> None:
    pcm = bytes(48_000 * 2 * 2) + speechlike(4, -30, 48_000) + bytes(48_000 * 2 * 3)
    off = (np.frombuffer(pcm, dtype="<i2") + 2000).astype("<i2").tobytes()
    taken = take_in(house(tmp_path / "a.wav", off, 48_000), tmp_path / "out.wav")
    assert taken.length_ms == pytest.approx(4400, abs=450)
    assert "6.1 % off the middle" in notes(taken)
    heard = np.frombuffer(b"".join(wav.pcm_blocks(taken.path)), dtype="<i2")
    assert abs(float(heard.mean())) < 40


def test_two_channels_that_cancel_each_other_are_heard(tmp_path: Path) -> None:
    mono = house(tmp_path / "a.wav", speechlike(3))
    turned = make(tmp_path / "turned.flac", "-i", str(mono), "-af", "pan=stereo|c0=c0|c1=-0.99*c0")
    taken = take_in(turned, tmp_path / "out.wav")
    assert taken.loudness_lufs == pytest.approx(take_in(mono, tmp_path / "mono.wav").loudness_lufs, abs=0.5)
    assert "turned over" in notes(taken)
    twice = make(tmp_path / "twice.flac", "-i", str(mono), "-af", "pan=stereo|c0=c0|c1=c0")
    assert "turned over" not in notes(take_in(twice, tmp_path / "out.wav"))


def test_what_is_too_short_to_be_heard_is_not_called_silent(tmp_path: Path) -> None:
    with pytest.raises(RefusedAudioError, match=r"only 0\.1 s long"):
        take_in(house(tmp_path / "a.wav", speechlike(0.1)), tmp_path / "out.wav")


def test_a_clipped_recording_is_told_even_where_its_level_was_lowered(tmp_path: Path) -> None:
    taken = take_in(house(tmp_path / "a.wav", speechlike(3, 6)), tmp_path / "out.wav")
    assert taken.clipped
    assert np.abs(np.frombuffer(b"".join(wav.pcm_blocks(taken.path)), dtype="<i2").astype(int)).max() < 32_000
    assert not take_in(house(tmp_path / "b.wav", speechlike(3, -20)), tmp_path / "out.wav").clipped


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("may.mp3", ("-c:a", "libmp3lame", "-q:a", "4", "-write_xing", "0")),
        ("may.aac", ("-c:a", "aac", "-f", "adts")),
    ],
)
def test_a_file_that_states_no_length_is_not_called_cut_short_because_it_begins_quietly(
    name: str, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    quiet_then_words = bytes(10 * wav.SPEECH_RATE_HZ * 2) + speechlike(8)
    source = house(tmp_path / "source.wav", quiet_then_words)
    taken = take_in(make(tmp_path / name, "-i", str(source), *arguments), tmp_path / "out.wav")
    assert abs(taken.length_ms - 8000) < 300


def test_the_soft_first_words_of_a_quiet_recording_are_not_taken_for_silence(tmp_path: Path) -> None:
    words = speechlike(2, -66) + speechlike(5, -44) + speechlike(2, -66)
    taken = take_in(house(tmp_path / "quiet.wav", words), tmp_path / "out.wav")
    assert taken.length_ms == 9000


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_a_full_disk_is_not_called_a_fault_of_the_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = house(tmp_path / "tin.wav", speechlike(8))
    monkeypatch.setattr(
        ffmpeg, "file_output", lambda _path, *options, max_bytes: [*options, "-fs", str(max_bytes), "file:/dev/full"]
    )  # fmt: skip
    with pytest.raises(DiskFullError, match="free some disk space"):
        take_in(source, tmp_path / "out.wav")
