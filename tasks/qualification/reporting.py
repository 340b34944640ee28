"""What the report of a run of qualification reads."""

from uuid import UUID

from core.qualification.runs import SpendLine
from db.ledger import spend
from tasks.ledger.spending import spend_lines
from tasks.runtime.resources import database


async def spending_of(run_id: UUID) -> list[SpendLine]:
    """Read what the cost book holds of a run, a line a provider."""
    async with database() as connection:
        by_provider = await spend.by_provider(connection, run_id)
    return spend_lines(by_provider)


def without_breakdown(row: dict[str, object]) -> dict[str, object]:
    """Return a row of the best leads without what its reason was made of."""
    return {name: value for name, value in row.items() if name not in {"breakdown", "reasoning"}}
