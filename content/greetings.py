"""What a programme says before and after its items: two items of its own, drafted from the station's template.

They are items so that their words are approved, rendered and traced like any other; until they are approved, the
programme's episodes have only the sounds around them.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from content.drafting import draft_item
from content.items import GREETINGS, add_item
from content.models import Item, Programme
from content.scripts.frame import frame
from content.station import Station

TITLES = {"opening": "Lời chào", "closing": "Lời kết"}
"""In Vietnamese, as the titles of episodes are: they are kept, not only shown."""
LONGEST_NAME = 400


def greeting_of(session: Session, programme: Programme, kind: str) -> Item | None:
    """The programme's newest item of that kind ("opening", "closing") in use, approved or not."""
    return session.scalars(
        select(Item)
        .where(
            Item.programme_id == programme.id, Item.kind == kind, Item.status.not_in(("retired", "rejected"))
        )
        .order_by(Item.id.desc())
    ).first()


def draft_greetings(
    session: Session, station: Station, programme: Programme, *, now: datetime, person: str | None
) -> list[Item]:
    """The opening and the closing that the programme lacks, drafted in the words of the template greeting.j2.

    Raises:
        content.scripts.frame.FrameError: a station's own template that cannot be used.
    """
    words = frame(
        "greeting",
        station_name=station.config.station.name,
        place=station.config.station.place,
        programme_title=programme.title,
        folder=station.folder / "templates",
    )
    made = []
    for kind in GREETINGS:
        text = "\n".join(words.opening if kind == "opening" else words.closing)
        if not text or greeting_of(session, programme, kind) is not None:
            continue
        item = add_item(
            session, title=f"{TITLES[kind]} – {programme.title[:LONGEST_NAME]}", text=text, now=now, person=person, kind=kind,
            programme_id=programme.id, topic=programme.topic, voice=programme.voice,
        )  # fmt: skip
        draft_item(session, station, item, now=now, person=person)
        made.append(item)
    return made
