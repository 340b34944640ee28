"""Suppressions and tombstones: whom we never write to, and whom no import brings back."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from core.errors import Suppressed
from core.outreach.approvals import person
from core.outreach.opt_outs import keys_of, person_name, targets
from core.outreach.suppression import Reason, Suppression, Target, TombstoneKey, matching_values, spellings
from core.text import normalize
from db.outreach.tombstones import erased_among
from db.server.engine import Connection
from db.server.statements import change, listed, select, select_dict, select_one

_NAMING = (
    *("contact_name", "first_name", "last_name", "linkedin_url", "contact_email"),
    *("company_name", "company_domain", "city"),
)
"""Fields of a lead by which its person and its company are told."""
_ADD = """
INSERT INTO suppressions AS s (id, kind, value, keys, reason, note, added_by, added_at)
VALUES (%(id)s, %(kind)s, %(value)s, %(keys)s, %(reason)s, %(note)s, %(by)s, %(now)s)
ON CONFLICT (value) WHERE removed_at IS NULL DO UPDATE SET reason = excluded.reason, note = excluded.note,
    added_by = excluded.added_by, added_at = excluded.added_at, keys = excluded.keys, origin = excluded.origin
    -- That an address takes no mail is a state of it; an opt-out is their word, and outlasts it.
    WHERE s.reason = 'bounce' AND excluded.reason <> 'bounce'
"""
_NAMED = """
SELECT reason, kind, value, added_by, note, origin FROM suppressions
WHERE removed_at IS NULL AND (value = ANY (%(values)s) OR keys && %(keys)s::text[])
ORDER BY kind LIMIT 1
"""


async def add(
    connection: Connection, target: Target, *, reason: Reason, by: str, now: datetime, note: str | None = None
) -> bool:
    """Suppress somebody; return whether it is new. Safe to repeat: the first reason stands, but a bounce's."""
    values = {
        "id": uuid4(),
        "kind": target.kind,
        "value": target.value,
        "keys": list(target.keys),
        "reason": str(reason),
        "note": note,
        "by": person(by),
        "now": now,
    }
    return bool(await change(connection, _ADD, values))


async def remove(connection: Connection, target: Target, *, by: str, now: datetime) -> bool:
    """Lift a suppression, and keep who did so; return whether there was one. An erased person stays erased."""
    statement = """
        UPDATE suppressions SET removed_by = %(by)s, removed_at = %(now)s
        WHERE removed_at IS NULL AND value = %(value)s
    """
    return bool(await change(connection, statement, {"value": target.value, "by": person(by), "now": now}))


async def select_standing(connection: Connection, *, limit: int | None = None) -> list[Suppression]:
    """List what stands, the newest first."""
    statement = """
        SELECT id, kind, value, reason, note, added_by, added_at FROM suppressions WHERE removed_at IS NULL
        ORDER BY added_at DESC, value LIMIT %(limit)s
    """
    return [
        Suppression(row.id, Target(row.kind, row.value), row.reason, row.note, row.added_by, row.added_at)
        for row in await select(connection, statement, {"limit": limit})
    ]


async def why_suppressed(
    connection: Connection, address: str | None, key: TombstoneKey, *, lead_id: UUID | None = None
) -> str | None:
    """Return why somebody must not be written to, or None where they may.

    Args:
        connection: in the transaction that the writing is recorded in.
        address: theirs, in any spelling; None where none is known.
        key: of the tombstones.
        lead_id: whose person it is: opt-outs of people and companies without an address are met by it.

    Raises:
        ConfigurationError: there are tombstones of another key, so nobody can tell.
    """
    if address and await erased_among(connection, spellings(address), lambda: key):
        return "erased"
    values = {
        "values": list(matching_values(address)) if address else [],
        "keys": sorted(await _keys(connection, address, lead_id)),
    }
    row = await select_one(connection, _NAMED, values)
    if row is None:
        return None
    about = {"domain": " (its domain)", "company": " (its company)", "person": " (this person)"}.get(row.kind, "")
    return f"{row.reason}{about}" + (f"; {row.added_by}, {row.note}" if row.origin else "")


async def _keys(connection: Connection, address: str | None, lead_id: UUID | None) -> frozenset[str]:
    """Return the keys under which the person at a lead, or the lead's company, may have been suppressed."""
    lead: dict[str, Any] = {}
    people: list[tuple[str, str | None]] = []
    written = spellings(address) if address else ()
    if lead_id is not None:
        lead = await _lead(connection, lead_id)
        if not written or lead.get("contact_email") in (None, *written):
            people.append((person_name(lead), lead.get("linkedin_url")))
        statement = "SELECT name, linkedin_url FROM contacts WHERE lead_id = %(lead_id)s AND email = ANY (%(written)s)"
        known = await select(connection, statement, {"lead_id": lead_id, "written": list(written)})
        people += [(row.name, row.linkedin_url) for row in known]
    return keys_of(lead, people, written[0] if written else None)


async def _lead(connection: Connection, lead_id: UUID) -> dict[str, Any]:
    """Return what names a lead's person and company; nothing where there is no such lead."""
    statement = f"SELECT {listed(_NAMING)} FROM leads WHERE id = %(lead_id)s"
    return await select_dict(connection, statement, {"lead_id": lead_id}) or {}


async def targets_of(connection: Connection, lead_id: UUID) -> list[Target]:
    """Return what to suppress where a lead's person opts out: their address, else who they are by name."""
    lead = await _lead(connection, lead_id)
    address = normalize.email(lead.get("contact_email") or "")
    return targets(lead, [address] if address else [])


async def refuse_suppressed(
    connection: Connection, address: str | None, key: TombstoneKey, *, lead_id: UUID | None = None
) -> None:
    """Do nothing for somebody who may be written to. Raises Suppressed, which says why, ConfigurationError."""
    why = await why_suppressed(connection, address, key, lead_id=lead_id)
    if why is not None:
        raise Suppressed(f"the recipient must not be written to: {why}")
