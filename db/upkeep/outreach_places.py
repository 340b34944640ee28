"""Where messages, meetings, agents and refusals hold a person: found, and removed."""

from typing import Any

from core.outreach.approvals import OPEN, ApprovalStatus
from core.outreach.opt_outs import id_keys, person_keys
from core.outreach.suppression import by_voice
from core.upkeep.erasure import Subject
from db.agents import threads as agent_threads
from db.leads.merged_ids import ids_ever
from db.server.engine import Connection
from db.server.statements import change, select_dicts
from db.upkeep.held import HeldRows, Place, rows_where, runs, values_of


async def _erase_approvals(connection: Connection, subject: Subject) -> int:
    """Empty drafts and what was sent: that something was decided stays, the words and the recipient go."""
    empty = """
        UPDATE approvals SET content = '{}', facts = '{}', original_content = NULL, recipient = NULL, lead_id = NULL,
            contact_id = NULL, title = '(erased)', digest = '', revision = revision + 1
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


async def _erase_meetings(connection: Connection, subject: Subject) -> int:
    """Cancel meetings with the person and give their slots back."""
    ids = {"ids": list(subject.approval_ids)}
    await connection.execute("UPDATE slots SET status = 'released' WHERE approval_id = ANY (%(ids)s)", ids)
    statement = "UPDATE meetings SET status = 'cancelled', crm_activity = NULL WHERE approval_id = ANY (%(ids)s)"
    return await change(connection, statement, ids)


async def _erase_threads(connection: Connection, subject: Subject) -> int:
    """Remove agents' threads about the person, with all their checkpoints."""
    return await agent_threads.forget(connection, subject.thread_ids)


_SUPPRESSED = (
    "value = ANY (%(addresses)s) OR note ~* %(pattern)s OR (kind = 'person' AND keys && %(opted_out_as)s::text[])"
)


async def _find_suppressions(connection: Connection, subject: Subject) -> dict[str, HeldRows]:
    statement = f"""
        SELECT to_jsonb(s) AS row FROM suppressions s WHERE {_SUPPRESSED} OR keys && %(opted_out_as)s::text[]
        ORDER BY added_at
    """
    rows = await select_dicts(connection, statement, await _refusals_of(connection, subject))
    return {"suppressions": [row["row"] for row in rows]}


async def _erase_suppressions(connection: Connection, subject: Subject) -> int:
    """Remove what spells an address out, also where it was lifted; the tombstones say the same without it.

    The same with what names the person at one of their companies. An address that nobody knows to be theirs stays
    suppressed, without the name.
    """
    named = await _refusals_of(connection, subject)
    unnamed = """
        UPDATE suppressions SET keys = ARRAY(SELECT k FROM unnest(keys) AS k WHERE k <> ALL (%(opted_out_as)s::text[]))
        WHERE kind <> 'person' AND keys && %(opted_out_as)s::text[]
    """
    removed = await change(connection, f"DELETE FROM suppressions WHERE {_SUPPRESSED}", named)
    return removed + await change(connection, unnamed, named)


async def _refusals_of(connection: Connection, subject: Subject) -> dict[str, Any]:
    """Add the keys under which the person may have been suppressed at the companies they are known from."""
    statement = """
        SELECT company_name, company_domain, aliases, is_domain_shared FROM leads WHERE id = ANY (%(leads)s)
    """
    people = [*subject.person_ids, *await ids_ever(connection, subject.person_ids)]
    keys = {*id_keys(people=people, leads=subject.own_lead_ids, identities=subject.identity_keys)}
    keys |= {f"person:{profile}" for profile in subject.profiles}
    for row in await select_dicts(connection, statement, {"leads": list(subject.lead_ids)}):
        for name in subject.names:
            keys.update(person_keys(row, name, None))
    values = values_of(subject)
    addresses = [*values["addresses"], *by_voice(values["addresses"])]
    return {**values, "addresses": addresses, "opted_out_as": sorted({*keys, *by_voice(keys)})}


_LETTERS = "contact_id = ANY (%(contacts)s) OR lead_id = ANY (%(own)s) OR approval_id = ANY (%(approvals)s)"
_SENT = "recipient = ANY (%(addresses)s) OR approval_id = ANY (%(approvals)s)"
_MET = "approval_id = ANY (%(approvals)s)"

OUTREACH_PLACES: tuple[Place, ...] = (
    Place(
        "messages of campaigns",
        ("campaign_letters",),
        rows_where(campaign_letters=_LETTERS),
        runs(f"DELETE FROM campaign_letters WHERE {_LETTERS}"),
    ),
    Place("approvals and drafts", ("approvals",), rows_where(approvals="id = ANY (%(approvals)s)"), _erase_approvals),
    Place(
        "sent messages",
        ("sends",),
        rows_where(sends=_SENT),
        runs(f"UPDATE sends SET recipient = '(erased)', detail = NULL WHERE {_SENT}"),
    ),
    Place("meetings", ("meetings", "slots"), rows_where(meetings=_MET, slots=_MET), _erase_meetings),
    Place(
        "model runs",
        ("agent_executions",),
        rows_where(agent_executions="lead_id = ANY (%(leads)s)"),
        # A failure may quote the person, a trace what the model was told; what it cost stays.
        runs(
            "UPDATE agent_executions SET reason = NULL, trace_id = NULL WHERE lead_id = ANY (%(leads)s) "
            "AND (reason IS NOT NULL OR trace_id IS NOT NULL)",
            "UPDATE agent_executions SET lead_id = NULL WHERE lead_id = ANY (%(own)s)",
        ),
    ),
    Place(
        "agents' threads and checkpoints",
        ("agent_threads",),
        rows_where(agent_threads="id = ANY (%(threads)s)"),
        _erase_threads,
    ),
    Place("suppressions", ("suppressions",), _find_suppressions, _erase_suppressions),
)
