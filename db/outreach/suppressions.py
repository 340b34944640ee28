"""Suppressions and tombstones: whom we never write to, and whom no import brings back."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import ConfigurationError, Suppressed
from core.outreach.approvals import person
from core.outreach.opt_outs import keys_of, person_name, targets
from core.outreach.suppression import Reason, Suppression, Target, TombstoneKey, matching_values, spellings
from core.text import normalize
from db.schema.contacts_tables import ContactRow
from db.schema.sending_tables import SuppressionRow, TombstoneRow
from db.schema.tables import LeadRow

_TABLE = SuppressionRow.__table__
_STANDS = _TABLE.c.removed_at.is_(None)
_LEADS = LeadRow.__table__
_CONTACTS = ContactRow.__table__
_NAMING = (
    *("contact_name", "first_name", "last_name", "linkedin_url", "contact_email"),
    *("company_name", "company_domain", "city"),
)
"""Fields of a lead by which its person and its company are told."""


async def add(
    connection: AsyncConnection, target: Target, *, reason: Reason, by: str, now: datetime, note: str | None = None
) -> bool:
    """Suppress somebody; return whether it is new. Safe to repeat: the first reason stands, but a bounce's."""
    values = {
        "id": uuid4(),
        "kind": target.kind,
        "value": target.value,
        "keys": list(target.keys),
        "reason": str(reason),
        "note": note,
        "added_by": person(by),
        "added_at": now,
        "origin": None,
    }
    new = upsert(SuppressionRow).values(**values)
    # That an address takes no mail is a state of it; an opt-out is their word, and outlasts it.
    bounced = (_TABLE.c.reason == Reason.BOUNCE) & (new.excluded.reason != Reason.BOUNCE)
    statement = new.on_conflict_do_update(
        index_elements=["value"],
        index_where=_STANDS,
        set_={name: new.excluded[name] for name in ("reason", "note", "added_by", "added_at", "keys", "origin")},
        where=bounced,
    )
    return (await connection.execute(statement.returning(_TABLE.c.id))).first() is not None


async def remove(connection: AsyncConnection, target: Target, *, by: str, now: datetime) -> bool:
    """Lift a suppression, and keep who did so; return whether there was one. An erased person stays erased."""
    statement = update(SuppressionRow).where(_STANDS, _TABLE.c.value == target.value)
    changed = await connection.execute(statement.values(removed_by=person(by), removed_at=now))
    return bool(changed.rowcount)


async def select_standing(connection: AsyncConnection, *, limit: int | None = None) -> list[Suppression]:
    """List what stands, the newest first."""
    query = select(_TABLE).where(_STANDS).order_by(_TABLE.c.added_at.desc(), _TABLE.c.value).limit(limit)
    return [
        Suppression(row.id, Target(row.kind, row.value), row.reason, row.note, row.added_by, row.added_at)
        for row in await connection.execute(query)
    ]


async def why_suppressed(
    connection: AsyncConnection, address: str | None, key: TombstoneKey, *, lead_id: UUID | None = None
) -> str | None:
    """Say why somebody must not be written to, or None where they may.

    Args:
        connection: in the transaction that the writing is recorded in.
        address: theirs, in any spelling; None where none is known.
        key: of the tombstones.
        lead_id: whose person it is: opt-outs of people and companies without an address are met by it.

    Raises:
        ConfigurationError: there are tombstones of another key, so nobody can tell.
    """
    if address and await erased_among(connection, spellings(address), key):
        return "erased"
    named = _TABLE.c.value.in_(matching_values(address)) if address else literal(value=False)
    if keys := await _keys(connection, address, lead_id):
        named |= _TABLE.c["keys"].overlap(sorted(keys))
    query = select(_TABLE.c.reason, _TABLE.c.kind, _TABLE.c.value, _TABLE.c.added_by, _TABLE.c.note, _TABLE.c.origin)
    row = (await connection.execute(query.where(_STANDS, named).order_by(_TABLE.c.kind).limit(1))).first()
    if row is None:
        return None
    about = {"domain": " (its domain)", "company": " (its company)", "person": " (this person)"}.get(row.kind, "")
    return f"{row.reason}{about}" + (f"; {row.added_by}, {row.note}" if row.origin else "")


async def _keys(connection: AsyncConnection, address: str | None, lead_id: UUID | None) -> frozenset[str]:
    """Return the keys under which the person at a lead, or the lead's company, may have been suppressed."""
    lead: dict[str, Any] = {}
    people: list[tuple[str, str | None]] = []
    written = spellings(address) if address else ()
    if lead_id is not None:
        query = select(*[_LEADS.c[name] for name in _NAMING]).where(_LEADS.c.id == lead_id)
        row = (await connection.execute(query)).mappings().one_or_none()
        lead = dict(row or {})
        if not written or lead.get("contact_email") in (None, *written):
            people.append((person_name(lead), lead.get("linkedin_url")))
        known = select(_CONTACTS.c.name, _CONTACTS.c.linkedin_url)
        mine = (_CONTACTS.c.lead_id == lead_id) & _CONTACTS.c.email.in_(written)
        people += [(row.name, row.linkedin_url) for row in await connection.execute(known.where(mine))]
    return keys_of(lead, people, written[0] if written else None)


async def targets_of(connection: AsyncConnection, lead_id: UUID) -> list[Target]:
    """Return what to suppress where a lead's person opts out: their address, else who they are by name."""
    query = select(*[_LEADS.c[name] for name in _NAMING]).where(_LEADS.c.id == lead_id)
    lead = dict((await connection.execute(query)).mappings().one_or_none() or {})
    address = normalize.email(lead.get("contact_email") or "")
    return targets(lead, [address] if address else [])


async def refuse_suppressed(
    connection: AsyncConnection, address: str | None, key: TombstoneKey, *, lead_id: UUID | None = None
) -> None:
    """Do nothing for somebody who may be written to. Raises Suppressed, which says why, ConfigurationError."""
    why = await why_suppressed(connection, address, key, lead_id=lead_id)
    if why is not None:
        raise Suppressed(f"the recipient must not be written to: {why}")


async def bury(connection: AsyncConnection, address: str, key: TombstoneKey, *, by: str, now: datetime) -> None:
    """Leave a tombstone for a normalised address, in place of suppressions that spell it out."""
    await refuse_other_keys(connection, key)
    values = {"digest": key.digest(address), "key_id": key.key_id, "erased_by": person(by), "erased_at": now}
    await connection.execute(upsert(TombstoneRow).values(**values).on_conflict_do_nothing())
    await connection.execute(delete(SuppressionRow).where(_TABLE.c.value.in_(spellings(address))))


async def erased_among(connection: AsyncConnection, addresses: Collection[str], key: TombstoneKey) -> set[str]:
    """Return those of some normalised addresses that were erased. Raises ConfigurationError for a wrong key."""
    if not addresses or not await _any_tombstones(connection):
        return set()
    await refuse_other_keys(connection, key)
    digests = {key.digest(address): address for address in addresses}
    found = await connection.execute(select(TombstoneRow.digest).where(TombstoneRow.digest.in_(list(digests))))
    return {digests[bytes(row.digest)] for row in found}


async def _any_tombstones(connection: AsyncConnection) -> bool:
    return bool(
        await connection.scalar(select(func.count()).select_from(select(TombstoneRow.key_id).limit(1).subquery()))
    )


async def refuse_other_keys(connection: AsyncConnection, key: TombstoneKey) -> None:
    """Do nothing where all tombstones are of this key.

    Raises:
        ConfigurationError: some are of another, so that nobody can tell who was erased.
    """
    other = await connection.scalar(select(TombstoneRow.key_id).where(TombstoneRow.key_id != key.key_id).limit(1))
    if other is not None:
        raise ConfigurationError(
            f"persons were erased under another key ({other}, not {key.key_id}): "
            "set SUPPRESSION_KEY, or bring back tombstones.key of the data directory it was done in"
        )
