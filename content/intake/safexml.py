"""XML from strangers: no document type, no entity, no network, bounded size."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from lxml import etree

from content.intake.errors import DocumentDamagedError, DocumentHostileError
from content.language import N_

_DOCTYPE = re.compile(rb"<\s*!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def _checked(content: bytes, path: Path) -> None:
    sample = content
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in content[:200]:
        sample = content.replace(b"\0", b"")
    if _DOCTYPE.search(sample):
        raise DocumentHostileError(path=path, reason=N_("document type or entity in XML"))


def parse(content: bytes, path: Path) -> etree._Element:
    """The root element. Raises DocumentHostileError, DocumentDamagedError."""
    _checked(content, path)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise DocumentDamagedError(path=path, reason=_short(error)) from error


def children(content: bytes, path: Path, parent: str) -> Iterator[etree._Element]:
    """Each direct child of the first `parent` element, freed after use, so that memory stays bounded."""
    _checked(content, path)
    try:
        depth = 0
        for event, element in etree.iterparse(
            BytesIO(content),
            events=("start", "end"),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
        ):
            if event == "start":
                if depth or element.tag == parent:
                    depth += 1
                continue
            if depth:
                depth -= 1
            if depth == 1:
                yield element
                element.clear()
                above = element.getparent()
                while above is not None and element.getprevious() is not None:
                    del above[0]
    except (etree.XMLSyntaxError, ValueError) as error:
        raise DocumentDamagedError(path=path, reason=_short(error)) from error


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__
