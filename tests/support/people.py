"""Leads and their contacts, put into the database by hand for tests that are not about importing."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb


def add_lead(url: str, **columns: Any) -> UUID:
    """Insert a lead; columns of the table by name, dicts and lists of JSON as `Jsonb`."""
    return _insert(url, "leads", {"id": uuid4(), **columns})


def add_contact(url: str, lead_id: UUID, **columns: Any) -> UUID:
    """Insert a contact of a lead, a person of its own unless `person_id` is given."""
    return _insert(url, "contacts", {"id": uuid4(), "lead_id": lead_id, "person_id": uuid4(), **columns})


def add_person(url: str, *, company: dict[str, Any] | None = None, **person: Any) -> tuple[UUID, UUID]:
    """Insert a lead with one contact; return both ids."""
    lead_id = add_lead(url, **(company or {"company_name": f"Company {uuid4().hex[:6]}"}))
    return lead_id, add_contact(url, lead_id, **person)


def _insert(url: str, table: str, columns: dict[str, Any]) -> UUID:
    row = {name: Jsonb(value) if isinstance(value, dict) else value for name, value in columns.items()}
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING id").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(map(sql.Placeholder, row)),
    )
    with psycopg.connect(url) as connection:
        made = connection.execute(statement, row).fetchone()
    assert made is not None
    return UUID(str(made[0]))


def now() -> datetime:
    """Return the time, aware."""
    return datetime.now(UTC)
