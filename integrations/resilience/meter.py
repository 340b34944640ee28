"""Paying by the second: money set aside in blocks while something goes on, and settled as it was used."""

from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

from core.errors import ConfigurationError
from core.ledger.spend import Cost
from integrations.resilience.budget import CostBook


class SpendMeter:
    """What one long call has used, and what has been set aside for it.

    Args:
        book: cost book of the run; None refuses.
        provider: who is paid.
        operation: what for.
        cost_of: the cost of an amount, such as seconds.
        block: amount that is set aside at a time.
    """

    def __init__(
        self, book: CostBook | None, provider: str, operation: str, cost_of: Callable[[Decimal], Cost], block: Decimal
    ) -> None:
        if book is None:
            raise ConfigurationError(f"{provider} {operation} costs money and no cost book is given")
        self._book, self._provider, self._operation = book, provider, operation
        self._cost_of, self._block = cost_of, block
        self._reservation: UUID | None = None
        self._used = Decimal(0)

    async def use(self, amount: Decimal) -> None:
        """Use `amount` more.

        Raises:
            BudgetExhausted: there is no room for it; it must not be used.
        """
        while amount > 0:
            if self._reservation is None:
                self._reservation = await self._book.reserve(
                    self._provider, self._operation, self._cost_of(self._block)
                )
            part = min(amount, self._block - self._used)
            self._used += part
            amount -= part
            if self._used == self._block:
                await self.close()

    async def close(self) -> None:
        """Settle what was used; to be called at the end, however it came."""
        reservation, used = self._reservation, self._used
        self._reservation, self._used = None, Decimal(0)
        if reservation is not None:
            await self._book.settle(reservation, self._cost_of(used))
