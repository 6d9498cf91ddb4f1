"""The tables of a report, one description for every form: heading, columns, where a column is summed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, the key of the figure, whether it is a number that is summed."""

    name: str
    key: str
    summed: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the figures."""

    key: str
    name: str
    sheet: str
    columns: tuple[Column, ...]


_COUNTS: Final = (
    Column("Lượt phát", "airings", True),
    Column("Phát mới", "first", True),
    Column("Phát lại", "replays", True),
    Column("Khác", "other", True),
    Column("Không trọn", "partial", True),
    Column("Không phát được", "missed", True),
    Column("Nhường sóng", "displaced", True),
    Column("Thời lượng (phút)", "minutes", True),
)


def _counted(key: str, name: str, sheet: str, heading: str, *, episodes: bool = False) -> Table:
    first = (Column(heading, "name"), *((Column("Số kỳ", "episodes", True),) if episodes else ()))
    return Table(key, name, sheet, (*first, *_COUNTS))


TABLES: Final = (
    _counted(
        "by_programme",
        "Theo chuyên mục, chương trình",
        "Chuyên mục",
        "Chuyên mục, chương trình",
        episodes=True,
    ),
    _counted("by_topic", "Theo chủ đề", "Chủ đề", "Chủ đề"),
    _counted("by_lead_unit", "Theo đơn vị chủ trì nội dung", "Đơn vị chủ trì", "Đơn vị"),
    _counted("by_zone", "Theo cụm loa (mỗi cụm tính một lượt)", "Cụm loa", "Cụm loa"),
    _counted("by_station", "Theo đài", "Đài", "Đài"),
    _counted(
        "by_bulletin_class", "Theo loại bản tin (Thông tư 39/2020/TT-BTTTT)", "Loại bản tin", "Loại bản tin"
    ),
    _counted("by_source", "Theo nguồn", "Nguồn", "Nguồn"),
)
OBLIGATIONS: Final = Table(
    "obligations", "Thực hiện định mức", "Định mức",
    (
        Column("Nội dung", "title"), Column("Kỳ", "period"), Column("Phải phát", "owed", True),
        Column("Đã phát", "aired", True), Column("Còn theo lịch", "planned", True), Column("Thiếu", "missing", True),
        Column("Kết quả", "status_name"), Column("Lý do", "reasons"), Column("Căn cứ", "rule"),
    ),
)  # fmt: skip
NOT_AIRED: Final = Table(
    "not_aired", "Lượt không phát được, không trọn", "Không phát được",
    (
        Column("Thời điểm", "at"), Column("Nội dung", "title"), Column("Tình trạng", "outcome"),
        Column("Lý do", "reason"), Column("Đã phát bù", "made_good"),
    ),
)  # fmt: skip
INTERRUPTIONS: Final = Table(
    "interruptions", "Bản tin khẩn cấp chen ngang", "Khẩn cấp",
    (
        Column("Thời điểm", "at"), Column("Nội dung", "title"), Column("Cụm loa", "zones"), Column("Người phát", "who"),
        Column("Thời lượng (phút)", "minutes", True), Column("Lý do", "reason"),
    ),
)  # fmt: skip
OVERRIDES: Final = Table(
    "overrides", "Ngoại lệ có ghi lý do", "Ngoại lệ",
    (
        Column("Thời điểm", "at"), Column("Việc", "what"), Column("Người quyết định", "person"),
        Column("Lý do", "reason"), Column("Số nhật ký", "number"),
    ),
)  # fmt: skip
BY_DAY: Final = Table(
    "by_day", "Theo ngày", "Theo ngày",
    (Column("Ngày", "date"), Column("Theo lịch", "planned", True), Column("Đã phát", "aired", True)),
)  # fmt: skip
ALL: Final = (*TABLES, OBLIGATIONS, NOT_AIRED, INTERRUPTIONS, OVERRIDES, BY_DAY)
TOTALS: Final = (
    ("Số tin, bài đã phát", "items"),
    ("Số kỳ chuyên mục, bản tin đã phát", "episodes"),
    ("Tổng số lượt phát", "airings"),
    ("Trong đó: phát mới", "first"),
    ("Trong đó: phát lại", "replays"),
    ("Trong đó: tiếp sóng, khẩn cấp, khác", "other"),
    ("Tổng thời lượng phát (phút)", "minutes"),
    ("Số lượt theo lịch", "planned"),
    ("Số lượt không phát được", "missed"),
    ("Số lượt phát không trọn", "partial"),
    ("Số lượt nhường sóng", "displaced"),
    ("Số bản tin khẩn cấp chen ngang", "interruptions"),
)


def cell(row: dict[str, Any], column: Column) -> str | int | float:
    """The value of a cell: minutes unrounded (so that sums agree), lists joined, truth as có or nothing."""
    if column.key == "minutes" and "heard_ms" in row:
        return float(row["heard_ms"]) / 60_000
    value = row.get(column.key)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "có" if value else ""
    if isinstance(value, list):
        return "; ".join(str(part) for part in value)
    if isinstance(value, int | float):
        return value
    if column.key == "at":
        return str(value)[:16].replace("T", " ")
    if column.key == "outcome":
        from scheduler.reports.figures import OUTCOME_NAMES

        return OUTCOME_NAMES.get(str(value), str(value))
    return str(value)


def title_of(figures: Figures) -> str:
    """The subject line of a report."""
    simulated = " (MÔ PHỎNG)" if figures["simulated"] else ""
    return f"Kết quả hoạt động truyền thanh {figures['label']}{simulated}"
