"""Links to a CRM: which lead has something to settle or to send, what state each record is in and why."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from core.crm.records import RecordKind
from core.crm.states import SyncState
from core.crm.units import RecordLink
from core.errors import SyncBusy
from db.crm.codec import base_json, link_of
from db.crm.records import JOINED, TOKEN
from db.server.engine import Connection

_IS_OPEN = "state IN ('pending', 'failing') AND (next_try_at IS NULL OR next_try_at <= %(now)s)"


class SavedLink(NamedTuple):
    """A link to store. `token` and `digest` are those of the lead it was settled with; None keeps what is stored."""

    link: RecordLink
    token: str | None = None
    digest: str | None = None
    is_made_here: bool = False


@asynccontextmanager
async def only_run(connection: Connection, provider: str) -> AsyncIterator[None]:
    """Keep every other run out for as long as the block lasts; a killed run keeps nobody out.

    Raises:
        SyncBusy: another run is at it.
    """
    key = [f"crm:{provider}"]
    row = await (await connection.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", key)).fetchone()
    if not row or not row[0]:
        raise SyncBusy(f"another run keeps {provider} in step right now; this one has nothing to add")
    try:
        yield
    finally:
        if not connection.broken and not connection.closed:
            await connection.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", key)


async def select_due(
    connection: Connection, provider: str, digest: str, *, after: UUID, limit: int, now: datetime
) -> list[UUID]:
    """List the linked leads that something happened to, here or there, or that still have something to send; by id."""
    rows = await connection.execute(
        f"""
        SELECT k.own_id FROM crm_links k JOIN leads l ON l.id = k.own_id LEFT JOIN assessments a ON a.lead_id = l.id
        WHERE k.provider = %(provider)s AND k.kind = 'lead' AND k.own_id > %(after)s AND (
            k.config_digest IS DISTINCT FROM %(digest)s OR k.local_token IS DISTINCT FROM {TOKEN}
            OR EXISTS (SELECT FROM crm_staged s WHERE s.provider = k.provider AND s.remote_id = k.remote_id
                AND s.fetched_at IS NOT NULL)
            OR EXISTS (SELECT FROM crm_links c WHERE c.provider = k.provider AND c.lead_id = k.own_id AND c.{_IS_OPEN}))
        ORDER BY k.own_id LIMIT %(limit)s
        """,
        {"provider": provider, "digest": digest, "after": after, "limit": limit, "now": now},
    )
    return [row[0] async for row in rows]


async def select_vanished(connection: Connection, provider: str, *, after: UUID, limit: int) -> list[UUID]:
    """List leads that are linked and were deleted here, by id."""
    rows = await connection.execute(
        "SELECT own_id FROM crm_links k WHERE provider = %s AND kind = 'lead' AND own_id > %s AND NOT is_gone"
        " AND NOT EXISTS (SELECT FROM leads l WHERE l.id = k.own_id) ORDER BY own_id LIMIT %s",
        [provider, after, limit],
    )
    return [row[0] async for row in rows]


async def select_open(connection: Connection, provider: str, *, after: UUID, limit: int, now: datetime) -> list[UUID]:
    """List leads of which something is to be sent, by id."""
    rows = await connection.execute(
        f"SELECT DISTINCT lead_id FROM crm_links WHERE provider = %(provider)s AND lead_id > %(after)s AND {_IS_OPEN}"
        " ORDER BY lead_id LIMIT %(limit)s",
        {"provider": provider, "after": after, "limit": limit, "now": now},
    )
    return [row[0] async for row in rows]


async def select_of(connection: Connection, provider: str, lead_ids: Sequence[UUID]) -> dict[UUID, list[RecordLink]]:
    """Return the links of leads and of their people, by lead."""
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(
        "SELECT * FROM crm_links WHERE provider = %s AND lead_id = ANY(%s)", [provider, list(lead_ids)]
    )
    found: dict[UUID, list[RecordLink]] = {lead_id: [] for lead_id in lead_ids}
    async for row in cursor:
        found[row["lead_id"]].append(link_of(row))
    return found


async def find_by_remote(connection: Connection, provider: str, kind: RecordKind, remote_id: str) -> RecordLink | None:
    """Return the link to a record of the CRM, or None."""
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(
        "SELECT * FROM crm_links WHERE provider = %s AND kind = %s AND remote_id = %s", [provider, str(kind), remote_id]
    )
    row = await cursor.fetchone()
    return None if row is None else link_of(row)


async def find_own(connection: Connection, provider: str, kind: RecordKind, own_id: UUID) -> RecordLink | None:
    """Return the link of a record of ours, or None."""
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(
        "SELECT * FROM crm_links WHERE provider = %s AND kind = %s AND own_id = %s", [provider, str(kind), own_id]
    )
    row = await cursor.fetchone()
    return None if row is None else link_of(row)


_SAVE = """
    INSERT INTO crm_links AS k (provider, kind, own_id, lead_id, remote_id, base, seen_edits, state,
        reason, since, failures, next_try_at, create_sent_at, remote_updated_at, is_gone, local_token, config_digest,
        is_made_here)
    VALUES (%(provider)s, %(kind)s, %(own_id)s, %(lead_id)s, %(remote_id)s, %(base)s, %(seen_edits)s,
        %(state)s, %(reason)s, %(now)s, %(failures)s, %(next_try_at)s, %(create_sent_at)s, %(remote_updated_at)s,
        %(is_gone)s, %(token)s, %(digest)s, %(is_made_here)s)
    ON CONFLICT (provider, kind, own_id) DO UPDATE SET lead_id = excluded.lead_id,
        remote_id = excluded.remote_id, base = excluded.base, seen_edits = excluded.seen_edits,
        state = excluded.state, reason = excluded.reason,
        since = CASE WHEN k.state = excluded.state AND k.reason IS NOT DISTINCT FROM excluded.reason
            THEN k.since ELSE excluded.since END,
        failures = excluded.failures, next_try_at = excluded.next_try_at, create_sent_at = excluded.create_sent_at,
        remote_updated_at = excluded.remote_updated_at, is_gone = excluded.is_gone,
        local_token = coalesce(excluded.local_token, k.local_token),
        config_digest = coalesce(excluded.config_digest, k.config_digest),
        is_made_here = k.is_made_here OR excluded.is_made_here
"""


async def save(connection: Connection, provider: str, links: Sequence[SavedLink], *, now: datetime) -> None:
    """Store links with their states."""
    rows = [
        {
            "provider": provider,
            "kind": str(link.kind),
            "own_id": link.own_id,
            "lead_id": link.lead_id,
            "remote_id": link.remote_id,
            "base": Jsonb(base_json(link.base)),
            "seen_edits": Jsonb({name: at.isoformat() for name, at in link.seen_edits.items()}),
            "state": str(link.state),
            "reason": link.reason,
            "now": now,
            "failures": link.failures,
            "next_try_at": link.next_try_at,
            "create_sent_at": link.create_sent_at,
            "remote_updated_at": link.remote_updated_at,
            "is_gone": link.is_gone,
            "token": token,
            "digest": digest,
            "is_made_here": is_made_here,
        }
        for link, token, digest, is_made_here in links
    ]
    if not rows:
        return
    # A record has one link: who turns out to be somebody else gives it up.
    await connection.execute(
        "DELETE FROM crm_links k USING unnest(%s::text[], %s::text[], %s::uuid[]) AS p (kind, remote_id, own_id)"
        " WHERE k.provider = %s AND k.kind = p.kind AND k.remote_id = p.remote_id AND k.own_id <> p.own_id",
        [[row["kind"] for row in rows], [row["remote_id"] for row in rows], [row["own_id"] for row in rows], provider],
    )
    async with connection.cursor() as cursor:
        await cursor.executemany(_SAVE, rows)


async def set_others(
    connection: Connection, provider: str, kind: RecordKind, own_id: UUID, others: dict[str, list[str]]
) -> None:
    """Remember the items of lists beyond those that our columns hold."""
    await connection.execute(
        "UPDATE crm_links SET other_values = other_values || %s WHERE provider = %s AND kind = %s AND own_id = %s",
        [Jsonb(others), provider, str(kind), own_id],
    )


async def renew_tokens(connection: Connection, provider: str, lead_ids: Sequence[UUID]) -> None:
    """Note that the present values of leads are settled, after this transaction itself changed them."""
    await connection.execute(
        f"UPDATE crm_links k SET local_token = f.token FROM (SELECT l.id, {TOKEN} AS token FROM {JOINED}"
        " WHERE l.id = ANY(%s)) f WHERE k.provider = %s AND k.kind = 'lead' AND k.own_id = f.id",
        [list(lead_ids), provider],
    )


async def drop(connection: Connection, provider: str, keys: Sequence[tuple[RecordKind, UUID]]) -> None:
    """Forget links."""
    if keys:
        await connection.execute(
            "DELETE FROM crm_links k USING unnest(%s::text[], %s::uuid[]) AS p (kind, own_id)"
            " WHERE k.provider = %s AND k.kind = p.kind AND k.own_id = p.own_id",
            [[str(kind) for kind, _ in keys], [own_id for _, own_id in keys], provider],
        )


async def count_states(connection: Connection, provider: str) -> dict[str, int]:
    """Count records by state."""
    rows = await connection.execute("SELECT state, count(*) FROM crm_links WHERE provider = %s GROUP BY 1", [provider])
    counts = {state: count async for state, count in rows}
    return {str(state): counts.get(str(state), 0) for state in SyncState}


async def count_reasons(connection: Connection, provider: str, *, limit: int = 20) -> dict[str, int]:
    """Count excluded and failing records by reason, the most frequent first."""
    rows = await connection.execute(
        # Of duplicates in the CRM the reason names which: the kind is what counts.
        "SELECT state || ': ' || CASE WHEN reason LIKE 'duplicate in the CRM: %%' THEN 'duplicate in the CRM'"
        " ELSE coalesce(reason, '') END, count(*) FROM crm_links WHERE provider = %s"
        " AND state IN ('excluded', 'failing') GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %s",
        [provider, limit],
    )
    return {reason: count async for reason, count in rows}


async def count_linked(connection: Connection, provider: str) -> int:
    """Count the records that are on both sides."""
    row = await (
        await connection.execute(
            "SELECT count(*) FROM crm_links WHERE provider = %s AND remote_id IS NOT NULL AND NOT is_gone", [provider]
        )
    ).fetchone()
    return int(row[0]) if row else 0


async def select_by_state(
    connection: Connection, provider: str, state: SyncState, *, limit: int
) -> list[dict[str, Any]]:
    """List records in a state with why and since when, those in it longest first.

    What is left in the CRM because it is there twice takes no part either, though no record of ours stands for it.
    """
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(
        "SELECT k.kind, k.own_id, k.remote_id, l.company_name, k.reason, k.since, k.failures, k.next_try_at"
        " FROM crm_links k LEFT JOIN leads l ON l.id = k.lead_id"
        " WHERE k.provider = %(provider)s AND k.state = %(state)s"
        " UNION ALL SELECT 'lead', NULL, s.remote_id, s.unit #>> '{lead,values,name}', s.reason, s.fetched_at,"
        " s.failures, s.next_try_at FROM crm_staged s WHERE %(state)s = 'excluded' AND s.provider = %(provider)s"
        " AND s.fetched_at IS NOT NULL AND starts_with(s.reason, 'duplicate in the CRM')"
        " ORDER BY 6, 2 LIMIT %(limit)s",
        {"provider": provider, "state": str(state), "limit": limit},
    )
    return await cursor.fetchall()
