"""Checking what was made: segments and finished files measured again, and, where wished, listened to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from audio import loudness, proof
from audio.listening import Recogniser, compare
from audio.models import NEWEST_FIRST, EpisodeAudio, Segment
from audio.profiles import PROFILES, TOLERANCE_LU
from content.errors import LoaError, Told
from content.items import VIETNAMESE, current_script, get_item
from content.language import N_
from content.models import Episode, Item, Script
from content.station import Station

_POOR_HEARING = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was found on one segment or episode."""

    kind: str
    id: int
    title: str
    length_ms: int
    loudness_lufs: float | None
    true_peak_dbtp: float | None
    voice: str | None
    profile: str | None
    """Of a finished file; so too `format`."""
    format: str | None
    degraded: bool
    fallbacks: tuple[dict[str, str], ...]
    """The voices that were tried before the one that is heard, and why they did not speak."""
    problems: tuple[Told | LoaError, ...]
    syllable_error_rate: float | None = None
    missed: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        facts = {name: getattr(self, name) for name in self.__slots__}
        return facts | {"problems": [str(problem) for problem in self.problems]}


def check_items(
    station: Station, item_ids: Sequence[int] | None = None, recogniser: Recogniser | None = None
) -> list[Checked]:
    """Each item's newest segment and every finished file that carries it, measured again from the media folder.

    Raises:
        ItemNotFoundError: one of `item_ids` is no item.
    """
    checked: list[Checked] = []
    with station.read() as session:
        for item_id in item_ids or ():
            get_item(session, item_id)
        items = session.scalars(select(Item).where(Item.status != "retired").order_by(Item.id)).all()
        wanted = [item for item in items if item_ids is None or item.id in item_ids]
        pairs: list[tuple[Item, Script, Segment]] = []
        for item in wanted:
            script = current_script(session, item)
            if script is None:
                continue
            segment = session.scalars(
                select(Segment).where(Segment.script_id == script.id).order_by(*NEWEST_FIRST).limit(1)
            ).first()
            if segment is not None:
                pairs.append((item, script, segment))
        numbers = {segment.id for _item, _script, segment in pairs}
        finished = [
            (audio, session.get_one(Episode, audio.episode_id).title)
            for audio in session.scalars(select(EpisodeAudio).order_by(EpisodeAudio.id))
            if numbers & set(audio.segment_ids)
        ]
    checked += [_segment(station, item, script, segment, recogniser) for item, script, segment in pairs]
    checked += [_episode(station, audio, title) for audio, title in finished]
    return checked


def _segment(
    station: Station, item: Item, script: Script, segment: Segment, recogniser: Recogniser | None
) -> Checked:
    problems: list[Told | LoaError] = []
    judged = None
    rate: float | None = None
    missed: tuple[str, ...] = ()
    spoken = [str(sentence["spoken"]) for sentence in script.sentences]
    try:
        path = station.media.find(segment.sha256, ".wav", verify=True)
        judged = proof.judge(path, spoken, script.estimated_ms)
        problems += [flag.told for flag in judged.flags]
        problems += proof.told_at_source(segment.flags, judged.flags)
        if recogniser is not None and item.language == VIETNAMESE:  # it knows no other language
            heard = compare(spoken, recogniser.words_in(path))
            rate, missed = round(heard.syllable_error_rate, 3), heard.missed
            if rate > _POOR_HEARING:
                problems.append(
                    Told(N_("a recogniser missed {percent} % of its syllables"), percent=round(rate * 100))
                )
    except LoaError as error:
        problems.append(error)
    return Checked(
        kind="segment", id=segment.id, title=item.title, length_ms=segment.length_ms,
        loudness_lufs=judged.loudness_lufs if judged else None,
        true_peak_dbtp=judged.true_peak_dbtp if judged else None, voice=segment.voice, degraded=segment.degraded,
        profile=None, format=None, fallbacks=tuple(segment.fallbacks),
        problems=tuple(problems), syllable_error_rate=rate, missed=missed,
    )  # fmt: skip


def _episode(station: Station, audio: EpisodeAudio, title: str) -> Checked:
    problems: list[Told | LoaError] = []
    found = None
    profile = PROFILES.get(audio.profile)
    try:
        path: Path = station.media.find(audio.sha256, f".{audio.format}", verify=True)
        found = loudness.measure(path, profile.sample_rate_hz if profile else 48_000)
    except LoaError as error:
        problems.append(error)
    if profile and found:
        if abs(found.integrated_lufs - profile.target_lufs) > TOLERANCE_LU:
            message = N_("{lufs} LUFS where the profile {profile} asks for {target}")
            problems.append(
                Told(message, lufs=found.integrated_lufs, profile=profile.name, target=profile.target_lufs)
            )
        if found.true_peak_dbtp > profile.ceiling_dbtp:
            message = N_("true peak {peak} dBTP above {ceiling}")
            problems.append(Told(message, peak=found.true_peak_dbtp, ceiling=profile.ceiling_dbtp))
    return Checked(
        kind="episode", id=audio.episode_id, title=title, length_ms=audio.length_ms,
        loudness_lufs=found.integrated_lufs if found else None,
        true_peak_dbtp=found.true_peak_dbtp if found else None, voice=None, degraded=audio.degraded,
        profile=audio.profile, format=audio.format, fallbacks=(),
        problems=tuple(problems),
    )  # fmt: skip
