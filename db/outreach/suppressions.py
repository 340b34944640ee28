"""Suppressions and tombstones: whom we never write to, and whom no import brings back."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from core.errors import Suppressed
from core.outreach.approvals import person
from core.outreach.suppression import (
    Reason,
    Suppression,
    Target,
    TombstoneKey,
    by_voice,
    matching_values,
    spellings,
)
from db.outreach.named_people import read_people
from db.outreach.tombstones import erased_among
from db.server.engine import Connection
from db.server.statements import change, select

_ADD = """
INSERT INTO suppressions AS s (id, kind, value, keys, reason, note, added_by, added_at)
VALUES (%(id)s, %(kind)s, %(value)s, %(keys)s, %(reason)s, %(note)s, %(by)s, %(now)s)
ON CONFLICT (value) WHERE removed_at IS NULL DO UPDATE SET reason = excluded.reason, note = excluded.note,
    added_by = excluded.added_by, added_at = excluded.added_at, keys = excluded.keys, origin = excluded.origin
    -- That an address takes no mail is a state of it; an opt-out is their word, and outlasts it.
    WHERE s.reason = 'bounce' AND excluded.reason <> 'bounce'
"""
_ADD_KEYS = """
UPDATE suppressions SET keys = ARRAY (SELECT DISTINCT unnest(keys || %(keys)s::text[]))
WHERE removed_at IS NULL AND value = %(value)s AND NOT keys @> %(keys)s::text[]
"""
_A_STEP = 5_000
_FEW = 500
_NAMED = """
SELECT reason, kind, value, keys, added_by, note, origin FROM suppressions s
WHERE removed_at IS NULL AND {}
ORDER BY kind, value
"""
_BY_INDEX = "(value = ANY (%(signs)s::text[]) OR keys && %(signs)s::text[])"
_BY_HASH = """
id IN (
    SELECT each.id FROM (
        SELECT id, unnest(array_append(keys, value)) AS sign FROM suppressions WHERE removed_at IS NULL
    ) each JOIN unnest(%(signs)s::text[]) AS wanted (sign) USING (sign)
)
"""
"""Comparing two long lists is quadratic for the index's operator."""


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
    is_new = bool(await change(connection, _ADD, values))
    # Who refuses again is found by what is known of them by now.
    await connection.execute(_ADD_KEYS, values)
    return is_new


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


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody a message would go to.

    Attributes:
        address: theirs, in any spelling; None where none is known.
        lead_id: the lead it would be about.
        contact_id: whom of it; None: whoever has the address there.
    """

    address: str | None
    lead_id: UUID | None = None
    contact_id: UUID | None = None


async def why_not_called(
    connection: Connection, address: str | None, key: TombstoneKey, *, lead_id: UUID, contact_id: UUID | None
) -> str | None:
    """Return why somebody must not be talked to by voice: also where letters may be written. As `why_suppressed`."""
    [why] = await _why_each(connection, [Recipient(address, lead_id, contact_id)], lambda: key, is_by_voice=True)
    return why


async def why_suppressed(
    connection: Connection,
    address: str | None,
    key: TombstoneKey,
    *,
    lead_id: UUID | None = None,
    contact_id: UUID | None = None,
) -> str | None:
    """Return why somebody must not be written to, or None where they may.

    Args:
        connection: in the transaction that the writing is recorded in.
        address: theirs, in any spelling; None where none is known.
        key: of the tombstones.
        lead_id: whose person it is: opt-outs of people and companies without an address are met by it.
        contact_id: which person there.

    Raises:
        ConfigurationError: there are tombstones of another key, so nobody can tell.
    """
    [why] = await why_each(connection, [Recipient(address, lead_id, contact_id)], lambda: key)
    return why


async def why_each(
    connection: Connection, recipients: Sequence[Recipient], key: Callable[[], TombstoneKey]
) -> list[str | None]:
    """Return for each of any number of people, in their order, why they must not be written to; None where they may.

    Raises:
        ConfigurationError: there are tombstones of another key, so nobody can tell.
    """
    found: list[str | None] = []
    for at in range(0, len(recipients), _A_STEP):
        found += await _why_each(connection, recipients[at : at + _A_STEP], key)
    return found


async def _why_each(
    connection: Connection,
    recipients: Sequence[Recipient],
    key: Callable[[], TombstoneKey],
    *,
    is_by_voice: bool = False,
) -> list[str | None]:
    written = [spellings(each.address) if each.address else () for each in recipients]
    gone = await erased_among(connection, {spelling for each in written for spelling in each}, key)
    told = await read_people(connection, [(each.lead_id, each.contact_id) for each in recipients])
    signs = [
        {*(matching_values(each.address) if each.address else ()), *people.keys_for(each.address)}
        for each, people in zip(recipients, told, strict=True)
    ]
    if is_by_voice:
        signs = [each | set(by_voice(each)) for each in signs]
    wanted = list({sign for each in signs for sign in each})
    statement = _NAMED.format(_BY_INDEX if len(wanted) <= _FEW else _BY_HASH)
    standing = await select(connection, statement, {"signs": wanted})
    first: dict[str, int] = {}
    for place, row in enumerate(standing):
        for sign in (row.value, *row.keys):
            first.setdefault(sign, place)
    return [
        "erased" if gone.intersection(theirs) else _said(standing, first, named) or people.why_not
        for theirs, named, people in zip(written, signs, told, strict=True)
    ]


def _said(standing: Sequence[Any], first: Mapping[str, int], signs: Iterable[str]) -> str | None:
    """Return what the first suppression says that one of somebody's signs meets, or None."""
    place = min((first[sign] for sign in signs if sign in first), default=None)
    if place is None:
        return None
    found = standing[place]
    about = {"domain": " (its domain)", "company": " (its company)", "person": " (this person)"}.get(found.kind, "")
    return f"{found.reason}{about}" + (f"; {found.added_by}, {found.note}" if found.origin else "")


async def refusals_of(
    connection: Connection, rows: Sequence[Mapping[str, Any]], key: Callable[[], TombstoneKey]
) -> set[UUID]:
    """Return the contacts who must not be written to, of rows with `id`, `contact_id` and `contact_email`."""
    people = [row for row in rows if row["contact_id"] is not None]
    asked = [Recipient(row["contact_email"], row["id"], row["contact_id"]) for row in people]
    found = await why_each(connection, asked, key)
    return {row["contact_id"] for row, why in zip(people, found, strict=True) if why is not None}


async def targets_of(connection: Connection, lead_id: UUID, contact_id: UUID | None = None) -> list[Target]:
    """Return what to suppress where somebody opts out: their address, else who they are; of nobody named the company.

    Under their ids as well, so that neither another name, address or company nor a merge hides them.
    """
    [people] = await read_people(connection, [(lead_id, contact_id)])
    return people.targets()


async def with_person(connection: Connection, target: Target) -> Target:
    """Return an address as who has it: their refusal holds for another address of theirs, at whichever company."""
    if target.kind != "address":
        return target
    statement = "SELECT id FROM contacts WHERE lower(contact_email) = ANY (%(spellings)s)"
    values = {"spellings": [spelling.lower() for spelling in spellings(target.value)]}
    rows = await select(connection, statement, values)
    people = await read_people(connection, [(None, row.id) for row in rows])
    keys = [key for each in people for found in each.targets() if found.value == target.value for key in found.keys]
    return replace(target, keys=tuple(dict.fromkeys((*target.keys, *keys))))


async def refuse_suppressed(
    connection: Connection,
    address: str | None,
    key: TombstoneKey,
    *,
    lead_id: UUID | None = None,
    contact_id: UUID | None = None,
) -> None:
    """Do nothing for somebody who may be written to. Raises Suppressed, which says why, ConfigurationError."""
    why = await why_suppressed(connection, address, key, lead_id=lead_id, contact_id=contact_id)
    if why is not None:
        raise Suppressed(f"the recipient must not be written to: {why}")
