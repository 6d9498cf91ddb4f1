"""A picture of a sound: its waveform, and its loudness second by second over the profile's target. SVG or PNG."""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt

from audio import ffmpeg
from content import atomic
from content.errors import LoaError
from content.language import N_

_RATE_HZ: Final = 8000
_BLOCK: Final = 80
_WIDTH, _HEIGHT = 1200, 320
_LOUDEST_LUFS, _QUIETEST_LUFS = 0.0, -48.0
_UNKNOWN_LUFS: Final = -119.0
_INK, _LINE, _TARGET, _GROUND = "#3b6ea5", "#c2410c", "#15803d", "#ffffff"


class UnknownPictureError(LoaError):
    """A picture format that we do not draw."""

    sentence = N_("{path} must end in .png or .svg")


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is drawn: per column the lowest and highest sample (±1), and short-term loudness every 100 ms in LUFS."""

    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    loudness_lufs: npt.NDArray[np.float64]
    length_ms: int


def look(path: Path) -> Picture:
    """Listen through the sound file `path`; memory grows by 20 bytes for 10 ms.

    Raises:
        ffmpeg.FfmpegFailedError, ffmpeg.FfmpegTimeoutError.
    """
    lows: list[npt.NDArray[np.int16]] = []
    highs: list[npt.NDArray[np.int16]] = []
    with ffmpeg.running(
        [*ffmpeg.file_input(path), "-map", "0:a:0", "-ac", "1", "-ar", str(_RATE_HZ), "-f", "s16le", "pipe:1"],
        task=f"read {path.name}", timeout_s=1800, wants_output=True,
    ) as process:  # fmt: skip
        rest = b""
        while block := process.read(_BLOCK * 2 * 1000):
            block = rest + block
            whole = len(block) // (_BLOCK * 2) * _BLOCK * 2
            samples = np.frombuffer(block[:whole], dtype="<i2").reshape(-1, _BLOCK)
            rest = block[whole:]
            lows.append(samples.min(axis=1))
            highs.append(samples.max(axis=1))
    low = np.concatenate(lows) if lows else np.zeros(1, dtype=np.int16)
    high = np.concatenate(highs) if highs else np.zeros(1, dtype=np.int16)
    said = ffmpeg.output_of(
        [
            *ffmpeg.file_input(path), "-map", "0:a:0", "-af",
            "ebur128=metadata=1:framelog=quiet,ametadata=mode=print:key=lavfi.r128.S:file=-", "-f", "null", "-",
        ],
        task=f"measure {path.name}", timeout_s=1800, max_bytes=100_000_000,
    )  # fmt: skip
    found = [float(value) for value in re.findall(rb"lavfi\.r128\.S=(-?[\d.]+)", said)]
    return Picture(
        low=_columns(low / 32768, np.minimum), high=_columns(high / 32768, np.maximum),
        loudness_lufs=np.array(found or [-120.0]), length_ms=len(low) * 1000 * _BLOCK // _RATE_HZ,
    )  # fmt: skip


def draw(path: Path, out_path: Path, title: str = "", target_lufs: float | None = None) -> None:
    """Draw the sound file `path` into `out_path`, PNG or SVG by its suffix.

    Raises:
        UnknownPictureError, ffmpeg.FfmpegFailedError, atomic.NotWritableError.
    """
    makers = {".svg": _svg, ".png": _png}
    maker = makers.get(out_path.suffix.lower())
    if maker is None:
        raise UnknownPictureError(path=out_path.name)
    atomic.write_bytes(out_path, maker(look(path), title, target_lufs))


def _columns(values: npt.NDArray[np.float64], reduce: np.ufunc) -> npt.NDArray[np.float64]:
    """`values` reduced to one for each pixel column."""
    if len(values) < _WIDTH:
        values = np.interp(np.linspace(0, len(values) - 1, _WIDTH), np.arange(len(values)), values)
    starts = np.linspace(0, len(values), _WIDTH, endpoint=False).astype(np.int64)
    reduced: npt.NDArray[np.float64] = reduce.reduceat(values, starts)
    return reduced


def _loudness_rows(picture: Picture) -> npt.NDArray[np.float64]:
    """The row of the loudness line in each column, 0 at the top."""
    values = picture.loudness_lufs.copy()
    known = np.flatnonzero(values > _UNKNOWN_LUFS)
    if len(known):
        values[: known[0]] = values[known[0]]  # the first three seconds have no short-term loudness yet
    at = np.interp(np.linspace(0, len(values) - 1, _WIDTH), np.arange(len(values)), values)
    return np.array([_row(value) for value in at])


def _row(lufs: float) -> float:
    share = (min(_LOUDEST_LUFS, max(_QUIETEST_LUFS, lufs)) - _LOUDEST_LUFS) / (_QUIETEST_LUFS - _LOUDEST_LUFS)
    return share * (_HEIGHT - 1)


def _svg(picture: Picture, title: str, target_lufs: float | None) -> bytes:
    middle = _HEIGHT / 2
    top = [f"{x},{middle - high * (middle - 2):.1f}" for x, high in enumerate(picture.high)]
    bottom = [f"{x},{middle - low * (middle - 2):.1f}" for x, low in enumerate(picture.low)]
    line = [f"{x},{row:.1f}" for x, row in enumerate(_loudness_rows(picture))]
    seconds = round(picture.length_ms / 1000)
    label = f"{title}  {seconds // 60}:{seconds % 60:02}" + (
        f"  {target_lufs:g} LUFS" if target_lufs is not None else ""
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT + 28}" font-family="sans-serif">',
        f"<title>{escape(label)}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT + 28}" fill="{_GROUND}"/>',
        f'<polygon fill="{_INK}" fill-opacity="0.75" points="{" ".join(top + bottom[::-1])}"/>',
        f'<polyline fill="none" stroke="{_LINE}" stroke-width="1.5" points="{" ".join(line)}"/>',
    ]
    if target_lufs is not None:
        row = _row(target_lufs)
        parts.append(
            f'<line x1="0" x2="{_WIDTH}" y1="{row:.1f}" y2="{row:.1f}" stroke="{_TARGET}" stroke-dasharray="6 4"/>'
        )
    parts.append(f'<text x="6" y="{_HEIGHT + 20}" font-size="15" fill="#111">{escape(label)}</text></svg>')
    return "\n".join(parts).encode("utf-8")


def _png(picture: Picture, _title: str, target_lufs: float | None) -> bytes:
    canvas = np.full((_HEIGHT, _WIDTH, 3), _colour(_GROUND), dtype=np.uint8)
    middle = _HEIGHT / 2
    rows = np.arange(_HEIGHT)[:, None]
    inside = (rows >= middle - picture.high * (middle - 2) - 0.5) & (
        rows <= middle - picture.low * (middle - 2) + 0.5
    )
    canvas[inside] = _colour(_INK)
    if target_lufs is not None:
        canvas[round(_row(target_lufs)), (np.arange(_WIDTH) // 6) % 2 == 0] = _colour(_TARGET)
    line = _loudness_rows(picture)
    before = np.concatenate([line[:1], line[:-1]])
    on_line = (rows >= np.minimum(line, before) - 0.8) & (rows <= np.maximum(line, before) + 0.8)
    canvas[on_line] = _colour(_LINE)
    raw = np.concatenate(
        [np.zeros((_HEIGHT, 1), dtype=np.uint8), canvas.reshape(_HEIGHT, -1)], axis=1
    ).tobytes()
    header = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def _colour(code: str) -> tuple[int, int, int]:
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)
