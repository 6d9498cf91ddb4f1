"""The station's own word list: a TSV file, its changes, import and export, and where it conflicts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

from content import atomic
from content.errors import LoaError
from content.language import N_
from content.lexicon.entry import BadEntryError, Entry
from content.lexicon.lexicon import COLUMNS, Lexicon


class StationListError(LoaError):
    """A word list that cannot be read; every bad line is named."""

    sentence = N_("the word list {path} cannot be used: {problems}")


class NotInListError(LoaError):
    """A word to take out that is not there."""

    sentence = N_("{written!r} is not in the station's own word list; `loa lexicon list --station` shows it")


class UnspeakableError(LoaError):
    """A reading that is no Vietnamese words."""

    sentence = N_(
        "{written!r} cannot be read as {spoken!r}: write it in Vietnamese syllables ({leftovers} cannot be spoken)"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Two readings of the same words in the same place."""

    written: str
    place: str
    present: str
    other: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What an import comes to: the list after it, what is new, and what stood there otherwise."""

    entries: tuple[Entry, ...]
    added: tuple[Entry, ...]
    conflicts: tuple[Conflict, ...]


def read_station_list(path: Path) -> tuple[Entry, ...]:
    """The entries of a TSV file; none when there is no file.

    Raises:
        StationListError: not UTF-8, or lines that are no entries.
    """
    if not path.exists():
        return ()
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise StationListError(path=path, problems=str(error)) from error
    return parse_tsv(text, path)


def parse_tsv(text: str, path: Path | str) -> tuple[Entry, ...]:
    """Entries of TSV text: a header line that names the columns, or two columns (written, spoken).

    Raises:
        StationListError: naming every bad line.
    """
    lines = [line.rstrip("\r") for line in normalize("NFC", text).split("\n")]
    header: Sequence[str] = ("written", "spoken")
    entries: list[Entry] = []
    problems: list[str] = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        if number == 1 and cells[0] == "written":
            header = cells
            wrong = sorted(set(header) - set(COLUMNS))
            if wrong or "spoken" not in header:
                raise StationListError(
                    path=path, problems=f"line 1: unknown column {', '.join(wrong) or '(spoken missing)'}"
                )
            continue
        if len(cells) < 2 or len(cells) > len(header):
            problems.append(f"line {number}: needs {len(header)} columns, has {len(cells)}")
            continue
        try:
            entries.append(_entry(dict(zip(header, cells, strict=False))))
        except LoaError as error:
            problems.append(f"line {number}: {error}")
    if problems:
        raise StationListError(path=path, problems="; ".join(problems[:20]))
    return tuple(entries)


def _entry(cells: dict[str, str]) -> Entry:
    entry = Entry(
        written=cells["written"],
        spoken=" ".join(cells["spoken"].split()),
        place=cells.get("place") or "text",
        before=cells.get("before", ""),
        after=cells.get("after", ""),
        domain=cells.get("domain") or "station",
        source=cells.get("source", ""),
    )
    return checked(entry)


def checked(entry: Entry) -> Entry:
    """`entry`, once its reading is proved to be speakable.

    Raises:
        UnspeakableError, BadEntryError.
    """
    from content.normalise import leftovers  # the normaliser reads this package

    if any(sign in field for field in (entry.written, entry.spoken) for sign in "\t\n\r"):
        raise BadEntryError(written=entry.written, reason=N_("tab or line end inside"))
    spoken = entry.spoken.replace("{TU}", "").replace("{ĐỂ}", "")
    if left := leftovers(spoken):
        raise UnspeakableError(
            written=entry.written, spoken=entry.spoken, leftovers=", ".join(one.text for one in left)
        )
    return entry


def spelled(written: str, source: str = "") -> Entry:
    """The editor accepts `written` letter by letter."""
    from content.normalise.letters import spell

    return Entry(written=written, spoken=spell(written) or written, domain="letters", source=source)


def write_station_list(path: Path, entries: Iterable[Entry]) -> None:
    """Write the list whole or not at all."""
    atomic.write_text(path, to_tsv(entries))


def to_tsv(entries: Iterable[Entry]) -> str:
    """The list as TSV text with its header."""
    rows = ["\t".join(COLUMNS), *("\t".join(getattr(entry, name) for name in COLUMNS) for entry in entries)]
    return "\n".join(rows) + "\n"


def _key(entry: Entry) -> tuple[str, str, str, str]:
    return entry.place, entry.written, entry.before, entry.after


def added(entries: Sequence[Entry], entry: Entry) -> tuple[Entry, ...]:
    """The list with `entry` in it, in the stead of one for the same words in the same surroundings."""
    kept = [one for one in entries if _key(one) != _key(entry)]
    first_plain = next(
        (at for at, one in enumerate(kept) if one.written == entry.written and not one.conditional), None
    )
    if entry.conditional and first_plain is not None:
        kept.insert(first_plain, entry)
    else:
        kept.append(entry)
    return tuple(kept)


def removed(entries: Sequence[Entry], written: str) -> tuple[Entry, ...]:
    """The list without `written`.

    Raises:
        NotInListError.
    """
    kept = tuple(entry for entry in entries if entry.written != written)
    if len(kept) == len(entries):
        raise NotInListError(written=written)
    return kept


def merged(entries: Sequence[Entry], incoming: Iterable[Entry], *, replace: bool = False) -> Merged:
    """`incoming` taken into the list; a different reading is a conflict, and wins only with `replace`."""
    result = tuple(entries)
    fresh: list[Entry] = []
    conflicts: list[Conflict] = []
    for entry in incoming:
        same = next((one for one in result if _key(one) == _key(entry)), None)
        if same is not None and same.spoken != entry.spoken:
            conflicts.append(
                Conflict(written=entry.written, place=entry.place, present=same.spoken, other=entry.spoken)
            )
            if not replace:
                continue
        if same is None:
            fresh.append(entry)
        if same is None or same != entry:
            result = added(result, entry)
    return Merged(entries=result, added=tuple(fresh), conflicts=tuple(conflicts))


def conflicts(entries: Iterable[Entry], shipped: Lexicon) -> tuple[Conflict, ...]:
    """Where the station reads the same words otherwise than the shipped list; the station's reading wins."""
    base: dict[tuple[str, str], list[str]] = {}
    for entry in shipped.entries:
        base.setdefault((entry.place, entry.written), []).append(entry.spoken)
    return tuple(
        Conflict(
            written=entry.written,
            place=entry.place,
            present=" | ".join(base[entry.place, entry.written]),
            other=entry.spoken,
        )
        for entry in entries
        if entry.spoken not in base.get((entry.place, entry.written), [entry.spoken])
    )
