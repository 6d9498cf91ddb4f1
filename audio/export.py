"""Finished audio as a file of one's own, in any profile and file format: for a website, another station, an archive.

It is assembled anew from the sounds that the station's own finished file was made from, and held to its profile like
every other; nothing that airs is touched.
"""

from __future__ import annotations

from pathlib import Path

from audio.assemble import AssembledAudio, assemble
from audio.frame import frame_of
from audio.made import NothingMadeError, newest_audio
from audio.models import Segment
from audio.profiles import FORMATS, profile_named, suffix_of
from audio.render import in_steps
from audio.rendered import Progress
from content.items import get_item
from content.models import Episode
from content.station import Station


def export_item(
    station: Station, item_id: int, out: Path, progress: Progress | None = None, *, profile: str | None = None
) -> AssembledAudio:
    """Write the finished audio of an item to `out`, whose suffix says the format, in a profile (else the station's).

    Raises:
        NothingMadeError: it was not rendered yet. profiles.UnknownProfileError: no such profile.
        profiles.WrongSuffixError: no such format.
        items.ItemNotFoundError, MediaMissingError, MediaDamagedError, what `assemble.assemble` raises.
    """
    sound = profile_named(profile or station.config.audio.profile).as_format(suffix_of(out, list(FORMATS)))
    with station.read() as session:
        audio = newest_audio(session, station, get_item(session, item_id))
        if audio is None:
            raise NothingMadeError(what=str(item_id))
        segments = [session.get_one(Segment, segment_id) for segment_id in audio.segment_ids]
        frame = frame_of(session, station, session.get_one(Episode, audio.episode_id), segments)
    share = in_steps(progress or (lambda _steps, _text: None))
    parts = frame.parts(station, segments, verify=True)
    return assemble(parts, sound, out, frame.tags, share, frame.bed(station))
