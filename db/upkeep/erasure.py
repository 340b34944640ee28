"""Removing a person from every table. One eraser a group of tables; a test holds them against the tables there are.

A new table with anything of a person in it joins `ERASERS`; one without joins `HOLD_NO_PERSON`, with the reason.
"""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.leads.fields import PERSONAL_FIELDS
from core.outreach.approvals import OPEN, Status, canonical
from core.outreach.opt_outs import person_keys
from core.outreach.suppression import TombstoneKey, spellings
from core.text.names import person_key
from core.upkeep.erasure import Subject
from db.agents import threads as agent_threads
from db.outreach.suppressions import bury
from db.outreach.tombstones import company_key
from db.schema.approval_tables import ApprovalRow
from db.schema.contacts_tables import ContactRow, DiscoveryRow, LeadDiscoveryRow
from db.schema.sending_tables import SendRow
from db.schema.tables import AssessmentRow, ImportChangeRow, LeadRow

_LEADS = LeadRow.__table__
_CONTACTS = ContactRow.__table__
_APPROVALS = ApprovalRow.__table__

Erase = Callable[[AsyncConnection, Subject], Awaitable[int]]


class Eraser(NamedTuple):
    """Removes a person from some tables; returns how many rows it changed. Safe to repeat."""

    place: str
    tables: tuple[str, ...]
    erase: Erase


async def erase(
    connection: AsyncConnection, address: str, key: TombstoneKey, *, by: str, now: datetime
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
    await connection.execute(text("LOCK TABLE tombstones IN ACCESS EXCLUSIVE MODE"))
    subject = await find(connection, address)
    erased = {eraser.place: await eraser.erase(connection, subject) for eraser in ERASERS}
    await bury(connection, address, key, by=by, now=now)
    return subject, erased


async def find(connection: AsyncConnection, address: str) -> Subject:
    """Find out what is known of a person here."""
    like = "%" + address.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
    leads = await connection.execute(
        text(
            "SELECT id, contact_name, first_name, last_name, contact_email = :address AS is_theirs FROM leads "
            "WHERE contact_email = :address OR extra::text ILIKE :like OR original::text ILIKE :like "
            "OR notes ILIKE :like"
        ),
        {"address": address, "like": like},
    )
    lead_ids: dict[UUID, None] = {}
    names: set[str] = set()
    for row in leads:
        lead_ids[row.id] = None
        if row.is_theirs:
            names.add(row.contact_name or " ".join(filter(None, (row.first_name, row.last_name))))
    contacts = await connection.execute(
        select(_CONTACTS.c.lead_id, _CONTACTS.c.name).where(_CONTACTS.c.email == address)
    )
    for row in contacts:
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


async def _find_approvals(connection: AsyncConnection, address: str, like: str) -> list[Any]:
    escaped = canonical(like)[1:-1]
    columns = (_APPROVALS.c.content, _APPROVALS.c.facts, _APPROVALS.c.original_content, _APPROVALS.c.title)
    named = [column.ilike(pattern) for column in columns for pattern in {like, escaped}]
    condition = _APPROVALS.c.recipient == address
    for each in named:
        condition |= each
    return list(await connection.execute(select(_APPROVALS.c.id, _APPROVALS.c.thread_id).where(condition)))


async def _erase_leads(connection: AsyncConnection, subject: Subject) -> int:
    """Empty what a lead says of its person; the company stays, under a key that does not name them."""
    changed = 0
    for row in (await connection.execute(select(_LEADS).where(_LEADS.c.id.in_(subject.lead_ids)))).mappings().all():
        values = _emptied(dict(row), subject)
        if values is None:
            continue
        if "dedupe_key" in values:
            taken = select(_LEADS.c.id).where(_LEADS.c.dedupe_key == values["dedupe_key"], _LEADS.c.id != row["id"])
            if await connection.scalar(taken) is not None:
                values["dedupe_key"] = f"erased:{row['id']}"
        await connection.execute(update(LeadRow).where(_LEADS.c.id == row["id"]).values(**values))
        changed += 1
    return changed


def _emptied(lead: dict[str, Any], subject: Subject) -> dict[str, Any] | None:
    """Return the new values of a lead: without its person, or without texts that name them; None leaves it as it is."""
    values: dict[str, Any] = {"extra": {}, "notes": None, "updated_at": text("now()")}
    is_same_name = lead["contact_name"] is not None and person_key(lead["contact_name"]) in subject.person_keys
    if lead["contact_email"] == subject.address or (lead["contact_email"] is None and is_same_name):
        original = {name: said for name, said in lead["original"].items() if name not in PERSONAL_FIELDS}
        key = company_key(lead) or f"erased:{lead['id']}"
        return values | dict.fromkeys(PERSONAL_FIELDS) | {"original": original, "dedupe_key": key}
    texts = json.dumps([lead["extra"], lead["original"], lead["notes"]], ensure_ascii=False)
    return values | {"original": {}} if subject.is_named_in(texts) else None


async def _erase_changes(connection: AsyncConnection, subject: Subject) -> int:
    """Empty what imports remember of the person for undoing them."""
    table = ImportChangeRow.__table__
    rows = (await connection.execute(select(table).where(table.c.lead_id.in_(subject.lead_ids)))).mappings().all()
    for row in rows:
        both = {
            side: {name: said for name, said in row[side].items() if _is_company(name)} for side in ("before", "after")
        }
        mine = (table.c.import_id == row["import_id"]) & (table.c.lead_id == row["lead_id"])
        await connection.execute(update(ImportChangeRow).where(mine).values(**both))
    return len(rows)


def _is_company(name: str) -> bool:
    return name not in PERSONAL_FIELDS and not name.startswith(("extra.", "original."))


async def _erase_rejects(connection: AsyncConnection, subject: Subject) -> int:
    statement = text("DELETE FROM import_rejects WHERE position(:address in lower(cells::text || value)) > 0")
    return int((await connection.execute(statement, {"address": subject.address})).rowcount)


async def _erase_assessments(connection: AsyncConnection, subject: Subject) -> int:
    """Remove assessments: their reasons may quote the person's title. The leads are assessed again."""
    statement = delete(AssessmentRow).where(AssessmentRow.lead_id.in_(subject.lead_ids))
    return int((await connection.execute(statement)).rowcount)


async def _erase_contacts(connection: AsyncConnection, subject: Subject) -> int:
    theirs = (_CONTACTS.c.email == subject.address) | (
        _CONTACTS.c.lead_id.in_(subject.lead_ids) & _CONTACTS.c.person_key.in_(subject.person_keys)
    )
    return int((await connection.execute(delete(ContactRow).where(theirs))).rowcount)


async def _erase_discoveries(connection: AsyncConnection, subject: Subject) -> int:
    """Take the person out of what was found on a site, which all its leads share."""
    table = DiscoveryRow.__table__
    sites = select(LeadDiscoveryRow.site).where(LeadDiscoveryRow.lead_id.in_(subject.lead_ids))
    named = text("position(:address in lower(contacts::text)) > 0").bindparams(bindparam("address", subject.address))
    query = select(table.c.site, table.c.contacts).where(table.c.site.in_(sites) | named)
    changed = 0
    for row in (await connection.execute(query)).all():
        left = [found for found in row.contacts if not _is_subject(found, subject)]
        if left != row.contacts:
            await connection.execute(update(DiscoveryRow).where(table.c.site == row.site).values(contacts=left))
            changed += 1
    return changed


def _is_subject(contact: dict[str, Any], subject: Subject) -> bool:
    is_theirs = subject.is_named_in(json.dumps(contact, ensure_ascii=False))
    return is_theirs or person_key(str(contact.get("name", ""))) in subject.person_keys


async def _erase_approvals(connection: AsyncConnection, subject: Subject) -> int:
    """Empty drafts and what was sent: that something was decided stays, the words and the recipient go."""
    mine = _APPROVALS.c.id.in_(subject.approval_ids)
    empty = {"content": "{}", "facts": "{}", "original_content": None, "recipient": None, "lead_id": None}
    rest = {"title": "(erased)", "digest": "", "revision": _APPROVALS.c.revision + 1}
    changed = await connection.execute(update(ApprovalRow).where(mine).values(**empty, **rest))
    open_ = _APPROVALS.c.status.in_([str(status) for status in OPEN])
    closed = {"status": str(Status.STALE), "reason": "the recipient was erased", "closed_at": text("now()")}
    await connection.execute(update(ApprovalRow).where(mine, open_).values(**closed))
    return int(changed.rowcount)


async def _erase_sends(connection: AsyncConnection, subject: Subject) -> int:
    theirs = (SendRow.recipient == subject.address) | SendRow.approval_id.in_(subject.approval_ids)
    statement = update(SendRow).where(theirs).values(recipient="(erased)", detail=None)
    return int((await connection.execute(statement)).rowcount)


async def _erase_meetings(connection: AsyncConnection, subject: Subject) -> int:
    """Cancel meetings with the person and give their slots back."""
    ids = {"ids": list(subject.approval_ids)}
    await connection.execute(text("UPDATE slots SET status = 'released' WHERE approval_id = ANY(:ids)"), ids)
    statement = text("UPDATE meetings SET status = 'cancelled', crm_activity = NULL WHERE approval_id = ANY(:ids)")
    return int((await connection.execute(statement, ids)).rowcount)


async def _erase_executions(connection: AsyncConnection, subject: Subject) -> int:
    """Cut the tie between model runs and the leads, with whatever a failure quoted; what they cost stays."""
    statement = text(
        "UPDATE agent_executions SET lead_id = NULL, reason = NULL, trace_id = NULL WHERE lead_id = ANY(:ids)"
    )
    return int((await connection.execute(statement, {"ids": list(subject.lead_ids)})).rowcount)


async def _erase_threads(connection: AsyncConnection, subject: Subject) -> int:
    """Remove agents' threads about the person, with all their checkpoints."""
    return await agent_threads.forget(connection, subject.thread_ids)


async def _erase_suppressions(connection: AsyncConnection, subject: Subject) -> int:
    """Remove what spells the address out, also where it was lifted; the tombstone says the same without it.

    The same with what names the person at one of their companies. Another address of theirs stays suppressed, without
    the name.
    """
    keys = await _person_keys(connection, subject)
    statement = text(
        "DELETE FROM suppressions WHERE value = ANY(:spellings) OR position(:address in lower(note)) > 0 "
        "OR (kind = 'person' AND keys && CAST(:keys AS text[]))"
    )
    named = {"spellings": list(spellings(subject.address)), "address": subject.address, "keys": keys}
    removed = int((await connection.execute(statement, named)).rowcount)
    unnamed = text("UPDATE suppressions SET keys = '{}' WHERE kind <> 'person' AND keys && CAST(:keys AS text[])")
    return removed + int((await connection.execute(unnamed, {"keys": keys})).rowcount)


async def _person_keys(connection: AsyncConnection, subject: Subject) -> list[str]:
    """Return the keys under which the person may have been suppressed at the companies they are known from."""
    columns = [_LEADS.c[name] for name in ("company_name", "company_domain", "linkedin_url", "contact_email")]
    keys: set[str] = set()
    for row in (await connection.execute(select(*columns).where(_LEADS.c.id.in_(subject.lead_ids)))).mappings():
        profile = row["linkedin_url"] if row["contact_email"] == subject.address else None
        for name in subject.names:
            keys.update(person_keys(dict(row), name, profile))
    return sorted(keys)


async def _erase_crm(connection: AsyncConnection, subject: Subject) -> int:
    """Empty what the sync remembers of the person; the link stays, so that the CRM's record is not made twice."""
    named = {
        "address": subject.address,
        "leads": list(subject.lead_ids),
        "keys": list(subject.person_keys),
        "fields": list(PERSONAL_FIELDS),
    }
    theirs = (
        "(position(:address in lower(base::text || other_values::text || seen_edits::text)) > 0 "
        "OR lead_id = ANY(:leads) AND (person_key = ANY(:keys) OR person_key = ''))"
    )
    own_ids = f"SELECT own_id FROM crm_links WHERE {theirs}"
    changed = 0
    for statement in (
        "UPDATE crm_sync_logs SET before = '{}', after = '{}' WHERE (before <> '{}' OR after <> '{}') "
        f"AND (own_id IN ({own_ids}) OR position(:address in lower(before::text || after::text)) > 0)",
        "DELETE FROM crm_conflicts WHERE position(:address in lower(base::text || ours::text || theirs::text)) > 0 "
        f"OR own_id IN ({own_ids}) AND (kind = 'contact' OR field = ANY(:fields))",
        f"DELETE FROM crm_dead_letters WHERE own_id IN ({own_ids}) OR position(:address in lower(payload::text)) > 0",
        "DELETE FROM crm_staged WHERE position(:address in lower(concat(unit, overwritten))) > 0",
        # A person's values go whole; of a company's, in the CRM's own names, those that spell the address out.
        "UPDATE crm_links SET base = CASE WHEN kind = 'contact' THEN '{}' ELSE (SELECT "
        "coalesce(jsonb_object_agg(k, v), '{}') FROM jsonb_each(base) AS b(k, v) "
        "WHERE position(:address in lower(v::text)) = 0) END, "
        "other_values = '{}', seen_edits = '{}', local_token = NULL, "
        "person_key = CASE WHEN person_key = ANY(:keys) THEN '' ELSE person_key END "
        f"WHERE {theirs} AND (kind = 'contact' AND base <> '{{}}' OR other_values <> '{{}}' OR seen_edits <> '{{}}' "
        "OR person_key = ANY(:keys) OR position(:address in lower(base::text)) > 0)",
    ):
        used = {name: value for name, value in named.items() if f":{name}" in statement}
        changed += int((await connection.execute(text(statement), used)).rowcount)
    return changed


async def _erase_enrichment(connection: AsyncConnection, subject: Subject) -> int:
    """Remove what providers said of the person, and where values of theirs came from."""
    named = {"address": subject.address, "leads": list(subject.lead_ids), "fields": list(PERSONAL_FIELDS)}
    changed = 0
    for statement in (
        "UPDATE enrichment_questions SET found = '[]', reason = NULL WHERE found <> '[]' AND ("
        "position(:address in lower(found::text)) > 0 OR question_hash IN "
        "(SELECT question_hash FROM enrichment_attempts WHERE lead_id = ANY(:leads)))",
        "DELETE FROM enrichment_attempts WHERE lead_id = ANY(:leads)",
        "DELETE FROM field_provenance WHERE lead_id = ANY(:leads) AND (field = ANY(:fields) "
        "OR position(:address in lower(concat(value, original, source_url))) > 0)",
    ):
        used = {name: value for name, value in named.items() if f":{name}" in statement}
        changed += int((await connection.execute(text(statement), used)).rowcount)
    return changed


async def _erase_letters(connection: AsyncConnection, subject: Subject) -> int:
    statement = text("DELETE FROM campaign_letters WHERE lead_id = ANY(:leads) OR approval_id = ANY(:approvals)")
    ids = {"leads": list(subject.lead_ids), "approvals": list(subject.approval_ids)}
    return int((await connection.execute(statement, ids)).rowcount)


ERASERS: tuple[Eraser, ...] = (
    Eraser("imports' memory of changes", ("import_changes",), _erase_changes),
    Eraser("rejected rows", ("import_rejects",), _erase_rejects),
    Eraser("assessments", ("assessments",), _erase_assessments),
    Eraser("contacts", ("contacts",), _erase_contacts),
    Eraser("discoveries", ("discoveries",), _erase_discoveries),
    Eraser("letters of campaigns", ("campaign_letters",), _erase_letters),
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
