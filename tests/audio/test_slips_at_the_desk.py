"""What a clerk types wrongly or in another order than thought of: told what to do, and nothing lost."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sound_files import house, speechlike, tone

import cli
from audio.models import EpisodeAudio
from audio.record import record_item, record_sentence
from audio.render import render_items
from content.approval import is_cleared
from content.items import current_script, get_item
from content.models import Item
from content.script_versions import save_version
from content.station import Station, default_config_text
from scheduler.daemon.feed import may_air

NOW = datetime(2026, 8, 3, 1, tzinfo=UTC)
SENTENCE = "Mời bà con theo dõi bản tin."


@pytest.fixture
def station(new_station: Callable[..., Station]) -> Station:
    return new_station(config=_config('["espeak"]'))


def _config(order: str) -> str:
    return default_config_text().replace('order = ["gtts", "espeak"]', f"order = {order}")


def add_item(station: Station) -> int:
    with station.decide() as session:
        item = Item(title="Tin", text=SENTENCE, created_at=NOW, status="draft")
        session.add(item)
        session.flush()
    write(station, item.id)
    return item.id


def write(station: Station, item_id: int, *texts: str) -> None:
    with station.decide() as session:
        sentences = [
            {"text": t, "spoken": t, "pause_after_ms": 300, "span": None} for t in texts or [SENTENCE]
        ]
        item = get_item(session, item_id)
        save_version(session, item, sentences=sentences, unknowns=[], estimated_ms=2500, now=NOW)


def run(station: Station, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.run(["--lang", "en", "-C", str(station.folder), *arguments])
    out, said = capsys.readouterr()
    return code, out, " ".join(said.split())


def approve(station: Station, capsys: pytest.CaptureFixture[str], number: str) -> None:
    path = station.folder / "config.toml"
    path.write_text(path.read_text("utf-8").replace("single_person = false", "single_person = true"), "utf-8")
    assert run(station, capsys, "item", "submit", number)[0] == 0
    approved = run(station, capsys, "item", "approve", number)
    assert approved[0] == 0, approved


@pytest.mark.parametrize("command", [("audio", "preview"), ("audio", "picture", "--out", "p.svg")])
@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("không có.mp3", "no item and no file that is there"),
        ("-1", "no item and no file that is there"),
        ("d" * 300, "the name is too long"),
        ("config.toml", "config.toml holds no sound that can be read"),
        (".", "no item and no file that is there"),
    ],
)
def test_what_is_no_item_and_no_sound_is_told(
    command: tuple[str, ...], what: str, told: str, station: Station, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(station.folder)
    code, _out, said = run(station, capsys, *command, "--", what)
    assert code == 1
    assert told in said


@pytest.mark.parametrize("out", ["sach.mp3", "sach", "tin.m4a"])
def test_a_wav_is_not_written_under_the_name_of_something_else(
    out: str, station: Station, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = str(tone(tmp_path / "tin.m4a", 2)), str(tmp_path / out)
    for command in (("audio", "clean", source), ("voice", "test", "espeak")):
        before = Path(source).read_bytes()
        code, _out, said = run(station, capsys, *command, "--out", target)
        assert (code, "must end in .wav" in said) == (1, True)
        assert Path(source).read_bytes() == before
    assert [path.name for path in tmp_path.glob("*.*")] == ["tin.m4a"]


def test_a_recording_is_never_replaced_by_its_own_cleaned_copy(
    station: Station, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = house(tmp_path / "ghi âm.wav", speechlike(2, -40))
    before = source.read_bytes()
    code, _out, said = run(station, capsys, "audio", "clean", str(source), "--out", str(source))
    assert (code, "would be lost" in said) == (1, True)
    assert source.read_bytes() == before


def test_an_address_that_is_not_https_is_told_as_such(
    station: Station, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "no https address" in run(station, capsys, "voice", "install", "http://example.org/a.onnx")[2]
    assert "there is no such file" in run(station, capsys, "voice", "install", "a.onnx")[2]


def test_an_item_that_names_another_voice_is_not_spoken_from_its_recording(
    new_station: Callable[..., Station], tmp_path: Path
) -> None:
    station = new_station(config=_config('["recording", "espeak"]'))
    item_id = add_item(station)
    record_item(station, item_id, house(tmp_path / "take.wav", speechlike(3)))
    assert render_items(station, [item_id], now=NOW).rendered[0].voice == "recording"
    with station.decide() as session:
        get_item(session, item_id).voice = "espeak"
    assert render_items(station, [item_id], now=NOW).rendered[0].voice == "espeak"


def test_a_check_repeats_what_only_the_taking_in_could_tell(
    station: Station, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    item_id = add_item(station)
    take = house(tmp_path / "loud.wav", speechlike(3, 6))
    record_item(station, item_id, take)
    write(station, item_id, "Mời bà con nghe bản tin.")
    render_items(station, [item_id], now=NOW)
    code, out, _said = run(station, capsys, "audio", "check", str(item_id), "--json")
    problems = json.loads(out)[0]["problems"]
    assert code == 1
    assert [any(part in one for one in problems) for part in ("clipped", "earlier version")] == [True, True]
    record_item(station, item_id, take)  # listened to again, and supplied for the words as they are now
    assert [flag["code"] for flag in render_items(station, [item_id], now=NOW).rendered[0].flags] == [
        "clipped"
    ]


def test_the_remedy_for_a_recording_that_nobody_approved_works_as_it_is_told(
    station: Station, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    item_id = add_item(station)
    number = str(item_id)
    approve(station, capsys, number)
    record_item(station, item_id, house(tmp_path / "take.wav", speechlike(3)))
    code, _out, said = run(station, capsys, "render", number)
    assert (code, "item approve ITEM --sound" in said) == (0, True)
    sound = render_items(station, [item_id], now=NOW).rendered[0].sha256

    def refusal() -> str:
        with station.read() as session:
            script = current_script(session, get_item(session, item_id))
            assert script is not None
            return str(is_cleared(session, script, sound, recording=True).reason or "")

    assert f"loa item approve {number} --sound" in refusal()
    assert run(station, capsys, "item", "approve", number, "--sound")[0] == 0
    assert refusal() == ""
    assert "--sound" not in run(station, capsys, "render", number)[2]


def test_no_person_is_heard_on_the_air_whom_nobody_approved_not_even_in_one_sentence(
    station: Station, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    item_id = add_item(station)
    number = str(item_id)
    write(station, item_id, SENTENCE, "Xin cảm ơn.")
    approve(station, capsys, number)
    assert run(station, capsys, "item", "approve", number, "--degraded-voice")[0] == 0

    def refusal() -> str | None:
        finished = render_items(station, [item_id], now=NOW).rendered[1]
        with station.read() as session:
            return may_air(session, session.query(EpisodeAudio).filter_by(sha256=finished.sha256).one())

    assert refusal() is None
    record_sentence(station, item_id, 2, house(tmp_path / "lạ.wav", speechlike(3)))
    assert f"loa item approve {number} --sound" in (refusal() or "")
    said = run(station, capsys, "render", number)[2]
    assert "item approve ITEM --sound" in said
    assert run(station, capsys, "item", "approve", number, "--sound")[0] == 0
    assert refusal() is None
