"""Tables in a window of 80 signs: nothing is cut off, no word is broken, the long texts make way."""

import sys
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from content.commands import shell
from content.commands.table_layout import FRAME, column_widths

COLUMNS = [
    "Nội dung",
    "Thời gian",
    "Định mức",
    "Đã phát",
    "Dự kiến",
    "Còn thiếu",
    "Tình trạng",
    "Ngày cuối",
    "Vì sao",
]
ROW = [
    "Tuyên truyền phòng, chống cháy rừng mùa khô 2026 - 2027", "01/12/2026–07/12/2026", 12, 10, 1, 1,
    "không còn đạt được", "07/12", "không còn xếp kịp vào những ngày còn lại: 1; lượt 17:24:34 chưa có âm thanh",
]  # fmt: skip


@pytest.mark.parametrize("width", [60, 72, 80, 100, 160])
def test_a_table_stays_within_the_window_and_loses_no_word(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shell, "out", lambda: Console(file=sys.stdout, width=width))
    shell.print_table("", COLUMNS, [ROW, None, ROW])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(cell_len, lines)) <= width
    assert all(line.rstrip()[-1] in "┓┃┩│┤┘" for line in lines if line.strip())
    words = set(chain.from_iterable(line.replace("│", " ").split() for line in lines))
    if width >= 80:
        assert {word for cell in ROW for word in str(cell).split() if len(word) <= 8} <= words


def test_the_columns_that_say_nothing_go_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for width, kept in ((40, False), (80, True)):
        monkeypatch.setattr(shell, "out", lambda width=width: Console(file=sys.stdout, width=width))
        shell.print_table(
            "", ["Số", "Sửa văn bản số", "Trích yếu"], [[1, None, "tuyên truyền phòng, chống cháy rừng"]]
        )
        assert ("Sửa" in capsys.readouterr().out) is kept


@given(
    rows=st.lists(
        st.lists(st.text("aă 12/:\n", max_size=40), min_size=4, max_size=4), min_size=1, max_size=5
    ),
    window=st.integers(20, 120),
)
def test_the_columns_fill_the_room_and_never_more(rows: list[list[str]], window: int) -> None:
    widths = column_widths(["Số", "Giờ", "Tiêu đề", "Trạng thái"], rows, window)
    if widths is not None:
        assert sum(widths) + FRAME * 4 + 1 == window
        assert min(widths) >= 1


def test_what_is_told_during_a_progress_bar_stands_on_a_line_of_its_own() -> None:
    with shell.progress("Đang đọc", 2):
        assert shell.talk() is shell.talk()
    assert shell.talk() is not shell.talk()
