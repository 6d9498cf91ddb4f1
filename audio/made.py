"""Finding the file that was made for an item."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from audio.models import EpisodeAudio, Segment
from content.errors import LoaError
from content.items import current_script, get_item
from content.language import N_
from content.models import EpisodePart
from content.station import Station


class NothingMadeError(LoaError):
    """No sound of an item, and no such file."""

    sentence = N_("there is no audio for {what!r}: run `loa render {what}`, or name a sound file")


def file_of(station: Station, what: str, *, segment: bool = False) -> Path:
    """The newest finished file of item `what`, or the file of that name.

    Args:
        segment: the item's own sound instead, before chime, dynamics and loudness.

    Raises:
        NothingMadeError, MediaMissingError, MediaDamagedError.
    """
    if not what.isdigit():
        if Path(what).is_file():
            return Path(what)
        raise NothingMadeError(what=what)
    with station.read() as session:
        item = get_item(session, int(what))
        if segment:
            script = current_script(session, item)
            row = session.scalars(
                select(Segment)
                .where(Segment.script_id == (script.id if script else 0))
                .order_by(Segment.id.desc())
            ).first()
            found = (row.sha256, ".wav") if row else None
        else:
            episodes = select(EpisodePart.episode_id).where(EpisodePart.item_id == item.id)
            audio = session.scalars(
                select(EpisodeAudio)
                .where(EpisodeAudio.episode_id.in_(episodes))
                .order_by(EpisodeAudio.id.desc())
            ).first()
            found = (audio.sha256, f".{audio.format}") if audio else None
    if found is None:
        raise NothingMadeError(what=what)
    return station.media.find(*found, verify=True)
