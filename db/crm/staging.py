"""Companies of the CRM that are to be looked at or settled: staged by the log of events, fetched, settled."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from core.crm.records import RemoteUnit, Value
from db.crm.codec import overwritten_of, times_of, unit_json, unit_of
from db.server.engine import Connection


class Staged(NamedTuple):
    """A company that asks for a look. `fetched_at` None: nobody has looked yet; `unit` None then: it is gone.

    Attributes:
        times: when its fields changed last, by record and field.
        overwritten: what was written over without being known, and when, by record and field.
    """

    remote_id: str
    merged_into: str | None
    times: dict[str, dict[str, datetime]]
    overwritten: dict[str, dict[str, tuple[Value, datetime]]]
    unit: RemoteUnit | None
    fetched_at: datetime | None
    failures: int = 0


async def stage(connection: Connection, provider: str, remote_ids: Sequence[str]) -> None:
    """Ask for a look at companies."""
    await connection.execute(
        "INSERT INTO crm_staged (provider, remote_id) SELECT %s, unnest(%s::text[])"
        " ON CONFLICT (provider, remote_id) DO UPDATE SET fetched_at = NULL, unit = NULL, next_try_at = NULL",
        [provider, list(remote_ids)],
    )


async def select_to_fetch(
    connection: Connection, provider: str, *, after: str, limit: int, now: datetime
) -> list[Staged]:
    """List companies that ask for a look nobody has taken, by id."""
    return await _select(
        connection,
        "fetched_at IS NULL AND remote_id > %s AND (next_try_at IS NULL OR next_try_at <= %s) ORDER BY remote_id"
        " LIMIT %s",
        [provider, after, now, limit],
    )


async def select_fetched(connection: Connection, provider: str, remote_ids: Sequence[str]) -> dict[str, Staged]:
    """Return what was seen of companies, by the CRM's id."""
    found = await _select(connection, "fetched_at IS NOT NULL AND remote_id = ANY(%s)", [provider, list(remote_ids)])
    return {staged.remote_id: staged for staged in found}


async def has_fetched(connection: Connection, provider: str, lead_ids: Sequence[UUID]) -> bool:
    """Return whether the twin of one of some leads was looked at and is to be settled."""
    row = await (
        await connection.execute(
            "SELECT EXISTS (SELECT FROM crm_links k JOIN crm_staged s ON s.provider = k.provider"
            " AND s.remote_id = k.remote_id WHERE k.provider = %s AND k.kind = 'lead' AND k.own_id = ANY (%s)"
            " AND s.fetched_at IS NOT NULL)",
            [provider, list(lead_ids)],
        )
    ).fetchone()
    return bool(row and row[0])


async def select_unlinked(connection: Connection, provider: str, *, after: str, limit: int) -> list[Staged]:
    """List companies that were looked at and that no link knows, by id."""
    return await _select(
        connection,
        "fetched_at IS NOT NULL AND remote_id > %s AND NOT EXISTS (SELECT FROM crm_links k WHERE"
        " k.provider = s.provider AND k.kind = 'lead' AND k.remote_id = s.remote_id) ORDER BY remote_id LIMIT %s",
        [provider, after, limit],
    )


async def select_merged(connection: Connection, provider: str, *, limit: int) -> list[Staged]:
    """List companies that were merged into others and are still linked."""
    return await _select(
        connection,
        "fetched_at IS NOT NULL AND merged_into IS NOT NULL AND unit IS NULL AND EXISTS (SELECT FROM crm_links k WHERE"
        " k.provider = s.provider AND k.kind = 'lead' AND k.remote_id = s.remote_id AND NOT k.is_gone)"
        " ORDER BY remote_id LIMIT %s",
        [provider, limit],
    )


async def survivor(connection: Connection, provider: str, remote_id: str) -> str:
    """Return the company that a company is now: the last one of the merges that the log has told of."""
    cursor = await connection.execute(
        """
        WITH RECURSIVE chain AS (
            SELECT %(remote_id)s::text AS id, 0 AS steps
            UNION ALL
            SELECT e.merged_into, steps + 1 FROM chain JOIN crm_events e ON e.provider = %(provider)s
                AND e.kind = 'lead' AND e.record_id = chain.id AND e.merged_into IS NOT NULL AND steps < 100
        )
        SELECT id FROM chain ORDER BY steps DESC LIMIT 1
        """,
        {"provider": provider, "remote_id": remote_id},
    )
    ((found,),) = await cursor.fetchall()
    return str(found)


async def _select(connection: Connection, condition: str, values: Sequence[Any]) -> list[Staged]:
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(f"SELECT * FROM crm_staged s WHERE provider = %s AND {condition}", values)
    return [
        Staged(
            row["remote_id"],
            row["merged_into"],
            {record: times_of(fields) for record, fields in row["times"].items()},
            {record: overwritten_of(fields) for record, fields in row["overwritten"].items()},
            unit_of(row["unit"]),
            row["fetched_at"],
            row["failures"],
        )
        async for row in cursor
    ]


async def record_fetched(
    connection: Connection, provider: str, remote_id: str, unit: RemoteUnit | None, *, now: datetime
) -> None:
    """Store what was seen of a company; None: it is gone."""
    written = unit_json(unit)
    await connection.execute(
        "INSERT INTO crm_staged (provider, remote_id, unit, fetched_at) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (provider, remote_id) DO UPDATE SET unit = excluded.unit, fetched_at = excluded.fetched_at,"
        " failures = 0, reason = NULL, next_try_at = NULL",
        [provider, remote_id, None if written is None else Jsonb(written), now],
    )


async def mark_unfetched(
    connection: Connection, provider: str, remote_id: str, *, reason: str, retry_at: datetime
) -> None:
    """Note that a look failed, and when it is tried again."""
    await connection.execute(
        "UPDATE crm_staged SET failures = failures + 1, reason = %s, next_try_at = %s"
        " WHERE provider = %s AND remote_id = %s",
        [reason, retry_at, provider, remote_id],
    )


async def explain(connection: Connection, provider: str, reasons: Mapping[str, str]) -> None:
    """Note why companies that were seen are left until a person decides."""
    await connection.execute(
        "UPDATE crm_staged s SET reason = p.reason FROM unnest(%s::text[], %s::text[]) AS p (id, reason)"
        " WHERE s.provider = %s AND s.remote_id = p.id",
        [list(reasons), list(reasons.values()), provider],
    )


async def count_left(connection: Connection, provider: str, reason: str) -> int:
    """Count companies that were seen and are left, for a reason that begins so."""
    row = await (
        await connection.execute(
            "SELECT count(*) FROM crm_staged WHERE provider = %s AND fetched_at IS NOT NULL"
            " AND starts_with(reason, %s)",
            [provider, reason],
        )
    ).fetchone()
    return int(row[0]) if row else 0


async def settle(connection: Connection, provider: str, seen: Mapping[str, datetime | None]) -> None:
    """Take companies off the list, unless a newer look was asked for meanwhile.

    Args:
        connection: in the transaction that settled them.
        provider: of the CRM.
        seen: the CRM's id to `fetched_at` of what was settled.
    """
    await connection.execute(
        "DELETE FROM crm_staged s USING unnest(%s::text[], %s::timestamptz[]) AS p (id, at)"
        " WHERE s.provider = %s AND s.remote_id = p.id AND s.fetched_at = p.at",
        [list(seen), list(seen.values()), provider],
    )
