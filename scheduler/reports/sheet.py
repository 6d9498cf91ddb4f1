"""The report as xlsx: a sheet for each table, sums as live formulas, text that can be no formula."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from scheduler.reports.cells import printable
from scheduler.reports.tables import ALL, TABLES, TOTALS, Figures, Table, cell, title_of


def to_xlsx(figures: Figures) -> bytes:
    """The workbook's bytes."""
    from openpyxl import Workbook

    book = Workbook()
    summary = book.active
    assert summary is not None
    sums = {table.key: _table(book.create_sheet(table.sheet), table, figures) for table in ALL}
    _summary(summary, figures, sums["by_programme"])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _summary(sheet: Any, figures: Figures, sums: dict[str, str]) -> None:
    from openpyxl.styles import Font

    sheet.title = "Tổng hợp"
    _text(sheet, 1, 1, figures["station"]).font = Font(bold=True)
    _text(sheet, 2, 1, title_of(figures)).font = Font(bold=True, size=13)
    _text(sheet, 3, 1, f"Số liệu từ {figures['from']} đến hết {figures['until']}")
    for row, (name, key) in enumerate(TOTALS, 5):
        _text(sheet, row, 1, name)
        target = sheet.cell(row, 2)
        if key in sums:
            target.value = f"='{TABLES[0].sheet}'!{sums[key]}"
        else:
            target.value = figures["totals"][key]
        target.number_format = "#,##0.0" if key == "minutes" else "#,##0"
    last = 6 + len(TOTALS)
    if figures["single_person"] or figures["single_person_approvals"]:
        _text(sheet, last, 1, f"Chế độ một người: {figures['single_person_approvals']} lượt tự phê duyệt")
    _text(sheet, last + 1, 1, f"Mã kiểm chứng nhật ký: {figures['check_code']}")
    sheet.column_dimensions["A"].width = 52
    sheet.column_dimensions["B"].width = 16


def _table(sheet: Any, table: Table, figures: Figures) -> dict[str, str]:
    """Fill one sheet; the cell of each sum by its key."""
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
    from openpyxl.utils import get_column_letter

    thin = Side(style="thin", color="999999")
    box = Border(left=thin, right=thin, top=thin, bottom=thin)
    _text(sheet, 1, 1, table.name).font = Font(bold=True, size=12)
    for number, column in enumerate(table.columns, 1):
        head = _text(sheet, 3, number, column.name)
        head.font = Font(bold=True)
        head.fill = PatternFill("solid", fgColor="DDE7F0")
        head.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center")
        head.border = box
        sheet.column_dimensions[get_column_letter(number)].width = 13 if column.summed else 30
    rows = figures[table.key]
    for line, row in enumerate(rows, 4):
        for number, column in enumerate(table.columns, 1):
            value = cell(row, column)
            if isinstance(value, str):
                _text(sheet, line, number, value)
            else:
                target = sheet.cell(line, number, value)
                if column.key == "minutes":
                    target.number_format = "#,##0.0"
    sums: dict[str, str] = {}
    last = 4 + len(rows)
    _text(sheet, last, 1, "Tổng cộng").font = Font(bold=True)
    for number, column in enumerate(table.columns, 1):
        if not column.summed:
            continue
        letter = get_column_letter(number)
        target = sheet.cell(last, number)
        target.value = f"=SUM({letter}4:{letter}{last - 1})" if rows else 0
        target.number_format = "#,##0.0" if column.key == "minutes" else "#,##0"
        target.font = Font(bold=True)
        sums[column.key] = f"${letter}${last}"
    sheet.freeze_panes = "B4"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    return sums


def _text(sheet: Any, row: int, column: int, value: object) -> Any:
    """A text cell, whatever it begins with."""
    target = sheet.cell(row, column)
    plain = printable(value)
    target.value = plain
    if plain.startswith("="):
        target.data_type = "s"
    if plain[:1] in "=+-@\t\r＝＋－＠" and plain:
        target.style = "Normal"
        target.quotePrefix = True
    return target
