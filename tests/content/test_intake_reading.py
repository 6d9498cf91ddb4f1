"""Files of every kind, encoding and state of repair become clean text, or one clear error."""

import io
import unicodedata
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.intake import errors, legacy_word, scan
from content.intake.encodings import _TCVN3, _VNI, is_syllable
from content.intake.labels import label_of
from content.intake.read import read_content, read_file
from content.intake.source import Changes, RawLine
from content.intake.unwrap import unwrap

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NOTICE = (
    "THÔNG BÁO\nVề việc tổng vệ sinh môi trường\n"
    "Ủy ban nhân dân phường thông báo: các hộ gia đình quét dọn đường phố, ngõ xóm vào sáng chủ nhật hằng tuần.\n"
    "Đề nghị nhân dân hưởng ứng, giữ gìn vệ sinh, trồng thêm cây xanh ở nơi công cộng.\n"
)


def text_of(name: str, content: bytes) -> str:
    return read_content(Path(name), content).text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_encodings_are_told_apart(encoding: str) -> None:
    assert text_of("a.txt", NOTICE.encode(encoding)) == NOTICE.strip()


def test_windows_1258_is_converted() -> None:
    marks = "\u0301\u0300\u0309\u0303\u0323"
    out = []
    for sign in NOTICE:  # this encoding has letters with hats, and tones on their own
        parts = unicodedata.normalize("NFD", sign)
        tones = "".join(mark for mark in parts if mark in marks)
        out.append(unicodedata.normalize("NFC", "".join(mark for mark in parts if mark not in marks)) + tones)
    assert text_of("a.txt", "".join(out).encode("cp1258")) == NOTICE.strip()


def to_tcvn3(text: str) -> str:
    back = {letter: sign for sign, letter in _TCVN3.items()}
    return "".join(back.get(sign, back.get(sign.lower(), sign)) for sign in text)


def to_vni(text: str) -> str:
    back = {letter: signs for signs, letter in reversed(list(_VNI.items()))}
    return "".join(back.get(sign, sign) for sign in text)


def test_tcvn3_and_vni_bytes_are_converted() -> None:
    body = NOTICE.split("\n", 2)[2]
    assert text_of("a.txt", to_tcvn3(body).encode("latin-1")).casefold() == body.strip().casefold()
    assert text_of("a.txt", to_vni(body).encode("cp1252")) == body.strip()


def test_old_font_letters_inside_a_unicode_file_are_put_right() -> None:
    body = NOTICE.split("\n", 2)[2]
    source = read_content(Path("a.txt"), to_tcvn3(body).encode("utf-8"))
    assert source.text.casefold() == body.strip().casefold()
    assert "read as TCVN3" in {change.kind for change in source.changes}


def test_utf8_read_once_as_windows_1252_is_put_right() -> None:
    body = "Bảo đảm an ninh, trật tự; giữ gìn vệ sinh đường làng."
    holes = (129, 141, 143, 144, 157)  # bytes that Windows-1252 leaves free
    mangled = "".join(
        chr(byte) if byte in holes else bytes([byte]).decode("cp1252") for byte in body.encode("utf-8")
    )
    assert text_of("a.txt", mangled.encode("utf-8")) == body


def test_a_few_broken_bytes_do_not_lose_a_document() -> None:
    content = bytearray((NOTICE * 4).encode())
    content[200] = 0xFF
    source = read_content(Path("a.txt"), bytes(content))
    assert "trồng thêm cây xanh" in source.text


def test_clean_text_is_nfc_without_look_alikes_marks_and_odd_spaces() -> None:
    dirty = "\u00d0ộc lập\u00a0- Tự do  -\u200b Hạnh phúc **đậm** và *nghiêng*\nso\u00adft\n"
    source = read_content(Path("a.txt"), unicodedata.normalize("NFD", dirty).encode())
    assert source.text.split("soft")[0].strip() == "Độc lập - Tự do - Hạnh phúc đậm và nghiêng"
    kinds = {change.kind for change in source.changes}
    assert {
        "letters composed (NFC)",
        "look-alike letters replaced",
        "soft hyphens removed",
        "markdown marks removed",
    } <= kinds


def joined(*lines: str) -> list[str]:
    filler = [RawLine("- " + "x" * 68 + ".") for _ in range(8)]  # the width of this text
    return [paragraph.text for paragraph in unwrap([*map(RawLine, lines), *filler], Changes())][:-8]


def test_wrapped_lines_are_joined_and_a_hyphen_inside_a_code_is_kept_tight() -> None:
    first = "- Đẩy mạnh thông tin, tuyên truyền về Chương trình hành động số 46-"
    assert joined(first, "CTr/TU ngày 15/01/2025 của Ban Thường vụ Tỉnh ủy.")[0].endswith(
        "số 46-CTr/TU ngày 15/01/2025 của Ban Thường vụ Tỉnh ủy."
    )


def test_list_entries_and_headings_are_not_glued() -> None:
    lines = (
        "I. NỘI DUNG TUYÊN TRUYỀN", "1. Tuyên truyền về chuyển đổi số trên địa bàn phường, xã và thị trấn",
        "- Cách dùng dịch vụ công", "+ Đơn vị chủ trì: Phòng Văn hóa - Xã hội", "2. Hình thức",
    )  # fmt: skip
    assert joined(*lines) == list(lines)


@pytest.mark.parametrize(
    ("line", "style", "value"),
    [
        ("I. NỘI DUNG", "I", "I"), ("IV- KINH PHÍ", "I", "IV"), ("1. Mục đích", "1", "1"), ("1/ Mục đích", "1", "1"),
        ("2.1. Các phòng", "1.1", "2.1"), ("a) Quy định", "a", "a"), ("đ) Mức phạt", "a", "đ"), ("(3) Kinh phí", "(1)", "(3)"),
        ("- Gạch", "-", "-"), ("+ Cộng", "+", "+"), ("Điều 2. Nội dung", "Điều", "Điều 2"), ("PHẦN II. NỘI DUNG", "Phần", "II"),
    ],
)  # fmt: skip
def test_labels_are_known(line: str, style: str, value: str) -> None:
    found = label_of(line)
    assert found is not None
    assert (found.style, found.value) == (style, value)


@pytest.mark.parametrize(
    "line",
    [
        "28/KH-UBND ngày 24/01/2025",
        "57-NQ/TW ngày",
        "22/12/2024 của Bộ",
        "2025 và các năm",
        "90% hồ sơ",
        "20.000 hộ dân",
        "Vì vậy",
        "57 của tỉnh",
    ],
)
def test_what_only_looks_like_a_label_is_none(line: str) -> None:
    assert label_of(line) is None


def test_automatic_numbers_of_word_are_written_out() -> None:
    assert "1. Xây dựng chuyên mục" in read_file(EXAMPLES / "ke-hoach-dich-vu-cong.docx").text


def test_a_table_over_a_page_break_of_a_pdf_is_one_table_without_page_numbers() -> None:
    source = read_file(EXAMPLES / "ke-hoach-dich-vu-cong.pdf")
    assert source.pages == 3
    assert [len(table.rows) for table in source.tables] == [4]
    assert "cách\n2\n" not in source.text
    assert "page numbers dropped" in {change.kind for change in source.changes}
    assert source.page_of(source.text.index("Trên đây là Kế hoạch")) == 3


def docx_with(body: str, **parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", body)
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def test_deleted_and_hidden_words_of_a_docx_are_not_read() -> None:
    body = (
        f"<w:document {W}><w:body><w:p><w:r><w:t>Giữ lại</w:t></w:r><w:del><w:r><w:delText>bỏ</w:delText></w:r></w:del>"
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>ẩn</w:t></w:r></w:p></w:body></w:document>"
    )
    assert text_of("a.docx", docx_with(body)) == "Giữ lại"


def test_external_entities_and_billion_laughs_are_refused() -> None:
    external = f'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]><w:document {W}><w:body><w:p><w:r><w:t>&x;</w:t></w:r></w:p></w:body></w:document>'
    laughs = '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><d>&b;</d>'
    for body in (external, laughs):
        with pytest.raises(errors.DocumentHostileError):
            text_of("a.docx", docx_with(body))
        with pytest.raises(errors.DocumentHostileError):
            text_of("a.docx", docx_with_utf16(body))


def docx_with_utf16(body: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", body.encode("utf-16"))
    return out.getvalue()


def test_zip_bombs_are_refused_without_being_unpacked() -> None:
    bomb = docx_with("<a/>", **{"word/media.bin": b"\0" * 24_000_000})
    with pytest.raises(errors.DocumentHostileError):
        text_of("a.docx", bomb)
    long_part = docx_with(" " * 24_000_000)
    with pytest.raises(errors.DocumentHostileError):
        text_of("a.docx", long_part)


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("a.txt", b"", errors.DocumentEmptyError),
        ("a.txt", b" \n\t\n", errors.DocumentEmptyError),
        ("a.txt", bytes(range(128, 256)) * 8, errors.MisencodedError),
        ("a.docx", NOTICE.encode(), errors.WrongTypeError),
        ("a.pdf", NOTICE.encode(), errors.WrongTypeError),
        ("a.txt", b"%PDF-1.4 x", errors.WrongTypeError),
        ("a.pdf", b"%PDF-1.4\nrubbish", errors.DocumentDamagedError),
        ("a.docx", b"PK\x03\x04rubbish", errors.DocumentDamagedError),
        ("a.exe", b"MZ", errors.UnknownFormatError),
        ("a.html", b"<html><body></body></html>", errors.DocumentEmptyError),
    ],
)
def test_bad_files_are_told_in_one_sentence(
    name: str, content: bytes, error: type[errors.UnreadableDocumentError]
) -> None:
    with pytest.raises(error) as told:
        text_of(name, content)
    assert name in str(told.value)


def test_a_missing_file_a_folder_and_a_giant_are_told(tmp_path: Path) -> None:
    with pytest.raises(errors.DocumentMissingError):
        read_file(tmp_path / "none.txt")
    with pytest.raises(errors.DocumentIsFolderError):
        read_file(tmp_path)
    with (tmp_path / "big.txt").open("wb") as giant:
        giant.truncate(13_000_000)
    with pytest.raises(errors.DocumentTooLargeError):
        read_file(tmp_path / "big.txt")


def test_an_encrypted_pdf_and_an_encrypted_docx_are_told() -> None:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(PdfReader(EXAMPLES / "ke-hoach-dich-vu-cong.pdf"))
    writer.encrypt("mật khẩu")
    out = io.BytesIO()
    writer.write(out)
    with pytest.raises(errors.DocumentEncryptedError):
        text_of("a.pdf", out.getvalue())
    locked = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + b"\0" * 600
        + "EncryptedPackage".encode("utf-16-le")
        + b"\0" * 600
    )
    with pytest.raises(errors.DocumentEncryptedError):
        text_of("a.docx", locked)


def test_a_doc_without_libreoffice_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(legacy_word, "office", lambda: None)
    with pytest.raises(errors.OfficeMissingError):
        text_of("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000)


@pytest.mark.skipif(legacy_word.office() is None, reason="LibreOffice is not installed")
def test_a_doc_is_read_through_libreoffice() -> None:
    rtf = b"{\\rtf1\\ansi Thong bao ve sinh moi truong\\par Ngay chu nhat\\par}"
    source = read_content(Path("a.rtf"), rtf)
    assert "Thong bao ve sinh moi truong" in source.text
    assert source.format == "rtf"


def scanned_pdf() -> bytes:
    """A page that is one picture."""
    picture = b"\x80" * 64
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R /Resources << /XObject << /I 5 0 R >> >> >>",
        b"<< /Length 30 >>\nstream\nq 200 0 0 200 0 0 cm /I Do Q  \nendstream",
        b"<< /Type /XObject /Subtype /Image /Width 8 /Height 8 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length 64 >>\nstream\n"
        + picture
        + b"\nendstream",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % table


def test_a_scan_is_recognised_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "tesseract", lambda: None)
    for name, content in (("a.pdf", scanned_pdf()), ("a.png", scan.png(8, 8, 8, b"\x80" * 64))):
        with pytest.raises(errors.ScannedDocumentError):
            text_of(name, content)


@pytest.mark.skipif(scan.tesseract() is None, reason="Tesseract with Vietnamese is not installed")
def test_a_scan_is_read_by_tesseract() -> None:
    import pypdfium2

    with pypdfium2.PdfDocument(EXAMPLES / "ke-hoach-dich-vu-cong.pdf") as document:
        bitmap = document[0].render(scale=200 / 72, grayscale=True)
        picture = scan.png(bitmap.width, bitmap.height, bitmap.stride, bytes(bitmap.buffer))
    source = read_content(Path("trang.png"), picture)
    assert source.ocr
    assert "92/KH-UBND" in source.text


@given(st.text(max_size=400))
@settings(max_examples=150, deadline=None)
def test_any_text_comes_out_composed_and_without_control_signs(text: str) -> None:
    try:
        got = text_of("a.txt", text.encode("utf-8", "ignore"))
    except errors.UnreadableDocumentError:
        return
    assert unicodedata.is_normalized("NFC", got)
    assert not any(unicodedata.category(sign) == "Cc" and sign != "\n" for sign in got)


def test_the_spelling_check_knows_syllables() -> None:
    assert all(
        map(
            is_syllable,
            ["nghiêng", "khuỷu", "truyền", "ủy", "quyết", "đường", "phường", "được", "giếng", "Nguyễn"],
        )
    )
    assert not any(map(is_syllable, ["ñy", "x·", "truyÒn", "xyz", "brng"]))
