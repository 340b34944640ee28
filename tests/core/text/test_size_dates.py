"""Ranges of employees that a spreadsheet took for dates."""

import pytest

from core.text.size_dates import is_date, size_of_date


@pytest.mark.parametrize(
    ("cell", "size"),
    [
        ("10-Jan", "1-10"), ("Nov-50", "11-50"), ("2-Oct", "2-10"), ("02.10.2026", "2-10"), ("2026-10-02", "2-10"),
        ("9-May", "5-9"), ("10. Okt", None), ("01.11.1950", "11-50"), ("Oct-49", "10-49"), ("2026-01-10 00:00:00", "1-10"),
        ("5-sept", "5-9"), ("10-янв", "1-10"),
    ],
)  # fmt: skip
def test_the_range_comes_back(cell, size):
    assert is_date(cell)
    assert size_of_date(cell) == size


@pytest.mark.parametrize("cell", ["51-200", "1000+", "Large", "10-Foo", "12", ""])
def test_what_is_no_date_is_none(cell):
    assert not is_date(cell)
