"""What comes from a CRM: how far its change log was read, its entries, and the companies that ask for a look.

Pages of a walk are stored as they come, unsettled. Only when the walk has reached its end do they become work and does
the cursor move, in one transaction: a walk that was cut short leaves nothing behind but rows that the next one drops.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from core.crm.records import Description, RecordKind, RecordValues, RemoteChange, Stamp
from core.crm.units import RecordLink
from db.crm.codec import link_of, values_json
from db.server.engine import Connection

_KEEP = timedelta(days=2)


class Cursor(NamedTuple):
    """How far a CRM was read.

    Attributes:
        at: everything up to here is known, by the CRM's clock; None before the first run.
        needs_full: whether every record has to be compared.
        newest_at: of all entries ever read.
        own_keys: ids of API keys known to be ours.
        description: what the CRM said of itself, with when and for which configuration.
    """

    at: datetime | None = None
    needs_full: bool = True
    newest_at: datetime | None = None
    own_keys: frozenset[str] = frozenset()
    description: Description | None = None
    described_at: datetime | None = None
    described_for: str | None = None
    pulled_at: datetime | None = None


async def get_cursor(connection: Connection, provider: str) -> Cursor:
    """Return how far a CRM was read."""
    cursor = connection.cursor(row_factory=dict_row)
    row = await (await cursor.execute("SELECT * FROM crm_cursors WHERE provider = %s", [provider])).fetchone()
    if row is None:
        return Cursor()
    told = row["description"]
    description = (
        Description(tuple(told["lead"]), tuple(told["contact"]), tuple(told["statuses"]), told["ids"]) if told else None
    )
    return Cursor(
        row["cursor_at"],
        row["needs_full"],
        row["newest_at"],
        frozenset(row["own_keys"]),
        description,
        row["described_at"],
        row["described_for"],
        row["pulled_at"],
    )


async def describe(
    connection: Connection, provider: str, description: Description, digest: str, *, now: datetime
) -> None:
    """Remember what the CRM said of itself."""
    told = {
        "lead": description.lead_fields,
        "contact": description.contact_fields,
        "statuses": description.statuses,
        "ids": dict(description.ids),
    }
    await connection.execute(
        "INSERT INTO crm_cursors (provider, description, described_at, described_for) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (provider) DO UPDATE SET description = excluded.description,"
        " described_at = excluded.described_at, described_for = excluded.described_for",
        [provider, Jsonb(told), now, digest],
    )


async def ask_for_full(connection: Connection, provider: str) -> None:
    """Note that every record has to be compared."""
    await connection.execute(
        "INSERT INTO crm_cursors (provider, needs_full) VALUES (%s, true)"
        " ON CONFLICT (provider) DO UPDATE SET needs_full = true",
        [provider],
    )


async def begin_walk(connection: Connection, provider: str) -> None:
    """Drop what a walk that was cut short left behind."""
    await connection.execute("DELETE FROM crm_events WHERE provider = %s AND NOT is_settled", [provider])


async def unknown_changes(connection: Connection, provider: str, changes: Sequence[RemoteChange]) -> list[RemoteChange]:
    """Return those of a page's changes that were not read before."""
    rows = await connection.execute(
        "SELECT e.event_id, e.at FROM crm_events e JOIN unnest(%s::text[], %s::timestamptz[]) AS p (event_id, at)"
        " ON e.provider = %s AND e.event_id = p.event_id AND e.at = p.at WHERE e.is_settled",
        [[change.event_id for change in changes], [change.at for change in changes], provider],
    )
    known = {tuple(row) async for row in rows}
    return [change for change in changes if (change.event_id, change.at) not in known]


class SortedChange(NamedTuple):
    """An entry of the log, the verdict on it, and what it tells was written over."""

    change: RemoteChange
    verdict: str
    overwritten: RecordValues


async def add_changes(
    connection: Connection, provider: str, sorted_changes: Sequence[SortedChange], own_keys: Sequence[str]
) -> None:
    """Store a page of a walk, and keys that turned out to be ours."""
    rows = [
        (
            *(provider, change.event_id, change.at, str(change.kind), change.record_id, change.lead_id, change.action),
            *(change.merged_into, list(change.fields) if change.fields is not None else None, verdict),
            Jsonb(values_json(lost)) if lost else None,
        )
        for change, verdict, lost in sorted_changes
    ]
    async with connection.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO crm_events (provider, event_id, at, kind, record_id, lead_id, action, merged_into, fields,"
            " verdict, overwritten) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            rows,
        )
    if own_keys:
        await connection.execute(
            "UPDATE crm_cursors SET own_keys = ARRAY(SELECT DISTINCT unnest(own_keys || %s::text[]))"
            " WHERE provider = %s",
            [list(own_keys), provider],
        )


_STAGE_EVENTS = """
    WITH looks AS (
        SELECT coalesce(lead_id, record_id) AS remote_id, record_id, kind, action, merged_into, fields, at, overwritten
        FROM crm_events WHERE provider = %(provider)s AND NOT is_settled AND verdict = 'look'
    ), times AS (
        SELECT remote_id, record_id, jsonb_object_agg(field, at) AS fields FROM (
            SELECT remote_id, record_id, field, max(at) AS at FROM looks, unnest(fields) AS field GROUP BY 1, 2, 3
        ) newest GROUP BY 1, 2
    ), records AS (
        SELECT remote_id, jsonb_object_agg(record_id, fields) AS times FROM times GROUP BY 1
    ), lost AS (
        SELECT remote_id, jsonb_object_agg(record_id, fields) AS overwritten FROM (
            SELECT remote_id, record_id, jsonb_object_agg(field, jsonb_build_object('v', value, 'at', at)) AS fields
            FROM (
                SELECT DISTINCT ON (remote_id, record_id, field) remote_id, record_id, field, value, at
                FROM looks, jsonb_each(overwritten) AS e (field, value) ORDER BY 1, 2, 3, at DESC
            ) newest GROUP BY 1, 2
        ) of_records GROUP BY 1
    )
    INSERT INTO crm_staged AS s (provider, remote_id, merged_into, times, overwritten)
    SELECT %(provider)s, remote_id, max(merged_into) FILTER (WHERE kind = 'lead' AND record_id = remote_id),
        coalesce((SELECT times FROM records r WHERE r.remote_id = looks.remote_id), '{}'::jsonb),
        coalesce((SELECT overwritten FROM lost WHERE lost.remote_id = looks.remote_id), '{}'::jsonb)
    FROM looks GROUP BY remote_id
    ON CONFLICT (provider, remote_id) DO UPDATE SET merged_into = coalesce(excluded.merged_into, s.merged_into),
        times = s.times || excluded.times, overwritten = s.overwritten || excluded.overwritten, fetched_at = NULL,
        unit = NULL, next_try_at = NULL
"""


# A run that ended early may have left a company that was seen and is not ours yet: its end is news all the same.
_LOOK_AGAIN = """
    UPDATE crm_staged s SET fetched_at = NULL, unit = NULL, next_try_at = NULL
    WHERE provider = %(provider)s AND fetched_at IS NOT NULL AND EXISTS (
        SELECT FROM crm_events e WHERE e.provider = s.provider AND NOT e.is_settled AND e.action = 'deleted'
            AND coalesce(e.lead_id, e.record_id) = s.remote_id
    )
"""


async def finish_walk(
    connection: Connection, provider: str, *, cursor_at: datetime, newest_at: datetime | None, now: datetime
) -> dict[str, int]:
    """Turn a complete walk into work and move the cursor, both or neither; return its entries by verdict."""
    async with connection.transaction():
        rows = await connection.execute(
            "SELECT verdict, count(*) FROM crm_events WHERE provider = %s AND NOT is_settled GROUP BY 1", [provider]
        )
        counts = {verdict: count async for verdict, count in rows}
        await connection.execute(_STAGE_EVENTS, {"provider": provider})
        await connection.execute(_LOOK_AGAIN, {"provider": provider})
        await connection.execute(
            "UPDATE crm_events SET is_settled = true, overwritten = NULL WHERE provider = %s AND NOT is_settled",
            [provider],
        )
        await _move(connection, provider, cursor_at, newest_at, now)
        await connection.execute(
            "DELETE FROM crm_events WHERE provider = %s AND at < %s", [provider, cursor_at - _KEEP]
        )
    return counts


async def _move(
    connection: Connection, provider: str, cursor_at: datetime, newest_at: datetime | None, now: datetime
) -> None:
    await connection.execute(
        "UPDATE crm_cursors SET cursor_at = greatest(cursor_at, %s), newest_at = greatest(newest_at, %s),"
        " pulled_at = %s WHERE provider = %s",
        [cursor_at, newest_at, now, provider],
    )


async def list_page(connection: Connection, provider: str, stamps: Sequence[Stamp], *, listed_at: datetime) -> None:
    """Take in a page of a full comparison: stage companies that are new or changed, mark the linked ones as there."""
    names = {"provider": provider, "ids": [stamp.id for stamp in stamps], "listed_at": listed_at}
    names["moments"] = [stamp.updated_at for stamp in stamps]
    async with connection.transaction():
        await connection.execute(
            """
            INSERT INTO crm_staged (provider, remote_id)
            SELECT %(provider)s, p.id FROM unnest(%(ids)s::text[], %(moments)s::timestamptz[]) AS p (id, at)
            LEFT JOIN crm_links k ON k.provider = %(provider)s AND k.kind = 'lead' AND k.remote_id = p.id
            WHERE k.own_id IS NULL OR (NOT k.is_gone AND (k.remote_updated_at IS NULL OR k.remote_updated_at < p.at))
            ON CONFLICT (provider, remote_id) DO UPDATE SET fetched_at = NULL, unit = NULL, next_try_at = NULL
            """,
            names,
        )
        await connection.execute(
            "UPDATE crm_links SET listed_at = %(listed_at)s"
            " WHERE provider = %(provider)s AND kind = 'lead' AND remote_id = ANY(%(ids)s)",
            names,
        )


async def finish_full(
    connection: Connection, provider: str, *, listed_at: datetime, cursor_at: datetime | None, now: datetime
) -> None:
    """Stage what a full comparison did not meet, linked or seen by an earlier run, and set the cursor to its beginning.

    What an earlier run saw and did not take in, because its plan waits for a person, may be gone since.
    """
    async with connection.transaction():
        await connection.execute(
            """
            INSERT INTO crm_staged (provider, remote_id)
            SELECT provider, remote_id FROM crm_links
            WHERE provider = %(provider)s AND kind = 'lead' AND remote_id IS NOT NULL AND NOT is_gone
                AND (listed_at IS NULL OR listed_at < %(listed_at)s)
            ON CONFLICT (provider, remote_id) DO UPDATE SET fetched_at = NULL, unit = NULL, next_try_at = NULL
            """,
            {"provider": provider, "listed_at": listed_at},
        )
        await connection.execute(
            "UPDATE crm_staged SET fetched_at = NULL, unit = NULL, next_try_at = NULL"
            " WHERE provider = %s AND fetched_at < %s",
            [provider, listed_at],
        )
        await connection.execute(
            "UPDATE crm_cursors SET needs_full = false WHERE provider = %s AND needs_full", [provider]
        )
        if cursor_at is not None:
            await _move(connection, provider, cursor_at, None, now)


class LinkThere(NamedTuple):
    """A link, whether we created its record in the CRM, and of a person, the company they stood at when seen last."""

    link: RecordLink
    is_made_here: bool = False
    company: str | None = None


async def links_of_page(
    connection: Connection, provider: str, changes: Sequence[RemoteChange]
) -> dict[tuple[RecordKind, str], LinkThere]:
    """Return the links of the records that a page of changes speaks of."""
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(
        "SELECT k.*, l.remote_id AS company FROM crm_links k LEFT JOIN crm_links l ON k.kind = 'contact'"
        " AND l.provider = k.provider AND l.kind = 'lead' AND l.own_id = k.lead_id"
        " WHERE k.provider = %s AND k.kind IN ('lead', 'contact') AND k.remote_id = ANY(%s)",
        [provider, [change.record_id for change in changes]],
    )
    return {
        (RecordKind(row["kind"]), row["remote_id"]): LinkThere(link_of(row), row["is_made_here"], row["company"])
        async for row in cursor
    }
