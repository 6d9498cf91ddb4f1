"""The plan to look at: days by sessions, a calendar month, HTML in one file, and PNG."""

import io
import re
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from click.testing import CliRunner
from PIL import Image

from cli import loa
from content.programmes import add_programme
from content.station import Station
from scheduler.models import Play
from scheduler.plan_view.board import month_board, week_board
from scheduler.plan_view.picture import TooHighError, as_html, as_png
from scheduler.station_plan import build

BEFORE = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
TITLES = ("Dịch vụ công", "Phòng cháy <script>alert(1)</script> [bold]", "Sức khỏe cộng đồng")


@pytest.fixture
def station(new_station: Callable[..., Station]) -> Station:
    opened = new_station()
    with opened.decide() as session:
        for title in TITLES:
            add_programme(session, title=title, now=BEFORE, new_per_month=1, min_replays_per_month=3)
    return opened


def planned(station: Station) -> tuple[Play, ...]:
    return build(station, from_on=date(2026, 12, 1), until_on=date(2026, 12, 31), now=BEFORE).plays


def test_every_play_stands_once_in_the_cell_of_its_day_and_session(station: Station) -> None:
    plays = planned(station)
    board = week_board(station.config, plays, date(2026, 12, 1), date(2026, 12, 31), str)
    cells = [cell for row in board.rows for cell in row.cells]
    assert sum(len(cell.entries) for cell in cells) == len(plays)
    assert board.columns == ("06:30–07:00", "17:00–17:30")
    for play in plays:
        begins = play.starts_at.astimezone(station.tz)
        cell = board.rows[begins.day - 1].cells[0 if begins.hour < 12 else 1]
        assert f"{begins:%H:%M}" in [entry.time for entry in cell.entries]
        assert not cell.shut
    assert board.rows[5].head == "Sun 06/12"
    assert all(cell.shut for cell in board.rows[5].cells)  # no session on Sundays


def test_a_play_outside_every_session_has_a_column_of_its_own(station: Station) -> None:
    play = planned(station)[0]
    play.starts_at = datetime(2026, 12, 2, 3, 0, tzinfo=UTC)
    board = week_board(station.config, [play], date(2026, 12, 1), date(2026, 12, 7), str)
    assert board.columns[-1] == "Outside the sessions"
    assert board.rows[1].cells[-1].entries[0].time == "10:00"


def test_the_calendar_has_every_day_of_the_month_under_its_weekday(station: Station) -> None:
    plays = planned(station)
    board = month_board(station.config, plays, date(2026, 12, 9), str)
    days = [cell.corner for row in board.rows for cell in row.cells if cell.corner]
    assert days == [str(day) for day in range(1, 32)]
    assert board.rows[0].cells[0].corner == ""
    assert board.rows[0].cells[1].corner == "1"  # 1 December 2026 is a Tuesday
    assert sum(len(cell.entries) for row in board.rows for cell in row.cells) == len(plays)


def test_the_html_needs_no_other_file_and_escapes_what_titles_hold(station: Station) -> None:
    html = as_html(month_board(station.config, planned(station), date(2026, 12, 1), str))
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert not re.search(r"(?:src|href)=|url\(|@import|https?:", html)


def test_the_png_is_a_picture_with_every_row_and_grows_with_the_plan(station: Station) -> None:
    plays = planned(station)
    full = Image.open(io.BytesIO(as_png(month_board(station.config, plays, date(2026, 12, 1), str))))
    empty = Image.open(io.BytesIO(as_png(month_board(station.config, [], date(2026, 12, 1), str))))
    assert (full.format, full.width) == ("PNG", 1600)
    assert full.height > empty.height
    assert len(full.convert("RGB").getcolors(1 << 20) or ()) > len(
        empty.convert("RGB").getcolors(1 << 20) or ()
    )


def test_a_picture_that_would_be_endless_is_refused(station: Station) -> None:
    plays = planned(station)
    board = month_board(station.config, [plays[0]] * 2_000, date(2026, 12, 1), str)
    with pytest.raises(TooHighError, match="--html"):
        as_png(board)


def test_the_commands_show_week_and_month_in_vietnamese_and_write_both_pictures(station: Station) -> None:
    planned(station)
    base = ["--lang", "vi", "-C", str(station.folder / "config.toml"), "plan", "show", "--from", "2026-12-01"]
    html, png = station.folder / "plan.html", station.folder / "plan.png"
    week = CliRunner().invoke(loa, [*base, "--week"])
    assert week.exit_code == 0, week.output
    assert "Thứ Ba 01/12" in week.stdout
    month = CliRunner().invoke(loa, [*base, "--month"])
    assert "Chủ Nhật" in month.stdout
    assert "[bold]" in re.sub(r"[\s│]", "", month.stdout) or "[bold]" in month.stdout
    written = CliRunner().invoke(loa, [*base, "--month", "--html", str(html), "--png", str(png)])
    assert written.exit_code == 0, written.output
    assert "Thứ Ba" in html.read_text("utf-8")
    assert png.read_bytes().startswith(b"\x89PNG")
    both = CliRunner().invoke(loa, [*base, "--week", "--month"])
    assert both.exit_code == 2
