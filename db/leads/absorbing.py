"""Leads that stood for a person alone are merged into the company that has come, by whoever places rows."""

from collections.abc import Sequence
from uuid import UUID

from orjson import dumps

from db.leads.inventories import take_inventory
from db.leads.record_history import DATED_NOTE
from db.leads.repointing import hang_on_lead, hanging_on, remember_merged, repoint, repoint_pairs, select_row
from db.server.engine import Connection
from db.server.statements import change, select, select_value

_BESIDE_CONTACTS = " OR ".join(
    f"EXISTS (SELECT FROM {table} t WHERE t.{column} = l.id)"
    for table, column, _ in hanging_on("lead")
    if table != "contacts"
)
_LADEN = f"""
SELECT l.id FROM leads l WHERE l.id = ANY (%(alone)s::uuid[]) AND (l.tags <> '{{}}' OR l.assigned_to IS NOT NULL
    OR EXISTS (SELECT FROM possible_duplicates p WHERE l.id IN (p.first_id, p.second_id)) OR {_BESIDE_CONTACTS})
"""
_LINKED = """
SELECT count(*) > 1 FROM crm_links WHERE kind = 'lead' AND own_id IN (%(alone)s, %(company)s) AND remote_id IS NOT NULL
"""
_ABSORB = """
WITH absorbed AS (SELECT * FROM unnest(%(alone)s::uuid[], %(companies)s::uuid[]) AS n (alone, company)),
noted AS (
    INSERT INTO record_history (record_id, lead_id, action, done_by, before)
    SELECT a.company, a.company, 'merge', %(by)s, jsonb_build_object('merged', jsonb_strip_nulls(to_jsonb(l)),
        'import_id', %(import_id)s::uuid, 'moved', jsonb_build_object('kept', a.company, 'rows', jsonb_build_object(
            'contacts.lead_id', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', c.id)), '[]')
                FROM contacts c WHERE c.lead_id = a.alone))))
    FROM absorbed a JOIN leads l ON l.id = a.alone
), moved AS (
    UPDATE contacts c SET lead_id = a.company, updated_at = now() FROM absorbed a WHERE c.lead_id = a.alone
)
INSERT INTO merged_records (old_id, new_id, kind) SELECT alone, company, 'lead' FROM absorbed
"""
_TAKE = """
UPDATE leads SET assigned_to = coalesce(assigned_to, %(assigned_to)s), tags = (
    SELECT coalesce(array_agg(tag ORDER BY place), '{}') FROM (
        SELECT tag, min(place) AS place FROM unnest(tags || %(tags)s::text[]) WITH ORDINALITY AS n (tag, place)
        GROUP BY tag) AS t)
WHERE id = %(company)s
"""
_UNSURE = """
INSERT INTO possible_duplicates (first_id, second_id, kind, reason, import_id)
VALUES (least(%(alone)s, %(company)s), greatest(%(alone)s, %(company)s), 'lead',
    'both are linked in the CRM: the person alone, and their company', %(import_id)s) ON CONFLICT DO NOTHING
"""


async def absorb(
    connection: Connection, pairs: Sequence[tuple[str, str]], *, import_id: UUID | None, origin: str
) -> None:
    """Merge leads of persons alone into their companies: contacts and all that hangs on them go over, each is noted.

    Args:
        connection: in a transaction that holds `db.leads.matching.lock_who_is_who`.
        pairs: the lead that goes, and the company.
        import_id: of the import that brought them together.
        origin: who did.
    """
    if not pairs:
        return
    names = {"alone": [alone for alone, _ in pairs], "import_id": import_id, "by": origin}
    # One that only has contacts, as nearly all, costs a share of one statement.
    laden = {str(row.id) for row in await select(connection, _LADEN, names)}
    plain = [pair for pair in pairs if pair[0] not in laden]
    if plain:
        names |= {"alone": [alone for alone, _ in plain], "companies": [company for _, company in plain]}
        await connection.execute(_ABSORB, names)
        await connection.execute("DELETE FROM leads WHERE id = ANY (%(alone)s::uuid[])", names)
    for alone, company in pairs:
        if alone in laden:
            await _absorb_laden(connection, UUID(alone), UUID(company), import_id, origin)


async def _absorb_laden(
    connection: Connection, alone: UUID, company: UUID, import_id: UUID | None, origin: str
) -> None:
    names = {"alone": alone, "company": company, "import_id": import_id}
    if await select_value(connection, _LINKED, names):
        # Which of two links is right only the CRM's people can say.
        await connection.execute(_UNSURE, names)
        return
    gone, kept = await select_row(connection, "lead", alone), await select_row(connection, "lead", company)
    moved = await take_inventory(connection, "lead", company, gone)
    await repoint(connection, "lead", company, alone)
    await repoint_pairs(connection, company, alone)
    await connection.execute("DELETE FROM leads WHERE id = %(alone)s", names)
    await change(connection, _TAKE, {**names, "tags": gone["tags"], "assigned_to": gone["assigned_to"]})
    taken = await select_row(connection, "lead", company)
    contacts = await select(connection, "SELECT id FROM contacts WHERE lead_id = %(company)s", names)
    await hang_on_lead(connection, [row.id for row in contacts], company)
    await remember_merged(connection, "lead", company, alone)
    before = {name: kept[name] for name in ("tags", "assigned_to")}
    note = {
        "record_id": company,
        "lead_id": company,
        "action": "merge",
        "by": origin,
        "reason": None,
        "before": dumps(
            {"merged": {name: value for name, value in gone.items() if value not in (None, [], {})},
             "moved": moved, "import_id": import_id, **before},
            default=str,
        ).decode(),
        "after": dumps({name: taken[name] for name in before}).decode(),
    }  # fmt: skip
    await connection.execute(DATED_NOTE, note)
