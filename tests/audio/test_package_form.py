"""The form of packages: names, manifest, zip, calendar series. Hostile input is refused by name, never a crash."""

import io
import json
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.packages.archive import ArchiveReader, write_archive
from audio.packages.calendar_events import series_of
from audio.packages.contents import lay_out
from audio.packages.errors import ManifestTooNewProblem, PackageProblem
from audio.packages.manifest import (
    MANIFEST,
    OWN,
    SIGNATURE,
    AudioEntry,
    FileEntry,
    Manifest,
    PlayEntry,
    Recipient,
    RuleEntry,
    Sender,
    read_manifest,
    split_text,
)
from audio.packages.names import ascii_folded, audio_name, code_of, is_safe_path, play_name
from audio.packages.outline import outline_of
from audio.packages.sheet import period_words
from audio.packages.signature import SigningKey, fingerprint, to_text

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
KEY = SigningKey.made_new()
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
hashes = st.binary(min_size=32, max_size=32).map(bytes.hex)
instants = st.datetimes(datetime(2026, 12, 1), datetime(2026, 12, 31)).map(
    lambda at: at.replace(tzinfo=ZONE, fold=0)
)


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    sounds = draw(st.lists(hashes, min_size=1, max_size=4, unique=True))
    files = [FileEntry(path=f"audio/{n:03d}_x.mp3", sha256=sha256, size=n) for n, sha256 in enumerate(sounds)]
    audio = [
        AudioEntry(
            sha256=file.sha256, size=file.size, path=file.path, title=draw(texts), programme=draw(st.none() | texts),
            month=draw(st.sampled_from([None, "2026-12"])), number=draw(st.none() | st.integers(0, 99)),
            length_ms=draw(st.integers(0, 10**6)), profile="horn", degraded=draw(st.booleans()),
            consent_by=draw(st.none() | texts), approved_by=draw(st.lists(texts, max_size=2)),
        )
        for file in files
    ]  # fmt: skip
    plays = [
        PlayEntry(
            id=n, kind=draw(st.sampled_from(["first", "replay"])), title=draw(texts), starts_at=draw(instants),
            length_ms=draw(st.integers(0, 10**6)), audio_sha256=draw(st.sampled_from(sounds)),
            zones=draw(st.lists(texts, max_size=2)), session=draw(st.none() | texts), bulletin_class="normal",
            timing="soft", make_good_for=draw(st.none() | st.integers(0, 10**6)),
        )
        for n in range(draw(st.integers(0, 4)))
    ]  # fmt: skip
    return Manifest(
        kind="full", revision=draw(st.integers(0, 10**9)), made_at=datetime(2026, 11, 22, 3, tzinfo=UTC), base=None,
        station=Recipient(
            code="xa", name=draw(texts), player="loa", timezone="Asia/Ho_Chi_Minh", zones=[], public_key=None
        ),
        sender=Sender(name=draw(texts), public_key=to_text(KEY.public), fingerprint=fingerprint(KEY.public)),
        from_on=date(2026, 12, 1), until_on=date(2026, 12, 31), audio=audio, plays=plays,
        rules=[
            RuleEntry(
                programme=draw(texts), new_per_month=1, min_replays_per_month=3, text=None,
                planned={"2026-12": {"first": 1, "replays": 3, "days": 4}},
            )
        ],
        unplaced=draw(st.lists(texts, max_size=2)), sheet_of="0" * 64, shared_files=files,
        own_files=[FileEntry(path="sheet.html", sha256="1" * 64, size=5)],
    )  # fmt: skip


@given(manifests())
def test_a_manifest_reads_back_as_it_was_written_and_so_does_its_outline(manifest: Manifest) -> None:
    text = manifest.to_bytes()
    assert read_manifest(text) == manifest
    outline = outline_of(text)
    assert outline is not None
    assert (outline.revision, outline.sheet_of) == (manifest.revision, manifest.sheet_of)
    assert outline.files() == {file.path: (file.sha256, file.size) for file in manifest.files}


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(manifest=manifests(), nonsense=anything, data=st.data())
def test_nonsense_anywhere_in_a_manifest_is_refused_by_name(
    manifest: Manifest, nonsense: Any, data: st.DataObject
) -> None:
    body = {"own": json.loads(manifest.own_text()), "shared": json.loads(manifest.shared_text())}
    place: Any = body
    while True:
        key = data.draw(
            st.sampled_from(sorted(place)) if isinstance(place, dict) else st.integers(0, len(place) - 1)
        )
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            place[key] = nonsense
            break
        place = inner
    try:
        read_manifest(f"{json.dumps(body.get('own'), indent=1)}\n{json.dumps(body.get('shared'))}".encode())
    except PackageProblem:
        return


@given(st.binary(max_size=300))
def test_bytes_that_are_no_manifest_are_refused_by_name(content: bytes) -> None:
    with pytest.raises(PackageProblem):
        read_manifest(content)


@pytest.mark.parametrize(
    "text",
    [
        b'{"schema": "loa-package/3"}',
        b'{\n"schema": "loa-package/3"\n}\n{"schema": "loa-package/3"}',
        b'{\n"schema": "loa-package/2"\n}\n{"schema": "loa-package/3"}',
    ],
)
def test_a_manifest_of_a_later_form_says_that_loa_must_be_updated(text: bytes) -> None:
    with pytest.raises(ManifestTooNewProblem, match="update Loa"):
        read_manifest(text)


def test_the_shared_text_names_no_station() -> None:
    _packed, manifest = a_zip({"a.mp3": b"sound"})
    other = replace(
        manifest, station=replace(manifest.station, code="khac", name="Khác"), revision=9, sheet_of="2" * 64,
        made_at=manifest.made_at + timedelta(days=1), own_files=[FileEntry(path="s", sha256="3" * 64, size=1)],
    )  # fmt: skip
    assert other.shared_text() == manifest.shared_text()
    assert split_text(other.to_bytes()) == (other.own_text(), manifest.shared_text())


@given(texts, instants)
def test_every_title_becomes_a_name_that_any_disk_takes(title: str, at: datetime) -> None:
    for name in (audio_name(7, at, title), play_name(7, at, title)):
        assert is_safe_path(f"audio/{name}")
        assert name.isascii()
        assert len(name) < 100


@pytest.mark.parametrize("player", ["usb", "loa"])
def test_names_sort_in_air_order_however_many_airings_there_are(player: str) -> None:
    start = datetime(2026, 12, 1, 5, 0, tzinfo=ZONE)
    plays = [an_airing(n, start + timedelta(seconds=30 * n), f"{n:064x}") for n in range(1100)]
    sounds = {play.audio_sha256: a_sound(play.audio_sha256) for play in plays}
    layout = lay_out(plays, sounds, player)
    paths = [layout.play_paths[play.id] for play in plays]
    assert sorted(paths) == paths
    assert len(set(paths)) == len(paths)


def an_airing(n: int, at: datetime, sha256: str = "0" * 64, zones: tuple[str, ...] = ()) -> PlayEntry:
    return PlayEntry(
        id=n, kind="first", title="Tin", starts_at=at, length_ms=1000, audio_sha256=sha256, zones=list(zones),
        session=None, bulletin_class="normal", timing="soft", make_good_for=None,
    )  # fmt: skip


def a_sound(sha256: str) -> AudioEntry:
    return AudioEntry(
        sha256=sha256, size=1, path=None, title="Tin", programme=None, month=None, number=None, length_ms=1000,
        profile="horn", degraded=False, consent_by=None, approved_by=[],
    )  # fmt: skip


def test_a_series_in_the_calendar_is_of_one_zone() -> None:
    start = datetime(2026, 12, 1, 5, 0, tzinfo=ZONE)
    plays = [
        an_airing(n, start + timedelta(days=n), zones=("ban-lang",) if n < 4 else ("cho",)) for n in range(8)
    ]
    assert [(series.first.zones, series.count) for series in series_of(plays)] == [
        (["ban-lang"], 4),
        (["cho"], 4),
    ]


def test_vietnamese_letters_lose_their_marks_and_nothing_else() -> None:
    assert ascii_folded("Đài Truyền thanh xã Trường Xuân: “Dịch vụ công”") == (
        "dai-truyen-thanh-xa-truong-xuan-dich-vu-cong"
    )


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/x",
        "../x",
        "a/../b",
        "a//b",
        "a\\b",
        "C:/x",
        "a/.",
        "a/..",
        ".x",
        "con",
        "a/NUL.mp3",
        "x.",
        "é",
        "a b",
        "a:b",
    ],
)
def test_paths_that_no_package_has(path: str) -> None:
    assert not is_safe_path(path)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Đài xã Trung Hạ", "xa-trung-ha"),
        ("Đài Truyền thanh xã Trung Sơn", "xa-trung-son"),
        ("Trạm phát thanh Bản Lang", "ban-lang"),
        ("Đài Thanh Xuân", "thanh-xuan"),
        ("Đài", "dai"),
        ("Con", "tram-con"),
        ("…", "tram"),
    ],
)
def test_a_stations_code_is_made_of_what_tells_it_from_others(name: str, code: str) -> None:
    assert code_of(name) == code


def a_zip(contents: dict[str, bytes]) -> tuple[bytes, Manifest]:
    import hashlib

    files = [
        FileEntry(path=p, sha256=hashlib.sha256(c).hexdigest(), size=len(c)) for p, c in contents.items()
    ]
    manifest = Manifest(
        kind="full", revision=1, made_at=datetime(2026, 11, 22, tzinfo=UTC), base=None,
        station=Recipient(code="xa", name="", player="loa", timezone="UTC", zones=[], public_key=None),
        sender=Sender(name="", public_key=to_text(KEY.public), fingerprint=fingerprint(KEY.public)),
        from_on=date(2026, 12, 1), until_on=date(2026, 12, 31), audio=[], plays=[], rules=[], unplaced=[],
        sheet_of="0" * 64, shared_files=files, own_files=[],
    )  # fmt: skip
    text = manifest.to_bytes()
    kept = io.BytesIO()
    parts = [(OWN, manifest.own_text()), (MANIFEST, manifest.shared_text())]
    write_archive(kept, [*parts, (SIGNATURE, KEY.sign(text)), *contents.items()])
    return kept.getvalue(), manifest


@given(st.dictionaries(st.sampled_from(["a.mp3", "b/c.mp3", "d"]), st.binary(max_size=2000)))
def test_a_zip_reads_back_here_and_in_any_unzip(contents: dict[str, bytes]) -> None:
    packed, manifest = a_zip(contents)
    reader = ArchiveReader(io.BytesIO(packed))
    assert reader.head()[0] == manifest.to_bytes()
    found = {}
    reader.files(manifest, lambda name, chunks: found.__setitem__(name, b"".join(chunks)))
    assert found == contents
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in contents} == contents


@given(at=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_no_bit_of_a_zip_can_change_unseen(at: int, bit: int) -> None:
    changed = bytearray(PACKED[0])
    changed[at % len(changed)] ^= 1 << bit
    with pytest.raises(PackageProblem):
        _take(bytes(changed))


@given(st.integers(0, 10**6))
def test_a_zip_that_was_cut_off_is_noticed(at: int) -> None:
    with pytest.raises(PackageProblem):
        _take(PACKED[0][: at % len(PACKED[0])])


def _take(packed: bytes) -> None:
    """As verification reads it: head, then files, each by its hash."""
    import hashlib

    from audio.packages.errors import FileChangedProblem, SignatureProblem
    from audio.packages.signature import is_signed

    reader = ArchiveReader(io.BytesIO(packed))
    text, signature = reader.head()
    if not is_signed(text, signature, KEY.public):
        raise SignatureProblem
    manifest = read_manifest(text)
    listed = {file.path: file.sha256 for file in manifest.files}

    def take(name: str, chunks: Any) -> None:
        if hashlib.sha256(b"".join(chunks)).hexdigest() != listed[name]:
            raise FileChangedProblem(path=name)

    reader.files(manifest, take)


PACKED = a_zip({"a.mp3": b"sound" * 50, "b/c.mp3": b"other" * 20})


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 2)), max_size=40))
def test_series_hold_every_airing_exactly_once(days: list[tuple[int, int]]) -> None:
    start = datetime(2026, 12, 1, 6, 30, tzinfo=ZONE)
    plays = [
        PlayEntry(
            id=n, kind="first", title=f"t{title}", starts_at=start + timedelta(days=day), length_ms=1000,
            audio_sha256="0" * 64, zones=[], session=None, bulletin_class="normal", timing="soft", make_good_for=None,
        )
        for n, (day, title) in enumerate(days)
    ]  # fmt: skip
    laid = [
        (series.first.title, series.first.starts_at + timedelta(days=series.every_days * k))
        for series in series_of(plays)
        for k in range(series.count)
    ]
    assert sorted(laid) == sorted((play.title, play.starts_at) for play in plays)
    assert all(series.count == 1 or series.count >= 3 for series in series_of(plays))


def test_a_key_comes_back_from_its_text(tmp_path: Path) -> None:
    again = SigningKey.from_pem(KEY.pem())
    assert again.public == KEY.public
    assert again.sign(b"x") == KEY.sign(b"x")


def test_nothing_on_the_wall_sheet_runs_off_the_paper_and_a_day_is_named_on_both_its_pages() -> None:
    from pypdf import PdfReader

    from audio.packages import sheet_pdf
    from audio.packages.sheet import Sheet, SheetLine

    station = "Đài truyền thanh xã vùng cao biên giới Trung Hạ, " * 3 + "trạm số 2"
    lines = [
        SheetLine(time=f"{5 + n // 6:02d}:{n % 6}0", title=f"Tin {n}", kind="Phát mới", minutes=1, file="001")
        for n in range(100)
    ]
    made = Sheet(
        station=station,
        sender="Trung tâm",
        period="Tháng 12/2026",
        days=[("Thứ Ba, 01/12/2026", lines)],
        rules=[],
        warnings=[],
    )
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(sheet_pdf.pdf(made))).pages]
    assert len(pages) == 2
    for page in pages:
        assert " ".join(station.split()) in " ".join(page.split())
        longest = max(page.splitlines(), key=len)
        assert len(longest) < 110
    assert "Thứ Ba, 01/12/2026 (tiếp)" in pages[1]
    assert "(tiếp)" not in pages[0]


@pytest.mark.parametrize(
    ("from_on", "until_on", "words"),
    [
        (date(2026, 12, 1), date(2026, 12, 31), "Tháng 12/2026"),
        (date(2027, 2, 1), date(2027, 2, 28), "Tháng 02/2027"),
        (date(2026, 12, 1), date(2026, 12, 28), "Từ 01/12/2026 đến 28/12/2026"),
        (date(2026, 12, 1), date(2027, 12, 31), "Từ 01/12/2026 đến 31/12/2027"),
    ],
)
def test_the_wall_sheet_is_headed_by_the_month_only_where_it_holds_all_of_it(
    from_on: date, until_on: date, words: str
) -> None:
    assert period_words(from_on, until_on) == words


def test_a_word_that_is_longer_than_the_column_goes_on_in_the_next_line() -> None:
    from reportlab.pdfbase.pdfmetrics import stringWidth

    from audio.packages import sheet_pdf

    sheet_pdf._fonts()
    title = "Xem https://chinhphu.vn/" + "van-ban/" * 30 + " nhé"
    lines = sheet_pdf._wrapped(title)
    assert all(stringWidth(line, sheet_pdf.REGULAR, 10) <= sheet_pdf.TITLE_WIDTH for line in lines)
    assert "".join(lines).replace(" ", "") == title.replace(" ", "")
    assert sheet_pdf._wrapped("Tin ngắn") == ("Tin ngắn",)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_every_title_stands_in_a_rundown_that_xml_programs_read(title: str) -> None:
    from xml.etree import ElementTree as Tree

    from audio.packages.playlists import xspf

    plays = [replace(an_airing(1, datetime(2026, 12, 1, 5, 0, tzinfo=ZONE)), title=title)]
    manifest = replace(PACKED[1], plays=plays, sender=replace(PACKED[1].sender, name=title))
    tree = Tree.fromstring(xspf(manifest, {1: "audio/001.mp3"}))
    found = tree.find(".//{http://xspf.org/ns/0/}trackList//{http://xspf.org/ns/0/}title")
    assert found is not None
    told = [letter for letter in "".join((found.text or "").split()) if letter.isprintable()]
    assert told == [letter for letter in "".join(title.split()) if letter.isprintable()]
