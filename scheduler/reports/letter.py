"""The report as docx: the station's form, or the shipped one, filled in."""

from __future__ import annotations

from datetime import date, datetime
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from content.config import Config
from content.errors import LoaError
from content.language import N_
from scheduler.reports.cells import printable
from scheduler.reports.tables import TABLES, TOTALS, Figures, title_of

SHIPPED = "bao-cao.docx"
FEW = 40
"""So many obligations are all listed in the letter; of more, only what needs a leader's eye."""
MOST_LINES = 400
"""A printed table longer than this is cut and points to the spreadsheet."""


class FormError(LoaError):
    """The station's own form cannot be used."""

    sentence = N_(
        "the report form {path} cannot be used ({reason}): correct it in Word, or delete it to use the shipped one"
    )


def own_form(folder: Path) -> Path:
    """Where a station keeps its own form."""
    return folder / "forms" / SHIPPED


def to_docx(figures: Figures, config: Config, form: Path | None = None) -> bytes:
    """The letter's bytes; `form` is the station's own form where it has one.

    Raises:
        FormError: the form is no docx or its marks cannot be filled.
    """
    from docx.opc.exceptions import OpcError
    from docxtpl import DocxTemplate
    from jinja2 import TemplateError
    from jinja2.sandbox import SandboxedEnvironment

    path = form if form is not None and form.is_file() else Path(str(files("scheduler.reports"))) / SHIPPED
    try:
        template = DocxTemplate(str(path))
        template.render(_facts(figures, config), SandboxedEnvironment(autoescape=True), autoescape=True)
        out = BytesIO()
        template.save(out)
    except (
        TemplateError,
        OpcError,
        BadZipFile,
        ValueError,
        LookupError,
        OSError,
        TypeError,
        SyntaxError,
    ) as error:
        raise FormError(
            path=path, reason=str(error).splitlines()[0] if str(error) else type(error).__name__
        ) from error
    return out.getvalue()


def _facts(figures: Figures, config: Config) -> dict[str, Any]:
    made_on = datetime.fromisoformat(figures["made_at"]).date()
    settings = config.report
    place = figures["place"] or "……………"
    recipients = list(settings.recipients) or [
        *([f"{settings.addressed_to};"] if settings.addressed_to else []),
        "Lưu: VT.",
    ]
    facts: dict[str, Any] = {
        "organ": settings.organ.upper(),
        "station": figures["station"].upper(),
        "place_and_date": f"{place}, ngày {made_on.day:02d} tháng {made_on.month:02d} năm {made_on.year}",
        "title": title_of(figures),
        "addressed_to": settings.addressed_to,
        "opening": _opening(figures),
        "totals": [
            {
                "name": name,
                "value": minutes(figures["totals"]["heard_ms"])
                if key == "minutes"
                else whole(figures["totals"][key]),
            }
            for name, key in TOTALS
        ],
        "t": _told(figures["totals"]),
        "obligations_sentence": _obligations(figures),
        "obligation_rows": _obligation_rows(figures),
        "not_aired_sentence": _not_aired(figures),
        "not_aired_by_reason": [
            {**row, "count": whole(row["count"])} for row in figures["not_aired_by_reason"][:MOST_LINES]
        ],
        "exceptions_sentence": _exceptions_sentence(figures),
        "exceptions": _exceptions(figures)[:MOST_LINES],
        "closing": "Trên đây là báo cáo kết quả hoạt động truyền thanh "
        f"{figures['label']} của {figures['station']}, kính báo cáo./.",
        "recipients": recipients,
        "signer_title": (settings.signer_title or "TRƯỞNG ĐÀI").upper(),
        "signer": settings.signer,
        "check_code": figures["check_code"],
    }
    for table in TABLES:
        facts[table.key] = [_told(row) for row in figures[table.key][:MOST_LINES]]
    return {name: _clean(value) for name, value in facts.items()}


def _opening(figures: Figures) -> str:
    text = (
        f"{figures['station']} báo cáo kết quả hoạt động truyền thanh {figures['label']} "
        f"(số liệu từ ngày {_day(figures['from'])} đến hết ngày {_day(figures['until'])}, "
        "lấy từ nhật ký phát sóng do máy phát ghi) như sau:"
    )
    if figures["simulated"]:
        text = "SỐ LIỆU MÔ PHỎNG, KHÔNG PHẢI SỐ LIỆU PHÁT THẬT. " + text
    return text


def _obligations(figures: Figures) -> str:
    lines = figures["obligations"]
    if not lines:
        return "Trong kỳ không có định mức nào được giao."
    met = sum(1 for line in lines if line["status"] == "met")
    running = sum(1 for line in lines if line["status"] in ("on-track", "at-risk"))
    failed = len(lines) - met - running
    parts = [f"Trong kỳ có {whole(len(lines))} định mức: {whole(met)} đạt"]
    if running:
        parts.append(f"{whole(running)} đang thực hiện")
    parts.append(f"{whole(failed)} không đạt" if failed else "không có định mức nào không đạt")
    more = (
        " Bảng dưới đây chỉ nêu các định mức chưa đạt; toàn bộ có trong bảng tính kèm theo."
        if len(lines) > FEW
        else ""
    )
    return ", ".join(parts) + "." + more


def _obligation_rows(figures: Figures) -> list[dict[str, Any]]:
    """Each obligation where they are few; else those that are not met, programme by programme in a long period."""
    lines = figures["obligations"]
    if len(lines) > FEW:
        lines = [line for line in lines if line["status"] not in ("met", "on-track")]
    if len(lines) <= FEW:
        return [
            {
                "title": line["title"], "period": _period(line["period"]), "owed": whole(line["owed"]),
                "aired": whole(line["aired"]), "status_name": line["status_name"], "reasons": "; ".join(line["reasons"][:2]),
            }
            for line in lines
        ]  # fmt: skip
    return [
        {
            "title": line["title"],
            "period": f"{line['met']}/{line['periods']} kỳ đạt",
            "owed": whole(line["owed"]),
            "aired": whole(line["aired"]),
            "status_name": line["status_name"],
            "reasons": "; ".join(line["reasons"][:2]),
        }
        for line in figures["obligation_summary"]
        if line["met"] + line["running"] < line["periods"]
    ][:MOST_LINES]


def _not_aired(figures: Figures) -> str:
    lines = figures["not_aired"]
    if not lines:
        return "Trong kỳ mọi lượt phát đều trọn vẹn theo lịch."
    good = sum(1 for line in lines if line["made_good"])
    return (
        f"Trong kỳ có {whole(len(lines))} lượt không phát được, phát không trọn hoặc nhường sóng, "
        f"trong đó {whole(good)} lượt đã được phát bù; lý do như sau:"
    )


def _exceptions(figures: Figures) -> list[dict[str, Any]]:
    found = [
        {
            "at": _moment(row["at"]),
            "what": f"Bản tin khẩn cấp: {row['title']}",
            "person": row["who"],
            "reason": row["reason"] or "không ghi lý do",
        }
        for row in figures["interruptions"]
    ]
    found += [
        {
            "at": _moment(row["at"]),
            "what": row["what"],
            "person": row["person"],
            "reason": row["reason"] or "không ghi lý do",
        }
        for row in figures["overrides"]
    ]
    return found


def _exceptions_sentence(figures: Figures) -> str:
    parts = []
    if figures["interruptions"] or figures["overrides"]:
        parts.append(
            f"Trong kỳ có {whole(len(figures['interruptions']))} bản tin khẩn cấp chen ngang và "
            f"{whole(len(figures['overrides']))} ngoại lệ có ghi người quyết định và lý do."
        )
    else:
        parts.append("Trong kỳ không có bản tin khẩn cấp chen ngang, không có ngoại lệ.")
    if figures["single_person"] or figures["single_person_approvals"]:
        parts.append(
            f"Đài làm việc ở chế độ một người: {whole(figures['single_person_approvals'])} nội dung do người biên tập tự phê duyệt."
        )
    return " ".join(parts)


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """A line of counts in Vietnamese figures."""
    told = {key: whole(value) if isinstance(value, int) else value for key, value in row.items()}
    told["minutes"] = minutes(row["heard_ms"])
    return told


def whole(number: int) -> str:
    """1234567 as 1.234.567."""
    return f"{number:,}".replace(",", ".")


def minutes(heard_ms: int) -> str:
    """Milliseconds as minutes with one decimal: 1.234,5."""
    return f"{heard_ms / 60_000:,.1f}".replace(",", " ").replace(".", ",").replace(" ", ".")


def _day(iso: str) -> str:
    return f"{date.fromisoformat(iso):%d/%m/%Y}"


def _moment(iso: str) -> str:
    return f"{datetime.fromisoformat(iso):%H:%M %d/%m/%Y}"


def _period(period: str) -> str:
    if len(period) == 7:
        return f"{period[5:]}/{period[:4]}"
    if "-W" in period:
        return f"tuần {period[6:]}/{period[:4]}"
    return "–".join(_day(part) for part in period.split(".."))


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list):
        return [_clean(part) for part in value]
    if isinstance(value, dict):
        return {key: _clean(part) for key, part in value.items()}
    return value
