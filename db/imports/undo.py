"""Undoing an import: remove what only it brought, give back what it overwrote; all of it or nothing."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from core.errors import ImportBusy, ImportNotFound
from core.imports.runs import KeptLead, UndoReport
from core.imports.undo import Change, flattened, patched, unmerge
from db.imports.lead_merge import COLUMNS
from db.server.engine import Connection
from db.server.statements import change_each, listed, select, select_value

_LEADS_A_STEP = 1_000
_KEPT_LISTED = 100

_REMOVE = """
WITH met AS (
    SELECT DISTINCT unnest(lead_ids) AS id FROM import_met WHERE import_id = %(import_id)s
), vouched AS (
    SELECT DISTINCT unnest(m.lead_ids) AS id
    FROM import_met m JOIN imports i ON i.id = m.import_id
    WHERE m.import_id <> %(import_id)s AND i.status <> 'undone'
), candidates AS (
    SELECT l.id, l.edited_at IS NOT NULL AND NOT %(force)s AS is_edited,
        EXISTS (SELECT FROM vouched v WHERE v.id = l.id) AS is_shared
    FROM leads l LEFT JOIN imports i ON i.id = l.created_import_id
    WHERE l.created_import_id = %(import_id)s
        OR (i.status = 'undone' AND l.id IN (SELECT id FROM met))
), removed AS (
    DELETE FROM leads l USING candidates c WHERE l.id = c.id AND NOT c.is_edited AND NOT c.is_shared RETURNING l.id
)
SELECT c.id, c.is_edited, c.is_shared, r.id IS NOT NULL AS is_removed
FROM candidates c LEFT JOIN removed r ON r.id = c.id
"""
_CHANGES = """
SELECT import_id, lead_id, before, after, changed_at FROM import_changes WHERE lead_id = ANY (%(lead_ids)s::uuid[])
ORDER BY changed_at
"""
_LEADS = f"""
SELECT id, edited_at, {listed(COLUMNS)} FROM leads WHERE id = ANY (%(lead_ids)s::uuid[]) ORDER BY dedupe_key FOR UPDATE
"""
_RESTORE = f"UPDATE leads SET {listed(COLUMNS, '{0} = %({0})s')}, updated_at = now() WHERE id = %(lead)s"
_HAND_ON = "UPDATE import_changes SET before = %(before)s WHERE import_id = %(of)s AND lead_id = %(lead)s"
_DROP = "DELETE FROM import_changes WHERE import_id = %(import_id)s AND lead_id = ANY (%(lead_ids)s::uuid[])"


async def undo(connection: Connection, import_id: UUID, *, force: bool = False) -> UndoReport:
    """Undo an import; a second time changes nothing.

    Args:
        connection: in a transaction of its own.
        import_id: which.
        force: also undo in leads that a person has edited since.

    Raises:
        ImportNotFound: no import has this id.
        ImportBusy: the import is running right now.
    """
    names = {"import_id": import_id}
    status = await select_value(connection, "SELECT status FROM imports WHERE id = %(import_id)s FOR UPDATE", names)
    if status is None:
        raise ImportNotFound(f"no import {import_id}; `sales-agent imports` lists them")
    if status == "undone":
        return UndoReport(import_id=import_id, already_undone=True)
    lock = "SELECT pg_try_advisory_xact_lock(hashtextextended('import ' || %(import_id)s::uuid, 0))"
    if not await select_value(connection, lock, names):
        raise ImportBusy(f"import {import_id} is running; wait for its end or stop it, then undo it")
    restored, kept = await _restore(connection, import_id, force=force)
    removed, kept_too = await _remove(connection, import_id, force=force)
    await connection.execute("UPDATE imports SET status = 'undone', undone_at = now() WHERE id = %(import_id)s", names)
    kept += kept_too
    return UndoReport(
        import_id=import_id,
        removed=removed,
        restored=restored,
        kept_edited=sum(lead.reason == "edited_since" for lead in kept),
        kept_shared=sum(lead.reason == "also_in_another_import" for lead in kept),
        kept=kept[:_KEPT_LISTED],
    )


async def _remove(connection: Connection, import_id: UUID, *, force: bool) -> tuple[int, list[KeptLead]]:
    removed = 0
    kept: list[KeptLead] = []
    result = await connection.execute(_REMOVE, {"import_id": import_id, "force": force})
    async for lead_id, is_edited, _, is_removed in result:
        if is_removed:
            removed += 1
        else:
            kept.append(KeptLead(lead_id=lead_id, reason="edited_since" if is_edited else "also_in_another_import"))
    return removed, kept


async def _restore(connection: Connection, import_id: UUID, *, force: bool) -> tuple[int, list[KeptLead]]:
    restored = 0
    kept: list[KeptLead] = []
    statement = "SELECT lead_id FROM import_changes WHERE import_id = %(import_id)s ORDER BY lead_id"
    lead_ids = [row.lead_id for row in await select(connection, statement, {"import_id": import_id})]
    for start in range(0, len(lead_ids), _LEADS_A_STEP):
        step_restored, step_kept = await _restore_some(
            connection, import_id, lead_ids[start : start + _LEADS_A_STEP], force=force
        )
        restored += step_restored
        kept += step_kept
    return restored, kept


async def _restore_some(
    connection: Connection, import_id: UUID, lead_ids: Sequence[UUID], *, force: bool
) -> tuple[int, list[KeptLead]]:
    chains: dict[UUID, list[Any]] = {lead_id: [] for lead_id in lead_ids}
    names = {"lead_ids": list(lead_ids)}
    for change in await select(connection, _CHANGES, names):
        chains[change.lead_id].append(change)

    kept: list[KeptLead] = []
    patches: list[dict[str, Any]] = []
    handed_on: list[dict[str, Any]] = []
    dropped: list[UUID] = []
    for lead in await select(connection, _LEADS, names):
        chain = chains[lead.id]
        position = next(place for place, change in enumerate(chain) if change.import_id == import_id)
        own, later = chain[position], chain[position + 1 :]
        if lead.edited_at is not None and lead.edited_at > own.changed_at and not force:
            kept.append(KeptLead(lead_id=lead.id, reason="edited_since"))
            continue
        current = {column: getattr(lead, column) for column in COLUMNS}
        patch, handed = unmerge(
            Change(own.before, own.after),
            [Change(change.before, change.after) for change in later],
            flattened(current),
        )
        dropped.append(lead.id)
        if patch:
            patches.append({"lead": lead.id, **_stored(patched(current, patch))})
        for change, extra in zip(later, handed, strict=True):
            if extra:
                handed_on.append({"of": change.import_id, "lead": lead.id, "before": Jsonb({**change.before, **extra})})
    await _write(connection, import_id, patches, handed_on, dropped)
    return len(patches), kept


def _stored(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: Jsonb(value) if isinstance(value, dict) else value for name, value in values.items()}


async def _write(
    connection: Connection,
    import_id: UUID,
    patches: list[dict[str, Any]],
    handed_on: list[dict[str, Any]],
    dropped: list[UUID],
) -> None:
    await change_each(connection, _RESTORE, patches)
    await change_each(connection, _HAND_ON, handed_on)
    await connection.execute(_DROP, {"import_id": import_id, "lead_ids": dropped})
