"""A file that staff recorded becomes the sound of an item, or of one of its sentences."""

from __future__ import annotations

import tempfile
from pathlib import Path

from audio.ingest import TakenIn, take_in
from audio.voices.order import recording_voice
from content.errors import LoaError
from content.items import current_script, get_item
from content.language import N_
from content.models import Item, Script
from content.station import Station


class NoWordsToRecordError(LoaError):
    """An item without a script."""

    sentence = N_("item {item} has no script yet: write one with `loa script edit {item}`, then record it")


class NoSuchSentenceError(LoaError):
    """A sentence number beyond the script."""

    sentence = N_("item {item} has {count} sentences, no number {number}: see `loa script show {item}`")


def record_item(station: Station, item_id: int, file: Path) -> TakenIn:
    """Take in `file` as the sound of the whole item in its newest words, and let the item ask for it.

    Raises:
        NoWordsToRecordError, ingest.RefusedAudioError, items.ItemNotFoundError.
    """
    _item, script = _words(station, item_id)
    with tempfile.TemporaryDirectory(prefix="loa-record-") as folder:
        taken = take_in(file, Path(folder) / "clean.wav")
        recording_voice(station).keep_item(
            item_id,
            taken.path,
            script_sha256=script.sha256,
            source=file.name,
            notes=[str(note) for note in taken.notes],
            clipped=taken.clipped,
        )
    with station.decide() as session:
        get_item(session, item_id).voice = "recording"
    return taken


def record_sentence(station: Station, item_id: int, number: int, file: Path) -> TakenIn:
    """Take in `file` as the sound of sentence `number` (from 1) of the item, wherever that sentence is said.

    Raises:
        NoWordsToRecordError, NoSuchSentenceError, ingest.RefusedAudioError, items.ItemNotFoundError.
    """
    item, script = _words(station, item_id)
    if number > len(script.sentences):
        raise NoSuchSentenceError(item=item_id, number=number, count=len(script.sentences))
    with tempfile.TemporaryDirectory(prefix="loa-record-") as folder:
        taken = take_in(file, Path(folder) / "clean.wav")
        spoken = str(script.sentences[number - 1]["spoken"])
        recording_voice(station).keep_sentence(spoken, item.language, taken.path)
    return taken


def _words(station: Station, item_id: int) -> tuple[Item, Script]:
    with station.read() as session:
        item = get_item(session, item_id)
        script = current_script(session, item)
    if script is None:
        raise NoWordsToRecordError(item=item_id)
    return item, script
