"""One lead or contact with all that explains it: where each value comes from, why this score, what happened to it."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from core.errors import LeadNotFound
from core.leads.fields import FIELDS_OF_CONTACT, FIELDS_OF_LEAD
from db.leads import record_history
from db.leads.duplicates import HANDLE
from db.leads.matching import current_id
from db.leads.reading import kind_of
from db.leads.repointing import LeadOrContact
from db.server.engine import Connection
from db.server.statements import select, select_dict, select_dicts, select_value

_LISTED = 50
_MET = """
SELECT i.id, i.file_name, i.started_at, i.status, i.options->>'source' AS source, c.before, c.after
FROM imports i LEFT JOIN import_changes c ON c.import_id = i.id AND c.record_id = %(id)s
WHERE i.id = %(created)s OR c.import_id IS NOT NULL
    OR i.id IN (SELECT import_id FROM import_met WHERE {0} @> ARRAY[%(id)s])
ORDER BY i.started_at, i.id
"""
_MESSAGES = """
SELECT a.id, a.kind, a.title, a.status, a.reason, a.requested_at, a.decided_by, s.status AS sent,
    s.finished_at AS sent_at
FROM approvals a LEFT JOIN sends s ON s.approval_id = a.id WHERE a.{0} = %(id)s
ORDER BY a.requested_at DESC LIMIT %(limit)s
"""
_PAIRS = f"""
SELECT {HANDLE} AS pair, CASE WHEN first_id = %(owner)s THEN second_id ELSE first_id END AS other_id, reason, decision,
    decided_by, decided_at, decision_reason
FROM possible_duplicates p WHERE first_id = %(owner)s OR second_id = %(owner)s ORDER BY found_at LIMIT %(limit)s
"""
_LINKS = """
SELECT provider, remote_id, state, reason, since FROM crm_links WHERE kind = %(kind)s AND own_id = %(id)s
"""


async def describe(connection: Connection, kind: LeadOrContact, record_id: UUID) -> dict[str, Any]:
    """Return a lead or a contact with what explains it; the id of one that was merged answers with the new one.

    Args:
        connection: any.
        kind: what the id is of.
        record_id: which; of a lead also where a contact's is given.

    Returns:
        By name: `id`, `values` (field -> `value`, `source`, `at` and more), what stands beside the fields, and lists:
        of a lead `contacts`, `assessment`; of both `imports`, `messages`, `possible_duplicates`, `crm`, `history`.

    Raises:
        LeadNotFound: there is none.
    """
    record_id = await current_id(connection, record_id)
    if kind == "lead" and await kind_of(connection, record_id) == "contact":
        record_id = await select_value(connection, "SELECT lead_id FROM contacts WHERE id = %(id)s", {"id": record_id})
    row = await select_dict(connection, f"SELECT * FROM {kind}s WHERE id = %(id)s", {"id": record_id})
    if row is None:
        raise LeadNotFound(f"no {kind} {record_id}; `sales-agent {kind}s list` finds them")
    lead_id = record_id if kind == "lead" else row["lead_id"]
    names = {"id": record_id, "kind": kind, "limit": _LISTED, "created": row["created_import_id"]}
    names["owner"] = record_id if kind == "lead" else row["person_id"]
    met = await select(connection, _MET.format(f"{kind}_ids"), names)
    found = await (_of_lead(connection, row) if kind == "lead" else _of_contact(connection, row))
    return {
        "id": record_id,
        **found,
        "values": await _values(connection, kind, row, met),
        "extra": row["extra"],
        "imports": [
            {"id": each.id, "file": each.file_name, "at": each.started_at, "status": each.status,
             "brought": each.id == row["created_import_id"], "changed": sorted(each.after or {})}
            for each in met
        ],
        "messages": await select_dicts(connection, _MESSAGES.format(f"{kind}_id"), names),
        "possible_duplicates": await select_dicts(connection, _PAIRS, names),
        "crm": await select_dicts(connection, _LINKS, names),
        "history": await record_history.select_of(connection, lead_id, record_id, limit=_LISTED),
    }  # fmt: skip


async def _of_lead(connection: Connection, row: Mapping[str, Any]) -> dict[str, Any]:
    names = {"id": row["id"], "limit": _LISTED}
    contacts = """
        SELECT id, coalesce(contact_name, concat_ws(' ', first_name, last_name)) AS name, contact_title AS title,
            contact_email AS email, role, state, origin FROM contacts WHERE lead_id = %(id)s
        ORDER BY state, title_points DESC NULLS LAST, created_at, id LIMIT %(limit)s
    """
    assessment = """
        SELECT outcome, score::float8, tier, confidence::float8, breakdown, reasoning, reason, best_contact_id,
            model, icp_version, assessed_at FROM assessments WHERE lead_id = %(id)s
    """
    looks = """
        SELECT 'enrichment' AS stage, outcome, reason, enriched_at AS at FROM lead_enrichments WHERE lead_id = %(id)s
        UNION ALL SELECT 'discovery', outcome, reason, discovered_at FROM lead_discoveries WHERE lead_id = %(id)s
    """
    beside = ("stands_for", "aliases", "places", "tags", "assigned_to", "is_domain_shared", "created_at", "updated_at")
    return {
        **{name: row[name] for name in beside},
        "contacts": await select_dicts(connection, contacts, names),
        "assessment": await select_dict(connection, assessment, names),
        "stages": await select_dicts(connection, looks, names),
    }


async def _of_contact(connection: Connection, row: Mapping[str, Any]) -> dict[str, Any]:
    elsewhere = """
        SELECT c.id, l.company_name, c.contact_title AS title, c.state FROM contacts c JOIN leads l ON l.id = c.lead_id
        WHERE c.person_id = %(person)s AND c.id <> %(id)s ORDER BY c.created_at, c.id LIMIT %(limit)s
    """
    company = "SELECT company_name FROM leads WHERE id = %(id)s"
    addresses = """
        SELECT value FROM identities WHERE owner_id = %(person)s AND value IS NOT NULL ORDER BY kind, value
    """
    names = {"id": row["id"], "person": row["person_id"], "limit": _LISTED}
    beside = ("person_id", "lead_id", "state", "role", "origin", "source_url", "evidence", "confidence", "title_points",
              "created_at", "updated_at", "last_seen_at", "not_seen_since")  # fmt: skip
    return {
        **{name: row[name] for name in beside},
        "company_name": await select_value(connection, company, {"id": row["lead_id"]}),
        "also_known_by": [each.value for each in await select(connection, addresses, names)],
        "also_at": await select_dicts(connection, elsewhere, names),
    }


async def _values(
    connection: Connection, kind: LeadOrContact, row: Mapping[str, Any], met: Sequence[Any]
) -> dict[str, dict[str, Any]]:
    """Return each value with where it comes from: a provider or person, else the import that said it last."""
    statement = """
        SELECT field, value, source, source_url, observed_at, confidence, original, edited_by FROM field_provenance
        WHERE record_id = %(id)s
    """
    proven = {each.pop("field"): each for each in await select_dicts(connection, statement, {"id": row["id"]})}
    found: dict[str, dict[str, Any]] = {}
    for name in FIELDS_OF_LEAD if kind == "lead" else FIELDS_OF_CONTACT:
        said = proven.get(name)
        if said is not None and said["value"] == row[name]:
            found[name] = {field: value for field, value in said.items() if value is not None}
        elif row[name] is not None:
            found[name] = {"value": row[name], **_imported(name, row, met)}
    return found


def _imported(name: str, row: Mapping[str, Any], met: Sequence[Any]) -> dict[str, Any]:
    """Return which import gave a value, and what stood in its file."""
    edit = row["field_edits"].get(name)
    if edit is not None:
        return {"source": edit.get("by", "person"), "observed_at": edit.get("at")}
    of = next((each for each in reversed(met) if (each.after or {}).get(name) == row[name]), None)
    of = of or next((each for each in met if each.id == row["created_import_id"]), None)
    if of is None:
        return {"source": row.get("origin", "import")}
    source: dict[str, Any] = {"source": "import", "import": of.id, "file": of.file_name, "observed_at": of.started_at}
    return source | ({"original": row["original"][name]} if name in row["original"] else {})
