"""What a CRM refused for good: kept with its payload and reason, replayed or dropped by a person."""

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from core.crm.records import RecordKind
from core.crm.units import Operation
from core.errors import DeadLetterNotFound
from db.crm.codec import values_json
from db.server.engine import Connection


async def add(connection: Connection, provider: str, operation: Operation, reason: str) -> None:
    """Keep an operation that was refused; the same record again counts one failure more."""
    await connection.execute(
        "INSERT INTO crm_dead_letters AS d (provider, kind, own_id, remote_id, action, payload, reason)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (provider, kind, own_id) WHERE status = 'open'"
        " DO UPDATE SET remote_id = excluded.remote_id, action = excluded.action, payload = excluded.payload,"
        " reason = excluded.reason, failures = d.failures + 1, tried_at = clock_timestamp()",
        [
            *(provider, str(operation.kind), operation.own_id, operation.remote_id, operation.action),
            *(Jsonb(values_json(operation.values)), reason),
        ],
    )


async def close_for(
    connection: Connection, provider: str, kind: RecordKind, own_id: UUID, *, by: str, status: str = "replayed"
) -> None:
    """Close the open dead letter of a record, if there is one: what it asked for is done or asked for no more."""
    await connection.execute(
        "UPDATE crm_dead_letters SET status = %s, closed_at = clock_timestamp(), closed_by = %s"
        " WHERE provider = %s AND kind = %s AND own_id = %s AND status = 'open'",
        [status, by, provider, str(kind), own_id],
    )


async def select_all(
    connection: Connection, *, status: Literal["open", "all"] = "open", limit: int = 200
) -> list[dict[str, Any]]:
    """List dead letters, the oldest first, without their payloads."""
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(
        "SELECT id, provider, kind, own_id, remote_id, action, reason, failures, status, created_at, tried_at"
        " FROM crm_dead_letters WHERE %(all)s OR status = 'open' ORDER BY id LIMIT %(limit)s",
        {"all": status == "all", "limit": limit},
    )
    return await cursor.fetchall()


async def get(connection: Connection, letter_id: int) -> dict[str, Any]:
    """Return one dead letter with its payload. Raises DeadLetterNotFound."""
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute("SELECT * FROM crm_dead_letters WHERE id = %s", [letter_id])
    row = await cursor.fetchone()
    if row is None:
        raise DeadLetterNotFound(f"there is no dead letter {letter_id}")
    return row


async def drop(connection: Connection, letter_ids: Sequence[int], *, by: str) -> int:
    """Close dead letters for good: nothing is tried for them before their record changes; return how many were open."""
    done = await connection.execute(
        "WITH dropped AS (UPDATE crm_dead_letters SET status = 'dropped', closed_at = clock_timestamp(),"
        " closed_by = %(by)s WHERE id = ANY(%(ids)s) AND status = 'open' RETURNING provider, kind, own_id)"
        " UPDATE crm_links k SET state = 'excluded', reason = 'dropped from the dead letters by ' || %(by)s,"
        " since = now(), next_try_at = NULL FROM dropped d"
        " WHERE k.provider = d.provider AND k.kind = d.kind AND k.own_id = d.own_id",
        {"ids": list(letter_ids), "by": by},
    )
    return done.rowcount


async def release(connection: Connection, letter_ids: Sequence[int]) -> int:
    """Let the records of open dead letters be tried at once; no ids: all of them. Return how many."""
    done = await connection.execute(
        "UPDATE crm_links k SET state = 'pending', next_try_at = NULL FROM crm_dead_letters d"
        " WHERE d.status = 'open' AND (%(all)s OR d.id = ANY(%(ids)s))"
        " AND k.provider = d.provider AND k.kind = d.kind AND k.own_id = d.own_id",
        {"all": not letter_ids, "ids": list(letter_ids)},
    )
    return done.rowcount


async def count_open(connection: Connection, provider: str) -> int:
    """Count open dead letters."""
    row = await (
        await connection.execute(
            "SELECT count(*) FROM crm_dead_letters WHERE provider = %s AND status = 'open'", [provider]
        )
    ).fetchone()
    return int(row[0]) if row else 0
