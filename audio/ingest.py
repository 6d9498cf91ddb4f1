"""Sound files from outside — phones, recorders, other stations — into clean house WAVs, or refused with a reason.

What is kept is only decoded sound: names, pictures, appended files and anything else that a file carries end here.
"""

from __future__ import annotations

import math
import stat
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt

from audio import ffmpeg, loudness, wav
from audio.clipping import has_flat_tops
from audio.profiles import suffix_of
from content import atomic
from content.errors import LoaError, Told
from content.language import N_

LONGEST_S: Final = 3 * 3600
LARGEST_BYTES: Final = 2_000_000_000
_TARGET_LUFS: Final = -20.0
_LEFT_ALONE_LU: Final = 3.0
_MOST_GAIN_DB: Final = 30.0
_SILENT_LEVEL: Final = 104
"""−50 dBFS."""
_SILENT_SHARE: Final = 0.01
"""In a quiet recording only what lies 40 dB below its loudest place is silence, else its first soft words would be cut."""
_OFFSET_FROM: Final = 16
"""Steps of 32768 by which the middle of the wave may be off before it is moved back."""
_CANCELLED_LEVEL: Final = 0.05
"""Where the mix of two channels has less than this share of their difference, one of them is turned over."""
_SHORTEST_MS: Final = 400
"""BS.1770 measures nothing shorter."""
_BLOCK_MS: Final = 20
_HEAD_KEPT_MS, _TAIL_KEPT_MS = 100, 300
_TRIM_FROM_MS: Final = 600
_CLIPPED_SHARE: Final = 1e-4
_TRUNCATED_SHARE: Final = 0.97
_DECODE_S: Final = 1800

# Container by its first bytes; the name of a file is not believed. (offset, bytes, ffmpeg demuxer, usual suffixes)
_MAGIC: Final = (
    (0, b"ID3", "mp3", (".mp3",)),
    (4, b"ftyp", "mov", (".m4a", ".mp4", ".mov", ".3gp", ".aac")),
    (0, b"OggS", "ogg", (".ogg", ".oga", ".opus")),
    (0, b"fLaC", "flac", (".flac",)),
    (0, b"#!AMR", "amr", (".amr", ".3gp")),
    (0, b"\x1aE\xdf\xa3", "matroska", (".webm", ".mkv", ".mka")),
    (0, b"FORM", "aiff", (".aif", ".aiff")),
    (0, b"caff", "caf", (".caf",)),
    (0, b"\x30\x26\xb2\x75", "asf", (".wma", ".wmv", ".asf")),
)


class RefusedAudioError(LoaError):
    """A sound file that the station does not take."""

    sentence = N_("{path} is refused: {reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenIn:
    """A clean house WAV and what was done to get it."""

    path: Path
    length_ms: int
    loudness_lufs: float
    notes: tuple[Told, ...]
    """What was cleaned or is odd, for the editor."""
    clipped: bool
    """Whether the wave was cut off, at full scale or before it was made quieter; a change of level hides that afterwards."""


_EMPTY = N_("the file is empty (0 bytes); copy it again")
_MISSING = N_("there is no such file")
_NO_FILE = N_("it is a folder, a pipe or a device, not a file")
_CHANGES = N_("it was written to while it was read; wait until it is whole")
_NO_SOUND = N_("there is no sound in it, only pictures or data")
_TOO_LARGE = N_("it is larger than {most} MB; cut it")
_NOT_SOUND = N_("its content is no sound file that we read; supply wav, mp3, m4a, ogg or flac")
_UNREADABLE = N_("it cannot be decoded ({reason}); supply another copy")
_TOO_LONG = N_("it is longer than {most_h} hours; cut it")
_CUT_SHORT = N_("it is cut short: {found_s} s of {claimed_s} s are there; copy it again")
_SILENT = N_("it is silent from end to end")
_TOO_SHORT = N_("it is only {length_s} s long; half a second is the least")
_TURNED = N_("one of its two channels was turned over, so that they cancelled each other: it was turned back")
_OFFSET = N_(
    "its wave stood {percent} % off the middle (a fault of the microphone or plug): it was moved back"
)
_RENAMED = N_("its name ends in {suffix}, its content is {container}")
_PICTURE = N_("it is a video: only its sound was kept")
_DAMAGED = N_("{count} places in it are damaged")
_TRIMMED = N_("{head_s} s of silence at its head and {tail_s} s at its tail were cut")
_LEVELLED = N_("its level was changed by {gain_db:+} dB")
_CLIPPED = N_("it is clipped: record it again with less gain if you can")


class OwnSourceError(LoaError):
    """A copy that would replace what it is made from."""

    sentence = N_("{path} is the file that is read, which would be lost: name another one to write")


def clean(path: Path, out_path: Path) -> TakenIn:
    """`take_in` for a file of the user's own choice: a WAV by its name, and never the source itself.

    Raises:
        profiles.WrongSuffixError, OwnSourceError, and what `take_in` raises.
    """
    suffix_of(out_path, ["wav"])
    if out_path.exists() and path.exists() and out_path.samefile(path):
        raise OwnSourceError(path=out_path)
    return take_in(path, out_path)


def take_in(path: Path, out_path: Path) -> TakenIn:
    """Decode `path`, cut its silent ends, bring its level near −20 LUFS, and write it to `out_path` as a house WAV.

    Raises:
        RefusedAudioError: with the reason. atomic.DiskFullError, atomic.NotWritableError, ffmpeg.FfmpegMissingError.
    """
    container, suffixes = _container_of(path)
    state = _state(path)
    notes: list[Told] = []
    if path.suffix.lower() not in suffixes:
        notes.append(Told(_RENAMED, suffix=path.suffix or "—", container=container))
    claim = _probed(path, container)
    if claim.has_video:
        notes.append(Told(_PICTURE))
    if claim.length_ms is not None and claim.length_ms > LONGEST_S * 1000:
        raise RefusedAudioError(path=path.name, reason=Told(_TOO_LONG, most_h=LONGEST_S // 3600))
    rate_hz = wav.SPEECH_RATE_HZ if claim.sample_rate_hz <= wav.SPEECH_RATE_HZ else wav.WIDE_RATE_HZ
    with tempfile.TemporaryDirectory(prefix="loa-take-in-") as folder:
        raw = Path(folder) / "raw.wav"
        damaged = _decode(path, container, raw, rate_hz)
        if claim.channels == 2 and _cancels(path, container, raw, rate_hz, Path(folder) / "difference.wav"):
            notes.append(Told(_TURNED))
        if damaged:
            notes.append(Told(_DAMAGED, count=damaged))
        info = wav.read_info(raw)
        _refuse_length(path, info.length_ms, claim.length_ms)
        _refuse_length(path, info.length_ms, _claimed_ms(path, container, info.length_ms))
        if _state(path) != state:
            raise RefusedAudioError(path=path.name, reason=Told(_CHANGES))
        if info.length_ms < _SHORTEST_MS:
            raise RefusedAudioError(
                path=path.name, reason=Told(_TOO_SHORT, length_s=round(info.length_ms / 1000, 2))
            )
        offset = _offset(raw)
        scan = _scan(raw, info, offset)
        if scan is None:
            raise RefusedAudioError(path=path.name, reason=Told(_SILENT))
        start_ms, end_ms, clipped = scan
        is_clipped = clipped > info.samples * _CLIPPED_SHARE or has_flat_tops(
            path, container, claim.codec, _DECODE_S
        )
        if is_clipped:
            notes.append(Told(_CLIPPED))
        if abs(offset) >= _SILENT_LEVEL:
            notes.append(Told(_OFFSET, percent=round(abs(offset) / 327.68, 1)))
        head_ms, tail_ms = start_ms, info.length_ms - end_ms
        if head_ms + tail_ms > _TRIM_FROM_MS:
            notes.append(Told(_TRIMMED, head_s=round(head_ms / 1000, 1), tail_s=round(tail_ms / 1000, 1)))
        else:
            start_ms, end_ms = 0, info.length_ms
        try:
            found = loudness.measure(raw, rate_hz)
        except loudness.TooQuietError as error:
            raise RefusedAudioError(path=path.name, reason=Told(_SILENT)) from error
        gain_db = 0.0
        if abs(_TARGET_LUFS - found.integrated_lufs) > _LEFT_ALONE_LU:
            gain_db = round(min(_MOST_GAIN_DB, _TARGET_LUFS - found.integrated_lufs), 1)
            notes.append(Told(_LEVELLED, gain_db=gain_db))
        with atomic.replacing(out_path) as temporary:
            length_ms = _cut(raw, temporary, start_ms, end_ms, gain_db, rate_hz, offset)
    return TakenIn(
        path=out_path, length_ms=length_ms, loudness_lufs=round(found.integrated_lufs + gain_db, 1), notes=tuple(notes),
        clipped=is_clipped,
    )  # fmt: skip


def _container_of(path: Path) -> tuple[str, tuple[str, ...]]:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):  # a pipe or a device would be waited for, or read, without end
            raise RefusedAudioError(path=path.name, reason=Told(_NO_FILE))
        size = found.st_size
        with path.open("rb") as stream:
            head = stream.read(16)
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise RefusedAudioError(path=path.name, reason=Told(_MISSING)) from error
    if size == 0:
        raise RefusedAudioError(path=path.name, reason=Told(_EMPTY))
    if size > LARGEST_BYTES:
        raise RefusedAudioError(path=path.name, reason=Told(_TOO_LARGE, most=LARGEST_BYTES // 1_000_000))
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return "wav", (".wav", ".bwf", ".wave")
    for offset, magic, container, suffixes in _MAGIC:
        if head[offset : offset + len(magic)] == magic:
            return container, suffixes
    if len(head) > 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        # MPEG sync: layer bits 00 mean ADTS AAC
        return ("aac", (".aac",)) if head[1] & 0x06 == 0 else ("mp3", (".mp3", ".mp2"))
    raise RefusedAudioError(path=path.name, reason=Told(_NOT_SOUND))


def _state(path: Path) -> tuple[int, int]:
    """Changes when the file is written to."""
    try:
        found = path.stat()
    except OSError as error:
        raise RefusedAudioError(path=path.name, reason=Told(_MISSING)) from error
    return found.st_size, found.st_mtime_ns


def _probed(path: Path, container: str) -> ffmpeg.Probe:
    try:
        return ffmpeg.probe(path, container)
    except ffmpeg.NotAudioError as error:
        reason = error.facts["reason"]
        told = Told(_NO_SOUND) if reason == ffmpeg.NO_STREAM else Told(_UNREADABLE, reason=reason)
        raise RefusedAudioError(path=path.name, reason=told) from error


def _decode(path: Path, container: str, out: Path, rate_hz: int, mix: str = "anull") -> int:
    """Decode through the filter `mix` to a house WAV; how many places ffmpeg complained about."""
    try:
        said = ffmpeg.run(
            [
                "-v", "error", *ffmpeg.file_input(path, "-f", container), "-map", "0:a:0", "-vn", "-sn", "-dn",
                "-map_metadata", "-1", "-fflags", "+bitexact", "-t", str(LONGEST_S + 1), "-af", mix, "-ac", "1", "-ar", str(rate_hz),
                "-c:a", "pcm_s16le", "-f", "wav",
                *ffmpeg.file_output(out, max_bytes=(LONGEST_S + 2) * rate_hz * 2),
            ],
            task=f"decode {path.name}", timeout_s=_DECODE_S,
        )  # fmt: skip
    except (ffmpeg.FfmpegFailedError, ffmpeg.FfmpegTimeoutError) as error:
        raise RefusedAudioError(
            path=path.name, reason=Told(_UNREADABLE, reason=error.facts.get("reason", "timeout"))
        ) from error
    return len([line for line in said.splitlines() if line.strip()])


def _refuse_length(path: Path, found_ms: int, claimed_ms: int | None) -> None:
    if found_ms > LONGEST_S * 1000:
        raise RefusedAudioError(path=path.name, reason=Told(_TOO_LONG, most_h=LONGEST_S // 3600))
    if claimed_ms is not None and found_ms < claimed_ms * _TRUNCATED_SHARE - 200:
        told = Told(_CUT_SHORT, found_s=round(found_ms / 1000, 1), claimed_s=round(claimed_ms / 1000, 1))
        raise RefusedAudioError(path=path.name, reason=told)


def _claimed_ms(path: Path, container: str, found_ms: int) -> int | None:
    """How long a WAV or CAF would be were it as large as its header says; ffmpeg reads what is there and says nothing."""
    with path.open("rb") as stream:
        claimed_bytes = {"wav": _riff_bytes, "caf": _caf_bytes}.get(container, lambda _stream: None)(stream)
    return round(found_ms * claimed_bytes / path.stat().st_size) if claimed_bytes is not None else None


def _riff_bytes(stream: BinaryIO) -> int | None:
    size = int(struct.unpack("<4xI", stream.read(8))[0])
    return size + 8 if size not in (0, 0xFFFFFFFF) else None  # a recorder that writes as it goes


def _caf_bytes(stream: BinaryIO) -> int | None:
    stream.seek(8)
    for _chunk in range(1000):
        head = stream.read(12)
        if len(head) < 12:
            return None
        kind, size = struct.unpack(">4sq", head)
        if kind == b"data":
            return stream.tell() + size if size >= 0 else None
        if not 0 <= size <= LARGEST_BYTES:
            return None
        stream.seek(size, 1)
    return None


def _cancels(path: Path, container: str, raw: Path, rate_hz: int, difference: Path) -> bool:
    """Whether the two channels of `path` cancel each other in `raw`, their mix; then `raw` becomes their difference."""
    _decode(path, container, difference, rate_hz, "pan=mono|c0=0.5*c0-0.5*c1")
    cancels = _rms(raw) < _rms(difference) * _CANCELLED_LEVEL
    if cancels:
        difference.replace(raw)
    return cancels


def _rms(path: Path) -> float:
    """Root mean square of a house WAV, in steps of 32768."""
    energy, count = 0.0, 0
    for pcm in wav.pcm_blocks(path):
        samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
        energy, count = energy + float(samples @ samples), count + len(samples)
    return math.sqrt(energy / max(1, count))


def _offset(path: Path) -> int:
    """How far the middle of the wave stands from zero, in steps of 32768; 0 where that is too little to matter."""
    total = count = 0
    for pcm in wav.pcm_blocks(path):
        samples = np.frombuffer(pcm, dtype="<i2")
        total, count = total + int(samples.sum(dtype=np.int64)), count + len(samples)
    offset = round(total / max(1, count))
    return offset if abs(offset) >= _OFFSET_FROM else 0


def _scan(path: Path, info: wav.WavInfo, offset: int) -> tuple[int, int, int] | None:
    """(start, end) in ms of what is not silent, margins kept, and how many samples are at full scale; None: all silent."""
    block = info.rate_hz * _BLOCK_MS // 1000
    peaks: list[npt.NDArray[np.int32]] = []
    clipped = 0
    for pcm in wav.pcm_blocks(path, block * 500):
        samples = np.frombuffer(pcm, dtype="<i2").astype(np.int32)
        clipped += int(np.count_nonzero(np.abs(samples) >= 32_760))
        samples = np.abs(samples - offset)
        peaks.append(np.maximum.reduceat(samples, np.arange(0, len(samples), block)))
    peak = np.concatenate(peaks)
    if peak.max() < _SILENT_LEVEL:
        return None
    loud = np.flatnonzero(peak >= min(_SILENT_LEVEL, peak.max() * _SILENT_SHARE))
    start_ms = max(0, int(loud[0]) * _BLOCK_MS - _HEAD_KEPT_MS)
    return start_ms, min(info.length_ms, (int(loud[-1]) + 1) * _BLOCK_MS + _TAIL_KEPT_MS), clipped


def _cut(
    source: Path, out: Path, start_ms: int, end_ms: int, gain_db: float, rate_hz: int, offset: int
) -> int:
    """Write [start, end) of a house WAV, moved to the middle and its level changed, as another; its length in ms."""
    filters = f"atrim=start={start_ms / 1000}:end={end_ms / 1000},asetpts=N/SR/TB"
    if offset:
        filters += f",aformat=sample_fmts=fltp,aeval=val(0)-{offset / 32768}".replace("--", "+")
    if gain_db:
        filters += f",volume={gain_db}dB,alimiter=limit=0.94:level=0"
    ffmpeg.run(
        [
            *ffmpeg.file_input(source), "-af", filters, "-ac", "1", "-ar", str(rate_hz), "-fflags", "+bitexact",
            "-flags:a", "+bitexact", "-map_metadata", "-1", "-c:a", "pcm_s16le", "-f", "wav",
            *ffmpeg.file_output(out, max_bytes=(end_ms - start_ms + 2000) * rate_hz // 500),
        ],
        task=f"cut {source.name}", timeout_s=1800,
    )  # fmt: skip
    return wav.read_info(out).length_ms
