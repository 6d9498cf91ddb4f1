"""Odd and evil sound files: cleaned or refused with a reason, and none makes ffmpeg open anything else."""

import re
import socket
import struct
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sound_files import make, speechlike, tone

from audio import ffmpeg, ingest
from audio.ingest import RefusedAudioError, take_in

PCM = speechlike(2, -20, 48_000)
FLOAT = np.frombuffer(PCM, dtype="<i2").astype("<f4") / 32768


def wav_of(
    data: bytes = PCM, *, tag: int = 1, channels: int = 1, rate_hz: int = 48_000, bits: int = 16,
    riff_bytes: int | None = None, data_bytes: int | None = None,
) -> bytes:  # fmt: skip
    """A WAV whose header says what it likes."""
    form = struct.pack(
        "<HHIIHH", tag, channels, rate_hz, rate_hz * channels * bits // 8 % 2**32, channels * bits // 8 % 2**16, bits
    )  # fmt: skip
    return (
        b"RIFF" + struct.pack("<I", 36 + len(data) if riff_bytes is None else riff_bytes) + b"WAVEfmt " + struct.pack("<I", 16)
        + form + b"data" + struct.pack("<I", len(data) if data_bytes is None else data_bytes) + data
    )  # fmt: skip


def put(folder: Path, content: bytes, name: str = "tin.wav") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def synchsafe(number: int) -> bytes:
    return bytes(number >> shift & 127 for shift in (21, 14, 7, 0))


@pytest.mark.parametrize(
    "content",
    [
        wav_of(riff_bytes=0, data_bytes=0),
        wav_of(riff_bytes=2**32 - 1, data_bytes=2**32 - 1),
        wav_of(riff_bytes=10),
        wav_of(data_bytes=2 * len(PCM)),
        wav_of(PCM + b"\1"),
        wav_of(np.repeat(np.frombuffer(PCM, dtype="<i2"), 8).tobytes(), channels=8),
        wav_of((np.frombuffer(PCM, dtype="<i2") // 256 + 128).astype("u1").tobytes(), bits=8),
        wav_of(FLOAT.tobytes(), tag=3, bits=32),
    ],
    ids=["no-sizes", "endless", "small", "too-large", "odd", "eight-channels", "8-bit", "float"],
)
def test_a_header_that_is_wrong_or_rare_costs_no_sound(content: bytes, tmp_path: Path) -> None:
    taken = take_in(put(tmp_path, content), tmp_path / "out.wav")
    assert taken.length_ms == pytest.approx(2000, abs=5)
    assert not taken.clipped


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (wav_of(channels=0), "cannot be decoded"),
        (wav_of(channels=65_535), "cannot be decoded"),
        (wav_of(rate_hz=0), "cannot be decoded"),
        (wav_of(rate_hz=2**32 - 1), "cannot be decoded"),
        (wav_of(b""), r"only 0\.0 s long"),
        (wav_of(np.full(96_000, np.nan, dtype="<f4").tobytes(), tag=3, bits=32), "silent"),
        (b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + b"\0" * 4000, "cannot be decoded"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  \0\0\0\x08moov", "cannot be decoded|no sound in it"),
    ],
    ids=["0-channels", "65535-channels", "0-hz", "4-ghz", "no-samples", "nan", "endless-id3", "empty-moov"],
)
def test_what_no_header_can_mean_is_refused_in_plain_words(
    content: bytes, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(RefusedAudioError, match=reason) as refused:
        take_in(put(tmp_path, content), tmp_path / "out.wav")
    assert not re.search(r"0x[0-9a-f]{6}", str(refused.value)), "an address in memory tells nobody anything"
    assert not (tmp_path / "out.wav").exists()


def test_samples_that_are_no_numbers_are_told_and_do_not_spoil_the_rest(tmp_path: Path) -> None:
    spoiled = FLOAT.copy()
    spoiled[5000:5100], spoiled[9000], spoiled[9001] = np.nan, np.inf, -np.inf
    taken = take_in(put(tmp_path, wav_of(spoiled.tobytes(), tag=3, bits=32)), tmp_path / "out.wav")
    assert taken.clipped
    assert taken.loudness_lufs == pytest.approx(-20, abs=3.1)


def test_three_megabytes_of_tags_and_a_cover_are_left_behind(tmp_path: Path) -> None:
    sound = tone(tmp_path / "tin.mp3", 2).read_bytes()
    frame = b"TIT2" + synchsafe(3_000_000) + b"\0\0" + b"A" * 3_000_000
    tagged = put(tmp_path, b"ID3\x04\0\0" + synchsafe(len(frame)) + frame + sound, "tags.mp3")
    cover = make(tmp_path / "c.png", "-f", "lavfi", "-i", "testsrc=s=600x600", "-frames:v", "1")
    covered = make(
        tmp_path / "cover.mp3", "-i", str(tmp_path / "tin.mp3"), "-i", str(cover), "-map", "0", "-map", "1", "-c", "copy",
        "-disposition:v", "attached_pic",
    )  # fmt: skip
    for path in (tagged, covered):
        taken = take_in(path, tmp_path / "out.wav")
        assert taken.length_ms == pytest.approx(2000, abs=60)
        assert {str(note).split()[1] for note in taken.notes} <= {"level"}
        assert taken.path.stat().st_size < 200_000


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.webm", ["-c:a", "libopus"]),
        ("a.wav", ["-rf64", "always"]),
        ("a.wav", ["-ar", "192000", "-c:a", "pcm_s24le"]),
        ("a.wav", ["-c:a", "pcm_mulaw", "-ar", "8000"]),
        ("a.mka", ["-c:a", "ac3"]),
        ("a.aac", ["-f", "adts"]),
        ("a.3gp", ["-c:a", "aac"]),
        ("a.m4a", ["-movflags", "+faststart"]),
        ("a.aiff", []),
        ("a.caf", []),
        ("a.wma", []),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_rare_kinds_are_taken_whole_and_refused_where_they_are_cut(
    name: str, options: list[str], tmp_path: Path
) -> None:
    path = tone(tmp_path / name, 6, *options)
    assert take_in(path, tmp_path / "out.wav").length_ms == pytest.approx(6000, abs=120)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    try:
        taken = take_in(path, tmp_path / "half.wav")
    except RefusedAudioError as error:
        assert re.search("cut short|cannot be decoded", str(error))
    else:  # a stream says nowhere how long it is
        assert name == "a.aac"
        assert "damaged" in "; ".join(str(note) for note in taken.notes)


def test_a_film_without_its_index_or_without_sound_is_refused(tmp_path: Path) -> None:
    content = tone(tmp_path / "a.m4a", 2).read_bytes()
    with pytest.raises(RefusedAudioError, match="cannot be decoded"):
        take_in(put(tmp_path, content[: content.index(b"moov") - 4], "b.mp4"), tmp_path / "out.wav")
    silent = make(tmp_path / "c.mp4", "-f", "lavfi", "-i", "testsrc=d=1:s=64x64")
    with pytest.raises(RefusedAudioError, match="no sound in it"):
        take_in(silent, tmp_path / "out.wav")


@pytest.fixture
def bait() -> Iterator[socket.socket]:
    """A port on loopback that nobody may knock at."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.setblocking(False)
        yield door


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


@pytest.mark.parametrize(
    "name", ["list.mp3", "list.m3u8", "list.wav", "list.ffconcat", "list.mov", "list.sdp"]
)
def test_no_file_makes_ffmpeg_open_another_file_or_an_address(
    name: str, bait: socket.socket, tmp_path: Path
) -> None:
    secret = put(tmp_path, wav_of(), "secret.wav")
    address = f"http://127.0.0.1:{bait.getsockname()[1]}/a.mp3"
    movie = box(b"rdrf", b"\0\0\0\0url " + struct.pack(">I", len(address) + 1) + address.encode() + b"\0")
    evil = [
        *(f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{to}\n#EXT-X-ENDLIST\n".encode() for to in (address, secret)),
        *(f"ffconcat version 1.0\nfile '{to}'\n".encode() for to in (address, secret)),
        f"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=audio {bait.getsockname()[1]} RTP/AVP 0\n".encode(),
        f'<?xml version="1.0"?><MPD><Period><BaseURL>{address}</BaseURL></Period></MPD>'.encode(),
        f"[playlist]\nFile1={address}\n".encode(),
        b"ID3\x04\0\0\0\0\0\0#EXTM3U\n#EXTINF:5,\n" + address.encode(),
        b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42\n#EXTM3U\n#EXTINF:5,\n" + str(secret).encode(),
        box(b"ftyp", b"qt  \0\0\0\0qt  ") + box(b"moov", box(b"rmra", box(b"rmda", movie))),
    ]  # fmt: skip
    for content in evil:
        path = put(tmp_path, content, name)
        with pytest.raises(RefusedAudioError):
            take_in(path, tmp_path / "out.wav")
        with pytest.raises(ffmpeg.NotAudioError):
            ffmpeg.probe(path)
    with pytest.raises(BlockingIOError):
        bait.accept()


@pytest.mark.parametrize(
    "name",
    ["'a' \"b\".wav", "a\nb.wav", "-i.wav", "--help.wav", unicodedata.normalize("NFD", "tiếng Việt.wav"), "a" * 251 + ".wav",
     "pipe:0.wav", "..wav", " .wav", "\u202egnp.wav", "tin"],
)  # fmt: skip
def test_no_name_is_too_odd(name: str, tmp_path: Path) -> None:
    try:
        path = put(tmp_path, wav_of(), name)
    except OSError:
        pytest.skip("this system has no such names")
    assert take_in(path, tmp_path / "out.wav").length_ms == pytest.approx(2000, abs=5)


def test_a_name_that_no_file_can_have_and_links_to_nowhere_are_refused(tmp_path: Path) -> None:
    paths = [tmp_path / "a\0b.wav", tmp_path / ("a" * 5000)]
    try:
        (tmp_path / "loop.wav").symlink_to("loop.wav")
        (tmp_path / "gone.wav").symlink_to("none.wav")
        paths += [tmp_path / "loop.wav", tmp_path / "gone.wav"]
    except OSError:
        pass  # no links here
    for path in paths:
        with pytest.raises(RefusedAudioError, match="no such file"):
            take_in(path, tmp_path / "out.wav")


def test_a_file_that_is_still_being_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path, wav_of(riff_bytes=0, data_bytes=0))
    decode = ingest._decode

    def and_grow(*arguments: object) -> int:
        damaged = decode(*arguments)  # type: ignore[arg-type]
        with path.open("ab") as stream:
            stream.write(PCM)
        return damaged

    monkeypatch.setattr(ingest, "_decode", and_grow)
    with pytest.raises(RefusedAudioError, match="written to while it was read"):
        take_in(path, tmp_path / "out.wav")
