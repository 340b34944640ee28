"""The same bytes with the same options a second time: known to change nothing, so no row is read again.

That holds under three conditions, all checked against the leads themselves: the policy never replaces a value; every
lead the first import named is still there; nothing that could have emptied a field (a person's edit, an undo, a later
write to one of its leads) happened since. Otherwise the file is imported row by row like any other.
"""

from uuid import UUID

from db.server.engine import Connection

_IDS_A_ROW = 10_000

# Looks at all leads and contacts, which pays only where the file names a good part of them.
_UNTOUCHED = """
WITH earlier AS (
    SELECT id, started_at, finished_at, (report->'leads'->>'inserted')::bigint AS leads,
        (report->'contacts'->>'inserted')::bigint AS contacts
    FROM imports
    WHERE fingerprint = %(fingerprint)s AND status = 'finished'
    ORDER BY finished_at DESC LIMIT 1
), leads_met AS (
    SELECT DISTINCT unnest(m.lead_ids) AS id FROM import_met m JOIN earlier e ON m.import_id = e.id
), contacts_met AS (
    SELECT DISTINCT unnest(m.contact_ids) AS id FROM import_met m JOIN earlier e ON m.import_id = e.id
)
SELECT e.id
FROM earlier e
WHERE %(records)s * 5 >= (
        SELECT max(reltuples) FROM pg_class WHERE oid IN ('leads'::regclass, 'contacts'::regclass)
    )
    AND NOT EXISTS (SELECT FROM imports i WHERE i.undone_at >= e.started_at)
    AND e.leads = (
        SELECT count(*) FROM leads l
        WHERE l.created_import_id = e.id AND l.updated_at <= e.finished_at AND l.edited_at IS NULL
    )
    AND e.contacts = (
        SELECT count(*) FROM contacts c
        WHERE c.created_import_id = e.id AND c.updated_at <= e.finished_at AND c.edited_at IS NULL
    )
    AND (SELECT count(*) FROM leads_met) = (
        SELECT count(*) FROM leads l JOIN leads_met USING (id)
        WHERE l.updated_at <= e.finished_at AND (l.edited_at IS NULL OR l.edited_at < e.started_at)
    )
    AND (SELECT count(*) FROM contacts_met) = (
        SELECT count(*) FROM contacts c JOIN contacts_met USING (id)
        WHERE c.updated_at <= e.finished_at AND (c.edited_at IS NULL OR c.edited_at < e.started_at)
    )
"""

_MET = f"""
INSERT INTO import_met (import_id, first_record, lead_ids, contact_ids)
SELECT %(import_id)s, part, coalesce(array_agg(id) FILTER (WHERE NOT is_contact), '{{}}'),
    coalesce(array_agg(id) FILTER (WHERE is_contact), '{{}}')
FROM (
    SELECT id, is_contact, (row_number() OVER () - 1) / {_IDS_A_ROW} AS part
    FROM (
        SELECT id, false AS is_contact FROM leads WHERE created_import_id = %(earlier)s
        UNION SELECT unnest(lead_ids), false FROM import_met WHERE import_id = %(earlier)s
        UNION ALL (
            SELECT id, true FROM contacts WHERE created_import_id = %(earlier)s
            UNION SELECT unnest(contact_ids), true FROM import_met WHERE import_id = %(earlier)s
        )
    ) AS named
) AS numbered
GROUP BY part
"""

_BATCH = """
INSERT INTO import_batches
    (import_id, first_record, next_record, inserted, matched, known, repeated, rejected, elsewhere, kept_apart)
SELECT %(import_id)s, 0, %(records)s, 0, 0, (report->>'inserted')::bigint + (report->>'updated')::bigint
    + (report->>'unchanged')::bigint, (report->>'duplicates')::bigint, (report->>'rejected')::bigint,
    (SELECT coalesce(sum(b.elsewhere), 0) FROM import_batches b WHERE b.import_id = %(earlier)s),
    (
        SELECT coalesce(jsonb_object_agg(kind, rows), '{}')
        FROM (
            SELECT k.key AS kind, sum(k.value::bigint) AS rows
            FROM import_batches b, jsonb_each_text(b.kept_apart) k WHERE b.import_id = %(earlier)s GROUP BY k.key
        ) AS kinds
    )
FROM imports WHERE id = %(earlier)s
"""

_REJECTS = """
INSERT INTO import_rejects (import_id, record, line, "column", value, reason, cells)
SELECT %(import_id)s, record, line, "column", value, reason, cells FROM import_rejects WHERE import_id = %(earlier)s
"""


async def repeat(connection: Connection, import_id: UUID, *, fingerprint: str, records: int) -> bool:
    """Record an import as the repetition of an earlier one, if it is exactly that.

    Args:
        connection: in autocommit.
        import_id: the new import; nothing of it is loaded yet, and its policy never replaces a value.
        fingerprint: the file's bytes and all that decides what its rows become.
        records: rows in the file.

    Returns:
        Whether it was; then all its rows are accounted for, in one transaction.
    """
    async with connection.transaction():
        await connection.execute("SET LOCAL enable_hashjoin = on")  # `loading` turns it off for its small batches
        cursor = await connection.execute(_UNTOUCHED, {"fingerprint": fingerprint, "records": records})
        row = await cursor.fetchone()
        if row is None:
            return False
        names = {"import_id": import_id, "earlier": row[0], "records": records}
        for statement in (_MET, _REJECTS, _BATCH):
            await connection.execute(statement, names)
    return True
