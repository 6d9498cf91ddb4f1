"""The report as one html file that needs nothing else: tables, a heat map of the days, planned against aired."""

from __future__ import annotations

from datetime import date, datetime
from html import escape
from typing import Any

from scheduler.reports.cells import printable
from scheduler.reports.letter import minutes, whole
from scheduler.reports.tables import ALL, TOTALS, Column, Figures, Table, cell, title_of

_STYLE = """
:root{color-scheme:light dark;--ink:#1d2b36;--soft:#5b6b78;--rule:#cfd8df;--paper:#fff;--aired:#1f7a4d;--plan:#b9c6d0;--bad:#b3402a}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf2;--soft:#9fb0bd;--rule:#3b4853;--paper:#12191f;--plan:#4a5a67}}
body{font:16px/1.5 "Segoe UI",Roboto,"Noto Sans",sans-serif;color:var(--ink);background:var(--paper);max-width:72rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .5rem}p{margin:.3rem 0;color:var(--soft)}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{border-bottom:1px solid var(--rule);padding:.3rem .5rem;text-align:left;vertical-align:top}
th{background:color-mix(in srgb,var(--rule) 40%,transparent)}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
tfoot td{font-weight:600}svg{max-width:100%;height:auto}svg text{fill:var(--soft);font-size:10px}
.mark{border:2px solid var(--bad);color:var(--bad);padding:.4rem .8rem;font-weight:600}
@media print{body{margin:0;max-width:none}h2{break-after:avoid}tr{break-inside:avoid}}
"""
MOST_ROWS = 1000


def to_html(figures: Figures) -> bytes:
    """The page's bytes, UTF-8."""
    parts = [
        "<!doctype html><html lang=vi><meta charset=utf-8><meta name=viewport content='width=device-width'>",
        f"<title>{_e(title_of(figures))}</title><style>{_STYLE}</style>",
        (
            f"<h1>{_e(title_of(figures))}</h1><p>{_e(figures['station'])} · số liệu từ {_day(figures['from'])} đến hết "
            f"{_day(figures['until'])} · lập lúc {datetime.fromisoformat(figures['made_at']):%H:%M %d/%m/%Y}</p>"
        ),
    ]
    if figures["simulated"]:
        parts.append("<p class=mark>Số liệu mô phỏng, không phải số liệu phát thật.</p>")
    if figures["single_person"] or figures["single_person_approvals"]:
        parts.append(
            f"<p class=mark>Chế độ một người: {whole(figures['single_person_approvals'])} nội dung tự phê duyệt.</p>"
        )
    parts.append(_totals(figures))
    parts.append(f"<h2>Lịch phát theo ngày</h2><div class=wide>{heat_map(figures['by_day'])}</div>")
    parts.append(f"<h2>Theo lịch và đã phát</h2><div class=wide>{bars(figures['by_day'])}</div>")
    parts += [_table(table, figures) for table in ALL if table.key != "by_day"]
    parts.append(f"<p>Mã kiểm chứng nhật ký: <code>{_e(figures['check_code'])}</code></p></html>")
    return "\n".join(parts).encode("utf-8")


def heat_map(days: list[dict[str, Any]]) -> str:
    """A square for each day, weeks as columns, the darker the more aired; a red rim where less than planned."""
    if not days:
        return ""
    most = max(*(d["aired"] for d in days), 1)
    first = date.fromisoformat(days[0]["date"])
    monday = first.toordinal() - first.weekday()
    size, gap, left, top = 13, 3, 26, 16
    squares = []
    months: dict[int, str] = {}
    for d in days:
        on = date.fromisoformat(d["date"])
        week, weekday = divmod(on.toordinal() - monday, 7)
        x, y = left + week * (size + gap), top + weekday * (size + gap)
        share = d["aired"] / most
        fill = f"rgb(31 122 77 / {0.12 + 0.88 * share:.2f})" if d["aired"] else "rgb(128 128 128 / .15)"
        rim = ' stroke="#b3402a" stroke-width="1.5"' if d["aired"] < d["planned"] else ""
        squares.append(
            f'<rect x="{x}" y="{y}" width="{size}" height="{size}" rx="2" fill="{fill}"{rim}>'
            f"<title>{on:%d/%m/%Y}: {d['aired']}/{d['planned']}</title></rect>"
        )
        if (on.day <= 7 and on.weekday() == 0) or not months:
            months.setdefault(x, f"{on.month}/{on.year % 100:02d}")
    labels = [f'<text x="{x}" y="11">{text}</text>' for x, text in months.items()]
    labels += [
        f'<text x="0" y="{top + row * (size + gap) + 10}">{name}</text>'
        for row, name in ((0, "T2"), (2, "T4"), (4, "T6"), (6, "CN"))
    ]
    last = date.fromisoformat(days[-1]["date"]).toordinal() - monday
    width = left + (last // 7 + 1) * (size + gap)
    return (
        f'<svg role="img" aria-label="Số lượt phát từng ngày" viewBox="0 0 {width} {top + 7 * (size + gap)}" '
        f'width="{width}">{"".join(labels)}{"".join(squares)}</svg>'
    )


def bars(days: list[dict[str, Any]]) -> str:
    """Planned against aired: a pair of bars for each day, or for each month of a long period."""
    groups: dict[str, list[int]] = {}
    for d in days:
        on = date.fromisoformat(d["date"])
        key = f"{on:%d/%m}" if len(days) <= 62 else f"{on:%m/%Y}"
        pair = groups.setdefault(key, [0, 0])
        pair[0] += d["planned"]
        pair[1] += d["aired"]
    most = max((max(pair) for pair in groups.values()), default=0) or 1
    height, step, left = 140, 22 if len(groups) > 20 else 46, 40
    wide = step * 0.36
    shapes = [
        (
            f'<text x="{left - 4}" y="14" text-anchor="end">{whole(most)}</text>'
            f'<text x="{left - 4}" y="{height + 4}" text-anchor="end">0</text>'
            f'<line x1="{left}" x2="{left + step * len(groups)}" y1="{height}" y2="{height}" stroke="currentColor" opacity=".4"/>'
        )
    ]
    for number, (name, (planned, aired)) in enumerate(groups.items()):
        x = left + number * step + step * 0.12
        for offset, count, fill in ((0.0, planned, "var(--plan)"), (wide, aired, "var(--aired)")):
            tall = (height - 10) * count / most
            shapes.append(
                f'<rect x="{x + offset:.1f}" y="{height - tall:.1f}" width="{wide:.1f}" height="{tall:.1f}" fill="{fill}">'
                f"<title>{_e(name)}: {whole(planned)} theo lịch, {whole(aired)} đã phát</title></rect>"
            )
        if len(groups) <= 20 or number % 3 == 0:
            shapes.append(
                f'<text x="{x + wide:.1f}" y="{height + 14}" text-anchor="middle">{_e(name)}</text>'
            )
    width = left + step * len(groups) + 10
    key = (
        f'<rect x="{left}" y="{height + 24}" width="10" height="10" fill="var(--plan)"/>'
        f'<text x="{left + 14}" y="{height + 33}">theo lịch</text>'
        f'<rect x="{left + 80}" y="{height + 24}" width="10" height="10" fill="var(--aired)"/>'
        f'<text x="{left + 94}" y="{height + 33}">đã phát</text>'
    )
    return (
        f'<svg role="img" aria-label="Lượt phát theo lịch và đã phát" viewBox="0 0 {width} {height + 40}" width="{width}">'
        f"{''.join(shapes)}{key}</svg>"
    )


def _totals(figures: Figures) -> str:
    rows = "".join(f"<tr><td>{_e(name)}<td class=n>{_count(figures['totals'], key)}" for name, key in TOTALS)
    return f"<h2>Kết quả chung</h2><table>{rows}</table>"


def _count(totals: dict[str, Any], key: str) -> str:
    return minutes(totals["heard_ms"]) if key == "minutes" else whole(totals[key])


def _table(table: Table, figures: Figures) -> str:
    rows = figures[table.key]
    if not rows:
        return ""
    head = "".join(f"<th{_class(column)}>{_e(column.name)}" for column in table.columns)
    body = "".join(
        "<tr>" + "".join(f"<td{_class(column)}>{_shown(row, column)}" for column in table.columns)
        for row in rows[:MOST_ROWS]
    )
    sums = "".join(
        f"<td class=n>{_sum(rows, column)}" if column.summed else f"<td>{'Tổng cộng' if number == 0 else ''}"
        for number, column in enumerate(table.columns)
    )
    more = f"<p>Còn {whole(len(rows) - MOST_ROWS)} dòng, xem bảng tính.</p>" if len(rows) > MOST_ROWS else ""
    return f"<h2>{_e(table.name)}</h2><div class=wide><table><thead><tr>{head}<tbody>{body}<tfoot><tr>{sums}</table></div>{more}"


def _shown(row: dict[str, Any], column: Column) -> str:
    value = cell(row, column)
    if isinstance(value, float):
        return f"{value:,.1f}".replace(",", " ").replace(".", ",").replace(" ", ".")
    return whole(value) if isinstance(value, int) else _e(value)


def _sum(rows: list[dict[str, Any]], column: Column) -> str:
    total = sum(v for row in rows if isinstance(v := cell(row, column), int | float))
    return (
        f"{total:,.1f}".replace(",", " ").replace(".", ",").replace(" ", ".")
        if isinstance(total, float)
        else whole(total)
    )


def _class(column: Column) -> str:
    return " class=n" if column.summed else ""


def _day(iso: str) -> str:
    return f"{date.fromisoformat(iso):%d/%m/%Y}"


def _e(text: object) -> str:
    return escape(printable(text), quote=True)
