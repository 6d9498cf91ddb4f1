"""Scripts into segments, segments into finished episodes: only what is missing is made, each in its own transaction.

A segment or episode that was made once from the same recipe is found again and costs nothing. What Ctrl-C or a power
cut leaves are whole segments, whole episodes and spoken sentences in the cache; the same command goes on there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from audio import proof, wav
from audio.assemble import Bed, assemble
from audio.frame import Frame, frame_of
from audio.models import EpisodeAudio, Segment
from audio.profiles import Profile, profile_named
from audio.speak import Sentence, Speaker, recipe_of
from audio.voices.order import recording_voice, speaker_of
from audio.voices.recording import Recording
from content.episodes import coming_episodes, is_ready, item_episode
from content.errors import LoaError
from content.items import current_script, get_item
from content.language import N_
from content.models import Episode, EpisodePart, Item, Programme, Script
from content.station import Station

Progress = Callable[[int, str | None], None]
"""Called with the number of steps done (a sentence is one, an assembly `ASSEMBLY_STEPS`) and what is worked on."""
ASSEMBLY_STEPS = 10
_EPISODE_RECIPE = 1
_STALE_S = 86_400


class NoScriptToRenderError(LoaError):
    """An item without words."""

    sentence = N_("item {item} has no script yet: write one with `loa script edit {item}`")


class EmptyEpisodeError(LoaError):
    """An episode without items."""

    sentence = N_("episode {episode} ({title}) has no items: approve items of its programme first")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What became of one segment or episode; `made` is false where it was there already."""

    kind: str
    """segment or episode."""
    id: int
    title: str
    made: bool
    sha256: str
    length_ms: int
    loudness_lufs: float | None
    true_peak_dbtp: float | None
    degraded: bool
    voice: str
    fallbacks: tuple[dict[str, str], ...]
    flags: tuple[dict[str, Any], ...]
    item_ids: tuple[int, ...]

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Failed:
    """An item or episode that could not be rendered, and why."""

    title: str
    error: LoaError


@dataclass(frozen=True, slots=True)
class RenderResult:
    """All that was rendered, and what could not be."""

    rendered: tuple[Rendered, ...]
    failed: tuple[Failed, ...]


def steps_of(station: Station, item_ids: Sequence[int] | None) -> int:
    """How many progress steps rendering will take."""
    named = item_ids is not None
    with station.read() as session:
        items = _items(session, item_ids)
        scripts = [current_script(session, item) for item in items]
        episodes = {episode.id for item in items for episode in _episodes_of(session, item, named)}
        alone = select(EpisodePart.item_id).join(Episode).where(Episode.programme_id.is_(None))
        placed = set(session.scalars(alone))
    coming = sum(item.programme_id is None and item.id not in placed for item in items)
    return sum(len(s.sentences) for s in scripts if s) + ASSEMBLY_STEPS * (len(episodes) + coming)


def render_items(
    station: Station,
    item_ids: Sequence[int] | None = None,
    progress: Progress | None = None,
    *,
    profile: str | None = None,
    now: datetime | None = None,
) -> RenderResult:
    """Render items and the episodes that carry them; None renders all that is approved.

    One that fails does not stop the others: it is in `failed` with its reason.

    Raises:
        items.ItemNotFoundError. KeyboardInterrupt, with everything finished so far kept.
    """
    at = now or datetime.now(UTC)
    tell = progress or (lambda _steps, _text: None)
    rendered: list[Rendered] = []
    failed: list[Failed] = []
    with station.decide() as session:
        if item_ids is None:
            coming_episodes(session, station.day_of(at), at)
        items = _items(session, item_ids)
        episode_ids: dict[int, str] = {}
        for item in items:
            if item.programme_id is None and (item_ids is not None or item.status == "approved"):
                item_episode(session, item, at)
            for episode in _episodes_of(session, item, item_ids is not None):
                episode_ids[episode.id] = episode.title
        wanted = [(item.id, item.title) for item in items]
    _clear_leftovers(station)
    with speaker_of(station) as speaker:
        broken: set[int] = set()
        for item_id, title in wanted:
            try:
                rendered.append(render_segment(station, item_id, tell, speaker=speaker, now=at))
            except LoaError as error:
                failed.append(Failed(title, error))
                broken.add(item_id)
        for episode_id, title in episode_ids.items():
            if broken & set(_item_ids(station, episode_id)):
                continue
            try:
                rendered.append(
                    render_episode(station, episode_id, tell, profile=profile, speaker=speaker, now=at)
                )
            except LoaError as error:
                failed.append(Failed(title, error))
    return RenderResult(tuple(rendered), tuple(failed))


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
    if recording is not None and (first == "recording" or _order(station, item.language)[0] == "recording"):
        return _keep_recording(station, item, script, recording, now)
    with contextlib.ExitStack() as stack:
        voices = speaker or stack.enter_context(speaker_of(station))
        known = _known_segment(station, script, sentences, voices, item, first)
        if known is not None:
            tell(len(sentences), None)
            return known
        spoken = voices.speak(sentences, item.language, first, lambda count: tell(count, None))
        earlier = _segment_of(station, script, spoken.recipe_sha256)
        if earlier is not None:
            return _rendered_segment(earlier, item, made=False)
        with _work_file(station, ".wav") as path:
            length_ms = voices.write_segment(spoken, path)
            judged = proof.judge(path, [s.spoken for s in spoken.sentences], script.estimated_ms)
            segment = Segment(
                script_id=script.id, voice=spoken.voice, degraded=spoken.degraded,
                fallbacks=[fallback.as_json() for fallback in spoken.fallbacks],
                recipe_sha256=spoken.recipe_sha256, sha256=station.media.add(path, ".wav"), length_ms=length_ms,
                loudness_lufs=judged.loudness_lufs, true_peak_dbtp=judged.true_peak_dbtp,
                flags=[flag.as_json() for flag in judged.flags], created_at=now or datetime.now(UTC),
            )  # fmt: skip
    return _keep_segment(station, segment, item)


def render_episode(
    station: Station,
    episode_id: int,
    progress: Progress | None = None,
    *,
    profile: str | None = None,
    speaker: Speaker | None = None,
    now: datetime | None = None,
) -> Rendered:
    """The finished file of an episode in a profile (the station's, unless named), made where it is missing.

    Raises:
        EmptyEpisodeError, what `render_segment` raises, what `assemble.assemble` raises.
    """
    tell = progress or (lambda _steps, _text: None)
    sound = profile_named(profile or station.config.audio.profile)
    item_ids = _item_ids(station, episode_id)
    if not item_ids:
        with station.read() as session:
            episode = session.get(Episode, episode_id)
        raise EmptyEpisodeError(episode=episode_id, title=episode.title if episode else "")
    made = [render_segment(station, item_id, None, speaker=speaker, now=now) for item_id in item_ids]
    with station.read() as session:
        segments = [session.get_one(Segment, one.id) for one in made]
        frame = frame_of(session, station, session.get_one(Episode, episode_id), segments)
    parts = frame.parts(station, segments, verify=False)
    bed = frame.bed(station)
    recipe = _episode_recipe(sound, frame, segments, [part.path.name for part in parts], bed)
    with station.read() as session:
        known = _episode_row(session, episode_id, sound.name, recipe)
    if known is not None and station.media.path_of(known.sha256, sound.suffix).is_file():
        tell(ASSEMBLY_STEPS, None)
        return _rendered_episode(known, frame.tags.title, segments, item_ids, made=False)
    tell(0, frame.tags.title)
    share = in_steps(tell)
    with _work_file(station, sound.suffix) as path:
        parts = frame.parts(station, segments, verify=True)
        finished = assemble(parts, sound, path, frame.tags, share, bed)
        row = EpisodeAudio(
            episode_id=episode_id, profile=sound.name, recipe_sha256=recipe,
            sha256=station.media.add(path, sound.suffix), format=sound.format, length_ms=finished.length_ms,
            loudness_lufs=finished.loudness_lufs, true_peak_dbtp=finished.true_peak_db,
            degraded=any(segment.degraded for segment in segments), segment_ids=[s.id for s in segments],
            script_ids=[s.script_id for s in segments], created_at=now or datetime.now(UTC),
        )  # fmt: skip
    share(1.0)
    with station.decide() as session:
        earlier = _episode_row(session, episode_id, sound.name, recipe)
        if earlier is None:
            session.add(row)
            session.flush()
        else:
            for name in ("sha256", "length_ms", "loudness_lufs", "true_peak_dbtp", "created_at"):
                setattr(earlier, name, getattr(row, name))
            row = earlier
    return _rendered_episode(row, frame.tags.title, segments, item_ids, made=True)


def in_steps(tell: Progress) -> Callable[[float], None]:
    """Progress as a share of one assembly, told on in its steps."""
    done = 0

    def share(of_one: float) -> None:
        nonlocal done
        steps = int(of_one * ASSEMBLY_STEPS)
        if steps > done:
            tell(steps - done, None)
            done = steps

    return share


def _items(session: Session, item_ids: Sequence[int] | None) -> list[Item]:
    if item_ids is not None:
        return [get_item(session, item_id) for item_id in dict.fromkeys(item_ids)]
    return [
        item
        for item in session.scalars(select(Item).where(Item.status == "approved").order_by(Item.id))
        if current_script(session, item) is not None
    ]


def _episodes_of(session: Session, item: Item, named: bool) -> list[Episode]:
    """Episodes that carry the item and can be finished: all its items approved, or it was named and is alone."""
    episodes = session.scalars(
        select(Episode).join(EpisodePart).where(EpisodePart.item_id == item.id).order_by(Episode.id)
    ).all()
    return [episode for episode in episodes if is_ready(episode) or (named and len(episode.parts) == 1)]


def _item_ids(station: Station, episode_id: int) -> list[int]:
    with station.read() as session:
        return list(
            session.scalars(
                select(EpisodePart.item_id)
                .where(EpisodePart.episode_id == episode_id)
                .order_by(EpisodePart.position)
            )
        )


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
) -> Rendered | None:
    """The segment that is there already, in the best voice in the order that has one; its file must be there too.

    A segment in a voice of fall-back counts only while the better voices are known to be out of reach.
    """
    worded = [s for s in sentences if any(mark.isalnum() for mark in s.spoken)]
    for voice in speaker.in_order(first, item.language):
        cast = speaker.casting(voice, worded, item.language)
        recipe = recipe_of(worded, cast.voice, cast.settings, item.language)
        segment = _segment_of(station, script, recipe)
        if segment is not None:
            return _rendered_segment(segment, item, made=False)
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
            session.add(segment)
            session.flush()
        elif not station.media.path_of(earlier.sha256, ".wav").is_file():
            for name in ("sha256", "length_ms", "loudness_lufs", "true_peak_dbtp", "flags", "created_at"):
                setattr(earlier, name, getattr(segment, name))
            segment = earlier
        else:
            segment = earlier
    return _rendered_segment(segment, item, made=True)


def _keep_recording(
    station: Station, item: Item, script: Script, recording: Recording, now: datetime | None
) -> Rendered:
    recipe = hashlib.sha256(f"recording {recording.sha256} {script.sha256}".encode()).hexdigest()
    known = _segment_of(station, script, recipe)
    if known is not None:
        return _rendered_segment(known, item, made=False)
    spoken = [str(sentence["spoken"]) for sentence in script.sentences]
    judged = proof.judge(recording.path, spoken, script.estimated_ms)
    flags = [flag.as_json() for flag in judged.flags]
    if recording.clipped and not any(flag.code == "clipped" for flag in judged.flags):
        flags.append(proof.clipped_at_source().as_json())
    if recording.script_sha256 != script.sha256:
        flags.append(proof.older_words().as_json())
    segment = Segment(
        script_id=script.id, voice="recording", degraded=False, fallbacks=[], recipe_sha256=recipe,
        sha256=station.media.add(recording.path, ".wav"), length_ms=wav.read_info(recording.path).length_ms,
        loudness_lufs=judged.loudness_lufs, true_peak_dbtp=judged.true_peak_dbtp, flags=flags,
        created_at=now or datetime.now(UTC),
    )  # fmt: skip
    return _keep_segment(station, segment, item)


def _episode_recipe(
    profile: Profile, frame: Frame, segments: Sequence[Segment], names: list[str], bed: Bed | None
) -> str:
    facts = [
        _EPISODE_RECIPE, repr(profile), frame.before, frame.after, frame.pause_between_items_ms, repr(frame.tags),
        [segment.sha256 for segment in segments], names, [bed.path.name, bed.level_db] if bed else None,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()


def _episode_row(session: Session, episode_id: int, profile: str, recipe: str) -> EpisodeAudio | None:
    return session.scalars(
        select(EpisodeAudio).where(
            EpisodeAudio.episode_id == episode_id,
            EpisodeAudio.profile == profile,
            EpisodeAudio.recipe_sha256 == recipe,
        )
    ).first()


def _rendered_segment(segment: Segment, item: Item, *, made: bool) -> Rendered:
    return Rendered(
        kind="segment", id=segment.id, title=item.title, made=made, sha256=segment.sha256,
        length_ms=segment.length_ms, loudness_lufs=segment.loudness_lufs, true_peak_dbtp=segment.true_peak_dbtp,
        degraded=segment.degraded, voice=segment.voice, fallbacks=tuple(segment.fallbacks),
        flags=tuple(segment.flags), item_ids=(item.id,),
    )  # fmt: skip


def _rendered_episode(
    row: EpisodeAudio, title: str, segments: Sequence[Segment], item_ids: Sequence[int], *, made: bool
) -> Rendered:
    return Rendered(
        kind="episode", id=row.episode_id, title=title, made=made, sha256=row.sha256, length_ms=row.length_ms,
        loudness_lufs=row.loudness_lufs, true_peak_dbtp=row.true_peak_dbtp, degraded=row.degraded,
        voice=", ".join(dict.fromkeys(segment.voice for segment in segments)), fallbacks=(), flags=(),
        item_ids=tuple(item_ids),
    )  # fmt: skip


def _clear_leftovers(station: Station) -> None:
    """Remove what a process that was killed a day or more ago left half-written."""
    left = [*(station.folder / "cache" / "work").glob("*"), *station.media.folder.glob("??/.*.tmp")]
    for path in left:
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _STALE_S:
                path.unlink()


@contextlib.contextmanager
def _work_file(station: Station, suffix: str) -> Iterator[Path]:
    """A path for work in progress, cleared afterwards."""
    folder = station.folder / "cache" / "work"
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(suffix=suffix, dir=folder)
    os.close(handle)
    path = Path(name)
    try:
        yield path
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
