"""Numbers and ranges as people write them: exactly where plain, else a range, else nothing."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.cell_numbers import exact_number, middle_of, read_number, read_range


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", "12"),
        (" 12.50 ", "12.50"),
        ("-3", "-3"),
        (".5", "0.5"),
        ("1,5", "1.5"),
        ("12,5000", "12.5000"),
        ("45%", "45"),
        ("45 %", "45"),
        ("1e3", "1000"),
        ("1,500", None),  # thousands or a decimal: not plain
        ("1.2.3", None),
        ("", None),
        ("twelve", None),
        ("12-15", None),
        ("9" * 40, None),
    ],
)
def test_plain_numbers(text, number):
    assert exact_number(text) == (None if number is None else Decimal(number))


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("12", 12, 12),
        ("51-200", 51, 200),
        ("51 – 200 employees", 51, 200),
        ("1,001-5,000", 1001, 5000),
        ("1000+", 1000, 1000),
        ("Large (1,000+ employees)", 1000, 1000),
        ("11-50 (small)", 11, 50),
        ("1,5", Decimal("1.5"), Decimal("1.5")),
    ],
)
def test_ranges(text, low, high):
    assert read_range(text) == (low, high)


@pytest.mark.parametrize("text", ["", "many", "(unknown)", "-", "a" * 100])
def test_no_number(text):
    assert read_range(text) is read_number(text) is None


def test_the_middle_of_whole_ends_falls_in_no_gap_between_bands():
    assert read_number("51-200") == 126
    assert read_number("1-2") == 2
    assert middle_of(Decimal("0.5"), Decimal(1)) == Decimal("0.75")
    assert read_number("12,5") == Decimal("12.5")


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_middle_lies_between_its_ends_and_is_whole(one, other):
    low, high = Decimal(min(one, other)), Decimal(max(one, other))
    middle = middle_of(low, high)
    assert low <= middle <= high
    assert middle == middle.to_integral_value()


@given(st.decimals(-(10**9), 10**9, places=3))
def test_what_is_written_plainly_is_read_exactly(number):
    text = f"{number:f}"
    assert exact_number(text) == read_number(text) == number
    assert read_range(text) == (number, number)


@given(st.text(max_size=80))
def test_any_cell_gives_a_range_in_order_or_nothing(text):
    ends = read_range(text)
    assert ends is None or all(end.is_finite() for end in ends)
