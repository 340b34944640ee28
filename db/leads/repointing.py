"""What hangs on a lead, a contact or a person goes over to another one, so that nothing is lost when two become one."""

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple
from uuid import UUID

from core.errors import Conflict
from db.schema.tables import ImportMetRow
from db.server.engine import Connection
from db.server.statements import change, select, select_dicts

LeadOrContact = Literal["lead", "contact"]


class _Hanging(NamedTuple):
    """A column that names a record, and the rest of the key where a table has one row a record and that."""

    table: str
    column: str
    beside: tuple[str, ...] | None = None


_OF_RECORD: tuple[_Hanging, ...] = (
    _Hanging("field_provenance", "record_id", ("field",)),
    _Hanging("enrichment_attempts", "record_id", ("run_id", "provider")),
    _Hanging("record_history", "record_id"),
    _Hanging("crm_sync_logs", "own_id"),
    _Hanging("crm_conflicts", "own_id"),
)
"""Of leads and contacts alike; where both have a row, the one that stays keeps its own."""
_OF_LEAD: tuple[_Hanging, ...] = (
    _Hanging("contacts", "lead_id"),
    _Hanging("field_provenance", "lead_id"),
    _Hanging("enrichment_attempts", "lead_id"),
    _Hanging("import_changes", "lead_id"),
    _Hanging("campaign_letters", "lead_id"),
    _Hanging("approvals", "lead_id"),
    _Hanging("agent_executions", "lead_id"),
    _Hanging("record_history", "lead_id"),
    _Hanging("crm_links", "lead_id"),
    _Hanging("identities", "owner_id"),
    _Hanging("lead_discoveries", "lead_id", ()),
)
_OF_CONTACT: tuple[_Hanging, ...] = (
    _Hanging("approvals", "contact_id"),
    _Hanging("assessments", "best_contact_id"),
    _Hanging("campaign_letters", "contact_id", ("campaign_id",)),
)
_OF_MOVED: tuple[_Hanging, ...] = (
    _Hanging("field_provenance", "record_id"),
    _Hanging("enrichment_attempts", "record_id"),
    _Hanging("import_changes", "record_id"),
    _Hanging("campaign_letters", "contact_id"),
    _Hanging("approvals", "contact_id"),
    _Hanging("crm_links", "own_id"),
)
"""What names a contact's lead beside the contact."""
NOT_REPOINTED: dict[str, str] = {
    "assessments": "of a lead that is no more: the one that stays is due",
    "lead_enrichments": "as assessments",
    "assessment_claims": "nobody works on what is no more",
    "enrichment_claims": "as assessment_claims",
}
"""Tables with a lead's id whose rows go with it, and why."""
ARRAYS = tuple(column.name for column in ImportMetRow.__table__.columns if column.name.endswith("_ids"))
"""In which an import names records."""

_LINKS = """
SELECT provider, own_id, remote_id FROM crm_links WHERE kind = %(kind)s AND own_id = ANY (%(ids)s)
ORDER BY provider FOR UPDATE
"""
_MERGE_CHANGES = """
UPDATE import_changes k SET before = g.before || k.before, after = g.after || k.after
FROM import_changes g WHERE g.record_id = %(gone)s AND k.record_id = %(kept)s AND k.import_id = g.import_id
"""
_VOUCH = """
INSERT INTO import_met AS m (import_id, first_record, lead_ids, contact_ids)
SELECT id, coalesce((SELECT min(first_record) FROM import_batches WHERE import_id = id), 0), %(leads)s, %(contacts)s
FROM imports WHERE id = %(import_id)s
ON CONFLICT (import_id, first_record) DO UPDATE SET
    lead_ids = ARRAY(SELECT unnest(m.lead_ids) UNION SELECT unnest(excluded.lead_ids)),
    contact_ids = ARRAY(SELECT unnest(m.contact_ids) UNION SELECT unnest(excluded.contact_ids))
"""


async def refuse_two_links(connection: Connection, kind: LeadOrContact, kept: UUID, gone: UUID) -> None:
    """Do nothing where at most one of two records is linked in each CRM.

    Raises:
        Conflict: both are: the CRM has two records for what would be one here.
    """
    linked: dict[str, list[str]] = {}
    for row in await select(connection, _LINKS, {"kind": kind, "ids": [kept, gone]}):
        if row.remote_id is not None:
            linked.setdefault(row.provider, []).append(row.remote_id)
    for provider, remote_ids in linked.items():
        if len(remote_ids) > 1:
            raise Conflict(
                f"both are linked in the CRM {provider} ({' and '.join(remote_ids)}): merge them there and sync, "
                "or delete one there; then this merge can be made"
            )


def hanging_on(kind: LeadOrContact) -> tuple[_Hanging, ...]:
    """Return the columns that name a lead or a contact, those of a record of any kind first."""
    return (*_OF_RECORD, *(_OF_LEAD if kind == "lead" else _OF_CONTACT))


async def repoint(connection: Connection, kind: LeadOrContact, kept: UUID, gone: UUID) -> None:
    """Let everything that names one record name the other; what both have stays as the kept one has it."""
    names = {"kept": kept, "gone": gone}
    await connection.execute(_MERGE_CHANGES, names)
    changes = _Hanging("import_changes", "record_id", ("import_id",))
    for hanging in (*hanging_on(kind), changes):
        await _hang(connection, hanging, names)
    await _move_link(connection, kind, kept, gone)
    await rewrite_imports(connection, kept, gone)
    await remember_merged(connection, kind, kept, gone)


async def _hang(connection: Connection, hanging: _Hanging, names: dict[str, UUID]) -> None:
    table, column, beside = hanging
    if beside is not None:
        same = "".join(f" AND k.{other} = g.{other}" for other in beside)
        await connection.execute(
            f"DELETE FROM {table} g USING {table} k WHERE g.{column} = %(gone)s AND k.{column} = %(kept)s{same}", names
        )
    await connection.execute(f"UPDATE {table} SET {column} = %(kept)s WHERE {column} = %(gone)s", names)


async def _move_link(connection: Connection, kind: LeadOrContact, kept: UUID, gone: UUID) -> None:
    """Give the one link there is to the kept record, to be looked at anew; letters that were not sent with it."""
    names = {"kind": kind, "kept": kept, "gone": gone}
    for statement in (
        # Of two states in one CRM the linked one counts.
        "DELETE FROM crm_links d USING crm_links k WHERE d.kind = %(kind)s AND k.kind = %(kind)s"
        " AND d.provider = k.provider AND d.remote_id IS NULL"
        " AND (d.own_id = %(gone)s AND k.own_id = %(kept)s"
        " OR d.own_id = %(kept)s AND k.own_id = %(gone)s AND k.remote_id IS NOT NULL)",
        "UPDATE crm_links SET own_id = %(kept)s, local_token = NULL WHERE kind = %(kind)s AND own_id = %(gone)s",
        "UPDATE crm_links SET local_token = NULL WHERE kind = %(kind)s AND own_id = %(kept)s",
        "UPDATE crm_dead_letters g SET status = 'dropped', closed_at = clock_timestamp(), closed_by = 'merge'"
        " WHERE g.kind = %(kind)s AND g.own_id = %(gone)s AND g.status = 'open' AND EXISTS (SELECT FROM"
        " crm_dead_letters k WHERE k.kind = g.kind AND k.provider = g.provider AND k.own_id = %(kept)s"
        " AND k.status = 'open')",
        "UPDATE crm_dead_letters SET own_id = %(kept)s WHERE kind = %(kind)s AND own_id = %(gone)s",
    ):
        await connection.execute(statement, names)


async def rewrite_imports(connection: Connection, kept: UUID, gone: UUID) -> None:
    """Let imports that named the one have named the other, each array with an id once."""
    for column in ARRAYS:
        statement = f"""
            UPDATE import_met SET {column} = ARRAY(
                SELECT DISTINCT CASE WHEN id = %(gone)s THEN %(kept)s ELSE id END FROM unnest({column}) AS id)
            WHERE %(gone)s = ANY ({column})
        """
        await connection.execute(statement, {"kept": kept, "gone": gone})


async def vouch(connection: Connection, import_id: UUID | None, kind: LeadOrContact, kept: UUID) -> None:
    """Let the import that brought what is no more vouch for what it became."""
    if import_id is not None:
        ids: dict[str, list[UUID]] = {"leads": [], "contacts": [], f"{kind}s": [kept]}
        await connection.execute(_VOUCH, {"import_id": import_id, **ids})


async def remember_merged(connection: Connection, kind: str, kept: UUID, gone: UUID) -> None:
    """Let the old id answer with the new one."""
    names = {"kind": kind, "kept": kept, "gone": gone}
    await connection.execute("UPDATE merged_records SET new_id = %(kept)s WHERE new_id = %(gone)s", names)
    await connection.execute(
        "INSERT INTO merged_records (old_id, new_id, kind) VALUES (%(gone)s, %(kept)s, %(kind)s)"
        " ON CONFLICT (old_id) DO UPDATE SET new_id = excluded.new_id",
        names,
    )


async def repoint_pairs(connection: Connection, kept: UUID, gone: UUID) -> None:
    """Let pairs with the one be pairs with the other; of two a decided one counts, and no record pairs with itself."""
    statement = """
        WITH moved AS (
            DELETE FROM possible_duplicates
            WHERE (first_id = %(gone)s OR second_id = %(gone)s) AND NOT (first_id = %(kept)s OR second_id = %(kept)s)
            RETURNING *, CASE WHEN first_id = %(gone)s THEN second_id ELSE first_id END AS other_id
        )
        INSERT INTO possible_duplicates AS p (first_id, second_id, kind, reason, import_id, found_at, decision,
            decided_by, decided_at, decision_reason)
        SELECT least(other_id, %(kept)s), greatest(other_id, %(kept)s), kind, reason, import_id, found_at, decision,
            decided_by, decided_at, decision_reason FROM moved
        ON CONFLICT (first_id, second_id) DO UPDATE SET decision = excluded.decision,
            decided_by = excluded.decided_by, decided_at = excluded.decided_at,
            decision_reason = excluded.decision_reason
        WHERE p.decision IS NULL AND excluded.decision IS NOT NULL
    """
    await connection.execute(statement, {"kept": kept, "gone": gone})


async def hang_on_lead(connection: Connection, contact_ids: Iterable[UUID], lead_id: UUID) -> None:
    """Let what hangs on contacts name the lead they are at now; assessments of leads that lose their best are due."""
    names = {"ids": list(contact_ids), "lead_id": lead_id}
    for table, column, _ in _OF_MOVED:
        await change(connection, f"UPDATE {table} SET lead_id = %(lead_id)s WHERE {column} = ANY (%(ids)s)", names)
    await connection.execute(
        "UPDATE crm_links SET local_token = NULL WHERE kind = 'contact' AND own_id = ANY (%(ids)s)", names
    )
    await connection.execute("DELETE FROM assessments WHERE best_contact_id = ANY (%(ids)s)", names)


async def select_row(connection: Connection, kind: LeadOrContact, record_id: UUID) -> dict[str, Any]:
    """Return a record as it is stored, locked; empty where there is none."""
    statement = f"SELECT * FROM {kind}s WHERE id = %(id)s FOR UPDATE"
    rows = await select_dicts(connection, statement, {"id": record_id})
    return rows[0] if rows else {}
