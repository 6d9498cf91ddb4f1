"""The event log: every decision in it, and nothing in the evidence can change unseen."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError

import audio.models  # noqa: F401 - its tables are sealed too
import scheduler.stations  # noqa: F401
from content import approval
from content.audit import AnchorError, Verdict, verify
from content.events import Event, head, record, seal
from content.items import add_item
from content.models import Approval, Item, Script
from content.script_versions import save_version
from content.station import Station
from scheduler.models import AsRun

NOW = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)
MakeStation = Callable[..., Station]


def approved_item(station: Station, words: str = "xin chào bà con") -> int:
    with station.decide() as session:
        item = add_item(session, title=f"Tin {words}", text=words, now=NOW, person="lan")
        save_version(
            session,
            item,
            sentences=[{"text": words, "spoken": words, "pause_after_ms": 300, "span": None}],
            unknowns=[],
            estimated_ms=1000,
            now=NOW,
            person="lan",
        )
        approval.submit(session, item, "lan", now=NOW)
        approval.approve(session, item, "hoa", config=station.config, now=NOW)
        return item.id


def air(station: Station, title: str = "Bản tin", outcome: str = "aired") -> int:
    with station.decide() as session:
        entry = AsRun(
            kind="play", title=title, zones=["toan-phuong"], started_at=NOW, ended_at=NOW, heard_ms=1000,
            outcome=outcome, output="main",
        )  # fmt: skip
        session.add(entry)
        session.flush()
        return entry.id


@pytest.fixture
def station(new_station: MakeStation) -> Station:
    station = new_station()
    approved_item(station)
    approved_item(station, "phòng chống bão")
    for number in range(3):
        air(station, f"Lượt {number}")
    return station


def audit(station: Station, **settings: str) -> Verdict:
    with station.read() as session:
        return verify(session, **settings)


def meddle(station: Station, *statements: str) -> None:
    """Write into the database file past Loa, as somebody with a database tool would."""
    with closing(sqlite3.connect(station.folder / "loa.sqlite3")) as connection:
        connection.execute("DROP TRIGGER IF EXISTS events_no_update")
        connection.execute("DROP TRIGGER IF EXISTS events_no_delete")
        for statement in statements:
            assert connection.execute(statement).rowcount > 0
        connection.commit()


def test_an_untouched_station_is_whole(station: Station) -> None:
    verdict = audit(station)
    assert verdict.whole, verdict.breaks
    assert verdict.rows == 2 + 2 + 2 + 3  # items, scripts, approvals, as-run


def test_a_decision_that_is_rolled_back_leaves_no_entry(station: Station) -> None:
    before = audit(station).events
    with pytest.raises(RuntimeError), station.decide() as session:
        record(session, action="plan.built", subject="plans:1", person="lan")
        raise RuntimeError
    assert audit(station).events == before


def test_the_database_itself_refuses_to_change_the_log(station: Station) -> None:
    for statement in (
        "UPDATE events SET person = 'x' WHERE number = 1",
        "DELETE FROM events WHERE number = 1",
    ):
        with pytest.raises(IntegrityError, match="append-only"), station.decide() as session:
            session.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "kind", "where"),
    [
        ("UPDATE events SET person = 'ai đó' WHERE number = 3", "altered", "events:3"),
        ("UPDATE events SET detail = '{}' WHERE number = 2", "altered", "events:2"),
        ("UPDATE events SET at = '2020-01-01 00:00:00' WHERE number = 2", "altered", "events:2"),
        ("UPDATE events SET at = 'hôm qua' WHERE number = 2", "altered", "events:2"),
        ("DELETE FROM events WHERE number = 2", "gap", "events:2"),
        ("DELETE FROM events WHERE number = (SELECT max(number) FROM events)", "tail", None),
        ("UPDATE scripts SET sentences = replace(sentences, 'xin', 'khong') WHERE id = 1", "row-altered", "scripts:1"),
        ("UPDATE scripts SET created_by = 'ai đó' WHERE id = 2", "row-altered", "scripts:2"),
        ("UPDATE approvals SET person = 'ai đó' WHERE id = 1", "row-altered", "approvals:1"),
        ("DELETE FROM approvals WHERE id = 2", "row-removed", "approvals:2"),
        ("UPDATE as_run SET outcome = 'missed' WHERE id = 3", "row-altered", "as_run:3"),
        ("UPDATE as_run SET started_at = 'sáng nay' WHERE id = 3", "row-altered", "as_run:3"),
        ("DELETE FROM as_run WHERE id = 1", "row-removed", "as_run:1"),
        (
            ("INSERT INTO as_run (id, kind, title, zones, heard_ms, outcome, output, simulated)"
            " SELECT 99, kind, title, zones, heard_ms, outcome, output, simulated FROM as_run WHERE id = 1"),
            "row-unsealed", "as_run:99",
        ),
    ],
)  # fmt: skip
def test_meddling_is_found_and_named(station: Station, statement: str, kind: str, where: str | None) -> None:
    meddle(station, statement)
    verdict = audit(station)
    assert not verdict.whole
    first = verdict.breaks[0]
    assert first.kind == kind
    assert where is None or first.where == where


def test_every_single_cell_of_the_evidence_counts(station: Station) -> None:
    tables = ("events", "scripts", "approvals", "as_run")
    for table in tables:
        with closing(sqlite3.connect(station.folder / "loa.sqlite3")) as connection:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            key = "number" if table == "events" else "id"
            connection.execute("DROP TRIGGER IF EXISTS events_no_update")
            connection.execute("PRAGMA ignore_check_constraints=ON")
            for column in columns:
                if column == key:
                    continue
                (kept,) = connection.execute(
                    f"SELECT {column} FROM {table} ORDER BY 1 LIMIT 1 OFFSET 1"
                ).fetchone()
                (number,) = connection.execute(f"SELECT max({key}) FROM {table}").fetchone()
                (kept,) = connection.execute(
                    f"SELECT {column} FROM {table} WHERE {key} = {number}"
                ).fetchone()
                other = 7 if isinstance(kept, int) and not isinstance(kept, bool) else '["khác"]'
                connection.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = {number}", (other,))
                connection.commit()
                assert not audit(station).whole, f"{table}.{column}"
                connection.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = {number}", (kept,))
                connection.commit()
    assert audit(station).whole


def test_a_log_written_anew_from_end_to_end_is_found_by_an_earlier_check_code(station: Station) -> None:
    from content.events import GENESIS, event_sha256

    code = audit(station).anchor
    with station.read() as session:
        entries = [
            (e.number, e.at, e.person, e.action, e.subject, e.detail) for e in session.scalars(select(Event))
        ]
    statements = []
    previous = GENESIS
    for number, at, person, action, subject, detail in sorted(entries):
        name = "ai đó" if person == "hoa" else person
        sha256 = event_sha256(number, at, name, action, subject, detail, previous)
        statements.append(
            f"UPDATE events SET person = '{name}', previous_sha256 = '{previous}', sha256 = '{sha256}' WHERE number = {number}"
        )
        previous = sha256
    meddle(station, *statements, f"UPDATE event_head SET sha256 = '{previous}'")
    assert audit(station).whole
    assert [b.kind for b in audit(station, anchor=code).breaks] == ["anchor"]


def test_an_earlier_check_code_still_holds_when_the_log_has_grown(station: Station) -> None:
    code = audit(station).anchor
    air(station)
    assert audit(station, anchor=code).whole
    assert audit(station, anchor=code[: code.index(":") + 17]).whole


@pytest.mark.parametrize("code", ["", "abc", "12", "12:xyz", "-1:0123456789abcdef", "9999:0123456789abcdef"])
def test_a_check_code_that_is_none_is_refused_and_one_from_the_future_is_a_break(
    station: Station, code: str
) -> None:
    if code.startswith("9999"):
        assert audit(station, anchor=code).breaks[0].kind == "anchor"
    elif code:
        with pytest.raises(AnchorError):
            audit(station, anchor=code)
    else:
        assert audit(station, anchor=code).whole


def test_rows_changed_by_statements_are_sealed_as_well(station: Station) -> None:
    with station.decide() as session:
        session.execute(update(AsRun).where(AsRun.id == 1).values(reason="mất điện"))
    assert audit(station).whole
    with station.decide() as session:
        session.execute(delete(AsRun).where(AsRun.id == 2))
    assert audit(station).whole
    with station.decide() as session:
        session.execute(
            insert(AsRun),
            [
                {
                    "kind": "silence",
                    "title": "",
                    "zones": [],
                    "output": "main",
                    "heard_ms": 0,
                    "simulated": False,
                }
            ],
        )
    verdict = audit(station)
    assert verdict.whole, verdict.breaks
    assert verdict.rows == 2 + 2 + 2 + 3


def test_sealing_the_same_row_twice_in_a_transaction_writes_once(station: Station) -> None:
    before = audit(station).events
    with station.decide() as session:
        entry = AsRun(kind="play", title="x", zones=[], output="main", heard_ms=0)
        session.add(entry)
        seal(session, entry)
        seal(session, entry)
    assert audit(station).events == before + 1
    assert audit(station).whole


def test_detail_of_any_kind_of_text_is_kept(station: Station) -> None:
    odd = 'dòng 1\ndòng 2 "ngoặc" \u2028 \ud800 \x00 🎙 ệ'
    with station.decide() as session:
        record(
            session,
            action="item.edited",
            subject="items:1",
            person="Trần\nVăn",
            detail={"text": odd, "at": NOW},
        )
    with station.read() as session:
        entry = session.scalars(select(Event).order_by(Event.number.desc())).first()
        assert entry is not None
        assert json.loads(entry.detail)["at"] == "2026-12-01T02:00:00.000000+00:00"
        assert head(session) == (entry.number, entry.sha256)
    assert audit(station).whole


def test_what_is_undone_within_a_transaction_is_not_sealed(station: Station) -> None:
    before = audit(station).events
    with station.decide() as session:
        session.add(AsRun(kind="play", title="x", zones=[], output="main", heard_ms=0))
        session.flush()
        session.rollback()
    assert audit(station).events == before


def test_every_change_names_itself_and_who_made_it(station: Station) -> None:
    from content.audit import recent_events
    from content.items import edit_item, get_item
    from content.people import current_person

    with station.decide() as session:
        current_person(session, station.config, account="lan")
        edit_item(session, get_item(session, 1), {"title": "Tin khác"})
    air(station)
    with station.decide() as session:
        session.delete(session.get(AsRun, 1))
    with station.read() as session:
        newest = [(e["action"], e["subject"], e["person"]) for e in recent_events(session, limit=3)]
    assert newest == [
        ("as-run.removed", "as_run:1", ""),
        ("as-run.added", "as_run:4", ""),
        ("item.changed", "items:1", "lan"),
    ]


def test_two_writers_at_once_make_one_chain(station: Station) -> None:
    import threading

    failed: list[BaseException] = []

    def write(name: str) -> None:
        try:
            for _ in range(15):
                with station.decide() as session:
                    record(session, action="note.made", subject="station:1", person=name)
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    before = audit(station).events
    writers = [threading.Thread(target=write, args=(name,)) for name in ("a", "b", "c")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not failed
    verdict = audit(station)
    assert verdict.whole
    assert verdict.events == before + 45


def test_models_under_evidence_are_all_there() -> None:
    from content.events import SEALED
    from content.tables import Base

    assert set(Base.metadata.tables) >= SEALED
    assert {Item.__tablename__, Script.__tablename__, Approval.__tablename__, AsRun.__tablename__} <= SEALED
