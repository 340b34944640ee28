"""Changed values of stored leads and contacts, written in one statement a table, with what they were for undo."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from orjson import dumps

from core.leads.fields import FIELDS_OF_CONTACT, FIELDS_OF_LEAD
from core.leads.known import KnownContact, KnownLead, Record
from db.server.engine import Connection
from db.server.statements import listed

_LEADS = f"""
UPDATE leads l SET {listed(FIELDS_OF_LEAD, "{0} = n.{0}")}, name_key = n.name_key, stands_for = n.stands_for,
    is_domain_shared = n.is_domain_shared, aliases = ARRAY(SELECT jsonb_array_elements_text(n.aliases)),
    alias_keys = ARRAY(SELECT jsonb_array_elements_text(n.alias_keys)), places = n.places, extra = n.extra,
    original = n.original, updated_at = now()
FROM jsonb_to_recordset(%(rows)s::jsonb) AS n (id uuid, {listed(FIELDS_OF_LEAD, "{0} text")}, name_key text,
    stands_for text, is_domain_shared boolean, aliases jsonb, alias_keys jsonb, places jsonb, extra jsonb,
    original jsonb)
WHERE l.id = n.id
"""
_CONTACTS = f"""
UPDATE contacts c SET {listed(FIELDS_OF_CONTACT, "{0} = n.{0}")}, name_key = n.name_key, lead_id = n.lead_id,
    extra = n.extra, original = n.original, updated_at = now()
FROM jsonb_to_recordset(%(rows)s::jsonb) AS n (id uuid, lead_id uuid, {listed(FIELDS_OF_CONTACT, "{0} text")},
    name_key text, extra jsonb, original jsonb)
WHERE c.id = n.id
"""
_NOTE = """
INSERT INTO import_changes AS c (import_id, record_id, lead_id, before, after)
SELECT %(import_id)s, n.record_id, n.lead_id, n.before, n.after
FROM jsonb_to_recordset(%(rows)s::jsonb) AS n (record_id uuid, lead_id uuid, before jsonb, after jsonb)
ORDER BY n.record_id
ON CONFLICT (import_id, record_id) DO UPDATE
    SET before = excluded.before || c.before, after = c.after || excluded.after, changed_at = clock_timestamp()
"""


class RecordChange(NamedTuple):
    """A changed record, and its values before and after where they differ; no values of what the import itself made."""

    record: Record
    before: dict[str, Any]
    after: dict[str, Any]


def changes_of(records: Sequence[Record]) -> list[RecordChange]:
    """Compare records with what is stored of them."""
    found = []
    for record in records:
        old, new = record.stored or {}, record.facts() if record.stored else {}
        names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
        before = {name: old.get(name) for name in names}
        found.append(RecordChange(record, before, {name: new.get(name) for name in names}))
    return found


async def record_changes(connection: Connection, changes: Sequence[RecordChange], import_id: UUID | None) -> None:
    """Write changed records; note for undo what an import changed in those it did not make."""
    leads = [_lead_json(each.record) for each in changes if isinstance(each.record, KnownLead)]
    contacts = [_contact_json(each.record) for each in changes if isinstance(each.record, KnownContact)]
    for statement, rows in ((_LEADS, leads), (_CONTACTS, contacts)):
        if rows:
            await connection.execute(statement, {"rows": dumps(rows).decode()})
    noted = [
        {
            "record_id": change.record.id,
            "lead_id": change.record.lead.id if isinstance(change.record, KnownContact) else change.record.id,
            "before": change.before,
            "after": change.after,
        }
        for change in changes
        if not change.record.is_own and change.before
    ]
    if import_id is not None:
        await note_changes(connection, noted, import_id)


async def note_changes(connection: Connection, noted: Sequence[Mapping[str, Any]], import_id: UUID) -> None:
    """Note for undo what an import changed: `record_id`, `lead_id`, and the values `before` and `after` by name."""
    if noted:
        await connection.execute(_NOTE, {"rows": dumps(noted).decode(), "import_id": import_id})


def _lead_json(lead: KnownLead) -> dict[str, Any]:
    return {
        "id": lead.id,
        **dict(zip(FIELDS_OF_LEAD, lead.values, strict=True)),
        "name_key": lead.name_key,
        "stands_for": "person" if lead.is_person else "company",
        "is_domain_shared": lead.is_domain_shared,
        "aliases": list(lead.aliases.values()),
        "alias_keys": list(lead.aliases),
        "places": lead.places,
        "extra": lead.extra,
        "original": lead.original,
    }


def _contact_json(contact: KnownContact) -> dict[str, Any]:
    return {
        "id": contact.id,
        "lead_id": contact.lead.id,
        **dict(zip(FIELDS_OF_CONTACT, contact.values, strict=True)),
        "name_key": contact.name_key,
        "extra": contact.extra,
        "original": contact.original,
    }
