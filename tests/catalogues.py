"""The message catalogues: find every message in the code, bring the catalogues up to date, say what is missing.

    python tests/catalogues.py update              catalogues follow the code; lists what Vietnamese still lacks
    python tests/catalogues.py fill WORDS.json     {"English": "Tiếng Việt", …} into the Vietnamese catalogue

English is written by itself (the message is its own wording), Vietnamese by people.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
LOCALE = ROOT / "content" / "locale"
LANGUAGES = ("vi", "en")
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2), "say": None}


def messages_in_code() -> dict[str | tuple[str, str], list[str]]:
    """Every message of the four rooms, with the files that use it."""
    found: dict[str | tuple[str, str], list[str]] = {}
    for room in ("content", "audio", "scheduler"):
        for file, _line, message, _comments, _context in extract_from_dir(
            ROOT / room, method_map=[("**.py", "python")], keywords=KEYWORDS
        ):
            _add(found, message, f"{room}/{Path(file).as_posix()}")
    with (ROOT / "cli.py").open("rb") as source:
        from babel.messages.extract import extract

        for _line, message, _comments, _context in extract("python", source, keywords=KEYWORDS):
            _add(found, message, "cli.py")
    return found


def _add(found: dict[str | tuple[str, str], list[str]], message: object, file: str) -> None:
    key = message if isinstance(message, str) else tuple(message)  # type: ignore[arg-type]
    if key and key != ("",) and file not in found.setdefault(key, []):
        found[key].append(file)


def read(language: str) -> Catalog:
    """The catalogue as it stands in the repository."""
    path = po_path(language)
    if not path.exists():
        return Catalog(locale=language, domain="loa", project="loaphuong", version="0")
    with path.open("rb") as file:
        return read_po(file, locale=language, domain="loa")


def updated(language: str) -> Catalog:
    """The catalogue with exactly the messages of the code, wordings kept."""
    old = read(language)
    new = Catalog(
        locale=language, domain="loa", project="loaphuong", version="0", charset="utf-8", fuzzy=False,
        creation_date=old.creation_date, revision_date=old.revision_date, header_comment="# The words on Loa's screen.",
    )  # fmt: skip
    for message, files in sorted(messages_in_code().items(), key=lambda pair: str(pair[0])):
        before = old.get(message if isinstance(message, str) else message[0])
        wording = before.string if before else ""
        if language == "en":
            wording = message
        elif isinstance(message, str) != isinstance(wording, str):  # it has got, or lost, a plural
            wording = wording and ((wording,) if isinstance(wording, str) else wording[0])
        new.add(message, string=wording, locations=[(file, 0) for file in sorted(files)])
    return new


def as_po(catalogue: Catalog) -> bytes:
    """The text of the .po file."""
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=110, sort_output=False, include_lineno=False)
    return buffer.getvalue()


def as_mo(catalogue: Catalog) -> bytes:
    """The bytes of the compiled .mo file."""
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


def po_path(language: str) -> Path:
    """Where the catalogue of that language stands."""
    return LOCALE / language / "LC_MESSAGES" / "loa.po"


def write(language: str, catalogue: Catalog) -> None:
    """Write .po and .mo."""
    path = po_path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(as_po(catalogue))
    path.with_suffix(".mo").write_bytes(as_mo(catalogue))


def missing(catalogue: Catalog) -> list[str]:
    """Messages without a wording."""
    return [
        message.id if isinstance(message.id, str) else message.id[0]
        for message in catalogue
        if message.id and not (all(message.string) if isinstance(message.string, tuple) else message.string)
    ]


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["update"]:
        for language in LANGUAGES:
            write(language, updated(language))
        json.dump(dict.fromkeys(missing(read("vi")), ""), sys.stdout, ensure_ascii=False, indent=1)
        return 0
    if arguments[:1] == ["fill"] and len(arguments) == 2:
        words: dict[str, str] = json.loads(Path(arguments[1]).read_text("utf-8"))
        catalogue = updated("vi")
        for message in catalogue:
            key = message.id if isinstance(message.id, str) else message.id[0] if message.id else ""
            if key and words.get(key):
                message.string = words[key] if isinstance(message.id, str) else (words[key],)
        write("vi", catalogue)
        write("en", updated("en"))
        print(f"{len(missing(catalogue))} messages without Vietnamese", file=sys.stderr)
        return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
