from datetime import date

import pytest

from crm.choices import DatePrecision
from crm.written import read_day

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    "text", ["2/9/2025", "02-09-2025", "2.9.25", "2025-09-02", "ngày 2 tháng 9 năm 2025", "Ngày 02 tháng 9 năm 2025", "2 / 9 / 2025"]
)
def test_a_day_in_any_writing_is_the_same_day(text: str) -> None:
    assert read_day(text, today=TODAY) == (date(2025, 9, 2), DatePrecision.DAY)


@pytest.mark.parametrize("text", ["9/2025", "2025-09", "tháng 9/2025", "Tháng 9 năm 2025"])
def test_a_month_is_no_day(text: str) -> None:
    assert read_day(text, today=TODAY) == (date(2025, 9, 1), DatePrecision.MONTH)


@pytest.mark.parametrize("text", ["1986", "năm 1986"])
def test_a_year_is_no_day(text: str) -> None:
    assert read_day(text, today=TODAY) == (date(1986, 1, 1), DatePrecision.YEAR)


@pytest.mark.parametrize(("text", "year"), [("1/5/86", 1986), ("1/5/30", 2030), ("1/5/37", 1937)])
def test_two_digits_mean_the_century_that_is_near(text: str, year: int) -> None:
    assert read_day(text, today=TODAY) == (date(year, 5, 1), DatePrecision.DAY)


@pytest.mark.parametrize("text", ["31/2/2025", "13/13/2025", "long ago", "", "12", "2025/9/2/1"])
def test_what_is_no_day_is_none(text: str) -> None:
    assert read_day(text, today=TODAY) is None
