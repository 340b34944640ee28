"""What a paid call needs of the cost book; the book itself lives with the database and is handed in."""

from typing import Protocol, runtime_checkable
from uuid import UUID

from core.ledger.spend import Cost


@runtime_checkable
class CostBook(Protocol):
    """Money and credits set aside before a paid call and accounted for after it."""

    async def reserve(self, provider: str, operation: str, estimate: Cost) -> UUID:
        """Set `estimate`, the most the call can cost, aside and return the reservation's id.

        Raises:
            BudgetExhausted: there is no room for it; nothing was set aside.
        """
        ...

    async def settle(self, reservation: UUID, actual: Cost) -> None:
        """Turn a reservation into what the call really cost."""
        ...

    async def assume(self, reservation: UUID) -> None:
        """Take a reservation as spent in full: the answer that would say what the call cost was lost."""
        ...

    async def release(self, reservation: UUID) -> None:
        """Return a reservation back: the call did not happen or was not charged."""
        ...
