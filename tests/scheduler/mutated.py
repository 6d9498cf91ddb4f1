"""Ways to spoil a package: each leaves something that must be refused whole."""

import io
import json
import os
import random
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

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


def spoiled(chance: random.Random, good: Path, other: Path, where: Path) -> tuple[Path, str]:
    """A spoiled copy of `good` (a zip or a folder) in `where`, and how it was spoiled."""
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
    spoil(chance, target, other)
    return target, getattr(spoil, "__name__", "spoil")
