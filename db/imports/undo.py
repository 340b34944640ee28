"""Undoing an import: remove what only it brought, give back what it overwrote; all of it or nothing."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import ImportBusy, ImportNotFound
from core.imports.runs import KeptLead, UndoReport
from core.imports.undo import Change, flattened, patched, unmerge
from db.imports.lead_merge import COLUMNS
from db.schema.tables import ImportChangeRow, ImportRow, LeadRow

_leads = cast("Table", LeadRow.__table__)
_changes = cast("Table", ImportChangeRow.__table__)

_LEADS_A_STEP = 1_000
_KEPT_LISTED = 100

_REMOVE = text(
    """
    WITH met AS (
        SELECT DISTINCT unnest(lead_ids) AS id FROM import_met WHERE import_id = :import_id
    ), vouched AS (
        SELECT DISTINCT unnest(m.lead_ids) AS id
        FROM import_met m JOIN imports i ON i.id = m.import_id
        WHERE m.import_id <> :import_id AND i.status <> 'undone'
    ), candidates AS (
        SELECT l.id, l.edited_at IS NOT NULL AND NOT :force AS is_edited,
            EXISTS (SELECT FROM vouched v WHERE v.id = l.id) AS is_shared
        FROM leads l LEFT JOIN imports i ON i.id = l.created_import_id
        WHERE l.created_import_id = :import_id
            OR (i.status = 'undone' AND l.id IN (SELECT id FROM met))
    ), removed AS (
        DELETE FROM leads l USING candidates c WHERE l.id = c.id AND NOT c.is_edited AND NOT c.is_shared RETURNING l.id
    )
    SELECT c.id, c.is_edited, c.is_shared, r.id IS NOT NULL AS is_removed
    FROM candidates c LEFT JOIN removed r ON r.id = c.id
    """
)


async def undo(connection: AsyncConnection, import_id: UUID, *, force: bool = False) -> UndoReport:
    """Undo an import; a second time changes nothing.

    Args:
        connection: in a transaction of its own.
        import_id: which.
        force: also undo in leads that a person has edited since.

    Raises:
        ImportNotFound: no import has this id.
        ImportBusy: the import is running right now.
    """
    query = select(ImportRow.status).where(ImportRow.id == import_id).with_for_update()
    status = (await connection.execute(query)).scalar_one_or_none()
    if status is None:
        raise ImportNotFound(f"no import {import_id}; `sales-agent imports` lists them")
    if status == "undone":
        return UndoReport(import_id=import_id, already_undone=True)
    lock = text("SELECT pg_try_advisory_xact_lock(hashtextextended('import ' || :id, 0))")
    if not (await connection.execute(lock, {"id": str(import_id)})).scalar_one():
        raise ImportBusy(f"import {import_id} is running; wait for its end or stop it, then undo it")
    restored, kept = await _restore(connection, import_id, force=force)
    removed, kept_too = await _remove(connection, import_id, force=force)
    await connection.execute(
        update(ImportRow).where(ImportRow.id == import_id).values(status="undone", undone_at=func.now())
    )
    kept += kept_too
    return UndoReport(
        import_id=import_id,
        removed=removed,
        restored=restored,
        kept_edited=sum(lead.reason == "edited_since" for lead in kept),
        kept_shared=sum(lead.reason == "also_in_another_import" for lead in kept),
        kept=kept[:_KEPT_LISTED],
    )


async def _remove(connection: AsyncConnection, import_id: UUID, *, force: bool) -> tuple[int, list[KeptLead]]:
    removed = 0
    kept: list[KeptLead] = []
    result = await connection.execute(_REMOVE, {"import_id": import_id, "force": force})
    for lead_id, is_edited, _, is_removed in result:
        if is_removed:
            removed += 1
        else:
            kept.append(KeptLead(lead_id=lead_id, reason="edited_since" if is_edited else "also_in_another_import"))
    return removed, kept


async def _restore(connection: AsyncConnection, import_id: UUID, *, force: bool) -> tuple[int, list[KeptLead]]:
    restored = 0
    kept: list[KeptLead] = []
    changed = select(ImportChangeRow.lead_id).where(ImportChangeRow.import_id == import_id)
    lead_ids = (await connection.execute(changed.order_by(ImportChangeRow.lead_id))).scalars().all()
    for start in range(0, len(lead_ids), _LEADS_A_STEP):
        step_restored, step_kept = await _restore_some(
            connection, import_id, lead_ids[start : start + _LEADS_A_STEP], force=force
        )
        restored += step_restored
        kept += step_kept
    return restored, kept


async def _restore_some(
    connection: AsyncConnection, import_id: UUID, lead_ids: Sequence[UUID], *, force: bool
) -> tuple[int, list[KeptLead]]:
    chains: dict[UUID, list[Any]] = {lead_id: [] for lead_id in lead_ids}
    changes = select(_changes).where(_changes.c.lead_id.in_(lead_ids))
    for change in await connection.execute(changes.order_by(_changes.c.changed_at)):
        chains[change.lead_id].append(change)
    leads = select(_leads).where(_leads.c.id.in_(lead_ids)).order_by(_leads.c.dedupe_key).with_for_update()

    kept: list[KeptLead] = []
    patches: list[dict[str, Any]] = []
    handed_on: list[dict[str, Any]] = []
    dropped: list[UUID] = []
    for lead in (await connection.execute(leads)).all():
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
            patches.append({"lead": lead.id, **patched(current, patch)})
        for change, extra in zip(later, handed, strict=True):
            if extra:
                handed_on.append({"of": change.import_id, "lead": lead.id, "before": {**change.before, **extra}})
    await _write(connection, import_id, patches, handed_on, dropped)
    return len(patches), kept


async def _write(
    connection: AsyncConnection,
    import_id: UUID,
    patches: list[dict[str, Any]],
    handed_on: list[dict[str, Any]],
    dropped: list[UUID],
) -> None:
    if patches:
        values: dict[str, Any] = {column: bindparam(column) for column in COLUMNS}
        statement = update(_leads).where(_leads.c.id == bindparam("lead")).values(**values, updated_at=func.now())
        await connection.execute(statement, patches)
    if handed_on:
        statement = (
            update(_changes)
            .where(_changes.c.import_id == bindparam("of"), _changes.c.lead_id == bindparam("lead"))
            .values(before=bindparam("before"))
        )
        await connection.execute(statement, handed_on)
    await connection.execute(delete(_changes).where(_changes.c.import_id == import_id, _changes.c.lead_id.in_(dropped)))
