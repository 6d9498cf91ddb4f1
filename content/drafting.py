"""Scripts of items: drafted from the item's own words in the station's way of reading, kept as versions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from content.carry import divide, divided, is_too_long, place_of
from content.config import Config
from content.episodes import room_ms
from content.items import GREETINGS, VIETNAMESE, current_script, get_programme
from content.lexicon import Lexicon, shipped
from content.models import Item, Programme, Script
from content.normalise import Reading
from content.script_versions import save_version, spoken_sha256
from content.scripts import PACES, Pace, draft
from content.scripts.draft import Script as Drafted
from content.station import Station


def draft_item(
    session: Session, station: Station, item: Item, *, now: datetime, person: str | None = None
) -> Script:
    """Draft the item's script from its words: the current version when nothing changed, else a new one.

    An item on its own has the station's opening and closing around it; one inside a programme has not, the
    episode brings them, nor has one in another language than Vietnamese, which they are written in: its words
    stay as they are. One that is too long for an episode of its programme keeps its first part; the rest
    becomes items of its own, drafted too, to be heard in the episodes after it (see `content.carry`).

    Raises:
        content.scripts.frame.FrameError, content.lexicon errors for a wrong station lexicon.
    """
    lexicon = lexicon_of(station)
    pace = pace_of(station.config, item.voice)
    part, parts = place_of(session, item)
    drafted = _drafted(station, item, lexicon, pace, part, parts)
    changed = [item]
    room_ms = _room_ms(session, item)
    if room_ms is not None and is_too_long(drafted.estimated_ms, room_ms):
        texts = divided(item.text, _drafted(station, item, lexicon, pace, 2, 3), room_ms, pace)
        if len(texts) > 1:
            whole = divide(session, item, texts)
            changed = [one for one in whole if one.status != "retired"]
    script = None
    for one in changed:
        if one is not item or len(changed) > 1:
            drafted = _drafted(station, one, lexicon, pace, *place_of(session, one))
        saved = save_version(
            session,
            one,
            sentences=sentences_json(drafted),
            unknowns=unknowns_json(drafted),
            estimated_ms=drafted.estimated_ms,
            now=now,
            person=person,
        )
        script = saved if one is item else script
    assert script is not None
    return script


def join(
    session: Session, station: Station, item: Item, programme: Programme, *, now: datetime, person: str | None
) -> Item:
    """Put an item into a programme, whose episodes carry it from now on.

    Its drafted words lose the station's own opening and closing, and are divided where they are too long for an
    episode, unless they were edited by hand; what is submitted or approved and fits stays as it is.

    Raises: as `draft_item`.
    """
    script = current_script(session, item)
    lexicon, pace = lexicon_of(station), pace_of(station.config, item.voice)
    alone = _drafted(station, item, lexicon, pace, *place_of(session, item)) if script else None
    item.programme_id = programme.id
    if script is None or alone is None or script.sha256 != spoken_sha256(sentences_json(alone)):
        return item
    if item.status not in ("submitted", "approved") or is_too_long(
        script.estimated_ms, room_ms(session, programme)
    ):
        draft_item(session, station, item, now=now, person=person)
    return item


def _drafted(station: Station, item: Item, lexicon: Lexicon, pace: Pace, part: int, parts: int) -> Drafted:
    return draft(
        item.title,
        item.text,
        item.kind,
        station.config.station.name,
        place=station.config.station.place,
        framed=item.programme_id is None,
        vietnamese=item.language == VIETNAMESE,
        part=part,
        parts=parts,
        reading=reading_of(station.config),
        lexicon=lexicon,
        pace=pace,
        template_folder=station.folder / "templates",
    )


def _room_ms(session: Session, item: Item) -> int | None:
    """The room for items in an episode of the item's programme; None for what is never divided."""
    if item.programme_id is None or item.kind in GREETINGS:
        return None
    return room_ms(session, get_programme(session, item.programme_id))


def reading_of(config: Config) -> Reading:
    """The station's regional choices."""
    speech = config.speech
    return Reading(
        thousand=speech.thousand,
        odd=speech.zero_tens,
        day_prefix=speech.first_days,
        party_committee=speech.party_committee,
    )


def lexicon_of(station: Station) -> Lexicon:
    """The shipped word list with the station's own over it."""
    from content.lexicon.station_list import read_station_list

    return shipped().over(read_station_list(station.lexicon_path))


def pace_of(config: Config, voice: str | None = None) -> Pace:
    """The pace of the voice that will speak, as far as it is known."""
    for name in (voice, *config.voice.order):
        if name in PACES:
            return PACES[name]
    return PACES["gtts"]


def sentences_json(drafted: Drafted) -> list[dict[str, Any]]:
    """The sentences as they are stored."""
    return [
        {
            "text": sentence.text,
            "spoken": sentence.spoken,
            "pause_after_ms": sentence.pause_after_ms,
            "span": list(sentence.span) if sentence.span else None,
        }
        for sentence in drafted.sentences
    ]


def unknowns_json(drafted: Drafted) -> list[dict[str, Any]]:
    """What the normaliser did not know, as it is stored."""
    return [
        {"text": unknown.text, "kind": unknown.kind, "span": [unknown.start, unknown.end]}
        for unknown in drafted.unknowns
    ]
