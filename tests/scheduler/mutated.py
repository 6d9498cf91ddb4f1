"""Ways to spoil a package: each leaves something that must be refused whole."""

import contextlib
import hashlib
import io
import json
import os
import random
import shutil
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from audio.packages import archive
from audio.packages.manifest import MANIFEST, OWN, SIGNATURE
from audio.packages.signature import SigningKey

Spoil = Callable[[random.Random, Path, Path], None]
"""(chance, the package to spoil in place, another good package of the same kind)."""


def flip_a_bit(chance: random.Random, package: Path, _other: Path) -> None:
    content = bytearray(package.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    package.write_bytes(content)


def cut_off(chance: random.Random, package: Path, _other: Path) -> None:
    package.write_bytes(package.read_bytes()[: chance.randrange(package.stat().st_size)])


def append(chance: random.Random, package: Path, _other: Path) -> None:
    package.write_bytes(package.read_bytes() + chance.randbytes(chance.randint(1, 500)))


def put_in_front(chance: random.Random, package: Path, _other: Path) -> None:
    package.write_bytes(chance.randbytes(chance.randint(1, 500)) + package.read_bytes())


def take_out_a_piece(chance: random.Random, package: Path, _other: Path) -> None:
    content = package.read_bytes()
    start = chance.randrange(len(content) - 1)
    package.write_bytes(content[:start] + content[start + chance.randint(1, 400) :])


def swap_pieces(chance: random.Random, package: Path, _other: Path) -> None:
    content = package.read_bytes()
    first, second, third = sorted(chance.sample(range(len(content)), 3))
    mixed = content[:first] + content[second:third] + content[first:second] + content[third:]
    package.write_bytes(mixed if mixed != content else content[:-1])


def _entries(package: Path) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(package) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def _rewritten(
    package: Path, entries: list[tuple[str | zipfile.ZipInfo, bytes]], compression: int = 0
) -> None:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", compression) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    package.write_bytes(kept.getvalue())


def pack_again_in_another_order(chance: random.Random, package: Path, _other: Path) -> None:
    entries = _entries(package)
    chance.shuffle(entries)
    _rewritten(package, list(entries))


def pack_again_compressed(_chance: random.Random, package: Path, _other: Path) -> None:
    _rewritten(package, list(_entries(package)), zipfile.ZIP_DEFLATED)


def name_that_climbs_out(chance: random.Random, package: Path, _other: Path) -> None:
    entries: list[tuple[str | zipfile.ZipInfo, bytes]] = list(_entries(package))
    name = chance.choice(
        ["../../escaped.txt", "/tmp/escaped.txt", "C:\\escaped.txt", "..\\escaped.txt", "audio/../../x"]
    )
    entries.insert(chance.randrange(len(entries) + 1), (name, b"outside"))
    _rewritten(package, entries)


def same_name_twice(chance: random.Random, package: Path, _other: Path) -> None:
    entries = _entries(package)
    name, content = chance.choice(entries)
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        for one, held in [*entries, (name, content[::-1] + b"x")]:
            archive._didModify = True
            archive.NameToInfo.pop(one, None)  # zipfile warns of the double otherwise
            archive.writestr(one, held)
    package.write_bytes(kept.getvalue())


def link_inside(chance: random.Random, package: Path, _other: Path) -> None:
    entries: list[tuple[str | zipfile.ZipInfo, bytes]] = list(_entries(package))
    index = chance.randrange(2, len(entries))
    info = zipfile.ZipInfo(str(entries[index][0]))
    info.create_system, info.external_attr = 3, 0o120777 << 16
    entries[index] = (info, b"/etc/passwd")
    _rewritten(package, entries)


def bomb(_chance: random.Random, package: Path, _other: Path) -> None:
    entries: list[tuple[str | zipfile.ZipInfo, bytes]] = list(_entries(package))
    entries[-1] = (entries[-1][0], b"\0" * 5_000_000)
    _rewritten(package, entries, zipfile.ZIP_DEFLATED)


def absurd_size(chance: random.Random, package: Path, _other: Path) -> None:
    content = bytearray(package.read_bytes())
    struct.pack_into("<LL", content, 18, *[chance.choice([0, 2**31, 2**32 - 1])] * 2)
    package.write_bytes(content)


def swap_the_signature(_chance: random.Random, package: Path, other: Path) -> None:
    mine, theirs = _entries(package), _entries(other)
    content = package.read_bytes().replace(mine[2][1], theirs[2][1])
    package.write_bytes(content)


def swap_the_manifest(_chance: random.Random, package: Path, other: Path) -> None:
    from audio.packages.archive import write_archive

    mine, theirs = _entries(package), _entries(other)
    with package.open("wb") as target:
        write_archive(target, [*theirs[:3], *mine[3:]])


def alter_the_manifest(chance: random.Random, package: Path, _other: Path) -> None:
    from audio.packages.archive import write_archive

    entries = _entries(package)
    at = chance.randrange(2)
    entries[at] = (entries[at][0], _altered_text(chance, entries[at][1]))
    with package.open("wb") as target:
        write_archive(target, list(entries))


def swap_the_station(_chance: random.Random, package: Path, other: Path) -> None:
    from audio.packages.archive import write_archive

    entries = [_entries(other)[0], *_entries(package)[1:]]
    with package.open("wb") as target:
        write_archive(target, list(entries))


def _altered_text(chance: random.Random, text: bytes) -> bytes:
    """Still in Loa's own form, so that more than the form is tried."""
    return (json.dumps(_altered(chance, json.loads(text)), indent=1) + "\n").encode()


def _altered(chance: random.Random, body: dict[str, object]) -> dict[str, object]:
    """One value somewhere in a manifest replaced by nonsense."""
    place: object = body
    while isinstance(place, dict | list) and place:
        key = chance.choice(list(place) if isinstance(place, dict) else range(len(place)))
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or chance.random() < 0.2:
            place[key] = chance.choice(
                [None, -1, 2**70, "../x", "\0", [], {}, True, 1.5, "x" * 5000, "2026-13-01"]
            )
            break
        place = inner
    return body


ZIP_SPOILS: tuple[Spoil, ...] = (
    flip_a_bit, flip_a_bit, flip_a_bit, flip_a_bit, cut_off, cut_off, append, put_in_front, take_out_a_piece,
    swap_pieces, pack_again_in_another_order, pack_again_compressed, name_that_climbs_out, same_name_twice,
    link_inside, bomb, absurd_size, swap_the_signature, swap_the_manifest, swap_the_station,
    alter_the_manifest,
)  # fmt: skip


def _a_file(chance: random.Random, package: Path) -> Path:
    return chance.choice(sorted(path for path in package.rglob("*") if path.is_file()))


def _in_a_file(spoil: Spoil) -> Spoil:
    def inside(chance: random.Random, package: Path, other: Path) -> None:
        path = _a_file(chance, package)
        path.chmod(0o644)
        content = path.read_bytes()
        path.unlink()  # it may be a link to another package's file
        path.write_bytes(content)
        spoil(chance, path, other)

    return inside


def remove_a_file(chance: random.Random, package: Path, _other: Path) -> None:
    _a_file(chance, package).unlink()


def add_a_file(chance: random.Random, package: Path, _other: Path) -> None:
    (package / chance.choice(["extra.mp3", "audio/999.mp3", "autorun.inf", "rundown/x.m3u8"])).write_bytes(
        b"x"
    )


def exchange_two_files(chance: random.Random, package: Path, _other: Path) -> None:
    first = _a_file(chance, package)
    second = chance.choice(
        [path for path in package.rglob("*.*") if path.is_file() and path.read_bytes() != first.read_bytes()]
    )
    aside = package / "aside"
    first.rename(aside)
    second.rename(first)
    aside.rename(second)


def link_instead_of_file(chance: random.Random, package: Path, other: Path) -> None:
    path = _a_file(chance, package)
    content = path.read_bytes()
    path.unlink()
    elsewhere = other.parent / "elsewhere"
    elsewhere.write_bytes(content)
    path.symlink_to(elsewhere)


def folder_as_link(_chance: random.Random, package: Path, other: Path) -> None:
    moved = other.parent / "moved-audio"
    shutil.rmtree(moved, ignore_errors=True)
    (package / "audio").rename(moved)
    (package / "audio").symlink_to(moved, target_is_directory=True)


def pipe_instead_of_file(chance: random.Random, package: Path, _other: Path) -> None:
    path = _a_file(chance, package)
    path.unlink()
    os.mkfifo(path)


def folder_instead_of_file(chance: random.Random, package: Path, _other: Path) -> None:
    path = _a_file(chance, package)
    path.unlink()
    path.mkdir()


def signature_of_another(_chance: random.Random, package: Path, other: Path) -> None:
    shutil.copyfile(other / "manifest.json.sig", package / "manifest.json.sig")


def manifest_of_another(_chance: random.Random, package: Path, other: Path) -> None:
    for name in ("station.json", "manifest.json", "manifest.json.sig"):
        shutil.copyfile(other / name, package / name)


def altered_manifest(chance: random.Random, package: Path, _other: Path) -> None:
    path = package / chance.choice(["station.json", "manifest.json"])
    path.write_bytes(_altered_text(chance, path.read_bytes()))


def station_of_another(chance: random.Random, package: Path, other: Path) -> None:
    for name in chance.choice([("station.json",), ("station.json", "manifest.json.sig")]):
        shutil.copyfile(other / name, package / name)


def moved_border(_chance: random.Random, package: Path, _other: Path) -> None:
    """The same signed bytes, divided elsewhere."""
    own, shared = (package / "station.json").read_bytes(), (package / "manifest.json").read_bytes()
    (package / "station.json").write_bytes(own + shared[:2])
    (package / "manifest.json").write_bytes(shared[2:])


FOLDER_SPOILS: tuple[Spoil, ...] = (
    _in_a_file(flip_a_bit), _in_a_file(flip_a_bit), _in_a_file(flip_a_bit), _in_a_file(cut_off), _in_a_file(append),
    _in_a_file(put_in_front), remove_a_file, add_a_file, exchange_two_files, signature_of_another,
    manifest_of_another, altered_manifest, altered_manifest, station_of_another, moved_border, folder_instead_of_file,
    *((link_instead_of_file, folder_as_link, pipe_instead_of_file) if os.name == "posix" else ()),
)  # fmt: skip


# What a trusted sender, or a thief of its key, could sign: well-signed, and refused all the same.

NO_PATHS = (
    "../../escaped.txt", "..", "/etc/escaped", "//server/share/x", "\\\\server\\share\\x", "C:/escaped", "C:escaped",
    "c:\\windows\\x.mp3", "audio\\x.mp3", "audio/../../x", "audio/./x.mp3", "audio//x.mp3", "audio/", "", "CON", "con.mp3",
    "NUL.txt", "aux", "audio/COM1.mp3", "LPT9.tar.gz", "con/x.mp3", "CON .mp3", "x.", "x ", " x", "audio /x.mp3",
    "audio./x.mp3", "x..mp3", "x.mp3:stream", "x?.mp3", "x*.mp3", "x|y", "x\0y", "x\ny", "\u00e9.mp3", "e\u0301.mp3",
    "\u0111ai.mp3", "a\u202egpm.exe", "COM\u00b9", ".hidden", "~x", "-x", "$x", "a/b/c/d/e.mp3", "a" * 121, "a/" * 99 + "b",
)  # fmt: skip
"""Climbing, absolute, of a drive, of another computer, reserved on Windows, composed and decomposed letters, too long."""
Body = dict[str, Any]
Forgery = Callable[[random.Random, Body, Body, dict[str, bytes]], None]
"""(chance, station.json, manifest.json, files to bring along by path): changes them in place."""


def _row(path: str, content: bytes) -> Body:
    return {"path": path, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}


def forge_a_path(chance: random.Random, own: Body, shared: Body, files: dict[str, bytes]) -> None:
    path = chance.choice(NO_PATHS)
    files[path] = b"outside"
    chance.choice([own, shared])["files"].append(_row(path, b"outside"))


def forge_a_sounds_path(chance: random.Random, _own: Body, shared: Body, files: dict[str, bytes]) -> None:
    sound = chance.choice(shared["audio"])
    row = next(row for row in shared["files"] if row["path"] == sound["path"])
    files[chance.choice(NO_PATHS)] = files[row["path"]]
    row["path"] = sound["path"] = list(files)[-1]


def forge_the_same_name(chance: random.Random, own: Body, shared: Body, files: dict[str, bytes]) -> None:
    """Twice, in other case, or as the manifest itself."""
    path = chance.choice([row["path"] for row in shared["files"]])
    double = chance.choice(
        [path, path.upper(), path.swapcase(), "MANIFEST.JSON", "station.json", "Manifest.json.SIG"]
    )
    files.setdefault(double, b"double")
    chance.choice([own, shared])["files"].append(_row(double, files[double]))


def forge_a_file_below_a_file(
    chance: random.Random, _own: Body, shared: Body, files: dict[str, bytes]
) -> None:
    path = f"{chance.choice([row['path'] for row in shared['files']])}/x.mp3"
    shared["files"].append(_row(chance.choice([path, path.upper()]), b"below"))
    files[shared["files"][-1]["path"]] = b"below"


def forge_huge_counts(chance: random.Random, own: Body, shared: Body, _files: dict[str, bytes]) -> None:
    key, most = chance.choice([("files", 20_001), ("plays", 50_001), ("audio", 20_001), ("rules", 5_001)])
    row = shared[key][0] if shared[key] else {}
    shared[key] = [row] * most
    if chance.random() < 0.3:
        own["files"] = shared["files"]


def forge_huge_sizes(chance: random.Random, own: Body, shared: Body, _files: dict[str, bytes]) -> None:
    rows = chance.choice([own["files"], shared["files"]])
    if chance.random() < 0.5:
        chance.choice(rows)["size"] = chance.choice([2**30 + 1, 2**31, 2**63, 2**70, -1, 10**400, 1.0, True])
    else:
        rows += [{"path": f"big/{n}.mp3", "sha256": f"{n:064x}", "size": 2**30} for n in range(65)]


def forge_a_wrong_size_or_hash(
    chance: random.Random, own: Body, shared: Body, _files: dict[str, bytes]
) -> None:
    row = chance.choice([*own["files"], *shared["files"]])
    if chance.random() < 0.5:
        row["size"] += chance.choice([-1, 1, 1000])
    else:
        row["sha256"] = hashlib.sha256(chance.randbytes(8)).hexdigest()


def forge_what_hangs_together(
    chance: random.Random, own: Body, shared: Body, _files: dict[str, bytes]
) -> None:
    """Plays without a sound, doubled, out of the period; an update that is none; days in the wrong order."""
    play, sound = chance.choice(shared["plays"]), chance.choice(shared["audio"])
    chance.choice(
        [
            lambda: play.update(audio_sha256="0" * 64),
            lambda: shared["plays"].append(dict(play)),
            lambda: play.update(starts_at="2027-03-01T05:00:00+07:00"),
            lambda: play.update(starts_at="1999-12-31T05:00:00+07:00"),
            lambda: play.update(length_ms=10**9),
            lambda: shared["audio"].append(dict(sound)),
            lambda: sound.update(path=None),
            lambda: sound.update(path="schedule.ics"),
            lambda: shared.update(from_on="2026-12-31", until_on="2026-12-01"),
            lambda: shared["sender"].update(fingerprint="0000-" * 7 + "0000"),
            lambda: own.update(kind="other"),
            lambda: own.update(schema="loa-package/3"),
            lambda: own["station"].update(timezone="../../etc/localtime"),
            lambda: own["station"].update(code="../x"),
            lambda: own.update(made_at="2026-11-22T03:00:00"),
        ]
    )()


FORGERIES: tuple[Forgery, ...] = (
    forge_a_path, forge_a_path, forge_a_path, forge_a_sounds_path, forge_the_same_name, forge_a_file_below_a_file,
    forge_huge_sizes, forge_a_wrong_size_or_hash, forge_what_hangs_together, forge_what_hangs_together,
)  # fmt: skip


def _signed_forgery(chance: random.Random, package: Path, key: SigningKey) -> str:
    """Spoil the package in place and sign it with the true key; how it was spoiled."""
    is_folder = package.is_dir()
    if is_folder:
        held = {
            path.relative_to(package).as_posix(): path.read_bytes()
            for path in package.rglob("*")
            if path.is_file()
        }
    else:
        held = dict(_entries(package))
    own, shared = json.loads(held.pop(OWN)), json.loads(held.pop(MANIFEST))
    held.pop(SIGNATURE)
    forge = forge_huge_counts if chance.random() < 0.02 else chance.choice(FORGERIES)
    forge(chance, own, shared, held)
    texts = [
        (json.dumps(body, indent=1, ensure_ascii=chance.random() < 0.5) + "\n").encode()
        for body in (own, shared)
    ]
    head = {OWN: texts[0], MANIFEST: texts[1], SIGNATURE: key.sign(texts[0] + texts[1])}
    if is_folder:
        for path, content in {**held, **head}.items():
            with contextlib.suppress(OSError, ValueError):  # names that this disk cannot hold are only listed
                target = package / path
                if not target.resolve().is_relative_to(package.parent.resolve()):
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                target.unlink(missing_ok=True)
                target.write_bytes(content)
    else:
        listed = [row["path"] for row in [*shared["files"], *own["files"]]][:1000]
        _write_zip(package, [*head.items(), *((path, held.get(path, b"")) for path in listed)])
    return forge.__name__


def _write_zip(package: Path, entries: list[tuple[str, bytes]]) -> None:
    """In Loa's own form, whatever the names are."""
    directory, whole = b"", b""
    for name, content in entries:
        raw, crc = name.encode("utf-8", "surrogatepass"), zlib.crc32(content)
        directory += archive._CENTRAL.pack(
            b"PK\x01\x02", 0x0314, 20, 0, 0, 0, archive._DATE, crc, len(content), len(content), len(raw), 0, 0, 0, 0,
            archive._MODE, len(whole),
        ) + raw  # fmt: skip
        whole += archive._LOCAL.pack(
            b"PK\x03\x04", 20, 0, 0, 0, archive._DATE, crc, len(content), len(content), len(raw), 0
        )
        whole += raw + content
    end = archive._end(len(entries), len(directory), len(whole))
    package.write_bytes(whole + directory + end)


def spoiled(
    chance: random.Random, good: Path, other: Path, where: Path, key: SigningKey | None = None
) -> tuple[Path, str]:
    """A spoiled copy of `good` (a zip or a folder) in `where`, and how it was spoiled; one in three, where the
    sender's `key` is given, well signed."""
    target = where / good.name
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    target.unlink(missing_ok=True)
    if good.is_dir():
        shutil.copytree(good, target)
        spoil = chance.choice(FOLDER_SPOILS)
    else:
        shutil.copyfile(good, target)
        spoil = chance.choice(ZIP_SPOILS)
    if key is not None and chance.random() < 1 / 3:
        return target, _signed_forgery(chance, target, key)
    spoil(chance, target, other)
    return target, getattr(spoil, "__name__", "spoil")
