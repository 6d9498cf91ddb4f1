"""PDF files that could ask for far too much are first opened by another process, which is watched."""

from __future__ import annotations

import re
import subprocess
import sys
import zlib
from pathlib import Path

from content.errors import Told
from content.intake.errors import DocumentHostileError
from content.intake.pdf_trial import TOO_LARGE
from content.language import N_

CONTENT_LIMIT = 8_000_000
"""Bytes that one stream may unpack to; a page of text has a few thousand. PDFium keeps some 15 times as much."""
MEMORY_LIMIT_MB = 450
TRIAL_LIMIT_S = 90
_MOST_PACKED = 1032  # deflate packs no better
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_PICTURE = re.compile(rb"/Subtype\s*/Image|/DCTDecode|/JPXDecode|/CCITTFaxDecode|/JBIG2Decode")
_FORM = re.compile(rb"/Subtype\s*(?:/Form\b|/\w*#|\d)|/#53|/S\w*#")
"""Drawings within drawings, which may be repeated without end, or a name written so that it is not seen."""
_OTHER_FILTER = re.compile(rb"/(?:ASCII85Decode|ASCIIHexDecode|LZWDecode|RunLengthDecode|A85|AHx|LZW|RL)\b")


def check_size(path: Path, content: bytes) -> None:
    """Pass for a file that PDFium can open within bounds. Raises DocumentHostileError."""
    if not is_plain(content):
        _try_apart(path, content)


def is_plain(content: bytes) -> bool:
    """Whether every stream is small when unpacked and none draws another."""
    if _FORM.search(content):
        return False
    for match in _STREAM.finditer(content):
        start = match.end()
        end = content.find(b"endstream", start)
        if end < 0:
            return False
        about = content[max(0, start - 400) : start]
        about = about[about.rfind(b" obj") + 1 :]
        size = end - start
        if _PICTURE.search(about) or size * _MOST_PACKED <= CONTENT_LIMIT:
            continue
        if size > CONTENT_LIMIT or _OTHER_FILTER.search(about):
            return False
        if b"/FlateDecode" in about or b"/Fl" in about:
            try:
                if (
                    len(zlib.decompressobj().decompress(content[start:end], CONTENT_LIMIT + 1))
                    > CONTENT_LIMIT
                ):
                    return False
            except zlib.error:
                return False
    return True


def _try_apart(path: Path, content: bytes) -> None:
    """Let another process open every page; one that grows too large or takes too long is ended.

    Raises:
        DocumentHostileError: it did not come to the end.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", "content.intake.pdf_trial", str(MEMORY_LIMIT_MB)],
            input=content, capture_output=True, timeout=TRIAL_LIMIT_S, check=False,
            cwd=Path(__file__).resolve().parents[2],
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise DocumentHostileError(
            path=path, reason=Told(N_("its pages take more than {limit_s} seconds"), limit_s=TRIAL_LIMIT_S)
        ) from error
    except BrokenPipeError as error:
        raise DocumentHostileError(path=path, reason=N_("its pages ask for too much memory")) from error
    if done.returncode == TOO_LARGE:
        raise DocumentHostileError(path=path, reason=N_("its pages ask for too much memory"))
    if done.returncode != 0:
        raise DocumentHostileError(path=path, reason=N_("the program that opens it broke down on its pages"))
