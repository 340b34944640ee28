"""What language models cost: tokens to money, from one dated file."""

import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

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
    """US dollars per million tokens."""

    input_usd: Decimal
    output_usd: Decimal
    cached_usd: Decimal | None = None

    def cost(self, usage: TokenUsage) -> Cost:
        """Return what `usage` costs."""
        cached_usd = self.input_usd if self.cached_usd is None else self.cached_usd
        fresh = max(usage.input_tokens - usage.cached_tokens, 0)
        usd = fresh * self.input_usd + usage.cached_tokens * cached_usd + usage.output_tokens * self.output_usd
        return Cost(usd=usd / _MILLION)


@dataclass(frozen=True, slots=True)
class PriceList:
    """Prices by provider and model, and the day they were checked."""

    checked_on: date
    prices: dict[tuple[str, str], TokenPrice]

    def of(self, provider: str, model: str) -> TokenPrice:
        """Return the price of a model.

        Raises:
            ConfigurationError: it has none here, so no budget could be kept.
        """
        price = self.prices.get((provider, model)) or self.prices.get((provider, "*"))
        if price is None:
            raise ConfigurationError(
                f"the price file has no price for {provider}:{model}; "
                "add it there, or name another file in MODELS_PRICE_FILE"
            )
        return price


def read_prices(path: Path) -> PriceList:
    """Read a price file: `checked_on`, then `[provider."model"]` with `input`, `output`, `cached` as strings.

    Raises:
        ConfigurationError: the file cannot be read or a price is none.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        checked_on = document.pop("checked_on")
        prices = {
            (provider, model): TokenPrice(
                Decimal(entry["input"]),
                Decimal(entry["output"]),
                Decimal(entry["cached"]) if "cached" in entry else None,
            )
            for provider, models in document.items()
            for model, entry in models.items()
        }
    except (OSError, ValueError, ArithmeticError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            f"the price file {path.name} cannot be used: {type(error).__name__}, {error}"
        ) from error
    if not isinstance(checked_on, date):
        raise ConfigurationError(f"the price file {path.name} must say checked_on = YYYY-MM-DD")
    return PriceList(checked_on, prices)
