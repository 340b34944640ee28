"""Leads with their people as the synchronisation compares them, and what it writes of them.

A lead's own person lives in the lead's columns, the people that were found in `contacts`. Where both are the same
person there is one record: the lead's columns count, and what they leave empty comes from the other.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4, uuid5

from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from core.crm.config import COMPUTED, CONTACT_COLUMNS, LEAD_FIELDS, LISTS, CrmConfig
from core.crm.records import RecordKind, RecordValues, Value
from core.crm.units import LocalRecord, LocalUnit, name_key
from core.crm.values import tidy
from core.leads.fields import PERSON_FIELDS
from core.leads.lead import FIELDS, dedupe_key
from core.outreach.suppression import spellings
from core.text.cell_text import storable
from core.text.shared_hosts import shared_hosts
from core.text.titles import fold
from core.text.web_addresses import registrable_domain
from db.crm.codec import edits_of, others_of
from db.server.engine import Connection

JOINED = "leads l LEFT JOIN assessments a ON a.lead_id = l.id"
_COMPARED = ", ".join(f"l.{field}" for field in FIELDS)
TOKEN = f"""md5(ROW({_COMPARED}, a.tier, a.score, a.reasoning)::text || coalesce((
    SELECT string_agg(md5(ROW(c.person_key, c.name, c.title, c.email, c.phone, c.linkedin_url, c.role,
        c.not_seen_since IS NULL)::text), '' ORDER BY c.person_key) FROM contacts c WHERE c.lead_id = l.id), ''))"""
"""SQL of what changes when anything of a lead or its people does that may matter to a CRM."""

OWN_PERSON = CONTACT_COLUMNS
OTHER_PERSON = {
    "name": "name",
    "title": "title",
    "emails": "email",
    "phones": "phone",
    "linkedin_url": "linkedin_url",
}
NOT_SEEN = "was not found any more where it had been found"
SOURCE = "crm"


def person_id(lead_id: UUID, person_key: str) -> UUID:
    """Return our id of a person of a lead; an empty key means the one in the lead's own columns."""
    return uuid5(lead_id, f"contact:{person_key}" if person_key else "own person")


async def load(
    connection: Connection, provider: str, config: CrmConfig, lead_ids: Sequence[UUID], *, lock: bool = False
) -> dict[UUID, LocalUnit]:
    """Return leads with their people; leads that are not there (any more) are missing.

    Args:
        connection: in a transaction where `lock` is set.
        provider: whose links say what lists hold beyond our columns.
        config: says who takes part.
        lead_ids: which; locked in their order, so that two never wait for one another in a circle.
        lock: keep others from changing the leads until the transaction ends.
    """
    if lock:
        await connection.execute("SELECT id FROM leads WHERE id = ANY(%s) ORDER BY id FOR UPDATE", [list(lead_ids)])
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(
        f"SELECT l.*, a.tier, a.score::text AS score, a.reasoning, a.assessed_at, {TOKEN} AS token"
        f" FROM {JOINED} WHERE l.id = ANY(%s)",
        [list(lead_ids)],
    )
    leads = await cursor.fetchall()
    await cursor.execute("SELECT * FROM contacts WHERE lead_id = ANY(%s) ORDER BY person_key", [list(lead_ids)])
    people: dict[UUID, list[dict[str, Any]]] = {}
    async for row in cursor:
        people.setdefault(row["lead_id"], []).append(row)
    await cursor.execute(
        "SELECT own_id, other_values FROM crm_links WHERE provider = %s AND kind = 'contact' AND lead_id = ANY(%s)"
        " AND other_values <> '{}'::jsonb",
        [provider, list(lead_ids)],
    )
    others = {row["own_id"]: row["other_values"] async for row in cursor}
    return {row["id"]: _unit(config, row, people.get(row["id"], []), others) for row in leads}


def _unit(
    config: CrmConfig, lead: Mapping[str, Any], people: Sequence[Mapping[str, Any]], others: Mapping[UUID, Any]
) -> LocalUnit:
    values: dict[str, Value] = {name: _text(lead[name]) for name in LEAD_FIELDS}
    told = {name: _text(lead[name]) for name in (*FIELDS, *COMPUTED)}
    record = LocalRecord(
        RecordKind.LEAD,
        lead["id"],
        values,
        edits_of(lead["field_edits"]),
        max(filter(None, (lead["updated_at"], lead["assessed_at"]))),
        excluded=config.leads.why_not(told),
    )
    return LocalUnit(record, tuple(_people(config, lead, people, others)) if config.contacts else (), lead["token"])


def _people(
    config: CrmConfig, lead: Mapping[str, Any], people: Sequence[Mapping[str, Any]], others: Mapping[UUID, Any]
) -> Iterator[LocalRecord]:
    """Yield the lead's own person, with what is found of them as a contact too, then the other contacts."""
    own = _own_person(lead)
    if own is not None:
        own_key = name_key(own["name"])
        twin = next((row for row in people if own_key and name_key(row["name"]) == own_key), None)
        people = [row for row in people if row is not twin]
        filled = own if twin is None else {name: value or twin[OTHER_PERSON[name]] for name, value in own.items()}
        role = twin["role"] if twin else None
        yield _person(config, lead, "", filled, lead["field_edits"], OWN_PERSON, others, role)
    for row in people:
        found = {name: row[column] for name, column in OTHER_PERSON.items()}
        yield _person(
            config, lead, row["person_key"], found, row["field_edits"], OTHER_PERSON, others, row["role"], row
        )


def _own_person(lead: Mapping[str, Any]) -> dict[str, str | None] | None:
    name = lead["contact_name"] or " ".join(filter(None, (lead["first_name"], lead["last_name"]))) or None
    found = {"name": name} | {field: lead[column] for field, column in OWN_PERSON.items() if field != "name"}
    return found if any(found.values()) else None


def _person(
    config: CrmConfig,
    lead: Mapping[str, Any],
    person_key: str,
    found: Mapping[str, str | None],
    marks: Mapping[str, Any],
    columns: Mapping[str, str],
    others: Mapping[UUID, Any],
    role: str | None,
    row: Mapping[str, Any] | None = None,
) -> LocalRecord:
    own_id = person_id(lead["id"], person_key)
    more = others.get(own_id, {})
    values: dict[str, Value] = {"role": role}
    for name, value in found.items():
        listed = tuple(filter(None, (value, *more.get(name, ()))))
        values[name] = tidy(listed) if name in LISTS else _text(value)
    told = {name: _first(value) for name, value in values.items()}
    excluded = config.contacts.why_not(told) if config.contacts else None
    if row is not None and row["not_seen_since"] is not None and not row["field_edits"]:
        excluded = excluded or NOT_SEEN
    edits = edits_of(marks)
    named = {name: edits[column] for name, column in columns.items() if column in edits}
    if not person_key and "name" not in named:
        halves = [edits[column] for column in ("first_name", "last_name") if column in edits]
        named |= {"name": max(halves)} if halves else {}
    updated_at = lead["updated_at"] if row is None else max(row["last_seen_at"], row["first_seen_at"])
    return LocalRecord(RecordKind.CONTACT, own_id, values, named, updated_at, person_key, excluded)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _first(value: Value) -> str | None:
    return value[0] if isinstance(value, tuple) and value else None if isinstance(value, tuple) else value


async def create_lead(
    connection: Connection, provider: str, remote_id: str, values: RecordValues, now: datetime
) -> UUID:
    """Take a company of the CRM in as a lead; one that was taken in before is found again."""
    columns = _lead_columns(values)
    columns |= {"source": columns.get("source") or provider, "external_id": remote_id}
    key = dedupe_key(
        external_id=remote_id,
        source=provider,
        domain=columns.get("company_domain"),
        company=columns.get("company_name"),
        city=columns.get("city"),
        country=columns.get("country"),
        prefer="external_id",
    )
    row = columns | {
        "id": uuid4(),
        "dedupe_key": key,
        "created_at": now,
        "updated_at": now,
        "field_edits": Jsonb(_marks([name for name, value in columns.items() if value], provider, now)),
    }
    statement = sql.SQL(
        "INSERT INTO leads AS l ({}) VALUES ({}) ON CONFLICT (dedupe_key) DO UPDATE SET updated_at = l.updated_at"
        " RETURNING id"
    ).format(sql.SQL(", ").join(map(sql.Identifier, row)), sql.SQL(", ").join(map(sql.Placeholder, row)))
    made = await (await connection.execute(statement, row)).fetchone()
    assert made is not None
    lead_id: UUID = made[0]
    await _note_source(connection, lead_id, {name: value for name, value in columns.items() if value}, provider, now)
    return lead_id


async def update_lead(
    connection: Connection, provider: str, lead_id: UUID, values: RecordValues, now: datetime
) -> None:
    """Write a company's fields as the CRM has them."""
    await _update(connection, "leads", {"id": lead_id}, _lead_columns(values), provider, now)


async def update_person(
    connection: Connection, provider: str, lead_id: UUID, person_key: str, values: RecordValues, now: datetime
) -> dict[str, list[str]]:
    """Write a person's fields as the CRM has them; return the items of lists that our columns have no room for."""
    is_own = not person_key
    names = OWN_PERSON if is_own else OTHER_PERSON
    table, key = ("leads", {"id": lead_id}) if is_own else ("contacts", {"lead_id": lead_id, "person_key": person_key})
    columns, others = await _person_columns(connection, table, key, names, values)
    if is_own and "contact_name" in columns:
        columns |= {"first_name": None, "last_name": None}
    if not is_own:
        columns |= {name: "" for name in ("name", "title") if name in columns and columns[name] is None}
    await _update(connection, table, key, columns, provider, now)
    return others


async def _person_columns(
    connection: Connection, table: str, key: Mapping[str, Any], names: Mapping[str, str], values: RecordValues
) -> tuple[dict[str, str | None], dict[str, list[str]]]:
    columns: dict[str, str | None] = {}
    others: dict[str, list[str]] = {}
    for name, value in values.items():
        if name not in names:
            continue
        if name not in LISTS:
            columns[names[name]] = _stored(value)
            continue
        listed = [storable(item) for item in ((value,) if isinstance(value, str) else value or ())]
        held = await _held(connection, table, key, names[name])
        kept = held if held is not None and len(others_of(tuple(listed), held)) < len(listed) else None
        columns[names[name]] = kept or (listed[0] if listed else None)
        others[name] = others_of(tuple(listed), columns[names[name]])
    return columns, others


async def _held(connection: Connection, table: str, key: Mapping[str, Any], column: str) -> str | None:
    condition = sql.SQL(" AND ").join(sql.SQL("{} = {}").format(sql.Identifier(n), sql.Placeholder(n)) for n in key)
    query = sql.SQL("SELECT {} FROM {} WHERE {}").format(sql.Identifier(column), sql.Identifier(table), condition)
    row = await (await connection.execute(query, dict(key))).fetchone()
    return row[0] if row else None


async def _update(
    connection: Connection,
    table: str,
    key: Mapping[str, Any],
    columns: Mapping[str, str | None],
    provider: str,
    now: datetime,
) -> None:
    if not columns:
        return
    row: dict[str, Any] = {f"new_{name}": value for name, value in columns.items()}
    row |= dict(key) | {"marks": Jsonb(_marks(list(columns), provider, now)), "now": now, "by": provider}
    sets: list[sql.Composable] = [
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(f"new_{name}")) for name in columns
    ]
    sets.append(sql.SQL("field_edits = field_edits || {}").format(sql.Placeholder("marks")))
    if table == "leads":
        sets.append(sql.SQL("updated_at = greatest(updated_at, %(now)s), edited_at = %(now)s, edited_by = %(by)s"))
    condition = sql.SQL(" AND ").join(sql.SQL("{} = {}").format(sql.Identifier(n), sql.Placeholder(n)) for n in key)
    statement = sql.SQL("UPDATE {} SET {} WHERE {}").format(sql.Identifier(table), sql.SQL(", ").join(sets), condition)
    await connection.execute(statement, row)
    if table == "leads":
        await _note_source(connection, key["id"], columns, provider, now)


async def _note_source(
    connection: Connection, lead_id: UUID, columns: Mapping[str, str | None], by: str, now: datetime
) -> None:
    """Note that a person wrote these fields, in the CRM: no provider's value replaces theirs."""
    noted = {name: value for name, value in columns.items() if name in FIELDS}
    await connection.execute(
        """
        INSERT INTO field_provenance AS p (lead_id, field, value, source, observed_at, edited_by)
        SELECT %s, field, value, 'person', %s, %s FROM unnest(%s::text[], %s::text[]) AS n (field, value)
        ON CONFLICT (lead_id, field) DO UPDATE SET value = excluded.value, source = excluded.source,
            observed_at = excluded.observed_at, edited_by = excluded.edited_by, source_url = NULL, confidence = NULL,
            run_id = NULL, question_hash = NULL
        """,
        [lead_id, now, by, list(noted), list(noted.values())],
    )


def _marks(names: Sequence[str], by: str, now: datetime) -> dict[str, dict[str, str]]:
    return {name: {"at": now.astimezone(UTC).isoformat(), "by": by} for name in names}


def _lead_columns(values: RecordValues) -> dict[str, str | None]:
    columns = {name: _stored(value) for name, value in values.items() if name in FIELDS}
    if "company_website" in columns:
        columns["company_domain"] = _domain(columns["company_website"])
    return columns


def _stored(value: Value) -> str | None:
    text = ", ".join(value) if isinstance(value, tuple) else value
    return storable(text) if text else None


def _domain(website: str | None) -> str | None:
    """Return the company's own domain, or None for a shared host."""
    if not website:
        return None
    host = urlsplit(website if "://" in website else f"//{website}").hostname or ""
    domain = registrable_domain(host)
    return domain if domain and domain not in shared_hosts() else None


async def add_person(
    connection: Connection, provider: str, lead_id: UUID, remote_id: str, values: RecordValues, now: datetime
) -> tuple[str, dict[str, list[str]]]:
    """Take a person of the CRM in as a contact; return its key and the items of lists that do not fit a column."""
    name = _stored(values.get("name")) or ""
    key = storable(name_key(name) or fold(name) or "person")
    row = await (
        await connection.execute("SELECT true FROM contacts WHERE lead_id = %s AND person_key = %s", [lead_id, key])
    ).fetchone()
    key = f"{key}#{remote_id}" if row else key
    columns = {column: _stored(_first(values.get(field))) for field, column in OTHER_PERSON.items()}
    listed = {field: values.get(field) for field in LISTS}
    others = {field: others_of(value, columns[OTHER_PERSON[field]]) for field, value in listed.items()}
    said = {"source_url": None, "title": columns["title"] or "", "evidence": "", "seen_at": now.isoformat()}
    marks = _marks([column for column, value in columns.items() if value], provider, now)
    await connection.execute(
        "INSERT INTO contacts (lead_id, person_key, name, title, is_owner_like, linkedin_url, email, phone, source,"
        " evidence, provenance, first_seen_at, last_seen_at, field_edits)"
        " VALUES (%s, %s, %s, %s, false, %s, %s, %s, %s, '', %s, %s, %s, %s)",
        [
            *(lead_id, key, columns["name"] or "", columns["title"] or "", columns["linkedin_url"]),
            *(columns["email"], columns["phone"], SOURCE, Jsonb({SOURCE: said | {"confidence": None}})),
            *(now, now, Jsonb(marks)),
        ],
    )
    return key, {field: items for field, items in others.items() if items}


async def delete_lead(connection: Connection, lead_id: UUID) -> None:
    """Delete a lead with all that hangs on it."""
    await connection.execute("DELETE FROM leads WHERE id = %s", [lead_id])


async def delete_person(connection: Connection, lead_id: UUID, person_key: str) -> None:
    """Delete a person of a lead; the lead's own one is emptied out of its columns."""
    if person_key:
        await connection.execute("DELETE FROM contacts WHERE lead_id = %s AND person_key = %s", [lead_id, person_key])
        return
    columns = ", ".join(f"{name} = NULL" for name in PERSON_FIELDS)
    await connection.execute(f"UPDATE leads SET {columns} WHERE id = %s", [lead_id])


async def match(connection: Connection, provider: str, values: RecordValues, emails: Sequence[str]) -> UUID | None:
    """Find the lead that a company of the CRM is, among those that are not linked: by address, else by domain.

    A domain counts only where exactly one unlinked lead has it: two would be a guess.
    """
    unlinked = (
        "NOT EXISTS (SELECT FROM crm_links k WHERE k.provider = %s AND k.kind = 'lead' AND k.own_id = l.id"
        " AND (k.remote_id IS NOT NULL OR k.is_gone))"
    )
    for condition, value in (
        ("lower(l.contact_email) = ANY(%s)", [each.lower() for email in emails for each in spellings(email)] or None),
        ("l.company_domain = %s", _domain(_first(values.get("company_website")))),
    ):
        if value is None:
            continue
        rows = await connection.execute(
            f"SELECT l.id FROM leads l WHERE {condition} AND {unlinked} ORDER BY l.id LIMIT 2", [value, provider]
        )
        found = await rows.fetchall()
        if len(found) == 1:
            lead_id: UUID = found[0][0]
            return lead_id
    return None
