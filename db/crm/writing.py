"""What the synchronisation writes of leads and their people: as the CRM has them, in its people's name."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.types.json import Jsonb

from core.crm.config import CONTACT_COLUMNS, LISTS
from core.crm.records import RecordValues, Value
from core.leads.fields import FIELDS_OF_CONTACT, FIELDS_OF_LEAD
from core.leads.identities import IdentityKind
from core.leads.names import company_key, person_key
from core.text import normalize
from core.text.cell_text import storable
from db.crm.codec import others_of
from db.crm.records import ORIGIN
from db.leads.matching import find_or_add_contact, find_or_add_lead
from db.leads.new_identities import add_identities, identities_of
from db.server.engine import Connection
from db.server.statements import change, select_one, select_value

_OF_LEAD = frozenset({*FIELDS_OF_LEAD, "assigned_to"})
_NAMES_COMPANY = ("company_name", "city", "country")


async def create_lead(
    connection: Connection,
    provider: str,
    remote_id: str,
    values: RecordValues,
    now: datetime,
    *,
    apart_from: UUID | None = None,
) -> tuple[UUID, bool]:
    """Take a company of the CRM in as a lead; return its id, and whether it is new.

    Args:
        connection: in a transaction.
        provider: of the CRM.
        remote_id: the company's id there.
        values: by our field names.
        now: aware UTC.
        apart_from: a lead with the same domain, which it is not: the domain is shared.
    """
    columns = lead_columns(values)
    columns |= {"source": columns.get("source") or provider, "external_id": remote_id}
    # A shared domain finds nobody alone: the name does.
    named = columns if apart_from is None else {name: columns.get(name) for name in (*_NAMES_COMPANY, "source")}
    if apart_from is not None:
        named |= {"external_id": remote_id}
    lead_id, is_new = await find_or_add_lead(connection, named, origin=ORIGIN, now=now)
    if is_new:
        await _update(connection, "leads", lead_id, {k: v for k, v in columns.items() if v}, provider, now)
    if apart_from is not None:
        statement = "UPDATE leads SET is_domain_shared = true WHERE id = ANY (%(ids)s) AND company_domain = %(domain)s"
        names = {"ids": [lead_id, apart_from], "domain": columns.get("company_domain")}
        await change(connection, statement, names)
    return lead_id, is_new


async def update_lead(connection: Connection, by: str, lead_id: UUID, values: RecordValues, now: datetime) -> None:
    """Write a company's fields as the CRM has them. A name it had is kept as an alias: it is found by that as well."""
    columns = lead_columns(values)
    if "company_name" in columns:
        await _keep_name(connection, lead_id)
    await _update(connection, "leads", lead_id, columns, by, now)
    await _learn_company(connection, lead_id, columns)


async def _keep_name(connection: Connection, lead_id: UUID) -> None:
    old = await select_value(connection, "SELECT company_name FROM leads WHERE id = %(id)s", {"id": lead_id})
    key = company_key(old)
    if key is not None:
        statement = """
            UPDATE leads SET aliases = aliases || %(name)s::text, alias_keys = alias_keys || %(key)s::text
            WHERE id = %(id)s AND NOT alias_keys @> ARRAY[%(key)s::text]
        """
        await change(connection, statement, {"id": lead_id, "name": old, "key": key})


async def update_person(
    connection: Connection, by: str, contact_id: UUID, values: RecordValues, now: datetime
) -> dict[str, list[str]]:
    """Write a person's fields as the CRM has them; return the items of lists that our columns have no room for."""
    held = await select_one(
        connection, "SELECT contact_email, contact_phone FROM contacts WHERE id = %(id)s", {"id": contact_id}
    )
    columns: dict[str, str | None] = {}
    others: dict[str, list[str]] = {}
    for name, value in values.items():
        column = CONTACT_COLUMNS.get(name)
        if column is None:
            continue
        if name not in LISTS:
            columns[column] = _stored(value)
            continue
        listed = tuple(storable(item) for item in ((value,) if isinstance(value, str) else value or ()))
        kept = getattr(held, column, None)
        is_kept = kept is not None and len(others_of(listed, kept)) < len(listed)
        columns[column] = kept if is_kept else listed[0] if listed else None
        others[name] = others_of(listed, columns[column])
    if "contact_name" in columns:
        columns |= {"first_name": None, "last_name": None}
    await _update(connection, "contacts", contact_id, columns, by, now)
    await _learn_person(connection, contact_id, columns, others)
    return others


async def add_person(
    connection: Connection, provider: str, lead_id: UUID, remote_id: str, values: RecordValues, now: datetime
) -> tuple[UUID, bool, dict[str, list[str]]]:
    """Take a person of the CRM in as a contact of a lead.

    Returns:
        The contact's id, whether it is new, and the items of lists that do not fit a column.
    """
    columns = {column: _stored(_first(values.get(name))) for name, column in CONTACT_COLUMNS.items()}
    others = {name: others_of(values.get(name), columns[CONTACT_COLUMNS[name]]) for name in LISTS}
    known = columns | {"source": provider, "external_id": remote_id}
    contact_id, is_new = await find_or_add_contact(connection, lead_id, known, origin=ORIGIN, now=now)
    if is_new:
        written = {name: value for name, value in known.items() if value}
        await _update(connection, "contacts", contact_id, written, provider, now)
    await _learn_person(connection, contact_id, columns, others)
    return contact_id, is_new, {name: listed for name, listed in others.items() if listed}


async def _learn_company(connection: Connection, lead_id: UUID, columns: Mapping[str, str | None]) -> None:
    """Let a company be found by what the CRM says of it now; what is another's stays there, and both are listed.

    Two that the CRM holds as two share the domain: it finds neither alone from now on, and nobody is asked.
    """
    new = identities_of(lead_id, columns)
    for each in new:
        if each.identity.kind is IdentityKind.DOMAIN:
            names = {"id": lead_id, "key": each.identity.key}
            if await select_value(connection, _SHARE_DOMAIN, names):
                new.remove(each)
                break
    await add_identities(connection, new, by="as the CRM has it")


async def _learn_person(
    connection: Connection, contact_id: UUID, columns: Mapping[str, str | None], others: Mapping[str, Sequence[str]]
) -> None:
    """Let a person be found by every address of their own and the profile that the CRM has of them now."""
    statement = "SELECT person_id FROM contacts WHERE id = %(id)s"
    person_id = await select_value(connection, statement, {"id": contact_id})
    if person_id is None:
        return
    new = identities_of(person_id, columns)
    for name, items in others.items():
        if CONTACT_COLUMNS[name] == "contact_email":
            for item in items:
                new += identities_of(person_id, {"contact_email": item})
    await add_identities(connection, new, by="as the CRM has it")


_SHARE_DOMAIN = """
WITH others AS (
    SELECT i.owner_id AS id FROM identities i WHERE i.key = %(key)s::uuid AND i.owner_id <> %(id)s AND EXISTS (
        SELECT FROM crm_links a JOIN crm_links b ON b.provider = a.provider AND b.remote_id <> a.remote_id
        WHERE a.kind = 'lead' AND a.own_id = %(id)s AND b.kind = 'lead' AND b.own_id = i.owner_id)
), marked AS (
    UPDATE leads SET is_domain_shared = true
    WHERE (id = %(id)s OR id IN (SELECT id FROM others)) AND EXISTS (SELECT FROM others)
)
SELECT count(*) > 0 FROM others
"""


async def delete_lead(connection: Connection, lead_id: UUID) -> None:
    """Delete a lead with all that hangs on it."""
    await change(connection, "DELETE FROM leads WHERE id = %(id)s", {"id": lead_id})


async def delete_person(connection: Connection, contact_id: UUID) -> None:
    """Delete a contact."""
    await change(connection, "DELETE FROM contacts WHERE id = %(id)s", {"id": contact_id})


async def move_person(connection: Connection, contact_id: UUID, lead_id: UUID, *, by: str, now: datetime) -> bool:
    """Let a contact stand at another lead, as the CRM has it; return whether it is there (any more)."""
    statement = """
        WITH moved AS (
            UPDATE contacts c SET lead_id = %(lead_id)s, updated_at = greatest(c.updated_at, %(now)s)
            FROM (SELECT id, lead_id FROM contacts WHERE id = %(id)s FOR UPDATE) o WHERE c.id = o.id
            RETURNING c.id, o.lead_id AS old
        ), noted AS (
            INSERT INTO record_history (record_id, lead_id, action, done_by, before, after)
            SELECT id, %(lead_id)s, 'move', %(by)s, jsonb_build_object('lead_id', old),
                jsonb_build_object('lead_id', %(lead_id)s::uuid)
            FROM moved WHERE old <> %(lead_id)s
        ), of_values AS (
            UPDATE field_provenance SET lead_id = %(lead_id)s WHERE record_id IN (SELECT id FROM moved)
        ), of_attempts AS (
            UPDATE enrichment_attempts SET lead_id = %(lead_id)s WHERE record_id IN (SELECT id FROM moved)
        ), of_changes AS (
            UPDATE import_changes SET lead_id = %(lead_id)s WHERE record_id IN (SELECT id FROM moved)
        )
        SELECT id FROM moved
    """
    values = {"id": contact_id, "lead_id": lead_id, "by": by, "now": now}
    return await select_value(connection, statement, values) is not None


async def _update(
    connection: Connection, table: str, record_id: UUID, columns: Mapping[str, str | None], by: str, now: datetime
) -> None:
    if not columns:
        return
    row: dict[str, Any] = {f"new_{name}": value for name, value in columns.items()}
    row |= {"id": record_id, "marks": Jsonb(_marks(list(columns), by, now)), "now": now, "by": by}
    sets: list[sql.Composable] = [
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(f"new_{name}")) for name in columns
    ]
    sets.append(
        sql.SQL(
            "field_edits = field_edits || %(marks)s, updated_at = greatest(updated_at, %(now)s), edited_at = %(now)s,"
            " edited_by = %(by)s"
        )
    )
    name, key = ("company_name", company_key) if table == "leads" else ("contact_name", person_key)
    if name in columns:
        row["name_key"] = key(columns[name])
        sets.append(sql.SQL("name_key = %(name_key)s"))
        if table == "leads" and columns[name]:
            # Where a person stood for the company, the company is known now.
            sets.append(sql.SQL("stands_for = 'company'"))
    statement = sql.SQL("UPDATE {} SET {} WHERE id = %(id)s").format(sql.Identifier(table), sql.SQL(", ").join(sets))
    await connection.execute(statement, row)
    await _note_source(connection, table, record_id, columns, by, now)


async def _note_source(
    connection: Connection, table: str, record_id: UUID, columns: Mapping[str, str | None], by: str, now: datetime
) -> None:
    """Note that a person wrote these fields, in the CRM: no provider's value replaces theirs."""
    known = FIELDS_OF_LEAD if table == "leads" else FIELDS_OF_CONTACT
    noted = {name: value for name, value in columns.items() if name in known}
    lead = "id" if table == "leads" else "lead_id"
    statement = f"""
        INSERT INTO field_provenance AS p (record_id, lead_id, field, value, source, observed_at, edited_by)
        SELECT r.id, r.{lead}, n.field, n.value, 'person', %(now)s, %(by)s
        FROM {table} r, unnest(%(fields)s::text[], %(values)s::text[]) AS n (field, value) WHERE r.id = %(id)s
        ON CONFLICT (record_id, field) DO UPDATE SET value = excluded.value, source = excluded.source,
            observed_at = excluded.observed_at, edited_by = excluded.edited_by, source_url = NULL, confidence = NULL,
            run_id = NULL, question_hash = NULL
    """
    values = {"id": record_id, "now": now, "by": by, "fields": list(noted), "values": list(noted.values())}
    await change(connection, statement, values)


def _marks(names: Sequence[str], by: str, now: datetime) -> dict[str, dict[str, str]]:
    return {name: {"at": now.astimezone(UTC).isoformat(), "by": by} for name in names}


def lead_columns(values: RecordValues) -> dict[str, str | None]:
    """Return the columns of a lead that a company's values are stored in."""
    columns = {name: _stored(value) for name, value in values.items() if name in _OF_LEAD}
    if "company_website" in columns:
        columns["company_domain"] = own_domain(columns["company_website"])
    return columns


def own_domain(website: str | None) -> str | None:
    """Return the company's own domain, or None for a shared host."""
    return normalize.own_domain(website) if website else None


def _stored(value: Value) -> str | None:
    text = ", ".join(value) if isinstance(value, tuple) else value
    return storable(text) if text else None


def _first(value: Value) -> str | None:
    return value[0] if isinstance(value, tuple) and value else None if isinstance(value, tuple) else value
