"""Leads and their contacts, put into the database by hand for tests that are not about importing."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from core.leads.fields import FIELDS_OF_CONTACT


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


def add_row(url: str, row: dict[str, Any], **columns: Any) -> tuple[UUID, UUID]:
    """Insert a lead of its own with one contact from one flat row of fields; `columns` are the contact's.

    What belongs to the row (notes, source, id) is the contact's, as at an import.
    """
    person = {name: value for name, value in row.items() if name in FIELDS_OF_CONTACT}
    company = {name: value for name, value in row.items() if name not in FIELDS_OF_CONTACT}
    return add_person(url, company=company, **person, **columns)


def assess(url: str, lead_id: UUID, tier: str = "hot", *, best: UUID | None = None) -> None:
    """Give a lead an assessment, and the best contact it found."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO assessments (lead_id, outcome, score, tier, best_contact_id, icp_version, facts_hash, run_id,"
            " breakdown, assessed_at)"
            " VALUES (%s, 'scored_by_rules', 5, %s, %s, '', '', gen_random_uuid(), '[]', now())",
            [lead_id, tier, best],
        )


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
