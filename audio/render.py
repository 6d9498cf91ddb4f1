"""Scripts into segments, segments into finished episodes: only what is missing is made, each in its own transaction.

A segment or episode that was made once from the same recipe is found again and costs nothing. What Ctrl-C or a power
cut leaves are whole segments, whole episodes and spoken sentences in the cache; the same command goes on there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session

from audio.assemble import Bed, assemble
from audio.frame import Frame, frame_of
from audio.models import EpisodeAudio, Segment
from audio.profiles import Profile, profile_named
from audio.rendered import ASSEMBLY_STEPS, Progress, Rendered, work_file
from audio.segments import render_segment
from audio.speak import Speaker
from audio.voices.order import speaker_of
from content.episodes import coming_episodes, is_ready, item_episode
from content.errors import LoaError
from content.items import current_script, get_item
from content.language import N_
from content.models import Episode, EpisodePart, Item
from content.station import Station

_EPISODE_RECIPE = 1
_STALE_S = 86_400


class EmptyEpisodeError(LoaError):
    """An episode without items."""

    sentence = N_("episode {episode} ({title}) has no items: approve items of its programme first")


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
        known = _newest_again(station, known, now or datetime.now(UTC))
        return _rendered_episode(known, frame.tags.title, segments, item_ids, made=False)
    tell(0, frame.tags.title)
    share = in_steps(tell)
    with work_file(station, sound.suffix) as path:
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
    row = _newest_again(station, row, now or datetime.now(UTC))
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


def _newest_again(station: Station, row: EpisodeAudio, now: datetime) -> EpisodeAudio:
    """`row` as the newest sound of its episode and profile: what was rendered last is what airs.

    It stands behind another one where voice, recording, jingle or config was changed and then changed back; then it
    is laid down anew, so that whoever takes the newest row takes this one.
    """
    newest = (
        select(func.max(EpisodeAudio.id))
        .where(EpisodeAudio.episode_id == row.episode_id, EpisodeAudio.profile == row.profile)
    )  # fmt: skip
    with station.read() as session:
        if session.scalar(newest) == row.id:
            return row
    with station.decide() as session:
        earlier = _episode_row(session, row.episode_id, row.profile, row.recipe_sha256)
        if earlier is None or earlier.id == session.scalar(newest):
            return earlier or row
        facts = {name: getattr(earlier, name) for name in inspect(EpisodeAudio).columns.keys()}  # noqa: SIM118
        again = EpisodeAudio(**facts | {"id": None, "created_at": now})
        session.delete(earlier)
        session.flush()  # first: there is one row of a recipe
        session.add(again)
        session.flush()
        return again


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
