"""Prices are read exactly, or not at all."""

from decimal import Decimal
from pathlib import Path

import pytest

from agents.price_file import PRICE_FILE
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


def test_a_long_prompt_costs_what_long_prompts_cost_and_a_cached_part_its_own_price(tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(
        "checked_on = 2026-11-30\n[a.b]\ninput = '1'\noutput = '5'\ncached = '0.1'\npage = 'https://a.example'\n"
        "seen = 2026-11-01\nabove = { tokens = 100, input = '2', output = '10' }\n[a.c]\nunpriced = 'no page'\n"
    )
    prices = read_prices(file)
    price = prices.of("a", "b")
    assert price.cost(TokenUsage(100, 10, 50)).usd * 1_000_000 == 50 + 5 + 50
    assert price.cost(TokenUsage(101, 10)).usd * 1_000_000 == 202 + 100
    assert (price.page, str(price.seen_on)) == ("https://a.example", "2026-11-01")
    with pytest.raises(ConfigurationError, match="MODELS_UNPRICED_USD_PER_M"):
        prices.of("a", "c")
    assert read_prices(file, Decimal(40)).of("a", "c") == TokenPrice(Decimal(40), Decimal(40))
    file.write_text("checked_on = 2026-11-30\n[a.b]\ninput = '1'\noutput = '5'\nseen = '2026'\n")
    with pytest.raises(ConfigurationError, match="a day"):
        read_prices(file)


def test_each_price_that_comes_along_says_where_and_when_it_was_read() -> None:
    prices = read_prices(PRICE_FILE)
    assert prices.prices
    for name, price in prices.prices.items():
        assert price.page.startswith("https://"), name
        assert price.seen_on is not None, name
        assert price.seen_on <= prices.checked_on, name
