"""The report as CSV: every table under its name, UTF-8 with a mark so that Excel reads Vietnamese."""

from __future__ import annotations

import csv
from io import StringIO

from scheduler.reports.cells import csv_cell
from scheduler.reports.tables import ALL, TOTALS, Figures, cell, title_of


def to_csv(figures: Figures) -> bytes:
    """The file's bytes. Numbers stand as they are (a point before decimals), text can be no formula."""
    out = StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")

    def write(*cells: str | int | float) -> None:
        writer.writerow([csv_cell(c) if isinstance(c, str) else c for c in cells])

    write(figures["station"])
    write(title_of(figures))
    write("Từ", figures["from"], "đến", figures["until"])
    write()
    for name, key in TOTALS:
        write(name, figures["totals"][key])
    for table in ALL:
        write()
        write(table.name)
        write(*(column.name for column in table.columns))
        for row in figures[table.key]:
            write(*(_rounded(cell(row, column)) for column in table.columns))
    write()
    write("Mã kiểm chứng nhật ký", figures["check_code"])
    return out.getvalue().encode("utf-8-sig")


def _rounded(value: str | int | float) -> str | int | float:
    return round(value, 4) if isinstance(value, float) else value
