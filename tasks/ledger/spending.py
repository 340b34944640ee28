"""What the cost book says, for reports."""

from core.qualification.runs import SpendLine
from db.ledger.spend import Spent


def spend_lines(by_provider: dict[str, Spent]) -> list[SpendLine]:
    """Return a line a provider."""
    return [
        SpendLine(
            provider=name,
            usd=spent.cost.usd,
            credits=spent.cost.credits,
            assumed_calls=spent.assumed_calls,
            assumed_usd=spent.assumed.usd,
            assumed_credits=spent.assumed.credits,
        )
        for name, spent in by_provider.items()
    ]
