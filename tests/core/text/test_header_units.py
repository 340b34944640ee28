"""Units in names of columns of amounts."""

import pytest

from core.text.header_units import factor_of, is_unit, multiplied


@pytest.mark.parametrize(
    ("label", "factor"),
    [
        ("Umsatz (Mio. €)", 1_000_000), ("Umsatz in TEUR", 1_000), ("Revenue (in thousands)", 1_000), ("k€", 1_000),
        ("Revenue USD m", 1_000_000), ("Revenue (in 000s USD)", 1_000), ("売上高（百万円）", 1_000_000),
        ("Выручка, млн руб.", 1_000_000), ("Obrót (tys. zł)", 1_000), ("Omsätning (MSEK)", 1_000_000),
        ("CA (M€)", 1_000_000), ("Revenue", 1), ("Umsatz 2023", 1), ("Ventas mil", 1), ("Annual revenue (USD)", 1),
    ],
)  # fmt: skip
def test_the_name_says_in_what_amounts_are(label, factor):
    assert factor_of(label) == factor


def test_numbers_and_ranges_are_multiplied_and_nothing_else():
    assert [multiplied(value, 1000) for value in ("1.5", "10-25", "500+", "about 5", None)] == [
        "1500", "10000-25000", "500000+", "about 5", None,
    ]  # fmt: skip
    assert is_unit("mio")
    assert not is_unit("market")
