"""A content too long for an episode of its programme: what does not fit goes on in the next episodes, as parts.

Each part is an item with its own words, script and approval; `Item.continues_id` leads back to the part before.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from content.items import LONGEST_TITLE, part_of
from content.models import Item
from content.scripts.draft import Script
from content.scripts.fit import FrameTooLongError, fit
from content.scripts.pace import Pace

OVERRUN = 1.1
"""An item up to this many times the room stays whole: a short tail is worse than half a minute too much."""
_PART = re.compile(r", phần \d+$")


def chain_of(session: Session, item: Item) -> list[Item]:
    """Every part of the content that `item` is a part of, in order; just `item` where it is whole."""
    chain, seen = [item], {item.id}
    while chain[0].continues_id is not None and chain[0].continues_id not in seen:
        earlier = session.get_one(Item, chain[0].continues_id)
        chain.insert(0, earlier)
        seen.add(earlier.id)
    while True:
        later = session.scalars(
            select(Item)
            .where(Item.continues_id == chain[-1].id, Item.status != "retired", Item.id.not_in(seen))
            .order_by(Item.id)
        ).first()
        if later is None:
            return chain
        chain.append(later)
        seen.add(later.id)


def place_of(session: Session, item: Item) -> tuple[int, int]:
    """(part, parts) of an item; (1, 1) where it is whole."""
    chain = chain_of(session, item)
    return chain.index(item) + 1, len(chain)


def is_too_long(estimated_ms: int, room_ms: int) -> bool:
    """True for what has to be divided to fit into the room of an episode."""
    return estimated_ms > room_ms * OVERRUN


def divided(text: str, script: Script, room_ms: int, pace: Pace) -> list[str]:
    """`text` in parts of about equal length that fit into `room_ms`, cut where a sentence of `script` begins.

    `script` is drafted from `text`, with the lines of a part around it. The parts are the text, nothing lost and
    nothing doubled but the space between them; one part where no cut helps.
    """
    try:
        count = len(fit(script, room_ms, pace=pace))
        parts = fit(script, room_ms, pace=pace)
        for share in (1.02, 1.06, 1.12, 1.2):  # even parts, where they are as few
            own_ms = sum(pace.length_ms(one.spoken) + one.pause_after_ms for one in script.body)
            even_ms = round(own_ms / count * share) + script.estimated_ms - own_ms
            if even_ms >= room_ms:
                break
            even = fit(script, even_ms, pace=pace)
            if len(even) == count:
                parts = even
                break
    except FrameTooLongError:
        return [text]
    starts = [_start(text, [one.span for one in part.body if one.span]) for part in parts]
    cuts = sorted({start for start in starts[1:] if start})
    texts = [text[begin:end].strip() for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    return [one for one in texts if one]


def divide(session: Session, item: Item, texts: Sequence[str]) -> list[Item]:
    """`item` as the first of as many parts as there are `texts`; every part of the whole is named by its number."""
    chain = chain_of(session, item)
    at = chain.index(item)
    base = _PART.sub("", item.title)[: LONGEST_TITLE - 12]
    ref = (item.ref or "").partition("/")[0]
    found = 0
    previous, made = item, []
    for number, text in enumerate(texts, at + 1):
        span = None
        if item.span_start is not None and item.document is not None:
            found = item.document.clean_text.find(text, max(found, item.span_start))
            span = (found, found + len(text)) if found >= 0 else None
        if previous is item and number == at + 1:
            item.text, item.span_end = text, span[1] if span else item.span_end
            continue
        part = part_of(
            item, title=base, text=text, ref=f"{ref}/{number}" if ref else None, span=span, status="draft",
            continues_id=previous.id,
        )  # fmt: skip
        session.add(part)
        session.flush()
        made.append(part)
        previous = part
    whole = [*chain[: at + 1], *made, *chain[at + 1 :]]
    if len(chain) > at + 1:
        chain[at + 1].continues_id = previous.id
    for number, one in enumerate(whole, 1):
        one.title = f"{base}, phần {number}"
    session.flush()
    return whole


def _start(text: str, spans: Sequence[tuple[int, int]]) -> int:
    """Where a part begins: its first sentence with the list mark before it on its line."""
    if not spans:
        return 0
    begin = spans[0][0]
    line = text.rfind("\n", 0, begin) + 1
    return line if not any(mark.isalpha() for mark in text[line:begin]) else begin
