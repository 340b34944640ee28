"""The ledger of the cost book: what is set aside, what was spent, and what may still be.

Reservations are made one at a time under an advisory lock, so that no two callers can use the same room. A
reservation whose process died is swept: it is taken as spent in full, because the provider may have charged it.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from core.errors import BudgetExhausted, Conflict
from core.ledger.spend import FREE, Budget, Cost, Unit
from db.server.engine import Connection
from db.server.statements import select, select_one, select_value

log = logging.getLogger(__name__)

_RESERVE = """
SELECT granted, failed, room FROM spend_reserve(%(id)s, %(provider)s, %(operation)s, %(run_id)s, %(usd)s, %(credits)s,
    %(calls)s, %(now)s, %(expires_at)s, %(budgets)s::jsonb)
"""
_CLOSE = """
SELECT was_usd, was_credits FROM spend_close(%(id)s, %(status)s, %(usd)s, %(credits)s, %(assumed_usd)s,
    %(assumed_credits)s, %(calls)s, %(assumed_calls)s, %(now)s)
"""
"""Functions of the database (migrations 0010 and 0014): each is one statement, so one round trip and one commit."""


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
    connection: Connection,
    request: Request,
    budgets: Sequence[Budget],
    *,
    now: datetime,
    reservation_id: UUID | None = None,
) -> Reservation:
    """Set room for one call aside, and for as many more as asked and still fit.

    Args:
        connection: in a transaction of its own, committed before the call is made, or in autocommit.
        request: what for.
        budgets: all that may apply.
        now: aware UTC.
        reservation_id: of the new reservation; None: any.

    Raises:
        BudgetExhausted: a budget has no room for a single call; nothing was set aside.
    """
    estimate = request.estimate
    asked = [
        budget for budget in budgets if budget.is_about(request.provider, request.run_id) and budget.amount_of(estimate)
    ]
    reservation_id, expires_at = reservation_id or uuid4(), now + request.lease
    values = {
        "id": reservation_id,
        "provider": request.provider,
        "operation": request.operation,
        "run_id": request.run_id,
        "usd": estimate.usd,
        "credits": estimate.credits,
        "calls": request.calls,
        "now": now,
        "expires_at": expires_at,
        "budgets": json.dumps([_asked(budget, now) for budget in asked]),
    }
    answer = await select_one(connection, _RESERVE, values)
    if answer.failed is not None:
        budget = asked[answer.failed]
        span = budget.span(now)
        raise BudgetExhausted(
            f"the budget of {budget} has {max(answer.room, Decimal(0)).normalize():f} {budget.unit} left; "
            f"{request.provider} {request.operation} may cost {budget.amount_of(estimate).normalize():f}",
            retry_at=span and span[1],
        )
    return Reservation(reservation_id, estimate.times(answer.granted), answer.granted, expires_at)


def _asked(budget: Budget, now: datetime) -> dict[str, str | None]:
    """Return a budget as the function in the database reads it."""
    span = budget.span(now)
    return {
        "unit": budget.unit.value,
        "provider": budget.provider,
        "limit": str(budget.limit),
        "since": span[0].isoformat() if span else None,
        "until": span[1].isoformat() if span else None,
    }


async def settle(
    connection: Connection,
    reservation_id: UUID,
    actual: Cost,
    *,
    now: datetime,
    assumed: Cost = FREE,
    assumed_calls: int = 0,
    calls: int | None = None,
) -> None:
    """Replace a reservation by what it really cost, also one that was swept meanwhile.

    Args:
        connection: in a transaction.
        reservation_id: which.
        actual: all that counts as spent.
        now: aware UTC.
        assumed: the part of it whose answer was lost.
        assumed_calls: how many those were.
        calls: made out of those it was for; None: all.

    Raises:
        Conflict: it was settled or released before, or never made.
    """
    await _close(connection, reservation_id, "settled", actual, now, assumed, assumed_calls, calls)


async def release(connection: Connection, reservation_id: UUID, *, now: datetime) -> None:
    """Return a reservation back as a whole. Raises Conflict like `settle`."""
    await _close(connection, reservation_id, "released", Cost(), now)


async def _close(
    connection: Connection,
    reservation_id: UUID,
    status: str,
    amount: Cost,
    now: datetime,
    assumed: Cost = FREE,
    assumed_calls: int = 0,
    calls: int | None = None,
) -> None:
    values = {
        "id": reservation_id,
        "status": status,
        "usd": amount.usd,
        "credits": amount.credits,
        "assumed_usd": assumed.usd,
        "assumed_credits": assumed.credits,
        "calls": calls,
        "assumed_calls": assumed_calls,
        "now": now,
    }
    was = await select_one(connection, _CLOSE, values)
    if was.was_usd is None:
        raise Conflict(f"reservation {reservation_id} is not open")
    if not Cost(was.was_usd, was.was_credits).covers(amount):
        log.warning("spend_above_reservation", extra={"reservation_id": reservation_id, "usd": str(amount.usd)})


async def sweep(connection: Connection, *, now: datetime) -> Swept:
    """Close reservations whose time is over, as spent in full, and say how much that was."""
    rows = await select(
        connection,
        """
        UPDATE spend SET status = 'swept', closed_at = %(now)s, assumed_usd = usd, assumed_credits = credits,
            assumed_calls = calls
        WHERE status = 'reserved' AND expires_at < %(now)s
        RETURNING usd, credits
        """,
        {"now": now},
    )
    amount = Cost(sum((row.usd for row in rows), Decimal(0)), sum((row.credits for row in rows), Decimal(0)))
    if rows:
        log.warning("spend_swept", extra={"reservations": len(rows), "usd": str(amount.usd)})
    return Swept(len(rows), amount)


_COLUMNS = {Unit.USD: "usd", Unit.CREDITS: "credits", Unit.CALLS: "calls"}


async def counted(connection: Connection, budget: Budget, *, now: datetime, run_id: UUID | None = None) -> Decimal:
    """Return what counts against a budget in its current period: spent and set aside."""
    conditions = ["status <> 'released'"] if budget.unit is Unit.CALLS else []
    if budget.provider is not None:
        conditions.append("provider = %(provider)s")
    span = budget.span(now)
    if span is None:
        conditions.append("run_id IS NOT DISTINCT FROM %(run_id)s")
    else:
        conditions.append("reserved_at >= %(since)s AND reserved_at < %(until)s")
    first, end = span or (None, None)
    values = {"provider": budget.provider, "run_id": run_id, "since": first, "until": end}
    statement = f"SELECT coalesce(sum({_COLUMNS[budget.unit]}), 0) FROM spend WHERE {' AND '.join(conditions)}"
    return Decimal(await select_value(connection, statement, values) or 0)


@dataclass(frozen=True, slots=True)
class Spent:
    """What counts as spent or is set aside, and the part of it that is assumed: calls whose answers were lost."""

    cost: Cost
    assumed: Cost
    assumed_calls: int


async def by_provider(connection: Connection, run_id: UUID) -> dict[str, Spent]:
    """Return provider to what a run spent and holds, in alphabetical order."""
    return await _sums(connection, "run_id = %(run_id)s", {"run_id": run_id})


async def since(connection: Connection, moment: datetime) -> dict[str, Spent]:
    """Return provider to what was spent and set aside from a moment on (aware UTC), in alphabetical order."""
    return await _sums(connection, "reserved_at >= %(moment)s", {"moment": moment})


async def _sums(connection: Connection, condition: str, values: Mapping[str, Any]) -> dict[str, Spent]:
    statement = f"""
        SELECT provider, sum(usd) AS usd, sum(credits) AS credits, sum(assumed_usd) AS assumed_usd,
            sum(assumed_credits) AS assumed_credits, sum(assumed_calls) AS assumed_calls
        FROM spend WHERE {condition} GROUP BY provider ORDER BY provider
    """
    return {
        row.provider: Spent(
            Cost(row.usd, row.credits), Cost(row.assumed_usd, row.assumed_credits), int(row.assumed_calls)
        )
        for row in await select(connection, statement, values)
    }
