"""Prices are read exactly, or not at all."""

from decimal import Decimal
from pathlib import Path

import pytest

from core.errors import ConfigurationError
from core.ledger.prices import TokenPrice, TokenUsage, read_prices


def test_prices_are_exact(tmp_path: Path) -> None:
    price = TokenPrice(Decimal("0.35"), Decimal("0.75"), Decimal("0.035"))
    assert price.cost(TokenUsage(1_000_000, 2_000_000, 400_000)).usd == Decimal("0.21") + Decimal("0.014") + Decimal(
        "1.5"
    )
    for text in (
        "",
        "checked_on = 3",
        "checked_on = 2026-01-01\n[a.b]\ninput = 'x'\noutput = '1'",
        "[",
        "checked_on = 2026-01-01\na = 1",
    ):
        file = tmp_path / "prices.toml"
        file.write_text(text)
        with pytest.raises(ConfigurationError, match=r"prices\.toml"):
            read_prices(file)
    with pytest.raises(ConfigurationError):
        read_prices(tmp_path / "none.toml")
