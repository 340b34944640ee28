"""Links that follow what was merged or moved, here or in the CRM: a link is never given up for that."""

from typing import NamedTuple
from uuid import UUID

from core.crm.records import RecordKind
from db.server.engine import Connection
from db.server.statements import change, select, select_one, select_value

MERGED_HERE = "was merged here into a record that has another one in the CRM"
_MERGED = """
    WITH RECURSIVE chain AS (
        SELECT k.kind, k.own_id AS old_id, m.new_id, 1 AS steps FROM crm_links k
        JOIN merged_records m ON m.old_id = k.own_id AND m.kind = k.kind WHERE k.provider = %(provider)s
        UNION ALL
        SELECT c.kind, c.old_id, m.new_id, steps + 1 FROM chain c
        JOIN merged_records m ON m.old_id = c.new_id AND m.kind = c.kind WHERE steps < 100
    ), merged AS (
        SELECT DISTINCT ON (kind, old_id) kind, old_id, new_id FROM chain ORDER BY kind, old_id, steps DESC
    )
"""
_FREE = f"""
    {_MERGED}, free AS (
        SELECT DISTINCT ON (m.kind, m.new_id) m.* FROM merged m
        JOIN crm_links o ON o.provider = %(provider)s AND o.kind = m.kind AND o.own_id = m.old_id
        WHERE o.remote_id IS NOT NULL AND NOT o.is_gone AND NOT EXISTS (SELECT FROM crm_links k
            WHERE k.provider = %(provider)s AND k.kind = m.kind AND k.own_id = m.new_id
                AND (k.remote_id IS NOT NULL OR k.create_sent_at IS NOT NULL))
        ORDER BY m.kind, m.new_id, m.old_id
    )
"""
_STEPS = (
    # What was never sent gives way.
    f"""{_FREE} DELETE FROM crm_links k USING free f
        WHERE k.provider = %(provider)s AND k.kind = f.kind AND k.own_id = f.new_id""",
    f"""{_FREE} UPDATE crm_links k SET lead_id = f.new_id FROM free f
        WHERE k.provider = %(provider)s AND k.kind = 'contact' AND f.kind = 'lead' AND k.lead_id = f.old_id""",
    f"""{_FREE} UPDATE crm_links k SET own_id = f.new_id, local_token = NULL,
            lead_id = CASE k.kind WHEN 'lead' THEN f.new_id ELSE k.lead_id END
        FROM free f WHERE k.provider = %(provider)s AND k.kind = f.kind AND k.own_id = f.old_id""",
    f"""{_MERGED} UPDATE crm_links k SET is_gone = true, state = 'excluded', reason = %(why)s, since = now()
        FROM merged m
        WHERE k.provider = %(provider)s AND k.kind = m.kind AND k.own_id = m.old_id AND NOT k.is_gone
            AND k.remote_id IS NOT NULL""",
)


async def follow_merges_here(connection: Connection, provider: str) -> None:
    """Let links follow leads and contacts that were merged into others here.

    Where both are linked, what was merged keeps its link and is left in the CRM: `why_not_merged` prevents that.
    """
    names = {"provider": provider, "why": MERGED_HERE}
    for statement in _STEPS:
        await change(connection, statement, names)


async def why_not_merged(connection: Connection, kind: RecordKind, first: UUID, second: UUID) -> str | None:
    """Return why two records of ours cannot be merged: each is linked with one of the CRM; None where they can be."""
    statement = """
        SELECT provider, array_agg(remote_id ORDER BY own_id) AS ids FROM crm_links
        WHERE kind = %(kind)s AND own_id = ANY (%(own_ids)s) AND remote_id IS NOT NULL AND NOT is_gone
        GROUP BY provider HAVING count(*) > 1
    """
    row = await select_one(connection, statement, {"kind": str(kind), "own_ids": [first, second]})
    if row is None:
        return None
    return f"both are in {row.provider}, as {' and '.join(row.ids)}: merge or delete one of them there first"


class Move(NamedTuple):
    """A contact of ours whose record stands at another company in the CRM since it was seen last."""

    contact_id: UUID
    remote_id: str
    from_lead_id: UUID
    lead_id: UUID


async def select_moved_there(connection: Connection, provider: str) -> list[Move]:
    """List contacts that were moved to another company in the CRM, which is a lead of ours as well."""
    statement = """
        SELECT k.own_id AS contact_id, k.remote_id, k.lead_id AS from_lead_id, l.own_id AS lead_id FROM crm_staged s
        JOIN crm_links l ON l.provider = s.provider AND l.kind = 'lead' AND l.remote_id = s.remote_id AND NOT l.is_gone
        CROSS JOIN LATERAL jsonb_array_elements(s.unit -> 'contacts') AS c
        JOIN crm_links k ON k.provider = s.provider AND k.kind = 'contact' AND k.remote_id = c ->> 'id'
        WHERE s.provider = %(provider)s AND s.fetched_at IS NOT NULL AND k.lead_id <> l.own_id
            AND EXISTS (SELECT FROM leads WHERE id = l.own_id)
        ORDER BY k.own_id
    """
    return [Move(*row) for row in await select(connection, statement, {"provider": provider})]


async def move(connection: Connection, provider: str, moved: Move) -> None:
    """Let a contact's link be one of another lead's."""
    statement = """
        UPDATE crm_links SET lead_id = %(lead_id)s, is_gone = false
        WHERE provider = %(provider)s AND kind = 'contact' AND own_id = %(contact_id)s
    """
    await change(connection, statement, moved._asdict() | {"provider": provider})


async def note_merged_there(connection: Connection, one: UUID, other: UUID) -> bool:
    """Note two leads that the CRM holds to be one company as possible duplicates; decided ones ask no more.

    Returns:
        Whether the other one is there (any more).
    """
    statement = """
        INSERT INTO possible_duplicates (first_id, second_id, kind, reason)
        SELECT least(%(one)s::uuid, %(other)s::uuid), greatest(%(one)s::uuid, %(other)s::uuid), 'lead',
            'merged in the CRM'
        WHERE EXISTS (SELECT FROM leads WHERE id = %(one)s) AND EXISTS (SELECT FROM leads WHERE id = %(other)s)
        ON CONFLICT DO NOTHING
    """
    await change(connection, statement, {"one": one, "other": other})
    return bool(await select_value(connection, "SELECT true FROM leads WHERE id = %(other)s", {"other": other}))
