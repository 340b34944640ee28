"""Where the prices that come along are; loads no model."""

from pathlib import Path

PRICE_FILE = Path(__file__).with_name("prices.toml")
