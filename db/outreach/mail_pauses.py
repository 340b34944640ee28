"""Pauses of a mail account: after trouble that every message would meet, one at a time tries whether it is over.

The account is named by a keyed hash of its settings: another host, user or password is another account, so mending a
setting ends its pause at once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from db.server.engine import Connection
from db.server.statements import change, select_dict

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


async def find(connection: Connection, account: str) -> MailPause | None:
    """Return an account's pause, or None."""
    statement = "SELECT reason, since, retry_at, failures FROM mail_pauses WHERE account = %(account)s"
    row = await select_dict(connection, statement, {"account": account})
    return None if row is None else MailPause(**row)


async def enter(connection: Connection, account: str, *, by: str, now: datetime) -> MailPause | None:
    """Ask to send through an account; return the pause that forbids it, or None: it may be done.

    When a pause is due to be tried, one who asks may, and nobody else until that one has told what came of it.

    Args:
        connection: in a transaction.
        account: which.
        by: who asks.
        now: aware UTC.
    """
    trial = """
        UPDATE mail_pauses SET retry_at = %(until)s, tried_by = %(by)s
        WHERE account = %(account)s AND retry_at <= %(now)s
    """
    if await change(connection, trial, {"account": account, "by": by, "now": now, "until": now + TRIAL_LEASE}):
        return None
    return await find(connection, account)


async def begin(connection: Connection, account: str, *, reason: str, by: str, now: datetime) -> None:
    """Pause an account, or go on pausing it, for longer each time.

    Args:
        connection: in a transaction.
        account: which.
        reason: the trouble.
        by: who met it: of many at once, one counts.
        now: aware UTC.
    """
    # An exponent without a bound leaves the range of numbers after some months of trouble.
    statement = """
        INSERT INTO mail_pauses AS p (account, reason, since, retry_at, failures, tried_by)
        VALUES (%(account)s, %(reason)s, %(now)s, %(now)s + make_interval(secs => %(first_s)s), 1, %(by)s)
        ON CONFLICT (account) DO UPDATE SET reason = excluded.reason, failures = p.failures + 1,
            tried_by = excluded.tried_by, retry_at = %(now)s
                + make_interval(secs => least(%(first_s)s * power(2, least(p.failures, 16)), %(longest_s)s))
        WHERE p.tried_by = %(by)s OR p.retry_at <= %(now)s
    """
    values = {"account": account, "reason": reason, "by": by, "now": now, "first_s": _FIRST_S, "longest_s": _LONGEST_S}
    await connection.execute(statement, values)


async def end(connection: Connection, account: str) -> None:
    """End an account's pause: a message got through to where only it counts."""
    await connection.execute("DELETE FROM mail_pauses WHERE account = %(account)s", {"account": account})
