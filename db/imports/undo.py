"""Undoing an import: remove what only it brought, give back what it overwrote; all of it or nothing.

Each import vouches for the leads and contacts that it named, also where it changed nothing. A contact goes, and then a
lead, when no import vouches for it any more and nothing else stands for it: a person's edit, a link to a CRM, an
approval, a message that was sent. A lead whose contacts stay, stays.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from core.errors import ImportBusy, ImportNotFound
from core.imports.runs import KeptLead, KeptReason, UndoReport
from core.imports.undo import Change, flattened, patched, unmerge
from core.leads.fields import FIELDS_OF_CONTACT, FIELDS_OF_LEAD
from core.leads.names import company_key, person_key
from db.imports.absorbed import take_absorbed_apart
from db.leads.matching import lock_who_is_who
from db.leads.returning import undone_since
from db.server.engine import Connection
from db.server.statements import change_each, listed, select, select_value

_RECORDS_A_STEP = 1_000
_KEPT: dict[str, KeptReason] = {
    "kept_edited": "edited_since",
    "kept_shared": "also_in_another_import",
    "kept_in_use": "in_use",
}
_KEPT_LISTED = 100

_STANDING = "('pending', 'approved', 'executing', 'executed')"
_IS_LINKED = """EXISTS (
    SELECT FROM crm_links k WHERE k.own_id = r.id AND k.remote_id IS NOT NULL AND NOT k.is_gone
)"""
_CANDIDATES = """
WITH met AS (
    SELECT DISTINCT unnest({ids}) AS id FROM import_met WHERE import_id = %(import_id)s
), vouched AS (
    SELECT DISTINCT unnest(m.{ids}) AS id
    FROM import_met m JOIN imports i ON i.id = m.import_id
    WHERE m.import_id <> %(import_id)s AND i.status <> 'undone'
), candidates AS (
    SELECT r.id, {lead_id} AS lead_id, r.edited_at IS NOT NULL AND NOT %(force)s AS is_edited,
        EXISTS (SELECT FROM vouched v WHERE v.id = r.id) AS is_shared, {in_use} AS is_in_use
    FROM {table} r LEFT JOIN imports i ON i.id = r.created_import_id
    WHERE r.created_import_id = %(import_id)s OR (i.status = 'undone' AND r.id IN (SELECT id FROM met))
), removed AS (
    DELETE FROM {table} r USING candidates c
    WHERE r.id = c.id AND NOT c.is_edited AND NOT c.is_shared AND NOT c.is_in_use RETURNING r.id
)
SELECT c.id, c.lead_id, c.is_edited, c.is_shared, c.is_in_use, r.id IS NOT NULL AS is_removed
FROM candidates c LEFT JOIN removed r ON r.id = c.id
"""


class _Table(NamedTuple):
    """What undoing knows of leads, or of contacts."""

    kind: Literal["lead", "contact"]
    table: str
    columns: tuple[str, ...]
    remove: str
    select: str
    restore: str


_LEAD_FACTS = ("places", "is_domain_shared", "stands_for")
_LEAD_COLUMNS = (*FIELDS_OF_LEAD, "extra", "original", *_LEAD_FACTS, "assigned_to")
_CONTACT_COLUMNS = (*FIELDS_OF_CONTACT, "extra", "original")
_LEADS = _Table(
    "lead",
    "leads",
    (*_LEAD_COLUMNS, "aliases", "tags"),
    _CANDIDATES.format(
        ids="lead_ids",
        lead_id="r.id",
        table="leads",
        in_use=f"""(EXISTS (SELECT FROM contacts c WHERE c.lead_id = r.id) OR {_IS_LINKED}
            OR EXISTS (SELECT FROM approvals a WHERE a.lead_id = r.id AND a.status IN {_STANDING}))""",
    ),
    f"""
    SELECT l.id, l.id AS lead_id, l.edited_at, {listed(FIELDS_OF_LEAD, "l.{0}")}, l.extra, l.original, l.places,
        l.is_domain_shared, l.stands_for, l.assigned_to,
        (SELECT coalesce(jsonb_object_agg(key, name), '{{}}')
            FROM unnest(l.alias_keys, l.aliases) AS n (key, name)) AS aliases,
        (SELECT coalesce(json_object_agg(tag, tag), '{{}}') FROM unnest(l.tags) AS n (tag)) AS tags
    FROM leads l WHERE l.id = ANY (%(ids)s::uuid[]) ORDER BY l.id FOR UPDATE
    """,
    f"""
    UPDATE leads SET {listed(_LEAD_COLUMNS, "{0} = %({0})s")},
        aliases = %(alias_names)s, alias_keys = %(alias_keys)s, name_key = %(name_key)s, tags = %(tags)s,
        updated_at = now()
    WHERE id = %(id)s
    """,
)
_CONTACTS = _Table(
    "contact",
    "contacts",
    _CONTACT_COLUMNS,
    _CANDIDATES.format(
        ids="contact_ids",
        lead_id="r.lead_id",
        table="contacts",
        in_use=f"""({_IS_LINKED} OR EXISTS (
            SELECT FROM approvals a WHERE a.contact_id = r.id AND a.status IN {_STANDING}))""",
    ),
    f"""
    SELECT id, lead_id, edited_at, {listed(FIELDS_OF_CONTACT)}, extra, original
    FROM contacts WHERE id = ANY (%(ids)s::uuid[]) ORDER BY id FOR UPDATE
    """,
    f"""
    UPDATE contacts SET {listed(_CONTACT_COLUMNS, "{0} = %({0})s")},
        name_key = %(name_key)s, updated_at = now() WHERE id = %(id)s
    """,
)

_CHANGED = """
SELECT record_id FROM import_changes WHERE import_id = %(import_id)s AND (record_id = lead_id) = %(is_lead)s
ORDER BY record_id
"""
_CHANGES = """
SELECT import_id, record_id, before, after, changed_at FROM import_changes WHERE record_id = ANY (%(ids)s::uuid[])
ORDER BY changed_at
"""
_HAND_ON = "UPDATE import_changes SET before = %(before)s WHERE import_id = %(of)s AND record_id = %(record)s"
_DROP = "DELETE FROM import_changes WHERE import_id = %(import_id)s AND record_id = ANY (%(ids)s::uuid[])"
_FORGET_IDENTITIES = """
DELETE FROM identities i USING import_met m, unnest(m.keys) AS n (key)
WHERE m.import_id = %(import_id)s AND i.key = n.key AND NOT EXISTS (
    SELECT FROM import_met o JOIN imports p ON p.id = o.import_id AND p.status <> 'undone'
    WHERE o.import_id <> m.import_id AND p.started_at > (SELECT started_at FROM imports WHERE id = m.import_id)
        AND (i.owner_id = ANY (o.lead_ids)
            OR EXISTS (SELECT FROM contacts c WHERE c.person_id = i.owner_id AND c.id = ANY (o.contact_ids)))
)
"""
_FORGET_PAIRS = """
DELETE FROM possible_duplicates p WHERE p.import_id = %(import_id)s AND p.decision IS NULL
"""


async def undo(connection: Connection, import_id: UUID, *, force: bool = False) -> UndoReport:
    """Undo an import; a second time changes nothing.

    Args:
        connection: in a transaction of its own.
        import_id: which.
        force: also undo in leads and contacts that a person has edited since.

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
    await lock_who_is_who(connection)
    apart = await take_absorbed_apart(connection, import_id)
    done, kept = await _take_back(connection, import_id, force=force)
    await connection.execute("UPDATE imports SET status = 'undone', undone_at = now() WHERE id = %(import_id)s", names)
    await undo_again(connection, apart, but=import_id)
    return UndoReport(
        import_id=import_id,
        removed=done["leads removed"],
        restored=done["leads restored"],
        contacts_removed=done["contacts removed"],
        contacts_restored=done["contacts restored"],
        **{name: sum(each.reason == reason and not each.contact_id for each in kept) for name, reason in _KEPT.items()},
        contacts_kept=sum(each.contact_id is not None for each in kept),
        kept=kept[:_KEPT_LISTED],
    )


async def undo_again(connection: Connection, ids: Collection[UUID], *, but: UUID | None = None) -> None:
    """Undo the imports once more that were undone while some leads, contacts or people were merged away."""
    if not ids:
        return
    for import_id in await undone_since(connection, ids):
        if import_id != but:
            await _take_back(connection, import_id, force=False)


async def _take_back(connection: Connection, import_id: UUID, *, force: bool) -> tuple[dict[str, int], list[KeptLead]]:
    """Take back what an import did; return how many leads and contacts were restored and removed, and which stay."""
    kept: list[KeptLead] = []
    done: dict[str, int] = {}
    for table in (_CONTACTS, _LEADS):
        done[f"{table.kind}s restored"] = await _restore(connection, table, import_id, kept, force=force)
    for table in (_CONTACTS, _LEADS):
        done[f"{table.kind}s removed"] = await _remove(connection, table, import_id, kept, force=force)
    await connection.execute(_FORGET_IDENTITIES, {"import_id": import_id})
    await connection.execute(_FORGET_PAIRS, {"import_id": import_id})
    return done, kept


def _kept(table: _Table, record_id: UUID, lead_id: UUID, reason: KeptReason) -> KeptLead:
    return KeptLead(lead_id=lead_id, contact_id=record_id if table.kind == "contact" else None, reason=reason)


async def _remove(connection: Connection, table: _Table, import_id: UUID, kept: list[KeptLead], *, force: bool) -> int:
    removed = 0
    for row in await select(connection, table.remove, {"import_id": import_id, "force": force}):
        if row.is_removed:
            removed += 1
        else:
            shared: KeptReason = "also_in_another_import" if row.is_shared else "in_use"
            kept.append(_kept(table, row.id, row.lead_id, "edited_since" if row.is_edited else shared))
    return removed


async def _restore(connection: Connection, table: _Table, import_id: UUID, kept: list[KeptLead], *, force: bool) -> int:
    restored = 0
    names = {"import_id": import_id, "is_lead": table.kind == "lead"}
    ids = [row.record_id for row in await select(connection, _CHANGED, names)]
    for start in range(0, len(ids), _RECORDS_A_STEP):
        step = ids[start : start + _RECORDS_A_STEP]
        restored += await _restore_some(connection, table, import_id, step, kept, force=force)
    return restored


async def _restore_some(
    connection: Connection, table: _Table, import_id: UUID, ids: Sequence[UUID], kept: list[KeptLead], *, force: bool
) -> int:
    chains: dict[UUID, list[Any]] = {record_id: [] for record_id in ids}
    names = {"ids": list(ids)}
    for change in await select(connection, _CHANGES, names):
        chains[change.record_id].append(change)
    patches: list[dict[str, Any]] = []
    handed_on: list[dict[str, Any]] = []
    dropped: list[UUID] = []
    for record in await select(connection, table.select, names):
        chain = chains[record.id]
        position = next(place for place, change in enumerate(chain) if change.import_id == import_id)
        own, later = chain[position], chain[position + 1 :]
        if record.edited_at is not None and record.edited_at > own.changed_at and not force:
            kept.append(_kept(table, record.id, record.lead_id, "edited_since"))
            continue
        current = {column: getattr(record, column) for column in table.columns}
        patch, handed = unmerge(
            Change(own.before, own.after),
            [Change(change.before, change.after) for change in later],
            flattened(current),
        )
        dropped.append(record.id)
        if patch:
            patches.append({"id": record.id, **_stored(table, patched(current, patch))})
        for change, extra in zip(later, handed, strict=True):
            if extra:
                handed_on.append(
                    {"of": change.import_id, "record": record.id, "before": Jsonb({**change.before, **extra})}
                )
    await change_each(connection, table.restore, patches)
    await change_each(connection, _HAND_ON, handed_on)
    await connection.execute(_DROP, {"import_id": import_id, "ids": dropped})
    return len(patches)


def _stored(table: _Table, values: Mapping[str, Any]) -> dict[str, Any]:
    row = {name: Jsonb(value) if isinstance(value, (dict, list)) else value for name, value in values.items()}
    if table.kind == "contact":
        return row | {"name_key": person_key(values["contact_name"] or values["last_name"] or values["first_name"])}
    aliases = values["aliases"]
    return row | {
        "alias_names": list(aliases.values()),
        "alias_keys": list(aliases),
        "tags": list(values["tags"].values()),
        "name_key": company_key(values["company_name"]),
    }
