"""Documents in the store: known, corrected and never replaced; proposals accepted, refused, split."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

import cli
from content.documents import document_json, get_document, import_document, list_documents
from content.intake.errors import DocumentMissingError
from content.intake.folders import NoDocumentsError, documents_in
from content.models import Deadline, Document, Item, Programme
from content.review import (
    PassageNotFoundError,
    accept,
    difference,
    minutes_of,
    passage,
    proposals_of,
    refuse,
    split_item,
    split_points,
)
from content.station import Station

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NOW = datetime(2026, 3, 1, 1, 0, tzinfo=UTC)
Stations = Callable[..., Station]


def test_the_same_file_twice_is_known_and_proposes_nothing_again(new_station: Stations) -> None:
    station = new_station()
    first = import_document(station, EXAMPLES / "cong-van-chuyen-muc.txt", now=NOW)
    again = import_document(station, EXAMPLES / "cong-van-chuyen-muc.txt", now=NOW)
    assert (first.status, again.status, again.id) == ("new", "known", first.id)
    with station.read() as session:
        assert len(list_documents(session)) == 1
        assert len(session.scalars(select(Item)).all()) == first.items == 3


def test_the_same_text_in_another_file_format_is_the_same_document(new_station: Stations) -> None:
    station = new_station()
    first = import_document(station, EXAMPLES / "ke-hoach-dich-vu-cong.docx", now=NOW)
    other = import_document(station, EXAMPLES / "ke-hoach-dich-vu-cong.pdf", now=NOW)
    assert (other.status, other.id) == ("known", first.id)
    with station.read() as session:
        assert len(session.scalars(select(Item)).all()) == 3


def test_a_corrected_version_is_linked_and_shown_as_a_difference(
    new_station: Stations, tmp_path: Path
) -> None:
    station = new_station()
    source = (EXAMPLES / "ke-hoach-dang-uy.txt").read_text("utf-8")
    first = import_document(station, EXAMPLES / "ke-hoach-dang-uy.txt", now=NOW)
    changed = tmp_path / "ban-sua.txt"
    changed.write_text(source.replace("trước ngày 15/01/2026", "trước ngày 20/01/2026"), "utf-8")
    second = import_document(station, changed, now=NOW)
    assert (second.status, second.corrects_id) == ("corrected", first.id)
    with station.read() as session:
        earlier, later = get_document(session, first.id), get_document(session, second.id)
        assert "15/01/2026" in earlier.clean_text  # the first version stays
        lines = difference(earlier, later)
        assert any(line.startswith("-") and "15/01/2026" in line for line in lines)
        assert any(line.startswith("+") and "20/01/2026" in line for line in lines)


def test_programmes_carry_their_rules_and_items_of_a_notice_carry_their_own(new_station: Stations) -> None:
    station = new_station()
    import_document(station, EXAMPLES / "cong-van-chuyen-muc.txt", now=NOW)
    notice = import_document(station, EXAMPLES / "thong-bao-tiem-chung.txt", now=NOW)
    with station.read() as session:
        columns = {one.title: one for one in session.scalars(select(Programme))}
        law = columns["Chuyên mục “Pháp luật và đời sống”"]
        assert (law.new_per_month, law.min_replays_per_month, law.topic) == (8, 2, "Pháp luật và đời sống")
        (item,) = session.scalars(select(Item).where(Item.document_id == notice.id))
        assert item.kind == "notice"
        assert item.rules == {"campaigns": [{"from": "2026-06-05", "until": "2026-06-11", "min_per_day": 3}]}


def test_every_proposal_can_be_accepted_or_refused_and_stays_decided(new_station: Stations) -> None:
    station = new_station()
    done = import_document(station, EXAMPLES / "ke-hoach-phong-chay.txt", now=NOW)
    with station.decide() as session:
        waiting = proposals_of(session, get_document(session, done.id))
        assert (len(waiting.items), len(waiting.deadlines)) == (3, 2)
        accept(session, station, waiting.items[0], now=NOW, person="lan")
        refuse(waiting.items[1])
        for proposal in (*waiting.items[2:], *waiting.programmes, *waiting.deadlines):
            accept(session, station, proposal, now=NOW, person="lan")
    with station.read() as session:
        assert len(proposals_of(session, get_document(session, done.id))) == 0
        own = select(Item).where(Item.document_id == done.id).order_by(Item.id)
        assert [item.status for item in session.scalars(own)] == [
            "draft",
            "retired",
            "draft",
        ]
        assert {one.status for one in session.scalars(select(Deadline))} == {"accepted"}
        first = session.scalars(select(Item).order_by(Item.id)).first()
        assert first is not None
        assert len(first.scripts) == 1


def test_a_long_content_is_split_at_its_bullets_only(new_station: Stations, tmp_path: Path) -> None:
    bullets = [f"- Ý thứ {number}: " + "nội dung tuyên truyền cần đọc " * 20 + "." for number in range(8)]
    body = "\n".join(
        [
            "KẾ HOẠCH",
            "Tuyên truyền",
            "I. NỘI DUNG TUYÊN TRUYỀN",
            "1. Tuyên truyền về an toàn giao thông",
            *bullets,
        ]
    )
    path = tmp_path / "dai.txt"
    path.write_text(body, "utf-8")
    station = new_station()
    done = import_document(station, path, now=NOW)
    with station.decide() as session:
        (item,) = proposals_of(session, get_document(session, done.id)).items
        whole = item.text
        parts = split_item(session, item, 2.0)
        assert len(parts) > 1
        assert "\n".join(part.text for part in parts) == whole
        assert all(minutes_of(part.text) < 3.5 for part in parts)
        for part in parts:
            text = get_document(session, done.id).clean_text
            assert part.text.split("\n")[0] in text[part.span_start : part.span_end]


def test_a_short_content_is_not_split() -> None:
    assert split_points("- một\n- hai", 4.0) == ["- một\n- hai"]


def test_a_passage_is_found_by_its_label_and_by_its_fact(new_station: Stations) -> None:
    station = new_station()
    done = import_document(station, EXAMPLES / "ke-hoach-phong-chay.txt", now=NOW)
    with station.read() as session:
        document = get_document(session, done.id)
        assert passage(document, "III.2")[0].startswith("2/ Trang thông tin điện tử phường")
        assert passage(document, "signer")[0] == "Trần Quốc Hưng"
        with pytest.raises(PassageNotFoundError):
            passage(document, "IX.9")
        assert set(document_json(document)) >= {"id", "source", "sha256", "items", "citations"}
        assert "passages" not in document_json(document)


def test_folders_are_walked_and_other_files_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for name in ("b.txt", "a/c.docx", "a/d.exe", "a/~$c.docx", ".hidden.txt"):
        (tmp_path / name).write_bytes(b"x")
    assert [path.name for path in documents_in([tmp_path])] == ["c.docx", "b.txt"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(NoDocumentsError):
        documents_in([tmp_path / "empty"])
    with pytest.raises(DocumentMissingError):
        documents_in([tmp_path / "none"])


def run(station: Station, *arguments: str) -> int:
    return cli.run(["--lang", "en", "--config", str(station.folder), *arguments])


def test_the_command_line_takes_in_shows_and_accepts(
    new_station: Stations, capsys: pytest.CaptureFixture[str]
) -> None:
    station = new_station()
    assert run(station, "document", "import", str(EXAMPLES / "cong-van-chuyen-muc.txt"), "--json") == 0
    (entry,) = json.loads(capsys.readouterr().out)
    assert set(entry) == {"id", "source", "sha256", "status"}
    assert entry["status"] == "new"
    assert run(station, "document", "show", str(entry["id"]), "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["number"] == "318/VHTT"
    assert {
        "id",
        "source",
        "sha256",
        "kind",
        "items",
        "channels",
        "frequency_rules",
        "deadlines",
        "citations",
    } <= set(shown)
    assert run(station, "document", "show", "1", "--passage", "1-2") == 0
    assert capsys.readouterr().out.startswith("- Thông tin về lịch gieo cấy")
    assert run(station, "document", "review", "1", "--accept-all", "--json") == 0
    assert json.loads(capsys.readouterr().out)["accepted"] == 7
    assert run(station, "document", "list", "--json") == 0
    assert json.loads(capsys.readouterr().out)[0]["undecided"] == 0


def test_one_bad_file_among_many_is_told_and_the_others_are_in(
    new_station: Stations, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    station = new_station()
    (tmp_path / "rong.txt").write_bytes(b"")
    code = run(
        station,
        "document",
        "import",
        str(tmp_path / "rong.txt"),
        str(EXAMPLES / "giay-moi-hop.txt"),
        "--json",
    )
    told = capsys.readouterr()
    assert code == 1
    assert "rong.txt" in told.err
    assert [entry["source"] for entry in json.loads(told.out)] == ["giay-moi-hop.txt"]
    with station.read() as session:
        assert session.scalars(select(Document.source)).all() == ["giay-moi-hop.txt"]


def test_a_document_that_is_not_there_is_told_in_one_sentence(
    new_station: Stations, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(new_station(), "document", "show", "9") == 1
    assert "there is no document 9" in capsys.readouterr().err


def test_a_walk_through_the_proposals_keeps_every_answer_at_once(
    new_station: Stations, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    station = new_station()
    done = import_document(station, EXAMPLES / "ke-hoach-phong-chay.txt", now=NOW)
    answers = iter("arlq")
    monkeypatch.setattr("click.prompt", lambda *_words, **_settings: next(answers))
    assert run(station, "document", "review", str(done.id), "--json") == 0
    printed = capsys.readouterr().out
    assert json.loads(printed[printed.rindex("{") :]) == {"accepted": 1, "refused": 1}
    with station.read() as session:
        assert (
            len(proposals_of(session, get_document(session, done.id)))
            == done.items + done.programmes + done.deadlines - 2
        )


def test_an_edited_item_is_accepted_in_the_words_of_the_editor(
    new_station: Stations, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = new_station()
    done = import_document(station, EXAMPLES / "giay-moi-hop.txt", now=NOW)
    assert done.items == 0
    done = import_document(station, EXAMPLES / "canh-bao-lu.txt", now=NOW)
    answers = iter("eq")
    monkeypatch.setattr("click.prompt", lambda *_words, **_settings: next(answers))
    monkeypatch.setattr(
        "click.edit", lambda *_words, **_settings: "Tin lũ khẩn\n\nNước sông đang lên nhanh.\n"
    )
    assert run(station, "document", "review", str(done.id)) == 0
    with station.read() as session:
        (item,) = session.scalars(select(Item).where(Item.document_id == done.id))
        assert (item.title, item.text, item.status) == ("Tin lũ khẩn", "Nước sông đang lên nhanh.", "draft")
        assert item.kind == "urgent"
        assert item.bulletin_class == "priority"
