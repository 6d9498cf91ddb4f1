"""Scripts of items: drafted from the item's own words in the station's way of reading, kept as versions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from content.config import Config
from content.lexicon import Lexicon, shipped
from content.models import Item, Script
from content.normalise import Reading
from content.script_versions import save_version
from content.scripts import PACES, Pace, draft
from content.scripts.draft import Script as Drafted
from content.station import Station


def draft_item(
    session: Session, station: Station, item: Item, *, now: datetime, person: str | None = None
) -> Script:
    """Draft the item's script from its words: the current version when nothing changed, else a new one.

    An item on its own has the station's opening and closing around it; one inside a programme has not, the
    episode brings them.

    Raises:
        content.scripts.frame.FrameError, content.lexicon errors for a wrong station lexicon.
    """
    drafted = draft(
        item.title,
        item.text,
        item.kind,
        station.config.station.name,
        place=station.config.station.place,
        framed=item.programme_id is None,
        reading=reading_of(station.config),
        lexicon=lexicon_of(station),
        pace=pace_of(station.config, item.voice),
        template_folder=station.folder / "templates",
    )
    return save_version(
        session,
        item,
        sentences=sentences_json(drafted),
        unknowns=unknowns_json(drafted),
        estimated_ms=drafted.estimated_ms,
        now=now,
        person=person,
    )


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
