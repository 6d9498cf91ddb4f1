"""Where lines stand on a page tells paragraphs, and the rows and columns of tables."""

from __future__ import annotations

from dataclasses import dataclass

from content.intake.source import Raw, RawLine


@dataclass(slots=True)
class PlacedLine:
    """One line and its place in points from the bottom left corner (None where PDFium does not tell)."""

    text: str
    left: float | None
    right: float | None
    bottom: float | None
    height: float | None


def blocks_of(page: list[PlacedLine], number: int) -> list[Raw]:
    """The lines of one page as raw lines that know how full they are and whether they are indented."""
    rights = sorted(line.right for line in page if line.right is not None and len(line.text) > 30)
    lefts = sorted(line.left for line in page if line.left is not None and len(line.text) > 30)
    if len(rights) < 4:
        return [RawLine(line.text, page=number) for line in page]
    edge = rights[int(len(rights) * 0.9)]
    margin = lefts[int(len(lefts) * 0.1)]
    width = max(edge - margin, 1.0)
    blocks: list[Raw] = []
    for line in page:
        share = None if line.right is None else max(0.0, min((line.right - margin) / width, 1.2))
        indented = line.left is not None and line.left - margin > 12
        blocks.append(RawLine(line.text, page=number, right_share=share, indented=indented))
    return blocks
