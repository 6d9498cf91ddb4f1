"""The door of intake: a file of any known kind becomes clean text, or one clear error."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from content.errors import Told
from content.intake.errors import (
    DocumentDamagedError,
    DocumentEmptyError,
    DocumentEncryptedError,
    DocumentForbiddenError,
    DocumentIsFolderError,
    DocumentMissingError,
    DocumentTooLargeError,
    UnknownFormatError,
    WrongTypeError,
)
from content.intake.source import SourceText
from content.language import N_
from content.os_errors import why

#: Suffix → family. The content must agree with the family.
FAMILIES = {
    "txt": "text", "text": "text", "md": "text", "markdown": "text",
    "html": "html", "htm": "html", "xhtml": "html",
    "docx": "docx", "docm": "docx", "doc": "doc", "rtf": "rtf", "pdf": "pdf",
    "png": "picture", "jpg": "picture", "jpeg": "picture", "tif": "picture", "tiff": "picture",
}  # fmt: skip
SUFFIXES = frozenset(FAMILIES)
SIZE_LIMIT_MB = {"text": 12, "html": 12, "docx": 60, "doc": 60, "rtf": 60, "pdf": 120, "picture": 60}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HTML = re.compile(
    rb"^\s*(?:<\?xml[^>]*>\s*)?(?:<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)


def read_file(path: Path) -> SourceText:
    """The clean text of the document in `path`.

    Raises:
        UnreadableDocumentError: in one of its kinds (see `content.intake.errors`), for every file that
        gives no text; nothing else is raised for a bad file.
    """
    return read_content(path, load(path))


def load(path: Path) -> bytes:
    """The bytes of the file, if it is one and not too large. Raises as `read_file`."""
    try:
        if path.is_dir():
            raise DocumentIsFolderError(path=path)
        size = path.stat().st_size
        limit_mb = SIZE_LIMIT_MB[FAMILIES.get(path.suffix.lower().lstrip("."), "pdf")]
        if size > limit_mb * 1_000_000:
            raise DocumentTooLargeError(path=path, size_mb=size // 1_000_000, limit_mb=limit_mb)
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DocumentMissingError(path=path) from error
    except (OSError, ValueError) as error:
        raise DocumentForbiddenError(path=path, reason=why(error)) from error


def read_content(path: Path, content: bytes) -> SourceText:
    """The clean text of `content`, a file named `path` (only its name is looked at). Raises as `read_file`."""
    suffix = path.suffix.lower().lstrip(".")
    family = FAMILIES.get(suffix)
    if not content:
        raise DocumentEmptyError(path=path)
    found = sniff(content)
    if family is None:
        if suffix:
            raise UnknownFormatError(path=path)
        family = found or "text"
    if (
        found is not None
        and found != family
        and not (family == "text" and found == "html" and suffix in ("md", "markdown"))
    ):
        if family == "doc" and found in ("docx", "rtf", "html"):
            pass  # Word itself opens these under the name .doc, and offices send them
        elif family == "docx" and found == "doc" and _is_encrypted_ole(content):
            raise DocumentEncryptedError(path=path)
        else:
            raise WrongTypeError(path=path, named=suffix or "?", found="jpg" if found == "picture" else found)
        family = found
    elif found is None and family in ("docx", "doc", "rtf", "pdf", "picture"):
        raise _not_what_it_says(path, content, family)
    try:
        return _reader(family)(path, content, suffix)
    except RecursionError as error:
        raise DocumentDamagedError(path=path, reason=N_("nested too deeply")) from error
    except MemoryError as error:
        raise DocumentDamagedError(path=path, reason=N_("it asks for too much memory")) from error


def sniff(content: bytes) -> str | None:
    """The family that the first bytes show, or None where they show nothing (plain text)."""
    head = content[:1024]
    if b"%PDF-" in head:
        return "pdf"
    if head.startswith(b"PK\x03\x04"):
        return "docx"
    if head.startswith(_OLE):
        return "doc"
    if head.startswith(b"{\\rtf"):
        return "rtf"
    if head.startswith((b"\x89PNG\r\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*")):
        return "picture"
    if head.startswith(
        (b"GIF8", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"MZ", b"\x7fELF", b"ID3", b"OggS", b"RIFF")
    ):
        return "binary"
    plain = content[3:4096] if head.startswith(b"\xef\xbb\xbf") else content[:4096]
    return "html" if _HTML.match(plain) else None


def _is_encrypted_ole(content: bytes) -> bool:
    return b"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e" in content


def _not_what_it_says(path: Path, content: bytes, family: str) -> DocumentDamagedError | WrongTypeError:
    text_like = b"\0" not in content[:4096] and sum(
        byte >= 32 or byte in b"\t\r\n\f" for byte in content[:4096]
    ) > 0.97 * len(content[:4096])
    if text_like and len(content) > 40 and family != "picture":
        return WrongTypeError(path=path, named=path.suffix.lstrip("."), found="txt")
    return DocumentDamagedError(
        path=path,
        reason=Told(N_("it does not begin as a .{kind} file does"), kind=path.suffix.lstrip(".").lower()),
    )


def _reader(family: str) -> Callable[[Path, bytes, str], SourceText]:
    if family == "text":
        from content.intake.plain import read_plain

        return lambda path, content, suffix: read_plain(
            path, content, file_format="md" if suffix in ("md", "markdown") else "txt"
        )
    if family == "html":
        from content.intake.web import read_web

        return lambda path, content, _suffix: read_web(path, content)
    if family == "docx":
        from content.intake.word import read_word

        return lambda path, content, _suffix: read_word(path, content)
    if family == "pdf":
        from content.intake.pdf import read_pdf

        return lambda path, content, _suffix: read_pdf(path, content)
    if family == "picture":
        from content.intake.scan import read_image

        return lambda path, content, _suffix: read_image(path, content)
    from content.intake.legacy_word import read_legacy_word

    return lambda path, content, _suffix: read_legacy_word(path, content)
