"""The blank form of a report: a Word file in the shape of Vietnamese administrative reports, with docxtpl marks.

Shape after Decree 30/2020/NĐ-CP, annex I: A4, Times New Roman, margins 20/20/30/20 mm, national heading at the
right, number and body at the left, "Kính gửi", "Nơi nhận" and the signature side by side at the end. A station
may change its own copy in Word (`loa report form`) as long as the marks stay.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

FONT = "Times New Roman"
COUNT_COLUMNS = (
    ("Lượt phát", "airings"), ("Phát mới", "first"), ("Phát lại", "replays"), ("Khác", "other"), ("Phút", "minutes"),
)  # fmt: skip
SECTIONS = (
    ("by_topic", "1. Theo chủ đề", "Chủ đề"),
    ("by_lead_unit", "2. Theo đơn vị chủ trì nội dung", "Đơn vị"),
    ("by_zone", "3. Theo cụm loa (một lượt phát ở nhiều cụm được tính ở từng cụm)", "Cụm loa"),
    ("by_station", "4. Theo đài", "Đài"),
    ("by_bulletin_class", "5. Theo loại bản tin (Thông tư số 39/2020/TT-BTTTT)", "Loại bản tin"),
    ("by_source", "6. Theo nguồn", "Nguồn"),
)


def blank_form() -> bytes:
    """The shipped form as a docx file's bytes."""
    from docx import Document

    document = Document()
    _page(document)
    _heading(document)
    _line(document, "BÁO CÁO", bold=True, centre=True, before=10)
    _line(document, "{{ title }}", bold=True, centre=True)
    _rule(document)
    _line(
        document,
        "{% if addressed_to %}Kính gửi: {{ addressed_to }}{% endif %}",
        centre=True,
        before=6,
        after=8,
    )
    _line(document, "{{ opening }}", body=True)
    _part(document, "I. KẾT QUẢ CHUNG")
    _table(
        document,
        [
            ("Chỉ tiêu", "{{ r.name }}", 117),
            ("Kết quả", "{{ r.value }}", 30),
        ],
        "totals",
        numbers=(2,),
    )
    _part(document, "II. KẾT QUẢ THEO CHUYÊN MỤC, CHƯƠNG TRÌNH")
    _table(
        document,
        [
            ("Chuyên mục, chương trình", "{{ r.name }}", 53),
            ("Số kỳ", "{{ r.episodes }}", 14),
            *((name, f"{{{{ r.{key} }}}}", 16) for name, key in COUNT_COLUMNS),
        ],
        "by_programme",
        numbers=(2, 3, 4, 5, 6, 7),
        total=["", "Tổng cộng", "{{ t.episodes }}", *(f"{{{{ t.{key} }}}}" for _name, key in COUNT_COLUMNS)],
    )
    _part(document, "III. THỰC HIỆN ĐỊNH MỨC ĐƯỢC GIAO")
    _line(document, "{{ obligations_sentence }}", body=True)
    _table(
        document,
        [
            ("Nội dung", "{{ r.title }}", 42),
            ("Kỳ", "{{ r.period }}", 19),
            ("Phải phát", "{{ r.owed }}", 14),
            ("Đã phát", "{{ r.aired }}", 14),
            ("Kết quả", "{{ r.status_name }}", 20),
            ("Lý do", "{{ r.reasons }}", 38),
        ],
        "obligation_rows",
        numbers=(2, 3, 4),
    )
    _part(document, "IV. PHÂN TÍCH")
    for key, name, heading in SECTIONS:
        _line(document, name, bold=True, before=6, after=3, keep=True)
        _table(
            document,
            [
                (heading, "{{ r.name }}", 67),
                *((title, f"{{{{ r.{count} }}}}", 16) for title, count in COUNT_COLUMNS),
            ],
            key,
            numbers=(2, 3, 4, 5, 6),
        )
    _part(document, "V. LƯỢT KHÔNG PHÁT ĐƯỢC, PHÁT KHÔNG TRỌN")
    _line(document, "{{ not_aired_sentence }}", body=True)
    _optional_table(
        document,
        [
            ("Tình trạng", "{{ r.outcome }}", 38),
            ("Lý do", "{{ r.reason }}", 87),
            ("Số lượt", "{{ r.count }}", 22),
        ],
        "not_aired_by_reason",
        numbers=(3,),
    )
    _part(document, "VI. BẢN TIN KHẨN CẤP VÀ CÁC NGOẠI LỆ")
    _line(document, "{{ exceptions_sentence }}", body=True)
    _optional_table(
        document,
        [
            ("Thời điểm", "{{ r.at }}", 27),
            ("Việc", "{{ r.what }}", 50),
            ("Người quyết định", "{{ r.person }}", 30),
            ("Lý do", "{{ r.reason }}", 40),
        ],
        "exceptions",
        numbers=(1,),
    )
    _line(document, "{{ closing }}", body=True, before=8, keep=True)
    _signature(document)
    _line(document, "Mã kiểm chứng nhật ký: {{ check_code }}", size=8, before=10)
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def _page(document: Any) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm, Pt

    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(20)
    section.header_distance = Mm(10)
    section.different_first_page_header_footer = True
    style = document.styles["Normal"]
    style.font.name, style.font.size = FONT, Pt(13)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for script in ("ascii", "hAnsi", "cs", "eastAsia"):
        fonts.set(_w(script), FONT)
    style.paragraph_format.space_after = style.paragraph_format.space_before = Pt(0)
    number = section.header.paragraphs[0]
    number.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _field(number, "PAGE")
    document.core_properties.title = "Báo cáo kết quả hoạt động truyền thanh"
    document.core_properties.author = ""
    document.core_properties.comments = ""


def _heading(document: Any) -> None:
    table = _bare_table(document, (66, 94))
    left, right = table.rows[0].cells
    _fill(
        left,
        [
            ("{%p if organ %}", {}),
            ("{{ organ }}", {}),
            ("{%p endif %}", {}),
            ("{{ station }}", {"bold": True}),
        ],
        underline_last=True,
    )
    _fill(
        right,
        [
            ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", {"bold": True, "size": 12}),
            ("Độc lập - Tự do - Hạnh phúc", {"bold": True}),
        ],
        underline_last=True,
    )
    row = table.add_row()
    _fill(row.cells[0], [("Số:        /BC-TT", {})], before=4)
    _fill(row.cells[1], [("{{ place_and_date }}", {"italic": True})], before=4)


def _signature(document: Any) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    _line(document, "", before=4, keep=True)
    table = _bare_table(document, (80, 80))
    left, right = table.rows[0].cells
    _keep_row(table.rows[0])
    first = left.paragraphs[0]
    _run(first, "Nơi nhận:", bold=True, italic=True, size=12)
    for mark in ("{%p for line in recipients %}", "- {{ line }}", "{%p endfor %}"):
        _run(left.add_paragraph(), mark, size=11)
    for text, style in (
        ("{{ signer_title }}", {"bold": True}),
        ("(Ký, ghi rõ họ tên, đóng dấu)", {"italic": True, "size": 12}),
        ("", {}), ("", {}), ("", {}), ("", {}),
        ("{{ signer }}", {"bold": True}),
    ):  # fmt: skip
        paragraph = right.paragraphs[0] if text == "{{ signer_title }}" else right.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        _run(paragraph, text, **style)


def _line(
    document: Any,
    text: str,
    *,
    bold: bool = False,
    centre: bool = False,
    body: bool = False,
    keep: bool = False,
    size: int | None = None,
    before: int = 0,
    after: int = 0,
) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm, Pt

    paragraph = document.add_paragraph()
    _run(paragraph, text, bold=bold, size=size)
    shape = paragraph.paragraph_format
    shape.space_before, shape.space_after = Pt(before), Pt(6 if body and not after else after)
    shape.keep_with_next = keep
    if centre:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if body:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        shape.first_line_indent = Mm(12.7)
        shape.line_spacing = 1.15


def _part(document: Any, text: str) -> None:
    _line(document, text, bold=True, before=10, after=4, keep=True)


def _rule(document: Any) -> None:
    """The short line under the subject."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _run(paragraph, "_______________", size=8)


def _table(
    document: Any,
    columns: list[tuple[str, str, int]],
    rows: str,
    *,
    numbers: tuple[int, ...],
    total: list[str] | None = None,
) -> None:
    """A ruled table: heading row that repeats on each page, one row for each `r` in `rows`, each with its number.

    `numbers` are the columns set in the middle, counted from the running number, which is one of them.
    """
    columns = [("STT", "{{ loop.index }}", 13), *columns]
    numbers = (0, *numbers)
    table = document.add_table(rows=0, cols=len(columns), style="Table Grid")
    table.autofit = False
    widths = [width for _name, _mark, width in columns]
    _grid(table, widths)
    _row(
        table,
        [name for name, _mark, _width in columns],
        widths,
        bold=True,
        centre=range(len(columns)),
        heading=True,
    )
    _row(table, [f"{{%tr for r in {rows} %}}", *[""] * (len(columns) - 1)], widths)
    _row(table, [mark for _name, mark, _width in columns], widths, centre=numbers)
    _row(table, ["{%tr endfor %}", *[""] * (len(columns) - 1)], widths)
    if total:
        _row(table, total, widths, bold=True, centre=numbers)


def _optional_table(
    document: Any, columns: list[tuple[str, str, int]], rows: str, *, numbers: tuple[int, ...]
) -> None:
    _run(document.add_paragraph(), f"{{%p if {rows} %}}")
    _table(document, columns, rows, numbers=numbers)
    _run(document.add_paragraph(), "{%p endif %}")


def _grid(table: Any, widths: list[int]) -> None:
    """Column widths in mm where Writer looks for them too (Word looks at the cells)."""
    from docx.shared import Mm

    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)


def _row(
    table: Any,
    texts: list[str],
    widths: list[int],
    *,
    bold: bool = False,
    centre: Any = (),
    heading: bool = False,
) -> None:
    from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm

    row = table.add_row()
    _keep_row(row, heading=heading)
    for number, (cell, text, width) in enumerate(zip(row.cells, texts, widths, strict=True)):
        cell.width = Mm(width)
        cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
        paragraph = cell.paragraphs[0]
        _run(paragraph, text, bold=bold, size=12)
        if number in centre:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _bare_table(document: Any, widths: tuple[int, ...]) -> Any:
    from docx.shared import Mm

    table = document.add_table(rows=1, cols=len(widths))
    table.autofit = False
    _grid(table, list(widths))
    for cell, width in zip(table.rows[0].cells, widths, strict=True):
        cell.width = Mm(width)
    return table


def _fill(
    cell: Any, lines: list[tuple[str, dict[str, Any]]], *, underline_last: bool = False, before: int = 0
) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    for number, (text, style) in enumerate(lines):
        paragraph = cell.paragraphs[0] if number == 0 else cell.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.space_before = Pt(before)
        _run(paragraph, text, **style)
    if underline_last:
        paragraph = cell.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        _run(paragraph, "____________", size=6)


def _run(
    paragraph: Any, text: str, *, bold: bool = False, italic: bool = False, size: int | None = None
) -> None:
    from docx.shared import Pt

    run = paragraph.add_run(text)
    run.bold, run.italic = bold, italic
    if size:
        run.font.size = Pt(size)


def _keep_row(row: Any, *, heading: bool = False) -> None:
    """A row does not break across pages; a heading row comes again on each."""
    from docx.oxml import OxmlElement

    settings = row._tr.get_or_add_trPr()
    for name in ("cantSplit", *(("tblHeader",) if heading else ())):
        settings.append(OxmlElement(f"w:{name}"))


def _field(paragraph: Any, code: str) -> None:
    from docx.oxml import OxmlElement

    run = paragraph.add_run()
    for kind in ("begin", None, "end"):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(_w("fldCharType"), kind)
        else:
            element.text = code
        run._r.append(element)


def _w(name: str) -> str:
    return f"{{http://schemas.openxmlformats.org/wordprocessingml/2006/main}}{name}"
