"""A script into a segment: made once from its recipe, found again wherever that is asked for."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from audio import proof, wav
from audio.models import NEWEST_FIRST, Segment
from audio.rendered import Progress, Rendered, work_file
from audio.speak import Sentence, Speaker, SpokenScript, recipe_of
from audio.voices.order import recording_voice, speaker_of
from audio.voices.recording import Recording, RecordingVoice
from content.errors import LoaError
from content.items import current_script, get_item
from content.language import N_
from content.models import Item, Programme, Script
from content.station import Station


class NoScriptToRenderError(LoaError):
    """An item without words."""

    sentence = N_("item {item} has no script yet: write one with `loa script edit {item}`")


def render_segment(
    station: Station,
    item_id: int,
    progress: Progress | None = None,
    *,
    speaker: Speaker | None = None,
    now: datetime | None = None,
) -> Rendered:
    """The sound of the newest script of an item, made where it is missing.

    Raises:
        NoScriptToRenderError, speak.NoVoiceError, and what writing to the media folder raises.
    """
    tell = progress or (lambda _steps, _text: None)
    with station.read() as session:
        item = get_item(session, item_id)
        script = current_script(session, item)
        if script is None:
            raise NoScriptToRenderError(item=item_id)
        first = _first_voice(session, item)
    sentences = tuple(
        Sentence(spoken=str(s["spoken"]), pause_after_ms=int(s["pause_after_ms"])) for s in script.sentences
    )
    tell(0, item.title)
    recording = recording_voice(station).of_item(item_id)
    if recording is not None and (first or _order(station, item.language)[0]) == "recording":
        return _keep_recording(station, item, script, recording, now)
    with contextlib.ExitStack() as stack:
        voices = speaker or stack.enter_context(speaker_of(station))
        known = _known_segment(station, script, sentences, voices, item, first)
        if known is not None:
            tell(len(sentences), None)
            return _kept(station, known, item, now)
        spoken = voices.speak(sentences, item.language, first, lambda count: tell(count, None))
        earlier = _segment_of(station, script, spoken.recipe_sha256)
        if earlier is not None:
            return _kept(station, earlier, item, now)
        with work_file(station, ".wav") as path:
            length_ms = voices.write_segment(spoken, path)
            judged = proof.judge(path, [s.spoken for s in spoken.sentences], script.estimated_ms)
            flags = [*judged.flags, *_recorded(sentences, spoken)]
            segment = Segment(
                script_id=script.id, voice=spoken.voice, degraded=spoken.degraded,
                fallbacks=[fallback.as_json() for fallback in spoken.fallbacks],
                recipe_sha256=spoken.recipe_sha256, sha256=station.media.add(path, ".wav"), length_ms=length_ms,
                loudness_lufs=judged.loudness_lufs, true_peak_dbtp=judged.true_peak_dbtp,
                flags=[flag.as_json() for flag in flags], created_at=now or datetime.now(UTC),
            )  # fmt: skip
    return _keep_segment(station, segment, item)


def _recorded(sentences: Sequence[Sentence], spoken: SpokenScript) -> list[proof.Flag]:
    """Says which sentences a person recorded, where a station voice speaks the others."""
    voices = {key.text: key.voice for key in spoken.keys}
    numbers = [n for n, one in enumerate(sentences, 1) if voices.get(one.spoken) == RecordingVoice.name]
    return [proof.recorded(numbers)] if numbers and spoken.voice != RecordingVoice.name else []


def _order(station: Station, language: str) -> Sequence[str]:
    """The voices that are tried for a language."""
    voice = station.config.voice
    return voice.languages[language].order if language in voice.languages else voice.order


def _first_voice(session: Session, item: Item) -> str | None:
    if item.voice:
        return item.voice
    programme = session.get(Programme, item.programme_id) if item.programme_id else None
    return programme.voice if programme else None


def _known_segment(
    station: Station,
    script: Script,
    sentences: Sequence[Sentence],
    speaker: Speaker,
    item: Item,
    first: str | None,
) -> Segment | None:
    """The segment that is there already, in the best voice in the order that has one; its file must be there too.

    A segment in a voice of fall-back counts only while the better voices are known to be out of reach.
    """
    worded = [s for s in sentences if any(mark.isalnum() for mark in s.spoken)]
    for voice in speaker.in_order(first, item.language):
        cast = speaker.casting(voice, worded, item.language)
        recipe = recipe_of(worded, cast.voice, cast.settings, item.language)
        segment = _segment_of(station, script, recipe)
        if segment is not None:
            return segment
        if not speaker.is_down(voice):
            return None
    return None


def _segment_of(station: Station, script: Script, recipe: str) -> Segment | None:
    """The segment of that recipe whose file is there too."""
    with station.read() as session:
        segment = session.scalars(
            select(Segment).where(Segment.script_id == script.id, Segment.recipe_sha256 == recipe)
        ).first()
    there = segment is not None and station.media.path_of(segment.sha256, ".wav").is_file()
    return segment if there else None


def _keep_segment(station: Station, segment: Segment, item: Item) -> Rendered:
    """Write the row, unless another process was first: then that one counts."""
    with station.decide() as session:
        earlier = session.scalars(
            select(Segment).where(
                Segment.script_id == segment.script_id,
                Segment.voice == segment.voice,
                Segment.recipe_sha256 == segment.recipe_sha256,
            )
        ).first()
        if earlier is None:
            segment.created_at = _after_all(session, segment)
            session.add(segment)
            session.flush()
        elif not station.media.path_of(earlier.sha256, ".wav").is_file():
            for name in ("sha256", "length_ms", "loudness_lufs", "true_peak_dbtp", "flags", "created_at"):
                setattr(earlier, name, getattr(segment, name))
            earlier.created_at = _after_all(session, earlier)
            segment = earlier
        else:
            segment = earlier
    return _told(segment, item, made=True)


def _keep_recording(
    station: Station, item: Item, script: Script, recording: Recording, now: datetime | None
) -> Rendered:
    older = recording.script_sha256 != script.sha256
    facts = f"recording {recording.sha256} {script.sha256}{' older' if older else ''}"
    recipe = hashlib.sha256(facts.encode()).hexdigest()
    known = _segment_of(station, script, recipe)
    if known is not None:
        return _kept(station, known, item, now)
    spoken = [str(sentence["spoken"]) for sentence in script.sentences]
    judged = proof.judge(recording.path, spoken, script.estimated_ms)
    flags = [flag.as_json() for flag in judged.flags]
    if recording.clipped and not any(flag.code == "clipped" for flag in judged.flags):
        flags.append(proof.clipped_at_source().as_json())
    if older:
        flags.append(proof.older_words().as_json())
    segment = Segment(
        script_id=script.id, voice="recording", degraded=False, fallbacks=[], recipe_sha256=recipe,
        sha256=station.media.add(recording.path, ".wav"), length_ms=wav.read_info(recording.path).length_ms,
        loudness_lufs=judged.loudness_lufs, true_peak_dbtp=judged.true_peak_dbtp, flags=flags,
        created_at=now or datetime.now(UTC),
    )  # fmt: skip
    return _keep_segment(station, segment, item)


def _kept(station: Station, segment: Segment, item: Item, now: datetime | None) -> Rendered:
    """A segment that was there, as the newest of its words: the one that is heard is the one that is approved and checked."""
    newest = select(Segment.id).where(Segment.script_id == segment.script_id).order_by(*NEWEST_FIRST)
    with station.read() as session:
        first = session.scalars(newest).first()
    if first != segment.id:
        with station.decide() as session:
            segment = session.get_one(Segment, segment.id)
            segment.created_at = now or datetime.now(UTC)
            segment.created_at = _after_all(session, segment)
    return _told(segment, item, made=False)


def _after_all(session: Session, segment: Segment) -> datetime:
    """`segment.created_at`, later than those of the other sounds of its words whatever the clock said then."""
    others = select(func.max(Segment.created_at)).where(
        Segment.script_id == segment.script_id, Segment.id != (segment.id or 0)
    )
    with session.no_autoflush:
        last = session.scalar(others)
    return max(segment.created_at, last + timedelta(microseconds=1)) if last else segment.created_at


def _told(segment: Segment, item: Item, *, made: bool) -> Rendered:
    return Rendered(
        kind="segment", id=segment.id, title=item.title, made=made, sha256=segment.sha256,
        length_ms=segment.length_ms, loudness_lufs=segment.loudness_lufs, true_peak_dbtp=segment.true_peak_dbtp,
        degraded=segment.degraded, voice=segment.voice, fallbacks=tuple(segment.fallbacks),
        flags=tuple(segment.flags), item_ids=(item.id,),
    )  # fmt: skip
