"""Old Word files (.doc) and rich text, converted by LibreOffice where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from content.errors import Told
from content.intake.errors import DocumentEncryptedError, OfficeFailedError, OfficeMissingError
from content.intake.source import SourceText
from content.intake.word import read_word
from content.language import N_
from content.os_errors import why

CONVERT_TIMEOUT_S = 120


def office() -> str | None:
    """The LibreOffice program, if there is one."""
    for name in ("soffice", "libreoffice"):
        if found := shutil.which(name):
            return found
    places = [
        Path(os.environ.get(variable, "")) / "LibreOffice" / "program" / "soffice.exe"
        for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)")
        if os.environ.get(variable)
    ]
    if sys.platform == "darwin":
        places.append(Path("/Applications/LibreOffice.app/Contents/MacOS/soffice"))
    return next((str(place) for place in places if place.is_file()), None)


def read_legacy_word(path: Path, content: bytes) -> SourceText:
    """The clean text of a .doc or .rtf file.

    Raises: OfficeMissingError, OfficeFailedError, DocumentEncryptedError, and what `read_word` raises.
    """
    program = office()
    if program is None:
        raise OfficeMissingError(path=path)
    if b"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e" in content:
        raise DocumentEncryptedError(path=path)
    with tempfile.TemporaryDirectory(prefix="loa-doc-") as name:
        folder = Path(name)
        source = folder / f"document{path.suffix.lower() or '.doc'}"
        source.write_bytes(content)
        profile = (folder / "profile").as_uri()
        command = [
            program, f"-env:UserInstallation={profile}", "--headless", "--norestore", "--nolockcheck",
            "--convert-to", "docx:MS Word 2007 XML", "--outdir", str(folder / "out"), str(source),
        ]  # fmt: skip
        try:
            done = subprocess.run(command, capture_output=True, timeout=CONVERT_TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired as error:
            raise OfficeFailedError(
                path=path, reason=Told(N_("more than {limit_s} seconds"), limit_s=CONVERT_TIMEOUT_S)
            ) from error
        except OSError as error:
            raise OfficeFailedError(path=path, reason=why(error)) from error
        made = folder / "out" / "document.docx"
        if not made.is_file():
            told = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
            raise OfficeFailedError(path=path, reason=told[-1][:120] if told else N_("no file came out"))
        read = read_word(path, made.read_bytes())
    return replace(read, format=path.suffix.lower().lstrip(".") or "doc")
