"""Which lead or contact a record from elsewhere is: found by its identities and name, else added."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg import sql

from core.leads.names import company_key, person_key
from db.server.engine import Connection


async def lock_who_is_who(connection: Connection) -> None:
    """Keep everybody else who makes leads or contacts out until the transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('who is who', 0))")


async def find_or_add_lead(
    connection: Connection,
    company: Mapping[str, str | None],
    *,
    origin: str,  # noqa: ARG001
    now: datetime,
    import_id: UUID | None = None,
) -> tuple[UUID, bool]:
    """Return the lead a company is, and whether it is new."""
    await lock_who_is_who(connection)
    key = company_key(company.get("company_name"))
    found = await connection.execute(
        "SELECT id FROM leads WHERE name_key = %s AND company_domain IS NOT DISTINCT FROM %s ORDER BY created_at, id",
        [key, company.get("company_domain")],
    )
    row = await found.fetchone() if key else None
    if row is not None:
        return row[0], False
    lead_id = uuid4()
    made = {"id": lead_id, "name_key": key, "created_import_id": import_id, "created_at": now, "updated_at": now}
    await _insert(connection, "leads", {**made, **company})
    return lead_id, True


async def find_or_add_contact(
    connection: Connection,
    lead_id: UUID,
    person: Mapping[str, str | None],
    *,
    origin: str,
    now: datetime,
    **columns: Any,
) -> tuple[UUID, bool]:
    """Return the contact a person at a lead is, and whether it is new."""
    await lock_who_is_who(connection)
    key = person_key(person.get("contact_name"))
    found = await connection.execute(
        "SELECT id FROM contacts WHERE lead_id = %s AND (lower(contact_email) = lower(%s) OR name_key = %s"
        " AND (contact_email IS NULL OR %s::text IS NULL)) ORDER BY created_at, id",
        [lead_id, person.get("contact_email"), key, person.get("contact_email")],
    )
    row = await found.fetchone()
    if row is not None:
        return row[0], False
    contact_id = uuid4()
    made = {"id": contact_id, "lead_id": lead_id, "person_id": uuid4(), "name_key": key, "origin": origin}
    await _insert(connection, "contacts", {**made, "created_at": now, "updated_at": now, **person, **columns})
    return contact_id, True


async def current_id(connection: Connection, record_id: UUID) -> UUID:
    """Return the id that a record has now, after merges."""
    rows = await connection.execute(
        "WITH RECURSIVE chain AS (SELECT %(id)s::uuid AS id, 0 AS steps UNION ALL SELECT m.new_id, steps + 1 FROM chain"
        " JOIN merged_records m ON m.old_id = chain.id WHERE steps < 100)"
        " SELECT id FROM chain ORDER BY steps DESC LIMIT 1",
        {"id": record_id},
    )
    ((found,),) = await rows.fetchall()
    return UUID(str(found))


async def _insert(connection: Connection, table: str, row: Mapping[str, Any]) -> None:
    await connection.execute(
        sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(map(sql.Placeholder, row)),
        ),
        row,
    )
