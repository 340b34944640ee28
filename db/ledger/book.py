"""The cost book a run's clients write to.

Room is drawn from the ledger for several calls at a time and handed out in memory, so that a cheap call does not cost
two commits. What is drawn counts as reserved in full until it is settled: a process that dies can only make the
ledger say too much, never too little.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Self
from uuid import UUID, uuid4

from core.errors import Conflict
from core.ledger.spend import FREE, Budget, Cost, Receipt, hand_out
from db.ledger import spend
from db.server.engine import FAULTS, Engine, PooledLine
from db.server.keeping import until_stored

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Allowance:
    """Room drawn from the ledger, and what became of it."""

    provider: str
    reservation: spend.Reservation
    left: Cost
    renew_at: datetime
    spent: Cost = FREE
    assumed: Cost = FREE
    assumed_calls: int = 0
    made: int = 0
    open_count: int = 0
    is_retired: bool = False

    def assume(self, estimate: Cost) -> None:
        """Take a call as spent in full."""
        self.spent += estimate
        self.assumed += estimate
        self.assumed_calls += 1
        self.made += 1


@dataclass(slots=True)
class LedgerBook:
    """Reserve, settle and release for one run; an async context manager that settles everything at its end.

    Attributes:
        engine: the database.
        budgets: limits that hold for this run.
        run_id: whose run; None outside of runs.
        advance: provider to the number of calls drawn at once; 1 where not named.
        lease: how long drawn room may stay unsettled before a sweep takes it as spent.
        clock: aware UTC.
    """

    engine: Engine
    budgets: Sequence[Budget] = ()
    run_id: UUID | None = None
    advance: Mapping[str, int] = field(default_factory=dict)
    lease: timedelta = timedelta(minutes=15)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _current: dict[tuple[str, str], _Allowance] = field(default_factory=dict)
    _open: dict[UUID, tuple[_Allowance, Cost]] = field(default_factory=dict)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _line: PooledLine = field(init=False)

    def __post_init__(self) -> None:
        self._line = PooledLine(self.engine)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def reserve(self, provider: str, operation: str, estimate: Cost) -> UUID:
        """Set `estimate` aside; see `CostBook.reserve`. Raises BudgetExhausted."""
        key = (provider, operation)
        allowance = self._current.get(key)
        if allowance is None or not self._has_room(allowance, estimate):
            async with self._lock:
                allowance = self._current.get(key)
                if allowance is None or not self._has_room(allowance, estimate):
                    allowance = await self._draw(key, estimate)
                return self._hold(allowance, estimate)
        return self._hold(allowance, estimate)

    async def settle(self, reservation: UUID, actual: Cost) -> None:
        """Turn a reservation into what the call really cost, and hand out its receipt."""
        allowance, estimate = self._taken(reservation)
        allowance.spent += actual
        allowance.made += 1
        allowance.left = allowance.left + estimate - actual
        hand_out(Receipt(allowance.reservation.id, allowance.provider, actual))
        await self._closed(allowance)

    async def assume(self, reservation: UUID) -> None:
        """Take a reservation as spent in full, because the answer that would say the cost was lost."""
        allowance, estimate = self._taken(reservation)
        allowance.assume(estimate)
        hand_out(Receipt(allowance.reservation.id, allowance.provider, estimate))
        await self._closed(allowance)

    async def release(self, reservation: UUID) -> None:
        """Return a reservation back."""
        allowance, estimate = self._taken(reservation)
        allowance.left += estimate
        await self._closed(allowance)

    async def aclose(self) -> None:
        """Settle all that was drawn; what is still open then counts as spent."""
        async with self._lock:
            drawn = dict.fromkeys([*self._current.values(), *(allowance for allowance, _ in self._open.values())])
            for allowance, estimate in self._open.values():
                allowance.assume(estimate)
            self._open.clear()
            self._current.clear()
            for allowance in drawn:
                await self._write(allowance)
            await self._line.aclose()

    def _has_room(self, allowance: _Allowance, estimate: Cost) -> bool:
        return allowance.left.covers(estimate) and self.clock() < allowance.renew_at

    def _hold(self, allowance: _Allowance, estimate: Cost) -> UUID:
        reservation = uuid4()
        allowance.left -= estimate
        allowance.open_count += 1
        self._open[reservation] = allowance, estimate
        return reservation

    def _taken(self, reservation: UUID) -> tuple[_Allowance, Cost]:
        if reservation not in self._open:
            raise Conflict(f"reservation {reservation} is not open")
        allowance, estimate = self._open.pop(reservation)
        allowance.open_count -= 1
        return allowance, estimate

    async def _draw(self, key: tuple[str, str], estimate: Cost) -> _Allowance:
        """Close the old allowance, or leave that to its last open call, and draw a new one."""
        old = self._current.pop(key, None)
        if old is not None:
            old.is_retired = True
            if not old.open_count:
                await self._write(old)
        provider, operation = key
        calls = self.advance.get(provider, 1)
        request = spend.Request(provider, operation, estimate, self.run_id, calls, self.lease)
        now = self.clock()
        drawn = await self._drawn(request, now)
        self._current[key] = _Allowance(provider, drawn, drawn.amount, now + self.lease / 2)
        return self._current[key]

    async def _closed(self, allowance: _Allowance) -> None:
        is_single = allowance.reservation.calls == 1
        if not allowance.open_count and (allowance.is_retired or is_single):
            self._current = {key: kept for key, kept in self._current.items() if kept is not allowance}
            await self._write(allowance)

    async def _drawn(self, request: spend.Request, now: datetime) -> spend.Reservation:
        """Draw from the ledger, again while the database is away: other calls hold answers that are not stored yet."""
        tried: list[UUID] = []

        async def draw() -> spend.Reservation:
            for lost in tried:
                with suppress(Conflict):  # it was never made
                    await self._line.run(partial(spend.release, reservation_id=lost, now=now))
            tried[:] = [uuid4()]
            return await self._line.run(
                lambda line: spend.reserve(line, request, self.budgets, now=now, reservation_id=tried[0])
            )

        return await until_stored(draw, f"a call of {request.provider}")

    async def _write(self, allowance: _Allowance) -> None:
        """Settle in the ledger, again while the database is away. What it refuses for good is left to the sweep."""
        reservation, spent, now = allowance.reservation, allowance.spent, self.clock()
        assumed, assumed_calls, made = allowance.assumed, allowance.assumed_calls, allowance.made
        is_again = False

        async def write() -> None:
            nonlocal is_again
            first, is_again = not is_again, True
            try:
                if made:
                    await self._line.run(
                        lambda line: spend.settle(
                            line,
                            reservation.id,
                            spent,
                            now=now,
                            assumed=assumed,
                            assumed_calls=assumed_calls,
                            calls=made,
                        )
                    )
                else:
                    await self._line.run(lambda line: spend.release(line, reservation.id, now=now))
            except Conflict:
                if first:
                    raise
                # Only the acknowledgement of the last try was lost.

        try:
            await until_stored(write, f"what {allowance.provider} cost")
        except FAULTS:
            log.exception("spend_left_to_sweep", extra={"reservation_id": allowance.reservation.id})
