"""Reports: the same sums everywhere, cells that are no formulas, files that stay in their folder."""

import csv
import io
import json
import random
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from docx import Document as read_docx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlalchemy import select, text

from content.config import ReportConfig
from content.models import Deadline, Document, Episode, EpisodePart, Item, Programme
from content.station import Station
from scheduler.exchange.communes import add as add_commune
from scheduler.models import AsRun, Play
from scheduler.reports.cells import ReportNameError, csv_cell, file_name
from scheduler.reports.due import due_reports
from scheduler.reports.form import blank_form
from scheduler.reports.letter import FormError, own_form, to_docx
from scheduler.reports.make import FORMATS, report_figures, write_report
from scheduler.reports.page import to_html
from scheduler.reports.period import (
    Period,
    PeriodError,
    half_year_period,
    month_period,
    quarter_period,
    range_period,
    year_period,
)
from scheduler.reports.sheet import to_xlsx
from scheduler.reports.tables import TABLES
from scheduler.stations import StationAsRun, StationReport

MakeStation = Callable[..., Station]
CUT = ReportConfig()
NOW = datetime(2026, 12, 15, 3, tzinfo=UTC)
ZONES = ["toan-phuong", "khu-2"]
NASTY = [
    '=HYPERLINK("http://x","bấm")',
    "+1+1",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "＝1+1",
    "=cmd|' /C calc'!A0",
    " =1",
    "dòng\x00\x0b\ud800",
]


def fill(station: Station, seed: int, rows: int = 120) -> None:
    """Random rows of every kind and outcome around December 2026, with nasty titles among them."""
    chance = random.Random(seed)
    with station.decide() as session:
        episodes = []
        for number in range(6):
            programme = None
            if number < 4:
                programme = Programme(
                    title=chance.choice([*NASTY[:4], f"Chuyên mục {number}"]), topic=chance.choice([None, "Y tế", NASTY[0]]),
                    lead_unit=chance.choice([None, "Công an", NASTY[6]]), status="active", new_per_month=1,
                    min_replays_per_month=2, rules={}, priority=3, created_at=NOW, target_length_ms=1, rule_text=NASTY[2],
                )  # fmt: skip
                session.add(programme)
                session.flush()
            item = Item(
                title="Tin", text="Tin", status="approved", created_at=NOW, lead_units=[], partner_units=[],
                bulletin_class=chance.choice(["normal", "priority", "emergency"]),
            )  # fmt: skip
            episode = Episode(
                programme_id=programme.id if programme else None, month="2026-12" if programme else None, number=1 + number,
                title=f"Số {number}", created_at=NOW,
            )  # fmt: skip
            session.add(item)
            session.flush()
            episode.parts.append(EpisodePart(position=1, item=item))
            session.add(episode)
            episodes.append(episode)
        session.flush()
        for _ in range(rows):
            at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(60 * 86_400))
            kind = chance.choice(["play"] * 6 + ["relay", "interrupt", "filler", "silence"])
            outcome = chance.choice(["aired"] * 5 + ["partial", "missed", "displaced", None])
            play = None
            if kind == "play" and chance.random() < 0.9:
                play = Play(
                    episode_id=chance.choice(episodes).id, kind=chance.choice(["first", "replay"]), starts_at=at, length_ms=1,
                    zones=ZONES[:1], status="aired", created_at=at,
                )  # fmt: skip
                session.add(play)
                session.flush()
            session.add(
                AsRun(
                    play_id=play.id if play else None, kind=kind, title=chance.choice([*NASTY[:8], "Bản tin"]),
                    zones=chance.choice([ZONES[:1], ZONES, []]), planned_at=at, heard_ms=chance.randrange(600_000),
                    started_at=None if outcome == "missed" else at, outcome=outcome, output="main",
                    reason=chance.choice([None, *NASTY[:3]]), who=chance.choice([None, NASTY[3]]),
                    simulated=chance.random() < 0.2,
                )
            )  # fmt: skip


def counted(station: Station, period: Period) -> dict[str, int]:
    """The same sums, asked of the database in plain SQL."""
    start = datetime.combine(period.from_on, time(), station.tz).astimezone(UTC).replace(tzinfo=None)
    end = (
        datetime.combine(period.until_on + timedelta(days=1), time(), station.tz)
        .astimezone(UTC)
        .replace(tzinfo=None)
    )
    sql = """
        SELECT count(*) FILTER (WHERE a.outcome = 'aired') AS airings,
               count(*) FILTER (WHERE a.outcome = 'aired' AND a.kind = 'play' AND p.kind = 'first') AS first,
               count(*) FILTER (WHERE a.outcome = 'aired' AND a.kind = 'play' AND p.kind = 'replay') AS replays,
               count(*) FILTER (WHERE a.outcome = 'missed') AS missed,
               count(*) FILTER (WHERE a.outcome = 'partial') AS partial,
               count(*) FILTER (WHERE a.outcome = 'displaced') AS displaced,
               count(DISTINCT CASE WHEN a.outcome = 'aired' THEN p.episode_id END) AS episodes,
               coalesce(sum(a.heard_ms), 0) AS heard_ms
        FROM as_run a LEFT JOIN plays p ON p.id = a.play_id
        WHERE a.kind IN ('play', 'relay', 'interrupt') AND NOT a.simulated AND a.outcome IS NOT NULL
          AND coalesce(a.started_at, a.planned_at) >= :start AND coalesce(a.started_at, a.planned_at) < :end
    """
    with station.read() as session:
        row = session.execute(
            text(sql), {"start": f"{start:%Y-%m-%d %H:%M:%S.%f}", "end": f"{end:%Y-%m-%d %H:%M:%S.%f}"}
        ).one()
    return dict(row._mapping)


def summed(sheet: Any, heading: str) -> float:
    """What the formula at the foot of a column adds up, worked out from its own range."""
    columns = {cell.value: cell.column_letter for cell in sheet[3]}
    letter = columns[heading]
    formula = next(
        c.value for c in reversed(sheet[letter]) if isinstance(c.value, str) and c.value.startswith("=SUM(")
    )
    return sum(cell.value for (cell,) in sheet[formula[5:-1]])


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**6))
def test_sums_in_the_sheet_are_those_in_json_and_those_of_plain_sql(
    new_station: MakeStation, seed: int
) -> None:
    station = new_station(f"station{seed}-{random.random()}")
    fill(station, seed)
    period = month_period("2026-12", CUT)
    found = report_figures(station, period, now=NOW)
    truth = counted(station, period)
    assert {key: found["totals"][key] for key in truth} == truth
    for table in TABLES:
        if table.key == "by_zone":
            continue  # an airing in two zones stands in two lines
        for key in ("airings", "first", "replays", "missed", "partial", "displaced", "heard_ms"):
            assert sum(row[key] for row in found[table.key]) == truth[key], (table.key, key)
    book = load_workbook(io.BytesIO(to_xlsx(found)))
    if found["by_programme"]:
        for table in TABLES:
            sheet = book[table.sheet]
            if table.key != "by_zone":
                assert summed(sheet, "Lượt phát") == truth["airings"]
                assert summed(sheet, "Phát lại") == truth["replays"]
                assert summed(sheet, "Thời lượng (phút)") == pytest.approx(truth["heard_ms"] / 60_000)
    assert sum(d["aired"] for d in found["by_day"]) == truth["airings"]
    assert len(found["not_aired"]) == truth["missed"] + truth["partial"] + truth["displaced"]


def test_simulated_rows_are_reported_only_when_asked_for_and_say_so(new_station: MakeStation) -> None:
    station = new_station()
    fill(station, 1)
    period = month_period("2026-12", CUT)
    real, simulated = (report_figures(station, period, now=NOW, simulated=flag) for flag in (False, True))
    assert 0 < simulated["totals"]["airings"] < real["totals"]["airings"]
    assert "MÔ PHỎNG" in "\n".join(
        p.text for p in read_docx(io.BytesIO(to_docx(simulated, station.config))).paragraphs
    )
    assert b"m\xc3\xb4 ph\xe1\xbb\x8fng" in to_html(simulated)


def test_no_cell_of_a_sheet_or_csv_can_be_a_formula_from_outside(new_station: MakeStation) -> None:
    station = new_station()
    fill(station, 3, rows=400)
    found = report_figures(station, month_period("2026-12", CUT), now=NOW)
    assert any(row["name"].startswith("=") for row in found["by_topic"])
    book = load_workbook(io.BytesIO(to_xlsx(found)))
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    assert str(cell.value).startswith(("=SUM(", "='Chuyên mục'!$")), cell.value
    from scheduler.reports.csv_file import to_csv

    for line in csv.reader(io.StringIO(to_csv(found).decode("utf-8-sig"))):
        for value in line:
            try:
                float(value)
            except ValueError:
                assert not value.strip().startswith(("=", "+", "-", "@", "＝", "\t")), value


@given(st.text(max_size=40))
def test_a_csv_cell_never_begins_as_a_formula(value: str) -> None:
    assert not csv_cell(value).lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "../x",
        "..",
        "a/b",
        "a\\b",
        "C:x",
        "/etc/x",
        "con",
        "NUL.txt",
        "x\ny",
        "x\x00",
        ".ẩn",
        "a" * 200,
        "a*",
        "x. ",
    ],
)
def test_a_report_name_is_a_name_and_no_path(name: str, tmp_path: Path) -> None:
    with pytest.raises(ReportNameError):
        file_name(name, ".docx")


@given(st.text(max_size=30))
def test_whatever_the_name_the_file_stays_in_its_folder(name: str) -> None:
    try:
        made = file_name(name, ".csv")
    except ReportNameError:
        return
    folder = Path("/bao-cao")
    assert (folder / made).resolve().parent == folder
    assert (folder / made).name == made


def test_reports_are_written_whole_and_noted(new_station: MakeStation, tmp_path: Path) -> None:
    station = new_station()
    fill(station, 5)
    found = report_figures(station, month_period("2026-12", CUT), now=NOW)
    paths = write_report(station, found, FORMATS, person="lan", out=tmp_path / "ra")
    assert sorted(p.name for p in paths) == [f"bao-cao-thang-2026-12.{kind}" for kind in sorted(FORMATS)]
    assert (
        json.loads(next(p for p in paths if p.suffix == ".json").read_text("utf-8"))["totals"]
        == found["totals"]
    )
    with pytest.raises(ReportNameError):
        write_report(station, found, ("csv",), person="lan", out=tmp_path / "ra", name="../../thoat")
    assert not list(tmp_path.glob("thoat*"))
    from content.audit import recent_events

    with station.read() as session:
        made = [e for e in recent_events(session) if e["action"] == "report.made"]
    assert len(made) == len(FORMATS)


def test_the_letter_has_the_form_and_the_figures(new_station: MakeStation) -> None:
    station = new_station()
    fill(station, 7)
    found = report_figures(station, month_period("2026-12", CUT), now=NOW)
    document = read_docx(io.BytesIO(to_docx(found, station.config)))
    words = "\n".join(p.text for p in document.paragraphs)
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    assert "BÁO CÁO" in words
    assert "tháng 12 năm 2026" in words
    assert "15/11/2026" in words
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in " ".join(cells)
    assert any("Nơi nhận" in cell for cell in cells)
    assert "{{" not in words + "".join(cells)
    assert "{%" not in words + "".join(cells)
    total = f"{found['totals']['airings']:,}".replace(",", ".")
    assert total in cells
    assert {run.font.name for p in document.paragraphs for run in p.runs} <= {None, "Times New Roman"}
    assert document.styles["Normal"].font.name == "Times New Roman"


def test_a_station_may_change_its_form_and_a_broken_one_is_told(new_station: MakeStation) -> None:
    station = new_station()
    found = report_figures(station, year_period(2026, CUT), now=NOW)
    path = own_form(station.folder)
    path.parent.mkdir()
    form = read_docx(io.BytesIO(blank_form()))
    form.paragraphs[-1].add_run(" ĐÃ SỬA {{ station }}")
    form.save(str(path))
    assert "ĐÃ SỬA" in read_docx(io.BytesIO(to_docx(found, station.config, path))).paragraphs[-1].text
    for broken in (b"", b"PK khong phai", _with(blank_form(), "{{ closing }}", "{{ closing | khong_co }}"), _with(blank_form(), "{{ closing }}", "{{ ''.__class__.__mro__ }}")):  # fmt: skip
        path.write_bytes(broken)
        with pytest.raises(FormError, match="shipped"):
            to_docx(found, station.config, path)


def _with(form: bytes, old: str, new: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(form)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "word/document.xml":
                assert old.encode() in content
                content = content.replace(old.encode(), new.encode())
            target.writestr(name, content)
    return out.getvalue()


def test_the_shipped_form_is_the_one_that_the_code_makes() -> None:
    from importlib.resources import files

    shipped = zipfile.ZipFile(io.BytesIO(Path(str(files("scheduler.reports")), "bao-cao.docx").read_bytes()))
    made = zipfile.ZipFile(io.BytesIO(blank_form()))
    assert shipped.read("word/document.xml") == made.read("word/document.xml")


def test_the_page_holds_no_markup_from_outside_and_needs_nothing_else(new_station: MakeStation) -> None:
    station = new_station()
    with station.decide() as session:
        at = datetime(2026, 12, 1, tzinfo=UTC)
        session.add(AsRun(kind="interrupt", title="<script>alert(1)</script>", zones=['"><img src=x>'], started_at=at, heard_ms=1, outcome="aired", output="main", who="&<b>"))  # fmt: skip
    page = to_html(report_figures(station, month_period("2026-12", CUT), now=NOW)).decode()
    assert "<script" not in page
    assert "<img" not in page
    assert "http" not in page
    assert page.count("<svg") == 2
    assert page.count("<rect") >= 30


@pytest.mark.parametrize(
    ("period", "from_on", "until_on", "due_on"),
    [
        (month_period("2026-12", CUT), (2026, 11, 15), (2026, 12, 14), (2026, 12, 15)),
        (month_period("2026-01", CUT), (2025, 12, 15), (2026, 1, 14), (2026, 1, 15)),
        (month_period("2026-12", CUT, calendar=True), (2026, 12, 1), (2026, 12, 31), (2027, 1, 15)),
        (half_year_period(2026, 1, CUT), (2025, 12, 15), (2026, 6, 14), (2026, 6, 15)),
        (half_year_period(2026, 2, CUT), (2026, 6, 15), (2026, 12, 14), (2026, 12, 15)),
        (quarter_period(2026, 4, CUT), (2026, 9, 15), (2026, 12, 14), (2026, 12, 15)),
        (year_period(2026, CUT), (2025, 12, 15), (2026, 12, 14), (2026, 12, 15)),
        (
            year_period(2026, ReportConfig(cut_off_day=28, due_day=5)),
            (2025, 12, 29),
            (2026, 12, 28),
            (2027, 1, 5),
        ),
    ],
)
def test_periods_follow_the_cut_off_of_decree_09_2019(
    period: Period, from_on: Any, until_on: Any, due_on: Any
) -> None:
    assert (period.from_on, period.until_on, period.due_on) == (
        date(*from_on),
        date(*until_on),
        date(*due_on),
    )


@given(st.integers(1971, 2198), st.integers(1, 28))
def test_the_months_of_a_year_follow_each_other_without_gap_or_overlap(year: int, cut_off_day: int) -> None:
    cut = ReportConfig(cut_off_day=cut_off_day)
    months = [month_period(f"{year}-{number:02d}", cut) for number in range(1, 13)]
    whole = year_period(year, cut)
    assert (months[0].from_on, months[-1].until_on) == (whole.from_on, whole.until_on)
    for before, after in pairwise(months):
        assert after.from_on == before.until_on + timedelta(days=1)


def test_a_range_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(PeriodError):
        range_period(date(2026, 12, 2), date(2026, 12, 1))


def test_reports_are_due_as_the_document_asks_until_they_are_made(new_station: MakeStation) -> None:
    station = new_station()
    with station.decide() as session:
        document = Document(
            source="cv.txt", sha256="0" * 64, text_sha256="0" * 64, format="txt", kind="Công văn", number="12/UBND",
            clean_text="", facts={}, imported_at=datetime(2026, 10, 1, tzinfo=UTC),
        )  # fmt: skip
        session.add(document)
        session.flush()
        for every, day in (("month", 14), ("6 months", None), ("year", 31), ("ad hoc", None)):
            session.add(Deadline(document_id=document.id, text=f"báo cáo {every}", every=every, day=day))

    def due(today: date) -> dict[str, tuple[str | None, str | None]]:
        with station.read() as session:
            return {
                r["every"]: (r["due_on"], r["command"]) for r in due_reports(session, station.config, today)
            }

    assert due(date(2026, 12, 1)) == {
        "month": ("2026-11-14", "loa report month 2026-11"),
        "6 months": ("2026-12-15", "loa report half-year 2026 2"),
        "year": ("2026-12-31", "loa report year 2026"),
        "ad hoc": (None, None),
    }
    write_report(
        station, report_figures(station, month_period("2026-11", CUT), now=NOW), ("json",), person="lan"
    )
    assert due(date(2026, 12, 1))["month"] == ("2026-12-14", "loa report month 2026-12")
    assert due(date(2027, 1, 2))["month"] == ("2026-12-14", "loa report month 2026-12")


def test_a_report_written_in_the_middle_of_its_period_does_not_clear_what_is_due(
    new_station: MakeStation,
) -> None:
    station = new_station()
    with station.decide() as session:
        document = Document(
            source="cv.txt", sha256="0" * 64, text_sha256="0" * 64, format="txt", kind="Công văn", number="12/UBND",
            clean_text="", facts={}, imported_at=datetime(2026, 12, 1, tzinfo=UTC),
        )  # fmt: skip
        session.add(document)
        session.flush()
        session.add(Deadline(document_id=document.id, text="báo cáo", every="month", day=14))

    def made_on(day: int) -> str | None:
        now = datetime(2026, 12, day, 3, tzinfo=UTC)
        write_report(
            station, report_figures(station, month_period("2026-12", CUT), now=now), ("json",), person="lan"
        )
        with station.read() as session:
            (line,) = due_reports(session, station.config, now.date())
        return line["due_on"]

    assert made_on(3) == "2026-12-14", "a look at the figures so far"
    assert made_on(13) == "2027-01-14", "the one that was asked for, a day early"


def test_what_commune_stations_sent_back_is_counted_by_station_and_kind_of_airing(
    new_station: MakeStation,
) -> None:
    station = new_station()
    fill(station, 7)
    at = datetime(2026, 12, 3, tzinfo=UTC)
    with station.decide() as session:
        play = session.scalars(select(Play).where(Play.kind == "replay")).first()
        assert play is not None
        commune = add_commune(session, name="Đài xã Trung Hạ", code=None, now=NOW)
        session.flush()
        sent = StationReport(station_id=commune.id, sha256="0" * 64, from_on=at.date(), until_on=at.date(), made_at=at, imported_at=at)  # fmt: skip
        session.add(sent)
        session.flush()
        session.add(
            StationAsRun(
                station_id=commune.id, report_id=sent.id, key="1", play_id=play.id, kind="play", title="x",
                started_at=at, heard_ms=60_000, outcome="aired", simulated=False,
            )
        )  # fmt: skip
    found = report_figures(station, month_period("2026-12", CUT), now=NOW)
    line = next(one for one in found["by_station"] if one["name"] == "Đài xã Trung Hạ")
    assert (line["airings"], line["replays"], line["minutes"]) == (1, 1, 1.0)
