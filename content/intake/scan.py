"""Pictures of text: recognised by Tesseract with Vietnamese where it is installed."""

from __future__ import annotations

import shutil
import struct
import subprocess
import zlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from content.errors import Told
from content.intake.assemble import assemble
from content.intake.errors import DocumentTooLargeError, OcrFailedError, ScannedDocumentError
from content.intake.source import Changes, Raw, RawLine, SourceText
from content.language import N_
from content.os_errors import why

OCR_PAGE_LIMIT = 100
PAGE_TIMEOUT_S = 120


def tesseract() -> str | None:
    """The Tesseract program, if it is installed with Vietnamese."""
    program = shutil.which("tesseract")
    return program if program and "vie" in _languages(program) else None


@lru_cache(maxsize=4)
def _languages(program: str) -> frozenset[str]:
    try:
        done = subprocess.run([program, "--list-langs"], capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return frozenset()
    return frozenset((done.stdout + done.stderr).decode("utf-8", "replace").split())


def read_image(path: Path, content: bytes) -> SourceText:
    """The text of a scanned picture. Raises ScannedDocumentError, OcrFailedError, DocumentEmptyError."""
    return read_pictures(path, iter([content]), 1, file_format=path.suffix.lstrip(".").lower() or "image")


def read_pictures(path: Path, pictures: Iterator[bytes], count: int, *, file_format: str) -> SourceText:
    """The text of each picture as one page. Raises as `read_image`."""
    program = tesseract()
    if program is None:
        raise ScannedDocumentError(path=path)
    if count > OCR_PAGE_LIMIT:
        raise DocumentTooLargeError(path=path, size_mb=count, limit_mb=OCR_PAGE_LIMIT)
    raw: list[Raw] = []
    for number, picture in enumerate(pictures, 1):
        raw += [RawLine(line, page=number) for line in _recognise(program, path, picture).splitlines()]
    changes = Changes()
    changes.add("recognised from a picture", count)
    return assemble(raw, path=path, file_format=file_format, changes=changes, pages=count, ocr=True)


def _recognise(program: str, path: Path, picture: bytes) -> str:
    try:
        done = subprocess.run(
            [program, "stdin", "stdout", "-l", "vie", "--psm", "4"],
            input=picture,
            capture_output=True,
            timeout=PAGE_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise OcrFailedError(
            path=path, reason=Told(N_("more than {limit_s} seconds a page"), limit_s=PAGE_TIMEOUT_S)
        ) from error
    except OSError as error:
        raise OcrFailedError(path=path, reason=why(error)) from error
    if done.returncode != 0:
        reason = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise OcrFailedError(path=path, reason=reason[-1][:120] if reason else f"exit {done.returncode}")
    return done.stdout.decode("utf-8", "replace")


def png(width: int, height: int, stride: int, grey: bytes) -> bytes:
    """An 8-bit grey PNG of rows of `stride` bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + grey[row * stride : row * stride + width] for row in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows, 3))
        + chunk(b"IEND", b"")
    )
