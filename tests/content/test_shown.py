"""Dates and numbers on a screen: as its language writes them, whatever the message asks for."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from content import shown
from content.errors import LoaError
from content.language import _, use_language

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")


class LengthError(LoaError):
    """A sentence with a date and a number."""

    sentence = "{minutes:.1f} minutes on {day}, {share} of it"


@pytest.fixture(params=["vi", "en"])
def sign(request: pytest.FixtureRequest) -> Iterator[str]:
    use_language(request.param)
    yield "," if request.param == "vi" else "."
    use_language("en")


def test_decimals_have_the_sign_of_the_language(sign: str) -> None:
    assert shown.decimal(5) == f"5{sign}0"
    assert shown.cell(0.25) == f"0{sign}25"
    assert shown.decimal(None) == ""


def test_facts_of_an_error_are_told_so_too(sign: str) -> None:
    error = LengthError(minutes=2.04, day=date(2026, 12, 1), share=0.5)
    assert error.told(_) == f"2{sign}0 minutes on 01/12/2026, 0{sign}5 of it"
    assert str(error) == "2.0 minutes on 01/12/2026, 0.5 of it"


def test_days_months_periods_and_moments_are_never_iso() -> None:
    assert shown.day(date(2026, 12, 1)) == shown.day("2026-12-01") == "01/12/2026"
    assert shown.day("2026-12") == shown.period("2026-12") == "12/2026"
    assert shown.period("2026-12-01..2026-12-07") == "01/12/2026–07/12/2026"
    assert (shown.day(None), shown.day("hằng năm")) == ("", "hằng năm")
    at = datetime(2026, 12, 1, 20, 30, 5, tzinfo=UTC)
    assert shown.moment(at, HANOI) == "02/12/2026 03:30"
    assert shown.moment(at, HANOI, seconds=True) == "02/12/2026 03:30:05"
