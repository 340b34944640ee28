"""Removing a person from every table. One eraser a group of tables; a test holds them against the tables there are.

A new table with anything of a person in it joins `ERASERS`; one without joins `HOLD_NO_PERSON`, with the reason.
"""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from core.leads.fields import PERSONAL_FIELDS
from core.outreach.approvals import OPEN, ApprovalStatus, canonical
from core.outreach.opt_outs import person_keys
from core.outreach.suppression import TombstoneKey, spellings
from core.text.names import person_key
from core.upkeep.erasure import Subject
from db.agents import threads as agent_threads
from db.outreach.suppressions import bury
from db.outreach.tombstones import company_key
from db.server.engine import Connection
from db.server.statements import change, listed, select, select_dicts, select_value

_READ = (
    *("id", "dedupe_key", "extra", "original", "notes", "contact_name", "contact_email", "company_name"),
    *("company_domain", "external_id", "source", "city", "country"),
)
"""Columns of a lead that tell whether it is the person's, and what is left of it without them."""

Erase = Callable[[Connection, Subject], Awaitable[int]]


class Eraser(NamedTuple):
    """Removes a person from some tables; returns how many rows it changed. Safe to repeat."""

    place: str
    tables: tuple[str, ...]
    erase: Erase


async def erase(
    connection: Connection, address: str, key: TombstoneKey, *, by: str, now: datetime
) -> tuple[Subject, dict[str, int]]:
    """Remove a person from every table, all of it or nothing, and leave a tombstone.

    Args:
        connection: in a transaction of its own.
        address: normalised.
        key: of the tombstones.
        by: who erases.
        now: aware UTC.

    Returns:
        Who it was, for what lies outside the database; and place -> rows removed or emptied.
    """
    # Imports read the tombstones before they write: this waits for those under way and makes later ones see ours.
    await connection.execute("LOCK TABLE tombstones IN ACCESS EXCLUSIVE MODE")
    subject = await find(connection, address)
    erased = {eraser.place: await eraser.erase(connection, subject) for eraser in ERASERS}
    await bury(connection, address, key, by=by, now=now)
    return subject, erased


async def find(connection: Connection, address: str) -> Subject:
    """Find out what is known of a person here."""
    like = "%" + address.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
    leads = await select(
        connection,
        """
        SELECT id, contact_name, first_name, last_name, contact_email = %(address)s AS is_theirs FROM leads
        WHERE contact_email = %(address)s OR extra::text ILIKE %(like)s OR original::text ILIKE %(like)s
            OR notes ILIKE %(like)s
        """,
        {"address": address, "like": like},
    )
    lead_ids: dict[UUID, None] = {}
    names: set[str] = set()
    for row in leads:
        lead_ids[row.id] = None
        if row.is_theirs:
            names.add(row.contact_name or " ".join(filter(None, (row.first_name, row.last_name))))
    statement = "SELECT lead_id, name FROM contacts WHERE email = %(address)s"
    for row in await select(connection, statement, {"address": address}):
        lead_ids[row.lead_id] = None
        names.add(row.name)
    found = await _find_approvals(connection, address, like)
    threads = {UUID(row.thread_id) for row in found if row.thread_id}
    threads |= {*await agent_threads.select_mentioning(connection, [address, *map(str, lead_ids)])}
    return Subject(
        address=address,
        lead_ids=tuple(lead_ids),
        names=tuple(sorted(names - {""})),
        approval_ids=tuple(row.id for row in found),
        thread_ids=tuple(sorted(threads)),
    )


async def _find_approvals(connection: Connection, address: str, like: str) -> list[Any]:
    statement = """
        SELECT id, thread_id FROM approvals
        WHERE recipient = %(address)s OR content ILIKE ANY (%(likes)s) OR facts ILIKE ANY (%(likes)s)
            OR original_content ILIKE ANY (%(likes)s) OR title ILIKE ANY (%(likes)s)
    """
    return await select(connection, statement, {"address": address, "likes": [like, canonical(like)[1:-1]]})


async def _erase_leads(connection: Connection, subject: Subject) -> int:
    """Empty what a lead says of its person; the company stays, under a key that does not name them."""
    changed = 0
    statement = f"SELECT {listed(_READ)} FROM leads WHERE id = ANY (%(ids)s)"
    for row in await select_dicts(connection, statement, {"ids": list(subject.lead_ids)}):
        values = _emptied(row, subject)
        if values is None:
            continue
        if "dedupe_key" in values:
            taken = "SELECT id FROM leads WHERE dedupe_key = %(dedupe_key)s AND id <> %(id)s"
            if await select_value(connection, taken, {**values, "id": row["id"]}) is not None:
                values["dedupe_key"] = f"erased:{row['id']}"
        emptied = f"UPDATE leads SET {listed(values, '{0} = %({0})s')}, updated_at = now() WHERE id = %(id)s"
        await connection.execute(emptied, {**values, "id": row["id"]})
        changed += 1
    return changed


def _emptied(lead: dict[str, Any], subject: Subject) -> dict[str, Any] | None:
    """Return the new values of a lead: without its person, or without texts that name them; None leaves it as it is."""
    values: dict[str, Any] = {"extra": Jsonb({}), "notes": None}
    is_same_name = lead["contact_name"] is not None and person_key(lead["contact_name"]) in subject.person_keys
    if lead["contact_email"] == subject.address or (lead["contact_email"] is None and is_same_name):
        original = {name: said for name, said in lead["original"].items() if name not in PERSONAL_FIELDS}
        key = company_key(lead) or f"erased:{lead['id']}"
        return values | dict.fromkeys(PERSONAL_FIELDS) | {"original": Jsonb(original), "dedupe_key": key}
    texts = json.dumps([lead["extra"], lead["original"], lead["notes"]], ensure_ascii=False)
    return values | {"original": Jsonb({})} if subject.is_named_in(texts) else None


async def _erase_changes(connection: Connection, subject: Subject) -> int:
    """Empty what imports remember of the person for undoing them."""
    statement = "SELECT import_id, lead_id, before, after FROM import_changes WHERE lead_id = ANY (%(ids)s)"
    emptied = """
        UPDATE import_changes SET before = %(before)s, after = %(after)s
        WHERE import_id = %(import_id)s AND lead_id = %(lead_id)s
    """
    rows = await select_dicts(connection, statement, {"ids": list(subject.lead_ids)})
    for row in rows:
        both = {
            side: Jsonb({name: said for name, said in row[side].items() if _is_company(name)})
            for side in ("before", "after")
        }
        await connection.execute(emptied, row | both)
    return len(rows)


def _is_company(name: str) -> bool:
    return name not in PERSONAL_FIELDS and not name.startswith(("extra.", "original."))


async def _erase_rejects(connection: Connection, subject: Subject) -> int:
    statement = "DELETE FROM import_rejects WHERE position(%(address)s IN lower(cells::text || value)) > 0"
    return await change(connection, statement, {"address": subject.address})


async def _erase_assessments(connection: Connection, subject: Subject) -> int:
    """Remove assessments: their reasons may quote the person's title. The leads are assessed again."""
    statement = "DELETE FROM assessments WHERE lead_id = ANY (%(ids)s)"
    return await change(connection, statement, {"ids": list(subject.lead_ids)})


async def _erase_contacts(connection: Connection, subject: Subject) -> int:
    statement = """
        DELETE FROM contacts
        WHERE email = %(address)s OR (lead_id = ANY (%(ids)s) AND person_key = ANY (%(keys)s))
    """
    named = {"address": subject.address, "ids": list(subject.lead_ids), "keys": list(subject.person_keys)}
    return await change(connection, statement, named)


async def _erase_discoveries(connection: Connection, subject: Subject) -> int:
    """Take the person out of what was found on a site, which all its leads share."""
    statement = """
        SELECT site, contacts FROM discoveries
        WHERE site IN (SELECT site FROM lead_discoveries WHERE lead_id = ANY (%(ids)s))
            OR position(%(address)s IN lower(contacts::text)) > 0
    """
    changed = 0
    for row in await select(connection, statement, {"ids": list(subject.lead_ids), "address": subject.address}):
        left = [found for found in row.contacts if not _is_subject(found, subject)]
        if left != row.contacts:
            emptied = "UPDATE discoveries SET contacts = %(left)s WHERE site = %(site)s"
            await connection.execute(emptied, {"site": row.site, "left": Jsonb(left)})
            changed += 1
    return changed + await _erase_reasons(connection, subject)


async def _erase_reasons(connection: Connection, subject: Subject) -> int:
    """Take the person out of the reasons that runs of discovery give: they quote what a lead calls its website."""
    changed = 0
    reports = "SELECT id, report -> 'reasons' AS reasons FROM discovery_runs WHERE report -> 'reasons' <> '{}'"
    for row in await select(connection, reports):
        left = {reason: leads for reason, leads in row.reasons.items() if not _is_quoted(reason, subject)}
        if left != row.reasons:
            emptied = "UPDATE discovery_runs SET report = report || %(left)s WHERE id = %(id)s"
            await connection.execute(emptied, {"id": row.id, "left": Jsonb({"reasons": left})})
            changed += 1
    return changed


def _is_quoted(reason: str, subject: Subject) -> bool:
    return subject.is_named_in(reason) or any(name.casefold() in reason.casefold() for name in subject.names)


def _is_subject(contact: dict[str, Any], subject: Subject) -> bool:
    is_theirs = subject.is_named_in(json.dumps(contact, ensure_ascii=False))
    return is_theirs or person_key(str(contact.get("name", ""))) in subject.person_keys


async def _erase_approvals(connection: Connection, subject: Subject) -> int:
    """Empty drafts and what was sent: that something was decided stays, the words and the recipient go."""
    empty = """
        UPDATE approvals SET content = '{}', facts = '{}', original_content = NULL, recipient = NULL, lead_id = NULL,
            title = '(erased)', digest = '', revision = revision + 1
        WHERE id = ANY (%(ids)s)
    """
    close = """
        UPDATE approvals SET status = %(stale)s, reason = 'the recipient was erased', closed_at = now()
        WHERE id = ANY (%(ids)s) AND status = ANY (%(open)s)
    """
    named = {"ids": list(subject.approval_ids), "open": [str(status) for status in OPEN], "stale": ApprovalStatus.STALE}
    changed = await change(connection, empty, named)
    await connection.execute(close, named)
    return changed


async def _erase_sends(connection: Connection, subject: Subject) -> int:
    statement = """
        UPDATE sends SET recipient = '(erased)', detail = NULL
        WHERE recipient = %(address)s OR approval_id = ANY (%(ids)s)
    """
    return await change(connection, statement, {"address": subject.address, "ids": list(subject.approval_ids)})


async def _erase_meetings(connection: Connection, subject: Subject) -> int:
    """Cancel meetings with the person and give their slots back."""
    ids = {"ids": list(subject.approval_ids)}
    await connection.execute("UPDATE slots SET status = 'released' WHERE approval_id = ANY (%(ids)s)", ids)
    statement = "UPDATE meetings SET status = 'cancelled', crm_activity = NULL WHERE approval_id = ANY (%(ids)s)"
    return await change(connection, statement, ids)


async def _erase_executions(connection: Connection, subject: Subject) -> int:
    """Cut the tie between model runs and the leads, with whatever a failure quoted; what they cost stays."""
    statement = """
        UPDATE agent_executions SET lead_id = NULL, reason = NULL, trace_id = NULL WHERE lead_id = ANY (%(ids)s)
    """
    return await change(connection, statement, {"ids": list(subject.lead_ids)})


async def _erase_threads(connection: Connection, subject: Subject) -> int:
    """Remove agents' threads about the person, with all their checkpoints."""
    return await agent_threads.forget(connection, subject.thread_ids)


async def _erase_suppressions(connection: Connection, subject: Subject) -> int:
    """Remove what spells the address out, also where it was lifted; the tombstone says the same without it.

    The same with what names the person at one of their companies. Another address of theirs stays suppressed, without
    the name.
    """
    keys = await _person_keys(connection, subject)
    statement = """
        DELETE FROM suppressions WHERE value = ANY (%(spellings)s) OR position(%(address)s IN lower(note)) > 0
            OR (kind = 'person' AND keys && %(keys)s::text[])
    """
    unnamed = "UPDATE suppressions SET keys = '{}' WHERE kind <> 'person' AND keys && %(keys)s::text[]"
    named = {"spellings": list(spellings(subject.address)), "address": subject.address, "keys": keys}
    return await change(connection, statement, named) + await change(connection, unnamed, named)


async def _person_keys(connection: Connection, subject: Subject) -> list[str]:
    """Return the keys under which the person may have been suppressed at the companies they are known from."""
    statement = """
        SELECT company_name, company_domain, linkedin_url, contact_email FROM leads WHERE id = ANY (%(ids)s)
    """
    keys: set[str] = set()
    for row in await select_dicts(connection, statement, {"ids": list(subject.lead_ids)}):
        profile = row["linkedin_url"] if row["contact_email"] == subject.address else None
        for name in subject.names:
            keys.update(person_keys(row, name, profile))
    return sorted(keys)


async def _erase_crm(connection: Connection, subject: Subject) -> int:
    """Empty what the sync remembers of the person; the link stays, so that the CRM's record is not made twice."""
    named = {
        "address": subject.address,
        "leads": list(subject.lead_ids),
        "keys": list(subject.person_keys),
        "fields": list(PERSONAL_FIELDS),
    }
    theirs = (
        "(position(%(address)s in lower(base::text || other_values::text || seen_edits::text)) > 0 "
        "OR lead_id = ANY (%(leads)s) AND (person_key = ANY (%(keys)s) OR person_key = ''))"
    )
    own_ids = f"SELECT own_id FROM crm_links WHERE {theirs}"
    changed = 0
    for statement in (
        "UPDATE crm_sync_logs SET before = '{}', after = '{}' WHERE (before <> '{}' OR after <> '{}') "
        f"AND (own_id IN ({own_ids}) OR position(%(address)s in lower(before::text || after::text)) > 0)",
        "DELETE FROM crm_conflicts WHERE position(%(address)s in lower(base::text || ours::text || theirs::text)) > 0 "
        f"OR own_id IN ({own_ids}) AND (kind = 'contact' OR field = ANY (%(fields)s))",
        f"DELETE FROM crm_dead_letters WHERE own_id IN ({own_ids}) "
        "OR position(%(address)s in lower(payload::text)) > 0",
        "DELETE FROM crm_staged WHERE position(%(address)s in lower(concat(unit, overwritten))) > 0",
        # A person's values go whole; of a company's, in the CRM's own names, those that spell the address out.
        "UPDATE crm_links SET base = CASE WHEN kind = 'contact' THEN '{}' ELSE (SELECT "
        "coalesce(jsonb_object_agg(k, v), '{}') FROM jsonb_each(base) AS b(k, v) "
        "WHERE position(%(address)s in lower(v::text)) = 0) END, "
        "other_values = '{}', seen_edits = '{}', local_token = NULL, "
        "person_key = CASE WHEN person_key = ANY (%(keys)s) THEN '' ELSE person_key END "
        f"WHERE {theirs} AND (kind = 'contact' AND base <> '{{}}' OR other_values <> '{{}}' OR seen_edits <> '{{}}' "
        "OR person_key = ANY (%(keys)s) OR position(%(address)s in lower(base::text)) > 0)",
    ):
        changed += await change(connection, statement, named)
    return changed


async def _erase_enrichment(connection: Connection, subject: Subject) -> int:
    """Remove what providers said of the person, and where values of theirs came from."""
    named = {"address": subject.address, "leads": list(subject.lead_ids), "fields": list(PERSONAL_FIELDS)}
    changed = 0
    for statement in (
        "UPDATE enrichment_questions SET found = '[]', reason = NULL WHERE found <> '[]' AND ("
        "position(%(address)s in lower(found::text)) > 0 OR question_hash IN "
        "(SELECT question_hash FROM enrichment_attempts WHERE lead_id = ANY (%(leads)s)))",
        "DELETE FROM enrichment_attempts WHERE lead_id = ANY (%(leads)s)",
        "DELETE FROM field_provenance WHERE lead_id = ANY (%(leads)s) AND (field = ANY (%(fields)s) "
        "OR position(%(address)s in lower(concat(value, original, source_url))) > 0)",
    ):
        changed += await change(connection, statement, named)
    return changed


async def _erase_campaign_messages(connection: Connection, subject: Subject) -> int:
    statement = """
        DELETE FROM campaign_letters WHERE lead_id = ANY (%(leads)s) OR approval_id = ANY (%(approvals)s)
    """
    ids = {"leads": list(subject.lead_ids), "approvals": list(subject.approval_ids)}
    return await change(connection, statement, ids)


ERASERS: tuple[Eraser, ...] = (
    Eraser("imports' memory of changes", ("import_changes",), _erase_changes),
    Eraser("rejected rows", ("import_rejects",), _erase_rejects),
    Eraser("assessments", ("assessments",), _erase_assessments),
    Eraser("contacts", ("contacts",), _erase_contacts),
    Eraser("discoveries", ("discoveries", "discovery_runs"), _erase_discoveries),
    Eraser("messages of campaigns", ("campaign_letters",), _erase_campaign_messages),
    Eraser(
        "the CRM sync's memory",
        ("crm_links", "crm_staged", "crm_sync_logs", "crm_conflicts", "crm_dead_letters"),
        _erase_crm,
    ),
    Eraser("enrichment", ("enrichment_questions", "enrichment_attempts", "field_provenance"), _erase_enrichment),
    Eraser("approvals and drafts", ("approvals",), _erase_approvals),
    Eraser("sent messages", ("sends",), _erase_sends),
    Eraser("meetings", ("meetings", "slots"), _erase_meetings),
    Eraser("model runs", ("agent_executions",), _erase_executions),
    Eraser("agents' threads and checkpoints", ("agent_threads",), _erase_threads),
    Eraser("suppressions", ("suppressions",), _erase_suppressions),
    Eraser("leads", ("leads",), _erase_leads),
)

HOLD_NO_PERSON: dict[str, str] = {
    "imports": "a file's name, its format and counts",
    "import_batches": "counts",
    "import_met": "ids of leads",
    "header_mappings": "names of columns",
    "icps": "profiles of companies",
    "qualification_runs": "counts",
    "assessment_claims": "ids of leads",
    "lead_discoveries": "a company's site, and an outcome",
    "discovery_claims": "sites of companies",
    "mail_pauses": "a keyed hash of an account, and why nothing is sent from it",
    "crm_cursors": "how far a change log was read",
    "crm_events": "ids and names of fields",
    "enrichment_runs": "a configuration and counts",
    "lead_enrichments": "an outcome",
    "enrichment_claims": "ids of leads",
    "campaigns": "texts with places for a person's facts, without any",
    "spend": "money",
    "tombstones": "keyed hashes, which is what erasing leaves",
}
"""Tables that need no eraser, and what they hold instead."""
