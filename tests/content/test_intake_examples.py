"""The bundled examples, held to what a person reads in them."""

import json
from pathlib import Path

import pytest

from content.intake.facts import CHANNELS, EVERY, Understanding
from content.intake.read import read_file
from content.intake.source import SourceText
from content.intake.understand import understand

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
EXPECTED = json.loads((EXAMPLES / "expected.json").read_text("utf-8"))
FIELDS = {
    "kind", "number", "symbol", "issued_on", "issued_month", "place", "issuer", "subject", "signer", "recipients",
    "items", "channels", "frequency_rules", "deadlines", "citations",
}  # fmt: skip


def taken(name: str) -> tuple[SourceText, Understanding]:
    source = read_file(EXAMPLES / name)
    return source, understand(source)


def test_every_example_has_its_expectation_and_there_are_at_least_ten_kinds() -> None:
    files = {
        path.name for path in EXAMPLES.iterdir() if path.suffix in (".txt", ".md", ".html", ".docx", ".pdf")
    }
    assert files == set(EXPECTED)
    assert len(files) >= 10
    assert {
        "Kế hoạch",
        "Công văn",
        "Quyết định",
        "Thông báo",
        "Công điện",
        "Giấy mời",
        "Chỉ thị",
        "Hướng dẫn",
    } <= {entry["kind"] for entry in EXPECTED.values()}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_an_example_is_understood_as_expected(name: str) -> None:
    want = EXPECTED[name]
    _source, found = taken(name)
    got = found.to_json()
    for field in (
        "kind",
        "number",
        "symbol",
        "issued_on",
        "issued_month",
        "place",
        "issuer",
        "subject",
        "signer",
        "recipients",
    ):
        assert got[field] == want[field], field
    assert [item["ref"] for item in got["items"]] == [item["ref"] for item in want["items"]]
    for item, wanted in zip(got["items"], want["items"], strict=True):
        assert item["title"].startswith(wanted["starts"])
        assert item["lead_units"] == wanted["lead"]
        assert item["partner_units"] == wanted["partner"]
        assert (item["period"] or {}).get("from") == wanted["from"]
        assert (item["period"] or {}).get("until") == wanted["until"]
    assert sorted(channel["channel"] for channel in got["channels"]) == want["channels"]
    assert [
        {"new_per_month": rule.new_per_month, "min_replays_per_month": rule.min_replays_per_month, "title": rule.title, "rules": rule.rules()}
        for rule in found.frequency_rules
    ] == want["frequency_rules"]  # fmt: skip
    assert [[due["every"], due["day"]] for due in got["deadlines"]] == want["deadlines"]
    assert [[one["kind"], one["number"], one["date"], one["issuer"]] for one in got["citations"]] == want[
        "citations"
    ]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_schema_is_kept_and_every_fact_points_at_its_words(name: str) -> None:
    source, found = taken(name)
    got = found.to_json()
    assert set(got) == FIELDS
    assert json.loads(json.dumps(got, ensure_ascii=False)) == got
    for item in got["items"]:
        assert set(item) == {"ref", "title", "text", "lead_units", "partner_units", "period"}
        assert item["text"].strip()
        assert item["period"] is None or set(item["period"]) == {"text", "from", "until"}
    assert {channel["channel"] for channel in got["channels"]} <= set(CHANNELS)
    assert {due["every"] for due in got["deadlines"]} <= set(EVERY)
    for _name, _text, (start, end) in found.facts():
        assert 0 <= start < end <= len(source.text)
    for cited in found.citations:
        assert cited.number.replace("-", "").replace("/", "")[:2] in source.passage(cited.span).replace(
            "-", ""
        ).replace("/", "")
    for unit in (unit for item in found.items for unit in (*item.lead_units, *item.partner_units)):
        assert source.passage(unit.span) == unit.text
    for rule in found.frequency_rules:
        assert source.passage(rule.span) == rule.text
    for due in found.deadlines:
        assert source.passage(due.span) == due.text
    if found.signer:
        assert source.passage(found.spans["signer"]).casefold() == found.signer.casefold()


def test_a_document_says_the_same_as_docx_and_as_pdf() -> None:
    _docx, one = taken("ke-hoach-dich-vu-cong.docx")
    _pdf, other = taken("ke-hoach-dich-vu-cong.pdf")
    assert one.to_json() == other.to_json()


def test_a_portal_page_keeps_its_article_and_drops_its_menus() -> None:
    source, found = taken("trang-tin-moi-truong.html")
    assert "Phân loại rác tại nguồn" in source.text
    for menu in (
        "Thủ tục hành chính",
        "Trang chủ",
        "Chia sẻ",
        "Tin liên quan",
        "Kết quả xét tặng",
        "Bản quyền",
    ):
        assert menu not in source.text
    assert found.items[0].text.count("\n- ") == 3


def test_a_notice_speaks_its_table_row_by_row() -> None:
    _source, found = taken("thong-bao-cat-dien.md")
    assert "- Tổ dân phố 3, 4: 6h00 - 11h30 ngày 21/7/2026; Thay máy biến áp." in found.items[0].text
