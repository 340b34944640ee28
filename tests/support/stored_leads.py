"""Many leads put into the database by hand, a row each as an import would: for tests that are not about importing."""

from collections.abc import Sequence
from uuid import uuid4

import psycopg
from importing import Row
from psycopg.types.json import Jsonb

from core.leads.fields import FIELDS_OF_CONTACT, FIELDS_OF_LEAD, PERSON_FIELDS


def store(url: str, rows: Sequence[Row]) -> None:
    """Store a lead a row, with a contact where the row names a person.

    Args:
        url: of the database.
        rows: `key`, which becomes the lead's `external_id`; fields by name; `extra.NAME`, kept with the contact or,
            without one, with the lead.
    """
    leads, contacts = [], []
    for row in rows:
        lead_id, extra = (
            uuid4(),
            {name[6:]: value for name, value in row.items() if name.startswith("extra.") and value},
        )
        has_person = any(row.get(name) for name in PERSON_FIELDS)
        of_row = {} if has_person else {"notes": row.get("notes"), "source": row.get("source")}
        company = {name: row.get(name) for name in FIELDS_OF_LEAD} | {"notes": None, "source": None} | of_row
        company["external_id"] = row["key"]
        leads.append([lead_id, *company.values(), Jsonb({} if has_person else extra)])
        if has_person:
            person = [row.get(name) for name in FIELDS_OF_CONTACT]
            contacts.append([uuid4(), lead_id, uuid4(), *person, Jsonb(extra)])
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for table, names, values in (
            ("leads", ("id", *FIELDS_OF_LEAD, "extra"), leads),
            ("contacts", ("id", "lead_id", "person_id", *FIELDS_OF_CONTACT, "extra"), contacts),
        ):
            marks = ", ".join(["%s"] * len(names))
            cursor.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", values)  # type: ignore[arg-type]  # our own SQL
