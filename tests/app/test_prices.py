"""`sales-agent prices`: what is said of prices, their pages, their age, and of models without one."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.main import build
from core.settings.settings import settings

FILE = """
checked_on = 2026-01-01
[acme."old"]
input = "1"
output = "2"
page = "https://acme.example/prices"
seen = 2020-01-01
[acme."new"]
unpriced = "no page was found"
"""


@pytest.fixture
def prices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "prices.toml"
    file.write_text(FILE)
    monkeypatch.setenv("MODELS_PRICE_FILE", str(file))
    monkeypatch.setenv("MODELS_DEFAULT", "acme:new")

    def run(*arguments: str) -> str:
        settings.cache_clear()
        done = CliRunner().invoke(build("prices"), ["prices", *arguments])
        assert done.exit_code == 0, done.output
        return done.output

    yield run
    monkeypatch.undo()
    settings.cache_clear()


def test_old_prices_are_warned_of_and_models_without_one_named(prices) -> None:
    said = prices()
    assert "https://acme.example/prices" in said
    assert "Read more than 90 days ago" in said
    assert "acme:old" in said
    assert "without a price: acme:new; they are not used" in " ".join(said.split())


def test_what_is_set_for_models_without_a_price_is_said(prices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELS_UNPRICED_USD_PER_M", "40")
    facts = json.loads(prices("--json"))
    assert (facts["unpriced_usd_per_m"], facts["without_price"]) == ("40", ["acme:new"])
    old, new = sorted(facts["prices"], key=lambda row: row["model"], reverse=True)
    assert (old["input"], old["output"], old["seen"]) == ("1", "2", "2020-01-01")
    assert old["days"] > 90
    assert new["page"] == "no page was found"
