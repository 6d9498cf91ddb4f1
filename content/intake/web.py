"""Saved web pages: the article found, menus and side columns dropped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree, html

from content.intake.assemble import assemble
from content.intake.encodings import decode
from content.intake.errors import DocumentDamagedError, DocumentEmptyError, MisencodedError
from content.intake.source import Changes, Raw, RawLine, RawTable, SourceText

_DROPPED = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "nav",
        "header",
        "footer",
        "aside",
        "form",
        "button",
        "select",
        "option",
        "iframe",
        "svg",
        "canvas",
        "video",
        "audio",
        "object",
        "embed",
        "input",
        "textarea",
        "label",
        "dialog",
        "menu",
        "figcaption",
    ]
)
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "section",
        "article",
        "main",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "li",
        "ul",
        "ol",
        "blockquote",
        "pre",
        "br",
        "tr",
        "table",
        "dl",
        "dt",
        "dd",
        "center",
        "figure",
        "body",
        "td",
        "th",
        "hr",
    ]
)
_SIDE = re.compile(
    r"(?:^|[\s_-])(?:menu|nav|navbar|navigation|breadcrumbs?|sidebar|side|related|lien-?quan|tin-?khac|tin-?moi|share|social|"
    r"comments?|binh-?luan|footer|header|banner|tags?|pagination|paging|ads?|advert|quang-?cao|popup|modal|search|login|toolbar|"
    r"print|rating|danh-?gia|cookie|widget|other-?news|more-?news|hot-?news|counter|truy-?cap|language|skip)(?:$|[\s_-])",
    re.IGNORECASE,
)
_ARTICLE = re.compile(
    r"article-?(?:body|content|detail)|(?:news|post|entry|detail|content|single)-?(?:content|detail|body|text)|noi-?dung|chi-?tiet|"
    r"journal-content-article|ArticleContent|bai-?viet",
    re.IGNORECASE,
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_DATE = re.compile(r"\b(\d{1,2})[/-](\d{1,2})[/-](20\d{2})\b")


def read_web(path: Path, content: bytes) -> SourceText:
    """The clean text of the article of a saved page, its title and its date of publication.

    Raises: DocumentEmptyError, MisencodedError, DocumentDamagedError.
    """
    if not content.strip():
        raise DocumentEmptyError(path=path)
    changes = Changes()
    decoded = decode(content, changes)
    if decoded is None:
        raise MisencodedError(path=path)
    text, encoding = decoded
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", _CONTROL.sub("", text))
    try:
        parser = html.HTMLParser(no_network=True, huge_tree=False, remove_comments=True, remove_pis=True)
        root = html.document_fromstring(text, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        if not re.search(r"\w", re.sub(r"<[^>]*>", "", text)):
            raise DocumentEmptyError(path=path) from error
        raise DocumentDamagedError(path=path, reason=str(error).splitlines()[0][:120]) from error
    title = _title(root)
    published = _published(root)
    dropped = _drop_sides(root)
    article = _article(root)
    if dropped or article is not root:
        changes.add("menus and side columns dropped", max(dropped, 1))
    raw = list(_blocks(article, 0))
    if title and not any(isinstance(block, RawLine) and block.text.strip() == title for block in raw[:12]):
        raw.insert(0, RawLine(title, hard=True))
    return assemble(
        raw,
        path=path,
        file_format="html",
        changes=changes,
        encoding=encoding,
        title=title,
        published_on=published,
    )


def _title(root: etree._Element) -> str | None:
    for query in ('//meta[@property="og:title"]/@content', "//h1//text()", "//title//text()"):
        found = " ".join(" ".join(map(str, root.xpath(query)[:8])).split())
        if found:
            return found[:400]
    return None


def _published(root: etree._Element) -> str | None:
    for query in (
        '//meta[@property="article:published_time"]/@content',
        '//meta[@itemprop="datePublished" or @name="pubdate" or @name="date"]/@content',
        "//time/@datetime",
    ):
        for value in root.xpath(query):
            if re.match(r"20\d{2}-\d{2}-\d{2}", str(value)):
                return str(value)[:10]
    for value in root.xpath(
        '//*[contains(@class,"date") or contains(@class,"time") or contains(@class,"ngay")]'
    )[:10]:
        match = _DATE.search("".join(value.itertext())[:200])
        if match and 1 <= int(match[2]) <= 12 and 1 <= int(match[1]) <= 31:
            return f"{match[3]}-{int(match[2]):02d}-{int(match[1]):02d}"
    return None


def _drop_sides(root: etree._Element) -> int:
    whole = _own_length(root)
    doomed = []
    for element in root.iter(etree.Element):
        if element.tag in _DROPPED:
            # some pages wrap everything in one form
            if element.tag not in ("form", "header") or _own_length(element) < 0.5 * whole:
                doomed.append(element)
            continue
        names = f"{element.get('class', '')} {element.get('id', '')} {element.get('role', '')}"
        hidden = "display:none" in (element.get("style") or "").replace(" ", "").lower()
        aside = element.tag not in ("html", "body", "main", "article") and (_SIDE.search(names) or hidden)
        if aside and _own_length(element) < 0.5 * whole:
            doomed.append(element)
    for element in doomed:
        if element.getparent() is not None:
            element.drop_tree()
    return len(doomed)


def _own_length(element: etree._Element) -> int:
    """Letters outside links: menus are nearly all links."""
    length = sum(len(part.strip()) for part in element.itertext())
    return length - sum(len(part.strip()) for link in element.iter("a") for part in link.itertext())


def _article(root: etree._Element) -> etree._Element:
    body = root.find("body")
    best = body if body is not None else root
    whole = max(_own_length(best), 1)
    named = [
        element
        for element in best.iter("article", "main", "div", "section", "td")
        if element.tag == "article" or element.get("itemprop") == "articleBody"
        or _ARTICLE.search(f"{element.get('class', '')} {element.get('id', '')}")
    ]  # fmt: skip
    named = [element for element in named[:200] if _own_length(element) > max(200, 0.3 * whole)]
    if named:
        return min(named, key=_own_length)
    for _ in range(60):
        larger = [child for child in best if isinstance(child.tag, str) and _own_length(child) > 0.75 * whole]
        if not larger or larger[0].tag in ("p", "table", "ul", "ol", "span"):
            return best
        best = larger[0]
    return best


def _blocks(element: etree._Element, depth: int) -> Iterator[Raw]:
    """Block elements as hard lines, data tables as tables."""
    line: list[str] = []

    def close() -> Iterator[RawLine]:
        text = "".join(line)
        line.clear()
        if text.strip():
            yield RawLine(" ".join(text.split()), hard=True)

    line.append(element.text or "")
    ordered = 0
    for child in element:
        tag = child.tag
        if not isinstance(tag, str):
            line.append(child.tail or "")
            continue
        if tag == "br":
            yield from close()
        elif tag == "table" and depth < 60:
            yield from close()
            yield _table(child)
        elif tag in _BLOCKS and depth < 200:
            yield from close()
            inner = list(_blocks(child, depth + 1))
            if tag == "li" and inner and isinstance(inner[0], RawLine):
                ordered += 1
                mark = f"{ordered}." if element.tag == "ol" else "-"
                if not re.match(r"^(?:[-+*•]|\d+[.)]|[a-zđ]\))\s", inner[0].text):
                    inner[0].text = f"{mark} {inner[0].text}"
            yield from inner
        elif depth < 200 and any(isinstance(part.tag, str) and part.tag in _BLOCKS for part in child.iter()):
            yield from close()
            yield from _blocks(child, depth + 1)
        else:
            line.append("".join(child.itertext()))
        line.append(child.tail or "")
    yield from close()


COLUMN_LIMIT = 200


def _table(table: etree._Element) -> RawTable:
    rows: list[list[list[RawLine]]] = []
    merged: set[tuple[int, int]] = set()
    below: dict[int, int] = {}  # column → how many rows its last cell still goes on
    for row in table.iter("tr"):
        above = row.getparent()
        while above is not None and above.tag != "table":
            above = above.getparent()
        if above is not table:
            continue
        cells: list[list[RawLine]] = []
        for cell in row:
            if cell.tag in ("td", "th"):
                _go_on_below(below, cells, merged, len(rows))
                if len(cells) > COLUMN_LIMIT:
                    break
                lines = [block for block in _blocks(cell, 60) if isinstance(block, RawLine)]
                for extra in range(_span(cell, "colspan", 60)):
                    below[len(cells)] = _span(cell, "rowspan", 2000) - 1
                    cells.append([] if extra else lines)
        if cells:
            _go_on_below(below, cells, merged, len(rows))
            rows.append(cells)
    return RawTable(rows, merged=merged)


def _go_on_below(
    below: dict[int, int], cells: list[list[RawLine]], merged: set[tuple[int, int]], row: int
) -> None:
    """Empty cells where one of a row above goes on."""
    while below.get(len(cells), 0) > 0:
        below[len(cells)] -= 1
        merged.add((row, len(cells)))
        cells.append([])


def _span(cell: etree._Element, name: str, limit: int) -> int:
    value = (cell.get(name) or "").strip()
    return max(1, min(int(value), limit)) if value.isascii() and value.isdigit() and len(value) < 6 else 1
