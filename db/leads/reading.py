"""Leads and contacts, one at a time and in lists, and what a person edits in them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from psycopg.types.json import Jsonb

from core.errors import InvalidInput, LeadNotFound
from core.leads.fields import EDITABLE_FIELDS, FIELDS_OF_CONTACT, FIELDS_OF_LEAD, edited
from core.leads.known import CONTACT_AT, key_of_name
from core.leads.lead import FIELDS
from core.leads.names import company_key
from db.leads import record_history
from db.leads.matching import current_id, lock_who_is_who
from db.leads.new_identities import add_identities, identities_of
from db.leads.repointing import LeadOrContact, select_row
from db.server.engine import Connection
from db.server.statements import change, change_each, select_dicts, select_value

VALUE_COLUMNS = (*FIELDS, "extra", "created_at", "updated_at")
BESIDE_FIELDS: dict[LeadOrContact, tuple[str, ...]] = {"lead": ("tags", "assigned_to"), "contact": ("state",)}
"""What a person may change that is no field: no file's column, and no provider's."""
_OF_ROW = frozenset(FIELDS_OF_LEAD) & frozenset(FIELDS_OF_CONTACT)
_NOTE_EDIT = """
INSERT INTO field_provenance (record_id, lead_id, field, value, source, observed_at, edited_by)
VALUES (%(record_id)s, %(lead_id)s, %(field)s, %(value)s, 'person', %(now)s, %(by)s)
ON CONFLICT (record_id, field) DO UPDATE SET value = excluded.value, source = excluded.source,
    observed_at = excluded.observed_at, edited_by = excluded.edited_by, source_url = NULL, confidence = NULL,
    run_id = NULL, question_hash = NULL
"""


async def kind_of(connection: Connection, record_id: UUID) -> LeadOrContact:
    """Tell whether an id is a lead's or a contact's. Raises LeadNotFound."""
    statement = """
        SELECT 'lead' FROM leads WHERE id = %(id)s UNION ALL SELECT 'contact' FROM contacts WHERE id = %(id)s
    """
    found: LeadOrContact | None = await select_value(connection, statement, {"id": record_id})
    if found is None:
        raise LeadNotFound(f"no lead or contact {record_id}; `sales-agent leads list` and `contacts list` find them")
    return found


def editable(kind: LeadOrContact) -> tuple[str, ...]:
    """Return what a person may edit of a lead, or of a contact."""
    fields = FIELDS_OF_LEAD if kind == "lead" else FIELDS_OF_CONTACT
    return (*(name for name in fields if name in EDITABLE_FIELDS), *BESIDE_FIELDS[kind])


async def edit(
    connection: Connection,
    record_id: UUID,
    changes: Mapping[str, Any],
    *,
    by: str,
    now: datetime,
    reason: str | None = None,
) -> UUID:
    """Change a lead or a contact in a person's name; undoing an import keeps it, no file and no provider replaces that.

    Args:
        connection: in a transaction.
        record_id: of a lead, for its company's fields, or of a contact; a merged id stands for the new one.
        changes: new values by name (`editable`); None empties a field.
        by: the person's name.
        now: aware UTC.
        reason: in the person's words.

    Returns:
        The record's id.

    Raises:
        InvalidInput: a name is not a field of it, or a country is none.
        LeadNotFound: no lead or contact has this id.
    """
    await lock_who_is_who(connection)
    record_id = await current_id(connection, record_id)
    kind = await kind_of(connection, record_id)
    _check(kind, changes)
    changes = {name: value if name in BESIDE_FIELDS[kind] else edited(name, value) for name, value in changes.items()}
    before = await select_row(connection, kind, record_id)
    lead_id = record_id if kind == "lead" else before["lead_id"]
    fields = {name: value for name, value in changes.items() if name not in BESIDE_FIELDS[kind]}
    values = {**changes, **_derived(kind, before, changes)}
    marks = {name: {"at": now.isoformat(), "by": by} for name in changes if name in fields or name == "assigned_to"}
    statement = f"""
        UPDATE {kind}s SET updated_at = %(now)s, edited_at = %(now)s, edited_by = %(by)s,
            field_edits = field_edits || %(marks)s{"".join(f", {name} = %({name})s" for name in values)}
        WHERE id = %(id)s
    """
    await change(connection, statement, {**values, "id": record_id, "now": now, "by": by, "marks": Jsonb(marks)})
    rows = [
        {"record_id": record_id, "lead_id": lead_id, "field": field, "value": value, "now": now, "by": by}
        for field, value in fields.items()
    ]
    await change_each(connection, _NOTE_EDIT, rows)
    owner = record_id if kind == "lead" else before["person_id"]
    await add_identities(connection, identities_of(owner, changes), by="by an edit")
    told = {name: before[name] for name in changes}
    await record_history.note(
        connection, record_id, lead_id, "edit", by=by, now=now, reason=reason, before=told, after=changes
    )
    return record_id


def _check(kind: LeadOrContact, changes: Mapping[str, Any]) -> None:
    known = editable(kind)
    if not changes:
        raise InvalidInput(f"nothing to change; fields of a {kind} are {', '.join(known)}")
    if unknown := sorted(set(changes) - set(known)):
        other: LeadOrContact = "contact" if kind == "lead" else "lead"
        theirs = [name for name in unknown if name in editable(other)]
        if theirs:
            raise InvalidInput(f"{', '.join(theirs)}: of a {other}, not of a {kind}; edit the {other}")
        raise InvalidInput(f"no such field of a {kind}: {', '.join(unknown)}; fields are {', '.join(known)}")


def _derived(kind: LeadOrContact, before: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what follows from new names: the key, and a company's former name as an alias."""
    after = {**before, **changes}
    if kind == "contact":
        return {"name_key": key_of_name([after[name] for name in CONTACT_AT])}
    if "company_name" not in changes:
        return {}
    key, old = company_key(after["company_name"]), company_key(before["company_name"])
    aliases = dict(zip(before["alias_keys"], before["aliases"], strict=True))
    if old:
        aliases.setdefault(old, before["company_name"])
    aliases.pop(key or "", None)
    return {"name_key": key or before["name_key"], "aliases": list(aliases.values()), "alias_keys": list(aliases)}


BEST_FIRST = (
    "c.id = a.best_contact_id DESC NULLS LAST, c.state, c.not_seen_since IS NOT NULL, c.title_points DESC NULLS LAST,"
    " c.created_at, c.id"
)
"""The order of a lead's contacts `c` in view of its assessment `a`."""
PEOPLE: Mapping[str, str] = {
    "contact": "LEFT JOIN contacts c ON c.lead_id = l.id",
    "lead": f"""
        LEFT JOIN LATERAL (SELECT * FROM contacts c WHERE c.lead_id = l.id ORDER BY {BEST_FIRST} LIMIT 1) c ON true
    """,
}
"""How `leads l` with `assessments a` meet their contacts: each, or the best one alone."""


async def count(connection: Connection) -> int:
    """Count all leads."""
    return int(await select_value(connection, "SELECT count(*) FROM leads"))


def value_of(name: str) -> str:
    """Return the expression of a value in `FROM leads l LEFT JOIN contacts c`: of a row with a person the person's."""
    if name in _OF_ROW or name in ("extra", "original"):
        return f"CASE WHEN c.id IS NULL THEN l.{name} ELSE c.{name} END"
    return f"c.{name}" if name in FIELDS_OF_CONTACT else f"l.{name}"


async def select_values(
    connection: Connection, limit: int | None = None, per: Literal["contact", "lead"] = "contact"
) -> list[dict[str, Any]]:
    """List leads with their contacts, oldest first: `id`, `contact_id` and `VALUE_COLUMNS`.

    Args:
        connection: any.
        limit: rows at most; None for all.
        per: a row a contact, and one for a lead without; or a row a lead, with its best contact.
    """
    columns = ", ".join(f"{value_of(name)} AS {name}" for name in (*FIELDS, "extra"))
    statement = f"""
        SELECT l.id, c.id AS contact_id, {columns}, coalesce(c.created_at, l.created_at) AS created_at,
            greatest(l.updated_at, c.updated_at) AS updated_at
        FROM leads l LEFT JOIN assessments a ON a.lead_id = l.id {PEOPLE[per]} ORDER BY l.id, c.id LIMIT %(limit)s
    """
    return await select_dicts(connection, statement, {"limit": limit})
