"""Files made to do harm, and old fonts half converted: refused with a reason, or read right, never taken in as rubbish."""

import subprocess
import sys
import unicodedata
import zlib
from pathlib import Path

import pytest

from content.intake import encodings, errors, pdf_guard
from content.intake.pdf_rules import Grid, Rule
from content.intake.read import read_content
from content.intake.source import Changes, SourceText

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
NOTICE = (EXAMPLES / "thong-bao-tiem-chung.txt").read_text("utf-8")
WORDS = b"BT /F1 12 Tf 72 700 Td (Thong bao lich phat thanh) Tj ET"


def pdf(contents: bytes, *more: bytes, resources: bytes = b"", pages: int = 1) -> bytes:
    """A PDF whose pages are all the same one, with the stream `contents`; `more` are objects from 6 on."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count %d>>" % pages,
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>%s>>>>" % resources,
        contents,
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        *more,
    ]  # fmt: skip
    out = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer\n<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + end


def stream(body: bytes, about: bytes = b"", *, packed: bool = False) -> bytes:
    body = zlib.compress(body) if packed else body
    filters = b"/Filter/FlateDecode" if packed else b""
    return b"<<%s%s/Length %d>>stream\n%s\nendstream" % (about, filters, len(body), body)


def read(name: str, content: bytes) -> SourceText:
    return read_content(Path(name), content)


def test_drawings_that_draw_one_another_without_end_are_refused() -> None:
    forms = [
        stream(
            b"/X Do " * 10 if number < 8 else WORDS,
            b"/Type/XObject/Subtype/Form/BBox[0 0 900 900]/Resources<</Font<</F1 5 0 R>>/XObject<</X %d 0 R>>>>" % (7 + number),
        )
        for number in range(9)
    ]  # fmt: skip
    with pytest.raises(errors.DocumentHostileError):
        read("a.pdf", pdf(stream(b"/X Do "), *forms, resources=b"/XObject<</X 6 0 R>>"))


def test_a_page_that_unpacks_to_a_giant_is_tried_apart_and_a_harmless_drawing_passes() -> None:
    giant = pdf(stream(WORDS + b" " * (pdf_guard.CONTENT_LIMIT + 1), packed=True))
    assert not pdf_guard.is_plain(giant)
    assert "Thong bao lich phat thanh" in read("a.pdf", giant).text
    form = stream(WORDS, b"/Type/XObject/Subtype/Form/BBox[0 0 900 900]/Resources<</Font<</F1 5 0 R>>>>")
    drawn = pdf(stream(b"/X Do "), form, resources=b"/XObject<</X 6 0 R>>")
    assert not pdf_guard.is_plain(drawn)
    assert "Thong bao" in read("a.pdf", drawn).text


def test_what_this_process_has_in_memory_is_no_fault_of_the_file(tmp_path: Path) -> None:
    form = stream(WORDS, b"/Type/XObject/Subtype/Form/BBox[0 0 900 900]/Resources<</Font<</F1 5 0 R>>>>")
    (tmp_path / "a.pdf").write_bytes(pdf(stream(b"/X Do "), form, resources=b"/XObject<</X 6 0 R>>"))
    large = (
        "import sys; from pathlib import Path; from content.intake import pdf_guard;"
        f"much = b'x' * {(pdf_guard.MEMORY_LIMIT_MB + 200) * 1_000_000};"
        "path = Path(sys.argv[1]); pdf_guard.check_size(path, path.read_bytes())"
    )
    subprocess.run([sys.executable, "-c", large, str(tmp_path / "a.pdf")], check=True, cwd=ROOT)


def test_a_trial_that_breaks_down_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_guard, "MEMORY_LIMIT_MB", "no number")
    with pytest.raises(errors.DocumentHostileError, match="broke down"):
        read("a.pdf", pdf(stream(WORDS + b" " * (pdf_guard.CONTENT_LIMIT + 1), packed=True)))


def test_a_trial_that_grows_too_large_ends_in_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_guard, "MEMORY_LIMIT_MB", 1)
    with pytest.raises(errors.DocumentHostileError):
        read("a.pdf", pdf(stream(WORDS + b" " * (pdf_guard.CONTENT_LIMIT + 1), packed=True)))


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.pdf")))
def test_real_files_need_no_trial(name: str) -> None:
    assert pdf_guard.is_plain((EXAMPLES / name).read_bytes())


def test_pages_that_are_only_claimed_are_told_as_too_many() -> None:
    with pytest.raises(errors.TooManyPagesError):
        read("a.pdf", pdf(stream(WORDS), pages=100_000))


def in_tcvn3(text: str) -> str:
    """As a .VnTime file has it: capitals with marks are small letters of a font of capitals."""
    signs = {letter: sign for sign, letter in encodings._TCVN3.items()}
    return "".join(
        signs.get(sign, signs.get(sign.lower(), sign)) for sign in unicodedata.normalize("NFC", text)
    )


def test_capitals_of_an_old_font_are_capitals_again() -> None:
    text = read("a.txt", in_tcvn3(NOTICE).encode("latin-1", "replace")).text
    assert "PHƯỜNG HÒA KHÁNH" in text
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in text


def test_lines_of_an_old_font_in_a_unicode_file_are_put_right_and_the_others_stay() -> None:
    added = "Đề nghị các hộ gia đình đưa trẻ đến tiêm đúng lịch, mang theo sổ tiêm chủng."
    text = read("a.txt", f"{NOTICE}\n{in_tcvn3(added)}\n".encode()).text
    assert added in text
    assert "PHƯỜNG HÒA KHÁNH" in text


def test_proper_vietnamese_with_degrees_and_squares_is_not_touched() -> None:
    lines = ["Nhiệt độ 35°C, diện tích 20 m², giá «ưu đãi» ½.", "Cộng hòa Ngôn", "Olé à la carte"]
    changes = Changes()
    assert encodings.repair_lines(lines, changes) == lines
    assert changes.listed() == ()


def test_a_text_whose_letters_are_lost_is_refused_with_its_remedy() -> None:
    with pytest.raises(errors.MisencodedError) as told:
        read("a.txt", NOTICE.encode("latin-1", "replace"))
    assert "Unicode" in str(told.value)


def test_a_merged_cell_stands_in_its_first_column_and_row() -> None:
    upright = tuple((Rule(x, 0, 60 if x == 100 else 100),) for x in (0, 50, 100, 150))
    level = tuple((Rule(y, 0, 150),) for y in (100, 60, 0))
    grid = Grid((0, 50, 100, 150), (100, 60, 0), upright, level)
    assert grid.cell_of(120, 80) == (0, 1, 2)
    assert grid.cell_of(120, 30) == (1, 2, 2)
    assert grid.cuts(60, 140, 30) == [100]
    assert grid.cuts(60, 140, 80) == []


def test_a_row_broken_by_a_page_and_a_head_told_again_leave_one_table() -> None:
    from content.intake.pdf_table import PlacedLine, blocks_of
    from content.intake.source import RawTable

    grid = Grid((50, 100, 300), (700, 680, 600), ((Rule(50, 600, 700),), (Rule(100, 600, 700),), (Rule(300, 600, 700),)),
                ((Rule(700, 50, 300),), (Rule(680, 50, 300),), (Rule(600, 50, 300),)))  # fmt: skip

    def page(*cells: tuple[str, float, float]) -> list[PlacedLine]:
        return [PlacedLine(text, left, left + 30, bottom, 10) for text, left, bottom in cells]

    first = page(("TT", 55, 685), ("Nội dung", 105, 685), ("1", 55, 650), ("Tin một", 105, 650))
    second = page(("TT", 55, 685), ("Nội dung", 105, 685), ("tiếp theo", 105, 650))
    (table,) = blocks_of([first, second], [[grid], [grid]])
    assert isinstance(table, RawTable)
    words = [[" ".join(line.text for line in cell) for cell in row] for row in table.rows]
    assert words == [["TT", "Nội dung"], ["1", "Tin một tiếp theo"]]


def test_a_plain_file_of_a_million_cells_is_refused_before_it_is_taken_apart() -> None:
    with pytest.raises(errors.DocumentTooLongError):
        read("a.md", b"|a" * 250_000 + b"|\n")
