"""Tables of contents as people type and print them: merged cells, rows over a page break, columns of months."""

from datetime import date
from pathlib import Path

import docx
import pytest

from content.intake.assemble import assemble
from content.intake.dates import period_bounds
from content.intake.deadlines import deadlines_in
from content.intake.frequency import frequency_rules_in
from content.intake.pdf import _drop_running_heads
from content.intake.pdf_table import PlacedLine
from content.intake.read import read_file
from content.intake.source import Changes, RawLine
from content.intake.understand import understand

HEAD = ("UBND XÃ AN PHÚ", "Số: 4/KH-UBND", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc",
        "An Phú, ngày 09 tháng 3 năm 2026", "KẾ HOẠCH", "Tuyên truyền giảm nghèo")  # fmt: skip

TABLE_OF_TASKS = (
    ("TT", "Nội dung tuyên truyền", "Đơn vị chủ trì", "Thời gian"),
    ("1", "Chính sách hỗ trợ nhà ở cho hộ nghèo", "Phòng Kinh tế", "Quý I/2026"),
    ("2", "Gương vươn lên thoát nghèo của các thôn", "", "Quý II/2026"),
    ("3", "Dạy nghề cho lao động nông thôn", "", ""),
    ("4", "Hiến đất mở đường, chỉnh trang vườn hộ", "Mặt trận xã", "Quý IV/2026"),
)
WANTED_OF_TASKS = [
    (["Phòng Kinh tế"], "2026-01-01"),
    (["Phòng Kinh tế"], "2026-04-01"),
    (["Phòng Kinh tế"], "None"),
    (["Mặt trận xã"], "2026-10-01"),
]
"""The unit of the first three rows is one merged cell; the empty time of the third is no merged cell."""


def of_tasks(path: Path) -> list[tuple[list[str], str]]:
    return [
        ([unit.text for unit in item.lead_units], str(item.period and item.period.from_on))
        for item in understand(read_file(path)).items
    ]


def test_a_merged_cell_of_word_holds_for_all_its_rows(tmp_path: Path) -> None:
    document = docx.Document()
    for words in HEAD:
        document.add_paragraph(words)
    table = document.add_table(rows=len(TABLE_OF_TASKS), cols=4)
    for at, row in enumerate(TABLE_OF_TASKS):
        for column, words in enumerate(row):
            if words:
                table.cell(at, column).text = words
    table.cell(1, 2).merge(table.cell(3, 2))
    document.save(str(tmp_path / "bang.docx"))
    assert of_tasks(tmp_path / "bang.docx") == WANTED_OF_TASKS


def test_a_merged_cell_of_a_pdf_is_told_from_an_empty_one(tmp_path: Path) -> None:
    from reportlab.platypus import SimpleDocTemplate, Table

    rows = [[f"hang {at} cot {column}" for column in range(3)] for at in range(5)]
    rows[2][1] = rows[3][1] = rows[4][2] = ""
    path = tmp_path / "bang.pdf"
    style = [("GRID", (0, 0), (-1, -1), 0.5, "black"), ("SPAN", (1, 1), (1, 3))]
    SimpleDocTemplate(str(path)).build([Table(rows, style=style)])
    (table,) = read_file(path).tables
    assert table.merged == {(at, 1) for at in (1, 2, 3) if table.rows[at][1].start == table.rows[at][1].end}
    assert len(table.merged) == 2


def test_a_cell_of_html_that_spans_rows_keeps_the_columns_in_their_places(tmp_path: Path) -> None:
    rows = []
    for at, row in enumerate(TABLE_OF_TASKS):
        cells = [
            f"<td{' rowspan=3' if at == 1 and column == 2 else ''}>{words}</td>"
            for column, words in enumerate(row)
            if not (column == 2 and at in (2, 3))
        ]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    head = "".join(f"<p>{words}</p>" for words in HEAD)  # fmt: skip
    page = tmp_path / "bang.html"
    page.write_text(
        f"<html><meta charset=utf-8><body>{head}<table>{''.join(rows)}</table></body></html>", "utf-8"
    )
    assert of_tasks(page) == WANTED_OF_TASKS


def test_spans_of_html_beyond_all_measure_cost_nothing(tmp_path: Path) -> None:
    page = tmp_path / "rong.html"
    cells = "<td rowspan=99999 colspan=99999>một</td>" * 50
    page.write_text(
        f"<html><meta charset=utf-8><body><p>Thông báo của xã</p><table>{f'<tr>{cells}</tr>' * 200}</table></body></html>",
        "utf-8",
    )
    assert max(len(row) for table in read_file(page).tables for row in table.rows) < 300


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ("Tháng 3 - 4", "2026-03-01", "2026-04-30"),
        ("tháng 10-12/2026", "2026-10-01", "2026-12-31"),
        ("Tháng 7 - 8 - 9", "2026-07-01", "2026-09-30"),
        ("tháng 6 đến 9/2026", "2026-06-01", "2026-09-30"),
        ("tháng 12 - 01/2027", "2026-12-01", "2027-01-31"),
        ("tháng 12 - 01", "2026-12-01", "2027-01-31"),
        ("tháng 4-2026", "2026-04-01", "2026-04-30"),
        ("ngày 15 tháng 3", "2026-03-15", "2026-03-15"),
        ("ngày 15-3", "2026-03-15", "2026-03-15"),
        ("từ ngày 5 tháng 3", "2026-03-05", "None"),
    ],
)
def test_months_with_a_dash_are_no_day_and_month(words: str, first: str, last: str) -> None:
    found = period_bounds(words, date(2026, 1, 15), 2026)
    assert (str(found[0]), str(found[1])) == (first, last)


def pages_of(*pages: str) -> list[list[PlacedLine]]:
    return [[PlacedLine(line) for line in page.split("\n")] for page in pages]


def test_the_number_of_a_row_at_the_top_of_a_page_is_no_page_number() -> None:
    pages = pages_of(
        "Kế hoạch của xã\nmột", "2\nhai\nchữ", "3\nba\nchữ", "9\nNội dung của hàng thứ chín\nchữ"
    )
    _drop_running_heads(pages, Changes())
    assert [page[0].text for page in pages] == ["Kế hoạch của xã", "hai", "ba", "9"]


def test_page_numbers_that_begin_with_a_later_one_are_dropped() -> None:
    pages = pages_of("một\nchữ đầu\n5", "hai\nchữ sau\n6", "ba\nchữ cuối\n7")
    _drop_running_heads(pages, Changes())
    assert [page[-1].text for page in pages[1:]] == ["chữ sau", "chữ cuối"]


def test_a_title_is_not_glued_to_the_year_that_a_narrow_column_broke_off() -> None:
    words = ["Đồng Văn, ngày 15 tháng 01 năm", "2026", "KẾ HOẠCH", "Thông tin, tuyên truyền của xã năm 2026"]
    lines = [RawLine(text, right_share=0.9, page=1) for text in words]
    source = assemble(lines, path=Path("a.pdf"), file_format="pdf", changes=Changes())
    assert source.text.split("\n") == ["Đồng Văn, ngày 15 tháng 01 năm 2026", "KẾ HOẠCH", words[-1]]


def test_a_heading_that_points_to_the_table_is_no_content_beside_its_rows(tmp_path: Path) -> None:
    document = docx.Document()
    for words in (
        *HEAD, "I. NỘI DUNG TUYÊN TRUYỀN", "Các nội dung tuyên truyền thực hiện theo Phụ lục kèm theo.",
        "II. TỔ CHỨC THỰC HIỆN", "1. Các thôn thực hiện.", "Nơi nhận:", "- Lưu: VT.", "CHỦ TỊCH", "Trần Văn An", "PHỤ LỤC",
    ):  # fmt: skip
        document.add_paragraph(words)
    table = document.add_table(rows=0, cols=4)
    for row in TABLE_OF_TASKS:
        for cell, words in zip(table.add_row().cells, row, strict=True):
            cell.text = words
    document.save(str(tmp_path / "phu-luc.docx"))
    assert [item.ref for item in understand(read_file(tmp_path / "phu-luc.docx")).items] == [
        "1",
        "2",
        "3",
        "4",
    ]


def test_each_report_with_its_day_in_a_bracket_is_due() -> None:
    found = deadlines_in(
        "Phòng báo cáo kết quả hằng tháng (trước ngày 20), 6 tháng (trước ngày 15/6), năm (trước ngày 14/12).",
        0,
        2026,
    )
    assert [(one.every, one.day) for one in found] == [("month", 20), ("6 months", 15), ("year", 14)]


def test_a_report_on_a_day_of_each_month_is_due_on_it() -> None:
    found = deadlines_in(
        "Định kỳ ngày 25 hằng tháng báo cáo kết quả; định kỳ 6 tháng báo cáo tổng hợp.", 0, 2026
    )
    assert {(one.every, one.day) for one in found} == {("month", 25), ("6 months", None)}


def test_airings_of_each_issue_are_counted_without_the_verb() -> None:
    (rule,) = frequency_rules_in("Mỗi tháng phát ít nhất 4 bài, mỗi bài 3 lượt.", 0, year=2026)
    assert (rule.new_per_month, rule.min_replays_per_month) == (4, 2)


def test_a_school_room_is_no_training() -> None:
    found = understand(
        assemble(
            [RawLine(line, hard=True) for line in (
                *HEAD, "I. NỘI DUNG TUYÊN TRUYỀN", "1. Rửa tay cho trẻ, lau sạch lớp học, phát trên loa truyền thanh.",
                "2. Gương học tập.",
            )],
            path=Path("a.docx"), file_format="docx", changes=Changes(),
        )
    )  # fmt: skip
    assert [channel.channel for channel in found.channels] == ["loudspeaker"]
