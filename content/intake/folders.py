"""Which files an import means: files as they are named, folders by the documents in them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from content.intake.errors import DocumentMissingError, UnreadableDocumentError
from content.intake.read import SUFFIXES
from content.language import N_

FILES_LIMIT = 10_000


class NoDocumentsError(UnreadableDocumentError):
    """A folder without any document."""

    sentence = N_(
        "the folder {path} holds no document that can be read (txt, md, html, docx, doc, pdf, pictures)"
    )


def documents_in(paths: Iterable[Path]) -> list[Path]:
    """The files to import, folders walked in the order of their names; hidden and temporary files are passed over.

    Raises:
        DocumentMissingError, NoDocumentsError.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise DocumentMissingError(path=path)
        if not path.is_dir():
            found[path] = None
            continue
        inside = [
            file
            for file in sorted(path.rglob("*"))
            if file.suffix.lower().lstrip(".") in SUFFIXES
            and not any(part.startswith((".", "~$")) for part in file.relative_to(path).parts)
            and file.is_file()
        ]
        if not inside:
            raise NoDocumentsError(path=path)
        found.update(dict.fromkeys(inside[:FILES_LIMIT]))
    return list(found)
