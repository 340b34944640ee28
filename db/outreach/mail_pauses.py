"""Pauses of a mail account: after trouble that every message would meet, one at a time tries whether it is over.

The account is named by a keyed hash of its settings: another host, user or password is another account, so mending a
setting ends its pause at once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from db.schema.sending_tables import MailPauseRow

_TABLE = MailPauseRow.__table__
_FIRST_S = 300
_LONGEST_S = 3600
TRIAL_LEASE = timedelta(minutes=10)
"""How long one message may try before another may."""


@dataclass(frozen=True)
class MailPause:
    """Why nothing is sent through an account, since when, and when that is tried again."""

    reason: str
    since: datetime
    retry_at: datetime
    failures: int


async def find(connection: AsyncConnection, account: str) -> MailPause | None:
    """Return an account's pause, or None."""
    row = (await connection.execute(select(_TABLE).where(_TABLE.c.account == account))).one_or_none()
    return None if row is None else MailPause(row.reason, row.since, row.retry_at, row.failures)


async def enter(connection: AsyncConnection, account: str, *, by: str, now: datetime) -> MailPause | None:
    """Ask to send through an account; return the pause that forbids it, or None: it may be done.

    When a pause is due to be tried, one who asks may, and nobody else until that one has told what came of it.

    Args:
        connection: in a transaction.
        account: which.
        by: who asks.
        now: aware UTC.
    """
    is_due = (_TABLE.c.account == account) & (_TABLE.c.retry_at <= now)
    trial = update(MailPauseRow).where(is_due).values(retry_at=now + TRIAL_LEASE, tried_by=by)
    if (await connection.execute(trial)).rowcount:
        return None
    return await find(connection, account)


async def begin(connection: AsyncConnection, account: str, *, reason: str, by: str, now: datetime) -> None:
    """Pause an account, or go on pausing it, for longer each time.

    Args:
        connection: in a transaction.
        account: which.
        reason: the trouble.
        by: who met it: of many at once, one counts.
        now: aware UTC.
    """
    first = {"account": account, "reason": reason, "since": now, "failures": 1, "tried_by": by}
    # An exponent without a bound leaves the range of numbers after some months of trouble.
    doublings = func.least(_TABLE.c.failures, 16)
    rest = func.make_interval(0, 0, 0, 0, 0, 0, func.least(_FIRST_S * func.power(2, doublings), _LONGEST_S))
    again = {"reason": reason, "failures": _TABLE.c.failures + 1, "tried_by": by, "retry_at": now + rest}
    statement = insert(MailPauseRow).values(**first, retry_at=now + timedelta(seconds=_FIRST_S))
    counts = or_(_TABLE.c.tried_by == by, _TABLE.c.retry_at <= now)
    await connection.execute(statement.on_conflict_do_update(index_elements=["account"], set_=again, where=counts))


async def end(connection: AsyncConnection, account: str) -> None:
    """End an account's pause: a message got through to where only it counts."""
    await connection.execute(delete(MailPauseRow).where(_TABLE.c.account == account))
