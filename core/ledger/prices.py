"""What language models cost: tokens to money, from one dated file."""

import tomllib
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from core.errors import ConfigurationError
from core.ledger.spend import Cost

_MILLION = Decimal(1_000_000)


_MOST = 1_000_000_000


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """What one call used, as the provider counts it.

    Attributes:
        input_tokens: all of them, cached ones included.
        output_tokens: reasoning included, which is billed as output.
        cached_tokens: the part of the input that was read from a cache.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0

    def __post_init__(self) -> None:
        # A server may say anything; what it says is added up, priced and stored.
        for name in ("input_tokens", "output_tokens", "cached_tokens"):
            object.__setattr__(self, name, min(max(getattr(self, name), 0), _MOST))


NO_TOKENS = TokenUsage()


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """US dollars per million tokens.

    Attributes:
        cached_usd: of input that was read from a cache; None: as other input.
        above_tokens: a longer prompt is charged by `above`, all of its tokens.
        page: where the price is published; empty where nobody says.
        seen_on: day of the copy of that page.
    """

    input_usd: Decimal
    output_usd: Decimal
    cached_usd: Decimal | None = None
    above_tokens: int | None = None
    above: "TokenPrice | None" = None
    page: str = ""
    seen_on: date | None = None

    def cost(self, usage: TokenUsage) -> Cost:
        """Return what `usage` costs."""
        if self.above is not None and self.above_tokens is not None and usage.input_tokens > self.above_tokens:
            return self.above.cost(usage)
        cached_usd = self.input_usd if self.cached_usd is None else self.cached_usd
        fresh = max(usage.input_tokens - usage.cached_tokens, 0)
        usd = fresh * self.input_usd + usage.cached_tokens * cached_usd + usage.output_tokens * self.output_usd
        return Cost(usd=usd / _MILLION)


@dataclass(frozen=True, slots=True)
class PriceList:
    """Prices by provider and model.

    Attributes:
        checked_on: day on which somebody went through the file.
        prices: by provider and model.
        unpriced: models without a published price that was found, and why.
        worst: what a model without a price is taken to cost; None: it may not be used.
    """

    checked_on: date
    prices: dict[tuple[str, str], TokenPrice]
    unpriced: dict[tuple[str, str], str] = field(default_factory=dict)
    worst: TokenPrice | None = None

    def of(self, provider: str, model: str) -> TokenPrice:
        """Return the price of a model.

        Raises:
            ConfigurationError: it has none here, so no budget could be kept.
        """
        price = self.listed(provider, model) or self.worst
        if price is None:
            raise ConfigurationError(
                f"the price file has no price for {provider}:{model}; add it to a file of your own "
                "(MODELS_PRICE_FILE), or say the worst case in MODELS_UNPRICED_USD_PER_M"
            )
        return price

    def listed(self, provider: str, model: str) -> TokenPrice | None:
        """Return the price that the file has for a model."""
        return self.prices.get((provider, model)) or self.prices.get((provider, "*"))


def read_prices(path: Path, worst_usd: Decimal | None = None) -> PriceList:
    """Read a price file.

    It says `checked_on`, then `[provider."model"]` with `input`, `output`, `cached` as strings, `page` and `seen`
    (where and when the price was read), and for longer prompts `above = {tokens = 100000, input = …}`; or `unpriced`
    with the reason.

    Args:
        path: of the file.
        worst_usd: US dollars per million tokens, of input and of output, that a model without a price is taken to cost.

    Raises:
        ConfigurationError: the file cannot be read or a price is none.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        checked_on = document.pop("checked_on")
        entries = {(provider, model): entry for provider, models in document.items() for model, entry in models.items()}
        prices = {named: _price(entry) for named, entry in entries.items() if "unpriced" not in entry}
        unpriced = {named: str(entry["unpriced"]) for named, entry in entries.items() if "unpriced" in entry}
    except (OSError, ValueError, ArithmeticError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            f"the price file {path.name} cannot be used: {type(error).__name__}, {error}"
        ) from error
    if not isinstance(checked_on, date):
        raise ConfigurationError(f"the price file {path.name} must say checked_on = YYYY-MM-DD")
    return PriceList(checked_on, prices, unpriced, None if worst_usd is None else TokenPrice(worst_usd, worst_usd))


def _price(entry: dict[str, Any]) -> TokenPrice:
    above, seen_on = entry.get("above"), entry.get("seen")
    if not isinstance(seen_on, date | None):
        raise TypeError("`seen` is a day, YYYY-MM-DD")
    return TokenPrice(
        Decimal(entry["input"]),
        Decimal(entry["output"]),
        Decimal(entry["cached"]) if "cached" in entry else None,
        None if above is None else int(above["tokens"]),
        None if above is None else _price(above),
        str(entry.get("page", "")),
        seen_on,
    )
