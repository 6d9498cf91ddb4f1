"""Finding the file that was made for an item."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from audio import ffmpeg
from audio.models import NEWEST_FIRST, EpisodeAudio, Segment
from content.errors import LoaError
from content.items import current_script, get_item
from content.language import N_
from content.models import EpisodePart, Item
from content.station import Station


class NothingMadeError(LoaError):
    """No sound of an item, and no such file."""

    sentence = N_("there is no audio for {what!r}: run `loa render {what}`, or name a sound file")


class NoSuchSoundError(LoaError):
    """What is no number of an item and no file that is there."""

    sentence = N_(
        "{what!r} is no item and no file that is there: give the number of an item (`loa item list` shows them), or the path of a sound file"
    )


@dataclass(frozen=True, slots=True)
class Made:
    """A sound file, and the name of the profile that it was made for; None where it is no finished file of ours."""

    path: Path
    profile: str | None


def file_of(station: Station, what: str, *, segment: bool = False) -> Made:
    """The newest finished file of item `what` in the station's profile (else in any), or the file of that name.

    Args:
        segment: the item's own sound instead, before chime, dynamics and loudness.

    Raises:
        NothingMadeError, NoSuchSoundError, ffmpeg.NotAudioError, MediaMissingError, MediaDamagedError.
    """
    if not what.isdecimal():
        if not Path(what).is_file():
            raise NoSuchSoundError(what=what)
        ffmpeg.probe(Path(what))
        return Made(Path(what), None)
    found: tuple[str, str, str | None] | None
    with station.read() as session:
        item = get_item(session, int(what))
        if segment:
            script = current_script(session, item)
            row = session.scalars(
                select(Segment)
                .where(Segment.script_id == (script.id if script else 0))
                .order_by(*NEWEST_FIRST)
            ).first()
            found = (row.sha256, ".wav", None) if row else None
        else:
            audio = newest_audio(session, station, item)
            found = (audio.sha256, f".{audio.format}", audio.profile) if audio else None
    if found is None:
        raise NothingMadeError(what=what)
    sha256, suffix, profile = found
    return Made(station.media.find(sha256, suffix, verify=True), profile)


def newest_audio(session: Session, station: Station, item: Item) -> EpisodeAudio | None:
    """The newest finished file that carries the item: in the station's profile, else in any."""
    episodes = select(EpisodePart.episode_id).where(EpisodePart.item_id == item.id)
    own = EpisodeAudio.profile == station.config.audio.profile
    return session.scalars(
        select(EpisodeAudio)
        .where(EpisodeAudio.episode_id.in_(episodes))
        .order_by(own.desc(), EpisodeAudio.id.desc())
    ).first()
