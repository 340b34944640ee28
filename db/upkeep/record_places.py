"""Where leads, contacts and what hangs on them hold a person: found, and removed; the company and colleagues stay."""

import json
from collections.abc import Mapping
from typing import Any

from psycopg.types.json import Jsonb

from core.leads.names import company_key
from core.upkeep.erasure import Subject
from db.server.engine import Connection
from db.server.statements import change, select, select_dicts
from db.upkeep.held import HeldRows, Place, rows_where, runs, values_of

_TEXTS = "concat_ws(' ', notes, extra::text, original::text)"
_MENTIONED = (
    f"id <> ALL (%(own)s) AND (id = ANY (%(leads)s) AND (concat_ws(' ', {_TEXTS}, aliases::text) ~* %(named)s "
    f"OR aliases <> '{{}}') OR {_TEXTS} ~* %(pattern)s)"
)
"""Leads that may name the person: their companies, whose texts may do so by name, and all others by address."""
_COLLEAGUES = f"id <> ALL (%(contacts)s) AND {_TEXTS} ~* %(pattern)s"


async def _find_leads(connection: Connection, subject: Subject) -> dict[str, HeldRows]:
    """Return leads that are the person; of the others who they are, and what of them names the person."""
    values = values_of(subject)
    own = await rows_where(leads="id = ANY (%(own)s)")(connection, subject)
    statement = f"""
        SELECT id, company_name, notes, extra, original, aliases FROM leads
        WHERE {_MENTIONED} OR id = ANY (%(leads)s) AND id <> ALL (%(own)s) ORDER BY id
    """
    found = own["leads"]
    for row in await select_dicts(connection, statement, values):
        named = _naming(row, subject, at_their_company=row["id"] in subject.lead_ids)
        if named or row["id"] in subject.lead_ids:
            found.append({"id": str(row["id"]), "company_name": row["company_name"], **named})
    return {"leads": found}


def _naming(row: Mapping[str, Any], subject: Subject, *, at_their_company: bool) -> dict[str, Any]:
    """Return what of a lead's or contact's texts names the person."""
    found: dict[str, Any] = {}
    for name in ("extra", "original"):
        of_them = {
            key: value
            for key, value in row[name].items()
            if subject.is_named_in(json.dumps(value, ensure_ascii=False), at_their_company=at_their_company)
        }
        if of_them:
            found[name] = of_them
    if row["notes"] and subject.is_named_in(row["notes"], at_their_company=at_their_company):
        found["notes"] = row["notes"]
    if aliases := [alias for alias in row.get("aliases") or () if subject.is_of_name(alias)]:
        found["aliases"] = aliases
    return found


async def _erase_leads(connection: Connection, subject: Subject) -> int:
    """Remove the person's own leads; of the others only what names the person."""
    values = values_of(subject)
    changed = await change(connection, "DELETE FROM leads WHERE id = ANY (%(own)s)", values)
    statement = f"SELECT id, notes, extra, original, aliases, alias_keys FROM leads WHERE {_MENTIONED} ORDER BY id"
    emptied = """
        UPDATE leads SET notes = %(notes)s, extra = %(extra)s, original = %(original)s, aliases = %(aliases)s,
            alias_keys = %(alias_keys)s, updated_at = now() WHERE id = %(id)s
    """
    for row in await select_dicts(connection, statement, values):
        named = _naming(row, subject, at_their_company=row["id"] in subject.lead_ids)
        if named:
            gone = set(map(company_key, named.get("aliases", ())))
            kept = {
                "aliases": [alias for alias in row["aliases"] if alias not in named.get("aliases", ())],
                "alias_keys": [key for key in row["alias_keys"] if key not in gone],
            }
            changed += await change(connection, emptied, {"id": row["id"], **_without(row, named), **kept})
    return changed


def _without(row: Mapping[str, Any], named: Mapping[str, Any]) -> dict[str, Any]:
    left = {
        name: Jsonb({key: value for key, value in row[name].items() if key not in named.get(name, {})})
        for name in ("extra", "original")
    }
    return {**left, "notes": None if "notes" in named else row["notes"]}


async def _find_contacts(connection: Connection, subject: Subject) -> dict[str, HeldRows]:
    """Return the person's contacts, each with its company's name; of others' texts what names the person."""
    statement = """
        SELECT to_jsonb(c) || jsonb_build_object('company_name', l.company_name) AS row
        FROM contacts c JOIN leads l ON l.id = c.lead_id WHERE c.id = ANY (%(contacts)s) ORDER BY c.id
    """
    values = values_of(subject)
    found = [row["row"] for row in await select_dicts(connection, statement, values)]
    others = f"SELECT id, notes, extra, original FROM contacts WHERE {_COLLEAGUES} ORDER BY id"
    texts = [
        (row["id"], _naming(row, subject, at_their_company=False))
        for row in await select_dicts(connection, others, values)
    ]
    found += [{"id": str(other), "of": "another person", **named} for other, named in texts if named]
    return {"contacts": found}


async def _erase_contacts(connection: Connection, subject: Subject) -> int:
    """Remove the person's contacts; triggers take identities, provenance and answers with them."""
    values = values_of(subject)
    changed = await change(connection, "DELETE FROM contacts WHERE id = ANY (%(contacts)s)", values)
    statement = f"SELECT id, notes, extra, original FROM contacts WHERE {_COLLEAGUES} ORDER BY id"
    emptied = """
        UPDATE contacts SET notes = %(notes)s, extra = %(extra)s, original = %(original)s, updated_at = now()
        WHERE id = %(id)s
    """
    for row in await select_dicts(connection, statement, values):
        if named := _naming(row, subject, at_their_company=False):
            changed += await change(connection, emptied, {"id": row["id"], **_without(row, named)})
    return changed


_CHANGED = "record_id = ANY (%(records)s) OR concat(before, after) ~* %(pattern)s"
_CHANGED_THERE = "lead_id = ANY (%(leads)s) AND concat(before, after) ~* %(named)s"


async def _erase_changes(connection: Connection, subject: Subject) -> int:
    """Remove what imports remember of the person for undoing them; of a company's values those that name them."""
    values = values_of(subject)
    changed = await change(connection, "DELETE FROM import_changes WHERE record_id = ANY (%(records)s)", values)
    statement = (
        f"SELECT import_id, record_id, lead_id, before, after FROM import_changes WHERE {_CHANGED} OR {_CHANGED_THERE}"
    )
    emptied = """
        UPDATE import_changes SET before = %(before)s, after = %(after)s
        WHERE import_id = %(import_id)s AND record_id = %(record_id)s
    """
    for row in await select_dicts(connection, statement, values):
        gone = {
            name
            for side in ("before", "after")
            for name, value in row[side].items()
            if subject.is_named_in(
                json.dumps(value, ensure_ascii=False), at_their_company=row["lead_id"] in subject.lead_ids
            )
        }
        both = {
            side: Jsonb({name: value for name, value in row[side].items() if name not in gone})
            for side in ("before", "after")
        }
        changed += await change(connection, emptied, {**row, **both}) if gone else 0
    return changed


_PAIRED = "first_id = ANY (%(all_ids)s) OR second_id = ANY (%(all_ids)s) OR reason ~* %(pattern)s"
_DONE = (
    "record_id = ANY (%(all_ids)s) "
    "OR record_id IN (SELECT old_id FROM merged_records WHERE new_id = ANY (%(all_ids)s)) "
    "OR lead_id = ANY (%(own)s) OR concat_ws(' ', reason, before::text, after::text) ~* %(pattern)s "
    "OR lead_id = ANY (%(leads)s) AND concat_ws(' ', reason, before::text, after::text) ~* %(named)s"
)
_ASSESSED = (
    "lead_id = ANY (%(leads)s) AND (best_contact_id = ANY (%(contacts)s) "
    "OR concat_ws(' ', reason, reasoning, breakdown::text) ~* %(named)s)"
)
_ANSWERED = (
    "question_hash IN (SELECT question_hash FROM enrichment_attempts WHERE record_id = ANY (%(records)s)) "
    "OR found::text ~* %(pattern)s"
)
_PROVEN = "record_id = ANY (%(records)s) OR concat_ws(' ', value, original, source_url) ~* %(pattern)s"
_MET = "contact_ids && %(contacts)s::uuid[] OR lead_ids && %(own)s::uuid[]"


async def _find_imports(connection: Connection, subject: Subject) -> dict[str, HeldRows]:
    """Return the imports that brought or named the person."""
    statement = f"""
        SELECT id, file_name, started_at FROM imports WHERE id IN (
            SELECT import_id FROM import_met WHERE {_MET}
            UNION SELECT created_import_id FROM contacts WHERE id = ANY (%(contacts)s)) ORDER BY started_at
    """
    rows = await select_dicts(connection, statement, values_of(subject))
    return {"import_met": [{name: str(value) for name, value in row.items()} for row in rows]}


async def _find_discoveries(connection: Connection, subject: Subject) -> dict[str, HeldRows]:
    rows = await _sites(connection, subject)
    found = [(row.site, [each for each in row.contacts if _is_subject(each, subject)]) for row in rows]
    reasons = [[each for each in row.reasons if _is_quoted(each, subject)] for row in await _reasons(connection)]
    return {
        "discoveries": [{"site": site, "contacts": people} for site, people in found if people],
        "discovery_runs": [{"reasons": quoted} for quoted in reasons if quoted],
    }


async def _sites(connection: Connection, subject: Subject) -> list[Any]:
    statement = """
        SELECT site, contacts FROM discoveries
        WHERE site IN (SELECT site FROM lead_discoveries WHERE lead_id = ANY (%(leads)s))
            OR contacts::text ~* %(pattern)s
        ORDER BY site
    """
    return await select(connection, statement, values_of(subject))


async def _erase_discoveries(connection: Connection, subject: Subject) -> int:
    """Take the person out of what was found on a site, which all its leads share."""
    changed = 0
    for row in await _sites(connection, subject):
        left = [found for found in row.contacts if not _is_subject(found, subject)]
        if left != row.contacts:
            emptied = "UPDATE discoveries SET contacts = %(left)s WHERE site = %(site)s"
            changed += await change(connection, emptied, {"site": row.site, "left": Jsonb(left)})
    # The reasons that runs of discovery give quote what a lead calls its website.
    for row in await _reasons(connection):
        told = {reason: leads for reason, leads in row.reasons.items() if not _is_quoted(reason, subject)}
        if told != row.reasons:
            emptied = "UPDATE discovery_runs SET report = report || %(left)s WHERE id = %(id)s"
            changed += await change(connection, emptied, {"id": row.id, "left": Jsonb({"reasons": told})})
    return changed


async def _reasons(connection: Connection) -> list[Any]:
    statement = "SELECT id, report -> 'reasons' AS reasons FROM discovery_runs WHERE report -> 'reasons' <> '{}'"
    return await select(connection, statement)


def _is_quoted(reason: str, subject: Subject) -> bool:
    return subject.is_named_in(reason, at_their_company=True)


def _is_subject(contact: Mapping[str, Any], subject: Subject) -> bool:
    return subject.is_named_in(json.dumps(contact, ensure_ascii=False)) or subject.is_of_name(contact.get("name"))


async def _find_answers(connection: Connection, subject: Subject) -> dict[str, HeldRows]:
    found = await rows_where(enrichment_attempts="record_id = ANY (%(records)s)", field_provenance=_PROVEN)(
        connection, subject
    )
    answers = []
    for row in await _answers(connection, subject):
        of_them = row["found"] if row["is_theirs"] else _said_of(row["found"], subject)
        answers.append({"provider": row["provider"], "answered_at": str(row["answered_at"]), "found": of_them})
    return {"enrichment_questions": answers, **found}


async def _answers(connection: Connection, subject: Subject) -> HeldRows:
    statement = f"""
        SELECT provider, question_hash, answered_at, found, question_hash IN (
            SELECT question_hash FROM enrichment_attempts WHERE record_id = ANY (%(records)s)) AS is_theirs
        FROM enrichment_questions WHERE found <> '[]' AND ({_ANSWERED})
    """
    return await select_dicts(connection, statement, values_of(subject))


def _said_of(found: list[Any], subject: Subject) -> list[Any]:
    return [value for value in found if subject.is_named_in(json.dumps(value, ensure_ascii=False))]


async def _erase_answers(connection: Connection, subject: Subject) -> int:
    """Remove what providers said of the person, and where values of theirs came from."""
    values, changed = values_of(subject), 0
    emptied = """
        UPDATE enrichment_questions SET found = %(left)s, reason = NULL
        WHERE provider = %(provider)s AND question_hash = %(question_hash)s
    """
    for row in await _answers(connection, subject):
        of_them = row["found"] if row["is_theirs"] else _said_of(row["found"], subject)
        left = Jsonb([value for value in row["found"] if value not in of_them])
        changed += await change(connection, emptied, {**row, "left": left})
    for statement in (
        "DELETE FROM enrichment_attempts WHERE record_id = ANY (%(records)s)",
        f"DELETE FROM field_provenance WHERE {_PROVEN}",
    ):
        changed += await change(connection, statement, values)
    return changed


RECORD_PLACES: tuple[Place, ...] = (
    Place(
        "imports' memory of changes",
        ("import_changes",),
        rows_where(import_changes="record_id = ANY (%(records)s)"),
        _erase_changes,
    ),
    Place(
        "imports that named the person",
        ("import_met",),
        _find_imports,
        # Hashes of addresses without a key: who guesses an address would find it confirmed.
        runs(
            "UPDATE import_met SET keys = ARRAY(SELECT k FROM unnest(keys) AS k WHERE k <> ALL (%(keys)s::uuid[])), "
            "contact_ids = ARRAY(SELECT c FROM unnest(contact_ids) AS c WHERE c <> ALL (%(contacts)s::uuid[])) "
            "WHERE keys && %(keys)s::uuid[] OR contact_ids && %(contacts)s::uuid[]"
        ),
    ),
    Place(
        "rejected rows",
        ("import_rejects",),
        rows_where(import_rejects="concat(cells, value) ~* %(pattern)s"),
        runs("DELETE FROM import_rejects WHERE concat(cells, value) ~* %(pattern)s"),
    ),
    Place(
        "possible duplicates",
        ("possible_duplicates",),
        rows_where(possible_duplicates=_PAIRED),
        runs(f"DELETE FROM possible_duplicates WHERE {_PAIRED}"),
    ),
    Place(
        "history",
        ("record_history",),
        rows_where(record_history=_DONE),
        runs(f"DELETE FROM record_history WHERE {_DONE}"),
    ),
    Place(
        "assessments",
        ("assessments",),
        rows_where(assessments=_ASSESSED),
        # Their reasons may quote the person's title; the leads are assessed again.
        runs(f"DELETE FROM assessments WHERE {_ASSESSED}"),
    ),
    Place("discoveries", ("discoveries", "discovery_runs"), _find_discoveries, _erase_discoveries),
    Place(
        "enrichment", ("enrichment_questions", "enrichment_attempts", "field_provenance"), _find_answers, _erase_answers
    ),
)
"""Places that hang on leads and contacts; they are emptied before those."""

LAST_PLACES: tuple[Place, ...] = (
    Place(
        "ids of merged records",
        ("merged_records",),
        rows_where(merged_records="new_id = ANY (%(all_ids)s)"),
        runs("DELETE FROM merged_records WHERE new_id = ANY (%(all_ids)s)"),
    ),
    Place(
        "identities",
        ("identities",),
        rows_where(identities="owner_id = ANY (%(persons)s) OR owner_id = ANY (%(own)s)"),
        runs("DELETE FROM identities WHERE owner_id = ANY (%(persons)s) OR owner_id = ANY (%(own)s)"),
    ),
    Place("contacts", ("contacts",), _find_contacts, _erase_contacts),
    Place("leads", ("leads",), _find_leads, _erase_leads),
)
"""Who the person is, which the other places are found by."""
