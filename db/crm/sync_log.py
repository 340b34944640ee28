"""The audit of the synchronisation: every operation on either side, and every conflict with both values."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from core.crm.meanings import written
from core.crm.merging import FieldConflict
from core.crm.records import Value
from core.crm.units import Operation, RecordPlan
from db.crm.codec import value_json
from db.server.engine import Connection


class SyncEntry(NamedTuple):
    """An operation and how it ended; `actor` is who caused it: the side that had the news."""

    operation: Operation
    outcome: Literal["done", "failed", "unknown"] = "done"
    reason: str | None = None
    request_id: str | None = None
    actor: str = "sync"


async def record(connection: Connection, provider: str, run_id: UUID, entries: Sequence[SyncEntry]) -> None:
    """Write operations down."""
    rows = [
        [
            *(run_id, provider, operation.side, operation.action, str(operation.kind), operation.own_id),
            *(operation.remote_id, _side(operation.changes, 0), _side(operation.changes, 1), actor, outcome),
            *(reason, request_id),
        ]
        for operation, outcome, reason, request_id, actor in entries
    ]
    if rows:
        async with connection.cursor() as cursor:
            await cursor.executemany(
                "INSERT INTO crm_sync_logs (run_id, provider, side, action, kind, own_id, remote_id, before, after,"
                " actor, outcome, reason, request_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                rows,
            )


def _side(changes: Mapping[str, tuple[Any, Any]], which: int) -> Jsonb:
    return Jsonb({name: value_json(written(name, pair[which])) for name, pair in changes.items()})


async def was_sent(connection: Connection, provider: str, own_id: UUID, field: str, value: Value) -> bool:
    """Return whether a value of a field was sent to the CRM by us, at any time."""
    cursor = await connection.execute(
        "SELECT true FROM crm_sync_logs WHERE provider = %s AND own_id = %s AND side = 'theirs'"
        " AND after -> %s = %s LIMIT 1",
        [provider, own_id, field, Jsonb(value_json(value))],
    )
    return await cursor.fetchone() is not None


async def record_conflicts(connection: Connection, provider: str, run_id: UUID, plans: Sequence[RecordPlan]) -> int:
    """Write down what both sides wanted differently; return how many."""
    rows = [
        [run_id, provider, str(plan.link.kind), plan.link.own_id, plan.link.remote_id, name, *_facts(conflict)]
        for plan in plans
        for name, conflict in plan.conflicts.items()
    ]
    if rows:
        async with connection.cursor() as cursor:
            await cursor.executemany(
                "INSERT INTO crm_conflicts (run_id, provider, kind, own_id, remote_id, field, base, ours, theirs,"
                " winner, rule) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                rows,
            )
    return len(rows)


def _facts(conflict: FieldConflict) -> list[Any]:
    values = [Jsonb(value_json(value)) for value in (conflict.base, conflict.ours, conflict.theirs)]
    return [*values, conflict.winner, conflict.rule]


async def select_conflicts(connection: Connection, provider: str, *, limit: int) -> list[dict[str, Any]]:
    """List conflicts, the last first."""
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(
        "SELECT at, kind, own_id, remote_id, field, base, ours, theirs, winner, rule FROM crm_conflicts"
        " WHERE provider = %s ORDER BY id DESC LIMIT %s",
        [provider, limit],
    )
    return await cursor.fetchall()


async def select_of_record(connection: Connection, own_id: UUID, *, limit: int) -> list[dict[str, Any]]:
    """List what was done with one record, the last first."""
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(
        "SELECT at, run_id, side, action, remote_id, before, after, actor, outcome, reason FROM crm_sync_logs"
        " WHERE own_id = %s ORDER BY id DESC LIMIT %s",
        [own_id, limit],
    )
    return await cursor.fetchall()
