"""The words in capitals that name what a document is."""

from __future__ import annotations

import re

from content.intake.unwrap import is_upper

TITLES = (
    "KẾ HOẠCH LIÊN TỊCH", "HƯỚNG DẪN LIÊN TỊCH", "NGHỊ QUYẾT LIÊN TỊCH", "CHƯƠNG TRÌNH PHỐI HỢP", "KẾ HOẠCH PHỐI HỢP",
    "KẾ HOẠCH", "QUYẾT ĐỊNH", "THÔNG BÁO", "CÔNG ĐIỆN KHẨN", "CÔNG ĐIỆN", "GIẤY MỜI", "CHỈ THỊ", "HƯỚNG DẪN", "BÁO CÁO", "TỜ TRÌNH",
    "CHƯƠNG TRÌNH HÀNH ĐỘNG", "CHƯƠNG TRÌNH", "PHƯƠNG ÁN", "ĐỀ ÁN", "NGHỊ QUYẾT", "QUY CHẾ", "QUY ĐỊNH", "THƯ NGỎ", "THƯ MỜI", "LỜI KÊU GỌI",
    "THÔNG CÁO", "BIÊN BẢN", "KẾT LUẬN", "BẢN TIN", "TIN CẢNH BÁO", "CẢNH BÁO", "CÔNG VĂN", "GIẤY GIỚI THIỆU", "HỢP ĐỒNG", "DỰ ÁN", "QUY TRÌNH",
    "ĐỀ CƯƠNG", "BÀI TUYÊN TRUYỀN", "LỊCH PHÁT SÓNG", "LỊCH PHÁT THANH", "LỊCH TUYÊN TRUYỀN", "LỊCH CÔNG TÁC", "LỊCH",
)  # fmt: skip


def title_of(text: str) -> str | None:
    """The title that a line is, or begins with: "KẾ HOẠCH", "QUYẾT ĐỊNH Về việc …"."""
    if not text[:2].isupper():
        return None
    for title in TITLES:
        if text.startswith(title) and (len(text) == len(title) or not text[len(title)].isalpha()):
            rest = text[len(title) :].strip(" :*_")
            if not rest or not is_upper(text) or len(text) < 200:
                return (
                    title
                    if not rest
                    or is_upper(rest)
                    or rest[0] in "(:–-"
                    or re.match(r"(?:Về|V/v|khẩn)\b", rest, re.IGNORECASE)
                    else None
                )
    return None


def kind_word(title: str) -> str:
    """The kind of document, as a sentence writes it."""
    plain = {"CÔNG ĐIỆN KHẨN": "CÔNG ĐIỆN", "TIN CẢNH BÁO": "CẢNH BÁO"}.get(title, title)
    return plain[0] + plain[1:].lower()
