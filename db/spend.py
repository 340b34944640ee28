"""The ledger of the cost book: what is set aside, what was spent, and what may still be.

Reservations are made one at a time under an advisory lock, so that no two callers can use the same room. A
reservation whose process died is swept: it is taken as spent in full, because the provider may have charged it.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import BudgetExhausted, Conflict
from core.spend import FREE, Budget, Cost, Unit
from db.spend_tables import SpendRow

log = logging.getLogger(__name__)

_LOCK = 5_770_112
"""Key of the advisory lock that orders reservations."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """Room that was set aside: for `calls` calls, `amount` in all, until `expires_at`."""

    id: UUID
    amount: Cost
    calls: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep closed: how many reservations, and their amount, now counted as spent."""

    count: int
    amount: Cost


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: up to `calls` calls of at most `estimate` each."""

    provider: str
    operation: str
    estimate: Cost
    run_id: UUID | None = None
    calls: int = 1
    lease: timedelta = timedelta(minutes=15)


async def reserve(
    connection: AsyncConnection, request: Request, budgets: Sequence[Budget], *, now: datetime
) -> Reservation:
    """Set room for one call aside, and for as many more as asked and still fit.

    Args:
        connection: in a transaction of its own, committed before the call is made.
        request: what for.
        budgets: all that may apply.
        now: aware UTC.

    Raises:
        BudgetExhausted: a budget has no room for a single call; nothing was set aside.
    """
    await connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    calls = request.calls
    for budget in budgets:
        price = budget.amount_of(request.estimate)
        if not price or not budget.is_about(request.provider, request.run_id):
            continue
        room = budget.limit - await counted(connection, budget, now=now, run_id=request.run_id)
        calls = min(calls, int(room // price))
        if calls < 1:
            span = budget.span(now)
            raise BudgetExhausted(
                f"the budget of {budget} has {max(room, Decimal(0)).normalize():f} {budget.unit} left; "
                f"{request.provider} {request.operation} may cost {price.normalize():f}",
                retry_at=span and span[1],
            )
    reservation = Reservation(uuid4(), request.estimate.times(calls), calls, now + request.lease)
    await connection.execute(insert(SpendRow).values(**_row(request, reservation, now)))
    return reservation


def _row(request: Request, reservation: Reservation, now: datetime) -> dict[str, object]:
    amount = reservation.amount
    return {
        "id": reservation.id,
        "provider": request.provider,
        "operation": request.operation,
        "run_id": request.run_id,
        "status": "reserved",
        "calls": reservation.calls,
        "usd": amount.usd,
        "credits": amount.credits,
        "reserved_usd": amount.usd,
        "reserved_credits": amount.credits,
        "reserved_at": now,
        "expires_at": reservation.expires_at,
    }


async def settle(
    connection: AsyncConnection,
    reservation_id: UUID,
    actual: Cost,
    *,
    now: datetime,
    assumed: Cost = FREE,
    calls: int | None = None,
) -> None:
    """Replace a reservation by what it really cost, also one that was swept meanwhile.

    Args:
        connection: in a transaction.
        reservation_id: which.
        actual: all that counts as spent.
        now: aware UTC.
        assumed: the part of it whose answer was lost.
        calls: made out of those it was for; None: all.

    Raises:
        Conflict: it was settled or released before, or never made.
    """
    await _close(connection, reservation_id, "settled", actual, now, assumed, calls)


async def release(connection: AsyncConnection, reservation_id: UUID, *, now: datetime) -> None:
    """Give a reservation back as a whole. Raises Conflict like `settle`."""
    await _close(connection, reservation_id, "released", Cost(), now)


async def _close(
    connection: AsyncConnection,
    reservation_id: UUID,
    status: str,
    amount: Cost,
    now: datetime,
    assumed: Cost = FREE,
    calls: int | None = None,
) -> None:
    statement = (
        update(SpendRow)
        .where(SpendRow.id == reservation_id, SpendRow.status.in_(["reserved", "swept"]))
        .values(
            status=status,
            usd=amount.usd,
            credits=amount.credits,
            assumed_usd=assumed.usd,
            assumed_credits=assumed.credits,
            calls=SpendRow.calls if calls is None else calls,
            closed_at=now,
        )
        .returning(SpendRow.reserved_usd, SpendRow.reserved_credits)
    )
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise Conflict(f"reservation {reservation_id} is not open")
    if not Cost(row.reserved_usd, row.reserved_credits).covers(amount):
        log.warning("spend_above_reservation", extra={"reservation_id": reservation_id, "usd": str(amount.usd)})


async def sweep(connection: AsyncConnection, *, now: datetime) -> Swept:
    """Close reservations whose time is over, as spent in full, and say how much that was."""
    statement = (
        update(SpendRow)
        .where(SpendRow.status == "reserved", SpendRow.expires_at < now)
        .values(status="swept", closed_at=now, assumed_usd=SpendRow.usd, assumed_credits=SpendRow.credits)
        .returning(SpendRow.usd, SpendRow.credits)
    )
    rows = (await connection.execute(statement)).all()
    amount = Cost(sum((row.usd for row in rows), Decimal(0)), sum((row.credits for row in rows), Decimal(0)))
    if rows:
        log.warning("spend_swept", extra={"reservations": len(rows), "usd": str(amount.usd)})
    return Swept(len(rows), amount)


async def counted(connection: AsyncConnection, budget: Budget, *, now: datetime, run_id: UUID | None = None) -> Decimal:
    """Return what counts against a budget in its current period: spent and set aside."""
    columns = {Unit.USD: SpendRow.usd, Unit.CREDITS: SpendRow.credits, Unit.CALLS: SpendRow.calls}
    column: Any = columns[budget.unit]
    conditions: list[ColumnElement[bool]] = []
    if budget.unit is Unit.CALLS:
        conditions.append(SpendRow.status != "released")
    if budget.provider is not None:
        conditions.append(SpendRow.provider == budget.provider)
    span = budget.span(now)
    if span is None:
        conditions.append(SpendRow.run_id == run_id)
    else:
        conditions += [SpendRow.reserved_at >= span[0], SpendRow.reserved_at < span[1]]
    total = await connection.scalar(select(func.coalesce(func.sum(column), 0)).where(*conditions))
    return Decimal(total or 0)


async def by_provider(connection: AsyncConnection, run_id: UUID) -> dict[str, Cost]:
    """Return provider to what a run spent and holds, in alphabetical order."""
    statement = (
        select(SpendRow.provider, func.sum(SpendRow.usd).label("usd"), func.sum(SpendRow.credits).label("credits"))
        .where(SpendRow.run_id == run_id)
        .group_by(SpendRow.provider)
        .order_by(SpendRow.provider)
    )
    return {row.provider: Cost(row.usd, row.credits) for row in await connection.execute(statement)}


async def since(connection: AsyncConnection, moment: datetime) -> dict[str, Cost]:
    """Return provider to what was spent and set aside from a moment on (aware UTC), in alphabetical order."""
    statement = (
        select(SpendRow.provider, func.sum(SpendRow.usd).label("usd"), func.sum(SpendRow.credits).label("credits"))
        .where(SpendRow.reserved_at >= moment)
        .group_by(SpendRow.provider)
        .order_by(SpendRow.provider)
    )
    return {row.provider: Cost(row.usd, row.credits) for row in await connection.execute(statement)}


async def assumed_by_provider(connection: AsyncConnection, run_id: UUID) -> dict[str, Cost]:
    """Return provider to the part of a run's spending whose answers were lost; see `by_provider`."""
    statement = (
        select(
            SpendRow.provider,
            func.sum(SpendRow.assumed_usd).label("usd"),
            func.sum(SpendRow.assumed_credits).label("credits"),
        )
        .where(SpendRow.run_id == run_id)
        .group_by(SpendRow.provider)
    )
    return {row.provider: Cost(row.usd, row.credits) for row in await connection.execute(statement)}
